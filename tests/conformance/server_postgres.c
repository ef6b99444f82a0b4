/* SPDX-License-Identifier: Apache-2.0 */
#include "conformance/server_postgres.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engines/postgres/postgres.h"

#define VARIABLE "BRANT_TEST_POSTGRES"
/* tests/support/servers.py makes it in every server. */
#define ROLE "brant"
#define PASSWORD "goose"
#define MISSING "-missing"

/* One for all databases: half of a small test would be connecting. */
static PGconn *superuser;
static pid_t owner; /* a process that a test forks must not end the connection of its parent */

static void ignore(void *user, const char *message)
{
    (void)user;
    (void)message;
}

static void end_superuser(void)
{
    if (owner == getpid()) {
        PQfinish(superuser);
    }
}

static PGconn *server(void)
{
    const char *url = getenv(VARIABLE);

    if (superuser != NULL) {
        return superuser;
    }
    if (url == NULL) {
        (void)printf(VARIABLE " is not set\n");
        return NULL;
    }
    owner = getpid();
    superuser = PQconnectdb(url);
    (void)atexit(end_superuser);
    if (PQstatus(superuser) != CONNECTION_OK) {
        (void)printf("%s", PQerrorMessage(superuser));
    }
    (void)PQsetNoticeProcessor(superuser, ignore, NULL);
    return superuser;
}

static bool do_sql(const char *sql)
{
    PGresult *result = PQexec(server(), sql);
    bool ok = PQresultStatus(result) == PGRES_COMMAND_OK;

    if (!ok) {
        (void)printf("%s: %s", sql, PQresultErrorMessage(result));
    }
    PQclear(result);
    return ok;
}

int conf_postgres_version(void)
{
    return PQserverVersion(server());
}

bool conf_postgres_create(char url[CONF_URL])
{
    static unsigned made;
    char sql[160];
    int pid = (int)getpid();

    if (PQstatus(server()) != CONNECTION_OK) {
        return false;
    }
    made++;
    (void)snprintf(sql, sizeof(sql), "CREATE DATABASE conf_%d_%u OWNER " ROLE, pid, made);
    (void)snprintf(
        url, CONF_URL, "postgres://" ROLE ":" PASSWORD "@127.0.0.1:%s/conf_%d_%u", PQport(server()),
        pid, made);
    return do_sql(sql);
}

void conf_postgres_destroy(const char *url)
{
    static const char *const endings[] = { "", MISSING };
    const char *name = strrchr(url, '/') + 1;
    char sql[160];

    for (size_t i = 0; i < BRN_ARRAY_LEN(endings); i++) {
        (void)snprintf(
            sql, sizeof(sql), "DROP DATABASE IF EXISTS \"%.60s%s\" WITH (FORCE)", name, endings[i]);
        (void)do_sql(sql);
    }
}

int64_t conf_postgres_number(const char *url, const char *query)
{
    PGconn *conn = PQconnectdb(url);
    PGresult *result = PQexec(conn, query);
    int64_t value = -1;

    if (PQresultStatus(result) == PGRES_TUPLES_OK && PQntuples(result) == 1) {
        value = strtoll(PQgetvalue(result, 0, 0), NULL, 10);
    }
    PQclear(result);
    PQfinish(conn);
    return value;
}

void conf_postgres_missing(char url[CONF_URL], const char *existing)
{
    (void)snprintf(url, CONF_URL, "%.400s" MISSING, existing);
}
