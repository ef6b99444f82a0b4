/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a statement would make, as the server itself writes it. The statement is run beside what
 * there is, in a schema of its own, on an empty copy of the table that it works on, within a
 * transaction that is rolled back:
 *
 *   BEGIN; CREATE SCHEMA scratch; CREATE TABLE scratch.t (LIKE app.t); CREATE INDEX ... ON
 * scratch.t; definition of scratch.i; definition of app.i; ROLLBACK
 *
 * So spelling, defaults and casts are no difference, and nothing is compared by a parser of ours.
 * Nothing is built, and no row is read. Who may not create a schema gets temporary objects instead,
 * which is as good for all but foreign keys. Whatever fails here only means that it is not known.
 */
#include <string.h>

#include "base/buf.h"
#include "core/control.h"
#include "engines/postgres/probe.h"
#include "text/reader.h"

#define SCRATCH "brant_probe_scratch"
#define TEMPORARY "pg_temp"

typedef struct rehearsal {
    const brn_postgres_subject *subject;
    const brn_postgres_prober *prober;
    brn_postgres *p;
    brn_arena *arena;
    const char *scratch;
    const char *path; /* search path of the session */
    brn_postgres_comparison found;
    brant_status st; /* not BRANT_OK: the error is the caller's */
    brant_error **err;
} rehearsal;

/* --- asking ----------------------------------------------------------------------------------- */

/* True with a result. Otherwise the rehearsal is over: it came to nothing, or with an error. */
static bool ask(
    PGresult **out, rehearsal *r, const char *sql, size_t count, const char *const *values)
{
    brant_error *error = NULL;
    brant_status st;

    if (sql == NULL || r->arena->oom) {
        r->st = brn_error_oom(r->err);
        return false;
    }
    st = brn_postgres_query(out, r->p, sql, count, values, &error);
    if (st == BRANT_OK) {
        return true;
    }
    if (PQstatus(r->p->pg) != CONNECTION_OK || st == BRANT_ENOMEM ||
        brn_control_poll(r->p->conn.control)) {
        r->st = st;
        if (r->err != NULL) {
            *r->err = error;
            return false;
        }
    } else {
        r->found.failure = brn_arena_strdup(r->arena, brant_error_message(error));
    }
    brant_error_free(error);
    return false;
}

static bool command(rehearsal *r, const char *sql)
{
    PGresult *result = NULL;
    bool fine = ask(&result, r, sql, 0, NULL);

    PQclear(result);
    return fine;
}

/* --- the statement, for another place --------------------------------------------------------- */

static void add_name(brn_buf *buf, const char *name)
{
    brn_buf_add_char(buf, '"');
    for (const char *c = name; *c != '\0'; c++) {
        brn_buf_add_c(buf, *c == '"' ? "\"" : "");
        brn_buf_add_char(buf, *c);
    }
    brn_buf_add_char(buf, '"');
}

static void add_full_name(brn_buf *buf, const rehearsal *r, const char *name)
{
    add_name(buf, r->scratch);
    brn_buf_add_char(buf, '.');
    add_name(buf, name);
}

static bool is_on_table(const brn_stmt_class *what)
{
    return what->object == BRN_OBJECT_INDEX || what->object == BRN_OBJECT_TRIGGER ||
           what->object == BRN_OBJECT_POLICY;
}

/* Moves the reader from the start of a CREATE or ALTER to the name of the object, or of the table
 * it is on. */
static bool seek_target(brn_reader *rd, const brn_stmt_class *what)
{
    const char *words = brn_object_word(what->object);
    const char *last = strrchr(words, ' ') != NULL ? strrchr(words, ' ') + 1 : words;

    brn_reader_next(rd);
    while (!brn_reader_at_end(rd) && !brn_reader_take(rd, last)) {
        brn_reader_next(rd);
    }
    (void)brn_reader_take(rd, "concurrently");
    (void)brn_reader_take_if_exists(rd);
    if (is_on_table(what) && what->verb == BRN_VERB_CREATE) {
        if (!brn_reader_seek(rd, "on")) {
            return false;
        }
        brn_reader_next(rd);
    }
    (void)brn_reader_take(rd, "only");
    return !brn_reader_at_end(rd);
}

static brn_str text_from(const rehearsal *r, const brn_reader *rd)
{
    brn_str text = r->prober->stmt->text;

    return brn_str_slice(
        text, brn_reader_at_end(rd) ? text.len : (size_t)rd->token.offset, text.len);
}

