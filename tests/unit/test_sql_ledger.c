/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "engine/sql_ledger.h"

static const brn_sql_dialect plain = {
    .quote = '"',
    .type_text = "TEXT",
    .type_key = "TEXT",
    .type_int = "INTEGER",
    .type_serial = "SERIAL",
    .key_options = " KEYED",
    .upsert = "REPLACE INTO",
};

static const brn_sql_dialect positional = {
    .quote = '"',
    .type_text = "TEXT",
    .type_key = "TEXT",
    .type_int = "INTEGER",
    .type_serial = "SERIAL",
    .upsert = "REPLACE INTO",
    .positional = true,
};

static const brn_sql_dialect numbered = {
    .quote = '`',
    .numbered_params = true,
    .type_text = "LONGTEXT",
    .type_key = "VARCHAR(255)",
    .type_int = "BIGINT",
    .type_serial = "BIGSERIAL PRIMARY KEY",
    .table_options = " ENGINE=X",
};

static const brn_ledger_row row = {
    .id = "m\"1",
    .status = BRN_ROW_RUNNING,
    .direction = BRN_UP,
    .stmts_done = 4,
    .intent = 5,
    .intent_digest = "d5",
    .done_digest = "d4",
    .error = "boom",
    .duration_ms = -1,
    .format = BRN_LEDGER_FORMAT,
};

static const brn_history_row entry = { .action = "up", .at_us = 1000000, .duration_ms = -1 };

static void statements_are_rendered_with_bound_values(void **state)
{
    static const struct render_case {
        brn_ledger_op_type type;
        const brn_sql_dialect *dialect;
        const char *schema;
        const char *sql; /* begins with */
        const char *part;
        size_t params;
    } cases[] = {
        { BRN_LEDGER_ENSURE, &plain, NULL, "CREATE TABLE IF NOT EXISTS \"brant_history\" (", "",
          0 },
        { BRN_LEDGER_ENSURE, &numbered, "we`ird",
          "CREATE TABLE IF NOT EXISTS `we``ird`.`brant_history` (", ") ENGINE=X", 0 },
        { BRN_LEDGER_PUT, &plain, "main", "REPLACE INTO \"main\".\"brant_migrations\" (\"id\", ",
          ") VALUES (?, ?, ", 25 },
        { BRN_LEDGER_PUT, &numbered, NULL, "INSERT INTO `brant_migrations` (`id`, ",
          "$25) ON CONFLICT (`id`) DO UPDATE SET `status` = EXCLUDED.`status`, ", 25 },
        { BRN_LEDGER_INTENT, &plain, NULL,
          "UPDATE \"brant_migrations\" SET \"intent\" = ?, \"intent_digest\" = ?, "
          "\"statements_done\" = ? WHERE \"id\" = ?",
          "", 4 },
        { BRN_LEDGER_OUTCOME, &numbered, NULL,
          "UPDATE `brant_migrations` SET `statements_done` = $1, `done_digest` = $2, "
          "`intent` = $3, `intent_digest` = $4 WHERE `id` = $5",
          "", 5 },
        { BRN_LEDGER_FAIL, &plain, NULL,
          "UPDATE \"brant_migrations\" SET \"status\" = ?, \"error\" = ?, \"intent\" = ?, "
          "\"finished_at\" = ? WHERE \"id\" = ?",
          "", 5 },
        { BRN_LEDGER_REMOVE, &plain, NULL, "DELETE FROM \"brant_migrations\" WHERE \"id\" = ?", "",
          1 },
        { BRN_LEDGER_HISTORY, &plain, NULL, "INSERT INTO \"brant_history\" (\"run_id\", ",
          "\"format\") VALUES (", 13 },
        { BRN_LEDGER_PUT, &positional, "main",
          "REPLACE INTO \"main\".\"brant_migrations\" VALUES (?, ?, ", "", 25 },
        { BRN_LEDGER_HISTORY, &positional, NULL, "INSERT INTO \"brant_history\" VALUES (NULL, ?, ",
          "", 13 },
    };
    brn_buf buf = { 0 };

    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(cases); i++) {
        brn_ledger_op op = { .type = cases[i].type, .row = &row, .history = &entry };
        brn_sql_stmt out;

        assert_true(brn_sql_ledger_render(
            &out, &buf, cases[i].dialect, cases[i].schema, &op, 0, 2000000, 1000000));
        if (strncmp(out.sql, cases[i].sql, strlen(cases[i].sql)) != 0 ||
            strstr(out.sql, cases[i].part) == NULL) {
            fail_msg("%s", out.sql);
        }
        assert_int_equal(out.count, cases[i].params);
        if (cases[i].type == BRN_LEDGER_ENSURE) {
            /* The one by which a ledger is known comes last: else nobody would make the other. */
            assert_null(strstr(out.sql, "KEYED"));
            assert_true(
                brn_sql_ledger_render(&out, &buf, cases[i].dialect, cases[i].schema, &op, 1, 0, 0));
            assert_non_null(strstr(out.sql, "brant_migrations"));
            assert_non_null(
                strstr(out.sql, cases[i].dialect == &plain ? " TEXT) KEYED" : ") ENGINE=X"));
            assert_false(
                brn_sql_ledger_render(&out, &buf, cases[i].dialect, cases[i].schema, &op, 2, 0, 0));
        } else {
            assert_false(
                brn_sql_ledger_render(&out, &buf, cases[i].dialect, cases[i].schema, &op, 1, 0, 0));
            assert_true(brn_sql_ledger_render(
                &out, NULL, cases[i].dialect, cases[i].schema, &op, 0, 2000000, 1000000));
            assert_null(out.sql);
            assert_int_equal(out.count, cases[i].params);
        }
    }
    brn_buf_release(&buf);
}

