/* SPDX-License-Identifier: Apache-2.0 */
/* What looking says while somebody else is at work, and when it is cancelled. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "support/work.h"

static const work_file files[] = {
    { "migrations/001_a.up.sql", "CREATE TABLE a (x);\n" },
    { "migrations/002_b.up.sql",
      "-- brant: transaction=off\nCREATE TABLE b (x);\nCREATE TABLE c (x);\n" },
    { NULL, NULL },
};

/* ---- a run at work ---- */

typedef struct onlooker {
    brant_session *session;
    char seen[1024];
} onlooker;

/* "STATE: ID, ID; ID, ID": of the overview, then what validation finds. */
static void look_at(onlooker *o, brant_session *session)
{
    brant_overview *overview = NULL;
    brant_validation *validation = NULL;
    size_t len;

    assert_int_equal(brant_look(&overview, session, NULL), BRANT_OK);
    assert_int_equal(brant_validate(&validation, session, NULL), BRANT_OK);
    len = (size_t)snprintf(o->seen, sizeof(o->seen), "%s:", overview->databases[0]->state);
    for (size_t i = 0; i < overview->finding_count; i++) {
        len += (size_t)snprintf(
            o->seen + len, sizeof(o->seen) - len, " %s", overview->findings[i]->message);
    }
    len += (size_t)snprintf(o->seen + len, sizeof(o->seen) - len, ";");
    for (size_t i = 0; i < validation->count; i++) {
        len += (size_t)snprintf(
            o->seen + len, sizeof(o->seen) - len, " %s", validation->findings[i]->id);
    }
    brant_overview_free(overview);
    brant_validation_free(validation);
}

static void look_on(work *w, const brant_event *ev)
{
    if (ev->type == BRANT_EVENT_STATEMENT && strcmp(ev->migration, "002_b") == 0 && ev->done == 2) {
        assert_string_equal(
            work_query(
                w, "app.db", "SELECT statements_done > 0 FROM brant_migrations WHERE id = '002_b'"),
            "1");
        look_at(w->hook_user, ((onlooker *)w->hook_user)->session);
    }
}

static void what_a_run_is_doing_was_not_interrupted(void **state)
{
    onlooker o = { 0 };
    work w;

    (void)state;
    work_start(&w, files);
    (void)work_open(&w);
    work_ok(&w, brant_session_open(&o.session, w.project, NULL, &w.err));
    w.hook = look_on;
    w.hook_user = &o;
    work_up(&w);
    assert_string_equal(o.seen, "running:;");
    look_at(&o, o.session);
    assert_string_equal(o.seen, "current:;");
    /* The same row without a run is one that died. */
    work_exec(
        &w, "app.db",
        "UPDATE brant_migrations SET status = 'running', statements_done = 1 WHERE id = '002_b'");
    look_at(&o, o.session);
    assert_string_equal(
        o.seen, "failed: \"002_b\": was interrupted after 1 of 2 statements; ledger.half_done");
    brant_session_close(o.session);
    work_stop(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_run_is_doing_was_not_interrupted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
