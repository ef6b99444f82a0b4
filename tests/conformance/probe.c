/* SPDX-License-Identifier: Apache-2.0 */
#include "conformance/conformance.h"

#include <string.h>

static void probe_one(const conf_probe *c)
{
    void *state = NULL;
    conf_db *db = NULL;
    brn_conn *conn = NULL;
    brn_evidence evidence = { 0 };
    brn_stmt stmt = { .text = brn_str_from(c->stmt), .line = 1, .column = 1 };
    brant_error *err = NULL;

    assert_int_equal(conf_setup(&state), 0);
    db = state;
    if (c->where != NULL && db->quirks->number(db->url, c->where) == 0) {
        print_message("  %s: the server cannot\n", c->name);
        (void)conf_teardown(&state);
        return;
    }
    print_message("  %s\n", c->name);
    conn = conf_connect(db);
    if (c->before != NULL) {
        conf_run_sql(conn, db, c->before);
    }
    conf_ok(conn->engine->probe(&evidence, &db->arena, conn, &stmt, &err), err);
    if (evidence.verdict != c->verdict) {
        fail_msg("%s: verdict %d: %s", c->name, (int)evidence.verdict, evidence.text);
    }
    assert_non_null(evidence.text);
    if (strstr(evidence.text, c->evidence) == NULL) {
        fail_msg("%s: \"%s\" is not in \"%s\"", c->name, c->evidence, evidence.text);
    }
    conf_close(conn);
    (void)conf_teardown(&state);
}

static void probes_tell_what_they_see(void **state)
{
    const conf_quirks *quirks = conf_engine();

    (void)state;
    if ((quirks->caps & BRN_CAP_PROBE) == 0) {
        skip();
    }
    for (size_t i = 0; i < quirks->probe_count; i++) {
        probe_one(&quirks->probes[i]);
    }
}

static void objects_are_the_users_own_and_sorted(void **state)
{
    conf_db *db = *state;
    brn_conn *conn = conf_connect(db);
    brn_object_list list = { 0 };
    brant_error *err = NULL;

    if ((conn->caps & BRN_CAP_OBJECTS) == 0) {
        conf_close(conn);
        skip();
    }
    conf_ok(conn->engine->objects(&list, &db->arena, conn, &err), err);
    assert_int_equal(list.count, 0);
    conf_ensure(conn, db);
    conf_run_sql(conn, db, db->quirks->create_table);
    conf_run_sql(conn, db, "CREATE INDEX zz ON t (a);;CREATE INDEX aa ON t (a)");
    conf_ok(conn->engine->objects(&list, &db->arena, conn, &err), err);
    assert_int_equal(list.count, 3);
    assert_string_equal(list.items[0].name, "aa");
    assert_string_equal(list.items[1].name, "zz");
    assert_string_equal(list.items[2].name, "t");
    assert_string_equal(list.items[2].type, "table");
    assert_string_equal(list.items[2].definition, db->quirks->create_table);
    conf_close(conn);
}

int conf_group_probe(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(probes_tell_what_they_see),
        TEST(objects_are_the_users_own_and_sorted),
    };

    return cmocka_run_group_tests_name("probe", tests, NULL, NULL);
}
