/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/platform.h"
#include "engines/postgres/postgres.h"

/* --- helpers ---------------------------------------------------------------------------------- */

typedef struct fixture {
    brn_postgres p;
    brn_control control;
    brn_emitter emitter;
    brn_url url;
    char warned[64]; /* id of the last warning */
} fixture;

static void on_event(const brant_event *event, void *user)
{
    fixture *f = user;

    (void)snprintf(f->warned, sizeof(f->warned), "%s", event->id);
}

static brant_status read_url(
    fixture *f, const char *url, const char *password, int64_t timeout_ms, brant_error **err)
{
    brn_connect_options opts = {
        .url = &f->url,
        .password = password,
        .database = "main",
        .control = &f->control,
        .emitter = &f->emitter,
        .connect_timeout_ms = timeout_ms,
    };

    *f = (fixture){ .emitter = { .fn = on_event, .user = f } };
    brn_control_init(&f->control);
    brn_arena_init(&f->p.arena);
    f->p.connect_timeout_ms = timeout_ms;
    assert_int_equal(brn_url_parse(&f->url, &f->p.arena, brn_str_from(url), NULL), BRANT_OK);
    return brn_postgres_conninfo(&f->p, &opts, err);
}

static const char *value_of(const fixture *f, const char *key)
{
    for (size_t i = 0; f->p.keywords[i] != NULL; i++) {
        if (strcmp(f->p.keywords[i], key) == 0) {
            return f->p.values[i];
        }
    }
    return NULL;
}

static void assert_text(const char *got, const char *want)
{
    assert_string_equal(got != NULL ? got : "(none)", want != NULL ? want : "(none)");
}

/* --- tests ------------------------------------------------------------------------------------ */

static const struct target_case {
    const char *url;
    const char *host;
    const char *port;
    const char *user; /* NULL: of the system */
    const char *dbname;
    const char *password;
    const char *shown;
} targets[] = {
    { "postgres://ann:pw@db.example/app", "db.example", "5432", "ann", "app", "pw",
      "db.example:5432" },
    { "postgres://ann@db.example:6000/app", "db.example", "6000", "ann", "app", NULL,
      "db.example:6000" },
    { "postgresql://ann@[::1]:6000/app", "::1", "6000", "ann", "app", NULL, "[::1]:6000" },
    { "postgres://ann@h/", "h", "5432", "ann", "ann", NULL, "h:5432" },
    { "postgres://h/app", "h", "5432", NULL, "app", NULL, "h:5432" },
    { "postgres:///app", ",", "5432", NULL, "app", NULL, "the local socket of port 5432" },
    { "postgres:app", ",", "5432", NULL, "app", NULL, "the local socket of port 5432" },
    { "postgres:///app?host=/run/pg&port=6000", "/run/pg", "6000", NULL, "app", NULL,
      "/run/pg:6000" },
    { "postgres://%2Frun%2Fpg/app", "/run/pg", "5432", NULL, "app", NULL, "/run/pg:5432" },
    { "postgres://ann@h1:6001,h2,[::1]:6003/app", "h1,h2,::1", "6001,5432,6003", "ann", "app", NULL,
      "h1:6001,h2:5432,[::1]:6003" },
    { "postgres://h/app?user=bob&password=other&dbname=else", "h", "5432", "bob", "else", "other",
      "h:5432" },
    { "postgres:///app?hostaddr=10.0.0.1", "10.0.0.1", "5432", NULL, "app", NULL, "10.0.0.1:5432" },
    { "postgres://h/a%20b", "h", "5432", NULL, "a b", NULL, "h:5432" },
};

