/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing the files of a new migration.
 *
 * Two people may do so at once, under different names, so that no file of theirs collides: the
 * directory is locked from listing it to the last file. Where it cannot be locked (some network
 * file systems), files are still created exclusively and a collision is answered with the next
 * number.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "layouts/layout_int.h"
#include "layouts/sum.h"

#define SLUG_MAX_BYTES 180 /* leaves room for version and ending in a file name of 255 */
#define STAMP_LEN 14
#define DATE_LEN 10
#define TRIES_MAX 100
#define LOCK_TRIES 100
#define LOCK_POLL_MS 50
#define US_PER_SECOND 1000000

/* One brn_layout_create() call. */
typedef struct creation {
    const brn_create_options *opts;
    const char *extension;
    brn_arena *arena;   /* of the result */
    brn_arena *scratch; /* of one try */
    const char *slug;
    brn_layout_scan scan;
    const brn_layout *layout;
    brn_created made;
} creation;

static const struct example {
    const char *extension;
    const char *up;
    const char *down;
} examples[] = {
    { "sql", "CREATE TABLE users (id INTEGER PRIMARY KEY, name VARCHAR(100) NOT NULL);",
      "DROP TABLE users;" },
    { "cql", "CREATE TABLE users (id uuid PRIMARY KEY, name text);", "DROP TABLE users;" },
    { "ch", "CREATE TABLE events (at DateTime, name String) ENGINE = MergeTree ORDER BY at;",
      "DROP TABLE events;" },
    { "redis", "SET greeting hello", "DEL greeting" },
};

/* --- what the person asked for ---------------------------------------------------------------- */

static brant_status bad_name(const char *name, const char *why, brant_error **err)
{
    brant_status st = brn_error(
        err, BRANT_EUSAGE, "create.bad_name", "cannot name a migration \"%s\": %s", name, why);

    brn_error_hint(err, "Say in a few words what it changes: \"add users table\".");
    return st;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Letters beyond ASCII stay as they are. */
static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (unsigned char)c >= 0x80;
}

/* Lower-case words joined by '_'. */
static brant_status make_slug(creation *c, brant_error **err)
{
    const char *name = c->opts->name != NULL ? c->opts->name : "";
    size_t len = strlen(name);
    char *slug = brn_arena_alloc(c->arena, len + 1);
    size_t at = 0;
    bool gap = false;

    if (slug == NULL) {
        return brn_error_oom(err);
    }
    if (brn_str_utf8_invalid_at(brn_str_from(name)) != SIZE_MAX) {
        return bad_name(name, "it is not UTF-8", err);
    }
    for (size_t i = 0; i < len; i++) {
        char ch = lower(name[i]);
        bool word = is_word(ch);
        if (word) {
            if (gap && at > 0) {
                slug[at++] = '_';
            }
            slug[at++] = ch;
        }
        gap = !word;
    }
    if (at == 0) {
        return bad_name(name, "it has no letter or digit", err);
    }
    if (at > SLUG_MAX_BYTES) {
        return bad_name(name, "it is too long", err);
    }
    c->slug = slug;
    return BRANT_OK;
}

static brant_status bad_version(const char *version, const char *why, brant_error **err)
{
    brant_status st = brn_error(
        err, BRANT_EUSAGE, "create.bad_version", "cannot use version \"%s\": %s", version, why);

    brn_error_hint(err, "Write a number (024), numbers with dots (1.2.0) or a date (2024-12-31).");
    return st;
}

static brant_status check_options(creation *c, brant_error **err)
{
    const char *extension = c->opts->extension != NULL ? c->opts->extension : "sql";
    const char *version = c->opts->version != NULL ? c->opts->version : "";
    brant_status st = make_slug(c, err);
    size_t len = 0;

    if (st != BRANT_OK) {
        return st;
    }
    if (!brn_extension_is_known(brn_str_from(extension))) {
        st = brn_error(
            err, BRANT_EUSAGE, "create.bad_extension",
            "migrations do not have the extension \"%s\"", extension);
        brn_error_hint(err, "Use sql, cql, redis or ch.");
        return st;
    }
    c->extension = extension;
    if (c->opts->numbering != BRN_NUMBERING_VERSION) {
        return BRANT_OK;
    }
    if (brn_version_scan(&len, brn_str_from(version)) == BRN_VERSION_NONE ||
        len != strlen(version)) {
        return bad_version(version, "it is not a version", err);
    }
    return BRANT_OK;
}

/* --- versions --------------------------------------------------------------------------------- */

