/* SPDX-License-Identifier: Apache-2.0 */
#include "run/session.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "core/settings.h"
#include "engine/decorators.h"
#include "run/box.h"
#include "run/mirror.h"

#define PASSWORD_MAX 4096
#define PAUSE_SLICE_MS 100

const brant_settings *brn_target_settings(const brn_target *target)
{
    return target->db->settings;
}

const char *brn_target_name(const brn_target *target)
{
    return target->db->info.name;
}

/* The reason why a database's URL cannot be used, told again: the project keeps the original. */
static brant_status repeat_error(const brant_error *from, brant_error **err)
{
    brant_status st = brn_error(
        err, brant_error_status(from), brant_error_id(from), "%s", brant_error_message(from));
    if (brant_error_hint(from) != NULL) {
        brn_error_hint(err, "%s", brant_error_hint(from));
    }
    brn_error_at(err, brant_error_file(from), brant_error_line(from), brant_error_column(from));
    brn_error_subject(err, brant_error_database(from), NULL);
    return st;
}

static brant_status open_target(brant_session *s, brn_target *t, brant_error **err)
{
    if (t->db->url_error != NULL) {
        return repeat_error(t->db->url_error, err);
    }
    return brn_engine_load(&t->engine, brn_engine_entries, s->module_dir, t->db->url.scheme, err);
}

brant_status brant_session_open(
    brant_session **out,
    const brant_project *project,
    const brant_session_options *opts,
    brant_error **err)
{
    brant_session_options o;
    brant_status st = brn_options_read(&o, sizeof(o), opts, err);
    if (st != BRANT_OK) {
        return st;
    }
    if (project->selected.count == 0) {
        brn_error(
            err, BRANT_EUSAGE, "project.no_database",
            "no database: DATABASE_URL is not set, and there is no brant.yaml with one");
        brn_error_hint(
            err, "Give --database sqlite:app.db, set DATABASE_URL, or write a project file with "
                 "\"brant init\".");
        return BRANT_EUSAGE;
    }
    brant_session *s = calloc(1, sizeof(*s));
    if (s == NULL) {
        return brn_error_oom(err);
    }
    s->project = project;
    s->emitter.fn = o.on_event;
    s->emitter.user = o.user;
    brn_control_init(&s->control);
    s->count = project->selected.count;
    s->targets = brn_arena_array(&s->arena, s->count, sizeof(*s->targets));
    s->module_dir = o.module_dir != NULL ? brn_arena_strdup(&s->arena, o.module_dir) : NULL;
    st = s->arena.oom ? brn_error_oom(err) : BRANT_OK;
    for (size_t i = 0; i < s->count && st == BRANT_OK; i++) {
        s->targets[i].session = s;
        s->targets[i].db = project->selected.items[i];
        s->targets[i].mirror =
            brn_mirror_parse(brant_settings_text(s->targets[i].db->settings, "mirror"));
        st = open_target(s, &s->targets[i], err);
    }
    if (st != BRANT_OK) {
        brant_session_close(s);
        return st;
    }
    *out = s;
    return BRANT_OK;
}

static void disconnect_target(brn_target *t)
{
    if (t->conn == NULL) {
        return;
    }
    if (t->locked) {
        t->conn->engine->unlock(t->conn);
        t->locked = false;
    }
    t->conn->engine->disconnect(t->conn);
    t->conn = NULL;
    t->stuck = false;
}

void brn_session_disconnect(brant_session *session)
{
    for (size_t i = 0; i < session->count && session->targets != NULL; i++) {
        disconnect_target(&session->targets[i]);
    }
}

void brn_target_reset(brn_target *target)
{
    if (target->conn != NULL) {
        target->stuck = target->conn->engine->reset(target->conn, NULL) != BRANT_OK;
    }
}

void brn_target_settle(brn_target *target)
{
    if (target->stuck) {
        brn_target_reset(target);
    }
    if (target->stuck && !target->has_lent) {
        disconnect_target(target);
    }
}

void brant_session_close(brant_session *session)
{
    if (session != NULL) {
        brn_session_disconnect(session);
        brn_arena_release(&session->arena);
        free(session);
    }
}

brn_target *brn_session_target(brant_session *session, const char *database, brant_error **err)
{
    for (size_t i = 0; i < session->count && database != NULL; i++) {
        if (strcmp(brn_target_name(&session->targets[i]), database) == 0) {
            return &session->targets[i];
        }
    }
    if (database == NULL && session->count == 1) {
        return &session->targets[0];
    }
    if (database == NULL) {
        brn_error(
            err, BRANT_EUSAGE, "session.which_database",
            "the session has %zu databases, and none is named", session->count);
        brn_error_hint(err, "Name one, as the project does.");
    } else {
        brn_error(
            err, BRANT_EUSAGE, "session.unknown_database", "the session has no database \"%s\"",
            database);
        brn_error_hint(err, "Its first database is \"%s\".", brn_target_name(session->targets));
    }
    return NULL;
}

void brant_session_cancel(brant_session *session)
{
    brn_control_cancel(&session->control);
}

