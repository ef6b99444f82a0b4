/* SPDX-License-Identifier: Apache-2.0 */
#include "engines/postgres/postgres_int.h"

#include <string.h>

#include "base/buf.h"
#include "text/dialect.h"
#include "text/script.h"

/* A shorter password is found in many a word, and one that is also a name tells nothing. */
#define PASSWORD_MIN 6
#define CONTEXT_LINES 3

/* By the beginning of the SQLSTATE; the first row that fits. id NULL: the caller's. */
static const struct error_class {
    const char *sqlstate;
    brant_status status;
    const char *id;
    const char *hint;
} error_classes[] = {
    { "55P03", BRANT_ESTATEMENT, "statement.lock_timeout",
      "Let the sessions that hold the lock finish, or end them. The settings \"lock-timeout\" and "
      "\"ddl-lock-timeout\" say how long to wait." },
    { "40P01", BRANT_ESTATEMENT, "statement.deadlock",
      "The server ended one of two sessions that waited for each other. Run again." },
    { "40001", BRANT_ESTATEMENT, "statement.serialization",
      "Another session changed the same rows at the same time. Run again." },
    { "57014", BRANT_ETIMEOUT, "control.timeout",
      "Raise the setting \"statement-timeout\" (--statement-timeout or BRANT_STATEMENT_TIMEOUT); "
      "where it is not set, the server's own statement_timeout." },
    { "42501", BRANT_ESTATEMENT, "statement.no_rights",
      "Grant that right to the user of the URL, or run as the owner." },
    { "57P01", BRANT_ECONNECT, "connect.lost",
      "Somebody ended the session, perhaps with \"brant lock release\", or stopped the server. "
      "\"brant status\" shows how far it came." },
    { "57P0", BRANT_ECONNECT, "connect.lost", NULL },
    { "25P03", BRANT_ECONNECT, "connect.lost", NULL },
    { "25P04", BRANT_ECONNECT, "connect.lost", NULL },
    { "08", BRANT_ECONNECT, "connect.lost", NULL },
    { "25006", BRANT_ESTATEMENT, NULL,
      "The server is a standby, or the role or the database has default_transaction_read_only on: "
      "connect to the primary, or turn that off." },
    { "53100", BRANT_EIO, "database.full", "Free space on the server's disk, then run again." },
    { "XX001", BRANT_EIO, "database.corrupt", "Look at the log of the server." },
    { "XX002", BRANT_EIO, "database.corrupt", "Look at the log of the server." },
    { "", BRANT_ESTATEMENT, NULL, NULL },
};

/* Of a statement that goes on elsewhere (a subscription, dblink, a foreign table) the server passes
 * on the SQLSTATE of that connection, as an error: ours is lost only where it says that it ends. A
 * pooler may say nothing of it. */
static bool ends_session(const PGresult *result)
{
    const char *severity = PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);

    return severity == NULL || strcmp(severity, "ERROR") != 0;
}

static const struct error_class *find_class(const char *sqlstate, bool ends)
{
    size_t i = 0;

    while (strncmp(sqlstate, error_classes[i].sqlstate, strlen(error_classes[i].sqlstate)) != 0 ||
           (error_classes[i].status == BRANT_ECONNECT && !ends)) {
        i++;
    }
    return &error_classes[i];
}

bool brn_postgres_is_passing(const char *sqlstate)
{
    static const char *const passing[] = { "55P03", "40P01", "40001" };

    for (size_t i = 0; sqlstate != NULL && i < BRN_ARRAY_LEN(passing); i++) {
        if (strcmp(sqlstate, passing[i]) == 0) {
            return true;
        }
    }
    return false;
}

void brn_postgres_note_end(brn_postgres *p, const PGresult *result)
{
    const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);

    p->told_to_end = p->told_to_end ||
                     (sqlstate != NULL && strcmp(sqlstate, "57P01") == 0 && ends_session(result));
}

