/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json.h"

#include <assert.h>
#include <inttypes.h>

void brn_json_begin(brn_json *w, brn_buf *out, uint32_t flags)
{
    *w = (brn_json){ .out = out, .flags = flags };
}

static void new_line(brn_json *w)
{
    if ((w->flags & BRN_JSON_PRETTY) == 0) {
        return;
    }
    brn_buf_add_char(w->out, '\n');
    for (unsigned i = 0; i < w->depth; i++) {
        brn_buf_add_c(w->out, "  ");
    }
}

/* Comma and line break before an element of the innermost container. */
static void before_element(brn_json *w)
{
    if (w->depth == 0 || w->depth > BRN_JSON_DEPTH) {
        return;
    }
    if (w->has_items[w->depth - 1]) {
        brn_buf_add_char(w->out, ',');
    }
    w->has_items[w->depth - 1] = true;
    new_line(w);
}

static bool in_object(const brn_json *w)
{
    return w->depth > 0 && w->depth <= BRN_JSON_DEPTH && w->close[w->depth - 1] == '}';
}

/* Wrong nesting is a mistake of the caller; a release build fails rather than write nonsense. */
static bool expect(brn_json *w, bool well_formed)
{
    assert(well_formed);
    if (!well_formed) {
        w->out->failed = true;
    }
    return well_formed;
}

static void before_value(brn_json *w)
{
    (void)expect(w, w->after_key || !in_object(w));
    if (w->after_key) {
        w->after_key = false;
    } else {
        before_element(w);
    }
}

static void open_container(brn_json *w, char open, char close)
{
    before_value(w);
    brn_buf_add_char(w->out, open);
    /* Depth goes on counting beyond the limit so that every end finds its begin. */
    if (w->depth < BRN_JSON_DEPTH) {
        w->close[w->depth] = close;
        w->has_items[w->depth] = false;
    } else {
        w->out->failed = true;
    }
    w->depth++;
}

void brn_json_object(brn_json *w)
{
    open_container(w, '{', '}');
}

void brn_json_array(brn_json *w)
{
    open_container(w, '[', ']');
}

void brn_json_end(brn_json *w)
{
    if (!expect(w, w->depth > 0 && !w->after_key)) {
        return;
    }
    w->depth--;
    if (w->depth >= BRN_JSON_DEPTH) {
        return;
    }
    if (w->has_items[w->depth]) {
        new_line(w);
    }
    brn_buf_add_char(w->out, w->close[w->depth]);
}

static bool needs_escape(char c)
{
    return c == '"' || c == '\\' || (unsigned char)c < 0x20;
}

static void add_escaped(brn_buf *out, char c)
{
    switch (c) {
    case '"':
        brn_buf_add_c(out, "\\\"");
        break;
    case '\\':
        brn_buf_add_c(out, "\\\\");
        break;
    case '\b':
        brn_buf_add_c(out, "\\b");
        break;
    case '\f':
        brn_buf_add_c(out, "\\f");
        break;
    case '\n':
        brn_buf_add_c(out, "\\n");
        break;
    case '\r':
        brn_buf_add_c(out, "\\r");
        break;
    case '\t':
        brn_buf_add_c(out, "\\t");
        break;
    default:
        brn_buf_printf(out, "\\u%04x", (unsigned)(unsigned char)c);
        break;
    }
}

/* Valid UTF-8: everything that needs no escape is added in runs. */
static void add_valid(brn_buf *out, brn_str text)
{
    size_t from = 0;

    for (size_t i = 0; i < text.len; i++) {
        if (needs_escape(text.ptr[i])) {
            brn_buf_add_str(out, brn_str_slice(text, from, i));
            add_escaped(out, text.ptr[i]);
            from = i + 1;
        }
    }
    brn_buf_add_str(out, brn_str_slice(text, from, text.len));
}

static void add_string(brn_json *w, brn_str text)
{
    brn_str rest = text;
    size_t bad;

    brn_buf_add_char(w->out, '"');
    while ((bad = brn_str_utf8_invalid_at(rest)) != SIZE_MAX) {
        add_valid(w->out, brn_str_slice(rest, 0, bad));
        brn_buf_add_c(w->out, "\xef\xbf\xbd"); /* U+FFFD */
        rest = brn_str_slice(rest, bad + 1, rest.len);
    }
    add_valid(w->out, rest);
    brn_buf_add_char(w->out, '"');
}

void brn_json_key(brn_json *w, const char *key)
{
    (void)expect(w, !w->after_key && (in_object(w) || w->depth > BRN_JSON_DEPTH));
    before_element(w);
    add_string(w, brn_str_from(key));
    brn_buf_add_c(w->out, (w->flags & BRN_JSON_PRETTY) != 0 ? ": " : ":");
    w->after_key = true;
}

void brn_json_str(brn_json *w, brn_str value)
{
    before_value(w);
    add_string(w, value);
}

void brn_json_cstr(brn_json *w, const char *value)
{
    if (value == NULL) {
        brn_json_null(w);
    } else {
        brn_json_str(w, brn_str_from(value));
    }
}

void brn_json_int(brn_json *w, int64_t value)
{
    before_value(w);
    brn_buf_printf(w->out, "%" PRId64, value);
}

void brn_json_bool(brn_json *w, bool value)
{
    before_value(w);
    brn_buf_add_c(w->out, value ? "true" : "false");
}

void brn_json_null(brn_json *w)
{
    before_value(w);
    brn_buf_add_c(w->out, "null");
}

void brn_json_key_cstr(brn_json *w, const char *key, const char *value)
{
    brn_json_key(w, key);
    brn_json_cstr(w, value);
}

void brn_json_key_int(brn_json *w, const char *key, int64_t value)
{
    brn_json_key(w, key);
    brn_json_int(w, value);
}

void brn_json_key_bool(brn_json *w, const char *key, bool value)
{
    brn_json_key(w, key);
    brn_json_bool(w, value);
}
