/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a transaction of ours need not ask because the one before was ours too; and that everything
 * which was changed in between is noticed all the same.
 */
#include "conformance/conformance.h"

#include <stdio.h>
#include <string.h>

#include "engines/sqlite/sqlite.h"

#define DELETE_ROW "DELETE FROM brant_migrations WHERE id = 'm2'"

/* --- helpers ---------------------------------------------------------------------------------- */

/* BEGIN, guard of `id`, a table, `id` completed and `next` running, history, COMMIT. */
static void add_migration(brn_program *program, conf_db *db, const char *id, const char *next)
{
    static const brn_history_row entry = {
        .run_id = "run-1",
        .action = "up",
        .tool = "t",
        .duration_ms = -1,
        .format = BRN_LEDGER_FORMAT,
    };
    brn_ledger_row done = conf_row(id, BRN_ROW_COMPLETED);
    brn_ledger_row begun = conf_row(next, BRN_ROW_RUNNING);
    char sql[64];

    program->migration = id;
    program->run_id = "run-1";
    (void)conf_add(program, db, BRN_OP_BEGIN);
    conf_add(program, db, BRN_OP_GUARD)->id = id;
    (void)snprintf(sql, sizeof(sql), "CREATE TABLE of_%s (a)", id);
    conf_add_sql(program, db, brn_arena_strdup(&db->arena, sql));
    conf_add_ledger(program, db, BRN_LEDGER_PUT, &done);
    conf_add_history(program, db, &entry);
    conf_add_ledger(program, db, BRN_LEDGER_PUT, &begun);
    (void)conf_add(program, db, BRN_OP_COMMIT);
}

/* Requests without that of the guard. */
#define REQUESTS_OF_MIGRATION 6

static brant_status migrate(brn_conn *conn, conf_db *db, const char *id, const char *next)
{
    brn_program program = { 0 };
    brn_run_state state;
    brant_error *err = NULL;
    brant_status st;

    add_migration(&program, db, id, next);
    st = conn->engine->run(conn, &program, NULL, NULL, &state, &err);
    if (st != BRANT_OK) {
        assert_string_equal(brant_error_id(err), "lock.lost");
        assert_int_equal(state.ops_done, 1);
        brant_error_free(err);
        err = NULL;
        conf_ok(conn->engine->reset(conn, &err), err);
    }
    return st;
}

/* A ledger, the lock, and "m1" running. */
static void make_ready(brn_conn *conn, conf_db *db)
{
    brn_program program = { .run_id = "run-1" };
    brn_ledger_row row = conf_row("m1", BRN_ROW_RUNNING);
    brn_run_state state;
    brant_error *err = NULL;

    conf_ensure(conn, db);
    conf_ok(conn->engine->lock(conn, "x", &err), err);
    conf_add_ledger(&program, db, BRN_LEDGER_PUT, &row);
    conf_ok(conn->engine->run(conn, &program, NULL, NULL, &state, &err), err);
}

/* Whether the guard of the next migration sends a request. */
static bool asks(brn_conn *conn, conf_db *db, const char *id, const char *next)
{
    uint64_t before = conn->requests;
    uint64_t extra;

    assert_int_equal(migrate(conn, db, id, next), BRANT_OK);
    extra = conn->requests - before - REQUESTS_OF_MIGRATION;
    assert_in_range(extra, 0, 3);
    return extra % 2 == 1; /* the others look at the columns of both tables */
}

static const char *const modes[] = { "delete", "truncate", "persist", "memory", "wal" };

static brn_conn *connect_in_mode(conf_db *db, const char *mode)
{
    brn_conn *conn = conf_connect(db);
    char sql[64];

    (void)snprintf(sql, sizeof(sql), "PRAGMA journal_mode = %s", mode);
    conf_run_sql(conn, db, brn_arena_strdup(&db->arena, sql));
    conf_run_sql(conn, db, "DROP TABLE IF EXISTS brant_migrations");
    conf_run_sql(conn, db, "DROP TABLE IF EXISTS of_m1;;DROP TABLE IF EXISTS of_m2");
    make_ready(conn, db);
    return conn;
}

/* --- nobody else ------------------------------------------------------------------------------ */

