/* SPDX-License-Identifier: Apache-2.0 */
#include "layouts/sum.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "support/layout_fixture.h"

#define A64 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define ALLOCATIONS_MAX 400

/* --- allocations that fail -------------------------------------------------------------------- */

/* The linker sends the library's calls here (see tests/CMakeLists.txt) and wants these names.
 * NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *ptr, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *ptr, size_t size);

static long allocations_left = -1; /* -1: as many as there are */

static bool may_allocate(void)
{
    if (allocations_left > 0) {
        allocations_left--;
    }
    return allocations_left != 0;
}

void *__wrap_malloc(size_t size)
{
    return may_allocate() ? __real_malloc(size) : NULL;
}

void *__wrap_calloc(size_t count, size_t size)
{
    return may_allocate() ? __real_calloc(count, size) : NULL;
}

void *__wrap_realloc(void *ptr, size_t size)
{
    return may_allocate() ? __real_realloc(ptr, size) : NULL;
}
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */

/* --- helpers ---------------------------------------------------------------------------------- */

static void write_sum(layout_fixture *f)
{
    brn_arena arena = { 0 };
    const char *path = NULL;

    brant_error_free(f->err);
    f->err = NULL;
    assert_int_equal(brn_sum_renew(&path, &arena, &f->opts, &f->err), BRANT_OK);
    assert_string_equal(path, tree_path(&f->dir, BRN_SUM_FILE));
    brn_arena_release(&arena);
}

static void read_file(layout_fixture *f, const char *name, brn_buf *out)
{
    brn_buf_reset(out);
    assert_int_equal(brn_file_read(out, tree_path(&f->dir, name), 1 << 20), 0);
}

static void remove_file(layout_fixture *f, const char *name)
{
    assert_int_equal(remove(tree_path(&f->dir, name)), 0);
}

static void assert_mismatch(layout_fixture *f, const char *message, const char *detail)
{
    char expected[2 * TREE_PATH_BYTES];

    assert_int_equal(layout_read_dir(f), BRANT_EDRIFT);
    assert_string_equal(brant_error_id(f->err), "sum.mismatch");
    snprintf(
        expected, sizeof(expected), "%s since \"%s\" was written", message,
        tree_path(&f->dir, BRN_SUM_FILE));
    assert_string_equal(brant_error_message(f->err), expected);
    assert_true(layout_contains(brant_error_hint(f->err), "\"brant sum\""));
    if (detail == NULL) {
        assert_null(brant_error_detail(f->err));
    } else if (!layout_contains(brant_error_detail(f->err), detail)) {
        assert_string_equal(brant_error_detail(f->err), detail);
    }
}

static const layout_item pairs[] = {
    { "001_a.up.sql", "CREATE TABLE a (x);\n" }, { "001_a.down.sql", "DROP TABLE a;\n" },
    { "002_b.up.sql", "CREATE TABLE b (x);\n" }, { "002_b.down.sql", "DROP TABLE b;\n" },
    { "003_c.up.sql", "CREATE TABLE c (x);\n" }, { NULL, NULL },
};

static void start_pairs(layout_fixture *f)
{
    layout_start(f);
    layout_put_all(f, pairs);
    write_sum(f);
}

/* --- format ----------------------------------------------------------------------------------- */

/* Made with another program from the description in sum.h: a change of the format shows here. */
static void test_format_vector(void **state)
{
    static const layout_item files[] = {
        { "001_a.up.sql", "SELECT 1;\n" },
        { "001_a.down.sql", "SELECT 2;\n" },
        { "002_b c.up.sql", "SELECT 3;\n" },
        { "010_d.up.sql", "SELECT 4;\n" },
        { NULL, NULL },
    };
    static const char expected[] =
        "brant-sum 1\n"
        "001_a.up.sql ce380d46a44475f8d5844858b62455f55204a9b0bdd4725a228e4c2082c910b0\n"
        "001_a.down.sql e72b43aabdd38525961762468eb0ea19bad58359497e78d75854c10cebbf121c\n"
        "002_b c.up.sql 06cd21a846484812243e110e812dd86aa60e1698335f18ad6796b155b2126e4b\n"
        "010_d.up.sql a13071f26d417837fb14ede1b89ddb1c0457d7b50741d3a02abbd946f0ff6475\n";
    layout_fixture f;
    brn_buf text = { 0 };

    (void)state;
    layout_start(&f);
    layout_put_all(&f, files);
    layout_read_ok(&f);
    assert_int_equal(brn_sum_text(&text, &f.set, NULL), BRANT_OK);
    assert_string_equal(brn_buf_text(&text), expected);
    write_sum(&f);
    read_file(&f, BRN_SUM_FILE, &text);
    assert_string_equal(brn_buf_text(&text), expected);
    layout_read_ok(&f);
    assert_true(f.set.has_sum);
    assert_int_equal(f.set.notes.count, 0);
    brn_buf_release(&text);
    layout_stop(&f);
}

