/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every engine module exports; compiled once for each, with BRANT_MODULE being the name of its
 * table, brn_engine_NAME. An engine that is linked in needs nothing of this.
 */
#include <brant/version.h>

#include "engine/engine.h"

extern const brn_engine BRANT_MODULE;

extern const char brn_engine_build[];
extern const brn_engine *const brn_engine_module;

const char brn_engine_build[] = BRANT_VERSION;
const brn_engine *const brn_engine_module = &BRANT_MODULE;
