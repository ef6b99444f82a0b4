/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Commands of the client "mysql" (and "mariadb"). DELIMITER says where statements end, and is
 * understood as the client does; the others do something that a server cannot, and are refused with
 * what to write instead. \g and \G are among them: they end a statement for people who look at
 * results.
 */
#include "text/mysql_int.h"
#include "text/scan.h"
#include "text/script.h"

#define DELIMITER_MAX_BYTES 15 /* the client cuts a longer one, and says nothing */

#define HINT_INCLUDE "Put the statements of that file here, or make it a migration of its own."
#define HINT_CONNECT "A migration runs in one database: give another database a project of its own."
#define HINT_SAY "Write a comment."
#define HINT_SEND "End the statement with a ';'."
#define HINT_SHELL                                                                                 \
    "A migration runs no programs: do it outside of brant, or in a migration with kind=code."
#define HINT_DISPLAY "It changes only what the client shows: leave it out."
#define HINT_CLIENT "It is for the client alone: leave it out."
#define HINT_QUIT "Remove what should not run, or split the file."

static const struct client_command {
    const char *name; /* NULL: only the letter */
    char letter;      /* behind a backslash */
    const char *hint;
} commands[] = {
    { "source", '.', HINT_INCLUDE },
    { "connect", 'r', HINT_CONNECT },
    { NULL, 'u', "Write USE as a statement, with a ';'." },
    { "system", '!', HINT_SHELL },
    { "print", 'p', HINT_SAY },
    { "go", 'g', HINT_SEND },
    { "ego", 'G', HINT_SEND },
    { "charset", 'C', "Files are UTF-8: leave it out, or write SET NAMES as a statement." },
    { NULL, 'd', "Write DELIMITER in a line of its own." },
    { NULL, '-', "mariadb-dump writes it for the client: leave it out." },
    { "quit", 'q', HINT_QUIT },
    { "exit", 'q', HINT_QUIT },
    { "clear", 'c', "Remove the statement before it." },
    { "edit", 'e', HINT_CLIENT },
    { "rehash", '#', HINT_CLIENT },
    { "resetconnection", 'x', HINT_CLIENT },
    { "query_attributes", '\0', HINT_CLIENT },
    { "status", 's', HINT_DISPLAY },
    { "tee", 'T', HINT_DISPLAY },
    { "notee", 't', HINT_DISPLAY },
    { "pager", 'P', HINT_DISPLAY },
    { "nopager", 'n', HINT_DISPLAY },
    { "prompt", 'R', HINT_DISPLAY },
    { "warnings", 'W', HINT_DISPLAY },
    { "nowarning", 'w', HINT_DISPLAY },
    { NULL, 'h', HINT_DISPLAY },
    { NULL, '?', HINT_DISPLAY },
};

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_name(char c)
{
    return brn_scan_is_letter(c) || brn_scan_is_digit(c) || c == '$';
}

/* --- commands that are refused ---------------------------------------------------------------- */

static brant_status refuse(const char *backslash, brn_str name, const char *hint, brant_error **err)
{
    brant_status st = brn_error(
        err, BRANT_EPARSE, "text.mysql_command", "command of the mysql client \"%s%.*s\"",
        backslash, BRN_STR_ARG(name));

    brn_error_hint(err, "%s", hint);
    return st;
}

brant_status brn_mysql_refuse_backslash(brn_str rest, brant_error **err)
{
    brant_status st;

    for (size_t i = 0; rest.len > 1 && i < BRN_ARRAY_LEN(commands); i++) {
        if (commands[i].letter == rest.ptr[1] && rest.ptr[1] != '\0') {
            return refuse("\\", brn_str_slice(rest, 1, 2), commands[i].hint, err);
        }
    }
    st = brn_error(err, BRANT_EPARSE, "text.backslash", "backslash outside of a string");
    brn_error_hint(
        err, "Remove it. Commands of the mysql client, which begin so, cannot be used here.");
    return st;
}

/* No statement begins with one of these words; a label would be followed by a ':'. */
static brant_status check_named(brn_str word, brn_str rest, brant_error **err)
{
    for (size_t i = 0; i < BRN_ARRAY_LEN(commands); i++) {
        const struct client_command *c = &commands[i];
        if (c->name != NULL && brn_str_ieq(word, brn_str_from(c->name)) &&
            brn_scan_peek(rest, word.len) != ':') {
            return refuse("", word, c->hint, err);
        }
    }
    return BRANT_OK;
}

/* --- DELIMITER -------------------------------------------------------------------------------- */

static brant_status misused(const char *what, const char *hint, brant_error **err)
{
    brant_status st = brn_error(err, BRANT_EPARSE, "text.delimiter", "%s", what);

    brn_error_hint(err, "%s", hint);
    return st;
}

static bool is_comment(brn_str text)
{
    return text.len == 0 || text.ptr[0] == '#' || brn_str_starts(text, BRN_STR("-- ")) ||
           brn_str_eq_c(text, "--") ||
           (brn_str_starts(text, BRN_STR("/*")) && brn_scan_behind_comment(text, 2) == text.len);
}

