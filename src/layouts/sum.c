/* SPDX-License-Identifier: Apache-2.0 */
#include "layouts/sum.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "layouts/layout_int.h"

#define HEADER "brant-sum 1"
#define SUM_MAX_BYTES ((size_t)256 << 20)
#define SNAPSHOT_MAX_BYTES ((size_t)64 << 20)
#define NAMED_MAX 10      /* files in one error */
#define RENAME_TRIES 1000 /* added files that are compared with one that is gone */

/* --- snapshots of other tools ----------------------------------------------------------------- */

static bool is_snapshot(const char *name, brn_file_kind kind)
{
    brn_str text = brn_str_from(name);

    return kind == BRN_FILE_REGULAR && name[0] != '.' && brn_str_ends(text, BRN_STR(".json")) &&
           brn_str_find(text, BRN_STR("snapshot")) != SIZE_MAX;
}

/* `version` views the name of the folder; empty: the name of the file may have one. */
static void add_snapshot(
    brn_layout_reader *r, const char *folder, const char *name, brn_str version)
{
    brn_snapshot *slot = BRN_VEC_PUSH(r->arena, &r->set.snapshots);
    brn_filename parsed;

    if (slot == NULL) {
        return;
    }
    brn_filename_parse(&parsed, brn_str_from(name), true);
    if (version.len == 0) {
        version = parsed.version;
    }
    slot->path = brn_path_join(r->arena, folder, name);
    slot->version = brn_arena_strndup(r->arena, version.ptr, version.len);
}

static int by_version(const void *a, const void *b)
{
    const brn_snapshot *x = a;
    const brn_snapshot *y = b;
    int order = (x->version[0] == '\0') - (y->version[0] == '\0');

    if (order == 0) {
        order = brn_version_compare(brn_str_from(x->version), brn_str_from(y->version));
    }
    return order != 0 ? order : strcmp(x->path, y->path);
}

void brn_snapshots_collect(brn_layout_reader *r)
{
    for (size_t i = 0; i < r->scan.count; i++) {
        const brn_layout_entry *entry = r->scan.entries[i];
        bool ours =
            entry->parsed.kind != BRN_VERSION_NONE || strcmp(entry->name, BRN_SNAPSHOT_FOLDER) == 0;
        if (is_snapshot(entry->name, entry->kind)) {
            add_snapshot(r, "", entry->name, BRN_STR(""));
        }
        for (size_t k = 0; ours && k < entry->inside.count; k++) {
            const brn_dir_entry *file = &entry->inside.items[k];
            if (is_snapshot(file->name, file->kind)) {
                add_snapshot(r, entry->name, file->name, entry->parsed.version);
            }
        }
    }
    if (r->set.snapshots.count > 1 && !r->arena->oom) {
        qsort(
            r->set.snapshots.items, r->set.snapshots.count, sizeof(*r->set.snapshots.items),
            by_version);
    }
}

/* --- what the lines are made of --------------------------------------------------------------- */

/* A file as it is now. */
typedef struct covered {
    brn_str path;
    const char *text_digest;         /* "" for a down file */
    char digest[BRN_DIGEST_HEX + 1]; /* of its line, after the lines of all files before it */
    bool recorded;                   /* the sum file has a line for it */
} covered;

/* One call; all memory is in the arena. */
typedef struct summing {
    const brn_source_set *set;
    brn_arena arena;
    brn_buf buf;      /* the snapshot at hand */
    const char *path; /* of the sum file */
    BRN_VEC(covered) files;
} summing;

static void line_digest(
    char out[BRN_DIGEST_HEX + 1], brn_str before, brn_str path, const char *text_digest)
{
    brn_digest digest;

    brn_digest_init(&digest);
    brn_digest_field(&digest, before);
    brn_digest_field(&digest, path);
    brn_digest_field(&digest, brn_str_from(text_digest));
    brn_digest_hex(&digest, out);
}