static void what_we_wrote_is_not_read_back(void **state)
{
    conf_db *db = *state;

    for (size_t i = 0; i < BRN_ARRAY_LEN(modes); i++) {
        brn_conn *conn = connect_in_mode(db, modes[i]);

        print_message("  %s\n", modes[i]);
        assert_true(asks(conn, db, "m1", "m2"));
        assert_false(asks(conn, db, "m2", "m3"));
        assert_false(asks(conn, db, "m3", "m4"));
        conf_run_sql(conn, db, "DROP TABLE of_m3");
        conf_close(conn);
    }
}

/* As between two migrations that do without a transaction. */
static void a_reset_takes_back_nothing_that_was_committed(void **state)
{
    conf_db *db = *state;
    brn_conn *conn = connect_in_mode(db, "delete");
    void *other = conf_quirks_sqlite.host_open(db->url);
    brant_error *err = NULL;
    uint64_t before;

    assert_int_equal(migrate(conn, db, "m1", "m2"), BRANT_OK);
    conf_ok(conn->engine->reset(conn, &err), err);
    before = conn->requests;
    assert_int_equal(migrate(conn, db, "m2", "m3"), BRANT_OK);
    assert_int_equal(conn->requests - before, REQUESTS_OF_MIGRATION);
    conf_ok(conn->engine->reset(conn, &err), err);
    assert_true(conf_quirks_sqlite.host_run(other, "DELETE FROM brant_migrations"));
    assert_int_equal(migrate(conn, db, "m3", "m4"), BRANT_ELOCKED);
    conf_close(conn);
    conf_quirks_sqlite.host_close(other);
}

static void in_memory_it_is_the_same(void **state)
{
    conf_db *db = *state;
    brn_conn *conn = NULL;

    assert_int_equal(
        brn_url_parse(&db->parsed, &db->arena, brn_str_from("sqlite::memory:"), NULL), BRANT_OK);
    conn = conf_connect(db);
    make_ready(conn, db);
    assert_true(asks(conn, db, "m1", "m2"));
    assert_false(asks(conn, db, "m2", "m3"));
    conf_close(conn);
}

static void names_that_are_too_long_are_asked_for(void **state)
{
    conf_db *db = *state;
    brn_conn *conn = conf_connect(db);
    char name[300];

    memset(name, 'n', sizeof(name));
    name[sizeof(name) - 1] = '\0';
    make_ready(conn, db);
    assert_true(asks(conn, db, "m1", name));
    {
        brn_program program = { .run_id = "run-1" };
        brn_run_state run;
        brant_error *err = NULL;
        uint64_t before = conn->requests;

        (void)conf_add(&program, db, BRN_OP_BEGIN);
        conf_add(&program, db, BRN_OP_GUARD)->id = name;
        (void)conf_add(&program, db, BRN_OP_COMMIT);
        conf_ok(conn->engine->run(conn, &program, NULL, NULL, &run, &err), err);
        assert_int_equal(conn->requests - before, 3);
    }
    conf_close(conn);
}

/* --- somebody else ---------------------------------------------------------------------------- */

static const struct change_case {
    const char *name;
    const char *sql;
    bool passes;
} changes[] = {
    { "deleted", DELETE_ROW, false },
    { "of another run", "UPDATE brant_migrations SET run_id = 'run-2' WHERE id = 'm2'", false },
    { "failed", "UPDATE brant_migrations SET status = 'failed' WHERE id = 'm2'", false },
    { "of somebody", "UPDATE brant_migrations SET who = 'them'", true },
    { "another table", "CREATE TABLE theirs (a)", true },
};

static void what_others_wrote_is_noticed(void **state)
{
    conf_db *db = *state;

    for (size_t m = 0; m < BRN_ARRAY_LEN(modes); m++) {
        for (size_t i = 0; i < BRN_ARRAY_LEN(changes); i++) {
            brn_conn *conn = connect_in_mode(db, modes[m]);
            void *other = conf_quirks_sqlite.host_open(db->url);

            print_message("  %s, %s\n", modes[m], changes[i].name);
            assert_int_equal(migrate(conn, db, "m1", "m2"), BRANT_OK);
            assert_true(conf_quirks_sqlite.host_run(other, changes[i].sql));
            if (changes[i].passes) {
                assert_true(asks(conn, db, "m2", "m3"));
                assert_true(conf_quirks_sqlite.host_run(other, "DROP TABLE IF EXISTS theirs"));
            } else {
                assert_int_equal(migrate(conn, db, "m2", "m3"), BRANT_ELOCKED);
            }
            conf_close(conn);
            conf_quirks_sqlite.host_close(other);
        }
    }
}

