/* SPDX-License-Identifier: Apache-2.0 */
#include "conformance/conformance.h"

#include <pthread.h>
#include <string.h>

#include "base/clock.h"

#define CANCEL_AFTER_MS 100
#define SOON_MS 20000 /* far below what the endless statement takes, far above a slow machine */

/* --- helpers ---------------------------------------------------------------------------------- */

typedef struct results {
    size_t count;
    size_t next; /* operation expected */
    int64_t rows[32];
} results;

static void on_result(
    const brn_program *program, size_t op, const brn_op_result *result, void *user)
{
    results *r = user;

    (void)program;
    assert_int_equal(op, r->next);
    assert_true(result->duration_ns >= 0);
    assert_false(result->skipped);
    r->rows[op] = result->rows;
    r->next++;
    r->count++;
}

static brn_conn *ready(conf_db *db)
{
    brn_conn *conn = conf_connect(db);
    brant_error *err = NULL;

    conf_ensure(conn, db);
    if ((conn->caps & BRN_CAP_LOCK) != 0) {
        conf_ok(conn->engine->lock(conn, "conformance", &err), err);
    }
    return conn;
}

/* --- tests ------------------------------------------------------------------------------------ */

static void a_program_commits_with_its_ledger_rows(void **state)
{
    conf_db *db = *state;
    brn_conn *conn = ready(db);
    brn_program program = { 0 };
    brn_run_state run;
    results r = { 0 };
    brant_error *err = NULL;

    conf_migration(&program, db);
    conf_ok(conn->engine->run(conn, &program, on_result, &r, &run, &err), err);
    assert_int_equal(run.ops_done, program.ops.count);
    assert_false(run.in_doubt);
    assert_int_equal(r.count, program.ops.count);
    assert_int_equal(r.rows[3], 3); /* the insert */
    assert_true(conf_is_after(db));
    conf_close(conn);
}

/* A failing statement is put before each operation in turn. */
static void a_failure_at_any_operation_leaves_nothing(void **state)
{
    conf_db *db = *state;
    brn_conn *conn = ready(db);
    brn_program whole = { 0 };
    brant_error *err = NULL;

    if ((conn->caps & BRN_CAP_TXN_DML) == 0) {
        conf_close(conn);
        skip();
    }
    conf_migration(&whole, db);
    for (size_t at = 1; at < whole.ops.count; at++) {
        brn_program program = { .migration = "m1", .run_id = "run-1" };
        brn_run_state run;
        results r = { 0 };
        brant_status st;

        for (size_t i = 0; i < whole.ops.count; i++) {
            if (i == at) {
                conf_add_sql(&program, db, db->quirks->bad_statement);
            }
            *conf_add(&program, db, whole.ops.items[i].type) = whole.ops.items[i];
        }
        err = NULL;
        st = conn->engine->run(conn, &program, on_result, &r, &run, &err);
        conf_expect(st, err, BRANT_ESTATEMENT, "statement.failed");
        assert_int_equal(run.ops_done, at);
        assert_int_equal(r.count, at);
        assert_false(run.in_doubt);
        err = NULL;
        conf_ok(conn->engine->reset(conn, &err), err);
        assert_true(conf_is_before(db));
    }
    err = NULL;
    conf_ok(conn->engine->reset(conn, &err), err); /* with nothing open as well */
    conf_close(conn);
}

static void closing_rolls_back(void **state)
{
    conf_db *db = *state;
    brn_conn *conn = ready(db);
    brn_program program = { 0 };
    brn_run_state run;
    brant_error *err = NULL;

    if ((conn->caps & BRN_CAP_TXN_DML) == 0) {
        conf_close(conn);
        skip();
    }
    conf_migration(&program, db);
    program.ops.count--; /* the commit */
    conf_ok(conn->engine->run(conn, &program, NULL, NULL, &run, &err), err);
    conf_close(conn);
    assert_true(conf_is_before(db));
}

static void an_error_has_the_position_inside_the_statement(void **state)
{
    conf_db *db = *state;
    brn_conn *conn = ready(db);
    brn_program program = { 0 };
    brn_run_state run;
    brant_error *err = NULL;
    brant_status st;

    conf_run_sql(conn, db, db->quirks->create_table);
    conf_add_sql(&program, db, db->quirks->bad_statement);
    st = conn->engine->run(conn, &program, NULL, NULL, &run, &err);
    if (db->quirks->bad_offset >= 0) {
        assert_int_equal(brn_error_get_offset(err), db->quirks->bad_offset);
    }
    assert_string_equal(brant_error_statement(err), db->quirks->bad_statement);
    assert_true(brant_error_native_code(err) != 0 || brant_error_sqlstate(err) != NULL);
    conf_expect(st, err, BRANT_ESTATEMENT, "statement.failed");
    conf_close(conn);
}

