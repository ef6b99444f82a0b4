/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What only SQLite has: paths, parameters of the URL, the lock file, roles of its statements.
 */
#include "conformance/conformance.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "engines/sqlite/sqlite.h"

/* --- helpers ---------------------------------------------------------------------------------- */

static const char *path_of(const conf_db *db)
{
    return db->url + strlen("sqlite:");
}

static const char *dir_of(conf_db *db)
{
    return brn_path_dir(&db->arena, path_of(db));
}

static void use_url(conf_db *db, const char *url)
{
    assert_int_equal(brn_url_parse(&db->parsed, &db->arena, brn_str_from(url), NULL), BRANT_OK);
}

static void write_file(const char *path, const char *text, mode_t mode)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    (void)fputs(text, file);
    (void)fclose(file);
    (void)chmod(path, mode);
}

static brant_status run_text(brn_conn *conn, conf_db *db, const char *sql, brant_error **err)
{
    brn_program program = { 0 };
    brn_run_state state;

    conf_add_sql(&program, db, sql);
    return conn->engine->run(conn, &program, NULL, NULL, &state, err);
}

/* --- URL -------------------------------------------------------------------------------------- */

static void every_form_of_the_url_reaches_its_file(void **state)
{
    static const struct form_case {
        const char *format; /* of the directory */
        const char *base;   /* of the directory; NULL */
    } cases[] = {
        { "sqlite:%s/x.db", NULL },    { "sqlite3:%s/x.db", NULL },
        { "sqlite://%s/x.db", NULL },  { "sqlite:x.db", "%s" },
        { "sqlite://x.db", "%s" },     { "sqlite://./x.db", "%s" },
        { "sqlite:%s/x%%2edb", NULL }, { "sqlite:x.db?mode=rwc", "%s/." },
    };
    conf_db *db = *state;
    const char *dir = dir_of(db);

    for (size_t i = 0; i < BRN_ARRAY_LEN(cases); i++) {
        char url[CONF_URL];
        char base[CONF_URL] = "";
        char path[CONF_URL];
        brn_connect_options opts = {
            .url = &db->parsed,
            .control = &db->control,
            .emitter = &db->emitter,
            .flags = BRN_CONNECT_CREATE,
        };
        brn_conn *conn = NULL;
        brant_error *err = NULL;

        print_message("  %s\n", cases[i].format);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        (void)snprintf(url, sizeof(url), cases[i].format, dir);
        if (cases[i].base != NULL) {
            (void)snprintf(base, sizeof(base), cases[i].base, dir);
            opts.base_dir = base;
        }
#pragma GCC diagnostic pop
        use_url(db, url);
        conf_ok(brn_engine_sqlite.connect(&conn, &opts, &err), err);
        conf_close(conn);
        (void)snprintf(path, sizeof(path), "%s/x.db", dir);
        assert_int_equal(unlink(path), 0);
    }
}

static void parameters_are_known_or_refused(void **state)
{
    static const struct param_case {
        const char *query;
        const char *id; /* NULL: fine */
        unsigned warnings;
    } cases[] = {
        { "mode=rw", NULL, 0 },
        { "mode=ro", NULL, 0 },
        { "mode=rwx", "url.bad_parameter", 0 },
        { "mode=memory", "url.bad_parameter", 0 },
        { "foreign_keys=on", NULL, 0 },
        { "_foreign_keys=0", NULL, 0 },
        { "_fk=off", NULL, 0 },
        { "_fk=perhaps", "url.bad_parameter", 0 },
        { "busy_timeout=100", NULL, 0 },
        { "_busy_timeout=0", NULL, 0 },
        { "busy_timeout=soon", "url.bad_parameter", 0 },
        { "busy_timeout=99999999999", "url.bad_parameter", 0 },
        { "x-no-tx-wrap=true", NULL, 0 },
        { "x-migrations-table=m", NULL, 0 },
        { "x-other=1", NULL, 1 },
        { "_journal_mode=WAL", NULL, 1 },
        { "_txlock=immediate&_sync=1", NULL, 2 },
        { "cache=shared", "url.bad_parameter", 0 },
    };
    conf_db *db = *state;

    conf_close(conf_connect(db)); /* makes the file */
    for (size_t i = 0; i < BRN_ARRAY_LEN(cases); i++) {
        char url[CONF_URL + 64];
        brn_conn *conn = NULL;
        brant_error *err = NULL;
        brant_status st;

        print_message("  %s\n", cases[i].query);
        (void)snprintf(url, sizeof(url), "%s?%s", db->url, cases[i].query);
        use_url(db, url);
        db->warnings = 0;
        st = conf_try_connect(&conn, db, 0, &err);
        assert_int_equal(db->warnings, cases[i].warnings);
        if (cases[i].id == NULL) {
            conf_ok(st, err);
            conf_close(conn);
        } else {
            conf_expect(st, err, BRANT_EUSAGE, cases[i].id);
        }
    }
}

