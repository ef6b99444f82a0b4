/* SPDX-License-Identifier: Apache-2.0 */
#include "run/apply.h"

#include <string.h>

#include <brant/run.h>

#include "core/settings.h"

static const char *tx_of(const brn_run *run, size_t target)
{
    static const char *const words[] = {
        [BRN_TX_EACH] = "each", [BRN_TX_ALL] = "all", [BRN_TX_NONE] = "none"
    };
    return words[brn_run_tx(run, target)];
}

brant_status brn_apply_note(
    const void **out, const brn_run *run, const brn_move_goal *goal, brant_error **err)
{
    brn_arena *arena = run->arena;
    brn_saved *saved = brn_arena_alloc(arena, sizeof(*saved));
    brant_status st = saved == NULL ? brn_error_oom(err) : BRANT_OK;
    for (size_t i = 0; i < run->session->count && st == BRANT_OK; i++) {
        char state[BRN_DIGEST_HEX + 1];
        brn_saved_database *db = BRN_VEC_PUSH(arena, &saved->databases);
        st = db == NULL ? brn_error_oom(err)
                        : brn_saved_state(state, &run->world->ledgers[i].rows, err);
        if (st == BRANT_OK) {
            db->name = run->world->graph.databases[i].name;
            db->engine = run->session->targets[i].engine->name;
            db->tx = tx_of(run, i);
            db->state = brn_arena_strdup(arena, state);
        }
    }
    if (st == BRANT_OK) {
        saved->count = goal->count;
        saved->to = goal->to != NULL ? brn_arena_strdup(arena, goal->to) : NULL;
        st = arena->oom ? brn_error_oom(err) : BRANT_OK;
        *out = saved;
    }
    return st;
}

/* ---- comparing ---- */

static brant_status refused(brant_error **err, const char *database, const char *migration)
{
    brn_error_subject(err, database, migration);
    brn_error_detail(err, "Nothing was run.");
    brn_error_hint(err, "Make the plan again with \"brant plan -o FILE\", and review it again.");
    return BRANT_EDRIFT;
}

static brant_status check_database(
    const brn_run *run, const brn_saved_database *saved, brant_error **err)
{
    for (size_t i = 0; i < run->session->count; i++) {
        const char *name = run->world->graph.databases[i].name;
        char state[BRN_DIGEST_HEX + 1];
        if (strcmp(name, saved->name) != 0) {
            continue;
        }
        brant_status st = brn_saved_state(state, &run->world->ledgers[i].rows, err);
        if (st != BRANT_OK) {
            return st;
        }
        if (strcmp(run->session->targets[i].engine->name, saved->engine) != 0) {
            brn_error(
                err, BRANT_EDRIFT, "apply.database",
                "database \"%s\" is of kind %s, and the plan was made for %s", name,
                run->session->targets[i].engine->name, saved->engine);
            return refused(err, name, NULL);
        }
        if (strcmp(state, saved->state) != 0) {
            brn_error(
                err, BRANT_EDRIFT, "apply.database",
                "what is recorded in database \"%s\" has changed since the plan was made", name);
            return refused(err, name, NULL);
        }
        return BRANT_OK;
    }
    brn_error(
        err, BRANT_EDRIFT, "apply.database", "the plan is for database \"%s\", which is not here",
        saved->name);
    return refused(err, saved->name, NULL);
}

static brant_status check_databases(const brn_run *run, const brn_saved *saved, brant_error **err)
{
    brant_status st = BRANT_OK;
    for (size_t i = 0; i < saved->databases.count && st == BRANT_OK; i++) {
        st = check_database(run, &saved->databases.items[i], err);
    }
    return st;
}

static const brn_migration *find_exactly(const brn_run *run, const char *database, const char *id)
{
    for (size_t i = 0; i < run->world->graph.database_count; i++) {
        const brn_graph_database *db = &run->world->graph.databases[i];
        if (strcmp(db->name, database) == 0) {
            return brn_graph_by_id(db, brn_str_from(id));
        }
    }
    return NULL;
}

static brant_status check_file(const brn_run *run, const brn_saved_step *step, brant_error **err)
{
    const brn_migration *m = find_exactly(run, step->database, step->id);
    if (m != NULL && strcmp(m->source->up_digest, step->checksum) == 0) {
        return BRANT_OK;
    }
    brn_error(
        err, BRANT_EDRIFT, "apply.files", "\"%s\" %s since the plan was made", step->id,
        m == NULL ? "is gone" : "was edited");
    brn_error_at(err, m != NULL ? m->source->up_path : NULL, 0, 0);
    return refused(err, step->database, step->id);
}

static bool is_same_step(const brn_run *run, const brn_step *now, const brn_saved_step *then)
{
    const char *database = run->world->graph.databases[now->migration->database].name;
    return strcmp(now->migration->id, then->id) == 0 && strcmp(database, then->database) == 0 &&
           strcmp(brn_direction_name(now->direction), then->direction) == 0 &&
           (now->manual || now->blocked) == then->manual;
}

