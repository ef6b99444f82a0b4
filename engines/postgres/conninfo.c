/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading the URL as libpq does, with two differences.
 *
 * libpq fills what is not given from PG* variables. Host, port, user and database decide which
 * database is changed, so they are always given, and a PGHOST left in a shell cannot lead a
 * migration elsewhere. Everything else stays as users of libpq know it: PGSSLMODE, PGPASSFILE,
 * PGPASSWORD, PGOPTIONS, ~/.pgpass, ~/.postgresql. A `service` in the URL names all four itself.
 *
 * Parameters of other tools (golang-migrate's x-...) are accepted, so that an existing URL works. A
 * parameter that nobody knows is an error, because it was meant to change something.
 */
#include "engines/postgres/postgres.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/platform.h"

#define DEFAULT_PORT "5432"

typedef struct reading {
    brn_postgres *p;
    const brn_connect_options *opts;
    const PQconninfoOption *known; /* what this libpq understands, and what it has from elsewhere */
    BRN_VEC(brn_url_param) set;
    const char *password;
    const char *search_path;
} reading;

/* --- what is set ------------------------------------------------------------------------------ */

static const char *find(const reading *r, const char *key)
{
    for (size_t i = 0; i < r->set.count; i++) {
        if (strcmp(r->set.items[i].key, key) == 0) {
            return r->set.items[i].value;
        }
    }
    return NULL;
}

/* The last one counts, as in libpq. */
static void set(reading *r, const char *key, const char *value)
{
    brn_url_param *slot = NULL;

    for (size_t i = 0; i < r->set.count; i++) {
        if (strcmp(r->set.items[i].key, key) == 0) {
            slot = &r->set.items[i];
        }
    }
    if (slot == NULL) {
        slot = BRN_VEC_PUSH(&r->p->arena, &r->set);
    }
    if (slot != NULL) {
        slot->key = key;
        slot->value = value;
    }
}

static void set_default(reading *r, const char *key, const char *value)
{
    const char *present = find(r, key);

    if (present == NULL || present[0] == '\0') {
        set(r, key, value);
    }
}

static const PQconninfoOption *find_known(const reading *r, const char *key)
{
    for (const PQconninfoOption *o = r->known; o->keyword != NULL; o++) {
        if (strcmp(o->keyword, key) == 0) {
            return o;
        }
    }
    return NULL;
}

/* --- parameters ------------------------------------------------------------------------------- */

/* What libpq does not know, or what means something else here. */
typedef enum param_kind {
    PARAM_LIBPQ = 0,
    PARAM_SILENT,   /* others look at it, or it changes nothing here */
    PARAM_ENCODING, /* always UTF8 */
    PARAM_SSL,      /* of JDBC: true is sslmode=require, as in libpq */
    PARAM_PASSWORD,
    PARAM_SEARCH_PATH,       /* of the Go drivers and dbmate */
    PARAM_STATEMENT_TIMEOUT, /* of golang-migrate: a setting here */
    PARAM_REFUSED,
} param_kind;

static const struct special_param {
    const char *key;
    param_kind kind;
} special_params[] = {
    { "client_encoding", PARAM_ENCODING },
    { "password", PARAM_PASSWORD },
    { "replication", PARAM_REFUSED },
    { "search_path", PARAM_SEARCH_PATH },
    { "ssl", PARAM_SSL },
    { "x-migrations-table", PARAM_SILENT },
    { "x-migrations-table-quoted", PARAM_SILENT },
    { "x-multi-statement", PARAM_SILENT },
    { "x-multi-statement-max-size", PARAM_SILENT },
    { "x-statement-timeout", PARAM_STATEMENT_TIMEOUT },
};

static param_kind kind_of(const char *key)
{
    for (size_t i = 0; i < BRN_ARRAY_LEN(special_params); i++) {
        if (strcmp(special_params[i].key, key) == 0) {
            return special_params[i].kind;
        }
    }
    return PARAM_LIBPQ;
}

static brant_status unknown_param(const char *key, brant_error **err)
{
    brant_status st = brn_error(
        err, BRANT_EUSAGE, "url.bad_parameter", "unknown parameter \"%.60s\" in a postgres URL",
        key);

    brn_error_hint(
        err, "Parameters are those of libpq, such as sslmode, sslrootcert, host, application_name, "
             "and search_path. Settings of the server go into options, as in "
             "options=-c%%20work_mem%%3D64MB.");
    return st;
}

static void warn_ignored(const reading *r, const char *key, const char *why)
{
    brn_emit_warning(
        r->opts->emitter, r->opts->database, "url.ignored_parameter",
        "parameter \"%.60s\" is ignored: %s", key, why);
}

static brant_status read_libpq(reading *r, const brn_url_param *param, brant_error **err)
{
    if (strncmp(param->key, "x-", 2) == 0) {
        warn_ignored(r, param->key, "it is one of another tool");
        return BRANT_OK;
    }
    if (find_known(r, param->key) == NULL) {
        return unknown_param(param->key, err);
    }
    set(r, param->key, param->value);
    return BRANT_OK;
}

static brant_status read_param(reading *r, const brn_url_param *param, brant_error **err)
{
    switch (kind_of(param->key)) {
    case PARAM_LIBPQ:
        return read_libpq(r, param, err);
    case PARAM_SILENT:
        return BRANT_OK;
    case PARAM_ENCODING:
        if (!brn_str_ieq(brn_str_from(param->value), BRN_STR("utf8"))) {
            warn_ignored(r, param->key, "migrations are sent as UTF-8");
        }
        return BRANT_OK;
    case PARAM_SSL:
        if (strcmp(param->value, "true") != 0) {
            return unknown_param(param->key, err);
        }
        set(r, "sslmode", "require");
        return BRANT_OK;
    case PARAM_PASSWORD:
        r->password = param->value;
        return BRANT_OK;
    case PARAM_SEARCH_PATH:
        r->search_path = param->value;
        return BRANT_OK;
    case PARAM_STATEMENT_TIMEOUT:
        warn_ignored(r, param->key, "use the setting \"statement-timeout\"");
        return BRANT_OK;
    case PARAM_REFUSED:
        break;
    }
    return unknown_param(param->key, err);
}

/*
 * Behind what the URL has in `options`, where PgBouncer refuses it, as it refuses the Go drivers'
 * way to send it: only an author who wrote it meets that.
 */
static void add_search_path(reading *r)
{
    const char *before = find(r, "options");
    brn_buf text;

    if (r->search_path == NULL) {
        return;
    }
    brn_buf_init(&text, 0);
    brn_buf_printf(&text, "%s -c search_path=", before != NULL ? before : "");
    for (const char *c = r->search_path; *c != '\0'; c++) {
        if (*c == ' ' || *c == '\\') {
            brn_buf_add_char(&text, '\\');
        }
        brn_buf_add_char(&text, *c);
    }
    set(r, "options", brn_arena_strdup(&r->p->arena, brn_buf_text(&text)));
    r->p->arena.oom = r->p->arena.oom || text.failed;
    brn_buf_release(&text);
}

static void note_search_path(const reading *r)
{
    const PQconninfoOption *elsewhere = find_known(r, "options");
    const char *options = find(r, "options");

    if (options == NULL && elsewhere != NULL) {
        options = elsewhere->val;
    }
    r->p->path_given = options != NULL && strstr(options, "search_path") != NULL;
}

/* --- where, who, which ------------------------------------------------------------------------ */

/* One of host, host:port, [v6] and [v6]:port, which core/url.c has checked. */
static void split_host(brn_str *host, brn_str *port, brn_str piece)
{
    size_t close = piece.len > 0 && piece.ptr[0] == '[' ? brn_str_find_char(piece, ']') : SIZE_MAX;
    size_t from = close != SIZE_MAX ? close + 1 : 0;
    size_t colon = brn_str_find_char(brn_str_slice(piece, from, piece.len), ':');

    *host = close != SIZE_MAX ? brn_str_slice(piece, 1, close) : piece;
    *port = BRN_STR(DEFAULT_PORT);
    if (colon != SIZE_MAX) {
        *port = brn_str_slice(piece, from + colon + 1, piece.len);
        *host = close != SIZE_MAX ? *host : brn_str_slice(piece, 0, colon);
    }
}

static void read_list(reading *r, const char *list)
{
    brn_buf hosts;
    brn_buf ports;
    brn_str rest = brn_str_from(list);
    brn_str piece;

    brn_buf_init(&hosts, 0);
    brn_buf_init(&ports, 0);
    while (brn_str_split(&rest, ',', &piece)) {
        brn_str host;
        brn_str port;

        split_host(&host, &port, piece);
        brn_buf_add_c(&hosts, ports.len > 0 ? "," : "");
        brn_buf_add_c(&ports, ports.len > 0 ? "," : "");
        brn_buf_add_str(&hosts, host);
        brn_buf_add_str(&ports, port);
    }
    set(r, "host", brn_arena_strdup(&r->p->arena, brn_buf_text(&hosts)));
    set(r, "port", brn_arena_strdup(&r->p->arena, brn_buf_text(&ports)));
    r->p->arena.oom = r->p->arena.oom || hosts.failed || ports.failed;
    brn_buf_release(&hosts);
    brn_buf_release(&ports);
}

static void read_authority(reading *r)
{
    const brn_url *url = r->opts->url;

    if (url->host != NULL && strchr(url->host, ',') != NULL) {
        read_list(r, url->host);
    } else if (url->host != NULL && url->host[0] != '\0') {
        set(r, "host", url->host);
    }
    if (url->port != 0) {
        set(r, "port", brn_arena_printf(&r->p->arena, "%u", (unsigned)url->port));
    }
    if (url->user != NULL) {
        set(r, "user", url->user);
    }
    if (url->path[0] != '\0' && strcmp(url->path, "/") != 0) {
        set(r, "dbname", url->path[0] == '/' ? url->path + 1 : url->path);
    }
    r->password = url->password;
}

/*
 * An empty value would be filled from the environment, and libpq does not tell its default
 * directory of sockets. But in a list an empty place means the default.
 */
static void fix_host(reading *r)
{
    const char *address = find(r, "hostaddr");

    set_default(r, "host", address != NULL && address[0] != '\0' ? address : ",");
}

/* PGHOSTADDR goes before a host's own address. Likewise: as many empty places as there are hosts,
 * which are at least two then. */
static void fix_address(reading *r)
{
    const char *address = find(r, "hostaddr");
    const PQconninfoOption *elsewhere = find_known(r, "hostaddr");
    const char *host = find(r, "host");
    char *empty = NULL;
    size_t commas = 0;

    if ((address != NULL && address[0] != '\0') || elsewhere == NULL || elsewhere->val == NULL) {
        return;
    }
    if (host != NULL && strchr(host, ',') == NULL) {
        host = brn_arena_printf(&r->p->arena, "%s,%s", host, host);
        set(r, "host", host);
    }
    for (const char *c = host; c != NULL && *c != '\0'; c++) {
        commas += *c == ',' ? 1 : 0;
    }
    empty = brn_arena_alloc(&r->p->arena, commas + 1);
    if (empty != NULL) {
        memset(empty, ',', commas);
    }
    set(r, "hostaddr", empty);
}

static void fix_identity(reading *r)
{
    char user[BRN_PLATFORM_NAME];

    brn_platform_user(user);
    set_default(r, "port", DEFAULT_PORT);
    set_default(r, "user", brn_arena_strdup(&r->p->arena, user));
    set_default(r, "dbname", find(r, "user"));
    fix_host(r);
}

/* --- for people ------------------------------------------------------------------------------- */

/* "127.0.0.1:5432", "[::1]:5432", "/run/postgresql:5432", and lists of them. */
static void show_host(reading *r)
{
    brn_str hosts = brn_str_from(find(r, "host"));
    brn_str ports = brn_str_from(find(r, "port"));
    brn_str host;
    brn_str port = BRN_STR(DEFAULT_PORT);
    brn_buf text;

    if (find(r, "service") != NULL) {
        r->p->host = brn_arena_printf(&r->p->arena, "service %s", find(r, "service"));
        return;
    }
    if (brn_str_eq_c(hosts, ",")) {
        r->p->host = brn_arena_printf(&r->p->arena, "the local socket of port %s", ports.ptr);
        return;
    }
    brn_buf_init(&text, 0);
    while (brn_str_split(&hosts, ',', &host)) {
        bool is_v6 = brn_str_find_char(host, ':') != SIZE_MAX;

        (void)brn_str_split(&ports, ',', &port);
        brn_buf_add_c(&text, text.len > 0 ? "," : "");
        brn_buf_printf(
            &text, is_v6 ? "[%.*s]:%.*s" : "%.*s:%.*s", BRN_STR_ARG(host), BRN_STR_ARG(port));
    }
    r->p->host = brn_arena_strdup(&r->p->arena, brn_buf_text(&text));
    brn_buf_release(&text);
}

/* --- limits and secrets ----------------------------------------------------------------------- */

/* libpq's own limit, in seconds: it heeds it in its blocking calls only. The shorter one counts. */
static void read_timeout(reading *r)
{
    const PQconninfoOption *elsewhere = find_known(r, "connect_timeout");
    const char *text = find(r, "connect_timeout");
    int64_t *limit_ms = &r->p->connect_timeout_ms;
    uint64_t seconds = 0;

    if (text == NULL && elsewhere != NULL) {
        text = elsewhere->val;
    }
    if (text != NULL && brn_str_to_u64(brn_str_from(text), &seconds) && seconds > 0 &&
        seconds < INT32_MAX && (*limit_ms <= 0 || (int64_t)seconds * 1000 < *limit_ms)) {
        *limit_ms = (int64_t)seconds * 1000;
    }
}

static void keep_secrets(reading *r)
{
    const char *password = r->password != NULL ? r->password : r->opts->password;

    if (password != NULL && password[0] != '\0') {
        r->p->password = brn_arena_strdup(&r->p->arena, password);
        set(r, "password", r->p->password);
    }
    if (find(r, "sslpassword") != NULL) {
        r->p->key_password = brn_arena_strdup(&r->p->arena, find(r, "sslpassword"));
        set(r, "sslpassword", r->p->key_password);
    }
}

/* --- entry point ------------------------------------------------------------------------------ */

/* The URL does not live as long as the connection. */
static void keep(reading *r)
{
    brn_arena *arena = &r->p->arena;
    const char **keywords = brn_arena_array(arena, r->set.count + 1, sizeof(*keywords));
    const char **values = brn_arena_array(arena, r->set.count + 1, sizeof(*values));

    for (size_t i = 0; !arena->oom && i < r->set.count; i++) {
        const char *value = r->set.items[i].value;
        bool is_kept = value == r->p->password || value == r->p->key_password;

        keywords[i] = brn_arena_strdup(arena, r->set.items[i].key);
        values[i] = is_kept ? value : brn_arena_strdup(arena, value);
    }
    r->p->keywords = keywords;
    r->p->values = values;
    r->p->dbname = brn_arena_strdup(arena, find(r, "dbname"));
}

brant_status brn_postgres_conninfo(
    brn_postgres *p, const brn_connect_options *opts, brant_error **err)
{
    PQconninfoOption *known = PQconndefaults();
    reading r = { .p = p, .opts = opts, .known = known };
    brant_status st = BRANT_OK;

    if (known == NULL) {
        return brn_error_oom(err);
    }
    read_authority(&r);
    for (size_t i = 0; st == BRANT_OK && i < opts->url->params.count; i++) {
        st = read_param(&r, &opts->url->params.items[i], err);
    }
    add_search_path(&r);
    note_search_path(&r);
    if (find(&r, "service") == NULL) {
        fix_identity(&r);
    }
    if (!p->arena.oom) {
        show_host(&r);
    }
    if (find(&r, "service") == NULL) {
        fix_address(&r);
    }
    read_timeout(&r);
    /* An application_name of the user's own goes before this one. */
    set(&r, "fallback_application_name", "brant");
    set(&r, "client_encoding", "UTF8");
    keep_secrets(&r);
    if (!p->arena.oom) {
        keep(&r);
    }
    PQconninfoFree(known);
    if (st == BRANT_OK && p->arena.oom) {
        st = brn_error_oom(err);
    }
    return st;
}
