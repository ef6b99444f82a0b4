/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ALTER TABLE, part by part. A part that is visibly not done tells that nothing of it is. Otherwise
 * the statement is rehearsed: on a copy on which the parts that can be done only once are undone.
 */
#include "engines/mysql/probe.h"

#include <string.h>

#include "text/reader.h"

typedef struct altering {
    brn_mysql_probing *x;
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

static brant_status look_at_member(
    altering *a, const struct member_kind *kind, const char *name, brant_error **err)
{
    bool exists = false;
    brant_status st;

    /* Without a name, PRIMARY KEY among them, only the comparison can tell. */
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
    a->gone = kind->adds ? a->gone : name;
    a->shape = a->shape || !kind->adds;
    a->compares = a->compares || kind->adds;
    a->once = a->once || kind->adds;
    a->lost = a->lost || kind->undo == NULL;
    if (kind->undo != NULL &&
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

static brant_status look_at_part(altering *a, brn_str text, brant_error **err)
{
    const char *whole = brn_arena_printf(a->x->arena, "ALTER TABLE t %.*s", BRN_STR_ARG(text));
    brn_stmt stmt = { .text = brn_str_from(whole), .line = 1, .column = 1 };
    brn_stmt_class part = { 0 };
    const struct member_kind *kind = NULL;

    if (whole == NULL) {
        return brn_error_oom(err);
    }
    stmt.mode = a->x->stmt->mode;
    brn_classify(&part, a->x->arena, &brn_dialect_mysql, &stmt);
    kind = find_kind(part.alter);
    if (kind != NULL) {
        return look_at_member(a, kind, brn_mysql_copy(a->x, part.member), err);
    }
    if (part.alter == BRN_ALTER_RENAME_COLUMN || part.alter == BRN_ALTER_CHANGE_COLUMN ||
        part.alter == BRN_ALTER_RENAME_INDEX) {
        return look_at_names(a, &part, part.alter == BRN_ALTER_RENAME_INDEX, err);
    }
    a->compares = true;
    /* What takes rows away, and the table's next number, are not in its definition. */
    a->lost = a->lost || part.alter == BRN_ALTER_RENAME_TABLE ||
              (part.flags & BRN_STMT_DESTRUCTIVE) != 0 ||
              brn_str_ieq(brn_str_slice(text, 0, 14), BRN_STR("auto_increment"));
    return BRANT_OK;
}

/* Parts are between commas outside of parentheses. */
static brant_status look_at_parts(altering *a, brant_error **err)
{
    const brn_stmt *stmt = a->x->stmt;
    brn_script script = { .text = stmt->text, .line = 1, .column = 1, .mode = stmt->mode };
    brn_str schema = BRN_STR("");
    brn_str name = BRN_STR("");
    brant_status st = BRANT_OK;
    brn_reader rd;

    brn_reader_init(&rd, a->x->arena, &brn_dialect_mysql, &script);
    (void)brn_reader_seek(&rd, "table");
    brn_reader_next(&rd);
    (void)brn_reader_take_if_exists(&rd);
    brn_reader_full_name(&rd, &schema, &name);
    while (!brn_reader_at_end(&rd) && st == BRANT_OK && !a->settled) {
        size_t from = (size_t)rd.token.offset;
        size_t to;

        while (!brn_reader_at_end(&rd) && !brn_reader_is_char(&rd, ',')) {
            if (brn_reader_is_char(&rd, '(')) {
                brn_reader_skip_parens(&rd);
            } else {
                brn_reader_next(&rd);
            }
        }
        to = brn_reader_at_end(&rd) ? stmt->text.len : (size_t)rd.token.offset;
        st = look_at_part(a, brn_str_trim(brn_str_slice(stmt->text, from, to)), err);
        (void)brn_reader_take_char(&rd, ',');
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
    if (a.lost) {
        brn_mysql_tell(x, BRN_VERDICT_UNKNOWN, "it cannot be told from the database");
        return BRANT_OK;
    }
    return compare(&a, err);
}
