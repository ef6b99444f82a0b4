/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/dotenv.h"
#include "core/settings.h"

static int set_up(void **state)
{
    brant_settings *settings = NULL;

    if (brant_settings_new(&settings, NULL) != BRANT_OK) {
        return -1;
    }
    *state = settings;
    return 0;
}

static int tear_down(void **state)
{
    brant_settings_free(*state);
    return 0;
}

static void assert_text(const char *got, const char *expected)
{
    if (expected == NULL) {
        assert_null(got);
    } else {
        assert_non_null(got);
        assert_string_equal(got, expected);
    }
}

/* --- the table -------------------------------------------------------------------------------- */

static bool is_key(const char *key)
{
    return key[0] >= 'a' && key[0] <= 'z' &&
           strspn(key, "abcdefghijklmnopqrstuvwxyz-") == strlen(key);
}

static void check_row(const brant_setting_info *info)
{
    size_t help_len = strlen(info->help);
    bool has_choices = info->type == BRANT_SETTING_CHOICE;
    bool has_range = info->type == BRANT_SETTING_INT || info->type == BRANT_SETTING_DURATION;

    assert_true(is_key(info->key));
    assert_in_range(strlen(info->key), 1, 32);
    assert_in_range(info->type, BRANT_SETTING_TEXT, BRANT_SETTING_URL);
    assert_true(help_len > 10);
    assert_int_equal(info->help[help_len - 1], '.');
    assert_in_range(info->help[0], 'A', 'Z');
    assert_null(strstr(info->help, "  "));
    assert_string_equal(info->since, "0.1");
    assert_int_equal(info->choices != NULL, has_choices);
    assert_int_equal(info->max > info->min, has_range);
    if (info->type == BRANT_SETTING_DURATION && info->min == 0) {
        assert_non_null(strstr(info->help, "0 means no limit"));
    }
    if (info->type == BRANT_SETTING_BOOL) {
        assert_non_null(info->default_value);
        assert_null(info->metavar);
    } else if (info->type != BRANT_SETTING_SECRET) {
        assert_non_null(info->metavar);
    }
    assert_int_equal(
        (info->flags & BRANT_SETTING_GLOBAL_FLAG) == 0, info->type == BRANT_SETTING_SECRET);
}

static void every_row_of_the_table_is_complete(void **state)
{
    assert_true(brant_setting_count() > 30);
    for (size_t i = 0; i < brant_setting_count(); i++) {
        const brant_setting_info *info = brant_setting_at(i);

        print_message("  %s\n", info->key);
        check_row(info);
        assert_ptr_equal(brant_setting_find(info->key), info);
        for (size_t j = 0; j < i; j++) {
            assert_string_not_equal(brant_setting_at(j)->key, info->key);
            assert_true(info->letter == 0 || brant_setting_at(j)->letter != info->letter);
        }
    }
    assert_null(brant_setting_at(brant_setting_count()));
    assert_null(brant_setting_find("no-such-setting"));
    assert_null(brant_setting_find(NULL));
    (void)state;
}

static void every_setting_starts_at_its_default(void **state)
{
    brant_settings *settings = *state;

    for (size_t i = 0; i < brant_setting_count(); i++) {
        const brant_setting_info *info = brant_setting_at(i);
        const char *where = "x";

        assert_text(brant_settings_text(settings, info->key), info->default_value);
        assert_text(brant_settings_shown(settings, info->key), info->default_value);
        assert_int_equal(brant_settings_origin(settings, info->key, &where), BRANT_ORIGIN_DEFAULT);
        assert_null(where);
    }
    assert_int_equal(brant_settings_int(settings, "lock-timeout"), 300000);
    assert_int_equal(brant_settings_int(settings, "timeout"), 0);
    assert_int_equal(brant_settings_int(settings, "retries"), 3);
    assert_int_equal(brant_settings_int(settings, "auto-migrate"), 1);
    assert_int_equal(brant_settings_int(settings, "json"), 0);
    assert_int_equal(brant_settings_int(settings, "max-file-size"), 1073741824);
    assert_int_equal(brant_settings_int(settings, "lock-id"), 0);
    assert_int_equal(brant_settings_int(settings, "tx"), 0);
}

static void an_unknown_key_has_no_value(void **state)
{
    const char *where = "x";

    assert_null(brant_settings_text(*state, "nope"));
    assert_null(brant_settings_shown(*state, "nope"));
    assert_null(brant_settings_text(NULL, "tx"));
    assert_null(brant_settings_text(*state, NULL));
    assert_int_equal(brant_settings_int(*state, "nope"), 0);
    assert_int_equal(brant_settings_origin(*state, "nope", &where), BRANT_ORIGIN_DEFAULT);
    assert_null(where);
    assert_int_equal(brant_settings_origin(NULL, "tx", NULL), BRANT_ORIGIN_DEFAULT);
    brant_settings_free(NULL);
}

