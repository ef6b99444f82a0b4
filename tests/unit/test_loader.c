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

#include "engines/registry.h"

static void schemes_and_names_are_found(void **state)
{
    static const struct lookup_case {
        const char *scheme;
        const char *name;
    } cases[] = {
        { "sqlite", "sqlite" },
        { "sqlite3", "sqlite" },
        { "postgres", "postgres" },
        { "postgresql", "postgres" },
        { "mysql", "mysql" },
        { "mariadb", "mysql" },
        { "cassandra", "cassandra" },
        { "scylla", "cassandra" },
        { "clickhouse", "clickhouse" },
        { "redis", "redis" },
        { "rediss", "redis" },
        { "clickhouses", "clickhouse" },
        { "oracle", NULL },
        { "", NULL },
        { "SQLITE", NULL },
    };

    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(cases); i++) {
        const brn_engine_entry *entry = brn_engine_lookup(brn_engine_entries, cases[i].scheme);

        if (cases[i].name == NULL) {
            assert_null(entry);
        } else {
            assert_non_null(entry);
            assert_string_equal(entry->name, cases[i].name);
        }
    }
}

static void linked_engines_keep_their_promises(void **state)
{
    (void)state;
    for (const brn_engine_entry *e = brn_engine_entries; e->name != NULL; e++) {
        const brn_engine *engine = NULL;

        if (e->linked == NULL) {
            continue;
        }
        assert_null(brn_engine_validate(e->linked));
        assert_string_equal(e->linked->name, e->name);
        assert_int_equal(
            brn_engine_load(&engine, brn_engine_entries, NULL, e->schemes[0], NULL), BRANT_OK);
        assert_ptr_equal(engine, e->linked);
        for (size_t i = 0; e->schemes[i] != NULL || e->linked->schemes[i] != NULL; i++) {
            assert_string_equal(e->schemes[i], e->linked->schemes[i]);
        }
    }
}

static void expect(const char *dir, const char *scheme, const char *id, const char *hint)
{
    const brn_engine *engine = NULL;
    brant_error *err = NULL;
    brant_status st = brn_engine_load(&engine, brn_engine_entries, dir, scheme, &err);

    assert_int_not_equal(st, BRANT_OK);
    assert_null(engine);
    assert_string_equal(brant_error_id(err), id);
    assert_non_null(strstr(brant_error_hint(err), hint));
    brant_error_free(err);
}

static void what_cannot_be_loaded_says_why(void **state)
{
    char dir[] = "/tmp/brant-loader-XXXXXX";
    char path[64];
    FILE *file = NULL;

    (void)state;
    assert_non_null(mkdtemp(dir));
    expect(NULL, "oracle", "engine.unknown", "sqlite, sqlite3, postgres");
    expect(NULL, "postgres", "engine.not_installed", "brant-postgres");
    expect(dir, "mariadb", "engine.not_installed", "brant-mysql");
    (void)snprintf(path, sizeof(path), "%s/brant-mysql.so", dir);
    file = fopen(path, "w");
    assert_non_null(file);
    (void)fputs("not a module", file);
    (void)fclose(file);
    expect(dir, "mysql", "engine.version", "brant-mysql");
    /* Never from the working directory. */
    assert_int_equal(chdir(dir), 0);
    expect(".", "mysql", "engine.not_installed", "brant-mysql");
    expect("", "mysql", "engine.not_installed", "brant-mysql");
    (void)unlink(path);
    (void)rmdir(dir);
}

static void a_module_of_another_version_is_refused(void **state)
{
    const char *build = getenv("BRANT_BUILD");
    char dir[512];
    char path[600];

    (void)state;
    (void)snprintf(dir, sizeof(dir), "%s/tests/modules", build != NULL ? build : "/nowhere");
    (void)snprintf(path, sizeof(path), "%s/brant-postgres.so", dir);
    if (access(path, R_OK) != 0) {
        skip();
    }
    expect(dir, "postgres", "engine.version", "same version");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(schemes_and_names_are_found),
        cmocka_unit_test(linked_engines_keep_their_promises),
        cmocka_unit_test(what_cannot_be_loaded_says_why),
        cmocka_unit_test(a_module_of_another_version_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