/* Without CONCURRENTLY and IF NOT EXISTS. */
static void add_create_index(brn_buf *buf, const rehearsal *r, bool unique)
{
    brn_buf_add_c(buf, unique ? "CREATE UNIQUE INDEX " : "CREATE INDEX ");
    if (r->prober->what.name.len > 0) {
        add_name(buf, r->subject->member);
    }
    brn_buf_add_c(buf, " ON ");
}

/* ... ATTACH PARTITION name FOR VALUES ...: the new partition of a copy has the same bounds. */
static void add_partition(brn_buf *buf, const rehearsal *r, brn_reader *rd)
{
    brn_str schema;
    brn_str name;

    while (!brn_reader_at_end(rd) && !brn_reader_take(rd, "partition")) {
        brn_reader_next(rd);
    }
    brn_reader_full_name(rd, &schema, &name);
    brn_buf_add_c(buf, "CREATE TABLE ");
    add_full_name(buf, r, r->subject->member);
    brn_buf_add_c(buf, " PARTITION OF ");
    add_full_name(buf, r, r->subject->name);
    brn_buf_add_char(buf, ' ');
    brn_buf_add_str(buf, text_from(r, rd));
}

/* It would run the query: WITH NO DATA instead of what the text ends with. */
static void add_without_data(brn_buf *buf, brn_reader *rd, brn_str text, size_t from)
{
    size_t end = text.len;

    for (; !brn_reader_at_end(rd); brn_reader_next(rd)) {
        brn_reader ahead = *rd;

        if (brn_reader_take(&ahead, "with")) {
            (void)brn_reader_take(&ahead, "no");
            if (brn_reader_take(&ahead, "data") && brn_reader_at_end(&ahead)) {
                end = (size_t)rd->token.offset;
                break;
            }
        }
    }
    brn_buf_add_str(buf, brn_str_slice(text, from, end));
    brn_buf_add_c(buf, " WITH NO DATA");
}

static void add_statement(brn_buf *buf, const rehearsal *r)
{
    const brn_stmt_class *what = &r->prober->what;
    brn_str text = r->prober->stmt->text;
    brn_script script = { .text = text, .line = 1, .column = 1 };
    brn_str schema;
    brn_str name;
    brn_reader rd;
    brn_reader second;

    brn_reader_init(&rd, r->arena, &brn_dialect_postgres, &script);
    second = rd;
    brn_reader_next(&second);
    if (!seek_target(&rd, what)) {
        return;
    }
    if (what->alter == BRN_ALTER_ATTACH_PARTITION) {
        add_partition(buf, r, &rd);
        return;
    }
    if (what->object == BRN_OBJECT_INDEX) {
        add_create_index(buf, r, brn_reader_is(&second, "unique"));
    } else {
        brn_buf_add_str(buf, brn_str_slice(text, 0, (size_t)rd.token.offset));
    }
    add_full_name(buf, r, r->subject->name);
    brn_buf_add_char(buf, ' ');
    brn_reader_full_name(&rd, &schema, &name);
    if (what->object == BRN_OBJECT_MATERIALIZED_VIEW) {
        add_without_data(
            buf, &rd, text, brn_reader_at_end(&rd) ? text.len : (size_t)rd.token.offset);
    } else {
        brn_buf_add_str(buf, text_from(r, &rd));
    }
}

static bool run_statement(rehearsal *r)
{
    brn_buf sql;
    bool fine;

    brn_buf_init(&sql, 0);
    add_statement(&sql, r);
    fine = command(r, sql.failed ? NULL : brn_buf_text(&sql));
    brn_buf_release(&sql);
    return fine;
}

/* --- around it -------------------------------------------------------------------------------- */

static bool prepare(rehearsal *r)
{
    static const char settings[] =
        "SELECT current_setting('search_path'),"
        " has_database_privilege(current_database(), 'CREATE'),"
        " set_config('lock_timeout', '1000', true), set_config('statement_timeout', '10000', true),"
        " set_config('client_min_messages', 'error', true)";
    PGresult *result = NULL;

    if (!command(r, "BEGIN") || !ask(&result, r, settings, 0, NULL)) {
        return false;
    }
    r->path = brn_arena_strdup(r->arena, PQgetvalue(result, 0, 0));
    r->scratch = PQgetvalue(result, 0, 1)[0] == 't' ? SCRATCH : TEMPORARY;
    PQclear(result);
    return strcmp(r->scratch, TEMPORARY) == 0 || command(r, "CREATE SCHEMA " SCRATCH);
}

