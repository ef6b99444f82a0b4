/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/str.h"

/* A literal with its length: the text may hold NUL bytes. */
#define BYTES(lit) "" lit, sizeof(lit) - 1

static int sign(int n)
{
    return (n > 0) - (n < 0);
}

static const struct natcmp_case {
    const char *a;
    const char *b;
    int order;
} natcmp_cases[] = {
    { "", "", 0 },
    { "", "0", -1 },
    { "9", "10", -1 },
    { "10", "100", -1 },
    { "9", "100", -1 },
    { "10", "010a", -1 },
    { "1.2.0", "1.10.0", -1 },
    { "1.2", "1.2.0", -1 },
    { "001", "1", 0 },
    { "0", "000", 0 },
    { "a001b", "a1b", 0 },
    { "a001b", "a1c", -1 },
    { "a001b2", "a1b1", 1 },
    { "003_users", "003_users", 0 },
    { "003_users", "003_posts", 1 },
    { "2024-12-12_init", "2024-12-2_init", 1 },
    { "20240226153000", "20240226153001", -1 },
    { "1234567890123456789012345678901234567890", "1234567890123456789012345678901234567891", -1 },
    { "9999999999999999999999999999999999999999", "10000000000000000000000000000000000000000", -1 },
    { "0000000000000000000000000000000000000007", "8", -1 },
    { "a", "1", 1 },
    { "-", "1", -1 },
    { "A", "a", -1 },
    { "\xc3\xa4", "z", 1 },
};

static void natcmp_orders_digit_runs_as_numbers_of_any_length(void **state)
{
    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(natcmp_cases); i++) {
        const struct natcmp_case *c = &natcmp_cases[i];
        brn_str a = brn_str_from(c->a);
        brn_str b = brn_str_from(c->b);
        if (sign(brn_str_natcmp(a, b)) != c->order || sign(brn_str_natcmp(b, a)) != -c->order) {
            fail_msg("\"%s\" against \"%s\"", c->a, c->b);
        }
    }
}

/* The 2n texts of the table, to compare each with each. */
static brn_str natcmp_text(size_t i)
{
    const struct natcmp_case *c = &natcmp_cases[i / 2];

    return brn_str_from(i % 2 == 0 ? c->a : c->b);
}

static void natcmp_is_transitive(void **state)
{
    size_t n = 2 * BRN_ARRAY_LEN(natcmp_cases);

    (void)state;
    for (size_t i = 0; i < n * n * n; i++) {
        brn_str a = natcmp_text(i / n / n);
        brn_str b = natcmp_text(i / n % n);
        brn_str c = natcmp_text(i % n);
        if (brn_str_natcmp(a, b) <= 0 && brn_str_natcmp(b, c) <= 0 && brn_str_natcmp(a, c) > 0) {
            fail_msg("\"%s\" <= \"%s\" <= \"%s\"", a.ptr, b.ptr, c.ptr);
        }
    }
}

static void natcmp_reads_no_further_than_the_view(void **state)
{
    char *a = malloc(2);
    char *b = malloc(2);

    (void)state;
    assert_non_null(a);
    assert_non_null(b);
    memcpy(a, "12", 2);
    memcpy(b, "12", 2);
    assert_int_equal(brn_str_natcmp((brn_str){ a, 2 }, (brn_str){ b, 2 }), 0);
    assert_true(brn_str_natcmp((brn_str){ a, 1 }, (brn_str){ b, 2 }) < 0);
    assert_int_equal(brn_str_natcmp((brn_str){ NULL, 0 }, BRN_STR("")), 0);
    free(a);
    free(b);
}

