/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Growable text with a hard maximum.
 *
 * `ptr` is always a terminated string once anything was appended (brn_buf_text() also before).
 * A failed append (out of memory, or beyond max_bytes) sets the latch `failed` and leaves the
 * content as it was; later appends do nothing, so one test at the end is enough.
 */
#ifndef BRN_BASE_BUF_H
#define BRN_BASE_BUF_H

#include <stdarg.h>

#include "base/str.h"

typedef struct brn_buf {
    char *ptr;
    size_t len;
    size_t cap;
    size_t max_bytes; /* 0: BRN_BUF_MAX */
    bool failed;
} brn_buf;

#define BRN_BUF_MAX ((size_t)1 << 31)

/* A zeroed struct is a valid, empty buffer. */
void brn_buf_init(brn_buf *buf, size_t max_bytes);
void brn_buf_release(brn_buf *buf);
/* Empties, keeps the memory, clears the latch. */
void brn_buf_reset(brn_buf *buf);
void brn_buf_add(brn_buf *buf, const char *ptr, size_t len);
void brn_buf_add_str(brn_buf *buf, brn_str s);
void brn_buf_add_c(brn_buf *buf, const char *text);
void brn_buf_add_char(brn_buf *buf, char c);
void brn_buf_printf(brn_buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
void brn_buf_vprintf(brn_buf *buf, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));
/* Shortens to len. */
void brn_buf_truncate(brn_buf *buf, size_t len);
/* Makes room for `extra` more bytes; false (and latched) when it cannot. */
bool brn_buf_reserve(brn_buf *buf, size_t extra);
brn_str brn_buf_str(const brn_buf *buf);
/* Never NULL. */
const char *brn_buf_text(const brn_buf *buf);
/* Hands the memory to the caller (free()); NULL when the latch is set or nothing was added. */
char *brn_buf_take(brn_buf *buf);

#endif
