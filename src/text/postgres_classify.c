/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What PostgreSQL's statements do; those that make, change and drop objects are in
 * postgres_objects.c. Which of them cannot run inside a transaction is what calls
 * PreventInTransactionBlock() in the server, versions 9.6 to 18.
 */
#include "base/buf.h"
#include "text/classify_int.h"
#include "text/postgres_int.h"
#include "text/script.h"

static void take_full_name(brn_stmt_class *out, brn_reader *rd)
{
    brn_reader_full_name(rd, &out->schema, &out->name);
}

/* --- options in parentheses ------------------------------------------------------------------- */

typedef enum option_state {
    OPTION_ABSENT = 0,
    OPTION_ON,
    OPTION_OFF,
} option_state;

static bool is_false(brn_str value)
{
    static const char *const words[] = { "false", "off", "no", "0", "f", "n" };

    for (size_t i = 0; i < BRN_ARRAY_LEN(words); i++) {
        if (brn_str_ieq(value, brn_str_from(words[i]))) {
            return true;
        }
    }
    return false;
}

static option_state option_value(brn_reader *rd)
{
    (void)brn_reader_take_char(rd, '=');
    if (rd->token.kind == BRN_TOKEN_STRING) {
        return is_false(brn_postgres_take_string(rd)) ? OPTION_OFF : OPTION_ON;
    }
    return is_false(rd->token.text) ? OPTION_OFF : OPTION_ON;
}

/* In the first parentheses at or behind the reader. */
static option_state find_option(const brn_reader *from, const char *option)
{
    brn_reader rd = *from;

    while (!brn_reader_at_end(&rd) && !brn_reader_is_char(&rd, '(')) {
        brn_reader_next(&rd);
    }
    while (brn_reader_take_char(&rd, '(') || brn_reader_take_char(&rd, ',')) {
        if (brn_reader_take(&rd, option)) {
            return option_value(&rd);
        }
        while (!brn_reader_at_end(&rd) && !brn_reader_is_char(&rd, ',') &&
               !brn_reader_is_char(&rd, ')')) {
            brn_reader_next(&rd);
        }
    }
    return OPTION_ABSENT;
}

bool brn_postgres_option_is_on(const brn_reader *rd, const char *option)
{
    return find_option(rd, option) == OPTION_ON;
}

bool brn_postgres_option_is_off(const brn_reader *rd, const char *option)
{
    return find_option(rd, option) == OPTION_OFF;
}

/* --- functions that are named ----------------------------------------------------------------- */

/* set_config('name', 'value', is_local), behind its name; in a query, what it sets is the name. */
static void read_set_config(brn_stmt_class *out, brn_reader *rd)
{
    brn_stmt_class set = { .name = BRN_STR(""), .new_name = BRN_STR("") };
    bool local = false;

    (void)brn_reader_take_char(rd, '(');
    set.name = brn_postgres_take_string(rd);
    if (brn_reader_take_char(rd, ',') && rd->token.kind == BRN_TOKEN_STRING) {
        set.new_name = brn_postgres_take_string(rd);
        set.has_value = true;
    }
    local = brn_reader_take_char(rd, ',') && brn_reader_is(rd, "true");
    out->flags |= local ? BRN_STMT_LOCAL | BRN_STMT_NEEDS_TXN : BRN_STMT_SESSION;
    if (out->verb != BRN_VERB_SELECT) {
        return;
    }
    if (out->name.len > 0) {
        out->flags |= BRN_STMT_SEVERAL;
        return;
    }
    out->name = set.name;
    out->new_name = set.new_name;
    out->has_value = set.has_value;
}

static bool is_unlock(brn_str name)
{
    return brn_str_eq_c(name, "pg_advisory_unlock") ||
           brn_str_eq_c(name, "pg_advisory_unlock_all") ||
           brn_str_eq_c(name, "pg_advisory_unlock_shared");
}

/* One that stays behind the transaction. */
static bool is_lock(brn_str name)
{
    return brn_str_eq_c(name, "pg_advisory_lock") ||
           brn_str_eq_c(name, "pg_advisory_lock_shared") ||
           brn_str_eq_c(name, "pg_try_advisory_lock") ||
           brn_str_eq_c(name, "pg_try_advisory_lock_shared");
}

