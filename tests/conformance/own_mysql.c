/* SPDX-License-Identifier: Apache-2.0 */
/* What only MySQL and MariaDB have: packets, statements with several answers, KILL, sql_mode. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "conformance/server_mysql.h"
#include "engines/mysql/mysql.h"

static brant_status run_one(brn_conn *conn, conf_db *db, const char *sql, brant_error **err)
{
    brn_program program = { .run_id = "run-1" };
    brn_run_state state;

    conf_add_sql(&program, db, sql);
    return conn->engine->run(conn, &program, NULL, NULL, &state, err);
}

static int64_t number(const conf_db *db, const char *query)
{
    return db->quirks->number(db->url, query);
}

/* GUARD, intent, statement, outcome of the row "m1", which says running. */
static void add_bracket(brn_program *program, conf_db *db, const char *sql)
{
    brn_ledger_row row = conf_row("m1", BRN_ROW_RUNNING);

    program->run_id = "run-1";
    conf_add(program, db, BRN_OP_GUARD)->id = "m1";
    row.intent = 1;
    row.intent_digest = "it's \\ digest";
    conf_add_ledger(program, db, BRN_LEDGER_INTENT, &row);
    conf_add_sql(program, db, sql);
    row.intent = 0;
    row.stmts_done = 1;
    row.done_digest = "done";
    conf_add_ledger(program, db, BRN_LEDGER_OUTCOME, &row);
}

static brn_conn *with_row(conf_db *db)
{
    brn_conn *conn = conf_connect(db);
    brn_ledger_row row = conf_row("m1", BRN_ROW_RUNNING);
    brn_program program = { .run_id = "run-1" };
    brn_run_state state;
    brant_error *err = NULL;
    brant_status st;

    conf_ensure(conn, db);
    st = conn->engine->lock(conn, "conformance", &err);
    conf_ok(st, err);
    conf_add_ledger(&program, db, BRN_LEDGER_PUT, &row);
    st = conn->engine->run(conn, &program, NULL, NULL, &state, &err);
    conf_ok(st, err);
    return conn;
}

static void a_bracket_is_one_round_trip(void **state)
{
    conf_db *db = *state;
    brn_conn *conn = with_row(db);
    brn_program program = { 0 };
    brn_run_state run;
    brant_error *err = NULL;
    uint64_t before = conn->requests;
    brant_status st;

    add_bracket(&program, db, "CREATE TABLE t (a int) -- a comment");
    st = conn->engine->run(conn, &program, NULL, NULL, &run, &err);
    conf_ok(st, err);
    assert_int_equal(conn->requests - before, 1);
    assert_int_equal(number(db, "SELECT statements_done * 10 + intent FROM brant_migrations"), 10);
    /* And in the next one there is nothing of the first. */
    before = conn->requests;
    program = (brn_program){ 0 };
    add_bracket(&program, db, "ALTER TABLE t ADD b int");
    add_bracket(&program, db, "ALTER TABLE t ADD c int");
    st = conn->engine->run(conn, &program, NULL, NULL, &run, &err);
    conf_ok(st, err);
    assert_int_equal(conn->requests - before, 2);
    conf_close(conn);
}

static void a_statement_that_fails_has_no_outcome(void **state)
{
    conf_db *db = *state;
    brn_conn *conn = with_row(db);
    brn_program program = { 0 };
    brn_run_state run;
    brant_error *err = NULL;
    brant_status st;

    add_bracket(&program, db, "ALTER TABLE nosuch ADD b int");
    st = conn->engine->run(conn, &program, NULL, NULL, &run, &err);
    conf_expect(st, err, BRANT_ESTATEMENT, "statement.failed");
    assert_int_equal(run.ops_done, 2);
    assert_false(run.in_doubt);
    assert_int_equal(number(db, "SELECT statements_done * 10 + intent FROM brant_migrations"), 1);
    assert_int_equal(
        number(
            db, "SELECT COUNT(*) FROM brant_migrations WHERE intent_digest = 'it''s \\\\ digest'"),
        1);
    conf_close(conn);
}

