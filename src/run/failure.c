/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/clock.h"
#include "ledger/record.h"
#include "run/compile_int.h"
#include "run/step_int.h"

const brn_ledger_row *brn_frame_row(const brn_frame *f, const brn_ledger_state *state)
{
    const brn_ledger_row *row = NULL;
    for (size_t i = 0; i < state->rows.count; i++) {
        if (strcmp(state->rows.items[i].id, f->step->migration->id) == 0) {
            row = &state->rows.items[i];
        }
    }
    return row;
}

bool brn_frame_took_effect(const brn_frame *f, const brn_ledger_row *row)
{
    if (f->step->direction == BRN_DOWN) {
        return row == NULL;
    }
    return row != NULL && row->status == BRN_ROW_COMPLETED && row->run_id != NULL &&
           strcmp(row->run_id, f->run->actor.run_id) == 0;
}

/* The completion was stored although its answer was lost: sends what stood behind it. Where the
 * completion is a transaction, that is nothing, and what stands before it was sent as well. */
static brant_status send_rest(brn_frame *f, size_t from)
{
    const brn_program *whole = &f->compiled.program;
    brn_program rest = *whole;
    if (from >= whole->ops.count || whole->ops.items[whole->ops.count - 1].type == BRN_OP_COMMIT) {
        return BRANT_OK;
    }
    rest.ops.items = &whole->ops.items[from];
    rest.ops.count = whole->ops.count - from;
    return brn_write_quietly(f->run, f->target, &rest, NULL);
}

/* The first statement that is not known to be done; NULL. */
static const brn_op *next_statement(const brn_program *program, size_t from)
{
    while (from < program->ops.count && program->ops.items[from].type != BRN_OP_STATEMENT) {
        from++;
    }
    return from < program->ops.count ? &program->ops.items[from] : NULL;
}

/* The statement whose intent is stored and whose outcome is not known; 0: none. */
static int64_t open_intent(
    const brn_program *program, const brn_run_state *state, const brn_ledger_row *stored)
{
    const brn_op *next =
        state->ops_done < program->ops.count ? &program->ops.items[state->ops_done] : NULL;
    bool refused = next != NULL && next->type == BRN_OP_STATEMENT && !state->in_doubt;
    /* The answer to what stands before it was lost, so it was not sent. */
    const brn_op *behind = next != NULL && next->type != BRN_OP_STATEMENT
                               ? next_statement(program, state->ops_done)
                               : NULL;
    if (refused || stored == NULL ||
        (behind != NULL && (int64_t)behind->number == stored->intent)) {
        return 0;
    }
    return stored->intent;
}

static bool is_progress(const brn_op *op, brn_ledger_op_type type)
{
    return op->type == BRN_OP_LEDGER && op->ledger->type == type;
}

/* The outcome of a statement that took effect by itself, and that could not be written; NULL. */
static const brn_ledger_row *unwritten_outcome(
    const brn_program *program, const brn_run_state *state)
{
    size_t at = state->ops_done;
    const brn_op *op = at >= 2 && at < program->ops.count ? &program->ops.items[at] : NULL;
    if (op == NULL || state->in_doubt || !is_progress(op, BRN_LEDGER_OUTCOME) ||
        op[-1].type != BRN_OP_STATEMENT || !is_progress(&op[-2], BRN_LEDGER_INTENT)) {
        return NULL;
    }
    return op->ledger->row;
}

/* The first statement of the transaction that the operation failed in which changes rows, or the
 * file's own BEGIN: neither can be told from the database. Without either its first one; 0: there
 * is none. */
static int64_t first_of_transaction(const brn_frame *f, size_t failed)
{
    const brn_program *program = &f->compiled.program;
    size_t from = failed < program->ops.count ? failed : 0;
    while (from > 0 && program->ops.items[from].type != BRN_OP_BEGIN &&
           (program->ops.items[from].flags & BRN_OP_OWN_BEGIN) == 0) {
        from--;
    }
    int64_t first = 0;
    for (size_t i = from; i <= failed && i < program->ops.count; i++) {
        const brn_op *op = &program->ops.items[i];
        bool statement = op->type == BRN_OP_STATEMENT;
        if (statement &&
            ((op->flags & BRN_OP_OWN_BEGIN) != 0 || f->compiled.infos[op->number - 1].dml)) {
            return (int64_t)op->number;
        }
        first = statement && first == 0 ? (int64_t)op->number : first;
    }
    return first; /* a function that it calls, perhaps */
}

