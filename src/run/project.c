/* SPDX-License-Identifier: Apache-2.0 */
#include "run/project.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "core/settings.h"

#define PROJECT_FILE_MAX ((size_t)1 << 20)

/* ---- one database ---- */

static brn_project_db *new_db(brant_project *p, const char *name, brant_error **err)
{
    brn_project_db *db = brn_arena_alloc(&p->arena, sizeof(*db));
    brn_project_db **slot = BRN_VEC_PUSH(&p->arena, &p->file_dbs);
    if (db == NULL || slot == NULL) {
        brn_error_oom(err);
        return NULL;
    }
    *slot = db;
    db->info.name = name;
    return brn_settings_clone(&db->settings, p->settings, err) == BRANT_OK ? db : NULL;
}

static brant_status set_url(
    brant_project *p, brn_project_db *db, const char *text, const char *base_dir, brant_error **err)
{
    brant_status st = brn_url_parse(&db->url, &p->arena, brn_str_from(text), err);
    if (st != BRANT_OK) {
        return st;
    }
    const brn_engine_entry *entry = brn_engine_lookup(brn_engine_entries, db->url.scheme);
    if (entry == NULL) {
        /* The loader words the refusal, with the list of schemes. */
        const brn_engine *none = NULL;
        return brn_engine_load(&none, brn_engine_entries, NULL, db->url.scheme, err);
    }
    db->entry = entry;
    db->base_dir = base_dir;
    db->info.engine = entry->name;
    db->info.url_shown = db->url.shown;
    return BRANT_OK;
}

/* Where the migrations are: values of the project file are relative to the file. */
static brant_status resolve_paths(brant_project *p, brn_project_db *db, brant_error **err)
{
    const char *dir = brant_settings_text(db->settings, "migrations");
    brant_origin origin = brant_settings_origin(db->settings, "migrations", NULL);
    bool from_file = origin == BRANT_ORIGIN_FILE || origin == BRANT_ORIGIN_DEFAULT;
    db->info.migrations = from_file && p->dir != NULL ? brn_path_join(&p->arena, p->dir, dir)
                                                      : brn_arena_strdup(&p->arena, dir);
    return db->info.migrations != NULL ? BRANT_OK : brn_error_oom(err);
}

/* ---- the file ---- */

static brant_status bad_node(
    brant_project *p, const brn_yaml *node, brant_error **err, const char *message)
{
    brn_error(err, BRANT_EUSAGE, "project.malformed", "%s", message);
    brn_error_at(err, p->file, node->line, node->column);
    brn_error_hint(
        err, "Write: databases: { main: { url: \"sqlite:app.db\", migrations: migrations } }");
    return BRANT_EUSAGE;
}

static bool good_name(brn_str name)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        bool ok = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '_' || c == '-' || c == '.';
        if (!ok) {
            return false;
        }
    }
    return name.len > 0;
}

/* A URL that cannot be used is kept as an error until a session wants the database: "brant new"
 * must work where DATABASE_URL is not set. */
static brant_status read_url(brant_project *p, brn_project_db *db, const brn_yaml *node)
{
    const char *text = NULL;
    brant_status st =
        brn_settings_expand(&text, &p->arena, p->settings, node->text, &db->url_error);
    if (st == BRANT_OK) {
        st = set_url(p, db, text, p->dir, &db->url_error);
    }
    if (st != BRANT_OK && st != BRANT_ENOMEM) {
        brn_error_at(&db->url_error, p->file, node->line, node->column);
        brn_error_subject(&db->url_error, db->info.name, NULL);
        st = BRANT_OK;
    }
    return st;
}

static brant_status read_database(brant_project *p, const brn_yaml *node, brant_error **err)
{
    if (!good_name(node->key)) {
        return bad_node(p, node, err, "a database's name is made of letters, digits, - and _");
    }
    brn_project_db *db = new_db(p, brn_arena_strndup(&p->arena, node->key.ptr, node->key.len), err);
    if (db == NULL) {
        return BRANT_ENOMEM;
    }
    db->line = node->key_line;
    db->column = node->key_column;
    const brn_yaml *url = node->kind == BRN_YAML_SCALAR ? node : brn_yaml_find(node, "url");
    if (node->kind == BRN_YAML_LIST || url == NULL || url->kind != BRN_YAML_SCALAR) {
        return bad_node(p, node, err, "a database needs a url");
    }
    brant_status st = read_url(p, db, url);
    if (st != BRANT_OK) {
        return brn_error_oom(err);
    }
    const brn_yaml *child = node->kind == BRN_YAML_MAP ? node->first : NULL;
    for (; child != NULL && st == BRANT_OK; child = child->next) {
        if (child != url) {
            st = brn_settings_set_yaml(db->settings, child, p->file, err);
        }
    }
    return st;
}

