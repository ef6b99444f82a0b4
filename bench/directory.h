/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files of a folder for the floors: listed and sorted once, read one by one into a buffer of the
 * caller. Nothing is freed: the process ends when it is no longer needed.
 */
#ifndef BRN_BENCH_DIRECTORY_H
#define BRN_BENCH_DIRECTORY_H

#include <stddef.h>
#include <sys/types.h>

enum {
    FILE_BYTES_MAX = 1 << 20
};

typedef struct directory {
    int fd;
    char **names; /* in order */
    size_t len;
} directory;

/* 0, or -1 with errno. */
int directory_read(directory *dir, const char *path);
/* Returns the length, or -1; text is terminated and has room for FILE_BYTES_MAX and one byte more.
 */
ssize_t file_read(const directory *dir, size_t index, char *text);
/* Reads every file as a program would that compares them; the SHA-256 digests go nowhere. */
int directory_digest(const directory *dir, char *text);

#endif
