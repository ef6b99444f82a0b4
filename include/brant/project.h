/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * A project: which databases there are, where their migrations are, and the settings of each.
 *
 * Usually read from `brant.yaml`; without one, the settings `database` and `migrations` describe a
 * project with one database called "main".
 */
#ifndef BRANT_PROJECT_H
#define BRANT_PROJECT_H

#include <stddef.h>

#include <brant/settings.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A loaded project. Read only afterwards, so it may be shared between threads. */
typedef struct brant_project brant_project;

/** One database of a project. Read only, owned by the project. Fields are only appended. */
typedef struct brant_project_database {
    const char *name;
    /** For people: without passwords. */
    const char *url_shown;
    /** "sqlite". */
    const char *engine;
    /** Directory of its migrations. */
    const char *migrations;
} brant_project_database;

/**
 * Loads the project file named by the setting `config`, if there is one, and resolves databases.
 *
 * - A missing file is fine unless its name was given by flag or environment.
 * - Relative paths inside the file are relative to the file's directory; other relative paths to
 *   the working directory.
 * - The setting `database` (flag -d, DATABASE_URL) as a URL replaces the URL of the only database
 *   of the file, or stands alone; as names (one a line) it selects databases of the file. From the
 *   environment it does not touch a file with several databases.
 *
 * @param[out] out      Owned by the caller: brant_project_free().
 * @param      settings Copied. Values of the file are set in the copy with BRANT_ORIGIN_FILE.
 * A project may have no database, and a URL of the file may name an unset variable: that is an
 * error only when a session is opened, so that files can be made without a database at hand.
 *
 * @retval BRANT_EUSAGE Unknown key, bad value, unknown database or engine; with position when it is
 *                      in the file.
 * @retval BRANT_EPARSE Malformed YAML; with position.
 * @retval BRANT_EIO    The file cannot be read.
 * Since: 0.1
 */
BRANT_API brant_status
brant_project_load(brant_project **out, const brant_settings *settings, brant_error **err);
/** NULL is fine. Sessions opened on it must be closed before. Since: 0.1 */
BRANT_API void brant_project_free(brant_project *project);

/** Number of selected databases, and each. Since: 0.1 */
BRANT_API size_t brant_project_count(const brant_project *project);
BRANT_API const brant_project_database *brant_project_at(const brant_project *project, size_t i);
/** Settings with the file's values in them. Borrowed. Since: 0.1 */
BRANT_API const brant_settings *brant_project_settings(const brant_project *project);

/** Files of a new migration. Owned by the caller: brant_new_files_free(). Fields only appended. */
typedef struct brant_new_files {
    const char *id;
    const char *const *paths;
    size_t count;
} brant_new_files;

/** Options of brant_new_migration(). */
typedef struct brant_new_options {
    size_t size;
    /** Database of the project; NULL: the first. */
    const char *database;
    /** "add users table". */
    const char *name;
    /** Not zero: a UTC timestamp, a sequence number; neither: as the directory has it. */
    int timestamp;
    int sequence;
    /** This version; NULL: numbered. */
    const char *version;
    /** Layout; NULL: the setting, or what the directory has. */
    const char *layout;
} brant_new_options;

/* clang-format off */
#define BRANT_NEW_OPTIONS_INIT { sizeof(brant_new_options), NULL, NULL, 0, 0, NULL, NULL }
/* clang-format on */

/**
 * Writes the files of a new migration; never overwrites. Needs no database.
 *
 * @retval BRANT_EUSAGE  Bad name or version, or the version is taken (the message names the file).
 * @retval BRANT_EIO     Directory or file cannot be written.
 * Since: 0.1
 */
BRANT_API brant_status brant_new_migration(
    brant_new_files **out,
    const brant_project *project,
    const brant_new_options *opts,
    brant_error **err);
BRANT_API void brant_new_files_free(brant_new_files *files);

/** Options of brant_sum(). */
typedef struct brant_sum_options {
    size_t size;
    /** Database of the project; NULL: all. */
    const char *database;
    /** Not zero: only say what differs, write nothing. */
    int check;
} brant_sum_options;

/* clang-format off */
#define BRANT_SUM_OPTIONS_INIT { sizeof(brant_sum_options), NULL, 0 }
/* clang-format on */

/**
 * Writes the sum file `brant.sum` of each directory of migrations anew: a line for each file with a
 * digest of it and of all lines before it, so that two branches that both add a migration conflict
 * in version control. Where it is present every call that reads the directory verifies it.
 *
 * @param[out] out  Paths of the files written. Owned by the caller: brant_new_files_free(). May be
 *                  NULL.
 * @retval BRANT_EDRIFT  With check: files differ from the sum, or there is none; the error names
 *                       them.
 * Since: 0.1
 */
BRANT_API brant_status brant_sum(
    brant_new_files **out,
    const brant_project *project,
    const brant_sum_options *opts,
    brant_error **err);

/**
 * Scaffolds a project in `dir` (created when missing): brant.yaml, migrations/ and a first example
 * of up and down files for the given URL (NULL: sqlite:app.db). Where migrations/ has something in
 * it already, only brant.yaml is written.
 *
 * @param[out] out  The files written. Owned by the caller: brant_new_files_free(). May be NULL.
 * @retval BRANT_EUSAGE  Something of that name is there already (it is named); nothing is written.
 * @retval BRANT_EIO     Cannot write.
 * Since: 0.1
 */
BRANT_API brant_status
brant_init_project(brant_new_files **out, const char *dir, const char *url, brant_error **err);

#ifdef __cplusplus
}
#endif

#endif
