/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The engine for MySQL and MariaDB, on libmariadb. This header is private to the folder.
 *
 *   mysql.c      the table of functions; connect, disconnect, connect again, server_info
 *   conninfo.c   URL and options
 *   dial.c       opening a session, and telling apart why it failed
 *   client.c     sending and waiting: limits, cancellation
 *   blockers.c   who keeps a statement waiting
 *   error.c      answers and lost connections as errors
 *   literal.c    values as texts of SQL
 *   ledger.c     reading the ledger, and rendering its operations
 *   lock.c       the migration lock and its holder: lease.c in clusters, group.c for what is left
 *                on other members of a group
 *   packet.c     operations as packets of several statements
 *   run.c        programs as packets
 *   session.c    what a migration changes for the session, and taking it back
 *   recover.c    reset: after a failure, and after a lost connection
 *   execute.c    one statement with values, for functions of the host program
 *   inspect.c    what a statement needs
 *   probe.c      what took effect (probe.h): rehearse.c for comparing
 *   objects.c    what there is
 *
 * Facts that shape it, with MariaDB 10.11:
 *   - A packet may have several statements, one answer each. The server stops at the first that
 *     fails, and works off the packet also when its client is gone. So a statement that commits by
 *     itself comes in one packet with its intent and its outcome, and never two of them in one.
 *   - GET_LOCK() belongs to the session, ends with it and no sooner than what it still does, and
 *     survives COMMIT. It is not known to other nodes of a cluster.
 *   - COM_RESET_CONNECTION would release the lock: what a migration sets is taken back one by one.
 *   - All calls are libmariadb's non-blocking ones; every wait is client.c's. Only looking up names
 *     and the TLS handshake wait inside, the latter bounded by the connect timeout.
 */
#ifndef BRN_MYSQL_H
#define BRN_MYSQL_H

#include <mysql.h>

#include "engine/engine.h"
#include "engine/heartbeat.h"
#include "engine/sql_ledger.h"
#include "text/classify.h"

/* GET_LOCK() takes no more. */
#define BRN_MYSQL_LOCK_NAME 64

typedef enum brn_mysql_tls {
    BRN_MYSQL_TLS_AUTO = 0, /* with a server elsewhere when it can, else not */
    BRN_MYSQL_TLS_DISABLED,
    BRN_MYSQL_TLS_PREFERRED,
    BRN_MYSQL_TLS_REQUIRED,
    BRN_MYSQL_TLS_VERIFY, /* certificate and name */
} brn_mysql_tls;

/* Of the URL; texts in the connection's arena. */
typedef struct brn_mysql_target {
    const char *host; /* NULL: the local socket */
    const char *socket;
    unsigned port;
    const char *user;
    char *password; /* overwritten when the connection is closed; NULL */
    brn_mysql_tls tls;
    const char *ca;
    const char *capath;
    const char *cert;
    const char *key;
    char *key_password;
    const char *cipher;
    const char *crl;
    const char *tls_version;
    const char *defaults_file;
    const char *defaults_group;
    const char *plugin_dir;
    const char *init_command;
    const char *mode_command; /* sets the sql_mode of the URL */
    bool compress;
} brn_mysql_target;

/* Whether the server is one of several that take writes. */
typedef struct brn_mysql_cluster {
    bool known;
    bool wsrep; /* Galera */
    bool group_name;
    bool multi_primary;
    bool warned; /* of a member that is at work, or cannot be asked */
} brn_mysql_cluster;

/* The migration lock as a lease. While the heartbeat runs, `side` is its own, and `beat` is read by
 * it. */
typedef struct brn_mysql_lease {
    bool on;       /* the migration lock is one: the URL says so, or the server is in a cluster */
    int64_t ms;    /* its length */
    int64_t fence; /* number of ours; 0: we have none. It outlives the session */
    brn_lease_watch watch;
    brn_heartbeat *heartbeat;
    MYSQL *side;
    brn_buf beat; /* SQL */
} brn_mysql_lease;