static brant_status read_root(brant_project *p, const brn_yaml *root, brant_error **err)
{
    if (root->kind != BRN_YAML_MAP) {
        return bad_node(p, root, err, "the project file is not a map of settings");
    }
    /* Settings first: databases start from them, wherever they stand in the file. */
    const brn_yaml *databases = NULL;
    brant_status st = BRANT_OK;
    for (const brn_yaml *n = root->first; n != NULL && st == BRANT_OK; n = n->next) {
        if (brn_str_eq_c(n->key, "databases")) {
            databases = n;
        } else {
            st = brn_settings_set_yaml(p->settings, n, p->file, err);
        }
    }
    if (databases == NULL || st != BRANT_OK) {
        return st;
    }
    if (databases->kind != BRN_YAML_MAP) {
        return bad_node(p, databases, err, "\"databases\" is not a map of names");
    }
    for (const brn_yaml *n = databases->first; n != NULL && st == BRANT_OK; n = n->next) {
        st = read_database(p, n, err);
    }
    return st;
}

static brant_status read_file(brant_project *p, brant_error **err)
{
    const char *path = brant_settings_text(p->settings, "config");
    bool named = brant_settings_origin(p->settings, "config", NULL) != BRANT_ORIGIN_DEFAULT;
    brn_buf text;
    brn_buf_init(&text, 0);
    int errnum = brn_file_read(&text, path, PROJECT_FILE_MAX);
    brant_status st = BRANT_OK;
    if (errnum == ENOENT && !named) {
        goto out;
    }
    if (errnum != 0) {
        st = errnum == ENOENT ? brn_error(
                                    err, BRANT_EUSAGE, "project.no_file",
                                    "there is no project file \"%s\"", path)
                              : brn_error_errno(err, "project.unreadable", errnum, "read", path);
        brn_error_hint(err, "--config FILE names the project file; \"brant init\" writes one.");
        goto out;
    }
    p->file = brn_arena_strdup(&p->arena, path);
    const char *dir = brn_path_dir(&p->arena, path);
    p->dir = dir != NULL && strcmp(dir, ".") != 0 ? dir : NULL;
    brn_yaml *root = NULL;
    st = p->arena.oom ? brn_error_oom(err)
                      : brn_yaml_parse(&root, &p->arena, brn_buf_str(&text), p->file, err);
    if (st == BRANT_OK && root != NULL) {
        st = read_root(p, root, err);
    }

out:
    brn_buf_release(&text);
    return st;
}

/* ---- which databases ---- */

static brant_status select_db(brant_project *p, brn_project_db *db, brant_error **err)
{
    for (size_t i = 0; i < p->selected.count; i++) {
        if (p->selected.items[i] == db) {
            return BRANT_OK;
        }
    }
    brn_project_db **slot = BRN_VEC_PUSH(&p->arena, &p->selected);
    if (slot == NULL) {
        return brn_error_oom(err);
    }
    *slot = db;
    return resolve_paths(p, db, err);
}

static brn_project_db *find_db(const brant_project *p, brn_str name)
{
    for (size_t i = 0; i < p->file_dbs.count; i++) {
        if (brn_str_eq_c(name, p->file_dbs.items[i]->info.name)) {
            return p->file_dbs.items[i];
        }
    }
    return NULL;
}

static brant_status unknown_db(brant_project *p, brn_str name, brant_error **err)
{
    brn_buf names;
    brn_buf_init(&names, 4096);
    for (size_t i = 0; i < p->file_dbs.count; i++) {
        brn_buf_printf(&names, "%s%s", i > 0 ? ", " : "", p->file_dbs.items[i]->info.name);
    }
    brn_error(
        err, BRANT_EUSAGE, "project.unknown_database", "no database \"%.*s\" in the project",
        BRN_STR_ARG(name));
    if (names.len > 0) {
        brn_error_hint(err, "The project file has: %s.", brn_buf_text(&names));
    } else {
        brn_error_hint(err, "Give a URL such as sqlite:app.db, or name it in brant.yaml.");
    }
    brn_buf_release(&names);
    return BRANT_EUSAGE;
}

/* A URL from outside the file: for the file's only database, or one of its own. */
static brant_status add_url(brant_project *p, brn_str url, size_t file_count, brant_error **err)
{
    const char *text = brn_arena_strndup(&p->arena, url.ptr, url.len);
    if (text == NULL) {
        return brn_error_oom(err);
    }
    brn_project_db *db = NULL;
    if (file_count == 1 && p->selected.count == 0) {
        db = p->file_dbs.items[0];
    } else {
        size_t n = p->selected.count + 1;
        const char *name = n == 1 ? "main" : brn_arena_printf(&p->arena, "main%zu", n);
        db = name != NULL ? new_db(p, name, err) : NULL;
    }
    if (db == NULL) {
        return p->arena.oom ? brn_error_oom(err) : BRANT_ENOMEM;
    }
    brant_origin origin = brant_settings_origin(p->settings, "database", NULL);
    brant_error_free(db->url_error);
    db->url_error = NULL;
    brant_status st = set_url(p, db, text, origin == BRANT_ORIGIN_FILE ? p->dir : NULL, err);
    return st == BRANT_OK ? select_db(p, db, err) : st;
}

