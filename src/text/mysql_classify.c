/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What statements of MySQL and MariaDB do; those that make, change and drop objects are in
 * mysql_objects.c. Which of them commit is what the manuals of both say, taken together, and what
 * MariaDB 10.11 was seen to do. A commit by what is called or put together at run time is not
 * known: MAY_COMMIT.
 */
#include "text/classify_int.h"
#include "text/mysql_int.h"
#include "text/script.h"

/* --- names ------------------------------------------------------------------------------------ */

brn_str brn_mysql_take_name(brn_reader *rd)
{
    brn_str text = rd->token.text;
    brn_str name = BRN_STR("");

    if (rd->token.kind == BRN_TOKEN_WORD) {
        name = brn_arena_str(rd->arena, text);
        brn_reader_next(rd);
    } else if (rd->token.kind == BRN_TOKEN_NAME) {
        name = brn_unquote(rd->arena, text, text.ptr[0]);
        brn_reader_next(rd);
    }
    return name;
}

brn_str brn_mysql_take_text(brn_reader *rd)
{
    brn_str text = rd->token.text;
    brn_str value;

    if (rd->token.kind != BRN_TOKEN_STRING) {
        return brn_mysql_take_name(rd);
    }
    if (text.ptr[0] != '\'' && text.ptr[0] != '"') {
        text = brn_str_slice(text, 1, text.len); /* N'...' */
    }
    value = brn_unquote(rd->arena, text, text.ptr[0]);
    brn_reader_next(rd);
    return value;
}

static void take_full_name(brn_stmt_class *out, brn_reader *rd)
{
    brn_reader_full_name(rd, &out->schema, &out->name);
}

static void skip_words(brn_reader *rd, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (brn_reader_take(rd, words[i])) {
            i = SIZE_MAX; /* once more from the first */
        }
    }
}

/* ", another" up to the end. */
static void read_several(brn_stmt_class *out, brn_reader *rd)
{
    while (!brn_reader_at_end(rd)) {
        if (brn_reader_is_char(rd, '(')) {
            brn_reader_skip_parens(rd);
            continue;
        }
        out->flags |= brn_reader_is_char(rd, ',') ? BRN_STMT_SEVERAL : 0;
        brn_reader_next(rd);
    }
}

/* --- functions that are named ----------------------------------------------------------------- */

static void find_functions(brn_stmt_class *out, brn_arena *arena, const brn_script *script)
{
    brn_reader rd;

    if (!brn_classify_mentions(script->text, "release_")) {
        return;
    }
    brn_reader_init(&rd, arena, &brn_dialect_mysql, script);
    while (!brn_reader_at_end(&rd)) {
        bool unlock = brn_reader_is(&rd, "release_lock") || brn_reader_is(&rd, "release_all_locks");
        brn_reader_next(&rd);
        out->flags |= unlock && brn_reader_is_char(&rd, '(') ? BRN_STMT_UNLOCKS : 0;
    }
}

/* --- queries and rows ------------------------------------------------------------------------- */

/* SELECT ... INTO @a writes variables, INTO OUTFILE a file. */
static void read_select(brn_stmt_class *out, brn_reader *rd)
{
    if (!brn_reader_seek(rd, "into")) {
        return;
    }
    brn_reader_next(rd);
    if (brn_reader_is(rd, "outfile") || brn_reader_is(rd, "dumpfile")) {
        out->flags &= ~BRN_STMT_QUERY;
    } else if (rd->token.kind == BRN_TOKEN_VARIABLE) {
        out->flags |= BRN_STMT_SESSION;
    }
}

/* INSERT [words] INTO t, REPLACE t, UPDATE [words] t, u SET */
static void read_target(brn_stmt_class *out, brn_reader *rd)
{
    static const char *const words[] = {
        "low_priority", "high_priority", "delayed", "quick", "ignore", "into", "from",
    };

    skip_words(rd, words, BRN_ARRAY_LEN(words));
    take_full_name(out, rd);
    out->flags |= brn_reader_is_char(rd, ',') || brn_reader_is(rd, "join") ? BRN_STMT_SEVERAL : 0;
}

