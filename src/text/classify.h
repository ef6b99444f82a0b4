/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a statement does, read from its first words: not a parser. Plans, probes and rules need the
 * verb, the object and its name, and those stand at the start in every dialect. Some questions look
 * further: is there a WHERE, which functions are named, what does a block of code contain.
 *
 * It is what the text says. A function that is called, a trigger that fires and a command that is
 * put together at run time can do more; nothing here claims that they do not.
 */
#ifndef BRN_TEXT_CLASSIFY_H
#define BRN_TEXT_CLASSIFY_H

#include "base/arena.h"
#include "text/script.h"

typedef enum brn_verb {
    BRN_VERB_OTHER = 0,
    BRN_VERB_CREATE,
    BRN_VERB_DROP,
    BRN_VERB_ALTER,
    BRN_VERB_INSERT, /* also REPLACE */
    BRN_VERB_UPDATE,
    BRN_VERB_DELETE,
    BRN_VERB_SELECT, /* also VALUES, EXPLAIN, TABLE, SHOW, FETCH */
    BRN_VERB_PRAGMA,
    BRN_VERB_VACUUM,
    BRN_VERB_ANALYZE,
    BRN_VERB_REINDEX,
    BRN_VERB_ATTACH,
    BRN_VERB_DETACH,
    BRN_VERB_BEGIN,
    BRN_VERB_COMMIT, /* also END */
    BRN_VERB_ROLLBACK,
    BRN_VERB_SAVEPOINT,
    BRN_VERB_RELEASE,
    BRN_VERB_MERGE,
    BRN_VERB_TRUNCATE,
    BRN_VERB_COPY,
    BRN_VERB_CALL,
    BRN_VERB_DO,
    BRN_VERB_SET,
    BRN_VERB_RESET,
    BRN_VERB_DISCARD,
    BRN_VERB_GRANT,
    BRN_VERB_REVOKE,
    BRN_VERB_COMMENT,
    BRN_VERB_LABEL, /* SECURITY LABEL */
    BRN_VERB_IMPORT,
    BRN_VERB_REASSIGN,
    BRN_VERB_REFRESH,
    BRN_VERB_CLUSTER,
    BRN_VERB_LOCK,
    BRN_VERB_PREPARE_TRANSACTION,
    BRN_VERB_COMMIT_PREPARED,
    BRN_VERB_ROLLBACK_PREPARED,
    BRN_VERB_RENAME,
    BRN_VERB_USE,
    BRN_VERB_LOAD, /* LOAD DATA, LOAD XML */
    BRN_VERB_UNLOCK,
    BRN_VERB_XA, /* of XA, what begins and ends its transactions */
    BRN_VERB_OPTIMIZE,
    BRN_VERB_REPAIR,
    BRN_VERB_CHECK,
    BRN_VERB_FLUSH,
} brn_verb;

typedef enum brn_object {
    BRN_OBJECT_NONE = 0,
    BRN_OBJECT_TABLE,
    BRN_OBJECT_INDEX,
    BRN_OBJECT_VIEW,
    BRN_OBJECT_TRIGGER,
    BRN_OBJECT_ACCESS_METHOD,
    BRN_OBJECT_AGGREGATE,
    BRN_OBJECT_CAST,
    BRN_OBJECT_COLLATION,
    BRN_OBJECT_COLUMN,
    BRN_OBJECT_CONSTRAINT,
    BRN_OBJECT_CONVERSION,
    BRN_OBJECT_DATABASE,
    BRN_OBJECT_DEFAULT_PRIVILEGES,
    BRN_OBJECT_DOMAIN,
    BRN_OBJECT_EVENT_TRIGGER,
    BRN_OBJECT_EXTENSION,
    BRN_OBJECT_FOREIGN_DATA_WRAPPER,
    BRN_OBJECT_FOREIGN_TABLE,
    BRN_OBJECT_FUNCTION,
    BRN_OBJECT_LANGUAGE,
    BRN_OBJECT_LARGE_OBJECT,
    BRN_OBJECT_MATERIALIZED_VIEW,
    BRN_OBJECT_OPERATOR,
    BRN_OBJECT_OPERATOR_CLASS,
    BRN_OBJECT_OPERATOR_FAMILY,
    BRN_OBJECT_OWNED, /* DROP OWNED BY */
    BRN_OBJECT_POLICY,
    BRN_OBJECT_PROCEDURE,
    BRN_OBJECT_PUBLICATION,
    BRN_OBJECT_ROLE, /* also USER, GROUP */
    BRN_OBJECT_ROUTINE,
    BRN_OBJECT_RULE,
    BRN_OBJECT_SCHEMA,
    BRN_OBJECT_SEQUENCE,
    BRN_OBJECT_SERVER,
    BRN_OBJECT_STATISTICS,
    BRN_OBJECT_SUBSCRIPTION,
    BRN_OBJECT_SYSTEM, /* ALTER SYSTEM, REINDEX SYSTEM */
    BRN_OBJECT_TABLESPACE,
    BRN_OBJECT_TEXT_SEARCH,
    BRN_OBJECT_TRANSFORM,
    BRN_OBJECT_TYPE,
    BRN_OBJECT_USER_MAPPING,
    BRN_OBJECT_EVENT,
    BRN_OBJECT_PACKAGE, /* also PACKAGE BODY */
    BRN_OBJECT_LIBRARY,
    BRN_OBJECT_LOGFILE_GROUP,
    BRN_OBJECT_RESOURCE_GROUP,
} brn_object;

