/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Programs on MySQL and MariaDB: packets of several statements, one answer each.
 *
 *   in a transaction   as many operations as fit: the server keeps all or nothing of them
 *   outside of one     a bracket: guard, intent, statement, outcome. Never two, since the server
 *                      works off a packet whose client has died. Behind the last one comes the
 *                      transaction that only records that the migration is completed
 *
 * By itself is a statement that may have several answers (CALL, EXECUTE, blocks), one that the
 * server would store together with what follows it, and a function of the host program. A statement
 * that fails ends its packet, so nothing behind it takes effect.
 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "engines/mysql/mysql.h"

#define ITEMS 256
#define ROOM 16                        /* of them for one operation that joins others */
#define PACKET_BYTES ((size_t)1 << 20) /* of a packet that another operation may join */
#define LEDGER_BYTES ((size_t)8 << 10) /* about what an operation on the ledger takes */
#define HEADER_BYTES 16                /* that the server counts as well, and more */
#define NONE SIZE_MAX

/* One statement of a packet. */
typedef struct item {
    size_t op;
    bool last;  /* of its operation */
    bool aside; /* with a ledger operation, but not what writes the ledger */
} item;

typedef struct packet {
    brn_mysql *p;
    const brn_program *program;
    brn_on_result *on_result;
    void *user;
    brn_run_state *state;
    int64_t began_us;
    int64_t last_ns; /* when the operation before was done */
    brn_buf text;
    item items[ITEMS];
    size_t count;
    size_t lead;   /* of them, at the beginning: of no operation */
    size_t txn;    /* operation with which a transaction begins, or goes on, in it; NONE */
    bool in_txn;   /* behind what is in it */
    bool in_own;   /* and it is the file's own */
    bool several;  /* its one statement may have several answers, or must have nothing behind it */
    bool swallows; /* and may end well although it was stopped */
    bool timed;    /* of the program: the server has noted when it began */
} packet;

/* --- what comes together ---------------------------------------------------------------------- */

static void classify(brn_stmt_class *what, brn_arena *arena, const brn_mysql *p, const brn_op *op)
{
    brn_stmt stmt = { .text = op->sql, .line = 1, .column = 1 };

    stmt.mode = op->stmt != NULL ? op->stmt->mode : brn_mysql_lex_mode(p);
    brn_classify(what, arena, &brn_dialect_mysql, &stmt);
}

static bool is_control(const brn_stmt_class *what)
{
    return what->verb == BRN_VERB_BEGIN || what->verb == BRN_VERB_COMMIT ||
           (what->verb == BRN_VERB_ROLLBACK && !what->to_savepoint);
}

static bool is_ledger(const brn_op *op, brn_ledger_op_type type)
{
    return op->type == BRN_OP_LEDGER && op->ledger->type == type;
}

/* Whether no more statements follow. */
static bool only_records(const brn_program *program, size_t from)
{
    size_t i = from;

    while (i < program->ops.count && program->ops.items[i].type != BRN_OP_STATEMENT) {
        i++;
    }
    return i == program->ops.count;
}

/* Whether the packet stays one that is not too long with the operation in it. */
static bool has_room(const packet *k, const brn_op *op)
{
    size_t max = k->p->packet_max;
    size_t more = op->type == BRN_OP_STATEMENT ? op->sql.len + HEADER_BYTES : LEDGER_BYTES;

    return k->text.len < PACKET_BYTES && k->count + ROOM < ITEMS &&
           (max == 0 || k->text.len + more + HEADER_BYTES < max);
}