/* The first step where the two part. */
static brant_status check_steps(
    const brn_run *run, const brn_steps_plan *plan, const brn_saved *saved, brant_error **err)
{
    size_t same = 0;
    while (same < plan->steps.count && same < saved->steps.count &&
           is_same_step(run, &plan->steps.items[same], &saved->steps.items[same])) {
        same++;
    }
    if (same < plan->steps.count) {
        const brn_migration *m = plan->steps.items[same].migration;
        brn_error(
            err, BRANT_EDRIFT, "apply.files",
            "\"%s\" would run now, and is not in the plan at that place", m->id);
        brn_error_at(err, m->source->up_path, 0, 0);
        return refused(err, run->world->graph.databases[m->database].name, m->id);
    }
    if (same < saved->steps.count) {
        const brn_saved_step *then = &saved->steps.items[same];
        brn_error(
            err, BRANT_EDRIFT, "apply.files", "\"%s\" is in the plan, and would not run now",
            then->id);
        return refused(err, then->database, then->id);
    }
    return BRANT_OK;
}

static brant_status check_settings(const brn_run *run, const brn_saved *saved, brant_error **err)
{
    for (size_t i = 0; i < saved->databases.count; i++) {
        const brn_saved_database *db = &saved->databases.items[i];
        for (size_t t = 0; t < run->session->count; t++) {
            if (strcmp(run->world->graph.databases[t].name, db->name) == 0 &&
                strcmp(tx_of(run, t), db->tx) != 0) {
                brn_error(
                    err, BRANT_EDRIFT, "apply.settings",
                    "the plan was made with --tx %s, and the setting is %s now", db->tx,
                    tx_of(run, t));
                return refused(err, db->name, NULL);
            }
        }
    }
    return BRANT_OK;
}

static brant_status plan_saved(brn_steps_plan *out, const brn_run *run, brant_error **err)
{
    const brn_saved *saved = run->goal;
    brn_plan_goal goal = { .count = saved->count };
    brant_status st = check_databases(run, saved, err);
    for (size_t i = 0; i < saved->steps.count && st == BRANT_OK; i++) {
        st = check_file(run, &saved->steps.items[i], err);
    }
    if (st == BRANT_OK && saved->to != NULL) {
        goal.to = brn_graph_find(&run->world->graph, SIZE_MAX, saved->to, err);
        st = goal.to == NULL ? BRANT_EUSAGE : BRANT_OK;
    }
    if (st == BRANT_OK) {
        st = brn_plan_up(out, &run->world->graph, &goal, err);
    }
    return st == BRANT_OK ? check_steps(run, out, saved, err) : st;
}

/* Placeholders may have other values, and the plan may have been edited. */
static brant_status verify_step(
    const brn_run *run, size_t index, const brn_compiled *c, brant_error **err)
{
    const brn_saved *saved = run->goal;
    const brn_saved_step *step = &saved->steps.items[index];
    size_t at = 0;
    brant_status st = check_settings(run, saved, err);
    for (size_t i = 0; i < c->program.ops.count && st == BRANT_OK; i++) {
        const brn_op *op = &c->program.ops.items[i];
        const brn_saved_statement *then =
            at < step->statements.count ? &step->statements.items[at] : NULL;
        if (op->type != BRN_OP_STATEMENT) {
            continue;
        }
        if (then != NULL && then->number == op->number && brn_str_eq(then->text, op->sql)) {
            at++;
        } else if (op->number > step->resume_after) {
            brn_error(
                err, BRANT_EDRIFT, "apply.statements",
                "statement %u of \"%s\" is not the one in the plan", op->number, step->id);
            brn_error_at(err, c->script.file, op->stmt->line, op->stmt->column);
            return refused(err, step->database, step->id);
        }
    }
    if (st == BRANT_OK && at < step->statements.count) {
        brn_error(
            err, BRANT_EDRIFT, "apply.statements", "the plan has more statements of \"%s\"",
            step->id);
        return refused(err, step->database, step->id);
    }
    return st;
}

brant_status brant_apply(
    brant_report **out,
    brant_session *session,
    const char *text,
    size_t len,
    const char *file,
    const brant_run_options *opts,
    brant_error **err)
{
    brant_run_options o;
    brn_saved saved;
    brn_world world;
    brn_run run;
    brant_status st = brn_options_read(&o, sizeof(o), opts, err);
    brn_box *box = st == BRANT_OK ? brn_box_new() : NULL;
    if (box == NULL) {
        return st != BRANT_OK ? st : brn_error_oom(err);
    }
    st = brn_saved_read(&saved, &box->arena, (brn_str){ text, len }, file, err);
    if (st != BRANT_OK) {
        brn_box_free(box);
        return st;
    }
    memset(&world, 0, sizeof(world));
    brn_run_init(&run, session, &world, box, "apply");
    run.planner = plan_saved;
    run.verifier = verify_step;
    run.goal = &saved;
    run.going_up = true;
    run.dry_run = o.dry_run != 0;
    st = brn_run_execute(&run, box, err);
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
