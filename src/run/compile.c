/* SPDX-License-Identifier: Apache-2.0 */
#include "run/compile.h"

#include <string.h>

#include "core/settings.h"
#include "run/compile_int.h"
#include "text/placeholder.h"

static const brn_props *props_of(const brn_source *source, brn_direction direction)
{
    return direction == BRN_DOWN ? &source->down->props : source->props;
}

static brant_status at_stmt(
    const brn_compiled *c,
    size_t i,
    brant_error **err,
    const char *id,
    const char *message,
    const char *hint)
{
    const brn_stmt *stmt = &c->stmts.items[i];
    brn_error(err, BRANT_EPARSE, id, "%s", message);
    brn_error_at(err, c->script.file, stmt->line, stmt->column);
    brn_error_statement(err, stmt->text);
    if (hint != NULL) {
        brn_error_hint(err, "%s", hint);
    }
    return BRANT_EPARSE;
}

/* ---- transaction control that does nothing ---- */

/*
 * Where statements commit by themselves, a file's BEGIN holds up to the first of them, what stands
 * behind that is in no transaction, and COMMIT has nothing to do. Such a pair is left out: what is
 * in between runs as the server would run it, and each of it is recorded. With savepoints in
 * between, or ROLLBACK at the end, that would not be the same: check_balance() has the word.
 *
 * Where nothing commits by itself, a COMMIT without BEGIN is the author's word that what stands
 * before it is to be kept: only as the last one of a file does it say what happens anyway.
 */
static bool is_spare_commit(const brn_compiled *c, size_t i, uint32_t caps)
{
    return c->infos[i].role == BRN_ROLE_COMMIT && c->infos[i].anywhere &&
           ((caps & BRN_CAP_TXN_DDL) == 0 || i + 1 == c->stmts.count);
}

static void find_idle(brn_compiled *c, uint32_t caps)
{
    size_t open = SIZE_MAX;
    bool over = false;
    bool bound = false;
    for (size_t i = 0; i < c->stmts.count; i++) {
        brn_stmt_info *info = &c->infos[i];
        if ((open == SIZE_MAX || over) && is_spare_commit(c, i, caps)) {
            info->idle = true;
        }
        if (over && (info->role == BRN_ROLE_BEGIN || info->role == BRN_ROLE_COMMIT)) {
            c->infos[open].idle = true;
        }
        if (info->role == BRN_ROLE_BEGIN && (open == SIZE_MAX || over)) {
            open = i;
            over = false;
            bound = false;
        } else if (info->role == BRN_ROLE_COMMIT || info->role == BRN_ROLE_ROLLBACK) {
            open = SIZE_MAX;
            over = false;
        } else if (open != SIZE_MAX) {
            bound = bound || info->bound;
            over = over || (info->role == BRN_ROLE_ALONE && info->anywhere && !bound);
        }
    }
    if (over) {
        c->infos[open].idle = true;
    }
}

/* ---- what is in the file ---- */

typedef struct brn_survey {
    size_t alone; /* first statement of that role, or SIZE_MAX */
    size_t own;
    size_t keys_off;
    size_t ddl;
} brn_survey;

static brant_status survey(brn_survey *out, const brn_compiled *c, brant_error **err)
{
    *out = (brn_survey){ SIZE_MAX, SIZE_MAX, SIZE_MAX, SIZE_MAX };
    for (size_t i = 0; i < c->stmts.count; i++) {
        const brn_stmt_info *info = &c->infos[i];
        if (info->idle) {
            continue;
        }
        switch (info->role) {
        case BRN_ROLE_REFUSED:
            return at_stmt(c, i, err, "transaction.refused", info->why, info->hint);
        case BRN_ROLE_ALONE:
            out->alone = out->alone == SIZE_MAX ? i : out->alone;
            break;
        case BRN_ROLE_BEGIN:
        case BRN_ROLE_COMMIT:
        case BRN_ROLE_ROLLBACK:
            out->own = out->own == SIZE_MAX ? i : out->own;
            break;
        case BRN_ROLE_FOREIGN_KEYS_OFF:
            out->keys_off = out->keys_off == SIZE_MAX ? i : out->keys_off;
            break;
        case BRN_ROLE_FOREIGN_KEYS_ON:
        case BRN_ROLE_PLAIN:
            break;
        }
        out->ddl = info->ddl && out->ddl == SIZE_MAX ? i : out->ddl;
    }
    return BRANT_OK;
}

