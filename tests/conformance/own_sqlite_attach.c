/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What only SQLite has of lent connections: another copy of it, files, settings, handlers.
 */
#include "conformance/conformance.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "engines/sqlite/sqlite.h"
#include "support/sqlite_copy.h"

static const char *path_of(const conf_db *db)
{
    return db->url + strlen("sqlite:");
}

static void use_url(conf_db *db, const char *url)
{
    assert_int_equal(brn_url_parse(&db->parsed, &db->arena, brn_str_from(url), NULL), BRANT_OK);
}

static brant_status lend(
    brn_conn **out,
    conf_db *db,
    void *handle,
    const brant_sqlite_functions *functions,
    uint32_t flags,
    brant_error **err)
{
    const brn_lent lent = { handle, functions };
    brant_status st;

    db->lent = &lent;
    st = conf_try_connect(out, db, flags, err);
    db->lent = NULL;
    return st;
}

static brn_conn *lent(conf_db *db, void *handle)
{
    brn_conn *conn = NULL;
    brant_error *err = NULL;

    conf_ok(lend(&conn, db, handle, NULL, 0, &err), err);
    return conn;
}

static int64_t number(void *handle, const char *query)
{
    return conf_quirks_sqlite.host_number(handle, query);
}

static void run(void *handle, const char *sql)
{
    assert_true(conf_quirks_sqlite.host_run(handle, sql));
}

/* --- functions -------------------------------------------------------------------------------- */

/* The suite runs on such connections as a whole (sqlite_lent); this counts. */
static void another_copy_is_used_by_its_own_functions(void **state)
{
    conf_db *db = *state;
    void *real = conf_quirks_sqlite.host_open(NULL);
    void *handle = sqlite_copy_handle(real);
    brant_sqlite_functions given = sqlite_copy_functions;
    brn_conn *conn = NULL;
    brn_program program = { 0 };
    brn_server_info info;
    brn_run_state state_of;
    brant_error *err = NULL;
    sqlite_copy_counts counts;

    use_url(db, "sqlite::memory:");
    (void)sqlite_copy_take_counts();
    conf_ok(lend(&conn, db, handle, &given, 0, &err), err);
    memset(&given, 0, sizeof(given)); /* it was copied */
    conf_ensure(conn, db);
    conf_ok(conn->engine->lock(conn, "x", &err), err);
    conf_migration(&program, db);
    conf_ok(conn->engine->run(conn, &program, NULL, NULL, &state_of, &err), err);
    conf_ok(conn->engine->server_info(&info, conn, &err), err);
    assert_string_equal(info.version, "3.99.0");
    assert_string_equal(info.target, ":memory:");
    conf_close(conn);
    counts = sqlite_copy_take_counts();
    assert_true(counts.calls > 50);
    assert_true(counts.executed >= 2); /* BEGIN, COMMIT */
    assert_true(counts.prepared >= 4); /* two statements and two of the ledger */
    assert_int_equal(counts.prepared, counts.finalized);
    assert_int_equal(counts.opened, 0);
    assert_int_equal(counts.closed, 0);
    assert_int_equal(number(real, "SELECT count(*) FROM t"), 3);
    sqlite_copy_free(handle);
    conf_quirks_sqlite.host_close(real);
}

static const char *old_version(void)
{
    return "3.37.2";
}

static const char *next_version(void)
{
    return "4.0.0";
}

