/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/clock.h"
#include "support/graph_fixture.h"

static bool has(const char *text, const char *part)
{
    return text != NULL && strstr(text, part) != NULL;
}

/* ---- up ---- */

static const struct up_case {
    const char *name;
    graph_file files[7];
    const char *completed;
    const char *to;
    uint64_t count;
    brn_late_policy late;
    const char *steps;
} up_cases[] = {
    { "nothing to do", { { .id = "1_a" } }, "1_a", NULL, 0, BRN_LATE_ERROR, "" },
    { "all", { { .id = "1_a" }, { .id = "2_b" } }, "", NULL, 0, BRN_LATE_ERROR, "1_a 2_b" },
    { "what is left", { { .id = "1_a" }, { .id = "2_b" } }, "1_a", NULL, 0, BRN_LATE_ERROR, "2_b" },
    { "a number of them",
      { { .id = "1_a" }, { .id = "2_b" }, { .id = "3_c" } },
      "1_a",
      NULL,
      1,
      BRN_LATE_ERROR,
      "2_b" },
    { "more than there are", { { .id = "1_a" } }, "", NULL, 9, BRN_LATE_ERROR, "1_a" },
    { "to one of a chain",
      { { .id = "1_a" }, { .id = "2_b" }, { .id = "3_c" } },
      "",
      "2",
      0,
      BRN_LATE_ERROR,
      "1_a 2_b" },
    { "to one that is applied",
      { { .id = "1_a" }, { .id = "2_b" } },
      "1_a",
      "1",
      0,
      BRN_LATE_ERROR,
      "" },
    { "to one of a graph: its ancestors only",
      { { .id = "1_a", .requires = "none" },
        { .id = "2_b", .requires = "none" },
        { .id = "3_c", .requires = "2_b" },
        { .id = "4_d", .requires = "1_a" } },
      "",
      "3",
      0,
      BRN_LATE_ERROR,
      "2_b 3_c" },
    { "to and a number",
      { { .id = "1_a" }, { .id = "2_b" }, { .id = "3_c" } },
      "",
      "3",
      2,
      BRN_LATE_ERROR,
      "1_a 2_b" },
    { "late, run",
      { { .id = "1_a" }, { .id = "2_b" }, { .id = "3_c" }, { .id = "4_d" } },
      "1_a 3_c",
      NULL,
      0,
      BRN_LATE_RUN,
      "2_b 4_d" },
    { "late, ignored: those behind run all the same",
      { { .id = "1_a" }, { .id = "2_b" }, { .id = "3_c" }, { .id = "4_d" } },
      "1_a 3_c",
      NULL,
      0,
      BRN_LATE_IGNORE,
      "4_d" },
    { "late, ignored: what names it does not run",
      { { .id = "1_a" }, { .id = "2_b" }, { .id = "3_c" }, { .id = "4_d", .requires = "2_b" } },
      "1_a 3_c",
      NULL,
      0,
      BRN_LATE_IGNORE,
      "4_d?" },
    { "late, not wanted",
      { { .id = "1_a" }, { .id = "2_b" }, { .id = "3_c" } },
      "2_b 3_c",
      "1",
      0,
      BRN_LATE_RUN,
      "1_a" },
    { "a manual one blocks what is behind it",
      { { .id = "1_a" }, { .id = "2_b", .manual = true }, { .id = "3_c" }, { .id = "4_d" } },
      "1_a",
      NULL,
      0,
      BRN_LATE_ERROR,
      "2_b! 3_c? 4_d?" },
    { "a manual one does not block what does not need it",
      { { .id = "1_a", .requires = "none", .manual = true },
        { .id = "2_b", .requires = "none" },
        { .id = "3_c", .requires = "1_a,2_b" } },
      "",
      NULL,
      0,
      BRN_LATE_ERROR,
      "1_a! 2_b 3_c?" },
    { "one that is marked blocks nothing",
      { { .id = "1_a", .manual = true }, { .id = "2_b" } },
      "1_a",
      NULL,
      0,
      BRN_LATE_ERROR,
      "2_b" },
    { "a number counts what runs",
      { { .id = "1_a", .requires = "none", .manual = true },
        { .id = "2_b", .requires = "none" },
        { .id = "3_c", .requires = "none" } },
      "",
      NULL,
      1,
      BRN_LATE_ERROR,
      "1_a! 2_b" },
};

