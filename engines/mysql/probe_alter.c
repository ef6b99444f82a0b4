/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ALTER TABLE, part by part. A part that is visibly not done tells that nothing of it is. Otherwise
 * the statement is rehearsed: on a copy on which the parts that can be done only once are undone.
 */
#include "engines/mysql/probe.h"

#include <string.h>

#include "text/reader.h"

/* One part of the statement. */
typedef struct piece {
    brn_str text;
    brn_stmt_class what;
} piece;

typedef struct altering {
    brn_mysql_probing *x;
    BRN_VEC(piece) pieces;
    brn_mysql_texts undo;
    bool settled;  /* a verdict was told */
    bool shape;    /* parts that need no comparison: what they take away is gone */
    bool compares; /* parts that do */
    bool once;     /* of those, some that can be done only once */
    bool lost;     /* parts that cannot be undone on the copy */
    const char *gone;
} altering;

static bool push_undo(altering *a, const char *text)
{
    const char **slot = text != NULL ? BRN_VEC_PUSH(a->x->arena, &a->undo) : NULL;

    if (slot == NULL) {
        return false;
    }
    *slot = text;
    return true;
}

static brant_status exists_in(
    bool *out,
    altering *a,
    const char *view,
    const char *column,
    const char *name,
    brant_error **err)
{
    const char *text = NULL;
    brant_status st = brn_mysql_probe_ask(
        &text, a->x, err,
        "SELECT 1 FROM information_schema.%s WHERE TABLE_SCHEMA = %s AND TABLE_NAME = %s"
        " AND %s = %s LIMIT 1",
        view, brn_mysql_quoted(a->x, a->x->schema), brn_mysql_quoted(a->x, a->x->name), column,
        brn_mysql_quoted(a->x, name));

    *out = text != NULL;
    return st;
}

static const struct member_kind {
    brn_alter alter;
    bool adds;
    const char *word;
    const char *view;
    const char *column;
    const char *undo; /* on the copy: "DROP COLUMN", with the name behind it; NULL: cannot */
    const char *tail;
} member_kinds[] = {
    { BRN_ALTER_ADD_COLUMN, true, "column", "COLUMNS", "COLUMN_NAME", "DROP COLUMN", "" },
    { BRN_ALTER_DROP_COLUMN, false, "column", "COLUMNS", "COLUMN_NAME", "ADD COLUMN", " int" },
    { BRN_ALTER_ADD_INDEX, true, "index", "STATISTICS", "INDEX_NAME", "DROP INDEX", "" },
    { BRN_ALTER_DROP_INDEX, false, "index", "STATISTICS", "INDEX_NAME", NULL, "" },
    { BRN_ALTER_ADD_CONSTRAINT, true, "constraint", "TABLE_CONSTRAINTS", "CONSTRAINT_NAME",
      "DROP CONSTRAINT", "" },
    { BRN_ALTER_DROP_CONSTRAINT, false, "constraint", "TABLE_CONSTRAINTS", "CONSTRAINT_NAME", NULL,
      "" },
    { BRN_ALTER_ADD_PARTITION, true, "partition", "PARTITIONS", "PARTITION_NAME", "DROP PARTITION",
      "" },
    { BRN_ALTER_DROP_PARTITION, false, "partition", "PARTITIONS", "PARTITION_NAME", NULL, "" },
};

static const struct member_kind *find_kind(brn_alter alter)
{
    for (size_t i = 0; i < BRN_ARRAY_LEN(member_kinds); i++) {
        if (member_kinds[i].alter == alter) {
            return &member_kinds[i];
        }
    }
    return NULL;
}

static void settle(altering *a, const char *word, const char *name, bool exists)
{
    brn_mysql_tell(
        a->x, BRN_VERDICT_NOT_DONE, exists ? "%s \"%s\" exists" : "%s \"%s\" does not exist", word,
        name);
    a->settled = true;
}

static void begin_reading(brn_reader *rd, brn_script *script, altering *a, brn_str text)
{
    *script = (brn_script){ .text = text, .line = 1, .column = 1, .mode = a->x->stmt->mode };
    brn_reader_init(rd, a->x->arena, &brn_dialect_mysql, script);
}

