/* SPDX-License-Identifier: Apache-2.0 */
/* Commands that mend, look and make: mark, force, repair, history, validate, plan, setup, files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "support/work.h"

#define TXN (BRN_CAP_TXN_DDL | BRN_CAP_TXN_DML)

static const work_file three[] = {
    { "migrations/001_a.up.sql", "CREATE TABLE a (x);\n" },
    { "migrations/001_a.down.sql", "DROP TABLE a;\n" },
    { "migrations/002_b.up.sql", "CREATE TABLE b (x);\n" },
    { "migrations/002_b.down.sql", "DROP TABLE b;\n" },
    { "migrations/003_c.up.sql", "CREATE TABLE c (x);\n" },
    { "migrations/003_c.down.sql", "DROP TABLE c;\n" },
    { NULL, NULL },
};

static void up_to(work *w, const char *version)
{
    brant_run_options opts = BRANT_RUN_OPTIONS_INIT;

    opts.to = version;
    work_ok(w, brant_up(NULL, work_open(w), &opts, &w->err));
}

/* ---- mark ---- */

static const struct mark_case {
    const char *name;
    const char *ids[3];
    size_t count;
    int pending;
    const char *applied;
    const char *ledger; /* after 001_a was applied */
    const char *error;
} mark_cases[] = {
    { "completed", { "002_b" }, 1, 0, "002_b", "001_a completed up, 002_b completed up", NULL },
    { "by version", { "2" }, 1, 0, "002_b", "001_a completed up, 002_b completed up", NULL },
    { "already", { "001_a" }, 1, 0, "", "001_a completed up", NULL },
    { "pending", { "001_a" }, 1, 1, "001_a", "", NULL },
    { "pending already", { "003_c" }, 1, 1, "", "001_a completed up", NULL },
    { "several",
      { "003_c", "002_b" },
      2,
      0,
      "003_c 002_b",
      "001_a completed up, 002_b completed up, 003_c completed up",
      NULL },
    { "one given twice",
      { "002_b", "2" },
      2,
      0,
      "002_b",
      "001_a completed up, 002_b completed up",
      NULL },
    { "unknown: nothing is written",
      { "002_b", "9" },
      2,
      0,
      "",
      "001_a completed up",
      "graph.unknown" },
};

static void mark_records_and_runs_nothing(void **state)
{
    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(mark_cases); i++) {
        const struct mark_case *c = &mark_cases[i];
        brant_report *report = NULL;
        brant_status st;
        work w;

        work_start(&w, three);
        up_to(&w, "1");
        st = brant_mark(&report, work_open(&w), c->ids, c->count, c->pending, &w.err);
        if ((st == BRANT_OK) != (c->error == NULL) ||
            (report != NULL &&
             strcmp(work_ids(&w, report->applied, report->applied_count), c->applied) != 0)) {
            fail_msg(
                "%s: %s %s", c->name, brant_error_message(w.err),
                report != NULL ? work_ids(&w, report->applied, report->applied_count) : "");
        }
        brant_report_free(report);
        if (strcmp(work_ledger(&w, "app.db"), c->ledger) != 0) {
            fail_msg("%s: %s", c->name, work_ledger(&w, "app.db"));
        }
        assert_string_equal(
            work_query(&w, "app.db", "SELECT count(*) FROM sqlite_schema WHERE name IN ('b', 'c')"),
            "0");
        work_stop(&w);
    }
}

/* ---- force ---- */

static const struct force_case {
    const char *version;
    const char *ledger; /* after 002_b was applied */
    const char *error;
} force_cases[] = {
    { "3", "001_a completed up, 002_b completed up, 003_c completed up", NULL },
    { "003_c", "001_a completed up, 002_b completed up, 003_c completed up", NULL },
    { "1", "001_a completed up", NULL },
    { "001_a", "001_a completed up", NULL },
    { "main:1", "001_a completed up", NULL },
    { "main:001_a", "001_a completed up", NULL },
    { "-1", "", NULL },
    { "0", "", NULL },
    { "2", "001_a completed up, 002_b completed up", NULL },
    { "-2", "001_a completed up, 002_b completed up", "force.below" },
    { "x", "001_a completed up, 002_b completed up", "force.not_a_version" },
    { "", "001_a completed up, 002_b completed up", "force.no_version" },
};

