/* SPDX-License-Identifier: Apache-2.0 */
/*
 * 001_create_users/up.sql and down.sql, or migration.sql alone; what drizzle and prisma write.
 */
#include <string.h>

#include "layouts/layout_int.h"

/* What a file inside a folder is for: up.sql, migration.sql, down.sql. */
static brn_side side_of(const char *name)
{
    brn_str text = brn_str_from(name);
    size_t dot = brn_str_find_char(text, '.');
    brn_str stem;

    if (dot == SIZE_MAX || !brn_extension_is_known(brn_str_slice(text, dot + 1, text.len))) {
        return BRN_SIDE_NONE;
    }
    stem = brn_str_slice(text, 0, dot);
    if (brn_str_eq_c(stem, "up") || brn_str_eq_c(stem, "migration")) {
        return BRN_SIDE_UP;
    }
    return brn_str_eq_c(stem, "down") ? BRN_SIDE_DOWN : BRN_SIDE_NONE;
}

static bool holds(const brn_layout_entry *entry, brn_side side)
{
    for (size_t i = 0; i < entry->inside.count; i++) {
        const brn_dir_entry *file = &entry->inside.items[i];
        if (file->kind != BRN_FILE_DIRECTORY && side_of(file->name) == side) {
            return true;
        }
    }
    return false;
}

static bool match(const brn_layout_entry *entry)
{
    return holds(entry, BRN_SIDE_UP);
}

/*
 * brn_dir_read() says "outside" of what leads out of the folder. A link to a file elsewhere among
 * the migrations is as good as a copy.
 */
static brant_status resolve_outside(
    brn_layout_reader *r, brn_file_kind *kind, const char *path, brant_error **err)
{
    const char *shown = brn_path_join(r->scratch, r->scan.dir, path);
    char *real = NULL;
    size_t len;

    if (shown == NULL) {
        return brn_error_oom(err);
    }
    if (r->scan.real_dir == NULL) {
        int rc = brn_path_real(&real, r->scratch, r->scan.dir);
        if (rc != 0) {
            return brn_layout_dir_error(err, rc, r->scan.dir);
        }
        r->scan.real_dir = real;
    }
    if (brn_path_real(&real, r->scratch, shown) != 0) {
        *kind = BRN_FILE_BROKEN;
        return BRANT_OK;
    }
    len = strlen(r->scan.real_dir);
    if (strncmp(real, r->scan.real_dir, len) == 0 && (real[len] == '/' || len == 1)) {
        *kind = BRN_FILE_REGULAR; /* or not: then it is found out when it is read */
    }
    return BRANT_OK;
}

static brant_status add_inside(
    brn_layout_reader *r,
    const brn_layout_entry *folder,
    const brn_dir_entry *file,
    brant_error **err)
{
    const char *path = brn_path_join(r->scratch, folder->name, file->name);
    brn_side side = side_of(file->name);
    brn_file_kind kind = file->kind;
    brn_source *source = NULL;
    brn_filename parsed;
    brant_status st = BRANT_OK;

    if (path == NULL) {
        return brn_error_oom(err);
    }
    if (side == BRN_SIDE_NONE || kind == BRN_FILE_DIRECTORY) {
        /* Other tools keep notes of their own in there (snapshot.json); a script is a surprise. */
        brn_filename_parse(&parsed, brn_str_from(file->name), false);
        if (file->name[0] != '.' && parsed.extension.len > 0) {
            brn_layout_ignore(r, path, true, "it is not named up, down or migration");
        }
        return BRANT_OK;
    }
    if (kind == BRN_FILE_OUTSIDE) {
        st = resolve_outside(r, &kind, path, err);
    }
    if (st == BRANT_OK) {
        st = brn_layout_add(r, &source, &folder->parsed, side, path, kind, err);
    }
    return st;
}

static brant_status add_folder(
    brn_layout_reader *r, const brn_layout_entry *entry, brant_error **err)
{
    bool ours = holds(entry, BRN_SIDE_UP) || holds(entry, BRN_SIDE_DOWN);

    if (!ours) {
        brn_layout_ignore(
            r, entry->name, entry->parsed.kind != BRN_VERSION_NONE,
            "there is no up.sql or migration.sql in it");
        return BRANT_OK;
    }
    if (entry->parsed.kind == BRN_VERSION_NONE) {
        return brn_layout_no_version(r, entry->name, err);
    }
    for (size_t i = 0; i < entry->inside.count; i++) {
        brant_status st = add_inside(r, entry, &entry->inside.items[i], err);
        if (st != BRANT_OK) {
            return st;
        }
    }
    return BRANT_OK;
}

/* A link that nobody can follow and that is named as a folder, not as a file, of migrations. */
static bool is_lost_folder(const brn_layout_entry *entry)
{
    return (entry->kind == BRN_FILE_OUTSIDE || entry->kind == BRN_FILE_BROKEN) &&
           entry->parsed.kind != BRN_VERSION_NONE && entry->parsed.extension.len == 0;
}

static brant_status collect(brn_layout_reader *r, brant_error **err)
{
    for (size_t i = 0; i < r->scan.count; i++) {
        const brn_layout_entry *entry = r->scan.entries[i];
        brn_source *source = NULL;
        brant_status st = BRANT_OK;
        if (entry->kind == BRN_FILE_DIRECTORY) {
            st = add_folder(r, entry, err);
        } else if (is_lost_folder(entry)) {
            /* A broken one is reported when it is read. */
            st = brn_layout_add(
                r, &source, &entry->parsed, BRN_SIDE_UP, entry->name, entry->kind, err);
        } else {
            brn_layout_ignore_entry(r, entry);
        }
        if (st != BRANT_OK) {
            return st;
        }
    }
    return BRANT_OK;
}

const brn_layout brn_layout_folders = {
    .name = "folders",
    .match = match,
    .collect = collect,
    .read = brn_source_read_files,
    .up_suffix = "/up.",
    .down_suffix = "/down.",
    .own_folder = true,
};
