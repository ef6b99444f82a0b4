/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a statement needs. Which ones fail inside a transaction was tried with PostgreSQL 15. What
 * the text does not tell (REINDEX and CLUSTER of a partitioned table, a procedure that commits)
 * fails there as well, and gets its advice when it does.
 */
#include <stdio.h>
#include <string.h>

#include "engines/postgres/postgres.h"
#include "text/classify.h"
#include "text/reader.h"

#define HINT_ALONE                                                                                 \
    "Put it into a file of its own, or write \"-- brant: transaction=off\" at the head of this one."

static const struct known_verb {
    brn_verb verb;
    const char *kind; /* NULL: the first word of the statement */
    brn_stmt_role role;
    bool repeatable;
} known_verbs[] = {
    { BRN_VERB_OTHER, NULL, BRN_ROLE_PLAIN, false },
    { BRN_VERB_CREATE, "create", BRN_ROLE_PLAIN, false },
    { BRN_VERB_DROP, "drop", BRN_ROLE_PLAIN, false },
    { BRN_VERB_ALTER, "alter", BRN_ROLE_PLAIN, false },
    { BRN_VERB_INSERT, "insert", BRN_ROLE_PLAIN, false },
    { BRN_VERB_UPDATE, "update", BRN_ROLE_PLAIN, false },
    { BRN_VERB_DELETE, "delete", BRN_ROLE_PLAIN, false },
    { BRN_VERB_MERGE, "merge", BRN_ROLE_PLAIN, false },
    /* Not repeatable: what was written since would be lost. */
    { BRN_VERB_TRUNCATE, "truncate", BRN_ROLE_PLAIN, false },
    { BRN_VERB_COPY, "copy", BRN_ROLE_PLAIN, false },
    { BRN_VERB_SELECT, "select", BRN_ROLE_PLAIN, false },
    { BRN_VERB_CALL, "call", BRN_ROLE_PLAIN, false },
    { BRN_VERB_DO, "do", BRN_ROLE_PLAIN, false },
    { BRN_VERB_SET, "set", BRN_ROLE_PLAIN, true },
    { BRN_VERB_RESET, "reset", BRN_ROLE_PLAIN, true },
    { BRN_VERB_DISCARD, "discard", BRN_ROLE_PLAIN, true },
    { BRN_VERB_GRANT, "grant", BRN_ROLE_PLAIN, true },
    { BRN_VERB_REVOKE, "revoke", BRN_ROLE_PLAIN, true },
    { BRN_VERB_COMMENT, "comment on", BRN_ROLE_PLAIN, true },
    { BRN_VERB_LABEL, "security label on", BRN_ROLE_PLAIN, true },
    { BRN_VERB_IMPORT, "import foreign schema", BRN_ROLE_PLAIN, false },
    { BRN_VERB_REASSIGN, "reassign owned", BRN_ROLE_PLAIN, true },
    { BRN_VERB_REFRESH, "refresh", BRN_ROLE_PLAIN, true },
    { BRN_VERB_VACUUM, "vacuum", BRN_ROLE_PLAIN, true },
    { BRN_VERB_ANALYZE, "analyze", BRN_ROLE_PLAIN, true },
    { BRN_VERB_REINDEX, "reindex", BRN_ROLE_PLAIN, true },
    { BRN_VERB_CLUSTER, "cluster", BRN_ROLE_PLAIN, true },
    { BRN_VERB_LOCK, "lock", BRN_ROLE_PLAIN, true },
    { BRN_VERB_BEGIN, "begin", BRN_ROLE_BEGIN, false },
    { BRN_VERB_COMMIT, "commit", BRN_ROLE_COMMIT, false },
    { BRN_VERB_ROLLBACK, "rollback", BRN_ROLE_ROLLBACK, false },
    { BRN_VERB_SAVEPOINT, "savepoint", BRN_ROLE_PLAIN, false },
    { BRN_VERB_RELEASE, "release", BRN_ROLE_PLAIN, false },
    { BRN_VERB_PREPARE_TRANSACTION, "prepare transaction", BRN_ROLE_PLAIN, false },
    { BRN_VERB_COMMIT_PREPARED, "commit prepared", BRN_ROLE_PLAIN, false },
    { BRN_VERB_ROLLBACK_PREPARED, "rollback prepared", BRN_ROLE_PLAIN, false },
};

