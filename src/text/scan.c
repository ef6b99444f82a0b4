/* SPDX-License-Identifier: Apache-2.0 */
#include "text/scan.h"

bool brn_scan_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

bool brn_scan_is_hex_digit(char c)
{
    return brn_scan_is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

bool brn_scan_is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (unsigned char)c >= 0x80;
}

char brn_scan_peek(brn_str s, size_t at)
{
    return at < s.len ? s.ptr[at] : '\0';
}

size_t brn_scan_skip(brn_str s, size_t at, bool (*belongs)(char))
{
    while (at < s.len && belongs(s.ptr[at])) {
        at++;
    }
    return at;
}

size_t brn_scan_behind(brn_str s, size_t from, char close)
{
    size_t at = brn_str_find_char(brn_str_slice(s, from, s.len), close);

    return at == SIZE_MAX ? 0 : from + at + 1;
}

size_t brn_scan_quoted(brn_str s, size_t from, char quote)
{
    size_t at = brn_scan_behind(s, from, quote);

    while (at != 0 && at < s.len && s.ptr[at] == quote) {
        at = brn_scan_behind(s, at + 1, quote);
    }
    return at;
}

size_t brn_scan_behind_comment(brn_str s, size_t from)
{
    size_t at = brn_str_find(brn_str_slice(s, from, s.len), BRN_STR("*/"));

    return at == SIZE_MAX ? 0 : from + at + 2;
}

brant_status brn_scan_string(size_t *len, size_t found, brant_error **err)
{
    if (found == 0) {
        brant_status st =
            brn_error(err, BRANT_EPARSE, "text.unterminated_string", "unterminated string");
        brn_error_hint(
            err, "Close the string with a single quote. A single quote inside it is written "
                 "twice: 'it''s'.");
        return st;
    }
    *len = found;
    return BRANT_OK;
}

brant_status brn_scan_name(size_t *len, size_t found, char close, brant_error **err)
{
    if (found == 0) {
        brant_status st =
            brn_error(err, BRANT_EPARSE, "text.unterminated_name", "unterminated quoted name");
        if (close == ']') {
            brn_error_hint(err, "Close the name with ]. A name that contains ] needs \"quotes\".");
        } else {
            brn_error_hint(
                err, "Close the name with %c. The same character inside it is written twice.",
                close);
        }
        return st;
    }
    *len = found;
    return BRANT_OK;
}

brant_status brn_scan_comment(size_t *len, size_t found, bool nests, brant_error **err)
{
    if (found == 0) {
        brant_status st =
            brn_error(err, BRANT_EPARSE, "text.unterminated_comment", "unterminated comment");
        brn_error_hint(
            err, "Close the comment with */. %s",
            nests ? "Comments nest: each /* inside it needs one of its own."
                  : "Comments do not nest.");
        return st;
    }
    *len = found;
    return BRANT_OK;
}

brant_status brn_scan_open_body(brant_error **err)
{
    brant_status st =
        brn_error(err, BRANT_EPARSE, "text.unterminated_body", "unterminated compound statement");

    brn_error_hint(
        err, "Close the body with END; and put a ';' behind each statement in it, also behind the "
             "last one before END.");
    return st;
}
