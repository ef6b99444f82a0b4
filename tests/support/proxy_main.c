/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A proxy for tests and benchmarks: it counts, delays and cuts what goes between a client and a
 * server on this machine, and knows nothing of what they say.
 *
 *     proxy --to PORT|/PATH/OF/A/SOCKET [--port N]
 *           [--delay-us N] [--gather-us N] [--linger-ms N] [--seconds N]
 *           [--cut trip|to-server|to-client --at N [--when before|after] [--how fin|rst|hole]
 *            [--connection N | --every yes]]
 *
 * The first line that it prints is the port on which it listens (--port, or a free one), the others
 * are statistics in JSON: one for each SIGUSR1, and one at the end, which SIGTERM asks for.
 *
 * A round trip: the client sends after the server last spoke on this connection; what it sends
 * first begins the first. --delay-us holds the bytes that begin one for so long.
 *
 * A client that sends ahead in several parts may see the first answers before its last part: more
 * round trips, by chance, though it waited for none. With --gather-us nothing is taken from the
 * server until the client was silent for so long, so that only those are counted without which the
 * client did not go on.
 *
 * --cut ends a connection, by default the first that comes so far:
 *
 *     trip       at round trip N. before: what the client said does not reach the server. after: it
 *                does, the server acts, and the client does not get the answer.
 *     to-server  at byte N from the client. before: of what came with this byte nothing is passed
 *                on. after: everything up to this byte is.
 *     to-client  the same from the server.
 *
 * fin closes both sides, rst resets both, hole leaves them open and moves nothing any more. With
 * --linger-ms the server's side is kept until the server was silent for so long, so that it ends
 * what it is doing.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))
#define BUFFER_BYTES 65536u
#define MAX_LINKS 400u /* both sockets of each are below FD_SETSIZE */
#define FIRST_PORT 15000u
#define PORTS 17000u /* all below the range of the system, 32768 */
#define NEVER INT64_MAX

typedef enum cut_kind {
    CUT_NONE = 0,
    CUT_TRIP,
    CUT_TO_SERVER,
    CUT_TO_CLIENT
} cut_kind;
typedef enum cut_when {
    CUT_AFTER = 0,
    CUT_BEFORE
} cut_when;
typedef enum cut_how {
    CUT_FIN = 0,
    CUT_RST,
    CUT_HOLE
} cut_how;

typedef struct options {
    const char *to;
    uint64_t port;
    uint64_t delay_us;
    uint64_t gather_us;
    uint64_t linger_ms;
    uint64_t seconds;
    uint64_t cut;
    uint64_t at;
    uint64_t when;
    uint64_t how;
    uint64_t connection;
    uint64_t every;
} options;

/* One direction. What was read is written before more is read. */
typedef struct flow {
    int from;
    int to;
    size_t start;
    size_t len;
    uint64_t bytes; /* read */
    bool ended;     /* nothing more comes */
    bool passed_on; /* and the other side knows */
    bool last;      /* the connection is cut when what is here is written */
    unsigned char data[BUFFER_BYTES];
} flow;

typedef enum link_state {
    LINK_OPEN = 0,
    LINK_HOLE,
    LINK_LINGERS,
    LINK_CLOSED
} link_state;

typedef struct link_pair {
    link_state state;
    uint64_t number;
    flow up;   /* from the client to the server */
    flow down; /* from the server to the client */
    uint64_t trips;
    bool client_spoke; /* last */
    bool armed;        /* the server's next word is the cut */
    int64_t until_us;  /* held, or lingering */
    int64_t hear_us;   /* when the server is listened to */
} link_pair;

typedef struct proxy {
    options o;
    int listener;
    link_pair *links[MAX_LINKS];
    size_t count;
    uint64_t connections;
    uint64_t trips;
    uint64_t to_server;
    uint64_t to_client;
    uint64_t cuts;
} proxy;

static volatile sig_atomic_t asked_to_end;
static volatile sig_atomic_t asked_to_tell;

