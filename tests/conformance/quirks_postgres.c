/* SPDX-License-Identifier: Apache-2.0 */
#include "conformance/server_postgres.h"
#include "engines/postgres/postgres.h"

const conf_quirks conf_quirks_postgres = {
    .engine = &brn_engine_postgres,
    .caps = BRN_CAP_TXN_DDL | BRN_CAP_TXN_DML | BRN_CAP_LOCK | BRN_CAP_PROBE | BRN_CAP_CREATE |
            BRN_CAP_OBJECTS | BRN_CAP_CANCEL | BRN_CAP_EXECUTE,
    .create = conf_postgres_create,
    .destroy = conf_postgres_destroy,
    .number = conf_postgres_number,
    .missing = conf_postgres_missing,
    .create_table = "CREATE TABLE t (a integer, b text DEFAULT 'x')",
    .insert_rows = "INSERT INTO t (a) VALUES (1), (2), (3)",
    .update_rows = "UPDATE t SET b = 'y' WHERE a < 3",
    .count_tables = "SELECT count(*) FROM pg_tables WHERE tablename = 't'",
    .count_rows = "SELECT count(*) FROM t",
    .bad_statement = "SELECT nosuch FROM pg_class",
    .bad_offset = 7,
    .endless = "SELECT pg_sleep(600)",
    .count_ledger = "SELECT count(*) FROM brant_migrations",
    .ledger_newer = "UPDATE brant_migrations SET format = 99, tool = '9.9.9' WHERE id = 'm1'",
    .ledger_status = "UPDATE brant_migrations SET status = 'wobbly' WHERE id = 'm1'",
    .ledger_time = "UPDATE brant_migrations SET started_at = 'noon' WHERE id = 'm1'",
    .ledger_wider = "ALTER TABLE brant_migrations ADD COLUMN ours text DEFAULT 'x'",
    .ledger_other = "CREATE TABLE brant_migrations (id text, version text)",
    .begin = "BEGIN",
    .commit = "COMMIT",
    .alone = "VACUUM",
    .ledger_write = "UPDATE brant_migrations SET status = 'completed'",
};
