/* SPDX-License-Identifier: Apache-2.0 */
#include "core/url.h"

#include <string.h>

#include "base/buf.h"

#define URL_MAX_BYTES ((size_t)64 * 1024)
#define PORT_MAX 65535
#define HIDDEN "***"

/* The pieces of a URL as they were written: views into the text, still with their escapes. */
typedef struct raw_url {
    brn_str scheme;
    bool has_authority;
    bool has_user;
    bool has_password;
    brn_str user;
    brn_str password;
    brn_str host;
    brn_str path;
    bool has_query;
    brn_str query;
} raw_url;

/* --- text ------------------------------------------------------------------------------------- */

static bool is_alpha(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static int hex_value(char c)
{
    if (is_digit(c)) {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    if (c >= 'A' && c <= 'F') {
        return c - 'A' + 10;
    }
    return -1;
}

static brn_str tail(brn_str s, size_t from)
{
    return brn_str_slice(s, from, s.len);
}

/* The byte an escape at `at` stands for, or -1: malformed, or a NUL that would cut the text. */
static int escape_value(brn_str s, size_t at)
{
    int high;
    int low;

    if (s.len - at < 3) {
        return -1;
    }
    high = hex_value(s.ptr[at + 1]);
    low = hex_value(s.ptr[at + 2]);
    if (high < 0 || low < 0 || high + low == 0) {
        return -1;
    }
    return high * 16 + low;
}

/* Decodes %XX into the arena; false when there is a bad escape. Out of memory gives NULL. */
static bool decode(char **out, brn_arena *arena, brn_str s)
{
    char *text = brn_arena_strndup(arena, s.ptr, s.len);
    size_t len = 0;

    *out = text;
    for (size_t i = 0; i < s.len; i++) {
        int value = (unsigned char)s.ptr[i];

        if (s.ptr[i] == '%') {
            value = escape_value(s, i);
            if (value < 0) {
                return false;
            }
            i += 2;
        }
        if (text != NULL) {
            text[len] = (char)value;
        }
        len++;
    }
    if (text != NULL) {
        text[len] = '\0';
    }
    return true;
}

/* User and password: a bad escape means that nobody escaped anything, so all of it is literal. */
static char *decode_lenient(brn_arena *arena, brn_str s)
{
    char *text = NULL;

    return decode(&text, arena, s) ? text : brn_arena_strndup(arena, s.ptr, s.len);
}

/* --- errors: none of them may echo the text, which may hold a password -------------------------
 */

static brant_status bad_scheme(brant_error **err)
{
    brant_status st =
        brn_error(err, BRANT_EUSAGE, "url.no_scheme", "database URL does not begin with a scheme");

    brn_error_hint(
        err,
        "Write it like sqlite:app.db or postgres://user:password@host:5432/name. It is not shown "
        "here because it may hold a password.");
    return st;
}

static brant_status bad_escape(brant_error **err, const char *part)
{
    brant_status st = brn_error(
        err, BRANT_EUSAGE, "url.bad_escape", "%s of the database URL has a bad %%XX escape", part);

    brn_error_hint(err, "Write a percent sign as %%25; %%00 is never allowed.");
    return st;
}

static brant_status bad_port(brant_error **err)
{
    brant_status st = brn_error(
        err, BRANT_EUSAGE, "url.bad_port", "port of the database URL is not a number up to 65535");

    brn_error_hint(
        err,
        "Write '/' in a password as %%2F and '?' as %%3F; put an IPv6 address in brackets, as in "
        "[::1]:5432.");
    return st;
}

static brant_status bad_host(brant_error **err)
{
    brant_status st = brn_error(
        err, BRANT_EUSAGE, "url.bad_host", "host of the database URL has unmatched brackets");

    brn_error_hint(err, "Write it like [::1]:5432, tcp(host:3306) or unix(/path/to/socket).");
    return st;
}

static brant_status check_text(brn_str text, brant_error **err)
{
    if (text.len > URL_MAX_BYTES) {
        return brn_error(err, BRANT_EUSAGE, "url.too_long", "database URL is longer than 64 KiB");
    }
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];

        if (c < 0x20 || c == 0x7f) {
            brant_status st = brn_error(
                err, BRANT_EUSAGE, "url.control_character",
                "database URL has a control character at byte %zu", i + 1);

            brn_error_hint(
                err, "Look for a line break or NUL that came with copying; write it as %%XX.");
            return st;
        }
    }
    return BRANT_OK;
}

/* --- taking it apart -------------------------------------------------------------------------- */

