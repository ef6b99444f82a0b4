/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Saved plans: a plan as a JSON text that people review and `brant apply` runs.
 *
 *     { "schema": 1, "kind": "brant plan", ...
 *       "goal": { "count": 0, "to": null },
 *       "databases": [ { "name": "main", "engine": "sqlite", "tx": "each", "state": "<digest>" } ],
 *       "steps": [ { "database": "main", "id": "003_users", "direction": "up", "checksum": "...",
 *                    "statements": [ { "number": 1, "text": "CREATE TABLE ..." } ] } ] }
 *
 * `state` digests the ledger that the plan was made on, `checksum` the file of a step. What applies
 * a plan makes it anew from its goal and compares: the text is never what is run, so a plan that
 * was edited is refused like one that has grown old.
 *
 * Described for others in docs/schema/saved-plan.json.
 */
#ifndef BRN_RUN_SAVED_H
#define BRN_RUN_SAVED_H

#include <brant/report.h>

#include "base/buf.h"
#include "base/vec.h"
#include "core/error.h"
#include "engine/ledger_ops.h"

typedef struct brn_saved_statement {
    uint64_t number;
    brn_str text;
} brn_saved_statement;

typedef struct brn_saved_step {
    const char *database;
    const char *id;
    const char *direction;
    const char *checksum;
    bool manual;
    uint64_t resume_after;
    BRN_VEC(brn_saved_statement) statements;
} brn_saved_step;

typedef struct brn_saved_database {
    const char *name;
    const char *engine;
    const char *tx;
    const char *state;
} brn_saved_database;

typedef struct brn_saved {
    uint64_t count; /* the goal: so many, */
    const char *to; /* or up to this one; NULL */
    BRN_VEC(brn_saved_database) databases;
    BRN_VEC(brn_saved_step) steps;
} brn_saved;

/*
 * Reads a text. Everything is copied into the arena. `file` is for messages; NULL.
 *
 * Errors, BRANT_EPARSE: "apply.malformed" (with line and column), "apply.not_a_plan" (names what is
 * missing or of the wrong kind), "apply.newer" (a later schema).
 */
brant_status brn_saved_read(
    brn_saved *out, brn_arena *arena, brn_str text, const char *file, brant_error **err);

/* Writes goal and databases of `saved` and the steps of `plan`. Out of memory is the buffer's
 * latch. */
void brn_saved_write(
    brn_buf *out, const brn_saved *saved, const brant_plan *plan, int64_t created_us);

/* Digest over what a plan depends on in a ledger: each migration, its status and its progress. */
brant_status brn_saved_state(
    char out[BRN_DIGEST_HEX + 1], const brn_ledger_rows *rows, brant_error **err);

#endif
