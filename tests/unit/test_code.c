/* SPDX-License-Identifier: Apache-2.0 */
/* Migrations that the program brings: functions and texts, through the public API. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "support/work.h"

static const work_file files[] = {
    { "migrations/001_a.up.sql", "CREATE TABLE a (x, y);\nINSERT INTO a VALUES (1, 'one');\n" },
    { "migrations/001_a.down.sql", "DROP TABLE a;\n" },
    { "migrations/003_c.up.sql", "CREATE TABLE c (x);\n" },
    { "migrations/003_c.down.sql", "DROP TABLE c;\n" },
    { NULL, NULL },
};

static const work_file none[] = { { NULL, NULL } };

static brant_status add_row(brant_code *code, void *user, brant_error **err)
{
    brant_value values[] = { brant_value_int(2), brant_value_text("two") };
    int64_t changed = 0;
    brant_status st = brant_code_run(code, "INSERT INTO a VALUES (?, ?)", values, 2, &changed, err);

    if (user != NULL) {
        ++*(int *)user;
    }
    assert_true(st != BRANT_OK || changed == 1);
    return st;
}

static brant_status remove_row(brant_code *code, void *user, brant_error **err)
{
    brant_value value = brant_value_int(2);

    (void)user;
    return brant_code_run(code, "DELETE FROM a WHERE x = ?", &value, 1, NULL, err);
}

static brant_status fail_after_work(brant_code *code, void *user, brant_error **err)
{
    brant_status st = add_row(code, user, err);

    return st != BRANT_OK ? st : brant_code_fail(code, "the numbers do not add up", err);
}

static brant_status fail_without_a_word(brant_code *code, void *user, brant_error **err)
{
    (void)code;
    (void)user;
    (void)err;
    return BRANT_EIO;
}

static brant_status fail_with_a_bad_number(brant_code *code, void *user, brant_error **err)
{
    (void)code;
    (void)user;
    (void)err;
    return (brant_status)99;
}

static brant_status bad_statement(brant_code *code, void *user, brant_error **err)
{
    (void)user;
    return brant_code_run(code, "INSERT INTO nowhere VALUES (1)", NULL, 0, NULL, err);
}

static brant_registration registration(const char *id, brant_code_fn *up)
{
    brant_registration r = BRANT_REGISTRATION_INIT;

    r.id = id;
    r.up = up;
    return r;
}

static void add(work *w, const brant_registration *r)
{
    work_ok(w, brant_session_register(work_open(w), r, &w->err));
}

/* ---- running ---- */

static void a_function_runs_in_its_place_and_in_its_transaction(void **state)
{
    brant_registration r = registration("002_b", add_row);
    brant_report *report = NULL;
    work w;

    (void)state;
    work_start(&w, files);
    r.down = remove_row;
    add(&w, &r);
    work_ok(&w, brant_up(&report, w.session, NULL, &w.err));
    assert_string_equal(work_ids(&w, report->applied, report->applied_count), "001_a 002_b 003_c");
    assert_string_equal(report->applied[1]->kind, "code");
    assert_string_equal(report->applied[1]->file, "program:002_b");
    brant_report_free(report);
    assert_string_equal(work_query(&w, "app.db", "SELECT count(*) FROM a"), "2");
    assert_string_equal(
        work_ledger(&w, "app.db"), "001_a completed up, 002_b completed up, 003_c completed up");
    work_ok(&w, brant_up(&report, w.session, NULL, &w.err));
    assert_int_equal(report->applied_count, 0);
    brant_report_free(report);
    work_ok(&w, brant_goto(NULL, w.session, "001_a", NULL, &w.err));
    assert_string_equal(work_query(&w, "app.db", "SELECT count(*) FROM a"), "1");
    work_stop(&w);
}

static void order_of_registration_does_not_matter(void **state)
{
    static const char *const ids[] = { "3", "1", "2" };
    brant_report *report = NULL;
    work w;

    (void)state;
    work_start(&w, none);
    for (size_t i = 0; i < 3; i++) {
        brant_registration r = BRANT_REGISTRATION_INIT;
        r.id = ids[i];
        r.up_text = "SELECT 1;";
        add(&w, &r);
    }
    work_ok(&w, brant_up(&report, w.session, NULL, &w.err));
    assert_string_equal(work_ids(&w, report->applied, report->applied_count), "1 2 3");
    brant_report_free(report);
    work_stop(&w);
}

