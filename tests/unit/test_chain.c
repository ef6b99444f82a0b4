/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "ledger/chain.h"

#define ROWS 5

/* A history of two runs, with the numbers a database would give. */
static brn_history_rows build(brn_arena *arena, brn_chain *chain)
{
    brn_history_rows rows = { 0 };
    static brn_actor actor;

    brn_actor_init(&actor);
    memset(chain, 0, sizeof(*chain));
    for (int i = 0; i < ROWS; i++) {
        brn_history_row *slot = BRN_VEC_PUSH(arena, &rows);
        brn_history_row *row = brn_chain_row(
            chain, arena, &actor, "up", brn_arena_printf(arena, "00%d_m", i + 1), "ok",
            1700000000123456 + i);

        assert_non_null(slot);
        assert_non_null(row);
        row->checksum = "abc";
        row->detail = i == 2 ? "a detail" : NULL;
        assert_true(brn_chain_seal(row, arena));
        brn_chain_move(chain, row);
        *slot = *row;
        slot->seq = i + 1;
    }
    return rows;
}

static void a_history_that_nobody_touched_holds_together(void **state)
{
    brn_arena arena = { 0 };
    brn_chain chain;
    brn_history_rows rows = build(&arena, &chain);
    brn_history_rows none = { 0 };

    (void)state;
    assert_null(brn_chain_verify(&arena, &none));
    assert_null(brn_chain_verify(&arena, &rows));
    assert_string_equal(rows.items[0].prev, "");
    assert_string_equal(rows.items[1].prev, rows.items[0].hash);
    assert_string_equal(chain.prev, rows.items[ROWS - 1].hash);
    brn_arena_release(&arena);
}

/* What a database gives back: no text is NULL, other numbers, duration known. */
static void a_row_that_was_stored_and_read_holds_too(void **state)
{
    brn_arena arena = { 0 };
    brn_chain chain;
    brn_history_rows rows = build(&arena, &chain);

    (void)state;
    for (size_t i = 0; i < rows.count; i++) {
        rows.items[i].detail = rows.items[i].detail != NULL ? rows.items[i].detail : "";
        rows.items[i].prev = i == 0 ? NULL : rows.items[i].prev;
        rows.items[i].duration_ms = 17;
        rows.items[i].seq *= 10;
        assert_int_equal(rows.items[i].at_us % 1000, 0);
    }
    assert_null(brn_chain_verify(&arena, &rows));
    brn_arena_release(&arena);
}

static const struct change_case {
    const char *name;
    size_t offset;
    const char *value;
} change_cases[] = {
    { "run_id", offsetof(brn_history_row, run_id), "0" },
    { "action", offsetof(brn_history_row, action), "down" },
    { "migration", offsetof(brn_history_row, migration), "002_x" },
    { "no migration", offsetof(brn_history_row, migration), NULL },
    { "outcome", offsetof(brn_history_row, outcome), "failed" },
    { "checksum", offsetof(brn_history_row, checksum), "abd" },
    { "detail", offsetof(brn_history_row, detail), "another" },
    { "no detail", offsetof(brn_history_row, detail), NULL },
    { "who", offsetof(brn_history_row, who), "nobody" },
    { "tool", offsetof(brn_history_row, tool), "brant 9" },
    { "prev", offsetof(brn_history_row, prev), "0" },
    { "no prev", offsetof(brn_history_row, prev), NULL },
    { "hash", offsetof(brn_history_row, hash), "0" },
    { "no hash", offsetof(brn_history_row, hash), NULL },
};

static void a_changed_field_is_found_in_its_row(void **state)
{
    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(change_cases); i++) {
        const struct change_case *c = &change_cases[i];
        brn_arena arena = { 0 };
        brn_chain chain;
        brn_history_rows rows = build(&arena, &chain);
        const char *problem;

        memcpy((char *)&rows.items[2] + c->offset, &c->value, sizeof(c->value));
        problem = brn_chain_verify(&arena, &rows);
        if (problem == NULL || strstr(problem, "row 3") == NULL) {
            fail_msg("%s: %s", c->name, problem != NULL ? problem : "nothing found");
        }
        brn_arena_release(&arena);
    }
}

static void a_changed_time_is_found(void **state)
{
    brn_arena arena = { 0 };
    brn_chain chain;
    brn_history_rows rows = build(&arena, &chain);

    (void)state;
    rows.items[0].at_us += 1000;
    assert_non_null(strstr(brn_chain_verify(&arena, &rows), "row 1"));
    brn_arena_release(&arena);
}

/* Where a text ends is part of the hash: moving a letter to the next field is no collision. */
static void texts_do_not_flow_into_each_other(void **state)
{
    brn_arena arena = { 0 };
    brn_chain chain;
    brn_history_rows rows = build(&arena, &chain);
    brn_history_row *row = &rows.items[2];

    (void)state;
    row->checksum = "abca";
    row->detail = " detail";
    assert_non_null(brn_chain_verify(&arena, &rows));
    brn_arena_release(&arena);
}

