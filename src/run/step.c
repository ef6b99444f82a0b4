/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/clock.h"
#include "ledger/record.h"
#include "run/step_int.h"

#define WRITE_TRIES 3 /* when what is in the way passes by itself */

/* ---- events ---- */

static brant_event step_event(const brn_frame *f, uint32_t type)
{
    const brn_migration *m = f->step->migration;
    return (brant_event){
        .type = type,
        .database = brn_target_name(f->target),
        .migration = m->id,
        .version = m->version,
        .name = m->source->name,
        .direction = brn_direction_name(f->step->direction),
        .file = f->step->direction == BRN_DOWN ? m->source->down_path : m->source->up_path,
    };
}

void brn_frame_emit_start(const brn_frame *f)
{
    brant_event ev = step_event(f, BRANT_EVENT_MIGRATION_START);
    ev.total = f->compiled.stmts.count;
    brn_emit(&f->run->session->emitter, &ev);
}

static int64_t took_ns(const brn_frame *f)
{
    return (f->ended_ns != 0 ? f->ended_ns : brn_clock_mono_ns()) - f->began_ns;
}

void brn_frame_emit_end(const brn_frame *f, brant_status st)
{
    brant_event ev = step_event(f, BRANT_EVENT_MIGRATION_END);
    ev.status = st;
    ev.done = f->statements;
    ev.duration_ns = took_ns(f);
    ev.dry_run = f->run->dry_run ? 1 : 0;
    brn_emit(&f->run->session->emitter, &ev);
}

void brn_frame_result(brn_frame *f, const brn_op *op, const brn_op_result *result)
{
    if (op->type != BRN_OP_STATEMENT) {
        return;
    }
    f->statements++;
    brant_event ev = step_event(f, BRANT_EVENT_STATEMENT);
    ev.done = op->number;
    ev.total = f->compiled.stmts.count;
    ev.rows = result->rows;
    ev.duration_ns = result->duration_ns;
    ev.statement = op->sql.ptr;
    ev.statement_len = op->sql.len;
    ev.line = op->stmt->line;
    ev.dry_run = result->skipped ? 1 : 0;
    brn_emit(&f->run->session->emitter, &ev);
}

/* ---- rows ---- */

brn_ledger_row *brn_running_row(brn_arena *arena, brn_run *run, const brn_step *step, int64_t seq)
{
    const brn_migration *m = step->migration;
    const brn_ledger_row *old = m->row;
    bool keeps_place = old != NULL && m->state != BRN_STATE_PENDING;
    brn_ledger_row *row = brn_record_new(
        arena, m, &run->actor, BRN_ROW_RUNNING, step->direction, keeps_place ? old->seq : seq,
        brn_clock_wall_us());
    if (row == NULL) {
        return NULL;
    }
    bool partial = m->state == BRN_STATE_PARTIAL_UP || m->state == BRN_STATE_PARTIAL_DOWN;
    if (partial && old != NULL) {
        row->stmts_done = old->stmts_done;
        row->stmts_total = old->stmts_total;
        row->done_digest = old->done_digest;
        row->intent = old->intent;
        row->intent_digest = old->intent_digest;
    }
    if (step->direction == BRN_DOWN && old != NULL) {
        row->checksum = old->checksum; /* of what was applied, not of what the file is now */
    }
    return row;
}

/* Cleaning up and announcing must work although the run was told to stop, or its time is over. */
typedef struct paused_control {
    int cancelled;
    int64_t limit_ms[BRN_LIMIT_COUNT];
    int64_t deadline_ns[BRN_LIMIT_COUNT];
} paused_control;

static paused_control pause_control(brn_control *control)
{
    paused_control paused;
    paused.cancelled = atomic_exchange(control->cancelled, 0);
    memcpy(paused.limit_ms, control->limit_ms, sizeof(paused.limit_ms));
    memcpy(paused.deadline_ns, control->deadline_ns, sizeof(paused.deadline_ns));
    memset(control->limit_ms, 0, sizeof(control->limit_ms));
    memset(control->deadline_ns, 0, sizeof(control->deadline_ns));
    return paused;
}

static void resume_control(brn_control *control, const paused_control *paused)
{
    memcpy(control->limit_ms, paused->limit_ms, sizeof(control->limit_ms));
    memcpy(control->deadline_ns, paused->deadline_ns, sizeof(control->deadline_ns));
    if (paused->cancelled != 0) { /* what came in the meantime stays */
        atomic_store(control->cancelled, paused->cancelled);
    }
}

void brn_reset_quietly(brn_run *run, brn_target *target)
{
    if (target->conn != NULL) {
        paused_control paused = pause_control(&run->session->control);
        brn_target_reset(target);
        resume_control(&run->session->control, &paused);
    }
}

brant_status brn_read_quietly(
    brn_ledger_state *out, brn_run *run, brn_target *target, brant_error **err)
{
    paused_control paused = pause_control(&run->session->control);
    brant_status st =
        target->conn->engine->ledger_read(out, run->arena, target->conn, BRN_LEDGER_FULL, err);
    resume_control(&run->session->control, &paused);
    return st;
}

bool brn_history_ends_here(brn_run *run, brn_target *target)
{
    brn_history_rows rows = { 0 };
    paused_control paused = pause_control(&run->session->control);
    brant_status st = target->conn->engine->history_read(&rows, run->arena, target->conn, 1, NULL);
    resume_control(&run->session->control, &paused);
    const char *last = rows.count > 0 ? rows.items[0].hash : NULL;
    return st == BRANT_OK && strcmp(last != NULL ? last : "", target->chain.prev) == 0;
}

