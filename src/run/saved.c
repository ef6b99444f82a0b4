/* SPDX-License-Identifier: Apache-2.0 */
#include "run/saved.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/json_read.h"

#define SCHEMA 1
#define KIND "brant plan"

/* ---- writing ---- */

static void write_databases(brn_json *w, const brn_saved *saved)
{
    brn_json_key(w, "databases");
    brn_json_array(w);
    for (size_t i = 0; i < saved->databases.count; i++) {
        const brn_saved_database *db = &saved->databases.items[i];
        brn_json_object(w);
        brn_json_key_cstr(w, "name", db->name);
        brn_json_key_cstr(w, "engine", db->engine);
        brn_json_key_cstr(w, "tx", db->tx);
        brn_json_key_cstr(w, "state", db->state);
        brn_json_end(w);
    }
    brn_json_end(w);
}

static void write_statement(brn_json *w, const brant_plan_statement *s)
{
    brn_json_object(w);
    brn_json_key_int(w, "number", s->number);
    brn_json_key(w, "transaction");
    if (s->transaction > 0) {
        brn_json_int(w, s->transaction);
    } else {
        brn_json_null(w);
    }
    brn_json_key_cstr(w, "kind", s->kind);
    brn_json_key_cstr(w, "file", s->file);
    brn_json_key_int(w, "line", s->line);
    brn_json_key_cstr(w, "text", s->text);
    brn_json_end(w);
}

static void write_step(brn_json *w, const brant_plan_step *step)
{
    brn_json_object(w);
    brn_json_key_cstr(w, "database", step->migration->database);
    brn_json_key_cstr(w, "id", step->migration->id);
    brn_json_key_cstr(w, "direction", step->direction);
    brn_json_key_cstr(w, "checksum", step->migration->checksum);
    brn_json_key_bool(w, "manual", step->manual != 0);
    brn_json_key_int(w, "resume_after", (int64_t)step->resume_after);
    brn_json_key(w, "statements");
    brn_json_array(w);
    for (size_t i = 0; i < step->statement_count; i++) {
        write_statement(w, step->statements[i]);
    }
    brn_json_end(w);
    brn_json_end(w);
}

void brn_saved_write(
    brn_buf *out, const brn_saved *saved, const brant_plan *plan, int64_t created_us)
{
    brn_json w;
    char when[BRN_CLOCK_TEXT];
    brn_clock_rfc3339(when, created_us);
    brn_json_begin(&w, out, BRN_JSON_PRETTY);
    brn_json_object(&w);
    brn_json_key_int(&w, "schema", SCHEMA);
    brn_json_key_cstr(&w, "kind", KIND);
    brn_json_key_cstr(&w, "tool", "brant " BRANT_VERSION);
    brn_json_key_cstr(&w, "created_at", when);
    brn_json_key(&w, "goal");
    brn_json_object(&w);
    brn_json_key_int(&w, "count", (int64_t)saved->count);
    brn_json_key_cstr(&w, "to", saved->to);
    brn_json_end(&w);
    write_databases(&w, saved);
    brn_json_key(&w, "steps");
    brn_json_array(&w);
    for (size_t i = 0; i < plan->count; i++) {
        write_step(&w, plan->steps[i]);
    }
    brn_json_end(&w);
    brn_json_end(&w);
    brn_buf_add_char(out, '\n');
}

/* ---- reading ---- */

/* What has been wrong so far; `path` names the place for people: "steps[3].id". */
typedef struct reader {
    brn_arena *arena;
    const char *file;
    brant_error **err;
    brant_status st;
} reader;

static void not_a_plan(reader *r, const char *where, const char *key, const char *wanted)
{
    if (r->st != BRANT_OK) {
        return;
    }
    r->st = brn_error(
        r->err, BRANT_EPARSE, "apply.not_a_plan", "not a saved plan: %s%s%s is not %s", where,
        where[0] != '\0' ? "." : "", key, wanted);
    brn_error_hint(r->err, "Write it again with \"brant plan -o FILE\".");
    brn_error_at(r->err, r->file, 0, 0);
}