/* Anything that keeps a DELETE from taking all rows. */
static bool is_limited(brn_reader *rd)
{
    while (!brn_reader_at_end(rd)) {
        if (brn_reader_is(rd, "where") || brn_reader_is(rd, "limit") || brn_reader_is(rd, "on") ||
            brn_reader_is(rd, "join")) {
            return true;
        }
        if (brn_reader_is_char(rd, '(')) {
            brn_reader_skip_parens(rd);
        } else {
            brn_reader_next(rd);
        }
    }
    return false;
}

static void read_delete(brn_stmt_class *out, brn_reader *rd)
{
    read_target(out, rd);
    out->flags |= is_limited(rd) ? 0 : BRN_STMT_DESTRUCTIVE;
}

/* It is DDL here: it drops the table and makes it anew. */
static void read_truncate(brn_stmt_class *out, brn_reader *rd)
{
    out->flags = BRN_STMT_DDL | BRN_STMT_DESTRUCTIVE | BRN_STMT_COMMITS;
    (void)brn_reader_take(rd, "table");
    take_full_name(out, rd);
}

/* LOAD DATA|XML [words] [LOCAL] INFILE 'file' [words] INTO TABLE t; LOAD INDEX INTO CACHE t */
static void read_load(brn_stmt_class *out, brn_reader *rd)
{
    if (!brn_reader_take(rd, "data") && !brn_reader_take(rd, "xml")) {
        out->verb = BRN_VERB_OTHER;
        out->flags = BRN_STMT_COMMITS;
        return;
    }
    while (!brn_reader_at_end(rd) && !brn_reader_take_two(rd, "into", "table")) {
        out->flags |= brn_reader_is(rd, "local") ? BRN_STMT_CLIENT_FILE : 0;
        brn_reader_next(rd);
    }
    take_full_name(out, rd);
}

static void read_call(brn_stmt_class *out, brn_reader *rd)
{
    out->flags |= BRN_STMT_MAY_COMMIT;
    take_full_name(out, rd);
}

/* --- blocks ----------------------------------------------------------------------------------- */

/* BEGIN NOT ATOMIC, IF, LOOP ...: anything in it that may commit. */
static void read_block(brn_stmt_class *out, brn_reader *rd)
{
    static const char *const words[] = {
        "alter",    "analyze",   "cache",  "call",       "check",    "commit",   "create",
        "drop",     "execute",   "flush",  "grant",      "install",  "load",     "lock",
        "optimize", "rename",    "repair", "reset",      "revoke",   "rollback", "start",
        "truncate", "uninstall", "unlock", "autocommit", "password", "xa",
    };

    out->verb = BRN_VERB_DO;
    for (; !brn_reader_at_end(rd); brn_reader_next(rd)) {
        for (size_t i = 0; i < BRN_ARRAY_LEN(words); i++) {
            out->flags |= brn_reader_is(rd, words[i]) ? BRN_STMT_MAY_COMMIT : 0;
        }
    }
}

static void read_begin(brn_stmt_class *out, brn_reader *rd)
{
    if (brn_reader_at_end(rd) || brn_reader_is(rd, "work")) {
        out->flags |= BRN_STMT_COMMITS;
    } else {
        read_block(out, rd);
    }
}

/* --- settings --------------------------------------------------------------------------------- */

/* Up to the next ',' outside of parentheses. */
static brn_str take_value(brn_reader *rd)
{
    brn_token first = rd->token;
    brn_str value = BRN_STR("");
    brn_str all = brn_str_slice(first.text, 0, 0);
    size_t count = 0;

    if (first.kind == BRN_TOKEN_STRING || first.kind == BRN_TOKEN_NAME) {
        brn_reader ahead = *rd;
        value = brn_mysql_take_text(&ahead);
    }
    for (size_t parens = 0; !brn_reader_at_end(rd); count++) {
        if (parens == 0 && brn_reader_is_char(rd, ',')) {
            break;
        }
        parens += brn_reader_is_char(rd, '(');
        parens -= parens > 0 && brn_reader_is_char(rd, ')');
        all = (brn_str){ first.text.ptr,
                         (size_t)(rd->token.offset - first.offset) + rd->token.text.len };
        brn_reader_next(rd);
    }
    return count == 1 && (first.kind == BRN_TOKEN_STRING || first.kind == BRN_TOKEN_NAME)
               ? value
               : brn_arena_str(rd->arena, all);
}

