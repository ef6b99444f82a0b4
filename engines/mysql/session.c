/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a migration changes for the session must not reach the next one. The server could do it at
 * once (COM_RESET_CONNECTION), and would release the migration lock. So before the first statement
 * that changes anything the settings are read, and afterwards those that differ are set back.
 * Variables of the user, temporary tables and prepared statements are noted by name.
 *
 * What a procedure sets by itself is found among the settings only.
 */
#include "engines/mysql/mysql.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "text/reader.h"

/* Not settings: they tell of what happened, or differ by themselves. */
static bool is_telling(const char *name)
{
    static const char *const names[] = {
        "error_count",
        "external_user",
        "gtid_binlog_pos",
        "gtid_current_pos",
        "identity",
        "insert_id",
        "in_predicate_conversion_threshold",
        "in_transaction",
        "last_gtid",
        "last_insert_id",
        "proxy_user",
        "pseudo_thread_id",
        "rand_seed1",
        "rand_seed2",
        "timestamp",
        "warning_count",
        "gtid_seq_no",
        "statement_id",
        "skip_replication",
    };

    for (size_t i = 0; i < BRN_ARRAY_LEN(names); i++) {
        if (strcmp(name, names[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* --- before ----------------------------------------------------------------------------------- */

static bool keep_home(void *user, size_t index, MYSQL_RES *rows)
{
    brn_buf *home = user;
    MYSQL_ROW row = NULL;

    (void)index;
    while (rows != NULL && (row = mysql_fetch_row(rows)) != NULL) {
        for (size_t i = 0; i < 2; i++) {
            const char *text = row[i] != NULL ? row[i] : "";

            brn_buf_add(home, text, strlen(text) + 1);
        }
    }
    return !home->failed;
}

static brant_status read_home(brn_mysql *p, brant_error **err)
{
    if (p->home.len > 0) {
        return BRANT_OK;
    }
    return brn_mysql_ask(p, BRN_STR("SHOW SESSION VARIABLES"), keep_home, &p->home, err);
}

static void add_undo(brn_mysql *p, const char *verb, const char *schema, const char *name)
{
    brn_buf_add_c(&p->undo, verb);
    if (schema != NULL) {
        brn_mysql_add_name(&p->undo, schema);
        brn_buf_add_char(&p->undo, '.');
    }
    brn_mysql_add_name(&p->undo, name);
    brn_buf_add_char(&p->undo, '\0');
}

/* SET @a = ..., SELECT ... INTO @a: every variable that is named. */
static void note_variables(brn_mysql *p, brn_str sql)
{
    brn_script script = { .text = sql, .line = 1, .column = 1, .mode = brn_mysql_lex_mode(p) };
    brn_token token;
    brn_lexer lx;

    brn_lexer_init(&lx, &brn_dialect_mysql, &script);
    while (brn_lexer_next(&lx, &token, NULL) == BRANT_OK && token.kind != BRN_TOKEN_END) {
        if (token.kind == BRN_TOKEN_VARIABLE && token.text.len > 1 && token.text.ptr[0] == '@' &&
            token.text.ptr[1] != '@') {
            brn_buf_add_c(&p->undo, "SET ");
            brn_buf_add_str(&p->undo, token.text);
            brn_buf_add_c(&p->undo, " = NULL");
            brn_buf_add_char(&p->undo, '\0');
        }
    }
}

static bool changes_session(const brn_stmt_class *what)
{
    return (what->flags & (BRN_STMT_SESSION | BRN_STMT_MAY_COMMIT)) != 0 || what->temporary;
}

brant_status brn_mysql_note_session(
    brn_mysql *p, const brn_stmt_class *what, brn_str sql, brant_error **err)
{
    brn_arena arena;
    brant_status st;

    if (!changes_session(what)) {
        return BRANT_OK;
    }
    st = read_home(p, err);
    if (st != BRANT_OK) {
        return st;
    }
    p->dirty = true;
    brn_arena_init(&arena);
    note_variables(p, sql);
    if (what->temporary && what->name.len > 0) {
        const char *name = brn_arena_strndup(&arena, what->name.ptr, what->name.len);
        const char *schema = brn_arena_strndup(&arena, what->schema.ptr, what->schema.len);

        if (name != NULL && schema != NULL) {
            add_undo(
                p, "DROP TEMPORARY TABLE IF EXISTS ", what->schema.len > 0 ? schema : NULL, name);
        }
    } else if (what->verb == BRN_VERB_OTHER && what->name.len > 0) {
        const char *name = brn_arena_strndup(&arena, what->name.ptr, what->name.len);

        if (name != NULL) {
            add_undo(p, "DEALLOCATE PREPARE ", NULL, name);
        }
    }
    st = arena.oom || p->undo.failed ? brn_error_oom(err) : BRANT_OK;
    brn_arena_release(&arena);
    return st;
}

/* --- afterwards ------------------------------------------------------------------------------- */

typedef struct comparison {
    const brn_buf *home;
    brn_buf sets; /* statements, each with its NUL */
} comparison;

/* Both come in the same order, as a rule; what has not been there is left alone. */
static const char *home_value(const brn_buf *home, size_t *hint, const char *name)
{
    for (int pass = 0; pass < 2; pass++) {
        for (size_t at = pass == 0 ? *hint : 0; at < home->len;) {
            const char *key = home->ptr + at;
            const char *value = key + strlen(key) + 1;

            at = (size_t)(value - home->ptr) + strlen(value) + 1;
            if (strcmp(key, name) == 0) {
                *hint = at;
                return value;
            }
        }
    }
    return NULL;
}

static bool is_number(const char *text)
{
    size_t i = text[0] == '-' ? 1 : 0;

    if (text[i] == '\0') {
        return false;
    }
    for (; text[i] != '\0'; i++) {
        if ((text[i] < '0' || text[i] > '9') && text[i] != '.') {
            return false;
        }
    }
    return true;
}

static bool compare(void *user, size_t index, MYSQL_RES *rows)
{
    comparison *c = user;
    MYSQL_ROW row = NULL;
    size_t hint = 0;

    (void)index;
    while (rows != NULL && (row = mysql_fetch_row(rows)) != NULL) {
        const char *now = row[1] != NULL ? row[1] : "";
        const char *before = home_value(c->home, &hint, row[0]);

        if (before == NULL || strcmp(before, now) == 0 || is_telling(row[0])) {
            continue;
        }
        brn_buf_printf(&c->sets, "SET SESSION %s = ", row[0]);
        if (is_number(before)) {
            brn_buf_add_c(&c->sets, before);
        } else {
            brn_mysql_add_text(&c->sets, before, strlen(before));
        }
        brn_buf_add_char(&c->sets, '\0');
    }
    return !c->sets.failed;
}

/* One by one: what cannot be taken back, or is gone already, keeps nothing else. */
static void run_each(brn_mysql *p, const brn_buf *statements)
{
    for (size_t at = 0; at < statements->len && !brn_mysql_is_lost(p);) {
        const char *sql = statements->ptr + at;

        (void)brn_mysql_ask_quietly(p, brn_str_from(sql), NULL, NULL, NULL);
        at += strlen(sql) + 1;
    }
}

brant_status brn_mysql_restore(brn_mysql *p, brant_error **err)
{
    comparison c = { .home = &p->home };
    brn_buf use;
    brant_status st;

    if (!p->dirty) {
        return BRANT_OK;
    }
    brn_buf_init(&c.sets, 0);
    brn_buf_init(&use, 0);
    brn_buf_add_c(&use, "USE ");
    brn_mysql_add_name(&use, p->dbname);
    st = use.failed ? brn_error_oom(err)
                    : brn_mysql_ask_quietly(p, brn_buf_str(&use), NULL, NULL, err);
    if (st == BRANT_OK) {
        st = brn_mysql_ask_quietly(p, BRN_STR("SHOW SESSION VARIABLES"), compare, &c, err);
    }
    if (st == BRANT_OK) {
        run_each(p, &c.sets);
        run_each(p, &p->undo);
        brn_buf_reset(&p->undo);
        p->dirty = false;
        st = brn_mysql_is_lost(p) ? brn_mysql_lost(p, err) : BRANT_OK;
    }
    brn_buf_release(&use);
    brn_buf_release(&c.sets);
    return st;
}
