/* SPDX-License-Identifier: Apache-2.0 */
/* Statements of PostgreSQL that make, change and drop objects. */
#include "text/postgres_int.h"

/* How the name of an object is written. */
typedef enum shape {
    SHAPE_NAME = 0, /* [IF [NOT] EXISTS] [schema.]name */
    SHAPE_ON,       /* ... ON [schema.]table */
    SHAPE_TO,       /* ... TO [schema.]table: CREATE RULE; elsewhere as SHAPE_ON */
    SHAPE_COLUMN,   /* [schema.]table.column */
    SHAPE_NONE,     /* in no way that has one name */
} shape;

/* Whether rows, or what else is stored, are lost when it is dropped. */
typedef enum loss {
    LOSS_NONE = 0,
    LOSS_CASCADE, /* with CASCADE: columns and tables can depend on it */
    LOSS_ALWAYS,
} loss;

static const struct object_rule {
    const char *first;
    const char *second; /* NULL */
    brn_object object;
    shape shape;
    loss loss;
} objects[] = {
    /* Longer ones before those that they begin with. */
    { "table", NULL, BRN_OBJECT_TABLE, SHAPE_NAME, LOSS_ALWAYS },
    { "index", NULL, BRN_OBJECT_INDEX, SHAPE_NAME, LOSS_NONE },
    { "view", NULL, BRN_OBJECT_VIEW, SHAPE_NAME, LOSS_NONE },
    { "materialized", "view", BRN_OBJECT_MATERIALIZED_VIEW, SHAPE_NAME, LOSS_NONE },
    { "trigger", NULL, BRN_OBJECT_TRIGGER, SHAPE_ON, LOSS_NONE },
    { "constraint", "trigger", BRN_OBJECT_TRIGGER, SHAPE_ON, LOSS_NONE },
    { "constraint", NULL, BRN_OBJECT_CONSTRAINT, SHAPE_ON, LOSS_NONE },
    { "function", NULL, BRN_OBJECT_FUNCTION, SHAPE_NAME, LOSS_CASCADE },
    { "procedure", NULL, BRN_OBJECT_PROCEDURE, SHAPE_NAME, LOSS_NONE },
    { "routine", NULL, BRN_OBJECT_ROUTINE, SHAPE_NAME, LOSS_CASCADE },
    { "aggregate", NULL, BRN_OBJECT_AGGREGATE, SHAPE_NAME, LOSS_NONE },
    { "sequence", NULL, BRN_OBJECT_SEQUENCE, SHAPE_NAME, LOSS_ALWAYS },
    { "schema", NULL, BRN_OBJECT_SCHEMA, SHAPE_NAME, LOSS_ALWAYS },
    { "type", NULL, BRN_OBJECT_TYPE, SHAPE_NAME, LOSS_ALWAYS },
    { "domain", NULL, BRN_OBJECT_DOMAIN, SHAPE_NAME, LOSS_ALWAYS },
    { "extension", NULL, BRN_OBJECT_EXTENSION, SHAPE_NAME, LOSS_CASCADE },
    { "policy", NULL, BRN_OBJECT_POLICY, SHAPE_ON, LOSS_NONE },
    { "rule", NULL, BRN_OBJECT_RULE, SHAPE_TO, LOSS_NONE },
    { "column", NULL, BRN_OBJECT_COLUMN, SHAPE_COLUMN, LOSS_NONE },
    { "database", NULL, BRN_OBJECT_DATABASE, SHAPE_NAME, LOSS_ALWAYS },
    { "tablespace", NULL, BRN_OBJECT_TABLESPACE, SHAPE_NAME, LOSS_NONE },
    { "system", NULL, BRN_OBJECT_SYSTEM, SHAPE_NONE, LOSS_NONE },
    { "user", "mapping", BRN_OBJECT_USER_MAPPING, SHAPE_NONE, LOSS_NONE },
    { "role", NULL, BRN_OBJECT_ROLE, SHAPE_NAME, LOSS_NONE },
    { "user", NULL, BRN_OBJECT_ROLE, SHAPE_NAME, LOSS_NONE },
    { "group", NULL, BRN_OBJECT_ROLE, SHAPE_NAME, LOSS_NONE },
    { "owned", NULL, BRN_OBJECT_OWNED, SHAPE_NONE, LOSS_ALWAYS },
    { "publication", NULL, BRN_OBJECT_PUBLICATION, SHAPE_NAME, LOSS_NONE },
    { "subscription", NULL, BRN_OBJECT_SUBSCRIPTION, SHAPE_NAME, LOSS_NONE },
    { "statistics", NULL, BRN_OBJECT_STATISTICS, SHAPE_NAME, LOSS_NONE },
    { "event", "trigger", BRN_OBJECT_EVENT_TRIGGER, SHAPE_NAME, LOSS_NONE },
    { "foreign", "table", BRN_OBJECT_FOREIGN_TABLE, SHAPE_NAME, LOSS_NONE },
    { "foreign", "data", BRN_OBJECT_FOREIGN_DATA_WRAPPER, SHAPE_NAME, LOSS_NONE },
    { "server", NULL, BRN_OBJECT_SERVER, SHAPE_NAME, LOSS_NONE },
    { "collation", NULL, BRN_OBJECT_COLLATION, SHAPE_NAME, LOSS_CASCADE },
    { "conversion", NULL, BRN_OBJECT_CONVERSION, SHAPE_NAME, LOSS_NONE },
    { "default", "conversion", BRN_OBJECT_CONVERSION, SHAPE_NAME, LOSS_NONE },
    { "default", "privileges", BRN_OBJECT_DEFAULT_PRIVILEGES, SHAPE_NONE, LOSS_NONE },
    { "cast", NULL, BRN_OBJECT_CAST, SHAPE_NONE, LOSS_NONE },
    { "operator", "class", BRN_OBJECT_OPERATOR_CLASS, SHAPE_NAME, LOSS_NONE },
    { "operator", "family", BRN_OBJECT_OPERATOR_FAMILY, SHAPE_NAME, LOSS_NONE },
    { "operator", NULL, BRN_OBJECT_OPERATOR, SHAPE_NONE, LOSS_NONE },
    { "text", "search", BRN_OBJECT_TEXT_SEARCH, SHAPE_NAME, LOSS_NONE },
    { "access", "method", BRN_OBJECT_ACCESS_METHOD, SHAPE_NAME, LOSS_CASCADE },
    { "language", NULL, BRN_OBJECT_LANGUAGE, SHAPE_NAME, LOSS_NONE },
    { "transform", NULL, BRN_OBJECT_TRANSFORM, SHAPE_NONE, LOSS_NONE },
    { "large", "object", BRN_OBJECT_LARGE_OBJECT, SHAPE_NONE, LOSS_ALWAYS },
};