static void check_target(const struct target_case *c)
{
    fixture f;
    char user[BRN_PLATFORM_NAME];

    brn_platform_user(user);
    assert_int_equal(read_url(&f, c->url, NULL, 0, NULL), BRANT_OK);
    assert_text(value_of(&f, "host"), c->host);
    assert_text(value_of(&f, "port"), c->port);
    assert_text(value_of(&f, "user"), c->user != NULL ? c->user : user);
    assert_text(value_of(&f, "dbname"), c->dbname);
    assert_text(f.p.dbname, c->dbname);
    assert_text(value_of(&f, "password"), c->password);
    assert_text(f.p.host, c->shown);
    assert_text(value_of(&f, "client_encoding"), "UTF8");
    assert_text(value_of(&f, "fallback_application_name"), "brant");
    brn_arena_release(&f.p.arena);
}

static void host_port_user_and_database_are_always_given(void **state)
{
    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(targets); i++) {
        print_message("  %s\n", targets[i].url);
        check_target(&targets[i]);
    }
}

static void the_environment_cannot_lead_elsewhere(void **state)
{
    static const char *const names[] = { "PGHOST", "PGPORT", "PGUSER", "PGDATABASE" };
    fixture f;

    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(names); i++) {
        (void)setenv(names[i], "1", 1);
    }
    for (size_t i = 0; i < BRN_ARRAY_LEN(targets); i++) {
        check_target(&targets[i]);
    }
    (void)setenv("PGHOSTADDR", "10.0.0.1", 1);
    assert_int_equal(read_url(&f, "postgres://h/app", NULL, 0, NULL), BRANT_OK);
    assert_text(value_of(&f, "host"), "h,h");
    assert_text(value_of(&f, "hostaddr"), ",");
    assert_text(f.p.host, "h:5432");
    brn_arena_release(&f.p.arena);
    assert_int_equal(read_url(&f, "postgres://a,b,c/app", NULL, 0, NULL), BRANT_OK);
    assert_text(value_of(&f, "host"), "a,b,c");
    assert_text(value_of(&f, "hostaddr"), ",,");
    brn_arena_release(&f.p.arena);
    assert_int_equal(read_url(&f, "postgres:///app", NULL, 0, NULL), BRANT_OK);
    assert_text(value_of(&f, "hostaddr"), ",");
    brn_arena_release(&f.p.arena);
    (void)unsetenv("PGHOSTADDR");
    for (size_t i = 0; i < BRN_ARRAY_LEN(names); i++) {
        (void)unsetenv(names[i]);
    }
}

static void a_service_names_them_itself(void **state)
{
    fixture f;

    (void)state;
    assert_int_equal(read_url(&f, "postgres:///?service=prod", NULL, 0, NULL), BRANT_OK);
    assert_text(value_of(&f, "service"), "prod");
    assert_null(value_of(&f, "host"));
    assert_null(value_of(&f, "user"));
    assert_null(value_of(&f, "dbname"));
    assert_null(f.p.dbname);
    assert_text(f.p.host, "service prod");
    brn_arena_release(&f.p.arena);
}

static void a_password_of_the_url_goes_before_the_setting(void **state)
{
    fixture f;

    (void)state;
    assert_int_equal(read_url(&f, "postgres://ann:pw@h/app", "other", 0, NULL), BRANT_OK);
    assert_text(value_of(&f, "password"), "pw");
    assert_ptr_equal(value_of(&f, "password"), f.p.password);
    assert_ptr_not_equal(f.p.password, f.url.password);
    brn_arena_release(&f.p.arena);
    assert_int_equal(read_url(&f, "postgres://ann@h/app", "other", 0, NULL), BRANT_OK);
    assert_text(value_of(&f, "password"), "other");
    brn_arena_release(&f.p.arena);
    assert_int_equal(read_url(&f, "postgres://ann@h/app?sslpassword=kp", "", 0, NULL), BRANT_OK);
    assert_null(value_of(&f, "password"));
    assert_ptr_equal(value_of(&f, "sslpassword"), f.p.key_password);
    brn_arena_release(&f.p.arena);
}

