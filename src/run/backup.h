/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reminding of a backup: a run that loses data says so once for each database, as the warning
 * "run.backup", before its first statement. An empty database has nothing to lose. The setting
 * backup-recorded says that there is a backup; it then stands in the history instead, with the
 * first migration of the run.
 *
 * What statements lose is noted when all texts are checked, before the lock; the plan that is made
 * under the lock decides what of it is told.
 */
#ifndef BRN_RUN_BACKUP_H
#define BRN_RUN_BACKUP_H

#include "run/runner.h"

/* Notes what a step loses. Out of memory is the arena's latch. */
void brn_backup_note(brn_run *run, const brn_step *step, const brn_compiled *compiled);
/* Tells it, for the plan at hand. */
void brn_backup_remind(brn_run *run);

#endif
