/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the SQLite dialect share. */
#ifndef BRN_TEXT_SQLITE_INT_H
#define BRN_TEXT_SQLITE_INT_H

#include "text/dialect.h"

void brn_sqlite_classify(struct brn_stmt_class *out, struct brn_reader *rd);
brn_str brn_sqlite_take_name(struct brn_reader *rd);

#endif
