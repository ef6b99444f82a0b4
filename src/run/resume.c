/* SPDX-License-Identifier: Apache-2.0 */
#include "run/resume.h"

#include <string.h>

#include "core/settings.h"
#include "ledger/record.h"
#include "run/carry.h"

const char *brn_resume_digest(brn_arena *arena, const brn_compiled *compiled, uint64_t count)
{
    char digest[BRN_DIGEST_HEX + 1] = { 0 };
    for (uint64_t i = 0; i < count && i < compiled->stmts.count; i++) {
        brn_progress_add(digest, brn_stmt_source(&compiled->stmts.items[i]));
    }
    return brn_arena_strdup(arena, digest);
}

static brant_status refuse_dirty(const brn_run *run, const brn_migration *m, brant_error **err)
{
    const brn_migration *version = brn_graph_version(&run->world->graph, m->database);
    const char *clean = version != NULL ? version->version : "-1";
    brn_error(
        err, BRANT_EDIRTY, "dirty.refused", "the database is dirty at version %s: \"%s\" %s",
        m->version, m->id, m->row->status == BRN_ROW_FAILED ? "failed" : "is half done");
    if (m->row->error != NULL) {
        brn_error_detail(err, "It said: %s", m->row->error);
    }
    brn_error_at(err, m->source->up_path, 0, 0);
    brn_error_hint(
        err,
        "Mend the file, record the last good version with \"brant force %s\", and run "
        "\"brant up\" again. Without on-dirty=refuse, brant would go on by itself.",
        clean);
    return BRANT_EDIRTY;
}

static brant_status wrong_way(const brn_step *step, brant_error **err)
{
    const brn_migration *m = step->migration;
    bool undo = m->row->direction == BRN_DOWN;
    brn_error(
        err, BRANT_EDIRTY, "dirty.half_undone", "\"%s\" is half %s: %lld of %lld statements ran",
        m->id, undo ? "undone" : "done", (long long)m->row->stmts_done,
        (long long)m->row->stmts_total);
    brn_error_at(err, undo ? m->source->down_path : m->source->up_path, 0, 0);
    brn_error_hint(
        err, "Finish that first with \"brant %s\", or settle it with \"brant repair %s\".",
        undo ? "down" : "up", m->id);
    return BRANT_EDIRTY;
}

static brant_status edited(
    const brn_migration *m, const brn_compiled *c, const char *what, brant_error **err)
{
    brn_error(err, BRANT_EDIRTY, "resume.edited", "\"%s\" cannot be resumed: %s", m->id, what);
    brn_error_at(err, c->script.file, 0, 0);
    brn_error_detail(
        err, "%lld of its statements have run, and the file is no longer the one they came from.",
        (long long)m->row->stmts_done);
    brn_error_hint(
        err,
        "Restore those statements (later ones may change), or decide by hand: \"brant repair "
        "%s --retry\" runs it from the start, \"brant mark %s\" takes it as applied.",
        m->id, m->id);
    return BRANT_EDIRTY;
}

const char *brn_resume_misfit(
    brn_arena *arena, const brn_compiled *compiled, const brn_ledger_row *row)
{
    const char *done = brn_resume_digest(arena, compiled, (uint64_t)row->stmts_done);
    if (done == NULL) {
        return NULL;
    }
    const char *recorded = row->done_digest != NULL ? row->done_digest : "";
    if ((uint64_t)row->stmts_done > compiled->stmts.count || strcmp(done, recorded) != 0) {
        return "statements that have run were edited";
    }
    if (row->intent == 0) {
        return NULL;
    }
    if ((uint64_t)row->intent > compiled->stmts.count) {
        return "the statement that was running was edited away";
    }
    return NULL;
}

bool brn_resume_open_edited(const brn_compiled *compiled, const brn_ledger_row *row)
{
    char digest[BRN_DIGEST_HEX + 1];
    brn_statement_digest(digest, brn_stmt_source(&compiled->stmts.items[row->intent - 1]));
    return row->intent_digest == NULL || strcmp(digest, row->intent_digest) != 0;
}

