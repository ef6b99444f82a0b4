/* SPDX-License-Identifier: Apache-2.0 */
#include "conformance/conformance.h"

#include <string.h>

/* --- helpers ---------------------------------------------------------------------------------- */

static void run_one(brn_conn *conn, conf_db *db, brn_ledger_op_type type, const brn_ledger_row *row)
{
    brn_program program = { .run_id = "run-1" };
    brn_run_state state;
    brant_error *err = NULL;

    conf_add_ledger(&program, db, type, row);
    conf_ok(conn->engine->run(conn, &program, NULL, NULL, &state, &err), err);
}

static brn_ledger_state read_ledger(brn_conn *conn, conf_db *db)
{
    brn_ledger_state ledger = { 0 };
    brant_error *err = NULL;

    conf_ok(conn->engine->ledger_read(&ledger, &db->arena, conn, BRN_LEDGER_FULL, &err), err);
    return ledger;
}

static void assert_text(const char *got, const char *want)
{
    assert_string_equal(got != NULL ? got : "", want != NULL ? want : "");
}

static void assert_same_row(const brn_ledger_row *got, const brn_ledger_row *want)
{
    assert_text(got->id, want->id);
    assert_text(got->version, want->version);
    assert_int_equal(got->seq, want->seq);
    assert_int_equal(got->status, want->status);
    assert_int_equal(got->direction, want->direction);
    assert_text(got->kind, want->kind);
    assert_int_equal(got->required, want->required);
    assert_text(got->phase, want->phase);
    assert_text(got->checksum, want->checksum);
    assert_text(got->down_checksum, want->down_checksum);
    assert_text(got->requires, want->requires);
    assert_text(got->min_read_version, want->min_read_version);
    assert_int_equal(got->stmts_total, want->stmts_total);
    assert_int_equal(got->stmts_done, want->stmts_done);
    assert_int_equal(got->intent, want->intent);
    assert_text(got->intent_digest, want->intent_digest);
    assert_text(got->done_digest, want->done_digest);
    assert_int_equal(got->started_us, want->started_us);
    assert_int_equal(got->finished_us, want->finished_us);
    assert_int_equal(got->duration_ms, want->duration_ms);
    assert_text(got->who, want->who);
    assert_text(got->tool, want->tool);
    assert_text(got->run_id, want->run_id);
    assert_text(got->error, want->error);
    assert_int_equal(got->format, want->format);
}

static const brn_ledger_row full_row = {
    .id = "003_users \"it's\"",
    .version = "003",
    .seq = 9007199254740993,
    .status = BRN_ROW_FAILED,
    .direction = BRN_DOWN,
    .kind = "manual",
    .required = true,
    .phase = "contract",
    .checksum = "c1",
    .down_checksum = "c2",
    .requires = "001_a,events:002_b",
    .min_read_version = "1.4.0",
    .stmts_total = 12,
    .stmts_done = 5,
    .intent = 6,
    .intent_digest = "d6",
    .done_digest = "d5",
    .started_us = 1700000000123000,
    .finished_us = 1700000001456000,
    .duration_ms = 1333,
    .who = "ann@h\xc3\xb6st",
    .tool = "0.1.0",
    .run_id = "0123456789abcdef0123456789abcdef",
    .error = "syntax error\nnear \"x\"",
    .format = BRN_LEDGER_FORMAT,
};

/* --- tests ------------------------------------------------------------------------------------ */

static void no_ledger_is_no_error(void **state)
{
    conf_db *db = *state;
    brn_conn *conn = conf_connect(db);
    brn_ledger_state ledger = read_ledger(conn, db);
    brn_history_rows rows = { 0 };
    brant_error *err = NULL;

    assert_false(ledger.exists);
    assert_int_equal(ledger.rows.count, 0);
    conf_ok(conn->engine->history_read(&rows, &db->arena, conn, 0, &err), err);
    assert_int_equal(rows.count, 0);
    conf_close(conn);
}

