/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Functions of the host program as statements of a program: what they do joins its transaction.
 */
#include "conformance/conformance.h"

#include <string.h>

/* What a function is to do: statements separated by ";;". */
typedef struct function {
    brn_conn *conn;
    const char *sql;
    const char *fails_with; /* id that one of them fails with; NULL */
    bool swallow;           /* and nobody is told */
    unsigned calls;
} function;

static brant_status run_function(void *user, int64_t *rows, brant_error **err)
{
    function *f = user;
    const char *next = f->sql;

    f->calls++;
    *rows = 0;
    while (next != NULL) {
        const char *end = strstr(next, ";;");
        brn_query query = {
            .sql = { next, end != NULL ? (size_t)(end - next) : strlen(next) },
        };
        int64_t changed = -1;
        brant_error *failure = NULL;
        brant_status st = f->conn->engine->execute(&changed, f->conn, &query, &failure);

        if (st != BRANT_OK) {
            assert_non_null(f->fails_with);
            assert_string_equal(brant_error_id(failure), f->fails_with);
        }
        if (st != BRANT_OK && !f->swallow) {
            assert_non_null(err);
            *err = failure;
            return st;
        }
        brant_error_free(failure);
        *rows += changed > 0 ? changed : 0;
        next = end != NULL ? end + 2 : NULL;
    }
    return BRANT_OK;
}

static brn_conn *with_execute(conf_db *db)
{
    if ((db->quirks->caps & BRN_CAP_EXECUTE) == 0) {
        skip();
    }
    return conf_connect(db);
}

static void need_transactions(const conf_db *db)
{
    if ((db->quirks->caps & BRN_CAP_TXN_DML) == 0) {
        skip();
    }
}

static void add_call(brn_program *program, conf_db *db, function *f)
{
    brn_op *op;

    conf_add_sql(program, db, "function up of m1");
    op = &program->ops.items[program->ops.count - 1];
    op->call = run_function;
    op->call_user = f;
}

typedef struct told {
    size_t count;
    int64_t rows; /* of the last statement */
} told;

static void tell(const brn_program *program, size_t op, const brn_op_result *result, void *user)
{
    told *t = user;

    t->count++;
    if (program->ops.items[op].type == BRN_OP_STATEMENT) {
        t->rows = result->rows;
    }
}

/* A list of statements in the arena. */
static const char *list(conf_db *db, const char *first, const char *second)
{
    const char *both = brn_arena_printf(&db->arena, "%s;;%s", first, second);

    assert_non_null(both);
    return both;
}

/* --- in a transaction ------------------------------------------------------------------------- */

static brant_status run_in_transaction(
    brn_run_state *run, told *t, conf_db *db, function *f, uint32_t flags, brant_error **err)
{
    brn_program program = { .run_id = "run-1", .migration = "m1" };

    (void)conf_add(&program, db, BRN_OP_BEGIN);
    add_call(&program, db, f);
    program.ops.items[1].flags = flags;
    (void)conf_add(&program, db, BRN_OP_COMMIT);
    return f->conn->engine->run(f->conn, &program, tell, t, run, err);
}

static void what_it_does_commits_with_the_program(void **state)
{
    conf_db *db = *state;
    brn_conn *conn = with_execute(db);
    function f = { .conn = conn };
    brn_run_state run;
    told t = { 0 };
    brant_error *err = NULL;

    need_transactions(db);
    f.sql = list(db, conf_change(db), db->quirks->insert_rows);
    conf_ok(run_in_transaction(&run, &t, db, &f, 0, &err), err);
    assert_int_equal(f.calls, 1);
    assert_int_equal(run.ops_done, 3);
    assert_int_equal(t.count, 3);
    assert_int_equal(t.rows, 3);
    assert_int_equal(db->quirks->number(db->url, db->quirks->count_rows), 3);
    conf_close(conn);
}

static void when_it_fails_nothing_stays(void **state)
{
    conf_db *db = *state;
    brn_conn *conn = with_execute(db);
    function f = { .conn = conn, .fails_with = "statement.failed" };
    brn_run_state run;
    told t = { 0 };
    brant_error *err = NULL;
    brant_status st;

    need_transactions(db);
    f.sql = list(db, list(db, conf_change(db), db->quirks->insert_rows), db->quirks->bad_statement);
    st = run_in_transaction(&run, &t, db, &f, 0, &err);
    assert_int_equal(run.ops_done, 1);
    assert_false(run.in_doubt);
    assert_string_equal(brant_error_migration(err), "m1");
    conf_expect(st, err, BRANT_ESTATEMENT, "statement.failed");
    err = NULL;
    conf_ok(conn->engine->reset(conn, &err), err);
    assert_true(conf_is_before(db));
    conf_close(conn);
}

