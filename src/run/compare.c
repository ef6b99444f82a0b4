/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Comparing files and ledgers: what was edited, renamed, removed, left out or left half done.
 */
#include <string.h>

#include "core/settings.h"
#include "run/mirror.h"
#include "run/world.h"

static brant_finding *add_finding(
    brn_world *world, size_t target, const char *id, const char *migration, const char *message)
{
    if (message == NULL) {
        return NULL;
    }
    return brn_finding_put(
        &world->findings, world->arena,
        &(brant_finding){
            .id = id,
            .database = world->graph.databases[target].name,
            .migration = migration,
            .message = message,
        });
}

static void check_edited(brn_world *world, size_t target, const brn_migration *m)
{
    const brn_ledger_row *row = m->row;
    if (m->state != BRN_STATE_DONE || row->checksum == NULL || row->checksum[0] == '\0' ||
        strcmp(row->checksum, m->source->up_digest) == 0) {
        return;
    }
    brant_finding *f = add_finding(
        world, target, "ledger.checksum_mismatch", m->id,
        brn_arena_printf(world->arena, "\"%s\" was edited after it had been applied", m->id));
    if (f != NULL) {
        f->file = m->source->up_path;
        f->hint =
            "Restore the file as it was applied and put the change into a new migration; or, "
            "if the file is right and the database has it too, record that with \"brant repair "
            "--accept-files\".";
    }
}

static void check_open(brn_world *world, size_t target, const brn_migration *m)
{
    const brn_ledger_row *row = m->row;
    if (row == NULL || row->status == BRN_ROW_COMPLETED) {
        return;
    }
    bool partial = m->state == BRN_STATE_PARTIAL_UP || m->state == BRN_STATE_PARTIAL_DOWN;
    if (row->status == BRN_ROW_RUNNING && (!partial || world->at_work[target])) {
        return; /* rolled back, never begun, manual, or a run is at it right now: simply run */
    }
    const char *what = row->status == BRN_ROW_FAILED ? "failed" : "was interrupted";
    const char *where = row->direction == BRN_DOWN ? "its undo " : "";
    const char *message =
        partial ? brn_arena_printf(
                      world->arena, "\"%s\": %s%s after %lld of %lld statements", m->id, where,
                      what, (long long)row->stmts_done, (long long)row->stmts_total)
                : brn_arena_printf(
                      world->arena, "\"%s\": %s%s and was rolled back", m->id, where, what);
    brant_finding *f =
        add_finding(world, target, partial ? "ledger.half_done" : "ledger.failed", m->id, message);
    if (f != NULL) {
        f->file = row->direction == BRN_DOWN ? m->source->down_path : m->source->up_path;
        f->hint =
            row->direction == BRN_DOWN
                ? "Mend the down script and run \"brant down\" again, or see \"brant repair\"."
                : "Mend the file and run \"brant up\" again, or see \"brant repair\".";
    }
}

static void missing_file(
    brn_world *world, size_t target, const brn_ledger_row *row, const brn_graph_database *db)
{
    const brn_migration *last = db->items.count > 0 ? db->items.items[db->items.count - 1] : NULL;
    bool newer = last == NULL ||
                 (row->version != NULL &&
                  brn_version_compare(brn_str_from(row->version), brn_str_from(last->version)) > 0);
    brant_finding *f = add_finding(
        world, target, newer ? "ledger.newer_migration" : "ledger.missing_file", row->id,
        newer
            ? brn_arena_printf(
                  world->arena, "\"%s\" is recorded, but newer than every file here", row->id)
            : brn_arena_printf(world->arena, "\"%s\" is recorded, but its file is gone", row->id));
    if (f == NULL) {
        return;
    }
    const brant_settings *settings = brn_target_settings(&world->session->targets[target]);
    bool lenient = strcmp(brant_settings_text(settings, "missing-files"), "warn") == 0;
    f->warning = newer || lenient;
    f->hint = newer
                  ? "A newer version of the project has migrated this database; that is fine "
                    "while an older one still runs."
                  : brn_arena_printf(
                        world->arena,
                        "Bring the file back; or, if the migration is to be forgotten, run "
                        "\"brant mark %s --as pending\"; --missing-files warn goes on without it.",
                        row->id);
}

/* Half done, and no file says how to go on or back. */
static void half_done_without_file(brn_world *world, size_t target, const brn_ledger_row *row)
{
    brant_finding *f = add_finding(
        world, target, "ledger.half_done", row->id,
        brn_arena_printf(
            world->arena, "\"%s\" is half done (%lld of %lld statements), and its file is gone",
            row->id, (long long)row->stmts_done, (long long)row->stmts_total));
    if (f != NULL) {
        f->hint = brn_arena_printf(
            world->arena,
            "Bring the file back and run \"brant up\"; or undo by hand what it did and forget it "
            "with \"brant mark %s --as pending\".",
            row->id);
    }
}

/* A function of the program: the command has no file of it and needs none. */
static void code_elsewhere(brn_world *world, size_t target, const brn_ledger_row *row)
{
    brant_finding *f = add_finding(
        world, target, "ledger.code_elsewhere", row->id,
        brn_arena_printf(
            world->arena, "\"%s\" is a function of a program that is not this one", row->id));
    if (f != NULL) {
        f->warning = 1;
        f->hint = brn_arena_printf(
            world->arena,
            "That is fine. A file of that id with nothing but \"-- brant: kind=code\" in it tells "
            "people and this command where it belongs.");
    }
}