/* ---- connecting ---- */

/* From the setting, or from the first line of the file it names. */
static brant_status find_password(
    brant_session *s, brn_target *t, brn_buf *storage, const char **out, brant_error **err)
{
    const brant_settings *settings = brn_target_settings(t);
    const char *dir = s->project->dir;
    *out = brant_settings_text(settings, "password");
    const char *path = brant_settings_text(settings, "password-file");
    if (*out != NULL || path == NULL) {
        return BRANT_OK;
    }
    if (dir != NULL &&
        brant_settings_origin(settings, "password-file", NULL) == BRANT_ORIGIN_FILE) {
        path = brn_path_join(&s->arena, dir, path); /* a path of the file is relative to it */
    }
    if (path == NULL) {
        return brn_error_oom(err);
    }
    int errnum = brn_file_read(storage, path, PASSWORD_MAX);
    if (errnum != 0) {
        return brn_error_errno(
            err, "connect.password_file", errnum, "read the password file", path);
    }
    brn_buf_truncate(storage, strcspn(brn_buf_text(storage), "\r\n"));
    *out = brn_buf_text(storage);
    return BRANT_OK;
}

/* A failed wrap leaves the inner connection to its caller. */
static brant_status take_wrapped(brn_target *t, brn_conn *wrapped, brant_error **err)
{
    if (wrapped != NULL) {
        t->conn = wrapped;
        return BRANT_OK;
    }
    if (t->conn != NULL) {
        t->conn->engine->disconnect(t->conn);
    }
    t->conn = NULL;
    return brn_error_oom(err);
}

static brant_status wrap_conn(brant_session *s, brn_target *t, brant_error **err)
{
    brant_status st = BRANT_OK;
    if (s->wrap != NULL) {
        st = take_wrapped(t, s->wrap(t->conn, s->wrap_user), err);
    }
    if (st == BRANT_OK && brant_settings_int(brn_target_settings(t), "trace") != 0) {
        st = take_wrapped(t, brn_trace_wrap(t->conn), err);
    }
    return st;
}

static brant_status connect_once(brant_session *s, brn_target *t, uint32_t flags, brant_error **err)
{
    const brant_settings *settings = brn_target_settings(t);
    brn_buf password_text;
    brn_buf_init(&password_text, PASSWORD_MAX + 1);
    brn_connect_options opts = {
        .url = &t->db->url,
        .base_dir = t->db->base_dir,
        .database = brn_target_name(t),
        .control = &s->control,
        .emitter = &s->emitter,
        .ledger_schema = brant_settings_text(settings, "ledger-schema"),
        .lock_id = brant_settings_origin(settings, "lock-id", NULL) != BRANT_ORIGIN_DEFAULT
                       ? brant_settings_int(settings, "lock-id")
                       : -1,
        .connect_timeout_ms = brant_settings_int(settings, "connect-timeout"),
        .lock_timeout_ms = brant_settings_int(settings, "lock-timeout"),
        .lock_attempt_ms = brant_settings_int(settings, "ddl-lock-timeout"),
        .lease_ms = brant_settings_int(settings, "lock-lease"),
        .lent = t->has_lent ? &t->lent : NULL,
        .flags = flags,
    };
    brant_status st = find_password(s, t, &password_text, &opts.password, err);
    if (st == BRANT_OK) {
        st = t->engine->connect(&t->conn, &opts, err);
    }
    if (st == BRANT_OK) {
        st = wrap_conn(s, t, err);
    }
    if (password_text.ptr != NULL) {
        memset(password_text.ptr, 0, password_text.cap);
    }
    brn_buf_release(&password_text);
    return st;
}

/* Only what may pass by itself is tried again; growing pauses. */
static bool is_transient(brant_status st, const brant_error *err)
{
    return st == BRANT_ECONNECT && strcmp(brant_error_id(err), "connect.unreachable") == 0;
}

/* In slices, so that a cancellation is seen soon. */
static brant_status pause_between(brant_session *s, int64_t ms, brant_error **err)
{
    int64_t until = brn_clock_mono_ns() + ms * BRN_NS_PER_MS;
    brant_status st = brn_control_check(&s->control, err);
    for (int64_t left = ms; left > 0 && st == BRANT_OK;) {
        int64_t slice = left < PAUSE_SLICE_MS ? left : PAUSE_SLICE_MS;
        brn_clock_sleep_ms((uint32_t)brn_control_left_ms(&s->control, slice));
        st = brn_control_check(&s->control, err);
        left = (until - brn_clock_mono_ns()) / BRN_NS_PER_MS;
    }
    return st;
}

