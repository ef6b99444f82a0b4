/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Database URLs: scheme:rest, scheme://user:password@host:port,host2/path?key=value&key=value.
 *
 * Lenient where people paste passwords: the user part ends at the last '@' before the path, so
 * '@', '#' and ':' in a password need no escape; %XX is decoded everywhere. `shown` is the URL for
 * people: password and secret-looking parameters replaced by "***". The original text is kept
 * nowhere else, and a URL that cannot be parsed is never echoed.
 */
#ifndef BRN_CORE_URL_H
#define BRN_CORE_URL_H

#include "base/vec.h"
#include "core/error.h"

typedef struct brn_url_param {
    const char *key;
    const char *value;
} brn_url_param;

typedef struct brn_url {
    const char *scheme;   /* lower case */
    const char *user;     /* NULL when absent */
    const char *password; /* NULL when absent */
    const char *host;     /* as written, may be a list "h1:9042,h2"; NULL when there is no "//" */
    uint32_t port;        /* 0 when absent, or when host is a list */
    const char *path;     /* behind the authority with its leading '/', or behind "scheme:"; "" */
    BRN_VEC(brn_url_param) params;
    const char *shown;
} brn_url;

brant_status brn_url_parse(brn_url *out, brn_arena *arena, brn_str text, brant_error **err);
/* Value of a parameter, NULL when absent. */
const char *brn_url_param_find(const brn_url *url, const char *key);
/* The URL with its secrets hidden; "(not a URL)" when it cannot be parsed. */
char *brn_url_redact(brn_arena *arena, brn_str text);

#endif
