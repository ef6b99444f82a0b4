/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/clock.h"
#include "core/control.h"
#include "core/event.h"

/* Moves a deadline into the past, so that no test has to wait. */
static void let_pass(brn_control *c, brn_limit limit, int64_t ns_ago)
{
    c->deadline_ns[limit] = brn_clock_mono_ns() - ns_ago;
}

static void nothing_stops_a_fresh_control(void **state)
{
    brn_control c;
    brant_error *err = NULL;

    (void)state;
    brn_control_init(&c);
    assert_false(brn_control_poll(&c));
    assert_int_equal(brn_control_check(&c, &err), BRANT_OK);
    assert_null(err);
    assert_int_equal(brn_control_left_ms(&c, 1234), 1234);
}

static void cancelling_stops_and_stays(void **state)
{
    brn_control c;
    brant_error *err = NULL;

    (void)state;
    brn_control_init(&c);
    brn_control_cancel(&c);
    brn_control_cancel(&c);
    assert_true(brn_control_poll(&c));
    assert_int_equal(brn_control_check(&c, &err), BRANT_ECANCELLED);
    assert_string_equal(brant_error_id(err), "control.cancelled");
    assert_int_equal(brn_control_check(&c, NULL), BRANT_ECANCELLED);
    brant_error_free(err);
}

static void who_follows_another_is_cancelled_with_it(void **state)
{
    brn_control boss;
    brn_control c;

    (void)state;
    brn_control_init(&boss);
    brn_control_init(&c);
    brn_control_follow(&c, &boss);
    assert_false(brn_control_poll(&c));
    brn_control_start(&c, BRN_LIMIT_RUN, 1);
    let_pass(&c, BRN_LIMIT_RUN, 1);
    assert_false(brn_control_poll(&boss)); /* limits stay its own */
    brn_control_cancel(&boss);
    assert_int_equal(brn_control_check(&c, NULL), BRANT_ECANCELLED);
}

static void cancelling_is_named_before_a_limit(void **state)
{
    brn_control c;

    (void)state;
    brn_control_init(&c);
    brn_control_start(&c, BRN_LIMIT_RUN, 1);
    let_pass(&c, BRN_LIMIT_RUN, 1);
    brn_control_cancel(&c);
    assert_int_equal(brn_control_check(&c, NULL), BRANT_ECANCELLED);
}

static const struct limit_case {
    brn_limit limit;
    const char *message;
    const char *hint;
} limit_cases[] = {
    { BRN_LIMIT_RUN, "the run took longer than its limit of 5.0 s",
      "Raise the setting \"timeout\" (--timeout or BRANT_TIMEOUT); 0 means no limit." },
    { BRN_LIMIT_MIGRATION, "the migration took longer than its limit of 5.0 s",
      "Raise the setting \"migration-timeout\" (--migration-timeout or "
      "BRANT_MIGRATION_TIMEOUT); 0 means no limit." },
    { BRN_LIMIT_STATEMENT, "the statement took longer than its limit of 5.0 s",
      "Raise the setting \"statement-timeout\" (--statement-timeout or "
      "BRANT_STATEMENT_TIMEOUT); 0 means no limit." },
};

static void a_limit_that_has_passed_names_the_setting_to_raise(void **state)
{
    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(limit_cases); i++) {
        const struct limit_case *c = &limit_cases[i];
        brn_control control;
        brant_error *err = NULL;

        brn_control_init(&control);
        brn_control_start(&control, c->limit, 5000);
        assert_int_equal(brn_control_check(&control, &err), BRANT_OK);
        let_pass(&control, c->limit, 1);
        assert_true(brn_control_poll(&control));
        assert_int_equal(brn_control_left_ms(&control, 100), 0);
        assert_int_equal(brn_control_check(&control, &err), BRANT_ETIMEOUT);
        assert_string_equal(brant_error_id(err), "control.timeout");
        assert_string_equal(brant_error_message(err), c->message);
        assert_string_equal(brant_error_hint(err), c->hint);
        brant_error_free(err);
    }
}

static void the_limit_that_passed_first_is_named(void **state)
{
    brn_control c;
    brant_error *err = NULL;

    (void)state;
    brn_control_init(&c);
    for (int i = 0; i < BRN_LIMIT_COUNT; i++) {
        brn_control_start(&c, (brn_limit)i, 1000);
    }
    let_pass(&c, BRN_LIMIT_RUN, 1000000000);
    let_pass(&c, BRN_LIMIT_MIGRATION, 3000000000);
    let_pass(&c, BRN_LIMIT_STATEMENT, 2000000000);
    assert_int_equal(brn_control_check(&c, &err), BRANT_ETIMEOUT);
    assert_non_null(strstr(brant_error_message(err), "the migration "));
    brant_error_free(err);
}

static void a_limit_of_nothing_or_a_stopped_one_is_none(void **state)
{
    brn_control c;

    (void)state;
    brn_control_init(&c);
    brn_control_start(&c, BRN_LIMIT_RUN, 1000);
    let_pass(&c, BRN_LIMIT_RUN, 1);
    assert_true(brn_control_poll(&c));
    brn_control_start(&c, BRN_LIMIT_RUN, 0);
    assert_false(brn_control_poll(&c));
    brn_control_start(&c, BRN_LIMIT_RUN, -5);
    assert_false(brn_control_poll(&c));
    brn_control_start(&c, BRN_LIMIT_RUN, 1000);
    let_pass(&c, BRN_LIMIT_RUN, 1);
    brn_control_stop(&c, BRN_LIMIT_RUN);
    assert_false(brn_control_poll(&c));
    assert_int_equal(brn_control_left_ms(&c, 77), 77);
}

