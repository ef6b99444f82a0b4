/* SPDX-License-Identifier: Apache-2.0 */
#include "base/str.h"

#include <string.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* memcmp() may not be given NULL, not even for no bytes, and empty views may hold it. */
static int compare_bytes(const char *a, const char *b, size_t len)
{
    return len == 0 ? 0 : memcmp(a, b, len);
}

bool brn_str_eq(brn_str a, brn_str b)
{
    return a.len == b.len && compare_bytes(a.ptr, b.ptr, a.len) == 0;
}

bool brn_str_eq_c(brn_str a, const char *b)
{
    return brn_str_eq(a, brn_str_from(b));
}

bool brn_str_ieq(brn_str a, brn_str b)
{
    if (a.len != b.len) {
        return false;
    }
    for (size_t i = 0; i < a.len; i++) {
        if (lower(a.ptr[i]) != lower(b.ptr[i])) {
            return false;
        }
    }
    return true;
}

bool brn_str_starts(brn_str s, brn_str prefix)
{
    return s.len >= prefix.len && compare_bytes(s.ptr, prefix.ptr, prefix.len) == 0;
}

bool brn_str_ends(brn_str s, brn_str suffix)
{
    return s.len >= suffix.len && brn_str_eq(brn_str_slice(s, s.len - suffix.len, s.len), suffix);
}

brn_str brn_str_trim(brn_str s)
{
    size_t from = 0;
    size_t to = s.len;

    while (from < to && is_space(s.ptr[from])) {
        from++;
    }
    while (to > from && is_space(s.ptr[to - 1])) {
        to--;
    }
    return brn_str_slice(s, from, to);
}

size_t brn_str_find_char(brn_str s, char c)
{
    const char *hit = s.len == 0 ? NULL : memchr(s.ptr, (unsigned char)c, s.len);

    return hit == NULL ? SIZE_MAX : (size_t)(hit - s.ptr);
}

size_t brn_str_find(brn_str s, brn_str needle)
{
    size_t at = 0;

    if (needle.len == 0) {
        return 0;
    }
    while (s.len - at >= needle.len) {
        /* Look only where the whole needle still fits. */
        brn_str starts = brn_str_slice(s, at, s.len - needle.len + 1);
        size_t hit = brn_str_find_char(starts, needle.ptr[0]);
        if (hit == SIZE_MAX) {
            break;
        }
        at += hit;
        if (memcmp(s.ptr + at, needle.ptr, needle.len) == 0) {
            return at;
        }
        at++;
    }
    return SIZE_MAX;
}

bool brn_str_split(brn_str *rest, char sep, brn_str *piece)
{
    size_t at;

    if (rest->ptr == NULL) {
        return false;
    }
    at = brn_str_find_char(*rest, sep);
    if (at == SIZE_MAX) {
        *piece = *rest;
        *rest = (brn_str){ NULL, 0 };
    } else {
        *piece = brn_str_slice(*rest, 0, at);
        *rest = brn_str_slice(*rest, at + 1, rest->len);
    }
    return true;
}

bool brn_str_to_u64(brn_str s, uint64_t *out)
{
    uint64_t value = 0;

    if (s.len == 0) {
        return false;
    }
    for (size_t i = 0; i < s.len; i++) {
        uint64_t digit;
        if (!is_digit(s.ptr[i])) {
            return false;
        }
        digit = (uint64_t)(s.ptr[i] - '0');
        if (value > (UINT64_MAX - digit) / 10) {
            return false;
        }
        value = value * 10 + digit;
    }
    *out = value;
    return true;
}

/* The run of digits at *at without its leading zeros; *at moves behind it. */
static brn_str take_number(brn_str s, size_t *at)
{
    size_t from = *at;

    while (*at < s.len && is_digit(s.ptr[*at])) {
        (*at)++;
    }
    while (from < *at && s.ptr[from] == '0') {
        from++;
    }
    return brn_str_slice(s, from, *at);
}

/* Without leading zeros the longer number is the larger one, so no arithmetic is needed. */
static int compare_numbers(brn_str a, brn_str b)
{
    if (a.len != b.len) {
        return a.len < b.len ? -1 : 1;
    }
    return compare_bytes(a.ptr, b.ptr, a.len);
}

/*
 * Both texts are read as sequences of numbers and other bytes. Runs of digits are consumed whole on
 * both sides, and every other byte lies on the same side of all ten digits, so this is the
 * lexicographic order of two sequences over one ordered alphabet: transitive.
 */
int brn_str_natcmp(brn_str a, brn_str b)
{
    size_t i = 0;
    size_t j = 0;

    while (i < a.len && j < b.len) {
        int order;
        if (is_digit(a.ptr[i]) && is_digit(b.ptr[j])) {
            brn_str x = take_number(a, &i);
            brn_str y = take_number(b, &j);
            order = compare_numbers(x, y);
        } else {
            order = (int)(unsigned char)a.ptr[i++] - (int)(unsigned char)b.ptr[j++];
        }
        if (order != 0) {
            return order;
        }
    }
    return (i < a.len) - (j < b.len);
}

/* Length of the valid sequence that p starts with, 0 when there is none. */
static size_t utf8_sequence(const unsigned char *p, size_t len)
{
    unsigned char low = 0x80;  /* bounds of the second byte: no overlong forms, */
    unsigned char high = 0xbf; /* no surrogates, nothing above U+10FFFF */
    size_t need;

    if (p[0] < 0x80) {
        return 1;
    }
    if (p[0] < 0xc2 || p[0] > 0xf4) {
        return 0;
    }
    need = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
    if (len < need) {
        return 0;
    }
    if (p[0] == 0xe0) {
        low = 0xa0;
    } else if (p[0] == 0xed) {
        high = 0x9f;
    } else if (p[0] == 0xf0) {
        low = 0x90;
    } else if (p[0] == 0xf4) {
        high = 0x8f;
    }
    if (p[1] < low || p[1] > high) {
        return 0;
    }
    for (size_t i = 2; i < need; i++) {
        if ((p[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    return need;
}

/* Eight bytes of ASCII. */
static bool is_ascii_block(const unsigned char *p)
{
    uint64_t bytes;

    memcpy(&bytes, p, sizeof(bytes));
    return (bytes & 0x8080808080808080u) == 0;
}

size_t brn_str_utf8_invalid_at(brn_str s)
{
    const unsigned char *p = (const unsigned char *)s.ptr;

    for (size_t at = 0; at < s.len;) {
        bool ascii = s.len - at >= sizeof(uint64_t) && is_ascii_block(p + at);
        size_t step = ascii ? sizeof(uint64_t) : utf8_sequence(p + at, s.len - at);
        if (step == 0) {
            return at;
        }
        at += step;
    }
    return SIZE_MAX;
}

size_t brn_str_put_utf8(char *to, uint32_t c)
{
    static const unsigned char first[] = { 0, 0x00, 0xc0, 0xe0, 0xf0 };
    size_t len = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;

    for (size_t i = len - 1; i > 0; i--) {
        to[i] = (char)(unsigned char)(0x80 | (c & 0x3f));
        c >>= 6;
    }
    to[0] = (char)(unsigned char)(first[len] | c);
    return len;
}
