/* SPDX-License-Identifier: Apache-2.0 */
/* What only PostgreSQL has: indexes that are INVALID, rows by cursors, types, its catalogue. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "conformance/server_postgres.h"
#include "engines/postgres/postgres.h"

/* --- helpers ---------------------------------------------------------------------------------- */

static brn_stmt stmt_of(const char *sql)
{
    return (brn_stmt){ .text = brn_str_from(sql), .line = 1, .column = 1 };
}

static brant_status run_one(brn_conn *conn, conf_db *db, const char *sql, brant_error **err)
{
    brn_program program = { .run_id = "run-1" };
    brn_run_state state;

    conf_add_sql(&program, db, sql);
    return conn->engine->run(conn, &program, NULL, NULL, &state, err);
}

/* BEGIN of a program that goes on. */
static void begin(brn_conn *conn, conf_db *db)
{
    brn_program program = { .run_id = "run-1" };
    brn_run_state state;
    brant_error *err = NULL;

    (void)conf_add(&program, db, BRN_OP_BEGIN);
    conf_ok(conn->engine->run(conn, &program, NULL, NULL, &state, &err), err);
}

static void expect_verdict(
    brn_conn *conn, conf_db *db, const char *sql, brn_verdict verdict, const char *part)
{
    brn_stmt stmt = stmt_of(sql);
    brn_evidence evidence = { 0 };
    brant_error *err = NULL;

    print_message("  %s\n", sql);
    conf_ok(conn->engine->probe(&evidence, &db->arena, conn, &stmt, &err), err);
    if (evidence.verdict != verdict || strstr(evidence.text, part) == NULL) {
        fail_msg("%s: verdict %d: %s", sql, (int)evidence.verdict, evidence.text);
    }
}

static int64_t number(const conf_db *db, const char *query)
{
    return db->quirks->number(db->url, query);
}

/* A session of somebody else. */
static PGconn *other_session(const conf_db *db)
{
    PGconn *other = PQconnectdb(db->url);

    assert_int_equal(PQstatus(other), CONNECTION_OK);
    return other;
}

static void other_runs(PGconn *other, const char *sql)
{
    PGresult *result = PQexec(other, sql);

    if (PQresultStatus(result) != PGRES_COMMAND_OK && PQresultStatus(result) != PGRES_TUPLES_OK) {
        fail_msg("%s: %s", sql, PQresultErrorMessage(result));
    }
    PQclear(result);
}

static void wait_for(const conf_db *db, const char *query)
{
    for (int i = 0; i < 500 && number(db, query) != 1; i++) {
        brn_clock_sleep_ms(10);
    }
    assert_int_equal(number(db, query), 1);
}

/* --- indexes ---------------------------------------------------------------------------------- */

#define BUILD "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS i ON t (a)"
#define VALID "SELECT count(*) FROM pg_index WHERE indexrelid = 'i'::regclass AND indisvalid"

static void leave_invalid(brn_conn *conn, conf_db *db)
{
    brant_error *err = NULL;
    brant_status st;

    conf_run_sql(conn, db, "CREATE TABLE t (a integer);;INSERT INTO t VALUES (1), (1)");
    st = run_one(conn, db, BUILD, &err);
    assert_string_equal(brant_error_sqlstate(err), "23505");
    conf_expect(st, err, BRANT_ESTATEMENT, "statement.failed");
    conf_ok(conn->engine->reset(conn, NULL), NULL);
    assert_int_equal(number(db, VALID), 0);
}

static void an_invalid_index_is_not_done_and_built_anew(void **state)
{
    conf_db *db = *state;
    brn_conn *conn = conf_connect(db);

    leave_invalid(conn, db);
    expect_verdict(conn, db, BUILD, BRN_VERDICT_NOT_DONE, "INVALID");
    expect_verdict(
        conn, db, "CREATE UNIQUE INDEX CONCURRENTLY ON t (a)", BRN_VERDICT_NOT_DONE,
        "no such index that is valid");
    conf_run_sql(conn, db, "DELETE FROM t");
    conf_run_sql(conn, db, BUILD);
    assert_int_equal(number(db, VALID), 1);
    expect_verdict(conn, db, BUILD, BRN_VERDICT_DONE, "same definition");
    conf_close(conn);
}

static void an_invalid_index_is_never_accepted(void **state)
{
    conf_db *db = *state;
    brn_conn *conn = conf_connect(db);
    brn_stmt build = stmt_of(BUILD);
    brn_stmt other = stmt_of("CREATE INDEX CONCURRENTLY IF NOT EXISTS j ON t (a)");
    brant_error *err = NULL;
    brant_status st;

    leave_invalid(conn, db);
    st = brn_postgres_index_check((brn_postgres *)conn, &build, &err);
    assert_non_null(brant_error_hint(err));
    conf_expect(st, err, BRANT_ESTATEMENT, "index.invalid");
    err = NULL;
    conf_ok(brn_postgres_index_check((brn_postgres *)conn, &other, &err), err);
    conf_close(conn);
}