static void every_origin_has_a_name(void **state)
{
    (void)state;
    assert_string_equal(brant_origin_name(BRANT_ORIGIN_DEFAULT), "default");
    assert_string_equal(brant_origin_name(BRANT_ORIGIN_FILE), "file");
    assert_string_equal(brant_origin_name(BRANT_ORIGIN_DOTENV), ".env");
    assert_string_equal(brant_origin_name(BRANT_ORIGIN_ENV), "environment");
    assert_string_equal(brant_origin_name(BRANT_ORIGIN_FLAG), "flag");
    assert_string_equal(brant_origin_name((brant_origin)5), "unknown");
}

static const struct nearest_case {
    const char *text;
    const char *key;
} nearest_cases[] = {
    { "lock-timeot", "lock-timeout" },
    { "lock_timeout", "lock-timeout" },
    { "lock_poll_interval", "lock-poll-interval" },
    { "tx", "tx" },
    { "txx", "tx" },
    { "t", NULL },
    { "xx", "tx" },
    { "", NULL },
    { NULL, NULL },
    { "something-else", NULL },
    { "a-text-that-is-much-longer-than-any-key-of-the-table-could-ever-be", NULL },
};

static void the_nearest_key_is_found(void **state)
{
    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(nearest_cases); i++) {
        print_message("  %s\n", nearest_cases[i].text != NULL ? nearest_cases[i].text : "NULL");
        assert_text(brn_settings_nearest(nearest_cases[i].text), nearest_cases[i].key);
    }
}

/* --- values ----------------------------------------------------------------------------------- */

static const struct good_case {
    const char *key;
    const char *value;
    const char *text;
    const char *shown;
    int64_t number;
} good_cases[] = {
    { "json", "true", "true", "true", 1 },
    { "json", "YES", "true", "true", 1 },
    { "json", "On", "true", "true", 1 },
    { "json", " 1 ", "true", "true", 1 },
    { "auto-migrate", "false", "false", "false", 0 },
    { "auto-migrate", "no", "false", "false", 0 },
    { "auto-migrate", "OFF", "false", "false", 0 },
    { "auto-migrate", "0", "false", "false", 0 },
    { "retries", "0", "0", "0", 0 },
    { "retries", "100", "100", "100", 100 },
    { "lock-id", "9223372036854775807", "9223372036854775807", "9223372036854775807", INT64_MAX },
    { "max-file-size", "1", "1", "1", 1 },
    { "timeout", "0", "0", "0", 0 },
    { "timeout", "300", "300", "300", 300000 },
    { "timeout", "300s", "300s", "300s", 300000 },
    { "timeout", "500ms", "500ms", "500ms", 500 },
    { "lock-poll-interval", "1ms", "1ms", "1ms", 1 },
    { "tx", "all", "all", "all", 0 },
    { "tx", "NONE", "none", "none", 0 },
    { "migrations", " a b ", " a b ", " a b ", 0 },
    { "migrations", "", "", "", 0 },
    { "password", " s e ", " s e ", "***", 0 },
    { "password", "", "", "***", 0 },
    { "database", "main", "main", "main", 0 },
    { "database", "pg://u:p@h/d", "pg://u:p@h/d", "pg://u:***@h/d", 0 },
    { "database", "a\npg://u:p@h/d\nsqlite:x", "a\npg://u:p@h/d\nsqlite:x",
      "a, pg://u:***@h/d, sqlite:x", 0 },
    { "current-version", "1.10.0", "1.10.0", "1.10.0", 0 },
};

static void good_values_are_taken(void **state)
{
    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(good_cases); i++) {
        const struct good_case *c = &good_cases[i];
        brant_settings *settings = NULL;
        brant_error *err = NULL;
        const char *where = NULL;

        print_message("  %s=%s\n", c->key, c->value);
        assert_int_equal(brant_settings_new(&settings, NULL), BRANT_OK);
        assert_int_equal(
            brant_settings_set(settings, c->key, c->value, BRANT_ORIGIN_FLAG, "--x", &err),
            BRANT_OK);
        assert_null(err);
        assert_text(brant_settings_text(settings, c->key), c->text);
        assert_text(brant_settings_shown(settings, c->key), c->shown);
        assert_true(brant_settings_int(settings, c->key) == c->number);
        assert_int_equal(brant_settings_origin(settings, c->key, &where), BRANT_ORIGIN_FLAG);
        assert_text(where, "--x");
        brant_settings_free(settings);
    }
}

#define SEMVER "expected MAJOR.MINOR.PATCH in digits, as in 1.4.0"

