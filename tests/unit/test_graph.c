/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "support/graph_fixture.h"

/* ---- order ---- */

static const struct order_case {
    const char *name;
    graph_file main[8];
    graph_file events[4];
    const char *order;
} order_cases[] = {
    { "empty", { { 0 } }, { { 0 } }, "" },
    { "one", { { .id = "1_a" } }, { { 0 } }, "1_a" },
    { "a chain by version",
      { { .id = "1_a" }, { .id = "2_b" }, { .id = "3_c" } },
      { { 0 } },
      "1_a 2_b 3_c" },
    { "a diamond",
      { { .id = "1_a" },
        { .id = "2_b", .requires = "1_a" },
        { .id = "3_c", .requires = "1_a" },
        { .id = "4_d", .requires = "3_c,2_b" } },
      { { 0 } },
      "1_a 2_b 3_c 4_d" },
    { "against the numbers",
      { { .id = "1_a", .requires = "3_c" },
        { .id = "2_b", .requires = "none" },
        { .id = "3_c", .requires = "2_b" } },
      { { 0 } },
      "2_b 3_c 1_a" },
    { "none opts out of the chain",
      { { .id = "1_a", .requires = "2_b" }, { .id = "2_b", .requires = "none" } },
      { { 0 } },
      "2_b 1_a" },
    { "a predecessor without the directive, behind one with it",
      { { .id = "1_a" }, { .id = "2_b", .requires = "none" }, { .id = "3_c" } },
      { { 0 } },
      "1_a 2_b 3_c" },
    { "a requirement by version",
      { { .id = "001_a" }, { .id = "002_b", .requires = "1" } },
      { { 0 } },
      "001_a 002_b" },
    { "a requirement given twice",
      { { .id = "1_a" }, { .id = "2_b", .requires = "1_a,1_a" } },
      { { 0 } },
      "1_a 2_b" },
    { "across databases",
      { { .id = "1_a", .requires = "events:2_y" }, { .id = "2_b" } },
      { { .id = "1_x" }, { .id = "2_y" } },
      "events:1_x events:2_y main:1_a main:2_b" },
    { "across databases and back",
      { { .id = "1_a" }, { .id = "2_b", .requires = "1_a,events:1" } },
      { { .id = "1_x", .requires = "main:1_a" }, { .id = "2_y" } },
      "main:1_a events:1_x main:2_b events:2_y" },
    { "its own database by name",
      { { .id = "1_a" }, { .id = "2_b", .requires = "main:1_a" } },
      { { .id = "1_x" } },
      "main:1_a main:2_b events:1_x" },
    { "one id in two databases",
      { { .id = "1_a", .requires = "events:1_a" } },
      { { .id = "1_a" } },
      "events:1_a main:1_a" },
};

static void parents_come_first_then_database_and_id(void **state)
{
    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(order_cases); i++) {
        const struct order_case *c = &order_cases[i];
        graph_fixture f;

        graph_start(&f);
        graph_add(&f, "main", c->main);
        if (c->events[0].id != NULL) {
            graph_add(&f, "events", c->events);
        }
        graph_build_ok(&f);
        assert_string_equal(graph_order(&f), c->order);
        for (size_t r = 0; r < f.graph.order.count; r++) {
            assert_int_equal(f.graph.order.items[r]->rank, r);
        }
        graph_stop(&f);
    }
}

/* Directives name parents in any order: what runs first must not depend on it. */
static void the_order_is_the_same_however_requirements_are_listed(void **state)
{
    static const char *const lists[] = { "1_a,2_b,3_c", "3_c,2_b,1_a", "2_b,3_c,1_a,2_b" };

    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(lists); i++) {
        const graph_file files[] = {
            { .id = "1_a", .requires = "none" },   { .id = "2_b", .requires = "none" },
            { .id = "3_c", .requires = "none" },   { .id = "4_d", .requires = lists[i] },
            { .id = "5_e", .requires = lists[i] }, { 0 }
        };
        graph_fixture f;

        graph_start(&f);
        graph_add(&f, "main", files);
        graph_build_ok(&f);
        assert_string_equal(graph_order(&f), "1_a 2_b 3_c 4_d 5_e");
        graph_stop(&f);
    }
}

