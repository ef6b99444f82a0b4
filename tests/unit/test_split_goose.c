/* SPDX-License-Identifier: Apache-2.0 */
/* Goose's marks around statements, in every dialect. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/buf.h"
#include "text/script.h"

#define BEGIN "-- +goose StatementBegin\n"
#define END "-- +goose StatementEnd\n"
#define TRIGGER "CREATE TRIGGER t AFTER INSERT ON a BEGIN SELECT 1; SELECT 2; END"
#define ROUTINE "CREATE FUNCTION f() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT 1; SELECT 2; END"
#define QUOTED "CREATE FUNCTION f() RETURNS void AS $$BEGIN a; b; END$$ LANGUAGE plpgsql"
#define PROCEDURE "CREATE PROCEDURE p() BEGIN SELECT 1; SELECT 2; END"
#define ORACLE "CREATE PROCEDURE p AS x INT; BEGIN x := 1; END"

static const struct split_case {
    const char *name;
    const char *dialects; /* first letters; empty: all */
    const char *text;
    const char *statements; /* with '|' between them */
} split_cases[] = {
    { "with a terminator", "", BEGIN "a;\n" END "b;", "a|b" },
    { "without one", "", BEGIN "a\n" END "b", "a|b" },
    { "behind a comment", "", BEGIN "a -- x;\n" END "b", "a|b" },
    { "several in one block", "", BEGIN "a; b;\nc\n" END "d", "a|b|c|d" },
    { "blocks in a row", "", BEGIN "a\n" END BEGIN "b\n" END "c", "a|b|c" },
    { "no block", "", BEGIN END "a" BEGIN "\n" END, "a" },
    { "as goose accepts it", "", "--  +GOOSE  statementbegin \na\n\t-- +goose\tSTATEMENTEND\r\nb",
      "a|b" },
    { "of sql-migrate", "", "-- +migrate StatementBegin\na\n-- +migrate StatementEnd\nb", "a|b" },
    { "an end without its begin", "", "a\n" END "b", "a\n" END "b" },
    { "a second end", "", BEGIN "a\n" END "b\n" END "c", "a|b\n" END "c" },
    { "not alone in its line", "", BEGIN "a\n b " END "c", "a\n b " END "c" },
    { "more words", "", BEGIN "a\n-- +goose StatementEnd here\nb",
      "a\n-- +goose StatementEnd here\nb" },
    { "in a string", "", BEGIN "'\n" END "'\n" END "b", "'\n" END "'|b" },
    { "trigger", "s", BEGIN TRIGGER ";\n" END "b", TRIGGER "|b" },
    { "trigger without terminator", "s", BEGIN TRIGGER "\n" END "b", TRIGGER "|b" },
    { "body in SQL", "p", BEGIN ROUTINE "\n" END "b", ROUTINE "|b" },
    { "body in quotes", "p", BEGIN QUOTED "\n" END "b; c", QUOTED "|b|c" },
    { "rows", "p", BEGIN "COPY t FROM STDIN;\n" END "\\.\n" END "b\n" END "c",
      "COPY t FROM STDIN|b\n" END "c" },
    { "procedure", "m", BEGIN PROCEDURE "\n" END "b; c;", PROCEDURE "|b|c" },
    { "what only a mark can end", "m", BEGIN ORACLE ";\n -- x\n" END "b; c;", ORACLE "|b|c" },
    { "the same without terminator", "m", BEGIN ORACLE "\n" END "b; c;", ORACLE "|b|c" },
    { "a mode that is set", "m", BEGIN "SET sql_mode = 'ANSI_QUOTES'\n" END "\"a\"\";\"; b",
      "SET sql_mode = 'ANSI_QUOTES'|\"a\"\";\"|b" },
    { "a delimiter", "m", "DELIMITER //\n" BEGIN "a; b\n" END "c; d//e", "a|b|c|d|e" },
};

static void join(brn_buf *out, const brn_stmt_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        brn_buf_add_c(out, i > 0 ? "|" : "");
        brn_buf_add_str(out, list->items[i].text);
    }
}

static void check_split(const struct split_case *c, const brn_dialect *dialect)
{
    brn_script script = { .text = brn_str_from(c->text), .line = 1, .column = 1 };
    brn_stmt_list list = { 0 };
    brant_error *err = NULL;
    brn_arena arena = { 0 };
    brn_buf found = { 0 };

    if (brn_split(&list, &arena, dialect, &script, &err) != BRANT_OK) {
        fail_msg("%s, %s: %s", c->name, dialect->name, brant_error_message(err));
    }
    join(&found, &list);
    if (strcmp(brn_buf_text(&found), c->statements) != 0) {
        fail_msg("%s, %s: %s", c->name, dialect->name, brn_buf_text(&found));
    }
    brn_buf_release(&found);
    brn_arena_release(&arena);
}

static void a_block_ends_its_statement(void **state)
{
    static const brn_dialect *const dialects[] = { &brn_dialect_sqlite, &brn_dialect_postgres,
                                                   &brn_dialect_mysql };

    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(split_cases); i++) {
        for (size_t d = 0; d < BRN_ARRAY_LEN(dialects); d++) {
            const struct split_case *c = &split_cases[i];
            if (c->dialects[0] == '\0' || c->dialects[0] == dialects[d]->name[0]) {
                check_split(c, dialects[d]);
            }
        }
    }
}

static const struct error_case {
    const char *name;
    const brn_dialect *dialect;
    const char *text;
    const char *id;
    uint32_t line;
    uint32_t column;
} error_cases[] = {
    { "trigger", &brn_dialect_sqlite,
      BEGIN "CREATE TRIGGER t AFTER INSERT ON a BEGIN SELECT 1;\n" END BEGIN TRIGGER ";\n" END,
      "text.unterminated_body", 2, 36 },
    { "body in SQL", &brn_dialect_postgres,
      BEGIN "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1;\n" END "END; b",
      "text.unterminated_body", 2, 33 },
    { "parenthesis", &brn_dialect_postgres, BEGIN "a\n(b;\n" END "c)", "text.unterminated_parens",
      3, 1 },
    { "COPY without its terminator", &brn_dialect_postgres,
      BEGIN "COPY t FROM STDIN\n" END "1\n\\.\n", "text.unterminated_data", 2, 1 },
    { "version comment", &brn_dialect_mysql, BEGIN "a /*!40000 b\n" END "*/",
      "text.unterminated_comment", 2, 3 },
};

static void what_is_open_at_its_end_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(error_cases); i++) {
        const struct error_case *c = &error_cases[i];
        brn_script script = { .text = brn_str_from(c->text), .line = 1, .column = 1 };
        brn_stmt_list list = { 0 };
        brant_error *err = NULL;
        brn_arena arena = { 0 };

        if (brn_split(&list, &arena, c->dialect, &script, &err) != BRANT_EPARSE ||
            strcmp(brant_error_id(err), c->id) != 0 || brant_error_line(err) != c->line ||
            brant_error_column(err) != c->column) {
            fail_msg(
                "%s: %s %u:%u", c->name, brant_error_id(err), brant_error_line(err),
                brant_error_column(err));
        }
        brant_error_free(err);
        brn_arena_release(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_block_ends_its_statement),
        cmocka_unit_test(what_is_open_at_its_end_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
