/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scenarios of what only programs do: functions as migrations, connections that are lent, saved
 * plans; and the newer commands.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

#include "fault/scene.h"

/* ---- functions of migrations ---- */

typedef struct reading {
    brant_code *code;
    brant_error **err;
    brant_status status;
} reading;

static int read_row(const brant_row *row, void *user)
{
    reading *r = user;
    brant_value values[2] = { brant_value_text("5"), brant_value_real(0.5) };
    bool good = brant_row_count(row) == 2 && strcmp(brant_row_name(row, 1), "what") == 0 &&
                brant_row_int(row, 0) == 1 && strcmp(brant_row_text(row, 1), "one") == 0 &&
                brant_row_at(row, 0)->type == BRANT_VALUE_INTEGER;

    if (!good) {
        r->status = brant_code_fail(r->code, "the row is another one", r->err);
        return 1;
    }
    r->status = brant_code_run(
        r->code, "INSERT INTO audit (token) SELECT ? WHERE ? = 0.5", values, 2, NULL, r->err);
    return r->status != BRANT_OK;
}

/* Table t5 and token 5, as the migration of that number should leave them. */
static brant_status up_five(brant_code *code, void *user, brant_error **err)
{
    brant_value blob = brant_value_blob("\0b", 2);
    reading r = { code, err, BRANT_OK };
    brant_code *same = NULL;
    brant_status st = brant_code_database(&same, code, "main", err);

    (void)user;
    if (st == BRANT_OK) {
        st = brant_code_run(same, "CREATE TABLE t5 AS SELECT 1 AS a", NULL, 0, NULL, err);
    }
    if (st == BRANT_OK) {
        st = brant_code_check(code, err);
    }
    if (st == BRANT_OK) {
        brant_code_progress(code, 1, 2, "rows");
        st = brant_code_run(code, "UPDATE t5 SET a = ?", &blob, 1, NULL, err);
    }
    if (st == BRANT_OK) {
        st = brant_code_query(code, "SELECT 1 AS n, 'one' AS what", NULL, 0, read_row, &r, err);
    }
    return st == BRANT_OK ? r.status : st;
}

static brant_status down_five(brant_code *code, void *user, brant_error **err)
{
    brant_value five = brant_value_int(5);
    brant_status st = brant_code_run(code, "DROP TABLE t5", NULL, 0, NULL, err);

    (void)user;
    return st != BRANT_OK
               ? st
               : brant_code_run(
                     code, "DELETE FROM audit WHERE token = CAST(? AS TEXT)", &five, 1, NULL, err);
}

static brant_status refuse(brant_code *code, void *user, brant_error **err)
{
    (void)user;
    return brant_code_fail(code, "not today", err);
}

static brant_registration five(brant_code_fn *up)
{
    brant_registration r = BRANT_REGISTRATION_INIT;

    r.id = "5_five";
    r.up = up;
    r.down = down_five;
    r.properties = "required=true help=\"Makes five.\"";
    r.revision = "1";
    return r;
}

static brant_status register_five(scene *s, brant_error **err)
{
    brant_registration r = five(up_five);

    return brant_session_register(s->session, &r, err);
}

static brant_status register_text(scene *s, brant_error **err)
{
    brant_registration r = BRANT_REGISTRATION_INIT;

    r.id = "5_five";
    r.up_text = "-- brant: required=true\nCREATE TABLE t5 (a);\n"
                "INSERT INTO audit (token) VALUES ('5');\n";
    r.down_text = "DROP TABLE t5;\nDELETE FROM audit WHERE token = '5';\n";
    return brant_session_register(s->session, &r, err);
}

static brant_status up(scene *s, brant_error **err)
{
    return brant_up(&s->report, s->session, NULL, err);
}

static brant_status down_all(scene *s, brant_error **err)
{
    brant_run_options opts = BRANT_RUN_OPTIONS_INIT;

    opts.all = 1;
    return brant_down(&s->report, s->session, &opts, err);
}

/* It may have been registered before. */
static brant_status register_and_up(scene *s, brant_error **err)
{
    brant_status st = s->scenario->call(s, err);

    if (st == BRANT_EUSAGE) {
        brant_error_free(*err);
        *err = NULL;
        st = BRANT_OK;
    }
    return st == BRANT_OK ? up(s, err) : st;
}

static void begin_five(scene *s)
{
    brant_error *err = NULL;

    scene_open_session(s);
    scene_need(s, register_five(s, &err), &err);
}

static void begin_text(scene *s)
{
    brant_error *err = NULL;

    scene_open_session(s);
    scene_need(s, register_text(s, &err), &err);
}

static void begin_refusing(scene *s)
{
    brant_registration r = five(refuse);
    brant_error *err = NULL;

    scene_open_session(s);
    scene_need(s, brant_session_register(s->session, &r, &err), &err);
}

static void applied_five(scene *s)
{
    brant_error *err = NULL;

    begin_five(s);
    scene_need(s, brant_up(NULL, s->session, NULL, &err), &err);
}

/* ---- lent connections ---- */