static void ensuring_twice_is_fine(void **state)
{
    conf_db *db = *state;
    brn_conn *conn = conf_connect(db);
    brn_ledger_state ledger;

    conf_ensure(conn, db);
    conf_ensure(conn, db);
    ledger = read_ledger(conn, db);
    assert_true(ledger.exists);
    assert_int_equal(ledger.rows.count, 0);
    conf_close(conn);
}

static void every_field_is_read_back_exactly(void **state)
{
    conf_db *db = *state;
    brn_conn *conn = conf_connect(db);
    brn_ledger_row small = conf_row("m1", BRN_ROW_RUNNING);
    brn_ledger_state ledger;

    small.requires = "";
    conf_ensure(conn, db);
    run_one(conn, db, BRN_LEDGER_PUT, &full_row);
    run_one(conn, db, BRN_LEDGER_PUT, &small);
    ledger = read_ledger(conn, db);
    assert_int_equal(ledger.rows.count, 2);
    assert_same_row(&ledger.rows.items[0], &small);
    assert_same_row(&ledger.rows.items[1], &full_row);
    conf_close(conn);
}

static const brn_ledger_row *find_row(const brn_ledger_state *ledger, const char *id)
{
    for (size_t i = 0; i < ledger->rows.count; i++) {
        if (strcmp(ledger->rows.items[i].id, id) == 0) {
            return &ledger->rows.items[i];
        }
    }
    return NULL;
}

static brn_ledger_state read_briefly(brn_conn *conn, conf_db *db)
{
    brn_ledger_state ledger = { 0 };
    uint64_t before = conn->requests;
    brant_error *err = NULL;

    conf_ok(conn->engine->ledger_read(&ledger, &db->arena, conn, BRN_LEDGER_BRIEF, &err), err);
    /* Where there is no ledger yet, one may be asked what another tool has left. */
    assert_in_range(conn->requests, before + 1, before + (ledger.exists ? 1 : 2));
    return ledger;
}

static void a_brief_look_agrees_with_a_full_one(void **state)
{
    conf_db *db = *state;
    brn_conn *conn = conf_connect(db);
    brn_ledger_row rows[] = {
        full_row,
        conf_row("m1", BRN_ROW_COMPLETED),
        conf_row("m2", BRN_ROW_RUNNING),
        conf_row("m3", BRN_ROW_COMPLETED),
    };
    brn_ledger_state brief = read_briefly(conn, db);
    brn_ledger_state full;

    assert_false(brief.exists);
    assert_int_equal(brief.rows.count, 0);
    rows[1].checksum = "c1";
    rows[3].checksum = "";
    conf_ensure(conn, db);
    for (size_t i = 0; i < BRN_ARRAY_LEN(rows); i++) {
        run_one(conn, db, BRN_LEDGER_PUT, &rows[i]);
    }
    full = read_ledger(conn, db);
    brief = read_briefly(conn, db);
    assert_true(brief.exists);
    assert_int_equal(brief.rows.count, full.rows.count);
    for (size_t i = 0; i < full.rows.count; i++) {
        const brn_ledger_row *want = &full.rows.items[i];
        const brn_ledger_row *got = find_row(&brief, want->id);

        assert_non_null(got);
        assert_int_equal(got->status, want->status);
        assert_text(got->checksum, want->checksum);
        assert_true(want->status != BRN_ROW_COMPLETED || got->direction == want->direction);
        assert_int_equal(got->format, 0); /* never to be written */
        assert_true(want->format > 0);
    }
    conf_close(conn);
}

