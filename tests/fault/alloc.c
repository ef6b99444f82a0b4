/* SPDX-License-Identifier: Apache-2.0 */
#include "fault/alloc.h"

#include <errno.h>
#include <execinfo.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#if SANITIZED
#define REAL(name) __interceptor_##name
#else
#define REAL(name) __libc_##name
#endif

void *REAL(malloc)(size_t size);
void *REAL(calloc)(size_t count, size_t size);
void *REAL(realloc)(void *ptr, size_t size);
void REAL(free)(void *ptr);

#define FRAMES 32

static struct {
    bool armed;
    bool onwards;
    bool shown;
    uint64_t at;
    uint64_t calls;
    uint64_t failures;
    int64_t live;
} state;

void alloc_arm(uint64_t at, bool onwards)
{
    state.at = at;
    state.onwards = onwards;
    state.calls = 0;
    state.failures = 0;
    state.armed = true;
}

uint64_t alloc_disarm(void)
{
    state.armed = false;
    return state.calls;
}

uint64_t alloc_failures(void)
{
    return state.failures;
}

int64_t alloc_live(void)
{
    return SANITIZED ? 0 : state.live;
}

void alloc_show_failures(void)
{
    void *frames[FRAMES];

    (void)backtrace(frames, FRAMES); /* loads a library the first time */
    state.shown = true;
}

static bool fails(void)
{
    void *frames[FRAMES];

    if (!state.armed) {
        return false;
    }
    state.calls++;
    if (state.calls != state.at && !(state.onwards && state.at != 0 && state.calls > state.at)) {
        return false;
    }
    state.failures++;
    if (state.shown && state.failures == 1) {
        state.armed = false;
        backtrace_symbols_fd(frames, backtrace(frames, FRAMES), 2);
        state.armed = true;
    }
    errno = ENOMEM;
    return true;
}

static void *counted(void *ptr)
{
    state.live += ptr != NULL ? 1 : 0;
    return ptr;
}

void *malloc(size_t size)
{
    return fails() ? NULL : counted(REAL(malloc)(size));
}

void *calloc(size_t count, size_t size)
{
    return fails() ? NULL : counted(REAL(calloc)(count, size));
}

void *realloc(void *ptr, size_t size)
{
    void *moved;

    if (fails()) {
        return NULL;
    }
    moved = REAL(realloc)(ptr, size);
    if (ptr == NULL) {
        return counted(moved);
    }
    state.live -= size == 0 && moved == NULL ? 1 : 0;
    return moved;
}

void free(void *ptr)
{
    state.live -= ptr != NULL ? 1 : 0;
    REAL(free)(ptr);
}

/* A sanitizer's own would allocate past us; libyaml uses the first. */
char *strdup(const char *text)
{
    return strndup(text, SIZE_MAX - 1);
}

char *strndup(const char *text, size_t max)
{
    size_t len = strnlen(text, max);
    char *copy = malloc(len + 1);

    if (copy != NULL) {
        memcpy(copy, text, len);
        copy[len] = '\0';
    }
    return copy;
}
