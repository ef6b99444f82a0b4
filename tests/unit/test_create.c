/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "layouts/layout.h"
#include "support/tree.h"

#define NOW_US 1772119800000000 /* 2026-02-26T15:30:00Z */
#define MAX_BYTES 100000
#define FILES_MAX 6
#define PROCESSES 4
#define ROUNDS 10

typedef struct fixture {
    tree dir;
    brn_arena arena;
    brn_created made;
    brant_error *err;
    brn_create_options opts;
} fixture;

static void start(fixture *f)
{
    memset(f, 0, sizeof(*f));
    tree_make(&f->dir);
    f->opts = (brn_create_options){
        .dir = f->dir.root,
        .layout = "auto",
        .name = "add users table",
        .extension = "sql",
        .now_us = NOW_US,
    };
}

static void stop(fixture *f)
{
    brant_error_free(f->err);
    brn_arena_release(&f->arena);
    tree_remove(&f->dir);
}

static brant_status create(fixture *f)
{
    brant_error_free(f->err);
    f->err = NULL;
    memset(&f->made, 0, sizeof(f->made));
    return brn_layout_create(&f->made, &f->arena, &f->opts, &f->err);
}

static void create_ok(fixture *f)
{
    brant_status st = create(f);

    if (st != BRANT_OK) {
        print_message("%s: %s\n", brant_error_id(f->err), brant_error_message(f->err));
    }
    assert_int_equal(st, BRANT_OK);
    assert_null(f->err);
}

/* What was made is a migration that does nothing yet. */
static const brn_source *read_back(fixture *f)
{
    const brn_layout_options opts = {
        .dir = f->opts.dir,
        .layout = f->opts.layout,
        .dialect = &brn_dialect_sqlite,
        .max_file_bytes = MAX_BYTES,
    };
    brn_source_set set = { 0 };
    brant_error *err = NULL;

    if (brn_layout_read(&set, &f->arena, &opts, &err) != BRANT_OK) {
        fail_msg("%s: %s", brant_error_id(err), brant_error_message(err));
    }
    for (size_t i = 0; i < set.items.count; i++) {
        if (strcmp(set.items.items[i]->id, f->made.id) == 0) {
            return set.items.items[i];
        }
    }
    fail_msg("%s is not there", f->made.id);
    return NULL;
}

static void assert_no_statements(fixture *f, const brn_source *source, bool down)
{
    brn_script script = { 0 };
    brn_stmt_list list = { 0 };
    brn_buf buf = { 0 };

    assert_int_equal(
        brn_source_open(&script, &buf, source, down, &brn_dialect_sqlite, MAX_BYTES, NULL),
        BRANT_OK);
    assert_true(script.text.len > 0);
    assert_int_equal(brn_split(&list, &f->arena, &brn_dialect_sqlite, &script, NULL), BRANT_OK);
    assert_int_equal(list.count, 0);
    brn_buf_release(&buf);
}

