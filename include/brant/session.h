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

#ifdef __cplusplus
}
#endif

#endif