/* BEGIN and COMMIT must pair up within one file. */
static brant_status check_balance(const brn_compiled *c, brant_error **err)
{
    size_t open = SIZE_MAX;
    for (size_t i = 0; i < c->stmts.count; i++) {
        brn_stmt_role role = c->infos[i].role;
        if (c->infos[i].idle) {
            continue;
        }
        if (role == BRN_ROLE_BEGIN && open != SIZE_MAX) {
            return at_stmt(
                c, i, err, "transaction.unbalanced", "a transaction is already open here",
                "Write COMMIT before this BEGIN, or remove it.");
        }
        if ((role == BRN_ROLE_COMMIT || role == BRN_ROLE_ROLLBACK) && open == SIZE_MAX) {
            return at_stmt(
                c, i, err, "transaction.unbalanced", "there is no open transaction here",
                "Remove the statement, or write BEGIN before those that it is to commit.");
        }
        if (role == BRN_ROLE_ALONE && open != SIZE_MAX) {
            return at_stmt(
                c, i, err, "transaction.alone", c->infos[i].why,
                "Move the statement behind the COMMIT.");
        }
        if (role == BRN_ROLE_BEGIN) {
            open = i;
        } else if (role == BRN_ROLE_COMMIT || role == BRN_ROLE_ROLLBACK) {
            open = SIZE_MAX;
        }
    }
    if (open != SIZE_MAX) {
        return at_stmt(
            c, open, err, "transaction.unbalanced", "this transaction is never committed",
            "Write COMMIT at the end of the file, or remove BEGIN: a migration runs in a "
            "transaction by itself.");
    }
    return BRANT_OK;
}

/* ---- how it runs ---- */

static brn_switch wanted_transaction(const brn_compiled *c, const brn_compile_input *in)
{
    const brn_source *source = in->migration->source;
    brn_switch marker =
        in->direction == BRN_DOWN ? source->down->transaction : source->up_transaction;
    brn_switch wanted = c->props->transaction != BRN_SWITCH_AUTO ? c->props->transaction : marker;
    if (wanted == BRN_SWITCH_AUTO && c->props->foreign_keys == BRN_SWITCH_OFF) {
        return BRN_SWITCH_ON; /* the switch and its check only make sense around a transaction */
    }
    return wanted == BRN_SWITCH_AUTO && in->tx == BRN_TX_NONE ? BRN_SWITCH_OFF : wanted;
}

static brant_status check_directives(
    const brn_compiled *c, const brn_compile_input *in, brant_error **err)
{
    bool keys = c->props->foreign_keys != BRN_SWITCH_AUTO;
    brant_status st = BRANT_OK;
    if (keys && (in->target->engine->caps & BRN_CAP_FOREIGN_KEYS) == 0) {
        st = brn_error(
            err, BRANT_EUNSUPPORTED, "directive.unsupported",
            "foreign-keys= means nothing to this kind of database");
        brn_error_hint(err, "Remove the directive.");
    } else if (
        c->props->foreign_keys == BRN_SWITCH_OFF && c->props->transaction == BRN_SWITCH_OFF) {
        st = brn_error(
            err, BRANT_EPARSE, "directive.conflict",
            "foreign-keys=off and transaction=off exclude each other");
        brn_error_hint(
            err, "Foreign keys are switched off around a transaction and checked before its "
                 "COMMIT. Remove one of the directives.");
    }
    if (st != BRANT_OK) {
        brn_error_at(err, c->script.file, 1, 1);
    }
    return st;
}

