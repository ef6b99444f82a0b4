/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sessions that are in each other's way. What other users' sessions do is told to members of
 * pg_read_all_stats only; who waits for whom is told to everybody.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engines/postgres/postgres.h"

#define QUERY_MAX "200"

/*
 * w: who waits for whom (0: for a prepared transaction). Only those that wait for a lock are asked
 * about: pg_blocking_pids() is not cheap. A prepared transaction has no session.
 */
static const char sessions_sql[] =
    "WITH w AS (SELECT l.pid, u.by FROM (SELECT DISTINCT k.pid FROM pg_catalog.pg_locks k"
    " JOIN pg_catalog.pg_stat_activity s ON s.pid = k.pid"
    " WHERE NOT k.granted AND s.datname = pg_catalog.current_database()) l,"
    " LATERAL (SELECT DISTINCT x.by FROM"
    " pg_catalog.unnest(pg_catalog.pg_blocking_pids(l.pid)) x(by)) u),"
    " s AS (SELECT a.pid, pg_catalog.format('%s@%s', COALESCE(a.usename, '?'), COALESCE("
    "a.client_hostname, pg_catalog.host(a.client_addr), CASE WHEN a.state IS NULL THEN '?' ELSE 'server'"
    " END)) AS who,"
    " COALESCE(a.application_name, '') AS application, COALESCE(a.state, '') AS state,"
    " a.xact_start AS since, pg_catalog.left(pg_catalog.btrim(pg_catalog.regexp_replace("
    "COALESCE(NULLIF(a.query, '<insufficient privilege>'), ''), '[[:space:]]+', ' ', 'g')), " QUERY_MAX
    ") AS query"
    " FROM pg_catalog.pg_stat_activity a WHERE a.pid <> pg_catalog.pg_backend_pid()"
    " AND (a.pid IN (SELECT w.pid FROM w UNION ALL SELECT w.by FROM w)"
    " OR (a.datname = pg_catalog.current_database() AND a.xact_start <"
    " pg_catalog.clock_timestamp() - $1::bigint * interval '1 ms'))"
    " UNION ALL SELECT 0, p.owner || '@', p.gid, 'prepared transaction', p.prepared, ''"
    " FROM pg_catalog.pg_prepared_xacts p WHERE p.database = pg_catalog.current_database()"
    " AND (EXISTS (SELECT FROM w WHERE w.by = 0) OR p.prepared <"
    " pg_catalog.clock_timestamp() - $1::bigint * interval '1 ms'))"
    " SELECT s.pid, s.who, s.application, s.state,"
    " (EXTRACT(epoch FROM s.since) * 1000000)::bigint, s.query,"
    " (SELECT pg_catalog.string_agg(w.by::text, ' ' ORDER BY w.by) FROM w"
    " WHERE w.pid = s.pid AND s.pid <> 0),"
    " (SELECT pg_catalog.string_agg(w.pid::text, ' ' ORDER BY w.pid) FROM w WHERE w.by = s.pid)"
    " FROM s ORDER BY (SELECT pg_catalog.count(*) FROM w WHERE w.by = s.pid) DESC,"
    " s.since NULLS LAST, s.pid";

static const char *text_of(
    const brn_postgres *p, brn_arena *arena, const PGresult *result, int row, int column)
{
    char *text = brn_arena_strdup(arena, PQgetvalue(result, row, column));

    if (text != NULL) {
        brn_postgres_mask(p, text);
    }
    return text;
}

/* "4711 4712" */
static void read_pids(const int64_t **out, size_t *count, brn_arena *arena, const char *text)
{
    BRN_VEC(int64_t) pids = { 0 };
    char *end = NULL;

    for (const char *at = text; *at != '\0'; at = *end == ' ' ? end + 1 : end) {
        int64_t pid = strtoll(at, &end, 10);
        int64_t *slot = end != at ? BRN_VEC_PUSH(arena, &pids) : NULL;

        if (slot == NULL) {
            break;
        }
        *slot = pid;
    }
    *out = pids.items;
    *count = pids.count;
}

static void read_session(
    brant_server_session *out,
    const brn_postgres *p,
    brn_arena *arena,
    const PGresult *result,
    int row)
{
    out->pid = strtoll(PQgetvalue(result, row, 0), NULL, 10);
    out->who = text_of(p, arena, result, row, 1);
    out->application = text_of(p, arena, result, row, 2);
    out->state = text_of(p, arena, result, row, 3);
    out->since_us = strtoll(PQgetvalue(result, row, 4), NULL, 10);
    out->query = text_of(p, arena, result, row, 5);
    read_pids(&out->blocked_by, &out->blocked_by_count, arena, PQgetvalue(result, row, 6));
    read_pids(&out->blocks, &out->blocks_count, arena, PQgetvalue(result, row, 7));
}

brant_status brn_postgres_sessions(
    brn_session_list *out,
    brn_arena *arena,
    brn_conn *conn,
    int64_t older_than_ms,
    brant_error **err)
{
    brn_postgres *p = (brn_postgres *)conn;
    brn_session_list list = { 0 };
    char age[24];
    const char *const values[] = { age };
    PGresult *result = NULL;
    brant_status st;

    (void)snprintf(age, sizeof(age), "%" PRId64, older_than_ms);
    st = brn_postgres_query(&result, p, sessions_sql, 1, values, err);
    for (int i = 0; st == BRANT_OK && i < PQntuples(result); i++) {
        brant_server_session *slot = BRN_VEC_PUSH(arena, &list);

        if (slot != NULL) {
            read_session(slot, p, arena, result, i);
        }
    }
    PQclear(result);
    if (st == BRANT_OK && arena->oom) {
        st = brn_error_oom(err);
    }
    if (st == BRANT_OK) {
        *out = list;
    }
    return st;
}
