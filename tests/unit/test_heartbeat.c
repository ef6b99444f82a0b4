/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdatomic.h>

#include "base/clock.h"
#include "engine/heartbeat.h"

#define LEASE_MS 900
#define PATIENCE_MS 20000

typedef struct owner {
    atomic_int beats;
    atomic_int lose_at; /* 0: never */
    atomic_bool hangs;  /* until it is told to stop */
    atomic_bool misses;
    atomic_bool signals; /* are let through */
} owner;

static brn_beat beat(const brn_heartbeat *heartbeat, void *user)
{
    owner *o = user;
    sigset_t blocked;
    int number = atomic_fetch_add(&o->beats, 1) + 1;

    (void)pthread_sigmask(SIG_SETMASK, NULL, &blocked);
    if (sigismember(&blocked, SIGINT) == 0 || sigismember(&blocked, SIGALRM) == 0) {
        atomic_store(&o->signals, true);
    }
    while (atomic_load(&o->hangs) && !brn_heartbeat_stops(heartbeat)) {
        brn_clock_sleep_ms(1);
    }
    if (number == atomic_load(&o->lose_at)) {
        return BRN_BEAT_LOST;
    }
    return atomic_load(&o->misses) ? BRN_BEAT_MISSED : BRN_BEAT_DONE;
}

static bool beats_until(owner *o, int count)
{
    int64_t until = brn_clock_mono_ns() + PATIENCE_MS * BRN_NS_PER_MS;

    while (atomic_load(&o->beats) < count && brn_clock_mono_ns() < until) {
        brn_clock_sleep_ms(1);
    }
    return atomic_load(&o->beats) >= count;
}

static brn_heartbeat *start(owner *o, int64_t period_ms)
{
    brn_heartbeat *heartbeat = NULL;
    brant_error *err = NULL;

    assert_int_equal(brn_heartbeat_start(&heartbeat, period_ms, beat, o, &err), BRANT_OK);
    assert_null(err);
    return heartbeat;
}

static void it_beats_until_it_is_stopped(void **state)
{
    owner o = { 0 };
    brn_heartbeat *heartbeat = start(&o, 5);
    int last;

    (void)state;
    assert_true(beats_until(&o, 3));
    brn_heartbeat_stop(heartbeat);
    last = atomic_load(&o.beats);
    brn_clock_sleep_ms(30);
    assert_int_equal(atomic_load(&o.beats), last);
    assert_false(atomic_load(&o.signals));
    brn_heartbeat_stop(NULL);
}

static void a_short_run_has_no_beat_and_ends_at_once(void **state)
{
    owner o = { 0 };
    int64_t began_ns = brn_clock_mono_ns();
    brn_heartbeat *heartbeat = start(&o, 3600000);

    (void)state;
    brn_heartbeat_stop(heartbeat);
    assert_int_equal(atomic_load(&o.beats), 0);
    assert_true(brn_clock_mono_ns() - began_ns < PATIENCE_MS * BRN_NS_PER_MS);
}

static void a_beat_that_hangs_is_told_to_stop(void **state)
{
    owner o = { .hangs = true };
    brn_heartbeat *heartbeat = start(&o, 1);

    (void)state;
    assert_true(beats_until(&o, 1));
    brn_heartbeat_stop(heartbeat);
    assert_int_equal(atomic_load(&o.beats), 1);
}

static void a_missed_beat_is_tried_again_sooner(void **state)
{
    owner o = { .misses = true };
    int64_t began_ns = brn_clock_mono_ns();
    brn_heartbeat *heartbeat = start(&o, 400);

    (void)state;
    assert_true(beats_until(&o, 4)); /* 400, and three quarters of it more */
    assert_true(brn_clock_mono_ns() - began_ns >= 650 * BRN_NS_PER_MS);
    brn_heartbeat_stop(heartbeat);
}

static void a_lease_that_is_lost_is_left_alone(void **state)
{
    owner o = { .lose_at = 2 };
    brn_heartbeat *heartbeat = start(&o, 1);

    (void)state;
    assert_true(beats_until(&o, 2));
    brn_clock_sleep_ms(30);
    assert_int_equal(atomic_load(&o.beats), 2);
    brn_heartbeat_stop(heartbeat);
}

static void patience_is_longer_than_the_pause_between_beats(void **state)
{
    (void)state;
    assert_int_equal(brn_lease_period_ms(30000), 10000);
    for (int64_t ms = 1000; ms < 100000; ms += 999) {
        assert_true(brn_lease_period_ms(ms) > 0);
        assert_true(brn_lease_patience_ms(ms) > brn_lease_period_ms(ms));
        assert_true(brn_lease_patience_ms(ms) < ms);
    }
}

