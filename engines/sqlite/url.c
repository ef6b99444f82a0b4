/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading the URL. Parameters of other tools (golang-migrate's x-..., the Go drivers' _...) are
 * accepted with a warning, so that an existing URL works; a parameter that nobody knows is an
 * error, because it was meant to change something.
 */
#include <string.h>

#include "base/file.h"
#include "engines/sqlite/sqlite.h"

typedef enum param_kind {
    PARAM_UNKNOWN = 0,
    PARAM_MODE,
    PARAM_FOREIGN_KEYS,
    PARAM_BUSY,
    PARAM_SILENT,  /* others look at it */
    PARAM_JOURNAL, /* refused politely */
    PARAM_FOREIGN, /* of another tool: a warning */
} param_kind;

static const struct known_param {
    const char *key;
    param_kind kind;
} known_params[] = {
    { "mode", PARAM_MODE },
    { "foreign_keys", PARAM_FOREIGN_KEYS },
    { "_foreign_keys", PARAM_FOREIGN_KEYS },
    { "_fk", PARAM_FOREIGN_KEYS },
    { "busy_timeout", PARAM_BUSY },
    { "_busy_timeout", PARAM_BUSY },
    { "_timeout", PARAM_BUSY },
    { "x-no-tx-wrap", PARAM_SILENT },
    { "x-migrations-table", PARAM_SILENT },
    { "journal_mode", PARAM_JOURNAL },
    { "_journal_mode", PARAM_JOURNAL },
    { "_journal", PARAM_JOURNAL },
};

static param_kind kind_of(const char *key)
{
    for (size_t i = 0; i < BRN_ARRAY_LEN(known_params); i++) {
        if (strcmp(known_params[i].key, key) == 0) {
            return known_params[i].kind;
        }
    }
    return key[0] == '_' || strncmp(key, "x-", 2) == 0 ? PARAM_FOREIGN : PARAM_UNKNOWN;
}

static brant_status bad_param(const brn_url_param *param, const char *accepted, brant_error **err)
{
    brant_status st = brn_error(
        err, BRANT_EUSAGE, "url.bad_parameter",
        "bad value \"%.60s\" of parameter \"%.60s\" in a sqlite URL", param->value, param->key);

    brn_error_hint(err, "Write %s.", accepted);
    return st;
}

static brant_status unknown_param(const brn_url_param *param, brant_error **err)
{
    brant_status st = brn_error(
        err, BRANT_EUSAGE, "url.bad_parameter", "unknown parameter \"%.60s\" in a sqlite URL",
        param->key);

    brn_error_hint(
        err, "Parameters of a sqlite URL are mode=ro|rw|rwc, foreign_keys=on|off and "
             "busy_timeout=MILLISECONDS.");
    return st;
}

static brant_status read_mode(brn_sqlite_target *t, const brn_url_param *param, brant_error **err)
{
    if (strcmp(param->value, "ro") == 0) {
        t->read_only = true;
        t->no_create = true;
    } else if (strcmp(param->value, "rw") == 0) {
        t->no_create = true;
    } else if (strcmp(param->value, "rwc") != 0) {
        return bad_param(param, "mode=ro, mode=rw or mode=rwc", err);
    }
    return BRANT_OK;
}

static brant_status read_foreign_keys(
    brn_sqlite_target *t, const brn_url_param *param, brant_error **err)
{
    static const char *const on[] = { "on", "1", "true", "yes" };
    static const char *const off[] = { "off", "0", "false", "no" };
    brn_str value = brn_str_from(param->value);

    for (size_t i = 0; i < BRN_ARRAY_LEN(on); i++) {
        if (brn_str_ieq(value, brn_str_from(on[i]))) {
            t->foreign_keys = true;
            return BRANT_OK;
        }
        if (brn_str_ieq(value, brn_str_from(off[i]))) {
            t->foreign_keys = false;
            return BRANT_OK;
        }
    }
    return bad_param(param, "on or off", err);
}

