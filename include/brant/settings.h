/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Settings: one table, values that know where they came from.
 *
 * Precedence, highest first: flag, environment, .env file, project file, default. A value set with
 * a higher origin is not replaced by a lower one, so sources may be read in any order.
 */
#ifndef BRANT_SETTINGS_H
#define BRANT_SETTINGS_H

#include <stddef.h>
#include <stdint.h>

#include <brant/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Where a value came from. A higher number wins. */
typedef enum brant_origin {
    BRANT_ORIGIN_DEFAULT = 0,
    BRANT_ORIGIN_FILE = 1,
    BRANT_ORIGIN_DOTENV = 2,
    BRANT_ORIGIN_ENV = 3,
    BRANT_ORIGIN_FLAG = 4
} brant_origin;

/** Types of settings. Append-only. */
typedef enum brant_setting_type {
    BRANT_SETTING_TEXT = 1,
    BRANT_SETTING_BOOL = 2,
    BRANT_SETTING_INT = 3,
    /** "300", "300s", "5m", "500ms". */
    BRANT_SETTING_DURATION = 4,
    /** One of a list of words. */
    BRANT_SETTING_CHOICE = 5,
    /** Text that is never shown. */
    BRANT_SETTING_SECRET = 6,
    /** A database URL: its password is never shown. */
    BRANT_SETTING_URL = 7
} brant_setting_type;

/** The setting is an option of every command (with its `flag`). */
#define BRANT_SETTING_GLOBAL_FLAG (1u << 0)
/** The flag may be given several times; the values are joined with a newline. */
#define BRANT_SETTING_REPEATABLE (1u << 1)

/** One row of the table. Static and read only. Fields are only ever appended. */
typedef struct brant_setting_info {
    /** "lock-timeout": name in the project file, of the flag, and (as BRANT_LOCK_TIMEOUT) of the
     * environment variable. */
    const char *key;
    /** A brant_setting_type. */
    uint32_t type;
    uint32_t flags;
    /** Short flag letter, or 0. */
    char letter;
    /** Default as text; NULL when there is none. */
    const char *default_value;
    /** For INT and DURATION (milliseconds): inclusive bounds. */
    int64_t min;
    int64_t max;
    /** For CHOICE: words separated by '|'. */
    const char *choices;
    /** Further environment variables that set it, separated by '|', or NULL. */
    const char *env_also;
    /** Word for the value in help: "DUR". */
    const char *metavar;
    const char *help;
    /** First version that has it. */
    const char *since;
} brant_setting_info;

/** Number of rows in the table. Thread-safe. Since: 0.1 */
BRANT_API size_t brant_setting_count(void);
/** Row i, or NULL beyond the end. Thread-safe. Since: 0.1 */
BRANT_API const brant_setting_info *brant_setting_at(size_t i);
/** Row by key, or NULL. Thread-safe. Since: 0.1 */
BRANT_API const brant_setting_info *brant_setting_find(const char *key);
/** "flag", "environment", ".env", "file", "default". Static. Thread-safe. Since: 0.1 */
BRANT_API const char *brant_origin_name(brant_origin origin);

/** A set of values. One thread at a time. */
typedef struct brant_settings brant_settings;

/**
 * New settings, all at their defaults.
 *
 * @param[out] out  Owned by the caller: brant_settings_free().
 * @param[out] err  Set only on failure. May be NULL.
 * @retval BRANT_ENOMEM  Out of memory.
 * Since: 0.1
 */
BRANT_API brant_status brant_settings_new(brant_settings **out, brant_error **err);
/** NULL is fine. Since: 0.1 */
BRANT_API void brant_settings_free(brant_settings *settings);

/**
 * Sets one value after checking it.
 *
 * @param key     Of the table.
 * @param value   Text as a person writes it. Copied.
 * @param origin  Where it came from; a lower origin than the present one changes nothing, but the
 *                value is checked all the same.
 * @param where   "--lock-timeout", "brant.yaml:7:3", "BRANT_LOCK_TIMEOUT": shown in errors and by
 *                `brant config`. Copied. May be NULL.
 * @retval BRANT_EUSAGE  Unknown key or bad value; the message names `where`, the value (unless
 *                       secret) and what is accepted.
 * @retval BRANT_ENOMEM  Out of memory.
 * Since: 0.1
 */
BRANT_API brant_status brant_settings_set(
    brant_settings *settings,
    const char *key,
    const char *value,
    brant_origin origin,
    const char *where,
    brant_error **err);

/**
 * Takes every BRANT_<NAME> and every other variable the table names from an environment.
 *
 * The library never looks at the process's environment by itself. An unknown BRANT_ variable is
 * ignored (a typo is worth less than a stopped service), a bad value is not.
 *
 * @param envp  "NAME=value" strings, NULL-terminated, as in `environ`. Copied: also the source of
 *              ${NAME} in project files and migrations.
 * @retval BRANT_EUSAGE  A bad value; the message names the variable.
 * Since: 0.1
 */
BRANT_API brant_status
brant_settings_from_env(brant_settings *settings, const char *const *envp, brant_error **err);

/**
 * Reads a .env file: NAME=value lines, `export` allowed, # comments, 'literal' and "escaped"
 * values. Its variables count below the real environment.
 *
 * @param path      The file.
 * @param required  0: a missing file is fine.
 * @retval BRANT_EPARSE  A malformed line; the error has file, line and column.
 * @retval BRANT_EIO     The file cannot be read.
 * @retval BRANT_EUSAGE  A bad value; the message names variable, file and line.
 * Since: 0.1
 */
BRANT_API brant_status brant_settings_from_dotenv(
    brant_settings *settings, const char *path, int required, brant_error **err);

/** Present value as text for programs, secrets included; NULL when unset or unknown. Borrowed until
 * the next set. Since: 0.1 */
BRANT_API const char *brant_settings_text(const brant_settings *settings, const char *key);
/** The value for people: secrets and passwords hidden. Since: 0.1 */
BRANT_API const char *brant_settings_shown(const brant_settings *settings, const char *key);
/** BOOL as 0 or 1, INT, DURATION in milliseconds; 0 when unset. Since: 0.1 */
BRANT_API int64_t brant_settings_int(const brant_settings *settings, const char *key);
/** Origin of the present value; *where (may be NULL) gets the place or NULL. Since: 0.1 */
BRANT_API brant_origin
brant_settings_origin(const brant_settings *settings, const char *key, const char **where);

#ifdef __cplusplus
}
#endif

#endif