static void foreign_keys_are_on_unless_told(void **state)
{
    static const struct keys_case {
        const char *query;
        int64_t on;
    } cases[] = { { "", 1 }, { "?_fk=0", 0 }, { "?foreign_keys=off", 0 }, { "?_fk=on", 1 } };
    conf_db *db = *state;

    for (size_t i = 0; i < BRN_ARRAY_LEN(cases); i++) {
        char url[CONF_URL + 64];
        brn_conn *conn = NULL;
        int64_t on = -1;

        (void)snprintf(url, sizeof(url), "%s%s", db->url, cases[i].query);
        use_url(db, url);
        conn = conf_connect(db);
        assert_int_equal(brn_sqlite_number((brn_sqlite *)conn, "PRAGMA foreign_keys", &on), 0);
        assert_int_equal(on, cases[i].on);
        conf_close(conn);
    }
}

/* --- paths ------------------------------------------------------------------------------------ */

static void expect_connect(conf_db *db, const char *path, const char *id)
{
    brn_conn *conn = NULL;
    brant_error *err = NULL;
    char url[CONF_URL];
    brant_status st;

    (void)snprintf(url, sizeof(url), "sqlite:%s", path);
    use_url(db, url);
    st = conf_try_connect(&conn, db, BRN_CONNECT_CREATE, &err);
    if (id == NULL) {
        conf_ok(st, err);
        conf_close(conn);
        return;
    }
    assert_non_null(brant_error_hint(err));
    assert_non_null(strchr(brant_error_message(err), '/'));
    conf_expect(st, err, BRANT_ECONNECT, id);
}

static void what_is_no_database_is_told_at_once(void **state)
{
    conf_db *db = *state;
    const char *dir = dir_of(db);
    const char *text = brn_arena_printf(&db->arena, "%s/text", dir);
    const char *empty = brn_arena_printf(&db->arena, "%s/empty", dir);
    const char *deep = brn_arena_printf(&db->arena, "%s/no/such.db", dir);
    const char *through = brn_arena_printf(&db->arena, "%s/text/x.db", dir);
    char long_text[600];

    memset(long_text, 'x', sizeof(long_text) - 1);
    long_text[sizeof(long_text) - 1] = '\0';
    write_file(text, long_text, 0600);
    write_file(empty, "", 0600);
    expect_connect(db, dir, "connect.not_a_file");
    expect_connect(db, "/dev/null", "connect.not_a_file");
    expect_connect(db, text, "connect.not_a_database");
    expect_connect(db, deep, "connect.no_directory");
    expect_connect(db, through, "connect.no_directory");
    expect_connect(db, empty, NULL);
}

static void rights_are_told(void **state)
{
    conf_db *db = *state;
    const char *dir = dir_of(db);
    brn_conn *conn = NULL;
    brant_error *err = NULL;
    brant_status st;

    if (geteuid() == 0) {
        skip(); /* root may do everything */
    }
    conn = conf_connect(db);
    conf_ensure(conn, db);
    conf_close(conn);
    (void)chmod(path_of(db), 0400);
    conn = conf_connect(db);
    st = run_text(conn, db, "CREATE TABLE t (a)", &err);
    conf_expect(st, err, BRANT_ECONNECT, "connect.no_rights");
    conf_close(conn);
    (void)chmod(path_of(db), 0);
    expect_connect(db, path_of(db), "connect.no_rights");
    (void)chmod(path_of(db), 0600);
    (void)chmod(dir, 0500);
    conn = conf_connect(db);
    err = NULL;
    st = run_text(conn, db, "CREATE TABLE t (a)", &err);
    conf_expect(st, err, BRANT_ECONNECT, "connect.no_rights");
    err = NULL;
    st = conn->engine->lock(conn, "x", &err);
    conf_expect(st, err, BRANT_EIO, "lock.no_file");
    conf_close(conn);
    (void)chmod(dir, 0700);
}