/* The host uses the connection that it lent: its commits are commits of the same connection. */
static void what_the_host_wrote_is_noticed(void **state)
{
    conf_db *db = *state;

    for (size_t i = 0; i < BRN_ARRAY_LEN(changes); i++) {
        void *handle = conf_quirks_sqlite.host_open(NULL);
        const brn_lent lent = { handle, NULL };
        brn_conn *conn = NULL;

        print_message("  %s\n", changes[i].name);
        assert_int_equal(
            brn_url_parse(&db->parsed, &db->arena, brn_str_from("sqlite::memory:"), NULL),
            BRANT_OK);
        db->lent = &lent;
        conn = conf_connect(db);
        db->lent = NULL;
        make_ready(conn, db);
        assert_int_equal(migrate(conn, db, "m1", "m2"), BRANT_OK);
        assert_true(conf_quirks_sqlite.host_run(handle, changes[i].sql));
        if (changes[i].passes) {
            assert_true(asks(conn, db, "m2", "m3"));
        } else {
            assert_int_equal(migrate(conn, db, "m2", "m3"), BRANT_ELOCKED);
        }
        conf_close(conn);
        conf_quirks_sqlite.host_close(handle);
    }
}

/* --- a cache that connections share ----------------------------------------------------------- */

static sqlite3 *intruder; /* NULL: stays away */
static unsigned looks;

/* The intruder comes between our COMMIT and our look at the version behind it. */
static int slow_file_control(struct sqlite3 *db, const char *schema, int op, void *arg)
{
    if (intruder != NULL && sqlite3_get_autocommit(db) != 0) {
        assert_int_equal(sqlite3_exec(intruder, DELETE_ROW, NULL, NULL, NULL), SQLITE_OK);
        intruder = NULL;
    }
    looks++;
    return sqlite3_file_control(db, schema, op, arg);
}