static void only_a_directory_without_requires_is_a_chain(void **state)
{
    static const graph_file plain[] = { { .id = "1_a" }, { .id = "2_b" }, { 0 } };
    static const graph_file graph[] = { { .id = "1_x" },
                                        { .id = "2_y", .requires = "1_x" },
                                        { 0 } };
    graph_fixture f;

    (void)state;
    graph_start(&f);
    graph_add(&f, "main", plain);
    graph_add(&f, "events", graph);
    graph_add(&f, "empty", NULL);
    graph_build_ok(&f);
    assert_true(f.graph.databases[0].chain);
    assert_false(f.graph.databases[1].chain);
    assert_true(f.graph.databases[2].chain);
    assert_ptr_equal(graph_get(&f, "1_a")->follower, graph_get(&f, "2_b"));
    assert_null(graph_get(&f, "1_x")->follower);
    graph_stop(&f);
}

/* ---- mistakes ---- */

static const struct bad_case {
    const char *name;
    graph_file main[6];
    graph_file events[3];
    const char *id;
    const char *message; /* a part of it */
    const char *file;
    uint32_t line;
    uint32_t column;
} bad_cases[] = {
    { "unknown requirement",
      { { .id = "1_a" }, { .id = "2_b", .requires = "1_a,9_z" } },
      { { 0 } },
      "graph.unknown_requirement",
      "migration \"2_b\" requires \"9_z\", which no file defines",
      "m/2_b.up.sql",
      2,
      30 },
    { "unknown in another database",
      { { .id = "1_a", .requires = "events:1_a" } },
      { { .id = "1_x", .requires = "none" }, { .id = "2_y" } },
      "graph.unknown_requirement",
      "requires \"events:1_a\"",
      "m/1_a.up.sql",
      2,
      20 },
    { "unknown database",
      { { .id = "1_a" }, { .id = "2_b", .requires = "other:1_a" } },
      { { .id = "1_x" } },
      "graph.unknown_requirement",
      "requires \"other:1_a\"",
      "m/2_b.up.sql",
      2,
      20 },
    { "version of two",
      { { .id = "1_a" }, { .id = "01_b" }, { .id = "2_c", .requires = "1" } },
      { { 0 } },
      "graph.ambiguous",
      "which is the version of several migrations",
      "m/2_c.up.sql",
      2,
      20 },
    { "requires itself",
      { { .id = "1_a", .requires = "1_a" } },
      { { 0 } },
      "graph.cycle",
      "in a circle: 1_a -> 1_a",
      "m/1_a.up.sql",
      2,
      20 },
    { "a circle of three, with its tail left out",
      { { .id = "1_a", .requires = "none" },
        { .id = "2_b", .requires = "1_a,4_d" },
        { .id = "3_c", .requires = "2_b" },
        { .id = "4_d", .requires = "3_c" },
        { .id = "5_e", .requires = "4_d" } },
      { { 0 } },
      "graph.cycle",
      "2_b -> 4_d -> 3_c -> 2_b",
      "m/2_b.up.sql",
      2,
      30 },
    { "a circle with an implicit predecessor in it",
      { { .id = "1_a", .requires = "3_c" }, { .id = "2_b" }, { .id = "3_c" } },
      { { 0 } },
      "graph.cycle",
      "1_a -> 3_c -> 2_b -> 1_a",
      "m/1_a.up.sql",
      2,
      20 },
    { "a circle through another database",
      { { .id = "1_a", .requires = "events:2" } },
      { { .id = "1_x", .requires = "main:1" }, { .id = "2_y" } },
      "graph.cycle",
      "1_a -> 2_y -> 1_x -> 1_a",
      "m/1_a.up.sql",
      2,
      20 },
};

static bool has(const char *text, const char *part)
{
    return text != NULL && strstr(text, part) != NULL;
}

static void a_mistake_names_both_ends_and_the_place_of_the_directive(void **state)
{
    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(bad_cases); i++) {
        const struct bad_case *c = &bad_cases[i];
        graph_fixture f;

        graph_start(&f);
        graph_add(&f, "main", c->main);
        graph_add(&f, "events", c->events);
        assert_int_equal(graph_build(&f), BRANT_EUSAGE);
        if (strcmp(brant_error_id(f.err), c->id) != 0 ||
            !has(brant_error_message(f.err), c->message) ||
            !has(brant_error_file(f.err), c->file) || brant_error_line(f.err) != c->line ||
            brant_error_column(f.err) != c->column || brant_error_hint(f.err) == NULL) {
            fail_msg(
                "%s: %s: %s at %s:%u:%u", c->name, brant_error_id(f.err),
                brant_error_message(f.err),
                brant_error_file(f.err) != NULL ? brant_error_file(f.err) : "-",
                brant_error_line(f.err), brant_error_column(f.err));
        }
        assert_null(f.graph.arena);
        graph_stop(&f);
    }
}