static void add_file(summing *s, brn_str path, const char *text_digest)
{
    covered *file = BRN_VEC_PUSH(&s->arena, &s->files);
    brn_str before = BRN_STR("");

    if (file == NULL) {
        return;
    }
    if (s->files.count > 1) {
        before = (brn_str){ file[-1].digest, BRN_DIGEST_HEX };
    }
    file->path = path;
    file->text_digest = text_digest;
    line_digest(file->digest, before, path, text_digest);
}

/* Paths are shown with the directory in front (brn_path_join()); lines have them without. */
static brn_str below_dir(const summing *s, const char *path)
{
    brn_str text = brn_str_from(path);
    brn_str dir = brn_str_from(s->set->dir);

    if (dir.len == 0 || brn_str_eq_c(dir, ".")) {
        return text;
    }
    return brn_str_slice(text, dir.len + (dir.ptr[dir.len - 1] == '/' ? 0 : 1), text.len);
}

static void add_source(summing *s, const brn_source *source)
{
    if (source->in_program) {
        return;
    }
    add_file(
        s, below_dir(s, source->up_path),
        source->file_digest != NULL ? source->file_digest : source->up_digest);
    if (source->down_path != NULL && strcmp(source->down_path, source->up_path) != 0) {
        add_file(s, below_dir(s, source->down_path), "");
    }
}

static brant_status unreadable(const char *path, int errnum, brant_error **err)
{
    brant_status st = brn_error_errno(err, "sum.unreadable", errnum, "read", path);

    brn_error_hint(err, "Make it a regular file that this user may read; or remove it.");
    brn_error_at(err, path, 0, 0);
    return st;
}

static brant_status add_snapshot_file(summing *s, const brn_snapshot *snapshot, brant_error **err)
{
    const char *path = brn_path_join(&s->arena, s->set->dir, snapshot->path);
    char *hex = brn_arena_alloc(&s->arena, BRN_DIGEST_HEX + 1);
    brn_digest digest;
    int rc;

    if (path == NULL || hex == NULL) {
        return brn_error_oom(err);
    }
    if (!brn_layout_is_clean(brn_str_from(snapshot->path))) {
        brant_status st = brn_error(
            err, BRANT_EPARSE, "layout.bad_name",
            "the name of \"%s\" has control characters or is not UTF-8", path);
        brn_error_hint(err, "Rename the file; it is to stand in %s.", BRN_SUM_FILE);
        brn_error_at(err, path, 0, 0);
        return st;
    }
    brn_buf_reset(&s->buf);
    rc = brn_file_read(&s->buf, path, SNAPSHOT_MAX_BYTES);
    if (rc != 0) {
        return unreadable(path, rc, err);
    }
    brn_digest_init(&digest);
    brn_digest_text(&digest, brn_buf_str(&s->buf));
    brn_digest_hex(&digest, hex);
    add_file(s, brn_str_from(snapshot->path), hex);
    return BRANT_OK;
}

/* Does the snapshot stand in front of the migration? Those without a version are the last. */
static bool is_before(const brn_snapshot *snapshot, const brn_source *source)
{
    if (snapshot->version[0] == '\0') {
        return false;
    }
    return source->version[0] == '\0' ||
           brn_version_compare(brn_str_from(snapshot->version), brn_str_from(source->version)) < 0;
}

static brant_status add_all(summing *s, brant_error **err)
{
    const brn_source_set *set = s->set;
    size_t next = 0;
    brant_status st = BRANT_OK;

    for (size_t i = 0; i < set->items.count && st == BRANT_OK; i++) {
        while (st == BRANT_OK && next < set->snapshots.count &&
               is_before(&set->snapshots.items[next], set->items.items[i])) {
            st = add_snapshot_file(s, &set->snapshots.items[next++], err);
        }
        if (st == BRANT_OK) {
            add_source(s, set->items.items[i]);
        }
    }
    while (st == BRANT_OK && next < set->snapshots.count) {
        st = add_snapshot_file(s, &set->snapshots.items[next++], err);
    }
    return st == BRANT_OK && s->arena.oom ? brn_error_oom(err) : st;
}

