/* SPDX-License-Identifier: Apache-2.0 */
#include "engines/registry.h"

#include "engines/sqlite/sqlite.h"

/* Declared here: the engines' headers may bring in their client libraries. */
#ifdef BRANT_LINK_POSTGRES
extern const brn_engine brn_engine_postgres;
#define POSTGRES &brn_engine_postgres
#else
#define POSTGRES NULL
#endif

#ifdef BRANT_LINK_MYSQL
extern const brn_engine brn_engine_mysql;
#define MYSQL &brn_engine_mysql
#else
#define MYSQL NULL
#endif

static const char *const sqlite_schemes[] = { "sqlite", "sqlite3", NULL };
static const char *const postgres_schemes[] = { "postgres", "postgresql", NULL };
static const char *const mysql_schemes[] = { "mysql", "mariadb", NULL };
static const char *const cassandra_schemes[] = { "cassandra", "scylla", NULL };
static const char *const clickhouse_schemes[] = { "clickhouse", "clickhouses", NULL };
static const char *const redis_schemes[] = { "redis", "rediss", NULL };

const brn_engine_entry brn_engine_entries[] = {
    { "sqlite", sqlite_schemes, &brn_engine_sqlite, "brant", "sql" },
    { "postgres", postgres_schemes, POSTGRES, "brant-postgres", "sql" },
    { "mysql", mysql_schemes, MYSQL, "brant-mysql", "sql" },
    { "cassandra", cassandra_schemes, NULL, "brant-cassandra", "cql" },
    { "clickhouse", clickhouse_schemes, NULL, "brant-clickhouse", "sql" },
    { "redis", redis_schemes, NULL, "brant-redis", "redis" },
    { 0 },
};
