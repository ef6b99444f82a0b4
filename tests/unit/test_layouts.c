/* SPDX-License-Identifier: Apache-2.0 */
#include "layouts/layout.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "layouts/layout_int.h"
#include "support/layout_fixture.h"

/* --- names ------------------------------------------------------------------------------------ */

static const struct name_case {
    const char *file;
    brn_version_kind kind;
    const char *stem;
    const char *version;
    const char *name;
    brn_side side;
    const char *extension;
} name_cases[] = {
    { "001_a.up.sql", BRN_VERSION_NUMBER, "001_a", "001", "a", BRN_SIDE_UP, "sql" },
    { "001_a.down.cql", BRN_VERSION_NUMBER, "001_a", "001", "a", BRN_SIDE_DOWN, "cql" },
    { "001_a.b.c.up.redis", BRN_VERSION_NUMBER, "001_a.b.c", "001", "a.b.c", BRN_SIDE_UP, "redis" },
    { "1_up.up.up.ch", BRN_VERSION_NUMBER, "1_up.up", "1", "up.up", BRN_SIDE_UP, "ch" },
    { "001.up.sql", BRN_VERSION_NUMBER, "001", "001", "", BRN_SIDE_UP, "sql" },
    { "001_.up.sql", BRN_VERSION_NUMBER, "001_", "001", "", BRN_SIDE_UP, "sql" },
    { "001_a.sql", BRN_VERSION_NUMBER, "001_a", "001", "a", BRN_SIDE_NONE, "sql" },
    { "1.1.0_a.sql", BRN_VERSION_DOTTED, "1.1.0_a", "1.1.0", "a", BRN_SIDE_NONE, "sql" },
    { "1.1.0.up.sql", BRN_VERSION_DOTTED, "1.1.0", "1.1.0", "", BRN_SIDE_UP, "sql" },
    { "2024-12-12_init.sql", BRN_VERSION_DATE, "2024-12-12_init", "2024-12-12", "init",
      BRN_SIDE_NONE, "sql" },
    { "20240226153000_a_b.up.sql", BRN_VERSION_NUMBER, "20240226153000_a_b", "20240226153000",
      "a_b", BRN_SIDE_UP, "sql" },
    { "123456789012345678901234567890_x.up.sql", BRN_VERSION_NUMBER,
      "123456789012345678901234567890_x", "123456789012345678901234567890", "x", BRN_SIDE_UP,
      "sql" },
    { "0_a.sql", BRN_VERSION_NUMBER, "0_a", "0", "a", BRN_SIDE_NONE, "sql" },
    { "a.up.sql", BRN_VERSION_NONE, "a", "", "", BRN_SIDE_UP, "sql" },
    { "_a.up.sql", BRN_VERSION_NONE, "_a", "", "", BRN_SIDE_UP, "sql" },
    { "-1_a.up.sql", BRN_VERSION_NONE, "-1_a", "", "", BRN_SIDE_UP, "sql" },
    { "001-a.up.sql", BRN_VERSION_NUMBER, "001-a", "001", "a", BRN_SIDE_UP, "sql" },
    { "2024-12-12-a.sql", BRN_VERSION_DATE, "2024-12-12-a", "2024-12-12", "a", BRN_SIDE_NONE,
      "sql" },
    { "20241212-101500.sql", BRN_VERSION_DATE, "20241212-101500", "20241212-101500", "",
      BRN_SIDE_NONE, "sql" },
    { "2023-01-30.0-a.sql", BRN_VERSION_DATE, "2023-01-30.0-a", "2023-01-30.0", "a", BRN_SIDE_NONE,
      "sql" },
    { "2023-01-30.x_a.sql", BRN_VERSION_DATE, "2023-01-30.x_a", "2023-01-30", "x_a", BRN_SIDE_NONE,
      "sql" },
    { "2020-12-7-190800_a/", BRN_VERSION_DATE, "2020-12-7-190800_a", "2020-12-7-190800", "a",
      BRN_SIDE_NONE, "" },
    { "2020-21-09-165203_a/", BRN_VERSION_DATE, "2020-21-09-165203_a", "2020-21-09-165203", "a",
      BRN_SIDE_NONE, "" },
    { "2022-03-09-07000_a/", BRN_VERSION_DATE, "2022-03-09-07000_a", "2022-03-09-07000", "a",
      BRN_SIDE_NONE, "" },
    { "2022-03-09-2-a.sql", BRN_VERSION_DATE, "2022-03-09-2-a", "2022-03-09-2", "a", BRN_SIDE_NONE,
      "sql" },
    { "2022-03-09-1234567_a.sql", BRN_VERSION_NONE, "2022-03-09-1234567_a", "", "", BRN_SIDE_NONE,
      "sql" },
    { "2020-21-09-165_a/", BRN_VERSION_NONE, "2020-21-09-165_a", "", "", BRN_SIDE_NONE, "" },
    { "2020-121-09-165203_a/", BRN_VERSION_NONE, "2020-121-09-165203_a", "", "", BRN_SIDE_NONE,
      "" },
    { "001-2.sql", BRN_VERSION_NONE, "001-2", "", "", BRN_SIDE_NONE, "sql" },
    { "001-.sql", BRN_VERSION_NONE, "001-", "", "", BRN_SIDE_NONE, "sql" },
    { "001a_b.sql", BRN_VERSION_NONE, "001a_b", "", "", BRN_SIDE_NONE, "sql" },
    { "1._a.sql", BRN_VERSION_NONE, "1._a", "", "", BRN_SIDE_NONE, "sql" },
    { "1..2_a.sql", BRN_VERSION_NONE, "1..2_a", "", "", BRN_SIDE_NONE, "sql" },
    { "2024-13-01_a.sql", BRN_VERSION_NONE, "2024-13-01_a", "", "", BRN_SIDE_NONE, "sql" },
    { "2024-12-32_a.sql", BRN_VERSION_NONE, "2024-12-32_a", "", "", BRN_SIDE_NONE, "sql" },
    { "2024-00-01_a.sql", BRN_VERSION_NONE, "2024-00-01_a", "", "", BRN_SIDE_NONE, "sql" },
    { "2024-1-1_a.sql", BRN_VERSION_NONE, "2024-1-1_a", "", "", BRN_SIDE_NONE, "sql" },
    { "2024-12-123_a.sql", BRN_VERSION_NONE, "2024-12-123_a", "", "", BRN_SIDE_NONE, "sql" },
    { "V1.2__name.sql", BRN_VERSION_DOTTED, "V1.2__name", "1.2", "name", BRN_SIDE_NONE, "sql" },
    { "V1_2__a__b.sql", BRN_VERSION_DOTTED, "V1_2__a__b", "1_2", "a__b", BRN_SIDE_NONE, "sql" },
    { "v1__a.sql", BRN_VERSION_NUMBER, "v1__a", "1", "a", BRN_SIDE_NONE, "sql" },
    { "B1_20_0__a.sql", BRN_VERSION_DOTTED, "B1_20_0__a", "1_20_0", "a", BRN_SIDE_NONE, "sql" },
    { "b1__a.sql", BRN_VERSION_NONE, "b1__a", "", "", BRN_SIDE_NONE, "sql" },
    { "1.a.sql", BRN_VERSION_NUMBER, "1.a", "1", "a", BRN_SIDE_NONE, "sql" },
    { "1.2.a.b.sql", BRN_VERSION_DOTTED, "1.2.a.b", "1.2", "a.b", BRN_SIDE_NONE, "sql" },
    { "V1_a.sql", BRN_VERSION_NONE, "V1_a", "", "", BRN_SIDE_NONE, "sql" },
    { "001_a.up.SQL", BRN_VERSION_NUMBER, "001_a.up.SQL", "001", "a.up.SQL", BRN_SIDE_NONE, "" },
    { "001_a.up.sql~", BRN_VERSION_NUMBER, "001_a.up.sql~", "001", "a.up.sql~", BRN_SIDE_NONE, "" },
    { "001_a.UP.sql", BRN_VERSION_NUMBER, "001_a.UP", "001", "a.UP", BRN_SIDE_NONE, "sql" },
    { "001_up.sql", BRN_VERSION_NUMBER, "001_up", "001", "up", BRN_SIDE_NONE, "sql" },
    { ".up.sql", BRN_VERSION_NONE, "", "", "", BRN_SIDE_UP, "sql" },
    { ".sql", BRN_VERSION_NONE, "", "", "", BRN_SIDE_NONE, "sql" },
    { "", BRN_VERSION_NONE, "", "", "", BRN_SIDE_NONE, "" },
    { "001_a/", BRN_VERSION_NUMBER, "001_a", "001", "a", BRN_SIDE_NONE, "" },
    { "1.1.0_a.up.sql/", BRN_VERSION_DOTTED, "1.1.0_a.up.sql", "1.1.0", "a.up.sql", BRN_SIDE_NONE,
      "" },
};

