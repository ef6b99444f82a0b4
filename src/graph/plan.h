/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plans: the ordered steps from the recorded state to a goal.
 *
 * Pending is a set, never a high-water mark. A plan only says which migrations run and in which
 * order; what each sends is compiled when its turn comes.
 */
#ifndef BRN_GRAPH_PLAN_H
#define BRN_GRAPH_PLAN_H

#include "graph/graph.h"

typedef struct brn_step {
    brn_migration *migration;
    brn_direction direction;
    bool manual;   /* a person does it */
    bool blocked;  /* behind a manual or ignored one */
    int64_t place; /* down: when it is undone, latest first */
} brn_step;

typedef struct brn_steps_plan {
    BRN_VEC(brn_step) steps;
} brn_steps_plan;

typedef struct brn_plan_goal {
    uint64_t count; /* 0: all (up), one (down) */
    const brn_migration *to;
    bool all; /* down */
} brn_plan_goal;

/*
 * Steps that bring `to` and its ancestors (or everything) up. "plan.late" when a migration is late
 * and the policy is error; the message names all of them.
 */
brant_status brn_plan_up(
    brn_steps_plan *out, const brn_graph *graph, const brn_plan_goal *goal, brant_error **err);

/*
 * Steps that undo, in reverse order of application. Errors before anything runs: "plan.no_down"
 * (names each file that is missing), "plan.dependents" (a completed dependent would remain),
 * "plan.no_file" (recorded, but no file knows it), "plan.not_applied" (`to` is not completed).
 */
brant_status brn_plan_down(
    brn_steps_plan *out, const brn_graph *graph, const brn_plan_goal *goal, brant_error **err);

#endif
