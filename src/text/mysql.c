/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tokens of MySQL 5.7 to 9 and MariaDB 10 to 12, and what their client adds to them: DELIMITER.
 * The rules are those of sql_lex.cc in the servers; where a version comment begins and ends, and
 * what a delimiter cuts, those of mysql.cc in the client.
 *
 * Text in a version comment is code whatever the version, since nobody here knows the server: the
 * comment's ends are tokens of their own. Only the versions that no server will have (99.99.99)
 * make it a comment. An optimizer hint is read as a comment; it stays in the text of its statement.
 *
 * A script is read with the sql_mode that it sets, see mysql_mode.c; before that, with the one that
 * it is given.
 */
#include "text/dialect.h"
#include "text/mysql_int.h"
#include "text/scan.h"
#include "text/script.h"

/* From here on a version is only a way to write a comment. */
#define NO_VERSION 990000

/* --- characters ------------------------------------------------------------------------------- */

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_word(char c)
{
    return brn_scan_is_letter(c) || brn_scan_is_digit(c) || c == '$';
}

static bool is_variable(char c)
{
    return is_word(c) || c == '.';
}

static bool is_control(char c)
{
    return (unsigned char)c < ' ' || c == '\x7f';
}

/* --- comments --------------------------------------------------------------------------------- */

/* A line ends at a line feed, and nowhere else. */
static size_t line_len(brn_str rest)
{
    size_t at = brn_str_find_char(rest, '\n');

    return at == SIZE_MAX ? rest.len : at;
}

/*
 * Two dashes need space behind them, or they are two signs (1--1). Where a statement begins there
 * can be no sign, and the client takes them for a comment in any case. At the end of a statement
 * they are signs here and an empty comment for the server, which is the same.
 */
static bool is_dash_comment(const brn_lexer *lx, brn_str rest)
{
    char third = brn_scan_peek(rest, 2);

    return brn_scan_peek(rest, 1) == '-' &&
           (lx->state.phase == 0 || (rest.len > 2 && (is_space(third) || is_control(third))));
}

/* Length of the opening of a version comment, which has the number at `digits`; 0: it is none. */
static size_t mark_len(brn_str rest, size_t *digits)
{
    size_t at = brn_scan_peek(rest, 2) == 'M' ? 3 : 2;
    size_t end;

    if (brn_scan_peek(rest, at) != '!') {
        return 0;
    }
    *digits = at + 1;
    end = brn_scan_skip(rest, *digits, brn_scan_is_digit);
    if (end < *digits + 5) {
        return *digits;
    }
    return end < *digits + 6 ? end : *digits + 6;
}

/* Comments in the text of a comment nest once there. */
static size_t disabled_len(brn_str rest)
{
    size_t end = brn_scan_behind_comment(rest, 2);
    size_t inner = brn_str_find(brn_str_slice(rest, 2, rest.len), BRN_STR("/*"));

    return end != 0 && inner != SIZE_MAX && inner + 2 < end ? brn_scan_behind_comment(rest, end)
                                                            : end;
}

static brant_status block_comment(
    brn_token_kind *kind,
    size_t *len,
    brn_lex_state *state,
    const brn_lexer *lx,
    brn_str rest,
    brant_error **err)
{
    size_t digits = 0;
    size_t mark = mark_len(rest, &digits);
    uint64_t version = 0;

    *kind = BRN_TOKEN_BLOCK_COMMENT;
    if (mark == 0) {
        return brn_scan_comment(len, brn_scan_behind_comment(rest, 2), false, err);
    }
    if (brn_str_to_u64(brn_str_slice(rest, digits, mark), &version) && version >= NO_VERSION) {
        return brn_scan_comment(len, disabled_len(rest), false, err);
    }
    *kind = BRN_TOKEN_MARK;
    *len = mark;
    state->mark_line = lx->line;
    state->mark_column = lx->column;
    return BRANT_OK;
}

/* --- strings ---------------------------------------------------------------------------------- */