/* Whether the operation may come behind the one before it. */
static bool comes_along(const packet *k, size_t at)
{
    const brn_op *op = &k->program->ops.items[at];
    const brn_op *before = op - 1;

    if (op->type == BRN_OP_BARRIER || op->call != NULL || is_ledger(op, BRN_LEDGER_ENSURE)) {
        return false;
    }
    if (k->in_txn) {
        return has_room(k, op);
    }
    if (before->type == BRN_OP_GUARD || is_ledger(before, BRN_LEDGER_INTENT)) {
        return true;
    }
    /* A round trip less. It stays a commit of its own: should it fail, the outcome is known. */
    if (is_ledger(before, BRN_LEDGER_OUTCOME) && op->type == BRN_OP_BEGIN && k->txn == NONE) {
        return only_records(k->program, at);
    }
    return before->type == BRN_OP_STATEMENT && before->call == NULL &&
           is_ledger(op, BRN_LEDGER_OUTCOME);
}

/* --- writing ---------------------------------------------------------------------------------- */

static void add_item(packet *k, size_t op, bool last)
{
    k->items[k->count++] = (item){ .op = op, .last = last };
    brn_buf_add_c(&k->text, BRN_MYSQL_SEPARATOR);
}

static void add_aside(packet *k, size_t op)
{
    add_item(k, op, false);
    k->items[k->count - 1].aside = true;
}

static bool has_lease(const packet *k)
{
    return k->p->lease.on && k->p->locked;
}

/* Fails unless the lease is ours. */
static void add_lease_check(packet *k, size_t op)
{
    brn_mysql_lease_add_renewal(&k->text, k->p, k->in_txn);
    add_aside(k, op);
    brn_buf_add_c(&k->text, BRN_MYSQL_LEASE_CHECK);
    add_aside(k, op);
}

/*
 * A query that fails unless the session has the lock, and the row is this run's and running. What
 * fails is a subquery of two rows, which is looked at only then. The first one notes the time: see
 * the stamps of ledger.c.
 */
static void add_guard(packet *k, size_t index, const char *id)
{
    brn_mysql *p = k->p;
    const char *run_id = k->program->run_id != NULL ? k->program->run_id : "";

    if (!p->lease.on) {
        brn_buf_printf(
            &k->text, "SELECT IF(IS_USED_LOCK('%s') <=> CONNECTION_ID()", brn_mysql_lock_name(p));
    } else if (k->in_txn && !k->in_own) {
        brn_buf_add_c(&k->text, "SELECT IF(1"); /* its BEGIN has looked */
    } else {
        brn_mysql_lease_add_renewal(&k->text, p, k->in_txn);
        add_item(k, index, false);
        brn_buf_add_c(&k->text, "SELECT IF(ROW_COUNT() > 0");
    }
    if (id != NULL) {
        brn_buf_add_c(&k->text, " AND (SELECT COUNT(*) FROM ");
        brn_sql_ledger_table(&k->text, &brn_mysql_ledger_dialect, p->schema);
        brn_buf_add_c(&k->text, " WHERE id = ");
        brn_mysql_add_text(&k->text, id, strlen(id));
        brn_buf_add_c(&k->text, " AND status = 'running' AND run_id = ");
        brn_mysql_add_text(&k->text, run_id, strlen(run_id));
        brn_buf_add_c(&k->text, ") = 1");
    }
    brn_buf_add_c(&k->text, BRN_MYSQL_OR_FAIL);
    if (!k->timed) {
        brn_buf_add_c(&k->text, ", UTC_TIMESTAMP(6) INTO @brant_guard, " BRN_MYSQL_BEGAN);
        k->timed = true;
    }
}

/* From here to the COMMIT nobody else can take over and have it committed as well. */
static void add_begin(packet *k, size_t index)
{
    brn_buf_add_c(&k->text, "START TRANSACTION");
    add_item(k, index, false);
    if (has_lease(k)) {
        k->in_txn = true;
        add_lease_check(k, index);
    }
    k->items[k->count - 1].last = true;
}

/* With a lease, what is not in a transaction that has looked gets one that does: what was sent
 * while the lease was ours must not be written when it is not any more. */
