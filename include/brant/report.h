/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Documents the library gives back: plain structs to read.
 *
 * They are allocated by the library, owned by the caller, and freed with the function named at
 * each. Everything inside lives as long as the document. Fields are only ever appended, lists hold
 * pointers, and callers never declare or copy such a struct, so that it can grow. Texts are never
 * NULL unless it says so. Times are microseconds since 1970 in UTC, 0 for none.
 */
#ifndef BRANT_REPORT_H
#define BRANT_REPORT_H

#include <stddef.h>
#include <stdint.h>

#include <brant/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A migration as files and ledger know it. */
typedef struct brant_migration {
    const char *database;
    const char *id;
    const char *version;
    const char *name;
    /** "pending", "running", "completed" or "failed". */
    const char *status;
    /** "up" or "down": what is running or failed. */
    const char *direction;
    /** "sql", "manual", "code", "exec". */
    const char *kind;
    /** "expand", "migrate", "contract" or "". */
    const char *phase;
    int required;
    const char *const *requires;
    size_t requires_count;
    /** NULL when there is none. */
    const char *min_read_version;
    /** Of the file; of the ledger when there is no file. */
    const char *checksum;
    /** File of the up text; NULL when no file knows the migration. */
    const char *file;
    const char *down_file;
    /** From the ledger; 0 when it was never started. */
    uint64_t statements_done;
    uint64_t statements_total;
    int64_t started_us;
    int64_t finished_us;
    /** -1: not known. */
    int64_t duration_ms;
    /** NULL when there is none. */
    const char *error;
    /** What the author wrote for people (help="..."); NULL. */
    const char *help;
    /** Order of application; 0: never. */
    int64_t seq;
    /** 1: late, below the newest completed one of a chain. */
    int late;
    /** 1: half done outside a transaction; a run resumes it or a person answers. */
    int partial;
    /** 1: runs again when its text changes, after all others. */
    int repeatable;
} brant_migration;

/** One finding: in files, ledger or database. */
typedef struct brant_finding {
    /** Stable id: "ledger.checksum_mismatch". */
    const char *id;
    /** 1: a warning, does not fail a check. */
    int warning;
    const char *database;
    /** NULL when it concerns no single one. */
    const char *migration;
    const char *message;
    /** NULL when there is none. */
    const char *hint;
    /** NULL, and 0, when it has no place. */
    const char *file;
    uint32_t line;
    uint32_t column;
} brant_finding;

/** Who holds a lock. */
typedef struct brant_lock_info {
    const char *database;
    int held;
    int64_t pid;
    /** "user@host"; "" when not known. */
    const char *who;
    /** "up, brant 0.1.0". */
    const char *what;
    int64_t since_us;
    /** By which the server knows the lock, also a free one: the number in pg_locks; "" where there
     * is none. */
    const char *id;
    /** When it runs out unless it is renewed, where the lock is a lease; 0: it does not. */
    int64_t expires_us;
} brant_lock_info;

/**
 * A session of a database server that keeps others waiting, waits for others, or has had a
 * transaction open for long. What the server does not tell this user is "" or 0.
 */
typedef struct brant_server_session {
    const char *database;
    /** 0: a transaction that has no session, such as a prepared one; its name is `application`. */
    int64_t pid;
    /** "user@host". */
    const char *who;
    const char *application;
    /** In the server's words: "active", "idle in transaction". */
    const char *state;
    /** Begin of its transaction. */
    int64_t since_us;
    /** The statement that runs, or the last one; shortened. */
    const char *query;
    /** Sessions that it waits for. */
    const int64_t *blocked_by;
    size_t blocked_by_count;
    /** Sessions that it keeps waiting. */
    const int64_t *blocks;
    size_t blocks_count;
} brant_server_session;

/** State of one database. */
typedef struct brant_database_status {
    const char *name;
    const char *engine;
    /** Without secrets. */
    const char *url;
    /** Highest completed version whose ancestors are all completed; NULL: none. */
    const char *version;
    /** "current" (nothing pending), "pending", "failed" (one failed, or is half done), "running"
     * (a run holds the lock), "missing" (there is no database yet). */
    const char *state;
    /** Ids that would run, in order. */
    const char *const *pending;
    size_t pending_count;
    /** Known to the files, in dependency order. */
    const brant_migration *const *migrations;
    size_t migration_count;
    /** Recorded, but no file knows them. */
    const brant_migration *const *unknown;
    size_t unknown_count;
    brant_lock_info lock;
    /** When anything was last recorded; 0: never. */
    int64_t last_run_us;
    /** Migrations that are failed, running or half done; in order. */
    const brant_migration *const *open;
    size_t open_count;
} brant_database_status;

/** State of the project. brant_overview_free(). */
typedef struct brant_overview {
    const brant_database_status *const *databases;
    size_t count;
    /** Edited, renamed and missing files, late migrations, and the like. */
    const brant_finding *const *findings;
    size_t finding_count;
} brant_overview;

BRANT_API void brant_overview_free(brant_overview *overview);

/** A row of the history. */
typedef struct brant_history_entry {
    const char *database;
    int64_t seq;
    const char *run_id;
    /** "up", "down", "mark", "force", "repair", "setup". */
    const char *action;
    /** NULL when it concerns the whole database. */
    const char *migration;
    /** "ok" or "failed". */
    const char *outcome;
    /** NULL when there is none. */
    const char *detail;
    const char *checksum;
    const char *who;
    const char *tool;
    int64_t at_us;
    /** -1: not known. */
    int64_t duration_ms;
    const char *hash;
} brant_history_entry;

/** History, oldest first. brant_history_free(). */
typedef struct brant_history {
    const brant_history_entry *const *entries;
    size_t count;
    /** With verification: 1 when every hash follows from the rows before it. */
    int verified;
    /** What is wrong with the chain; NULL when nothing is. */
    const char *problem;
} brant_history;

