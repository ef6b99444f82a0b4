/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Commands that only write the ledger: mark and force. Both work under the lock and in one
 * transaction where there is one, and write history.
 */
#include <string.h>

#include <brant/run.h>

#include "run/edit.h"

/* ---- mark ---- */

/* What one id of the command line means: a migration of the files, or a recorded one. */
typedef struct marked {
    size_t database;
    brn_migration *migration;  /* NULL: only recorded */
    const brn_ledger_row *row; /* NULL: only in files */
} marked;

static brant_status resolve_marked(
    marked *out, const brn_world *world, const char *id, bool pending, brant_error **err)
{
    for (size_t d = 0; d < world->graph.database_count && pending; d++) {
        const brn_graph_database *db = &world->graph.databases[d];
        for (size_t i = 0; i < db->unknown.count; i++) {
            if (strcmp(db->unknown.items[i]->id, id) == 0) {
                *out = (marked){ d, NULL, db->unknown.items[i] };
                return BRANT_OK;
            }
        }
    }
    brn_migration *m = brn_graph_find(&world->graph, SIZE_MAX, id, err);
    if (m == NULL) {
        return BRANT_EUSAGE;
    }
    *out = (marked){ m->database, m, m->row };
    return BRANT_OK;
}

static void mark_one(brn_edit *e, const marked *item, bool pending)
{
    const char *id = item->migration != NULL ? item->migration->id : item->row->id;
    bool completed = item->row != NULL && item->row->status == BRN_ROW_COMPLETED;
    if (pending ? item->row == NULL : completed) {
        brn_emit_warning(
            &e->run.session->emitter, brn_target_name(e->target), "mark.unchanged",
            "\"%s\" is recorded as %s already", id, pending ? "pending" : "completed");
        return;
    }
    brant_migration *doc = item->migration != NULL
                               ? brn_doc_migration(&e->world, item->migration)
                               : brn_doc_unknown(&e->world, item->database, item->row);
    const brn_ledger_row *row = NULL;
    if (pending) {
        brn_edit_remove(e, id, "recorded as not applied");
    } else {
        int64_t seq = item->row != NULL ? item->row->seq : e->run.next_seq[item->database]++;
        row = brn_edit_put_completed(e, item->migration, seq, "recorded as applied");
    }
    if (item->migration != NULL) {
        item->migration->row = row; /* for the same one given twice */
    }
    if (doc != NULL) {
        doc->status = pending ? "pending" : "completed";
    }
    brn_doc_add(&e->run.applied, e->run.arena, doc);
}

static brant_status mark_database(
    brn_edit *e,
    size_t database,
    const char *const *ids,
    size_t count,
    bool pending,
    brant_error **err)
{
    brant_status st = BRANT_OK;
    bool begun = false;
    for (size_t i = 0; i < count && st == BRANT_OK; i++) {
        marked item = { 0 };
        st = resolve_marked(&item, &e->world, ids[i], pending, err);
        if (st != BRANT_OK || item.database != database) {
            continue;
        }
        if (!begun) {
            begun = true;
            st = brn_edit_begin(e, database, err);
            /* The ledger was read again under the lock: look the id up again. */
            if (st == BRANT_OK) {
                st = resolve_marked(&item, &e->world, ids[i], pending, err);
            }
        }
        if (st == BRANT_OK) {
            mark_one(e, &item, pending);
        }
    }
    return st == BRANT_OK && begun ? brn_edit_commit(e, err) : st;
}

brant_status brant_mark(
    brant_report **out,
    brant_session *session,
    const char *const *ids,
    size_t count,
    int pending,
    brant_error **err)
{
    brn_edit e;
    brant_status st = brn_edit_open(&e, session, "mark", err);
    /* Every id is known before anything is written. */
    for (size_t i = 0; i < count && st == BRANT_OK; i++) {
        marked item;
        st = resolve_marked(&item, &e.world, ids[i], pending != 0, err);
    }
    for (size_t d = 0; d < session->count && st == BRANT_OK; d++) {
        st = mark_database(&e, d, ids, count, pending != 0, err);
    }
    return brn_edit_close(&e, out, st, err);
}

/* ---- force ---- */

