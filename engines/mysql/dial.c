/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opening a session, within a limit and with an eye on the control, and telling apart why there is
 * none: nobody answers, the login is refused, there is no such database, there are no rights, there
 * is no encryption.
 */
#include "engines/mysql/mysql.h"

#include <errmsg.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"

#define SLICE_MS 100
#define STACK_BYTES ((size_t)256 << 10) /* of a call that waits: it looks up names on it, too */
#define WRITE_SECONDS 5                 /* for the good-bye */

/* By the server's or libmariadb's number. What is not here may pass by itself. */
static const struct refusal {
    unsigned number;
    const char *id;
    const char *hint;
} refusals[] = {
    { 1040, "connect.unreachable",
      "The server has no connection left: end some, or raise its max_connections." },
    { 1129, "connect.unreachable",
      "The server has had too many failed connections from this machine: FLUSH HOSTS lets it in "
      "again." },
    { 1203, "connect.unreachable", "This user has all the connections that it may have." },
    { 1226, "connect.unreachable", "A limit of this user is used up: wait, or raise it." },
    { 1044, "connect.no_rights", "Grant the user rights on the database (GRANT ALL ON name.*)." },
    { 1045, "connect.refused",
      "Are user and password right, may the user come from here, and must it "
      "come encrypted (ssl-mode=REQUIRED)?" },
    { 1049, "connect.no_database",
      "\"brant setup\" creates it; or is the name in the URL another one?" },
    { 1130, "connect.refused", "The server lets nobody in from this machine: see its users." },
    { 1251, "connect.refused", "The server wants a kind of login that libmariadb does not have." },
    { 1698, "connect.refused",
      "The server knows this user by another way than a password: by the socket, perhaps." },
    { 1820, "connect.refused", "The password has expired: set a new one." },
    { 1862, "connect.refused", "The password has expired: set a new one." },
    { 3118, "connect.refused", "The account is locked." },
    { 3159, "connect.tls", "The server takes encrypted connections only: ssl-mode=REQUIRED." },
    { 4151, "connect.refused", "The account is locked." },
    { CR_SSL_CONNECTION_ERROR, "connect.tls",
      "See ssl-mode, ssl-ca, ssl-cert and ssl-key in the URL." },
    { CR_AUTH_PLUGIN_CANNOT_LOAD, "connect.refused",
      "libmariadb lacks the module for this kind of login; plugin-dir in the URL says where they "
      "are." },
    { CR_AUTH_PLUGIN_ERR, "connect.refused",
      "This kind of login needs an encrypted connection (ssl-mode=REQUIRED) or another password." },
    { CR_VERSION_ERROR, "connect.refused", "Is it a MySQL or MariaDB server?" },
    { 0, "connect.unreachable", "Is the server running, and are host and port of the URL right?" },
};

static const struct refusal *find_refusal(unsigned number)
{
    size_t i = 0;

    while (refusals[i].number != number && refusals[i].number != 0) {
        i++;
    }
    return &refusals[i];
}

static brant_status failed(brn_mysql *p, MYSQL *my, const brn_mysql_goal *goal, brant_error **err)
{
    const struct refusal *refusal = find_refusal(mysql_errno(my));
    const char *host = goal->host;
    char text[512];
    brant_status st;

    (void)snprintf(text, sizeof(text), "%.500s", mysql_error(my));
    brn_mysql_mask(p, text);
    if (mysql_errno(my) == CR_OUT_OF_MEMORY) {
        return brn_error_oom(err);
    }
    if (mysql_errno(my) == 1049) {
        st = brn_error(
            err, BRANT_ECONNECT, refusal->id, "database \"%s\" does not exist on %s",
            goal->dbname != NULL ? goal->dbname : "", host);
    } else if (strcmp(refusal->id, "connect.unreachable") == 0) {
        st = brn_error(err, BRANT_ECONNECT, refusal->id, "could not connect to %s: %s", host, text);
    } else if (strcmp(refusal->id, "connect.tls") == 0) {
        st = brn_error(
            err, BRANT_ECONNECT, refusal->id, "no encrypted connection to %s: %s", host, text);
    } else {
        st = brn_error(
            err, BRANT_ECONNECT, refusal->id, "%s refuses user \"%s\" of database \"%s\": %s", host,
            goal->target->user, p->dbname, text);
    }
    brn_error_hint(err, "%s", refusal->hint);
    brn_error_native(err, (int64_t)mysql_errno(my), mysql_sqlstate(my));
    return st;
}

