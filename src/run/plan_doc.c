/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The plan as a document: every statement in order with its transaction.
 */
#include <string.h>

#include <brant/run.h>

#include "base/clock.h"
#include "run/advice.h"
#include "run/apply.h"
#include "run/foreign.h"
#include "run/resume.h"
#include "run/runner.h"

typedef struct plan_writer {
    brn_run *run;
    uint32_t transactions;
    brn_advice advice;
} plan_writer;

static const char *copy(brn_arena *arena, brn_str text)
{
    const char *out = brn_arena_strndup(arena, text.ptr, text.len);
    return out != NULL ? out : "";
}

typedef struct step_lists {
    BRN_VEC(const brant_plan_statement *) statements;
    BRN_VEC(const brant_plan_segment *) segments;
    brant_plan_segment *open; /* the last segment, while statements may join it */
} step_lists;

/* The statement joins those before it in its transaction; outside of one it stands by itself. */
static bool add_to_segment(step_lists *lists, brn_arena *arena, const brant_plan_statement *s)
{
    if (lists->open == NULL || s->transaction == 0 || lists->open->transaction != s->transaction) {
        brant_plan_segment *segment = brn_arena_alloc(arena, sizeof(*segment));
        const brant_plan_segment **slot = BRN_VEC_PUSH(arena, &lists->segments);
        if (segment == NULL || slot == NULL) {
            return false;
        }
        segment->first = s->number;
        segment->transaction = s->transaction;
        lists->open = segment;
        *slot = segment;
    }
    lists->open->last = s->number;
    return true;
}

static const brant_plan_statement *add_statement(
    step_lists *lists,
    brn_arena *arena,
    const brn_compiled *c,
    const brn_op *op,
    uint32_t transaction)
{
    brant_plan_statement *s = brn_arena_alloc(arena, sizeof(*s));
    const brant_plan_statement **slot = BRN_VEC_PUSH(arena, &lists->statements);
    if (s == NULL || slot == NULL) {
        return NULL;
    }
    s->number = op->number;
    s->text = copy(arena, op->sql);
    s->file = c->script.file;
    s->line = op->stmt->line;
    s->kind = copy(arena, brn_str_from(c->infos[op->number - 1].kind));
    s->transaction = transaction;
    s->destructive = c->infos[op->number - 1].destructive ? 1 : 0;
    *slot = s;
    return s;
}

/*
 * Walks the program as it would run: which transaction each statement is in is not decided here but
 * read off. Statements that an earlier run has done are in no segment.
 */
static void write_statements(
    plan_writer *w, brant_plan_step *doc, const brn_compiled *c, uint64_t done)
{
    brn_arena *arena = w->run->arena;
    step_lists lists = { 0 };
    uint32_t open = w->run->all ? 1 : 0;
    for (size_t i = 0; i < c->program.ops.count; i++) {
        const brn_op *op = &c->program.ops.items[i];
        brn_stmt_role role = BRN_ROLE_PLAIN;
        if (op->type == BRN_OP_STATEMENT) {
            role = c->infos[op->number - 1].role;
        }
        if (op->type == BRN_OP_BEGIN || role == BRN_ROLE_BEGIN) {
            open = ++w->transactions;
        }
        if (op->type == BRN_OP_STATEMENT) {
            const brant_plan_statement *s = add_statement(&lists, arena, c, op, open);
            bool ok = s != NULL && (s->number <= done || add_to_segment(&lists, arena, s));
            if (!ok) {
                return;
            }
        }
        bool ends =
            op->type == BRN_OP_COMMIT || role == BRN_ROLE_COMMIT || role == BRN_ROLE_ROLLBACK;
        open = ends ? 0 : open;
    }
    doc->statements = lists.statements.items;
    doc->statement_count = lists.statements.count;
    doc->segments = lists.segments.items;
    doc->segment_count = lists.segments.count;
}

