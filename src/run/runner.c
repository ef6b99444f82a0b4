/* SPDX-License-Identifier: Apache-2.0 */
#include "run/runner.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "core/settings.h"
#include "engine/decorators.h"
#include "ledger/lock.h"
#include "run/advice.h"
#include "run/backup.h"
#include "run/foreign.h"
#include "run/mirror.h"

/* ---- programs ---- */

brant_status brn_run_program(
    brn_run *run,
    brn_target *target,
    const brn_program *program,
    brn_on_result *on_result,
    void *user,
    brn_run_state *state,
    brant_error **err)
{
    brn_run_state own = { 0 };
    brn_run_state *s = state != NULL ? state : &own;
    if (target->conn == NULL) { /* a dry run of a database that is not there yet */
        return brn_dry_run_program(program, on_result, user, s);
    }
    uint64_t before = target->conn->requests;
    brant_status st = target->conn->engine->run(target->conn, program, on_result, user, s, err);
    run->session->round_trips += target->conn->requests - before;
    return st;
}

void brn_program_ledger(
    brn_program *program,
    brn_arena *arena,
    brn_ledger_op_type type,
    const brn_ledger_row *row,
    const brn_history_row *history)
{
    brn_op *op = brn_program_add(program, arena, BRN_OP_LEDGER);
    brn_ledger_op *ledger = brn_arena_alloc(arena, sizeof(*ledger));
    assert(type != BRN_LEDGER_PUT || row == NULL || row->format > 0); /* a brief one would lose */
    if (op != NULL && ledger != NULL) {
        ledger->type = type;
        ledger->row = row;
        ledger->history = history;
        op->ledger = ledger;
    }
}

static bool ledger_transactions(const brn_target *target)
{
    uint32_t caps = target->conn != NULL ? target->conn->caps : target->engine->caps;
    return (caps & BRN_CAP_TXN_DML) != 0;
}

void brn_program_guard(brn_program *program, brn_arena *arena, const brn_target *target)
{
    if (target->locked) {
        brn_program_add(program, arena, BRN_OP_GUARD);
    }
}

void brn_program_begin(brn_program *program, brn_arena *arena, const brn_target *target)
{
    if (ledger_transactions(target)) {
        brn_program_add(program, arena, BRN_OP_BEGIN);
    }
    brn_program_guard(program, arena, target);
}

void brn_program_commit(brn_program *program, brn_arena *arena, const brn_target *target)
{
    if (ledger_transactions(target)) {
        brn_program_add(program, arena, BRN_OP_COMMIT);
    }
}

/* ---- lock ---- */

static brant_status read_chain_end(brn_run *run, brn_target *target, brant_error **err)
{
    brn_history_rows rows = { 0 };
    run->session->round_trips++;
    brant_status st = target->conn->engine->history_read(&rows, run->arena, target->conn, 1, err);
    memset(&target->chain, 0, sizeof(target->chain));
    if (st == BRANT_OK && rows.count > 0 && rows.items[0].hash != NULL) {
        snprintf(target->chain.prev, sizeof(target->chain.prev), "%s", rows.items[0].hash);
    }
    return st;
}

static brant_status ensure_ledger(brn_run *run, size_t index, brant_error **err)
{
    brn_target *target = &run->session->targets[index];
    if (run->world->ledgers[index].exists) {
        return BRANT_OK;
    }
    brn_program program = { .run_id = run->actor.run_id };
    brn_program_begin(&program, run->arena, target);
    brn_program_ledger(&program, run->arena, BRN_LEDGER_ENSURE, NULL, NULL);
    brn_program_commit(&program, run->arena, target);
    if (run->arena->oom) {
        return brn_error_oom(err);
    }
    brant_status st = brn_run_program(run, target, &program, NULL, NULL, NULL, err);
    if (st != BRANT_OK) {
        brn_target_reset(target);
    }
    return st;
}

