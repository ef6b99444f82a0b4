/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing the program of a migration: the operations and their order. See compile.h.
 */
#include <string.h>

#include "base/clock.h"
#include "ledger/record.h"
#include "run/code.h"
#include "run/compile_int.h"
#include "run/mirror.h"
#include "text/placeholder.h"

typedef struct brn_writer {
    brn_compiled *c;
    const brn_compile_input *in;
    uint32_t caps;
    bool in_own;                          /* inside the file's own transaction */
    bool began;                           /* a statement was added */
    bool closed;                          /* the completion was added with the last statements */
    char done_digest[BRN_DIGEST_HEX + 1]; /* of the statements so far */
} brn_writer;

/* ---- single operations ---- */

static brn_op *add(brn_writer *w, brn_op_type type)
{
    return brn_program_add(&w->c->program, &w->c->arena, type);
}

static void add_begin(brn_writer *w, uint32_t flags)
{
    brn_op *op = add(w, BRN_OP_BEGIN);
    if (op != NULL) {
        op->flags = flags;
    }
}

static void add_guard(brn_writer *w)
{
    brn_op *op = add(w, BRN_OP_GUARD);
    if (op != NULL) {
        op->id = w->in->migration->id;
        op->flags = w->began ? BRN_OP_SAME_MIGRATION : 0;
    }
}

static brn_ledger_op *add_ledger_to(brn_program *program, brn_arena *arena, brn_ledger_op_type type)
{
    brn_op *op = brn_program_add(program, arena, BRN_OP_LEDGER);
    brn_ledger_op *ledger = brn_arena_alloc(arena, sizeof(*ledger));
    if (op == NULL || ledger == NULL) {
        return NULL;
    }
    ledger->type = type;
    op->ledger = ledger;
    return ledger;
}

static brn_ledger_op *add_ledger(brn_writer *w, brn_ledger_op_type type)
{
    return add_ledger_to(&w->c->program, &w->c->arena, type);
}

/* A row that carries only progress. */
static void add_progress(brn_writer *w, brn_ledger_op_type type, size_t done, size_t intent)
{
    brn_ledger_op *ledger = add_ledger(w, type);
    brn_ledger_row *row = brn_arena_alloc(&w->c->arena, sizeof(*row));
    if (ledger == NULL || row == NULL) {
        return;
    }
    row->id = w->in->migration->id;
    row->stmts_done = (int64_t)done;
    row->intent = (int64_t)intent;
    row->done_digest = brn_arena_strdup(&w->c->arena, w->done_digest);
    if (intent > 0) {
        char digest[BRN_DIGEST_HEX + 1];
        brn_statement_digest(digest, brn_stmt_source(&w->c->stmts.items[intent - 1]));
        row->intent_digest = brn_arena_strdup(&w->c->arena, digest);
    }
    ledger->row = row;
}

static uint32_t own_control(brn_stmt_role role)
{
    if (role == BRN_ROLE_BEGIN) {
        return BRN_OP_OWN_BEGIN;
    }
    return role == BRN_ROLE_COMMIT || role == BRN_ROLE_ROLLBACK ? BRN_OP_OWN_END : 0;
}

/* Whether the statements from i on say of what kind their transaction is: SET TRANSACTION. */
static bool wants_fresh(const brn_writer *w, size_t i)
{
    const brn_compiled *c = w->c;
    while (i < c->stmts.count && c->infos[i].opening == BRN_OPENING_MAY) {
        i++;
    }
    return i < c->stmts.count && c->infos[i].opening == BRN_OPENING_MUST;
}

static brant_status add_statement(brn_writer *w, size_t i, brant_error **err)
{
    brn_op *op = add(w, BRN_OP_STATEMENT);
    if (op == NULL) {
        return brn_error_oom(err);
    }
    w->began = true;
    op->stmt = &w->c->stmts.items[i];
    op->number = (uint32_t)(i + 1);
    op->sql = op->stmt->text;
    op->flags = w->c->props->foreign_keys == BRN_SWITCH_ON ? BRN_OP_FOREIGN_KEYS_ON : 0;
    op->flags |= own_control(w->c->infos[i].role);
    if ((op->flags & BRN_OP_OWN_BEGIN) != 0 &&
        (w->c->infos[i].opening == BRN_OPENING_MUST || wants_fresh(w, i + 1))) {
        op->flags |= BRN_OP_FRESH;
    }
    if (w->c->call) {
        return brn_code_prepare(op, &w->c->arena, w->in, err);
    }
    if (!brn_placeholders_on(w->c, w->in->target)) {
        return BRANT_OK;
    }
    brn_target *user = NULL;
    memcpy(&user, &w->in->target, sizeof(user));
    return brn_placeholders_expand(
        &op->sql, &w->c->arena, op->stmt, w->c->script.file, brn_placeholder_value, user, err);
}

/* ---- the end of a migration ---- */

