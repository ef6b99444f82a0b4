/* SPDX-License-Identifier: Apache-2.0 */
#include "base/map.h"

#define FIRST_SLOTS ((size_t)16) /* a power of two, as every later size */

static uint64_t hash_of(brn_str key)
{
    uint64_t hash = 14695981039346656037u;

    for (size_t i = 0; i < key.len; i++) {
        hash = (hash ^ (unsigned char)key.ptr[i]) * 1099511628211u;
    }
    return hash;
}

/* The slot of key, or the free one where it belongs. The table always has free slots. */
static brn_map_slot *slot_of(brn_map_slot *slots, size_t cap, brn_str key, uint64_t hash)
{
    size_t at = (size_t)hash & (cap - 1);

    while (slots[at].key.ptr != NULL) {
        if (slots[at].hash == hash && brn_str_eq(slots[at].key, key)) {
            break;
        }
        at = (at + 1) & (cap - 1);
    }
    return &slots[at];
}

static const brn_map_slot *find(const brn_map *map, brn_str key)
{
    brn_map_slot *slot;

    if (map->count == 0) {
        return NULL;
    }
    slot = slot_of(map->slots, map->cap, key, hash_of(key));
    return slot->key.ptr == NULL ? NULL : slot;
}

/* How many keys are in at most so many slots. */
static size_t limit(size_t cap)
{
    return cap - cap / 4;
}

static bool resize(brn_map *map, size_t cap)
{
    brn_map_slot *slots = brn_arena_array(map->arena, cap, sizeof(*slots));

    if (slots == NULL) {
        return false;
    }
    for (size_t i = 0; i < map->cap; i++) {
        const brn_map_slot *old = &map->slots[i];
        if (old->key.ptr != NULL) {
            *slot_of(slots, cap, old->key, old->hash) = *old;
        }
    }
    brn_arena_drop(map->arena, map->slots);
    map->slots = slots;
    map->cap = cap;
    return true;
}

void brn_map_init(brn_map *map, brn_arena *arena)
{
    *map = (brn_map){ .arena = arena };
}

void brn_map_reserve(brn_map *map, size_t count)
{
    size_t cap = FIRST_SLOTS;

    while (limit(cap) < count && cap <= SIZE_MAX / 2) {
        cap *= 2;
    }
    if (cap > map->cap) {
        (void)resize(map, cap);
    }
}

void *brn_map_get(const brn_map *map, brn_str key)
{
    const brn_map_slot *slot = find(map, key);

    return slot == NULL ? NULL : slot->value;
}

bool brn_map_has(const brn_map *map, brn_str key)
{
    return find(map, key) != NULL;
}

void *brn_map_put(brn_map *map, brn_str key, void *value)
{
    uint64_t hash = hash_of(key);
    brn_map_slot *slot = map->count == 0 ? NULL : slot_of(map->slots, map->cap, key, hash);
    void *previous;

    if (slot == NULL || slot->key.ptr == NULL) {
        bool full = map->count >= limit(map->cap);
        if (full && !resize(map, map->cap == 0 ? FIRST_SLOTS : map->cap * 2)) {
            return NULL;
        }
        if (full || slot == NULL) {
            slot = slot_of(map->slots, map->cap, key, hash);
        }
        /* NULL marks a free slot, so the empty key needs an address. */
        *slot = (brn_map_slot){ .key = key.ptr == NULL ? BRN_STR("") : key, .hash = hash };
        map->count++;
    }
    previous = slot->value;
    slot->value = value;
    return previous;
}