static void on_signal(int number)
{
    if (number == SIGUSR1) {
        asked_to_tell = 1;
    } else {
        asked_to_end = 1;
    }
}

static int64_t now_us(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void tell(const proxy *p)
{
    (void)printf(
        "{\"connections\":%" PRIu64 ",\"open\":%zu,\"round_trips\":%" PRIu64
        ",\"to_server\":%" PRIu64 ",\"to_client\":%" PRIu64 ",\"cuts\":%" PRIu64 "}\n",
        p->connections, p->count, p->trips, p->to_server, p->to_client, p->cuts);
    (void)fflush(stdout);
}

/* --- sockets ---------------------------------------------------------------------------------- */

static void make_ready(int fd)
{
    int one = 1;

    (void)fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)); /* fails for local sockets */
}

static struct sockaddr_in loopback(uint64_t port)
{
    return (struct sockaddr_in){
        .sin_family = AF_INET,
        .sin_port = htons((uint16_t)port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
}

static int connect_server(const char *to)
{
    struct sockaddr_in tcp = loopback(strtoull(to, NULL, 10));
    struct sockaddr_un local = { .sun_family = AF_UNIX };
    bool is_local = to[0] == '/';
    int fd = socket(is_local ? AF_UNIX : AF_INET, SOCK_STREAM, 0);
    int rc;

    if (fd < 0) {
        return -1;
    }
    (void)snprintf(local.sun_path, sizeof(local.sun_path), "%s", to);
    /* On this machine it is there or refuses at once, so it may block. */
    rc = is_local ? connect(fd, (const struct sockaddr *)&local, sizeof(local))
                  : connect(fd, (const struct sockaddr *)&tcp, sizeof(tcp));
    if (rc != 0) {
        (void)close(fd);
        return -1;
    }
    make_ready(fd);
    return fd;
}

/* port 0: where it is free. */
static int listen_somewhere(uint64_t wanted)
{
    unsigned first = (unsigned)getpid() * 2654435761u;

    for (unsigned i = 0; i < (wanted != 0 ? 1 : PORTS); i++) {
        uint64_t port = wanted != 0 ? wanted : FIRST_PORT + (first + i) % PORTS;
        struct sockaddr_in address = loopback(port);
        int fd = socket(AF_INET, SOCK_STREAM, 0);
        int one = 1;

        if (fd < 0) {
            return -1;
        }
        (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
        if (bind(fd, (const struct sockaddr *)&address, sizeof(address)) == 0 &&
            listen(fd, 128) == 0) {
            make_ready(fd);
            (void)printf("%" PRIu64 "\n", port);
            (void)fflush(stdout);
            return fd;
        }
        (void)close(fd);
    }
    return -1;
}

static void close_socket(int *fd, bool reset)
{
    const struct linger at_once = { .l_onoff = 1, .l_linger = 0 };

    if (*fd < 0) {
        return;
    }
    if (reset) {
        (void)setsockopt(*fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    }
    (void)close(*fd);
    *fd = -1;
}

/* --- connections ------------------------------------------------------------------------------ */

static void close_link(link_pair *l, bool reset)
{
    close_socket(&l->up.from, reset);
    close_socket(&l->down.from, reset);
    l->state = LINK_CLOSED;
}

static void cut(proxy *p, link_pair *l)
{
    p->cuts++;
    l->up.len = 0;
    l->down.len = 0;
    l->until_us = NEVER;
    if (p->o.how == CUT_HOLE) {
        l->state = LINK_HOLE;
    } else if (p->o.linger_ms > 0) {
        close_socket(&l->up.from, p->o.how == CUT_RST);
        l->state = LINK_LINGERS;
        l->until_us = now_us() + (int64_t)p->o.linger_ms * 1000;
    } else {
        close_link(l, p->o.how == CUT_RST);
    }
}

static void accept_client(proxy *p)
{
    int client = accept(p->listener, NULL, NULL);
    int server = -1;
    link_pair *l = NULL;

    if (client < 0) {
        return;
    }
    p->connections++;
    server = connect_server(p->o.to);
    l = server >= 0 ? calloc(1, sizeof(*l)) : NULL;
    if (l == NULL) {
        close_socket(&client, true);
        close_socket(&server, true);
        return;
    }
    make_ready(client);
    l->number = p->connections;
    l->up.from = l->down.to = client;
    l->up.to = l->down.from = server;
    l->until_us = NEVER;
    p->links[p->count++] = l;
}

static bool is_meant(const proxy *p, const link_pair *l, cut_kind kind)
{
    if (p->o.cut != kind || (p->o.connection != 0 && p->o.connection != l->number)) {
        return false;
    }
    return p->o.every != 0 || p->cuts == 0;
}

/* What was just read reaches the byte of the cut. True: the connection is gone. */
static bool cut_at_byte(proxy *p, link_pair *l, flow *f, cut_kind kind)
{
    uint64_t before = f->bytes - f->len;

    if (!is_meant(p, l, kind) || f->bytes < p->o.at || before >= p->o.at) {
        return false;
    }
    if (p->o.when == CUT_BEFORE) {
        cut(p, l);
        return true;
    }
    f->len = (size_t)(p->o.at - before);
    f->last = true;
    return false;
}

static void begin_trip(proxy *p, link_pair *l)
{
    l->client_spoke = true;
    l->trips++;
    p->trips++;
    if (p->o.delay_us > 0) {
        l->until_us = now_us() + (int64_t)p->o.delay_us;
    }
    if (is_meant(p, l, CUT_TRIP) && l->trips == p->o.at) {
        if (p->o.when == CUT_BEFORE) {
            cut(p, l);
        } else {
            l->armed = true;
        }
    }
}

/* False: nothing came, or the connection is gone. */
static bool fill(link_pair *l, flow *f)
{
    ssize_t n = read(f->from, f->data, sizeof(f->data));

    if (n > 0) {
        f->start = 0;
        f->len = (size_t)n;
        f->bytes += (uint64_t)n;
        return true;
    }
    if (n == 0) {
        f->ended = true;
    } else if (errno != EAGAIN && errno != EINTR) {
        close_link(l, true); /* a reset is passed on as one */
    }
    return false;
}

static void read_client(proxy *p, link_pair *l)
{
    if (!fill(l, &l->up)) {
        return;
    }
    p->to_server += l->up.len;
    l->hear_us = now_us() + (int64_t)p->o.gather_us;
    if (!l->client_spoke) {
        begin_trip(p, l);
    }
    if (l->state == LINK_OPEN) {
        (void)cut_at_byte(p, l, &l->up, CUT_TO_SERVER);
    }
}

static void read_server(proxy *p, link_pair *l)
{
    if (!fill(l, &l->down)) {
        return;
    }
    p->to_client += l->down.len;
    l->client_spoke = false;
    if (l->armed) {
        cut(p, l);
    } else {
        (void)cut_at_byte(p, l, &l->down, CUT_TO_CLIENT);
    }
}

static void drain(proxy *p, link_pair *l)
{
    if (fill(l, &l->down)) {
        l->down.len = 0;
        l->until_us = now_us() + (int64_t)p->o.linger_ms * 1000;
    } else if (l->down.ended) {
        close_link(l, false);
    }
}

static void flush(proxy *p, link_pair *l, flow *f)
{
    ssize_t n = send(f->to, f->data + f->start, f->len, MSG_NOSIGNAL);

    if (n < 0) {
        if (errno != EAGAIN && errno != EINTR) {
            close_link(l, true);
        }
        return;
    }
    f->start += (size_t)n;
    f->len -= (size_t)n;
    if (f->len == 0 && f->last) {
        cut(p, l);
    }
}

static void pass_on_end(flow *f)
{
    if (f->ended && f->len == 0 && !f->passed_on) {
        (void)shutdown(f->to, SHUT_WR);
        f->passed_on = true;
    }
}

/* --- the loop --------------------------------------------------------------------------------- */

typedef struct sets {
    fd_set reads;
    fd_set writes;
    int highest;
    int64_t until_us;
} sets;

static void want(sets *s, fd_set *set, int fd)
{
    FD_SET(fd, set);
    s->highest = fd > s->highest ? fd : s->highest;
}

static void want_flow(sets *s, const flow *f, bool held)
{
    if (f->len > 0 && !held) {
        want(s, &s->writes, f->to);
    } else if (f->len == 0 && !f->ended) {
        want(s, &s->reads, f->from);
    }
}

static void want_link(sets *s, const link_pair *l)
{
    if (l->until_us < s->until_us) {
        s->until_us = l->until_us;
    }
    if (l->state == LINK_OPEN) {
        want_flow(s, &l->up, l->until_us != NEVER);
        if (l->hear_us > now_us()) {
            s->until_us = l->hear_us < s->until_us ? l->hear_us : s->until_us;
        } else {
            want_flow(s, &l->down, false);
        }
    } else if (l->state == LINK_LINGERS) {
        want(s, &s->reads, l->down.from);
    }
}

/* The client first: what it said cannot be an answer to words that it has not got yet. */
static void move(proxy *p, link_pair *l, const sets *s)
{
    int client = l->up.from;
    int server = l->down.from;

    if (l->state == LINK_LINGERS) {
        if (FD_ISSET(server, &s->reads)) {
            drain(p, l);
        }
        return;
    }
    if (l->state == LINK_OPEN && FD_ISSET(client, &s->reads)) {
        read_client(p, l);
    }
    if (l->state == LINK_OPEN && FD_ISSET(server, &s->reads)) {
        read_server(p, l);
    }
    if (l->state == LINK_OPEN && l->up.len > 0 && l->until_us == NEVER) {
        flush(p, l, &l->up);
    }
    if (l->state == LINK_OPEN && l->down.len > 0) {
        flush(p, l, &l->down);
    }
    if (l->state == LINK_OPEN) {
        pass_on_end(&l->up);
        pass_on_end(&l->down);
        if (l->up.passed_on && l->down.passed_on) {
            close_link(l, false);
        }
    }
}

static void end_waits(link_pair *l, int64_t now)
{
    if (l->until_us > now) {
        return;
    }
    l->until_us = NEVER;
    if (l->state == LINK_LINGERS) {
        close_link(l, false);
    }
}

static void forget_closed(proxy *p)
{
    size_t kept = 0;

    for (size_t i = 0; i < p->count; i++) {
        if (p->links[i]->state == LINK_CLOSED) {
            free(p->links[i]);
        } else {
            p->links[kept++] = p->links[i];
        }
    }
    p->count = kept;
}

static void turn(proxy *p, int64_t end_us, const sigset_t *unblocked)
{
    sets s = { .highest = p->listener, .until_us = end_us };
    struct timespec wait;
    int64_t left;
    int ready;

    FD_ZERO(&s.reads);
    FD_ZERO(&s.writes);
    if (p->count < MAX_LINKS) {
        want(&s, &s.reads, p->listener);
    }
    for (size_t i = 0; i < p->count; i++) {
        want_link(&s, p->links[i]);
    }
    left = s.until_us - now_us();
    left = left > 0 ? left : 0;
    wait = (struct timespec){ .tv_sec = left / 1000000, .tv_nsec = left % 1000000 * 1000 };
    ready = pselect(s.highest + 1, &s.reads, &s.writes, NULL, &wait, unblocked);
    if (ready < 0) {
        FD_ZERO(&s.reads);
        FD_ZERO(&s.writes);
    }
    for (size_t i = 0; i < p->count; i++) {
        end_waits(p->links[i], now_us());
        move(p, p->links[i], &s);
    }
    forget_closed(p);
    if (FD_ISSET(p->listener, &s.reads)) {
        accept_client(p);
    }
}

/* --- the command line ------------------------------------------------------------------------- */

typedef struct option_row {
    const char *name;
    size_t offset;
    const char *choices[5]; /* their place is the value; none: a number */
} option_row;

static const option_row option_rows[] = {
    { "--port", offsetof(options, port), { NULL } },
    { "--delay-us", offsetof(options, delay_us), { NULL } },
    { "--gather-us", offsetof(options, gather_us), { NULL } },
    { "--linger-ms", offsetof(options, linger_ms), { NULL } },
    { "--seconds", offsetof(options, seconds), { NULL } },
    { "--cut", offsetof(options, cut), { "none", "trip", "to-server", "to-client", NULL } },
    { "--at", offsetof(options, at), { NULL } },
    { "--when", offsetof(options, when), { "after", "before", NULL } },
    { "--how", offsetof(options, how), { "fin", "rst", "hole", NULL } },
    { "--connection", offsetof(options, connection), { NULL } },
    { "--every", offsetof(options, every), { "no", "yes", NULL } },
};

static bool read_value(uint64_t *out, const option_row *row, const char *value)
{
    char *end = NULL;

    for (size_t i = 0; row->choices[i] != NULL; i++) {
        if (strcmp(row->choices[i], value) == 0) {
            *out = i;
            return true;
        }
    }
    *out = strtoull(value, &end, 10);
    return row->choices[0] == NULL && end != value && *end == '\0';
}

static bool read_option(options *o, const char *name, const char *value)
{
    if (strcmp(name, "--to") == 0) {
        o->to = value;
        return true;
    }
    for (size_t i = 0; i < ARRAY_LEN(option_rows); i++) {
        if (strcmp(option_rows[i].name, name) == 0) {
            void *field = (char *)o + option_rows[i].offset;

            return read_value(field, &option_rows[i], value);
        }
    }
    return false;
}

static bool read_options(options *o, int argc, char **argv)
{
    for (int i = 1; i < argc; i += 2) {
        if (i + 1 == argc || !read_option(o, argv[i], argv[i + 1])) {
            return false;
        }
    }
    return o->to != NULL && (o->cut == CUT_NONE) == (o->at == 0);
}

static void prepare_signals(sigset_t *unblocked)
{
    struct sigaction action = { .sa_handler = on_signal };
    sigset_t blocked;

    (void)sigemptyset(&blocked);
    for (size_t i = 0; i < 3; i++) {
        const int numbers[] = { SIGTERM, SIGINT, SIGUSR1 };

        (void)sigaddset(&blocked, numbers[i]);
        (void)sigaction(numbers[i], &action, NULL);
    }
    /* They come in pselect() only. */
    (void)sigprocmask(SIG_BLOCK, &blocked, unblocked);
}

int main(int argc, char **argv)
{
    proxy p = { .o.seconds = 3600 };
    sigset_t unblocked;
    int64_t end_us;

    if (!read_options(&p.o, argc, argv)) {
        (void)fputs("proxy: wrong options; see the head of proxy_main.c\n", stderr);
        return 2;
    }
#ifdef __linux__
    (void)prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0); /* delays are of microseconds */
#endif
    prepare_signals(&unblocked);
    p.listener = listen_somewhere(p.o.port);
    if (p.listener < 0) {
        (void)fputs("proxy: no free port\n", stderr);
        return 1;
    }
    end_us = now_us() + (int64_t)p.o.seconds * 1000000;
    while (!asked_to_end && now_us() < end_us) {
        turn(&p, end_us, &unblocked);
        if (asked_to_tell) {
            asked_to_tell = 0;
            tell(&p);
        }
    }
    tell(&p);
    for (size_t i = 0; i < p.count; i++) {
        close_link(p.links[i], false);
    }
    forget_closed(&p);
    return 0;
}
