/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a statement needs. What commits by itself runs outside of transactions, each in its bracket;
 * code that is called may commit, and is treated likewise, but for a transaction that the file
 * itself has begun.
 */
#include <stdio.h>
#include <string.h>

#include "engines/mysql/mysql.h"
#include "text/reader.h"

#define HINT_ALONE "Move it in front of the BEGIN, or behind the COMMIT: it would commit by itself."

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
    { BRN_VERB_RENAME, "rename", BRN_ROLE_PLAIN, false },
    { BRN_VERB_INSERT, NULL, BRN_ROLE_PLAIN, false }, /* REPLACE as well */
    { BRN_VERB_UPDATE, "update", BRN_ROLE_PLAIN, false },
    { BRN_VERB_DELETE, "delete", BRN_ROLE_PLAIN, false },
    { BRN_VERB_LOAD, "load data", BRN_ROLE_PLAIN, false },
    /* Not repeatable: what was written since would be lost. */
    { BRN_VERB_TRUNCATE, "truncate", BRN_ROLE_PLAIN, false },
    { BRN_VERB_SELECT, "select", BRN_ROLE_PLAIN, false },
    { BRN_VERB_CALL, "call", BRN_ROLE_PLAIN, false },
    { BRN_VERB_DO, "do", BRN_ROLE_PLAIN, false },
    { BRN_VERB_SET, "set", BRN_ROLE_PLAIN, true },
    { BRN_VERB_USE, "use", BRN_ROLE_PLAIN, true },
    { BRN_VERB_GRANT, "grant", BRN_ROLE_PLAIN, true },
    { BRN_VERB_REVOKE, "revoke", BRN_ROLE_PLAIN, false },
    { BRN_VERB_IMPORT, "import", BRN_ROLE_PLAIN, false },
    { BRN_VERB_ANALYZE, "analyze", BRN_ROLE_PLAIN, true },
    { BRN_VERB_OPTIMIZE, "optimize", BRN_ROLE_PLAIN, true },
    { BRN_VERB_REPAIR, "repair", BRN_ROLE_PLAIN, true },
    { BRN_VERB_CHECK, "check", BRN_ROLE_PLAIN, true },
    { BRN_VERB_FLUSH, "flush", BRN_ROLE_PLAIN, true },
    { BRN_VERB_RESET, "reset", BRN_ROLE_PLAIN, false },
    { BRN_VERB_LOCK, "lock", BRN_ROLE_PLAIN, true },
    { BRN_VERB_UNLOCK, "unlock", BRN_ROLE_PLAIN, true },
    { BRN_VERB_BEGIN, "begin", BRN_ROLE_BEGIN, false },
    { BRN_VERB_COMMIT, "commit", BRN_ROLE_COMMIT, false },
    { BRN_VERB_ROLLBACK, "rollback", BRN_ROLE_ROLLBACK, false },
    { BRN_VERB_SAVEPOINT, "savepoint", BRN_ROLE_PLAIN, false },
    { BRN_VERB_RELEASE, "release", BRN_ROLE_PLAIN, false },
    { BRN_VERB_XA, "xa", BRN_ROLE_PLAIN, false },
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
    in->script =
        (brn_script){ .text = in->stmt->text, .line = 1, .column = 1, .mode = in->stmt->mode };
    brn_reader_init(rd, &in->arena, &brn_dialect_mysql, &in->script);
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

static bool is_one_of(brn_str name, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (brn_str_ieq(name, brn_str_from(names[i]))) {
            return true;
        }
    }
    return false;
}

static bool is_utf8(brn_str value)
{
    return value.len >= 4 && brn_str_ieq(brn_str_slice(value, 0, 4), BRN_STR("utf8"));
}

/* SET [SESSION] TRANSACTION ... READ ONLY */
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

/* A variable of the user: dumps keep there what they change, and set it back from there. */
static bool is_kept(brn_str value)
{
    return value.len > 1 && value.ptr[0] == '@' && value.ptr[1] != '@';
}