static void put_replaces_the_whole_row(void **state)
{
    conf_db *db = *state;
    brn_conn *conn = conf_connect(db);
    brn_ledger_row row = conf_row(full_row.id, BRN_ROW_COMPLETED);
    brn_ledger_state ledger;

    conf_ensure(conn, db);
    run_one(conn, db, BRN_LEDGER_PUT, &full_row);
    run_one(conn, db, BRN_LEDGER_PUT, &row);
    ledger = read_ledger(conn, db);
    assert_int_equal(ledger.rows.count, 1);
    assert_same_row(&ledger.rows.items[0], &row);
    conf_close(conn);
}

static void a_stamp_gives_time_and_duration(void **state)
{
    conf_db *db = *state;
    brn_conn *conn = conf_connect(db);
    brn_ledger_row row = conf_row("m1", BRN_ROW_COMPLETED);
    brn_ledger_op op = { .type = BRN_LEDGER_PUT, .stamp = true, .row = &row };
    brn_program program = { 0 };
    brn_run_state run;
    brant_error *err = NULL;
    brn_ledger_state ledger;

    conf_ensure(conn, db);
    conf_add(&program, db, BRN_OP_LEDGER)->ledger = &op;
    conf_ok(conn->engine->run(conn, &program, NULL, NULL, &run, &err), err);
    ledger = read_ledger(conn, db);
    assert_true(ledger.rows.items[0].finished_us > 1700000000000000);
    assert_in_range(ledger.rows.items[0].duration_ms, 0, 10000);
    conf_close(conn);
}

static void intent_outcome_fail_and_remove_change_their_fields_only(void **state)
{
    conf_db *db = *state;
    brn_conn *conn = conf_connect(db);
    brn_ledger_row row = full_row;
    brn_ledger_row want = full_row;
    brn_ledger_state ledger;

    conf_ensure(conn, db);
    want.status = row.status = BRN_ROW_RUNNING;
    run_one(conn, db, BRN_LEDGER_PUT, &row);

    row = (brn_ledger_row){ .id = want.id, .intent = 7, .intent_digest = "d7", .stmts_done = 6 };
    run_one(conn, db, BRN_LEDGER_INTENT, &row);
    want.intent = 7;
    want.intent_digest = "d7";
    want.stmts_done = 6;
    ledger = read_ledger(conn, db);
    assert_same_row(&ledger.rows.items[0], &want);

    row = (brn_ledger_row){ .id = want.id, .stmts_done = 7, .done_digest = "e7" };
    run_one(conn, db, BRN_LEDGER_OUTCOME, &row);
    want.intent = 0;
    want.intent_digest = NULL;
    want.stmts_done = 7;
    want.done_digest = "e7";
    ledger = read_ledger(conn, db);
    assert_same_row(&ledger.rows.items[0], &want);

    row = (brn_ledger_row){ .id = want.id, .error = "boom", .intent = 8 };
    run_one(conn, db, BRN_LEDGER_FAIL, &row);
    want.status = BRN_ROW_FAILED;
    want.error = "boom";
    want.intent = 8;
    ledger = read_ledger(conn, db);
    assert_true(ledger.rows.items[0].finished_us > want.finished_us);
    want.finished_us = ledger.rows.items[0].finished_us;
    assert_same_row(&ledger.rows.items[0], &want);

    run_one(conn, db, BRN_LEDGER_REMOVE, &row);
    assert_int_equal(read_ledger(conn, db).rows.count, 0);
    conf_close(conn);
}

static void progress_of_a_row_that_is_gone_is_an_error(void **state)
{
    static const brn_ledger_op_type types[] = { BRN_LEDGER_INTENT, BRN_LEDGER_OUTCOME,
                                                BRN_LEDGER_FAIL };
    conf_db *db = *state;
    brn_conn *conn = conf_connect(db);
    brn_ledger_row row = { .id = "nobody" };

    conf_ensure(conn, db);
    for (size_t i = 0; i < BRN_ARRAY_LEN(types); i++) {
        brn_program program = { 0 };
        brn_run_state run;
        brant_error *err = NULL;
        brant_status st;

        conf_add_ledger(&program, db, types[i], &row);
        st = conn->engine->run(conn, &program, NULL, NULL, &run, &err);
        conf_expect(st, err, BRANT_EDRIFT, "ledger.row_missing");
    }
    conf_close(conn);
}

