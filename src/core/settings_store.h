/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What settings.c (values) and settings_sources.c (where they come from) share. Nobody else
 * includes this.
 *
 * Everything lives in the arena: values that were replaced stay there until the settings are
 * freed, which is cheap because each is set a handful of times.
 */
#ifndef BRN_CORE_SETTINGS_STORE_H
#define BRN_CORE_SETTINGS_STORE_H

#include "core/dotenv.h"
#include "core/settings.h"

struct brn_setting_value;

struct brant_settings {
    brn_arena arena;
    brn_dotenv_list environment; /* handed in by the host */
    brn_dotenv_list dotenv;
    struct brn_setting_value *values; /* one for each row of the table */
};

/* Checks and stores; a lower origin than the present one only checks. */
brant_status brn_settings_put(
    brant_settings *settings,
    const brant_setting_info *info,
    const char *value,
    brant_origin origin,
    const char *where,
    brant_error **err);

/* The error for a key that is not in the table. `where` may be NULL. */
brant_status brn_settings_unknown_key(const char *key, const char *where, brant_error **err);

#endif
