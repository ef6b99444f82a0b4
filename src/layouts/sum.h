/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sum file `brant.sum` of a directory of migrations: what the files were when somebody last
 * looked at all of them together.
 *
 *     brant-sum 1
 *     001_users.up.sql 3f0a...
 *     001_users.down.sql 9b1c...
 *
 * One line for each file, in the order of the migrations. The digest of a line is SHA-256 over the
 * digest of the line before it, the length-prefixed path and the length-prefixed digest of the text
 * (brn_digest_text(): line ends do not matter), so two branches that both add a migration change
 * the same place of the file and conflict in version control.
 *
 * Where the file is present, brn_layout_read() verifies it: added, removed, changed and moved files
 * are all named.
 */
#ifndef BRN_LAYOUTS_SUM_H
#define BRN_LAYOUTS_SUM_H

#include "layouts/layout.h"

#define BRN_SUM_FILE "brant.sum"

/* The text of the sum file of a set that was read from set->dir. */
brant_status brn_sum_text(brn_buf *out, const brn_source_set *set, brant_error **err);
/* BRANT_OK when there is no sum file in set->dir, or it says the same. `must` not zero: there must
 * be one ("sum.missing"). */
brant_status brn_sum_verify(const brn_source_set *set, bool must, brant_error **err);
/* Writes it, all or nothing (temporary file and rename). *path is in the arena. */
brant_status brn_sum_write(
    const char **path, brn_arena *arena, const brn_source_set *set, brant_error **err);

#endif
