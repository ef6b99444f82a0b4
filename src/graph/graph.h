/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Migrations of all databases, what each requires, and what the ledgers say of them.
 *
 * A migration without requires= requires its predecessor in its database: a plain numbered
 * directory is a chain (the link is "implicit"). Edges may cross databases ("events:003_users").
 *
 *   order     topological over everything: parents first, then by database and id, so that it is
 *             the same on every machine; repeatable ones stand behind all others
 *   items     of one database, by version and name
 *
 * Recorded state is joined with brn_graph_join(). What a ledger row means is decided once, there:
 *
 *   no row                                             PENDING
 *   completed                                          DONE; repeatable and edited: PENDING
 *   running or failed, going up, no progress           PENDING (rolled back, or never begun)
 *   running or failed, going up, with progress         PARTIAL_UP
 *   running or failed, going down, no progress         DONE (still applied)
 *   running or failed, going down, with progress       PARTIAL_DOWN
 *
 * Everything lives in the arena given to brn_graph_build().
 */
#ifndef BRN_GRAPH_GRAPH_H
#define BRN_GRAPH_GRAPH_H

#include "base/map.h"
#include "engine/ledger_ops.h"
#include "layouts/layout.h"

typedef enum brn_state {
    BRN_STATE_PENDING = 0,
    BRN_STATE_DONE,
    BRN_STATE_PARTIAL_UP,
    BRN_STATE_PARTIAL_DOWN,
} brn_state;

typedef struct brn_migration {
    size_t database; /* index */
    const brn_source *source;
    const char *id;
    const char *version;
    BRN_VEC(struct brn_migration *) requires;
    BRN_VEC(struct brn_migration *) dependents;
    struct brn_migration *follower; /* the one whose implicit predecessor this is; NULL */
    size_t rank;                    /* in graph->order */
    const brn_ledger_row *row;      /* NULL: never started */
    brn_state state;
    bool late; /* not done, but a follower is */
} brn_migration;

typedef BRN_VEC(brn_migration *) brn_migration_list;

/* What is done with a migration that is late (setting out-of-order). */
typedef enum brn_late_policy {
    BRN_LATE_ERROR = 0,
    BRN_LATE_RUN = 1,
    BRN_LATE_IGNORE = 2,
} brn_late_policy;

typedef struct brn_graph_database {
    const char *name;
    const brn_source_set *sources;
    brn_migration_list items;
    brn_map *by_id;                          /* made by brn_graph_by_id() */
    bool chain;                              /* no file has requires= */
    BRN_VEC(const brn_ledger_row *) unknown; /* recorded, no file; ordered by seq */
    int64_t max_seq;
    brn_late_policy late; /* set by the caller; error at first */
} brn_graph_database;

typedef struct brn_graph {
    brn_arena *arena;
    brn_graph_database *databases;
    size_t database_count;
    brn_migration_list order;
    bool *marks; /* one for each in the order: scratch of brn_graph_version() */
} brn_graph;

typedef struct brn_graph_input {
    const char *name;
    const brn_source_set *sources;
} brn_graph_input;

/*
 * Errors name both ends and the place of the directive: "graph.unknown_requirement",
 * "graph.requires_repeatable", "graph.cycle" (the cycle is printed).
 */
brant_status brn_graph_build(
    brn_graph *out,
    brn_arena *arena,
    const brn_graph_input *inputs,
    size_t count,
    brant_error **err);

/* What a row means, whatever the file says: the table above. NULL is PENDING. */
brn_state brn_state_of(const brn_ledger_row *row);

/* Repeatable, and completed with another text than it has now: runs again. */
bool brn_graph_outdated(const brn_migration *m);

/* Joins the rows of one database, which must outlive the graph. May be called again. */
void brn_graph_join(brn_graph *graph, size_t database, const brn_ledger_rows *rows);

/* NULL when there is none of exactly that id. */
brn_migration *brn_graph_by_id(const brn_graph_database *db, brn_str id);

/*
 * A migration by what a person wrote: "003_users", "3", "003", or with its database
 * "events:003". database SIZE_MAX: any. NULL with "graph.unknown" or
 * "graph.ambiguous".
 */
brn_migration *brn_graph_find(
    const brn_graph *graph, size_t database, const char *text, brant_error **err);

/* The migration that a recorded one without a file has become: never started, and with the same
 * version or text. NULL: none. */
const brn_migration *brn_graph_renamed(const brn_graph_database *db, const brn_ledger_row *row);

/* Highest completed one whose ancestors are all completed; NULL: none. */
const brn_migration *brn_graph_version(const brn_graph *graph, size_t database);

#endif