/* Words between CREATE, DROP or ALTER and the kind of object. */
static bool take_modifier(brn_stmt_class *out, brn_reader *rd)
{
    static const char *const modifiers[] = {
        "global", "local", "unlogged", "unique", "recursive", "trusted", "procedural",
    };

    if (brn_reader_take(rd, "temp") || brn_reader_take(rd, "temporary")) {
        out->temporary = true;
        out->flags |= BRN_STMT_SESSION;
        return true;
    }
    for (size_t i = 0; i < BRN_ARRAY_LEN(modifiers); i++) {
        if (brn_reader_take(rd, modifiers[i])) {
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
                if (rule->object == BRN_OBJECT_FOREIGN_DATA_WRAPPER) {
                    (void)brn_reader_take(rd, "wrapper");
                } else if (rule->object == BRN_OBJECT_TEXT_SEARCH) {
                    brn_reader_next(rd); /* CONFIGURATION, DICTIONARY, PARSER, TEMPLATE */
                }
                return rule;
            }
        }
    } while (take_modifier(out, rd));
    return NULL;
}

static void take_full_name(brn_stmt_class *out, brn_reader *rd)
{
    brn_reader_full_name(rd, &out->schema, &out->name);
}

static void take_on(brn_stmt_class *out, brn_reader *rd)
{
    (void)brn_reader_take(rd, "only");
    brn_reader_full_name(rd, &out->on_schema, &out->on);
}