static bool has_word(altering *a, const piece *part, const char *word)
{
    brn_script script;
    brn_reader rd;

    begin_reading(&rd, &script, a, part->text);
    return brn_reader_seek(&rd, word);
}

/* Constraints that the copy of a rehearsal has not. */
static bool is_not_copied(altering *a, const piece *part)
{
    return part->what.alter == BRN_ALTER_ADD_CONSTRAINT &&
           (has_word(a, part, "foreign") || (!a->x->p->maria && has_word(a, part, "check")));
}

static bool has_if_exists(altering *a, const piece *part)
{
    brn_script script;
    brn_reader rd;

    for (begin_reading(&rd, &script, a, part->text); !brn_reader_at_end(&rd);
         brn_reader_next(&rd)) {
        if (brn_reader_take_if_exists(&rd)) {
            return true;
        }
    }
    return false;
}

static brant_status look_at_member(
    altering *a, const struct member_kind *kind, const piece *part, brant_error **err)
{
    const char *name = brn_mysql_copy(a->x, part->what.member);
    bool exists = false;
    bool undoes;
    brant_status st;

    /* Without a name only the comparison can tell. */
    if (name[0] == '\0') {
        a->compares = true;
        a->once = true;
        a->lost = true;
        return BRANT_OK;
    }
    st = exists_in(&exists, a, kind->view, kind->column, name, err);
    if (st != BRANT_OK) {
        return st;
    }
    if (exists != kind->adds) {
        settle(a, kind->word, name, exists);
        return BRANT_OK;
    }
    /* What may never have been there proves nothing of the other parts. */
    if (!kind->adds && has_if_exists(a, part)) {
        a->compares = true;
        return BRANT_OK;
    }
    undoes = kind->undo != NULL && !is_not_copied(a, part);
    a->gone = kind->adds ? a->gone : name;
    a->shape = a->shape || !kind->adds;
    a->compares = a->compares || kind->adds;
    a->once = a->once || kind->adds;
    a->lost = a->lost || kind->undo == NULL;
    if (undoes &&
        !push_undo(
            a, brn_arena_printf(
                   a->x->arena, "%s %s%s", kind->undo, brn_mysql_named(a->x, name), kind->tail))) {
        return brn_error_oom(err);
    }
    return BRANT_OK;
}

/* RENAME COLUMN a TO b, CHANGE a b ...; of indexes likewise. */
static brant_status look_at_names(
    altering *a, const brn_stmt_class *part, bool index, brant_error **err)
{
    const char *from = brn_mysql_copy(a->x, part->member);
    const char *to = brn_mysql_copy(a->x, part->new_name);
    const char *view = index ? "STATISTICS" : "COLUMNS";
    const char *column = index ? "INDEX_NAME" : "COLUMN_NAME";
    bool before = false;
    bool after = false;
    brant_status st = exists_in(&before, a, view, column, from, err);

    if (strcmp(from, to) == 0) {
        a->compares = true;
        return st;
    }
    st = st == BRANT_OK ? exists_in(&after, a, view, column, to, err) : st;
    if (st != BRANT_OK) {
        return st;
    }
    if (before && !after) {
        settle(a, index ? "index" : "column", from, true);
        return BRANT_OK;
    }
    a->compares = true;
    a->once = true;
    return push_undo(
               a, brn_arena_printf(
                      a->x->arena, "RENAME %s %s TO %s", index ? "INDEX" : "COLUMN",
                      brn_mysql_named(a->x, to), brn_mysql_named(a->x, from)))
               ? BRANT_OK
               : brn_error_oom(err);
}

/* --- parts ------------------------------------------------------------------------------------ */

static bool is_rename(brn_alter alter)
{
    return alter == BRN_ALTER_RENAME_COLUMN || alter == BRN_ALTER_CHANGE_COLUMN ||
           alter == BRN_ALTER_RENAME_INDEX;
}

static const struct member_kind primary_kinds[] = {
    { BRN_ALTER_ADD_CONSTRAINT, true, "index", "STATISTICS", "INDEX_NAME", "DROP INDEX", "" },
    { BRN_ALTER_DROP_CONSTRAINT, false, "index", "STATISTICS", "INDEX_NAME", NULL, "" },
};

