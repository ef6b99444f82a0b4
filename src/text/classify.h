/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a statement does, read from its first words: not a parser. Plans, probes and rules need the
 * verb, the object and its name, and those stand at the start in every dialect.
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
    BRN_VERB_SELECT, /* also VALUES, EXPLAIN */
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
} brn_verb;

typedef enum brn_object {
    BRN_OBJECT_NONE = 0,
    BRN_OBJECT_TABLE,
    BRN_OBJECT_INDEX,
    BRN_OBJECT_VIEW,
    BRN_OBJECT_TRIGGER,
} brn_object;

typedef enum brn_alter {
    BRN_ALTER_NONE = 0,
    BRN_ALTER_ADD_COLUMN,
    BRN_ALTER_DROP_COLUMN,
    BRN_ALTER_RENAME_COLUMN,
    BRN_ALTER_RENAME_TABLE,
} brn_alter;

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
    brn_str name;     /* of the object, the DML target, the pragma */
    brn_str member;   /* column */
    brn_str new_name; /* RENAME ... TO; value of a pragma */
    bool has_value;   /* PRAGMA name = value or name(value) */
} brn_stmt_class;

void brn_classify(
    brn_stmt_class *out, brn_arena *arena, const brn_dialect *dialect, const brn_stmt *stmt);

#endif
