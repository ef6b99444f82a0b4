/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The floor: the least that a program has to do to run migrations, with nothing around it. brant is
 * measured against it, because times of two machines or two disks cannot be compared, but ratios
 * against the same bare work can.
 *
 *     floor each DIRECTORY DATABASE COMMITS   each file in a transaction of its own, then small
 *                                             transactions up to COMMITS
 *     floor all DIRECTORY DATABASE            every file in a single transaction
 *     floor look DIRECTORY DATABASE QUERY     nothing to run: read and digest each file, ask the
 *                                             database one question and read the answer
 *     floor                                   nothing at all: what linking costs
 *
 * The floor keeps no ledger, checks nothing, takes no lock besides SQLite's and says nothing. Files
 * are read in order of their names, whole, and given to SQLite as they are. Exit 0, 1 when
 * something failed, 2 for wrong usage.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

#include "directory.h"

enum {
    EXIT_FAILED = 1,
    EXIT_USAGE = 2
};

static int run(sqlite3 *db, const char *sql)
{
    return sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : -1;
}

static int run_each(sqlite3 *db, const directory *dir, char *text, const char *commits)
{
    for (size_t i = 0; i < dir->len; i++) {
        if (file_read(dir, i, text) < 0 || run(db, "BEGIN") != 0 || run(db, text) != 0 ||
            run(db, "COMMIT") != 0) {
            return -1;
        }
    }
    /* Values that differ, since a transaction that changes nothing writes nothing. */
    for (size_t i = dir->len; i < strtoul(commits, NULL, 10); i++) {
        char sql[sizeof("PRAGMA user_version = 18446744073709551615")];

        (void)snprintf(sql, sizeof(sql), "PRAGMA user_version = %zu", i);
        if (run(db, sql) != 0) {
            return -1;
        }
    }
    return 0;
}

static int run_all(sqlite3 *db, const directory *dir, char *text, const char *unused)
{
    (void)unused;
    if (run(db, "BEGIN") != 0) {
        return -1;
    }
    for (size_t i = 0; i < dir->len; i++) {
        if (file_read(dir, i, text) < 0 || run(db, text) != 0) {
            return -1;
        }
    }
    return run(db, "COMMIT");
}

static int look(sqlite3 *db, const directory *dir, char *text, const char *query)
{
    sqlite3_stmt *stmt = NULL;
    int result;

    if (directory_digest(dir, text) != 0) {
        return -1;
    }
    if (sqlite3_prepare_v2(db, query, -1, &stmt, NULL) != SQLITE_OK) {
        return -1;
    }
    while ((result = sqlite3_step(stmt)) == SQLITE_ROW) {
        for (int column = 0; column < sqlite3_column_count(stmt); column++) {
            (void)sqlite3_column_text(stmt, column);
        }
    }
    (void)sqlite3_finalize(stmt);
    return result == SQLITE_DONE ? 0 : -1;
}

typedef struct mode {
    const char *name;
    int arguments;
    int (*go)(sqlite3 *db, const directory *dir, char *text, const char *argument);
} mode;

static const mode modes[] = {
    { "each", 5, run_each },
    { "all", 4, run_all },
    { "look", 5, look },
};

static int go(const mode *chosen, char **argv)
{
    static char text[FILE_BYTES_MAX + 1];
    directory dir = { .fd = -1 };
    sqlite3 *db = NULL;

    if (directory_read(&dir, argv[2]) != 0) {
        perror(argv[2]);
        return EXIT_FAILED;
    }
    int result = sqlite3_open(argv[3], &db) == SQLITE_OK ? chosen->go(db, &dir, text, argv[4]) : -1;
    if (result != 0) {
        (void)fprintf(stderr, "floor: %s\n", sqlite3_errmsg(db));
    }
    (void)sqlite3_close(db);
    return result == 0 ? 0 : EXIT_FAILED;
}

int main(int argc, char **argv)
{
    if (argc == 1) {
        return 0;
    }
    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        if (strcmp(argv[1], modes[i].name) == 0 && argc == modes[i].arguments) {
            return go(&modes[i], argv);
        }
    }
    (void)fputs("usage: floor each|all|look DIRECTORY DATABASE [COMMITS|QUERY]\n", stderr);
    return EXIT_USAGE;
}
