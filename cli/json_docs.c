/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/json_docs.h"

#include <string.h>

/* --- parts ------------------------------------------------------------------------------------ */

static void begin(cli_context *ctx, brn_json *w)
{
    brn_json_begin(w, &ctx->out, BRN_JSON_PRETTY);
    brn_json_object(w);
    brn_json_key_int(w, "schema", 1);
}

static void end(cli_context *ctx, brn_json *w)
{
    brn_json_end(w);
    brn_buf_add_char(&ctx->out, '\n');
}

/* null for 0. */
static void key_time(brn_json *w, const char *key, int64_t us)
{
    char text[BRN_CLOCK_TEXT];

    if (us != 0) {
        brn_clock_rfc3339(text, us);
    }
    brn_json_key_cstr(w, key, us != 0 ? text : NULL);
}

/* null for what is not known: below `least`. */
static void key_number(brn_json *w, const char *key, int64_t value, int64_t least)
{
    brn_json_key(w, key);
    if (value >= least) {
        brn_json_int(w, value);
    } else {
        brn_json_null(w);
    }
}

static void key_texts(brn_json *w, const char *key, const char *const *texts, size_t count)
{
    brn_json_key(w, key);
    brn_json_array(w);
    for (size_t i = 0; i < count; i++) {
        brn_json_cstr(w, texts[i]);
    }
    brn_json_end(w);
}

static void put_migration(brn_json *w, const brant_migration *m)
{
    brn_json_object(w);
    brn_json_key_cstr(w, "database", m->database);
    brn_json_key_cstr(w, "id", m->id);
    brn_json_key_cstr(w, "version", m->version);
    brn_json_key_cstr(w, "name", m->name);
    brn_json_key_cstr(w, "status", m->status);
    brn_json_key_cstr(w, "direction", m->direction);
    brn_json_key_cstr(w, "kind", m->kind);
    brn_json_key_cstr(w, "phase", m->phase);
    brn_json_key_bool(w, "required", m->required != 0);
    key_texts(w, "requires", m->requires, m->requires_count);
    brn_json_key_cstr(w, "min_read_version", m->min_read_version);
    brn_json_key_cstr(w, "checksum", m->checksum);
    brn_json_key_cstr(w, "file", m->file);
    brn_json_key_cstr(w, "down_file", m->down_file);
    brn_json_key(w, "statements");
    brn_json_object(w);
    brn_json_key_int(w, "done", (int64_t)m->statements_done);
    brn_json_key_int(w, "total", (int64_t)m->statements_total);
    brn_json_end(w);
    key_time(w, "started_at", m->started_us);
    key_time(w, "finished_at", m->finished_us);
    key_number(w, "duration_ms", m->duration_ms, 0);
    brn_json_key_cstr(w, "error", m->error);
    brn_json_key_cstr(w, "help", m->help);
    key_number(w, "seq", m->seq, 1);
    brn_json_key_bool(w, "late", m->late != 0);
    brn_json_key_bool(w, "partial", m->partial != 0);
    brn_json_key_bool(w, "repeatable", m->repeatable != 0);
    brn_json_end(w);
}

static void key_migrations(
    brn_json *w, const char *key, const brant_migration *const *list, size_t count)
{
    brn_json_key(w, key);
    brn_json_array(w);
    for (size_t i = 0; i < count; i++) {
        put_migration(w, list[i]);
    }
    brn_json_end(w);
}

static void key_findings(
    brn_json *w, const char *key, const brant_finding *const *list, size_t count)
{
    brn_json_key(w, key);
    brn_json_array(w);
    for (size_t i = 0; i < count; i++) {
        const brant_finding *f = list[i];

        brn_json_object(w);
        brn_json_key_cstr(w, "id", f->id);
        brn_json_key_cstr(w, "severity", f->warning ? "warning" : "error");
        brn_json_key_cstr(w, "database", f->database);
        brn_json_key_cstr(w, "migration", f->migration);
        brn_json_key_cstr(w, "message", f->message);
        brn_json_key_cstr(w, "hint", f->hint);
        brn_json_key_cstr(w, "file", f->file);
        key_number(w, "line", f->line, 1);
        key_number(w, "column", f->column, 1);
        brn_json_end(w);
    }
    brn_json_end(w);
}