static void take_column(brn_stmt_class *out, brn_reader *rd)
{
    brn_str schema = BRN_STR("");

    out->name = brn_reader_name(rd);
    while (out->name.len > 0 && brn_reader_take_char(rd, '.')) {
        out->schema = schema;
        schema = out->name;
        out->name = brn_reader_name(rd);
    }
    /* The last part is the column, the one before it the table. */
    out->member = out->name;
    out->name = schema;
}

static void take_object_name(brn_stmt_class *out, brn_reader *rd, const struct object_rule *rule)
{
    bool create = out->verb == BRN_VERB_CREATE;

    /* Statistics need no name. */
    if (rule->shape == SHAPE_NONE || brn_reader_is(rd, "on")) {
        return;
    }
    out->if_exists = brn_reader_take_if_exists(rd);
    if (rule->shape == SHAPE_COLUMN) {
        take_column(out, rd);
        return;
    }
    take_full_name(out, rd);
    if (rule->shape == SHAPE_NAME) {
        return;
    }
    if (brn_reader_seek(rd, rule->shape == SHAPE_TO && create ? "to" : "on")) {
        brn_reader_next(rd);
        if (rule->object == BRN_OBJECT_CONSTRAINT && brn_reader_take(rd, "domain")) {
            return; /* COMMENT ON CONSTRAINT name ON DOMAIN type */
        }
        take_on(out, rd);
    }
}

/* --- CREATE ----------------------------------------------------------------------------------- */

/* [CONCURRENTLY] [[IF NOT EXISTS] name] ON [ONLY] [schema.]table */
static void read_create_index(brn_stmt_class *out, brn_reader *rd)
{
    if (brn_reader_take(rd, "concurrently")) {
        out->flags |= BRN_STMT_CONCURRENTLY | BRN_STMT_ALONE;
    }
    out->if_exists = brn_reader_take_if_exists(rd);
    if (!brn_reader_is(rd, "on")) {
        take_full_name(out, rd);
    }
    if (brn_reader_take(rd, "on")) {
        take_on(out, rd);
        /* The index is made in the schema of its table. */
        out->schema = out->on_schema;
    }
}

/* [IF NOT EXISTS] [name] [AUTHORIZATION role]; without a name it has that of the role. */
static void read_create_schema(brn_stmt_class *out, brn_reader *rd)
{
    out->if_exists = brn_reader_take_if_exists(rd);
    (void)brn_reader_take(rd, "authorization");
    out->name = brn_reader_name(rd);
}

void brn_postgres_read_create(brn_stmt_class *out, brn_reader *rd)
{
    const struct object_rule *rule;

    if (brn_reader_take_two(rd, "or", "replace")) {
        out->flags |= BRN_STMT_OR_REPLACE;
    }
    rule = take_object(out, rd);
    if (rule == NULL) {
        return;
    }
    switch (rule->object) {
    case BRN_OBJECT_INDEX:
        read_create_index(out, rd);
        return;
    case BRN_OBJECT_SCHEMA:
        read_create_schema(out, rd);
        return;
    case BRN_OBJECT_DATABASE:
    case BRN_OBJECT_TABLESPACE:
        out->flags |= BRN_STMT_ALONE;
        break;
    case BRN_OBJECT_SUBSCRIPTION:
        /* It makes a slot on the other server, unless told not to. */
        if (!brn_postgres_option_is_off(rd, "create_slot") &&
            !brn_postgres_option_is_off(rd, "connect")) {
            out->flags |= BRN_STMT_ALONE;
        }
        break;
    default:
        break;
    }
    take_object_name(out, rd, rule);
    if (brn_str_eq_c(out->schema, "pg_temp") && !out->temporary) {
        out->temporary = true;
        out->flags |= BRN_STMT_SESSION;
    }
}

