/* SPDX-License-Identifier: Apache-2.0 */
/* A run that loses data reminds of a backup, and a plan says which statements do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "support/work.h"

static const work_file files[] = {
    { "migrations/001_a.up.sql", "CREATE TABLE a (x, y);\nINSERT INTO a VALUES (1, 2);\n" },
    { "migrations/001_a.down.sql", "DROP TABLE a;\n" },
    { "migrations/002_b.up.sql", "CREATE TABLE b (x);\n" },
    { "migrations/002_b.down.sql", "DROP TABLE b;\n" },
    { "migrations/003_c.up.sql",
      "CREATE VIEW v AS SELECT x FROM a;\n\nALTER TABLE a DROP COLUMN y;\nDELETE FROM b;\n" },
    { "migrations/003_c.down.sql", "DROP VIEW v;\n" },
    { NULL, NULL },
};

static char said[1024];

static void keep_warning(work *w, const brant_event *ev)
{
    (void)w;
    if (ev->type == BRANT_EVENT_WARNING && strcmp(ev->id, "run.backup") == 0) {
        (void)snprintf(
            said, sizeof(said), "%s %s %s %s:%u: %s", ev->database, ev->migration, ev->direction,
            strrchr(ev->file, '/') + 1, ev->line, ev->message);
    }
}

/* At version 002, which nothing was said about: its statements lose nothing. */
static void start(work *w)
{
    brant_run_options opts = BRANT_RUN_OPTIONS_INIT;

    work_start(w, files);
    said[0] = '\0';
    w->hook = keep_warning;
    opts.to = "002";
    work_ok(w, brant_up(NULL, work_open(w), &opts, &w->err));
    assert_string_equal(said, "");
    (void)work_events(w);
}

static void up_names_the_first_statement_and_their_number(void **state)
{
    work w;

    (void)state;
    start(&w);
    work_up(&w);
    assert_non_null(
        strstr(said, "main 003_c up 003_c.up.sql:3: 2 statements lose data, the first"));
    assert_non_null(strstr(said, "migrations/003_c.up.sql:3 (alter table)"));
    assert_non_null(strstr(said, "--backup-recorded"));
    /* Once, and before anything runs. */
    assert_int_equal(work_count(&w, "warning run.backup"), 1);
    assert_non_null(strstr(work_events(&w), "run up 1\nwarning run.backup\nstart 003_c"));
    work_stop(&w);
}

static void down_counts_as_well(void **state)
{
    brant_run_options opts = BRANT_RUN_OPTIONS_INIT;
    work w;

    (void)state;
    start(&w);
    work_up(&w);
    /* The view can be made again. */
    said[0] = '\0';
    work_ok(&w, brant_down(NULL, w.session, NULL, &w.err));
    assert_string_equal(said, "");
    opts.all = 1;
    work_ok(&w, brant_down(NULL, w.session, &opts, &w.err));
    assert_non_null(strstr(said, "main 002_b down 002_b.down.sql:1: 2 statements lose data"));
    work_stop(&w);
}

static void a_dry_run_does_not_remind(void **state)
{
    brant_run_options opts = BRANT_RUN_OPTIONS_INIT;
    work w;

    (void)state;
    start(&w);
    opts.dry_run = 1;
    work_ok(&w, brant_up(NULL, w.session, &opts, &w.err));
    assert_string_equal(said, "");
    work_stop(&w);
}

static void a_recorded_backup_ends_the_reminder(void **state)
{
    work w;

    (void)state;
    start(&w);
    work_close(&w);
    work_set(&w, "backup-recorded", "s3://backups/2026-11-22");
    work_up(&w);
    assert_string_equal(said, "");
    assert_string_equal(
        work_query(&w, "app.db", "SELECT detail FROM brant_history WHERE migration = '003_c'"),
        "backup: s3://backups/2026-11-22");
    /* What loses nothing does not need one. */
    work_ok(&w, brant_down(NULL, w.session, NULL, &w.err));
    assert_string_equal(
        work_query(&w, "app.db", "SELECT count(*) FROM brant_history WHERE detail IS NOT NULL"),
        "1");
    work_stop(&w);
}

static void an_empty_database_has_nothing_to_lose(void **state)
{
    brant_setup_options opts = BRANT_SETUP_OPTIONS_INIT;
    work w;

    (void)state;
    work_start(&w, files);
    said[0] = '\0';
    w.hook = keep_warning;
    work_up(&w);
    assert_string_equal(said, "");
    work_stop(&w);

    work_start(&w, files);
    w.hook = keep_warning;
    work_exec(&w, "app.db", "VACUUM");
    opts.complete = 1;
    work_ok(&w, brant_setup(NULL, work_open(&w), &opts, &w.err));
    assert_string_equal(said, "");
    work_stop(&w);
}

static void a_round_trip_does_not_remind(void **state)
{
    brant_validation *validation = NULL;
    work w;

    (void)state;
    start(&w);
    work_ok(&w, brant_round_trip(&validation, w.session, &w.err));
    brant_validation_free(validation);
    assert_string_equal(said, "");
    work_stop(&w);
}

/* What was done before the failure is lost already. */
static void a_resumed_run_counts_what_is_left(void **state)
{
    static const work_file broken[] = {
        { "migrations/001_a.up.sql", "CREATE TABLE a (x);\nCREATE TABLE b (x);\n" },
        { "migrations/002_b.up.sql",
          "-- brant: transaction=off\nDROP TABLE a;\nDELETE FROM nowhere;\nDROP TABLE b;\n" },
        { NULL, NULL },
    };
    brant_run_options opts = BRANT_RUN_OPTIONS_INIT;
    work w;

    (void)state;
    work_start(&w, broken);
    said[0] = '\0';
    w.hook = keep_warning;
    opts.to = "001";
    work_ok(&w, brant_up(NULL, work_open(&w), &opts, &w.err));
    work_expect(&w, brant_up(NULL, w.session, NULL, &w.err), BRANT_ESTATEMENT, "statement.failed");
    assert_non_null(strstr(said, "002_b.up.sql:2: 3 statements lose data"));
    work_exec(&w, "app.db", "CREATE TABLE nowhere (x)");
    work_up(&w);
    assert_non_null(strstr(said, "002_b.up.sql:3: 2 statements lose data"));
    work_stop(&w);
}

static void a_plan_marks_what_loses_data(void **state)
{
    brant_plan *plan = NULL;
    work w;

    (void)state;
    start(&w);
    work_ok(&w, brant_plan_up(&plan, w.session, NULL, &w.err));
    assert_int_equal(plan->count, 1);
    assert_int_equal(plan->steps[0]->statement_count, 3);
    assert_int_equal(plan->steps[0]->statements[0]->destructive, 0);
    assert_int_equal(plan->steps[0]->statements[1]->destructive, 1);
    assert_int_equal(plan->steps[0]->statements[2]->destructive, 1);
    brant_plan_free(plan);
    work_stop(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(up_names_the_first_statement_and_their_number),
        cmocka_unit_test(down_counts_as_well),
        cmocka_unit_test(a_dry_run_does_not_remind),
        cmocka_unit_test(a_recorded_backup_ends_the_reminder),
        cmocka_unit_test(an_empty_database_has_nothing_to_lose),
        cmocka_unit_test(a_round_trip_does_not_remind),
        cmocka_unit_test(a_resumed_run_counts_what_is_left),
        cmocka_unit_test(a_plan_marks_what_loses_data),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