static void without_the_lock_a_bracket_does_nothing(void **state)
{
    conf_db *db = *state;
    brn_conn *conn = with_row(db);
    brn_program program = { 0 };
    brn_run_state run;
    brant_error *err = NULL;
    brant_status st;

    conn->engine->unlock(conn);
    add_bracket(&program, db, "CREATE TABLE t (a int)");
    st = conn->engine->run(conn, &program, NULL, NULL, &run, &err);
    conf_expect(st, err, BRANT_ELOCKED, "lock.lost");
    assert_int_equal(number(db, db->quirks->count_tables), 0);
    assert_int_equal(number(db, "SELECT intent FROM brant_migrations"), 0);
    conf_close(conn);
}

static void a_procedure_may_have_several_answers(void **state)
{
    conf_db *db = *state;
    brn_conn *conn = with_row(db);
    brn_program program = { 0 };
    brn_run_state run;
    brant_error *err = NULL;
    brant_status st;

    conf_run_sql(conn, db, "CREATE TABLE t (a int)");
    conf_run_sql(
        conn, db,
        "CREATE PROCEDURE p() BEGIN SELECT 1; SELECT 2 UNION SELECT 3; INSERT INTO t VALUES (1); END");
    add_bracket(&program, db, "CALL p()");
    st = conn->engine->run(conn, &program, NULL, NULL, &run, &err);
    conf_ok(st, err);
    assert_int_equal(run.ops_done, program.ops.count);
    assert_int_equal(number(db, "SELECT COUNT(*) FROM t"), 1);
    conf_close(conn);
}

/* MySQL would store what follows in the packet with it. */
static void a_body_is_stored_as_it_is_written(void **state)
{
    static const char *const made[] = {
        "CREATE PROCEDURE p() SELECT 1 FROM t WHERE a = 1",
        "CREATE FUNCTION f() RETURNS int DETERMINISTIC RETURN 1",
        "CREATE TRIGGER i BEFORE INSERT ON t FOR EACH ROW SET NEW.a = 1",
        "CREATE EVENT e ON SCHEDULE EVERY 1 DAY DISABLE DO DELETE FROM t",
        "ALTER EVENT e DO INSERT INTO t VALUES (1)",
        "CREATE PROCEDURE q() BEGIN SELECT 1; END",
    };
    conf_db *db = *state;
    brn_conn *conn = with_row(db);
    brn_program program = { 0 };
    brn_run_state run;
    brant_error *err = NULL;
    brant_status st;

    conf_run_sql(conn, db, "CREATE TABLE t (a int)");
    for (size_t i = 0; i < BRN_ARRAY_LEN(made); i++) {
        add_bracket(&program, db, made[i]);
    }
    st = conn->engine->run(conn, &program, NULL, NULL, &run, &err);
    conf_ok(st, err);
    assert_int_equal(run.ops_done, program.ops.count);
    assert_int_equal(
        number(
            db, "SELECT COUNT(*) FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = DATABASE()"
                " AND ROUTINE_DEFINITION IN ('SELECT 1 FROM t WHERE a = 1', 'RETURN 1',"
                " 'BEGIN SELECT 1; END')"),
        3);
    assert_int_equal(
        number(
            db, "SELECT COUNT(*) FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = DATABASE()"
                " AND ACTION_STATEMENT = 'SET NEW.a = 1'"),
        1);
    assert_int_equal(
        number(
            db, "SELECT COUNT(*) FROM information_schema.EVENTS WHERE EVENT_SCHEMA = DATABASE()"
                " AND EVENT_DEFINITION = 'INSERT INTO t VALUES (1)'"),
        1);
    conf_close(conn);
}

typedef struct told {
    uint32_t type;
    int64_t integer;
    char text[64];
} told;

static int tell(const brant_row *row, void *user)
{
    told *t = user;
    const brant_value *v = &row->values[0];

    *t = (told){ .type = v->type, .integer = v->integer };
    if (v->data != NULL) {
        (void)snprintf(t->text, sizeof(t->text), "%.*s", (int)v->length, (const char *)v->data);
    }
    return 0;
}

