/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Progress: what happens during a run, as it happens, on stderr.
 *
 *     session --events--> cli_render_event() --+--> bar    one line of a terminal, redrawn
 *                              |               +--> plain  a line with time and level per event
 *                              |               +--> json   an object per event
 *                              +--> shown: statements of a dry run, which are the answer
 *
 * What is filtered (-q, -v, --trace) is decided here, once; how it looks, in the renderer.
 */
#ifndef CLI_RENDER_H
#define CLI_RENDER_H

#include <brant/event.h>

#include "base/buf.h"
#include "base/vec.h"

typedef struct cli_render cli_render;

typedef struct cli_renderer {
    void (*event)(cli_render *r, const brant_event *ev);
    /* Leaves stderr free for others; the next event draws again. May be NULL. */
    void (*clear)(cli_render *r);
} cli_renderer;

extern const cli_renderer cli_render_none;
extern const cli_renderer cli_render_plain;
extern const cli_renderer cli_render_bar;
extern const cli_renderer cli_render_json;

/* A statement that a dry run showed. */
typedef struct cli_shown {
    const char *database;
    const char *migration;
    const char *direction;
    const char *file;
    uint32_t line;
    uint64_t number;
    brn_str text;
} cli_shown;

/* The state of the bar. */
typedef struct cli_bar {
    uint64_t total;
    uint64_t done;
    const char *unit;
    char current[128];
    uint64_t statement;
    uint64_t statements;
    int64_t waited_ns; /* for the lock; 0: not waiting */
    int64_t drawn_ns;  /* monotonic time of the last drawing */
    bool visible;
} cli_bar;

struct cli_render {
    const cli_renderer *ops;
    brn_arena *arena;
    bool color;
    bool quiet;
    bool verbose;
    bool trace;
    bool dry_run;
    bool many;            /* several databases: say which */
    char direction[8];    /* of the migration at hand */
    int64_t wait_said_ns; /* last wait that was said, for the lock */
    int64_t rows_said_ns; /* monotonic time of the last progress line */
    cli_bar bar;
    BRN_VEC(cli_shown) shown;
    brn_buf line; /* scratch */
};

/* Zero is a renderer that says warnings only. */
void cli_render_release(cli_render *r);
/* The callback of the session; `user` is a cli_render. */
void cli_render_event(const brant_event *ev, void *user);
/* Before anything else is written to the terminal. */
void cli_render_clear(cli_render *r);

/* For the renderers: the event as a plain line, if it has one. False when nothing was added. */
bool cli_plain_line(brn_buf *out, cli_render *r, const brant_event *ev);
/* Writes r->line to stderr and empties it. */
void cli_render_flush(cli_render *r);

#endif
