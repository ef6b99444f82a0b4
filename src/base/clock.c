/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define US_PER_S 1000000LL
#define NS_PER_S 1000000000LL
#define MS_PER_S 1000LL
#define MS_PER_MIN (60 * MS_PER_S)
#define MS_PER_HOUR (60 * MS_PER_MIN)
#define MS_PER_DAY (24 * MS_PER_HOUR)
#define MAX_DURATION_MS (36525 * MS_PER_DAY) /* 100 years */

/* RFC 3339 knows years of four digits: 0000-01-01 to the last second of 9999. */
#define FIRST_S (-62167219200LL)
#define LAST_S 253402300799LL

int64_t brn_clock_mono_ns(void)
{
    struct timespec now = { 0 };

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}

int64_t brn_clock_wall_us(void)
{
    struct timespec now = { 0 };

    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * US_PER_S + now.tv_nsec / 1000;
}

/* Seconds and the microseconds behind them, never negative; out of range is the nearest end. */
static struct tm split_us(int64_t wall_us, int64_t *fraction_us)
{
    struct tm parts = { 0 };
    int64_t seconds = wall_us / US_PER_S;
    time_t when;

    *fraction_us = wall_us % US_PER_S;
    if (*fraction_us < 0) {
        *fraction_us += US_PER_S;
        seconds--;
    }
    if (seconds < FIRST_S) {
        seconds = FIRST_S;
        *fraction_us = 0;
    } else if (seconds > LAST_S) {
        seconds = LAST_S;
        *fraction_us = US_PER_S - 1;
    }
    when = (time_t)seconds;
    (void)gmtime_r(&when, &parts);
    return parts;
}

/* `digits` of a field and what follows it; returns where the next one begins. Without snprintf():
 * each row of the ledger has several times. */
static char *add_field(char *out, int64_t field, size_t digits, const char *then)
{
    for (size_t i = digits; i-- > 0; field /= 10) {
        out[i] = (char)('0' + field % 10);
    }
    out += digits;
    while (*then != '\0') {
        *out++ = *then++;
    }
    *out = '\0';
    return out;
}

void brn_clock_rfc3339(char out[BRN_CLOCK_TEXT], int64_t wall_us)
{
    int64_t fraction_us;
    struct tm parts = split_us(wall_us, &fraction_us);
    char *at = out;

    at = add_field(at, parts.tm_year + 1900, 4, "-");
    at = add_field(at, parts.tm_mon + 1, 2, "-");
    at = add_field(at, parts.tm_mday, 2, "T");
    at = add_field(at, parts.tm_hour, 2, ":");
    at = add_field(at, parts.tm_min, 2, ":");
    at = add_field(at, parts.tm_sec, 2, ".");
    (void)add_field(at, fraction_us / 1000, 3, "Z");
}

void brn_clock_stamp(char out[BRN_CLOCK_TEXT], int64_t wall_us)
{
    int64_t fraction_us;
    struct tm parts = split_us(wall_us, &fraction_us);
    char *at = out;

    at = add_field(at, parts.tm_year + 1900, 4, "");
    at = add_field(at, parts.tm_mon + 1, 2, "");
    at = add_field(at, parts.tm_mday, 2, "");
    at = add_field(at, parts.tm_hour, 2, "");
    at = add_field(at, parts.tm_min, 2, "");
    (void)add_field(at, parts.tm_sec, 2, "");
}

/* The number at `from`, where there are digits. */
static int digits_at(brn_str text, size_t from, size_t len)
{
    int value = 0;

    for (size_t i = from; i < from + len; i++) {
        value = value * 10 + (text.ptr[i] - '0');
    }
    return value;
}

static bool has_shape(brn_str text, brn_str shape)
{
    if (text.len != shape.len) {
        return false;
    }
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (shape.ptr[i] == '0' ? c < '0' || c > '9' : c != shape.ptr[i]) {
            return false;
        }
    }
    return true;
}

static bool is_day(int year, int month, int day)
{
    static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return month >= 1 && month <= 12 && day >= 1 && day <= days[month - 1] + (month == 2 && leap);
}

/*
 * From 1970-01-01. The year is taken to begin in March, so that a leap day is its last; 400 such
 * years have 146,097 days. 1970-01-01 is day 719,468 of those.
 */
static int64_t days_since_1970(int year, int month, int day)
{
    int march_year = year + 400 - (month <= 2); /* not negative, also for January of year 0 */
    int march_month = (month + 9) % 12;
    int64_t days = march_year * 365LL + march_year / 4 - march_year / 100 + march_year / 400;

    /* The months from March on have 153 days in five: 31, 30, 31, 30, 31. */
    return days + (153 * march_month + 2) / 5 + day - 1 - 146097 - 719468;
}

