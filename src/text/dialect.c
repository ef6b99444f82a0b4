/* SPDX-License-Identifier: Apache-2.0 */
#include "text/dialect.h"

#include "text/directive.h"
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

bool brn_token_is_terminator(brn_token_kind kind)
{
    return kind == BRN_TOKEN_TERMINATOR || kind == BRN_TOKEN_BLOCK_END;
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

bool brn_lexer_begins_line(const brn_lexer *lx, size_t at)
{
    brn_str text = lx->script->text;

    while (at > 0 && (text.ptr[at - 1] == ' ' || text.ptr[at - 1] == '\t')) {
        at--;
    }
    return at == 0 || text.ptr[at - 1] == '\n' || text.ptr[at - 1] == '\r' ||
           (at == 3 && brn_str_starts(text, BRN_STR("\xef\xbb\xbf")));
}

/* "-- +goose StatementEnd", and the same of sql-migrate: goose passes over case and spaces, too. */
static bool is_block_mark(brn_str comment, const char *wanted)
{
    static const char *const tools[] = { "+goose", "+migrate" };
    brn_str text = brn_comment_text(comment);

    for (size_t i = 0; i < BRN_ARRAY_LEN(tools); i++) {
        brn_str tool = brn_str_from(tools[i]);
        if (brn_str_ieq(brn_str_slice(text, 0, tool.len), tool)) {
            brn_str word = brn_str_trim(brn_str_slice(text, tool.len, text.len));
            return brn_str_ieq(word, brn_str_from(wanted));
        }
    }
    return false;
}

bool brn_lexer_ends_block(const brn_lexer *lx, size_t at, brn_str comment)
{
    return lx->state.block && brn_lexer_begins_line(lx, at) &&
           is_block_mark(comment, "StatementEnd");
}

static void begin_block(brn_lex_state *state)
{
    state->block = true;
    state->mode |= BRN_LEX_DELIMITED;
}

static void end_block(brn_lexer *lx)
{
    brn_lex_state *state = &lx->state;

    lx->dialect->end_statement(lx);
    state->block = false;
    state->mode &= state->delimiter.len > 0 ? ~0u : ~BRN_LEX_DELIMITED;
}

/* What is open where a block ends never ends: the dialect's error for the end of the text. */
static brant_status follow_mark(
    brn_token_kind *kind, brn_lexer *lx, brn_str comment, brant_error **err)
{
    size_t len = 0;

    if (brn_lexer_ends_block(lx, lx->at, comment)) {
        if (lx->state.owes) {
            return lx->dialect->token(kind, &len, lx, BRN_STR(""), err);
        }
        end_block(lx);
        *kind = BRN_TOKEN_BLOCK_END;
    } else if (brn_lexer_begins_line(lx, lx->at) && is_block_mark(comment, "StatementBegin")) {
        begin_block(&lx->state);
    }
    return BRANT_OK;
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
        if (st == BRANT_OK && token.kind == BRN_TOKEN_LINE_COMMENT) {
            st = follow_mark(&token.kind, lx, brn_str_slice(rest, 0, len), err);
        }
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