static void a_watch_counts_from_the_last_change(void **state)
{
    static const struct {
        int64_t fence;
        int64_t beats;
        int64_t at_ms;
        bool still;
    } seen[] = {
        { 1, 7, 1000, false }, { 1, 7, 1449, false }, { 1, 7, 1450, true },
        { 1, 7, 9000, true },  { 1, 8, 9001, false }, { 1, 8, 9450, false },
        { 2, 8, 9460, false }, { 2, 8, 9909, false }, { 2, 8, 9910, true },
    };
    brn_lease_watch watch = { 0 };

    (void)state;
    for (size_t i = 0; i < sizeof(seen) / sizeof(seen[0]); i++) {
        bool still = brn_lease_watch_see(
            &watch, seen[i].fence, seen[i].beats, seen[i].at_ms * BRN_NS_PER_MS, LEASE_MS);
        assert_int_equal(still, seen[i].still);
    }
}

static bool sees(brn_lease_watch *watch, int64_t beats, int64_t at_ms)
{
    return brn_lease_watch_see(watch, 1, beats, at_ms * BRN_NS_PER_MS, LEASE_MS);
}

/* The answer comes with these beats. */
static bool is_told(brn_lease_watch *watch, int64_t beats, int64_t at_ms)
{
    brn_lease_watch_answer(watch, at_ms * BRN_NS_PER_MS, LEASE_MS);
    return sees(watch, beats, at_ms);
}

static void asks(brn_lease_watch *watch, int64_t at_ms)
{
    brn_lease_watch_ask(watch, at_ms * BRN_NS_PER_MS);
}

static void a_look_that_had_to_wait_gives_the_owner_a_lease(void **state)
{
    brn_lease_watch watch = { 0 };

    (void)state;
    assert_false(sees(&watch, 7, 1000));
    assert_true(sees(&watch, 7, 1450));
    asks(&watch, 1450);
    assert_true(is_told(&watch, 7, 1460)); /* that is what a look takes */
    asks(&watch, 1460);
    assert_false(is_told(&watch, 7, 1760));
    assert_false(sees(&watch, 7, 1760 + LEASE_MS - 1));
    assert_true(sees(&watch, 7, 1760 + LEASE_MS));
    /* Not for ever. */
    asks(&watch, 6000);
    assert_true(is_told(&watch, 7, 9000));
}

static void a_look_that_had_to_wait_for_long_gives_the_owner_as_long(void **state)
{
    brn_lease_watch watch = { 0 };

    (void)state;
    assert_false(sees(&watch, 7, 1000));
    asks(&watch, 1450);
    asks(&watch, 3000); /* the first one failed */
    assert_true(sees(&watch, 7, 3000));
    assert_false(is_told(&watch, 7, 11450));
    assert_false(sees(&watch, 7, 21899));
    assert_true(sees(&watch, 7, 21900));
}

static void a_beat_from_that_time_takes_nothing_from_it(void **state)
{
    brn_lease_watch watch = { 0 };

    (void)state;
    assert_false(sees(&watch, 7, 1000));
    asks(&watch, 1450);
    assert_false(is_told(&watch, 8, 11450));
    assert_false(sees(&watch, 9, 11460));
    assert_false(sees(&watch, 9, 21899));
    assert_true(sees(&watch, 9, 21900));
}

static void a_beat_after_a_look_that_failed_is_the_answer(void **state)
{
    brn_lease_watch watch = { 0 };

    (void)state;
    assert_false(sees(&watch, 7, 1000));
    asks(&watch, 1450);
    assert_false(sees(&watch, 8, 11450));
    assert_false(sees(&watch, 8, 21899));
    assert_true(sees(&watch, 8, 21900));
}

static void another_owner_has_nothing_from_it(void **state)
{
    brn_lease_watch watch = { 0 };

    (void)state;
    assert_false(sees(&watch, 7, 1000));
    asks(&watch, 1450);
    assert_false(is_told(&watch, 7, 11450));
    assert_false(brn_lease_watch_see(&watch, 2, 7, 11500 * BRN_NS_PER_MS, LEASE_MS));
    assert_true(brn_lease_watch_see(&watch, 2, 7, 11950 * BRN_NS_PER_MS, LEASE_MS));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_beats_until_it_is_stopped),
        cmocka_unit_test(a_short_run_has_no_beat_and_ends_at_once),
        cmocka_unit_test(a_beat_that_hangs_is_told_to_stop),
        cmocka_unit_test(a_missed_beat_is_tried_again_sooner),
        cmocka_unit_test(a_lease_that_is_lost_is_left_alone),
        cmocka_unit_test(patience_is_longer_than_the_pause_between_beats),
        cmocka_unit_test(a_watch_counts_from_the_last_change),
        cmocka_unit_test(a_look_that_had_to_wait_gives_the_owner_a_lease),
        cmocka_unit_test(a_look_that_had_to_wait_for_long_gives_the_owner_as_long),
        cmocka_unit_test(a_beat_from_that_time_takes_nothing_from_it),
        cmocka_unit_test(a_beat_after_a_look_that_failed_is_the_answer),
        cmocka_unit_test(another_owner_has_nothing_from_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
