/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PostgreSQL's tokens, for versions 9.6 to 18. The rules are those of scan.l in the server, with
 * standard_conforming_strings on. Where versions differ, a text that is valid in one of them is cut
 * as in that one. Differences: a byte order mark between tokens is space, and a backslash outside
 * of quotes, which no version takes, is a command of psql and refused by name.
 *
 * The lexer also finds the rows of COPY ... FROM STDIN, as psql does: they begin in the line behind
 * the one in which the statement ends, and end before the line that is just "\.".
 */
#include "text/dialect.h"
#include "text/postgres_int.h"
#include "text/scan.h"
#include "text/script.h"

/* --- characters ------------------------------------------------------------------------------- */

static bool is_line_break(char c)
{
    return c == '\n' || c == '\r';
}

/* The vertical tab is space since version 16, and an error before. */
static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_tag(char c)
{
    return brn_scan_is_letter(c) || brn_scan_is_digit(c);
}

static bool is_word(char c)
{
    return is_tag(c) || c == '$';
}

/* --- comments --------------------------------------------------------------------------------- */

static size_t line_comment_end(brn_str s, size_t at)
{
    while (at < s.len && !is_line_break(s.ptr[at])) {
        at++;
    }
    return at;
}

static bool is_comment(brn_str s, size_t at)
{
    return brn_scan_peek(s, at) == '-' && brn_scan_peek(s, at + 1) == '-';
}

/* They nest. 0 when it never ends. */
static size_t block_comment_len(brn_str s)
{
    size_t depth = 1;
    size_t at = 2;

    while (at + 1 < s.len) {
        if (s.ptr[at] == '*' && s.ptr[at + 1] == '/') {
            at += 2;
            if (--depth == 0) {
                return at;
            }
        } else if (s.ptr[at] == '/' && s.ptr[at + 1] == '*') {
            at += 2;
            depth++;
        } else {
            at++;
        }
    }
    return 0;
}

/* --- strings ---------------------------------------------------------------------------------- */

/* Offset behind the quote that closes an E'' string; 0 when it never ends. */
static size_t behind_escapes(brn_str s, size_t at)
{
    while (at < s.len) {
        if (s.ptr[at] == '\\') {
            at += 2;
        } else if (s.ptr[at] != '\'') {
            at++;
        } else if (brn_scan_peek(s, at + 1) == '\'') {
            at += 2;
        } else {
            return at + 1;
        }
    }
    return 0;
}

/*
 * Offset behind the quote that goes on with a string closed before `at`: there is a line break in
 * between, and nothing but space and line comments besides. 0 when the string is done. (psql, which
 * reads line by line, does not see that, and fails on E'a' <line break> '\'' where the server does
 * not.)
 */
static size_t behind_continuation(brn_str s, size_t at)
{
    bool broken = false;

    while (at < s.len) {
        if (is_space(s.ptr[at])) {
            broken = broken || is_line_break(s.ptr[at]);
            at++;
        } else if (is_comment(s, at)) {
            at = line_comment_end(s, at);
        } else {
            break;
        }
    }
    return broken && brn_scan_peek(s, at) == '\'' ? at + 1 : 0;
}

/* A plain string that goes on in another line reads as two; in this kind the escapes go on, too. */
static size_t escape_string_len(brn_str s)
{
    size_t end = behind_escapes(s, 2);

    while (end != 0) {
        size_t from = behind_continuation(s, end);
        if (from == 0) {
            break;
        }
        end = behind_escapes(s, from);
    }
    return end;
}

/* Length of $$ or $tag$; 0 when there is none. */
static size_t delimiter_len(brn_str s)
{
    size_t at = brn_scan_is_letter(brn_scan_peek(s, 1)) ? brn_scan_skip(s, 2, is_tag) : 1;

    return brn_scan_peek(s, at) == '$' ? at + 1 : 0;
}

static brant_status dollar_string(size_t *len, size_t delimiter, brn_str rest, brant_error **err)
{
    brn_str mark = brn_str_slice(rest, 0, delimiter);
    size_t at = brn_str_find(brn_str_slice(rest, delimiter, rest.len), mark);

    if (at == SIZE_MAX) {
        brant_status st = brn_error(
            err, BRANT_EPARSE, "text.unterminated_string", "unterminated dollar-quoted string");
        brn_error_hint(
            err, "Close it with %.*s, in the same spelling.",
            BRN_STR_ARG(brn_str_slice(mark, 0, 128)));
        return st;
    }
    *len = delimiter + at + delimiter;
    return BRANT_OK;
}