static void add_ledger(packet *k, size_t index, const brn_ledger_op *op)
{
    /* What is sent with the statements is written before they have run. */
    int64_t now_us = op->stamp && k->timed ? BRN_SQL_BY_SERVER : brn_clock_wall_us();
    bool looks = has_lease(k) && op->type != BRN_LEDGER_ENSURE && (!k->in_txn || k->in_own);
    bool wraps = looks && !k->in_txn;
    brn_sql_stmt stmt;
    brn_buf sql;
    bool more = true;

    if (wraps) {
        brn_buf_add_c(&k->text, "START TRANSACTION");
        add_aside(k, index);
    }
    if (looks) {
        k->in_txn = true;
        add_lease_check(k, index);
        k->in_txn = !wraps;
    }
    brn_buf_init(&sql, 0);
    for (size_t i = 0; more; i++) {
        more = brn_sql_ledger_render(
            &stmt, &sql, &brn_mysql_ledger_dialect, k->p->schema, op, i, now_us, k->began_us);
        if (more) {
            brn_mysql_add_rendered(&k->text, &stmt);
            add_item(k, index, false);
        }
    }
    if (wraps) {
        brn_buf_add_c(&k->text, "COMMIT");
        add_aside(k, index);
    }
    k->items[k->count - 1].last = true;
    k->text.failed = k->text.failed || sql.failed;
    brn_buf_release(&sql);
}

static brant_status refuse(const brn_op *op, const char *id, const char *why, brant_error **err)
{
    brant_status st = brn_error(err, BRANT_ESTATEMENT, id, "%s", why);

    brn_error_statement(err, op->sql);
    brn_error_hint(
        err, "Leave BEGIN, COMMIT and ROLLBACK out, or write \"-- brant: transaction=off\".");
    return st;
}

/* What is seen in the text before it is sent. */
static brant_status check_statement(
    packet *k, const brn_op *op, const brn_stmt_class *what, brant_error **err)
{
    bool own = (op->flags & (BRN_OP_OWN_BEGIN | BRN_OP_OWN_END)) != 0;

    if (k->p->in_program || (k->in_txn && !k->p->in_own && !own)) {
        if (is_control(what)) {
            return refuse(
                op, "statement.transaction_control",
                "the statement would end the transaction of the migration", err);
        }
        if ((what->flags & BRN_STMT_COMMITS) != 0) {
            return refuse(
                op, "transaction.alone",
                "the statement would commit the transaction of the migration", err);
        }
    }
    return BRANT_OK;
}

/*
 * MySQL stores the body of a routine, trigger or event up to the ';' behind it, should there be
 * one, so nothing may follow in its packet. A body in BEGIN and END ends there.
 */
static bool takes_what_follows(const brn_mysql *p, const brn_stmt_class *what, brn_str sql)
{
    bool stored = what->object == BRN_OBJECT_PROCEDURE || what->object == BRN_OBJECT_FUNCTION ||
                  what->object == BRN_OBJECT_TRIGGER || what->object == BRN_OBJECT_EVENT;
    bool made = what->verb == BRN_VERB_CREATE || what->verb == BRN_VERB_ALTER;

    return !p->maria && stored && made &&
           !brn_str_ieq(brn_str_slice(sql, sql.len < 3 ? 0 : sql.len - 3, sql.len), BRN_STR("end"));
}

/* False: it has to begin a packet of its own, and there is something in this one. */
static bool add_statement(packet *k, size_t index, brant_status *st, brant_error **err)
{
    const brn_op *op = &k->program->ops.items[index];
    brn_stmt_class what = { 0 };
    brn_arena arena;
    bool fits = true;

    brn_arena_init(&arena);
    classify(&what, &arena, k->p, op);
    /* DO makes warnings of errors, and SLEEP() of MySQL a result. */
    k->swallows = what.verb == BRN_VERB_DO || (what.verb == BRN_VERB_SELECT && !k->p->maria);
    k->several = (what.flags & BRN_STMT_MAY_COMMIT) != 0 || k->swallows ||
                 takes_what_follows(k->p, &what, op->sql);
    fits = !k->several || k->count == k->lead;
    if (fits) {
        *st = check_statement(k, op, &what, err);
        /* What came before is done first, and the place of the error is right. */
        fits = *st == BRANT_OK || k->count == k->lead;
    }
    if (fits && *st == BRANT_OK) {
        *st = brn_mysql_note_session(k->p, &what, op->sql, err);
    }
    if (fits && *st == BRANT_OK) {
        brn_buf_add_str(&k->text, op->sql);
        add_item(k, index, true);
    }
    brn_arena_release(&arena);
    return fits;
}