static brant_status no_answer(const char *host, int64_t limit_ms, brant_error **err)
{
    char limit[BRN_CLOCK_TEXT];
    brant_status st;

    brn_duration_text(limit, limit_ms);
    st = brn_error(
        err, BRANT_ECONNECT, "connect.unreachable", "could not connect to %s: no answer in %s",
        host, limit);
    brn_error_hint(
        err, "Is the server running, are host and port of the URL right, and does a firewall let "
             "this through? The setting \"connect-timeout\" says how long to wait.");
    return st;
}

/* --- options ---------------------------------------------------------------------------------- */

static void set(MYSQL *my, enum mysql_option option, const char *value)
{
    if (value != NULL) {
        (void)mysql_options(my, option, value);
    }
}

static bool is_near(const brn_mysql_target *t)
{
    return t->socket != NULL || t->host == NULL || strcmp(t->host, "localhost") == 0 ||
           strncmp(t->host, "127.", 4) == 0 || strcmp(t->host, "::1") == 0;
}

static brn_mysql_tls wanted_tls(const brn_mysql_target *t)
{
    if (t->tls != BRN_MYSQL_TLS_AUTO) {
        return t->tls;
    }
    return is_near(t) ? BRN_MYSQL_TLS_DISABLED : BRN_MYSQL_TLS_PREFERRED;
}

static void set_tls(MYSQL *my, const brn_mysql_target *t, brn_mysql_tls tls)
{
    my_bool yes = 1;

    if (tls == BRN_MYSQL_TLS_DISABLED) {
        return;
    }
    (void)mysql_options(my, MYSQL_OPT_SSL_ENFORCE, &yes);
    if (tls == BRN_MYSQL_TLS_VERIFY) {
        (void)mysql_options(my, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &yes);
    }
    /* Given and not asked for it would be asked all the same. */
    set(my, MYSQL_OPT_SSL_CA, tls == BRN_MYSQL_TLS_VERIFY ? t->ca : NULL);
    set(my, MYSQL_OPT_SSL_CAPATH, tls == BRN_MYSQL_TLS_VERIFY ? t->capath : NULL);
    set(my, MYSQL_OPT_SSL_CRL, tls == BRN_MYSQL_TLS_VERIFY ? t->crl : NULL);
    set(my, MYSQL_OPT_SSL_CERT, t->cert);
    set(my, MYSQL_OPT_SSL_KEY, t->key);
    set(my, MYSQL_OPT_SSL_CIPHER, t->cipher);
    set(my, MYSQL_OPT_TLS_VERSION, t->tls_version);
    if (t->key_password != NULL) {
        (void)mysql_optionsv(my, MARIADB_OPT_TLS_PASSPHRASE, t->key_password);
    }
}

static void set_options(MYSQL *my, const brn_mysql_target *t, brn_mysql_tls tls, int64_t limit_ms)
{
    unsigned seconds = (unsigned)(limit_ms > 0 ? (limit_ms + 999) / 1000 : 0);
    unsigned write_seconds = WRITE_SECONDS;
    unsigned none = 0;
    unsigned protocol = MYSQL_PROTOCOL_TCP;
    size_t stack = STACK_BYTES;

    set(my, MYSQL_READ_DEFAULT_FILE, t->defaults_file);
    set(my, MYSQL_READ_DEFAULT_GROUP, t->defaults_group);
    set(my, MYSQL_SET_CHARSET_NAME, "utf8mb4");
    set(my, MYSQL_INIT_COMMAND, t->mode_command);
    set(my, MYSQL_INIT_COMMAND, t->init_command); /* and this one */
    set(my, MYSQL_PLUGIN_DIR, t->plugin_dir);
    (void)mysql_options(my, MYSQL_OPT_NONBLOCK, &stack);
    (void)mysql_options(my, MYSQL_OPT_LOCAL_INFILE, &none);
    (void)mysql_options(my, MYSQL_OPT_WRITE_TIMEOUT, &write_seconds);
    (void)mysql_optionsv(my, MYSQL_OPT_CONNECT_ATTR_ADD, "program_name", "brant");
    if (seconds > 0) {
        (void)mysql_options(my, MYSQL_OPT_CONNECT_TIMEOUT, &seconds);
    }
    if (t->socket == NULL && t->host != NULL && strcmp(t->host, "localhost") != 0) {
        (void)mysql_options(my, MYSQL_OPT_PROTOCOL, &protocol);
    }
    if (t->compress) {
        set(my, MYSQL_OPT_COMPRESS, "");
    }
    set_tls(my, t, tls);
}

