/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Statements that brant itself sends again and again: prepared once on a connection, then only
 * bound. What a pipeline sends long before it runs takes its times on the server.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "engines/postgres/pipeline.h"

enum slot {
    SLOT_BEGIN,
    SLOT_COMMIT,
    SLOT_GUARD,                                    /* of the lock */
    SLOT_GUARD_ROW,                                /* and of the migration's row */
    SLOT_LEDGER,                                   /* and the type of the operation */
    SLOT_STAMPED = SLOT_LEDGER + BRN_LEDGER_TYPES, /* with times of the server */
    SLOT_END = SLOT_STAMPED + BRN_LEDGER_TYPES,    /* of a migration */
    SLOT_END_NEXT,                                 /* and the next one is running */
    SLOT_COUNT,
};

/* Guards of rows that are sent before their statement is prepared anew for the first time. */
#define GUARDS_RENEW 64

_Static_assert(SLOT_COUNT <= BRN_POSTGRES_SLOTS, "a slot for each statement");

/*
 * A statement that fails with a text that no locale changes: it reads a setting that nobody has.
 * current_setting() is not evaluated before it is reached.
 */
#define RAISE(what) "pg_catalog.current_setting('brant." what "')"

/* --- guard ------------------------------------------------------------------------------------ */

/* What brn_postgres_settings() has set is otherwise. */
#define OF_A_RUN                                                                                   \
    "pg_catalog.current_setting('statement_timeout') <> '0'"                                       \
    " OR pg_catalog.current_setting('standard_conforming_strings') <> 'on'"

/* A temporary table goes before one of the same name. Asked by what depends on the schema, which
 * has an index; a session that never had one has no schema for it either. */
#define HAS_TEMPORARY                                                                              \
    "(pg_catalog.pg_my_temp_schema() <> 0 AND EXISTS (SELECT FROM pg_catalog.pg_depend d"          \
    " WHERE d.refclassid = 'pg_catalog.pg_namespace'::pg_catalog.regclass"                         \
    " AND d.refobjid = pg_catalog.pg_my_temp_schema()))"

/*
 * The lock is held twice, so letting go of it once and taking it again shows that this session
 * holds it, and touches only what the session itself has noted: pg_locks goes through the locks of
 * all sessions, which costs more than a small migration's own statements on a busy server.
 */
static void render_guard(brn_buf *sql, const brn_postgres *p, bool row)
{
    brn_buf_add_c(
        sql, "SELECT CASE WHEN NOT pg_catalog.pg_advisory_unlock($1::bigint) THEN " RAISE(
                 "lock_lost") " WHEN NOT pg_catalog.pg_try_advisory_lock($1::bigint)"
                              " THEN " RAISE("lock_lost"));
    brn_buf_add_c(
        sql, " WHEN pg_catalog.current_setting('search_path') <> $2 OR current_user <> $3"
             " OR " BRN_POSTGRES_OTHERS " <> $4 OR ($4 IS NOT NULL AND (" OF_A_RUN
             " OR " HAS_TEMPORARY ")) THEN " RAISE("session_changed"));
    if (row) {
        brn_buf_add_c(sql, " WHEN NOT EXISTS (SELECT FROM ");
        brn_sql_ledger_table(sql, &brn_postgres_ledger_dialect, p->schema);
        brn_buf_add_c(
            sql, " m WHERE m.id = $5 AND m.status = 'running' AND m.run_id = $6)"
                 " THEN " RAISE("row_lost"));
    }
    brn_buf_add_c(sql, " END");
}

static void guard_values(brn_pipe_text *out, const brn_pipe *pipe, const brn_op *op)
{
    brn_postgres *p = pipe->p;
    bool any = (op->flags & BRN_OP_SAME_MIGRATION) != 0; /* null is unlike nothing */

    (void)snprintf(
        out->numbers[0], sizeof(out->numbers[0]), "%" PRId64, brn_postgres_lock_number(p));
    out->values[0] = out->numbers[0];
    out->values[1] = any ? NULL : p->home.search_path;
    out->values[2] = any ? NULL : p->home.user;
    out->values[3] = any ? NULL : p->home.others;
    out->count = 4;
    if (op->id != NULL) {
        out->values[4] = op->id;
        out->values[5] = pipe->program->run_id != NULL ? pipe->program->run_id : "";
        out->count = 6;
    }
}

static const struct guard_word {
    const char *marker;
    const char *message;
} guard_words[] = {
    { "lock_lost", "the migration lock is not held any more" },
    { "row_lost", "the ledger row of the migration was written by another run" },
};

