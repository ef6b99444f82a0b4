/* SPDX-License-Identifier: Apache-2.0 */
/* What never ends in a script for MySQL and MariaDB, and what is not SQL. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "text/script.h"

#define PROCEDURE "CREATE PROCEDURE p() "

static brant_status split(brn_stmt_list *out, brn_arena *arena, brn_str text, brant_error **err)
{
    brn_script script = { .file = "001_init.sql", .text = text, .line = 1, .column = 1 };

    return brn_split(out, arena, &brn_dialect_mysql, &script, err);
}

static const struct bad_case {
    const char *name;
    const char *sql;
    const char *id;
    uint32_t line;
    uint32_t column;
    const char *message; /* NULL: not looked at */
} bad_cases[] = {
    { "string", "a;\n  select 'x;\n", "text.unterminated_string", 2, 10, NULL },
    { "string with a quote at the end", "'x''", "text.unterminated_string", 1, 1, NULL },
    { "escaped quote at the end", "a 'x\\'", "text.unterminated_string", 1, 3, NULL },
    { "backslash at the end", "a \"x\\", "text.unterminated_string", 1, 3, NULL },
    { "national string", "a N'x", "text.unterminated_string", 1, 3, NULL },
    { "hexadecimal", "select x'00", "text.unterminated_string", 1, 8, NULL },
    { "string behind multi-byte text", "\xc3\xa4\xf0\x9f\x98\x80 '", "text.unterminated_string", 1,
      4, NULL },
    { "string under a mode", "SET sql_mode='NO_BACKSLASH_ESCAPES';\na '\\'';",
      "text.unterminated_string", 2, 3, NULL },
    { "variable", "a @'x", "text.unterminated_string", 1, 3, NULL },
    { "variable in backticks", "a @`x", "text.unterminated_name", 1, 3, NULL },
    { "name", "\r\n\r\n\t`x", "text.unterminated_name", 3, 2, NULL },
    { "name in double quotes", "SET sql_mode=ANSI; \"x\\\"\"", "text.unterminated_name", 1, 20,
      NULL },
    { "JavaScript", "CREATE FUNCTION f() RETURNS INT LANGUAGE JAVASCRIPT AS $$ a; $ $;",
      "text.unterminated_string", 1, 56, NULL },
    { "block comment", "a;\n/* x * /", "text.unterminated_comment", 2, 1, NULL },
    { "block comment of three bytes", "/*/", "text.unterminated_comment", 1, 1, NULL },
    { "hint", "select /*+ x", "text.unterminated_comment", 1, 8, NULL },
    { "comment of no server", "/*!999999 x", "text.unterminated_comment", 1, 1, NULL },
    { "comment in a comment of no server", "a /*!999999 /* x */", "text.unterminated_comment", 1, 3,
      NULL },

    { "version comment", "a;\n  /*!50003 b", "text.unterminated_comment", 2, 3,
      "unterminated version comment" },
    { "terminator in a version comment", "a /*!50003 b; c */", "text.unterminated_comment", 1, 3,
      "unterminated version comment" },
    { "delimiter in a version comment", "DELIMITER //\n/*M!100100 b//\n*/",
      "text.unterminated_comment", 2, 1, "unterminated version comment" },
    { "version comment around a body", "/*!50003 " PROCEDURE "BEGIN a; END;",
      "text.unterminated_comment", 1, 1, "unterminated version comment" },

    { "body", "a;\n" PROCEDURE "\n  BEGIN SELECT 1;\nSELECT 2;", "text.unterminated_body", 3, 3,
      NULL },
    { "body without terminator before end", PROCEDURE "BEGIN SELECT 1 END;\nb;",
      "text.unterminated_body", 1, 22, NULL },
    { "outermost block", PROCEDURE "BEGIN\nIF a THEN b;\nEND;", "text.unterminated_body", 1, 22,
      NULL },
    { "condition", PROCEDURE "BEGIN IF a; END;", "text.unterminated_body", 1, 22, NULL },
    { "block of its own", "\nBEGIN NOT ATOMIC a;", "text.unterminated_body", 2, 1, NULL },
    { "loop of its own", "WHILE a DO b;", "text.unterminated_body", 1, 1, NULL },
    { "trigger", "CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW\nIF a THEN b;",
      "text.unterminated_body", 2, 1, NULL },
    { "event", "CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO BEGIN a;", "text.unterminated_body", 1,
      43, NULL },

    { "procedure of Oracle", "a;\n " PROCEDURE "AS x INT; BEGIN NULL; END;",
      "text.delimiter_needed", 2, 2, NULL },
    { "procedure of Oracle without parameters", "CREATE PROCEDURE p IS BEGIN NULL; END;",
      "text.delimiter_needed", 1, 1, NULL },
    { "function of Oracle", "CREATE FUNCTION f(a INT) RETURN INT AS BEGIN RETURN 1; END;",
      "text.delimiter_needed", 1, 1, NULL },
    { "package", "CREATE OR REPLACE PACKAGE p AS a; END;", "text.delimiter_needed", 1, 1, NULL },
    { "package body", "CREATE DEFINER=a@b PACKAGE BODY p AS a; END;", "text.delimiter_needed", 1, 1,
      NULL },
    { "block of Oracle", "DECLARE x INT; BEGIN NULL; END;", "text.delimiter_needed", 1, 1, NULL },
    { "trigger of Oracle",
      "CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW DECLARE x INT; BEGIN a; END;",
      "text.delimiter_needed", 1, 1, NULL },
    { "after the delimiter is back", "DELIMITER //\na//\nDELIMITER ;\nCREATE PACKAGE p AS a; END;",
      "text.delimiter_needed", 4, 1, NULL },

    { "no delimiter", "DELIMITER", "text.delimiter", 1, 1, "DELIMITER without a delimiter" },
    { "no delimiter in the line", "a;\n DELIMITER  \n//", "text.delimiter", 2, 2,
      "DELIMITER without a delimiter" },
    { "empty delimiter", "DELIMITER ''\n", "text.delimiter", 1, 1, NULL },
    { "delimiter with a backslash", "DELIMITER \\\\\n", "text.delimiter", 1, 1, "bad delimiter" },
    { "delimiter with a quote", "DELIMITER a'\n", "text.delimiter", 1, 1, "bad delimiter" },
    { "delimiter in an open quote", "DELIMITER '//\n", "text.delimiter", 1, 1, "bad delimiter" },
    { "delimiter with a space", "DELIMITER 'a b'\n", "text.delimiter", 1, 1, "bad delimiter" },
    { "long delimiter", "DELIMITER 0123456789abcdef\n", "text.delimiter", 1, 1, "bad delimiter" },
    { "text behind it", "DELIMITER // select 1//\n", "text.delimiter", 1, 1,
      "text behind DELIMITER in its line" },
    { "open comment behind it", "DELIMITER // /* a\n*/", "text.delimiter", 1, 1,
      "text behind DELIMITER in its line" },
    { "no space", "DELIMITER//\n", "text.delimiter", 1, 1, "DELIMITER without a space behind it" },
    { "terminated", "DELIMITER;\n", "text.delimiter", 1, 1, "DELIMITER without a space behind it" },
    { "behind a statement", "a; DELIMITER //\n", "text.delimiter", 1, 4,
      "DELIMITER is not at the beginning of its line" },
    { "behind a delimiter", "DELIMITER //\na// DELIMITER ;\n", "text.delimiter", 2, 5,
      "DELIMITER is not at the beginning of its line" },
    { "old one behind the new", "DELIMITER //\na//\nDELIMITER ;//\n", "text.delimiter", 3, 1,
      NULL },
    { "in a body that was not ended", "DELIMITER //\n" PROCEDURE "BEGIN a; END\nDELIMITER ;\n",
      "text.delimiter", 3, 1, "DELIMITER inside a statement" },
    { "in a body", PROCEDURE "BEGIN a;\n  DELIMITER ;\nEND;", "text.delimiter", 2, 3,
      "DELIMITER inside a statement" },
    { "in a statement that was not ended", "select 1\nDELIMITER //\n", "text.delimiter", 2, 1,
      "DELIMITER inside a statement" },

    { "source", "a;\nsource other.sql\nb;", "text.mysql_command", 2, 1,
      "command of the mysql client \"source\"" },
    { "source, short", "\\. other.sql", "text.mysql_command", 1, 1,
      "command of the mysql client \"\\.\"" },
    { "with a terminator", "SOURCE other.sql;", "text.mysql_command", 1, 1,
      "command of the mysql client \"SOURCE\"" },
    { "in a version comment", "/*! \\- */", "text.mysql_command", 1, 5, NULL },
    { "go", "select 1\\g", "text.mysql_command", 1, 9, "command of the mysql client \"\\g\"" },
    { "ego behind multi-byte text", "select '\xc3\xa4'\\G\n", "text.mysql_command", 1, 11,
      "command of the mysql client \"\\G\"" },
    { "shell", "\\! rm x", "text.mysql_command", 1, 1, "command of the mysql client \"\\!\"" },
    { "connect", "connect app", "text.mysql_command", 1, 1,
      "command of the mysql client \"connect\"" },
    { "tee", "tee x.txt", "text.mysql_command", 1, 1, "command of the mysql client \"tee\"" },
    { "quit", "quit", "text.mysql_command", 1, 1, "command of the mysql client \"quit\"" },
    { "use, short", "\\u app", "text.mysql_command", 1, 1, "command of the mysql client \"\\u\"" },
    { "delimiter, short", "\\d //", "text.mysql_command", 1, 1,
      "command of the mysql client \"\\d\"" },
    { "in a body", PROCEDURE "BEGIN\n\\q\nEND;", "text.mysql_command", 2, 1,
      "command of the mysql client \"\\q\"" },
    { "unknown command", "\\y", "text.backslash", 1, 1, NULL },
    { "backslash at the end", "a \\", "text.backslash", 1, 3, NULL },
    { "two backslashes", "a \\\\ b", "text.backslash", 1, 3, NULL },
    { "before a letter of any language", "\\\xc3\xa4", "text.backslash", 1, 1, NULL },
};

