/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/print.h"

#include <inttypes.h>
#include <string.h>
#include <sys/ioctl.h>

#define WIDTH_DEFAULT 80
#define WIDTH_MIN 40
#define WIDTH_MAX 120

size_t cli_width(int fd)
{
    struct winsize size = { 0 };

    if (ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) {
        return WIDTH_DEFAULT;
    }
    if (size.ws_col < WIDTH_MIN) {
        return WIDTH_MIN;
    }
    return size.ws_col > WIDTH_MAX ? WIDTH_MAX : size.ws_col;
}

/* Length of the control character at text[i]: 0 none, 1 ASCII, 2 one of U+0080 to U+009F. */
static size_t control_at(brn_str text, size_t i)
{
    unsigned char c = (unsigned char)text.ptr[i];

    if (c < 0x20 || c == 0x7f) {
        return 1;
    }
    if (c == 0xc2 && i + 1 < text.len) {
        unsigned char low = (unsigned char)text.ptr[i + 1];

        return low >= 0x80 && low < 0xa0 ? 2 : 0;
    }
    return 0;
}

void cli_clean_str(brn_buf *out, brn_str text)
{
    size_t from = 0;

    for (size_t i = 0; i < text.len;) {
        unsigned char c = (unsigned char)text.ptr[i];
        size_t len = c >= 0x20 && c < 0x7f ? 0 : control_at(text, i);

        if (len == 0) {
            i++;
            continue;
        }
        brn_buf_add_str(out, brn_str_slice(text, from, i));
        brn_buf_add_char(out, ' ');
        i += len;
        from = i;
    }
    brn_buf_add_str(out, brn_str_slice(text, from, text.len));
}

void cli_clean(brn_buf *out, const char *text)
{
    cli_clean_str(out, brn_str_from(text));
}

void cli_colored(brn_buf *out, bool on, cli_color color, const char *text)
{
    if (on) {
        brn_buf_printf(out, "\033[%dm", (int)color);
    }
    cli_clean(out, text);
    if (on) {
        brn_buf_add_c(out, "\033[0m");
    }
}

size_t cli_chars(brn_str text)
{
    size_t count = 0;

    for (size_t i = 0; i < text.len; i++) {
        count += ((unsigned char)text.ptr[i] & 0xc0) != 0x80;
    }
    return count;
}

static void pad(brn_buf *out, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        brn_buf_add_char(out, ' ');
    }
}

static void wrap_line(brn_buf *out, brn_str line, size_t indent, size_t width)
{
    brn_str word;
    size_t column = indent;
    bool first = true;

    while (brn_str_split(&line, ' ', &word)) {
        size_t len = cli_chars(word);

        if (word.len == 0) {
            continue;
        }
        if (!first && column + 1 + len > width) {
            brn_buf_add_char(out, '\n');
            pad(out, indent);
            column = indent;
        } else if (!first) {
            brn_buf_add_char(out, ' ');
            column++;
        }
        cli_clean_str(out, word);
        column += len;
        first = false;
    }
    brn_buf_add_char(out, '\n');
}

void cli_wrap(brn_buf *out, const char *text, size_t indent, size_t width)
{
    brn_str rest = brn_str_trim(brn_str_from(text));
    brn_str line;
    bool first = true;

    while (brn_str_split(&rest, '\n', &line)) {
        if (!first) {
            pad(out, indent);
        }
        wrap_line(out, line, indent, width);
        first = false;
    }
}

void cli_indented(brn_buf *out, brn_str text, size_t indent)
{
    brn_str line;

    while (brn_str_split(&text, '\n', &line)) {
        if (line.len > 0) {
            pad(out, indent);
            cli_clean_str(out, line);
        }
        brn_buf_add_char(out, '\n');
    }
}

void cli_plural(brn_buf *out, uint64_t count, const char *one)
{
    brn_buf_printf(out, "%" PRIu64 " %s%s", count, one, count == 1 ? "" : "s");
}

void cli_duration(brn_buf *out, int64_t ms)
{
    char text[BRN_CLOCK_TEXT];

    if (ms >= 0) {
        brn_duration_text(text, ms);
        brn_buf_add_c(out, text);
    }
}

void cli_time(brn_buf *out, int64_t us)
{
    char text[BRN_CLOCK_TEXT];

    if (us == 0) {
        brn_buf_add_c(out, "never");
        return;
    }
    brn_clock_rfc3339(text, us);
    brn_buf_add_c(out, text);
}

/* --- tables ----------------------------------------------------------------------------------- */

void cli_table_init(cli_table *table, brn_arena *arena, size_t columns)
{
    *table = (cli_table){ .arena = arena, .columns = columns };
}

void cli_table_cell(cli_table *table, const char *text)
{
    const char *copy = brn_arena_strdup(table->arena, text != NULL ? text : "");
    const char **slot = BRN_VEC_PUSH(table->arena, &table->cells);

    if (slot != NULL) {
        *slot = copy;
    }
}

void cli_table_cell_buf(cli_table *table, const brn_buf *text)
{
    cli_table_cell(table, brn_buf_text(text));
    table->arena->oom = table->arena->oom || text->failed;
}

void cli_table_cellf(cli_table *table, const char *format, ...)
{
    brn_buf text = { 0 };
    va_list args;

    va_start(args, format);
    brn_buf_vprintf(&text, format, args);
    va_end(args);
    cli_table_cell_buf(table, &text);
    brn_buf_release(&text);
}

static size_t column_width(const cli_table *table, size_t column)
{
    size_t width = 0;

    for (size_t i = column; i < table->cells.count; i += table->columns) {
        size_t len = cli_chars(brn_str_from(table->cells.items[i]));

        width = len > width ? len : width;
    }
    return width;
}

/* The last cell of a row that says anything gets no blanks behind it. */
static bool is_last(const cli_table *table, size_t i)
{
    for (i++; i < table->cells.count && i % table->columns != 0; i++) {
        if (table->cells.items[i][0] != '\0') {
            return false;
        }
    }
    return true;
}

void cli_table_write(const cli_table *table, brn_buf *out, size_t indent)
{
    size_t *widths;

    if (table->arena->oom || table->cells.count == 0) {
        out->failed = out->failed || table->arena->oom;
        return;
    }
    widths = brn_arena_array(table->arena, table->columns, sizeof(*widths));
    if (widths == NULL || table->columns == 0) {
        out->failed = widths == NULL;
        return;
    }
    for (size_t c = 0; c < table->columns; c++) {
        widths[c] = column_width(table, c);
    }
    for (size_t i = 0; i < table->cells.count; i++) {
        size_t column = i % table->columns;
        const char *text = table->cells.items[i];

        if (column == 0) {
            pad(out, indent);
        }
        cli_clean(out, text);
        if (!is_last(table, i)) {
            pad(out, widths[column] - cli_chars(brn_str_from(text)) + 2);
            continue;
        }
        brn_buf_add_char(out, '\n');
        i += table->columns - 1 - column;
    }
}