/* --- waiting ---------------------------------------------------------------------------------- */

/* The library switches SIGPIPE off for the whole process when it is first used. */
static void begin_library(void)
{
    struct sigaction before;
    bool known = sigaction(SIGPIPE, NULL, &before) == 0;

    (void)mysql_server_init(0, NULL, NULL);
    if (known) {
        (void)sigaction(SIGPIPE, &before, NULL);
    }
}

void brn_mysql_hang_up(MYSQL *my)
{
    sigset_t pipe;
    sigset_t before;

    if (my == NULL) {
        return;
    }
    (void)sigemptyset(&pipe);
    (void)sigaddset(&pipe, SIGPIPE);
    (void)pthread_sigmask(SIG_BLOCK, &pipe, &before);
    mysql_close(my);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
}

/* One try. */
typedef struct attempt {
    const brn_mysql_goal *goal;
    brn_mysql_tls tls;
    int64_t limit_ms;
    bool looks; /* at the control */
} attempt;

static brant_status wait_for(
    brn_mysql *p, brn_mysql_call *call, const attempt *a, brant_error **err)
{
    int64_t deadline_ns = a->limit_ms > 0 ? brn_clock_mono_ns() + a->limit_ms * BRN_NS_PER_MS : 0;
    int status = brn_mysql_step(call, -1);
    brant_status st = BRANT_OK;

    while (status != 0) {
        int events = MYSQL_WAIT_TIMEOUT;

        if (st == BRANT_OK && a->looks) {
            st = brn_control_check(p->conn.control, err);
        }
        if (st == BRANT_OK && deadline_ns != 0 && brn_clock_mono_ns() >= deadline_ns) {
            st = no_answer(a->goal->host, a->limit_ms, err);
        }
        if (st == BRANT_OK) {
            events = brn_mysql_poll(call->my, status, SLICE_MS);
        }
        status = events != 0 ? brn_mysql_step(call, events) : status;
    }
    return st;
}

static brant_status try_once(MYSQL **out, brn_mysql *p, const attempt *a, brant_error **err)
{
    brn_mysql_call call = { .kind = BRN_MYSQL_CONNECT,
                            .target = a->goal->target,
                            .dbname = a->goal->dbname };
    brant_status st;

    if (a->looks) {
        begin_library(); /* others, of which some are on a thread of their own, come later */
    }
    call.my = mysql_init(NULL);
    if (call.my == NULL) {
        return brn_error_oom(err);
    }
    set_options(call.my, a->goal->target, a->tls, a->limit_ms);
    st = wait_for(p, &call, a, err);
    if (st == BRANT_OK && call.connected == NULL) {
        st = failed(p, call.my, a->goal, err);
    }
    if (st != BRANT_OK) {
        brn_mysql_hang_up(call.my);
        return st;
    }
    *out = call.my;
    return BRANT_OK;
}

brant_status brn_mysql_dial_to(
    MYSQL **out, brn_mysql *p, const brn_mysql_goal *goal, int64_t limit_ms, brant_error **err)
{
    attempt a = { .goal = goal,
                  .tls = wanted_tls(goal->target),
                  .limit_ms = limit_ms > 0 ? limit_ms : p->connect_timeout_ms,
                  .looks = limit_ms == 0 };
    brant_error *failure = NULL;
    brant_status st = try_once(out, p, &a, &failure);

    /* A server that has no encryption is asked for none. */
    if (st == BRANT_ECONNECT && a.tls == BRN_MYSQL_TLS_PREFERRED &&
        strcmp(brant_error_id(failure), "connect.tls") == 0) {
        brant_error_free(failure);
        failure = NULL;
        a.tls = BRN_MYSQL_TLS_DISABLED;
        st = try_once(out, p, &a, &failure);
    }
    if (st != BRANT_OK && err != NULL) {
        *err = failure;
    } else {
        brant_error_free(failure);
    }
    return st;
}

brant_status brn_mysql_dial(
    MYSQL **out, brn_mysql *p, const char *dbname, int64_t limit_ms, brant_error **err)
{
    brn_mysql_goal goal = { .target = &p->target, .host = p->host, .dbname = dbname };

    return brn_mysql_dial_to(out, p, &goal, limit_ms, err);
}