static const struct create_case {
    const char *label;
    const char *files[FILES_MAX]; /* that are there */
    const char *layout;
    const char *name;
    brn_numbering numbering;
    const char *version;
    const char *extension;
    const char *up; /* path of what is made */
    const char *down;
} create_cases[] = {
    { "empty directory",
      { NULL },
      "auto",
      "add users table",
      BRN_NUMBERING_AUTO,
      NULL,
      "sql",
      "001_add_users_table.up.sql",
      "001_add_users_table.down.sql" },
    { "next with padding",
      { "024_a.up.sql" },
      "auto",
      "b",
      BRN_NUMBERING_AUTO,
      NULL,
      "sql",
      "025_b.up.sql",
      "025_b.down.sql" },
    { "no padding",
      { "9_a.up.sql" },
      "auto",
      "b",
      BRN_NUMBERING_AUTO,
      NULL,
      "sql",
      "10_b.up.sql",
      "10_b.down.sql" },
    { "padding is used up",
      { "099_a.up.sql" },
      "auto",
      "b",
      BRN_NUMBERING_AUTO,
      NULL,
      "sql",
      "100_b.up.sql",
      "100_b.down.sql" },
    { "padding overflows",
      { "998_a.up.sql", "999_a.up.sql" },
      "auto",
      "b",
      BRN_NUMBERING_SEQUENCE,
      NULL,
      "sql",
      "1000_b.up.sql",
      "1000_b.down.sql" },
    { "padding of the highest",
      { "0002_a.up.sql", "10_b.up.sql" },
      "auto",
      "c",
      BRN_NUMBERING_AUTO,
      NULL,
      "sql",
      "11_c.up.sql",
      "11_c.down.sql" },
    { "forty digits",
      { "9999999999999999999999999999999999999999_a.up.sql" },
      "auto",
      "b",
      BRN_NUMBERING_AUTO,
      NULL,
      "sql",
      "10000000000000000000000000000000000000000_b.up.sql",
      "10000000000000000000000000000000000000000_b.down.sql" },
    { "sections",
      { "0000_a.sql" },
      "auto",
      "b",
      BRN_NUMBERING_AUTO,
      NULL,
      "sql",
      "0001_b.sql",
      NULL },
    { "folders",
      { "0000_a/migration.sql" },
      "auto",
      "b",
      BRN_NUMBERING_AUTO,
      NULL,
      "sql",
      "0001_b/up.sql",
      "0001_b/down.sql" },
    { "layout by setting",
      { NULL },
      "folders",
      "b",
      BRN_NUMBERING_AUTO,
      NULL,
      "cql",
      "001_b/up.cql",
      "001_b/down.cql" },
    { "sections by setting",
      { NULL },
      "sections",
      "b",
      BRN_NUMBERING_AUTO,
      NULL,
      NULL,
      "001_b.sql",
      NULL },
    { "other files take no version",
      { "README.md", "007_notes.txt", ".009_x.up.sql" },
      "auto",
      "b",
      BRN_NUMBERING_AUTO,
      NULL,
      "redis",
      "001_b.up.redis",
      "001_b.down.redis" },
    { "files of another layout do",
      { "001_a.up.sql", "007_x.sql" },
      "pairs",
      "b",
      BRN_NUMBERING_AUTO,
      NULL,
      "ch",
      "008_b.up.ch",
      "008_b.down.ch" },
    { "timestamp asked for",
      { "003_a.up.sql" },
      "auto",
      "b",
      BRN_NUMBERING_TIMESTAMP,
      NULL,
      "sql",
      "20260226153000_b.up.sql",
      "20260226153000_b.down.sql" },
    { "timestamps go on",
      { "20240226153000_a.sql" },
      "auto",
      "b",
      BRN_NUMBERING_AUTO,
      NULL,
      "sql",
      "20260226153000_b.sql",
      NULL },
    { "timestamp is taken",
      { "20260226153000_a.sql", "20260226153001_a.sql" },
      "auto",
      "b",
      BRN_NUMBERING_AUTO,
      NULL,
      "sql",
      "20260226153002_b.sql",
      NULL },
    { "sequence behind timestamps",
      { "20240226153000_a.sql" },
      "auto",
      "b",
      BRN_NUMBERING_SEQUENCE,
      NULL,
      "sql",
      "20240226153001_b.sql",
      NULL },
    { "dates go on",
      { "2024-12-12_a.sql" },
      "auto",
      "b",
      BRN_NUMBERING_AUTO,
      NULL,
      "sql",
      "2026-02-26_b.sql",
      NULL },
    { "dates with a time go on",
      { "2024-12-12-101500_a.sql" },
      "auto",
      "b",
      BRN_NUMBERING_AUTO,
      NULL,
      "sql",
      "2026-02-26-153000_b.sql",
      NULL },
    { "Flyway's names go on",
      { "V9__a.sql", "R__c.sql" },
      "auto",
      "b",
      BRN_NUMBERING_AUTO,
      NULL,
      "sql",
      "V10__b.sql",
      NULL },
    { "dates are shared",
      { "2026-02-26_a.sql" },
      "auto",
      "b",
      BRN_NUMBERING_AUTO,
      NULL,
      "sql",
      "2026-02-26_b.sql",
      NULL },
    { "sequence beside dotted",
      { "1.2.0_a.sql" },
      "auto",
      "b",
      BRN_NUMBERING_SEQUENCE,
      NULL,
      "sql",
      "001_b.sql",
      NULL },
    { "version",
      { "1.2.0_a.sql" },
      "auto",
      "b",
      BRN_NUMBERING_VERSION,
      "1.10.0",
      "sql",
      "1.10.0_b.sql",
      NULL },
    { "version zero in sections",
      { NULL },
      "sections",
      "b",
      BRN_NUMBERING_VERSION,
      "0000",
      "sql",
      "0000_b.sql",
      NULL },
    { "one name twice",
      { "001_b.up.sql" },
      "auto",
      "b",
      BRN_NUMBERING_AUTO,
      NULL,
      "sql",
      "002_b.up.sql",
      "002_b.down.sql" },
    { "words",
      { NULL },
      "auto",
      "  Add: users/ROLES -- v2.0! ",
      BRN_NUMBERING_AUTO,
      NULL,
      "sql",
      "001_add_users_roles_v2_0.up.sql",
      "001_add_users_roles_v2_0.down.sql" },
    { "letters beyond ASCII",
      { NULL },
      "auto",
      "Stra\xc3\x9f"
      "en \xe2\x82\xac",
      BRN_NUMBERING_AUTO,
      NULL,
      "sql",
      "001_stra\xc3\x9f"
      "en_\xe2\x82\xac.up.sql",
      "001_stra\xc3\x9f"
      "en_\xe2\x82\xac.down.sql" },
    { "path in the name",
      { NULL },
      "auto",
      "../../etc/x",
      BRN_NUMBERING_AUTO,
      NULL,
      "sql",
      "001_etc_x.up.sql",
      "001_etc_x.down.sql" },
};