static void a_reader_survives_a_killed_writer(void **state)
{
    conf_db *db = *state;
    brn_conn *conn = conf_connect(db);
    brn_ledger_state ledger = { 0 };
    brant_error *err = NULL;
    struct stat journal;
    char path[CONF_URL];
    pid_t child;

    conf_ensure(conn, db);
    conf_close(conn);
    child = fork();
    if (child == 0) {
        brn_conn *writer = NULL;

        if (conf_try_connect(&writer, db, 0, NULL) == BRANT_OK) {
            (void)run_text(writer, db, "PRAGMA cache_size = 5", NULL);
            (void)run_text(writer, db, "BEGIN IMMEDIATE", NULL);
            (void)run_text(writer, db, "CREATE TABLE t (a, b)", NULL);
            (void)run_text(
                writer, db,
                "INSERT INTO t WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c "
                "WHERE x < 20000) SELECT x, hex(x) FROM c",
                NULL);
            (void)kill(getpid(), SIGKILL);
        }
        _exit(1);
    }
    (void)waitpid(child, NULL, 0);
    (void)snprintf(path, sizeof(path), "%s-journal", path_of(db));
    assert_int_equal(stat(path, &journal), 0);
    conf_ok(conf_try_connect(&conn, db, BRN_CONNECT_READ_ONLY, &err), err);
    conf_ok(conn->engine->ledger_read(&ledger, &db->arena, conn, BRN_LEDGER_FULL, &err), err);
    assert_true(ledger.exists);
    assert_int_equal(db->quirks->number(db->url, db->quirks->count_tables), 0);
    conf_close(conn);
}

/* Each more would be a page that every migration writes. */
static void the_ledger_is_two_trees(void **state)
{
    conf_db *db = *state;
    brn_conn *conn = conf_connect(db);

    conf_ensure(conn, db);
    assert_int_equal(db->quirks->number(db->url, "SELECT count(*) FROM sqlite_schema"), 2);
    conf_close(conn);
}

/* --- statements ------------------------------------------------------------------------------- */

static void one_statement_means_one(void **state)
{
    static const struct one_case {
        const char *sql;
        const char *id;
    } cases[] = {
        { "SELECT 1", NULL },
        { "SELECT 1; -- and a comment", NULL },
        { "SELECT 1;;/* x */;", NULL },
        { "-- only a comment", NULL },
        { "", NULL },
        { "SELECT 1; SELECT 2", "statement.more_than_one" },
        { "CREATE TABLE t (a); x", "statement.more_than_one" },
        { "SELECT", "statement.failed" },
        { "SELECT load_extension('x')", "statement.failed" },
    };
    conf_db *db = *state;
    brn_conn *conn = conf_connect(db);

    for (size_t i = 0; i < BRN_ARRAY_LEN(cases); i++) {
        brant_error *err = NULL;
        brant_status st = run_text(conn, db, cases[i].sql, &err);

        print_message("  %s\n", cases[i].sql);
        if (cases[i].id == NULL) {
            conf_ok(st, err);
        } else {
            assert_string_equal(brant_error_id(err), cases[i].id);
            brant_error_free(err);
        }
    }
    assert_int_equal(db->quirks->number(db->url, db->quirks->count_tables), 0);
    conf_close(conn);
}

static void a_full_database_is_told(void **state)
{
    conf_db *db = *state;
    brn_conn *conn = conf_connect(db);
    brant_error *err = NULL;
    brant_status st;

    conf_run_sql(conn, db, "CREATE TABLE t (a);;PRAGMA max_page_count = 3");
    st = run_text(conn, db, "INSERT INTO t VALUES (zeroblob(100000))", &err);
    assert_non_null(strstr(brant_error_detail(err), "full"));
    conf_expect(st, err, BRANT_EIO, "database.full");
    conf_close(conn);
}

