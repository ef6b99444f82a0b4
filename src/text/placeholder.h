/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Placeholders: ${NAME} in a statement, replaced just before it is sent; opt-in per file.
 *
 * They are replaced after splitting, so a value can never end a statement or start a comment that
 * swallows the next one; digests are over the raw text. "$${" gives a literal "${". An unset name
 * is an error with its position. Names are letters, digits and underscores.
 */
#ifndef BRN_TEXT_PLACEHOLDER_H
#define BRN_TEXT_PLACEHOLDER_H

#include "text/script.h"

/* Value of a name or NULL. */
typedef const char *brn_lookup_fn(const char *name, void *user);

/* *out is stmt->text itself when there is nothing to replace. */
brant_status brn_placeholders_expand(
    brn_str *out,
    brn_arena *arena,
    const brn_stmt *stmt,
    const char *file,
    brn_lookup_fn *lookup,
    void *user,
    brant_error **err);

/* Where byte `offset` of the expanded text came from in stmt->text. */
size_t brn_placeholders_origin(
    const brn_stmt *stmt, size_t offset, brn_lookup_fn *lookup, void *user);

#endif