/* A positional INSERT relies on it. */
static void columns_are_told_in_the_order_of_their_table(void **state)
{
    brn_ledger_op op = { .type = BRN_LEDGER_ENSURE };
    brn_sql_stmt out;
    brn_buf buf = { 0 };
    size_t t = 0;

    (void)state;
    for (; brn_sql_ledger_table_name(t) != NULL; t++) {
        const char *rest = NULL;
        size_t count = 0;

        assert_true(brn_sql_ledger_render(&out, &buf, &plain, NULL, &op, t, 0, 0));
        rest = strstr(out.sql, brn_sql_ledger_table_name(t));
        assert_non_null(rest);
        rest += strlen(brn_sql_ledger_table_name(t)) + 1;
        for (; brn_sql_ledger_column(t, count) != NULL; count++) {
            char name[64];

            (void)snprintf(
                name, sizeof(name), "%s\"%s\" ", count > 0 ? ", " : " (",
                brn_sql_ledger_column(t, count));
            rest = strpbrk(rest, count > 0 ? "," : " ");
            assert_non_null(rest);
            assert_memory_equal(rest, name, strlen(name));
            rest += strlen(name);
        }
        assert_null(strchr(rest, ','));
        assert_int_equal(count, t == 0 ? 14 : 25);
    }
    assert_int_equal(t, 2);
    brn_buf_release(&buf);
}

static void absent_values_are_null(void **state)
{
    brn_ledger_op op = { .type = BRN_LEDGER_PUT, .row = &row };
    brn_sql_stmt out;
    brn_buf buf = { 0 };

    (void)state;
    assert_true(brn_sql_ledger_render(&out, &buf, &plain, NULL, &op, 0, 0, 0));
    assert_string_equal(out.params[0].text, "m\"1");
    assert_string_equal(out.params[1].text, "running");
    assert_true(out.params[4].is_null); /* version */
    assert_string_equal(out.params[6].text, "up");
    assert_false(out.params[8].is_null); /* required: 0 */
    assert_true(out.params[18].is_null); /* started_at */
    assert_true(out.params[20].is_null); /* duration */
    brn_buf_release(&buf);
}

