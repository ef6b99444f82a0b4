/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is called, and in what state. A public function that can fail or allocate has at least one
 * row in the table at the end; tests/fault/check_covered.py compares it with the library.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/platform.h"
#include "fault/scene.h"

/* ---- preparing ---- */

static void up_to(scene *s, uint64_t count)
{
    brant_run_options opts = BRANT_RUN_OPTIONS_INIT;
    brant_error *err = NULL;

    opts.count = count;
    scene_open_session(s);
    scene_need(s, brant_up(NULL, s->session, &opts, &err), &err);
}

static void applied_all(scene *s)
{
    up_to(s, 0);
}

static void applied_two(scene *s)
{
    up_to(s, 2);
}

/* Another tool says that the third is applied, and one of which there is no file. */
static void gofr(scene *s)
{
    applied_two(s);
    scene_exec(
        s, "app.db",
        "CREATE TABLE gofr_migrations (version BIGINT NOT NULL, method VARCHAR(4) NOT NULL, "
        "start_time TIMESTAMP NOT NULL, duration BIGINT, PRIMARY KEY (version, method));"
        "INSERT INTO gofr_migrations VALUES (3, 'UP', '2024-02-26 15:31:00', 7);"
        "INSERT INTO gofr_migrations VALUES (99, 'UP', '2024-02-27 15:31:00', NULL);");
}

/* The third migration stopped before or in its VACUUM; nobody knows. */
static void interrupted(scene *s)
{
    brant_error *err = NULL;
    brant_run_options opts = BRANT_RUN_OPTIONS_INIT;

    applied_two(s);
    tree_write(
        &s->dir, "migrations/3_off.up.sql",
        "-- brant: transaction=off\nINSERT INTO audit (token) VALUES ('3');\n"
        "CREATE TABLE t3 (a);\nVACUUM INTO '/nowhere/at/all';\n");
    opts.count = 1;
    if (brant_up(NULL, s->session, &opts, &err) == BRANT_OK) {
        fputs("VACUUM INTO was expected to fail\n", stderr);
        exit(1);
    }
    brant_error_free(err);
}

/* The same without the row being marked as failed: as after a kill, with an intent. */
static void killed(scene *s)
{
    applied_all(s);
    scene_exec(
        s, "app.db",
        "UPDATE brant_migrations SET status = 'running', statements_done = 3, intent = 4, "
        "intent_digest = (SELECT 'x'), done_digest = 'x' WHERE id = '3_off';"
        "DELETE FROM brant_migrations WHERE id = '4_rebuild';");
}

static void edited(scene *s)
{
    applied_all(s);
    scene_exec(
        s, "app.db",
        "UPDATE brant_migrations SET checksum = 'was another' WHERE id = '2_child';"
        "UPDATE brant_migrations SET status = 'failed', error = 'it failed', statements_done = 0 "
        "WHERE id = '4_rebuild';"
        "INSERT INTO brant_migrations (id, version, seq, status, direction, kind, required, "
        "checksum, statements_total, statements_done, intent, started_at, who, tool, run_id, format) "
        "SELECT '9_gone', '9', 9, status, direction, kind, required, 'none', 1, 1, 0, started_at, "
        "who, tool, run_id, format FROM brant_migrations WHERE id = '1_base';");
}

/* A process that holds the lock and does not hear SIGTERM. */
static void held(scene *s)
{
    char host[BRN_PLATFORM_NAME];
    char text[512];
    const char *path;
    pid_t parent = getpid();
    int ready[2];
    char c = 0;

    applied_all(s);
    path = tree_path(&s->dir, "app.db-brant-lock");
    brn_platform_host(host);
    if (pipe(ready) != 0 || (s->holder = fork()) < 0) {
        perror("fork");
        exit(1);
    }
    if (s->holder != 0) {
        (void)close(ready[1]);
        (void)!read(ready[0], &c, 1);
        (void)close(ready[0]);
        return;
    }
    (void)signal(SIGTERM, SIG_IGN);
    FILE *file = fopen(path, "we");
    if (file != NULL && flock(fileno(file), LOCK_EX) == 0) {
        int len = snprintf(
            text, sizeof(text),
            "{\"pid\":%d,\"who\":\"x\",\"host\":\"%s\",\"since\":\"2026-01-01T00:00:00Z\","
            "\"what\":\"up\"}\n",
            (int)getpid(), host);
        (void)fwrite(text, 1, (size_t)len, file);
        (void)fflush(file);
    }
    (void)!write(ready[1], "x", 1);
    for (int rounds = 0; rounds < 6000 && getppid() == parent; rounds++) {
        (void)usleep(100000);
    }
    _exit(0);
}

