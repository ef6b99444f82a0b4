/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/lock.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"

#define FIRST_PAUSE_MS 50
#define LONGEST_SLEEP_MS 1000 /* so that a cancellation from another thread is seen soon */
#define WAIT_EVENT_NS (5000 * BRN_NS_PER_MS)

static void holder_text(brn_conn *conn, char out[512])
{
    brn_lock_holder holder = { 0 };
    brant_status st = conn->engine->lock_holder(&holder, conn, NULL);
    if (st != BRANT_OK || !holder.held || holder.who[0] == '\0') {
        out[0] = '\0';
        return;
    }
    char since[BRN_CLOCK_TEXT];
    char until[BRN_CLOCK_TEXT] = "";
    brn_clock_rfc3339(since, holder.since_us);
    if (holder.expires_us != 0) {
        brn_clock_rfc3339(until, holder.expires_us);
    }
    bool known = holder.what[0] != '\0'; /* else a stranger, without a name for what it does */
    snprintf(
        out, 512, "%.200s, process %lld%s%.100s%s, since %s%s%s", holder.who, (long long)holder.pid,
        known ? " (" : "", holder.what, known ? ")" : "", since,
        until[0] != '\0' ? ", lease until " : "", until);
}

static void emit_wait(brn_conn *conn, int64_t waited_ns)
{
    char holder[512];
    holder_text(conn, holder);
    brant_event ev = {
        .type = BRANT_EVENT_LOCK_WAIT,
        .database = conn->database,
        .duration_ns = waited_ns,
        .message = holder,
    };
    brn_emit(conn->emitter, &ev);
}

static brant_status give_up(
    brn_conn *conn, const brn_lock_wish *wish, brant_error **last, brant_error **err)
{
    char holder[512];
    char limit[BRN_CLOCK_TEXT];
    holder_text(conn, holder);
    brn_duration_text(limit, wish->timeout_ms);
    brant_error_free(*last);
    *last = NULL;
    brn_error(
        err, BRANT_ELOCKED, "lock.timeout", "the migration lock of \"%s\" is held by %s",
        conn->database, holder[0] != '\0' ? holder : "another process");
    brn_error_detail(err, "Waited %s.", limit);
    brn_error_hint(
        err, "Wait for that run, or raise --lock-timeout; \"brant lock status\" shows the holder, "
             "\"brant lock release\" ends it.");
    return BRANT_ELOCKED;
}

/* Sleeps for the pause, in slices, until something says stop, or there is reason to try at once. */
static brant_status sleep_pause(brn_conn *conn, int64_t pause_ms, brant_error **err)
{
    int64_t until = brn_clock_mono_ns() + pause_ms * BRN_NS_PER_MS;
    int64_t left = pause_ms;
    bool woken = false;
    brant_status st = BRANT_OK;
    while (!woken && left > 0 && st == BRANT_OK) {
        int64_t slice = left < LONGEST_SLEEP_MS ? left : LONGEST_SLEEP_MS;
        woken = conn->engine->lock_wait(conn, (uint32_t)slice);
        st = brn_control_check(conn->control, err);
        left = (until - brn_clock_mono_ns() + BRN_NS_PER_MS - 1) / BRN_NS_PER_MS;
    }
    return st;
}

brant_status brn_lock_take(
    bool *waited, brn_conn *conn, const brn_lock_wish *wish, brant_error **err)
{
    *waited = false;
    if ((conn->caps & BRN_CAP_LOCK) == 0) {
        return BRANT_OK;
    }
    int64_t began = brn_clock_mono_ns();
    int64_t next_event = began;
    int64_t pause = FIRST_PAUSE_MS;
    uint64_t jitter = (uint64_t)began | 1;
    for (;;) {
        brant_error *last = NULL;
        brant_status st = conn->engine->lock(conn, wish->what, &last);
        int64_t waited_ns = brn_clock_mono_ns() - began;
        if (st == BRANT_OK) {
            brant_event ev = {
                .type = BRANT_EVENT_LOCK_TAKEN,
                .database = conn->database,
                .duration_ns = waited_ns,
            };
            brn_emit(conn->emitter, &ev);
            return BRANT_OK;
        }
        if (st != BRANT_ELOCKED) {
            if (err != NULL) {
                *err = last;
            } else {
                brant_error_free(last);
            }
            return st;
        }
        *waited = true;
        int64_t left = wish->timeout_ms - waited_ns / BRN_NS_PER_MS;
        if (wish->timeout_ms > 0 && left <= 0) {
            return give_up(conn, wish, &last, err);
        }
        brant_error_free(last);
        if (brn_clock_mono_ns() >= next_event) {
            emit_wait(conn, waited_ns);
            next_event = brn_clock_mono_ns() + WAIT_EVENT_NS;
        }
        int64_t sleep_ms = pause - brn_jitter(&jitter, (uint32_t)(pause / 4 + 1));
        sleep_ms = wish->timeout_ms > 0 && left < sleep_ms ? left : sleep_ms;
        st = sleep_pause(conn, sleep_ms > 0 ? sleep_ms : 1, err);
        if (st != BRANT_OK) {
            return st;
        }
        pause = pause * 2 < wish->poll_ms ? pause * 2 : wish->poll_ms;
    }
}