static void follow_txn(packet *k, size_t index)
{
    const brn_op *op = &k->program->ops.items[index];

    if (op->type == BRN_OP_BEGIN || (op->flags & BRN_OP_OWN_BEGIN) != 0) {
        k->in_txn = true;
        k->in_own = op->type != BRN_OP_BEGIN;
        k->txn = k->txn != NONE ? k->txn : index;
    } else if (op->type == BRN_OP_COMMIT || (op->flags & BRN_OP_OWN_END) != 0) {
        k->in_txn = false;
    }
}

/* False: it has to wait for the next packet. */
static bool add_op(packet *k, size_t index, brant_status *st, brant_error **err)
{
    const brn_op *op = &k->program->ops.items[index];

    switch (op->type) {
    case BRN_OP_BEGIN:
        add_begin(k, index);
        break;
    case BRN_OP_COMMIT:
        brn_buf_add_c(&k->text, "COMMIT");
        add_item(k, index, true);
        break;
    case BRN_OP_GUARD:
        add_guard(k, index, op->id);
        add_item(k, index, true);
        break;
    case BRN_OP_LEDGER:
        add_ledger(k, index, op->ledger);
        break;
    case BRN_OP_STATEMENT:
        if (!add_statement(k, index, st, err)) {
            brant_error_free(err != NULL && *st != BRANT_OK ? *err : NULL);
            if (err != NULL && *st != BRANT_OK) {
                *err = NULL;
            }
            *st = BRANT_OK;
            return false;
        }
        break;
    case BRN_OP_BARRIER:
        break;
    }
    follow_txn(k, index);
    return true;
}

static void add_limits(packet *k)
{
    brn_mysql *p = k->p;
    int64_t seconds = brn_mysql_attempt_seconds(p);

    if (!p->settings_sent || seconds == p->attempt_seconds) {
        return;
    }
    p->attempt_seconds = seconds;
    brn_buf_printf(
        &k->text, "SET SESSION lock_wait_timeout = %lld, innodb_lock_wait_timeout = %lld",
        (long long)seconds, (long long)seconds);
    add_item(k, NONE, false);
}

/* What a statement that begins a packet needs before it. The guard was in a packet before, and we
 * may have been stopped since. */
static void add_lead(packet *k, const brn_op *first)
{
    add_limits(k);
    if (has_lease(k) && first->type == BRN_OP_STATEMENT && !k->p->in_program) {
        add_lease_check(k, NONE);
    }
    k->lead = k->count;
}

/* The server would hang up. */
static brant_status check_length(const packet *k, brant_error **err)
{
    size_t max = k->p->packet_max;
    brant_status st;

    if (max == 0 || k->text.len + HEADER_BYTES < max) {
        return BRANT_OK;
    }
    for (size_t i = 0; i < k->count; i++) {
        const brn_op *op = k->items[i].op != NONE ? &k->program->ops.items[k->items[i].op] : NULL;

        if (op != NULL && op->type == BRN_OP_STATEMENT) {
            k->state->ops_done = k->items[i].op;
        }
    }
    st = brn_error(
        err, BRANT_ESTATEMENT, "statement.too_long",
        "the statement takes %zu bytes with what brant sends beside it, and the server takes %zu",
        k->text.len + HEADER_BYTES, max);
    brn_error_hint(
        err, "Raise max_allowed_packet on the server, or cut the statement into several.");
    return st;
}