static const struct bad_case {
    const char *key;
    const char *value;
    const char *message;
} bad_cases[] = {
    { "json", "maybe",
      "bad value \"maybe\" for \"json\" from HERE: expected true, false, yes, no, on, off, 1 or 0" },
    { "json", "",
      "bad value \"\" for \"json\" from HERE: expected true, false, yes, no, on, off, 1 or 0" },
    { "retries", "-1",
      "bad value \"-1\" for \"retries\" from HERE: expected a number from 0 to 100" },
    { "retries", "101",
      "bad value \"101\" for \"retries\" from HERE: expected a number from 0 to 100" },
    { "retries", "3x",
      "bad value \"3x\" for \"retries\" from HERE: expected a number from 0 to 100" },
    { "lock-id", "9223372036854775808",
      "bad value \"9223372036854775808\" for \"lock-id\" from HERE: expected a number from 0 to "
      "9223372036854775807" },
    { "max-file-size", "0",
      "bad value \"0\" for \"max-file-size\" from HERE: expected a number from 1 to "
      "9223372036854775807" },
    { "timeout", "5 minutes",
      "bad value \"5 minutes\" for \"timeout\" from HERE: expected a duration such as 300, 300s, "
      "5m or 500ms" },
    { "timeout", "-5",
      "bad value \"-5\" for \"timeout\" from HERE: expected a duration such as 300, 300s, "
      "5m or 500ms" },
    { "lock-poll-interval", "0",
      "bad value \"0\" for \"lock-poll-interval\" from HERE: expected a duration such as 300, "
      "300s, 5m or 500ms, at least 1ms" },
    { "tx", "some", "bad value \"some\" for \"tx\" from HERE: expected one of each, all, none" },
    { "tx", "each|all",
      "bad value \"each|all\" for \"tx\" from HERE: expected one of each, all, none" },
    { "current-version", "", "bad value \"\" for \"current-version\" from HERE: " SEMVER },
    { "current-version", "1.2", "bad value \"1.2\" for \"current-version\" from HERE: " SEMVER },
    { "current-version", "1.2.3.4",
      "bad value \"1.2.3.4\" for \"current-version\" from HERE: " SEMVER },
    { "current-version", "1..3", "bad value \"1..3\" for \"current-version\" from HERE: " SEMVER },
    { "min-supported-version", "v1.2.3",
      "bad value \"v1.2.3\" for \"min-supported-version\" from HERE: " SEMVER },
    { "min-supported-version", "1.2.3-rc1",
      "bad value \"1.2.3-rc1\" for \"min-supported-version\" from HERE: " SEMVER },
    /* URLs are never shown */
    { "database", "pg://u:secret@h:x",
      "bad value for \"database\" (port of the database URL is not a number up to 65535) from "
      "HERE: expected a database URL or the name of a database" },
    { "database", "main\n://secret",
      "bad value for \"database\" (database URL does not begin with a scheme) from HERE: expected "
      "a database URL or the name of a database" },
    { "database", "main\n\nother",
      "bad value for \"database\" from HERE: expected a database URL or the name of a database" },
    { "database", "",
      "bad value for \"database\" from HERE: expected a database URL or the name of a database" },
};

static void bad_values_are_refused_with_place_value_and_remedy(void **state)
{
    for (size_t i = 0; i < BRN_ARRAY_LEN(bad_cases); i++) {
        const struct bad_case *c = &bad_cases[i];
        brant_error *err = NULL;

        print_message("  %s=%s\n", c->key, c->value);
        assert_int_equal(
            brant_settings_set(*state, c->key, c->value, BRANT_ORIGIN_FLAG, "HERE", &err),
            BRANT_EUSAGE);
        assert_string_equal(brant_error_id(err), "settings.bad_value");
        assert_string_equal(brant_error_message(err), c->message);
        assert_non_null(brant_error_hint(err));
        assert_null(brant_error_cause(err));
        brant_error_free(err);
        assert_int_equal(
            brant_settings_set(*state, c->key, c->value, BRANT_ORIGIN_FLAG, NULL, NULL),
            BRANT_EUSAGE);
        assert_int_equal(brant_settings_origin(*state, c->key, NULL), BRANT_ORIGIN_DEFAULT);
    }
}

static void a_long_bad_value_is_shortened_between_characters(void **state)
{
    char value[202] = "x"; /* odd: byte 80 is inside a character */
    brant_error *err = NULL;

    for (size_t i = 1; i < 200; i += 2) {
        memcpy(value + i, "\xc3\xa9", 3);
    }
    brant_settings_set(*state, "retries", value, BRANT_ORIGIN_FLAG, NULL, &err);
    assert_int_equal(strcspn(brant_error_message(err), ".") - strlen("bad value \""), 79);
    assert_non_null(strstr(brant_error_message(err), "\xa9...\" for \"retries\": expected"));
    brant_error_free(err);
}

