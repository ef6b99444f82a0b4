/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h> /* rename() */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNK_BYTES ((size_t)16 * 1024)

/* One brn_dir_read() call. */
typedef struct listing {
    brn_arena *arena;
    const char *path;
    char *root; /* real path, asked for at the first link */
    int fd;
    brn_dir_list list;
} listing;

static brn_file_kind kind_of_mode(mode_t mode)
{
    return S_ISREG(mode) ? BRN_FILE_REGULAR : S_ISDIR(mode) ? BRN_FILE_DIRECTORY : BRN_FILE_OTHER;
}

/* Below root, which is not the same as root: a link to its own directory would be a cycle. */
static bool is_below(const char *path, const char *root)
{
    size_t len = strlen(root);

    if (strcmp(root, "/") == 0) {
        return path[1] != '\0';
    }
    return strncmp(path, root, len) == 0 && path[len] == '/';
}

static int resolve_link(brn_file_kind *kind, listing *l, const char *name)
{
    char *path = brn_path_join(l->arena, l->path, name);
    char *target = path == NULL ? NULL : realpath(path, NULL);
    struct stat st;
    int rc = 0;

    if (target == NULL) {
        *kind = BRN_FILE_BROKEN;
        return path == NULL || errno == ENOMEM ? ENOMEM : 0;
    }
    if (l->root == NULL) {
        l->root = realpath(l->path, NULL);
    }
    if (l->root == NULL) {
        rc = errno;
    } else if (!is_below(target, l->root)) {
        *kind = BRN_FILE_OUTSIDE;
    } else if (fstatat(l->fd, name, &st, 0) != 0) {
        *kind = BRN_FILE_BROKEN;
    } else {
        *kind = kind_of_mode(st.st_mode);
    }
    free(target);
    return rc;
}

/* The type in the entry saves a stat() per file; not every file system fills it in. */
static int kind_of_entry(brn_file_kind *kind, listing *l, const struct dirent *entry)
{
    struct stat st;

#ifdef DT_UNKNOWN
    if (entry->d_type == DT_REG || entry->d_type == DT_DIR) {
        *kind = entry->d_type == DT_REG ? BRN_FILE_REGULAR : BRN_FILE_DIRECTORY;
        return 0;
    }
#endif
    if (fstatat(l->fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0) {
        *kind = BRN_FILE_BROKEN;
        return 0;
    }
    if (S_ISLNK(st.st_mode)) {
        return resolve_link(kind, l, entry->d_name);
    }
    *kind = kind_of_mode(st.st_mode);
    return 0;
}

static int add_entry(listing *l, const struct dirent *entry)
{
    brn_dir_entry *slot;
    brn_file_kind kind = BRN_FILE_OTHER;
    int rc;

    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) {
        return 0;
    }
    rc = kind_of_entry(&kind, l, entry);
    if (rc != 0) {
        return rc;
    }
    slot = BRN_VEC_PUSH_MOVING(l->arena, &l->list);
    if (slot == NULL) {
        return ENOMEM;
    }
    slot->kind = kind;
    slot->name = brn_arena_strdup(l->arena, entry->d_name);
    return slot->name == NULL ? ENOMEM : 0;
}

/* --- order ------------------------------------------------------------------------------------ */

/* Below it the preparations cost more than they save. */
#define MANY_ENTRIES ((size_t)64)

static int by_name(const void *a, const void *b)
{
    return strcmp(((const brn_dir_entry *)a)->name, ((const brn_dir_entry *)b)->name);
}

static void sort_by_name(brn_dir_entry *items, size_t count)
{
    if (count > 1) {
        qsort(items, count, sizeof(*items), by_name);
    }
}

/* Length of what all names begin with. */
static size_t shared_by_all(const brn_dir_list *list)
{
    const char *first = list->items[0].name;
    size_t len = strlen(first);

    for (size_t i = 1; i < list->count; i++) {
        size_t same = 0;
        while (same < len && list->items[i].name[same] == first[same]) {
            same++;
        }
        len = same;
    }
    return len;
}

