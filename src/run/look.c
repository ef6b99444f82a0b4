/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Commands that only look: status, history, validate, locks, ping.
 */
#include <string.h>

#include <brant/run.h>

#include "base/clock.h"
#include "core/settings.h"
#include "run/runner.h"

/* ---- status ---- */

typedef struct status_lists {
    brn_doc_list migrations;
    brn_doc_list unknown;
    brn_doc_list open;
    BRN_VEC(const char *) pending;
    bool failed;
} status_lists;

static void list_migration(status_lists *lists, const brn_world *world, const brn_migration *m)
{
    brn_arena *arena = world->arena;
    brant_migration *doc = brn_doc_migration(world, m);
    brn_doc_add(&lists->migrations, arena, doc);
    bool open = m->row != NULL && m->row->status != BRN_ROW_COMPLETED;
    if (open) {
        brn_doc_add(&lists->open, arena, doc);
        lists->failed = lists->failed || m->row->status == BRN_ROW_FAILED ||
                        m->state == BRN_STATE_PARTIAL_UP || m->state == BRN_STATE_PARTIAL_DOWN;
    }
    bool ignored = m->late && world->graph.databases[m->database].late == BRN_LATE_IGNORE;
    if (m->state != BRN_STATE_DONE && !ignored) {
        const char **slot = BRN_VEC_PUSH(arena, &lists->pending);
        if (slot != NULL) {
            *slot = m->id;
        }
    }
}

static int64_t last_run(const brn_ledger_rows *rows)
{
    int64_t last = 0;
    for (size_t i = 0; i < rows->count; i++) {
        int64_t at =
            rows->items[i].finished_us > 0 ? rows->items[i].finished_us : rows->items[i].started_us;
        last = at > last ? at : last;
    }
    return last;
}

static const char *state_text(const brant_database_status *doc, const brn_target *t, bool failed)
{
    if (doc->lock.held != 0) {
        return "running";
    }
    if (failed) {
        return "failed";
    }
    if (t->missing) {
        return "missing";
    }
    return doc->pending_count > 0 ? "pending" : "current";
}

static brant_database_status *status_doc(
    const brn_world *world, size_t index, const brant_lock_info *lock)
{
    brn_target *target = &world->session->targets[index];
    const brn_graph_database *db = &world->graph.databases[index];
    brant_database_status *doc = brn_arena_alloc(world->arena, sizeof(*doc));
    if (doc == NULL) {
        return NULL;
    }
    status_lists lists;
    memset(&lists, 0, sizeof(lists));
    for (size_t i = 0; i < world->graph.order.count; i++) {
        if (world->graph.order.items[i]->database == index) {
            list_migration(&lists, world, world->graph.order.items[i]);
        }
    }
    for (size_t i = 0; i < db->unknown.count; i++) {
        brn_doc_add(
            &lists.unknown, world->arena, brn_doc_unknown(world, index, db->unknown.items[i]));
        brn_state state = brn_state_of(db->unknown.items[i]);
        lists.failed =
            lists.failed || state == BRN_STATE_PARTIAL_UP || state == BRN_STATE_PARTIAL_DOWN;
    }
    doc->name = db->name;
    doc->engine = brn_arena_strdup(world->arena, target->engine->name);
    doc->url = brn_arena_strdup(world->arena, target->db->info.url_shown);
    doc->version = brn_doc_version(world, index);
    doc->pending = lists.pending.items;
    doc->pending_count = lists.pending.count;
    doc->migrations = lists.migrations.items;
    doc->migration_count = lists.migrations.count;
    doc->unknown = lists.unknown.items;
    doc->unknown_count = lists.unknown.count;
    doc->open = lists.open.items;
    doc->open_count = lists.open.count;
    doc->last_run_us = last_run(&world->ledgers[index].rows);
    doc->lock = *lock;
    doc->state = state_text(doc, target, lists.failed);
    return doc;
}

