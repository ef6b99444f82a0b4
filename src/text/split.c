/* SPDX-License-Identifier: Apache-2.0 */
#include "text/script.h"

#include <string.h>

#include "text/scan.h"

static void add_stmt(brn_stmt_list *list, brn_arena *arena, const brn_stmt *stmt)
{
    brn_stmt *slot = stmt->text.len > 0 ? BRN_VEC_PUSH(arena, list) : NULL;

    if (slot != NULL) {
        *slot = *stmt;
    }
}

/* The first token says where the statement begins, each one where it ends. */
static void extend(brn_stmt *stmt, const brn_token *token, const brn_lexer *lx)
{
    if (stmt->text.len == 0) {
        *stmt = (brn_stmt){
            .text = token->text,
            .offset = token->offset,
            .line = token->line,
            .column = token->column,
            .mode = lx->state.mode,
        };
    } else {
        stmt->text.len = (size_t)(token->offset - stmt->offset) + token->text.len;
    }
}

/* Rows belong to the statement before them, which has just been added. */
static void attach(brn_stmt_list *list, const brn_token *token)
{
    brn_stmt *stmt = list->count > 0 ? &list->items[list->count - 1] : NULL;

    if (stmt != NULL) {
        stmt->data = brn_str_slice(token->text, 0, token->text.len - strlen(BRN_DATA_END));
        stmt->data_offset = token->offset;
        stmt->data_line = token->line;
    }
}

static brant_status unterminated_body(
    const brn_split_state *state, const brn_script *script, brant_error **err)
{
    brant_status st = brn_scan_open_body(err);

    brn_error_at(err, script->file, state->began_line, state->began_column);
    return st;
}

static brant_status unterminated_parens(
    const brn_split_state *state, const brn_script *script, brant_error **err)
{
    brant_status st =
        brn_error(err, BRANT_EPARSE, "text.unterminated_parens", "unterminated parenthesis");

    brn_error_at(err, script->file, state->parens_line, state->parens_column);
    brn_error_hint(
        err, "Close it with ')'. A ';' inside parentheses does not end a statement, so what "
             "follows would belong to this one.");
    return st;
}

/* What never ends in the statement at hand, where it has to end. */
static brant_status check_closed(
    const brn_split_state *state, const brn_script *script, brant_error **err)
{
    if (state->parens_owed && state->parens > 0) {
        return unterminated_parens(state, script, err);
    }
    return state->depth > 0 ? unterminated_body(state, script, err) : BRANT_OK;
}

brant_status brn_split(
    brn_stmt_list *out,
    brn_arena *arena,
    const brn_dialect *dialect,
    const brn_script *script,
    brant_error **err)
{
    brn_stmt_list list = { 0 };
    brn_split_state state = { 0 };
    brn_stmt stmt = { 0 };
    brant_status st;
    brn_token token;
    brn_lexer lx;

    brn_lexer_init(&lx, dialect, script);
    do {
        st = brn_lexer_next(&lx, &token, err);
        if (st != BRANT_OK) {
            return st;
        }
        if (token.kind == BRN_TOKEN_END || brn_token_is_filler(token.kind)) {
            continue;
        }
        if (token.kind == BRN_TOKEN_DATA) {
            attach(&list, &token);
            continue;
        }
        if (token.kind == BRN_TOKEN_BLOCK_END) {
            st = check_closed(&state, script, err);
            if (st != BRANT_OK) {
                return st;
            }
        }
        if (token.kind == BRN_TOKEN_BLOCK_END || dialect->feed(&state, &token)) {
            add_stmt(&list, arena, &stmt);
            stmt = (brn_stmt){ 0 };
            state = (brn_split_state){ 0 };
        } else {
            extend(&stmt, &token, &lx);
        }
    } while (token.kind != BRN_TOKEN_END);
    st = check_closed(&state, script, err);
    if (st != BRANT_OK) {
        return st;
    }
    add_stmt(&list, arena, &stmt);
    if (arena->oom) {
        return brn_error_oom(err);
    }
    *out = list;
    return BRANT_OK;
}
