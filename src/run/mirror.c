/* SPDX-License-Identifier: Apache-2.0 */
#include "run/mirror.h"

#include <stdlib.h>
#include <string.h>
typedef struct mirror_kind {
    brn_mirror mirror;
    const char *name;
    const char *table;
} mirror_kind;

static const mirror_kind kinds[] = {
    { BRN_MIRROR_GOFR, "gofr", "gofr_migrations" },
};

static const mirror_kind *kind_of(brn_mirror mirror)
{
    for (size_t i = 0; i < BRN_ARRAY_LEN(kinds); i++) {
        if (kinds[i].mirror == mirror) {
            return &kinds[i];
        }
    }
    return NULL;
}

brn_mirror brn_mirror_parse(const char *name)
{
    for (size_t i = 0; i < BRN_ARRAY_LEN(kinds); i++) {
        if (strcmp(kinds[i].name, name) == 0) {
            return kinds[i].mirror;
        }
    }
    return BRN_MIRROR_NONE;
}

const char *brn_mirror_table(brn_mirror mirror)
{
    const mirror_kind *kind = kind_of(mirror);
    return kind != NULL ? kind->table : "";
}

const char *brn_mirror_name(brn_mirror mirror)
{
    const mirror_kind *kind = kind_of(mirror);
    return kind != NULL ? kind->name : "none";
}

int64_t brn_mirror_number(const char *version)
{
    uint64_t number = 0;
    bool fits = version != NULL && brn_str_to_u64(brn_str_from(version), &number) &&
                number <= (uint64_t)INT64_MAX;
    return fits ? (int64_t)number : 0;
}

/* ---- comparing ---- */

typedef BRN_VEC(int64_t) numbers;

static int by_number(const void *a, const void *b)
{
    int64_t x = 0;
    int64_t y = 0;
    memcpy(&x, a, sizeof(x));
    memcpy(&y, b, sizeof(y));
    return (x > y) - (x < y);
}

static void add_number(numbers *list, brn_world *world, const brn_ledger_row *row, const char *text)
{
    int64_t number = brn_mirror_number(text);
    if (row == NULL || row->status != BRN_ROW_COMPLETED || row->direction != BRN_UP ||
        number == 0) {
        return;
    }
    int64_t *slot = BRN_VEC_PUSH(world->arena, list);
    if (slot != NULL) {
        *slot = number;
    }
}

/* What the ledger has, ascending. Brief rows have no version: files have it. */
static numbers completed(brn_world *world, size_t target)
{
    const brn_graph_database *db = &world->graph.databases[target];
    numbers list = { 0 };
    for (size_t i = 0; i < db->items.count; i++) {
        add_number(&list, world, db->items.items[i]->row, db->items.items[i]->version);
    }
    for (size_t i = 0; i < db->unknown.count; i++) {
        add_number(&list, world, db->unknown.items[i], db->unknown.items[i]->version);
    }
    if (list.count > 0) {
        qsort(list.items, list.count, sizeof(*list.items), by_number);
    }
    return list;
}

static void compare(brn_mirror_view *view, const numbers *ours)
{
    const brn_mirror_rows *theirs = &view->state.rows;
    size_t i = 0;
    for (size_t k = 0; k < theirs->count; k++) {
        int64_t number = theirs->items[k].version;
        for (; i < ours->count && ours->items[i] < number; i++) {
            view->behind++;
        }
        if (i < ours->count && ours->items[i] == number) {
            i++;
        } else {
            view->first_ahead = view->ahead == 0 ? number : view->first_ahead;
            view->ahead++;
        }
    }
    view->behind += ours->count - i;
}

static brant_status unsupported(const brn_target *target, brant_error **err)
{
    brant_status st = brn_error(
        err, BRANT_EUNSUPPORTED, "mirror.unsupported",
        "the setting mirror means nothing to this kind of database (%s)", target->engine->name);
    brn_error_subject(err, brn_target_name(target), NULL);
    brn_error_hint(err, "Set it to none for this database.");
    return st;
}

