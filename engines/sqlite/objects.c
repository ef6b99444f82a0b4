/* SPDX-License-Identifier: Apache-2.0 */
#include "engines/sqlite/sqlite.h"

static brant_status add_object(
    brn_object_list *list, brn_arena *arena, const brn_sqlite *s, sqlite3_stmt *stmt)
{
    brn_object_info *object = BRN_VEC_PUSH(arena, list);

    if (object == NULL) {
        return BRANT_ENOMEM;
    }
    object->type = brn_sqlite_column(arena, s, stmt, 0);
    object->name = brn_sqlite_column(arena, s, stmt, 1);
    object->definition = brn_sqlite_column(arena, s, stmt, 2);
    return arena->oom ? BRANT_ENOMEM : BRANT_OK;
}

brant_status brn_sqlite_objects(
    brn_object_list *out, brn_arena *arena, brn_conn *conn, brant_error **err)
{
    static const char query[] = "SELECT type, name, coalesce(sql, '') FROM main.sqlite_schema"
                                " WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
                                " AND name NOT LIKE 'brant\\_%' ESCAPE '\\' ORDER BY type, name";
    brn_sqlite *s = (brn_sqlite *)conn;
    brn_object_list list = { 0 };
    sqlite3_stmt *stmt = NULL;
    brant_status st = BRANT_OK;
    int rc;

    conn->requests++;
    s->working++;
    rc = brn_sqlite_prepare(&stmt, s, query);
    if (rc == SQLITE_OK) {
        while (st == BRANT_OK && (rc = s->f->step(stmt)) == SQLITE_ROW) {
            st = add_object(&list, arena, s, stmt);
        }
    }
    if (st != BRANT_OK) {
        st = brn_error_oom(err);
    } else if (rc != SQLITE_DONE) {
        st = brn_sqlite_error(s, rc, "objects.failed", "could not list the objects", err);
    }
    s->f->finalize(stmt);
    s->working--;
    if (st == BRANT_OK) {
        *out = list;
    }
    return st;
}
