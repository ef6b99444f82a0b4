/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Handing steps to the engine: one by one, or as many as the engine likes to take together.
 *
 * A window is a row of steps, each with a program of its own, one behind the other in a single
 * program. The engine sends all of it and reads the answers afterwards, so that a migration costs
 * less than a round trip. What holds for one holds for many: operations take effect in order, and
 * none behind one that failed. Only steps in one transaction come together; each leaves its
 * successor recorded as running, which is what the guard of that one asks for.
 *
 * A failure that passes by itself (brn_run_state.passing) is tried again from the last BEGIN. When
 * the connection was lost the ledger tells which steps took effect, and the rest is run again:
 * steps in one transaction only. Of others a part has been committed, and what they had set for the
 * session is gone; the next run resumes them.
 */
#include <string.h>

#include "base/clock.h"
#include "core/settings.h"
#include "run/resume.h"
#include "run/step_int.h"

#define WINDOW_MAX 256
#define FIRST_PAUSE_MS 100
#define LONGEST_PAUSE_MS 5000
#define PAUSE_SLICE_MS 100

typedef struct window {
    brn_run *run;
    brn_target *target;
    brn_frame *frames;
    size_t count;
    size_t done;  /* frames that have taken effect */
    size_t bytes; /* of their texts */
    /* As they will be behind the last frame. */
    brn_chain chain;
    int64_t next_seq;
    brn_program program; /* of all frames */
    size_t base;         /* operation of it that the engine was handed first */
    int64_t losses;      /* of the connection */
    bool doubted;        /* an answer was lost */
    int64_t pause_ms;
    uint64_t jitter;
} window;

/* ---- compiling ---- */

/* The next step, when its row can be written together with this one's completion. */
static brn_step *next_to_announce(const brn_frame *f)
{
    if (f->index + 1 >= f->run->plan.steps.count || f->run->all) {
        return NULL;
    }
    brn_step *next = &f->run->plan.steps.items[f->index + 1];
    bool same = next->migration->database == f->step->migration->database;
    bool plain = !next->manual && !next->blocked && next->migration != f->step->migration;
    return same && plain && next->migration->state != BRN_STATE_PARTIAL_UP &&
                   next->migration->state != BRN_STATE_PARTIAL_DOWN
               ? next
               : NULL;
}

static void frame_init(brn_frame *f, const window *w, size_t index)
{
    brn_run *run = w->run;
    memset(f, 0, sizeof(*f));
    f->run = run;
    f->index = index;
    f->step = &run->plan.steps.items[index];
    f->target = w->target;
    f->began_ns = brn_clock_mono_ns();
    const brn_migration *m = f->step->migration;
    bool first = run->applied.count + w->count == 0;
    f->in = (brn_compile_input){
        .target = w->target,
        .migration = m,
        .direction = f->step->direction,
        .tx = brn_run_tx(run, m->database),
        .texts = &run->texts,
        .actor = &run->actor,
        .action = brn_direction_name(f->step->direction),
        .detail = first ? run->backup : NULL,
        .seq = m->state == BRN_STATE_PENDING ? w->next_seq : m->row->seq,
        .rows = run->all ? &run->all_rows : NULL,
        .rows_arena = run->arena,
        .resume = m->state == BRN_STATE_PARTIAL_UP || m->state == BRN_STATE_PARTIAL_DOWN,
    };
}

/* Where a migration is recorded statement by statement, its row says from the start how many there
 * are: with the announcement, which then need not be written once more. */
static bool announces_total(const window *w)
{
    return w->target->conn != NULL && (w->target->conn->caps & BRN_CAP_TXN_DDL) == 0;
}

static int64_t count_statements(const window *w, const brn_step *step)
{
    const brn_migration *m = step->migration;
    if (brn_source_is_call(m->source, step->direction == BRN_DOWN)) {
        return 1;
    }
    brn_text text = { 0 };
    brn_arena arena;
    brn_arena_init(&arena);
    brant_status st =
        brn_texts_read(&text, &arena, &w->run->texts, w->target, m, step->direction, NULL);
    int64_t count = st == BRANT_OK ? (int64_t)text.stmts.count : 0;
    brn_buf_release(&text.buf);
    brn_arena_release(&arena);
    return count;
}

