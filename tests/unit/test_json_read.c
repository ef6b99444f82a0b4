/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/json_read.h"

static const brn_json_value *read_all(brn_arena *arena, const char *text)
{
    brn_json_problem problem;
    const brn_json_value *root = brn_json_read(arena, brn_str_from(text), &problem);

    if (root == NULL) {
        fail_msg("%s: %u:%u: %s", text, problem.line, problem.column, problem.what);
    }
    return root;
}

/* --- what is read ----------------------------------------------------------------------------- */

/* As the writer writes it. */
static void write_value(brn_json *w, const brn_json_value *value)
{
    switch (value->type) {
    case BRN_JSON_NULL:
        brn_json_null(w);
        break;
    case BRN_JSON_FALSE:
    case BRN_JSON_TRUE:
        brn_json_bool(w, value->type == BRN_JSON_TRUE);
        break;
    case BRN_JSON_INT:
        brn_json_int(w, value->number);
        break;
    case BRN_JSON_REAL:
    case BRN_JSON_TEXT:
        assert_int_equal(value->text.ptr[value->text.len], '\0');
        brn_json_str(w, value->text);
        break;
    case BRN_JSON_ARRAY:
    case BRN_JSON_OBJECT: {
        size_t count = 0;

        if (value->type == BRN_JSON_OBJECT) {
            brn_json_object(w);
        } else {
            brn_json_array(w);
        }
        for (const brn_json_value *v = value->first; v != NULL; v = v->next, count++) {
            if (value->type == BRN_JSON_OBJECT) {
                brn_json_key(w, v->name.ptr);
            }
            write_value(w, v);
        }
        assert_int_equal(count, value->count);
        brn_json_end(w);
        break;
    }
    default:
        fail();
    }
}

static const struct good_case {
    const char *text;
    const char *written; /* NULL: the same */
} goods[] = {
    { "null", NULL },
    { "[]", NULL },
    { " \t\r\n{ } ", "{}" },
    { "[null,true,false,0,-1,\"\",[],{}]", NULL },
    { "{\"a\":1,\"b\":{\"a\":[{\"a\":null}]},\"\":2}", NULL },
    { " [ 1 , 2 ] ", "[1,2]" },
    { "{ \"a\" : 1 , \"b\" : 2 }", "{\"a\":1,\"b\":2}" },
    { "9223372036854775807", NULL },
    { "-9223372036854775807", NULL },
    { "-0", "0" },
    { "[0.5,-1e3,1E+2,10.25e-1]", "[\"0.5\",\"-1e3\",\"1E+2\",\"10.25e-1\"]" },
    { "\"\\\"\\\\\\/\\n\\r\\t\"", "\"\\\"\\\\/\\n\\r\\t\"" },
    { "\"\\b\\f\"", "\"\\b\\f\"" },
    { "\"\\u0041\\u00e4\\u20AC\\uD834\\udd1e\"", "\"A\xc3\xa4\xe2\x82\xac\xf0\x9d\x84\x9e\"" },
    { "\"\xc3\xa4 \x7f {}[]:,\"", NULL },
    { "{\"\\u0061\":1}", "{\"a\":1}" },
};

static void values_are_read_as_they_are_written(void **state)
{
    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(goods); i++) {
        const struct good_case *c = &goods[i];
        brn_arena arena = { 0 };
        brn_buf buf = { 0 };
        brn_json w;

        brn_json_begin(&w, &buf, 0);
        write_value(&w, read_all(&arena, c->text));
        assert_false(buf.failed);
        assert_string_equal(brn_buf_text(&buf), c->written != NULL ? c->written : c->text);
        brn_buf_release(&buf);
        brn_arena_release(&arena);
    }
}

static void a_long_text_is_whole(void **state)
{
    brn_arena arena = { 0 };
    brn_buf buf = { 0 };
    brn_json w;
    const brn_json_value *root;
    char *text = brn_arena_alloc(&arena, 300001);

    (void)state;
    for (size_t i = 0; i < 300000; i++) {
        text[i] = (char)('\t' + i % 90);
    }
    brn_json_begin(&w, &buf, 0);
    brn_json_cstr(&w, text);
    root = read_all(&arena, brn_buf_text(&buf));
    assert_int_equal(root->text.len, 300000);
    assert_string_equal(root->text.ptr, text);
    brn_buf_release(&buf);
    brn_arena_release(&arena);
}