/* What is set for the server; a prefix that says nothing else is taken away. */
static brn_str take_variable(brn_reader *rd, bool *global)
{
    static const struct {
        const char *prefix;
        bool global;
    } prefixes[] = {
        { "@@global.", true },   { "@@persist.", true }, { "@@persist_only.", true },
        { "@@session.", false }, { "@@local.", false },  { "@@", false },
    };
    brn_str text = rd->token.text;

    if (rd->token.kind != BRN_TOKEN_VARIABLE) {
        return brn_reader_name(rd);
    }
    for (size_t i = 0; i < BRN_ARRAY_LEN(prefixes); i++) {
        brn_str prefix = brn_str_from(prefixes[i].prefix);
        if (brn_str_ieq(brn_str_slice(text, 0, prefix.len), prefix)) {
            *global = prefixes[i].global;
            text = brn_str_slice(text, prefix.len, text.len);
            break;
        }
    }
    brn_reader_next(rd);
    return brn_arena_str(rd->arena, text);
}

static bool take_global(brn_reader *rd)
{
    if (brn_reader_take(rd, "global") || brn_reader_take(rd, "persist") ||
        brn_reader_take(rd, "persist_only")) {
        return true;
    }
    if (!brn_reader_take(rd, "session")) {
        (void)brn_reader_take(rd, "local");
    }
    return false;
}

/* [scope] name = value, ... */
static void read_assignments(brn_stmt_class *out, brn_reader *rd)
{
    bool first = true;

    do {
        bool global = take_global(rd);
        brn_str name = take_variable(rd, &global);
        brn_str value;
        bool has_value;
        (void)brn_reader_take_char(rd, ':');
        (void)brn_reader_take_char(rd, '=');
        has_value = !brn_reader_is(rd, "default") && !brn_reader_at_end(rd);
        value = take_value(rd);
        out->flags |= global ? 0 : BRN_STMT_SESSION;
        out->flags |= brn_str_ieq(name, BRN_STR("autocommit")) ? BRN_STMT_COMMITS : 0;
        out->flags |= first ? 0 : BRN_STMT_SEVERAL;
        if (first) {
            out->name = name;
            out->has_value = has_value;
            out->new_name = has_value ? value : BRN_STR("");
        }
        first = false;
    } while (brn_reader_take_char(rd, ','));
}

/* What has words of its own, and the name that is given to it. */
static bool take_special(brn_stmt_class *out, brn_reader *rd)
{
    static const struct {
        const char *first;
        const char *second;
        const char *name;
        uint32_t flags;
    } settings[] = {
        { "default", "role", "default_role", BRN_STMT_COMMITS },
        { "resource", "group", "resource_group", BRN_STMT_SESSION },
        { "character", "set", "character_set", BRN_STMT_SESSION },
        { "password", NULL, "password", BRN_STMT_COMMITS },
        { "role", NULL, "role", BRN_STMT_SESSION },
        { "names", NULL, "names", BRN_STMT_SESSION },
        { "charset", NULL, "character_set", BRN_STMT_SESSION },
    };

    for (size_t i = 0; i < BRN_ARRAY_LEN(settings); i++) {
        if (settings[i].second != NULL
                ? brn_reader_take_two(rd, settings[i].first, settings[i].second)
                : brn_reader_take(rd, settings[i].first)) {
            out->name = brn_str_from(settings[i].name);
            out->flags |= settings[i].flags;
            return true;
        }
    }
    return false;
}

