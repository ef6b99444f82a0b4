/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opening a session without blocking: libpq's own connect_timeout works in its blocking calls only,
 * and none of those looks at our control. (Looking up a name does block, as long as the system's
 * resolver does.)
 *
 * A failed attempt leaves nothing but a text. With PQERRORS_VERBOSE the SQLSTATE is in it, between
 * a severity in the server's language and the message: "FATAL:  28P01: password ...". It decides;
 * words are asked only where no server has spoken, or PgBouncer has, whose code is always 08P01.
 */
#include "engines/postgres/postgres_int.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"

#define SLICE_MS 100
#define SQLSTATE_LEN 5

/* --- what a failed attempt says --------------------------------------------------------------- */

/* By the beginning of the SQLSTATE; the first row that fits. */
static const struct refusal {
    const char *sqlstate;
    const char *id;
    const char *hint;
} refusals[] = {
    { "28P01", "connect.refused",
      "Check user and password. A password that is in neither the URL nor the settings comes from "
      "PGPASSWORD or ~/.pgpass." },
    { "28", "connect.refused",
      "Check the user. If the server names pg_hba.conf: it has no line that lets this user connect "
      "to this database from here in this way; sslmode=require in the URL may be what is missing." },
    { "3D000", "connect.no_database", "\"brant setup\" creates it. Or is the name wrong?" },
    { "42501", "connect.no_rights",
      "The owner can give it: GRANT CONNECT ON DATABASE ... TO ... Parameters come from \"options\" "
      "in the URL, or PGOPTIONS." },
    { "53300", "connect.unreachable",
      "All connections of the server (max_connections), the database or the user are in use. Try "
      "again later, or raise the limit." },
    { "57P03", "connect.unreachable", "The server starts up or shuts down. Try again later." },
    { "55000", "connect.refused",
      "The database takes no connections: ALTER DATABASE ... ALLOW_CONNECTIONS true changes that." },
    { "P0", "connect.refused", "A trigger of the database that runs at the login says so." },
    { "08", "connect.unreachable", "Look at the log of the server, or of the pooler before it." },
    { "53", "connect.unreachable", "Look at the log of the server." },
    { "57", "connect.unreachable", "Look at the log of the server." },
    { "58", "connect.unreachable", "Look at the log of the server." },
    { "XX", "connect.unreachable", "Look at the log of the server." },
    { "", "connect.refused", "Look at the parameters of the URL." },
};

/* PgBouncer has one code for everything, until 1.20 at least, and passes on words only when it
 * could not log in to the server. What is not here may pass by itself. */
static const struct pooler_words {
    const char *words;
    const char *and_words;
    const char *sqlstate;
} pooler_words[] = {
    { "no such database", "", "3D000" },      { "database", "does not exist", "3D000" },
    { "role", "does not exist", "28000" },    { "no such user", "", "28000" },
    { "authentication failed", "", "28P01" }, { "unsupported startup parameter", "", "22023" },
};

#define POOLER_SQLSTATE "08P01"

static const struct refusal *find_refusal(const char *sqlstate, const char *words)
{
    size_t i = 0;

    for (; strcmp(sqlstate, POOLER_SQLSTATE) == 0 && i < BRN_ARRAY_LEN(pooler_words); i++) {
        if (strstr(words, pooler_words[i].words) != NULL &&
            strstr(words, pooler_words[i].and_words) != NULL) {
            sqlstate = pooler_words[i].sqlstate;
        }
    }
    i = 0;

    while (strncmp(sqlstate, refusals[i].sqlstate, strlen(refusals[i].sqlstate)) != 0) {
        i++;
    }
    return &refusals[i];
}

static bool is_code(const char *text)
{
    for (size_t i = 0; i < SQLSTATE_LEN; i++) {
        if (!((text[i] >= '0' && text[i] <= '9') || (text[i] >= 'A' && text[i] <= 'Z'))) {
            return false;
        }
    }
    return text[SQLSTATE_LEN] == ':' && text[SQLSTATE_LEN + 1] == ' ';
}

/* Of the last server that was tried; what stands behind the code is its message. */
static const char *find_sqlstate(char out[SQLSTATE_LEN + 1], const char *text)
{
    const char *found = NULL;

    for (const char *at = strstr(text, ":  "); at != NULL; at = strstr(at + 1, ":  ")) {
        if (is_code(at + 3)) {
            found = at + 3;
        }
    }
    if (found == NULL) {
        out[0] = '\0';
        return NULL;
    }
    memcpy(out, found, SQLSTATE_LEN);
    out[SQLSTATE_LEN] = '\0';
    return found + SQLSTATE_LEN + 2;
}

