/* SPDX-License-Identifier: Apache-2.0 */
/* Saved plans: writing, reading back, applying, and every way to refuse one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "run/saved.h"
#include "support/work.h"

static const work_file three[] = {
    { "migrations/001_a.up.sql", "CREATE TABLE a (x);\nINSERT INTO a VALUES ('${WHO}');\n" },
    { "migrations/002_b.up.sql", "CREATE TABLE b (x);\n" },
    { "migrations/003_c.up.sql", "CREATE TABLE c (x);\n" },
    { NULL, NULL },
};

/* The plan of what is pending, as a text of its own. */
static char *make(work *w, brn_arena *arena, uint64_t count, const char *to)
{
    brant_run_options opts = BRANT_RUN_OPTIONS_INIT;
    brant_plan *plan = NULL;
    const char *text = NULL;
    char *copied;

    opts.count = count;
    opts.to = to;
    work_ok(w, brant_plan_up(&plan, work_open(w), &opts, &w->err));
    work_ok(w, brant_plan_text(&text, plan, &w->err));
    copied = brn_arena_strdup(arena, text);
    brant_plan_free(plan);
    assert_non_null(copied);
    return copied;
}

static brant_status apply(work *w, const char *text)
{
    return brant_apply(NULL, work_open(w), text, strlen(text), "plan.json", NULL, &w->err);
}

/* `text` with the first `from` replaced. */
static const char *edited(brn_arena *arena, const char *text, const char *from, const char *to)
{
    const char *at = strstr(text, from);
    char *out;

    assert_non_null(at);
    out = brn_arena_printf(arena, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
    assert_non_null(out);
    return out;
}

static void a_saved_plan_runs_what_it_says(void **state)
{
    brn_arena arena = { 0 };
    brant_report *report = NULL;
    const char *text;
    work w;

    (void)state;
    work_start(&w, three);
    text = make(&w, &arena, 2, NULL);
    work_ok(&w, brant_apply(&report, w.session, text, strlen(text), NULL, NULL, &w.err));
    assert_string_equal(work_ids(&w, report->applied, report->applied_count), "001_a 002_b");
    assert_string_equal(report->command, "apply");
    assert_string_equal(report->version, "002");
    brant_report_free(report);
    assert_string_equal(work_history(&w, "app.db"), "up 001_a ok, up 002_b ok");
    work_expect(&w, apply(&w, text), BRANT_EDRIFT, "apply.database");
    brn_arena_release(&arena);
    work_stop(&w);
}

static void an_empty_plan_applies_to_nothing(void **state)
{
    brn_arena arena = { 0 };
    work w;

    (void)state;
    work_start(&w, three);
    work_up(&w);
    work_ok(&w, apply(&w, make(&w, &arena, 0, NULL)));
    brn_arena_release(&arena);
    work_stop(&w);
}

static void a_dry_run_changes_nothing(void **state)
{
    brant_run_options opts = BRANT_RUN_OPTIONS_INIT;
    brn_arena arena = { 0 };
    const char *text;
    work w;

    (void)state;
    opts.dry_run = 1;
    work_start(&w, three);
    text = make(&w, &arena, 0, NULL);
    work_ok(&w, brant_apply(NULL, w.session, text, strlen(text), NULL, &opts, &w.err));
    assert_false(brn_file_exists(tree_path(&w.dir, "app.db")));
    work_ok(&w, apply(&w, text));
    brn_arena_release(&arena);
    work_stop(&w);
}

/* What is done between plan and apply, and what apply says of it. */
static const struct change {
    const char *name;
    const char *file; /* written; with no text removed */
    const char *text;
    const char *sql;  /* run in app.db after one up */
    const char *from; /* edited in the plan */
    const char *to;
    const char *key; /* setting */
    const char *value;
    const char *id;
    const char *message; /* part of it */
} changes[] = {
    { .name = "edited file",
      .file = "migrations/003_c.up.sql",
      .text = "CREATE TABLE c (x, y);",
      .id = "apply.files",
      .message = "\"003_c\" was edited" },
    { .name = "new file at the end",
      .file = "migrations/004_d.up.sql",
      .text = "CREATE TABLE d (x);",
      .id = "apply.files",
      .message = "\"004_d\" would run now" },
    { .name = "new file between",
      .file = "migrations/0025_d.up.sql",
      .text = "CREATE TABLE d (x);",
      .id = "apply.files",
      .message = "" },
    { .name = "edited statement in the plan",
      .from = "CREATE TABLE b (x)",
      .to = "CREATE TABLE b (y)",
      .id = "apply.statements",
      .message = "statement 1 of \"002_b\"" },
    { .name = "renamed step in the plan",
      .from = "002_b",
      .to = "002_z",
      .id = "apply.files",
      .message = "\"002_z\" is gone" },
    { .name = "another database in the plan",
      .from = "\"name\": \"main\"",
      .to = "\"name\": \"other\"",
      .id = "apply.database",
      .message = "\"other\", which is not here" },
    { .name = "another engine in the plan",
      .from = "\"engine\": \"sqlite\"",
      .to = "\"engine\": \"postgres\"",
      .id = "apply.database",
      .message = "of kind sqlite" },
    { .name = "direction turned in the plan",
      .from = "\"direction\": \"up\"",
      .to = "\"direction\": \"down\"",
      .id = "apply.files",
      .message = "would run now" },
    { .name = "goal cut in the plan",
      .from = "\"count\": 0",
      .to = "\"count\": 1",
      .id = "apply.files",
      .message = "would not run now" },
    { .name = "setting changed",
      .key = "tx",
      .value = "all",
      .id = "apply.settings",
      .message = "" },
    { .name = "placeholder has another value",
      .key = "placeholders",
      .value = "true",
      .id = "placeholder.unset",
      .message = "" },
    { .name = "ledger changed",
      .sql = "DELETE FROM brant_migrations",
      .id = "apply.database",
      .message = "has changed since" },
};

static void what_has_changed_refuses_the_plan_and_is_named(void **state)
{
    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(changes); i++) {
        const struct change *c = &changes[i];
        brn_arena arena = { 0 };
        brant_run_options one = BRANT_RUN_OPTIONS_INIT;
        const char *before;
        const char *text;
        work w;

        work_start(&w, three);
        one.count = 1;
        if (c->sql != NULL) {
            work_ok(&w, brant_up(NULL, work_open(&w), &one, &w.err));
        }
        text = make(&w, &arena, 0, NULL);
        if (c->file != NULL) {
            tree_write(&w.dir, c->file, c->text);
        }
        if (c->sql != NULL) {
            work_exec(&w, "app.db", c->sql);
        }
        if (c->from != NULL) {
            text = edited(&arena, text, c->from, c->to);
        }
        if (c->key != NULL) {
            work_close(&w);
            work_set(&w, c->key, c->value);
        }
        before = brn_arena_strdup(&arena, work_ledger(&w, "app.db"));
        if (apply(&w, text) == BRANT_OK || strstr(brant_error_message(w.err), c->message) == NULL) {
            fail_msg("%s: %s", c->name, brant_error_message(w.err));
        }
        work_expect(&w, brant_error_status(w.err), brant_error_status(w.err), c->id);
        assert_string_equal(work_ledger(&w, "app.db"), before);
        brn_arena_release(&arena);
        work_stop(&w);
    }
}