brant_status brn_run_lock(brn_run *run, size_t target_index, brant_error **err)
{
    brn_target *target = &run->session->targets[target_index];
    const brant_settings *settings = brn_target_settings(target);
    brant_status st = run->create
                          ? brn_session_connect(run->session, target, BRN_SESSION_CREATE, err)
                          : brn_session_connect_to_write(run->session, target, err);
    if (st != BRANT_OK) {
        return st;
    }
    char what[160];
    snprintf(what, sizeof(what), "%s, %s", run->command, run->actor.tool);
    brn_lock_wish wish = {
        .what = what,
        .timeout_ms = brant_settings_int(settings, "lock-timeout"),
        .poll_ms = brant_settings_int(settings, "lock-poll-interval"),
    };
    bool waited = false;
    st = brn_lock_take(&waited, target->conn, &wish, err);
    if (st != BRANT_OK) {
        return st;
    }
    if (waited) { /* long enough for files to be edited: they are read, and compared, again */
        brn_texts_release(&run->texts);
        for (size_t i = 0; i < run->session->count; i++) {
            brn_source_set_forget(&run->world->sources[i]);
        }
    }
    target->locked = (target->conn->caps & BRN_CAP_LOCK) != 0;
    st = brn_world_refresh(run->world, target_index, err);
    if (st == BRANT_OK) {
        st = read_chain_end(run, target, err);
    }
    if (st == BRANT_OK) {
        run->next_seq[target_index] = run->world->graph.databases[target_index].max_seq + 1;
        st = ensure_ledger(run, target_index, err);
    }
    return st == BRANT_OK ? brn_mirror_catch_up(run, target_index, err) : st;
}

void brn_run_unlock(brn_run *run)
{
    for (size_t i = 0; i < run->session->count; i++) {
        brn_target *target = &run->session->targets[i];
        brn_target_settle(target);
        if (target->locked && target->conn != NULL) {
            target->conn->engine->unlock(target->conn);
            target->locked = false;
        }
    }
}

/* ---- plan ---- */

static bool has_steps(const brn_run *run, size_t target)
{
    for (size_t i = 0; i < run->plan.steps.count; i++) {
        if (run->plan.steps.items[i].migration->database == target) {
            return true;
        }
    }
    return false;
}

static brn_tx tx_of(const brn_target *target)
{
    /* golang-migrate's way to say it in the URL. */
    const char *no_wrap = brn_url_param_find(&target->db->url, "x-no-tx-wrap");
    const char *text = brant_settings_text(brn_target_settings(target), "tx");
    if (strcmp(text, "none") == 0 || (no_wrap != NULL && strcmp(no_wrap, "true") == 0)) {
        return BRN_TX_NONE;
    }
    return strcmp(text, "all") == 0 ? BRN_TX_ALL : BRN_TX_EACH;
}

brn_tx brn_run_tx(const brn_run *run, size_t target)
{
    brn_tx tx = tx_of(&run->session->targets[target]);
    return tx == BRN_TX_ALL && !run->all ? BRN_TX_EACH : tx;
}

brant_status brn_run_plan(brn_run *run, brant_error **err)
{
    memset(&run->plan, 0, sizeof(run->plan));
    brant_status st = run->going_up ? brn_world_refuse(run->world, err) : BRANT_OK;
    if (st == BRANT_OK) {
        st = run->planner(&run->plan, run, err);
    }
    bool any = st == BRANT_OK && run->plan.steps.count > 0 && !run->one_by_one;
    run->all = false;
    if (any) {
        size_t first = run->plan.steps.items[0].migration->database;
        run->all = tx_of(&run->session->targets[first]) == BRN_TX_ALL;
    }
    return st;
}

static void tell_partial(const brn_run *run, size_t count)
{
    if (count > 0) {
        brn_emit_notice(
            &run->session->emitter, NULL, "run.partial",
            "%zu migration%s cannot be rolled back as a whole, since statements of %s commit by "
            "themselves: after a failure what was done stays, and the next run goes on behind it",
            count, count > 1 ? "s" : "", count > 1 ? "them" : "it");
    }
}

/* Every file of the plan is read and compiled before the first one runs: a mistake in the last file
 * must not be found after the first has been applied. */