static void a_stamp_takes_the_time_now(void **state)
{
    static const struct stamp_case {
        int64_t now_us;
        int64_t began_us;
        int64_t ms;
    } cases[] = {
        { 1700000002500000, 1700000001000000, 1500 },
        { 1700000001000000, 1700000001000000, 0 },
        { 1700000001000000, 1700000009000000, 0 }, /* the clock was set back */
    };
    brn_buf buf = { 0 };

    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(cases); i++) {
        brn_ledger_op op = { .type = BRN_LEDGER_PUT, .stamp = true, .row = &row };
        char now[BRN_CLOCK_TEXT];
        brn_sql_stmt out;

        brn_clock_rfc3339(now, cases[i].now_us);
        assert_true(brn_sql_ledger_render(
            &out, &buf, &plain, NULL, &op, 0, cases[i].now_us, cases[i].began_us));
        assert_string_equal(out.params[19].text, now);
        assert_int_equal(out.params[20].number, cases[i].ms);
        op = (brn_ledger_op){ .type = BRN_LEDGER_HISTORY, .stamp = true, .history = &entry };
        assert_true(brn_sql_ledger_render(
            &out, &buf, &plain, NULL, &op, 0, cases[i].now_us, cases[i].began_us));
        assert_int_equal(out.params[9].number, cases[i].ms);
    }
    brn_buf_release(&buf);
}

static void operations_go_into_one_statement(void **state)
{
    const brn_ledger_op put = { .type = BRN_LEDGER_PUT, .row = &row };
    const brn_ledger_op removal = { .type = BRN_LEDGER_REMOVE, .row = &row };
    const brn_ledger_op written = { .type = BRN_LEDGER_HISTORY, .history = &entry };
    const brn_ledger_op *const ops[] = { &removal, &put, &written };
    brn_sql_stmt out[3];
    brn_buf buf = { 0 };

    (void)state;
    brn_sql_ledger_render_with(out, &buf, &numbered, NULL, ops, 3, 0, 0);
    assert_ptr_equal(
        strstr(
            buf.ptr, "WITH op_1 AS (DELETE FROM `brant_migrations` WHERE `id` = $1), op_2 AS ("
                     "INSERT INTO `brant_migrations` ("),
        buf.ptr);
    assert_non_null(strstr(buf.ptr, "VALUES ($2, $3, "));
    assert_non_null(strstr(buf.ptr, " = EXCLUDED.`error`) INSERT INTO `brant_history` ("));
    assert_non_null(strstr(buf.ptr, "VALUES ($27, "));
    assert_int_equal(out[0].count, 1);
    assert_int_equal(out[1].count, 25);
    assert_string_equal(out[1].params[0].text, "m\"1");
    assert_int_equal(out[2].count, 13);
    brn_buf_reset(&buf);
    brn_sql_ledger_render_with(out, NULL, &numbered, NULL, &ops[1], 2, 0, 0);
    assert_int_equal(buf.len, 0);
    assert_int_equal(out[1].count, 13);
    brn_buf_release(&buf);
}

static void selects_qualify_their_columns(void **state)
{
    brn_buf buf = { 0 };

    (void)state;
    brn_sql_ledger_select(&buf, &plain, "main", BRN_LEDGER_FULL);
    assert_non_null(strstr(buf.ptr, "SELECT m.\"id\", m.\"status\", "));
    assert_non_null(strstr(buf.ptr, " FROM \"main\".\"brant_migrations\" m"));
    brn_buf_reset(&buf);
    brn_sql_ledger_select(&buf, &numbered, NULL, BRN_LEDGER_BRIEF);
    assert_string_equal(
        buf.ptr, "SELECT m.`id`, m.`status`, m.`checksum`, "
                 "CASE WHEN m.`format` > 1 THEN COALESCE(m.`tool`, '') END "
                 "FROM `brant_migrations` m");
    brn_buf_reset(&buf);
    brn_sql_history_select(&buf, &plain, NULL, 7);
    assert_non_null(strstr(buf.ptr, " ORDER BY m.\"seq\" DESC LIMIT 7"));
    brn_buf_reset(&buf);
    brn_sql_history_select(&buf, &plain, NULL, 0);
    assert_null(strstr(buf.ptr, "LIMIT"));
    brn_buf_reset(&buf);
    brn_sql_guard_select(&buf, &numbered, NULL);
    assert_string_equal(
        buf.ptr, "SELECT m.`status`, m.`run_id` FROM `brant_migrations` m WHERE m.`id` = $1");
    brn_buf_release(&buf);
}