static void the_transaction_is_not_its_own(void **state)
{
    conf_db *db = *state;
    const char *const statements[] = {
        db->quirks->begin, db->quirks->commit, "ROLLBACK", "; COMMIT", "/* no */ END",
    };

    need_transactions(db);
    for (size_t i = 0; i < BRN_ARRAY_LEN(statements); i++) {
        brn_conn *conn = with_execute(db);
        function f = { .conn = conn, .sql = statements[i] };
        brn_run_state run;
        told t = { 0 };
        brant_error *err = NULL;
        brant_status st;

        print_message("  %s\n", statements[i]);
        f.fails_with = "statement.transaction_control";
        st = run_in_transaction(&run, &t, db, &f, 0, &err);
        assert_non_null(brant_error_hint(err));
        conf_expect(st, err, BRANT_ESTATEMENT, "statement.transaction_control");
        err = NULL;
        conf_ok(conn->engine->reset(conn, &err), err);
        conf_close(conn);
    }
}

static void what_must_stand_alone_is_refused(void **state)
{
    conf_db *db = *state;
    brn_conn *conn = with_execute(db);
    function f = { .conn = conn, .sql = db->quirks->alone, .fails_with = "transaction.alone" };
    brn_run_state run;
    told t = { 0 };
    brant_error *err = NULL;
    brant_status st;

    need_transactions(db);
    st = run_in_transaction(&run, &t, db, &f, 0, &err);
    assert_non_null(strstr(brant_error_hint(err), "transaction=off"));
    conf_expect(st, err, BRANT_ESTATEMENT, "transaction.alone");
    err = NULL;
    conf_ok(conn->engine->reset(conn, &err), err);
    conf_close(conn);
}

static void a_drop_that_would_delete_is_refused_unless_meant(void **state)
{
    conf_db *db = *state;

    if ((db->quirks->caps & BRN_CAP_FOREIGN_KEYS) == 0) {
        skip();
    }
    for (int meant = 0; meant < 2; meant++) {
        brn_conn *conn = with_execute(db);
        function f = { .conn = conn, .sql = db->quirks->keys_drop };
        brn_run_state run;
        told t = { 0 };
        brant_error *err = NULL;
        brant_status st;

        if (meant == 0) {
            conf_run_sql(conn, db, db->quirks->keys_schema);
            f.fails_with = "sqlite.drop_would_delete";
        }
        st = run_in_transaction(&run, &t, db, &f, meant ? BRN_OP_FOREIGN_KEYS_ON : 0, &err);
        assert_int_equal(st, meant ? BRANT_OK : BRANT_ESTATEMENT);
        brant_error_free(err);
        conf_ok(conn->engine->reset(conn, NULL), NULL);
        conf_close(conn);
    }
    assert_int_equal(db->quirks->number(db->url, db->quirks->keys_count), 1);
}

/* --- outside of one --------------------------------------------------------------------------- */

static brant_status run_alone(brn_run_state *run, conf_db *db, function *f, brant_error **err)
{
    brn_program program = { .run_id = "run-1", .migration = "m1" };

    add_call(&program, db, f);
    return f->conn->engine->run(f->conn, &program, NULL, NULL, run, err);
}

static void outside_of_one_it_may_have_its_own(void **state)
{
    conf_db *db = *state;
    brn_conn *conn = with_execute(db);
    function f = { .conn = conn };
    brn_run_state run;
    brant_error *err = NULL;

    need_transactions(db);
    f.sql = list(
        db, list(db, db->quirks->begin, conf_change(db)),
        list(db, db->quirks->commit, db->quirks->insert_rows));
    conf_ok(run_alone(&run, db, &f, &err), err);
    assert_int_equal(db->quirks->number(db->url, db->quirks->count_rows), 3);
    f.sql = db->quirks->alone;
    conf_ok(run_alone(&run, db, &f, &err), err);
    conf_close(conn);
}

static void one_that_it_leaves_open_is_found_and_rolled_back(void **state)
{
    conf_db *db = *state;
    brn_conn *conn = with_execute(db);
    function f = { .conn = conn };
    brn_run_state run;
    brant_error *err = NULL;
    brant_status st;

    need_transactions(db);
    f.sql = list(db, db->quirks->begin, conf_change(db));
    st = run_alone(&run, db, &f, &err);
    assert_int_equal(run.ops_done, 0);
    assert_false(run.in_doubt);
    conf_expect(st, err, BRANT_ESTATEMENT, "statement.transaction_open");
    err = NULL;
    conf_ok(conn->engine->reset(conn, &err), err);
    assert_true(conf_is_before(db));
    /* And the connection is as good as before. */
    conf_run_sql(conn, db, conf_change(db));
    conf_close(conn);
}

int conf_group_functions(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_it_does_commits_with_the_program),
        TEST(when_it_fails_nothing_stays),
        TEST(the_transaction_is_not_its_own),
        TEST(what_must_stand_alone_is_refused),
        TEST(a_drop_that_would_delete_is_refused_unless_meant),
        TEST(outside_of_one_it_may_have_its_own),
        TEST(one_that_it_leaves_open_is_found_and_rolled_back),
    };

    return cmocka_run_group_tests_name("functions", tests, NULL, NULL);
}
