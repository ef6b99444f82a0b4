/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Editing the ledger by hand: what mark, force and repair share.
 *
 *   open (look) -> begin one database (lock, look again) -> changes -> commit -> close
 *
 * All changes of one database go into one program, in one transaction where there is one, each with
 * its row of history.
 */
#ifndef BRN_RUN_EDIT_H
#define BRN_RUN_EDIT_H

#include "run/runner.h"

typedef struct brn_edit {
    brn_run run;
    brn_world world;
    brn_box *box;
    brn_target *target; /* the database at hand */
    size_t index;
    brn_program program;
    brn_chain chain; /* moves with the rows that are added; taken over when they are stored */
    size_t changes;
    brn_run_state state; /* how far the program came */
} brn_edit;

/* Also on failure the edit is in a state to be closed. */
brant_status brn_edit_open(
    brn_edit *e, brant_session *session, const char *command, brant_error **err);
brant_status brn_edit_begin(brn_edit *e, size_t index, brant_error **err);
/* Runs the program, when there is anything in it, and reads the ledger again. */
brant_status brn_edit_commit(brn_edit *e, brant_error **err);
/* Unlocks, fills the report and hands it out, or frees everything. Gives back `st`. */
brant_status brn_edit_close(brn_edit *e, brant_report **out, brant_status st, brant_error **err);

/* Changes. Out of memory is the arena's latch, seen at commit. */
void brn_edit_log(brn_edit *e, const char *migration, const char *checksum, const char *detail);
/* Gives back the row; NULL on out of memory. */
const brn_ledger_row *brn_edit_put_completed(
    brn_edit *e, const brn_migration *m, int64_t seq, const char *detail);
void brn_edit_put(brn_edit *e, const brn_ledger_row *row, const char *detail);
void brn_edit_remove(brn_edit *e, const char *id, const char *detail);

#endif
