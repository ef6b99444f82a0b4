/* SPDX-License-Identifier: Apache-2.0 */
/* Statements of MySQL and MariaDB that make, change and drop objects. */
#include "text/mysql_int.h"

/* How the name of an object is written. */
typedef enum shape {
    SHAPE_NAME = 0, /* [IF [NOT] EXISTS] [schema.]name */
    SHAPE_ON,       /* ... ON [schema.]table */
    SHAPE_USER,     /* 'name'@'host' */
} shape;

static const struct object_rule {
    const char *first;
    const char *second; /* NULL */
    brn_object object;
    shape shape;
    bool loses; /* rows, or what else is stored, when it is dropped */
} objects[] = {
    { "table", NULL, BRN_OBJECT_TABLE, SHAPE_NAME, true },
    { "tables", NULL, BRN_OBJECT_TABLE, SHAPE_NAME, true },
    { "view", NULL, BRN_OBJECT_VIEW, SHAPE_NAME, false },
    { "index", NULL, BRN_OBJECT_INDEX, SHAPE_ON, false },
    { "trigger", NULL, BRN_OBJECT_TRIGGER, SHAPE_ON, false },
    { "procedure", NULL, BRN_OBJECT_PROCEDURE, SHAPE_NAME, false },
    { "function", NULL, BRN_OBJECT_FUNCTION, SHAPE_NAME, false },
    { "event", NULL, BRN_OBJECT_EVENT, SHAPE_NAME, false },
    { "package", "body", BRN_OBJECT_PACKAGE, SHAPE_NAME, false },
    { "package", NULL, BRN_OBJECT_PACKAGE, SHAPE_NAME, false },
    { "database", NULL, BRN_OBJECT_DATABASE, SHAPE_NAME, true },
    { "schema", NULL, BRN_OBJECT_DATABASE, SHAPE_NAME, true },
    { "user", NULL, BRN_OBJECT_ROLE, SHAPE_USER, false },
    { "role", NULL, BRN_OBJECT_ROLE, SHAPE_USER, false },
    { "server", NULL, BRN_OBJECT_SERVER, SHAPE_NAME, false },
    { "sequence", NULL, BRN_OBJECT_SEQUENCE, SHAPE_NAME, true },
    { "library", NULL, BRN_OBJECT_LIBRARY, SHAPE_NAME, false },
    { "tablespace", NULL, BRN_OBJECT_TABLESPACE, SHAPE_NAME, true },
    { "logfile", "group", BRN_OBJECT_LOGFILE_GROUP, SHAPE_NAME, false },
    { "resource", "group", BRN_OBJECT_RESOURCE_GROUP, SHAPE_NAME, false },
};

/* --- what stands before and around names ------------------------------------------------------ */

/* A user, with a host that is left to the caller. */
static brn_str take_user(brn_reader *rd, brn_str *host)
{
    brn_str name = brn_mysql_take_text(rd);

    if (rd->token.kind == BRN_TOKEN_VARIABLE) {
        brn_str text = brn_str_slice(rd->token.text, 1, rd->token.text.len);
        char quote = text.len > 1 ? text.ptr[0] : '\0';
        *host = quote == '\'' || quote == '"' || quote == '`' ? brn_unquote(rd->arena, text, quote)
                                                              : brn_arena_str(rd->arena, text);
        brn_reader_next(rd);
    } else if (brn_reader_is_char(rd, '(')) {
        brn_reader_skip_parens(rd); /* CURRENT_USER() */
    }
    return name;
}

/* Words between CREATE, DROP or ALTER and the kind of object. */
static bool take_modifier(brn_stmt_class *out, brn_reader *rd)
{
    static const char *const words[] = {
        "unique",  "fulltext", "spatial",   "vector", "online",
        "offline", "ignore",   "aggregate", "undo",
    };
    brn_str host = BRN_STR("");

    if (brn_reader_take(rd, "temporary")) {
        out->temporary = true;
        return true;
    }
    if (brn_reader_take_two(rd, "or", "replace")) {
        out->flags |= BRN_STMT_OR_REPLACE;
        return true;
    }
    if (brn_reader_take(rd, "definer") || brn_reader_take(rd, "algorithm")) {
        (void)brn_reader_take_char(rd, '=');
        (void)take_user(rd, &host);
        return true;
    }
    if (brn_reader_take_two(rd, "sql", "security")) {
        brn_reader_next(rd);
        return true;
    }
    for (size_t i = 0; i < BRN_ARRAY_LEN(words); i++) {
        if (brn_reader_take(rd, words[i])) {
            return true;
        }
    }
    return false;
}