brant_status brant_look(brant_overview **out, brant_session *session, brant_error **err)
{
    brn_box *box = brn_box_new();
    if (box == NULL) {
        return brn_error_oom(err);
    }
    brn_world world;
    brant_status st = brn_world_load(&world, session, &box->arena, BRN_LEDGER_FULL, err);
    if (st == BRANT_OK) {
        BRN_VEC(const brant_database_status *) list = { 0 };
        for (size_t i = 0; i < session->count && st == BRANT_OK; i++) {
            const brant_database_status **slot = BRN_VEC_PUSH(&box->arena, &list);
            brant_lock_info lock = { 0 };
            st = brn_doc_ask_lock(&lock, &world, i, err);
            if (slot != NULL) {
                *slot = status_doc(&world, i, &lock);
            }
        }
        box->doc.overview.databases = list.items;
        box->doc.overview.count = list.count;
        box->doc.overview.findings = world.findings.items;
        box->doc.overview.finding_count = world.findings.count;
        st = st == BRANT_OK && box->arena.oom ? brn_error_oom(err) : st;
    }
    if (st == BRANT_OK && out != NULL) {
        *out = &box->doc.overview;
    } else {
        brn_box_free(box);
    }
    return st;
}

/* ---- history ---- */

static void history_entry(brant_history_entry *e, const char *database, const brn_history_row *row)
{
    e->database = database;
    e->seq = row->seq;
    e->run_id = row->run_id != NULL ? row->run_id : "";
    e->action = row->action != NULL ? row->action : "";
    e->migration = row->migration;
    e->outcome = row->outcome != NULL ? row->outcome : "";
    e->detail = row->detail;
    e->checksum = row->checksum;
    e->who = row->who != NULL ? row->who : "";
    e->tool = row->tool != NULL ? row->tool : "";
    e->at_us = row->at_us;
    e->duration_ms = row->duration_ms;
    e->hash = row->hash != NULL ? row->hash : "";
}

typedef BRN_VEC(const brant_history_entry *) history_list;

static brant_status read_history(
    history_list *list,
    brant_history *doc,
    brn_box *box,
    brant_session *session,
    brn_target *target,
    bool verify,
    brant_error **err)
{
    brn_history_rows rows = { 0 };
    brant_status st = brn_session_connect(session, target, 0, err);
    if (st == BRANT_OK && !target->missing) {
        st = target->conn->engine->history_read(&rows, &box->arena, target->conn, 0, err);
    }
    if (st != BRANT_OK) {
        brn_error_subject(err, brn_target_name(target), NULL);
        return st;
    }
    const char *name = brn_arena_strdup(&box->arena, brn_target_name(target));
    for (size_t i = 0; i < rows.count; i++) {
        brant_history_entry *e = brn_arena_alloc(&box->arena, sizeof(*e));
        const brant_history_entry **slot = BRN_VEC_PUSH(&box->arena, list);
        if (e == NULL || slot == NULL) {
            return brn_error_oom(err);
        }
        history_entry(e, name, &rows.items[i]);
        *slot = e;
    }
    const char *problem = verify ? brn_chain_verify(&box->arena, &rows) : NULL;
    doc->verified = doc->verified != 0 && problem == NULL ? 1 : 0;
    if (problem != NULL && doc->problem == NULL) {
        doc->problem = brn_arena_printf(&box->arena, "%s: %s", brn_target_name(target), problem);
    }
    /* Without memory there is no problem to be seen: that must not look like none. */
    return box->arena.oom ? brn_error_oom(err) : BRANT_OK;
}

brant_status brant_history_read(
    brant_history **out, brant_session *session, int verify, brant_error **err)
{
    brn_box *box = brn_box_new();
    if (box == NULL) {
        return brn_error_oom(err);
    }
    history_list list = { 0 };
    brant_history *doc = &box->doc.history;
    doc->verified = verify != 0 ? 1 : 0;
    brant_status st = BRANT_OK;
    for (size_t i = 0; i < session->count && st == BRANT_OK; i++) {
        st = read_history(&list, doc, box, session, &session->targets[i], verify != 0, err);
    }
    doc->entries = list.items;
    doc->count = list.count;
    if (st == BRANT_OK && out != NULL) {
        *out = doc;
    } else {
        brn_box_free(box);
    }
    return st;
}

/* ---- validate ---- */

