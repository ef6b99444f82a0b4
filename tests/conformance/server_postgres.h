/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Databases for the suite on the PostgreSQL server that BRANT_TEST_POSTGRES names: the URL of its
 * superuser, as tests/support/shared_servers.py gives it. They belong to an ordinary role, which
 * the suite connects as.
 */
#ifndef TESTS_CONFORMANCE_SERVER_POSTGRES_H
#define TESTS_CONFORMANCE_SERVER_POSTGRES_H

#include "conformance/conformance.h"

/* What conf_quirks asks for. */
bool conf_postgres_create(char url[CONF_URL]);
void conf_postgres_destroy(const char *url);
int64_t conf_postgres_number(const char *url, const char *query);
void conf_postgres_missing(char url[CONF_URL], const char *existing);

/* The server's version, as 150018; 0 without a server. */
int conf_postgres_version(void);

#endif