/* --- decoding --------------------------------------------------------------------------------- */

static const char *column(void *result, int i)
{
    return ((const char **)result)[i];
}

static void malformed_rows_are_named(void **state)
{
    static const char *const good[25] = {
        "m1",
        "completed",
        NULL,
        "1",
        "1",
        "3",
        "up",
        "sql",
        "1",
        NULL,
        NULL,
        NULL,
        NULL,
        "2",
        "2",
        "0",
        NULL,
        NULL,
        "2026-02-26T15:30:00.123Z",
        NULL,
        "-1",
        NULL,
        "9.9",
        NULL,
        NULL,
    };
    static const struct decode_case {
        size_t at;
        const char *text;
        brant_status status;
        const char *id;
        const char *part;
    } cases[] = {
        { 0, "m1", BRANT_OK, NULL, NULL },
        { 0, NULL, BRANT_EDRIFT, "ledger.unreadable", "\"id\"" },
        { 4, NULL, BRANT_OK, NULL, NULL },
        { 5, "-9223372036854775807", BRANT_OK, NULL, NULL },
        { 5, "9223372036854775808", BRANT_EDRIFT, "ledger.unreadable", "\"seq\"" },
        { 5, "3.0", BRANT_EDRIFT, "ledger.unreadable", "\"seq\" of row \"m1\"" },
        { 5, "", BRANT_EDRIFT, "ledger.unreadable", "\"seq\"" },
        { 5, NULL, BRANT_EDRIFT, "ledger.unreadable", "\"seq\"" },
        { 1, "COMPLETED", BRANT_EDRIFT, "ledger.unreadable", "\"status\"" },
        { 1, "pending", BRANT_EDRIFT, "ledger.unreadable", "\"status\"" },
        { 6, "sideways", BRANT_EDRIFT, "ledger.unreadable", "\"direction\"" },
        { 8, "t", BRANT_OK, NULL, NULL },
        { 8, "maybe", BRANT_EDRIFT, "ledger.unreadable", "\"required\"" },
        { 18, "2026-02-30T15:30:00.123Z", BRANT_EDRIFT, "ledger.unreadable", "\"started_at\"" },
        { 18, NULL, BRANT_OK, NULL, NULL },
        { 3, "2", BRANT_EUNSUPPORTED, "ledger.newer", "9.9" },
        { 3, NULL, BRANT_EDRIFT, "ledger.unreadable", "\"format\"" },
        { 3, "one", BRANT_EDRIFT, "ledger.unreadable", "\"format\"" },
    };

    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(cases); i++) {
        const char *columns[25];
        brn_arena arena = { 0 };
        brn_ledger_row out = { .seq = 77 };
        brant_error *err = NULL;
        brant_status st;

        memcpy(columns, good, sizeof(columns));
        columns[cases[i].at] = cases[i].text;
        st = brn_sql_ledger_decode(&out, &arena, BRN_LEDGER_FULL, column, columns, &err);
        assert_int_equal(st, cases[i].status);
        if (st == BRANT_OK) {
            assert_string_equal(out.id, "m1");
            assert_true(out.required);
            assert_int_equal(out.duration_ms, -1);
        } else {
            assert_int_equal(out.seq, 77); /* untouched */
            assert_string_equal(brant_error_id(err), cases[i].id);
            assert_non_null(strstr(brant_error_message(err), cases[i].part));
            assert_non_null(brant_error_hint(err));
        }
        brant_error_free(err);
        brn_arena_release(&arena);
    }
}

