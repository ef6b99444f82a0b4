/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What differs between systems. The only file that may ask for _GNU_SOURCE is platform_gnu.c.
 */
#ifndef BRN_BASE_PLATFORM_H
#define BRN_BASE_PLATFORM_H

#include "base/buf.h"
#include "base/str.h"

#define BRN_PLATFORM_NAME 256

int64_t brn_platform_pid(void);
/* Host name; "localhost" when unknown. Always terminated. */
void brn_platform_host(char out[BRN_PLATFORM_NAME]);
/* Login name of the effective user, or its number; from the passwd database, not LOGNAME. */
void brn_platform_user(char out[BRN_PLATFORM_NAME]);
/* 16 random bytes as 32 hexadecimal digits and a NUL (run ids); falls back to time and pid. */
void brn_platform_random_hex(char out[33]);
/* Text of an errno value, thread-safe. Always terminated. */
void brn_platform_errno_text(char out[BRN_PLATFORM_NAME], int errnum);

/*
 * Adds the directory that libbrant.so was loaded from. False, and nothing added, when the library
 * is linked into a program or the system does not tell.
 */
bool brn_platform_library_dir(brn_buf *out);

/*
 * A watch wakes a waiter when somebody who had `path` open for writing closes it, which includes
 * dying. It is a hint: wakes may be false or missing, and brn_watch_wait() then is a plain sleep.
 */
typedef struct brn_watch brn_watch;
/* NULL when the system has none or it failed. */
brn_watch *brn_watch_new(const char *path);
void brn_watch_free(brn_watch *watch);
/* Waits at most `ms`; returns early on an event or a signal. True for an event: it is told once.
 * watch may be NULL. */
bool brn_watch_wait(brn_watch *watch, uint32_t ms);

#endif
