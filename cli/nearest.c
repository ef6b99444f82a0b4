/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/nearest.h"

void cli_nearest_init(cli_nearest *nearest, brn_str wanted)
{
    *nearest = (cli_nearest){ .wanted = wanted, .distance = SIZE_MAX };
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Optimal string alignment with three rows; both texts are at most CLI_NEAREST_MAX long. */
static size_t distance(brn_str a, brn_str b)
{
    size_t rows[3][CLI_NEAREST_MAX + 1];
    size_t *before = rows[0];
    size_t *above = rows[1];
    size_t *row = rows[2];

    for (size_t j = 0; j <= b.len; j++) {
        above[j] = j;
        before[j] = j;
    }
    for (size_t i = 1; i <= a.len; i++) {
        size_t *oldest = before;

        row[0] = i;
        for (size_t j = 1; j <= b.len; j++) {
            size_t change = a.ptr[i - 1] == b.ptr[j - 1] ? 0 : 1;

            row[j] = least(least(above[j], row[j - 1]) + 1, above[j - 1] + change);
            if (i > 1 && j > 1 && a.ptr[i - 1] == b.ptr[j - 2] && a.ptr[i - 2] == b.ptr[j - 1]) {
                row[j] = least(row[j], before[j - 2] + 1);
            }
        }
        before = above;
        above = row;
        row = oldest;
    }
    return above[b.len];
}

void cli_nearest_try(cli_nearest *nearest, const char *name)
{
    brn_str known = brn_str_from(name);
    size_t limit = least((known.len + 2) / 3, 3);
    size_t d;

    if (known.len == 0 || known.len > CLI_NEAREST_MAX || nearest->wanted.len > CLI_NEAREST_MAX) {
        return;
    }
    d = distance(nearest->wanted, known);
    if (d <= limit && d < nearest->distance) {
        nearest->best = name;
        nearest->distance = d;
    }
}
