/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdalign.h>
#include <string.h>

#include "base/arena.h"

static void memory_is_zeroed_aligned_and_distinct(void **state)
{
    static const size_t sizes[] = { 0, 1, 7, 16, 100, 16383, 16384, 65000, 65536, 200000, 3, 0 };
    unsigned char *got[BRN_ARRAY_LEN(sizes)];
    brn_arena arena = { 0 };
    size_t sum = 0;

    (void)state;
    for (int round = 0; round < 3; round++) {
        sum = 0;
        for (size_t i = 0; i < BRN_ARRAY_LEN(sizes); i++) {
            got[i] = brn_arena_alloc(&arena, sizes[i]);
            assert_non_null(got[i]);
            assert_int_equal((uintptr_t)got[i] % alignof(max_align_t), 0);
            for (size_t k = 0; k < sizes[i]; k++) {
                assert_int_equal(got[i][k], 0);
            }
            memset(got[i], (int)i + 1, sizes[i]);
            sum += sizes[i];
        }
        for (size_t i = 0; i < BRN_ARRAY_LEN(sizes); i++) {
            for (size_t k = 0; k < sizes[i]; k++) {
                assert_int_equal(got[i][k], i + 1);
            }
            assert_true(i == 0 || got[i] != got[i - 1]);
        }
        assert_int_equal(arena.used_bytes, sum);
        brn_arena_reset(&arena);
        assert_int_equal(arena.used_bytes, 0);
    }
    brn_arena_release(&arena);
    assert_null(arena.head);
}

static void many_small_ones_do_not_overlap(void **state)
{
    brn_arena arena;
    static uint32_t *numbers[20000];

    (void)state;
    brn_arena_init(&arena);
    for (uint32_t i = 0; i < BRN_ARRAY_LEN(numbers); i++) {
        numbers[i] = brn_arena_alloc(&arena, sizeof(uint32_t) + i % 50);
        assert_non_null(numbers[i]);
        *numbers[i] = i;
    }
    for (uint32_t i = 0; i < BRN_ARRAY_LEN(numbers); i++) {
        assert_int_equal(*numbers[i], i);
    }
    brn_arena_release(&arena);
}

static void overflow_sets_the_latch_until_release(void **state)
{
    brn_arena arena = { 0 };

    (void)state;
    assert_non_null(brn_arena_alloc(&arena, 10));
    assert_null(brn_arena_array(&arena, SIZE_MAX / 2, 3));
    assert_true(arena.oom);
    assert_null(brn_arena_alloc(&arena, 1));
    assert_null(brn_arena_array(&arena, 1, 1));
    assert_null(brn_arena_strdup(&arena, "x"));
    assert_null(brn_arena_printf(&arena, "%d", 1));
    assert_int_equal(brn_arena_str(&arena, BRN_STR("x")).len, 0);
    brn_arena_release(&arena);
    assert_false(arena.oom);
    assert_non_null(brn_arena_alloc(&arena, 1));
    brn_arena_release(&arena);
}

static void sizes_beyond_the_address_space_are_out_of_memory(void **state)
{
    static const size_t sizes[] = { SIZE_MAX, SIZE_MAX - 15, (size_t)PTRDIFF_MAX };
    brn_arena arena = { 0 };

    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(sizes); i++) {
        assert_null(brn_arena_alloc(&arena, sizes[i]));
        assert_true(arena.oom);
        brn_arena_reset(&arena);
        assert_false(arena.oom);
    }
    assert_null(brn_arena_strndup(&arena, "", SIZE_MAX));
    assert_true(arena.oom);
    brn_arena_release(&arena);
}

static void array_of_nothing_is_a_valid_pointer(void **state)
{
    brn_arena arena = { 0 };

    (void)state;
    assert_non_null(brn_arena_array(&arena, 0, 8));
    assert_non_null(brn_arena_array(&arena, SIZE_MAX, 0));
    assert_false(arena.oom);
    brn_arena_release(&arena);
}

static void copies_are_terminated(void **state)
{
    brn_arena arena = { 0 };
    brn_str view;
    static char big[40000];

    (void)state;
    memset(big, 'x', sizeof(big) - 1);
    big[sizeof(big) - 1] = '\0';
    assert_string_equal(brn_arena_strdup(&arena, "text"), "text");
    assert_string_equal(brn_arena_strdup(&arena, big), big);
    assert_null(brn_arena_strdup(&arena, NULL));
    assert_false(arena.oom);
    assert_string_equal(brn_arena_strndup(&arena, "text", 2), "te");
    assert_string_equal(brn_arena_strndup(&arena, NULL, 0), "");
    view = brn_arena_str(&arena, BRN_STR("a\0b"));
    assert_int_equal(view.len, 3);
    assert_memory_equal(view.ptr, "a\0b\0", 4);
    assert_string_equal(brn_arena_printf(&arena, "%s-%03d", "v", 7), "v-007");
    assert_string_equal(brn_arena_printf(&arena, "%s", big), big);
    brn_arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_zeroed_aligned_and_distinct),
        cmocka_unit_test(many_small_ones_do_not_overlap),
        cmocka_unit_test(overflow_sets_the_latch_until_release),
        cmocka_unit_test(sizes_beyond_the_address_space_are_out_of_memory),
        cmocka_unit_test(array_of_nothing_is_a_valid_pointer),
        cmocka_unit_test(copies_are_terminated),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
