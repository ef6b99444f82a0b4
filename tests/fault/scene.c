/* SPDX-License-Identifier: Apache-2.0 */
#include "fault/scene.h"

#include <dirent.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"

static const char *const databases[SCENE_DATABASES] = { "app.db", "other.db" };

/*
 * Every migration N creates a table tN and leaves a token N in the table audit, so that what the
 * ledger says of it can be compared with what there is.
 */
static const work_file usual_files[] = {
    { "brant.yaml", "databases: { main: { url: \"sqlite:app.db\" } }\n" },
    { "migrations/1_base.up.sql",
      "CREATE TABLE audit (n INTEGER PRIMARY KEY AUTOINCREMENT, token TEXT);\n"
      "CREATE TABLE t1 (id INTEGER PRIMARY KEY, name TEXT);\n"
      "INSERT INTO audit (token) VALUES ('1');\n" },
    { "migrations/1_base.down.sql", "DROP TABLE t1;\nDROP TABLE audit;\n" },
    { "migrations/2_child.up.sql",
      "CREATE TABLE t2 (id INTEGER PRIMARY KEY, p INTEGER REFERENCES t1 (id));\n"
      "CREATE TRIGGER r2 AFTER INSERT ON t2 BEGIN\n"
      "  SELECT 'x;y';\n  SELECT 2;\nEND;\n"
      "INSERT INTO audit (token) VALUES ('2');\n" },
    { "migrations/2_child.down.sql", "DROP TABLE t2;\nDELETE FROM audit WHERE token = '2';\n" },
    { "migrations/3_off.up.sql",
      "-- brant: transaction=off\n"
      "INSERT INTO audit (token) VALUES ('3');\nCREATE TABLE t3 (a);\nVACUUM;\n"
      "CREATE INDEX i3 ON t3 (a);\n" },
    { "migrations/3_off.down.sql",
      "-- brant: transaction=off\n"
      "DROP INDEX i3;\nVACUUM;\nDROP TABLE t3;\nDELETE FROM audit WHERE token = '3';\n" },
    { "migrations/4_rebuild.up.sql",
      "-- brant: foreign-keys=off placeholders=on\n"
      "CREATE TABLE t1_new (id INTEGER PRIMARY KEY, name TEXT, age INTEGER DEFAULT ${AGE});\n"
      "INSERT INTO t1_new (id, name) SELECT id, name FROM t1;\n"
      "DROP TABLE t1;\nALTER TABLE t1_new RENAME TO t1;\nCREATE TABLE t4 (a);\n"
      "INSERT INTO audit (token) VALUES ('4');\n" },
    { "migrations/4_rebuild.down.sql",
      "ALTER TABLE t1 DROP COLUMN age;\nDROP TABLE t4;\nDELETE FROM audit WHERE token = '4';\n" },
    { NULL, NULL },
};

/* ---- files ---- */

static const work_file *files_of(const scene *s)
{
    return s->scenario->files != NULL ? s->scenario->files : usual_files;
}

static void write_files(scene *s)
{
    char root[sizeof(s->dir.root)];

    if (s->holder > 0) {
        return; /* its lock is there, and those who look change nothing */
    }
    memcpy(root, s->dir.root, sizeof(root));
    tree_remove(&s->dir);
    memcpy(s->dir.root, root, sizeof(root));
    if (mkdir(root, 0700) != 0) {
        perror(root);
        exit(1);
    }
    for (const work_file *f = files_of(s); f->name != NULL; f++) {
        tree_write(&s->dir, f->name, f->text);
    }
    for (size_t i = 0; i < SCENE_DATABASES; i++) {
        if (s->kept[i].len > 0) {
            tree_write_bytes(&s->dir, databases[i], s->kept[i].ptr, s->kept[i].len);
        }
    }
}

static void keep_databases(scene *s)
{
    for (size_t i = 0; i < SCENE_DATABASES; i++) {
        const char *path = tree_path(&s->dir, databases[i]);
        if (brn_file_exists(path) && brn_file_read(&s->kept[i], path, 1u << 24) != 0) {
            perror(path);
            exit(1);
        }
    }
}

/* ---- one attempt ---- */

static void listen(const brant_event *ev, void *user)
{
    scene *s = user;

    s->started += ev->type == BRANT_EVENT_RUN_START ? 1 : 0;
    s->ended += ev->type == BRANT_EVENT_RUN_END ? 1 : 0;
}

void scene_need(scene *s, brant_status st, brant_error **err)
{
    if (st != BRANT_OK) {
        fprintf(
            stderr, "%s: set-up: %s: %s\n", s->scenario->name, brant_error_id(*err),
            brant_error_message(*err));
        exit(1);
    }
}

void scene_open_settings(scene *s)
{
    static const char *const env[] = { "AGE=7", NULL };
    brant_error *err = NULL;

    if (s->settings == NULL) {
        scene_need(s, brant_settings_new(&s->settings, &err), &err);
        scene_need(s, brant_settings_from_env(s->settings, env, &err), &err);
        scene_need(
            s,
            brant_settings_set(
                s->settings, "config", tree_path(&s->dir, "brant.yaml"), BRANT_ORIGIN_FLAG, NULL,
                &err),
            &err);
    }
}