typedef struct brn_mysql {
    brn_conn conn;   /* first */
    brn_arena arena; /* as long as the connection */
    MYSQL *my;       /* NULL: lost */
    brn_mysql_target target;
    const char *host;   /* as it is shown: "127.0.0.1:3306" or the path of a socket */
    const char *dbname; /* database that it is connected to */
    const char *schema; /* of the ledger: the setting, else dbname */
    int64_t connect_timeout_ms;
    int64_t lock_timeout_ms;     /* total wait for locks of other applications */
    int64_t lock_attempt_ms;     /* in one go */
    int64_t attempt_seconds;     /* the same as the server was told it */
    int64_t lock_id;             /* -1: derived */
    size_t packet_max;           /* bytes that the server takes in one packet; 0: not known */
    unsigned long locked_by;     /* number on the server of the session that has the lock; 0 */
    int64_t deadline_ns;         /* quiet: no look at the control; 0: look at it */
    int64_t look_ns;             /* when to look who blocks us; 0: never */
    int idle_looks;              /* in a row, in which the server did nothing for us */
    const brn_op *call;          /* function of the host program that is running; NULL */
    struct brn_mysql_rows *rows; /* of execute(), on their way while a row function runs; NULL */
    /* What migrations have changed on this session: SQL that takes it back, each with its NUL, and
     * pairs of name and value, likewise, as settings were before the first. */
    brn_buf undo;
    brn_buf home;
    brn_mysql_lease lease;
    brn_mysql_cluster cluster;
    bool dirty;                              /* the settings are compared with `home` */
    bool maria;                              /* MariaDB, else MySQL */
    bool locked;                             /* brn_mysql_lock() succeeded on this session */
    bool read_only;                          /* run() and execute() refuse */
    bool settings_sent;                      /* of a run, on this session */
    bool in_program;                         /* run() has a transaction open */
    bool in_own;                             /* a file's own BEGIN has opened one */
    bool stopping;                           /* the server was asked to stop what runs */
    char lock_name[BRN_MYSQL_LOCK_NAME + 1]; /* "" until it is known */
    char lock_what[128];
    char blocked[512]; /* who kept the last statement waiting; "" */
} brn_mysql;

extern const brn_engine brn_engine_mysql;

/* --- conninfo.c ------------------------------------------------------------------------------- */

/* Fills target, host, dbname. Errors: "url.bad_parameter", "url.no_database" (BRANT_EUSAGE). */
brant_status brn_mysql_conninfo(brn_mysql *p, const brn_connect_options *opts, brant_error **err);

/* --- dial.c ----------------------------------------------------------------------------------- */

/*
 * Opens a session to `dbname` (NULL: none). limit_ms 0: within the connection's limit, and looking
 * at the control; else neither. Errors: "connect.unreachable" (may pass by itself),
 * "connect.refused", "connect.tls", "connect.no_database", "connect.no_rights"; the control's.
 */
brant_status brn_mysql_dial(
    MYSQL **out, brn_mysql *p, const char *dbname, int64_t limit_ms, brant_error **err);

/* Where a session is to be opened, if not where the connection is. */
typedef struct brn_mysql_goal {
    const brn_mysql_target *target;
    const char *host;   /* as it is shown */
    const char *dbname; /* NULL: none */
} brn_mysql_goal;

/* The same, anywhere. */
brant_status brn_mysql_dial_to(
    MYSQL **out, brn_mysql *p, const brn_mysql_goal *goal, int64_t limit_ms, brant_error **err);
/* NULL is nothing. */
void brn_mysql_hang_up(MYSQL *my);

/* --- mysql.c ---------------------------------------------------------------------------------- */

/* Opens p->my anew; what was open is closed, and the session's state gone. */
brant_status brn_mysql_reconnect(brn_mysql *p, brant_error **err);

/* --- client.c --------------------------------------------------------------------------------- */