static void keys_validation(brn_json *w, const brant_validation *validation)
{
    brn_json_key_bool(w, "valid", validation->valid != 0);
    key_findings(w, "findings", validation->findings, validation->count);
}

static void put_lock(brn_json *w, const brant_lock_info *lock)
{
    brn_json_object(w);
    brn_json_key_cstr(w, "database", lock->database);
    /* A text: not every reader has integers of 64 bits. */
    brn_json_key_cstr(w, "id", lock->id[0] != '\0' ? lock->id : NULL);
    brn_json_key_bool(w, "held", lock->held != 0);
    key_number(w, "pid", lock->held ? lock->pid : 0, 1);
    brn_json_key_cstr(w, "who", lock->held ? lock->who : NULL);
    brn_json_key_cstr(w, "what", lock->held ? lock->what : NULL);
    key_time(w, "since", lock->held ? lock->since_us : 0);
    key_time(w, "expires", lock->expires_us);
    brn_json_end(w);
}

/* --- the command itself ----------------------------------------------------------------------- */

static void put_option(
    brn_json *w, const char *name, char letter, const char *metavar, const char *help)
{
    char text[2] = { letter, '\0' };

    brn_json_object(w);
    brn_json_key_cstr(w, "name", name);
    brn_json_key_cstr(w, "letter", letter != 0 ? text : NULL);
    brn_json_key_cstr(w, "value", metavar);
    brn_json_key_cstr(w, "help", help);
    brn_json_end(w);
}

static void put_command(brn_json *w, const cli_command *command)
{
    brn_json_object(w);
    brn_json_key_cstr(w, "name", command->name);
    brn_json_key_cstr(w, "alias", command->alias);
    brn_json_key_cstr(w, "group", command->group);
    brn_json_key_cstr(w, "summary", command->summary);
    brn_json_key_cstr(w, "usage", command->usage);
    brn_json_key_cstr(w, "details", command->details);
    brn_json_key_cstr(w, "example", command->example);
    brn_json_key_bool(w, "writes", (command->flags & CLI_WRITES) != 0);
    brn_json_key(w, "options");
    brn_json_array(w);
    for (const cli_opt *o = command->opts; o != NULL && o->name != NULL; o++) {
        put_option(w, o->name, o->letter, o->metavar, o->help);
    }
    brn_json_end(w);
    brn_json_end(w);
}

void cli_doc_help(cli_context *ctx, const cli_command *command)
{
    const brant_setting_info *setting;
    brn_json w;

    begin(ctx, &w);
    brn_json_key(&w, "commands");
    brn_json_array(&w);
    for (const cli_command *const *c = cli_commands; *c != NULL; c++) {
        if ((*c)->run != NULL && (command == NULL || command == *c)) {
            put_command(&w, *c);
        }
    }
    brn_json_end(&w);
    brn_json_key(&w, "options");
    brn_json_array(&w);
    for (size_t i = 0; (setting = brant_setting_at(i)) != NULL; i++) {
        if ((setting->flags & BRANT_SETTING_GLOBAL_FLAG) != 0) {
            put_option(&w, setting->key, setting->letter, setting->metavar, setting->help);
        }
    }
    brn_json_end(&w);
    end(ctx, &w);
}

void cli_doc_program(cli_context *ctx)
{
    brn_json w;

    begin(ctx, &w);
    brn_json_key_cstr(&w, "version", BRANT_VERSION);
    brn_json_key_cstr(&w, "library", brant_version());
    end(ctx, &w);
}

void cli_doc_completion(cli_context *ctx, const char *shell, const char *script)
{
    brn_json w;

    begin(ctx, &w);
    brn_json_key_cstr(&w, "shell", shell);
    brn_json_key_cstr(&w, "script", script);
    end(ctx, &w);
}