const char *brn_postgres_refusal(char sqlstate[SQLSTATE_LEN + 1], const char *text)
{
    const char *words = find_sqlstate(sqlstate, text);

    return words != NULL ? find_refusal(sqlstate, words)->id : NULL;
}

/* The line without what it has in common with our own message. */
static brn_str reason_of(const char *words, const char *text)
{
    brn_str all = brn_str_from(words != NULL ? words : text);
    size_t end = brn_str_find_char(all, '\n');
    brn_str line = brn_str_slice(all, 0, end != SIZE_MAX ? end : all.len);
    size_t failed = brn_str_find(line, BRN_STR(" failed: "));

    if (words == NULL && failed != SIZE_MAX) {
        line = brn_str_slice(line, failed + strlen(" failed: "), line.len);
    }
    return brn_str_trim(line);
}

/* All lines as one, each once (libpq may try with and without encryption), without those for
 * developers of the server ("LOCATION:  auth_failed, auth.c:326"). */
static void add_lines(brn_buf *out, const char *text)
{
    brn_str rest = brn_str_from(text);
    brn_str line;

    while (brn_str_split(&rest, '\n', &line)) {
        brn_str words = brn_str_trim(line);

        if (words.len == 0 || brn_str_find(words, BRN_STR(".c:")) != SIZE_MAX ||
            brn_str_find(brn_buf_str(out), words) != SIZE_MAX) {
            continue;
        }
        brn_buf_add_c(out, out->len > 0 ? " " : "");
        brn_buf_add_str(out, words);
    }
}

/* Neither passes by itself: there is no such service, or no such file, or it cannot be read. */
static bool is_of_service(const char *text)
{
    return strncmp(text, "definition of service ", strlen("definition of service ")) == 0 ||
           strstr(text, "service file ") != NULL;
}

/* A server that was reached may not be of the kind that target_session_attrs wants. */
static const char *unreached_hint(const char *text)
{
    bool is_reached = strstr(text, "session is read-only") != NULL ||
                      strstr(text, "session is not read-only") != NULL ||
                      strstr(text, "hot standby mode") != NULL;

    return is_reached ? "See target_session_attrs in the URL, or PGTARGETSESSIONATTRS: none of the "
                        "servers is of that kind now."
                      : "Is the server running, and are host and port of the URL right?";
}

/* No server has spoken: what libpq found out by itself. */
static brant_status unanswered(
    const brn_postgres *p, PGconn *pg, const char *text, brn_str reason, brant_error **err)
{
    bool is_cut = strstr(text, "SSL SYSCALL") != NULL || strstr(text, "closed") != NULL;
    bool is_tls = strstr(text, "SSL") != NULL || strstr(text, "certificate") != NULL ||
                  strstr(text, "channel binding") != NULL;
    brant_status st;

    if (is_of_service(text)) {
        st = brn_error(
            err, BRANT_EUSAGE, "url.bad_parameter", "cannot connect to %s: %.*s", p->host,
            BRN_STR_ARG(reason));
        brn_error_hint(err, "See PGSERVICE, and \"service\" in the URL.");
        return st;
    }
    if (strncmp(text, "invalid ", strlen("invalid ")) == 0) {
        st = brn_error(
            err, BRANT_EUSAGE, "url.bad_parameter", "a parameter of the postgres URL: %.*s",
            BRN_STR_ARG(reason));
        brn_error_hint(err, "Parameters and their values are those of libpq.");
        return st;
    }
    if (PQconnectionNeedsPassword(pg) != 0) {
        st = brn_error(
            err, BRANT_ECONNECT, "connect.refused", "%s wants a password for user \"%s\"", p->host,
            PQuser(pg));
        brn_error_hint(
            err, "Give one: in the URL, with the settings password or password-file, in PGPASSWORD "
                 "or in ~/.pgpass.");
        return st;
    }
    if (is_tls && !is_cut) {
        st = brn_error(
            err, BRANT_ECONNECT, "connect.tls", "no encrypted connection to %s: %.*s", p->host,
            BRN_STR_ARG(reason));
        brn_error_hint(
            err, "See sslmode, sslrootcert, sslcert and sslkey in the URL; without them libpq "
                 "looks into ~/.postgresql.");
        return st;
    }
    st = brn_error(
        err, BRANT_ECONNECT, "connect.unreachable", "could not connect to %s: %.*s", p->host,
        BRN_STR_ARG(reason));
    brn_error_hint(err, "%s", unreached_hint(text));
    return st;
}