/* Behind the last operation of the packet that begins at `from`. */
static brant_status fill(size_t *end, packet *k, size_t from, brant_error **err)
{
    brant_status st = BRANT_OK;
    size_t at = from;
    bool more = true;

    brn_buf_reset(&k->text);
    k->count = 0;
    k->lead = 0;
    k->several = false;
    k->swallows = false;
    k->in_txn = k->p->in_program || k->p->in_own;
    k->in_own = k->p->in_own;
    k->txn = k->in_txn ? from : NONE;
    add_lead(k, &k->program->ops.items[from]);
    while (more && st == BRANT_OK) {
        more = add_op(k, at, &st, err);
        at += more && st == BRANT_OK ? 1 : 0;
        more = more && at < k->program->ops.count && !k->several && comes_along(k, at);
    }
    if (st == BRANT_OK && k->text.failed) {
        st = brn_error_oom(err);
    }
    if (st == BRANT_OK) {
        st = check_length(k, err);
    }
    *end = at;
    return st;
}

/* --- answers ---------------------------------------------------------------------------------- */

static void report(packet *k, size_t op, int64_t rows)
{
    int64_t now_ns = brn_clock_mono_ns();
    brn_op_result result = { .rows = rows, .duration_ns = now_ns - k->last_ns };

    k->state->ops_done = op + 1;
    k->last_ns = now_ns;
    if (k->on_result != NULL) {
        k->on_result(k->program, op, &result, k->user);
    }
}

static void op_is_done(packet *k, size_t index, int64_t rows)
{
    brn_mysql *p = k->p;
    const brn_op *op = &k->program->ops.items[index];

    if (op->type == BRN_OP_BEGIN) {
        p->in_program = true;
    } else if (op->type == BRN_OP_COMMIT) {
        p->in_program = false;
    } else if ((op->flags & BRN_OP_OWN_BEGIN) != 0) {
        p->in_own = true;
    } else if ((op->flags & BRN_OP_OWN_END) != 0) {
        p->in_own = false;
    }
    report(k, index, rows);
}

brant_status brn_mysql_lock_lost(brant_error **err)
{
    brant_status st = brn_error(
        err, BRANT_ELOCKED, "lock.lost",
        "the migration lock was lost, or another run has taken over the migration");

    brn_error_hint(err, "Nothing more was run. \"brant status\" shows what there is.");
    return st;
}

static brant_status ledger_failed(packet *k, const brn_op *op, brant_error **err)
{
    brn_mysql *p = k->p;
    brant_status st;

    if (op->ledger->type == BRN_LEDGER_ENSURE && mysql_errno(p->my) == 1049) {
        st = brn_error(
            err, BRANT_EUSAGE, "ledger.no_schema", "no database \"%s\" for the ledger", p->schema);
        brn_error_hint(err, "Create it, or name another with the setting ledger-schema.");
        return st;
    }
    return brn_mysql_error(
        p, (brn_str){ NULL, 0 }, "ledger.write_failed", "could not write the ledger", err);
}

static brant_status op_failed(packet *k, size_t index, brant_error **err)
{
    brn_mysql *p = k->p;
    const brn_op *op = index != NONE ? &k->program->ops.items[index] : NULL;
    brant_status st;

    if ((op == NULL || op->type != BRN_OP_STATEMENT) && mysql_errno(p->my) == BRN_MYSQL_NOT_OURS) {
        return brn_mysql_lock_lost(err);
    }
    if (op != NULL && op->type == BRN_OP_LEDGER) {
        return ledger_failed(k, op, err);
    }
    if (op != NULL && op->type == BRN_OP_STATEMENT) {
        st = brn_mysql_error(p, op->sql, "statement.failed", NULL, err);
        brn_error_statement(err, op->sql);
        return st;
    }
    return brn_mysql_error(p, (brn_str){ NULL, 0 }, "statement.failed", NULL, err);
}