static void key_databases(brn_json *w, const brant_project *project)
{
    brn_json_key(w, "databases");
    brn_json_array(w);
    for (size_t i = 0; project != NULL && i < brant_project_count(project); i++) {
        const brant_project_database *database = brant_project_at(project, i);

        brn_json_object(w);
        brn_json_key_cstr(w, "name", database->name);
        brn_json_key_cstr(w, "engine", database->engine);
        brn_json_key_cstr(w, "url", database->url_shown);
        brn_json_key_cstr(w, "migrations", database->migrations);
        brn_json_end(w);
    }
    brn_json_end(w);
}

void cli_doc_config(cli_context *ctx, const brant_error *problem)
{
    const brant_setting_info *setting;
    brn_json w;

    begin(ctx, &w);
    brn_json_key(&w, "settings");
    brn_json_array(&w);
    for (size_t i = 0; (setting = brant_setting_at(i)) != NULL; i++) {
        const char *where = NULL;
        brant_origin origin = brant_settings_origin(ctx->settings, setting->key, &where);

        brn_json_object(&w);
        brn_json_key_cstr(&w, "key", setting->key);
        brn_json_key_cstr(&w, "value", brant_settings_shown(ctx->settings, setting->key));
        brn_json_key_cstr(&w, "origin", brant_origin_name(origin));
        brn_json_key_cstr(&w, "where", where);
        brn_json_key_cstr(&w, "default", setting->default_value);
        brn_json_key_cstr(&w, "help", setting->help);
        brn_json_end(&w);
    }
    brn_json_end(&w);
    key_databases(&w, ctx->project);
    brn_json_key(&w, "problem");
    cli_error_json(&w, problem);
    end(ctx, &w);
}

void cli_doc_files(cli_context *ctx, const brant_new_files *files)
{
    brn_json w;

    begin(ctx, &w);
    brn_json_key_cstr(&w, "id", files->id);
    key_texts(&w, "files", files->paths, files->count);
    end(ctx, &w);
}

void cli_doc_sum(cli_context *ctx, const brant_new_files *files, bool checked)
{
    brn_json w;

    begin(ctx, &w);
    brn_json_key_bool(&w, "checked", checked);
    key_texts(&w, "files", files->paths, files->count);
    end(ctx, &w);
}

/* --- runs ------------------------------------------------------------------------------------- */

static void key_shown(brn_json *w, const cli_render *r)
{
    brn_json_key(w, "statements");
    brn_json_array(w);
    for (size_t i = 0; i < r->shown.count; i++) {
        const cli_shown *s = &r->shown.items[i];

        brn_json_object(w);
        brn_json_key_cstr(w, "database", s->database);
        brn_json_key_cstr(w, "migration", s->migration);
        brn_json_key_cstr(w, "direction", s->direction);
        brn_json_key_int(w, "number", (int64_t)s->number);
        brn_json_key_cstr(w, "file", s->file);
        key_number(w, "line", s->line, 1);
        brn_json_key(w, "text");
        brn_json_str(w, s->text);
        brn_json_end(w);
    }
    brn_json_end(w);
}

void cli_doc_report(cli_context *ctx, const brant_report *report, const brant_error *err)
{
    brn_json w;

    begin(ctx, &w);
    brn_json_key_cstr(&w, "command", report->command);
    brn_json_key_cstr(&w, "run_id", report->run_id);
    brn_json_key_bool(&w, "ok", err == NULL);
    brn_json_key_cstr(&w, "error_id", err != NULL ? brant_error_id(err) : NULL);
    key_migrations(&w, "applied", report->applied, report->applied_count);
    key_migrations(&w, "skipped", report->skipped, report->skipped_count);
    brn_json_key(&w, "failed");
    if (report->failed != NULL) {
        put_migration(&w, report->failed);
    } else {
        brn_json_null(&w);
    }
    brn_json_key_cstr(&w, "previous_version", report->previous_version);
    brn_json_key_cstr(&w, "version", report->version);
    brn_json_key_int(&w, "duration_ms", report->duration_ms);
    brn_json_key_int(&w, "round_trips", (int64_t)report->round_trips);
    brn_json_key_bool(&w, "disabled", report->disabled != 0);
    brn_json_key_bool(&w, "dry_run", ctx->render.dry_run);
    if (ctx->render.dry_run) {
        key_shown(&w, &ctx->render);
    }
    if (report->validation != NULL) {
        brn_json_key(&w, "validation");
        brn_json_object(&w);
        keys_validation(&w, report->validation);
        brn_json_end(&w);
    }
    end(ctx, &w);
}