/* Makes the program of the frame, which then belongs to the window. */
static brant_status add_frame(window *w, brn_frame *f, brant_error **err)
{
    brn_run *run = w->run;
    bool takes = f->step->direction == BRN_UP && f->step->migration->state == BRN_STATE_PENDING;
    int64_t behind = w->next_seq + (takes ? 1 : 0);
    f->next = next_to_announce(f);
    if (f->next != NULL) {
        brn_ledger_row *row = brn_running_row(&f->compiled.arena, run, f->next, behind);
        if (row == NULL) {
            return brn_error_oom(err);
        }
        if (announces_total(w)) {
            row->stmts_total = count_statements(w, f->next);
        }
        f->in.next = row;
    }
    brant_status st = brn_compile_program(&f->compiled, &f->in, &w->chain, err);
    if (st != BRANT_OK) {
        brn_error_subject(err, brn_target_name(w->target), f->step->migration->id);
        return st;
    }
    if (f->compiled.history != NULL) {
        brn_chain_move(&w->chain, f->compiled.history);
    }
    w->next_seq = behind;
    w->bytes += f->compiled.script.text.len;
    w->count++;
    return BRANT_OK;
}

/* ---- which steps come together ---- */

static bool has_own_limits(const brn_frame *f)
{
    return f->compiled.props->timeout_ms >= 0 || f->compiled.props->lock_timeout_ms >= 0;
}

static bool changes_session(const brn_frame *f)
{
    for (size_t i = 0; i < f->compiled.stmts.count; i++) {
        if (f->compiled.infos[i].session) {
            return true;
        }
    }
    return false;
}

static bool fits(const brn_frame *f)
{
    return f->compiled.transactional && !f->compiled.call && !has_own_limits(f);
}

/* The step behind the window, if it may come along; else SIZE_MAX. */
static size_t next_to_join(const window *w)
{
    const brn_frame *last = &w->frames[w->count - 1];
    const brn_conn *conn = w->target->conn;
    bool open = conn != NULL && w->count < conn->window && w->count < WINDOW_MAX &&
                w->bytes < conn->window_bytes && last->next != NULL && fits(last) &&
                !changes_session(last);
    if (!open) {
        return SIZE_MAX;
    }
    /* What has a row that is not completed has something to tell first. */
    const brn_ledger_row *row = last->next->migration->row;
    return row == NULL || row->status == BRN_ROW_COMPLETED ? last->index + 1 : SIZE_MAX;
}

/* A step that cannot come along, for whatever reason, says so when it is the first of its own. */
static void fill(window *w)
{
    for (size_t index = next_to_join(w); index != SIZE_MAX; index = next_to_join(w)) {
        brn_frame *f = &w->frames[w->count];
        frame_init(f, w, index);
        bool joined = brn_compile_read(&f->compiled, &f->in, NULL) == BRANT_OK && fits(f) &&
                      add_frame(w, f, NULL) == BRANT_OK;
        if (!joined) {
            brn_compiled_release(&f->compiled);
            break;
        }
    }
}

/* Programs one behind the other; a single one stays as it is. */
static brant_status join(window *w, brant_error **err)
{
    size_t total = 0;
    for (size_t i = 0; i < w->count; i++) {
        w->frames[i].first = total;
        total += w->frames[i].compiled.program.ops.count;
        w->frames[i].end = total;
    }
    w->program = w->frames[0].compiled.program;
    if (w->count == 1) {
        return BRANT_OK;
    }
    brn_op *ops = brn_arena_array(&w->frames[0].compiled.arena, total, sizeof(*ops));
    if (ops == NULL) {
        return brn_error_oom(err);
    }
    for (size_t i = 0; i < w->count; i++) {
        const brn_program *program = &w->frames[i].compiled.program;
        memcpy(&ops[w->frames[i].first], program->ops.items, program->ops.count * sizeof(*ops));
    }
    w->program.ops.items = ops;
    w->program.ops.count = total;
    return BRANT_OK;
}

/* ---- results ---- */

static int64_t migration_limit(const brn_frame *f)
{
    int64_t own = f->compiled.props->timeout_ms;
    return own >= 0 ? own : brant_settings_int(brn_target_settings(f->target), "migration-timeout");
}

static void start_limits(const brn_frame *f)
{
    brn_control *control = &f->run->session->control;
    brn_control_start(control, BRN_LIMIT_MIGRATION, migration_limit(f));
    control->lock_timeout_ms = f->compiled.props->lock_timeout_ms;
    control->from_file = f->compiled.props->timeout_ms >= 0;
}

/* Frames whose last operation is behind us have taken effect, the last one at `at_ns` (0: now); the
 * next one begins. */
