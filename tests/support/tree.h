/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A temporary directory for a test, under $TMPDIR or /tmp. Names are relative to it; what cannot be
 * made fails the test.
 */
#ifndef BRANT_TESTS_TREE_H
#define BRANT_TESTS_TREE_H

#include <stddef.h>

#define TREE_PATH_BYTES 4096

typedef struct tree {
    char root[1024];
    char shown[TREE_PATH_BYTES]; /* of tree_path() */
} tree;

void tree_make(tree *t);
/* Removes all of it, also what cannot be read. */
void tree_remove(tree *t);
/* Valid until the next call. */
const char *tree_path(tree *t, const char *name);
/* The directories of `name` are made; what is there is replaced. */
void tree_write(tree *t, const char *name, const char *text);
void tree_write_bytes(tree *t, const char *name, const void *bytes, size_t len);
void tree_mkdir(tree *t, const char *name);
void tree_link(tree *t, const char *name, const char *target);
void tree_chmod(tree *t, const char *name, unsigned mode);

#endif