/* ---- size ---- */

#define MANY 10000

typedef enum naming {
    NOT_AT_ALL,
    BY_ID,
    BY_VERSION
} naming;

/* Ids "000001_m" and on, each naming its parent in the given way. */
static void add_many(graph_fixture *f, size_t count, naming how)
{
    graph_add(f, "main", NULL);
    for (size_t i = 1; i <= count; i++) {
        graph_file file = { .id = brn_arena_printf(&f->arena, "%06zu_m", i) };

        if (how == BY_ID) {
            file.requires = i == 1 ? "none" : brn_arena_printf(&f->arena, "%06zu_m", i - 1);
        } else if (how == BY_VERSION) {
            file.requires = i == 1 ? "none" : brn_arena_printf(&f->arena, "%zu", i - 1);
        }
        (void)graph_add_file(f, 0, &file);
    }
}

static int64_t time_of_build(size_t count, naming how)
{
    graph_fixture f;
    int64_t began = 0;
    int64_t took;
    brn_steps_plan plan = { 0 };
    brn_plan_goal goal = { 0 };

    graph_start(&f);
    add_many(&f, count, how);
    began = brn_clock_mono_ns();
    graph_build_ok(&f);
    brn_graph_join(&f.graph, 0, &f.rows[0]);
    assert_int_equal(brn_plan_up(&plan, &f.graph, &goal, NULL), BRANT_OK);
    took = brn_clock_mono_ns() - began;
    assert_int_equal(plan.steps.count, count);
    assert_string_equal(
        plan.steps.items[count - 1].migration->id, f.sets[0].items.items[count - 1]->id);
    graph_stop(&f);
    return took;
}

/* Generous for busy machines and sanitizers: what is caught is minutes instead of milliseconds. */
static void ten_thousand_migrations_cost_milliseconds(void **state)
{
    (void)state;
    for (naming how = NOT_AT_ALL; how <= BY_VERSION; how++) {
        int64_t took = time_of_build(MANY, how);

        print_message("%d: %lld us\n", (int)how, (long long)took / 1000);
        assert_true(took < 2000 * BRN_NS_PER_MS);
    }
}

static void a_circle_of_ten_thousand_is_still_told(void **state)
{
    graph_fixture f;
    brn_require last;
    brn_props props;

    (void)state;
    graph_start(&f);
    add_many(&f, MANY, BY_ID);
    props = *f.sets[0].items.items[0]->props;
    last = (brn_require){ brn_arena_printf(&f.arena, "%06d_m", MANY), 3, 4 };
    props.requires.items = &last;
    props.requires.count = 1;
    f.sets[0].items.items[0]->props = &props;
    assert_int_equal(graph_build(&f), BRANT_EUSAGE);
    assert_string_equal(brant_error_id(f.err), "graph.cycle");
    assert_true(has(brant_error_message(f.err), "000001_m -> "));
    assert_true(brant_error_line(f.err) > 0);
    graph_stop(&f);
}

/* ---- recorded state ---- */

static const struct state_case {
    const char *name;
    graph_row row;
    brn_state state;
} state_cases[] = {
    { "no row", { 0 }, BRN_STATE_PENDING },
    { "completed", { "2_b", BRN_ROW_COMPLETED, BRN_UP, 3, 0 }, BRN_STATE_DONE },
    { "running up, nothing done", { "2_b", BRN_ROW_RUNNING, BRN_UP, 0, 0 }, BRN_STATE_PENDING },
    { "failed up, nothing done", { "2_b", BRN_ROW_FAILED, BRN_UP, 0, 0 }, BRN_STATE_PENDING },
    { "running up, some done", { "2_b", BRN_ROW_RUNNING, BRN_UP, 1, 0 }, BRN_STATE_PARTIAL_UP },
    { "failed up, some done", { "2_b", BRN_ROW_FAILED, BRN_UP, 1, 0 }, BRN_STATE_PARTIAL_UP },
    { "running up, first open", { "2_b", BRN_ROW_RUNNING, BRN_UP, 0, 1 }, BRN_STATE_PARTIAL_UP },
    { "failed up, first open", { "2_b", BRN_ROW_FAILED, BRN_UP, 0, 1 }, BRN_STATE_PARTIAL_UP },
    { "running down, nothing done", { "2_b", BRN_ROW_RUNNING, BRN_DOWN, 0, 0 }, BRN_STATE_DONE },
    { "failed down, nothing done", { "2_b", BRN_ROW_FAILED, BRN_DOWN, 0, 0 }, BRN_STATE_DONE },
    { "running down, some done",
      { "2_b", BRN_ROW_RUNNING, BRN_DOWN, 2, 0 },
      BRN_STATE_PARTIAL_DOWN },
    { "failed down, some done", { "2_b", BRN_ROW_FAILED, BRN_DOWN, 2, 0 }, BRN_STATE_PARTIAL_DOWN },
    { "failed down, first open",
      { "2_b", BRN_ROW_FAILED, BRN_DOWN, 0, 1 },
      BRN_STATE_PARTIAL_DOWN },
};