static void brief_rows_are_decoded(void **state)
{
    static const struct brief_case {
        const char *columns[4]; /* id, status, checksum, tool of a newer row */
        brant_status status;
        brn_direction direction;
        const char *part;
    } cases[] = {
        { { "m1", "completed", "c1", NULL }, BRANT_OK, BRN_UP, NULL },
        { { "m1", "completed", NULL, NULL }, BRANT_OK, BRN_UP, NULL },
        { { "m1", "running", "c1", NULL }, BRANT_OK, (brn_direction)0, NULL },
        { { "m1", "failed", "c1", NULL }, BRANT_OK, (brn_direction)0, NULL },
        { { "m1", "pending", "c1", NULL },
          BRANT_EDRIFT,
          (brn_direction)0,
          "\"status\" of row \"m1\"" },
        { { NULL, "completed", "c1", NULL }, BRANT_EDRIFT, (brn_direction)0, "\"id\"" },
        { { "m1", "rolling", "c1", "9.9" }, BRANT_EUNSUPPORTED, (brn_direction)0, "version 9.9" },
        { { "m1", "rolling", "c1", "" }, BRANT_EUNSUPPORTED, (brn_direction)0, "version unknown" },
    };

    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(cases); i++) {
        const char *columns[4];
        brn_arena arena = { 0 };
        brn_ledger_row out = { .seq = 77 };
        brant_error *err = NULL;
        brant_status st;

        memcpy(columns, cases[i].columns, sizeof(columns));
        st = brn_sql_ledger_decode(&out, &arena, BRN_LEDGER_BRIEF, column, columns, &err);
        assert_int_equal(st, cases[i].status);
        if (st == BRANT_OK) {
            assert_string_equal(out.id, "m1");
            assert_string_equal(brn_row_status_name(out.status), columns[1]);
            assert_int_equal(out.direction, cases[i].direction);
            assert_int_equal(out.format, 0);
        } else {
            assert_int_equal(out.seq, 77); /* untouched */
            assert_non_null(strstr(brant_error_message(err), cases[i].part));
        }
        brant_error_free(err);
        brn_arena_release(&arena);
    }
}

static void history_rows_are_decoded(void **state)
{
    const char *columns[14] = { "12", "r1", "up", NULL, "ok",
                                NULL, NULL, NULL, NULL, "2026-02-26T15:30:00.123Z",
                                NULL, NULL, "h",  "1" };
    brn_arena arena = { 0 };
    brn_history_row out = { 0 };
    brant_error *err = NULL;

    (void)state;
    assert_int_equal(brn_sql_history_decode(&out, &arena, column, columns, &err), BRANT_OK);
    assert_int_equal(out.seq, 12);
    assert_null(out.migration);
    assert_string_equal(out.prev, "");
    assert_int_equal(out.duration_ms, -1);
    columns[2] = NULL;
    assert_int_equal(brn_sql_history_decode(&out, &arena, column, columns, &err), BRANT_EDRIFT);
    assert_non_null(strstr(brant_error_message(err), "row \"12\" in table \"brant_history\""));
    brant_error_free(err);
    brn_arena_release(&arena);
}

static void status_words_are_exact(void **state)
{
    (void)state;
    assert_string_equal(brn_row_status_name(BRN_ROW_RUNNING), "running");
    assert_string_equal(brn_row_status_name(BRN_ROW_COMPLETED), "completed");
    assert_string_equal(brn_row_status_name(BRN_ROW_FAILED), "failed");
    assert_int_equal(brn_row_status_parse(BRN_STR("failed")), BRN_ROW_FAILED);
    assert_int_equal(brn_row_status_parse(BRN_STR("Failed")), 0);
    assert_int_equal(brn_row_status_parse(BRN_STR("")), 0);
    assert_string_equal(brn_direction_name(BRN_UP), "up");
    assert_string_equal(brn_direction_name(BRN_DOWN), "down");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(statements_are_rendered_with_bound_values),
        cmocka_unit_test(columns_are_told_in_the_order_of_their_table),
        cmocka_unit_test(absent_values_are_null),
        cmocka_unit_test(a_stamp_takes_the_time_now),
        cmocka_unit_test(operations_go_into_one_statement),
        cmocka_unit_test(selects_qualify_their_columns),
        cmocka_unit_test(malformed_rows_are_named),
        cmocka_unit_test(brief_rows_are_decoded),
        cmocka_unit_test(history_rows_are_decoded),
        cmocka_unit_test(status_words_are_exact),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