static void key_segments(brn_json *w, const brant_plan_step *step)
{
    brn_json_key(w, "segments");
    brn_json_array(w);
    for (size_t i = 0; i < step->segment_count; i++) {
        const brant_plan_segment *segment = step->segments[i];

        brn_json_object(w);
        brn_json_key_int(w, "first", segment->first);
        brn_json_key_int(w, "last", segment->last);
        key_number(w, "transaction", segment->transaction, 1);
        brn_json_end(w);
    }
    brn_json_end(w);
}

static void put_plan_step(brn_json *w, const brant_plan_step *step)
{
    brn_json_object(w);
    brn_json_key(w, "migration");
    put_migration(w, step->migration);
    brn_json_key_cstr(w, "direction", step->direction);
    brn_json_key_bool(w, "manual", step->manual != 0);
    brn_json_key_int(w, "resume_after", (int64_t)step->resume_after);
    key_segments(w, step);
    brn_json_key(w, "statements");
    brn_json_array(w);
    for (size_t i = 0; i < step->statement_count; i++) {
        const brant_plan_statement *s = step->statements[i];

        brn_json_object(w);
        brn_json_key_int(w, "number", s->number);
        key_number(w, "transaction", s->transaction, 1);
        brn_json_key_cstr(w, "kind", s->kind);
        brn_json_key_bool(w, "destructive", s->destructive != 0);
        brn_json_key_cstr(w, "file", s->file);
        key_number(w, "line", s->line, 1);
        brn_json_key_cstr(w, "text", s->text);
        brn_json_end(w);
    }
    brn_json_end(w);
    brn_json_end(w);
}

void cli_doc_plan(cli_context *ctx, const brant_plan *plan)
{
    brn_json w;

    begin(ctx, &w);
    brn_json_key(&w, "steps");
    brn_json_array(&w);
    for (size_t i = 0; i < plan->count; i++) {
        put_plan_step(&w, plan->steps[i]);
    }
    brn_json_end(&w);
    key_findings(&w, "findings", plan->findings, plan->finding_count);
    end(ctx, &w);
}

static void key_items(
    brn_json *w, const char *key, const brant_open_item *const *items, size_t count)
{
    brn_json_key(w, key);
    brn_json_array(w);
    for (size_t i = 0; i < count; i++) {
        const brant_open_item *item = items[i];

        brn_json_object(w);
        brn_json_key(w, "migration");
        put_migration(w, item->migration);
        key_number(w, "statement", (int64_t)item->statement, 1);
        brn_json_key_cstr(w, "statement_text", item->statement_text);
        brn_json_key_cstr(w, "verdict", item->verdict);
        brn_json_key_cstr(w, "evidence", item->evidence);
        brn_json_key_cstr(w, "question", item->question);
        brn_json_end(w);
    }
    brn_json_end(w);
}

void cli_doc_repair(cli_context *ctx, const brant_repair_result *result, bool dry_run)
{
    brn_json w;

    begin(ctx, &w);
    brn_json_key_bool(&w, "dry_run", dry_run);
    key_items(&w, "resolved", result->resolved, result->resolved_count);
    key_items(&w, "open", result->open, result->open_count);
    key_findings(&w, "accepted", result->accepted, result->accepted_count);
    key_findings(&w, "differences", result->differences, result->difference_count);
    end(ctx, &w);
}

/* --- looks ------------------------------------------------------------------------------------ */

