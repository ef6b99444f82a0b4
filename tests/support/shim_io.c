/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A library to preload: makes the N-th call of a kind fail, whichever library makes it.
 *
 *     LD_PRELOAD=shim_io.so SHIM_FAULT=pwrite:EIO:3 brant up        the third one only
 *     LD_PRELOAD=shim_io.so SHIM_FAULT=pwrite:ENOSPC:3+ brant up    and all that follow
 *     LD_PRELOAD=shim_io.so SHIM_FAULT=pwrite:short:3 brant up      writes half of it
 *     LD_PRELOAD=shim_io.so SHIM_COUNTS=FILE brant up               "pwrite 17", a line for each
 * kind
 *
 * Kinds are named after the calls in the table below; variants such as open64 count as one.
 * Standard streams are left alone. What the C library does inside (opendir, realpath) cannot be
 * seen, so these are kinds of their own. A close that fails has closed.
 */
#define _GNU_SOURCE /* RTLD_NEXT */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#define EACH_KIND(X)                                                                               \
    X(open)                                                                                        \
    X(close)                                                                                       \
    X(read)                                                                                        \
    X(pread)                                                                                       \
    X(write)                                                                                       \
    X(pwrite)                                                                                      \
    X(fsync)                                                                                       \
    X(ftruncate)                                                                                   \
    X(flock)                                                                                       \
    X(fcntl)                                                                                       \
    X(stat)                                                                                        \
    X(access)                                                                                      \
    X(readlink)                                                                                    \
    X(rename)                                                                                      \
    X(unlink)                                                                                      \
    X(mkdir)                                                                                       \
    X(rmdir)                                                                                       \
    X(fchmod)                                                                                      \
    X(opendir)                                                                                     \
    X(readdir)                                                                                     \
    X(realpath)                                                                                    \
    X(getcwd)                                                                                      \
    X(inotify)

enum kind {
#define KIND(name) KIND_##name,
    EACH_KIND(KIND)
#undef KIND
    KIND_COUNT
};

static const char *const kind_names[KIND_COUNT] = {
#define KIND(name) #name,
    EACH_KIND(KIND)
#undef KIND
};

static const struct {
    const char *name;
    int number;
} errors[] = {
    { "EIO", EIO },       { "ENOSPC", ENOSPC }, { "EINTR", EINTR },   { "EMFILE", EMFILE },
    { "EACCES", EACCES }, { "ENOLCK", ENOLCK }, { "ENOMEM", ENOMEM }, { "short", 0 },
};

static struct {
    bool ready;
    bool onwards;
    bool over;
    int kind; /* -1: none */
    int error;
    unsigned long at;
    unsigned long counts[KIND_COUNT];
} state;

/* ---- what was asked for ---- */

static void read_fault(const char *text)
{
    char kind[32] = "";
    char error[32] = "";
    char *end = NULL;
    int len = 0;

    state.kind = -1;
    if (text == NULL || sscanf(text, "%31[^:]:%31[^:]:%n", kind, error, &len) < 2 || len == 0) {
        return;
    }
    state.at = strtoul(text + len, &end, 10);
    for (int i = 0; i < KIND_COUNT; i++) {
        state.kind = strcmp(kind, kind_names[i]) == 0 ? i : state.kind;
    }
    for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
        state.error = strcmp(error, errors[i].name) == 0 ? errors[i].number : state.error;
    }
    state.onwards = *end == '+';
}

/* Whether this call is to fail; errno is set. A short one has errno 0. */
static bool fails(enum kind kind)
{
    unsigned long number;

    if (!state.ready) {
        state.ready = true;
        read_fault(getenv("SHIM_FAULT"));
    }
    if (state.over) {
        return false;
    }
    number = ++state.counts[kind];
    if ((int)kind != state.kind || number < state.at || (number > state.at && !state.onwards)) {
        return false;
    }
    errno = state.error;
    return true;
}

/* A build that measures coverage writes its counts as its last act, and that is not what we test.
 */