/* --- numbers ---------------------------------------------------------------------------------- */

/* Digits with single underscores between them. */
static size_t skip_digits(brn_str s, size_t at, bool (*belongs)(char))
{
    at = brn_scan_skip(s, at, belongs);
    while (brn_scan_peek(s, at) == '_' && belongs(brn_scan_peek(s, at + 1))) {
        at = brn_scan_skip(s, at + 1, belongs);
    }
    return at;
}

/* Length of what stands behind 0x, 0o or 0b, with it; 0 when that is not how the number begins. */
static size_t prefixed_number_len(brn_str s)
{
    char letter = brn_scan_peek(s, 1);
    size_t digits = brn_scan_peek(s, 2) == '_' ? 3 : 2;

    if (s.ptr[0] != '0') {
        return 0;
    }
    if ((letter == 'x' || letter == 'X') && brn_scan_is_hex_digit(brn_scan_peek(s, digits))) {
        return skip_digits(s, digits, brn_scan_is_hex_digit);
    }
    if ((letter == 'o' || letter == 'O' || letter == 'b' || letter == 'B') &&
        brn_scan_is_digit(brn_scan_peek(s, digits))) {
        return skip_digits(s, digits, brn_scan_is_digit);
    }
    return 0;
}

/*
 * Letters behind a number do not belong to it: before version 15 they begin a name (SELECT 1a), and
 * an E'' string or $$ right behind a number is one.
 */
static size_t number_len(brn_str s)
{
    size_t at = prefixed_number_len(s);

    if (at != 0) {
        return at;
    }
    at = skip_digits(s, 0, brn_scan_is_digit);
    if (brn_scan_peek(s, at) == '.' && brn_scan_peek(s, at + 1) != '.') {
        at = skip_digits(s, at + 1, brn_scan_is_digit);
    }
    if (brn_scan_peek(s, at) == 'e' || brn_scan_peek(s, at) == 'E') {
        size_t digits =
            at + (brn_scan_peek(s, at + 1) == '+' || brn_scan_peek(s, at + 1) == '-' ? 2 : 1);
        at = brn_scan_is_digit(brn_scan_peek(s, digits)) ? skip_digits(s, digits, brn_scan_is_digit)
                                                         : at;
    }
    return at;
}

/* --- tokens ----------------------------------------------------------------------------------- */

static brant_status dollar_token(brn_token_kind *kind, size_t *len, brn_str rest, brant_error **err)
{
    size_t delimiter = delimiter_len(rest);

    if (delimiter != 0) {
        *kind = BRN_TOKEN_STRING;
        return dollar_string(len, delimiter, rest, err);
    }
    *len = brn_scan_skip(rest, 1, brn_scan_is_digit);
    *kind = *len > 1 ? BRN_TOKEN_VARIABLE : BRN_TOKEN_OTHER;
    return BRANT_OK;
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
        *kind = BRN_TOKEN_NAME;
        return brn_scan_name(len, brn_scan_quoted(rest, 1, c), c, err);
    case '$':
        return dollar_token(kind, len, rest, err);
    case '\\':
        return brn_postgres_refuse_psql(rest, err);
    case '-':
        if (is_comment(rest, 0)) {
            *kind = BRN_TOKEN_LINE_COMMENT;
            *len = line_comment_end(rest, 2);
            return BRANT_OK;
        }
        break;
    case '/':
        if (brn_scan_peek(rest, 1) == '*') {
            *kind = BRN_TOKEN_BLOCK_COMMENT;
            return brn_scan_comment(len, block_comment_len(rest), true, err);
        }
        break;
    case '.':
        if (brn_scan_is_digit(brn_scan_peek(rest, 1))) {
            *kind = BRN_TOKEN_NUMBER;
            *len = number_len(rest);
            return BRANT_OK;
        }
        break;
    default:
        break;
    }
    *kind = c == ';' ? BRN_TOKEN_TERMINATOR : BRN_TOKEN_OTHER;
    *len = 1;
    return BRANT_OK;
}