/* ---- before each call ---- */

static void set(scene *s, const char *key, const char *value)
{
    brant_error *err = NULL;

    scene_open_settings(s);
    scene_need(s, brant_settings_set(s->settings, key, value, BRANT_ORIGIN_FLAG, NULL, &err), &err);
}

static void begin_nothing(scene *s)
{
    (void)s;
}

static void begin_tx_all(scene *s)
{
    set(s, "tx", "all");
    scene_open_session(s);
}

static void begin_tx_none(scene *s)
{
    set(s, "tx", "none");
    scene_open_session(s);
}

static void begin_trace(scene *s)
{
    set(s, "trace", "true");
    scene_open_session(s);
}

static void begin_no_auto(scene *s)
{
    set(s, "auto-migrate", "false");
    scene_open_session(s);
}

static void begin_unreachable(scene *s)
{
    set(s, "database", "sqlite:no/such/directory/app.db");
    set(s, "retries", "1");
    scene_open_session(s);
}

static void begin_url_only(scene *s)
{
    set(s, "database", "sqlite:app.db?busy_timeout=10");
}

/* ---- settings, project, session ---- */

static brant_status settings_new(scene *s, brant_error **err)
{
    brant_settings_free(s->settings);
    s->settings = NULL;
    return brant_settings_new(&s->settings, err);
}

static brant_status settings_set(scene *s, brant_error **err)
{
    return brant_settings_set(
        s->settings, "database", "postgres://me:secret@host/db", BRANT_ORIGIN_FLAG, "--database",
        err);
}

static brant_status settings_set_bad(scene *s, brant_error **err)
{
    return brant_settings_set(
        s->settings, "lock-timeout", "soon", BRANT_ORIGIN_FLAG, "--lock-timeout", err);
}

static brant_status settings_from_env(scene *s, brant_error **err)
{
    static const char *const env[] = { "A=1", "BRANT_TX=all", "DATABASE_URL=sqlite:x.db", NULL };
    return brant_settings_from_env(s->settings, env, err);
}

static brant_status settings_from_env_bad(scene *s, brant_error **err)
{
    static const char *const env[] = { "BRANT_TX=sometimes", NULL };
    return brant_settings_from_env(s->settings, env, err);
}

static brant_status settings_from_dotenv(scene *s, brant_error **err)
{
    return brant_settings_from_dotenv(s->settings, tree_path(&s->dir, "good.env"), 1, err);
}

static brant_status settings_from_dotenv_bad(scene *s, brant_error **err)
{
    return brant_settings_from_dotenv(s->settings, tree_path(&s->dir, "bad.env"), 1, err);
}

static brant_status settings_from_dotenv_missing(scene *s, brant_error **err)
{
    return brant_settings_from_dotenv(s->settings, tree_path(&s->dir, "no.env"), 1, err);
}

static brant_status project_load(scene *s, brant_error **err)
{
    brant_project_free(s->project);
    s->project = NULL;
    return brant_project_load(&s->project, s->settings, err);
}

static brant_status session_open(scene *s, brant_error **err)
{
    brant_session_options opts = BRANT_SESSION_OPTIONS_INIT;

    opts.module_dir = "/nowhere";
    brant_session_close(s->session);
    s->session = NULL;
    return brant_session_open(&s->session, s->project, &opts, err);
}

/* ---- new files ---- */

static brant_status new_migration(scene *s, brant_error **err)
{
    brant_new_options opts = BRANT_NEW_OPTIONS_INIT;

    opts.name = "add users table";
    opts.version = "5";
    return brant_new_migration(&s->files, s->project, &opts, err);
}

