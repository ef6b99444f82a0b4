/* SPDX-License-Identifier: Apache-2.0 */
/* Which statements lose data, as the engine of SQLite tells it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/vec.h"
#include "engine/engine.h"

extern const brn_engine brn_engine_sqlite;

static const struct destructive_case {
    const char *sql;
    bool destructive;
} destructive_cases[] = {
    { "DROP TABLE t", true },
    { "drop table if exists main.t", true },
    { "DROP /* not yet */ TABLE t", true },
    { "DROP TABLE temp.t", false },
    { "DROP VIEW v", false },
    { "DROP INDEX i", false },
    { "DROP TRIGGER r", false },
    { "ALTER TABLE t DROP COLUMN c", true },
    { "ALTER TABLE t DROP c", true },
    { "ALTER TABLE t ADD COLUMN c", false },
    { "ALTER TABLE t RENAME TO u", false },
    { "ALTER TABLE t RENAME COLUMN c TO d", false },
    { "DELETE FROM t", true },
    { "DELETE FROM t -- WHERE id = 1", true },
    { "DELETE FROM \"where\"", true },
    { "DELETE FROM t RETURNING (SELECT 1 WHERE 1)", true },
    { "DELETE FROM t WHERE id = 1", false },
    { "DELETE FROM t WHERE id IN (SELECT id FROM u)", false },
    { "WITH old AS (SELECT id FROM t WHERE gone) DELETE FROM t", true },
    { "WITH old AS (SELECT id FROM t) DELETE FROM t WHERE id IN old", false },
    { "DELETE FROM temp.t", false },
    { "UPDATE t SET a = 1", false },
    { "INSERT INTO t SELECT * FROM u", false },
    { "CREATE TABLE t (a)", false },
    { "CREATE TRIGGER r AFTER INSERT ON t BEGIN DELETE FROM u; END", false },
    { "EXPLAIN DELETE FROM t", false },
    { "VACUUM", false },
    { "", false },
};

static void what_loses_data_is_destructive(void **state)
{
    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(destructive_cases); i++) {
        const struct destructive_case *c = &destructive_cases[i];
        brn_stmt stmt = { .text = brn_str_from(c->sql), .line = 1, .column = 1 };
        brn_stmt_info info;

        brn_engine_sqlite.inspect(&info, NULL, &stmt);
        if (info.destructive != c->destructive) {
            fail_msg("%s: %s", c->sql, info.destructive ? "destructive" : "not destructive");
        }
    }
}

/* VACUUM INTO writes a file that must not be there, wherever the word stands. */
static void vacuum_into_cannot_be_repeated(void **state)
{
    brn_stmt into = { .text = BRN_STR("VACUUM main INTO 'copy.db'"), .line = 1, .column = 1 };
    brn_stmt plain = { .text = BRN_STR("VACUUM"), .line = 1, .column = 1 };
    brn_stmt_info info;

    (void)state;
    brn_engine_sqlite.inspect(&info, NULL, &into);
    assert_false(info.repeatable);
    brn_engine_sqlite.inspect(&info, NULL, &plain);
    assert_true(info.repeatable);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_loses_data_is_destructive),
        cmocka_unit_test(vacuum_into_cannot_be_repeated),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
