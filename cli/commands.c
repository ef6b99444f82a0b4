/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one list of commands, in the order in which help shows them.
 */
#include "cli/commands.h"

/* In the contract, but not in this version. */
#define LATER(word)                                                                                \
    &(const cli_command)                                                                           \
    {                                                                                              \
        .name = (word)                                                                             \
    }

const cli_command *const cli_commands[] = {
    /* start */
    &cli_cmd_init,
    &cli_cmd_new,
    &cli_cmd_setup,
    &cli_cmd_sum,
    &cli_cmd_adopt,

    /* change */
    &cli_cmd_up,
    &cli_cmd_down,
    &cli_cmd_goto,
    &cli_cmd_redo,
    LATER("upgrade"),
    &cli_cmd_apply,
    LATER("backfill"),

    /* look */
    &cli_cmd_status,
    &cli_cmd_list,
    &cli_cmd_version,
    &cli_cmd_plan,
    &cli_cmd_history,
    &cli_cmd_validate,
    &cli_cmd_ping,
    &cli_cmd_health,
    LATER("info"),
    LATER("report"),
    LATER("recommendations"),
    LATER("check"),
    LATER("drift"),
    LATER("lint"),
    LATER("metrics"),
    LATER("studio"),

    /* mend */
    &cli_cmd_repair,
    &cli_cmd_mark,
    &cli_cmd_force,
    &cli_cmd_lock,

    /* desired schema */
    LATER("push"),
    LATER("generate"),
    LATER("pull"),
    LATER("snapshot"),
    LATER("diff"),

    /* the command itself */
    &cli_cmd_config,
    &cli_cmd_help,
    &cli_cmd_completion,
    LATER("shell"),
    NULL,
};