static void force_records_exactly_the_migrations_up_to_a_version(void **state)
{
    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(force_cases); i++) {
        const struct force_case *c = &force_cases[i];
        brant_status st;
        work w;

        work_start(&w, three);
        up_to(&w, "2");
        st = brant_force(NULL, work_open(&w), c->version, &w.err);
        if ((st == BRANT_OK) != (c->error == NULL) ||
            strcmp(st != BRANT_OK ? brant_error_id(w.err) : "", c->error != NULL ? c->error : "") !=
                0 ||
            strcmp(work_ledger(&w, "app.db"), c->ledger) != 0) {
            fail_msg(
                "\"%s\": %s: %s", c->version, brant_error_id(w.err), work_ledger(&w, "app.db"));
        }
        work_stop(&w);
    }
}

/* ---- repair ---- */

/* Lets the real program write progress: fails in the middle with transactions hidden. */
static void interrupt(work *w, brn_fault *fault)
{
    uint64_t at = 0;

    for (at = 1; at < 100; at++) {
        *fault = (brn_fault){ .kind = BRN_FAULT_DROP, .at = at, .hide_caps = TXN | BRN_CAP_PROBE };
        work_start(w, three);
        tree_write(
            &w->dir, "migrations/001_a.up.sql",
            "CREATE TABLE a (x);\nINSERT INTO a VALUES (1);\nCREATE TABLE a2 (x);\n");
        w->fault = fault;
        (void)brant_up(NULL, work_open(w), NULL, &w->err);
        brant_error_free(w->err);
        w->err = NULL;
        if (strcmp(
                work_query(
                    w, "app.db",
                    "SELECT intent || ' ' || (SELECT count(*) FROM a) FROM brant_migrations WHERE "
                    "id = '001_a'"),
                "2 1") == 0) {
            fault->at = 0;
            return;
        }
        work_stop(w);
    }
    fail_msg("no boundary leaves statement 2 open");
}

static void an_open_statement_waits_for_an_answer(void **state)
{
    static const struct answer {
        int answer;
        const char *done;
        const char *rows; /* of a after the next up */
    } answers[] = { { BRANT_ANSWER_DONE, "2", "1" }, { BRANT_ANSWER_NOT_DONE, "1", "2" } };

    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(answers); i++) {
        brant_repair_options opts = BRANT_REPAIR_OPTIONS_INIT;
        brant_repair_result *result = NULL;
        brn_fault fault;
        work w;

        interrupt(&w, &fault);
        work_expect(
            &w, brant_up(NULL, work_open(&w), NULL, &w.err), BRANT_EDIRTY, "resume.unknown");
        work_ok(&w, brant_repair(&result, w.session, NULL, &w.err));
        assert_int_equal(result->open_count, 1);
        assert_int_equal(result->open[0]->statement, 2);
        assert_string_equal(result->open[0]->statement_text, "INSERT INTO a VALUES (1)");
        assert_string_equal(result->open[0]->verdict, "unknown");
        assert_true(result->open[0]->question[0] != '\0');
        brant_repair_result_free(result);
        opts.answer = answers[i].answer;
        work_ok(&w, brant_repair(&result, w.session, &opts, &w.err));
        assert_int_equal(result->open_count, 0);
        assert_int_equal(result->resolved_count, 1);
        brant_repair_result_free(result);
        assert_string_equal(
            work_query(
                &w, "app.db", "SELECT statements_done FROM brant_migrations WHERE id = '001_a'"),
            answers[i].done);
        work_up(&w);
        assert_string_equal(work_query(&w, "app.db", "SELECT count(*) FROM a"), answers[i].rows);
        work_stop(&w);
    }
}

static void an_answer_does_not_cover_statements_that_were_edited(void **state)
{
    static const char *const texts[] = {
        "CREATE TABLE a (x, y);\nINSERT INTO a VALUES (1);\nCREATE TABLE a2 (x);\n",
        "CREATE TABLE a (x);\n",
    };

    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(texts); i++) {
        brant_repair_options opts = BRANT_REPAIR_OPTIONS_INIT;
        brant_repair_result *result = NULL;
        brn_fault fault;
        work w;

        interrupt(&w, &fault);
        tree_write(&w.dir, "migrations/001_a.up.sql", texts[i]);
        work_expect(&w, brant_up(NULL, work_open(&w), NULL, &w.err), BRANT_EDIRTY, "resume.edited");
        opts.answer = BRANT_ANSWER_DONE;
        work_ok(&w, brant_repair(&result, w.session, &opts, &w.err));
        assert_int_equal(result->resolved_count, 0);
        assert_int_equal(result->open_count, 1);
        assert_non_null(strstr(result->open[0]->evidence, "edited"));
        brant_repair_result_free(result);
        opts.answer = BRANT_ANSWER_RETRY;
        work_ok(&w, brant_repair(&result, w.session, &opts, &w.err));
        assert_int_equal(result->resolved_count, 1);
        brant_repair_result_free(result);
        assert_string_equal(work_ledger(&w, "app.db"), "");
        work_stop(&w);
    }
}

