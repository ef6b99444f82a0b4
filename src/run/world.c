/* SPDX-License-Identifier: Apache-2.0 */
#include "run/world.h"

#include <string.h>

#include "core/settings.h"
#include "run/mirror.h"

/* Of each database: enough for what is pending as a rule, and little beside the files' own cost. */
#define KEEP_BYTES ((size_t)12 << 20)

size_t brn_target_max_file(const brn_target *target)
{
    return (size_t)brant_settings_int(brn_target_settings(target), "max-file-size");
}

static brn_late_policy late_policy(const brn_target *target)
{
    const char *text = brant_settings_text(brn_target_settings(target), "out-of-order");
    if (strcmp(text, "run") == 0) {
        return BRN_LATE_RUN;
    }
    return strcmp(text, "ignore") == 0 ? BRN_LATE_IGNORE : BRN_LATE_ERROR;
}

static void emit_notes(brant_session *session, const brn_target *target, const brn_source_set *set)
{
    for (size_t i = 0; i < set->notes.count; i++) {
        const brn_note *note = &set->notes.items[i];
        if (note->warning) {
            brn_emit_warning(
                &session->emitter, brn_target_name(target), note->id, "%s", note->text);
        } else {
            brn_emit_notice(&session->emitter, brn_target_name(target), note->id, "%s", note->text);
        }
    }
}

static brant_status read_sources(brn_world *world, size_t i, brant_error **err)
{
    brn_target *target = &world->session->targets[i];
    const brant_settings *settings = brn_target_settings(target);
    brn_layout_options opts = {
        .dir = target->db->info.migrations,
        .layout = brant_settings_text(settings, "layout"),
        .dialect = target->engine->dialect,
        .max_file_bytes = brn_target_max_file(target),
        .allow_version_zero = brant_settings_int(settings, "allow-version-zero") != 0,
        .allow_equal_versions = brant_settings_int(settings, "allow-equal-versions") != 0,
        .keep_bytes = KEEP_BYTES,
        .may_be_missing =
            target->given.count > 0 &&
            brant_settings_origin(settings, "migrations", NULL) == BRANT_ORIGIN_DEFAULT,
        .given = target->given.items,
        .given_count = target->given.count,
    };
    brant_status st = brn_layout_read(&world->sources[i], world->arena, &opts, err);
    if (st == BRANT_OK) {
        emit_notes(world->session, target, &world->sources[i]);
    } else {
        brn_error_subject(err, brn_target_name(target), NULL);
    }
    return st;
}

static brant_status read_ledger(
    brn_world *world, size_t i, brn_ledger_detail detail, brant_error **err)
{
    brn_target *target = &world->session->targets[i];
    brant_status st = brn_session_connect(world->session, target, 0, err);
    memset(&world->ledgers[i], 0, sizeof(world->ledgers[i]));
    if (st == BRANT_OK && !target->missing) {
        world->session->round_trips++;
        st = target->conn->engine->ledger_read(
            &world->ledgers[i], world->arena, target->conn, detail, err);
    }
    if (st != BRANT_OK) {
        brn_error_subject(err, brn_target_name(target), NULL);
        return st;
    }
    brn_graph_join(&world->graph, i, &world->ledgers[i].rows);
    bool mirrored = world->mirrors[i].mirror != BRN_MIRROR_NONE && !target->missing;
    return mirrored ? brn_mirror_look(world, i, err) : BRANT_OK;
}

/* Whether every row is of a migration here that is done: then nobody asks for more of it. */
static bool all_done(const brn_graph_database *db)
{
    for (size_t i = 0; i < db->items.count; i++) {
        const brn_migration *m = db->items.items[i];
        if (m->row != NULL && (m->state != BRN_STATE_DONE || m->row->status != BRN_ROW_COMPLETED)) {
            return false;
        }
    }
    return db->unknown.count == 0;
}

static brant_status look_at_ledger(
    brn_world *world, size_t i, brn_ledger_detail detail, brant_error **err)
{
    brant_status st = read_ledger(world, i, detail, err);
    if (st == BRANT_OK && detail == BRN_LEDGER_BRIEF && !all_done(&world->graph.databases[i])) {
        st = read_ledger(world, i, BRN_LEDGER_FULL, err);
    }
    return st;
}

static void warn_elsewhere(const brn_world *world, size_t i)
{
    if (world->ledgers[i].elsewhere != NULL) {
        brn_emit_warning(
            &world->session->emitter, world->graph.databases[i].name, "ledger.elsewhere",
            "there is another ledger in \"%s\"; the setting ledger-schema chooses",
            world->ledgers[i].elsewhere);
    }
}

brant_status brn_world_load(
    brn_world *out,
    brant_session *session,
    brn_arena *arena,
    brn_ledger_detail detail,
    brant_error **err)
{
    memset(out, 0, sizeof(*out));
    out->session = session;
    out->arena = arena;
    out->sources = brn_arena_array(arena, session->count, sizeof(*out->sources));
    out->ledgers = brn_arena_array(arena, session->count, sizeof(*out->ledgers));
    out->mirrors = brn_arena_array(arena, session->count, sizeof(*out->mirrors));
    out->at_work = brn_arena_array(arena, session->count, sizeof(*out->at_work));
    brn_graph_input *inputs = brn_arena_array(arena, session->count, sizeof(*inputs));
    if (arena->oom) {
        return brn_error_oom(err);
    }
    for (size_t i = 0; i < session->count; i++) {
        brant_status st = read_sources(out, i, err);
        if (st != BRANT_OK) {
            return st;
        }
        /* A copy: documents that show it may outlive the project. */
        inputs[i].name = brn_arena_strdup(arena, brn_target_name(&session->targets[i]));
        inputs[i].sources = &out->sources[i];
    }
    if (arena->oom) {
        return brn_error_oom(err);
    }
    brant_status st = brn_graph_build(&out->graph, arena, inputs, session->count, err);
    for (size_t i = 0; i < session->count && st == BRANT_OK; i++) {
        out->graph.databases[i].late = late_policy(&session->targets[i]);
        out->mirrors[i].mirror = session->targets[i].mirror;
        st = look_at_ledger(out, i, detail, err);
        if (st == BRANT_OK) {
            warn_elsewhere(out, i);
        }
    }
    return st == BRANT_OK ? brn_world_compare(out, err) : st;
}

brant_status brn_world_refresh(brn_world *world, size_t target, brant_error **err)
{
    brant_status st = read_ledger(world, target, BRN_LEDGER_FULL, err);
    return st == BRANT_OK ? brn_world_compare(world, err) : st;
}
