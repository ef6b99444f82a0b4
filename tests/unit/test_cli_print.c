/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "cli/print.h"
#include "cli/print_error.h"
#include "cli/render.h"
#include "core/error.h"

/* --- text ------------------------------------------------------------------------------------- */

static const struct clean_case {
    const char *name;
    const char *text;
    const char *want;
} clean_cases[] = {
    { "plain", "users \xc3\xa4", "users \xc3\xa4" },
    { "escape sequence", "a\033[31mb", "a [31mb" },
    { "line breaks and tabs", "a\r\n\tb", "a   b" },
    { "eight-bit CSI",
      "a\xc2\x9b"
      "31mb",
      "a 31mb" },
    { "a letter that begins with the same byte", "\xc2\xa9", "\xc2\xa9" },
    { "cut character", "a\xc2", "a\xc2" },
};

static void control_characters_do_not_reach_the_terminal(void **state)
{
    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(clean_cases); i++) {
        brn_buf out = { 0 };

        cli_clean(&out, clean_cases[i].text);
        if (strcmp(brn_buf_text(&out), clean_cases[i].want) != 0) {
            fail_msg("%s: \"%s\"", clean_cases[i].name, brn_buf_text(&out));
        }
        brn_buf_release(&out);
    }
}

static const struct wrap_case {
    const char *text;
    const char *want;
} wrap_cases[] = {
    { "", "\n" },
    { "one", "one\n" },
    { "one two three four", "one two\n  three\n  four\n" },
    { "one  two", "one two\n" },
    { "a-word-that-is-too-long for it", "a-word-that-is-too-long\n  for it\n" },
    { "one\ntwo", "one\n  two\n" },
    { "\xc3\xa4\xc3\xa4\xc3\xa4 \xc3\xb6\xc3\xb6\xc3\xb6",
      "\xc3\xa4\xc3\xa4\xc3\xa4 \xc3\xb6\xc3\xb6\xc3\xb6\n" },
};

static void paragraphs_fit_and_are_indented(void **state)
{
    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(wrap_cases); i++) {
        brn_buf out = { 0 };

        cli_wrap(&out, wrap_cases[i].text, 2, 10);
        assert_string_equal(brn_buf_text(&out), wrap_cases[i].want);
        brn_buf_release(&out);
    }
}

static void tables_are_aligned_without_blanks_at_the_end(void **state)
{
    brn_arena arena = { 0 };
    brn_buf out = { 0 };
    cli_table table;

    (void)state;
    cli_table_init(&table, &arena, 3);
    cli_table_cell(&table, "a");
    cli_table_cell(&table, "\xc3\xa4");
    cli_table_cellf(&table, "%d", 1);
    cli_table_cell(&table, "long");
    cli_table_cell(&table, "bb");
    cli_table_cell(&table, NULL);
    cli_table_write(&table, &out, 1);
    assert_string_equal(brn_buf_text(&out), " a     \xc3\xa4   1\n long  bb\n");
    brn_buf_release(&out);
    brn_arena_release(&arena);
}

/* --- errors ----------------------------------------------------------------------------------- */

static const struct source_case {
    const char *name;
    const char *content;
    uint32_t line;
    uint32_t column;
    bool loading;
    const char *want; /* behind the place; "" when nothing is shown */
} source_cases[] = {
    { "first line", "one\ntwo\n", 1, 1, false, "    |\n  1 | one\n    | ^\n" },
    { "last line without its end", "one\ntwo", 2, 3, false, "    |\n  2 | two\n    |   ^\n" },
    { "CRLF", "one\r\ntwo\r\n", 1, 3, false, "    |\n  1 | one\n    |   ^\n" },
    { "behind the end of the line", "one\n", 1, 4, false, "    |\n  1 | one\n    |    ^\n" },
    { "tab counts as one", "\tx y\n", 1, 4, false, "    |\n  1 |  x y\n    |    ^\n" },
    { "letters of two bytes", "\xc3\xa4\xc3\xb6 x\n", 1, 4, false,
      "    |\n  1 | \xc3\xa4\xc3\xb6 x\n    |    ^\n" },
    { "no column", "one\n", 1, 0, false, "    |\n  1 | one\n" },
    { "beyond the file", "one\n", 9, 1, false, "" },
    { "number of two digits", "\n\n\n\n\n\n\n\n\nten\n", 10, 2, false,
      "     |\n  10 | ten\n     |  ^\n" },
    { "long line",
      "0123456789012345678901234567890123456789012345678901234567890123456789X123456789012345678901234567890\n",
      1, 71, false,
      "    |\n  1 | 01234567890123456789X1234567890123456789\n    |                     ^\n" },
    { "configuration", "retries: x\n", 1, 10, true, "    |\n  1 | retries: x\n    |          ^\n" },
    { "configuration with a URL", "url: postgres://u:pw@h/d\n", 1, 1, true, "" },
    { "configuration with a password", "Password: x\n", 1, 1, true, "" },
    { "URL in a migration", "-- http://example\n", 1, 4, false,
      "    |\n  1 | -- http://example\n    |    ^\n" },
};