/* Offset behind a text in quotes that is open at `at`; 0 when it never ends. */
static size_t behind_string(const brn_lex_state *state, brn_str s, size_t at, char quote)
{
    if ((state->mode & BRN_LEX_NO_BACKSLASH) != 0) {
        return brn_scan_quoted(s, at, quote);
    }
    while (at < s.len) {
        if (s.ptr[at] == '\\') {
            at += 2;
        } else if (s.ptr[at] != quote) {
            at++;
        } else if (brn_scan_peek(s, at + 1) == quote) {
            at += 2;
        } else {
            return at + 1;
        }
    }
    return 0;
}

/* A string whose quote is at `at`. */
static brant_status string_token(
    size_t *len, const brn_lex_state *state, brn_str rest, size_t at, brant_error **err)
{
    char quote = rest.ptr[at];
    brant_status st = brn_scan_string(len, behind_string(state, rest, at + 1, quote), err);

    if (st != BRANT_OK) {
        bool escapes = (state->mode & BRN_LEX_NO_BACKSLASH) == 0;
        brn_error_hint(
            err, "Close the string with %c. The same character inside it is written twice%s.",
            quote, escapes ? ", or behind a backslash; a backslash is written twice" : "");
    }
    return st;
}

static brant_status quoted_token(
    brn_token_kind *kind, size_t *len, const brn_lex_state *state, brn_str rest, brant_error **err)
{
    char quote = rest.ptr[0];

    if (quote == '`' || (quote == '"' && (state->mode & BRN_LEX_ANSI_QUOTES) != 0)) {
        *kind = BRN_TOKEN_NAME;
        return brn_scan_name(len, brn_scan_quoted(rest, 1, quote), quote, err);
    }
    *kind = BRN_TOKEN_STRING;
    return string_token(len, state, rest, 0, err);
}

/* Length of $$ or $tag$; 0 when there is none. */
static size_t dollar_len(brn_str s)
{
    size_t at = 1;

    while (at < s.len && is_word(s.ptr[at]) && s.ptr[at] != '$') {
        at++;
    }
    return brn_scan_peek(s, 0) == '$' && brn_scan_peek(s, at) == '$' ? at + 1 : 0;
}

static brant_status dollar_token(
    brn_token_kind *kind, size_t *len, size_t tag, brn_str rest, brant_error **err)
{
    size_t at = brn_str_find(brn_str_slice(rest, tag, rest.len), brn_str_slice(rest, 0, tag));

    *kind = BRN_TOKEN_STRING;
    return brn_scan_string(len, at == SIZE_MAX ? 0 : tag + at + tag, err);
}

/* --- words, numbers, variables ---------------------------------------------------------------- */

static size_t exponent_len(brn_str s, size_t at)
{
    size_t digits = at + 1;

    if (brn_scan_peek(s, at) != 'e' && brn_scan_peek(s, at) != 'E') {
        return at;
    }
    digits += brn_scan_peek(s, digits) == '+' || brn_scan_peek(s, digits) == '-';
    return brn_scan_is_digit(brn_scan_peek(s, digits)) ? brn_scan_skip(s, digits, brn_scan_is_digit)
                                                       : at;
}

/* A digit may begin a name, too; "1..2" is a range. */
static size_t number_len(brn_token_kind *kind, brn_str s)
{
    size_t end = brn_scan_skip(s, 0, brn_scan_is_digit);
    size_t word = brn_scan_skip(s, 0, is_word);
    bool prefixed =
        s.ptr[0] == '0' && end == 1 && (brn_scan_peek(s, 1) == 'x' || brn_scan_peek(s, 1) == 'b');

    *kind = BRN_TOKEN_NUMBER;
    if (word > end && (prefixed || exponent_len(s, end) < word)) {
        *kind = prefixed ? BRN_TOKEN_NUMBER : BRN_TOKEN_WORD;
        return exponent_len(s, end) > word ? exponent_len(s, end) : word;
    }
    if (brn_scan_peek(s, end) == '.' && brn_scan_peek(s, end + 1) != '.') {
        end = brn_scan_skip(s, end + 1, brn_scan_is_digit);
    }
    return exponent_len(s, end);
}