static void the_journal_mode_stays(void **state)
{
    conf_db *db = *state;
    brn_conn *conn = conf_connect(db);
    brn_program program = { 0 };
    brn_run_state run;
    brant_error *err = NULL;

    conf_run_sql(conn, db, "PRAGMA journal_mode = wal");
    conf_close(conn);
    conn = conf_connect(db);
    conf_ensure(conn, db);
    conf_ok(conn->engine->lock(conn, "x", &err), err);
    conf_migration(&program, db);
    conf_ok(conn->engine->run(conn, &program, NULL, NULL, &run, &err), err);
    assert_int_equal(
        db->quirks->number(db->url, "SELECT journal_mode = 'wal' FROM pragma_journal_mode"), 1);
    conf_close(conn);
}

static void a_drop_is_guarded_in_every_spelling(void **state)
{
    static const struct drop_case {
        const char *schema;
        const char *drop;
        bool refused;
    } cases[] = {
        { "CREATE TABLE p (a, b, PRIMARY KEY (a, b));;CREATE TABLE c (x, y, FOREIGN KEY (x, y) "
          "REFERENCES p ON DELETE SET NULL);;INSERT INTO p VALUES (1, 2);;INSERT INTO c VALUES "
          "(1, 2), (1, NULL)",
          "DROP TABLE IF EXISTS main.\"P\"", true },
        { "CREATE TABLE p (a PRIMARY KEY, up REFERENCES p ON DELETE CASCADE);;"
          "INSERT INTO p VALUES (1, NULL), (2, 1)",
          "DROP TABLE p", false },
        { "CREATE TABLE p (a PRIMARY KEY);;CREATE TABLE \"c \"\"d\" (x DEFAULT NULL REFERENCES p "
          "ON DELETE SET DEFAULT);;INSERT INTO p VALUES (1);;INSERT INTO \"c \"\"d\" VALUES (1)",
          "/* c */ drop table [p]", true },
        { "CREATE TABLE p (a PRIMARY KEY);;CREATE TABLE c (x REFERENCES p);;"
          "INSERT INTO p VALUES (1)",
          "DROP TABLE p", false },
        { "CREATE TABLE p (a PRIMARY KEY);;CREATE TABLE c (x REFERENCES p ON DELETE CASCADE);;"
          "INSERT INTO p VALUES (1);;INSERT INTO c VALUES (1);;CREATE TEMP TABLE p (z)",
          "DROP TABLE p", false },
    };

    for (size_t i = 0; i < BRN_ARRAY_LEN(cases); i++) {
        conf_db *db = *state;
        brn_conn *conn = conf_connect(db);
        brant_error *err = NULL;
        brant_status st;

        print_message("  %s\n", cases[i].drop);
        conf_run_sql(conn, db, cases[i].schema);
        st = run_text(conn, db, cases[i].drop, &err);
        if (cases[i].refused) {
            assert_non_null(strstr(brant_error_message(err), "1 row "));
            conf_expect(st, err, BRANT_ESTATEMENT, "sqlite.drop_would_delete");
        } else {
            conf_ok(st, err);
        }
        conf_close(conn);
        (void)conf_teardown(state);
        assert_int_equal(conf_setup(state), 0);
    }
}

