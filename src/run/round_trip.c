/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The round trip: every migration goes up, down and up again in a scratch database, and the schema
 * is compared at each turn. A down script that does not undo its up script is found here, and not
 * at night.
 */
#include <string.h>

#include <brant/run.h>

#include "run/findings.h"
#include "run/runner.h"

typedef struct round_trip {
    brn_run *run;
    brn_finding_list *findings;
    brn_arena *arena;
    brn_object_list before; /* the migration at hand */
    brn_object_list after;  /* it went up */
    size_t turn;            /* of the migration at hand: 0 up, 1 down, 2 up again */
    brant_status status;    /* of looking at the schema, which events cannot return */
    brant_error *failure;
} round_trip;

/* ---- comparing ---- */

static const brn_object_info *find_object(const brn_object_list *list, const brn_object_info *like)
{
    for (size_t i = 0; i < list->count; i++) {
        const brn_object_info *o = &list->items[i];
        if (strcmp(o->type, like->type) == 0 && strcmp(o->name, like->name) == 0) {
            return o;
        }
    }
    return NULL;
}

static bool same_definition(const brn_object_info *a, const brn_object_info *b)
{
    const char *left = a->definition != NULL ? a->definition : "";
    return strcmp(left, b->definition != NULL ? b->definition : "") == 0;
}

static const char *describe(brn_arena *arena, const brn_object_info *o, const char *what)
{
    return brn_arena_printf(arena, "%s \"%s\" %s", o->type, o->name, what);
}

/* The first difference in words, or NULL. */
static const char *difference(
    brn_arena *arena, const brn_object_list *want, const brn_object_list *got)
{
    for (size_t i = 0; i < got->count; i++) {
        const brn_object_info *o = find_object(want, &got->items[i]);
        if (o == NULL) {
            return describe(arena, &got->items[i], "is left behind");
        }
        if (!same_definition(o, &got->items[i])) {
            return describe(arena, o, "is not as it was");
        }
    }
    for (size_t i = 0; i < want->count; i++) {
        if (find_object(got, &want->items[i]) == NULL) {
            return describe(arena, &want->items[i], "is gone");
        }
    }
    return NULL;
}

/* ---- following the run ---- */

static brn_object_list snapshot(round_trip *t)
{
    brn_object_list list = { 0 };
    brn_conn *conn = t->run->session->targets[0].conn;
    if (t->status == BRANT_OK) {
        t->status = conn->engine->objects(&list, t->arena, conn, &t->failure);
    }
    return list;
}

static void compare(round_trip *t, const brant_event *ev, const brn_object_list *want)
{
    brn_object_list got = snapshot(t);
    const char *what = t->status == BRANT_OK ? difference(t->arena, want, &got) : NULL;
    if (what == NULL) {
        return;
    }
    bool down = t->turn == 1;
    brn_finding_put(
        t->findings, t->arena,
        &(brant_finding){
            .id = down ? "round_trip.not_undone" : "round_trip.not_repeated",
            .database = brn_arena_strdup(t->arena, ev->database),
            .migration = brn_arena_strdup(t->arena, ev->migration),
            .file = ev->file != NULL ? brn_arena_strdup(t->arena, ev->file) : NULL,
            .message = brn_arena_printf(
                t->arena, "\"%s\": after %s %s", ev->migration,
                down ? "up and down" : "up, down and up", what),
            .hint = "Mend the down script: it must leave the schema as the up script found it.",
        });
}

static void on_event(const brant_event *ev, void *user)
{
    round_trip *t = user;
    if (ev->type != BRANT_EVENT_MIGRATION_END || ev->status != BRANT_OK) {
        return;
    }
    if (strcmp(ev->direction, "down") == 0) {
        t->turn = 1;
        compare(t, ev, &t->before);
    } else if (t->turn == 1) {
        t->turn = 2;
        compare(t, ev, &t->after);
    } else {
        t->before = t->after;
        t->after = snapshot(t);
        t->turn = 0;
        return;
    }
    t->turn = t->turn == 2 ? 0 : t->turn;
}

/* ---- the plan ---- */

static void add(brn_steps_plan *plan, const brn_run *run, brn_migration *m, brn_direction direction)
{
    brn_step *step = BRN_VEC_PUSH(run->arena, &plan->steps);
    if (step != NULL) {
        step->migration = m;
        step->direction = direction;
    }
}

/* Up, and where there is a down script down and up again. Manual ones are passed by. */
static brant_status plan_round_trip(brn_steps_plan *out, const brn_run *run, brant_error **err)
{
    for (size_t i = 0; i < run->world->graph.order.count; i++) {
        brn_migration *m = run->world->graph.order.items[i];
        if (brn_source_is_manual(m->source)) {
            continue;
        }
        add(out, run, m, BRN_UP);
        if (m->source->down_path != NULL) {
            add(out, run, m, BRN_DOWN);
            add(out, run, m, BRN_UP);
        }
    }
    return run->arena->oom ? brn_error_oom(err) : BRANT_OK;
}

/* ---- one database ---- */

