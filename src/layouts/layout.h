/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Layouts: ways of storing migrations in files.
 *
 *   pairs      001_create_users.up.sql + 001_create_users.down.sql     (golang-migrate)
 *   sections   001_create_users.sql with an up and a down section      (also goose, dbmate)
 *   folders    001_create_users/up.sql + down.sql, or /migration.sql   (also drizzle, prisma)
 *
 * Reading a directory gives sources, one per migration: where its texts are, its properties and
 * its digests. Texts are read once to be checked and digested and are not kept beyond keep_bytes:
 * ten thousand files must not cost ten thousand files of memory. brn_source_open() gives the kept
 * text, or reads it again when it is to run and refuses when it is not the text that was digested.
 *
 * The digest is SHA-256 over the text as brn_digest_text() normalises it (no byte order mark, LF);
 * never over a path. In a sections file the up digest covers head and up section, the down digest
 * the down section, so that mending a down section does not look like an edited migration.
 *
 * Migrations that the host program brings (brn_given) join those of the directory; the path of such
 * a source is "program:ID".
 *
 * A repeatable migration (repeatable=true, or a name "R__refresh_views.sql") is ordered behind all
 * others, by name; with the name its version is "".
 *
 * Directives at the head of the up script are the migration's properties. A down script says only
 * how it is to be run itself (transaction, timeout, lock-timeout, foreign-keys, placeholders,
 * idempotent); anything else in it is "layout.down_directive". The head of a sections file counts
 * for both scripts.
 */
#ifndef BRN_LAYOUTS_LAYOUT_H
#define BRN_LAYOUTS_LAYOUT_H

#include "base/buf.h"
#include "base/digest.h"
#include "base/file.h"
#include "text/directive.h"
#include "text/section.h"

/*
 * The order of versions: numbers by their value, dates and timestamps by the moment, also where a
 * directory has them in several spellings (2024-12-12, 20241212, 20241212101500): of those the one
 * that says less comes first. Numbers of a sequence come before all of them.
 */
int brn_version_compare(brn_str a, brn_str b);

/* A migration that the host program brings instead of a file: texts, or functions of its own. */
typedef struct brn_given {
    const char *id;
    const char *up_text; /* NULL: it is code */
    const char *down_text;
    bool has_down;          /* code */
    const char *properties; /* code: directives without comment marks; NULL */
    const char *revision;   /* code: digested in place of a text; NULL: never counts as edited */
    void *call;             /* code: the owner's record of the functions */
} brn_given;

/* What there is to know of a down script. */
typedef struct brn_down_script {
    brn_props props; /* how it is to be run: transaction, time limits, foreign keys, ... */
    char digest[BRN_DIGEST_HEX + 1];
    brn_switch transaction; /* from a foreign section marker; AUTO when it says nothing */
} brn_down_script;

/* Of those without one: no digest, nothing given. */
extern const brn_down_script brn_no_down_script;

/* There may be very many: what most of them have in common they share, and nothing pads. */
typedef struct brn_source {
    const char *id;      /* "001_create_users" */
    const char *version; /* "001", "20240226153000", "1.1.0", "2024-12-12", "2024-12-12-101500" */
    const char *name;    /* "create_users"; "" when there is none */
    const char *up_path; /* as shown to people: directory and name; NULL when there is no up */
    const char *down_path;
    const brn_props *props;      /* never NULL; most have brn_no_props */
    const brn_down_script *down; /* never NULL; most have none */
    const brn_given *given;  /* NULL: from files, or a file kind=code whose function is not here */
    const char *file_digest; /* of the up file, where up_digest may be of a revision; or NULL */
    const char *up_text;     /* up_bytes, kept from reading, see keep_bytes; NULL: is read again */
    size_t up_bytes;
    char up_digest[BRN_DIGEST_HEX + 1]; /* "" when there is no up */
    bool sections;                      /* up_path is one file with sections */
    bool whole_name;           /* its tool knows it by its whole name, not by the version */
    bool in_program;           /* no file has it; the paths are "program:ID" */
    brn_switch up_transaction; /* from a foreign section marker; AUTO when it says nothing */
} brn_source;

/* Something to tell the person that does not stop the run. */
typedef struct brn_note {
    bool warning;
    const char *id; /* "layout.ignored" */
    const char *text;
} brn_note;

/* What another tool keeps beside migrations and nobody should edit; see sum.h. */
typedef struct brn_snapshot {
    const char *path;    /* below the directory: "meta/0001_snapshot.json" */
    const char *version; /* "0001"; "" when neither its folder nor its name has one */
} brn_snapshot;

typedef struct brn_source_set {
    BRN_VEC(brn_source *) items; /* ordered by brn_version_compare, then by name */
    BRN_VEC(brn_note) notes;
    BRN_VEC(brn_snapshot) snapshots; /* ordered by version, those without one last */
    bool has_sum;                    /* there is something named brant.sum */
    const char *layout; /* name of the layout found; NULL when there is nothing to tell it by */
    const char *dir;
} brn_source_set;