static void numbers_without_a_sign_keep_their_digits(void **state)
{
    static const struct {
        const char *sql;
        uint32_t type;
        int64_t integer;
        const char *text;
    } cases[] = {
        { "SELECT CAST(9223372036854775807 AS UNSIGNED)", BRANT_VALUE_INTEGER, INT64_MAX, "" },
        { "SELECT CAST(18446744073709551615 AS UNSIGNED)", BRANT_VALUE_TEXT, 0,
          "18446744073709551615" },
        { "SELECT b FROM t", BRANT_VALUE_TEXT, 0, "18446744073709551615" },
        { "SELECT d FROM t", BRANT_VALUE_TEXT, 0, "-12345678901234567890.0123456789" },
        { "SELECT t FROM t", BRANT_VALUE_TEXT, 0, "2026-02-03 04:05:06.789012" },
    };
    conf_db *db = *state;
    brn_conn *conn = conf_connect(db);

    conf_run_sql(conn, db, "CREATE TABLE t (b bit(64), d decimal(30, 10), t datetime(6))");
    conf_run_sql(
        conn, db,
        "INSERT INTO t VALUES (~0, -12345678901234567890.0123456789, '2026-02-03 04:05:06.789012')");
    for (size_t i = 0; i < BRN_ARRAY_LEN(cases); i++) {
        told got = { 0 };
        int64_t changed = 0;
        brant_error *err = NULL;

        conf_ok(conf_execute(&changed, conn, cases[i].sql, NULL, 0, tell, &got, &err), err);
        assert_int_equal(got.type, cases[i].type);
        assert_int_equal(got.integer, cases[i].integer);
        assert_string_equal(got.text, cases[i].text);
    }
    conf_close(conn);
}

static const struct mark_case {
    const char *sql;
    int maria; /* whether it is idle there */
    int mysql;
} mark_cases[] = {
    { "/*!40101 SET NAMES utf8mb4 */", 0, 0 },
    { "/*! SET NAMES utf8mb4 */", 0, 0 },
    { "/*!50700 SET NAMES utf8mb4 */", 1, 0 },
    { "/*!99999 CREATE TABLE t (a int) */", 1, 1 },
    { "/*M!100100 CREATE TABLE t (a int) */", 0, 1 },
    { "/*M!989898 CREATE TABLE t (a int) */ -- of the future", 1, 1 },
    { "/*!99999 CREATE */ /*!99999 TABLE t (a int) */ /* t */", 1, 1 },
    { "/*!99999 CREATE TABLE t */ SELECT 1", 0, 0 },
    { "CREATE TABLE t (a int) /*!99999 ENGINE = x */", 0, 0 },
};

static void what_is_for_another_server_is_idle(void **state)
{
    conf_db *db = *state;
    brn_conn *conn = conf_connect(db);

    for (size_t i = 0; i < BRN_ARRAY_LEN(mark_cases); i++) {
        const struct mark_case *c = &mark_cases[i];
        brn_stmt stmt = { .text = brn_str_from(c->sql), .line = 1, .column = 1 };
        int idle = ((brn_mysql *)conn)->maria ? c->maria : c->mysql;
        brant_error *err = NULL;
        brn_stmt_info info;
        brant_status st;

        conn->engine->inspect(&info, conn, &stmt);
        if (info.idle != (idle != 0) || (info.idle && (info.ddl || info.role != BRN_ROLE_PLAIN))) {
            fail_msg("%s: idle %d", c->sql, info.idle);
        }
        if (idle != 0) {
            /* Which is what the server thinks. */
            st = run_one(conn, db, c->sql, &err);
            conf_ok(st, err);
            assert_int_equal(number(db, db->quirks->count_tables), 0);
        }
    }
    conf_close(conn);
}

static void a_call_that_commits_is_found_out(void **state)
{
    conf_db *db = *state;
    brn_conn *conn = conf_connect(db);
    brn_program program = { 0 };
    brn_run_state run;
    brant_error *err = NULL;
    brant_status st;

    conf_run_sql(conn, db, "CREATE PROCEDURE p() COMMIT");
    (void)conf_add(&program, db, BRN_OP_BEGIN);
    conf_add_sql(&program, db, "CALL p()");
    (void)conf_add(&program, db, BRN_OP_COMMIT);
    st = conn->engine->run(conn, &program, NULL, NULL, &run, &err);
    conf_expect(st, err, BRANT_ESTATEMENT, "statement.transaction_lost");
    err = NULL;
    st = conn->engine->reset(conn, &err);
    conf_ok(st, err);
    conf_close(conn);
}

