/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A project with real SQLite files in a temporary directory, and a session on it, for the tests of
 * src/run/. The session's events are kept as short texts.
 */
#ifndef TESTS_SUPPORT_WORK_H
#define TESTS_SUPPORT_WORK_H

#include <brant/brant.h>

#include "base/buf.h"
#include "engine/decorators.h"
#include "support/tree.h"

/* A file of a case; a list ends with a NULL name. */
typedef struct work_file {
    const char *name;
    const char *text;
} work_file;

typedef struct work {
    tree dir;
    brant_settings *settings;
    brant_project *project;
    brant_session *session;
    brant_error *err;
    brn_buf events; /* one a line: "start 001_a", "statement 001_a 2", "warning ID", ... */
    /* Called with every event, before it is kept; NULL. */
    void (*hook)(struct work *w, const brant_event *ev);
    void *hook_user;
    brn_fault *fault; /* put around every connection that is made from now on; NULL */
} work;

/* A directory with the given files, and a project "main" on app.db and migrations/. */
void work_start(work *w, const work_file *files);
/* The same with this brant.yaml instead (in the directory). */
void work_start_project(work *w, const char *yaml, const work_file *files);
void work_stop(work *w);
/* Closes session and project; the next work_open() makes them again. */
void work_close(work *w);
/* Opens what is not open. */
brant_session *work_open(work *w);
/* Takes effect with the next project. */
void work_set(work *w, const char *key, const char *value);
/* Fails the test unless `st` is `expected`; forgets the error. */
void work_expect(work *w, brant_status st, brant_status expected, const char *id);
void work_ok(work *w, brant_status st);

void work_up(work *w);
/* The first column of the first row as text; "" for none. `db` is a file name. */
const char *work_query(work *w, const char *db, const char *sql);
void work_exec(work *w, const char *db, const char *sql);
/* "001_a completed up, 002_b failed up": the ledger by id; "none" without its table. */
const char *work_ledger(work *w, const char *db);
/* "up 001_a ok, up 002_b failed": the history in order. */
const char *work_history(work *w, const char *db);
/* Ids of documents, separated by blanks. Valid until the next call of a work_ function. */
const char *work_ids(work *w, const brant_migration *const *list, size_t count);
/* The events kept so far, and forgets them with the next event. */
const char *work_events(work *w);
/* How often a line is among the events. */
size_t work_count(work *w, const char *line);

#endif