static void finish_until(window *w, size_t ops_done, int64_t at_ns)
{
    brn_run *run = w->run;
    int64_t ended_ns = at_ns != 0 ? at_ns : brn_clock_mono_ns();
    while (w->done < w->count && w->frames[w->done].end <= ops_done) {
        brn_frame *f = &w->frames[w->done++];
        f->ended_ns = ended_ns;
        run->handed_over = run->all ? run->handed_over : f->next;
        brn_frame_done(f);
        if (!run->all) {
            brn_frame_emit_end(f, BRANT_OK);
        }
        if (w->done < w->count) {
            brn_frame *next = &w->frames[w->done];
            next->began_ns = ended_ns;
            brn_frame_emit_start(next);
            start_limits(next);
        }
    }
}

static void on_result(
    const brn_program *program, size_t index, const brn_op_result *result, void *user)
{
    window *w = user;
    if (w->done < w->count) {
        brn_frame_result(&w->frames[w->done], &program->ops.items[index], result);
    }
    finish_until(w, w->base + index + 1, result->at_ns);
}

/* ---- trying again ---- */

/* Where to begin again: the BEGIN of the transaction that failed, else what failed itself. */
static size_t restart_at(const brn_program *program, size_t failed)
{
    for (size_t i = failed + 1; i-- > 0;) {
        if (program->ops.items[i].type == BRN_OP_BEGIN) {
            return i;
        }
        if (program->ops.items[i].type == BRN_OP_COMMIT && i < failed) {
            break;
        }
    }
    return failed;
}

/* Whether there is time, or a try, left. */
static bool may_try_again(window *w, const brn_run_state *state)
{
    const brant_settings *settings = brn_target_settings(w->target);
    if (w->run->all) {
        return false; /* its transaction began long before */
    }
    if (state->in_doubt) {
        return ++w->losses < brant_settings_int(settings, "retries");
    }
    const brn_frame *f = &w->frames[w->done];
    int64_t own = f->compiled.props->lock_timeout_ms;
    int64_t limit_ms = own >= 0 ? own : brant_settings_int(settings, "lock-timeout");
    return limit_ms == 0 ||
           brn_clock_mono_ns() - f->began_ns < limit_ms * BRN_NS_PER_MS - BRN_NS_PER_MS;
}

/* Growing pauses with some chance in them, so that two who are in each other's way do not meet
 * again; in slices, so that a cancellation is seen soon. */
static brant_status pause_before_retry(window *w, const brn_run_state *state, brant_error **err)
{
    const brn_control *control = &w->run->session->control;
    int64_t left = w->pause_ms - brn_jitter(&w->jitter, (uint32_t)(w->pause_ms / 2 + 1));
    brant_status st = brn_control_check(control, err);
    if (state->at_once) {
        return st;
    }
    while (left > 0 && st == BRANT_OK) {
        int64_t slice = left < PAUSE_SLICE_MS ? left : PAUSE_SLICE_MS;
        brn_clock_sleep_ms((uint32_t)brn_control_left_ms(control, slice));
        left -= slice;
        st = brn_control_check(control, err);
    }
    w->pause_ms = w->pause_ms * 2 < LONGEST_PAUSE_MS ? w->pause_ms * 2 : LONGEST_PAUSE_MS;
    return st;
}

/* The connection was lost: the ledger is the witness of how far the window came. */
static brant_status ask_ledger(window *w, brant_error **err)
{
    brn_ledger_state ledger = { 0 };
    brant_status st = brn_read_quietly(&ledger, w->run, w->target, err);
    while (st == BRANT_OK && w->done < w->count) {
        const brn_frame *f = &w->frames[w->done];
        if (!brn_frame_took_effect(f, brn_frame_row(f, &ledger))) {
            break;
        }
        finish_until(w, f->end, 0);
    }
    return st;
}

/* What the statements before `from` have set for the session is gone after a reset: set it again.
 */
static bool set_again(window *w, size_t from)
{
    const brn_frame *f = &w->frames[w->done];
    brn_program program = { .migration = f->step->migration->id };
    brn_run_state state = { 0 };
    for (size_t i = f->first; i < from && !f->compiled.transactional; i++) {
        const brn_op *op = &w->program.ops.items[i];
        bool session = op->type == BRN_OP_STATEMENT && f->compiled.infos[op->number - 1].session;
        brn_op *slot = session ? BRN_VEC_PUSH(w->run->arena, &program.ops) : NULL;
        if (slot != NULL) {
            *slot = *op;
        }
    }
    if (w->run->arena->oom) {
        return false;
    }
    return program.ops.count == 0 ||
           brn_run_program(w->run, w->target, &program, NULL, NULL, &state, NULL) == BRANT_OK;
}

