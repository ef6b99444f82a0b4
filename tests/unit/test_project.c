/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include <brant/brant.h>

#include "base/str.h"
#include "support/tree.h"

typedef struct fixture {
    tree dir;
    brant_settings *settings;
    brant_project *project;
    brant_error *err;
} fixture;

static void start(fixture *f, const char *yaml)
{
    memset(f, 0, sizeof(*f));
    tree_make(&f->dir);
    tree_write(&f->dir, "brant.yaml", yaml);
    assert_int_equal(brant_settings_new(&f->settings, NULL), BRANT_OK);
    assert_int_equal(
        brant_settings_set(
            f->settings, "config", tree_path(&f->dir, "brant.yaml"), BRANT_ORIGIN_FLAG, NULL, NULL),
        BRANT_OK);
}

static void stop(fixture *f)
{
    brant_project_free(f->project);
    brant_settings_free(f->settings);
    brant_error_free(f->err);
    tree_remove(&f->dir);
}

static bool has(const char *text, const char *part)
{
    return text != NULL && strstr(text, part) != NULL;
}

static void set(fixture *f, const char *key, const char *value, brant_origin origin)
{
    assert_int_equal(brant_settings_set(f->settings, key, value, origin, NULL, NULL), BRANT_OK);
}

/* "main sqlite:a.db, events sqlite:e.db": what is selected. */
static const char *selected(const fixture *f)
{
    static char text[1024];

    text[0] = '\0';
    for (size_t i = 0; i < brant_project_count(f->project); i++) {
        const brant_project_database *db = brant_project_at(f->project, i);
        size_t len = strlen(text);

        (void)snprintf(
            text + len, sizeof(text) - len, "%s%s %s", i > 0 ? ", " : "", db->name,
            db->url_shown != NULL ? db->url_shown : "-");
    }
    return text;
}

/* ---- which databases ---- */

#define ONE "databases: { main: { url: \"sqlite:a.db\" } }\n"
#define TWO                                                                                        \
    "databases:\n  main: \"sqlite:a.db\"\n  events: { url: \"sqlite:e.db\", migrations: events }\n"

static const struct select_case {
    const char *name;
    const char *yaml;
    const char *value; /* of the setting database; NULL: not set */
    brant_origin origin;
    const char *selected; /* NULL: error */
} select_cases[] = {
    { "the file's only one", ONE, NULL, 0, "main sqlite:a.db" },
    { "all of the file", TWO, NULL, 0, "main sqlite:a.db, events sqlite:e.db" },
    { "a URL by flag for the only one", ONE, "sqlite:b.db", BRANT_ORIGIN_FLAG, "main sqlite:b.db" },
    { "a URL by environment for the only one", ONE, "sqlite:b.db", BRANT_ORIGIN_ENV,
      "main sqlite:b.db" },
    { "a URL by .env for the only one", ONE, "sqlite:b.db", BRANT_ORIGIN_DOTENV,
      "main sqlite:b.db" },
    { "the environment leaves a file with several alone", TWO, "sqlite:b.db", BRANT_ORIGIN_ENV,
      "main sqlite:a.db, events sqlite:e.db" },
    { "so does .env", TWO, "sqlite:b.db", BRANT_ORIGIN_DOTENV,
      "main sqlite:a.db, events sqlite:e.db" },
    { "a flag does not", TWO, "sqlite:b.db", BRANT_ORIGIN_FLAG, "main sqlite:b.db" },
    { "one name", TWO, "events", BRANT_ORIGIN_FLAG, "events sqlite:e.db" },
    { "two names, in their order", TWO, "events\nmain", BRANT_ORIGIN_FLAG,
      "events sqlite:e.db, main sqlite:a.db" },
    { "a name twice", TWO, "main\nmain", BRANT_ORIGIN_FLAG, "main sqlite:a.db" },
    { "an unknown name", TWO, "other", BRANT_ORIGIN_FLAG, NULL },
    { "no file's database", "tx: none\n", "sqlite:b.db", BRANT_ORIGIN_FLAG, "main sqlite:b.db" },
    { "the file's own database setting", "database: \"sqlite:c.db\"\n", NULL, 0,
      "main sqlite:c.db" },
    { "an environment above the file's own", "database: \"sqlite:c.db\"\n", "sqlite:b.db",
      BRANT_ORIGIN_ENV, "main sqlite:b.db" },
    { "none at all", "tx: none\n", NULL, 0, "" },
    { "an empty file", "", NULL, 0, "" },
};

static void flag_environment_and_file_select_databases(void **state)
{
    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(select_cases); i++) {
        const struct select_case *c = &select_cases[i];
        brant_status st;
        fixture f;

        start(&f, c->yaml);
        if (c->value != NULL) {
            set(&f, "database", c->value, c->origin);
        }
        st = brant_project_load(&f.project, f.settings, &f.err);
        if ((st == BRANT_OK) != (c->selected != NULL) ||
            (st == BRANT_OK && strcmp(selected(&f), c->selected) != 0)) {
            fail_msg(
                "%s: %s %s", c->name, brant_error_message(f.err),
                st == BRANT_OK ? selected(&f) : "");
        }
        stop(&f);
    }
}

