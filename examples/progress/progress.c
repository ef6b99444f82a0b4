/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program that shows its own progress while it brings a database up to date, from the events of
 * the session; Ctrl-C stops at the next safe point.
 *
 *     cc progress.c $(pkg-config --cflags --libs brant) -o progress
 *     ./progress app.db ../quickstart/migrations
 */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>

#include <brant/brant.h>

#define BAR_WIDTH 20

/* What is drawn, kept from event to event. */
typedef struct bar {
    uint64_t migrations;
    uint64_t done;
} bar;

/* A signal handler has no other way to reach it. */
static brant_session *running;

static void stop(int signal_number)
{
    (void)signal_number;
    brant_session_cancel(running);
}

static void draw(const bar *b, const char *what)
{
    uint64_t filled = b->migrations > 0 ? b->done * BAR_WIDTH / b->migrations : 0;

    putchar('[');
    for (uint64_t i = 0; i < BAR_WIDTH; i++) {
        putchar(i < filled ? '#' : '.');
    }
    printf("] %" PRIu64 "/%" PRIu64 " %s\n", b->done, b->migrations, what);
}

static void on_event(const brant_event *ev, void *user)
{
    bar *b = user;

    switch (ev->type) {
    case BRANT_EVENT_RUN_START:
        b->migrations = ev->total;
        b->done = 0;
        draw(b, "starting");
        break;
    case BRANT_EVENT_MIGRATION_END:
        b->done += ev->status == BRANT_OK ? 1 : 0;
        draw(b, ev->migration);
        break;
    case BRANT_EVENT_STATEMENT:
        printf("  statement %" PRIu64 " of %" PRIu64 "\n", ev->done, ev->total);
        break;
    case BRANT_EVENT_LOCK_WAIT:
        printf("waiting for %s\n", ev->message != NULL ? ev->message : "the lock");
        break;
    case BRANT_EVENT_WARNING:
        printf("warning: %s\n", ev->message);
        break;
    default:
        break; /* there may be more kinds of events one day */
    }
}

static brant_status migrate(const brant_settings *settings, brant_error **err)
{
    brant_session_options options = BRANT_SESSION_OPTIONS_INIT;
    struct sigaction caught = { .sa_handler = stop };
    struct sigaction before;
    bar shown = { 0, 0 };
    brant_project *project = NULL;
    brant_status st = brant_project_load(&project, settings, err);

    options.on_event = on_event;
    options.user = &shown;
    if (st == BRANT_OK) {
        st = brant_session_open(&running, project, &options, err);
    }
    if (st == BRANT_OK) {
        sigaction(SIGINT, &caught, &before);
        st = brant_up(NULL, running, NULL, err);
        sigaction(SIGINT, &before, NULL);
    }
    brant_session_close(running);
    brant_project_free(project);
    return st;
}

int main(int argc, char **argv)
{
    char url[1024];
    brant_settings *settings = NULL;
    brant_error *err = NULL;
    brant_status st;

    if (argc != 3) {
        fprintf(stderr, "usage: progress FILE MIGRATIONS\n");
        return 2;
    }
    snprintf(url, sizeof(url), "sqlite:%s", argv[1]);
    st = brant_settings_new(&settings, &err);
    if (st == BRANT_OK) {
        st = brant_settings_set(settings, "database", url, BRANT_ORIGIN_FLAG, NULL, &err);
    }
    if (st == BRANT_OK) {
        st = brant_settings_set(settings, "migrations", argv[2], BRANT_ORIGIN_FLAG, NULL, &err);
    }
    if (st == BRANT_OK) {
        st = migrate(settings, &err);
    }
    brant_settings_free(settings);
    if (st != BRANT_OK) {
        fprintf(stderr, "%s: %s\n", brant_status_name(st), brant_error_message(err));
        brant_error_free(err);
        return 1;
    }
    return 0;
}