/*
 * All of the packet was sent, and the server works it off. In doubt is the statement of a bracket,
 * else the COMMIT, which would be known last.
 */
static void in_doubt(packet *k)
{
    size_t doubt = k->state->ops_done;
    bool alone = false;

    for (size_t i = k->lead; i < k->count && !alone; i++) {
        size_t at = k->items[i].op;
        const brn_op *op = &k->program->ops.items[at];

        alone = at >= k->state->ops_done && op->type == BRN_OP_STATEMENT && at < k->txn;
        doubt = alone || (at > doubt && op->type == BRN_OP_COMMIT) ? at : doubt;
    }
    k->state->ops_done = doubt;
    k->state->in_doubt = true;
    k->state->passing = doubt >= k->txn;
}

static bool is_outcome(const packet *k, size_t index)
{
    return index != NONE && is_ledger(&k->program->ops.items[index], BRN_LEDGER_OUTCOME);
}

/* The outcome of a statement that is done must not be lost with what was asked to stop. */
static bool write_again(packet *k, size_t index)
{
    brn_mysql *p = k->p;
    brn_sql_stmt stmt;
    brn_buf text;
    brn_buf whole;
    bool fine;

    if (!is_outcome(k, index) || index >= k->txn || !p->stopping || brn_mysql_is_lost(p)) {
        return false;
    }
    brn_buf_init(&text, 0);
    brn_buf_init(&whole, 0);
    if (has_lease(k)) {
        brn_buf_add_c(&whole, "ROLLBACK;\nSTART TRANSACTION;\n");
        brn_mysql_lease_add_renewal(&whole, p, true);
        brn_buf_add_c(&whole, ";\n" BRN_MYSQL_LEASE_CHECK ";\n");
    }
    (void)brn_sql_ledger_render(
        &stmt, &text, &brn_mysql_ledger_dialect, p->schema, k->program->ops.items[index].ledger, 0,
        brn_clock_wall_us(), k->began_us);
    brn_mysql_add_rendered(&whole, &stmt);
    brn_buf_add_c(&whole, has_lease(k) ? ";\nCOMMIT" : "");
    fine = !whole.failed && !text.failed &&
           brn_mysql_ask_quietly(p, brn_buf_str(&whole), NULL, NULL, NULL) == BRANT_OK;
    brn_buf_release(&whole);
    brn_buf_release(&text);
    return fine;
}

/* The first one comes with the sending. A statement's clock runs while its answer is waited for. */
static bool take_answer(packet *k, size_t i, int64_t *rows, bool *stopped)
{
    brn_mysql *p = k->p;
    brn_control *control = p->conn.control;
    brn_str text = brn_buf_str(&k->text);
    size_t op = k->items[i].op;
    bool statement = op != NONE && k->program->ops.items[op].type == BRN_OP_STATEMENT;
    bool fine;

    if (statement) {
        brn_control_arm(control, BRN_LIMIT_STATEMENT);
    }
    text.len -= strlen(BRN_MYSQL_SEPARATOR); /* behind the last one */
    fine = i == 0 ? brn_mysql_send(p, text) : brn_mysql_next(p);
    if (fine) {
        my_ulonglong changed = mysql_affected_rows(p->my);

        *rows = changed != (my_ulonglong)-1 && mysql_field_count(p->my) == 0 ? (int64_t)changed : 0;
        fine = brn_mysql_skip(p);
    }
    while (fine && k->several && i + 1 == k->count && brn_mysql_has_more(p)) {
        fine = brn_mysql_next(p) && brn_mysql_skip(p);
    }
    if (fine && k->swallows && p->stopping) {
        *stopped = true;
        return true;
    }
    if (fine) {
        brn_control_rest(control, BRN_LIMIT_STATEMENT);
    }
    return fine; /* else the error may be the limit's */
}

/* An update of a row that is not there. The server counts rows that change; its words count those
 * that were found: "Rows matched: 0  Changed: 0  Warnings: 0". */
