/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The floor on PostgreSQL: what bench/floor.c is on SQLite. Its command line is in floor_server.h.
 *
 * Each file is a transaction. Files are sent through a pipeline, as many in a round trip as brant
 * sends, and as with brant only the last one of a round trip waits for the disk
 * (synchronous_commit); each statement of a file ends at the end of a line. With "ledger" the
 * statements of the ledger are those of engines/postgres/prepared.c, prepared once and with values
 * of the same lengths, but nothing is compared, chained or retried.
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <libpq-fe.h>

#include "floor_server.h"

enum {
    WINDOW = 64, /* files in a round trip: WINDOW_MIGRATIONS of engines/postgres/postgres.c */
    NUMBER_TEXT = 24,
    BARE = 3 /* statements that are no ledger's */
};

static int fail(PGconn *pg, const PGresult *result)
{
    (void)fprintf(
        stderr, "floor: %s", result != NULL ? PQresultErrorMessage(result) : PQerrorMessage(pg));
    return -1;
}

static int ask(void *session, const char *sql)
{
    PGconn *pg = session;
    PGresult *result = PQexec(pg, sql);
    ExecStatusType status = PQresultStatus(result);
    bool good = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
    int failed = good ? 0 : fail(pg, result);

    PQclear(result);
    return failed;
}

/* --- the ledger ------------------------------------------------------------------------------- */

#define LOCK "4711"

#define TIME(function)                                                                             \
    "pg_catalog.to_char(pg_catalog." function "() AT TIME ZONE 'UTC',"                             \
    " 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')"
#define TOOK                                                                                       \
    "(EXTRACT(epoch FROM pg_catalog.clock_timestamp() - pg_catalog.transaction_timestamp())"       \
    " * 1000)::bigint"

static const char make_ledger[] =
    "CREATE TABLE brant_migrations (id text NOT NULL PRIMARY KEY, status text NOT NULL,"
    " checksum text, format bigint NOT NULL, version text, seq bigint NOT NULL,"
    " direction text NOT NULL, kind text, required bigint NOT NULL, phase text,"
    " down_checksum text, requires text, min_read_version text, statements_total bigint NOT NULL,"
    " statements_done bigint NOT NULL, intent bigint NOT NULL, intent_digest text,"
    " done_digest text, started_at text, finished_at text, duration_ms bigint, who text, tool text,"
    " run_id text, error text);"
    "CREATE TABLE brant_history (seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, run_id text,"
    " action text NOT NULL, migration text, outcome text, checksum text, detail text, who text,"
    " tool text, at text, duration_ms bigint, prev text, hash text, format bigint NOT NULL);"
    "SELECT pg_try_advisory_lock(" LOCK "), pg_try_advisory_lock(" LOCK ")";

static const char guard[] =
    "SELECT CASE WHEN NOT pg_catalog.pg_advisory_unlock($5::bigint)"
    " THEN pg_catalog.current_setting('brant.lock_lost')"
    " WHEN NOT pg_catalog.pg_try_advisory_lock($5::bigint)"
    " THEN pg_catalog.current_setting('brant.lock_lost')"
    " WHEN pg_catalog.current_setting('search_path') <> $2 OR current_user <> $3"
    " OR pg_catalog.current_setting('session_replication_role') <> $4"
    " THEN pg_catalog.current_setting('brant.session_changed')"
    " WHEN NOT EXISTS (SELECT FROM public.brant_migrations m"
    " WHERE m.id = $1 AND m.status = 'running' AND m.run_id = '" FLOOR_RUN "')"
    " THEN pg_catalog.current_setting('brant.row_lost') END";

#define ROW_COLUMNS                                                                                \
    "INSERT INTO public.brant_migrations (id, status, checksum, format, version, seq, direction,"  \
    " kind, required, phase, down_checksum, requires, min_read_version, statements_total,"         \
    " statements_done, intent, intent_digest, done_digest, started_at, finished_at, duration_ms,"  \
    " who, tool, run_id, error) VALUES "
#define ROW_UPDATE                                                                                 \
    " ON CONFLICT (id) DO UPDATE SET status = EXCLUDED.status, checksum = EXCLUDED.checksum,"      \
    " format = EXCLUDED.format, version = EXCLUDED.version, seq = EXCLUDED.seq,"                   \
    " direction = EXCLUDED.direction, kind = EXCLUDED.kind, required = EXCLUDED.required,"         \
    " phase = EXCLUDED.phase, down_checksum = EXCLUDED.down_checksum,"                             \
    " requires = EXCLUDED.requires, min_read_version = EXCLUDED.min_read_version,"                 \
    " statements_total = EXCLUDED.statements_total, statements_done = EXCLUDED.statements_done,"   \
    " intent = EXCLUDED.intent, intent_digest = EXCLUDED.intent_digest,"                           \
    " done_digest = EXCLUDED.done_digest, started_at = EXCLUDED.started_at,"                       \
    " finished_at = EXCLUDED.finished_at, duration_ms = EXCLUDED.duration_ms, who = EXCLUDED.who," \
    " tool = EXCLUDED.tool, run_id = EXCLUDED.run_id, error = EXCLUDED.error"

