/* SPDX-License-Identifier: Apache-2.0 */
/* up, down, goto and redo through the public API, on real files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "support/work.h"

static const work_file three[] = {
    { "migrations/001_a.up.sql", "CREATE TABLE a (x);\nINSERT INTO a VALUES (1);\n" },
    { "migrations/001_a.down.sql", "DROP TABLE a;\n" },
    { "migrations/002_b.up.sql", "CREATE TABLE b (x);\n" },
    { "migrations/002_b.down.sql", "DROP TABLE b;\n" },
    { "migrations/003_c.up.sql", "CREATE TABLE c (x);\n" },
    { "migrations/003_c.down.sql", "DROP TABLE c;\n" },
    { NULL, NULL },
};

static const char *tables(work *w)
{
    return work_query(
        w, "app.db",
        "SELECT coalesce(group_concat(name, ' '), '') FROM (SELECT name FROM sqlite_schema WHERE "
        "type = 'table' AND name NOT LIKE 'brant%' AND name NOT LIKE 'sqlite%' ORDER BY name)");
}

static void break_second(work *w)
{
    tree_write(
        &w->dir, "migrations/002_b.up.sql",
        "CREATE TABLE b (x);\n\nINSERT INTO nowhere VALUES (1);\n");
}

/* ---- up and down ---- */

static void up_applies_all_and_tells_it_in_order(void **state)
{
    brant_report *report = NULL;
    work w;

    (void)state;
    work_start(&w, three);
    work_ok(&w, brant_up(&report, work_open(&w), NULL, &w.err));
    assert_string_equal(work_ids(&w, report->applied, report->applied_count), "001_a 002_b 003_c");
    assert_string_equal(report->command, "up");
    assert_int_equal(strlen(report->run_id), 32);
    assert_string_equal(report->version, "003");
    assert_null(report->previous_version);
    assert_null(report->failed);
    assert_int_equal(report->skipped_count, 0);
    assert_string_equal(report->applied[0]->status, "completed");
    assert_int_equal(report->applied[0]->statements_done, 2);
    assert_int_equal(report->applied[2]->seq, 3);
    brant_report_free(report);
    assert_string_equal(
        work_events(&w), "locked\nrun up 3\n"
                         "start 001_a up\nstatement 001_a 1\nstatement 001_a 2\nend 001_a ok\n"
                         "start 002_b up\nstatement 002_b 1\nend 002_b ok\n"
                         "start 003_c up\nstatement 003_c 1\nend 003_c ok\nrun end ok 3\n");
    assert_string_equal(tables(&w), "a b c");
    assert_string_equal(
        work_ledger(&w, "app.db"), "001_a completed up, 002_b completed up, 003_c completed up");
    assert_string_equal(work_history(&w, "app.db"), "up 001_a ok, up 002_b ok, up 003_c ok");
    /* Again: nothing, and nothing is locked. */
    work_ok(&w, brant_up(&report, w.session, NULL, &w.err));
    assert_int_equal(report->applied_count, 0);
    assert_string_equal(report->previous_version, "003");
    brant_report_free(report);
    assert_string_equal(work_events(&w), "");
    work_stop(&w);
}

static const struct move_case {
    const char *name;
    enum {
        UP,
        DOWN,
        GOTO,
        REDO
    } command;
    brant_run_options opts;
    const char *to;
    const char *before; /* version to start from; NULL: nothing applied */
    const char *applied;
    const char *after; /* tables */
    const char *version;
} move_cases[] = {
    { "up 1", UP, { .count = 1 }, NULL, NULL, "001_a", "a", "001" },
    { "up to", UP, { .to = "2" }, NULL, NULL, "001_a 002_b", "a b", "002" },
    { "up to what is there", UP, { .to = "2" }, NULL, "002", "", "a b", "002" },
    { "down", DOWN, { 0 }, NULL, "003", "003_c", "a b", "002" },
    { "down 2", DOWN, { .count = 2 }, NULL, "003", "003_c 002_b", "a", "001" },
    { "down to", DOWN, { .to = "001_a" }, NULL, "003", "003_c 002_b", "a", "001" },
    { "down all", DOWN, { .all = 1 }, NULL, "003", "003_c 002_b 001_a", "", NULL },
    { "down of nothing", DOWN, { 0 }, NULL, NULL, "", "", NULL },
    { "goto up", GOTO, { 0 }, "2", NULL, "001_a 002_b", "a b", "002" },
    { "goto down", GOTO, { 0 }, "1", "003", "003_c 002_b", "a", "001" },
    { "goto here", GOTO, { 0 }, "2", "002", "", "a b", "002" },
    { "redo", REDO, { 0 }, NULL, "002", "002_b 002_b", "a b", "002" },
    { "redo of nothing", REDO, { 0 }, NULL, NULL, "", "", NULL },
};

