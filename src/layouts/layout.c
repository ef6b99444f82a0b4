/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The driver: lists the directory, lets the layout make sources of it, orders them, looks for
 * duplicates and lost down files, and has each text read once.
 */
#include "layouts/layout.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "layouts/layout_int.h"
#include "layouts/sum.h"

#define NOTES_MAX 20 /* notes for single files; the rest is counted in one more */
#define NAMES_MAX 50 /* names in one error */
#define TIMESTAMP_LEN 14

/* --- for collect ------------------------------------------------------------------------------ */

static void add_note(brn_layout_reader *r, bool warning, const char *text)
{
    brn_note *note = BRN_VEC_PUSH(r->arena, &r->set.notes);

    if (note != NULL) {
        *note = (brn_note){ .warning = warning, .id = "layout.ignored", .text = text };
    }
}

void brn_layout_ignore(brn_layout_reader *r, const char *path, bool warning, const char *why)
{
    if (r->ignored++ < NOTES_MAX) {
        const char *shown = brn_path_join(r->scratch, r->set.dir, path);
        add_note(
            r, warning,
            brn_arena_printf(r->arena, "\"%s\" is ignored: %s", shown ? shown : "", why));
    } else {
        r->ignored_warning = r->ignored_warning || warning;
    }
}

static void note_rest(brn_layout_reader *r)
{
    size_t rest = r->ignored - NOTES_MAX;

    if (r->ignored > NOTES_MAX) {
        add_note(
            r, r->ignored_warning,
            brn_arena_printf(
                r->arena, "%zu more %s ignored in \"%s\"", rest,
                rest == 1 ? "file is" : "files are", r->set.dir));
    }
}

/* Somebody may believe that it is run. */
static bool is_script(const brn_layout_entry *entry)
{
    brn_str name = brn_str_from(entry->name);

    return entry->parsed.extension.len > 0 ||
           (name.len > 4 &&
            brn_str_ieq(brn_str_slice(name, name.len - 4, name.len), BRN_STR(".sql")));
}

/* What other tools have migrations in. */
static bool is_program(brn_str name)
{
    static const char *const endings[] = { ".go", ".py", ".js", ".ts",   ".rb", ".php",
                                           ".ex", ".cs", ".rs", ".java", ".kt", ".exs" };

    for (size_t i = 0; i < BRN_ARRAY_LEN(endings); i++) {
        if (brn_str_ends(name, brn_str_from(endings[i]))) {
            return !brn_str_ends(name, BRN_STR("_test.go"));
        }
    }
    return false;
}

