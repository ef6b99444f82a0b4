/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One attempt of a fault test: a project in a temporary directory, a session on it, and what the
 * call under test gave back. And the scenarios, which say what is called in what state.
 *
 * Nothing here may be called while allocations fail, except scene_release().
 */
#ifndef BRANT_TESTS_SCENE_H
#define BRANT_TESTS_SCENE_H

#include <stdbool.h>
#include <sys/types.h>

#include <brant/brant.h>

#include "base/buf.h"
#include "support/work.h"

#define SCENE_DATABASES 2

typedef struct scenario scenario;

typedef struct scene {
    const scenario *scenario;
    tree dir;
    brn_buf kept[SCENE_DATABASES]; /* databases to start from; none when empty */
    pid_t holder;                  /* a process that holds the lock, or 0 */
    const char *complaint;         /* set by a callback that saw something wrong */

    /* Of one attempt. */
    brant_settings *settings;
    brant_project *project;
    brant_session *session;
    unsigned started; /* events */
    unsigned ended;

    /* What the call gave back. */
    brant_report *report;
    brant_overview *overview;
    brant_history *history;
    brant_plan *plan;
    brant_validation *validation;
    brant_locks *locks;
    brant_ping_result *ping;
    brant_repair_result *repaired;
    brant_new_files *files;
    brant_health_result *health;

    struct sqlite3 *host; /* a connection of the host; closed after the session */
    brn_buf text;         /* a saved plan */
} scene;

/* A call; `err` as in the public interface. */
typedef brant_status scene_call(scene *s, brant_error **err);

struct scenario {
    const char *name;
    const char *covers; /* public functions, separated by blanks */
    scene_call *call;
    scene_call *again; /* once more without failures; NULL: call */
    void (*prepare)(
        scene *s);           /* once: the state to start from, in the session; NULL: no database */
    void (*begin)(scene *s); /* before each call; NULL: opens the session */
    const work_file *files;  /* the project; NULL: the usual four migrations */
    bool edits;              /* the ledger is not meant to agree with the tables */
};

/* Each ends with a NULL name. */
extern const scenario scenarios[];
extern const scenario scenarios_embed[];

/* Functions that never allocate: those that scenarios do not name; each is called by the last. */
extern const char scenario_accessors[];

/* The directory, and the state to start from. */
void scene_start(scene *s, const scenario *which);
void scene_stop(scene *s);
/* One attempt: everything as it was after scene_start(), and a session. */
void scene_begin(scene *s);
void scene_open_settings(scene *s);
void scene_open_project(scene *s);
void scene_open_session(scene *s);
/* Frees what the call gave back, and then the session with all below it. */
void scene_release_docs(scene *s);
void scene_release(scene *s);

/* Fails the program with a message unless a call of the set-up went well. */
void scene_need(scene *s, brant_status st, brant_error **err);
void scene_exec(scene *s, const char *db, const char *sql);

/* What the call gave back, without what differs from run to run. */
void scene_describe(const scene *s, brn_buf *out);
/* Files and databases as they are now: equal states, equal texts. */
void scene_state(scene *s, brn_buf *out);
/* No transaction is open in the connection that the host lent. */
bool scene_host_is_free(const scene *s);
/* NULL, or what does not fit together. Static or in `store`. */
const char *scene_contradiction(scene *s, brn_buf *store);

#endif