static brant_status add_completion(brn_writer *w, const brn_chain *chain, brant_error **err)
{
    const brn_compile_input *in = w->in;
    bool later = in->rows != NULL;
    brn_program *program = later ? in->rows : &w->c->program;
    brn_arena *arena = later ? in->rows_arena : &w->c->arena;
    if (chain == NULL) {
        return BRANT_OK;
    }
    int64_t now = brn_clock_wall_us();
    brn_history_row *history =
        brn_chain_row(chain, arena, in->actor, in->action, in->migration->id, "ok", now);
    brn_ledger_row *row = brn_record_new(
        arena, in->migration, in->actor, BRN_ROW_COMPLETED, in->direction, in->seq, now);
    if (history == NULL || row == NULL) {
        return brn_error_oom(err);
    }
    history->checksum = in->direction == BRN_DOWN ? row->down_checksum : row->checksum;
    history->detail = in->detail;
    row->stmts_total = (int64_t)w->c->stmts.count;
    row->stmts_done = row->stmts_total;
    brn_ledger_op *state = add_ledger_to(
        program, arena, in->direction == BRN_DOWN ? BRN_LEDGER_REMOVE : BRN_LEDGER_PUT);
    brn_ledger_op *log = add_ledger_to(program, arena, BRN_LEDGER_HISTORY);
    brn_ledger_op *next = in->next != NULL ? add_ledger_to(program, arena, BRN_LEDGER_PUT) : NULL;
    if (!brn_chain_seal(history, arena) || state == NULL || log == NULL ||
        (in->next != NULL && next == NULL)) {
        return brn_error_oom(err);
    }
    state->row = row;
    state->stamp = in->direction == BRN_UP && !later;
    log->history = history;
    log->stamp = !later;
    if (next != NULL) {
        next->row = in->next;
    }
    brn_mirror_follow(program, arena, in->target, state);
    w->c->row = row;
    w->c->history = history;
    return BRANT_OK;
}

/* ---- the two shapes ---- */

static bool is_hoisted(const brn_compiled *c, size_t i)
{
    brn_stmt_role role = c->infos[i].role;
    return c->hoisted && (role == BRN_ROLE_FOREIGN_KEYS_OFF || role == BRN_ROLE_FOREIGN_KEYS_ON);
}

static bool is_left_out(const brn_compiled *c, size_t i)
{
    return c->infos[i].idle || is_hoisted(c, i);
}

/* Only what changes objects or rows is sure to leave the session as it was. */
static bool may_change_session(const brn_compiled *c)
{
    bool may = c->call;
    for (size_t i = 0; i < c->stmts.count && !may; i++) {
        may = c->infos[i].session || !(c->infos[i].ddl || c->infos[i].dml);
    }
    return may;
}

/* Inside of one transaction the runner cannot reset the connection between two migrations. */
static void add_restore(brn_writer *w)
{
    brn_op *op = may_change_session(w->c) ? add(w, BRN_OP_BARRIER) : NULL;
    if (op != NULL) {
        op->flags = BRN_OP_RESTORE_SESSION;
    }
}

static void add_guarded_begin(brn_writer *w)
{
    uint32_t flags = brn_foreign_keys_off(w->c) ? BRN_OP_FOREIGN_KEYS_OFF : 0;
    bool fresh = wants_fresh(w, 0);
    if (fresh) {
        add_guard(w);
    }
    add_begin(w, flags | (fresh ? BRN_OP_FRESH : 0));
    if (!fresh) {
        add_guard(w);
    }
}

static brant_status write_transaction(brn_writer *w, const brn_chain *chain, brant_error **err)
{
    bool outer = w->in->tx == BRN_TX_ALL; /* the runner has begun, and will commit */
    if (!outer) {
        add_guarded_begin(w);
    }
    brant_status st = BRANT_OK;
    for (size_t i = 0; i < w->c->stmts.count && st == BRANT_OK; i++) {
        if (!is_left_out(w->c, i)) {
            st = add_statement(w, i, err);
        }
    }
    if (st == BRANT_OK) {
        st = add_completion(w, chain, err);
    }
    if (outer) {
        add_restore(w);
    } else {
        add(w, BRN_OP_COMMIT);
    }
    return st;
}

static bool fits_transaction(const brn_writer *w, const brn_stmt_info *info)
{
    uint32_t need = info->ddl ? BRN_CAP_TXN_DDL : BRN_CAP_TXN_DML;
    return info->role == BRN_ROLE_PLAIN && !info->idle && (info->ddl || info->dml) &&
           (w->caps & need) != 0;
}

/*
 * Where tables cannot be rolled back, what can be stands between what cannot: statements in a row
 * that fit are one transaction. An author who asked for no transaction gets one for each.
 */
static size_t end_of_segment(const brn_writer *w, size_t i)
{
    size_t end = i + 1;
    if ((w->caps & BRN_CAP_TXN_DDL) != 0 || w->c->apart) {
        return end;
    }
    while (end < w->c->stmts.count && fits_transaction(w, &w->c->infos[end])) {
        end++;
    }
    return end;
}

/*
 * Statements that fit a transaction, with what tells that they are done. The last ones of a file
 * have the completion of the migration in theirs: it says the same, and one commit and one round
 * trip less is what most small migrations notice. Both are stored with the statements or not at
 * all.
 */
