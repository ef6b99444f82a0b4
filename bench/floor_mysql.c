/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The floor on MySQL and MariaDB: what bench/floor.c is on SQLite. Its command line is in
 * floor_server.h; a URL is mysql://USER:PASSWORD@HOST:PORT/DATABASE.
 *
 * Packets are those of brant: one for each statement that commits by itself (CREATE), and one with
 * a transaction of those that stand behind it in the file; each statement ends at the end of a
 * line. With "ledger" they hold the statements with which brant proves its lock and writes its
 * ledger, with values of the same lengths; nothing is compared, chained, timed or retried.
 */
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mysql.h>

#include "floor_server.h"

enum {
    WORD = 64,
    PACKET = FILE_BYTES_MAX + (1 << 14)
};

/* --- asking ----------------------------------------------------------------------------------- */

static int fail(MYSQL *my)
{
    (void)fprintf(stderr, "floor: %s\n", mysql_error(my));
    return -1;
}

/* The rows of the answer at hand, one by one. */
static int take(MYSQL *my)
{
    MYSQL_RES *rows = mysql_field_count(my) > 0 ? mysql_use_result(my) : NULL;

    while (rows != NULL && mysql_fetch_row(rows) != NULL) {
    }
    mysql_free_result(rows);
    return mysql_errno(my) == 0 ? 0 : fail(my);
}

/* One packet, all answers. */
static int ask(void *session, const char *sql)
{
    MYSQL *my = session;
    int next = mysql_real_query(my, sql, strlen(sql)) == 0 ? 0 : 1;

    while (next == 0) {
        if (take(my) != 0) {
            return -1;
        }
        next = mysql_next_result(my);
    }
    return next < 0 ? 0 : fail(my);
}

/* --- packets ---------------------------------------------------------------------------------- */

typedef struct run {
    MYSQL *my;
    const directory *dir;
    bool ledger;
    size_t index; /* of the file at hand */
    size_t done;  /* of its statements */
    size_t len;   /* of the packet */
    char packet[PACKET];
    char id[FLOOR_NAME];
    char before[FLOOR_NAME];
    char next[FLOOR_NAME];
} run;

__attribute__((format(printf, 2, 3))) static void add(run *r, const char *format, ...)
{
    size_t room = sizeof(r->packet) - r->len;
    va_list args;
    int wanted;

    va_start(args, format);
    wanted = vsnprintf(r->packet + r->len, room, format, args);
    va_end(args);
    /* What does not fit is a statement that the server refuses. */
    r->len += wanted < 0 ? 0 : (size_t)wanted < room ? (size_t)wanted : room - 1;
}

static int send_packet(run *r)
{
    int failed = ask(r->my, r->packet);

    r->len = 0;
    return failed;
}

/* --- the ledger ------------------------------------------------------------------------------- */

#define LOCK "'brant:b6c073495a36b8f5d4187e76835da04a934b0a86'"
#define TABLE " ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;\n"

static const char make_ledger[] =
    "CREATE TABLE brant_migrations (id varchar(255) NOT NULL PRIMARY KEY, status longtext NOT NULL,"
    " checksum longtext, format bigint NOT NULL, version longtext, seq bigint NOT NULL,"
    " direction longtext NOT NULL, kind longtext, required bigint NOT NULL, phase longtext,"
    " down_checksum longtext, requires longtext, min_read_version longtext,"
    " statements_total bigint NOT NULL, statements_done bigint NOT NULL, intent bigint NOT NULL,"
    " intent_digest longtext, done_digest longtext, started_at longtext, finished_at longtext,"
    " duration_ms bigint, who longtext, tool longtext, run_id longtext, error longtext)" TABLE
    "CREATE TABLE brant_history (seq bigint NOT NULL AUTO_INCREMENT PRIMARY KEY, run_id longtext,"
    " action longtext NOT NULL, migration longtext, outcome longtext, checksum longtext,"
    " detail longtext, who longtext, tool longtext, at longtext, duration_ms bigint, prev longtext,"
    " hash longtext, format bigint NOT NULL)" TABLE "SELECT GET_LOCK(" LOCK ", 0)";