static void note_end(const char *path)
{
    size_t len = strlen(path);

    state.over = state.over || (len > 5 && strcmp(path + len - 5, ".gcda") == 0);
}

/* The function behind ours. */
static void find(void *function, const char *name)
{
    void *found = dlsym(RTLD_NEXT, name);

    if (found == NULL) {
        abort();
    }
    memcpy(function, &found, sizeof(found));
}

__attribute__((destructor)) static void write_counts(void)
{
    const char *path = getenv("SHIM_COUNTS");
    FILE *file = path != NULL ? fopen(path, "we") : NULL;

    for (int i = 0; file != NULL && i < KIND_COUNT; i++) {
        fprintf(file, "%s %lu\n", kind_names[i], state.counts[i]);
    }
    if (file != NULL) {
        (void)fclose(file);
    }
}

/* ---- calls of one form ---- */

/* `applies` is about the arguments: other calls pass uncounted. */
#define WRAP(kind, type, failure, applies, name, params, args)                                     \
    type name params;                                                                              \
    type name params                                                                               \
    {                                                                                              \
        static type(*real) params;                                                                 \
        if (real == NULL) {                                                                        \
            find(&real, #name);                                                                    \
        }                                                                                          \
        return (applies) && fails(KIND_##kind) ? (failure) : real args;                            \
    }

/* clang-format off */
WRAP(read, ssize_t, -1, fd > 2, read, (int fd, void *to, size_t n), (fd, to, n))
WRAP(read, ssize_t, -1, fd > 2, __read_chk, (int fd, void *to, size_t n, size_t m), (fd, to, n, m))
WRAP(pread, ssize_t, -1, fd > 2, pread, (int fd, void *to, size_t n, off_t at), (fd, to, n, at))
WRAP(pread, ssize_t, -1, fd > 2, pread64, (int fd, void *to, size_t n, off64_t at), (fd, to, n, at))
WRAP(pread, ssize_t, -1, fd > 2, __pread_chk, (int fd, void *to, size_t n, off_t at, size_t m),
     (fd, to, n, at, m))
WRAP(fsync, int, -1, true, fsync, (int fd), (fd))
WRAP(fsync, int, -1, true, fdatasync, (int fd), (fd))
WRAP(ftruncate, int, -1, true, ftruncate, (int fd, off_t n), (fd, n))
WRAP(ftruncate, int, -1, true, ftruncate64, (int fd, off64_t n), (fd, n))
WRAP(flock, int, -1, true, flock, (int fd, int how), (fd, how))
WRAP(stat, int, -1, true, stat, (const char *path, struct stat *st), (path, st))
WRAP(stat, int, -1, true, stat64, (const char *path, struct stat64 *st), (path, st))
WRAP(stat, int, -1, true, lstat, (const char *path, struct stat *st), (path, st))
WRAP(stat, int, -1, true, lstat64, (const char *path, struct stat64 *st), (path, st))
WRAP(stat, int, -1, fd > 2, fstat, (int fd, struct stat *st), (fd, st))
WRAP(stat, int, -1, fd > 2, fstat64, (int fd, struct stat64 *st), (fd, st))
WRAP(stat, int, -1, true, fstatat, (int fd, const char *path, struct stat *st, int how),
     (fd, path, st, how))
WRAP(access, int, -1, true, access, (const char *path, int how), (path, how))
WRAP(readlink, ssize_t, -1, true, readlink, (const char *path, char *to, size_t n), (path, to, n))
WRAP(rename, int, -1, true, rename, (const char *from, const char *to), (from, to))
WRAP(unlink, int, -1, true, unlink, (const char *path), (path))
WRAP(mkdir, int, -1, true, mkdir, (const char *path, mode_t mode), (path, mode))
WRAP(rmdir, int, -1, true, rmdir, (const char *path), (path))
WRAP(fchmod, int, -1, true, fchmod, (int fd, mode_t mode), (fd, mode))
WRAP(fchmod, int, -1, true, fchown, (int fd, uid_t user, gid_t group), (fd, user, group))
WRAP(opendir, DIR *, NULL, true, opendir, (const char *path), (path))
WRAP(readdir, struct dirent *, NULL, true, readdir, (DIR *dir), (dir))
WRAP(readdir, struct dirent64 *, NULL, true, readdir64, (DIR *dir), (dir))
WRAP(realpath, char *, NULL, true, realpath, (const char *path, char *to), (path, to))
WRAP(getcwd, char *, NULL, true, getcwd, (char *to, size_t n), (to, n))
WRAP(inotify, int, -1, true, inotify_init1, (int flags), (flags))
WRAP(inotify, int, -1, true, inotify_add_watch, (int fd, const char *path, uint32_t mask),
     (fd, path, mask))
/* clang-format on */

/* ---- the others ---- */

#define WRAP_OPEN(name)                                                                            \
    int name(const char *path, int flags, ...)                                                     \
    {                                                                                              \
        static int (*real)(const char *, int, ...);                                                \
        mode_t mode = 0;                                                                           \
        va_list args;                                                                              \
        va_start(args, flags);                                                                     \
        mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(args, mode_t) : 0;                    \
        va_end(args);                                                                              \
        if (real == NULL) {                                                                        \
            find(&real, #name);                                                                    \
        }                                                                                          \
        note_end(path);                                                                            \
        return fails(KIND_open) ? -1 : real(path, flags, mode);                                    \
    }

WRAP_OPEN(open)
WRAP_OPEN(open64)

int __open_2(const char *path, int flags);
int __open_2(const char *path, int flags)
{
    return open(path, flags);
}

int __open64_2(const char *path, int flags);
int __open64_2(const char *path, int flags)
{
    return open64(path, flags);
}

int close(int fd)
{
    static int (*real)(int);
    int rc;

    if (real == NULL) {
        find(&real, "close");
    }
    rc = real(fd);
    return fd > 2 && fails(KIND_close) ? -1 : rc;
}

/* Locks only; whatever else fcntl() does is about descriptors. */
static int lock_or_real(int (*real)(int, int, ...), int fd, int command, void *arg)
{
    bool lock = command == F_SETLK || command == F_SETLKW || command == F_GETLK;

    return lock && fails(KIND_fcntl) ? -1 : real(fd, command, arg);
}

#define WRAP_FCNTL(name)                                                                           \
    int name(int fd, int command, ...)                                                             \
    {                                                                                              \
        static int (*real)(int, int, ...);                                                         \
        va_list args;                                                                              \
        void *arg;                                                                                 \
        va_start(args, command);                                                                   \
        arg = va_arg(args, void *);                                                                \
        va_end(args);                                                                              \
        if (real == NULL) {                                                                        \
            find(&real, #name);                                                                    \
        }                                                                                          \
        return lock_or_real(real, fd, command, arg);                                               \
    }

WRAP_FCNTL(fcntl)
WRAP_FCNTL(fcntl64)

ssize_t write(int fd, const void *from, size_t n)
{
    static ssize_t (*real)(int, const void *, size_t);

    if (real == NULL) {
        find(&real, "write");
    }
    if (fd > 2 && fails(KIND_write)) {
        return errno == 0 && n > 1 ? real(fd, from, n / 2) : -1;
    }
    return real(fd, from, n);
}

#define WRAP_PWRITE(name, offset)                                                                  \
    ssize_t name(int fd, const void *from, size_t n, offset at)                                    \
    {                                                                                              \
        static ssize_t (*real)(int, const void *, size_t, offset);                                 \
        if (real == NULL) {                                                                        \
            find(&real, #name);                                                                    \
        }                                                                                          \
        if (fails(KIND_pwrite)) {                                                                  \
            return errno == 0 && n > 1 ? real(fd, from, n / 2, at) : -1;                           \
        }                                                                                          \
        return real(fd, from, n, at);                                                              \
    }

WRAP_PWRITE(pwrite, off_t)
WRAP_PWRITE(pwrite64, off64_t)
