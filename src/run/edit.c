/* SPDX-License-Identifier: Apache-2.0 */
#include "run/edit.h"

#include <string.h>

#include "base/clock.h"
#include "ledger/record.h"
#include "run/mirror.h"

brant_status brn_edit_open(
    brn_edit *e, brant_session *session, const char *command, brant_error **err)
{
    memset(e, 0, sizeof(*e));
    e->box = brn_box_new();
    if (e->box == NULL) {
        return brn_error_oom(err);
    }
    brn_run_init(&e->run, session, &e->world, e->box, command);
    e->run.began_ns = brn_clock_mono_ns();
    session->round_trips = 0;
    brant_status st = brn_world_load(&e->world, session, &e->box->arena, BRN_LEDGER_FULL, err);
    e->run.next_seq = brn_arena_array(&e->box->arena, session->count, sizeof(*e->run.next_seq));
    if (st == BRANT_OK && e->run.next_seq == NULL) {
        st = brn_error_oom(err);
    }
    return st;
}

brant_status brn_edit_begin(brn_edit *e, size_t index, brant_error **err)
{
    e->index = index;
    e->target = &e->run.session->targets[index];
    brant_status st = brn_run_lock(&e->run, index, err);
    if (st != BRANT_OK) {
        return st;
    }
    e->chain = e->target->chain;
    memset(&e->program, 0, sizeof(e->program));
    e->program.run_id = e->run.actor.run_id;
    e->changes = 0;
    brn_program_begin(&e->program, e->run.arena, e->target);
    return BRANT_OK;
}

/* The history row of a change that was just added. */
void brn_edit_log(brn_edit *e, const char *migration, const char *checksum, const char *detail)
{
    brn_history_row *row = brn_chain_row(
        &e->chain, e->run.arena, &e->run.actor, e->run.command, migration, "ok",
        brn_clock_wall_us());
    if (row == NULL) {
        return;
    }
    row->checksum = checksum;
    row->detail = detail;
    if (brn_chain_seal(row, e->run.arena)) {
        brn_program_ledger(&e->program, e->run.arena, BRN_LEDGER_HISTORY, NULL, row);
        brn_chain_move(&e->chain, row);
        e->changes++;
    }
}

brant_status brn_edit_commit(brn_edit *e, brant_error **err)
{
    brn_program_commit(&e->program, e->run.arena, e->target);
    if (e->run.arena->oom) {
        return brn_error_oom(err);
    }
    if (e->changes == 0) {
        return BRANT_OK;
    }
    brant_status st = brn_run_program(&e->run, e->target, &e->program, NULL, NULL, &e->state, err);
    if (st == BRANT_OK) {
        e->target->chain = e->chain;
        st = brn_world_refresh(&e->world, e->index, err);
    } else {
        brn_target_reset(e->target);
    }
    return st;
}

brant_status brn_edit_close(brn_edit *e, brant_report **out, brant_status st, brant_error **err)
{
    if (e->box == NULL) {
        return st;
    }
    if (st == BRANT_ECANCELLED) {
        atomic_store(e->run.session->control.cancelled, 0); /* heard */
    }
    brn_run_unlock(&e->run);
    brant_report *r = &e->box->doc.report;
    r->command = e->run.command;
    r->run_id = brn_arena_strdup(&e->box->arena, e->run.actor.run_id);
    r->applied = e->run.applied.items;
    r->applied_count = e->run.applied.count;
    r->duration_ms = (brn_clock_mono_ns() - e->run.began_ns) / BRN_NS_PER_MS;
    r->round_trips = e->run.session->round_trips;
    r->version = st == BRANT_OK ? brn_doc_version(&e->world, 0) : NULL;
    if (st == BRANT_OK && e->box->arena.oom) {
        st = brn_error_oom(err);
    }
    if (out != NULL && st == BRANT_OK) {
        *out = r;
    } else {
        brn_box_free(e->box);
    }
    return st;
}

static void write_row(brn_edit *e, brn_ledger_op_type type, const brn_ledger_row *row)
{
    const brn_ledger_op op = { .type = type, .row = row };
    brn_program_ledger(&e->program, e->run.arena, type, row, NULL);
    brn_mirror_follow(&e->program, e->run.arena, e->target, &op);
}

const brn_ledger_row *brn_edit_put_completed(
    brn_edit *e, const brn_migration *m, int64_t seq, const char *detail)
{
    brn_ledger_row *row = brn_record_new(
        e->run.arena, m, &e->run.actor, BRN_ROW_COMPLETED, BRN_UP, seq, brn_clock_wall_us());
    if (row != NULL) {
        write_row(e, BRN_LEDGER_PUT, row);
        brn_edit_log(e, m->id, m->source->up_digest, detail);
    }
    return row;
}

static const char *recorded_version(const brn_edit *e, const char *id)
{
    const brn_ledger_rows *rows = &e->world.ledgers[e->index].rows;
    for (size_t i = 0; i < rows->count; i++) {
        if (strcmp(rows->items[i].id, id) == 0) {
            return rows->items[i].version;
        }
    }
    return NULL;
}

void brn_edit_remove(brn_edit *e, const char *id, const char *detail)
{
    brn_ledger_row *row = brn_arena_alloc(e->run.arena, sizeof(*row));
    if (row != NULL) {
        row->id = id;
        row->version = e->target->mirror != BRN_MIRROR_NONE ? recorded_version(e, id) : NULL;
        write_row(e, BRN_LEDGER_REMOVE, row);
        brn_edit_log(e, id, NULL, detail);
    }
}

void brn_edit_put(brn_edit *e, const brn_ledger_row *row, const char *detail)
{
    write_row(e, BRN_LEDGER_PUT, row);
    brn_edit_log(e, row->id, row->checksum, detail);
}
