/* SPDX-License-Identifier: Apache-2.0 */
#include "run/code.h"

#include <stdlib.h>
#include <string.h>

#include "run/box.h"

/* What is kept of a registration. */
typedef struct registered {
    brn_given given;
    brant_code_fn *up;
    brant_code_fn *down;
    void *user;
} registered;

/* One call of a function. Handles of other databases hang on the first one. */
struct brant_code {
    brn_target *target;
    const char *migration;
    struct call_frame *frame;
    struct brant_code *next;
};

typedef struct call_frame {
    brant_code own;
    brn_arena *arena;
    brant_code_fn *fn;
    void *user;
    int64_t changed; /* by all statements */
} call_frame;

/* ---- values ---- */

brant_value brant_value_null(void)
{
    return (brant_value){ .type = BRANT_VALUE_NULL };
}

brant_value brant_value_int(int64_t integer)
{
    return (brant_value){ .type = BRANT_VALUE_INTEGER, .integer = integer };
}

brant_value brant_value_real(double real)
{
    return (brant_value){ .type = BRANT_VALUE_REAL, .real = real };
}

brant_value brant_value_text(const char *text)
{
    if (text == NULL) {
        return brant_value_null();
    }
    return (brant_value){ .type = BRANT_VALUE_TEXT, .data = text, .length = strlen(text) };
}

brant_value brant_value_blob(const void *data, size_t length)
{
    return (brant_value){ .type = BRANT_VALUE_BLOB, .data = data, .length = length };
}

/* ---- rows ---- */

size_t brant_row_count(const brant_row *row)
{
    return row->count;
}

const char *brant_row_name(const brant_row *row, size_t i)
{
    return i < row->count ? row->names[i] : NULL;
}

const brant_value *brant_row_at(const brant_row *row, size_t i)
{
    return i < row->count ? &row->values[i] : NULL;
}

int64_t brant_row_int(const brant_row *row, size_t i)
{
    const brant_value *value = brant_row_at(row, i);
    return value != NULL && value->type == BRANT_VALUE_INTEGER ? value->integer : 0;
}

const char *brant_row_text(const brant_row *row, size_t i)
{
    const brant_value *value = brant_row_at(row, i);
    return value != NULL && value->type == BRANT_VALUE_TEXT ? value->data : NULL;
}

/* ---- registering ---- */

static brant_status check_registration(const brant_registration *o, brant_error **err)
{
    bool code = o->up != NULL;
    bool text = o->up_text != NULL;
    const char *id = o->id != NULL ? o->id : "";
    if (id[0] == '\0') {
        return brn_error(err, BRANT_EUSAGE, "register.no_id", "a registration needs an id");
    }
    if (code == text) {
        brn_error(
            err, BRANT_EUSAGE, "register.no_up", "\"%s\" is registered %s", id,
            code ? "with a function and a text to go up" : "with nothing to go up");
        brn_error_hint(err, "Give either the function `up` or the text `up_text`.");
        return BRANT_EUSAGE;
    }
    if ((code && o->down_text != NULL) || (text && o->down != NULL)) {
        return brn_error(
            err, BRANT_EUSAGE, "register.mixed", "\"%s\" is registered with a function and a text",
            id);
    }
    if (text && (o->properties != NULL || o->revision != NULL)) {
        brn_error(
            err, BRANT_EUSAGE, "register.mixed",
            "\"%s\" is registered as a text with properties or a revision", id);
        brn_error_hint(err, "Write properties as directives at the head of the text.");
        return BRANT_EUSAGE;
    }
    return BRANT_OK;
}

static brant_status check_unique(const brn_target *target, const char *id, brant_error **err)
{
    for (size_t i = 0; i < target->given.count; i++) {
        if (strcmp(target->given.items[i]->id, id) == 0) {
            return brn_error(
                err, BRANT_EUSAGE, "register.duplicate", "\"%s\" is registered already", id);
        }
    }
    return BRANT_OK;
}