static brant_status start(summing *s, const brn_source_set *set, brant_error **err)
{
    *s = (summing){ .set = set };
    s->path = brn_path_join(&s->arena, set->dir, BRN_SUM_FILE);
    return s->path == NULL ? brn_error_oom(err) : BRANT_OK;
}

static void finish(summing *s)
{
    brn_buf_release(&s->buf);
    brn_arena_release(&s->arena);
}

static brant_status write_text(brn_buf *out, const summing *s, brant_error **err)
{
    brn_buf_add_c(out, HEADER "\n");
    for (size_t i = 0; i < s->files.count; i++) {
        const covered *file = &s->files.items[i];
        brn_buf_add_str(out, file->path);
        brn_buf_add_char(out, ' ');
        brn_buf_add(out, file->digest, BRN_DIGEST_HEX);
        brn_buf_add_char(out, '\n');
    }
    return out->failed ? brn_error_oom(err) : BRANT_OK;
}

brant_status brn_sum_text(brn_buf *out, const brn_source_set *set, brant_error **err)
{
    summing s;
    brant_status st = start(&s, set, err);

    if (st == BRANT_OK) {
        st = add_all(&s, err);
    }
    if (st == BRANT_OK) {
        st = write_text(out, &s, err);
    }
    finish(&s);
    return st;
}

/* --- taking it apart -------------------------------------------------------------------------- */

static brant_status malformed(const char *file, size_t line, const char *why, brant_error **err)
{
    brant_status st =
        brn_error(err, BRANT_EPARSE, "sum.malformed", "\"%s\" is not a sum file: %s", file, why);

    brn_error_hint(
        err, "Look whether all migrations are as they should be, then run \"brant sum\".");
    brn_error_at(err, file, line > UINT32_MAX ? 0 : (uint32_t)line, 1);
    return st;
}

static bool is_merge_mark(brn_str line)
{
    static const char marks[] = "<>=|";
    size_t len = 0;

    while (len < line.len && line.ptr[len] == line.ptr[0]) {
        len++;
    }
    return len == 7 && memchr(marks, line.ptr[0], sizeof(marks) - 1) != NULL &&
           (line.len == 7 || line.ptr[7] == ' ');
}

static brant_status unmerged(const char *file, size_t line, brant_error **err)
{
    brant_status st = brn_error(
        err, BRANT_EPARSE, "sum.malformed", "\"%s\" has the marks of an unfinished merge", file);

    brn_error_hint(
        err,
        "Look at the migrations that both sides brought, and number them anew where need be. Then "
        "take either side of \"%s\" and run \"brant sum\".",
        file);
    brn_error_at(err, file, line > UINT32_MAX ? 0 : (uint32_t)line, 1);
    return st;
}

static bool is_digest(brn_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) {
            return false;
        }
    }
    return text.len == BRN_DIGEST_HEX;
}

/* NULL, or what is wrong with the line. */
static const char *parse_line(brn_sum_line *out, brn_str line)
{
    size_t at = line.len - BRN_DIGEST_HEX - 1;

    if (line.len < BRN_DIGEST_HEX + 2 || line.ptr[at] != ' ') {
        return "a line is a path, a blank and 64 hexadecimal digits";
    }
    out->path = brn_str_slice(line, 0, at);
    out->digest = brn_str_slice(line, at + 1, line.len);
    if (!is_digest(out->digest)) {
        return "a line ends with 64 hexadecimal digits in lower case";
    }
    return brn_layout_is_clean(out->path) ? NULL : "a path has control characters or is not UTF-8";
}

static brn_str without_cr(brn_str line)
{
    return brn_str_ends(line, BRN_STR("\r")) ? brn_str_slice(line, 0, line.len - 1) : line;
}

