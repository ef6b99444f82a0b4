/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sum file `brant.sum` of a directory of migrations: what the files were when somebody last
 * looked at all of them together.
 *
 *     brant-sum 1
 *     001_users.up.sql 3f0a...
 *     001_users.down.sql 9b1c...
 *
 * One line for each file, in the order of the migrations: the path below the directory, a blank,
 * 64 hexadecimal digits. The digits end the line and a path has no line break, so a path may hold
 * blanks. The digits are SHA-256 over three length-prefixed fields (brn_digest_field()):
 *
 *     the digits of the line before    empty in the first line
 *     the path
 *     the digest of the text           brn_source.up_digest: line ends and a byte order mark do not
 *                                      matter, nor does the down section of a sections file; empty
 *                                      for a down file, which may be mended at any time
 *
 * so two branches that both add a migration change the same place of the file and conflict in
 * version control; and since each line needs only the one before it, every file that differs can be
 * named, not just the first.
 *
 * Migrations that the host program brings have no line.
 *
 * Snapshots that other tools keep beside migrations, and that nobody should edit, are covered as
 * well: files *snapshot*.json in the directory, in its folder meta/ and in folders of migrations.
 * One stands behind the migrations of its version (that of its folder, or of its name), one without
 * a version at the end. Its text is digested as that of a migration.
 *
 * Where the file is present, brn_layout_read() verifies it: added, removed, changed and moved files
 * are all named. It is read and written with LF; CR LF and a missing last line end are accepted.
 */
#ifndef BRN_LAYOUTS_SUM_H
#define BRN_LAYOUTS_SUM_H

#include "layouts/layout.h"

#define BRN_SUM_FILE "brant.sum"

/* The text of the sum file of a set that was read from set->dir. */
brant_status brn_sum_text(brn_buf *out, const brn_source_set *set, brant_error **err);

/*
 * BRANT_OK when there is no sum file in set->dir, or it says the same. `must` not zero: there must
 * be one.
 *
 *   sum.mismatch    BRANT_EDRIFT   the first file that differs, the others in the detail
 *   sum.missing     BRANT_EDRIFT   there has to be one, and there is none
 *   sum.malformed   BRANT_EPARSE   not a sum file, or one with the marks of a merge in it
 *   sum.unreadable  BRANT_EIO      sum file or snapshot
 */
brant_status brn_sum_verify(const brn_source_set *set, bool must, brant_error **err);

/* Writes it, all or nothing (temporary file and rename). *path is in the arena. "sum.unwritable".
 */
brant_status brn_sum_write(
    const char **path, brn_arena *arena, const brn_source_set *set, brant_error **err);

/*
 * Reads the directory, without looking at the sum that may be there, and writes its sum. Holds the
 * lock of the directory meanwhile, so that files that somebody else is making are all or not in it.
 */
brant_status brn_sum_renew(
    const char **path, brn_arena *arena, const brn_layout_options *opts, brant_error **err);

/* A line of a sum file; views into its text. */
typedef struct brn_sum_line {
    brn_str path;
    brn_str digest;
} brn_sum_line;

typedef BRN_VEC(brn_sum_line) brn_sum_lines;

/* Takes the text of a sum file apart: line i of the result is line i + 2 of the file. `file` is for
 * messages. "sum.malformed". */
brant_status brn_sum_parse(
    brn_sum_lines *out, brn_arena *arena, const char *file, brn_str text, brant_error **err);

#endif
