/* SPDX-License-Identifier: Apache-2.0 */
#include "conformance/conformance.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* cmocka hands tests no data of their own when groups share a setup. */
static const conf_quirks *current;

const conf_quirks *conf_engine(void)
{
    return current;
}

void conf_use(const conf_quirks *quirks)
{
    current = quirks;
}

static void on_event(const brant_event *ev, void *user)
{
    conf_db *db = user;

    if (ev->type == BRANT_EVENT_TRACE) {
        db->events++;
        (void)snprintf(db->last_trace, sizeof(db->last_trace), "%s", ev->message);
        (void)snprintf(
            db->last_statement, sizeof(db->last_statement), "%.*s", (int)ev->statement_len,
            ev->statement != NULL ? ev->statement : "");
    } else if (ev->type == BRANT_EVENT_WARNING) {
        db->warnings++;
    }
}

int conf_setup(void **state)
{
    conf_db *db = calloc(1, sizeof(*db));

    if (db == NULL || !current->create(db->url)) {
        free(db);
        return -1;
    }
    db->quirks = current;
    db->lock_timeout_ms = 200;
    brn_arena_init(&db->arena);
    brn_control_init(&db->control);
    db->emitter = (brn_emitter){ .fn = on_event, .user = db };
    if (brn_url_parse(&db->parsed, &db->arena, brn_str_from(db->url), NULL) != BRANT_OK) {
        return -1;
    }
    *state = db;
    return 0;
}

int conf_teardown(void **state)
{
    conf_db *db = *state;

    db->quirks->destroy(db->url);
    brn_arena_release(&db->arena);
    free(db);
    return 0;
}

brant_status conf_try_connect(brn_conn **out, conf_db *db, uint32_t flags, brant_error **err)
{
    brn_connect_options opts = {
        .url = &db->parsed,
        .database = "main",
        .control = &db->control,
        .emitter = &db->emitter,
        .ledger_schema = db->ledger_schema,
        .connect_timeout_ms = 5000,
        .lock_timeout_ms = db->lock_timeout_ms,
        .lease_ms = db->lease_ms,
        .lent = db->lent,
        .flags = flags,
    };

    return db->quirks->engine->connect(out, &opts, err);
}

brn_conn *conf_connect(conf_db *db)
{
    brn_conn *conn = NULL;
    brant_error *err = NULL;

    conf_ok(conf_try_connect(&conn, db, BRN_CONNECT_CREATE, &err), err);
    return conn;
}

void conf_close(brn_conn *conn)
{
    conn->engine->disconnect(conn);
}

brn_op *conf_add(brn_program *program, conf_db *db, brn_op_type type)
{
    brn_op *op = brn_program_add(program, &db->arena, type);

    assert_non_null(op);
    return op;
}

void conf_add_sql(brn_program *program, conf_db *db, const char *sql)
{
    brn_op *op = conf_add(program, db, BRN_OP_STATEMENT);
    brn_stmt *stmt = brn_arena_alloc(&db->arena, sizeof(*stmt));

    assert_non_null(stmt);
    stmt->text = brn_str_from(sql);
    stmt->line = 1;
    stmt->column = 1;
    op->sql = stmt->text;
    op->stmt = stmt;
    op->number = 1;
    for (size_t i = 0; i + 1 < program->ops.count; i++) {
        op->number += program->ops.items[i].type == BRN_OP_STATEMENT;
    }
}

void conf_add_ledger(
    brn_program *program, conf_db *db, brn_ledger_op_type type, const brn_ledger_row *row)
{
    brn_ledger_op *ledger = brn_arena_alloc(&db->arena, sizeof(*ledger));
    brn_ledger_row *copy = brn_arena_alloc(&db->arena, sizeof(*copy));

    assert_non_null(ledger);
    assert_non_null(copy);
    if (row != NULL) {
        *copy = *row;
        ledger->row = copy;
    }
    ledger->type = type;
    conf_add(program, db, BRN_OP_LEDGER)->ledger = ledger;
}

void conf_add_history(brn_program *program, conf_db *db, const brn_history_row *row)
{
    brn_ledger_op *ledger = brn_arena_alloc(&db->arena, sizeof(*ledger));
    brn_history_row *copy = brn_arena_alloc(&db->arena, sizeof(*copy));

    assert_non_null(ledger);
    assert_non_null(copy);
    *copy = *row;
    ledger->type = BRN_LEDGER_HISTORY;
    ledger->history = copy;
    conf_add(program, db, BRN_OP_LEDGER)->ledger = ledger;
}

