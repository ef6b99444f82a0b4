/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Graphs without files, for the tests of src/graph/: migrations are described in tables.
 */
#ifndef TESTS_SUPPORT_GRAPH_FIXTURE_H
#define TESTS_SUPPORT_GRAPH_FIXTURE_H

#include "graph/plan.h"

#define GRAPH_DATABASES_MAX 4

/* A file of a case; the version is what stands before the first '_'. */
typedef struct graph_file {
    const char *id;
    const char *requires; /* as in the directive, "none" included; NULL: not given */
    bool manual;
    bool no_down;
} graph_file;

typedef struct graph_row {
    const char *id;
    brn_row_status status;
    brn_direction direction;
    int64_t done;
    int64_t intent;
} graph_row;

typedef struct graph_fixture {
    brn_arena arena;
    brn_source_set sets[GRAPH_DATABASES_MAX];
    brn_graph_input inputs[GRAPH_DATABASES_MAX];
    brn_ledger_rows rows[GRAPH_DATABASES_MAX];
    size_t count;
    brn_graph graph;
    brant_error *err;
} graph_fixture;

void graph_start(graph_fixture *f);
void graph_stop(graph_fixture *f);
/* Adds a database; files end with a NULL id. */
void graph_add(graph_fixture *f, const char *name, const graph_file *files);
brn_source *graph_add_file(graph_fixture *f, size_t database, const graph_file *file);
brant_status graph_build(graph_fixture *f);
void graph_build_ok(graph_fixture *f);
/* Joins rows, which get seq 1, 2, ... and times in that order; rows end with a NULL id. */
void graph_join(graph_fixture *f, size_t database, const graph_row *rows);
/* The same from ids that are completed, separated by blanks. */
void graph_completed(graph_fixture *f, size_t database, const char *ids);
brn_migration *graph_get(graph_fixture *f, const char *id);
/* "001_a main:002_b": the order, with the database's name when there are several. */
const char *graph_order(graph_fixture *f);
/* "001_a -002_b 003_c! 004_d?": down with '-', manual with '!', blocked with '?'. */
const char *graph_steps(graph_fixture *f, const brn_steps_plan *plan);

#endif
