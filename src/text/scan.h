/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the lexers of several dialects have in common: characters, text in quotes, and the errors
 * for what never ends. Lengths and offsets count from the start of the text given; 0 says that
 * there is no end.
 */
#ifndef BRN_TEXT_SCAN_H
#define BRN_TEXT_SCAN_H

#include "base/str.h"
#include "core/error.h"

bool brn_scan_is_digit(char c);
bool brn_scan_is_hex_digit(char c);
/* What a word begins with: letters of any language and '_'. */
bool brn_scan_is_letter(char c);

/* The byte at `at`, or NUL behind the end: a lexer can look ahead without counting. */
char brn_scan_peek(brn_str s, size_t at);
/* Offset of the first byte at or after `at` that does not belong; the end when all do. */
size_t brn_scan_skip(brn_str s, size_t at, bool (*belongs)(char));

/* Offset behind the first `close` at or after `from`; 0 when there is none. */
size_t brn_scan_behind(brn_str s, size_t from, char close);
/* Offset behind a text that is open at `from`, whose quotes are doubled to stand for themselves. */
size_t brn_scan_quoted(brn_str s, size_t from, char quote);

/* Offset behind the first end of a block comment at or after `from`; these do not nest. */
size_t brn_scan_behind_comment(brn_str s, size_t from);

/* *len is `found`, or the error for a token that never ends. */
brant_status brn_scan_string(size_t *len, size_t found, brant_error **err);
brant_status brn_scan_name(size_t *len, size_t found, char close, brant_error **err);
/* `nests`: the comments of this dialect do. */
brant_status brn_scan_comment(size_t *len, size_t found, bool nests, brant_error **err);
/* The error for a compound body that never ends. */
brant_status brn_scan_open_body(brant_error **err);

#endif