static void members_are_found_by_name(void **state)
{
    brn_arena arena = { 0 };
    const brn_json_value *root = read_all(&arena, "{\"a\": 1, \"b\": [2]}");

    (void)state;
    assert_int_equal(brn_json_member(root, "a")->number, 1);
    assert_int_equal(brn_json_member(root, "b")->first->number, 2);
    assert_null(brn_json_member(root, "c"));
    assert_null(brn_json_member(brn_json_member(root, "b"), "a"));
    assert_null(brn_json_member(NULL, "a"));
    brn_arena_release(&arena);
}

/* --- what is refused -------------------------------------------------------------------------- */

static const struct bad_case {
    const char *text;
    const char *what;
    uint32_t line;
    uint32_t column;
} bads[] = {
    { "", "a value was expected", 1, 1 },
    { " \n ", "a value was expected", 2, 2 },
    { "nul", "a value was expected", 1, 1 },
    { "'a'", "a value was expected", 1, 1 },
    { "[1", "\",\" or \"]\" was expected", 1, 3 },
    { "[1}", "\",\" or \"]\" was expected", 1, 3 },
    { "[1,]", "a value was expected", 1, 4 },
    { "[,1]", "a value was expected", 1, 2 },
    { "[nullx]", "\",\" or \"]\" was expected", 1, 6 },
    { "{", "a name was expected", 1, 2 },
    { "{a:1}", "a name was expected", 1, 2 },
    { "{\"a\"}", "\":\" was expected", 1, 5 },
    { "{\n \"a\": }", "a value was expected", 2, 7 },
    { "{\"a\":1]", "\",\" or \"}\" was expected", 1, 7 },
    { "{\"a\":1,}", "a name was expected", 1, 8 },
    { "{\"a\":1,\n\"b\":2, \"\\u0061\":3}", "the name is there twice", 2, 8 },
    { "[] []", "the end was expected", 1, 4 },
    { "{}x", "the end was expected", 1, 3 },
    { "\"a", "a text has no end", 1, 3 },
    { "\"a\\\"", "a text has no end", 1, 5 },
    { "\"a\\", "a text has no end", 1, 4 },
    { "\"a\nb\"", "a control character in a text", 1, 3 },
    { "\"\xc3\xa4\\x\"", "an escape that is not known", 1, 4 },
    { "\"\\u12\"", "four hexadecimal digits were expected", 1, 4 },
    { "\"\\u12g4\"", "four hexadecimal digits were expected", 1, 4 },
    { "\"\\u0000\"", "\\u0000 cannot be in a text", 1, 4 },
    { "\"\\udd1e\"", "half of a character", 1, 4 },
    { "\"\\ud834\"", "half of a character", 1, 4 },
    { "\"\\ud834\\u0041\"", "half of a character", 1, 4 },
    { "\"\\ud834\\n\"", "half of a character", 1, 4 },
    { "-", "a digit was expected", 1, 2 },
    { "-a", "a digit was expected", 1, 2 },
    { "1.", "a digit was expected", 1, 3 },
    { "1e+", "a digit was expected", 1, 4 },
    { "+1", "a value was expected", 1, 1 },
    { ".5", "a value was expected", 1, 1 },
    { "01", "the end was expected", 1, 2 },
    { "0x1", "the end was expected", 1, 2 },
    { "[9223372036854775808]", "the number is too large", 1, 2 },
    { "-9223372036854775809", "the number is too large", 1, 1 },
    { "[\"a\",\n \"\xff\"]", "not valid UTF-8", 2, 3 },
    { "\"\xed\xa0\x80\"", "not valid UTF-8", 1, 2 },
};