/* The first bytes as a number, in the order of strcmp(). */
static uint32_t order_of(const char *text)
{
    uint32_t order = 0;

    for (size_t i = 0; i < sizeof(order); i++) {
        order = order << 8 | (unsigned char)*text;
        text += *text != '\0' ? 1 : 0;
    }
    return order;
}

/* By one byte of the order; those with the same one stay as they are. */
static void sort_by_byte(brn_dir_entry *to, const brn_dir_entry *from, size_t count, unsigned shift)
{
    size_t at[UINT8_MAX + 2] = { 0 };

    for (size_t i = 0; i < count; i++) {
        at[(from[i].order >> shift & UINT8_MAX) + 1]++;
    }
    for (size_t byte = 0; byte < UINT8_MAX; byte++) {
        at[byte + 1] += at[byte];
    }
    for (size_t i = 0; i < count; i++) {
        to[at[from[i].order >> shift & UINT8_MAX]++] = from[i];
    }
}

/*
 * By name. Names are all over memory, and looking them up for every comparison is most of what
 * sorting costs: so many are sorted by the first bytes that not all share, which are put beside
 * them, and then those by name that have these in common.
 */
static int sort_list(brn_dir_list *list, brn_arena *arena)
{
    size_t count = list->count;
    brn_dir_entry *other;
    size_t shared;

    if (count < MANY_ENTRIES) {
        sort_by_name(list->items, count);
        return 0;
    }
    other = brn_arena_array(arena, count, sizeof(*other));
    if (other == NULL) {
        return ENOMEM;
    }
    shared = shared_by_all(list);
    for (size_t i = 0; i < count; i++) {
        list->items[i].order = order_of(list->items[i].name + shared);
    }
    for (unsigned shift = 0; shift < 32; shift += 16) {
        sort_by_byte(other, list->items, count, shift);
        sort_by_byte(list->items, other, count, shift + 8);
    }
    for (size_t i = 0, end = 0; i < count; i = end) {
        for (end = i; end < count && list->items[end].order == list->items[i].order;) {
            end++;
        }
        sort_by_name(list->items + i, end - i);
    }
    brn_arena_drop(arena, other);
    return 0;
}

/* --- listing ---------------------------------------------------------------------------------- */

int brn_dir_read(brn_dir_list *out, brn_arena *arena, const char *path)
{
    listing l = { .arena = arena, .path = path };
    DIR *dir = opendir(path);
    int rc = 0;

    if (dir == NULL) {
        return errno;
    }
    l.fd = dirfd(dir);
    while (rc == 0) {
        const struct dirent *entry;
        errno = 0;
        entry = readdir(dir);
        if (entry == NULL) {
            rc = errno;
            break;
        }
        rc = add_entry(&l, entry);
    }
    (void)closedir(dir);
    free(l.root);
    rc = rc == 0 ? sort_list(&l.list, arena) : rc;
    if (rc == 0) {
        *out = l.list;
    }
    return rc;
}

/* One read() that a signal does not disturb; 0 at the end of the file. */
static int read_some(int fd, char *to, size_t len, size_t *got)
{
    ssize_t n;

    do {
        n = read(fd, to, len);
    } while (n < 0 && errno == EINTR);
    if (n < 0) {
        return errno;
    }
    *got = (size_t)n;
    return 0;
}

/*
 * Until read() gives nothing: asking for the size first costs more than this last read(). Into all
 * the room there is, so that a large file is read at once where one was before.
 */
static int read_all(brn_buf *out, int fd, size_t max_bytes)
{
    size_t before = out->len;
    size_t got = 1;
    int rc = 0;

    while (rc == 0 && got > 0) {
        size_t left = max_bytes - (out->len - before) + 1;
        size_t room;

        if (!brn_buf_reserve(out, left < CHUNK_BYTES ? left : CHUNK_BYTES)) {
            return ENOMEM;
        }
        room = out->cap - out->len - 1;
        rc = read_some(fd, out->ptr + out->len, room < left ? room : left, &got);
        if (rc == 0) {
            out->len += got;
            rc = out->len - before > max_bytes ? EFBIG : 0;
        }
    }
    out->ptr[out->len] = '\0';
    return rc;
}