static brant_status check_version(const brn_edit *e, const char *version, brant_error **err)
{
    brn_str text = brn_str_from(version);
    const brn_graph_database *db = &e->world.graph.databases[0];
    brn_str digits = brn_str_starts(text, BRN_STR("-")) ? brn_str_slice(text, 1, text.len) : text;
    uint64_t number = 0;
    bool negative = digits.len != text.len;
    bool numeric =
        digits.len > 0 && strspn(version + (negative ? 1 : 0), "0123456789") == digits.len;
    bool none = negative && brn_str_to_u64(digits, &number) && number == 1;
    if (negative && !none) {
        brn_error(err, BRANT_EUSAGE, "force.below", "\"%s\" is below -1", version);
        brn_error_hint(err, "-1 means that nothing is applied; versions start there.");
        return BRANT_EUSAGE;
    }
    if (none) {
        return BRANT_OK;
    }
    const char *sample = db->items.count > 0 ? db->items.items[0]->version : "1";
    bool layout_numeric = strspn(sample, "0123456789") == strlen(sample);
    bool known = brn_graph_find(&e->world.graph, 0, version, NULL) != NULL;
    if (!known && layout_numeric && !numeric) {
        brn_error(err, BRANT_EUSAGE, "force.not_a_version", "\"%s\" is not a version", version);
        brn_error_hint(
            err, "Versions here are numbers such as %s; -1 means that nothing is applied.", sample);
        return BRANT_EUSAGE;
    }
    if (!db->chain) {
        brn_error(
            err, BRANT_EUSAGE, "plan.needs_chain",
            "force needs a plain sequence, and these migrations are a graph");
        brn_error_hint(err, "Use \"brant mark ID\" for each.");
        return BRANT_EUSAGE;
    }
    return BRANT_OK;
}

/* Up to and with `version`; -1 is below all. */
static bool is_within(const brn_migration *m, const char *version)
{
    return version[0] != '-' &&
           brn_version_compare(brn_str_from(m->version), brn_str_from(version)) <= 0;
}

static void force_rows(brn_edit *e, const char *version)
{
    const brn_graph_database *db = &e->world.graph.databases[e->index];
    bool found = version[0] == '-';
    for (size_t i = 0; i < db->items.count; i++) {
        const brn_migration *m = db->items.items[i];
        if (m->source->props->repeatable) {
            continue; /* stands in no sequence */
        }
        bool within = is_within(m, version);
        bool completed = m->row != NULL && m->row->status == BRN_ROW_COMPLETED;
        found = found || brn_version_compare(brn_str_from(m->version), brn_str_from(version)) == 0;
        if (within && !completed) {
            int64_t seq = m->row != NULL ? m->row->seq : e->run.next_seq[e->index]++;
            brn_edit_put_completed(e, m, seq, "forced: recorded as applied");
        } else if (!within && m->row != NULL) {
            brn_edit_remove(e, m->id, "forced: recorded as not applied");
        } else {
            continue;
        }
        brant_migration *doc = brn_doc_migration(&e->world, m);
        if (doc != NULL) {
            doc->status = within ? "completed" : "pending";
        }
        brn_doc_add(&e->run.applied, e->run.arena, doc);
    }
    for (size_t i = 0; i < db->unknown.count; i++) {
        const brn_ledger_row *row = db->unknown.items[i];
        bool above = version[0] == '-' || row->version == NULL ||
                     brn_version_compare(brn_str_from(row->version), brn_str_from(version)) > 0;
        if (above || row->status != BRN_ROW_COMPLETED) {
            brn_edit_remove(e, row->id, "forced: recorded as not applied");
            brn_doc_add(&e->run.applied, e->run.arena, brn_doc_unknown(&e->world, e->index, row));
        }
    }
    if (!found) {
        brn_emit_warning(
            &e->run.session->emitter, brn_target_name(e->target), "force.unknown_version",
            "no file has version %s; everything below it is recorded as applied", version);
    }
}

brant_status brant_force(
    brant_report **out, brant_session *session, const char *version, brant_error **err)
{
    if (version == NULL || version[0] == '\0') {
        return brn_error(err, BRANT_EUSAGE, "force.no_version", "force needs a version");
    }
    if (session->count > 1) {
        brn_error(err, BRANT_EUSAGE, "force.one_database", "force works on one database");
        brn_error_hint(err, "Choose it with --database NAME.");
        return BRANT_EUSAGE;
    }
    brn_edit e;
    brant_status st = brn_edit_open(&e, session, "force", err);
    if (st == BRANT_OK) {
        st = check_version(&e, version, err);
    }
    if (st == BRANT_OK) {
        st = brn_edit_begin(&e, 0, err);
    }
    if (st == BRANT_OK) {
        const brn_migration *m = brn_graph_find(&e.world.graph, 0, version, NULL);
        force_rows(&e, m != NULL ? m->version : version);
        brn_edit_log(&e, NULL, NULL, brn_arena_printf(e.run.arena, "forced to %s", version));
        st = brn_edit_commit(&e, err);
    }
    return brn_edit_close(&e, out, st, err);
}
