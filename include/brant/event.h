/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * What happens during a run, as it happens.
 *
 * One callback per session receives typed events on the thread that made the call. Progress bars,
 * logs, JSON lines and metrics are all made from them; the library itself never prints.
 */
#ifndef BRANT_EVENT_H
#define BRANT_EVENT_H

#include <stddef.h>
#include <stdint.h>

#include <brant/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Kinds of events. Append-only: ignore those you do not know. */
typedef enum brant_event_type {
    BRANT_EVENT_RUN_START = 1,
    BRANT_EVENT_RUN_END = 2,
    BRANT_EVENT_MIGRATION_START = 3,
    BRANT_EVENT_MIGRATION_END = 4,
    BRANT_EVENT_STATEMENT = 5,
    BRANT_EVENT_PROGRESS = 6,
    BRANT_EVENT_LOCK_WAIT = 7,
    BRANT_EVENT_LOCK_TAKEN = 8,
    BRANT_EVENT_NOTICE = 9,
    BRANT_EVENT_WARNING = 10,
    BRANT_EVENT_TRACE = 11
} brant_event_type;

/**
 * One event. All texts are borrowed for the time of the callback. Fields that do not apply to a
 * type are zero or NULL.
 */
typedef struct brant_event {
    /** Size of the struct the library filled. */
    size_t size;
    /** A brant_event_type. */
    uint32_t type;
    /** Counts from 1 within the session. */
    uint64_t number;
    /** Microseconds since 1970 in UTC, and a monotonic clock for differences. */
    int64_t wall_us;
    int64_t mono_ns;
    /** 32 hexadecimal digits; the same in the history. NULL outside a run. */
    const char *run_id;
    /** Name of the database in the project. */
    const char *database;

    /** RUN_START, RUN_END: "up", "down", "mark", "force", "repair". */
    const char *command;
    /** MIGRATION_*, STATEMENT: id, its version part and its name part. */
    const char *migration;
    const char *version;
    const char *name;
    /** MIGRATION_*: "up" or "down". */
    const char *direction;
    /** RUN_START: migrations to run. MIGRATION_START: its statements. PROGRESS: all of the unit. */
    uint64_t total;
    /** RUN_END: migrations run. MIGRATION_END: statements run. STATEMENT: its number from 1.
     * PROGRESS: done so far. */
    uint64_t done;
    /** PROGRESS: "migrations", "statements" or "rows". */
    const char *unit;
    /** STATEMENT: rows changed, or -1 when unknown. */
    int64_t rows;
    /** RUN_END, MIGRATION_END, STATEMENT, LOCK_TAKEN: time it took. LOCK_WAIT: waited so far. */
    int64_t duration_ns;
    /** RUN_END, MIGRATION_END: outcome; BRANT_OK or why not. */
    brant_status status;
    /** STATEMENT: text and place in its file. TRACE: text. */
    const char *statement;
    size_t statement_len;
    const char *file;
    uint32_t line;
    /** STATEMENT: 1 when it was shown only (dry run). */
    int dry_run;
    /** NOTICE, WARNING: stable id and text. TRACE: text. LOCK_WAIT: the holder, if known. */
    const char *id;
    const char *message;
} brant_event;

/** Must not call into the session it belongs to, except brant_session_cancel(). */
typedef void brant_event_fn(const brant_event *event, void *user);

#ifdef __cplusplus
}
#endif

#endif
