/* SPDX-License-Identifier: Apache-2.0 */
/*
 * 001_create_users.up.sql and 001_create_users.down.sql; what golang-migrate reads.
 */
#include "layouts/layout_int.h"

static bool match(const brn_layout_entry *entry)
{
    return entry->kind != BRN_FILE_DIRECTORY && entry->parsed.side != BRN_SIDE_NONE;
}

static brant_status collect(brn_layout_reader *r, brant_error **err)
{
    for (size_t i = 0; i < r->scan.count; i++) {
        const brn_layout_entry *entry = r->scan.entries[i];
        const brn_filename *parsed = &entry->parsed;
        brn_source *source = NULL;
        brant_status st = BRANT_OK;
        if (!match(entry)) {
            brn_layout_ignore_entry(r, entry);
        } else if (parsed->kind == BRN_VERSION_NONE) {
            st = brn_layout_no_version(r, entry->name, err);
        } else {
            st = brn_layout_add(r, &source, parsed, parsed->side, entry->name, entry->kind, err);
        }
        if (st != BRANT_OK) {
            return st;
        }
    }
    return BRANT_OK;
}

const brn_layout brn_layout_pairs = {
    .name = "pairs",
    .match = match,
    .collect = collect,
    .read = brn_source_read_files,
    .up_suffix = ".up.",
    .down_suffix = ".down.",
};
