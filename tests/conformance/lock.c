/* SPDX-License-Identifier: Apache-2.0 */
#include "conformance/conformance.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/platform.h"

#define POLL_MS 20000 /* a waiter that is not woken makes its test fail by this */
#define SOON_MS 3000
#define WAITERS 20
#define HOLD_MS 3

/* --- helpers ---------------------------------------------------------------------------------- */

static void need_lock(const conf_db *db)
{
    if ((db->quirks->caps & BRN_CAP_LOCK) == 0) {
        skip();
    }
}

static void lock(brn_conn *conn)
{
    brant_error *err = NULL;

    conf_ok(conn->engine->lock(conn, "conformance 0.1.0", &err), err);
}

static brn_lock_holder holder_of(brn_conn *conn)
{
    brn_lock_holder holder;
    brant_error *err = NULL;

    conf_ok(conn->engine->lock_holder(&holder, conn, &err), err);
    return holder;
}

/* For child processes, where a failed assertion would run the rest of the tests twice. */
static bool take(brn_conn *conn)
{
    int64_t until = brn_clock_mono_ns() + 4 * (int64_t)POLL_MS * BRN_NS_PER_MS;

    while (brn_clock_mono_ns() < until) {
        brant_status st = conn->engine->lock(conn, "conformance 0.1.0", NULL);

        if (st != BRANT_ELOCKED) {
            return st == BRANT_OK;
        }
        conn->engine->lock_wait(conn, POLL_MS);
    }
    return false;
}

/* A child that takes the lock, says so, and waits to be ended. */
static pid_t hold_in_child(conf_db *db)
{
    int ready[2];
    char byte = 0;
    pid_t child;

    assert_int_equal(pipe(ready), 0);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        brn_conn *conn = NULL;

        if (conf_try_connect(&conn, db, 0, NULL) == BRANT_OK && take(conn)) {
            (void)!write(ready[1], "x", 1);
            for (;;) {
                (void)pause();
            }
        }
        _exit(1);
    }
    (void)close(ready[1]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    (void)close(ready[0]);
    return child;
}

/* --- tests ------------------------------------------------------------------------------------ */

static void two_connections_exclude_each_other(void **state)
{
    conf_db *db = *state;
    brn_conn *first = NULL;
    brn_conn *second = NULL;
    brant_error *err = NULL;
    brant_status st;

    need_lock(db);
    first = conf_connect(db);
    second = conf_connect(db);
    lock(first);
    st = second->engine->lock(second, "other", &err);
    conf_expect(st, err, BRANT_ELOCKED, NULL);
    err = NULL;
    st = first->engine->lock(first, "again", &err);
    conf_expect(st, err, BRANT_EINTERNAL, NULL);
    first->engine->unlock(first);
    lock(second);
    second->engine->unlock(second);
    second->engine->unlock(second); /* without holding it: nothing */
    lock(first);
    conf_close(first); /* closing frees it */
    lock(second);
    conf_close(second);
}

static bool is_process(const conf_db *db, const brn_lock_holder *holder, pid_t pid)
{
    return db->quirks->holder_is_session ? holder->pid > 0 : holder->pid == pid;
}

static void the_holder_is_known(void **state)
{
    conf_db *db = *state;
    brn_conn *first = NULL;
    brn_conn *second = NULL;
    brn_lock_holder holder;

    need_lock(db);
    first = conf_connect(db);
    second = conf_connect(db);
    assert_false(holder_of(first).held);
    lock(first);
    holder = holder_of(first);
    assert_true(holder.held);
    assert_true(holder.mine);
    holder = holder_of(second);
    assert_true(holder.held);
    assert_false(holder.mine);
    assert_true(is_process(db, &holder, getpid()));
    assert_non_null(strchr(holder.who, '@'));
    assert_string_equal(holder.what, "conformance 0.1.0");
    assert_true(holder.since_us > brn_clock_wall_us() - 60000000);
    first->engine->unlock(first);
    assert_false(holder_of(second).held);
    conf_close(first);
    conf_close(second);
}

static void processes_exclude_each_other(void **state)
{
    conf_db *db = *state;
    brn_conn *conn = NULL;
    brant_error *err = NULL;
    brn_lock_holder holder;
    brant_status st;
    pid_t child;

    need_lock(db);
    conn = conf_connect(db);
    child = hold_in_child(db);
    st = conn->engine->lock(conn, "parent", &err);
    conf_expect(st, err, BRANT_ELOCKED, NULL);
    holder = holder_of(conn);
    assert_true(is_process(db, &holder, child));
    (void)kill(child, SIGKILL);
    (void)waitpid(child, NULL, 0);
    /* Whatever it left behind. A server needs a moment to notice. */
    for (int i = 0; db->quirks->holder_is_session && i < 100 && holder_of(conn).held; i++) {
        brn_clock_sleep_ms(SOON_MS / 100);
    }
    assert_false(holder_of(conn).held);
    lock(conn);
    conf_close(conn);
}

static void a_killed_holder_wakes_the_waiter(void **state)
{
    conf_db *db = *state;
    brn_conn *conn = NULL;
    int64_t began;
    pid_t child;
    pid_t killer;

    need_lock(db);
    conn = conf_connect(db);
    child = hold_in_child(db);
    killer = fork();
    if (killer == 0) {
        brn_clock_sleep_ms(100);
        (void)kill(child, SIGKILL);
        _exit(0);
    }
    began = brn_clock_mono_ns();
    assert_true(take(conn));
    assert_true(brn_clock_mono_ns() - began < SOON_MS * BRN_NS_PER_MS);
    (void)waitpid(child, NULL, 0);
    (void)waitpid(killer, NULL, 0);
    conf_close(conn);
}