/* The database says nothing of a statement that is no longer the one that ran; a person may. */
static void an_open_statement_that_was_edited_is_not_probed(void **state)
{
    brant_repair_options opts = BRANT_REPAIR_OPTIONS_INIT;
    brant_repair_result *result = NULL;
    brn_fault fault;
    work w;

    (void)state;
    interrupt(&w, &fault);
    tree_write(
        &w.dir, "migrations/001_a.up.sql",
        "CREATE TABLE a (x);\nCREATE TABLE IF NOT EXISTS a (x);\nCREATE TABLE a2 (x);\n");
    w.fault = NULL;
    work_ok(&w, brant_repair(&result, work_open(&w), NULL, &w.err));
    assert_int_equal(result->open_count, 1);
    assert_non_null(strstr(result->open[0]->evidence, "edited"));
    brant_repair_result_free(result);
    opts.answer = BRANT_ANSWER_NOT_DONE;
    work_ok(&w, brant_repair(&result, w.session, &opts, &w.err));
    assert_int_equal(result->resolved_count, 1);
    brant_repair_result_free(result);
    work_up(&w);
    work_stop(&w);
}

static void a_mark_of_a_rolled_back_migration_goes(void **state)
{
    brant_repair_options opts = BRANT_REPAIR_OPTIONS_INIT;
    brant_repair_result *result = NULL;
    work w;

    (void)state;
    work_start(&w, three);
    tree_write(&w.dir, "migrations/002_b.up.sql", "INSERT INTO nowhere VALUES (1);\n");
    work_expect(&w, brant_up(NULL, work_open(&w), NULL, &w.err), BRANT_ESTATEMENT, NULL);
    opts.dry_run = 1;
    work_ok(&w, brant_repair(&result, w.session, &opts, &w.err));
    assert_int_equal(result->resolved_count, 1);
    brant_repair_result_free(result);
    assert_string_equal(work_ledger(&w, "app.db"), "001_a completed up, 002_b failed up");
    work_ok(&w, brant_repair(&result, w.session, NULL, &w.err));
    assert_int_equal(result->resolved_count, 1);
    brant_repair_result_free(result);
    assert_string_equal(work_ledger(&w, "app.db"), "001_a completed up");
    work_stop(&w);
}

static void edited_and_renamed_files_are_accepted_on_request(void **state)
{
    brant_repair_options opts = BRANT_REPAIR_OPTIONS_INIT;
    brant_repair_result *result = NULL;
    brant_validation *validation = NULL;
    work w;

    (void)state;
    work_start(&w, three);
    work_up(&w);
    tree_write(&w.dir, "migrations/001_a.up.sql", "CREATE TABLE a (y);\n");
    assert_int_equal(remove(tree_path(&w.dir, "migrations/002_b.up.sql")), 0);
    assert_int_equal(remove(tree_path(&w.dir, "migrations/002_b.down.sql")), 0);
    tree_write(&w.dir, "migrations/002_bee.up.sql", "CREATE TABLE b (x);\n");
    work_expect(
        &w, brant_up(NULL, work_open(&w), NULL, &w.err), BRANT_EDRIFT, "ledger.checksum_mismatch");
    work_ok(&w, brant_validate(&validation, w.session, &w.err));
    assert_int_equal(validation->valid, 0);
    assert_true(validation->count >= 2);
    brant_validation_free(validation);
    work_ok(&w, brant_repair(&result, w.session, NULL, &w.err));
    assert_int_equal(result->difference_count, 2);
    assert_int_equal(result->accepted_count, 0);
    brant_repair_result_free(result);
    opts.accept_files = 1;
    work_ok(&w, brant_repair(&result, w.session, &opts, &w.err));
    assert_int_equal(result->accepted_count, 2);
    brant_repair_result_free(result);
    work_ok(&w, brant_validate(&validation, w.session, &w.err));
    assert_int_equal(validation->valid, 1);
    brant_validation_free(validation);
    work_up(&w);
    assert_string_equal(
        work_ledger(&w, "app.db"), "001_a completed up, 002_bee completed up, 003_c completed up");
    work_stop(&w);
}

/* ---- stopping outside of a transaction ---- */

static void cancel_at_statement(work *w, const brant_event *ev)
{
    if (ev->type == BRANT_EVENT_STATEMENT && ev->done == 1) {
        brant_session_cancel(w->session);
    }
}

