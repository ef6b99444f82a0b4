/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Functions of the folder's files that are open for tests only.
 */
#ifndef BRN_POSTGRES_INT_H
#define BRN_POSTGRES_INT_H

#include "engines/postgres/postgres.h"

/* error.c: bytes before character number `position` (from 1); SIZE_MAX when it is not in `sql`.
 * in_bytes: the server counts bytes. */
size_t brn_postgres_position(brn_str sql, uint64_t position, bool in_bytes);
/* error.c: where the line of a DO block is that the context of an error names; or SIZE_MAX. */
size_t brn_postgres_block_line(brn_str sql, const char *context);
/* error.c: where byte `offset` of a query is that the block's line at `from` runs; `from` when it
 * does not stand there as it is. */
size_t brn_postgres_block_query(brn_str sql, size_t from, brn_str query, size_t offset);

/* copy.c: number of the row that the context of an error names; 0: none. sql: of the COPY, data:
 * its rows. *column is where in the row the value of the column stands that the context names, in
 * characters from 1. Of a COPY that lists no columns it is the one with the value that the context
 * shows. 1 too when it is not known, as in other formats than text with tabs. */
uint64_t brn_postgres_copy_place(uint32_t *column, brn_str sql, brn_str data, const char *context);

/* dial.c: id of the error for a text of libpq that holds the words of a server, and their SQLSTATE.
 * NULL when no server has spoken. */
const char *brn_postgres_refusal(char sqlstate[6], const char *text);

/* lock.c: the name of a session that has the lock, and the same read back. */
void brn_postgres_application(char out[64], const char *what);
bool brn_postgres_application_read(brn_lock_holder *out, const char *name);

#endif
