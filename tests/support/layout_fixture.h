/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A directory of migrations for the tests of src/layouts/: files are described in tables, made in a
 * temporary directory, and read.
 */
#ifndef TESTS_SUPPORT_LAYOUT_FIXTURE_H
#define TESTS_SUPPORT_LAYOUT_FIXTURE_H

#include "layouts/layout.h"
#include "support/tree.h"

#define LAYOUT_MAX_BYTES 100000
#define LAYOUT_FILES_MAX 8

/* A file of a case: "name" with `text`; "name/" is a directory, "name -> target" a link. */
typedef struct layout_item {
    const char *name;
    const char *text;
} layout_item;

typedef struct layout_fixture {
    tree dir;
    brn_arena arena;
    brn_source_set set;
    brant_error *err;
    brn_layout_options opts;
} layout_fixture;

void layout_start(layout_fixture *f);
void layout_stop(layout_fixture *f);
void layout_put(layout_fixture *f, const layout_item *it);
void layout_put_all(layout_fixture *f, const layout_item *files);
brant_status layout_read_dir(layout_fixture *f);
void layout_read_ok(layout_fixture *f);
const brn_source *layout_find_source(const layout_fixture *f, const char *id);
void layout_assert_ids(const layout_fixture *f, const char *expected);
bool layout_contains(const char *text, const char *part);
void layout_assert_str(brn_str got, const char *expected);

#endif
