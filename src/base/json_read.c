/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json_read.h"

typedef struct reader {
    brn_arena *arena;
    brn_str text;
    size_t at;
    unsigned depth;
    const char *what; /* is wrong; NULL: nothing yet */
    size_t what_at;
} reader;

static void fail(reader *r, size_t at, const char *what)
{
    if (r->what == NULL) {
        r->what = what;
        r->what_at = at;
    }
}

/* --- characters ------------------------------------------------------------------------------- */

/* The byte at hand, or -1 at the end. */
static int peek(const reader *r)
{
    return r->at < r->text.len ? (unsigned char)r->text.ptr[r->at] : -1;
}

static int peek_behind_space(reader *r)
{
    int c = peek(r);

    while (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
        r->at++;
        c = peek(r);
    }
    return c;
}

static bool take(reader *r, char c)
{
    bool there = peek_behind_space(r) == c;

    r->at += there ? 1 : 0;
    return there;
}

static bool is_digit(int c)
{
    return c >= '0' && c <= '9';
}

/* --- texts ------------------------------------------------------------------------------------ */

static bool read_hex(uint32_t *out, brn_str digits)
{
    uint32_t number = 0;

    for (size_t i = 0; i < digits.len; i++) {
        char c = digits.ptr[i];
        char lower = (char)(c | 0x20);
        bool letter = lower >= 'a' && lower <= 'f';

        if (!letter && !is_digit(c)) {
            return false;
        }
        number = number * 16 + (uint32_t)(letter ? lower - 'a' + 10 : c - '0');
    }
    *out = number;
    return digits.len == 4;
}

/* Behind "\u"; what is above 16 bits is written as two of them. */
static uint32_t read_code_point(reader *r)
{
    size_t from = r->at;
    uint32_t c = 0;
    uint32_t second = 0;

    if (!read_hex(&c, brn_str_slice(r->text, from, from + 4))) {
        fail(r, from, "four hexadecimal digits were expected");
        return 0;
    }
    r->at += 4;
    if (c == 0) {
        fail(r, from, "\\u0000 cannot be in a text");
    }
    if (c < 0xd800 || c > 0xdfff) {
        return c;
    }
    if (c > 0xdbff || !brn_str_eq_c(brn_str_slice(r->text, r->at, r->at + 2), "\\u") ||
        !read_hex(&second, brn_str_slice(r->text, r->at + 2, r->at + 6)) || second < 0xdc00 ||
        second > 0xdfff) {
        fail(r, from, "half of a character");
        return 0;
    }
    r->at += 6;
    return 0x10000 + ((c - 0xd800) << 10) + (second - 0xdc00);
}

/* Behind a backslash; the number of bytes that it stands for. */
static size_t read_escape(reader *r, char *to)
{
    static const char names[] = "\"\\/bfnrt";
    static const char values[] = "\"\\/\b\f\n\r\t";
    int c = peek(r);
    const char *found = c > 0 ? strchr(names, c) : NULL;

    if (c == 'u') {
        r->at++;
        return brn_str_put_utf8(to, read_code_point(r));
    }
    if (found == NULL) {
        fail(r, r->at, "an escape that is not known");
        return 0;
    }
    r->at++;
    *to = values[found - names];
    return 1;
}

/* At least so many bytes as the text needs; SIZE_MAX when it has no end. */
static size_t length_of_text(const reader *r)
{
    for (size_t at = r->at; at < r->text.len; at++) {
        if (r->text.ptr[at] == '"') {
            return at - r->at;
        }
        at += r->text.ptr[at] == '\\' ? 1 : 0;
    }
    return SIZE_MAX;
}

/* Behind the first quote. No escape is shorter than what it stands for. */
static brn_str read_text(reader *r)
{
    size_t room = length_of_text(r);
    char *copy = NULL;
    size_t len = 0;

    if (room == SIZE_MAX) {
        fail(r, r->text.len, "a text has no end");
        return BRN_STR("");
    }
    copy = brn_arena_alloc(r->arena, room + 1);
    while (copy != NULL && r->what == NULL && peek(r) != '"') {
        int c = peek(r);

        if (c < 0x20) {
            fail(r, r->at, "a control character in a text");
        }
        r->at++;
        if (c == '\\') {
            len += read_escape(r, copy + len);
        } else {
            copy[len++] = (char)c;
        }
    }
    r->at += r->what == NULL ? 1 : 0;
    return copy != NULL ? (brn_str){ copy, len } : BRN_STR("");
}

/* --- numbers ---------------------------------------------------------------------------------- */

static void read_digits(reader *r)
{
    if (!is_digit(peek(r))) {
        fail(r, r->at, "a digit was expected");
    }
    while (is_digit(peek(r))) {
        r->at++;
    }
}

static bool to_int(int64_t *out, brn_str s)
{
    bool negative = s.ptr[0] == '-';
    uint64_t size = 0;

    if (!brn_str_to_u64(brn_str_slice(s, negative ? 1 : 0, s.len), &size) ||
        size > (uint64_t)INT64_MAX) {
        return false;
    }
    *out = negative ? -(int64_t)size : (int64_t)size;
    return true;
}