static void a_table_must_be_whole_and_new_enough(void **state)
{
    conf_db *db = *state;
    void *handle = conf_quirks_sqlite.host_open(NULL);
    const size_t first = offsetof(brant_sqlite_functions, open_v2);
    const size_t needed = offsetof(brant_sqlite_functions, file_control); /* or more */
    /* One longer than ours, as of a later version. */
    struct {
        brant_sqlite_functions table;
        void (*later)(void);
    } longer = { brn_sqlite_linked, NULL };
    brant_sqlite_functions table = brn_sqlite_linked;
    brn_conn *conn = NULL;
    brant_error *err = NULL;
    brant_status st;

    use_url(db, "sqlite::memory:");
    for (size_t at = first; at < needed; at += sizeof(void (*)(void))) {
        table = brn_sqlite_linked;
        memset((char *)&table + at, 0, sizeof(void (*)(void)));
        err = NULL;
        st = lend(&conn, db, handle, &table, 0, &err);
        conf_expect(st, err, BRANT_EUSAGE, "attach.functions");
    }
    table = brn_sqlite_linked;
    for (size_t size = 0; size < needed; size += 8) {
        table.size = size;
        err = NULL;
        st = lend(&conn, db, handle, &table, 0, &err);
        conf_expect(st, err, BRANT_EUSAGE, "attach.functions");
    }
    table.size = sizeof(table);
    table.libversion = old_version;
    err = NULL;
    st = lend(&conn, db, handle, &table, 0, &err);
    assert_non_null(strstr(brant_error_message(err), "3.37.2"));
    conf_expect(st, err, BRANT_EUNSUPPORTED, "attach.version");
    table.libversion = next_version;
    err = NULL;
    conf_ok(lend(&conn, db, handle, &table, 0, &err), err);
    conf_close(conn);
    longer.table.size = sizeof(longer);
    conf_ok(lend(&conn, db, handle, &longer.table, 0, &err), err);
    conf_close(conn);
    st = lend(&conn, db, NULL, NULL, 0, &err);
    conf_expect(st, err, BRANT_EUSAGE, "attach.no_handle");
    conf_quirks_sqlite.host_close(handle);
}

/* --- files ------------------------------------------------------------------------------------ */

static void the_url_must_name_the_file_that_is_open(void **state)
{
    conf_db *db = *state;
    const char *dir = brn_path_dir(&db->arena, path_of(db));
    const char *other = brn_arena_printf(&db->arena, "sqlite:%s/other.db", dir);
    const char *link_path = brn_arena_printf(&db->arena, "%s/link.db", dir);
    const char *link_url = brn_arena_printf(&db->arena, "sqlite:%s", link_path);
    void *file = conf_quirks_sqlite.host_open(db->url);
    void *memory = conf_quirks_sqlite.host_open(NULL);
    void *temporary = conf_quirks_sqlite.host_open("sqlite:");
    void *second = NULL;
    const struct file_case {
        const char *url;
        void *handle;
        bool fits;
        bool locks; /* there is a file to lock out others from */
    } cases[] = {
        { db->url, file, true, true },
        { link_url, file, true, true },
        { "sqlite::memory:", file, true, true },
        { "sqlite::memory:", memory, true, false },
        { db->url, memory, false, false },
        { db->url, temporary, false, false },
        { "sqlite::memory:", temporary, true, false },
        { other, file, false, false },
    };

    run(file, "CREATE TABLE here (a)");
    assert_int_equal(symlink(path_of(db), link_path), 0);
    for (size_t i = 0; i < BRN_ARRAY_LEN(cases); i++) {
        brn_conn *conn = NULL;
        brant_error *err = NULL;
        brant_status st;

        print_message("  %zu %s\n", i, cases[i].url);
        use_url(db, cases[i].url);
        st = lend(&conn, db, cases[i].handle, NULL, 0, &err);
        if (!cases[i].fits) {
            assert_non_null(brant_error_detail(err));
            conf_expect(st, err, BRANT_EUSAGE, "attach.other_file");
            continue;
        }
        conf_ok(st, err);
        conf_ok(conn->engine->lock(conn, "x", &err), err);
        assert_int_equal(
            brn_file_exists(brn_arena_printf(&db->arena, "%s-brant-lock", path_of(db))),
            cases[i].locks);
        conf_close(conn);
    }
    /* One that exists, and is not the one. */
    second = conf_quirks_sqlite.host_open(other);
    run(second, "CREATE TABLE there (a)");
    use_url(db, other);
    assert_int_equal(lend(&(brn_conn *){ NULL }, db, file, NULL, 0, NULL), BRANT_EUSAGE);
    conf_quirks_sqlite.host_close(second);
    conf_quirks_sqlite.host_close(temporary);
    conf_quirks_sqlite.host_close(memory);
    conf_quirks_sqlite.host_close(file);
}

