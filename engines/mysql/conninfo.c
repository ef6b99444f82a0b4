/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading the URL. Host, port, user and database come from it alone: they decide which database is
 * changed, and what a my.cnf says about them leads no migration elsewhere. A my.cnf is read when
 * the URL names its file or a group of it.
 *
 * Parameters are those of the clients of both servers, with '-' or '_'. What the drivers of other
 * languages know and what changes nothing here is accepted, so that an existing URL works. A
 * parameter that nobody knows is an error, because it was meant to change something.
 */
#include "engines/mysql/mysql.h"

#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/platform.h"

#define DEFAULT_PORT 3306

typedef struct reading {
    brn_mysql *p;
    const brn_connect_options *opts;
    const char *password;
    const char *key_password;
    bool skip_verify;
    bool verify;
} reading;

typedef enum param_kind {
    PARAM_TEXT,    /* into the target, at an offset */
    PARAM_SILENT,  /* others look at it, or it changes nothing here */
    PARAM_CHARSET, /* always utf8mb4 */
    PARAM_MODE,    /* ssl-mode */
    PARAM_TLS,     /* of the Go driver */
    PARAM_SSL,     /* true is ssl-mode=REQUIRED */
    PARAM_VERIFY,
    PARAM_SKIP_VERIFY,
    PARAM_COMPRESS,
    PARAM_PASSWORD,
    PARAM_KEY_PASSWORD,
    PARAM_TIMEOUT,           /* to connect */
    PARAM_STATEMENT_TIMEOUT, /* of golang-migrate: a setting here */
    PARAM_PROTOCOL,
    PARAM_LOCK, /* brant's own: what kind of lock */
    PARAM_SQL_MODE,
} param_kind;

#define AT(field) offsetof(brn_mysql_target, field)

static const struct known_param {
    const char *key;
    param_kind kind;
    size_t offset;
} known_params[] = {
    { "allowallfiles", PARAM_SILENT, 0 },
    { "allowcleartextpasswords", PARAM_SILENT, 0 },
    { "allownativepasswords", PARAM_SILENT, 0 },
    { "allowpublickeyretrieval", PARAM_SILENT, 0 },
    { "character-set", PARAM_CHARSET, 0 },
    { "characterencoding", PARAM_CHARSET, 0 },
    { "charset", PARAM_CHARSET, 0 },
    { "checkconnliveness", PARAM_SILENT, 0 },
    { "clientfoundrows", PARAM_SILENT, 0 },
    { "collation", PARAM_SILENT, 0 },
    { "columnswithalias", PARAM_SILENT, 0 },
    { "compress", PARAM_COMPRESS, 0 },
    { "connect-timeout", PARAM_TIMEOUT, 0 },
    { "default-character-set", PARAM_CHARSET, 0 },
    { "defaults-file", PARAM_TEXT, AT(defaults_file) },
    { "defaults-group", PARAM_TEXT, AT(defaults_group) },
    { "init-command", PARAM_TEXT, AT(init_command) },
    { "interpolateparams", PARAM_SILENT, 0 },
    { "loc", PARAM_SILENT, 0 },
    { "lock", PARAM_LOCK, 0 },
    { "maxallowedpacket", PARAM_SILENT, 0 },
    { "multistatements", PARAM_SILENT, 0 },
    { "parsetime", PARAM_SILENT, 0 },
    { "password", PARAM_PASSWORD, 0 },
    { "plugin-dir", PARAM_TEXT, AT(plugin_dir) },
    { "protocol", PARAM_PROTOCOL, 0 },
    { "read-default-file", PARAM_TEXT, AT(defaults_file) },
    { "read-default-group", PARAM_TEXT, AT(defaults_group) },
    { "readtimeout", PARAM_SILENT, 0 },
    { "socket", PARAM_TEXT, AT(socket) },
    { "sql-mode", PARAM_SQL_MODE, 0 },
    { "ssl", PARAM_SSL, 0 },
    { "ssl-ca", PARAM_TEXT, AT(ca) },
    { "ssl-capath", PARAM_TEXT, AT(capath) },
    { "ssl-cert", PARAM_TEXT, AT(cert) },
    { "ssl-cipher", PARAM_TEXT, AT(cipher) },
    { "ssl-crl", PARAM_TEXT, AT(crl) },
    { "ssl-key", PARAM_TEXT, AT(key) },
    { "ssl-key-password", PARAM_KEY_PASSWORD, 0 },
    { "ssl-mode", PARAM_MODE, 0 },
    { "ssl-verify-server-cert", PARAM_VERIFY, 0 },
    { "sslmode", PARAM_MODE, 0 },
    { "timeout", PARAM_TIMEOUT, 0 },
    { "tls", PARAM_TLS, 0 },
    { "tls-version", PARAM_TEXT, AT(tls_version) },
    { "unix-socket", PARAM_TEXT, AT(socket) },
    { "usessl", PARAM_SSL, 0 },
    { "writetimeout", PARAM_SILENT, 0 },
    { "x-migrations-table", PARAM_SILENT, 0 },
    { "x-no-lock", PARAM_SILENT, 0 },
    { "x-statement-timeout", PARAM_STATEMENT_TIMEOUT, 0 },
    { "x-tls-ca", PARAM_TEXT, AT(ca) },
    { "x-tls-cert", PARAM_TEXT, AT(cert) },
    { "x-tls-insecure-skip-verify", PARAM_SKIP_VERIFY, 0 },
    { "x-tls-key", PARAM_TEXT, AT(key) },
};

