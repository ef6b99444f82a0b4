/* SPDX-License-Identifier: Apache-2.0 */
/* Taking the lock, with an engine of a few functions whose lock is free after some tries. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "ledger/lock.h"

#define PAUSES_MAX 64

typedef struct fake {
    brn_conn conn;
    brn_engine engine;
    brn_control control;
    brn_emitter emitter;
    int tries;
    int free_at;          /* the try that gets it; 0: never */
    brant_status failing; /* instead of BRANT_ELOCKED */
    bool sleeps;          /* lock_wait() really sleeps */
    bool wakes;           /* lock_wait() ends early */
    bool late;            /* and yet it sleeps to its end */
    int cancel_at;        /* the wait during which somebody cancels; 0: never */
    const char *holder;   /* NULL: cannot be told */
    uint32_t pauses[PAUSES_MAX];
    size_t pause_count;
    uint32_t waits; /* LOCK_WAIT events */
    uint32_t taken; /* LOCK_TAKEN events */
    bool waited;
    char told[256]; /* message of the last LOCK_WAIT */
} fake;

static brant_status try_lock(brn_conn *conn, const char *what, brant_error **err)
{
    fake *f = (fake *)conn;

    assert_string_equal(what, "up, brant");
    f->tries++;
    if (f->failing != BRANT_OK) {
        return brn_error(err, f->failing, "lock.no_file", "no file");
    }
    return f->tries == f->free_at ? BRANT_OK
                                  : brn_error(err, BRANT_ELOCKED, "lock.held", "somebody has it");
}

static brant_status tell_holder(brn_lock_holder *out, brn_conn *conn, brant_error **err)
{
    const fake *f = (const fake *)conn;

    if (f->holder == NULL) {
        return brn_error(err, BRANT_EIO, "lock.unreadable", "cannot be read");
    }
    memset(out, 0, sizeof(*out));
    out->held = true;
    out->pid = 4711;
    (void)snprintf(out->who, sizeof(out->who), "%s", f->holder);
    (void)snprintf(out->what, sizeof(out->what), "down, brant 0.1.0");
    return BRANT_OK;
}

static bool wait_lock(brn_conn *conn, uint32_t ms)
{
    fake *f = (fake *)conn;

    assert_true(f->pause_count < PAUSES_MAX);
    f->pauses[f->pause_count++] = ms;
    if ((int)f->pause_count == f->cancel_at) {
        brn_control_cancel(&f->control);
    }
    if (f->sleeps && (!f->wakes || f->late)) {
        brn_clock_sleep_ms(ms);
    }
    return f->wakes || !f->sleeps;
}

static void listen(const brant_event *ev, void *user)
{
    fake *f = user;

    if (ev->type == BRANT_EVENT_LOCK_WAIT) {
        f->waits++;
        (void)snprintf(f->told, sizeof(f->told), "%s", ev->message);
    }
    f->taken += ev->type == BRANT_EVENT_LOCK_TAKEN ? 1 : 0;
    assert_string_equal(ev->database, "main");
}

static void make(fake *f)
{
    memset(f, 0, sizeof(*f));
    brn_control_init(&f->control);
    f->emitter.fn = listen;
    f->emitter.user = f;
    f->engine.lock = try_lock;
    f->engine.lock_holder = tell_holder;
    f->engine.lock_wait = wait_lock;
    f->conn = (brn_conn){ .engine = &f->engine,
                          .caps = BRN_CAP_LOCK,
                          .control = &f->control,
                          .emitter = &f->emitter,
                          .database = "main" };
    f->holder = "ann@host";
    f->sleeps = true;
}

static brant_status take(fake *f, int64_t timeout_ms, int64_t poll_ms, brant_error **err)
{
    brn_lock_wish wish = { "up, brant", timeout_ms, poll_ms };

    return brn_lock_take(&f->waited, &f->conn, &wish, err);
}

static void a_free_lock_is_taken_at_once(void **state)
{
    fake f;

    (void)state;
    make(&f);
    f.free_at = 1;
    assert_int_equal(take(&f, 1000, 1000, NULL), BRANT_OK);
    assert_int_equal(f.tries, 1);
    assert_int_equal(f.pause_count, 0);
    assert_int_equal(f.waits, 0);
    assert_int_equal(f.taken, 1);
    assert_false(f.waited);
}

static void an_engine_without_locks_has_nothing_to_take(void **state)
{
    fake f;

    (void)state;
    make(&f);
    f.conn.caps = 0;
    assert_int_equal(take(&f, 1000, 1000, NULL), BRANT_OK);
    assert_int_equal(f.tries, 0);
    assert_int_equal(f.taken, 0);
}

/* Each wait ends early, as if the lock were free each time: the lengths asked for can be seen
 * without sleeping them. */
static void pauses_double_up_to_the_limit_less_a_quarter(void **state)
{
    static const uint32_t full[] = { 50, 100, 200, 400, 800, 1000, 1000, 1000 };
    fake f;

    (void)state;
    make(&f);
    f.wakes = true;
    f.free_at = (int)BRN_ARRAY_LEN(full) + 1;
    assert_int_equal(take(&f, 0, 1000, NULL), BRANT_OK);
    assert_int_equal(f.pause_count, BRN_ARRAY_LEN(full));
    for (size_t i = 0; i < f.pause_count; i++) {
        if (f.pauses[i] > full[i] || f.pauses[i] < full[i] - full[i] / 4) {
            fail_msg("pause %zu: %u ms", i, f.pauses[i]);
        }
    }
    assert_int_equal(f.taken, 1);
    assert_true(f.waited);
}