static void a_session_that_is_killed_comes_back_with_its_lock(void **state)
{
    conf_db *db = *state;
    brn_conn *conn = with_row(db);
    brn_lock_holder holder;
    brn_run_state run;
    brn_program program = { .run_id = "run-1" };
    brant_error *err = NULL;
    char sql[64];
    brant_status st = conn->engine->lock_holder(&holder, conn, &err);

    conf_ok(st, err);
    (void)snprintf(sql, sizeof(sql), "KILL CONNECTION %lld", (long long)holder.pid);
    assert_true(conf_mysql_do(db->url, sql));
    conf_add(&program, db, BRN_OP_GUARD)->id = "m1";
    st = conn->engine->run(conn, &program, NULL, NULL, &run, &err);
    conf_expect(st, err, BRANT_ECONNECT, "connect.lost");
    err = NULL;
    st = conn->engine->reset(conn, &err);
    conf_ok(st, err);
    st = conn->engine->run(conn, &program, NULL, NULL, &run, &err);
    conf_ok(st, err);
    conf_close(conn);
}

static void the_mode_of_the_session_is_known(void **state)
{
    conf_db *db = *state;
    brn_conn *conn = conf_connect(db);
    brn_ledger_state ledger;
    brant_error *err = NULL;
    brant_status st = run_one(conn, db, "SET sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES'", &err);
    brant_value value = { .type = BRANT_VALUE_TEXT, .data = "a\\'b", .length = 4 };
    int64_t changed = 0;

    conf_ok(st, err);
    st = conn->engine->ledger_read(&ledger, &db->arena, conn, BRN_LEDGER_BRIEF, &err);
    conf_ok(st, err);
    assert_int_equal(conn->lex_mode, BRN_LEX_ANSI_QUOTES | BRN_LEX_NO_BACKSLASH);
    conf_run_sql(conn, db, "CREATE TABLE t (a varchar(9))");
    st = conf_execute(&changed, conn, "INSERT INTO \"t\" VALUES (?)", &value, 1, NULL, NULL, &err);
    conf_ok(st, err);
    assert_int_equal(number(db, "SELECT COUNT(*) FROM t WHERE a = 'a\\\\''b'"), 1);
    /* reset() takes it back. */
    st = conn->engine->reset(conn, &err);
    conf_ok(st, err);
    st = conn->engine->ledger_read(&ledger, &db->arena, conn, BRN_LEDGER_BRIEF, &err);
    conf_ok(st, err);
    assert_int_equal(conn->lex_mode, 0);
    conf_close(conn);
}

static void use_url(conf_db *db, const char *params)
{
    const char *url = brn_arena_printf(&db->arena, "%s?%s", db->url, params);

    assert_non_null(url);
    assert_int_equal(brn_url_parse(&db->parsed, &db->arena, brn_str_from(url), NULL), BRANT_OK);
}

/* The new primary of a group has applied what it has received before a run asks it anything. */
static void a_run_waits_behind_a_failover(void **state)
{
    conf_db *db = *state;
    brn_conn *conn = with_row(db);

    if (((brn_mysql *)conn)->maria) {
        conf_close(conn);
        skip();
    }
    conf_run_sql(conn, db, "CREATE TABLE t AS SELECT @@group_replication_consistency AS c");
    assert_int_equal(
        number(db, "SELECT COUNT(*) FROM t WHERE c = 'BEFORE_ON_PRIMARY_FAILOVER'"), 1);
    conf_close(conn);
}

static void the_mode_of_the_url_stays(void **state)
{
    conf_db *db = *state;
    brn_ledger_state ledger;
    brn_conn *conn;
    brant_error *err = NULL;
    brant_status st;

    use_url(db, "sql_mode=%27ANSI_QUOTES,NO_BACKSLASH_ESCAPES%27&init-command=SET%20@a=1");
    conn = conf_connect(db);
    conf_run_sql(
        conn, db, "CREATE TABLE t (a varchar(9));;INSERT INTO t VALUES (CONCAT('a\\', @a))");
    assert_int_equal(number(db, "SELECT COUNT(*) FROM t WHERE a = 'a\\\\1'"), 1);
    conf_run_sql(conn, db, "SET sql_mode = ''");
    st = conn->engine->reset(conn, &err);
    conf_ok(st, err);
    st = conn->engine->ledger_read(&ledger, &db->arena, conn, BRN_LEDGER_BRIEF, &err);
    conf_ok(st, err);
    assert_int_equal(conn->lex_mode, BRN_LEX_ANSI_QUOTES | BRN_LEX_NO_BACKSLASH);
    conf_close(conn);
    use_url(db, "sql-mode=NO_SUCH_MODE");
    st = conf_try_connect(&conn, db, 0, &err);
    assert_int_equal(st, BRANT_ECONNECT);
    assert_non_null(strstr(brant_error_message(err), "NO_SUCH_MODE"));
    brant_error_free(err);
}