/* first, second and the session's own; NULL for none. What is temporary comes last. */
static bool set_path(rehearsal *r, const char *first, const char *second)
{
    static const char sql[] =
        "SELECT set_config('search_path', concat_ws(', ', quote_ident($1::text),"
        " quote_ident($2::text), nullif($3::text, ''), 'pg_temp'), true)";
    const char *values[] = { first, second, r->path };
    PGresult *result = NULL;
    bool fine = ask(&result, r, sql, BRN_ARRAY_LEN(values), values);

    PQclear(result);
    return fine;
}

/* Runs the statements that the query gives. */
static bool make_copy(rehearsal *r)
{
    const brn_postgres_subject *subject = r->subject;
    const char *values[] = { subject->schema, subject->name, subject->member, r->scratch };
    PGresult *result = NULL;
    bool fine = ask(&result, r, subject->copy, BRN_ARRAY_LEN(values), values);

    for (int i = 0; fine && i < PQntuples(result); i++) {
        fine = command(r, PQgetvalue(result, i, 0));
    }
    PQclear(result);
    return fine;
}

static bool compare(rehearsal *r)
{
    const brn_postgres_subject *subject = r->subject;
    const char *values[] = { r->scratch, subject->name, subject->member };
    PGresult *result = NULL;
    bool fine = set_path(r, r->scratch, subject->schema) &&
                ask(&result, r, subject->definition, BRN_ARRAY_LEN(values), values);

    if (!fine || PQntuples(result) != 1) {
        PQclear(result);
        return false;
    }
    r->found.wanted = brn_arena_strdup(r->arena, PQgetvalue(result, 0, 0));
    PQclear(result);
    result = NULL;
    values[0] = subject->schema;
    fine = set_path(r, subject->schema, NULL) &&
           ask(&result, r, subject->definition, BRN_ARRAY_LEN(values), values);
    for (int i = 0; fine && i < PQntuples(result) && !r->found.same; i++) {
        r->found.present = brn_arena_strdup(r->arena, PQgetvalue(result, i, 0));
        r->found.same = r->found.present != NULL && r->found.wanted != NULL &&
                        strcmp(r->found.present, r->found.wanted) == 0;
    }
    PQclear(result);
    r->found.known = fine;
    return fine;
}

brant_status brn_postgres_rehearse(
    brn_postgres_comparison *out, brn_postgres_prober *p, const brn_postgres_subject *subject)
{
    rehearsal r = { .subject = subject, .prober = p, .p = p->p, .arena = p->arena, .err = p->err };
    PGresult *result = NULL;

    r.found.failure = "its definition could not be read";
    if (PQtransactionStatus(p->p->pg) != PQTRANS_IDLE) {
        *out = (brn_postgres_comparison){ .failure = "a transaction is open" };
        return BRANT_OK;
    }
    if (prepare(&r) && (subject->copy == NULL || make_copy(&r)) && set_path(&r, r.scratch, NULL)) {
        (void)(run_statement(&r) && compare(&r));
    }
    if (brn_postgres_query_quietly(&result, p->p, "ROLLBACK", 0, NULL, NULL) == BRANT_OK) {
        PQclear(result);
    }
    if (r.st == BRANT_OK && p->arena->oom) {
        r.st = brn_error_oom(p->err);
    }
    if (r.st == BRANT_OK) {
        *out = r.found;
    }
    return r.st;
}

brant_status brn_postgres_compare(
    brn_postgres_prober *p, const char *what, const brn_postgres_subject *subject)
{
    brn_postgres_comparison found = { 0 };
    brant_status st = brn_postgres_rehearse(&found, p, subject);

    if (st != BRANT_OK) {
        return st;
    }
    if (found.known && found.same) {
        return brn_postgres_tell(
            p, BRN_VERDICT_DONE,
            brn_arena_printf(p->arena, "%s exists and has the same definition", what));
    }
    if (found.known) {
        return brn_postgres_tell(
            p, BRN_VERDICT_UNKNOWN,
            brn_arena_printf(
                p->arena, "%s exists with another definition; wanted: %s; present: %s", what,
                found.wanted, found.present != NULL ? found.present : "nothing"));
    }
    return brn_postgres_tell(
        p, BRN_VERDICT_UNKNOWN,
        brn_arena_printf(
            p->arena, "%s exists, but whether it came from this statement cannot be told: %s", what,
            found.failure));
}
