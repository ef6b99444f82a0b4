/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "engine/interpret.h"

/* --- an engine that writes down what it is told ----------------------------------------------- */

typedef struct recorder {
    brn_conn conn;
    brn_control control;
    char log[512];
    const char *fail_at; /* word of the step that fails */
    bool doubt;
    bool cancel_in_statement;
    int64_t deadline_in_statement;
    bool wrap_calls; /* the engine makes them itself */
} recorder;

static brant_status record(recorder *r, const char *word, bool *in_doubt, brant_error **err)
{
    (void)strncat(r->log, word, sizeof(r->log) - strlen(r->log) - 1);
    (void)strncat(r->log, " ", sizeof(r->log) - strlen(r->log) - 1);
    if (r->fail_at != NULL && strcmp(r->fail_at, word) == 0) {
        if (in_doubt != NULL) {
            *in_doubt = r->doubt;
        }
        return brn_error(err, BRANT_ESTATEMENT, "test.failed", "failed");
    }
    return BRANT_OK;
}

static brant_status on_begin(brn_conn *conn, uint32_t flags, brant_error **err)
{
    return record((recorder *)conn, flags != 0 ? "begin!" : "begin", NULL, err);
}

static brant_status on_commit(brn_conn *conn, bool *in_doubt, brant_error **err)
{
    return record((recorder *)conn, "commit", in_doubt, err);
}

static brant_status on_statement(
    brn_conn *conn, const brn_op *op, int64_t *rows, bool *in_doubt, brant_error **err)
{
    recorder *r = (recorder *)conn;

    (void)op;
    *rows = 7;
    r->deadline_in_statement = conn->control->deadline_ns[BRN_LIMIT_STATEMENT];
    if (r->cancel_in_statement) {
        brn_control_cancel(conn->control);
    }
    return record(r, "statement", in_doubt, err);
}

static brant_status on_ledger(
    brn_conn *conn, const brn_ledger_op *op, int64_t began_us, brant_error **err)
{
    assert_true(began_us > 0);
    return record((recorder *)conn, op->type == BRN_LEDGER_INTENT ? "intent" : "ledger", NULL, err);
}

static brant_status on_guard(brn_conn *conn, const char *id, const char *run_id, brant_error **err)
{
    assert_string_equal(id, "m1");
    assert_string_equal(run_id, "r1");
    return record((recorder *)conn, "guard", NULL, err);
}

static brant_status on_call(brn_conn *conn, const brn_op *op, int64_t *rows, brant_error **err)
{
    brant_status st = record((recorder *)conn, "(", NULL, err);

    if (st == BRANT_OK) {
        st = op->call(op->call_user, rows, err);
    }
    return st == BRANT_OK ? record((recorder *)conn, ")", NULL, err) : st;
}

static const brn_steps steps = { .begin = on_begin,
                                 .commit = on_commit,
                                 .statement = on_statement,
                                 .ledger = on_ledger,
                                 .guard = on_guard };
static const brn_steps steps_with_call = { .begin = on_begin,
                                           .commit = on_commit,
                                           .statement = on_statement,
                                           .ledger = on_ledger,
                                           .guard = on_guard,
                                           .call = on_call };

/* A function of the host program. */
static brant_status function(void *user, int64_t *rows, brant_error **err)
{
    recorder *r = user;

    *rows = 5;
    r->deadline_in_statement = r->control.deadline_ns[BRN_LIMIT_STATEMENT];
    return record(r, "function", NULL, err);
}

/* --- programs --------------------------------------------------------------------------------- */

typedef struct fixture {
    brn_arena arena;
    recorder r;
    brn_program program;
    brn_run_state state;
    size_t results;
    int64_t rows[16];
} fixture;

static const brn_ledger_op put = { .type = BRN_LEDGER_PUT };
static const brn_ledger_op intent = { .type = BRN_LEDGER_INTENT };
static const brn_ledger_op outcome = { .type = BRN_LEDGER_OUTCOME };