static void remove_row(brn_history_rows *rows, size_t at)
{
    memmove(&rows->items[at], &rows->items[at + 1], (rows->count - at - 1) * sizeof(*rows->items));
    rows->count--;
}

static void a_removed_row_is_found_unless_it_is_the_last(void **state)
{
    (void)state;
    for (size_t at = 0; at < ROWS; at++) {
        brn_arena arena = { 0 };
        brn_chain chain;
        brn_history_rows rows = build(&arena, &chain);
        const char *problem;
        char follower[20];

        remove_row(&rows, at);
        problem = brn_chain_verify(&arena, &rows);
        if (at == ROWS - 1) {
            assert_null(problem); /* the next run's first row tells */
        } else {
            (void)snprintf(follower, sizeof(follower), "row %zu", at + 2);
            assert_non_null(problem);
            assert_non_null(strstr(problem, follower));
        }
        brn_arena_release(&arena);
    }
}

static void rows_removed_at_the_end_show_with_the_next_run(void **state)
{
    brn_arena arena = { 0 };
    brn_chain chain;
    brn_history_rows rows = build(&arena, &chain);

    (void)state;
    remove_row(&rows, ROWS - 2);
    assert_non_null(strstr(brn_chain_verify(&arena, &rows), "row 5"));
    brn_arena_release(&arena);
}

static void a_row_that_was_put_in_is_found(void **state)
{
    brn_arena arena = { 0 };
    brn_chain chain;
    brn_chain forged;
    brn_history_rows rows = build(&arena, &chain);
    brn_actor actor;
    brn_history_row *row;
    brn_history_row after = rows.items[2];

    (void)state;
    brn_actor_init(&actor);
    memset(&forged, 0, sizeof(forged));
    memcpy(forged.prev, rows.items[1].hash, sizeof(forged.prev));
    row = brn_chain_row(&forged, &arena, &actor, "up", "9_forged", "ok", 1700000000123456);
    assert_non_null(row);
    assert_true(brn_chain_seal(row, &arena));
    rows.items[2] = *row;
    rows.items[2].seq = 3;
    rows.items[3] = after;
    rows.items[3].seq = 4;
    assert_non_null(strstr(brn_chain_verify(&arena, &rows), "row 4"));
    brn_arena_release(&arena);
}

static void swapped_rows_are_found(void **state)
{
    brn_arena arena = { 0 };
    brn_chain chain;
    brn_history_rows rows = build(&arena, &chain);
    brn_history_row first = rows.items[1];

    (void)state;
    rows.items[1] = rows.items[2];
    rows.items[2] = first;
    rows.items[1].seq = 2;
    rows.items[2].seq = 3;
    assert_non_null(strstr(brn_chain_verify(&arena, &rows), "row 2"));
    brn_arena_release(&arena);
}

static void the_chain_moves_only_when_it_is_told(void **state)
{
    brn_arena arena = { 0 };
    brn_chain chain;
    brn_history_rows rows = build(&arena, &chain);
    brn_actor actor;
    brn_history_row *lost;
    brn_history_row *stored;

    (void)state;
    brn_actor_init(&actor);
    lost = brn_chain_row(&chain, &arena, &actor, "up", "6", "ok", 1);
    stored = brn_chain_row(&chain, &arena, &actor, "up", "6", "failed", 1);
    assert_non_null(lost);
    assert_non_null(stored);
    assert_string_equal(lost->prev, rows.items[ROWS - 1].hash);
    assert_string_equal(stored->prev, lost->prev);
    brn_arena_release(&arena);
}

static void out_of_memory_gives_no_row(void **state)
{
    brn_arena arena = { .oom = true };
    brn_chain chain = { { 0 } };
    brn_actor actor;
    brn_history_row row = { 0 };

    (void)state;
    brn_actor_init(&actor);
    assert_null(brn_chain_row(&chain, &arena, &actor, "up", "1", "ok", 1));
    assert_false(brn_chain_seal(&row, &arena));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_history_that_nobody_touched_holds_together),
        cmocka_unit_test(a_row_that_was_stored_and_read_holds_too),
        cmocka_unit_test(a_changed_field_is_found_in_its_row),
        cmocka_unit_test(a_changed_time_is_found),
        cmocka_unit_test(texts_do_not_flow_into_each_other),
        cmocka_unit_test(a_removed_row_is_found_unless_it_is_the_last),
        cmocka_unit_test(rows_removed_at_the_end_show_with_the_next_run),
        cmocka_unit_test(a_row_that_was_put_in_is_found),
        cmocka_unit_test(swapped_rows_are_found),
        cmocka_unit_test(the_chain_moves_only_when_it_is_told),
        cmocka_unit_test(out_of_memory_gives_no_row),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