static brant_status move(work *w, const struct move_case *c, int dry_run, brant_report **report)
{
    brant_run_options opts = c->opts;

    opts.size = sizeof(opts);
    opts.dry_run = dry_run;
    switch (c->command) {
    case UP:
        return brant_up(report, work_open(w), &opts, &w->err);
    case DOWN:
        return brant_down(report, work_open(w), &opts, &w->err);
    case GOTO:
        return brant_goto(report, work_open(w), c->to, &opts, &w->err);
    case REDO:
        return brant_redo(report, work_open(w), &opts, &w->err);
    }
    return BRANT_EINTERNAL;
}

static void start_at(work *w, const char *version)
{
    brant_run_options opts = BRANT_RUN_OPTIONS_INIT;

    work_start(w, three);
    opts.to = version;
    if (version != NULL) {
        work_ok(w, brant_up(NULL, work_open(w), &opts, &w->err));
    }
}

static void moves_end_where_they_should(void **state)
{
    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(move_cases); i++) {
        const struct move_case *c = &move_cases[i];
        brant_report *report = NULL;
        work w;

        start_at(&w, c->before);
        work_ok(&w, move(&w, c, 0, &report));
        if (strcmp(work_ids(&w, report->applied, report->applied_count), c->applied) != 0) {
            fail_msg(
                "%s: applied %s", c->name, work_ids(&w, report->applied, report->applied_count));
        }
        if ((report->version == NULL) != (c->version == NULL) ||
            (c->version != NULL && strcmp(report->version, c->version) != 0)) {
            fail_msg("%s: version %s", c->name, report->version);
        }
        brant_report_free(report);
        if (strcmp(tables(&w), c->after) != 0) {
            fail_msg("%s: tables %s", c->name, tables(&w));
        }
        work_stop(&w);
    }
}

static void a_dry_run_shows_the_same_and_changes_nothing(void **state)
{
    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(move_cases); i++) {
        const struct move_case *c = &move_cases[i];
        brant_report *report = NULL;
        char before[512];
        work w;

        start_at(&w, c->before);
        if (c->before != NULL) {
            (void)snprintf(before, sizeof(before), "%s", work_history(&w, "app.db"));
        }
        work_ok(&w, move(&w, c, 1, &report));
        if (strcmp(work_ids(&w, report->applied, report->applied_count), c->applied) != 0) {
            fail_msg(
                "%s: applied %s", c->name, work_ids(&w, report->applied, report->applied_count));
        }
        brant_report_free(report);
        if (c->before == NULL) {
            assert_false(brn_file_exists(tree_path(&w.dir, "app.db")));
        } else {
            assert_string_equal(work_history(&w, "app.db"), before);
            assert_string_equal(
                work_query(
                    &w, "app.db",
                    "SELECT count(*) FROM brant_migrations WHERE status <> 'completed'"),
                "0");
        }
        /* The session can be used for the real thing afterwards. */
        work_ok(&w, move(&w, c, 0, NULL));
        if (c->before != NULL || c->command == UP || c->command == GOTO) {
            assert_string_equal(tables(&w), c->after);
        }
        work_stop(&w);
    }
}

static void undone_and_applied_again_counts_on(void **state)
{
    work w;

    (void)state;
    start_at(&w, "002");
    work_ok(&w, brant_redo(NULL, work_open(&w), NULL, &w.err));
    assert_string_equal(
        work_history(&w, "app.db"), "up 001_a ok, up 002_b ok, down 002_b ok, up 002_b ok");
    assert_string_equal(
        work_query(
            &w, "app.db",
            "SELECT group_concat(seq) FROM (SELECT seq FROM brant_migrations ORDER BY id)"),
        "1,3");
    work_stop(&w);
}

/* ---- failures ---- */