static void the_offending_line_is_shown_with_a_caret_unless_it_is_private(void **state)
{
    char path[] = "/tmp/brant_cli_XXXXXX";
    int fd = mkstemp(path);

    (void)state;
    assert_true(fd >= 0);
    (void)close(fd);
    for (size_t i = 0; i < BRN_ARRAY_LEN(source_cases); i++) {
        const struct source_case *c = &source_cases[i];
        cli_error_style style = { .loading = c->loading, .width = 60 };
        brant_error *err = NULL;
        brn_buf want = { 0 };
        brn_buf out = { 0 };

        (void)unlink(path);
        assert_int_equal(brn_file_create(path, brn_str_from(c->content), 0600), 0);
        (void)brn_error(&err, BRANT_EPARSE, "x.y", "bad");
        brn_error_at(&err, path, c->line, c->column);
        cli_error_write(&out, err, &style);
        brn_buf_printf(&want, "error: bad\n  at %s:%u", path, c->line);
        if (c->column > 0) {
            brn_buf_printf(&want, ":%u", c->column);
        }
        brn_buf_printf(&want, "\n%s  (x.y)\n", c->want);
        if (strcmp(brn_buf_text(&out), brn_buf_text(&want)) != 0) {
            fail_msg("%s:\n%s", c->name, brn_buf_text(&out));
        }
        style.private_file = path;
        brn_buf_reset(&out);
        cli_error_write(&out, err, &style);
        assert_null(strchr(brn_buf_text(&out), '|'));
        brn_buf_release(&out);
        brn_buf_release(&want);
        brant_error_free(err);
    }
    (void)unlink(path);
}

static void an_error_as_a_document_has_every_key_and_its_causes(void **state)
{
    static const cli_error_style style = { .json = true, .width = 80 };
    brant_error *err = NULL;
    brn_buf out = { 0 };

    (void)state;
    (void)brn_error(&err, BRANT_ECONNECT, "a.b", "inner");
    (void)brn_error(&err, BRANT_ESTATEMENT, "c.d", "outer");
    brn_error_at(&err, "f.sql", 3, 0);
    brn_error_native(&err, 7, "42601");
    cli_error_write(&out, err, &style);
    assert_string_equal(
        brn_buf_text(&out),
        "{\"schema\":1,\"error\":{\"id\":\"c.d\",\"status\":\"statement\",\"message\":\"outer\","
        "\"detail\":null,\"hint\":null,\"file\":\"f.sql\",\"line\":3,\"column\":null,"
        "\"migration\":null,\"database\":null,\"statement\":null,\"sqlstate\":\"42601\","
        "\"native_code\":7,\"cause\":{\"id\":\"a.b\",\"status\":\"connect\",\"message\":\"inner\","
        "\"detail\":null,\"hint\":null,\"file\":null,\"line\":null,\"column\":null,"
        "\"migration\":null,\"database\":null,\"statement\":null,\"sqlstate\":null,"
        "\"native_code\":0,\"cause\":null}}}\n");
    brn_buf_release(&out);
    brant_error_free(err);
}

static const struct code_case {
    brant_status status;
    bool loading;
    int want;
} code_cases[] = {
    { BRANT_OK, false, 0 },        { BRANT_EUSAGE, false, 2 },
    { BRANT_EUSAGE, true, 2 },     { BRANT_EPARSE, true, 2 },
    { BRANT_EPARSE, false, 1 },    { BRANT_EIO, true, 1 },
    { BRANT_ECONNECT, false, 10 }, { BRANT_ESTATEMENT, false, 1 },
    { BRANT_ELOCKED, false, 8 },   { BRANT_EDRIFT, false, 1 },
    { BRANT_EDIRTY, false, 1 },    { BRANT_EUNSUPPORTED, false, 1 },
    { BRANT_ETIMEOUT, false, 1 },  { BRANT_ECANCELLED, false, 130 },
    { BRANT_ENOMEM, false, 1 },    { BRANT_EINTERNAL, false, 1 },
};

static void each_status_has_its_exit_code(void **state)
{
    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(code_cases); i++) {
        assert_int_equal(
            cli_exit_code(code_cases[i].status, code_cases[i].loading), code_cases[i].want);
    }
}

/* --- plain progress --------------------------------------------------------------------------- */

#define AT "2026-02-26T15:30:00.123Z "

