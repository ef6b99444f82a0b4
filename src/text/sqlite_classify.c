/* SPDX-License-Identifier: Apache-2.0 */
/* What SQLite's statements do. */
#include "text/classify_int.h"
#include "text/sqlite_int.h"

/* What the token at hand says as a name or value; it may be quoted in any way. */
static brn_str token_text(const brn_reader *rd)
{
    brn_str text = rd->token.text;
    char first = text.len > 0 ? text.ptr[0] : '\0';

    if (text.len >= 2 && (first == '"' || first == '`' || first == '\'')) {
        return brn_unquote(rd->arena, text, first);
    }
    if (text.len >= 2 && first == '[') {
        return brn_unquote(rd->arena, text, ']');
    }
    return brn_arena_str(rd->arena, text);
}

/* Empty, and nothing taken, when no name is at hand. SQLite takes strings for names. */
brn_str brn_sqlite_take_name(brn_reader *rd)
{
    brn_str name = BRN_STR("");

    if (rd->token.kind == BRN_TOKEN_WORD || rd->token.kind == BRN_TOKEN_NAME ||
        rd->token.kind == BRN_TOKEN_STRING) {
        name = token_text(rd);
        brn_reader_next(rd);
    }
    return name;
}

static void take_full_name(brn_stmt_class *out, brn_reader *rd)
{
    brn_reader_full_name(rd, &out->schema, &out->name);
}

/* --- statements ------------------------------------------------------------------------------- */

static brn_object take_object(brn_reader *rd)
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
        if (brn_reader_take(rd, objects[i].word)) {
            return objects[i].object;
        }
    }
    return BRN_OBJECT_NONE;
}

static void read_create(brn_stmt_class *out, brn_reader *rd)
{
    out->temporary = brn_reader_take(rd, "temp") || brn_reader_take(rd, "temporary");
    if (!brn_reader_take(rd, "unique")) {
        (void)brn_reader_take(rd, "virtual");
    }
    out->object = take_object(rd);
    if (out->object == BRN_OBJECT_NONE) {
        return;
    }
    out->if_exists = brn_reader_take_if_exists(rd);
    take_full_name(out, rd);
    out->temporary = out->temporary || brn_str_ieq(out->schema, BRN_STR("temp"));
}

static void read_drop(brn_stmt_class *out, brn_reader *rd)
{
    out->object = take_object(rd);
    if (out->object != BRN_OBJECT_NONE) {
        out->if_exists = brn_reader_take_if_exists(rd);
        take_full_name(out, rd);
    }
}

static void read_rename(brn_stmt_class *out, brn_reader *rd)
{
    out->alter = BRN_ALTER_RENAME_TABLE;
    if (!brn_reader_is(rd, "to")) {
        (void)brn_reader_take(rd, "column");
        out->alter = BRN_ALTER_RENAME_COLUMN;
        out->member = brn_reader_name(rd);
    }
    if (brn_reader_take(rd, "to")) {
        out->new_name = brn_reader_name(rd);
    }
}

static void read_alter(brn_stmt_class *out, brn_reader *rd)
{
    out->object = take_object(rd);
    if (out->object != BRN_OBJECT_TABLE) {
        return;
    }
    take_full_name(out, rd);
    if (brn_reader_take(rd, "rename")) {
        read_rename(out, rd);
    } else if (brn_reader_is(rd, "add") || brn_reader_is(rd, "drop")) {
        out->alter = brn_reader_is(rd, "add") ? BRN_ALTER_ADD_COLUMN : BRN_ALTER_DROP_COLUMN;
        brn_reader_next(rd);
        (void)brn_reader_take(rd, "column");
        out->member = brn_reader_name(rd);
    }
}

/* INSERT OR IGNORE INTO, REPLACE INTO, UPDATE OR FAIL, DELETE FROM. */
static void read_target(brn_stmt_class *out, brn_reader *rd)
{
    if (brn_reader_take(rd, "or")) {
        brn_reader_next(rd);
    }
    if (!brn_reader_take(rd, "into")) {
        (void)brn_reader_take(rd, "from");
    }
    take_full_name(out, rd);
}

/* Text of a value: a name, a string or a number with its sign. */
static brn_str take_value(brn_reader *rd)
{
    bool minus = brn_reader_is_char(rd, '-');
    brn_str value;

    if (minus || brn_reader_is_char(rd, '+')) {
        brn_reader_next(rd);
    }
    value = token_text(rd);
    if (minus) {
        const char *text = brn_arena_printf(rd->arena, "-%.*s", BRN_STR_ARG(value));
        value = brn_str_from(text);
    }
    brn_reader_next(rd);
    return value;
}

static void read_pragma(brn_stmt_class *out, brn_reader *rd)
{
    take_full_name(out, rd);
    if (brn_reader_take_char(rd, '=') || brn_reader_take_char(rd, '(')) {
        out->has_value = true;
        out->new_name = take_value(rd);
    }
}

static void read_vacuum(brn_stmt_class *out, brn_reader *rd)
{
    if (!brn_reader_is(rd, "into")) {
        out->schema = brn_reader_name(rd);
    }
}

/* ATTACH [DATABASE] expression AS name */
static void read_attach(brn_stmt_class *out, brn_reader *rd)
{
    (void)brn_reader_take(rd, "database");
    (void)brn_reader_seek(rd, "as");
    (void)brn_reader_take(rd, "as");
    out->name = brn_reader_name(rd);
}

static void read_detach(brn_stmt_class *out, brn_reader *rd)
{
    (void)brn_reader_take(rd, "database");
    out->name = brn_reader_name(rd);
}

/* ROLLBACK [TRANSACTION [ignored]] [TO [SAVEPOINT] name] */
static void read_rollback(brn_stmt_class *out, brn_reader *rd)
{
    if (brn_reader_take(rd, "transaction") && !brn_reader_is(rd, "to")) {
        (void)brn_reader_name(rd);
    }
    out->to_savepoint = brn_reader_take(rd, "to");
    if (out->to_savepoint) {
        (void)brn_reader_take(rd, "savepoint");
        out->name = brn_reader_name(rd);
    }
}

static void read_savepoint(brn_stmt_class *out, brn_reader *rd)
{
    out->name = brn_reader_name(rd);
}

static void read_release(brn_stmt_class *out, brn_reader *rd)
{
    (void)brn_reader_take(rd, "savepoint");
    out->name = brn_reader_name(rd);
}

static const brn_verb_rule verbs[] = {
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
static void skip_with(brn_reader *rd)
{
    (void)brn_reader_take(rd, "recursive");
    do {
        (void)brn_reader_name(rd);
        if (brn_reader_is_char(rd, '(')) {
            brn_reader_skip_parens(rd);
        }
        (void)brn_reader_take(rd, "as");
        (void)brn_reader_take(rd, "not");
        (void)brn_reader_take(rd, "materialized");
        if (brn_reader_is_char(rd, '(')) {
            brn_reader_skip_parens(rd);
        }
    } while (brn_reader_take_char(rd, ','));
}

void brn_sqlite_classify(brn_stmt_class *out, brn_reader *rd)
{
    if (brn_reader_take(rd, "with")) {
        skip_with(rd);
    }
    brn_classify_verb(out, rd, verbs, BRN_ARRAY_LEN(verbs));
}