static const char *copy(brn_arena *arena, const char *text)
{
    return text != NULL ? brn_arena_strdup(arena, text) : NULL;
}

static registered *keep(brn_arena *arena, const brant_registration *o)
{
    registered *r = brn_arena_alloc(arena, sizeof(*r));
    if (r == NULL) {
        return NULL;
    }
    r->given = (brn_given){
        .id = copy(arena, o->id),
        .up_text = copy(arena, o->up_text),
        .down_text = copy(arena, o->down_text),
        .has_down = o->down != NULL,
        .properties = copy(arena, o->properties),
        .revision = copy(arena, o->revision),
        .call = o->up != NULL ? r : NULL,
    };
    r->up = o->up;
    r->down = o->down;
    r->user = o->user;
    return r;
}

/* Alone, as if there were no files: what is wrong with it by itself. */
static brant_status try_alone(const brn_target *target, const brn_given *given, brant_error **err)
{
    brn_arena scratch = { 0 };
    brn_source_set set;
    brn_layout_options opts = {
        .dir = "",
        .layout = "auto",
        .dialect = target->engine->dialect,
        .max_file_bytes = SIZE_MAX,
        .may_be_missing = true,
        .given = &given,
        .given_count = 1,
    };
    brant_status st = brn_layout_read(&set, &scratch, &opts, err);
    brn_arena_release(&scratch);
    return st;
}

brant_status brant_session_register(
    brant_session *session, const brant_registration *registration, brant_error **err)
{
    brant_registration o;
    brant_status st = brn_options_read(&o, sizeof(o), registration, err);
    brn_target *target = NULL;
    if (st == BRANT_OK) {
        st = check_registration(&o, err);
    }
    if (st == BRANT_OK) {
        target = brn_session_target(session, o.database, err);
        st = target == NULL ? BRANT_EUSAGE : check_unique(target, o.id, err);
    }
    if (st != BRANT_OK) {
        return st;
    }
    registered *r = keep(&session->arena, &o);
    if (r == NULL || session->arena.oom) {
        session->arena.oom = false; /* of this call only */
        return brn_error_oom(err);
    }
    st = try_alone(target, &r->given, err);
    if (st != BRANT_OK) {
        return st;
    }
    const brn_given **slot = BRN_VEC_PUSH(&session->arena, &target->given);
    if (slot == NULL) {
        session->arena.oom = false;
        return brn_error_oom(err);
    }
    *slot = &r->given;
    return BRANT_OK;
}

/* ---- calling ---- */

/* Whatever the function returns, a failure has an error, and success has none. */
static brant_status conclude(
    const call_frame *f, brant_status st, brant_error *failure, brant_error **err)
{
    if (st == BRANT_OK) {
        brant_error_free(failure);
        return BRANT_OK;
    }
    if (failure != NULL) {
        st = brant_error_status(failure);
        if (err != NULL) {
            *err = failure;
        } else {
            brant_error_free(failure);
        }
        return st;
    }
    bool known = st > BRANT_OK && st <= BRANT_EINTERNAL;
    return brn_error(
        err, known ? st : BRANT_ESTATEMENT, "code.failed", "the function of \"%s\" returned %s",
        f->own.migration, known ? brant_status_name(st) : "a failure");
}

static brant_status call(void *user, int64_t *rows, brant_error **err)
{
    call_frame *f = user;
    brant_error *failure = NULL;
    f->changed = 0;
    f->own.next = NULL;
    brant_status st = f->fn(&f->own, f->user, &failure);
    *rows = f->changed;
    return conclude(f, st, failure, err);
}

brant_status brn_code_prepare(
    brn_op *op, brn_arena *arena, const brn_compile_input *in, brant_error **err)
{
    const registered *r = in->migration->source->given->call;
    call_frame *f = brn_arena_alloc(arena, sizeof(*f));
    if (f == NULL) {
        return brn_error_oom(err);
    }
    f->own.target = &in->target->session->targets[in->migration->database];
    f->own.migration = in->migration->id;
    f->own.frame = f;
    f->arena = arena;
    f->fn = in->direction == BRN_DOWN ? r->down : r->up;
    f->user = r->user;
    op->call = call;
    op->call_user = f;
    return BRANT_OK;
}

