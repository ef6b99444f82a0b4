/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "core/url.h"

/* A NULL that is expected is a NULL that must come. */
static void assert_text(const char *got, const char *expected)
{
    if (expected == NULL) {
        assert_null(got);
    } else {
        assert_non_null(got);
        assert_string_equal(got, expected);
    }
}

static const struct good_case {
    const char *url;
    const char *scheme;
    const char *user;
    const char *password;
    const char *host;
    uint32_t port;
    const char *path;
    const char *shown; /* NULL: as it was written */
} good_cases[] = {
    /* without an authority */
    { "sqlite:app.db", "sqlite", NULL, NULL, NULL, 0, "app.db", NULL },
    { "sqlite::memory:", "sqlite", NULL, NULL, NULL, 0, ":memory:", NULL },
    { "sqlite:", "sqlite", NULL, NULL, NULL, 0, "", NULL },
    { "sqlite:/abs/a%20b.db", "sqlite", NULL, NULL, NULL, 0, "/abs/a b.db", NULL },
    { "a+b-c.1:x", "a+b-c.1", NULL, NULL, NULL, 0, "x", NULL },
    /* files behind slashes */
    { "sqlite:///abs/x.db", "sqlite", NULL, NULL, "", 0, "/abs/x.db", NULL },
    { "sqlite:///abs/x@2.db", "sqlite", NULL, NULL, "", 0, "/abs/x@2.db", NULL },
    { "sqlite://rel/x.db", "sqlite", NULL, NULL, "rel", 0, "/x.db", NULL },
    /* hosts and ports */
    { "postgres://h", "postgres", NULL, NULL, "h", 0, "", NULL },
    { "postgres://", "postgres", NULL, NULL, "", 0, "", NULL },
    { "PostGres://H/Db", "postgres", NULL, NULL, "H", 0, "/Db", "postgres://H/Db" },
    { "postgres://h:5432/db", "postgres", NULL, NULL, "h", 5432, "/db", NULL },
    { "postgres://h:1", "postgres", NULL, NULL, "h", 1, "", NULL },
    { "postgres://h:65535", "postgres", NULL, NULL, "h", 65535, "", NULL },
    { "postgres://:5432/db", "postgres", NULL, NULL, "", 5432, "/db", NULL },
    { "postgres://[::1]:5432/db", "postgres", NULL, NULL, "::1", 5432, "/db", NULL },
    { "postgres://[::1]/db", "postgres", NULL, NULL, "::1", 0, "/db", NULL },
    { "postgres://u:p@[fe80::1%25eth0]:1", "postgres", "u", "p", "fe80::1%eth0", 1, "",
      "postgres://u:***@[fe80::1%25eth0]:1" },
    { "postgres://%2Frun%2Fpg/db", "postgres", NULL, NULL, "/run/pg", 0, "/db", NULL },
    { "cassandra://10.0.0.1,10.0.0.2:9042/ks", "cassandra", NULL, NULL, "10.0.0.1,10.0.0.2:9042", 0,
      "/ks", NULL },
    { "cassandra://[::1]:9042,[::2]/ks", "cassandra", NULL, NULL, "[::1]:9042,[::2]", 0, "/ks",
      NULL },
    { "mysql://tcp(h:3306)/db", "mysql", NULL, NULL, "h", 3306, "/db", NULL },
    { "mysql://u:p@tcp([::1]:3306)/db", "mysql", "u", "p", "::1", 3306, "/db",
      "mysql://u:***@tcp([::1]:3306)/db" },
    { "mysql://u:p@unix(/run/my.sock)/db", "mysql", "u", "p", "unix(/run/my.sock)", 0, "/db",
      "mysql://u:***@unix(/run/my.sock)/db" },
    /* users and passwords */
    { "postgres://u@h", "postgres", "u", NULL, "h", 0, "", NULL },
    { "postgres://u:@h", "postgres", "u", "", "h", 0, "", "postgres://u:***@h" },
    { "redis://:pw@h", "redis", NULL, "pw", "h", 0, "", "redis://:***@h" },
    { "redis://@h", "redis", NULL, NULL, "h", 0, "", "redis://h" },
    { "postgres://u%40x:p%2Fw@h/d", "postgres", "u@x", "p/w", "h", 0, "/d",
      "postgres://u%40x:***@h/d" },
    { "mysql://user:p@ss#w:rd@tcp(host:3306)/db", "mysql", "user", "p@ss#w:rd", "host", 3306, "/db",
      "mysql://user:***@tcp(host:3306)/db" },
    { "postgres://u:100%@h", "postgres", "u", "100%", "h", 0, "", "postgres://u:***@h" },
    { "postgres://u:a%20%zz@h", "postgres", "u", "a%20%zz", "h", 0, "", "postgres://u:***@h" },
    { "postgres://u:a%00b@h", "postgres", "u", "a%00b", "h", 0, "", "postgres://u:***@h" },
    { "postgres://50%:x@h", "postgres", "50%", "x", "h", 0, "", "postgres://50%:***@h" },
    { "postgres://u:p\xc3\xa4@h", "postgres", "u", "p\xc3\xa4", "h", 0, "", "postgres://u:***@h" },
    /* forgotten slashes: what may be a password is not shown */
    { "postgres:u:p@h/db", "postgres", NULL, NULL, NULL, 0, "u:p@h/db", "postgres:***@h/db" },
    { "app:secret@h/db", "app", NULL, NULL, NULL, 0, "secret@h/db", "app:***@h/db" },
    { "jdbc:postgresql://u:p@h/d", "jdbc", NULL, NULL, NULL, 0, "postgresql://u:p@h/d",
      "jdbc:***@h/d" },
};

