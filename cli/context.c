/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/context.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/platform.h"
#include "cli/signals.h"

/* --- settings --------------------------------------------------------------------------------- */

static bool is_color_terminal(int fd)
{
    const char *term = getenv("TERM");

    return isatty(fd) && (term == NULL || strcmp(term, "dumb") != 0);
}

void cli_context_init(cli_context *ctx, int argc, const char *const *argv)
{
    const char *no_color = getenv("NO_COLOR");
    bool color = no_color == NULL || no_color[0] == '\0';

    *ctx = (cli_context){ .arena = ctx->arena, .loading = true };
    ctx->render.arena = &ctx->arena;
    /* A command line that cannot be parsed deserves its error in the form that was asked for. */
    for (int i = 1; i < argc; i++) {
        ctx->json = ctx->json || strcmp(argv[i], "--json") == 0;
        color = color && strcmp(argv[i], "--no-color") != 0;
    }
    ctx->json_errors = ctx->json;
    ctx->color_out = color && is_color_terminal(STDOUT_FILENO);
    ctx->color_err = color && is_color_terminal(STDERR_FILENO);
    ctx->width = cli_width(STDOUT_FILENO);
}

static const cli_renderer *choose_renderer(const char *progress)
{
    if (strcmp(progress, "json") == 0) {
        return &cli_render_json;
    }
    if (strcmp(progress, "none") == 0) {
        return &cli_render_none;
    }
    if (strcmp(progress, "bar") == 0 ||
        (strcmp(progress, "auto") == 0 && is_color_terminal(STDERR_FILENO))) {
        return &cli_render_bar;
    }
    return &cli_render_plain;
}

static bool is_on(const cli_context *ctx, const char *key)
{
    return brant_settings_int(ctx->settings, key) != 0;
}

/* What the settings say about the command itself. */
static void apply_settings(cli_context *ctx)
{
    const char *progress = brant_settings_text(ctx->settings, "progress");

    ctx->json = is_on(ctx, "json");
    ctx->render.ops = choose_renderer(progress != NULL ? progress : "auto");
    ctx->json_errors = ctx->json || ctx->render.ops == &cli_render_json;
    if (is_on(ctx, "no-color")) {
        ctx->color_out = false;
        ctx->color_err = false;
    }
    ctx->render.color = ctx->color_err;
    ctx->render.quiet = is_on(ctx, "quiet");
    ctx->render.verbose = is_on(ctx, "verbose");
    ctx->render.trace = is_on(ctx, "trace");
}

static brant_status set_flags(cli_context *ctx, brant_error **err)
{
    for (size_t i = 0; i < ctx->parse.flags.count; i++) {
        const cli_flag *flag = &ctx->parse.flags.items[i];
        brant_status st = brant_settings_set(
            ctx->own, flag->setting->key, flag->value, BRANT_ORIGIN_FLAG, flag->where, err);

        if (st != BRANT_OK) {
            return st;
        }
    }
    return BRANT_OK;
}

static brant_status read_dotenv(cli_context *ctx, brant_error **err)
{
    const char *path = brant_settings_text(ctx->own, "env-file");
    /* Only the file that everybody has by default may be missing. */
    bool required = brant_settings_origin(ctx->own, "env-file", NULL) != BRANT_ORIGIN_DEFAULT;

    if (path == NULL || path[0] == '\0') {
        return BRANT_OK;
    }
    return brant_settings_from_dotenv(ctx->own, path, required, err);
}

static brant_status load_settings(cli_context *ctx, char *const *envp, brant_error **err)
{
    brant_status st = brant_settings_new(&ctx->own, err);

    if (st != BRANT_OK) {
        return st;
    }
    ctx->settings = ctx->own;
    st = set_flags(ctx, err);
    if (st != BRANT_OK) {
        return st;
    }
    st = brant_settings_from_env(ctx->own, (const char *const *)envp, err);
    if (st != BRANT_OK) {
        return st;
    }
    st = read_dotenv(ctx, err);
    if (st != BRANT_OK) {
        return st;
    }
    apply_settings(ctx);
    return BRANT_OK;
}

/* --- project and session ---------------------------------------------------------------------- */

brant_status cli_context_project(cli_context *ctx, brant_error **err)
{
    brant_status st = brant_project_load(&ctx->project, ctx->own, err);

    if (st != BRANT_OK) {
        return st;
    }
    ctx->settings = brant_project_settings(ctx->project);
    ctx->render.many = brant_project_count(ctx->project) > 1;
    apply_settings(ctx);
    return BRANT_OK;
}

/* `setup NAME...` is `setup -d NAME...`. Returns 0 or an exit code. */
static int select_databases(cli_context *ctx)
{
    brant_error *err = NULL;
    brn_buf names = { 0 };
    brant_status st;

    if (cli_arg_count(ctx) == 0) {
        return 0;
    }
    if (cli_parse_flag(&ctx->parse, "database") != NULL) {
        return cli_fail(
            ctx, &(cli_failure){ BRANT_EUSAGE, "cli.database_twice",
                                 "databases are named both by -d and by argument",
                                 "Name them in one of the two ways." });
    }
    for (size_t i = 0; i < cli_arg_count(ctx); i++) {
        brn_buf_printf(&names, "%s%s", i > 0 ? "\n" : "", cli_arg(ctx, i));
    }
    if (names.failed) {
        return cli_fail(
            ctx, &(cli_failure){ BRANT_ENOMEM, "core.out_of_memory", "out of memory", NULL });
    }
    st = brant_settings_set(
        ctx->own, "database", brn_buf_text(&names), BRANT_ORIGIN_FLAG, "argument", &err);
    brn_buf_release(&names);
    return st == BRANT_OK ? 0 : cli_error(ctx, err);
}

