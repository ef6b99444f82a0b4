/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/ledger_ops.h"

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
