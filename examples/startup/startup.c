/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program that carries its own SQLite database and brings it up to date when it starts:
 *
 *     cc startup.c $(pkg-config --cflags --libs brant) -o startup
 *     ./startup app.db migrations
 */
#include <stdio.h>

#include <brant/brant.h>

extern char **environ;

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