static bool makes_read_only(inspection *in)
{
    static const char *const names[] = { "transaction_read_only", "tx_read_only" };
    brn_str value = in->what->new_name;
    bool off = brn_str_eq_c(value, "0") || brn_str_ieq(value, BRN_STR("off")) ||
               brn_str_ieq(value, BRN_STR("false"));

    if (brn_str_ieq(in->what->name, BRN_STR("transaction"))) {
        return says_read_only(in);
    }
    return is_one_of(in->what->name, names, BRN_ARRAY_LEN(names)) && in->what->has_value && !off;
}

static void inspect_setting(inspection *in)
{
    static const char *const charsets[] = { "names", "character_set", "character_set_client" };
    const brn_stmt_class *what = in->what;

    if (what->verb != BRN_VERB_SET || !has(in, BRN_STMT_SESSION | BRN_STMT_COMMITS)) {
        return;
    }
    if (brn_str_ieq(what->name, BRN_STR("autocommit")) ||
        (has(in, BRN_STMT_COMMITS) && has(in, BRN_STMT_SEVERAL))) {
        refuse(
            in, "what brant writes has to be committed by itself, and autocommit says so",
            "Leave it out: a migration that changes rows only runs in one transaction.");
        /* What stands behind it in a row is one transaction in any case. */
        in->out->idle = !has(in, BRN_STMT_SEVERAL) && has(in, BRN_STMT_SESSION);
        in->out->ddl = in->out->ddl && !in->out->idle;
    } else if (
        is_one_of(what->name, charsets, BRN_ARRAY_LEN(charsets)) && what->has_value &&
        !is_utf8(what->new_name) && !is_kept(what->new_name)) {
        refuse(
            in, "the file is in UTF-8, and the server would take it for another character set",
            "Leave it out, or write SET NAMES utf8mb4.");
    } else if (makes_read_only(in)) {
        refuse(
            in, "a transaction that is read only would keep brant from writing its ledger",
            "Leave it out.");
    }
}

/* --- what brant holds on the session ---------------------------------------------------------- */

static void inspect_session(inspection *in)
{
    const brn_stmt_class *what = in->what;

    if (has(in, BRN_STMT_UNLOCKS)) {
        refuse(
            in, "the statement could release the migration lock, which this session holds",
            "Leave it out: a lock that a migration takes ends with the run.");
    } else if (what->verb == BRN_VERB_LOCK && what->object == BRN_OBJECT_TABLE) {
        refuse(
            in, "LOCK TABLES would keep this session from all other tables, brant's own among them",
            "Leave it out: other runs are kept away by the migration lock. Dumps have none of it with "
            "--skip-add-locks.");
    } else if (
        has(in, BRN_STMT_COMMITS) && has(in, BRN_STMT_SESSION) && what->verb != BRN_VERB_UNLOCK &&
        what->verb != BRN_VERB_SET) {
        refuse(
            in, "a lock on the whole server would keep brant from writing its ledger",
            "Leave it out, or do it by hand.");
    } else if (what->verb == BRN_VERB_LOCK && !has(in, BRN_STMT_COMMITS)) {
        refuse(
            in, "LOCK INSTANCE FOR BACKUP would keep migrations from changing the schema",
            "Leave it out.");
    }
}

/* --- brant's own tables ----------------------------------------------------------------------- */

static bool is_ledger(brn_str name)
{
    static const char *const names[] = { "brant_migrations", "brant_history", "brant_lock",
                                         "brant_lease" };

    return is_one_of(name, names, BRN_ARRAY_LEN(names));
}