/* Of another statement, of another table of that name, of a partitioned table. */
static void other_indexes_are_left_alone(void **state)
{
    static const char *const statements[] = {
        "CREATE INDEX i ON t (a)",
        "CREATE INDEX CONCURRENTLY ON t (a)",
        "CREATE INDEX CONCURRENTLY j ON t (a)",
        "CREATE INDEX CONCURRENTLY i ON s.t (a)",
        "CREATE INDEX CONCURRENTLY i ON nosuch (a)",
        "REINDEX TABLE CONCURRENTLY t",
        "REINDEX INDEX CONCURRENTLY i",
        "DROP INDEX CONCURRENTLY i",
        "CREATE INDEX CONCURRENTLY pi ON p (a)",
    };
    conf_db *db = *state;
    brn_conn *conn = conf_connect(db);

    leave_invalid(conn, db);
    conf_run_sql(
        conn, db,
        "CREATE SCHEMA s;;CREATE TABLE s.t (a integer);;"
        "CREATE TABLE p (a integer) PARTITION BY LIST (a);;CREATE INDEX pi ON ONLY p (a)");
    for (size_t i = 0; i < BRN_ARRAY_LEN(statements); i++) {
        brn_stmt stmt = stmt_of(statements[i]);
        brant_error *err = NULL;

        conf_ok(brn_postgres_index_prepare((brn_postgres *)conn, &stmt, &err), err);
    }
    assert_int_equal(number(db, "SELECT count(*) FROM pg_class WHERE relname IN ('i', 'pi')"), 2);
    conf_close(conn);
}

/* Somebody else's build waits for a transaction that has written the table. */
static void an_index_that_is_being_built_is_left_alone(void **state)
{
    conf_db *db = *state;
    brn_conn *conn = conf_connect(db);
    PGconn *writer = other_session(db);
    PGconn *builder = other_session(db);
    brn_stmt stmt = stmt_of("CREATE INDEX CONCURRENTLY i ON t (a)");
    brant_error *err = NULL;
    brant_status st;

    conf_run_sql(conn, db, "CREATE TABLE t (a integer)");
    other_runs(writer, "BEGIN");
    other_runs(writer, "INSERT INTO t VALUES (1)");
    assert_int_equal(PQsendQuery(builder, stmt.text.ptr), 1);
    wait_for(db, "SELECT count(*) FROM pg_class WHERE relname = 'i'");
    expect_verdict(conn, db, stmt.text.ptr, BRN_VERDICT_UNKNOWN, "is being built by process");
    st = brn_postgres_index_prepare((brn_postgres *)conn, &stmt, &err);
    assert_non_null(strstr(brant_error_message(err), "process"));
    conf_expect(st, err, BRANT_ELOCKED, "index.building");
    other_runs(writer, "COMMIT");
    PQclear(PQgetResult(builder));
    expect_verdict(conn, db, stmt.text.ptr, BRN_VERDICT_DONE, "same definition");
    PQfinish(builder);
    PQfinish(writer);
    conf_close(conn);
}

/* Runs the statement until the query gives a number, and cancels it. */
static void cut_off(conf_db *db, PGconn *builder, const char *sql, const char *until)
{
    PGcancel *cancel = PQgetCancel(builder);
    char text[256];

    assert_int_equal(PQsendQuery(builder, sql), 1);
    wait_for(db, until);
    assert_int_equal(PQcancel(cancel, text, sizeof(text)), 1);
    PQfreeCancel(cancel);
    PQclear(PQgetResult(builder));
    PQclear(PQgetResult(builder));
}

static void what_a_reindex_left_goes_before_the_next(void **state)
{
    /* The server cuts the longest names to make room for its suffix. */
#define LONGEST "i_0123456789_0123456789_0123456789_0123456789_0123456789_012345"
    static const char *const statements[] = {
        "REINDEX INDEX CONCURRENTLY i",
        "REINDEX (CONCURRENTLY) TABLE t",
        ("REINDEX INDEX CONCURRENTLY " LONGEST),
    };
    conf_db *db = *state;
    brn_conn *conn = conf_connect(db);
    PGconn *writer = other_session(db);
    PGconn *builder = other_session(db);

    if (conn->server_version < 120000) {
        PQfinish(builder);
        PQfinish(writer);
        conf_close(conn);
        skip();
    }
    conf_run_sql(conn, db, "CREATE TABLE t (a integer);;CREATE INDEX i ON t (a)");
    for (size_t i = 0; i < BRN_ARRAY_LEN(statements); i++) {
        if (i == 2) {
            other_runs(writer, "ALTER INDEX i RENAME TO " LONGEST);
        }
        other_runs(writer, "BEGIN");
        other_runs(writer, "INSERT INTO t VALUES (1)");
        cut_off(
            db, builder, statements[i == 1 ? 0 : i],
            "SELECT count(*) FROM pg_class WHERE relname ~ '^i.*_ccnew$'");
        other_runs(writer, "COMMIT");
        wait_for(db, "SELECT count(*) FROM pg_class WHERE relname ~ '^i.*_cc(new|old)$'");
        conf_run_sql(conn, db, statements[i]);
        assert_int_equal(
            number(db, "SELECT count(*) FROM pg_class WHERE relname ~ '^i.*_cc(new|old)$'"), 0);
    }
    PQfinish(builder);
    PQfinish(writer);
    conf_close(conn);
}

