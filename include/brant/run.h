/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * What can be done with a session: bring databases up and down, look at them, mend them.
 *
 * Every call: `out` may be NULL when the caller does not want the document, and is written only on
 * success, except that the report of a run is also written when the run failed half way (it then
 * says how far it came). `err` may be NULL, is set only when the result is not BRANT_OK, and is
 * owned by the caller. One call at a time per session.
 *
 * Results that any call may have besides those named with it: BRANT_ECONNECT, BRANT_ECANCELLED,
 * BRANT_ETIMEOUT, BRANT_ENOMEM, BRANT_EIO, and for reading files BRANT_EPARSE and BRANT_EUSAGE.
 */
#ifndef BRANT_RUN_H
#define BRANT_RUN_H

#include <brant/report.h>
#include <brant/session.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Options of brant_up(), brant_down() and brant_plan_up(). Zero means default. */
typedef struct brant_run_options {
    size_t size;
    /** At most so many migrations; 0: all (up), one (down). */
    uint64_t count;
    /** up: this one and its ancestors. down: undo what is behind it, it stays. NULL: no limit. */
    const char *to;
    /** down: all. */
    int all;
    /** Show statements as events, run nothing. */
    int dry_run;
    /** Start-up of an application: do nothing when the setting auto-migrate is false. */
    int startup;
} brant_run_options;

/* clang-format off */
#define BRANT_RUN_OPTIONS_INIT { sizeof(brant_run_options), 0, NULL, 0, 0, 0 }
/* clang-format on */

/**
 * Applies pending migrations in dependency order.
 *
 * Looks first, without a lock: nothing pending ends here. Otherwise takes the lock, looks again,
 * and runs. A migration that failed or was interrupted is resumed as the setting on-dirty says.
 *
 * @retval BRANT_OK          Done; possibly nothing was pending.
 * @retval BRANT_ESTATEMENT  A statement failed; later migrations were not run.
 * @retval BRANT_ELOCKED     Somebody else holds the lock.
 * @retval BRANT_EDRIFT      An applied file was edited, renamed or is missing, or a migration is
 *                           late and the policy is error.
 * @retval BRANT_EDIRTY      A failed migration and on-dirty=refuse, or an open outcome that only a
 *                           person can decide (brant_repair()).
 * @retval BRANT_EUSAGE      Unknown `to`.
 * Since: 0.1
 */
BRANT_API brant_status brant_up(
    brant_report **out, brant_session *session, const brant_run_options *opts, brant_error **err);

/**
 * Undoes migrations in reverse order of application. A missing down file is refused before
 * anything runs, and so is a migration with completed dependents that are not undone as well.
 * Since: 0.1
 */
BRANT_API brant_status brant_down(
    brant_report **out, brant_session *session, const brant_run_options *opts, brant_error **err);

/** Up or down until `to` is the version; needs a chain. opts: dry_run only. Since: 0.1 */
BRANT_API brant_status brant_goto(
    brant_report **out,
    brant_session *session,
    const char *to,
    const brant_run_options *opts,
    brant_error **err);

/** Down, then up of the last applied migration. opts: dry_run only. Since: 0.1 */
BRANT_API brant_status brant_redo(
    brant_report **out, brant_session *session, const brant_run_options *opts, brant_error **err);

/**
 * Records migrations as completed (pending 0) or not applied (pending 1) without running anything.
 * What is recorded so already is left alone; report->applied lists what changed.
 *
 * @retval BRANT_EUSAGE  An id that neither files nor ledger know.
 * Since: 0.1
 */
BRANT_API brant_status brant_mark(
    brant_report **out,
    brant_session *session,
    const char *const *ids,
    size_t count,
    int pending,
    brant_error **err);

/**
 * Sets the recorded state to exactly the migrations up to `version`; "-1" is none. Runs nothing,
 * clears failed and running marks, writes history. Needs a chain. For a version that no file has,
 * everything below it is recorded, with a warning.
 *
 * @retval BRANT_EUSAGE  Not a version of this layout, or below -1.
 * Since: 0.1
 */
BRANT_API brant_status
brant_force(brant_report **out, brant_session *session, const char *version, brant_error **err);

/**
 * Records as applied what another tool's own table says is applied, and runs nothing. `from` names
 * the tool ("gofr"); NULL finds it by its table. Migrations are found by their version; one that no
 * file has is recorded as a function of another program. report->applied lists what was recorded.
 *
 * @retval BRANT_EUSAGE  A tool that is not known, or no such table ("adopt.nothing_found").
 * Since: 0.1
 */
BRANT_API brant_status
brant_adopt(brant_report **out, brant_session *session, const char *from, brant_error **err);

/** Answers for brant_repair(). */
typedef enum brant_answer {
    /** Only look, and resolve what the database itself decides. */
    BRANT_ANSWER_NONE = 0,
    /** The open statement took effect. */
    BRANT_ANSWER_DONE = 1,
    /** It did not. */
    BRANT_ANSWER_NOT_DONE = 2,
    /** Forget progress: the migration is pending again and runs from its first statement. */
    BRANT_ANSWER_RETRY = 3
} brant_answer;

typedef struct brant_repair_options {
    size_t size;
    /** One migration; NULL: all that are open. */
    const char *migration;
    /** A brant_answer. */
    int answer;
    /** Record the files as they are now: checksums of edited, names of renamed ones. */
    int accept_files;
    /** Look only. */
    int dry_run;
} brant_repair_options;

