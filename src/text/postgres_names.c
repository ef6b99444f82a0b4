/* SPDX-License-Identifier: Apache-2.0 */
/* Names and strings of PostgreSQL as the server understands them. */
#include "text/postgres_int.h"

/* --- \XXXX in U&"..." and U&'...' ------------------------------------------------------------- */

static uint32_t hex_value(char c)
{
    if (c >= '0' && c <= '9') {
        return (uint32_t)(c - '0');
    }
    if (c >= 'a' && c <= 'f') {
        return (uint32_t)(c - 'a') + 10;
    }
    return c >= 'A' && c <= 'F' ? (uint32_t)(c - 'A') + 10 : 16;
}

/* The number that `count` hexadecimal digits at `at` make; false when they are not there. */
static bool read_hex(uint32_t *out, brn_str s, size_t at, size_t count)
{
    uint32_t number = 0;

    if (at + count > s.len) {
        return false;
    }
    for (size_t i = at; i < at + count; i++) {
        uint32_t digit = hex_value(s.ptr[i]);
        if (digit > 15) {
            return false;
        }
        number = number * 16 + digit;
    }
    *out = number;
    return true;
}

/* \XXXX or \+XXXXXX at `at`; its length, 0 when it is none. */
static size_t read_escape(uint32_t *out, brn_str s, size_t at)
{
    bool is_long = at + 1 < s.len && s.ptr[at + 1] == '+';
    size_t digits = is_long ? 6 : 4;

    if (!read_hex(out, s, at + (is_long ? 2 : 1), digits)) {
        return 0;
    }
    return digits + (is_long ? 2 : 1);
}

/* Where half of a pair of UTF-16 stands, the other half has to follow. */
static size_t read_pair(uint32_t *out, brn_str s, size_t at, char escape)
{
    uint32_t second = 0;
    size_t len = read_escape(out, s, at);
    size_t more = 0;

    if (len == 0 || *out < 0xd800 || *out > 0xdfff) {
        return len;
    }
    if (at + len < s.len && s.ptr[at + len] == escape) {
        more = read_escape(&second, s, at + len);
    }
    if (more == 0 || *out > 0xdbff || second < 0xdc00 || second > 0xdfff) {
        return 0;
    }
    *out = 0x10000 + ((*out - 0xd800) << 10) + (second - 0xdc00);
    return len + more;
}

/* In place, since an escape is longer than what it stands for. A bad one leaves the text as it is:
 * the server will refuse it. */
static brn_str decode(brn_arena *arena, brn_str s, char escape)
{
    char *to = brn_arena_alloc(arena, s.len + 1);
    size_t len = 0;
    size_t at = 0;

    if (to == NULL) {
        return BRN_STR("");
    }
    while (at < s.len) {
        uint32_t c = 0;
        size_t read = 0;
        if (s.ptr[at] != escape) {
            to[len++] = s.ptr[at++];
        } else if (at + 1 < s.len && s.ptr[at + 1] == escape) {
            to[len++] = escape;
            at += 2;
        } else {
            read = read_pair(&c, s, at, escape);
            if (read == 0 || c > 0x10ffff) {
                return s;
            }
            len += brn_str_put_utf8(to + len, c);
            at += read;
        }
    }
    return (brn_str){ to, len };
}

/* --- names and strings ------------------------------------------------------------------------ */

/* Behind a U&"name" or U&'string': UESCAPE 'c' says what character is the escape. */
static char take_uescape(brn_reader *rd)
{
    char escape = '\\';

    if (brn_reader_take(rd, "uescape") && rd->token.kind == BRN_TOKEN_STRING) {
        escape = rd->token.text.len == 3 ? rd->token.text.ptr[1] : escape;
        brn_reader_next(rd);
    }
    return escape;
}

static brn_str take_unicode(brn_reader *rd)
{
    brn_str text = rd->token.text;
    brn_str quoted = brn_str_slice(text, 2, text.len);
    brn_str plain = brn_unquote(rd->arena, quoted, quoted.ptr[0]);

    brn_reader_next(rd);
    return decode(rd->arena, plain, take_uescape(rd));
}

static brn_str folded(brn_arena *arena, brn_str word)
{
    char *copy = brn_arena_strndup(arena, word.ptr, word.len);

    if (copy == NULL) {
        return BRN_STR("");
    }
    for (size_t i = 0; i < word.len; i++) {
        if (copy[i] >= 'A' && copy[i] <= 'Z') {
            copy[i] = (char)(copy[i] - 'A' + 'a');
        }
    }
    return (brn_str){ copy, word.len };
}

brn_str brn_postgres_take_name(brn_reader *rd)
{
    brn_str text = rd->token.text;
    brn_str name = BRN_STR("");

    if (rd->token.kind == BRN_TOKEN_WORD) {
        name = folded(rd->arena, text);
        brn_reader_next(rd);
    } else if (rd->token.kind == BRN_TOKEN_NAME && text.ptr[0] != '"') {
        name = take_unicode(rd);
    } else if (rd->token.kind == BRN_TOKEN_NAME) {
        name = brn_unquote(rd->arena, text, '"');
        brn_reader_next(rd);
    }
    return name;
}

static brn_str dollar_body(brn_str text)
{
    size_t mark = brn_str_find_char(brn_str_slice(text, 1, text.len), '$') + 2;

    return brn_str_slice(text, mark, text.len - mark);
}

/* What a backslash stands for with the character behind it. Escapes by number are left alone. */
static char escaped(char c)
{
    static const char pairs[] = "b\bf\fn\nr\rt\t";

    for (size_t i = 0; i + 1 < sizeof(pairs); i += 2) {
        if (pairs[i] == c) {
            return pairs[i + 1];
        }
    }
    return c;
}

/* An E'...' string; of one that goes on in another line the first part. */
static brn_str escape_body(brn_arena *arena, brn_str text)
{
    char *copy = brn_arena_strndup(arena, text.ptr + 2, text.len - 2);
    size_t len = 0;

    if (copy == NULL) {
        return BRN_STR("");
    }
    for (size_t i = 2; i + 1 < text.len; i++) {
        char c = text.ptr[i];
        bool more = i + 2 < text.len;
        if (c == '\'' && (!more || text.ptr[i + 1] != '\'')) {
            break;
        }
        if (more && (c == '\'' || c == '\\')) {
            i++;
            c = c == '\\' ? escaped(text.ptr[i]) : c;
        }
        copy[len++] = c;
    }
    copy[len] = '\0';
    return (brn_str){ copy, len };
}

brn_str brn_postgres_take_string(brn_reader *rd)
{
    brn_str text = rd->token.text;
    brn_str value;

    if (rd->token.kind != BRN_TOKEN_STRING) {
        return BRN_STR("");
    }
    switch (text.ptr[0]) {
    case 'u':
    case 'U':
        return take_unicode(rd);
    case 'e':
    case 'E':
        value = escape_body(rd->arena, text);
        break;
    case '$':
        value = dollar_body(text);
        break;
    case '\'':
        value = brn_unquote(rd->arena, text, '\'');
        break;
    default:
        value = brn_unquote(rd->arena, brn_str_slice(text, 1, text.len), '\'');
        break;
    }
    brn_reader_next(rd);
    return value;
}