static void up_takes_what_is_wanted_and_pending_in_order(void **state)
{
    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(up_cases); i++) {
        const struct up_case *c = &up_cases[i];
        brn_steps_plan plan = { 0 };
        brn_plan_goal goal = { .count = c->count };
        graph_fixture f;

        graph_start(&f);
        graph_add(&f, "main", c->files);
        graph_build_ok(&f);
        graph_completed(&f, 0, c->completed);
        f.graph.databases[0].late = c->late;
        goal.to = c->to != NULL ? graph_get(&f, c->to) : NULL;
        if (brn_plan_up(&plan, &f.graph, &goal, &f.err) != BRANT_OK ||
            strcmp(graph_steps(&f, &plan), c->steps) != 0) {
            fail_msg("%s: \"%s\" %s", c->name, graph_steps(&f, &plan), brant_error_message(f.err));
        }
        graph_stop(&f);
    }
}

static void late_ones_are_all_named_when_the_policy_is_error(void **state)
{
    static const graph_file files[] = {
        { .id = "1_a" }, { .id = "2_b" }, { .id = "3_c" }, { .id = "4_d" }, { 0 }
    };
    brn_steps_plan plan = { 0 };
    brn_plan_goal goal = { 0 };
    graph_fixture f;

    (void)state;
    graph_start(&f);
    graph_add(&f, "main", files);
    graph_build_ok(&f);
    graph_completed(&f, 0, "3_c");
    assert_int_equal(brn_plan_up(&plan, &f.graph, &goal, &f.err), BRANT_EDRIFT);
    assert_string_equal(brant_error_id(f.err), "plan.late");
    assert_true(has(brant_error_message(f.err), "\"1_a\", \"2_b\""));
    assert_string_equal(brant_error_file(f.err), "m/1_a.up.sql");
    assert_true(has(brant_error_hint(f.err), "--out-of-order"));
    assert_int_equal(plan.steps.count, 0);
    /* Those that nobody asked for are nobody's problem. */
    goal.to = graph_get(&f, "1_a");
    brant_error_free(f.err);
    f.err = NULL;
    assert_int_equal(brn_plan_up(&plan, &f.graph, &goal, &f.err), BRANT_EDRIFT);
    assert_false(has(brant_error_message(f.err), "2_b"));
    graph_stop(&f);
}

static void what_is_half_done_is_part_of_up(void **state)
{
    static const graph_file files[] = { { .id = "1_a" }, { .id = "2_b" }, { .id = "3_c" }, { 0 } };
    static const graph_row rows[] = { { "1_a", BRN_ROW_COMPLETED, BRN_UP, 1, 0 },
                                      { "2_b", BRN_ROW_FAILED, BRN_UP, 1, 0 },
                                      { 0 } };
    brn_steps_plan plan = { 0 };
    brn_plan_goal goal = { 0 };
    graph_fixture f;

    (void)state;
    graph_start(&f);
    graph_add(&f, "main", files);
    graph_build_ok(&f);
    graph_join(&f, 0, rows);
    assert_int_equal(brn_plan_up(&plan, &f.graph, &goal, NULL), BRANT_OK);
    assert_string_equal(graph_steps(&f, &plan), "2_b 3_c");
    graph_stop(&f);
}

/* ---- down ---- */

