/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "text/script.h"

/* A literal with its length: the text may hold NUL bytes. */
#define BYTES(lit) "" lit, sizeof(lit) - 1

static const struct refused_case {
    const char *name;
    const char *bytes;
    size_t len;
    const char *id;
    uint32_t line;
    uint32_t column;
    const char *hint; /* a part of it */
} refused_cases[] = {
    { "UTF-16 LE",
      BYTES("\xff\xfe"
            "a\0"),
      "text.utf16", 1, 1, "iconv -f UTF-16 -t UTF-8" },
    { "UTF-16 BE", BYTES("\xfe\xff\0a"), "text.utf16", 1, 1, "iconv -f UTF-16 -t UTF-8" },
    { "UTF-32 LE", BYTES("\xff\xfe\0\0a\0\0\0"), "text.utf16", 1, 1, "iconv -f UTF-32" },
    { "UTF-32 BE", BYTES("\0\0\xfe\xff\0\0\0a"), "text.utf16", 1, 1, "iconv -f UTF-32" },
    { "UTF-16 mark only", BYTES("\xff\xfe"), "text.utf16", 1, 1, "\"001.sql\"" },
    { "NUL", BYTES("a\n\xc3\xa4\0"), "text.nul_byte", 2, 2, "x'00'" },
    { "NUL first", BYTES("\0"), "text.nul_byte", 1, 1, "iconv -f UTF-16LE" },
    { "UTF-16 without a mark", BYTES("a\0b\0"), "text.nul_byte", 1, 2, "iconv -f UTF-16LE" },
    { "Latin-1", BYTES("-- \r\nx\ty caf\xe9;"), "text.invalid_utf8", 2, 8, "WINDOWS-1252" },
    { "cut character", BYTES("\xe6\x97"), "text.invalid_utf8", 1, 1, "iconv" },
    { "overlong", BYTES("a\xc0\xaf"), "text.invalid_utf8", 1, 2, "iconv" },
    { "surrogate", BYTES("a\xed\xa0\x80"), "text.invalid_utf8", 1, 2, "iconv" },
    { "binary data", BYTES("INSERT INTO t VALUES (_binary '\xa0\x01');"), "text.invalid_utf8", 1,
      32, "x'00ff'" },
    { "invalid before NUL", BYTES("a\xff\n\0"), "text.invalid_utf8", 1, 2, "iconv" },
    { "NUL before invalid", BYTES("a\0\n\xff"), "text.nul_byte", 1, 2, "iconv" },
    { "behind a mark", BYTES("\xef\xbb\xbfz\xff"), "text.invalid_utf8", 1, 2, "iconv" },
};

static void text_that_is_not_utf8_is_refused_with_its_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(refused_cases); i++) {
        const struct refused_case *c = &refused_cases[i];
        brn_script script = { .line = 77 };
        brant_error *err = NULL;
        brant_status st = brn_script_check(&script, (brn_str){ c->bytes, c->len }, "001.sql", &err);
        if (st != BRANT_EPARSE || strcmp(brant_error_id(err), c->id) != 0 ||
            brant_error_line(err) != c->line || brant_error_column(err) != c->column ||
            strstr(brant_error_hint(err), c->hint) == NULL) {
            fail_msg(
                "%s: %s at %u:%u", c->name, brant_error_id(err), brant_error_line(err),
                brant_error_column(err));
        }
        assert_string_equal(brant_error_file(err), "001.sql");
        assert_int_equal(script.line, 77);
        brant_error_free(err);
    }
}

static void the_message_names_the_byte(void **state)
{
    brn_script script;
    brant_error *err = NULL;

    (void)state;
    assert_int_equal(brn_script_check(&script, BRN_STR("\xe9"), NULL, &err), BRANT_EPARSE);
    assert_string_equal(brant_error_message(err), "byte 0xe9 is not valid UTF-8 here");
    assert_null(brant_error_file(err));
    brant_error_free(err);
}

static void a_script_is_the_file_without_its_mark(void **state)
{
    brn_script script;
    brn_str raw = BRN_STR("\xef\xbb\xbf"
                          "a\xc3\xa4");

    (void)state;
    assert_int_equal(brn_script_check(&script, raw, "001.sql", NULL), BRANT_OK);
    assert_ptr_equal(script.text.ptr, raw.ptr + 3);
    assert_int_equal(script.text.len, 3);
    assert_int_equal(script.offset, 0);
    assert_int_equal(script.line, 1);
    assert_int_equal(script.column, 1);
    assert_string_equal(script.file, "001.sql");
}

static void empty_files_are_scripts(void **state)
{
    brn_script script;

    (void)state;
    assert_int_equal(brn_script_check(&script, (brn_str){ NULL, 0 }, "a", NULL), BRANT_OK);
    assert_int_equal(script.text.len, 0);
    assert_int_equal(brn_script_check(&script, BRN_STR("\xef\xbb\xbf"), "a", NULL), BRANT_OK);
    assert_int_equal(script.text.len, 0);
}

static const struct locate_case {
    const char *text;
    size_t offset;
    uint32_t line;
    uint32_t column;
} locate_cases[] = {
    { "ab", 0, 3, 5 },
    { "ab", 1, 3, 6 },
    { "ab", 2, 3, 7 },
    { "ab", 99, 3, 7 },
    { "a\nb", 2, 4, 1 },
    { "a\r\nb", 3, 4, 1 },
    { "a\r\nb", 2, 3, 6 },
    { "a\rb", 2, 4, 1 },
    { "\xc3\xa4"
      "b",
      2, 3, 6 },
    { "a\n\n\tb", 4, 5, 2 },
    { "", 0, 3, 5 },
    { "a\r", 2, 4, 1 },
};

static void offsets_in_a_statement_become_places_in_the_file(void **state)
{
    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(locate_cases); i++) {
        const struct locate_case *c = &locate_cases[i];
        brn_stmt stmt = { .text = brn_str_from(c->text), .offset = 40, .line = 3, .column = 5 };
        uint32_t line = 0;
        uint32_t column = 0;
        brn_stmt_locate(&stmt, c->offset, &line, &column);
        if (line != c->line || column != c->column) {
            fail_msg("case %zu: %u:%u", i, line, column);
        }
    }
}

static void dialects_are_found_by_name(void **state)
{
    (void)state;
    assert_ptr_equal(brn_dialect_find("sqlite"), &brn_dialect_sqlite);
    assert_null(brn_dialect_find("SQLite"));
    assert_null(brn_dialect_find(""));
    assert_null(brn_dialect_find(NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_that_is_not_utf8_is_refused_with_its_place),
        cmocka_unit_test(the_message_names_the_byte),
        cmocka_unit_test(a_script_is_the_file_without_its_mark),
        cmocka_unit_test(empty_files_are_scripts),
        cmocka_unit_test(offsets_in_a_statement_become_places_in_the_file),
        cmocka_unit_test(dialects_are_found_by_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