static void a_failure_is_rolled_back_recorded_and_reported(void **state)
{
    brant_report *report = NULL;
    work w;

    (void)state;
    work_start(&w, three);
    break_second(&w);
    assert_int_equal(brant_up(&report, work_open(&w), NULL, &w.err), BRANT_ESTATEMENT);
    assert_string_equal(brant_error_migration(w.err), "002_b");
    assert_string_equal(brant_error_database(w.err), "main");
    assert_non_null(strstr(brant_error_file(w.err), "migrations/002_b.up.sql"));
    assert_int_equal(brant_error_line(w.err), 3);
    assert_int_equal(brant_error_column(w.err), 1);
    assert_non_null(strstr(brant_error_statement(w.err), "nowhere"));
    assert_string_equal(work_ids(&w, report->applied, report->applied_count), "001_a");
    assert_non_null(report->failed);
    assert_string_equal(report->failed->id, "002_b");
    assert_string_equal(report->failed->status, "failed");
    assert_non_null(strstr(report->failed->error, "nowhere"));
    assert_int_equal(report->failed->statements_done, 0);
    assert_string_equal(report->version, "001");
    brant_report_free(report);
    work_expect(&w, BRANT_OK, BRANT_OK, NULL);
    assert_int_equal(work_count(&w, "end 002_b statement"), 1);
    assert_int_equal(work_count(&w, "run end statement 1"), 1);
    assert_string_equal(tables(&w), "a");
    assert_string_equal(work_ledger(&w, "app.db"), "001_a completed up, 002_b failed up");
    assert_string_equal(work_history(&w, "app.db"), "up 001_a ok, up 002_b failed");
    /* Mended, it runs. */
    tree_write(&w.dir, "migrations/002_b.up.sql", "CREATE TABLE b (x);\n");
    work_up(&w);
    assert_int_equal(work_count(&w, "notice resume.again"), 1);
    assert_string_equal(tables(&w), "a b c");
    assert_string_equal(
        work_history(&w, "app.db"), "up 001_a ok, up 002_b failed, up 002_b ok, up 003_c ok");
    work_stop(&w);
}

static void a_failed_undo_leaves_it_applied(void **state)
{
    brant_report *report = NULL;
    work w;

    (void)state;
    start_at(&w, "002");
    tree_write(&w.dir, "migrations/002_b.down.sql", "DROP TABLE b;\nDROP TABLE nowhere;\n");
    work_expect(&w, brant_down(&report, work_open(&w), NULL, &w.err), BRANT_ESTATEMENT, NULL);
    assert_int_equal(report->applied_count, 0);
    assert_string_equal(report->failed->direction, "down");
    assert_string_equal(report->version, "002");
    brant_report_free(report);
    assert_string_equal(tables(&w), "a b");
    assert_string_equal(work_ledger(&w, "app.db"), "001_a completed up, 002_b failed down");
    tree_write(&w.dir, "migrations/002_b.down.sql", "DROP TABLE b;\n");
    work_ok(&w, brant_down(NULL, w.session, NULL, &w.err));
    assert_string_equal(tables(&w), "a");
    assert_string_equal(work_ledger(&w, "app.db"), "001_a completed up");
    work_stop(&w);
}

static void a_mistake_in_the_last_file_is_found_before_the_first_runs(void **state)
{
    static const struct mistake {
        const char *name;
        const char *text;
        const char *id;
    } mistakes[] = {
        { "an open string", "INSERT INTO a VALUES ('x);\n", NULL },
        { "a transaction without an end", "BEGIN;\nCREATE TABLE c (x);\n",
          "transaction.unbalanced" },
        { "a statement that cannot run here", "VACUUM;\n", "transaction.alone" },
        { "an unset placeholder", "-- brant: placeholders=on\nCREATE TABLE ${NO_SUCH} (x);\n",
          NULL },
    };

    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(mistakes); i++) {
        work w;

        work_start(&w, three);
        tree_write(&w.dir, "migrations/003_c.up.sql", mistakes[i].text);
        if (brant_up(NULL, work_open(&w), NULL, &w.err) == BRANT_OK) {
            fail_msg("%s: no error", mistakes[i].name);
        }
        if (brant_error_line(w.err) == 0 || brant_error_migration(w.err) == NULL) {
            fail_msg("%s: no place: %s", mistakes[i].name, brant_error_message(w.err));
        }
        assert_non_null(strstr(brant_error_file(w.err), "003_c.up.sql"));
        if (brn_file_exists(tree_path(&w.dir, "app.db"))) {
            fail_msg("%s: something ran", mistakes[i].name);
        }
        work_stop(&w);
    }
}