static void check_created(fixture *f, const struct create_case *c)
{
    size_t expected = c->down != NULL ? 2 : 1;
    const brn_source *source;

    assert_int_equal(f->made.paths.count, expected);
    assert_string_equal(f->made.paths.items[0], tree_path(&f->dir, c->up));
    if (c->down != NULL) {
        assert_string_equal(f->made.paths.items[1], tree_path(&f->dir, c->down));
    }
    source = read_back(f);
    assert_no_statements(f, source, false);
    assert_no_statements(f, source, true);
}

static void test_create(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(create_cases) / sizeof(create_cases[0]); i++) {
        const struct create_case *c = &create_cases[i];
        fixture f;
        print_message("  %s\n", c->label);
        start(&f);
        for (size_t k = 0; k < FILES_MAX && c->files[k] != NULL; k++) {
            tree_write(&f.dir, c->files[k], "");
        }
        f.opts.layout = c->layout;
        f.opts.name = c->name;
        f.opts.numbering = c->numbering;
        f.opts.version = c->version;
        f.opts.extension = c->extension;
        create_ok(&f);
        check_created(&f, c);
        stop(&f);
    }
}

static char long_name[300];

static const struct refused_case {
    const char *label;
    const char *file; /* that is there */
    const char *name;
    brn_numbering numbering;
    const char *version;
    const char *extension;
    const char *id;
    const char *message;
    const char *hint;
    const char *error_file; /* NULL: none */
} refused_cases[] = {
    { "no name", NULL, NULL, BRN_NUMBERING_AUTO, NULL, "sql", "create.bad_name",
      "no letter or digit", "add users table", NULL },
    { "empty name", NULL, "", BRN_NUMBERING_AUTO, NULL, "sql", "create.bad_name",
      "no letter or digit", "add users table", NULL },
    { "nothing usable", NULL, " -/.. ", BRN_NUMBERING_AUTO, NULL, "sql", "create.bad_name",
      "\" -/.. \"", "add users table", NULL },
    { "not UTF-8", NULL, "a\xff", BRN_NUMBERING_AUTO, NULL, "sql", "create.bad_name", "not UTF-8",
      "add users table", NULL },
    { "too long", NULL, long_name, BRN_NUMBERING_AUTO, NULL, "sql", "create.bad_name", "too long",
      "few words", NULL },
    { "after a dotted version", "1.2.0_a.sql", "b", BRN_NUMBERING_AUTO, NULL, "sql",
      "create.bad_version", "\"1.2.0\"", "--version", NULL },
    { "no version", NULL, "b", BRN_NUMBERING_VERSION, NULL, "sql", "create.bad_version",
      "not a version", "024", NULL },
    { "words for a version", NULL, "b", BRN_NUMBERING_VERSION, "1_a", "sql", "create.bad_version",
      "\"1_a\"", "1.2.0", NULL },
    { "leading v", NULL, "b", BRN_NUMBERING_VERSION, "v1.2", "sql", "create.bad_version",
      "\"v1.2\"", "1.2.0", NULL },
    { "path for a version", NULL, "b", BRN_NUMBERING_VERSION, "../1", "sql", "create.bad_version",
      "\"../1\"", "1.2.0", NULL },
    { "version zero in pairs", NULL, "b", BRN_NUMBERING_VERSION, "00", "sql", "create.bad_version",
      "start at 1", "024", NULL },
    { "extension", NULL, "b", BRN_NUMBERING_AUTO, NULL, "txt", "create.bad_extension", "\"txt\"",
      "cql", NULL },
    { "version is taken", "001_a.up.sql", "b", BRN_NUMBERING_VERSION, "1", "sql",
      "create.duplicate", "/001_a.up.sql\"", "another version", "001_a.up.sql" },
    { "version is taken by a folder", "001_a/up.sql", "b", BRN_NUMBERING_VERSION, "1", "sql",
      "create.duplicate", "/001_a\"", "another version", "001_a" },
    { "id with a date is taken", "2026-02-26_b.sql", "b", BRN_NUMBERING_AUTO, NULL, "sql",
      "create.duplicate", "/2026-02-26_b.sql\"", "another version", "2026-02-26_b.sql" },
};