static void test_empty_directory(void **state)
{
    layout_fixture f;
    brn_buf text = { 0 };

    (void)state;
    layout_start(&f);
    write_sum(&f);
    read_file(&f, BRN_SUM_FILE, &text);
    assert_string_equal(brn_buf_text(&text), "brant-sum 1\n");
    layout_read_ok(&f);
    assert_int_equal(f.set.items.count, 0);
    assert_int_equal(f.set.notes.count, 0);
    brn_buf_release(&text);
    layout_stop(&f);
}

static const struct same_case {
    const char *what;
    const char *name;
    const char *text;
} same_cases[] = {
    { "CR LF", "001_a.up.sql", "CREATE TABLE a (x);\r\n" },
    { "byte order mark", "002_b.up.sql",
      "\xef\xbb\xbf"
      "CREATE TABLE b (x);\n" },
    { "mended down file", "001_a.down.sql", "DROP TABLE IF EXISTS a;\n" },
    { "no migration", "notes.txt", "x" },
    { "json without the word", "journal.json", "{}" },
    { "hidden", ".x_snapshot.json", "{}" },
};

static void test_what_does_not_count(void **state)
{
    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(same_cases); i++) {
        layout_fixture f;
        start_pairs(&f);
        tree_write(&f.dir, same_cases[i].name, same_cases[i].text);
        if (layout_read_dir(&f) != BRANT_OK) {
            fail_msg("%s: %s", same_cases[i].what, brant_error_message(f.err));
        }
        layout_stop(&f);
    }
}

/* The sum file itself may have been through a checkout with other line ends. */
static void test_line_ends_of_the_sum(void **state)
{
    layout_fixture f;
    brn_buf text = { 0 };
    brn_buf other = { 0 };

    (void)state;
    start_pairs(&f);
    read_file(&f, BRN_SUM_FILE, &text);
    brn_buf_add_c(&other, "\xef\xbb\xbf");
    for (size_t i = 0; i < text.len; i++) {
        brn_buf_add_c(&other, text.ptr[i] == '\n' ? "\r\n" : (char[]){ text.ptr[i], '\0' });
    }
    tree_write(&f.dir, BRN_SUM_FILE, brn_buf_text(&other));
    layout_read_ok(&f);
    brn_buf_truncate(&text, text.len - 1);
    tree_write(&f.dir, BRN_SUM_FILE, brn_buf_text(&text));
    layout_read_ok(&f);
    brn_buf_release(&text);
    brn_buf_release(&other);
    layout_stop(&f);
}

static void test_sections_and_their_down_section(void **state)
{
    layout_fixture f;

    (void)state;
    layout_start(&f);
    tree_write(&f.dir, "001_a.sql", "-- brant: up\nSELECT 1;\n-- brant: down\nSELECT 2;\n");
    write_sum(&f);
    tree_write(&f.dir, "001_a.sql", "-- brant: up\nSELECT 1;\n-- brant: down\nSELECT 3;\n");
    layout_read_ok(&f);
    tree_write(&f.dir, "001_a.sql", "-- brant: up\nSELECT 9;\n-- brant: down\nSELECT 3;\n");
    assert_mismatch(&f, "\"001_a.sql\" was changed", NULL);
    layout_stop(&f);
}

/* --- what differs ----------------------------------------------------------------------------- */

