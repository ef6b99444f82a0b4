/* SPDX-License-Identifier: Apache-2.0 */
/* What never ends in a script for PostgreSQL, and what is not SQL. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "text/script.h"

#define FUNCTION "CREATE FUNCTION f() RETURNS int LANGUAGE sql "

static brn_script script_of(brn_str text)
{
    return (brn_script){ .file = "001_init.sql", .text = text, .line = 1, .column = 1 };
}

static brant_status split(brn_stmt_list *out, brn_arena *arena, brn_str text, brant_error **err)
{
    brn_script script = script_of(text);

    return brn_split(out, arena, &brn_dialect_postgres, &script, err);
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
    { "string with doubled quote at the end", "'x''", "text.unterminated_string", 1, 1, NULL },
    { "single quote at the end", "a '", "text.unterminated_string", 1, 3, NULL },
    { "escape string", "a E'x\\'", "text.unterminated_string", 1, 3, NULL },
    { "escape string, backslash at the end", "a E'x\\", "text.unterminated_string", 1, 3, NULL },
    { "escape string that goes on", "a E'x'\n'\\'", "text.unterminated_string", 1, 3, NULL },
    { "string that goes on", "a 'x'\n 'y", "text.unterminated_string", 2, 2, NULL },
    { "bit string", "select x'00", "text.unterminated_string", 1, 8, NULL },
    { "national string", "select N'", "text.unterminated_string", 1, 8, NULL },
    { "unicode string", "select U&'a''", "text.unterminated_string", 1, 8, NULL },
    { "string behind multi-byte text", "\xc3\xa4\xf0\x9f\x98\x80 '", "text.unterminated_string", 1,
      4, NULL },
    { "dollar quotes", "a;\n do $$ begin; $a$", "text.unterminated_string", 2, 5, NULL },
    { "dollar quotes with a tag", "do $a$ $A$ $$", "text.unterminated_string", 1, 4, NULL },
    { "dollar quotes that overlap", "$$$", "text.unterminated_string", 1, 1, NULL },
    { "name", "\r\n\r\n\t\"x", "text.unterminated_name", 3, 2, NULL },
    { "unicode name", "a U&\"x\"\"", "text.unterminated_name", 1, 3, NULL },
    { "block comment", "a;\n/* x * /", "text.unterminated_comment", 2, 1, NULL },
    { "nested block comment", "a;\n/* /* */ x", "text.unterminated_comment", 2, 1, NULL },
    { "block comment of three bytes", "/*/", "text.unterminated_comment", 1, 1, NULL },
    { "bare comment opening at the end", "a /*", "text.unterminated_comment", 1, 3, NULL },
    { "comment in an operator", "a +/* b", "text.unterminated_comment", 1, 4, NULL },
    { "parenthesis", "a;\nselect (1; b", "text.unterminated_parens", 2, 8, NULL },
    { "outermost parenthesis", "f((1)\n;b;c()", "text.unterminated_parens", 1, 2, NULL },
    { "parenthesis behind a pair", "f(1) (;b", "text.unterminated_parens", 1, 6, NULL },
    { "body", FUNCTION "\n  BEGIN ATOMIC SELECT 1;\nSELECT 2;", "text.unterminated_body", 2, 3,
      NULL },
    { "body without terminator before end", FUNCTION "BEGIN ATOMIC SELECT 1 END;\n",
      "text.unterminated_body", 1, 46, NULL },
    { "parenthesis in a body", FUNCTION "\nBEGIN ATOMIC SELECT (1; END; b;",
      "text.unterminated_parens", 2, 21, NULL },
    { "body behind begin", "CREATE FUNCTION f() RETURNS begin\nBEGIN ATOMIC a;",
      "text.unterminated_body", 2, 1, NULL },
    { "body at the end", FUNCTION "BEGIN ATOMIC", "text.unterminated_body", 1, 46, NULL },

    { "rows", "a;\n COPY t FROM STDIN;\n1\n", "text.unterminated_data", 2, 2, NULL },
    { "rows with spaces around the end mark", "COPY t FROM STDIN;\n1\n \\.\n\\. \n",
      "text.unterminated_data", 1, 1, NULL },
    { "no rows", "COPY t FROM STDIN;", "text.unterminated_data", 1, 1, NULL },
    { "no rows in the next line", "b;COPY t FROM STDIN;\n", "text.unterminated_data", 1, 3, NULL },
    { "no terminator", "/* x */COPY t FROM STDIN", "text.unterminated_data", 1, 8, NULL },
    { "no terminator and an end mark", "COPY t FROM STDIN\n\\.\n", "text.psql_command", 2, 1,
      "command of psql \"\\.\"" },
    { "rows behind another line break", "COPY t FROM STDIN;\r1\n\\.\n", "text.unterminated_data", 1,
      1, NULL },
    { "string in the options", "COPY t FROM STDIN DELIMITER ';\n\\.\n", "text.unterminated_string",
      1, 29, NULL },
    { "statement behind COPY", "COPY t FROM STDIN; b;\n1\n\\.\n", "text.behind_copy", 1, 20, NULL },
    { "terminator behind COPY", "COPY t FROM STDIN;;\n1\n\\.\n", "text.behind_copy", 1, 19, NULL },
    { "end mark behind COPY", "COPY t FROM STDIN; \\.\n", "text.behind_copy", 1, 20, NULL },
    { "string behind COPY", "COPY t FROM STDIN; 'a\n1\n\\.\n", "text.behind_copy", 1, 20, NULL },
    { "comment over lines behind COPY", "COPY t FROM STDIN; /* a\n*/\n1\n\\.\n", "text.behind_copy",
      1, 20, NULL },

    { "include", "a;\n\\i other.sql\nb;", "text.psql_command", 2, 1, "command of psql \"\\i\"" },
    { "relative include", "\\ir other.sql", "text.psql_command", 1, 1, "command of psql \"\\ir\"" },
    { "connect", "\\connect app", "text.psql_command", 1, 1, "command of psql \"\\connect\"" },
    { "connect, short", " \\c app", "text.psql_command", 1, 2, "command of psql \"\\c\"" },
    { "echo", "\\echo 'it''s'", "text.psql_command", 1, 1, "command of psql \"\\echo\"" },
    { "copy", "\\copy t from 'f.csv' csv", "text.psql_command", 1, 1,
      "command of psql \"\\copy\"" },
    { "set", "\\set ON_ERROR_STOP on", "text.psql_command", 1, 1, "command of psql \"\\set\"" },
    { "if", "\\if :x\na;\n\\endif", "text.psql_command", 1, 1, "command of psql \"\\if\"" },
    { "gset behind a statement", "select 1 \\gset", "text.psql_command", 1, 10,
      "command of psql \"\\gset\"" },
    { "gexec behind multi-byte text", "select '\xc3\xa4'\\gexec", "text.psql_command", 1, 11,
      "command of psql \"\\gexec\"" },
    { "restrict", "--\n\\restrict abc\n", "text.psql_command", 2, 1,
      "command of psql \"\\restrict\"" },
    { "shell", "\\! rm x", "text.psql_command", 1, 1, "command of psql \"\\!\"" },
    { "terminator", "select 1\\; select 2;", "text.psql_command", 1, 9, "command of psql \"\\;\"" },
    { "end mark alone", "a;\n\\.\n", "text.psql_command", 2, 1, "command of psql \"\\.\"" },
    { "second end mark", "COPY t FROM STDIN;\n1\n\\.\n\\.\n", "text.psql_command", 4, 1,
      "command of psql \"\\.\"" },
    { "describe", "\\d+ t", "text.psql_command", 1, 1, "command of psql \"\\d\"" },
    { "display", "\\pset null x", "text.psql_command", 1, 1, "command of psql \"\\pset\"" },
    { "unknown command", "\\frobnicate", "text.psql_command", 1, 1,
      "command of psql \"\\frobnicate\"" },
    { "long command",
      "\\aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
      "text.psql_command", 1, 1, NULL },
    { "in parentheses", "f(\n\\x\n);", "text.psql_command", 2, 1, "command of psql \"\\x\"" },
    { "in a body", FUNCTION "BEGIN ATOMIC\n\\q\nEND;", "text.psql_command", 2, 1,
      "command of psql \"\\q\"" },
    { "in an operator", "select 1 <\\ 2", "text.backslash", 1, 11, NULL },
    { "at the end", "a \\", "text.backslash", 1, 3, NULL },
    { "before a line break", "a \\\nb", "text.backslash", 1, 3, NULL },
    { "two of them", "a \\\\ b", "text.backslash", 1, 3, NULL },
    { "before a letter of any language", "\\\xc3\xa4", "text.backslash", 1, 1, NULL },
};