/* Written by the call before, or now. */
static brant_status new_migration_is_there(scene *s, brant_error **err)
{
    brant_status st = new_migration(s, err);

    if (st == BRANT_EUSAGE) {
        brant_error_free(*err);
        *err = NULL;
        st = BRANT_OK;
    }
    return st;
}

static brant_status init_project(scene *s, brant_error **err)
{
    return brant_init_project(&s->files, tree_path(&s->dir, "made/here"), "sqlite:made.db", err);
}

static brant_status init_project_is_there(scene *s, brant_error **err)
{
    brant_status st = init_project(s, err);

    if (st == BRANT_EUSAGE) {
        brant_error_free(*err);
        *err = NULL;
        st = BRANT_OK;
    }
    return st;
}

/* ---- runs ---- */

static brant_status up(scene *s, brant_error **err)
{
    return brant_up(&s->report, s->session, NULL, err);
}

static brant_status up_to_second(scene *s, brant_error **err)
{
    brant_run_options opts = BRANT_RUN_OPTIONS_INIT;

    opts.to = "2_child";
    return brant_up(&s->report, s->session, &opts, err);
}

static brant_status up_dry(scene *s, brant_error **err)
{
    brant_run_options opts = BRANT_RUN_OPTIONS_INIT;

    opts.dry_run = 1;
    return brant_up(&s->report, s->session, &opts, err);
}

static brant_status up_at_start(scene *s, brant_error **err)
{
    brant_run_options opts = BRANT_RUN_OPTIONS_INIT;

    opts.startup = 1;
    return brant_up(&s->report, s->session, &opts, err);
}

static brant_status up_cancelled(scene *s, brant_error **err)
{
    brant_session_cancel(s->session);
    return brant_up(&s->report, s->session, NULL, err);
}

static brant_status down(scene *s, brant_error **err)
{
    return brant_down(&s->report, s->session, NULL, err);
}

static brant_status down_all(scene *s, brant_error **err)
{
    brant_run_options opts = BRANT_RUN_OPTIONS_INIT;

    opts.all = 1;
    return brant_down(&s->report, s->session, &opts, err);
}

static brant_status goto_first(scene *s, brant_error **err)
{
    return brant_goto(&s->report, s->session, "1", NULL, err);
}

static brant_status goto_third(scene *s, brant_error **err)
{
    return brant_goto(&s->report, s->session, "3", NULL, err);
}

/* To the third version from wherever a failure has left it: goto refuses what is half done. */
static brant_status up_to_third(scene *s, brant_error **err)
{
    brant_run_options opts = BRANT_RUN_OPTIONS_INIT;

    opts.to = "3_off";
    return brant_up(&s->report, s->session, &opts, err);
}

static brant_status redo(scene *s, brant_error **err)
{
    return brant_redo(&s->report, s->session, NULL, err);
}

/* What may be half done is finished first, and what was only undone is applied again. */
static brant_status redo_to_the_end(scene *s, brant_error **err)
{
    brant_status st = brant_up(NULL, s->session, NULL, err);

    if (st == BRANT_OK) {
        st = brant_redo(NULL, s->session, NULL, err);
    }
    return st == BRANT_OK ? up(s, err) : st;
}

static brant_status mark(scene *s, brant_error **err)
{
    static const char *const ids[] = { "3_off", "4_rebuild" };
    return brant_mark(&s->report, s->session, ids, 2, 0, err);
}

static brant_status mark_pending(scene *s, brant_error **err)
{
    static const char *const ids[] = { "4_rebuild" };
    return brant_mark(&s->report, s->session, ids, 1, 1, err);
}

static brant_status force(scene *s, brant_error **err)
{
    return brant_force(&s->report, s->session, "2", err);
}

static brant_status adopt(scene *s, brant_error **err)
{
    return brant_adopt(&s->report, s->session, NULL, err);
}

static brant_status repair(scene *s, brant_error **err)
{
    return brant_repair(&s->repaired, s->session, NULL, err);
}

static brant_status repair_answered(scene *s, brant_error **err)
{
    brant_repair_options opts = BRANT_REPAIR_OPTIONS_INIT;

    opts.answer = BRANT_ANSWER_RETRY;
    return brant_repair(&s->repaired, s->session, &opts, err);
}

