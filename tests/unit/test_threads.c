/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the library promises to programs with threads: settings and a project that nobody changes
 * are shared, each session is used by one thread at a time, and only brant_session_cancel() may
 * come from another one. Assertions are of the first thread only: cmocka knows no other.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "support/work.h"

#define WORKERS 6
#define LOOKERS 2
#define SOON_MS 20000 /* for a machine that does much else, under valgrind */

#define FOREVER                                                                                    \
    "INSERT INTO audit (token) WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c "    \
    "WHERE i < 100000000000) SELECT 'busy' FROM c WHERE i = 100000000000;\n"

static const work_file four[] = {
    { "migrations/001_a.up.sql",
      "CREATE TABLE audit (n INTEGER PRIMARY KEY AUTOINCREMENT, token TEXT NOT NULL);\n" },
    { "migrations/002_b.up.sql", "INSERT INTO audit (token) VALUES ('2');\n" },
    { "migrations/003_c.up.sql",
      "-- brant: transaction=off\nINSERT INTO audit (token) VALUES ('3.1');\n"
      "INSERT INTO audit (token) VALUES ('3.2');\n" },
    { "migrations/004_d.up.sql", "INSERT INTO audit (token) VALUES ('4');\n" },
    { NULL, NULL },
};

static const work_file endless[] = {
    { "migrations/001_a.up.sql",
      "CREATE TABLE audit (n INTEGER PRIMARY KEY AUTOINCREMENT, token TEXT NOT NULL);\n" },
    { "migrations/002_b.up.sql", "INSERT INTO audit (token) VALUES ('before');\n" FOREVER },
    { NULL, NULL },
};

/* ---- threads ---- */

typedef struct worker {
    pthread_t thread;
    const brant_settings *settings; /* of load_project() */
    const brant_project *project;
    brant_session *session;
    pthread_barrier_t *start;
    atomic_int *running; /* workers that are not done */
    atomic_int started;  /* 002_b is running, or waits for the lock */
    brant_status status;
    brant_error *err;
    size_t applied;
    size_t looks;
} worker;

static void notice(const brant_event *ev, void *user)
{
    worker *self = user;

    if (ev->type == BRANT_EVENT_LOCK_WAIT ||
        (ev->type == BRANT_EVENT_STATEMENT && strcmp(ev->migration, "002_b") == 0)) {
        atomic_store(&self->started, 1);
    }
}

static void open_worker(worker *self, const brant_project *project)
{
    brant_session_options opts = BRANT_SESSION_OPTIONS_INIT;

    self->project = project;
    atomic_init(&self->started, 0);
    opts.on_event = notice;
    opts.user = self;
    assert_int_equal(brant_session_open(&self->session, project, &opts, NULL), BRANT_OK);
}

static void close_worker(worker *self)
{
    brant_session_close(self->session);
    brant_error_free(self->err);
}

static void *go_up(void *user)
{
    worker *self = user;
    brant_report *report = NULL;

    if (self->start != NULL) {
        (void)pthread_barrier_wait(self->start);
    }
    self->status = brant_up(&report, self->session, NULL, &self->err);
    self->applied = report != NULL ? report->applied_count : 0;
    brant_report_free(report);
    if (self->running != NULL) {
        (void)atomic_fetch_sub(self->running, 1);
    }
    return NULL;
}

/* Everything about the shared project that a program may read at any time. */
static size_t read_shared(const brant_project *project)
{
    const brant_settings *settings = brant_project_settings(project);
    size_t found = brant_project_count(project);

    for (size_t i = 0; i < brant_setting_count(); i++) {
        const char *key = brant_setting_at(i)->key;
        const char *where = NULL;

        (void)brant_settings_origin(settings, key, &where);
        (void)brant_settings_int(settings, key);
        found += brant_settings_text(settings, key) != NULL;
        found += brant_settings_shown(settings, key) != NULL;
    }
    return found;
}