static void mask_one(const brn_postgres *p, const char *secret, char *text)
{
    size_t len = secret != NULL ? strlen(secret) : 0;

    if (len < PASSWORD_MIN || strcmp(secret, p->dbname != NULL ? p->dbname : "") == 0 ||
        (p->pg != NULL && strcmp(secret, PQuser(p->pg)) == 0)) {
        return;
    }
    for (char *at = strstr(text, secret); at != NULL; at = strstr(at + len, secret)) {
        memset(at, '*', len);
    }
}

void brn_postgres_mask(const brn_postgres *p, char *text)
{
    mask_one(p, p->password, text);
    mask_one(p, p->key_password, text);
}

/* --- where in the statement ------------------------------------------------------------------- */

static bool is_inside_character(char c)
{
    return ((unsigned char)c & 0xc0) == 0x80;
}

/* The server counts characters from 1; one that stores bytes as they are counts bytes. */
size_t brn_postgres_position(brn_str sql, uint64_t position, bool in_bytes)
{
    size_t at = 0;

    if (in_bytes) {
        return position <= sql.len + 1 ? (size_t)position - 1 : SIZE_MAX;
    }
    for (uint64_t left = position - 1; left > 0; left--) {
        if (at >= sql.len) {
            return SIZE_MAX;
        }
        at++;
        while (at < sql.len && is_inside_character(sql.ptr[at])) {
            at++;
        }
    }
    return at;
}

/* Behind what opens the first string of the block; SIZE_MAX when there is none, or escapes in it
 * can make lines that the text does not have. */
static size_t block_body(brn_str sql)
{
    brn_script script = { .text = sql, .line = 1, .column = 1 };
    brn_token token;
    brn_lexer lx;

    brn_lexer_init(&lx, &brn_dialect_postgres, &script);
    do {
        if (brn_lexer_next(&lx, &token, NULL) != BRANT_OK || token.kind == BRN_TOKEN_END) {
            return SIZE_MAX;
        }
    } while (token.kind != BRN_TOKEN_STRING);
    if (token.text.ptr[0] == '$') {
        brn_str behind = brn_str_slice(token.text, 1, token.text.len);

        return (size_t)token.offset + brn_str_find_char(behind, '$') + 2;
    }
    return token.text.ptr[0] == '\'' ? (size_t)token.offset + 1 : SIZE_MAX;
}

/*
 * "PL/pgSQL function inline_code_block line 3 at RAISE", in some language: line 3 of the body of a
 * DO, counted from the rest of the line that begins it.
 */
size_t brn_postgres_block_line(brn_str sql, const char *context)
{
    const char *block = strstr(context, "inline_code_block");
    size_t at = block_body(sql);
    unsigned long line = 0;

    while (block != NULL && *block != '\0' && *block != '\n' && (*block < '0' || *block > '9')) {
        block++;
    }
    while (block != NULL && *block >= '0' && *block <= '9' && line < UINT32_MAX) {
        line = line * 10 + (unsigned long)(*block++ - '0');
    }
    if (at == SIZE_MAX || line == 0) {
        return SIZE_MAX;
    }
    for (; line > 1; line--) {
        size_t end = brn_str_find_char(brn_str_slice(sql, at, sql.len), '\n');

        if (end == SIZE_MAX) {
            return SIZE_MAX;
        }
        at += end + 1;
    }
    while (at < sql.len && (sql.ptr[at] == ' ' || sql.ptr[at] == '\t')) {
        at++;
    }
    return at;
}

/*
 * PL/pgSQL sends "PERFORM x" as " SELECT x", and before version 14 an expression as "SELECT x":
 * what is behind those seven bytes is looked for by itself.
 */
size_t brn_postgres_block_query(brn_str sql, size_t from, brn_str query, size_t offset)
{
    static const size_t skips[] = { 0, 7 };
    brn_str rest = brn_str_slice(sql, from, sql.len);

    for (size_t i = 0; i < BRN_ARRAY_LEN(skips); i++) {
        size_t found = query.len > skips[i] && offset >= skips[i]
                           ? brn_str_find(rest, brn_str_slice(query, skips[i], query.len))
                           : SIZE_MAX;

        if (found != SIZE_MAX) {
            return from + found + offset - skips[i];
        }
    }
    return from;
}