static void wrong_calls_are_refused(void **state)
{
    brant_settings *s = *state;
    static const char *const env[] = { NULL };

    assert_int_equal(
        brant_settings_set(NULL, "tx", "all", BRANT_ORIGIN_FLAG, NULL, NULL), BRANT_EUSAGE);
    assert_int_equal(
        brant_settings_set(s, NULL, "all", BRANT_ORIGIN_FLAG, NULL, NULL), BRANT_EUSAGE);
    assert_int_equal(
        brant_settings_set(s, "tx", NULL, BRANT_ORIGIN_FLAG, NULL, NULL), BRANT_EUSAGE);
    assert_int_equal(brant_settings_from_env(NULL, env, NULL), BRANT_EUSAGE);
    assert_int_equal(brant_settings_from_env(s, NULL, NULL), BRANT_EUSAGE);
    assert_int_equal(brant_settings_from_dotenv(NULL, "x", 0, NULL), BRANT_EUSAGE);
    assert_int_equal(brant_settings_from_dotenv(s, NULL, 0, NULL), BRANT_EUSAGE);
}

static void an_unknown_key_is_refused_with_the_nearest(void **state)
{
    brant_error *err = NULL;

    assert_int_equal(
        brant_settings_set(*state, "lock-timeot", "5", BRANT_ORIGIN_FLAG, "--lock-timeot", &err),
        BRANT_EUSAGE);
    assert_string_equal(brant_error_id(err), "settings.unknown_key");
    assert_string_equal(
        brant_error_message(err), "unknown setting \"lock-timeot\" from --lock-timeot");
    assert_string_equal(brant_error_hint(err), "Did you mean \"lock-timeout\"?");
    brant_error_free(err);
    err = NULL;
    brant_settings_set(*state, "nothing-like-it", "5", BRANT_ORIGIN_FLAG, NULL, &err);
    assert_string_equal(brant_error_message(err), "unknown setting \"nothing-like-it\"");
    assert_string_equal(brant_error_hint(err), "Run \"brant config\" to see every setting.");
    brant_error_free(err);
}

/* --- origins ---------------------------------------------------------------------------------- */

static void a_higher_origin_wins_in_any_order(void **state)
{
    brant_settings *s = *state;
    const char *where = NULL;

    assert_int_equal(brant_settings_set(s, "tx", "all", BRANT_ORIGIN_ENV, "A", NULL), BRANT_OK);
    assert_int_equal(brant_settings_set(s, "tx", "none", BRANT_ORIGIN_DOTENV, "B", NULL), BRANT_OK);
    assert_string_equal(brant_settings_text(s, "tx"), "all");
    assert_int_equal(brant_settings_origin(s, "tx", &where), BRANT_ORIGIN_ENV);
    assert_string_equal(where, "A");
    assert_int_equal(brant_settings_set(s, "tx", "none", BRANT_ORIGIN_ENV, NULL, NULL), BRANT_OK);
    assert_string_equal(brant_settings_text(s, "tx"), "none");
    brant_settings_origin(s, "tx", &where);
    assert_null(where);
    assert_int_equal(brant_settings_set(s, "tx", "each", BRANT_ORIGIN_FLAG, "C", NULL), BRANT_OK);
    assert_string_equal(brant_settings_text(s, "tx"), "each");
}

static void a_lower_origin_is_checked_all_the_same(void **state)
{
    assert_int_equal(
        brant_settings_set(*state, "tx", "all", BRANT_ORIGIN_FLAG, NULL, NULL), BRANT_OK);
    assert_int_equal(
        brant_settings_set(*state, "tx", "bad", BRANT_ORIGIN_FILE, NULL, NULL), BRANT_EUSAGE);
    assert_string_equal(brant_settings_text(*state, "tx"), "all");
}

static void a_repeatable_flag_adds_lines(void **state)
{
    brant_settings *s = *state;

    brant_settings_set(s, "database", "sqlite:e", BRANT_ORIGIN_ENV, NULL, NULL);
    brant_settings_set(s, "database", "sqlite:f", BRANT_ORIGIN_ENV, NULL, NULL);
    assert_string_equal(brant_settings_text(s, "database"), "sqlite:f");
    brant_settings_set(s, "database", "main", BRANT_ORIGIN_FLAG, NULL, NULL);
    brant_settings_set(s, "database", "pg://u:p@h", BRANT_ORIGIN_FLAG, NULL, NULL);
    assert_string_equal(brant_settings_text(s, "database"), "main\npg://u:p@h");
    assert_string_equal(brant_settings_shown(s, "database"), "main, pg://u:***@h");
    brant_settings_set(s, "migrations", "a", BRANT_ORIGIN_FLAG, NULL, NULL);
    brant_settings_set(s, "migrations", "b", BRANT_ORIGIN_FLAG, NULL, NULL);
    assert_string_equal(brant_settings_text(s, "migrations"), "b");
}

