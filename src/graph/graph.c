/* SPDX-License-Identifier: Apache-2.0 */
#include "graph/graph.h"

#include <string.h>

#include "base/buf.h"

#define CIRCLE_SHOWN 20

/* ---- edges ---- */

static void link_edge(brn_graph *graph, brn_migration *child, brn_migration *parent)
{
    brn_migration **up = BRN_VEC_PUSH(graph->arena, &child->requires);
    brn_migration **down = BRN_VEC_PUSH(graph->arena, &parent->dependents);
    if (up != NULL && down != NULL) {
        *up = parent;
        *down = child;
    }
}

/* "events:003" names database "events" when the project has it; otherwise the text is an id. */
static size_t split_database(const brn_graph *graph, size_t database, brn_str *text)
{
    size_t colon = brn_str_find_char(*text, ':');
    if (colon == SIZE_MAX) {
        return database;
    }
    brn_str name = brn_str_slice(*text, 0, colon);
    for (size_t i = 0; i < graph->database_count; i++) {
        if (brn_str_eq_c(name, graph->databases[i].name)) {
            *text = brn_str_slice(*text, colon + 1, text->len);
            return i;
        }
    }
    return database;
}

static bool has_version(const brn_graph_database *db, size_t i, brn_str version)
{
    return i < db->items.count &&
           brn_version_compare(brn_str_from(db->items.items[i]->version), version) == 0;
}

