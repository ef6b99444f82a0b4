/* SPDX-License-Identifier: Apache-2.0 */
#include "text/classify.h"

#include "text/classify_int.h"

static const char *const object_words[] = {
    [BRN_OBJECT_NONE] = "",
    [BRN_OBJECT_TABLE] = "table",
    [BRN_OBJECT_INDEX] = "index",
    [BRN_OBJECT_VIEW] = "view",
    [BRN_OBJECT_TRIGGER] = "trigger",
    [BRN_OBJECT_ACCESS_METHOD] = "access method",
    [BRN_OBJECT_AGGREGATE] = "aggregate",
    [BRN_OBJECT_CAST] = "cast",
    [BRN_OBJECT_COLLATION] = "collation",
    [BRN_OBJECT_COLUMN] = "column",
    [BRN_OBJECT_CONSTRAINT] = "constraint",
    [BRN_OBJECT_CONVERSION] = "conversion",
    [BRN_OBJECT_DATABASE] = "database",
    [BRN_OBJECT_DEFAULT_PRIVILEGES] = "default privileges",
    [BRN_OBJECT_DOMAIN] = "domain",
    [BRN_OBJECT_EVENT_TRIGGER] = "event trigger",
    [BRN_OBJECT_EXTENSION] = "extension",
    [BRN_OBJECT_FOREIGN_DATA_WRAPPER] = "foreign data wrapper",
    [BRN_OBJECT_FOREIGN_TABLE] = "foreign table",
    [BRN_OBJECT_FUNCTION] = "function",
    [BRN_OBJECT_LANGUAGE] = "language",
    [BRN_OBJECT_LARGE_OBJECT] = "large object",
    [BRN_OBJECT_MATERIALIZED_VIEW] = "materialized view",
    [BRN_OBJECT_OPERATOR] = "operator",
    [BRN_OBJECT_OPERATOR_CLASS] = "operator class",
    [BRN_OBJECT_OPERATOR_FAMILY] = "operator family",
    [BRN_OBJECT_OWNED] = "owned",
    [BRN_OBJECT_POLICY] = "policy",
    [BRN_OBJECT_PROCEDURE] = "procedure",
    [BRN_OBJECT_PUBLICATION] = "publication",
    [BRN_OBJECT_ROLE] = "role",
    [BRN_OBJECT_ROUTINE] = "routine",
    [BRN_OBJECT_RULE] = "rule",
    [BRN_OBJECT_SCHEMA] = "schema",
    [BRN_OBJECT_SEQUENCE] = "sequence",
    [BRN_OBJECT_SERVER] = "server",
    [BRN_OBJECT_STATISTICS] = "statistics",
    [BRN_OBJECT_SUBSCRIPTION] = "subscription",
    [BRN_OBJECT_SYSTEM] = "system",
    [BRN_OBJECT_TABLESPACE] = "tablespace",
    [BRN_OBJECT_TEXT_SEARCH] = "text search",
    [BRN_OBJECT_TRANSFORM] = "transform",
    [BRN_OBJECT_TYPE] = "type",
    [BRN_OBJECT_USER_MAPPING] = "user mapping",
    [BRN_OBJECT_EVENT] = "event",
    [BRN_OBJECT_PACKAGE] = "package",
    [BRN_OBJECT_LIBRARY] = "library",
    [BRN_OBJECT_LOGFILE_GROUP] = "logfile group",
    [BRN_OBJECT_RESOURCE_GROUP] = "resource group",
};

/* What a verb says by itself; a dialect's rule may add and remove. */
static const uint32_t verb_flags[] = {
    [BRN_VERB_CREATE] = BRN_STMT_DDL,
    [BRN_VERB_DROP] = BRN_STMT_DDL,
    [BRN_VERB_ALTER] = BRN_STMT_DDL,
    [BRN_VERB_INSERT] = BRN_STMT_DML,
    [BRN_VERB_UPDATE] = BRN_STMT_DML,
    [BRN_VERB_DELETE] = BRN_STMT_DML,
    [BRN_VERB_SELECT] = BRN_STMT_QUERY,
    [BRN_VERB_MERGE] = BRN_STMT_DML,
    [BRN_VERB_TRUNCATE] = BRN_STMT_DML | BRN_STMT_DESTRUCTIVE,
    [BRN_VERB_GRANT] = BRN_STMT_DDL,
    [BRN_VERB_REVOKE] = BRN_STMT_DDL,
    [BRN_VERB_COMMENT] = BRN_STMT_DDL,
    [BRN_VERB_LABEL] = BRN_STMT_DDL,
    [BRN_VERB_IMPORT] = BRN_STMT_DDL,
    [BRN_VERB_REASSIGN] = BRN_STMT_DDL,
    [BRN_VERB_REFRESH] = BRN_STMT_DML,
    [BRN_VERB_RENAME] = BRN_STMT_DDL,
    [BRN_VERB_LOAD] = BRN_STMT_DML,
};

const char *brn_object_word(brn_object object)
{
    return (size_t)object < BRN_ARRAY_LEN(object_words) ? object_words[object] : "";
}

void brn_classify_verb(
    brn_stmt_class *out, brn_reader *rd, const brn_verb_rule *rules, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (brn_reader_take(rd, rules[i].word)) {
            size_t verb = (size_t)rules[i].verb;
            out->verb = rules[i].verb;
            out->flags |= verb < BRN_ARRAY_LEN(verb_flags) ? verb_flags[verb] : 0;
            if (rules[i].read != NULL) {
                rules[i].read(out, rd);
            }
            break;
        }
    }
}

bool brn_classify_mentions(brn_str text, const char *word)
{
    brn_str wanted = brn_str_from(word);

    for (size_t i = 0; i + wanted.len <= text.len; i++) {
        if ((text.ptr[i] | 0x20) == wanted.ptr[0] &&
            brn_str_ieq(brn_str_slice(text, i, i + wanted.len), wanted)) {
            return true;
        }
    }
    return false;
}

void brn_classify(
    brn_stmt_class *out, brn_arena *arena, const brn_dialect *dialect, const brn_stmt *stmt)
{
    brn_script script = { .text = stmt->text, .line = 1, .column = 1, .mode = stmt->mode };
    brn_str none = BRN_STR("");
    brn_reader rd;

    *out = (brn_stmt_class){
        .schema = none,
        .name = none,
        .member = none,
        .new_name = none,
        .new_schema = none,
        .on_schema = none,
        .on = none,
    };
    brn_reader_init(&rd, arena, dialect, &script);
    dialect->classify(out, &rd);
}
