/* SPDX-License-Identifier: Apache-2.0 */
#include "core/error.h"

#undef brn_error
#undef brn_error_oom
#undef brn_error_errno

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/platform.h"

#define STATEMENT_MAX_BYTES 500

struct brant_error {
    brant_status status;
    char *id;
    char *message;
    char *detail;
    char *hint;
    char *sqlstate;
    char *file;
    char *statement;
    char *migration;
    char *database;
    int64_t native_code;
    uint32_t line;
    uint32_t column;
    size_t offset;
    brant_error *cause;
};

/*
 * Read only, so that running out of memory needs no memory and no lock. Its texts come from the
 * accessors; whoever changes or frees an error must look for it first.
 */
static const brant_error oom_error = {
    .status = BRANT_ENOMEM,
    .offset = SIZE_MAX,
};

static const char *const status_names[] = {
    [BRANT_OK] = "ok",
    [BRANT_EUSAGE] = "usage",
    [BRANT_EPARSE] = "parse",
    [BRANT_EIO] = "io",
    [BRANT_ECONNECT] = "connect",
    [BRANT_ESTATEMENT] = "statement",
    [BRANT_ELOCKED] = "locked",
    [BRANT_EDRIFT] = "drift",
    [BRANT_EDIRTY] = "dirty",
    [BRANT_EUNSUPPORTED] = "unsupported",
    [BRANT_ECANCELLED] = "cancelled",
    [BRANT_ETIMEOUT] = "timeout",
    [BRANT_ENOMEM] = "nomem",
    [BRANT_EINTERNAL] = "internal",
};

const char *brant_status_name(brant_status status)
{
    size_t i = (size_t)status;

    return i < BRN_ARRAY_LEN(status_names) ? status_names[i] : "unknown";
}

/* --- making and freeing ----------------------------------------------------------------------- */

static void free_one(brant_error *err)
{
    free(err->id);
    free(err->message);
    free(err->detail);
    free(err->hint);
    free(err->sqlstate);
    free(err->file);
    free(err->statement);
    free(err->migration);
    free(err->database);
    free(err);
}

void brant_error_free(brant_error *err)
{
    while (err != NULL && err != &oom_error) {
        brant_error *cause = err->cause;

        free_one(err);
        err = cause;
    }
}

/* The error to add to, or NULL when there is none or it is the read-only one. */
static brant_error *writable(brant_error **err)
{
    return err != NULL && *err != &oom_error ? *err : NULL;
}

static char *copy_bytes(const char *ptr, size_t len)
{
    char *copy = malloc(len + 1);

    if (copy != NULL) {
        if (len > 0) {
            memcpy(copy, ptr, len);
        }
        copy[len] = '\0';
    }
    return copy;
}

static char *copy_text(const char *text)
{
    return copy_bytes(text, strlen(text));
}

__attribute__((format(printf, 1, 0))) static char *format_text(const char *format, va_list args)
{
    va_list again;
    char *text = NULL;
    int len;

    va_copy(again, args);
    len = vsnprintf(NULL, 0, format, again);
    va_end(again);
    if (len < 0) {
        return copy_text("");
    }
    text = malloc((size_t)len + 1);
    if (text != NULL) {
        (void)vsnprintf(text, (size_t)len + 1, format, args);
    }
    return text;
}

/* Servers send messages of several lines, and files may hold terminal escapes. */
static void make_one_line(char *text)
{
    for (char *p = text; *p != '\0'; p++) {
        if ((unsigned char)*p < 0x20 || *p == 0x7f) {
            *p = ' ';
        }
    }
}

brant_status brn_error(
    brant_error **err, brant_status status, const char *id, const char *format, ...)
{
    va_list args;
    brant_error *made = NULL;

    if (err == NULL) {
        return status;
    }
    made = calloc(1, sizeof(*made));
    if (made == NULL) {
        return brn_error_oom(err);
    }
    made->status = status;
    made->offset = SIZE_MAX;
    made->id = copy_text(id);
    va_start(args, format);
    made->message = format_text(format, args);
    va_end(args);
    if (made->id == NULL || made->message == NULL) {
        free_one(made);
        return brn_error_oom(err);
    }
    make_one_line(made->message);
    made->cause = *err;
    *err = made;
    return status;
}

brant_status brn_error_oom(brant_error **err)
{
    if (err != NULL) {
        brant_error_free(*err);
        *err = (brant_error *)(uintptr_t)&oom_error; /* never written: see writable() */
    }
    return BRANT_ENOMEM;
}

/* What a person can do about an errno value, when the caller knows nothing better. */
static const char *errno_hint(int errnum)
{
    switch (errnum) {
    case ENOENT:
        return "Check the path: there is nothing of that name.";
    case EACCES:
    case EPERM:
        return "Give this user the right to do that, or run as another user.";
    case EROFS:
        return "The file system is mounted read-only: choose another place.";
    case ENOSPC:
    case EDQUOT:
        return "Free some space, then try again.";
    case EISDIR:
        return "Name a file in that directory.";
    case EFBIG:
        return "The file is larger than what is read here.";
    case EMFILE:
    case ENFILE:
        return "Too many files are open: raise the limit (ulimit -n), or close some.";
    default:
        return NULL;
    }
}