/* Looks through the whole statement for functions that change the session. */
static void find_functions(brn_stmt_class *out, brn_arena *arena, const brn_script *script)
{
    brn_reader rd;

    if (!brn_classify_mentions(script->text, "advisory") &&
        !brn_classify_mentions(script->text, "set_config")) {
        return;
    }
    brn_reader_init(&rd, arena, &brn_dialect_postgres, script);
    while (!brn_reader_at_end(&rd)) {
        brn_str name = brn_reader_name(&rd);
        if (name.len == 0) {
            brn_reader_next(&rd);
        } else if (brn_reader_is_char(&rd, '(')) {
            out->flags |= is_unlock(name) ? BRN_STMT_UNLOCKS : 0;
            out->flags |= is_lock(name) ? BRN_STMT_SESSION : 0;
            if (brn_str_eq_c(name, "set_config")) {
                read_set_config(out, &rd);
            }
        }
    }
}

/* --- queries and rows ------------------------------------------------------------------------- */

/* Behind DELETE, up to the end of what `rd` reads at this depth of parentheses. */
static bool has_where(brn_reader *rd)
{
    while (!brn_reader_at_end(rd) && !brn_reader_is_char(rd, ')')) {
        if (brn_reader_is(rd, "where")) {
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

/* SELECT ... INTO [TEMP] [TABLE] name makes a table. */
static void read_select(brn_stmt_class *out, brn_reader *rd)
{
    if (!brn_reader_seek(rd, "into")) {
        return;
    }
    brn_reader_next(rd);
    out->flags = (out->flags & ~BRN_STMT_QUERY) | BRN_STMT_DDL;
    out->object = BRN_OBJECT_TABLE;
    if (brn_reader_take(rd, "temp") || brn_reader_take(rd, "temporary")) {
        out->temporary = true;
        out->flags |= BRN_STMT_SESSION;
    }
    (void)brn_reader_take(rd, "unlogged");
    (void)brn_reader_take(rd, "table");
    take_full_name(out, rd);
}

/* INSERT INTO, UPDATE ONLY, MERGE INTO, DELETE FROM ONLY. */
static void read_target(brn_stmt_class *out, brn_reader *rd)
{
    if (!brn_reader_take(rd, "into")) {
        (void)brn_reader_take(rd, "from");
    }
    (void)brn_reader_take(rd, "only");
    take_full_name(out, rd);
}

static void read_delete(brn_stmt_class *out, brn_reader *rd)
{
    read_target(out, rd);
    if (!has_where(rd) && !brn_str_eq_c(out->schema, "pg_temp")) {
        out->flags |= BRN_STMT_DESTRUCTIVE;
    }
}

/* TRUNCATE [TABLE] [ONLY] name [*], ... [CASCADE] */
static void read_truncate(brn_stmt_class *out, brn_reader *rd)
{
    (void)brn_reader_take(rd, "table");
    read_target(out, rd);
    if (brn_str_eq_c(out->schema, "pg_temp")) {
        out->flags &= ~BRN_STMT_DESTRUCTIVE;
    }
    for (; !brn_reader_at_end(rd); brn_reader_next(rd)) {
        out->flags |= brn_reader_is_char(rd, ',') ? BRN_STMT_SEVERAL : 0;
        out->flags |= brn_reader_is(rd, "cascade") ? BRN_STMT_CASCADE : 0;
    }
}

/* A statement in parentheses: a member of WITH, what COPY writes. */
static void read_inner(brn_stmt_class *out, brn_reader *rd)
{
    brn_reader inner = *rd;

    (void)brn_reader_take_char(&inner, '(');
    if (brn_reader_is(&inner, "insert") || brn_reader_is(&inner, "update") ||
        brn_reader_is(&inner, "merge")) {
        out->flags |= BRN_STMT_DML;
    } else if (brn_reader_take(&inner, "delete")) {
        out->flags |= BRN_STMT_DML | (has_where(&inner) ? 0 : BRN_STMT_DESTRUCTIVE);
    }
    brn_reader_skip_parens(rd);
}

/* COPY [BINARY] name [(columns)] FROM|TO ..., COPY (query) TO ... */
static void read_copy(brn_stmt_class *out, brn_reader *rd)
{
    if (brn_reader_is_char(rd, '(')) {
        read_inner(out, rd);
        out->flags |= (out->flags & BRN_STMT_DML) != 0 ? 0 : BRN_STMT_QUERY;
        return;
    }
    (void)brn_reader_take(rd, "binary");
    take_full_name(out, rd);
    if (brn_reader_is_char(rd, '(')) {
        brn_reader_skip_parens(rd);
    }
    out->flags |= brn_reader_is(rd, "from") ? BRN_STMT_DML : BRN_STMT_QUERY;
}

/* REFRESH MATERIALIZED VIEW [CONCURRENTLY] name */
static void read_refresh(brn_stmt_class *out, brn_reader *rd)
{
    if (brn_reader_take_two(rd, "materialized", "view")) {
        out->object = BRN_OBJECT_MATERIALIZED_VIEW;
        out->flags |= brn_reader_take(rd, "concurrently") ? BRN_STMT_CONCURRENTLY : 0;
        take_full_name(out, rd);
    }
}

/* --- code that is run ------------------------------------------------------------------------- */

/* The block is lexed as SQL, which PL/pgSQL nearly is; where that fails, it may do anything. */
static uint32_t block_flags(brn_arena *arena, brn_str body)
{
    brn_script script = { .text = body, .line = 1, .column = 1 };
    brn_stmt_class inner = { 0 };
    brn_token token;
    brn_lexer lx;

    find_functions(&inner, arena, &script);
    brn_lexer_init(&lx, &brn_dialect_postgres, &script);
    do {
        static const char *const words[] = { "commit", "rollback", "call" };
        if (brn_lexer_next(&lx, &token, NULL) != BRANT_OK) {
            return inner.flags | BRN_STMT_MAY_COMMIT;
        }
        for (size_t i = 0; i < BRN_ARRAY_LEN(words) && token.kind == BRN_TOKEN_WORD; i++) {
            if (brn_str_ieq(token.text, brn_str_from(words[i]))) {
                return inner.flags | BRN_STMT_MAY_COMMIT;
            }
        }
    } while (token.kind != BRN_TOKEN_END);
    return inner.flags;
}

/* DO [LANGUAGE name] 'block', in any order. */
static void read_do(brn_stmt_class *out, brn_reader *rd)
{
    while (!brn_reader_at_end(rd)) {
        if (rd->token.kind == BRN_TOKEN_STRING) {
            out->flags |= block_flags(rd->arena, brn_postgres_take_string(rd));
        } else if (brn_reader_take(rd, "language")) {
            bool known =
                brn_reader_is(rd, "plpgsql") || brn_str_ieq(rd->token.text, BRN_STR("'plpgsql'"));
            out->flags |= known ? 0 : BRN_STMT_MAY_COMMIT;
            brn_reader_next(rd);
        } else {
            brn_reader_next(rd);
        }
    }
}

static void read_call(brn_stmt_class *out, brn_reader *rd)
{
    out->flags |= BRN_STMT_MAY_COMMIT;
    take_full_name(out, rd);
}

/* --- settings --------------------------------------------------------------------------------- */

/* A value, or all that is left when it is a list. */
static brn_str take_value(brn_reader *rd)
{
    brn_token first = rd->token;
    brn_str value = BRN_STR("");
    brn_str all = first.text;
    size_t count = 0;

    if (first.kind == BRN_TOKEN_STRING) {
        value = brn_postgres_take_string(rd);
        count = 1;
    } else if (first.kind == BRN_TOKEN_NAME) {
        value = brn_reader_name(rd);
        count = 1;
    }
    for (; !brn_reader_at_end(rd); count++) {
        all.len = (size_t)(rd->token.offset - first.offset) + rd->token.text.len;
        brn_reader_next(rd);
    }
    return count == 1 && value.ptr != NULL && first.kind != BRN_TOKEN_WORD &&
                   first.kind != BRN_TOKEN_NUMBER
               ? value
               : brn_arena_str(rd->arena, all);
}

/* What has a name of its own, and the setting that it is. */
static bool take_special_setting(brn_stmt_class *out, brn_reader *rd)
{
    static const struct {
        const char *first;
        const char *second;
        const char *setting;
    } settings[] = {
        { "time", "zone", "timezone" },    { "session", "authorization", "session_authorization" },
        { "xml", "option", "xmloption" },  { "role", NULL, "role" },
        { "schema", NULL, "search_path" }, { "names", NULL, "client_encoding" },
    };

    for (size_t i = 0; i < BRN_ARRAY_LEN(settings); i++) {
        brn_reader ahead = *rd;
        bool found = settings[i].second != NULL
                         ? brn_reader_take_two(&ahead, settings[i].first, settings[i].second)
                         : brn_reader_take(&ahead, settings[i].first);
        /* Without a '=' or TO it is not just a setting of that name. */
        if (found && !brn_reader_is_char(&ahead, '=') && !brn_reader_is(&ahead, "to")) {
            *rd = ahead;
            out->name = brn_str_from(settings[i].setting);
            return true;
        }
    }
    return false;
}

/* name or prefix.name, in one piece */
static brn_str take_setting_name(brn_reader *rd)
{
    brn_str first = brn_reader_name(rd);
    brn_str name = first;
    brn_buf all;

    brn_buf_init(&all, 0);
    brn_buf_add_str(&all, first);
    while (brn_reader_take_char(rd, '.')) {
        brn_buf_add_char(&all, '.');
        brn_buf_add_str(&all, brn_reader_name(rd));
    }
    if (all.len > first.len) {
        name = brn_arena_str(rd->arena, brn_buf_str(&all));
    }
    brn_buf_release(&all);
    return name;
}

static void read_setting(brn_stmt_class *out, brn_reader *rd)
{
    if (!take_special_setting(out, rd)) {
        out->name = take_setting_name(rd);
        if (!brn_reader_take(rd, "to")) {
            (void)brn_reader_take_char(rd, '=');
        }
    }
    if (!brn_reader_is(rd, "default") && !brn_reader_at_end(rd)) {
        out->has_value = true;
        out->new_name = take_value(rd);
    }
}

/* SET [SESSION|LOCAL] ...; SET TRANSACTION and SET CONSTRAINTS are for the transaction at hand. */
static void read_set(brn_stmt_class *out, brn_reader *rd)
{
    brn_reader ahead = *rd;
    bool local = brn_reader_take(&ahead, "local");
    bool session = !local && brn_reader_take(&ahead, "session");

    /* SET SESSION AUTHORIZATION is a setting; SET SESSION SESSION AUTHORIZATION, too. */
    if (local || (session && !brn_reader_is(&ahead, "authorization"))) {
        *rd = ahead;
    }
    if (brn_reader_is(rd, "transaction") || brn_reader_is(rd, "constraints")) {
        out->name = brn_reader_name(rd);
        out->flags |= BRN_STMT_LOCAL | BRN_STMT_NEEDS_TXN;
        return;
    }
    if (session && brn_reader_take_two(rd, "characteristics", "as")) {
        out->name = BRN_STR("transaction");
        out->flags |= BRN_STMT_SESSION;
        return;
    }
    out->flags |= local ? BRN_STMT_LOCAL | BRN_STMT_NEEDS_TXN : BRN_STMT_SESSION;
    read_setting(out, rd);
}

/* RESET name | ALL | ROLE | SESSION AUTHORIZATION | TIME ZONE */
static void read_reset(brn_stmt_class *out, brn_reader *rd)
{
    out->flags |= BRN_STMT_SESSION;
    if (brn_reader_take_two(rd, "transaction", "isolation")) {
        out->name = BRN_STR("transaction_isolation");
    } else if (!take_special_setting(out, rd)) {
        out->name = take_setting_name(rd);
    }
}

/* ALL has pg_advisory_unlock_all() in it. */
static void read_discard(brn_stmt_class *out, brn_reader *rd)
{
    out->flags |= BRN_STMT_SESSION;
    if (brn_reader_is(rd, "all")) {
        out->flags |= BRN_STMT_ALONE | BRN_STMT_UNLOCKS;
    }
    out->name = brn_reader_name(rd);
}

static void read_session(brn_stmt_class *out, brn_reader *rd)
{
    out->flags |= BRN_STMT_SESSION;
    out->name = brn_reader_name(rd);
}

/* --- transactions ----------------------------------------------------------------------------- */

/* START TRANSACTION */
static void read_start(brn_stmt_class *out, brn_reader *rd)
{
    if (!brn_reader_is(rd, "transaction")) {
        out->verb = BRN_VERB_OTHER;
    }
}

/* [WORK|TRANSACTION] [AND [NO] CHAIN] */
static void read_chain(brn_stmt_class *out, brn_reader *rd)
{
    if (!brn_reader_take(rd, "work")) {
        (void)brn_reader_take(rd, "transaction");
    }
    if (brn_reader_take_two(rd, "and", "chain")) {
        out->flags |= BRN_STMT_CHAIN;
    }
}

static bool take_prepared(brn_stmt_class *out, brn_reader *rd, brn_verb verb)
{
    if (!brn_reader_take(rd, "prepared")) {
        return false;
    }
    out->verb = verb;
    out->flags |= BRN_STMT_ALONE;
    out->name = brn_postgres_take_string(rd);
    return true;
}

static void read_commit(brn_stmt_class *out, brn_reader *rd)
{
    if (!take_prepared(out, rd, BRN_VERB_COMMIT_PREPARED)) {
        read_chain(out, rd);
    }
}

static void read_rollback(brn_stmt_class *out, brn_reader *rd)
{
    if (take_prepared(out, rd, BRN_VERB_ROLLBACK_PREPARED)) {
        return;
    }
    read_chain(out, rd);
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

/* PREPARE TRANSACTION 'id', and PREPARE name AS statement. */
static void read_prepare(brn_stmt_class *out, brn_reader *rd)
{
    brn_reader ahead = *rd;

    if (brn_reader_take(&ahead, "transaction") && ahead.token.kind == BRN_TOKEN_STRING) {
        *rd = ahead;
        out->verb = BRN_VERB_PREPARE_TRANSACTION;
        out->flags |= BRN_STMT_NEEDS_TXN;
        out->name = brn_postgres_take_string(rd);
        return;
    }
    read_session(out, rd);
}

/* LOCK [TABLE] [ONLY] name */
static void read_lock(brn_stmt_class *out, brn_reader *rd)
{
    (void)brn_reader_take(rd, "table");
    (void)brn_reader_take(rd, "only");
    out->flags |= BRN_STMT_NEEDS_TXN;
    take_full_name(out, rd);
}

/* A cursor without HOLD ends with the transaction. */
static void read_declare(brn_stmt_class *out, brn_reader *rd)
{
    out->name = brn_reader_name(rd);
    for (; !brn_reader_at_end(rd) && !brn_reader_is(rd, "for"); brn_reader_next(rd)) {
        if (brn_reader_take_two(rd, "with", "hold")) {
            out->flags |= BRN_STMT_SESSION;
            return;
        }
    }
    out->flags |= BRN_STMT_NEEDS_TXN;
}

/* --- maintenance ------------------------------------------------------------------------------ */

/* [(options)] and the old ones without parentheses */
static void skip_options(brn_reader *rd)
{
    if (brn_reader_is_char(rd, '(')) {
        brn_reader_skip_parens(rd);
    }
    while (brn_reader_take(rd, "full") || brn_reader_take(rd, "freeze") ||
           brn_reader_take(rd, "verbose") || brn_reader_take(rd, "analyze") ||
           brn_reader_take(rd, "analyse") || brn_reader_take(rd, "only")) {
    }
}

static void read_analyze(brn_stmt_class *out, brn_reader *rd)
{
    skip_options(rd);
    take_full_name(out, rd);
}

static void read_vacuum(brn_stmt_class *out, brn_reader *rd)
{
    out->flags |= BRN_STMT_ALONE;
    read_analyze(out, rd);
}

/* CLUSTER [VERBOSE] [name [USING index]], CLUSTER index ON name; all tables without a name. */
static void read_cluster(brn_stmt_class *out, brn_reader *rd)
{
    read_analyze(out, rd);
    if (brn_reader_take(rd, "on")) {
        out->member = out->name;
        out->schema = BRN_STR("");
        take_full_name(out, rd);
    }
    out->flags |= out->name.len == 0 ? BRN_STMT_ALONE : 0;
}

/* REINDEX [(options)] INDEX|TABLE|SCHEMA|DATABASE|SYSTEM [CONCURRENTLY] [name] */
static void read_reindex(brn_stmt_class *out, brn_reader *rd)
{
    static const struct {
        const char *word;
        brn_object object;
        uint32_t flags;
    } kinds[] = {
        { "index", BRN_OBJECT_INDEX, 0 },
        { "table", BRN_OBJECT_TABLE, 0 },
        { "schema", BRN_OBJECT_SCHEMA, BRN_STMT_ALONE },
        { "database", BRN_OBJECT_DATABASE, BRN_STMT_ALONE },
        { "system", BRN_OBJECT_SYSTEM, BRN_STMT_ALONE },
    };
    bool concurrently =
        brn_reader_is_char(rd, '(') && brn_postgres_option_is_on(rd, "concurrently");

    skip_options(rd);
    for (size_t i = 0; i < BRN_ARRAY_LEN(kinds); i++) {
        if (brn_reader_take(rd, kinds[i].word)) {
            out->object = kinds[i].object;
            out->flags |= kinds[i].flags;
            break;
        }
    }
    if (brn_reader_take(rd, "concurrently") || concurrently) {
        out->flags |= BRN_STMT_CONCURRENTLY | BRN_STMT_ALONE;
    }
    take_full_name(out, rd);
}

/* COMMENT ON ... IS, SECURITY LABEL [FOR provider] ON ... IS */
static void read_comment(brn_stmt_class *out, brn_reader *rd)
{
    if (brn_reader_seek(rd, "on")) {
        brn_reader_next(rd);
        brn_postgres_read_named(out, rd);
    }
}

/* --- all of them ------------------------------------------------------------------------------ */

static const brn_verb_rule verbs[] = {
    { "create", BRN_VERB_CREATE, brn_postgres_read_create },
    { "drop", BRN_VERB_DROP, brn_postgres_read_drop },
    { "alter", BRN_VERB_ALTER, brn_postgres_read_alter },
    { "insert", BRN_VERB_INSERT, read_target },
    { "update", BRN_VERB_UPDATE, read_target },
    { "delete", BRN_VERB_DELETE, read_delete },
    { "merge", BRN_VERB_MERGE, read_target },
    { "select", BRN_VERB_SELECT, read_select },
    { "values", BRN_VERB_SELECT, NULL },
    { "table", BRN_VERB_SELECT, take_full_name },
    { "show", BRN_VERB_SELECT, NULL },
    { "fetch", BRN_VERB_SELECT, NULL },
    { "truncate", BRN_VERB_TRUNCATE, read_truncate },
    { "copy", BRN_VERB_COPY, read_copy },
    { "call", BRN_VERB_CALL, read_call },
    { "do", BRN_VERB_DO, read_do },
    { "set", BRN_VERB_SET, read_set },
    { "reset", BRN_VERB_RESET, read_reset },
    { "discard", BRN_VERB_DISCARD, read_discard },
    { "grant", BRN_VERB_GRANT, NULL },
    { "revoke", BRN_VERB_REVOKE, NULL },
    { "comment", BRN_VERB_COMMENT, read_comment },
    { "security", BRN_VERB_LABEL, read_comment },
    { "import", BRN_VERB_IMPORT, NULL },
    { "reassign", BRN_VERB_REASSIGN, NULL },
    { "refresh", BRN_VERB_REFRESH, read_refresh },
    { "vacuum", BRN_VERB_VACUUM, read_vacuum },
    { "analyze", BRN_VERB_ANALYZE, read_analyze },
    { "analyse", BRN_VERB_ANALYZE, read_analyze },
    { "reindex", BRN_VERB_REINDEX, read_reindex },
    { "cluster", BRN_VERB_CLUSTER, read_cluster },
    { "lock", BRN_VERB_LOCK, read_lock },
    { "begin", BRN_VERB_BEGIN, NULL },
    { "start", BRN_VERB_BEGIN, read_start },
    { "commit", BRN_VERB_COMMIT, read_commit },
    { "end", BRN_VERB_COMMIT, read_commit },
    { "rollback", BRN_VERB_ROLLBACK, read_rollback },
    { "abort", BRN_VERB_ROLLBACK, read_rollback },
    { "savepoint", BRN_VERB_SAVEPOINT, read_savepoint },
    { "release", BRN_VERB_RELEASE, read_savepoint },
    { "prepare", BRN_VERB_OTHER, read_prepare },
    { "declare", BRN_VERB_OTHER, read_declare },
    { "deallocate", BRN_VERB_OTHER, read_session },
    { "close", BRN_VERB_OTHER, read_session },
    { "listen", BRN_VERB_OTHER, read_session },
    { "unlisten", BRN_VERB_OTHER, read_session },
    { "load", BRN_VERB_OTHER, read_session },
};

/* SEARCH DEPTH|BREADTH FIRST BY columns SET column, CYCLE columns SET column [TO a DEFAULT b] USING
 * c */
static void skip_search_and_cycle(brn_reader *rd)
{
    while (brn_reader_is(rd, "search") || brn_reader_is(rd, "cycle")) {
        bool cycle = brn_reader_is(rd, "cycle");
        (void)brn_reader_seek(rd, cycle ? "using" : "set");
        brn_reader_next(rd);
        (void)brn_reader_name(rd);
    }
}

/* WITH [RECURSIVE] name [(columns)] AS [[NOT] MATERIALIZED] (statement) [SEARCH ...] [CYCLE ...],
 */
static void read_with(brn_stmt_class *out, brn_reader *rd)
{
    (void)brn_reader_take(rd, "recursive");
    do {
        (void)brn_reader_seek(rd, "as");
        (void)brn_reader_take(rd, "as");
        (void)brn_reader_take(rd, "not");
        (void)brn_reader_take(rd, "materialized");
        if (brn_reader_is_char(rd, '(')) {
            read_inner(out, rd);
        }
        skip_search_and_cycle(rd);
    } while (brn_reader_take_char(rd, ','));
}

/* EXPLAIN only shows, but with ANALYZE it also runs the statement: true, and the reader there. */
static bool take_explain(brn_reader *rd)
{
    bool runs = false;
    brn_reader ahead;

    brn_reader_next(rd);
    ahead = *rd;
    if (brn_reader_take_char(&ahead, '(') && !brn_reader_is(&ahead, "select") &&
        !brn_reader_is(&ahead, "with") && !brn_reader_is(&ahead, "values") &&
        !brn_reader_is(&ahead, "table") && !brn_reader_is_char(&ahead, '(')) {
        runs = brn_postgres_option_is_on(rd, "analyze") || brn_postgres_option_is_on(rd, "analyse");
        brn_reader_skip_parens(rd);
    } else {
        runs = brn_reader_take(rd, "analyze") || brn_reader_take(rd, "analyse");
        (void)brn_reader_take(rd, "verbose");
    }
    return runs;
}

void brn_postgres_classify(brn_stmt_class *out, brn_reader *rd)
{
    if (brn_reader_is(rd, "explain") && !take_explain(rd)) {
        out->verb = BRN_VERB_SELECT;
        out->flags = BRN_STMT_QUERY;
        return;
    }
    while (brn_reader_is_char(rd, '(')) {
        brn_reader_next(rd);
    }
    if (brn_reader_take(rd, "with")) {
        read_with(out, rd);
    }
    brn_classify_verb(out, rd, verbs, BRN_ARRAY_LEN(verbs));
    if ((out->flags & BRN_STMT_DML) != 0) {
        out->flags &= ~BRN_STMT_QUERY;
    }
    if (out->verb != BRN_VERB_CREATE && out->verb != BRN_VERB_ALTER && out->verb != BRN_VERB_DO) {
        find_functions(out, rd->arena, rd->lx.script);
    }
}
