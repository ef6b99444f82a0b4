/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Listing a directory of migrations and finding out which layout it has.
 */
#include <errno.h>
#include <string.h>

#include "layouts/layout_int.h"
#include "layouts/sum.h"

static const brn_layout *const layouts[] = {
    &brn_layout_pairs,
    &brn_layout_sections,
    &brn_layout_folders,
};

brant_status brn_layout_dir_error(brant_error **err, int errnum, const char *dir)
{
    brant_status st;

    if (errnum == ENOTDIR && brn_file_exists(dir)) {
        st = brn_error(
            err, BRANT_EUSAGE, "layout.no_directory", "migrations directory \"%s\" is a file", dir);
        brn_error_hint(err, "Name the directory that holds the migrations: --migrations DIR.");
    } else if (errnum == ENOENT || errnum == ENOTDIR) {
        st = brn_error(
            err, BRANT_EUSAGE, "layout.no_directory", "migrations directory \"%s\" does not exist",
            dir);
        brn_error_hint(
            err,
            "Make it with \"brant init\", or with a first migration: \"brant new NAME\". If the "
            "migrations are elsewhere, name the directory: --migrations DIR.");
    } else {
        st = brn_error_errno(err, "layout.unreadable", errnum, "read migrations directory", dir);
        brn_error_hint(err, "Look at the permissions of the directory and of those above it.");
    }
    brn_error_at(err, dir, 0, 0);
    return st;
}

/* Hidden entries are nobody's business: .gitkeep, editors' files, ..data of a Kubernetes volume. */
static brant_status list_entries(brn_layout_scan *scan, brn_arena *scratch, brant_error **err)
{
    brn_dir_list list = { 0 };
    int rc = brn_dir_read(&list, scratch, scan->dir);

    if (rc != 0) {
        return brn_layout_dir_error(err, rc, scan->dir);
    }
    scan->entries = brn_arena_array(scratch, list.count, sizeof(*scan->entries));
    if (scan->entries == NULL) {
        return brn_error_oom(err);
    }
    for (size_t i = 0; i < list.count; i++) {
        const brn_dir_entry *from = &list.items[i];
        brn_layout_entry *to;
        if (from->name[0] == '.') {
            continue;
        }
        if (strcmp(from->name, BRN_SUM_FILE) == 0) {
            scan->has_sum = true;
            continue;
        }
        to = brn_arena_alloc(scratch, sizeof(*to));
        if (to == NULL) {
            return brn_error_oom(err);
        }
        to->name = from->name;
        to->kind = from->kind;
        brn_filename_parse(&to->parsed, brn_str_from(from->name), from->kind == BRN_FILE_DIRECTORY);
        scan->entries[scan->count++] = to;
    }
    return BRANT_OK;
}

/* Migrations are looked for in `all`; snapshots may be in one. A directory without version that
 * cannot be read (lost+found) is none of ours. */
static brant_status list_folders(
    brn_layout_scan *scan, brn_arena *scratch, bool all, brant_error **err)
{
    for (size_t i = 0; i < scan->count; i++) {
        brn_layout_entry *entry = scan->entries[i];
        const char *path;
        int rc;
        if (entry->kind != BRN_FILE_DIRECTORY ||
            (!all && strcmp(entry->name, BRN_SNAPSHOT_FOLDER) != 0)) {
            continue;
        }
        path = brn_path_join(scratch, scan->dir, entry->name);
        rc = path == NULL ? ENOMEM : brn_dir_read(&entry->inside, scratch, path);
        if (rc == ENOMEM) {
            return brn_error_oom(err);
        }
        if (rc != 0 && entry->parsed.kind != BRN_VERSION_NONE) {
            brant_status st = brn_error_errno(err, "layout.unreadable", rc, "read directory", path);
            brn_error_hint(err, "Make the directory readable.");
            brn_error_at(err, path, 0, 0);
            return st;
        }
    }
    return BRANT_OK;
}

static brant_status mixed(
    const brn_layout_scan *scan, const brn_layout_entry *const *examples, brant_error **err)
{
    brn_buf text = { 0 };
    brant_status st;

    for (size_t k = 0; k < BRN_ARRAY_LEN(layouts); k++) {
        if (examples[k] != NULL) {
            brn_buf_printf(
                &text, "%s\"%s\" (%s)", text.len > 0 ? ", " : "", examples[k]->name,
                layouts[k]->name);
        }
    }
    st = text.failed ? brn_error_oom(err)
                     : brn_error(
                           err, BRANT_EPARSE, "layout.mixed",
                           "migrations directory \"%s\" has files of more than one layout: %s",
                           scan->dir, brn_buf_text(&text));
    brn_error_hint(
        err, "Keep one layout in a directory: among pairs, \"002_x.sql\" is to be "
             "\"002_x.up.sql\". Or choose one with the setting layout (--layout pairs); files "
             "of the others are then ignored.");
    brn_error_at(err, scan->dir, 0, 0);
    brn_buf_release(&text);
    return st;
}

static brant_status detect(brn_layout_scan *scan, brant_error **err)
{
    const brn_layout_entry *examples[BRN_ARRAY_LEN(layouts)] = { NULL };
    size_t found = 0;

    for (size_t i = 0; i < scan->count; i++) {
        for (size_t k = 0; k < BRN_ARRAY_LEN(layouts); k++) {
            if (examples[k] == NULL && layouts[k]->match(scan->entries[i])) {
                examples[k] = scan->entries[i];
                scan->layout = layouts[k];
                found++;
            }
        }
    }
    return found > 1 ? mixed(scan, examples, err) : BRANT_OK;
}

static brant_status choose(brn_layout_scan *scan, const char *name, brant_error **err)
{
    brant_status st;

    for (size_t k = 0; k < BRN_ARRAY_LEN(layouts); k++) {
        if (brn_str_eq_c(brn_str_from(name), layouts[k]->name)) {
            scan->layout = layouts[k];
            return BRANT_OK;
        }
    }
    st = brn_error(err, BRANT_EUSAGE, "layout.unknown", "unknown layout \"%s\"", name);
    brn_error_hint(err, "The setting layout is auto, pairs, sections or folders.");
    return st;
}

brant_status brn_layout_scan_dir(
    brn_layout_scan *out,
    brn_arena *scratch,
    const char *dir,
    const char *layout,
    brant_error **err)
{
    brn_layout_scan scan = { .dir = dir };
    bool any = brn_str_eq_c(brn_str_from(layout), "auto");
    brant_status st = any ? BRANT_OK : choose(&scan, layout, err);

    if (st == BRANT_OK) {
        st = list_entries(&scan, scratch, err);
    }
    if (st == BRANT_OK) {
        st = list_folders(&scan, scratch, any || scan.layout == &brn_layout_folders, err);
    }
    if (st == BRANT_OK && any) {
        st = detect(&scan, err);
    }
    if (st == BRANT_OK) {
        *out = scan;
    }
    return st;
}
