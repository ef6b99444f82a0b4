/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Splitter, classifier and placeholders over any bytes; pick.h says for which dialect. Holds:
 * statements and their rows lie in the text in order, with nothing but space, comments and
 * terminators between them, their places agree with brn_stmt_locate(), and each one split again is
 * itself; where a script for SQLite ends with a terminator, sqlite3_complete() sees nothing open
 * either.
 */
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/pick.h"
#include "text/classify.h"
#include "text/placeholder.h"
#include "text/section.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(what)                                                                                 \
    do {                                                                                           \
        if (!(what)) {                                                                             \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

static const char *lookup(const char *name, void *user)
{
    (void)user;
    return name[0] == 'a' ? "value" : name[0] == 'b' ? "" : NULL;
}

static void check_placeholders(brn_arena *arena, const brn_stmt *stmt)
{
    brn_str text = stmt->text;
    size_t before = 0;

    if (brn_placeholders_expand(&text, arena, stmt, "f", lookup, NULL, NULL) != BRANT_OK) {
        return;
    }
    /* Origins never go back, and stay inside. Few offsets: each look walks the statement. */
    for (size_t i = 0; i <= text.len && i < 64; i++) {
        size_t origin = brn_placeholders_origin(stmt, i, lookup, NULL);
        MUST(origin >= before && origin <= stmt->text.len);
        before = origin;
    }
}

static void check_again(brn_arena *arena, const brn_dialect *dialect, const brn_stmt *stmt)
{
    brn_script script = { .text = stmt->text, .line = 1, .column = 1, .mode = stmt->mode };
    brn_stmt_list again = { 0 };

    /* By itself it lacks its rows. */
    if (stmt->data.ptr == NULL) {
        MUST(brn_split(&again, arena, dialect, &script, NULL) == BRANT_OK);
        MUST(again.count == 1);
        MUST(brn_str_eq(again.items[0].text, stmt->text));
    }
}

/* Rows begin a line, and end with one: behind them stands the mark. */
static void check_rows(const brn_script *script, const brn_stmt *stmt)
{
    brn_stmt whole = { .text = script->text, .line = script->line, .column = script->column };
    brn_str data = stmt->data;
    uint32_t line;
    uint32_t column;

    MUST(data.ptr == script->text.ptr + stmt->data_offset);
    MUST(stmt->data_offset > stmt->offset + stmt->text.len);
    MUST(stmt->data_offset + data.len + 2 <= script->text.len);
    MUST(data.ptr[-1] == '\n' || data.ptr[-1] == '\r');
    MUST(data.len == 0 || data.ptr[data.len - 1] == '\n' || data.ptr[data.len - 1] == '\r');
    MUST(memcmp(data.ptr + data.len, "\\.", 2) == 0);
    brn_stmt_locate(&whole, (size_t)stmt->data_offset, &line, &column);
    MUST(line == stmt->data_line && column == 1);
}

static void check_stmt(
    brn_arena *arena, const brn_dialect *dialect, const brn_script *script, const brn_stmt *stmt)
{
    brn_stmt whole = { .text = script->text, .line = script->line, .column = script->column };
    brn_stmt_class is;
    uint32_t line;
    uint32_t column;

    MUST(stmt->text.len > 0 && stmt->offset + stmt->text.len <= script->text.len);
    MUST(stmt->text.ptr == script->text.ptr + stmt->offset);
    brn_stmt_locate(&whole, (size_t)stmt->offset, &line, &column);
    MUST(line == stmt->line && column == stmt->column);
    brn_stmt_locate(stmt, 0, &line, &column);
    MUST(line == stmt->line && column == stmt->column);
    check_again(arena, dialect, stmt);
    check_placeholders(arena, stmt);
    brn_classify(&is, arena, dialect, stmt);
    /* SET NAMES is a setting with a longer name. */
    MUST(is.name.len <= stmt->text.len + 16 && is.new_name.len <= stmt->text.len + 1);
}

static bool has_word(brn_str text, const char *word)
{
    for (size_t i = 0; i < text.len; i++) {
        if (brn_str_ieq(brn_str_slice(text, i, i + strlen(word)), brn_str_from(word))) {
            return true;
        }
    }
    return false;
}

/*
 * SQLite's function knows less than its parser: it takes a trigger without a body and words behind
 * END for an open body, so scripts with triggers are left to the tests with sqlite3_prepare_v2().
 */
static void check_complete(const brn_script *script)
{
    char *text = NULL;

    if (memchr(script->text.ptr, '\0', script->text.len) != NULL ||
        has_word(script->text, "trigger")) {
        return;
    }
    text = malloc(script->text.len + 3);
    MUST(text != NULL);
    memcpy(text, script->text.ptr, script->text.len);
    memcpy(text + script->text.len, "\n;", 3);
    MUST(sqlite3_complete(text) != 0);
    free(text);
}

/* Those whose text SQLite reads in another way: variables and blobs it takes for illegal. */
static bool is_odd(const brn_script *script)
{
    brn_lexer lx;
    brn_token token;

    brn_lexer_init(&lx, &brn_dialect_sqlite, script);
    while (brn_lexer_next(&lx, &token, NULL) == BRANT_OK && token.kind != BRN_TOKEN_END) {
        if (token.kind == BRN_TOKEN_VARIABLE && brn_str_find_char(token.text, '(') != SIZE_MAX) {
            return true;
        }
    }
    return false;
}

/* Those who read a whole script for another reason must not fall over its rows. */
static void check_readers(brn_arena *arena, const brn_dialect *dialect, const brn_script *script)
{
    brn_sections sections = { 0 };
    brn_props props;

    brn_props_init(&props);
    (void)brn_sections_find(&sections, dialect, script, NULL);
    (void)brn_directives_read(&props, arena, dialect, script, NULL);
}

/* The statement or the rows in which the token lies; the list is in order. */
static void check_token(const brn_token *token, const brn_stmt_list *list, size_t *at)
{
    uint64_t end = token->offset + token->text.len;
    const brn_stmt *stmt;

    while (*at < list->count && list->items[*at].offset + list->items[*at].text.len < end &&
           token->kind != BRN_TOKEN_DATA) {
        (*at)++;
    }
    MUST(*at < list->count);
    stmt = &list->items[*at];
    MUST(
        token->kind == BRN_TOKEN_DATA ? token->offset == stmt->data_offset
                                      : token->offset >= stmt->offset);
}

/* Between the statements and their rows is nothing but space, comments and terminators. */
static void check_list(
    brn_arena *arena,
    const brn_dialect *dialect,
    const brn_script *script,
    const brn_stmt_list *list)
{
    size_t at = 0;
    brn_token token;
    brn_lexer lx;

    for (size_t i = 0; i < list->count; i++) {
        check_stmt(arena, dialect, script, &list->items[i]);
        if (list->items[i].data.ptr != NULL) {
            check_rows(script, &list->items[i]);
        }
    }
    brn_lexer_init(&lx, dialect, script);
    while (brn_lexer_next(&lx, &token, NULL) == BRANT_OK && token.kind != BRN_TOKEN_END) {
        if (!brn_token_is_filler(token.kind) && !brn_token_is_terminator(token.kind)) {
            check_token(&token, list, &at);
        }
    }
}

static void check_script(const brn_dialect *dialect, const brn_script *script)
{
    brn_arena arena = { 0 };
    brn_stmt_list list = { 0 };
    brant_error *err = NULL;
    brant_status st = brn_split(&list, &arena, dialect, script, &err);

    MUST((st == BRANT_OK) == (err == NULL));
    MUST(st == BRANT_OK || (brant_error_line(err) > 0 && brant_error_column(err) > 0));
    if (st == BRANT_OK) {
        check_list(&arena, dialect, script, &list);
    }
    if (st == BRANT_OK && dialect == &brn_dialect_sqlite && !is_odd(script)) {
        check_complete(script);
    }
    check_readers(&arena, dialect, script);
    brant_error_free(err);
    brn_arena_release(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    brn_str raw = size > 0 ? (brn_str){ (const char *)data, size } : BRN_STR("");
    brn_script script;
    brn_script checked = { 0 };
    const brn_dialect *dialect = pick(&script, data, size);

    check_script(dialect, &script);
    (void)brn_script_check(&checked, raw, "f", NULL);
    return 0;
}