static brant_status taken_over(const window *w, brant_error **err)
{
    w->run->handed_over = NULL;
    brn_error(
        err, BRANT_ELOCKED, "lock.lost",
        "another run has taken the migration lock while the connection was lost");
    brn_error_subject(err, brn_target_name(w->target), NULL);
    brn_error_hint(err, "Run \"brant status\", and then again what you ran.");
    return BRANT_ELOCKED;
}

static void warn_retry(const window *w, const brant_error *failure)
{
    const brn_frame *f = &w->frames[w->done];
    const char *detail = brant_error_detail(failure);
    brn_emit_warning(
        &w->run->session->emitter, brn_target_name(w->target), "statement.retry",
        "\"%s\" is tried again: %s%s%s", f->step->migration->id, brant_error_message(failure),
        detail != NULL ? ". " : "", detail != NULL ? detail : "");
}

/* After a failure that passes: true when w->base is where to go on. *failure is then gone. */
static bool prepare_retry(window *w, const brn_run_state *state, brant_error **failure)
{
    size_t from = restart_at(&w->program, state->ops_done);
    if (!state->passing || w->done >= w->count) {
        return false;
    }
    /* Of what was recorded statement by statement not all is to be run again. */
    if (state->in_doubt && !w->frames[w->done].compiled.transactional) {
        return false;
    }
    if (!may_try_again(w, state)) {
        return false;
    }
    bool resets = state->in_doubt || w->program.ops.items[from].type == BRN_OP_BEGIN;
    if (resets) {
        brn_reset_quietly(w->run, w->target);
    }
    if (w->target->stuck || w->target->conn == NULL || w->target->conn->ended) {
        return false;
    }
    warn_retry(w, *failure);
    if (state->in_doubt) {
        if (ask_ledger(w, NULL) != BRANT_OK || !brn_history_ends_here(w->run, w->target)) {
            return false;
        }
        from = w->done < w->count ? w->frames[w->done].first : w->program.ops.count;
    }
    if (resets && w->done < w->count && !set_again(w, from)) {
        return false;
    }
    brant_error *stopped = NULL;
    if (w->done < w->count && pause_before_retry(w, state, &stopped) != BRANT_OK) {
        brant_error_free(*failure);
        *failure = stopped;
        return false;
    }
    brant_error_free(*failure);
    *failure = NULL;
    w->base = from;
    return true;
}

/* ---- running ---- */

static brant_status hand_over(window *w, brn_run_state *state, brant_error **failure)
{
    brant_status st = BRANT_OK;
    do {
        brn_program rest = w->program;
        rest.ops.items = w->base > 0 ? rest.ops.items + w->base : rest.ops.items;
        rest.ops.count -= w->base;
        *state = (brn_run_state){ 0 };
        st = rest.ops.count == 0
                 ? BRANT_OK
                 : brn_run_program(w->run, w->target, &rest, on_result, w, state, failure);
        state->ops_done += w->base;
        w->doubted = w->doubted || state->in_doubt;
        finish_until(w, st == BRANT_OK ? w->program.ops.count : state->ops_done, 0);
    } while (st != BRANT_OK && prepare_retry(w, state, failure));
    return *failure != NULL && st != BRANT_OK ? brant_error_status(*failure) : st;
}

/* Steps behind the one whose answer was lost may have taken effect as well. What is not known to
 * have done so must not be written to, or announced as undone, as if it had not. */
static void settle_doubt(window *w)
{
    brn_reset_quietly(w->run, w->target);
    if (w->target->conn == NULL || w->target->stuck || ask_ledger(w, NULL) != BRANT_OK) {
        w->run->handed_over = NULL;
    }
}

/* What a failure comes to: BRANT_OK when everything has taken effect after all. *failure is then
 * gone.
 */
static brant_status end_failed(
    window *w, brant_status st, brn_run_state *state, brant_error **failure)
{
    if (state->in_doubt && w->count > 1 && w->done < w->count) {
        settle_doubt(w);
    }
    if (w->done == w->count) {
        brant_error_free(*failure);
        *failure = NULL;
        return BRANT_OK;
    }
    brn_frame *f = &w->frames[w->done];
    state->ops_done = state->ops_done > f->first ? state->ops_done - f->first : 0;
    st = brn_frame_failed(f, st, state, failure);
    if (st == BRANT_OK) {
        finish_until(w, f->end, 0);
    } else {
        brn_frame_emit_end(f, st);
    }
    return st;
}