static void test_refused(void **state)
{
    (void)state;
    memset(long_name, 'a', sizeof(long_name) - 1);
    for (size_t i = 0; i < sizeof(refused_cases) / sizeof(refused_cases[0]); i++) {
        const struct refused_case *c = &refused_cases[i];
        fixture f;
        print_message("  %s\n", c->label);
        start(&f);
        if (c->file != NULL) {
            tree_write(&f.dir, c->file, "");
        }
        f.opts.name = c->name;
        f.opts.numbering = c->numbering;
        f.opts.version = c->version;
        f.opts.extension = c->extension;
        assert_int_equal(create(&f), BRANT_EUSAGE);
        assert_string_equal(brant_error_id(f.err), c->id);
        assert_non_null(strstr(brant_error_message(f.err), c->message));
        assert_non_null(strstr(brant_error_hint(f.err), c->hint));
        if (c->error_file == NULL) {
            assert_null(brant_error_file(f.err));
        } else {
            assert_string_equal(brant_error_file(f.err), tree_path(&f.dir, c->error_file));
        }
        assert_null(f.made.id);
        assert_int_equal(brn_layout_create(&f.made, &f.arena, &f.opts, NULL), BRANT_EUSAGE);
        stop(&f);
    }
}

static void test_mixed_directory_is_refused(void **state)
{
    fixture f;

    (void)state;
    start(&f);
    tree_write(&f.dir, "1_a.up.sql", "");
    tree_write(&f.dir, "2_a.sql", "");
    assert_int_equal(create(&f), BRANT_EPARSE);
    assert_string_equal(brant_error_id(f.err), "layout.mixed");
    stop(&f);
}

static void test_directory_is_made(void **state)
{
    char path[TREE_PATH_BYTES];
    fixture f;

    (void)state;
    start(&f);
    snprintf(path, sizeof(path), "%s", tree_path(&f.dir, "db/migrations"));
    f.opts.dir = path;
    create_ok(&f);
    assert_string_equal(f.made.id, "001_add_users_table");
    assert_string_equal(
        f.made.paths.items[0], tree_path(&f.dir, "db/migrations/001_add_users_table.up.sql"));
    stop(&f);
}