/* --- DROP ------------------------------------------------------------------------------------- */

/* ", another" and CASCADE. */
static void read_drop_rest(brn_stmt_class *out, brn_reader *rd)
{
    while (!brn_reader_at_end(rd)) {
        if (brn_reader_is_char(rd, '(')) {
            brn_reader_skip_parens(rd);
            continue;
        }
        if (brn_reader_is_char(rd, ',')) {
            out->flags |= BRN_STMT_SEVERAL;
        } else if (brn_reader_is(rd, "cascade")) {
            out->flags |= BRN_STMT_CASCADE;
        }
        brn_reader_next(rd);
    }
}

void brn_postgres_read_drop(brn_stmt_class *out, brn_reader *rd)
{
    const struct object_rule *rule = take_object(out, rd);

    if (rule == NULL) {
        return;
    }
    out->flags &= ~BRN_STMT_SESSION;
    if (rule->object == BRN_OBJECT_INDEX && brn_reader_take(rd, "concurrently")) {
        out->flags |= BRN_STMT_CONCURRENTLY | BRN_STMT_ALONE;
    }
    if (rule->object == BRN_OBJECT_DATABASE || rule->object == BRN_OBJECT_TABLESPACE ||
        rule->object == BRN_OBJECT_SUBSCRIPTION) {
        out->flags |= BRN_STMT_ALONE;
    }
    take_object_name(out, rd, rule);
    read_drop_rest(out, rd);
    out->temporary = brn_str_eq_c(out->schema, "pg_temp");
    if (rule->loss == LOSS_ALWAYS ||
        (rule->loss == LOSS_CASCADE && (out->flags & BRN_STMT_CASCADE) != 0)) {
        out->flags |= out->temporary ? 0 : BRN_STMT_DESTRUCTIVE;
    }
}

/* --- ALTER ------------------------------------------------------------------------------------ */

/* RENAME TO new, RENAME [COLUMN] a TO b, RENAME CONSTRAINT a TO b. */
static void read_rename(brn_stmt_class *out, brn_reader *rd)
{
    out->alter = out->object == BRN_OBJECT_TABLE ? BRN_ALTER_RENAME_TABLE : BRN_ALTER_RENAME;
    if (!brn_reader_is(rd, "to")) {
        bool constraint = brn_reader_take(rd, "constraint");
        (void)brn_reader_take(rd, "column");
        out->alter = constraint ? BRN_ALTER_RENAME_CONSTRAINT : BRN_ALTER_RENAME_COLUMN;
        out->member = brn_reader_name(rd);
    }
    if (brn_reader_take(rd, "to")) {
        out->new_name = brn_reader_name(rd);
    }
}

/* Does ADD go on with a constraint that has no name? EXCLUDE is good for a column, too. */
static bool is_constraint(const brn_reader *rd)
{
    static const char *const words[] = { "primary", "unique", "check", "foreign", "not" };
    brn_reader ahead = *rd;

    for (size_t i = 0; i < BRN_ARRAY_LEN(words); i++) {
        if (brn_reader_is(rd, words[i])) {
            return true;
        }
    }
    return brn_reader_take(&ahead, "exclude") &&
           (brn_reader_is(&ahead, "using") || brn_reader_is_char(&ahead, '('));
}

static brn_alter take_member(brn_str *member, brn_reader *rd, brn_alter alter)
{
    (void)brn_reader_take_if_exists(rd);
    *member = brn_reader_name(rd);
    return alter;
}