static void a_ledger_row_means_what_the_table_in_the_header_says(void **state)
{
    static const graph_file files[] = { { .id = "1_a" }, { .id = "2_b" }, { 0 } };

    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(state_cases); i++) {
        const struct state_case *c = &state_cases[i];
        graph_row rows[2] = { c->row, { 0 } };
        graph_fixture f;

        graph_start(&f);
        graph_add(&f, "main", files);
        graph_build_ok(&f);
        graph_join(&f, 0, rows);
        if (graph_get(&f, "2_b")->state != c->state) {
            fail_msg("%s: %d", c->name, (int)graph_get(&f, "2_b")->state);
        }
        assert_int_equal(graph_get(&f, "1_a")->state, BRN_STATE_PENDING);
        assert_int_equal(graph_get(&f, "2_b")->row != NULL, c->row.id != NULL);
        graph_stop(&f);
    }
}

static void rows_without_a_file_are_unknown_and_a_second_join_forgets_the_first(void **state)
{
    static const graph_file files[] = { { .id = "1_a" }, { .id = "2_b" }, { 0 } };
    graph_fixture f;

    (void)state;
    graph_start(&f);
    graph_add(&f, "main", files);
    graph_build_ok(&f);
    graph_completed(&f, 0, "1_a 7_gone 8_gone");
    assert_int_equal(f.graph.databases[0].unknown.count, 2);
    assert_string_equal(f.graph.databases[0].unknown.items[0]->id, "7_gone");
    assert_int_equal(f.graph.databases[0].max_seq, 3);
    graph_completed(&f, 0, "2_b");
    assert_int_equal(f.graph.databases[0].unknown.count, 0);
    assert_int_equal(f.graph.databases[0].max_seq, 1);
    assert_int_equal(graph_get(&f, "1_a")->state, BRN_STATE_PENDING);
    assert_null(graph_get(&f, "1_a")->row);
    assert_int_equal(graph_get(&f, "2_b")->state, BRN_STATE_DONE);
    graph_stop(&f);
}

/* The order of rows that a server gives is its own affair. */
static void rows_find_their_files_in_any_order(void **state)
{
    static const graph_file files[] = { { .id = "1_a" },
                                        { .id = "2_b" },
                                        { .id = "3_c" },
                                        { .id = "4_d" },
                                        { .id = "5_e" },
                                        { .id = "6_f" },
                                        { 0 } };
    static const char *const orders[] = {
        "1_a 2_b 3_c 4_d 5_e 6_f", "2_b 1_a 4_d 3_c 6_f 5_e",     "6_f 5_e 4_d 3_c 2_b 1_a",
        "3_c 1_a 2_b 6_f 4_d 5_e", "1_a 3_c 0_x 2_b 5_e 4_d 6_f", "4_d 5_e 6_f 1_a 2_b 3_c",
        "2_b 3_c 1_a 5_e 6_f 4_d", "1_a 2_b 4_d 6_f 5_e 3_c",
    };

    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(orders); i++) {
        graph_fixture f;

        graph_start(&f);
        graph_add(&f, "main", files);
        graph_build_ok(&f);
        graph_completed(&f, 0, orders[i]);
        for (const graph_file *file = files; file->id != NULL; file++) {
            const brn_ledger_row *row = graph_get(&f, file->id)->row;

            if (row == NULL || strcmp(row->id, file->id) != 0) {
                fail_msg("%s: %s has %s", orders[i], file->id, row != NULL ? row->id : "no row");
            }
        }
        assert_int_equal(f.graph.databases[0].unknown.count, strstr(orders[i], "0_x") != NULL);
        graph_stop(&f);
    }
}