#define PUT                                                                                        \
    "REPLACE INTO `%s`.`brant_migrations` (`id`, `status`, `checksum`, `format`, `version`,"       \
    " `seq`, `direction`, `kind`, `required`, `phase`, `down_checksum`, `requires`,"               \
    " `min_read_version`, `statements_total`, `statements_done`, `intent`, `intent_digest`,"       \
    " `done_digest`, `started_at`, `finished_at`, `duration_ms`, `who`, `tool`, `run_id`,"         \
    " `error`) VALUES "
#define AS_TEXT(time) "CONCAT(LEFT(DATE_FORMAT(" time ", '%%Y-%%m-%%dT%%H:%%i:%%s.%%f'), 23), 'Z')"
#define TOOK "GREATEST(0, TIMESTAMPDIFF(MICROSECOND, @brant_began, UTC_TIMESTAMP(6)) DIV 1000)"

static void add_guard(run *r, bool first)
{
    add(r,
        "SELECT IF(IS_USED_LOCK(" LOCK ") <=> CONNECTION_ID() AND (SELECT COUNT(*) FROM"
        " `%s`.`brant_migrations` WHERE id = '%s' AND status = 'running' AND run_id = '" FLOOR_RUN
        "') = 1, 1, (SELECT 1 UNION ALL SELECT 2))%s\n;\n",
        r->my->db, r->id, first ? ", UTC_TIMESTAMP(6) INTO @brant_guard, @brant_began" : "");
}

static void add_running(run *r, const char *id, size_t seq, const char *required)
{
    add(r,
        PUT "('%s', 'running', '" FLOOR_DIGEST
            "', 1, '000000', %zu, 'up', 'sql', 0, NULL, NULL, %s%s%s, NULL, 2, 0, 0, NULL, NULL,"
            " '" FLOOR_NOW "', NULL, NULL, 'somebody', 'brant 0.1.0', '" FLOOR_RUN "', NULL)\n;\n",
        r->my->db, id, seq, required != NULL ? "'" : "", required != NULL ? required : "NULL",
        required != NULL ? "'" : "");
}

static void add_completion(run *r)
{
    bool later = r->index > 0;

    add(r,
        PUT "('%s', 'completed', '" FLOOR_DIGEST
            "', 1, '000000', %zu, 'up', 'sql', 0, NULL, NULL, %s%s%s, NULL, 2, 2, 0, NULL, NULL,"
            " " AS_TEXT("@brant_began") ", " AS_TEXT(
                "UTC_TIMESTAMP(6)") ", " TOOK ", 'somebody', 'brant 0.1.0', '" FLOOR_RUN
                                    "', NULL)\n;\n",
        r->my->db, r->id, r->index + 1, later ? "'" : "", later ? r->before : "NULL",
        later ? "'" : "");
    add(r,
        "INSERT INTO `%s`.`brant_history` (`run_id`, `action`, `migration`, `outcome`, `checksum`,"
        " `detail`, `who`, `tool`, `at`, `duration_ms`, `prev`, `hash`, `format`) VALUES"
        " ('" FLOOR_RUN "', 'up', '%s', 'ok', '" FLOOR_DIGEST "', NULL, 'somebody', 'brant 0.1.0',"
        " '" FLOOR_NOW "', " TOOK ", '" FLOOR_DIGEST "', '" FLOOR_DIGEST "', 1)\n;\n",
        r->my->db, r->id);
    if (r->index + 1 < r->dir->len) {
        add_running(r, r->next, r->index + 2, r->id);
    }
}

static void add_intent(run *r)
{
    add(r,
        "UPDATE `%s`.`brant_migrations` SET `intent` = %zu, `intent_digest` = '" FLOOR_DIGEST
        "', `statements_done` = %zu WHERE `id` = '%s'\n;\n",
        r->my->db, r->done + 1, r->done, r->id);
}