/* Whether the session has to be made as it was: what such a file has set for it must not reach the
 * next one. */
static bool leaves_traces(const window *w)
{
    const brn_frame *last = &w->frames[w->count - 1];
    return !last->compiled.transactional || changes_session(last);
}

static brant_status run_window(window *w, brant_error **err)
{
    brn_run *run = w->run;
    brn_control *control = &run->session->control;
    brn_run_state state = { 0 };
    brant_error *failure = NULL;
    start_limits(&w->frames[0]);
    brant_status st = hand_over(w, &state, &failure);
    control->lock_timeout_ms = -1;
    brn_control_stop(control, BRN_LIMIT_MIGRATION);
    if (st != BRANT_OK) {
        st = end_failed(w, st, &state, &failure);
    }
    bool connected = !run->all && w->target->conn != NULL;
    if (st == BRANT_OK && w->doubted && connected && !brn_history_ends_here(run, w->target)) {
        st = taken_over(w, &failure);
    }
    if (st == BRANT_OK && connected && leaves_traces(w)) {
        brn_target_reset(w->target);
    }
    if (st != BRANT_OK && err != NULL) {
        *err = failure;
    } else {
        brant_error_free(failure);
    }
    return st;
}

/* The first step: what it is resumed from is settled, and it is announced. */
static brant_status begin_window(window *w, size_t index, brant_error **err)
{
    brn_run *run = w->run;
    brn_frame *f = &w->frames[0];
    frame_init(f, w, index);
    brant_status st = brn_compile_read(&f->compiled, &f->in, err);
    if (st == BRANT_OK) {
        st = brn_resume_prepare(&f->in, run, f->step, &f->compiled, err);
    }
    if (st != BRANT_OK) {
        brn_error_subject(err, brn_target_name(w->target), f->step->migration->id);
        brn_compiled_release(&f->compiled);
        return st;
    }
    brn_frame_emit_start(f);
    bool announced =
        run->handed_over == f->step && (f->compiled.transactional || announces_total(w));
    if (!announced && !run->all) {
        st = brn_announce(run, f->step, f->compiled.stmts.count, err);
    }
    if (st == BRANT_OK) {
        st = add_frame(w, f, err);
    }
    if (st != BRANT_OK) {
        brn_frame_emit_end(f, st);
        brn_compiled_release(&f->compiled);
    }
    return st;
}

static brant_status run_together(window *w, size_t index, brant_error **err)
{
    brant_status st = begin_window(w, index, err);
    if (st != BRANT_OK) {
        return st;
    }
    fill(w);
    st = join(w, err);
    if (st == BRANT_OK) {
        st = run_window(w, err);
    }
    for (size_t i = 0; i < w->count; i++) {
        brn_compiled_release(&w->frames[i].compiled);
    }
    return st;
}

/* Kept for the whole run: as many as the connection takes together. */
static brn_frame *frames_of(brn_run *run, const brn_target *target)
{
    size_t wanted = target->conn != NULL && target->conn->window > 1 ? WINDOW_MAX : 1;
    if (run->frame_count < wanted) {
        run->frames = brn_arena_array(run->arena, wanted, sizeof(*run->frames));
        run->frame_count = run->frames != NULL ? wanted : 0;
    }
    return run->frames;
}

brant_status brn_steps_run(brn_run *run, size_t first, size_t *taken, brant_error **err)
{
    const brn_step *step = &run->plan.steps.items[first];
    size_t database = step->migration->database;
    window w = {
        .run = run,
        .target = &run->session->targets[database],
        .chain = run->session->targets[database].chain,
        .next_seq = run->next_seq[database],
        .pause_ms = FIRST_PAUSE_MS,
        .jitter = (uint64_t)brn_clock_mono_ns() | 1,
    };
    w.frames = frames_of(run, w.target);
    if (w.frames == NULL) {
        return brn_error_oom(err);
    }
    if (step->manual || step->blocked) {
        frame_init(&w.frames[0], &w, first);
        *taken = 1;
        return brn_frame_run_manual(&w.frames[0], err);
    }
    brant_status st = run_together(&w, first, err);
    *taken = w.done;
    return st;
}