#define PUT_DONE                                                                                   \
    ROW_COLUMNS                                                                                    \
    "($1, $2, $3, $4, $5, $6, $7, $8, $9,"                                                         \
    " $10, $11, $12, $13, $14, $15, $16, $17, $18, " TIME("transaction_timestamp") ", " TIME(      \
        "clock_timestamp") ", " TOOK ", $19, $20, $21, $22)" ROW_UPDATE
#define PUT_NEXT                                                                                   \
    ROW_COLUMNS "($23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34,"                     \
                " $35, $36, $37, $38, $39, $40, $41, $42, $43, $44, $45, $46, $47)" ROW_UPDATE
#define PUT_HISTORY(parameters, wait)                                                              \
    "INSERT INTO public.brant_history (run_id, action, migration, outcome, checksum, detail, who," \
    " tool, at, duration_ms, prev, hash, format) VALUES (" parameters                              \
    ") RETURNING pg_catalog.txid_current(), CASE WHEN"                                             \
    " pg_catalog.current_setting('synchronous_commit') = " wait                                    \
    " AND pg_catalog.clock_timestamp() - pg_catalog.transaction_timestamp() < '100 ms'::interval"  \
    " THEN pg_catalog.set_config('synchronous_commit', 'off', true)"                               \
    " ELSE pg_catalog.current_setting('synchronous_commit') END"

/* The row that is done, the one of the next migration, and the history, in one statement. */
static const char put_end_next[] =
    "WITH op_1 AS (" PUT_DONE "), op_2 AS (" PUT_NEXT
    ") " PUT_HISTORY("$48, $49, $50, $51, $52, $53, $54, $55, $56, " TOOK ", $57, $58, $59", "$60");
/* The same of the last one. */
static const char put_end[] =
    "WITH op_1 AS (" PUT_DONE
    ") " PUT_HISTORY("$23, $24, $25, $26, $27, $28, $29, $30, $31, " TOOK ", $32, $33, $34", "$35");
static const char put_first[] =
    ROW_COLUMNS "($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12,"
                " $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25)" ROW_UPDATE;

static const struct prepared {
    const char *name;
    const char *sql;
} statements[] = {
    { "begin", "BEGIN" },
    { "commit", "COMMIT" },
    { "early", "SET LOCAL synchronous_commit = off" },
    { "guard", guard },
    { "put_first", put_first },
    { "put_end", put_end },
    { "put_end_next", put_end_next },
};

static int send(PGconn *pg, const char *name, int count, const char *const *values)
{
    return PQsendQueryPrepared(pg, name, count, values, NULL, NULL, 0) == 1 ? 0 : fail(pg, NULL);
}

#define SEND(pg, name, values) send(pg, name, (int)(sizeof(values) / sizeof((values)[0])), values)

static int send_guard(PGconn *pg, const char *id)
{
    const char *const values[] = { id, "\"$user\", public", PQuser(pg), "origin", LOCK };

    return SEND(pg, "guard", values);
}

/* Values of a row that runs. */
#define NEXT_VALUES(id, before, seq)                                                               \
    id, "running", FLOOR_DIGEST, "1", "000000", seq, "up", "sql", "0", NULL, NULL, before, NULL,   \
        "0", "0", "0", NULL, NULL, FLOOR_NOW, NULL, NULL, "somebody", "brant 0.1.0", FLOOR_RUN,    \
        NULL
/* And of one that is done, up to the times of the server. */
#define DONE_VALUES(id, before, seq)                                                               \
    id, "completed", FLOOR_DIGEST, "1", "000000", seq, "up", "sql", "0", NULL, NULL, before, NULL, \
        "2", "2", "0", NULL, NULL, "somebody", "brant 0.1.0", FLOOR_RUN, NULL
#define HISTORY_VALUES(id)                                                                         \
    FLOOR_RUN, "up", id, "ok", FLOOR_DIGEST, NULL, "somebody", "brant 0.1.0", FLOOR_NOW,           \
        FLOOR_DIGEST, FLOOR_DIGEST, "1"

static int send_first(PGconn *pg, const char *id)
{
    const char *const values[] = { NEXT_VALUES(id, NULL, "1") };

    return SEND(pg, "put_first", values);
}

static int send_end(PGconn *pg, const char *id, const char *before, const char *seq)
{
    const char *const values[] = { DONE_VALUES(id, before, seq), HISTORY_VALUES(id), NULL };

    return SEND(pg, "put_end", values);
}