void scene_open_project(scene *s)
{
    brant_error *err = NULL;

    scene_open_settings(s);
    if (s->project == NULL) {
        scene_need(s, brant_project_load(&s->project, s->settings, &err), &err);
    }
}

void scene_open_session(scene *s)
{
    brant_session_options opts = BRANT_SESSION_OPTIONS_INIT;
    brant_error *err = NULL;

    scene_open_project(s);
    opts.on_event = listen;
    opts.user = s;
    if (s->session == NULL) {
        scene_need(s, brant_session_open(&s->session, s->project, &opts, &err), &err);
    }
}

void scene_begin(scene *s)
{
    write_files(s);
    s->started = 0;
    s->ended = 0;
    s->complaint = NULL;
    if (s->scenario->begin != NULL) {
        s->scenario->begin(s);
    } else {
        scene_open_session(s);
    }
}

void scene_release_docs(scene *s)
{
    brant_report_free(s->report);
    brant_overview_free(s->overview);
    brant_history_free(s->history);
    brant_plan_free(s->plan);
    brant_validation_free(s->validation);
    brant_locks_free(s->locks);
    brant_ping_free(s->ping);
    brant_repair_result_free(s->repaired);
    brant_new_files_free(s->files);
    brant_health_free(s->health);
    s->report = NULL;
    s->overview = NULL;
    s->history = NULL;
    s->plan = NULL;
    s->validation = NULL;
    s->locks = NULL;
    s->ping = NULL;
    s->repaired = NULL;
    s->files = NULL;
    s->health = NULL;
}

void scene_release(scene *s)
{
    scene_release_docs(s);
    brant_session_close(s->session);
    (void)sqlite3_close(s->host);
    s->host = NULL;
    brant_project_free(s->project);
    brant_settings_free(s->settings);
    s->session = NULL;
    s->project = NULL;
    s->settings = NULL;
}

void scene_start(scene *s, const scenario *which)
{
    memset(s, 0, sizeof(*s));
    s->scenario = which;
    for (size_t i = 0; i < SCENE_DATABASES; i++) {
        brn_buf_init(&s->kept[i], 1u << 24);
    }
    brn_buf_init(&s->text, 1u << 24);
    tree_make(&s->dir);
    write_files(s);
    if (which->prepare != NULL) {
        which->prepare(s);
        scene_release(s);
        keep_databases(s);
    }
}

void scene_stop(scene *s)
{
    scene_release(s);
    if (s->holder > 0) {
        (void)kill(s->holder, SIGKILL);
        (void)waitpid(s->holder, NULL, 0);
    }
    for (size_t i = 0; i < SCENE_DATABASES; i++) {
        brn_buf_release(&s->kept[i]);
    }
    brn_buf_release(&s->text);
    tree_remove(&s->dir);
}

/* ---- looking behind the library's back ---- */

static sqlite3 *open_db(scene *s, const char *db)
{
    sqlite3 *handle = NULL;
    const char *path = tree_path(&s->dir, db);

    if (sqlite3_open(path, &handle) != SQLITE_OK) {
        fprintf(stderr, "cannot open %s\n", path);
        exit(1);
    }
    return handle;
}

void scene_exec(scene *s, const char *db, const char *sql)
{
    sqlite3 *handle = open_db(s, db);
    char *message = NULL;

    if (sqlite3_exec(handle, sql, NULL, NULL, &message) != SQLITE_OK) {
        fprintf(stderr, "%s: set-up: %s: %s\n", s->scenario->name, sql, message);
        exit(1);
    }
    (void)sqlite3_close(handle);
}

/* All rows, with blanks between columns and line ends between rows; an error is a text as well. */
static void query(sqlite3 *handle, const char *sql, brn_buf *out)
{
    sqlite3_stmt *stmt = NULL;

    if (sqlite3_prepare_v2(handle, sql, -1, &stmt, NULL) != SQLITE_OK) {
        brn_buf_printf(out, "%s\n", sqlite3_errmsg(handle));
        return;
    }
    while (sqlite3_step(stmt) == SQLITE_ROW) {
        for (int i = 0; i < sqlite3_column_count(stmt); i++) {
            const char *text = (const char *)sqlite3_column_text(stmt, i);
            brn_buf_printf(out, "%s%s", i > 0 ? " " : "", text != NULL ? text : "null");
        }
        brn_buf_add_char(out, '\n');
    }
    if (sqlite3_finalize(stmt) != SQLITE_OK) {
        brn_buf_printf(out, "%s\n", sqlite3_errmsg(handle));
    }
}

static bool has_table(sqlite3 *handle, const char *name)
{
    brn_buf text;
    bool found;

    brn_buf_init(&text, 0);
    query(handle, "SELECT '.' || name || '.' FROM sqlite_schema WHERE type = 'table'", &text);
    found = strstr(brn_buf_text(&text), name) != NULL;
    brn_buf_release(&text);
    return found;
}