/* Without case, and '_' is '-'. */
static bool is_key(const char *key, const char *known)
{
    size_t i = 0;

    for (; key[i] != '\0'; i++) {
        char c = key[i] == '_' ? '-' : key[i];
        c = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
        if (c != known[i]) {
            return false;
        }
    }
    return known[i] == '\0';
}

static const struct known_param *find_param(const char *key)
{
    for (size_t i = 0; i < BRN_ARRAY_LEN(known_params); i++) {
        if (is_key(key, known_params[i].key)) {
            return &known_params[i];
        }
    }
    return NULL;
}

static brant_status unknown_param(const char *key, brant_error **err)
{
    brant_status st = brn_error(
        err, BRANT_EUSAGE, "url.bad_parameter", "unknown parameter \"%.60s\" in a mysql URL", key);

    brn_error_hint(
        err, "Parameters are those of the client \"mysql\", such as ssl-mode, ssl-ca, socket, "
             "defaults-file, connect-timeout.");
    return st;
}

static brant_status bad_value(const brn_url_param *param, const char *values, brant_error **err)
{
    brant_status st = brn_error(
        err, BRANT_EUSAGE, "url.bad_parameter",
        "parameter \"%.60s\" of the mysql URL cannot be \"%.60s\"", param->key, param->value);

    brn_error_hint(err, "It can be %s.", values);
    return st;
}

static void warn_ignored(const reading *r, const char *key, const char *why)
{
    brn_emit_warning(
        r->opts->emitter, r->opts->database, "url.ignored_parameter",
        "parameter \"%.60s\" is ignored: %s", key, why);
}

/* --- parameters ------------------------------------------------------------------------------- */

static bool is_word(const char *value, const char *word)
{
    return brn_str_ieq(brn_str_from(value), brn_str_from(word));
}

static bool is_true(const char *value)
{
    return value[0] == '\0' || is_word(value, "true") || is_word(value, "1") ||
           is_word(value, "on") || is_word(value, "yes");
}

static brant_status read_mode(reading *r, const brn_url_param *param, brant_error **err)
{
    static const struct {
        const char *word;
        brn_mysql_tls tls;
    } modes[] = {
        { "disabled", BRN_MYSQL_TLS_DISABLED },      { "disable", BRN_MYSQL_TLS_DISABLED },
        { "preferred", BRN_MYSQL_TLS_PREFERRED },    { "prefer", BRN_MYSQL_TLS_PREFERRED },
        { "required", BRN_MYSQL_TLS_REQUIRED },      { "require", BRN_MYSQL_TLS_REQUIRED },
        { "trust", BRN_MYSQL_TLS_REQUIRED },         { "verify_ca", BRN_MYSQL_TLS_VERIFY },
        { "verify-ca", BRN_MYSQL_TLS_VERIFY },       { "verify_identity", BRN_MYSQL_TLS_VERIFY },
        { "verify-identity", BRN_MYSQL_TLS_VERIFY }, { "verify-full", BRN_MYSQL_TLS_VERIFY },
    };

    for (size_t i = 0; i < BRN_ARRAY_LEN(modes); i++) {
        if (is_word(param->value, modes[i].word)) {
            r->p->target.tls = modes[i].tls;
            return BRANT_OK;
        }
    }
    return bad_value(
        param, "DISABLED, PREFERRED, REQUIRED, VERIFY_CA or VERIFY_IDENTITY (the last two are one)",
        err);
}

