/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads a statement token by token, one ahead, without white space, comments and marks: for code
 * that looks at the first words of a statement and is no parser. At the end, and where the lexer
 * cannot go on, the token at hand is BRN_TOKEN_END for good.
 *
 * A reader is a plain value: a copy of it looks ahead.
 */
#ifndef BRN_TEXT_READER_H
#define BRN_TEXT_READER_H

#include "base/arena.h"
#include "text/dialect.h"

typedef struct brn_reader {
    brn_lexer lx;
    brn_token token; /* the one at hand */
    brn_arena *arena;
} brn_reader;

/* The script must outlive the reader; names are made in the arena. */
void brn_reader_init(
    brn_reader *rd, brn_arena *arena, const brn_dialect *dialect, const struct brn_script *script);
void brn_reader_next(brn_reader *rd);

bool brn_reader_at_end(const brn_reader *rd);
/* Is the keyword, or the character of punctuation, at hand? take: and if so, go on behind it. */
bool brn_reader_is(const brn_reader *rd, const char *keyword);
bool brn_reader_is_char(const brn_reader *rd, char c);
bool brn_reader_take(brn_reader *rd, const char *keyword);
bool brn_reader_take_char(brn_reader *rd, char c);
/* Both or none. */
bool brn_reader_take_two(brn_reader *rd, const char *keyword, const char *second);
/* IF EXISTS or IF NOT EXISTS. */
bool brn_reader_take_if_exists(brn_reader *rd);

/* As brn_dialect.take_name. */
brn_str brn_reader_name(brn_reader *rd);
/* [schema.]name; of a name in more parts the last two. What is absent is empty. */
void brn_reader_full_name(brn_reader *rd, brn_str *schema, brn_str *name);
/* A copy of a token in quotes, without them; `close` stands twice for itself, but for ']'. */
brn_str brn_unquote(brn_arena *arena, brn_str quoted, char close);

/* From an opening parenthesis at hand to behind the one that closes it. */
void brn_reader_skip_parens(brn_reader *rd);
/* To the next place outside of parentheses where the keyword is at hand; false at the end. */
bool brn_reader_seek(brn_reader *rd, const char *keyword);

#endif