static void test_names(void **state)
{
    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(name_cases); i++) {
        const struct name_case *c = &name_cases[i];
        brn_str text = brn_str_from(c->file);
        bool is_directory = brn_str_ends(text, BRN_STR("/"));
        brn_filename got;
        print_message("  %s\n", c->file);
        brn_filename_parse(
            &got, brn_str_slice(text, 0, text.len - (is_directory ? 1 : 0)), is_directory);
        assert_int_equal(got.kind, c->kind);
        assert_int_equal(got.side, c->side);
        layout_assert_str(got.stem, c->stem);
        layout_assert_str(got.version, c->version);
        layout_assert_str(got.name, c->name);
        layout_assert_str(got.extension, c->extension);
    }
}

/* --- layouts and order ------------------------------------------------------------------------ */

static const struct read_case {
    const char *label;
    const char *layout;
    layout_item files[LAYOUT_FILES_MAX];
    const char *found; /* layout; NULL for none */
    const char *ids;
} read_cases[] = {
    { "empty", "auto", { { NULL, NULL } }, NULL, "" },
    { "empty, layout given", "folders", { { NULL, NULL } }, "folders", "" },
    { "only hidden files", "auto", { { ".gitkeep", "" }, { ".001_a.up.sql", "" } }, NULL, "" },
    { "pairs", "auto", { { "1_a.up.sql", NULL }, { "1_a.down.sql", NULL } }, "pairs", "1_a" },
    { "up without down is fine", "auto", { { "1_a.up.cql", NULL } }, "pairs", "1_a" },
    { "9, 10, 100",
      "auto",
      { { "100_c.up.sql", NULL }, { "10_b.up.sql", NULL }, { "9_a.up.sql", NULL } },
      "pairs",
      "9_a 10_b 100_c" },
    { "mixed widths",
      "auto",
      { { "0010_b.up.sql", NULL }, { "011_c.up.sql", NULL }, { "9_a.up.sql", NULL } },
      "pairs",
      "9_a 0010_b 011_c" },
    { "forty digits",
      "auto",
      { { "9999999999999999999999999999999999999999_b.up.sql", NULL },
        { "10000000000000000000000000000000000000000_c.up.sql", NULL },
        { "18446744073709551616_a.up.sql", NULL } },
      "pairs",
      "18446744073709551616_a 9999999999999999999999999999999999999999_b "
      "10000000000000000000000000000000000000000_c" },
    { "dotted",
      "auto",
      { { "1.10.0_c.sql", NULL }, { "1.2.0_b.sql", NULL }, { "1.2_a.sql", NULL } },
      "sections",
      "1.2_a 1.2.0_b 1.10.0_c" },
    { "dates may be shared",
      "auto",
      { { "2024-12-12_b.sql", NULL },
        { "2024-12-12_a10.sql", NULL },
        { "2024-12-12_a9.sql", NULL } },
      "sections",
      "2024-12-12_a9 2024-12-12_a10 2024-12-12_b" },
    { "dates with a number of the day",
      "auto",
      { { "2023-01-30.2-a.sql", NULL },
        { "2023-01-30.10-b.sql", NULL },
        { "2023-01-31_d.sql", NULL },
        { "2023-01-30_z.sql", NULL } },
      "sections",
      "2023-01-30_z 2023-01-30.2-a 2023-01-30.10-b 2023-01-31_d" },
    { "the same behind a dash",
      "auto",
      { { "2023-01-30-2-a.sql", NULL },
        { "2023-01-30-10-b.sql", NULL },
        { "2023-01-30-01-z.sql", NULL },
        { "2023-01-31_d.sql", NULL } },
      "sections",
      "2023-01-30-01-z 2023-01-30-2-a 2023-01-30-10-b 2023-01-31_d" },
    { "a baseline of Flyway's for what is not there",
      "auto",
      { { "B1_9__old.sql", NULL },
        { "B1.10__base.sql", NULL },
        { "R__views.sql", NULL },
        { "V1_10_1__next.sql", NULL } },
      "sections",
      "R__views B1.10__base V1_10_1__next" },
    { "baselines of Flyway's beside what they stand for",
      "auto",
      { { "B1__a.sql", NULL },
        { "B2__c.sql", NULL },
        { "V1_5__b.sql", NULL },
        { "V3__d.sql", NULL } },
      "sections",
      "B1__a V1_5__b V3__d" },
    { "dates written by hand, with a time",
      "auto",
      { { "2020-12-7-190800_b/up.sql", NULL },
        { "2020-12-11-142000_c/up.sql", NULL },
        { "2020-12-06-142000_a/up.sql", NULL },
        { "2020-21-09-165203_e/up.sql", NULL },
        { "2021-1-1-000000_f/up.sql", NULL },
        { "20201212000000_d/up.sql", NULL } },
      "folders",
      "2020-12-06-142000_a 2020-12-7-190800_b 2020-12-11-142000_c 20201212000000_d "
      "2020-21-09-165203_e 2021-1-1-000000_f" },
    { "names that differ in zeros only",
      "auto",
      { { "2024-12-12_a1.sql", NULL }, { "2024-12-12_a01.sql", NULL } },
      "sections",
      "2024-12-12_a01 2024-12-12_a1" },
    { "no name",
      "auto",
      { { "001.up.sql", NULL }, { "002_.up.sql", NULL }, { "002_.down.sql", NULL } },
      "pairs",
      "001 002_" },
    { "drizzle flat",
      "auto",
      { { "0000_a.sql", NULL }, { "0001_b.sql", NULL }, { "meta/_journal.json", "{}" } },
      "sections",
      "0000_a 0001_b" },
    { "folders",
      "auto",
      { { "1_a/up.sql", NULL },
        { "1_a/down.sql", NULL },
        { "0000_z/migration.sql", NULL },
        { "0000_z/snapshot.json", "{}" },
        { "migration_lock.toml", "" },
        { "meta/_journal.json", "{}" } },
      "folders",
      "0000_z 1_a" },
    { "folders of another extension", "auto", { { "1_a/up.cql", NULL } }, "folders", "1_a" },
    { "pairs by setting",
      "pairs",
      { { "1_a.up.sql", NULL }, { "2_b.sql", NULL }, { "3_c/up.sql", NULL } },
      "pairs",
      "1_a" },
    { "sections by setting",
      "sections",
      { { "1_a.up.sql", NULL }, { "2_b.sql", NULL }, { "3_c/up.sql", NULL } },
      "sections",
      "2_b" },
    { "folders by setting",
      "folders",
      { { "1_a.up.sql", NULL }, { "2_b.sql", NULL }, { "3_c/up.sql", NULL } },
      "folders",
      "3_c" },
    { "link farm of Kubernetes",
      "auto",
      { { "..2024_01/001_a.up.sql", NULL },
        { "..2024_01/001_a.down.sql", NULL },
        { "..data -> ..2024_01", NULL },
        { "001_a.up.sql -> ..data/001_a.up.sql", NULL },
        { "001_a.down.sql -> ..data/001_a.down.sql", NULL } },
      "pairs",
      "001_a" },
    { "link farm of folders",
      "auto",
      { { "..2024_01/001_a/up.sql", NULL },
        { "..data -> ..2024_01", NULL },
        { "001_a -> ..data/001_a", NULL } },
      "folders",
      "001_a" },
    { "link from a folder to elsewhere inside",
      "auto",
      { { "shared/common.sql", NULL },
        { "1_a/up.sql -> ../shared/common.sql", NULL },
        { "1_a/down.sql -> up.sql", NULL } },
      "folders",
      "1_a" },
};

