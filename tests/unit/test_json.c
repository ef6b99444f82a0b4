/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/json.h"

static void check(brn_buf *buf, const char *expected)
{
    assert_false(buf->failed);
    assert_string_equal(brn_buf_text(buf), expected);
    brn_buf_release(buf);
}

/* {"a":1,"list":["x",null,true,{},[]],"o":{"k":false}} */
static void write_sample(brn_json *w)
{
    brn_json_object(w);
    brn_json_key_int(w, "a", 1);
    brn_json_key(w, "list");
    brn_json_array(w);
    brn_json_str(w, BRN_STR("x"));
    brn_json_null(w);
    brn_json_bool(w, true);
    brn_json_object(w);
    brn_json_end(w);
    brn_json_array(w);
    brn_json_end(w);
    brn_json_end(w);
    brn_json_key(w, "o");
    brn_json_object(w);
    brn_json_key_bool(w, "k", false);
    brn_json_end(w);
    brn_json_end(w);
}

static void compact_output_has_no_white_space(void **state)
{
    brn_buf buf = { 0 };
    brn_json w;

    (void)state;
    brn_json_begin(&w, &buf, 0);
    write_sample(&w);
    check(&buf, "{\"a\":1,\"list\":[\"x\",null,true,{},[]],\"o\":{\"k\":false}}");
}

static void pretty_output_has_one_element_a_line(void **state)
{
    brn_buf buf = { 0 };
    brn_json w;

    (void)state;
    brn_json_begin(&w, &buf, BRN_JSON_PRETTY);
    write_sample(&w);
    check(
        &buf,
        "{\n  \"a\": 1,\n  \"list\": [\n    \"x\",\n    null,\n    true,\n    {},\n    []\n  ],\n"
        "  \"o\": {\n    \"k\": false\n  }\n}");
}

#define BYTES(lit) "" lit, sizeof(lit) - 1

static const struct string_case {
    const char *name;
    const char *text;
    size_t len;
    const char *json;
} string_cases[] = {
    { "empty", BYTES(""), "\"\"" },
    { "plain", BYTES("abc/def"), "\"abc/def\"" },
    { "quote and backslash", BYTES("a\"b\\c"), "\"a\\\"b\\\\c\"" },
    { "short escapes", BYTES("\b\f\n\r\t"), "\"\\b\\f\\n\\r\\t\"" },
    { "controls", BYTES("\0\x01\x1f"), "\"\\u0000\\u0001\\u001f\"" },
    { "delete is no control", BYTES("\x7f"), "\"\x7f\"" },
    { "valid UTF-8", BYTES("\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"),
      "\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\"" },
    { "one bad byte",
      BYTES("a\xff"
            "b"),
      "\"a\xef\xbf\xbd"
      "b\"" },
    { "each bad byte", BYTES("\xc0\x80"), "\"\xef\xbf\xbd\xef\xbf\xbd\"" },
    { "surrogate", BYTES("\xed\xa0\x80"), "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"" },
    { "cut at the end", BYTES("ok\xe2\x82"), "\"ok\xef\xbf\xbd\xef\xbf\xbd\"" },
    { "bad before an escape", BYTES("\x80\""), "\"\xef\xbf\xbd\\\"\"" },
};

static void strings_are_escaped_and_always_valid(void **state)
{
    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(string_cases); i++) {
        const struct string_case *c = &string_cases[i];
        brn_buf buf = { 0 };
        brn_json w;
        brn_json_begin(&w, &buf, 0);
        brn_json_str(&w, (brn_str){ c->text, c->len });
        if (!brn_str_eq_c(brn_buf_str(&buf), c->json)) {
            fail_msg("%s: %s", c->name, brn_buf_text(&buf));
        }
        brn_buf_release(&buf);
    }
}

static void keys_are_escaped_too(void **state)
{
    brn_buf buf = { 0 };
    brn_json w;

    (void)state;
    brn_json_begin(&w, &buf, 0);
    brn_json_object(&w);
    brn_json_key_cstr(&w, "a\"\n\xff", NULL);
    brn_json_key_cstr(&w, "b", "v");
    brn_json_end(&w);
    check(&buf, "{\"a\\\"\\n\xef\xbf\xbd\":null,\"b\":\"v\"}");
}

static void integers_keep_all_their_digits(void **state)
{
    brn_buf buf = { 0 };
    brn_json w;

    (void)state;
    brn_json_begin(&w, &buf, 0);
    brn_json_array(&w);
    brn_json_int(&w, INT64_MIN);
    brn_json_int(&w, INT64_MAX);
    brn_json_int(&w, 0);
    brn_json_end(&w);
    check(&buf, "[-9223372036854775808,9223372036854775807,0]");
}

static void nest(brn_json *w, unsigned depth)
{
    for (unsigned i = 0; i < depth; i++) {
        if (i % 2 == 0) {
            brn_json_object(w);
            brn_json_key(w, "k");
        } else {
            brn_json_array(w);
        }
    }
    if (depth % 2 == 1) {
        brn_json_null(w);
    }
    for (unsigned i = 0; i < depth; i++) {
        brn_json_end(w);
    }
}

static void nesting_up_to_the_limit_is_written_and_beyond_it_latches(void **state)
{
    brn_buf buf = { 0 };
    brn_json w;

    (void)state;
    brn_json_begin(&w, &buf, BRN_JSON_PRETTY);
    nest(&w, BRN_JSON_DEPTH);
    assert_false(buf.failed);
    assert_int_equal(w.depth, 0);
    for (unsigned extra = 1; extra < 5; extra++) {
        brn_buf_reset(&buf);
        brn_json_begin(&w, &buf, 0);
        nest(&w, BRN_JSON_DEPTH + extra);
        assert_true(buf.failed);
        assert_int_equal(w.depth, 0);
    }
    brn_buf_release(&buf);
}

static void full_buffer_latches_and_later_calls_are_harmless(void **state)
{
    brn_buf buf;
    brn_json w;

    (void)state;
    for (size_t max = 1; max < 52; max++) {
        brn_buf_init(&buf, max);
        brn_json_begin(&w, &buf, 0);
        write_sample(&w);
        assert_true(buf.failed);
        assert_true(buf.len <= max);
        brn_buf_release(&buf);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(compact_output_has_no_white_space),
        cmocka_unit_test(pretty_output_has_one_element_a_line),
        cmocka_unit_test(strings_are_escaped_and_always_valid),
        cmocka_unit_test(keys_are_escaped_too),
        cmocka_unit_test(integers_keep_all_their_digits),
        cmocka_unit_test(nesting_up_to_the_limit_is_written_and_beyond_it_latches),
        cmocka_unit_test(full_buffer_latches_and_later_calls_are_harmless),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