/* clang-format off */
#define BRANT_REPAIR_OPTIONS_INIT { sizeof(brant_repair_options), NULL, 0, 0, 0 }
/* clang-format on */

/**
 * Resolves open outcomes and failed rows: probes the database, shows the evidence, records what is
 * certain or what the person answered.
 *
 * @retval BRANT_OK  Also when something is still open: look at result->open_count.
 * Since: 0.1
 */
BRANT_API brant_status brant_repair(
    brant_repair_result **out,
    brant_session *session,
    const brant_repair_options *opts,
    brant_error **err);

/** What brant_up() would do, statement by statement. Changes nothing. Since: 0.1 */
BRANT_API brant_status brant_plan_up(
    brant_plan **out, brant_session *session, const brant_run_options *opts, brant_error **err);

/**
 * The plan as a text to be saved, reviewed and given to brant_apply(): JSON, described in
 * docs/schema/saved-plan.json.
 *
 * @param[out] out  NUL-terminated; owned by the plan.
 * Since: 0.1
 */
BRANT_API brant_status brant_plan_text(const char **out, brant_plan *plan, brant_error **err);

/**
 * Runs a saved plan, and nothing but it: makes the plan anew, before and under the lock, and
 * refuses when it would differ in anything: migrations, texts of their files, statements, or the
 * recorded state that it was made on.
 *
 * @param text  As brant_plan_text() gave it; `len` bytes.
 * @param file  Where it was read from, for messages. May be NULL.
 * @param opts  dry_run only. May be NULL.
 * @retval BRANT_EDRIFT  Files or database have changed since; the error names what.
 * @retval BRANT_EPARSE  Not a saved plan, or of a newer version.
 * Since: 0.1
 */
BRANT_API brant_status brant_apply(
    brant_report **out,
    brant_session *session,
    const char *text,
    size_t len,
    const char *file,
    const brant_run_options *opts,
    brant_error **err);

/** State of every database. Changes nothing, takes no lock. Since: 0.1 */
BRANT_API brant_status brant_look(brant_overview **out, brant_session *session, brant_error **err);

/** History of every database; verify not zero: checks the hash chain. Since: 0.1 */
BRANT_API brant_status
brant_history_read(brant_history **out, brant_session *session, int verify, brant_error **err);

/**
 * May the application work on its databases? Says of each database the first that is wrong:
 *
 *   - it cannot be reached, read, or does not exist: the error's id;
 *   - a migration failed or is half done, a file was edited, renamed, or is gone, a migration is
 *     late: the finding's id, as brant_validate() gives it, warnings left out;
 *   - a newer version of the project has migrated it ("ledger.newer_migration"), unless each such
 *     migration records a min-read-version and the setting current-version is not below it;
 *   - a migration is recorded as running, but no run holds the lock ("health.interrupted");
 *   - migrations are pending ("health.pending").
 *
 * While a run holds the lock, what it has not finished is its business: only required migrations
 * that are pending are a reason then ("health.running").
 *
 * Changes nothing, takes no lock. That a database is not healthy is not an error of the call, but
 * files that cannot be read or understood are.
 * Since: 0.1
 */
BRANT_API brant_status
brant_health(brant_health_result **out, brant_session *session, brant_error **err);

/** Compares files, ledger and database; findings are not an error of the call. Since: 0.1 */
BRANT_API brant_status
brant_validate(brant_validation **out, brant_session *session, brant_error **err);

/**
 * Takes every migration up, down and up again in a scratch database and compares the schema at each
 * turn: finds down scripts that do not undo their up scripts. The databases of the session are not
 * touched. Findings are not an error of the call.
 *
 * @retval BRANT_EUNSUPPORTED  The engine has no scratch databases.
 * Since: 0.1
 */
BRANT_API brant_status
brant_round_trip(brant_validation **out, brant_session *session, brant_error **err);

/**
 * Who holds the locks, and which sessions of the servers are in the way of others or may soon be:
 * transactions of more than ten seconds. Since: 0.1
 */
BRANT_API brant_status
brant_lock_status(brant_locks **out, brant_session *session, brant_error **err);

/**
 * Frees locks that others hold: ends the holder, as far as the engine can. Ask a person first.
 * out lists the locks as they were. Since: 0.1
 */
BRANT_API brant_status
brant_lock_release(brant_locks **out, brant_session *session, brant_error **err);

/** Reaches every database; a database that cannot be reached is in the result. Since: 0.1 */
BRANT_API brant_status
brant_ping(brant_ping_result **out, brant_session *session, brant_error **err);

/** Options of brant_setup(). */
typedef struct brant_setup_options {
    size_t size;
    /** Not zero: bring an empty database to the newest schema at once. */
    int complete;
} brant_setup_options;

/* clang-format off */
#define BRANT_SETUP_OPTIONS_INIT { sizeof(brant_setup_options), 0 }
/* clang-format on */

/**
 * Creates databases that are missing. With `complete`: builds the newest schema from the directory
 * `schema` beside the migrations if there is one, else by running the migrations, and records all
 * of them as completed.
 *
 * @retval BRANT_EUSAGE  `complete` and a database is not empty.
 * Since: 0.1
 */
BRANT_API brant_status brant_setup(
    brant_report **out, brant_session *session, const brant_setup_options *opts, brant_error **err);

#ifdef __cplusplus
}
#endif

#endif