static void a_text_of_the_program_is_like_a_file(void **state)
{
    brant_registration r = BRANT_REGISTRATION_INIT;
    work w;

    (void)state;
    work_start(&w, files);
    r.id = "002_b";
    r.up_text = "-- brant: required=true\nCREATE TABLE b (x);\nINSERT INTO nowhere VALUES (1);";
    r.down_text = "DROP TABLE b;";
    add(&w, &r);
    assert_int_equal(brant_up(NULL, w.session, NULL, &w.err), BRANT_ESTATEMENT);
    assert_string_equal(brant_error_file(w.err), "program:002_b");
    assert_int_equal(brant_error_line(w.err), 3);
    work_expect(&w, BRANT_ESTATEMENT, BRANT_ESTATEMENT, "statement.failed");
    work_close(&w);
    r.up_text = "-- brant: required=true\nCREATE TABLE b (x);";
    add(&w, &r);
    work_up(&w);
    work_ok(&w, brant_goto(NULL, w.session, "001_a", NULL, &w.err));
    work_close(&w);
    work_stop(&w);
}

/* ---- failing ---- */

static const struct failure {
    const char *name;
    brant_code_fn *up;
    brant_status status;
    const char *id;
    const char *message;
} failures[] = {
    { "says why", fail_after_work, BRANT_ESTATEMENT, "code.failed", "the numbers do not add up" },
    { "says nothing", fail_without_a_word, BRANT_EIO, "code.failed", "returned io" },
    { "says nonsense", fail_with_a_bad_number, BRANT_ESTATEMENT, "code.failed", "a failure" },
    { "hands on", bad_statement, BRANT_ESTATEMENT, "statement.failed", "no such table" },
};

static void a_failed_function_leaves_nothing(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++) {
        const struct failure *c = &failures[i];
        brant_registration r = registration("002_b", c->up);
        brant_report *report = NULL;
        work w;

        work_start(&w, files);
        add(&w, &r);
        if (brant_up(&report, w.session, NULL, &w.err) != c->status ||
            strstr(brant_error_message(w.err), c->message) == NULL) {
            fail_msg("%s: %s", c->name, brant_error_message(w.err));
        }
        assert_string_equal(brant_error_migration(w.err), "002_b");
        assert_string_equal(report->failed->id, "002_b");
        brant_report_free(report);
        work_expect(&w, c->status, c->status, c->id);
        assert_string_equal(work_query(&w, "app.db", "SELECT count(*) FROM a"), "1");
        assert_string_equal(work_ledger(&w, "app.db"), "001_a completed up, 002_b failed up");
        work_stop(&w);
    }
}

/* Without a transaction it is at least once: what it did stays, and it is called again. */
static void without_a_transaction_it_is_called_again(void **state)
{
    int calls = 0;
    brant_registration r = registration("002_b", fail_after_work);
    work w;

    (void)state;
    work_start(&w, files);
    r.properties = "transaction=off";
    r.user = &calls;
    add(&w, &r);
    work_expect(&w, brant_up(NULL, w.session, NULL, &w.err), BRANT_ESTATEMENT, "code.failed");
    assert_string_equal(work_query(&w, "app.db", "SELECT count(*) FROM a"), "2");
    work_close(&w);
    r.up = add_row;
    add(&w, &r);
    work_up(&w);
    assert_int_equal(calls, 2);
    assert_string_equal(work_query(&w, "app.db", "SELECT count(*) FROM a"), "3");
    work_stop(&w);
}

/* ---- what functions can do ---- */

typedef struct seen {
    brant_code *code;
    brant_error **err;
    char text[256];
    int stop_after;
} seen;