brant_status brn_write_quietly(
    brn_run *run, brn_target *target, const brn_program *program, brant_error **err)
{
    if (run->arena->oom) {
        return brn_error_oom(err);
    }
    paused_control paused = pause_control(&run->session->control);
    brant_status st = BRANT_OK;
    bool again = true;
    for (int i = 1; again; i++) {
        brn_run_state state = { 0 };
        brant_error *failure = NULL;
        st = brn_run_program(run, target, program, NULL, NULL, &state, &failure);
        if (st != BRANT_OK) {
            brn_target_reset(target);
        }
        again = st != BRANT_OK && state.passing && !state.in_doubt && i < WRITE_TRIES;
        if (st != BRANT_OK && !again && err != NULL) {
            *err = failure;
        } else {
            brant_error_free(failure);
        }
    }
    resume_control(&run->session->control, &paused);
    return st;
}

brant_status brn_announce(brn_run *run, const brn_step *step, uint64_t total, brant_error **err)
{
    brn_target *target = &run->session->targets[step->migration->database];
    brn_ledger_row *row =
        brn_running_row(run->arena, run, step, run->next_seq[step->migration->database]);
    if (row == NULL) {
        return brn_error_oom(err);
    }
    row->stmts_total = total > 0 ? (int64_t)total : row->stmts_total;
    brn_program program = { .migration = row->id, .run_id = run->actor.run_id };
    brn_program_guard(&program, run->arena, target);
    if (run->handed_over == step && program.ops.count > 0) {
        /* It says so already, unless another run had the lock while this one was connected anew
         * between two steps, and has done what this one takes for pending. */
        program.ops.items[0].id = row->id;
    }
    brn_program_ledger(&program, run->arena, BRN_LEDGER_PUT, row, NULL);
    brant_status st = brn_write_quietly(run, target, &program, err);
    if (st == BRANT_OK) {
        run->handed_over = step;
    }
    return st;
}

void brn_step_put_back(brn_run *run)
{
    const brn_step *step = run->handed_over;
    run->handed_over = NULL;
    if (step == NULL || run->dry_run) {
        return;
    }
    const brn_migration *m = step->migration;
    brn_target *target = &run->session->targets[m->database];
    brn_ledger_row *gone = brn_arena_alloc(run->arena, sizeof(*gone));
    brn_program program = { .migration = m->id, .run_id = run->actor.run_id };
    if (gone != NULL) {
        gone->id = m->id;
    }
    const brn_ledger_row *row = m->row != NULL ? m->row : gone;
    brn_program_guard(&program, run->arena, target);
    if (program.ops.count > 0) {
        program.ops.items[0].id = m->id; /* as it was announced, and nothing else */
    }
    brn_program_ledger(
        &program, run->arena, m->row != NULL ? BRN_LEDGER_PUT : BRN_LEDGER_REMOVE, row, NULL);
    brant_error *failure = NULL;
    if (row != NULL && brn_write_quietly(run, target, &program, &failure) != BRANT_OK) {
        brn_emit_warning(
            &run->session->emitter, brn_target_name(target), "ledger.put_back",
            "\"%s\" stays recorded as running: %s", m->id, brant_error_message(failure));
    }
    brant_error_free(failure);
}

/* ---- the end of a step ---- */

void brn_frame_done(brn_frame *f)
{
    brn_run *run = f->run;
    brn_migration *m = f->step->migration;
    if (f->compiled.history != NULL && !run->dry_run) {
        brn_chain_move(&f->target->chain, f->compiled.history);
    }
    bool down = f->step->direction == BRN_DOWN;
    const brn_ledger_row *old = m->row;
    brn_ledger_row *row = brn_record_new(
        run->arena, m, &run->actor, BRN_ROW_COMPLETED, f->step->direction,
        m->state == BRN_STATE_PENDING ? run->next_seq[m->database] : old->seq, brn_clock_wall_us());
    if (row != NULL) {
        row->stmts_total = (int64_t)f->compiled.stmts.count;
        row->stmts_done = row->stmts_total;
        row->duration_ms = took_ns(f) / BRN_NS_PER_MS;
    }
    brn_history_row *history = f->compiled.history;
    if (run->all && row != NULL &&
        history != NULL) { /* its rows are written later, and say when it was done */
        f->compiled.row->finished_us = row->finished_us;
        f->compiled.row->duration_ms = row->duration_ms;
        history->duration_ms = row->duration_ms;
    }
    run->next_seq[m->database] += down || m->state != BRN_STATE_PENDING ? 0 : 1;
    m->row = row;
    m->state = BRN_STATE_DONE;
    brant_migration *doc = brn_doc_migration(run->world, m);
    if (doc != NULL && down) {
        doc->status = "pending";
        doc->direction = "down";
    }
    brn_doc_add(&run->applied, run->arena, doc);
    if (down) {
        m->row = NULL;
        m->state = BRN_STATE_PENDING;
    }
}

brant_status brn_frame_run_manual(brn_frame *f, brant_error **err)
{
    brn_run *run = f->run;
    const brn_migration *m = f->step->migration;
    brn_doc_add(&run->skipped, run->arena, brn_doc_migration(run->world, m));
    if (f->step->blocked) {
        return BRANT_OK;
    }
    const char *help = m->source->props->help;
    brn_emit_notice(
        &run->session->emitter, brn_target_name(f->target), "run.manual",
        "\"%s\" is done by hand%s%s; then: brant mark %s", m->id, help != NULL ? ": " : "",
        help != NULL ? help : "", m->id);
    if (m->row != NULL || run->dry_run) {
        return BRANT_OK;
    }
    const brn_step *before = run->handed_over; /* --tx all: the first one */
    brant_status st = brn_announce(run, f->step, 0, err);
    run->handed_over = before;
    run->next_seq[m->database] += st == BRANT_OK ? 1 : 0;
    return st;
}