static void rows_changed_are_counted(void **state)
{
    conf_db *db = *state;
    brn_conn *conn = ready(db);
    brn_program program = { 0 };
    brn_run_state run;
    results r = { 0 };
    brant_error *err = NULL;

    conf_add_sql(&program, db, db->quirks->create_table);
    conf_add_sql(&program, db, db->quirks->insert_rows);
    conf_add_sql(&program, db, db->quirks->update_rows);
    (void)conf_add(&program, db, BRN_OP_BARRIER);
    conf_ok(conn->engine->run(conn, &program, on_result, &r, &run, &err), err);
    assert_int_equal(r.count, 4);
    assert_true(r.rows[0] <= 0);
    assert_true(r.rows[1] == 3 || r.rows[1] == -1);
    assert_true(r.rows[2] == 2 || r.rows[2] == -1);
    conf_close(conn);
}

static void the_guard_wants_our_row_running(void **state)
{
    static const struct guard_case {
        const char *name;
        const char *id;
        const char *row_run;
        brn_row_status status;
        bool passes;
    } cases[] = {
        { "our row", "m1", "run-1", BRN_ROW_RUNNING, true },
        { "the lock only", NULL, "run-2", BRN_ROW_COMPLETED, true },
        { "another run's row", "m1", "run-2", BRN_ROW_RUNNING, false },
        { "completed", "m1", "run-1", BRN_ROW_COMPLETED, false },
        { "failed", "m1", "run-1", BRN_ROW_FAILED, false },
        { "no row", "m2", "run-1", BRN_ROW_RUNNING, false },
    };
    conf_db *db = *state;
    brn_conn *conn = ready(db);

    for (size_t i = 0; i < BRN_ARRAY_LEN(cases); i++) {
        brn_program program = { .run_id = "run-1" };
        brn_ledger_row row = conf_row("m1", cases[i].status);
        brn_run_state run;
        brant_error *err = NULL;
        brant_status st;

        print_message("  %s\n", cases[i].name);
        row.run_id = cases[i].row_run;
        conf_add_ledger(&program, db, BRN_LEDGER_PUT, &row);
        conf_add(&program, db, BRN_OP_GUARD)->id = cases[i].id;
        st = conn->engine->run(conn, &program, NULL, NULL, &run, &err);
        if (cases[i].passes) {
            conf_ok(st, err);
        } else {
            assert_int_equal(run.ops_done, 1);
            conf_expect(st, err, BRANT_ELOCKED, "lock.lost");
        }
    }
    conf_close(conn);
}

static void the_guard_wants_the_lock(void **state)
{
    conf_db *db = *state;
    brn_conn *conn = ready(db);
    brn_program program = { .run_id = "run-1" };
    brn_run_state run;
    brant_error *err = NULL;
    brant_status st;

    if ((conn->caps & BRN_CAP_LOCK) == 0) {
        conf_close(conn);
        skip();
    }
    (void)conf_add(&program, db, BRN_OP_GUARD);
    conn->engine->unlock(conn);
    st = conn->engine->run(conn, &program, NULL, NULL, &run, &err);
    conf_expect(st, err, BRANT_ELOCKED, "lock.lost");
    conf_close(conn);
}

static void transaction_control_inside_a_program_is_refused(void **state)
{
    static const char *const texts[] = { "BEGIN", "COMMIT", "ROLLBACK" };
    conf_db *db = *state;
    brn_conn *conn = ready(db);

    for (size_t i = 0; i < BRN_ARRAY_LEN(texts); i++) {
        brn_program program = { 0 };
        brn_run_state run;
        brant_error *err = NULL;

        (void)conf_add(&program, db, BRN_OP_BEGIN);
        conf_add_sql(&program, db, conf_change(db));
        conf_add_sql(&program, db, texts[i]);
        assert_int_equal(
            conn->engine->run(conn, &program, NULL, NULL, &run, &err), BRANT_ESTATEMENT);
        brant_error_free(err);
        assert_int_equal(run.ops_done, 2);
        err = NULL;
        conf_ok(conn->engine->reset(conn, &err), err);
        assert_true(conf_is_before(db));
    }
    conf_close(conn);
}

/* --- stopping --------------------------------------------------------------------------------- */

static void *cancel_later(void *user)
{
    conf_db *db = user;

    brn_clock_sleep_ms(CANCEL_AFTER_MS);
    brn_control_cancel(&db->control);
    return NULL;
}