static void read_set(brn_stmt_class *out, brn_reader *rd)
{
    brn_reader ahead = *rd;
    bool global = take_global(&ahead);

    if (brn_reader_take(&ahead, "transaction")) {
        *rd = ahead;
        out->name = BRN_STR("transaction");
        out->flags |= global ? 0 : BRN_STMT_SESSION;
        return;
    }
    if (!take_special(out, rd)) {
        read_assignments(out, rd);
        return;
    }
    /* A password is not shown. */
    if (!brn_str_eq_c(out->name, "password")) {
        out->has_value = !brn_reader_is(rd, "default") && !brn_reader_at_end(rd);
        out->new_name = out->has_value ? take_value(rd) : BRN_STR("");
    }
}

/* USE d, HANDLER t, PREPARE s, DEALLOCATE PREPARE s */
static void read_session(brn_stmt_class *out, brn_reader *rd)
{
    (void)brn_reader_take(rd, "prepare");
    out->flags |= BRN_STMT_SESSION;
    out->name = brn_reader_name(rd);
}

/* --- transactions ----------------------------------------------------------------------------- */

static void read_commits(brn_stmt_class *out, brn_reader *rd)
{
    (void)rd;
    out->flags |= BRN_STMT_COMMITS;
}

/* START TRANSACTION; START SLAVE and its kin */
static void read_start(brn_stmt_class *out, brn_reader *rd)
{
    out->flags |= BRN_STMT_COMMITS;
    if (!brn_reader_is(rd, "transaction")) {
        out->verb = BRN_VERB_OTHER;
    }
}

/* [WORK] [AND [NO] CHAIN] [[NO] RELEASE]; RELEASE ends the session, and with it all its locks. */
static void read_commit(brn_stmt_class *out, brn_reader *rd)
{
    (void)brn_reader_take(rd, "work");
    if (brn_reader_take_two(rd, "and", "chain")) {
        out->flags |= BRN_STMT_CHAIN;
    }
    (void)brn_reader_take_two(rd, "and", "no");
    (void)brn_reader_take(rd, "chain");
    out->flags |= brn_reader_is(rd, "release") ? BRN_STMT_UNLOCKS : 0;
}

static void read_rollback(brn_stmt_class *out, brn_reader *rd)
{
    read_commit(out, rd);
    out->to_savepoint = brn_reader_take(rd, "to");
    if (out->to_savepoint) {
        (void)brn_reader_take(rd, "savepoint");
        out->name = brn_reader_name(rd);
        out->flags |= BRN_STMT_NEEDS_TXN;
    }
}

static void read_savepoint(brn_stmt_class *out, brn_reader *rd)
{
    if (out->verb == BRN_VERB_RELEASE) {
        (void)brn_reader_take(rd, "savepoint");
    }
    out->flags |= BRN_STMT_NEEDS_TXN;
    out->name = brn_reader_name(rd);
}

/* None of it can be in a transaction of another kind. */
static void read_xa(brn_stmt_class *out, brn_reader *rd)
{
    static const struct {
        const char *word;
        brn_verb verb;
    } verbs[] = {
        { "prepare", BRN_VERB_PREPARE_TRANSACTION },
        { "commit", BRN_VERB_COMMIT_PREPARED },
        { "rollback", BRN_VERB_ROLLBACK_PREPARED },
    };

    if (brn_reader_is(rd, "recover")) {
        out->verb = BRN_VERB_SELECT;
        out->flags = BRN_STMT_QUERY;
        return;
    }
    for (size_t i = 0; i < BRN_ARRAY_LEN(verbs); i++) {
        out->verb = brn_reader_is(rd, verbs[i].word) ? verbs[i].verb : out->verb;
    }
    brn_reader_next(rd);
    out->flags |= BRN_STMT_ALONE;
    out->name = brn_mysql_take_text(rd);
}

/* LOCK TABLES t READ|WRITE, ...; LOCK INSTANCE FOR BACKUP */
static void read_lock(brn_stmt_class *out, brn_reader *rd)
{
    out->flags |= BRN_STMT_SESSION;
    if (brn_reader_take(rd, "tables") || brn_reader_take(rd, "table")) {
        out->flags |= BRN_STMT_COMMITS;
        out->object = BRN_OBJECT_TABLE;
        take_full_name(out, rd);
        read_several(out, rd);
    }
}