/* One action of ALTER TABLE; what it is not interested in is left to the caller to skip. */
static brn_alter read_action(brn_str *member, brn_reader *rd)
{
    if (brn_reader_take(rd, "add")) {
        if (brn_reader_take(rd, "constraint")) {
            return take_member(member, rd, BRN_ALTER_ADD_CONSTRAINT);
        }
        if (is_constraint(rd)) {
            return BRN_ALTER_ADD_CONSTRAINT;
        }
        (void)brn_reader_take(rd, "column");
        return take_member(member, rd, BRN_ALTER_ADD_COLUMN);
    }
    if (brn_reader_take(rd, "drop")) {
        if (brn_reader_take(rd, "constraint")) {
            return take_member(member, rd, BRN_ALTER_DROP_CONSTRAINT);
        }
        (void)brn_reader_take(rd, "column");
        return take_member(member, rd, BRN_ALTER_DROP_COLUMN);
    }
    if (brn_reader_take(rd, "alter")) {
        bool constraint = brn_reader_take(rd, "constraint");
        (void)brn_reader_take(rd, "column");
        return take_member(member, rd, constraint ? BRN_ALTER_NONE : BRN_ALTER_ALTER_COLUMN);
    }
    if (brn_reader_take_two(rd, "validate", "constraint")) {
        return take_member(member, rd, BRN_ALTER_VALIDATE_CONSTRAINT);
    }
    return BRN_ALTER_NONE;
}

/* ATTACH PARTITION, DETACH PARTITION [CONCURRENTLY]; these and RENAME and SET SCHEMA stand alone.
 */
static bool read_lone_action(brn_stmt_class *out, brn_reader *rd)
{
    if (brn_reader_take(rd, "rename")) {
        read_rename(out, rd);
        return true;
    }
    if (brn_reader_take_two(rd, "set", "schema")) {
        out->alter = BRN_ALTER_SET_SCHEMA;
        out->new_name = brn_reader_name(rd);
        return true;
    }
    if (brn_reader_take_two(rd, "attach", "partition") ||
        brn_reader_take_two(rd, "detach", "partition")) {
        brn_str schema = BRN_STR("");
        brn_reader_full_name(rd, &schema, &out->member);
        out->alter = BRN_ALTER_ATTACH_PARTITION;
        return true;
    }
    return false;
}

static void read_actions(brn_stmt_class *out, brn_reader *rd)
{
    brn_str member = BRN_STR("");
    bool first = true;

    do {
        brn_alter alter = read_action(&member, rd);
        if (first) {
            out->alter = alter;
            out->member = member;
        } else {
            out->flags |= BRN_STMT_SEVERAL;
        }
        if (alter == BRN_ALTER_DROP_COLUMN && out->object == BRN_OBJECT_TABLE) {
            out->flags |= BRN_STMT_DESTRUCTIVE;
        }
        first = false;
        while (!brn_reader_at_end(rd) && !brn_reader_is_char(rd, ',')) {
            if (brn_reader_is_char(rd, '(')) {
                brn_reader_skip_parens(rd);
            } else {
                brn_reader_next(rd);
            }
        }
    } while (brn_reader_take_char(rd, ','));
}

/* [IF EXISTS] [ONLY] name [*] action, ... */
static void read_alter_table(brn_stmt_class *out, brn_reader *rd)
{
    bool detach;

    if (brn_reader_take_two(rd, "all", "in")) {
        return; /* TABLESPACE name ... SET TABLESPACE */
    }
    out->if_exists = brn_reader_take_if_exists(rd);
    (void)brn_reader_take(rd, "only");
    take_full_name(out, rd);
    (void)brn_reader_take_char(rd, '*');
    detach = brn_reader_is(rd, "detach");
    if (!read_lone_action(out, rd)) {
        read_actions(out, rd);
    } else if (detach) {
        out->alter = BRN_ALTER_DETACH_PARTITION;
        if (brn_reader_take(rd, "concurrently")) {
            out->flags |= BRN_STMT_CONCURRENTLY | BRN_STMT_ALONE;
        }
    }
    if (out->alter == BRN_ALTER_DROP_COLUMN && brn_str_eq_c(out->schema, "pg_temp")) {
        out->flags &= ~BRN_STMT_DESTRUCTIVE;
    }
}

