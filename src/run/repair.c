/* SPDX-License-Identifier: Apache-2.0 */
/*
 * repair: what a failure or a crash has left, with the evidence, and the person's answer.
 *
 * Certain things are settled without asking: a migration that failed inside a transaction left
 * nothing behind, so its mark goes; an open statement whose effect the database can show is
 * recorded. What nobody can know stays open until it is answered.
 */
#include <string.h>

#include "run/edit.h"
#include "run/resume.h"

typedef BRN_VEC(const brant_open_item *) item_list;

typedef struct repair_work {
    brn_edit edit;
    brant_repair_options opts;
    item_list resolved;
    item_list open;
    brn_finding_list accepted;
    brn_finding_list differences;
} repair_work;

static void add_item(repair_work *w, item_list *list, const brant_open_item *item)
{
    const brant_open_item **slot = BRN_VEC_PUSH(w->edit.run.arena, list);
    if (slot != NULL) {
        *slot = item;
    }
}

static brn_ledger_row *copy_row(repair_work *w, const brn_ledger_row *from)
{
    brn_ledger_row *row = brn_arena_alloc(w->edit.run.arena, sizeof(*row));
    if (row != NULL) {
        *row = *from;
        row->who = w->edit.run.actor.who;
        row->tool = w->edit.run.actor.tool;
        row->run_id = w->edit.run.actor.run_id;
    }
    return row;
}

/* Back to what it was before it was started: not applied, or (an undo) applied. */
static void forget_progress(repair_work *w, const brn_migration *m, const char *detail)
{
    if (m->row->direction == BRN_UP) {
        brn_edit_remove(&w->edit, m->id, detail);
        return;
    }
    brn_ledger_row *row = copy_row(w, m->row);
    if (row != NULL) {
        row->status = BRN_ROW_COMPLETED;
        row->direction = BRN_UP;
        row->stmts_done = row->stmts_total;
        row->intent = 0;
        row->intent_digest = NULL;
        row->done_digest = NULL;
        row->error = NULL;
        brn_edit_put(&w->edit, row, detail);
    }
}

static void settle_statement(
    repair_work *w, const brn_migration *m, const brn_compiled *c, bool done, const char *detail)
{
    brn_ledger_row *row = copy_row(w, m->row);
    if (row == NULL) {
        return;
    }
    row->stmts_done = done ? m->row->intent : m->row->intent - 1;
    row->done_digest = brn_resume_digest(w->edit.run.arena, c, (uint64_t)row->stmts_done);
    row->intent = 0;
    row->intent_digest = NULL;
    brn_edit_put(&w->edit, row, detail);
}

static const char *verdict_text(brn_verdict verdict)
{
    static const char *const names[] = { "unknown", "done", "not done", "repeatable" };
    return names[verdict];
}

/* The statement that was running when the run ended. */
static brant_status look_at_statement(
    repair_work *w,
    brant_open_item *item,
    const brn_migration *m,
    const brn_compiled *c,
    brant_error **err)
{
    const brn_ledger_row *row = m->row;
    const char *misfit = brn_resume_misfit(w->edit.run.arena, c, row);
    if (misfit != NULL) { /* no answer can be about a statement that is not there */
        item->verdict = "unknown";
        item->evidence = misfit;
        item->question = "restore the statements that have run, and answer then; or start again "
                         "with --retry";
        add_item(w, &w->open, item);
        return BRANT_OK;
    }
    brn_evidence evidence = { BRN_VERDICT_UNKNOWN, "the statement was edited since it ran" };
    brant_status st = BRANT_OK;
    if (!brn_resume_open_edited(c, row)) {
        st = brn_resume_probe(&evidence, w->edit.run.arena, w->edit.target, c, row, err);
    }
    if (st != BRANT_OK) {
        return st;
    }
    const brn_stmt *stmt = &c->stmts.items[row->intent - 1];
    item->statement = (uint64_t)row->intent;
    item->statement_text = brn_arena_strndup(w->edit.run.arena, stmt->text.ptr, stmt->text.len);
    item->verdict = verdict_text(evidence.verdict);
    item->evidence = evidence.text;
    bool answered = w->opts.answer == BRANT_ANSWER_DONE || w->opts.answer == BRANT_ANSWER_NOT_DONE;
    if (evidence.verdict == BRN_VERDICT_UNKNOWN && !answered) {
        item->question = "did this statement take effect? Answer with --done or --not-done, or "
                         "start again with --retry";
        add_item(w, &w->open, item);
        return BRANT_OK;
    }
    bool done =
        answered ? w->opts.answer == BRANT_ANSWER_DONE : evidence.verdict == BRN_VERDICT_DONE;
    settle_statement(
        w, m, c, done,
        brn_arena_printf(
            w->edit.run.arena, "statement %lld recorded as %s (%s)", (long long)row->intent,
            done ? "done" : "not done", answered ? "answered by a person" : evidence.text));
    add_item(w, &w->resolved, item);
    return BRANT_OK;
}

