/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * A session: a project opened for work.
 *
 * A session reads the migrations, connects to the databases when it needs them, and carries the
 * event callback and the switch for cancellation. One call at a time per session; different
 * sessions are independent, also on one project.
 */
#ifndef BRANT_SESSION_H
#define BRANT_SESSION_H

#include <stddef.h>

#include <brant/event.h>
#include <brant/project.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct brant_session brant_session;

/** Options of brant_session_open(). Zero means default. */
typedef struct brant_session_options {
    size_t size;
    /** Receives events; may be NULL. */
    brant_event_fn *on_event;
    void *user;
    /** Directory of engine modules; NULL: that of the library itself. */
    const char *module_dir;
} brant_session_options;

/* clang-format off */
#define BRANT_SESSION_OPTIONS_INIT { sizeof(brant_session_options), NULL, NULL, NULL }
/* clang-format on */

/**
 * Opens a session. Connects to nothing yet.
 *
 * @param[out] out  Owned by the caller: brant_session_close().
 * @param project   Must outlive the session.
 * @param opts      NULL for defaults. Copied.
 * @retval BRANT_EUSAGE        The project has no database, or the URL of one cannot be used.
 * @retval BRANT_EUNSUPPORTED  The engine of a database is not installed; the hint names the
 * package.
 * @retval BRANT_ENOMEM        Out of memory.
 * Since: 0.1
 */
BRANT_API brant_status brant_session_open(
    brant_session **out,
    const brant_project *project,
    const brant_session_options *opts,
    brant_error **err);

/** Closes connections and frees the session. NULL is fine. Since: 0.1 */
BRANT_API void brant_session_close(brant_session *session);

/**
 * Asks the call that is running to stop at the next safe point; it returns BRANT_ECANCELLED. A
 * transaction at hand is rolled back, a statement outside one is finished, the lock is released.
 *
 * Thread-safe and async-signal-safe: the only function of a session that is. Since: 0.1
 */
BRANT_API void brant_session_cancel(brant_session *session);

/** A connection of the host program. Zero and NULL mean: none, or default. */
typedef struct brant_attachment {
    size_t size;
    /** Name of the database in the project; NULL: the only one. */
    const char *database;
    /** SQLite: a sqlite3 *. */
    void *handle;
    /** SQLite: a const brant_sqlite_functions * (<brant/sqlite.h>), copied; NULL: the functions
     * that libbrant is linked with. */
    const void *functions;
} brant_attachment;

/* clang-format off */
#define BRANT_ATTACHMENT_INIT { sizeof(brant_attachment), NULL, NULL, NULL }
/* clang-format on */

/**
 * Works on a connection of the host program instead of opening one.
 *
 * The URL of the database still says its kind. A URL with a file must name the file that the
 * connection has open; a URL without one ("sqlite::memory:") fits every connection.
 *
 * The connection stays the host's: it is never closed, and its foreign-key enforcement is left as
 * it is. While it is lent the host must not use it during calls of the session, and brant's busy
 * handler and progress handler are installed in it; brant_session_close() takes them out and puts
 * back the host's busy timeout (a busy or progress handler of the host must be installed again).
 * Where there is no memory even to roll back, a transaction of brant's stays open until the next
 * call of the session, or its closing, can.
 *
 * @retval BRANT_EUSAGE        Unknown database, no handle, a transaction is open in it, another
 *                             file than the URL names, or functions are missing in the table.
 * @retval BRANT_EUNSUPPORTED  The engine cannot use a connection of the host.
 * Since: 0.1
 */
BRANT_API brant_status
brant_session_attach(brant_session *session, const brant_attachment *attachment, brant_error **err);

#ifdef __cplusplus
}
#endif

#endif
