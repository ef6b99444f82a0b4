/* SPDX-License-Identifier: Apache-2.0 */
/* Every reason why a database is not healthy, through the public API. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "support/work.h"

static const work_file files[] = {
    { "migrations/001_a.up.sql", "CREATE TABLE a (x);\n" },
    { "migrations/002_b.up.sql", "CREATE TABLE b (x);\n" },
    { NULL, NULL },
};

/* "ok", or "ID: reason" of the first database; of all when there are several. */
static const char *ask(brant_session *session, brant_error **err)
{
    static char text[1024];
    brant_health_result *result = NULL;
    size_t len = 0;

    text[0] = '\0';
    if (brant_health(&result, session, err) != BRANT_OK) {
        (void)snprintf(text, sizeof(text), "error %s", brant_error_id(*err));
        return text;
    }
    for (size_t i = 0; i < result->count && len < sizeof(text); i++) {
        const brant_health_item *item = result->databases[i];

        assert_true(item->ok != 0 || result->ok == 0);
        assert_int_equal(item->ok == 0, item->reason != NULL);
        assert_int_equal(item->ok == 0, item->id != NULL);
        len += (size_t)snprintf(
            text + len, sizeof(text) - len, "%s%s%s%s", i > 0 ? "; " : "",
            item->ok ? "ok" : item->id, item->ok ? "" : ": ", item->ok ? "" : item->reason);
    }
    assert_int_equal(result->ok == 0, result->reason != NULL);
    brant_health_free(result);
    return text;
}

static void expect(work *w, const char *health)
{
    assert_string_equal(ask(work_open(w), &w->err), health);
}

static void start_current(work *w)
{
    work_start(w, files);
    work_up(w);
    expect(w, "ok");
}

/* ---- files, ledger and database ---- */

static void one_that_is_missing_is_named_and_not_made(void **state)
{
    work w;

    (void)state;
    work_start(&w, files);
    expect(&w, "connect.no_database: the database does not exist yet");
    assert_false(brn_file_exists(tree_path(&w.dir, "app.db")));
    work_stop(&w);
}

static void one_that_is_current_is_healthy(void **state)
{
    brant_health_result *result = NULL;
    work w;

    (void)state;
    start_current(&w);
    work_ok(&w, brant_health(&result, w.session, &w.err));
    assert_int_equal(result->ok, 1);
    assert_null(result->reason);
    assert_int_equal(result->count, 1);
    assert_string_equal(result->databases[0]->database, "main");
    assert_int_equal(result->databases[0]->ok, 1);
    assert_null(result->databases[0]->reason);
    assert_null(result->databases[0]->id);
    brant_health_free(result);
    brant_health_free(NULL);
    work_ok(&w, brant_health(NULL, w.session, &w.err));
    work_stop(&w);
}

static void pending_migrations_are_counted(void **state)
{
    work w;

    (void)state;
    start_current(&w);
    tree_write(&w.dir, "migrations/003_c.up.sql", "CREATE TABLE c (x);\n");
    expect(&w, "health.pending: 1 migration is pending");
    tree_write(&w.dir, "migrations/004_d.up.sql", "CREATE TABLE d (x);\n");
    expect(&w, "health.pending: 2 migrations are pending");
    work_stop(&w);
}

static void a_late_one_is_a_finding_unless_it_is_ignored(void **state)
{
    static const work_file gap[] = {
        { "migrations/001_a.up.sql", "CREATE TABLE a (x);\n" },
        { "migrations/003_c.up.sql", "CREATE TABLE c (x);\n" },
        { NULL, NULL },
    };
    work w;

    (void)state;
    work_start(&w, gap);
    work_up(&w);
    tree_write(&w.dir, "migrations/002_b.up.sql", "CREATE TABLE b (x);\n");
    expect(&w, "plan.late: \"002_b\" is below the newest applied migration, but was never applied");
    work_close(&w);
    work_set(&w, "out-of-order", "run");
    expect(&w, "health.pending: 1 migration is pending");
    work_close(&w);
    work_set(&w, "out-of-order", "ignore");
    expect(&w, "ok");
    work_stop(&w);
}

static void a_failed_one_is_told(void **state)
{
    work w;

    (void)state;
    start_current(&w);
    tree_write(&w.dir, "migrations/003_c.up.sql", "CREATE TABLE a (x);\n");
    assert_int_equal(brant_up(NULL, w.session, NULL, &w.err), BRANT_ESTATEMENT);
    work_expect(&w, BRANT_OK, BRANT_OK, NULL);
    expect(&w, "ledger.failed: \"003_c\": failed and was rolled back");
    work_stop(&w);
}

static void a_half_done_one_is_told(void **state)
{
    work w;

    (void)state;
    start_current(&w);
    tree_write(
        &w.dir, "migrations/003_c.up.sql",
        "-- brant: transaction=off\nCREATE TABLE c (x);\nCREATE TABLE a (x);\n");
    assert_int_equal(brant_up(NULL, w.session, NULL, &w.err), BRANT_ESTATEMENT);
    work_expect(&w, BRANT_OK, BRANT_OK, NULL);
    expect(&w, "ledger.half_done: \"003_c\": failed after 1 of 2 statements");
    work_stop(&w);
}

