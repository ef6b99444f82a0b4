/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the dialect of MySQL and MariaDB share. */
#ifndef BRN_TEXT_MYSQL_INT_H
#define BRN_TEXT_MYSQL_INT_H

#include "text/classify.h"
#include "text/dialect.h"
#include "text/reader.h"

/*
 * Commands of the client "mysql". `rest` begins a statement: when it is the line of a DELIMITER,
 * *len is its length and the lexer knows the new one, otherwise *len is 0. Others are refused.
 */
brant_status brn_mysql_client_command(size_t *len, brn_lexer *lx, brn_str rest, brant_error **err);
/* The error for one that begins with the backslash at the first byte of `rest`. */
brant_status brn_mysql_refuse_backslash(brn_str rest, brant_error **err);
/* The error for a DELIMITER in the middle of a statement; a word that is none passes. */
brant_status brn_mysql_check_word(const brn_lexer *lx, brn_str rest, brant_error **err);

/*
 * Follows the statement at hand; its first token is where state->phase is 0. What it says is valid
 * up to the next token.
 */
void brn_mysql_follow(brn_split_state *state, const brn_token *token, bool delimited);
/* Would a ';' here end the statement? */
bool brn_mysql_may_end(const brn_split_state *state);
/* Only a DELIMITER can say where this statement ends. */
bool brn_mysql_needs_delimiter(const brn_split_state *state);
/* A string in dollar quotes may stand here. */
bool brn_mysql_takes_dollars(const brn_split_state *state);
/* Does the next token begin a statement of a body, or follow its END? */
bool brn_mysql_is_between(const brn_split_state *state);

/* Behind a SET: the sql_mode that it leaves, as far as its text says. */
void brn_mysql_follow_set(brn_lexer *lx, brn_str statement);

void brn_mysql_classify(brn_stmt_class *out, brn_reader *rd);
/* Without its quotes, otherwise as it is written: whether case counts is the server's affair. */
brn_str brn_mysql_take_name(brn_reader *rd);
/* Text of a string or of a name, as names of users and files are written. */
brn_str brn_mysql_take_text(brn_reader *rd);

/* Behind CREATE, DROP, ALTER and RENAME. */
void brn_mysql_read_create(brn_stmt_class *out, brn_reader *rd);
void brn_mysql_read_drop(brn_stmt_class *out, brn_reader *rd);
void brn_mysql_read_alter(brn_stmt_class *out, brn_reader *rd);
void brn_mysql_read_rename(brn_stmt_class *out, brn_reader *rd);

#endif
