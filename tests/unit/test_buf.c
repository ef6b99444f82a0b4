/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

static void appends_end_up_in_order_and_terminated(void **state)
{
    brn_buf buf = { 0 };

    (void)state;
    assert_string_equal(brn_buf_text(&buf), "");
    assert_int_equal(brn_buf_str(&buf).len, 0);
    brn_buf_add(&buf, "abc", 2);
    brn_buf_add_c(&buf, "-c-");
    brn_buf_add_str(&buf, BRN_STR("str"));
    brn_buf_add_char(&buf, '!');
    brn_buf_printf(&buf, "%d%%", 50);
    brn_buf_add(&buf, NULL, 0);
    brn_buf_add_c(&buf, NULL);
    assert_string_equal(brn_buf_text(&buf), "ab-c-str!50%");
    assert_int_equal(brn_buf_str(&buf).len, 12);
    assert_false(buf.failed);
    brn_buf_release(&buf);
    assert_string_equal(brn_buf_text(&buf), "");
}

static void growth_keeps_the_content(void **state)
{
    brn_buf buf;

    (void)state;
    brn_buf_init(&buf, 0);
    for (int i = 0; i < 20000; i++) {
        brn_buf_add_char(&buf, (char)('a' + i % 26));
    }
    assert_int_equal(buf.len, 20000);
    for (size_t i = 0; i < buf.len; i++) {
        assert_int_equal(buf.ptr[i], 'a' + (int)(i % 26));
    }
    assert_int_equal(strlen(buf.ptr), 20000);
    brn_buf_release(&buf);
}

static void maximum_can_be_reached_but_not_passed(void **state)
{
    brn_buf buf;

    (void)state;
    brn_buf_init(&buf, 5);
    brn_buf_add_c(&buf, "12345");
    assert_false(buf.failed);
    brn_buf_add_c(&buf, "");
    assert_false(buf.failed);
    brn_buf_add_char(&buf, '6');
    assert_true(buf.failed);
    assert_string_equal(brn_buf_text(&buf), "12345");
    brn_buf_release(&buf);
}

static void formatted_text_may_need_more_room_than_there_is(void **state)
{
    brn_buf buf = { 0 };

    (void)state;
    for (int i = 0; i < 1000; i++) {
        brn_buf_printf(&buf, "%04d-%s;", i, "0123456789");
    }
    assert_false(buf.failed);
    assert_int_equal(buf.len, 16 * 1000);
    for (size_t i = 0; i < 1000; i++) {
        char want[32];

        (void)snprintf(want, sizeof(want), "%04u-0123456789;", (unsigned)i);
        assert_memory_equal(buf.ptr + 16 * i, want, 16);
    }
    brn_buf_release(&buf);
}

static void failed_append_leaves_the_content_and_latches(void **state)
{
    brn_buf buf;

    (void)state;
    brn_buf_init(&buf, 8);
    brn_buf_add_c(&buf, "1234");
    brn_buf_printf(&buf, "%s", "too long for it");
    assert_true(buf.failed);
    assert_string_equal(brn_buf_text(&buf), "1234");
    brn_buf_add_char(&buf, 'x'); /* would fit */
    brn_buf_printf(&buf, "%d", 1);
    assert_false(brn_buf_reserve(&buf, 1));
    assert_string_equal(brn_buf_text(&buf), "1234");
    assert_null(brn_buf_take(&buf));
    brn_buf_reset(&buf);
    assert_false(buf.failed);
    assert_int_equal(buf.len, 0);
    brn_buf_add_c(&buf, "again");
    assert_string_equal(brn_buf_text(&buf), "again");
    brn_buf_release(&buf);
    assert_int_equal(buf.max_bytes, 8);
}

static void impossible_reserve_latches_without_allocating(void **state)
{
    brn_buf buf = { 0 };

    (void)state;
    assert_false(brn_buf_reserve(&buf, SIZE_MAX));
    assert_true(buf.failed);
    assert_null(buf.ptr);
    brn_buf_reset(&buf);
    brn_buf_add_c(&buf, "abc");
    assert_false(brn_buf_reserve(&buf, BRN_BUF_MAX - 2));
    assert_string_equal(brn_buf_text(&buf), "abc");
    brn_buf_release(&buf);
    brn_buf_init(&buf, SIZE_MAX);
    assert_false(brn_buf_reserve(&buf, SIZE_MAX - 10));
    brn_buf_release(&buf);
}

static void truncate_only_shortens(void **state)
{
    brn_buf buf = { 0 };

    (void)state;
    brn_buf_truncate(&buf, 0);
    brn_buf_add_c(&buf, "abcdef");
    brn_buf_truncate(&buf, 10);
    assert_string_equal(brn_buf_text(&buf), "abcdef");
    brn_buf_truncate(&buf, 3);
    assert_string_equal(brn_buf_text(&buf), "abc");
    brn_buf_add_c(&buf, "X");
    assert_string_equal(brn_buf_text(&buf), "abcX");
    brn_buf_release(&buf);
}

static void take_hands_over_the_memory(void **state)
{
    brn_buf buf = { 0 };
    char *text;

    (void)state;
    assert_null(brn_buf_take(&buf));
    brn_buf_add_c(&buf, "mine");
    text = brn_buf_take(&buf);
    assert_string_equal(text, "mine");
    assert_null(buf.ptr);
    assert_int_equal(buf.len, 0);
    brn_buf_add_c(&buf, "");
    free(text);
    text = brn_buf_take(&buf);
    assert_string_equal(text, "");
    free(text);
    brn_buf_release(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(appends_end_up_in_order_and_terminated),
        cmocka_unit_test(growth_keeps_the_content),
        cmocka_unit_test(maximum_can_be_reached_but_not_passed),
        cmocka_unit_test(formatted_text_may_need_more_room_than_there_is),
        cmocka_unit_test(failed_append_leaves_the_content_and_latches),
        cmocka_unit_test(impossible_reserve_latches_without_allocating),
        cmocka_unit_test(truncate_only_shortens),
        cmocka_unit_test(take_hands_over_the_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