static void a_cancelled_migration_goes_on_behind_what_it_did(void **state)
{
    brn_fault fault = { .hide_caps = TXN | BRN_CAP_PROBE };
    work w;

    (void)state;
    work_start(&w, three);
    tree_write(
        &w.dir, "migrations/001_a.up.sql", "CREATE TABLE a (x);\nINSERT INTO a VALUES (1);\n");
    w.fault = &fault;
    w.hook = cancel_at_statement;
    work_expect(&w, brant_up(NULL, work_open(&w), NULL, &w.err), BRANT_ECANCELLED, NULL);
    assert_string_equal(
        work_query(
            &w, "app.db",
            "SELECT statements_done || ' ' || coalesce(intent, 0) FROM brant_migrations"),
        "1 0");
    w.hook = NULL;
    work_up(&w);
    assert_string_equal(work_query(&w, "app.db", "SELECT count(*) FROM a"), "1");
    work_stop(&w);
}

/* ---- looking ---- */

static void looking_makes_no_database(void **state)
{
    brant_overview *overview = NULL;
    brant_plan *plan = NULL;
    brant_validation *validation = NULL;
    brant_history *history = NULL;
    brant_ping_result *ping = NULL;
    work w;

    (void)state;
    work_start(&w, three);
    work_ok(&w, brant_look(&overview, work_open(&w), &w.err));
    assert_string_equal(overview->databases[0]->state, "missing");
    assert_int_equal(overview->databases[0]->pending_count, 3);
    assert_null(overview->databases[0]->version);
    brant_overview_free(overview);
    work_ok(&w, brant_plan_up(&plan, w.session, NULL, &w.err));
    assert_int_equal(plan->count, 3);
    assert_int_equal(plan->steps[1]->statements[0]->transaction, 2);
    assert_string_equal(plan->steps[1]->statements[0]->kind, "create table");
    brant_plan_free(plan);
    work_ok(&w, brant_validate(&validation, w.session, &w.err));
    assert_int_equal(validation->valid, 1);
    brant_validation_free(validation);
    work_ok(&w, brant_history_read(&history, w.session, 1, &w.err));
    assert_int_equal(history->count, 0);
    assert_int_equal(history->verified, 1);
    brant_history_free(history);
    work_ok(&w, brant_ping(&ping, w.session, &w.err));
    assert_int_equal(ping->databases[0]->status, BRANT_ECONNECT);
    assert_string_equal(brant_error_id(ping->databases[0]->error), "connect.no_database");
    brant_ping_free(ping);
    assert_false(brn_file_exists(tree_path(&w.dir, "app.db")));
    work_stop(&w);
}

static void a_changed_history_is_found(void **state)
{
    brant_history *history = NULL;
    work w;

    (void)state;
    work_start(&w, three);
    work_up(&w);
    work_ok(&w, brant_history_read(&history, w.session, 1, &w.err));
    assert_int_equal(history->count, 3);
    assert_int_equal(history->verified, 1);
    assert_null(history->problem);
    brant_history_free(history);
    work_exec(&w, "app.db", "UPDATE brant_history SET who = 'nobody' WHERE seq = 2");
    work_ok(&w, brant_history_read(&history, w.session, 1, &w.err));
    assert_int_equal(history->verified, 0);
    assert_non_null(strstr(history->problem, "row 2"));
    brant_history_free(history);
    work_ok(&w, brant_history_read(&history, w.session, 0, &w.err));
    assert_null(history->problem);
    brant_history_free(history);
    work_stop(&w);
}

/* With nothing pending: one query, connecting not counted. */
static void nothing_pending_costs_one_query(void **state)
{
    brant_report *report = NULL;
    work w;

    (void)state;
    work_start(&w, three);
    work_up(&w);
    work_close(&w);
    work_ok(&w, brant_up(&report, work_open(&w), NULL, &w.err));
    assert_int_equal(report->round_trips, 1);
    brant_report_free(report);
    work_stop(&w);
}

/* ---- setup, init, new ---- */

static void setup_complete_builds_the_schema_and_records_all(void **state)
{
    brant_setup_options opts = BRANT_SETUP_OPTIONS_INIT;
    brant_report *report = NULL;
    work w;

    (void)state;
    opts.complete = 1;
    work_start(&w, three);
    tree_write(&w.dir, "schema/1.sql", "CREATE TABLE a (x);\nCREATE TABLE b (x);\n");
    tree_write(&w.dir, "schema/2.sql", "CREATE TABLE c (x);\nINSERT INTO nowhere VALUES (1);\n");
    assert_int_equal(brant_setup(NULL, work_open(&w), &opts, &w.err), BRANT_ESTATEMENT);
    assert_non_null(brant_error_file(w.err));
    assert_non_null(strstr(brant_error_file(w.err), "schema/2.sql"));
    assert_int_equal(brant_error_line(w.err), 2);
    work_expect(&w, BRANT_ESTATEMENT, BRANT_ESTATEMENT, NULL);
    tree_write(&w.dir, "schema/2.sql", "CREATE TABLE c (x);\n");
    work_ok(&w, brant_setup(&report, w.session, &opts, &w.err));
    assert_int_equal(report->applied_count, 3);
    assert_string_equal(report->applied[0]->status, "completed");
    brant_report_free(report);
    assert_string_equal(
        work_ledger(&w, "app.db"), "001_a completed up, 002_b completed up, 003_c completed up");
    work_expect(&w, brant_setup(NULL, w.session, &opts, &w.err), BRANT_EUSAGE, "setup.not_empty");
    work_stop(&w);
}

