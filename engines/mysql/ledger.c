/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading the ledger costs one round trip. In the same packet the session is made to read and give
 * texts as we do, and its sql_mode comes: how the server will read the migrations has to be known
 * before they are cut into statements.
 */
#include "engines/mysql/mysql.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "engine/sql_mirror.h"

#define AS_TEXT(time) "CONCAT(LEFT(DATE_FORMAT(" time ", '%Y-%m-%dT%H:%i:%s.%f'), 23), 'Z')"

/* Of the server's own time, whatever the session's zone is. */
static const brn_sql_stamps stamps = {
    .began = AS_TEXT(BRN_MYSQL_BEGAN),
    .began_time = BRN_MYSQL_BEGAN,
    .ended = AS_TEXT("UTC_TIMESTAMP(6)"),
    .took_ms =
        "GREATEST(0, TIMESTAMPDIFF(MICROSECOND, " BRN_MYSQL_BEGAN ", UTC_TIMESTAMP(6)) DIV 1000)",
};

#define TRIES 4

/* Ids that differ in case only are two: hence the collation. In other formats than DYNAMIC a key of
 * 255 letters is too long. */
const brn_sql_dialect brn_mysql_ledger_dialect = {
    .quote = '`',
    .numbered_params = false,
    .type_text = "longtext",
    .type_key = "varchar(255)",
    .type_int = "bigint",
    .type_serial = "bigint NOT NULL AUTO_INCREMENT PRIMARY KEY",
    .table_options =
        " ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
    .upsert = "REPLACE INTO",
    .stamps = &stamps,
};

typedef struct reading {
    brn_mysql *p;
    const char *table;
    brn_arena *arena;
    brn_ledger_detail detail;
    brn_ledger_rows *rows; /* one of the two */
    brn_history_rows *history;
    bool is_here;
} reading;

static const char *column_text(void *user, int i)
{
    char **row = user;

    return row[i];
}

static brant_status take_row(reading *r, MYSQL_ROW row, brant_error **err)
{
    brn_ledger_row *state = NULL;
    brn_history_row *entry = NULL;

    if (r->rows != NULL) {
        state = BRN_VEC_PUSH_MOVING(r->arena, r->rows);
        return state != NULL
                   ? brn_sql_ledger_decode(state, r->arena, r->detail, column_text, row, err)
                   : brn_error_oom(err);
    }
    entry = BRN_VEC_PUSH(r->arena, r->history);
    return entry != NULL ? brn_sql_history_decode(entry, r->arena, column_text, row, err)
                         : brn_error_oom(err);
}

/* Names of both servers' modes that include it are in the value as well. */
static uint32_t mode_of(const char *sql_mode)
{
    uint32_t mode = 0;

    mode |= strstr(sql_mode, "ANSI_QUOTES") != NULL ? BRN_LEX_ANSI_QUOTES : 0;
    mode |= strstr(sql_mode, "NO_BACKSLASH_ESCAPES") != NULL ? BRN_LEX_NO_BACKSLASH : 0;
    return mode;
}

static brant_status take_mode(reading *r, MYSQL_ROW row, brant_error **err)
{
    brant_status st;

    r->p->conn.lex_mode = mode_of(row[0] != NULL ? row[0] : "");
    r->p->packet_max = row[2] != NULL ? strtoul(row[2], NULL, 10) : 0;
    if (row[1] == NULL || strcmp(row[1], "0") != 0) {
        return BRANT_OK;
    }
    st = brn_error(
        err, BRANT_EUSAGE, "ledger.no_schema", "no database \"%s\" for the ledger on %s",
        r->p->schema, r->p->host);
    brn_error_hint(
        err, "Create it, let the user of the URL see it, or name another with the setting "
             "ledger-schema. Without the setting it is the database of the URL.");
    return st;
}

static brant_status read_error(reading *r, brant_error **err)
{
    unsigned number = mysql_errno(r->p->my);
    brant_status st;

    if (number == 1146 || number == 1049) { /* no such table, no such database */
        r->is_here = false;
        return BRANT_OK;
    }
    if (number == 1054) { /* no such column */
        st = brn_error(
            err, BRANT_EDRIFT, "ledger.unreadable", "table \"%s\" is not one that brant can read",
            r->table);
        brn_error_hint(
            err,
            "It was made by something else, or changed. Rename it, or restore it from a backup.");
        return st;
    }
    return brn_mysql_error(
        r->p, (brn_str){ NULL, 0 }, "ledger.read_failed", "could not read the ledger", err);
}