/* A ledger has several times in each row: timegm() and its like would be most of reading one. */
bool brn_clock_parse_rfc3339(brn_str text, int64_t *wall_us)
{
    if (!has_shape(text, BRN_STR("0000-00-00T00:00:00.000Z"))) {
        return false;
    }
    int year = digits_at(text, 0, 4);
    int month = digits_at(text, 5, 2);
    int day = digits_at(text, 8, 2);
    int hour = digits_at(text, 11, 2);
    int minute = digits_at(text, 14, 2);
    int second = digits_at(text, 17, 2);
    if (!is_day(year, month, day) || hour > 23 || minute > 59 || second > 59) {
        return false;
    }
    int64_t seconds =
        days_since_1970(year, month, day) * 86400 + hour * 3600 + minute * 60 + second;
    *wall_us = seconds * US_PER_S + digits_at(text, 20, 3) * 1000LL;
    return true;
}

void brn_clock_sleep_ms(uint32_t ms)
{
    struct timespec span = { .tv_sec = (time_t)(ms / 1000),
                             .tv_nsec = (long)(ms % 1000) * 1000000L };

    (void)nanosleep(&span, NULL);
}

/* From large to small: a text may use each once, in this order. */
static const struct unit {
    const char *name;
    int64_t ms;
} units[] = {
    { "h", MS_PER_HOUR },
    { "m", MS_PER_MIN },
    { "s", MS_PER_S },
    { "ms", 1 },
};

/* Cuts the longest run of digits, or of anything else, off the front of *rest. */
static brn_str take_while(brn_str *rest, bool digits)
{
    brn_str taken;
    size_t len = 0;

    while (len < rest->len && (rest->ptr[len] >= '0' && rest->ptr[len] <= '9') == digits) {
        len++;
    }
    taken = brn_str_slice(*rest, 0, len);
    *rest = brn_str_slice(*rest, len, rest->len);
    return taken;
}

bool brn_duration_parse(brn_str text, int64_t *ms)
{
    brn_str rest = text;
    uint64_t total = 0;
    size_t next = 0;

    do {
        brn_str number = take_while(&rest, true);
        brn_str name = take_while(&rest, false);
        uint64_t value;
        uint64_t factor;

        if (number.len == text.len) {
            name = BRN_STR("s");
        }
        while (next < BRN_ARRAY_LEN(units) && !brn_str_eq_c(name, units[next].name)) {
            next++;
        }
        if (next == BRN_ARRAY_LEN(units) || !brn_str_to_u64(number, &value)) {
            return false;
        }
        factor = (uint64_t)units[next].ms;
        if (value > ((uint64_t)MAX_DURATION_MS - total) / factor) {
            return false;
        }
        total += value * factor;
        next++;
    } while (rest.len > 0);
    *ms = (int64_t)total;
    return true;
}

/* Cut, not rounded: 59,999 ms must not become "60.0 s". */
void brn_duration_text(char out[BRN_CLOCK_TEXT], int64_t ms)
{
    long long t = ms < 0 ? 0 : ms;

    if (t < MS_PER_S) {
        (void)snprintf(out, BRN_CLOCK_TEXT, "%lld ms", t);
    } else if (t < MS_PER_MIN) {
        (void)snprintf(out, BRN_CLOCK_TEXT, "%lld.%lld s", t / MS_PER_S, t % MS_PER_S / 100);
    } else if (t < MS_PER_HOUR) {
        (void)snprintf(
            out, BRN_CLOCK_TEXT, "%lld min %02lld s", t / MS_PER_MIN, t % MS_PER_MIN / MS_PER_S);
    } else if (t < MS_PER_DAY) {
        (void)snprintf(
            out, BRN_CLOCK_TEXT, "%lld h %02lld min", t / MS_PER_HOUR,
            t % MS_PER_HOUR / MS_PER_MIN);
    } else {
        (void)snprintf(
            out, BRN_CLOCK_TEXT, "%lld d %02lld h", t / MS_PER_DAY, t % MS_PER_DAY / MS_PER_HOUR);
    }
}

/* xorshift64*: its upper half is good enough to scale. */
uint32_t brn_jitter(uint64_t *state, uint32_t bound)
{
    uint64_t x = *state == 0 ? 1 : *state; /* 0 would stay 0 */

    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    *state = x;
    return (uint32_t)((((x * 0x2545f4914f6cdd1du) >> 32) * bound) >> 32);
}