/* A second time reset() was not enough, and something else has to change. */
static bool is_first_time(brn_postgres *p, const char *id)
{
    char before[sizeof(p->changed)];

    memcpy(before, p->changed, sizeof(before));
    (void)snprintf(p->changed, sizeof(p->changed), "%s", id != NULL ? id : "");
    return strcmp(before, p->changed) != 0;
}

static brant_status guard_error(
    brn_pipe *pipe, const brn_op *op, const char *text, brant_error **err)
{
    brant_status st;

    for (size_t i = 0; i < BRN_ARRAY_LEN(guard_words); i++) {
        if (strstr(text, guard_words[i].marker) == NULL) {
            continue;
        }
        st = brn_error(err, BRANT_ELOCKED, "lock.lost", "%s", guard_words[i].message);
        brn_error_hint(
            err,
            "Another run may have taken over. Run \"brant status\", and then again what you ran.");
        return st;
    }
    if (strstr(text, "session_changed") == NULL) {
        return BRANT_OK;
    }
    /* reset() restores it, and then the same goes on. */
    pipe->state->passing = true;
    pipe->state->at_once = is_first_time(pipe->p, op->id);
    return brn_error(
        err, BRANT_ESTATEMENT, "session.changed",
        "the migration before has left the session with other settings, another role or a temporary "
        "table");
}

/*
 * The plan of a prepared statement stays. One that was made while the ledger was small reads all of
 * it, and would still do so when a long run has made it large. So it is made anew, under another
 * name, whenever the run has doubled the rows that it added.
 */
static void renew_guard(brn_pipe *pipe)
{
    brn_postgres *p = pipe->p;
    uint32_t sent = p->guards++;

    if (sent >= GUARDS_RENEW && (sent & (sent - 1)) == 0) {
        p->guard_plans++;
        p->prepared &= ~(1u << SLOT_GUARD_ROW);
        pipe->sent &= ~(1u << SLOT_GUARD_ROW);
    }
}

static void set_slot(brn_pipe_text *out, const brn_pipe *pipe, uint32_t slot)
{
    out->slot = slot;
    if (slot == SLOT_GUARD_ROW) {
        (void)snprintf(
            out->name, sizeof(out->name), "brant_%" PRIu32 "_%" PRIu32, slot, pipe->p->guard_plans);
    } else {
        (void)snprintf(out->name, sizeof(out->name), "brant_%" PRIu32, slot);
    }
}

static bool is_known(const brn_pipe *pipe, uint32_t slot)
{
    return ((pipe->p->prepared | pipe->sent) & (1u << slot)) != 0;
}

/* --- ledger ----------------------------------------------------------------------------------- */

/* Those of one operation, behind those that are there. */
static void add_values(brn_pipe_text *out, const brn_sql_stmt *sql)
{
    for (size_t i = 0; i < sql->count; i++) {
        const brn_sql_param *param = &sql->params[i];
        size_t at = out->count++;

        out->values[at] = param->is_null ? NULL : param->text;
        if (!param->is_null && param->text == NULL) {
            (void)snprintf(out->numbers[at], sizeof(out->numbers[at]), "%" PRId64, param->number);
            out->values[at] = out->numbers[at];
        }
    }
}

/* The number of the transaction is the question when the answer to its COMMIT is lost. */
#define RETURNING_XID " RETURNING pg_catalog.txid_current()"

/*
 * And how its COMMIT waits for the disk: not at all when it may not ($%zu is the session's setting;
 * null: it has to), it was short, and nobody has set it otherwise. For this transaction only.
 */
#define RETURNING_WAIT                                                                             \
    ", CASE WHEN pg_catalog.current_setting('synchronous_commit') = $%zu"                          \
    " AND pg_catalog.clock_timestamp() - pg_catalog.transaction_timestamp() < '100 ms'::interval"  \
    " THEN pg_catalog.set_config('synchronous_commit', 'off', true)"                               \
    " ELSE pg_catalog.current_setting('synchronous_commit') END"

/* Who gives a migration less time than this wants to know at once when one is done. */
#define HURRY_MS 60000

