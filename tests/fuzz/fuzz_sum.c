/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sum files of any bytes. Holds: what was taken apart, put together again, is the text less its
 * byte order mark and carriage returns at line ends; every line has a path and 64 digits; an error
 * has its line and says what to do.
 */
#include <stdlib.h>
#include <string.h>

#include "layouts/sum.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(what)                                                                                 \
    do {                                                                                           \
        if (!(what)) {                                                                             \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

/* The lines as brant would write them. */
static void join(brn_buf *out, const brn_sum_lines *lines)
{
    brn_buf_add_c(out, "brant-sum 1\n");
    for (size_t i = 0; i < lines->count; i++) {
        const brn_sum_line *line = &lines->items[i];
        MUST(line->path.len > 0 && line->digest.len == BRN_DIGEST_HEX);
        brn_buf_add_str(out, line->path);
        brn_buf_add_char(out, ' ');
        brn_buf_add_str(out, line->digest);
        brn_buf_add_char(out, '\n');
    }
}

static void check_lines(const brn_sum_lines *lines, brn_arena *arena)
{
    brn_sum_lines again = { 0 };
    brn_buf once = { 0 };
    brn_buf twice = { 0 };

    join(&once, lines);
    MUST(brn_sum_parse(&again, arena, "f", brn_buf_str(&once), NULL) == BRANT_OK);
    MUST(again.count == lines->count);
    join(&twice, &again);
    MUST(brn_str_eq(brn_buf_str(&once), brn_buf_str(&twice)));
    brn_buf_release(&once);
    brn_buf_release(&twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    brn_str text = size > 0 ? (brn_str){ (const char *)data, size } : BRN_STR("");
    brn_arena arena = { 0 };
    brn_sum_lines lines = { 0 };
    brant_error *err = NULL;
    brant_status st = brn_sum_parse(&lines, &arena, "f", text, &err);

    MUST((st == BRANT_OK) == (err == NULL));
    if (st == BRANT_OK) {
        check_lines(&lines, &arena);
    } else {
        MUST(st == BRANT_EPARSE && lines.count == 0);
        MUST(brant_error_line(err) > 0 && brant_error_hint(err) != NULL);
    }
    brant_error_free(err);
    brn_arena_release(&arena);
    return 0;
}