static brant_status open_session(cli_context *ctx, brant_error **err)
{
    brant_session_options options = BRANT_SESSION_OPTIONS_INIT;
    brant_status st;

    options.on_event = cli_render_event;
    options.user = &ctx->render;
    st = brant_session_open(&ctx->session, ctx->project, &options, err);
    if (st == BRANT_OK) {
        cli_signals_watch(ctx->session);
    }
    return st;
}

static bool needs(const cli_context *ctx, uint32_t what)
{
    return (ctx->parse.command->flags & what) == what;
}

int cli_context_prepare(cli_context *ctx, char *const *envp)
{
    brant_error *err = NULL;
    int code;

    if (needs(ctx, CLI_NEEDS_SETTINGS) && load_settings(ctx, envp, &err) != BRANT_OK) {
        return cli_error(ctx, err);
    }
    if (needs(ctx, CLI_ARGS_ARE_DATABASES)) {
        code = select_databases(ctx);
        if (code != 0) {
            return code;
        }
    }
    if (needs(ctx, CLI_NEEDS_PROJECT) && cli_context_project(ctx, &err) != BRANT_OK) {
        return cli_error(ctx, err);
    }
    ctx->loading = false;
    if (needs(ctx, CLI_NEEDS_SESSION) && open_session(ctx, &err) != BRANT_OK) {
        return cli_error(ctx, err);
    }
    return 0;
}

/* --- the answer ------------------------------------------------------------------------------- */

/* 0 or an errno value. */
static int write_answer(const brn_buf *out)
{
    if (out->failed) {
        return ENOMEM;
    }
    errno = 0;
    if (out->len > 0 && fwrite(out->ptr, 1, out->len, stdout) != out->len) {
        return errno != 0 ? errno : EIO;
    }
    if (fflush(stdout) != 0 || ferror(stdout)) {
        return errno != 0 ? errno : EIO;
    }
    return 0;
}

void cli_context_flush(cli_context *ctx)
{
    int errnum;

    /* Nothing is left to stop but a reader that does not read. */
    cli_signals_watch(NULL);
    cli_render_clear(&ctx->render);
    ctx->out.failed = ctx->out.failed || ctx->arena.oom;
    errnum = write_answer(&ctx->out);
    if (ctx->out_errnum == 0) {
        ctx->out_errnum = errnum;
    }
    brn_buf_reset(&ctx->out);
}

/* A reader that went away needs no message; the exit code says enough. */
static int answer_lost(cli_context *ctx, int code)
{
    int errnum = ctx->out_errnum;
    char reason[BRN_PLATFORM_NAME];
    brn_buf text = { 0 };

    if (errnum != EPIPE) {
        brn_platform_errno_text(reason, errnum);
        brn_buf_printf(&text, "could not write the answer: %s", reason);
        (void)cli_fail(
            ctx, &(cli_failure){ BRANT_EIO, "cli.output", brn_buf_text(&text),
                                 "What the command did to a database is done." });
        brn_buf_release(&text);
    }
    return code == CLI_EXIT_OK || code == CLI_EXIT_NOTHING ? CLI_EXIT_FAILED : code;
}

int cli_context_close(cli_context *ctx, int code)
{
    cli_context_flush(ctx);
    brant_session_close(ctx->session);
    if (ctx->out_errnum != 0) {
        code = answer_lost(ctx, code);
    }
    brant_project_free(ctx->project);
    brant_settings_free(ctx->own);
    cli_render_release(&ctx->render);
    brn_buf_release(&ctx->out);
    brn_arena_release(&ctx->arena);
    return code;
}

/* --- asking ----------------------------------------------------------------------------------- */

size_t cli_arg_count(const cli_context *ctx)
{
    return ctx->parse.args.count;
}

const char *cli_arg(const cli_context *ctx, size_t i)
{
    return i < ctx->parse.args.count ? ctx->parse.args.items[i] : NULL;
}

/* A signal ends the wait: poll() is never restarted. */
static cli_consent read_consent(void)
{
    struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN };
    char line[64] = "";
    brn_str word;

    if (poll(&input, 1, -1) < 0) {
        return CLI_INTERRUPTED;
    }
    if (fgets(line, sizeof(line), stdin) == NULL) {
        return CLI_NO;
    }
    word = brn_str_trim(brn_str_from(line));
    return brn_str_ieq(word, BRN_STR("y")) || brn_str_ieq(word, BRN_STR("yes")) ? CLI_YES : CLI_NO;
}

cli_consent cli_ask(cli_context *ctx, const char *question)
{
    brn_buf text = { 0 };

    if (is_on(ctx, "yes")) {
        return CLI_YES;
    }
    cli_render_clear(&ctx->render);
    if (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO)) {
        brn_buf_printf(&text, "nobody to ask: \"%s\"", question);
        (void)cli_fail(
            ctx, &(cli_failure){ BRANT_EUSAGE, "cli.no_terminal", brn_buf_text(&text),
                                 "Answer it with --yes." });
        brn_buf_release(&text);
        return CLI_NO_TERMINAL;
    }
    cli_clean(&text, question);
    (void)fprintf(stderr, "%s [y/N] ", brn_buf_text(&text));
    (void)fflush(stderr);
    brn_buf_release(&text);
    return read_consent();
}
