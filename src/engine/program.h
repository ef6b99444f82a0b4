/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Programs: what the runner hands to an engine for one migration.
 *
 * A program is a flat list of operations. In one transaction:
 *
 *   BEGIN  GUARD  STATEMENT...  LEDGER(put completed)  LEDGER(history)  LEDGER(put next)  COMMIT
 *
 * and outside of transactions, each statement in its bracket:
 *
 *   LEDGER(intent 1)  STATEMENT 1  LEDGER(outcome 1)  LEDGER(intent 2) ...
 *
 * An engine may send several operations together, but never reorders them, and never lets one take
 * effect when an earlier one failed. An engine without better means lets brn_interpret() walk the
 * list.
 */
#ifndef BRN_ENGINE_PROGRAM_H
#define BRN_ENGINE_PROGRAM_H

#include "engine/ledger_ops.h"
#include "text/script.h"

typedef enum brn_op_type {
    BRN_OP_BEGIN = 1,
    BRN_OP_COMMIT,
    BRN_OP_STATEMENT,
    BRN_OP_LEDGER,
    /* Fails (BRANT_ELOCKED, "lock.lost") unless the lock is held and the row `id` was written by
     * this run and has status running. */
    BRN_OP_GUARD,
    /* Everything before is done and known before anything behind is sent. */
    BRN_OP_BARRIER,
} brn_op_type;

/* On BEGIN: switch foreign-key enforcement off for this transaction, check all keys before its
 * COMMIT, and restore the switch afterwards (also when it fails). Needs BRN_CAP_FOREIGN_KEYS. */
#define BRN_OP_FOREIGN_KEYS_OFF (1u << 0)
/* On STATEMENT: the author said that it is meant to delete dependent rows (foreign-keys=on). */
#define BRN_OP_FOREIGN_KEYS_ON (1u << 1)
/* On STATEMENT: it is the file's own BEGIN, or the COMMIT or ROLLBACK that ends what that began. */
#define BRN_OP_OWN_BEGIN (1u << 2)
#define BRN_OP_OWN_END (1u << 3)
/* On BARRIER, in a transaction: what the statements before have set for the session is taken back.
 * An engine that has nothing of that kind need not look. */
#define BRN_OP_RESTORE_SESSION (1u << 4)
/* On GUARD: statements of the same migration have run in this session. What they have set for it is
 * meant for those that follow. */
#define BRN_OP_SAME_MIGRATION (1u << 5)

/* On BEGIN, and on a STATEMENT with OWN_BEGIN: nothing may have been asked in its transaction,
 * where its first statement stands; the guard then comes before, and is not part of it. */
#define BRN_OP_FRESH (1u << 6)

/* A statement that is a function of the host program. It works through engine->execute() on the
 * connection the program runs on, and what it does joins the transaction that is open. */
typedef brant_status brn_call_fn(void *user, int64_t *rows, brant_error **err);

typedef struct brn_op {
    brn_op_type type;
    uint32_t flags;
    uint32_t number;      /* STATEMENT: from 1 within its migration */
    const brn_stmt *stmt; /* STATEMENT: place in the user's file */
    brn_str sql;          /* STATEMENT: what is sent (placeholders replaced) */
    /* STATEMENT: called instead of sending sql, which then only describes it. A barrier: everything
     * before it is done and known, nothing behind it has been sent. The statement time limit is
     * not armed around it, only by each execute(). */
    brn_call_fn *call;
    void *call_user;
    const brn_ledger_op *ledger;
    const char *id; /* GUARD: migration; NULL: the lock only */
} brn_op;

/* Programs of several migrations can stand behind each other in one (brn_conn.window); the guard of
 * each names its own. */
typedef struct brn_program {
    BRN_VEC(brn_op) ops;
    const char *migration; /* id of the first, for messages and server-side tags */
    const char *run_id;
} brn_program;

typedef struct brn_op_result {
    int64_t rows; /* changed; -1 unknown */
    int64_t duration_ns;
    int64_t at_ns; /* when it was done, on the monotonic clock; 0: just now */
    bool skipped;  /* shown only: dry run */
} brn_op_result;

/* Called after each operation that took effect and stays whatever happens to the server, in order,
 * on the calling thread. */
typedef void brn_on_result(
    const brn_program *program, size_t op, const brn_op_result *result, void *user);

/* How far a program came. */
typedef struct brn_run_state {
    size_t ops_done; /* operations whose outcome is known to be good */
    bool in_doubt;   /* operation number ops_done may or may not have taken effect */
    /* It failed for what others do at the moment (a lock, a deadlock), and everything back to the
     * last BEGIN, or the statement itself outside of a transaction, has left no trace: the same
     * operations can be tried again after reset(). */
    bool passing;
    /* The transaction that it failed in was rolled back, and some of it has stayed all the same.
     * Never together with passing. */
    bool kept;
    bool at_once; /* passing, and reset() is all that it takes: there is nobody to wait for */
} brn_run_state;

/* Id of the migration that operation `op` belongs to: that of the nearest guard. NULL: not known.
 */
const char *brn_program_migration(const brn_program *program, size_t op);

/* Appends a zeroed operation; NULL when out of memory (arena latch). */
brn_op *brn_program_add(brn_program *program, brn_arena *arena, brn_op_type type);

#endif
