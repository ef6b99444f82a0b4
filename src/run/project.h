/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A loaded project: the databases of brant.yaml with the settings of each. The public half is
 * <brant/project.h>.
 */
#ifndef BRN_RUN_PROJECT_H
#define BRN_RUN_PROJECT_H

#include <brant/project.h>

#include "base/vec.h"
#include "core/url.h"
#include "core/yaml.h"
#include "engines/registry.h"
#include "layouts/layout.h"

typedef struct brn_project_db {
    brant_project_database info;
    brn_url url;
    /* What relative paths in the URL are relative to; NULL: the working directory. */
    const char *base_dir;
    const brn_engine_entry *entry;
    brant_settings *settings; /* the project's, with this database's own values */
    brant_error *url_error;   /* why the URL cannot be used; raised when a session needs it */
    uint32_t line;            /* in the project file; 0: not from there */
    uint32_t column;
} brn_project_db;

struct brant_project {
    brn_arena arena;
    brant_settings *settings;
    const char *file;                   /* project file that was read; NULL */
    const char *dir;                    /* its directory; NULL: the working directory */
    BRN_VEC(brn_project_db *) file_dbs; /* all of the file */
    BRN_VEC(brn_project_db *) selected;
};

/*
 * How to read the migrations of a database when no session is open. `db` NULL: the project has no
 * database, only settings.
 */
void brn_project_reading(
    brn_layout_options *out, const brant_project *project, const brn_project_db *db);
/* A selected database by its name or engine. NULL with "project.unknown_database"; without a name
 * it is the first, NULL and no error when there is none. */
const brn_project_db *brn_project_choose(
    const brant_project *project, const char *name, brant_error **err);

#endif
