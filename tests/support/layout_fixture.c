/* SPDX-License-Identifier: Apache-2.0 */
#include "support/layout_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

void layout_start(layout_fixture *f)
{
    memset(f, 0, sizeof(*f));
    tree_make(&f->dir);
    f->opts = (brn_layout_options){
        .dir = f->dir.root,
        .layout = "auto",
        .dialect = &brn_dialect_sqlite,
        .max_file_bytes = LAYOUT_MAX_BYTES,
    };
}

void layout_stop(layout_fixture *f)
{
    brant_error_free(f->err);
    brn_arena_release(&f->arena);
    tree_remove(&f->dir);
}

void layout_put(layout_fixture *f, const layout_item *it)
{
    const char *arrow = strstr(it->name, " -> ");
    size_t len = strlen(it->name);
    char name[512];

    if (arrow != NULL) {
        snprintf(name, sizeof(name), "%.*s", (int)(arrow - it->name), it->name);
        tree_link(&f->dir, name, arrow + 4);
    } else if (it->name[len - 1] == '/') {
        snprintf(name, sizeof(name), "%.*s", (int)(len - 1), it->name);
        tree_mkdir(&f->dir, name);
    } else {
        tree_write(&f->dir, it->name, it->text != NULL ? it->text : "SELECT 1;\n");
    }
}

void layout_put_all(layout_fixture *f, const layout_item *files)
{
    for (size_t i = 0; i < LAYOUT_FILES_MAX && files[i].name != NULL; i++) {
        layout_put(f, &files[i]);
    }
}

brant_status layout_read_dir(layout_fixture *f)
{
    brant_error_free(f->err);
    f->err = NULL;
    brn_arena_release(&f->arena);
    memset(&f->set, 0, sizeof(f->set));
    return brn_layout_read(&f->set, &f->arena, &f->opts, &f->err);
}

void layout_read_ok(layout_fixture *f)
{
    brant_status st = layout_read_dir(f);

    if (st != BRANT_OK) {
        print_message("%s: %s\n", brant_error_id(f->err), brant_error_message(f->err));
    }
    assert_int_equal(st, BRANT_OK);
    assert_null(f->err);
}

const brn_source *layout_find_source(const layout_fixture *f, const char *id)
{
    for (size_t i = 0; i < f->set.items.count; i++) {
        if (strcmp(f->set.items.items[i]->id, id) == 0) {
            return f->set.items.items[i];
        }
    }
    fail_msg("no migration %s", id);
    return NULL;
}

/* Ids in their order, separated by spaces. */
void layout_assert_ids(const layout_fixture *f, const char *expected)
{
    char ids[4096] = "";

    for (size_t i = 0; i < f->set.items.count; i++) {
        size_t len = strlen(ids);
        snprintf(ids + len, sizeof(ids) - len, "%s%s", i > 0 ? " " : "", f->set.items.items[i]->id);
    }
    assert_string_equal(ids, expected);
}

bool layout_contains(const char *text, const char *part)
{
    return text != NULL && strstr(text, part) != NULL;
}

void layout_assert_str(brn_str got, const char *expected)
{
    if (!brn_str_eq_c(got, expected)) {
        fail_msg("\"%.*s\" is not \"%s\"", BRN_STR_ARG(got), expected);
    }
}