static void put_database(brn_json *w, const brant_database_status *db)
{
    brn_json_object(w);
    brn_json_key_cstr(w, "name", db->name);
    brn_json_key_cstr(w, "engine", db->engine);
    brn_json_key_cstr(w, "url", db->url);
    brn_json_key_cstr(w, "version", db->version);
    brn_json_key_cstr(w, "state", db->state);
    key_texts(w, "pending", db->pending, db->pending_count);
    key_migrations(w, "migrations", db->migrations, db->migration_count);
    key_migrations(w, "unknown", db->unknown, db->unknown_count);
    key_migrations(w, "open", db->open, db->open_count);
    key_time(w, "last_run_at", db->last_run_us);
    brn_json_key(w, "lock");
    put_lock(w, &db->lock);
    brn_json_end(w);
}

void cli_doc_status(cli_context *ctx, const brant_overview *overview)
{
    brn_json w;

    begin(ctx, &w);
    brn_json_key_cstr(
        &w, "current_version", brant_settings_shown(ctx->settings, "current-version"));
    brn_json_key_cstr(
        &w, "min_supported_version", brant_settings_shown(ctx->settings, "min-supported-version"));
    brn_json_key(&w, "databases");
    brn_json_array(&w);
    for (size_t i = 0; i < overview->count; i++) {
        put_database(&w, overview->databases[i]);
    }
    brn_json_end(&w);
    key_findings(&w, "findings", overview->findings, overview->finding_count);
    end(ctx, &w);
}

void cli_doc_list(cli_context *ctx, const brant_overview *overview, bool with_unknown)
{
    brn_json w;

    begin(ctx, &w);
    brn_json_key(&w, "migrations");
    brn_json_array(&w);
    for (size_t i = 0; i < overview->count; i++) {
        const brant_database_status *db = overview->databases[i];

        for (size_t j = 0; j < db->migration_count; j++) {
            put_migration(&w, db->migrations[j]);
        }
    }
    brn_json_end(&w);
    if (with_unknown) {
        brn_json_key(&w, "unknown");
        brn_json_array(&w);
        for (size_t i = 0; i < overview->count; i++) {
            const brant_database_status *db = overview->databases[i];

            for (size_t j = 0; j < db->unknown_count; j++) {
                put_migration(&w, db->unknown[j]);
            }
        }
        brn_json_end(&w);
    }
    end(ctx, &w);
}

void cli_doc_version(cli_context *ctx, const brant_overview *overview)
{
    brn_json w;

    begin(ctx, &w);
    brn_json_key(&w, "databases");
    brn_json_array(&w);
    for (size_t i = 0; i < overview->count; i++) {
        const brant_database_status *db = overview->databases[i];

        brn_json_object(&w);
        brn_json_key_cstr(&w, "name", db->name);
        brn_json_key_cstr(&w, "version", db->version);
        brn_json_key_cstr(&w, "state", db->state);
        key_migrations(&w, "open", db->open, db->open_count);
        brn_json_end(&w);
    }
    brn_json_end(&w);
    end(ctx, &w);
}

static void put_entry(brn_json *w, const brant_history_entry *entry)
{
    brn_json_object(w);
    brn_json_key_cstr(w, "database", entry->database);
    brn_json_key_int(w, "seq", entry->seq);
    brn_json_key_cstr(w, "run_id", entry->run_id);
    key_time(w, "at", entry->at_us);
    brn_json_key_cstr(w, "action", entry->action);
    brn_json_key_cstr(w, "migration", entry->migration);
    brn_json_key_cstr(w, "outcome", entry->outcome);
    brn_json_key_cstr(w, "detail", entry->detail);
    brn_json_key_cstr(w, "checksum", entry->checksum);
    brn_json_key_cstr(w, "who", entry->who);
    brn_json_key_cstr(w, "tool", entry->tool);
    key_number(w, "duration_ms", entry->duration_ms, 0);
    brn_json_key_cstr(w, "hash", entry->hash);
    brn_json_end(w);
}

void cli_doc_history(cli_context *ctx, const brant_history *history, size_t first, bool verify)
{
    brn_json w;

    begin(ctx, &w);
    brn_json_key(&w, "entries");
    brn_json_array(&w);
    for (size_t i = first; i < history->count; i++) {
        put_entry(&w, history->entries[i]);
    }
    brn_json_end(&w);
    brn_json_key(&w, "verified");
    if (verify) {
        brn_json_bool(&w, history->verified != 0);
    } else {
        brn_json_null(&w);
    }
    brn_json_key_cstr(&w, "problem", history->problem);
    end(ctx, &w);
}

