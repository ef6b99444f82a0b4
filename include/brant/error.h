/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Results and errors.
 *
 * Every function that can fail returns a brant_status, which says what the caller should do, and
 * fills a brant_error through its last parameter, which says what happened: a stable id, a message
 * of one line, a detail, a hint that says what to do, and the position in the user's own file.
 *
 *     brant_error *err = NULL;
 *     if (brant_up(NULL, session, NULL, &err) != BRANT_OK) {
 *         fprintf(stderr, "%s\n%s\n", brant_error_message(err), brant_error_hint(err));
 *         brant_error_free(err);
 *     }
 *
 * Passwords never reach an error: URLs and secrets are redacted before text is stored.
 */
#ifndef BRANT_ERROR_H
#define BRANT_ERROR_H

#include <stdint.h>

#include <brant/version.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What the caller should do. Values are append-only. */
typedef enum brant_status {
    BRANT_OK = 0,
    /** Wrong argument, option or setting: change the call. */
    BRANT_EUSAGE = 1,
    /** A file cannot be understood: mend the file; the error has line and column. */
    BRANT_EPARSE = 2,
    /** A file or directory cannot be read or written: look at the system's reason. */
    BRANT_EIO = 3,
    /** The database cannot be reached or refuses the login. */
    BRANT_ECONNECT = 4,
    /** A statement failed: mend the migration; the error has file, line and column. */
    BRANT_ESTATEMENT = 5,
    /** Somebody else holds the lock and the wait is over; the hint names the holder. */
    BRANT_ELOCKED = 6,
    /** Files, ledger and database do not agree: a person has to decide. */
    BRANT_EDRIFT = 7,
    /** A failed or half-done migration is in the way, and the policy is not to go on by itself. */
    BRANT_EDIRTY = 8,
    /** The engine or this build cannot do it. */
    BRANT_EUNSUPPORTED = 9,
    /** brant_session_cancel() was called. */
    BRANT_ECANCELLED = 10,
    /** A time limit ended it; the hint names the setting to raise. */
    BRANT_ETIMEOUT = 11,
    /** Out of memory. */
    BRANT_ENOMEM = 12,
    /** A mistake in brant: please report it. */
    BRANT_EINTERNAL = 13
} brant_status;

/** Name of a status: "statement". Static; never NULL. Thread-safe. Since: 0.1 */
BRANT_API const char *brant_status_name(brant_status status);

/** An error. Opaque; owned by whoever received it; one thread at a time. */
typedef struct brant_error brant_error;

/** Frees the error and its causes. NULL is fine. Since: 0.1 */
BRANT_API void brant_error_free(brant_error *err);

/**
 * Accessors: texts live as long as the error and are NULL where they do not apply, except id and
 * message, which are never NULL. A NULL error gives the texts of "no error". Since: 0.1
 */
BRANT_API brant_status brant_error_status(const brant_error *err);
/** Stable name, documented in docs/errors.md: "ledger.checksum_mismatch". */
BRANT_API const char *brant_error_id(const brant_error *err);
/** One line, lower case, no full stop. */
BRANT_API const char *brant_error_message(const brant_error *err);
/** Sentences with the evidence. */
BRANT_API const char *brant_error_detail(const brant_error *err);
/** Sentences that say what to do. */
BRANT_API const char *brant_error_hint(const brant_error *err);
/** Five characters, where the server has them. */
BRANT_API const char *brant_error_sqlstate(const brant_error *err);
/** The server's or client library's own code; 0 when there is none. */
BRANT_API int64_t brant_error_native_code(const brant_error *err);
/** File as the user knows it. */
BRANT_API const char *brant_error_file(const brant_error *err);
/** From 1; 0 when unknown. Columns count characters (code points). */
BRANT_API uint32_t brant_error_line(const brant_error *err);
BRANT_API uint32_t brant_error_column(const brant_error *err);
/** The statement, shortened. */
BRANT_API const char *brant_error_statement(const brant_error *err);
/** Migration that was worked on. */
BRANT_API const char *brant_error_migration(const brant_error *err);
/** Name of the database that was worked on. */
BRANT_API const char *brant_error_database(const brant_error *err);
/** The error beneath, NULL at the end. Owned by `err`. */
BRANT_API const brant_error *brant_error_cause(const brant_error *err);

#ifdef __cplusplus
}
#endif

#endif