static const struct down_case {
    const char *name;
    graph_file files[6];
    const char *completed; /* in the order of application */
    const char *to;
    uint64_t count;
    bool all;
    const char *steps;
    const char *error; /* its id; NULL: none */
    const char *part;  /* of the message */
} down_cases[] = {
    { "nothing applied", { { .id = "1_a" } }, "", NULL, 0, false, "", NULL, NULL },
    { "one", { { .id = "1_a" }, { .id = "2_b" } }, "1_a 2_b", NULL, 0, false, "-2_b", NULL, NULL },
    { "a number",
      { { .id = "1_a" }, { .id = "2_b" }, { .id = "3_c" } },
      "1_a 2_b 3_c",
      NULL,
      2,
      false,
      "-3_c -2_b",
      NULL,
      NULL },
    { "more than there are", { { .id = "1_a" } }, "1_a", NULL, 7, false, "-1_a", NULL, NULL },
    { "all",
      { { .id = "1_a" }, { .id = "2_b" } },
      "1_a 2_b",
      NULL,
      0,
      true,
      "-2_b -1_a",
      NULL,
      NULL },
    { "to: it stays",
      { { .id = "1_a" }, { .id = "2_b" }, { .id = "3_c" } },
      "1_a 2_b 3_c",
      "1",
      0,
      false,
      "-3_c -2_b",
      NULL,
      NULL },
    { "to the newest", { { .id = "1_a" } }, "1_a", "1", 0, false, "", NULL, NULL },
    { "to one that is not applied",
      { { .id = "1_a" }, { .id = "2_b" } },
      "1_a",
      "2",
      0,
      false,
      "",
      "plan.not_applied",
      "\"2_b\"" },
    { "a graph goes back as it came",
      { { .id = "1_a", .requires = "none" },
        { .id = "2_b", .requires = "none" },
        { .id = "3_c", .requires = "none" } },
      "2_b 3_c 1_a",
      NULL,
      0,
      true,
      "-1_a -3_c -2_b",
      NULL,
      NULL },
    { "to one of a graph: what was applied after it",
      { { .id = "1_a", .requires = "none" },
        { .id = "2_b", .requires = "none" },
        { .id = "3_c", .requires = "none" } },
      "2_b 3_c 1_a",
      "3",
      0,
      false,
      "-1_a",
      NULL,
      NULL },
    { "a dependent would remain",
      { { .id = "1_a", .requires = "none" },
        { .id = "2_b", .requires = "none" },
        { .id = "3_c", .requires = "1_a" } },
      "3_c 2_b 1_a",
      NULL,
      1,
      false,
      "",
      "plan.dependents",
      "cannot undo \"1_a\": \"3_c\" requires it" },
    { "a late one was applied last: it goes first",
      { { .id = "1_a" }, { .id = "2_b" }, { .id = "3_c" } },
      "1_a 3_c 2_b",
      NULL,
      1,
      false,
      "-2_b",
      NULL,
      NULL },
    { "all with a late one",
      { { .id = "1_a" }, { .id = "2_b" }, { .id = "3_c" } },
      "1_a 3_c 2_b",
      NULL,
      0,
      true,
      "-2_b -3_c -1_a",
      NULL,
      NULL },
    { "to, in a chain with a late one",
      { { .id = "1_a" }, { .id = "2_b" }, { .id = "3_c" } },
      "1_a 3_c 2_b",
      "1",
      0,
      false,
      "-2_b -3_c",
      NULL,
      NULL },
    { "down scripts that are missing are all named",
      { { .id = "1_a" }, { .id = "2_b", .no_down = true }, { .id = "3_c", .no_down = true } },
      "1_a 2_b 3_c",
      NULL,
      0,
      true,
      "",
      "plan.no_down",
      "\"3_c\", \"2_b\"" },
    { "one that is missing below is not in the way",
      { { .id = "1_a", .no_down = true }, { .id = "2_b" } },
      "1_a 2_b",
      NULL,
      1,
      false,
      "-2_b",
      NULL,
      NULL },
    { "recorded later, and no file knows it",
      { { .id = "1_a" }, { .id = "2_b" } },
      "1_a 2_b 9_gone",
      NULL,
      1,
      false,
      "",
      "plan.no_file",
      "\"9_gone\"" },
    { "recorded before, and no file knows it",
      { { .id = "1_a" }, { .id = "2_b" } },
      "0_gone 1_a 2_b",
      NULL,
      2,
      false,
      "-2_b -1_a",
      NULL,
      NULL },
};

static void down_goes_back_as_it_came_or_says_why_not(void **state)
{
    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(down_cases); i++) {
        const struct down_case *c = &down_cases[i];
        brn_steps_plan plan = { 0 };
        brn_plan_goal goal = { .count = c->count, .all = c->all };
        graph_fixture f;
        brant_status st;

        graph_start(&f);
        graph_add(&f, "main", c->files);
        graph_build_ok(&f);
        graph_completed(&f, 0, c->completed);
        goal.to = c->to != NULL ? graph_get(&f, c->to) : NULL;
        st = brn_plan_down(&plan, &f.graph, &goal, &f.err);
        if ((st == BRANT_OK) != (c->error == NULL) ||
            strcmp(graph_steps(&f, &plan), c->steps) != 0 ||
            (c->error != NULL && (strcmp(brant_error_id(f.err), c->error) != 0 ||
                                  !has(brant_error_message(f.err), c->part)))) {
            fail_msg("%s: \"%s\" %s", c->name, graph_steps(&f, &plan), brant_error_message(f.err));
        }
        assert_true(c->error == NULL || brant_error_hint(f.err) != NULL);
        graph_stop(&f);
    }
}

static void the_hint_of_a_missing_down_script_says_where_to_write_it(void **state)
{
    static const graph_file files[] = { { .id = "1_a", .no_down = true }, { 0 } };
    brn_steps_plan plan = { 0 };
    brn_plan_goal goal = { 0 };
    graph_fixture f;

    (void)state;
    graph_start(&f);
    graph_add(&f, "main", files);
    graph_build_ok(&f);
    graph_completed(&f, 0, "1_a");
    assert_int_equal(brn_plan_down(&plan, &f.graph, &goal, &f.err), BRANT_EUSAGE);
    assert_true(has(brant_error_hint(f.err), "m/1_a.up.sql"));
    assert_true(has(brant_error_hint(f.err), "brant mark 1_a --as pending"));
    f.sets[0].items.items[0]->sections = true;
    brant_error_free(f.err);
    f.err = NULL;
    assert_int_equal(brn_plan_down(&plan, &f.graph, &goal, &f.err), BRANT_EUSAGE);
    assert_true(has(brant_error_hint(f.err), "-- brant: down"));
    graph_stop(&f);
}

