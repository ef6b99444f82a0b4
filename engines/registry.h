/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one list of engines: names, URL schemes, packages, and the records that are linked in. An
 * engine that is usually a module is linked in where BRANT_LINK_NAME is defined
 * (cmake/engines.cmake).
 */
#ifndef BRN_ENGINES_REGISTRY_H
#define BRN_ENGINES_REGISTRY_H

#include "engine/loader.h"

/* Ends with an entry without a name. */
extern const brn_engine_entry brn_engine_entries[];

#endif
