/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One statement with values: types, rows, refusals, limits. functions.c has what a program adds.
 */
#include "conformance/conformance.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "base/clock.h"
#include "engine/decorators.h"

/* --- helpers ---------------------------------------------------------------------------------- */

/* A connection with the table of values. */
static brn_conn *with_values(conf_db *db)
{
    brn_conn *conn = NULL;

    if ((db->quirks->caps & BRN_CAP_EXECUTE) == 0) {
        skip();
    }
    conn = conf_connect(db);
    conf_run_sql(conn, db, db->quirks->values_table);
    return conn;
}

static brant_value integer(int64_t number)
{
    return (brant_value){ .type = BRANT_VALUE_INTEGER, .integer = number };
}

static brant_value text(const char *data)
{
    return (brant_value){ .type = BRANT_VALUE_TEXT, .data = data, .length = strlen(data) };
}

/* Statements for a value of the type. */
static const char *put_of(const conf_db *db, uint32_t type)
{
    const char *own = db->quirks->values_put_as[type];

    return own != NULL ? own : db->quirks->values_put;
}

static const char *get_of(const conf_db *db, uint32_t type)
{
    const char *own = db->quirks->values_get_as[type];

    return own != NULL ? own : db->quirks->values_get;
}

static brant_status put(brn_conn *conn, conf_db *db, int64_t key, brant_value value)
{
    const brant_value values[] = { integer(key), value };
    int64_t changed = -1;
    brant_status st =
        conf_execute(&changed, conn, put_of(db, value.type), values, 2, NULL, NULL, NULL);

    if (st == BRANT_OK) {
        assert_int_equal(changed, 1);
    }
    return st;
}

static void put_three(brn_conn *conn, conf_db *db)
{
    for (int64_t i = 1; i <= 3; i++) {
        assert_int_equal(put(conn, db, i, integer(i * 10)), BRANT_OK);
    }
}

/* --- values ----------------------------------------------------------------------------------- */

typedef struct seen {
    brant_value value;
    char data[64];
    size_t rows;
} seen;

static int see_one(const brant_row *row, void *user)
{
    seen *s = user;

    assert_int_equal(row->count, 1);
    assert_string_equal(row->names[0], "x");
    s->value = row->values[0];
    s->rows++;
    if (s->value.type >= BRANT_VALUE_TEXT) {
        assert_true(s->value.length < sizeof(s->data));
        /* With the NUL behind it. */
        memcpy(s->data, s->value.data, s->value.length + 1);
        assert_int_equal(s->data[s->value.length], '\0');
    }
    return 0;
}

static void every_type_comes_back_as_it_went(void **state)
{
    static const brant_value values[] = {
        { .type = BRANT_VALUE_NULL },
        { .type = BRANT_VALUE_INTEGER, .integer = 0 },
        { .type = BRANT_VALUE_INTEGER, .integer = INT64_MAX },
        { .type = BRANT_VALUE_INTEGER, .integer = INT64_MIN },
        { .type = BRANT_VALUE_REAL, .real = 0.1 },
        { .type = BRANT_VALUE_REAL, .real = -1e300 },
        { .type = BRANT_VALUE_REAL, .real = HUGE_VAL },
        { .type = BRANT_VALUE_TEXT, .data = "", .length = 0 },
        { .type = BRANT_VALUE_TEXT, .data = NULL, .length = 0 },
        { .type = BRANT_VALUE_TEXT, .data = "caf\xc3\xa9", .length = 5 },
        { .type = BRANT_VALUE_TEXT, .data = "a\0b", .length = 3 },
        { .type = BRANT_VALUE_TEXT, .data = "cut here", .length = 3 },
        { .type = BRANT_VALUE_BLOB, .data = "", .length = 0 },
        { .type = BRANT_VALUE_BLOB, .data = NULL, .length = 0 },
        { .type = BRANT_VALUE_BLOB, .data = "\0\xff\x80 ", .length = 4 },
    };
    conf_db *db = *state;
    brn_conn *conn = with_values(db);

    for (size_t i = 0; i < BRN_ARRAY_LEN(values); i++) {
        const brant_value *want = &values[i];
        brant_value key = integer((int64_t)i);
        seen got = { 0 };
        int64_t changed = -1;
        brant_error *err = NULL;

        print_message("  %zu\n", i);
        if (db->quirks->values_no_infinity && want->type == BRANT_VALUE_REAL && isinf(want->real)) {
            assert_int_equal(put(conn, db, (int64_t)i, *want), BRANT_EUSAGE);
            continue;
        }
        if (db->quirks->values_no_nul && want->type == BRANT_VALUE_TEXT && want->length > 0 &&
            memchr(want->data, '\0', want->length) != NULL) {
            assert_int_equal(put(conn, db, (int64_t)i, *want), BRANT_EUSAGE);
            continue;
        }
        assert_int_equal(put(conn, db, (int64_t)i, *want), BRANT_OK);
        conf_ok(
            conf_execute(&changed, conn, get_of(db, want->type), &key, 1, see_one, &got, &err),
            err);
        assert_int_equal(changed, 0);
        assert_int_equal(got.rows, 1);
        assert_int_equal(got.value.type, want->type);
        assert_int_equal(got.value.integer, want->integer);
        assert_memory_equal(&got.value.real, &want->real, sizeof(double));
        assert_int_equal(got.value.length, want->length);
        if (want->length > 0) {
            assert_memory_equal(got.data, want->data, want->length);
        }
    }
    conf_close(conn);
}