/* A run that was killed: its row is there, its lock is not. */
static void an_interrupted_one_is_told(void **state)
{
    work w;

    (void)state;
    start_current(&w);
    work_exec(
        &w, "app.db",
        "UPDATE brant_migrations SET status = 'running', statements_done = 0 WHERE id = '002_b'");
    expect(&w, "health.interrupted: \"002_b\" is recorded as running, but no run is at work");
    work_stop(&w);
}

static void a_manual_one_that_waits_is_pending(void **state)
{
    work w;

    (void)state;
    start_current(&w);
    tree_write(&w.dir, "migrations/003_c.up.sql", "-- brant: kind=manual\n");
    work_up(&w);
    assert_string_equal(
        work_ledger(&w, "app.db"), "001_a completed up, 002_b completed up, 003_c running up");
    expect(&w, "health.pending: 1 migration is pending");
    work_stop(&w);
}

static void an_edited_file_is_told(void **state)
{
    work w;

    (void)state;
    start_current(&w);
    tree_write(&w.dir, "migrations/001_a.up.sql", "CREATE TABLE a (x, y);\n");
    expect(&w, "ledger.checksum_mismatch: \"001_a\" was edited after it had been applied");
    work_stop(&w);
}

static void a_renamed_file_is_told(void **state)
{
    work w;

    (void)state;
    start_current(&w);
    tree_write(&w.dir, "migrations/002_c.up.sql", "CREATE TABLE b (x);\n");
    assert_int_equal(unlink(tree_path(&w.dir, "migrations/002_b.up.sql")), 0);
    expect(&w, "ledger.renamed: \"002_b\" was applied under that name; its file is now \"002_c\"");
    work_stop(&w);
}

static void a_lost_file_is_told_unless_that_is_accepted(void **state)
{
    work w;

    (void)state;
    start_current(&w);
    assert_int_equal(unlink(tree_path(&w.dir, "migrations/001_a.up.sql")), 0);
    expect(&w, "ledger.missing_file: \"001_a\" is recorded, but its file is gone");
    work_close(&w);
    work_set(&w, "missing-files", "warn");
    expect(&w, "ok");
    work_stop(&w);
}

static void a_newer_database_is_told_unless_this_version_can_read_it(void **state)
{
    static const char newer[] =
        "ledger.newer_migration: \"003_c\" is recorded, but newer than every file here";
    work w;

    (void)state;
    start_current(&w);
    tree_write(
        &w.dir, "migrations/003_c.up.sql",
        "-- brant: min-read-version=1.4.0\nCREATE TABLE c (x);\n");
    work_up(&w);
    assert_int_equal(unlink(tree_path(&w.dir, "migrations/003_c.up.sql")), 0);
    expect(&w, newer);
    work_close(&w);
    work_set(&w, "current-version", "1.10.0");
    expect(&w, "ok");
    work_close(&w);
    work_set(&w, "current-version", "1.3.9");
    expect(
        &w, "ledger.newer_migration: \"003_c\" needs version 1.4.0 of the application, and this is "
            "1.3.9");
    work_exec(&w, "app.db", "UPDATE brant_migrations SET min_read_version = NULL");
    expect(&w, newer);
    work_stop(&w);
}

/* ---- a run at work ---- */

typedef struct onlooker {
    brant_session *session;
    char seen[1024];
} onlooker;

static void look_on(work *w, const brant_event *ev)
{
    onlooker *o = w->hook_user;
    brant_error *err = NULL;

    if (ev->type == BRANT_EVENT_MIGRATION_START && strcmp(ev->migration, "003_c") == 0) {
        (void)snprintf(o->seen, sizeof(o->seen), "%s", ask(o->session, &err));
        brant_error_free(err);
    }
}

static const char *seen_during_up(work *w, onlooker *o)
{
    work_ok(w, brant_session_open(&o->session, w->project, NULL, &w->err));
    w->hook = look_on;
    w->hook_user = o;
    work_up(w);
    w->hook = NULL;
    brant_session_close(o->session);
    return o->seen;
}

static void a_run_at_work_is_healthy_when_it_does_optional_work(void **state)
{
    onlooker o = { 0 };
    work w;

    (void)state;
    start_current(&w);
    tree_write(&w.dir, "migrations/003_c.up.sql", "CREATE TABLE c (x);\n");
    assert_string_equal(seen_during_up(&w, &o), "ok");
    expect(&w, "ok");
    work_stop(&w);
}

