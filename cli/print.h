/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text for people: tables, colours, wrapped paragraphs. Everything is appended to a buffer, so
 * that an answer is written at once and a test can look at it.
 *
 * A scratch buffer that ran out of memory makes the whole answer fail: half an answer with exit
 * code 0 would be a lie.
 *
 * Text that came from files or servers goes through cli_clean() or a function that calls it: a
 * migration's name must not be able to drive somebody's terminal.
 */
#ifndef CLI_PRINT_H
#define CLI_PRINT_H

#include "base/buf.h"
#include "base/clock.h"
#include "base/vec.h"

typedef enum cli_color {
    CLI_BOLD = 1,
    CLI_RED = 31,
    CLI_GREEN = 32,
    CLI_YELLOW = 33,
    CLI_DIM = 2
} cli_color;

/* Columns of the terminal behind a file descriptor, at most 120; 80 when it is none. */
size_t cli_width(int fd);

/* Control characters become blanks; NULL is nothing. */
void cli_clean(brn_buf *out, const char *text);
void cli_clean_str(brn_buf *out, brn_str text);
/* Clean text in a colour, when `on`. */
void cli_colored(brn_buf *out, bool on, cli_color color, const char *text);
/* Number of characters; combining and wide ones count as one. */
size_t cli_chars(brn_str text);

/*
 * A paragraph, broken at blanks to fit `width`. The first line goes on where the buffer is, at
 * column `indent`; the others are indented by it. Ends with a newline.
 */
void cli_wrap(brn_buf *out, const char *text, size_t indent, size_t width);
/* Every line of text indented, newline at the end. */
void cli_indented(brn_buf *out, brn_str text, size_t indent);

/* "1 migration", "3 migrations". */
void cli_plural(brn_buf *out, uint64_t count, const char *one);
/* "12 ms", "3 min 05 s"; nothing when negative. */
void cli_duration(brn_buf *out, int64_t ms);
/* RFC 3339, or "never" for 0. */
void cli_time(brn_buf *out, int64_t us);

/* Rows of cells, aligned. Cells are copied into the arena. */
typedef struct cli_table {
    brn_arena *arena;
    size_t columns;
    BRN_VEC(const char *) cells;
} cli_table;

void cli_table_init(cli_table *table, brn_arena *arena, size_t columns);
/* The next cell, row by row. NULL is an empty one. */
void cli_table_cell(cli_table *table, const char *text);
void cli_table_cell_buf(cli_table *table, const brn_buf *text);
void cli_table_cellf(cli_table *table, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void cli_table_write(const cli_table *table, brn_buf *out, size_t indent);

#endif