/* b begin, g guard, s statement, f function, l put, i intent, o outcome, | barrier, c commit */
static void prepare(fixture *f, const char *ops)
{
    *f = (fixture){ 0 };
    brn_arena_init(&f->arena);
    brn_control_init(&f->r.control);
    f->r.conn.control = &f->r.control;
    f->r.conn.database = "main";
    f->program.migration = "m1";
    f->program.run_id = "r1";
    for (const char *p = ops; *p != '\0'; p++) {
        static const struct letter {
            char letter;
            brn_op_type type;
            const brn_ledger_op *ledger;
        } letters[] = {
            { 'b', BRN_OP_BEGIN, NULL },      { 'B', BRN_OP_BEGIN, NULL },
            { 'g', BRN_OP_GUARD, NULL },      { 's', BRN_OP_STATEMENT, NULL },
            { 'l', BRN_OP_LEDGER, &put },     { 'i', BRN_OP_LEDGER, &intent },
            { 'o', BRN_OP_LEDGER, &outcome }, { '|', BRN_OP_BARRIER, NULL },
            { 'c', BRN_OP_COMMIT, NULL },     { 'f', BRN_OP_STATEMENT, NULL },
        };

        for (size_t i = 0; i < BRN_ARRAY_LEN(letters); i++) {
            if (letters[i].letter == *p) {
                brn_op *op = brn_program_add(&f->program, &f->arena, letters[i].type);

                assert_non_null(op);
                op->ledger = letters[i].ledger;
                op->id = "m1";
                op->flags = *p == 'B' ? BRN_OP_FOREIGN_KEYS_OFF : 0;
                op->call = *p == 'f' ? function : NULL;
                op->call_user = *p == 'f' ? &f->r : NULL;
            }
        }
    }
}

static void on_result(
    const brn_program *program, size_t op, const brn_op_result *result, void *user)
{
    fixture *f = user;

    assert_ptr_equal(program, &f->program);
    assert_int_equal(op, f->results);
    f->rows[op] = result->rows;
    f->results++;
}

static brant_status run(fixture *f, brant_error **err)
{
    return brn_interpret(
        &f->r.conn, f->r.wrap_calls ? &steps_with_call : &steps, &f->program, on_result, f,
        &f->state, err);
}

/* --- tests ------------------------------------------------------------------------------------ */

static void it_walks_in_order_and_stops_at_the_first_failure(void **state)
{
    static const struct walk_case {
        const char *ops;
        const char *fail_at;
        const char *log;
        size_t done;
        bool doubt;
    } cases[] = {
        { "", NULL, "", 0, false },
        { "bgsslc", NULL, "begin guard statement statement ledger commit ", 6, false },
        { "Bs|c", NULL, "begin! statement commit ", 4, false },
        { "isoiso", NULL, "intent statement ledger intent statement ledger ", 6, false },
        { "bgsc", "begin", "begin ", 0, false },
        { "bgsc", "guard", "begin guard ", 1, false },
        { "bgsc", "statement", "begin guard statement ", 2, false },
        { "bgsc", "statement", "begin guard statement ", 2, true },
        { "bgslc", "ledger", "begin guard statement ledger ", 3, false },
        { "bgslc", "commit", "begin guard statement ledger commit ", 4, true },
        { "iso", "intent", "intent ", 0, false },
    };

    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(cases); i++) {
        fixture f;
        brant_error *err = NULL;
        brant_status st;

        print_message(
            "  %s failing at %s\n", cases[i].ops,
            cases[i].fail_at != NULL ? cases[i].fail_at : "nothing");
        prepare(&f, cases[i].ops);
        f.r.fail_at = cases[i].fail_at;
        f.r.doubt = cases[i].doubt;
        st = run(&f, &err);
        assert_int_equal(st, cases[i].fail_at != NULL ? BRANT_ESTATEMENT : BRANT_OK);
        assert_string_equal(f.r.log, cases[i].log);
        assert_int_equal(f.state.ops_done, cases[i].done);
        assert_int_equal(f.results, cases[i].done);
        assert_int_equal(f.state.in_doubt, cases[i].doubt);
        if (st != BRANT_OK) {
            assert_string_equal(brant_error_database(err), "main");
            assert_string_equal(brant_error_migration(err), "m1");
        }
        brant_error_free(err);
        brn_arena_release(&f.arena);
    }
}

static void it_stops_only_where_nothing_is_left_open(void **state)
{
    static const struct stop_case {
        const char *ops;
        const char *log;
    } cases[] = {
        { "bsc", "" },
        { "s", "" },
        { "iso", "" },
        { "lo", "ledger ledger " },
        { "ol", "ledger ledger " },
        { "gc", "guard commit " },
        { "osl", "ledger " },
        { "|c", "commit " },
    };

    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(cases); i++) {
        fixture f;
        brant_error *err = NULL;

        prepare(&f, cases[i].ops);
        brn_control_cancel(&f.r.control);
        (void)run(&f, &err);
        assert_string_equal(f.r.log, cases[i].log);
        brant_error_free(err);
        brn_arena_release(&f.arena);
    }
}