static const struct line_case {
    const char *name;
    brant_event ev;
    cli_render r;
    const char *want; /* "" for no line */
} line_cases[] = {
    { "applied",
      { .type = BRANT_EVENT_MIGRATION_END,
        .migration = "20240226153000_create_employees",
        .version = "20240226153000",
        .name = "create_employees",
        .direction = "up",
        .done = 3,
        .duration_ns = 12000000 },
      { 0 },
      AT
      "INFO Migration 20240226153000 ran successfully: create_employees (3 statements, 12 ms)\n" },
    { "undone",
      { .type = BRANT_EVENT_MIGRATION_END,
        .version = "3",
        .name = "x",
        .direction = "down",
        .done = 1 },
      { 0 },
      AT "INFO Migration 3 was undone: x (1 statement, 0 ms)\n" },
    { "one of several databases",
      { .type = BRANT_EVENT_MIGRATION_END,
        .version = "3",
        .name = "x",
        .direction = "up",
        .done = 1,
        .database = "main" },
      { .many = true },
      AT "INFO Migration 3 ran successfully: x (1 statement, 0 ms, main)\n" },
    { "failed",
      { .type = BRANT_EVENT_MIGRATION_END,
        .version = "3",
        .name = "x",
        .direction = "up",
        .status = BRANT_ESTATEMENT },
      { 0 },
      AT "ERROR Migration 3 failed: x (0 statements, 0 ms)\n" },
    { "interrupted",
      { .type = BRANT_EVENT_MIGRATION_END,
        .version = "3",
        .name = "x",
        .direction = "up",
        .status = BRANT_ECANCELLED },
      { 0 },
      AT "WARN Migration 3 was interrupted: x (0 statements, 0 ms)\n" },
    { "dry run does not say that it ran",
      { .type = BRANT_EVENT_MIGRATION_END,
        .version = "3",
        .name = "x",
        .direction = "up",
        .done = 2 },
      { .dry_run = true },
      AT "INFO Migration 3 would run: x (2 statements)\n" },
    { "statement",
      { .type = BRANT_EVENT_STATEMENT,
        .migration = "3_x",
        .done = 1,
        .rows = -1,
        .statement = "a\nb\nrest",
        .statement_len = 3 },
      { .verbose = true },
      AT "INFO 3_x statement 1: a b (0 ms)\n" },
    { "statement without -v", { .type = BRANT_EVENT_STATEMENT, .done = 1 }, { 0 }, "" },
    { "nothing to run", { .type = BRANT_EVENT_RUN_START, .command = "up" }, { 0 }, "" },
    { "warning",
      { .type = BRANT_EVENT_WARNING, .id = "a.b", .message = "mind\033this" },
      { 0 },
      AT "WARN mind this\n" },
    { "colour",
      { .type = BRANT_EVENT_NOTICE, .message = "x" },
      { .color = true },
      AT "\033[32mINFO\033[0m x\n" },
    { "first wait for the lock",
      { .type = BRANT_EVENT_LOCK_WAIT, .duration_ns = 50000000, .message = "ana@host" },
      { 0 },
      AT "INFO waiting for the migration lock, held by ana@host (50 ms so far)\n" },
    { "wait that was just said",
      { .type = BRANT_EVENT_LOCK_WAIT, .duration_ns = 3000000000 },
      { .wait_said_ns = 50000000 },
      "" },
    { "wait that goes on",
      { .type = BRANT_EVENT_LOCK_WAIT, .duration_ns = 6000000000 },
      { .wait_said_ns = 50000000 },
      AT "INFO waiting for the migration lock (6.0 s so far)\n" },
    { "lock taken at once", { .type = BRANT_EVENT_LOCK_TAKEN }, { 0 }, "" },
    { "lock taken after a wait",
      { .type = BRANT_EVENT_LOCK_TAKEN, .duration_ns = 6000000000 },
      { .wait_said_ns = 50000000 },
      AT "INFO migration lock taken after 6.0 s\n" },
    { "event of a later library", { .type = 99 }, { 0 }, "" },
};

static void events_are_lines(void **state)
{
    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(line_cases); i++) {
        const struct line_case *c = &line_cases[i];
        brant_event ev = c->ev;
        cli_render r = c->r;
        brn_buf out = { 0 };

        ev.size = sizeof(ev);
        ev.wall_us = 1772119800123000;
        assert_int_equal(cli_plain_line(&out, &r, &ev), c->want[0] != '\0');
        if (strcmp(brn_buf_text(&out), c->want) != 0) {
            fail_msg("%s: %s", c->name, brn_buf_text(&out));
        }
        brn_buf_release(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(control_characters_do_not_reach_the_terminal),
        cmocka_unit_test(paragraphs_fit_and_are_indented),
        cmocka_unit_test(tables_are_aligned_without_blanks_at_the_end),
        cmocka_unit_test(the_offending_line_is_shown_with_a_caret_unless_it_is_private),
        cmocka_unit_test(an_error_as_a_document_has_every_key_and_its_causes),
        cmocka_unit_test(each_status_has_its_exit_code),
        cmocka_unit_test(events_are_lines),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
