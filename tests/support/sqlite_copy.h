/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A second copy of SQLite, as far as libbrant can tell: its connections and statements are objects
 * of its own, on which the functions of the linked copy cannot work. A call past the table finds
 * no SQLite object behind the pointer.
 */
#ifndef TESTS_SUPPORT_SQLITE_COPY_H
#define TESTS_SUPPORT_SQLITE_COPY_H

#include <sqlite3.h>

#include <brant/sqlite.h>

extern const brant_sqlite_functions sqlite_copy_functions;

/* A connection of this copy over a real one, which still belongs to the caller. */
void *sqlite_copy_handle(sqlite3 *real);
void sqlite_copy_free(void *handle);

/* Since the last call of this. */
typedef struct sqlite_copy_counts {
    unsigned calls; /* of all functions */
    unsigned opened;
    unsigned closed;
    unsigned prepared;
    unsigned finalized;
    unsigned executed; /* exec */
} sqlite_copy_counts;

sqlite_copy_counts sqlite_copy_take_counts(void);

#endif