/* How far a migration that failed came. */
typedef struct ending {
    int64_t intent;                /* statement that may have taken effect; 0 */
    int64_t kept;                  /* statement from which on that is not known; 0 */
    const brn_ledger_row *outcome; /* what the last statement that did so has not written; NULL */
} ending;

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

static void warn_not_recorded(const brn_frame *f, const char *what, const brant_error *why)
{
    brn_emit_warning(
        &f->run->session->emitter, brn_target_name(f->target), "ledger.not_recorded",
        "%s could not be recorded: %s", what, brant_error_message(why));
}

/* The next run could not tell. */
static void warn_took_effect(const brn_frame *f, const brn_ledger_row *outcome)
{
    if (outcome != NULL) {
        brn_emit_warning(
            &f->run->session->emitter, brn_target_name(f->target), "ledger.not_recorded",
            "statement %lld of \"%s\" took effect: should the next run ask, say \"brant repair %s "
            "--done\"",
            (long long)outcome->stmts_done, f->step->migration->id, f->step->migration->id);
    }
}

/*
 * Being told to stop is not a failure: the row goes back to what it was, unless statements outside
 * a transaction have left progress in it. An intent whose statement did not begin is taken back.
 */
static void keep_progress(
    brn_frame *f, const brn_ledger_row *stored, int64_t intent, const brn_ledger_row *outcome)
{
    brn_run *run = f->run;
    if (stored == NULL || (stored->stmts_done == 0 && intent == 0)) {
        return;
    }
    run->handed_over = NULL;
    brn_ledger_row *row = brn_arena_alloc(run->arena, sizeof(*row));
    if (row == NULL || (stored->intent == intent && outcome == NULL)) {
        return;
    }
    const brn_ledger_row *known = outcome != NULL ? outcome : stored;
    row->id = f->step->migration->id;
    row->stmts_done = known->stmts_done;
    row->done_digest = known->done_digest;
    brn_program program = { .migration = row->id, .run_id = run->actor.run_id };
    brant_error *failure = NULL;
    brn_program_guard(&program, run->arena, f->target);
    brn_program_ledger(&program, run->arena, BRN_LEDGER_OUTCOME, row, NULL);
    if (brn_write_quietly(run, f->target, &program, &failure) != BRANT_OK) {
        warn_not_recorded(f, "where it stopped", failure);
        warn_took_effect(f, outcome);
    }
    brant_error_free(failure);
}

static void report_failure(
    brn_frame *f, const brn_ledger_row *stored, const ending *end, const char *text)
{
    brant_migration *doc = brn_doc_migration(f->run->world, f->step->migration);
    if (doc != NULL) {
        bool kept = stored != NULL && !f->compiled.transactional;
        doc->status = "failed";
        doc->direction = brn_direction_name(f->step->direction);
        doc->error = text;
        doc->statements_done = kept ? (uint64_t)stored->stmts_done : 0;
        doc->statements_total = f->compiled.stmts.count;
        doc->partial =
            end->kept > 0 || (kept && (stored->stmts_done > 0 || stored->intent > 0)) ? 1 : 0;
    }
    f->run->failed = doc;
}

/* What was rolled back and has not all gone: whether it took effect nobody knows. */
static void leave_open(
    brn_frame *f, brn_ledger_row *row, const brn_ledger_row *stored, int64_t number)
{
    char digest[BRN_DIGEST_HEX + 1];
    brn_statement_digest(digest, brn_stmt_source(&f->compiled.stmts.items[number - 1]));
    row->stmts_done = stored != NULL ? stored->stmts_done : 0;
    row->done_digest = stored != NULL ? stored->done_digest : NULL;
    row->intent = number;
    row->intent_digest = brn_arena_strdup(f->run->arena, digest);
}

