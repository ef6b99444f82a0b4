/* SPDX-License-Identifier: Apache-2.0 */
#include "support/tree.h"

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

void tree_make(tree *t)
{
    const char *tmp = getenv("TMPDIR");
    int len = snprintf(
        t->root, sizeof(t->root), "%s/brant-test-XXXXXX", tmp != NULL && tmp[0] ? tmp : "/tmp");

    assert_true(len > 0 && (size_t)len < sizeof(t->root));
    assert_non_null(mkdtemp(t->root));
}

static int open_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)ftw;
    return type == FTW_DNR || type == FTW_D ? chmod(path, 0700) : 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

void tree_remove(tree *t)
{
    (void)nftw(t->root, open_one, 16, FTW_PHYS);
    assert_int_equal(nftw(t->root, remove_one, 16, FTW_PHYS | FTW_DEPTH), 0);
}

const char *tree_path(tree *t, const char *name)
{
    int len = snprintf(t->shown, sizeof(t->shown), "%s/%s", t->root, name);

    assert_true(len > 0 && (size_t)len < sizeof(t->shown));
    return t->shown;
}

void tree_mkdir(tree *t, const char *name)
{
    size_t root = strlen(t->root) + 1;

    (void)tree_path(t, name);
    for (char *p = t->shown + root; *p != '\0'; p++) {
        if (*p == '/') {
            *p = '\0';
            (void)mkdir(t->shown, 0777);
            *p = '/';
        }
    }
    (void)mkdir(t->shown, 0777);
    assert_int_equal(access(t->shown, F_OK), 0);
}

static void make_parents(tree *t, const char *name)
{
    const char *slash = strrchr(name, '/');
    char dir[1024];

    if (slash != NULL) {
        assert_true((size_t)(slash - name) < sizeof(dir));
        memcpy(dir, name, (size_t)(slash - name));
        dir[slash - name] = '\0';
        tree_mkdir(t, dir);
    }
}

void tree_write_bytes(tree *t, const char *name, const void *bytes, size_t len)
{
    FILE *file;

    make_parents(t, name);
    file = fopen(tree_path(t, name), "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
}

void tree_write(tree *t, const char *name, const char *text)
{
    tree_write_bytes(t, name, text, strlen(text));
}

void tree_link(tree *t, const char *name, const char *target)
{
    make_parents(t, name);
    assert_int_equal(symlink(target, tree_path(t, name)), 0);
}

void tree_chmod(tree *t, const char *name, unsigned mode)
{
    assert_int_equal(chmod(tree_path(t, name), (mode_t)mode), 0);
}
