/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SQLite's tokens and the one compound statement it has. The token rules are those of tokenize.c in
 * SQLite 3.40, oddities included, since a cut in another place than SQLite's would send something
 * else than the user wrote. Two differences: a block comment that never ends is refused (SQLite
 * takes the rest of the file for it), and what SQLite calls an illegal token gets the kind that it
 * resembles, because the server explains it better.
 */
#include "text/dialect.h"
#include "text/scan.h"
#include "text/sqlite_int.h"

/* --- characters ------------------------------------------------------------------------------- */

/* Vertical tab is space only behind other space: SQLite's first-byte table leaves it out. */
static bool is_space_start(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\f' || c == '\r';
}

static bool is_space(char c)
{
    return is_space_start(c) || c == '\v';
}

static bool is_word(char c)
{
    return brn_scan_is_letter(c) || brn_scan_is_digit(c) || c == '$';
}

/* --- tokens ----------------------------------------------------------------------------------- */

/* Ends before the line feed; a lone carriage return does not end it for SQLite either. */
static size_t line_comment_len(brn_str rest)
{
    size_t at = brn_str_find_char(rest, '\n');

    return at == SIZE_MAX ? rest.len : at;
}

/* Letters that follow a number ("12ab") belong to it: one token that SQLite refuses. */
static size_t number_len(brn_str s)
{
    size_t at;

    if (s.ptr[0] == '0' && (brn_scan_peek(s, 1) == 'x' || brn_scan_peek(s, 1) == 'X') &&
        brn_scan_is_hex_digit(brn_scan_peek(s, 2))) {
        return brn_scan_skip(s, brn_scan_skip(s, 3, brn_scan_is_hex_digit), is_word);
    }
    at = brn_scan_skip(s, 0, brn_scan_is_digit);
    if (brn_scan_peek(s, at) == '.') {
        at = brn_scan_skip(s, at + 1, brn_scan_is_digit);
    }
    if (brn_scan_peek(s, at) == 'e' || brn_scan_peek(s, at) == 'E') {
        bool sign = brn_scan_peek(s, at + 1) == '+' || brn_scan_peek(s, at + 1) == '-';
        if (brn_scan_is_digit(brn_scan_peek(s, at + (sign ? 2 : 1)))) {
            at = brn_scan_skip(s, at + (sign ? 2 : 1), brn_scan_is_digit);
        }
    }
    return brn_scan_skip(s, at, is_word);
}

static bool is_inside_parens(char c)
{
    return !is_space(c) && c != ')';
}

/* :a @a #a $a, with Tcl's $ns::array(key); a bare sign is one byte. */
static size_t variable_len(brn_str s)
{
    size_t at = 1;
    bool named = false;

    while (at < s.len) {
        if (is_word(s.ptr[at])) {
            named = true;
            at++;
        } else if (s.ptr[at] == '(' && named) {
            at = brn_scan_skip(s, at + 1, is_inside_parens);
            return brn_scan_peek(s, at) == ')' ? at + 1 : at;
        } else if (s.ptr[at] == ':' && brn_scan_peek(s, at + 1) == ':') {
            at += 2;
        } else {
            break;
        }
    }
    return at;
}

static brn_token_kind plain_token(size_t *len, brn_str rest)
{
    switch (rest.ptr[0]) {
    case ';':
        *len = 1;
        return BRN_TOKEN_TERMINATOR;
    case '?':
        *len = brn_scan_skip(rest, 1, brn_scan_is_digit);
        return BRN_TOKEN_VARIABLE;
    case '$':
    case ':':
    case '@':
    case '#':
        *len = variable_len(rest);
        return BRN_TOKEN_VARIABLE;
    case '.':
        *len = brn_scan_is_digit(brn_scan_peek(rest, 1)) ? number_len(rest) : 1;
        return *len > 1 ? BRN_TOKEN_NUMBER : BRN_TOKEN_OTHER;
    default:
        *len = 1;
        return BRN_TOKEN_OTHER;
    }
}

static brant_status special_token(
    brn_token_kind *kind, size_t *len, brn_str rest, brant_error **err)
{
    char c = rest.ptr[0];

    switch (c) {
    case '\'':
        *kind = BRN_TOKEN_STRING;
        return brn_scan_string(len, brn_scan_quoted(rest, 1, c), err);
    case '"':
    case '`':
        *kind = BRN_TOKEN_NAME;
        return brn_scan_name(len, brn_scan_quoted(rest, 1, c), c, err);
    case '[':
        *kind = BRN_TOKEN_NAME;
        return brn_scan_name(len, brn_scan_behind(rest, 1, ']'), ']', err);
    case '-':
        if (brn_scan_peek(rest, 1) == '-') {
            *kind = BRN_TOKEN_LINE_COMMENT;
            *len = line_comment_len(rest);
            return BRANT_OK;
        }
        break;
    case '/':
        if (brn_scan_peek(rest, 1) == '*') {
            *kind = BRN_TOKEN_BLOCK_COMMENT;
            return brn_scan_comment(len, brn_scan_behind_comment(rest, 2), false, err);
        }
        break;
    default:
        break;
    }
    *kind = plain_token(len, rest);
    return BRANT_OK;
}