static const struct object_rule *take_object(brn_stmt_class *out, brn_reader *rd)
{
    do {
        for (size_t i = 0; i < BRN_ARRAY_LEN(objects); i++) {
            const struct object_rule *rule = &objects[i];
            if (rule->second != NULL ? brn_reader_take_two(rd, rule->first, rule->second)
                                     : brn_reader_take(rd, rule->first)) {
                out->object = rule->object;
                return rule;
            }
        }
    } while (take_modifier(out, rd));
    return NULL;
}

static void take_object_name(brn_stmt_class *out, brn_reader *rd, const struct object_rule *rule)
{
    out->if_exists = brn_reader_take_if_exists(rd);
    if (rule->shape == SHAPE_USER) {
        out->name = take_user(rd, &out->member);
        return;
    }
    brn_reader_full_name(rd, &out->schema, &out->name);
    if (rule->shape == SHAPE_ON && brn_reader_seek(rd, "on")) {
        brn_reader_next(rd);
        brn_reader_full_name(rd, &out->on_schema, &out->on);
        if (rule->object == BRN_OBJECT_INDEX) {
            out->schema = out->on_schema;
        }
    }
}

/* Only tables and sequences of the session leave the transaction alone. */
static void add_commit(brn_stmt_class *out)
{
    out->flags |= out->temporary ? BRN_STMT_SESSION : BRN_STMT_COMMITS;
}

/* --- CREATE and DROP -------------------------------------------------------------------------- */

void brn_mysql_read_create(brn_stmt_class *out, brn_reader *rd)
{
    const struct object_rule *rule = take_object(out, rd);

    add_commit(out);
    if (rule == NULL) {
        return;
    }
    take_object_name(out, rd, rule);
    if ((out->flags & BRN_STMT_OR_REPLACE) != 0 && rule->loses && !out->temporary) {
        out->flags |= BRN_STMT_DESTRUCTIVE;
    }
}

void brn_mysql_read_drop(brn_stmt_class *out, brn_reader *rd)
{
    const struct object_rule *rule;

    if (brn_reader_take(rd, "prepare")) {
        out->verb = BRN_VERB_OTHER;
        out->flags = BRN_STMT_SESSION;
        out->name = brn_reader_name(rd);
        return;
    }
    rule = take_object(out, rd);
    out->flags |= out->temporary ? 0 : BRN_STMT_COMMITS;
    if (rule == NULL) {
        return;
    }
    take_object_name(out, rd, rule);
    out->flags |= rule->loses && !out->temporary ? BRN_STMT_DESTRUCTIVE : 0;
    for (; !brn_reader_at_end(rd); brn_reader_next(rd)) {
        out->flags |= brn_reader_is_char(rd, ',') ? BRN_STMT_SEVERAL : 0;
        out->flags |= brn_reader_is(rd, "cascade") ? BRN_STMT_CASCADE : 0;
    }
}

/* --- ALTER TABLE ------------------------------------------------------------------------------ */

typedef struct action {
    brn_alter alter;
    brn_str member;
    brn_str new_name;
    brn_str new_schema;
    bool loses;
} action;

static void take_member(action *a, brn_reader *rd, brn_alter alter)
{
    (void)brn_reader_take_if_exists(rd);
    a->alter = alter;
    a->member = brn_reader_name(rd);
}

/* INDEX, KEY; with UNIQUE, FULLTEXT, SPATIAL or VECTOR before it, that alone will do. */
static bool take_index(brn_reader *rd)
{
    bool kind = brn_reader_take(rd, "unique") || brn_reader_take(rd, "fulltext") ||
                brn_reader_take(rd, "spatial") || brn_reader_take(rd, "vector");

    return brn_reader_take(rd, "index") || brn_reader_take(rd, "key") || kind;
}