static brant_status read_tls(reading *r, const brn_url_param *param, brant_error **err)
{
    if (is_true(param->value)) {
        r->p->target.tls = BRN_MYSQL_TLS_VERIFY;
    } else if (is_word(param->value, "false")) {
        r->p->target.tls = BRN_MYSQL_TLS_DISABLED;
    } else if (is_word(param->value, "skip-verify")) {
        r->p->target.tls = BRN_MYSQL_TLS_REQUIRED;
    } else if (is_word(param->value, "preferred")) {
        r->p->target.tls = BRN_MYSQL_TLS_PREFERRED;
    } else if (is_word(param->value, "custom")) {
        r->verify = true; /* golang-migrate, with x-tls-ca beside it */
    } else {
        return bad_value(param, "true, false, skip-verify, preferred or custom", err);
    }
    return BRANT_OK;
}

/* Seconds, or with a unit. The shorter limit counts. */
static brant_status read_timeout(reading *r, const brn_url_param *param, brant_error **err)
{
    int64_t *limit_ms = &r->p->connect_timeout_ms;
    uint64_t seconds = 0;
    int64_t ms = 0;

    if (brn_str_to_u64(brn_str_from(param->value), &seconds) && seconds < INT32_MAX) {
        ms = (int64_t)seconds * 1000;
    } else if (!brn_duration_parse(brn_str_from(param->value), &ms)) {
        return bad_value(param, "a number of seconds", err);
    }
    if (ms > 0 && (*limit_ms <= 0 || ms < *limit_ms)) {
        *limit_ms = ms;
    }
    return BRANT_OK;
}

static brant_status read_protocol(const brn_url_param *param, brant_error **err)
{
    return is_word(param->value, "tcp") || is_word(param->value, "socket")
               ? BRANT_OK
               : bad_value(param, "tcp or socket", err);
}

static brant_status read_lock(reading *r, const brn_url_param *param, brant_error **err)
{
    r->p->lease.on = is_word(param->value, "lease");
    return r->p->lease.on || is_word(param->value, "auto") ? BRANT_OK
                                                           : bad_value(param, "auto or lease", err);
}

/* The Go driver wants quotes around it. */
static brant_status read_sql_mode(reading *r, const brn_url_param *param, brant_error **err)
{
    size_t len = strlen(param->value);
    bool quoted = len >= 2 && param->value[0] == '\'' && param->value[len - 1] == '\'';
    brn_str modes =
        brn_str_slice(brn_str_from(param->value), quoted ? 1 : 0, quoted ? len - 1 : len);

    for (size_t i = 0; i < modes.len; i++) {
        char c = modes.ptr[i];
        if (!(c >= 'A' && c <= 'Z') && !(c >= 'a' && c <= 'z') && c != '_' && c != ',') {
            return bad_value(param, "names of modes with commas between them", err);
        }
    }
    r->p->target.mode_command =
        brn_arena_printf(&r->p->arena, "SET SESSION sql_mode = '%.*s'", BRN_STR_ARG(modes));
    return BRANT_OK;
}

static void read_text(reading *r, const struct known_param *known, const char *value)
{
    const char *copy = value[0] != '\0' ? brn_arena_strdup(&r->p->arena, value) : NULL;

    memcpy((char *)&r->p->target + known->offset, &copy, sizeof(copy));
}

static brant_status read_param(reading *r, const brn_url_param *param, brant_error **err)
{
    const struct known_param *known = find_param(param->key);

    if (known == NULL && strncmp(param->key, "x-", 2) == 0) {
        warn_ignored(r, param->key, "it is one of another tool");
        return BRANT_OK;
    }
    if (known == NULL) {
        return unknown_param(param->key, err);
    }
    switch (known->kind) {
    case PARAM_TEXT:
        read_text(r, known, param->value);
        break;
    case PARAM_SILENT:
        break;
    case PARAM_CHARSET:
        if (!brn_str_starts(brn_str_from(param->value), BRN_STR("utf8"))) {
            warn_ignored(r, param->key, "migrations are sent as UTF-8 (utf8mb4)");
        }
        break;
    case PARAM_MODE:
        return read_mode(r, param, err);
    case PARAM_TLS:
        return read_tls(r, param, err);
    case PARAM_SSL:
        r->p->target.tls = is_true(param->value) ? BRN_MYSQL_TLS_REQUIRED : BRN_MYSQL_TLS_DISABLED;
        break;
    case PARAM_VERIFY:
        r->verify = is_true(param->value);
        break;
    case PARAM_SKIP_VERIFY:
        r->skip_verify = is_true(param->value);
        break;
    case PARAM_COMPRESS:
        r->p->target.compress = is_true(param->value);
        break;
    case PARAM_PASSWORD:
        r->password = param->value;
        break;
    case PARAM_KEY_PASSWORD:
        r->key_password = param->value;
        break;
    case PARAM_TIMEOUT:
        return read_timeout(r, param, err);
    case PARAM_STATEMENT_TIMEOUT:
        warn_ignored(r, param->key, "use the setting \"statement-timeout\"");
        break;
    case PARAM_PROTOCOL:
        return read_protocol(param, err);
    case PARAM_LOCK:
        return read_lock(r, param, err);
    case PARAM_SQL_MODE:
        return read_sql_mode(r, param, err);
    }
    return BRANT_OK;
}