static void an_undo_that_is_half_done_goes_on(void **state)
{
    static const graph_file files[] = { { .id = "1_a" }, { .id = "2_b" }, { 0 } };
    static const graph_row rows[] = { { "1_a", BRN_ROW_COMPLETED, BRN_UP, 1, 0 },
                                      { "2_b", BRN_ROW_FAILED, BRN_DOWN, 1, 0 },
                                      { 0 } };
    brn_steps_plan plan = { 0 };
    brn_plan_goal goal = { 0 };
    graph_fixture f;

    (void)state;
    graph_start(&f);
    graph_add(&f, "main", files);
    graph_build_ok(&f);
    graph_join(&f, 0, rows);
    assert_int_equal(brn_plan_down(&plan, &f.graph, &goal, NULL), BRANT_OK);
    assert_string_equal(graph_steps(&f, &plan), "-2_b");
    graph_stop(&f);
}

/* Each database counts its own order of application; between them, time and requirements decide. */
static void several_databases_go_back_as_they_came(void **state)
{
    static const graph_file main_files[] = {
        { .id = "1_a" }, { .id = "2_b" }, { .id = "3_c" }, { 0 }
    };
    static const graph_file event_files[] = { { .id = "1_x", .requires = "main:3_c" },
                                              { .id = "2_y" },
                                              { 0 } };
    brn_steps_plan plan = { 0 };
    brn_plan_goal goal = { .all = true };
    brn_plan_goal one = { 0 };
    graph_fixture f;

    (void)state;
    graph_start(&f);
    graph_add(&f, "main", main_files);
    graph_add(&f, "events", event_files);
    graph_build_ok(&f);
    graph_completed(&f, 0, "1_a 2_b 3_c");
    graph_completed(&f, 1, "1_x 2_y");
    assert_int_equal(brn_plan_down(&plan, &f.graph, &goal, &f.err), BRANT_OK);
    assert_string_equal(
        graph_steps(&f, &plan), "-events:2_y -events:1_x -main:3_c -main:2_b -main:1_a");
    assert_int_equal(brn_plan_down(&plan, &f.graph, &one, &f.err), BRANT_OK);
    assert_string_equal(graph_steps(&f, &plan), "-events:2_y");
    graph_stop(&f);
}

#define MANY 10000

static void ten_thousand_go_down_in_milliseconds(void **state)
{
    brn_steps_plan plan = { 0 };
    brn_plan_goal goal = { .all = true };
    brn_ledger_rows rows = { 0 };
    int64_t began;
    graph_fixture f;

    (void)state;
    graph_start(&f);
    graph_add(&f, "main", NULL);
    for (int i = 1; i <= MANY; i++) {
        graph_file file = { .id = brn_arena_printf(&f.arena, "%06d_m", i) };
        brn_ledger_row *row = BRN_VEC_PUSH(&f.arena, &rows);

        (void)graph_add_file(&f, 0, &file);
        row->id = file.id;
        row->seq = i;
        row->status = BRN_ROW_COMPLETED;
        row->direction = BRN_UP;
    }
    graph_build_ok(&f);
    brn_graph_join(&f.graph, 0, &rows);
    began = brn_clock_mono_ns();
    assert_int_equal(brn_plan_down(&plan, &f.graph, &goal, &f.err), BRANT_OK);
    assert_int_equal(plan.steps.count, MANY);
    assert_true(brn_clock_mono_ns() - began < 1000 * BRN_NS_PER_MS);
    graph_stop(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(up_takes_what_is_wanted_and_pending_in_order),
        cmocka_unit_test(late_ones_are_all_named_when_the_policy_is_error),
        cmocka_unit_test(what_is_half_done_is_part_of_up),
        cmocka_unit_test(down_goes_back_as_it_came_or_says_why_not),
        cmocka_unit_test(the_hint_of_a_missing_down_script_says_where_to_write_it),
        cmocka_unit_test(an_undo_that_is_half_done_goes_on),
        cmocka_unit_test(several_databases_go_back_as_they_came),
        cmocka_unit_test(ten_thousand_go_down_in_milliseconds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
