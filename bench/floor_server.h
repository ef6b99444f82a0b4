/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the floors on database servers share: their command line, and what a ledger has to hold.
 *
 *     PROGRAM ledger DIRECTORY URL        runs each file, and writes what brant writes
 *     PROGRAM bare DIRECTORY URL          the same without a ledger
 *     PROGRAM look DIRECTORY URL QUERY    nothing to run: read and digest each file, ask the
 *                                         database one question and read the answer
 *     PROGRAM connect URL                 no more than a session
 *
 * Exit 0, 1 when something failed, 2 for wrong usage.
 */
#ifndef BRN_BENCH_FLOOR_SERVER_H
#define BRN_BENCH_FLOOR_SERVER_H

#include <stdbool.h>

#include "directory.h"

enum {
    FLOOR_NAME = 256
};

/* Values of ledger rows that are the same in all, as long as those of brant. */
#define FLOOR_RUN "6528f609de8e883e17cf708771339669"
#define FLOOR_DIGEST "1781085367194b9feaa6443a2b2f7cec11cd2b52a47441921ab02b27ac91a4e2"
#define FLOOR_NOW "2026-01-01T12:00:00.000Z"

typedef struct floor_server {
    const char *name; /* of the program */
    void *(*open)(const char *url);
    void (*close)(void *session); /* NULL is nothing */
    /* `text` has room for a file. 0, or -1 when it has said why. */
    int (*run)(void *session, const directory *dir, char *text, bool ledger);
    int (*ask)(void *session, const char *query);
} floor_server;

int floor_main(const floor_server *server, int argc, char **argv);

/* The id of a migration: the file's name up to the first dot; "" behind the last file. */
void floor_id(char id[FLOOR_NAME], const directory *dir, size_t index);

#endif