static brant_status repair_files(scene *s, brant_error **err)
{
    brant_repair_options opts = BRANT_REPAIR_OPTIONS_INIT;

    opts.accept_files = 1;
    return brant_repair(&s->repaired, s->session, &opts, err);
}

static brant_status setup(scene *s, brant_error **err)
{
    return brant_setup(&s->report, s->session, NULL, err);
}

static brant_status setup_complete(scene *s, brant_error **err)
{
    brant_setup_options opts = BRANT_SETUP_OPTIONS_INIT;

    opts.complete = 1;
    return brant_setup(&s->report, s->session, &opts, err);
}

static brant_status setup_is_complete(scene *s, brant_error **err)
{
    brant_status st = setup_complete(s, err);

    if (st == BRANT_EUSAGE) {
        brant_error_free(*err);
        *err = NULL;
        st = BRANT_OK;
    }
    return st;
}

/* ---- looking ---- */

static brant_status plan_up(scene *s, brant_error **err)
{
    return brant_plan_up(&s->plan, s->session, NULL, err);
}

static brant_status look(scene *s, brant_error **err)
{
    return brant_look(&s->overview, s->session, err);
}

static brant_status history_read(scene *s, brant_error **err)
{
    return brant_history_read(&s->history, s->session, 1, err);
}

static brant_status validate(scene *s, brant_error **err)
{
    return brant_validate(&s->validation, s->session, err);
}

static brant_status round_trip(scene *s, brant_error **err)
{
    return brant_round_trip(&s->validation, s->session, err);
}

static brant_status lock_status(scene *s, brant_error **err)
{
    return brant_lock_status(&s->locks, s->session, err);
}

static brant_status lock_release(scene *s, brant_error **err)
{
    return brant_lock_release(&s->locks, s->session, err);
}

static brant_status ping(scene *s, brant_error **err)
{
    return brant_ping(&s->ping, s->session, err);
}

/* ---- what never allocates ---- */

static brant_status accessors(scene *s, brant_error **err)
{
    const brant_project_database *db = brant_project_at(s->project, 0);
    const brant_settings *settings = brant_project_settings(s->project);
    const char *where = NULL;
    const brant_error *none = NULL;
    const bool good[] = {
        strcmp(brant_version(), BRANT_VERSION) == 0,
        strcmp(brant_status_name(BRANT_ENOMEM), "nomem") == 0,
        strcmp(brant_origin_name(BRANT_ORIGIN_FLAG), "flag") == 0,
        brant_setting_count() > 0,
        brant_setting_at(0) != NULL,
        brant_setting_find("tx") != NULL,
        brant_project_count(s->project) == 1,
        strcmp(db->name, "main") == 0,
        brant_settings_text(settings, "tx") != NULL,
        brant_settings_shown(settings, "tx") != NULL,
        brant_settings_int(settings, "retries") >= 0,
        brant_settings_origin(settings, "config", &where) == BRANT_ORIGIN_FLAG,
        brant_error_status(none) == BRANT_OK,
        brant_error_id(none) != NULL,
        brant_error_message(none) != NULL,
        brant_error_detail(none) == NULL,
        brant_error_hint(none) == NULL,
        brant_error_sqlstate(none) == NULL,
        brant_error_native_code(none) == 0,
        brant_error_file(none) == NULL,
        brant_error_line(none) == 0,
        brant_error_column(none) == 0,
        brant_error_statement(none) == NULL,
        brant_error_migration(none) == NULL,
        brant_error_database(none) == NULL,
        brant_error_cause(none) == NULL,
    };

    (void)err;
    for (size_t i = 0; i < BRN_ARRAY_LEN(good); i++) {
        s->complaint = good[i] ? s->complaint : "an accessor gave something else";
    }
    return BRANT_OK;
}

const char scenario_accessors[] =
    "brant_version brant_status_name brant_origin_name brant_setting_count brant_setting_at "
    "brant_setting_find brant_project_count brant_project_at brant_project_settings "
    "brant_settings_text brant_settings_shown brant_settings_int brant_settings_origin "
    "brant_error_status brant_error_id brant_error_message brant_error_detail brant_error_hint "
    "brant_error_sqlstate brant_error_native_code brant_error_file brant_error_line "
    "brant_error_column brant_error_statement brant_error_migration brant_error_database "
    "brant_error_cause";