/* Writes that the migration failed, without touching what is known of its progress. */
static void record_failure(
    brn_frame *f, brant_error *failure, const brn_ledger_row *stored, const ending *end)
{
    brn_run *run = f->run;
    brn_migration *m = f->step->migration;
    brn_ledger_row *row =
        brn_running_row(run->arena, run, f->step, run->next_seq[f->step->migration->database]);
    brn_history_row *history = brn_chain_row(
        &f->target->chain, run->arena, &run->actor, brn_direction_name(f->step->direction), m->id,
        "failed", brn_clock_wall_us());
    if (row == NULL || history == NULL) {
        return;
    }
    row->status = BRN_ROW_FAILED;
    row->error = failure_text(run->arena, failure);
    row->stmts_total = (int64_t)f->compiled.stmts.count;
    row->finished_us = brn_clock_wall_us();
    row->intent = end->intent;
    if (end->kept > 0) {
        leave_open(f, row, stored, end->kept);
    } else if (end->outcome != NULL) {
        row->stmts_done = end->outcome->stmts_done;
        row->done_digest = end->outcome->done_digest;
        row->intent = 0;
        row->intent_digest = NULL;
    }
    history->detail = row->error;
    history->checksum = f->step->direction == BRN_DOWN ? row->down_checksum : row->checksum;
    bool sealed = brn_chain_seal(history, run->arena);
    bool whole = f->compiled.transactional || end->kept > 0 || end->outcome != NULL;
    brn_program program = { .migration = m->id, .run_id = run->actor.run_id };
    brn_program_begin(&program, run->arena, f->target);
    /* In one transaction there is no progress to keep, and with --tx all no row to update. */
    brn_program_ledger(&program, run->arena, whole ? BRN_LEDGER_PUT : BRN_LEDGER_FAIL, row, NULL);
    brn_program_ledger(&program, run->arena, BRN_LEDGER_HISTORY, NULL, history);
    brn_program_commit(&program, run->arena, f->target);
    brant_error *second = NULL;
    if (sealed && brn_write_quietly(run, f->target, &program, &second) == BRANT_OK) {
        brn_chain_move(&f->target->chain, history);
        run->handed_over = run->handed_over == f->step ? NULL : run->handed_over;
    } else {
        /* "running" with its progress is better than nothing */
        keep_progress(f, stored, end->intent, end->outcome);
        if (second != NULL) {
            warn_not_recorded(f, "the failure", second);
        }
    }
    brant_error_free(second);
    report_failure(f, stored, end, row->error);
}

/* Whether the transaction of the operation that failed had statements before it. */
static bool takes_back_others(const brn_program *program, size_t failed)
{
    bool others = false;
    for (size_t i = failed; i-- > 0;) {
        brn_op_type type = program->ops.items[i].type;
        if (type == BRN_OP_BEGIN) {
            return others;
        }
        if (type == BRN_OP_COMMIT) {
            break;
        }
        others = others || type == BRN_OP_STATEMENT;
    }
    return false;
}

/*
 * The number of the BEGIN in whose transaction, the file's own, the operation failed, where all of
 * it was rolled back; 0: there is none.
 */
static uint32_t own_begin(const brn_frame *f, size_t failed)
{
    const brn_op *ops = f->compiled.program.ops.items;
    const brn_conn *conn = f->target->conn;
    if (((conn != NULL ? conn->caps : f->target->engine->caps) & BRN_CAP_TXN_DDL) == 0) {
        return 0;
    }
    for (size_t i = failed; i-- > 0;) {
        if ((ops[i].flags & BRN_OP_OWN_END) != 0) {
            break;
        }
        if ((ops[i].flags & BRN_OP_OWN_BEGIN) != 0) {
            return ops[i].number;
        }
    }
    return 0;
}

/* Of what other tools replace in a statement without being asked. */
static const char *placeholder_advice(const brn_frame *f, const brn_op *op)
{
    if (op->type != BRN_OP_STATEMENT || op->stmt == NULL) {
        return "";
    }
    if (!brn_placeholders_on(&f->compiled, f->target) &&
        brn_str_find(op->stmt->text, BRN_STR("${")) != SIZE_MAX) {
        return " What ${NAME} stands for is put in with \"-- brant: placeholders=on\" at the head of "
               "the file.";
    }
    if (brn_str_find(op->stmt->text, BRN_STR("{{")) != SIZE_MAX) {
        return " A template's {{...}} is sent as it stands: brant replaces ${NAME} only, with "
               "\"-- brant: placeholders=on\".";
    }
    return "";
}

