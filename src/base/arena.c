/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_BYTES ((size_t)64 * 1024)
/* The first one: many arenas never need more, and there may be many at a time. */
#define FIRST_BYTES ((size_t)8 * 1024)
#define ALIGNMENT alignof(max_align_t)

struct brn_arena_block {
    struct brn_arena_block *next;
    size_t cap;
    size_t used;
    alignas(max_align_t) unsigned char bytes[];
};

#define BLOCK_CAP (BLOCK_BYTES - sizeof(struct brn_arena_block))
#define FIRST_CAP (FIRST_BYTES - sizeof(struct brn_arena_block))

/* Else it has one allocation. */
static bool is_shared(const struct brn_arena_block *block)
{
    return block->cap == BLOCK_CAP || block->cap == FIRST_CAP;
}

void brn_arena_init(brn_arena *arena)
{
    *arena = (brn_arena){ 0 };
}

void brn_arena_release(brn_arena *arena)
{
    struct brn_arena_block *block = arena->head;

    while (block != NULL) {
        struct brn_arena_block *next = block->next;
        free(block);
        block = next;
    }
    brn_arena_init(arena);
}

void brn_arena_reset(brn_arena *arena)
{
    struct brn_arena_block *kept = NULL;
    struct brn_arena_block **link = &arena->head;

    /* Unlink one block of a usual size, the largest, give back the others. */
    while (*link != NULL && kept == NULL) {
        if (is_shared(*link)) {
            kept = *link;
            *link = kept->next;
        } else {
            link = &(*link)->next;
        }
    }
    brn_arena_release(arena);
    if (kept != NULL) {
        kept->next = NULL;
        kept->used = 0;
        arena->head = kept;
    }
}

/* Whether an allocation gets its own block: the rest of the current one stays usable. */
static bool is_big(size_t size)
{
#ifdef BRANT_ARENA_DEBUG
    (void)size;
    return true;
#else
    return size >= BLOCK_BYTES / 4;
#endif
}

/* A big one is zeroed by calloc(), which leaves pages that are never touched to the system. */
static struct brn_arena_block *new_block(size_t cap, bool zeroed)
{
    struct brn_arena_block *block =
        zeroed ? calloc(1, sizeof(*block) + cap) : malloc(sizeof(*block) + cap);

    if (block != NULL) {
        block->next = NULL;
        block->cap = cap;
        block->used = 0;
    }
    return block;
}

/* A new block with room for `size` bytes, or NULL. */
static struct brn_arena_block *add_block(brn_arena *arena, size_t size)
{
    struct brn_arena_block *head = arena->head;
    struct brn_arena_block *block;
    bool big = is_big(size);
    size_t usual = head == NULL && size <= FIRST_CAP ? FIRST_CAP : BLOCK_CAP;

    block = new_block(big ? size : usual, big);
    if (block == NULL) {
        return NULL;
    }
    if (big && head != NULL) {
        /* Behind the head, which still has room for small ones. */
        block->next = head->next;
        head->next = block;
    } else {
        block->next = head;
        arena->head = block;
    }
    return block;
}

static void *out_of_memory(brn_arena *arena)
{
    arena->oom = true;
    return NULL;
}

/* Apart, so that what is usual stays short. */
static __attribute__((noinline)) void *take_block(brn_arena *arena, size_t room, size_t size)
{
    struct brn_arena_block *block;

    if (arena->oom || size > PTRDIFF_MAX - BLOCK_BYTES) {
        return out_of_memory(arena);
    }
    block = add_block(arena, room);
    if (block == NULL) {
        return out_of_memory(arena);
    }
    block->used = room;
    arena->used_bytes += size;
    return block->bytes;
}

/* Zeroed only when it is big. */
static void *take(brn_arena *arena, size_t size, size_t alignment)
{
    struct brn_arena_block *head = arena->head;
    size_t room = size == 0 ? 1 : size;
    size_t at;

    if (head == NULL || arena->oom || is_big(room)) {
        return take_block(arena, room, size);
    }
    at = (head->used + alignment - 1) & ~(alignment - 1);
    if (at > head->cap || head->cap - at < room) {
        return take_block(arena, room, size);
    }
    head->used = at + room;
    arena->used_bytes += size;
    return head->bytes + at;
}

void *brn_arena_alloc(brn_arena *arena, size_t size)
{
    void *memory = take(arena, size, ALIGNMENT);

    if (memory != NULL && !is_big(size)) {
        memset(memory, 0, size);
    }
    return memory;
}

/* The link to the block that an allocation has for itself, or NULL. */
static struct brn_arena_block **own_block(brn_arena *arena, const void *memory)
{
    struct brn_arena_block **link = &arena->head;

    while (*link != NULL && (*link)->bytes != (const unsigned char *)memory) {
        link = &(*link)->next;
    }
    /* A small allocation may be the first of its block. */
    return *link != NULL && !is_shared(*link) ? link : NULL;
}

/* realloc() of a large block moves pages, where copying would touch each of them twice. */
void *brn_arena_grow(brn_arena *arena, void *memory, size_t used, size_t size)
{
    struct brn_arena_block **link = own_block(arena, memory);
    struct brn_arena_block *block;
    void *grown;

    if (link == NULL || !is_big(size)) {
        grown = brn_arena_alloc(arena, size);
        if (grown != NULL && used > 0) {
            memcpy(grown, memory, used);
        }
        return grown;
    }
    if (arena->oom || size > PTRDIFF_MAX - BLOCK_BYTES) {
        return out_of_memory(arena);
    }
    block = realloc(*link, sizeof(*block) + size);
    if (block == NULL) {
        return out_of_memory(arena);
    }
    arena->used_bytes += size - block->used;
    block->cap = size;
    block->used = size;
    *link = block;
    return block->bytes;
}

void brn_arena_drop(brn_arena *arena, void *memory)
{
    struct brn_arena_block **link = own_block(arena, memory);

    if (link != NULL) {
        struct brn_arena_block *block = *link;
        *link = block->next;
        free(block);
    }
}

void *brn_arena_array(brn_arena *arena, size_t count, size_t size)
{
    if (size != 0 && count > SIZE_MAX / size) {
        return out_of_memory(arena);
    }
    return brn_arena_alloc(arena, count * size);
}

char *brn_arena_strdup(brn_arena *arena, const char *text)
{
    return text == NULL ? NULL : brn_arena_strndup(arena, text, strlen(text));
}

char *brn_arena_strndup(brn_arena *arena, const char *ptr, size_t len)
{
    char *copy;

    if (len == SIZE_MAX) {
        return out_of_memory(arena);
    }
    copy = take(arena, len + 1, 1);
    if (copy == NULL) {
        return NULL;
    }
    if (len > 0) {
        memcpy(copy, ptr, len);
    }
    copy[len] = '\0';
    return copy;
}

brn_str brn_arena_str(brn_arena *arena, brn_str s)
{
    char *copy = brn_arena_strndup(arena, s.ptr, s.len);

    return copy == NULL ? BRN_STR("") : (brn_str){ copy, s.len };
}

char *brn_arena_printf(brn_arena *arena, const char *format, ...)
{
    va_list args;
    char *text = NULL;
    int len;

    va_start(args, format);
    len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (len < 0) {
        return out_of_memory(arena);
    }
    text = brn_arena_alloc(arena, (size_t)len + 1);
    if (text != NULL) {
        va_start(args, format);
        (void)vsnprintf(text, (size_t)len + 1, format, args);
        va_end(args);
    }
    return text;
}