static bool is_a(const brn_json_value *value, brn_json_type type)
{
    return value != NULL && value->type == type;
}

/* A text of an object; `nullable` ones may be null. */
static const char *text_of(
    reader *r, const brn_json_value *object, const char *where, const char *key, bool nullable)
{
    const brn_json_value *value = brn_json_member(object, key);
    if (nullable && is_a(value, BRN_JSON_NULL)) {
        return NULL;
    }
    if (!is_a(value, BRN_JSON_TEXT)) {
        not_a_plan(r, where, key, "a text");
        return "";
    }
    return value->text.ptr;
}

static uint64_t number_of(
    reader *r, const brn_json_value *object, const char *where, const char *key)
{
    const brn_json_value *value = brn_json_member(object, key);
    if (!is_a(value, BRN_JSON_INT) || value->number < 0) {
        not_a_plan(r, where, key, "a number");
        return 0;
    }
    return (uint64_t)value->number;
}

/* The first of a list; NULL when it is empty, or none. */
static const brn_json_value *list_of(
    reader *r, const brn_json_value *object, const char *where, const char *key)
{
    const brn_json_value *value = brn_json_member(object, key);
    if (!is_a(value, BRN_JSON_ARRAY)) {
        not_a_plan(r, where, key, "a list");
        return NULL;
    }
    return value->first;
}

static void read_statement(reader *r, brn_saved_statement *out, const brn_json_value *from)
{
    const char *text = text_of(r, from, "steps[].statements", "text", false);
    out->number = number_of(r, from, "steps[].statements", "number");
    out->text = brn_str_from(text);
}

static void read_step(reader *r, brn_saved_step *out, const brn_json_value *from)
{
    const brn_json_value *manual = brn_json_member(from, "manual");
    const brn_json_value *stmt = list_of(r, from, "steps[]", "statements");
    out->database = text_of(r, from, "steps[]", "database", false);
    out->id = text_of(r, from, "steps[]", "id", false);
    out->direction = text_of(r, from, "steps[]", "direction", false);
    out->checksum = text_of(r, from, "steps[]", "checksum", false);
    out->resume_after = number_of(r, from, "steps[]", "resume_after");
    if (!is_a(manual, BRN_JSON_FALSE) && !is_a(manual, BRN_JSON_TRUE)) {
        not_a_plan(r, "steps[]", "manual", "true or false");
    }
    out->manual = is_a(manual, BRN_JSON_TRUE);
    for (; stmt != NULL && r->st == BRANT_OK; stmt = stmt->next) {
        brn_saved_statement *slot = BRN_VEC_PUSH(r->arena, &out->statements);
        if (slot == NULL) {
            return;
        }
        read_statement(r, slot, stmt);
    }
}

static void read_database(reader *r, brn_saved_database *out, const brn_json_value *from)
{
    out->name = text_of(r, from, "databases[]", "name", false);
    out->engine = text_of(r, from, "databases[]", "engine", false);
    out->tx = text_of(r, from, "databases[]", "tx", false);
    out->state = text_of(r, from, "databases[]", "state", false);
}

static void check_kind(reader *r, const brn_json_value *root)
{
    const brn_json_value *kind = brn_json_member(root, "kind");
    const brn_json_value *schema = brn_json_member(root, "schema");
    if (!is_a(kind, BRN_JSON_TEXT) || !brn_str_eq_c(kind->text, KIND)) {
        not_a_plan(r, "", "kind", "\"" KIND "\"");
    } else if (!is_a(schema, BRN_JSON_INT)) {
        not_a_plan(r, "", "schema", "a number");
    } else if (schema->number != SCHEMA) {
        r->st = brn_error(
            r->err, BRANT_EPARSE, "apply.newer",
            "the saved plan has schema %lld, and this brant reads %d", (long long)schema->number,
            SCHEMA);
        brn_error_hint(r->err, "Make the plan with the brant that applies it.");
        brn_error_at(r->err, r->file, 0, 0);
    }
}