/* The first that fits; BRN_OBJECT_NONE fits all. */
static const struct alone_reason {
    brn_verb verb;
    brn_object object;
    const char *why;
} alone_reasons[] = {
    { BRN_VERB_CREATE, BRN_OBJECT_INDEX,
      "CREATE INDEX CONCURRENTLY cannot run inside a transaction" },
    { BRN_VERB_DROP, BRN_OBJECT_INDEX, "DROP INDEX CONCURRENTLY cannot run inside a transaction" },
    { BRN_VERB_CREATE, BRN_OBJECT_DATABASE, "CREATE DATABASE cannot run inside a transaction" },
    { BRN_VERB_DROP, BRN_OBJECT_DATABASE, "DROP DATABASE cannot run inside a transaction" },
    { BRN_VERB_ALTER, BRN_OBJECT_DATABASE,
      "ALTER DATABASE ... SET TABLESPACE cannot run inside a transaction" },
    { BRN_VERB_CREATE, BRN_OBJECT_TABLESPACE, "CREATE TABLESPACE cannot run inside a transaction" },
    { BRN_VERB_DROP, BRN_OBJECT_TABLESPACE, "DROP TABLESPACE cannot run inside a transaction" },
    { BRN_VERB_CREATE, BRN_OBJECT_SUBSCRIPTION,
      "CREATE SUBSCRIPTION makes a replication slot, and cannot do so inside a transaction" },
    { BRN_VERB_DROP, BRN_OBJECT_SUBSCRIPTION,
      "DROP SUBSCRIPTION drops a replication slot, and cannot do so inside a transaction" },
    { BRN_VERB_ALTER, BRN_OBJECT_SUBSCRIPTION,
      "ALTER SUBSCRIPTION works on the other server, and cannot do so inside a transaction" },
    { BRN_VERB_ALTER, BRN_OBJECT_SYSTEM, "ALTER SYSTEM cannot run inside a transaction" },
    { BRN_VERB_ALTER, BRN_OBJECT_TYPE,
      "ALTER TYPE ... ADD VALUE cannot run inside a transaction before PostgreSQL 12" },
    { BRN_VERB_ALTER, BRN_OBJECT_NONE,
      "DETACH PARTITION CONCURRENTLY cannot run inside a transaction" },
    { BRN_VERB_VACUUM, BRN_OBJECT_NONE, "VACUUM cannot run inside a transaction" },
    { BRN_VERB_CLUSTER, BRN_OBJECT_NONE, "CLUSTER of all tables cannot run inside a transaction" },
    { BRN_VERB_REINDEX, BRN_OBJECT_SCHEMA, "REINDEX SCHEMA cannot run inside a transaction" },
    { BRN_VERB_REINDEX, BRN_OBJECT_DATABASE, "REINDEX DATABASE cannot run inside a transaction" },
    { BRN_VERB_REINDEX, BRN_OBJECT_SYSTEM, "REINDEX SYSTEM cannot run inside a transaction" },
    { BRN_VERB_REINDEX, BRN_OBJECT_NONE, "REINDEX CONCURRENTLY cannot run inside a transaction" },
    { BRN_VERB_COMMIT_PREPARED, BRN_OBJECT_NONE,
      "COMMIT PREPARED cannot run inside a transaction" },
    { BRN_VERB_ROLLBACK_PREPARED, BRN_OBJECT_NONE,
      "ROLLBACK PREPARED cannot run inside a transaction" },
};

typedef struct inspection {
    brn_stmt_info *out;
    const brn_stmt_class *what;
    const brn_stmt *stmt;
    brn_script script;
    brn_arena arena;
} inspection;

static void begin_reading(brn_reader *rd, inspection *in)
{
    in->script = (brn_script){ .text = in->stmt->text, .line = 1, .column = 1 };
    brn_reader_init(rd, &in->arena, &brn_dialect_postgres, &in->script);
}

