/* SPDX-License-Identifier: Apache-2.0 */
#include "graph/plan.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

static brn_step *add_step(
    brn_steps_plan *plan, brn_arena *arena, brn_migration *m, brn_direction direction)
{
    brn_step *step = BRN_VEC_PUSH(arena, &plan->steps);
    if (step != NULL) {
        step->migration = m;
        step->direction = direction;
    }
    return step;
}

/* Sets err to `message: a, b and 3 more`. */
static brant_status error_with_ids(
    brant_error **err,
    brant_status status,
    const char *id,
    const char *message,
    brn_migration *const *list,
    size_t count)
{
    brn_buf text;
    brn_buf_init(&text, 0);
    size_t shown = count < 10 ? count : 10;
    for (size_t i = 0; i < shown; i++) {
        brn_buf_printf(&text, "%s\"%s\"", i > 0 ? ", " : "", list[i]->id);
    }
    if (shown < count) {
        brn_buf_printf(&text, " and %zu more", count - shown);
    }
    brant_status st = brn_error(err, status, id, "%s: %s", message, brn_buf_text(&text));
    brn_buf_release(&text);
    return st;
}

/* ---- up ---- */

/* Marks `to` and its ancestors; parents come earlier in the order, so one pass back is enough. */
static bool *wanted_set(const brn_graph *graph, const brn_migration *to)
{
    bool *wanted = brn_arena_array(graph->arena, graph->order.count + 1, sizeof(*wanted));
    if (wanted == NULL) {
        return NULL;
    }
    if (to == NULL) {
        memset(wanted, true, graph->order.count);
        return wanted;
    }
    wanted[to->rank] = true;
    for (size_t i = 0; i < to->rank && to->source->props->repeatable; i++) {
        const brn_migration *m = graph->order.items[i]; /* it runs after all others */
        wanted[i] = m->database == to->database && !m->source->props->repeatable;
    }
    for (size_t i = to->rank + 1; i-- > 0;) {
        const brn_migration *m = graph->order.items[i];
        for (size_t p = 0; wanted[i] && p < m->requires.count; p++) {
            wanted[m->requires.items[p]->rank] = true;
        }
    }
    return wanted;
}

static brant_status refuse_late(const brn_graph *graph, const bool *wanted, brant_error **err)
{
    brn_migration_list late = { 0 };
    for (size_t i = 0; i < graph->order.count; i++) {
        brn_migration *m = graph->order.items[i];
        bool refused = graph->databases[m->database].late == BRN_LATE_ERROR && m->late;
        brn_migration **slot = wanted[i] && refused ? BRN_VEC_PUSH(graph->arena, &late) : NULL;
        if (slot != NULL) {
            *slot = m;
        }
    }
    if (late.count == 0 || late.items == NULL) {
        return BRANT_OK;
    }
    brant_status st = error_with_ids(
        err, BRANT_EDRIFT, "plan.late", "below the newest applied migration, but never applied",
        late.items, late.count);
    brn_error_at(err, late.items[0]->source->up_path, 0, 0);
    brn_error_detail(
        err, "Another branch was merged after a higher number had been applied. Nothing was run.");
    brn_error_hint(
        err, "Give the file a number above the newest one, or run it late with "
             "--out-of-order run, or leave it out with --out-of-order ignore.");
    return st;
}

/* A repeatable one waits for all others of its database, also for those it does not name. */
static bool behind_all(const brn_graph *graph, const brn_migration *m, const bool *blocked)
{
    for (size_t i = 0; i < m->rank && m->source->props->repeatable; i++) {
        const brn_migration *other = graph->order.items[i];
        bool left_out = other->late && graph->databases[other->database].late == BRN_LATE_IGNORE;
        if (blocked[i] && other->database == m->database && !left_out &&
            !other->source->props->repeatable) {
            return true;
        }
    }
    return false;
}

static bool behind_blocked(const brn_migration *m, const bool *blocked)
{
    for (size_t p = 0; p < m->requires.count; p++) {
        if (blocked[m->requires.items[p]->rank]) {
            return true;
        }
    }
    return false;
}

