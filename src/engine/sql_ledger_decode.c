/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading rows of the ledger: from texts, as every client library can give them.
 */
#include <string.h>

#include "base/clock.h"
#include "engine/sql_ledger_int.h"

static bool parse_int(int64_t *out, const char *text)
{
    brn_str digits = brn_str_from(text);
    bool negative = digits.len > 0 && digits.ptr[0] == '-';
    uint64_t value;

    if (negative) {
        digits = brn_str_slice(digits, 1, digits.len);
    }
    if (!brn_str_to_u64(digits, &value) || value > (uint64_t)INT64_MAX) {
        return false;
    }
    *out = negative ? -(int64_t)value : (int64_t)value;
    return true;
}

static bool parse_bool(bool *out, const char *text)
{
    static const char *const yes[] = { "1", "t", "true" };
    static const char *const no[] = { "0", "f", "false" };

    for (size_t i = 0; i < BRN_ARRAY_LEN(yes); i++) {
        if (strcmp(text, yes[i]) == 0 || strcmp(text, no[i]) == 0) {
            *out = strcmp(text, yes[i]) == 0;
            return true;
        }
    }
    return false;
}

static bool parse_direction(brn_direction *out, const char *text)
{
    if (strcmp(text, "up") == 0) {
        *out = BRN_UP;
    } else if (strcmp(text, "down") == 0) {
        *out = BRN_DOWN;
    } else {
        return false;
    }
    return true;
}

static void put_int(void *row, size_t offset, int64_t value)
{
    memcpy((char *)row + offset, &value, sizeof(value));
}

/* False when the text is not what the column holds. */
static bool decode_text(void *row, brn_arena *arena, const brn_sql_field *c, const char *text)
{
    brn_ledger_row *migration = row;
    const char *copy = NULL;
    int64_t number = 0;

    switch (c->kind) {
    case BRN_COLUMN_INT:
    case BRN_COLUMN_SERIAL:
    case BRN_COLUMN_DURATION:
        if (!parse_int(&number, text)) {
            return false;
        }
        put_int(row, c->offset, number);
        return true;
    case BRN_COLUMN_TIME:
    case BRN_COLUMN_BEGAN:
    case BRN_COLUMN_ENDED:
        if (!brn_clock_parse_rfc3339(brn_str_from(text), &number)) {
            return false;
        }
        put_int(row, c->offset, number);
        return true;
    case BRN_COLUMN_BOOL:
        return parse_bool(&migration->required, text);
    case BRN_COLUMN_STATUS:
        migration->status = brn_row_status_parse(brn_str_from(text));
        return migration->status != (brn_row_status)0;
    case BRN_COLUMN_DIRECTION:
        return parse_direction(&migration->direction, text);
    case BRN_COLUMN_TEXT:
    case BRN_COLUMN_KEY:
    case BRN_COLUMN_NAME:
        break;
    }
    copy = brn_arena_strdup(arena, text);
    memcpy((char *)row + c->offset, &copy, sizeof(copy));
    return true;
}

static bool decode_column(void *row, brn_arena *arena, const brn_sql_field *c, const char *text)
{
    if (text != NULL) {
        return decode_text(row, arena, c, text);
    }
    if (c->kind == BRN_COLUMN_DURATION) {
        put_int(row, c->offset, -1);
    }
    /* Everything else that may be null is zero in the row already. */
    return brn_sql_constraint(c->kind)[0] == '\0';
}

static brant_status unreadable(
    const brn_sql_table *t,
    const char *key,
    const brn_sql_field *c,
    const char *text,
    brant_error **err)
{
    brant_status st = brn_error(
        err, BRANT_EDRIFT, "ledger.unreadable", "cannot read \"%s\" of row \"%s\" in table \"%s\"",
        c->name, key != NULL ? key : "(null)", t->name);

    if (text != NULL) {
        brn_error_detail(err, "The value is \"%.100s\".", text);
    } else {
        brn_error_detail(err, "The value is null.");
    }
    brn_error_hint(
        err, "Somebody or something else wrote to this table. Correct the row by hand, or restore "
             "the table from a backup.");
    return st;
}

static brant_status newer(
    const brn_sql_table *t, const char *key, const char *tool, brant_error **err)
{
    brant_status st;

    if (tool == NULL || tool[0] == '\0') {
        tool = "unknown";
    }
    st = brn_error(
        err, BRANT_EUNSUPPORTED, "ledger.newer",
        "row \"%s\" in table \"%s\" was written by a newer brant (version %s)",
        key != NULL ? key : "(null)", t->name, tool);
    brn_error_hint(err, "Use that version of brant, or a later one.");
    return st;
}

/* Index of a column by name; the tables above have it. */
static size_t find_column(const brn_sql_table *t, const char *name)
{
    size_t i = t->count - 1;

    while (i > 0 && strcmp(t->columns[i].name, name) != 0) {
        i--;
    }
    return i;
}

static brant_status decode_columns(
    void *row,
    const brn_sql_table *t,
    brn_arena *arena,
    brn_sql_column_fn *column_text,
    void *result,
    brant_error **err)
{
    for (size_t i = 0; i < t->count; i++) {
        const char *text = column_text(result, (int)i);

        if (!decode_column(row, arena, &t->columns[i], text)) {
            return unreadable(t, column_text(result, 0), &t->columns[i], text, err);
        }
    }
    return arena->oom ? brn_error_oom(err) : BRANT_OK;
}

static brant_status decode(
    void *row,
    const brn_sql_table *t,
    brn_arena *arena,
    brn_sql_column_fn *column_text,
    void *result,
    brant_error **err)
{
    const char *key = column_text(result, 0);
    const char *text = column_text(result, (int)t->format_at);
    int64_t format = 0;

    if (text == NULL || !parse_int(&format, text)) {
        return unreadable(t, key, &t->columns[t->format_at], text, err);
    }
    if (format > BRN_LEDGER_FORMAT) {
        return newer(t, key, column_text(result, (int)find_column(t, "tool")), err);
    }
    return decode_columns(row, t, arena, column_text, result, err);
}

static brant_status decode_brief(
    brn_ledger_row *row,
    brn_arena *arena,
    brn_sql_column_fn *column_text,
    void *result,
    brant_error **err)
{
    const char *tool = column_text(result, (int)brn_sql_brief.format_at);
    brant_status st = tool != NULL
                          ? newer(&brn_sql_brief, column_text(result, 0), tool, err)
                          : decode_columns(row, &brn_sql_brief, arena, column_text, result, err);

    row->direction = row->status == BRN_ROW_COMPLETED ? BRN_UP : row->direction;
    return st;
}

brant_status brn_sql_ledger_decode(
    brn_ledger_row *out,
    brn_arena *arena,
    brn_ledger_detail detail,
    brn_sql_column_fn *column,
    void *result,
    brant_error **err)
{
    brn_ledger_row row = { 0 };
    brant_status st = detail == BRN_LEDGER_FULL
                          ? decode(&row, &brn_sql_migrations, arena, column, result, err)
                          : decode_brief(&row, arena, column, result, err);

    if (st == BRANT_OK) {
        *out = row;
    }
    return st;
}

brant_status brn_sql_history_decode(
    brn_history_row *out,
    brn_arena *arena,
    brn_sql_column_fn *column,
    void *result,
    brant_error **err)
{
    brn_history_row row = { 0 };
    brant_status st = decode(&row, &brn_sql_history, arena, column, result, err);

    if (st == BRANT_OK) {
        row.prev = row.prev != NULL ? row.prev : "";
        *out = row;
    }
    return st;
}
