/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checks the text of one setting against its row of the table, and words the refusal.
 */
#ifndef BRN_CORE_SETTINGS_CHECK_H
#define BRN_CORE_SETTINGS_CHECK_H

#include <brant/settings.h>

#include "base/str.h"

typedef struct brn_checked_value {
    brn_str text;   /* in the form programs compare; views into the value or static text */
    int64_t number; /* as brant_settings_int() gives it */
} brn_checked_value;

/* `where` is for the message and may be NULL. Secrets and URLs are never in it. */
brant_status brn_setting_check(
    brn_checked_value *out,
    const brant_setting_info *info,
    const char *value,
    const char *where,
    brant_error **err);

/* A line of a URL setting is a URL, or the name of a database in the project file. */
bool brn_setting_is_database_name(brn_str line);

#endif
