/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finding the engine of a URL: linked in, or a module of the same build loaded on first use.
 *
 * The list of known engines is engines/registry.c. A module is `brant-NAME.so` in one given
 * directory (that of libbrant.so, or a session option; never the working directory or the
 * environment). engines/module.c is what it exports: `const brn_engine *const brn_engine_module`
 * together with `const char brn_engine_build[]`, which must equal this library's version. Modules
 * stay loaded. A program that has libbrant linked in has no directory of modules, unless it gives
 * one.
 */
#ifndef BRN_ENGINE_LOADER_H
#define BRN_ENGINE_LOADER_H

#include "engine/engine.h"

typedef struct brn_engine_entry {
    const char *name;
    const char *const *schemes; /* NULL-terminated */
    const brn_engine *linked;   /* NULL: a module */
    const char *package;        /* what to install: "brant-postgres" */
    const char *extension;      /* of its migration files: "sql" */
} brn_engine_entry;

/*
 * The entry of a scheme or engine name, or NULL. `entries` ends with a NULL name.
 */
const brn_engine_entry *brn_engine_lookup(const brn_engine_entry *entries, const char *scheme);

/*
 * The engine itself; module_dir may be NULL: that of the library. Errors: "engine.unknown" (hint
 * lists the schemes), "engine.not_installed" (message `engine "postgres" is not installed`, hint
 * names the package), "engine.version".
 */
brant_status brn_engine_load(
    const brn_engine **out,
    const brn_engine_entry *entries,
    const char *module_dir,
    const char *scheme,
    brant_error **err);

#endif