static const struct change_case {
    const char *write; /* name of a file that is written anew */
    const char *remove;
    const char *message;
    const char *detail;
} change_cases[] = {
    { "002_b.up.sql", NULL, "\"002_b.up.sql\" was changed", NULL },
    { "004_d.up.sql", NULL, "\"004_d.up.sql\" was added", NULL },
    { "003_c.down.sql", NULL, "\"003_c.down.sql\" was added", NULL },
    { NULL, "001_a.down.sql", "\"001_a.down.sql\" was removed", NULL },
    { NULL, "003_c.up.sql", "\"003_c.up.sql\" was removed", NULL },
    { "001_a.up.sql", "003_c.up.sql", "\"001_a.up.sql\" was changed",
      "\"001_a.up.sql\" was changed, \"003_c.up.sql\" was removed." },
};

static void test_changed_added_removed(void **state)
{
    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(change_cases); i++) {
        const struct change_case *c = &change_cases[i];
        layout_fixture f;
        start_pairs(&f);
        if (c->write != NULL) {
            tree_write(&f.dir, c->write, "SELECT 'other';\n");
        }
        if (c->remove != NULL) {
            remove_file(&f, c->remove);
        }
        assert_mismatch(&f, c->message, c->detail);
        f.opts.skip_sum = true;
        layout_read_ok(&f);
        layout_stop(&f);
    }
}

static void test_moved(void **state)
{
    layout_fixture f;

    (void)state;
    start_pairs(&f);
    remove_file(&f, "003_c.up.sql");
    tree_write(&f.dir, "004_cc.up.sql", "CREATE TABLE c (x);\n");
    assert_mismatch(&f, "\"003_c.up.sql\" was moved to \"004_cc.up.sql\"", NULL);
    layout_stop(&f);
}

/* What a merge makes that keeps the lines of both sides. */
static void test_lines_of_two_branches(void **state)
{
    layout_fixture f;
    brn_buf ours = { 0 };
    brn_buf theirs = { 0 };

    (void)state;
    start_pairs(&f);
    tree_write(&f.dir, "004_ours.up.sql", "SELECT 4;\n");
    write_sum(&f);
    read_file(&f, BRN_SUM_FILE, &ours);
    remove_file(&f, "004_ours.up.sql");
    tree_write(&f.dir, "005_theirs.up.sql", "SELECT 5;\n");
    write_sum(&f);
    read_file(&f, BRN_SUM_FILE, &theirs);
    tree_write(&f.dir, "004_ours.up.sql", "SELECT 4;\n");
    brn_buf_add_c(&ours, strstr(brn_buf_text(&theirs), "005_theirs"));
    tree_write(&f.dir, BRN_SUM_FILE, brn_buf_text(&ours));
    assert_mismatch(&f, "\"005_theirs.up.sql\" was moved", NULL);
    brn_buf_release(&ours);
    brn_buf_release(&theirs);
    layout_stop(&f);
}

/* Somebody took a line out of the file: the lines behind it are still known to be right. */
static void test_line_taken_out(void **state)
{
    layout_fixture f;
    brn_buf text = { 0 };
    char *from;
    char *to;

    (void)state;
    start_pairs(&f);
    read_file(&f, BRN_SUM_FILE, &text);
    from = strstr(text.ptr, "002_b.up.sql");
    to = strchr(from, '\n') + 1;
    memmove(from, to, strlen(to) + 1);
    tree_write(&f.dir, BRN_SUM_FILE, text.ptr);
    assert_mismatch(&f, "\"002_b.up.sql\" was added", NULL);
    brn_buf_release(&text);
    layout_stop(&f);
}

static void test_detail_names_ten(void **state)
{
    layout_fixture f;
    char name[32];

    (void)state;
    layout_start(&f);
    write_sum(&f);
    for (int i = 1; i <= 12; i++) {
        snprintf(name, sizeof(name), "%03d_x.up.sql", i);
        tree_write(&f.dir, name, "SELECT 1;\n");
    }
    assert_mismatch(&f, "\"001_x.up.sql\" was added", "\"010_x.up.sql\" was added and 2 more.");
    assert_false(layout_contains(brant_error_detail(f.err), "011_x"));
    layout_stop(&f);
}

/* --- snapshots -------------------------------------------------------------------------------- */