/* Of a text in which the server counts; SIZE_MAX: it names no place. */
static size_t position_in(brn_str text, const char *position, const brn_postgres *p)
{
    const char *encoding = PQparameterStatus(p->pg, "server_encoding");
    uint64_t number = 0;

    if (position == NULL || !brn_str_to_u64(brn_str_from(position), &number) || number == 0) {
        return SIZE_MAX;
    }
    return brn_postgres_position(
        text, number, encoding != NULL && strcmp(encoding, "SQL_ASCII") == 0);
}

/* In a DO block: the line, or the place in a query of the block itself. One that a function runs
 * has the function in the first line of the context. */
static size_t find_in_block(
    const brn_postgres *p, const PGresult *result, brn_str sql, const char *context)
{
    const char *query = PQresultErrorField(result, PG_DIAG_INTERNAL_QUERY);
    const char *block = strstr(context, "inline_code_block");
    const char *line_end = strchr(context, '\n');
    size_t at = brn_postgres_block_line(sql, context);
    size_t offset = SIZE_MAX;

    if (at != SIZE_MAX && query != NULL && (line_end == NULL || block < line_end)) {
        offset = position_in(
            brn_str_from(query), PQresultErrorField(result, PG_DIAG_INTERNAL_POSITION), p);
    }
    return offset != SIZE_MAX ? brn_postgres_block_query(sql, at, brn_str_from(query), offset) : at;
}

static size_t find_offset(const brn_postgres *p, const PGresult *result, brn_str sql)
{
    const char *context = PQresultErrorField(result, PG_DIAG_CONTEXT);
    size_t offset = SIZE_MAX;

    if (sql.ptr == NULL) {
        return SIZE_MAX;
    }
    offset = position_in(sql, PQresultErrorField(result, PG_DIAG_STATEMENT_POSITION), p);
    return offset == SIZE_MAX && context != NULL ? find_in_block(p, result, sql, context) : offset;
}

/* --- texts ------------------------------------------------------------------------------------ */

/* A field of the error without secrets; NULL when absent. */
static const char *field(const brn_postgres *p, brn_arena *arena, const PGresult *result, int which)
{
    char *text = brn_arena_strdup(arena, PQresultErrorField(result, which));

    if (text != NULL) {
        brn_postgres_mask(p, text);
    }
    return text;
}

static void add_sentence(brn_buf *out, const char *text)
{
    if (text != NULL && text[0] != '\0') {
        brn_buf_add_c(out, out->len > 0 ? " " : "");
        brn_buf_add_c(out, text);
    }
}

/* Innermost first: the first lines tell most. */
static void add_context(brn_buf *out, const char *context)
{
    brn_str rest = brn_str_from(context);
    brn_str line;

    for (size_t i = 0; context != NULL && i < CONTEXT_LINES; i++) {
        if (!brn_str_split(&rest, '\n', &line)) {
            break;
        }
        brn_buf_add_c(out, i == 0 && out->len > 0 ? " " : "");
        brn_buf_add_c(out, i == 0 ? "In: " : "; ");
        brn_buf_add_str(out, brn_str_trim(line));
    }
    brn_buf_add_c(out, context != NULL ? "." : "");
}

static void add_texts(
    const brn_postgres *p,
    brn_arena *arena,
    const PGresult *result,
    const struct error_class *class,
    brant_error **err)
{
    brn_buf detail;
    brn_buf hint;

    brn_buf_init(&detail, 0);
    brn_buf_init(&hint, 0);
    add_sentence(&detail, field(p, arena, result, PG_DIAG_MESSAGE_DETAIL));
    if (strcmp(class->sqlstate, "55P03") == 0 && p->blocked[0] != '\0') {
        brn_buf_printf(
            &detail, "%sIt was kept waiting by %s.", detail.len > 0 ? " " : "", p->blocked);
    }
    add_context(&detail, field(p, arena, result, PG_DIAG_CONTEXT));
    add_sentence(&hint, field(p, arena, result, PG_DIAG_MESSAGE_HINT));
    add_sentence(&hint, class->hint);
    if (detail.len > 0) {
        brn_error_detail(err, "%s", brn_buf_text(&detail));
    }
    if (hint.len > 0) {
        brn_error_hint(err, "%s", brn_buf_text(&hint));
    }
    brn_buf_release(&detail);
    brn_buf_release(&hint);
}