static void a_clone_has_the_same_and_goes_its_own_way(void **state)
{
    brant_settings *s = *state;
    brant_settings *copy = NULL;
    const char *where = NULL;
    static const char *const env[] = { "X=1", NULL };

    brant_settings_from_env(s, env, NULL);
    brant_settings_set(s, "password", "p", BRANT_ORIGIN_ENV, "HERE", NULL);
    assert_int_equal(brn_settings_clone(&copy, s, NULL), BRANT_OK);
    for (size_t i = 0; i < brant_setting_count(); i++) {
        const char *key = brant_setting_at(i)->key;

        assert_text(brant_settings_text(copy, key), brant_settings_text(s, key));
        assert_text(brant_settings_shown(copy, key), brant_settings_shown(s, key));
        assert_true(brant_settings_int(copy, key) == brant_settings_int(s, key));
    }
    brant_settings_set(s, "password", "other", BRANT_ORIGIN_ENV, "THERE", NULL);
    assert_string_equal(brant_settings_text(copy, "password"), "p");
    assert_int_equal(brant_settings_origin(copy, "password", &where), BRANT_ORIGIN_ENV);
    assert_string_equal(where, "HERE");
    assert_string_equal(brn_settings_getenv(copy, "X"), "1");
    brant_settings_free(copy);
}

/* --- environment ------------------------------------------------------------------------------ */

static const struct env_case {
    const char *name;
    const char *env[4];
    const char *key;
    const char *text;
    const char *where; /* NULL: still the default */
} env_cases[] = {
    { "own name", { "BRANT_LOCK_TIMEOUT=7" }, "lock-timeout", "7", "BRANT_LOCK_TIMEOUT" },
    { "another name", { "MIGRATION_TIMEOUT=7" }, "lock-timeout", "7", "MIGRATION_TIMEOUT" },
    { "one name for two",
      { "MIGRATION_TIMEOUT=7" },
      "migration-timeout",
      "7",
      "MIGRATION_TIMEOUT" },
    { "own name first",
      { "MIGRATION_TIMEOUT=7", "BRANT_LOCK_TIMEOUT=8" },
      "lock-timeout",
      "8",
      "BRANT_LOCK_TIMEOUT" },
    { "other names in order",
      { "SCYLLADB_MIGRATION_TIMEOUT=9", "MIGRATION_TIMEOUT=7" },
      "migration-timeout",
      "7",
      "MIGRATION_TIMEOUT" },
    { "last of the names",
      { "SCYLLADB_MIGRATION_TIMEOUT=9" },
      "migration-timeout",
      "9",
      "SCYLLADB_MIGRATION_TIMEOUT" },
    { "empty is unset", { "BRANT_LOCK_TIMEOUT=" }, "lock-timeout", "5m", NULL },
    { "empty gives way",
      { "BRANT_LOCK_TIMEOUT=", "MIGRATION_TIMEOUT=7" },
      "lock-timeout",
      "7",
      "MIGRATION_TIMEOUT" },
    { "the first of a name counts", { "BRANT_TX=all", "BRANT_TX=none" }, "tx", "all", "BRANT_TX" },
    { "any NO_COLOR", { "NO_COLOR=false" }, "no-color", "true", "NO_COLOR" },
    { "empty NO_COLOR", { "NO_COLOR=" }, "no-color", "false", NULL },
    { "own name of NO_COLOR",
      { "NO_COLOR=1", "BRANT_NO_COLOR=no" },
      "no-color",
      "false",
      "BRANT_NO_COLOR" },
    { "equals signs in a value",
      { "DATABASE_URL=pg://h/d?a=b" },
      "database",
      "pg://h/d?a=b",
      "DATABASE_URL" },
    { "secret", { "BRANT_PASSWORD=x" }, "password", "x", "BRANT_PASSWORD" },
    { "old switch",
      { "SCYLLADB_AUTO_MIGRATE=0" },
      "auto-migrate",
      "false",
      "SCYLLADB_AUTO_MIGRATE" },
    { "unknown names", { "BRANT_NOPE=1", "BRANT_=2", "=x" }, "tx", "each", NULL },
    { "no equals sign", { "BRANT_TX" }, "tx", "each", NULL },
};

static void the_environment_sets_settings(void **state)
{
    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(env_cases); i++) {
        const struct env_case *c = &env_cases[i];
        brant_settings *settings = NULL;
        const char *where = NULL;
        brant_origin origin;

        print_message("  %s\n", c->name);
        assert_int_equal(brant_settings_new(&settings, NULL), BRANT_OK);
        assert_int_equal(brant_settings_from_env(settings, c->env, NULL), BRANT_OK);
        assert_text(brant_settings_text(settings, c->key), c->text);
        origin = brant_settings_origin(settings, c->key, &where);
        assert_text(where, c->where);
        assert_int_equal(origin, c->where != NULL ? BRANT_ORIGIN_ENV : BRANT_ORIGIN_DEFAULT);
        brant_settings_free(settings);
    }
}

