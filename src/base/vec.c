/* SPDX-License-Identifier: Apache-2.0 */
#include "base/vec.h"

#include <string.h>

#define FIRST_ITEMS ((size_t)8)

/*
 * `items` is the address of a pointer to some other type than void. It is read and written with
 * memcpy() because an access through a void ** would break the aliasing rules.
 */
bool brn_vec_grow(brn_arena *arena, void **items, size_t *count, size_t *cap, size_t size)
{
    unsigned char *array;

    memcpy(&array, items, sizeof(array));
    if (*count == *cap) {
        size_t more = *cap == 0 ? FIRST_ITEMS : *cap > SIZE_MAX / 2 ? SIZE_MAX : *cap * 2;
        unsigned char *grown = brn_arena_array(arena, more, size);
        if (grown == NULL) {
            return false;
        }
        if (*count > 0) {
            memcpy(grown, array, *count * size);
        }
        array = grown;
        *cap = more;
        memcpy(items, &array, sizeof(array));
    }
    memset(array + *count * size, 0, size);
    (*count)++;
    return true;
}

bool brn_vec_grow_moving(brn_arena *arena, void **items, size_t *count, size_t *cap, size_t size)
{
    unsigned char *before;
    unsigned char *after;
    bool grown;

    memcpy(&before, items, sizeof(before));
    grown = brn_vec_grow(arena, items, count, cap, size);
    memcpy(&after, items, sizeof(after));
    if (after != before) {
        brn_arena_drop(arena, before);
    }
    return grown;
}