/* --- entry points ----------------------------------------------------------------------------- */

brant_status brn_postgres_lost(brn_postgres *p, brant_error **err)
{
    const char *text = p->fatal[0] != '\0' ? p->fatal : PQerrorMessage(p->pg);
    brn_str all = brn_str_trim(brn_str_from(text));
    size_t end = brn_str_find_char(all, '\n');
    brn_str line = brn_str_trim(brn_str_slice(all, 0, end != SIZE_MAX ? end : all.len));
    brant_status st;

    if (line.len > 0 && p->pg != NULL) {
        st = brn_error(
            err, BRANT_ECONNECT, "connect.lost", "lost the connection to %s: %.*s", p->host,
            BRN_STR_ARG(line));
    } else {
        st =
            brn_error(err, BRANT_ECONNECT, "connect.lost", "the connection to %s is lost", p->host);
    }
    brn_error_hint(
        err, "\"brant status\" shows how far it came; run again when the server is there.");
    return st;
}

/* A cancellation that we did not ask for: by an administrator, or by a limit on the server. */
static brant_status cancelled_there(
    const brn_postgres *p, const struct error_class *class, const char *message, brant_error **err)
{
    brant_status st = brn_control_check(p->conn.control, err);

    if (st != BRANT_OK) {
        return st;
    }
    if (strstr(message, "user request") != NULL) {
        st = brn_error(
            err, BRANT_ESTATEMENT, "statement.cancelled", "the server was asked to cancel: %s",
            message);
        brn_error_hint(err, "Somebody called pg_cancel_backend(). Ask them, and run again.");
        return st;
    }
    st = brn_error(err, class->status, class->id, "the server cancelled: %s", message);
    brn_error_hint(err, "%s", class->hint);
    return st;
}

static brant_status set_error(
    brn_postgres *p,
    const struct error_class *class,
    const char *id,
    const char *what,
    const char *message,
    brant_error **err)
{
    if (class->status == BRANT_ECONNECT) {
        (void)brn_error(
            err, class->status, class->id, "lost the connection to %s: %s", p->host, message);
        brn_error_hint(
            err, "%s",
            class->hint != NULL
                ? class->hint
                : "\"brant status\" shows how far it came; run again when the server is there.");
        return class->status;
    }
    id = class->id != NULL ? class->id : id;
    return what != NULL ? brn_error(err, class->status, id, "%s: %s", what, message)
                        : brn_error(err, class->status, id, "%s", message);
}

brant_status brn_postgres_error(
    brn_postgres *p,
    const PGresult *result,
    brn_str sql,
    const char *id,
    const char *what,
    brant_error **err)
{
    const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const struct error_class *class =
        find_class(sqlstate != NULL ? sqlstate : "", ends_session(result));
    const char *message = NULL;
    size_t offset = SIZE_MAX;
    brn_arena arena;
    brant_status st;

    /* libpq made this result itself. */
    if (sqlstate == NULL && PQstatus(p->pg) == CONNECTION_BAD) {
        return brn_postgres_lost(p, err);
    }
    brn_postgres_note_end(p, result);
    brn_arena_init(&arena);
    message = field(p, &arena, result, PG_DIAG_MESSAGE_PRIMARY);
    if (message == NULL) {
        message = PQresultErrorMessage(result);
    }
    if (strcmp(class->sqlstate, "57014") == 0) {
        st = cancelled_there(p, class, message, err);
    } else {
        st = set_error(p, class, id, what, message, err);
        add_texts(p, &arena, result, class, err);
    }
    if (sqlstate != NULL) {
        brn_error_native(err, 0, sqlstate);
    }
    offset = find_offset(p, result, sql);
    if (offset != SIZE_MAX) {
        brn_error_offset(err, offset);
    }
    brn_arena_release(&arena);
    return st;
}