typedef brant_status take_fn(reading *r, MYSQL_ROW row, brant_error **err);

/* The rows of the answer at hand, one by one: no result holds all of them beside our copies. */
static brant_status take_rows(reading *r, take_fn *take, brant_error **err)
{
    MYSQL_RES *res = mysql_use_result(r->p->my);
    MYSQL_ROW row = NULL;
    brant_status st = BRANT_OK;
    bool fine = res != NULL;

    do {
        fine = fine && brn_mysql_fetch(&row, r->p, res);
        if (fine && row != NULL && st == BRANT_OK) {
            st = take(r, row, err);
        }
    } while (fine && row != NULL);
    if (!fine && st == BRANT_OK) {
        st = read_error(r, err);
    }
    mysql_free_result(res);
    return st;
}

static brant_status take_all(reading *r, brn_str packet, brant_error **err)
{
    brant_status st;

    if (!brn_mysql_send(r->p, packet) || !brn_mysql_next(r->p)) {
        return read_error(r, err);
    }
    st = take_rows(r, take_mode, err);
    if (st != BRANT_OK) {
        brn_mysql_drain(r->p);
        return st;
    }
    if (!brn_mysql_has_more(r->p) || !brn_mysql_next(r->p)) {
        return read_error(r, err);
    }
    r->is_here = true;
    return take_rows(r, take_row, err);
}

/* In a cluster a statement that another node has begun, such as making this very table, ends one
 * that is in its way. */
static brant_status take_all_at_last(reading *r, brn_str packet, brant_error **err)
{
    brant_error *failure = NULL;
    brant_status st = BRANT_ESTATEMENT;

    for (int i = 0; i < TRIES && st == BRANT_ESTATEMENT; i++) {
        brant_error_free(failure);
        failure = NULL;
        if (r->rows != NULL) {
            r->rows->count = 0;
        } else {
            r->history->count = 0;
        }
        st = take_all(r, packet, &failure);
        if (st == BRANT_ESTATEMENT && !brn_mysql_is_passing(brn_mysql_number(r->p->my))) {
            break;
        }
    }
    if (err != NULL) {
        *err = failure;
    } else {
        brant_error_free(failure);
    }
    return st;
}

/* What has to be known before the rows: the mode, whether there is such a database, and how much
 * may be sent at once. */
static void add_place(brn_buf *sql, const brn_mysql *p)
{
    brn_buf_add_c(sql, BRN_MYSQL_PINNED "SELECT @@SESSION.sql_mode, ");
    if (p->schema == p->dbname) {
        brn_buf_add_c(sql, "1");
    } else {
        brn_buf_add_c(
            sql, "(SELECT COUNT(*) FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = ");
        brn_mysql_add_text(sql, p->schema, strlen(p->schema));
        brn_buf_add_c(sql, ")");
    }
    brn_buf_add_c(sql, ", GREATEST(@@SESSION.max_allowed_packet, @@SESSION.net_buffer_length);\n");
}

static brant_status read_table(reading *r, size_t limit, brant_error **err)
{
    brn_mysql *p = r->p;
    brn_buf sql;
    brant_status st =
        p->my != NULL ? brn_control_check(p->conn.control, err) : brn_mysql_lost(p, err);

    if (st != BRANT_OK) {
        return st;
    }
    brn_buf_init(&sql, 0);
    add_place(&sql, p);
    if (r->rows != NULL) {
        brn_sql_ledger_select(&sql, &brn_mysql_ledger_dialect, p->schema, r->detail);
    } else {
        brn_sql_history_select(&sql, &brn_mysql_ledger_dialect, p->schema, limit);
    }
    brn_mysql_look(p);
    st = sql.failed ? brn_error_oom(err) : take_all_at_last(r, brn_buf_str(&sql), err);
    brn_buf_release(&sql);
    return st == BRANT_OK && r->arena->oom ? brn_error_oom(err) : st;
}