static brant_status look_at_partial(
    repair_work *w, brant_open_item *item, const brn_migration *m, brant_error **err)
{
    const brn_ledger_row *row = m->row;
    brn_arena *arena = w->edit.run.arena;
    if (row->intent == 0) {
        item->verdict = "done";
        item->evidence = brn_arena_printf(
            arena,
            "%lld of %lld statements are done, and none is in doubt; \"brant %s\" goes on "
            "behind them",
            (long long)row->stmts_done, (long long)row->stmts_total,
            brn_direction_name(row->direction));
        add_item(w, &w->resolved, item);
        return BRANT_OK;
    }
    brn_compiled c;
    brn_compile_input in = {
        .target = w->edit.target,
        .migration = m,
        .direction = row->direction,
        .resume = true,
    };
    brant_status st = brn_compile_read(&c, &in, err);
    if (st == BRANT_OK) {
        st = look_at_statement(w, item, m, &c, err);
    }
    brn_compiled_release(&c);
    return st;
}

static brant_status look_at(repair_work *w, const brn_migration *m, brant_error **err)
{
    brant_open_item *item = brn_arena_alloc(w->edit.run.arena, sizeof(*item));
    if (item == NULL) {
        return brn_error_oom(err);
    }
    item->migration = brn_doc_migration(&w->edit.world, m);
    item->question = "";
    bool partial = m->state == BRN_STATE_PARTIAL_UP || m->state == BRN_STATE_PARTIAL_DOWN;
    if (partial && w->opts.answer != BRANT_ANSWER_RETRY) {
        return look_at_partial(w, item, m, err);
    }
    item->verdict = partial ? "unknown" : "not done";
    item->evidence = partial ? "its progress is forgotten; what its statements did stays in the "
                               "database"
                             : "it ran in a transaction that was rolled back";
    forget_progress(
        w, m, partial ? "progress forgotten" : "mark of a rolled-back migration removed");
    add_item(w, &w->resolved, item);
    return BRANT_OK;
}

/* ---- files ---- */

static bool accept_edited(repair_work *w, const brn_graph_database *db, const brant_finding *f)
{
    const brn_migration *m = brn_graph_by_id(db, brn_str_from(f->migration));
    brn_ledger_row *row = m != NULL && m->row != NULL ? copy_row(w, m->row) : NULL;
    if (row == NULL) {
        return false;
    }
    row->checksum = m->source->up_digest;
    row->down_checksum = m->source->down->digest;
    brn_edit_put(&w->edit, row, "checksum of the edited file accepted");
    return true;
}

static bool accept_renamed(repair_work *w, const brn_graph_database *db, const brant_finding *f)
{
    for (size_t i = 0; i < db->unknown.count; i++) {
        const brn_ledger_row *old = db->unknown.items[i];
        const brn_migration *m =
            strcmp(old->id, f->migration) == 0 ? brn_graph_renamed(db, old) : NULL;
        brn_ledger_row *row = m != NULL ? copy_row(w, old) : NULL;
        if (row != NULL) {
            row->id = m->id;
            row->version = m->version;
            row->checksum = m->source->up_digest;
            row->down_checksum = m->source->down->digest;
            brn_edit_remove(&w->edit, old->id, "renamed");
            brn_edit_put(&w->edit, row, brn_arena_printf(w->edit.run.arena, "was %s", old->id));
            return true;
        }
    }
    return false;
}