static const struct utf8_case {
    const char *name;
    const char *text;
    size_t len;
    size_t bad_at;
} utf8_cases[] = {
    { "empty", BYTES(""), SIZE_MAX },
    { "ascii with NUL", BYTES("a\0b\x7f"), SIZE_MAX },
    { "two bytes", BYTES("\xc2\x80\xdf\xbf"), SIZE_MAX },
    { "three bytes", BYTES("\xe0\xa0\x80\xef\xbf\xbf"), SIZE_MAX },
    { "four bytes", BYTES("\xf0\x90\x80\x80\xf4\x8f\xbf\xbf"), SIZE_MAX },
    { "around the surrogates", BYTES("\xed\x9f\xbf\xee\x80\x80"), SIZE_MAX },
    { "overlong in two, c0", BYTES("ab\xc0\x80"), 2 },
    { "overlong in two, c1", BYTES("\xc1\xbf"), 0 },
    { "overlong in three", BYTES("a\xe0\x9f\xbf"), 1 },
    { "overlong in four", BYTES("\xf0\x8f\xbf\xbf"), 0 },
    { "first surrogate", BYTES("\xed\xa0\x80"), 0 },
    { "last surrogate", BYTES("\xed\xbf\xbf"), 0 },
    { "above U+10FFFF", BYTES("\xf4\x90\x80\x80"), 0 },
    { "f5", BYTES("\xf5\x80\x80\x80"), 0 },
    { "ff", BYTES("abc\xff"), 3 },
    { "lone continuation", BYTES("a\x80z"), 1 },
    { "truncated in two", BYTES("a\xc3"), 1 },
    { "truncated in three", BYTES("\xe2\x82"), 0 },
    { "truncated in four", BYTES("ok\xf0\x9f\x98"), 2 },
    { "ascii instead of second", BYTES("\xc3\x28"), 0 },
    { "ascii instead of third", BYTES("\xe2\x82\x28"), 0 },
    { "ascii instead of fourth", BYTES("\xf0\x9f\x98\x28"), 0 },
};

static void utf8_check_finds_the_first_bad_byte(void **state)
{
    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(utf8_cases); i++) {
        const struct utf8_case *c = &utf8_cases[i];
        size_t at = brn_str_utf8_invalid_at((brn_str){ c->text, c->len });
        if (at != c->bad_at) {
            fail_msg("%s: got %zu", c->name, at);
        }
    }
}

/* ASCII is looked at in blocks of eight. */
static void utf8_check_works_at_every_offset(void **state)
{
    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(utf8_cases); i++) {
        const struct utf8_case *c = &utf8_cases[i];
        for (size_t front = 1; front < 20; front++) {
            char text[128];
            size_t want = c->bad_at == SIZE_MAX ? SIZE_MAX : front + c->bad_at;
            size_t at;
            assert_true(c->len < sizeof(text) - 40);
            memset(text, 'a', sizeof(text));
            memcpy(text + front, c->text, c->len);
            at = brn_str_utf8_invalid_at((brn_str){ text, front + c->len });
            if (at != want) {
                fail_msg("%s behind %zu: got %zu", c->name, front, at);
            }
        }
    }
}

static const struct number_case {
    const char *text;
    bool ok;
    uint64_t value;
} number_cases[] = {
    { "0", true, 0 },
    { "007", true, 7 },
    { "18446744073709551615", true, UINT64_MAX },
    { "18446744073709551616", false, 0 },
    { "99999999999999999999", false, 0 },
    { "", false, 0 },
    { "+1", false, 0 },
    { "-1", false, 0 },
    { " 1", false, 0 },
    { "1x", false, 0 },
};

static void to_u64_takes_digits_in_range_and_nothing_else(void **state)
{
    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(number_cases); i++) {
        const struct number_case *c = &number_cases[i];
        uint64_t value = 0;
        bool ok = brn_str_to_u64(brn_str_from(c->text), &value);
        if (ok != c->ok || value != c->value) {
            fail_msg("\"%s\"", c->text);
        }
    }
}

static const struct split_case {
    const char *text;
    size_t count;
    const char *joined;
} split_cases[] = {
    { "a,,b", 3, "[a][][b]" }, { "a,b", 2, "[a][b]" }, { "a,", 2, "[a][]" },
    { ",", 2, "[][]" },        { "abc", 1, "[abc]" },  { "", 1, "[]" },
};

static void split_gives_one_piece_more_than_separators(void **state)
{
    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(split_cases); i++) {
        const struct split_case *c = &split_cases[i];
        brn_str rest = brn_str_from(c->text);
        brn_str piece;
        char joined[64] = "";
        size_t len = 0;
        size_t count = 0;
        while (count < 10 && brn_str_split(&rest, ',', &piece)) {
            joined[len++] = '[';
            memcpy(joined + len, piece.ptr, piece.len);
            len += piece.len;
            joined[len++] = ']';
            count++;
        }
        assert_int_equal(count, c->count);
        assert_string_equal(joined, c->joined);
    }
}