/* A word, or what a letter before a quote begins. */
static brant_status word_token(brn_token_kind *kind, size_t *len, brn_str rest, brant_error **err)
{
    char c = rest.ptr[0];
    char second = brn_scan_peek(rest, 1);
    bool unicode = (c == 'u' || c == 'U') && second == '&';

    *kind = BRN_TOKEN_STRING;
    if (second == '\'') {
        switch (c) {
        case 'e':
        case 'E':
            return brn_scan_string(len, escape_string_len(rest), err);
        case 'n':
        case 'N':
            return brn_scan_string(len, brn_scan_quoted(rest, 2, '\''), err);
        case 'b':
        case 'B':
        case 'x':
        case 'X':
            /* Nothing is doubled in a bit string: x'ab''cd' is two tokens. */
            return brn_scan_string(len, brn_scan_behind(rest, 2, '\''), err);
        default:
            break;
        }
    }
    if (unicode && brn_scan_peek(rest, 2) == '\'') {
        return brn_scan_string(len, brn_scan_quoted(rest, 3, '\''), err);
    }
    if (unicode && brn_scan_peek(rest, 2) == '"') {
        *kind = BRN_TOKEN_NAME;
        return brn_scan_name(len, brn_scan_quoted(rest, 3, '"'), '"', err);
    }
    *kind = BRN_TOKEN_WORD;
    *len = brn_scan_skip(rest, 1, is_word);
    return BRANT_OK;
}

static brant_status plain_token(brn_token_kind *kind, size_t *len, brn_str rest, brant_error **err)
{
    char c = rest.ptr[0];

    if (is_space(c)) {
        *kind = BRN_TOKEN_SPACE;
        *len = brn_scan_skip(rest, 1, is_space);
        return BRANT_OK;
    }
    if (brn_scan_is_digit(c)) {
        *kind = BRN_TOKEN_NUMBER;
        *len = number_len(rest);
        return BRANT_OK;
    }
    if (c == (char)0xef && brn_str_starts(rest, BRN_STR("\xef\xbb\xbf"))) {
        /* A byte order mark between tokens, as files glued together have it. */
        *kind = BRN_TOKEN_SPACE;
        *len = 3;
        return BRANT_OK;
    }
    if (brn_scan_is_letter(c)) {
        return word_token(kind, len, rest, err);
    }
    return special_token(kind, len, rest, err);
}

/* --- rows of COPY ----------------------------------------------------------------------------- */

/*
 * COPY [BINARY] [schema.]table [(columns)] FROM STDIN ...;
 *
 * The first FROM outside of parentheses that is not a name behind a '.' decides. The grammar takes
 * STDOUT for STDIN there.
 */
enum {
    AT_START = 0,
    IN_PLAIN,
    IN_COPY,
    BEHIND_DOT,
    BEHIND_FROM,
    IN_COPY_STDIN,
    BEHIND_COPY, /* behind its terminator, in the same line */
    AT_DATA,
    AT_DATA_CR, /* in a file whose lines end with a lone carriage return */
};

static bool is(brn_token_kind kind, brn_str text, const char *keyword)
{
    return kind == BRN_TOKEN_WORD && brn_str_ieq(text, brn_str_from(keyword));
}

static uint32_t copy_phase(const brn_lex_state *state, brn_token_kind kind, brn_str text)
{
    if (state->split.parens > 0 || kind == BRN_TOKEN_OTHER) {
        return text.ptr[0] == '.' && state->split.parens == 0 ? BEHIND_DOT : IN_COPY;
    }
    if (is(kind, text, "from")) {
        return BEHIND_FROM;
    }
    return is(kind, text, "to") ? IN_PLAIN : IN_COPY;
}

/*
 * Behind each token: is a COPY at hand whose rows follow? The splitter's own rules say where a
 * statement ends, so that the two cannot disagree about whose rows they are.
 */
static void follow(brn_lexer *lx, brn_token_kind kind, brn_str text)
{
    brn_lex_state *state = &lx->state;
    brn_token at_hand = { .kind = kind, .text = text };

    if (brn_postgres_feed(&state->split, &at_hand)) {
        state->phase = state->owes ? BEHIND_COPY : AT_START;
        state->split = (brn_split_state){ 0 };
        return;
    }
    switch (state->phase) {
    case AT_START:
        state->phase = is(kind, text, "copy") ? IN_COPY : IN_PLAIN;
        state->line = lx->line;
        state->column = lx->column;
        break;
    case IN_COPY:
        state->phase = copy_phase(state, kind, text);
        break;
    case BEHIND_DOT:
        state->phase = IN_COPY;
        break;
    case BEHIND_FROM:
        state->owes = is(kind, text, "stdin") || is(kind, text, "stdout");
        state->phase = state->owes ? IN_COPY_STDIN : IN_PLAIN;
        break;
    default:
        break;
    }
}

