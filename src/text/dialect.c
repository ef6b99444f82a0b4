/* SPDX-License-Identifier: Apache-2.0 */
#include "text/dialect.h"

#include "text/script.h"

static const brn_dialect *const dialects[] = {
    &brn_dialect_sqlite,
    &brn_dialect_postgres,
    &brn_dialect_mysql,
};

const brn_dialect *brn_dialect_find(const char *name)
{
    if (name == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < BRN_ARRAY_LEN(dialects); i++) {
        if (brn_str_eq_c(brn_str_from(name), dialects[i]->name)) {
            return dialects[i];
        }
    }
    return NULL;
}

bool brn_token_is_filler(brn_token_kind kind)
{
    return kind == BRN_TOKEN_SPACE || kind == BRN_TOKEN_LINE_COMMENT ||
           kind == BRN_TOKEN_BLOCK_COMMENT;
}

void brn_position_advance(brn_str text, size_t from, size_t to, uint32_t *line, uint32_t *column)
{
    uint32_t at_line = *line;
    uint32_t at_column = *column;

    for (size_t i = from; i < to; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (c >= ' ') {
            /* Continuation bytes belong to the character before them. */
            at_column += (c & 0xc0) != 0x80;
        } else if (c == '\n' || (c == '\r' && (i + 1 == text.len || text.ptr[i + 1] != '\n'))) {
            at_line++;
            at_column = 1;
        } else if (c != '\r') {
            at_column++;
        }
    }
    *line = at_line;
    *column = at_column;
}

void brn_lexer_init(brn_lexer *lx, const brn_dialect *dialect, const brn_script *script)
{
    *lx = (brn_lexer){
        .dialect = dialect,
        .script = script,
        .line = script->line,
        .column = script->column,
        .state = { .mode = script->mode },
    };
}

brant_status brn_lexer_next(brn_lexer *lx, brn_token *out, brant_error **err)
{
    brn_str text = lx->script->text;
    brn_token token = {
        .kind = BRN_TOKEN_END,
        .text = brn_str_slice(text, lx->at, lx->at),
        .offset = lx->script->offset + lx->at,
        .line = lx->line,
        .column = lx->column,
    };
    size_t len = 0;

    if (lx->at < text.len || lx->state.owes) {
        brn_str rest = brn_str_slice(text, lx->at, text.len);
        brant_status st = lx->dialect->token(&token.kind, &len, lx, rest, err);
        if (st != BRANT_OK) {
            const brn_lex_state *state = &lx->state;
            brn_error_at(
                err, lx->script->file, state->blamed_line != 0 ? state->blamed_line : lx->line,
                state->blamed_line != 0 ? state->blamed_column : lx->column);
            return st;
        }
        token.text = brn_str_slice(rest, 0, len);
        brn_position_advance(text, lx->at, lx->at + len, &lx->line, &lx->column);
        lx->at += len;
    }
    *out = token;
    return BRANT_OK;
}
