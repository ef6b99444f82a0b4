/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The history chain: each row's hash covers its facts and the hash of the row before.
 *
 *   hash = SHA-256(prev, run_id, action, migration, outcome, checksum, detail, who, tool, at)
 *
 * each field with its length in front. Duration and sequence number are not covered: they are not
 * known when the row is sent. A row that was changed, removed or put in between breaks the chain
 * from there on; removing rows at the end does not: each run's first row names the closing hash of
 * the run before, so that it is seen as soon as one of the two hashes is kept elsewhere.
 */
#ifndef BRN_LEDGER_CHAIN_H
#define BRN_LEDGER_CHAIN_H

#include "engine/ledger_ops.h"
#include "ledger/actor.h"

/* Hash of the newest row that is surely stored; "" for an empty history. */
typedef struct brn_chain {
    char prev[BRN_DIGEST_HEX + 1];
} brn_chain;

/*
 * A new row behind `chain`, without its hash. Texts are borrowed. NULL on out of memory.
 * The chain itself moves only with brn_chain_move(), once the row is known to be stored.
 */
brn_history_row *brn_chain_row(
    const brn_chain *chain,
    brn_arena *arena,
    const brn_actor *actor,
    const char *action,
    const char *migration,
    const char *outcome,
    int64_t at_us);
/* Fills in the hash, once all it covers is set. False on out of memory. */
bool brn_chain_seal(brn_history_row *row, brn_arena *arena);
void brn_chain_move(brn_chain *chain, const brn_history_row *row);

/* NULL when the rows (oldest first, from the very first) hold together, else what is wrong. */
const char *brn_chain_verify(brn_arena *arena, const brn_history_rows *rows);

#endif
