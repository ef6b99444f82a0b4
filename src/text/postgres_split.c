/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where PostgreSQL's statements end.
 *
 * At a ';' outside of parentheses, since CREATE RULE has statements in them, and outside of the
 * body of a routine in SQL (since version 14):
 *
 *     CREATE [OR REPLACE] FUNCTION|PROCEDURE ... BEGIN ATOMIC { [statement] ; } END
 *
 * BEGIN is also good for a bare name, but BEGIN ATOMIC outside of parentheses is not. In the body
 * the grammar puts a ';' behind every statement and leaves out the statement END, so that an END
 * directly behind a ';', or behind ATOMIC, closes the body, and nothing else does. CASE ... END
 * needs no look at all. (psql counts BEGIN, CASE and END instead, and is led astray by a function
 * called begin.)
 */
#include "text/postgres_int.h"

enum {
    AT_START = 0,
    AT_CREATE,
    BEHIND_OR,
    IN_PLAIN,
    IN_ROUTINE,
    BEHIND_BEGIN,
    IN_BODY,
    IN_BODY_BETWEEN, /* directly behind ATOMIC or a ';' of the body */
};

static bool is(const brn_token *token, const char *keyword)
{
    return token->kind == BRN_TOKEN_WORD && brn_str_ieq(token->text, brn_str_from(keyword));
}

static void count_parens(brn_split_state *state, const brn_token *token)
{
    if (token->text.ptr[0] == '(') {
        if (state->parens++ == 0) {
            state->parens_owed = true;
            state->parens_line = token->line;
            state->parens_column = token->column;
        }
    } else if (token->text.ptr[0] == ')' && state->parens > 0) {
        state->parens--;
    }
}

static uint32_t create_phase(uint32_t phase, const brn_token *token)
{
    if (phase == BEHIND_OR) {
        return is(token, "replace") ? AT_CREATE : IN_PLAIN;
    }
    if (is(token, "or")) {
        return BEHIND_OR;
    }
    return is(token, "function") || is(token, "procedure") ? IN_ROUTINE : IN_PLAIN;
}

/* BEGIN may open the body: remember where it stands. */
static uint32_t routine_phase(brn_split_state *state, const brn_token *token)
{
    if (!is(token, "begin")) {
        return IN_ROUTINE;
    }
    state->began_at = token->offset;
    state->began_line = token->line;
    state->began_column = token->column;
    return BEHIND_BEGIN;
}

/* Tokens outside of parentheses, but terminators. */
static void feed_phase(brn_split_state *state, const brn_token *token)
{
    switch (state->phase) {
    case AT_START:
        state->phase = is(token, "create") ? AT_CREATE : IN_PLAIN;
        break;
    case AT_CREATE:
    case BEHIND_OR:
        state->phase = create_phase(state->phase, token);
        break;
    case BEHIND_BEGIN:
        if (is(token, "atomic")) {
            state->phase = IN_BODY_BETWEEN;
            state->depth = 1;
        } else {
            state->phase = routine_phase(state, token);
        }
        break;
    case IN_ROUTINE:
        state->phase = routine_phase(state, token);
        break;
    case IN_BODY_BETWEEN:
        state->depth = is(token, "end") ? 0 : 1;
        state->phase = state->depth == 0 ? IN_PLAIN : IN_BODY;
        break;
    default:
        break;
    }
}

bool brn_postgres_feed(brn_split_state *state, const brn_token *token)
{
    state->words += token->kind == BRN_TOKEN_WORD;
    if (token->kind == BRN_TOKEN_TERMINATOR) {
        if (state->parens == 0 && state->depth > 0) {
            state->phase = IN_BODY_BETWEEN;
        }
        return state->parens == 0 && state->depth == 0;
    }
    if (state->parens == 0) {
        feed_phase(state, token);
    }
    if (token->kind == BRN_TOKEN_OTHER) {
        count_parens(state, token);
    }
    return false;
}
