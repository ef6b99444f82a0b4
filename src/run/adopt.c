/* SPDX-License-Identifier: Apache-2.0 */
/*
 * adopt: records as applied what another tool's table says is applied.
 */
#include <stdlib.h>
#include <string.h>

#include <brant/run.h>

#include "base/clock.h"
#include "ledger/record.h"
#include "run/edit.h"
#include "run/mirror.h"

typedef struct numbered {
    int64_t number;
    const brn_migration *migration;
} numbered;

typedef BRN_VEC(numbered) numbered_list;

static int by_number(const void *a, const void *b)
{
    const numbered *x = a;
    const numbered *y = b;
    return (x->number > y->number) - (x->number < y->number);
}

static numbered_list number_files(brn_arena *arena, const brn_graph_database *db)
{
    numbered_list list = { 0 };
    for (size_t i = 0; i < db->items.count; i++) {
        int64_t number = brn_mirror_number(db->items.items[i]->version);
        numbered *slot = number > 0 ? BRN_VEC_PUSH(arena, &list) : NULL;
        if (slot != NULL) {
            *slot = (numbered){ number, db->items.items[i] };
        }
    }
    if (list.items != NULL) {
        qsort(list.items, list.count, sizeof(*list.items), by_number);
    }
    return list;
}

static const brn_migration *find_number(const numbered_list *list, int64_t number)
{
    const numbered key = { .number = number };
    const numbered *found =
        list->count == 0 ? NULL
                         : bsearch(&key, list->items, list->count, sizeof(*list->items), by_number);
    return found != NULL ? found->migration : NULL;
}

static bool is_recorded(const brn_graph_database *db, int64_t number)
{
    for (size_t i = 0; i < db->unknown.count; i++) {
        const brn_ledger_row *row = db->unknown.items[i];
        if (row->status == BRN_ROW_COMPLETED && brn_mirror_number(row->version) == number) {
            return true;
        }
    }
    return false;
}

/* A migration of which there is no file: that tool's are functions of a program. */
static brn_ledger_row *code_row(const brn_edit *e, int64_t number)
{
    brn_arena *arena = e->run.arena;
    brn_ledger_row *row = brn_arena_alloc(arena, sizeof(*row));
    const char *id = brn_arena_printf(arena, "%lld", (long long)number);
    if (row == NULL || id == NULL) {
        return NULL;
    }
    *row = (brn_ledger_row){
        .id = id,
        .version = id,
        .status = BRN_ROW_COMPLETED,
        .direction = BRN_UP,
        .kind = brn_kind_name(BRN_KIND_CODE),
        .who = e->run.actor.who,
        .tool = e->run.actor.tool,
        .run_id = e->run.actor.run_id,
        .format = BRN_LEDGER_FORMAT,
    };
    return row;
}

static void adopt_one(
    brn_edit *e, const brn_migration *m, const brn_mirror_row *from, const char *detail)
{
    int64_t began = from->started_us > 0 ? from->started_us : brn_clock_wall_us();
    brn_ledger_row *row =
        m != NULL
            ? brn_record_new(e->run.arena, m, &e->run.actor, BRN_ROW_COMPLETED, BRN_UP, 0, began)
            : code_row(e, from->version);
    if (row == NULL) {
        return; /* the arena's latch */
    }
    row->seq = m != NULL && m->row != NULL ? m->row->seq : e->run.next_seq[e->index]++;
    row->started_us = began;
    row->duration_ms = from->duration_ms;
    row->finished_us = began + (from->duration_ms > 0 ? from->duration_ms * 1000 : 0);
    brn_edit_put(e, row, detail);
    brant_migration *doc =
        m != NULL ? brn_doc_migration(&e->world, m) : brn_doc_unknown(&e->world, e->index, row);
    if (doc != NULL) {
        doc->status = "completed";
    }
    brn_doc_add(&e->run.applied, e->run.arena, doc);
}

/* The table is read under the lock. */
static brant_status adopt_rows(brn_edit *e, brn_mirror mirror, brant_error **err)
{
    const brn_graph_database *db = &e->world.graph.databases[e->index];
    brn_mirror_state state = { 0 };
    brn_conn *conn = e->target->conn;
    brant_status st = conn->engine->mirror_read(&state, e->run.arena, conn, mirror, err);
    numbered_list files = number_files(e->run.arena, db);
    const char *detail = brn_arena_printf(e->run.arena, "recorded in %s", brn_mirror_table(mirror));
    for (size_t i = 0; i < state.rows.count && st == BRANT_OK; i++) {
        const brn_mirror_row *from = &state.rows.items[i];
        const brn_migration *m = find_number(&files, from->version);
        bool done = m != NULL ? m->row != NULL && m->row->status == BRN_ROW_COMPLETED
                              : is_recorded(db, from->version);
        if (!done) {
            adopt_one(e, m, from, detail);
        }
    }
    return st;
}

static brant_status adopt_database(
    brn_edit *e, size_t index, brn_mirror wanted, bool *found, brant_error **err)
{
    brn_target *target = &e->run.session->targets[index];
    brn_mirror mirror = wanted != BRN_MIRROR_NONE ? wanted : BRN_MIRROR_GOFR;
    brn_mirror_state state = { 0 };
    if (target->missing || (target->conn->caps & BRN_CAP_MIRROR) == 0) {
        return BRANT_OK;
    }
    brant_status st =
        target->conn->engine->mirror_read(&state, e->run.arena, target->conn, mirror, err);
    if (st != BRANT_OK || !state.exists) {
        return st;
    }
    *found = true;
    st = brn_edit_begin(e, index, err);
    if (st == BRANT_OK) {
        st = adopt_rows(e, mirror, err);
    }
    return st == BRANT_OK ? brn_edit_commit(e, err) : st;
}

static brant_status check_from(brn_mirror *out, const char *from, brant_error **err)
{
    *out = from != NULL ? brn_mirror_parse(from) : BRN_MIRROR_NONE;
    if (from == NULL || *out != BRN_MIRROR_NONE) {
        return BRANT_OK;
    }
    brn_error(err, BRANT_EUSAGE, "adopt.unknown_tool", "cannot adopt from \"%s\"", from);
    brn_error_hint(
        err, "Tools that are known: gofr. For others, \"brant mark\" and \"brant force\" "
             "record what is applied.");
    return BRANT_EUSAGE;
}

brant_status brant_adopt(
    brant_report **out, brant_session *session, const char *from, brant_error **err)
{
    brn_mirror wanted = BRN_MIRROR_NONE;
    bool found = false;
    brant_status st = check_from(&wanted, from, err);
    if (st != BRANT_OK) {
        return st;
    }
    brn_edit e;
    st = brn_edit_open(&e, session, "adopt", err);
    for (size_t i = 0; i < session->count && st == BRANT_OK; i++) {
        st = adopt_database(&e, i, wanted, &found, err);
    }
    if (st == BRANT_OK && !found) {
        st = brn_error(
            err, BRANT_EUSAGE, "adopt.nothing_found",
            "no table of another tool that can be adopted from");
        brn_error_hint(
            err,
            "It is looked for beside brant's own tables: %s. The setting ledger-schema says "
            "where they are. What another tool has applied is recorded with \"brant force "
            "VERSION\".",
            brn_mirror_table(BRN_MIRROR_GOFR));
    }
    return brn_edit_close(&e, out, st, err);
}
