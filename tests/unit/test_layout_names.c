/* SPDX-License-Identifier: Apache-2.0 */
/* Names as the directories of other tools have them: pairs, orders and spellings of versions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "layouts/layout.h"
#include "support/layout_fixture.h"

/* --- order of versions ------------------------------------------------------------------------ */

/* Each is below the next one. */
static const char *const ascending[] = {
    "",
    "0",
    "1",
    "1.2",
    "1.10",
    "2",
    "999",
    "2024.1",
    "99999999",
    "1510262030",
    "9999999999999",
    "1970-01-01",
    "20140924113530",
    "2017-08-31",
    "20170831",
    "2017-08-31-230456",
    "20170831230457",
    "20170831-230457-0000",
    "20170831230457000001",
    "201708312305",
    "20170901",
    "2017-09-02-000000",
    "20190100000000000001",
    "20190101000000",
    "20991231235959",
    "21000101000000",
    "99999999999999999999999999",
};

static void test_order(void **state)
{
    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(ascending); i++) {
        for (size_t k = 0; k < BRN_ARRAY_LEN(ascending); k++) {
            int order = brn_version_compare(brn_str_from(ascending[i]), brn_str_from(ascending[k]));
            if ((order > 0) != (i > k) || (order < 0) != (i < k)) {
                fail_msg("%s, %s: %d", ascending[i], ascending[k], order);
            }
        }
    }
    assert_int_equal(brn_version_compare(BRN_STR("007"), BRN_STR("7")), 0);
    assert_int_equal(brn_version_compare(BRN_STR("1.02"), BRN_STR("1.2")), 0);
}

/* --- directories ------------------------------------------------------------------------------ */

static const struct read_case {
    const char *label;
    layout_item files[LAYOUT_FILES_MAX];
    const char *ids;   /* NULL: refused */
    const char *other; /* version of the first; or the error's id */
    const char *down;  /* its down file; or where the error is */
} read_cases[] = {
    { "a down file of another name",
      { { "1_a.up.sql", NULL }, { "1_drop_a.down.sql", NULL }, { "2_b.up.sql", NULL } },
      "1_a 2_b",
      "1",
      "1_drop_a.down.sql" },
    { "that comes first, with other zeros",
      { { "001_add.down.sql", NULL }, { "1_create.up.sql", NULL }, { "0_z.up.sql", NULL } },
      "0_z 1_create",
      "0",
      NULL },
    { "a second down file",
      { { "1_a.up.sql", NULL }, { "1_a.down.sql", NULL }, { "1_b.down.sql", NULL } },
      NULL,
      "layout.missing_up",
      "1_b.down.sql" },
    { "a down file for either of two",
      { { "1_a.up.sql", NULL }, { "1_b.up.sql", NULL }, { "1_c.down.sql", NULL } },
      NULL,
      "layout.missing_up",
      "1_c.down.sql" },
    { "two down files",
      { { "1_a.down.sql", NULL }, { "1_b.down.sql", NULL } },
      NULL,
      "layout.missing_up",
      "1_a.down.sql" },
    { "dates are shared, and say nothing",
      { { "2024-12-12_a.up.sql", NULL }, { "2024-12-12_b.down.sql", NULL } },
      NULL,
      "layout.missing_up",
      "2024-12-12_b.down.sql" },
    { "diesel",
      { { "00000000000000_setup/up.sql", NULL },
        { "2019-02-26-002946_create/up.sql", NULL },
        { "2019-02-26-002946_create/down.sql", NULL },
        { "20190225235959_dumped/up.sql", NULL },
        { "2019-02-26-002946-0001_next/up.sql", NULL } },
      "00000000000000_setup 20190225235959_dumped 2019-02-26-002946_create "
      "2019-02-26-002946-0001_next",
      "00000000000000",
      NULL },
    { "diesel's versions",
      { { "2019-02-26-002946-0000_create/up.sql", NULL } },
      "2019-02-26-002946-0000_create",
      "2019-02-26-002946-0000",
      NULL },
    { "no time",
      { { "2019-02-26-1234567_create/up.sql", NULL } },
      NULL,
      "layout.bad_name",
      "2019-02-26-1234567_create" },
    { "two of prisma's in one second",
      { { "20240304123642_b/migration.sql", NULL }, { "20240304123642_a/migration.sql", NULL } },
      "20240304123642_a 20240304123642_b",
      "20240304123642",
      NULL },
    { "a number of a sequence twice",
      { { "0001_b/migration.sql", NULL }, { "0001_a/migration.sql", NULL } },
      NULL,
      "layout.duplicate",
      "0001_b/migration.sql" },
    { "two files in one second",
      { { "20240304123642_b.sql", NULL }, { "20240304123642_a.sql", NULL } },
      NULL,
      "layout.duplicate",
      "20240304123642_b.sql" },
    { "Flyway",
      { { "V2__b.sql", NULL },
        { "V10__c.sql", NULL },
        { "V1_2__a_b.sql", NULL },
        { "V1.10__a.sql", NULL },
        { "R__views.sql", NULL },
        { "V__no.sql", NULL },
        { "V3_no.sql", NULL },
        { "V4_.sql", NULL } },
      "R__views V1_2__a_b V1.10__a V2__b V10__c",
      "",
      NULL },
    { "Flyway's dots", { { "V01_2__a.sql", NULL } }, "V01_2__a", "01.2", NULL },
    { "one of Flyway's versions twice",
      { { "V1_2__a.sql", NULL }, { "V1.2__b.sql", NULL } },
      NULL,
      "layout.duplicate",
      "V1.2__b.sql" },
};