brant_status brn_mirror_look(brn_world *world, size_t target, brant_error **err)
{
    brn_target *t = &world->session->targets[target];
    brn_mirror_view *view = &world->mirrors[target];
    *view = (brn_mirror_view){ .mirror = view->mirror };
    if ((t->conn->caps & BRN_CAP_MIRROR) == 0) {
        return unsupported(t, err);
    }
    uint64_t before = t->conn->requests;
    brant_status st =
        t->conn->engine->mirror_read(&view->state, world->arena, t->conn, view->mirror, err);
    world->session->round_trips += t->conn->requests - before;
    if (st != BRANT_OK) {
        brn_error_subject(err, brn_target_name(t), NULL);
        return st;
    }
    numbers ours = completed(world, target);
    compare(view, &ours);
    return BRANT_OK;
}

/* ---- writing ---- */

static void add_write(
    brn_program *program, brn_arena *arena, brn_mirror mirror, const brn_ledger_op *like, bool put)
{
    brn_op *op = brn_program_add(program, arena, BRN_OP_LEDGER);
    brn_ledger_op *write = brn_arena_alloc(arena, sizeof(*write));
    if (op != NULL && write != NULL) {
        *write = (brn_ledger_op){
            .type = put ? BRN_LEDGER_MIRROR_PUT : BRN_LEDGER_MIRROR_REMOVE,
            .stamp = put && like->stamp,
            .mirror = mirror,
            .row = like->row,
        };
        op->ledger = write;
    }
}

void brn_mirror_follow(
    brn_program *program, brn_arena *arena, const brn_target *target, const brn_ledger_op *op)
{
    brn_mirror mirror = target->mirror;
    bool put = op->type == BRN_LEDGER_PUT && op->row->status == BRN_ROW_COMPLETED &&
               op->row->direction == BRN_UP;
    bool removed = op->type == BRN_LEDGER_REMOVE;
    if (mirror != BRN_MIRROR_NONE && (put || removed) && brn_mirror_number(op->row->version) > 0) {
        add_write(program, arena, mirror, op, put);
    }
}

static bool has_row(const brn_mirror_rows *rows, int64_t number)
{
    const int64_t *found =
        rows->count == 0
            ? NULL
            : bsearch(&number, rows->items, rows->count, sizeof(*rows->items), by_number);
    return found != NULL;
}

static void add_missing(brn_program *program, brn_run *run, size_t target)
{
    const brn_mirror_view *view = &run->world->mirrors[target];
    const brn_ledger_rows *rows = &run->world->ledgers[target].rows;
    for (size_t i = 0; i < rows->count; i++) {
        brn_ledger_op op = { .type = BRN_LEDGER_PUT, .row = &rows->items[i] };
        bool there = has_row(&view->state.rows, brn_mirror_number(op.row->version));
        if (!there) {
            brn_mirror_follow(program, run->arena, &run->session->targets[target], &op);
        }
    }
}

brant_status brn_mirror_catch_up(brn_run *run, size_t target, brant_error **err)
{
    brn_target *t = &run->session->targets[target];
    brn_mirror_view *view = &run->world->mirrors[target];
    if (view->mirror == BRN_MIRROR_NONE || (view->state.exists && view->behind == 0)) {
        return BRANT_OK;
    }
    brn_program program = { .run_id = run->actor.run_id };
    brn_program_begin(&program, run->arena, t);
    brn_op *op = brn_program_add(&program, run->arena, BRN_OP_LEDGER);
    brn_ledger_op *ensure = brn_arena_alloc(run->arena, sizeof(*ensure));
    if (op == NULL || ensure == NULL) {
        return brn_error_oom(err);
    }
    *ensure = (brn_ledger_op){ .type = BRN_LEDGER_ENSURE, .mirror = view->mirror };
    op->ledger = ensure;
    add_missing(&program, run, target);
    brn_program_commit(&program, run->arena, t);
    if (run->arena->oom) {
        return brn_error_oom(err);
    }
    brant_status st = brn_run_program(run, t, &program, NULL, NULL, NULL, err);
    if (st == BRANT_OK) {
        view->behind = 0;
        view->state.exists = true;
    } else {
        brn_target_reset(t);
    }
    return st;
}