static int note_row(const brant_row *row, void *user)
{
    seen *s = user;
    size_t used = strlen(s->text);

    assert_int_equal(brant_row_count(row), 2);
    assert_string_equal(brant_row_name(row, 1), "y");
    assert_null(brant_row_at(row, 2));
    assert_null(brant_row_text(row, 0));
    assert_int_equal(brant_row_int(row, 1), 0);
    snprintf(
        s->text + used, sizeof(s->text) - used, "%lld=%s ", (long long)brant_row_int(row, 0),
        brant_row_text(row, 1));
    return --s->stop_after == 0;
}

static brant_status look_around(brant_code *code, void *user, brant_error **err)
{
    seen *s = user;
    brant_value wrong = brant_value_null();
    brant_error *refused = NULL;
    brant_status st = add_row(code, NULL, err);

    assert_int_equal(st, BRANT_OK);
    assert_int_equal(brant_code_run(code, "SELECT ?, ?", &wrong, 1, NULL, &refused), BRANT_EUSAGE);
    assert_string_equal(brant_error_id(refused), "code.values");
    brant_error_free(refused);
    refused = NULL;
    assert_int_equal(brant_code_run(code, "COMMIT", NULL, 0, NULL, &refused), BRANT_ESTATEMENT);
    assert_string_equal(brant_error_id(refused), "statement.transaction_control");
    brant_error_free(refused);
    assert_int_equal(brant_code_run(code, NULL, NULL, 0, NULL, NULL), BRANT_EUSAGE);
    brant_code_progress(code, 1, 2, "rows");
    assert_int_equal(brant_code_check(code, err), BRANT_OK);
    return brant_code_query(code, "SELECT x, y FROM a ORDER BY x", NULL, 0, note_row, s, err);
}

static void a_function_reads_and_writes_with_values(void **state)
{
    seen all = { .stop_after = 0 };
    brant_registration r = registration("002_b", look_around);
    work w;

    (void)state;
    work_start(&w, files);
    r.user = &all;
    add(&w, &r);
    work_ok(&w, brant_up(NULL, w.session, NULL, &w.err));
    assert_string_equal(all.text, "1=one 2=two ");
    work_stop(&w);
}

static void rows_can_be_enough(void **state)
{
    seen one = { .stop_after = 1 };
    brant_registration r = registration("002_b", look_around);
    work w;

    (void)state;
    work_start(&w, files);
    r.user = &one;
    add(&w, &r);
    work_ok(&w, brant_up(NULL, w.session, NULL, &w.err));
    assert_string_equal(one.text, "1=one ");
    work_stop(&w);
}

static brant_status use_the_other(brant_code *code, void *user, brant_error **err)
{
    brant_code *other = NULL;
    brant_code *again = NULL;
    brant_status st = brant_code_database(&other, code, "events", err);

    (void)user;
    if (st == BRANT_OK) {
        st = brant_code_run(other, "CREATE TABLE log (x)", NULL, 0, NULL, err);
    }
    if (st == BRANT_OK) {
        assert_int_equal(brant_code_database(&again, code, "events", err), BRANT_OK);
        assert_ptr_equal(again, other);
        assert_int_equal(brant_code_database(&again, other, "main", err), BRANT_OK);
        assert_ptr_equal(again, code);
        assert_int_equal(brant_code_database(&again, code, "nowhere", NULL), BRANT_EUSAGE);
    }
    return st;
}

static void a_function_reaches_the_other_databases(void **state)
{
    static const char yaml[] =
        "databases:\n"
        "  main: { url: \"sqlite:app.db\", migrations: migrations }\n"
        "  events: { url: \"sqlite:events.db\", migrations: migrations/events }\n";
    static const work_file two[] = {
        { "migrations/001_a.up.sql", "CREATE TABLE a (x, y);" },
        { "migrations/events/001_e.up.sql", "CREATE TABLE e (x);" },
        { NULL, NULL },
    };
    brant_registration r = registration("002_b", use_the_other);
    work w;

    (void)state;
    work_start_project(&w, yaml, two);
    work_expect(
        &w, brant_session_register(work_open(&w), &r, &w.err), BRANT_EUSAGE,
        "session.which_database");
    r.database = "main";
    add(&w, &r);
    work_ok(&w, brant_up(NULL, w.session, NULL, &w.err));
    assert_string_equal(work_query(&w, "events.db", "SELECT count(*) FROM log"), "0");
    work_stop(&w);
}