static void test_layouts(void **state)
{
    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(read_cases); i++) {
        const struct read_case *c = &read_cases[i];
        layout_fixture f;
        print_message("  %s\n", c->label);
        layout_start(&f);
        f.opts.layout = c->layout;
        layout_put_all(&f, c->files);
        layout_read_ok(&f);
        layout_assert_ids(&f, c->ids);
        assert_string_equal(f.set.dir, f.dir.root);
        if (c->found == NULL) {
            assert_null(f.set.layout);
        } else {
            assert_string_equal(f.set.layout, c->found);
        }
        layout_stop(&f);
    }
}

static void test_fields_of_a_pair(void **state)
{
    layout_fixture f;
    const brn_source *s;

    (void)state;
    layout_start(&f);
    tree_write(&f.dir, "001_create_users.up.sql", "CREATE TABLE users (a);\n");
    tree_write(&f.dir, "001_create_users.down.sql", "DROP TABLE users;\n");
    tree_write(&f.dir, "002.up.sql", "");
    layout_read_ok(&f);
    s = layout_find_source(&f, "001_create_users");
    assert_string_equal(s->version, "001");
    assert_string_equal(s->name, "create_users");
    assert_string_equal(s->up_path, tree_path(&f.dir, "001_create_users.up.sql"));
    assert_string_equal(s->down_path, tree_path(&f.dir, "001_create_users.down.sql"));
    assert_false(s->sections);
    assert_int_equal(s->up_bytes, strlen("CREATE TABLE users (a);\n"));
    assert_int_equal(s->props->timeout_ms, -1);
    assert_int_equal(s->down->props.timeout_ms, -1);
    assert_int_equal(strlen(s->up_digest), BRN_DIGEST_HEX);
    assert_string_not_equal(s->up_digest, s->down->digest);
    s = layout_find_source(&f, "002");
    assert_string_equal(s->name, "");
    assert_null(s->down_path);
    assert_string_equal(s->down->digest, "");
    assert_string_equal(
        s->up_digest, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    layout_stop(&f);
}

/* --- errors ----------------------------------------------------------------------------------- */

static const struct error_case {
    const char *label;
    const char *layout;
    layout_item files[LAYOUT_FILES_MAX];
    const char *id;
    brant_status status;
    const char *message; /* parts that must be there; the second may be NULL */
    const char *message2;
    const char *hint;
    const char *file; /* below the directory; "" is the directory itself */
    uint32_t line;
} error_cases[] = {
    { "no version",
      "auto",
      { { "init.up.sql", NULL } },
      "layout.bad_name",
      BRANT_EPARSE,
      "init.up.sql",
      NULL,
      "\"001_init.up.sql\"",
      "init.up.sql",
      0 },
    { "no version among pairs",
      "pairs",
      { { "1_a.up.sql", NULL }, { "002+b.down.sql", NULL } },
      "layout.bad_name",
      BRANT_EPARSE,
      "002+b.down.sql",
      NULL,
      "001_002+b.down.sql",
      "002+b.down.sql",
      0 },
    { "no version, but a number",
      "auto",
      { { "001_a.sql", NULL }, { "002+b.sql", NULL }, { "notes.sql", NULL } },
      "layout.bad_name",
      BRANT_EPARSE,
      "002+b.sql",
      NULL,
      "is no migration",
      "002+b.sql",
      0 },
    { "folder without version",
      "auto",
      { { "init/up.sql", NULL } },
      "layout.bad_name",
      BRANT_EPARSE,
      "init\"",
      NULL,
      "\"001_init\"",
      "init",
      0 },
    { "control character",
      "auto",
      { { "1_a\nb.up.sql", NULL } },
      "layout.bad_name",
      BRANT_EPARSE,
      "control characters",
      NULL,
      "Rename",
      "1_a\nb.up.sql",
      0 },
    { "not UTF-8",
      "auto",
      { { "1_a\xff.up.sql", NULL } },
      "layout.bad_name",
      BRANT_EPARSE,
      "not UTF-8",
      NULL,
      "Rename",
      "1_a\xff.up.sql",
      0 },
    { "pairs and sections",
      "auto",
      { { "1_a.up.sql", NULL }, { "2_b.sql", NULL } },
      "layout.mixed",
      BRANT_EPARSE,
      "\"1_a.up.sql\" (pairs)",
      "\"2_b.sql\" (sections)",
      "setting layout",
      "",
      0 },
    { "sections and folders",
      "auto",
      { { "1_a/up.sql", NULL }, { "2_b.sql", NULL } },
      "layout.mixed",
      BRANT_EPARSE,
      "\"2_b.sql\" (sections)",
      "\"1_a\" (folders)",
      "setting layout",
      "",
      0 },
    { "markers in a pair",
      "auto",
      { { "1_a.up.sql", "-- x\n-- +goose Up\nSELECT 1;\n-- +goose Down\nSELECT 2;\n" } },
      "layout.mixed",
      BRANT_EPARSE,
      "1_a.up.sql",
      "layout pairs",
      "remove the markers",
      "1_a.up.sql",
      2 },
    { "marker at the end of a pair",
      "auto",
      { { "1_a.up.sql", "-- x\n-- brant: up" } },
      "layout.mixed",
      BRANT_EPARSE,
      "1_a.up.sql",
      "section markers",
      "remove the markers",
      "1_a.up.sql",
      2 },
    { "down marker alone in a pair",
      "auto",
      { { "1_a.up.sql", NULL }, { "1_a.down.sql", "SELECT 1;\n-- migrate:down\n" } },
      "layout.mixed",
      BRANT_EPARSE,
      "1_a.down.sql",
      "section markers",
      "remove the markers",
      "1_a.down.sql",
      2 },
    { "markers in a folder",
      "auto",
      { { "1_a/migration.sql", "-- migrate:up\nSELECT 1;\n" } },
      "layout.mixed",
      BRANT_EPARSE,
      "1_a/migration.sql",
      "layout folders",
      "remove the markers",
      "1_a/migration.sql",
      1 },
    { "unknown layout",
      "flyway",
      { { NULL, NULL } },
      "layout.unknown",
      BRANT_EUSAGE,
      "\"flyway\"",
      NULL,
      "pairs, sections or folders",
      NULL,
      0 },
    { "same number",
      "auto",
      { { "1_a.up.sql", NULL }, { "001_b.up.sql", NULL } },
      "layout.duplicate",
      BRANT_EPARSE,
      "/1_a.up.sql\"",
      "/001_b.up.sql\"",
      "another version",
      "001_b.up.sql",
      0 },
    { "same dotted version",
      "auto",
      { { "1.2.0_a.sql", NULL }, { "1.02.0_b.sql", NULL } },
      "layout.duplicate",
      BRANT_EPARSE,
      "1.2.0_a.sql",
      "1.02.0_b.sql",
      "another version",
      "1.02.0_b.sql",
      0 },
    { "same number in folders",
      "auto",
      { { "1_a/up.sql", NULL }, { "01_a/up.sql", NULL } },
      "layout.duplicate",
      BRANT_EPARSE,
      "/1_a/up.sql",
      "/01_a/up.sql",
      "another version",
      "1_a/up.sql",
      0 },
    { "one id, two extensions",
      "auto",
      { { "1_a.up.sql", NULL }, { "1_a.up.cql", NULL } },
      "layout.duplicate",
      BRANT_EPARSE,
      "1_a.up.cql",
      "1_a.up.sql",
      "Remove",
      "1_a.up.sql",
      0 },
    { "one date id, two extensions",
      "auto",
      { { "2024-12-12_a.sql", NULL }, { "2024-12-12_a.cql", NULL } },
      "layout.duplicate",
      BRANT_EPARSE,
      "2024-12-12_a.cql",
      "2024-12-12_a.sql",
      "Remove",
      "2024-12-12_a.sql",
      0 },
    { "up and migration in one folder",
      "auto",
      { { "1_a/up.sql", NULL }, { "1_a/migration.sql", NULL } },
      "layout.duplicate",
      BRANT_EPARSE,
      "1_a/migration.sql",
      "1_a/up.sql",
      "Remove",
      "1_a/up.sql",
      0 },
    { "down without up: all of them",
      "auto",
      { { "1_a.up.sql", NULL }, { "2_b.down.sql", NULL }, { "10_c.down.sql", NULL } },
      "layout.missing_up",
      BRANT_EPARSE,
      "/2_b.down.sql\", ",
      "/10_c.down.sql\"",
      "rename it",
      "2_b.down.sql",
      0 },
    { "down without up in a folder",
      "auto",
      { { "1_a/up.sql", NULL }, { "2_b/down.sql", NULL } },
      "layout.missing_up",
      BRANT_EPARSE,
      "2_b/down.sql",
      NULL,
      "write the up file",
      "2_b/down.sql",
      0 },
    { "version zero",
      "auto",
      { { "000_a.up.sql", NULL } },
      "layout.version_zero",
      BRANT_EPARSE,
      "000_a.up.sql",
      NULL,
      "setting allow-version-zero",
      "000_a.up.sql",
      0 },
    { "link that leads out",
      "auto",
      { { "1_a.up.sql -> /etc/passwd", NULL } },
      "layout.outside",
      BRANT_EPARSE,
      "1_a.up.sql",
      NULL,
      "instead of the link",
      "1_a.up.sql",
      0 },
    { "link in a folder that leads out",
      "auto",
      { { "1_a/up.sql -> /etc/passwd", NULL } },
      "layout.outside",
      BRANT_EPARSE,
      "1_a/up.sql",
      NULL,
      "instead of the link",
      "1_a/up.sql",
      0 },
    { "folder that is a link out",
      "folders",
      { { "1_a -> /etc", NULL } },
      "layout.outside",
      BRANT_EPARSE,
      "1_a\"",
      NULL,
      "instead of the link",
      "1_a",
      0 },
    { "broken link",
      "auto",
      { { "1_a.up.sql -> nowhere", NULL } },
      "layout.unreadable",
      BRANT_EIO,
      "1_a.up.sql",
      "No such file",
      "remove it",
      "1_a.up.sql",
      0 },
    { "broken link in a folder",
      "auto",
      { { "1_a/up.sql -> ../../nowhere/x", NULL } },
      "layout.unreadable",
      BRANT_EIO,
      "1_a/up.sql",
      "No such file",
      "remove it",
      "1_a/up.sql",
      0 },
    { "bytes of another encoding",
      "auto",
      { { "1_a.up.sql", "SELECT '\xe4';\n" } },
      "text.invalid_utf8",
      BRANT_EPARSE,
      "0xe4",
      NULL,
      "Convert",
      "1_a.up.sql",
      1 },
    { "directive that is wrong",
      "auto",
      { { "1_a.up.sql", "\n-- brant: timeotu=3\n" } },
      "directive.unknown_key",
      BRANT_EPARSE,
      "timeotu",
      NULL,
      "timeout",
      "1_a.up.sql",
      2 },
    { "directive of a down file",
      "auto",
      { { "1_a.up.sql", NULL },
        { "1_a.down.sql", "-- brant: timeout=3\n-- brant: help=\"phase\" phase=expand\n" } },
      "layout.down_directive",
      BRANT_EPARSE,
      "\"phase\"",
      NULL,
      "at the head of the up script",
      "1_a.down.sql",
      2 },
    { "directive of a down section",
      "auto",
      { { "1_a.sql", "-- brant: up\nSELECT 1;\n-- brant: down\n\n-- brant: requires=none\n" } },
      "layout.down_directive",
      BRANT_EPARSE,
      "\"requires\"",
      NULL,
      "at the head of the up script",
      "1_a.sql",
      5 },
    { "statement before the sections",
      "auto",
      { { "1_a.sql", "SELECT 1;\n-- brant: up\n" } },
      "section.statement_before_up",
      BRANT_EPARSE,
      "statement",
      NULL,
      "Move",
      "1_a.sql",
      1 },
};

static void test_errors(void **state)
{
    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(error_cases); i++) {
        const struct error_case *c = &error_cases[i];
        const char *file;
        brant_status st;
        layout_fixture f;
        print_message("  %s\n", c->label);
        layout_start(&f);
        f.opts.layout = c->layout;
        layout_put_all(&f, c->files);
        st = layout_read_dir(&f);
        print_message("    %s: %s\n", brant_error_id(f.err), brant_error_message(f.err));
        assert_int_equal(st, c->status);
        assert_string_equal(brant_error_id(f.err), c->id);
        assert_true(layout_contains(brant_error_message(f.err), c->message));
        assert_true(
            c->message2 == NULL || layout_contains(brant_error_message(f.err), c->message2));
        assert_true(layout_contains(brant_error_hint(f.err), c->hint));
        file = brant_error_file(f.err);
        if (c->file == NULL) {
            assert_null(file);
        } else {
            assert_string_equal(file, c->file[0] ? tree_path(&f.dir, c->file) : f.dir.root);
        }
        assert_int_equal(brant_error_line(f.err), c->line);
        assert_null(f.set.items.items);
        /* A caller that does not want to know. */
        assert_int_equal(brn_layout_read(&f.set, &f.arena, &f.opts, NULL), c->status);
        layout_stop(&f);
    }
}

