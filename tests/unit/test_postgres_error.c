/* SPDX-License-Identifier: Apache-2.0 */
/* What is read out of texts of the server: places, codes, and who holds the lock. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/clock.h"
#include "engines/postgres/postgres_int.h"

static const struct position_case {
    const char *sql;
    uint64_t position;
    bool in_bytes;
    size_t want;
} positions[] = {
    { "select x", 1, false, 0 },
    { "select x", 8, false, 7 },
    { "select x", 9, false, 8 }, /* behind the end */
    { "select x", 10, false, SIZE_MAX },
    { "", 1, false, 0 },
    { "", 2, false, SIZE_MAX },
    { "select 'h\xc3\xa4\xc3\x9f', frm", 15, false, 16 },
    { "select 'h\xc3\xa4\xc3\x9f', frm", 17, true, 16 },
    { "\xf0\x9f\xa6\x86x", 2, false, 4 },
    { "a\r\nb c", 6, false, 5 },
    { "abc", 5, true, SIZE_MAX },
};

static void positions_become_offsets(void **state)
{
    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(positions); i++) {
        const struct position_case *c = &positions[i];

        assert_int_equal(
            brn_postgres_position(brn_str_from(c->sql), c->position, c->in_bytes), c->want);
    }
}

static const struct block_case {
    const char *sql;
    const char *context;
    size_t want;
} blocks[] = {
    { "DO $$\nbegin\n  raise 'x';\nend $$", "PL/pgSQL function inline_code_block line 3 at RAISE",
      14 },
    { "DO $x$begin raise 'x'; end $x$", "PL/pgSQL function inline_code_block line 1 at RAISE", 6 },
    { "DO $$\r\nbegin\r\n\traise 'x';\r\nend $$",
      "SQL statement \"select f()\"\nPL/pgSQL-Funktion inline_code_block Zeile 3 bei PERFORM", 15 },
    { "DO $$ x $$", "PL/pgSQL function inline_code_block line 9 at RAISE", SIZE_MAX },
    { "DO $$ x $$", "PL/pgSQL function f() line 1 at RAISE", SIZE_MAX },
    { "DO $$ x $$", "PL/pgSQL function inline_code_block", SIZE_MAX },
    { "DO 'begin end'", "PL/pgSQL function inline_code_block line 1 at RAISE", 4 },
    { "DO E'\\n\n x'", "PL/pgSQL function inline_code_block line 2 at RAISE", SIZE_MAX },
    { "DO /* $x$\n */ $\xc3\xb6$\n x $\xc3\xb6$",
      "PL/pgSQL function inline_code_block line 2 at RAISE", 20 },
    { "DO $1", "PL/pgSQL function inline_code_block line 1 at RAISE", SIZE_MAX },
};

static void lines_of_a_block_become_offsets(void **state)
{
    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(blocks); i++) {
        const struct block_case *c = &blocks[i];

        assert_int_equal(brn_postgres_block_line(brn_str_from(c->sql), c->context), c->want);
    }
}

static const struct query_case {
    const char *sql;
    size_t from;
    const char *query;
    size_t offset;
    size_t want;
} queries[] = {
    { "DO $$begin n := 1 + x; end$$", 11, "1 + x", 4, 20 },
    { "DO $$begin n := 1 + x; end$$", 11, "SELECT 1 + x", 11, 20 },
    { "DO $$begin perform x, y; end$$", 11, " SELECT x, y", 11, 22 },
    { "DO $$begin execute 'x ''y'' z'; end$$", 11, "x 'y' z", 2, 11 },
    { "DO $$begin perform x; end$$", 11, " SELECT x", 1, 11 },
    { "DO $$begin x; end$$", 11, "", 0, 11 },
};

static void queries_of_a_block_are_found_in_it(void **state)
{
    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(queries); i++) {
        const struct query_case *c = &queries[i];

        assert_int_equal(
            brn_postgres_block_query(
                brn_str_from(c->sql), c->from, brn_str_from(c->query), c->offset),
            c->want);
    }
}

#define ROWS "1\ta\tb\n2\tc\\\td\tü\te\r\n\n3\t4\t3\n5\n6\t\n7\\"
#define LIST "copy t (a, \"B c\", \"d: e\") from stdin"