static const struct bad_text {
    const char *text;
    const char *id;
    uint32_t line;
} bad_texts[] = {
    { "", "apply.malformed", 1 },
    { "{\n \"a\": }", "apply.malformed", 2 },
    { "[1]", "apply.not_a_plan", 0 },
    { "{\"schema\": 1, \"schema\": 1}", "apply.malformed", 1 },
    { "{\"schema\": 1}", "apply.not_a_plan", 0 },
    { "{\"kind\": \"brant plan\"}", "apply.not_a_plan", 0 },
    { "{\"kind\": \"brant plan\", \"schema\": 2}", "apply.newer", 0 },
    { "{\"kind\": \"brant plan\", \"schema\": 1, \"goal\": 1, \"databases\": [], \"steps\": []}",
      "apply.not_a_plan", 0 },
    { "{\"kind\": \"brant plan\", \"schema\": 1, \"goal\": {\"count\": -1, \"to\": null}, "
      "\"databases\": [], \"steps\": []}",
      "apply.not_a_plan", 0 },
    { "{\"kind\": \"brant plan\", \"schema\": 1, \"goal\": {\"count\": 0, \"to\": null}, "
      "\"databases\": [1], \"steps\": []}",
      "apply.not_a_plan", 0 },
    { "{\"kind\": \"brant plan\", \"schema\": 1, \"goal\": {\"count\": 0, \"to\": null}, "
      "\"databases\": [], \"steps\": [{}]}",
      "apply.not_a_plan", 0 },
    { "{\"kind\": \"brant plan\", \"schema\": 1, \"goal\": {\"count\": 0, \"to\": \"a\\u0000b\"}, "
      "\"databases\": [], \"steps\": []}",
      "apply.malformed", 1 },
};

static void what_is_no_plan_is_refused_with_its_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(bad_texts); i++) {
        const struct bad_text *c = &bad_texts[i];
        brn_arena arena = { 0 };
        brn_saved saved;
        brant_error *err = NULL;
        brant_status st = brn_saved_read(&saved, &arena, brn_str_from(c->text), "plan.json", &err);

        if (st != BRANT_EPARSE || strcmp(brant_error_id(err), c->id) != 0 ||
            brant_error_line(err) != c->line) {
            fail_msg(
                "%s: %s at line %u: %s", c->text, brant_error_id(err), brant_error_line(err),
                brant_error_message(err));
        }
        assert_string_equal(brant_error_file(err), "plan.json");
        assert_non_null(brant_error_hint(err));
        brant_error_free(err);
        brn_arena_release(&arena);
    }
}

static void the_state_of_a_ledger_does_not_depend_on_its_order(void **state)
{
    brn_ledger_row rows[2] = {
        { .id = "1", .status = BRN_ROW_COMPLETED, .direction = BRN_UP, .checksum = "a" },
        { .id = "2", .status = BRN_ROW_FAILED, .direction = BRN_UP, .stmts_done = 1 },
    };
    brn_ledger_row turned[2] = { rows[1], rows[0] };
    brn_ledger_rows first = { .items = rows, .count = 2 };
    brn_ledger_rows second = { .items = turned, .count = 2 };
    char a[BRN_DIGEST_HEX + 1];
    char b[BRN_DIGEST_HEX + 1];

    (void)state;
    assert_int_equal(brn_saved_state(a, &first, NULL), BRANT_OK);
    assert_int_equal(brn_saved_state(b, &second, NULL), BRANT_OK);
    assert_string_equal(a, b);
    turned[0].stmts_done = 2;
    assert_int_equal(brn_saved_state(b, &second, NULL), BRANT_OK);
    assert_string_not_equal(a, b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_saved_plan_runs_what_it_says),
        cmocka_unit_test(an_empty_plan_applies_to_nothing),
        cmocka_unit_test(a_dry_run_changes_nothing),
        cmocka_unit_test(what_has_changed_refuses_the_plan_and_is_named),
        cmocka_unit_test(what_is_no_plan_is_refused_with_its_place),
        cmocka_unit_test(the_state_of_a_ledger_does_not_depend_on_its_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