static void read_number(reader *r, brn_json_value *out)
{
    size_t from = r->at;
    bool whole = true;

    r->at += peek(r) == '-' ? 1 : 0;
    if (peek(r) == '0') {
        r->at++;
    } else {
        read_digits(r);
    }
    if (peek(r) == '.') {
        whole = false;
        r->at++;
        read_digits(r);
    }
    if (peek(r) == 'e' || peek(r) == 'E') {
        whole = false;
        r->at++;
        r->at += peek(r) == '+' || peek(r) == '-' ? 1 : 0;
        read_digits(r);
    }
    if (r->what != NULL) {
        return;
    }
    out->type = whole ? BRN_JSON_INT : BRN_JSON_REAL;
    if (!whole) {
        out->text = brn_arena_str(r->arena, brn_str_slice(r->text, from, r->at));
    } else if (!to_int(&out->number, brn_str_slice(r->text, from, r->at))) {
        fail(r, from, "the number is too large");
    }
}

/* --- values ----------------------------------------------------------------------------------- */

static void read_value(reader *r, brn_json_value *out);

static void read_word(reader *r, brn_json_value *out)
{
    static const struct word {
        const char *text;
        brn_json_type type;
    } words[] = {
        { "null", BRN_JSON_NULL },
        { "false", BRN_JSON_FALSE },
        { "true", BRN_JSON_TRUE },
    };
    brn_str rest = brn_str_slice(r->text, r->at, r->text.len);

    for (size_t i = 0; i < BRN_ARRAY_LEN(words); i++) {
        if (brn_str_starts(rest, brn_str_from(words[i].text))) {
            r->at += strlen(words[i].text);
            out->type = words[i].type;
            return;
        }
    }
    fail(r, r->at, "a value was expected");
}

static void read_name(reader *r, brn_json_value *member, const brn_json_value *object)
{
    size_t from = r->at;

    if (!take(r, '"')) {
        fail(r, r->at, "a name was expected");
        return;
    }
    member->name = read_text(r);
    if (object->count > BRN_JSON_READ_MEMBERS) {
        fail(r, from, "an object has too many members");
    }
    for (const brn_json_value *m = object->first; m != NULL && r->what == NULL; m = m->next) {
        if (m != member && brn_str_eq(m->name, member->name)) {
            fail(r, from, "the name is there twice");
        }
    }
    if (!take(r, ':')) {
        fail(r, r->at, "\":\" was expected");
    }
}

/* Behind the bracket or brace. */
static void read_list(reader *r, brn_json_value *list, char close)
{
    const brn_json_value **slot = &list->first;

    if (++r->depth > BRN_JSON_READ_DEPTH) {
        fail(r, r->at - 1, "there are too many values in each other");
    }
    if (r->what == NULL && take(r, close)) {
        r->depth--;
        return;
    }
    while (r->what == NULL) {
        brn_json_value *value = brn_arena_alloc(r->arena, sizeof(*value));

        if (value == NULL) {
            break;
        }
        *slot = value;
        slot = &value->next;
        list->count++;
        (void)peek_behind_space(r);
        if (close == '}') {
            read_name(r, value, list);
        }
        if (r->what == NULL) {
            read_value(r, value);
        }
        if (r->arena->oom || take(r, close)) {
            break;
        }
        if (!take(r, ',')) {
            fail(
                r, r->at,
                close == '}' ? "\",\" or \"}\" was expected" : "\",\" or \"]\" was expected");
        }
    }
    r->depth--;
}

static void read_value(reader *r, brn_json_value *out)
{
    int c = peek_behind_space(r);

    if (take(r, '{')) {
        out->type = BRN_JSON_OBJECT;
        read_list(r, out, '}');
    } else if (take(r, '[')) {
        out->type = BRN_JSON_ARRAY;
        read_list(r, out, ']');
    } else if (take(r, '"')) {
        out->type = BRN_JSON_TEXT;
        out->text = read_text(r);
    } else if (c == '-' || is_digit(c)) {
        read_number(r, out);
    } else {
        read_word(r, out);
    }
}

/* --- the whole -------------------------------------------------------------------------------- */

static void locate(brn_json_problem *out, const reader *r)
{
    *out = (brn_json_problem){ .what = r->what, .line = 1, .column = 1 };
    for (size_t i = 0; i < r->what_at && i < r->text.len; i++) {
        if (r->text.ptr[i] == '\n') {
            out->line++;
            out->column = 1;
        } else if (((unsigned char)r->text.ptr[i] & 0xc0) != 0x80) {
            out->column++;
        }
    }
}

const brn_json_value *brn_json_read(brn_arena *arena, brn_str text, brn_json_problem *problem)
{
    reader r = { .arena = arena, .text = text };
    size_t invalid = brn_str_utf8_invalid_at(text);
    brn_json_value *root = brn_arena_alloc(arena, sizeof(*root));

    if (invalid != SIZE_MAX) {
        fail(&r, invalid, "not valid UTF-8");
    }
    if (root != NULL && r.what == NULL) {
        read_value(&r, root);
    }
    if (r.what == NULL && !arena->oom && peek_behind_space(&r) != -1) {
        fail(&r, r.at, "the end was expected");
    }
    if (arena->oom) {
        *problem = (brn_json_problem){ 0 };
        return NULL;
    }
    if (r.what != NULL) {
        locate(problem, &r);
        return NULL;
    }
    return root;
}

const brn_json_value *brn_json_member(const brn_json_value *object, const char *name)
{
    const brn_json_value *m =
        object != NULL && object->type == BRN_JSON_OBJECT ? object->first : NULL;

    while (m != NULL && !brn_str_eq_c(m->name, name)) {
        m = m->next;
    }
    return m;
}