static void a_commit_behind_ours_is_not_taken_for_ours(void **state)
{
    conf_db *db = *state;
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_SHAREDCACHE;
    const char *path = db->url + strlen("sqlite:");
    brant_sqlite_functions table = brn_sqlite_linked;
    sqlite3 *ours = NULL;
    sqlite3 *theirs = NULL;
    brn_lent lent = { NULL, &table };
    brn_conn *conn = NULL;

    assert_int_equal(sqlite3_open_v2(path, &ours, flags, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_exec(ours, "CREATE TABLE t (a)", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_open_v2(path, &theirs, flags, NULL), SQLITE_OK);
    table.file_control = slow_file_control;
    lent.handle = ours;
    db->lent = &lent;
    conn = conf_connect(db);
    db->lent = NULL;
    make_ready(conn, db);
    intruder = theirs;
    looks = 0;
    assert_int_equal(migrate(conn, db, "m1", "m2"), BRANT_OK);
    assert_null(intruder);
    assert_int_equal(looks, 3);
    assert_int_equal(migrate(conn, db, "m2", "m3"), BRANT_ELOCKED);
    conf_close(conn);
    assert_int_equal(sqlite3_close(theirs), SQLITE_OK);
    assert_int_equal(sqlite3_close(ours), SQLITE_OK);
}

/* --- ourselves -------------------------------------------------------------------------------- */

#define FIRE "INSERT INTO fires VALUES (1)"

static brant_status fire(void *user, int64_t *rows, brant_error **err)
{
    return conf_execute(rows, user, FIRE, NULL, 0, NULL, NULL, err);
}

/* Between BEGIN and the guard, in the same program. */
static void what_we_did_before_the_guard_is_noticed(void **state)
{
    static const struct own_case {
        const char *name;
        const char *sql; /* NULL: a function */
    } cases[] = {
        { "a statement", DELETE_ROW },
        { "a trigger", FIRE },
        { "a function", NULL },
    };
    conf_db *db = *state;

    for (size_t i = 0; i < BRN_ARRAY_LEN(cases); i++) {
        brn_conn *conn = connect_in_mode(db, "delete");
        brn_program program = { .run_id = "run-1" };
        brn_run_state run;
        brant_error *err = NULL;
        brant_status st;

        print_message("  %s\n", cases[i].name);
        conf_run_sql(
            conn, db,
            "DROP TABLE IF EXISTS fires;;CREATE TABLE fires (a);;"
            "CREATE TRIGGER tr AFTER INSERT ON fires BEGIN " DELETE_ROW "; END");
        assert_int_equal(migrate(conn, db, "m1", "m2"), BRANT_OK);
        (void)conf_add(&program, db, BRN_OP_BEGIN);
        conf_add_sql(&program, db, cases[i].sql != NULL ? cases[i].sql : "function");
        if (cases[i].sql == NULL) {
            program.ops.items[1].call = fire;
            program.ops.items[1].call_user = conn;
        }
        conf_add(&program, db, BRN_OP_GUARD)->id = "m2";
        st = conn->engine->run(conn, &program, NULL, NULL, &run, &err);
        conf_expect(st, err, BRANT_ELOCKED, "lock.lost");
        assert_int_equal(run.ops_done, 2);
        conf_close(conn);
    }
}

/* In programs of their own, without a transaction around them. */
static void what_we_did_in_between_is_noticed(void **state)
{
    static const struct between_case {
        const char *name;
        const char *sql;
        brn_ledger_op_type type; /* when there is no statement */
    } cases[] = {
        { "a statement", DELETE_ROW, BRN_LEDGER_ENSURE },
        { "a failure", NULL, BRN_LEDGER_FAIL },
        { "a removal", NULL, BRN_LEDGER_REMOVE },
    };
    conf_db *db = *state;

    for (size_t i = 0; i < BRN_ARRAY_LEN(cases); i++) {
        brn_conn *conn = connect_in_mode(db, "delete");
        brn_program program = { .run_id = "run-1" };
        brn_ledger_row row = conf_row("m2", BRN_ROW_RUNNING);
        brn_run_state run;
        brant_error *err = NULL;

        print_message("  %s\n", cases[i].name);
        assert_int_equal(migrate(conn, db, "m1", "m2"), BRANT_OK);
        if (cases[i].sql != NULL) {
            conf_add_sql(&program, db, cases[i].sql);
        } else {
            conf_add_ledger(&program, db, cases[i].type, &row);
        }
        conf_ok(conn->engine->run(conn, &program, NULL, NULL, &run, &err), err);
        assert_int_equal(migrate(conn, db, "m2", "m3"), BRANT_ELOCKED);
        conf_close(conn);
    }
}

/* What was rolled back was never written. */
static void a_row_that_was_rolled_back_is_not_known(void **state)
{
    conf_db *db = *state;
    brn_conn *conn = connect_in_mode(db, "delete");
    brn_program program = { 0 };
    brn_run_state run;
    brant_error *err = NULL;

    add_migration(&program, db, "m1", "m2");
    program.ops.count--; /* without its COMMIT */
    conf_ok(conn->engine->run(conn, &program, NULL, NULL, &run, &err), err);
    conf_ok(conn->engine->reset(conn, &err), err);
    assert_int_equal(migrate(conn, db, "m2", "m3"), BRANT_ELOCKED);
    conf_close(conn);
}

/* The rest of the program goes on. */
static void a_row_behind_a_savepoint_is_not_known(void **state)
{
    conf_db *db = *state;
    brn_conn *conn = connect_in_mode(db, "delete");
    brn_program program = { .run_id = "run-1" };
    brn_ledger_row begun = conf_row("m2", BRN_ROW_RUNNING);
    brn_run_state run;
    brant_error *err = NULL;

    (void)conf_add(&program, db, BRN_OP_BEGIN);
    conf_add_sql(&program, db, "SAVEPOINT a");
    conf_add_ledger(&program, db, BRN_LEDGER_PUT, &begun);
    conf_add_sql(&program, db, "ROLLBACK TO a");
    (void)conf_add(&program, db, BRN_OP_COMMIT);
    conf_ok(conn->engine->run(conn, &program, NULL, NULL, &run, &err), err);
    assert_int_equal(migrate(conn, db, "m2", "m3"), BRANT_ELOCKED);
    conf_close(conn);
}

/* A reader keeps COMMIT from the file; the transaction is still open then. */
static void a_row_of_a_commit_that_failed_is_not_known(void **state)
{
    conf_db *db = *state;
    brn_conn *conn = connect_in_mode(db, "delete");
    void *reader = conf_quirks_sqlite.host_open(db->url);
    brn_program program = { 0 };
    brn_run_state run;
    brant_error *err = NULL;
    brant_status st;

    assert_true(conf_quirks_sqlite.host_run(reader, "BEGIN; SELECT id FROM brant_migrations"));
    add_migration(&program, db, "m1", "m2");
    st = conn->engine->run(conn, &program, NULL, NULL, &run, &err);
    assert_int_equal(st, BRANT_ELOCKED);
    brant_error_free(err);
    err = NULL;
    assert_int_equal(run.ops_done, program.ops.count - 1);
    assert_false(run.in_doubt);
    assert_true(conf_quirks_sqlite.host_run(reader, "COMMIT"));
    conf_ok(conn->engine->reset(conn, &err), err);
    assert_int_equal(migrate(conn, db, "m2", "m3"), BRANT_ELOCKED);
    assert_true(asks(conn, db, "m1", "m2"));
    assert_false(asks(conn, db, "m2", "m3"));
    conf_close(conn);
    conf_quirks_sqlite.host_close(reader);
}

static void a_row_that_a_trigger_kept_away_is_not_known(void **state)
{
    conf_db *db = *state;
    brn_conn *conn = connect_in_mode(db, "delete");

    conf_run_sql(
        conn, db,
        "CREATE TRIGGER away BEFORE INSERT ON brant_migrations WHEN new.id = 'm2' "
        "BEGIN SELECT raise(IGNORE); END");
    assert_int_equal(migrate(conn, db, "m1", "m2"), BRANT_OK);
    assert_int_equal(migrate(conn, db, "m2", "m3"), BRANT_ELOCKED);
    conf_close(conn);
}

/* Of another run in this process, on this connection. */
static void another_run_is_not_ours(void **state)
{
    conf_db *db = *state;
    brn_conn *conn = connect_in_mode(db, "delete");
    brn_program program = { .run_id = "run-2" };
    brn_run_state run;
    brant_error *err = NULL;
    brant_status st;

    assert_int_equal(migrate(conn, db, "m1", "m2"), BRANT_OK);
    (void)conf_add(&program, db, BRN_OP_BEGIN);
    conf_add(&program, db, BRN_OP_GUARD)->id = "m2";
    st = conn->engine->run(conn, &program, NULL, NULL, &run, &err);
    conf_expect(st, err, BRANT_ELOCKED, "lock.lost");
    conf_close(conn);
}

/* --- columns ---------------------------------------------------------------------------------- */

static const struct column_case {
    const char *name;
    const char *sql;
    bool positional; /* behind it */
} columns[] = {
    { "nothing", "CREATE TABLE theirs (a)", true },
    { "one more", "ALTER TABLE brant_migrations ADD COLUMN ours TEXT DEFAULT 'x'", false },
    { "one more in the history", "ALTER TABLE brant_history ADD ours TEXT", false },
    { "another order",
      "ALTER TABLE Brant_migrations DROP who;;ALTER TABLE BRANT_MIGRATIONS ADD who TEXT", false },
    { "another order in the history",
      "ALTER TABLE \"brant_history\" DROP who;;ALTER TABLE [BRANT_HISTORY] ADD who TEXT", false },
    { "a computed one", "ALTER TABLE brant_migrations ADD c AS (id || '!')", true },
    { "another and back",
      "ALTER TABLE brant_migrations RENAME who TO x;;ALTER TABLE brant_migrations RENAME x TO who",
      true },
};

static bool is_positional(const brn_conn *conn)
{
    return ((const brn_sqlite *)(const void *)conn)->positional;
}

/* Both rows of migrate(conn, db, "m2", "m3"). */
static void assert_rows_are_right(brn_conn *conn, conf_db *db)
{
    brn_ledger_state ledger;
    brn_history_rows history;
    brant_error *err = NULL;

    conf_ok(conn->engine->ledger_read(&ledger, &db->arena, conn, BRN_LEDGER_FULL, &err), err);
    assert_int_equal(ledger.rows.count, 3);
    for (size_t i = 0; i < ledger.rows.count; i++) {
        const brn_ledger_row *row = &ledger.rows.items[i];

        assert_string_equal(row->run_id, "run-1");
        assert_string_equal(row->tool, "0.1.0");
        assert_string_equal(row->kind, "sql");
        assert_null(row->who);
        assert_null(row->error);
        assert_int_equal(
            row->status,
            strcmp(row->id, "m3") == 0 ? (int)BRN_ROW_RUNNING : (int)BRN_ROW_COMPLETED);
    }
    conf_ok(conn->engine->history_read(&history, &db->arena, conn, 0, &err), err);
    assert_int_equal(history.count, 2);
    assert_string_equal(history.items[1].run_id, "run-1");
    assert_string_equal(history.items[1].action, "up");
    assert_string_equal(history.items[1].tool, "t");
    assert_null(history.items[1].who);
    assert_null(history.items[1].hash);
}

static void drop_all(conf_db *db)
{
    assert_int_equal(remove(db->url + strlen("sqlite:")), 0);
}

static void others_run(conf_db *db, const char *sql)
{
    brn_conn *conn = conf_connect(db);

    conf_run_sql(conn, db, sql);
    conf_close(conn);
}

/* By somebody else, between two migrations. */
static void columns_that_others_change_get_their_values(void **state)
{
    conf_db *db = *state;

    for (size_t i = 0; i < BRN_ARRAY_LEN(columns); i++) {
        brn_conn *conn = conf_connect(db);

        print_message("  %s\n", columns[i].name);
        make_ready(conn, db);
        assert_false(is_positional(conn)); /* outside of a transaction */
        assert_int_equal(migrate(conn, db, "m1", "m2"), BRANT_OK);
        assert_true(is_positional(conn));
        others_run(db, columns[i].sql);
        assert_int_equal(migrate(conn, db, "m2", "m3"), BRANT_OK);
        assert_int_equal(is_positional(conn), columns[i].positional);
        assert_rows_are_right(conn, db);
        conf_close(conn);
        drop_all(db);
    }
}

/* By ourselves: in a transaction of the migration, before its rows; and outside of one. */
static void columns_that_we_change_get_their_values(void **state)
{
    conf_db *db = *state;

    for (size_t i = 0; i < 2 * BRN_ARRAY_LEN(columns); i++) {
        const struct column_case *c = &columns[i / 2];
        brn_conn *conn = conf_connect(db);
        brn_program program = { 0 };
        brn_program before = { .run_id = "run-1" };
        brn_program *into = i % 2 == 0 ? &before : &program;
        const char *second = strstr(c->sql, ";;");
        brn_run_state run;
        brant_error *err = NULL;

        print_message("  %s, %s\n", c->name, i % 2 == 0 ? "alone" : "in the transaction");
        make_ready(conn, db);
        assert_int_equal(migrate(conn, db, "m1", "m2"), BRANT_OK);
        (void)conf_add(&program, db, BRN_OP_BEGIN);
        conf_add_sql(
            into, db,
            second != NULL ? brn_arena_strndup(&db->arena, c->sql, (size_t)(second - c->sql))
                           : c->sql);
        if (second != NULL) {
            conf_add_sql(into, db, second + 2);
        }
        if (before.ops.count > 0) {
            conf_ok(conn->engine->run(conn, &before, NULL, NULL, &run, &err), err);
        }
        add_migration(&program, db, "m2", "m3");
        memmove(
            &program.ops.items[program.ops.count - 7], &program.ops.items[program.ops.count - 6],
            6 * sizeof(program.ops.items[0])); /* its BEGIN is there already */
        program.ops.count--;
        conf_ok(conn->engine->run(conn, &program, NULL, NULL, &run, &err), err);
        assert_int_equal(is_positional(conn), c->positional);
        assert_rows_are_right(conn, db);
        conf_close(conn);
        drop_all(db);
    }
}

static const struct back_case {
    const char *name;
    const char *before; /* a program of its own */
    const char *first;  /* in the transaction; behind it the columns are those that are known */
    const char *then;   /* and now they are not */
} backs[] = {
    { "a savepoint", "ALTER TABLE brant_migrations ADD COLUMN ours TEXT",
      "SAVEPOINT a;;ALTER TABLE brant_migrations DROP ours", "ROLLBACK TO a" },
    { "a schema that is read again", "PRAGMA writable_schema = on",
      "UPDATE sqlite_schema SET sql = replace(replace(replace(sql, '\"who\"', '\"x\"'), "
      "'\"error\"', '\"who\"'), '\"x\"', '\"error\"') WHERE name = 'brant_migrations'",
      "PRAGMA writable_schema = reset" },
};

static void add_all(brn_program *program, conf_db *db, const char *sql)
{
    const char *end;

    for (; (end = strstr(sql, ";;")) != NULL; sql = end + 2) {
        conf_add_sql(program, db, brn_arena_strndup(&db->arena, sql, (size_t)(end - sql)));
    }
    conf_add_sql(program, db, sql);
}

/* By statements that do not name the table. */
static void columns_that_come_back_get_their_values(void **state)
{
    conf_db *db = *state;
    const brn_ledger_row row = conf_row("m2", BRN_ROW_RUNNING);

    for (size_t i = 0; i < BRN_ARRAY_LEN(backs); i++) {
        brn_conn *conn = conf_connect(db);
        brn_program program = { .run_id = "run-1" };
        brn_run_state run;
        brant_error *err = NULL;

        print_message("  %s\n", backs[i].name);
        make_ready(conn, db);
        conf_run_sql(conn, db, backs[i].before);
        (void)conf_add(&program, db, BRN_OP_BEGIN);
        add_all(&program, db, backs[i].first);
        conf_add_ledger(&program, db, BRN_LEDGER_PUT, &row);
        conf_ok(conn->engine->run(conn, &program, NULL, NULL, &run, &err), err);
        assert_true(is_positional(conn));
        program.ops.count = 0;
        add_all(&program, db, backs[i].then);
        conf_add_ledger(&program, db, BRN_LEDGER_PUT, &row);
        (void)conf_add(&program, db, BRN_OP_COMMIT);
        conf_ok(conn->engine->run(conn, &program, NULL, NULL, &run, &err), err);
        assert_false(is_positional(conn));
        conf_close(conn);
        drop_all(db);
    }
}

/* An earlier version made the history with a sequence; the columns are the same. */
static void an_older_ledger_is_written_all_the_same(void **state)
{
    conf_db *db = *state;
    brn_conn *conn = conf_connect(db);

    make_ready(conn, db);
    conf_run_sql(
        conn, db,
        "DROP TABLE brant_history;;"
        "CREATE TABLE brant_history (seq INTEGER PRIMARY KEY AUTOINCREMENT, run_id TEXT, action "
        "TEXT NOT NULL, migration TEXT, outcome TEXT, checksum TEXT, detail TEXT, who TEXT, tool "
        "TEXT, at TEXT, duration_ms INTEGER, prev TEXT, hash TEXT, format INTEGER NOT NULL)");
    assert_int_equal(migrate(conn, db, "m1", "m2"), BRANT_OK);
    assert_true(is_positional(conn));
    assert_int_equal(migrate(conn, db, "m2", "m3"), BRANT_OK);
    assert_rows_are_right(conn, db);
    conf_close(conn);
}

/* What is known is asked once; what is not ours costs no more than that. */
static void columns_are_looked_at_once(void **state)
{
    conf_db *db = *state;

    for (int wider = 0; wider < 2; wider++) {
        brn_conn *conn = conf_connect(db);
        uint64_t before;

        make_ready(conn, db);
        if (wider) {
            conf_run_sql(conn, db, columns[1].sql);
        }
        assert_int_equal(migrate(conn, db, "m1", "m2"), BRANT_OK);
        before = conn->requests;
        assert_int_equal(migrate(conn, db, "m2", "m3"), BRANT_OK);
        assert_int_equal(migrate(conn, db, "m3", "m4"), BRANT_OK);
        assert_int_equal(conn->requests - before, 2 * REQUESTS_OF_MIGRATION);
        assert_int_equal(is_positional(conn), !wider);
        conf_close(conn);
        drop_all(db);
    }
}

/* A run that writes rows outside of transactions too would prepare both forms again and again. */
static void in_a_run_without_transactions_columns_are_named(void **state)
{
    conf_db *db = *state;
    brn_conn *conn = conf_connect(db);
    brn_program program = { .run_id = "run-1" };
    brn_ledger_row row = conf_row("m2", BRN_ROW_RUNNING);
    brn_run_state run;
    brant_error *err = NULL;

    make_ready(conn, db);
    assert_int_equal(migrate(conn, db, "m1", "m2"), BRANT_OK);
    assert_true(is_positional(conn));
    conf_add_ledger(&program, db, BRN_LEDGER_PUT, &row);
    conf_ok(conn->engine->run(conn, &program, NULL, NULL, &run, &err), err);
    assert_int_equal(migrate(conn, db, "m2", "m3"), BRANT_OK);
    assert_false(is_positional(conn));
    assert_rows_are_right(conn, db);
    conn->engine->unlock(conn);
    conf_ok(conn->engine->lock(conn, "x", &err), err);
    assert_int_equal(migrate(conn, db, "m3", "m4"), BRANT_OK);
    assert_true(is_positional(conn));
    conf_close(conn);
}

/* Inside our transaction a host may change the tables of a connection that it lent. */
static void on_a_lent_connection_columns_are_named(void **state)
{
    conf_db *db = *state;
    void *handle = conf_quirks_sqlite.host_open(db->url);
    const brn_lent lent = { handle, NULL };
    brn_conn *conn = NULL;

    db->lent = &lent;
    conn = conf_connect(db);
    db->lent = NULL;
    make_ready(conn, db);
    assert_int_equal(migrate(conn, db, "m1", "m2"), BRANT_OK);
    assert_int_equal(migrate(conn, db, "m2", "m3"), BRANT_OK);
    assert_false(is_positional(conn));
    assert_rows_are_right(conn, db);
    conf_close(conn);
    conf_quirks_sqlite.host_close(handle);
}

/* --- without the means to know ---------------------------------------------------------------- */

static int unknown_file_control(struct sqlite3 *db, const char *schema, int op, void *arg)
{
    (void)db;
    (void)schema;
    (void)op;
    (void)arg;
    return SQLITE_NOTFOUND;
}

/* An older program's table ends before the function; another SQLite may not know the question. */
static void a_host_that_cannot_tell_is_asked_each_time(void **state)
{
    conf_db *db = *state;

    for (int i = 0; i < 3; i++) {
        brant_sqlite_functions table = brn_sqlite_linked;
        void *handle = conf_quirks_sqlite.host_open(NULL);
        const brn_lent lent = { handle, &table };
        brn_conn *conn = NULL;

        table.file_control = i == 0 ? NULL : unknown_file_control;
        if (i == 2) {
            table.size = offsetof(brant_sqlite_functions, file_control);
        }
        assert_int_equal(
            brn_url_parse(&db->parsed, &db->arena, brn_str_from("sqlite::memory:"), NULL),
            BRANT_OK);
        db->lent = &lent;
        conn = conf_connect(db);
        db->lent = NULL;
        make_ready(conn, db);
        assert_true(asks(conn, db, "m1", "m2"));
        assert_true(asks(conn, db, "m2", "m3"));
        conf_close(conn);
        conf_quirks_sqlite.host_close(handle);
    }
}

int conf_own_sqlite_known(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_we_wrote_is_not_read_back),
        TEST(a_reset_takes_back_nothing_that_was_committed),
        TEST(in_memory_it_is_the_same),
        TEST(names_that_are_too_long_are_asked_for),
        TEST(what_others_wrote_is_noticed),
        TEST(what_the_host_wrote_is_noticed),
        TEST(a_commit_behind_ours_is_not_taken_for_ours),
        TEST(what_we_did_before_the_guard_is_noticed),
        TEST(what_we_did_in_between_is_noticed),
        TEST(a_row_that_was_rolled_back_is_not_known),
        TEST(a_row_behind_a_savepoint_is_not_known),
        TEST(a_row_of_a_commit_that_failed_is_not_known),
        TEST(a_row_that_a_trigger_kept_away_is_not_known),
        TEST(another_run_is_not_ours),
        TEST(columns_that_others_change_get_their_values),
        TEST(columns_that_we_change_get_their_values),
        TEST(columns_that_come_back_get_their_values),
        TEST(an_older_ledger_is_written_all_the_same),
        TEST(columns_are_looked_at_once),
        TEST(in_a_run_without_transactions_columns_are_named),
        TEST(on_a_lent_connection_columns_are_named),
        TEST(a_host_that_cannot_tell_is_asked_each_time),
    };

    return cmocka_run_group_tests_name("sqlite, what is known", tests, NULL, NULL);
}
