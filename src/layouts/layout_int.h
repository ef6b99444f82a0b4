/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside of the layouts room: what the driver (layout.c) and the layouts share.
 *
 *   scan      one listing of the directory, each name taken apart, the layout found   (scan.c)
 *   collect   the layout turns entries into sources: paths only, no file is opened    (pairs.c ...)
 *   check     order, duplicates, down without up                                      (layout.c)
 *   read      each text once, in order: checked, digested, directives                 (source.c)
 *
 * What is wrong with names is so reported before what is wrong with texts.
 */
#ifndef BRN_LAYOUTS_LAYOUT_INT_H
#define BRN_LAYOUTS_LAYOUT_INT_H

#include "base/map.h"
#include "layouts/layout.h"

typedef enum brn_version_kind {
    BRN_VERSION_NONE = 0,
    BRN_VERSION_NUMBER = 1, /* "001", "20240226153000" */
    BRN_VERSION_DOTTED = 2, /* "1.1.0" */
    BRN_VERSION_DATE = 3,   /* "2024-12-12": several migrations may share it; with a time, too */
    BRN_VERSION_REPEATABLE = 4, /* none: "R__refresh_views" */
} brn_version_kind;

/* The version that `text` begins with; *len is its length. */
brn_version_kind brn_version_scan(size_t *len, brn_str text);
/* Digits only, all of them zero. */
bool brn_version_is_zero(brn_str version);

typedef enum brn_side {
    BRN_SIDE_NONE = 0,
    BRN_SIDE_UP = 1,
    BRN_SIDE_DOWN = 2,
} brn_side;

/* A name taken apart: stem [ "." side ] "." extension, where stem = version [ ("_" | "-") name ],
 * Flyway's "V" or "B" version "__" name, or "R__" name of a repeatable migration. */
typedef struct brn_filename {
    brn_version_kind kind; /* NONE: no version; version and name are empty */
    brn_str stem;          /* the id, unless the kind is NONE */
    brn_str version;       /* empty for REPEATABLE; of Flyway's also "1_2", which is "1.2" */
    bool flyway;
    bool baseline; /* Flyway's "B" for "V": instead of all up to its version */
    brn_str name;
    brn_side side;
    brn_str extension; /* empty when it is none of ours; then the stem is the whole name */
} brn_filename;

/* Views into `name`. The name of a directory has neither side nor extension. */
void brn_filename_parse(brn_filename *out, brn_str name, bool is_directory);
/* "sql" and the others that migrations may have. */
bool brn_extension_is_known(brn_str extension);

typedef struct brn_layout brn_layout;

typedef struct brn_layout_entry {
    const char *name;
    brn_file_kind kind;
    brn_filename parsed;
    brn_dir_list inside; /* of a directory, when folders are looked for */
} brn_layout_entry;

/* One listing of a directory, without hidden entries. All memory is the scratch arena's. */
typedef struct brn_layout_scan {
    const char *dir;
    const char *real_dir;     /* asked for at the first link that leads out of a folder */
    const brn_layout *layout; /* NULL when there is nothing to tell it by */
    /* Not an array of them: such a large piece of memory is not used again when it is given back,
     * and the texts that are read then would need their own. */
    brn_layout_entry **entries;
    size_t count;
    bool has_sum; /* brant.sum; it is not among the entries */
} brn_layout_scan;

/* `layout` as in brn_layout_options. The errors of brn_layout_read() that concern the listing. */
brant_status brn_layout_scan_dir(
    brn_layout_scan *out,
    brn_arena *scratch,
    const char *dir,
    const char *layout,
    brant_error **err);
/* "layout.no_directory" or "layout.unreadable" for a directory that gave this errno. */
brant_status brn_layout_dir_error(brant_error **err, int errnum, const char *dir);

/* One brn_layout_read() call. */
typedef struct brn_layout_reader {
    const brn_layout_options *opts;
    brn_arena *arena;   /* of the result */
    brn_arena *scratch; /* gone when the call ends */
    brn_arena *listing; /* the scan's; gone before texts are read */
    brn_layout_scan scan;
    brn_source_set set;
    brn_map by_id; /* of the sources; empty as long as their ids ascend, see brn_layout_find() */
    bool shared;   /* some have equal versions */
    size_t kept_bytes;
    brn_buf buf;    /* the text at hand */
    int folder;     /* the directory while texts are read; -1: their paths do as well */
    size_t dir_len; /* of each path, what is the directory's */
    size_t ignored;
    bool ignored_warning; /* among those that got no note of their own */
} brn_layout_reader;

