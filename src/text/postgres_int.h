/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the PostgreSQL dialect share. */
#ifndef BRN_TEXT_POSTGRES_INT_H
#define BRN_TEXT_POSTGRES_INT_H

#include "text/classify.h"
#include "text/dialect.h"
#include "text/reader.h"

/* The error for a command of psql; its backslash is the first byte of `rest`. */
brant_status brn_postgres_refuse_psql(brn_str rest, brant_error **err);

bool brn_postgres_feed(brn_split_state *state, const brn_token *token);

void brn_postgres_classify(brn_stmt_class *out, brn_reader *rd);

/* Folded to lower case, or without its quotes and escapes. */
brn_str brn_postgres_take_name(brn_reader *rd);
/* Text of a string without quotes and escapes; empty, and nothing taken, when none is at hand. */
brn_str brn_postgres_take_string(brn_reader *rd);

/* Behind CREATE, DROP, ALTER; behind COMMENT ON and SECURITY LABEL ... ON. */
void brn_postgres_read_create(brn_stmt_class *out, brn_reader *rd);
void brn_postgres_read_drop(brn_stmt_class *out, brn_reader *rd);
void brn_postgres_read_alter(brn_stmt_class *out, brn_reader *rd);
void brn_postgres_read_named(brn_stmt_class *out, brn_reader *rd);

/*
 * Is the option given, in parentheses somewhere behind the reader, as on or off? Options are words
 * with or without a '=' and a value; without one, they are on.
 */
bool brn_postgres_option_is_on(const brn_reader *rd, const char *option);
bool brn_postgres_option_is_off(const brn_reader *rd, const char *option);

#endif
