/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The migration lock: flock() on "<database>-brant-lock". It dies with its holder, and it leaves
 * the database file alone, on which closing any descriptor would drop SQLite's own (POSIX) locks.
 *
 * The file is removed by whoever holds the lock, when letting go. So a descriptor may be of a file
 * that nobody else will open any more: after taking the flock, the file at the path must still be
 * the one that was opened.
 *
 * Waiters watch the file for the close of a descriptor that was open for writing. Therefore the
 * holder always has one, and those who only try never do: their failures must not wake the others.
 * A watch is set before the last try, else the holder could leave between the try and the watch.
 */
#include "engines/sqlite/sqlite.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/platform.h"

/* Rounds of opening while the file changes under us. */
#define ROUNDS 200
/* A looker's shared lock lasts microseconds, and a dying holder's files are closed one by one. */
#define TRIES 4
#define TRY_AGAIN_MS 1
#define CONTENT_BYTES 2048
#define DOUBT_FIRST_MS 2
#define DOUBT_LAST_MS 512
/* Longest sleep when no watch could be set, as when the file was gone at that moment. */
#define UNWATCHED_MS 50

static void close_fd(int *fd)
{
    if (*fd >= 0) {
        (void)close(*fd);
        *fd = -1;
    }
}

static int open_now(const char *path, int flags)
{
    int fd;

    do {
        fd = open(path, flags | O_NOFOLLOW | O_CLOEXEC, 0600);
    } while (fd < 0 && errno == EINTR);
    return fd;
}

static int flock_now(int fd, int how)
{
    int rc;

    do {
        rc = flock(fd, how | LOCK_NB);
    } while (rc != 0 && errno == EINTR);
    return rc == 0 ? 0 : errno;
}