static void what_is_no_number_is_kept_or_null(void **state)
{
    conf_db *db = *state;
    brn_conn *conn = with_values(db);
    brant_value nan_value = { .type = BRANT_VALUE_REAL, .real = (double)NAN };
    brant_value key = integer(1);
    seen got = { 0 };
    int64_t changed;

    assert_int_equal(put(conn, db, 1, nan_value), BRANT_OK);
    assert_int_equal(
        conf_execute(&changed, conn, get_of(db, BRANT_VALUE_REAL), &key, 1, see_one, &got, NULL),
        BRANT_OK);
    assert_int_equal(got.value.type, db->quirks->values_nan ? BRANT_VALUE_REAL : BRANT_VALUE_NULL);
    conf_close(conn);
}

static void values_must_fit_the_parameters(void **state)
{
    static const struct bad_case {
        size_t count;
        brant_value second;
        const char *part; /* of the message */
    } cases[] = {
        { 0, { .type = BRANT_VALUE_NULL }, "2 parameters, and 0 values" },
        { 1, { .type = BRANT_VALUE_NULL }, "1 value is" },
        { 3, { .type = BRANT_VALUE_NULL }, "3 values" },
        { 2, { .type = BRANT_VALUE_BLOB + 1 }, "value 2" },
        { 2, { .type = BRANT_VALUE_TEXT, .length = 4 }, "value 2" },
        { 2, { .type = BRANT_VALUE_BLOB, .length = 4 }, "value 2" },
    };
    conf_db *db = *state;
    brn_conn *conn = with_values(db);

    for (size_t i = 0; i < BRN_ARRAY_LEN(cases); i++) {
        brant_value values[3] = { integer(1), cases[i].second, integer(3) };
        int64_t changed = 77;
        brant_error *err = NULL;
        brant_status st = conf_execute(
            &changed, conn, db->quirks->values_put, values, cases[i].count, NULL, NULL, &err);

        assert_non_null(strstr(brant_error_message(err), cases[i].part));
        assert_non_null(strstr(brant_error_statement(err), "v"));
        conf_expect(st, err, BRANT_EUSAGE, "code.values");
        assert_int_equal(changed, 77);
    }
    assert_int_equal(db->quirks->number(db->url, db->quirks->values_count), 0);
    conf_close(conn);
}

/* --- statements ------------------------------------------------------------------------------- */

static void one_statement_means_one(void **state)
{
    static const struct text_case {
        const char *format; /* of a statement */
        brant_status status;
        const char *id;
    } cases[] = {
        { "%s", BRANT_OK, NULL },
        { "\n ;; -- first\n%s ; /* and */ ;\n-- that is all", BRANT_OK, NULL },
        { "%s; %s", BRANT_EUSAGE, "code.more_than_one" },
        { "", BRANT_EUSAGE, "code.values" },
        { " -- nothing\n;", BRANT_EUSAGE, "code.values" },
    };
    conf_db *db = *state;
    brn_conn *conn = with_values(db);

    for (size_t i = 0; i < BRN_ARRAY_LEN(cases); i++) {
        char sql[512];
        int64_t changed = -1;
        brant_error *err = NULL;
        brant_status st;

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
#pragma GCC diagnostic ignored "-Wformat-extra-args"
        (void)snprintf(
            sql, sizeof(sql), cases[i].format, db->quirks->values_count, db->quirks->values_count);
#pragma GCC diagnostic pop
        st = conf_execute(&changed, conn, sql, NULL, 0, NULL, NULL, &err);
        if (cases[i].id == NULL) {
            conf_ok(st, err);
        } else {
            conf_expect(st, err, cases[i].status, cases[i].id);
        }
    }
    conf_close(conn);
}