static void a_url_falls_into_its_parts(void **state)
{
    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(good_cases); i++) {
        const struct good_case *c = &good_cases[i];
        brn_arena arena = { 0 };
        brn_url url;
        brant_error *err = NULL;

        print_message("  %s\n", c->url);
        assert_int_equal(brn_url_parse(&url, &arena, brn_str_from(c->url), &err), BRANT_OK);
        assert_null(err);
        assert_text(url.scheme, c->scheme);
        assert_text(url.user, c->user);
        assert_text(url.password, c->password);
        assert_text(url.host, c->host);
        assert_int_equal(url.port, c->port);
        assert_text(url.path, c->path);
        assert_text(url.shown, c->shown != NULL ? c->shown : c->url);
        assert_int_equal(url.params.count, 0);
        brn_arena_release(&arena);
    }
}

static const struct bad_case {
    const char *name;
    const char *url;
    size_t len; /* 0: up to the NUL */
    const char *id;
} bad_cases[] = {
    { "empty", "", 0, "url.no_scheme" },
    { "a word", "secret", 0, "url.no_scheme" },
    { "no scheme", "//u:secret@h/db", 0, "url.no_scheme" },
    { "empty scheme", "://u:secret@h", 0, "url.no_scheme" },
    { "scheme begins with a digit", "1x://u:secret@h", 0, "url.no_scheme" },
    { "space in the scheme", "po stgres://u:secret@h", 0, "url.no_scheme" },
    { "drive of Windows", "C:\\secret.db", 0, "url.no_scheme" },
    { "escape in the path", "postgres://u:secret@h/%zz", 0, "url.bad_escape" },
    { "half an escape in the path", "sqlite:secret%4", 0, "url.bad_escape" },
    { "lone percent at the end", "sqlite:secret%", 0, "url.bad_escape" },
    { "escaped NUL in the path", "sqlite:secret%00", 0, "url.bad_escape" },
    { "escape in a host", "postgres://u:secret@h%/db", 0, "url.bad_escape" },
    { "escape in a key", "postgres://u:secret@h/d?%q=1", 0, "url.bad_escape" },
    { "escape in a value", "postgres://u:secret@h/d?a=%q1", 0, "url.bad_escape" },
    { "port 0", "postgres://u:secret@h:0", 0, "url.bad_port" },
    { "port too large", "postgres://u:secret@h:65536", 0, "url.bad_port" },
    { "enormous port", "postgres://u:secret@h:99999999999999999999", 0, "url.bad_port" },
    { "port with letters", "postgres://u:secret@h:5x", 0, "url.bad_port" },
    { "negative port", "postgres://u:secret@h:-1", 0, "url.bad_port" },
    { "empty port", "postgres://u:secret@h:/db", 0, "url.bad_port" },
    { "port in a list", "cassandra://h:9042,h2:x", 0, "url.bad_port" },
    { "IPv6 without brackets", "postgres://::1/db", 0, "url.bad_port" },
    { "slash in the password", "postgres://u:x/secret@h/db", 0, "url.ambiguous" },
    { "open bracket", "postgres://u:secret@[::1/db", 0, "url.bad_host" },
    { "text behind a bracket", "postgres://u:secret@[::1]x/db", 0, "url.bad_host" },
    { "open parenthesis", "mysql://u:secret@tcp(h:3306/db", 0, "url.bad_host" },
    { "open socket", "mysql://u:secret@unix(/a/db", 0, "url.bad_host" },
    { "text behind a socket", "mysql://u:secret@unix(/a)x", 0, "url.bad_host" },
    { "slash in a password of digits", "postgres://u:12/secret@h/db", 0, "url.ambiguous" },
    { "at and slash in the password", "postgres://u:a@b/secret@h/db", 0, "url.ambiguous" },
    { "question mark in the password", "postgres://u:12?secret@h", 0, "url.ambiguous" },
    { "at in a socket", "mysql://u:p@unix(/secret@)x", 0, "url.ambiguous" },
    { "NUL", "sqlite:a\0secret", 15, "url.control_character" },
    { "line break", "sqlite:secret\n", 0, "url.control_character" },
    { "DEL", "sqlite:secret\177", 0, "url.control_character" },
};

