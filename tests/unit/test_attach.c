/* SPDX-License-Identifier: Apache-2.0 */
/* Lent connections as a host program has them: the public headers and sqlite3.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include <brant/brant.h>
#include <brant/sqlite.h>

#include "support/sqlite_copy.h"
#include "support/tree.h"

#define MEMORY "sqlite::memory:"

typedef struct program {
    tree dir;
    brant_settings *settings;
    brant_project *project;
    brant_session *session;
    brant_error *err;
    sqlite3 *db;
    unsigned warnings;
    brant_session *cancels; /* at the next statement; NULL */
} program;

static void on_event(const brant_event *ev, void *user)
{
    program *p = user;

    p->warnings += ev->type == BRANT_EVENT_WARNING;
    if (ev->type == BRANT_EVENT_STATEMENT && p->cancels != NULL) {
        brant_session_cancel(p->cancels);
    }
}

static void ok(program *p, brant_status st)
{
    if (st != BRANT_OK) {
        fail_msg("%s: %s", brant_error_id(p->err), brant_error_message(p->err));
    }
}

static void expect(program *p, brant_status st, brant_status want, const char *id)
{
    assert_string_equal(p->err != NULL ? brant_error_id(p->err) : "", id);
    assert_int_equal(st, want);
    brant_error_free(p->err);
    p->err = NULL;
}

static void set(program *p, const char *key, const char *value)
{
    ok(p, brant_settings_set(p->settings, key, value, BRANT_ORIGIN_FLAG, NULL, &p->err));
}

static void open_session(program *p)
{
    brant_session_options opts = BRANT_SESSION_OPTIONS_INIT;

    opts.on_event = on_event;
    opts.user = p;
    ok(p, brant_session_open(&p->session, p->project, &opts, &p->err));
}

/* Two migrations, and a session on them; the connection is the caller's to open. */
static void start(program *p, const char *url)
{
    memset(p, 0, sizeof(*p));
    tree_make(&p->dir);
    tree_write(
        &p->dir, "m/001_users.up.sql",
        "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);\nINSERT INTO users VALUES (1, "
        "'Ada');\n");
    tree_write(&p->dir, "m/001_users.down.sql", "DROP TABLE users;\n");
    tree_write(&p->dir, "m/002_posts.up.sql", "CREATE TABLE posts (id INTEGER PRIMARY KEY);\n");
    tree_write(&p->dir, "m/002_posts.down.sql", "DROP TABLE posts;\n");
    ok(p, brant_settings_new(&p->settings, &p->err));
    set(p, "database", url);
    set(p, "migrations", tree_path(&p->dir, "m"));
    set(p, "lock-timeout", "100ms");
    ok(p, brant_project_load(&p->project, p->settings, &p->err));
    open_session(p);
}

static void open_memory(program *p)
{
    assert_int_equal(sqlite3_open(":memory:", &p->db), SQLITE_OK);
}

static void stop(program *p)
{
    brant_session_close(p->session);
    brant_project_free(p->project);
    brant_settings_free(p->settings);
    assert_int_equal(sqlite3_close(p->db), SQLITE_OK);
    tree_remove(&p->dir);
}

static brant_status attach(program *p, void *handle, const brant_sqlite_functions *functions)
{
    brant_attachment mine = BRANT_ATTACHMENT_INIT;

    mine.handle = handle;
    mine.functions = functions;
    return brant_session_attach(p->session, &mine, &p->err);
}

static void up(program *p, size_t applied)
{
    brant_report *report = NULL;

    ok(p, brant_up(&report, p->session, NULL, &p->err));
    assert_int_equal(report->applied_count, applied);
    brant_report_free(report);
}

static int number(sqlite3 *db, const char *query)
{
    sqlite3_stmt *stmt = NULL;
    int value = -1;

    if (sqlite3_prepare_v2(db, query, -1, &stmt, NULL) == SQLITE_OK &&
        sqlite3_step(stmt) == SQLITE_ROW) {
        value = sqlite3_column_int(stmt, 0);
    }
    (void)sqlite3_finalize(stmt);
    return value;
}

static void exec(sqlite3 *db, const char *sql)
{
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
}

/* --- in memory -------------------------------------------------------------------------------- */

