/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "core/error.h"

static void the_library_knows_its_version(void **state)
{
    (void)state;
    assert_string_equal(brant_version(), BRANT_VERSION);
}

static void every_status_has_its_own_name(void **state)
{
    (void)state;
    for (int a = BRANT_OK; a <= BRANT_EINTERNAL; a++) {
        const char *name = brant_status_name((brant_status)a);

        assert_string_not_equal(name, "unknown");
        for (int b = BRANT_OK; b < a; b++) {
            assert_string_not_equal(name, brant_status_name((brant_status)b));
        }
    }
    assert_string_equal(brant_status_name((brant_status)(BRANT_EINTERNAL + 1)), "unknown");
    assert_string_equal(brant_status_name((brant_status)-1), "unknown");
}

static void assert_no_extras(const brant_error *err)
{
    assert_null(brant_error_detail(err));
    assert_null(brant_error_hint(err));
    assert_null(brant_error_sqlstate(err));
    assert_int_equal(brant_error_native_code(err), 0);
    assert_null(brant_error_file(err));
    assert_int_equal(brant_error_line(err), 0);
    assert_int_equal(brant_error_column(err), 0);
    assert_null(brant_error_statement(err));
    assert_null(brant_error_migration(err));
    assert_null(brant_error_database(err));
    assert_null(brant_error_cause(err));
    assert_true(brn_error_get_offset(err) == SIZE_MAX);
}

static void no_error_can_be_asked_everything(void **state)
{
    (void)state;
    assert_int_equal(brant_error_status(NULL), BRANT_OK);
    assert_string_equal(brant_error_id(NULL), "ok");
    assert_string_equal(brant_error_message(NULL), "no error");
    assert_no_extras(NULL);
    brant_error_free(NULL);
}

/* Everything that can be added, so that each place an error may be missing is met. */
static void add_everything(brant_error **err)
{
    brn_error_detail(err, "%s", "Detail.");
    brn_error_hint(err, "%s", "Hint.");
    brn_error_at(err, "file.sql", 3, 4);
    brn_error_statement(err, BRN_STR("SELECT 1"));
    brn_error_native(err, 1045, "28000");
    brn_error_subject(err, "main", "001_a");
    brn_error_offset(err, 7);
}

static void a_caller_need_not_want_the_error(void **state)
{
    brant_error *none = NULL;

    (void)state;
    assert_int_equal(brn_error(NULL, BRANT_EPARSE, "a.b", "text"), BRANT_EPARSE);
    assert_int_equal(brn_error_oom(NULL), BRANT_ENOMEM);
    assert_int_equal(brn_error_errno(NULL, "a.b", ENOENT, "read", "x"), BRANT_EIO);
    add_everything(NULL);
    add_everything(&none);
    assert_null(none);
}

static void a_new_error_has_id_and_message_only(void **state)
{
    brant_error *err = NULL;

    (void)state;
    assert_int_equal(brn_error(&err, BRANT_EPARSE, "a.b", "bad %s %d", "thing", 7), BRANT_EPARSE);
    assert_int_equal(brant_error_status(err), BRANT_EPARSE);
    assert_string_equal(brant_error_id(err), "a.b");
    assert_string_equal(brant_error_message(err), "bad thing 7");
    assert_no_extras(err);
    brant_error_free(err);
}

static void what_is_added_can_be_read(void **state)
{
    brant_error *err = NULL;

    (void)state;
    brn_error(&err, BRANT_ESTATEMENT, "a.b", "text");
    add_everything(&err);
    assert_string_equal(brant_error_detail(err), "Detail.");
    assert_string_equal(brant_error_hint(err), "Hint.");
    assert_string_equal(brant_error_file(err), "file.sql");
    assert_int_equal(brant_error_line(err), 3);
    assert_int_equal(brant_error_column(err), 4);
    assert_string_equal(brant_error_statement(err), "SELECT 1");
    assert_int_equal(brant_error_native_code(err), 1045);
    assert_string_equal(brant_error_sqlstate(err), "28000");
    assert_string_equal(brant_error_database(err), "main");
    assert_string_equal(brant_error_migration(err), "001_a");
    assert_int_equal(brn_error_get_offset(err), 7);
    brant_error_free(err);
}

static void texts_are_copies(void **state)
{
    brant_error *err = NULL;
    char text[] = "before";

    (void)state;
    brn_error(&err, BRANT_EUSAGE, text, "%s", text);
    brn_error_at(&err, text, 1, 1);
    brn_error_subject(&err, text, text);
    brn_error_native(&err, 1, text);
    memcpy(text, "behind", sizeof(text));
    assert_string_equal(brant_error_id(err), "before");
    assert_string_equal(brant_error_message(err), "before");
    assert_string_equal(brant_error_file(err), "before");
    assert_string_equal(brant_error_database(err), "before");
    assert_string_equal(brant_error_migration(err), "before");
    assert_string_equal(brant_error_sqlstate(err), "before");
    brant_error_free(err);
}