static brant_status write_segment(
    brn_writer *w, size_t i, size_t end, const brn_chain *chain, brant_error **err)
{
    bool closes = end == w->c->stmts.count && chain != NULL;
    brant_status st = BRANT_OK;
    add_begin(w, 0);
    add_guard(w);
    for (; i < end && st == BRANT_OK; i++) {
        brn_progress_add(w->done_digest, brn_stmt_source(&w->c->stmts.items[i]));
        st = add_statement(w, i, err);
    }
    if (!closes) {
        add_progress(w, BRN_LEDGER_OUTCOME, end, 0);
    } else if (st == BRANT_OK) {
        st = add_completion(w, chain, err);
        w->closed = true;
    }
    add(w, BRN_OP_COMMIT);
    return st;
}

/*
 * Statement i (from 0) in its bracket, outside of a transaction of brant's. The intent is not
 * written with the outcome of the statement before, or the completion of the migration before,
 * which would save a commit: a run that is killed in between would leave the intent of a statement
 * that nobody has sent, for a probe or a person to settle. Neither does the outcome wait for the
 * completion: it is known only here.
 */
static brant_status write_bracket(brn_writer *w, size_t i, brant_error **err)
{
    const brn_stmt_info *info = &w->c->infos[i];
    size_t number = i + 1;
    if (info->idle) {
        brn_progress_add(w->done_digest, brn_stmt_source(&w->c->stmts.items[i]));
        return BRANT_OK;
    }
    char before[BRN_DIGEST_HEX + 1];
    memcpy(before, w->done_digest, sizeof(before));
    brn_progress_add(w->done_digest, brn_stmt_source(&w->c->stmts.items[i]));
    if (info->role == BRN_ROLE_BEGIN) {
        w->in_own = true;
        add_guard(w);
        return add_statement(w, i, err);
    }
    if (w->in_own) {
        bool commits = info->role == BRN_ROLE_COMMIT;
        bool ends = commits || info->role == BRN_ROLE_ROLLBACK;
        w->in_own = !ends;
        if (commits) {
            add_progress(w, BRN_LEDGER_OUTCOME, number, 0);
        }
        brant_status st = add_statement(w, i, err);
        if (ends && !commits) {
            add_progress(w, BRN_LEDGER_OUTCOME, number, 0);
        }
        return st;
    }
    add_guard(w);
    char after[BRN_DIGEST_HEX + 1];
    memcpy(after, w->done_digest, sizeof(after));
    memcpy(w->done_digest, before, sizeof(before));
    add_progress(w, BRN_LEDGER_INTENT, number - 1, number);
    memcpy(w->done_digest, after, sizeof(after));
    brant_status st = add_statement(w, i, err);
    add_progress(w, BRN_LEDGER_OUTCOME, number, 0);
    return st;
}

static brant_status write_brackets(brn_writer *w, const brn_chain *chain, brant_error **err)
{
    brant_status st = BRANT_OK;
    bool resumes = w->in->done < w->c->stmts.count;
    for (size_t i = 0; i < w->in->done && resumes && st == BRANT_OK; i++) {
        /* Done before, but what it set is gone with that session: set it again. */
        brn_stmt_role role = w->c->infos[i].role;
        bool session = w->c->infos[i].session || role == BRN_ROLE_FOREIGN_KEYS_OFF ||
                       role == BRN_ROLE_FOREIGN_KEYS_ON;
        if (session) {
            st = add_statement(w, i, err);
        }
    }
    for (size_t i = w->in->done; i < w->c->stmts.count && st == BRANT_OK;) {
        bool fits = !w->in_own && fits_transaction(w, &w->c->infos[i]);
        size_t end = fits ? end_of_segment(w, i) : i + 1;
        st = fits ? write_segment(w, i, end, chain, err) : write_bracket(w, i, err);
        i = end;
    }
    if (w->closed) {
        return st;
    }
    /* With --tx all only what is taken as applied comes here: the runner has begun. */
    bool outer = w->in->tx == BRN_TX_ALL;
    bool whole = !outer && (w->caps & BRN_CAP_TXN_DML) != 0;
    if (whole) {
        add_begin(w, 0);
    }
    if (!outer) {
        add_guard(w);
    }
    if (st == BRANT_OK) {
        st = add_completion(w, chain, err);
    }
    if (whole) {
        add(w, BRN_OP_COMMIT);
    }
    return st;
}

brant_status brn_compile_program(
    brn_compiled *out, const brn_compile_input *in, const brn_chain *chain, brant_error **err)
{
    brn_writer w = { .c = out, .in = in };
    w.caps = in->target->conn != NULL ? in->target->conn->caps : in->target->engine->caps;
    if (in->done_digest != NULL) {
        memcpy(w.done_digest, in->done_digest, strnlen(in->done_digest, BRN_DIGEST_HEX));
    }
    out->program.migration = in->migration->id;
    out->program.run_id = in->actor->run_id;
    brant_status st =
        out->transactional ? write_transaction(&w, chain, err) : write_brackets(&w, chain, err);
    return st == BRANT_OK && out->arena.oom ? brn_error_oom(err) : st;
}