static const struct late_case {
    const char *name;
    graph_file files[6];
    const char *completed;
    const char *late; /* ids */
} late_cases[] = {
    { "nothing applied", { { .id = "1_a" }, { .id = "2_b" } }, "", "" },
    { "the newest ones are not late", { { .id = "1_a" }, { .id = "2_b" } }, "1_a", "" },
    { "a hole", { { .id = "1_a" }, { .id = "2_b" }, { .id = "3_c" } }, "1_a 3_c", "2_b" },
    { "all below",
      { { .id = "1_a" }, { .id = "2_b" }, { .id = "3_c" }, { .id = "4_d" } },
      "3_c",
      "1_a 2_b" },
    { "one that opted out is never late",
      { { .id = "1_a" }, { .id = "2_b", .requires = "1_a" }, { .id = "3_c", .requires = "1_a" } },
      "1_a 3_c",
      "" },
};

static void a_pending_one_below_an_applied_one_of_its_chain_is_late(void **state)
{
    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(late_cases); i++) {
        const struct late_case *c = &late_cases[i];
        char late[100] = "";
        graph_fixture f;

        graph_start(&f);
        graph_add(&f, "main", c->files);
        graph_build_ok(&f);
        graph_completed(&f, 0, c->completed);
        for (size_t k = 0; k < f.graph.databases[0].items.count; k++) {
            const brn_migration *m = f.graph.databases[0].items.items[k];

            if (m->late) {
                (void)snprintf(
                    late + strlen(late), sizeof(late) - strlen(late), "%s%s",
                    late[0] != '\0' ? " " : "", m->id);
            }
        }
        if (strcmp(late, c->late) != 0) {
            fail_msg("%s: late are \"%s\"", c->name, late);
        }
        graph_stop(&f);
    }
}

/* ---- version ---- */

static const struct version_case {
    const char *name;
    graph_file files[6];
    const char *completed;
    const char *version; /* NULL: none */
} version_cases[] = {
    { "nothing", { { .id = "1_a" } }, "", NULL },
    { "no files", { { 0 } }, "1_a", NULL },
    { "all of a chain", { { .id = "1_a" }, { .id = "2_b" } }, "1_a 2_b", "2" },
    { "up to a hole", { { .id = "1_a" }, { .id = "2_b" }, { .id = "3_c" } }, "1_a 3_c", "1" },
    { "the first is missing", { { .id = "1_a" }, { .id = "2_b" } }, "2_b", NULL },
    { "numbers, not texts", { { .id = "9_a" }, { .id = "10_b" } }, "9_a 10_b", "10" },
    { "highest, not last in the order",
      { { .id = "1_a", .requires = "3_c" }, { .id = "3_c", .requires = "none" } },
      "3_c 1_a",
      "3" },
    { "an ancestor of a graph is missing",
      { { .id = "1_a", .requires = "none" },
        { .id = "2_b", .requires = "none" },
        { .id = "3_c", .requires = "1_a,2_b" },
        { .id = "4_d", .requires = "3_c" } },
      "1_a 3_c 4_d",
      "1" },
};

static void the_version_is_the_highest_completed_one_with_whole_ancestors(void **state)
{
    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(version_cases); i++) {
        const struct version_case *c = &version_cases[i];
        const brn_migration *m = NULL;
        graph_fixture f;

        graph_start(&f);
        graph_add(&f, "main", c->files);
        graph_build_ok(&f);
        graph_completed(&f, 0, c->completed);
        m = brn_graph_version(&f.graph, 0);
        if ((m == NULL) != (c->version == NULL) ||
            (m != NULL && strcmp(m->version, c->version) != 0)) {
            fail_msg("%s: %s", c->name, m != NULL ? m->version : "none");
        }
        graph_stop(&f);
    }
}

static void an_ancestor_in_another_database_counts_for_the_version(void **state)
{
    static const graph_file main_files[] = { { .id = "1_a" },
                                             { .id = "2_b", .requires = "1_a,events:1_x" },
                                             { 0 } };
    static const graph_file event_files[] = { { .id = "1_x" }, { 0 } };
    graph_fixture f;

    (void)state;
    graph_start(&f);
    graph_add(&f, "main", main_files);
    graph_add(&f, "events", event_files);
    graph_build_ok(&f);
    graph_completed(&f, 0, "1_a 2_b");
    assert_string_equal(brn_graph_version(&f.graph, 0)->version, "1");
    assert_null(brn_graph_version(&f.graph, 1));
    graph_completed(&f, 1, "1_x");
    assert_string_equal(brn_graph_version(&f.graph, 0)->version, "2");
    graph_stop(&f);
}