static void a_bad_url_is_refused_and_never_echoed(void **state)
{
    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(bad_cases); i++) {
        const struct bad_case *c = &bad_cases[i];
        brn_str text = { c->url, c->len > 0 ? c->len : strlen(c->url) };
        brn_arena arena = { 0 };
        brn_url url = { .port = 4711 };
        brant_error *err = NULL;

        print_message("  %s\n", c->name);
        assert_int_equal(brn_url_parse(&url, &arena, text, &err), BRANT_EUSAGE);
        assert_string_equal(brant_error_id(err), c->id);
        assert_null(strstr(brant_error_message(err), "secret"));
        if (brant_error_hint(err) != NULL) {
            assert_null(strstr(brant_error_hint(err), "secret"));
        }
        assert_null(brant_error_detail(err));
        assert_null(brant_error_statement(err));
        assert_int_equal(url.port, 4711);
        assert_string_equal(brn_url_redact(&arena, text), "(not a URL)");
        brant_error_free(err);
        brn_arena_release(&arena);
    }
}

static void a_url_has_a_longest_length(void **state)
{
    size_t len = 64 * 1024 + 1;
    char *text = malloc(len);
    brn_arena arena = { 0 };
    brn_url url;
    brant_error *err = NULL;

    (void)state;
    assert_non_null(text);
    memset(text, 'x', len);
    memcpy(text, "sqlite:", 7);
    assert_int_equal(brn_url_parse(&url, &arena, (brn_str){ text, len - 1 }, &err), BRANT_OK);
    assert_int_equal(brn_url_parse(&url, &arena, (brn_str){ text, len }, &err), BRANT_EUSAGE);
    assert_string_equal(brant_error_id(err), "url.too_long");
    brant_error_free(err);
    brn_arena_release(&arena);
    free(text);
}