static void values_stand_only_where_they_are_asked_for(void **state)
{
    conf_db *db = *state;
    brn_conn *conn = conf_connect(db);
    brant_value values[] = {
        { .type = BRANT_VALUE_TEXT, .data = "x'; DROP TABLE t; -- ", .length = 21 },
        { .type = BRANT_VALUE_INTEGER, .integer = -5 }
    };
    int64_t changed = 0;
    brant_error *err = NULL;
    brant_status st;

    conf_run_sql(conn, db, "CREATE TABLE t (a varchar(40), b int, c varchar(9))");
    st = conf_execute(
        &changed, conn, "INSERT INTO t /* ? */ VALUES (?, ?, '?') -- ?", values, 2, NULL, NULL,
        &err);
    conf_ok(st, err);
    assert_int_equal(
        number(db, "SELECT COUNT(*) FROM t WHERE a LIKE 'x''; DROP%' AND b = -5 AND c = '?'"), 1);
    conf_close(conn);
}

static const struct url_case {
    const char *url;
    const char *part; /* of the error; NULL: it is one for the server */
} urls[] = {
    { "mysql://u@127.0.0.1:1/d?ssl-mode=sometimes", "ssl-mode" },
    { "mysql://u@127.0.0.1:1/d?sslmode=verify_identity&nosuch=1", "nosuch" },
    { "mysql://u@127.0.0.1:1/d?connect-timeout=soon", "connect-timeout" },
    { "mysql://u@127.0.0.1:1/d?protocol=pipe", "protocol" },
    { "mysql://u@127.0.0.1:1/d?tls=perhaps", "tls" },
    { "mysql://u@127.0.0.1:1/d?sql-mode=a'b", "sql-mode" },
    { "mysql://u@a,b/d", "one host" },
    { "mysql://u@127.0.0.1:1/", "names no database" },
    { "mysql://u@127.0.0.1:1/d?parseTime=true&multiStatements=true&loc=UTC&charset=utf8&x-no-lock=true",
      NULL },
    { "mysql://u@127.0.0.1:1/d?tls=skip-verify&timeout=2s&ssl_cipher=AES&compress=1", NULL },
    { "mysql://u@127.0.0.1:1/d?charset=latin1&x-other=1&x-statement-timeout=5", NULL },
    { "mysql://u@[::1]:1/d?ssl-ca=/nosuch&ssl-key-password=k&x-tls-insecure-skip-verify=1", NULL },
    { "mysql://u@localhost/d?socket=/nosuch/socket&ssl=0&password=p&plugin-dir=/nosuch", NULL },
};

static void urls_are_read_as_users_know_them(void **state)
{
    conf_db *db = *state;

    for (size_t i = 0; i < BRN_ARRAY_LEN(urls); i++) {
        brn_conn *conn = NULL;
        brant_error *err = NULL;
        brant_status st;

        print_message("  %s\n", urls[i].url);
        assert_int_equal(
            brn_url_parse(&db->parsed, &db->arena, brn_str_from(urls[i].url), NULL), BRANT_OK);
        st = conf_try_connect(&conn, db, 0, &err);
        assert_int_equal(st, urls[i].part != NULL ? BRANT_EUSAGE : BRANT_ECONNECT);
        assert_non_null(strstr(
            brant_error_message(err), urls[i].part != NULL ? urls[i].part : "could not connect"));
        brant_error_free(err);
    }
}

/* --- a lease ---------------------------------------------------------------------------------- */

#define LEASE_MS 300

static void ask_for_lease(conf_db *db)
{
    use_url(db, "lock=lease");
    db->lease_ms = LEASE_MS;
}

static brn_lock_holder holder_of(brn_conn *conn)
{
    brn_lock_holder holder = { 0 };
    brant_error *err = NULL;
    brant_status st = conn->engine->lock_holder(&holder, conn, &err);

    conf_ok(st, err);
    return holder;
}

/* As on another node: there nobody knows of GET_LOCK(). */
static void free_session_lock(brn_conn *conn, conf_db *db)
{
    char sql[BRN_MYSQL_LOCK_NAME + 40];

    (void)snprintf(
        sql, sizeof(sql), "DO RELEASE_LOCK('%s')", brn_mysql_lock_name((brn_mysql *)conn));
    conf_run_sql(conn, db, sql);
}