/* Whatever has a version and may be a migration, of this layout or another. */
static bool takes_version(const brn_layout_entry *entry)
{
    return entry->parsed.kind != BRN_VERSION_NONE &&
           (entry->kind == BRN_FILE_DIRECTORY || entry->parsed.extension.len > 0);
}

static bool same_version(const brn_filename *a, brn_str version)
{
    return brn_version_compare(a->version, version) == 0;
}

static bool is_taken(const creation *c, brn_str version)
{
    for (size_t i = 0; i < c->scan.count; i++) {
        const brn_layout_entry *entry = c->scan.entries[i];
        if (takes_version(entry) && same_version(&entry->parsed, version)) {
            return true;
        }
    }
    return false;
}

/* The entry with the highest version, of numbers only or of all; NULL when there is none. */
static const brn_filename *find_highest(const creation *c, bool numbers_only)
{
    const brn_filename *highest = NULL;

    for (size_t i = 0; i < c->scan.count; i++) {
        const brn_layout_entry *entry = c->scan.entries[i];
        if (!takes_version(entry) || (numbers_only && entry->parsed.kind != BRN_VERSION_NUMBER)) {
            continue;
        }
        if (highest == NULL || brn_version_compare(entry->parsed.version, highest->version) > 0) {
            highest = &entry->parsed;
        }
    }
    return highest;
}

/* Digit by digit: a number has any length. 099 becomes 100, and 999 becomes 1000. */
static const char *next_number(const creation *c)
{
    const brn_filename *highest = find_highest(c, true);
    brn_str last = highest != NULL ? highest->version : BRN_STR("000");
    char *next = brn_arena_alloc(c->scratch, last.len + 2);
    size_t at = last.len + 1;

    if (next == NULL) {
        return NULL;
    }
    next[0] = '0';
    memcpy(next + 1, last.ptr, last.len);
    while (next[at - 1] == '9') {
        next[--at] = '0';
    }
    next[at - 1]++;
    return next[0] == '0' ? next + 1 : next;
}

/* Counts seconds up past what is there, which keeps the order in which migrations were made. */
static const char *next_stamp(const creation *c)
{
    int64_t at_us = c->opts->now_us;
    char stamp[BRN_CLOCK_TEXT];

    brn_clock_stamp(stamp, at_us);
    while (is_taken(c, brn_str_from(stamp))) {
        at_us += US_PER_SECOND;
        brn_clock_stamp(stamp, at_us);
    }
    return brn_arena_strdup(c->scratch, stamp);
}

/* As precise as the highest one, so that it comes behind it. */
static const char *today(const creation *c, bool with_time)
{
    char stamp[BRN_CLOCK_TEXT];

    brn_clock_stamp(stamp, c->opts->now_us);
    return brn_arena_printf(
        c->scratch, "%.4s-%.2s-%.2s%s%s", stamp, stamp + 4, stamp + 6, with_time ? "-" : "",
        with_time ? stamp + 8 : "");
}

static brant_status ask_for_version(const brn_filename *highest, brant_error **err)
{
    brant_status st = brn_error(
        err, BRANT_EUSAGE, "create.bad_version", "cannot tell which version comes after \"%.*s\"",
        BRN_STR_ARG(highest->version));

    brn_error_hint(err, "Name the version of the new migration: --version V.");
    return st;
}

static brant_status choose_auto(const creation *c, const char **version, brant_error **err)
{
    const brn_filename *highest = find_highest(c, false);

    if (highest != NULL && highest->kind == BRN_VERSION_DOTTED) {
        return ask_for_version(highest, err);
    }
    if (highest != NULL && highest->kind == BRN_VERSION_DATE) {
        *version = today(c, highest->version.len > DATE_LEN);
    } else if (highest != NULL && highest->version.len == STAMP_LEN) {
        *version = next_stamp(c);
    } else {
        *version = next_number(c);
    }
    return BRANT_OK;
}

static brant_status choose_version(const creation *c, const char **version, brant_error **err)
{
    brant_status st = BRANT_OK;

    switch (c->opts->numbering) {
    case BRN_NUMBERING_SEQUENCE:
        *version = next_number(c);
        break;
    case BRN_NUMBERING_TIMESTAMP:
        *version = next_stamp(c);
        break;
    case BRN_NUMBERING_VERSION:
        *version = c->opts->version;
        if (c->layout == &brn_layout_pairs && brn_version_is_zero(brn_str_from(*version))) {
            return bad_version(*version, "versions start at 1", err);
        }
        break;
    case BRN_NUMBERING_AUTO:
    default:
        st = choose_auto(c, version, err);
        break;
    }
    return st == BRANT_OK && *version == NULL ? brn_error_oom(err) : st;
}