static void errors_carry_the_statement_and_the_place(void **state)
{
    conf_db *db = *state;
    brn_conn *conn = with_values(db);
    int64_t changed;
    brant_error *err = NULL;
    brant_status st;

    conf_run_sql(conn, db, db->quirks->create_table);
    st = conf_execute(&changed, conn, db->quirks->bad_statement, NULL, 0, NULL, NULL, &err);
    assert_string_equal(brant_error_statement(err), db->quirks->bad_statement);
    if (db->quirks->bad_offset >= 0) {
        assert_int_equal(brn_error_get_offset(err), db->quirks->bad_offset);
    }
    conf_expect(st, err, BRANT_ESTATEMENT, "statement.failed");
    conf_close(conn);
}

static void changed_rows_and_requests_are_counted(void **state)
{
    conf_db *db = *state;
    brn_conn *conn = with_values(db);
    uint64_t before;
    int64_t changed = -1;
    brant_error *err = NULL;

    conf_run_sql(conn, db, db->quirks->create_table);
    before = conn->requests;
    conf_ok(conf_execute(&changed, conn, db->quirks->insert_rows, NULL, 0, NULL, NULL, &err), err);
    assert_int_equal(changed, 3);
    conf_ok(conf_execute(&changed, conn, db->quirks->update_rows, NULL, 0, NULL, NULL, &err), err);
    assert_int_equal(changed, 2);
    conf_ok(conf_execute(&changed, conn, db->quirks->count_rows, NULL, 0, NULL, NULL, &err), err);
    assert_int_equal(changed, 0);
    assert_int_equal(conn->requests - before, 3);
    conf_close(conn);
}

static void brants_own_tables_are_refused(void **state)
{
    conf_db *db = *state;
    brn_conn *conn = with_values(db);
    int64_t changed;
    brant_error *err = NULL;
    brant_status st;

    conf_ensure(conn, db);
    st = conf_execute(&changed, conn, db->quirks->ledger_write, NULL, 0, NULL, NULL, &err);
    assert_non_null(brant_error_hint(err));
    conf_expect(st, err, BRANT_ESTATEMENT, "transaction.refused");
    conf_close(conn);
}

/* What other databases' functions do here takes effect by itself. */
static void nobody_leaves_a_transaction_open(void **state)
{
    conf_db *db = *state;
    brn_conn *conn = with_values(db);
    int64_t changed;
    brant_error *err = NULL;
    brant_status st = conf_execute(&changed, conn, db->quirks->begin, NULL, 0, NULL, NULL, &err);

    conf_expect(st, err, BRANT_ESTATEMENT, "statement.transaction_control");
    assert_int_equal(put(conn, db, 1, integer(1)), BRANT_OK);
    assert_int_equal(db->quirks->number(db->url, db->quirks->values_count), 1);
    conf_close(conn);
}

/* --- rows ------------------------------------------------------------------------------------- */

typedef struct walk {
    brn_conn *conn;
    conf_db *db;
    size_t rows;
    size_t stop_at;
    int64_t sum;
} walk;

static int add_up(const brant_row *row, void *user)
{
    walk *w = user;

    assert_int_equal(row->count, 2);
    assert_string_equal(row->names[0], "x");
    assert_string_equal(row->names[1], "i");
    w->rows++;
    w->sum += row->values[0].integer;
    return w->rows == w->stop_at;
}

