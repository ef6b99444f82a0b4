/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory for one operation: allocate freely, release once.
 *
 *   arena -> [block 64 KiB: a b c ...] -> [first block 8 KiB] -> [one big allocation] -> NULL
 *
 * An allocation that fails sets the latch `oom` and returns NULL; so does every later one. Code
 * may therefore allocate a whole structure and test the latch once, as long as it does not write
 * through the pointers before it. Memory is zeroed. A build with BRANT_ARENA_DEBUG makes every
 * allocation its own malloc, so that AddressSanitizer sees overruns.
 *
 * Not thread-safe: one arena belongs to one thread at a time.
 */
#ifndef BRN_BASE_ARENA_H
#define BRN_BASE_ARENA_H

#include "base/str.h"

struct brn_arena_block;

typedef struct brn_arena {
    struct brn_arena_block *head;
    size_t used_bytes; /* handed out since init or reset */
    bool oom;
} brn_arena;

/* A zeroed struct is a valid arena. */
void brn_arena_init(brn_arena *arena);
/* Frees everything; the arena can be used again. */
void brn_arena_release(brn_arena *arena);
/* Like release, but keeps one block: for loops. */
void brn_arena_reset(brn_arena *arena);

/* Zeroed memory with the alignment of max_align_t. size 0 gives a valid unique pointer. */
void *brn_arena_alloc(brn_arena *arena, size_t size);
/*
 * A larger allocation that begins with the `used` bytes of another one, which goes; what is behind
 * them is not zeroed. NULL leaves the other one.
 */
void *brn_arena_grow(brn_arena *arena, void *memory, size_t used, size_t size);
/*
 * Gives back an allocation of its own block; a small one stays until the arena goes. NULL is fine.
 */
void brn_arena_drop(brn_arena *arena, void *memory);
/* Overflow of count * size counts as out of memory. */
void *brn_arena_array(brn_arena *arena, size_t count, size_t size);
/* Copies, always NUL-terminated behind the last byte. NULL on out of memory, and for NULL. */
char *brn_arena_strdup(brn_arena *arena, const char *text);
char *brn_arena_strndup(brn_arena *arena, const char *ptr, size_t len);
/* Copy as a view; on out of memory an empty view. */
brn_str brn_arena_str(brn_arena *arena, brn_str s);
char *brn_arena_printf(brn_arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
