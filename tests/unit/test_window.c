/* SPDX-License-Identifier: Apache-2.0 */
/* Several migrations handed to the engine together: what a user observes must not depend on it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "support/work.h"

#define BOUNDARIES_MAX 200

static const work_file five[] = {
    { "migrations/001_a.up.sql", "CREATE TABLE a (x);\nINSERT INTO a VALUES (1);\n" },
    { "migrations/001_a.down.sql", "DROP TABLE a;\n" },
    { "migrations/002_b.up.sql", "CREATE TABLE b (x);\n" },
    { "migrations/002_b.down.sql", "DROP TABLE b;\n" },
    { "migrations/003_c.up.sql", "CREATE TABLE c (x);\n" },
    { "migrations/003_c.down.sql", "DROP TABLE c;\n" },
    { "migrations/004_d.up.sql", "CREATE TABLE d (x);\nINSERT INTO d VALUES (4);\n" },
    { "migrations/004_d.down.sql", "DROP TABLE d;\n" },
    { "migrations/005_e.up.sql", "INSERT INTO a VALUES (5);\n" },
    { "migrations/005_e.down.sql", "DELETE FROM a WHERE x = 5;\n" },
    { NULL, NULL },
};

static const char *all_tables = "SELECT group_concat(name, ' ') FROM (SELECT name FROM "
                                "sqlite_schema WHERE type = 'table' AND length(name) = 1 "
                                "ORDER BY name)";
static const char *all_done = "001_a completed up, 002_b completed up, 003_c completed up, "
                              "004_d completed up, 005_e completed up";

static void expect_all(work *w)
{
    assert_string_equal(work_query(w, "app.db", all_tables), "a b c d");
    assert_string_equal(work_query(w, "app.db", "SELECT group_concat(x) FROM a"), "1,5");
    assert_string_equal(work_query(w, "app.db", "SELECT group_concat(x) FROM d"), "4");
    assert_string_equal(work_ledger(w, "app.db"), all_done);
    assert_string_equal(
        work_query(
            w, "app.db",
            "SELECT group_concat(substr(id, 1, 3)) FROM (SELECT id FROM brant_migrations "
            "ORDER BY seq)"),
        "001,002,003,004,005");
}

static const brn_fault_kind kinds[] = { BRN_FAULT_FAIL, BRN_FAULT_DROP, BRN_FAULT_PASSING,
                                        BRN_FAULT_LOSE };

static void events_are_those_of_one_by_one(void **state)
{
    brn_fault together = { .window = 3 };
    char expected[2000];
    work w;

    (void)state;
    work_start(&w, five);
    work_up(&w);
    (void)snprintf(expected, sizeof(expected), "%s", work_events(&w));
    work_stop(&w);
    work_start(&w, five);
    w.fault = &together;
    work_up(&w);
    assert_string_equal(work_events(&w), expected);
    expect_all(&w);
    work_stop(&w);
}

static void undone_together(void **state)
{
    brn_fault together = { .window = 10 };
    brant_run_options all = BRANT_RUN_OPTIONS_INIT;
    work w;

    (void)state;
    work_start(&w, five);
    w.fault = &together;
    work_up(&w);
    all.all = 1;
    work_ok(&w, brant_down(NULL, w.session, &all, &w.err));
    assert_string_equal(work_ledger(&w, "app.db"), "");
    assert_string_equal(work_query(&w, "app.db", all_tables), "");
    work_up(&w);
    expect_all(&w);
    work_stop(&w);
}

/* A failure at every boundary: what is before it stays, and the next run ends well. */
static void interrupted_anywhere_it_goes_on(void **state)
{
    (void)state;
    for (size_t k = 0; k < BRN_ARRAY_LEN(kinds); k++) {
        /* What passes, and a loss, pauses before it is tried again. */
        uint64_t stride = kinds[k] == BRN_FAULT_PASSING || kinds[k] == BRN_FAULT_LOSE ? 9 : 2;
        bool reached = true;

        for (uint64_t at = 1; reached && at < BOUNDARIES_MAX; at += stride) {
            brn_fault fault = { .kind = kinds[k], .at = at, .window = 3 };
            brant_status st;
            work w;

            work_start(&w, five);
            w.fault = &fault;
            st = brant_up(NULL, work_open(&w), NULL, &w.err);
            reached = fault.boundaries >= at;
            brant_error_free(w.err);
            w.err = NULL;
            work_close(&w);
            w.fault = NULL;
            if (st != BRANT_OK || !reached) {
                work_up(&w);
            }
            expect_all(&w);
            work_stop(&w);
        }
        assert_false(reached);
    }
}

/* Not the first boundaries: what makes the ledger and announces the first is written alone. */
static void what_passes_is_tried_again(void **state)
{
    (void)state;
    for (size_t i = 0;; i += 5) {
        brn_fault fault = { .kind = BRN_FAULT_PASSING, .at = 20 + i, .window = 4 };
        work w;

        work_start(&w, five);
        w.fault = &fault;
        work_ok(&w, brant_up(NULL, work_open(&w), NULL, &w.err));
        expect_all(&w);
        if (fault.boundaries <= fault.at) { /* nothing is behind the last */
            assert_true(i > 20);
            work_stop(&w);
            break;
        }
        assert_int_equal(work_count(&w, "warning statement.retry"), 1);
        assert_int_equal(work_count(&w, "start 003_c up"), 1);
        work_stop(&w);
    }
}

/* Statements that have each been committed by themselves, in a file and without transactions. */
static const work_file outside[] = {
    { "migrations/001_a.up.sql", "CREATE TABLE a (x);\n" },
    { "migrations/002_b.up.sql", "-- brant: transaction=off\nINSERT INTO a VALUES (1);\n"
                                 "INSERT INTO a VALUES (2);\nINSERT INTO a VALUES (3);\n" },
    { "migrations/003_c.up.sql",
      "CREATE TABLE b (x);\nINSERT INTO b VALUES (1);\nINSERT INTO b VALUES (2);\n" },
    { NULL, NULL },
};

static void what_is_committed_is_not_repeated(void **state)
{
    static const char *const tx[] = { "each", "none" };

    (void)state;
    for (size_t k = 0; k < BRN_ARRAY_LEN(tx); k++) {
        bool reached = true;

        for (uint64_t at = 1 + k; reached && at < BOUNDARIES_MAX; at += 3) {
            brn_fault fault = { .kind = BRN_FAULT_LOSE, .at = at, .window = 3 };
            brant_status st;
            work w;

            work_start(&w, outside);
            w.fault = &fault;
            work_set(&w, "tx", tx[k]);
            st = brant_up(NULL, work_open(&w), NULL, &w.err);
            reached = fault.boundaries >= at;
            brant_error_free(w.err);
            w.err = NULL;
            work_close(&w);
            w.fault = NULL;
            if (st != BRANT_OK) {
                work_up(&w);
            }
            assert_string_equal(work_query(&w, "app.db", "SELECT group_concat(x) FROM a"), "1,2,3");
            assert_string_equal(work_query(&w, "app.db", "SELECT group_concat(x) FROM b"), "1,2");
            work_stop(&w);
        }
        assert_false(reached);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_are_those_of_one_by_one),
        cmocka_unit_test(undone_together),
        cmocka_unit_test(interrupted_anywhere_it_goes_on),
        cmocka_unit_test(what_passes_is_tried_again),
        cmocka_unit_test(what_is_committed_is_not_repeated),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
