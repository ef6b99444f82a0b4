/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a statement needs. The pragmas were tried inside a transaction with SQLite 3.40: some fail,
 * some answer the old value, and some take their new one without an effect.
 */
#include "engines/sqlite/sqlite.h"

#include <string.h>

#define HINT_ALONE "Write \"-- brant: transaction=off\" at the head of the file."

static const struct known_pragma {
    const char *name;
    brn_stmt_role role;
    const char *why;
    const char *hint;
} known_pragmas[] = {
    { "journal_mode", BRN_ROLE_ALONE, "PRAGMA journal_mode has no effect inside a transaction",
      HINT_ALONE },
    { "synchronous", BRN_ROLE_ALONE, "PRAGMA synchronous cannot run inside a transaction",
      HINT_ALONE },
    { "wal_checkpoint", BRN_ROLE_ALONE, "PRAGMA wal_checkpoint cannot run inside a transaction",
      HINT_ALONE },
    { "temp_store", BRN_ROLE_ALONE, "PRAGMA temp_store cannot run inside a transaction",
      HINT_ALONE },
    { "auto_vacuum", BRN_ROLE_ALONE,
      "PRAGMA auto_vacuum takes effect with a VACUUM, which cannot run inside a transaction",
      HINT_ALONE },
    { "page_size", BRN_ROLE_ALONE,
      "PRAGMA page_size takes effect with a VACUUM, which cannot run inside a transaction",
      HINT_ALONE },
    { "query_only", BRN_ROLE_REFUSED, "PRAGMA query_only would keep brant from writing its ledger",
      "Leave it out." },
};

static const struct known_verb {
    brn_verb verb;
    brn_stmt_role role;
    const char *kind;
    bool repeatable;
    const char *why;
    const char *hint;
} known_verbs[] = {
    { BRN_VERB_OTHER, BRN_ROLE_PLAIN, "statement", false, NULL, NULL },
    { BRN_VERB_CREATE, BRN_ROLE_PLAIN, "create", false, NULL, NULL },
    { BRN_VERB_DROP, BRN_ROLE_PLAIN, "drop", false, NULL, NULL },
    { BRN_VERB_ALTER, BRN_ROLE_PLAIN, "alter", false, NULL, NULL },
    { BRN_VERB_INSERT, BRN_ROLE_PLAIN, "insert", false, NULL, NULL },
    { BRN_VERB_UPDATE, BRN_ROLE_PLAIN, "update", false, NULL, NULL },
    { BRN_VERB_DELETE, BRN_ROLE_PLAIN, "delete", false, NULL, NULL },
    { BRN_VERB_SELECT, BRN_ROLE_PLAIN, "select", true, NULL, NULL },
    { BRN_VERB_PRAGMA, BRN_ROLE_PLAIN, "pragma", true, NULL, NULL },
    { BRN_VERB_VACUUM, BRN_ROLE_ALONE, "vacuum", true, "VACUUM cannot run inside a transaction",
      HINT_ALONE },
    { BRN_VERB_ANALYZE, BRN_ROLE_PLAIN, "analyze", true, NULL, NULL },
    { BRN_VERB_REINDEX, BRN_ROLE_PLAIN, "reindex", true, NULL, NULL },
    { BRN_VERB_ATTACH, BRN_ROLE_ALONE, "attach", false,
      "ATTACH is not undone when a transaction is rolled back", HINT_ALONE },
    { BRN_VERB_DETACH, BRN_ROLE_ALONE, "detach", false, "DETACH cannot run inside a transaction",
      HINT_ALONE },
    { BRN_VERB_BEGIN, BRN_ROLE_BEGIN, "begin", false, NULL, NULL },
    { BRN_VERB_COMMIT, BRN_ROLE_COMMIT, "commit", false, NULL, NULL },
    { BRN_VERB_ROLLBACK, BRN_ROLE_ROLLBACK, "rollback", false, NULL, NULL },
    { BRN_VERB_SAVEPOINT, BRN_ROLE_PLAIN, "savepoint", false, NULL, NULL },
    { BRN_VERB_RELEASE, BRN_ROLE_PLAIN, "release", false, NULL, NULL },
};

/* sqlite3GetBoolean(): words for on, or a number that is not zero in its low eight bits. */
static bool is_on(brn_str value)
{
    uint64_t number = 0;

    if (brn_str_to_u64(value, &number)) {
        return (number & 0xff) != 0;
    }
    return brn_str_ieq(value, BRN_STR("on")) || brn_str_ieq(value, BRN_STR("yes")) ||
           brn_str_ieq(value, BRN_STR("true"));
}

/* These change the file or nothing; all others with a value last as long as the connection. */
static bool is_session_pragma(brn_str name)
{
    static const char *const lasting[] = {
        "application_id",     "auto_vacuum", "encoding",    "foreign_key_check", "index_info",
        "incremental_vacuum", "index_list",  "index_xinfo", "foreign_key_list",  "integrity_check",
        "journal_mode",       "optimize",    "page_size",   "quick_check",       "schema_version",
        "table_info",         "table_list",  "table_xinfo", "user_version",      "wal_checkpoint",
    };

    for (size_t i = 0; i < BRN_ARRAY_LEN(lasting); i++) {
        if (brn_str_ieq(name, brn_str_from(lasting[i]))) {
            return false;
        }
    }
    return true;
}