static void without_a_database_a_session_cannot_be_opened(void **state)
{
    brant_session *session = NULL;
    fixture f;

    (void)state;
    start(&f, "");
    assert_int_equal(brant_project_load(&f.project, f.settings, &f.err), BRANT_OK);
    assert_null(brant_project_at(f.project, 0));
    assert_int_equal(brant_session_open(&session, f.project, NULL, &f.err), BRANT_EUSAGE);
    assert_string_equal(brant_error_id(f.err), "project.no_database");
    assert_true(has(brant_error_hint(f.err), "DATABASE_URL"));
    assert_null(session);
    stop(&f);
}

/* ---- mistakes in the file ---- */

static const struct bad_case {
    const char *name;
    const char *yaml;
    const char *id;   /* NULL: any */
    const char *part; /* of message or hint */
    uint32_t line;
    uint32_t column;
} bad_cases[] = {
    { "not a map", "- a\n", "project.malformed", "map of settings", 1, 1 },
    { "databases is a list", "tx: all\ndatabases:\n  - a\n", "project.malformed", "map of names", 3,
      3 },
    { "no url", "databases:\n  main:\n    migrations: m\n", "project.malformed", "needs a url", 3,
      5 },
    { "a url that is a list", "databases:\n  main:\n    url: [a]\n", "project.malformed",
      "needs a url", 3, 5 },
    { "a bad name", "databases:\n  \"a b\": \"sqlite:a.db\"\n", "project.malformed", "name", 2,
      10 },
    { "an unknown key", "tx: all\nlock-timeot: 5s\n", NULL, "lock-timeout", 2, 1 },
    { "an unknown key of a database",
      "databases:\n  main:\n    url: \"sqlite:a.db\"\n    migratons: m\n", NULL, "migrations", 4,
      5 },
    { "a bad value", "lock-timeout: soon\n", NULL, "soon", 1, 15 },
    { "malformed", "databases: [\n", NULL, "", 2, 1 },
};

static void a_mistake_in_the_file_has_its_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(bad_cases); i++) {
        const struct bad_case *c = &bad_cases[i];
        fixture f;

        start(&f, c->yaml);
        if (brant_project_load(&f.project, f.settings, &f.err) == BRANT_OK) {
            fail_msg("%s: no error", c->name);
        }
        if (brant_error_line(f.err) != c->line || brant_error_column(f.err) != c->column ||
            (c->id != NULL && strcmp(brant_error_id(f.err), c->id) != 0) ||
            !(has(brant_error_message(f.err), c->part) || has(brant_error_hint(f.err), c->part)) ||
            !has(brant_error_file(f.err), "brant.yaml") || brant_error_hint(f.err) == NULL) {
            fail_msg(
                "%s: %s: %s at %s:%u:%u (%s)", c->name, brant_error_id(f.err),
                brant_error_message(f.err), brant_error_file(f.err), brant_error_line(f.err),
                brant_error_column(f.err), brant_error_hint(f.err));
        }
        stop(&f);
    }
}

static void a_file_that_was_named_must_be_there(void **state)
{
    static const brant_origin origins[] = { BRANT_ORIGIN_FLAG, BRANT_ORIGIN_ENV };

    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(origins); i++) {
        fixture f;

        start(&f, "");
        set(&f, "config", tree_path(&f.dir, "other.yaml"), BRANT_ORIGIN_FLAG);
        set(&f, "database", "sqlite:b.db", BRANT_ORIGIN_FLAG);
        assert_int_not_equal(brant_project_load(&f.project, f.settings, &f.err), BRANT_OK);
        assert_true(has(brant_error_message(f.err), "other.yaml"));
        assert_non_null(brant_error_hint(f.err));
        stop(&f);
    }
}

/* ---- what is put off until a session is opened ---- */

static const struct deferred_case {
    const char *name;
    const char *url;
    const char *part; /* of message or hint */
} deferred_cases[] = {
    { "an unset variable", "${NO_SUCH_URL}", "NO_SUCH_URL" },
    { "an unknown engine", "oracle://x/y", "oracle" },
    { "not a URL", "nothing", "" },
};

static void a_url_that_cannot_be_used_matters_only_to_a_session(void **state)
{
    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(deferred_cases); i++) {
        const struct deferred_case *c = &deferred_cases[i];
        brant_session *session = NULL;
        char yaml[200];
        fixture f;

        (void)snprintf(yaml, sizeof(yaml), "databases:\n  main:\n    url: \"%s\"\n", c->url);
        start(&f, yaml);
        assert_int_equal(brant_project_load(&f.project, f.settings, &f.err), BRANT_OK);
        assert_int_equal(brant_project_count(f.project), 1);
        assert_int_not_equal(brant_session_open(&session, f.project, NULL, &f.err), BRANT_OK);
        if (!(has(brant_error_message(f.err), c->part) || has(brant_error_hint(f.err), c->part)) ||
            brant_error_line(f.err) != 3 || brant_error_column(f.err) != 10 ||
            !has(brant_error_file(f.err), "brant.yaml")) {
            fail_msg(
                "%s: %s at %u:%u", c->name, brant_error_message(f.err), brant_error_line(f.err),
                brant_error_column(f.err));
        }
        assert_string_equal(brant_error_database(f.err), "main");
        stop(&f);
    }
}