static bool has_missed(const packet *k, const item *it)
{
    const brn_op *op = it->op != NONE ? &k->program->ops.items[it->op] : NULL;
    const char *info = mysql_info(k->p->my);

    return op != NULL &&
           (is_ledger(op, BRN_LEDGER_INTENT) || is_ledger(op, BRN_LEDGER_OUTCOME) ||
            is_ledger(op, BRN_LEDGER_FAIL)) &&
           info != NULL && strstr(info, "matched: 0 ") != NULL;
}

static brant_status row_missing(packet *k, const item *it, brant_error **err)
{
    brant_status st = brn_error(
        err, BRANT_EDRIFT, "ledger.row_missing", "the ledger row of \"%s\" is gone",
        k->program->ops.items[it->op].ledger->row->id);

    brn_error_hint(err, "Somebody deleted it while brant was running. Run \"brant status\".");
    brn_mysql_drain(k->p);
    return st;
}

static brant_status too_many_answers(packet *k, brant_error **err)
{
    brn_mysql_drain(k->p);
    k->state->in_doubt = true;
    return brn_error(
        err, BRANT_EINTERNAL, "statement.split",
        "the server has taken a statement for more than one: brant has cut the file at another "
        "place than the server would");
}

static brant_status item_failed(packet *k, const item *it, brant_error **err)
{
    brn_mysql *p = k->p;
    brant_status st = op_failed(k, it->op, err);

    brn_control_rest(p->conn.control, BRN_LIMIT_STATEMENT);
    if (brn_mysql_is_lost(p)) {
        in_doubt(k);
    } else {
        k->state->passing = brn_mysql_is_passing(brn_mysql_number(p->my));
        if ((p->in_program || p->in_own) && brn_mysql_rollback_keeps(p)) {
            k->state->passing = false;
            k->state->kept = true;
            brn_mysql_tell_kept(err, brn_program_migration(k->program, it->op));
        }
    }
    return st;
}

/* *end: behind the last operation whose answer came. */
static brant_status take_answers(packet *k, size_t *end, brant_error **err)
{
    brn_mysql *p = k->p;
    bool cut = false;

    for (size_t i = 0; i < k->count && !cut; i++) {
        const item *it = &k->items[i];
        int64_t rows = 0;
        bool stopped = false;

        cut = !take_answer(k, i, &rows, &stopped);
        if (cut && !write_again(k, it->op)) {
            return item_failed(k, it, err);
        }
        if (stopped) {
            brant_status st = brn_control_check(p->conn.control, err);
            brn_control_rest(p->conn.control, BRN_LIMIT_STATEMENT);
            if (st != BRANT_OK) {
                return st;
            }
        }
        if (!it->aside && !(cut && has_lease(k)) && has_missed(k, it)) {
            return row_missing(k, it, err);
        }
        if (it->last || cut) {
            op_is_done(k, it->op, rows);
        }
        /* What failed has ended the packet: the rest of it is sent anew. */
        *end = cut ? it->op + 1 : *end;
    }
    return brn_mysql_has_more(p) ? too_many_answers(k, err) : BRANT_OK;
}

/* --- by itself -------------------------------------------------------------------------------- */

brant_status brn_mysql_transaction_lost(brant_error **err)
{
    brant_status st = brn_error(
        err, BRANT_ESTATEMENT, "statement.transaction_lost",
        "the transaction of the migration is gone: it was committed or rolled back");

    brn_error_hint(
        err,
        "A function that gets an error must return it, and no code that is called may commit.");
    return st;
}

static bool is_in_transaction(const brn_mysql *p)
{
    return p->my != NULL && (p->my->server_status & SERVER_STATUS_IN_TRANS) != 0;
}