/* A failed statement always says what to do next. */
static void add_hint(
    const brn_frame *f, brant_status st, const brn_run_state *state, brant_error **failure)
{
    static const brn_op none = { 0 };
    const brn_program *program = &f->compiled.program;
    const brn_op *op =
        state->ops_done < program->ops.count ? &program->ops.items[state->ops_done] : &none;
    const char *again = f->step->direction == BRN_DOWN ? "down" : "up";
    const char *more = placeholder_advice(f, op);
    if (st != BRANT_ESTATEMENT || failure == NULL || brant_error_hint(*failure) != NULL) {
        return;
    }
    uint32_t own = own_begin(f, state->ops_done);
    if (f->compiled.transactional || own == 1) {
        brn_error_hint(
            failure,
            "Nothing of this migration has stayed in the database. Mend the file and run \"brant "
            "%s\" again.%s",
            again, more);
    } else if (own > 0) {
        brn_error_hint(
            failure,
            "What stands behind the file's BEGIN was rolled back; the statements before it have run "
            "and stay. Mend the file and run \"brant %s\" again: it goes on with that BEGIN.%s",
            again, more);
    } else if (takes_back_others(program, state->ops_done)) {
        brn_error_hint(
            failure,
            "The statements in a row with this one that change rows were rolled back with it; those "
            "before them have run and stay. Mend this one and run \"brant %s\" again: it goes on "
            "behind them.%s",
            again, more);
    } else if (op->type == BRN_OP_STATEMENT && op->number == 1) {
        brn_error_hint(
            failure,
            "It is the first statement, and nothing has run before it. Mend the file and run "
            "\"brant %s\" again.%s",
            again, more);
    } else {
        brn_error_hint(
            failure,
            "The statements before this one have run and stay. Mend this one and run \"brant %s\" "
            "again: it goes on from here.%s",
            again, more);
    }
}

static brant_status settle_failure(
    brn_frame *f,
    brant_status st,
    const brn_run_state *state,
    const brn_ledger_row *stored,
    brant_error *failure)
{
    int64_t intent = open_intent(&f->compiled.program, state, stored);
    ending end = {
        .intent = intent,
        .kept = state->kept ? first_of_transaction(f, state->ops_done) : 0,
        .outcome = stored != NULL ? unwritten_outcome(&f->compiled.program, state) : NULL,
    };
    if (st == BRANT_ECANCELLED && end.kept == 0) {
        keep_progress(f, stored, intent, end.outcome);
    } else {
        record_failure(f, failure, stored, &end);
    }
    return st;
}

brant_status brn_frame_failed(
    brn_frame *f, brant_status st, const brn_run_state *state, brant_error **failure)
{
    brn_run *run = f->run;
    const brn_program *program = &f->compiled.program;
    if (state->ops_done < program->ops.count) {
        brn_compiled_locate(&f->compiled, f->target, &program->ops.items[state->ops_done], failure);
    }
    brn_error_subject(failure, brn_target_name(f->target), f->step->migration->id);
    add_hint(f, st, state, failure);
    brn_reset_quietly(run, f->target);
    brn_ledger_state ledger = { 0 };
    bool known = !run->all && f->target->conn != NULL &&
                 brn_read_quietly(&ledger, run, f->target, NULL) == BRANT_OK;
    const brn_ledger_row *stored = known ? brn_frame_row(f, &ledger) : NULL;
    if (known && state->in_doubt && brn_frame_took_effect(f, stored) &&
        send_rest(f, state->ops_done + 1) == BRANT_OK) {
        brant_error_free(*failure);
        *failure = NULL;
        return BRANT_OK;
    }
    brn_forget_uncommitted(run, f->target);
    if (stored != NULL && stored->run_id != NULL &&
        strcmp(stored->run_id, run->actor.run_id) != 0) {
        run->handed_over = NULL; /* another run has been here: its row must not be overwritten */
        report_failure(f, NULL, &(ending){ 0 }, failure_text(run->arena, *failure));
        return st;
    }
    known = known && (!state->in_doubt || brn_history_ends_here(run, f->target));
    if (!known && (state->in_doubt || !f->compiled.transactional) && !run->all) {
        run->handed_over = NULL; /* what cannot be read must not be overwritten */
        warn_not_recorded(f, "the failure", *failure);
        report_failure(f, NULL, &(ending){ 0 }, failure_text(run->arena, *failure));
        return st;
    }
    return settle_failure(f, st, state, stored, *failure);
}