#define LEFT_BY_REINDEX                                                                            \
    "SELECT count(*) FROM pg_class WHERE relname ~ '_cc(new|old)$'"                                \
    " AND has_schema_privilege(relnamespace, 'USAGE')"

/* It has built its index, and waits for older transactions. */
#define IS_BUILT                                                                                   \
    "SELECT count(*) FROM pg_stat_progress_create_index WHERE phase = 'waiting for old snapshots'"

/* Of partitions, and of all tables in a schema or the database. */
static void what_a_reindex_of_many_left_goes_before_the_next(void **state)
{
    static const char *const statements[][2] = {
        { "REINDEX TABLE CONCURRENTLY p", "REINDEX TABLE CONCURRENTLY p" },
        { "REINDEX INDEX CONCURRENTLY pi", "REINDEX INDEX CONCURRENTLY pi" },
        { "REINDEX TABLE CONCURRENTLY p", "REINDEX SCHEMA CONCURRENTLY s" },
        { "REINDEX TABLE CONCURRENTLY t", "REINDEX TABLE CONCURRENTLY t" },
        { "REINDEX TABLE CONCURRENTLY t", NULL },
    };
    conf_db *db = *state;
    brn_conn *conn = conf_connect(db);
    PGconn *older = other_session(db);
    PGconn *builder = other_session(db);
    char all[200];

    if (conn->server_version < 140000) {
        PQfinish(builder);
        PQfinish(older);
        conf_close(conn);
        skip();
    }
    (void)snprintf(all, sizeof(all), "REINDEX DATABASE CONCURRENTLY \"%s\"", PQdb(builder));
    conf_run_sql(
        conn, db,
        "CREATE SCHEMA s;;CREATE TABLE s.p (a integer) PARTITION BY LIST (a);;"
        "CREATE INDEX pi ON s.p (a);;CREATE TABLE s.p1 PARTITION OF s.p FOR VALUES IN (1);;"
        "CREATE TABLE t (a integer, b text);;CREATE INDEX i ON t (a);;SET search_path = s, public");
    other_runs(builder, "SET search_path = s, public");
    for (size_t i = 0; i < BRN_ARRAY_LEN(statements); i++) {
        other_runs(older, "BEGIN ISOLATION LEVEL REPEATABLE READ");
        other_runs(older, "SELECT 1");
        cut_off(db, builder, statements[i][0], IS_BUILT);
        other_runs(older, "COMMIT");
        assert_true(number(db, LEFT_BY_REINDEX) > 0);
        conf_run_sql(conn, db, statements[i][1] != NULL ? statements[i][1] : all);
        assert_int_equal(number(db, LEFT_BY_REINDEX), 0);
    }
    PQfinish(builder);
    PQfinish(older);
    conf_close(conn);
}

/* --- probes ----------------------------------------------------------------------------------- */

/* Without the right to make a schema the copies are temporary. */
static void probing_needs_no_schema_of_its_own(void **state)
{
    conf_db *db = *state;
    brn_conn *conn = conf_connect(db);

    conf_run_sql(
        conn, db,
        "CREATE TABLE t (a integer, b text);;CREATE INDEX i ON t (lower(b));;"
        "ALTER TABLE t ADD COLUMN c integer DEFAULT 5 CHECK (c > 1);;CREATE VIEW w AS TABLE t;;"
        "DO $$ BEGIN EXECUTE format('REVOKE CREATE ON DATABASE %I FROM brant',"
        " current_database()); END $$");
    assert_int_equal(
        number(db, "SELECT has_database_privilege(current_database(), 'CREATE')::int"), 0);
    expect_verdict(
        conn, db, "CREATE INDEX CONCURRENTLY i ON t (lower(b))", BRN_VERDICT_DONE, "same");
    expect_verdict(
        conn, db, "CREATE INDEX CONCURRENTLY i ON t (b)", BRN_VERDICT_UNKNOWN, "another");
    expect_verdict(
        conn, db, "ALTER TABLE t ADD c integer CHECK (c > 1) DEFAULT 5", BRN_VERDICT_DONE, "same");
    expect_verdict(conn, db, "CREATE VIEW w AS SELECT * FROM t", BRN_VERDICT_DONE, "same");
    expect_verdict(
        conn, db, "CREATE TABLE t (a integer, b text, c integer DEFAULT 5 CHECK (c > 1))",
        BRN_VERDICT_DONE, "same");
    conf_close(conn);
}