/* ADD [CONSTRAINT [name]] PRIMARY KEY, DROP PRIMARY KEY: an index that has this name. */
static const struct member_kind *as_primary(altering *a, piece *part)
{
    brn_script script;
    brn_reader rd;
    bool adds;

    begin_reading(&rd, &script, a, part->text);
    adds = brn_reader_take(&rd, "add");
    if (!adds && !brn_reader_take(&rd, "drop")) {
        return NULL;
    }
    if (adds && brn_reader_take(&rd, "constraint") && !brn_reader_is(&rd, "primary")) {
        (void)brn_reader_name(&rd);
    }
    if (!brn_reader_is(&rd, "primary")) {
        return NULL;
    }
    part->what.member = BRN_STR("PRIMARY");
    return &primary_kinds[adds ? 0 : 1];
}

/* Of columns, or of what has a name beside theirs. */
static bool names_column(brn_alter alter)
{
    return alter == BRN_ALTER_ADD_COLUMN || alter == BRN_ALTER_DROP_COLUMN ||
           alter == BRN_ALTER_RENAME_COLUMN || alter == BRN_ALTER_CHANGE_COLUMN;
}

static bool has_name(const brn_stmt_class *part, brn_str name)
{
    return name.len > 0 && (brn_str_ieq(part->member, name) ||
                            (is_rename(part->alter) && brn_str_ieq(part->new_name, name)));
}

/* Whether another part is about the same name, as where two columns change theirs for each other:
 * whether there is one of that name then tells nothing. */
static bool meets_another(const altering *a, const piece *part)
{
    for (size_t i = 0; i < a->pieces.count; i++) {
        const brn_stmt_class *other = &a->pieces.items[i].what;

        if (other != &part->what && (find_kind(other->alter) != NULL || is_rename(other->alter)) &&
            names_column(other->alter) == names_column(part->what.alter) &&
            (has_name(other, part->what.member) ||
             (is_rename(part->what.alter) && has_name(other, part->what.new_name)))) {
            return true;
        }
    }
    return false;
}

static brant_status look_at_part(altering *a, piece *part, brant_error **err)
{
    const struct member_kind *primary = as_primary(a, part);
    const struct member_kind *kind = primary != NULL ? primary : find_kind(part->what.alter);
    bool renames = is_rename(part->what.alter);

    if ((kind != NULL || renames) && meets_another(a, part)) {
        /* An index that is dropped and made again comes out the same a second time. */
        a->compares = true;
        a->lost = a->lost || renames || names_column(part->what.alter);
        return BRANT_OK;
    }
    if (kind != NULL) {
        return look_at_member(a, kind, part, err);
    }
    if (renames) {
        return look_at_names(a, &part->what, part->what.alter == BRN_ALTER_RENAME_INDEX, err);
    }
    a->compares = true;
    /* What takes rows away, and the table's next number, are not in its definition. */
    a->lost = a->lost || part->what.alter == BRN_ALTER_RENAME_TABLE ||
              (part->what.flags & BRN_STMT_DESTRUCTIVE) != 0 ||
              brn_str_ieq(brn_str_slice(part->text, 0, 14), BRN_STR("auto_increment"));
    return BRANT_OK;
}

static brant_status add_piece(altering *a, brn_str text, brant_error **err)
{
    const char *whole = brn_arena_printf(a->x->arena, "ALTER TABLE t %.*s", BRN_STR_ARG(text));
    brn_stmt stmt = { .text = brn_str_from(whole), .line = 1, .column = 1 };
    piece *part = whole != NULL ? BRN_VEC_PUSH(a->x->arena, &a->pieces) : NULL;

    if (part == NULL) {
        return brn_error_oom(err);
    }
    stmt.mode = a->x->stmt->mode;
    part->text = text;
    brn_classify(&part->what, a->x->arena, &brn_dialect_mysql, &stmt);
    return BRANT_OK;
}