/* Length of the scheme; 0 when there is none. "C:" is a drive of Windows, not a scheme. */
static size_t scheme_len(brn_str text)
{
    size_t len = 0;

    if (text.len == 0 || !is_alpha(text.ptr[0])) {
        return 0;
    }
    while (len < text.len && (is_alpha(text.ptr[len]) || is_digit(text.ptr[len]) ||
                              strchr("+-.", text.ptr[len]) != NULL)) {
        len++;
    }
    return len >= 2 && len < text.len && text.ptr[len] == ':' ? len : 0;
}

static bool ends_authority(brn_str s, size_t at)
{
    return at >= s.len || s.ptr[at] == '/' || s.ptr[at] == '?';
}

/* End of the authority: the first '/' or '?', but not one inside "unix(/path)". */
static size_t authority_len(brn_str s)
{
    size_t len = 0;
    brn_str socket;
    size_t close;

    while (!ends_authority(s, len)) {
        len++;
    }
    /* It is the whole host: at the start, or behind the user. */
    if (!brn_str_ends(brn_str_slice(s, 0, len), BRN_STR("unix(")) ||
        (len > 5 && s.ptr[len - 6] != '@')) {
        return len;
    }
    close = brn_str_find_char(tail(s, len), ')');
    if (close == SIZE_MAX || !ends_authority(s, len + close + 1)) {
        return len;
    }
    socket = brn_str_slice(s, len, len + close);
    return brn_str_find_char(socket, '@') == SIZE_MAX ? len + close + 1 : len;
}

static void split_user(raw_url *raw, brn_str authority)
{
    size_t at = authority.len;
    size_t colon;

    while (at > 0 && authority.ptr[at - 1] != '@') {
        at--;
    }
    raw->host = tail(authority, at);
    if (at == 0) {
        return;
    }
    raw->user = brn_str_slice(authority, 0, at - 1);
    colon = brn_str_find_char(raw->user, ':');
    if (colon != SIZE_MAX) {
        raw->has_password = true;
        raw->password = tail(raw->user, colon + 1);
        raw->user = brn_str_slice(raw->user, 0, colon);
    }
    raw->has_user = raw->user.len > 0;
}

/*
 * A '/' or '?' in an unescaped password makes its beginning look like a host and its end like a
 * path, which then would be shown. An '@' behind the authority gives it away.
 */
static bool is_ambiguous(brn_str authority, const raw_url *raw)
{
    brn_str behind = raw->path.len > 0 ? raw->path : raw->query;

    return (brn_str_find_char(authority, ':') != SIZE_MAX ||
            brn_str_find_char(authority, '@') != SIZE_MAX) &&
           brn_str_find_char(behind, '@') != SIZE_MAX;
}

static brant_status split_url(raw_url *raw, brn_str text, brant_error **err)
{
    size_t len = scheme_len(text);
    brn_str authority = { "", 0 };
    size_t question;

    if (len == 0) {
        return bad_scheme(err);
    }
    raw->scheme = brn_str_slice(text, 0, len);
    raw->path = tail(text, len + 1);
    if (brn_str_starts(raw->path, BRN_STR("//"))) {
        raw->has_authority = true;
        raw->path = tail(raw->path, 2);
        len = authority_len(raw->path);
        authority = brn_str_slice(raw->path, 0, len);
        raw->path = tail(raw->path, len);
        split_user(raw, authority);
    }
    question = brn_str_find_char(raw->path, '?');
    if (question != SIZE_MAX) {
        raw->has_query = true;
        raw->query = tail(raw->path, question + 1);
        raw->path = brn_str_slice(raw->path, 0, question);
    }
    if (is_ambiguous(authority, raw)) {
        brant_status st = brn_error(
            err, BRANT_EUSAGE, "url.ambiguous",
            "database URL has an '@' behind its host: the password cannot be told from the path");

        brn_error_hint(
            err, "Write '/' in a password as %%2F and '?' as %%3F, and '@' in a path as %%40.");
        return st;
    }
    return BRANT_OK;
}

/* --- host and port ---------------------------------------------------------------------------- */