static brant_status check_texts(brn_run *run, brant_error **err)
{
    size_t partial = 0;
    brant_status st = brn_texts_begin(&run->texts, &run->world->graph, err);
    for (size_t i = 0; i < run->plan.steps.count && st == BRANT_OK; i++) {
        const brn_step *step = &run->plan.steps.items[i];
        if (step->manual || step->blocked) {
            continue;
        }
        brn_compiled compiled;
        brn_compile_input in = {
            .target = &run->session->targets[step->migration->database],
            .migration = step->migration,
            .direction = step->direction,
            .tx = brn_run_tx(run, step->migration->database),
            .texts = &run->texts,
            .actor = &run->actor,
            .action = run->command,
            .resume = step->migration->state == BRN_STATE_PARTIAL_UP ||
                      step->migration->state == BRN_STATE_PARTIAL_DOWN,
        };
        st = brn_compile_read(&compiled, &in, err);
        if (st == BRANT_OK) { /* placeholders are replaced there */
            st = brn_compile_program(&compiled, &in, NULL, err);
        }
        if (st == BRANT_OK && run->verifier != NULL) {
            st = run->verifier(run, i, &compiled, err);
        }
        if (st == BRANT_OK) {
            brn_backup_note(run, step, &compiled);
            partial += brn_advice_is_partial(run, step, &compiled) ? 1 : 0;
        } else {
            brn_error_subject(err, brn_target_name(in.target), step->migration->id);
        }
        brn_compiled_release(&compiled);
    }
    if (st == BRANT_OK) {
        tell_partial(run, partial);
    }
    return st;
}

static brant_status check_tx_all(const brn_run *run, brant_error **err)
{
    size_t count = run->plan.steps.count;
    for (size_t i = 1; i < count && run->all; i++) {
        if (run->plan.steps.items[i].migration->database !=
            run->plan.steps.items[0].migration->database) {
            brn_error(
                err, BRANT_EUSAGE, "transaction.all",
                "one transaction cannot span several databases");
            brn_error_hint(err, "Choose one with --database NAME, or use --tx each.");
            return BRANT_EUSAGE;
        }
    }
    return BRANT_OK;
}

static bool is_mirror_behind(const brn_run *run)
{
    bool behind = false;
    for (size_t i = 0; i < run->session->count && run->going_up; i++) {
        behind = behind || run->world->mirrors[i].behind > 0;
    }
    return behind;
}

/* Locks what the plan touches and plans again on what is true under the lock. */
static brant_status lock_and_plan(brn_run *run, brant_error **err)
{
    brant_status st = BRANT_OK;
    for (size_t i = 0; i < run->session->count && st == BRANT_OK; i++) {
        if (has_steps(run, i) || (run->create && run->session->targets[i].missing) ||
            (run->going_up && run->world->mirrors[i].behind > 0)) {
            st = brn_run_lock(run, i, err);
        }
    }
    return st == BRANT_OK ? brn_run_plan(run, err) : st;
}

static brant_status wrap_dry_run(brn_run *run, brant_error **err)
{
    for (size_t i = 0; i < run->session->count; i++) {
        brn_target *target = &run->session->targets[i];
        if (target->conn == NULL) {
            continue;
        }
        brn_conn *wrapped = brn_dry_run_wrap(target->conn);
        if (wrapped == NULL) {
            return brn_error_oom(err);
        }
        target->conn = wrapped;
    }
    return BRANT_OK;
}

/* ---- the run ---- */

static size_t runnable(const brn_run *run)
{
    size_t n = 0;
    for (size_t i = 0; i < run->plan.steps.count; i++) {
        const brn_step *step = &run->plan.steps.items[i];
        n += step->manual || step->blocked ? 0 : 1;
    }
    return n;
}

static void emit_run(brn_run *run, uint32_t type, brant_status st)
{
    brant_event ev = {
        .type = type,
        .command = run->command,
        .total = runnable(run),
        .done = run->applied.count,
        .status = st,
        .duration_ns = type == BRANT_EVENT_RUN_END ? brn_clock_mono_ns() - run->began_ns : 0,
    };
    brn_emit(&run->session->emitter, &ev);
}

