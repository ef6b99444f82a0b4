/* SPDX-License-Identifier: Apache-2.0 */
#include "run/findings.h"

brant_finding *brn_finding_put(brn_finding_list *list, brn_arena *arena, const brant_finding *from)
{
    brant_finding *f = brn_arena_alloc(arena, sizeof(*f));
    const brant_finding **slot = f != NULL ? BRN_VEC_PUSH(arena, list) : NULL;
    if (slot == NULL) {
        return NULL;
    }
    *f = *from;
    *slot = f;
    return f;
}

static const char *copy(brn_arena *arena, const char *text)
{
    return text != NULL ? brn_arena_strdup(arena, text) : NULL;
}

void brn_findings_own(brn_finding_list *list, brn_arena *arena)
{
    for (size_t i = 0; i < list->count; i++) {
        brant_finding *own = brn_arena_alloc(arena, sizeof(*own));
        if (own == NULL) {
            return;
        }
        *own = *list->items[i];
        own->id = copy(arena, own->id);
        own->database = copy(arena, own->database);
        own->migration = copy(arena, own->migration);
        own->message = copy(arena, own->message);
        own->hint = copy(arena, own->hint);
        own->file = copy(arena, own->file);
        list->items[i] = own;
    }
}

void brn_findings_fill(brant_validation *doc, const brn_finding_list *list)
{
    doc->findings = list->items;
    doc->count = list->count;
    doc->valid = 1;
    for (size_t i = 0; i < list->count; i++) {
        doc->valid = list->items[i]->warning != 0 ? doc->valid : 0;
    }
}