static brn_mirror_state read_mirror(brn_conn *conn, conf_db *db)
{
    brn_mirror_state state = { 0 };
    brant_error *err = NULL;

    conf_ok(conn->engine->mirror_read(&state, &db->arena, conn, BRN_MIRROR_GOFR, &err), err);
    return state;
}

static void run_mirror(
    brn_conn *conn, conf_db *db, brn_ledger_op_type type, const brn_ledger_row *row, bool stamp)
{
    const brn_ledger_op op = {
        .type = type, .stamp = stamp, .mirror = BRN_MIRROR_GOFR, .row = row
    };
    brn_program program = { 0 };
    brn_run_state run;
    brant_error *err = NULL;

    conf_add(&program, db, BRN_OP_LEDGER)->ledger = &op;
    conf_ok(conn->engine->run(conn, &program, NULL, NULL, &run, &err), err);
}

static void a_mirror_is_kept(void **state)
{
    const brn_ledger_row early = { .version = "007",
                                   .started_us = 1709000000000000,
                                   .duration_ms = -1 };
    const brn_ledger_row late = { .version = "9223372036854775807",
                                  .started_us = 1709000001000000,
                                  .duration_ms = 12 };
    conf_db *db = *state;
    brn_conn *conn = conf_connect(db);
    brn_mirror_state mirror;

    (void)read_ledger(conn, db);
    if ((conn->caps & BRN_CAP_MIRROR) == 0) {
        conf_close(conn);
        skip();
    }
    assert_false(read_mirror(conn, db).exists);
    run_mirror(conn, db, BRN_LEDGER_ENSURE, NULL, false);
    run_mirror(conn, db, BRN_LEDGER_ENSURE, NULL, false);
    mirror = read_mirror(conn, db);
    assert_true(mirror.exists);
    assert_int_equal(mirror.rows.count, 0);
    run_mirror(conn, db, BRN_LEDGER_MIRROR_PUT, &late, false);
    run_mirror(conn, db, BRN_LEDGER_MIRROR_PUT, &early, false);
    mirror = read_mirror(conn, db);
    assert_int_equal(mirror.rows.count, 2);
    assert_int_equal(mirror.rows.items[0].version, 7);
    assert_int_equal(mirror.rows.items[0].started_us, early.started_us);
    assert_int_equal(mirror.rows.items[0].duration_ms, -1);
    assert_int_equal(mirror.rows.items[1].version, INT64_MAX);
    assert_int_equal(mirror.rows.items[1].duration_ms, 12);
    run_mirror(conn, db, BRN_LEDGER_MIRROR_PUT, &early, true); /* in the place of the other */
    run_mirror(conn, db, BRN_LEDGER_MIRROR_REMOVE, &late, false);
    run_mirror(conn, db, BRN_LEDGER_MIRROR_REMOVE, &late, false);
    mirror = read_mirror(conn, db);
    assert_int_equal(mirror.rows.count, 1);
    assert_int_equal(mirror.rows.items[0].version, 7);
    assert_true(mirror.rows.items[0].started_us > early.started_us);
    assert_in_range(mirror.rows.items[0].duration_ms, 0, 10000);
    conf_close(conn);
}

