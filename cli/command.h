/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a command is: one constant record in its own file, listed in commands.c.
 *
 * The record is the only place where a command's options exist: parser, help and the reference
 * page are made from it. Options that are settings (--lock-timeout, ...) are not repeated; they
 * come from the library's table of settings and belong to every command.
 */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include <stddef.h>
#include <stdint.h>

typedef struct cli_context cli_context;

/* Exit codes of the process: a promise to scripts (docs/stability.md). */
enum cli_exit {
    CLI_EXIT_OK = 0,
    CLI_EXIT_FAILED = 1,
    CLI_EXIT_USAGE = 2,
    CLI_EXIT_NOTHING = 3,
    CLI_EXIT_MANUAL_REQUIRED = 4,
    CLI_EXIT_MANUAL_OPTIONAL = 5,
    CLI_EXIT_BLOCKED_REQUIRED = 6,
    CLI_EXIT_BLOCKED_OPTIONAL = 7,
    CLI_EXIT_LOCKED = 8,
    CLI_EXIT_DIFFERENT = 9,
    CLI_EXIT_CONNECT = 10,
    CLI_EXIT_INTERRUPTED = 130
};

/* Type of an option, and of the field of the command's struct that it sets. */
typedef enum cli_opt_type {
    CLI_OPT_BOOL = 1,   /* bool; takes no value */
    CLI_OPT_STRING = 2, /* const char * */
    CLI_OPT_COUNT = 3   /* uint64_t, from 1 */
} cli_opt_type;

/* One option of one command. A list of them ends with a zeroed one. */
typedef struct cli_opt {
    const char *name; /* long, without dashes */
    char letter;      /* 0: none */
    cli_opt_type type;
    size_t offset; /* of the field */
    const char *metavar;
    const char *help;
} cli_opt;

/* What the dispatcher prepares. A session needs a project. */
#define CLI_NEEDS_SETTINGS (1u << 0)
#define CLI_NEEDS_PROJECT (1u << 1 | CLI_NEEDS_SETTINGS)
#define CLI_NEEDS_SESSION (1u << 2 | CLI_NEEDS_PROJECT)
/* Changes a database. */
#define CLI_WRITES (1u << 3)
/* The arguments are names of databases, as with -d. */
#define CLI_ARGS_ARE_DATABASES (1u << 4)

#define CLI_ANY_ARGS SIZE_MAX

typedef struct cli_command {
    const char *name;
    const char *alias; /* NULL: none */
    const char *group; /* heading in the list of commands */
    const char *summary;
    const char *usage;   /* what stands behind the name */
    const char *details; /* paragraphs for its help, separated by newlines; may be NULL */
    const char *example; /* one a line */
    uint32_t flags;
    const cli_opt *opts; /* may be NULL */
    size_t args_size;    /* of the struct that opts set */
    const char *arg;     /* name of its argument, for messages */
    size_t min_args;
    size_t max_args;
    /*
     * `values` is the struct that opts set. Returns an exit code. NULL: a command of the contract
     * that this version does not have.
     */
    int (*run)(cli_context *ctx, const void *values);
} cli_command;

/* Every command, in the order of the help; ends with NULL. */
extern const cli_command *const cli_commands[];

/* By name or alias; NULL when there is none. */
const cli_command *cli_command_find(const cli_command *const *commands, const char *name);

#endif