static void every_setting_can_come_from_the_environment(void **state)
{
    (void)state;
    for (size_t i = 0; i < brant_setting_count(); i++) {
        const brant_setting_info *info = brant_setting_at(i);
        char variable[96];
        const char *env[] = { variable, NULL };
        brant_settings *settings = NULL;
        const char *value = info->default_value != NULL ? info->default_value : "1.2.3";

        if (strcmp(info->key, "lock-id") == 0) {
            value = "7";
        }
        (void)snprintf(variable, sizeof(variable), "BRANT_%s=%s", info->key, value);
        for (char *c = variable; *c != '='; c++) {
            *c = *c == '-' ? '_' : (char)(*c >= 'a' ? *c - 'a' + 'A' : *c);
        }
        assert_int_equal(brant_settings_new(&settings, NULL), BRANT_OK);
        assert_int_equal(brant_settings_from_env(settings, env, NULL), BRANT_OK);
        assert_int_equal(brant_settings_origin(settings, info->key, NULL), BRANT_ORIGIN_ENV);
        brant_settings_free(settings);
    }
}

static void a_bad_variable_is_named(void **state)
{
    static const char *const env[] = { "MIGRATION_TIMEOUT=soon", NULL };
    static const char *const secret[] = { "DATABASE_URL=pg://u:secret@h:x", NULL };
    brant_error *err = NULL;

    assert_int_equal(brant_settings_from_env(*state, env, &err), BRANT_EUSAGE);
    assert_non_null(strstr(brant_error_message(err), "\"soon\""));
    assert_non_null(strstr(brant_error_message(err), "MIGRATION_TIMEOUT"));
    brant_error_free(err);
    err = NULL;
    assert_int_equal(brant_settings_from_env(*state, secret, &err), BRANT_EUSAGE);
    assert_non_null(strstr(brant_error_message(err), "DATABASE_URL"));
    assert_null(strstr(brant_error_message(err), "secret"));
    brant_error_free(err);
}

/* --- .env ------------------------------------------------------------------------------------- */

static const char dotenv_path[] = "test_settings.env";

static void write_dotenv(const char *text)
{
    FILE *f = fopen(dotenv_path, "wb");

    assert_non_null(f);
    assert_int_equal(fwrite(text, 1, strlen(text), f), strlen(text));
    assert_int_equal(fclose(f), 0);
}

static void a_dotenv_file_counts_below_the_environment(void **state)
{
    static const char *const env[] = { "BRANT_TX=all", "A=real", "B=", NULL };
    brant_settings *s = *state;
    const char *where = NULL;

    write_dotenv("BRANT_TX=none\n\nBRANT_RETRIES=1\nBRANT_RETRIES=9\nA=x\nB=y\nC='z'\n");
    assert_int_equal(brant_settings_from_dotenv(s, dotenv_path, 1, NULL), BRANT_OK);
    assert_string_equal(brant_settings_text(s, "tx"), "none");
    assert_int_equal(brant_settings_from_env(s, env, NULL), BRANT_OK);
    assert_string_equal(brant_settings_text(s, "tx"), "all");
    assert_int_equal(brant_settings_int(s, "retries"), 9);
    assert_int_equal(brant_settings_origin(s, "retries", &where), BRANT_ORIGIN_DOTENV);
    assert_string_equal(where, "BRANT_RETRIES in test_settings.env:4");
    assert_string_equal(brn_settings_getenv(s, "A"), "real");
    assert_string_equal(brn_settings_getenv(s, "B"), "y");
    assert_string_equal(brn_settings_getenv(s, "C"), "z");
    assert_null(brn_settings_getenv(s, "D"));
    (void)unlink(dotenv_path);
}

static void a_missing_dotenv_file_matters_only_when_required(void **state)
{
    brant_error *err = NULL;

    assert_int_equal(brant_settings_from_dotenv(*state, "no/such/file", 0, &err), BRANT_OK);
    assert_null(err);
    assert_int_equal(brant_settings_from_dotenv(*state, "no/such/file", 1, &err), BRANT_EIO);
    assert_string_equal(brant_error_id(err), "dotenv.unreadable");
    brant_error_free(err);
    err = NULL;
    assert_int_equal(brant_settings_from_dotenv(*state, ".", 0, &err), BRANT_EIO);
    brant_error_free(err);
}

static void a_dotenv_file_has_a_largest_size(void **state)
{
    char *text = malloc(BRN_DOTENV_MAX_BYTES + 2);
    brant_error *err = NULL;

    assert_non_null(text);
    memset(text, '#', BRN_DOTENV_MAX_BYTES + 1);
    text[BRN_DOTENV_MAX_BYTES + 1] = '\0';
    write_dotenv(text);
    assert_int_equal(brant_settings_from_dotenv(*state, dotenv_path, 0, &err), BRANT_EPARSE);
    assert_string_equal(brant_error_id(err), "dotenv.too_big");
    assert_string_equal(brant_error_file(err), dotenv_path);
    brant_error_free(err);
    free(text);
    (void)unlink(dotenv_path);
}