/* One call of libmariadb that may have to wait. */
typedef enum brn_mysql_call_kind {
    BRN_MYSQL_CONNECT = 0,
    BRN_MYSQL_QUERY, /* sends, and takes the first answer */
    BRN_MYSQL_NEXT,  /* takes the next answer */
    BRN_MYSQL_STORE,
    BRN_MYSQL_FETCH,
} brn_mysql_call_kind;

typedef struct brn_mysql_call {
    brn_mysql_call_kind kind;
    MYSQL *my;
    const brn_mysql_target *target; /* CONNECT */
    const char *dbname;
    brn_str sql;    /* QUERY */
    MYSQL_RES *res; /* of STORE, for FETCH */
    MYSQL_ROW row;  /* of FETCH */
    MYSQL *connected;
    int failed; /* QUERY and NEXT: not 0; NEXT: -1 behind the last */
} brn_mysql_call;

/* Begins (status < 0) or goes on; what to wait for, 0 when it is over. SIGPIPE never leaves it. */
int brn_mysql_step(brn_mysql_call *call, int status);
/* Waits at most `ms` for what step() wants: its next status, 0 when nothing came. */
int brn_mysql_poll(MYSQL *my, int status, int64_t ms);

/* An answer is taken with one of the two; *last: none follows. The error is the caller's to make:
 * false, with mysql_errno(p->my). p->stopping tells that we asked for the end of it. */
bool brn_mysql_send(brn_mysql *p, brn_str packet);
bool brn_mysql_next(brn_mysql *p);
bool brn_mysql_has_more(const brn_mysql *p);
/* The rows of the answer at hand: all of them, or one by one (mysql_use_result()). */
MYSQL_RES *brn_mysql_store(brn_mysql *p);
bool brn_mysql_fetch(MYSQL_ROW *row, brn_mysql *p, MYSQL_RES *res);
/* Throws away the rows of the answer at hand; false when that failed. */
bool brn_mysql_skip(brn_mysql *p);
/* And all answers that follow. */
void brn_mysql_drain(brn_mysql *p);
/* From now on: looking at the control, or not at all and for ten seconds at most. */
void brn_mysql_look(brn_mysql *p);
void brn_mysql_quiet(brn_mysql *p);
bool brn_mysql_is_lost(const brn_mysql *p);
/* Asks the server to end what runs; its answer comes as ever. */
void brn_mysql_stop(brn_mysql *p);

/* Sees each answer of a packet, in order; rows is NULL for one without. False ends with oom. */
typedef bool brn_mysql_answer_fn(void *user, size_t index, MYSQL_RES *rows);

/*
 * One packet, all answers. Errors: "statement.failed" and its kin; the control's. *failed (may be
 * NULL): index of the answer that was an error.
 */
brant_status brn_mysql_ask(
    brn_mysql *p, brn_str packet, brn_mysql_answer_fn *fn, void *user, brant_error **err);
/* The same for cleaning up, whatever the control says. */
brant_status brn_mysql_ask_quietly(
    brn_mysql *p, brn_str packet, brn_mysql_answer_fn *fn, void *user, brant_error **err);
/* Text of the first value that `sql` gives, in the arena; NULL when there is none. */
brant_status brn_mysql_value(
    const char **out, brn_arena *arena, brn_mysql *p, const char *sql, brant_error **err);
/* On another session: the same, within `ms`; for free(). NULL: none, or it failed. */
char *brn_mysql_side_ask(MYSQL *side, const char *sql, int64_t ms);

/* --- blockers.c ------------------------------------------------------------------------------- */

/* Who keeps this session waiting, into p->blocked, and a warning "lock.blocked"; asked on a second
 * session. False: the server does nothing for this one, though it has the lock. */
bool brn_mysql_look_who_blocks(brn_mysql *p);

/* --- error.c ---------------------------------------------------------------------------------- */

/*
 * The error of the call that failed. id and status are chosen by the server's number; `id` for what
 * has none of its own. sql.ptr NULL: none. A lost connection is "connect.lost" (BRANT_ECONNECT).
 */
brant_status brn_mysql_error(
    brn_mysql *p, brn_str sql, const char *id, const char *what, brant_error **err);
