/* SPDX-License-Identifier: Apache-2.0 */
/*
 * setup: makes databases that are missing; with `complete`, brings empty ones to the newest schema.
 *
 * When there is a directory `schema` beside the migrations, its files are run as one script (they
 * are the newest schema, kept by the team), and all migrations are recorded as completed. Otherwise
 * the migrations themselves are run.
 */
#include <string.h>

#include <brant/run.h>

#include "run/edit.h"

/* ---- is it empty? ---- */

static brant_status require_empty(brn_edit *e, size_t index, brant_error **err)
{
    brn_target *target = &e->run.session->targets[index];
    if (target->missing || target->conn == NULL) {
        return BRANT_OK;
    }
    brn_object_list objects = { 0 };
    brant_status st = BRANT_OK;
    if ((target->conn->caps & BRN_CAP_OBJECTS) != 0) {
        st = target->conn->engine->objects(&objects, e->run.arena, target->conn, err);
    }
    if (st != BRANT_OK || (objects.count == 0 && e->world.ledgers[index].rows.count == 0)) {
        return st;
    }
    const char *sample = objects.count > 0 ? objects.items[0].name : "the ledger";
    brn_error(
        err, BRANT_EUSAGE, "setup.not_empty", "the database \"%s\" is not empty: it has \"%s\"",
        brn_target_name(target), sample);
    brn_error_hint(
        err, "setup --complete is for new databases; \"brant up\" brings this one up to date.");
    return BRANT_EUSAGE;
}

/* ---- a schema directory ---- */

static char *schema_dir(brn_edit *e, size_t index)
{
    const char *migrations = e->run.session->targets[index].db->info.migrations;
    char *parent = brn_path_dir(e->run.arena, migrations);
    char *dir = parent != NULL ? brn_path_join(e->run.arena, parent, "schema") : NULL;
    return dir != NULL && brn_file_is_dir(dir) ? dir : NULL;
}

/* Which file the operations from `op` on are from. */
typedef struct schema_file {
    const char *path;
    size_t op;
} schema_file;

typedef BRN_VEC(schema_file) schema_files;

/* Statements of one file, appended to the program. The text stays in the arena. */
static brant_status add_schema_file(
    brn_edit *e, schema_files *files, const char *path, brant_error **err)
{
    const brn_target *target = e->target;
    brn_buf buf;
    brn_buf_init(&buf, 0);
    int errnum = brn_file_read(&buf, path, brn_target_max_file(target));
    if (errnum != 0) {
        brn_buf_release(&buf);
        return brn_error_errno(err, "setup.unreadable", errnum, "read", path);
    }
    brn_str raw = brn_arena_str(e->run.arena, brn_buf_str(&buf));
    brn_buf_release(&buf);
    brn_script script;
    schema_file *file = BRN_VEC_PUSH(e->run.arena, files);
    if (file == NULL) {
        return brn_error_oom(err);
    }
    *file = (schema_file){ path, e->program.ops.count };
    brn_stmt_list stmts = { 0 };
    brant_status st = brn_script_check(&script, raw, path, err);
    if (st == BRANT_OK) {
        st = brn_split(&stmts, e->run.arena, target->engine->dialect, &script, err);
    }
    for (size_t i = 0; i < stmts.count && st == BRANT_OK; i++) {
        brn_op *op = brn_program_add(&e->program, e->run.arena, BRN_OP_STATEMENT);
        if (op == NULL) {
            return brn_error_oom(err);
        }
        op->stmt = &stmts.items[i];
        op->sql = stmts.items[i].text;
        op->number = (uint32_t)(i + 1);
    }
    return st;
}

static brant_status add_schema(brn_edit *e, schema_files *files, const char *dir, brant_error **err)
{
    brn_dir_list entries = { 0 };
    int errnum = brn_dir_read(&entries, e->run.arena, dir);
    if (errnum != 0) {
        return brn_error_errno(err, "setup.unreadable", errnum, "read", dir);
    }
    brant_status st = BRANT_OK;
    for (size_t i = 0; i < entries.count && st == BRANT_OK; i++) {
        const brn_dir_entry *entry = &entries.items[i];
        brn_str name = brn_str_from(entry->name);
        bool wanted = entry->kind == BRN_FILE_REGULAR && entry->name[0] != '.' &&
                      (brn_str_ends(name, BRN_STR(".sql")) || brn_str_ends(name, BRN_STR(".cql")));
        const char *path = wanted ? brn_path_join(e->run.arena, dir, entry->name) : NULL;
        if (path != NULL) {
            st = add_schema_file(e, files, path, err);
        }
    }
    return st;
}