static const struct copy_case {
    const char *sql;
    const char *context;
    uint64_t line;
    uint32_t column;
} copies[] = {
    { "copy t from stdin", "COPY t, line 3, column b: \"x, line 5\"", 3, 1 },
    { "copy t from stdin", "COPY t, Zeile 12", 12, 1 },
    { "copy s.\"a, 99\" (b) from stdin", "COPY a, 99, line 3: \"7\"", 3, 1 },
    { "copy T from stdin", "PL/pgSQL function f() line 4 at RAISE\nCOPY t, line 2: \"x\"", 2, 1 },
    { "copy t from stdin", "SQL statement \"SELECT 'COPY 4, 5'\"\nCOPY t, line 2: \"x\"", 2, 1 },
    { "copy t from stdin", "COPY other, line 8", 8, 1 },
    { "copy t from stdin", "COPY t", 0, 1 },
    { "copy t from stdin", "SQL function \"f\"", 0, 1 },
    { LIST, "COPY t, line 1, column a: \"1\"", 1, 1 },
    { LIST, "COPY t, line 1, column B c: \"a\"", 1, 3 },
    { LIST, "COPY t, line 1, column d: e: \"b\"", 1, 5 },
    { LIST, "COPY t, Zeile 1, Spalte B c: »a«", 1, 3 },
    { LIST, "COPY t, ligne 1, colonne B c : « a »", 1, 3 },
    { LIST, "COPY t, line 2, column B c: \"c\td\"", 2, 3 },
    { LIST, "COPY t, line 2, column d: e: \"ü B c: x\"", 2, 8 },
    { LIST, "COPY t, line 4, column d: e: \"x\nCOPY t, column a: \"", 4, 5 },
    { LIST, "COPY t, line 5, column d: e: \"x\"", 5, 1 },
    { LIST, "COPY t, line 6, column B c: \"\"", 6, 3 },
    { LIST, "COPY t, line 7, column B c: \"\"", 7, 1 },
    { "copy t from stdin", "COPY t, line 6, column x: \"\"", 6, 3 },
    { LIST, "COPY t, line 9, column d: e: \"x\"", 9, 1 },
    { LIST, "COPY t, line 2, column nope: \"x\"", 2, 1 },
    { LIST, "COPY t, line 2: \"2\tc\"", 2, 1 },
    { LIST " with (null 'x')", "COPY t, line 1, column B c: \"a\"", 1, 3 },
    { LIST " with (format csv)", "COPY t, line 1, column B c: \"a\"", 1, 1 },
    { LIST " delimiter ';'", "COPY t, line 1, column B c: \"a\"", 1, 1 },
    { "copy binary t (a, b) from stdin", "COPY t, line 1, column b: \"a\"", 1, 1 },
    { "copy t from stdin", "COPY t, line 1, column x: \"b\"", 1, 5 },
    { "copy t from stdin", "COPY t, Zeile 1, Spalte x: »b«", 1, 5 },
    { "copy t from stdin", "COPY t, line 4, column x: \"4\"", 4, 3 },
    { "copy t from stdin", "COPY t, line 4, column x: \"3\"", 4, 1 },
    { "copy t from stdin", "COPY t, line 2, column x: \"e\"", 2, 1 },
    { "copy t from stdin", "COPY t, line 1, column x: null input", 1, 1 },
};

static void rows_and_columns_of_a_copy_are_counted(void **state)
{
    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(copies); i++) {
        const struct copy_case *c = &copies[i];
        uint32_t column = 0;
        uint64_t line =
            brn_postgres_copy_place(&column, brn_str_from(c->sql), BRN_STR(ROWS), c->context);

        if (line != c->line || column != c->column) {
            fail_msg("%s: %u:%u", c->context, (unsigned)line, column);
        }
    }
}

#define FAILED "connection to server at \"h\" (10.0.0.1), port 5432 failed: "