/* ---- finding ---- */

static const struct find_case {
    const char *text;
    size_t database;
    const char *found; /* "database:id"; NULL: error */
    const char *error;
} find_cases[] = {
    { "001_a", SIZE_MAX, "main:001_a", NULL },
    { "001", 0, "main:001_a", NULL },
    { "1", 0, "main:001_a", NULL },
    { "0001", 0, "main:001_a", NULL },
    { "1", 1, "events:001_x", NULL },
    { "1", SIZE_MAX, NULL, "graph.ambiguous" },
    { "events:1", SIZE_MAX, "events:001_x", NULL },
    { "events:001_x", 0, "events:001_x", NULL },
    { "main:1", SIZE_MAX, "main:001_a", NULL },
    { "002", SIZE_MAX, "main:002_b", NULL },
    { "3", SIZE_MAX, NULL, "graph.ambiguous" },
    { "3_d", SIZE_MAX, "main:3_d", NULL },
    { "003_c", SIZE_MAX, "main:003_c", NULL },
    { "main:3", SIZE_MAX, NULL, "graph.ambiguous" },
    { "4", SIZE_MAX, NULL, "graph.unknown" },
    { "other:1", SIZE_MAX, NULL, "graph.unknown" },
    { "events:2", SIZE_MAX, NULL, "graph.unknown" },
    { "", SIZE_MAX, NULL, "graph.unknown" },
    { ":", SIZE_MAX, NULL, "graph.unknown" },
    { "001_a.up.sql", SIZE_MAX, NULL, "graph.unknown" },
};

static void a_migration_is_found_by_what_a_person_writes(void **state)
{
    static const graph_file main_files[] = {
        { .id = "001_a" }, { .id = "002_b" }, { .id = "003_c" }, { .id = "3_d" }, { 0 }
    };
    static const graph_file event_files[] = { { .id = "001_x" }, { 0 } };
    graph_fixture f;

    (void)state;
    graph_start(&f);
    graph_add(&f, "main", main_files);
    graph_add(&f, "events", event_files);
    graph_build_ok(&f);
    for (size_t i = 0; i < BRN_ARRAY_LEN(find_cases); i++) {
        const struct find_case *c = &find_cases[i];
        char shown[100] = "";
        brant_error *err = NULL;
        brn_migration *m = brn_graph_find(&f.graph, c->database, c->text, &err);

        if (m != NULL) {
            (void)snprintf(shown, sizeof(shown), "%s:%s", f.inputs[m->database].name, m->id);
        }
        if (strcmp(shown, c->found != NULL ? c->found : "") != 0 ||
            strcmp(m == NULL ? brant_error_id(err) : "", c->error != NULL ? c->error : "") != 0) {
            fail_msg("\"%s\": %s %s", c->text, shown, brant_error_id(err));
        }
        assert_true(m != NULL || brant_error_hint(err) != NULL);
        brant_error_free(err);
    }
    graph_stop(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parents_come_first_then_database_and_id),
        cmocka_unit_test(the_order_is_the_same_however_requirements_are_listed),
        cmocka_unit_test(only_a_directory_without_requires_is_a_chain),
        cmocka_unit_test(a_mistake_names_both_ends_and_the_place_of_the_directive),
        cmocka_unit_test(ten_thousand_migrations_cost_milliseconds),
        cmocka_unit_test(a_circle_of_ten_thousand_is_still_told),
        cmocka_unit_test(a_ledger_row_means_what_the_table_in_the_header_says),
        cmocka_unit_test(rows_without_a_file_are_unknown_and_a_second_join_forgets_the_first),
        cmocka_unit_test(rows_find_their_files_in_any_order),
        cmocka_unit_test(a_pending_one_below_an_applied_one_of_its_chain_is_late),
        cmocka_unit_test(the_version_is_the_highest_completed_one_with_whole_ancestors),
        cmocka_unit_test(an_ancestor_in_another_database_counts_for_the_version),
        cmocka_unit_test(a_migration_is_found_by_what_a_person_writes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
