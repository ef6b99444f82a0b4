/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records of the commands, each in cmd_<name>.c or in the file of its nearest relative.
 */
#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

#include "cli/command.h"

extern const cli_command cli_cmd_apply;
extern const cli_command cli_cmd_completion;
extern const cli_command cli_cmd_config;
extern const cli_command cli_cmd_down;
extern const cli_command cli_cmd_force;
extern const cli_command cli_cmd_goto;
extern const cli_command cli_cmd_health;
extern const cli_command cli_cmd_help;
extern const cli_command cli_cmd_history;
extern const cli_command cli_cmd_init;
extern const cli_command cli_cmd_list;
extern const cli_command cli_cmd_lock;
extern const cli_command cli_cmd_adopt;
extern const cli_command cli_cmd_mark;
extern const cli_command cli_cmd_new;
extern const cli_command cli_cmd_ping;
extern const cli_command cli_cmd_plan;
extern const cli_command cli_cmd_redo;
extern const cli_command cli_cmd_repair;
extern const cli_command cli_cmd_setup;
extern const cli_command cli_cmd_status;
extern const cli_command cli_cmd_sum;
extern const cli_command cli_cmd_up;
extern const cli_command cli_cmd_validate;
extern const cli_command cli_cmd_version;

#endif
