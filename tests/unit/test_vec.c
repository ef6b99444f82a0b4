/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/vec.h"

typedef struct pair {
    uint32_t key;
    char text[12];
} pair;

static void elements_survive_growth(void **state)
{
    brn_arena arena = { 0 };
    BRN_VEC(pair) pairs = { 0 };

    (void)state;
    for (uint32_t i = 0; i < 1000; i++) {
        pair *slot = BRN_VEC_PUSH(&arena, &pairs);
        if (slot == NULL) {
            fail_msg("no room for %u", (unsigned)i);
            break; /* gcc does not know that fail_msg() does not return */
        }
        assert_int_equal(slot->key, 0);
        slot->key = i;
        slot->text[0] = (char)('a' + i % 26);
    }
    assert_int_equal(pairs.count, 1000);
    assert_true(pairs.cap >= pairs.count);
    for (uint32_t i = 0; i < 1000; i++) {
        assert_int_equal(pairs.items[i].key, i);
        assert_int_equal(pairs.items[i].text[0], 'a' + (int)(i % 26));
    }
    brn_arena_release(&arena);
}

static void growth_can_give_back_the_old_array(void **state)
{
    brn_arena arena = { 0 };
    BRN_VEC(uint64_t) list = { 0 };

    (void)state;
    for (uint64_t i = 0; i < 100000; i++) {
        uint64_t *slot = BRN_VEC_PUSH_MOVING(&arena, &list);
        assert_non_null(slot);
        assert_int_equal(*slot, 0);
        *slot = i;
    }
    for (uint64_t i = 0; i < list.count; i++) {
        assert_int_equal(list.items[i], i);
    }
    brn_arena_drop(&arena, NULL);
    brn_arena_drop(&arena, &list); /* none of the arena's */
    brn_arena_release(&arena);
}

static void new_element_is_zeroed_after_a_removal(void **state)
{
    brn_arena arena = { 0 };
    BRN_VEC(uint64_t) numbers = { 0 };
    uint64_t *slot = BRN_VEC_PUSH(&arena, &numbers);

    (void)state;
    assert_non_null(slot);
    numbers.items[0] = UINT64_MAX;
    numbers.count--;
    slot = BRN_VEC_PUSH(&arena, &numbers);
    assert_non_null(slot);
    assert_int_equal(*slot, 0);
    assert_int_equal(numbers.count, 1);
    brn_arena_release(&arena);
}

static void out_of_memory_leaves_the_vector_as_it_was(void **state)
{
    brn_arena arena = { 0 };
    BRN_VEC(uint32_t) numbers = { 0 };
    uint32_t *items;

    (void)state;
    for (uint32_t i = 0; i < 8; i++) {
        assert_non_null(BRN_VEC_PUSH(&arena, &numbers));
        numbers.items[i] = i;
    }
    while (numbers.count < numbers.cap) {
        assert_non_null(BRN_VEC_PUSH(&arena, &numbers));
    }
    items = numbers.items;
    arena.oom = true;
    assert_null(BRN_VEC_PUSH(&arena, &numbers));
    assert_ptr_equal(numbers.items, items);
    assert_int_equal(numbers.count, numbers.cap);
    assert_int_equal(numbers.items[7], 7);
    brn_arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(elements_survive_growth),
        cmocka_unit_test(growth_can_give_back_the_old_array),
        cmocka_unit_test(new_element_is_zeroed_after_a_removal),
        cmocka_unit_test(out_of_memory_leaves_the_vector_as_it_was),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
