/* SPDX-License-Identifier: Apache-2.0 */
#include "core/settings_check.h"

#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "core/url.h"

#define SHOWN_MAX_BYTES 80 /* of a bad value in a message */

static bool check_bool(brn_checked_value *v)
{
    static const struct {
        const char *word;
        bool value;
    } words[] = {
        { "true", true }, { "false", false }, { "yes", true }, { "no", false },
        { "on", true },   { "off", false },   { "1", true },   { "0", false },
    };

    for (size_t i = 0; i < BRN_ARRAY_LEN(words); i++) {
        if (brn_str_ieq(v->text, brn_str_from(words[i].word))) {
            v->number = words[i].value ? 1 : 0;
            v->text = words[i].value ? BRN_STR("true") : BRN_STR("false");
            return true;
        }
    }
    return false;
}

static bool check_int(const brant_setting_info *info, brn_checked_value *v)
{
    uint64_t number = 0;

    if (!brn_str_to_u64(v->text, &number) || number > INT64_MAX) {
        return false;
    }
    v->number = (int64_t)number;
    return v->number >= info->min && v->number <= info->max;
}

static bool check_duration(const brant_setting_info *info, brn_checked_value *v)
{
    return brn_duration_parse(v->text, &v->number) && v->number >= info->min &&
           v->number <= info->max;
}

static bool check_choice(const brant_setting_info *info, brn_checked_value *v)
{
    brn_str rest = brn_str_from(info->choices);
    brn_str word;

    while (brn_str_split(&rest, '|', &word)) {
        if (brn_str_ieq(word, v->text)) {
            v->text = word;
            return true;
        }
    }
    return false;
}

/* MAJOR.MINOR.PATCH, digits only: what decides over deployments must not be guessed. */
static bool check_version(brn_str text)
{
    brn_str rest = text;
    brn_str part;
    size_t parts = 0;
    uint64_t number;

    while (brn_str_split(&rest, '.', &part)) {
        if (!brn_str_to_u64(part, &number)) {
            return false;
        }
        parts++;
    }
    return parts == 3;
}

/* Texts with a form of their own. */
static const struct text_check {
    const char *key;
    bool (*check)(brn_str text);
    const char *expected;
} text_checks[] = {
    { "current-version", check_version, "MAJOR.MINOR.PATCH in digits, as in 1.4.0" },
    { "min-supported-version", check_version, "MAJOR.MINOR.PATCH in digits, as in 1.4.0" },
};

static const struct text_check *find_text_check(const brant_setting_info *info)
{
    for (size_t i = 0; i < BRN_ARRAY_LEN(text_checks); i++) {
        if (strcmp(text_checks[i].key, info->key) == 0) {
            return &text_checks[i];
        }
    }
    return NULL;
}

static bool check_text(const brant_setting_info *info, const brn_checked_value *v)
{
    const struct text_check *own = find_text_check(info);

    return own == NULL || own->check(v->text);
}

bool brn_setting_is_database_name(brn_str line)
{
    return brn_str_find_char(line, ':') == SIZE_MAX;
}

static bool check_urls(const brn_checked_value *v, brant_error **cause)
{
    brn_arena scratch;
    brn_str rest = v->text;
    brn_str line;
    bool good = v->text.len > 0;

    brn_arena_init(&scratch);
    while (good && brn_str_split(&rest, '\n', &line)) {
        brn_url url;

        good = line.len > 0 && (brn_setting_is_database_name(line) ||
                                brn_url_parse(&url, &scratch, line, cause) == BRANT_OK);
    }
    brn_arena_release(&scratch);
    return good;
}

static bool check_value(const brant_setting_info *info, brn_checked_value *v, brant_error **cause)
{
    if (info->type != BRANT_SETTING_TEXT && info->type != BRANT_SETTING_SECRET) {
        v->text = brn_str_trim(v->text);
    }
    switch ((brant_setting_type)info->type) {
    case BRANT_SETTING_BOOL:
        return check_bool(v);
    case BRANT_SETTING_INT:
        return check_int(info, v);
    case BRANT_SETTING_DURATION:
        return check_duration(info, v);
    case BRANT_SETTING_CHOICE:
        return check_choice(info, v);
    case BRANT_SETTING_URL:
        return check_urls(v, cause);
    case BRANT_SETTING_TEXT:
        return check_text(info, v);
    case BRANT_SETTING_SECRET:
        return true;
    }
    return false;
}