static void test_snapshots_have_their_place(void **state)
{
    static const layout_item files[] = {
        { "0000_a.sql", "SELECT 1;\n" },     { "0001_b.sql", "SELECT 1;\n" },
        { "meta/0000_snapshot.json", "{}" }, { "meta/0001_snapshot.json", "{}" },
        { "meta/_journal.json", "{}" },      { "schema_snapshot.json", "{}" },
        { "0001_snapshot.json", "{}" },      { NULL, NULL },
    };
    static const char *const order[] = {
        "0000_a.sql",         "meta/0000_snapshot.json", "0001_b.sql",
        "0001_snapshot.json", "meta/0001_snapshot.json", "schema_snapshot.json",
    };
    static const char *const layouts[] = { "auto", "sections" };

    (void)state;
    for (size_t k = 0; k < BRN_ARRAY_LEN(layouts); k++) {
        layout_fixture f;
        brn_buf text = { 0 };
        brn_str rest;
        brn_str line;
        layout_start(&f);
        f.opts.layout = layouts[k];
        layout_put_all(&f, files);
        write_sum(&f);
        read_file(&f, BRN_SUM_FILE, &text);
        rest = brn_buf_str(&text);
        (void)brn_str_split(&rest, '\n', &line);
        for (size_t i = 0; i < BRN_ARRAY_LEN(order); i++) {
            assert_true(brn_str_split(&rest, '\n', &line));
            layout_assert_str(brn_str_slice(line, 0, line.len - 65), order[i]);
        }
        assert_true(brn_str_eq_c(rest, ""));
        tree_write(&f.dir, "meta/_journal.json", "{ }");
        layout_read_ok(&f);
        tree_write(&f.dir, "meta/0000_snapshot.json", "{ }");
        assert_mismatch(&f, "\"meta/0000_snapshot.json\" was changed", NULL);
        brn_buf_release(&text);
        layout_stop(&f);
    }
}

static void test_snapshots_in_folders_of_migrations(void **state)
{
    layout_fixture f;

    (void)state;
    layout_start(&f);
    tree_write(&f.dir, "20240101000000_a/migration.sql", "SELECT 1;\n");
    tree_write(&f.dir, "20240101000000_a/snapshot.json", "{\n}\n");
    tree_write(&f.dir, "20240102000000_b/migration.sql", "SELECT 2;\n");
    write_sum(&f);
    tree_write(&f.dir, "20240101000000_a/snapshot.json", "{\r\n}\r\n");
    layout_read_ok(&f);
    tree_write(&f.dir, "20240101000000_a/snapshot.json", "{ }\n");
    assert_mismatch(&f, "\"20240101000000_a/snapshot.json\" was changed", NULL);
    remove_file(&f, "20240101000000_a/snapshot.json");
    assert_mismatch(&f, "\"20240101000000_a/snapshot.json\" was removed", NULL);
    tree_write(&f.dir, "20240101000000_a/snapshot.json", "{\n}\n");
    tree_write(&f.dir, "20240102000000_b/snapshot.json", "{}");
    assert_mismatch(&f, "\"20240102000000_b/snapshot.json\" was added", NULL);
    layout_stop(&f);
}

static void test_snapshot_with_an_odd_name(void **state)
{
    layout_fixture f;
    const char *path = NULL;

    (void)state;
    layout_start(&f);
    tree_write(&f.dir, "001_a.up.sql", "SELECT 1;\n");
    tree_write(&f.dir, "a\nsnapshot.json", "{}");
    layout_read_ok(&f);
    assert_int_equal(brn_sum_renew(&path, &f.arena, &f.opts, &f.err), BRANT_EPARSE);
    assert_string_equal(brant_error_id(f.err), "layout.bad_name");
    layout_stop(&f);
}

/* --- files that are none ---------------------------------------------------------------------- */