/* In lists of tables, behind the first. */
static bool lists_ledger(inspection *in)
{
    brn_reader rd;

    if (!has(in, BRN_STMT_SEVERAL) ||
        (in->what->verb != BRN_VERB_DROP && in->what->verb != BRN_VERB_RENAME)) {
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
    if (is_ledger(in->what->name) || is_ledger(in->what->on) || is_ledger(in->what->new_name) ||
        lists_ledger(in)) {
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
        "as",
        "avg",
        "by",
        "case",
        "cast",
        "char",
        "char_length",
        "coalesce",
        "concat",
        "concat_ws",
        "connection_id",
        "convert",
        "count",
        "current_timestamp",
        "database",
        "date",
        "distinct",
        "else",
        "except",
        "exists",
        "from",
        "greatest",
        "group_concat",
        "having",
        "if",
        "ifnull",
        "in",
        "intersect",
        "join",
        "least",
        "length",
        "limit",
        "lower",
        "max",
        "min",
        "not",
        "now",
        "nullif",
        "on",
        "or",
        "over",
        "row",
        "select",
        "sleep",
        "some",
        "sum",
        "then",
        "union",
        "upper",
        "user",
        "using",
        "values",
        "version",
        "when",
        "where",
        "with",
    };

    return is_one_of(name, words, BRN_ARRAY_LEN(words));
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

/* --- version comments ------------------------------------------------------------------------- */

/* What MariaDB takes for MySQL's alone. */
#define MYSQL_ONLY_FROM 50700
#define MYSQL_ONLY_TO 99999

/* Whether this server reads what stands behind the mark. */
static bool is_read(const brn_mysql *p, brn_str mark)
{
    bool marias = brn_str_starts(mark, BRN_STR("/*M!"));
    brn_str digits = brn_str_slice(mark, marias ? 4 : 3, mark.len);
    uint64_t version = 0;

    if ((marias && !p->maria) ||
        (brn_str_to_u64(digits, &version) && version > p->conn.server_version)) {
        return false;
    }
    return !p->maria || marias || version < MYSQL_ONLY_FROM || version > MYSQL_ONLY_TO;
}

/* All of the statement is for another server: to this one there is none. */
static bool is_void(inspection *in, const brn_mysql *p)
{
    bool hidden = false;
    brn_token token;
    brn_lexer lx;

    in->script =
        (brn_script){ .text = in->stmt->text, .line = 1, .column = 1, .mode = in->stmt->mode };
    brn_lexer_init(&lx, &brn_dialect_mysql, &in->script);
    while (brn_lexer_next(&lx, &token, NULL) == BRANT_OK && token.kind != BRN_TOKEN_END) {
        if (token.kind == BRN_TOKEN_MARK) {
            hidden = !brn_str_eq_c(token.text, "*/") && !is_read(p, token.text);
        } else if (!hidden && !brn_token_is_filler(token.kind)) {
            return false;
        }
    }
    return true;
}

static void inspect_marks(inspection *in, const brn_conn *conn)
{
    if (conn != NULL && brn_str_starts(in->stmt->text, BRN_STR("/*")) &&
        is_void(in, (const brn_mysql *)conn)) {
        in->out->role = BRN_ROLE_PLAIN;
        in->out->idle = true;
        in->out->ddl = false;
        in->out->dml = false;
        in->out->session = false;
        in->out->destructive = false;
    }
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
    for (char *c = kind; *c != '\0'; c++) {
        *c = *c >= 'A' && *c <= 'Z' ? (char)(*c - 'A' + 'a') : *c;
    }
}

static bool is_repeatable(inspection *in, const struct known_verb *known)
{
    switch (in->what->verb) {
    case BRN_VERB_SELECT:
        return has(in, BRN_STMT_QUERY) && !calls_functions(in);
    case BRN_VERB_CREATE:
        /* Of a table it would throw away what was written since. */
        return has(in, BRN_STMT_OR_REPLACE) && !has(in, BRN_STMT_DESTRUCTIVE);
    case BRN_VERB_ALTER:
        /* Says all of what it changes, each time. */
        return in->what->object == BRN_OBJECT_VIEW || in->what->object == BRN_OBJECT_PROCEDURE ||
               in->what->object == BRN_OBJECT_FUNCTION || in->what->object == BRN_OBJECT_DATABASE;
    case BRN_VERB_SET:
        return !has(in, BRN_STMT_COMMITS) || brn_str_ieq(in->what->name, BRN_STR("password"));
    case BRN_VERB_OTHER:
        /* PREPARE, HANDLER: nothing but the session changes. */
        return has(in, BRN_STMT_SESSION);
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

static const char *why_alone(const brn_stmt_class *what)
{
    switch (what->verb) {
    case BRN_VERB_CREATE:
        return "CREATE commits the transaction that it is in";
    case BRN_VERB_ALTER:
        return "ALTER commits the transaction that it is in";
    case BRN_VERB_DROP:
        return "DROP commits the transaction that it is in";
    case BRN_VERB_RENAME:
        return "RENAME commits the transaction that it is in";
    case BRN_VERB_TRUNCATE:
        return "TRUNCATE commits the transaction that it is in";
    default:
        return "the statement commits the transaction that it is in";
    }
}

static void inspect_role(inspection *in, const struct known_verb *known)
{
    brn_stmt_info *out = in->out;

    out->role = known->role;
    out->anywhere = known->role == BRN_ROLE_COMMIT;
    out->bound = has(in, BRN_STMT_NEEDS_TXN);
    if (in->what->to_savepoint) {
        out->role = BRN_ROLE_PLAIN;
    } else if (has(in, BRN_STMT_ALONE)) {
        refuse(
            in, "a transaction of XA is neither done nor undone when the migration ends",
            "Leave it out: the migration commits by itself.");
    } else if (has(in, BRN_STMT_CHAIN)) {
        refuse(
            in, "AND CHAIN begins a transaction that brant could not tell from the one before",
            "Write COMMIT (or ROLLBACK) and BEGIN as two statements.");
    } else if (has(in, BRN_STMT_CLIENT_FILE)) {
        refuse(
            in, "LOCAL INFILE reads a file on this machine, which brant does not let the server do",
            "Load it with the client \"mysql\", or put the rows into INSERT.");
    } else if (has(in, BRN_STMT_COMMITS) && out->role == BRN_ROLE_PLAIN) {
        out->role = BRN_ROLE_ALONE;
        out->unasked = true;
        out->anywhere = true;
        out->why = why_alone(in->what);
        out->hint = HINT_ALONE;
    }
}

void brn_mysql_inspect_class(
    brn_stmt_info *out, const brn_conn *conn, const brn_stmt_class *what, const brn_stmt *stmt)
{
    const struct known_verb *known = find_verb(what->verb);
    inspection in = { .out = out, .what = what, .stmt = stmt };

    *out = (brn_stmt_info){ 0 };
    brn_arena_init(&in.arena);
    out->dml = has(&in, BRN_STMT_DML);
    out->ddl = has(&in, BRN_STMT_COMMITS | BRN_STMT_MAY_COMMIT) && known->role == BRN_ROLE_PLAIN;
    out->destructive = has(&in, BRN_STMT_DESTRUCTIVE);
    out->repeatable = is_repeatable(&in, known);
    out->session = is_session(&in);
    name_kind(&in, known);
    inspect_role(&in, known);
    inspect_setting(&in);
    inspect_session(&in);
    inspect_targets(&in);
    inspect_marks(&in, conn);
    brn_arena_release(&in.arena);
}

void brn_mysql_inspect(brn_stmt_info *out, const brn_conn *conn, const brn_stmt *stmt)
{
    brn_stmt_class what = { 0 };
    brn_arena arena;

    brn_arena_init(&arena);
    brn_classify(&what, &arena, &brn_dialect_mysql, stmt);
    brn_mysql_inspect_class(out, conn, &what, stmt);
    brn_arena_release(&arena);
}