static brant_status connect_with_retries(
    brant_session *s, brn_target *t, uint32_t flags, brant_error **err)
{
    int64_t tries = brant_settings_int(brn_target_settings(t), "retries");
    int64_t wait_ms = brant_settings_int(brn_target_settings(t), "retry-wait");
    for (int64_t attempt = 1;; attempt++) {
        brant_error *failure = NULL;
        brant_status st = connect_once(s, t, flags, &failure);
        if (st == BRANT_OK || attempt >= tries || !is_transient(st, failure)) {
            if (err != NULL && st != BRANT_OK) {
                *err = failure;
            } else {
                brant_error_free(failure);
            }
            return st;
        }
        brn_emit_warning(
            &s->emitter, brn_target_name(t), "connect.retry", "attempt %lld of %lld failed: %s",
            (long long)attempt, (long long)tries, brant_error_message(failure));
        brant_error_free(failure);
        st = pause_between(s, wait_ms * attempt, err);
        if (st != BRANT_OK) {
            return st;
        }
    }
}

brant_status brn_session_connect(
    brant_session *session, brn_target *target, uint32_t flags, brant_error **err)
{
    bool create = (flags & BRN_SESSION_CREATE) != 0;
    if (target->stuck) {
        brn_target_reset(target);
    }
    if (target->stuck) {
        return brn_error_oom(err);
    }
    if (target->conn != NULL) {
        return BRANT_OK;
    }
    brant_error *failure = NULL;
    brant_status st =
        connect_with_retries(session, target, create ? BRN_CONNECT_CREATE : 0, &failure);
    target->missing = false;
    if (st == BRANT_ECONNECT && !create && (target->engine->caps & BRN_CAP_CREATE) != 0 &&
        strcmp(brant_error_id(failure), "connect.no_database") == 0) {
        target->missing = true;
        st = BRANT_OK;
    }
    if (st != BRANT_OK) {
        brn_error_subject(&failure, brn_target_name(target), NULL);
        if (err != NULL) {
            *err = failure;
            return st;
        }
    }
    brant_error_free(failure);
    return st;
}

brant_status brn_session_connect_to_write(
    brant_session *session, brn_target *target, brant_error **err)
{
    bool unasked = (target->engine->caps & BRN_CAP_CREATE_UNASKED) != 0;
    brant_status st = brn_session_connect(session, target, unasked ? BRN_SESSION_CREATE : 0, err);
    if (st == BRANT_OK && target->conn == NULL) {
        st = brn_error(
            err, BRANT_ECONNECT, "connect.no_database", "the database of %s does not exist",
            target->db->url.shown);
        brn_error_hint(err, "Create it with \"brant setup\", or correct the URL.");
        brn_error_subject(err, brn_target_name(target), NULL);
    }
    return st;
}

/* ---- connections of the host ---- */

/* A table of functions begins with its size; none is near this. */
#define FUNCTIONS_MAX 65536

static brant_status check_attachment(
    const brn_target *target, const brant_attachment *o, brant_error **err)
{
    if ((target->engine->caps & BRN_CAP_ATTACH) == 0) {
        brn_error(
            err, BRANT_EUNSUPPORTED, "attach.unsupported",
            "engine \"%s\" cannot work on a connection of the program", target->engine->name);
        brn_error_hint(err, "Leave it out: brant then opens a connection of its own.");
        return BRANT_EUNSUPPORTED;
    }
    if (o->handle == NULL) {
        brn_error(err, BRANT_EUSAGE, "attach.no_handle", "no connection to attach to");
        brn_error_hint(err, "Set the field \"handle\" of the attachment.");
        return BRANT_EUSAGE;
    }
    return BRANT_OK;
}

/* Kept for as long as the session may connect again. */
static brant_status keep_functions(
    const void **out, brn_arena *arena, const void *functions, brant_error **err)
{
    size_t size = 0;
    *out = NULL;
    if (functions == NULL) {
        return BRANT_OK;
    }
    memcpy(&size, functions, sizeof(size));
    if (size < sizeof(size) || size > FUNCTIONS_MAX) {
        return brn_error(
            err, BRANT_EUSAGE, "attach.functions", "the table of functions does not say its size");
    }
    void *copy = brn_arena_alloc(arena, size);
    if (copy == NULL) {
        arena->oom = false; /* of this call only */
        return brn_error_oom(err);
    }
    memcpy(copy, functions, size);
    *out = copy;
    return BRANT_OK;
}

brant_status brant_session_attach(
    brant_session *session, const brant_attachment *attachment, brant_error **err)
{
    brant_attachment o;
    brant_status st = brn_options_read(&o, sizeof(o), attachment, err);
    brn_target *target = NULL;
    brn_lent lent = { 0 };
    if (st == BRANT_OK) {
        target = brn_session_target(session, o.database, err);
        st = target == NULL ? BRANT_EUSAGE : check_attachment(target, &o, err);
    }
    if (st == BRANT_OK) {
        lent.handle = o.handle;
        st = keep_functions(&lent.functions, &session->arena, o.functions, err);
    }
    if (st != BRANT_OK) {
        return st;
    }
    /* When it cannot be used, everything is as before; what is disconnected connects again. */
    brn_lent old = target->lent;
    bool had_lent = target->has_lent;
    disconnect_target(target);
    target->lent = lent;
    target->has_lent = true;
    st = brn_session_connect(session, target, 0, err);
    if (st != BRANT_OK) {
        target->lent = old;
        target->has_lent = had_lent;
    }
    return st;
}