static void a_bad_dotenv_file_is_named_with_its_line(void **state)
{
    brant_error *err = NULL;

    write_dotenv("A=1\nhello\n");
    assert_int_equal(brant_settings_from_dotenv(*state, dotenv_path, 0, &err), BRANT_EPARSE);
    assert_string_equal(brant_error_file(err), dotenv_path);
    assert_int_equal(brant_error_line(err), 2);
    brant_error_free(err);

    err = NULL;
    write_dotenv("A=1\n export BRANT_TX=some\n");
    assert_int_equal(brant_settings_from_dotenv(*state, dotenv_path, 0, &err), BRANT_EUSAGE);
    assert_string_equal(
        brant_error_message(err),
        "bad value \"some\" for \"tx\" from BRANT_TX in test_settings.env:2: expected one of "
        "each, all, none");
    assert_int_equal(brant_error_line(err), 2);
    assert_int_equal(brant_error_column(err), 2);
    brant_error_free(err);
    (void)unlink(dotenv_path);
}

/* --- ${NAME} ---------------------------------------------------------------------------------- */

static const struct expand_case {
    const char *text;
    const char *expanded; /* NULL: refused */
    const char *id;
    brant_status status;
} expand_cases[] = {
    { "", "", NULL, BRANT_OK },
    { "plain", "plain", NULL, BRANT_OK },
    { "${A}", "one", NULL, BRANT_OK },
    { "x${A}y${_b2}z", "xoneytwoz", NULL, BRANT_OK },
    { "${A:-d}", "one", NULL, BRANT_OK },
    { "${NONE:-d e}", "d e", NULL, BRANT_OK },
    { "${NONE:-}", "", NULL, BRANT_OK },
    { "${EMPTY:-d}", "d", NULL, BRANT_OK },
    { "$$", "$", NULL, BRANT_OK },
    { "$${A}", "${A}", NULL, BRANT_OK },
    { "$$$${A}$", "$${A}$", NULL, BRANT_OK },
    { "$A $", "$A $", NULL, BRANT_OK },
    { "${REF}", "${A}", NULL, BRANT_OK },
    { "${NONE}", NULL, "settings.unset_variable", BRANT_EUSAGE },
    { "${EMPTY}", NULL, "settings.unset_variable", BRANT_EUSAGE },
    { "${A", NULL, "settings.bad_reference", BRANT_EPARSE },
    { "${}", NULL, "settings.bad_reference", BRANT_EPARSE },
    { "${A B}", NULL, "settings.bad_reference", BRANT_EPARSE },
    { "${1}", NULL, "settings.bad_reference", BRANT_EPARSE },
    { "${:-x}", NULL, "settings.bad_reference", BRANT_EPARSE },
};

static void references_are_replaced_once(void **state)
{
    static const char *const env[] = { "A=one", "_b2=two", "EMPTY=", "REF=${A}", NULL };

    assert_int_equal(brant_settings_from_env(*state, env, NULL), BRANT_OK);
    for (size_t i = 0; i < BRN_ARRAY_LEN(expand_cases); i++) {
        const struct expand_case *c = &expand_cases[i];
        brn_arena arena = { 0 };
        const char *out = NULL;
        brant_error *err = NULL;

        print_message("  %s\n", c->text);
        assert_int_equal(
            brn_settings_expand(&out, &arena, *state, brn_str_from(c->text), &err), c->status);
        assert_text(out, c->expanded);
        if (c->id != NULL) {
            assert_string_equal(brant_error_id(err), c->id);
            assert_non_null(brant_error_hint(err));
        }
        brant_error_free(err);
        brn_arena_release(&arena);
    }
}

/* --- project file ----------------------------------------------------------------------------- */