/* Entries are ordered by name. */
static size_t index_of(const brn_layout_reader *r, const brn_layout_entry *entry)
{
    size_t low = 0;
    size_t high = r->scan.count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(r->scan.entries[middle]->name, entry->name) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static bool stands_for(const brn_layout_entry *other)
{
    return other->kind == BRN_FILE_DIRECTORY || other->parsed.extension.len > 0;
}

/*
 * A migration that is a program would be missing in the row, and all behind it run without what it
 * does. Whoever has one puts a script of its version beside it (kind=code), which says so to a run.
 */
static bool is_lost_program(const brn_layout_reader *r, const brn_layout_entry *entry)
{
    brn_layout_entry *const *entries = r->scan.entries;
    brn_str version = entry->parsed.version;
    bool lost = true;
    size_t first;

    if (entry->kind == BRN_FILE_DIRECTORY || version.len == 0 ||
        !is_program(brn_str_from(entry->name))) {
        return false;
    }
    /* Those of one version stand together. */
    first = index_of(r, entry);
    while (first > 0 && brn_str_eq(entries[first - 1]->parsed.version, version)) {
        first--;
    }
    for (size_t i = first; lost && i < r->scan.count; i++) {
        if (!brn_str_eq(entries[i]->parsed.version, version)) {
            break;
        }
        lost = !stands_for(entries[i]);
    }
    return lost;
}

/* Flyway looks into all folders, and what is passed over here would be missing. */
static bool holds_scripts(const brn_layout_entry *folder)
{
    for (size_t i = 0; i < folder->inside.count; i++) {
        const brn_dir_entry *file = &folder->inside.items[i];
        brn_filename parsed;
        if (file->kind == BRN_FILE_DIRECTORY) {
            continue;
        }
        brn_filename_parse(&parsed, brn_str_from(file->name), false);
        if (parsed.extension.len > 0 && parsed.kind != BRN_VERSION_NONE) {
            return true;
        }
    }
    return false;
}

void brn_layout_ignore_entry(brn_layout_reader *r, const brn_layout_entry *entry)
{
    const char *why = "it is not named as a migration";
    bool lost = is_lost_program(r, entry);

    if (entry->kind == BRN_FILE_DIRECTORY && holds_scripts(entry)) {
        lost = true;
        why = "the scripts in it are not read; if they are migrations, they belong beside each "
              "other into the directory itself";
    } else if (entry->kind == BRN_FILE_DIRECTORY) {
        why = "it is a directory";
    } else if (entry->kind == BRN_FILE_OUTSIDE) {
        why = "it is a link that leads out of the migrations directory";
    } else if (is_script(entry) && entry->parsed.kind == BRN_VERSION_NONE) {
        why = "its name does not begin with a version";
    } else if (is_script(entry) && r->scan.layout != NULL) {
        why = brn_arena_printf(
            r->scratch, "it is not named as a migration of layout %s", r->scan.layout->name);
    } else if (lost) {
        why = "it is no script; if it is a migration, a script of its version with the directive "
              "kind=code or kind=manual stands for it";
    }
    brn_layout_ignore(r, entry->name, lost || is_script(entry), why != NULL ? why : "");
}

brant_status brn_layout_no_version(brn_layout_reader *r, const char *path, brant_error **err)
{
    const char *shown = brn_path_join(r->scratch, r->set.dir, path);
    brant_status st;

    if (shown == NULL) {
        return brn_error_oom(err);
    }
    st =
        brn_error(err, BRANT_EPARSE, "layout.bad_name", "the name of \"%s\" has no version", shown);
    brn_error_hint(
        err,
        "Begin the name with a version and an underscore, as in \"001_%s\"; a version is a number, "
        "numbers with dots (1.2.0) or a date (2024-12-31). What is no migration belongs elsewhere.",
        path);
    brn_error_at(err, shown, 0, 0);
    return st;
}

bool brn_layout_is_clean(brn_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        if ((unsigned char)text.ptr[i] < 0x20 || text.ptr[i] == 0x7f) {
            return false;
        }
    }
    return brn_str_utf8_invalid_at(text) == SIZE_MAX;
}

static brant_status check_file(
    const brn_filename *parsed, const char *path, brn_file_kind kind, brant_error **err)
{
    brant_status st = BRANT_OK;

    if (kind == BRN_FILE_OUTSIDE) {
        st = brn_error(
            err, BRANT_EPARSE, "layout.outside",
            "\"%s\" is a link that leads out of the migrations directory", path);
        brn_error_hint(err, "Put the file itself there instead of the link.");
    } else if (kind == BRN_FILE_OTHER) {
        st = brn_error(
            err, BRANT_EIO, "layout.unreadable", "could not read \"%s\": not a regular file", path);
        brn_error_hint(err, "Put a regular file there, or remove it.");
    } else if (!brn_layout_is_clean(parsed->stem)) {
        st = brn_error(
            err, BRANT_EPARSE, "layout.bad_name",
            "the name of \"%s\" has control characters or is not UTF-8", path);
        brn_error_hint(err, "Rename the file; its name becomes the id of the migration.");
    }
    brn_error_at(err, path, 0, 0);
    return st;
}

static void index_source(brn_layout_reader *r, brn_source *source)
{
    (void)brn_map_put(&r->by_id, brn_str_from(source->id), source);
}

