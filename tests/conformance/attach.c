/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connections that the host program lends: brant works on them, and leaves nothing behind.
 */
#include "conformance/conformance.h"

#include <string.h>

/* A host with its connection; the URL of the test's database is that of the connection. */
typedef struct host {
    void *handle;
    brn_lent lent;
} host;

static host host_of(conf_db *db, bool in_memory)
{
    host h = { 0 };

    if ((db->quirks->caps & BRN_CAP_ATTACH) == 0) {
        skip();
    }
    if (in_memory && db->quirks->memory_url == NULL) {
        skip();
    }
    if (in_memory) {
        assert_int_equal(
            brn_url_parse(&db->parsed, &db->arena, brn_str_from(db->quirks->memory_url), NULL),
            BRANT_OK);
    }
    h.handle = db->quirks->host_open(in_memory ? NULL : db->url);
    assert_non_null(h.handle);
    h.lent.handle = h.handle;
    return h;
}

static brant_status attach(brn_conn **out, conf_db *db, const host *h, brant_error **err)
{
    brant_status st;

    db->lent = &h->lent;
    st = conf_try_connect(out, db, 0, err);
    db->lent = NULL;
    return st;
}

static brn_conn *attached(conf_db *db, const host *h)
{
    brn_conn *conn = NULL;
    brant_error *err = NULL;

    conf_ok(attach(&conn, db, h, &err), err);
    return conn;
}

static void migrate(brn_conn *conn, conf_db *db)
{
    brn_program program = { 0 };
    brn_run_state run;
    brant_error *err = NULL;

    conf_ensure(conn, db);
    if ((conn->caps & BRN_CAP_LOCK) != 0) {
        conf_ok(conn->engine->lock(conn, "x", &err), err);
    }
    conf_migration(&program, db);
    conf_ok(conn->engine->run(conn, &program, NULL, NULL, &run, &err), err);
    if ((conn->caps & BRN_CAP_LOCK) != 0) {
        conn->engine->unlock(conn);
    }
}

/* --- working ---------------------------------------------------------------------------------- */

static void the_host_sees_what_was_done_on_its_connection(void **state)
{
    for (int in_memory = 0; in_memory < 2; in_memory++) {
        conf_db *db = *state;
        host h = host_of(db, in_memory != 0);
        brn_conn *conn = attached(db, &h);
        brn_ledger_state ledger = { 0 };
        brant_error *err = NULL;

        migrate(conn, db);
        assert_int_equal(db->quirks->host_number(h.handle, db->quirks->count_rows), 3);
        assert_true(db->quirks->host_run(h.handle, db->quirks->insert_rows));
        conf_ok(conn->engine->ledger_read(&ledger, &db->arena, conn, BRN_LEDGER_FULL, &err), err);
        assert_int_equal(ledger.rows.count, 1);
        conf_close(conn);
        /* It is open, and not brant's any more. */
        assert_true(db->quirks->host_run(h.handle, db->quirks->insert_rows));
        assert_int_equal(db->quirks->host_number(h.handle, db->quirks->count_rows), 9);
        db->quirks->host_close(h.handle);
    }
}

static void it_can_be_lent_again(void **state)
{
    conf_db *db = *state;
    host h = host_of(db, true);

    for (int i = 0; i < 3; i++) {
        brn_conn *conn = attached(db, &h);

        conf_ensure(conn, db);
        conf_close(conn);
    }
    assert_int_equal(db->quirks->host_number(h.handle, db->quirks->count_ledger), 0);
    db->quirks->host_close(h.handle);
}

/* --- the lock --------------------------------------------------------------------------------- */

static void it_excludes_connections_of_brants_own(void **state)
{
    conf_db *db = *state;
    host h = host_of(db, false);
    brn_conn *lent = attached(db, &h);
    brn_conn *own = conf_connect(db);
    brant_error *err = NULL;
    brant_status st;

    conf_ok(lent->engine->lock(lent, "x", &err), err);
    st = own->engine->lock(own, "y", &err);
    conf_expect(st, err, BRANT_ELOCKED, "lock.held");
    lent->engine->unlock(lent);
    err = NULL;
    conf_ok(own->engine->lock(own, "y", &err), err);
    st = lent->engine->lock(lent, "x", &err);
    conf_expect(st, err, BRANT_ELOCKED, "lock.held");
    conf_close(own);
    err = NULL;
    conf_ok(lent->engine->lock(lent, "x", &err), err);
    conf_close(lent); /* closing frees it */
    own = conf_connect(db);
    conf_ok(own->engine->lock(own, "y", &err), err);
    conf_close(own);
    db->quirks->host_close(h.handle);
}