static brant_status answered(
    const brn_postgres *p,
    PGconn *pg,
    const char *sqlstate,
    const char *words,
    brn_str reason,
    brant_error **err)
{
    const struct refusal *refusal = find_refusal(sqlstate, words);
    brant_status st;

    if (strcmp(refusal->id, "connect.no_database") == 0) {
        st = brn_error(
            err, BRANT_ECONNECT, refusal->id, "database \"%s\" does not exist on %s", PQdb(pg),
            p->host);
    } else if (strcmp(refusal->id, "connect.unreachable") == 0) {
        st = brn_error(
            err, BRANT_ECONNECT, refusal->id, "could not connect to %s: %.*s", p->host,
            BRN_STR_ARG(reason));
    } else {
        st = brn_error(
            err, BRANT_ECONNECT, refusal->id, "%s refuses user \"%s\" of database \"%s\": %.*s",
            p->host, PQuser(pg), PQdb(pg), BRN_STR_ARG(reason));
    }
    brn_error_hint(err, "%s", refusal->hint);
    brn_error_native(err, 0, sqlstate);
    return st;
}

static brant_status failed(const brn_postgres *p, PGconn *pg, brant_error **err)
{
    char sqlstate[SQLSTATE_LEN + 1];
    brn_buf text;
    const char *words = NULL;
    brn_buf lines;
    brant_status st;

    brn_buf_init(&text, 0);
    brn_buf_init(&lines, 0);
    brn_buf_add_c(&text, PQerrorMessage(pg));
    if (text.ptr != NULL) {
        brn_postgres_mask(p, text.ptr);
    }
    words = find_sqlstate(sqlstate, brn_buf_text(&text));
    if (words != NULL) {
        st = answered(p, pg, sqlstate, words, reason_of(words, words), err);
    } else {
        st = unanswered(p, pg, brn_buf_text(&text), reason_of(NULL, brn_buf_text(&text)), err);
    }
    add_lines(&lines, brn_buf_text(&text));
    if (lines.len > 0) {
        brn_error_detail(err, "libpq says: %s", brn_buf_text(&lines));
    }
    brn_buf_release(&lines);
    brn_buf_release(&text);
    return st;
}

/* --- waiting ---------------------------------------------------------------------------------- */

/* One attempt. */
typedef struct dialling {
    brn_postgres *p;
    PGconn *pg;
    size_t skip; /* hosts of the list that had their time */
    int64_t limit_ms;
    int64_t deadline_ns; /* 0: none */
    bool looks;          /* at the control */
    bool timed_out;
} dialling;

static brant_status no_answer(dialling *d, brant_error **err)
{
    char limit[BRN_CLOCK_TEXT];
    brant_status st;

    d->timed_out = true;
    brn_duration_text(limit, d->limit_ms);
    st = brn_error(
        err, BRANT_ECONNECT, "connect.unreachable", "could not connect to %s: no answer in %s",
        d->p->host, limit);
    brn_error_hint(
        err, "Is the server running, are host and port of the URL right, and does a firewall let "
             "this through? The setting \"connect-timeout\" says how long to wait.");
    return st;
}

/* How long one wait may be: 0 when the time is up. */
static int slice_ms(int64_t deadline_ns)
{
    int64_t left = (deadline_ns - brn_clock_mono_ns()) / BRN_NS_PER_MS;

    if (deadline_ns == 0 || left > SLICE_MS) {
        return SLICE_MS;
    }
    return left > 0 ? (int)left : 0;
}

/* Until libpq can go on. */
static brant_status wait_for(dialling *d, PostgresPollingStatusType what, brant_error **err)
{
    struct pollfd wait = {
        .fd = PQsocket(d->pg),
        .events = what == PGRES_POLLING_READING ? POLLIN : POLLOUT,
    };
    brant_status st = BRANT_OK;
    int ready = 0;

    while (st == BRANT_OK && ready <= 0) {
        int slice = slice_ms(d->deadline_ns);

        if (d->looks) {
            st = brn_control_check(d->p->conn.control, err);
        }
        if (st == BRANT_OK && d->deadline_ns != 0 && slice == 0) {
            st = no_answer(d, err);
        }
        if (st == BRANT_OK) {
            ready = poll(&wait, 1, slice);
        }
        if (ready < 0 && errno != EINTR && errno != EAGAIN) {
            st = brn_error_errno(err, "connect.unreachable", errno, "wait for", d->p->host);
        }
    }
    return st;
}

/* --- lists of hosts --------------------------------------------------------------------------- */

/* Of the list as it is shown: what was doubled for libpq's sake is one. */
static size_t count_hosts(const brn_postgres *p)
{
    size_t count = 1;

    for (const char *c = p->host; *c != '\0'; c++) {
        count += *c == ',' ? 1 : 0;
    }
    return count;
}

static const char *value_of(const brn_postgres *p, const char *key)
{
    for (size_t i = 0; p->keywords[i] != NULL; i++) {
        if (strcmp(p->keywords[i], key) == 0) {
            return p->values[i];
        }
    }
    return NULL;
}