brant_status brn_sum_parse(
    brn_sum_lines *out, brn_arena *arena, const char *file, brn_str text, brant_error **err)
{
    brn_sum_lines lines = { 0 };
    brn_str rest = text;
    brn_str line = BRN_STR("");

    if (brn_str_starts(rest, BRN_STR("\xef\xbb\xbf"))) {
        rest = brn_str_slice(rest, 3, rest.len);
    }
    if (!brn_str_split(&rest, '\n', &line) || !brn_str_eq_c(without_cr(line), HEADER)) {
        return is_merge_mark(without_cr(line))
                   ? unmerged(file, 1, err)
                   : malformed(file, 1, "its first line is not \"" HEADER "\"", err);
    }
    for (size_t number = 2; brn_str_split(&rest, '\n', &line); number++) {
        brn_sum_line *slot;
        const char *why;
        line = without_cr(line);
        if (line.len == 0 && rest.ptr == NULL) {
            break;
        }
        if (line.len > 0 && is_merge_mark(line)) {
            return unmerged(file, number, err);
        }
        slot = BRN_VEC_PUSH(arena, &lines);
        if (slot == NULL) {
            return brn_error_oom(err);
        }
        why = parse_line(slot, line);
        if (why != NULL) {
            return malformed(file, number, why, err);
        }
    }
    *out = lines;
    return BRANT_OK;
}

/* --- what differs ----------------------------------------------------------------------------- */

typedef struct difference {
    const char *what; /* "was changed" */
    brn_str path;
    brn_str now;   /* where its text is now; empty */
    bool is_there; /* the file */
} difference;

typedef struct comparison {
    summing *s;
    brn_sum_lines lines;
    brn_map files; /* path -> covered */
    difference named[NAMED_MAX];
    size_t count;
} comparison;

static void add_difference(comparison *c, difference d)
{
    if (c->count < NAMED_MAX) {
        c->named[c->count] = d;
    }
    c->count++;
}

/* The digits that line i would have, were it written behind `before`. */
static bool fits(const comparison *c, size_t i, brn_str before, const char *text_digest)
{
    char digest[BRN_DIGEST_HEX + 1];

    line_digest(digest, before, c->lines.items[i].path, text_digest);
    return brn_str_eq_c(c->lines.items[i].digest, digest);
}

static brn_str digest_before(const comparison *c, size_t i)
{
    return i == 0 ? BRN_STR("") : c->lines.items[i - 1].digest;
}

/* An edit of the sum file, or a merge that kept the lines of both sides: the file is as it was, but
 * its line stood behind another one. */
static bool fits_elsewhere(const comparison *c, size_t i, const char *text_digest)
{
    for (size_t k = 0; k <= c->lines.count; k++) {
        if (fits(c, i, digest_before(c, k), text_digest)) {
            return true;
        }
    }
    return false;
}

/* An added file that has the text of the one that is gone. A down file could be any. */
static const covered *find_renamed(const comparison *c, size_t i)
{
    size_t tries = 0;

    for (size_t k = 0; k < c->s->files.count && tries < RENAME_TRIES; k++) {
        const covered *file = &c->s->files.items[k];
        if (file->recorded || file->text_digest[0] == '\0') {
            continue;
        }
        tries++;
        if (fits(c, i, digest_before(c, i), file->text_digest)) {
            return file;
        }
    }
    return NULL;
}

static void compare_gone(comparison *c, size_t i)
{
    brn_str path = c->lines.items[i].path;
    const covered *now = c->count < NAMED_MAX ? find_renamed(c, i) : NULL;

    if (now != NULL) {
        add_difference(c, (difference){ .what = "was moved", .path = path, .now = now->path });
    } else {
        add_difference(c, (difference){ .what = "was removed", .path = path });
    }
}