static void options_that_the_library_does_not_know_are_refused(void **state)
{
    struct newer {
        brant_run_options known;
        int unknown;
    } opts = { .known = { .size = sizeof(struct newer) }, .unknown = 1 };
    brant_report *report = NULL;
    work w;

    (void)state;
    work_start(&w, three);
    work_expect(
        &w, brant_up(&report, work_open(&w), &opts.known, &w.err), BRANT_EUSAGE, "options.newer");
    assert_null(report);
    opts.known.size = 0;
    work_expect(
        &w, brant_up(&report, work_open(&w), &opts.known, &w.err), BRANT_EUSAGE, "options.size");
    opts.known.size = sizeof(opts);
    opts.unknown = 0;
    work_ok(&w, brant_up(&report, work_open(&w), &opts.known, &w.err));
    assert_int_equal(report->applied_count, 3);
    brant_report_free(report);
    work_stop(&w);
}

/* ---- being told to stop ---- */

/* Cancels with the first event whose kept line is hook_user. */
static void cancel_at(work *w, const brant_event *ev)
{
    (void)ev;
    if (w->hook_user != NULL && work_count(w, w->hook_user) > 0) {
        w->hook_user = NULL;
        brant_session_cancel(w->session);
    }
}

static const struct cancel_case {
    const char *at;
    const char *tx;
    const char *applied;
    const char *tables;
    const char *ledger;
} cancel_cases[] = {
    { "statement 001_a 1", "each", "", "", "" },
    { "end 001_a ok", "each", "001_a", "a", "001_a completed up" },
    { "statement 002_b 1", "each", "001_a 002_b", "a b", "001_a completed up, 002_b completed up" },
    { "statement 001_a 1", "all", "", "", "" },
    { "start 002_b up", "all", "", "", "" },
    { "statement 002_b 1", "all", "", "", "" },
    { "statement 003_c 1", "all", "001_a 002_b 003_c", "a b c",
      "001_a completed up, 002_b completed up, 003_c completed up" },
};

static void a_run_that_is_cancelled_leaves_whole_migrations_and_no_marks(void **state)
{
    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(cancel_cases); i++) {
        const struct cancel_case *c = &cancel_cases[i];
        brant_report *report = NULL;
        work w;
        brant_status st;

        work_start(&w, three);
        work_set(&w, "tx", c->tx);
        w.hook = cancel_at;
        w.hook_user = (void *)(uintptr_t)c->at;
        st = brant_up(&report, work_open(&w), NULL, &w.err);
        if (st != BRANT_ECANCELLED && st != BRANT_OK) {
            fail_msg("%s/%s: %s", c->at, c->tx, brant_error_message(w.err));
        }
        if (strcmp(work_ids(&w, report->applied, report->applied_count), c->applied) != 0) {
            fail_msg(
                "%s/%s: applied %s", c->at, c->tx,
                work_ids(&w, report->applied, report->applied_count));
        }
        assert_null(report->failed);
        brant_report_free(report);
        if (strcmp(tables(&w), c->tables) != 0) {
            fail_msg("%s/%s: tables %s", c->at, c->tx, tables(&w));
        }
        if (strcmp(work_ledger(&w, "app.db"), c->ledger) != 0) {
            fail_msg("%s/%s: ledger %s", c->at, c->tx, work_ledger(&w, "app.db"));
        }
        brant_error_free(w.err);
        w.err = NULL;
        /* The session is as good as before. */
        w.hook = NULL;
        if (st == BRANT_ECANCELLED) {
            work_up(&w);
            assert_string_equal(tables(&w), "a b c");
        }
        work_stop(&w);
    }
}

/* ---- --tx all ---- */