static void test_missing_up_names_fifty(void **state)
{
    layout_fixture f;
    char name[64];

    (void)state;
    layout_start(&f);
    for (int i = 1; i <= 53; i++) {
        snprintf(name, sizeof(name), "%d_x.down.sql", i);
        tree_write(&f.dir, name, "");
    }
    assert_int_equal(layout_read_dir(&f), BRANT_EPARSE);
    assert_string_equal(brant_error_id(f.err), "layout.missing_up");
    assert_true(layout_contains(brant_error_message(f.err), "/50_x.down.sql\" and 3 more"));
    layout_stop(&f);
}

static void test_version_zero(void **state)
{
    layout_fixture f;

    (void)state;
    layout_start(&f);
    tree_write(&f.dir, "000_a.up.sql", "");
    f.opts.allow_version_zero = true;
    layout_read_ok(&f);
    layout_assert_ids(&f, "000_a");
    layout_stop(&f);
}

static void test_equal_versions(void **state)
{
    layout_fixture f;

    (void)state;
    layout_start(&f);
    tree_write(&f.dir, "0010_b.up.sql", "");
    tree_write(&f.dir, "0010_b.down.sql", "");
    tree_write(&f.dir, "10_a.up.sql", "");
    tree_write(&f.dir, "0009_c.up.sql", "");
    f.opts.allow_equal_versions = true;
    layout_read_ok(&f);
    layout_assert_ids(&f, "0009_c 10_a 0010_b");
    layout_stop(&f);
}

