/* SPDX-License-Identifier: Apache-2.0 */
#include "directory.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <nettle/sha2.h>

enum {
    NAMES_MAX = 1 << 20
};

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static int directory_add(directory *dir, size_t *room, const char *name)
{
    if (dir->len == *room) {
        size_t wanted = *room == 0 ? 1024 : *room * 2;
        char **names = wanted > NAMES_MAX ? NULL : realloc(dir->names, wanted * sizeof(*names));
        if (names == NULL) {
            return -1;
        }
        dir->names = names;
        *room = wanted;
    }
    dir->names[dir->len] = strdup(name);
    return dir->names[dir->len++] == NULL ? -1 : 0;
}

int directory_read(directory *dir, const char *path)
{
    size_t room = 0;
    struct dirent *entry;
    DIR *stream = opendir(path);

    if (stream == NULL) {
        return -1;
    }
    dir->fd = dirfd(stream);
    while ((entry = readdir(stream)) != NULL) {
        if (entry->d_name[0] != '.' && directory_add(dir, &room, entry->d_name) != 0) {
            return -1;
        }
    }
    if (dir->len > 0) {
        qsort(dir->names, dir->len, sizeof(*dir->names), by_name);
    }
    return 0;
}

ssize_t file_read(const directory *dir, size_t index, char *text)
{
    ssize_t got;
    ssize_t len = 0;
    int fd = openat(dir->fd, dir->names[index], O_RDONLY | O_CLOEXEC);

    if (fd == -1) {
        return -1;
    }
    while ((got = read(fd, text + len, FILE_BYTES_MAX - (size_t)len)) > 0) {
        len += got;
    }
    (void)close(fd);
    text[len] = '\0';
    return got < 0 ? -1 : len;
}

int directory_digest(const directory *dir, char *text)
{
    for (size_t i = 0; i < dir->len; i++) {
        struct sha256_ctx digest;
        uint8_t bytes[SHA256_DIGEST_SIZE];
        ssize_t len = file_read(dir, i, text);

        if (len < 0) {
            return -1;
        }
        sha256_init(&digest);
        sha256_update(&digest, (size_t)len, (const uint8_t *)text);
        sha256_digest(&digest, sizeof(bytes), bytes);
    }
    return 0;
}
