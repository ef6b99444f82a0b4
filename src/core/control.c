/* SPDX-License-Identifier: Apache-2.0 */
#include "core/control.h"

#include "base/clock.h"

static const struct limit_words {
    const char *what;
    const char *key;
    const char *variable;
} limit_words[BRN_LIMIT_COUNT] = {
    [BRN_LIMIT_RUN] = { "run", "timeout", "BRANT_TIMEOUT" },
    [BRN_LIMIT_MIGRATION] = { "migration", "migration-timeout", "BRANT_MIGRATION_TIMEOUT" },
    [BRN_LIMIT_STATEMENT] = { "statement", "statement-timeout", "BRANT_STATEMENT_TIMEOUT" },
};

void brn_control_init(brn_control *c)
{
    atomic_init(&c->own, 0);
    c->cancelled = &c->own;
    c->lock_timeout_ms = -1;
    c->from_file = false;
    for (size_t i = 0; i < BRN_LIMIT_COUNT; i++) {
        c->limit_ms[i] = 0;
        c->deadline_ns[i] = 0;
    }
}

void brn_control_follow(brn_control *c, const brn_control *other)
{
    c->cancelled = other->cancelled;
}

void brn_control_cancel(brn_control *c)
{
    atomic_store(c->cancelled, 1);
}

void brn_control_start(brn_control *c, brn_limit limit, int64_t ms)
{
    int64_t now;

    if (ms <= 0) {
        brn_control_stop(c, limit);
        return;
    }
    now = brn_clock_mono_ns();
    c->limit_ms[limit] = ms;
    c->deadline_ns[limit] =
        ms > (INT64_MAX - now) / BRN_NS_PER_MS ? INT64_MAX : now + ms * BRN_NS_PER_MS;
}

void brn_control_stop(brn_control *c, brn_limit limit)
{
    c->limit_ms[limit] = 0;
    c->deadline_ns[limit] = 0;
}

void brn_control_arm(brn_control *c, brn_limit limit)
{
    brn_control_start(c, limit, c->limit_ms[limit]);
}

void brn_control_rest(brn_control *c, brn_limit limit)
{
    c->deadline_ns[limit] = 0;
}

/* Index of the limit that ends first, or BRN_LIMIT_COUNT when none is set. */
static size_t nearest(const brn_control *c)
{
    size_t found = BRN_LIMIT_COUNT;

    for (size_t i = 0; i < BRN_LIMIT_COUNT; i++) {
        if (c->deadline_ns[i] == 0) {
            continue;
        }
        if (found == BRN_LIMIT_COUNT || c->deadline_ns[i] < c->deadline_ns[found]) {
            found = i;
        }
    }
    return found;
}

/* The limit that has passed, the earliest if there are several, or BRN_LIMIT_COUNT. */
static size_t passed(const brn_control *c)
{
    size_t i = nearest(c);

    if (i < BRN_LIMIT_COUNT && brn_clock_mono_ns() < c->deadline_ns[i]) {
        return BRN_LIMIT_COUNT;
    }
    return i;
}

bool brn_control_poll(const brn_control *c)
{
    return atomic_load(c->cancelled) != 0 || passed(c) < BRN_LIMIT_COUNT;
}

brant_status brn_control_check(const brn_control *c, brant_error **err)
{
    char limit[BRN_CLOCK_TEXT];
    const struct limit_words *words = NULL;
    brant_status st;
    size_t i;

    if (atomic_load(c->cancelled) != 0) {
        return brn_error(err, BRANT_ECANCELLED, "control.cancelled", "cancelled");
    }
    i = passed(c);
    if (i >= BRN_LIMIT_COUNT) {
        return BRANT_OK;
    }
    words = &limit_words[i];
    brn_duration_text(limit, c->limit_ms[i]);
    st = brn_error(
        err, BRANT_ETIMEOUT, "control.timeout", "the %s took longer than its limit of %s",
        words->what, limit);
    if (i == BRN_LIMIT_MIGRATION && c->from_file) {
        brn_error_hint(err, "Raise \"timeout\" in the head of the file; 0 means no limit.");
        return st;
    }
    brn_error_hint(
        err, "Raise the setting \"%s\" (--%s or %s); 0 means no limit.", words->key, words->key,
        words->variable);
    return st;
}

int64_t brn_control_left_ms(const brn_control *c, int64_t ms)
{
    size_t i = nearest(c);
    int64_t left;

    if (i >= BRN_LIMIT_COUNT) {
        return ms;
    }
    left = c->deadline_ns[i] - brn_clock_mono_ns();
    if (left <= 0) {
        return ms < 0 ? ms : 0;
    }
    /* Rounded up: a wait must not end just before the deadline it waited for. */
    left = left / BRN_NS_PER_MS + (left % BRN_NS_PER_MS != 0);
    return left < ms ? left : ms;
}
