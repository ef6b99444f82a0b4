/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>

#include "base/clock.h"

static int set_foreign_zone(void **state)
{
    (void)state;
    /* St John's, with the rules in the text: the machine may have no zone files. */
    if (setenv("TZ", "NST3:30NDT,M3.2.0,M11.1.0", 1) != 0) {
        return -1;
    }
    tzset();
    return 0;
}

static const struct time_case {
    const char *name;
    int64_t wall_us;
    const char *text;
    const char *stamp;
} time_cases[] = {
    { "epoch", 0, "1970-01-01T00:00:00.000Z", "19700101000000" },
    { "milliseconds", 1772119800123000, "2026-02-26T15:30:00.123Z", "20260226153000" },
    { "leap day", 1709164800000000, "2024-02-29T00:00:00.000Z", "20240229000000" },
    { "summer", 1782864000000000, "2026-07-01T00:00:00.000Z", "20260701000000" },
    { "just before the epoch", -1000, "1969-12-31T23:59:59.999Z", "19691231235959" },
    { "first year", -62167219200000000, "0000-01-01T00:00:00.000Z", "00000101000000" },
    { "last millisecond", 253402300799999000, "9999-12-31T23:59:59.999Z", "99991231235959" },
};

static void rfc3339_round_trips_in_utc_whatever_the_zone(void **state)
{
    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(time_cases); i++) {
        const struct time_case *c = &time_cases[i];
        char text[BRN_CLOCK_TEXT];
        int64_t back = 1;
        brn_clock_rfc3339(text, c->wall_us);
        assert_string_equal(text, c->text);
        if (!brn_clock_parse_rfc3339(brn_str_from(text), &back) || back != c->wall_us) {
            fail_msg("%s: %lld", c->name, (long long)back);
        }
        brn_clock_stamp(text, c->wall_us);
        assert_string_equal(text, c->stamp);
    }
}

static void times_beyond_four_digit_years_are_the_nearest_end(void **state)
{
    char text[BRN_CLOCK_TEXT];

    (void)state;
    brn_clock_rfc3339(text, INT64_MAX);
    assert_string_equal(text, "9999-12-31T23:59:59.999Z");
    brn_clock_rfc3339(text, INT64_MIN);
    assert_string_equal(text, "0000-01-01T00:00:00.000Z");
    brn_clock_rfc3339(text, 999); /* microseconds are cut */
    assert_string_equal(text, "1970-01-01T00:00:00.000Z");
}

static const char *const bad_times[] = {
    "",
    "2026",
    "2026-02-26",
    "2026-02-26T15:30:00Z",
    "2026-02-26T15:30:00.123",
    "2026-02-26T15:30:00.123z",
    "2026-02-26T15:30:00.123ZZ",
    "2026-02-26t15:30:00.123Z",
    "2026-02-26 15:30:00.123Z",
    "2026-02-26T15:30:00.123+00:00",
    "2026-02-30T15:30:00.123Z",
    "2026-00-26T15:30:00.123Z",
    "2026-13-26T15:30:00.123Z",
    "2026-02-00T15:30:00.123Z",
    "2025-02-29T15:30:00.123Z",
    "1900-02-29T15:30:00.123Z",
    "2026-02-26T24:30:00.123Z",
    "2026-02-26T15:60:00.123Z",
    "2026-02-26T15:30:60.123Z",
    "2026-02-26T15:30:00.1x3Z",
    "2026-02-26T15:30:00.-23Z",
    "+026-02-26T15:30:00.123Z",
    " 2026-02-26T15:30:00.123Z",
};

/* One day of each week of the years 0000 to 9999, against the system's calendar. */
static void parse_undoes_text_for_every_day(void **state)
{
    (void)state;
    for (int64_t day = -719528; day < 2932897; day += 7) {
        int64_t us = (day * 86400 + 86399) * 1000000 + 999000;
        int64_t back = 0;
        char text[BRN_CLOCK_TEXT];
        brn_clock_rfc3339(text, us);
        if (!brn_clock_parse_rfc3339(brn_str_from(text), &back) || back != us) {
            fail_msg("%s: %lld", text, (long long)back);
        }
    }
}

static void parse_takes_only_what_is_written(void **state)
{
    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(bad_times); i++) {
        int64_t us = 42;
        if (brn_clock_parse_rfc3339(brn_str_from(bad_times[i]), &us) || us != 42) {
            fail_msg("\"%s\"", bad_times[i]);
        }
    }
}

#define CENTURY_MS 3155760000000