static brant_status read_busy(brn_sqlite_target *t, const brn_url_param *param, brant_error **err)
{
    uint64_t ms;

    if (!brn_str_to_u64(brn_str_from(param->value), &ms) || ms > INT32_MAX) {
        return bad_param(param, "a number of milliseconds", err);
    }
    t->busy_ms = (int64_t)ms;
    return BRANT_OK;
}

/* A connection that is lent is as its host made it. */
static void warn_of_lent(const brn_connect_options *opts, const brn_url_param *param)
{
    if (opts->lent != NULL) {
        brn_emit_warning(
            opts->emitter, opts->database, "url.ignored_parameter",
            "parameter \"%.60s\" is ignored: the connection is the program's", param->key);
    }
}

static brant_status read_param(
    brn_sqlite_target *t,
    const brn_connect_options *opts,
    const brn_url_param *param,
    brant_error **err)
{
    switch (kind_of(param->key)) {
    case PARAM_MODE:
        warn_of_lent(opts, param);
        return read_mode(t, param, err);
    case PARAM_FOREIGN_KEYS:
        warn_of_lent(opts, param);
        return read_foreign_keys(t, param, err);
    case PARAM_BUSY:
        return read_busy(t, param, err);
    case PARAM_SILENT:
        return BRANT_OK;
    case PARAM_JOURNAL:
        brn_emit_warning(
            opts->emitter, opts->database, "url.ignored_parameter",
            "parameter \"%.60s\" is ignored: brant does not change the journal mode", param->key);
        return BRANT_OK;
    case PARAM_FOREIGN:
        brn_emit_warning(
            opts->emitter, opts->database, "url.ignored_parameter",
            "parameter \"%.60s\" of another tool is ignored", param->key);
        return BRANT_OK;
    case PARAM_UNKNOWN:
        break;
    }
    return unknown_param(param, err);
}

/* sqlite:app.db, sqlite:///abs/path, sqlite://rel/path (golang-migrate joins host and path). */
static brant_status read_path(
    brn_sqlite_target *t, brn_arena *arena, const brn_connect_options *opts, brant_error **err)
{
    const brn_url *url = opts->url;
    brant_status st;

    if (url->user != NULL || url->password != NULL || url->port != 0) {
        st = brn_error(
            err, BRANT_EUSAGE, "url.bad_path", "a sqlite URL has no user, password or port");
        brn_error_hint(
            err, "Write sqlite:path/to/file.db; '@' and ':' in a path need no escape there.");
        return st;
    }
    t->path = url->path;
    if (url->host != NULL && url->host[0] != '\0') {
        t->path = brn_arena_printf(arena, "%s%s", url->host, url->path);
        if (t->path == NULL) {
            return brn_error_oom(err);
        }
    }
    if (t->path[0] == '\0') {
        st = brn_error(err, BRANT_EUSAGE, "url.bad_path", "a sqlite URL needs the path of a file");
        brn_error_hint(err, "Write sqlite:path/to/file.db, or sqlite::memory: for a trial.");
        return st;
    }
    t->in_memory = strcmp(t->path, ":memory:") == 0;
    if (!t->in_memory && opts->base_dir != NULL) {
        t->path = brn_path_join(arena, opts->base_dir, t->path);
    }
    return t->path != NULL ? BRANT_OK : brn_error_oom(err);
}

brant_status brn_sqlite_target_read(
    brn_sqlite_target *out, brn_arena *arena, const brn_connect_options *opts, brant_error **err)
{
    brn_sqlite_target t = { .foreign_keys = true, .busy_ms = -1 };
    brant_status st = read_path(&t, arena, opts, err);

    for (size_t i = 0; st == BRANT_OK && i < opts->url->params.count; i++) {
        st = read_param(&t, opts, &opts->url->params.items[i], err);
    }
    if (st == BRANT_OK) {
        *out = t;
    }
    return st;
}