/* A long pause is asked for in slices, so that somebody who cancels is heard. */
static void no_wait_is_longer_than_a_second(void **state)
{
    fake f;

    (void)state;
    make(&f);
    f.wakes = true;
    f.free_at = 14;
    assert_int_equal(take(&f, 0, 60000, NULL), BRANT_OK);
    for (size_t i = 0; i < f.pause_count; i++) {
        assert_true(f.pauses[i] <= 1000);
    }
}

static void a_wait_that_ends_early_is_followed_by_a_try(void **state)
{
    int64_t began = brn_clock_mono_ns();
    fake f;

    (void)state;
    make(&f);
    f.wakes = true;
    f.free_at = 10;
    assert_int_equal(take(&f, 0, 60000, NULL), BRANT_OK);
    assert_int_equal(f.pause_count, 9);
    assert_true(brn_clock_mono_ns() - began < 1000 * BRN_NS_PER_MS);
}

/* A busy machine may tell of a wake when the time is over; it is told once. */
static void a_wake_that_comes_late_is_not_lost(void **state)
{
    fake f;

    (void)state;
    make(&f);
    f.wakes = true;
    f.late = true;
    f.free_at = 4;
    assert_int_equal(take(&f, 0, 60000, NULL), BRANT_OK);
    assert_int_equal(f.pause_count, 3);
}

static void the_end_of_the_wait_names_the_holder(void **state)
{
    static const struct holder_case {
        const char *holder;
        const char *message;
    } cases[] = {
        { "ann@host", "held by ann@host, process 4711 (down, brant 0.1.0), since" },
        { "", "held by another process" },
        { NULL, "held by another process" },
    };

    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(cases); i++) {
        int64_t began = brn_clock_mono_ns();
        int64_t took;
        brant_error *err = NULL;
        fake f;

        make(&f);
        f.holder = cases[i].holder;
        assert_int_equal(take(&f, 120, 5000, &err), BRANT_ELOCKED);
        took = (brn_clock_mono_ns() - began) / BRN_NS_PER_MS;
        assert_string_equal(brant_error_id(err), "lock.timeout");
        assert_non_null(strstr(brant_error_message(err), cases[i].message));
        assert_non_null(strstr(brant_error_message(err), "\"main\""));
        assert_non_null(strstr(brant_error_detail(err), "120"));
        assert_non_null(strstr(brant_error_hint(err), "--lock-timeout"));
        assert_true(took >= 119 && took < 5000);
        assert_int_equal(f.waits, 1);
        assert_int_equal(f.taken, 0);
        brant_error_free(err);
    }
}

static void the_holder_is_told_to_those_who_watch(void **state)
{
    fake f;

    (void)state;
    make(&f);
    f.free_at = 3;
    assert_int_equal(take(&f, 0, 60, NULL), BRANT_OK);
    assert_int_equal(f.waits, 1); /* the next one only after five seconds */
    assert_non_null(strstr(f.told, "ann@host"));
}

static void whoever_cancels_ends_the_wait_soon(void **state)
{
    int64_t began = brn_clock_mono_ns();
    brant_error *err = NULL;
    fake f;

    (void)state;
    make(&f);
    f.cancel_at = 2;
    assert_int_equal(take(&f, 0, 60000, &err), BRANT_ECANCELLED);
    assert_string_equal(brant_error_id(err), "control.cancelled");
    assert_int_equal(f.pause_count, 2);
    assert_int_equal(f.taken, 0);
    assert_true(brn_clock_mono_ns() - began < 3000 * BRN_NS_PER_MS);
    brant_error_free(err);
}

static void a_limit_of_the_run_ends_the_wait_too(void **state)
{
    brant_error *err = NULL;
    fake f;

    (void)state;
    make(&f);
    brn_control_start(&f.control, BRN_LIMIT_RUN, 80);
    assert_int_equal(take(&f, 0, 100, &err), BRANT_ETIMEOUT);
    assert_non_null(strstr(brant_error_hint(err), "timeout"));
    brant_error_free(err);
}

static void another_error_is_given_back_as_it_is(void **state)
{
    brant_error *err = NULL;
    fake f;

    (void)state;
    make(&f);
    f.failing = BRANT_EIO;
    assert_int_equal(take(&f, 1000, 1000, &err), BRANT_EIO);
    assert_string_equal(brant_error_id(err), "lock.no_file");
    brant_error_free(err);
    assert_int_equal(take(&f, 1000, 1000, NULL), BRANT_EIO);
    assert_int_equal(f.pause_count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_free_lock_is_taken_at_once),
        cmocka_unit_test(an_engine_without_locks_has_nothing_to_take),
        cmocka_unit_test(pauses_double_up_to_the_limit_less_a_quarter),
        cmocka_unit_test(no_wait_is_longer_than_a_second),
        cmocka_unit_test(a_wait_that_ends_early_is_followed_by_a_try),
        cmocka_unit_test(a_wake_that_comes_late_is_not_lost),
        cmocka_unit_test(the_end_of_the_wait_names_the_holder),
        cmocka_unit_test(the_holder_is_told_to_those_who_watch),
        cmocka_unit_test(whoever_cancels_ends_the_wait_soon),
        cmocka_unit_test(a_limit_of_the_run_ends_the_wait_too),
        cmocka_unit_test(another_error_is_given_back_as_it_is),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