static brant_status select_named(brant_project *p, const char *value, brant_error **err)
{
    size_t file_count = p->file_dbs.count;
    brn_str rest = brn_str_from(value);
    brn_str line;
    brant_status st = BRANT_OK;
    while (st == BRANT_OK && brn_str_split(&rest, '\n', &line)) {
        brn_project_db *db = find_db(p, line);
        if (db != NULL) {
            st = select_db(p, db, err);
        } else if (brn_str_find_char(line, ':') == SIZE_MAX) {
            st = unknown_db(p, line, err);
        } else {
            st = add_url(p, line, file_count, err);
        }
    }
    return st;
}

static brant_status select_databases(brant_project *p, brant_error **err)
{
    const char *value = brant_settings_text(p->settings, "database");
    brant_origin origin = brant_settings_origin(p->settings, "database", NULL);
    size_t file_count = p->file_dbs.count;
    /* DATABASE_URL is a hint for one database; a file with several says itself who uses it. */
    bool several = file_count > 1 && origin != BRANT_ORIGIN_FLAG;
    brant_status st = BRANT_OK;
    if (value != NULL && value[0] != '\0' && !several) {
        st = select_named(p, value, err);
    } else {
        for (size_t i = 0; i < file_count && st == BRANT_OK; i++) {
            st = select_db(p, p->file_dbs.items[i], err);
        }
    }
    return st;
}

/* ---- public ---- */

brant_status brant_project_load(
    brant_project **out, const brant_settings *settings, brant_error **err)
{
    brant_project *p = calloc(1, sizeof(*p));
    if (p == NULL) {
        return brn_error_oom(err);
    }
    brant_status st = brn_settings_clone(&p->settings, settings, err);
    if (st == BRANT_OK) {
        st = read_file(p, err);
    }
    if (st == BRANT_OK) {
        st = select_databases(p, err);
    }
    if (st != BRANT_OK) {
        brant_project_free(p);
        return st;
    }
    *out = p;
    return BRANT_OK;
}

void brant_project_free(brant_project *project)
{
    if (project == NULL) {
        return;
    }
    for (size_t i = 0; i < project->file_dbs.count; i++) {
        brn_project_db *db = project->file_dbs.items[i];
        if (db != NULL) {
            brant_settings_free(db->settings);
            brant_error_free(db->url_error);
        }
    }
    brant_settings_free(project->settings);
    brn_arena_release(&project->arena);
    free(project);
}

size_t brant_project_count(const brant_project *project)
{
    return project->selected.count;
}

const brant_project_database *brant_project_at(const brant_project *project, size_t i)
{
    return i < project->selected.count ? &project->selected.items[i]->info : NULL;
}

const brant_settings *brant_project_settings(const brant_project *project)
{
    return project->settings;
}

const brn_project_db *brn_project_choose(
    const brant_project *project, const char *name, brant_error **err)
{
    for (size_t i = 0; i < project->selected.count; i++) {
        const brn_project_db *db = project->selected.items[i];
        if (name == NULL || strcmp(db->info.name, name) == 0 ||
            (db->info.engine != NULL && strcmp(db->info.engine, name) == 0)) {
            return db;
        }
    }
    if (name != NULL) {
        brn_error(
            err, BRANT_EUSAGE, "project.unknown_database", "no database \"%s\" in the project",
            name);
        brn_error_hint(err, "Leave it out for the first database of the project.");
    }
    return NULL;
}

void brn_project_reading(
    brn_layout_options *out, const brant_project *project, const brn_project_db *db)
{
    const brant_settings *settings = db != NULL ? db->settings : project->settings;
    const brn_dialect *dialect = NULL;

    if (db != NULL && db->entry != NULL) {
        dialect = db->entry->linked != NULL ? db->entry->linked->dialect
                                            : brn_dialect_find(db->entry->name);
    }
    *out = (brn_layout_options){
        .dir = db != NULL ? db->info.migrations : brant_settings_text(settings, "migrations"),
        .layout = brant_settings_text(settings, "layout"),
        .dialect = dialect != NULL ? dialect : &brn_dialect_sqlite,
        .max_file_bytes = (size_t)brant_settings_int(settings, "max-file-size"),
        .allow_version_zero = brant_settings_int(settings, "allow-version-zero") != 0,
        .allow_equal_versions = brant_settings_int(settings, "allow-equal-versions") != 0,
    };
}
