/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Public documents made from the world: used by every command that shows something.
 */
#ifndef BRN_RUN_DOCS_H
#define BRN_RUN_DOCS_H

#include <brant/report.h>

#include "run/world.h"

/* NULL on out of memory (arena latch). Texts are borrowed from the world's arena. */
brant_migration *brn_doc_migration(const brn_world *world, const brn_migration *m);
/* A recorded migration that no file knows. */
brant_migration *brn_doc_unknown(const brn_world *world, size_t target, const brn_ledger_row *row);

typedef BRN_VEC(const brant_migration *) brn_doc_list;
void brn_doc_add(brn_doc_list *list, brn_arena *arena, const brant_migration *doc);

/* Who holds the lock of a target; nobody when it is not connected or cannot be asked. */
void brn_doc_lock(brant_lock_info *out, brn_arena *arena, brn_target *target);

/*
 * The same for those who only look, after they have read the ledger. What is recorded as running is
 * the business of whoever holds the lock, and then it is no finding. A run that ended between the
 * two is not to be taken for one that died: the ledger is read again when something looks open and
 * nobody holds the lock.
 */
brant_status brn_doc_ask_lock(
    brant_lock_info *out, brn_world *world, size_t target, brant_error **err);
/* Of all targets, by those who do not show the lock. */
brant_status brn_doc_ask_locks(brn_world *world, brant_error **err);

/* Version text of a target, or NULL. */
const char *brn_doc_version(const brn_world *world, size_t target);

#endif
