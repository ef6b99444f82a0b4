/* SPDX-License-Identifier: Apache-2.0 */
#include "conformance/conformance.h"

#include <string.h>

static void the_table_keeps_its_promises(void **state)
{
    const conf_db *db = *state;
    const char *wrong = brn_engine_validate(db->quirks->engine);

    assert_string_equal(wrong != NULL ? wrong : "", "");
}

static void a_connection_has_the_expected_capabilities(void **state)
{
    conf_db *db = *state;
    brn_conn *conn = conf_connect(db);

    assert_int_equal(conn->caps, db->quirks->caps);
    assert_ptr_equal(conn->engine, db->quirks->engine);
    assert_ptr_equal(conn->control, &db->control);
    assert_string_equal(conn->database, "main");
    conf_close(conn);
}

static void info_tells_version_target_and_rights(void **state)
{
    conf_db *db = *state;
    brn_conn *conn = conf_connect(db);
    brn_server_info info;
    brant_error *err = NULL;

    conf_ok(conn->engine->server_info(&info, conn, &err), err);
    assert_true(info.version[0] != '\0');
    assert_true(info.target[0] != '\0');
    assert_true(info.user[0] != '\0');
    assert_true(info.writable);
    conf_close(conn);
}

static void a_missing_database_is_told_apart_and_not_made(void **state)
{
    conf_db *db = *state;
    char url[CONF_URL];
    brn_conn *conn = NULL;
    brant_error *err = NULL;
    brant_status st;

    if (db->quirks->missing == NULL) {
        skip();
    }
    db->quirks->missing(url, db->url);
    assert_int_equal(brn_url_parse(&db->parsed, &db->arena, brn_str_from(url), NULL), BRANT_OK);
    for (int i = 0; i < 2; i++) {
        err = NULL;
        st = conf_try_connect(&conn, db, i == 0 ? 0 : BRN_CONNECT_READ_ONLY, &err);
        assert_null(conn);
        assert_non_null(brant_error_hint(err));
        conf_expect(st, err, BRANT_ECONNECT, "connect.no_database");
    }
    err = NULL;
    conf_ok(conf_try_connect(&conn, db, BRN_CONNECT_CREATE, &err), err);
    conf_close(conn);
    err = NULL;
    conf_ok(conf_try_connect(&conn, db, 0, &err), err);
    conf_close(conn);
}

static void a_reader_cannot_write(void **state)
{
    conf_db *db = *state;
    brn_program program = { 0 };
    brn_run_state run;
    brant_error *err = NULL;
    brn_conn *conn = conf_connect(db);

    conf_ensure(conn, db);
    conf_close(conn);
    conf_ok(conf_try_connect(&conn, db, BRN_CONNECT_READ_ONLY, &err), err);
    conf_add_sql(&program, db, db->quirks->create_table);
    err = NULL;
    assert_int_not_equal(conn->engine->run(conn, &program, NULL, NULL, &run, &err), BRANT_OK);
    brant_error_free(err);
    conf_close(conn);
    assert_int_equal(db->quirks->number(db->url, db->quirks->count_tables), 0);
}

static void errors_name_the_database(void **state)
{
    conf_db *db = *state;
    brn_conn *conn = conf_connect(db);
    brn_program program = { .migration = "m1", .run_id = "run-1" };
    brn_run_state run;
    brant_error *err = NULL;
    brant_status st;

    conf_add_sql(&program, db, db->quirks->bad_statement);
    st = conn->engine->run(conn, &program, NULL, NULL, &run, &err);
    assert_string_equal(brant_error_database(err), "main");
    assert_string_equal(brant_error_migration(err), "m1");
    conf_expect(st, err, BRANT_ESTATEMENT, "statement.failed");
    conf_close(conn);
}

int conf_group_connect(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_table_keeps_its_promises),
        TEST(a_connection_has_the_expected_capabilities),
        TEST(info_tells_version_target_and_rights),
        TEST(a_missing_database_is_told_apart_and_not_made),
        TEST(a_reader_cannot_write),
        TEST(errors_name_the_database),
    };

    return cmocka_run_group_tests_name("connect", tests, NULL, NULL);
}