static const struct find_case {
    const char *text;
    const char *needle;
    size_t at;
} find_cases[] = {
    { "hello", "", 0 },
    { "", "", 0 },
    { "", "x", SIZE_MAX },
    { "hello", "l", 2 },
    { "hello", "llo", 2 },
    { "hello", "hello", 0 },
    { "hello", "hellos", SIZE_MAX },
    { "aaab", "aab", 1 },
    { "hello", "lx", SIZE_MAX },
    { "hello", "o", 4 },
};

static void find_gives_the_first_position(void **state)
{
    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(find_cases); i++) {
        const struct find_case *c = &find_cases[i];
        size_t at = brn_str_find(brn_str_from(c->text), brn_str_from(c->needle));
        if (at != c->at) {
            fail_msg("\"%s\" in \"%s\": got %zu", c->needle, c->text, at);
        }
    }
    assert_int_equal(brn_str_find_char(BRN_STR("a\xff"), '\xff'), 1);
    assert_true(brn_str_find_char((brn_str){ NULL, 0 }, 'x') == SIZE_MAX);
}

static void slice_never_leaves_the_view(void **state)
{
    brn_str s = BRN_STR("abcdef");

    (void)state;
    assert_true(brn_str_eq_c(brn_str_slice(s, 1, 3), "bc"));
    assert_true(brn_str_eq_c(brn_str_slice(s, 4, 99), "ef"));
    assert_int_equal(brn_str_slice(s, 4, 2).len, 0);
    assert_int_equal(brn_str_slice(s, 99, 100).len, 0);
    assert_int_equal(brn_str_slice((brn_str){ NULL, 0 }, 0, 5).len, 0);
}

static void comparison_looks_at_bytes_and_lengths(void **state)
{
    (void)state;
    assert_true(brn_str_eq(BRN_STR("a\0b"), BRN_STR("a\0b")));
    assert_false(brn_str_eq(BRN_STR("a\0b"), BRN_STR("a\0c")));
    assert_true(brn_str_eq((brn_str){ NULL, 0 }, BRN_STR("")));
    assert_true(brn_str_eq_c(BRN_STR(""), NULL));
    assert_false(brn_str_eq_c(BRN_STR("ab"), "a"));
    assert_true(brn_str_ieq(BRN_STR("CREATE Table"), BRN_STR("create tABLE")));
    assert_false(brn_str_ieq(BRN_STR("[a"), BRN_STR("{a")));
    assert_false(brn_str_ieq(BRN_STR("ab"), BRN_STR("abc")));
    assert_true(brn_str_starts(BRN_STR("abc"), BRN_STR("ab")));
    assert_true(brn_str_starts((brn_str){ NULL, 0 }, BRN_STR("")));
    assert_false(brn_str_starts(BRN_STR("a"), BRN_STR("ab")));
    assert_true(brn_str_ends(BRN_STR("x.up.sql"), BRN_STR(".sql")));
    assert_false(brn_str_ends(BRN_STR("sql"), BRN_STR(".sql")));
}

static void trim_removes_ascii_space_at_both_ends(void **state)
{
    (void)state;
    assert_true(brn_str_eq_c(brn_str_trim(BRN_STR(" \t\r\n\v\fa b \n")), "a b"));
    assert_true(brn_str_eq_c(brn_str_trim(BRN_STR(" \n ")), ""));
    assert_true(brn_str_eq_c(brn_str_trim(BRN_STR("\xc2\xa0")), "\xc2\xa0"));
    assert_non_null(brn_str_from(NULL).ptr);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(natcmp_orders_digit_runs_as_numbers_of_any_length),
        cmocka_unit_test(natcmp_is_transitive),
        cmocka_unit_test(natcmp_reads_no_further_than_the_view),
        cmocka_unit_test(utf8_check_finds_the_first_bad_byte),
        cmocka_unit_test(utf8_check_works_at_every_offset),
        cmocka_unit_test(to_u64_takes_digits_in_range_and_nothing_else),
        cmocka_unit_test(split_gives_one_piece_more_than_separators),
        cmocka_unit_test(find_gives_the_first_position),
        cmocka_unit_test(slice_never_leaves_the_view),
        cmocka_unit_test(comparison_looks_at_bytes_and_lengths),
        cmocka_unit_test(trim_removes_ascii_space_at_both_ends),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