static void probing_leaves_nothing_behind(void **state)
{
    static const char count[] = "SELECT (SELECT count(*) FROM pg_class) + (SELECT count(*) FROM "
                                "pg_type) + (SELECT count(*) FROM pg_namespace)";
    conf_db *db = *state;
    brn_conn *conn = conf_connect(db);
    int64_t before;

    conf_run_sql(
        conn, db,
        "CREATE TABLE t (a integer);;CREATE INDEX i ON t (a);;CREATE TYPE e AS ENUM ('a', 'b');;"
        "CREATE MATERIALIZED VIEW m AS SELECT pg_sleep(0.001)::text AS x");
    before = number(db, count);
    expect_verdict(conn, db, "CREATE INDEX CONCURRENTLY i ON t (a)", BRN_VERDICT_DONE, "same");
    expect_verdict(conn, db, "CREATE INDEX i ON t (nosuch)", BRN_VERDICT_UNKNOWN, "nosuch");
    expect_verdict(conn, db, "ALTER TYPE e ADD VALUE 'b'", BRN_VERDICT_DONE, "same");
    /* Whose query is not run for it. */
    expect_verdict(
        conn, db, "CREATE MATERIALIZED VIEW m AS SELECT pg_sleep(600)::text AS x WITH DATA",
        BRN_VERDICT_UNKNOWN, "another");
    assert_int_equal(number(db, count), before);
    assert_int_equal(PQtransactionStatus(((brn_postgres *)conn)->pg), PQTRANS_IDLE);
    conf_close(conn);
}

/* --- objects ---------------------------------------------------------------------------------- */

static const struct object_case {
    const char *type;
    const char *name;
    const char *definition;
} object_cases[] = {
    { "aggregate", "total(integer)",
      "CREATE AGGREGATE total(integer) (SFUNC int4pl, STYPE integer, FINALFUNC -, INITCOND 0)" },
    { "domain", "d",
      "CREATE DOMAIN d AS text DEFAULT 'q'::text NOT NULL CONSTRAINT d_check CHECK ((VALUE <> "
      "'z'::text))" },
    { "extension", "hstore", NULL },
    { "function", "f()", NULL },
    { "index", "child_x", "CREATE INDEX child_x ON public.child USING btree (x) WHERE (x > 0)" },
    { "materialized view", "m", "CREATE MATERIALIZED VIEW m AS SELECT 1 AS x" },
    { "policy", "l on child",
      "CREATE POLICY l ON child AS PERMISSIVE FOR SELECT TO public USING ((x > 1))" },
    { "procedure", "app.pr()", NULL },
    { "schema", "app", "CREATE SCHEMA app" },
    { "sequence", "q",
      "CREATE SEQUENCE q AS bigint START 1 INCREMENT 5 MINVALUE 1 MAXVALUE 9223372036854775807 "
      "CACHE 1" },
    { "table", "\"Odd \"\"one\"", "CREATE TABLE \"Odd \"\"one\" (a integer)" },
    { "table", "app.u",
      "CREATE TABLE app.u (id bigint GENERATED ALWAYS AS IDENTITY NOT NULL, n text COLLATE \"C\" "
      "DEFAULT 'x'::text NOT NULL, g integer GENERATED ALWAYS AS ((1 + 1)) STORED, CONSTRAINT "
      "u_n_check CHECK ((n <> ''::text)), CONSTRAINT u_pkey PRIMARY KEY (id))" },
    { "table", "child",
      "CREATE TABLE child (x integer, u bigint, CONSTRAINT child_u_fkey FOREIGN KEY (u) "
      "REFERENCES app.u(id) ON DELETE CASCADE) ROW LEVEL SECURITY" },
    { "table", "part", "CREATE TABLE part (a integer) PARTITION BY LIST (a)" },
    { "table", "part_1", "CREATE TABLE part_1 (a integer) INHERITS (part) FOR VALUES IN (1)" },
    { "trigger", "r on child",
      "CREATE TRIGGER r BEFORE INSERT ON public.child FOR EACH ROW EXECUTE FUNCTION f()" },
    { "type", "app.pair", "CREATE TYPE app.pair AS (a integer, b text)" },
    { "type", "e", "CREATE TYPE e AS ENUM ('b', 'a')" },
    { "view", "app.w", "CREATE VIEW app.w WITH (security_barrier=true) AS SELECT 1 AS x" },
};