static void describe_choices(brn_buf *out, const char *choices)
{
    brn_str rest = brn_str_from(choices);
    brn_str word;
    const char *before = "one of ";

    while (brn_str_split(&rest, '|', &word)) {
        brn_buf_add_c(out, before);
        brn_buf_add_str(out, word);
        before = ", ";
    }
}

/* What would have been accepted. */
static void describe_expected(brn_buf *out, const brant_setting_info *info)
{
    const struct text_check *own = find_text_check(info);

    switch ((brant_setting_type)info->type) {
    case BRANT_SETTING_BOOL:
        brn_buf_add_c(out, "true, false, yes, no, on, off, 1 or 0");
        break;
    case BRANT_SETTING_INT:
        brn_buf_printf(out, "a number from %lld", (long long)info->min);
        brn_buf_printf(out, " to %lld", (long long)info->max);
        break;
    case BRANT_SETTING_DURATION:
        brn_buf_add_c(out, "a duration such as 300, 300s, 5m or 500ms");
        if (info->min > 0) {
            brn_buf_printf(out, ", at least %lldms", (long long)info->min);
        }
        break;
    case BRANT_SETTING_CHOICE:
        describe_choices(out, info->choices);
        break;
    case BRANT_SETTING_URL:
        brn_buf_add_c(out, "a database URL or the name of a database");
        break;
    case BRANT_SETTING_TEXT:
    case BRANT_SETTING_SECRET:
        brn_buf_add_c(out, own != NULL ? own->expected : "text");
        break;
    }
}

/* The bad value in quotes, shortened and never a secret; for URLs the parser's own words. */
static void describe_bad(
    brn_buf *out, const brant_setting_info *info, brn_str value, const brant_error *cause)
{
    brn_str shown = value;

    if (info->type == BRANT_SETTING_URL || info->type == BRANT_SETTING_SECRET) {
        brn_buf_printf(out, "bad value for \"%s\"", info->key);
        if (cause != NULL) {
            brn_buf_printf(out, " (%s)", brant_error_message(cause));
        }
        return;
    }
    if (value.len > SHOWN_MAX_BYTES) {
        shown.len = SHOWN_MAX_BYTES;
        while (shown.len > 0 && ((unsigned char)value.ptr[shown.len] & 0xc0) == 0x80) {
            shown.len--;
        }
    }
    brn_buf_add_c(out, "bad value \"");
    brn_buf_add_str(out, shown);
    brn_buf_printf(out, "%s\" for \"%s\"", shown.len < value.len ? "..." : "", info->key);
}

/* Takes `cause`. */
static brant_status bad_value(
    const brant_setting_info *info,
    brn_str value,
    const char *where,
    brant_error *cause,
    brant_error **err)
{
    brn_buf message;
    brant_status st;

    if (brant_error_status(cause) == BRANT_ENOMEM) {
        brant_error_free(cause);
        return brn_error_oom(err);
    }
    brn_buf_init(&message, 0);
    describe_bad(&message, info, value, cause);
    if (where != NULL) {
        brn_buf_printf(&message, " from %s", where);
    }
    brn_buf_add_c(&message, ": expected ");
    describe_expected(&message, info);
    if (message.failed) {
        st = brn_error_oom(err);
    } else {
        st = brn_error(err, BRANT_EUSAGE, "settings.bad_value", "%s", brn_buf_text(&message));
        brn_error_hint(
            err, "%s", brant_error_hint(cause) != NULL ? brant_error_hint(cause) : info->help);
    }
    brn_buf_release(&message);
    brant_error_free(cause);
    return st;
}

brant_status brn_setting_check(
    brn_checked_value *out,
    const brant_setting_info *info,
    const char *value,
    const char *where,
    brant_error **err)
{
    brn_checked_value checked = { .text = brn_str_from(value) };
    brant_error *cause = NULL;

    if (!check_value(info, &checked, &cause)) {
        return bad_value(info, brn_str_from(value), where, cause, err);
    }
    *out = checked;
    return BRANT_OK;
}
