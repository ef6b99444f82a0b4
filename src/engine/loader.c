/* SPDX-License-Identifier: Apache-2.0 */
/*
 * No list of loaded modules is kept here: dlopen() of a module that is loaded gives the same one
 * again and counts, under its own lock, so two threads may load at once.
 */
#include "engine/loader.h"

#include <dlfcn.h>
#include <string.h>

#include "base/file.h"
#include "base/platform.h"

static bool has_scheme(const brn_engine_entry *entry, const char *scheme)
{
    for (const char *const *s = entry->schemes; *s != NULL; s++) {
        if (strcmp(*s, scheme) == 0) {
            return true;
        }
    }
    return strcmp(entry->name, scheme) == 0;
}

const brn_engine_entry *brn_engine_lookup(const brn_engine_entry *entries, const char *scheme)
{
    for (const brn_engine_entry *entry = entries; entry->name != NULL; entry++) {
        if (has_scheme(entry, scheme)) {
            return entry;
        }
    }
    return NULL;
}

static brant_status unknown(const brn_engine_entry *entries, const char *scheme, brant_error **err)
{
    brn_buf known;
    brant_status st;

    brn_buf_init(&known, 0);
    for (const brn_engine_entry *entry = entries; entry->name != NULL; entry++) {
        for (const char *const *s = entry->schemes; *s != NULL; s++) {
            brn_buf_add_c(&known, known.len > 0 ? ", " : "");
            brn_buf_add_c(&known, *s);
        }
    }
    st = brn_error(
        err, BRANT_EUSAGE, "engine.unknown", "no engine for database URLs of scheme \"%.60s\"",
        scheme);
    brn_error_hint(err, "Known schemes are %s.", brn_buf_text(&known));
    brn_buf_release(&known);
    return st;
}

static brant_status not_installed(const brn_engine_entry *entry, brant_error **err)
{
    brant_status st = brn_error(
        err, BRANT_EUNSUPPORTED, "engine.not_installed", "engine \"%s\" is not installed",
        entry->name);

    brn_error_hint(err, "Install the package %s.", entry->package);
    return st;
}

static brant_status wrong_version(
    const brn_engine_entry *entry, const char *path, const char *why, brant_error **err)
{
    brant_status st = brn_error(
        err, BRANT_EUNSUPPORTED, "engine.version",
        "engine \"%s\" does not belong to this brant (version %s)", entry->name, brant_version());

    brn_error_detail(err, "Module \"%s\": %s.", path, why);
    brn_error_hint(err, "Install the package %s of the same version.", entry->package);
    return st;
}

/* What is wrong with a module, or NULL and its engine. */
static const char *check_module(const brn_engine **out, void *module, const brn_engine_entry *entry)
{
    const char *build = dlsym(module, "brn_engine_build");
    const brn_engine *const *engine = dlsym(module, "brn_engine_module");
    const char *wrong = NULL;

    if (build == NULL || engine == NULL) {
        return "it is not an engine of brant";
    }
    /* Before looking into the table: another version may have another shape. */
    if (strcmp(build, brant_version()) != 0) {
        return "it was built for another version";
    }
    wrong = brn_engine_validate(*engine);
    if (wrong == NULL && strcmp((*engine)->name, entry->name) != 0) {
        wrong = "it is another engine";
    }
    if (wrong == NULL) {
        *out = *engine;
    }
    return wrong;
}

static brant_status load_module(
    const brn_engine **out, const brn_engine_entry *entry, const char *path, brant_error **err)
{
    void *module = NULL;
    const char *wrong = NULL;
    brant_status st;

    if (!brn_file_exists(path)) {
        return not_installed(entry, err);
    }
    module = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (module == NULL) {
        const char *why = dlerror();

        /* Also what a module of another version gives when it needs functions we do not have. */
        return wrong_version(entry, path, why != NULL ? why : "it cannot be loaded", err);
    }
    wrong = check_module(out, module, entry);
    if (wrong == NULL) {
        return BRANT_OK;
    }
    st = wrong_version(entry, path, wrong, err);
    (void)dlclose(module);
    return st;
}

/* A relative directory would mean the working directory's. */
static brant_status load_from(
    const brn_engine **out, const brn_engine_entry *entry, const char *dir, brant_error **err)
{
    brn_buf path;
    brant_status st;

    if (dir[0] != '/') {
        return not_installed(entry, err);
    }
    brn_buf_init(&path, 0);
    brn_buf_printf(&path, "%s/brant-%s.so", dir, entry->name);
    st = path.failed ? brn_error_oom(err) : load_module(out, entry, brn_buf_text(&path), err);
    brn_buf_release(&path);
    return st;
}

brant_status brn_engine_load(
    const brn_engine **out,
    const brn_engine_entry *entries,
    const char *module_dir,
    const char *scheme,
    brant_error **err)
{
    const brn_engine_entry *entry = brn_engine_lookup(entries, scheme);
    brn_buf beside;
    brant_status st;

    if (entry == NULL) {
        return unknown(entries, scheme, err);
    }
    if (entry->linked != NULL) {
        *out = entry->linked;
        return BRANT_OK;
    }
    if (module_dir != NULL) {
        return load_from(out, entry, module_dir, err);
    }
    brn_buf_init(&beside, 0);
    if (!brn_platform_library_dir(&beside)) {
        st = not_installed(entry, err);
    } else if (beside.failed) {
        st = brn_error_oom(err);
    } else {
        st = load_from(out, entry, brn_buf_text(&beside), err);
    }
    brn_buf_release(&beside);
    return st;
}
