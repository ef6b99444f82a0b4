/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The PostgreSQL engine, on libpq. This header is private to the folder.
 *
 *   postgres.c   the table of functions; connect, disconnect, connect again, server_info
 *   conninfo.c   URL and options to libpq's keywords
 *   dial.c       opening a session, and telling apart why it failed
 *   client.c     sending and waiting: limits, cancellation, who blocks us
 *   error.c      results and lost connections as errors
 *   ledger.c     reading the ledger, and rendering its operations
 *   lock.c       the migration lock, its holder, poolers
 *   sessions.c   who keeps whom waiting
 *   pipeline.c   sending many statements in one round trip
 *   prepared.c   the statements that brant itself sends
 *   run.c        programs as pipelines
 *   copy.c       COPY, which is none
 *   recover.c    reset: after a failure, and after a lost connection
 *   execute.c    one statement with values, for functions of the host program
 *   inspect.c    what a statement needs
 *   probe.c      what took effect (probe.h): probe_alter.c for ALTER, rehearse.c for comparing
 *   objects.c    what there is (definition.h); index.c: invalid indexes
 *
 * Facts that shape it, with PostgreSQL 15:
 *   - The connection is in libpq's non-blocking mode all the time; every wait is client.c's, so
 * that limits and cancellation are seen, and a full socket cannot block both sides.
 *   - Session settings are not sent at connect: the first pipeline of the lock has them. PgBouncer
 *     refuses the start-up parameter "options".
 *   - A session advisory lock ends with its backend, also after the client was killed: only when
 * the statement that still runs there is over. So it fences what a dead run left behind.
 */
#ifndef BRN_POSTGRES_H
#define BRN_POSTGRES_H

#include <libpq-fe.h>

#include "engine/engine.h"
#include "engine/sql_ledger.h"
#include "text/classify.h"

/* Statements that are prepared once on a connection, by slot (ledger.c names and renders them). */
#define BRN_POSTGRES_SLOTS 28

/* Settings that a function or a DO block of a script may have left otherwise, unseen, and that make
 * the next script do something else. All servers know them. Their names, and their values likewise:
 * the text of an array. */
#define BRN_POSTGRES_OTHER_NAMES                                                                   \
    "session_replication_role,client_encoding,default_transaction_read_only,TimeZone,DateStyle"
#define BRN_POSTGRES_OTHERS                                                                        \
    "ARRAY["                                                                                       \
    "pg_catalog.current_setting('session_replication_role')"                                       \
    ", pg_catalog.current_setting('client_encoding')"                                              \
    ", pg_catalog.current_setting('default_transaction_read_only')"                                \
    ", pg_catalog.current_setting('TimeZone')"                                                     \
    ", pg_catalog.current_setting('DateStyle')"                                                    \
    "]::text"

/* Settings of a session that decide where statements go, and as whom. In the connection's arena. */
typedef struct brn_postgres_home {
    bool known;
    const char *search_path;
    const char *user;
    const char *others; /* what else decides what a statement does: BRN_POSTGRES_OTHERS */
    const char *wait;   /* synchronous_commit */
} brn_postgres_home;