static void statements_have_roles(void **state)
{
    static const struct role_case {
        const char *sql;
        brn_stmt_role role;
        bool repeatable;
        bool session;
        const char *kind;
    } cases[] = {
        { "CREATE TABLE t (a)", BRN_ROLE_PLAIN, false, false, "create table" },
        { "CREATE TABLE IF NOT EXISTS t (a)", BRN_ROLE_PLAIN, false, false, "create table" },
        { "CREATE TEMP TABLE t (a)", BRN_ROLE_PLAIN, false, true, "create table" },
        { "CREATE UNIQUE INDEX i ON t (a)", BRN_ROLE_PLAIN, false, false, "create index" },
        { "ALTER TABLE t ADD a", BRN_ROLE_PLAIN, false, false, "alter table" },
        { "DROP VIEW v", BRN_ROLE_PLAIN, false, false, "drop view" },
        { "INSERT INTO t VALUES (1)", BRN_ROLE_PLAIN, false, false, "insert" },
        { "WITH x AS (SELECT 1) UPDATE t SET a = 1", BRN_ROLE_PLAIN, false, false, "update" },
        { "SELECT 1", BRN_ROLE_PLAIN, true, false, "select" },
        { "VACUUM", BRN_ROLE_ALONE, true, false, "vacuum" },
        { "vacuum main into 'x'", BRN_ROLE_ALONE, false, false, "vacuum" },
        { "ANALYZE", BRN_ROLE_PLAIN, true, false, "analyze" },
        { "REINDEX t", BRN_ROLE_PLAIN, true, false, "reindex" },
        { "ATTACH 'x' AS y", BRN_ROLE_ALONE, false, true, "attach" },
        { "DETACH y", BRN_ROLE_ALONE, false, true, "detach" },
        { "BEGIN EXCLUSIVE", BRN_ROLE_BEGIN, false, false, "begin" },
        { "END", BRN_ROLE_COMMIT, false, false, "commit" },
        { "ROLLBACK", BRN_ROLE_ROLLBACK, false, false, "rollback" },
        { "ROLLBACK TO x", BRN_ROLE_PLAIN, false, false, "rollback" },
        { "SAVEPOINT x", BRN_ROLE_PLAIN, false, false, "savepoint" },
        { "RELEASE x", BRN_ROLE_PLAIN, false, false, "release" },
        { "PRAGMA foreign_keys", BRN_ROLE_PLAIN, true, false, "pragma" },
        { "PRAGMA foreign_keys = OFF", BRN_ROLE_FOREIGN_KEYS_OFF, true, true, "pragma" },
        { "pragma main.foreign_keys(0)", BRN_ROLE_FOREIGN_KEYS_OFF, true, true, "pragma" },
        { "PRAGMA foreign_keys = 'no'", BRN_ROLE_FOREIGN_KEYS_OFF, true, true, "pragma" },
        { "PRAGMA foreign_keys = 256", BRN_ROLE_FOREIGN_KEYS_OFF, true, true, "pragma" },
        { "PRAGMA foreign_keys = yes", BRN_ROLE_FOREIGN_KEYS_ON, true, true, "pragma" },
        { "PRAGMA foreign_keys = 1", BRN_ROLE_FOREIGN_KEYS_ON, true, true, "pragma" },
        { "PRAGMA journal_mode", BRN_ROLE_PLAIN, true, false, "pragma" },
        { "PRAGMA journal_mode = WAL", BRN_ROLE_ALONE, true, false, "pragma" },
        { "PRAGMA journal_mode = OFF", BRN_ROLE_REFUSED, true, false, "pragma" },
        { "PRAGMA synchronous = 1", BRN_ROLE_ALONE, true, true, "pragma" },
        { "PRAGMA wal_checkpoint", BRN_ROLE_ALONE, true, false, "pragma" },
        { "PRAGMA query_only = 1", BRN_ROLE_REFUSED, true, true, "pragma" },
        { "PRAGMA user_version = 5", BRN_ROLE_PLAIN, true, false, "pragma" },
        { "PRAGMA cache_size = 5", BRN_ROLE_PLAIN, true, true, "pragma" },
        { "PRAGMA defer_foreign_keys = 1", BRN_ROLE_PLAIN, true, true, "pragma" },
        { "gibberish", BRN_ROLE_PLAIN, false, false, "statement" },
    };

    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(cases); i++) {
        brn_stmt stmt = { .text = brn_str_from(cases[i].sql), .line = 1, .column = 1 };
        brn_stmt_info info;

        print_message("  %s\n", cases[i].sql);
        brn_engine_sqlite.inspect(&info, NULL, &stmt);
        assert_int_equal(info.role, cases[i].role);
        assert_int_equal(info.repeatable, cases[i].repeatable);
        assert_int_equal(info.session, cases[i].session);
        assert_string_equal(info.kind, cases[i].kind);
        if (info.role == BRN_ROLE_ALONE || info.role == BRN_ROLE_REFUSED) {
            assert_non_null(info.why);
            assert_non_null(info.hint);
        }
    }
}

/* --- the lock file ---------------------------------------------------------------------------- */