/*
 * What the statements before it have set for their session, a database or a search path among it,
 * says which object the open statement means: the session is made as it was then. False when that
 * cannot be done.
 */
static bool enter_session(
    bool *entered,
    brn_arena *arena,
    brn_target *target,
    const brn_compiled *compiled,
    const brn_ledger_row *row)
{
    brn_program program = { .migration = row->id };
    brn_run_state state = { 0 };
    for (int64_t i = 0; i < row->intent - 1; i++) {
        bool session = compiled->infos[i].session && !compiled->infos[i].idle;
        brn_op *op = session ? brn_program_add(&program, arena, BRN_OP_STATEMENT) : NULL;
        if (op != NULL) {
            op->stmt = &compiled->stmts.items[i];
            op->number = (uint32_t)(i + 1);
            op->sql = op->stmt->text;
        }
    }
    *entered = program.ops.count > 0;
    return !*entered ||
           (!arena->oom && target->conn->engine->run(
                               target->conn, &program, NULL, NULL, &state, NULL) == BRANT_OK);
}

brant_status brn_resume_probe(
    brn_evidence *out,
    brn_arena *arena,
    brn_target *target,
    const brn_compiled *compiled,
    const brn_ledger_row *row,
    brant_error **err)
{
    const brn_stmt *stmt = &compiled->stmts.items[row->intent - 1];
    *out = (brn_evidence){ BRN_VERDICT_UNKNOWN, "this kind of database cannot be asked" };
    brant_status st = BRANT_OK;
    if (compiled->call) {
        *out = (brn_evidence){ BRN_VERDICT_REPEATABLE, "a function is called again" };
        return BRANT_OK;
    }
    if (target->conn != NULL && (target->conn->caps & BRN_CAP_PROBE) != 0) {
        bool entered = false;
        if (enter_session(&entered, arena, target, compiled, row)) {
            st = target->conn->engine->probe(out, arena, target->conn, stmt, err);
        } else {
            out->text = "what the file has set for its session cannot be set again";
        }
        if (entered) {
            brn_target_reset(target);
        }
    }
    if (st == BRANT_OK && out->verdict == BRN_VERDICT_UNKNOWN && compiled->props->idempotent) {
        out->verdict = BRN_VERDICT_REPEATABLE;
    }
    return st;
}

static brant_status open_outcome(
    const brn_migration *m, const brn_compiled *c, const brn_evidence *evidence, brant_error **err)
{
    const brn_stmt *stmt = &c->stmts.items[m->row->intent - 1];
    brn_error(
        err, BRANT_EDIRTY, "resume.unknown",
        "\"%s\": nobody knows whether statement %lld took effect", m->id,
        (long long)m->row->intent);
    brn_error_at(err, c->script.file, stmt->line, stmt->column);
    brn_error_statement(err, stmt->text);
    if (m->row->error != NULL) {
        brn_error_detail(
            err, "The run ended with: %s. The database says: %s.", m->row->error, evidence->text);
    } else {
        brn_error_detail(
            err, "The run was interrupted while it ran. The database says: %s.", evidence->text);
    }
    brn_error_hint(
        err,
        "Look at the database, then answer: \"brant repair %s --done\" if it took effect, "
        "\"brant repair %s --not-done\" if it did not.",
        m->id, m->id);
    return BRANT_EDIRTY;
}

