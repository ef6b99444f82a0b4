/* SPDX-License-Identifier: Apache-2.0 */
#include "text/classify.h"

/* Reads the tokens of a statement that mean something, one ahead. */
typedef struct reader {
    brn_lexer lx;
    brn_token token; /* the one at hand; kind END at the end */
    brn_arena *arena;
} reader;

/* --- tokens ----------------------------------------------------------------------------------- */

static void next(reader *rd)
{
    do {
        /* Statements come from the splitter, so this fails for hand-made ones only: take it as the
         * end. */
        if (brn_lexer_next(&rd->lx, &rd->token, NULL) != BRANT_OK) {
            rd->token.kind = BRN_TOKEN_END;
        }
    } while (rd->token.kind == BRN_TOKEN_SPACE || rd->token.kind == BRN_TOKEN_LINE_COMMENT ||
             rd->token.kind == BRN_TOKEN_BLOCK_COMMENT);
}

static bool is(const reader *rd, const char *keyword)
{
    return rd->token.kind == BRN_TOKEN_WORD && brn_str_ieq(rd->token.text, brn_str_from(keyword));
}

static bool is_char(const reader *rd, char c)
{
    return rd->token.kind == BRN_TOKEN_OTHER && rd->token.text.ptr[0] == c;
}

/* Takes the keyword when it is at hand. */
static bool take(reader *rd, const char *keyword)
{
    bool found = is(rd, keyword);

    if (found) {
        next(rd);
    }
    return found;
}

static bool take_char(reader *rd, char c)
{
    bool found = is_char(rd, c);

    if (found) {
        next(rd);
    }
    return found;
}

/* A copy without quotes; `close` stands twice for itself, except in [brackets]. */
static brn_str unquote(brn_arena *arena, brn_str quoted, char close)
{
    brn_str inner = brn_str_slice(quoted, 1, quoted.len - 1);
    char *copy = brn_arena_strndup(arena, inner.ptr, inner.len);
    size_t len = 0;

    if (copy == NULL) {
        return BRN_STR("");
    }
    for (size_t i = 0; i < inner.len; i++) {
        copy[len++] = inner.ptr[i];
        i += inner.ptr[i] == close && close != ']';
    }
    copy[len] = '\0';
    return (brn_str){ copy, len };
}

/* What the token at hand says as a name or value; it may be quoted in any way. */
static brn_str token_text(const reader *rd)
{
    brn_str text = rd->token.text;
    char first = text.len > 0 ? text.ptr[0] : '\0';

    if (text.len >= 2 && (first == '"' || first == '`' || first == '\'')) {
        return unquote(rd->arena, text, first);
    }
    if (text.len >= 2 && first == '[') {
        return unquote(rd->arena, text, ']');
    }
    return brn_arena_str(rd->arena, text);
}

static bool is_name(const reader *rd)
{
    return rd->token.kind == BRN_TOKEN_WORD || rd->token.kind == BRN_TOKEN_NAME ||
           rd->token.kind == BRN_TOKEN_STRING;
}

/* Empty, and nothing taken, when no name is at hand. */
static brn_str take_name(reader *rd)
{
    brn_str name = BRN_STR("");

    if (is_name(rd)) {
        name = token_text(rd);
        next(rd);
    }
    return name;
}

/* [schema.]name */
static void take_full_name(brn_stmt_class *out, reader *rd)
{
    out->name = take_name(rd);
    if (out->name.len > 0 && take_char(rd, '.')) {
        out->schema = out->name;
        out->name = take_name(rd);
    }
}

/* From an opening parenthesis at hand to behind the one that closes it. */
static void skip_parens(reader *rd)
{
    size_t depth = 0;

    do {
        depth += is_char(rd, '(');
        depth -= is_char(rd, ')');
        next(rd);
    } while (depth > 0 && rd->token.kind != BRN_TOKEN_END);
}

/* --- statements ------------------------------------------------------------------------------- */

