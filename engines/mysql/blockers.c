/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who keeps a statement waiting. Row locks stand in tables of InnoDB, locks on whole tables only in
 * performance_schema, which is often off. Where neither tells, it is those who have a transaction
 * open.
 */
#include "engines/mysql/mysql.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SIDE_MS 1000

#define SHOWN                                                                                      \
    "GROUP_CONCAT(DISTINCT CONCAT('session ', p.ID, ' (user ', p.USER, ' from ', p.HOST,"          \
    " CASE WHEN p.COMMAND = 'Sleep' THEN CONCAT(', idle for ', p.TIME, ' s') ELSE '' END, ')',"    \
    " CASE WHEN p.INFO IS NULL THEN '' ELSE CONCAT(': ', LEFT(p.INFO, 100)) END)"                  \
    " ORDER BY p.ID SEPARATOR '; ')"

#define ROWS_MARIA                                                                                 \
    "SELECT " SHOWN " FROM information_schema.INNODB_LOCK_WAITS w"                                 \
    " JOIN information_schema.INNODB_TRX r ON r.trx_id = w.requesting_trx_id"                      \
    " JOIN information_schema.INNODB_TRX b ON b.trx_id = w.blocking_trx_id"                        \
    " JOIN information_schema.PROCESSLIST p ON p.ID = b.trx_mysql_thread_id"                       \
    " WHERE r.trx_mysql_thread_id = %lu"

#define ROWS_MYSQL                                                                                 \
    "SELECT " SHOWN " FROM performance_schema.data_lock_waits w"                                   \
    " JOIN information_schema.INNODB_TRX r ON r.trx_id = w.REQUESTING_ENGINE_TRANSACTION_ID"       \
    " JOIN information_schema.INNODB_TRX b ON b.trx_id = w.BLOCKING_ENGINE_TRANSACTION_ID"         \
    " JOIN information_schema.PROCESSLIST p ON p.ID = b.trx_mysql_thread_id"                       \
    " WHERE r.trx_mysql_thread_id = %lu"

#define TABLES                                                                                     \
    "SELECT " SHOWN " FROM performance_schema.threads t"                                           \
    " JOIN performance_schema.metadata_locks w ON w.OWNER_THREAD_ID = t.THREAD_ID"                 \
    " AND w.LOCK_STATUS = 'PENDING'"                                                               \
    " JOIN performance_schema.metadata_locks g ON g.OBJECT_SCHEMA = w.OBJECT_SCHEMA"               \
    " AND g.OBJECT_NAME = w.OBJECT_NAME AND g.LOCK_STATUS = 'GRANTED'"                             \
    " AND g.OWNER_THREAD_ID <> w.OWNER_THREAD_ID"                                                  \
    " JOIN performance_schema.threads h ON h.THREAD_ID = g.OWNER_THREAD_ID"                        \
    " JOIN information_schema.PROCESSLIST p ON p.ID = h.PROCESSLIST_ID"                            \
    " WHERE t.PROCESSLIST_ID = %lu"

#define OPEN                                                                                       \
    "SELECT " SHOWN " FROM information_schema.INNODB_TRX b"                                        \
    " JOIN information_schema.PROCESSLIST p ON p.ID = b.trx_mysql_thread_id"                       \
    " JOIN information_schema.PROCESSLIST o ON o.ID = %lu AND o.STATE LIKE 'Waiting for%%lock'"    \
    " WHERE p.ID <> o.ID"

/* Without the right PROCESS: others of the same user, who may have nothing to do with it. */
#define SAME_USER                                                                                  \
    "SELECT CONCAT('one of these, perhaps (the right PROCESS would tell): ', " SHOWN               \
    ") FROM information_schema.PROCESSLIST p"                                                      \
    " JOIN information_schema.PROCESSLIST o ON o.ID = %lu AND o.STATE LIKE 'Waiting for%%lock'"    \
    " WHERE p.ID <> o.ID AND p.ID <> CONNECTION_ID() AND p.DB = o.DB"

/* Not even that: what it waits for, at the least. */
#define UNSEEN                                                                                       \
    "SELECT CONCAT('a session that this user may not see (\"', STATE, '\"): the right PROCESS shows" \
    " it') FROM information_schema.PROCESSLIST WHERE ID = %lu AND STATE LIKE 'Waiting for%%lock'"

/* An answer that is on its way is here by the next look. A KILL QUERY that comes between two
 * statements of a packet makes the server forget the rest of it, and it says nothing. */
#define IDLE                                                                                       \
    "SELECT 1 FROM information_schema.PROCESSLIST WHERE ID = %lu AND INFO IS NULL"                 \
    " AND COMMAND IN ('Sleep', 'Killed') AND ID = IS_USED_LOCK('%s')"

static bool is_idle(brn_mysql *p, MYSQL *side)
{
    char sql[320];
    char *text = NULL;
    bool idle;

    (void)snprintf(sql, sizeof(sql), IDLE, mysql_thread_id(p->my), brn_mysql_lock_name(p));
    text = brn_mysql_side_ask(side, sql, SIDE_MS);
    idle = text != NULL;
    free(text);
    return idle;
}

static char *ask(MYSQL *side, const char *format, unsigned long session)
{
    char sql[2048];

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    (void)snprintf(sql, sizeof(sql), format, session);
#pragma GCC diagnostic pop
    return brn_mysql_side_ask(side, sql, SIDE_MS);
}

bool brn_mysql_look_who_blocks(brn_mysql *p)
{
    const char *const queries[] = { p->maria ? ROWS_MARIA : ROWS_MYSQL, TABLES, OPEN, SAME_USER,
                                    UNSEEN };
    unsigned long session = mysql_thread_id(p->my);
    MYSQL *side = NULL;
    char *text = NULL;
    bool idle;

    if (brn_mysql_dial(&side, p, NULL, SIDE_MS, NULL) != BRANT_OK) {
        return true;
    }
    idle = is_idle(p, side);
    for (size_t i = 0; i < BRN_ARRAY_LEN(queries) && text == NULL && !idle; i++) {
        text = ask(side, queries[i], session);
    }
    brn_mysql_hang_up(side);
    if (text != NULL) {
        brn_mysql_mask(p, text);
        if (strncmp(p->blocked, text, sizeof(p->blocked) - 1) != 0) {
            (void)snprintf(p->blocked, sizeof(p->blocked), "%s", text);
            brn_emit_warning(
                p->conn.emitter, p->conn.database, "lock.blocked",
                "the statement waits for a lock that is held by %s", p->blocked);
        }
    }
    free(text);
    return !idle;
}