brant_status brn_plan_up(
    brn_steps_plan *out, const brn_graph *graph, const brn_plan_goal *goal, brant_error **err)
{
    brn_steps_plan plan = { 0 };
    bool *wanted = wanted_set(graph, goal->to);
    bool *blocked = brn_arena_array(graph->arena, graph->order.count + 1, sizeof(*blocked));
    if (wanted == NULL || blocked == NULL) {
        return brn_error_oom(err);
    }
    brant_status st = refuse_late(graph, wanted, err);
    if (st != BRANT_OK) {
        return st;
    }
    uint64_t running = 0;
    for (size_t i = 0; i < graph->order.count; i++) {
        brn_migration *m = graph->order.items[i];
        if (!wanted[i] || m->state == BRN_STATE_DONE) {
            continue;
        }
        if (m->late && graph->databases[m->database].late == BRN_LATE_IGNORE) {
            blocked[i] = true; /* its followers are applied or late too; others may name it */
            continue;
        }
        if (goal->count > 0 && running >= goal->count) {
            break;
        }
        brn_step *step = add_step(&plan, graph->arena, m, BRN_UP);
        if (step == NULL) {
            return brn_error_oom(err);
        }
        step->manual = brn_source_is_manual(m->source);
        step->blocked = behind_blocked(m, blocked) || behind_all(graph, m, blocked);
        blocked[i] = step->manual || step->blocked;
        running += blocked[i] ? 0 : 1;
    }
    *out = plan;
    return BRANT_OK;
}

/* ---- down ---- */

static int by_database_newest_first(const void *a, const void *b)
{
    const brn_migration *left = *(brn_migration *const *)a;
    const brn_migration *right = *(brn_migration *const *)b;
    if (left->database != right->database) {
        return left->database < right->database ? -1 : 1;
    }
    if (left->row->seq != right->row->seq) {
        return left->row->seq > right->row->seq ? -1 : 1;
    }
    return left->rank > right->rank ? -1 : 1;
}

static bool is_applied(const brn_migration *m)
{
    return m->row != NULL && (m->state == BRN_STATE_DONE || m->state == BRN_STATE_PARTIAL_DOWN);
}

static brn_migration_list applied_by_database(const brn_graph *graph)
{
    brn_migration_list list = { 0 };
    for (size_t i = 0; i < graph->order.count; i++) {
        brn_migration *m = graph->order.items[i];
        brn_migration **slot = is_applied(m) ? BRN_VEC_PUSH(graph->arena, &list) : NULL;
        if (slot != NULL) {
            *slot = m;
        }
    }
    if (list.count > 1 && list.items != NULL) {
        qsort(list.items, list.count, sizeof(*list.items), by_database_newest_first);
    }
    return list;
}

/*
 * Whether undoing `m` would pull the ground from under `child`. A follower in a chain that had been
 * applied before `m` (which came late) was there without it; what requires= says holds always.
 */
static bool stands_on(const brn_migration *child, const brn_migration *m)
{
    if (!is_applied(child) || child->source->props->repeatable) {
        return false;
    }
    return m->follower != child || child->row->seq > m->row->seq;
}

/* Nothing that is still applied in another database requires it. */
static bool is_free(const brn_migration *m, const bool *undone)
{
    for (size_t d = 0; d < m->dependents.count; d++) {
        const brn_migration *child = m->dependents.items[d];
        if (child->database != m->database && is_applied(child) && !undone[child->rank]) {
            return false;
        }
    }
    return true;
}

static int64_t applied_at(const brn_migration *m)
{
    return m->row->finished_us > 0 ? m->row->finished_us : m->row->started_us;
}

/* Of two databases' newest ones: the one that nothing else needs, then the younger one. */
static bool goes_first(const brn_migration *m, const brn_migration *than, const bool *undone)
{
    bool free_m = is_free(m, undone);
    if (free_m != is_free(than, undone)) {
        return free_m;
    }
    return applied_at(m) > applied_at(than);
}

/* Among the first of each database that is left; `head` says where each begins. NULL: none left. */
static brn_migration *pick_next(
    const brn_graph *graph, const brn_migration_list *list, const size_t *head, const bool *undone)
{
    brn_migration *next = NULL;
    for (size_t d = 0; d < graph->database_count; d++) {
        brn_migration *m = head[d] < list->count ? list->items[head[d]] : NULL;
        bool mine = m != NULL && m->database == d;
        next = mine && (next == NULL || goes_first(m, next, undone)) ? m : next;
    }
    return next;
}

