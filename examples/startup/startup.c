/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program that carries its own SQLite database and brings it up to date when it starts: with the
 * files in migrations/, and with a function for what is easier said in C than in SQL.
 *
 *     cc startup.c $(pkg-config --cflags --libs brant) -o startup
 *     ./startup app.db migrations
 */
#include <stdio.h>
#include <string.h>

#include <brant/brant.h>

extern char **environ;

/* ---- migration 003_split_names ---- */

typedef struct split {
    brant_code *code;
    brant_error **err;
    brant_status status;
} split;

/* "Ada Lovelace": everything before the last blank is the first name. */
static int split_one(const brant_row *row, void *user)
{
    split *s = user;
    const char *full = brant_row_text(row, 1);
    const char *blank = full != NULL ? strrchr(full, ' ') : NULL;
    brant_value values[3];

    if (blank == NULL) {
        return 0;
    }
    values[0] = brant_value_text(full);
    values[0].length = (size_t)(blank - full);
    values[1] = brant_value_text(blank + 1);
    values[2] = brant_value_int(brant_row_int(row, 0));
    s->status = brant_code_run(
        s->code, "UPDATE users SET first = ?, last = ? WHERE id = ?", values, 3, NULL, s->err);
    return s->status != BRANT_OK;
}

/* Runs in the transaction of its migration: all names are split and recorded, or none. */
static brant_status split_names(brant_code *code, void *user, brant_error **err)
{
    split s = { code, err, BRANT_OK };
    brant_status st;

    (void)user;
    st = brant_code_query(code, "SELECT id, name FROM users", NULL, 0, split_one, &s, err);
    return st == BRANT_OK ? s.status : st;
}

static brant_status join_names(brant_code *code, void *user, brant_error **err)
{
    (void)user;
    return brant_code_run(code, "UPDATE users SET first = NULL, last = NULL", NULL, 0, NULL, err);
}

static brant_status register_functions(brant_session *session, brant_error **err)
{
    brant_registration names = BRANT_REGISTRATION_INIT;

    names.id = "003_split_names"; /* migrations/003_split_names.up.sql tells people about it */
    names.up = split_names;
    names.down = join_names;
    return brant_session_register(session, &names, err);
}

/* ---- starting ---- */

/* The settings of this program; the environment may say more, such as DATABASE_AUTO_MIGRATE. */
static brant_status configure(
    brant_settings **out, const char *file, const char *migrations, brant_error **err)
{
    char url[1024];
    brant_settings *settings = NULL;
    brant_status st = brant_settings_new(&settings, err);

    snprintf(url, sizeof(url), "sqlite:%s", file);
    if (st == BRANT_OK) {
        st = brant_settings_from_env(settings, (const char *const *)environ, err);
    }
    if (st == BRANT_OK) {
        st = brant_settings_set(settings, "database", url, BRANT_ORIGIN_FLAG, NULL, err);
    }
    if (st == BRANT_OK) {
        st = brant_settings_set(settings, "migrations", migrations, BRANT_ORIGIN_FLAG, NULL, err);
    }
    if (st == BRANT_OK) {
        *out = settings;
    } else {
        brant_settings_free(settings);
    }
    return st;
}

static brant_status migrate(const brant_settings *settings, brant_error **err)
{
    brant_run_options options = BRANT_RUN_OPTIONS_INIT;
    brant_project *project = NULL;
    brant_session *session = NULL;
    brant_report *report = NULL;
    brant_status st = brant_project_load(&project, settings, err);

    if (st == BRANT_OK) {
        st = brant_session_open(&session, project, NULL, err);
    }
    if (st == BRANT_OK) {
        st = register_functions(session, err);
    }
    if (st == BRANT_OK) {
        options.startup = 1;
        st = brant_up(&report, session, &options, err);
    }
    if (st == BRANT_OK) {
        printf(
            "applied %zu, version %s\n", report->applied_count,
            report->version != NULL ? report->version : "none");
    }
    brant_report_free(report);
    brant_session_close(session);
    brant_project_free(project);
    return st;
}

int main(int argc, char **argv)
{
    brant_settings *settings = NULL;
    brant_error *err = NULL;
    brant_status st;

    if (argc != 3) {
        fprintf(stderr, "usage: startup FILE MIGRATIONS\n");
        return 2;
    }
    st = configure(&settings, argv[1], argv[2], &err);
    if (st == BRANT_OK) {
        st = migrate(settings, &err);
    }
    brant_settings_free(settings);
    if (st != BRANT_OK) {
        const char *hint = brant_error_hint(err);
        fprintf(stderr, "cannot bring %s up to date: %s\n", argv[1], brant_error_message(err));
        fprintf(stderr, "%s\n", hint != NULL ? hint : "");
        brant_error_free(err);
        return 1;
    }
    /* Here the program's own work begins. */
    return 0;
}
