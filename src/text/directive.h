/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Comment directives: properties of a migration as comments at the head of its file, so that the
 * file stays one that the database's own client can run.
 *
 *     -- brant: requires=003_users,004_roles min-read-version=1.4.0
 *     -- brant: transaction=off timeout=30m
 *     CREATE INDEX ...
 *
 * Values are words or "double quoted" (with \" and \\). A directive must stand before the first
 * statement; one further down, an unknown key, a key given twice and a bad value are errors with
 * file, line and column: a directive that is quietly ignored would change what a migration does.
 * "-- brant: up" and "-- brant: down" (no '=') mark sections, see section.h.
 */
#ifndef BRN_TEXT_DIRECTIVE_H
#define BRN_TEXT_DIRECTIVE_H

#include "text/script.h"

typedef enum brn_switch {
    BRN_SWITCH_AUTO = 0,
    BRN_SWITCH_ON = 1,
    BRN_SWITCH_OFF = 2
} brn_switch;

typedef enum brn_kind {
    BRN_KIND_SQL = 0,
    BRN_KIND_CODE = 1,
    BRN_KIND_EXEC = 2,
    BRN_KIND_MANUAL = 3
} brn_kind;

typedef enum brn_phase {
    BRN_PHASE_NONE = 0,
    BRN_PHASE_EXPAND = 1,
    BRN_PHASE_MIGRATE = 2,
    BRN_PHASE_CONTRACT = 3
} brn_phase;

typedef struct brn_require {
    const char *id; /* "003_users" or "events:003_users" */
    uint32_t line;
    uint32_t column;
} brn_require;

/* A zeroed struct is a migration without directives. */
typedef struct brn_props {
    BRN_VEC(brn_require) requires;
    bool has_requires;            /* requires= was given, also as "none" (then the list is empty) */
    bool required;                /* required=true|false */
    const char *min_read_version; /* min-read-version=, dotted numbers; NULL */
    brn_kind kind;                /* kind=sql|manual|code; exec is refused in files so far */
    brn_phase phase;              /* phase=expand|migrate|contract */
    brn_switch transaction;       /* transaction=auto|on|off */
    brn_switch foreign_keys;      /* foreign-keys=on|off */
    brn_switch placeholders;      /* placeholders=on|off */
    bool idempotent;              /* idempotent=true|false */
    bool repeatable;              /* repeatable=true|false: again when the text changes, last */
    int64_t timeout_ms;           /* timeout=DUR; -1: not given, 0: none */
    int64_t lock_timeout_ms;      /* lock-timeout=DUR; -1: not given */
    const char *help;             /* help="...": shown for manual migrations; NULL */
    uint32_t transaction_line;    /* where transaction= stands; 0 */
} brn_props;

/* The "not given" values. */
extern const brn_props brn_no_props;
void brn_props_init(brn_props *props);

/*
 * Reads the directives at the head of a script. Call once per head: a second call on the same
 * props (the head of a section, after the head of the file) adds to them: what it requires is
 * required too, any other key it gives wins. On failure props are as they were.
 */
brant_status brn_directives_read(
    brn_props *props,
    brn_arena *arena,
    const brn_dialect *dialect,
    const brn_script *script,
    brant_error **err);

/* What stands in a line comment, without its "--" and the white space around it. */
brn_str brn_comment_text(brn_str comment);

const char *brn_kind_name(brn_kind kind);    /* "sql" */
const char *brn_phase_name(brn_phase phase); /* "expand"; "" for none */

#endif