static const struct yaml_case {
    const char *yaml; /* one key */
    const char *text; /* of the setting "tx" afterwards */
    const char *id;   /* NULL: taken */
    brant_status status;
    uint32_t line;
    uint32_t column;
} yaml_cases[] = {
    { "tx: all", "all", NULL, BRANT_OK, 0, 0 },
    { "tx: \"none\"", "none", NULL, BRANT_OK, 0, 0 },
    { "tx: ${T}", "all", NULL, BRANT_OK, 0, 0 },
    { "tx: ${NONE:-none}", "none", NULL, BRANT_OK, 0, 0 },
    { "tx:", "each", NULL, BRANT_OK, 0, 0 },
    { "tx: ~", "each", NULL, BRANT_OK, 0, 0 },
    { "tx: null", "each", NULL, BRANT_OK, 0, 0 },
    { "tx: ''", "each", "settings.bad_value", BRANT_EUSAGE, 1, 5 },
    { "\ntx: some", "each", "settings.bad_value", BRANT_EUSAGE, 2, 5 },
    { "tx: [all]", "each", "settings.not_scalar", BRANT_EUSAGE, 1, 5 },
    { "tx: {a: all}", "each", "settings.not_scalar", BRANT_EUSAGE, 1, 5 },
    { "tx: ${NONE}", "each", "settings.unset_variable", BRANT_EUSAGE, 1, 5 },
    { "tx: ${NONE", "each", "settings.bad_reference", BRANT_EPARSE, 1, 5 },
    { "tx: \"a\\0b\"", "each", "settings.nul", BRANT_EUSAGE, 1, 5 },
    { "txx: all", "each", "settings.unknown_key", BRANT_EUSAGE, 1, 1 },
    { "\"tx\\0\": all", "each", "settings.unknown_key", BRANT_EUSAGE, 1, 1 },
    { "\"\": all", "each", "settings.unknown_key", BRANT_EUSAGE, 1, 1 },
};

static void the_project_file_sets_settings(void **state)
{
    static const char *const env[] = { "T=all", NULL };

    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(yaml_cases); i++) {
        const struct yaml_case *c = &yaml_cases[i];
        brant_settings *settings = NULL;
        brn_arena arena = { 0 };
        brn_yaml *root = NULL;
        brant_error *err = NULL;

        print_message("  %s\n", c->yaml);
        assert_int_equal(brant_settings_new(&settings, NULL), BRANT_OK);
        assert_int_equal(brant_settings_from_env(settings, env, NULL), BRANT_OK);
        assert_int_equal(
            brn_yaml_parse(&root, &arena, brn_str_from(c->yaml), "b.yaml", NULL), BRANT_OK);
        assert_int_equal(brn_settings_set_yaml(settings, root->first, "b.yaml", &err), c->status);
        assert_string_equal(brant_settings_text(settings, "tx"), c->text);
        if (c->id != NULL) {
            assert_string_equal(brant_error_id(err), c->id);
            assert_string_equal(brant_error_file(err), "b.yaml");
            assert_int_equal(brant_error_line(err), c->line);
            assert_int_equal(brant_error_column(err), c->column);
        }
        brant_error_free(err);
        brn_arena_release(&arena);
        brant_settings_free(settings);
    }
}

static void a_value_of_the_project_file_knows_its_place(void **state)
{
    brn_arena arena = { 0 };
    brn_yaml *root = NULL;
    const char *where = NULL;

    assert_int_equal(brn_yaml_parse(&root, &arena, BRN_STR("tx: all"), "b.yaml", NULL), BRANT_OK);
    assert_int_equal(brn_settings_set_yaml(*state, root->first, "b.yaml", NULL), BRANT_OK);
    assert_int_equal(brant_settings_origin(*state, "tx", &where), BRANT_ORIGIN_FILE);
    assert_string_equal(where, "b.yaml:1:5");
    brn_arena_release(&arena);
}

#define WITH_SETTINGS(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_of_the_table_is_complete),
        WITH_SETTINGS(every_setting_starts_at_its_default),
        WITH_SETTINGS(an_unknown_key_has_no_value),
        cmocka_unit_test(every_origin_has_a_name),
        cmocka_unit_test(the_nearest_key_is_found),
        cmocka_unit_test(good_values_are_taken),
        WITH_SETTINGS(bad_values_are_refused_with_place_value_and_remedy),
        WITH_SETTINGS(a_long_bad_value_is_shortened_between_characters),
        WITH_SETTINGS(wrong_calls_are_refused),
        WITH_SETTINGS(an_unknown_key_is_refused_with_the_nearest),
        WITH_SETTINGS(a_higher_origin_wins_in_any_order),
        WITH_SETTINGS(a_lower_origin_is_checked_all_the_same),
        WITH_SETTINGS(a_repeatable_flag_adds_lines),
        WITH_SETTINGS(a_clone_has_the_same_and_goes_its_own_way),
        cmocka_unit_test(the_environment_sets_settings),
        cmocka_unit_test(every_setting_can_come_from_the_environment),
        WITH_SETTINGS(a_bad_variable_is_named),
        WITH_SETTINGS(a_dotenv_file_counts_below_the_environment),
        WITH_SETTINGS(a_missing_dotenv_file_matters_only_when_required),
        WITH_SETTINGS(a_dotenv_file_has_a_largest_size),
        WITH_SETTINGS(a_bad_dotenv_file_is_named_with_its_line),
        WITH_SETTINGS(references_are_replaced_once),
        cmocka_unit_test(the_project_file_sets_settings),
        WITH_SETTINGS(a_value_of_the_project_file_knows_its_place),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