static void objects_of_every_kind_are_listed(void **state)
{
    conf_db *db = *state;
    brn_conn *conn = conf_connect(db);
    brn_object_list list = { 0 };
    brant_error *err = NULL;

    conf_ensure(conn, db);
    conf_run_sql(
        conn, db,
        "CREATE SCHEMA app;;"
        "CREATE TABLE app.u (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, n text COLLATE "
        "\"C\" NOT NULL DEFAULT 'x' CHECK (n <> ''), g int GENERATED ALWAYS AS (1 + 1) STORED);;"
        "CREATE TABLE child (x int, u bigint REFERENCES app.u ON DELETE CASCADE);;"
        "ALTER TABLE child ENABLE ROW LEVEL SECURITY;;"
        "CREATE POLICY l ON child FOR SELECT USING (x > 1);;"
        "CREATE INDEX child_x ON child (x) WHERE x > 0;;"
        "CREATE TYPE app.pair AS (a int, b text);;CREATE TYPE e AS ENUM ('b', 'a');;"
        "CREATE DOMAIN d AS text DEFAULT 'q' NOT NULL CHECK (VALUE <> 'z');;"
        "CREATE SEQUENCE q INCREMENT 5;;CREATE EXTENSION hstore;;"
        "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';;"
        "CREATE PROCEDURE app.pr() LANGUAGE sql AS 'SELECT 1';;"
        "CREATE AGGREGATE total(int) (SFUNC = int4pl, STYPE = int, INITCOND = '0');;"
        "CREATE TRIGGER r BEFORE INSERT ON child FOR EACH ROW EXECUTE FUNCTION f();;"
        "CREATE VIEW app.w WITH (security_barrier) AS SELECT 1 AS x;;"
        "CREATE MATERIALIZED VIEW m AS SELECT 1 AS x;;CREATE TABLE \"Odd \"\"one\" (a int);;"
        "CREATE TABLE part (a int) PARTITION BY LIST (a);;"
        "CREATE TABLE part_1 PARTITION OF part FOR VALUES IN (1)");
    conf_ok(conn->engine->objects(&list, &db->arena, conn, &err), err);
    for (size_t i = 0; i < list.count && i < BRN_ARRAY_LEN(object_cases); i++) {
        assert_string_equal(list.items[i].type, object_cases[i].type);
        assert_string_equal(list.items[i].name, object_cases[i].name);
        if (object_cases[i].definition != NULL) {
            assert_string_equal(list.items[i].definition, object_cases[i].definition);
        }
        assert_true(list.items[i].definition[0] != '\0');
    }
    assert_int_equal(list.count, BRN_ARRAY_LEN(object_cases));
    conf_close(conn);
}

/* --- values and rows -------------------------------------------------------------------------- */

typedef struct walk {
    brn_conn *conn;
    conf_db *db;
    const char *inner; /* statement run from the row function; NULL */
    size_t every;      /* of so many rows */
    size_t stop_at;
    size_t rows;
    int64_t sum;
    brant_status st; /* of the inner one */
} walk;

static int step(const brant_row *row, void *user)
{
    walk *w = user;
    int64_t changed = -1;

    w->rows++;
    w->sum += row->values[0].integer;
    if (w->inner != NULL && w->rows % w->every == 0) {
        brant_value value = row->values[0];
        brant_error *err = NULL;

        w->st = conf_execute(&changed, w->conn, w->inner, &value, 1, NULL, NULL, &err);
        if (w->st != BRANT_OK) {
            assert_string_equal(brant_error_id(err), "code.rows");
        }
        brant_error_free(err);
    }
    return w->rows == w->stop_at || w->st != BRANT_OK;
}

static brant_status run_walk(walk *w, const char *sql, brant_error **err)
{
    int64_t changed = -1;

    return conf_execute(&changed, w->conn, sql, NULL, 0, step, w, err);
}

static void in_a_transaction_rows_come_by_a_cursor(void **state)
{
    conf_db *db = *state;
    brn_conn *conn = conf_connect(db);
    walk w = { .conn = conn, .db = db, .inner = "INSERT INTO t VALUES ($1)", .every = 1000 };
    walk stopped = { .conn = conn, .db = db, .stop_at = 3 };
    int64_t changed;
    brant_error *err = NULL;

    conf_run_sql(conn, db, "CREATE TABLE t (a integer)");
    begin(conn, db);
    conf_ok(run_walk(&w, " /* all */ SELECT generate_series(1, 100000);", &err), err);
    assert_int_equal(w.rows, 100000);
    assert_int_equal(w.sum, 5000050000);
    conf_ok(run_walk(&stopped, "VALUES (1), (2), (3), (4)", &err), err);
    assert_int_equal(stopped.sum, 6);
    /* No cursor is open on it any more. */
    conf_ok(
        conf_execute(&changed, conn, "ALTER TABLE t ADD COLUMN b text", NULL, 0, NULL, NULL, &err),
        err);
    conf_ok(conf_execute(&changed, conn, "UPDATE t SET b = 'x'", NULL, 0, NULL, NULL, &err), err);
    assert_int_equal(changed, 100);
    conf_close(conn);
}

static void an_error_in_a_cursor_has_its_place(void **state)
{
    static const struct place_case {
        const char *sql;
        size_t offset;
    } cases[] = {
        { "SELECT nosuch", 7 },
        { "-- \xc3\xa4\nSELECT '\xc3\xa4', nosuch;", 19 },
        { "SELECT 1 / (n - 2) FROM generate_series(1, 3) n", SIZE_MAX },
    };
    conf_db *db = *state;

    for (size_t i = 0; i < BRN_ARRAY_LEN(cases); i++) {
        brn_conn *conn = conf_connect(db);
        walk w = { .conn = conn, .db = db };
        brant_error *err = NULL;
        brant_status st;

        begin(conn, db);
        st = run_walk(&w, cases[i].sql, &err);
        assert_int_equal(brn_error_get_offset(err), cases[i].offset);
        assert_string_equal(brant_error_statement(err), cases[i].sql);
        conf_expect(st, err, BRANT_ESTATEMENT, "statement.failed");
        err = NULL;
        /* What was swallowed has ended the transaction. */
        st = run_walk(&w, "SELECT 1", &err);
        conf_expect(st, err, BRANT_ESTATEMENT, "statement.transaction_lost");
        conf_close(conn);
    }
}