static void read_unlock(brn_stmt_class *out, brn_reader *rd)
{
    out->flags |= BRN_STMT_SESSION;
    /* It commits when tables are locked. */
    out->flags |= brn_reader_is(rd, "instance") ? 0 : BRN_STMT_COMMITS;
}

/* --- maintenance ------------------------------------------------------------------------------ */

static bool take_binlog_word(brn_reader *rd)
{
    return brn_reader_take(rd, "no_write_to_binlog") || brn_reader_take(rd, "local");
}

/* [LOCAL] TABLE t, ... */
static void read_maintenance(brn_stmt_class *out, brn_reader *rd)
{
    out->flags |= BRN_STMT_COMMITS;
    (void)take_binlog_word(rd);
    if (brn_reader_take(rd, "table") || brn_reader_take(rd, "tables")) {
        out->object = BRN_OBJECT_TABLE;
    } else if (brn_reader_take(rd, "view")) {
        out->object = BRN_OBJECT_VIEW;
    }
    take_full_name(out, rd);
    read_several(out, rd);
}

/* FLUSH ...; FLUSH TABLES ... WITH READ LOCK and FOR EXPORT lock them. */
static void read_flush(brn_stmt_class *out, brn_reader *rd)
{
    out->flags |= BRN_STMT_COMMITS;
    for (; !brn_reader_at_end(rd); brn_reader_next(rd)) {
        out->flags |= brn_reader_is(rd, "with") || brn_reader_is(rd, "for") ? BRN_STMT_SESSION : 0;
    }
}

static void read_backup(brn_stmt_class *out, brn_reader *rd)
{
    (void)rd;
    out->flags |= BRN_STMT_COMMITS | BRN_STMT_SESSION;
}

static void read_execute(brn_stmt_class *out, brn_reader *rd)
{
    out->flags |= BRN_STMT_MAY_COMMIT;
    if (!brn_reader_is(rd, "immediate")) {
        out->name = brn_reader_name(rd);
    }
}

/* --- all of them ------------------------------------------------------------------------------ */

static const brn_verb_rule verbs[] = {
    { "create", BRN_VERB_CREATE, brn_mysql_read_create },
    { "drop", BRN_VERB_DROP, brn_mysql_read_drop },
    { "alter", BRN_VERB_ALTER, brn_mysql_read_alter },
    { "rename", BRN_VERB_RENAME, brn_mysql_read_rename },
    { "truncate", BRN_VERB_TRUNCATE, read_truncate },
    { "insert", BRN_VERB_INSERT, read_target },
    { "replace", BRN_VERB_INSERT, read_target },
    { "update", BRN_VERB_UPDATE, read_target },
    { "delete", BRN_VERB_DELETE, read_delete },
    { "load", BRN_VERB_LOAD, read_load },
    { "select", BRN_VERB_SELECT, read_select },
    { "values", BRN_VERB_SELECT, NULL },
    { "table", BRN_VERB_SELECT, take_full_name },
    { "show", BRN_VERB_SELECT, NULL },
    { "help", BRN_VERB_SELECT, NULL },
    { "checksum", BRN_VERB_SELECT, NULL },
    { "call", BRN_VERB_CALL, read_call },
    { "do", BRN_VERB_DO, NULL },
    { "set", BRN_VERB_SET, read_set },
    { "use", BRN_VERB_USE, read_session },
    { "grant", BRN_VERB_GRANT, read_commits },
    { "revoke", BRN_VERB_REVOKE, read_commits },
    { "import", BRN_VERB_IMPORT, read_commits },
    { "analyze", BRN_VERB_ANALYZE, read_maintenance },
    { "optimize", BRN_VERB_OPTIMIZE, read_maintenance },
    { "repair", BRN_VERB_REPAIR, read_maintenance },
    { "check", BRN_VERB_CHECK, read_maintenance },
    { "flush", BRN_VERB_FLUSH, read_flush },
    { "reset", BRN_VERB_RESET, read_commits },
    { "cache", BRN_VERB_OTHER, read_commits },
    { "install", BRN_VERB_OTHER, read_commits },
    { "uninstall", BRN_VERB_OTHER, read_commits },
    { "change", BRN_VERB_OTHER, read_commits },
    { "stop", BRN_VERB_OTHER, read_commits },
    { "backup", BRN_VERB_OTHER, read_backup },
    { "lock", BRN_VERB_LOCK, read_lock },
    { "unlock", BRN_VERB_UNLOCK, read_unlock },
    { "begin", BRN_VERB_BEGIN, read_begin },
    { "start", BRN_VERB_BEGIN, read_start },
    { "commit", BRN_VERB_COMMIT, read_commit },
    { "rollback", BRN_VERB_ROLLBACK, read_rollback },
    { "savepoint", BRN_VERB_SAVEPOINT, read_savepoint },
    { "release", BRN_VERB_RELEASE, read_savepoint },
    { "xa", BRN_VERB_XA, read_xa },
    { "if", BRN_VERB_DO, read_block },
    { "case", BRN_VERB_DO, read_block },
    { "loop", BRN_VERB_DO, read_block },
    { "repeat", BRN_VERB_DO, read_block },
    { "while", BRN_VERB_DO, read_block },
    { "for", BRN_VERB_DO, read_block },
    { "declare", BRN_VERB_DO, read_block },
    { "prepare", BRN_VERB_OTHER, read_session },
    { "execute", BRN_VERB_OTHER, read_execute },
    { "deallocate", BRN_VERB_OTHER, read_session },
    { "handler", BRN_VERB_OTHER, read_session },
};

