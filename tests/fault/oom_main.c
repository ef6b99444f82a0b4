/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each scenario with its k-th allocation failing, k = 1, 2, 3 ... until it needs no more; once with
 * only that one failing, and once with all that follow.
 *
 *     oom [--points N] [--table FILE] [--only TEXT] [--at K] [--list]
 *
 * A call has to end with BRANT_ENOMEM, or as it does undisturbed and with the same document.
 * Nothing may leak; files, ledger and tables agree; the session does the same call again, and then
 * everything is as after an undisturbed one.
 *
 * At most N (40) values of k are tried of each scenario, spread over all of them; 0 is all.
 * --at K prints where that allocation was made. --table appends a line for tests/fault/table.py.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <sqlite3.h>

#include "fault/alloc.h"
#include "fault/scene.h"

#define POINTS 40u
#define MOST 1000000u
#define GAPS_SHOWN 5u
#ifdef BRANT_ARENA_DEBUG
#define FAULT "no memory, arenas too"
#else
#define FAULT "no memory"
#endif

typedef struct options {
    uint64_t points; /* 0: all */
    bool list;
    const char *table;
    const char *only;
    uint64_t at;
} options;

/* How a call went, and what was there afterwards. */
typedef struct outcome {
    brant_status status;
    brn_buf told;  /* document and error */
    brn_buf state; /* after the call was made once more */
    brant_status status_again;
    uint64_t calls;
    uint64_t failures;
} outcome;

typedef struct tally {
    uint64_t points;
    uint64_t same; /* ended as if nothing had happened */
    uint64_t gaps;
} tally;

/* For whoever reads the report of a crash. */
static char place[256];

static void say_place(int number)
{
    (void)!write(STDERR_FILENO, place, strlen(place));
    (void)signal(number, SIG_DFL);
    (void)raise(number);
}

static void outcome_init(outcome *o)
{
    memset(o, 0, sizeof(*o));
    brn_buf_init(&o->told, 0);
    brn_buf_init(&o->state, 0);
    /* There before anything is counted. */
    (void)brn_buf_reserve(&o->told, 1);
    (void)brn_buf_reserve(&o->state, 1);
}

static void outcome_release(outcome *o)
{
    brn_buf_release(&o->told);
    brn_buf_release(&o->state);
}

static const char *say(brn_buf *problem, const char *what, const char *detail)
{
    brn_buf_reset(problem);
    brn_buf_printf(problem, "%s: %s", what, detail);
    return brn_buf_text(problem);
}

/* Once more without failures, to the state that is compared. NULL, or what went wrong. */
static const char *call_again(scene *s, outcome *o, brn_buf *problem)
{
    brant_error *err = NULL;
    scene_call *again = s->scenario->again != NULL ? s->scenario->again : s->scenario->call;
    brant_history *history = NULL;
    const char *wrong = NULL;

    o->status_again = again(s, &err);
    if (o->status_again != BRANT_OK) {
        brn_buf_printf(&o->state, "%s\n", brant_error_message(err));
    }
    brant_error_free(err);
    err = NULL;
    if (!scene_host_is_free(s)) {
        return "a transaction was left open in the connection of the host";
    }
    scene_state(s, &o->state);
    wrong = scene_contradiction(s, problem);
    if (wrong == NULL && s->session != NULL &&
        brant_history_read(&history, s->session, 1, &err) == BRANT_OK && history->verified == 0) {
        wrong = say(problem, "the history is broken", history->problem);
    }
    brant_error_free(err);
    brant_history_free(history);
    return wrong;
}

/* One attempt with call `at` failing (0: none). NULL, or what is wrong by itself. */
static const char *attempt(scene *s, outcome *o, uint64_t at, bool onwards, brn_buf *problem)
{
    int64_t before = alloc_live();
    brant_error *err = NULL;
    const char *wrong = NULL;

    scene_begin(s);
    alloc_arm(at, onwards);
    o->status = s->scenario->call(s, &err);
    o->calls = alloc_disarm();
    o->failures = alloc_failures();
    if ((o->status != BRANT_OK) != (err != NULL)) {
        wrong = "status and error do not agree";
    } else if (err != NULL && brant_error_status(err) != o->status) {
        wrong = "the error has another status than the call";
    }
    scene_describe(s, &o->told);
    if (err != NULL) {
        brn_buf_printf(&o->told, "%s: %s\n", brant_error_id(err), brant_error_message(err));
    }
    scene_release_docs(s);
    brant_error_free(err);
    if (wrong == NULL) {
        wrong = scene_contradiction(s, problem);
    }
    if (wrong == NULL) {
        wrong = call_again(s, o, problem);
    }
    /* Giving back must work without memory too. */
    alloc_arm(onwards && at != 0 ? 1 : 0, onwards);
    scene_release(s);
    (void)alloc_disarm();
    if (wrong == NULL && alloc_live() != before) {
        brn_buf_reset(problem);
        brn_buf_printf(problem, "%lld allocations leaked", (long long)(alloc_live() - before));
        wrong = brn_buf_text(problem);
    }
    return wrong;
}