static void the_lock_file_is_there_while_the_lock_is_held(void **state)
{
    conf_db *db = *state;
    const char *path = brn_arena_printf(&db->arena, "%s-brant-lock", path_of(db));
    const char *link_path = brn_arena_printf(&db->arena, "%s/link.db", dir_of(db));
    brn_conn *conn = conf_connect(db);
    brn_conn *other = NULL;
    brn_buf text = { 0 };
    brant_error *err = NULL;
    struct stat info;
    char url[CONF_URL];

    (void)chmod(path_of(db), 0660);
    assert_false(brn_file_exists(path));
    conf_ok(conn->engine->lock(conn, "up \"x\"", &err), err);
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0660);
    assert_int_equal(brn_file_read(&text, path, 4096), 0);
    assert_non_null(strstr(text.ptr, "\"what\":\"up \\\"x\\\"\"}\n"));
    /* By another name it is the same database and the same lock. */
    assert_int_equal(symlink(path_of(db), link_path), 0);
    (void)snprintf(url, sizeof(url), "sqlite:%s", link_path);
    use_url(db, url);
    other = conf_connect(db);
    assert_int_equal(other->engine->lock(other, "x", NULL), BRANT_ELOCKED);
    conf_close(other);
    conn->engine->unlock(conn);
    assert_false(brn_file_exists(path));
    conf_close(conn);
    brn_buf_release(&text);
}

static void a_lock_file_that_somebody_removed_loses_the_lock(void **state)
{
    conf_db *db = *state;
    const char *path = brn_arena_printf(&db->arena, "%s-brant-lock", path_of(db));
    brn_conn *conn = conf_connect(db);
    brn_conn *other = conf_connect(db);
    brn_program program = { .run_id = "run-1" };
    brn_run_state run;
    brant_error *err = NULL;
    brant_status st;

    conf_ok(conn->engine->lock(conn, "x", &err), err);
    assert_int_equal(unlink(path), 0);
    conf_ok(other->engine->lock(other, "y", &err), err);
    (void)conf_add(&program, db, BRN_OP_GUARD);
    st = conn->engine->run(conn, &program, NULL, NULL, &run, &err);
    conf_expect(st, err, BRANT_ELOCKED, "lock.lost");
    conn->engine->unlock(conn);
    assert_true(brn_file_exists(path)); /* it is the other's */
    conf_close(conn);
    conf_close(other);
    assert_false(brn_file_exists(path));
}

static void a_link_in_place_of_the_lock_file_is_refused(void **state)
{
    conf_db *db = *state;
    const char *path = brn_arena_printf(&db->arena, "%s-brant-lock", path_of(db));
    const char *victim = brn_arena_printf(&db->arena, "%s/victim", dir_of(db));
    brn_conn *conn = conf_connect(db);
    brant_error *err = NULL;
    brant_status st;

    write_file(victim, "precious", 0600);
    assert_int_equal(symlink(victim, path), 0);
    st = conn->engine->lock(conn, "x", &err);
    conf_expect(st, err, BRANT_EIO, "lock.no_file");
    conf_close(conn);
}

static void memory_has_nobody_to_lock_out(void **state)
{
    conf_db *db = *state;
    brn_conn *conn = NULL;
    brn_lock_holder holder;
    brn_program program = { 0 };
    brn_run_state run;
    brant_error *err = NULL;

    use_url(db, "sqlite::memory:");
    conf_ok(conf_try_connect(&conn, db, 0, &err), err);
    conf_ensure(conn, db);
    conf_ok(conn->engine->lock(conn, "x", &err), err);
    conf_ok(conn->engine->lock_holder(&holder, conn, &err), err);
    assert_true(holder.held && holder.mine);
    conf_migration(&program, db);
    conf_ok(conn->engine->run(conn, &program, NULL, NULL, &run, &err), err);
    conn->engine->unlock(conn);
    conf_close(conn);
}

int conf_own_sqlite(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_form_of_the_url_reaches_its_file),
        TEST(parameters_are_known_or_refused),
        TEST(foreign_keys_are_on_unless_told),
        TEST(what_is_no_database_is_told_at_once),
        TEST(rights_are_told),
        TEST(a_reader_survives_a_killed_writer),
        TEST(the_ledger_is_two_trees),
        TEST(one_statement_means_one),
        TEST(a_full_database_is_told),
        TEST(the_journal_mode_stays),
        TEST(a_drop_is_guarded_in_every_spelling),
        TEST(statements_have_roles),
        TEST(the_lock_file_is_there_while_the_lock_is_held),
        TEST(a_lock_file_that_somebody_removed_loses_the_lock),
        TEST(a_link_in_place_of_the_lock_file_is_refused),
        TEST(memory_has_nobody_to_lock_out),
    };

    return cmocka_run_group_tests_name("sqlite", tests, NULL, NULL) + conf_own_sqlite_attach() +
           conf_own_sqlite_known();
}