/* 0 when it may be read. */
static int check_readable(const struct stat *st, size_t max_bytes)
{
    if (S_ISDIR(st->st_mode)) {
        return EISDIR;
    }
    if (!S_ISREG(st->st_mode)) {
        return EINVAL;
    }
    return (uintmax_t)st->st_size > max_bytes ? EFBIG : 0;
}

/* A signal may come while a slow file system, such as NFS, looks for the file. */
static int open_again(int dir, const char *path, int flags, mode_t mode)
{
    int fd;

    do {
        fd = openat(dir, path, flags, mode);
    } while (fd < 0 && errno == EINTR);
    return fd;
}

int brn_file_read(brn_buf *out, const char *path, size_t max_bytes)
{
    struct stat st;
    int rc = stat(path, &st) != 0 ? errno : check_readable(&st, max_bytes);

    return rc != 0 ? rc : brn_file_read_listed(out, path, max_bytes);
}

int brn_dir_open(const char *path)
{
    return open_again(AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
}

int brn_file_read_listed(brn_buf *out, const char *path, size_t max_bytes)
{
    return brn_file_read_below(out, AT_FDCWD, path, max_bytes);
}

int brn_file_read_below(brn_buf *out, int dir, const char *path, size_t max_bytes)
{
    size_t before = out->len;
    struct stat st;
    int fd;
    int rc;

    /* O_NONBLOCK: it may have become a fifo since. */
    fd = open_again(dir, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0);
    if (fd < 0) {
        return errno;
    }
    rc = read_all(out, fd, max_bytes);
    if (rc != ENOMEM && rc != EFBIG && (rc != 0 || out->len == before)) {
        /* Why there is nothing: what it is says more than what read() said. */
        int kind = fstat(fd, &st) != 0 ? errno : check_readable(&st, max_bytes);
        rc = kind != 0 ? kind : rc;
    }
    (void)close(fd);
    if (rc != 0) {
        brn_buf_truncate(out, before);
    }
    return rc;
}

static int write_all(int fd, brn_str content)
{
    while (content.len > 0) {
        ssize_t n = write(fd, content.ptr, content.len);
        if (n > 0) {
            content = brn_str_slice(content, (size_t)n, content.len);
        } else if (n == 0) {
            return EIO;
        } else if (errno != EINTR) {
            return errno;
        }
    }
    return 0;
}

/* `old`: what the file is to replace; NULL. Then it has to be on disk before it does. */
static int create_file(const char *path, brn_str content, mode_t mode, const struct stat *old)
{
    int fd = open_again(AT_FDCWD, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    int rc;

    if (fd < 0) {
        return errno;
    }
    rc = write_all(fd, content);
    if (rc == 0 && old != NULL && S_ISREG(old->st_mode) && fchmod(fd, old->st_mode & 07777) != 0) {
        rc = errno;
    }
    if (rc == 0 && old != NULL && fsync(fd) != 0) {
        rc = errno;
    }
    if (close(fd) != 0 && rc == 0) {
        rc = errno;
    }
    if (rc != 0) {
        (void)unlink(path);
    }
    return rc;
}

int brn_file_create(const char *path, brn_str content, uint32_t mode)
{
    return create_file(path, content, (mode_t)mode, NULL);
}

/* "dir/.name.PID". The process tells those of others from what an earlier one of ours left. */
static int name_hidden(brn_buf *out, const char *path)
{
    const char *base = brn_path_base(path);

    brn_buf_add(out, path, (size_t)(base - path));
    brn_buf_printf(out, ".%s.%ld", base, (long)getpid());
    return out->failed ? ENOMEM : 0;
}

int brn_file_replace(const char *path, brn_str content, uint32_t mode)
{
    brn_buf hidden = { 0 };
    struct stat old = { 0 };
    int rc = name_hidden(&hidden, path);

    if (rc == 0) {
        (void)stat(path, &old);
        rc = create_file(hidden.ptr, content, (mode_t)mode, &old);
    }
    if (rc == EEXIST && unlink(hidden.ptr) == 0) {
        rc = create_file(hidden.ptr, content, (mode_t)mode, &old);
    }
    if (rc == 0 && rename(hidden.ptr, path) != 0) {
        rc = errno;
        (void)unlink(hidden.ptr);
    }
    brn_buf_release(&hidden);
    return rc;
}

/* Some systems have other errors than EEXIST for a directory they will not create anyway. */
static int make_one(const char *path)
{
    int rc = mkdir(path, 0777) == 0 ? 0 : errno;

    return rc != 0 && brn_file_is_dir(path) ? 0 : rc;
}

int brn_dir_create(const char *path)
{
    size_t len = strlen(path);
    char *part;
    int rc = 0;

    if (len == 0) {
        return ENOENT;
    }
    part = malloc(len + 1);
    if (part == NULL) {
        return ENOMEM;
    }
    memcpy(part, path, len + 1);
    for (size_t i = 1; rc == 0 && i < len; i++) {
        if (part[i] == '/') {
            part[i] = '\0';
            rc = make_one(part);
            part[i] = '/';
            rc = rc == EEXIST ? ENOTDIR : rc;
        }
    }
    free(part);
    return rc != 0 ? rc : make_one(path);
}

bool brn_file_exists(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0;
}

bool brn_file_is_dir(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

char *brn_path_join(brn_arena *arena, const char *dir, const char *name)
{
    size_t len = strlen(dir);

    if (len == 0 || strcmp(dir, ".") == 0 || name[0] == '/') {
        return brn_arena_strdup(arena, name);
    }
    size_t name_len = strlen(name);
    size_t slash = dir[len - 1] == '/' ? 0 : 1;
    char *path = brn_arena_alloc(arena, len + slash + name_len + 1);

    if (path != NULL) {
        memcpy(path, dir, len);
        path[len] = '/';
        memcpy(path + len + slash, name, name_len);
    }
    return path;
}

const char *brn_path_base(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash == NULL ? path : slash + 1;
}

char *brn_path_dir(brn_arena *arena, const char *path)
{
    size_t len = (size_t)(brn_path_base(path) - path);

    if (len == 0) {
        return brn_arena_strdup(arena, ".");
    }
    while (len > 1 && path[len - 1] == '/') {
        len--;
    }
    return brn_arena_strndup(arena, path, len);
}

static int real_of(char **out, brn_arena *arena, const char *path)
{
    char *resolved = realpath(path, NULL);
    char *copy;

    if (resolved == NULL) {
        return errno;
    }
    copy = brn_arena_strdup(arena, resolved);
    free(resolved);
    if (copy == NULL) {
        return ENOMEM;
    }
    *out = copy;
    return 0;
}

int brn_path_real(char **out, brn_arena *arena, const char *path)
{
    size_t len = strlen(path);
    char *bare;
    char *dir = NULL;
    int rc = real_of(out, arena, path);

    if (rc != ENOENT || len == 0) {
        return rc;
    }
    while (len > 1 && path[len - 1] == '/') {
        len--;
    }
    bare = brn_arena_strndup(arena, path, len);
    dir = bare == NULL ? NULL : brn_path_dir(arena, bare);
    if (dir == NULL) {
        return ENOMEM;
    }
    rc = real_of(&dir, arena, dir);
    if (rc != 0) {
        return rc;
    }
    dir = brn_path_join(arena, dir, brn_path_base(bare));
    if (dir == NULL) {
        return ENOMEM;
    }
    *out = dir;
    return 0;
}
