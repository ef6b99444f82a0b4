/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The documents a call gives back, with the arena that holds everything in them.
 *
 * A call allocates one box, works in its arena, fills the document and hands out a pointer to it;
 * freeing the document frees the box. The document is the first member, so the pointers are equal.
 */
#ifndef BRN_RUN_BOX_H
#define BRN_RUN_BOX_H

#include <brant/report.h>
#include <brant/run.h>

#include "base/arena.h"

typedef struct brn_box {
    union {
        brant_overview overview;
        brant_history history;
        brant_plan plan;
        brant_report report;
        brant_ping_result ping;
        brant_locks locks;
        brant_repair_result repair;
        brant_validation validation;
        brant_health_result health;
        brant_new_files new_files;
    } doc;
    const void *saved; /* plan: the brn_saved that belongs to it */
    brn_arena arena;
} brn_box;

/* NULL on out of memory. */
brn_box *brn_box_new(void);
/* Takes a pointer to a document or to a box; NULL is fine. */
void brn_box_free(void *doc);

/*
 * Copies an options struct of the caller into *out (zeroed, `known` bytes): at most as much as both
 * know. BRANT_EUSAGE "options.newer" when the caller's is bigger and says something in the part we
 * do not know. `in` may be NULL: all defaults.
 */
brant_status brn_options_read(void *out, size_t known, const void *in, brant_error **err);

#endif
