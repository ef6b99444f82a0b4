/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Foreign keys around table rebuilds: nothing may be lost on the quiet.
 */
#include "conformance/conformance.h"

#include <string.h>

static brn_conn *with_keys(conf_db *db)
{
    brn_conn *conn = NULL;

    if ((db->quirks->caps & BRN_CAP_FOREIGN_KEYS) == 0) {
        skip();
    }
    conn = conf_connect(db);
    conf_run_sql(conn, db, db->quirks->keys_schema);
    return conn;
}

/* BEGIN with flags, statements of `sql` with flags, COMMIT. */
static void compile(
    brn_program *program, conf_db *db, uint32_t begin_flags, const char *sql, uint32_t flags)
{
    const char *next = sql;

    conf_add(program, db, BRN_OP_BEGIN)->flags = begin_flags;
    while (next != NULL) {
        const char *end = strstr(next, ";;");
        size_t len = end != NULL ? (size_t)(end - next) : strlen(next);

        conf_add_sql(program, db, brn_arena_strndup(&db->arena, next, len));
        program->ops.items[program->ops.count - 1].flags = flags;
        next = end != NULL ? end + 2 : NULL;
    }
    (void)conf_add(program, db, BRN_OP_COMMIT);
}

static void a_rebuild_with_keys_off_keeps_the_children(void **state)
{
    conf_db *db = *state;
    brn_conn *conn = with_keys(db);
    brn_program program = { 0 };
    brn_run_state run;
    brant_error *err = NULL;

    compile(&program, db, BRN_OP_FOREIGN_KEYS_OFF, db->quirks->keys_rebuild, 0);
    conf_ok(conn->engine->run(conn, &program, NULL, NULL, &run, &err), err);
    assert_int_equal(db->quirks->number(db->url, db->quirks->keys_count), 4);
    conf_close(conn);
}

static void a_rebuild_with_keys_on_is_refused(void **state)
{
    conf_db *db = *state;
    brn_conn *conn = with_keys(db);
    brn_program program = { 0 };
    brn_run_state run;
    brant_error *err = NULL;
    brant_status st;

    compile(&program, db, 0, db->quirks->keys_rebuild, 0);
    st = conn->engine->run(conn, &program, NULL, NULL, &run, &err);
    assert_int_equal(run.ops_done, 3);
    assert_non_null(strstr(brant_error_message(err), "3 rows"));
    assert_non_null(strstr(brant_error_detail(err), "child"));
    assert_non_null(strstr(brant_error_hint(err), "foreign-keys=off"));
    conf_expect(st, err, BRANT_ESTATEMENT, "sqlite.drop_would_delete");
    err = NULL;
    conf_ok(conn->engine->reset(conn, &err), err);
    assert_int_equal(db->quirks->number(db->url, db->quirks->keys_count), 4);
    conf_close(conn);
}

static void a_drop_that_is_meant_runs(void **state)
{
    conf_db *db = *state;
    brn_conn *conn = with_keys(db);
    brn_program program = { 0 };
    brn_run_state run;
    brant_error *err = NULL;

    compile(&program, db, 0, db->quirks->keys_drop, BRN_OP_FOREIGN_KEYS_ON);
    conf_ok(conn->engine->run(conn, &program, NULL, NULL, &run, &err), err);
    assert_int_equal(db->quirks->number(db->url, db->quirks->keys_count), 1);
    conf_close(conn);
}

static void a_drop_that_touches_nothing_runs(void **state)
{
    static const char *const before_drops[] = {
        "DELETE FROM child",
        "UPDATE child SET p = NULL",
        "DELETE FROM parent",
        "DROP TABLE child",
    };

    for (size_t i = 0; i < BRN_ARRAY_LEN(before_drops); i++) {
        conf_db *db = *state;
        brn_conn *conn = with_keys(db);

        conf_run_sql(conn, db, before_drops[i]);
        conf_run_sql(conn, db, db->quirks->keys_drop);
        conf_close(conn);
        (void)conf_teardown(state);
        assert_int_equal(conf_setup(state), 0);
    }
}

static void keys_are_checked_before_the_commit(void **state)
{
    conf_db *db = *state;
    brn_conn *conn = with_keys(db);
    brn_program program = { 0 };
    brn_run_state run;
    brant_error *err = NULL;
    brant_status st;

    compile(&program, db, BRN_OP_FOREIGN_KEYS_OFF, db->quirks->keys_orphan, 0);
    st = conn->engine->run(conn, &program, NULL, NULL, &run, &err);
    assert_int_equal(run.ops_done, 2);
    assert_false(run.in_doubt);
    assert_non_null(strstr(brant_error_detail(err), "child"));
    assert_non_null(strstr(brant_error_detail(err), "rowid 3"));
    conf_expect(st, err, BRANT_ESTATEMENT, "sqlite.foreign_key_check");
    err = NULL;
    conf_ok(conn->engine->reset(conn, &err), err);
    /* Enforced again: deleting the parent takes its child along. */
    conf_run_sql(conn, db, db->quirks->keys_orphan);
    assert_int_equal(db->quirks->number(db->url, db->quirks->keys_count), 3);
    conf_close(conn);
}

static void keys_are_on_again_after_the_commit(void **state)
{
    conf_db *db = *state;
    brn_conn *conn = with_keys(db);
    brn_program program = { 0 };
    brn_run_state run;
    brant_error *err = NULL;

    compile(&program, db, BRN_OP_FOREIGN_KEYS_OFF, db->quirks->keys_rebuild, 0);
    conf_ok(conn->engine->run(conn, &program, NULL, NULL, &run, &err), err);
    conf_run_sql(conn, db, db->quirks->keys_orphan);
    assert_int_equal(db->quirks->number(db->url, db->quirks->keys_count), 3);
    conf_close(conn);
}

int conf_group_keys(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_rebuild_with_keys_off_keeps_the_children),
        TEST(a_rebuild_with_keys_on_is_refused),
        TEST(a_drop_that_is_meant_runs),
        TEST(a_drop_that_touches_nothing_runs),
        TEST(keys_are_checked_before_the_commit),
        TEST(keys_are_on_again_after_the_commit),
    };

    return cmocka_run_group_tests_name("foreign keys", tests, NULL, NULL);
}