/* ---- registering ---- */

static const struct refusal {
    const char *name;
    brant_registration r;
    const char *id;
} refusals[] = {
    { "no id", { .up = add_row }, "register.no_id" },
    { "no version", { .id = "names", .up = add_row }, "register.bad_id" },
    { "nothing", { .id = "2" }, "register.no_up" },
    { "both", { .id = "2", .up = add_row, .up_text = "x" }, "register.no_up" },
    { "mixed", { .id = "2", .up = add_row, .down_text = "x" }, "register.mixed" },
    { "mixed down", { .id = "2", .up_text = "x", .down = add_row }, "register.mixed" },
    { "revision of a text", { .id = "2", .up_text = "x", .revision = "1" }, "register.mixed" },
    { "bad property", { .id = "2", .up = add_row, .properties = "x=1" }, "directive.unknown_key" },
    { "bad directive", { .id = "2", .up_text = "-- brant: x=1\n" }, "directive.unknown_key" },
    { "unknown database",
      { .id = "2", .up = add_row, .database = "x" },
      "session.unknown_database" },
};

static void a_registration_that_cannot_be_is_refused_at_once(void **state)
{
    work w;

    (void)state;
    work_start(&w, files);
    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        brant_registration r = refusals[i].r;
        r.size = sizeof(r);
        if (brant_session_register(work_open(&w), &r, &w.err) == BRANT_OK ||
            strcmp(brant_error_id(w.err), refusals[i].id) != 0) {
            fail_msg("%s: %s", refusals[i].name, brant_error_id(w.err));
        }
        brant_error_free(w.err);
        w.err = NULL;
    }
    work_ok(&w, brant_up(NULL, w.session, NULL, &w.err));
    work_stop(&w);
}

static void what_is_there_twice_is_refused(void **state)
{
    brant_registration twice = registration("002_b", add_row);
    brant_registration of_a_file = registration("003_c", add_row);
    brant_registration same_version = registration("3_other", add_row);
    work w;

    (void)state;
    work_start(&w, files);
    add(&w, &twice);
    work_expect(
        &w, brant_session_register(w.session, &twice, &w.err), BRANT_EUSAGE, "register.duplicate");
    add(&w, &of_a_file);
    work_expect(&w, brant_up(NULL, w.session, NULL, &w.err), BRANT_EUSAGE, "layout.not_code");
    work_close(&w);
    add(&w, &same_version);
    work_expect(&w, brant_up(NULL, w.session, NULL, &w.err), BRANT_EPARSE, "layout.duplicate");
    work_stop(&w);
}

static void a_file_announces_a_function(void **state)
{
    brant_registration r = registration("002_b", add_row);
    brant_report *report = NULL;
    work w;

    (void)state;
    work_start(&w, files);
    tree_write(&w.dir, "migrations/002_b.up.sql", "-- brant: kind=code help=\"Adds a row.\"\n");
    /* Without the function it is left for somebody else, and blocks. */
    work_ok(&w, brant_up(&report, work_open(&w), NULL, &w.err));
    assert_string_equal(work_ids(&w, report->applied, report->applied_count), "001_a");
    assert_string_equal(work_ids(&w, report->skipped, report->skipped_count), "002_b 003_c");
    brant_report_free(report);
    add(&w, &r);
    work_ok(&w, brant_up(&report, w.session, NULL, &w.err));
    assert_string_equal(work_ids(&w, report->applied, report->applied_count), "002_b 003_c");
    assert_string_equal(report->applied[0]->help, "Adds a row.");
    brant_report_free(report);
    work_stop(&w);
}

