/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the commands that run migrations share: their number as argument, the summary of a report,
 * and the exit code.
 */
#ifndef CLI_RUNS_H
#define CLI_RUNS_H

#include "cli/context.h"

/* The first argument as a number of migrations; 0 when there is none. Returns 0 or an exit code. */
int cli_run_count(cli_context *ctx, uint64_t *count);

/* How to speak about a run. */
typedef struct cli_run_style {
    const char *done;   /* "applied" */
    const char *would;  /* "would run", of a dry run */
    bool is_exit_coded; /* --exit-code: 3 when there was nothing to do */
} cli_run_style;

/*
 * Adds the report to the answer, says the error, frees both, and returns the exit code. `report`
 * may be NULL, or say how far a run came that failed.
 */
int cli_run_finish(
    cli_context *ctx,
    brant_status status,
    brant_report *report,
    brant_error *err,
    const cli_run_style *style);

#endif