static void rows_of_changes_are_read_ahead(void **state)
{
    static const char changes[] = "INSERT INTO t SELECT generate_series(1, 5000) RETURNING a";
    conf_db *db = *state;
    brn_conn *conn = conf_connect(db);
    brant_error *err = NULL;

    conf_run_sql(conn, db, "CREATE TABLE t (a integer)");
    for (int in_txn = 0; in_txn < 2; in_txn++) {
        walk w = { .conn = conn, .db = db, .inner = "DELETE FROM t WHERE a = $1", .every = 50 };
        walk stopped = { .conn = conn, .db = db, .stop_at = 1 };

        if (in_txn == 1) {
            begin(conn, db);
        }
        conf_ok(run_walk(&w, changes, &err), err);
        assert_int_equal(w.rows, 5000);
        assert_int_equal(w.sum, 12502500);
        conf_ok(run_walk(&stopped, changes, &err), err);
    }
    assert_int_equal(number(db, "SELECT count(*) FROM t"), 2 * 5000 - 100);
    conf_close(conn);
}

static void too_many_rows_ahead_are_an_error(void **state)
{
    conf_db *db = *state;
    brn_conn *conn = conf_connect(db);
    walk w = { .conn = conn, .db = db, .inner = "SELECT $1::integer", .every = 1 };
    walk stopped = { .conn = conn, .db = db, .stop_at = 1 };
    brant_error *err = NULL;
    brant_status st =
        run_walk(&w, "SELECT n, repeat('x', 8192) FROM generate_series(1, 20000) n", &err);

    assert_int_equal(w.st, BRANT_ESTATEMENT);
    conf_ok(st, err); /* the row function ended it */
    err = NULL;
    /* A long result that nobody wants is cancelled. */
    conf_ok(run_walk(&stopped, "SELECT generate_series(1, 1000000000000)", &err), err);
    conf_ok(run_walk(&stopped, "SELECT 1", &err), err);
    conf_close(conn);
}

typedef struct seen {
    brant_value values[8];
    char texts[8][32];
} seen;

static int see(const brant_row *row, void *user)
{
    seen *s = user;

    for (size_t i = 0; i < row->count && i < 8; i++) {
        s->values[i] = row->values[i];
        if (row->values[i].type >= BRANT_VALUE_TEXT) {
            (void)snprintf(
                s->texts[i], sizeof(s->texts[i]), "%s", (const char *)row->values[i].data);
        }
    }
    return 0;
}

static void values_fit_columns_of_many_types(void **state)
{
    conf_db *db = *state;
    brn_conn *conn = conf_connect(db);
    const brant_value values[] = {
        { .type = BRANT_VALUE_INTEGER, .integer = 7 },
        { .type = BRANT_VALUE_INTEGER, .integer = 7 },
        { .type = BRANT_VALUE_INTEGER, .integer = 1 },
        { .type = BRANT_VALUE_REAL, .real = 0.1 },
        { .type = BRANT_VALUE_TEXT, .data = "2024-02-29", .length = 10 },
        { .type = BRANT_VALUE_TEXT, .data = "{\"a\": 1}", .length = 8 },
        { .type = BRANT_VALUE_REAL, .real = 1.5 },
    };
    seen got = { 0 };
    int64_t changed;
    brant_error *err = NULL;

    conf_run_sql(
        conn, db,
        "CREATE TABLE t (a smallint, b text, c boolean, d numeric(5, 2), e date, f jsonb, g real)");
    conf_ok(
        conf_execute(
            &changed, conn, "INSERT INTO t VALUES ($1, $2, $3, $4, $5, $6, $7)", values,
            BRN_ARRAY_LEN(values), NULL, NULL, &err),
        err);
    conf_ok(conf_execute(&changed, conn, "SELECT * FROM t", NULL, 0, see, &got, &err), err);
    assert_int_equal(got.values[0].integer, 7);
    assert_string_equal(got.texts[1], "7");
    assert_int_equal(got.values[2].type, BRANT_VALUE_INTEGER);
    assert_int_equal(got.values[2].integer, 1);
    assert_string_equal(got.texts[3], "0.10");
    assert_string_equal(got.texts[4], "2024-02-29");
    assert_string_equal(got.texts[5], "{\"a\": 1}");
    assert_true(got.values[6].real > 1.4 && got.values[6].real < 1.6);
    conf_close(conn);
}

