/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scripts that complete command lines of brant in a shell, made from the table of commands and the
 * library's table of settings.
 *
 * What an option or argument takes is read off the word that help shows for its value: FILE, DIR,
 * COMMAND, or choices as in "status|release". Names of databases come from `brant config`, which
 * opens no database. Ids of migrations are not completed: `brant list` connects, and a key press
 * must not wait for a server.
 */
#ifndef CLI_COMPLETION_H
#define CLI_COMPLETION_H

#include <brant/settings.h>

#include "base/buf.h"
#include "cli/command.h"

typedef enum cli_value_kind {
    CLI_VALUE_NONE = 0, /* takes no value */
    CLI_VALUE_TEXT,     /* nothing can be proposed */
    CLI_VALUE_WORDS,    /* one of `words` */
    CLI_VALUE_FILE,
    CLI_VALUE_DIR,
    CLI_VALUE_DATABASE, /* the name of a database, or a URL */
    CLI_VALUE_COMMAND   /* the name of a command, or "options" */
} cli_value_kind;

typedef struct cli_value {
    cli_value_kind kind;
    const char *metavar; /* for people */
    const char *words;   /* separated by '|' */
} cli_value;

cli_value cli_value_of_setting(const brant_setting_info *setting);
cli_value cli_value_of_option(const cli_opt *option);
/* Of its arguments. */
cli_value cli_value_of_argument(const cli_command *command);

/* "Directory that holds the migration files": the first sentence, or what stands before its first
 * colon or semicolon, without the full stop. A view into `help`. */
brn_str cli_short_help(const char *help);

/* Words separated by '|', with `between` instead. */
void cli_add_words(brn_buf *out, const char *words, const char *between);

/* Writes the script of one shell. */
typedef void cli_completion_fn(brn_buf *out, const cli_command *const *commands);

cli_completion_fn cli_completion_bash;
cli_completion_fn cli_completion_zsh;
cli_completion_fn cli_completion_fish;

/* One line that makes a name of a database of each line of `brant config`, for a pipe. */
#define CLI_COMPLETION_NAMES "sed -n '/^databases$/,$s/^  \\([^ ]*\\) .*/\\1/p'"

#endif