static brant_status check_all_mode(
    const brn_compiled *c, const brn_compile_input *in, brant_error **err)
{
    bool fits = c->transactional && !c->hoisted && c->props->foreign_keys != BRN_SWITCH_OFF;
    if (in->tx != BRN_TX_ALL || fits) {
        return BRANT_OK;
    }
    brn_error(
        err, BRANT_EUSAGE, "transaction.all", "\"%s\" cannot share one transaction with the others",
        in->migration->id);
    brn_error_at(err, c->script.file, 1, 1);
    brn_error_detail(
        err, "It %s.",
        c->own_transaction ? "has its own BEGIN and COMMIT"
        : c->transactional ? "switches foreign keys off, which works only before a transaction"
                           : "asks for no transaction");
    brn_error_hint(err, "Run with --tx each.");
    return BRANT_EUSAGE;
}

/* The author asks for one transaction: can there be one? */
static brant_status check_on(
    const brn_compiled *c, const brn_survey *s, bool able, brant_error **err)
{
    if (c->own_transaction) {
        return at_stmt(
            c, s->own, err, "transaction.own",
            "the file has its own transaction, and transaction=on or foreign-keys=off asks for one",
            "Remove BEGIN and COMMIT from the file: brant adds them.");
    }
    if (!able && c->stmts.count > 0) {
        return at_stmt(
            c, s->ddl != SIZE_MAX ? s->ddl : 0, err, "transaction.unsupported",
            "this kind of database cannot run the statement inside a transaction",
            "Remove transaction=on: each statement is then recorded as it runs.");
    }
    return BRANT_OK;
}

/* Whether the engine can run all of it in one transaction. */
static bool is_able(const brn_compiled *c, uint32_t caps, size_t ddl, brn_switch wanted)
{
    if ((caps & BRN_CAP_TXN_DDL) != 0) {
        return true;
    }
    /* What a function will do is known to its author only. */
    bool rows_only = c->call ? wanted == BRN_SWITCH_ON : ddl == SIZE_MAX;
    return (caps & BRN_CAP_TXN_DML) != 0 && rows_only;
}

/* Whether all of it can only run outside of transactions, and its author knows. */
static bool needs_none(const brn_compiled *c)
{
    size_t alone = 0;
    for (size_t i = 0; i < c->stmts.count; i++) {
        bool fits = c->infos[i].role == BRN_ROLE_ALONE && c->infos[i].unasked;
        if (!fits && !c->infos[i].idle) {
            return false;
        }
        alone += fits;
    }
    return alone > 0;
}

static brant_status decide(brn_compiled *c, const brn_compile_input *in, brant_error **err)
{
    uint32_t caps = in->target->conn != NULL ? in->target->conn->caps : in->target->engine->caps;
    brn_survey s;
    find_idle(c, caps);
    brant_status st = survey(&s, c, err);
    if (st == BRANT_OK) {
        st = check_directives(c, in, err);
    }
    if (st == BRANT_OK) {
        st = check_balance(c, err);
    }
    if (st != BRANT_OK) {
        return st;
    }
    brn_switch wanted = wanted_transaction(c, in);
    bool able = is_able(c, caps, s.ddl, wanted);
    c->own_transaction = s.own != SIZE_MAX;
    c->apart = wanted == BRN_SWITCH_OFF;
    if (wanted == BRN_SWITCH_ON) {
        st = check_on(c, &s, able, err);
        if (st != BRANT_OK) {
            return st;
        }
    }
    c->transactional = wanted != BRN_SWITCH_OFF && able && !c->own_transaction && !in->resume;
    if (wanted == BRN_SWITCH_AUTO && needs_none(c)) {
        c->transactional = false;
    }
    if (c->transactional && s.alone != SIZE_MAX) {
        const brn_stmt_info *info = &c->infos[s.alone];
        return at_stmt(c, s.alone, err, "transaction.alone", info->why, info->hint);
    }
    c->hoisted = c->transactional && s.keys_off != SIZE_MAX;
    return check_all_mode(c, in, err);
}

/* ---- reading ---- */

