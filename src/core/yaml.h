/* SPDX-License-Identifier: Apache-2.0 */
/*
 * YAML documents as a small tree with positions (libyaml does the parsing).
 *
 * Scalars stay text: what they mean is decided by the settings table. Anchors, aliases, tags and
 * more than one document are refused: a configuration file has no use for them, and aliases are how
 * a small file becomes a big tree.
 */
#ifndef BRN_CORE_YAML_H
#define BRN_CORE_YAML_H

#include "base/arena.h"
#include "core/error.h"

typedef enum brn_yaml_kind {
    BRN_YAML_SCALAR = 1,
    BRN_YAML_LIST = 2,
    BRN_YAML_MAP = 3
} brn_yaml_kind;

typedef struct brn_yaml {
    brn_yaml_kind kind;
    uint32_t line; /* from 1 */
    uint32_t column;
    brn_str text; /* SCALAR; terminated in the arena */
    bool plain;   /* SCALAR written without quotes: "~", "null" and "" mean nothing */
    brn_str key;  /* when a child of a MAP */
    uint32_t key_line;
    uint32_t key_column;
    struct brn_yaml *first; /* LIST, MAP */
    struct brn_yaml *next;  /* sibling */
} brn_yaml;

#define BRN_YAML_DEPTH 16

/* An empty document gives *out NULL. Duplicate keys in one map are an error. */
brant_status brn_yaml_parse(
    brn_yaml **out, brn_arena *arena, brn_str text, const char *file, brant_error **err);
/* Child of a map by key, or NULL. */
const brn_yaml *brn_yaml_find(const brn_yaml *map, const char *key);

#endif
