/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Definitions folded so that two that mean the same compare equal: one space between tokens, no
 * comments, bare words in lower case. SQLite stores a CREATE without TEMP, IF NOT EXISTS and
 * schema, so those go as well. Quoted names stay as they are: SQLite may take one for a string.
 */
#include "engines/sqlite/sqlite.h"

typedef struct folder {
    brn_script script;
    brn_lexer lx;
    brn_token token; /* at hand; space and comments are passed over */
    brn_buf *out;
} folder;

static void next(folder *f)
{
    do {
        if (brn_lexer_next(&f->lx, &f->token, NULL) != BRANT_OK) {
            f->token.kind = BRN_TOKEN_END;
        }
    } while (f->token.kind == BRN_TOKEN_SPACE || f->token.kind == BRN_TOKEN_LINE_COMMENT ||
             f->token.kind == BRN_TOKEN_BLOCK_COMMENT);
}

static void begin(folder *f, brn_buf *out, brn_str sql)
{
    f->script = (brn_script){ .text = sql, .line = 1, .column = 1 };
    f->out = out;
    brn_buf_reset(out);
    brn_lexer_init(&f->lx, &brn_dialect_sqlite, &f->script);
    next(f);
}

static bool is_word(const folder *f, const char *word)
{
    return f->token.kind == BRN_TOKEN_WORD && brn_str_ieq(f->token.text, brn_str_from(word));
}

static bool skip_word(folder *f, const char *word)
{
    bool found = is_word(f, word);

    if (found) {
        next(f);
    }
    return found;
}

static void add_lower(brn_buf *out, brn_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];

        brn_buf_add_char(out, c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c);
    }
}

static void add_token(folder *f)
{
    if (f->out->len > 0) {
        brn_buf_add_char(f->out, ' ');
    }
    if (f->token.kind == BRN_TOKEN_WORD) {
        add_lower(f->out, f->token.text);
    } else {
        brn_buf_add_str(f->out, f->token.text);
    }
    next(f);
}

/* The name of the object itself, which compares without case and without quotes. */
static void add_own_name(folder *f)
{
    brn_str name = f->token.text;

    next(f);
    if (f->token.kind == BRN_TOKEN_OTHER && brn_str_eq(f->token.text, BRN_STR("."))) {
        next(f);
        name = f->token.text;
        next(f);
    }
    if (name.len >= 2 &&
        (name.ptr[0] == '"' || name.ptr[0] == '`' || name.ptr[0] == '[' || name.ptr[0] == '\'')) {
        name = brn_str_slice(name, 1, name.len - 1);
    }
    brn_buf_add_char(f->out, ' ');
    add_lower(f->out, name);
}

static void add_rest(folder *f)
{
    while (f->token.kind != BRN_TOKEN_END) {
        add_token(f);
    }
    while (f->out->len > 0 &&
           (f->out->ptr[f->out->len - 1] == ';' || f->out->ptr[f->out->len - 1] == ' ')) {
        brn_buf_truncate(f->out, f->out->len - 1);
    }
}

void brn_sqlite_fold_create(brn_buf *out, brn_str sql)
{
    folder f = { 0 };

    begin(&f, out, sql);
    while (f.token.kind != BRN_TOKEN_END && !is_word(&f, "table") && !is_word(&f, "index") &&
           !is_word(&f, "view") && !is_word(&f, "trigger")) {
        if (!skip_word(&f, "temp") && !skip_word(&f, "temporary")) {
            add_token(&f);
        }
    }
    add_token(&f);
    if (skip_word(&f, "if")) {
        (void)skip_word(&f, "not");
        (void)skip_word(&f, "exists");
    }
    add_own_name(&f);
    add_rest(&f);
}

void brn_sqlite_fold_column(brn_buf *out, brn_str alter)
{
    folder f = { 0 };
    brn_buf name;

    brn_buf_init(&name, 0);
    begin(&f, out, alter);
    (void)skip_word(&f, "alter");
    (void)skip_word(&f, "table");
    f.out = &name; /* of the table: not wanted */
    add_own_name(&f);
    f.out = out;
    (void)skip_word(&f, "add");
    (void)skip_word(&f, "column");
    add_rest(&f);
    brn_buf_release(&name);
}