static void database_state(scene *s, const char *db, brn_buf *out)
{
    sqlite3 *handle = open_db(s, db);

    brn_buf_printf(out, "== %s\n", db);
    query(handle, "PRAGMA integrity_check", out);
    query(
        handle,
        "SELECT type, name, sql FROM sqlite_schema WHERE tbl_name NOT GLOB 'brant_*' AND name NOT "
        "GLOB 'sqlite_*' ORDER BY type, name",
        out);
    if (has_table(handle, ".audit.")) {
        query(handle, "SELECT token FROM audit ORDER BY token", out);
    }
    if (has_table(handle, ".brant_migrations.")) {
        query(
            handle,
            "SELECT id, status, direction, checksum, statements_done, intent, error FROM "
            "brant_migrations ORDER BY id",
            out);
    }
    (void)sqlite3_close(handle);
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The files below a directory with their texts, except databases and what comes with them. */
static void files_state(scene *s, const char *name, brn_buf *out)
{
    char *names[64];
    size_t count = 0;
    DIR *dir = opendir(tree_path(&s->dir, name));

    for (const struct dirent *e = NULL; dir != NULL && (e = readdir(dir)) != NULL;) {
        if (e->d_name[0] != '.' && strstr(e->d_name, ".db") == NULL && count < 64) {
            char path[512];
            (void)snprintf(path, sizeof(path), "%s%.255s", name, e->d_name);
            names[count++] = strdup(path);
        }
    }
    if (dir != NULL) {
        (void)closedir(dir);
    }
    qsort(names, count, sizeof(names[0]), compare_names);
    for (size_t i = 0; i < count; i++) {
        const char *path = tree_path(&s->dir, names[i]);
        char below[512];
        brn_buf_printf(out, "== %s\n", names[i]);
        if (brn_file_is_dir(path)) {
            (void)snprintf(below, sizeof(below), "%.500s/", names[i]);
            files_state(s, below, out);
        } else {
            (void)brn_file_read(out, path, 1u << 20);
        }
        free(names[i]);
    }
}

void scene_state(scene *s, brn_buf *out)
{
    files_state(s, "", out);
    for (size_t i = 0; i < SCENE_DATABASES; i++) {
        if (brn_file_exists(tree_path(&s->dir, databases[i]))) {
            database_state(s, databases[i], out);
        }
    }
}

/*
 * Where a row says that its migration is applied, its table and exactly one token are there; where
 * it is not, neither is. What is half done is not looked at.
 */
static const char contradictions[] =
    "WITH mine(id, digit) AS (VALUES ('1_base', '1'), ('2_child', '2'), ('3_off', '3'), ('4_rebuild', "
    "'4')), state(id, digit, applied, partial) AS (SELECT mine.id, mine.digit, coalesce(m.status = "
    "'completed' OR m.direction = 'down', 0), coalesce(m.status != 'completed' AND "
    "(coalesce(m.statements_done, 0) > 0 OR coalesce(m.intent, 0) > 0), 0) FROM mine LEFT JOIN "
    "brant_migrations m ON m.id = mine.id) SELECT id FROM state WHERE NOT partial AND (applied != "
    "EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 't' || digit)";

bool scene_host_is_free(const scene *s)
{
    return s->host == NULL || sqlite3_get_autocommit(s->host) != 0;
}

static const char *database_contradiction(scene *s, const char *db, brn_buf *store)
{
    if (!scene_host_is_free(s)) {
        return NULL; /* for want of memory to roll back; the next call does */
    }
    sqlite3 *handle = open_db(s, db);
    const char *found = NULL;
    char sql[2048];

    brn_buf_reset(store);
    query(handle, "PRAGMA integrity_check", store);
    if (strcmp(brn_buf_text(store), "ok\n") != 0) {
        found = brn_buf_text(store);
    } else if (sqlite3_exec(handle, "BEGIN IMMEDIATE; ROLLBACK", NULL, NULL, NULL) != SQLITE_OK) {
        found = "a transaction was left open";
    } else if (has_table(handle, ".brant_migrations.")) {
        (void)snprintf(
            sql, sizeof(sql), "%s%s)", contradictions,
            has_table(handle, ".audit.")
                ? " OR applied != (SELECT count(*) FROM audit WHERE token = digit)"
                : "");
        brn_buf_reset(store);
        query(handle, sql, store);
        if (store->len > 0 && s->scenario->files == NULL && !s->scenario->edits) {
            brn_buf_add_c(store, "ledger and tables do not agree");
            found = brn_buf_text(store);
        }
    }
    (void)sqlite3_close(handle);
    return found;
}

const char *scene_contradiction(scene *s, brn_buf *store)
{
    const char *found = s->complaint;

    for (size_t i = 0; i < SCENE_DATABASES && found == NULL; i++) {
        if (brn_file_exists(tree_path(&s->dir, databases[i]))) {
            found = database_contradiction(s, databases[i], store);
        }
    }
    if (found == NULL && s->started != s->ended) {
        found = "a run that was announced has no end";
    }
    if (found == NULL && s->holder == 0 &&
        brn_file_exists(tree_path(&s->dir, "app.db-brant-lock"))) {
        found = "the lock was left behind";
    }
    return found;
}
