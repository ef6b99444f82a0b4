/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compiling one migration into the program that runs it.
 *
 *   one transaction     BEGIN GUARD statements... put(completed) history put(next) COMMIT
 *   outside             for each statement its bracket, then [BEGIN] put(completed) history
 *                       put(next) [COMMIT]
 *
 * The bracket of a statement outside of the migration's transaction is the cheapest one that makes
 * its outcome known after a crash:
 *   - a transaction of its own with the outcome in it, when statement and engine allow that; one
 *     for several in a row where the engine cannot roll back what stands between them. That of the
 *     last ones is the one with the completion, which says as much as their outcome;
 *   - inside the file's own BEGIN ... COMMIT nothing, and the outcome just before that COMMIT;
 *   - otherwise intent, statement, outcome.
 */
#ifndef BRN_RUN_COMPILE_H
#define BRN_RUN_COMPILE_H

#include "engine/program.h"
#include "graph/plan.h"
#include "ledger/chain.h"
#include "run/texts.h"

typedef enum brn_tx {
    BRN_TX_EACH = 0,
    BRN_TX_ALL = 1,
    BRN_TX_NONE = 2
} brn_tx;

typedef struct brn_compile_input {
    const brn_target *target;
    const brn_migration *migration;
    brn_direction direction;
    brn_tx tx;
    brn_texts *texts; /* where texts are kept; NULL: nowhere */
    const brn_actor *actor;
    const char *action; /* for the history: "up" */
    const char *detail; /* for the history; NULL */
    int64_t seq;        /* of the ledger row */
    /* The row to be written as running together with the completion; NULL: none. */
    const brn_ledger_row *next;
    /* --tx all: a program that the rows of the completion are added to, which then live in its
     * arena; NULL: they end the program itself. */
    brn_program *rows;
    brn_arena *rows_arena;
    bool resume; /* half done: runs in brackets whatever the file says */
    /* Statements that an earlier run has done; their done_digest. */
    uint64_t done;
    const char *done_digest;
} brn_compile_input;

typedef struct brn_compiled {
    brn_arena arena; /* everything below; released by brn_compiled_release() */
    brn_buf text;    /* empty when the text is one that is kept */
    brn_script script;
    brn_stmt_list stmts;
    brn_stmt_info *infos;
    const brn_props *props; /* of this direction */
    bool transactional;     /* all in one transaction */
    bool own_transaction;   /* the file has its own BEGIN and COMMIT */
    bool apart;             /* no transaction was asked for: statements share none */
    bool call;              /* one statement: a function of the program */
    bool hoisted;           /* its foreign-key pragmas were moved out of the transaction */
    brn_program program;
    brn_ledger_row *row;      /* of the completion; NULL in a program that is only looked at */
    brn_history_row *history; /* likewise */
} brn_compiled;

/*
 * Reads and splits the text, decides how it runs, checks that it can. `out` is always in a state to
 * be released. Errors carry file, line and column: "transaction.alone", "transaction.unbalanced",
 * "transaction.own", "transaction.refused", "directive.unsupported", "directive.conflict".
 */
brant_status brn_compile_read(brn_compiled *out, const brn_compile_input *in, brant_error **err);

/*
 * Fills out->program. The history row follows `chain`; NULL: the program is only looked at, and has
 * no rows of its completion.
 */
brant_status brn_compile_program(
    brn_compiled *out, const brn_compile_input *in, const brn_chain *chain, brant_error **err);

void brn_compiled_release(brn_compiled *compiled);

/* Turns the offset in an error of statement `op` into line and column of the file. */
void brn_compiled_locate(
    const brn_compiled *compiled, const brn_target *target, const brn_op *op, brant_error **err);

#endif