static void what_is_wrong_is_reported_where_it_began(void **state)
{
    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(bad_cases); i++) {
        const struct bad_case *c = &bad_cases[i];
        brn_arena arena = { 0 };
        brn_stmt_list list = { 0 };
        brant_error *err = NULL;
        brant_status st = split(&list, &arena, brn_str_from(c->sql), &err);
        if (st != BRANT_EPARSE || strcmp(brant_error_id(err), c->id) != 0 ||
            brant_error_line(err) != c->line || brant_error_column(err) != c->column ||
            brant_error_hint(err) == NULL ||
            (c->message != NULL && strcmp(brant_error_message(err), c->message) != 0)) {
            fail_msg(
                "%s: %s at %u:%u: %s", c->name, brant_error_id(err), brant_error_line(err),
                brant_error_column(err), brant_error_message(err));
        }
        assert_string_equal(brant_error_file(err), "001_init.sql");
        brant_error_free(err);
        brn_arena_release(&arena);
    }
}

static void commands_of_psql_are_refused_with_what_to_write(void **state)
{
    static const struct {
        const char *sql;
        const char *hint; /* a part of it */
    } hints[] = {
        { "\\i x", "Put the statements of that file here" },
        { "\\c x", "one database" },
        { "\\copy t from x", "COPY ... FROM STDIN;" },
        { "\\set a 1", "placeholder" },
        { "\\if x", "DO block" },
        { "\\gexec", "EXECUTE" },
        { "\\restrict x", "pg_dump" },
        { "\\timing", "leave it out" },
        { "\\.", "no COPY ... FROM STDIN" },
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_wrong_is_reported_where_it_began),
        cmocka_unit_test(commands_of_psql_are_refused_with_what_to_write),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