void cli_doc_validation(cli_context *ctx, const brant_validation *validation)
{
    brn_json w;

    begin(ctx, &w);
    keys_validation(&w, validation);
    end(ctx, &w);
}

void cli_doc_health(cli_context *ctx, const brant_health_result *result)
{
    brn_json w;

    begin(ctx, &w);
    brn_json_key_bool(&w, "ok", result->ok != 0);
    brn_json_key_cstr(&w, "reason", result->reason);
    brn_json_key(&w, "databases");
    brn_json_array(&w);
    for (size_t i = 0; i < result->count; i++) {
        const brant_health_item *item = result->databases[i];

        brn_json_object(&w);
        brn_json_key_cstr(&w, "name", item->database);
        brn_json_key_bool(&w, "ok", item->ok != 0);
        brn_json_key_cstr(&w, "id", item->id);
        brn_json_key_cstr(&w, "reason", item->reason);
        brn_json_end(&w);
    }
    brn_json_end(&w);
    end(ctx, &w);
}

void cli_doc_ping(cli_context *ctx, const brant_ping_result *result)
{
    brn_json w;

    begin(ctx, &w);
    brn_json_key(&w, "databases");
    brn_json_array(&w);
    for (size_t i = 0; i < result->count; i++) {
        const brant_ping_info *info = result->databases[i];

        brn_json_object(&w);
        brn_json_key_cstr(&w, "name", info->database);
        brn_json_key_cstr(&w, "engine", info->engine);
        brn_json_key_cstr(&w, "url", info->url);
        brn_json_key_bool(&w, "reached", info->status == BRANT_OK);
        brn_json_key_cstr(&w, "target", info->target);
        brn_json_key_cstr(&w, "user", info->user);
        brn_json_key_cstr(&w, "server_version", info->server_version);
        brn_json_key_cstr(&w, "rights", info->rights);
        brn_json_key_int(&w, "connect_us", info->connect_ns / 1000);
        brn_json_key(&w, "error");
        cli_error_json(&w, info->error);
        brn_json_end(&w);
    }
    brn_json_end(&w);
    end(ctx, &w);
}

static void key_pids(brn_json *w, const char *key, const int64_t *pids, size_t count)
{
    brn_json_key(w, key);
    brn_json_array(w);
    for (size_t i = 0; i < count; i++) {
        brn_json_int(w, pids[i]);
    }
    brn_json_end(w);
}

static void put_session(brn_json *w, const brant_server_session *s)
{
    brn_json_object(w);
    brn_json_key_cstr(w, "database", s->database);
    key_number(w, "pid", s->pid, 1);
    brn_json_key_cstr(w, "who", s->who);
    brn_json_key_cstr(w, "application", s->application);
    brn_json_key_cstr(w, "state", s->state[0] != '\0' ? s->state : NULL);
    key_time(w, "since", s->since_us);
    brn_json_key_cstr(w, "query", s->query[0] != '\0' ? s->query : NULL);
    key_pids(w, "blocked_by", s->blocked_by, s->blocked_by_count);
    key_pids(w, "blocks", s->blocks, s->blocks_count);
    brn_json_end(w);
}

void cli_doc_locks(cli_context *ctx, const brant_locks *locks, bool released)
{
    brn_json w;

    begin(ctx, &w);
    brn_json_key_bool(&w, "released", released);
    brn_json_key(&w, "locks");
    brn_json_array(&w);
    for (size_t i = 0; i < locks->count; i++) {
        put_lock(&w, locks->locks[i]);
    }
    brn_json_end(&w);
    brn_json_key(&w, "sessions");
    brn_json_array(&w);
    for (size_t i = 0; i < locks->session_count; i++) {
        put_session(&w, locks->sessions[i]);
    }
    brn_json_end(&w);
    end(ctx, &w);
}
