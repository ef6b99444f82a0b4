/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A script is text from a user's file, a statement is one executable piece of it. Both are views:
 * nothing is copied, and every statement knows its place in the user's own file.
 *
 *   file bytes --brn_script_check--> script --(sections)--> script of one direction
 *              --brn_split--> statements --(placeholders)--> text that is sent
 *
 * Positions: line and column count from 1, columns in characters (code points), offsets in bytes
 * from the start of the file behind a byte order mark.
 */
#ifndef BRN_TEXT_SCRIPT_H
#define BRN_TEXT_SCRIPT_H

#include "base/vec.h"
#include "core/error.h"
#include "text/dialect.h"

typedef struct brn_script {
    const char *file; /* as shown to people */
    brn_str text;
    uint64_t offset; /* of text in the file */
    uint32_t line;   /* of the first byte */
    uint32_t column;
    uint32_t mode; /* BRN_LEX_ bits: how the server reads text where it begins */
} brn_script;

typedef struct brn_stmt {
    brn_str text; /* without the terminator, without white space and comments around it */
    uint64_t offset;
    uint32_t line;
    uint32_t column;
    /* Rows that stand in the file behind the statement (COPY ... FROM STDIN), with their line
     * breaks, without the line that ends them. They begin a line. Nothing is replaced in them.
     * NULL: no rows belong to the statement. */
    brn_str data;
    uint64_t data_offset;
    uint32_t data_line;
    uint32_t mode; /* BRN_LEX_ bits: how its text is to be read */
} brn_stmt;

typedef BRN_VEC(brn_stmt) brn_stmt_list;

/*
 * Makes a script of a file's bytes: skips a UTF-8 byte order mark; refuses UTF-16 and UTF-32 (by
 * their marks), NUL bytes and invalid UTF-8, each with its position. `raw` must outlive the script.
 */
brant_status brn_script_check(brn_script *out, brn_str raw, const char *file, brant_error **err);

/*
 * Cuts a script into statements. Empty statements (";;", comments only) are left out. An
 * unterminated string, quoted name, comment or compound body is an error at the place where it
 * began. A last statement needs no terminator, unless rows have to follow it.
 */
brant_status brn_split(
    brn_stmt_list *out,
    brn_arena *arena,
    const brn_dialect *dialect,
    const brn_script *script,
    brant_error **err);

/*
 * All that the file says for it: the statement, and its rows with what stands in between. Two
 * statements are the same when this is; a statement without rows is just its text.
 */
brn_str brn_stmt_source(const brn_stmt *stmt);

/* Line and column of a byte offset inside a statement. Offsets beyond the end give the end. */
void brn_stmt_locate(const brn_stmt *stmt, size_t offset, uint32_t *line, uint32_t *column);

#endif