/* What comes next in the program is true only while the transaction is as it was. */
static brant_status check_after(brn_mysql *p, brant_error **err)
{
    brant_status st;

    if (is_in_transaction(p) == (p->in_program || p->in_own)) {
        return BRANT_OK;
    }
    if (p->in_program || p->in_own) {
        return brn_mysql_transaction_lost(err);
    }
    st = brn_error(
        err, BRANT_ESTATEMENT, "statement.transaction_open",
        "the function has left a transaction open");
    brn_error_detail(err, "It is rolled back.");
    brn_error_hint(err, "Commit what the function begins.");
    return st;
}

static brant_status run_call(packet *k, size_t index, brant_error **err)
{
    brn_mysql *p = k->p;
    const brn_op *op = &k->program->ops.items[index];
    int64_t rows = 0;
    brant_status st = brn_control_check(p->conn.control, err);

    if (st != BRANT_OK) {
        return st;
    }
    p->call = op;
    st = op->call(op->call_user, &rows, err);
    p->call = NULL;
    st = st == BRANT_OK ? check_after(p, err) : st;
    if (st == BRANT_OK) {
        report(k, index, rows);
    }
    return st;
}

/* --- the whole program ------------------------------------------------------------------------ */

/* Stopping between a statement and its outcome, or before a COMMIT, would make an unknown out of a
 * known. */
static bool begins_something(const brn_program *program, size_t from, size_t to)
{
    bool begins = false;

    for (size_t i = from; i < to && !begins; i++) {
        const brn_op *op = &program->ops.items[i];

        begins = op->type == BRN_OP_BEGIN || op->type == BRN_OP_STATEMENT ||
                 is_ledger(op, BRN_LEDGER_INTENT);
    }
    return begins;
}

static brant_status run_packet(packet *k, size_t *at, brant_error **err)
{
    brn_mysql *p = k->p;
    size_t from = *at;
    bool alone;
    brant_status st = fill(at, k, from, err);

    if (st != BRANT_OK) {
        return st;
    }
    if (k->count == k->lead) { /* a barrier */
        report(k, from, 0);
        return BRANT_OK;
    }
    if (begins_something(k->program, from, *at)) {
        st = brn_control_check(p->conn.control, err);
        brn_mysql_look(p);
    } else {
        p->stopping = false;
        brn_mysql_quiet(p);
    }
    alone = k->several;
    st = st == BRANT_OK ? take_answers(k, at, err) : st;
    return st == BRANT_OK && alone ? check_after(p, err) : st;
}

static brant_status prepare(brn_mysql *p, brant_error **err)
{
    if (p->my == NULL) {
        return brn_mysql_lost(p, err);
    }
    return p->read_only ? brn_error(
                              err, BRANT_EUSAGE, "connect.read_only",
                              "the connection was opened for reading only")
                        : BRANT_OK;
}

brant_status brn_mysql_run(
    brn_conn *conn,
    const brn_program *program,
    brn_on_result *on_result,
    void *user,
    brn_run_state *state,
    brant_error **err)
{
    brn_mysql *p = (brn_mysql *)conn;
    packet *k = calloc(1, sizeof(*k));
    brant_status st;

    *state = (brn_run_state){ 0 };
    if (k == NULL) {
        return brn_error_oom(err);
    }
    *k = (packet){ .p = p, .program = program, .on_result = on_result, .user = user };
    k->state = state;
    k->began_us = brn_clock_wall_us();
    brn_buf_init(&k->text, 0);
    brn_control_rest(conn->control, BRN_LIMIT_STATEMENT);
    st = prepare(p, err);
    for (size_t at = 0; at < program->ops.count && st == BRANT_OK;) {
        k->last_ns = brn_clock_mono_ns();
        if (program->ops.items[at].call != NULL) {
            st = run_call(k, at, err);
            at++;
        } else {
            st = run_packet(k, &at, err);
        }
    }
    if (st != BRANT_OK) {
        brn_error_subject(err, conn->database, brn_program_migration(program, state->ops_done));
    }
    brn_buf_release(&k->text);
    free(k);
    return st;
}