static int compare_ids(brn_str a, brn_str b)
{
    int order = memcmp(a.ptr, b.ptr, a.len < b.len ? a.len : b.len);

    return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

/*
 * A listing is sorted, and so are the ids as a rule: then one that is above the last is new, and
 * nothing has to be searched. The first one that is below it makes the index.
 */
brn_source *brn_layout_find(brn_layout_reader *r, brn_str id)
{
    size_t count = r->set.items.count;
    int order = 1;

    if (r->by_id.count == 0 && count > 0) {
        brn_source *last = r->set.items.items[count - 1];
        order = compare_ids(id, brn_str_from(last->id));
        if (order >= 0) {
            return order == 0 ? last : NULL;
        }
        brn_map_reserve(&r->by_id, count);
        for (size_t i = 0; i < count; i++) {
            index_source(r, r->set.items.items[i]);
        }
    }
    return brn_map_get(&r->by_id, id);
}

const char *brn_layout_copy_version(brn_arena *arena, brn_str version)
{
    char *copy = brn_arena_strndup(arena, version.ptr, version.len);

    for (size_t i = 0; copy != NULL && i < version.len; i++) {
        copy[i] = copy[i] == '_' ? '.' : copy[i];
    }
    return copy;
}

brn_source *brn_layout_source(brn_layout_reader *r, const brn_filename *parsed)
{
    /* As brn_no_props otherwise. */
    static const brn_props repeatable = { .repeatable = true,
                                          .timeout_ms = -1,
                                          .lock_timeout_ms = -1 };
    brn_source *source = brn_layout_find(r, parsed->stem);
    brn_source **slot;
    char *id;

    if (source != NULL || r->scratch->oom) {
        return source;
    }
    source = brn_arena_alloc(r->arena, sizeof(*source));
    id = brn_arena_strndup(r->arena, parsed->stem.ptr, parsed->stem.len);
    slot = BRN_VEC_PUSH_MOVING(r->arena, &r->set.items);
    if (source == NULL || id == NULL || slot == NULL) {
        return NULL;
    }
    *slot = source;
    source->id = id;
    source->version = brn_layout_copy_version(r->arena, parsed->version);
    source->name = id + (parsed->stem.len - parsed->name.len);
    source->props = parsed->kind == BRN_VERSION_REPEATABLE ? &repeatable : &brn_no_props;
    source->down = &brn_no_down_script;
    if (r->by_id.count > 0) {
        index_source(r, source);
    }
    return r->arena->oom || r->scratch->oom ? NULL : source;
}

brant_status brn_layout_add(
    brn_layout_reader *r,
    brn_source **out,
    const brn_filename *parsed,
    brn_side side,
    const char *path,
    brn_file_kind kind,
    brant_error **err)
{
    const char *shown = brn_path_join(r->arena, r->set.dir, path);
    brn_source *source = shown == NULL ? NULL : brn_layout_source(r, parsed);
    const char **slot;
    brant_status st;

    if (source == NULL) {
        return brn_error_oom(err);
    }
    slot = side == BRN_SIDE_DOWN ? &source->down_path : &source->up_path;
    if (*slot != NULL) {
        st = brn_error(
            err, BRANT_EPARSE, "layout.duplicate",
            "\"%s\" and \"%s\" are both the %s file of migration \"%s\"", *slot, shown,
            side == BRN_SIDE_DOWN ? "down" : "up", source->id);
        brn_error_hint(err, "Remove one of them.");
        brn_error_at(err, shown, 0, 0);
        return st;
    }
    st = check_file(parsed, shown, kind, err);
    if (st == BRANT_OK) {
        *slot = shown;
        *out = source;
    }
    return st;
}

/* --- order and checks ------------------------------------------------------------------------- */

static int compare_versions(const char *a, const char *b)
{
    return brn_version_compare(brn_str_from(a), brn_str_from(b));
}

/* Ids that differ in leading zeros only still need one order on every machine. */
static int by_id(const void *a, const void *b)
{
    const brn_source *x = *(brn_source *const *)a;
    const brn_source *y = *(brn_source *const *)b;
    int order = compare_versions(x->version, y->version);

    if (order == 0) {
        order = brn_str_natcmp(brn_str_from(x->name), brn_str_from(y->name));
    }
    return order != 0 ? order : strcmp(x->id, y->id);
}

/* *shared: there are equal versions; all of it has been looked at when the result is true. */
static bool is_sorted(bool *shared, const brn_source_set *set)
{
    for (size_t i = 1; i < set->items.count; i++) {
        brn_source *const *pair = &set->items.items[i - 1];
        int order = compare_versions(pair[0]->version, pair[1]->version);

        *shared = *shared || order == 0;
        if (order > 0 || (order == 0 && by_id(&pair[0], &pair[1]) > 0)) {
            return false;
        }
    }
    return true;
}

/*
 * Dates may be shared, and repeatable ones have no version. Of folders, prisma takes the whole name
 * for the id, and two are made in one second now and then, as sql-migrate does of all; a number of
 * a sequence that is there twice is otherwise an accident of two branches.
 */
static bool may_share(const brn_layout *layout, const brn_source *a, const brn_source *b)
{
    return a->version[0] == '\0' || strchr(a->version, '-') != NULL ||
           (layout == &brn_layout_folders && strlen(a->version) >= TIMESTAMP_LEN) ||
           (a->whole_name && b->whole_name);
}

static brant_status check_duplicates(const brn_layout_reader *r, brant_error **err)
{
    const brn_source_set *set = &r->set;

    if (r->opts->allow_equal_versions) {
        return BRANT_OK;
    }
    for (size_t i = 1; i < set->items.count; i++) {
        const brn_source *a = set->items.items[i - 1];
        const brn_source *b = set->items.items[i];
        brant_status st;
        /* That the id is unique, brn_layout_source() saw to. */
        if (may_share(r->scan.layout, a, b) || compare_versions(a->version, b->version) != 0) {
            continue;
        }
        st = brn_error(
            err, BRANT_EPARSE, "layout.duplicate", "\"%s\" and \"%s\" have the same version",
            a->up_path, b->up_path);
        brn_error_hint(
            err, "Give one of them another version, one that no database has recorded yet; \"brant "
                 "new\" finds a free one. Files of a tool that goes by the whole name: allow it "
                 "with the setting allow-equal-versions (--allow-equal-versions).");
        brn_error_at(err, b->up_path, 0, 0);
        return st;
    }
    return BRANT_OK;
}

/* How many from there on have one version. */
static size_t count_same(const brn_source_set *set, size_t from)
{
    brn_source *const *at = &set->items.items[from];
    size_t count = 1;

    while (from + count < set->items.count &&
           compare_versions(at[0]->version, at[count]->version) == 0) {
        count++;
    }
    return count;
}

static bool join(brn_source **joined, brn_source *a, brn_source *b)
{
    brn_source *up = a->up_path != NULL ? a : b;
    const brn_source *down = up == a ? b : a;

    if (up->up_path == NULL || up->down_path != NULL || down->up_path != NULL ||
        up->given != NULL) {
        return false;
    }
    up->down_path = down->down_path;
    *joined = up;
    return true;
}

/*
 * Of golang-migrate's files the version alone tells which belong together: 003_add_x.up.sql and
 * 003_drop_x.down.sql are one migration, with the up file's name, where nothing else has that
 * version. Dates are shared, and say nothing.
 */
static void join_pairs(brn_source_set *set)
{
    brn_source **items = set->items.items;
    size_t kept = 0;

    for (size_t i = 0, count = 0; i < set->items.count; i += count) {
        count = count_same(set, i);
        if (count == 2 && strchr(items[i]->version, '-') == NULL &&
            join(&items[kept], items[i], items[i + 1])) {
            kept++;
            continue;
        }
        for (size_t k = 0; k < count; k++) {
            items[kept++] = items[i + k];
        }
    }
    set->items.count = kept;
}

static brant_status check_missing_up(const brn_source_set *set, brant_error **err)
{
    const brn_source *first = NULL;
    brn_buf names = { 0 };
    size_t missing = 0;
    brant_status st;

    for (size_t i = 0; i < set->items.count; i++) {
        const brn_source *s = set->items.items[i];
        if (s->up_path != NULL) {
            continue;
        }
        first = first == NULL ? s : first;
        if (missing++ < NAMES_MAX) {
            brn_buf_printf(&names, "%s\"%s\"", missing > 1 ? ", " : "", s->down_path);
        }
    }
    if (first == NULL) {
        return BRANT_OK;
    }
    if (missing > NAMES_MAX) {
        brn_buf_printf(&names, " and %zu more", missing - NAMES_MAX);
    }
    st = names.failed ? brn_error_oom(err)
                      : brn_error(
                            err, BRANT_EPARSE, "layout.missing_up", "no up file for %s",
                            brn_buf_text(&names));
    brn_error_hint(
        err,
        "A down file has the version of its up file: rename it, write the up file, or remove it.");
    brn_error_at(err, first->down_path, 0, 0);
    brn_buf_release(&names);
    return st;
}

static brant_status check_version_zero(const brn_layout_reader *r, brant_error **err)
{
    for (size_t i = 0; i < r->set.items.count; i++) {
        const brn_source *s = r->set.items.items[i];
        brant_status st;
        if (!brn_version_is_zero(brn_str_from(s->version))) {
            continue;
        }
        st = brn_error(
            err, BRANT_EPARSE, "layout.version_zero", "\"%s\" has version zero", s->up_path);
        brn_error_hint(
            err, "Versions start at 1: give the file another number. Or allow it with the setting "
                 "allow-version-zero (--allow-version-zero).");
        brn_error_at(err, s->up_path, 0, 0);
        return st;
    }
    return BRANT_OK;
}

/* --- reading ---------------------------------------------------------------------------------- */

static brant_status scan(brn_layout_reader *r, brant_error **err)
{
    const brn_layout_options *opts = r->opts;
    brant_error *failure = NULL;
    brant_status st = brn_layout_scan_dir(&r->scan, r->listing, opts->dir, opts->layout, &failure);

    if (st != BRANT_OK && opts->may_be_missing &&
        strcmp(brant_error_id(failure), "layout.no_directory") == 0) {
        brant_error_free(failure);
        return BRANT_OK;
    }
    if (err != NULL) {
        *err = failure;
    } else {
        brant_error_free(failure);
    }
    return st;
}

static brant_status collect(brn_layout_reader *r, brant_error **err)
{
    brant_status st = BRANT_OK;

    if (r->scan.layout != NULL) {
        r->set.layout = r->scan.layout->name;
        st = r->scan.layout->collect(r, err);
    } else {
        for (size_t i = 0; i < r->scan.count; i++) {
            brn_layout_ignore_entry(r, r->scan.entries[i]);
        }
    }
    note_rest(r);
    r->set.has_sum = r->scan.has_sum;
    brn_snapshots_collect(r);
    if (st == BRANT_OK) {
        st = brn_given_collect(r, err);
    }
    if (st == BRANT_OK && (r->arena->oom || r->scratch->oom)) {
        st = brn_error_oom(err);
    }
    return st;
}

static brant_status check(brn_layout_reader *r, brant_error **err)
{
    brant_status st;

    /* The listing is ordered by bytes, which is this order where versions have the same length. */
    if (!is_sorted(&r->shared, &r->set)) {
        qsort(r->set.items.items, r->set.items.count, sizeof(*r->set.items.items), by_id);
        r->shared = true;
    }
    if (r->shared && r->scan.layout == &brn_layout_pairs) {
        join_pairs(&r->set);
    }
    st = check_missing_up(&r->set, err);
    /* Of sections, the text says whose they are. */
    if (st == BRANT_OK && r->shared && r->scan.layout != &brn_layout_sections) {
        st = check_duplicates(r, err);
    }
    /* Other layouts come from tools that start at 0000. */
    if (st == BRANT_OK && r->scan.layout == &brn_layout_pairs && !r->opts->allow_version_zero) {
        st = check_version_zero(r, err);
    }
    return st;
}

static brant_status read_texts(brn_layout_reader *r, brant_error **err)
{
    for (size_t i = 0; i < r->set.items.count; i++) {
        brn_source *source = r->set.items.items[i];
        brant_status st = BRANT_OK;
        if (!source->in_program) {
            st = r->scan.layout->read(r, source, err);
        }
        if (st == BRANT_OK && (source->given != NULL || source->props->kind == BRN_KIND_CODE)) {
            if (!source->in_program) {
                source->file_digest = brn_arena_strdup(r->arena, source->up_digest);
            }
            st = brn_given_read(r, source, err);
        }
        if (st != BRANT_OK) {
            brn_error_subject(err, NULL, source->id);
            return st;
        }
    }
    return r->arena->oom ? brn_error_oom(err) : BRANT_OK;
}

/* Paths are what brn_path_join() makes of the directory and a name. */
static brant_status open_folder(brn_layout_reader *r, brant_error **err)
{
    const char *path = brn_path_join(r->scratch, r->set.dir, "x");

    if (path == NULL) {
        return brn_error_oom(err);
    }
    r->dir_len = strlen(path) - 1;
    r->folder = brn_dir_open(r->set.dir);
    return BRANT_OK;
}

brant_status brn_layout_read(
    brn_source_set *out, brn_arena *arena, const brn_layout_options *opts, brant_error **err)
{
    brn_arena scratch = { 0 };
    brn_arena listing = { 0 };
    brn_layout_reader r = {
        .opts = opts, .arena = arena, .scratch = &scratch, .listing = &listing, .folder = -1
    };
    brant_status st;

    brn_map_init(&r.by_id, &scratch);
    r.set.dir = brn_arena_strdup(arena, opts->dir);
    if (r.set.dir == NULL) {
        return brn_error_oom(err);
    }
    st = scan(&r, err);
    if (st != BRANT_OK) {
        goto out;
    }
    st = collect(&r, err);
    if (st != BRANT_OK) {
        goto out;
    }
    st = check(&r, err);
    if (st != BRANT_OK) {
        goto out;
    }
    r.scan.entries = NULL;
    r.scan.count = 0;
    brn_arena_release(&listing);
    st = open_folder(&r, err);
    if (st != BRANT_OK) {
        goto out;
    }
    st = read_texts(&r, err);
    if (st == BRANT_OK && r.shared && r.scan.layout == &brn_layout_sections) {
        st = check_duplicates(&r, err);
    }
    if (st != BRANT_OK) {
        goto out;
    }
    if (!opts->skip_sum) {
        st = brn_sum_verify(&r.set, false, err);
        if (st != BRANT_OK) {
            goto out;
        }
    }
    *out = r.set;

out:
    if (r.folder >= 0) {
        (void)close(r.folder);
    }
    brn_buf_release(&r.buf);
    brn_arena_release(&listing);
    brn_arena_release(&scratch);
    return st;
}