static void what_a_function_must_not_run_is_refused(void **state)
{
    static const struct refused_case {
        const char *sql;
        const char *id;
    } cases[] = {
        { "COPY t FROM STDIN", "code.copy" },
        { "-- rows\nCOPY t FROM STDIN;\n1\n\\.\n", "code.copy" },
        { "COPY (SELECT 1) TO STDOUT", "code.copy" },
        { "SELECT pg_advisory_unlock_all()", "transaction.refused" },
        { "DISCARD ALL", "transaction.refused" },
        { "PREPARE TRANSACTION 'x'", "statement.transaction_control" },
        { "CREATE INDEX CONCURRENTLY i ON t (a)", "transaction.alone" },
    };
    conf_db *db = *state;
    brn_conn *conn = conf_connect(db);

    conf_run_sql(conn, db, "CREATE TABLE t (a integer)");
    begin(conn, db);
    for (size_t i = 0; i < BRN_ARRAY_LEN(cases); i++) {
        int64_t changed;
        brant_error *err = NULL;
        brant_status st = conf_execute(&changed, conn, cases[i].sql, NULL, 0, NULL, NULL, &err);

        conf_expect(st, err, BRANT_ESTATEMENT, cases[i].id);
    }
    conf_close(conn);
}

static void a_new_value_of_an_enum_wants_its_commit(void **state)
{
    conf_db *db = *state;
    brn_conn *conn = conf_connect(db);
    int64_t changed;
    brant_error *err = NULL;
    brant_status st;

    conf_run_sql(conn, db, "CREATE TYPE e AS ENUM ('a')");
    begin(conn, db);
    conf_ok(
        conf_execute(&changed, conn, "ALTER TYPE e ADD VALUE 'b'", NULL, 0, NULL, NULL, &err), err);
    st = conf_execute(&changed, conn, "SELECT 'b'::e", NULL, 0, NULL, NULL, &err);
    assert_string_equal(brant_error_sqlstate(err), "55P04");
    assert_non_null(strstr(brant_error_hint(err), "a migration before this one"));
    conf_expect(st, err, BRANT_ESTATEMENT, "statement.failed");
    conf_close(conn);
}

/* --- the guard -------------------------------------------------------------------------------- */

#define LOCK_KEY                                                                                   \
    "(SELECT (l.classid::bigint << 32) | l.objid::bigint FROM pg_locks l JOIN pg_database d"       \
    " ON d.oid = l.database WHERE l.locktype = 'advisory' AND d.datname = current_database())"

/* A function can hide that it frees the lock. */
static void the_guard_wants_a_lock_that_is_still_ours(void **state)
{
    static const struct freed_case {
        const char *sql;
        bool taken; /* by another session behind it */
        bool passes;
    } cases[] = {
        { "SELECT 1", false, true },
        { "SELECT pg_advisory_unlock(" LOCK_KEY ")", false, true }, /* it is held twice */
        { "SELECT pg_advisory_unlock_all()", false, false },
        { "SELECT pg_advisory_unlock_all()", true, false },
    };
    conf_db *db = *state;

    for (size_t i = 0; i < BRN_ARRAY_LEN(cases); i++) {
        brn_conn *conn = conf_connect(db);
        PGconn *other = other_session(db);
        brn_program program = { .run_id = "run-1" };
        char take[64];
        brn_run_state run;
        brant_error *err = NULL;
        brant_status st;

        print_message("  %s\n", cases[i].sql);
        conf_ok(conn->engine->lock(conn, "up", &err), err);
        (void)snprintf(
            take, sizeof(take), "SELECT pg_advisory_lock(%" PRId64 ")",
            number(db, "SELECT " LOCK_KEY));
        conf_run_sql(conn, db, cases[i].sql);
        if (cases[i].taken) {
            other_runs(other, take);
        }
        (void)conf_add(&program, db, BRN_OP_GUARD);
        st = conn->engine->run(conn, &program, NULL, NULL, &run, &err);
        if (cases[i].passes) {
            conf_ok(st, err);
        } else {
            conf_expect(st, err, BRANT_ELOCKED, "lock.lost");
        }
        PQfinish(other);
        conf_close(conn);
    }
}

/* Its statement is prepared anew in between, for a plan that fits the ledger as it has become. */
static void many_guards_come_in_one_program(void **state)
{
    conf_db *db = *state;
    brn_conn *conn = conf_connect(db);
    brn_ledger_row row = conf_row("m1", BRN_ROW_RUNNING);
    brn_program program = { .run_id = "run-1" };
    brn_run_state run;
    brant_error *err = NULL;
    brant_status st;

    conf_ensure(conn, db);
    conf_ok(conn->engine->lock(conn, "up", &err), err);
    conf_add_ledger(&program, db, BRN_LEDGER_PUT, &row);
    for (int i = 0; i < 300; i++) {
        conf_add(&program, db, BRN_OP_GUARD)->id = row.id;
    }
    conf_ok(conn->engine->run(conn, &program, NULL, NULL, &run, &err), err);
    assert_int_equal(run.ops_done, 301);
    conf_ok(conn->engine->run(conn, &program, NULL, NULL, &run, &err), err);
    row.status = BRN_ROW_COMPLETED;
    program.ops.count = 0;
    conf_add_ledger(&program, db, BRN_LEDGER_PUT, &row);
    conf_add(&program, db, BRN_OP_GUARD)->id = row.id;
    st = conn->engine->run(conn, &program, NULL, NULL, &run, &err);
    conf_expect(st, err, BRANT_ELOCKED, "lock.lost");
    conf_close(conn);
}