/* Asked once, where there is no ledger yet: under the lock it is too late to say so. */
static brant_status find_foreign(const char **out, reading *r, brant_error **err)
{
    brn_buf sql;
    brant_status st;

    if (r->is_here || r->p->locked) {
        return BRANT_OK;
    }
    brn_buf_init(&sql, 0);
    brn_buf_add_c(
        &sql, "SELECT MIN(TABLE_NAME) FROM information_schema.TABLES"
              " WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME IN (");
    brn_sql_foreign_list(&sql);
    brn_buf_add_c(&sql, ")");
    st = sql.failed ? brn_error_oom(err)
                    : brn_mysql_value(out, r->arena, r->p, brn_buf_text(&sql), err);
    brn_buf_release(&sql);
    return st;
}

brant_status brn_mysql_ledger_read(
    brn_ledger_state *out,
    brn_arena *arena,
    brn_conn *conn,
    brn_ledger_detail detail,
    brant_error **err)
{
    brn_ledger_state state = { 0 };
    reading r = {
        .p = (brn_mysql *)conn,
        .table = "brant_migrations",
        .arena = arena,
        .detail = detail,
        .rows = &state.rows,
    };
    brant_status st = read_table(&r, 0, err);

    if (st == BRANT_OK) {
        st = find_foreign(&state.foreign, &r, err);
    }
    if (st != BRANT_OK) {
        return st;
    }
    state.exists = r.is_here;
    if (detail == BRN_LEDGER_FULL) {
        brn_ledger_rows_sort(&state.rows);
    }
    *out = state;
    return BRANT_OK;
}

static void turn_round(brn_history_rows *rows)
{
    for (size_t i = 0; i < rows->count / 2; i++) {
        brn_history_row row = rows->items[i];

        rows->items[i] = rows->items[rows->count - 1 - i];
        rows->items[rows->count - 1 - i] = row;
    }
}

brant_status brn_mysql_history_read(
    brn_history_rows *out, brn_arena *arena, brn_conn *conn, size_t limit, brant_error **err)
{
    brn_history_rows rows = { 0 };
    reading r = {
        .p = (brn_mysql *)conn, .table = "brant_history", .arena = arena, .history = &rows
    };
    brant_status st = read_table(&r, limit, err);

    if (st == BRANT_OK) {
        turn_round(&rows);
        *out = rows;
    }
    return st;
}

typedef struct mirror_reading {
    brn_mirror_state state;
    brn_arena *arena;
    brn_mirror mirror;
    brant_status st;
    brant_error *error;
} mirror_reading;

static bool take_mirror(void *user, size_t index, MYSQL_RES *rows)
{
    mirror_reading *r = user;
    MYSQL_ROW row = NULL;

    (void)index;
    r->state.exists = rows != NULL;
    while (r->st == BRANT_OK && rows != NULL && (row = mysql_fetch_row(rows)) != NULL) {
        brn_mirror_row *entry = BRN_VEC_PUSH(r->arena, &r->state.rows);

        if (entry == NULL) {
            return false;
        }
        r->st = brn_sql_mirror_decode(entry, r->mirror, column_text, row, &r->error);
    }
    return true;
}

brant_status brn_mysql_mirror_read(
    brn_mirror_state *out, brn_arena *arena, brn_conn *conn, brn_mirror mirror, brant_error **err)
{
    brn_mysql *p = (brn_mysql *)conn;
    mirror_reading r = { .arena = arena, .mirror = mirror };
    brn_buf sql;

    brn_buf_init(&sql, 0);
    brn_sql_mirror_select(&sql, &brn_mysql_ledger_dialect, p->schema, mirror);
    brant_status st = sql.failed ? brn_error_oom(&r.error)
                                 : brn_mysql_ask(p, brn_buf_str(&sql), take_mirror, &r, &r.error);
    brn_buf_release(&sql);
    if (st == BRANT_ESTATEMENT && p->my != NULL && mysql_errno(p->my) == 1146) {
        brant_error_free(r.error); /* there is no such table */
        *out = (brn_mirror_state){ 0 };
        return BRANT_OK;
    }
    st = st == BRANT_OK ? r.st : st;
    if (st == BRANT_OK) {
        *out = r.state;
    } else if (err != NULL) {
        *err = r.error;
    } else {
        brant_error_free(r.error);
    }
    return st;
}
