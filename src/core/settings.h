/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Settings inside the library: the table is src/core/settings_table.c, values and origins are in
 * settings.c. The public half is <brant/settings.h>.
 */
#ifndef BRN_CORE_SETTINGS_H
#define BRN_CORE_SETTINGS_H

#include <brant/settings.h>

#include "base/arena.h"
#include "core/yaml.h"

extern const brant_setting_info brn_settings_table[];
extern const size_t brn_settings_table_count;

/* A copy with the same values and origins, for a database's own settings in the project file. */
brant_status brn_settings_clone(
    brant_settings **out, const brant_settings *from, brant_error **err);

/*
 * Value of a variable: the environment handed in, then .env. NULL when unset. Used for ${NAME} in
 * the project file and in migrations.
 */
const char *brn_settings_getenv(const brant_settings *settings, const char *name);

/*
 * Replaces ${NAME} and ${NAME:-default} from brn_settings_getenv(); "$$" is a dollar sign. Unset
 * without a default is an error that names the variable; the caller adds the position.
 */
brant_status brn_settings_expand(
    const char **out,
    brn_arena *arena,
    const brant_settings *settings,
    brn_str text,
    brant_error **err);

/* Sets a scalar node of the project file; unknown keys are errors with position and the nearest
 * known key as hint. */
brant_status brn_settings_set_yaml(
    brant_settings *settings, const brn_yaml *node, const char *file, brant_error **err);

/* Known key nearest to `text` (edit distance at most 2), or NULL: for "did you mean". */
const char *brn_settings_nearest(const char *text);

#endif
