/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one list of commands, in the order in which help shows them.
 */
#include "cli/commands.h"

/* In the contract, but not in this version. */
#define LATER(word)                                                                                \
    &(const cli_command)                                                                           \
    {                                                                                              \
        .name = word                                                                               \
    }

const cli_command *const cli_commands[] = {
    /* start */
    LATER("adopt"),

    /* change */
    LATER("upgrade"),
    LATER("apply"),
    LATER("backfill"),

    /* look */
    LATER("info"),
    LATER("report"),
    LATER("health"),
    LATER("recommendations"),
    LATER("check"),
    LATER("drift"),
    LATER("lint"),
    LATER("metrics"),
    LATER("studio"),

    /* mend */

    /* desired schema */
    LATER("push"),
    LATER("generate"),
    LATER("pull"),
    LATER("snapshot"),
    LATER("diff"),

    /* the command itself */
    &cli_cmd_config,
    &cli_cmd_help,
    LATER("completion"),
    LATER("shell"),
    NULL,
};