/* *last is the file of the latest line that was in its place. */
static void compare_line(comparison *c, size_t i, const covered **last)
{
    const brn_sum_line *line = &c->lines.items[i];
    const covered *file = brn_map_get(&c->files, line->path);
    bool same;

    if (file == NULL) {
        compare_gone(c, i);
        return;
    }
    same = fits(c, i, digest_before(c, i), file->text_digest) ||
           brn_str_eq_c(line->digest, file->digest);
    if (!same && c->count < NAMED_MAX && fits_elsewhere(c, i, file->text_digest)) {
        add_difference(
            c, (difference){ .what = "was moved", .path = line->path, .is_there = true });
    } else if (!same) {
        add_difference(
            c, (difference){ .what = "was changed", .path = line->path, .is_there = true });
    } else if (*last != NULL && file < *last) {
        add_difference(
            c, (difference){ .what = "was moved", .path = line->path, .is_there = true });
    } else {
        *last = file;
    }
}

static bool was_moved_to(const comparison *c, const covered *file)
{
    for (size_t i = 0; i < c->count && i < NAMED_MAX; i++) {
        if (c->named[i].now.ptr == file->path.ptr) {
            return true;
        }
    }
    return false;
}

/* A line is there twice: only one of them can be of the file. */
static brant_status mark_recorded(comparison *c, brant_error **err)
{
    for (size_t i = 0; i < c->s->files.count; i++) {
        covered *file = &c->s->files.items[i];
        (void)brn_map_put(&c->files, file->path, file);
    }
    if (c->s->arena.oom) {
        return brn_error_oom(err);
    }
    for (size_t i = 0; i < c->lines.count; i++) {
        covered *file = brn_map_get(&c->files, c->lines.items[i].path);
        if (file != NULL && file->recorded) {
            return malformed(c->s->path, i + 2, "a path is in it twice", err);
        }
        if (file != NULL) {
            file->recorded = true;
        }
    }
    return BRANT_OK;
}

static brant_status compare(comparison *c, brant_error **err)
{
    const covered *last = NULL;
    brant_status st;

    brn_map_init(&c->files, &c->s->arena);
    st = mark_recorded(c, err);
    if (st != BRANT_OK) {
        return st;
    }
    for (size_t i = 0; i < c->lines.count; i++) {
        compare_line(c, i, &last);
    }
    for (size_t i = 0; i < c->s->files.count; i++) {
        const covered *file = &c->s->files.items[i];
        if (!file->recorded && !was_moved_to(c, file)) {
            add_difference(
                c, (difference){ .what = "was added", .path = file->path, .is_there = true });
        }
    }
    return BRANT_OK;
}

static void describe(brn_buf *out, const difference *d)
{
    brn_buf_printf(out, "\"%.*s\" %s", BRN_STR_ARG(d->path), d->what);
    if (d->now.len > 0) {
        brn_buf_printf(out, " to \"%.*s\"", BRN_STR_ARG(d->now));
    }
}

static void detail_others(const comparison *c, brant_error **err)
{
    brn_buf text = { 0 };

    for (size_t i = 0; i < c->count && i < NAMED_MAX; i++) {
        brn_buf_add_c(&text, i > 0 ? ", " : "");
        describe(&text, &c->named[i]);
    }
    if (c->count > NAMED_MAX) {
        brn_buf_printf(&text, " and %zu more", c->count - NAMED_MAX);
    }
    brn_error_detail(err, "%s.", brn_buf_text(&text));
    brn_buf_release(&text);
}

