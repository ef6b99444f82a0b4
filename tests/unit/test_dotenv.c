/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "core/dotenv.h"

static const struct good_case {
    const char *text;
    const char *name; /* of the last variable; NULL: there is none */
    const char *value;
    size_t count;
    uint32_t line;
    uint32_t column;
} good_cases[] = {
    { "", NULL, NULL, 0, 0, 0 },
    { "\n\n  \t\n# A=1\n  # B=2", NULL, NULL, 0, 0, 0 },
    { "A=1", "A", "1", 1, 1, 1 },
    { "A=1\nB=2\n", "B", "2", 2, 2, 1 },
    { "A=1\r\n\r\n  B=2\r\n", "B", "2", 2, 3, 3 },
    { "\xef\xbb\xbf"
      "A=1\n",
      "A", "1", 1, 1, 1 },
    { "_a9=x", "_a9", "x", 1, 1, 1 },
    { "A=", "A", "", 1, 1, 1 },
    { "A = 1", "A", "1", 1, 1, 1 },
    { "A=  b c \t", "A", "b c", 1, 1, 1 },
    { "A=1\nA=2", "A", "2", 2, 2, 1 },
    /* export */
    { "export A=1", "A", "1", 1, 1, 1 },
    { " export \t A=1", "A", "1", 1, 1, 2 },
    { "export=1", "export", "1", 1, 1, 1 },
    { "export =1", "export", "1", 1, 1, 1 },
    { "exported=1", "exported", "1", 1, 1, 1 },
    /* comments */
    { "A=b # c", "A", "b", 1, 1, 1 },
    { "A=b\t#c#d", "A", "b", 1, 1, 1 },
    { "A=b#c", "A", "b#c", 1, 1, 1 },
    { "A=b#c # d", "A", "b#c", 1, 1, 1 },
    { "A=#b", "A", "#b", 1, 1, 1 },
    { "A= #b", "A", "", 1, 1, 1 },
    /* unquoted values are as they are */
    { "A=b'c\"d\\n${B}$$=", "A", "b'c\"d\\n${B}$$=", 1, 1, 1 },
    { "A=postgres://u:p@h/d?x=y&z=#1", "A", "postgres://u:p@h/d?x=y&z=#1", 1, 1, 1 },
    { "A=\xc3\xa9", "A", "\xc3\xa9", 1, 1, 1 },
    /* quotes */
    { "A=''", "A", "", 1, 1, 1 },
    { "A=' b # \\n \" ${C} '", "A", " b # \\n \" ${C} ", 1, 1, 1 },
    { "A=\"\"", "A", "", 1, 1, 1 },
    { "A=\" b # ' ${C} \"", "A", " b # ' ${C} ", 1, 1, 1 },
    { "A=\"\\n\\t\\\"\\\\\\$\"", "A", "\n\t\"\\$", 1, 1, 1 },
    { "A='b'  ", "A", "b", 1, 1, 1 },
    { "A='b' # c", "A", "b", 1, 1, 1 },
    { "A=\"b\"\t#c", "A", "b", 1, 1, 1 },
    { "A='b'\r\n", "A", "b", 1, 1, 1 },
};

static void lines_become_variables(void **state)
{
    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(good_cases); i++) {
        const struct good_case *c = &good_cases[i];
        brn_arena arena = { 0 };
        brn_dotenv_list list = { 0 };
        brant_error *err = NULL;

        print_message("  %s\n", c->text);
        assert_int_equal(
            brn_dotenv_parse(&list, &arena, brn_str_from(c->text), ".env", &err), BRANT_OK);
        assert_null(err);
        assert_int_equal(list.count, c->count);
        if (c->count > 0) {
            const brn_dotenv_var *last = &list.items[list.count - 1];

            assert_string_equal(last->name, c->name);
            assert_string_equal(last->value, c->value);
            assert_int_equal(last->line, c->line);
            assert_int_equal(last->column, c->column);
        }
        brn_arena_release(&arena);
    }
}