static brant_status run_bracket(brn_conn *conn, conf_db *db, brant_error **err)
{
    brn_program program = { 0 };
    brn_run_state state;

    add_bracket(&program, db, "CREATE TABLE IF NOT EXISTS t (a int)");
    return conn->engine->run(conn, &program, NULL, NULL, &state, err);
}

static void a_lease_is_renewed_while_it_is_held(void **state)
{
    conf_db *db = *state;
    brn_conn *conn = NULL;
    brn_conn *other = NULL;
    brn_lock_holder first;
    brn_lock_holder later;
    brant_error *err = NULL;
    brant_status st;

    ask_for_lease(db);
    conn = with_row(db);
    other = conf_connect(db);
    first = holder_of(other);
    assert_true(first.held);
    assert_false(first.mine);
    assert_true(first.fence > 1);
    for (int i = 0; i < 40; i++) {
        brn_clock_sleep_ms(LEASE_MS / 10);
        assert_int_equal(other->engine->lock(other, "other", NULL), BRANT_ELOCKED);
    }
    later = holder_of(conn);
    assert_true(later.mine);
    assert_int_equal(later.fence, first.fence);
    assert_true(later.expires_us > first.expires_us + LEASE_MS * 1000);
    st = run_bracket(conn, db, &err);
    conf_ok(st, err);
    conf_close(conn);
    assert_false(holder_of(other).held);
    assert_int_equal(other->engine->lock(other, "other", NULL), BRANT_OK);
    conf_close(other);
}

static void without_its_lease_a_run_does_nothing(void **state)
{
    conf_db *db = *state;
    brn_conn *conn = NULL;
    brn_conn *other = NULL;
    brant_error *err = NULL;
    brant_status st;

    ask_for_lease(db);
    conn = with_row(db);
    other = conf_connect(db);
    free_session_lock(conn, db);
    brn_heartbeat_stop(((brn_mysql *)conn)->lease.heartbeat);
    ((brn_mysql *)conn)->lease.heartbeat = NULL;
    st = BRANT_ELOCKED;
    for (int i = 0; i < 1000 && st == BRANT_ELOCKED; i++) {
        brn_clock_sleep_ms(10);
        st = other->engine->lock(other, "other", NULL);
    }
    assert_int_equal(st, BRANT_OK);
    st = run_bracket(conn, db, &err);
    conf_expect(st, err, BRANT_ELOCKED, "lock.lost");
    assert_int_equal(number(db, db->quirks->count_tables), 0);
    conf_close(conn);
    assert_true(holder_of(other).mine);
    conf_close(other);
}

static void a_lease_can_be_taken_away(void **state)
{
    conf_db *db = *state;
    brn_conn *conn = NULL;
    brn_conn *other = NULL;
    brn_lock_holder holder;
    brant_error *err = NULL;
    brant_status st;

    ask_for_lease(db);
    conn = with_row(db);
    other = conf_connect(db);
    free_session_lock(conn, db); /* else its session is ended as well */
    holder = holder_of(other);
    st = other->engine->lock_break(other, &holder, &err);
    conf_ok(st, err);
    assert_false(holder_of(other).held);
    st = run_bracket(conn, db, &err);
    conf_expect(st, err, BRANT_ELOCKED, "lock.lost");
    assert_int_equal(number(db, db->quirks->count_tables), 0);
    conf_close(conn);
    conf_close(other);
}

int conf_own_mysql(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_bracket_is_one_round_trip),
        TEST(a_statement_that_fails_has_no_outcome),
        TEST(without_the_lock_a_bracket_does_nothing),
        TEST(a_procedure_may_have_several_answers),
        TEST(numbers_without_a_sign_keep_their_digits),
        TEST(a_body_is_stored_as_it_is_written),
        TEST(what_is_for_another_server_is_idle),
        TEST(a_call_that_commits_is_found_out),
        TEST(a_session_that_is_killed_comes_back_with_its_lock),
        TEST(the_mode_of_the_session_is_known),
        TEST(the_mode_of_the_url_stays),
        TEST(a_run_waits_behind_a_failover),
        TEST(values_stand_only_where_they_are_asked_for),
        TEST(urls_are_read_as_users_know_them),
        TEST(a_lease_is_renewed_while_it_is_held),
        TEST(without_its_lease_a_run_does_nothing),
        TEST(a_lease_can_be_taken_away),
    };

    return cmocka_run_group_tests_name("mysql", tests, NULL, NULL);
}
