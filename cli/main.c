/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command `brant`: takes the command line apart, prepares what the command needs, runs it, and
 * writes its answer.
 */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "cli/argv.h"
#include "cli/context.h"
#include "cli/help.h"
#include "cli/signals.h"

extern char **environ;

/*
 * A process may be started with a standard file closed. The next file it opens, such as a
 * database, would take that number and receive our messages: keep the numbers taken.
 */
static void keep_standard_files(void)
{
    for (int fd = 0; fd <= 2; fd++) {
        if (fcntl(fd, F_GETFD) == -1) {
            /* Not the direction that is used, so that using it is an error. */
            (void)open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY);
        }
    }
}

static int dispatch(cli_context *ctx, int argc, const char *const *argv)
{
    cli_failure failure = { 0 };
    int code;

    if (!cli_options_parse(&ctx->parse, &ctx->arena, cli_commands, argc, argv, &failure)) {
        return cli_fail(ctx, &failure);
    }
    if (ctx->parse.version) {
        return cli_help_version(ctx);
    }
    if (ctx->parse.help) {
        return cli_help_command(ctx, ctx->parse.command);
    }
    if (ctx->parse.command == NULL) {
        return cli_fail(
            ctx, &(cli_failure){ BRANT_EUSAGE, "cli.no_command", "no command given",
                                 "See brant help." });
    }
    code = cli_context_prepare(ctx, environ);
    return code != 0 ? code : ctx->parse.command->run(ctx, ctx->parse.values);
}

int main(int argc, char **argv)
{
    cli_context ctx = { 0 };
    const char *const *words = cli_argv_take(&ctx.arena, argc, argv);

    keep_standard_files();
    cli_signals_install();
    if (words == NULL) {
        (void)fputs("error: out of memory\n", stderr);
        brn_arena_release(&ctx.arena);
        return CLI_EXIT_FAILED;
    }
    cli_context_init(&ctx, argc, words);
    return cli_context_close(&ctx, dispatch(&ctx, argc, words));
}