brn_ledger_row conf_row(const char *id, brn_row_status status)
{
    return (brn_ledger_row){
        .id = id,
        .version = "1",
        .seq = 1,
        .status = status,
        .direction = BRN_UP,
        .kind = "sql",
        .duration_ms = -1,
        .run_id = "run-1",
        .tool = "0.1.0",
        .format = BRN_LEDGER_FORMAT,
    };
}

static bool rolls_back_tables(const conf_db *db)
{
    return (db->quirks->caps & BRN_CAP_TXN_DDL) != 0;
}

const char *conf_change(conf_db *db)
{
    brn_conn *conn = NULL;

    if (rolls_back_tables(db)) {
        return db->quirks->create_table;
    }
    if (db->quirks->number(db->url, db->quirks->count_tables) == 0) {
        conn = conf_connect(db);
        conf_run_sql(conn, db, db->quirks->create_table);
        conf_close(conn);
    }
    return db->quirks->update_rows;
}

bool conf_is_before(const conf_db *db)
{
    return db->quirks->number(db->url, db->quirks->count_ledger) <= 0 &&
           (db->quirks->number(db->url, db->quirks->count_tables) == 0 ||
            (!rolls_back_tables(db) && db->quirks->number(db->url, db->quirks->count_rows) == 0));
}

bool conf_is_after(const conf_db *db)
{
    return db->quirks->number(db->url, db->quirks->count_tables) == 1 &&
           db->quirks->number(db->url, db->quirks->count_rows) == 3 &&
           db->quirks->number(db->url, db->quirks->count_ledger) == 1;
}

void conf_migration(brn_program *program, conf_db *db)
{
    static const brn_history_row entry = {
        .run_id = "run-1",
        .action = "up",
        .migration = "m1",
        .outcome = "ok",
        .at_us = 1700000000000000,
        .duration_ms = -1,
        .hash = "h1",
        .format = BRN_LEDGER_FORMAT,
    };
    brn_ledger_row done = conf_row("m1", BRN_ROW_COMPLETED);

    program->migration = "m1";
    program->run_id = "run-1";
    (void)conf_add(program, db, BRN_OP_BEGIN);
    conf_add(program, db, BRN_OP_GUARD)->id = NULL;
    conf_add_sql(program, db, conf_change(db));
    conf_add_sql(program, db, db->quirks->insert_rows);
    conf_add_ledger(program, db, BRN_LEDGER_PUT, &done);
    conf_add_history(program, db, &entry);
    (void)conf_add(program, db, BRN_OP_COMMIT);
}

void conf_run_sql(brn_conn *conn, conf_db *db, const char *sql)
{
    const char *next = sql;

    while (next != NULL && *next != '\0') {
        const char *end = strstr(next, ";;");
        size_t len = end != NULL ? (size_t)(end - next) : strlen(next);
        brn_program program = { .run_id = "run-1" };
        brn_run_state state;
        brant_error *err = NULL;

        conf_add_sql(&program, db, brn_arena_strndup(&db->arena, next, len));
        conf_ok(conn->engine->run(conn, &program, NULL, NULL, &state, &err), err);
        next = end != NULL ? end + 2 : NULL;
    }
}

void conf_ensure(brn_conn *conn, conf_db *db)
{
    brn_program program = { .run_id = "run-1" };
    brn_run_state state;
    brant_error *err = NULL;

    conf_add_ledger(&program, db, BRN_LEDGER_ENSURE, NULL);
    conf_ok(conn->engine->run(conn, &program, NULL, NULL, &state, &err), err);
}

brant_status conf_execute(
    int64_t *changed,
    brn_conn *conn,
    const char *sql,
    const brant_value *values,
    size_t count,
    brant_row_fn *on_row,
    void *user,
    brant_error **err)
{
    const brn_query query = { brn_str_from(sql), values, count, on_row, user };

    return conn->engine->execute(changed, conn, &query, err);
}

void conf_ok(brant_status st, brant_error *err)
{
    if (st != BRANT_OK) {
        fail_msg(
            "%s: %s (%s)", brant_error_id(err), brant_error_message(err),
            brant_error_detail(err) != NULL ? brant_error_detail(err) : "");
    }
    brant_error_free(err);
}

void conf_expect(brant_status st, brant_error *err, brant_status want, const char *id)
{
    if (st != want || (id != NULL && strcmp(brant_error_id(err), id) != 0)) {
        fail_msg(
            "wanted %s (%s), got %s (%s): %s", brant_status_name(want), id != NULL ? id : "any",
            brant_status_name(st), brant_error_id(err), brant_error_message(err));
    }
    brant_error_free(err);
}