brant_status brn_mysql_lost(brn_mysql *p, brant_error **err);
/* Of the last error: one number for what is the same. */
unsigned brn_mysql_number(MYSQL *my);
/* Whether the number says that trying again may help and nothing took effect. */
bool brn_mysql_is_passing(unsigned number);
bool brn_mysql_is_lost_number(unsigned number);
/* Hides the password where a server repeats it. */
void brn_mysql_mask(const brn_mysql *p, char *text);

/* --- literal.c -------------------------------------------------------------------------------- */

/* NULL is null. Reads the same whatever the sql_mode is. */
void brn_mysql_add_text(brn_buf *out, const char *text, size_t len);
void brn_mysql_add_name(brn_buf *out, const char *name);
/* `sql` with its parameters (?) replaced; it has none inside of strings or comments. */
void brn_mysql_add_rendered(brn_buf *out, const brn_sql_stmt *stmt);
/* A value of the host program; "code.values" when it cannot be. `i` from 0, for the error. */
brant_status brn_mysql_add_value(
    brn_buf *out, const brn_mysql *p, size_t i, const brant_value *value, brant_error **err);
/* BRN_LEX_ bits of the session as it is now. */
uint32_t brn_mysql_lex_mode(const brn_mysql *p);

/* --- ledger.c --------------------------------------------------------------------------------- */

/* Whatever the server's settings and its init_connect say: all rows of a query, however many the
 * server thinks it has to look at, and texts in UTF-8. */
#define BRN_MYSQL_PINNED                                                                           \
    "SET SESSION sql_select_limit = 18446744073709551615, sql_big_selects = 1,"                    \
    " character_set_client = utf8mb4, character_set_results = utf8mb4, collation_connection ="     \
    " IF(@@character_set_connection = 'utf8mb4', @@collation_connection, 'utf8mb4_general_ci');\n"

/* When the program that runs began, on the server. */
#define BRN_MYSQL_BEGAN "@brant_began"

extern const brn_sql_dialect brn_mysql_ledger_dialect;

brant_status brn_mysql_ledger_read(
    brn_ledger_state *out,
    brn_arena *arena,
    brn_conn *conn,
    brn_ledger_detail detail,
    brant_error **err);
brant_status brn_mysql_history_read(
    brn_history_rows *out, brn_arena *arena, brn_conn *conn, size_t limit, brant_error **err);
brant_status brn_mysql_mirror_read(
    brn_mirror_state *out, brn_arena *arena, brn_conn *conn, brn_mirror mirror, brant_error **err);

/* --- lock.c ----------------------------------------------------------------------------------- */

brant_status brn_mysql_lock(brn_conn *conn, const char *what, brant_error **err);
void brn_mysql_unlock(brn_conn *conn);
brant_status brn_mysql_lock_holder(brn_lock_holder *out, brn_conn *conn, brant_error **err);
bool brn_mysql_lock_wait(brn_conn *conn, uint32_t ms);
brant_status brn_mysql_lock_break(brn_conn *conn, const brn_lock_holder *holder, brant_error **err);
const char *brn_mysql_lock_name(brn_mysql *p);
/* The settings of a run, as a statement with its semicolon. */
void brn_mysql_add_settings(brn_buf *out, const brn_mysql *p);
/* How long the server is to wait for a lock in one go. */
int64_t brn_mysql_attempt_seconds(const brn_mysql *p);

/* Asks whether the server is in a cluster, unless that is known: answers of two columns. */
void brn_mysql_add_cluster(brn_buf *out, const brn_mysql *p);
void brn_mysql_read_cluster(brn_mysql *p, char **row);
/* Group replication, in which each member takes writes. */
bool brn_mysql_in_group(const brn_mysql *p);

/* --- lease.c ---------------------------------------------------------------------------------- */