static bool has(const inspection *in, uint32_t flag)
{
    return (in->what->flags & flag) != 0;
}

static void refuse(inspection *in, const char *why, const char *hint)
{
    in->out->role = BRN_ROLE_REFUSED;
    in->out->unasked = false;
    in->out->why = why;
    in->out->hint = hint;
}

/* --- settings that would break what brant relies on ------------------------------------------- */

/* As the server reads it: any beginning of the word that can be no other. */
static bool is_beginning(brn_str value, const char *word, size_t least)
{
    return value.len >= least && value.len <= strlen(word) &&
           brn_str_ieq(value, brn_str_slice(brn_str_from(word), 0, value.len));
}

static bool is_on(brn_str value)
{
    return is_beginning(value, "on", 2) || is_beginning(value, "true", 1) ||
           is_beginning(value, "yes", 1) || brn_str_eq_c(value, "1");
}

static bool is_off(brn_str value)
{
    return is_beginning(value, "off", 2) || is_beginning(value, "false", 1) ||
           is_beginning(value, "no", 1) || brn_str_eq_c(value, "0");
}

/* The server looks at letters and digits only. */
static bool is_utf8(brn_str value)
{
    char plain[16];
    size_t len = 0;

    for (size_t i = 0; i < value.len; i++) {
        char c = value.ptr[i];
        bool counts = (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
        if (counts && len == sizeof(plain)) {
            return false;
        }
        if (counts) {
            plain[len++] = c;
        }
    }
    return brn_str_ieq((brn_str){ plain, len }, BRN_STR("utf8")) ||
           brn_str_ieq((brn_str){ plain, len }, BRN_STR("unicode"));
}

/* SET TRANSACTION, SET SESSION CHARACTERISTICS AS TRANSACTION and BEGIN: ... READ ONLY */
static bool says_read_only(inspection *in)
{
    brn_reader rd;

    for (begin_reading(&rd, in); !brn_reader_at_end(&rd); brn_reader_next(&rd)) {
        if (brn_reader_take_two(&rd, "read", "only")) {
            return true;
        }
    }
    return false;
}

/* Its own transactions are refused by the server once they are to write. */
static bool makes_read_only(inspection *in)
{
    const brn_stmt_class *what = in->what;

    if (what->verb == BRN_VERB_BEGIN || brn_str_eq_c(what->name, "transaction")) {
        return says_read_only(in);
    }
    return (brn_str_eq_c(what->name, "transaction_read_only") ||
            brn_str_eq_c(what->name, "default_transaction_read_only")) &&
           what->has_value && !is_off(what->new_name);
}

/* SET, set_config() in a query, and the modes of BEGIN. */
static void inspect_setting(inspection *in)
{
    const brn_stmt_class *what = in->what;
    /* Without a value SET gives the default, but set_config() what is worked out at run time. */
    bool given = what->has_value || what->verb == BRN_VERB_SELECT;

    if (brn_str_eq_c(what->name, "standard_conforming_strings") && given &&
        !is_on(what->new_name)) {
        refuse(
            in, "the server would no longer read the file's strings as they were split",
            "Leave it out, and write strings with backslashes as E'...'.");
    } else if (brn_str_eq_c(what->name, "client_encoding") && given && !is_utf8(what->new_name)) {
        refuse(
            in, "the file is in UTF-8, and the server would take it for another encoding",
            "Leave it out, or write client_encoding = 'UTF8'.");
    } else if (makes_read_only(in)) {
        refuse(
            in, "a transaction that is read only would keep brant from writing its ledger",
            "Leave it out.");
    }
}

/* --- what brant holds on the session ---------------------------------------------------------- */

static void inspect_session(inspection *in)
{
    brn_reader rd;

    if (has(in, BRN_STMT_UNLOCKS) && in->what->verb == BRN_VERB_DISCARD) {
        refuse(
            in, "DISCARD ALL would release the migration lock, which this session holds",
            "Write what is meant: DISCARD PLANS, DISCARD SEQUENCES, DISCARD TEMP.");
    } else if (has(in, BRN_STMT_UNLOCKS)) {
        refuse(
            in, "the statement could release the migration lock, which this session holds",
            "Take a lock with pg_advisory_xact_lock(): it ends with the transaction.");
    } else if (in->what->verb == BRN_VERB_OTHER && brn_str_eq_c(in->what->name, "all")) {
        begin_reading(&rd, in);
        if (brn_reader_is(&rd, "deallocate")) {
            refuse(
                in, "DEALLOCATE ALL would take away the statements that brant has prepared",
                "Name the statement: DEALLOCATE name.");
        }
    }
}

/* --- brant's own tables ----------------------------------------------------------------------- */

static bool is_ledger(brn_str name)
{
    return brn_str_eq_c(name, "brant_migrations") || brn_str_eq_c(name, "brant_history");
}

/* In the lists of DROP and TRUNCATE, behind the first. */
static bool lists_ledger(inspection *in)
{
    brn_reader rd;

    if (!has(in, BRN_STMT_SEVERAL) ||
        (in->what->verb != BRN_VERB_DROP && in->what->verb != BRN_VERB_TRUNCATE)) {
        return false;
    }
    begin_reading(&rd, in);
    while (!brn_reader_at_end(&rd)) {
        brn_str name = brn_reader_name(&rd);
        if (is_ledger(name)) {
            return true;
        }
        if (name.len == 0) {
            brn_reader_next(&rd);
        }
    }
    return false;
}

/* A migration that writes them would forge what brant knows of the others. */
static void inspect_targets(inspection *in)
{
    if (!in->out->ddl && !in->out->dml) {
        return;
    }
    if (is_ledger(in->what->name) || is_ledger(in->what->on) || lists_ledger(in)) {
        refuse(
            in, "brant's own tables are not for migrations",
            "Record by hand with \"brant mark\" or \"brant force\".");
    }
}

/* --- queries ---------------------------------------------------------------------------------- */

/* Words that stand before a parenthesis, and functions that are known to be good twice. */
static bool is_harmless(brn_str name)
{
    static const char *const words[] = {
        "all",
        "and",
        "any",
        "array",
        "as",
        "avg",
        "by",
        "case",
        "cast",
        "char",
        "coalesce",
        "count",
        "current_setting",
        "distinct",
        "else",
        "except",
        "exists",
        "filter",
        "format",
        "from",
        "greatest",
        "having",
        "in",
        "intersect",
        "join",
        "lateral",
        "least",
        "length",
        "limit",
        "lower",
        "materialized",
        "max",
        "min",
        "not",
        "now",
        "nullif",
        "numeric",
        "on",
        "or",
        "over",
        "pg_advisory_lock",
        "pg_advisory_lock_shared",
        "pg_sleep",
        "pg_try_advisory_lock",
        "pg_try_advisory_lock_shared",
        "row",
        "select",
        "set_config",
        "setval",
        "some",
        "sum",
        "then",
        "to_regclass",
        "union",
        "upper",
        "using",
        "values",
        "varchar",
        "version",
        "when",
        "where",
        "with",
    };

    for (size_t i = 0; i < BRN_ARRAY_LEN(words); i++) {
        if (brn_str_eq_c(name, words[i])) {
            return true;
        }
    }
    return false;
}

/* A query may call any function, and do with it what cannot be done twice. */
static bool calls_functions(inspection *in)
{
    brn_reader rd;

    begin_reading(&rd, in);
    while (!brn_reader_at_end(&rd)) {
        brn_str name = brn_reader_name(&rd);
        if (name.len == 0) {
            brn_reader_next(&rd);
        } else if (brn_reader_is_char(&rd, '(') && !is_harmless(name)) {
            return true;
        }
    }
    return false;
}

/* --- all of it -------------------------------------------------------------------------------- */

static const struct known_verb *find_verb(brn_verb verb)
{
    for (size_t i = 0; i < BRN_ARRAY_LEN(known_verbs); i++) {
        if (known_verbs[i].verb == verb) {
            return &known_verbs[i];
        }
    }
    return &known_verbs[0];
}

static void name_kind(inspection *in, const struct known_verb *known)
{
    char *kind = in->out->kind;
    size_t size = sizeof(in->out->kind);
    brn_reader rd;
    brn_str first;

    if (known->kind != NULL) {
        (void)snprintf(
            kind, size, "%s%s%s", known->kind, in->what->object != BRN_OBJECT_NONE ? " " : "",
            brn_object_word(in->what->object));
        return;
    }
    begin_reading(&rd, in);
    first = brn_reader_name(&rd);
    first = first.len > 0 ? first : BRN_STR("statement");
    (void)snprintf(kind, size, "%.*s", BRN_STR_ARG(first));
}

static bool is_repeatable(inspection *in, const struct known_verb *known)
{
    switch (in->what->verb) {
    case BRN_VERB_SELECT:
        return has(in, BRN_STMT_QUERY) && !calls_functions(in);
    case BRN_VERB_CREATE:
        return has(in, BRN_STMT_OR_REPLACE);
    case BRN_VERB_ALTER:
        return in->what->object == BRN_OBJECT_SYSTEM ||
               in->what->object == BRN_OBJECT_DEFAULT_PRIVILEGES;
    case BRN_VERB_OTHER:
        /* LISTEN, LOAD: nothing but the session changes. PREPARE and DECLARE fail when it is
         * there, but are run on another session only. A cursor WITH HOLD has run its query. */
        return has(in, BRN_STMT_SESSION) &&
               (strcmp(in->out->kind, "declare") != 0 || !calls_functions(in));
    default:
        return known->repeatable;
    }
}

/* Only what does nothing else may be run again to have the session as it was. */
static bool is_session(const inspection *in)
{
    if (!has(in, BRN_STMT_SESSION) || has(in, BRN_STMT_DML)) {
        return false;
    }
    return in->what->temporary || in->out->repeatable;
}

static bool is_alone(const inspection *in, const brn_conn *conn)
{
    uint32_t below = in->what->alone_below;

    /* A server that is not known is taken for a present one. */
    return has(in, BRN_STMT_ALONE) && (below == 0 || (conn != NULL && conn->server_version != 0 &&
                                                      conn->server_version < below));
}

static const char *alone_reason_of(const brn_stmt_class *what)
{
    for (size_t i = 0; i < BRN_ARRAY_LEN(alone_reasons); i++) {
        const struct alone_reason *reason = &alone_reasons[i];
        if (reason->verb == what->verb &&
            (reason->object == what->object || reason->object == BRN_OBJECT_NONE)) {
            return reason->why;
        }
    }
    return "the statement cannot run inside a transaction";
}

static void inspect_role(inspection *in, const brn_conn *conn, const struct known_verb *known)
{
    brn_stmt_info *out = in->out;

    out->role = known->role;
    out->anywhere = known->role == BRN_ROLE_COMMIT; /* the server only warns */
    if (in->what->to_savepoint) {
        out->role = BRN_ROLE_PLAIN;
    } else if (in->what->verb == BRN_VERB_PREPARE_TRANSACTION) {
        refuse(
            in, "a prepared transaction is neither done nor undone when the migration ends",
            "Leave it out: the migration commits by itself.");
    } else if (has(in, BRN_STMT_CHAIN)) {
        refuse(
            in, "AND CHAIN begins a transaction that brant could not tell from the one before",
            "Write COMMIT (or ROLLBACK) and BEGIN as two statements.");
    } else if (is_alone(in, conn)) {
        out->role = BRN_ROLE_ALONE;
        out->unasked = true;
        out->why = alone_reason_of(in->what);
        out->hint = HINT_ALONE;
    }
}

/* BEGIN with anything behind [WORK | TRANSACTION]. */
static bool has_modes(inspection *in)
{
    brn_script script = { .text = in->stmt->text, .line = 1, .column = 1 };
    brn_reader rd;

    brn_reader_init(&rd, &in->arena, &brn_dialect_postgres, &script);
    (void)(brn_reader_take(&rd, "begin") || brn_reader_take(&rd, "start"));
    (void)(brn_reader_take(&rd, "work") || brn_reader_take(&rd, "transaction"));
    return !brn_reader_at_end(&rd);
}

/* SET asks for no snapshot. */
static void inspect_opening(inspection *in)
{
    const brn_stmt_class *what = in->what;

    if (what->verb == BRN_VERB_BEGIN && has_modes(in)) {
        in->out->opening = BRN_OPENING_MUST;
    } else if (what->verb == BRN_VERB_SET) {
        bool must = has(in, BRN_STMT_LOCAL) && brn_str_ieq(what->name, BRN_STR("transaction"));
        in->out->opening = must ? BRN_OPENING_MUST : BRN_OPENING_MAY;
    }
}

static void inspect_blocking(inspection *in)
{
    const brn_stmt_class *what = in->what;

    if (what->verb == BRN_VERB_CREATE && what->object == BRN_OBJECT_INDEX &&
        !has(in, BRN_STMT_CONCURRENTLY)) {
        in->out->blocks = "keeps whoever writes to the table waiting until the index is built";
        in->out->blocks_hint =
            "Write CREATE INDEX CONCURRENTLY, in a file of its own. Where the table is small or "
            "not in use, it does not matter.";
    }
}

void brn_postgres_inspect_class(
    brn_stmt_info *out, const brn_conn *conn, const brn_stmt_class *what, const brn_stmt *stmt)
{
    const struct known_verb *known = find_verb(what->verb);
    inspection in = { .out = out, .what = what, .stmt = stmt };

    *out = (brn_stmt_info){ 0 };
    brn_arena_init(&in.arena);
    out->ddl = has(&in, BRN_STMT_DDL);
    out->dml = has(&in, BRN_STMT_DML);
    out->destructive = has(&in, BRN_STMT_DESTRUCTIVE);
    name_kind(&in, known);
    out->repeatable = is_repeatable(&in, known);
    out->session = is_session(&in);
    inspect_role(&in, conn, known);
    if (what->verb == BRN_VERB_SET || what->verb == BRN_VERB_SELECT ||
        what->verb == BRN_VERB_BEGIN) {
        inspect_setting(&in);
    }
    inspect_session(&in);
    inspect_targets(&in);
    inspect_blocking(&in);
    inspect_opening(&in);
    brn_arena_release(&in.arena);
}

void brn_postgres_inspect(brn_stmt_info *out, const brn_conn *conn, const brn_stmt *stmt)
{
    brn_stmt_class what = { 0 };
    brn_arena arena;

    brn_arena_init(&arena);
    brn_classify(&what, &arena, &brn_dialect_postgres, stmt);
    brn_postgres_inspect_class(out, conn, &what, stmt);
    brn_arena_release(&arena);
}

/* --- errors that come of where a statement runs ----------------------------------------------- */

const char *brn_postgres_advice(const char *sqlstate, brn_str sql)
{
    brn_stmt stmt = { .text = sql, .line = 1, .column = 1 };
    brn_stmt_class what = { 0 };
    const char *advice = NULL;
    brn_arena arena;

    if (sqlstate == NULL) {
        return NULL;
    }
    if (strcmp(sqlstate, "55P04") == 0) { /* unsafe use of new value of an enum */
        return "A new value of an enum can be used once it is committed: put ALTER TYPE ... ADD "
               "VALUE into a migration before this one.";
    }
    if (strcmp(sqlstate, "2D000") == 0) { /* invalid transaction termination */
        return "The code that is called commits, for which it must be outside of a transaction: "
               "write \"-- brant: transaction=off\" at the head of the file.";
    }
    if (strcmp(sqlstate, "25001") != 0) { /* active SQL transaction */
        return NULL;
    }
    brn_arena_init(&arena);
    brn_classify(&what, &arena, &brn_dialect_postgres, &stmt);
    advice = what.verb == BRN_VERB_SET
                 ? "It says of what kind its transaction is: put it first in the file, or first "
                   "behind the file's own BEGIN; and there can be none with --tx all."
                 : HINT_ALONE;
    brn_arena_release(&arena);
    return advice;
}
