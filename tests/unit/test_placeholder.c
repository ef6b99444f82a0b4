/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "text/placeholder.h"

static const char *lookup(const char *name, void *user)
{
    static const struct {
        const char *name;
        const char *value;
    } values[] = {
        { "A", "one" },   { "empty", "" },      { "a_1", "\xc3\xa4" },
        { "1", "digit" }, { "nested", "${A}" },
    };
    unsigned *calls = user;

    (*calls)++;
    for (size_t i = 0; i < BRN_ARRAY_LEN(values); i++) {
        if (strcmp(values[i].name, name) == 0) {
            return values[i].value;
        }
    }
    return NULL;
}

static brn_stmt stmt_of(const char *text)
{
    return (brn_stmt){ .text = brn_str_from(text), .offset = 10, .line = 4, .column = 3 };
}

static const struct expand_case {
    const char *text;
    const char *expected;
} expand_cases[] = {
    { "", "" },
    { "a", "a" },
    { "$", "$" },
    { "$A {A} $$ $", "$A {A} $$ $" },
    { "${A}", "one" },
    { "x${A}y${A}", "xoneyone" },
    { "${A}${empty}${A}", "oneone" },
    { "${empty}", "" },
    { "'${a_1}'", "'\xc3\xa4'" },
    { "${1}", "digit" },
    { "$${A}", "${A}" },
    { "$$${A}", "$${A}" },
    { "$${", "${" },
    { "$${$${", "${${" },
    { "$ ${A}", "$ one" },
    { "${nested}", "${A}" },
};

static void placeholders_are_replaced_once(void **state)
{
    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(expand_cases); i++) {
        const struct expand_case *c = &expand_cases[i];
        brn_arena arena = { 0 };
        brn_stmt stmt = stmt_of(c->text);
        brn_str out = { 0 };
        unsigned calls = 0;
        assert_int_equal(
            brn_placeholders_expand(&out, &arena, &stmt, "f", lookup, &calls, NULL), BRANT_OK);
        if (!brn_str_eq_c(out, c->expected)) {
            fail_msg("%s: %.*s", c->text, BRN_STR_ARG(out));
        }
        brn_arena_release(&arena);
    }
}

static void a_statement_without_placeholders_is_not_copied(void **state)
{
    brn_arena arena = { 0 };
    brn_stmt stmt = stmt_of("SELECT '$', $1, {x}");
    brn_str out = { 0 };
    unsigned calls = 0;

    (void)state;
    assert_int_equal(
        brn_placeholders_expand(&out, &arena, &stmt, "f", lookup, &calls, NULL), BRANT_OK);
    assert_ptr_equal(out.ptr, stmt.text.ptr);
    assert_int_equal(out.len, stmt.text.len);
    assert_int_equal(calls, 0);
    brn_arena_release(&arena);
}

static const struct bad_case {
    const char *text;
    brant_status status;
    const char *id;
    uint32_t line; /* the statement begins at 4:3 */
    uint32_t column;
} bad_cases[] = {
    { "${B}", BRANT_EUSAGE, "placeholder.unset", 4, 3 },
    { "\xc3\xa4 ${A} ${B}", BRANT_EUSAGE, "placeholder.unset", 4, 10 },
    { "a\r\n\t${a}", BRANT_EUSAGE, "placeholder.unset", 5, 2 },
    { "$$$${A}${B}", BRANT_EUSAGE, "placeholder.unset", 4, 10 },
    { "a ${", BRANT_EPARSE, "placeholder.malformed", 4, 5 },
    { "a ${A", BRANT_EPARSE, "placeholder.malformed", 4, 5 },
    { "a ${}", BRANT_EPARSE, "placeholder.malformed", 4, 5 },
    { "a\n${A B}", BRANT_EPARSE, "placeholder.malformed", 5, 1 },
    { "${A:-x}", BRANT_EPARSE, "placeholder.malformed", 4, 3 },
    { "${\xc3\xa4}", BRANT_EPARSE, "placeholder.malformed", 4, 3 },
    { "${A}\n${${A}}", BRANT_EPARSE, "placeholder.malformed", 5, 1 },
};

static void mistakes_are_reported_with_their_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(bad_cases); i++) {
        const struct bad_case *c = &bad_cases[i];
        brn_arena arena = { 0 };
        brn_stmt stmt = stmt_of(c->text);
        brn_str out = BRN_STR("old");
        brant_error *err = NULL;
        unsigned calls = 0;
        if (brn_placeholders_expand(&out, &arena, &stmt, "f.sql", lookup, &calls, &err) !=
                c->status ||
            strcmp(brant_error_id(err), c->id) != 0 || brant_error_line(err) != c->line ||
            brant_error_column(err) != c->column || brant_error_hint(err) == NULL) {
            fail_msg(
                "%s: %s at %u:%u", c->text, brant_error_id(err), brant_error_line(err),
                brant_error_column(err));
        }
        assert_string_equal(brant_error_file(err), "f.sql");
        assert_true(brn_str_eq_c(out, "old"));
        brant_error_free(err);
        brn_arena_release(&arena);
    }
}

static void out_of_memory_is_an_error(void **state)
{
    brn_arena arena = { .oom = true };
    brn_stmt stmt = stmt_of("${A}");
    brn_str out = BRN_STR("old");
    unsigned calls = 0;

    (void)state;
    assert_int_equal(
        brn_placeholders_expand(&out, &arena, &stmt, "f", lookup, &calls, NULL), BRANT_ENOMEM);
    assert_true(brn_str_eq_c(out, "old"));
}

static const struct origin_case {
    const char *text;
    size_t offset;
    size_t origin;
} origin_cases[] = {
    { "abc", 0, 0 },        { "abc", 2, 2 },        { "abc", 3, 3 },        { "abc", 99, 3 },
    { "x${A}y", 0, 0 },     { "x${A}y", 1, 1 },     { "x${A}y", 3, 1 },     { "x${A}y", 4, 5 },
    { "x${A}y", 5, 6 },     { "$${A}y", 0, 0 },     { "$${A}y", 1, 2 },     { "$${A}y", 2, 3 },
    { "${empty}y", 0, 8 },  { "${empty}y", 1, 9 },  { "${A}${A}", 2, 0 },   { "${A}${A}", 3, 4 },
    { "$$ ${a_1}$", 3, 3 }, { "$$ ${a_1}$", 4, 3 }, { "$$ ${a_1}$", 5, 9 }, { "${B}y", 0, 4 },
};

static void bytes_of_the_expanded_text_come_from_the_statement(void **state)
{
    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(origin_cases); i++) {
        const struct origin_case *c = &origin_cases[i];
        brn_stmt stmt = stmt_of(c->text);
        unsigned calls = 0;
        size_t origin = brn_placeholders_origin(&stmt, c->offset, lookup, &calls);
        if (origin != c->origin) {
            fail_msg("%s, offset %zu: %zu", c->text, c->offset, origin);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(placeholders_are_replaced_once),
        cmocka_unit_test(a_statement_without_placeholders_is_not_copied),
        cmocka_unit_test(mistakes_are_reported_with_their_place),
        cmocka_unit_test(out_of_memory_is_an_error),
        cmocka_unit_test(bytes_of_the_expanded_text_come_from_the_statement),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