static void history_keeps_order_and_limit(void **state)
{
    static const char *const hashes[] = { "h1", "h2", "h3", "h4" };
    conf_db *db = *state;
    brn_conn *conn = conf_connect(db);
    brn_program program = { 0 };
    brn_history_rows rows = { 0 };
    brn_run_state run;
    brant_error *err = NULL;

    conf_ensure(conn, db);
    for (size_t i = 0; i < BRN_ARRAY_LEN(hashes); i++) {
        brn_history_row row = {
            .run_id = "r",
            .action = "up",
            .migration = i == 0 ? NULL : "m1",
            .outcome = "ok",
            .checksum = "c",
            .detail = "said \"so\"",
            .who = "ann@host",
            .tool = "0.1.0",
            .at_us = 1700000000123000,
            .duration_ms = (int64_t)i - 1,
            .prev = i == 0 ? "" : hashes[i - 1],
            .hash = hashes[i],
            .format = BRN_LEDGER_FORMAT,
        };

        conf_add_history(&program, db, &row);
    }
    conf_ok(conn->engine->run(conn, &program, NULL, NULL, &run, &err), err);
    conf_ok(conn->engine->history_read(&rows, &db->arena, conn, 0, &err), err);
    assert_int_equal(rows.count, 4);
    for (size_t i = 0; i < rows.count; i++) {
        assert_text(rows.items[i].hash, hashes[i]);
        assert_string_equal(rows.items[i].prev, i == 0 ? "" : hashes[i - 1]);
        assert_true(i == 0 || rows.items[i].seq > rows.items[i - 1].seq);
        assert_int_equal(rows.items[i].duration_ms, (int64_t)i - 1);
        assert_int_equal(rows.items[i].at_us, 1700000000123000);
        assert_text(rows.items[i].detail, "said \"so\"");
        assert_text(rows.items[i].migration, i == 0 ? NULL : "m1");
    }
    rows = (brn_history_rows){ 0 };
    conf_ok(conn->engine->history_read(&rows, &db->arena, conn, 2, &err), err);
    assert_int_equal(rows.count, 2);
    assert_text(rows.items[0].hash, "h3");
    assert_text(rows.items[1].hash, "h4");
    conf_close(conn);
}

static void expect_unreadable(
    conf_db *db,
    brn_ledger_detail detail,
    const char *spoil,
    brant_status want,
    const char *id,
    const char *part)
{
    brn_conn *conn = conf_connect(db);
    brn_ledger_row row = conf_row("m1", BRN_ROW_COMPLETED);
    brn_ledger_state ledger = { 0 };
    brant_error *err = NULL;
    brant_status st;

    if (spoil == NULL) {
        conf_close(conn);
        skip();
    }
    row.started_us = 1700000000123000;
    conf_ensure(conn, db);
    run_one(conn, db, BRN_LEDGER_PUT, &row);
    conf_run_sql(conn, db, spoil);
    st = conn->engine->ledger_read(&ledger, &db->arena, conn, detail, &err);
    assert_non_null(strstr(brant_error_message(err), part));
    assert_non_null(strstr(brant_error_message(err), "m1"));
    assert_non_null(brant_error_hint(err));
    conf_expect(st, err, want, id);
    conf_close(conn);
}

static void a_row_of_a_newer_brant_is_left_alone(void **state)
{
    conf_db *db = *state;

    expect_unreadable(
        db, BRN_LEDGER_FULL, db->quirks->ledger_newer, BRANT_EUNSUPPORTED, "ledger.newer", "9.9.9");
}

static void a_brief_look_leaves_a_newer_row_alone_too(void **state)
{
    conf_db *db = *state;

    expect_unreadable(
        db, BRN_LEDGER_BRIEF, db->quirks->ledger_newer, BRANT_EUNSUPPORTED, "ledger.newer",
        "9.9.9");
}

static void an_unknown_status_names_the_row(void **state)
{
    conf_db *db = *state;

    expect_unreadable(
        db, BRN_LEDGER_FULL, db->quirks->ledger_status, BRANT_EDRIFT, "ledger.unreadable",
        "\"status\"");
}

static void a_brief_look_names_it_too(void **state)
{
    conf_db *db = *state;

    expect_unreadable(
        db, BRN_LEDGER_BRIEF, db->quirks->ledger_status, BRANT_EDRIFT, "ledger.unreadable",
        "\"status\"");
}