static brant_status mismatch(comparison *c, brant_error **err)
{
    const difference *first = &c->named[0];
    const char *path = brn_arena_printf(&c->s->arena, "%.*s", BRN_STR_ARG(first->path));
    brn_buf text = { 0 };
    brant_status st;

    describe(&text, first);
    path = path == NULL ? NULL : brn_path_join(&c->s->arena, c->s->set->dir, path);
    if (path == NULL || text.failed) {
        brn_buf_release(&text);
        return brn_error_oom(err);
    }
    st = brn_error(
        err, BRANT_EDRIFT, "sum.mismatch", "%s since \"%s\" was written", brn_buf_text(&text),
        c->s->path);
    brn_buf_release(&text);
    if (c->count > 1) {
        detail_others(c, err);
    }
    brn_error_hint(
        err, "Put the files back as they were; or, if they are as they should be, run \"brant "
             "sum\", which writes the sum anew.");
    brn_error_at(err, first->is_there ? path : c->s->path, 0, 0);
    return st;
}

/* The text of the sum file is not the one of the files; perhaps only its line ends. */
static brant_status explain(summing *s, brn_str text, brant_error **err)
{
    comparison c = { .s = s };
    brant_status st = brn_sum_parse(&c.lines, &s->arena, s->path, text, err);

    if (st == BRANT_OK) {
        st = compare(&c, err);
    }
    return st == BRANT_OK && c.count > 0 ? mismatch(&c, err) : st;
}

static brant_status missing(const summing *s, brant_error **err)
{
    brant_status st =
        brn_error(err, BRANT_EDRIFT, "sum.missing", "there is no sum file \"%s\"", s->path);

    brn_error_hint(err, "Write it: \"brant sum\".");
    brn_error_at(err, s->path, 0, 0);
    return st;
}

brant_status brn_sum_verify(const brn_source_set *set, bool must, brant_error **err)
{
    summing s;
    brn_buf recorded = { 0 };
    brn_buf now = { 0 };
    brant_status st;
    int rc;

    if (!set->has_sum && !must) {
        return BRANT_OK;
    }
    st = start(&s, set, err);
    if (st != BRANT_OK) {
        return st;
    }
    rc = set->has_sum ? brn_file_read(&recorded, s.path, SUM_MAX_BYTES) : ENOENT;
    if (rc != 0) {
        st = set->has_sum ? unreadable(s.path, rc, err) : missing(&s, err);
        goto out;
    }
    st = add_all(&s, err);
    if (st == BRANT_OK) {
        st = write_text(&now, &s, err);
    }
    if (st == BRANT_OK && !brn_str_eq(brn_buf_str(&recorded), brn_buf_str(&now))) {
        st = explain(&s, brn_buf_str(&recorded), err);
    }

out:
    brn_buf_release(&now);
    brn_buf_release(&recorded);
    finish(&s);
    return st;
}

/* --- writing ---------------------------------------------------------------------------------- */

brant_status brn_sum_write(
    const char **path, brn_arena *arena, const brn_source_set *set, brant_error **err)
{
    const char *file = brn_path_join(arena, set->dir, BRN_SUM_FILE);
    brn_buf text = { 0 };
    brant_status st = file == NULL ? brn_error_oom(err) : brn_sum_text(&text, set, err);
    int rc;

    if (st == BRANT_OK) {
        rc = brn_file_replace(file, brn_buf_str(&text), 0666);
        if (rc != 0) {
            st = brn_error_errno(err, "sum.unwritable", rc, "write", file);
            brn_error_hint(
                err, "Look at the permissions of the directory and the space on its disk.");
            brn_error_at(err, file, 0, 0);
        } else {
            *path = file;
        }
    }
    brn_buf_release(&text);
    return st;
}

brant_status brn_sum_renew(
    const char **path, brn_arena *arena, const brn_layout_options *opts, brant_error **err)
{
    brn_layout_options reading = *opts;
    brn_source_set set = { 0 };
    int lock = brn_layout_lock(opts->dir);
    brant_status st;

    reading.skip_sum = true;
    st = brn_layout_read(&set, arena, &reading, err);
    if (st == BRANT_OK) {
        st = brn_sum_write(path, arena, &set, err);
    }
    if (lock >= 0) {
        (void)close(lock);
    }
    return st;
}
