/* SPDX-License-Identifier: Apache-2.0 */
#include "run/carry.h"

#include "text/classify.h"
#include "text/reader.h"

/* A variable of the user, with its '@', or a temporary table. */
typedef struct carried {
    brn_str name;
    bool lost;
} carried;

typedef struct carry {
    brn_arena *arena;
    const brn_dialect *dialect;
    const brn_compiled *c;
    size_t done;
    size_t last_change; /* of the done statements, behind the last that changed rows or objects */
    bool rows;          /* one of them has changed rows, and none of the others yet */
    BRN_VEC(carried) items;
} carry;

/* One statement. */
typedef struct reading {
    carry *x;
    size_t i;
    brn_stmt_class what;
    brn_reader rd;
    brn_script script;
    bool into; /* behind INTO */
} reading;

static void begin_reading(reading *r, carry *x, size_t i)
{
    const brn_stmt *stmt = &x->c->stmts.items[i];
    *r = (reading){ .x = x, .i = i };
    r->script = (brn_script){ .text = stmt->text, .line = 1, .column = 1, .mode = stmt->mode };
    brn_classify(&r->what, x->arena, x->dialect, stmt);
    brn_reader_init(&r->rd, x->arena, x->dialect, &r->script);
}

/* ---- names ---- */

static carried *find(const carry *x, brn_str name)
{
    for (size_t i = 0; i < x->items.count; i++) {
        if (brn_str_ieq(x->items.items[i].name, name)) {
            return &x->items.items[i];
        }
    }
    return NULL;
}

static bool is_lost(const carry *x, brn_str name)
{
    const carried *found = find(x, name);
    return found != NULL && found->lost;
}

static void put(carry *x, brn_str name, bool lost)
{
    carried *found = find(x, name);
    if (found == NULL) {
        found = BRN_VEC_PUSH(x->arena, &x->items);
    }
    if (found != NULL) { /* else the arena's latch */
        *found = (carried){ name, lost };
    }
}

static bool is_variable(const brn_reader *rd)
{
    brn_str text = rd->token.text;
    return rd->token.kind == BRN_TOKEN_VARIABLE && text.len > 1 && text.ptr[0] == '@' &&
           text.ptr[1] != '@';
}

/* Takes the variable at hand; whether it is given a value there. */
static bool take_variable(reading *r, brn_str *name)
{
    *name = r->rd.token.text;
    brn_reader_next(&r->rd);
    return r->into || brn_reader_is_char(&r->rd, '=') || brn_reader_is_char(&r->rd, ':');
}

/* Functions that tell of the last statement, and those that say something else each time. */
static bool is_telling(const brn_reader *rd)
{
    return brn_reader_is(rd, "last_insert_id") || brn_reader_is(rd, "row_count") ||
           brn_reader_is(rd, "found_rows");
}

static bool is_changing(const brn_reader *rd)
{
    return is_telling(rd) || brn_reader_is(rd, "uuid") || brn_reader_is(rd, "rand") ||
           brn_reader_is(rd, "now") || brn_reader_is(rd, "sysdate") ||
           brn_reader_is(rd, "current_timestamp");
}

/* What stands in a body is not done where it is made. */
static bool is_stored(const brn_stmt_class *what)
{
    return (what->verb == BRN_VERB_CREATE || what->verb == BRN_VERB_ALTER) &&
           (what->object == BRN_OBJECT_PROCEDURE || what->object == BRN_OBJECT_FUNCTION ||
            what->object == BRN_OBJECT_TRIGGER || what->object == BRN_OBJECT_EVENT);
}

/* ---- statements that are done ---- */

/* Whether to run it again would give something else. */
static bool reads_what_is_gone(carry *x, size_t i)
{
    bool gone = false;
    reading r;
    for (begin_reading(&r, x, i); !gone && !brn_reader_at_end(&r.rd);) {
        brn_str name;
        r.into = r.into || brn_reader_is(&r.rd, "into");
        if (is_variable(&r.rd)) {
            gone = !take_variable(&r, &name) && is_lost(x, name);
            continue;
        }
        gone = is_changing(&r.rd) || (brn_reader_is(&r.rd, "select") && i < x->last_change);
        brn_reader_next(&r.rd);
    }
    return gone;
}

