/* SPDX-License-Identifier: Apache-2.0 */
#include "conformance/conformance.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "engine/decorators.h"

static void take_lock(brn_conn *conn)
{
    brant_error *err = NULL;

    if ((conn->caps & BRN_CAP_LOCK) != 0) {
        conf_ok(conn->engine->lock(conn, "conformance", &err), err);
    }
}

static bool is_locked(brn_conn *conn)
{
    brn_lock_holder holder = { 0 };

    return (conn->caps & BRN_CAP_LOCK) != 0 &&
           conn->engine->lock_holder(&holder, conn, NULL) == BRANT_OK && holder.held;
}

static void wrappers_are_engines(void **state)
{
    conf_db *db = *state;
    brn_fault fault = { .hide_caps = BRN_CAP_PROBE | BRN_CAP_LOCK | BRN_CAP_TXN_DDL };
    brn_conn *conn = brn_trace_wrap(brn_dry_run_wrap(brn_fault_wrap(conf_connect(db), &fault)));

    assert_null(brn_engine_validate(conn->engine));
    assert_int_equal(conn->caps, db->quirks->caps & ~fault.hide_caps);
    assert_null(conn->engine->probe);
    assert_null(conn->engine->lock);
    assert_string_equal(conn->engine->name, db->quirks->engine->name);
    conf_close(conn);
}

static void trace_tells_every_operation(void **state)
{
    conf_db *db = *state;
    brn_conn *conn = brn_trace_wrap(conf_connect(db));
    brn_program program = { 0 };
    brn_program bad = { 0 };
    brn_run_state run;
    brn_ledger_state ledger;
    brant_error *err = NULL;
    brant_status st;

    conf_ensure(conn, db);
    take_lock(conn);
    conf_migration(&program, db);
    db->events = 0;
    conf_ok(conn->engine->run(conn, &program, NULL, NULL, &run, &err), err);
    assert_int_equal(db->events, program.ops.count + 2);
    assert_string_equal(db->last_trace, "run");
    conf_ok(conn->engine->ledger_read(&ledger, &db->arena, conn, BRN_LEDGER_FULL, &err), err);
    assert_string_equal(db->last_trace, "ledger_read");
    assert_true(conn->requests > 0);
    conf_add_sql(&bad, db, db->quirks->bad_statement);
    st = conn->engine->run(conn, &bad, NULL, NULL, &run, &err);
    assert_non_null(strstr(db->last_trace, "run: "));
    conf_expect(st, err, BRANT_ESTATEMENT, "statement.failed");
    conf_close(conn);
}

static void count_skipped(
    const brn_program *program, size_t op, const brn_op_result *result, void *user)
{
    size_t *count = user;

    (void)program;
    assert_int_equal(op, *count);
    assert_true(result->skipped);
    (*count)++;
}

static void a_dry_run_changes_nothing(void **state)
{
    conf_db *db = *state;
    brn_conn *plain = conf_connect(db);
    brn_conn *conn = NULL;
    brn_program program = { 0 };
    brn_run_state run;
    brn_ledger_state ledger = { 0 };
    size_t count = 0;
    brant_error *err = NULL;

    conf_ensure(plain, db);
    conn = brn_dry_run_wrap(conf_connect(db));
    take_lock(conn);
    take_lock(plain); /* the dry run took none */
    conf_migration(&program, db);
    conf_ok(conn->engine->run(conn, &program, count_skipped, &count, &run, &err), err);
    assert_int_equal(count, program.ops.count);
    assert_int_equal(run.ops_done, program.ops.count);
    conf_ok(conn->engine->reset(conn, &err), err);
    conf_ok(conn->engine->ledger_read(&ledger, &db->arena, conn, BRN_LEDGER_FULL, &err), err);
    assert_true(ledger.exists);
    assert_int_equal(ledger.rows.count, 0);
    assert_true(conf_is_before(db));
    conf_close(conn);
    conf_close(plain);
}

static uint64_t count_boundaries(conf_db *db)
{
    brn_fault fault = { .kind = BRN_FAULT_COUNT };
    brn_conn *conn = brn_fault_wrap(conf_connect(db), &fault);
    brn_program program = { 0 };
    brn_run_state run;
    brant_error *err = NULL;

    conf_ensure(conn, db);
    take_lock(conn);
    fault.boundaries = 0;
    conf_migration(&program, db);
    conf_ok(conn->engine->run(conn, &program, NULL, NULL, &run, &err), err);
    assert_int_equal(fault.boundaries, 2 * program.ops.count);
    assert_true(conf_is_after(db));
    conf_close(conn);
    return fault.boundaries;
}

static void start_again(void **state)
{
    brn_conn *conn = NULL;

    (void)conf_teardown(state);
    assert_int_equal(conf_setup(state), 0);
    conn = conf_connect(*state);
    conf_ensure(conn, *state);
    conf_close(conn);
}

