/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which dialect a fuzzer's input is for: one that begins with "p" is a script for PostgreSQL behind
 * that byte, one with "m" for MySQL, one with "1", "2" or "3" for MySQL with these BRN_LEX_ bits
 * set, and any other one is for SQLite.
 */
#ifndef BRN_FUZZ_PICK_H
#define BRN_FUZZ_PICK_H

#include "text/script.h"

static const brn_dialect *pick(brn_script *script, const uint8_t *data, size_t size)
{
    brn_str raw = size > 0 ? (brn_str){ (const char *)data, size } : BRN_STR("");
    char first = size > 0 ? raw.ptr[0] : '\0';
    bool modes = first >= '1' && first <= '3';
    const brn_dialect *dialect = first == 'p'            ? &brn_dialect_postgres
                                 : modes || first == 'm' ? &brn_dialect_mysql
                                                         : &brn_dialect_sqlite;

    *script = (brn_script){ .text = raw, .line = 1, .column = 1 };
    script->mode = modes ? (uint32_t)(first - '0') : 0;
    if (dialect != &brn_dialect_sqlite) {
        script->text = brn_str_slice(raw, 1, raw.len);
    }
    return dialect;
}

#endif
