/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Vectors: a typed struct and one function that makes room.
 *
 *   BRN_VEC(brn_str) names = { 0 };
 *   brn_str *slot = BRN_VEC_PUSH(&arena, &names);   // NULL when out of memory (arena latch set)
 *   if (slot != NULL) { *slot = name; }
 *
 * Elements live in an arena, so a vector needs no release; growing leaves the old array behind in
 * the arena (at most as much as the final array, since the capacity doubles). BRN_VEC_PUSH_MOVING()
 * moves the array instead: for vectors of many or large elements of which nobody keeps an address.
 */
#ifndef BRN_BASE_VEC_H
#define BRN_BASE_VEC_H

#include "base/arena.h"

#define BRN_VEC(type)                                                                              \
    struct {                                                                                       \
        type *items;                                                                               \
        size_t count;                                                                              \
        size_t cap;                                                                                \
    }

/* Address of a new zeroed element at the end, or NULL. `vec` is a pointer to a BRN_VEC(). */
#define BRN_VEC_PUSH(arena, vec)                                                                   \
    (brn_vec_grow(                                                                                 \
         (arena), (void **)&(vec)->items, &(vec)->count, &(vec)->cap, sizeof(*(vec)->items))       \
         ? &(vec)->items[(vec)->count - 1]                                                         \
         : NULL)

#define BRN_VEC_PUSH_MOVING(arena, vec)                                                            \
    (brn_vec_grow_moving(                                                                          \
         (arena), (void **)&(vec)->items, &(vec)->count, &(vec)->cap, sizeof(*(vec)->items))       \
         ? &(vec)->items[(vec)->count - 1]                                                         \
         : NULL)

bool brn_vec_grow_moving(brn_arena *arena, void **items, size_t *count, size_t *cap, size_t size);
bool brn_vec_grow(brn_arena *arena, void **items, size_t *count, size_t *cap, size_t size);

#endif
