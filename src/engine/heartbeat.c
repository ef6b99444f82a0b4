/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The thread waits on a pipe: a condition variable would need the monotonic clock, which not every
 * system lets it have, and with the wall clock a step of that one would make it sleep too long.
 */
#include "engine/heartbeat.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/platform.h"

#define BEATS_IN_A_LEASE 3
#define MISSED_PART 4 /* of the period, before it is tried again */
#define LONG_WAIT 10  /* part of the period: a look that took longer had to wait */

struct brn_heartbeat {
    pthread_t thread;
    int64_t period_ms;
    brn_beat_fn *beat;
    void *user;
    int wake[2]; /* pipe: closed at its writing end when the thread has to end */
    atomic_bool stops;
};

int64_t brn_lease_period_ms(int64_t lease_ms)
{
    return lease_ms / BEATS_IN_A_LEASE;
}

int64_t brn_lease_patience_ms(int64_t lease_ms)
{
    return lease_ms / 2;
}

bool brn_lease_watch_see(
    brn_lease_watch *watch, int64_t fence, int64_t beats, int64_t now_ns, int64_t lease_ms)
{
    if (watch->since_ns == 0 || watch->fence != fence) {
        *watch = (brn_lease_watch){ .fence = fence, .beats = beats, .since_ns = now_ns };
    } else if (watch->beats != beats) {
        watch->was_held_up = false;
        /* A beat that was sent while all had to wait comes as soon as this node is done with it. */
        brn_lease_watch_answer(watch, now_ns, lease_ms);
        watch->beats = beats;
        watch->since_ns = now_ns;
    }
    return now_ns >= watch->not_before_ns &&
           now_ns - watch->since_ns >= brn_lease_patience_ms(lease_ms) * BRN_NS_PER_MS;
}

void brn_lease_watch_ask(brn_lease_watch *watch, int64_t now_ns)
{
    if (watch->asked_ns == 0) {
        watch->asked_ns = now_ns;
    }
}

void brn_lease_watch_answer(brn_lease_watch *watch, int64_t now_ns, int64_t lease_ms)
{
    int64_t long_ns = brn_lease_period_ms(lease_ms) * BRN_NS_PER_MS / LONG_WAIT;
    int64_t lease_ns = lease_ms * BRN_NS_PER_MS;
    int64_t silent_ns = now_ns - watch->since_ns;
    bool waited = watch->asked_ns != 0 && now_ns - watch->asked_ns > long_ns;

    watch->asked_ns = 0;
    if (waited && !watch->was_held_up) {
        watch->was_held_up = true;
        watch->not_before_ns = now_ns + (silent_ns > lease_ns ? silent_ns : lease_ns);
    }
}

/* --- the thread ------------------------------------------------------------------------------- */

bool brn_heartbeat_stops(const brn_heartbeat *heartbeat)
{
    return atomic_load(&heartbeat->stops);
}

static void rest_until(const brn_heartbeat *h, int64_t until_ns)
{
    struct pollfd wake = { .fd = h->wake[0], .events = POLLIN };
    int64_t left_ms = (until_ns - brn_clock_mono_ns()) / BRN_NS_PER_MS;

    while (left_ms > 0 && !brn_heartbeat_stops(h)) {
        (void)poll(&wake, 1, left_ms < INT32_MAX ? (int)left_ms : INT32_MAX);
        left_ms = (until_ns - brn_clock_mono_ns()) / BRN_NS_PER_MS;
    }
}

static void *run(void *user)
{
    brn_heartbeat *h = user;
    int64_t began_ns = brn_clock_mono_ns();
    int64_t pause_ms = h->period_ms;
    brn_beat beat = BRN_BEAT_DONE;

    while (beat != BRN_BEAT_LOST) {
        /* From the beginning of the last beat: one that had to wait is followed at once. */
        rest_until(h, began_ns + pause_ms * BRN_NS_PER_MS);
        if (brn_heartbeat_stops(h)) {
            break;
        }
        began_ns = brn_clock_mono_ns();
        beat = h->beat(h, h->user);
        pause_ms = beat == BRN_BEAT_DONE ? h->period_ms : h->period_ms / MISSED_PART;
    }
    return NULL;
}

static int start_thread(brn_heartbeat *h)
{
    sigset_t all;
    sigset_t before;
    int error;

    (void)sigfillset(&all);
    error = pthread_sigmask(SIG_SETMASK, &all, &before);
    if (error == 0) {
        error = pthread_create(&h->thread, NULL, run, h);
        (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    }
    return error;
}

static int start(brn_heartbeat *h)
{
    int error;

    if (pipe(h->wake) != 0) {
        return errno;
    }
    (void)fcntl(h->wake[0], F_SETFD, FD_CLOEXEC);
    (void)fcntl(h->wake[1], F_SETFD, FD_CLOEXEC);
    error = start_thread(h);
    if (error != 0) {
        (void)close(h->wake[0]);
        (void)close(h->wake[1]);
    }
    return error;
}

brant_status brn_heartbeat_start(
    brn_heartbeat **out, int64_t period_ms, brn_beat_fn *beat, void *user, brant_error **err)
{
    brn_heartbeat *h = calloc(1, sizeof(*h));
    char text[BRN_PLATFORM_NAME];
    int error;

    if (h == NULL) {
        return brn_error_oom(err);
    }
    h->period_ms = period_ms;
    h->beat = beat;
    h->user = user;
    atomic_init(&h->stops, false);
    error = start(h);
    if (error != 0) {
        free(h);
        brn_platform_errno_text(text, error);
        return brn_error(
            err, BRANT_EIO, "lock.no_heartbeat", "could not start the heartbeat of the lock: %s",
            text);
    }
    *out = h;
    return BRANT_OK;
}

void brn_heartbeat_stop(brn_heartbeat *heartbeat)
{
    if (heartbeat == NULL) {
        return;
    }
    atomic_store(&heartbeat->stops, true);
    (void)close(heartbeat->wake[1]);
    (void)pthread_join(heartbeat->thread, NULL);
    (void)close(heartbeat->wake[0]);
    free(heartbeat);
}