/* ---- what a function can do ---- */

static brant_status execute(
    int64_t *changed, brant_code *code, const brn_query *query, brant_error **err)
{
    brn_conn *conn = code->target->conn;
    if (query->sql.ptr == NULL || (query->count > 0 && query->values == NULL)) {
        return brn_error(err, BRANT_EUSAGE, "code.values", "no statement, or no values");
    }
    brant_status st = brn_control_check(conn->control, err);
    uint64_t before = conn->requests;
    if (st == BRANT_OK) {
        st = conn->engine->execute(changed, conn, query, err);
    }
    if (code != &code->frame->own) { /* those of its own count with the program */
        code->target->session->round_trips += conn->requests - before;
    }
    return st;
}

brant_status brant_code_run(
    brant_code *code,
    const char *statement,
    const brant_value *values,
    size_t count,
    int64_t *changed,
    brant_error **err)
{
    int64_t rows = -1;
    brn_query query = { .values = values, .count = count };
    query.sql = statement != NULL ? brn_str_from(statement) : query.sql;
    brant_status st = execute(&rows, code, &query, err);
    if (st == BRANT_OK) {
        code->frame->changed += rows > 0 ? rows : 0;
        if (changed != NULL) {
            *changed = rows;
        }
    }
    return st;
}

brant_status brant_code_query(
    brant_code *code,
    const char *statement,
    const brant_value *values,
    size_t count,
    brant_row_fn *on_row,
    void *user,
    brant_error **err)
{
    int64_t rows = -1;
    brn_query query = { .values = values, .count = count, .on_row = on_row, .user = user };
    query.sql = statement != NULL ? brn_str_from(statement) : query.sql;
    return execute(&rows, code, &query, err);
}

static brant_status connect_other(brn_target *target, brant_error **err)
{
    brant_status st = brn_session_connect_to_write(target->session, target, err);
    if (st == BRANT_OK && (target->conn->caps & BRN_CAP_EXECUTE) == 0) {
        st = brn_error(
            err, BRANT_EUNSUPPORTED, "code.unsupported",
            "database \"%s\" cannot run statements of functions", brn_target_name(target));
    }
    return st;
}

brant_status brant_code_database(
    brant_code **out, brant_code *code, const char *database, brant_error **err)
{
    call_frame *f = code->frame;
    brn_target *target = brn_session_target(f->own.target->session, database, err);
    if (target == NULL) {
        return BRANT_EUSAGE;
    }
    for (brant_code *known = &f->own; known != NULL; known = known->next) {
        if (known->target == target) {
            *out = known;
            return BRANT_OK;
        }
    }
    brant_status st = connect_other(target, err);
    brant_code *other = st == BRANT_OK ? brn_arena_alloc(f->arena, sizeof(*other)) : NULL;
    if (other == NULL) {
        return st != BRANT_OK ? st : brn_error_oom(err);
    }
    *other = (brant_code){ target, f->own.migration, f, f->own.next };
    f->own.next = other;
    *out = other;
    return BRANT_OK;
}

void brant_code_progress(brant_code *code, uint64_t done, uint64_t total, const char *unit)
{
    brant_event ev = {
        .type = BRANT_EVENT_PROGRESS,
        .database = brn_target_name(code->target),
        .migration = code->migration,
        .done = done,
        .total = total,
        .unit = unit != NULL ? unit : "rows",
    };
    brn_emit(&code->target->session->emitter, &ev);
}

brant_status brant_code_check(brant_code *code, brant_error **err)
{
    return brn_control_check(&code->target->session->control, err);
}

brant_status brant_code_fail(brant_code *code, const char *message, brant_error **err)
{
    (void)code;
    return brn_error(
        err, BRANT_ESTATEMENT, "code.failed", "%s",
        message != NULL && message[0] != '\0' ? message : "the function failed");
}