static brant_status run_steps(brn_run *run, brant_error **err)
{
    bool all = run->all && runnable(run) > 0;
    brant_status st = all ? brn_step_begin_all(run, err) : BRANT_OK;
    for (size_t i = 0, taken = 0; i < run->plan.steps.count && st == BRANT_OK; i += taken) {
        st = brn_control_check(&run->session->control, err);
        if (st == BRANT_OK && run->arena->oom) {
            st = brn_error_oom(err); /* the step before is done, but its state could not be noted */
        }
        if (st == BRANT_OK) {
            st = brn_steps_run(run, i, &taken, err);
        }
    }
    if (all && st == BRANT_OK) {
        st = brn_step_commit_all(run, err);
    }
    if (st != BRANT_OK) {
        brn_step_abandon_all(run);
    }
    brn_step_put_back(run);
    return st;
}

static void fill_report(brn_run *run, brn_box *box)
{
    brant_report *r = &box->doc.report;
    r->command = run->command;
    r->run_id = brn_arena_strdup(run->arena, run->actor.run_id);
    r->applied = run->applied.items;
    r->applied_count = run->applied.count;
    r->skipped = run->skipped.items;
    r->skipped_count = run->skipped.count;
    r->failed = run->failed;
    r->previous_version = run->previous_version;
    r->duration_ms = (brn_clock_mono_ns() - run->began_ns) / BRN_NS_PER_MS;
    r->round_trips = run->session->round_trips;
    if (run->world->graph.database_count > 0) {
        /* What the ledger says now is in the joined states: steps keep them up to date. */
        r->version = brn_doc_version(run->world, 0);
    }
}

static brant_status execute_locked(brn_run *run, brant_error **err)
{
    brant_status st = check_tx_all(run, err);
    if (st == BRANT_OK && run->going_up) {
        st = brn_foreign_refuse(run, err);
    }
    if (st == BRANT_OK) {
        st = check_texts(run, err);
    }
    if (st == BRANT_OK) {
        st = run->dry_run ? wrap_dry_run(run, err) : lock_and_plan(run, err);
    }
    if (st != BRANT_OK || run->plan.steps.count == 0) {
        return st;
    }
    run->session->emitter.run_id = run->actor.run_id;
    emit_run(run, BRANT_EVENT_RUN_START, BRANT_OK);
    if (!run->dry_run) {
        brn_backup_remind(run);
    }
    st = run_steps(run, err);
    emit_run(run, BRANT_EVENT_RUN_END, st);
    run->session->emitter.run_id = NULL;
    return st;
}

brant_status brn_run_execute(brn_run *run, brn_box *box, brant_error **err)
{
    brn_control *control = &run->session->control;
    const brant_settings *settings = run->session->project->settings;
    run->began_ns = brn_clock_mono_ns();
    run->session->round_trips = 0;
    brn_control_start(control, BRN_LIMIT_RUN, brant_settings_int(settings, "timeout"));
    control->limit_ms[BRN_LIMIT_STATEMENT] = brant_settings_int(settings, "statement-timeout");
    /* Going up needs a row only of what is not done, and then reads again under the lock. */
    brn_ledger_detail detail = run->going_up ? BRN_LEDGER_BRIEF : BRN_LEDGER_FULL;
    brant_status st = brn_world_load(run->world, run->session, run->arena, detail, err);
    if (st == BRANT_OK) {
        run->previous_version = brn_doc_version(run->world, 0);
        run->next_seq = brn_arena_array(run->arena, run->session->count, sizeof(*run->next_seq));
        st = run->next_seq == NULL ? brn_error_oom(err) : brn_run_plan(run, err);
    }
    if (st == BRANT_OK && (run->plan.steps.count > 0 || run->create || is_mirror_behind(run))) {
        st = execute_locked(run, err);
    }
    brn_control_stop(control, BRN_LIMIT_RUN);
    if (st == BRANT_ECANCELLED) {
        atomic_store(control->cancelled, 0); /* heard: the session can be used again */
    }
    brn_run_unlock(run);
    brn_texts_release(&run->texts);
    if (run->dry_run) {
        brn_session_disconnect(run->session);
    }
    fill_report(run, box);
    return st == BRANT_OK && run->arena->oom ? brn_error_oom(err) : st;
}

void brn_run_init(
    brn_run *run, brant_session *session, brn_world *world, brn_box *box, const char *command)
{
    memset(run, 0, sizeof(*run));
    run->session = session;
    run->world = world;
    run->arena = &box->arena;
    run->command = command;
    brn_actor_init(&run->actor);
}