static void all_in_one_transaction_or_nothing(void **state)
{
    brant_report *report = NULL;
    work w;

    (void)state;
    work_start(&w, three);
    work_set(&w, "tx", "all");
    break_second(&w);
    work_expect(&w, brant_up(&report, work_open(&w), NULL, &w.err), BRANT_ESTATEMENT, NULL);
    assert_int_equal(report->applied_count, 0);
    assert_string_equal(report->failed->id, "002_b");
    assert_null(report->version);
    brant_report_free(report);
    assert_int_equal(work_count(&w, "end 001_a ok"), 0);
    assert_string_equal(tables(&w), "");
    assert_string_equal(work_ledger(&w, "app.db"), "002_b failed up");
    assert_string_equal(work_history(&w, "app.db"), "up 002_b failed");
    tree_write(&w.dir, "migrations/002_b.up.sql", "CREATE TABLE b (x);\n");
    work_ok(&w, brant_up(&report, w.session, NULL, &w.err));
    assert_int_equal(report->applied_count, 3);
    brant_report_free(report);
    assert_int_equal(work_count(&w, "end 001_a ok"), 1);
    assert_string_equal(tables(&w), "a b c");
    work_stop(&w);
}

/* The second one is refused only when its turn comes. */
static void all_in_one_transaction_is_rolled_back_by_a_refusal(void **state)
{
    brant_report *report = NULL;
    work w;

    (void)state;
    work_start(&w, three);
    break_second(&w);
    work_expect(&w, brant_up(NULL, work_open(&w), NULL, &w.err), BRANT_ESTATEMENT, NULL);
    work_exec(&w, "app.db", "DROP TABLE a; DELETE FROM brant_migrations WHERE id = '001_a'");
    work_close(&w);
    work_set(&w, "tx", "all");
    work_set(&w, "on-dirty", "refuse");
    work_expect(&w, brant_up(&report, work_open(&w), NULL, &w.err), BRANT_EDIRTY, "dirty.refused");
    assert_int_equal(report->applied_count, 0);
    assert_null(report->version);
    brant_report_free(report);
    assert_string_equal(tables(&w), "");
    assert_string_equal(work_ledger(&w, "app.db"), "002_b failed up");
    work_stop(&w);
}

static void what_cannot_share_a_transaction_is_refused_before_anything_runs(void **state)
{
    static const char *const texts[] = {
        "-- brant: transaction=off\nCREATE TABLE c (x);\n",
        "BEGIN;\nCREATE TABLE c (x);\nCOMMIT;\n",
        "-- brant: foreign-keys=off\nCREATE TABLE c (x);\n",
        "PRAGMA foreign_keys = off;\nCREATE TABLE c (x);\n",
    };

    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(texts); i++) {
        work w;

        work_start(&w, three);
        work_set(&w, "tx", "all");
        tree_write(&w.dir, "migrations/003_c.up.sql", texts[i]);
        work_expect(
            &w, brant_up(NULL, work_open(&w), NULL, &w.err), BRANT_EUSAGE, "transaction.all");
        assert_false(brn_file_exists(tree_path(&w.dir, "app.db")));
        work_stop(&w);
    }
}

/* ---- after a failure ---- */

static void on_dirty_refuse_names_the_last_good_version(void **state)
{
    work w;

    (void)state;
    work_start(&w, three);
    break_second(&w);
    work_set(&w, "on-dirty", "refuse");
    work_expect(&w, brant_up(NULL, work_open(&w), NULL, &w.err), BRANT_ESTATEMENT, NULL);
    assert_int_equal(brant_up(NULL, w.session, NULL, &w.err), BRANT_EDIRTY);
    assert_non_null(strstr(brant_error_message(w.err), "dirty at version 002"));
    assert_non_null(strstr(brant_error_hint(w.err), "brant force 001"));
    work_expect(&w, BRANT_EDIRTY, BRANT_EDIRTY, "dirty.refused");
    assert_string_equal(work_ledger(&w, "app.db"), "001_a completed up, 002_b failed up");
    work_stop(&w);
}

static void on_dirty_accept_takes_it_as_applied(void **state)
{
    static const char *const modes[] = { "each", "all", "none" };

    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(modes); i++) {
        brant_report *report = NULL;
        work w;

        work_start(&w, three);
        break_second(&w);
        work_set(&w, "on-dirty", "accept");
        work_expect(&w, brant_up(NULL, work_open(&w), NULL, &w.err), BRANT_ESTATEMENT, NULL);
        work_close(&w);
        work_set(&w, "tx", modes[i]);
        work_ok(&w, brant_up(&report, work_open(&w), NULL, &w.err));
        assert_string_equal(work_ids(&w, report->applied, report->applied_count), "002_b 003_c");
        brant_report_free(report);
        assert_int_equal(work_count(&w, "warning dirty.accepted"), 1);
        assert_string_equal(
            work_ledger(&w, "app.db"),
            "001_a completed up, 002_b completed up, 003_c completed up");
        assert_string_equal(tables(&w), "a c");
        work_stop(&w);
    }
}