static const struct bad_case {
    const char *name;
    const char *text;
    size_t len; /* 0: up to the NUL */
    const char *id;
    uint32_t line;
    uint32_t column;
} bad_cases[] = {
    { "no equals sign", "A=1\nB\n", 0, "dotenv.no_assignment", 2, 2 },
    { "no name", "=1", 0, "dotenv.no_assignment", 1, 1 },
    { "name begins with a digit", "1A=1", 0, "dotenv.no_assignment", 1, 1 },
    { "name with a dash", " A-B=1", 0, "dotenv.no_assignment", 1, 3 },
    { "export alone", "export", 0, "dotenv.no_assignment", 1, 7 },
    { "export without a value", "export A", 0, "dotenv.no_assignment", 1, 9 },
    { "export of nothing", "export \n", 0, "dotenv.no_assignment", 1, 8 },
    { "words", "hello world", 0, "dotenv.no_assignment", 1, 7 },
    { "open single quote", "A='b\nC=d'\n", 0, "dotenv.unterminated_quote", 1, 3 },
    { "open double quote", "A=\"b", 0, "dotenv.unterminated_quote", 1, 3 },
    { "name with an accent", "\xc3\xa9=1", 0, "dotenv.no_assignment", 1, 1 },
    { "escaped last quote", "A=\"b\\\"", 0, "dotenv.unterminated_quote", 1, 3 },
    { "backslash at the end", "A=\"b\\", 0, "dotenv.unterminated_quote", 1, 3 },
    { "unknown escape", "A=\"\xc3\xa9\\d\"", 0, "dotenv.bad_escape", 1, 5 },
    { "text behind a quote", "A='b'c", 0, "dotenv.text_after_quote", 1, 6 },
    { "comment without a blank", "A='b'#c", 0, "dotenv.text_after_quote", 1, 6 },
    { "two quoted parts", "A='b' 'c'", 0, "dotenv.text_after_quote", 1, 7 },
    { "NUL", "A=1\nB=\0", 7, "dotenv.bad_character", 2, 3 },
    { "NUL in a comment", "# \0", 3, "dotenv.bad_character", 1, 3 },
    { "invalid UTF-8", "A=\xc3\xa9\xff\n", 0, "dotenv.not_utf8", 1, 4 },
    { "invalid UTF-8 before a NUL", "\xff\0", 2, "dotenv.not_utf8", 1, 1 },
};

static void what_is_refused_is_named_with_its_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(bad_cases); i++) {
        const struct bad_case *c = &bad_cases[i];
        brn_str text = { c->text, c->len > 0 ? c->len : strlen(c->text) };
        brn_arena arena = { 0 };
        brn_dotenv_list list = { 0 };
        brant_error *err = NULL;

        print_message("  %s\n", c->name);
        assert_int_equal(brn_dotenv_parse(&list, &arena, text, ".env", &err), BRANT_EPARSE);
        assert_string_equal(brant_error_id(err), c->id);
        assert_string_equal(brant_error_file(err), ".env");
        assert_int_equal(brant_error_line(err), c->line);
        assert_int_equal(brant_error_column(err), c->column);
        brant_error_free(err);
        assert_int_equal(brn_dotenv_parse(&list, &arena, text, NULL, NULL), BRANT_EPARSE);
        brn_arena_release(&arena);
    }
}

/* A .env file is full of secrets. */
static void errors_do_not_show_values(void **state)
{
    static const char *const texts[] = { "A='secret", "A=\"secret\\d\"", "A='b'secret" };

    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(texts); i++) {
        brn_arena arena = { 0 };
        brn_dotenv_list list = { 0 };
        brant_error *err = NULL;

        brn_dotenv_parse(&list, &arena, brn_str_from(texts[i]), ".env", &err);
        assert_null(strstr(brant_error_message(err), "secret"));
        assert_null(strstr(brant_error_hint(err), "secret"));
        assert_null(brant_error_detail(err));
        brant_error_free(err);
        brn_arena_release(&arena);
    }
}

static void size_has_a_limit(void **state)
{
    size_t len = BRN_DOTENV_MAX_BYTES + 1;
    char *text = malloc(len);
    brn_arena arena = { 0 };
    brn_dotenv_list list = { 0 };
    brant_error *err = NULL;

    (void)state;
    assert_non_null(text);
    memset(text, '#', len);
    assert_int_equal(
        brn_dotenv_parse(&list, &arena, (brn_str){ text, len - 1 }, ".env", NULL), BRANT_OK);
    assert_int_equal(
        brn_dotenv_parse(&list, &arena, (brn_str){ text, len }, ".env", &err), BRANT_EPARSE);
    assert_string_equal(brant_error_id(err), "dotenv.too_big");
    brant_error_free(err);
    brn_arena_release(&arena);
    free(text);
}

static void out_of_memory_is_reported(void **state)
{
    static const char *const texts[] = { "A=1", "A='1'" };

    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(texts); i++) {
        brn_arena arena = { .oom = true };
        brn_dotenv_list list = { 0 };

        assert_int_equal(
            brn_dotenv_parse(&list, &arena, brn_str_from(texts[i]), NULL, NULL), BRANT_ENOMEM);
        brn_arena_release(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_become_variables),
        cmocka_unit_test(what_is_refused_is_named_with_its_place),
        cmocka_unit_test(errors_do_not_show_values),
        cmocka_unit_test(size_has_a_limit),
        cmocka_unit_test(out_of_memory_is_reported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