/* What moves rows or files between tables must not be rehearsed: the copy would take them along. */
static bool reaches_others(altering *a)
{
    brn_script script;
    brn_reader rd;

    for (begin_reading(&rd, &script, a, a->x->stmt->text); !brn_reader_at_end(&rd);
         brn_reader_next(&rd)) {
        if (brn_reader_is(&rd, "exchange") || brn_reader_is(&rd, "discard") ||
            brn_reader_is(&rd, "import") || brn_reader_is(&rd, "union") ||
            brn_reader_take_two(&rd, "convert", "partition") ||
            brn_reader_take_two(&rd, "convert", "table")) {
            return true;
        }
    }
    return false;
}

/* Parts are between commas outside of parentheses. */
static brant_status split(altering *a, brant_error **err)
{
    brn_str text = a->x->stmt->text;
    brn_str schema = BRN_STR("");
    brn_str name = BRN_STR("");
    brant_status st = BRANT_OK;
    brn_script script;
    brn_reader rd;

    begin_reading(&rd, &script, a, text);
    (void)brn_reader_seek(&rd, "table");
    brn_reader_next(&rd);
    (void)brn_reader_take_if_exists(&rd);
    brn_reader_full_name(&rd, &schema, &name);
    (void)brn_reader_take(&rd, "nowait");
    if (brn_reader_take(&rd, "wait")) {
        brn_reader_next(&rd);
    }
    while (!brn_reader_at_end(&rd) && st == BRANT_OK) {
        size_t from = (size_t)rd.token.offset;
        size_t to;

        while (!brn_reader_at_end(&rd) && !brn_reader_is_char(&rd, ',')) {
            if (brn_reader_is_char(&rd, '(')) {
                brn_reader_skip_parens(&rd);
            } else {
                brn_reader_next(&rd);
            }
        }
        to = brn_reader_at_end(&rd) ? text.len : (size_t)rd.token.offset;
        st = add_piece(a, brn_str_trim(brn_str_slice(text, from, to)), err);
        (void)brn_reader_take_char(&rd, ',');
    }
    return st;
}

static brant_status look_at_parts(altering *a, brant_error **err)
{
    brant_status st = split(a, err);

    for (size_t i = 0; i < a->pieces.count && st == BRANT_OK && !a->settled; i++) {
        st = look_at_part(a, &a->pieces.items[i], err);
    }
    return st;
}

static brant_status compare(altering *a, brant_error **err)
{
    brn_mysql_rehearsal r;
    const char *thing = brn_arena_printf(a->x->arena, "what it makes of table \"%s\"", a->x->name);
    brant_status st = brn_mysql_rehearse(&r, a->x, a->x->name, &a->undo, err);

    if (st == BRANT_OK) {
        brn_mysql_tell_compared(
            a->x, &r, thing != NULL ? thing : "",
            a->once || a->shape ? BRN_VERDICT_UNKNOWN : BRN_VERDICT_NOT_DONE);
    }
    return st;
}

brant_status brn_mysql_probe_alter(brn_mysql_probing *x, brant_error **err)
{
    altering a = { .x = x };
    const char *table = NULL;
    brant_status st = brn_mysql_probe_ask(
        &table, x, err,
        "SELECT 1 FROM information_schema.TABLES WHERE TABLE_SCHEMA = %s AND TABLE_NAME = %s",
        brn_mysql_quoted(x, x->schema), brn_mysql_quoted(x, x->name));

    if (st == BRANT_OK && table == NULL) {
        brn_mysql_tell(x, BRN_VERDICT_UNKNOWN, "table \"%s\" does not exist", x->name);
        return BRANT_OK;
    }
    st = st == BRANT_OK ? look_at_parts(&a, err) : st;
    if (st != BRANT_OK || a.settled) {
        return st;
    }
    if (a.shape && !a.compares) {
        brn_mysql_tell(
            x, BRN_VERDICT_DONE, "\"%s\" of table \"%s\" does not exist any more", a.gone, x->name);
        return BRANT_OK;
    }
    if (a.lost || reaches_others(&a)) {
        brn_mysql_tell(x, BRN_VERDICT_UNKNOWN, "it cannot be told from the database");
        return BRANT_OK;
    }
    return compare(&a, err);
}
