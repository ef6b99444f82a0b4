/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Commands that move migrations: up, down, goto, redo. They differ in the plan only.
 */
#include <string.h>

#include <brant/run.h>

#include "core/settings.h"
#include "run/runner.h"

/* ---- planners ---- */

static brant_status find_goal(
    const brn_migration **out, const brn_run *run, const char *to, brant_error **err)
{
    *out = NULL;
    if (to == NULL) {
        return BRANT_OK;
    }
    *out = brn_graph_find(&run->world->graph, SIZE_MAX, to, err);
    return *out != NULL ? BRANT_OK : BRANT_EUSAGE;
}

brant_status brn_move_plan_up(brn_steps_plan *out, const brn_run *run, brant_error **err)
{
    const brn_move_goal *goal = run->goal;
    brn_plan_goal g = { .count = goal->count };
    brant_status st = find_goal(&g.to, run, goal->to, err);
    return st == BRANT_OK ? brn_plan_up(out, &run->world->graph, &g, err) : st;
}

/* A migration that is half applied outside a transaction is finished before anything is undone. */
static brant_status refuse_half_done(const brn_run *run, brant_error **err)
{
    for (size_t i = 0; i < run->world->graph.order.count; i++) {
        const brn_migration *m = run->world->graph.order.items[i];
        if (m->state == BRN_STATE_PARTIAL_UP) {
            brn_error(
                err, BRANT_EDIRTY, "dirty.half_done",
                "\"%s\" is half done: %lld of %lld statements ran", m->id,
                (long long)m->row->stmts_done, (long long)m->row->stmts_total);
            brn_error_at(err, m->source->up_path, 0, 0);
            brn_error_hint(
                err,
                "Finish it with \"brant up\", or settle it with \"brant repair %s\"; then "
                "undo.",
                m->id);
            return BRANT_EDIRTY;
        }
    }
    return BRANT_OK;
}

static brant_status plan_down(brn_steps_plan *out, const brn_run *run, brant_error **err)
{
    const brn_move_goal *goal = run->goal;
    brn_plan_goal g = { .count = goal->count, .all = goal->all };
    brant_status st = refuse_half_done(run, err);
    if (st == BRANT_OK) {
        st = find_goal(&g.to, run, goal->to, err);
    }
    return st == BRANT_OK ? brn_plan_down(out, &run->world->graph, &g, err) : st;
}

static brant_status append_plan(brn_steps_plan *out, const brn_steps_plan *more, brn_arena *arena)
{
    for (size_t i = 0; i < more->steps.count; i++) {
        brn_step *slot = BRN_VEC_PUSH(arena, &out->steps);
        if (slot == NULL) {
            return BRANT_ENOMEM;
        }
        *slot = more->steps.items[i];
    }
    return BRANT_OK;
}

static brant_status plan_goto(brn_steps_plan *out, const brn_run *run, brant_error **err)
{
    const brn_move_goal *goal = run->goal;
    const brn_graph *graph = &run->world->graph;
    const brn_migration *to = NULL;
    brant_status st = refuse_half_done(run, err);
    if (st == BRANT_OK) {
        st = find_goal(&to, run, goal->to, err);
    }
    if (st != BRANT_OK || to == NULL) {
        return st;
    }
    if (!graph->databases[to->database].chain) {
        brn_error(
            err, BRANT_EUSAGE, "plan.needs_chain",
            "goto needs a plain sequence, and these migrations are a graph");
        brn_error_hint(err, "Use \"brant up --to ID\" or \"brant down --to ID\".");
        return BRANT_EUSAGE;
    }
    brn_plan_goal up = { .to = to };
    brn_steps_plan more = { 0 };
    if (to->state == BRN_STATE_DONE) {
        brn_plan_goal down = { .to = to };
        st = brn_plan_down(out, graph, &down, err);
    }
    if (st == BRANT_OK) {
        st = brn_plan_up(&more, graph, &up, err);
    }
    if (st == BRANT_OK && more.steps.count > 0) {
        st = brn_world_refuse(run->world, err);
    }
    if (st == BRANT_OK && append_plan(out, &more, run->arena) != BRANT_OK) {
        st = brn_error_oom(err);
    }
    return st;
}

