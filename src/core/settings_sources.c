/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where settings come from: environment, .env file, project file; and ${NAME}, which looks at the
 * first two.
 */
#include "core/settings_store.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/file.h"

#define NAME_MAX_BYTES 64 /* of the variable of a setting */

/* The last of that name; NULL when there is none or it is empty, which counts as unset. */
static const brn_dotenv_var *find_variable(const brn_dotenv_list *list, brn_str name)
{
    for (size_t i = list->count; i > 0; i--) {
        const brn_dotenv_var *var = &list->items[i - 1];

        if (brn_str_eq_c(name, var->name)) {
            return var->value[0] != '\0' ? var : NULL;
        }
    }
    return NULL;
}

/* "lock-timeout" -> "BRANT_LOCK_TIMEOUT" */
static brn_str variable_name(char out[NAME_MAX_BYTES], const char *key)
{
    int len = snprintf(out, NAME_MAX_BYTES, "BRANT_%s", key);

    for (char *c = out; *c != '\0'; c++) {
        if (*c == '-') {
            *c = '_';
        } else if (*c >= 'a' && *c <= 'z') {
            *c = (char)(*c - 'a' + 'A');
        }
    }
    return (brn_str){ out, len > 0 ? (size_t)len : 0 };
}

/* The variable that decides over a setting: its own, then the others in the table's order. */
static const brn_dotenv_var *variable_for(
    const brn_dotenv_list *list, const brant_setting_info *info)
{
    char name[NAME_MAX_BYTES];
    const brn_dotenv_var *var = find_variable(list, variable_name(name, info->key));
    brn_str rest = { info->env_also, info->env_also != NULL ? strlen(info->env_also) : 0 };
    brn_str also;

    while (var == NULL && brn_str_split(&rest, '|', &also)) {
        var = find_variable(list, also);
    }
    return var;
}

/* `path` is the .env file, or NULL for the environment. */
static brant_status set_from_variables(
    brant_settings *settings, const brn_dotenv_list *list, const char *path, brant_error **err)
{
    brn_buf where;
    brant_status st = BRANT_OK;

    brn_buf_init(&where, 0);
    for (size_t i = 0; st == BRANT_OK && i < brn_settings_table_count; i++) {
        const brant_setting_info *info = &brn_settings_table[i];
        const brn_dotenv_var *var = variable_for(list, info);
        const char *value = NULL;

        if (var == NULL) {
            continue;
        }
        /* no-color.org: the variable is a flag, whatever it says. */
        value = strcmp(var->name, "NO_COLOR") == 0 ? "true" : var->value;
        brn_buf_reset(&where);
        brn_buf_add_c(&where, var->name);
        if (path != NULL) {
            brn_buf_printf(&where, " in %s:%u", path, var->line);
        }
        st = brn_settings_put(
            settings, info, value, path != NULL ? BRANT_ORIGIN_DOTENV : BRANT_ORIGIN_ENV,
            brn_buf_text(&where), err);
        if (st == BRANT_EUSAGE && path != NULL) {
            brn_error_at(err, path, var->line, var->column);
        }
    }
    brn_buf_release(&where);
    return st;
}

brant_status brant_settings_from_env(
    brant_settings *settings, const char *const *envp, brant_error **err)
{
    brn_dotenv_list list = { 0 };
    size_t count = 0;

    if (settings == NULL || envp == NULL) {
        return brn_error(
            err, BRANT_EUSAGE, "settings.bad_call", "settings and environment must not be NULL");
    }
    settings->arena.oom = false;
    while (envp[count] != NULL) {
        count++;
    }
    /* From the end: getenv() takes the first of a name, find_variable() the last. */
    for (size_t i = count; i > 0; i--) {
        brn_str text = brn_str_from(envp[i - 1]);
        size_t equals = brn_str_find_char(text, '=');
        brn_dotenv_var *var = NULL;

        if (equals == SIZE_MAX) {
            continue;
        }
        var = BRN_VEC_PUSH(&settings->arena, &list);
        if (var == NULL) {
            break;
        }
        var->name = brn_arena_strndup(&settings->arena, text.ptr, equals);
        var->value = brn_arena_strdup(&settings->arena, text.ptr + equals + 1);
    }
    if (settings->arena.oom) {
        return brn_error_oom(err);
    }
    settings->environment = list;
    return set_from_variables(settings, &list, NULL, err);
}