typedef struct brn_postgres {
    brn_conn conn;   /* first */
    brn_arena arena; /* as long as the connection */
    PGconn *pg;
    /* What connecting again needs: NULL-terminated, in the arena. The password is among the values
     * and is overwritten when the connection is closed. */
    const char **keywords;
    const char **values;
    char *password;     /* the one among the values; NULL */
    char *key_password; /* of the client's certificate, likewise; NULL */
    const char *host;   /* as it is shown: "127.0.0.1:5432" or a socket's directory */
    const char *dbname; /* database that it is connected to */
    /* Of the ledger: the setting, else the current one once it is known; NULL. */
    const char *schema;
    bool schema_given; /* it is the setting */
    bool schema_known; /* it exists */
    bool path_given;   /* the URL, or PGOPTIONS, has a search_path */
    bool ledger_known; /* and so does the ledger in it */
    int64_t connect_timeout_ms;
    int64_t lock_timeout_ms; /* total wait for locks of other applications */
    int64_t lock_attempt_ms; /* in one go */
    int64_t lock_id;         /* of the migration lock; valid when lock_known */
    bool lock_known;
    bool locked;    /* brn_postgres_lock() succeeded on the backend `lock_pid` */
    int lock_pid;   /* the server process that serves us, known since lock(); 0 */
    int lost_pid;   /* that had the lock when the connection was lost; 0: nothing to recover */
    bool gone;      /* the server could not be reached again: it is tried once only from now on */
    bool read_only; /* BRN_CONNECT_READ_ONLY: run() and execute() refuse */
    char application[64]; /* application_name of a run */
    char lock_what[64];   /* as given to lock(), to take it again after a lost connection */
    bool settings_sent;   /* session settings of a run, on this backend */
    uint32_t prepared;    /* bits of slots that are prepared on this backend */
    uint32_t guards;      /* of rows, that were sent, and how often they were prepared anew */
    uint32_t guard_plans;
    char changed[128];     /* before which migration the session was last found changed */
    bool in_program;       /* run() has a transaction open */
    bool in_own;           /* a file's own BEGIN has opened one */
    bool unwritten;        /* something was committed that may not be on disk */
    struct brn_pipe *pipe; /* whose answers are waited for; NULL */
    /* What a migration must not change for the next one, as it was when the lock was taken. */
    brn_postgres_home home;
    const brn_op *call;             /* function of the host program that is running; NULL */
    char xid[24];                   /* of the transaction whose COMMIT is on its way; "" */
    char blocked[512];              /* who kept the last statement waiting, as it was seen; "" */
    char fatal[256];                /* why the server ended the session, when it said so; "" */
    bool role_set;                  /* a script has become another user */
    bool quiet;                     /* what the server says meanwhile is not told */
    bool told_to_end;               /* by an administrator, it said */
    char started[32];               /* when the server did, known with the lock; "" */
    struct brn_postgres_rows *rows; /* of execute(), on their way while a row function runs; NULL */
} brn_postgres;

extern const brn_engine brn_engine_postgres;

/* --- conninfo.c ------------------------------------------------------------------------------- */

/*
 * Fills keywords, values, password, host, dbname. Errors: "url.bad_parameter" (BRANT_EUSAGE) for a
 * parameter that is neither libpq's nor golang-migrate's (x-...).
 */
brant_status brn_postgres_conninfo(
    brn_postgres *p, const brn_connect_options *opts, brant_error **err);

/* --- dial.c ----------------------------------------------------------------------------------- */

/*
 * Opens a session to `dbname` (NULL: that of the URL). limit_ms 0: within the connection's limit,
 * and looking at the control; else neither. *out is in non-blocking mode, and for PQfinish().
 * Errors: "connect.unreachable" (may pass by itself), "connect.refused", "connect.tls",
 * "connect.no_database", "connect.no_rights"; the control's.
 */
brant_status brn_postgres_dial(
    PGconn **out, brn_postgres *p, const char *dbname, int64_t limit_ms, brant_error **err);

/* --- postgres.c ------------------------------------------------------------------------------- */

/* Opens p->pg anew with the same parameters; what was open is closed. Session state is gone:
 * prepared, settings_sent, locked. */
brant_status brn_postgres_reconnect(brn_postgres *p, brant_error **err);
/* A second session with the same parameters, for looking at the first one; NULL when it cannot be
 * had within a second. Close it with PQfinish(). */
PGconn *brn_postgres_side(brn_postgres *p);
/* Text of the first value that `sql` gives there, for free(); NULL when there is none within `ms`.
 */
char *brn_postgres_side_ask(PGconn *side, const char *sql, int64_t ms);

/* --- client.c --------------------------------------------------------------------------------- */

/*
 * One statement, one round trip (extended protocol, unnamed). Values are texts, NULL is null. On
 * success *out is a result of status COMMAND_OK, TUPLES_OK or EMPTY_QUERY, for PQclear(). While it
 * waits it looks at conn.control: when that says stop, the statement is cancelled on the server and
 * the error is the control's. Not in pipeline mode, not for COPY.
 */
brant_status brn_postgres_query(
    PGresult **out,
    brn_postgres *p,
    const char *sql,
    size_t count,
    const char *const *values,
    brant_error **err);
/* The same without looking at the control: for cleaning up. Bounded by ten seconds. */
brant_status brn_postgres_query_quietly(
    PGresult **out,
    brn_postgres *p,
    const char *sql,
    size_t count,
    const char *const *values,
    brant_error **err);