static void variables_of_the_environment_are_replaced(void **state)
{
    static const char *const envp[] = { "WHERE=x", NULL };
    fixture f;

    (void)state;
    start(&f, "databases: { main: { url: \"sqlite:${WHERE}-${NOT:-y}.db\" } }\n");
    assert_int_equal(brant_settings_from_env(f.settings, envp, NULL), BRANT_OK);
    assert_int_equal(brant_project_load(&f.project, f.settings, &f.err), BRANT_OK);
    assert_string_equal(selected(&f), "main sqlite:x-y.db");
    stop(&f);
}

/* ---- paths and settings ---- */

static const struct path_case {
    const char *name;
    const char *yaml;
    const char *flag; /* setting migrations; NULL */
    const char *path; /* relative to the directory of the file; with a '!' as it is */
} path_cases[] = {
    { "the default", ONE, NULL, "migrations" },
    { "of the database", "databases: { main: { url: \"sqlite:a.db\", migrations: m/x } }\n", NULL,
      "m/x" },
    { "of the file", "migrations: all\n" ONE, NULL, "all" },
    { "settings may stand below", ONE "migrations: all\n", NULL, "all" },
    { "absolute", "migrations: /srv/m\n" ONE, NULL, "!/srv/m" },
    { "by flag", ONE, "here", "!here" },
};

static void paths_of_the_file_are_relative_to_it(void **state)
{
    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(path_cases); i++) {
        const struct path_case *c = &path_cases[i];
        const char *expected;
        fixture f;

        start(&f, c->yaml);
        if (c->flag != NULL) {
            set(&f, "migrations", c->flag, BRANT_ORIGIN_FLAG);
        }
        assert_int_equal(brant_project_load(&f.project, f.settings, &f.err), BRANT_OK);
        expected = c->path[0] == '!' ? c->path + 1 : tree_path(&f.dir, c->path);
        if (strcmp(brant_project_at(f.project, 0)->migrations, expected) != 0) {
            fail_msg("%s: %s", c->name, brant_project_at(f.project, 0)->migrations);
        }
        stop(&f);
    }
}

static void a_password_file_of_the_file_is_found_beside_it(void **state)
{
    brant_session *session = NULL;
    brant_overview *overview = NULL;
    fixture f;

    (void)state;
    start(&f, "password-file: secret\n" ONE);
    tree_mkdir(&f.dir, "migrations");
    tree_write(&f.dir, "secret", "");
    assert_int_equal(brant_project_load(&f.project, f.settings, &f.err), BRANT_OK);
    assert_int_equal(brant_session_open(&session, f.project, NULL, &f.err), BRANT_OK);
    if (brant_look(&overview, session, &f.err) != BRANT_OK) {
        fail_msg("%s", brant_error_message(f.err));
    }
    brant_overview_free(overview);
    brant_session_close(session);
    stop(&f);
}

static void a_flag_wins_over_the_file_and_the_file_over_the_default(void **state)
{
    const char *where = NULL;
    fixture f;

    (void)state;
    start(&f, "tx: none\non-dirty: refuse\n" ONE);
    set(&f, "tx", "all", BRANT_ORIGIN_FLAG);
    assert_int_equal(brant_project_load(&f.project, f.settings, &f.err), BRANT_OK);
    assert_string_equal(brant_settings_text(brant_project_settings(f.project), "tx"), "all");
    assert_string_equal(
        brant_settings_text(brant_project_settings(f.project), "on-dirty"), "refuse");
    assert_int_equal(
        brant_settings_origin(brant_project_settings(f.project), "on-dirty", &where),
        BRANT_ORIGIN_FILE);
    assert_true(has(where, "brant.yaml:2"));
    assert_string_equal(brant_settings_text(f.settings, "on-dirty"), "resume");
    stop(&f);
}

static void a_password_is_not_shown(void **state)
{
    fixture f;

    (void)state;
    start(&f, "databases: { main: { url: \"sqlite://user:geheim@/a.db\" } }\n");
    if (brant_project_load(&f.project, f.settings, &f.err) == BRANT_OK) {
        assert_false(has(selected(&f), "geheim"));
    }
    assert_false(has(brant_error_message(f.err), "geheim"));
    stop(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(flag_environment_and_file_select_databases),
        cmocka_unit_test(without_a_database_a_session_cannot_be_opened),
        cmocka_unit_test(a_mistake_in_the_file_has_its_place),
        cmocka_unit_test(a_file_that_was_named_must_be_there),
        cmocka_unit_test(a_url_that_cannot_be_used_matters_only_to_a_session),
        cmocka_unit_test(variables_of_the_environment_are_replaced),
        cmocka_unit_test(paths_of_the_file_are_relative_to_it),
        cmocka_unit_test(a_password_file_of_the_file_is_found_beside_it),
        cmocka_unit_test(a_flag_wins_over_the_file_and_the_file_over_the_default),
        cmocka_unit_test(a_password_is_not_shown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