static void what_is_wrong_is_reported_where_it_began(void **state)
{
    size_t failed = 0;

    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(bad_cases); i++) {
        const struct bad_case *c = &bad_cases[i];
        brn_arena arena = { 0 };
        brn_stmt_list list = { 0 };
        brant_error *err = NULL;
        brant_status st = split(&list, &arena, brn_str_from(c->sql), &err);
        if (st != BRANT_EPARSE || strcmp(brant_error_id(err), c->id) != 0 ||
            brant_error_line(err) != c->line || brant_error_column(err) != c->column ||
            brant_error_hint(err) == NULL || list.count > 0 ||
            (c->message != NULL && strcmp(brant_error_message(err), c->message) != 0)) {
            print_message(
                "%s: %s at %u:%u: %s\n", c->name, st == BRANT_OK ? "ok" : brant_error_id(err),
                st == BRANT_OK ? 0 : brant_error_line(err),
                st == BRANT_OK ? 0 : brant_error_column(err),
                st == BRANT_OK ? "" : brant_error_message(err));
            failed++;
        }
        brant_error_free(err);
        brn_arena_release(&arena);
    }
    assert_int_equal(failed, 0);
}

static void commands_of_the_client_are_refused_with_what_to_write(void **state)
{
    static const struct {
        const char *sql;
        const char *hint; /* a part of it */
    } hints[] = {
        { "source x", "Put the statements of that file here" },
        { "\\r x", "one database" },
        { "select 1\\G", "End the statement with a ';'" },
        { "system ls", "runs no programs" },
        { "pager less", "leave it out" },
        { "\\u x", "USE" },
        { "\\d //", "DELIMITER" },
        { "DELIMITER // x", "next line" },
        { "CREATE PACKAGE p AS x; END;", "DELIMITER //" },
        { "/*!50003 a;", "*/" },
        { "select \"x", "with \". The same character inside it is written twice, or behind" },
        { "select 'C:\\';", "a backslash is written twice" },
        { "SET sql_mode='NO_BACKSLASH_ESCAPES';select 'x", "inside it is written twice." },
    };

    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(hints); i++) {
        brn_arena arena = { 0 };
        brn_stmt_list list = { 0 };
        brant_error *err = NULL;
        assert_int_equal(split(&list, &arena, brn_str_from(hints[i].sql), &err), BRANT_EPARSE);
        if (strstr(brant_error_hint(err), hints[i].hint) == NULL) {
            fail_msg("%s: %s", hints[i].sql, brant_error_hint(err));
        }
        brant_error_free(err);
        brn_arena_release(&arena);
    }
}

/* Words that are commands only where a statement begins, and not before a ':'. */
static void words_of_the_client_are_names_elsewhere(void **state)
{
    static const char *const texts[] = {
        "select source, status, go, tee from prompt",
        "use source",
        "help 'x'",
        "create table print (\nsource int,\nexit_ int)",
        "status_ x",
        "CREATE PROCEDURE p() go: BEGIN a; END",
    };

    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(texts); i++) {
        brn_arena arena = { 0 };
        brn_stmt_list list = { 0 };
        assert_int_equal(split(&list, &arena, brn_str_from(texts[i]), NULL), BRANT_OK);
        assert_int_equal(list.count, 1);
        brn_arena_release(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_wrong_is_reported_where_it_began),
        cmocka_unit_test(commands_of_the_client_are_refused_with_what_to_write),
        cmocka_unit_test(words_of_the_client_are_names_elsewhere),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