static bool render_ledger(brn_pipe_text *out, brn_pipe *pipe, const brn_op *op, size_t i)
{
    const brn_ledger_op *ledger = op->ledger;
    bool ensure = ledger->type == BRN_LEDGER_ENSURE;
    /* What stands behind statements in their transaction runs when they are done. */
    bool by_server = ledger->stamp && pipe->worked;
    int64_t now_us = by_server ? BRN_SQL_BY_SERVER : brn_clock_wall_us();
    uint32_t slot = (uint32_t)(by_server ? SLOT_STAMPED : SLOT_LEDGER) + (uint32_t)ledger->type;
    bool known = !ensure && is_known(pipe, slot);

    if (!brn_sql_ledger_render(
            &out->ledger[0], known ? NULL : &pipe->text, &brn_postgres_ledger_dialect,
            pipe->p->schema, ledger, i, now_us, pipe->began_us)) {
        return false;
    }
    if (ledger->type == BRN_LEDGER_HISTORY && !known) {
        brn_buf_add_c(&pipe->text, RETURNING_XID);
    }
    set_slot(out, pipe, ensure ? UINT32_MAX : slot);
    out->sql = known ? NULL : brn_buf_text(&pipe->text);
    add_values(out, &out->ledger[0]);
    return true;
}

static bool is_write(const brn_pipe *pipe, size_t op, brn_ledger_op_type type, bool stamp)
{
    const brn_op *what = &pipe->program->ops.items[op];

    return what->type == BRN_OP_LEDGER && what->ledger->type == type &&
           what->ledger->stamp == stamp;
}

size_t brn_pipe_together(const brn_pipe *pipe, size_t op, size_t to)
{
    const brn_op *ops = pipe->program->ops.items;

    if (!pipe->worked || to - op < 2 || !is_write(pipe, op, BRN_LEDGER_PUT, true) ||
        !is_write(pipe, op + 1, BRN_LEDGER_HISTORY, true)) {
        return 1;
    }
    return to - op > 2 && is_write(pipe, op + 2, BRN_LEDGER_PUT, false) &&
                   strcmp(ops[op].ledger->row->id, ops[op + 2].ledger->row->id) != 0
               ? 3
               : 2;
}

/* Whether the transaction that ends at `op` may commit before it is on disk: another one of the
 * same pipeline waits for that. */
static bool may_be_early(const brn_pipe *pipe, size_t op)
{
    const brn_op *ops = pipe->program->ops.items;
    const char *wait = pipe->p->home.wait;
    int64_t limit_ms = pipe->p->conn.control->limit_ms[BRN_LIMIT_MIGRATION];
    size_t next = op + 1;

    if (op >= pipe->to || ops[op].type != BRN_OP_COMMIT || strcmp(wait, "off") == 0 ||
        (limit_ms > 0 && limit_ms < HURRY_MS)) {
        return false;
    }
    while (next < pipe->to && ops[next].type != BRN_OP_COMMIT) {
        next++;
    }
    return next < pipe->to;
}

void brn_pipe_note_end(brn_pipe *pipe, const PGresult *result)
{
    brn_postgres *p = pipe->p;

    if (PQntuples(result) == 1) {
        (void)snprintf(p->xid, sizeof(p->xid), "%s", PQgetvalue(result, 0, 0));
        pipe->early = PQnfields(result) > 1 && strcmp(PQgetvalue(result, 0, 1), "off") == 0 &&
                      strcmp(p->home.wait, "off") != 0;
    }
}

/*
 * Three statements would cost the server about as much as a small CREATE TABLE does; in one they
 * start only once. History comes last for what it returns. Rows are put by ON CONFLICT, also the
 * one that is there: an UPDATE might get a plan that reads the whole table, made when it was small.
 */
void brn_pipe_render_together(brn_pipe_text *out, brn_pipe *pipe, size_t op, size_t count)
{
    const brn_op *ops = &pipe->program->ops.items[op];
    const brn_ledger_op *order[BRN_PIPE_TOGETHER] = { ops[0].ledger };
    uint32_t slot = count > 2 ? SLOT_END_NEXT : SLOT_END;
    bool known = is_known(pipe, slot);
    bool early = may_be_early(pipe, op + count);

    order[1] = ops[count - 1].ledger;
    order[count - 1] = ops[1].ledger;
    brn_sql_ledger_render_with(
        out->ledger, known ? NULL : &pipe->text, &brn_postgres_ledger_dialect, pipe->p->schema,
        order, count, BRN_SQL_BY_SERVER, pipe->began_us);
    out->count = 0;
    for (size_t i = 0; i < count; i++) {
        add_values(out, &out->ledger[i]);
    }
    out->values[out->count++] = early ? pipe->p->home.wait : NULL;
    if (!known) {
        brn_buf_add_c(&pipe->text, RETURNING_XID);
        brn_buf_printf(&pipe->text, RETURNING_WAIT, out->count);
    }
    set_slot(out, pipe, slot);
    out->sql = known ? NULL : brn_buf_text(&pipe->text);
    pipe->p->unwritten = pipe->p->unwritten || early;
}

