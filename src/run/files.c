/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Commands that only write files: init and new.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <brant/project.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"
#include "core/settings.h"
#include "layouts/layout.h"
#include "run/box.h"
#include "run/project.h"

#define FILE_MODE 0644

static brant_status give_files(brant_new_files **out, brn_box *box, brant_status st)
{
    if (st == BRANT_OK && out != NULL) {
        *out = &box->doc.new_files;
    } else {
        brn_box_free(box);
    }
    return st;
}

/* ---- new ---- */

static brn_numbering numbering_of(const brant_new_options *o)
{
    if (o->version != NULL) {
        return BRN_NUMBERING_VERSION;
    }
    if (o->timestamp != 0) {
        return BRN_NUMBERING_TIMESTAMP;
    }
    return o->sequence != 0 ? BRN_NUMBERING_SEQUENCE : BRN_NUMBERING_AUTO;
}

brant_status brant_new_migration(
    brant_new_files **out,
    const brant_project *project,
    const brant_new_options *opts,
    brant_error **err)
{
    brant_new_options o;
    brant_status st = brn_options_read(&o, sizeof(o), opts, err);
    if (st != BRANT_OK) {
        return st;
    }
    const brn_project_db *db = brn_project_choose(project, o.database, err);
    if (db == NULL && o.database != NULL) {
        return BRANT_EUSAGE;
    }
    brn_box *box = brn_box_new();
    if (box == NULL) {
        return brn_error_oom(err);
    }
    brn_layout_options reading = { 0 };
    brn_project_reading(&reading, project, db);
    reading.layout = o.layout != NULL ? o.layout : reading.layout;
    brn_create_options create = {
        .dir = reading.dir,
        .layout = reading.layout,
        .name = o.name,
        .numbering = numbering_of(&o),
        .version = o.version,
        .extension = db != NULL && db->entry != NULL ? db->entry->extension : "sql",
        .now_us = brn_clock_wall_us(),
        .reading = &reading,
    };
    brn_created created = { 0 };
    st = brn_layout_create(&created, &box->arena, &create, err);
    box->doc.new_files.id = created.id;
    box->doc.new_files.paths = created.paths.items;
    box->doc.new_files.count = created.paths.count;
    return give_files(out, box, st);
}

/* ---- init ---- */

static const char project_text[] =
    "# brant: which databases there are and where their migrations are.\n"
    "# \"brant config\" shows every setting, its value and where it came from.\n"
    "databases:\n"
    "  main:\n"
    "    url: \"%s\"\n"
    "    migrations: migrations\n";

static const char up_text[] =
    "-- What this migration does, in plain SQL. It runs in one transaction.\n"
    "CREATE TABLE notes (\n"
    "    id INTEGER PRIMARY KEY,\n"
    "    body TEXT NOT NULL\n"
    ");\n";

static const char down_text[] = "-- Undoes the up file.\n"
                                "DROP TABLE notes;\n";

/* What stands between double quotes in YAML. NULL on out of memory. */
static const char *escape(brn_arena *arena, const char *text)
{
    brn_buf out;
    brn_buf_init(&out, 0);
    for (const char *p = text; *p != '\0'; p++) {
        if (*p == '"' || *p == '\\') {
            brn_buf_add_char(&out, '\\');
        }
        brn_buf_add_char(&out, *p);
    }
    const char *escaped = out.failed ? NULL : brn_arena_strdup(arena, brn_buf_text(&out));
    brn_buf_release(&out);
    return escaped;
}

typedef struct scaffold_file {
    const char *name;
    const char *text;
} scaffold_file;

/* All or none, so that a second try does not meet what the first one left. */
static brant_status write_files(
    brn_arena *arena,
    const char *const *paths,
    const scaffold_file *files,
    size_t count,
    brant_error **err)
{
    for (size_t i = 0; i < count; i++) {
        const char *parent = brn_path_dir(arena, paths[i]);
        int errnum = parent != NULL ? brn_dir_create(parent) : ENOMEM;
        if (errnum == 0) {
            errnum = brn_file_create(paths[i], brn_str_from(files[i].text), FILE_MODE);
        }
        if (errnum != 0) {
            brant_status st = brn_error_errno(err, "init.unwritable", errnum, "write", paths[i]);
            while (i > 0) {
                (void)unlink(paths[--i]);
            }
            return st;
        }
    }
    return BRANT_OK;
}

static brant_status write_scaffold(
    brn_box *box, const char *dir, const scaffold_file *files, size_t count, brant_error **err)
{
    const char **paths = brn_arena_array(&box->arena, count, sizeof(*paths));
    if (paths == NULL) {
        return brn_error_oom(err);
    }
    for (size_t i = 0; i < count; i++) {
        paths[i] = brn_path_join(&box->arena, dir, files[i].name);
        if (paths[i] == NULL || files[i].text == NULL) {
            return brn_error_oom(err);
        }
        if (brn_file_exists(paths[i])) {
            brn_error(
                err, BRANT_EUSAGE, "init.exists", "\"%s\" exists already: nothing was written",
                paths[i]);
            brn_error_hint(err, "Start in an empty directory, or write the missing files by hand.");
            return BRANT_EUSAGE;
        }
    }
    box->doc.new_files.id = "";
    box->doc.new_files.paths = paths;
    box->doc.new_files.count = count;
    return write_files(&box->arena, paths, files, count, err);
}

/* An example would only be in the way of migrations that are there already. */
static bool has_migrations(brn_arena *arena, const char *where)
{
    brn_dir_list entries = { 0 };
    const char *dir = brn_path_join(arena, where, "migrations");
    return dir != NULL && brn_dir_read(&entries, arena, dir) == 0 && entries.count > 0;
}

brant_status brant_init_project(
    brant_new_files **out, const char *dir, const char *url, brant_error **err)
{
    const char *where = dir != NULL && dir[0] != '\0' ? dir : ".";
    brn_box *box = brn_box_new();
    if (box == NULL) {
        return brn_error_oom(err);
    }
    const char *shown = escape(&box->arena, url != NULL ? url : "sqlite:app.db");
    const scaffold_file files[] = {
        { "brant.yaml", shown != NULL ? brn_arena_printf(&box->arena, project_text, shown) : NULL },
        { "migrations/001_create_notes.up.sql", up_text },
        { "migrations/001_create_notes.down.sql", down_text },
    };
    size_t count = has_migrations(&box->arena, where) ? 1 : BRN_ARRAY_LEN(files);
    brant_status st = write_scaffold(box, where, files, count, err);
    return give_files(out, box, st);
}
