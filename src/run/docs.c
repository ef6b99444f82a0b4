/* SPDX-License-Identifier: Apache-2.0 */
#include "run/docs.h"

static void fill_from_row(brant_migration *doc, const brn_ledger_row *row)
{
    doc->status = brn_row_status_name(row->status);
    doc->direction = brn_direction_name(row->direction);
    doc->statements_done = (uint64_t)row->stmts_done;
    doc->statements_total = (uint64_t)row->stmts_total;
    doc->started_us = row->started_us;
    doc->finished_us = row->finished_us;
    doc->duration_ms = row->duration_ms;
    doc->error = row->error;
    doc->seq = row->seq;
}

static const char *text_or_empty(const char *text)
{
    return text != NULL ? text : "";
}

static void fill_requires(brant_migration *doc, const brn_world *world, const brn_migration *m)
{
    const char **ids = brn_arena_array(world->arena, m->requires.count, sizeof(*ids));
    for (size_t i = 0; i < m->requires.count && ids != NULL; i++) {
        const brn_migration *parent = m->requires.items[i];
        ids[i] = parent->database == m->database
                     ? parent->id
                     : brn_arena_printf(
                           world->arena, "%s:%s", world->graph.databases[parent->database].name,
                           parent->id);
    }
    doc->requires = ids;
    doc->requires_count = ids != NULL ? m->requires.count : 0;
}

brant_migration *brn_doc_migration(const brn_world *world, const brn_migration *m)
{
    brant_migration *doc = brn_arena_alloc(world->arena, sizeof(*doc));
    if (doc == NULL) {
        return NULL;
    }
    const brn_source *source = m->source;
    doc->database = world->graph.databases[m->database].name;
    doc->id = m->id;
    doc->version = m->version;
    doc->name = source->name;
    doc->status = "pending";
    doc->direction = "up";
    doc->duration_ms = -1;
    if (m->row != NULL) {
        fill_from_row(doc, m->row);
    }
    if (brn_graph_outdated(m)) {
        doc->status = "pending";
    }
    doc->kind = brn_kind_name(source->props->kind);
    doc->phase = brn_phase_name(source->props->phase);
    doc->required = source->props->required ? 1 : 0;
    doc->min_read_version = source->props->min_read_version;
    doc->checksum = source->up_digest;
    doc->file = source->up_path;
    doc->down_file = source->down_path;
    doc->help = source->props->help;
    doc->repeatable = source->props->repeatable ? 1 : 0;
    doc->late = m->late ? 1 : 0;
    doc->partial = m->state == BRN_STATE_PARTIAL_UP || m->state == BRN_STATE_PARTIAL_DOWN ? 1 : 0;
    fill_requires(doc, world, m);
    return doc;
}

brant_migration *brn_doc_unknown(const brn_world *world, size_t target, const brn_ledger_row *row)
{
    brant_migration *doc = brn_arena_alloc(world->arena, sizeof(*doc));
    if (doc == NULL) {
        return NULL;
    }
    doc->database = world->graph.databases[target].name;
    doc->id = row->id;
    doc->version = text_or_empty(row->version);
    doc->name = "";
    doc->kind = text_or_empty(row->kind);
    doc->phase = text_or_empty(row->phase);
    doc->required = row->required ? 1 : 0;
    doc->min_read_version = row->min_read_version;
    doc->checksum = text_or_empty(row->checksum);
    fill_from_row(doc, row);
    return doc;
}

void brn_doc_add(brn_doc_list *list, brn_arena *arena, const brant_migration *doc)
{
    const brant_migration **slot = doc != NULL ? BRN_VEC_PUSH(arena, list) : NULL;
    if (slot != NULL) {
        *slot = doc;
    }
}

void brn_doc_lock(brant_lock_info *out, brn_arena *arena, brn_target *target)
{
    brn_lock_holder holder = { 0 };
    out->database = brn_arena_strdup(arena, brn_target_name(target));
    out->who = "";
    out->what = "";
    out->id = "";
    if (target->conn == NULL || (target->conn->caps & BRN_CAP_LOCK) == 0 ||
        target->conn->engine->lock_holder(&holder, target->conn, NULL) != BRANT_OK) {
        return;
    }
    const char *who = brn_arena_strdup(arena, holder.who);
    const char *what = brn_arena_strdup(arena, holder.what);
    const char *id = brn_arena_strdup(arena, holder.id);
    out->held = holder.held ? 1 : 0;
    out->pid = holder.held ? holder.pid : 0;
    out->since_us = holder.held ? holder.since_us : 0;
    out->expires_us = holder.held ? holder.expires_us : 0;
    out->who = holder.held && who != NULL ? who : "";
    out->what = holder.held && what != NULL ? what : "";
    out->id = id != NULL ? id : "";
}

static bool has_open(const brn_ledger_rows *rows)
{
    for (size_t i = 0; i < rows->count; i++) {
        if (rows->items[i].status != BRN_ROW_COMPLETED) {
            return true;
        }
    }
    return false;
}

brant_status brn_doc_ask_lock(
    brant_lock_info *out, brn_world *world, size_t target, brant_error **err)
{
    brn_target *t = &world->session->targets[target];
    brant_status st = BRANT_OK;
    brn_doc_lock(out, world->arena, t);
    if (!has_open(&world->ledgers[target].rows)) {
        return BRANT_OK;
    }
    if (out->held == 0) {
        st = brn_world_refresh(world, target, err);
        if (st == BRANT_OK) {
            brn_doc_lock(out, world->arena, t);
        }
    }
    if (st == BRANT_OK && out->held != 0) {
        world->at_work[target] = true;
        st = brn_world_compare(world, err);
    }
    return st;
}

brant_status brn_doc_ask_locks(brn_world *world, brant_error **err)
{
    brant_status st = BRANT_OK;
    for (size_t i = 0; i < world->session->count && st == BRANT_OK; i++) {
        brant_lock_info lock = { 0 };
        st = brn_doc_ask_lock(&lock, world, i, err);
    }
    return st;
}

const char *brn_doc_version(const brn_world *world, size_t target)
{
    const brn_migration *m = brn_graph_version(&world->graph, target);
    return m != NULL ? m->version : NULL;
}