static void a_run_at_work_is_waited_for_when_its_work_is_required(void **state)
{
    onlooker o = { 0 };
    work w;

    (void)state;
    start_current(&w);
    tree_write(&w.dir, "migrations/003_c.up.sql", "-- brant: required=true\nCREATE TABLE c (x);\n");
    assert_non_null(strstr(seen_during_up(&w, &o), "health.running: a run is at work (up, brant "));
    assert_non_null(strstr(o.seen, "), and 1 required migration is pending"));
    expect(&w, "ok");
    work_stop(&w);
}

/* What an earlier run left half done is the business of the one that is at it. */
static void a_run_that_resumes_is_no_failure(void **state)
{
    onlooker o = { 0 };
    work w;

    (void)state;
    start_current(&w);
    tree_write(
        &w.dir, "migrations/003_c.up.sql",
        "-- brant: transaction=off\nCREATE TABLE c (x);\nINSERT INTO later VALUES (1);\n");
    assert_int_equal(brant_up(NULL, w.session, NULL, &w.err), BRANT_ESTATEMENT);
    work_expect(&w, BRANT_OK, BRANT_OK, NULL);
    work_exec(&w, "app.db", "CREATE TABLE later (x)");
    assert_string_equal(seen_during_up(&w, &o), "ok");
    work_stop(&w);
}

/* ---- reaching ---- */

static const char several[] = "databases:\n"
                              "  one: { url: \"sqlite:one.db\", migrations: migrations }\n"
                              "  two: { url: \"sqlite:two.db\", migrations: migrations }\n"
                              "  six: { url: \"sqlite:six.db\", migrations: migrations }\n";

static void one_that_cannot_be_read_does_not_hide_the_others(void **state)
{
    brant_health_result *result = NULL;
    work w;

    (void)state;
    work_start_project(&w, several, files);
    work_up(&w);
    expect(&w, "ok; ok; ok");
    work_close(&w);
    tree_write(&w.dir, "one.db", "this is not a database, and long enough to be seen as such\n");
    work_exec(&w, "six.db", "DELETE FROM brant_migrations WHERE id = '002_b'");
    work_ok(&w, brant_health(&result, work_open(&w), &w.err));
    assert_int_equal(result->ok, 0);
    assert_non_null(strstr(result->reason, "one: "));
    assert_int_equal(result->databases[0]->ok, 0);
    assert_non_null(strstr(result->databases[0]->reason, "is not a SQLite database"));
    assert_string_equal(result->databases[1]->database, "two");
    assert_int_equal(result->databases[1]->ok, 1);
    assert_string_equal(result->databases[2]->id, "health.pending");
    brant_health_free(result);
    /* The last one as well. */
    work_close(&w);
    tree_write(&w.dir, "six.db", "this is not a database, and long enough to be seen as such\n");
    work_ok(&w, brant_health(&result, work_open(&w), &w.err));
    assert_int_equal(result->databases[1]->ok, 1);
    assert_int_equal(result->databases[2]->ok, 0);
    brant_health_free(result);
    work_stop(&w);
}

static void one_that_cannot_be_reached_is_told_with_the_error(void **state)
{
    work w;

    (void)state;
    work_start_project(
        &w, "databases: { main: { url: \"sqlite:migrations\" } }\n", files); /* a directory */
    assert_non_null(strstr(ask(work_open(&w), &w.err), "connect."));
    assert_null(w.err);
    work_stop(&w);
}

/* ---- errors of the call ---- */

static void files_that_cannot_be_understood_are_an_error(void **state)
{
    work w;

    (void)state;
    start_current(&w);
    tree_write(&w.dir, "migrations/003_c.up.sql", "-- brant: nonsense=1\nSELECT 1;\n");
    assert_int_equal(brant_health(NULL, w.session, NULL), BRANT_EPARSE);
    assert_string_equal(ask(w.session, &w.err), "error directive.unknown_key");
    work_stop(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_that_is_missing_is_named_and_not_made),
        cmocka_unit_test(one_that_is_current_is_healthy),
        cmocka_unit_test(pending_migrations_are_counted),
        cmocka_unit_test(a_late_one_is_a_finding_unless_it_is_ignored),
        cmocka_unit_test(a_failed_one_is_told),
        cmocka_unit_test(a_half_done_one_is_told),
        cmocka_unit_test(an_interrupted_one_is_told),
        cmocka_unit_test(a_manual_one_that_waits_is_pending),
        cmocka_unit_test(an_edited_file_is_told),
        cmocka_unit_test(a_renamed_file_is_told),
        cmocka_unit_test(a_lost_file_is_told_unless_that_is_accepted),
        cmocka_unit_test(a_newer_database_is_told_unless_this_version_can_read_it),
        cmocka_unit_test(a_run_at_work_is_healthy_when_it_does_optional_work),
        cmocka_unit_test(a_run_at_work_is_waited_for_when_its_work_is_required),
        cmocka_unit_test(a_run_that_resumes_is_no_failure),
        cmocka_unit_test(one_that_cannot_be_read_does_not_hide_the_others),
        cmocka_unit_test(one_that_cannot_be_reached_is_told_with_the_error),
        cmocka_unit_test(files_that_cannot_be_understood_are_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