static void see_variables(carry *x, size_t i)
{
    bool gone = reads_what_is_gone(x, i);
    reading r;
    for (begin_reading(&r, x, i); !brn_reader_at_end(&r.rd);) {
        brn_str name;
        r.into = r.into || brn_reader_is(&r.rd, "into");
        if (!is_variable(&r.rd)) {
            brn_reader_next(&r.rd);
        } else if (take_variable(&r, &name)) {
            put(x, name, gone);
        }
    }
}

static void see_done(carry *x, size_t i)
{
    const brn_stmt_info *info = &x->c->infos[i];
    reading r;
    begin_reading(&r, x, i);
    bool made = r.what.verb == BRN_VERB_CREATE || r.what.verb == BRN_VERB_DROP;
    if (info->idle || is_stored(&r.what)) {
        return;
    }
    if (made && r.what.object == BRN_OBJECT_TABLE) {
        if (r.what.temporary || find(x, r.what.name) != NULL) {
            put(x, r.what.name, r.what.temporary && reads_what_is_gone(x, i));
        }
    } else if (info->session) {
        see_variables(x, i);
    } else if (r.what.name.len > 0 && find(x, r.what.name) != NULL) {
        put(x, r.what.name, true);
    }
}

/* ---- statements to come ---- */

/* The first thing in statement i that is gone; what it sets anew is there again. */
static brn_str find_use(carry *x, size_t i)
{
    brn_str used = BRN_STR("");
    reading r;
    begin_reading(&r, x, i);
    bool anew = (r.what.verb == BRN_VERB_CREATE || r.what.verb == BRN_VERB_DROP) &&
                r.what.object == BRN_OBJECT_TABLE;
    if (anew && find(x, r.what.name) != NULL) {
        put(x, r.what.name, false);
    }
    while (used.len == 0 && !is_stored(&r.what) && !brn_reader_at_end(&r.rd)) {
        brn_str name;
        r.into = r.into || (brn_reader_is(&r.rd, "into") && x->c->infos[i].session);
        if (is_variable(&r.rd)) {
            bool set = take_variable(&r, &name) && x->c->infos[i].session;
            if (set) {
                put(x, name, false);
            } else {
                used = is_lost(x, name) ? name : used;
            }
            continue;
        }
        bool tells = x->rows && is_telling(&r.rd);
        name = brn_reader_name(&r.rd);
        if (name.len == 0) {
            brn_reader_next(&r.rd);
        } else if (is_lost(x, name) || (tells && brn_reader_is_char(&r.rd, '('))) {
            used = name;
        }
    }
    x->rows = x->rows && !x->c->infos[i].dml;
    return used;
}

static brant_status refuse(
    const carry *x, size_t i, brn_str used, const char *id, brant_error **err)
{
    const brn_stmt *stmt = &x->c->stmts.items[i];
    brn_error(
        err, BRANT_EDIRTY, "resume.session_lost",
        "\"%s\" cannot be resumed: statement %zu uses \"%.*s\" of a session that is gone", id,
        i + 1, BRN_STR_ARG(used));
    brn_error_at(err, x->c->script.file, stmt->line, stmt->column);
    brn_error_statement(err, stmt->text);
    brn_error_detail(
        err,
        "The first %zu statements have run. What they left in temporary tables and variables is "
        "not there any more, and would not be the same if they ran again.",
        x->done);
    brn_error_hint(
        err,
        "Change this statement, or put some before it, so that it does without (the first %zu stay "
        "as they are). Or take back by hand what has run, and have it run from the start: "
        "\"brant repair %s --retry\".",
        x->done, id);
    return BRANT_EDIRTY;
}

brant_status brn_carry_check(
    brn_arena *arena,
    const brn_dialect *dialect,
    const brn_compiled *compiled,
    uint64_t done,
    const char *id,
    brant_error **err)
{
    carry x = { .arena = arena, .dialect = dialect, .c = compiled, .done = (size_t)done };
    for (size_t i = 0; i < x.done; i++) {
        const brn_stmt_info *info = &compiled->infos[i];
        x.last_change = !info->idle && (info->ddl || info->dml) ? i + 1 : x.last_change;
        x.rows = x.rows || info->dml;
    }
    for (size_t i = 0; i < x.done && !compiled->call; i++) {
        see_done(&x, i);
    }
    for (size_t i = x.done; i < compiled->stmts.count && !compiled->call; i++) {
        brn_str used = compiled->infos[i].idle ? BRN_STR("") : find_use(&x, i);
        if (used.len > 0) {
            return refuse(&x, i, used, id, err);
        }
    }
    return arena->oom ? brn_error_oom(err) : BRANT_OK;
}