static brant_status plan_redo(brn_steps_plan *out, const brn_run *run, brant_error **err)
{
    brn_plan_goal goal = { .count = 1 };
    brant_status st = refuse_half_done(run, err);
    if (st == BRANT_OK) {
        st = brn_plan_down(out, &run->world->graph, &goal, err);
    }
    if (st != BRANT_OK || out->steps.count == 0) {
        return st;
    }
    brn_step *again = BRN_VEC_PUSH(run->arena, &out->steps);
    if (again == NULL) {
        return brn_error_oom(err);
    }
    again->migration = out->steps.items[0].migration;
    again->direction = BRN_UP;
    return BRANT_OK;
}

/* ---- the public calls ---- */

static brant_status move(
    brant_report **out,
    brant_session *session,
    const char *command,
    brn_planner *planner,
    const brn_move_goal *goal,
    brant_error **err)
{
    brn_box *box = brn_box_new();
    if (box == NULL) {
        return brn_error_oom(err);
    }
    brn_world world;
    memset(&world, 0, sizeof(world));
    brn_run run;
    brn_run_init(&run, session, &world, box, command);
    run.planner = planner;
    run.goal = goal;
    run.going_up = planner == brn_move_plan_up;
    run.dry_run = goal->dry_run;
    brant_status st = brn_run_execute(&run, box, err);
    if (st == BRANT_OK) {
        st = brn_run_validate(&run, box, err);
    }
    if (out != NULL) {
        *out = &box->doc.report;
    } else {
        brn_box_free(box);
    }
    return st;
}

static brant_status move_with_options(
    brant_report **out,
    brant_session *session,
    const char *command,
    brn_planner *planner,
    const char *to,
    const brant_run_options *opts,
    brant_error **err)
{
    brant_run_options o;
    brant_status st = brn_options_read(&o, sizeof(o), opts, err);
    if (st != BRANT_OK) {
        return st;
    }
    brn_move_goal goal = {
        .count = o.count,
        .to = to != NULL ? to : o.to,
        .all = o.all != 0,
        .dry_run = o.dry_run != 0,
    };
    return move(out, session, command, planner, &goal, err);
}

/* Start-up with auto-migrate off: nothing is opened, made or looked at. */
static brant_status disabled(brant_report **out, brant_session *session, brant_error **err)
{
    const char *where = NULL;
    brant_settings_origin(session->project->settings, "auto-migrate", &where);
    brn_emit_notice(
        &session->emitter, NULL, "run.auto_migrate_off", "auto-migrate is off%s%s: nothing applied",
        where != NULL ? " by " : "", where != NULL ? where : "");
    if (out == NULL) {
        return BRANT_OK;
    }
    brn_box *box = brn_box_new();
    if (box == NULL) {
        return brn_error_oom(err);
    }
    box->doc.report.command = "up";
    box->doc.report.run_id = "";
    box->doc.report.disabled = 1;
    *out = &box->doc.report;
    return BRANT_OK;
}

brant_status brant_up(
    brant_report **out, brant_session *session, const brant_run_options *opts, brant_error **err)
{
    brant_run_options o;
    brant_status st = brn_options_read(&o, sizeof(o), opts, err);
    if (st != BRANT_OK) {
        return st;
    }
    if (o.startup != 0 && brant_settings_int(session->project->settings, "auto-migrate") == 0) {
        return disabled(out, session, err);
    }
    return move_with_options(out, session, "up", brn_move_plan_up, NULL, opts, err);
}

brant_status brant_down(
    brant_report **out, brant_session *session, const brant_run_options *opts, brant_error **err)
{
    return move_with_options(out, session, "down", plan_down, NULL, opts, err);
}

brant_status brant_goto(
    brant_report **out,
    brant_session *session,
    const char *to,
    const brant_run_options *opts,
    brant_error **err)
{
    if (to == NULL) {
        return brn_error(err, BRANT_EUSAGE, "plan.no_goal", "goto needs a migration");
    }
    return move_with_options(out, session, "goto", plan_goto, to, opts, err);
}

brant_status brant_redo(
    brant_report **out, brant_session *session, const brant_run_options *opts, brant_error **err)
{
    return move_with_options(out, session, "redo", plan_redo, NULL, opts, err);
}