/* Up, the host at work in between, down, and the host goes on. */
static void work_on(program *p, void *handle, const brant_sqlite_functions *functions)
{
    brant_run_options all = BRANT_RUN_OPTIONS_INIT;
    brant_report *report = NULL;

    all.all = 1;
    ok(p, attach(p, handle, functions));
    up(p, 2);
    assert_int_equal(number(p->db, "SELECT count(*) FROM users"), 1);
    assert_int_equal(number(p->db, "SELECT count(*) FROM brant_migrations"), 2);
    exec(p->db, "BEGIN; INSERT INTO users VALUES (2, 'Grace'); COMMIT");
    exec(p->db, "INSERT INTO posts VALUES (1)");
    up(p, 0);
    ok(p, brant_down(&report, p->session, NULL, &p->err));
    brant_report_free(report);
    assert_int_equal(number(p->db, "SELECT count(*) FROM posts"), -1);
    assert_int_equal(number(p->db, "SELECT count(*) FROM users"), 2);
    ok(p, brant_down(&report, p->session, &all, &p->err));
    brant_report_free(report);
    brant_session_close(p->session);
    p->session = NULL;
    assert_int_equal(number(p->db, "SELECT count(*) FROM users"), -1);
    exec(p->db, "CREATE TABLE mine (a)");
    assert_int_equal(number(p->db, "SELECT count(*) FROM mine"), 0);
    assert_int_equal(number(p->db, "SELECT count(*) FROM brant_history"), 4);
}

static void a_database_in_memory_is_migrated_on_its_handle(void **state)
{
    program p;

    (void)state;
    start(&p, MEMORY);
    open_memory(&p);
    work_on(&p, p.db, NULL);
    stop(&p);
}

static void another_copy_of_sqlite_brings_its_functions(void **state)
{
    brant_sqlite_functions table = BRANT_SQLITE_FUNCTIONS_LINKED;
    sqlite_copy_counts counts;
    void *handle = NULL;
    program p;

    (void)state;
    start(&p, MEMORY);
    open_memory(&p);
    work_on(&p, p.db, &table); /* one that is the same */
    exec(p.db, "DROP TABLE mine; DELETE FROM brant_history");
    open_session(&p);
    table = sqlite_copy_functions;
    handle = sqlite_copy_handle(p.db);
    (void)sqlite_copy_take_counts();
    work_on(&p, handle, &table);
    counts = sqlite_copy_take_counts();
    assert_true(counts.prepared > 20);
    assert_int_equal(counts.prepared, counts.finalized);
    assert_int_equal(counts.opened + counts.closed, 0);
    sqlite_copy_free(handle);
    stop(&p);
}

/* A dry run disconnects at its end: what comes next is lent again, with the functions kept. */
static void a_session_comes_back_to_the_connection(void **state)
{
    brant_run_options dry = BRANT_RUN_OPTIONS_INIT;
    brant_sqlite_functions table = sqlite_copy_functions;
    brant_report *report = NULL;
    void *handle = NULL;
    program p;

    (void)state;
    start(&p, MEMORY);
    open_memory(&p);
    exec(p.db, "PRAGMA busy_timeout = 77");
    handle = sqlite_copy_handle(p.db);
    ok(&p, attach(&p, handle, &table));
    memset(&table, 0, sizeof(table));
    dry.dry_run = 1;
    ok(&p, brant_up(&report, p.session, &dry, &p.err));
    brant_report_free(report);
    assert_int_equal(number(p.db, "SELECT count(*) FROM sqlite_schema"), 0);
    up(&p, 2);
    assert_int_equal(number(p.db, "SELECT count(*) FROM users"), 1);
    brant_session_close(p.session);
    p.session = NULL;
    assert_int_equal(number(p.db, "PRAGMA busy_timeout"), 77);
    sqlite_copy_free(handle);
    stop(&p);
}

static void attaching_again_takes_the_new_connection(void **state)
{
    sqlite3 *other = NULL;
    program p;

    (void)state;
    start(&p, MEMORY);
    open_memory(&p);
    assert_int_equal(sqlite3_open(":memory:", &other), SQLITE_OK);
    ok(&p, attach(&p, other, NULL));
    ok(&p, attach(&p, p.db, NULL));
    assert_int_equal(sqlite3_close(other), SQLITE_OK); /* nothing of ours is in it */
    up(&p, 2);
    assert_int_equal(number(p.db, "SELECT count(*) FROM users"), 1);
    stop(&p);
}

/* --- what cannot be used ---------------------------------------------------------------------- */