/* A row that is gone cannot say later what was done: better to stop now. */
static bool must_hit_a_row(const brn_op *op)
{
    return op->type == BRN_OP_LEDGER &&
           (op->ledger->type == BRN_LEDGER_INTENT || op->ledger->type == BRN_LEDGER_OUTCOME ||
            op->ledger->type == BRN_LEDGER_FAIL);
}

/* --- both ------------------------------------------------------------------------------------- */

static void fixed(brn_pipe_text *out, const brn_pipe *pipe, uint32_t slot, const char *sql)
{
    set_slot(out, pipe, slot);
    out->sql = is_known(pipe, slot) ? NULL : sql;
}

static void guard(brn_pipe_text *out, brn_pipe *pipe, const brn_op *op)
{
    uint32_t slot = op->id != NULL ? SLOT_GUARD_ROW : SLOT_GUARD;

    if (op->id != NULL) {
        renew_guard(pipe);
    }
    if (!is_known(pipe, slot)) {
        brn_buf_reset(&pipe->text);
        render_guard(&pipe->text, pipe->p, op->id != NULL);
    }
    fixed(out, pipe, slot, brn_buf_text(&pipe->text));
    guard_values(out, pipe, op);
}

bool brn_pipe_render(brn_pipe_text *out, brn_pipe *pipe, const brn_op *op, size_t i)
{
    out->count = 0;
    if (op->type == BRN_OP_LEDGER) {
        return render_ledger(out, pipe, op, i);
    }
    if (i > 0) {
        return false;
    }
    switch (op->type) {
    case BRN_OP_BEGIN:
        fixed(out, pipe, SLOT_BEGIN, "BEGIN");
        return true;
    case BRN_OP_COMMIT:
        fixed(out, pipe, SLOT_COMMIT, "COMMIT");
        return true;
    case BRN_OP_GUARD:
        guard(out, pipe, op);
        return true;
    default:
        return false;
    }
}

static const char *what_failed(const brn_op *op, const char **id)
{
    *id = "statement.failed";
    switch (op->type) {
    case BRN_OP_BEGIN:
        return "could not begin a transaction";
    case BRN_OP_COMMIT:
        return "could not commit";
    case BRN_OP_LEDGER:
        *id = "ledger.write_failed";
        return "could not write the ledger";
    case BRN_OP_GUARD:
        *id = "ledger.read_failed";
        return "could not read the ledger";
    case BRN_OP_STATEMENT:
    case BRN_OP_BARRIER:
        break;
    }
    return NULL;
}

brant_status brn_pipe_error(
    brn_pipe *pipe, const brn_op *op, const PGresult *result, brant_error **err)
{
    const char *id = NULL;
    const char *what = what_failed(op, &id);
    const char *text = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    brn_str sql = op->type == BRN_OP_STATEMENT ? op->sql : (brn_str){ 0 };
    brant_status st = BRANT_OK;

    if (PQresultStatus(result) == PGRES_COMMAND_OK && must_hit_a_row(op)) {
        if (strcmp(brn_postgres_tag(result), "UPDATE 0") != 0) {
            return BRANT_OK;
        }
        st = brn_error(
            err, BRANT_EDRIFT, "ledger.row_missing", "the ledger row of \"%s\" is gone",
            op->ledger->row->id);
        brn_error_hint(err, "Somebody deleted it while brant was running. Run \"brant status\".");
        return st;
    }
    if (PQresultStatus(result) != PGRES_FATAL_ERROR) {
        return BRANT_OK;
    }
    if (op->type == BRN_OP_GUARD && text != NULL) {
        st = guard_error(pipe, op, text, err);
    }
    if (st == BRANT_OK) {
        const char *advice = brn_postgres_advice(PQresultErrorField(result, PG_DIAG_SQLSTATE), sql);

        st = brn_postgres_error(pipe->p, result, sql, id, what, err);
        if (advice != NULL) {
            brn_error_hint(err, "%s", advice);
        }
    }
    if (op->type == BRN_OP_STATEMENT) {
        brn_error_statement(err, op->sql);
    }
    return st;
}