BRANT_API void brant_history_free(brant_history *history);

/** One statement of a plan. */
typedef struct brant_plan_statement {
    uint32_t number;
    const char *text;
    const char *file;
    uint32_t line;
    /** "create table": for people. */
    const char *kind;
    /** Number of the transaction it runs in, counted over the plan from 1; 0: none. */
    uint32_t transaction;
    /** 1: deletes data or drops what may hold some. */
    int destructive;
} brant_plan_statement;

/** Statements of a migration that take effect together: after a failure or a crash all of them have
 * happened, or none. */
typedef struct brant_plan_segment {
    /** Numbers of its first and last statement. */
    uint32_t first;
    uint32_t last;
    /** The transaction that they share; 0: one statement in no transaction, which commits by itself
     * or has nothing to commit. */
    uint32_t transaction;
} brant_plan_segment;

/** One migration of a plan. */
typedef struct brant_plan_step {
    const brant_migration *migration;
    /** "up" or "down". */
    const char *direction;
    const brant_plan_statement *const *statements;
    size_t statement_count;
    /** Statements that an earlier run has done and that are skipped. */
    uint64_t resume_after;
    /** 1: a person has to do it. */
    int manual;
    /** What of it takes effect together, in order, without what an earlier run has done: more than
     * one where no transaction is around the whole. */
    const brant_plan_segment *const *segments;
    size_t segment_count;
} brant_plan_step;

/** What a run would do. brant_plan_free(). */
typedef struct brant_plan {
    const brant_plan_step *const *steps;
    size_t count;
    const brant_finding *const *findings;
    size_t finding_count;
} brant_plan;

BRANT_API void brant_plan_free(brant_plan *plan);

/** Findings of brant_validate(). brant_validation_free(). */
typedef struct brant_validation {
    /** 1: no finding but warnings. */
    int valid;
    const brant_finding *const *findings;
    size_t count;
} brant_validation;

BRANT_API void brant_validation_free(brant_validation *validation);

/** Of one database. */
typedef struct brant_health_item {
    const char *database;
    /** 1 when healthy. */
    int ok;
    /** One line; NULL when healthy. */
    const char *reason;
    /** Stable id: "health.pending", or that of the error or finding. NULL when healthy. */
    const char *id;
} brant_health_item;

/** What brant_health() found. brant_health_free(). */
typedef struct brant_health_result {
    /** 1: every database is. */
    int ok;
    /** The first reason; with several databases it begins with the name of its database. NULL when
     * every database is healthy. */
    const char *reason;
    const brant_health_item *const *databases;
    size_t count;
} brant_health_result;

BRANT_API void brant_health_free(brant_health_result *result);

/** What a run did. brant_report_free(). */
typedef struct brant_report {
    /** "up", "down", ... */
    const char *command;
    const char *run_id;
    /** Migrations that ran to their end, in order. */
    const brant_migration *const *applied;
    size_t applied_count;
    /** Migrations that would have run but did not: manual, or behind one. */
    const brant_migration *const *skipped;
    size_t skipped_count;
    /** NULL when none failed. */
    const brant_migration *failed;
    /** Version after the run of the first database; NULL: none. */
    const char *version;
    const char *previous_version;
    int64_t duration_ms;
    /** Requests sent to the databases, connecting excluded. */
    uint64_t round_trips;
    /** 1: auto-migrate is off, nothing was looked at. */
    int disabled;
    /** What brant_validate() says after the run; NULL unless the setting validate-schema is on, and
     * after a run that failed or was a dry one. Findings do not fail the run. */
    const brant_validation *validation;
} brant_report;

BRANT_API void brant_report_free(brant_report *report);

/** A database as `ping` finds it. */
typedef struct brant_ping_info {
    const char *database;
    const char *engine;
    /** Without secrets. */
    const char *url;
    const char *target;
    const char *user;
    const char *server_version;
    const char *rights;
    int64_t connect_ns;
    /** BRANT_OK, or why it was not reached; then `error` is set. */
    brant_status status;
    const brant_error *error;
} brant_ping_info;

/** brant_ping_free(). */
typedef struct brant_ping_result {
    const brant_ping_info *const *databases;
    size_t count;
} brant_ping_result;

BRANT_API void brant_ping_free(brant_ping_result *result);

/** Locks of all databases. brant_locks_free(). */
typedef struct brant_locks {
    const brant_lock_info *const *locks;
    size_t count;
    /** Of brant_lock_status() where the engine can tell: those that keep most waiting come first.
     */
    const brant_server_session *const *sessions;
    size_t session_count;
} brant_locks;

BRANT_API void brant_locks_free(brant_locks *locks);

/** What stands in the way of a clean state, with its evidence. */
typedef struct brant_open_item {
    const brant_migration *migration;
    /** Statement whose outcome is open; 0: none. */
    uint64_t statement;
    const char *statement_text;
    /** "done", "not done", "repeatable", "unknown": what the database says. */
    const char *verdict;
    const char *evidence;
    /** What a person can answer. */
    const char *question;
} brant_open_item;

/** brant_repair_result_free(). */
typedef struct brant_repair_result {
    /** Resolved by this call. */
    const brant_open_item *const *resolved;
    size_t resolved_count;
    /** Still needs an answer. */
    const brant_open_item *const *open;
    size_t open_count;
    /** Edited and renamed files that were accepted. */
    const brant_finding *const *accepted;
    size_t accepted_count;
    /** Edited, renamed and missing files that were not. */
    const brant_finding *const *differences;
    size_t difference_count;
} brant_repair_result;

BRANT_API void brant_repair_result_free(brant_repair_result *result);

#ifdef __cplusplus
}
#endif

#endif