/* ---- projects ---- */

#define YAML                                                                                       \
    {                                                                                              \
        "brant.yaml", "databases: { main: { url: \"sqlite:app.db\" } }\n"                          \
    }
#define END                                                                                        \
    {                                                                                              \
        NULL, NULL                                                                                 \
    }

static const work_file env_files[] = {
    YAML,
    { "good.env",
      "# comment\nexport A='x y'\nB=\"q\\n$r\"\nBRANT_TX=none\nDATABASE_URL=sqlite:e.db\n" },
    { "bad.env", "A=1\nB='open\n" },
    END,
};

static const work_file two_databases[] = {
    { "brant.yaml",
      "retries: 2\ndatabases:\n  main:\n    url: \"sqlite:app.db\"\n    migrations: migrations\n"
      "    lock-timeout: 3s\n  other:\n    url: \"sqlite:other.db?x=${AGE}\"\n"
      "    migrations: other\n    layout: sections\n  nowhere: \"sqlite:${NOT_SET}\"\n" },
    END,
};

static const work_file malformed[] = {
    { "brant.yaml", "databases:\n  main: { url: \"sqlite:app.db\", nonsense: 1 }\n" },
    END,
};

static const work_file no_yaml[] = {
    { "brant.yaml", "databases: [\n" },
    END,
};

static const work_file several_layouts[] = {
    { "brant.yaml", "databases:\n  main: { url: \"sqlite:app.db\", migrations: folders }\n"
                    "  other: { url: \"sqlite:other.db\", migrations: sections }\n" },
    { "folders/1_a/up.sql", "CREATE TABLE f1 (a);\n" },
    { "folders/1_a/down.sql", "DROP TABLE f1;\n" },
    { "folders/2_b/up.sql", "-- brant: requires=1_a\nCREATE TABLE f2 (a);\n" },
    { "folders/2_b/down.sql", "DROP TABLE f2;\n" },
    { "sections/001_a.sql",
      "-- migrate:up\nCREATE TABLE s1 (a);\n-- migrate:down\nDROP TABLE s1;\n" },
    { "sections/002_b.sql", "-- migrate:up transaction:false\nCREATE TABLE s2 (a);\n"
                            "-- migrate:down\nDROP TABLE s2;\n" },
    END,
};

static const work_file together[] = {
    YAML,
    { "migrations/1_a.up.sql", "CREATE TABLE a (x);\n" },
    { "migrations/1_a.down.sql", "DROP TABLE a;\n" },
    { "migrations/2_b.up.sql", "CREATE TABLE b (x);\nINSERT INTO b VALUES (1);\n" },
    { "migrations/2_b.down.sql", "DROP TABLE b;\n" },
    END,
};

static const work_file fails_inside[] = {
    YAML,
    { "migrations/1_a.up.sql", "CREATE TABLE a (x);\n" },
    { "migrations/2_b.up.sql", "CREATE TABLE b (x);\n\nINSERT INTO nothing VALUES (1);\n" },
    END,
};

static const work_file fails_outside[] = {
    YAML,
    { "migrations/1_a.up.sql", "CREATE TABLE a (x);\n" },
    { "migrations/2_b.up.sql",
      "-- brant: transaction=off\nCREATE TABLE b (x);\nINSERT INTO nothing VALUES (1);\n" },
    END,
};

static const work_file mistake[] = {
    YAML,
    { "migrations/1_a.up.sql", "CREATE TABLE a (x);\n" },
    { "migrations/2_b.up.sql", "CREATE TABLE b (x);\nSELECT 'open;\n" },
    END,
};

static const work_file with_schema[] = {
    YAML,
    { "migrations/1_a.up.sql", "CREATE TABLE a (x);\n" },
    { "migrations/2_b.up.sql", "CREATE TABLE b (x);\nINSERT INTO b VALUES (1);\n" },
    { "schema/1.sql", "CREATE TABLE a (x);\n" },
    { "schema/2.sql", "CREATE TABLE b (x); -- from the schema\n" },
    END,
};