static brant_status token(
    brn_token_kind *kind, size_t *len, brn_lexer *lx, brn_str rest, brant_error **err)
{
    char c = rest.ptr[0];

    (void)lx;
    if (is_space_start(c)) {
        *kind = BRN_TOKEN_SPACE;
        *len = brn_scan_skip(rest, 1, is_space);
        return BRANT_OK;
    }
    if (brn_scan_is_digit(c)) {
        *kind = BRN_TOKEN_NUMBER;
        *len = number_len(rest);
        return BRANT_OK;
    }
    if ((c == 'x' || c == 'X') && brn_scan_peek(rest, 1) == '\'') {
        /* Nothing is doubled in a blob: x'ab''cd' is two tokens. */
        *kind = BRN_TOKEN_STRING;
        return brn_scan_string(len, brn_scan_behind(rest, 2, '\''), err);
    }
    if (c == (char)0xef && brn_str_starts(rest, BRN_STR("\xef\xbb\xbf"))) {
        /* A byte order mark between tokens, as files glued together have it. */
        *kind = BRN_TOKEN_SPACE;
        *len = 3;
        return BRANT_OK;
    }
    if (brn_scan_is_letter(c)) {
        *kind = BRN_TOKEN_WORD;
        *len = brn_scan_skip(rest, 1, is_word);
        return BRANT_OK;
    }
    return special_token(kind, len, rest, err);
}

/* --- statements ------------------------------------------------------------------------------- */

/*
 * [EXPLAIN [QUERY PLAN]] CREATE [TEMP] TRIGGER name ... ON table ... BEGIN { statement; } END
 *
 * BEGIN and END are also good for bare names (t(begin, end), SELECT 1 end), so neither can be
 * counted. But the grammar puts a ';' behind every statement of the body, no statement begins with
 * END, and no ';' stands outside the body: the END that directly follows a ';' closes the body, and
 * nothing else does. CASE ... END needs no look at all.
 *
 * The head is followed only to find where the body begins: for the error when it never ends, and so
 * that a trigger without a body ends at its ';' instead of eating the file.
 */
enum {
    AT_START = 0,
    AT_EXPLAIN,
    AT_CREATE,
    IN_PLAIN,
    IN_HEAD,      /* of a trigger, before ON */
    BEFORE_NAME,  /* behind ON, COLLATE, IN and '.': the next token is a name, were it BEGIN */
    IN_CONDITION, /* behind the table: FOR EACH ROW, WHEN ... */
    IN_BODY,
    IN_BODY_BETWEEN, /* directly behind a ';' of the body */
    IN_CLOSED,
};

static bool is(const brn_token *token, const char *keyword)
{
    return token->kind == BRN_TOKEN_WORD && brn_str_ieq(token->text, brn_str_from(keyword));
}

static bool is_char(const brn_token *token, char c)
{
    return token->kind == BRN_TOKEN_OTHER && token->text.ptr[0] == c;
}

static uint32_t start_phase(uint32_t phase, const brn_token *token)
{
    if (phase != AT_CREATE && is(token, "create")) {
        return AT_CREATE;
    }
    if (phase == AT_START && is(token, "explain")) {
        return AT_EXPLAIN;
    }
    if (phase == AT_EXPLAIN && (is(token, "query") || is(token, "plan"))) {
        return AT_EXPLAIN;
    }
    if (phase == AT_CREATE && (is(token, "temp") || is(token, "temporary"))) {
        return AT_CREATE;
    }
    return phase == AT_CREATE && is(token, "trigger") ? IN_HEAD : IN_PLAIN;
}

static void open_body(brn_split_state *state, const brn_token *token)
{
    state->phase = IN_BODY;
    state->depth = 1;
    state->began_at = token->offset;
    state->began_line = token->line;
    state->began_column = token->column;
}

static void feed_condition(brn_split_state *state, const brn_token *token)
{
    if (is_char(token, '(')) {
        state->parens++;
    } else if (is_char(token, ')') && state->parens > 0) {
        state->parens--;
    } else if (state->parens == 0 && is(token, "begin")) {
        open_body(state, token);
    } else if (is_char(token, '.') || is(token, "collate") || is(token, "in")) {
        state->phase = BEFORE_NAME;
    }
}

/* Everything but terminators. */
static void feed_phase(brn_split_state *state, const brn_token *token)
{
    switch (state->phase) {
    case AT_START:
    case AT_EXPLAIN:
    case AT_CREATE:
        state->phase = start_phase(state->phase, token);
        break;
    case IN_HEAD:
        if (is(token, "on")) {
            state->phase = BEFORE_NAME;
        }
        break;
    case BEFORE_NAME:
        state->phase = IN_CONDITION;
        state->parens += is_char(token, '(');
        break;
    case IN_CONDITION:
        feed_condition(state, token);
        break;
    case IN_BODY_BETWEEN:
        state->phase = IN_BODY;
        if (is(token, "end")) {
            state->phase = IN_CLOSED;
            state->depth = 0;
        }
        break;
    default:
        break;
    }
}

static bool feed(brn_split_state *state, const brn_token *token)
{
    state->words += token->kind == BRN_TOKEN_WORD;
    if (token->kind != BRN_TOKEN_TERMINATOR) {
        feed_phase(state, token);
        return false;
    }
    if (state->depth > 0) {
        state->phase = IN_BODY_BETWEEN;
        return false;
    }
    return true;
}

static void end_statement(brn_lexer *lx)
{
    (void)lx; /* it sees tokens only */
}

const brn_dialect brn_dialect_sqlite = {
    .name = "sqlite",
    .line_comment = "--",
    .token = token,
    .end_statement = end_statement,
    .feed = feed,
    .classify = brn_sqlite_classify,
    .take_name = brn_sqlite_take_name,
};
