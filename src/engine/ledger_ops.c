/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/ledger_ops.h"

#include <stdlib.h>
#include <string.h>

static int by_seq(const void *a, const void *b)
{
    const brn_ledger_row *x = a;
    const brn_ledger_row *y = b;

    if (x->seq != y->seq) {
        return x->seq < y->seq ? -1 : 1;
    }
    return strcmp(x->id, y->id);
}

void brn_ledger_rows_sort(brn_ledger_rows *rows)
{
    for (size_t i = 1; i < rows->count; i++) {
        if (by_seq(&rows->items[i - 1], &rows->items[i]) > 0) {
            qsort(rows->items, rows->count, sizeof(*rows->items), by_seq);
            return;
        }
    }
}

static const struct status_word {
    brn_row_status status;
    const char *word;
} status_words[] = {
    { BRN_ROW_RUNNING, "running" },
    { BRN_ROW_COMPLETED, "completed" },
    { BRN_ROW_FAILED, "failed" },
};

const char *brn_row_status_name(brn_row_status status)
{
    for (size_t i = 0; i < BRN_ARRAY_LEN(status_words); i++) {
        if (status_words[i].status == status) {
            return status_words[i].word;
        }
    }
    return "unknown";
}

brn_row_status brn_row_status_parse(brn_str text)
{
    for (size_t i = 0; i < BRN_ARRAY_LEN(status_words); i++) {
        if (brn_str_eq_c(text, status_words[i].word)) {
            return status_words[i].status;
        }
    }
    return (brn_row_status)0;
}

const char *brn_direction_name(brn_direction direction)
{
    return direction == BRN_DOWN ? "down" : "up";
}