static void rows_come_in_order_until_the_function_has_enough(void **state)
{
    conf_db *db = *state;
    brn_conn *conn = with_values(db);

    put_three(conn, db);
    for (size_t stop_at = 0; stop_at <= 3; stop_at++) {
        walk w = { .stop_at = stop_at };
        int64_t changed = -1;
        brant_error *err = NULL;

        conf_ok(
            conf_execute(&changed, conn, db->quirks->values_all, NULL, 0, add_up, &w, &err), err);
        assert_int_equal(w.rows, stop_at == 0 ? 3 : stop_at);
        assert_int_equal(changed, 0);
    }
    /* Nothing of it is left: the table can go. */
    conf_run_sql(conn, db, "DROP TABLE v");
    conf_close(conn);
}

static int nest(const brant_row *row, void *user)
{
    walk *w = user;
    walk inner = { .stop_at = 2 };
    brant_value values[] = { integer(row->values[1].integer), text("seen") };
    int64_t changed = -1;

    w->rows++;
    assert_int_equal(
        conf_execute(&changed, w->conn, w->db->quirks->values_all, NULL, 0, add_up, &inner, NULL),
        BRANT_OK);
    assert_int_equal(inner.rows, 2);
    /* A copy of the row under another key; the outer query stops before it sees any. */
    values[0].integer += 100;
    assert_int_equal(
        conf_execute(
            &changed, w->conn, put_of(w->db, BRANT_VALUE_TEXT), values, 2, NULL, NULL, NULL),
        BRANT_OK);
    assert_int_equal(changed, 1);
    /* What the row holds is still there. */
    w->sum += row->values[0].integer;
    return w->rows == w->stop_at;
}

static void a_row_function_may_run_statements(void **state)
{
    conf_db *db = *state;
    brn_conn *conn = with_values(db);
    walk w = { .conn = conn, .db = db, .stop_at = 3 };
    int64_t changed = -1;
    brant_error *err = NULL;

    put_three(conn, db);
    brn_control_start(&db->control, BRN_LIMIT_STATEMENT, 60000);
    conf_ok(conf_execute(&changed, conn, db->quirks->values_all, NULL, 0, nest, &w, &err), err);
    assert_int_equal(w.rows, 3);
    assert_int_equal(w.sum, 60);
    assert_int_equal(db->control.deadline_ns[BRN_LIMIT_STATEMENT], 0);
    assert_int_equal(db->quirks->number(db->url, db->quirks->values_count), 6);
    conf_close(conn);
}

static int count_blob(const brant_row *row, void *user)
{
    size_t *rows = user;

    (*rows)++;
    assert_int_equal(row->values[1].type, BRANT_VALUE_BLOB);
    return row->values[1].length < 4096; /* ends it, which the count shows */
}

static void a_large_result_takes_no_memory(void **state)
{
    conf_db *db = *state;
    brn_conn *conn = with_values(db);
    struct rusage before;
    struct rusage after;
    size_t rows = 0;
    int64_t changed;
    brant_error *err = NULL;

    assert_int_equal(getrusage(RUSAGE_SELF, &before), 0);
    conf_ok(
        conf_execute(&changed, conn, db->quirks->values_many, NULL, 0, count_blob, &rows, &err),
        err);
    assert_int_equal(getrusage(RUSAGE_SELF, &after), 0);
    assert_int_equal(rows, db->quirks->values_many_rows);
    /* 800 MB went by; a sanitizer keeps 256 MB of what is freed. */
    assert_true(after.ru_maxrss - before.ru_maxrss < 400 * 1024);
    conf_close(conn);
}

/* --- stopping --------------------------------------------------------------------------------- */

static void the_statements_limit_covers_it(void **state)
{
    conf_db *db = *state;
    brn_conn *conn = with_values(db);
    int64_t changed;
    brant_error *err = NULL;
    brant_status st;

    if ((db->quirks->caps & BRN_CAP_CANCEL) == 0) {
        skip();
    }
    db->control.limit_ms[BRN_LIMIT_STATEMENT] = 50;
    st = conf_execute(&changed, conn, db->quirks->endless, NULL, 0, NULL, NULL, &err);
    conf_expect(st, err, BRANT_ETIMEOUT, "control.timeout");
    assert_int_equal(db->control.deadline_ns[BRN_LIMIT_STATEMENT], 0);
    assert_int_equal(db->control.limit_ms[BRN_LIMIT_STATEMENT], 50);
    assert_int_equal(put(conn, db, 1, integer(1)), BRANT_OK);
    conf_close(conn);
}