static bool same_file(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* 0: `fd` is what the path leads to now. ESTALE: it is not; another error: nobody can tell. */
static int check_current(int fd, const char *path)
{
    struct stat opened;
    struct stat present;

    if (fstat(fd, &opened) != 0 || lstat(path, &present) != 0) {
        return errno == ENOENT ? ESTALE : errno;
    }
    return same_file(&opened, &present) ? 0 : ESTALE;
}

static bool is_current(int fd, const char *path)
{
    return check_current(fd, path) == 0;
}

bool brn_sqlite_lock_is_ours(const brn_sqlite *s)
{
    return s->lock.held && (s->lock_path == NULL || is_current(s->lock.fd, s->lock_path));
}

/* --- taking ----------------------------------------------------------------------------------- */

static brant_status no_file(const brn_sqlite *s, int errnum, brant_error **err)
{
    brant_status st =
        brn_error_errno(err, "lock.no_file", errnum, "use the lock file", s->lock_path);

    if (errnum == ELOOP) {
        brn_error_hint(err, "It is a symbolic link, which brant does not follow. Remove it.");
    } else if (errnum == EACCES || errnum == EPERM || errnum == EROFS) {
        brn_error_hint(
            err, "brant keeps its lock beside the database file: give this user the right to write "
                 "that directory, and to write the lock file if another user left one.");
    } else {
        brn_error_hint(err, "The file system must support flock().");
    }
    return st;
}

/* Who may write the database may lock it, whoever ran first and whatever the umask was. */
static void share_with_users_of(int fd, const struct stat *database)
{
    /* Only root may give a file away; others share by mode. */
    (void)!fchown(fd, database->st_uid, database->st_gid);
    (void)fchmod(fd, (database->st_mode & 0666) | 0600);
}

/* Opens the file for trying, or makes it. *made: the descriptor is open for writing. */
static int open_lock_file(int *fd, bool *made, const brn_sqlite *s)
{
    struct stat database;

    *made = false;
    *fd = open_now(s->lock_path, O_RDONLY | O_NONBLOCK);
    if (*fd >= 0 || errno != ENOENT) {
        return *fd >= 0 ? 0 : errno;
    }
    *fd = open_now(s->lock_path, O_RDWR | O_CREAT | O_EXCL);
    if (*fd < 0) {
        return errno == EEXIST ? EAGAIN : errno;
    }
    *made = true;
    if (stat(s->path, &database) == 0) {
        share_with_users_of(*fd, &database);
    }
    return 0;
}

static void write_content(int fd, brn_str what)
{
    char user[BRN_PLATFORM_NAME];
    char host[BRN_PLATFORM_NAME];
    char since[BRN_CLOCK_TEXT];
    brn_json json;
    brn_buf text;

    brn_platform_user(user);
    brn_platform_host(host);
    brn_clock_rfc3339(since, brn_clock_wall_us());
    brn_buf_init(&text, CONTENT_BYTES);
    brn_json_begin(&json, &text, 0);
    brn_json_object(&json);
    brn_json_key_int(&json, "pid", brn_platform_pid());
    brn_json_key_cstr(&json, "who", user);
    brn_json_key_cstr(&json, "host", host);
    brn_json_key_cstr(&json, "since", since);
    brn_json_key(&json, "what");
    brn_json_str(&json, what);
    brn_json_end(&json);
    brn_buf_add_char(&text, '\n');
    /* For people only: the lock is the flock, so a full disk is no reason to fail. */
    if (ftruncate(fd, 0) == 0 && !text.failed) {
        (void)!pwrite(fd, text.ptr, text.len, 0);
    }
    brn_buf_release(&text);
}

/* EWOULDBLOCK: somebody has it. EAGAIN cannot be told from it, so "once more" is ESTALE. */
static int try_once(brn_sqlite *s, brn_str what)
{
    int fd = -1;
    int mark = -1;
    bool made = false;
    int rc = open_lock_file(&fd, &made, s);

    if (rc != 0) {
        return rc == EAGAIN ? ESTALE : rc;
    }
    rc = flock_now(fd, LOCK_EX);
    if (rc == 0) {
        rc = check_current(fd, s->lock_path);
    }
    if (rc == 0 && !made) {
        /* A file that a killed holder left. */
        mark = open_now(s->lock_path, O_RDWR);
        rc = mark < 0 ? errno : 0;
    }
    if (rc != 0) {
        close_fd(&fd);
        return rc;
    }
    write_content(made ? fd : mark, what);
    s->lock.fd = fd;
    s->lock.mark_fd = mark;
    return 0;
}

static int try_some(brn_sqlite *s, brn_str what)
{
    int rc = ESTALE;

    for (int i = 0; i < ROUNDS && rc == ESTALE; i++) {
        rc = try_once(s, what);
    }
    return rc;
}

static int try_again(brn_sqlite *s, brn_str what)
{
    int rc = try_some(s, what);

    for (int i = 1; i < TRIES && rc == EWOULDBLOCK; i++) {
        brn_clock_sleep_ms(TRY_AGAIN_MS);
        rc = try_some(s, what);
    }
    return rc;
}

void brn_sqlite_watch_release(brn_sqlite *s)
{
    brn_watch_free(s->lock.watch);
    s->lock.watch = NULL;
}

/*
 * Tries with a new watch in place. Never with an old one: the file it was on may be gone, and its
 * inode number proves nothing, since the next file gets the same.
 */
static int try_watching(brn_sqlite *s, brn_str what)
{
    int rc = EWOULDBLOCK;

    brn_sqlite_watch_release(s);
    for (int i = 0; i < TRIES && rc == EWOULDBLOCK && s->lock.watch == NULL; i++) {
        s->lock.watch = brn_watch_new(s->lock_path);
        rc = try_some(s, what);
    }
    return rc;
}

brant_status brn_sqlite_lock_take(brn_conn *conn, const char *what, brant_error **err)
{
    brn_sqlite *s = (brn_sqlite *)conn;
    brn_str text = brn_str_from(what);
    brant_status st;
    int rc;

    if (s->lock.held) {
        return brn_error(
            err, BRANT_EINTERNAL, "lock.twice", "this connection holds the migration lock already");
    }
    if (s->lock_path == NULL) {
        s->lock.held = true;
        return BRANT_OK;
    }
    rc = try_again(s, text);
    if (rc == EWOULDBLOCK) {
        rc = try_watching(s, text);
    }
    if (rc == 0) {
        s->lock.held = true;
        brn_sqlite_watch_release(s);
        return BRANT_OK;
    }
    if (rc == EWOULDBLOCK || rc == ESTALE) {
        st = brn_error(
            err, BRANT_ELOCKED, "lock.held", "the migration lock is held by another process");
        brn_error_hint(
            err,
            "Wait until it is done; \"brant lock\" shows who holds it. The lock goes away with "
            "the process that holds it.");
        return st;
    }
    return no_file(s, rc, err);
}

void brn_sqlite_lock_release(brn_conn *conn)
{
    brn_sqlite *s = (brn_sqlite *)conn;

    if (!s->lock.held) {
        return;
    }
    if (s->lock_path != NULL && is_current(s->lock.fd, s->lock_path)) {
        (void)unlink(s->lock_path);
    }
    /* The mark last: its close wakes the waiters, who should then find the lock free. */
    close_fd(&s->lock.fd);
    close_fd(&s->lock.mark_fd);
    s->lock.held = false;
}

/*
 * The kernel tells of the close before it gives up the lock, and of a killed process it closes the
 * descriptors in an order of its own: on a busy machine the woken one may try too early, and nobody
 * wakes it again. So waits behind a wake-up are short at first.
 */
static bool wait_for_event(brn_sqlite_lock *lock, uint32_t ms)
{
    bool doubts = lock->doubt_ms > 0 && lock->doubt_ms < ms;
    bool woken = brn_watch_wait(lock->watch, doubts ? lock->doubt_ms : ms);

    if (woken) {
        lock->doubt_ms = DOUBT_FIRST_MS;
    } else {
        lock->doubt_ms = lock->doubt_ms < DOUBT_LAST_MS ? lock->doubt_ms * 4 : 0;
    }
    return woken || doubts;
}

bool brn_sqlite_lock_wait(brn_conn *conn, uint32_t ms)
{
    brn_sqlite *s = (brn_sqlite *)conn;
    struct stat present;

    /* Nothing to wait for: the holder took the file along when it left. */
    if (s->lock_path != NULL && lstat(s->lock_path, &present) != 0 && errno == ENOENT) {
        return true;
    }
    if (s->lock.watch == NULL && s->lock_path != NULL && ms > UNWATCHED_MS) {
        ms = UNWATCHED_MS;
    }
    /* Without a watch each end of a sleep is a reason to look. */
    return wait_for_event(&s->lock, ms) || s->lock.watch == NULL;
}

/* --- looking ---------------------------------------------------------------------------------- */

/* Value of a key in the one line that write_content() makes: names without escapes, values flat. */
static brn_str find_value(brn_str line, const char *key)
{
    char pattern[32];
    size_t at;
    size_t end;

    (void)snprintf(pattern, sizeof(pattern), "\"%s\":", key);
    at = brn_str_find(line, brn_str_from(pattern));
    if (at == SIZE_MAX) {
        return BRN_STR("");
    }
    line = brn_str_slice(line, at + strlen(pattern), line.len);
    if (line.len > 0 && line.ptr[0] == '"') {
        end = 1;
        while (end < line.len && line.ptr[end] != '"') {
            end += line.ptr[end] == '\\' ? 2 : 1;
        }
        return brn_str_slice(line, 1, end < line.len ? end : line.len);
    }
    end = 0;
    while (end < line.len && line.ptr[end] != ',' && line.ptr[end] != '}') {
        end++;
    }
    return brn_str_slice(line, 0, end);
}

/* Undoes \" and \\; other escapes stand for characters that no name here has. */
static void copy_value(char *out, size_t size, brn_str value)
{
    size_t len = 0;

    for (size_t i = 0; i < value.len && len + 1 < size; i++) {
        if (value.ptr[i] == '\\' && i + 1 < value.len) {
            i++;
        }
        out[len++] = value.ptr[i];
    }
    out[len] = '\0';
}

static void parse_content(brn_lock_holder *out, brn_str line)
{
    char host[BRN_PLATFORM_NAME] = "";
    uint64_t pid = 0;
    size_t len;

    if (brn_str_to_u64(find_value(line, "pid"), &pid) && pid <= INT32_MAX) {
        out->pid = (int64_t)pid;
    }
    if (!brn_clock_parse_rfc3339(find_value(line, "since"), &out->since_us)) {
        out->since_us = 0;
    }
    copy_value(out->what, sizeof(out->what), find_value(line, "what"));
    copy_value(out->who, sizeof(out->who), find_value(line, "who"));
    copy_value(host, sizeof(host), find_value(line, "host"));
    len = strlen(out->who);
    (void)snprintf(out->who + len, sizeof(out->who) - len, "@%s", host);
}

static void read_content(brn_lock_holder *out, int fd)
{
    char text[CONTENT_BYTES];
    ssize_t got = pread(fd, text, sizeof(text), 0);

    if (got > 0) {
        parse_content(out, (brn_str){ text, (size_t)got });
    }
}

brant_status brn_sqlite_lock_holder(brn_lock_holder *out, brn_conn *conn, brant_error **err)
{
    brn_sqlite *s = (brn_sqlite *)conn;
    brn_lock_holder holder = { 0 };
    int fd = -1;
    int rc;

    if (s->lock_path == NULL) {
        holder.held = s->lock.held;
        holder.mine = s->lock.held;
        holder.pid = s->lock.held ? brn_platform_pid() : 0;
        *out = holder;
        return BRANT_OK;
    }
    fd = open_now(s->lock_path, O_RDONLY | O_NONBLOCK);
    if (fd < 0 && errno != ENOENT) {
        return no_file(s, errno, err);
    }
    if (fd >= 0) {
        rc = flock_now(fd, LOCK_SH);
        if (rc != 0 && rc != EWOULDBLOCK) {
            close_fd(&fd);
            return no_file(s, rc, err);
        }
        /* What a killed holder left says nothing about now. */
        if (rc == EWOULDBLOCK) {
            holder.held = true;
            holder.mine = s->lock.held && is_current(s->lock.fd, s->lock_path);
            read_content(&holder, fd);
        }
        close_fd(&fd);
    }
    *out = holder;
    return BRANT_OK;
}

static brant_status not_ours(const char *why, brant_error **err)
{
    brant_status st =
        brn_error(err, BRANT_ELOCKED, "lock.not_ours", "cannot break the migration lock: %s", why);

    brn_error_hint(err, "End the process that holds it; the lock goes away with it.");
    return st;
}

brant_status brn_sqlite_lock_break(brn_conn *conn, const brn_lock_holder *holder, brant_error **err)
{
    brn_lock_holder now = { 0 };
    char host[BRN_PLATFORM_NAME];
    const char *at = NULL;
    brant_status st = brn_sqlite_lock_holder(&now, conn, err);

    if (st != BRANT_OK || !now.held) {
        return st;
    }
    brn_platform_host(host);
    at = strrchr(now.who, '@');
    if (now.pid <= 1 || now.pid != holder->pid) {
        return not_ours("its holder is not the one that was asked about", err);
    }
    if (at == NULL || strcmp(at + 1, host) != 0) {
        return not_ours("its holder runs on another host", err);
    }
    if (now.pid == brn_platform_pid()) {
        return not_ours("this process holds it", err);
    }
    if (kill((pid_t)now.pid, SIGTERM) != 0) {
        return not_ours(
            errno == ESRCH ? "its holder is not visible here" : "no right to end its holder", err);
    }
    return BRANT_OK;
}
