/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One migration on its way through a database: its row, its program, and what is done when it
 * fails. See runner.h for the idea, compile.h for the programs.
 */
#include <string.h>

#include "base/clock.h"
#include "core/settings.h"
#include "ledger/record.h"
#include "run/resume.h"
#include "run/runner.h"

typedef struct step_frame {
    brn_run *run;
    brn_step *step;
    brn_target *target;
    brn_compiled *compiled;
    int64_t began_ns;
    uint64_t statements;
} step_frame;

/* ---- events ---- */

static brant_event step_event(const step_frame *f, uint32_t type)
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

static void emit_start(const step_frame *f, uint64_t total)
{
    brant_event ev = step_event(f, BRANT_EVENT_MIGRATION_START);
    ev.total = total;
    brn_emit(&f->run->session->emitter, &ev);
}

static void emit_end(const step_frame *f, brant_status st)
{
    brant_event ev = step_event(f, BRANT_EVENT_MIGRATION_END);
    ev.status = st;
    ev.done = f->statements;
    ev.duration_ns = brn_clock_mono_ns() - f->began_ns;
    ev.dry_run = f->run->dry_run ? 1 : 0;
    brn_emit(&f->run->session->emitter, &ev);
}

static void on_result(
    const brn_program *program, size_t index, const brn_op_result *result, void *user)
{
    step_frame *f = user;
    const brn_op *op = &program->ops.items[index];
    if (op->type != BRN_OP_STATEMENT) {
        return;
    }
    f->statements++;
    brant_event ev = step_event(f, BRANT_EVENT_STATEMENT);
    ev.done = op->number;
    ev.total = f->compiled->stmts.count;
    ev.rows = result->rows;
    ev.duration_ns = result->duration_ns;
    ev.statement = op->sql.ptr;
    ev.statement_len = op->sql.len;
    ev.line = op->stmt->line;
    ev.dry_run = result->skipped ? 1 : 0;
    brn_emit(&f->run->session->emitter, &ev);
}

/* ---- rows ---- */