static void what_a_statement_did_is_recorded_before_it_stops(void **state)
{
    fixture f;
    brant_error *err = NULL;

    (void)state;
    prepare(&f, "isoiso");
    f.r.cancel_in_statement = true;
    assert_int_equal(run(&f, &err), BRANT_ECANCELLED);
    assert_string_equal(f.r.log, "intent statement ledger ");
    assert_int_equal(f.state.ops_done, 3);
    brant_error_free(err);
    brn_arena_release(&f.arena);
}

static void the_limit_starts_with_each_statement(void **state)
{
    fixture f;

    (void)state;
    prepare(&f, "sl");
    brn_control_start(&f.r.control, BRN_LIMIT_STATEMENT, 60000);
    assert_int_equal(run(&f, NULL), BRANT_OK);
    assert_true(f.r.deadline_in_statement > 0);
    assert_int_equal(f.r.control.deadline_ns[BRN_LIMIT_STATEMENT], 0);
    assert_int_equal(f.r.control.limit_ms[BRN_LIMIT_STATEMENT], 60000);
    brn_arena_release(&f.arena);

    prepare(&f, "s");
    assert_int_equal(run(&f, NULL), BRANT_OK);
    assert_int_equal(f.r.deadline_in_statement, 0);
    brn_arena_release(&f.arena);
}

static void a_function_is_called_in_place_of_the_statement(void **state)
{
    static const struct call_case {
        const char *ops;
        const char *fail_at;
        bool wrap;
        const char *log;
        size_t done;
    } cases[] = {
        { "bfslc", NULL, false, "begin function statement ledger commit ", 5 },
        { "bfslc", NULL, true, "begin ( function ) statement ledger commit ", 5 },
        { "bflc", "function", false, "begin function ", 1 },
        { "bflc", "function", true, "begin ( function ", 1 },
        { "bflc", ")", true, "begin ( function ) ", 1 },
        { "ifo", "function", true, "intent ( function ", 1 },
    };

    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(cases); i++) {
        fixture f;
        brant_error *err = NULL;
        brant_status st;

        prepare(&f, cases[i].ops);
        f.r.fail_at = cases[i].fail_at;
        f.r.wrap_calls = cases[i].wrap;
        f.r.doubt = true; /* a function that failed has said so: there is none */
        brn_control_start(&f.r.control, BRN_LIMIT_STATEMENT, 60000);
        st = run(&f, &err);
        assert_int_equal(st, cases[i].fail_at != NULL ? BRANT_ESTATEMENT : BRANT_OK);
        assert_string_equal(f.r.log, cases[i].log);
        assert_int_equal(f.state.ops_done, cases[i].done);
        assert_false(f.state.in_doubt);
        assert_int_equal(f.r.control.deadline_ns[BRN_LIMIT_STATEMENT], 0);
        assert_int_equal(f.r.control.limit_ms[BRN_LIMIT_STATEMENT], 60000);
        if (st == BRANT_OK) {
            assert_int_equal(f.rows[1], 5);
        } else {
            assert_int_equal(f.r.deadline_in_statement, 0);
            assert_string_equal(brant_error_migration(err), "m1");
        }
        brant_error_free(err);
        brn_arena_release(&f.arena);
    }
}

static void a_function_is_not_called_when_told_to_stop(void **state)
{
    fixture f;
    brant_error *err = NULL;

    (void)state;
    prepare(&f, "f");
    brn_control_cancel(&f.r.control);
    assert_int_equal(run(&f, &err), BRANT_ECANCELLED);
    assert_string_equal(f.r.log, "");
    brant_error_free(err);
    brn_arena_release(&f.arena);
}

static void results_carry_rows(void **state)
{
    fixture f;

    (void)state;
    prepare(&f, "bsc");
    assert_int_equal(
        brn_interpret(&f.r.conn, &steps, &f.program, on_result, &f, &f.state, NULL), BRANT_OK);
    assert_int_equal(f.rows[0], 0);
    assert_int_equal(f.rows[1], 7);
    assert_int_equal(f.rows[2], 0);
    assert_int_equal(
        brn_interpret(&f.r.conn, &steps, &f.program, NULL, NULL, &f.state, NULL), BRANT_OK);
    brn_arena_release(&f.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_walks_in_order_and_stops_at_the_first_failure),
        cmocka_unit_test(it_stops_only_where_nothing_is_left_open),
        cmocka_unit_test(what_a_statement_did_is_recorded_before_it_stops),
        cmocka_unit_test(the_limit_starts_with_each_statement),
        cmocka_unit_test(a_function_is_called_in_place_of_the_statement),
        cmocka_unit_test(a_function_is_not_called_when_told_to_stop),
        cmocka_unit_test(results_carry_rows),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