static void add_outcome(run *r)
{
    add(r,
        "UPDATE `%s`.`brant_migrations` SET `statements_done` = %zu, `done_digest` = '" FLOOR_DIGEST
        "', `intent` = 0, `intent_digest` = NULL WHERE `id` = '%s'\n;\n",
        r->my->db, r->done, r->id);
}

/* --- files ------------------------------------------------------------------------------------ */

/* A statement that commits by itself. */
static int send_alone(run *r, const char *statement)
{
    if (r->ledger) {
        add_guard(r, r->done == 0);
        add_intent(r);
    }
    add(r, "%s\n;\n", statement);
    r->done++;
    if (r->ledger) {
        add_outcome(r);
    }
    return send_packet(r);
}

/* The transaction at the end of a file, unless it has begun. */
static void begin_rows(run *r)
{
    if (r->len > 0) {
        return;
    }
    add(r, "START TRANSACTION\n;\n");
    if (r->ledger) {
        add_guard(r, r->done == 0);
    }
}

/* The next statement of the text, terminated; NULL behind the last. */
static char *cut(char **text)
{
    char *statement = *text;
    char *end = strstr(statement, ";\n");

    if (*statement == '\0') {
        return NULL;
    }
    *text = end != NULL ? end + strlen(";\n") : statement + strlen(statement);
    if (end != NULL) {
        *end = '\0';
    }
    return statement;
}

static int send_file(run *r, char *text)
{
    char *statement;

    r->done = 0;
    while ((statement = cut(&text)) != NULL) {
        if (strncmp(statement, "CREATE ", strlen("CREATE ")) != 0) {
            begin_rows(r);
            add(r, "%s\n;\n", statement);
        } else if (send_alone(r, statement) != 0) {
            return -1;
        }
    }
    if (r->ledger) {
        begin_rows(r);
        add_completion(r);
    }
    if (r->len == 0) {
        return 0;
    }
    add(r, "COMMIT");
    return send_packet(r);
}

static int begin_ledger(run *r)
{
    floor_id(r->id, r->dir, 0);
    if (ask(r->my, make_ledger) != 0) {
        return -1;
    }
    add_running(r, r->id, 1, NULL);
    return send_packet(r);
}

static int run_files(void *session, const directory *dir, char *text, bool ledger)
{
    static run r;

    r.my = session;
    r.dir = dir;
    r.ledger = ledger;
    if (ledger && begin_ledger(&r) != 0) {
        return -1;
    }
    for (size_t i = 0; i < dir->len; i++) {
        r.index = i;
        floor_id(r.id, dir, i);
        floor_id(r.before, dir, i > 0 ? i - 1 : i);
        floor_id(r.next, dir, i + 1);
        if (file_read(dir, i, text) < 0) {
            perror(dir->names[i]);
            return -1;
        }
        if (send_file(&r, text) != 0) {
            return -1;
        }
    }
    return 0;
}

/* --- the command line ------------------------------------------------------------------------- */

static void *open_session(const char *url)
{
    char user[WORD];
    char password[WORD];
    char host[WORD];
    char database[WORD];
    char port[WORD];
    MYSQL *my = NULL;

    if (sscanf(
            url, "mysql://%63[^:]:%63[^@]@%63[^:]:%5[0-9]/%63[^?]", user, password, host, port,
            database) != 5) {
        (void)fputs("floor: no such URL\n", stderr);
        return NULL;
    }
    my = mysql_init(NULL);
    if (my == NULL) {
        (void)fputs("floor: no memory\n", stderr);
        return NULL;
    }
    if (mysql_real_connect(
            my, host, user, password, database, (unsigned)strtoul(port, NULL, 10), NULL,
            CLIENT_MULTI_STATEMENTS) == NULL) {
        (void)fail(my);
        mysql_close(my);
        return NULL;
    }
    return my;
}

static void close_session(void *session)
{
    mysql_close(session);
}

int main(int argc, char **argv)
{
    static const floor_server server = {
        .name = "floor_mysql",
        .open = open_session,
        .close = close_session,
        .run = run_files,
        .ask = ask,
    };

    return floor_main(&server, argc, argv);
}
