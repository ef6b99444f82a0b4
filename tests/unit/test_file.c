/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

/* Each test has a directory of its own, and is in it. */
typedef struct fixture {
    char dir[64];
    char *real; /* of dir */
    brn_arena arena;
    brn_buf buf;
} fixture;

static int enter(void **state)
{
    fixture *f = calloc(1, sizeof(*f));

    if (f == NULL) {
        return -1;
    }
    (void)snprintf(f->dir, sizeof(f->dir), "/tmp/brant-file-XXXXXX");
    if (mkdtemp(f->dir) == NULL || chdir(f->dir) != 0) {
        return -1;
    }
    f->real = realpath(".", NULL);
    *state = f;
    return f->real == NULL ? -1 : 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *walk)
{
    (void)st;
    (void)type;
    (void)walk;
    return remove(path);
}

static int leave(void **state)
{
    fixture *f = *state;
    int rc = chdir("/");

    rc |= nftw(f->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    brn_arena_release(&f->arena);
    brn_buf_release(&f->buf);
    free(f->real);
    free(f);
    return rc;
}

static void put(const char *path, const char *content)
{
    assert_int_equal(brn_file_create(path, brn_str_from(content), 0644), 0);
}

static void put_link(const char *target, const char *path)
{
    assert_int_equal(symlink(target, path), 0);
}

static const struct entry_case {
    const char *name;
    brn_file_kind kind;
} entry_cases[] = {
    { ".hidden", BRN_FILE_REGULAR },    { "002.sql", BRN_FILE_REGULAR },
    { "010.sql", BRN_FILE_REGULAR },    { "B", BRN_FILE_REGULAR },
    { "a", BRN_FILE_REGULAR },          { "fifo", BRN_FILE_OTHER },
    { "link-away", BRN_FILE_OUTSIDE },  { "link-away-dir", BRN_FILE_OUTSIDE },
    { "link-broken", BRN_FILE_BROKEN }, { "link-dir", BRN_FILE_DIRECTORY },
    { "link-fifo", BRN_FILE_OTHER },    { "link-inside", BRN_FILE_REGULAR },
    { "link-loop", BRN_FILE_BROKEN },   { "link-neighbour", BRN_FILE_OUTSIDE },
    { "link-self", BRN_FILE_OUTSIDE },  { "link-via-outside", BRN_FILE_REGULAR },
    { "sub", BRN_FILE_DIRECTORY },      { "\xc3\xa4", BRN_FILE_REGULAR },
};

static void fill_directory(void)
{
    assert_int_equal(mkdir("d", 0755), 0);
    assert_int_equal(mkdir("d/sub", 0755), 0);
    assert_int_equal(mkdir("d2", 0755), 0); /* its name begins with that of d */
    put("d2/file", "");
    put("outside", "");
    put("d/B", "");
    put("d/a", "");
    put("d/.hidden", "");
    put("d/010.sql", "");
    put("d/002.sql", "");
    put("d/\xc3\xa4", "");
    put("d/sub/file", "");
    assert_int_equal(mkfifo("d/fifo", 0644), 0);
    put_link("sub/file", "d/link-inside");
    put_link("sub", "d/link-dir");
    put_link("../outside", "d/link-away");
    put_link("/", "d/link-away-dir");
    put_link("../d2/file", "d/link-neighbour");
    put_link("nowhere", "d/link-broken");
    put_link("link-loop", "d/link-loop");
    put_link("fifo", "d/link-fifo");
    put_link(".", "d/link-self");
    put_link("../d/a", "d/link-via-outside");
}

static void check_listing(fixture *f, const char *path)
{
    brn_dir_list list = { 0 };

    assert_int_equal(brn_dir_read(&list, &f->arena, path), 0);
    for (size_t i = 0; i < list.count && i < BRN_ARRAY_LEN(entry_cases); i++) {
        assert_string_equal(list.items[i].name, entry_cases[i].name);
        if (list.items[i].kind != entry_cases[i].kind) {
            fail_msg("%s: kind %d", list.items[i].name, (int)list.items[i].kind);
        }
    }
    assert_int_equal(list.count, BRN_ARRAY_LEN(entry_cases));
}

static void listing_is_sorted_and_knows_where_links_lead(void **state)
{
    fixture *f = *state;

    fill_directory();
    check_listing(f, "d");
    check_listing(f, "d/");
    check_listing(f, brn_path_join(&f->arena, f->dir, "d"));
    /* The directory itself may be reached through a link. */
    put_link("d", "alias");
    check_listing(f, "alias");
    assert_int_equal(chdir("d"), 0);
    check_listing(f, ".");
}

static void everything_is_inside_the_root_directory(void **state)
{
    fixture *f = *state;
    brn_dir_list list = { 0 };

    assert_int_equal(brn_dir_read(&list, &f->arena, "/"), 0);
    for (size_t i = 0; i < list.count; i++) {
        assert_int_not_equal(list.items[i].kind, BRN_FILE_OUTSIDE);
    }
}

static void large_directory_is_listed_in_order(void **state)
{
    fixture *f = *state;
    brn_dir_list list = { 0 };

    for (int i = 0; i < 500; i++) {
        char name[16];
        (void)snprintf(name, sizeof(name), "%03d", (i * 7) % 500);
        put(name, "");
    }
    assert_int_equal(brn_dir_read(&list, &f->arena, "."), 0);
    assert_int_equal(list.count, 500);
    for (int i = 0; i < 500; i++) {
        assert_int_equal(strtol(list.items[i].name, NULL, 10), i);
    }
}

/* Names that share nothing, everything but the last byte, or more than a number holds. */
static void many_names_of_every_shape_are_listed_in_the_order_of_bytes(void **state)
{
    static const char *const front[] = { "", "2024010112", "m", "m\xc3\xa4" };
    static const char *const middle[] = { "", "00000000", "_", "\xff\xfe\xfd", "a!" };
    fixture *f = *state;

    for (size_t k = 0; k < BRN_ARRAY_LEN(front); k++) {
        char dir[8];
        brn_dir_list list = { 0 };
        int count = 0;

        (void)snprintf(dir, sizeof(dir), "d%zu", k);
        assert_int_equal(mkdir(dir, 0755), 0);
        for (int i = 0; i < 100; i++) {
            for (size_t m = 0; m < BRN_ARRAY_LEN(middle); m++) {
                char path[64];
                (void)snprintf(
                    path, sizeof(path), "%s/%s%s%d", dir, front[k], middle[m], (i * 37) % 100);
                put(path, "");
                count++;
            }
        }
        assert_int_equal(brn_dir_read(&list, &f->arena, dir), 0);
        assert_int_equal(list.count, count);
        for (size_t i = 1; i < list.count; i++) {
            assert_true(strcmp(list.items[i - 1].name, list.items[i].name) < 0);
        }
    }
}

static void listing_reports_errors_and_leaves_the_list(void **state)
{
    fixture *f = *state;
    brn_dir_entry one = { "one", BRN_FILE_REGULAR };
    brn_dir_list list = { &one, 1, 1 };

    put("file", "");
    assert_int_equal(brn_dir_read(&list, &f->arena, "missing"), ENOENT);
    assert_int_equal(brn_dir_read(&list, &f->arena, ""), ENOENT);
    assert_int_equal(brn_dir_read(&list, &f->arena, "file"), ENOTDIR);
    f->arena.oom = true;
    assert_int_equal(brn_dir_read(&list, &f->arena, "."), ENOMEM);
    assert_ptr_equal(list.items, &one);
    assert_int_equal(list.count, 1);
    f->arena.oom = false;
    assert_int_equal(mkdir("empty", 0755), 0);
    assert_int_equal(brn_dir_read(&list, &f->arena, "empty"), 0);
    assert_int_equal(list.count, 0);
}

static void read_appends_the_whole_file(void **state)
{
    fixture *f = *state;
    static char big[100000];

    memset(big, 'x', sizeof(big) - 1);
    put("big", big);
    put("empty", "");
    assert_int_equal(brn_file_read(&f->buf, "big", sizeof(big) - 1), 0);
    assert_int_equal(f->buf.len, sizeof(big) - 1);
    assert_string_equal(brn_buf_text(&f->buf), big);
    brn_buf_reset(&f->buf);
    assert_int_equal(brn_file_read(&f->buf, "empty", 0), 0);
    assert_int_equal(f->buf.len, 0);
    assert_int_equal(brn_file_create("bytes", (brn_str){ "a\0b\r\n\xff", 6 }, 0600), 0);
    brn_buf_add_c(&f->buf, "before:");
    assert_int_equal(brn_file_read(&f->buf, "bytes", 100), 0);
    assert_int_equal(f->buf.len, 13);
    assert_memory_equal(f->buf.ptr, "before:a\0b\r\n\xff", 14);
}

static void file_without_a_size_is_read_to_its_end(void **state)
{
    fixture *f = *state;

    if (!brn_file_exists("/proc/self/status")) {
        skip();
    }
    assert_int_equal(brn_file_read(&f->buf, "/proc/self/status", 100000), 0);
    assert_true(f->buf.len > 100);
    brn_buf_reset(&f->buf);
    assert_int_equal(brn_file_read(&f->buf, "/proc/self/status", 100), EFBIG);
    assert_int_equal(f->buf.len, 0);
}

static const struct refused_case {
    const char *path;
    size_t max_bytes;
    int rc;
} refused_cases[] = {
    { "missing", 100, ENOENT },   { "missing/file", 100, ENOENT },
    { "", 100, ENOENT },          { "ten", 9, EFBIG },
    { "ten", 0, EFBIG },          { "ten/x", 100, ENOTDIR },
    { ".", 100, EISDIR },         { "fifo", 100, EINVAL },
    { "link-fifo", 100, EINVAL }, { "/dev/null", 100, EINVAL },
    { "loop", 100, ELOOP },       { "broken", 100, ENOENT },
};

static void read_refuses_without_touching_the_buffer(void **state)
{
    fixture *f = *state;

    put("ten", "0123456789");
    assert_int_equal(mkfifo("fifo", 0644), 0);
    put_link("fifo", "link-fifo");
    put_link("loop", "loop");
    put_link("nowhere", "broken");
    brn_buf_add_c(&f->buf, "kept");
    for (size_t i = 0; i < BRN_ARRAY_LEN(refused_cases); i++) {
        const struct refused_case *c = &refused_cases[i];
        int rc = brn_file_read(&f->buf, c->path, c->max_bytes);
        if (rc != c->rc) {
            fail_msg("\"%s\": %d", c->path, rc);
        }
        assert_string_equal(brn_buf_text(&f->buf), "kept");
        assert_false(f->buf.failed);
    }
    assert_int_equal(brn_file_read(&f->buf, "ten", 10), 0);
    assert_string_equal(brn_buf_text(&f->buf), "kept0123456789");
}

static void files_are_read_below_a_directory(void **state)
{
    fixture *f = *state;
    int dir;

    assert_int_equal(brn_dir_create("below/deep"), 0);
    put("below/deep/file", "text");
    put("below/empty", "");
    dir = brn_dir_open("below");
    assert_true(dir >= 0);
    assert_int_equal(brn_file_read_below(&f->buf, dir, "deep/file", 4), 0);
    assert_string_equal(brn_buf_text(&f->buf), "text");
    assert_int_equal(brn_file_read_below(&f->buf, dir, "empty", 0), 0);
    assert_int_equal(brn_file_read_below(&f->buf, dir, "deep/file", 3), EFBIG);
    assert_int_equal(brn_file_read_below(&f->buf, dir, "deep", 100), EISDIR);
    assert_int_equal(brn_file_read_below(&f->buf, dir, "below", 100), ENOENT);
    assert_string_equal(brn_buf_text(&f->buf), "text");
    (void)close(dir);
    assert_int_equal(brn_dir_open("below/empty"), -1);
}

static void create_never_replaces_anything(void **state)
{
    fixture *f = *state;
    struct stat st;

    (void)umask(022);
    put("file", "first");
    assert_int_equal(brn_file_create("file", BRN_STR("second"), 0644), EEXIST);
    assert_int_equal(brn_file_read(&f->buf, "file", 100), 0);
    assert_string_equal(brn_buf_text(&f->buf), "first");
    put_link("nowhere", "broken");
    assert_int_equal(brn_file_create("broken", BRN_STR("x"), 0644), EEXIST);
    assert_false(brn_file_exists("nowhere"));
    assert_int_equal(brn_file_create(".", BRN_STR("x"), 0644), EEXIST);
    assert_int_equal(brn_file_create("no/dir", BRN_STR("x"), 0644), ENOENT);
    assert_int_equal(brn_file_create("private", BRN_STR("x"), 0600), 0);
    assert_int_equal(stat("private", &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
}

static void create_removes_what_it_could_not_finish(void **state)
{
    static char big[100000];
    struct rlimit before;
    struct rlimit tight;
    int rc;

    (void)state;
    memset(big, 'x', sizeof(big) - 1);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    tight = before;
    tight.rlim_cur = 4096;
    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
    rc = brn_file_create("half", brn_str_from(big), 0644);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    (void)signal(SIGXFSZ, SIG_DFL);
    assert_int_equal(rc, EFBIG);
    assert_false(brn_file_exists("half"));
}

static void dir_create_makes_all_that_is_missing(void **state)
{
    static const char *const paths[] = { "a", "a/b/c", "a/b/c/", "x//y", "./p/./q/../r", "a" };
    fixture *f = *state;

    for (size_t i = 0; i < BRN_ARRAY_LEN(paths); i++) {
        assert_int_equal(brn_dir_create(paths[i]), 0);
        assert_true(brn_file_is_dir(paths[i]));
    }
    assert_true(brn_file_is_dir("p/r"));
    assert_int_equal(brn_dir_create(brn_path_join(&f->arena, f->dir, "abs/olute")), 0);
    assert_true(brn_file_is_dir("abs/olute"));
    assert_int_equal(brn_dir_create("/"), 0);
    assert_int_equal(brn_dir_create("."), 0);
    put_link("a/b", "link");
    assert_int_equal(brn_dir_create("link/d"), 0);
    assert_true(brn_file_is_dir("a/b/d"));
}

static void dir_create_does_not_mistake_a_file_for_a_directory(void **state)
{
    (void)state;
    put("file", "");
    put_link("nowhere", "broken");
    assert_int_equal(brn_dir_create("file"), EEXIST);
    assert_int_equal(brn_dir_create("file/sub"), ENOTDIR);
    assert_int_equal(brn_dir_create("broken"), EEXIST);
    assert_int_equal(brn_dir_create(""), ENOENT);
    assert_true(brn_file_exists("file"));
    assert_false(brn_file_is_dir("file"));
    assert_false(brn_file_exists("broken"));
}

static const struct join_case {
    const char *dir;
    const char *name;
    const char *path;
} join_cases[] = {
    { "dir", "name", "dir/name" }, { "dir/", "name", "dir/name" }, { "", "name", "name" },
    { ".", "name", "name" },       { "dir", "/abs", "/abs" },      { "/", "name", "/name" },
    { "..", "name", "../name" },   { "a/b", "c/d", "a/b/c/d" },    { "%s", "%d", "%s/%d" },
};

static const struct part_case {
    const char *path;
    const char *dir;
    const char *base;
} part_cases[] = {
    { "a/b", "a", "b" },   { "a", ".", "a" },     { "/a", "/", "a" }, { "/", "/", "" },
    { "a//b", "a", "b" },  { "a/", "a", "" },     { "", ".", "" },    { "//", "/", "" },
    { "/a/b", "/a", "b" }, { "../x", "..", "x" },
};

static void paths_are_joined_and_parted_at_slashes(void **state)
{
    fixture *f = *state;

    for (size_t i = 0; i < BRN_ARRAY_LEN(join_cases); i++) {
        const struct join_case *c = &join_cases[i];
        assert_string_equal(brn_path_join(&f->arena, c->dir, c->name), c->path);
    }
    for (size_t i = 0; i < BRN_ARRAY_LEN(part_cases); i++) {
        const struct part_case *c = &part_cases[i];
        assert_string_equal(brn_path_dir(&f->arena, c->path), c->dir);
        assert_string_equal(brn_path_base(c->path), c->base);
    }
}

static const struct real_case {
    const char *path;
    int rc;
    const char *below; /* the real directory of the test, or NULL on failure */
} real_cases[] = {
    { ".", 0, "" },
    { "dir/file", 0, "/dir/file" },
    { "link", 0, "/dir" },
    { "link/../dir/./file", 0, "/dir/file" },
    { "new", 0, "/new" },
    { "new/", 0, "/new" },
    { "link/new", 0, "/dir/new" },
    { "broken", 0, "/broken" },
    { "missing/new", ENOENT, NULL },
    { "missing/..", ENOENT, NULL },
    { "", ENOENT, NULL },
    { "dir/file/x", ENOTDIR, NULL },
    { "loop", ELOOP, NULL },
};

static void real_path_needs_only_the_directory_to_exist(void **state)
{
    fixture *f = *state;

    assert_int_equal(mkdir("dir", 0755), 0);
    put("dir/file", "");
    put_link("dir", "link");
    put_link("nowhere", "broken");
    put_link("loop", "loop");
    for (size_t i = 0; i < BRN_ARRAY_LEN(real_cases); i++) {
        const struct real_case *c = &real_cases[i];
        char *real = NULL;
        int rc = brn_path_real(&real, &f->arena, c->path);
        if (rc != c->rc) {
            fail_msg("\"%s\": %d", c->path, rc);
        }
        if (c->below == NULL) {
            assert_null(real);
        } else {
            assert_string_equal(real, brn_arena_printf(&f->arena, "%s%s", f->real, c->below));
        }
    }
}

static void out_of_memory_is_an_error_number(void **state)
{
    fixture *f = *state;
    char *real = NULL;

    put("ten", "0123456789");
    f->arena.oom = true;
    assert_int_equal(brn_path_real(&real, &f->arena, "ten"), ENOMEM);
    assert_int_equal(brn_path_real(&real, &f->arena, "new"), ENOMEM);
    assert_null(real);
    f->buf.max_bytes = 5;
    assert_int_equal(brn_file_read(&f->buf, "ten", 100), ENOMEM);
    assert_true(f->buf.failed);
}

#define IN_DIR(test) cmocka_unit_test_setup_teardown(test, enter, leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_DIR(listing_is_sorted_and_knows_where_links_lead),
        IN_DIR(everything_is_inside_the_root_directory),
        IN_DIR(large_directory_is_listed_in_order),
        IN_DIR(many_names_of_every_shape_are_listed_in_the_order_of_bytes),
        IN_DIR(listing_reports_errors_and_leaves_the_list),
        IN_DIR(read_appends_the_whole_file),
        IN_DIR(file_without_a_size_is_read_to_its_end),
        IN_DIR(read_refuses_without_touching_the_buffer),
        IN_DIR(files_are_read_below_a_directory),
        IN_DIR(create_never_replaces_anything),
        IN_DIR(create_removes_what_it_could_not_finish),
        IN_DIR(dir_create_makes_all_that_is_missing),
        IN_DIR(dir_create_does_not_mistake_a_file_for_a_directory),
        IN_DIR(paths_are_joined_and_parted_at_slashes),
        IN_DIR(real_path_needs_only_the_directory_to_exist),
        IN_DIR(out_of_memory_is_an_error_number),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