/* A failed statement is shown where it stands in its file. */
static void locate(const brn_edit *e, const schema_files *files, brant_error **err)
{
    const brn_op *op =
        e->state.ops_done < e->program.ops.count ? &e->program.ops.items[e->state.ops_done] : NULL;
    bool known = op != NULL && op->stmt != NULL && files->items != NULL;
    if (!known || err == NULL || *err == NULL) {
        return;
    }
    size_t i = files->count - 1;
    while (i > 0 && files->items[i].op > e->state.ops_done) {
        i--;
    }
    uint32_t line = op->stmt->line;
    uint32_t column = op->stmt->column;
    size_t offset = brn_error_get_offset(*err);
    if (offset != SIZE_MAX) {
        brn_stmt_locate(op->stmt, offset, &line, &column);
    }
    brn_error_at(err, files->items[i].path, line, column);
}

static brant_status build_from_schema(brn_edit *e, size_t index, const char *dir, brant_error **err)
{
    schema_files files = { 0 };
    brant_status st = brn_edit_begin(e, index, err);
    if (st == BRANT_OK) {
        st = require_empty(e, index, err);
    }
    if (st == BRANT_OK) {
        st = add_schema(e, &files, dir, err);
    }
    const brn_graph_database *db = &e->world.graph.databases[index];
    for (size_t i = 0; i < db->items.count && st == BRANT_OK; i++) {
        brn_migration *m = db->items.items[i];
        m->row = brn_edit_put_completed(
            e, m, e->run.next_seq[index]++, "built from the schema directory");
        brn_doc_add(&e->run.applied, e->run.arena, brn_doc_migration(&e->world, m));
    }
    if (st == BRANT_OK) {
        brn_edit_log(e, NULL, NULL, "built from the schema directory");
        st = brn_edit_commit(e, err);
        if (st != BRANT_OK) {
            locate(e, &files, err);
        }
    }
    return st;
}

/* ---- the call ---- */

static brant_status create_missing(brn_edit *e, size_t index, brant_error **err)
{
    brn_target *target = &e->run.session->targets[index];
    if (!target->missing) {
        return BRANT_OK;
    }
    brant_status st = brn_session_connect(e->run.session, target, BRN_SESSION_CREATE, err);
    if (st == BRANT_OK) {
        brn_emit_notice(
            &e->run.session->emitter, brn_target_name(target), "setup.created", "database created");
    }
    return st;
}

/* A database where the first `up` would fail is not ready. */
static brant_status require_writable(brn_edit *e, size_t index, brant_error **err)
{
    brn_target *target = &e->run.session->targets[index];
    brn_server_info server = { 0 };
    brant_status st = target->conn->engine->server_info(&server, target->conn, err);
    if (st != BRANT_OK || server.writable) {
        return st;
    }
    st = brn_error(
        err, BRANT_ECONNECT, "connect.no_rights", "the user \"%s\" cannot create tables in %s",
        server.user, server.target);
    brn_error_hint(
        err, "Give it the right to (in the schema of the ledger, too), or use another user. Or is "
             "the server a replica, or set to be read only?");
    brn_error_subject(err, brn_target_name(target), NULL);
    return st;
}

static brant_status setup_one(
    brn_edit *e, size_t index, bool complete, bool *run_up, brant_error **err)
{
    if (!complete) {
        brant_status ready = create_missing(e, index, err);
        return ready == BRANT_OK ? require_writable(e, index, err) : ready;
    }
    brant_status st = require_empty(e, index, err);
    const char *dir = st == BRANT_OK ? schema_dir(e, index) : NULL;
    if (dir != NULL) {
        return build_from_schema(e, index, dir, err);
    }
    *run_up = true;
    return st;
}

brant_status brant_setup(
    brant_report **out, brant_session *session, const brant_setup_options *opts, brant_error **err)
{
    brant_setup_options o;
    brant_status st = brn_options_read(&o, sizeof(o), opts, err);
    if (st != BRANT_OK) {
        return st;
    }
    brn_edit e;
    bool run_up = false;
    st = brn_edit_open(&e, session, "setup", err);
    for (size_t i = 0; i < session->count && st == BRANT_OK; i++) {
        st = setup_one(&e, i, o.complete != 0, &run_up, err);
    }
    if (st == BRANT_OK && run_up) {
        st = brn_edit_close(&e, NULL, st, err);
        return st == BRANT_OK ? brant_up(out, session, NULL, err) : st;
    }
    return brn_edit_close(&e, out, st, err);
}