static void *look_on(void *user)
{
    worker *self = user;
    size_t pending = SIZE_MAX;

    (void)pthread_barrier_wait(self->start);
    do {
        brant_overview *overview = NULL;

        self->status = brant_look(&overview, self->session, &self->err);
        if (self->status != BRANT_OK) {
            break;
        }
        /* What was applied stays so. */
        if (overview->databases[0]->pending_count > pending || overview->finding_count > 0) {
            self->status = BRANT_EINTERNAL;
        }
        pending = overview->databases[0]->pending_count;
        brant_overview_free(overview);
        self->looks += read_shared(self->project) > 0;
    } while (self->status == BRANT_OK && atomic_load(self->running) > 0);
    return NULL;
}

static void begin(worker *self, void *(*work_of)(void *))
{
    assert_int_equal(pthread_create(&self->thread, NULL, work_of, self), 0);
}

static void end(worker *self)
{
    assert_int_equal(pthread_join(self->thread, NULL), 0);
}

static void assert_ended(const worker *self, brant_status status)
{
    if (self->status != status) {
        fail_msg(
            "%s: %s", brant_status_name(self->status),
            self->err != NULL ? brant_error_message(self->err) : "no error");
    }
}

static void wait_for(const atomic_int *flag)
{
    int64_t until = brn_clock_mono_ns() + SOON_MS * BRN_NS_PER_MS;

    while (atomic_load(flag) == 0 && brn_clock_mono_ns() < until) {
        brn_clock_sleep_ms(2);
    }
    assert_int_equal(atomic_load(flag), 1);
}

/* ---- several at once ---- */

static void each_migration_runs_once_however_many_threads_go_up(void **state)
{
    worker workers[WORKERS + LOOKERS] = { 0 };
    pthread_barrier_t start;
    atomic_int running;
    size_t applied = 0;
    size_t who_applied = 0;
    work w;

    (void)state;
    work_start(&w, four);
    (void)work_open(&w);
    atomic_init(&running, WORKERS);
    assert_int_equal(pthread_barrier_init(&start, NULL, WORKERS + LOOKERS), 0);
    for (size_t i = 0; i < WORKERS + LOOKERS; i++) {
        open_worker(&workers[i], w.project);
        workers[i].start = &start;
        workers[i].running = &running;
        begin(&workers[i], i < WORKERS ? go_up : look_on);
    }
    for (size_t i = 0; i < WORKERS + LOOKERS; i++) {
        end(&workers[i]);
    }
    for (size_t i = 0; i < WORKERS + LOOKERS; i++) {
        assert_ended(&workers[i], BRANT_OK);
        assert_true(i < WORKERS || workers[i].looks > 0);
        applied += workers[i].applied;
        who_applied += workers[i].applied > 0;
        close_worker(&workers[i]);
    }
    (void)pthread_barrier_destroy(&start);
    assert_int_equal(applied, 4);
    assert_int_equal(who_applied, 1);
    assert_string_equal(
        work_query(&w, "app.db", "SELECT group_concat(token) FROM audit"), "2,3.1,3.2,4");
    assert_string_equal(
        work_ledger(&w, "app.db"),
        "001_a completed up, 002_b completed up, 003_c completed up, 004_d completed up");
    work_stop(&w);
}

static void *load_project(void *user)
{
    worker *self = user;
    brant_project *project = NULL;

    (void)pthread_barrier_wait(self->start);
    self->status = brant_project_load(&project, self->settings, &self->err);
    self->looks = project != NULL ? read_shared(project) : 0;
    brant_project_free(project);
    return NULL;
}

static void settings_that_nobody_changes_make_projects_in_many_threads(void **state)
{
    worker workers[WORKERS] = { 0 };
    pthread_barrier_t start;
    work w;

    (void)state;
    work_start(&w, four);
    assert_int_equal(pthread_barrier_init(&start, NULL, WORKERS), 0);
    for (size_t i = 0; i < WORKERS; i++) {
        workers[i].settings = w.settings;
        workers[i].start = &start;
        begin(&workers[i], load_project);
    }
    for (size_t i = 0; i < WORKERS; i++) {
        end(&workers[i]);
    }
    (void)pthread_barrier_destroy(&start);
    for (size_t i = 0; i < WORKERS; i++) {
        assert_ended(&workers[i], BRANT_OK);
        assert_int_equal(workers[i].looks, workers[0].looks);
        close_worker(&workers[i]);
    }
    work_stop(&w);
}

