/* SPDX-License-Identifier: Apache-2.0 */
/* What a server has of its own: limits, policies, notifications, connections to other servers. */
#include <string.h>

#include "conformance/server_postgres.h"
#include "engines/postgres/postgres.h"

/* But for the one that a run has, and those that are no limits of statements. */
#define LIMITS                                                                                     \
    "name LIKE '%timeout'"                                                                         \
    " AND name NOT IN ('lock_timeout', 'tcp_user_timeout', 'wal_sender_timeout')"

static brant_status run_sql(brn_conn *conn, conf_db *db, const char *sql, brant_error **err)
{
    brn_program program = { .run_id = "run-1" };
    brn_run_state state;

    conf_add_sql(&program, db, sql);
    return conn->engine->run(conn, &program, NULL, NULL, &state, err);
}

/* Whatever limits the role or the database has, and a server may know more of them than we do. */
static void no_limit_of_the_server_ends_a_run(void **state)
{
    conf_db *db = *state;
    brn_conn *conn = conf_connect(db);
    brant_error *err = NULL;

    conf_run_sql(
        conn, db,
        "DO $$ DECLARE s name; BEGIN"
        " FOR s IN SELECT name FROM pg_settings WHERE context = 'user' AND " LIMITS " LOOP"
        " EXECUTE format('ALTER DATABASE %I SET %I = 50000', current_database(), s);"
        " END LOOP; END $$");
    conf_close(conn);
    conn = conf_connect(db);
    conf_ok(conn->engine->lock(conn, "up", &err), err);
    conf_run_sql(
        conn, db,
        "DO $$ DECLARE s text; BEGIN"
        " SELECT string_agg(name, ', ') INTO s FROM pg_settings WHERE setting = '50000' AND " LIMITS
        "; IF s <> '' THEN RAISE '%', s; END IF; END $$");
    conn->engine->unlock(conn);
    conf_run_sql(
        conn, db,
        "DO $$ BEGIN IF current_setting('statement_timeout') <> '50s' THEN RAISE 'not put back';"
        " END IF; END $$");
    conf_close(conn);
}

/* What a subscription, dblink or a foreign table says of a connection that is not ours. */
static void an_error_of_another_connection_is_one_of_the_statement(void **state)
{
    static const char *const codes[] = { "08006", "08001", "57P01", "57P03", "25P04" };
    conf_db *db = *state;
    brn_conn *conn = conf_connect(db);

    for (size_t i = 0; i < BRN_ARRAY_LEN(codes); i++) {
        const char *sql = brn_arena_printf(
            &db->arena, "DO $$ BEGIN RAISE 'far away' USING ERRCODE = '%s'; END $$", codes[i]);
        brant_error *err = NULL;
        brant_status st = run_sql(conn, db, sql, &err);

        assert_string_equal(brant_error_sqlstate(err), codes[i]);
        assert_string_equal(brant_error_message(err), "far away");
        conf_expect(st, err, BRANT_ESTATEMENT, "statement.failed");
        conf_ok(conn->engine->reset(conn, NULL), NULL);
        assert_false(conn->ended);
    }
    conf_close(conn);
}

static void a_session_that_is_ended_is_lost(void **state)
{
    conf_db *db = *state;
    brn_conn *conn = conf_connect(db);
    brant_error *err = NULL;
    brant_status st = run_sql(conn, db, "SELECT pg_terminate_backend(pg_backend_pid())", &err);

    conf_expect(st, err, BRANT_ECONNECT, "connect.lost");
    conf_close(conn);
}

static void a_transaction_that_may_only_read_has_a_hint(void **state)
{
    conf_db *db = *state;
    brn_conn *conn = conf_connect(db);
    brant_error *err = NULL;
    brant_status st;

    conf_run_sql(conn, db, "SET default_transaction_read_only = on");
    st = run_sql(conn, db, "CREATE TABLE t (a integer)", &err);
    assert_non_null(strstr(brant_error_hint(err), "default_transaction_read_only"));
    conf_expect(st, err, BRANT_ESTATEMENT, "statement.failed");
    conf_close(conn);
}

/* Nobody asks for them, and libpq would keep them all. */
static void notifications_are_dropped(void **state)
{
    conf_db *db = *state;
    brn_conn *conn = conf_connect(db);

    conf_run_sql(
        conn, db, "LISTEN q;;SELECT pg_notify('q', i::text) FROM generate_series(1, 500) i");
    conf_run_sql(conn, db, "SELECT pg_sleep(0.1)");
    assert_null(PQnotifies(((brn_postgres *)conn)->pg));
    conf_close(conn);
}

/* With policies that hide its rows all that is done would look as if it were pending. */
static void a_ledger_with_policies_is_not_believed(void **state)
{
    conf_db *db = *state;
    brn_conn *conn = conf_connect(db);
    brn_ledger_state ledger = { 0 };
    brant_error *err = NULL;
    brant_status st;

    conf_ensure(conn, db);
    conf_run_sql(conn, db, "ALTER TABLE brant_migrations ENABLE ROW LEVEL SECURITY");
    conf_close(conn);
    conn = conf_connect(db);
    conf_ok(conn->engine->ledger_read(&ledger, &db->arena, conn, BRN_LEDGER_BRIEF, &err), err);
    conf_run_sql(conn, db, "ALTER TABLE brant_migrations FORCE ROW LEVEL SECURITY");
    conf_close(conn);
    for (int detail = BRN_LEDGER_BRIEF; detail <= (int)BRN_LEDGER_FULL; detail++) {
        conn = conf_connect(db);
        st = conn->engine->ledger_read(&ledger, &db->arena, conn, (brn_ledger_detail)detail, &err);
        assert_non_null(brant_error_hint(err));
        conf_expect(st, err, BRANT_ECONNECT, "connect.no_rights");
        err = NULL;
        conf_run_sql(conn, db, "SELECT 1"); /* the connection can be used */
        conf_close(conn);
    }
}

int conf_own_postgres_server(void)
{
    const struct CMUnitTest tests[] = {
        TEST(no_limit_of_the_server_ends_a_run),
        TEST(an_error_of_another_connection_is_one_of_the_statement),
        TEST(a_session_that_is_ended_is_lost),
        TEST(a_transaction_that_may_only_read_has_a_hint),
        TEST(notifications_are_dropped),
        TEST(a_ledger_with_policies_is_not_believed),
    };

    return cmocka_run_group_tests_name("server postgres", tests, NULL, NULL);
}