/* @a, @'a', @@a.b; what stands behind the '@' of a user is the same. */
static brant_status variable_token(
    brn_token_kind *kind, size_t *len, const brn_lex_state *state, brn_str rest, brant_error **err)
{
    char second = brn_scan_peek(rest, 1);
    brn_token_kind inner;
    brant_status st = BRANT_OK;

    *kind = BRN_TOKEN_VARIABLE;
    if (second == '\'' || second == '"' || second == '`') {
        st = quoted_token(&inner, len, state, brn_str_slice(rest, 1, rest.len), err);
        *len += 1;
        return st;
    }
    *len = brn_scan_skip(rest, second == '@' ? 2 : 1, is_variable);
    if (*len == 1) {
        *kind = BRN_TOKEN_OTHER;
    }
    return st;
}

/* A word, or what a letter before a quote begins. */
static brant_status word_token(
    brn_token_kind *kind, size_t *len, const brn_lex_state *state, brn_str rest, brant_error **err)
{
    if (brn_scan_peek(rest, 1) == '\'') {
        *kind = BRN_TOKEN_STRING;
        switch (rest.ptr[0]) {
        case 'n':
        case 'N':
            return string_token(len, state, rest, 1, err);
        case 'b':
        case 'B':
        case 'x':
        case 'X':
            /* Nothing is doubled or escaped in there. */
            return brn_scan_string(len, brn_scan_behind(rest, 2, '\''), err);
        default:
            break;
        }
    }
    *kind = BRN_TOKEN_WORD;
    *len = brn_scan_skip(rest, 1, is_word);
    return BRANT_OK;
}

/* --- tokens ----------------------------------------------------------------------------------- */

static brant_status special_token(
    brn_token_kind *kind, size_t *len, brn_lexer *lx, brn_str rest, brant_error **err)
{
    char second = brn_scan_peek(rest, 1);

    switch (rest.ptr[0]) {
    case '\'':
    case '"':
    case '`':
        return quoted_token(kind, len, &lx->state, rest, err);
    case '@':
        return variable_token(kind, len, &lx->state, rest, err);
    case '\\':
        if (second != 'N') {
            return brn_mysql_refuse_backslash(rest, err);
        }
        *kind = BRN_TOKEN_WORD; /* NULL */
        *len = 2;
        return BRANT_OK;
    case '-':
    case '#':
        if (rest.ptr[0] == '#' || is_dash_comment(lx, rest)) {
            *kind = BRN_TOKEN_LINE_COMMENT;
            *len = line_len(rest);
            return BRANT_OK;
        }
        break;
    case '/':
        if (second == '*') {
            return block_comment(kind, len, &lx->state, lx, rest, err);
        }
        break;
    case '.':
        if (brn_scan_is_digit(second) && !lx->state.split.operand) {
            *kind = BRN_TOKEN_NUMBER;
            *len = exponent_len(rest, brn_scan_skip(rest, 1, brn_scan_is_digit));
            return BRANT_OK;
        }
        break;
    default:
        break;
    }
    *kind = BRN_TOKEN_OTHER;
    *len = 1;
    return BRANT_OK;
}

static brant_status plain_token(
    brn_token_kind *kind, size_t *len, brn_lexer *lx, brn_str rest, brant_error **err)
{
    char c = rest.ptr[0];

    if (is_space(c)) {
        *kind = BRN_TOKEN_SPACE;
        *len = brn_scan_skip(rest, 1, is_space);
        return BRANT_OK;
    }
    if (brn_scan_is_digit(c)) {
        *len = number_len(kind, rest);
        return BRANT_OK;
    }
    if (c == (char)0xef && brn_str_starts(rest, BRN_STR("\xef\xbb\xbf"))) {
        /* A byte order mark between tokens, as files glued together have it. */
        *kind = BRN_TOKEN_SPACE;
        *len = 3;
        return BRANT_OK;
    }
    if (c == '$' && brn_mysql_takes_dollars(&lx->state.split) && dollar_len(rest) != 0) {
        return dollar_token(kind, len, dollar_len(rest), rest, err);
    }
    if (is_word(c)) {
        return word_token(kind, len, &lx->state, rest, err);
    }
    return special_token(kind, len, lx, rest, err);
}