static void check_read(layout_fixture *f, const struct read_case *c)
{
    const brn_source *first;

    layout_read_ok(f);
    layout_assert_ids(f, c->ids);
    first = f->set.items.items[0];
    assert_string_equal(first->version, c->other);
    if (c->down == NULL) {
        assert_null(first->down_path);
    } else {
        assert_string_equal(first->down_path, tree_path(&f->dir, c->down));
    }
}

static void test_directories(void **state)
{
    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(read_cases); i++) {
        const struct read_case *c = &read_cases[i];
        layout_fixture f;
        print_message("  %s\n", c->label);
        layout_start(&f);
        f.opts.allow_version_zero = true;
        layout_put_all(&f, c->files);
        if (c->ids != NULL) {
            check_read(&f, c);
        } else {
            assert_int_equal(layout_read_dir(&f), BRANT_EPARSE);
            assert_string_equal(brant_error_id(f.err), c->other);
            assert_string_equal(brant_error_file(f.err), tree_path(&f.dir, c->down));
        }
        layout_stop(&f);
    }
}

/* --- programs --------------------------------------------------------------------------------- */

static const struct program_case {
    const char *label;
    layout_item files[LAYOUT_FILES_MAX];
    bool warning;
} program_cases[] = {
    { "among scripts", { { "1_a.sql", NULL }, { "2_b.go", "" } }, true },
    { "alone", { { "2_b.py", "" } }, true },
    { "in pairs", { { "1_a.up.sql", NULL }, { "2_b.up.go", "" } }, true },
    { "beside folders", { { "1_a/up.sql", NULL }, { "2_b.js", "" } }, true },
    { "a script stands for it", { { "2_a.sql", NULL }, { "2_b.go", "" } }, false },
    { "a script behind it", { { "2_b.go", "" }, { "2_c.sql", NULL } }, false },
    { "a folder", { { "2_b/up.sql", NULL }, { "2_b.go", "" } }, false },
    { "its test", { { "1_a.sql", NULL }, { "2_b_test.go", "" } }, false },
    { "without a version", { { "1_a.sql", NULL }, { "all.go", "" } }, false },
    { "another file", { { "1_a.sql", NULL }, { "2_b.csv", "" } }, false },
};

static void test_programs(void **state)
{
    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(program_cases); i++) {
        const struct program_case *c = &program_cases[i];
        layout_fixture f;
        print_message("  %s\n", c->label);
        layout_start(&f);
        layout_put_all(&f, c->files);
        layout_read_ok(&f);
        assert_int_equal(f.set.notes.count, 1);
        assert_int_equal(f.set.notes.items[0].warning, c->warning);
        assert_int_equal(layout_contains(f.set.notes.items[0].text, "kind=code"), c->warning);
        layout_stop(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_directories),
        cmocka_unit_test(test_programs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
