/* SPDX-License-Identifier: Apache-2.0 */
/*
 * String-keyed map in an arena: open addressing, FNV-1a, never shrinks, no removal.
 *
 * Keys are views that must live as long as the map. Values are pointers the map does not own.
 * The hash is not keyed; keys come from the user's own files and ledger, and probing is bounded by
 * a load factor of three quarters.
 */
#ifndef BRN_BASE_MAP_H
#define BRN_BASE_MAP_H

#include "base/arena.h"

typedef struct brn_map_slot {
    brn_str key;
    void *value;
    uint64_t hash;
} brn_map_slot;

typedef struct brn_map {
    brn_arena *arena;
    brn_map_slot *slots;
    size_t count;
    size_t cap;
} brn_map;

void brn_map_init(brn_map *map, brn_arena *arena);
/* Makes room for so many keys at once; the arena's latch says when there is none. */
void brn_map_reserve(brn_map *map, size_t count);
/* NULL when absent. */
void *brn_map_get(const brn_map *map, brn_str key);
bool brn_map_has(const brn_map *map, brn_str key);
/*
 * Sets key to value and returns the previous value, NULL if there was none. Out of memory sets the
 * arena's latch.
 */
void *brn_map_put(brn_map *map, brn_str key, void *value);

#endif