static bool take_if_exists(reader *rd)
{
    if (!take(rd, "if")) {
        return false;
    }
    (void)take(rd, "not");
    return take(rd, "exists");
}

static brn_object take_object(reader *rd)
{
    static const struct {
        const char *word;
        brn_object object;
    } objects[] = {
        { "table", BRN_OBJECT_TABLE },
        { "index", BRN_OBJECT_INDEX },
        { "view", BRN_OBJECT_VIEW },
        { "trigger", BRN_OBJECT_TRIGGER },
    };

    for (size_t i = 0; i < BRN_ARRAY_LEN(objects); i++) {
        if (take(rd, objects[i].word)) {
            return objects[i].object;
        }
    }
    return BRN_OBJECT_NONE;
}

static void read_create(brn_stmt_class *out, reader *rd)
{
    out->temporary = take(rd, "temp") || take(rd, "temporary");
    if (!take(rd, "unique")) {
        (void)take(rd, "virtual");
    }
    out->object = take_object(rd);
    if (out->object == BRN_OBJECT_NONE) {
        return;
    }
    out->if_exists = take_if_exists(rd);
    take_full_name(out, rd);
    out->temporary = out->temporary || brn_str_ieq(out->schema, BRN_STR("temp"));
}

static void read_drop(brn_stmt_class *out, reader *rd)
{
    out->object = take_object(rd);
    if (out->object != BRN_OBJECT_NONE) {
        out->if_exists = take_if_exists(rd);
        take_full_name(out, rd);
    }
}

static void read_rename(brn_stmt_class *out, reader *rd)
{
    out->alter = BRN_ALTER_RENAME_TABLE;
    if (!is(rd, "to")) {
        (void)take(rd, "column");
        out->alter = BRN_ALTER_RENAME_COLUMN;
        out->member = take_name(rd);
    }
    if (take(rd, "to")) {
        out->new_name = take_name(rd);
    }
}

static void read_alter(brn_stmt_class *out, reader *rd)
{
    out->object = take_object(rd);
    if (out->object != BRN_OBJECT_TABLE) {
        return;
    }
    take_full_name(out, rd);
    if (take(rd, "rename")) {
        read_rename(out, rd);
    } else if (is(rd, "add") || is(rd, "drop")) {
        out->alter = is(rd, "add") ? BRN_ALTER_ADD_COLUMN : BRN_ALTER_DROP_COLUMN;
        next(rd);
        (void)take(rd, "column");
        out->member = take_name(rd);
    }
}

/* INSERT OR IGNORE INTO, REPLACE INTO, UPDATE OR FAIL, DELETE FROM. */
static void read_target(brn_stmt_class *out, reader *rd)
{
    if (take(rd, "or")) {
        next(rd);
    }
    if (!take(rd, "into")) {
        (void)take(rd, "from");
    }
    take_full_name(out, rd);
}

/* Text of a value: a name, a string or a number with its sign. */
static brn_str take_value(reader *rd)
{
    bool minus = is_char(rd, '-');
    brn_str value;

    if (minus || is_char(rd, '+')) {
        next(rd);
    }
    value = token_text(rd);
    if (minus) {
        const char *text = brn_arena_printf(rd->arena, "-%.*s", BRN_STR_ARG(value));
        value = brn_str_from(text);
    }
    next(rd);
    return value;
}

static void read_pragma(brn_stmt_class *out, reader *rd)
{
    take_full_name(out, rd);
    if (take_char(rd, '=') || take_char(rd, '(')) {
        out->has_value = true;
        out->new_name = take_value(rd);
    }
}

static void read_vacuum(brn_stmt_class *out, reader *rd)
{
    if (!is(rd, "into")) {
        out->schema = take_name(rd);
    }
}

/* ATTACH [DATABASE] expression AS name */
static void read_attach(brn_stmt_class *out, reader *rd)
{
    (void)take(rd, "database");
    while (rd->token.kind != BRN_TOKEN_END && !is(rd, "as")) {
        if (is_char(rd, '(')) {
            skip_parens(rd);
        } else {
            next(rd);
        }
    }
    (void)take(rd, "as");
    out->name = take_name(rd);
}

