/* SPDX-License-Identifier: Apache-2.0 */
#include "conformance/server_mysql.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engines/mysql/mysql.h"

#define VARIABLE "BRANT_TEST_MYSQL"
/* tests/support/servers.py makes it in every server. */
#define ROLE "brant"
#define PASSWORD "goose"
#define MISSING "-missing"

/* One for all databases: half of a small test would be connecting. */
static MYSQL *superuser;
static unsigned port;
static pid_t owner; /* a process that a test forks must not end the connection of its parent */

static void end_superuser(void)
{
    if (owner == getpid()) {
        mysql_close(superuser);
    }
}

static MYSQL *server(void)
{
    const char *text = getenv(VARIABLE);
    brn_url url;
    brn_arena arena;

    if (superuser != NULL) {
        return superuser;
    }
    if (text == NULL) {
        (void)printf(VARIABLE " is not set\n");
        return NULL;
    }
    brn_arena_init(&arena);
    owner = getpid();
    superuser = mysql_init(NULL);
    if (superuser == NULL || brn_url_parse(&url, &arena, brn_str_from(text), NULL) != BRANT_OK ||
        mysql_real_connect(
            superuser, url.host, url.user, url.password, NULL, url.port, NULL,
            CLIENT_MULTI_STATEMENTS) == NULL) {
        (void)printf("%s\n", superuser != NULL ? mysql_error(superuser) : "no connection");
        mysql_close(superuser);
        superuser = NULL;
    } else {
        port = url.port;
        (void)atexit(end_superuser);
    }
    brn_arena_release(&arena);
    return superuser;
}

static bool do_sql(const char *sql)
{
    bool ok = mysql_query(server(), sql) == 0;

    if (!ok) {
        (void)printf("%s: %s\n", sql, mysql_error(superuser));
    }
    mysql_free_result(mysql_store_result(superuser));
    return ok;
}

bool conf_mysql_create(char url[CONF_URL])
{
    static unsigned made;
    char sql[160];
    int pid = (int)getpid();

    if (server() == NULL) {
        return false;
    }
    made++;
    (void)snprintf(
        sql, sizeof(sql), "CREATE DATABASE conf_%d_%u COLLATE utf8mb4_general_ci", pid, made);
    (void)snprintf(
        url, CONF_URL, "mysql://" ROLE ":" PASSWORD "@127.0.0.1:%u/conf_%d_%u", port, pid, made);
    return do_sql(sql);
}

void conf_mysql_destroy(const char *url)
{
    static const char *const endings[] = { "", MISSING };
    const char *name = strrchr(url, '/') + 1;
    char sql[160];

    for (size_t i = 0; i < BRN_ARRAY_LEN(endings); i++) {
        (void)snprintf(sql, sizeof(sql), "DROP DATABASE IF EXISTS `%.60s%s`", name, endings[i]);
        (void)do_sql(sql);
    }
}

bool conf_mysql_do(const char *url, const char *sql)
{
    return mysql_select_db(server(), strrchr(url, '/') + 1) == 0 && do_sql(sql);
}

int64_t conf_mysql_number(const char *url, const char *query)
{
    MYSQL_RES *rows = NULL;
    MYSQL_ROW row = NULL;
    int64_t value = -1;

    if (mysql_select_db(server(), strrchr(url, '/') + 1) != 0 ||
        mysql_query(server(), query) != 0) {
        return -1;
    }
    rows = mysql_store_result(superuser);
    row = rows != NULL ? mysql_fetch_row(rows) : NULL;
    if (row != NULL && row[0] != NULL) {
        value = strtoll(row[0], NULL, 10);
    }
    mysql_free_result(rows);
    return value;
}

void conf_mysql_missing(char url[CONF_URL], const char *existing)
{
    (void)snprintf(url, CONF_URL, "%.400s" MISSING, existing);
}