static void a_bad_time_names_the_row(void **state)
{
    conf_db *db = *state;

    expect_unreadable(
        db, BRN_LEDGER_FULL, db->quirks->ledger_time, BRANT_EDRIFT, "ledger.unreadable",
        "\"started_at\"");
}

static void a_table_of_something_else_is_told(void **state)
{
    conf_db *db = *state;
    brn_conn *conn = conf_connect(db);
    brn_ledger_state ledger = { 0 };
    brant_error *err = NULL;
    brant_status st;

    if (db->quirks->ledger_other == NULL) {
        conf_close(conn);
        skip();
    }
    conf_run_sql(conn, db, db->quirks->ledger_other);
    st = conn->engine->ledger_read(&ledger, &db->arena, conn, BRN_LEDGER_FULL, &err);
    conf_expect(st, err, BRANT_EDRIFT, "ledger.unreadable");
    conf_close(conn);
}

static void more_columns_are_fine(void **state)
{
    conf_db *db = *state;
    brn_conn *conn = conf_connect(db);
    brn_ledger_state ledger;

    if (db->quirks->ledger_wider == NULL) {
        conf_close(conn);
        skip();
    }
    conf_ensure(conn, db);
    run_one(conn, db, BRN_LEDGER_PUT, &full_row);
    conf_run_sql(conn, db, db->quirks->ledger_wider);
    run_one(conn, db, BRN_LEDGER_PUT, &full_row);
    ledger = read_ledger(conn, db);
    assert_int_equal(ledger.rows.count, 1);
    assert_same_row(&ledger.rows.items[0], &full_row);
    conf_close(conn);
}

static void reading_is_one_request(void **state)
{
    conf_db *db = *state;
    brn_conn *conn = conf_connect(db);
    uint64_t before;

    conf_ensure(conn, db);
    before = conn->requests;
    (void)read_ledger(conn, db);
    assert_int_equal(conn->requests, before + 1);
    conf_close(conn);
}

static void an_unknown_schema_is_refused(void **state)
{
    conf_db *db = *state;
    brn_conn *conn = NULL;
    brn_ledger_state ledger;
    brant_error *err = NULL;
    brant_status st;

    db->ledger_schema = "no such \"schema\"";
    st = conf_try_connect(&conn, db, BRN_CONNECT_CREATE, &err);
    if (st == BRANT_OK) {
        /* Where connecting asks nothing: at the first look. */
        st = conn->engine->ledger_read(&ledger, &db->arena, conn, BRN_LEDGER_BRIEF, &err);
        conf_close(conn);
    }
    conf_expect(st, err, BRANT_EUSAGE, "ledger.no_schema");
}

int conf_group_ledger(void)
{
    const struct CMUnitTest tests[] = {
        TEST(no_ledger_is_no_error),
        TEST(ensuring_twice_is_fine),
        TEST(every_field_is_read_back_exactly),
        TEST(a_brief_look_agrees_with_a_full_one),
        TEST(put_replaces_the_whole_row),
        TEST(a_stamp_gives_time_and_duration),
        TEST(intent_outcome_fail_and_remove_change_their_fields_only),
        TEST(progress_of_a_row_that_is_gone_is_an_error),
        TEST(a_mirror_is_kept),
        TEST(history_keeps_order_and_limit),
        TEST(a_row_of_a_newer_brant_is_left_alone),
        TEST(a_brief_look_leaves_a_newer_row_alone_too),
        TEST(an_unknown_status_names_the_row),
        TEST(a_brief_look_names_it_too),
        TEST(a_bad_time_names_the_row),
        TEST(a_table_of_something_else_is_told),
        TEST(more_columns_are_fine),
        TEST(reading_is_one_request),
        TEST(an_unknown_schema_is_refused),
    };

    return cmocka_run_group_tests_name("ledger", tests, NULL, NULL);
}