/* [CONSTRAINT [name]] PRIMARY KEY | UNIQUE | FOREIGN KEY | CHECK */
static bool read_add_constraint(action *a, brn_reader *rd)
{
    if (brn_reader_take(rd, "constraint")) {
        a->alter = BRN_ALTER_ADD_CONSTRAINT;
        (void)brn_reader_take_if_exists(rd);
        if (!brn_reader_is(rd, "primary") && !brn_reader_is(rd, "unique") &&
            !brn_reader_is(rd, "foreign") && !brn_reader_is(rd, "check")) {
            a->member = brn_reader_name(rd);
        }
        return true;
    }
    if (brn_reader_take(rd, "primary") || brn_reader_take(rd, "check")) {
        a->alter = BRN_ALTER_ADD_CONSTRAINT;
        return true;
    }
    if (brn_reader_take_two(rd, "foreign", "key")) {
        take_member(a, rd, BRN_ALTER_ADD_CONSTRAINT);
        return true;
    }
    return false;
}

static void read_add(brn_stmt_class *out, action *a, brn_reader *rd)
{
    if (read_add_constraint(a, rd)) {
        return;
    }
    if (take_index(rd)) {
        take_member(a, rd, BRN_ALTER_ADD_INDEX);
    } else if (brn_reader_take(rd, "partition")) {
        (void)brn_reader_take_if_exists(rd);
        (void)brn_reader_take_char(rd, '(');
        (void)brn_reader_take(rd, "partition");
        take_member(a, rd, BRN_ALTER_ADD_PARTITION);
    } else if (
        !brn_reader_take_two(rd, "system", "versioning") &&
        !brn_reader_take_two(rd, "period", "for")) {
        (void)brn_reader_take(rd, "column");
        (void)brn_reader_take_if_exists(rd);
        out->flags |= brn_reader_take_char(rd, '(') ? BRN_STMT_SEVERAL : 0;
        take_member(a, rd, BRN_ALTER_ADD_COLUMN);
    }
}

static void read_drop_member(action *a, brn_reader *rd)
{
    if (brn_reader_take_two(rd, "primary", "key")) {
        a->alter = BRN_ALTER_DROP_CONSTRAINT;
    } else if (
        brn_reader_take_two(rd, "foreign", "key") || brn_reader_take(rd, "constraint") ||
        brn_reader_take(rd, "check")) {
        take_member(a, rd, BRN_ALTER_DROP_CONSTRAINT);
    } else if (brn_reader_take(rd, "index") || brn_reader_take(rd, "key")) {
        take_member(a, rd, BRN_ALTER_DROP_INDEX);
    } else if (brn_reader_take(rd, "partition")) {
        take_member(a, rd, BRN_ALTER_DROP_PARTITION);
        a->loses = true;
    } else if (brn_reader_take_two(rd, "system", "versioning")) {
        a->loses = true; /* the versions before */
    } else if (!brn_reader_take_two(rd, "period", "for")) {
        (void)brn_reader_take(rd, "column");
        take_member(a, rd, BRN_ALTER_DROP_COLUMN);
        a->loses = true;
    }
}

/* RENAME [TO|AS] table, RENAME COLUMN|INDEX|KEY a TO b */
static void read_rename_member(action *a, brn_reader *rd)
{
    if (brn_reader_take(rd, "column")) {
        take_member(a, rd, BRN_ALTER_RENAME_COLUMN);
    } else if (brn_reader_take(rd, "index") || brn_reader_take(rd, "key")) {
        take_member(a, rd, BRN_ALTER_RENAME_INDEX);
    } else {
        a->alter = BRN_ALTER_RENAME_TABLE;
    }
    if (!brn_reader_take(rd, "to") && !brn_reader_take(rd, "as")) {
        (void)brn_reader_take_char(rd, '=');
    }
    brn_reader_full_name(rd, &a->new_schema, &a->new_name);
}

/* CHANGE, MODIFY and ALTER of columns; TRUNCATE and DISCARD of what they hold. */
static void read_change(action *a, brn_reader *rd)
{
    if (brn_reader_take(rd, "change")) {
        (void)brn_reader_take(rd, "column");
        take_member(a, rd, BRN_ALTER_CHANGE_COLUMN);
        a->new_name = brn_reader_name(rd);
    } else if (brn_reader_take(rd, "modify")) {
        (void)brn_reader_take(rd, "column");
        take_member(a, rd, BRN_ALTER_ALTER_COLUMN);
    } else if (brn_reader_take(rd, "alter")) {
        if (brn_reader_take(rd, "index") || brn_reader_take(rd, "key") ||
            brn_reader_take(rd, "constraint") || brn_reader_take(rd, "check")) {
            take_member(a, rd, BRN_ALTER_NONE);
            return;
        }
        (void)brn_reader_take(rd, "column");
        take_member(a, rd, BRN_ALTER_ALTER_COLUMN);
    } else {
        a->loses = brn_reader_is(rd, "truncate") || brn_reader_is(rd, "discard");
    }
}