/* ---- several databases ---- */

static const char two_databases[] = "databases:\n"
                                    "  main: { url: \"sqlite:app.db\", migrations: main }\n"
                                    "  events: { url: \"sqlite:events.db\", migrations: events }\n";

static const work_file crossing[] = {
    { "main/1_a.up.sql", "CREATE TABLE a (x);\n" },
    { "main/1_a.down.sql", "DROP TABLE a;\n" },
    { "main/2_b.up.sql", "-- brant: requires=1_a,events:1_x\nCREATE TABLE b (x);\n" },
    { "main/2_b.down.sql", "DROP TABLE b;\n" },
    { "events/1_x.up.sql", "-- brant: requires=main:1_a\nCREATE TABLE x (x);\n" },
    { "events/1_x.down.sql", "DROP TABLE x;\n" },
    { NULL, NULL },
};

static void two_databases_are_migrated_in_one_order(void **state)
{
    brant_run_options all = BRANT_RUN_OPTIONS_INIT;
    brant_report *report = NULL;
    brant_overview *overview = NULL;
    work w;

    (void)state;
    work_start_project(&w, two_databases, crossing);
    work_ok(&w, brant_up(&report, work_open(&w), NULL, &w.err));
    assert_string_equal(work_ids(&w, report->applied, report->applied_count), "1_a 1_x 2_b");
    assert_string_equal(report->applied[1]->database, "events");
    assert_string_equal(report->applied[2]->requires[1], "events:1_x");
    brant_report_free(report);
    work_ok(&w, brant_look(&overview, w.session, &w.err));
    assert_int_equal(overview->count, 2);
    assert_string_equal(overview->databases[0]->version, "2");
    assert_string_equal(overview->databases[1]->version, "1");
    assert_string_equal(overview->databases[1]->state, "current");
    brant_overview_free(overview);
    assert_string_equal(
        work_query(&w, "app.db", "SELECT requires FROM brant_migrations WHERE id = '2_b'"),
        "1_a,events:1_x");
    all.all = 1;
    work_ok(&w, brant_down(&report, w.session, &all, &w.err));
    assert_string_equal(work_ids(&w, report->applied, report->applied_count), "2_b 1_x 1_a");
    brant_report_free(report);
    assert_string_equal(work_ledger(&w, "app.db"), "");
    assert_string_equal(work_ledger(&w, "events.db"), "");
    work_stop(&w);
}

static void one_transaction_cannot_span_databases(void **state)
{
    work w;

    (void)state;
    work_start_project(&w, two_databases, crossing);
    work_set(&w, "tx", "all");
    work_expect(&w, brant_up(NULL, work_open(&w), NULL, &w.err), BRANT_EUSAGE, "transaction.all");
    work_stop(&w);
}

/* ---- plans ---- */

/* "1-3 t1, 4 -": segments of the only step, each with its transaction. */
static void segments_text(char out[256], const brant_plan *plan)
{
    const brant_plan_step *step = plan->steps[0];
    size_t len = 0;

    out[0] = '\0';
    assert_int_equal(plan->count, 1);
    for (size_t i = 0; i < step->segment_count && len < 200; i++) {
        const brant_plan_segment *segment = step->segments[i];
        len += (size_t)snprintf(
            &out[len], 256 - len, i > 0 ? ", %u-%u t%u" : "%u-%u t%u", segment->first,
            segment->last, segment->transaction);
    }
}

#define OFF "-- brant: transaction=off\n"

static const struct {
    const char *text;
    const char *segments;
} segment_cases[] = {
    { "CREATE TABLE a (x); INSERT INTO a VALUES (1); DROP TABLE a;", "1-3 t1" },
    { OFF "CREATE TABLE a (x); VACUUM; INSERT INTO a VALUES (1); DROP TABLE a;",
      "1-1 t1, 2-2 t0, 3-3 t2, 4-4 t3" },
    { OFF "VACUUM; VACUUM;", "1-1 t0, 2-2 t0" },
    { "CREATE TABLE a (x); BEGIN; INSERT INTO a VALUES (1); INSERT INTO a VALUES (2); COMMIT; "
      "DROP TABLE a;",
      "1-1 t1, 2-5 t2, 6-6 t3" },
    { "PRAGMA foreign_keys = OFF; CREATE TABLE a (x); CREATE TABLE b (x); "
      "PRAGMA foreign_keys = ON;",
      "2-3 t1" },
    { "-- nothing", "" },
};