static brant_status write_step(
    plan_writer *w, brant_plan_step *doc, const brn_step *step, brant_error **err)
{
    brn_run *run = w->run;
    brn_migration *m = step->migration;
    doc->migration = brn_doc_migration(run->world, m);
    doc->direction = brn_direction_name(step->direction);
    doc->manual = step->manual || step->blocked ? 1 : 0;
    if (doc->manual != 0) {
        return BRANT_OK;
    }
    brn_compile_input in = {
        .target = &run->session->targets[m->database],
        .migration = m,
        .direction = step->direction,
        .tx = brn_run_tx(run, m->database),
        .actor = &run->actor,
        .action = run->command,
        .resume = m->state == BRN_STATE_PARTIAL_UP || m->state == BRN_STATE_PARTIAL_DOWN,
    };
    brn_compiled c;
    brant_status st = brn_compile_read(&c, &in, err);
    if (st == BRANT_OK) {
        st = brn_resume_prepare(&in, run, step, &c, err);
    }
    if (st == BRANT_OK) {
        st = brn_compile_program(&c, &in, NULL, err);
    }
    if (st == BRANT_OK) {
        write_statements(w, doc, &c, in.done);
        doc->resume_after = in.done;
        brn_advice_note(&w->advice, run, step, &c);
    } else {
        brn_error_subject(err, brn_target_name(in.target), m->id);
    }
    brn_compiled_release(&c);
    return st;
}

static brant_status write_plan(brn_run *run, brn_box *box, brant_error **err)
{
    plan_writer w = { .run = run };
    BRN_VEC(const brant_plan_step *) steps = { 0 };
    w.transactions = run->all ? 1 : 0;
    brant_status st = BRANT_OK;
    for (size_t i = 0; i < run->plan.steps.count && st == BRANT_OK; i++) {
        brant_plan_step *doc = brn_arena_alloc(run->arena, sizeof(*doc));
        const brant_plan_step **slot = BRN_VEC_PUSH(run->arena, &steps);
        if (doc == NULL || slot == NULL) {
            return brn_error_oom(err);
        }
        *slot = doc;
        st = write_step(&w, doc, &run->plan.steps.items[i], err);
    }
    box->doc.plan.steps = steps.items;
    box->doc.plan.count = steps.count;
    box->doc.plan.findings = run->world->findings.items;
    box->doc.plan.finding_count = run->world->findings.count;
    return st == BRANT_OK && run->arena->oom ? brn_error_oom(err) : st;
}

brant_status brant_plan_up(
    brant_plan **out, brant_session *session, const brant_run_options *opts, brant_error **err)
{
    brant_run_options o;
    brant_status st = brn_options_read(&o, sizeof(o), opts, err);
    brn_box *box = st == BRANT_OK ? brn_box_new() : NULL;
    if (box == NULL) {
        return st != BRANT_OK ? st : brn_error_oom(err);
    }
    brn_world world;
    brn_run run;
    brn_run_init(&run, session, &world, box, "plan");
    brn_move_goal goal = { .count = o.count, .to = o.to };
    run.goal = &goal;
    run.looking = true;
    run.going_up = true;
    run.planner = brn_move_plan_up;
    st = brn_world_load(&world, session, &box->arena, BRN_LEDGER_BRIEF, err);
    if (st == BRANT_OK) {
        st = brn_doc_ask_locks(&world, err);
    }
    if (st == BRANT_OK) {
        st = brn_run_plan(&run, err);
    }
    if (st == BRANT_OK) {
        st = brn_foreign_refuse(&run, err);
    }
    if (st == BRANT_OK) {
        st = write_plan(&run, box, err);
    }
    if (st == BRANT_OK) {
        st = brn_apply_note(&box->saved, &run, &goal, err);
    }
    if (st == BRANT_OK && out != NULL) {
        *out = &box->doc.plan;
    } else {
        brn_box_free(box);
    }
    return st;
}

brant_status brant_plan_text(const char **out, brant_plan *plan, brant_error **err)
{
    brn_box *box = (brn_box *)plan;
    brn_buf text;
    brn_buf_init(&text, 0);
    brn_saved_write(&text, box->saved, plan, brn_clock_wall_us());
    const char *copied = text.failed ? NULL : brn_arena_strdup(&box->arena, brn_buf_text(&text));
    brn_buf_release(&text);
    if (copied == NULL) {
        return brn_error_oom(err);
    }
    *out = copied;
    return BRANT_OK;
}
