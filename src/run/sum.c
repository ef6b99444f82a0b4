/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing and checking the sum files of a project's directories.
 */
#include <string.h>

#include "core/settings.h"
#include "layouts/sum.h"
#include "run/box.h"
#include "run/project.h"

typedef struct sum_run {
    const brant_project *project;
    bool check;
    brn_arena *arena;
    BRN_VEC(const char *) dirs;  /* done: databases may share one */
    BRN_VEC(const char *) paths; /* written */
} sum_run;

static bool is_done(const sum_run *run, const char *dir)
{
    for (size_t i = 0; i < run->dirs.count; i++) {
        if (strcmp(run->dirs.items[i], dir) == 0) {
            return true;
        }
    }
    return false;
}

static brant_status check_dir(
    const sum_run *run, const brn_layout_options *reading, brant_error **err)
{
    brn_layout_options opts = *reading;
    brn_source_set set = { 0 };
    opts.skip_sum = true;
    brant_status st = brn_layout_read(&set, run->arena, &opts, err);
    return st == BRANT_OK ? brn_sum_verify(&set, true, err) : st;
}

static brant_status write_dir(sum_run *run, const brn_layout_options *reading, brant_error **err)
{
    const char **slot = BRN_VEC_PUSH(run->arena, &run->paths);
    return slot == NULL ? brn_error_oom(err) : brn_sum_renew(slot, run->arena, reading, err);
}

/* `db` NULL: the directory of the settings. */
static brant_status sum_of(sum_run *run, const brn_project_db *db, brant_error **err)
{
    brn_layout_options reading = { 0 };
    brn_project_reading(&reading, run->project, db);
    if (is_done(run, reading.dir)) {
        return BRANT_OK;
    }
    const char **slot = BRN_VEC_PUSH(run->arena, &run->dirs);
    if (slot == NULL) {
        return brn_error_oom(err);
    }
    *slot = reading.dir;
    brant_status st = run->check ? check_dir(run, &reading, err) : write_dir(run, &reading, err);
    if (st != BRANT_OK && db != NULL) {
        brn_error_subject(err, db->info.name, NULL);
    }
    return st;
}

static brant_status sum_of_all(sum_run *run, brant_error **err)
{
    brant_status st = BRANT_OK;
    for (size_t i = 0; i < run->project->selected.count && st == BRANT_OK; i++) {
        st = sum_of(run, run->project->selected.items[i], err);
    }
    return run->project->selected.count == 0 ? sum_of(run, NULL, err) : st;
}

brant_status brant_sum(
    brant_new_files **out,
    const brant_project *project,
    const brant_sum_options *opts,
    brant_error **err)
{
    brant_sum_options o;
    const brn_project_db *db = NULL;
    brant_status st = brn_options_read(&o, sizeof(o), opts, err);
    if (st != BRANT_OK) {
        return st;
    }
    if (o.database != NULL) {
        db = brn_project_choose(project, o.database, err);
        if (db == NULL) {
            return BRANT_EUSAGE;
        }
    }
    brn_box *box = brn_box_new();
    if (box == NULL) {
        return brn_error_oom(err);
    }
    sum_run run = { .project = project, .check = o.check != 0, .arena = &box->arena };
    st = db != NULL ? sum_of(&run, db, err) : sum_of_all(&run, err);
    if (st != BRANT_OK || out == NULL) {
        brn_box_free(box);
        return st;
    }
    box->doc.new_files.id = "";
    box->doc.new_files.paths = run.paths.items;
    box->doc.new_files.count = run.paths.count;
    *out = &box->doc.new_files;
    return BRANT_OK;
}