static void assert_bad(brn_str text, const char *what, uint32_t line, uint32_t column)
{
    brn_arena arena = { 0 };
    brn_json_problem problem;

    if (brn_json_read(&arena, text, &problem) != NULL) {
        fail_msg("%.*s: is read", BRN_STR_ARG(text));
    }
    if (strcmp(problem.what, what) != 0 || problem.line != line || problem.column != column) {
        fail_msg("%.*s: %u:%u: %s", BRN_STR_ARG(text), problem.line, problem.column, problem.what);
    }
    brn_arena_release(&arena);
}

static void what_is_not_json_is_refused_with_its_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(bads); i++) {
        assert_bad(brn_str_from(bads[i].text), bads[i].what, bads[i].line, bads[i].column);
    }
    assert_bad((brn_str){ "[1]\0", 4 }, "the end was expected", 1, 4);
    assert_bad((brn_str){ "\"a\0\"", 4 }, "a control character in a text", 1, 3);
    assert_bad((brn_str){ NULL, 0 }, "a value was expected", 1, 1);
}

/* `text` cut off anywhere is not read, and nothing behind the cut is looked at. */
static void no_part_of_a_text_is_taken_for_it(void **state)
{
    static const char text[] =
        "{\"a\": [1, -2.5e+3, true, null, \"\\u00e4\\ud834\\udd1e\\n\xc3\xa4\"], \"b\": {}}";
    brn_arena arena = { 0 };
    brn_json_problem problem;

    (void)state;
    for (size_t len = 0; len < sizeof(text) - 1; len++) {
        char *part = brn_arena_alloc(&arena, len); /* not terminated: a sanitizer sees more */

        memcpy(part, text, len);
        assert_null(brn_json_read(&arena, (brn_str){ part, len }, &problem));
        assert_non_null(problem.what);
    }
    (void)read_all(&arena, text);
    brn_arena_release(&arena);
}

static void depth_and_members_have_limits(void **state)
{
    brn_arena arena = { 0 };
    brn_json_problem problem;
    brn_buf buf = { 0 };

    (void)state;
    for (int over = 0; over < 2; over++) {
        brn_buf_reset(&buf);
        for (int i = 0; i < BRN_JSON_READ_DEPTH + over; i++) {
            brn_buf_add_c(&buf, "[");
        }
        for (int i = 0; i < BRN_JSON_READ_DEPTH + over; i++) {
            brn_buf_add_c(&buf, "]");
        }
        assert_int_equal(brn_json_read(&arena, brn_buf_str(&buf), &problem) == NULL, over);
    }
    assert_string_equal(problem.what, "there are too many values in each other");
    assert_int_equal(problem.column, BRN_JSON_READ_DEPTH + 1);
    for (int over = 0; over < 2; over++) {
        brn_buf_reset(&buf);
        for (int i = 0; i < BRN_JSON_READ_MEMBERS + over; i++) {
            brn_buf_printf(&buf, "%s\"%d\":1", i == 0 ? "{" : ",", i);
        }
        brn_buf_add_c(&buf, "}");
        assert_int_equal(brn_json_read(&arena, brn_buf_str(&buf), &problem) == NULL, over);
    }
    assert_string_equal(problem.what, "an object has too many members");
    brn_buf_release(&buf);
    brn_arena_release(&arena);
}

static void out_of_memory_is_no_problem_of_the_text(void **state)
{
    brn_arena arena = { .oom = true };
    brn_json_problem problem;

    (void)state;
    assert_null(brn_json_read(&arena, BRN_STR("[1]"), &problem));
    assert_null(problem.what);
    assert_null(brn_json_read(&arena, BRN_STR("["), &problem));
    assert_null(problem.what);
    brn_arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_read_as_they_are_written),
        cmocka_unit_test(a_long_text_is_whole),
        cmocka_unit_test(members_are_found_by_name),
        cmocka_unit_test(what_is_not_json_is_refused_with_its_place),
        cmocka_unit_test(no_part_of_a_text_is_taken_for_it),
        cmocka_unit_test(depth_and_members_have_limits),
        cmocka_unit_test(out_of_memory_is_no_problem_of_the_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