static void skip_action(brn_reader *rd)
{
    while (!brn_reader_at_end(rd) && !brn_reader_is_char(rd, ',')) {
        if (brn_reader_is_char(rd, '(')) {
            brn_reader_skip_parens(rd);
        } else {
            brn_reader_next(rd);
        }
    }
}

/* Actions with a comma between them; ALGORITHM and LOCK say how, and are none. */
static void read_actions(brn_stmt_class *out, brn_reader *rd)
{
    bool first = true;

    do {
        action a = { .member = BRN_STR(""), .new_name = BRN_STR(""), .new_schema = BRN_STR("") };
        if (brn_reader_is(rd, "algorithm") || brn_reader_is(rd, "lock")) {
            skip_action(rd);
            continue;
        }
        if (brn_reader_take(rd, "add")) {
            read_add(out, &a, rd);
        } else if (brn_reader_take(rd, "drop")) {
            read_drop_member(&a, rd);
        } else if (brn_reader_take(rd, "rename")) {
            read_rename_member(&a, rd);
        } else {
            read_change(&a, rd);
        }
        if (first) {
            out->alter = a.alter;
            out->member = a.member;
            out->new_name = a.new_name;
            out->new_schema = a.new_schema;
        }
        out->flags |= first ? 0 : BRN_STMT_SEVERAL;
        out->flags |= a.loses ? BRN_STMT_DESTRUCTIVE : 0;
        first = false;
        skip_action(rd);
    } while (brn_reader_take_char(rd, ','));
}

/* [IF EXISTS] name [WAIT n | NOWAIT] actions */
static void read_alter_table(brn_stmt_class *out, brn_reader *rd)
{
    out->if_exists = brn_reader_take_if_exists(rd);
    brn_reader_full_name(rd, &out->schema, &out->name);
    if (brn_reader_take(rd, "wait")) {
        brn_reader_next(rd);
    } else {
        (void)brn_reader_take(rd, "nowait");
    }
    if (!brn_reader_at_end(rd)) {
        read_actions(out, rd);
    }
}

/* --- ALTER and RENAME ------------------------------------------------------------------------- */

void brn_mysql_read_alter(brn_stmt_class *out, brn_reader *rd)
{
    const struct object_rule *rule = take_object(out, rd);

    out->flags |= BRN_STMT_COMMITS;
    if (rule == NULL) {
        return;
    }
    if (rule->object == BRN_OBJECT_TABLE) {
        read_alter_table(out, rd);
        return;
    }
    take_object_name(out, rd, rule);
    if (rule->object == BRN_OBJECT_EVENT || rule->object == BRN_OBJECT_TABLESPACE) {
        /* In the body behind DO, RENAME is another statement's. */
        while (!brn_reader_at_end(rd) && !brn_reader_is(rd, "do") && !brn_reader_is(rd, "rename")) {
            brn_reader_next(rd);
        }
        if (brn_reader_take_two(rd, "rename", "to")) {
            out->alter = BRN_ALTER_RENAME;
            brn_reader_full_name(rd, &out->new_schema, &out->new_name);
        }
    }
}

/* RENAME TABLE [IF EXISTS] a [WAIT n | NOWAIT] TO b, ...; RENAME USER a TO b, ... */
void brn_mysql_read_rename(brn_stmt_class *out, brn_reader *rd)
{
    const struct object_rule *rule = take_object(out, rd);
    brn_str host = BRN_STR("");

    out->flags |= BRN_STMT_COMMITS;
    if (rule == NULL) {
        return;
    }
    take_object_name(out, rd, rule);
    out->alter = rule->object == BRN_OBJECT_TABLE ? BRN_ALTER_RENAME_TABLE : BRN_ALTER_RENAME;
    if (!brn_reader_seek(rd, "to")) {
        return;
    }
    brn_reader_next(rd);
    if (rule->shape == SHAPE_USER) {
        out->new_name = take_user(rd, &host);
    } else {
        brn_reader_full_name(rd, &out->new_schema, &out->new_name);
    }
    for (; !brn_reader_at_end(rd); brn_reader_next(rd)) {
        out->flags |= brn_reader_is_char(rd, ',') ? BRN_STMT_SEVERAL : 0;
    }
}