static void read_detach(brn_stmt_class *out, reader *rd)
{
    (void)take(rd, "database");
    out->name = take_name(rd);
}

/* ROLLBACK [TRANSACTION [ignored]] [TO [SAVEPOINT] name] */
static void read_rollback(brn_stmt_class *out, reader *rd)
{
    if (take(rd, "transaction") && !is(rd, "to")) {
        (void)take_name(rd);
    }
    out->to_savepoint = take(rd, "to");
    if (out->to_savepoint) {
        (void)take(rd, "savepoint");
        out->name = take_name(rd);
    }
}

static void read_savepoint(brn_stmt_class *out, reader *rd)
{
    out->name = take_name(rd);
}

static void read_release(brn_stmt_class *out, reader *rd)
{
    (void)take(rd, "savepoint");
    out->name = take_name(rd);
}

static const struct verb {
    const char *word;
    brn_verb verb;
    void (*read)(brn_stmt_class *out, reader *rd); /* NULL: the verb says it all */
} verbs[] = {
    { "create", BRN_VERB_CREATE, read_create },
    { "drop", BRN_VERB_DROP, read_drop },
    { "alter", BRN_VERB_ALTER, read_alter },
    { "insert", BRN_VERB_INSERT, read_target },
    { "replace", BRN_VERB_INSERT, read_target },
    { "update", BRN_VERB_UPDATE, read_target },
    { "delete", BRN_VERB_DELETE, read_target },
    { "select", BRN_VERB_SELECT, NULL },
    { "values", BRN_VERB_SELECT, NULL },
    { "explain", BRN_VERB_SELECT, NULL },
    { "pragma", BRN_VERB_PRAGMA, read_pragma },
    { "vacuum", BRN_VERB_VACUUM, read_vacuum },
    { "analyze", BRN_VERB_ANALYZE, take_full_name },
    { "reindex", BRN_VERB_REINDEX, take_full_name },
    { "attach", BRN_VERB_ATTACH, read_attach },
    { "detach", BRN_VERB_DETACH, read_detach },
    { "begin", BRN_VERB_BEGIN, NULL },
    { "commit", BRN_VERB_COMMIT, NULL },
    { "end", BRN_VERB_COMMIT, NULL },
    { "rollback", BRN_VERB_ROLLBACK, read_rollback },
    { "savepoint", BRN_VERB_SAVEPOINT, read_savepoint },
    { "release", BRN_VERB_RELEASE, read_release },
};

/* WITH [RECURSIVE] name [(columns)] AS [[NOT] MATERIALIZED] (select), ... */
static void skip_with(reader *rd)
{
    (void)take(rd, "recursive");
    do {
        (void)take_name(rd);
        if (is_char(rd, '(')) {
            skip_parens(rd);
        }
        (void)take(rd, "as");
        (void)take(rd, "not");
        (void)take(rd, "materialized");
        if (is_char(rd, '(')) {
            skip_parens(rd);
        }
    } while (take_char(rd, ','));
}

void brn_classify(
    brn_stmt_class *out, brn_arena *arena, const brn_dialect *dialect, const brn_stmt *stmt)
{
    brn_script script = { .text = stmt->text, .line = 1, .column = 1 };
    reader rd = { .arena = arena };
    brn_str none = BRN_STR("");

    *out = (brn_stmt_class){ .schema = none, .name = none, .member = none, .new_name = none };
    brn_lexer_init(&rd.lx, dialect, &script);
    next(&rd);
    if (take(&rd, "with")) {
        skip_with(&rd);
    }
    for (size_t i = 0; i < BRN_ARRAY_LEN(verbs); i++) {
        if (take(&rd, verbs[i].word)) {
            out->verb = verbs[i].verb;
            if (verbs[i].read != NULL) {
                verbs[i].read(out, &rd);
            }
            break;
        }
    }
}
