/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Health: may the application work on its databases? One database that cannot be reached must not
 * hide what is wrong with the others.
 */
#include <string.h>

#include <brant/run.h>
#include <brant/version.h>

#include "core/settings.h"
#include "run/box.h"
#include "run/docs.h"

/* One database while it is judged. */
typedef struct patient {
    brn_world *world;
    size_t index;
    brn_target *target;
    const brn_graph_database *db;
    brant_lock_info lock;
    brant_health_item *item;
} patient;

/* The first reason stays. */
static void ail(patient *p, const char *id, const char *reason)
{
    if (p->item->ok != 0 && reason != NULL) {
        p->item->ok = 0;
        p->item->id = id;
        p->item->reason = reason;
    }
}

static void ail_error(patient *p, const brant_error *failure)
{
    brn_arena *arena = p->world->arena;
    ail(p, brn_arena_strdup(arena, brant_error_id(failure)),
        brn_arena_strdup(arena, brant_error_message(failure)));
}

static bool is_held(const patient *p)
{
    return p->lock.held != 0;
}

/* ---- reasons ---- */

static void check_missing(patient *p)
{
    if (p->target->missing) {
        ail(p, "connect.no_database", "the database does not exist yet");
    }
}

static void check_findings(patient *p)
{
    const brn_finding_list *list = &p->world->findings;
    for (size_t i = 0; i < list->count; i++) {
        const brant_finding *f = list->items[i];
        bool open = strcmp(f->id, "ledger.failed") == 0 || strcmp(f->id, "ledger.half_done") == 0;
        bool mine = strcmp(f->database, p->db->name) == 0;
        if (mine && f->warning == 0 && !(open && is_held(p))) {
            ail(p, f->id, f->message);
        }
    }
}

static const brn_ledger_row *unknown_row(const patient *p, const char *id)
{
    for (size_t i = 0; i < p->db->unknown.count; i++) {
        if (strcmp(p->db->unknown.items[i]->id, id) == 0) {
            return p->db->unknown.items[i];
        }
    }
    return NULL;
}

/* Unless it is known that this version of the application can read what the newer one made. */
static void check_newer(patient *p)
{
    const char *current = brant_settings_text(brn_target_settings(p->target), "current-version");
    const brn_finding_list *list = &p->world->findings;
    for (size_t i = 0; i < list->count; i++) {
        const brant_finding *f = list->items[i];
        if (strcmp(f->id, "ledger.newer_migration") != 0 || strcmp(f->database, p->db->name) != 0) {
            continue;
        }
        const brn_ledger_row *row = unknown_row(p, f->migration);
        const char *least = row != NULL ? row->min_read_version : NULL;
        if (current == NULL || least == NULL || least[0] == '\0') {
            ail(p, f->id, f->message);
        } else if (brant_version_compare(current, least) < 0) {
            ail(p, f->id,
                brn_arena_printf(
                    p->world->arena, "\"%s\" needs version %s of the application, and this is %s",
                    f->migration, least, current));
        }
    }
}

/* Recorded as running, and no person is to do it. */
static bool is_running(const brn_migration *m)
{
    return m->row != NULL && m->row->status == BRN_ROW_RUNNING && !brn_source_is_manual(m->source);
}

static void check_interrupted(patient *p)
{
    for (size_t i = 0; i < p->db->items.count && !is_held(p); i++) {
        const brn_migration *m = p->db->items.items[i];
        if (is_running(m)) {
            ail(p, "health.interrupted",
                brn_arena_printf(
                    p->world->arena, "\"%s\" is recorded as running, but no run is at work",
                    m->id));
        }
    }
}

static size_t count_pending(const patient *p, bool required)
{
    const char *policy = brant_settings_text(brn_target_settings(p->target), "out-of-order");
    bool ignores_late = strcmp(policy, "ignore") == 0;
    size_t count = 0;
    for (size_t i = 0; i < p->db->items.count; i++) {
        const brn_migration *m = p->db->items.items[i];
        bool wanted = m->source->props->required || !required;
        count += m->state != BRN_STATE_DONE && wanted && !(m->late && ignores_late) ? 1 : 0;
    }
    return count;
}

static void check_pending(patient *p)
{
    brn_arena *arena = p->world->arena;
    size_t count = count_pending(p, is_held(p));
    const char *are = count == 1 ? " is" : "s are";
    const char *what = p->lock.what[0] != '\0' ? p->lock.what : "of somebody";
    if (count > 0 && is_held(p)) {
        ail(p, "health.running",
            brn_arena_printf(
                arena, "a run is at work (%s), and %zu required migration%s pending", what, count,
                are));
    } else if (count > 0) {
        ail(p, "health.pending", brn_arena_printf(arena, "%zu migration%s pending", count, are));
    }
}

/* ---- one database ---- */