static const struct bad_case {
    const char *text;
    unsigned line;
    const char *message; /* part */
    const char *hint;    /* part */
} bad_cases[] = {
    { "", 1, "first line", "brant sum" },
    { "brant-sum 2\n", 1, "first line", "brant sum" },
    { "brant-sum 1 \n", 1, "first line", "brant sum" },
    { "brant-sum 1\n\n", 2, "64 hexadecimal", "brant sum" },
    { "brant-sum 1\n001_a.up.sql\n", 2, "64 hexadecimal", "brant sum" },
    { "brant-sum 1\n" A64 "\n", 2, "64 hexadecimal", "brant sum" },
    { "brant-sum 1\n " A64 "\n", 2, "64 hexadecimal", "brant sum" },
    { "brant-sum 1\nx\t" A64 "\n", 2, "64 hexadecimal", "brant sum" },
    { "brant-sum 1\nx a" A64 "\n", 2, "64 hexadecimal", "brant sum" },
    { "brant-sum 1\nx " A64 "\ny A" A64 "\n", 3, "64 hexadecimal", "brant sum" },
    { "brant-sum 1\nx " A64 " \n", 2, "64 hexadecimal", "brant sum" },
    { "brant-sum 1\n\x01 " A64 "\n", 2, "control characters", "brant sum" },
    { "brant-sum 1\n\xff " A64 "\n", 2, "control characters", "brant sum" },
    { "brant-sum 1\nx " A64 "\nx " A64 "\n", 0, NULL, NULL },
    { "brant-sum 1\n001_a.up.sql " A64 "\n001_a.up.sql " A64 "\n", 3, "twice", "brant sum" },
    { "<<<<<<< HEAD\nbrant-sum 1\n", 1, "unfinished merge", "either side" },
    { "brant-sum 1\nx " A64 "\n<<<<<<< HEAD\n", 3, "unfinished merge", "either side" },
    { "brant-sum 1\r\n=======\r\n", 2, "unfinished merge", "either side" },
    { "brant-sum 1\n>>>>>>> theirs\n", 2, "unfinished merge", "either side" },
    { "brant-sum 1\n||||||| base\n", 2, "unfinished merge", "either side" },
};

static void test_malformed(void **state)
{
    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(bad_cases); i++) {
        const struct bad_case *c = &bad_cases[i];
        layout_fixture f;
        layout_start(&f);
        tree_write(&f.dir, "001_a.up.sql", "SELECT 1;\n");
        tree_write(&f.dir, BRN_SUM_FILE, c->text);
        if (c->message == NULL) {
            assert_int_equal(layout_read_dir(&f), BRANT_EDRIFT);
            layout_stop(&f);
            continue;
        }
        assert_int_equal(layout_read_dir(&f), BRANT_EPARSE);
        assert_string_equal(brant_error_id(f.err), "sum.malformed");
        if (!layout_contains(brant_error_message(f.err), c->message) ||
            !layout_contains(brant_error_hint(f.err), c->hint) ||
            brant_error_line(f.err) != c->line) {
            fail_msg(
                "%zu: line %u: %s", i, (unsigned)brant_error_line(f.err),
                brant_error_message(f.err));
        }
        assert_string_equal(brant_error_file(f.err), tree_path(&f.dir, BRN_SUM_FILE));
        write_sum(&f);
        layout_read_ok(&f);
        layout_stop(&f);
    }
}

static void test_missing(void **state)
{
    layout_fixture f;

    (void)state;
    layout_start(&f);
    layout_put_all(&f, pairs);
    layout_read_ok(&f);
    assert_false(f.set.has_sum);
    assert_int_equal(brn_sum_verify(&f.set, false, &f.err), BRANT_OK);
    assert_int_equal(brn_sum_verify(&f.set, true, &f.err), BRANT_EDRIFT);
    assert_string_equal(brant_error_id(f.err), "sum.missing");
    layout_stop(&f);
}

static void test_unreadable(void **state)
{
    layout_fixture f;

    (void)state;
    layout_start(&f);
    layout_put_all(&f, pairs);
    tree_mkdir(&f.dir, BRN_SUM_FILE);
    assert_int_equal(layout_read_dir(&f), BRANT_EIO);
    assert_string_equal(brant_error_id(f.err), "sum.unreadable");
    layout_stop(&f);
}

/* --- writing ---------------------------------------------------------------------------------- */

