/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one place of this engine that names functions of SQLite. A connection that the host program
 * lends may belong to another copy of SQLite, and a handle must only be given to functions of its
 * own copy: so everybody else goes through s->f. tools/gates/engines.py keeps it so.
 */
#include "engines/sqlite/sqlite.h"

const brant_sqlite_functions brn_sqlite_linked = BRANT_SQLITE_FUNCTIONS_LINKED;