static const work_file no_way_back[] = {
    YAML,
    { "migrations/1_a.up.sql", "CREATE TABLE a (x);\nCREATE TABLE left_behind (x);\n" },
    { "migrations/1_a.down.sql", "DROP TABLE a;\n" },
    { "migrations/2_b.up.sql", "-- brant: transaction=off\nCREATE TABLE b (x);\n" },
    { "migrations/2_b.down.sql", "DROP TABLE b;\n" },
    END,
};

#define SESSION_FREE " brant_session_close brant_project_free brant_settings_free brant_error_free"

const scenario scenarios[] = {
    { .name = "settings: new",
      .covers = "brant_settings_new",
      .call = settings_new,
      .begin = begin_nothing },
    { .name = "settings: set",
      .covers = "brant_settings_set",
      .call = settings_set,
      .begin = scene_open_settings },
    { .name = "settings: set a bad value",
      .covers = "brant_settings_set",
      .call = settings_set_bad,
      .begin = scene_open_settings },
    { .name = "settings: environment",
      .covers = "brant_settings_from_env",
      .call = settings_from_env,
      .begin = scene_open_settings },
    { .name = "settings: bad environment",
      .covers = "brant_settings_from_env",
      .call = settings_from_env_bad,
      .begin = scene_open_settings },
    { .name = "settings: .env",
      .covers = "brant_settings_from_dotenv",
      .call = settings_from_dotenv,
      .begin = scene_open_settings,
      .files = env_files },
    { .name = "settings: bad .env",
      .covers = "brant_settings_from_dotenv",
      .call = settings_from_dotenv_bad,
      .begin = scene_open_settings,
      .files = env_files },
    { .name = "settings: no .env",
      .covers = "brant_settings_from_dotenv",
      .call = settings_from_dotenv_missing,
      .begin = scene_open_settings,
      .files = env_files },
    { .name = "project: load",
      .covers = "brant_project_load brant_project_free",
      .call = project_load,
      .begin = scene_open_settings,
      .files = two_databases },
    { .name = "project: load, a URL only",
      .covers = "brant_project_load",
      .call = project_load,
      .begin = begin_url_only },
    { .name = "project: load, unknown key",
      .covers = "brant_project_load",
      .call = project_load,
      .begin = scene_open_settings,
      .files = malformed },
    { .name = "project: load, no YAML",
      .covers = "brant_project_load",
      .call = project_load,
      .begin = scene_open_settings,
      .files = no_yaml },
    { .name = "session: open",
      .covers = "brant_session_open" SESSION_FREE,
      .call = session_open,
      .begin = scene_open_project },
    { .name = "session: open, a URL that cannot be used",
      .covers = "brant_session_open",
      .call = session_open,
      .begin = scene_open_project,
      .files = two_databases },
    { .name = "new: version given",
      .covers = "brant_new_migration brant_new_files_free",
      .call = new_migration,
      .again = new_migration_is_there,
      .begin = scene_open_project },
    { .name = "init",
      .covers = "brant_init_project brant_new_files_free",
      .call = init_project,
      .again = init_project_is_there,
      .begin = begin_nothing,
      .files = together },
    { .name = "up: new database", .covers = "brant_up brant_report_free", .call = up },
    { .name = "up: nothing pending", .covers = "brant_up", .call = up, .prepare = applied_all },
    { .name = "up: to a version", .covers = "brant_up", .call = up_to_second },
    { .name = "up: one transaction for all",
      .covers = "brant_up",
      .call = up,
      .begin = begin_tx_all,
      .files = together },
    { .name = "up: no transactions",
      .covers = "brant_up",
      .call = up,
      .begin = begin_tx_none,
      .files = together },
    { .name = "up: traced",
      .covers = "brant_up",
      .call = up,
      .begin = begin_trace,
      .files = together },
    { .name = "up: two databases, other layouts",
      .covers = "brant_up",
      .call = up,
      .files = several_layouts },
    { .name = "up: a statement fails", .covers = "brant_up", .call = up, .files = fails_inside },
    { .name = "up: a statement fails outside",
      .covers = "brant_up",
      .call = up,
      .files = fails_outside },
    { .name = "up: a file with a mistake", .covers = "brant_up", .call = up, .files = mistake },
    { .name = "up: resumed", .covers = "brant_up", .call = up, .prepare = interrupted },
    { .name = "up: dry run", .covers = "brant_up", .call = up_dry, .prepare = applied_two },
    { .name = "up: switched off",
      .covers = "brant_up",
      .call = up_at_start,
      .prepare = applied_two,
      .begin = begin_no_auto },
    { .name = "up: cancelled", .covers = "brant_session_cancel brant_up", .call = up_cancelled },
    { .name = "up: unreachable", .covers = "brant_up", .call = up, .begin = begin_unreachable },
    { .name = "down: one",
      .covers = "brant_down",
      .call = down,
      .again = down_all,
      .prepare = applied_all },
    { .name = "down: all", .covers = "brant_down", .call = down_all, .prepare = applied_all },
    { .name = "goto: down", .covers = "brant_goto", .call = goto_first, .prepare = applied_all },
    { .name = "goto: up",
      .covers = "brant_goto",
      .call = goto_third,
      .again = up_to_third,
      .prepare = applied_two },
    { .name = "redo",
      .covers = "brant_redo",
      .call = redo,
      .again = redo_to_the_end,
      .prepare = applied_all },
    { .name = "mark", .covers = "brant_mark", .call = mark, .prepare = applied_two, .edits = true },
    { .name = "mark: pending",
      .covers = "brant_mark",
      .call = mark_pending,
      .prepare = applied_all,
      .edits = true },
    { .name = "force",
      .covers = "brant_force",
      .call = force,
      .prepare = applied_all,
      .edits = true },
    { .name = "adopt", .covers = "brant_adopt", .call = adopt, .prepare = gofr, .edits = true },
    { .name = "repair: failed outside",
      .covers = "brant_repair brant_repair_result_free",
      .call = repair,
      .prepare = interrupted,
      .edits = true },
    { .name = "repair: again from the start",
      .covers = "brant_repair",
      .call = repair_answered,
      .prepare = killed,
      .edits = true },
    { .name = "repair: an edited file",
      .covers = "brant_repair",
      .call = repair_files,
      .prepare = edited,
      .edits = true },
    { .name = "setup", .covers = "brant_setup", .call = setup },
    { .name = "setup: complete", .covers = "brant_setup", .call = setup_complete, .again = up },
    { .name = "setup: complete from a schema",
      .covers = "brant_setup",
      .call = setup_complete,
      .again = setup_is_complete,
      .files = with_schema },
    { .name = "plan",
      .covers = "brant_plan_up brant_plan_free",
      .call = plan_up,
      .prepare = applied_two },
    { .name = "plan: no database", .covers = "brant_plan_up", .call = plan_up },
    { .name = "status",
      .covers = "brant_look brant_overview_free",
      .call = look,
      .prepare = interrupted },
    { .name = "status: differences",
      .covers = "brant_look",
      .call = look,
      .prepare = edited,
      .edits = true },
    { .name = "status: no database",
      .covers = "brant_look",
      .call = look,
      .files = several_layouts },
    { .name = "history",
      .covers = "brant_history_read brant_history_free",
      .call = history_read,
      .prepare = applied_all },
    { .name = "validate",
      .covers = "brant_validate brant_validation_free",
      .call = validate,
      .prepare = applied_all },
    { .name = "validate: differences",
      .covers = "brant_validate",
      .call = validate,
      .prepare = edited,
      .edits = true },
    { .name = "round trip", .covers = "brant_round_trip", .call = round_trip },
    { .name = "round trip: findings",
      .covers = "brant_round_trip",
      .call = round_trip,
      .files = no_way_back },
    { .name = "locks",
      .covers = "brant_lock_status brant_locks_free",
      .call = lock_status,
      .prepare = held },
    { .name = "locks: release",
      .covers = "brant_lock_release",
      .call = lock_release,
      .prepare = held },
    { .name = "ping",
      .covers = "brant_ping brant_ping_free",
      .call = ping,
      .prepare = applied_all },
    { .name = "ping: unreachable",
      .covers = "brant_ping",
      .call = ping,
      .begin = begin_unreachable },
    { .name = "accessors",
      .covers = scenario_accessors,
      .call = accessors,
      .begin = scene_open_project },
    { .name = NULL },
};
