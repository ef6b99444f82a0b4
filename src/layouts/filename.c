/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The grammar of names. A version stands at the start and ends the name or is followed by '_', by
 * '-' and no digit, or by '.' and a letter; the title behind it may hold dots (golang-migrate's
 * grammar, with more kinds of versions).
 */
#include "layouts/layout_int.h"

#define DATE_LEN 10
#define TIME_LEN 6

static const char *const extensions[] = { "sql", "cql", "redis", "ch" };

bool brn_extension_is_known(brn_str extension)
{
    for (size_t i = 0; i < BRN_ARRAY_LEN(extensions); i++) {
        if (brn_str_eq_c(extension, extensions[i])) {
            return true;
        }
    }
    return false;
}

static bool is_digit_at(brn_str s, size_t at)
{
    return at < s.len && s.ptr[at] >= '0' && s.ptr[at] <= '9';
}

static bool is_char_at(brn_str s, size_t at, char c)
{
    return at < s.len && s.ptr[at] == c;
}

static size_t digits_end(brn_str s, size_t at)
{
    while (is_digit_at(s, at)) {
        at++;
    }
    return at;
}

/* "-12" with a number of two digits between 1 and max. */
static bool is_date_part(brn_str s, size_t at, int max)
{
    int value;

    if (!is_char_at(s, at, '-') || digits_end(s, at + 1) != at + 3) {
        return false;
    }
    value = (s.ptr[at + 1] - '0') * 10 + (s.ptr[at + 2] - '0');
    return value >= 1 && value <= max;
}

/* Where digits behind a '-' end, if there are min..max of them; else `at`. */
static size_t part_end(brn_str s, size_t at, size_t min, size_t max)
{
    size_t end = is_char_at(s, at, '-') ? digits_end(s, at + 1) : at;

    return end > at + min && end <= at + 1 + max ? end : at;
}

/*
 * Where the time behind a date ends: "2024-12-12-101500", "20241212-101500"; newer ones of diesel
 * have a count as well, "-0000".
 */
static size_t time_end(brn_str s, size_t at, size_t min)
{
    size_t end = part_end(s, at, min, TIME_LEN);

    return end > at ? part_end(s, end, 1, s.len) : at;
}

/*
 * A date in front of a time is whatever was written by hand there, as in "2020-12-7-190800" or
 * "2020-21-09-165203": diesel takes it, and nothing else looks like that. 0: there is none.
 */
static size_t free_date_end(brn_str s)
{
    size_t month = part_end(s, 4, 1, 2);
    size_t day = month > 4 ? part_end(s, month, 1, 2) : month;
    size_t end = day > month ? time_end(s, day, 4) : day;

    return day > month && end > day ? end : 0;
}

/* "2024-12-12", which may have a time or a number of that day behind it, "-1" or ".1". 0: there is
 * none. */
static size_t date_end(brn_str s)
{
    size_t end;

    if (!is_date_part(s, 4, 12) || !is_date_part(s, 7, 31)) {
        return free_date_end(s);
    }
    end = is_char_at(s, DATE_LEN, '.') ? digits_end(s, DATE_LEN + 1) : DATE_LEN;
    return end > DATE_LEN + 1 ? end : time_end(s, DATE_LEN, 1);
}

brn_version_kind brn_version_scan(size_t *len, brn_str text)
{
    size_t end = digits_end(text, 0);
    size_t date = end == 4 ? date_end(text) : 0;
    bool dotted = false;

    *len = end;
    if (end == 0) {
        return BRN_VERSION_NONE;
    }
    if (end == 8 && time_end(text, end, TIME_LEN) > end) {
        date = time_end(text, end, TIME_LEN);
    }
    if (date > 0) {
        *len = date;
        return BRN_VERSION_DATE;
    }
    while (is_char_at(text, end, '.') && is_digit_at(text, end + 1)) {
        end = digits_end(text, end + 1);
        dotted = true;
    }
    *len = end;
    return dotted ? BRN_VERSION_DOTTED : BRN_VERSION_NUMBER;
}

/* --- order ---------------------------------------------------------------------------------- */

/*
 * A date, or digits that begin with a year: of a day, a minute, a second or less. Month and day may
 * be anything, as ory's 20190100000001: numbers of one length must keep their order.
 */
static bool is_moment(brn_str version)
{
    size_t len = 0;
    brn_version_kind kind = brn_version_scan(&len, version);
    brn_str century = brn_str_slice(version, 0, 2);

    if (len != version.len || kind != BRN_VERSION_NUMBER) {
        return len == version.len && kind == BRN_VERSION_DATE;
    }
    return (len == 8 || len == 12 || len >= 14) &&
           (brn_str_eq_c(century, "19") || brn_str_eq_c(century, "20"));
}

/* The digits of a moment one by one; '\0' behind the last. Parts behind a '-' have leading zeros
 * whether they are written or not: month and day, the time, diesel's count. */
typedef struct moment_digits {
    brn_str text;
    size_t at;
    size_t given;
    size_t zeros; /* to be given first */
} moment_digits;

static char next_digit(moment_digits *m)
{
    if (is_char_at(m->text, m->at, '-')) {
        size_t width = m->given < 8 ? 2 : (m->given == 8 ? TIME_LEN : 4);
        size_t len = digits_end(m->text, m->at + 1) - (m->at + 1);

        m->zeros = width > len ? width - len : 0;
        m->at++;
    }
    if (m->zeros > 0) {
        m->zeros--;
        m->given++;
        return '0';
    }
    m->given++;
    return is_digit_at(m->text, m->at) ? m->text.ptr[m->at++] : '\0';
}