/* Decides what becomes of the statement whose outcome is open. */
static brant_status settle_intent(
    brn_compile_input *in,
    brn_run *run,
    const brn_migration *m,
    brn_compiled *compiled,
    brant_error **err)
{
    const brn_ledger_row *row = m->row;
    if (row->intent == 0) {
        return BRANT_OK;
    }
    if (brn_resume_open_edited(compiled, row)) {
        return edited(m, compiled, "the statement that was running was edited", err);
    }
    brn_evidence evidence;
    brn_target *target = &run->session->targets[m->database];
    brant_status st = brn_resume_probe(&evidence, run->arena, target, compiled, row, err);
    if (st != BRANT_OK) {
        return st;
    }
    if (evidence.verdict == BRN_VERDICT_UNKNOWN) {
        return open_outcome(m, compiled, &evidence, err);
    }
    bool done = evidence.verdict == BRN_VERDICT_DONE;
    in->done = (uint64_t)row->intent - (done ? 0 : 1);
    brn_emit_notice(
        &run->session->emitter, brn_target_name(target), "resume.settled",
        "\"%s\": statement %lld %s (%s)", m->id, (long long)row->intent,
        done ? "took effect before the interruption" : "runs again", evidence.text);
    return BRANT_OK;
}

static brant_status resume_partial(
    brn_compile_input *in,
    brn_run *run,
    const brn_step *step,
    brn_compiled *compiled,
    brant_error **err)
{
    const brn_migration *m = step->migration;
    const brn_ledger_row *row = m->row;
    if (row->direction != step->direction) {
        return wrong_way(step, err);
    }
    const char *misfit = brn_resume_misfit(run->arena, compiled, row);
    if (misfit != NULL || run->arena->oom) {
        return misfit != NULL ? edited(m, compiled, misfit, err) : brn_error_oom(err);
    }
    in->done = (uint64_t)row->stmts_done;
    brant_status st = settle_intent(in, run, m, compiled, err);
    if (st != BRANT_OK) {
        return st;
    }
    const brn_dialect *dialect = run->session->targets[m->database].engine->dialect;
    st = brn_carry_check(run->arena, dialect, compiled, in->done, m->id, err);
    if (st != BRANT_OK) {
        return st;
    }
    in->done_digest = brn_resume_digest(run->arena, compiled, in->done);
    if (!run->looking) {
        brn_emit_notice(
            &run->session->emitter, run->world->graph.databases[m->database].name, "resume.partial",
            "resuming \"%s\" behind statement %llu of %zu", m->id, (unsigned long long)in->done,
            compiled->stmts.count);
    }
    return in->done_digest != NULL ? BRANT_OK : brn_error_oom(err);
}

brant_status brn_resume_prepare(
    brn_compile_input *in,
    brn_run *run,
    const brn_step *step,
    brn_compiled *compiled,
    brant_error **err)
{
    const brn_migration *m = step->migration;
    const brn_ledger_row *row = m->row;
    if (row == NULL || row->status == BRN_ROW_COMPLETED) {
        return BRANT_OK;
    }
    bool partial = m->state == BRN_STATE_PARTIAL_UP || m->state == BRN_STATE_PARTIAL_DOWN;
    bool dirty = partial || row->status == BRN_ROW_FAILED;
    const brn_target *target = &run->session->targets[m->database];
    const char *policy = brant_settings_text(brn_target_settings(target), "on-dirty");
    const char *database = brn_target_name(target);
    if (dirty && strcmp(policy, "refuse") == 0) {
        return refuse_dirty(run, m, err);
    }
    if (dirty && strcmp(policy, "accept") == 0 && step->direction == BRN_UP &&
        row->direction == BRN_UP) {
        brn_emit_warning(
            &run->session->emitter, database, "dirty.accepted",
            "\"%s\" had failed and is taken as applied (on-dirty=accept); what it left undone stays "
            "undone",
            m->id);
        compiled->transactional = false;
        in->done = compiled->stmts.count;
        return BRANT_OK;
    }
    if (partial) {
        return resume_partial(in, run, step, compiled, err);
    }
    if (!run->looking) {
        brn_emit_notice(
            &run->session->emitter, database, "resume.again",
            "\"%s\" %s and was rolled back; it runs again", m->id,
            row->status == BRN_ROW_FAILED ? "failed" : "was interrupted");
    }
    return BRANT_OK;
}