/* Index of the first item whose version is not below; items are ordered by it. */
static size_t first_not_below(const brn_graph_database *db, brn_str version)
{
    size_t low = 0;
    size_t high = db->items.count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (brn_version_compare(brn_str_from(db->items.items[middle]->version), version) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* Slow, but needs no memory. */
static brn_migration *search(const brn_graph_database *db, brn_str id)
{
    for (size_t i = 0; i < db->items.count; i++) {
        if (brn_str_eq_c(id, db->items.items[i]->id)) {
            return db->items.items[i];
        }
    }
    return NULL;
}

/* Most often nobody looks: ledger and files have the same migrations in the same order. */
brn_migration *brn_graph_by_id(const brn_graph_database *db, brn_str id)
{
    if (db->by_id->count == 0) {
        brn_map_reserve(db->by_id, db->items.count);
        for (size_t i = 0; i < db->items.count; i++) {
            brn_migration *m = db->items.items[i];
            brn_map_put(db->by_id, brn_str_from(m->id), m);
        }
    }
    brn_migration *found = brn_map_get(db->by_id, id);
    return found == NULL && db->by_id->arena->oom ? search(db, id) : found;
}

/* By full id, or by a version that only one migration has. */
static brn_migration *find_in(const brn_graph_database *db, brn_str text, bool *ambiguous)
{
    brn_migration *found = brn_graph_by_id(db, text);
    if (found != NULL) {
        return found;
    }
    size_t i = first_not_below(db, text);
    if (!has_version(db, i, text)) {
        return NULL;
    }
    *ambiguous = *ambiguous || has_version(db, i + 1, text);
    return db->items.items[i];
}

static brant_status requires_repeatable(
    const brn_migration *m, const brn_migration *parent, const brn_require *req, brant_error **err)
{
    brn_error(
        err, BRANT_EUSAGE, "graph.requires_repeatable",
        "migration \"%s\" requires \"%s\", which is repeatable", m->id, parent->id);
    brn_error_at(err, m->source->up_path, req->line, req->column);
    brn_error_hint(
        err, "Repeatable migrations run again and again, after all others. Require the migration "
             "that it builds on.");
    return BRANT_EUSAGE;
}

static brant_status link_explicit(brn_graph *graph, brn_migration *m, brant_error **err)
{
    const brn_props *props = m->source->props;
    for (size_t i = 0; i < props->requires.count; i++) {
        const brn_require *req = &props->requires.items[i];
        brn_str text = brn_str_from(req->id);
        size_t database = split_database(graph, m->database, &text);
        bool ambiguous = false;
        brn_migration *parent = find_in(&graph->databases[database], text, &ambiguous);
        if (parent == NULL || ambiguous) {
            brn_error(
                err, BRANT_EUSAGE, ambiguous ? "graph.ambiguous" : "graph.unknown_requirement",
                "migration \"%s\" requires \"%s\", which %s", m->id, req->id,
                ambiguous ? "is the version of several migrations" : "no file defines");
            brn_error_at(err, m->source->up_path, req->line, req->column);
            brn_error_hint(
                err,
                "Write the full id of a migration as in its file name (without .up.sql); one of "
                "another database as NAME:ID, with that database selected as well.");
            return BRANT_EUSAGE;
        }
        if (parent->source->props->repeatable) {
            return requires_repeatable(m, parent, req, err);
        }
        link_edge(graph, m, parent);
    }
    return BRANT_OK;
}

static brant_status link_database(brn_graph *graph, size_t index, brant_error **err)
{
    brn_graph_database *db = &graph->databases[index];
    brn_migration *last = NULL;
    for (size_t i = 0; i < db->items.count; i++) {
        brn_migration *m = db->items.items[i];
        bool repeatable = m->source->props->repeatable;
        if (m->source->props->has_requires) {
            brant_status st = link_explicit(graph, m, err);
            if (st != BRANT_OK) {
                return st;
            }
        } else if (last != NULL && !repeatable) {
            link_edge(graph, m, last);
            last->follower = m;
        }
        last = repeatable ? last : m;
    }
    return BRANT_OK;
}

/* ---- order: Kahn's algorithm with a heap, so that ties are always broken the same way ---- */

typedef struct ready_heap {
    brn_migration **items;
    size_t count;
} ready_heap;

/* Before sorting, `rank` holds the position in (database, id) order: the tie-break. */
static void heap_push(ready_heap *heap, brn_migration *m)
{
    size_t i = heap->count++;
    while (i > 0 && heap->items[(i - 1) / 2]->rank > m->rank) {
        heap->items[i] = heap->items[(i - 1) / 2];
        i = (i - 1) / 2;
    }
    heap->items[i] = m;
}

static brn_migration *heap_pop(ready_heap *heap)
{
    brn_migration *top = heap->items[0];
    brn_migration *last = heap->items[--heap->count];
    size_t i = 0;
    for (;;) {
        size_t child = 2 * i + 1;
        if (child >= heap->count) {
            break;
        }
        if (child + 1 < heap->count && heap->items[child + 1]->rank < heap->items[child]->rank) {
            child++;
        }
        if (heap->items[child]->rank >= last->rank) {
            break;
        }
        heap->items[i] = heap->items[child];
        i = child;
    }
    heap->items[i] = last;
    return top;
}

/* Which of its requirements is unfinished: the way round a circle. */
static size_t unfinished_parent(const brn_migration *m, const size_t *waiting)
{
    size_t i = 0;
    while (i < m->requires.count && waiting[m->requires.items[i]->rank] == 0) {
        i++;
    }
    return i;
}

static brn_migration *move_up(const brn_migration *m, const size_t *waiting)
{
    return m->requires.items[unfinished_parent(m, waiting)];
}

/*
 * The member of a circle to begin with: the lowest one whose link is written in its file. There is
 * one, since a link that is not written leads to a lower migration of the same database.
 */
static brn_migration *find_circle(brn_migration *const *all, size_t count, const size_t *waiting)
{
    size_t any = 0;
    while (waiting[all[any]->rank] == 0) {
        any++;
    }
    brn_migration *m = all[any];
    for (size_t step = 0; step < count; step++) { /* then it is surely on a circle */
        m = move_up(m, waiting);
    }
    brn_migration *start = NULL;
    for (size_t step = 0; step < count; step++, m = move_up(m, waiting)) {
        bool better = m->source->props->has_requires && (start == NULL || m->rank < start->rank);
        start = better ? m : start;
    }
    return start;
}

static brant_status report_cycle(
    brn_migration *const *all, size_t count, const size_t *waiting, brant_error **err)
{
    brn_migration *start = find_circle(all, count, waiting);
    const brn_migration *m = start;
    brn_buf text;
    brn_buf_init(&text, 0);
    for (size_t shown = 0; shown == 0 || m != start; shown++, m = move_up(m, waiting)) {
        if (shown < CIRCLE_SHOWN) {
            brn_buf_printf(&text, "%s -> ", m->id);
        } else if (shown == CIRCLE_SHOWN) {
            brn_buf_add_c(&text, "... -> ");
        }
    }
    brn_error(
        err, BRANT_EUSAGE, "graph.cycle", "migrations require each other in a circle: %s%s",
        brn_buf_text(&text), start->id);
    brn_buf_release(&text);
    brn_error_hint(err, "Remove one of these requires= directives.");
    const brn_require *req =
        &start->source->props->requires.items[unfinished_parent(start, waiting)];
    brn_error_at(err, start->source->up_path, req->line, req->column);
    return BRANT_EUSAGE;
}

static size_t collect_some(brn_graph *graph, brn_migration **all, size_t n, bool repeatable)
{
    for (size_t d = 0; d < graph->database_count; d++) {
        for (size_t i = 0; i < graph->databases[d].items.count; i++) {
            brn_migration *m = graph->databases[d].items.items[i];
            if (m->source->props->repeatable == repeatable) {
                all[n] = m;
                m->rank = n++;
            }
        }
    }
    return n;
}

/* Nothing requires a repeatable one, so while others are left one of those is ready, and its rank
 * is lower: repeatable ones come last. */
static void collect_all(brn_graph *graph, brn_migration **all)
{
    size_t n = collect_some(graph, all, 0, false);
    (void)collect_some(graph, all, n, true);
}

/* What nearly everybody has: the order is that of the files. Else false. */
static bool order_chain(brn_graph *graph)
{
    const brn_migration_list *items = &graph->databases[0].items;
    if (graph->database_count != 1 || !graph->databases[0].chain) {
        return false;
    }
    for (size_t i = 0; i < items->count; i++) {
        if (items->items[i]->source->props->repeatable) {
            return false;
        }
        items->items[i]->rank = i;
    }
    graph->order = *items;
    return true;
}

static brant_status sort_graph(brn_graph *graph, brant_error **err)
{
    size_t total = 0;
    for (size_t d = 0; d < graph->database_count; d++) {
        total += graph->databases[d].items.count;
    }
    graph->marks = brn_arena_array(graph->arena, total, sizeof(*graph->marks));
    if (!graph->arena->oom && order_chain(graph)) {
        return BRANT_OK;
    }
    brn_migration **all = brn_arena_array(graph->arena, total, sizeof(*all));
    size_t *waiting = brn_arena_array(graph->arena, total, sizeof(*waiting));
    ready_heap heap = { brn_arena_array(graph->arena, total, sizeof(*heap.items)), 0 };
    brn_migration **order = brn_arena_array(graph->arena, total, sizeof(*order));
    if (graph->arena->oom) {
        return brn_error_oom(err);
    }
    collect_all(graph, all);
    for (size_t i = 0; i < total; i++) {
        waiting[i] = all[i]->requires.count;
        if (waiting[i] == 0) {
            heap_push(&heap, all[i]);
        }
    }
    size_t done = 0;
    while (heap.count > 0) {
        brn_migration *m = heap_pop(&heap);
        order[done++] = m;
        for (size_t i = 0; i < m->dependents.count; i++) {
            brn_migration *child = m->dependents.items[i];
            if (--waiting[child->rank] == 0) {
                heap_push(&heap, child);
            }
        }
    }
    if (done < total) {
        return report_cycle(all, total, waiting, err);
    }
    for (size_t i = 0; i < total; i++) {
        order[i]->rank = i;
    }
    graph->order.items = order;
    graph->order.count = total;
    graph->order.cap = total;
    return BRANT_OK;
}

/* ---- building ---- */

static void add_sources(brn_graph *graph, size_t index)
{
    brn_graph_database *db = &graph->databases[index];
    db->chain = true;
    size_t count = db->sources->items.count;
    brn_migration **edges = brn_arena_array(graph->arena, 2 * count, sizeof(*edges));
    db->by_id = brn_arena_alloc(graph->arena, sizeof(*db->by_id));
    db->items.items = brn_arena_array(graph->arena, count, sizeof(*db->items.items));
    if (edges == NULL || db->by_id == NULL || db->items.items == NULL) {
        return;
    }
    db->items.cap = count;
    brn_map_init(db->by_id, graph->arena);
    for (size_t i = 0; i < count; i++) {
        const brn_source *source = db->sources->items.items[i];
        brn_migration *m = brn_arena_alloc(graph->arena, sizeof(*m));
        if (m == NULL) {
            return;
        }
        /* Room for the edges of a chain, of which there is one up and one down. */
        m->requires.items = &edges[2 * i];
        m->requires.cap = 1;
        m->dependents.items = &edges[2 * i + 1];
        m->dependents.cap = 1;
        m->database = index;
        m->source = source;
        m->id = source->id;
        m->version = source->version;
        db->items.items[db->items.count++] = m;
        db->chain = db->chain && (!source->props->has_requires || source->props->repeatable);
    }
}

brant_status brn_graph_build(
    brn_graph *out,
    brn_arena *arena,
    const brn_graph_input *inputs,
    size_t count,
    brant_error **err)
{
    brn_graph graph = { 0 };
    graph.arena = arena;
    graph.databases = brn_arena_array(arena, count, sizeof(*graph.databases));
    if (graph.databases == NULL) {
        return brn_error_oom(err);
    }
    graph.database_count = count;
    for (size_t i = 0; i < count; i++) {
        graph.databases[i].name = inputs[i].name;
        graph.databases[i].sources = inputs[i].sources;
        add_sources(&graph, i);
    }
    brant_status st = BRANT_OK;
    for (size_t i = 0; i < count && st == BRANT_OK && !arena->oom; i++) {
        st = link_database(&graph, i, err);
    }
    if (st == BRANT_OK && arena->oom) {
        st = brn_error_oom(err);
    }
    if (st == BRANT_OK) {
        st = sort_graph(&graph, err);
    }
    if (st == BRANT_OK) {
        *out = graph;
    }
    return st;
}

/* ---- recorded state ---- */

brn_state brn_state_of(const brn_ledger_row *row)
{
    if (row == NULL) {
        return BRN_STATE_PENDING;
    }
    if (row->status == BRN_ROW_COMPLETED) {
        return BRN_STATE_DONE;
    }
    bool progress = row->stmts_done > 0 || row->intent > 0;
    if (row->direction == BRN_DOWN) {
        return progress ? BRN_STATE_PARTIAL_DOWN : BRN_STATE_DONE;
    }
    return progress ? BRN_STATE_PARTIAL_UP : BRN_STATE_PENDING;
}

bool brn_graph_outdated(const brn_migration *m)
{
    if (!m->source->props->repeatable || m->row == NULL || m->row->status != BRN_ROW_COMPLETED) {
        return false;
    }
    const char *recorded = m->row->checksum != NULL ? m->row->checksum : "";
    return strcmp(recorded, m->source->up_digest) != 0;
}

/* A late one stands below something done: walk the chain from its end. */
static void mark_late(brn_graph_database *db)
{
    for (size_t i = db->items.count; i-- > 0;) {
        brn_migration *m = db->items.items[i];
        const brn_migration *next = m->follower;
        m->late = m->state == BRN_STATE_PENDING && next != NULL &&
                  (next->state != BRN_STATE_PENDING || next->late);
    }
}

/*
 * Rows usually come in the order of the files: *next is where the search begins. A server that
 * writes a changed row elsewhere gives some of them one early or one late.
 */
static brn_migration *find_recorded(const brn_graph_database *db, const char *id, size_t *next)
{
    static const size_t places[] = { 0, 1, SIZE_MAX - 1 }; /* the last one is two before */
    for (size_t i = 0; i < BRN_ARRAY_LEN(places); i++) {
        size_t at = *next + places[i];
        brn_migration *m = at < db->items.count ? db->items.items[at] : NULL;
        if (m != NULL && strcmp(m->id, id) == 0) {
            *next = at + 1;
            return m;
        }
    }
    return brn_graph_by_id(db, brn_str_from(id));
}

void brn_graph_join(brn_graph *graph, size_t database, const brn_ledger_rows *rows)
{
    brn_graph_database *db = &graph->databases[database];
    db->unknown.count = 0;
    db->max_seq = 0;
    size_t next = 0;
    for (size_t i = 0; i < db->items.count; i++) {
        db->items.items[i]->row = NULL;
        db->items.items[i]->state = BRN_STATE_PENDING;
    }
    for (size_t i = 0; i < rows->count; i++) {
        const brn_ledger_row *row = &rows->items[i];
        brn_migration *m = find_recorded(db, row->id, &next);
        if (m != NULL) {
            m->row = row;
            m->state = brn_state_of(row);
            m->state = brn_graph_outdated(m) ? BRN_STATE_PENDING : m->state;
        } else {
            const brn_ledger_row **slot = BRN_VEC_PUSH(graph->arena, &db->unknown);
            if (slot != NULL) {
                *slot = row;
            }
        }
        db->max_seq = row->seq > db->max_seq ? row->seq : db->max_seq;
    }
    mark_late(db);
}

brn_migration *brn_graph_find(
    const brn_graph *graph, size_t database, const char *text, brant_error **err)
{
    brn_str id = brn_str_from(text);
    size_t only = split_database(graph, database, &id);
    bool ambiguous = false;
    brn_migration *found = NULL;
    for (size_t i = 0; i < graph->database_count; i++) {
        if (only == SIZE_MAX || only == i) {
            brn_migration *m = find_in(&graph->databases[i], id, &ambiguous);
            ambiguous = ambiguous || (m != NULL && found != NULL);
            found = m != NULL ? m : found;
        }
    }
    if (found == NULL) {
        brn_error(err, BRANT_EUSAGE, "graph.unknown", "no migration \"%s\"", text);
        brn_error_hint(err, "\"brant list\" shows the ids; a version such as 003 is enough.");
    } else if (ambiguous) {
        brn_error(
            err, BRANT_EUSAGE, "graph.ambiguous", "\"%s\" can mean more than one migration", text);
        brn_error_hint(
            err, "Write the full id, with its database in front if need be: %s:%s.",
            graph->databases[found->database].name, found->id);
        found = NULL;
    }
    return found;
}

const brn_migration *brn_graph_renamed(const brn_graph_database *db, const brn_ledger_row *row)
{
    for (size_t i = 0; i < db->items.count; i++) {
        const brn_migration *m = db->items.items[i];
        bool same_text = row->checksum != NULL && strcmp(row->checksum, m->source->up_digest) == 0;
        bool same_version =
            row->version != NULL && row->version[0] != '\0' &&
            brn_version_compare(brn_str_from(row->version), brn_str_from(m->version)) == 0;
        if (m->row == NULL && (same_version || same_text)) {
            return m;
        }
    }
    return NULL;
}

const brn_migration *brn_graph_version(const brn_graph *graph, size_t database)
{
    /* In topological order a migration is whole when it is done and its parents are whole. The
     * ranks make a dense index for the marks. */
    bool *whole = graph->marks;
    const brn_migration *best = NULL;
    for (size_t i = 0; i < graph->order.count; i++) {
        const brn_migration *m = graph->order.items[i];
        bool ok = m->state == BRN_STATE_DONE;
        for (size_t p = 0; p < m->requires.count && ok; p++) {
            ok = whole[m->requires.items[p]->rank];
        }
        whole[i] = ok;
        if (ok && m->database == database && !m->source->props->repeatable &&
            (best == NULL || best->follower == m || /* of a chain, each is above the one before */
             brn_version_compare(brn_str_from(m->version), brn_str_from(best->version)) >= 0)) {
            best = m;
        }
    }
    return best;
}
