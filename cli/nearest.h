/* SPDX-License-Identifier: Apache-2.0 */
/*
 * "Did you mean": the known name that is nearest to one that nobody knows.
 *
 * Distance is the number of letters inserted, left out, changed or swapped with their neighbour.
 * A name counts as near when at most a third of its letters differ, and never more than three.
 */
#ifndef CLI_NEAREST_H
#define CLI_NEAREST_H

#include "base/str.h"

#define CLI_NEAREST_MAX 48 /* longer names are never near */

/* Keeps the best of the names it is shown. */
typedef struct cli_nearest {
    brn_str wanted;
    const char *best; /* NULL: none is near enough */
    size_t distance;
} cli_nearest;

void cli_nearest_init(cli_nearest *nearest, brn_str wanted);
/* name may be NULL, which is near to nothing. */
void cli_nearest_try(cli_nearest *nearest, const char *name);

#endif