typedef enum brn_alter {
    BRN_ALTER_NONE = 0,
    BRN_ALTER_ADD_COLUMN,
    BRN_ALTER_DROP_COLUMN,
    BRN_ALTER_RENAME_COLUMN,
    BRN_ALTER_RENAME_TABLE,
    BRN_ALTER_RENAME, /* of another object than a table */
    BRN_ALTER_RENAME_CONSTRAINT,
    BRN_ALTER_ALTER_COLUMN,
    BRN_ALTER_ADD_CONSTRAINT,
    BRN_ALTER_DROP_CONSTRAINT,
    BRN_ALTER_VALIDATE_CONSTRAINT,
    BRN_ALTER_ATTACH_PARTITION,
    BRN_ALTER_DETACH_PARTITION,
    BRN_ALTER_SET_SCHEMA,
    BRN_ALTER_ADD_VALUE, /* of an enum */
    BRN_ALTER_RENAME_VALUE,
    BRN_ALTER_CHANGE_COLUMN, /* its name and its definition */
    BRN_ALTER_ADD_INDEX,
    BRN_ALTER_DROP_INDEX,
    BRN_ALTER_RENAME_INDEX,
    BRN_ALTER_ADD_PARTITION,
    BRN_ALTER_DROP_PARTITION,
} brn_alter;

#define BRN_STMT_DDL (1u << 0)   /* changes the schema */
#define BRN_STMT_DML (1u << 1)   /* changes rows, also within WITH */
#define BRN_STMT_QUERY (1u << 2) /* only reads */
/* Deletes all rows, or drops what may hold some. */
#define BRN_STMT_DESTRUCTIVE (1u << 3)
/* Cannot run inside a transaction; see alone_below. */
#define BRN_STMT_ALONE (1u << 4)
/* Runs code that may commit, for which it must be outside of a transaction. */
#define BRN_STMT_MAY_COMMIT (1u << 5)
/* Has an effect only inside a transaction. */
#define BRN_STMT_NEEDS_TXN (1u << 6)
/* Changes what the session carries to the next statements. */
#define BRN_STMT_SESSION (1u << 7)
/* A setting, up to the end of the transaction. */
#define BRN_STMT_LOCAL (1u << 8)
/* May release locks that the session holds: brant's own is one of them. */
#define BRN_STMT_UNLOCKS (1u << 9)
#define BRN_STMT_CHAIN (1u << 10) /* COMMIT or ROLLBACK that begins the next transaction */
#define BRN_STMT_CONCURRENTLY (1u << 11)
#define BRN_STMT_CASCADE (1u << 12)
#define BRN_STMT_OR_REPLACE (1u << 13)
/* More than one object or action: the names are those of the first. */
#define BRN_STMT_SEVERAL (1u << 14)
/* Commits the transaction at hand, by itself and also when it fails. */
#define BRN_STMT_COMMITS (1u << 15)
/* Reads a file on the machine of the client. */
#define BRN_STMT_CLIENT_FILE (1u << 16)

/* Names are unquoted copies in the arena; empty when absent. WITH ... is seen through to its verb.
 */
typedef struct brn_stmt_class {
    brn_verb verb;
    brn_object object;
    brn_alter alter;
    bool if_exists; /* IF EXISTS or IF NOT EXISTS */
    bool temporary;
    bool to_savepoint; /* ROLLBACK TO */
    brn_str schema;
    brn_str name;     /* of the object, the DML target, the pragma, the setting */
    brn_str member;   /* column, constraint, index, partition, value of an enum; host of a user */
    brn_str new_name; /* RENAME ... TO; value of a pragma or setting */
    brn_str new_schema;
    bool has_value; /* PRAGMA name = value or name(value); SET with a value */
    brn_str on_schema;
    brn_str on; /* table of an index, trigger, policy or rule; empty where it is not looked at */
    uint32_t flags; /* BRN_STMT_... */
    /* With ALONE: servers from this version on, in the engine's own count, can run it inside a
     * transaction. 0: none can. */
    uint32_t alone_below;
} brn_stmt_class;

/* "table", "materialized view"; "" for none. */
const char *brn_object_word(brn_object object);

void brn_classify(
    brn_stmt_class *out, brn_arena *arena, const brn_dialect *dialect, const brn_stmt *stmt);

#endif