static void parameters_are_found_by_key(void **state)
{
    brn_arena arena = { 0 };
    brn_url url;
    brn_str text = BRN_STR("postgres://h/db?sslmode=require&&a%3Db=c%26d&flag&empty=&x=1=2&x=3");

    (void)state;
    assert_int_equal(brn_url_parse(&url, &arena, text, NULL), BRANT_OK);
    assert_int_equal(url.params.count, 6);
    assert_text(url.path, "/db");
    assert_text(brn_url_param_find(&url, "sslmode"), "require");
    assert_text(brn_url_param_find(&url, "a=b"), "c&d");
    assert_text(brn_url_param_find(&url, "flag"), "");
    assert_text(brn_url_param_find(&url, "empty"), "");
    assert_text(brn_url_param_find(&url, "x"), "1=2");
    assert_null(brn_url_param_find(&url, "SSLMODE"));
    assert_text(url.shown, "postgres://h/db?sslmode=require&a%3Db=c%26d&flag=&empty=&x=1=2&x=3");
    brn_arena_release(&arena);
}

static void parameters_may_follow_a_host_or_a_file(void **state)
{
    brn_arena arena = { 0 };
    brn_url url;

    (void)state;
    assert_int_equal(brn_url_parse(&url, &arena, BRN_STR("sqlite:a.db?mode=ro"), NULL), BRANT_OK);
    assert_text(url.path, "a.db");
    assert_text(brn_url_param_find(&url, "mode"), "ro");
    assert_int_equal(brn_url_parse(&url, &arena, BRN_STR("redis://h:1?db=2"), NULL), BRANT_OK);
    assert_text(url.host, "h");
    assert_text(brn_url_param_find(&url, "db"), "2");
    assert_int_equal(brn_url_parse(&url, &arena, BRN_STR("redis://h/1?"), NULL), BRANT_OK);
    assert_text(url.path, "/1");
    assert_int_equal(url.params.count, 0);
    brn_arena_release(&arena);
}

static const struct redact_case {
    const char *url;
    const char *shown;
} redact_cases[] = {
    { "pg://h/d?password=x", "pg://h/d?password=***" },
    { "pg://h/d?PassWord=x", "pg://h/d?PassWord=***" },
    { "pg://h/d?pass%77ord=x", "pg://h/d?pass%77ord=***" },
    { "pg://h/d?pass=x&passwd=y&pwd=z", "pg://h/d?pass=***&passwd=***&pwd=***" },
    { "pg://h/d?secret=x&token=y", "pg://h/d?secret=***&token=***" },
    { "pg://h/d?sslpassword=x&a=b", "pg://h/d?sslpassword=***&a=b" },
    { "pg://h/d?x-api-key=x&api_key=y", "pg://h/d?x-api-key=***&api_key=***" },
    { "pg://h/d?passive=x&compass=y&monkey=z", "pg://h/d?passive=x&compass=y&monkey=z" },
    { "pg://h/x?y@z=1", "pg://h/x?***=***" },
    { "sqlite:a.db?token=x", "sqlite:a.db?token=***" },
    { "not a url", "(not a URL)" },
};

static void a_url_for_people_has_no_secrets(void **state)
{
    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(redact_cases); i++) {
        brn_arena arena = { 0 };

        print_message("  %s\n", redact_cases[i].url);
        assert_text(
            brn_url_redact(&arena, brn_str_from(redact_cases[i].url)), redact_cases[i].shown);
        brn_arena_release(&arena);
    }
}

static void out_of_memory_is_reported(void **state)
{
    brn_arena arena = { .oom = true };
    brn_url url;
    brant_error *err = NULL;

    (void)state;
    assert_int_equal(brn_url_parse(&url, &arena, BRN_STR("pg://u:p@h/d?a=b"), &err), BRANT_ENOMEM);
    assert_int_equal(brant_error_status(err), BRANT_ENOMEM);
    assert_int_equal(brn_url_parse(&url, &arena, BRN_STR("pg://u:p@h/d"), NULL), BRANT_ENOMEM);
    assert_null(brn_url_redact(&arena, BRN_STR("pg://h")));
    brn_arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_url_falls_into_its_parts),
        cmocka_unit_test(a_bad_url_is_refused_and_never_echoed),
        cmocka_unit_test(a_url_has_a_longest_length),
        cmocka_unit_test(parameters_are_found_by_key),
        cmocka_unit_test(parameters_may_follow_a_host_or_a_file),
        cmocka_unit_test(a_url_for_people_has_no_secrets),
        cmocka_unit_test(out_of_memory_is_reported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