/* One of host, host:port, [v6] and [v6]:port. */
static brant_status split_port(brn_str *host, uint32_t *port, brn_str s, brant_error **err)
{
    size_t colon = brn_str_find_char(s, ':');
    uint64_t number = 0;

    *host = s;
    *port = 0;
    if (s.len > 0 && s.ptr[0] == '[') {
        size_t close = brn_str_find_char(s, ']');

        if (close == SIZE_MAX || (close + 1 < s.len && s.ptr[close + 1] != ':')) {
            return bad_host(err);
        }
        *host = brn_str_slice(s, 1, close);
        colon = close + 1 < s.len ? close + 1 : SIZE_MAX;
    } else if (colon != SIZE_MAX) {
        *host = brn_str_slice(s, 0, colon);
    }
    if (colon == SIZE_MAX) {
        return BRANT_OK;
    }
    if (!brn_str_to_u64(tail(s, colon + 1), &number) || number == 0 || number > PORT_MAX) {
        return bad_port(err);
    }
    *port = (uint32_t)number;
    return BRANT_OK;
}

static brant_status parse_host(brn_url *url, brn_arena *arena, brn_str raw, brant_error **err)
{
    brn_str host = raw;
    brn_str rest = raw;
    brn_str piece;
    uint32_t port = 0;
    bool is_list = brn_str_find_char(raw, ',') != SIZE_MAX;
    bool is_tcp = brn_str_starts(raw, BRN_STR("tcp("));
    bool is_socket = brn_str_starts(raw, BRN_STR("unix("));
    char *text = NULL;
    brant_status st;

    /* How Go programs write it for MySQL. */
    if ((is_tcp || is_socket) && !brn_str_ends(raw, BRN_STR(")"))) {
        return bad_host(err);
    }
    if (is_tcp) {
        rest = brn_str_slice(raw, 4, raw.len - 1);
    }
    if (!is_socket) {
        while (brn_str_split(&rest, ',', &piece)) {
            st = split_port(&host, &port, piece, err);
            if (st != BRANT_OK) {
                return st;
            }
        }
    }
    if (!decode(&text, arena, is_list ? raw : host)) {
        return bad_escape(err, "host");
    }
    url->host = text;
    url->port = is_list ? 0 : port;
    return BRANT_OK;
}

/* --- parameters ------------------------------------------------------------------------------- */

static bool ends_with_word(brn_str key, brn_str word)
{
    return key.len >= word.len && brn_str_ieq(tail(key, key.len - word.len), word);
}

static bool is_secret_key(brn_str key)
{
    static const char *const exact[] = { "pass", "passwd", "pwd" };
    static const char *const endings[] = { "password", "passphrase", "secret",
                                           "token",    "-key",       "_key" };

    for (size_t i = 0; i < BRN_ARRAY_LEN(exact); i++) {
        if (brn_str_ieq(key, brn_str_from(exact[i]))) {
            return true;
        }
    }
    for (size_t i = 0; i < BRN_ARRAY_LEN(endings); i++) {
        if (ends_with_word(key, brn_str_from(endings[i]))) {
            return true;
        }
    }
    return false;
}

/* Next non-empty "key=value" of a query as it was written. */
static bool next_param(brn_str *rest, brn_str *key, brn_str *value)
{
    brn_str piece;

    while (brn_str_split(rest, '&', &piece)) {
        size_t equals = brn_str_find_char(piece, '=');

        if (piece.len == 0) {
            continue;
        }
        *key = equals == SIZE_MAX ? piece : brn_str_slice(piece, 0, equals);
        *value = equals == SIZE_MAX ? tail(piece, piece.len) : tail(piece, equals + 1);
        return true;
    }
    return false;
}

static brant_status parse_params(brn_url *url, brn_arena *arena, brn_str query, brant_error **err)
{
    brn_str rest = query;
    brn_str raw_key;
    brn_str raw_value;

    while (next_param(&rest, &raw_key, &raw_value)) {
        brn_url_param *param = NULL;
        char *key = NULL;
        char *value = NULL;

        if (!decode(&key, arena, raw_key) || !decode(&value, arena, raw_value)) {
            return bad_escape(err, "a parameter");
        }
        param = BRN_VEC_PUSH(arena, &url->params);
        if (param == NULL || key == NULL || value == NULL) {
            return brn_error_oom(err);
        }
        param->key = key;
        param->value = value;
    }
    return BRANT_OK;
}

/* --- the URL for people ----------------------------------------------------------------------- */

/*
 * Without an authority the rest is a path ("sqlite:app.db"), unless somebody forgot the scheme of
 * user:password@host or the slashes: what stands before the last '@' is not shown.
 */
static void show_path(brn_buf *buf, const raw_url *raw)
{
    size_t at = raw->path.len;

    while (!raw->has_authority && at > 0 && raw->path.ptr[at - 1] != '@') {
        at--;
    }
    if (raw->has_authority || at == 0) {
        brn_buf_add_str(buf, raw->path);
        return;
    }
    brn_buf_add_c(buf, HIDDEN "@");
    brn_buf_add_str(buf, tail(raw->path, at));
}

