/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The words of the command line, and the passwords in them.
 *
 * Everybody on the machine can read the words of a process, so those that may hold a password are
 * overwritten as soon as they are copied, before anything else happens.
 */
#ifndef CLI_ARGV_H
#define CLI_ARGV_H

#include "base/arena.h"

/*
 * Copies argv[0..argc) and overwrites in argv what looks like a database URL. NULL when out of
 * memory (argv is overwritten all the same).
 */
const char *const *cli_argv_take(brn_arena *arena, int argc, char **argv);

/* Whether a word must not be repeated in a message because it may hold a password. */
bool cli_argv_is_secret(const char *word);

#endif