static void setup_makes_an_empty_database(void **state)
{
    work w;

    (void)state;
    work_start(&w, three);
    work_ok(&w, brant_setup(NULL, work_open(&w), NULL, &w.err));
    assert_int_equal(work_count(&w, "notice setup.created"), 1);
    assert_true(brn_file_exists(tree_path(&w.dir, "app.db")));
    work_up(&w);
    work_stop(&w);
}

static void a_scaffold_works_and_is_never_written_over(void **state)
{
    brant_new_files *files = NULL;
    char dir[1100];
    work w;

    (void)state;
    work_start(&w, NULL);
    (void)snprintf(dir, sizeof(dir), "%s/new", w.dir.root);
    work_ok(&w, brant_init_project(&files, dir, "sqlite:odd\"name.db", &w.err));
    assert_int_equal(files->count, 3);
    brant_new_files_free(files);
    work_expect(&w, brant_init_project(NULL, dir, NULL, &w.err), BRANT_EUSAGE, "init.exists");
    work_set(&w, "config", tree_path(&w.dir, "new/brant.yaml"));
    work_up(&w);
    assert_string_equal(
        work_query(&w, "new/odd\"name.db", "SELECT count(*) FROM brant_migrations"), "1");
    work_stop(&w);
}

static void a_new_migration_continues_the_numbers(void **state)
{
    brant_new_options opts = BRANT_NEW_OPTIONS_INIT;
    brant_new_files *files = NULL;
    work w;

    (void)state;
    work_start(&w, three);
    (void)work_open(&w);
    opts.name = "add users";
    work_ok(&w, brant_new_migration(&files, w.project, &opts, &w.err));
    assert_string_equal(files->id, "004_add_users");
    assert_int_equal(files->count, 2);
    work_close(&w);
    assert_true(brn_file_exists(files->paths[1]));
    brant_new_files_free(files);
    work_stop(&w);
}

/* ---- mirror ---- */

static void a_mirror_is_refused_where_there_is_none(void **state)
{
    brn_fault fault = { .hide_caps = BRN_CAP_MIRROR };
    work w;

    (void)state;
    work_start(&w, three);
    work_set(&w, "mirror", "gofr");
    w.fault = &fault;
    work_expect(
        &w, brant_up(NULL, work_open(&w), NULL, &w.err), BRANT_EUNSUPPORTED, "mirror.unsupported");
    assert_string_equal(work_query(&w, "app.db", "SELECT count(*) FROM sqlite_schema"), "0");
    work_expect(
        &w, brant_adopt(NULL, work_open(&w), "gofr", &w.err), BRANT_EUNSUPPORTED,
        "mirror.unsupported");
    work_stop(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mark_records_and_runs_nothing),
        cmocka_unit_test(a_mirror_is_refused_where_there_is_none),
        cmocka_unit_test(force_records_exactly_the_migrations_up_to_a_version),
        cmocka_unit_test(an_open_statement_waits_for_an_answer),
        cmocka_unit_test(an_answer_does_not_cover_statements_that_were_edited),
        cmocka_unit_test(an_open_statement_that_was_edited_is_not_probed),
        cmocka_unit_test(a_mark_of_a_rolled_back_migration_goes),
        cmocka_unit_test(edited_and_renamed_files_are_accepted_on_request),
        cmocka_unit_test(a_cancelled_migration_goes_on_behind_what_it_did),
        cmocka_unit_test(looking_makes_no_database),
        cmocka_unit_test(a_changed_history_is_found),
        cmocka_unit_test(nothing_pending_costs_one_query),
        cmocka_unit_test(setup_complete_builds_the_schema_and_records_all),
        cmocka_unit_test(setup_makes_an_empty_database),
        cmocka_unit_test(a_scaffold_works_and_is_never_written_over),
        cmocka_unit_test(a_new_migration_continues_the_numbers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