static void a_plan_says_what_takes_effect_together(void **state)
{
    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(segment_cases); i++) {
        work_file files[] = { { "migrations/1_a.up.sql", segment_cases[i].text }, { NULL, NULL } };
        char segments[256];
        brant_plan *plan = NULL;
        work w;
        work_start(&w, files);
        work_ok(&w, brant_plan_up(&plan, work_open(&w), NULL, &w.err));
        segments_text(segments, plan);
        assert_string_equal(segments, segment_cases[i].segments);
        brant_plan_free(plan);
        work_close(&w);
        work_stop(&w);
    }
}

/* What an earlier run has done is in no segment. */
static void a_plan_has_the_segments_that_are_left(void **state)
{
    work_file files[] = {
        { "migrations/1_a.up.sql", OFF
          "CREATE TABLE a (x); INSERT INTO a VALUES (1); INSERT INTO later VALUES (1); VACUUM;" },
        { NULL, NULL }
    };
    char segments[256];
    brant_plan *plan = NULL;
    work w;

    (void)state;
    work_start(&w, files);
    assert_int_equal(brant_up(NULL, work_open(&w), NULL, NULL), BRANT_ESTATEMENT);
    work_ok(&w, brant_plan_up(&plan, work_open(&w), NULL, &w.err));
    assert_int_equal(plan->steps[0]->resume_after, 2);
    segments_text(segments, plan);
    assert_string_equal(segments, "3-3 t1, 4-4 t0");
    brant_plan_free(plan);
    work_close(&w);
    work_stop(&w);
}

/* ---- documents ---- */

static void documents_outlive_session_and_project(void **state)
{
    brant_report *report = NULL;
    brant_overview *overview = NULL;
    brant_history *history = NULL;
    brant_validation *validation = NULL;
    brant_ping_result *ping = NULL;
    brant_locks *locks = NULL;
    brant_plan *plan = NULL;
    work w;

    (void)state;
    work_start(&w, three);
    work_ok(&w, brant_plan_up(&plan, work_open(&w), NULL, &w.err));
    work_ok(&w, brant_up(&report, work_open(&w), NULL, &w.err));
    tree_write(&w.dir, "migrations/001_a.up.sql", "CREATE TABLE a (y);\n");
    work_ok(&w, brant_look(&overview, w.session, &w.err));
    work_ok(&w, brant_history_read(&history, w.session, 1, &w.err));
    work_ok(&w, brant_validate(&validation, w.session, &w.err));
    work_ok(&w, brant_ping(&ping, w.session, &w.err));
    work_ok(&w, brant_lock_status(&locks, w.session, &w.err));
    work_close(&w);
    assert_string_equal(plan->steps[0]->migration->database, "main");
    assert_non_null(strstr(plan->steps[0]->statements[0]->file, "001_a.up.sql"));
    assert_string_equal(report->applied[0]->database, "main");
    assert_string_equal(overview->databases[0]->name, "main");
    assert_non_null(strstr(overview->databases[0]->url, "app.db"));
    assert_string_equal(overview->databases[0]->engine, "sqlite");
    assert_string_equal(overview->databases[0]->lock.database, "main");
    assert_string_equal(overview->findings[0]->database, "main");
    assert_string_equal(history->entries[0]->database, "main");
    assert_string_equal(validation->findings[0]->database, "main");
    assert_string_equal(ping->databases[0]->database, "main");
    assert_non_null(strstr(ping->databases[0]->url, "app.db"));
    assert_string_equal(ping->databases[0]->engine, "sqlite");
    assert_string_equal(locks->locks[0]->database, "main");
    brant_plan_free(plan);
    brant_report_free(report);
    brant_overview_free(overview);
    brant_history_free(history);
    brant_validation_free(validation);
    brant_ping_free(ping);
    brant_locks_free(locks);
    work_stop(&w);
}