static void read_root(reader *r, brn_saved *out, const brn_json_value *root)
{
    check_kind(r, root);
    if (r->st != BRANT_OK) {
        return;
    }
    const brn_json_value *goal = brn_json_member(root, "goal");
    const brn_json_value *db = list_of(r, root, "", "databases");
    const brn_json_value *step = list_of(r, root, "", "steps");
    out->count = number_of(r, goal, "goal", "count");
    out->to = text_of(r, goal, "goal", "to", true);
    for (; db != NULL && r->st == BRANT_OK; db = db->next) {
        brn_saved_database *slot = BRN_VEC_PUSH(r->arena, &out->databases);
        if (slot == NULL) {
            return;
        }
        read_database(r, slot, db);
    }
    for (; step != NULL && r->st == BRANT_OK; step = step->next) {
        brn_saved_step *slot = BRN_VEC_PUSH(r->arena, &out->steps);
        if (slot == NULL) {
            return;
        }
        read_step(r, slot, step);
    }
}

brant_status brn_saved_read(
    brn_saved *out, brn_arena *arena, brn_str text, const char *file, brant_error **err)
{
    brn_json_problem problem;
    reader r = { .arena = arena, .file = file, .err = err };
    brn_saved saved = { 0 };
    const brn_json_value *root = brn_json_read(arena, text, &problem);
    if (root == NULL && problem.what == NULL) {
        return brn_error_oom(err);
    }
    if (root == NULL) {
        brn_error(
            err, BRANT_EPARSE, "apply.malformed", "the saved plan is not JSON: %s", problem.what);
        brn_error_at(err, file, problem.line, problem.column);
        brn_error_hint(err, "Write it again with \"brant plan -o FILE\".");
        return BRANT_EPARSE;
    }
    read_root(&r, &saved, root);
    if (r.st == BRANT_OK && arena->oom) {
        return brn_error_oom(err);
    }
    if (r.st == BRANT_OK) {
        *out = saved;
    }
    return r.st;
}

/* ---- state ---- */

static int by_id(const void *a, const void *b)
{
    const brn_ledger_row *left = *(const brn_ledger_row *const *)a;
    const brn_ledger_row *right = *(const brn_ledger_row *const *)b;
    return strcmp(left->id, right->id);
}

static void add_text(brn_digest *d, const char *text)
{
    brn_digest_field(d, brn_str_from(text != NULL ? text : ""));
}

static void add_row(brn_digest *d, const brn_ledger_row *row)
{
    char progress[64];
    (void)snprintf(
        progress, sizeof(progress), "%lld %lld", (long long)row->stmts_done,
        (long long)row->intent);
    add_text(d, row->id);
    add_text(d, brn_row_status_name(row->status));
    add_text(d, brn_direction_name(row->direction));
    add_text(d, row->checksum);
    add_text(d, row->status == BRN_ROW_COMPLETED ? "" : progress);
}

brant_status brn_saved_state(
    char out[BRN_DIGEST_HEX + 1], const brn_ledger_rows *rows, brant_error **err)
{
    const brn_ledger_row **sorted = calloc(rows->count + 1, sizeof(*sorted));
    brn_digest d;
    if (sorted == NULL) {
        return brn_error_oom(err);
    }
    for (size_t i = 0; i < rows->count; i++) {
        sorted[i] = &rows->items[i];
    }
    qsort(sorted, rows->count, sizeof(const brn_ledger_row *), by_id);
    brn_digest_init(&d);
    for (size_t i = 0; i < rows->count; i++) {
        add_row(&d, sorted[i]);
    }
    brn_digest_hex(&d, out);
    free(sorted);
    return BRANT_OK;
}