static void cancelling_stops_inside_a_statement(void **state)
{
    conf_db *db = *state;
    brn_conn *conn = ready(db);
    brn_program program = { 0 };
    brn_run_state run;
    brant_error *err = NULL;
    pthread_t thread;
    int64_t began = brn_clock_mono_ns();
    brant_status st;

    if ((conn->caps & BRN_CAP_CANCEL) == 0) {
        conf_close(conn);
        skip();
    }
    conf_migration(&program, db);
    program.ops.count--;
    conf_add_sql(&program, db, db->quirks->endless);
    assert_int_equal(pthread_create(&thread, NULL, cancel_later, db), 0);
    st = conn->engine->run(conn, &program, NULL, NULL, &run, &err);
    (void)pthread_join(thread, NULL);
    assert_int_equal(run.ops_done, program.ops.count - 1);
    conf_expect(st, err, BRANT_ECANCELLED, "control.cancelled");
    assert_true(brn_clock_mono_ns() - began < SOON_MS * BRN_NS_PER_MS);
    /* Rolling back and recording the failure must work although everything says stop. */
    err = NULL;
    conf_ok(conn->engine->reset(conn, &err), err);
    assert_true(conf_is_before(db));
    conf_close(conn);
}

static void a_time_limit_stops_inside_a_statement(void **state)
{
    conf_db *db = *state;
    brn_conn *conn = ready(db);
    brn_program program = { 0 };
    brn_run_state run;
    brant_error *err = NULL;
    brant_status st;

    brn_control_start(&db->control, BRN_LIMIT_STATEMENT, CANCEL_AFTER_MS);
    brn_clock_sleep_ms(CANCEL_AFTER_MS + 20); /* the limit is the statement's alone */
    conf_add_sql(&program, db, db->quirks->create_table);
    conf_add_sql(&program, db, db->quirks->endless);
    st = conn->engine->run(conn, &program, NULL, NULL, &run, &err);
    assert_int_equal(run.ops_done, 1);
    assert_non_null(strstr(brant_error_message(err), "statement"));
    conf_expect(st, err, BRANT_ETIMEOUT, "control.timeout");
    conf_close(conn);
}

static void what_finishes_is_not_stopped(void **state)
{
    conf_db *db = *state;
    brn_conn *conn = ready(db);
    brn_ledger_row row = conf_row("m1", BRN_ROW_RUNNING);
    brn_program program = { .run_id = "run-1" };
    brn_program next = { .run_id = "run-1" };
    brn_run_state run;
    brant_error *err = NULL;
    brant_status st;

    conf_run_sql(conn, db, db->quirks->create_table);
    conf_add_ledger(&program, db, BRN_LEDGER_PUT, &row);
    conf_add_ledger(&program, db, BRN_LEDGER_OUTCOME, &row);
    conf_add_ledger(&program, db, BRN_LEDGER_FAIL, &row);
    conf_add_ledger(&next, db, BRN_LEDGER_INTENT, &row);
    brn_control_cancel(&db->control);
    conf_ok(conn->engine->run(conn, &program, NULL, NULL, &run, &err), err);
    st = conn->engine->run(conn, &next, NULL, NULL, &run, &err);
    conf_expect(st, err, BRANT_ECANCELLED, NULL);
    conf_close(conn);
}

static void another_writer_makes_it_busy(void **state)
{
    conf_db *db = *state;
    brn_conn *first = ready(db);
    brn_conn *second = conf_connect(db);
    brn_program begin = { 0 };
    brn_program commit = { 0 };
    brn_run_state run;
    brant_error *err = NULL;
    brant_status st;

    (void)conf_add(&begin, db, BRN_OP_BEGIN);
    (void)conf_add(&commit, db, BRN_OP_COMMIT);
    conf_ok(first->engine->run(first, &begin, NULL, NULL, &run, &err), err);
    st = second->engine->run(second, &begin, NULL, NULL, &run, &err);
    if (st == BRANT_OK) {
        conf_close(first); /* writers do not exclude each other here */
        conf_close(second);
        skip();
    }
    assert_int_equal(run.ops_done, 0);
    conf_expect(st, err, BRANT_ELOCKED, "statement.busy");
    err = NULL;
    conf_ok(first->engine->run(first, &commit, NULL, NULL, &run, &err), err);
    conf_ok(second->engine->run(second, &begin, NULL, NULL, &run, &err), err);
    conf_close(first);
    conf_close(second);
}

int conf_group_program(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_program_commits_with_its_ledger_rows),
        TEST(a_failure_at_any_operation_leaves_nothing),
        TEST(closing_rolls_back),
        TEST(an_error_has_the_position_inside_the_statement),
        TEST(rows_changed_are_counted),
        TEST(the_guard_wants_our_row_running),
        TEST(the_guard_wants_the_lock),
        TEST(transaction_control_inside_a_program_is_refused),
        TEST(cancelling_stops_inside_a_statement),
        TEST(a_time_limit_stops_inside_a_statement),
        TEST(what_finishes_is_not_stopped),
        TEST(another_writer_makes_it_busy),
    };

    return cmocka_run_group_tests_name("program", tests, NULL, NULL);
}