static void run_and_die(conf_db *db, uint64_t at)
{
    brn_fault fault = { .kind = BRN_FAULT_KILL, .at = at };
    brn_conn *inner = NULL;
    brn_conn *conn = NULL;
    brn_program program = { 0 };
    brn_run_state run;

    if (conf_try_connect(&inner, db, 0, NULL) == BRANT_OK) {
        conn = brn_fault_wrap(inner, &fault);
        (void)conn->engine->lock(conn, "dies", NULL);
        conf_migration(&program, db);
        (void)conn->engine->run(conn, &program, NULL, NULL, &run, NULL);
    }
    _exit(1); /* not reached */
}

static void killed_at_any_boundary_it_is_before_or_after(void **state)
{
    uint64_t last = count_boundaries(*state);

    if ((conf_engine()->caps & BRN_CAP_TXN_DML) == 0) {
        skip();
    }
    for (uint64_t at = 1; at <= last; at++) {
        conf_db *db = NULL;
        brn_conn *conn = NULL;
        pid_t child;
        int how = 0;

        start_again(state);
        db = *state;
        child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            run_and_die(db, at);
        }
        (void)waitpid(child, &how, 0);
        assert_true(WIFSIGNALED(how) && WTERMSIG(how) == SIGKILL);
        assert_true(at == last ? conf_is_after(db) : conf_is_before(db));
        /* And the next run can begin at once; a server needs a moment to notice. */
        conn = conf_connect(db);
        for (int i = 0; db->quirks->holder_is_session && i < 100 && is_locked(conn); i++) {
            brn_clock_sleep_ms(30);
        }
        take_lock(conn);
        conf_close(conn);
    }
}

static void failing_at_any_boundary_leaves_nothing(void **state)
{
    uint64_t last = count_boundaries(*state);

    for (uint64_t at = 1; at < last; at++) {
        brn_fault fault = { .kind = BRN_FAULT_FAIL, .at = at };
        brn_program program = { 0 };
        conf_db *db = NULL;
        brn_conn *conn = NULL;
        brn_run_state run;
        brant_error *err = NULL;
        brant_status st;

        start_again(state);
        db = *state;
        conn = brn_fault_wrap(conf_connect(db), &fault);
        take_lock(conn);
        conf_migration(&program, db);
        st = conn->engine->run(conn, &program, NULL, NULL, &run, &err);
        conf_expect(st, err, BRANT_ESTATEMENT, "fault.injected");
        assert_int_equal(run.ops_done, at / 2);
        assert_false(run.in_doubt);
        err = NULL;
        conf_ok(conn->engine->reset(conn, &err), err);
        assert_true(conf_is_before(db));
        conf_close(conn);
    }
}

static void a_dropped_connection_leaves_one_operation_in_doubt(void **state)
{
    uint64_t last = count_boundaries(*state);

    for (uint64_t at = 1; at <= last; at++) {
        brn_fault fault = { .kind = BRN_FAULT_DROP, .at = at };
        brn_program program = { 0 };
        conf_db *db = NULL;
        brn_conn *conn = NULL;
        brn_run_state run;
        brant_error *err = NULL;
        brant_status st;

        start_again(state);
        db = *state;
        conn = brn_fault_wrap(conf_connect(db), &fault);
        take_lock(conn);
        conf_migration(&program, db);
        st = conn->engine->run(conn, &program, NULL, NULL, &run, &err);
        conf_expect(st, err, BRANT_ECONNECT, "fault.dropped");
        assert_int_equal(run.ops_done, (at - 1) / 2);
        assert_true(run.in_doubt);
        assert_true(at >= last - 1 ? conf_is_after(db) : conf_is_before(db));
        conf_close(conn);
    }
}

static void a_delay_waits(void **state)
{
    conf_db *db = *state;
    brn_fault fault = { .kind = BRN_FAULT_DELAY, .at = 1, .delay_ms = 30 };
    brn_conn *conn = brn_fault_wrap(conf_connect(db), &fault);
    int64_t began = brn_clock_mono_ns();

    conf_ensure(conn, db);
    assert_true(brn_clock_mono_ns() - began >= 30 * BRN_NS_PER_MS);
    conf_close(conn);
}

int conf_group_decorators(void)
{
    const struct CMUnitTest tests[] = {
        TEST(wrappers_are_engines),
        TEST(trace_tells_every_operation),
        TEST(a_dry_run_changes_nothing),
        TEST(killed_at_any_boundary_it_is_before_or_after),
        TEST(failing_at_any_boundary_leaves_nothing),
        TEST(a_dropped_connection_leaves_one_operation_in_doubt),
        TEST(a_delay_waits),
    };

    return cmocka_run_group_tests_name("decorators", tests, NULL, NULL);
}