static brant_status up_without_settings(const char *url, const char *dir, brant_error **err)
{
    brant_registration r = BRANT_REGISTRATION_INIT;
    brant_settings *settings = NULL;
    brant_project *project = NULL;
    brant_session *session = NULL;
    brant_status st;

    r.id = "001_a";
    r.up_text = "CREATE TABLE a (x);";
    assert_int_equal(brant_settings_new(&settings, NULL), BRANT_OK);
    assert_int_equal(
        brant_settings_set(settings, "database", url, BRANT_ORIGIN_FLAG, NULL, NULL), BRANT_OK);
    if (dir != NULL) {
        assert_int_equal(
            brant_settings_set(settings, "migrations", dir, BRANT_ORIGIN_FLAG, NULL, NULL),
            BRANT_OK);
    }
    assert_int_equal(brant_project_load(&project, settings, NULL), BRANT_OK);
    assert_int_equal(brant_session_open(&session, project, NULL, NULL), BRANT_OK);
    assert_int_equal(brant_session_register(session, &r, NULL), BRANT_OK);
    st = brant_up(NULL, session, NULL, err);
    brant_session_close(session);
    brant_project_free(project);
    brant_settings_free(settings);
    return st;
}

/* The directory may be missing when nobody asked for it. */
static void a_program_needs_no_directory(void **state)
{
    char url[TREE_PATH_BYTES + 8];
    work w;

    (void)state;
    work_start(&w, none);
    snprintf(url, sizeof(url), "sqlite:%s", tree_path(&w.dir, "other.db"));
    work_ok(&w, up_without_settings(url, NULL, &w.err));
    assert_string_equal(work_ledger(&w, "other.db"), "001_a completed up");
    work_expect(
        &w, up_without_settings(url, "no/such/directory", &w.err), BRANT_EUSAGE,
        "layout.no_directory");
    work_stop(&w);
}

/* What is recorded of a function that this program does not have is no mistake. */
static void a_function_that_is_gone_is_only_told(void **state)
{
    brant_registration r = registration("002_b", add_row);
    brant_validation *validation = NULL;
    work w;

    (void)state;
    work_start(&w, files);
    add(&w, &r);
    work_ok(&w, brant_up(NULL, w.session, NULL, &w.err));
    work_close(&w);
    work_ok(&w, brant_validate(&validation, work_open(&w), &w.err));
    assert_int_equal(validation->valid, 1);
    assert_int_equal(validation->count, 1);
    assert_string_equal(validation->findings[0]->id, "ledger.code_elsewhere");
    brant_validation_free(validation);
    work_ok(&w, brant_up(NULL, w.session, NULL, &w.err));
    work_stop(&w);
}

static void a_revision_stands_for_the_text(void **state)
{
    brant_registration r = registration("002_b", add_row);
    brant_registration again = registration("R__again", add_row);
    int calls = 0;
    work w;

    (void)state;
    work_start(&w, files);
    r.revision = "1";
    again.revision = "1";
    again.user = &calls;
    add(&w, &r);
    add(&w, &again);
    work_up(&w);
    work_up(&w);
    assert_int_equal(calls, 1);
    work_close(&w);
    again.revision = "2";
    add(&w, &r);
    add(&w, &again);
    work_up(&w);
    assert_int_equal(calls, 2);
    work_close(&w);
    r.revision = "2";
    add(&w, &r);
    add(&w, &again);
    work_expect(
        &w, brant_up(NULL, w.session, NULL, &w.err), BRANT_EDRIFT, "ledger.checksum_mismatch");
    work_stop(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_function_runs_in_its_place_and_in_its_transaction),
        cmocka_unit_test(order_of_registration_does_not_matter),
        cmocka_unit_test(a_text_of_the_program_is_like_a_file),
        cmocka_unit_test(a_failed_function_leaves_nothing),
        cmocka_unit_test(without_a_transaction_it_is_called_again),
        cmocka_unit_test(a_function_reads_and_writes_with_values),
        cmocka_unit_test(rows_can_be_enough),
        cmocka_unit_test(a_function_reaches_the_other_databases),
        cmocka_unit_test(a_registration_that_cannot_be_is_refused_at_once),
        cmocka_unit_test(what_is_there_twice_is_refused),
        cmocka_unit_test(a_file_announces_a_function),
        cmocka_unit_test(a_program_needs_no_directory),
        cmocka_unit_test(a_function_that_is_gone_is_only_told),
        cmocka_unit_test(a_revision_stands_for_the_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