static const struct duration_case {
    const char *text;
    int64_t ms; /* -1: malformed */
} duration_cases[] = {
    { "0", 0 },
    { "300", 300000 },
    { "300s", 300000 },
    { "5m", 300000 },
    { "500ms", 500 },
    { "1h", 3600000 },
    { "1m30s", 90000 },
    { "1h2m3s4ms", 3723004 },
    { "1h5ms", 3600005 },
    { "007s", 7000 },
    { "3155760000", CENTURY_MS },
    { "3155760000001ms", -1 },
    { "3155760000000ms", CENTURY_MS },
    { "876600h", CENTURY_MS },
    { "876600h1ms", -1 },
    { "876601h", -1 },
    { "18446744073709551615", -1 },
    { "18446744073709551616ms", -1 },
    { "99999999999999999999999h", -1 },
    { "", -1 },
    { "-1", -1 },
    { "+1", -1 },
    { "5x", -1 },
    { "5 s", -1 },
    { " 5s", -1 },
    { "5s ", -1 },
    { "s", -1 },
    { "ms", -1 },
    { "1.5s", -1 },
    { "5S", -1 },
    { "1m30", -1 },
    { "30s1m", -1 },
    { "1s1s", -1 },
    { "1d", -1 },
};

static void duration_is_what_people_write_and_nothing_else(void **state)
{
    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(duration_cases); i++) {
        const struct duration_case *c = &duration_cases[i];
        int64_t ms = -1;
        bool ok = brn_duration_parse(brn_str_from(c->text), &ms);
        if (ok != (c->ms >= 0) || ms != c->ms) {
            fail_msg("\"%s\": %lld", c->text, (long long)ms);
        }
    }
    assert_false(brn_duration_parse((brn_str){ NULL, 0 }, &(int64_t){ 0 }));
}

static const struct span_case {
    int64_t ms;
    const char *text;
} span_cases[] = {
    { -5, "0 ms" },
    { 0, "0 ms" },
    { 12, "12 ms" },
    { 999, "999 ms" },
    { 1000, "1.0 s" },
    { 1250, "1.2 s" },
    { 59999, "59.9 s" },
    { 60000, "1 min 00 s" },
    { 185000, "3 min 05 s" },
    { 3599999, "59 min 59 s" },
    { 3600000, "1 h 00 min" },
    { 7500000, "2 h 05 min" },
    { 86400000, "1 d 00 h" },
    { INT64_MAX, "106751991167 d 07 h" },
};

static void span_reads_in_two_units(void **state)
{
    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(span_cases); i++) {
        char text[BRN_CLOCK_TEXT];
        brn_duration_text(text, span_cases[i].ms);
        assert_string_equal(text, span_cases[i].text);
    }
}

static void clocks_advance_over_a_sleep(void **state)
{
    int64_t mono = brn_clock_mono_ns();

    (void)state;
    brn_clock_sleep_ms(0);
    brn_clock_sleep_ms(20);
    assert_true(brn_clock_mono_ns() - mono >= 20 * BRN_NS_PER_MS);
    assert_true(brn_clock_wall_us() > 1700000000000000);
}

static void on_alarm(int signum)
{
    (void)signum;
}

static void signal_handler_ends_a_sleep(void **state)
{
    struct sigaction action = { .sa_handler = on_alarm };
    struct sigaction before;
    /* Again and again, in case the first comes before the sleep begins. */
    struct itimerval soon = { .it_value.tv_usec = 20000, .it_interval.tv_usec = 20000 };
    struct itimerval never = { .it_value.tv_usec = 0 };
    int64_t start = brn_clock_mono_ns();

    (void)state;
    assert_int_equal(sigaction(SIGALRM, &action, &before), 0);
    assert_int_equal(setitimer(ITIMER_REAL, &soon, NULL), 0);
    brn_clock_sleep_ms(20000);
    assert_int_equal(setitimer(ITIMER_REAL, &never, NULL), 0);
    assert_int_equal(sigaction(SIGALRM, &before, NULL), 0);
    assert_true(brn_clock_mono_ns() - start < 10000 * BRN_NS_PER_MS);
}

static void jitter_stays_below_its_bound_and_varies(void **state)
{
    uint64_t seed = 7;
    uint64_t zero = 0;
    unsigned seen[10] = { 0 };

    (void)state;
    for (int i = 0; i < 10000; i++) {
        uint32_t n = brn_jitter(&seed, 10);
        assert_true(n < 10);
        seen[n]++;
    }
    for (size_t i = 0; i < BRN_ARRAY_LEN(seen); i++) {
        assert_in_range(seen[i], 800, 1200);
    }
    assert_int_equal(brn_jitter(&seed, 0), 0);
    assert_int_equal(brn_jitter(&seed, 1), 0);
    (void)brn_jitter(&zero, 10);
    assert_int_not_equal(zero, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rfc3339_round_trips_in_utc_whatever_the_zone),
        cmocka_unit_test(times_beyond_four_digit_years_are_the_nearest_end),
        cmocka_unit_test(parse_undoes_text_for_every_day),
        cmocka_unit_test(parse_takes_only_what_is_written),
        cmocka_unit_test(duration_is_what_people_write_and_nothing_else),
        cmocka_unit_test(span_reads_in_two_units),
        cmocka_unit_test(clocks_advance_over_a_sleep),
        cmocka_unit_test(signal_handler_ends_a_sleep),
        cmocka_unit_test(jitter_stays_below_its_bound_and_varies),
    };

    return cmocka_run_group_tests(tests, set_foreign_zone, NULL);
}
