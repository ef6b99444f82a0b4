/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SQLite where every connection is one that a host program lends, from a copy of SQLite of its own:
 * the suite has to hold there as well.
 */
#include <stdio.h>
#include <string.h>

#include "conformance/conformance.h"
#include "engines/sqlite/sqlite.h"
#include "support/sqlite_copy.h"

#define LOANS 64

static struct loan {
    brn_conn *conn;
    void *handle; /* of the copy */
    void *real;   /* NULL: free */
} loans[LOANS];

static brn_engine engine;
static conf_quirks quirks;

static struct loan *find_loan(const brn_conn *conn)
{
    for (size_t i = 0; i < LOANS; i++) {
        if (loans[i].conn == conn && (conn != NULL || loans[i].real == NULL)) {
            return &loans[i];
        }
    }
    fail_msg("no such loan, or too many");
    return NULL;
}

static void end(struct loan *loan)
{
    sqlite_copy_free(loan->handle);
    conf_quirks_sqlite.host_close(loan->real);
    memset(loan, 0, sizeof(*loan));
}

static void disconnect(brn_conn *conn)
{
    struct loan *loan = find_loan(conn);

    brn_engine_sqlite.disconnect(conn);
    end(loan);
}

static brant_status connect_lent(brn_conn **out, const brn_connect_options *opts, brant_error **err)
{
    brn_lent lent = { .functions = &sqlite_copy_functions };
    brn_connect_options o = *opts;
    struct loan *loan = NULL;
    char url[CONF_URL];
    brant_status st;

    if (opts->lent != NULL) {
        return brn_engine_sqlite.connect(out, opts, err);
    }
    loan = find_loan(NULL);
    (void)snprintf(url, sizeof(url), "sqlite:%s", opts->url->path);
    loan->real = quirks.host_open(url);
    assert_non_null(loan->real);
    assert_true(quirks.host_run(loan->real, "PRAGMA foreign_keys = on"));
    loan->handle = sqlite_copy_handle(loan->real);
    lent.handle = loan->handle;
    o.lent = &lent;
    st = brn_engine_sqlite.connect(out, &o, err);
    if (st != BRANT_OK) {
        end(loan);
        return st;
    }
    loan->conn = *out;
    loan->conn->engine = &engine;
    return BRANT_OK;
}

const conf_quirks *conf_quirks_sqlite_lent(void)
{
    engine = brn_engine_sqlite;
    engine.connect = connect_lent;
    engine.disconnect = disconnect;
    quirks = conf_quirks_sqlite;
    quirks.engine = &engine;
    quirks.missing = NULL; /* the host has it open */
    quirks.own = NULL;
    return &quirks;
}