/* As lock(), unlock(), lock_holder() and lock_break() of the engine, for a lease. */
brant_status brn_mysql_lease_take(brn_mysql *p, const char *what, brant_error **err);
/* False when we had none any more. */
bool brn_mysql_lease_release(brn_mysql *p);
brant_status brn_mysql_lease_holder(brn_lock_holder *out, brn_mysql *p, brant_error **err);
/* *broken false: the lease has another number by now. */
brant_status brn_mysql_lease_break(bool *broken, brn_mysql *p, int64_t fence, brant_error **err);
/* Ends the heartbeat. What was not released runs out. */
void brn_mysql_lease_end(brn_mysql *p);
/* A statement that changes rows exactly when the lease is ours: ROW_COUNT() behind it is 0 or more.
 * In a transaction it makes the COMMIT fail when another has taken over; outside of one it makes
 * the lease as good as new. */
void brn_mysql_lease_add_renewal(brn_buf *out, brn_mysql *p, bool in_txn);
/* What has to come behind it, and with what error it fails when the lease is not ours: a query that
 * fails is one with a subquery of two rows, which is looked at only then. */
#define BRN_MYSQL_OR_FAIL ", 1, (SELECT 1 UNION ALL SELECT 2))"
#define BRN_MYSQL_LEASE_CHECK "SELECT IF(ROW_COUNT() > 0" BRN_MYSQL_OR_FAIL
#define BRN_MYSQL_NOT_OURS 1242

/* --- group.c, where brn_mysql_in_group() ------------------------------------------------------ */

typedef enum brn_mysql_group_wish {
    BRN_MYSQL_GROUP_LOOK = 0,
    BRN_MYSQL_GROUP_END_IDLE, /* ends sessions that do nothing any more */
    BRN_MYSQL_GROUP_END_ALL,
} brn_mysql_group_wish;

/*
 * Whether no session of another member has the migration lock: such a session works off what a run
 * has sent to it. False, with a warning "lock.member", also when a member cannot be asked. Errors:
 * "lock.cluster", the user may not see which there are.
 */
brant_status brn_mysql_group_is_quiet(
    bool *quiet, brn_mysql *p, brn_mysql_group_wish wish, brant_error **err);

/* --- packet.c, run.c, recover.c, session.c, execute.c ------------------------------------------
 */

/* Behind each statement of a packet. */
#define BRN_MYSQL_SEPARATOR "\n;\n"

brant_status brn_mysql_run(
    brn_conn *conn,
    const brn_program *program,
    brn_on_result *on_result,
    void *user,
    brn_run_state *state,
    brant_error **err);
/* Rolls back, restores the session. When the connection is lost: connects again, waits until the
 * old session is over, and takes the lock again. */
brant_status brn_mysql_reset(brn_conn *conn, brant_error **err);
/* Rolls back. Whether rows stay changed, as those of tables without transactions do; and the words
 * for it. */
bool brn_mysql_rollback_keeps(brn_mysql *p);
void brn_mysql_tell_kept(brant_error **err, const char *migration);
brant_status brn_mysql_transaction_lost(brant_error **err);
brant_status brn_mysql_lock_lost(brant_error **err);
/* Notes what the statement, which is about to run, will have changed for the session. The first one
 * that changes anything costs a round trip. */
brant_status brn_mysql_note_session(
    brn_mysql *p, const brn_stmt_class *what, brn_str sql, brant_error **err);
/* Takes it back. */
brant_status brn_mysql_restore(brn_mysql *p, brant_error **err);
brant_status brn_mysql_execute(
    int64_t *changed, brn_conn *conn, const brn_query *query, brant_error **err);

/* --- inspect.c, probe.c, objects.c ------------------------------------------------------------ */

void brn_mysql_inspect(brn_stmt_info *out, const brn_conn *conn, const brn_stmt *stmt);
void brn_mysql_inspect_class(
    brn_stmt_info *out, const brn_conn *conn, const brn_stmt_class *what, const brn_stmt *stmt);
brant_status brn_mysql_probe(
    brn_evidence *out, brn_arena *arena, brn_conn *conn, const brn_stmt *stmt, brant_error **err);
brant_status brn_mysql_objects(
    brn_object_list *out, brn_arena *arena, brn_conn *conn, brant_error **err);

#endif