/*
 * Reverse order of application. In one database the ledger counts it; between databases, whose
 * numbers and clocks say little of each other, requirements decide, and then the time.
 */
static brn_migration_list applied_newest_first(const brn_graph *graph)
{
    brn_migration_list list = applied_by_database(graph);
    if (graph->database_count < 2 || list.count == 0) {
        return list;
    }
    brn_arena *arena = graph->arena;
    brn_migration_list merged = { 0 };
    merged.items = brn_arena_array(arena, list.count, sizeof(*merged.items));
    bool *undone = brn_arena_array(arena, graph->order.count + 1, sizeof(*undone));
    size_t *head = brn_arena_array(arena, graph->database_count + 1, sizeof(*head));
    if (arena->oom) {
        return merged; /* the caller looks at the latch */
    }
    for (size_t i = 0; i < list.count; i++) { /* head[d + 1]: end of d, so far */
        head[list.items[i]->database + 1] = i + 1;
    }
    for (size_t d = 0; d < graph->database_count; d++) {
        head[d + 1] = head[d + 1] > head[d] ? head[d + 1] : head[d];
    }
    brn_migration *next = NULL;
    while ((next = pick_next(graph, &list, head, undone)) != NULL) {
        merged.items[merged.count++] = next;
        undone[next->rank] = true;
        head[next->database]++;
    }
    return merged;
}

/* What `down --to ID` undoes: in a chain everything above ID, in a graph everything applied after
 * it. */
static bool is_behind(const brn_graph *graph, const brn_migration *m, const brn_migration *to)
{
    if (m == to || m->database != to->database) {
        return false;
    }
    return graph->databases[to->database].chain ? m->rank > to->rank : m->row->seq > to->row->seq;
}

static size_t pick_down(
    const brn_graph *graph,
    const brn_migration_list *applied,
    const brn_plan_goal *goal,
    brn_steps_plan *plan)
{
    uint64_t limit = goal->count > 0 ? goal->count : 1;
    if (goal->all || goal->to != NULL) {
        limit = UINT64_MAX;
    }
    for (size_t i = 0; i < applied->count && plan->steps.count < limit; i++) {
        brn_migration *m = applied->items[i];
        if (m->source->props->repeatable && m->source->down_path == NULL) {
            continue; /* there is nothing to undo: the one that runs next replaces it */
        }
        if (goal->to == NULL || is_behind(graph, m, goal->to)) {
            add_step(plan, graph->arena, m, BRN_DOWN);
        }
    }
    return plan->steps.count;
}

static int by_place_descending(const void *a, const void *b)
{
    const brn_step *left = a;
    const brn_step *right = b;
    if (left->place != right->place) {
        return left->place > right->place ? -1 : 1;
    }
    return left->migration->rank > right->migration->rank ? -1 : 1;
}

/*
 * Dependents come before what they stand on, whatever the order in which they were recorded: a
 * migration's place is its own, or that of the latest one it stands on.
 */
static brant_status order_down(const brn_graph *graph, brn_steps_plan *plan, brant_error **err)
{
    brn_step **steps = brn_arena_array(graph->arena, graph->order.count + 1, sizeof(*steps));
    if (steps == NULL) {
        return brn_error_oom(err);
    }
    for (size_t i = 0; i < plan->steps.count; i++) {
        brn_step *step = &plan->steps.items[i];
        step->place = (int64_t)(plan->steps.count - i); /* as picked: newest first */
        steps[step->migration->rank] = step;
    }
    for (size_t rank = 0; rank < graph->order.count; rank++) {
        const brn_migration *m = steps[rank] != NULL ? steps[rank]->migration : NULL;
        for (size_t d = 0; m != NULL && d < m->dependents.count; d++) {
            const brn_migration *child = m->dependents.items[d];
            const brn_step *above = steps[child->rank];
            if (above != NULL && stands_on(child, m) && above->place < steps[rank]->place) {
                steps[child->rank]->place = steps[rank]->place;
            }
        }
    }
    if (plan->steps.count > 1) {
        qsort(
            plan->steps.items, plan->steps.count, sizeof(*plan->steps.items), by_place_descending);
    }
    return BRANT_OK;
}