/*
 * Waits until a result can be had, and takes it: NULL at the end of a statement's results. Flushes
 * what is to be sent meanwhile. *out is whatever came, also an error. Errors: the control's, after
 * cancelling on the server and draining (pipeline mode is left then); a lost connection
 * (BRANT_ECONNECT, "connect.lost").
 *
 * When it takes long, it looks who keeps the statement waiting: a warning "lock.blocked", and
 * p->blocked for the error of a lock timeout. In a pipeline the look may come while an earlier
 * answer is waited for: the server keeps answers back. It stays until the COMMIT.
 */
brant_status brn_postgres_result(PGresult **out, brn_postgres *p, brant_error **err);
/* What is to be done about something that was sent, and takes long. */
typedef enum brn_postgres_stopping {
    BRN_GO_ON = 0,   /* it is cancelled on the server when the control says stop */
    BRN_NOT_STOPPED, /* it is not; it has ten seconds more then */
    BRN_BRIEF,       /* whatever the control says, it has ten seconds, and is cancelled then */
    BRN_STOPPING,    /* the server was asked to cancel, and is again each second */
} brn_postgres_stopping;
/*
 * The same for those who must know what became of what they sent: *stopping becomes BRN_STOPPING
 * when the server is asked to cancel, and results come as before, an error 57014 among them as a
 * rule. From then on they have ten seconds each.
 */
brant_status brn_postgres_result_stopping(
    PGresult **out, brn_postgres *p, brn_postgres_stopping *stopping, brant_error **err);
/* Waits a moment for something to read, or for room to write, and does both. */
brant_status brn_postgres_wait_some(brn_postgres *p, brant_error **err);
/* "UPDATE 3": what the server says a statement has done; "" when it says nothing. */
const char *brn_postgres_tag(const PGresult *result);
/* Rows that a statement changed; 0 for one that changes none. */
int64_t brn_postgres_changed(const PGresult *result);
/* Asks the server to cancel what runs on the connection; waits at most two seconds. */
void brn_postgres_cancel(brn_postgres *p);

/* --- error.c ---------------------------------------------------------------------------------- */

/*
 * Sets the error of a result of the connection `p`: SQLSTATE, detail, hint, context, the offset in
 * `sql` in bytes (the server counts characters; sql.ptr NULL: none). `what`: what could not be
 * done, before the server's words; NULL. id and status are chosen by the SQLSTATE: lock and
 * deadlock are "statement.lock_timeout", "statement.deadlock", "statement.serialization"
 * (BRANT_ESTATEMENT), statement_timeout is BRANT_ETIMEOUT "control.timeout" with the setting to
 * raise, connection classes BRANT_ECONNECT "connect.lost", missing rights
 * "statement.no_rights", everything else `id` with BRANT_ESTATEMENT.
 */
brant_status brn_postgres_error(
    brn_postgres *p,
    const PGresult *result,
    brn_str sql,
    const char *id,
    const char *what,
    brant_error **err);
/* Notes p->told_to_end. */
void brn_postgres_note_end(brn_postgres *p, const PGresult *result);
/* Hides the password where a server repeats it. */
void brn_postgres_mask(const brn_postgres *p, char *text);
/* Of the connection itself, behind a failed call of libpq. */
brant_status brn_postgres_lost(brn_postgres *p, brant_error **err);
/* Whether the SQLSTATE says that trying again may help and nothing took effect (55P03, 40P01,
 * 40001). */
bool brn_postgres_is_passing(const char *sqlstate);

/* --- ledger.c --------------------------------------------------------------------------------- */

extern const brn_sql_dialect brn_postgres_ledger_dialect;

brant_status brn_postgres_ledger_read(
    brn_ledger_state *out,
    brn_arena *arena,
    brn_conn *conn,
    brn_ledger_detail detail,
    brant_error **err);
brant_status brn_postgres_history_read(
    brn_history_rows *out, brn_arena *arena, brn_conn *conn, size_t limit, brant_error **err);
brant_status brn_postgres_mirror_read(
    brn_mirror_state *out, brn_arena *arena, brn_conn *conn, brn_mirror mirror, brant_error **err);
/* Makes p->schema known: the setting, or current_schema(). "ledger.no_schema" when it does not
 * exist. */
brant_status brn_postgres_ledger_schema(brn_postgres *p, brant_error **err);

/* --- lock.c ----------------------------------------------------------------------------------- */

