/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_BYTES ((size_t)64)

void brn_buf_init(brn_buf *buf, size_t max_bytes)
{
    *buf = (brn_buf){ .max_bytes = max_bytes };
}

void brn_buf_release(brn_buf *buf)
{
    free(buf->ptr);
    brn_buf_init(buf, buf->max_bytes);
}

void brn_buf_reset(brn_buf *buf)
{
    buf->failed = false;
    brn_buf_truncate(buf, 0);
}

void brn_buf_truncate(brn_buf *buf, size_t len)
{
    if (len < buf->len) {
        buf->len = len;
        buf->ptr[len] = '\0';
    }
}

bool brn_buf_reserve(brn_buf *buf, size_t extra)
{
    size_t max = buf->max_bytes == 0 ? BRN_BUF_MAX : buf->max_bytes;
    size_t cap = buf->cap < FIRST_BYTES ? FIRST_BYTES : buf->cap;
    char *grown;

    /* max_bytes is the caller's to lower at any time, hence the test of len. */
    if (buf->failed || buf->len > max || extra > max - buf->len || max >= PTRDIFF_MAX) {
        buf->failed = true;
        return false;
    }
    if (buf->cap > buf->len && extra < buf->cap - buf->len) {
        return true;
    }
    while (cap <= buf->len + extra) {
        cap *= 2;
    }
    if (cap > max + 1) {
        cap = max + 1;
    }
    grown = realloc(buf->ptr, cap);
    if (grown == NULL) {
        buf->failed = true;
        return false;
    }
    grown[buf->len] = '\0';
    buf->ptr = grown;
    buf->cap = cap;
    return true;
}

void brn_buf_add(brn_buf *buf, const char *ptr, size_t len)
{
    if (!brn_buf_reserve(buf, len)) {
        return;
    }
    if (len > 0) {
        memcpy(buf->ptr + buf->len, ptr, len);
    }
    buf->len += len;
    buf->ptr[buf->len] = '\0';
}

void brn_buf_add_str(brn_buf *buf, brn_str s)
{
    brn_buf_add(buf, s.ptr, s.len);
}

void brn_buf_add_c(brn_buf *buf, const char *text)
{
    brn_buf_add_str(buf, brn_str_from(text));
}

void brn_buf_add_char(brn_buf *buf, char c)
{
    brn_buf_add(buf, &c, 1);
}

void brn_buf_printf(brn_buf *buf, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    brn_buf_vprintf(buf, format, args);
    va_end(args);
}

void brn_buf_vprintf(brn_buf *buf, const char *format, va_list args)
{
    size_t room = buf->cap - buf->len; /* with that of the NUL */
    va_list again;
    int len;

    va_copy(again, args);
    len = vsnprintf(room > 0 ? buf->ptr + buf->len : NULL, room, format, again);
    va_end(again);
    if (len >= 0 && brn_buf_reserve(buf, (size_t)len)) {
        if ((size_t)len >= room) { /* there was none, or only for a part */
            (void)vsnprintf(buf->ptr + buf->len, (size_t)len + 1, format, args);
        }
        buf->len += (size_t)len;
        return;
    }
    buf->failed = true;
    if (room > 0) {
        buf->ptr[buf->len] = '\0';
    }
}

brn_str brn_buf_str(const brn_buf *buf)
{
    return (brn_str){ brn_buf_text(buf), buf->len };
}

const char *brn_buf_text(const brn_buf *buf)
{
    return buf->ptr == NULL ? "" : buf->ptr;
}

char *brn_buf_take(brn_buf *buf)
{
    char *taken = buf->ptr;

    if (buf->failed || taken == NULL) {
        return NULL;
    }
    brn_buf_init(buf, buf->max_bytes);
    return taken;
}