static void note_missing_downs(round_trip *t, const brn_world *world)
{
    for (size_t i = 0; i < world->graph.order.count; i++) {
        const brn_migration *m = world->graph.order.items[i];
        bool wants_down = !brn_source_is_manual(m->source) && !m->source->props->repeatable;
        if (m->source->down_path == NULL && wants_down) {
            brn_finding_put(
                t->findings, t->arena,
                &(brant_finding){
                    .id = "round_trip.no_down",
                    .warning = 1,
                    .database = world->graph.databases[m->database].name,
                    .migration = m->id,
                    .file = m->source->up_path,
                    .message = brn_arena_printf(t->arena, "\"%s\" has no down script", m->id),
                    .hint = "Write one, so that it can be undone.",
                });
        }
    }
}

static void note_failure(round_trip *t, const char *database, const brant_error *failure)
{
    const char *hint = brant_error_hint(failure);
    const char *file = brant_error_file(failure);
    const char *migration = brant_error_migration(failure);
    brn_finding_put(
        t->findings, t->arena,
        &(brant_finding){
            .id = "round_trip.failed",
            .database = database,
            .migration = migration != NULL ? brn_arena_strdup(t->arena, migration) : NULL,
            .message = brn_arena_printf(
                t->arena, "the round trip stops here: %s", brant_error_message(failure)),
            .hint = hint != NULL ? brn_arena_strdup(t->arena, hint) : NULL,
            .file = file != NULL ? brn_arena_strdup(t->arena, file) : NULL,
            .line = brant_error_line(failure),
            .column = brant_error_column(failure),
        });
}

/* A project of one database: the same migrations and settings, another place. */
static brant_status open_scratch(
    brant_session **out,
    brant_project *scratch,
    brn_project_db *db,
    const brn_target *target,
    brant_error **err)
{
    *db = *target->db;
    scratch->settings = target->db->settings;
    const char *url = target->engine->scratch_url;
    brant_status st = brn_url_parse(&db->url, &scratch->arena, brn_str_from(url), err);
    brn_project_db **slot = BRN_VEC_PUSH(&scratch->arena, &scratch->selected);
    if (st == BRANT_OK && slot == NULL) {
        st = brn_error_oom(err);
    }
    if (st == BRANT_OK && slot != NULL) {
        *slot = db;
        st = brant_session_open(out, scratch, NULL, err);
    }
    return st;
}

static brant_status run_scratch(
    brn_box *result, brn_finding_list *findings, brant_session *scratch, brant_error **err)
{
    brn_box *box = brn_box_new();
    if (box == NULL) {
        return brn_error_oom(err);
    }
    brn_world world;
    brn_run run;
    memset(&world, 0, sizeof(world));
    brn_run_init(&run, scratch, &world, box, "round trip");
    run.planner = plan_round_trip;
    run.one_by_one = true;
    round_trip t = { .run = &run, .findings = findings, .arena = &result->arena };
    scratch->emitter.fn = on_event;
    scratch->emitter.user = &t;
    brant_error *failure = NULL;
    brant_status st = brn_run_execute(&run, box, &failure);
    note_missing_downs(&t, &world);
    if (st == BRANT_ESTATEMENT) { /* the others are not about the migrations */
        note_failure(&t, brn_target_name(&scratch->targets[0]), failure);
        st = BRANT_OK;
    }
    if (st == BRANT_OK && t.status != BRANT_OK) {
        brant_error_free(failure);
        failure = t.failure;
        t.failure = NULL;
        st = t.status;
    }
    if (st != BRANT_OK && err != NULL) {
        *err = failure;
        failure = NULL;
    }
    brant_error_free(failure);
    brant_error_free(t.failure);
    /* Findings borrow texts of the box: they are copied with it. */
    brn_findings_own(findings, &result->arena);
    brn_box_free(box);
    return st;
}

static brant_status round_trip_of(
    brn_box *result, brn_finding_list *findings, const brn_target *target, brant_error **err)
{
    if (target->engine->scratch_url == NULL || (target->engine->caps & BRN_CAP_OBJECTS) == 0) {
        brant_status st = brn_error(
            err, BRANT_EUNSUPPORTED, "round_trip.unsupported",
            "engine \"%s\" has no scratch databases", target->engine->name);
        brn_error_hint(
            err,
            "Take an empty database by its URL (--database), and run there \"brant up\", \"brant "
            "down --all\" and \"brant up\".");
        return st;
    }
    brant_project scratch = { 0 };
    brn_project_db db = { 0 };
    brant_session *session = NULL;
    brant_status st = open_scratch(&session, &scratch, &db, target, err);
    if (st == BRANT_OK) {
        brn_control_follow(&session->control, &target->session->control);
        st = run_scratch(result, findings, session, err);
    }
    brant_session_close(session);
    brn_arena_release(&scratch.arena);
    return st;
}

brant_status brant_round_trip(brant_validation **out, brant_session *session, brant_error **err)
{
    brn_box *box = brn_box_new();
    if (box == NULL) {
        return brn_error_oom(err);
    }
    brn_finding_list findings = { 0 };
    brant_status st = BRANT_OK;
    for (size_t i = 0; i < session->count && st == BRANT_OK; i++) {
        st = round_trip_of(box, &findings, &session->targets[i], err);
    }
    if (st == BRANT_OK && box->arena.oom) {
        st = brn_error_oom(err);
    }
    if (st == BRANT_OK) {
        brn_findings_fill(&box->doc.validation, &findings);
    }
    if (st == BRANT_OK && out != NULL) {
        *out = &box->doc.validation;
    } else {
        brn_box_free(box);
    }
    return st;
}
