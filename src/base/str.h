/* SPDX-License-Identifier: Apache-2.0 */
/*
 * String views and ordering of version-like text.
 *
 * A brn_str points into memory that somebody else owns and is never assumed to be terminated.
 * Literals become views with BRN_STR("text"). Nothing here allocates.
 */
#ifndef BRN_BASE_STR_H
#define BRN_BASE_STR_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef struct brn_str {
    const char *ptr;
    size_t len;
} brn_str;

/* Not for static tables, where gcc refuses a compound literal: use a char * field there. */
#define BRN_STR(lit) ((brn_str){ "" lit, sizeof(lit) - 1 })
/* For "%.*s": at most INT_MAX bytes, since a negative precision would read up to a NUL. */
#define BRN_STR_ARG(s) (int)((s).len > INT_MAX ? INT_MAX : (s).len), (s).ptr
#define BRN_ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

/* NULL gives an empty view (with a pointer). */
static inline brn_str brn_str_from(const char *text)
{
    return text == NULL ? BRN_STR("") : (brn_str){ text, strlen(text) };
}

/* The bytes from `from` up to `to`, as far as there are any. */
static inline brn_str brn_str_slice(brn_str s, size_t from, size_t to)
{
    size_t end = to > s.len ? s.len : to;
    size_t begin = from > end ? end : from;

    return begin == 0 ? (brn_str){ s.ptr, end } : (brn_str){ s.ptr + begin, end - begin };
}
bool brn_str_eq(brn_str a, brn_str b);
bool brn_str_eq_c(brn_str a, const char *b);
/* ASCII only: keywords, never user text. */
bool brn_str_ieq(brn_str a, brn_str b);
bool brn_str_starts(brn_str s, brn_str prefix);
bool brn_str_ends(brn_str s, brn_str suffix);
/* ASCII white space at both ends. */
brn_str brn_str_trim(brn_str s);
/* First position of needle or SIZE_MAX. */
size_t brn_str_find(brn_str s, brn_str needle);
size_t brn_str_find_char(brn_str s, char c);

/*
 * Next piece up to `sep`; *rest moves behind it. False when *rest is used up. Pieces may be empty:
 * "a,,b" has three, "a," two and "" one. A used-up rest is { NULL, 0 }.
 */
bool brn_str_split(brn_str *rest, char sep, brn_str *piece);

/* Decimal digits only; false when empty, not a number or out of range. */
bool brn_str_to_u64(brn_str s, uint64_t *out);

/*
 * Order of ids and versions: runs of digits compare as numbers of any length, everything else as
 * bytes ("9" < "10" < "010a", "1.2.0" < "1.10.0"). Numbers that are equal but differ in leading
 * zeros compare equal, so "1" and "001" are one version; use brn_str_eq() for identity.
 * Returns <0, 0 or >0. Total preorder: usable for sorting.
 */
int brn_str_natcmp(brn_str a, brn_str b);

/* Offset of the first invalid UTF-8 position, or SIZE_MAX when all of it is valid (RFC 3629). */
size_t brn_str_utf8_invalid_at(brn_str s);

/* Writes a code point in UTF-8: at most 4 bytes, without a NUL. The number of bytes. */
size_t brn_str_put_utf8(char *to, uint32_t c);

#endif
