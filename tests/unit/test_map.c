/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/map.h"

static void put_then_get_for_many_keys(void **state)
{
    brn_arena arena = { 0 };
    brn_map map;
    static int values[5000];

    (void)state;
    brn_map_init(&map, &arena);
    for (int i = 0; i < 5000; i++) {
        brn_str key = brn_str_from(brn_arena_printf(&arena, "%04d_key", i));
        assert_null(brn_map_put(&map, key, &values[i]));
    }
    assert_int_equal(map.count, 5000);
    assert_true(map.cap - map.cap / 4 >= map.count);
    for (int i = 0; i < 5000; i++) {
        brn_str key = brn_str_from(brn_arena_printf(&arena, "%04d_key", i));
        assert_ptr_equal(brn_map_get(&map, key), &values[i]);
    }
    assert_false(brn_map_has(&map, BRN_STR("5000_key")));
    brn_arena_release(&arena);
}

static void reserved_room_is_enough(void **state)
{
    brn_arena arena = { 0 };
    brn_map map;
    const brn_map_slot *slots;
    static int values[5000];

    (void)state;
    brn_map_init(&map, &arena);
    brn_map_reserve(&map, 5000);
    assert_false(brn_map_has(&map, BRN_STR("0000_key")));
    slots = map.slots;
    for (int i = 0; i < 5000; i++) {
        brn_str key = brn_str_from(brn_arena_printf(&arena, "%04d_key", i));
        assert_null(brn_map_put(&map, key, &values[i]));
    }
    assert_ptr_equal(map.slots, slots);
    brn_map_reserve(&map, 10); /* never less */
    assert_ptr_equal(map.slots, slots);
    for (int i = 0; i < 5000; i++) {
        brn_str key = brn_str_from(brn_arena_printf(&arena, "%04d_key", i));
        assert_ptr_equal(brn_map_get(&map, key), &values[i]);
    }
    brn_map_reserve(&map, SIZE_MAX);
    assert_true(arena.oom);
    assert_ptr_equal(map.slots, slots);
    brn_arena_release(&arena);
}

static void put_returns_what_it_replaces(void **state)
{
    brn_arena arena = { 0 };
    brn_map map;
    int a = 0;
    int b = 0;

    (void)state;
    brn_map_init(&map, &arena);
    assert_null(brn_map_put(&map, BRN_STR("k"), &a));
    assert_ptr_equal(brn_map_put(&map, BRN_STR("k"), &b), &a);
    assert_ptr_equal(brn_map_get(&map, BRN_STR("k")), &b);
    assert_int_equal(map.count, 1);
    brn_arena_release(&arena);
}

static void absent_empty_and_null_are_told_apart(void **state)
{
    brn_arena arena = { 0 };
    brn_map map;
    int a = 0;

    (void)state;
    brn_map_init(&map, &arena);
    assert_null(brn_map_get(&map, BRN_STR("")));
    assert_false(brn_map_has(&map, BRN_STR("")));
    assert_null(brn_map_put(&map, (brn_str){ NULL, 0 }, &a));
    assert_ptr_equal(brn_map_get(&map, BRN_STR("")), &a);
    assert_null(brn_map_put(&map, BRN_STR("null"), NULL));
    assert_true(brn_map_has(&map, BRN_STR("null")));
    assert_null(brn_map_get(&map, BRN_STR("null")));
    assert_null(brn_map_put(&map, BRN_STR("a\0b"), &a));
    assert_false(brn_map_has(&map, BRN_STR("a")));
    assert_false(brn_map_has(&map, BRN_STR("a\0c")));
    assert_int_equal(map.count, 3);
    brn_arena_release(&arena);
}

static void out_of_memory_sets_the_latch_and_keeps_the_rest(void **state)
{
    /* As many as there is room for. */
    static const char *const keys[] = {
        "1", "2", "3", "4", "5", "6", "7", "8", "a", "b", "c", "d"
    };
    brn_arena arena = { 0 };
    brn_map map;
    int a = 0;

    (void)state;
    brn_map_init(&map, &arena);
    for (size_t i = 0; i < BRN_ARRAY_LEN(keys); i++) {
        (void)brn_map_put(&map, brn_str_from(keys[i]), &a);
    }
    assert_false(arena.oom);
    assert_null(brn_arena_alloc(&arena, SIZE_MAX));
    assert_null(brn_map_put(&map, BRN_STR("9"), &a));
    assert_true(arena.oom);
    assert_false(brn_map_has(&map, BRN_STR("9")));
    for (size_t i = 0; i < BRN_ARRAY_LEN(keys); i++) {
        assert_ptr_equal(brn_map_get(&map, brn_str_from(keys[i])), &a);
    }
    /* An existing key needs no room. */
    assert_ptr_equal(brn_map_put(&map, BRN_STR("1"), NULL), &a);
    brn_arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(put_then_get_for_many_keys),
        cmocka_unit_test(reserved_room_is_enough),
        cmocka_unit_test(put_returns_what_it_replaces),
        cmocka_unit_test(absent_empty_and_null_are_told_apart),
        cmocka_unit_test(out_of_memory_sets_the_latch_and_keeps_the_rest),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