/* Reads and parses; a missing file that is not required gives an empty list. */
static brant_status read_dotenv(
    brn_dotenv_list *list, brn_arena *arena, const char *path, int required, brant_error **err)
{
    brn_buf text;
    brant_status st = BRANT_OK;
    int rc;

    brn_buf_init(&text, 0);
    rc = brn_file_read(&text, path, BRN_DOTENV_MAX_BYTES);
    if (rc == EFBIG) {
        st = brn_error(
            err, BRANT_EPARSE, "dotenv.too_big", "file \"%s\" is larger than 1 MiB", path);
        brn_error_at(err, path, 0, 0);
    } else if (rc != 0 && (rc != ENOENT || required != 0)) {
        st = brn_error_errno(err, "dotenv.unreadable", rc, "read", path);
    } else if (rc == 0) {
        st = brn_dotenv_parse(list, arena, brn_buf_str(&text), path, err);
    }
    brn_buf_release(&text);
    return st;
}

brant_status brant_settings_from_dotenv(
    brant_settings *settings, const char *path, int required, brant_error **err)
{
    brn_dotenv_list list = { 0 };
    brant_status st;

    if (settings == NULL || path == NULL) {
        return brn_error(
            err, BRANT_EUSAGE, "settings.bad_call", "settings and path must not be NULL");
    }
    settings->arena.oom = false;
    st = read_dotenv(&list, &settings->arena, path, required, err);
    if (st != BRANT_OK) {
        return st;
    }
    for (size_t i = 0; i < list.count; i++) {
        brn_dotenv_var *var = BRN_VEC_PUSH(&settings->arena, &settings->dotenv);

        if (var == NULL) {
            return brn_error_oom(err);
        }
        *var = list.items[i]; /* its texts are in this arena already */
    }
    return set_from_variables(settings, &list, path, err);
}

static const brn_dotenv_var *lookup(const brant_settings *settings, brn_str name)
{
    const brn_dotenv_var *var = find_variable(&settings->environment, name);

    return var != NULL ? var : find_variable(&settings->dotenv, name);
}

const char *brn_settings_getenv(const brant_settings *settings, const char *name)
{
    const brn_dotenv_var *var = lookup(settings, brn_str_from(name));

    return var != NULL ? var->value : NULL;
}

/* --- ${NAME} ---------------------------------------------------------------------------------- */

static bool is_variable_name(brn_str s)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';

        if (!letter && (i == 0 || c < '0' || c > '9')) {
            return false;
        }
    }
    return s.len > 0;
}

/* What stands between the braces: NAME or NAME:-default. */
static brant_status expand_one(
    brn_buf *out, const brant_settings *settings, brn_str inside, brant_error **err)
{
    size_t split = brn_str_find(inside, BRN_STR(":-"));
    brn_str name = brn_str_slice(inside, 0, split);
    const brn_dotenv_var *var = NULL;
    brant_status st;

    if (!is_variable_name(name)) {
        st = brn_error(
            err, BRANT_EPARSE, "settings.bad_reference", "\"${\" is not followed by a name");
        brn_error_hint(err, "Write ${NAME} or ${NAME:-default}, and $$ for a dollar sign.");
        return st;
    }
    var = lookup(settings, name);
    if (var != NULL) {
        brn_buf_add_c(out, var->value);
        return BRANT_OK;
    }
    if (split != SIZE_MAX) {
        brn_buf_add_str(out, brn_str_slice(inside, split + 2, inside.len));
        return BRANT_OK;
    }
    st = brn_error(
        err, BRANT_EUSAGE, "settings.unset_variable", "variable \"%.*s\" is unset or empty",
        BRN_STR_ARG(name));
    brn_error_hint(
        err, "Set it in the environment or in the .env file, or write ${%.*s:-default}.",
        BRN_STR_ARG(name));
    return st;
}