/* --- what ends a migration -------------------------------------------------------------------- */

/* The row that is done, its history and, when `next` is given, the row of the next migration, as
 * the runner writes them: with times of the server, behind a statement of their transaction. */
static brant_status end_migration(
    brn_conn *conn, conf_db *db, const brn_ledger_row *next, brn_run_state *run, brant_error **err)
{
    static const brn_history_row entry = { .action = "up", .migration = "m1", .at_us = 1000000 };
    brn_ledger_row row = conf_row("m1", BRN_ROW_COMPLETED);
    brn_ledger_op done = { .type = BRN_LEDGER_PUT, .stamp = true, .row = &row };
    brn_ledger_op written = { .type = BRN_LEDGER_HISTORY, .stamp = true, .history = &entry };
    brn_program program = { .run_id = "run-1" };

    (void)conf_add(&program, db, BRN_OP_BEGIN);
    conf_add_sql(&program, db, "SELECT 1");
    conf_add(&program, db, BRN_OP_LEDGER)->ledger = &done;
    conf_add(&program, db, BRN_OP_LEDGER)->ledger = &written;
    if (next != NULL) {
        conf_add_ledger(&program, db, BRN_LEDGER_PUT, next);
    }
    (void)conf_add(&program, db, BRN_OP_COMMIT);
    return conn->engine->run(conn, &program, NULL, NULL, run, err);
}

#define COUNT_DONE                                                                                 \
    "SELECT count(*) FROM brant_migrations m JOIN brant_history h ON h.migration = m.id"           \
    " WHERE m.id = 'm1' AND m.status = 'completed' AND h.duration_ms >= 0"                         \
    " AND m.finished_at > m.started_at::timestamptz::date::text"
#define COUNT_RUNNING "SELECT count(*) FROM brant_migrations WHERE id = 'm2' AND status = 'running'"

static void what_ends_a_migration_is_written_as_a_whole(void **state)
{
    conf_db *db = *state;
    const brn_ledger_row next = conf_row("m2", BRN_ROW_RUNNING);

    for (int with_next = 0; with_next <= 1; with_next++) {
        brn_conn *conn = conf_connect(db);
        const brn_ledger_row *row = with_next == 1 ? &next : NULL;
        brn_run_state run;
        brant_error *err = NULL;
        brant_status st;

        conf_ensure(conn, db);
        conf_run_sql(conn, db, "ALTER TABLE brant_history RENAME COLUMN detail TO other");
        st = end_migration(conn, db, row, &run, &err);
        conf_expect(st, err, BRANT_ESTATEMENT, "ledger.write_failed");
        err = NULL;
        assert_int_equal(run.ops_done, 2);
        conf_ok(conn->engine->reset(conn, &err), err);
        assert_int_equal(number(db, "SELECT count(*) FROM brant_migrations"), 0);
        conf_run_sql(conn, db, "ALTER TABLE brant_history RENAME COLUMN other TO detail");
        conf_ok(end_migration(conn, db, row, &run, &err), err);
        assert_int_equal(run.ops_done, 5 + with_next);
        assert_int_equal(number(db, COUNT_DONE), 1);
        assert_int_equal(number(db, COUNT_RUNNING), with_next);
        conf_run_sql(conn, db, "TRUNCATE brant_migrations, brant_history");
        conf_close(conn);
    }
}

int conf_own_postgres(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_invalid_index_is_not_done_and_built_anew),
        TEST(an_invalid_index_is_never_accepted),
        TEST(other_indexes_are_left_alone),
        TEST(an_index_that_is_being_built_is_left_alone),
        TEST(what_a_reindex_left_goes_before_the_next),
        TEST(what_a_reindex_of_many_left_goes_before_the_next),
        TEST(probing_needs_no_schema_of_its_own),
        TEST(probing_leaves_nothing_behind),
        TEST(objects_of_every_kind_are_listed),
        TEST(in_a_transaction_rows_come_by_a_cursor),
        TEST(an_error_in_a_cursor_has_its_place),
        TEST(rows_of_changes_are_read_ahead),
        TEST(too_many_rows_ahead_are_an_error),
        TEST(values_fit_columns_of_many_types),
        TEST(what_a_function_must_not_run_is_refused),
        TEST(a_new_value_of_an_enum_wants_its_commit),
        TEST(many_guards_come_in_one_program),
        TEST(what_ends_a_migration_is_written_as_a_whole),
        TEST(the_guard_wants_a_lock_that_is_still_ours),
    };

    return cmocka_run_group_tests_name("own postgres", tests, NULL, NULL) +
           conf_own_postgres_server();
}