struct brn_layout {
    const char *name;
    /* Can the entry only be meant for this layout? Decides what "auto" is. */
    bool (*match)(const brn_layout_entry *entry);
    /* Makes sources of all entries, and notes of those that are none. */
    brant_status (*collect)(brn_layout_reader *r, brant_error **err);
    /* Properties and digests of one source. */
    brant_status (*read)(brn_layout_reader *r, brn_source *source, brant_error **err);
    /* New files: the id, one of these, the extension. */
    const char *up_suffix;
    const char *down_suffix; /* NULL: the up file has sections */
    bool own_folder;         /* the id is a directory */
};

extern const brn_layout brn_layout_pairs;
extern const brn_layout brn_layout_sections;
extern const brn_layout brn_layout_folders;

/* For collect. */

/*
 * Notes a file of one side of a migration; the source is made at the first of them. `path` is
 * relative to the directory. "layout.duplicate" when that side is there already, and what
 * is wrong with the file as such: "layout.outside", "layout.unreadable", "layout.bad_name".
 */
brant_status brn_layout_add(
    brn_layout_reader *r,
    brn_source **out,
    const brn_filename *parsed,
    brn_side side,
    const char *path,
    brn_file_kind kind,
    brant_error **err);
/* "layout.bad_name" for a file that looks like a migration but has no version. */
brant_status brn_layout_no_version(brn_layout_reader *r, const char *path, brant_error **err);
/* Adds a note "layout.ignored". `why` completes a sentence. */
void brn_layout_ignore(brn_layout_reader *r, const char *path, bool warning, const char *why);
/* The note of an entry that no layout wants, worded by what the entry is. */
void brn_layout_ignore_entry(brn_layout_reader *r, const brn_layout_entry *entry);

/* given.c */

/* Joins opts->given to what was collected from files. */
brant_status brn_given_collect(brn_layout_reader *r, brant_error **err);
/* Properties and digests of a source that has one; its file, if there is one, was read before. */
brant_status brn_given_read(brn_layout_reader *r, brn_source *source, brant_error **err);

/* An id or path can go into tables, terminals and JSON: UTF-8 without control characters. */
bool brn_layout_is_clean(brn_str text);

/* sum.c */

#define BRN_SNAPSHOT_FOLDER "meta"

/* Notes the snapshots of other tools in r->set. Out of memory is the arena's latch. */
void brn_snapshots_collect(brn_layout_reader *r);

/* create.c */

/* Waits some seconds for the lock of a directory in which files are made. A descriptor to close,
 * or -1: it cannot be locked. */
int brn_layout_lock(const char *dir);

/* For read. */

/* The digest of a text that stands by itself. */
void brn_source_digest(char out[BRN_DIGEST_HEX + 1], brn_str text);
brant_status brn_source_read_directives(
    brn_props *props, brn_layout_reader *r, const brn_script *script, brant_error **err);
/* Those of the source itself: it gets a record of its own when there may be some. */
brant_status brn_source_read_own_directives(
    brn_source *source, brn_layout_reader *r, const brn_script *script, brant_error **err);
brant_status brn_source_read_down_directives(
    brn_props *props, brn_layout_reader *r, const brn_script *script, brant_error **err);
/* A record of its own for the source's properties, as they are. NULL: out of memory. */
brn_props *brn_source_props(brn_layout_reader *r, brn_source *source);
/* A record for the source's down script, which has one. NULL: out of memory. */
brn_down_script *brn_source_down(brn_layout_reader *r, brn_source *source);
/* As sources have it: Flyway lets '_' stand for the dot. NULL: out of memory. */
const char *brn_layout_copy_version(brn_arena *arena, brn_str version);
/* The source of that id; NULL when there is none, and when there is no memory to find it. */
brn_source *brn_layout_find(brn_layout_reader *r, brn_str id);
/* The same; made when it is not there. NULL: out of memory. */
brn_source *brn_layout_source(brn_layout_reader *r, const brn_filename *parsed);

/* Up and down are files of their own. */
brant_status brn_source_read_files(brn_layout_reader *r, brn_source *source, brant_error **err);
/* Up and down are sections of one. */
brant_status brn_source_read_sections(brn_layout_reader *r, brn_source *source, brant_error **err);

#endif