static brant_status duplicate(
    const creation *c, const char *what, const char *file, brant_error **err)
{
    const char *path = brn_path_join(c->scratch, c->opts->dir, file);
    brant_status st;

    if (path == NULL) {
        return brn_error_oom(err);
    }
    st = brn_error(
        err, BRANT_EUSAGE, "create.duplicate", "version \"%s\" is taken by \"%s\"", what, path);
    brn_error_hint(err, "Choose another version, or leave it out to get the next free one.");
    brn_error_at(err, path, 0, 0);
    return st;
}

static brant_status check_free(const creation *c, const char *version, brant_error **err)
{
    brn_str wanted = brn_str_from(version);
    brn_str id = brn_str_from(c->made.id);

    for (size_t i = 0; i < c->scan.count; i++) {
        const brn_layout_entry *entry = c->scan.entries[i];
        bool shared = entry->parsed.kind == BRN_VERSION_DATE;
        if (takes_version(entry) &&
            (shared ? brn_str_eq(entry->parsed.stem, id) : same_version(&entry->parsed, wanted))) {
            return duplicate(c, shared ? c->made.id : version, entry->name, err);
        }
    }
    return BRANT_OK;
}

/* --- files ------------------------------------------------------------------------------------ */

static void write_example(brn_buf *text, const creation *c, bool down)
{
    const struct example *example = &examples[0];

    for (size_t i = 0; i < BRN_ARRAY_LEN(examples); i++) {
        if (strcmp(examples[i].extension, c->extension) == 0) {
            example = &examples[i];
        }
    }
    brn_buf_printf(
        text, "-- %s: %s, for example:\n--   %s\n", c->made.id,
        down ? "what undoes it" : "what it changes", down ? example->down : example->up);
}

static void write_content(brn_buf *text, const creation *c, bool down)
{
    brn_buf_reset(text);
    if (c->layout->down_suffix == NULL) {
        brn_buf_add_c(text, "-- brant: up\n");
        write_example(text, c, false);
        brn_buf_add_c(text, "\n-- brant: down\n");
        write_example(text, c, true);
    } else {
        write_example(text, c, down);
    }
}

/* 0 or an errno value; the path joins those that were made. */
static int create_file(creation *c, const char *suffix, bool down)
{
    const char *name = brn_arena_printf(c->scratch, "%s%s%s", c->made.id, suffix, c->extension);
    const char *path = name == NULL ? NULL : brn_path_join(c->arena, c->opts->dir, name);
    const char **slot = path == NULL ? NULL : BRN_VEC_PUSH(c->arena, &c->made.paths);
    brn_buf text = { 0 };
    int rc = ENOMEM;

    if (slot == NULL) {
        return rc;
    }
    *slot = path;
    write_content(&text, c, down);
    if (!text.failed) {
        rc = brn_file_create(path, brn_buf_str(&text), 0666);
    }
    brn_buf_release(&text);
    if (rc != 0) {
        c->made.paths.count--;
    }
    return rc;
}

static void remove_files(creation *c)
{
    while (c->made.paths.count > 0) {
        (void)unlink(c->made.paths.items[--c->made.paths.count]);
    }
    if (c->layout->own_folder) {
        const char *folder = brn_path_join(c->scratch, c->opts->dir, c->made.id);
        (void)(folder != NULL && rmdir(folder) == 0);
    }
}

/* All files or none. *path is what could not be made. */
static int create_files(creation *c, const char **path)
{
    const char *folder = brn_path_join(c->scratch, c->opts->dir, c->made.id);
    int rc = folder == NULL ? ENOMEM : 0;

    *path = folder;
    c->made.paths.count = 0;
    if (rc == 0 && c->layout->own_folder && mkdir(folder, 0777) != 0) {
        return errno;
    }
    if (rc == 0) {
        rc = create_file(c, c->layout->up_suffix, false);
    }
    if (rc == 0 && c->layout->down_suffix != NULL) {
        rc = create_file(c, c->layout->down_suffix, true);
    }
    if (rc != 0) {
        remove_files(c);
    }
    return rc;
}

/* --- the whole -------------------------------------------------------------------------------- */

static brant_status unwritable(const char *what, int errnum, const char *path, brant_error **err)
{
    brant_status st = brn_error_errno(err, "create.unwritable", errnum, what, path);

    brn_error_hint(err, "Look at the permissions of the directory and the space on its disk.");
    brn_error_at(err, path, 0, 0);
    return st;
}