static const struct param_case {
    const char *query;
    const char *key;
    const char *value;  /* NULL: not set */
    const char *warned; /* id; "" */
} params[] = {
    { "sslmode=verify-full", "sslmode", "verify-full", "" },
    { "ssl=true", "sslmode", "require", "" },
    { "sslmode=disable&sslmode=require", "sslmode", "require", "" },
    { "application_name=mine", "application_name", "mine", "" },
    { "target_session_attrs=read-write", "target_session_attrs", "read-write", "" },
    { "options=-cwork_mem%3D64MB", "options", "-cwork_mem=64MB", "" },
    { "search_path=app,public", "options", " -c search_path=app,public", "" },
    { "search_path=a%20b&options=-cx.y%3D1", "options", "-cx.y=1 -c search_path=a\\ b", "" },
    { "client_encoding=utf8", "client_encoding", "UTF8", "" },
    { "client_encoding=latin1", "client_encoding", "UTF8", "url.ignored_parameter" },
    { "x-migrations-table=t", "x-migrations-table", NULL, "" },
    { "x-multi-statement=true", "x-multi-statement", NULL, "" },
    { "x-statement-timeout=5", "x-statement-timeout", NULL, "url.ignored_parameter" },
    { "x-lock-strategy=table", "x-lock-strategy", NULL, "url.ignored_parameter" },
};

static void parameters_are_those_of_libpq_and_of_known_tools(void **state)
{
    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(params); i++) {
        const struct param_case *c = &params[i];
        char url[128];
        fixture f;

        print_message("  %s\n", c->query);
        (void)snprintf(url, sizeof(url), "postgres://h/app?%s", c->query);
        assert_int_equal(read_url(&f, url, NULL, 0, NULL), BRANT_OK);
        assert_text(value_of(&f, c->key), c->value);
        assert_string_equal(f.warned, c->warned);
        brn_arena_release(&f.p.arena);
    }
}

static void a_parameter_that_nobody_knows_is_named(void **state)
{
    static const char *const bad[] = { "sslmod", "replication", "ssl", "Host", "pool_max_conns" };

    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(bad); i++) {
        brant_error *err = NULL;
        char url[64];
        fixture f;

        (void)snprintf(url, sizeof(url), "postgres://h/app?%s=x", bad[i]);
        assert_int_equal(read_url(&f, url, NULL, 0, &err), BRANT_EUSAGE);
        assert_string_equal(brant_error_id(err), "url.bad_parameter");
        assert_non_null(strstr(brant_error_message(err), bad[i]));
        brant_error_free(err);
        brn_arena_release(&f.p.arena);
    }
}

static const struct limit_case {
    const char *query;
    int64_t setting_ms;
    int64_t want_ms;
} limits[] = {
    { "", 10000, 10000 },
    { "connect_timeout=3", 10000, 3000 },
    { "connect_timeout=30", 10000, 10000 },
    { "connect_timeout=3", 0, 3000 },
    { "connect_timeout=0", 10000, 10000 },
};

static void the_shorter_limit_counts(void **state)
{
    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(limits); i++) {
        const struct limit_case *c = &limits[i];
        char url[64];
        fixture f;

        (void)snprintf(url, sizeof(url), "postgres://h/app?%s", c->query);
        assert_int_equal(read_url(&f, url, NULL, c->setting_ms, NULL), BRANT_OK);
        assert_int_equal(f.p.connect_timeout_ms, c->want_ms);
        brn_arena_release(&f.p.arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(host_port_user_and_database_are_always_given),
        cmocka_unit_test(the_environment_cannot_lead_elsewhere),
        cmocka_unit_test(a_service_names_them_itself),
        cmocka_unit_test(a_password_of_the_url_goes_before_the_setting),
        cmocka_unit_test(parameters_are_those_of_libpq_and_of_known_tools),
        cmocka_unit_test(a_parameter_that_nobody_knows_is_named),
        cmocka_unit_test(the_shorter_limit_counts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
