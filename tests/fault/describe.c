/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a call gave back, as text: everything but times, run ids and what depends on them. Hints are
 * left out, and the place of what was an error: an error may lose these when there is no memory.
 */
#include "fault/scene.h"

#include <string.h>

static const char *text_of(const char *text)
{
    return text != NULL ? text : "-";
}

static void add_migration(brn_buf *out, const char *label, const brant_migration *m)
{
    if (m == NULL) {
        return;
    }
    brn_buf_printf(
        out, "%s %s/%s %s %s %s %s %s %s %d %d %llu/%llu %s\n", label, m->database, m->id,
        m->version, text_of(m->name), m->status, text_of(m->direction), text_of(m->kind),
        text_of(m->checksum), m->late, m->partial, (unsigned long long)m->statements_done,
        (unsigned long long)m->statements_total, text_of(m->error));
    for (size_t i = 0; i < m->requires_count; i++) {
        brn_buf_printf(out, "  requires %s\n", m->requires[i]);
    }
    brn_buf_printf(out, "  %s %s\n", text_of(m->file), text_of(m->down_file));
}

static void add_migrations(
    brn_buf *out, const char *label, const brant_migration *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        add_migration(out, label, list[i]);
    }
}

static void add_findings(
    brn_buf *out, const char *label, const brant_finding *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        bool error = strcmp(list[i]->id, "round_trip.failed") == 0;
        brn_buf_printf(
            out, "%s %s %d %s %s %s: %s %u\n", label, list[i]->id, list[i]->warning,
            text_of(list[i]->database), text_of(error ? NULL : list[i]->migration),
            text_of(error ? NULL : list[i]->file), list[i]->message,
            error ? 0u : (unsigned)list[i]->line);
    }
}

static void add_lock(brn_buf *out, const brant_lock_info *lock)
{
    brn_buf_printf(
        out, "lock %s %d %lld %s %s\n", lock->database, lock->held, (long long)lock->pid,
        text_of(lock->who), text_of(lock->what));
}

static void add_overview(brn_buf *out, const brant_overview *doc)
{
    for (size_t i = 0; i < doc->count; i++) {
        const brant_database_status *db = doc->databases[i];
        brn_buf_printf(
            out, "database %s %s %s %s %s\n", db->name, db->engine, db->url, text_of(db->version),
            db->state);
        for (size_t k = 0; k < db->pending_count; k++) {
            brn_buf_printf(out, "pending %s\n", db->pending[k]);
        }
        add_migrations(out, "migration", db->migrations, db->migration_count);
        add_migrations(out, "unknown", db->unknown, db->unknown_count);
        add_migrations(out, "open", db->open, db->open_count);
        add_lock(out, &db->lock);
    }
    add_findings(out, "finding", doc->findings, doc->finding_count);
}

static void add_history(brn_buf *out, const brant_history *doc)
{
    brn_buf_printf(out, "verified %d %s\n", doc->verified, text_of(doc->problem));
    for (size_t i = 0; i < doc->count; i++) {
        const brant_history_entry *e = doc->entries[i];
        brn_buf_printf(
            out, "%s %lld %s %s %s %s %s %s %s\n", e->database, (long long)e->seq, e->action,
            text_of(e->migration), e->outcome, text_of(e->detail), text_of(e->checksum), e->who,
            e->tool);
    }
}

static void add_plan(brn_buf *out, const brant_plan *doc)
{
    for (size_t i = 0; i < doc->count; i++) {
        const brant_plan_step *step = doc->steps[i];
        add_migration(out, step->direction, step->migration);
        for (size_t k = 0; k < step->statement_count; k++) {
            const brant_plan_statement *stmt = step->statements[k];
            brn_buf_printf(
                out, "  %u %s:%u %s %u: %s\n", (unsigned)stmt->number, stmt->file,
                (unsigned)stmt->line, stmt->kind, (unsigned)stmt->transaction, stmt->text);
        }
    }
    add_findings(out, "finding", doc->findings, doc->finding_count);
}

static void add_open(
    brn_buf *out, const char *label, const brant_open_item *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        add_migration(out, label, list[i]->migration);
        brn_buf_printf(
            out, "  %llu %s %s %s %s\n", (unsigned long long)list[i]->statement,
            text_of(list[i]->statement_text), list[i]->verdict, text_of(list[i]->evidence),
            text_of(list[i]->question));
    }
}

static void add_ping(brn_buf *out, const brant_ping_result *doc)
{
    for (size_t i = 0; i < doc->count; i++) {
        const brant_ping_info *info = doc->databases[i];
        brn_buf_printf(
            out, "ping %s %s %s %s %s %s %s %s %s\n", info->database, info->engine, info->url,
            info->target, info->user, info->server_version, info->rights,
            brant_status_name(info->status), brant_error_message(info->error));
    }
}

void scene_describe(const scene *s, brn_buf *out)
{
    if (s->report != NULL) {
        brn_buf_printf(
            out, "report %s %s %s %d\n", s->report->command, text_of(s->report->version),
            text_of(s->report->previous_version), s->report->disabled);
        add_migrations(out, "applied", s->report->applied, s->report->applied_count);
        add_migrations(out, "skipped", s->report->skipped, s->report->skipped_count);
        add_migration(out, "failed", s->report->failed);
    }
    if (s->overview != NULL) {
        add_overview(out, s->overview);
    }
    if (s->history != NULL) {
        add_history(out, s->history);
    }
    if (s->plan != NULL) {
        add_plan(out, s->plan);
    }
    if (s->validation != NULL) {
        brn_buf_printf(out, "valid %d\n", s->validation->valid);
        add_findings(out, "finding", s->validation->findings, s->validation->count);
    }
    for (size_t i = 0; s->locks != NULL && i < s->locks->count; i++) {
        add_lock(out, s->locks->locks[i]);
    }
    if (s->ping != NULL) {
        add_ping(out, s->ping);
    }
    if (s->repaired != NULL) {
        const brant_repair_result *doc = s->repaired;
        add_open(out, "resolved", doc->resolved, doc->resolved_count);
        add_open(out, "open", doc->open, doc->open_count);
        add_findings(out, "accepted", doc->accepted, doc->accepted_count);
        add_findings(out, "difference", doc->differences, doc->difference_count);
    }
    for (size_t i = 0; s->health != NULL && i < s->health->count; i++) {
        const brant_health_item *item = s->health->databases[i];
        brn_buf_printf(
            out, "health %s %d %s %s\n", item->database, item->ok, text_of(item->id),
            text_of(item->reason));
    }
    for (size_t i = 0; s->files != NULL && i < s->files->count; i++) {
        brn_buf_printf(out, "file %s %s\n", text_of(s->files->id), s->files->paths[i]);
    }
}