/* ADD VALUE, RENAME VALUE, attributes of a composite type. */
static void read_alter_type(brn_stmt_class *out, brn_reader *rd)
{
    take_full_name(out, rd);
    if (brn_reader_take_two(rd, "add", "value")) {
        out->if_exists = brn_reader_take_if_exists(rd);
        out->alter = BRN_ALTER_ADD_VALUE;
        out->member = brn_postgres_take_string(rd);
        out->flags |= BRN_STMT_ALONE;
        out->alone_below = 120000;
    } else if (brn_reader_take_two(rd, "rename", "value")) {
        out->alter = BRN_ALTER_RENAME_VALUE;
        out->member = brn_postgres_take_string(rd);
        if (brn_reader_take(rd, "to")) {
            out->new_name = brn_postgres_take_string(rd);
        }
    } else if (brn_reader_take_two(rd, "rename", "attribute")) {
        read_rename(out, rd);
    } else if (!read_lone_action(out, rd)) {
        do {
            if (brn_reader_take_two(rd, "drop", "attribute")) {
                out->flags |= BRN_STMT_DESTRUCTIVE;
            }
            while (!brn_reader_at_end(rd) && !brn_reader_is_char(rd, ',')) {
                brn_reader_next(rd);
            }
        } while (brn_reader_take_char(rd, ','));
    }
}

/* What asks the other server, or changes its slot, cannot be undone. */
static void read_alter_subscription(brn_stmt_class *out, brn_reader *rd)
{
    bool set;
    bool alone;

    out->name = brn_reader_name(rd);
    set = brn_reader_is(rd, "set");
    if (brn_reader_take(rd, "set") || brn_reader_take(rd, "add") || brn_reader_take(rd, "drop")) {
        alone = brn_reader_is(rd, "publication")
                    ? !brn_postgres_option_is_off(rd, "refresh")
                    : set && (brn_postgres_option_is_on(rd, "failover") ||
                              brn_postgres_option_is_off(rd, "failover") ||
                              brn_postgres_option_is_on(rd, "two_phase") ||
                              brn_postgres_option_is_off(rd, "two_phase"));
    } else {
        alone = brn_reader_is(rd, "refresh");
    }
    out->flags |= alone ? BRN_STMT_ALONE : 0;
}

void brn_postgres_read_alter(brn_stmt_class *out, brn_reader *rd)
{
    const struct object_rule *rule = take_object(out, rd);

    if (rule == NULL) {
        return;
    }
    switch (rule->object) {
    case BRN_OBJECT_TABLE:
    case BRN_OBJECT_FOREIGN_TABLE:
    case BRN_OBJECT_VIEW:
    case BRN_OBJECT_MATERIALIZED_VIEW:
    case BRN_OBJECT_INDEX:
        read_alter_table(out, rd);
        return;
    case BRN_OBJECT_TYPE:
        read_alter_type(out, rd);
        return;
    case BRN_OBJECT_SUBSCRIPTION:
        read_alter_subscription(out, rd);
        return;
    case BRN_OBJECT_SYSTEM:
        out->flags |= BRN_STMT_ALONE;
        return;
    default:
        break;
    }
    take_object_name(out, rd, rule);
    if (rule->object == BRN_OBJECT_DATABASE && brn_reader_take_two(rd, "set", "tablespace")) {
        out->flags |= BRN_STMT_ALONE;
        return;
    }
    if (brn_reader_is_char(rd, '(')) {
        brn_reader_skip_parens(rd); /* arguments of a function */
    }
    (void)read_lone_action(out, rd);
}

/* --- COMMENT ON ------------------------------------------------------------------------------- */

void brn_postgres_read_named(brn_stmt_class *out, brn_reader *rd)
{
    const struct object_rule *rule = take_object(out, rd);

    if (rule != NULL) {
        take_object_name(out, rd, rule);
    }
}