static void test_too_large(void **state)
{
    layout_fixture f;

    (void)state;
    layout_start(&f);
    tree_write(&f.dir, "1_a.up.sql", "SELECT 1;\n");
    f.opts.max_file_bytes = 10;
    layout_read_ok(&f);
    f.opts.max_file_bytes = 9;
    assert_int_equal(layout_read_dir(&f), BRANT_EPARSE);
    assert_string_equal(brant_error_id(f.err), "layout.too_large");
    assert_true(layout_contains(brant_error_message(f.err), "1_a.up.sql\" is larger than 9 bytes"));
    assert_true(layout_contains(brant_error_hint(f.err), "setting max-file-size"));
    assert_string_equal(brant_error_file(f.err), tree_path(&f.dir, "1_a.up.sql"));
    assert_string_equal(brant_error_migration(f.err), "1_a");
    layout_stop(&f);
}

static void test_no_directory(void **state)
{
    layout_fixture f;
    char path[TREE_PATH_BYTES];

    (void)state;
    layout_start(&f);
    tree_write(&f.dir, "file", "");
    f.opts.dir = path;

    snprintf(path, sizeof(path), "%s", tree_path(&f.dir, "none"));
    assert_int_equal(layout_read_dir(&f), BRANT_EUSAGE);
    assert_string_equal(brant_error_id(f.err), "layout.no_directory");
    assert_true(layout_contains(brant_error_message(f.err), "/none\" does not exist"));
    assert_true(layout_contains(brant_error_hint(f.err), "brant init"));
    assert_true(layout_contains(brant_error_hint(f.err), "brant new NAME"));
    assert_true(layout_contains(brant_error_hint(f.err), "--migrations DIR"));
    assert_string_equal(brant_error_file(f.err), path);

    snprintf(path, sizeof(path), "%s", tree_path(&f.dir, "file"));
    assert_int_equal(layout_read_dir(&f), BRANT_EUSAGE);
    assert_string_equal(brant_error_id(f.err), "layout.no_directory");
    assert_true(layout_contains(brant_error_message(f.err), "/file\" is a file"));
    assert_true(layout_contains(brant_error_hint(f.err), "--migrations DIR"));

    snprintf(path, sizeof(path), "%s", tree_path(&f.dir, "file/below"));
    assert_int_equal(layout_read_dir(&f), BRANT_EUSAGE);
    assert_true(layout_contains(brant_error_message(f.err), "does not exist"));
    layout_stop(&f);
}