static brant_status validate(
    brant_validation *out, brn_arena *arena, brant_session *session, brant_error **err)
{
    brn_world world;
    brant_status st = brn_world_load(&world, session, arena, BRN_LEDGER_FULL, err);
    if (st == BRANT_OK) {
        st = brn_doc_ask_locks(&world, err);
    }
    if (st == BRANT_OK) {
        brn_findings_fill(out, &world.findings);
    }
    return st;
}

/* Looks anew: what the run believes is what is to be checked. Notes about files were told when it
 * began. */
brant_status brn_run_validate(brn_run *run, brn_box *box, brant_error **err)
{
    if (run->dry_run ||
        brant_settings_int(run->session->project->settings, "validate-schema") == 0) {
        return BRANT_OK;
    }
    brant_validation *validation = brn_arena_alloc(run->arena, sizeof(*validation));
    if (validation == NULL) {
        return brn_error_oom(err);
    }
    brant_event_fn *listener = run->session->emitter.fn;
    run->session->emitter.fn = NULL;
    brant_status st = validate(validation, run->arena, run->session, err);
    run->session->emitter.fn = listener;
    if (st == BRANT_OK) {
        box->doc.report.validation = validation;
        box->doc.report.round_trips = run->session->round_trips;
    }
    return st;
}

brant_status brant_validate(brant_validation **out, brant_session *session, brant_error **err)
{
    brn_box *box = brn_box_new();
    if (box == NULL) {
        return brn_error_oom(err);
    }
    brant_status st = validate(&box->doc.validation, &box->arena, session, err);
    if (st == BRANT_OK && out != NULL) {
        *out = &box->doc.validation;
    } else {
        brn_box_free(box);
    }
    return st;
}

/* ---- locks ---- */

/* What takes so long may keep the next migration waiting. */
#define LONG_TRANSACTION_MS 10000

typedef BRN_VEC(const brant_server_session *) brn_session_docs;

static brant_status list_locks(brn_box *box, brant_session *session, brant_error **err)
{
    BRN_VEC(const brant_lock_info *) list = { 0 };
    brant_status st = BRANT_OK;
    for (size_t i = 0; i < session->count && st == BRANT_OK; i++) {
        st = brn_session_connect(session, &session->targets[i], 0, err);
        brant_lock_info *info = brn_arena_alloc(&box->arena, sizeof(*info));
        const brant_lock_info **slot = BRN_VEC_PUSH(&box->arena, &list);
        if (st == BRANT_OK && info != NULL && slot != NULL) {
            brn_doc_lock(info, &box->arena, &session->targets[i]);
            *slot = info;
        }
    }
    box->doc.locks.locks = list.items;
    box->doc.locks.count = list.count;
    return st == BRANT_OK && box->arena.oom ? brn_error_oom(err) : st;
}

/* Of one database, behind those that are there. */
static brant_status list_sessions(
    brn_session_docs *docs, brn_arena *arena, brn_target *target, brant_error **err)
{
    brn_session_list list = { 0 };
    brn_conn *conn = target->conn;
    if (conn == NULL || (conn->caps & BRN_CAP_SESSIONS) == 0) {
        return BRANT_OK;
    }
    brant_status st = conn->engine->sessions(&list, arena, conn, LONG_TRANSACTION_MS, err);
    for (size_t i = 0; i < list.count && st == BRANT_OK; i++) {
        const brant_server_session **slot = BRN_VEC_PUSH(arena, docs);
        list.items[i].database = brn_arena_strdup(arena, brn_target_name(target));
        if (slot != NULL) {
            *slot = &list.items[i];
        }
    }
    return st;
}

static brant_status list_all_sessions(brn_box *box, brant_session *session, brant_error **err)
{
    brn_session_docs docs = { 0 };
    brant_status st = BRANT_OK;
    for (size_t i = 0; i < session->count && st == BRANT_OK; i++) {
        st = list_sessions(&docs, &box->arena, &session->targets[i], err);
    }
    box->doc.locks.sessions = docs.items;
    box->doc.locks.session_count = docs.count;
    return st == BRANT_OK && box->arena.oom ? brn_error_oom(err) : st;
}