/* --- where, who, which ------------------------------------------------------------------------ */

static brant_status read_authority(reading *r, brant_error **err)
{
    const brn_url *url = r->opts->url;
    brn_mysql_target *t = &r->p->target;
    char user[BRN_PLATFORM_NAME];
    brant_status st;

    if (url->host != NULL && strchr(url->host, ',') != NULL) {
        st = brn_error(
            err, BRANT_EUSAGE, "url.bad_parameter",
            "a mysql URL has one host, and no list of them");
        brn_error_hint(err, "Name the server that takes the writes.");
        return st;
    }
    if (url->host != NULL && url->host[0] != '\0') {
        t->host = brn_arena_strdup(&r->p->arena, url->host);
    }
    t->port = url->port != 0 ? url->port : DEFAULT_PORT;
    brn_platform_user(user);
    t->user = brn_arena_strdup(&r->p->arena, url->user != NULL ? url->user : user);
    r->password = url->password;
    if (url->path[0] != '\0' && strcmp(url->path, "/") != 0) {
        r->p->dbname =
            brn_arena_strdup(&r->p->arena, url->path[0] == '/' ? url->path + 1 : url->path);
        return BRANT_OK;
    }
    st = brn_error(err, BRANT_EUSAGE, "url.no_database", "the mysql URL names no database");
    brn_error_hint(err, "Write it like mysql://user:password@host:3306/name.");
    return st;
}

static void show_host(reading *r)
{
    const brn_mysql_target *t = &r->p->target;
    bool is_v6 = t->host != NULL && strchr(t->host, ':') != NULL;

    if (t->socket != NULL) {
        r->p->host = brn_arena_printf(&r->p->arena, "%s", t->socket);
    } else if (t->host == NULL) {
        r->p->host = "the local socket";
    } else {
        r->p->host = brn_arena_printf(&r->p->arena, is_v6 ? "[%s]:%u" : "%s:%u", t->host, t->port);
    }
}

static void settle_tls(reading *r)
{
    brn_mysql_target *t = &r->p->target;
    bool has_files = t->ca != NULL || t->capath != NULL || t->cert != NULL;

    if (r->verify) {
        t->tls = BRN_MYSQL_TLS_VERIFY;
    }
    /* Who names an authority wants it to be asked. */
    if (t->tls == BRN_MYSQL_TLS_AUTO && has_files) {
        t->tls = t->ca != NULL || t->capath != NULL ? BRN_MYSQL_TLS_VERIFY : BRN_MYSQL_TLS_REQUIRED;
    }
    if (r->skip_verify && t->tls == BRN_MYSQL_TLS_VERIFY) {
        t->tls = BRN_MYSQL_TLS_REQUIRED;
    }
}

brant_status brn_mysql_conninfo(brn_mysql *p, const brn_connect_options *opts, brant_error **err)
{
    reading r = { .p = p, .opts = opts };
    brant_status st = read_authority(&r, err);

    for (size_t i = 0; st == BRANT_OK && i < opts->url->params.count; i++) {
        st = read_param(&r, &opts->url->params.items[i], err);
    }
    if (st != BRANT_OK) {
        return st;
    }
    settle_tls(&r);
    if (r.password == NULL || r.password[0] == '\0') {
        r.password = opts->password;
    }
    if (r.password != NULL && r.password[0] != '\0') {
        p->target.password = brn_arena_strdup(&p->arena, r.password);
    }
    if (r.key_password != NULL && r.key_password[0] != '\0') {
        p->target.key_password = brn_arena_strdup(&p->arena, r.key_password);
    }
    show_host(&r);
    return p->arena.oom || p->host == NULL ? brn_error_oom(err) : BRANT_OK;
}
