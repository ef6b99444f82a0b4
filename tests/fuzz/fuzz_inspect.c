/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What each engine says of the statements of a script, with and without a connection; pick.h says
 * whose the script is. Holds: roles are known ones, what is refused or has to stand alone says why,
 * nobody is told that a control of transactions changes rows, and the same statement is the same
 * again by itself.
 */
#include <stdlib.h>
#include <string.h>

#include "engines/mysql/mysql.h"
#include "engines/postgres/postgres.h"
#include "engines/sqlite/sqlite.h"
#include "fuzz/pick.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(what)                                                                                 \
    do {                                                                                           \
        if (!(what)) {                                                                             \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

typedef void inspect_fn(brn_stmt_info *out, const brn_conn *conn, const brn_stmt *stmt);

static inspect_fn *inspect_of(const brn_dialect *dialect)
{
    return dialect == &brn_dialect_postgres ? brn_postgres_inspect
           : dialect == &brn_dialect_mysql  ? brn_mysql_inspect
                                            : brn_sqlite_inspect;
}

static bool is_control(brn_stmt_role role)
{
    return role == BRN_ROLE_BEGIN || role == BRN_ROLE_COMMIT || role == BRN_ROLE_ROLLBACK;
}

static void check_info(const brn_stmt_info *info)
{
    bool needs_reason = info->role == BRN_ROLE_REFUSED || info->role == BRN_ROLE_ALONE;

    MUST(info->role >= BRN_ROLE_PLAIN && info->role <= BRN_ROLE_REFUSED);
    MUST(!needs_reason || (info->why != NULL && info->why[0] != '\0'));
    MUST(info->role != BRN_ROLE_REFUSED || (info->hint != NULL && info->hint[0] != '\0'));
    MUST(!is_control(info->role) || (!info->ddl && !info->dml && !info->destructive));
    MUST(memchr(info->kind, '\0', sizeof(info->kind)) != NULL);
}

static void check_stmt(const brn_dialect *dialect, const brn_stmt *stmt)
{
    inspect_fn *inspect = inspect_of(dialect);
    brn_conn old = { .server_version = 110000 };
    brn_stmt alone = { .text = stmt->text, .line = 1, .column = 1, .mode = stmt->mode };
    brn_stmt_info info;
    brn_stmt_info again;

    inspect(&info, &old, stmt);
    check_info(&info);
    inspect(&info, NULL, stmt);
    check_info(&info);
    inspect(&again, NULL, &alone);
    MUST(again.role == info.role && again.ddl == info.ddl && again.dml == info.dml);
    MUST(strcmp(again.kind, info.kind) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    brn_arena arena = { 0 };
    brn_stmt_list list = { 0 };
    brn_script script;
    const brn_dialect *dialect = pick(&script, data, size);

    if (brn_split(&list, &arena, dialect, &script, NULL) == BRANT_OK) {
        for (size_t i = 0; i < list.count; i++) {
            check_stmt(dialect, &list.items[i]);
        }
    }
    brn_arena_release(&arena);
    return 0;
}
