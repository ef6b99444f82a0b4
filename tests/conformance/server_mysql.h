/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Databases for the suite on the server that BRANT_TEST_MYSQL names: the URL of its superuser, as
 * tests/support/shared_servers.py gives it. The suite connects as an ordinary user.
 */
#ifndef TESTS_CONFORMANCE_SERVER_MYSQL_H
#define TESTS_CONFORMANCE_SERVER_MYSQL_H

#include "conformance/conformance.h"

/* What conf_quirks asks for. */
bool conf_mysql_create(char url[CONF_URL]);
void conf_mysql_destroy(const char *url);
int64_t conf_mysql_number(const char *url, const char *query);
void conf_mysql_missing(char url[CONF_URL], const char *existing);

/* As the superuser, in the database of the URL; false when it fails. */
bool conf_mysql_do(const char *url, const char *sql);

#endif