brant_status brn_postgres_lock(brn_conn *conn, const char *what, brant_error **err);
void brn_postgres_unlock(brn_conn *conn);
brant_status brn_postgres_lock_holder(brn_lock_holder *out, brn_conn *conn, brant_error **err);
bool brn_postgres_lock_wait(brn_conn *conn, uint32_t ms);
brant_status brn_postgres_lock_break(
    brn_conn *conn, const brn_lock_holder *holder, brant_error **err);
/* The lock's number: the setting, or derived from the ledger's schema. The server keeps the numbers
 * of each database apart. Needs p->schema. */
int64_t brn_postgres_lock_number(brn_postgres *p);
/* Sets what a run needs, as lock() has. is_reset: and what was otherwise at that time, behind a
 * RESET ALL. */
brant_status brn_postgres_settings(brn_postgres *p, bool is_reset, brant_error **err);
/* Whether this is another run of the server than that where the lock was taken. */
bool brn_postgres_has_restarted(brn_postgres *p);
/* Makes p->home known on a session without the lock. */
brant_status brn_postgres_home_read(brn_postgres *p, brant_error **err);

/* --- sessions.c ------------------------------------------------------------------------------- */

brant_status brn_postgres_sessions(
    brn_session_list *out,
    brn_arena *arena,
    brn_conn *conn,
    int64_t older_than_ms,
    brant_error **err);

/* --- run.c, recover.c, execute.c -------------------------------------------------------------- */

brant_status brn_postgres_run(
    brn_conn *conn,
    const brn_program *program,
    brn_on_result *on_result,
    void *user,
    brn_run_state *state,
    brant_error **err);
/* Rolls back, restores the session. When the connection is lost: connects again, waits until the
 * old session is over, learns what became of its transaction, and takes the lock again. */
brant_status brn_postgres_reset(brn_conn *conn, brant_error **err);
/* The last part of it: what was set, prepared or made for the session is gone. Also inside of a
 * transaction, where it ends with that. */
brant_status brn_postgres_restore(brn_postgres *p, brant_error **err);
brant_status brn_postgres_transaction_lost(brant_error **err);
/* What a transaction has to have so that its COMMIT waits for what was written before it. */
#define BRN_POSTGRES_WRITE_AHEAD "pg_catalog.pg_logical_emit_message(true, 'brant', '')"
/* Rolls back what is open, and waits until all that was committed is on disk. */
brant_status brn_postgres_make_durable(brn_postgres *p, brant_error **err);
brant_status brn_postgres_execute(
    int64_t *changed, brn_conn *conn, const brn_query *query, brant_error **err);

/* --- inspect.c, probe.c, objects.c, index.c --------------------------------------------------- */

void brn_postgres_inspect(brn_stmt_info *out, const brn_conn *conn, const brn_stmt *stmt);
/* The same for a statement that is classified. */
void brn_postgres_inspect_class(
    brn_stmt_info *out, const brn_conn *conn, const brn_stmt_class *what, const brn_stmt *stmt);
/* What to do about an error that comes of where the statement `sql` ran: inside a transaction, or
 * in the one that made a value of an enum. Static text; NULL for all other errors. */
const char *brn_postgres_advice(const char *sqlstate, brn_str sql);
brant_status brn_postgres_probe(
    brn_evidence *out, brn_arena *arena, brn_conn *conn, const brn_stmt *stmt, brant_error **err);
brant_status brn_postgres_objects(
    brn_object_list *out, brn_arena *arena, brn_conn *conn, brant_error **err);
/*
 * Before a CREATE INDEX or REINDEX ... CONCURRENTLY: drops the INVALID index of that name that a
 * failed build has left, and what REINDEX leaves behind (NAME_ccnew, of all indexes that it would
 * build), with a notice, since IF NOT EXISTS would take it for the index. What the role may not
 * drop stays. Does nothing for other statements, and without a round trip.
 * "index.building" (BRANT_ELOCKED) when another session is building it.
 */
brant_status brn_postgres_index_prepare(brn_postgres *p, const brn_stmt *stmt, brant_error **err);
/* Behind one: an error "index.invalid" when the index is there and INVALID. */
brant_status brn_postgres_index_check(brn_postgres *p, const brn_stmt *stmt, brant_error **err);
/* Behind one that failed: a warning "index.left" of what it left INVALID. */
void brn_postgres_index_left(brn_postgres *p, const brn_stmt *stmt);
/* Expression for a query with a row `i` of pg_index: the processes that build the index; NULL when
 * there are none, or the server cannot tell. Static text. */
const char *brn_postgres_index_builders(const brn_postgres *p);

#endif