static const struct refusal_case {
    const char *text;
    const char *sqlstate;
    const char *id;
} refusals[] = {
    { FAILED
      "FATAL:  28P01: password authentication failed for user \"ann\"\nLOCATION:  auth_failed",
      "28P01", "connect.refused" },
    { FAILED "SCHWERWIEGEND:  3D000: Datenbank \"x\" existiert nicht\n", "3D000",
      "connect.no_database" },
    { FAILED "FATAL:  42501: permission denied for database \"x\"\n", "42501",
      "connect.no_rights" },
    { FAILED "FATAL:  53300: sorry, too many clients already\n", "53300", "connect.unreachable" },
    { FAILED "FATAL:  57P03: the database system is starting up\n", "57P03",
      "connect.unreachable" },
    { FAILED "FATAL:  28000: no pg_hba.conf entry\n" FAILED "FATAL:  28P01: no\n", "28P01",
      "connect.refused" },
    { FAILED "FATAL:  22023: invalid value for parameter \"x\"\n", "22023", "connect.refused" },
    { FAILED "FATAL:  08P01: no such database: x\n", "08P01", "connect.no_database" },
    { FAILED "FATAL:  08P01: database \"x\" does not exist\n", "08P01", "connect.no_database" },
    { FAILED "FATAL:  08P01: role \"x\" does not exist\n", "08P01", "connect.refused" },
    { FAILED "FATAL:  08P01: password authentication failed\n", "08P01", "connect.refused" },
    { FAILED "FATAL:  08P01: unsupported startup parameter: options\n", "08P01",
      "connect.refused" },
    { FAILED "FATAL:  08P01: server login failed: the database system is starting up\n", "08P01",
      "connect.unreachable" },
    { FAILED "Connection refused\n", "", NULL },
    { FAILED "FATAL:  28P0", "", NULL },
    { "", "", NULL },
};

static void failed_logins_are_told_apart_by_code(void **state)
{
    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(refusals); i++) {
        const struct refusal_case *c = &refusals[i];
        char sqlstate[6];
        const char *id = brn_postgres_refusal(sqlstate, c->text);

        assert_string_equal(id != NULL ? id : "", c->id != NULL ? c->id : "");
        assert_string_equal(sqlstate, c->sqlstate);
    }
}

static void a_holder_is_read_from_its_name(void **state)
{
    brn_lock_holder holder = { 0 };
    char name[64];

    (void)state;
    brn_postgres_application(name, "up, brant 0.1.0");
    assert_true(strlen(name) <= 63);
    assert_true(brn_postgres_application_read(&holder, name));
    assert_string_equal(holder.what, "up, brant 0.1.0");
    assert_non_null(strchr(holder.who, '@'));
    assert_true(holder.since_us > brn_clock_wall_us() - 60000000);
    assert_true(holder.since_us <= brn_clock_wall_us());
    /* The time stays whole, whatever is cut. */
    brn_postgres_application(name, "a command whose name is longer than any, brant 10.20.30");
    assert_int_equal(strlen(name) <= 63, 1);
    assert_true(brn_postgres_application_read(&holder, name));
}

static void other_names_are_not_ours(void **state)
{
    static const char *const names[] = {
        "",
        "psql",
        "a; b",
        "a; b; c",
        "up; ann@h; 2026-02-26T15:30:00",
        "; ; ",
        "up; ann@h; 2026-02-26 15:30:00Z",
    };
    brn_lock_holder holder = { 0 };

    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(names); i++) {
        assert_false(brn_postgres_application_read(&holder, names[i]));
        assert_string_equal(holder.what, "");
    }
}

static void passwords_are_hidden_where_they_are_no_names(void **state)
{
    char password[] = "topsecret";
    brn_postgres p = { .password = password, .dbname = "app" };
    char text[] = "topsecret and topsecrettopsecret";

    (void)state;
    brn_postgres_mask(&p, text);
    assert_null(strstr(text, "topsecret"));
    p.dbname = "topsecret";
    memcpy(text, "topsecret", 10);
    brn_postgres_mask(&p, text);
    assert_string_equal(text, "topsecret");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(positions_become_offsets),
        cmocka_unit_test(lines_of_a_block_become_offsets),
        cmocka_unit_test(queries_of_a_block_are_found_in_it),
        cmocka_unit_test(rows_and_columns_of_a_copy_are_counted),
        cmocka_unit_test(failed_logins_are_told_apart_by_code),
        cmocka_unit_test(a_holder_is_read_from_its_name),
        cmocka_unit_test(other_names_are_not_ours),
        cmocka_unit_test(passwords_are_hidden_where_they_are_no_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