/* --- transactions ----------------------------------------------------------------------------- */

static void an_open_transaction_is_refused(void **state)
{
    conf_db *db = *state;
    host h = host_of(db, false);
    brn_conn *conn = NULL;
    brant_error *err = NULL;
    brant_status st;

    assert_true(db->quirks->host_run(h.handle, db->quirks->begin));
    st = attach(&conn, db, &h, &err);
    assert_non_null(brant_error_hint(err));
    assert_string_equal(brant_error_database(err), "main");
    conf_expect(st, err, BRANT_EUSAGE, "attach.in_transaction");
    assert_null(conn);
    assert_true(db->quirks->host_run(h.handle, db->quirks->commit));
    conf_close(attached(db, &h));
    db->quirks->host_close(h.handle);
}

/* The host begins one after it has lent the connection. */
static void a_transaction_of_the_host_is_left_alone(void **state)
{
    conf_db *db = *state;
    host h = host_of(db, false);
    brn_conn *conn = attached(db, &h);
    brn_program program = { .migration = "m1", .run_id = "run-1" };
    brn_run_state run = { .ops_done = 9, .in_doubt = true };
    int64_t changed = 0;
    brant_error *err = NULL;
    brant_status st;

    assert_true(db->quirks->host_run(h.handle, db->quirks->begin));
    assert_true(db->quirks->host_run(h.handle, db->quirks->create_table));
    conf_add_sql(&program, db, db->quirks->insert_rows);
    st = conn->engine->run(conn, &program, NULL, NULL, &run, &err);
    assert_string_equal(brant_error_migration(err), "m1");
    conf_expect(st, err, BRANT_EUSAGE, "attach.in_transaction");
    assert_int_equal(run.ops_done, 0);
    assert_false(run.in_doubt);
    err = NULL;
    if ((conn->caps & BRN_CAP_EXECUTE) != 0) {
        st = conf_execute(&changed, conn, db->quirks->insert_rows, NULL, 0, NULL, NULL, &err);
        conf_expect(st, err, BRANT_EUSAGE, "attach.in_transaction");
        err = NULL;
    }
    conf_ok(conn->engine->reset(conn, &err), err);
    conf_close(conn);
    assert_true(db->quirks->host_run(h.handle, db->quirks->commit));
    assert_int_equal(db->quirks->host_number(h.handle, db->quirks->count_rows), 0);
    db->quirks->host_close(h.handle);
}

static void what_fails_half_way_leaves_none_open(void **state)
{
    for (int reset = 0; reset < 2; reset++) {
        conf_db *db = *state;
        host h = host_of(db, true);
        brn_conn *conn = attached(db, &h);
        brn_program program = { .migration = "m1", .run_id = "run-1" };
        brn_run_state run;
        brant_error *err = NULL;
        brant_status st;

        (void)conf_add(&program, db, BRN_OP_BEGIN);
        conf_add_sql(&program, db, db->quirks->create_table);
        conf_add_sql(&program, db, db->quirks->bad_statement);
        (void)conf_add(&program, db, BRN_OP_COMMIT);
        st = conn->engine->run(conn, &program, NULL, NULL, &run, &err);
        conf_expect(st, err, BRANT_ESTATEMENT, "statement.failed");
        err = NULL;
        if (reset != 0) {
            conf_ok(conn->engine->reset(conn, &err), err);
        }
        conf_close(conn);
        assert_int_equal(db->quirks->host_number(h.handle, db->quirks->count_tables), 0);
        assert_true(db->quirks->host_run(h.handle, db->quirks->begin)); /* none is open */
        db->quirks->host_close(h.handle);
    }
}

int conf_group_attach(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_host_sees_what_was_done_on_its_connection),
        TEST(it_can_be_lent_again),
        TEST(it_excludes_connections_of_brants_own),
        TEST(an_open_transaction_is_refused),
        TEST(a_transaction_of_the_host_is_left_alone),
        TEST(what_fails_half_way_leaves_none_open),
    };

    return cmocka_run_group_tests_name("attach", tests, NULL, NULL);
}