/* By their digits from the left, however many there are; then by a number of the day. */
static int compare_moments(brn_str a, brn_str b)
{
    moment_digits x = { .text = a };
    moment_digits y = { .text = b };
    char digit;
    char other;

    do {
        digit = next_digit(&x);
        other = next_digit(&y);
    } while (digit == other && digit != '\0');
    if (digit != other) {
        return digit < other ? -1 : 1;
    }
    return brn_str_natcmp(brn_str_slice(a, x.at, a.len), brn_str_slice(b, y.at, b.len));
}

/* Numbers of a sequence are below all moments, and only those are above that no moment can be. */
static int place_of(brn_str version, bool moment)
{
    size_t zeros = 0;

    while (is_char_at(version, zeros, '0')) {
        zeros++;
    }
    return moment ? 1 : 2 * (digits_end(version, zeros) - zeros >= 14);
}

int brn_version_compare(brn_str a, brn_str b)
{
    bool moment_a = is_moment(a);
    bool moment_b = is_moment(b);
    int order = place_of(a, moment_a) - place_of(b, moment_b);

    if (order == 0 && moment_a && moment_b) {
        order = compare_moments(a, b);
    }
    return order != 0 ? order : brn_str_natcmp(a, b);
}

bool brn_version_is_zero(brn_str version)
{
    for (size_t i = 0; i < version.len; i++) {
        if (version.ptr[i] != '0') {
            return false;
        }
    }
    return version.len > 0;
}

/* Takes extension and side off *stem. */
static void take_ending(brn_filename *out, brn_str *stem)
{
    size_t dot = stem->len;

    while (dot > 0 && stem->ptr[dot - 1] != '.') {
        dot--;
    }
    if (dot == 0 || !brn_extension_is_known(brn_str_slice(*stem, dot, stem->len))) {
        return;
    }
    out->extension = brn_str_slice(*stem, dot, stem->len);
    *stem = brn_str_slice(*stem, 0, dot - 1);
    if (brn_str_ends(*stem, BRN_STR(".up"))) {
        out->side = BRN_SIDE_UP;
        *stem = brn_str_slice(*stem, 0, stem->len - 3);
    } else if (brn_str_ends(*stem, BRN_STR(".down"))) {
        out->side = BRN_SIDE_DOWN;
        *stem = brn_str_slice(*stem, 0, stem->len - 5);
    }
}

/* Flyway's "V1__name", "V1.2__name", "V1_2__name", which some write "v1__name", and its baselines,
 * "B1__name"; the numbers of a version never end in '_'. */
static bool take_flyway(brn_filename *out, brn_str stem)
{
    size_t end = digits_end(stem, 1);
    bool baseline = is_char_at(stem, 0, 'B');
    bool dotted = false;

    if ((!baseline && !is_char_at(stem, 0, 'V') && !is_char_at(stem, 0, 'v')) || end == 1) {
        return false;
    }
    while ((is_char_at(stem, end, '.') || is_char_at(stem, end, '_')) &&
           is_digit_at(stem, end + 1)) {
        end = digits_end(stem, end + 1);
        dotted = true;
    }
    if (!is_char_at(stem, end, '_') || !is_char_at(stem, end + 1, '_')) {
        return false;
    }
    out->kind = dotted ? BRN_VERSION_DOTTED : BRN_VERSION_NUMBER;
    out->flyway = true;
    out->baseline = baseline;
    out->version = brn_str_slice(stem, 1, end);
    out->name = brn_str_slice(stem, end + 2, stem.len);
    return true;
}

static bool is_letter_at(brn_str s, size_t at)
{
    return at < s.len && ((s.ptr[at] | 0x20) >= 'a' && (s.ptr[at] | 0x20) <= 'z');
}

/* A '-' before a digit is more likely to be one of a date that is none. */
static bool begins_title(brn_str s, size_t at)
{
    return is_char_at(s, at, '_') || (is_char_at(s, at, '.') && is_letter_at(s, at + 1)) ||
           (is_char_at(s, at, '-') && at + 1 < s.len && !is_digit_at(s, at + 1));
}

void brn_filename_parse(brn_filename *out, brn_str name, bool is_directory)
{
    brn_str stem = name;
    brn_version_kind kind;
    size_t len = 0;

    *out = (brn_filename){ .kind = BRN_VERSION_NONE };
    if (!is_directory) {
        take_ending(out, &stem);
    }
    out->stem = stem;
    if (brn_str_starts(stem, BRN_STR("R__")) && stem.len > 3) {
        out->kind = BRN_VERSION_REPEATABLE;
        out->name = brn_str_slice(stem, 3, stem.len);
        return;
    }
    if (take_flyway(out, stem)) {
        return;
    }
    kind = brn_version_scan(&len, stem);
    if (kind == BRN_VERSION_NONE || (len < stem.len && !begins_title(stem, len))) {
        return;
    }
    out->kind = kind;
    out->version = brn_str_slice(stem, 0, len);
    out->name = len < stem.len ? brn_str_slice(stem, len + 1, stem.len) : BRN_STR("");
}
