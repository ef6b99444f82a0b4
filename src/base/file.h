/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files and directories. Functions return 0 or an errno value; they never print.
 */
#ifndef BRN_BASE_FILE_H
#define BRN_BASE_FILE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/vec.h"

typedef enum brn_file_kind {
    BRN_FILE_REGULAR = 1,
    BRN_FILE_DIRECTORY = 2,
    BRN_FILE_OTHER = 3,   /* device, socket, fifo: never opened */
    BRN_FILE_BROKEN = 4,  /* symbolic link to nothing, or not permitted to look */
    BRN_FILE_OUTSIDE = 5, /* symbolic link that leads out of the listed directory */
} brn_file_kind;

typedef struct brn_dir_entry {
    const char *name; /* without the directory */
    brn_file_kind kind;
    uint32_t order; /* of brn_dir_read() */
} brn_dir_entry;

typedef BRN_VEC(brn_dir_entry) brn_dir_list;

/*
 * Entries of `path` without "." and "..", sorted by bytes, names and array in the arena. Links are
 * followed; one whose target is not below the real path of `path` is BRN_FILE_OUTSIDE.
 */
int brn_dir_read(brn_dir_list *out, brn_arena *arena, const char *path);

/*
 * Appends the whole file to `out`. EFBIG when it is larger than max_bytes, EISDIR for a directory,
 * EINVAL for a device or fifo, ENOMEM also when the maximum of `out` itself is too small.
 */
int brn_file_read(brn_buf *out, const char *path, size_t max_bytes);
/* The same for a path that a listing called a regular file: it is opened without a look at what it
 * is, which with a device can have effects. */
int brn_file_read_listed(brn_buf *out, const char *path, size_t max_bytes);
/* The same below a directory, which the system then need not look for again each time. */
int brn_file_read_below(brn_buf *out, int dir, const char *path, size_t max_bytes);
/* A descriptor for it, to be closed; -1: brn_file_read_below() would not work either. */
int brn_dir_open(const char *path);
/* Creates the file; EEXIST when something of that name exists. Removes it again on failure. */
int brn_file_create(const char *path, brn_str content, uint32_t mode);
/*
 * Writes the file anew, all or nothing: a hidden file beside it, on disk, takes its name. What was
 * there keeps its permissions; `mode` is for a new file.
 */
int brn_file_replace(const char *path, brn_str content, uint32_t mode);
/* Like mkdir -p with mode 0777 less the umask; fine when it exists as a directory. */
int brn_dir_create(const char *path);
bool brn_file_exists(const char *path);
bool brn_file_is_dir(const char *path);

/* "dir/name"; name alone when dir is "" or "." or name is absolute. */
char *brn_path_join(brn_arena *arena, const char *dir, const char *name);
/* Part behind the last slash. */
const char *brn_path_base(const char *path);
/* Part before the last slash; "." when there is none, "/" for the root. */
char *brn_path_dir(brn_arena *arena, const char *path);
/* Absolute and without links as far as it exists; ENOENT only when its directory is missing too. */
int brn_path_real(char **out, brn_arena *arena, const char *path);

#endif
