/* SPDX-License-Identifier: Apache-2.0 */
#include "base/vec.h"

#include <string.h>

#define FIRST_ITEMS ((size_t)8)
/*
 * A moving array that is larger grows in longer steps, since what is not used yet is not touched.
 * The first of them is to a size that every allocator maps by itself: then moving it moves pages.
 */
#define MANY_BYTES ((size_t)64 * 1024)
#define MAPPED_BYTES ((size_t)4 * 1024 * 1024)

static unsigned char *copy_into_larger(
    brn_arena *arena, const unsigned char *array, size_t used, size_t bytes)
{
    unsigned char *larger = brn_arena_alloc(arena, bytes);

    if (larger != NULL && used > 0) {
        memcpy(larger, array, used);
    }
    return larger;
}

/* How many elements it is to have room for. */
static size_t next_cap(size_t cap, size_t size, bool moving)
{
    size_t limit = SIZE_MAX / size;
    bool many = moving && cap > MANY_BYTES / size;
    size_t factor = many ? 4 : 2;
    size_t more = cap == 0 ? FIRST_ITEMS : cap > limit / factor ? limit : cap * factor;

    return many && more < MAPPED_BYTES / size ? MAPPED_BYTES / size : more;
}

/*
 * `items` is the address of a pointer to some other type than void. It is read and written with
 * memcpy() because an access through a void ** would break the aliasing rules.
 */
static bool grow(
    brn_arena *arena, void **items, size_t *count, size_t *cap, size_t size, bool moving)
{
    unsigned char *array;

    memcpy(&array, items, sizeof(array));
    if (*count == *cap) {
        size_t more = next_cap(*cap, size, moving);
        array = moving ? brn_arena_grow(arena, array, *count * size, more * size)
                       : copy_into_larger(arena, array, *count * size, more * size);
        if (array == NULL) {
            return false;
        }
        *cap = more;
        memcpy(items, &array, sizeof(array));
    }
    memset(array + *count * size, 0, size);
    (*count)++;
    return true;
}

bool brn_vec_grow(brn_arena *arena, void **items, size_t *count, size_t *cap, size_t size)
{
    return grow(arena, items, count, cap, size, false);
}

bool brn_vec_grow_moving(brn_arena *arena, void **items, size_t *count, size_t *cap, size_t size)
{
    return grow(arena, items, count, cap, size, true);
}
