/* SPDX-License-Identifier: Apache-2.0 */
#include "conformance/conformance.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"

#define HOUR_MS 3600000
#define PATIENCE_MS 20000
#define PAUSE_MS 20

/* --- helpers ---------------------------------------------------------------------------------- */

static void need_sessions(const conf_db *db)
{
    if ((db->quirks->caps & BRN_CAP_SESSIONS) == 0) {
        skip();
    }
}

static brn_session_list sessions_of(brn_conn *conn, conf_db *db, int64_t older_than_ms)
{
    brn_session_list list = { 0 };
    brant_error *err = NULL;

    conf_ok(conn->engine->sessions(&list, &db->arena, conn, older_than_ms, &err), err);
    return list;
}

/* A transaction that has changed rows and stays open. */
static brn_conn *hold_rows(conf_db *db)
{
    brn_conn *conn = conf_connect(db);
    brn_program program = { 0 };
    brn_run_state run;
    brant_error *err = NULL;

    conf_run_sql(conn, db, db->quirks->create_table);
    conf_run_sql(conn, db, db->quirks->insert_rows);
    (void)conf_add(&program, db, BRN_OP_BEGIN);
    conf_add_sql(&program, db, db->quirks->update_rows);
    conf_ok(conn->engine->run(conn, &program, NULL, NULL, &run, &err), err);
    return conn;
}

/* A child that wants the same rows. */
static pid_t want_rows(conf_db *db)
{
    pid_t child = fork();

    assert_true(child >= 0);
    if (child == 0) {
        brn_conn *conn = NULL;
        brn_program program = { 0 };
        brn_run_state run;

        conf_add_sql(&program, db, db->quirks->update_rows);
        if (conf_try_connect(&conn, db, 0, NULL) == BRANT_OK &&
            conn->engine->run(conn, &program, NULL, NULL, &run, NULL) == BRANT_OK) {
            (void)kill(
                getpid(), SIGKILL); /* well: nobody counts the parent's memory as lost here */
        }
        _exit(1);
    }
    return child;
}

static const brant_server_session *find_blocker(const brn_session_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        if (list->items[i].blocks_count > 0) {
            return &list->items[i];
        }
    }
    return NULL;
}

static const brant_server_session *find_pid(const brn_session_list *list, int64_t pid)
{
    for (size_t i = 0; i < list->count; i++) {
        if (list->items[i].pid == pid) {
            return &list->items[i];
        }
    }
    return NULL;
}

/* --- tests ------------------------------------------------------------------------------------ */

static void who_waits_for_whom_is_shown(void **state)
{
    conf_db *db = *state;
    brn_session_list list = { 0 };
    const brant_server_session *blocker = NULL;
    const brant_server_session *waiter = NULL;
    int64_t until = brn_clock_mono_ns() + PATIENCE_MS * BRN_NS_PER_MS;
    brn_conn *holder = NULL;
    brn_conn *conn = NULL;
    brant_error *err = NULL;
    pid_t child;
    int status = 1;

    need_sessions(db);
    holder = hold_rows(db);
    conn = conf_connect(db);
    child = want_rows(db);
    while (blocker == NULL && brn_clock_mono_ns() < until) {
        brn_clock_sleep_ms(PAUSE_MS);
        list = sessions_of(conn, db, HOUR_MS);
        blocker = find_blocker(&list);
    }
    /* The first picture with it may have been taken while the waiter began to wait: servers do not
     * read who waits and what runs at one moment. */
    list = sessions_of(conn, db, HOUR_MS);
    blocker = find_blocker(&list);
    assert_non_null(blocker);
    assert_ptr_equal(blocker, &list.items[0]);
    assert_int_equal(list.count, 2);
    assert_int_equal(blocker->blocks_count, 1);
    assert_int_equal(blocker->blocked_by_count, 0);
    assert_non_null(strchr(blocker->who, '@'));
    assert_true(blocker->state[0] != '\0');
    assert_true(blocker->since_us > brn_clock_wall_us() - 60000000);
    waiter = find_pid(&list, blocker->blocks[0]);
    assert_non_null(waiter);
    assert_int_equal(waiter->blocked_by_count, 1);
    assert_int_equal(waiter->blocked_by[0], blocker->pid);
    assert_int_equal(waiter->blocks_count, 0);
    assert_string_equal(waiter->query, db->quirks->update_rows);
    conf_ok(holder->engine->reset(holder, &err), err);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    assert_int_equal(sessions_of(conn, db, HOUR_MS).count, 0);
    conf_close(holder);
    conf_close(conn);
}

static void long_transactions_are_shown(void **state)
{
    conf_db *db = *state;
    brn_session_list list = { 0 };
    brn_conn *holder = NULL;
    brn_conn *conn = NULL;

    need_sessions(db);
    conn = conf_connect(db);
    assert_int_equal(sessions_of(conn, db, 0).count, 0); /* not the one that asks */
    holder = hold_rows(db);
    assert_int_equal(sessions_of(conn, db, HOUR_MS).count, 0);
    brn_clock_sleep_ms(PAUSE_MS);
    list = sessions_of(conn, db, 1);
    assert_int_equal(list.count, 1);
    assert_int_equal(list.items[0].blocks_count + list.items[0].blocked_by_count, 0);
    assert_string_equal(list.items[0].query, db->quirks->update_rows);
    conf_close(holder);
    conf_close(conn);
}

int conf_group_sessions(void)
{
    const struct CMUnitTest tests[] = {
        TEST(who_waits_for_whom_is_shown),
        TEST(long_transactions_are_shown),
    };

    return cmocka_run_group_tests_name("sessions", tests, NULL, NULL);
}