static void a_start_up_with_auto_migrate_off_touches_nothing(void **state)
{
    brant_run_options opts = BRANT_RUN_OPTIONS_INIT;
    brant_report *report = NULL;
    work w;

    (void)state;
    work_start(&w, three);
    work_set(&w, "auto-migrate", "false");
    opts.startup = 1;
    work_ok(&w, brant_up(&report, work_open(&w), &opts, &w.err));
    assert_int_equal(report->disabled, 1);
    assert_int_equal(report->applied_count, 0);
    brant_report_free(report);
    assert_int_equal(work_count(&w, "notice run.auto_migrate_off"), 1);
    assert_false(brn_file_exists(tree_path(&w.dir, "app.db")));
    work_up(&w);
    assert_string_equal(tables(&w), "a b c");
    work_stop(&w);
}

static void a_warning_is_given_once(void **state)
{
    work w;

    (void)state;
    start_at(&w, "001");
    work_exec(
        &w, "app.db",
        "CREATE TEMP TABLE t AS SELECT * FROM brant_migrations;"
        "UPDATE t SET id = '009_new', version = '009', seq = 9;"
        "INSERT INTO brant_migrations SELECT * FROM t");
    (void)work_events(&w);
    work_up(&w);
    assert_int_equal(work_count(&w, "warning ledger.newer_migration"), 1);
    work_stop(&w);
}

/* ---- a manual migration ---- */

static void a_manual_one_waits_for_its_mark(void **state)
{
    static const char *const id[] = { "002_b" };
    brant_report *report = NULL;
    work w;

    (void)state;
    work_start(&w, three);
    tree_write(
        &w.dir, "migrations/002_b.up.sql", "-- brant: kind=manual help=\"ask Ann\"\nSELECT 1;\n");
    work_ok(&w, brant_up(&report, work_open(&w), NULL, &w.err));
    assert_string_equal(work_ids(&w, report->applied, report->applied_count), "001_a");
    assert_string_equal(work_ids(&w, report->skipped, report->skipped_count), "002_b 003_c");
    assert_string_equal(report->skipped[0]->help, "ask Ann");
    brant_report_free(report);
    assert_int_equal(work_count(&w, "notice run.manual"), 1);
    assert_string_equal(work_ledger(&w, "app.db"), "001_a completed up, 002_b running up");
    work_ok(&w, brant_mark(NULL, w.session, id, 1, 0, &w.err));
    work_ok(&w, brant_up(&report, w.session, NULL, &w.err));
    assert_string_equal(work_ids(&w, report->applied, report->applied_count), "003_c");
    brant_report_free(report);
    work_stop(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(up_applies_all_and_tells_it_in_order),
        cmocka_unit_test(moves_end_where_they_should),
        cmocka_unit_test(a_dry_run_shows_the_same_and_changes_nothing),
        cmocka_unit_test(undone_and_applied_again_counts_on),
        cmocka_unit_test(a_failure_is_rolled_back_recorded_and_reported),
        cmocka_unit_test(a_failed_undo_leaves_it_applied),
        cmocka_unit_test(a_mistake_in_the_last_file_is_found_before_the_first_runs),
        cmocka_unit_test(options_that_the_library_does_not_know_are_refused),
        cmocka_unit_test(a_run_that_is_cancelled_leaves_whole_migrations_and_no_marks),
        cmocka_unit_test(all_in_one_transaction_or_nothing),
        cmocka_unit_test(all_in_one_transaction_is_rolled_back_by_a_refusal),
        cmocka_unit_test(what_cannot_share_a_transaction_is_refused_before_anything_runs),
        cmocka_unit_test(on_dirty_refuse_names_the_last_good_version),
        cmocka_unit_test(on_dirty_accept_takes_it_as_applied),
        cmocka_unit_test(two_databases_are_migrated_in_one_order),
        cmocka_unit_test(one_transaction_cannot_span_databases),
        cmocka_unit_test(a_plan_says_what_takes_effect_together),
        cmocka_unit_test(a_plan_has_the_segments_that_are_left),
        cmocka_unit_test(documents_outlive_session_and_project),
        cmocka_unit_test(a_start_up_with_auto_migrate_off_touches_nothing),
        cmocka_unit_test(a_warning_is_given_once),
        cmocka_unit_test(a_manual_one_waits_for_its_mark),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
