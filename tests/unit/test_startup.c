/* SPDX-License-Identifier: Apache-2.0 */
/* What a service learns from the library at its start: auto-migrate and validate-schema. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "support/work.h"

static const work_file two[] = {
    { "migrations/001_a.up.sql", "CREATE TABLE a (x);\n" },
    { "migrations/001_a.down.sql", "DROP TABLE a;\n" },
    { "migrations/002_b.up.sql", "CREATE TABLE b (x);\n" },
    { "migrations/002_b.down.sql", "DROP TABLE b;\n" },
    { NULL, NULL },
};

static brant_report *start_up(work *w)
{
    brant_run_options opts = BRANT_RUN_OPTIONS_INIT;
    brant_report *report = NULL;

    opts.startup = 1;
    work_ok(w, brant_up(&report, work_open(w), &opts, &w->err));
    return report;
}

static const char *state_of(work *w, char *pending)
{
    static char text[32];
    brant_overview *overview = NULL;

    work_ok(w, brant_look(&overview, w->session, &w->err));
    (void)snprintf(text, sizeof(text), "%s", overview->databases[0]->state);
    *pending = (char)('0' + overview->databases[0]->pending_count);
    brant_overview_free(overview);
    return text;
}

/* ---- auto-migrate ---- */

static void S_C14_auto_migrate_tells_what_it_did(void **state)
{
    brant_run_options one = BRANT_RUN_OPTIONS_INIT;
    brant_report *report;
    work w;

    (void)state;
    work_start(&w, two);
    one.count = 1;
    work_ok(&w, brant_up(NULL, work_open(&w), &one, &w.err));
    report = start_up(&w);
    assert_int_equal(report->disabled, 0);
    assert_null(report->failed);
    assert_string_equal(report->previous_version, "001");
    assert_string_equal(report->version, "002");
    assert_string_equal(work_ids(&w, report->applied, report->applied_count), "002_b");
    assert_true(report->duration_ms >= 0);
    assert_true(report->applied[0]->duration_ms >= 0);
    brant_report_free(report);
    work_stop(&w);
}

static void S_C15_without_it_nothing_is_applied_and_the_status_is_true(void **state)
{
    brant_report *report;
    char pending;
    work w;

    (void)state;
    work_start(&w, two);
    work_set(&w, "auto-migrate", "false");
    report = start_up(&w);
    assert_int_equal(report->disabled, 1);
    assert_int_equal(report->applied_count, 0);
    assert_null(report->validation);
    brant_report_free(report);
    assert_string_equal(state_of(&w, &pending), "missing");
    assert_int_equal(pending, '2');
    /* The setting is about starting up: a person can still migrate. */
    work_up(&w);
    assert_string_equal(state_of(&w, &pending), "current");
    assert_int_equal(pending, '0');
    brant_report_free(start_up(&w));
    assert_string_equal(work_ledger(&w, "app.db"), "001_a completed up, 002_b completed up");
    work_stop(&w);
}

/* ---- validate-schema ---- */

static void S_C16_validation_is_present_when_it_is_on(void **state)
{
    brant_report *report;
    work w;

    (void)state;
    work_start(&w, two);
    work_set(&w, "validate-schema", "true");
    report = start_up(&w);
    assert_int_equal(report->applied_count, 2);
    assert_non_null(report->validation);
    assert_int_equal(report->validation->valid, 1);
    assert_int_equal(report->validation->count, 0);
    brant_report_free(report);
    /* Also when there was nothing to do. */
    report = start_up(&w);
    assert_int_equal(report->applied_count, 0);
    assert_non_null(report->validation);
    brant_report_free(report);
    work_stop(&w);
}

static void S_C16_validation_is_absent_when_it_is_off(void **state)
{
    brant_report *report;
    work w;

    (void)state;
    work_start(&w, two);
    report = start_up(&w);
    assert_int_equal(report->applied_count, 2);
    assert_null(report->validation);
    brant_report_free(report);
    work_stop(&w);
}

static void findings_do_not_fail_the_run(void **state)
{
    brant_report *report = NULL;
    work w;

    (void)state;
    work_start(&w, two);
    work_set(&w, "validate-schema", "true");
    work_up(&w);
    tree_write(&w.dir, "migrations/001_a.up.sql", "CREATE TABLE a (x, y);\n");
    work_ok(&w, brant_down(&report, work_open(&w), NULL, &w.err));
    assert_string_equal(work_ids(&w, report->applied, report->applied_count), "002_b");
    assert_int_equal(report->validation->valid, 0);
    assert_int_equal(report->validation->count, 1);
    assert_string_equal(report->validation->findings[0]->id, "ledger.checksum_mismatch");
    assert_string_equal(report->validation->findings[0]->migration, "001_a");
    brant_report_free(report);
    work_stop(&w);
}

static void every_run_that_succeeds_has_it(void **state)
{
    brant_run_options dry = BRANT_RUN_OPTIONS_INIT;
    brant_report *report = NULL;
    brant_plan *plan = NULL;
    const char *text = NULL;
    work w;

    (void)state;
    work_start(&w, two);
    work_set(&w, "validate-schema", "true");
    work_up(&w);
    work_ok(&w, brant_redo(&report, w.session, NULL, &w.err));
    assert_non_null(report->validation);
    brant_report_free(report);
    work_ok(&w, brant_goto(&report, w.session, "001", NULL, &w.err));
    assert_non_null(report->validation);
    brant_report_free(report);
    work_ok(&w, brant_plan_up(&plan, w.session, NULL, &w.err));
    work_ok(&w, brant_plan_text(&text, plan, &w.err));
    work_ok(&w, brant_apply(&report, w.session, text, strlen(text), NULL, NULL, &w.err));
    assert_non_null(report->validation);
    brant_report_free(report);
    brant_plan_free(plan);
    dry.dry_run = 1;
    work_ok(&w, brant_up(&report, w.session, &dry, &w.err));
    assert_null(report->validation);
    brant_report_free(report);
    work_ok(&w, brant_down(NULL, w.session, NULL, &w.err));
    tree_write(&w.dir, "migrations/002_b.up.sql", "CREATE TABLE a (x);\n");
    assert_int_equal(brant_up(&report, w.session, NULL, &w.err), BRANT_ESTATEMENT);
    assert_null(report->validation);
    brant_report_free(report);
    work_stop(&w);
}

/* A file that is no migration is mentioned once for each run. */
static void notes_about_files_are_not_told_twice(void **state)
{
    work w;

    (void)state;
    work_start(&w, two);
    tree_write(&w.dir, "migrations/seed.sql", "SELECT 1;\n");
    work_set(&w, "validate-schema", "true");
    work_up(&w);
    assert_int_equal(work_count(&w, "warning layout.ignored"), 1);
    work_stop(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(S_C14_auto_migrate_tells_what_it_did),
        cmocka_unit_test(S_C15_without_it_nothing_is_applied_and_the_status_is_true),
        cmocka_unit_test(S_C16_validation_is_present_when_it_is_on),
        cmocka_unit_test(S_C16_validation_is_absent_when_it_is_off),
        cmocka_unit_test(findings_do_not_fail_the_run),
        cmocka_unit_test(every_run_that_succeeds_has_it),
        cmocka_unit_test(notes_about_files_are_not_told_twice),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