/* `url` has the decoded keys in the order of the query. */
static void show_params(brn_buf *buf, const raw_url *raw, const brn_url *url)
{
    brn_str rest = raw->query;
    brn_str key;
    brn_str value;

    for (size_t i = 0; i < url->params.count && next_param(&rest, &key, &value); i++) {
        brn_str decoded = brn_str_from(url->params.items[i].key);

        brn_buf_add_char(buf, i == 0 ? '?' : '&');
        if (brn_str_find_char(decoded, '@') != SIZE_MAX) {
            /* Looks like the end of a password with a '?' in it. */
            brn_buf_add_c(buf, HIDDEN "=" HIDDEN);
            continue;
        }
        brn_buf_add_str(buf, key);
        brn_buf_add_char(buf, '=');
        if (is_secret_key(decoded)) {
            brn_buf_add_c(buf, HIDDEN);
        } else {
            brn_buf_add_str(buf, value);
        }
    }
}

static brant_status show(brn_url *url, brn_arena *arena, const raw_url *raw, brant_error **err)
{
    brn_buf buf;
    const char *shown = NULL;

    brn_buf_init(&buf, 0);
    brn_buf_add_c(&buf, url->scheme);
    brn_buf_add_char(&buf, ':');
    if (raw->has_authority) {
        brn_buf_add_c(&buf, "//");
        brn_buf_add_str(&buf, raw->user);
        brn_buf_add_c(&buf, raw->has_password ? ":" HIDDEN : "");
        brn_buf_add_c(&buf, raw->has_user || raw->has_password ? "@" : "");
        brn_buf_add_str(&buf, raw->host);
    }
    show_path(&buf, raw);
    show_params(&buf, raw, url);
    if (!buf.failed) {
        shown = brn_arena_strndup(arena, buf.ptr, buf.len);
    }
    brn_buf_release(&buf);
    if (shown == NULL) {
        return brn_error_oom(err);
    }
    url->shown = shown;
    return BRANT_OK;
}

/* --- entry points ----------------------------------------------------------------------------- */

static void lower(char *text)
{
    for (; text != NULL && *text != '\0'; text++) {
        if (*text >= 'A' && *text <= 'Z') {
            *text = (char)(*text - 'A' + 'a');
        }
    }
}

static brant_status decode_parts(
    brn_url *url, brn_arena *arena, const raw_url *raw, brant_error **err)
{
    char *scheme = brn_arena_strndup(arena, raw->scheme.ptr, raw->scheme.len);
    char *path = NULL;
    brant_status st = BRANT_OK;

    lower(scheme);
    url->scheme = scheme;
    if (raw->has_user) {
        url->user = decode_lenient(arena, raw->user);
    }
    if (raw->has_password) {
        url->password = decode_lenient(arena, raw->password);
    }
    if (raw->has_authority) {
        st = parse_host(url, arena, raw->host, err);
        if (st != BRANT_OK) {
            return st;
        }
    }
    if (!decode(&path, arena, raw->path)) {
        return bad_escape(err, "path");
    }
    url->path = path;
    return parse_params(url, arena, raw->query, err);
}

brant_status brn_url_parse(brn_url *out, brn_arena *arena, brn_str text, brant_error **err)
{
    brn_url url = { 0 };
    raw_url raw = { 0 };
    brant_status st = check_text(text, err);

    if (st != BRANT_OK) {
        return st;
    }
    st = split_url(&raw, text, err);
    if (st != BRANT_OK) {
        return st;
    }
    st = decode_parts(&url, arena, &raw, err);
    if (st != BRANT_OK) {
        return st;
    }
    if (arena->oom) {
        return brn_error_oom(err);
    }
    st = show(&url, arena, &raw, err);
    if (st == BRANT_OK) {
        *out = url;
    }
    return st;
}

const char *brn_url_param_find(const brn_url *url, const char *key)
{
    for (size_t i = 0; i < url->params.count; i++) {
        if (strcmp(url->params.items[i].key, key) == 0) {
            return url->params.items[i].value;
        }
    }
    return NULL;
}

char *brn_url_redact(brn_arena *arena, brn_str text)
{
    brn_url url;

    if (brn_url_parse(&url, arena, text, NULL) != BRANT_OK) {
        return brn_arena_strdup(arena, "(not a URL)");
    }
    return brn_arena_strdup(arena, url.shown);
}