/* ---- cancellation ---- */

static void another_thread_cancels_a_long_statement(void **state)
{
    worker one = { 0 };
    work w;

    (void)state;
    work_start(&w, endless);
    (void)work_open(&w);
    open_worker(&one, w.project);
    begin(&one, go_up);
    wait_for(&one.started);
    brn_clock_sleep_ms(50); /* the event was that of the statement before */
    brant_session_cancel(one.session);
    end(&one);
    assert_ended(&one, BRANT_ECANCELLED);
    assert_string_equal(brant_error_id(one.err), "control.cancelled");
    assert_string_equal(work_query(&w, "app.db", "SELECT count(*) FROM audit"), "0");

    /* The session can be used again, and the lock is free. */
    brant_error_free(one.err);
    one.err = NULL;
    tree_write(&w.dir, "migrations/002_b.up.sql", "INSERT INTO audit (token) VALUES ('short');\n");
    (void)go_up(&one);
    assert_ended(&one, BRANT_OK);
    assert_string_equal(work_query(&w, "app.db", "SELECT token FROM audit"), "short");
    close_worker(&one);
    work_stop(&w);
}

static void *go_round(void *user)
{
    worker *self = user;
    brant_validation *validation = NULL;

    atomic_store(&self->started, 1);
    self->status = brant_round_trip(&validation, self->session, &self->err);
    brant_validation_free(validation);
    return NULL;
}

static void another_thread_cancels_a_round_trip(void **state)
{
    worker one = { 0 };
    work w;

    (void)state;
    work_start(&w, endless);
    (void)work_open(&w);
    open_worker(&one, w.project);
    begin(&one, go_round);
    wait_for(&one.started);
    brn_clock_sleep_ms(100); /* there are no events of it */
    brant_session_cancel(one.session);
    end(&one);
    assert_ended(&one, BRANT_ECANCELLED);
    brant_error_free(one.err);
    one.err = NULL;
    tree_write(&w.dir, "migrations/002_b.up.sql", "INSERT INTO audit (token) VALUES ('short');\n");
    (void)go_round(&one);
    assert_ended(&one, BRANT_OK);
    close_worker(&one);
    work_stop(&w);
}

static void a_thread_that_waits_for_the_lock_of_another_is_cancelled(void **state)
{
    worker holder = { 0 };
    worker waiter = { 0 };
    int64_t cancelled_ns;
    work w;

    (void)state;
    work_start(&w, endless);
    (void)work_open(&w);
    open_worker(&holder, w.project);
    open_worker(&waiter, w.project);
    begin(&holder, go_up);
    wait_for(&holder.started);
    begin(&waiter, go_up);
    wait_for(&waiter.started);
    cancelled_ns = brn_clock_mono_ns();
    brant_session_cancel(waiter.session);
    end(&waiter);
    assert_ended(&waiter, BRANT_ECANCELLED);
    assert_int_equal(waiter.applied, 0);
    assert_true(brn_clock_mono_ns() - cancelled_ns < SOON_MS * BRN_NS_PER_MS);
    /* That was of no concern to the holder. */
    brant_session_cancel(holder.session);
    end(&holder);
    assert_ended(&holder, BRANT_ECANCELLED);
    assert_int_equal(holder.applied, 1);
    close_worker(&holder);
    close_worker(&waiter);
    work_stop(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_migration_runs_once_however_many_threads_go_up),
        cmocka_unit_test(settings_that_nobody_changes_make_projects_in_many_threads),
        cmocka_unit_test(another_thread_cancels_a_long_statement),
        cmocka_unit_test(another_thread_cancels_a_round_trip),
        cmocka_unit_test(a_thread_that_waits_for_the_lock_of_another_is_cancelled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
