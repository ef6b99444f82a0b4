/* SPDX-License-Identifier: Apache-2.0 */
#include "core/settings.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "core/settings_check.h"
#include "core/settings_store.h"
#include "core/url.h"

#define KEY_MAX_BYTES 64 /* longer texts have no nearest key */
#define HIDDEN "***"

typedef struct brn_setting_value {
    const char *text;  /* NULL: unset */
    const char *shown; /* the same without secrets */
    int64_t number;
    brant_origin origin;
    const char *where; /* NULL: unknown */
} setting_value;

/* --- the table -------------------------------------------------------------------------------- */

size_t brant_setting_count(void)
{
    return brn_settings_table_count;
}

const brant_setting_info *brant_setting_at(size_t i)
{
    return i < brn_settings_table_count ? &brn_settings_table[i] : NULL;
}

const brant_setting_info *brant_setting_find(const char *key)
{
    for (size_t i = 0; key != NULL && i < brn_settings_table_count; i++) {
        const char *known = brn_settings_table[i].key;
        if (known[0] == key[0] && strcmp(known, key) == 0) {
            return &brn_settings_table[i];
        }
    }
    return NULL;
}

const char *brant_origin_name(brant_origin origin)
{
    static const char *const names[] = {
        [BRANT_ORIGIN_DEFAULT] = "default", [BRANT_ORIGIN_FILE] = "file",
        [BRANT_ORIGIN_DOTENV] = ".env",     [BRANT_ORIGIN_ENV] = "environment",
        [BRANT_ORIGIN_FLAG] = "flag",
    };
    size_t i = (size_t)origin;

    return i < BRN_ARRAY_LEN(names) ? names[i] : "unknown";
}

/* Levenshtein's distance, one row at a time. Both texts are shorter than KEY_MAX_BYTES. */
static size_t edit_distance(const char *a, const char *b)
{
    size_t row[KEY_MAX_BYTES + 1];
    size_t b_len = strlen(b);

    for (size_t j = 0; j <= b_len; j++) {
        row[j] = j;
    }
    for (size_t i = 0; a[i] != '\0'; i++) {
        size_t diagonal = row[0];

        row[0] = i + 1;
        for (size_t j = 0; j < b_len; j++) {
            size_t best = diagonal + (a[i] != b[j]);

            diagonal = row[j + 1];
            if (row[j] + 1 < best) {
                best = row[j] + 1;
            }
            if (diagonal + 1 < best) {
                best = diagonal + 1;
            }
            row[j + 1] = best;
        }
    }
    return row[b_len];
}

const char *brn_settings_nearest(const char *text)
{
    const char *found = NULL;
    size_t len = text != NULL ? strlen(text) : 0;
    size_t best = len < 3 ? len : 3; /* "x" is no misspelt "tx" */

    if (len >= KEY_MAX_BYTES) {
        return NULL;
    }
    for (size_t i = 0; i < brn_settings_table_count; i++) {
        size_t distance = edit_distance(text != NULL ? text : "", brn_settings_table[i].key);

        if (distance < best) {
            best = distance;
            found = brn_settings_table[i].key;
        }
    }
    return found;
}

/* --- storing values --------------------------------------------------------------------------- */

static setting_value *value_of(const brant_settings *settings, const char *key)
{
    const brant_setting_info *info = settings != NULL ? brant_setting_find(key) : NULL;

    return info != NULL ? &settings->values[info - brn_settings_table] : NULL;
}

/* URLs of several lines become one line for people. */
static const char *redact_urls(brn_arena *arena, brn_str text)
{
    brn_buf out;
    brn_str rest = text;
    brn_str line;
    const char *before = "";
    const char *shown = NULL;

    brn_buf_init(&out, 0);
    while (brn_str_split(&rest, '\n', &line)) {
        brn_buf_add_c(&out, before);
        if (brn_setting_is_database_name(line)) {
            brn_buf_add_str(&out, line);
        } else {
            const char *redacted = brn_url_redact(arena, line);

            brn_buf_add_c(&out, redacted != NULL ? redacted : HIDDEN);
        }
        before = ", ";
    }
    if (!out.failed) {
        shown = brn_arena_strndup(arena, brn_buf_text(&out), out.len);
    } else {
        arena->oom = true;
    }
    brn_buf_release(&out);
    return shown;
}

static const char *shown_text(const brant_setting_info *info, brn_arena *arena, const char *text)
{
    switch (info->type) {
    case BRANT_SETTING_SECRET:
        return HIDDEN;
    case BRANT_SETTING_URL:
        return text != NULL ? redact_urls(arena, brn_str_from(text)) : NULL;
    default:
        return text;
    }
}

static brant_status store(
    brant_settings *settings,
    const brant_setting_info *info,
    const brn_checked_value *checked,
    brant_origin origin,
    const char *where,
    brant_error **err)
{
    setting_value *present = &settings->values[info - brn_settings_table];
    brn_arena *arena = &settings->arena;
    setting_value made = { .number = checked->number, .origin = origin };

    arena->oom = false; /* an earlier call that failed must not fail this one */
    if ((info->flags & BRANT_SETTING_REPEATABLE) != 0 && origin == BRANT_ORIGIN_FLAG &&
        present->origin == BRANT_ORIGIN_FLAG) {
        made.text = brn_arena_printf(arena, "%s\n%.*s", present->text, BRN_STR_ARG(checked->text));
    } else {
        made.text = brn_arena_strndup(arena, checked->text.ptr, checked->text.len);
    }
    if (where != NULL) {
        made.where = brn_arena_strdup(arena, where);
    }
    made.shown = shown_text(info, arena, made.text);
    if (arena->oom) {
        return brn_error_oom(err);
    }
    *present = made;
    return BRANT_OK;
}

