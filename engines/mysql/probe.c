/* SPDX-License-Identifier: Apache-2.0 */
#include "engines/mysql/mysql.h"

brant_status brn_mysql_probe(
    brn_evidence *out, brn_arena *arena, brn_conn *conn, const brn_stmt *stmt, brant_error **err)
{
    brn_stmt_info info;

    (void)arena;
    (void)err;
    brn_mysql_inspect(&info, conn, stmt);
    *out = (brn_evidence){ info.repeatable ? BRN_VERDICT_REPEATABLE : BRN_VERDICT_UNKNOWN,
                           info.repeatable ? "running it twice is the same as once"
                                           : "it cannot be told from the database" };
    return BRANT_OK;
}