/* The first word behind DELIMITER, without quotes; *behind is what follows it, trimmed. */
static brn_str take_argument(brn_str line, brn_str *behind)
{
    brn_str text = brn_str_trim(line);
    char first = brn_scan_peek(text, 0);
    size_t end = 0;

    if (first == '\'' || first == '"' || first == '`') {
        end = brn_scan_behind(text, 1, first);
        *behind = brn_str_trim(brn_str_slice(text, end, text.len));
        return end == 0 ? text : brn_str_slice(text, 1, end - 1);
    }
    while (end < text.len && !is_blank(text.ptr[end])) {
        end++;
    }
    *behind = brn_str_trim(brn_str_slice(text, end, text.len));
    return brn_str_slice(text, 0, end);
}

static bool is_delimiter(brn_str s)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        if (is_blank(c) || c == '\\' || c == '\'' || c == '"' || c == '`') {
            return false;
        }
    }
    return s.len > 0 && s.len <= DELIMITER_MAX_BYTES;
}

static brant_status set_delimiter(brn_lex_state *state, brn_str line, brant_error **err)
{
    brn_str behind;
    brn_str wanted = take_argument(line, &behind);

    if (wanted.len == 0) {
        return misused(
            "DELIMITER without a delimiter",
            "Write what ends statements from here on in the same line: DELIMITER //", err);
    }
    if (!is_delimiter(wanted)) {
        return misused(
            "bad delimiter",
            "A delimiter has 1 to 15 bytes, and no space, quotes or backslash: DELIMITER //", err);
    }
    if (!is_comment(behind)) {
        return misused(
            "text behind DELIMITER in its line",
            "The client passes over it without a word. Move it to the next line.", err);
    }
    if (state->delimiter.len > 0 && wanted.len > state->delimiter.len &&
        brn_str_ends(wanted, state->delimiter) && !brn_str_starts(wanted, state->delimiter)) {
        return misused(
            "DELIMITER with the old delimiter behind the new one",
            "DELIMITER ends with its line: leave out the old one, or it is part of the new one.",
            err);
    }
    state->delimiter = brn_str_eq_c(wanted, ";") ? BRN_STR("") : wanted;
    state->mode &= ~BRN_LEX_DELIMITED;
    state->mode |= state->delimiter.len > 0 ? BRN_LEX_DELIMITED : 0;
    return BRANT_OK;
}

static size_t word_len(brn_str rest)
{
    return brn_scan_skip(rest, 0, is_name);
}

static bool is_delimiter_word(brn_str word)
{
    return brn_str_ieq(word, BRN_STR("delimiter"));
}

static size_t line_len(brn_str rest)
{
    size_t at = brn_str_find_char(rest, '\n');

    at = at == SIZE_MAX ? rest.len : at;
    return at > 0 && rest.ptr[at - 1] == '\r' ? at - 1 : at;
}

brant_status brn_mysql_client_command(size_t *len, brn_lexer *lx, brn_str rest, brant_error **err)
{
    brn_str word = brn_str_slice(rest, 0, word_len(rest));
    size_t end;
    brant_status st;

    *len = 0;
    if (!is_delimiter_word(word)) {
        return word.len > 0 ? check_named(word, rest, err) : BRANT_OK;
    }
    end = line_len(rest);
    if (!brn_lexer_begins_line(lx, lx->at)) {
        return misused(
            "DELIMITER is not at the beginning of its line",
            "The client sees it only there: put it into a line of its own.", err);
    }
    if (word.len < end && !is_blank(rest.ptr[word.len])) {
        return misused(
            "DELIMITER without a space behind it", "Write DELIMITER, a space, and the delimiter.",
            err);
    }
    st = set_delimiter(&lx->state, brn_str_slice(rest, word.len, end), err);
    if (st == BRANT_OK) {
        *len = end;
    }
    return st;
}

/* Is what stands behind the word in its line a delimiter here? */
static bool is_misplaced(const brn_lexer *lx, brn_str line)
{
    brn_str behind;
    brn_str wanted = take_argument(line, &behind);

    if (brn_str_starts(wanted, BRN_STR("//")) || brn_str_starts(wanted, BRN_STR("$$"))) {
        return true;
    }
    return brn_mysql_is_between(&lx->state.split) && wanted.len > 0 && !is_name(wanted.ptr[0]);
}

/*
 * "delimiter" is a name as good as any. But in a line of its own, behind END or where a statement
 * begins, or before what is no SQL, it is the command, and what it should end was not ended.
 */
brant_status brn_mysql_check_word(const brn_lexer *lx, brn_str rest, brant_error **err)
{
    size_t word = word_len(rest);

    if (lx->state.phase == 0 || !is_delimiter_word(brn_str_slice(rest, 0, word)) ||
        !is_blank(brn_scan_peek(rest, word)) || !brn_lexer_begins_line(lx, lx->at) ||
        !is_misplaced(lx, brn_str_slice(rest, word, line_len(rest)))) {
        return BRANT_OK;
    }
    return misused(
        "DELIMITER inside a statement",
        "The client sees it only between statements: end the one before it first.", err);
}