static int send_end_next(
    PGconn *pg,
    const char *id,
    const char *before,
    const char *next,
    const char *seq,
    const char *wait)
{
    const char *const values[] = {
        DONE_VALUES(id, before, seq),
        NEXT_VALUES(next, id, seq),
        HISTORY_VALUES(id),
        wait,
    };

    return SEND(pg, "put_end_next", values);
}

/* --- the pipeline ----------------------------------------------------------------------------- */

typedef struct run {
    PGconn *pg;
    const directory *dir;
    char *text;
    bool ledger;
} run;

/* Answers up to that of the Sync. */
static int take(PGconn *pg)
{
    int failed = 0;

    if (PQpipelineSync(pg) != 1) {
        return fail(pg, NULL);
    }
    for (;;) {
        PGresult *result = PQgetResult(pg);
        ExecStatusType status = PQresultStatus(result);

        if (PQstatus(pg) != CONNECTION_OK) {
            PQclear(result);
            return fail(pg, NULL);
        }
        if (status == PGRES_FATAL_ERROR && result != NULL && failed == 0) {
            failed = fail(pg, result);
        }
        PQclear(result);
        if (status == PGRES_PIPELINE_SYNC) {
            return failed;
        }
    }
}

static int prepare(run *r)
{
    for (size_t i = 0; i < sizeof(statements) / sizeof(statements[0]); i++) {
        const struct prepared *one = &statements[i];

        if (i >= BARE && !r->ledger) {
            break;
        }
        if (PQsendPrepare(r->pg, one->name, one->sql, 0, NULL) != 1) {
            return fail(r->pg, NULL);
        }
    }
    return take(r->pg);
}

static int send_statements(const run *r, char *text)
{
    while (*text != '\0') {
        char *end = strstr(text, ";\n");

        if (end != NULL) {
            *end = '\0';
        }
        if (PQsendQueryParams(r->pg, text, 0, NULL, NULL, NULL, NULL, 0) != 1) {
            return fail(r->pg, NULL);
        }
        if (end == NULL) {
            break;
        }
        text = end + strlen(";\n");
    }
    return 0;
}

/* The last one of a round trip. */
static bool waits(const run *r, size_t index)
{
    return (index + 1) % WINDOW == 0 || index + 1 == r->dir->len;
}

static int send_ledger(const run *r, size_t index, const char *id)
{
    char before[FLOOR_NAME];
    char next[FLOOR_NAME];
    char seq[NUMBER_TEXT];
    const char *required = index > 0 ? before : NULL;

    floor_id(before, r->dir, index > 0 ? index - 1 : index);
    floor_id(next, r->dir, index + 1);
    (void)snprintf(seq, sizeof(seq), "%zu", index + 1);
    return index + 1 < r->dir->len
               ? send_end_next(r->pg, id, required, next, seq, waits(r, index) ? NULL : "on")
               : send_end(r->pg, id, required, seq);
}

static int send_file(const run *r, size_t index)
{
    char id[FLOOR_NAME];

    floor_id(id, r->dir, index);
    if (file_read(r->dir, index, r->text) < 0) {
        perror(r->dir->names[index]);
        return -1;
    }
    if (r->ledger && index == 0 && send_first(r->pg, id) != 0) {
        return -1;
    }
    if (send(r->pg, "begin", 0, NULL) != 0 || (r->ledger && send_guard(r->pg, id) != 0) ||
        send_statements(r, r->text) != 0 || (r->ledger && send_ledger(r, index, id) != 0) ||
        (!r->ledger && !waits(r, index) && send(r->pg, "early", 0, NULL) != 0)) {
        return -1;
    }
    return send(r->pg, "commit", 0, NULL);
}

static int run_files(void *session, const directory *dir, char *text, bool ledger)
{
    PGconn *pg = session;
    run r = { .pg = pg, .dir = dir, .text = text, .ledger = ledger };

    if ((ledger && ask(pg, make_ledger) != 0) || PQenterPipelineMode(pg) != 1 || prepare(&r) != 0) {
        return -1;
    }
    for (size_t i = 0; i < dir->len; i++) {
        if (send_file(&r, i) != 0 || ((i + 1) % WINDOW == 0 && take(pg) != 0)) {
            return -1;
        }
    }
    return take(pg);
}

/* --- the command line ------------------------------------------------------------------------- */

static void *open_session(const char *url)
{
    PGconn *pg = PQconnectdb(url);

    if (PQstatus(pg) == CONNECTION_OK) {
        return pg;
    }
    (void)fail(pg, NULL);
    PQfinish(pg);
    return NULL;
}

static void close_session(void *session)
{
    PQfinish(session);
}

int main(int argc, char **argv)
{
    static const floor_server server = {
        .name = "floor_postgres",
        .open = open_session,
        .close = close_session,
        .run = run_files,
        .ask = ask,
    };

    return floor_main(&server, argc, argv);
}
