/* SPDX-License-Identifier: Apache-2.0 */
#include "base/platform.h"

#include <errno.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#ifdef __linux__
#include <poll.h>
#include <sys/inotify.h>
#endif
#include <sys/random.h>

#include "base/clock.h"

#define RANDOM_BYTES 16
#define PASSWD_BYTES 8192 /* a longer passwd entry gives the number of the user */

static void copy_name(char out[BRN_PLATFORM_NAME], const char *name)
{
    (void)snprintf(out, BRN_PLATFORM_NAME, "%s", name);
}

int64_t brn_platform_pid(void)
{
    return (int64_t)getpid();
}

void brn_platform_host(char out[BRN_PLATFORM_NAME])
{
    /* A name that does not fit may come without its NUL. */
    if (gethostname(out, BRN_PLATFORM_NAME - 1) != 0) {
        out[0] = '\0';
    }
    out[BRN_PLATFORM_NAME - 1] = '\0';
    if (out[0] == '\0') {
        copy_name(out, "localhost");
    }
}

void brn_platform_user(char out[BRN_PLATFORM_NAME])
{
    char memory[PASSWD_BYTES];
    struct passwd entry;
    struct passwd *found = NULL;
    uid_t uid = geteuid();

    if (getpwuid_r(uid, &entry, memory, sizeof(memory), &found) == 0 && found != NULL &&
        found->pw_name[0] != '\0') {
        copy_name(out, found->pw_name);
    } else {
        (void)snprintf(out, BRN_PLATFORM_NAME, "%lu", (unsigned long)uid);
    }
}

static bool random_bytes(unsigned char bytes[RANDOM_BYTES])
{
#ifdef __linux__
    ssize_t got;

    do {
        got = getrandom(bytes, RANDOM_BYTES, 0);
    } while (got < 0 && errno == EINTR);
    return got == RANDOM_BYTES;
#else
    return getentropy(bytes, RANDOM_BYTES) == 0;
#endif
}

void brn_platform_random_hex(char out[33])
{
    static const char digits[] = "0123456789abcdef";
    unsigned char bytes[RANDOM_BYTES] = { 0 };

    if (!random_bytes(bytes)) {
        /* Distinct, not secret: two processes differ in pid or time. */
        uint64_t seed =
            (uint64_t)brn_clock_wall_us() ^ (uint64_t)brn_platform_pid() * 0x9e3779b97f4a7c15u;
        for (size_t i = 0; i < RANDOM_BYTES; i++) {
            bytes[i] = (unsigned char)brn_jitter(&seed, 256);
        }
    }
    for (size_t i = 0; i < RANDOM_BYTES; i++) {
        out[2 * i] = digits[bytes[i] >> 4];
        out[2 * i + 1] = digits[bytes[i] & 15];
    }
    out[2 * RANDOM_BYTES] = '\0';
}

/* Without _GNU_SOURCE this is the POSIX strerror_r() everywhere. */
void brn_platform_errno_text(char out[BRN_PLATFORM_NAME], int errnum)
{
    out[0] = '\0';
    if (strerror_r(errnum, out, BRN_PLATFORM_NAME) != 0 && out[0] == '\0') {
        (void)snprintf(out, BRN_PLATFORM_NAME, "error %d", errnum);
    }
}

struct brn_watch {
    int fd;
};

#ifdef __linux__
brn_watch *brn_watch_new(const char *path)
{
    brn_watch *watch = calloc(1, sizeof(*watch));

    if (watch == NULL) {
        return NULL;
    }
    watch->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (watch->fd < 0 ||
        inotify_add_watch(watch->fd, path, IN_CLOSE_WRITE | IN_DELETE_SELF | IN_MOVE_SELF) < 0) {
        brn_watch_free(watch);
        return NULL;
    }
    return watch;
}

void brn_watch_free(brn_watch *watch)
{
    if (watch != NULL && watch->fd >= 0) {
        (void)close(watch->fd);
    }
    free(watch);
}

bool brn_watch_wait(brn_watch *watch, uint32_t ms)
{
    struct pollfd poller = { .events = POLLIN };
    char events[4096];
    int ready;

    if (watch == NULL) {
        brn_clock_sleep_ms(ms);
        return false;
    }
    poller.fd = watch->fd;
    ready = poll(&poller, 1, ms > INT_MAX ? INT_MAX : (int)ms);
    if (ready < 0) {
        /* Without a sleep a caller in a loop would spin. */
        if (errno != EINTR) {
            brn_clock_sleep_ms(ms);
        }
        return false;
    }
    if (ready > 0 && read(watch->fd, events, sizeof(events)) <= 0) {
        brn_clock_sleep_ms(ms);
        return false;
    }
    return ready > 0;
}
#else
brn_watch *brn_watch_new(const char *path)
{
    (void)path;
    return NULL;
}

void brn_watch_free(brn_watch *watch)
{
    free(watch);
}

bool brn_watch_wait(brn_watch *watch, uint32_t ms)
{
    (void)watch;
    brn_clock_sleep_ms(ms);
    return false;
}
#endif