/* One listing and one choice. *again when somebody else was faster. */
static brant_status try_once(creation *c, bool *again, brant_error **err)
{
    const char *version = NULL;
    const char *path = NULL;
    const brn_filename *highest;
    brant_status st = brn_layout_scan_dir(&c->scan, c->scratch, c->opts->dir, c->opts->layout, err);
    int rc;

    if (st != BRANT_OK) {
        return st;
    }
    c->layout = c->scan.layout != NULL ? c->scan.layout : &brn_layout_pairs;
    st = choose_version(c, &version, err);
    if (st != BRANT_OK) {
        return st;
    }
    highest = find_highest(c, false);
    c->made.id = highest != NULL && highest->flyway
                     ? brn_arena_printf(c->arena, "V%s__%s", version, c->slug)
                     : brn_arena_printf(c->arena, "%s_%s", version, c->slug);
    if (c->made.id == NULL) {
        return brn_error_oom(err);
    }
    st = check_free(c, version, err);
    if (st != BRANT_OK) {
        return st;
    }
    rc = create_files(c, &path);
    *again = rc == EEXIST;
    return rc == 0 ? BRANT_OK : unwritable("create", rc, path, err);
}

static brant_status try_often(creation *c, brant_error **err)
{
    brant_error *failed = NULL;
    brant_status st = BRANT_OK;
    bool again = true;

    for (int i = 0; again && i < TRIES_MAX; i++) {
        brant_error_free(failed);
        failed = NULL;
        again = false;
        brn_arena_reset(c->scratch);
        st = try_once(c, &again, &failed);
    }
    if (err != NULL && st != BRANT_OK) {
        *err = failed;
    } else {
        brant_error_free(failed);
    }
    return st;
}

/* --- the sum of the directory ----------------------------------------------------------------- */

/* A sum that is wrong before stays wrong: the new one would confirm what nobody looked at. */
static brant_status verify_sum(creation *c, bool *keep, brant_error **err)
{
    const char *path = brn_path_join(c->scratch, c->opts->dir, BRN_SUM_FILE);
    brn_source_set set = { 0 };

    if (path == NULL) {
        return brn_error_oom(err);
    }
    *keep = brn_file_exists(path);
    return *keep ? brn_layout_read(&set, c->scratch, c->opts->reading, err) : BRANT_OK;
}

static brant_status renew_sum(creation *c, brant_error **err)
{
    brn_layout_options reading = *c->opts->reading;
    brn_source_set set = { 0 };
    const char *path = NULL;
    brant_status st;

    reading.skip_sum = true;
    st = brn_layout_read(&set, c->scratch, &reading, err);
    if (st == BRANT_OK) {
        st = brn_sum_write(&path, c->scratch, &set, err);
    }
    if (st != BRANT_OK) {
        remove_files(c);
    }
    return st;
}

/*
 * Waits for whoever is at it, but not for ever: a lock that stays means that something unknown
 * holds it. Closing the descriptor unlocks, and so does dying.
 */
int brn_layout_lock(const char *dir)
{
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    for (int i = 0; fd >= 0 && i < LOCK_TRIES; i++) {
        if (flock(fd, LOCK_EX | LOCK_NB) == 0 || (errno != EWOULDBLOCK && errno != EINTR)) {
            break;
        }
        brn_clock_sleep_ms(LOCK_POLL_MS);
    }
    return fd;
}

static brant_status make_directory(const char *dir, brant_error **err)
{
    int rc = brn_dir_create(dir);

    if (rc == EEXIST || rc == ENOTDIR) {
        return brn_layout_dir_error(err, ENOTDIR, dir);
    }
    return rc == 0 ? BRANT_OK : unwritable("create directory", rc, dir, err);
}

brant_status brn_layout_create(
    brn_created *out, brn_arena *arena, const brn_create_options *opts, brant_error **err)
{
    brn_arena scratch = { 0 };
    creation c = { .opts = opts, .arena = arena, .scratch = &scratch };
    brant_status st = check_options(&c, err);
    bool keep_sum = false;
    int lock;

    if (st != BRANT_OK) {
        return st;
    }
    st = make_directory(opts->dir, err);
    if (st != BRANT_OK) {
        return st;
    }
    lock = brn_layout_lock(opts->dir);
    if (opts->reading != NULL) {
        st = verify_sum(&c, &keep_sum, err);
    }
    if (st == BRANT_OK) {
        st = try_often(&c, err);
    }
    if (st == BRANT_OK && keep_sum) {
        st = renew_sum(&c, err);
    }
    if (lock >= 0) {
        (void)close(lock);
    }
    brn_arena_release(&scratch);
    if (st == BRANT_OK) {
        *out = c.made;
    }
    return st;
}