static void test_directory_is_a_file(void **state)
{
    char path[TREE_PATH_BYTES];
    fixture f;

    (void)state;
    start(&f);
    tree_write(&f.dir, "file", "");
    snprintf(path, sizeof(path), "%s", tree_path(&f.dir, "file"));
    f.opts.dir = path;
    assert_int_equal(create(&f), BRANT_EUSAGE);
    assert_string_equal(brant_error_id(f.err), "layout.no_directory");
    assert_non_null(strstr(brant_error_message(f.err), "is a file"));
    stop(&f);
}

/* Nothing half-made stays behind. A file name has at most 255 bytes. */
static void test_all_files_or_none(void **state)
{
    char version[252];
    fixture f;

    (void)state;
    start(&f);
    memset(version, '1', sizeof(version) - 1);
    version[245] = '\0'; /* "_b.up.sql" still fits, "_b.down.sql" does not */
    f.opts.name = "b";
    f.opts.numbering = BRN_NUMBERING_VERSION;
    f.opts.version = version;
    assert_int_equal(create(&f), BRANT_EIO);
    assert_string_equal(brant_error_id(f.err), "create.unwritable");
    assert_string_equal(
        brant_error_hint(f.err),
        "Look at the permissions of the directory and the space on its disk.");
    assert_int_equal(rmdir(f.dir.root), 0);
    assert_int_equal(mkdir(f.dir.root, 0700), 0);
    stop(&f);
}

static void test_two_within_one_second(void **state)
{
    fixture f;

    (void)state;
    start(&f);
    f.opts.numbering = BRN_NUMBERING_TIMESTAMP;
    create_ok(&f);
    assert_string_equal(f.made.id, "20260226153000_add_users_table");
    f.opts.numbering = BRN_NUMBERING_AUTO;
    create_ok(&f);
    assert_string_equal(f.made.id, "20260226153001_add_users_table");
    f.opts.name = "other";
    create_ok(&f);
    assert_string_equal(f.made.id, "20260226153002_other");
    stop(&f);
}

/* In a child: whatever goes wrong is its exit status. */
static int create_many(fixture *f, int process)
{
    char name[64];

    for (int i = 0; i < ROUNDS; i++) {
        snprintf(name, sizeof(name), "process %d round %d", process, i);
        f->opts.name = name;
        if (create(f) != BRANT_OK) {
            return 1;
        }
    }
    return 0;
}

/* Each under names of its own, so that exclusive creation would notice nothing. */
static void create_at_once(brn_numbering numbering)
{
    pid_t children[PROCESSES];
    fixture f;

    start(&f);
    f.opts.numbering = numbering;
    for (int i = 0; i < PROCESSES; i++) {
        children[i] = fork();
        assert_true(children[i] >= 0);
        if (children[i] == 0) {
            _exit(create_many(&f, i));
        }
    }
    for (int i = 0; i < PROCESSES; i++) {
        int status = -1;
        assert_int_equal(waitpid(children[i], &status, 0), children[i]);
        assert_int_equal(status, 0);
    }
    /* Reading refuses a version that is there twice. */
    f.opts.name = "last";
    create_ok(&f);
    assert_string_equal(
        f.made.id, numbering == BRN_NUMBERING_TIMESTAMP ? "20260226153040_last" : "041_last");
    (void)read_back(&f);
    stop(&f);
}

static void test_many_at_once(void **state)
{
    (void)state;
    create_at_once(BRN_NUMBERING_TIMESTAMP);
    create_at_once(BRN_NUMBERING_SEQUENCE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_create),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_mixed_directory_is_refused),
        cmocka_unit_test(test_directory_is_made),
        cmocka_unit_test(test_directory_is_a_file),
        cmocka_unit_test(test_all_files_or_none),
        cmocka_unit_test(test_two_within_one_second),
        cmocka_unit_test(test_many_at_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