static void inspect_pragma(brn_stmt_info *out, const brn_stmt_class *what)
{
    /* wal_checkpoint does something without a value as well. */
    if (!what->has_value && !brn_str_ieq(what->name, BRN_STR("wal_checkpoint"))) {
        return;
    }
    out->session = is_session_pragma(what->name);
    if (brn_str_ieq(what->name, BRN_STR("foreign_keys"))) {
        out->role = is_on(what->new_name) ? BRN_ROLE_FOREIGN_KEYS_ON : BRN_ROLE_FOREIGN_KEYS_OFF;
        return;
    }
    if (brn_str_ieq(what->name, BRN_STR("journal_mode")) &&
        (brn_str_ieq(what->new_name, BRN_STR("off")) ||
         brn_str_ieq(what->new_name, BRN_STR("memory")))) {
        out->role = BRN_ROLE_REFUSED;
        out->why = "without a journal on disk a migration that fails or is killed cannot be "
                   "rolled back";
        out->hint = "Leave it out: this journal mode ends with the connection anyway.";
        return;
    }
    for (size_t i = 0; i < BRN_ARRAY_LEN(known_pragmas); i++) {
        if (brn_str_ieq(what->name, brn_str_from(known_pragmas[i].name))) {
            out->role = known_pragmas[i].role;
            out->why = known_pragmas[i].why;
            out->hint = known_pragmas[i].hint;
        }
    }
}

/* Outside of parentheses: a WHERE in there belongs to another SELECT. */
static bool has_word(const brn_stmt *stmt, const char *word)
{
    brn_script script = { .text = stmt->text, .line = 1, .column = 1 };
    brn_lexer lx;
    brn_token token;
    int depth = 0;

    brn_lexer_init(&lx, &brn_dialect_sqlite, &script);
    do {
        if (brn_lexer_next(&lx, &token, NULL) != BRANT_OK) {
            return false;
        }
        if (token.kind == BRN_TOKEN_OTHER) {
            depth += token.text.ptr[0] == '(' ? 1 : 0;
            depth -= token.text.ptr[0] == ')' ? 1 : 0;
        }
        if (depth == 0 && token.kind == BRN_TOKEN_WORD &&
            brn_str_ieq(token.text, brn_str_from(word))) {
            return true;
        }
    } while (token.kind != BRN_TOKEN_END);
    return false;
}

/* Loses data: a table, a column, or all rows. A view, an index or a trigger can be made again, and
 * temporary tables end with the connection anyway. */
static bool is_destructive(const brn_stmt_class *what, const brn_stmt *stmt)
{
    if (brn_str_ieq(what->schema, BRN_STR("temp"))) {
        return false;
    }
    switch (what->verb) {
    case BRN_VERB_DROP:
        return what->object == BRN_OBJECT_TABLE;
    case BRN_VERB_ALTER:
        return what->alter == BRN_ALTER_DROP_COLUMN;
    case BRN_VERB_DELETE:
        return !has_word(stmt, "where");
    default:
        return false;
    }
}

/* A migration that writes brant's own tables would forge what brant knows of the others. */
static bool is_ledger(const brn_stmt_class *what)
{
    return brn_str_ieq(what->name, BRN_STR("brant_migrations")) ||
           brn_str_ieq(what->name, BRN_STR("brant_history"));
}

/* Behind a space where there is something before it; what does not fit is left out. */
static void add_word(char *out, size_t size, const char *word)
{
    size_t at = strlen(out);

    if (at > 0 && at + 1 < size) {
        out[at++] = ' ';
    }
    while (*word != '\0' && at + 1 < size) {
        out[at++] = *word++;
    }
    out[at] = '\0';
}

void brn_sqlite_inspect_class(brn_stmt_info *out, const brn_stmt_class *what, const brn_stmt *stmt)
{
    const struct known_verb *known = &known_verbs[0];

    for (size_t i = 0; i < BRN_ARRAY_LEN(known_verbs); i++) {
        if (known_verbs[i].verb == what->verb) {
            known = &known_verbs[i];
        }
    }
    out->role = known->role;
    out->why = known->why;
    out->hint = known->hint;
    out->repeatable = known->repeatable;
    out->ddl = what->verb == BRN_VERB_CREATE || what->verb == BRN_VERB_DROP ||
               what->verb == BRN_VERB_ALTER;
    out->session = what->verb == BRN_VERB_ATTACH || what->verb == BRN_VERB_DETACH ||
                   (what->verb == BRN_VERB_CREATE && what->temporary);
    out->dml = what->verb == BRN_VERB_INSERT || what->verb == BRN_VERB_UPDATE ||
               what->verb == BRN_VERB_DELETE;
    out->destructive = is_destructive(what, stmt);
    out->kind[0] = '\0';
    add_word(out->kind, sizeof(out->kind), known->kind);
    if (what->object != BRN_OBJECT_NONE) {
        add_word(out->kind, sizeof(out->kind), brn_object_word(what->object));
    }
    if (what->verb == BRN_VERB_PRAGMA) {
        inspect_pragma(out, what);
    } else if (what->verb == BRN_VERB_VACUUM) {
        out->repeatable = !has_word(stmt, "into"); /* which fails when the file is there */
    } else if (what->verb == BRN_VERB_ROLLBACK && what->to_savepoint) {
        out->role = BRN_ROLE_PLAIN;
    } else if ((out->ddl || out->dml) && is_ledger(what)) {
        out->role = BRN_ROLE_REFUSED;
        out->why = "brant's own tables are not for migrations";
        out->hint = "Record by hand with \"brant mark\" or \"brant force\".";
    }
}

void brn_sqlite_inspect(brn_stmt_info *out, const brn_conn *conn, const brn_stmt *stmt)
{
    brn_stmt_class what = { 0 };
    brn_stmt_info info = { 0 };
    brn_arena arena;

    (void)conn; /* all versions agree on what is looked at */
    brn_arena_init(&arena);
    brn_classify(&what, &arena, &brn_dialect_sqlite, stmt);
    brn_sqlite_inspect_class(&info, &what, stmt);
    brn_arena_release(&arena);
    *out = info;
}