static void a_read_only_handle_says_so_when_it_is_written(void **state)
{
    conf_db *db = *state;
    sqlite3 *handle = NULL;
    brn_conn *conn = conf_connect(db);
    brn_program program = { 0 };
    brn_server_info info;
    brn_run_state state_of;
    brant_error *err = NULL;
    brant_status st;

    conf_ensure(conn, db);
    conf_close(conn);
    assert_int_equal(sqlite3_open_v2(path_of(db), &handle, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    conn = lent(db, handle);
    conf_ok(conn->engine->server_info(&info, conn, &err), err);
    assert_false(info.writable);
    conf_add_sql(&program, db, "CREATE TABLE t (a)");
    st = conn->engine->run(conn, &program, NULL, NULL, &state_of, &err);
    conf_expect(st, err, BRANT_ECONNECT, "connect.no_rights");
    conf_close(conn);
    assert_int_equal(sqlite3_close(handle), SQLITE_OK);
}

static void what_is_no_database_is_told(void **state)
{
    conf_db *db = *state;
    FILE *file = fopen(path_of(db), "w");
    void *handle = NULL;
    brn_conn *conn = NULL;
    brant_error *err = NULL;
    brant_status st;

    assert_non_null(file);
    for (int i = 0; i < 100; i++) {
        (void)fputs("this is a letter to a friend\n", file);
    }
    (void)fclose(file);
    handle = conf_quirks_sqlite.host_open(db->url);
    run(handle, "PRAGMA busy_timeout = 123");
    st = lend(&conn, db, handle, NULL, 0, &err);
    conf_expect(st, err, BRANT_ECONNECT, "connect.not_a_database");
    assert_int_equal(number(handle, "PRAGMA busy_timeout"), 123);
    conf_quirks_sqlite.host_close(handle);
}

/* --- settings --------------------------------------------------------------------------------- */

static void settings_of_the_host_are_kept(void **state)
{
    conf_db *db = *state;
    void *handle = conf_quirks_sqlite.host_open(NULL);

    use_url(db, "sqlite::memory:");
    for (int on = 0; on < 2; on++) {
        brn_conn *conn = NULL;
        brn_program program = { .run_id = "r" };
        brn_run_state state_of;
        brant_error *err = NULL;

        run(handle, on ? "PRAGMA foreign_keys = on" : "PRAGMA foreign_keys = off");
        run(handle, on ? "PRAGMA busy_timeout = 4321" : "PRAGMA busy_timeout = 0");
        conn = lent(db, handle);
        assert_int_equal(number(handle, "PRAGMA foreign_keys"), on);
        /* Hoisted around a transaction. */
        conf_add(&program, db, BRN_OP_BEGIN)->flags = BRN_OP_FOREIGN_KEYS_OFF;
        (void)conf_add(&program, db, BRN_OP_COMMIT);
        conf_ok(conn->engine->run(conn, &program, NULL, NULL, &state_of, &err), err);
        assert_int_equal(number(handle, "PRAGMA foreign_keys"), on);
        /* Switched by a file: until the end of the run, a failure, or the end of the loan. */
        conf_ok(conn->engine->lock(conn, "x", &err), err);
        conf_run_sql(conn, db, on ? "PRAGMA foreign_keys = off" : "PRAGMA foreign_keys = on");
        assert_int_equal(number(handle, "PRAGMA foreign_keys"), !on);
        conn->engine->unlock(conn);
        assert_int_equal(number(handle, "PRAGMA foreign_keys"), on);
        conf_run_sql(conn, db, on ? "PRAGMA foreign_keys = off" : "PRAGMA foreign_keys = on");
        conf_ok(conn->engine->reset(conn, &err), err);
        assert_int_equal(number(handle, "PRAGMA foreign_keys"), on);
        conf_run_sql(conn, db, on ? "PRAGMA foreign_keys = off" : "PRAGMA foreign_keys = on");
        conf_close(conn);
        assert_int_equal(number(handle, "PRAGMA foreign_keys"), on);
        assert_int_equal(number(handle, "PRAGMA busy_timeout"), on ? 4321 : 0);
    }
    conf_quirks_sqlite.host_close(handle);
}

/* Between two runs the host may change its mind. */
static void a_later_setting_of_the_host_is_kept(void **state)
{
    conf_db *db = *state;
    void *handle = conf_quirks_sqlite.host_open(NULL);
    brn_conn *conn = NULL;
    brant_error *err = NULL;

    use_url(db, "sqlite::memory:");
    run(handle, "PRAGMA foreign_keys = off");
    conn = lent(db, handle);
    conf_ok(conn->engine->lock(conn, "x", &err), err);
    conf_ensure(conn, db);
    conn->engine->unlock(conn);
    run(handle, "PRAGMA foreign_keys = on");
    conf_ok(conn->engine->reset(conn, &err), err);
    assert_int_equal(number(handle, "PRAGMA foreign_keys"), 1);
    conf_close(conn);
    assert_int_equal(number(handle, "PRAGMA foreign_keys"), 1);
    conf_quirks_sqlite.host_close(handle);
}

static void a_reader_leaves_the_handle_writable(void **state)
{
    for (int was = 0; was < 2; was++) {
        conf_db *db = *state;
        void *handle = conf_quirks_sqlite.host_open(NULL);
        brn_conn *conn = NULL;
        brant_error *err = NULL;

        use_url(db, "sqlite::memory:");
        run(handle, was ? "PRAGMA query_only = on" : "PRAGMA query_only = off");
        conf_ok(lend(&conn, db, handle, NULL, BRN_CONNECT_READ_ONLY, &err), err);
        assert_int_equal(number(handle, "PRAGMA query_only"), 1);
        conf_close(conn);
        assert_int_equal(number(handle, "PRAGMA query_only"), was);
        conf_quirks_sqlite.host_close(handle);
    }
}

static void parameters_about_the_connection_are_ignored_with_a_warning(void **state)
{
    conf_db *db = *state;
    void *handle = conf_quirks_sqlite.host_open(NULL);
    brn_conn *conn = NULL;

    run(handle, "PRAGMA foreign_keys = off");
    use_url(db, "sqlite::memory:?foreign_keys=on&mode=ro&busy_timeout=5");
    conn = lent(db, handle);
    assert_int_equal(db->warnings, 2);
    assert_int_equal(number(handle, "PRAGMA foreign_keys"), 0);
    conf_ensure(conn, db);
    conf_close(conn);
    conf_quirks_sqlite.host_close(handle);
}

/* --- handlers --------------------------------------------------------------------------------- */

/* A cancellation that came too late is for the next call of brant, not for the host. */
static void between_calls_the_host_is_not_stopped(void **state)
{
    static const char busy_work[] = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM "
                                    "c WHERE x < 100000) SELECT count(*) FROM c";
    conf_db *db = *state;
    void *handle = conf_quirks_sqlite.host_open(NULL);
    brn_conn *conn = NULL;
    brn_ledger_state ledger;
    brant_error *err = NULL;

    use_url(db, "sqlite::memory:");
    conn = lent(db, handle);
    conf_ensure(conn, db);
    brn_control_cancel(&db->control);
    assert_int_equal(number(handle, busy_work), 100000);
    conf_ok(
        conn->engine->ledger_read(&ledger, &db->arena, conn, BRN_LEDGER_FULL, &err),
        err); /* short: goes on */
    brn_control_init(&db->control);
    conf_close(conn);
    conf_quirks_sqlite.host_close(handle);
}

static void the_host_waits_as_long_as_it_said(void **state)
{
    conf_db *db = *state;
    void *handle = conf_quirks_sqlite.host_open(db->url);
    void *other = conf_quirks_sqlite.host_open(db->url);
    brn_program program = { 0 };
    brn_run_state state_of;
    brn_conn *conn = NULL;
    brant_error *err = NULL;
    brant_status st;
    int64_t began;

    run(handle, "CREATE TABLE t (a)");
    run(handle, "PRAGMA busy_timeout = 0");
    db->lock_timeout_ms = 300;
    conn = lent(db, handle);
    run(other, "BEGIN IMMEDIATE");
    began = brn_clock_mono_ns();
    assert_false(conf_quirks_sqlite.host_run(handle, "INSERT INTO t VALUES (1)"));
    assert_true(brn_clock_mono_ns() - began < 200 * BRN_NS_PER_MS);
    /* And brant as long as its own limit says. */
    began = brn_clock_mono_ns();
    conf_add_sql(&program, db, "INSERT INTO t VALUES (1)");
    st = conn->engine->run(conn, &program, NULL, NULL, &state_of, &err);
    conf_expect(st, err, BRANT_ELOCKED, "statement.busy");
    assert_true(brn_clock_mono_ns() - began >= 290 * BRN_NS_PER_MS);
    conf_close(conn);
    began = brn_clock_mono_ns();
    assert_false(conf_quirks_sqlite.host_run(handle, "INSERT INTO t VALUES (1)"));
    assert_true(brn_clock_mono_ns() - began < 200 * BRN_NS_PER_MS);
    conf_quirks_sqlite.host_close(other);
    conf_quirks_sqlite.host_close(handle);
}

/* --- functions of the host -------------------------------------------------------------------- */

/* Goes on after the conflict has ended the transaction. */
static brant_status swallow(void *user, int64_t *rows, brant_error **err)
{
    static const char *const statements[] = {
        "CREATE TABLE u (a UNIQUE)",
        "INSERT INTO u VALUES (1)",
        "INSERT OR ROLLBACK INTO u VALUES (1)",
        "CREATE TABLE stray (a)",
    };
    brn_conn *conn = user;

    (void)err;
    *rows = 0;
    for (size_t i = 0; i < BRN_ARRAY_LEN(statements); i++) {
        int64_t changed;
        brant_error *failure = NULL;
        brant_status st =
            conf_execute(&changed, conn, statements[i], NULL, 0, NULL, NULL, &failure);

        if (i == 3) {
            assert_string_equal(brant_error_id(failure), "statement.transaction_lost");
        }
        assert_int_equal(st, i < 2 ? BRANT_OK : BRANT_ESTATEMENT);
        brant_error_free(failure);
    }
    return BRANT_OK;
}

static void a_transaction_that_is_gone_is_found(void **state)
{
    conf_db *db = *state;
    brn_conn *conn = conf_connect(db);
    brn_program program = { .migration = "m1", .run_id = "r" };
    brn_run_state state_of;
    brant_error *err = NULL;
    brant_status st;

    (void)conf_add(&program, db, BRN_OP_BEGIN);
    conf_add_sql(&program, db, "function");
    program.ops.items[1].call = swallow;
    program.ops.items[1].call_user = conn;
    conf_add_sql(&program, db, "CREATE TABLE behind (a)");
    (void)conf_add(&program, db, BRN_OP_COMMIT);
    st = conn->engine->run(conn, &program, NULL, NULL, &state_of, &err);
    conf_expect(st, err, BRANT_ESTATEMENT, "statement.transaction_lost");
    assert_int_equal(state_of.ops_done, 1);
    assert_false(state_of.in_doubt);
    err = NULL;
    conf_ok(conn->engine->reset(conn, &err), err);
    conf_close(conn);
    assert_int_equal(db->quirks->number(db->url, "SELECT count(*) FROM sqlite_schema"), 0);
}

static void switches_without_effect_are_refused(void **state)
{
    conf_db *db = *state;
    brn_conn *conn = conf_connect(db);
    int64_t changed;
    brant_error *err = NULL;
    brant_status st;

    conf_run_sql(conn, db, "BEGIN");
    st = conf_execute(&changed, conn, "PRAGMA foreign_keys = off", NULL, 0, NULL, NULL, &err);
    assert_non_null(strstr(brant_error_hint(err), "foreign-keys=off"));
    conf_expect(st, err, BRANT_ESTATEMENT, "transaction.alone");
    err = NULL;
    st = conf_execute(&changed, conn, "PRAGMA journal_mode = off", NULL, 0, NULL, NULL, &err);
    conf_expect(st, err, BRANT_ESTATEMENT, "transaction.refused");
    err = NULL;
    conf_ok(conn->engine->reset(conn, &err), err);
    conf_ok(
        conf_execute(&changed, conn, "PRAGMA foreign_keys = off", NULL, 0, NULL, NULL, &err), err);
    st = conf_execute(&changed, conn, "SAVEPOINT s", NULL, 0, NULL, NULL, &err);
    conf_expect(st, err, BRANT_ESTATEMENT, "statement.transaction_control");
    conf_close(conn);
}

/* Rows of RETURNING come when all is done; the commit of it all comes with the end. */
static int first_only(const brant_row *row, void *user)
{
    int64_t *first = user;

    *first = row->values[0].integer;
    return 1;
}

static void rows_of_a_change_may_be_left(void **state)
{
    conf_db *db = *state;
    brn_conn *conn = conf_connect(db);
    int64_t changed = -1;
    int64_t first = 0;
    brant_error *err = NULL;

    conf_run_sql(conn, db, "CREATE TABLE t (a)");
    conf_ok(
        conf_execute(
            &changed, conn, "INSERT INTO t VALUES (7), (8), (9) RETURNING a", NULL, 0, first_only,
            &first, &err),
        err);
    assert_int_equal(first, 7);
    assert_int_equal(changed, 3);
    assert_int_equal(db->quirks->number(db->url, "SELECT count(*) FROM t"), 3);
    conf_close(conn);
}

static void parameters_are_counted_by_position(void **state)
{
    static const struct param_case {
        const char *sql;
        size_t count;
        int64_t result;
    } cases[] = {
        { "SELECT ?2 - ?1", 2, 1 }, { "SELECT ?3", 3, 3 },     { "SELECT :a * 10 + @b", 2, 12 },
        { "SELECT $x + $x", 1, 2 }, { "SELECT ?, '?'", 1, 1 },
    };
    conf_db *db = *state;
    brn_conn *conn = conf_connect(db);
    brant_value values[3];

    for (size_t i = 0; i < BRN_ARRAY_LEN(values); i++) {
        values[i] = (brant_value){ .type = BRANT_VALUE_INTEGER, .integer = (int64_t)i + 1 };
    }
    for (size_t i = 0; i < BRN_ARRAY_LEN(cases); i++) {
        int64_t changed;
        int64_t first = 0;
        brant_error *err = NULL;

        conf_ok(
            conf_execute(
                &changed, conn, cases[i].sql, values, cases[i].count, first_only, &first, &err),
            err);
        assert_int_equal(first, cases[i].result);
    }
    conf_close(conn);
}

int conf_own_sqlite_attach(void)
{
    const struct CMUnitTest tests[] = {
        TEST(another_copy_is_used_by_its_own_functions),
        TEST(a_table_must_be_whole_and_new_enough),
        TEST(the_url_must_name_the_file_that_is_open),
        TEST(a_read_only_handle_says_so_when_it_is_written),
        TEST(what_is_no_database_is_told),
        TEST(settings_of_the_host_are_kept),
        TEST(a_later_setting_of_the_host_is_kept),
        TEST(a_reader_leaves_the_handle_writable),
        TEST(parameters_about_the_connection_are_ignored_with_a_warning),
        TEST(between_calls_the_host_is_not_stopped),
        TEST(the_host_waits_as_long_as_it_said),
        TEST(a_transaction_that_is_gone_is_found),
        TEST(switches_without_effect_are_refused),
        TEST(rows_of_a_change_may_be_left),
        TEST(parameters_are_counted_by_position),
    };

    return cmocka_run_group_tests_name("sqlite, lent", tests, NULL, NULL);
}