static brant_status refuse_missing_down(
    const brn_graph *graph, const brn_steps_plan *plan, brant_error **err)
{
    brn_migration_list missing = { 0 };
    for (size_t i = 0; i < plan->steps.count; i++) {
        brn_migration *m = plan->steps.items[i].migration;
        brn_migration **slot =
            m->source->down_path == NULL ? BRN_VEC_PUSH(graph->arena, &missing) : NULL;
        if (slot != NULL) {
            *slot = m;
        }
    }
    if (missing.count == 0 || missing.items == NULL) {
        return BRANT_OK;
    }
    const brn_source *source = missing.items[0]->source;
    brant_status st = error_with_ids(
        err, BRANT_EUSAGE, "plan.no_down", "there is no down script for", missing.items,
        missing.count);
    brn_error_at(err, source->up_path, 0, 0);
    brn_error_detail(err, "Nothing was undone.");
    brn_error_hint(
        err,
        "Write the down script beside \"%s\" (%s), or undo it by hand and record that with "
        "\"brant mark %s --as pending\".",
        source->up_path,
        source->sections ? "a section after \"-- brant: down\"" : "the same name with down for up",
        source->id);
    return st;
}

static brant_status refuse_dependents(
    const brn_graph *graph, const brn_steps_plan *plan, brant_error **err)
{
    bool *undone = brn_arena_array(graph->arena, graph->order.count + 1, sizeof(*undone));
    if (undone == NULL) {
        return brn_error_oom(err);
    }
    for (size_t i = 0; i < plan->steps.count; i++) {
        brn_migration *m = plan->steps.items[i].migration;
        for (size_t d = 0; d < m->dependents.count; d++) {
            const brn_migration *child = m->dependents.items[d];
            if (stands_on(child, m) && !undone[child->rank]) {
                brn_error(
                    err, BRANT_EUSAGE, "plan.dependents",
                    "cannot undo \"%s\": \"%s\" requires it and is applied", m->id, child->id);
                brn_error_hint(err, "Undo \"%s\" as well, before it.", child->id);
                return BRANT_EUSAGE;
            }
        }
        undone[m->rank] = true;
    }
    return BRANT_OK;
}

/* A recorded migration that no file knows cannot be undone, and must not be jumped over. */
static brant_status refuse_unknown(
    const brn_graph *graph, const brn_steps_plan *plan, brant_error **err)
{
    for (size_t d = 0; d < graph->database_count; d++) {
        const brn_graph_database *db = &graph->databases[d];
        int64_t lowest = INT64_MAX;
        for (size_t i = 0; i < plan->steps.count; i++) {
            const brn_migration *m = plan->steps.items[i].migration;
            if (m->database == d && m->row->seq < lowest) {
                lowest = m->row->seq;
            }
        }
        for (size_t i = 0; i < db->unknown.count; i++) {
            const brn_ledger_row *row = db->unknown.items[i];
            if (row->status == BRN_ROW_COMPLETED && row->seq > lowest) {
                brn_error(
                    err, BRANT_EDRIFT, "plan.no_file",
                    "cannot undo \"%s\": it is recorded as applied, but no file knows it", row->id);
                brn_error_hint(
                    err,
                    "Bring its files back, or record it as not applied with "
                    "\"brant mark %s --as pending\".",
                    row->id);
                return BRANT_EDRIFT;
            }
        }
    }
    return BRANT_OK;
}

brant_status brn_plan_down(
    brn_steps_plan *out, const brn_graph *graph, const brn_plan_goal *goal, brant_error **err)
{
    brn_steps_plan plan = { 0 };
    if (goal->to != NULL && !is_applied(goal->to)) {
        brn_error(err, BRANT_EUSAGE, "plan.not_applied", "\"%s\" is not applied", goal->to->id);
        brn_error_hint(
            err, "\"brant down --to ID\" undoes what was applied after ID; \"brant status\" shows "
                 "what is applied.");
        return BRANT_EUSAGE;
    }
    brn_migration_list applied = applied_newest_first(graph);
    pick_down(graph, &applied, goal, &plan);
    brant_status st = graph->arena->oom ? brn_error_oom(err) : order_down(graph, &plan, err);
    if (st == BRANT_OK) {
        st = refuse_unknown(graph, &plan, err);
    }
    if (st == BRANT_OK) {
        st = refuse_missing_down(graph, &plan, err);
    }
    if (st == BRANT_OK) {
        st = refuse_dependents(graph, &plan, err);
    }
    if (st == BRANT_OK) {
        *out = plan;
    }
    return st;
}