brant_status brn_error_errno(
    brant_error **err, const char *id, int errnum, const char *what, const char *path)
{
    char reason[BRN_PLATFORM_NAME];
    brant_status st;

    if (errnum == ENOMEM) {
        return brn_error_oom(err);
    }
    brn_platform_errno_text(reason, errnum);
    if (path != NULL) {
        st = brn_error(err, BRANT_EIO, id, "could not %s \"%s\": %s", what, path, reason);
    } else {
        st = brn_error(err, BRANT_EIO, id, "could not %s: %s", what, reason);
    }
    brn_error_native(err, errnum, NULL);
    if (errno_hint(errnum) != NULL) {
        brn_error_hint(err, "%s", errno_hint(errnum));
    }
    return st;
}

/* --- adding ----------------------------------------------------------------------------------- */

/* Takes `text`; NULL (out of memory) leaves what is there: the message matters more. */
static void replace(char **field, char *text)
{
    if (text != NULL) {
        free(*field);
        *field = text;
    }
}

static void set_once(char **field, const char *text)
{
    if (*field == NULL && text != NULL) {
        *field = copy_text(text);
    }
}

void brn_error_detail(brant_error **err, const char *format, ...)
{
    brant_error *e = writable(err);
    va_list args;

    if (e == NULL) {
        return;
    }
    va_start(args, format);
    replace(&e->detail, format_text(format, args));
    va_end(args);
}

void brn_error_hint(brant_error **err, const char *format, ...)
{
    brant_error *e = writable(err);
    va_list args;

    if (e == NULL) {
        return;
    }
    va_start(args, format);
    replace(&e->hint, format_text(format, args));
    va_end(args);
}

void brn_error_at(brant_error **err, const char *file, uint32_t line, uint32_t column)
{
    brant_error *e = writable(err);

    if (e == NULL) {
        return;
    }
    /* The missing half of a position may come later, but never from another file. */
    if (e->file != NULL && (file == NULL || strcmp(e->file, file) != 0)) {
        return;
    }
    set_once(&e->file, file);
    if (e->line == 0) {
        e->line = line;
        e->column = column;
    }
}

/* Longest beginning of at most `max` bytes that does not cut a character in two. */
static size_t utf8_prefix(brn_str text, size_t max)
{
    size_t len = max;

    if (text.len <= max) {
        return text.len;
    }
    while (len > 0 && max - len < 3 && ((unsigned char)text.ptr[len] & 0xc0) == 0x80) {
        len--;
    }
    /* Four continuation bytes in a row are no character: cut anywhere. */
    return ((unsigned char)text.ptr[len] & 0xc0) == 0x80 ? max : len;
}

void brn_error_statement(brant_error **err, brn_str text)
{
    brant_error *e = writable(err);
    char *copy = NULL;
    size_t len;

    if (e == NULL) {
        return;
    }
    if (text.len <= STATEMENT_MAX_BYTES) {
        replace(&e->statement, copy_bytes(text.ptr, text.len));
        return;
    }
    len = utf8_prefix(text, STATEMENT_MAX_BYTES - 3);
    copy = copy_bytes(text.ptr, len + 3);
    if (copy != NULL) {
        memcpy(copy + len, "...", 3);
    }
    replace(&e->statement, copy);
}

void brn_error_native(brant_error **err, int64_t code, const char *sqlstate)
{
    brant_error *e = writable(err);

    if (e == NULL) {
        return;
    }
    e->native_code = code;
    if (sqlstate != NULL) {
        replace(&e->sqlstate, copy_text(sqlstate));
    }
}

void brn_error_subject(brant_error **err, const char *database, const char *migration)
{
    brant_error *e = writable(err);

    if (e == NULL) {
        return;
    }
    set_once(&e->database, database);
    set_once(&e->migration, migration);
}

void brn_error_offset(brant_error **err, size_t offset)
{
    brant_error *e = writable(err);

    if (e != NULL) {
        e->offset = offset;
    }
}

size_t brn_error_get_offset(const brant_error *err)
{
    return err != NULL ? err->offset : SIZE_MAX;
}

/* --- reading ---------------------------------------------------------------------------------- */

brant_status brant_error_status(const brant_error *err)
{
    return err != NULL ? err->status : BRANT_OK;
}

const char *brant_error_id(const brant_error *err)
{
    if (err == NULL) {
        return "ok";
    }
    return err->id != NULL ? err->id : "core.out_of_memory";
}

const char *brant_error_message(const brant_error *err)
{
    if (err == NULL) {
        return "no error";
    }
    return err->message != NULL ? err->message : "out of memory";
}

const char *brant_error_detail(const brant_error *err)
{
    return err != NULL ? err->detail : NULL;
}

const char *brant_error_hint(const brant_error *err)
{
    return err != NULL ? err->hint : NULL;
}

const char *brant_error_sqlstate(const brant_error *err)
{
    return err != NULL ? err->sqlstate : NULL;
}

int64_t brant_error_native_code(const brant_error *err)
{
    return err != NULL ? err->native_code : 0;
}

const char *brant_error_file(const brant_error *err)
{
    return err != NULL ? err->file : NULL;
}

uint32_t brant_error_line(const brant_error *err)
{
    return err != NULL ? err->line : 0;
}

uint32_t brant_error_column(const brant_error *err)
{
    return err != NULL ? err->column : 0;
}

const char *brant_error_statement(const brant_error *err)
{
    return err != NULL ? err->statement : NULL;
}

const char *brant_error_migration(const brant_error *err)
{
    return err != NULL ? err->migration : NULL;
}

const char *brant_error_database(const brant_error *err)
{
    return err != NULL ? err->database : NULL;
}

const brant_error *brant_error_cause(const brant_error *err)
{
    return err != NULL ? err->cause : NULL;
}