static void assert_unreadable(layout_fixture *f, const char *part)
{
    assert_int_equal(layout_read_dir(f), BRANT_EIO);
    assert_string_equal(brant_error_id(f->err), "layout.unreadable");
    assert_true(layout_contains(brant_error_message(f->err), part));
    assert_true(layout_contains(brant_error_message(f->err), "Permission denied"));
    assert_non_null(brant_error_hint(f->err));
}

/* Permissions do not bind root, who becomes nobody for a while. */
static void test_unreadable(void **state)
{
    uid_t me = geteuid();
    layout_fixture f;

    (void)state;
    layout_start(&f);
    tree_write(&f.dir, "1_a/up.sql", "");
    tree_mkdir(&f.dir, "lost+found");
    tree_chmod(&f.dir, ".", 0755);
    tree_chmod(&f.dir, "1_a/up.sql", 0);
    tree_chmod(&f.dir, "lost+found", 0);
    assert_true(me != 0 || seteuid(65534) == 0);
    assert_unreadable(&f, "/1_a/up.sql\"");
    assert_true(me != 0 || seteuid(me) == 0);
    tree_chmod(&f.dir, "1_a", 0);
    assert_true(me != 0 || seteuid(65534) == 0);
    assert_unreadable(&f, "/1_a\"");
    assert_true(me != 0 || seteuid(me) == 0);
    tree_chmod(&f.dir, ".", 0);
    assert_true(me != 0 || seteuid(65534) == 0);
    assert_unreadable(&f, f.dir.root);
    assert_true(me != 0 || seteuid(me) == 0);
    layout_stop(&f);
}

static void test_fifo_is_not_opened(void **state)
{
    layout_fixture f;

    (void)state;
    layout_start(&f);
    assert_int_equal(mkfifo(tree_path(&f.dir, "1_a.up.sql"), 0600), 0);
    assert_int_equal(layout_read_dir(&f), BRANT_EIO);
    assert_string_equal(brant_error_id(f.err), "layout.unreadable");
    assert_true(layout_contains(brant_error_message(f.err), "not a regular file"));
    assert_true(layout_contains(brant_error_hint(f.err), "regular file"));
    layout_stop(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_layouts),
        cmocka_unit_test(test_fields_of_a_pair),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_missing_up_names_fifty),
        cmocka_unit_test(test_version_zero),
        cmocka_unit_test(test_equal_versions),
        cmocka_unit_test(test_too_large),
        cmocka_unit_test(test_no_directory),
        cmocka_unit_test(test_unreadable),
        cmocka_unit_test(test_fifo_is_not_opened),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