static void what_cannot_be_lent_is_refused(void **state)
{
    brant_sqlite_functions table = BRANT_SQLITE_FUNCTIONS_LINKED;
    brant_attachment mine = BRANT_ATTACHMENT_INIT;
    program p;

    (void)state;
    start(&p, MEMORY);
    open_memory(&p);
    expect(&p, attach(&p, NULL, NULL), BRANT_EUSAGE, "attach.no_handle");
    expect(&p, brant_session_attach(p.session, NULL, &p.err), BRANT_EUSAGE, "attach.no_handle");
    mine.handle = p.db;
    mine.database = "nowhere";
    expect(
        &p, brant_session_attach(p.session, &mine, &p.err), BRANT_EUSAGE,
        "session.unknown_database");
    table.column_blob = NULL;
    expect(&p, attach(&p, p.db, &table), BRANT_EUSAGE, "attach.functions");
    table = (brant_sqlite_functions){ 0 };
    expect(&p, attach(&p, p.db, &table), BRANT_EUSAGE, "attach.functions");
    table.size = SIZE_MAX;
    expect(&p, attach(&p, p.db, &table), BRANT_EUSAGE, "attach.functions");
    exec(p.db, "BEGIN");
    expect(&p, attach(&p, p.db, NULL), BRANT_EUSAGE, "attach.in_transaction");
    exec(p.db, "COMMIT");
    /* After all that it still can. */
    ok(&p, attach(&p, p.db, NULL));
    up(&p, 2);
    stop(&p);
}

/* One that cannot be used leaves the one before. */
static void a_failed_attachment_changes_nothing(void **state)
{
    sqlite3 *busy = NULL;
    program p;

    (void)state;
    start(&p, MEMORY);
    open_memory(&p);
    assert_int_equal(sqlite3_open(":memory:", &busy), SQLITE_OK);
    exec(busy, "BEGIN");
    ok(&p, attach(&p, p.db, NULL));
    expect(&p, attach(&p, busy, NULL), BRANT_EUSAGE, "attach.in_transaction");
    up(&p, 2);
    assert_int_equal(number(p.db, "SELECT count(*) FROM users"), 1);
    assert_int_equal(sqlite3_close(busy), SQLITE_OK);
    stop(&p);
}

static void a_transaction_begun_later_is_found_and_kept(void **state)
{
    brant_report *report = NULL;
    program p;

    (void)state;
    start(&p, MEMORY);
    open_memory(&p);
    ok(&p, attach(&p, p.db, NULL));
    exec(p.db, "BEGIN; CREATE TABLE mine (a)");
    expect(&p, brant_up(&report, p.session, NULL, &p.err), BRANT_EUSAGE, "attach.in_transaction");
    brant_report_free(report);
    assert_int_equal(sqlite3_get_autocommit(p.db), 0);
    exec(p.db, "COMMIT");
    assert_int_equal(number(p.db, "SELECT count(*) FROM mine"), 0);
    up(&p, 2);
    stop(&p);
}

/* --- failures --------------------------------------------------------------------------------- */

static void a_failed_run_leaves_no_transaction(void **state)
{
    brant_report *report = NULL;
    program p;

    (void)state;
    start(&p, MEMORY);
    open_memory(&p);
    exec(p.db, "PRAGMA foreign_keys = on");
    tree_write(
        &p.dir, "m/002_posts.up.sql",
        "-- brant: foreign-keys=off\nCREATE TABLE posts (a);\nINSERT INTO nowhere VALUES (1);\n");
    ok(&p, attach(&p, p.db, NULL));
    expect(&p, brant_up(&report, p.session, NULL, &p.err), BRANT_ESTATEMENT, "statement.failed");
    brant_report_free(report);
    assert_int_not_equal(sqlite3_get_autocommit(p.db), 0);
    assert_int_equal(number(p.db, "PRAGMA foreign_keys"), 1);
    assert_int_equal(number(p.db, "SELECT count(*) FROM posts"), -1);
    exec(p.db, "INSERT INTO users VALUES (2, 'Grace')");
    tree_write(&p.dir, "m/002_posts.up.sql", "CREATE TABLE posts (a);\n");
    up(&p, 1);
    assert_int_equal(number(p.db, "SELECT count(*) FROM posts"), 0);
    stop(&p);
}

static void a_cancelled_run_leaves_no_transaction(void **state)
{
    brant_report *report = NULL;
    program p;

    (void)state;
    start(&p, MEMORY);
    open_memory(&p);
    ok(&p, attach(&p, p.db, NULL));
    p.cancels = p.session;
    expect(&p, brant_up(&report, p.session, NULL, &p.err), BRANT_ECANCELLED, "control.cancelled");
    brant_report_free(report);
    p.cancels = NULL;
    assert_int_not_equal(sqlite3_get_autocommit(p.db), 0);
    /* One that comes when nothing runs is not about the host. */
    brant_session_cancel(p.session);
    assert_int_equal(
        number(
            p.db, "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < "
                  "100000) SELECT count(*) FROM c"),
        100000);
    stop(&p);
}

/* --- files ------------------------------------------------------------------------------------ */

/* While the session of `p` runs, another one of brant's own comes to the same file. */
typedef struct intruder {
    program *p;
    brant_session *lent; /* who comes; NULL: one of its own */
    brant_status got;
    char id[64];
    unsigned tries;
} intruder;