typedef struct shared {
    atomic_int inside;
    atomic_int most_inside;
    atomic_int passed;
} shared;

/* dies: leaves by being killed while it holds the lock. */
static void queue_up(conf_db *db, shared *s, bool dies)
{
    brn_conn *conn = NULL;
    int now;

    if (conf_try_connect(&conn, db, 0, NULL) != BRANT_OK || !take(conn)) {
        _exit(1);
    }
    now = atomic_fetch_add(&s->inside, 1) + 1;
    if (now > atomic_load(&s->most_inside)) {
        atomic_store(&s->most_inside, now);
    }
    brn_clock_sleep_ms(HOLD_MS);
    atomic_fetch_add(&s->passed, 1);
    atomic_fetch_sub(&s->inside, 1);
    if (dies) {
        (void)kill(getpid(), SIGKILL);
    }
    conn->engine->unlock(conn);
    conn->engine->disconnect(conn);
    _exit(0);
}

static void pass_one_after_the_other(conf_db *db, int dying)
{
    shared *s = mmap(NULL, sizeof(*s), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    brn_conn *conn = conf_connect(db);
    int64_t began = brn_clock_mono_ns();
    pid_t children[WAITERS];

    assert_true(s != MAP_FAILED);
    conf_close(conn);
    for (int i = 0; i < WAITERS; i++) {
        children[i] = fork();
        assert_true(children[i] >= 0);
        if (children[i] == 0) {
            queue_up(db, s, dying > 0 && i % dying == 0);
        }
    }
    for (int i = 0; i < WAITERS; i++) {
        (void)waitpid(children[i], NULL, 0);
    }
    assert_int_equal(atomic_load(&s->passed), WAITERS);
    assert_int_equal(atomic_load(&s->most_inside), 1);
    assert_true(brn_clock_mono_ns() - began < (POLL_MS / 2) * BRN_NS_PER_MS);
    print_message(
        "  %d processes in %d ms\n", WAITERS, (int)((brn_clock_mono_ns() - began) / BRN_NS_PER_MS));
    (void)munmap(s, sizeof(*s));
}

static void twenty_processes_pass_without_waiting_for_nothing(void **state)
{
    conf_db *db = *state;

    need_lock(db);
    for (int i = 0; i < 5; i++) {
        pass_one_after_the_other(db, 0);
    }
}

static void also_when_some_are_killed(void **state)
{
    conf_db *db = *state;

    need_lock(db);
    for (int i = 0; i < 3; i++) {
        pass_one_after_the_other(db, 3);
    }
    pass_one_after_the_other(db, 1);
}

static void a_wait_ends_in_time(void **state)
{
    conf_db *db = *state;
    brn_conn *first = NULL;
    brn_conn *second = NULL;
    int64_t began;

    need_lock(db);
    first = conf_connect(db);
    second = conf_connect(db);
    lock(first);
    assert_int_equal(second->engine->lock(second, "other", NULL), BRANT_ELOCKED);
    began = brn_clock_mono_ns();
    second->engine->lock_wait(second, 50);
    assert_true(brn_clock_mono_ns() - began < SOON_MS * BRN_NS_PER_MS);
    conf_close(first);
    conf_close(second);
}

static void breaking_ends_the_holder(void **state)
{
    conf_db *db = *state;
    brn_conn *conn = NULL;
    brn_lock_holder holder;
    brant_error *err = NULL;
    pid_t child;

    need_lock(db);
    conn = conf_connect(db);
    child = hold_in_child(db);
    holder = holder_of(conn);
    conf_ok(conn->engine->lock_break(conn, &holder, &err), err);
    assert_true(take(conn));
    (void)kill(child, SIGKILL); /* where only its session was ended */
    (void)waitpid(child, NULL, 0);
    conf_close(conn);
}

static void breaking_is_careful(void **state)
{
    conf_db *db = *state;
    brn_conn *conn = NULL;
    brn_conn *other = NULL;
    brn_lock_holder holder;
    brant_error *err = NULL;
    brant_status st;

    need_lock(db);
    conn = conf_connect(db);
    other = conf_connect(db);
    lock(conn);
    holder = holder_of(other);
    /* This very process; where sessions are ended, this very session. */
    st = other->engine->lock_break(db->quirks->holder_is_session ? conn : other, &holder, &err);
    conf_expect(st, err, BRANT_ELOCKED, "lock.not_ours");
    holder.pid++;
    err = NULL;
    st = other->engine->lock_break(other, &holder, &err); /* not the one that was shown */
    conf_expect(st, err, BRANT_ELOCKED, "lock.not_ours");
    conf_close(conn);
    conf_close(other);
}

int conf_group_lock(void)
{
    const struct CMUnitTest tests[] = {
        TEST(two_connections_exclude_each_other),
        TEST(the_holder_is_known),
        TEST(processes_exclude_each_other),
        TEST(a_killed_holder_wakes_the_waiter),
        TEST(twenty_processes_pass_without_waiting_for_nothing),
        TEST(also_when_some_are_killed),
        TEST(a_wait_ends_in_time),
        TEST(breaking_ends_the_holder),
        TEST(breaking_is_careful),
    };

    return cmocka_run_group_tests_name("lock", tests, NULL, NULL);
}