/* What is no property of a database. */
static bool is_of_the_call(brant_status st)
{
    return st == BRANT_ECANCELLED || st == BRANT_ENOMEM;
}

/* Takes `failure`: an error of the call, or a reason of the database. */
static brant_status settle(patient *p, brant_status st, brant_error *failure, brant_error **err)
{
    if (st == BRANT_OK) {
        return BRANT_OK;
    }
    if (is_of_the_call(st) && err != NULL) {
        *err = failure;
        return st;
    }
    ail_error(p, failure);
    brant_error_free(failure);
    return is_of_the_call(st) ? st : BRANT_OK;
}

static brant_status examine(patient *p, brant_error **err)
{
    brant_error *failure = NULL;
    brant_status st =
        p->item->ok != 0 ? brn_doc_ask_lock(&p->lock, p->world, p->index, &failure) : BRANT_OK;
    st = settle(p, st, failure, err);
    if (st != BRANT_OK) {
        return st;
    }
    if (p->item->ok != 0) {
        check_missing(p);
        check_findings(p);
        check_newer(p);
        check_interrupted(p);
        check_pending(p);
    }
    return BRANT_OK;
}

/* ---- all databases ---- */

/* Loading ended at the first ledger that could not be read: reads those behind it. */
static brant_status read_others(
    patient *patients, brn_world *world, const brant_error *first, brant_error **err)
{
    size_t count = world->session->count;
    const char *name = brant_error_database(first) != NULL ? brant_error_database(first) : "";
    brant_status st = BRANT_OK;
    size_t i = 0;
    while (i + 1 < count && strcmp(patients[i].db->name, name) != 0) {
        i++;
    }
    ail_error(&patients[i], first);
    for (i++; i < count && st == BRANT_OK; i++) {
        brant_error *failure = NULL;
        st = brn_world_refresh(world, i, &failure);
        st = settle(&patients[i], st, failure, err);
    }
    return st == BRANT_OK ? brn_world_compare(world, err) : st;
}

static brant_status admit(patient **out, brn_world *world, brant_error **err)
{
    size_t count = world->session->count;
    patient *patients = brn_arena_array(world->arena, count, sizeof(*patients));
    brant_health_item *items = brn_arena_array(world->arena, count, sizeof(*items));
    if (patients == NULL || items == NULL) {
        return brn_error_oom(err);
    }
    for (size_t i = 0; i < count; i++) {
        items[i].database = world->graph.databases[i].name;
        items[i].ok = 1;
        patients[i] = (patient){
            .world = world,
            .index = i,
            .target = &world->session->targets[i],
            .db = &world->graph.databases[i],
            .item = &items[i],
        };
    }
    *out = patients;
    return BRANT_OK;
}

/* The first reason is that of all. */
static void sum_up(brant_health_result *result, brn_arena *arena, const brant_health_item *item)
{
    if (item->ok != 0 || result->ok == 0) {
        return;
    }
    result->ok = 0;
    result->reason = result->count > 1
                         ? brn_arena_printf(arena, "%s: %s", item->database, item->reason)
                         : item->reason;
}

static brant_status examine_all(
    brant_health_result *result, brn_world *world, const brant_error *first, brant_error **err)
{
    size_t count = world->session->count;
    patient *patients = NULL;
    const brant_health_item **list = brn_arena_array(world->arena, count, sizeof(*list));
    brant_status st = list != NULL ? admit(&patients, world, err) : brn_error_oom(err);
    if (st == BRANT_OK && first != NULL) {
        st = read_others(patients, world, first, err);
    }
    result->ok = 1;
    result->databases = list;
    result->count = count;
    for (size_t i = 0; i < count && st == BRANT_OK; i++) {
        list[i] = patients[i].item;
        st = examine(&patients[i], err);
        sum_up(result, world->arena, list[i]);
    }
    return st == BRANT_OK && world->arena->oom ? brn_error_oom(err) : st;
}

brant_status brant_health(brant_health_result **out, brant_session *session, brant_error **err)
{
    brn_box *box = brn_box_new();
    if (box == NULL) {
        return brn_error_oom(err);
    }
    brn_world world;
    brant_error *failure = NULL;
    brant_status st = brn_world_load(&world, session, &box->arena, BRN_LEDGER_BRIEF, &failure);
    /* With a graph the files are fine, and what failed is a database. */
    bool files_read = world.graph.database_count == session->count;
    if (st == BRANT_OK || (files_read && !is_of_the_call(st))) {
        st = examine_all(&box->doc.health, &world, failure, err);
    } else if (err != NULL) {
        *err = failure;
        failure = NULL;
    }
    brant_error_free(failure);
    if (st == BRANT_OK && out != NULL) {
        *out = &box->doc.health;
    } else {
        brn_box_free(box);
    }
    return st;
}