static brant_status give_locks(brant_locks **out, brn_box *box, brant_status st)
{
    if (st == BRANT_OK && out != NULL) {
        *out = &box->doc.locks;
    } else {
        brn_box_free(box);
    }
    return st;
}

brant_status brant_lock_status(brant_locks **out, brant_session *session, brant_error **err)
{
    brn_box *box = brn_box_new();
    if (box == NULL) {
        return brn_error_oom(err);
    }
    brant_status st = list_locks(box, session, err);
    if (st == BRANT_OK) {
        st = list_all_sessions(box, session, err);
    }
    return give_locks(out, box, st);
}

brant_status brant_lock_release(brant_locks **out, brant_session *session, brant_error **err)
{
    brn_box *box = brn_box_new();
    if (box == NULL) {
        return brn_error_oom(err);
    }
    brant_status st = list_locks(box, session, err);
    for (size_t i = 0; i < session->count && st == BRANT_OK; i++) {
        brn_conn *conn = session->targets[i].conn;
        brn_lock_holder holder = { 0 };
        if (conn == NULL || (conn->caps & BRN_CAP_LOCK) == 0) {
            continue;
        }
        st = conn->engine->lock_holder(&holder, conn, err);
        if (st == BRANT_OK && holder.held && !holder.mine) {
            st = conn->engine->lock_break(conn, &holder, err);
        }
    }
    return give_locks(out, box, st);
}

/* ---- ping ---- */

static void ping_target(brant_ping_info *info, brn_box *box, brant_session *session, brn_target *t)
{
    brant_error *failure = NULL;
    int64_t began = brn_clock_mono_ns();
    info->database = brn_arena_strdup(&box->arena, brn_target_name(t));
    info->engine = brn_arena_strdup(&box->arena, t->engine->name);
    info->url = brn_arena_strdup(&box->arena, t->db->info.url_shown);
    info->target = info->url;
    info->user = "";
    info->server_version = "";
    info->rights = "";
    info->status = brn_session_connect(session, t, 0, &failure);
    if (info->status == BRANT_OK && t->missing) {
        info->status = brn_error(
            &failure, BRANT_ECONNECT, "connect.no_database", "the database does not exist yet");
        bool unasked = (t->engine->caps & BRN_CAP_CREATE_UNASKED) != 0;
        brn_error_hint(
            &failure, "%s\"brant setup\" creates it.", unasked ? "\"brant up\" or " : "");
        brn_error_subject(&failure, info->database, NULL);
    }
    brn_server_info server = { 0 };
    if (info->status == BRANT_OK) {
        info->status = t->conn->engine->server_info(&server, t->conn, &failure);
    }
    info->connect_ns = brn_clock_mono_ns() - began;
    info->error = failure;
    if (info->status == BRANT_OK) {
        info->target = brn_arena_strdup(&box->arena, server.target);
        info->user = brn_arena_strdup(&box->arena, server.user);
        info->server_version = brn_arena_strdup(&box->arena, server.version);
        info->rights = server.writable ? "read and write" : "read only";
    }
}

brant_status brant_ping(brant_ping_result **out, brant_session *session, brant_error **err)
{
    brn_box *box = brn_box_new();
    if (box == NULL) {
        return brn_error_oom(err);
    }
    BRN_VEC(const brant_ping_info *) list = { 0 };
    bool oom = false;
    for (size_t i = 0; i < session->count; i++) {
        brant_ping_info *info = brn_arena_alloc(&box->arena, sizeof(*info));
        const brant_ping_info **slot = BRN_VEC_PUSH(&box->arena, &list);
        if (info == NULL || slot == NULL) {
            list.count = list.count > i ? i : list.count;
            break;
        }
        *slot = info;
        ping_target(info, box, session, &session->targets[i]);
        oom = oom || info->status == BRANT_ENOMEM; /* says nothing of the database */
    }
    box->doc.ping.databases = list.items;
    box->doc.ping.count = list.count;
    brant_status st = oom || box->arena.oom ? brn_error_oom(err) : BRANT_OK;
    if (st == BRANT_OK && out != NULL) {
        *out = &box->doc.ping;
    } else {
        brant_ping_free(&box->doc.ping);
    }
    return st;
}