static void a_message_is_one_line_without_terminal_escapes(void **state)
{
    brant_error *err = NULL;

    (void)state;
    brn_error(&err, BRANT_ESTATEMENT, "a.b", "%s", "one\ntwo\r\tthree\033[31m\177 \xc3\xa9");
    assert_string_equal(brant_error_message(err), "one two  three [31m  \xc3\xa9");
    brant_error_free(err);
}

static void detail_and_hint_are_replaced(void **state)
{
    brant_error *err = NULL;

    (void)state;
    brn_error(&err, BRANT_EUSAGE, "a.b", "text");
    add_everything(&err);
    /* Made from the text that is replaced. */
    brn_error_detail(&err, "%s More.", brant_error_detail(err));
    brn_error_hint(&err, "%s More.", brant_error_hint(err));
    assert_string_equal(brant_error_detail(err), "Detail. More.");
    assert_string_equal(brant_error_hint(err), "Hint. More.");
    brant_error_free(err);
}

static void an_error_over_another_has_it_as_cause(void **state)
{
    brant_error *err = NULL;
    const brant_error *cause = NULL;

    (void)state;
    brn_error(&err, BRANT_ECONNECT, "low.id", "low");
    brn_error(&err, BRANT_EIO, "mid.id", "mid");
    assert_int_equal(
        brn_error(&err, BRANT_EDRIFT, "top.id", "top over %s", brant_error_message(err)),
        BRANT_EDRIFT);
    assert_string_equal(brant_error_message(err), "top over mid");
    cause = brant_error_cause(brant_error_cause(err));
    assert_string_equal(brant_error_id(cause), "low.id");
    assert_null(brant_error_cause(cause));
    assert_no_extras(cause);
    brant_error_free(err);
}

static const struct position_case {
    const char *name;
    const char *first_file;
    uint32_t first_line;
    const char *second_file;
    uint32_t second_line;
    const char *file;
    uint32_t line;
} position_cases[] = {
    { "the first stays", "a", 1, "b", 2, "a", 1 },
    { "the first line stays", "a", 1, "a", 2, "a", 1 },
    { "the file may come later", NULL, 1, "b", 2, "b", 1 },
    { "the line may come later", "a", 0, "a", 2, "a", 2 },
    { "but not from another file", "a", 0, "b", 2, "a", 0 },
    { "nor from an unknown one", "a", 0, NULL, 2, "a", 0 },
    { "no file at all", NULL, 1, NULL, 2, NULL, 1 },
};

static void the_first_position_stays(void **state)
{
    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(position_cases); i++) {
        const struct position_case *c = &position_cases[i];
        brant_error *err = NULL;

        print_message("  %s\n", c->name);
        brn_error(&err, BRANT_EPARSE, "a.b", "text");
        brn_error_at(&err, c->first_file, c->first_line, c->first_line);
        brn_error_at(&err, c->second_file, c->second_line, c->second_line);
        if (c->file == NULL) {
            assert_null(brant_error_file(err));
        } else {
            assert_string_equal(brant_error_file(err), c->file);
        }
        assert_int_equal(brant_error_line(err), c->line);
        assert_int_equal(brant_error_column(err), c->line);
        brant_error_free(err);
    }
}

static void the_first_subject_stays(void **state)
{
    brant_error *err = NULL;

    (void)state;
    brn_error(&err, BRANT_EPARSE, "a.b", "text");
    brn_error_subject(&err, NULL, "001");
    brn_error_subject(&err, "main", NULL);
    brn_error_subject(&err, "other", "002");
    assert_string_equal(brant_error_database(err), "main");
    assert_string_equal(brant_error_migration(err), "001");
    brant_error_free(err);
}

static void a_code_may_come_without_sqlstate(void **state)
{
    brant_error *err = NULL;

    (void)state;
    brn_error(&err, BRANT_ESTATEMENT, "a.b", "text");
    brn_error_native(&err, 7, "42601");
    brn_error_native(&err, -8, NULL);
    assert_int_equal(brant_error_native_code(err), -8);
    assert_string_equal(brant_error_sqlstate(err), "42601");
    brant_error_free(err);
}