typedef struct brn_layout_options {
    const char *dir;
    const char *layout; /* "auto" or a name */
    const brn_dialect *dialect;
    size_t max_file_bytes;
    bool allow_version_zero;
    bool allow_equal_versions;
    bool may_be_missing; /* no directory is an empty one */
    bool skip_sum;       /* brant.sum is not looked at */
    size_t keep_bytes;   /* of up texts that are files of their own, kept from reading; 0: none */
    const brn_given *const *given; /* join the files; outlive the set */
    size_t given_count;
} brn_layout_options;

/*
 * Reads a directory of migrations.
 *
 * Errors name the file and what to do:
 *
 *   layout.no_directory    BRANT_EUSAGE   there is none, or it is a file
 *   layout.unknown         BRANT_EUSAGE   no layout of that name
 *   layout.unreadable      BRANT_EIO      directory or file; the system's reason is in the message
 *   layout.mixed           BRANT_EPARSE   more than one layout matches, or a file of pairs or
 *                                         folders has section markers
 *   layout.outside         BRANT_EPARSE   a link that leads out of the directory
 *   layout.bad_name        BRANT_EPARSE   looks like a migration of this layout but has no version,
 *                                         or cannot be an id (control characters, not UTF-8)
 *   layout.duplicate       BRANT_EPARSE   one version, unless that is allowed, or one side twice;
 *                                         both files are named
 *   layout.missing_up      BRANT_EPARSE   all of the lost down files are named
 *   layout.version_zero    BRANT_EPARSE   in pairs, unless it is allowed
 *   layout.too_large       BRANT_EPARSE   above max_file_bytes
 *   layout.not_code        BRANT_EUSAGE   a given function and a file of that id without kind=code
 *   layout.code_text       BRANT_EPARSE   a file kind=code with statements in it
 *   sum.mismatch           BRANT_EDRIFT   brant.sum is there and says otherwise, see sum.h
 *   layout.down_directive  BRANT_EPARSE   a directive that a down script cannot have
 *
 * and those of script, directives and sections. An empty directory is an empty set. Files that are
 * not migrations give notes; hidden ones do not.
 */
brant_status brn_layout_read(
    brn_source_set *out, brn_arena *arena, const brn_layout_options *opts, brant_error **err);

/*
 * The checked text of one direction, read into `buf`. *script views buf. "layout.changed"
 * (BRANT_EDRIFT) when the file is not what was digested, "layout.missing_down" (BRANT_EUSAGE) when
 * there is no such direction; it names the file that is wanted.
 */
brant_status brn_source_open(
    brn_script *script,
    brn_buf *buf,
    const brn_source *source,
    bool down,
    const brn_dialect *dialect,
    size_t max_file_bytes,
    brant_error **err);

/* Kept texts are forgotten: who waits does not want to run what was there before. */
void brn_source_set_forget(brn_source_set *set);

/* A function of the program runs this direction; there is no text to open. */
bool brn_source_is_call(const brn_source *source, bool down);
/* Nothing here can run it: a person or a program does. */
bool brn_source_is_manual(const brn_source *source);

typedef enum brn_numbering {
    BRN_NUMBERING_AUTO = 0, /* as the newest one in the directory; sequence when it is empty */
    BRN_NUMBERING_SEQUENCE,
    BRN_NUMBERING_TIMESTAMP,
    BRN_NUMBERING_VERSION, /* as given */
} brn_numbering;

typedef struct brn_create_options {
    const char *dir;
    const char *layout; /* "auto" or a name */
    const char *name;   /* as the person wrote it: "add users table" */
    brn_numbering numbering;
    const char *version;   /* with BRN_NUMBERING_VERSION */
    const char *extension; /* "sql" (also NULL), "cql", "redis", "ch" */
    int64_t now_us;
    const brn_layout_options *reading; /* keeps brant.sum, where there is one; NULL: leaves it */
} brn_create_options;

typedef struct brn_created {
    const char *id;
    BRN_VEC(const char *) paths; /* up first */
} brn_created;

/*
 * Writes the files of a new migration, and the directory when it is missing; never overwrites. All
 * files or none. Safe against others who do the same at the same time. The files hold comments
 * only. An empty directory gets pairs unless `layout` says otherwise.
 *
 * The name becomes lower-case words joined by '_'. Sequence: highest number + 1 with the padding of
 * the highest (three digits in an empty directory). Timestamp: UTC, made unique by counting seconds
 * up past what is there. Auto continues what the highest version is: a sequence, timestamps of 14
 * digits, or dates; after a dotted version it asks for one (create.bad_version).
 *
 * Errors, BRANT_EUSAGE: "create.bad_name" (nothing usable in it, or too long),
 * "create.bad_version", "create.bad_extension", "create.duplicate" (version or id is taken: the
 * file is named); BRANT_EIO: "create.unwritable"; and those of brn_layout_read() that concern the
 * directory. With `reading`, a directory with a sum file is read and verified first, so that a new
 * migration does not confirm what somebody changed elsewhere; then errors of texts and of the sum
 * are possible too.
 */
brant_status brn_layout_create(
    brn_created *out, brn_arena *arena, const brn_create_options *opts, brant_error **err);

#endif