static void look_at_files(repair_work *w)
{
    const brn_world *world = &w->edit.world;
    const brn_graph_database *db = &world->graph.databases[w->edit.index];
    for (size_t i = 0; i < world->findings.count; i++) {
        const brant_finding *f = world->findings.items[i];
        bool edited = strcmp(f->id, "ledger.checksum_mismatch") == 0;
        bool renamed = strcmp(f->id, "ledger.renamed") == 0;
        bool missing = strcmp(f->id, "ledger.missing_file") == 0;
        if (strcmp(f->database, db->name) != 0 || (!edited && !renamed && !missing)) {
            continue;
        }
        bool accepted = w->opts.accept_files != 0 && ((edited && accept_edited(w, db, f)) ||
                                                      (renamed && accept_renamed(w, db, f)));
        brn_finding_list *list = accepted ? &w->accepted : &w->differences;
        const brant_finding **slot = BRN_VEC_PUSH(w->edit.run.arena, list);
        if (slot != NULL) {
            *slot = f;
        }
    }
}

/* ---- the call ---- */

static bool concerns(const repair_work *w, const brn_migration *m)
{
    bool manual =
        brn_source_is_manual(m->source) && m->row != NULL && m->row->status == BRN_ROW_RUNNING;
    return m->database == w->edit.index && m->row != NULL && m->row->status != BRN_ROW_COMPLETED &&
           !manual &&
           (w->opts.migration == NULL ||
            brn_graph_find(&w->edit.world.graph, SIZE_MAX, w->opts.migration, NULL) == m);
}

static brant_status repair_database(repair_work *w, size_t index, brant_error **err)
{
    brn_target *target = &w->edit.run.session->targets[index];
    if (target->missing) {
        return BRANT_OK;
    }
    w->edit.index = index;
    w->edit.target = target;
    brant_status st = w->opts.dry_run != 0 ? BRANT_OK : brn_edit_begin(&w->edit, index, err);
    const brn_graph *graph = &w->edit.world.graph;
    for (size_t i = 0; i < graph->order.count && st == BRANT_OK; i++) {
        if (concerns(w, graph->order.items[i])) {
            st = look_at(w, graph->order.items[i], err);
        }
    }
    if (st == BRANT_OK) {
        look_at_files(w);
    }
    if (st == BRANT_OK && w->opts.dry_run == 0) {
        st = brn_edit_commit(&w->edit, err);
    }
    return st;
}

static void fill_result(brant_repair_result *doc, const repair_work *w)
{
    doc->resolved = w->resolved.items;
    doc->resolved_count = w->resolved.count;
    doc->open = w->open.items;
    doc->open_count = w->open.count;
    doc->accepted = w->accepted.items;
    doc->accepted_count = w->accepted.count;
    doc->differences = w->differences.items;
    doc->difference_count = w->differences.count;
}

brant_status brant_repair(
    brant_repair_result **out,
    brant_session *session,
    const brant_repair_options *opts,
    brant_error **err)
{
    repair_work w;
    memset(&w, 0, sizeof(w));
    brant_status st = brn_options_read(&w.opts, sizeof(w.opts), opts, err);
    if (st != BRANT_OK) {
        return st;
    }
    st = brn_edit_open(&w.edit, session, "repair", err);
    if (st == BRANT_OK && w.opts.migration != NULL &&
        brn_graph_find(&w.edit.world.graph, SIZE_MAX, w.opts.migration, err) == NULL) {
        st = BRANT_EUSAGE;
    }
    for (size_t i = 0; i < session->count && st == BRANT_OK; i++) {
        st = repair_database(&w, i, err);
    }
    if (w.edit.box == NULL) {
        return st;
    }
    brn_run_unlock(&w.edit.run);
    if (st == BRANT_OK && out != NULL) {
        fill_result(&w.edit.box->doc.repair, &w);
        *out = &w.edit.box->doc.repair;
    } else {
        brn_box_free(w.edit.box);
    }
    return st;
}