static brant_status read_text(brn_compiled *out, const brn_compile_input *in, brant_error **err)
{
    brn_text text;
    brant_status st = brn_texts_read(
        &text, &out->arena, in->texts, in->target, in->migration, in->direction, err);
    out->text = text.buf;
    out->script = text.script;
    out->stmts = text.stmts;
    out->infos = text.infos;
    return st;
}

/* A function is one statement; its text only names it. */
static brant_status read_call(brn_compiled *out, const brn_compile_input *in, brant_error **err)
{
    const brn_migration *m = in->migration;
    uint32_t caps = in->target->conn != NULL ? in->target->conn->caps : in->target->engine->caps;
    if ((caps & BRN_CAP_EXECUTE) == 0) {
        return brn_error(
            err, BRANT_EUNSUPPORTED, "code.unsupported",
            "this kind of database cannot run functions of the program (\"%s\")", m->id);
    }
    brn_stmt *stmt = BRN_VEC_PUSH(&out->arena, &out->stmts);
    out->infos = brn_arena_array(&out->arena, 1, sizeof(*out->infos));
    char *text = brn_arena_printf(
        &out->arena, "function %s of %s", brn_direction_name(in->direction), m->id);
    if (stmt == NULL || out->infos == NULL || text == NULL) {
        return brn_error_oom(err);
    }
    out->call = true;
    out->script = (brn_script){ .file = m->source->up_path, .line = 1, .column = 1 };
    out->script.text = brn_str_from(text);
    *stmt = (brn_stmt){ .text = out->script.text, .line = 1, .column = 1 };
    out->infos[0].repeatable = true; /* at least once */
    memcpy(out->infos[0].kind, "function", sizeof("function"));
    return BRANT_OK;
}

brant_status brn_compile_read(brn_compiled *out, const brn_compile_input *in, brant_error **err)
{
    memset(out, 0, sizeof(*out));
    const brn_source *source = in->migration->source;
    bool call = brn_source_is_call(source, in->direction == BRN_DOWN);
    out->props = props_of(source, in->direction);
    brant_status st = call ? read_call(out, in, err) : read_text(out, in, err);
    return st == BRANT_OK ? decide(out, in, err) : st;
}

void brn_compiled_release(brn_compiled *compiled)
{
    brn_buf_release(&compiled->text);
    brn_arena_release(&compiled->arena);
}

/* ---- shared with emit.c ---- */

bool brn_foreign_keys_off(const brn_compiled *c)
{
    return c->hoisted || c->props->foreign_keys == BRN_SWITCH_OFF;
}

const char *brn_placeholder_value(const char *name, void *user)
{
    const brn_target *target = user;
    return brn_settings_getenv(brn_target_settings(target), name);
}

bool brn_placeholders_on(const brn_compiled *c, const brn_target *target)
{
    if (c->call) {
        return false;
    }
    if (c->props->placeholders != BRN_SWITCH_AUTO) {
        return c->props->placeholders == BRN_SWITCH_ON;
    }
    return brant_settings_int(brn_target_settings(target), "placeholders") != 0;
}

void brn_compiled_locate(
    const brn_compiled *compiled, const brn_target *target, const brn_op *op, brant_error **err)
{
    if (err == NULL || *err == NULL) {
        return;
    }
    if (op->stmt == NULL) { /* a COMMIT may fail of what the file did */
        if (brant_error_status(*err) == BRANT_ESTATEMENT) {
            brn_error_at(err, compiled->script.file, 0, 0);
        }
        return;
    }
    if (compiled->call) { /* it happened somewhere in the program */
        brn_error_at(err, compiled->script.file, 0, 0);
        return;
    }
    size_t offset = brn_error_get_offset(*err);
    uint32_t line = op->stmt->line;
    uint32_t column = op->stmt->column;
    if (offset != SIZE_MAX) {
        if (brn_placeholders_on(compiled, target)) {
            brn_target *user = NULL;
            memcpy(&user, &target, sizeof(user));
            offset = brn_placeholders_origin(op->stmt, offset, brn_placeholder_value, user);
        }
        brn_stmt_locate(op->stmt, offset, &line, &column);
    }
    brn_error_at(err, compiled->script.file, line, column);
}