static brant_status missing_end(brn_lex_state *state, brant_error **err)
{
    brant_status st = brn_error(
        err, BRANT_EPARSE, "text.unterminated_data", "the rows of COPY ... FROM STDIN never end");

    brn_error_hint(
        err, "Put them into the lines behind the statement's ';', and behind the last one a line "
             "that is just \\. without spaces around it.");
    state->blamed_line = state->line;
    state->blamed_column = state->column;
    return st;
}

static brant_status text_behind(brant_error **err)
{
    brant_status st = brn_error(
        err, BRANT_EPARSE, "text.behind_copy", "text behind COPY ... FROM STDIN in its line");

    brn_error_hint(
        err, "The rows begin in the next line. Move this text behind the line \\. that ends them.");
    return st;
}

/* What is left of the line in which the COPY ends: space and comments. */
static brant_status rest_of_line(
    brn_token_kind *kind, size_t *len, brn_lex_state *state, brn_str rest, brant_error **err)
{
    size_t at = 0;

    if (!is_space(rest.ptr[0])) {
        brant_status st = plain_token(kind, len, rest, NULL);
        bool comment = *kind == BRN_TOKEN_LINE_COMMENT || *kind == BRN_TOKEN_BLOCK_COMMENT;
        bool ok = st == BRANT_OK && comment && line_comment_end(rest, 0) >= *len;
        return ok ? BRANT_OK : text_behind(err);
    }
    while (at < rest.len && is_space(rest.ptr[at]) && !is_line_break(rest.ptr[at])) {
        at++;
    }
    if (at < rest.len && is_line_break(rest.ptr[at])) {
        bool both = rest.ptr[at] == '\r' && brn_scan_peek(rest, at + 1) == '\n';
        state->phase = rest.ptr[at] == '\r' && !both ? AT_DATA_CR : AT_DATA;
        at += both ? 2 : 1;
    }
    *kind = BRN_TOKEN_SPACE;
    *len = at;
    return BRANT_OK;
}

static bool is_end_mark(brn_str s, size_t at, char line_break)
{
    char behind = brn_scan_peek(s, at + 2);

    if (at > 0 && s.ptr[at - 1] != line_break) {
        return false;
    }
    return at + 2 == s.len || behind == line_break ||
           (behind == '\r' && (at + 3 == s.len || s.ptr[at + 3] == '\n'));
}

/* Length of the rows with their end mark; 0 when there is none. */
static size_t data_len(brn_str s, char line_break)
{
    size_t from = 0;

    while (from < s.len) {
        size_t at = brn_str_find(brn_str_slice(s, from, s.len), BRN_STR(BRN_DATA_END));
        if (at == SIZE_MAX) {
            break;
        }
        if (is_end_mark(s, from + at, line_break)) {
            return from + at + 2;
        }
        from += at + 2;
    }
    return 0;
}

static brant_status data_token(
    brn_token_kind *kind, size_t *len, brn_lex_state *state, brn_str rest, brant_error **err)
{
    size_t found = data_len(rest, state->phase == AT_DATA_CR ? '\r' : '\n');

    if (found == 0) {
        return missing_end(state, err);
    }
    *kind = BRN_TOKEN_DATA;
    *len = found;
    *state = (brn_lex_state){ .block = state->block };
    return BRANT_OK;
}

static brant_status token(
    brn_token_kind *kind, size_t *len, brn_lexer *lx, brn_str rest, brant_error **err)
{
    brn_lex_state *state = &lx->state;
    brant_status st;

    if (rest.len == 0) {
        return missing_end(state, err);
    }
    if (state->phase == BEHIND_COPY) {
        return rest_of_line(kind, len, state, rest, err);
    }
    if (state->phase == AT_DATA || state->phase == AT_DATA_CR) {
        return data_token(kind, len, state, rest, err);
    }
    st = plain_token(kind, len, rest, err);
    if (st == BRANT_OK && *kind != BRN_TOKEN_SPACE && *kind != BRN_TOKEN_LINE_COMMENT &&
        *kind != BRN_TOKEN_BLOCK_COMMENT) {
        follow(lx, *kind, brn_str_slice(rest, 0, *len));
    }
    return st;
}

/* The rows of a COPY need its ';': without one, `owes` has refused it. */
static void end_statement(brn_lexer *lx)
{
    lx->state.phase = AT_START;
    lx->state.split = (brn_split_state){ 0 };
}

const brn_dialect brn_dialect_postgres = {
    .name = "postgres",
    .line_comment = "--",
    .token = token,
    .end_statement = end_statement,
    .feed = brn_postgres_feed,
    .classify = brn_postgres_classify,
    .take_name = brn_postgres_take_name,
};
