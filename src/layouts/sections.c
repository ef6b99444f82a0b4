/* SPDX-License-Identifier: Apache-2.0 */
/*
 * 001_create_users.sql with an up and a down section; what goose and dbmate read, and plain
 * numbered files. Which of a file's sections there are is known only when it is read.
 */
#include "layouts/layout_int.h"

static bool match(const brn_layout_entry *entry)
{
    const brn_filename *parsed = &entry->parsed;

    return entry->kind != BRN_FILE_DIRECTORY && parsed->extension.len > 0 &&
           parsed->side == BRN_SIDE_NONE && parsed->kind != BRN_VERSION_NONE;
}

static brant_status collect(brn_layout_reader *r, brant_error **err)
{
    for (size_t i = 0; i < r->scan.count; i++) {
        const brn_layout_entry *entry = r->scan.entries[i];
        brn_source *source = NULL;
        brant_status st;
        if (!match(entry)) {
            brn_layout_ignore_entry(r, entry);
            continue;
        }
        st = brn_layout_add(r, &source, &entry->parsed, BRN_SIDE_UP, entry->name, entry->kind, err);
        if (st != BRANT_OK) {
            return st;
        }
        source->sections = true;
    }
    return BRANT_OK;
}

const brn_layout brn_layout_sections = {
    .name = "sections",
    .match = match,
    .collect = collect,
    .read = brn_source_read_sections,
    .up_suffix = ".",
};