/* The lines of a text that another one does not have. */
static const char *say_lines(
    brn_buf *problem, const char *what, const brn_buf *got, const brn_buf *want)
{
    brn_str rest = brn_buf_str(got);
    brn_str line;

    brn_buf_reset(problem);
    brn_buf_printf(problem, "%s:\n", what);
    while (brn_str_split(&rest, '\n', &line)) {
        if (brn_str_find(brn_buf_str(want), line) == SIZE_MAX) {
            brn_buf_printf(problem, "    %.*s\n", (int)line.len, line.ptr);
        }
    }
    return brn_buf_text(problem);
}

static const char *compare(const outcome *o, const outcome *clean, brn_buf *problem)
{
    if (o->status != BRANT_ENOMEM && o->status != clean->status) {
        brn_buf_reset(problem);
        brn_buf_printf(
            problem, "gave %s: %s", brant_status_name(o->status), brn_buf_text(&o->told));
        return brn_buf_text(problem);
    }
    /* What is told besides an error may be less than without the failure. */
    if (o->status == BRANT_OK && strcmp(brn_buf_text(&o->told), brn_buf_text(&clean->told)) != 0) {
        return say(problem, "says it went well, but tells something else", brn_buf_text(&o->told));
    }
    if (o->status_again != clean->status_again) {
        return say_lines(problem, "the next call gives another result", &o->state, &clean->state);
    }
    if (strcmp(brn_buf_text(&o->state), brn_buf_text(&clean->state)) != 0) {
        return say_lines(problem, "ends in another state", &o->state, &clean->state);
    }
    return NULL;
}

/* A leak counts when it happens again: the C library keeps some things once and for all. */
static const char *attempt_twice(scene *s, outcome *o, uint64_t at, bool onwards, brn_buf *problem)
{
    const char *wrong = attempt(s, o, at, onwards, problem);

    if (wrong != NULL && strstr(wrong, "leaked") != NULL) {
        outcome_release(o);
        outcome_init(o);
        wrong = attempt(s, o, at, onwards, problem);
    }
    return wrong;
}

/* The number of allocations that failed: none when the call makes fewer. */
static uint64_t try_one(scene *s, const outcome *clean, uint64_t at, bool onwards, tally *t)
{
    uint64_t failures;
    outcome o;
    brn_buf problem;
    const char *wrong;

    outcome_init(&o);
    brn_buf_init(&problem, 0);
    (void)brn_buf_reserve(&problem, 1);
    (void)snprintf(
        place, sizeof(place), "\n%s: allocation %llu%s\n", s->scenario->name,
        (unsigned long long)at, onwards ? " and all that follow" : "");
    wrong = attempt_twice(s, &o, at, onwards, &problem);
    if (wrong == NULL) {
        wrong = compare(&o, clean, &problem);
    }
    failures = o.failures;
    t->points += failures > 0 ? 1 : 0;
    t->same += failures > 0 && o.status == clean->status ? 1 : 0;
    if (wrong != NULL) {
        t->gaps++;
        if (t->gaps <= GAPS_SHOWN) {
            fprintf(stderr, "%s  %.1500s\n", place + 1, wrong);
        }
    }
    brn_buf_release(&problem);
    outcome_release(&o);
    return failures;
}

/* The undisturbed call. The first one fills what stays: SQLite's globals, caches of the C library.
 */
static void try_clean(scene *s, outcome *clean, tally *t)
{
    brn_buf problem;
    const char *wrong;

    brn_buf_init(&problem, 0);
    (void)brn_buf_reserve(&problem, 1);
    (void)snprintf(place, sizeof(place), "\n%s: undisturbed\n", s->scenario->name);
    wrong = attempt_twice(s, clean, 0, false, &problem);
    if (wrong != NULL) {
        fprintf(stderr, "%s  %s\n", place + 1, wrong);
        t->gaps++;
    }
    if (s->scenario->covers == scenario_accessors && clean->calls > 0) {
        fprintf(stderr, "%s  an accessor allocates\n", place + 1);
        t->gaps++;
    }
    brn_buf_release(&problem);
}

static tally run_scenario(const scenario *which, const options *opts)
{
    tally t = { 0 };
    outcome clean;
    scene s;
    struct timespec began;
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &began);
    scene_start(&s, which);
    outcome_init(&clean);
    try_clean(&s, &clean, &t);
    uint64_t stride = opts->points == 0 ? 1 : clean.calls / opts->points + 1;
    for (int onwards = 0; onwards < 2; onwards++) {
        uint64_t failures = 1;
        for (uint64_t at = 1; at < MOST && failures > 0; at += stride) {
            if (opts->at == 0) {
                failures = try_one(&s, &clean, at, onwards != 0, &t);
            } else if (opts->at == at) {
                alloc_show_failures();
                (void)try_one(&s, &clean, at, onwards != 0, &t);
                break;
            }
        }
    }
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    printf(
        "%-45s %6llu allocations %6llu points %6llu unnoticed %4llu gaps %5.1f s\n", which->name,
        (unsigned long long)clean.calls, (unsigned long long)t.points, (unsigned long long)t.same,
        (unsigned long long)t.gaps,
        (double)(now.tv_sec - began.tv_sec) + (double)(now.tv_nsec - began.tv_nsec) / 1e9);
    (void)fflush(stdout);
    outcome_release(&clean);
    scene_stop(&s);
    return t;
}

