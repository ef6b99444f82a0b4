/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/describe.h"
#include "cli/json_docs.h"

static void say_locks(cli_context *ctx, const brant_locks *locks, bool released)
{
    for (size_t i = 0; i < locks->count; i++) {
        const brant_lock_info *lock = locks->locks[i];

        cli_clean(&ctx->out, lock->database);
        brn_buf_add_c(&ctx->out, released && lock->held ? ": freed, was " : ": ");
        cli_describe_lock(&ctx->out, lock);
        brn_buf_add_char(&ctx->out, '\n');
    }
}

static void add_pids(brn_buf *out, const char *label, const int64_t *pids, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        brn_buf_add_c(out, i == 0 ? label : ", ");
        if (pids[i] != 0) {
            brn_buf_printf(out, "%" PRId64, pids[i]);
        } else {
            brn_buf_add_c(out, "a prepared transaction");
        }
    }
}

static void say_session(cli_context *ctx, const brant_server_session *s)
{
    brn_buf *out = &ctx->out;

    if (s->pid != 0) {
        brn_buf_printf(out, "  %" PRId64 "  ", s->pid);
    } else {
        brn_buf_add_c(out, "  -  ");
    }
    cli_clean(out, s->who);
    if (s->application[0] != '\0') {
        brn_buf_add_c(out, " (");
        cli_clean(out, s->application);
        brn_buf_add_char(out, ')');
    }
    brn_buf_add_c(out, ": ");
    cli_clean(out, s->state[0] != '\0' ? s->state : "unknown state");
    if (s->since_us != 0) {
        brn_buf_add_c(out, " since ");
        cli_time(out, s->since_us);
    }
    add_pids(out, ", keeps waiting: ", s->blocks, s->blocks_count);
    add_pids(out, ", waits for: ", s->blocked_by, s->blocked_by_count);
    brn_buf_add_char(out, '\n');
    if (s->query[0] != '\0') {
        brn_buf_add_c(out, "      ");
        cli_clean(out, s->query);
        brn_buf_add_char(out, '\n');
    }
}

static void say_sessions(cli_context *ctx, const brant_locks *locks)
{
    for (size_t i = 0; i < locks->session_count; i++) {
        const char *database = locks->sessions[i]->database;

        if (i == 0 || strcmp(database, locks->sessions[i - 1]->database) != 0) {
            brn_buf_add_c(&ctx->out, "sessions of ");
            cli_clean(&ctx->out, database);
            brn_buf_add_c(&ctx->out, " that wait, keep others waiting, or take long:\n");
        }
        say_session(ctx, locks->sessions[i]);
    }
}

static void answer(cli_context *ctx, const brant_locks *locks, bool released)
{
    if (ctx->json) {
        cli_doc_locks(ctx, locks, released);
    } else {
        say_locks(ctx, locks, released);
        say_sessions(ctx, locks);
    }
}

static bool any_held(const brant_locks *locks)
{
    for (size_t i = 0; i < locks->count; i++) {
        if (locks->locks[i]->held) {
            return true;
        }
    }
    return false;
}

/* One question for all locks: they are freed together. */
static cli_consent ask_release(cli_context *ctx, const brant_locks *locks)
{
    const char *separator = "";
    brn_buf question = { 0 };
    cli_consent consent;

    brn_buf_add_c(&question, "end the run that holds the migration lock of ");
    for (size_t i = 0; i < locks->count; i++) {
        if (locks->locks[i]->held) {
            brn_buf_printf(&question, "%s%s (", separator, locks->locks[i]->database);
            cli_describe_lock(&question, locks->locks[i]);
            brn_buf_add_char(&question, ')');
            separator = ", ";
        }
    }
    brn_buf_add_char(&question, '?');
    /* Nobody can consent to half a question. */
    consent = question.failed ? CLI_NO : cli_ask(ctx, brn_buf_text(&question));
    brn_buf_release(&question);
    return consent;
}

static int release(cli_context *ctx)
{
    brant_locks *locks = NULL;
    brant_error *err = NULL;

    if (brant_lock_release(&locks, ctx->session, &err) != BRANT_OK) {
        return cli_error(ctx, err);
    }
    answer(ctx, locks, true);
    brant_locks_free(locks);
    return CLI_EXIT_OK;
}

static int release_after_consent(cli_context *ctx, const brant_locks *locks)
{
    if (!any_held(locks)) {
        answer(ctx, locks, false);
        return CLI_EXIT_OK;
    }
    switch (ask_release(ctx, locks)) {
    case CLI_YES:
        return release(ctx);
    case CLI_NO_TERMINAL:
        return CLI_EXIT_USAGE;
    case CLI_INTERRUPTED:
        return CLI_EXIT_INTERRUPTED;
    case CLI_NO:
        break;
    }
    answer(ctx, locks, false);
    return CLI_EXIT_FAILED;
}

static int run_lock(cli_context *ctx, const void *values)
{
    const char *verb = cli_arg(ctx, 0);
    bool is_release = verb != NULL && strcmp(verb, "release") == 0;
    brant_locks *locks = NULL;
    brant_error *err = NULL;
    int code = CLI_EXIT_OK;

    (void)values;
    if (verb != NULL && !is_release && strcmp(verb, "status") != 0) {
        return cli_fail(
            ctx, &(cli_failure){ BRANT_EUSAGE, "cli.bad_argument",
                                 "brant lock takes status or release", "See brant lock --help." });
    }
    if (brant_lock_status(&locks, ctx->session, &err) != BRANT_OK) {
        return cli_error(ctx, err);
    }
    if (is_release) {
        code = release_after_consent(ctx, locks);
    } else {
        answer(ctx, locks, false);
    }
    brant_locks_free(locks);
    return code;
}

const cli_command cli_cmd_lock = {
    .name = "lock",
    .group = "Mend",
    .summary = "Show who holds the migration lock and who blocks whom, or free a stuck lock",
    .usage = "[status | release]",
    .details =
        "Where the engine can tell, status also lists the sessions of the server that keep "
        "others waiting, those that wait, and transactions of more than ten seconds: they are "
        "what a migration waits for. release ends the holder's session as far as the server can, so it asks first; "
        "--yes answers. A lock whose run has died frees itself: wait a moment first.",
    .example = "brant lock\nbrant lock release --yes",
    .flags = CLI_NEEDS_SESSION | CLI_WRITES,
    .arg = "status|release",
    .max_args = 1,
    .run = run_lock,
};