/* --- where statements end --------------------------------------------------------------------- */

static bool at_delimiter(const brn_lex_state *state, brn_str rest)
{
    return state->delimiter.len > 0 && brn_str_starts(rest, state->delimiter);
}

/* Outside of quotes and comments a delimiter cuts everything, words too: END$$ is two tokens. */
static size_t cut_at_delimiter(const brn_lex_state *state, brn_str rest, size_t len)
{
    for (size_t i = 1; state->delimiter.len > 0 && i < len; i++) {
        if (at_delimiter(state, brn_str_slice(rest, i, rest.len))) {
            return i;
        }
    }
    return len;
}

static bool is_cut(brn_token_kind kind, brn_str text)
{
    char last = text.ptr[text.len - 1];

    return kind == BRN_TOKEN_WORD || kind == BRN_TOKEN_NUMBER ||
           (kind == BRN_TOKEN_VARIABLE && last != '\'' && last != '"' && last != '`');
}

/*
 * Nothing but space, comments and more of its kind between this ';' and the mark, or the end?
 * Where there is something else, it is so for each ';' before that.
 */
static bool is_last(brn_lexer *lx, brn_str rest)
{
    brn_lexer ahead = *lx;
    size_t at = 1;

    if (lx->at < lx->state.busy_to) {
        return false;
    }
    while (at < rest.len && !at_delimiter(&lx->state, brn_str_slice(rest, at, rest.len))) {
        brn_token_kind kind = BRN_TOKEN_OTHER;
        size_t len = 0;
        brn_str from = brn_str_slice(rest, at, rest.len);
        if (plain_token(&kind, &len, &ahead, from, NULL) != BRANT_OK ||
            (!brn_token_is_filler(kind) && from.ptr[0] != ';')) {
            lx->state.busy_to = lx->at + at;
            return false;
        }
        if (kind == BRN_TOKEN_LINE_COMMENT &&
            brn_lexer_ends_block(lx, lx->at + at, brn_str_slice(from, 0, len))) {
            return true;
        }
        at += len;
    }
    return true;
}

/* Does the ';' at the first byte of `rest` end the statement? */
static bool is_terminator(brn_lexer *lx, brn_str rest)
{
    if (brn_mysql_needs_delimiter(&lx->state.split)) {
        return is_last(lx, rest);
    }
    return brn_mysql_may_end(&lx->state.split);
}

static void blame(brn_lex_state *state, uint32_t line, uint32_t column)
{
    state->blamed_line = line;
    state->blamed_column = column;
}

static brant_status open_mark(brn_lex_state *state, brant_error **err)
{
    brant_status st =
        brn_error(err, BRANT_EPARSE, "text.unterminated_comment", "unterminated version comment");

    brn_error_hint(err, "Close it with */ before the statement ends.");
    blame(state, state->mark_line, state->mark_column);
    return st;
}

/* At the end of the text, where something is open. */
static brant_status missing_end(brn_lex_state *state, brant_error **err)
{
    if (state->mark_line != 0) {
        return open_mark(state, err);
    }
    blame(state, state->split.began_line, state->split.began_column);
    return brn_scan_open_body(err);
}

static brant_status delimiter_needed(brn_lex_state *state, brant_error **err)
{
    brant_status st = brn_error(
        err, BRANT_EPARSE, "text.delimiter_needed", "it is not clear where this statement ends");

    brn_error_hint(
        err, "Bodies in the syntax of sql_mode=ORACLE, and packages, need a delimiter of their "
             "own: a line DELIMITER // before the statement, // behind it, and DELIMITER ; in the "
             "line after that.");
    blame(state, state->line, state->column);
    return st;
}

static void end_statement(brn_lexer *lx)
{
    brn_lex_state *state = &lx->state;

    if (state->phase == 2) {
        brn_mysql_follow_set(lx, brn_str_slice(lx->script->text, state->at, lx->at));
    }
    state->phase = 0;
    state->split = (brn_split_state){ 0 };
    state->owes = false;
}

