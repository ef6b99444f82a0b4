/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Databases that another tool has migrated, and that brant knows nothing of yet: there every
 * migration is pending, and would run a second time.
 */
#ifndef BRN_RUN_FOREIGN_H
#define BRN_RUN_FOREIGN_H

#include "run/runner.h"

/* "adopt.foreign_history" when the plan has steps for a database without a ledger, where a known
 * tool has its table; "ledger.moved" where another schema has a ledger of the same migrations. */
brant_status brn_foreign_refuse(const brn_run *run, brant_error **err);

#endif