static void check_unknown(brn_world *world, size_t target, const brn_ledger_row *row)
{
    const brn_graph_database *db = &world->graph.databases[target];
    const brn_migration *m = brn_graph_renamed(db, row);
    brn_state state = brn_state_of(row);
    if (state == BRN_STATE_PENDING) {
        return; /* rolled back: as if it had never been */
    }
    if (row->kind != NULL && strcmp(row->kind, brn_kind_name(BRN_KIND_CODE)) == 0) {
        code_elsewhere(world, target, row);
        return;
    }
    if (row->status == BRN_ROW_RUNNING && world->at_work[target]) {
        return; /* a run that has its file is at it */
    }
    if (state != BRN_STATE_DONE) {
        half_done_without_file(world, target, row);
        return;
    }
    if (m == NULL) {
        missing_file(world, target, row, db);
        return;
    }
    brant_finding *f = add_finding(
        world, target, "ledger.renamed", row->id,
        brn_arena_printf(
            world->arena, "\"%s\" was applied under that name; its file is now \"%s\"", row->id,
            m->id));
    if (f != NULL) {
        f->file = m->source->up_path;
        f->hint = "Rename the file back, or record the new name with \"brant repair "
                  "--accept-files\".";
    }
}

static void check_late(brn_world *world, size_t target, const brn_migration *m)
{
    if (!m->late) {
        return;
    }
    const brant_settings *settings = brn_target_settings(&world->session->targets[target]);
    const char *policy = brant_settings_text(settings, "out-of-order");
    brant_finding *f = add_finding(
        world, target, "plan.late", m->id,
        brn_arena_printf(
            world->arena, "\"%s\" is below the newest applied migration, but was never applied",
            m->id));
    if (f != NULL) {
        f->file = m->source->up_path;
        f->warning = strcmp(policy, "error") != 0;
        f->hint = "Give the file a number above the newest one, or run it with --out-of-order run.";
    }
}

/* Whoever wrote there may have done what the files here would do again. */
static void check_mirror(brn_world *world, size_t target)
{
    const brn_mirror_view *view = &world->mirrors[target];
    const char *table = brn_mirror_table(view->mirror);
    brant_finding *f = NULL;
    if (view->ahead > 0) {
        f = add_finding(
            world, target, "mirror.ahead", NULL,
            brn_arena_printf(
                world->arena, "table %s has %zu version%s that brant has not recorded, first %lld",
                table, view->ahead, view->ahead > 1 ? "s" : "", (long long)view->first_ahead));
    }
    if (f != NULL) {
        f->hint = brn_arena_printf(
            world->arena, "Record what is there as applied with \"brant adopt --from %s\".",
            brn_mirror_name(view->mirror));
    }
    f = view->behind == 0
            ? NULL
            : add_finding(
                  world, target, "mirror.behind", NULL,
                  brn_arena_printf(
                      world->arena, "table %s lacks %zu version%s that brant has recorded", table,
                      view->behind, view->behind > 1 ? "s" : ""));
    if (f != NULL) {
        f->warning = 1;
        f->hint = "\"brant up\" adds what is missing.";
    }
}

brant_status brn_world_compare(brn_world *world, brant_error **err)
{
    world->findings.count = 0;
    for (size_t t = 0; t < world->graph.database_count; t++) {
        const brn_graph_database *db = &world->graph.databases[t];
        for (size_t i = 0; i < db->items.count; i++) {
            check_edited(world, t, db->items.items[i]);
            check_open(world, t, db->items.items[i]);
        }
        for (size_t i = 0; i < db->unknown.count; i++) {
            check_unknown(world, t, db->unknown.items[i]);
        }
        check_mirror(world, t);
        for (size_t i = 0; i < db->items.count; i++) {
            check_late(world, t, db->items.items[i]);
        }
    }
    return world->arena->oom ? brn_error_oom(err) : BRANT_OK;
}

/* Late ones are the plan's business (it knows which are wanted), open ones the runner's. */
static bool stands_in_the_way(const brant_finding *f)
{
    static const char *const ids[] = { "ledger.checksum_mismatch", "ledger.renamed",
                                       "ledger.missing_file", "mirror.ahead" };
    for (size_t i = 0; i < BRN_ARRAY_LEN(ids) && !f->warning; i++) {
        if (strcmp(f->id, ids[i]) == 0) {
            return true;
        }
    }
    /* With a file the runner resumes it; without one nobody can. */
    return strcmp(f->id, "ledger.half_done") == 0 && f->file == NULL;
}

brant_status brn_world_refuse(brn_world *world, brant_error **err)
{
    const brant_finding *first = NULL;
    size_t more = 0;
    for (size_t i = 0; i < world->findings.count; i++) {
        const brant_finding *f = world->findings.items[i];
        if (f->warning && !world->warned) {
            brn_emit_warning(&world->session->emitter, f->database, f->id, "%s", f->message);
        } else if (stands_in_the_way(f)) {
            more += first != NULL ? 1 : 0;
            first = first != NULL ? first : f;
        }
    }
    world->warned = true;
    if (first == NULL) {
        return BRANT_OK;
    }
    brn_error(err, BRANT_EDRIFT, first->id, "%s", first->message);
    brn_error_at(err, first->file, 0, 0);
    brn_error_subject(err, first->database, first->migration);
    brn_error_hint(err, "%s", first->hint);
    if (more > 0) {
        brn_error_detail(
            err, "There are %zu more differences; \"brant validate\" lists them. Nothing was run.",
            more);
    } else {
        brn_error_detail(err, "Nothing was run.");
    }
    return BRANT_EDRIFT;
}