static brant_status expand_text(
    brn_buf *out, const brant_settings *settings, brn_str text, brant_error **err)
{
    brn_str rest = text;

    while (rest.len > 0) {
        size_t dollar = brn_str_find_char(rest, '$');
        size_t close;
        brant_status st;

        brn_buf_add_str(out, brn_str_slice(rest, 0, dollar));
        if (dollar == SIZE_MAX) {
            break;
        }
        rest = brn_str_slice(rest, dollar, rest.len);
        if (!brn_str_starts(rest, BRN_STR("${"))) {
            brn_buf_add_char(out, '$');
            rest = brn_str_slice(rest, brn_str_starts(rest, BRN_STR("$$")) ? 2 : 1, rest.len);
            continue;
        }
        close = brn_str_find_char(rest, '}');
        if (close == SIZE_MAX) {
            st = brn_error(
                err, BRANT_EPARSE, "settings.bad_reference", "\"${\" is not closed with \"}\"");
            brn_error_hint(err, "Write ${NAME} or ${NAME:-default}, and $$ for a dollar sign.");
            return st;
        }
        st = expand_one(out, settings, brn_str_slice(rest, 2, close), err);
        if (st != BRANT_OK) {
            return st;
        }
        rest = brn_str_slice(rest, close + 1, rest.len);
    }
    return BRANT_OK;
}

brant_status brn_settings_expand(
    const char **out,
    brn_arena *arena,
    const brant_settings *settings,
    brn_str text,
    brant_error **err)
{
    brn_buf buf;
    const char *expanded = NULL;
    brant_status st;

    brn_buf_init(&buf, 0);
    st = expand_text(&buf, settings, text, err);
    if (st == BRANT_OK) {
        expanded = buf.failed ? NULL : brn_arena_strndup(arena, brn_buf_text(&buf), buf.len);
        st = expanded != NULL ? BRANT_OK : brn_error_oom(err);
    }
    brn_buf_release(&buf);
    if (st == BRANT_OK) {
        *out = expanded;
    }
    return st;
}

/* --- project file ----------------------------------------------------------------------------- */

/* "~", "null" and nothing, without quotes. */
static bool is_null(const brn_yaml *node)
{
    return node->plain && (node->text.len == 0 || brn_str_eq_c(node->text, "~") ||
                           brn_str_eq_c(node->text, "null"));
}

static brant_status put_scalar(
    brant_settings *settings,
    const brant_setting_info *info,
    const brn_yaml *node,
    const char *file,
    brant_error **err)
{
    brn_arena scratch;
    const char *value = NULL;
    const char *where = NULL;
    brant_status st;

    brn_arena_init(&scratch);
    if (brn_str_find_char(node->text, '\0') != SIZE_MAX) {
        st = brn_error(
            err, BRANT_EUSAGE, "settings.nul", "value of \"%s\" has a NUL character", info->key);
        goto out;
    }
    st = brn_settings_expand(&value, &scratch, settings, node->text, err);
    if (st != BRANT_OK) {
        goto out;
    }
    where = brn_arena_printf(
        &scratch, "%s:%u:%u", file != NULL ? file : "project file", node->line, node->column);
    if (where == NULL) {
        st = brn_error_oom(err);
        goto out;
    }
    st = brn_settings_put(settings, info, value, BRANT_ORIGIN_FILE, where, err);

out:
    brn_arena_release(&scratch);
    return st;
}

brant_status brn_settings_set_yaml(
    brant_settings *settings, const brn_yaml *node, const char *file, brant_error **err)
{
    const brant_setting_info *info = brant_setting_find(node->key.ptr);
    brant_status st;

    if (info == NULL || node->key.len != strlen(info->key)) {
        st = brn_settings_unknown_key(node->key.len > 0 ? node->key.ptr : "", NULL, err);
        brn_error_at(err, file, node->key_line, node->key_column);
        return st;
    }
    if (node->kind != BRN_YAML_SCALAR) {
        st = brn_error(
            err, BRANT_EUSAGE, "settings.not_scalar", "setting \"%s\" takes one value", info->key);
        brn_error_hint(err, "%s", info->help);
    } else if (is_null(node)) {
        return BRANT_OK;
    } else {
        st = put_scalar(settings, info, node, file, err);
    }
    if (st != BRANT_OK) {
        brn_error_at(err, file, node->line, node->column);
    }
    return st;
}
