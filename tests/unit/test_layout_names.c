/* SPDX-License-Identifier: Apache-2.0 */
/* Names as the directories of other tools have them: pairs, orders and spellings of versions; what
 * is said of files that are none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
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
    "2017-09-01.1",
    "2017-09-01.10",
    "2017-9-1-70000",
    "2017-09-01-101500",
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
    { "two files of sql-migrate's with one version",
      { { "15_b.sql", "-- +migrate Up\nSELECT 1;\n" },
        { "15_a.sql", "-- +migrate Down\n\n-- +migrate Up\nSELECT 1;\n" } },
      "15_a 15_b",
      "15",
      "15_a.sql" },
    { "one of sql-migrate's and another",
      { { "15_a.sql", "-- +migrate Up\nSELECT 1;\n" }, { "15_b.sql", "SELECT 1;\n" } },
      NULL,
      "layout.duplicate",
      "15_b.sql" },
    { "two of goose's with one version",
      { { "15_a.sql", "-- +goose Up\nSELECT 1;\n" }, { "15_b.sql", "-- +goose Up\n" } },
      NULL,
      "layout.duplicate",
      "15_b.sql" },
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

/* --- notes ------------------------------------------------------------------------------------ */

static const struct note_case {
    const char *label;
    const char *layout;
    layout_item files[LAYOUT_FILES_MAX];
    size_t count;
    bool warning;
    const char *text[2];
} note_cases[] = {
    { "readme",
      "auto",
      { { "1_a.up.sql", NULL }, { "README.md", "" } },
      1,
      false,
      { "/README.md\" is ignored" } },
    { "hidden",
      "auto",
      { { "1_a.up.sql", NULL }, { ".x.sql", "" }, { ".git/", NULL } },
      0,
      false,
      { NULL } },
    { "backup",
      "auto",
      { { "1_a.up.sql", NULL }, { "1_a.up.sql~", "" } },
      1,
      false,
      { "1_a.up.sql~" } },
    { "script without version",
      "auto",
      { { "1_a.up.sql", NULL }, { "seed.sql", "" } },
      1,
      true,
      { "seed.sql", "does not begin with a version" } },
    { "upper case",
      "auto",
      { { "1_a.sql", NULL }, { "2_B.SQL", "" } },
      1,
      true,
      { "2_B.SQL", "layout sections" } },
    { "another layout by setting",
      "pairs",
      { { "1_a.up.sql", NULL }, { "2_b.sql", "" } },
      1,
      true,
      { "2_b.sql", "layout pairs" } },
    { "directory among pairs",
      "auto",
      { { "1_a.up.sql", NULL }, { "old/", NULL } },
      1,
      false,
      { "/old\"", "directory" } },
    { "directory with scripts of Flyway's",
      "auto",
      { { "V1__a.sql", NULL }, { "2024/notes.txt", "" }, { "2025/V2__b.sql", NULL } },
      2,
      false,
      { "/2024\" is ignored: it is a directory" } },
    { "directory with scripts",
      "auto",
      { { "2025/002_b.up.sql", NULL }, { "seed.sql", "" } },
      2,
      true,
      { "/2025\"", "are not read" } },
    { "file among folders",
      "auto",
      { { "1_a/up.sql", NULL }, { "migration_lock.toml", "" } },
      1,
      false,
      { "migration_lock.toml" } },
    { "empty folder with a version",
      "auto",
      { { "1_a/up.sql", NULL }, { "2_b/", NULL } },
      1,
      true,
      { "/2_b\"", "up.sql" } },
    { "folder without version or script",
      "auto",
      { { "1_a/up.sql", NULL }, { "meta/_journal.json", "" } },
      1,
      false,
      { "/meta\"" } },
    { "script that a folder does not need",
      "auto",
      { { "1_a/up.sql", NULL }, { "1_a/extra.sql", "" }, { "1_a/snapshot.json", "" } },
      1,
      true,
      { "1_a/extra.sql" } },
    { "no layout", "auto", { { "notes.txt", "" } }, 1, false, { "notes.txt" } },
    { "no layout, link out", "auto", { { "1_a -> /etc", "" } }, 1, false, { "leads out" } },
};

static void test_notes(void **state)
{
    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(note_cases); i++) {
        const struct note_case *c = &note_cases[i];
        layout_fixture f;
        print_message("  %s\n", c->label);
        layout_start(&f);
        f.opts.layout = c->layout;
        layout_put_all(&f, c->files);
        layout_read_ok(&f);
        assert_int_equal(f.set.notes.count, c->count);
        for (size_t k = 0; k < 2 && c->text[k] != NULL; k++) {
            const brn_note *note = &f.set.notes.items[0];
            print_message("    %s\n", note->text);
            assert_string_equal(note->id, "layout.ignored");
            assert_int_equal(note->warning, c->warning);
            assert_true(layout_contains(note->text, c->text[k]));
        }
        layout_stop(&f);
    }
}

static void test_notes_are_counted(void **state)
{
    layout_fixture f;
    char name[64];

    (void)state;
    layout_start(&f);
    for (int i = 0; i < 21; i++) {
        snprintf(name, sizeof(name), "notes%02d.txt", i);
        tree_write(&f.dir, name, "");
    }
    layout_read_ok(&f);
    assert_int_equal(f.set.notes.count, 21);
    assert_true(layout_contains(f.set.notes.items[20].text, "1 more file is ignored"));
    assert_false(f.set.notes.items[20].warning);
    tree_write(&f.dir, "z.sql", "");
    layout_read_ok(&f);
    assert_int_equal(f.set.notes.count, 21);
    assert_true(layout_contains(f.set.notes.items[20].text, "2 more files are ignored"));
    assert_true(f.set.notes.items[20].warning);
    layout_stop(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_directories),
        cmocka_unit_test(test_programs),
        cmocka_unit_test(test_notes),
        cmocka_unit_test(test_notes_are_counted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