/* ---- the program ---- */

static void list_covered(const scenario *table)
{
    for (const scenario *which = table; which->name != NULL; which++) {
        for (const char *c = which->covers; *c != '\0'; c++) {
            (void)putchar(*c == ' ' ? '\n' : *c);
        }
        (void)putchar('\n');
    }
}

/* One line of the table: workload, transactions, fault, points, recovered, answers, gaps. */
static void write_row(FILE *table, const char *workload, tally t)
{
    if (table != NULL) {
        fprintf(
            table, "%s\t-\t" FAULT "\t%llu\t%llu\t0\t%llu\n", workload,
            (unsigned long long)t.points,
            (unsigned long long)(t.points > t.gaps ? t.points - t.gaps : 0),
            (unsigned long long)t.gaps);
    }
}

/* "up: new database" belongs to "up". */
static bool same_group(const char *a, const char *b)
{
    size_t len = strcspn(a, ":");

    return len == strcspn(b, ":") && strncmp(a, b, len) == 0;
}

static void add_tally(tally *sum, tally t)
{
    sum->points += t.points;
    sum->same += t.same;
    sum->gaps += t.gaps;
}

static tally run_table(const scenario *rows, const options *opts, FILE *table)
{
    tally sum = { 0 };
    tally group = { 0 };

    for (const scenario *which = rows; which->name != NULL; which++) {
        char name[64];
        if (opts->only == NULL || strstr(which->name, opts->only) != NULL) {
            add_tally(&group, run_scenario(which, opts));
        }
        if (which[1].name == NULL || !same_group(which->name, which[1].name)) {
            (void)snprintf(name, sizeof(name), "%.*s", (int)strcspn(which->name, ":"), which->name);
            write_row(table, name, group);
            add_tally(&sum, group);
            group = (tally){ 0 };
        }
    }
    return sum;
}

static tally run_all(const options *opts)
{
    FILE *table = opts->table != NULL ? fopen(opts->table, "w") : NULL;
    tally sum;

    if (opts->table != NULL && table == NULL) {
        perror(opts->table);
        exit(1);
    }
    sum = run_table(scenarios, opts, table);
    add_tally(&sum, run_table(scenarios_embed, opts, table));
    if (table != NULL && fclose(table) != 0) {
        perror(opts->table);
        exit(1);
    }
    return sum;
}

static int usage(void)
{
    fputs("usage: oom [--points N] [--table FILE] [--only TEXT] [--at K] [--list]\n", stderr);
    return 2;
}

static int read_options(options *opts, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : NULL;
        if (strcmp(argv[i], "--list") == 0) {
            opts->list = true;
        } else if (strcmp(argv[i], "--points") == 0 && value != NULL) {
            opts->points = strtoull(argv[++i], NULL, 10);
        } else if (strcmp(argv[i], "--table") == 0 && value != NULL) {
            opts->table = argv[++i];
        } else if (strcmp(argv[i], "--only") == 0 && value != NULL) {
            opts->only = argv[++i];
        } else if (strcmp(argv[i], "--at") == 0 && value != NULL) {
            opts->points = 0;
            opts->at = strtoull(argv[++i], NULL, 10);
        } else {
            return usage();
        }
    }
    return 0;
}

int main(int argc, char **argv)
{
    options opts = { .points = POINTS };
    tally sum;

    if (read_options(&opts, argc, argv) != 0) {
        return 2;
    }
    if (opts.list) {
        list_covered(scenarios);
        list_covered(scenarios_embed);
        return 0;
    }
    /* Thousands of databases are made: in memory, where there is such a place. */
    if (access("/dev/shm", W_OK) == 0) {
        (void)setenv("TMPDIR", "/dev/shm", 1);
    }
    /* SQLite's own pools would hide most of its allocations. */
    (void)sqlite3_config(SQLITE_CONFIG_LOOKASIDE, 0, 0);
#ifndef __SANITIZE_ADDRESS__
    (void)signal(SIGSEGV, say_place);
    (void)signal(SIGBUS, say_place);
#endif
    (void)signal(SIGABRT, say_place);
    sum = run_all(&opts);
    printf(
        "%llu points, %llu unnoticed, %llu gaps\n", (unsigned long long)sum.points,
        (unsigned long long)sum.same, (unsigned long long)sum.gaps);
    return sum.gaps == 0 ? 0 : 1;
}