/* Statements of `head` times 'x', then `unit` repeated to `bytes` in all. */
static const struct statement_case {
    const char *name;
    size_t head;
    const char *unit;
    size_t bytes;
    size_t kept; /* without "..." */
    int is_cut;
} statement_cases[] = {
    { "empty", 0, "x", 0, 0, 0 },
    { "just fits", 0, "x", 500, 500, 0 },
    { "one too many", 0, "x", 501, 497, 1 },
    { "far too many", 0, "x", 100000, 497, 1 },
    { "cut at a character of two bytes", 0, "\xc3\xa9", 600, 496, 1 },
    { "cut behind a character of two bytes", 1, "\xc3\xa9", 601, 497, 1 },
    { "cut in a character of four bytes", 2, "\xf0\x9f\x98\x80", 602, 494, 1 },
    { "no characters at all", 0, "\x80", 600, 497, 1 },
};

static void a_statement_is_shortened_between_characters(void **state)
{
    static char text[100001];

    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(statement_cases); i++) {
        const struct statement_case *c = &statement_cases[i];
        brant_error *err = NULL;
        const char *got = NULL;
        size_t unit = strlen(c->unit);

        print_message("  %s\n", c->name);
        memset(text, 'x', c->head);
        for (size_t at = c->head; at < c->bytes; at++) {
            text[at] = c->unit[(at - c->head) % unit];
        }
        brn_error(&err, BRANT_ESTATEMENT, "a.b", "text");
        brn_error_statement(&err, (brn_str){ text, c->bytes });
        got = brant_error_statement(err);
        assert_int_equal(strlen(got), c->kept + (c->is_cut ? 3 : 0));
        assert_memory_equal(got, text, c->kept);
        assert_string_equal(got + c->kept, c->is_cut ? "..." : "");
        brant_error_free(err);
    }
}

static void a_system_error_says_what_file_and_why(void **state)
{
    brant_error *err = NULL;

    (void)state;
    assert_int_equal(brn_error_errno(&err, "file.read", ENOENT, "read", "a.sql"), BRANT_EIO);
    assert_string_equal(brant_error_id(err), "file.read");
    assert_string_equal(
        brant_error_message(err), "could not read \"a.sql\": No such file or directory");
    assert_int_equal(brant_error_native_code(err), ENOENT);
    brant_error_free(err);

    err = NULL;
    brn_error_errno(&err, "file.read", EACCES, "look", NULL);
    assert_string_equal(brant_error_message(err), "could not look: Permission denied");
    brant_error_free(err);
}

static void out_of_memory_needs_no_memory_and_cannot_be_changed(void **state)
{
    brant_error *err = NULL;
    brant_error *other = NULL;

    (void)state;
    brn_error(&err, BRANT_EPARSE, "a.b", "lost");
    assert_int_equal(brn_error_oom(&err), BRANT_ENOMEM);
    add_everything(&err);
    assert_int_equal(brant_error_status(err), BRANT_ENOMEM);
    assert_string_equal(brant_error_id(err), "core.out_of_memory");
    assert_string_equal(brant_error_message(err), "out of memory");
    assert_no_extras(err);
    assert_int_equal(brn_error_errno(&other, "a.b", ENOMEM, "read", "x"), BRANT_ENOMEM);
    assert_ptr_equal(err, other);
    brant_error_free(err);
    brant_error_free(other);
    assert_string_equal(brant_error_message(other), "out of memory");
}

static void out_of_memory_may_be_a_cause(void **state)
{
    brant_error *err = NULL;

    (void)state;
    brn_error_oom(&err);
    brn_error(&err, BRANT_EINTERNAL, "a.b", "top");
    assert_int_equal(brant_error_status(brant_error_cause(err)), BRANT_ENOMEM);
    brant_error_free(err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_library_knows_its_version),
        cmocka_unit_test(every_status_has_its_own_name),
        cmocka_unit_test(no_error_can_be_asked_everything),
        cmocka_unit_test(a_caller_need_not_want_the_error),
        cmocka_unit_test(a_new_error_has_id_and_message_only),
        cmocka_unit_test(what_is_added_can_be_read),
        cmocka_unit_test(texts_are_copies),
        cmocka_unit_test(a_message_is_one_line_without_terminal_escapes),
        cmocka_unit_test(detail_and_hint_are_replaced),
        cmocka_unit_test(an_error_over_another_has_it_as_cause),
        cmocka_unit_test(the_first_position_stays),
        cmocka_unit_test(the_first_subject_stays),
        cmocka_unit_test(a_code_may_come_without_sqlstate),
        cmocka_unit_test(a_statement_is_shortened_between_characters),
        cmocka_unit_test(a_system_error_says_what_file_and_why),
        cmocka_unit_test(out_of_memory_needs_no_memory_and_cannot_be_changed),
        cmocka_unit_test(out_of_memory_may_be_a_cause),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
