/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows of the ledger made from migrations, and the digest of progress.
 */
#ifndef BRN_LEDGER_RECORD_H
#define BRN_LEDGER_RECORD_H

#include "graph/graph.h"
#include "ledger/actor.h"

/*
 * A row for a migration that starts, or is recorded, now. Texts are borrowed from migration and
 * actor, or live in the arena. An existing row's progress is not taken over. NULL on out of memory.
 */
brn_ledger_row *brn_record_new(
    brn_arena *arena,
    const brn_migration *migration,
    const brn_actor *actor,
    brn_row_status status,
    brn_direction direction,
    int64_t seq,
    int64_t now_us);

/*
 * done_digest after one more statement: SHA-256 over the digest before and the statement's text as
 * it stands in the file (placeholders not replaced). `digest` is "" at the start.
 */
void brn_progress_add(char digest[BRN_DIGEST_HEX + 1], brn_str statement);
/* Digest of one statement, for its intent. */
void brn_statement_digest(char out[BRN_DIGEST_HEX + 1], brn_str statement);

#endif