/* The list without its first entries; one value for all stays. */
static const char *behind(const char *list, size_t skip)
{
    for (; skip > 0 && list != NULL && strchr(list, ',') != NULL; skip--) {
        list = strchr(list, ',') + 1;
    }
    return list;
}

/* Entries from `skip` up to the one that libpq is busy with, which is among them. */
static size_t count_tried(const dialling *d)
{
    brn_str rest = brn_str_from(behind(value_of(d->p, "host"), d->skip));
    const char *now = PQhost(d->pg);
    brn_str host;
    size_t count = 0;

    while (brn_str_split(&rest, ',', &host)) {
        count++;
        if (now != NULL && brn_str_eq_c(host, now)) {
            return count;
        }
    }
    return 1;
}

/* --- entry point ------------------------------------------------------------------------------ */

/* The parameters of the connection, with another database or fewer hosts. */
static PGconn *begin(const dialling *d, const char *dbname)
{
    static const char *const lists[] = { "host", "hostaddr", "port" };
    const brn_postgres *p = d->p;
    size_t count = 0;
    const char **keywords = NULL;
    const char **values = NULL;
    PGconn *pg = NULL;

    while (p->keywords[count] != NULL) {
        count++;
    }
    keywords = calloc(count + BRN_ARRAY_LEN(lists) + 2, sizeof(*keywords));
    values = calloc(count + BRN_ARRAY_LEN(lists) + 2, sizeof(*values));
    if (keywords != NULL && values != NULL) {
        memcpy(keywords, p->keywords, count * sizeof(*keywords));
        memcpy(values, p->values, count * sizeof(*values));
        /* The last of a name counts. */
        for (size_t i = 0; d->skip > 0 && i < BRN_ARRAY_LEN(lists); i++) {
            keywords[count] = lists[i];
            values[count++] = behind(value_of(p, lists[i]), d->skip);
        }
        keywords[count] = dbname != NULL ? "dbname" : NULL;
        values[count] = dbname;
        pg = PQconnectStartParams(keywords, values, 0);
    }
    free(keywords);
    free(values);
    return pg;
}

static void ignore_notice(void *user, const PGresult *result)
{
    (void)user;
    (void)result;
}

static brant_status attempt(dialling *d, const char *dbname, brant_error **err)
{
    PostgresPollingStatusType next = PGRES_POLLING_WRITING;
    brant_status st = BRANT_OK;

    d->pg = begin(d, dbname);
    if (d->pg == NULL) {
        return brn_error_oom(err);
    }
    (void)PQsetNoticeReceiver(d->pg, ignore_notice, NULL); /* libpq's own prints */
    (void)PQsetErrorVerbosity(d->pg, PQERRORS_VERBOSE);
    if (PQstatus(d->pg) == CONNECTION_BAD) {
        next = PGRES_POLLING_FAILED;
    }
    while (st == BRANT_OK && next != PGRES_POLLING_OK && next != PGRES_POLLING_FAILED) {
        st = wait_for(d, next, err);
        if (st == BRANT_OK) {
            next = PQconnectPoll(d->pg);
        }
    }
    if (st == BRANT_OK && (next == PGRES_POLLING_FAILED || PQsetnonblocking(d->pg, 1) != 0)) {
        st = failed(d->p, d->pg, err);
    }
    (void)PQsetErrorVerbosity(d->pg, PQERRORS_DEFAULT);
    return st;
}

brant_status brn_postgres_dial(
    PGconn **out, brn_postgres *p, const char *dbname, int64_t limit_ms, brant_error **err)
{
    int64_t limit = limit_ms > 0 ? limit_ms : p->connect_timeout_ms;
    size_t hosts = count_hosts(p);
    dialling d = { .p = p, .looks = limit_ms == 0 };
    brant_status st = BRANT_OK;

    /* libpq goes on by itself to the next host when one refuses. When one is silent we have to:
     * each has its share of the time, and the list goes on behind it. */
    do {
        brant_error *failure = NULL;

        PQfinish(d.pg);
        d.pg = NULL;
        d.timed_out = false;
        d.limit_ms = limit / (int64_t)hosts;
        d.deadline_ns = limit > 0 ? brn_clock_mono_ns() + d.limit_ms * BRN_NS_PER_MS : 0;
        st = attempt(&d, dbname, &failure);
        d.skip += d.timed_out ? count_tried(&d) : 0;
        if (st != BRANT_OK && err != NULL && (!d.timed_out || d.skip >= hosts)) {
            *err = failure;
        } else {
            brant_error_free(failure);
        }
    } while (d.timed_out && d.skip < hosts);
    if (st != BRANT_OK) {
        PQfinish(d.pg);
        return st;
    }
    *out = d.pg;
    return BRANT_OK;
}