static bool is_set(brn_token_kind kind, brn_str text)
{
    return kind == BRN_TOKEN_WORD && brn_str_ieq(text, BRN_STR("set"));
}

/* Behind each token of a statement: `at_hand` is what stands at the lexer. */
static brant_status follow(brn_lexer *lx, const brn_token *at_hand, brant_error **err)
{
    brn_lex_state *state = &lx->state;
    bool delimited = (state->mode & BRN_LEX_DELIMITED) != 0;

    if (state->phase == 0) {
        state->at = lx->at;
        state->line = lx->line;
        state->column = lx->column;
        state->phase = 1;
    }
    if (at_hand->kind != BRN_TOKEN_MARK) {
        if (state->split.words == 0 && is_set(at_hand->kind, at_hand->text)) {
            state->phase = 2;
        }
        brn_mysql_follow(&state->split, at_hand, delimited);
        if (!delimited && brn_mysql_needs_delimiter(&state->split)) {
            return delimiter_needed(state, err);
        }
    }
    state->owes = state->mark_line != 0 || (state->split.depth > 0 && !delimited);
    return BRANT_OK;
}

/* What is no matter of SQL: the delimiter, and the end of a version comment. */
static brant_status outer_token(
    brn_token_kind *kind, size_t *len, brn_lexer *lx, brn_str rest, brant_error **err)
{
    brn_lex_state *state = &lx->state;

    if (state->mark_line != 0 && brn_str_starts(rest, BRN_STR("*/"))) {
        state->mark_line = 0;
        *kind = BRN_TOKEN_MARK;
        *len = 2;
        return BRANT_OK;
    }
    *kind = BRN_TOKEN_TERMINATOR;
    if (at_delimiter(state, rest)) {
        *len = state->delimiter.len;
    } else if (rest.ptr[0] == ';' && is_terminator(lx, rest)) {
        *len = 1;
    } else if (state->phase == 0) {
        return brn_mysql_client_command(len, lx, rest, err);
    }
    return BRANT_OK;
}

static brant_status token(
    brn_token_kind *kind, size_t *len, brn_lexer *lx, brn_str rest, brant_error **err)
{
    brn_lex_state *state = &lx->state;
    brant_status st;
    brn_token at_hand;

    if (rest.len == 0) {
        return missing_end(state, err);
    }
    *len = 0;
    st = outer_token(kind, len, lx, rest, err);
    if (st != BRANT_OK) {
        return st;
    }
    if (*len > 0 && *kind == BRN_TOKEN_TERMINATOR) {
        if (state->mark_line != 0) {
            return open_mark(state, err);
        }
        end_statement(lx);
        return BRANT_OK;
    }
    if (*len == 0) {
        st = plain_token(kind, len, lx, rest, err);
        if (st != BRANT_OK || brn_token_is_filler(*kind)) {
            return st;
        }
        if (is_cut(*kind, brn_str_slice(rest, 0, *len))) {
            *len = cut_at_delimiter(state, rest, *len);
        }
        st = *kind == BRN_TOKEN_WORD ? brn_mysql_check_word(lx, rest, err) : BRANT_OK;
    }
    if (st != BRANT_OK) {
        return st;
    }
    at_hand = (brn_token){
        .kind = *kind,
        .text = brn_str_slice(rest, 0, *len),
        .offset = lx->script->offset + lx->at,
        .line = lx->line,
        .column = lx->column,
    };
    return follow(lx, &at_hand, err);
}

/* The lexer has decided already: it has to know where statements begin. */
static bool feed(brn_split_state *state, const brn_token *token_at_hand)
{
    state->words += token_at_hand->kind == BRN_TOKEN_WORD;
    return token_at_hand->kind == BRN_TOKEN_TERMINATOR;
}

const brn_dialect brn_dialect_mysql = {
    .name = "mysql",
    .line_comment = "--",
    .token = token,
    .end_statement = end_statement,
    .feed = feed,
    .classify = brn_mysql_classify,
    .take_name = brn_mysql_take_name,
};