static void test_write_leaves_nothing_else(void **state)
{
    layout_fixture f;
    brn_dir_list list = { 0 };
    struct stat st;

    (void)state;
    start_pairs(&f);
    tree_chmod(&f.dir, BRN_SUM_FILE, 0640);
    write_sum(&f);
    assert_int_equal(stat(tree_path(&f.dir, BRN_SUM_FILE), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0640);
    assert_int_equal(brn_dir_read(&list, &f.arena, f.dir.root), 0);
    assert_int_equal(list.count, 6);
    layout_stop(&f);
}

static void test_new_migration_joins_the_sum(void **state)
{
    layout_fixture f;
    brn_created made = { 0 };
    brn_create_options create = { .layout = "auto", .name = "more", .now_us = 1 };

    (void)state;
    start_pairs(&f);
    create.dir = f.dir.root;
    create.reading = &f.opts;
    assert_int_equal(brn_layout_create(&made, &f.arena, &create, &f.err), BRANT_OK);
    layout_read_ok(&f);
    layout_assert_ids(&f, "001_a 002_b 003_c 004_more");
    /* A difference that nobody looked at is not confirmed, and nothing is written. */
    tree_write(&f.dir, "001_a.up.sql", "SELECT 9;\n");
    assert_int_equal(brn_layout_create(&made, &f.arena, &create, &f.err), BRANT_EDRIFT);
    assert_string_equal(brant_error_id(f.err), "sum.mismatch");
    assert_mismatch(&f, "\"001_a.up.sql\" was changed", NULL);
    /* Without a sum file there is none afterwards. */
    remove_file(&f, BRN_SUM_FILE);
    assert_int_equal(brn_layout_create(&made, &f.arena, &create, NULL), BRANT_OK);
    layout_read_ok(&f);
    assert_false(f.set.has_sum);
    layout_stop(&f);
}

/* --- memory ----------------------------------------------------------------------------------- */

static brant_status write_and_verify(layout_fixture *f, brn_arena *arena, brant_error **err)
{
    brn_source_set set = { 0 };
    const char *path = NULL;
    brant_status st = brn_sum_renew(&path, arena, &f->opts, err);

    return st == BRANT_OK ? brn_layout_read(&set, arena, &f->opts, err) : st;
}

static void test_out_of_memory(void **state)
{
    static const char *const edits[] = { NULL, "002_b.up.sql" };

    (void)state;
    for (size_t k = 0; k < BRN_ARRAY_LEN(edits); k++) {
        layout_fixture f;
        bool enough = false;
        start_pairs(&f);
        if (edits[k] != NULL) {
            tree_write(&f.dir, edits[k], "SELECT 9;\n");
        }
        for (long n = 0; n < ALLOCATIONS_MAX && !enough; n++) {
            brn_arena arena = { 0 };
            brn_source_set set = { 0 };
            brant_error *err = NULL;
            brant_status st;
            allocations_left = n + 1;
            st = edits[k] == NULL ? write_and_verify(&f, &arena, &err)
                                  : brn_layout_read(&set, &arena, &f.opts, &err);
            enough = allocations_left > 0;
            allocations_left = -1;
            if (enough) {
                assert_int_equal(st, edits[k] == NULL ? BRANT_OK : BRANT_EDRIFT);
            } else if (st != BRANT_OK && st != BRANT_EDRIFT) {
                /* An error may lack its detail, but it is never taken for another one. */
                assert_int_equal(st, BRANT_ENOMEM);
            }
            brant_error_free(err);
            brn_arena_release(&arena);
        }
        assert_true(enough);
        layout_stop(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_format_vector),
        cmocka_unit_test(test_empty_directory),
        cmocka_unit_test(test_what_does_not_count),
        cmocka_unit_test(test_line_ends_of_the_sum),
        cmocka_unit_test(test_sections_and_their_down_section),
        cmocka_unit_test(test_changed_added_removed),
        cmocka_unit_test(test_moved),
        cmocka_unit_test(test_lines_of_two_branches),
        cmocka_unit_test(test_line_taken_out),
        cmocka_unit_test(test_detail_names_ten),
        cmocka_unit_test(test_snapshots_have_their_place),
        cmocka_unit_test(test_snapshots_in_folders_of_migrations),
        cmocka_unit_test(test_snapshot_with_an_odd_name),
        cmocka_unit_test(test_malformed),
        cmocka_unit_test(test_missing),
        cmocka_unit_test(test_unreadable),
        cmocka_unit_test(test_write_leaves_nothing_else),
        cmocka_unit_test(test_new_migration_joins_the_sum),
        cmocka_unit_test(test_out_of_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