/* WITH [RECURSIVE] name [(columns)] AS (query) [CYCLE columns RESTRICT], ... */
static void skip_with(brn_reader *rd)
{
    (void)brn_reader_take(rd, "recursive");
    do {
        (void)brn_reader_seek(rd, "as");
        (void)brn_reader_take(rd, "as");
        if (brn_reader_is_char(rd, '(')) {
            brn_reader_skip_parens(rd);
        }
        if (brn_reader_is(rd, "cycle")) {
            (void)brn_reader_seek(rd, "restrict");
            (void)brn_reader_take(rd, "restrict");
        }
    } while (brn_reader_take_char(rd, ','));
}

/*
 * What only shows a plan: true. What runs the statement to show how it went, ANALYZE in both and
 * EXPLAIN ANALYZE, leaves the reader at the statement.
 */
static bool is_explained(brn_reader *rd)
{
    static const char *const words[] = { "explain", "describe", "desc" };
    bool explain = false;
    brn_reader ahead = *rd;

    for (size_t i = 0; i < BRN_ARRAY_LEN(words); i++) {
        explain = explain || brn_reader_take(&ahead, words[i]);
    }
    if (!brn_reader_take(&ahead, "analyze")) {
        return explain;
    }
    if (explain || !(take_binlog_word(&ahead) || brn_reader_is(&ahead, "table") ||
                     brn_reader_is(&ahead, "tables"))) {
        if (brn_reader_take(&ahead, "format")) {
            (void)brn_reader_take_char(&ahead, '=');
            brn_reader_next(&ahead);
        }
        *rd = ahead;
    }
    return false;
}

/* SET STATEMENT name = value, ... FOR statement */
static void skip_set_statement(brn_reader *rd)
{
    while (brn_reader_take_two(rd, "set", "statement")) {
        (void)brn_reader_seek(rd, "for");
        (void)brn_reader_take(rd, "for");
    }
}

void brn_mysql_classify(brn_stmt_class *out, brn_reader *rd)
{
    skip_set_statement(rd);
    if (is_explained(rd)) {
        out->verb = BRN_VERB_SELECT;
        out->flags = BRN_STMT_QUERY;
        return;
    }
    while (brn_reader_is_char(rd, '(')) {
        brn_reader_next(rd);
    }
    if (brn_reader_take(rd, "with")) {
        skip_with(rd);
    }
    brn_classify_verb(out, rd, verbs, BRN_ARRAY_LEN(verbs));
    if (out->verb != BRN_VERB_CREATE && out->verb != BRN_VERB_ALTER) {
        find_functions(out, rd->arena, rd->lx.script);
    }
}
