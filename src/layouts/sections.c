/* SPDX-License-Identifier: Apache-2.0 */
/*
 * 001_create_users.sql with an up and a down section; what goose and dbmate read, Flyway's, and
 * plain numbered files. Which of a file's sections there are is known only when it is read.
 */
#include "layouts/layout_int.h"

static bool match(const brn_layout_entry *entry)
{
    const brn_filename *parsed = &entry->parsed;

    return entry->kind != BRN_FILE_DIRECTORY && parsed->extension.len > 0 &&
           parsed->side == BRN_SIDE_NONE && parsed->kind != BRN_VERSION_NONE;
}

/* A script that begins with a number has a place in the row: left out, all behind it would run
 * without what it does. */
static bool lacks_version(const brn_layout_entry *entry)
{
    return entry->kind != BRN_FILE_DIRECTORY && entry->parsed.extension.len > 0 &&
           entry->parsed.side == BRN_SIDE_NONE && entry->parsed.kind == BRN_VERSION_NONE &&
           entry->name[0] >= '0' && entry->name[0] <= '9';
}

static int compare(brn_layout_reader *r, const brn_layout_entry *a, const brn_layout_entry *b)
{
    const char *version = brn_layout_copy_version(r->scratch, a->parsed.version);
    const char *other = brn_layout_copy_version(r->scratch, b->parsed.version);

    return version == NULL || other == NULL /* found out at the end */
               ? 0
               : brn_version_compare(brn_str_from(version), brn_str_from(other));
}

/*
 * Flyway takes a baseline for all migrations up to its version where there is a new database, and
 * leaves it out elsewhere. Where those migrations are there they do the same everywhere; where they
 * are not the baseline is the first migration.
 */
static bool replaces(brn_layout_reader *r, const brn_layout_entry *baseline)
{
    for (size_t i = 0; i < r->scan.count; i++) {
        const brn_layout_entry *other = r->scan.entries[i];
        if (match(other) && !other->parsed.baseline &&
            other->parsed.kind != BRN_VERSION_REPEATABLE && compare(r, other, baseline) <= 0) {
            return false;
        }
    }
    return true;
}

/* NULL: none is a migration. */
static const brn_layout_entry *find_baseline(brn_layout_reader *r)
{
    const brn_layout_entry *found = NULL;

    for (size_t i = 0; i < r->scan.count; i++) {
        const brn_layout_entry *entry = r->scan.entries[i];
        if (entry->parsed.baseline && match(entry) && replaces(r, entry) &&
            (found == NULL || compare(r, entry, found) > 0)) {
            found = entry;
        }
    }
    return found;
}

static brant_status collect(brn_layout_reader *r, brant_error **err)
{
    const brn_layout_entry *baseline = find_baseline(r);

    for (size_t i = 0; i < r->scan.count; i++) {
        const brn_layout_entry *entry = r->scan.entries[i];
        brn_source *source = NULL;
        brant_status st;
        if (lacks_version(entry)) {
            return brn_layout_no_version(r, entry->name, err);
        }
        if (!match(entry)) {
            brn_layout_ignore_entry(r, entry);
            continue;
        }
        if (entry->parsed.baseline && entry != baseline) {
            brn_layout_ignore(
                r, entry->name, false, "migrations or a newer baseline stand for this one");
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