static void on_event_of_holder(const brant_event *ev, void *user)
{
    intruder *i = user;
    brant_session *own = i->lent;
    brant_report *report = NULL;
    brant_error *err = NULL;

    if (ev->type != BRANT_EVENT_STATEMENT || i->tries++ > 0) {
        return;
    }
    if (i->lent == NULL) {
        ok(i->p, brant_session_open(&own, i->p->project, NULL, &i->p->err));
    }
    i->got = brant_up(&report, own, NULL, &err);
    (void)snprintf(i->id, sizeof(i->id), "%s", brant_error_id(err));
    brant_report_free(report);
    brant_error_free(err);
    if (i->lent == NULL) {
        brant_session_close(own);
    }
}

/* A session with its own connection is at work, and one on the host's comes; then the other way. */
static void sessions_on_one_file_exclude_each_other(void **state)
{
    (void)state;
    for (int lent_holds = 0; lent_holds < 2; lent_holds++) {
        brant_session_options opts = BRANT_SESSION_OPTIONS_INIT;
        char url[TREE_PATH_BYTES + 16];
        intruder other = { 0 };
        brant_session *holder = NULL;
        brant_report *report = NULL;
        tree dir;
        program p;

        tree_make(&dir);
        (void)snprintf(url, sizeof(url), "sqlite:%s", tree_path(&dir, "app.db"));
        start(&p, url);
        assert_int_equal(sqlite3_open(tree_path(&dir, "app.db"), &p.db), SQLITE_OK);
        exec(p.db, "PRAGMA journal_mode = WAL; CREATE TABLE mine (a)");
        other.p = &p;
        opts.on_event = on_event_of_holder;
        opts.user = &other;
        ok(&p, brant_session_open(&holder, p.project, &opts, &p.err));
        if (lent_holds) {
            brant_attachment mine = BRANT_ATTACHMENT_INIT;

            mine.handle = p.db;
            ok(&p, brant_session_attach(holder, &mine, &p.err));
        } else {
            ok(&p, attach(&p, p.db, NULL));
            other.lent = p.session;
        }
        ok(&p, brant_up(&report, holder, NULL, &p.err));
        brant_report_free(report);
        assert_int_equal(other.got, BRANT_ELOCKED);
        assert_string_equal(other.id, "lock.timeout");
        assert_int_equal(number(p.db, "SELECT count(*) FROM users"), 1);
        brant_session_close(holder);
        up(&p, 0);
        stop(&p);
        tree_remove(&dir);
    }
}

static void the_url_must_name_the_file(void **state)
{
    char url[TREE_PATH_BYTES + 16];
    sqlite3 *other = NULL;
    tree dir;
    program p;

    (void)state;
    tree_make(&dir);
    (void)snprintf(url, sizeof(url), "sqlite:%s", tree_path(&dir, "app.db"));
    start(&p, url);
    assert_int_equal(sqlite3_open(tree_path(&dir, "other.db"), &other), SQLITE_OK);
    exec(other, "CREATE TABLE mine (a)");
    expect(&p, attach(&p, other, NULL), BRANT_EUSAGE, "attach.other_file");
    open_memory(&p);
    expect(&p, attach(&p, p.db, NULL), BRANT_EUSAGE, "attach.other_file");
    assert_int_equal(sqlite3_close(p.db), SQLITE_OK);
    assert_int_equal(sqlite3_open(tree_path(&dir, "app.db"), &p.db), SQLITE_OK);
    exec(p.db, "CREATE TABLE mine (a)");
    ok(&p, attach(&p, p.db, NULL));
    up(&p, 2);
    assert_int_equal(number(p.db, "SELECT count(*) FROM users"), 1);
    assert_int_equal(number(other, "SELECT count(*) FROM users"), -1);
    assert_int_equal(sqlite3_close(other), SQLITE_OK);
    stop(&p);
    tree_remove(&dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_database_in_memory_is_migrated_on_its_handle),
        cmocka_unit_test(another_copy_of_sqlite_brings_its_functions),
        cmocka_unit_test(a_session_comes_back_to_the_connection),
        cmocka_unit_test(attaching_again_takes_the_new_connection),
        cmocka_unit_test(what_cannot_be_lent_is_refused),
        cmocka_unit_test(a_failed_attachment_changes_nothing),
        cmocka_unit_test(a_transaction_begun_later_is_found_and_kept),
        cmocka_unit_test(a_failed_run_leaves_no_transaction),
        cmocka_unit_test(a_cancelled_run_leaves_no_transaction),
        cmocka_unit_test(sessions_on_one_file_exclude_each_other),
        cmocka_unit_test(the_url_must_name_the_file),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