/* The row as it is to say "running", by this run. What is known of progress stays. */
static brn_ledger_row *running_row(brn_run *run, const brn_step *step)
{
    const brn_migration *m = step->migration;
    const brn_ledger_row *old = m->row;
    bool keeps_place = old != NULL && m->state != BRN_STATE_PENDING;
    int64_t seq = keeps_place ? old->seq : run->next_seq[m->database];
    brn_ledger_row *row = brn_record_new(
        run->arena, m, &run->actor, BRN_ROW_RUNNING, step->direction, seq, brn_clock_wall_us());
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

/* Runs a program of ledger operations whatever the control says. */
static brant_status write_ledger(
    brn_run *run, brn_target *target, const brn_program *program, brant_error **err)
{
    if (run->arena->oom) {
        return brn_error_oom(err);
    }
    paused_control paused = pause_control(&run->session->control);
    brant_status st = brn_run_program(run, target, program, NULL, NULL, NULL, err);
    if (st != BRANT_OK) {
        brn_target_reset(target);
    }
    resume_control(&run->session->control, &paused);
    return st;
}

/* Announces a step: its row says running from here on. */
static brant_status announce(brn_run *run, const brn_step *step, uint64_t total, brant_error **err)
{
    brn_target *target = &run->session->targets[step->migration->database];
    brn_ledger_row *row = running_row(run, step);
    if (row == NULL) {
        return brn_error_oom(err);
    }
    row->stmts_total = total > 0 ? (int64_t)total : row->stmts_total;
    brn_program program = { .migration = row->id, .run_id = run->actor.run_id };
    brn_program_guard(&program, run->arena, target);
    brn_program_ledger(&program, run->arena, BRN_LEDGER_PUT, row, NULL);
    brant_status st = write_ledger(run, target, &program, err);
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
    brn_program_ledger(
        &program, run->arena, m->row != NULL ? BRN_LEDGER_PUT : BRN_LEDGER_REMOVE, row, NULL);
    brant_error *failure = NULL;
    if (row != NULL && write_ledger(run, target, &program, &failure) != BRANT_OK) {
        brn_emit_warning(
            &run->session->emitter, brn_target_name(target), "ledger.put_back",
            "\"%s\" stays recorded as running: %s", m->id, brant_error_message(failure));
    }
    brant_error_free(failure);
}

/* ---- the end of a step ---- */

/* The joined state follows what the database says now. */
static void note_done(step_frame *f)
{
    brn_run *run = f->run;
    brn_migration *m = f->step->migration;
    if (f->compiled->history != NULL && !run->dry_run) {
        brn_chain_move(&f->target->chain, f->compiled->history);
    }
    bool down = f->step->direction == BRN_DOWN;
    const brn_ledger_row *old = m->row;
    brn_ledger_row *row = brn_record_new(
        run->arena, m, &run->actor, BRN_ROW_COMPLETED, f->step->direction,
        m->state == BRN_STATE_PENDING ? run->next_seq[m->database] : old->seq, brn_clock_wall_us());
    if (row != NULL) {
        row->stmts_total = (int64_t)f->compiled->stmts.count;
        row->stmts_done = row->stmts_total;
        row->duration_ms = (brn_clock_mono_ns() - f->began_ns) / BRN_NS_PER_MS;
    }
    brn_history_row *history = f->compiled->history;
    if (run->all && row != NULL &&
        history != NULL) { /* its rows are written later, and say when it was done */
        f->compiled->row->finished_us = row->finished_us;
        f->compiled->row->duration_ms = row->duration_ms;
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

/*
 * What the ledger says of the migration after a failure: the only witness when an answer was lost.
 * False when it cannot be asked. *row is NULL when there is none.
 */
static bool read_back(step_frame *f, const brn_ledger_row **row)
{
    brn_ledger_state state = { 0 };
    *row = NULL;
    if (f->target->conn == NULL) {
        return false;
    }
    paused_control paused = pause_control(&f->run->session->control);
    brant_status st = f->target->conn->engine->ledger_read(
        &state, f->run->arena, f->target->conn, BRN_LEDGER_FULL, NULL);
    resume_control(&f->run->session->control, &paused);
    for (size_t i = 0; st == BRANT_OK && i < state.rows.count; i++) {
        if (strcmp(state.rows.items[i].id, f->step->migration->id) == 0) {
            *row = &state.rows.items[i];
        }
    }
    return st == BRANT_OK;
}

static bool took_effect(const step_frame *f, const brn_ledger_row *row)
{
    if (f->step->direction == BRN_DOWN) {
        return row == NULL;
    }
    return row != NULL && row->status == BRN_ROW_COMPLETED && row->run_id != NULL &&
           strcmp(row->run_id, f->run->actor.run_id) == 0;
}

/* The completion was stored although its answer was lost: sends what stood behind it. */
static brant_status send_rest(step_frame *f, size_t from)
{
    const brn_program *whole = &f->compiled->program;
    brn_program rest = *whole;
    if (from >= whole->ops.count) {
        return BRANT_OK;
    }
    rest.ops.items = &whole->ops.items[from];
    rest.ops.count = whole->ops.count - from;
    return write_ledger(f->run, f->target, &rest, NULL);
}

/* The statement whose intent is stored and whose outcome is not known; 0: none. */
static int64_t open_intent(
    const brn_program *program, const brn_run_state *state, const brn_ledger_row *stored)
{
    const brn_op *next =
        state->ops_done < program->ops.count ? &program->ops.items[state->ops_done] : NULL;
    bool refused = next != NULL && next->type == BRN_OP_STATEMENT && !state->in_doubt;
    /* Its answer was lost, so nothing was sent behind it. */
    bool only_meant =
        next != NULL && next->type == BRN_OP_LEDGER && next->ledger->type == BRN_LEDGER_INTENT;
    return refused || only_meant || stored == NULL ? 0 : stored->intent;
}

/* "migrations/003_x.up.sql:4:1: no such table: y": what is stored must be enough the morning after.
 */
static const char *failure_text(brn_arena *arena, const brant_error *failure)
{
    const char *file = brant_error_file(failure);
    if (file == NULL || brant_error_line(failure) == 0) {
        return brn_arena_strdup(arena, brant_error_message(failure));
    }
    return brn_arena_printf(
        arena, "%s:%u:%u: %s", file, brant_error_line(failure), brant_error_column(failure),
        brant_error_message(failure));
}

static void warn_not_recorded(const step_frame *f, const char *what, const brant_error *why)
{
    brn_emit_warning(
        &f->run->session->emitter, brn_target_name(f->target), "ledger.not_recorded",
        "%s could not be recorded: %s", what, brant_error_message(why));
}

/*
 * Being told to stop is not a failure: the row goes back to what it was, unless statements outside
 * a transaction have left progress in it. An intent whose statement did not begin is taken back.
 */
static void keep_progress(step_frame *f, const brn_ledger_row *stored, int64_t intent)
{
    brn_run *run = f->run;
    if (stored == NULL || (stored->stmts_done == 0 && intent == 0)) {
        return;
    }
    run->handed_over = NULL;
    brn_ledger_row *row = brn_arena_alloc(run->arena, sizeof(*row));
    if (row == NULL || stored->intent == intent) {
        return;
    }
    row->id = f->step->migration->id;
    row->stmts_done = stored->stmts_done;
    row->done_digest = stored->done_digest;
    brn_program program = { .migration = row->id, .run_id = run->actor.run_id };
    brant_error *failure = NULL;
    brn_program_guard(&program, run->arena, f->target);
    brn_program_ledger(&program, run->arena, BRN_LEDGER_OUTCOME, row, NULL);
    if (write_ledger(run, f->target, &program, &failure) != BRANT_OK) {
        warn_not_recorded(f, "where it stopped", failure);
    }
    brant_error_free(failure);
}

static void report_failure(step_frame *f, const brn_ledger_row *stored, const char *text)
{
    brant_migration *doc = brn_doc_migration(f->run->world, f->step->migration);
    if (doc != NULL) {
        bool kept = stored != NULL && !f->compiled->transactional;
        doc->status = "failed";
        doc->direction = brn_direction_name(f->step->direction);
        doc->error = text;
        doc->statements_done = kept ? (uint64_t)stored->stmts_done : 0;
        doc->statements_total = f->compiled->stmts.count;
        doc->partial = kept && (stored->stmts_done > 0 || stored->intent > 0) ? 1 : 0;
    }
    f->run->failed = doc;
}

/* Writes that the migration failed, without touching what is known of its progress. */
static void record_failure(
    step_frame *f, brant_error *failure, const brn_ledger_row *stored, int64_t intent)
{
    brn_run *run = f->run;
    brn_migration *m = f->step->migration;
    brn_ledger_row *row = running_row(run, f->step);
    brn_history_row *history = brn_chain_row(
        &f->target->chain, run->arena, &run->actor, brn_direction_name(f->step->direction), m->id,
        "failed", brn_clock_wall_us());
    if (row == NULL || history == NULL) {
        return;
    }
    row->status = BRN_ROW_FAILED;
    row->error = failure_text(run->arena, failure);
    row->stmts_total = (int64_t)f->compiled->stmts.count;
    row->finished_us = brn_clock_wall_us();
    row->intent = intent;
    history->detail = row->error;
    history->checksum = f->step->direction == BRN_DOWN ? row->down_checksum : row->checksum;
    bool sealed = brn_chain_seal(history, run->arena);
    brn_program program = { .migration = m->id, .run_id = run->actor.run_id };
    brn_program_begin(&program, run->arena, f->target);
    /* In one transaction there is no progress to keep, and with --tx all no row to update. */
    brn_program_ledger(
        &program, run->arena, f->compiled->transactional ? BRN_LEDGER_PUT : BRN_LEDGER_FAIL, row,
        NULL);
    brn_program_ledger(&program, run->arena, BRN_LEDGER_HISTORY, NULL, history);
    brn_program_commit(&program, run->arena, f->target);
    brant_error *second = NULL;
    if (sealed && write_ledger(run, f->target, &program, &second) == BRANT_OK) {
        brn_chain_move(&f->target->chain, history);
        run->handed_over = run->handed_over == f->step ? NULL : run->handed_over;
    } else {
        keep_progress(f, stored, intent); /* "running" with its progress is better than nothing */
        if (second != NULL) {
            warn_not_recorded(f, "the failure", second);
        }
    }
    brant_error_free(second);
    report_failure(f, stored, row->error);
}

/* --tx all: what was noted as done is rolled back with the rest. */
static void forget_uncommitted(brn_run *run, brn_target *target)
{
    size_t index = (size_t)(target - run->session->targets);
    if (!run->all_open) {
        return;
    }
    run->all_open = false;
    run->all_rows = (brn_program){ 0 };
    target->chain = run->chain_before_all;
    run->applied.count = 0;
    brn_graph_join(&run->world->graph, index, &run->world->ledgers[index].rows);
}

/* A failed statement always says what to do next. */
static void add_hint(const step_frame *f, brant_status st, brant_error **failure)
{
    const char *again = f->step->direction == BRN_DOWN ? "down" : "up";
    if (st != BRANT_ESTATEMENT || failure == NULL || brant_error_hint(*failure) != NULL) {
        return;
    }
    if (f->compiled->transactional) {
        brn_error_hint(
            failure,
            "Nothing of this migration has stayed in the database. Mend the file and run \"brant "
            "%s\" again.",
            again);
    } else {
        brn_error_hint(
            failure,
            "The statements before this one have run and stay. Mend this one and run \"brant %s\" "
            "again: it goes on from here.",
            again);
    }
}

static brant_status end_failed(
    step_frame *f, brant_status st, const brn_run_state *state, brant_error **failure)
{
    const brn_program *program = &f->compiled->program;
    if (state->ops_done < program->ops.count) {
        brn_compiled_locate(f->compiled, f->target, &program->ops.items[state->ops_done], failure);
    }
    brn_error_subject(failure, brn_target_name(f->target), f->step->migration->id);
    add_hint(f, st, failure);
    if (f->target->conn != NULL) {
        paused_control paused = pause_control(&f->run->session->control);
        brn_target_reset(f->target);
        resume_control(&f->run->session->control, &paused);
    }
    const brn_ledger_row *stored = NULL;
    bool known = !f->run->all && read_back(f, &stored);
    if (known && state->in_doubt && took_effect(f, stored) &&
        send_rest(f, state->ops_done + 1) == BRANT_OK) {
        brant_error_free(*failure);
        *failure = NULL;
        return BRANT_OK;
    }
    forget_uncommitted(f->run, f->target);
    int64_t intent = open_intent(program, state, stored);
    if (!known && !f->compiled->transactional && !f->run->all) {
        f->run->handed_over = NULL; /* what cannot be read must not be overwritten */
        warn_not_recorded(f, "the failure", *failure);
        report_failure(f, NULL, failure_text(f->run->arena, *failure));
    } else if (st == BRANT_ECANCELLED) {
        keep_progress(f, stored, intent);
    } else {
        record_failure(f, *failure, stored, intent);
    }
    return st;
}

/* ---- running ---- */

static int64_t migration_limit(const step_frame *f)
{
    int64_t own = f->compiled->props->timeout_ms;
    return own >= 0 ? own : brant_settings_int(brn_target_settings(f->target), "migration-timeout");
}

/* The next step, when its row can be written together with this one's completion. */
static brn_step *next_to_announce(const step_frame *f, size_t index)
{
    if (index + 1 >= f->run->plan.steps.count || f->run->all) {
        return NULL;
    }
    brn_step *next = &f->run->plan.steps.items[index + 1];
    bool same = next->migration->database == f->step->migration->database;
    bool plain = !next->manual && !next->blocked && next->migration != f->step->migration;
    return same && plain && next->migration->state != BRN_STATE_PARTIAL_UP &&
                   next->migration->state != BRN_STATE_PARTIAL_DOWN
               ? next
               : NULL;
}

static brant_status run_compiled(
    step_frame *f, brn_compile_input *in, size_t index, brant_error **err)
{
    brn_run *run = f->run;
    brn_step *next = next_to_announce(f, index);
    if (next != NULL) {
        /* This one takes its number first. */
        bool takes = f->step->direction == BRN_UP && f->step->migration->state == BRN_STATE_PENDING;
        run->next_seq[f->step->migration->database] += takes ? 1 : 0;
        in->next = running_row(run, next);
        run->next_seq[f->step->migration->database] -= takes ? 1 : 0;
        if (in->next == NULL) {
            return brn_error_oom(err);
        }
    }
    in->rows = run->all ? &run->all_rows : NULL;
    in->rows_arena = run->arena;
    brant_status st = brn_compile_program(f->compiled, in, &f->target->chain, err);
    if (st != BRANT_OK) {
        brn_error_subject(err, brn_target_name(f->target), f->step->migration->id);
        return st;
    }
    brn_control *control = &run->session->control;
    brn_run_state state = { 0 };
    brant_error *failure = NULL;
    brn_control_start(control, BRN_LIMIT_MIGRATION, migration_limit(f));
    control->lock_timeout_ms = f->compiled->props->lock_timeout_ms;
    st = brn_run_program(run, f->target, &f->compiled->program, on_result, f, &state, &failure);
    control->lock_timeout_ms = -1;
    brn_control_stop(control, BRN_LIMIT_MIGRATION);
    if (st != BRANT_OK && state.ops_done == f->compiled->program.ops.count) {
        /* Everything took effect before something went wrong. */
        brant_error_free(failure);
        failure = NULL;
        st = BRANT_OK;
    }
    if (st != BRANT_OK) {
        st = end_failed(f, st, &state, &failure);
    } else if (!f->compiled->transactional && !run->all && f->target->conn != NULL) {
        /* What such a file set for the session must not reach the next one. */
        brn_target_reset(f->target);
    }
    if (st == BRANT_OK) {
        run->handed_over = run->all ? run->handed_over : next;
        note_done(f);
    } else if (err != NULL) {
        *err = failure;
    } else {
        brant_error_free(failure);
    }
    return st;
}

static brant_status run_one(step_frame *f, size_t index, brant_error **err)
{
    brn_run *run = f->run;
    brn_migration *m = f->step->migration;
    brn_compile_input in = {
        .target = f->target,
        .migration = m,
        .direction = f->step->direction,
        .tx = brn_run_tx(run, m->database),
        .texts = &run->texts,
        .actor = &run->actor,
        .action = brn_direction_name(f->step->direction),
        .detail = run->applied.count == 0 ? run->backup : NULL,
        .seq = m->state == BRN_STATE_PENDING ? run->next_seq[m->database] : m->row->seq,
        .resume = m->state == BRN_STATE_PARTIAL_UP || m->state == BRN_STATE_PARTIAL_DOWN,
    };
    brant_status st = brn_compile_read(f->compiled, &in, err);
    if (st == BRANT_OK) {
        st = brn_resume_prepare(&in, run, f->step, f->compiled, err);
    }
    if (st != BRANT_OK) {
        brn_error_subject(err, brn_target_name(f->target), m->id);
        return st;
    }
    emit_start(f, f->compiled->stmts.count);
    bool announced = run->handed_over == f->step && f->compiled->transactional;
    if (!announced && !run->all) {
        st = announce(run, f->step, f->compiled->stmts.count, err);
    }
    if (st == BRANT_OK) {
        st = run_compiled(f, &in, index, err);
    }
    if (!run->all || st != BRANT_OK) {
        emit_end(f, st);
    }
    return st;
}

/* A person does it: the row says running until it is marked. */
static brant_status run_manual(step_frame *f, brant_error **err)
{
    brn_run *run = f->run;
    const brn_migration *m = f->step->migration;
    brn_doc_add(&run->skipped, run->arena, brn_doc_migration(run->world, m));
    if (f->step->blocked) {
        return BRANT_OK;
    }
    const char *help = m->source->props.help;
    brn_emit_notice(
        &run->session->emitter, brn_target_name(f->target), "run.manual",
        "\"%s\" is done by hand%s%s; then: brant mark %s", m->id, help != NULL ? ": " : "",
        help != NULL ? help : "", m->id);
    if (m->row != NULL || run->dry_run) {
        return BRANT_OK;
    }
    const brn_step *before = run->handed_over; /* --tx all: the first one */
    brant_status st = announce(run, f->step, 0, err);
    run->handed_over = before;
    run->next_seq[m->database] += st == BRANT_OK ? 1 : 0;
    return st;
}

brant_status brn_step_run(brn_run *run, size_t index, brant_error **err)
{
    brn_compiled compiled = { 0 };
    step_frame f = {
        .run = run,
        .step = &run->plan.steps.items[index],
        .compiled = &compiled,
        .began_ns = brn_clock_mono_ns(),
    };
    f.target = &run->session->targets[f.step->migration->database];
    brant_status st =
        f.step->manual || f.step->blocked ? run_manual(&f, err) : run_one(&f, index, err);
    brn_compiled_release(&compiled);
    return st;
}

/* ---- --tx all ---- */

/* There is one: the runner asks only then. */
static brn_step *first_runnable(const brn_run *run)
{
    size_t i = 0;
    while (i + 1 < run->plan.steps.count &&
           (run->plan.steps.items[i].manual || run->plan.steps.items[i].blocked)) {
        i++;
    }
    return &run->plan.steps.items[i];
}

static brant_status begin(brn_run *run, brn_target *target, brant_error **err)
{
    brn_program program = { .run_id = run->actor.run_id };
    brn_op *op = brn_program_add(&program, run->arena, BRN_OP_BEGIN);
    if (op == NULL) {
        return brn_error_oom(err);
    }
    return brn_run_program(run, target, &program, NULL, NULL, NULL, err);
}

brant_status brn_step_begin_all(brn_run *run, brant_error **err)
{
    const brn_step *step = first_runnable(run);
    brn_target *target = &run->session->targets[step->migration->database];
    run->chain_before_all = target->chain;
    brant_status st = announce(run, step, 0, err);
    if (st == BRANT_OK) {
        st = begin(run, target, err);
    }
    run->all_open = st == BRANT_OK;
    return st;
}

void brn_step_abandon_all(brn_run *run)
{
    if (!run->all_open) {
        return;
    }
    brn_target *target = &run->session->targets[first_runnable(run)->migration->database];
    if (target->conn != NULL) {
        paused_control paused = pause_control(&run->session->control);
        brn_target_reset(target);
        resume_control(&run->session->control, &paused);
    }
    forget_uncommitted(run, target);
}

/*
 * Until the COMMIT nothing has happened: the ends of all migrations are told after it, and their
 * rows are written just before it. In between, each change of the schema would make SQLite prepare
 * the statements for the rows anew.
 */
brant_status brn_step_commit_all(brn_run *run, brant_error **err)
{
    brn_step *first = first_runnable(run);
    brn_target *target = &run->session->targets[first->migration->database];
    brn_run_state state = { 0 };
    brant_error *failure = NULL;
    run->all_rows.run_id = run->actor.run_id;
    brn_op *commit = brn_program_add(&run->all_rows, run->arena, BRN_OP_COMMIT);
    brant_status st =
        commit == NULL ? brn_error_oom(&failure)
                       : brn_run_program(run, target, &run->all_rows, NULL, NULL, &state, &failure);
    if (st != BRANT_OK) {
        brn_compiled none = { 0 };
        step_frame f = { .run = run, .step = first, .target = target, .compiled = &none };
        const brn_ledger_row *stored = NULL;
        if (target->conn != NULL) {
            brn_target_reset(target);
        }
        if (state.in_doubt && read_back(&f, &stored) && took_effect(&f, stored)) {
            brant_error_free(failure);
            failure = NULL;
            st = BRANT_OK;
        }
    }
    if (st != BRANT_OK) {
        forget_uncommitted(run, target);
        if (err != NULL) {
            *err = failure;
        } else {
            brant_error_free(failure);
        }
        return st;
    }
    run->all_open = false;
    run->handed_over = NULL;
    for (size_t i = 0; i < run->applied.count; i++) {
        const brant_migration *doc = run->applied.items[i];
        brant_event ev = {
            .type = BRANT_EVENT_MIGRATION_END,
            .database = doc->database,
            .migration = doc->id,
            .version = doc->version,
            .name = doc->name,
            .direction = run->plan.steps.items[0].direction == BRN_DOWN ? "down" : "up",
            .done = doc->statements_total,
            .duration_ns = doc->duration_ms * BRN_NS_PER_MS,
            .dry_run = run->dry_run ? 1 : 0,
        };
        brn_emit(&run->session->emitter, &ev);
    }
    return BRANT_OK;
}