static void begin_with_host(scene *s)
{
    scene_open_session(s);
    if (sqlite3_open(tree_path(&s->dir, "app.db"), &s->host) != SQLITE_OK) {
        fputs("cannot open a database of the host\n", stderr);
        exit(1);
    }
}

static brant_status attach(scene *s, brant_error **err)
{
    static const brant_sqlite_functions functions = BRANT_SQLITE_FUNCTIONS_LINKED;
    brant_attachment mine = BRANT_ATTACHMENT_INIT;

    mine.handle = s->host;
    mine.functions = &functions;
    return brant_session_attach(s->session, &mine, err);
}

static void begin_attached(scene *s)
{
    brant_error *err = NULL;

    begin_with_host(s);
    scene_need(s, attach(s, &err), &err);
}

static void applied_all(scene *s)
{
    brant_error *err = NULL;

    scene_open_session(s);
    scene_need(s, brant_up(NULL, s->session, NULL, &err), &err);
}

/* ---- saved plans ---- */

static brant_status plan_text(scene *s, brant_error **err)
{
    const char *text = NULL;
    brant_status st = brant_plan_up(&s->plan, s->session, NULL, err);

    return st == BRANT_OK ? brant_plan_text(&text, s->plan, err) : st;
}

static void begin_saved(scene *s)
{
    const char *text = NULL;
    brant_error *err = NULL;

    scene_open_session(s);
    scene_need(s, brant_plan_up(&s->plan, s->session, NULL, &err), &err);
    scene_need(s, brant_plan_text(&text, s->plan, &err), &err);
    brn_buf_reset(&s->text);
    brn_buf_add_c(&s->text, text);
    brant_plan_free(s->plan);
    s->plan = NULL;
}

static brant_status apply(scene *s, brant_error **err)
{
    return brant_apply(&s->report, s->session, s->text.ptr, s->text.len, "plan.json", NULL, err);
}

/* ---- looking, files ---- */

static brant_status health(scene *s, brant_error **err)
{
    return brant_health(&s->health, s->session, err);
}

static brant_status sum(scene *s, brant_error **err)
{
    return brant_sum(&s->files, s->project, NULL, err);
}

/* Both databases cannot be reached, or have something pending. */
static const work_file two_unhealthy[] = {
    { "brant.yaml", "databases:\n  main: { url: \"sqlite:app.db\" }\n"
                    "  other: { url: \"sqlite:no/such/other.db\", migrations: other }\n" },
    { "migrations/1_base.up.sql", "CREATE TABLE t1 (a);\n" },
    { "other/1_base.up.sql", "CREATE TABLE t1 (a);\n" },
    { NULL, NULL },
};

static brant_status values(scene *s, brant_error **err)
{
    brant_value all[] = { brant_value_null(), brant_value_int(1), brant_value_real(1.5),
                          brant_value_text("x"), brant_value_blob("y", 1) };

    (void)err;
    for (uint32_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        s->complaint = all[i].type == i ? s->complaint : "a value has another type";
    }
    if (brant_version_compare("1.2", "1.10") >= 0) {
        s->complaint = "versions compare otherwise";
    }
    return BRANT_OK;
}

const scenario scenarios_embed[] = {
    { .name = "register",
      .covers = "brant_session_register",
      .call = register_five,
      .again = register_and_up },
    { .name = "register: a text",
      .covers = "brant_session_register",
      .call = register_text,
      .again = register_and_up },
    { .name = "functions: up",
      .covers = "brant_code_run brant_code_query brant_code_database brant_code_check "
                "brant_code_progress brant_row_count brant_row_name brant_row_at brant_row_int "
                "brant_row_text",
      .call = up,
      .begin = begin_five },
    { .name = "functions: down",
      .covers = "brant_code_run",
      .call = down_all,
      .prepare = applied_five,
      .begin = begin_five },
    { .name = "functions: failing",
      .covers = "brant_code_fail",
      .call = up,
      .begin = begin_refusing },
    { .name = "functions: texts", .covers = "brant_up", .call = up, .begin = begin_text },
    { .name = "attach",
      .covers = "brant_session_attach",
      .call = attach,
      .prepare = applied_all,
      .begin = begin_with_host },
    { .name = "attach: up", .covers = "brant_up", .call = up, .begin = begin_attached },
    { .name = "plan: as text", .covers = "brant_plan_text", .call = plan_text },
    { .name = "apply", .covers = "brant_apply", .call = apply, .again = up, .begin = begin_saved },
    { .name = "health: healthy",
      .covers = "brant_health brant_health_free",
      .call = health,
      .prepare = applied_all },
    { .name = "health: two reasons",
      .covers = "brant_health",
      .call = health,
      .files = two_unhealthy },
    { .name = "sum", .covers = "brant_sum", .call = sum, .begin = scene_open_project },
    { .name = "values",
      .covers = "brant_value_null brant_value_int brant_value_real brant_value_text "
                "brant_value_blob brant_version_compare",
      .call = values,
      .begin = scene_open_project },
    { .name = NULL },
};