static int dawdle(const brant_row *row, void *user)
{
    size_t *rows = user;

    (void)row;
    (*rows)++;
    brn_clock_sleep_ms(60);
    return 0;
}

static void the_functions_own_time_is_not_the_statements(void **state)
{
    conf_db *db = *state;
    brn_conn *conn = with_values(db);
    size_t rows = 0;
    int64_t changed;
    brant_error *err = NULL;

    put_three(conn, db);
    db->control.limit_ms[BRN_LIMIT_STATEMENT] = 100;
    conf_ok(
        conf_execute(&changed, conn, db->quirks->values_all, NULL, 0, dawdle, &rows, &err), err);
    assert_int_equal(rows, 3);
    conf_close(conn);
}

static int cancel(const brant_row *row, void *user)
{
    walk *w = user;

    (void)row;
    w->rows++;
    brn_control_cancel(&w->db->control);
    return 0;
}

static void a_cancelled_query_ends(void **state)
{
    conf_db *db = *state;
    brn_conn *conn = with_values(db);
    walk w = { .db = db };
    int64_t changed;
    brant_error *err = NULL;
    brant_status st;

    put_three(conn, db);
    st = conf_execute(&changed, conn, db->quirks->values_all, NULL, 0, cancel, &w, &err);
    conf_expect(st, err, BRANT_ECANCELLED, "control.cancelled");
    assert_int_equal(w.rows, 1);
    brn_control_init(&db->control);
    conf_close(conn);
}

/* --- decorators ------------------------------------------------------------------------------- */

static void the_trace_shows_statements_and_no_values(void **state)
{
    conf_db *db = *state;
    brn_conn *conn = brn_trace_wrap(with_values(db));
    brant_value values[] = { integer(1), text("secret") };
    uint64_t before = conn->requests;
    int64_t changed = -1;
    const char *put_text = put_of(db, BRANT_VALUE_TEXT);

    assert_int_equal(conf_execute(&changed, conn, put_text, values, 2, NULL, NULL, NULL), BRANT_OK);
    assert_string_equal(db->last_trace, "execute: 1 rows");
    assert_string_equal(db->last_statement, put_text);
    assert_int_equal(conn->requests, before + 1);
    assert_int_not_equal(
        conf_execute(&changed, conn, put_text, values, 1, NULL, NULL, NULL), BRANT_OK);
    assert_non_null(strstr(db->last_trace, "execute: "));
    assert_null(strstr(db->last_trace, "secret"));
    conf_close(conn);
}

static void a_dry_run_has_it_and_changes_nothing(void **state)
{
    conf_db *db = *state;
    brn_fault fault = { .hide_caps = BRN_CAP_EXECUTE };
    brn_conn *conn = brn_dry_run_wrap(with_values(db));
    brant_value values[] = { integer(1), integer(2) };
    int64_t changed = 0;

    assert_int_equal(
        conf_execute(&changed, conn, db->quirks->values_put, values, 2, NULL, NULL, NULL),
        BRANT_OK);
    assert_int_equal(changed, -1);
    assert_int_equal(db->quirks->number(db->url, db->quirks->values_count), 0);
    conf_close(conn);
    conn = brn_fault_wrap(conf_connect(db), &fault);
    assert_null(conn->engine->execute);
    assert_null(brn_engine_validate(conn->engine));
    conf_close(conn);
}

int conf_group_execute(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_type_comes_back_as_it_went),
        TEST(what_is_no_number_is_kept_or_null),
        TEST(values_must_fit_the_parameters),
        TEST(one_statement_means_one),
        TEST(errors_carry_the_statement_and_the_place),
        TEST(changed_rows_and_requests_are_counted),
        TEST(brants_own_tables_are_refused),
        TEST(nobody_leaves_a_transaction_open),
        TEST(rows_come_in_order_until_the_function_has_enough),
        TEST(a_row_function_may_run_statements),
        TEST(a_large_result_takes_no_memory),
        TEST(the_statements_limit_covers_it),
        TEST(the_functions_own_time_is_not_the_statements),
        TEST(a_cancelled_query_ends),
        TEST(the_trace_shows_statements_and_no_values),
        TEST(a_dry_run_has_it_and_changes_nothing),
    };

    return cmocka_run_group_tests_name("execute", tests, NULL, NULL);
}
