/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The world of one call: migrations from files, ledgers from databases, the graph over both, and
 * what does not agree.
 *
 * Files are read before anything is connected: a file that cannot be understood must not cost a
 * connection. With nothing pending, a world costs reading the files, one connection and one query
 * for each database. That query is a brief one as long as its rows tell of nothing but success.
 */
#ifndef BRN_RUN_WORLD_H
#define BRN_RUN_WORLD_H

#include <brant/report.h>

#include "graph/graph.h"
#include "run/findings.h"
#include "run/session.h"

/* Another tool's table, compared with the ledger: see run/mirror.h. */
typedef struct brn_mirror_view {
    brn_mirror mirror; /* NONE: the rest is zero */
    brn_mirror_state state;
    size_t behind; /* versions that are completed, and not in the table */
    size_t ahead;  /* the other way round */
    int64_t first_ahead;
} brn_mirror_view;

typedef struct brn_world {
    brant_session *session;
    brn_arena *arena;
    brn_source_set *sources; /* one for each target */
    brn_ledger_state *ledgers;
    brn_mirror_view *mirrors;
    brn_graph graph;
    brn_finding_list findings;
    bool *at_work; /* for each target: a run of another session is, see brn_doc_ask_lock() */
    bool warned;   /* the warnings among them have been told */
} brn_world;

/* Reads files, connects (without making a missing database), reads ledgers, compares. Notes about
 * files become events. BRN_LEDGER_BRIEF is for callers who show rows only of what is not done: of
 * a ledger that has more to tell than that everything recorded is done, rows are read in full. */
brant_status brn_world_load(
    brn_world *out,
    brant_session *session,
    brn_arena *arena,
    brn_ledger_detail detail,
    brant_error **err);
/* Reads the ledger of one target again, in full, and compares again. Connects if need be. */
brant_status brn_world_refresh(brn_world *world, size_t target, brant_error **err);

/* Largest file that is read, and the dialect, of a target. */
size_t brn_target_max_file(const brn_target *target);

/* compare.c: fills world->findings from graph and ledgers. */
brant_status brn_world_compare(brn_world *world, brant_error **err);
/* The first finding that stands in the way of going up, as an error; BRANT_OK when there is none.
 * Warnings become events, once. */
brant_status brn_world_refuse(brn_world *world, brant_error **err);

#endif
