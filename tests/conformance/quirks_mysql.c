/* SPDX-License-Identifier: Apache-2.0 */
#include "conformance/server_mysql.h"
#include "engines/mysql/mysql.h"

/* As SHOW CREATE TABLE has it, but for line breaks. */
#define T                                                                                          \
    "CREATE TABLE `t` (`a` int(11) DEFAULT NULL, `b` varchar(20) DEFAULT 'x') ENGINE=InnoDB"       \
    " DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci"

static const conf_probe probes[] = {
    { "insert", T, "INSERT INTO t VALUES (1, 2)", BRN_VERDICT_UNKNOWN, "cannot be told" },
    { "select", NULL, "SELECT 1", BRN_VERDICT_REPEATABLE, "twice" },
    { "select of a function", NULL, "SELECT f()", BRN_VERDICT_UNKNOWN, "cannot be told" },
    { "set", NULL, "SET foreign_key_checks = 0", BRN_VERDICT_REPEATABLE, "twice" },
};

const conf_quirks conf_quirks_mysql = {
    .engine = &brn_engine_mysql,
    .caps = BRN_CAP_TXN_DML | BRN_CAP_LOCK | BRN_CAP_PROBE | BRN_CAP_CREATE | BRN_CAP_OBJECTS |
            BRN_CAP_CANCEL | BRN_CAP_EXECUTE,
    .create = conf_mysql_create,
    .destroy = conf_mysql_destroy,
    .number = conf_mysql_number,
    .missing = conf_mysql_missing,
    .create_table = T,
    .insert_rows = "INSERT INTO t (a) VALUES (1), (2), (3)",
    .update_rows = "UPDATE t SET b = 'y' WHERE a < 3",
    .count_tables = "SELECT COUNT(*) FROM information_schema.TABLES"
                    " WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 't'",
    .count_rows = "SELECT COUNT(*) FROM t",
    .bad_statement = "SELECT nosuch FROM information_schema.TABLES",
    .bad_offset = 7,
    .endless = "SELECT SLEEP(600)",
    .holder_is_session = true,
    .count_ledger = "SELECT COUNT(*) FROM brant_migrations",
    .ledger_newer = "UPDATE brant_migrations SET format = 99, tool = '9.9.9' WHERE id = 'm1'",
    .ledger_status = "UPDATE brant_migrations SET status = 'wobbly' WHERE id = 'm1'",
    .ledger_time = "UPDATE brant_migrations SET started_at = 'noon' WHERE id = 'm1'",
    .ledger_wider = "ALTER TABLE brant_migrations ADD COLUMN ours varchar(9) DEFAULT 'x'",
    .ledger_other = "CREATE TABLE brant_migrations (id varchar(255), version varchar(20))",
    .values_table = "CREATE TABLE v (i bigint PRIMARY KEY, x bigint, r double, s longtext,"
                    " b longblob)",
    .values_put = "INSERT INTO v (i, x) VALUES (?, ?)",
    .values_get = "SELECT x FROM v WHERE i = ?",
    .values_all = "SELECT x, i FROM v ORDER BY i",
    .values_count = "SELECT COUNT(*) FROM v",
    .values_many = "SELECT seq, CAST(REPEAT('x', 8192) AS BINARY) FROM seq_1_to_50000",
    .values_many_rows = 50000,
    .values_put_as = { [BRANT_VALUE_REAL] = "INSERT INTO v (i, r) VALUES (?, ?)",
                       [BRANT_VALUE_TEXT] = "INSERT INTO v (i, s) VALUES (?, ?)",
                       [BRANT_VALUE_BLOB] = "INSERT INTO v (i, b) VALUES (?, ?)" },
    .values_get_as = { [BRANT_VALUE_REAL] = "SELECT r AS x FROM v WHERE i = ?",
                       [BRANT_VALUE_TEXT] = "SELECT s AS x FROM v WHERE i = ?",
                       [BRANT_VALUE_BLOB] = "SELECT b AS x FROM v WHERE i = ?" },
    .values_no_infinity = true,
    .begin = "BEGIN",
    .commit = "COMMIT",
    .alone = "CREATE TABLE IF NOT EXISTS alone (a int)",
    .ledger_write = "UPDATE brant_migrations SET status = 'completed'",
    .probes = probes,
    .probe_count = BRN_ARRAY_LEN(probes),
};
