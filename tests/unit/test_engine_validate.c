/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "engines/sqlite/sqlite.h"

static brant_status no_execute(
    int64_t *changed, brn_conn *conn, const brn_query *query, brant_error **err)
{
    (void)conn;
    (void)query;
    (void)err;
    *changed = 0;
    return BRANT_OK;
}

/* Each changes one thing of a good table. */
static void no_abi(brn_engine *e)
{
    e->abi = BRN_ENGINE_ABI + 1;
}

static void no_name(brn_engine *e)
{
    e->name = "";
}

static void no_schemes(brn_engine *e)
{
    e->schemes = NULL;
}

static void no_dialect(brn_engine *e)
{
    e->dialect = NULL;
}

static void no_connect(brn_engine *e)
{
    e->connect = NULL;
}

static void no_reset(brn_engine *e)
{
    e->reset = NULL;
}

static void no_history(brn_engine *e)
{
    e->history_read = NULL;
}

static void no_inspect(brn_engine *e)
{
    e->inspect = NULL;
}

static void no_wait(brn_engine *e)
{
    e->lock_wait = NULL;
}

static void lock_without_bit(brn_engine *e)
{
    e->caps &= ~BRN_CAP_LOCK;
}

static void probe_without_bit(brn_engine *e)
{
    e->caps &= ~BRN_CAP_PROBE;
}

static void bit_without_probe(brn_engine *e)
{
    e->probe = NULL;
}

static void bit_without_objects(brn_engine *e)
{
    e->objects = NULL;
}

static void bit_without_execute(brn_engine *e)
{
    e->caps |= BRN_CAP_EXECUTE;
    e->execute = NULL;
}

static void execute_without_bit(brn_engine *e)
{
    e->caps &= ~BRN_CAP_EXECUTE;
    e->execute = no_execute;
}

static void bit_without_sessions(brn_engine *e)
{
    e->caps |= BRN_CAP_SESSIONS;
    e->sessions = NULL;
}

static void broken_tables_are_told(void **state)
{
    static const struct broken_case {
        void (*spoil)(brn_engine *);
        const char *part;
    } cases[] = {
        { no_abi, "abi" },
        { no_name, "name" },
        { no_schemes, "scheme" },
        { no_dialect, "dialect" },
        { no_connect, "connect" },
        { no_reset, "reset" },
        { no_history, "history_read" },
        { no_inspect, "inspect" },
        { no_wait, "BRN_CAP_LOCK" },
        { lock_without_bit, "BRN_CAP_LOCK" },
        { probe_without_bit, "probe" },
        { bit_without_probe, "probe" },
        { bit_without_objects, "objects" },
        { bit_without_execute, "BRN_CAP_EXECUTE" },
        { execute_without_bit, "BRN_CAP_EXECUTE" },
        { bit_without_sessions, "BRN_CAP_SESSIONS" },
    };

    (void)state;
    assert_null(brn_engine_validate(&brn_engine_sqlite));
    for (size_t i = 0; i < BRN_ARRAY_LEN(cases); i++) {
        brn_engine table = brn_engine_sqlite;
        const char *wrong = NULL;

        cases[i].spoil(&table);
        wrong = brn_engine_validate(&table);
        assert_non_null(wrong);
        assert_non_null(strstr(wrong, cases[i].part));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(broken_tables_are_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