static void the_time_left_is_that_of_the_nearest_limit(void **state)
{
    brn_control c;
    int64_t left;

    (void)state;
    brn_control_init(&c);
    brn_control_start(&c, BRN_LIMIT_RUN, 3600000);
    brn_control_start(&c, BRN_LIMIT_STATEMENT, 60000);
    left = brn_control_left_ms(&c, INT64_MAX);
    assert_in_range(left, 30000, 60000);
    assert_int_equal(brn_control_left_ms(&c, 10), 10);
}

static void a_limit_beyond_all_time_never_passes(void **state)
{
    brn_control c;

    (void)state;
    brn_control_init(&c);
    brn_control_start(&c, BRN_LIMIT_RUN, INT64_MAX);
    assert_false(brn_control_poll(&c));
    assert_int_equal(brn_control_left_ms(&c, 5), 5);
}

/* --- events ----------------------------------------------------------------------------------- */

typedef struct heard {
    unsigned count;
    brant_event last;
    char message[2048];
} heard;

static void listen(const brant_event *ev, void *user)
{
    heard *h = user;

    h->count++;
    h->last = *ev;
    h->message[0] = '\0';
    if (ev->message != NULL) {
        size_t len = strlen(ev->message);

        assert_true(len < sizeof(h->message));
        memcpy(h->message, ev->message, len + 1);
    }
}

static void events_are_numbered_and_stamped(void **state)
{
    heard h = { 0 };
    brn_emitter em = { .fn = listen, .user = &h, .run_id = "abc" };
    brant_event ev = { .type = BRANT_EVENT_RUN_START };
    int64_t before;

    (void)state;
    brn_emit(&em, &ev);
    assert_int_equal(h.last.number, 1);
    assert_int_equal(h.last.size, sizeof(ev));
    assert_string_equal(h.last.run_id, "abc");
    assert_in_range(brn_clock_wall_us() - h.last.wall_us, 0, 60000000);
    before = h.last.mono_ns;
    ev.run_id = "own";
    brn_emit(&em, &ev);
    assert_int_equal(h.last.number, 2);
    assert_string_equal(h.last.run_id, "own");
    assert_true(h.last.mono_ns >= before);
    assert_int_equal(h.count, 2);
}

static void nobody_need_listen(void **state)
{
    brn_emitter em = { 0 };
    brant_event ev = { .type = BRANT_EVENT_RUN_START };

    (void)state;
    brn_emit(&em, &ev);
    brn_emit(NULL, &ev);
    brn_emit_notice(&em, NULL, "a.b", "text");
    brn_emit_warning(NULL, NULL, "a.b", "text");
    assert_int_equal(ev.number, 0);
}

static void notices_and_warnings_carry_their_text(void **state)
{
    heard h = { 0 };
    brn_emitter em = { .fn = listen, .user = &h };

    (void)state;
    brn_emit_notice(&em, "main", "a.b", "%d of %s", 3, "four");
    assert_int_equal(h.last.type, BRANT_EVENT_NOTICE);
    assert_string_equal(h.last.database, "main");
    assert_string_equal(h.last.id, "a.b");
    assert_string_equal(h.message, "3 of four");
    brn_emit_warning(&em, NULL, "c.d", "careful");
    assert_int_equal(h.last.type, BRANT_EVENT_WARNING);
    assert_null(h.last.database);
    assert_string_equal(h.message, "careful");
    assert_int_equal(h.last.number, 2);
}

static void a_long_notice_arrives_whole(void **state)
{
    heard h = { 0 };
    brn_emitter em = { .fn = listen, .user = &h };
    static const int lengths[] = { 510, 511, 512, 513, 2000 };

    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(lengths); i++) {
        brn_emit_notice(&em, NULL, "a.b", "%*s", lengths[i], "end");
        assert_int_equal(strlen(h.message), lengths[i]);
        assert_string_equal(h.message + lengths[i] - 3, "end");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_stops_a_fresh_control),
        cmocka_unit_test(cancelling_stops_and_stays),
        cmocka_unit_test(who_follows_another_is_cancelled_with_it),
        cmocka_unit_test(cancelling_is_named_before_a_limit),
        cmocka_unit_test(a_limit_that_has_passed_names_the_setting_to_raise),
        cmocka_unit_test(the_limit_that_passed_first_is_named),
        cmocka_unit_test(a_limit_of_nothing_or_a_stopped_one_is_none),
        cmocka_unit_test(the_time_left_is_that_of_the_nearest_limit),
        cmocka_unit_test(a_limit_beyond_all_time_never_passes),
        cmocka_unit_test(events_are_numbered_and_stamped),
        cmocka_unit_test(nobody_need_listen),
        cmocka_unit_test(notices_and_warnings_carry_their_text),
        cmocka_unit_test(a_long_notice_arrives_whole),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
