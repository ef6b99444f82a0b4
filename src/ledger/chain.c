/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/chain.h"

#include <string.h>

#include "base/clock.h"

static void hash_row(const brn_history_row *row, char out[BRN_DIGEST_HEX + 1])
{
    char at[BRN_CLOCK_TEXT];
    brn_clock_rfc3339(at, row->at_us);
    const char *const fields[] = {
        row->prev,     row->run_id, row->action, row->migration, row->outcome,
        row->checksum, row->detail, row->who,    row->tool,      at,
    };
    brn_digest d;
    brn_digest_init(&d);
    for (size_t i = 0; i < BRN_ARRAY_LEN(fields); i++) {
        brn_digest_field(&d, brn_str_from(fields[i]));
    }
    brn_digest_hex(&d, out);
}

bool brn_chain_seal(brn_history_row *row, brn_arena *arena)
{
    char hash[BRN_DIGEST_HEX + 1];
    hash_row(row, hash);
    row->hash = brn_arena_strdup(arena, hash);
    return row->hash != NULL;
}

brn_history_row *brn_chain_row(
    const brn_chain *chain,
    brn_arena *arena,
    const brn_actor *actor,
    const char *action,
    const char *migration,
    const char *outcome,
    int64_t at_us)
{
    brn_history_row *row = brn_arena_alloc(arena, sizeof(*row));
    if (row == NULL) {
        return NULL;
    }
    row->run_id = actor->run_id;
    row->action = action;
    row->migration = migration;
    row->outcome = outcome;
    row->who = actor->who;
    row->tool = actor->tool;
    /* Stored with milliseconds: what is hashed must be what is read back. */
    row->at_us = at_us - at_us % 1000;
    row->duration_ms = -1;
    row->prev = brn_arena_strdup(arena, chain->prev);
    row->format = BRN_LEDGER_FORMAT;
    return row->prev != NULL ? row : NULL;
}

void brn_chain_move(brn_chain *chain, const brn_history_row *row)
{
    memcpy(chain->prev, row->hash, BRN_DIGEST_HEX + 1);
}

const char *brn_chain_verify(brn_arena *arena, const brn_history_rows *rows)
{
    const char *prev = "";
    for (size_t i = 0; i < rows->count; i++) {
        const brn_history_row *row = &rows->items[i];
        char hash[BRN_DIGEST_HEX + 1];
        hash_row(row, hash);
        if (row->hash == NULL || strcmp(hash, row->hash) != 0) {
            return brn_arena_printf(
                arena, "row %lld was changed: its hash does not cover what it says",
                (long long)row->seq);
        }
        if (strcmp(row->prev != NULL ? row->prev : "", prev) != 0) {
            return brn_arena_printf(
                arena, "a row before row %lld is missing or was put in: it does not follow",
                (long long)row->seq);
        }
        prev = row->hash;
    }
    return NULL;
}
