/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command line, taken apart.
 *
 *     brant -d main --json up 3 --to 024 -nv -- -x
 *           \__ settings _/ |  | \_own_/ |   \_ arguments after "--"
 *                     command  argument  letters without value may be joined
 *
 * - Settings (any row of the library's table with BRANT_SETTING_GLOBAL_FLAG) stand before or
 *   behind the command's name, options of the command behind it.
 * - `--key=value`, `--key value`, `-k value`, `-kvalue`. A value that begins with a dash has to be
 *   joined with "=", so that a forgotten value does not swallow the next option.
 * - A dash and digits is an argument: `force -1`.
 * - `migrate` is `up`, and before the name of another command it is only a prefix.
 * - Long names are never guessed from a beginning: a script would break when an option is added.
 */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include <brant/settings.h>

#include "base/vec.h"
#include "cli/command.h"
#include "cli/print_error.h"

/* A setting that was given as an option. */
typedef struct cli_flag {
    const brant_setting_info *setting;
    const char *value; /* of a repeated flag: all, each on its line */
    const char *where; /* "--lock-timeout" or "-d", for messages */
} cli_flag;

typedef struct cli_parse {
    const cli_command *command; /* NULL: none named */
    bool help;
    bool version;
    void *values; /* the command's struct; NULL without a command */
    BRN_VEC(const char *) args;
    BRN_VEC(cli_flag) flags;
} cli_parse;

/*
 * Takes argv[1..argc) apart. False, with `failure` filled, when it cannot: failure->status is
 * BRANT_EUSAGE, or BRANT_ENOMEM. Everything lives in the arena or in argv. A missing command or
 * argument is fine when help or version was asked for.
 */
bool cli_options_parse(
    cli_parse *out,
    brn_arena *arena,
    const cli_command *const *commands,
    int argc,
    const char *const *argv,
    cli_failure *failure);

/* Value of a flag given on the command line, or NULL. */
const char *cli_parse_flag(const cli_parse *parse, const char *key);

#endif