brant_status brn_settings_put(
    brant_settings *settings,
    const brant_setting_info *info,
    const char *value,
    brant_origin origin,
    const char *where,
    brant_error **err)
{
    brn_checked_value checked;
    brant_status st = brn_setting_check(&checked, info, value, where, err);

    if (st != BRANT_OK) {
        return st;
    }
    if (origin < settings->values[info - brn_settings_table].origin) {
        return BRANT_OK;
    }
    return store(settings, info, &checked, origin, where, err);
}

brant_status brn_settings_unknown_key(const char *key, const char *where, brant_error **err)
{
    const char *nearest = brn_settings_nearest(key);
    brant_status st;

    if (where != NULL) {
        st = brn_error(
            err, BRANT_EUSAGE, "settings.unknown_key", "unknown setting \"%.80s\" from %s", key,
            where);
    } else {
        st = brn_error(err, BRANT_EUSAGE, "settings.unknown_key", "unknown setting \"%.80s\"", key);
    }
    if (nearest != NULL) {
        brn_error_hint(err, "Did you mean \"%s\"?", nearest);
    } else {
        brn_error_hint(err, "Run \"brant config\" to see every setting.");
    }
    return st;
}

brant_status brant_settings_set(
    brant_settings *settings,
    const char *key,
    const char *value,
    brant_origin origin,
    const char *where,
    brant_error **err)
{
    const brant_setting_info *info = brant_setting_find(key);

    if (settings == NULL || key == NULL || value == NULL) {
        return brn_error(
            err, BRANT_EUSAGE, "settings.bad_call", "settings, key and value must not be NULL");
    }
    if (info == NULL) {
        return brn_settings_unknown_key(key, where, err);
    }
    return brn_settings_put(settings, info, value, origin, where, err);
}

/* --- making and reading ----------------------------------------------------------------------- */

static brant_status new_empty(brant_settings **out, brant_error **err)
{
    brant_settings *settings = calloc(1, sizeof(*settings));

    if (settings == NULL) {
        return brn_error_oom(err);
    }
    brn_arena_init(&settings->arena);
    settings->values = calloc(brn_settings_table_count, sizeof(*settings->values));
    if (settings->values == NULL) {
        brant_settings_free(settings);
        return brn_error_oom(err);
    }
    *out = settings;
    return BRANT_OK;
}

brant_status brant_settings_new(brant_settings **out, brant_error **err)
{
    brant_settings *settings = NULL;
    brant_status st = new_empty(&settings, err);

    for (size_t i = 0; st == BRANT_OK && i < brn_settings_table_count; i++) {
        const brant_setting_info *info = &brn_settings_table[i];

        if (info->default_value != NULL) {
            st = brn_settings_put(
                settings, info, info->default_value, BRANT_ORIGIN_DEFAULT, NULL, err);
        }
    }
    if (st != BRANT_OK) {
        brant_settings_free(settings);
        return st;
    }
    *out = settings;
    return BRANT_OK;
}

void brant_settings_free(brant_settings *settings)
{
    if (settings != NULL) {
        brn_arena_release(&settings->arena);
        free(settings->values);
        free(settings);
    }
}

static const char *copy_optional(brn_arena *arena, const char *text)
{
    return text != NULL ? brn_arena_strdup(arena, text) : NULL;
}

static void copy_variables(brn_dotenv_list *to, brn_arena *arena, const brn_dotenv_list *from)
{
    for (size_t i = 0; i < from->count; i++) {
        brn_dotenv_var *var = BRN_VEC_PUSH(arena, to);

        if (var == NULL) {
            return;
        }
        *var = from->items[i];
        var->name = brn_arena_strdup(arena, var->name);
        var->value = brn_arena_strdup(arena, var->value);
    }
}

brant_status brn_settings_clone(brant_settings **out, const brant_settings *from, brant_error **err)
{
    brant_settings *to = NULL;
    brant_status st = new_empty(&to, err);

    if (st != BRANT_OK) {
        return st;
    }
    for (size_t i = 0; i < brn_settings_table_count; i++) {
        to->values[i] = from->values[i];
        to->values[i].text = copy_optional(&to->arena, from->values[i].text);
        to->values[i].shown = copy_optional(&to->arena, from->values[i].shown);
        to->values[i].where = copy_optional(&to->arena, from->values[i].where);
    }
    copy_variables(&to->environment, &to->arena, &from->environment);
    copy_variables(&to->dotenv, &to->arena, &from->dotenv);
    if (to->arena.oom) {
        brant_settings_free(to);
        return brn_error_oom(err);
    }
    *out = to;
    return BRANT_OK;
}

const char *brant_settings_text(const brant_settings *settings, const char *key)
{
    const setting_value *value = value_of(settings, key);

    return value != NULL ? value->text : NULL;
}

const char *brant_settings_shown(const brant_settings *settings, const char *key)
{
    const setting_value *value = value_of(settings, key);

    return value != NULL ? value->shown : NULL;
}

int64_t brant_settings_int(const brant_settings *settings, const char *key)
{
    const setting_value *value = value_of(settings, key);

    return value != NULL ? value->number : 0;
}

brant_origin brant_settings_origin(
    const brant_settings *settings, const char *key, const char **where)
{
    const setting_value *value = value_of(settings, key);

    if (where != NULL) {
        *where = value != NULL ? value->where : NULL;
    }
    return value != NULL ? value->origin : BRANT_ORIGIN_DEFAULT;
}
