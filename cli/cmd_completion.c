/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "cli/commands.h"
#include "cli/completion.h"
#include "cli/context.h"
#include "cli/json_docs.h"

static const struct shell {
    const char *name;
    cli_completion_fn *write;
} shells[] = {
    { "bash", cli_completion_bash },
    { "zsh", cli_completion_zsh },
    { "fish", cli_completion_fish },
};

static const struct shell *find_shell(const char *name)
{
    for (size_t i = 0; i < BRN_ARRAY_LEN(shells); i++) {
        if (strcmp(shells[i].name, name) == 0) {
            return &shells[i];
        }
    }
    return NULL;
}

static int run_completion(cli_context *ctx, const void *values)
{
    const struct shell *shell = find_shell(cli_arg(ctx, 0));
    brn_buf script = { 0 };

    (void)values;
    if (shell == NULL) {
        return cli_fail(
            ctx, &(cli_failure){ BRANT_EUSAGE, "cli.bad_argument",
                                 "brant completion takes bash, zsh or fish",
                                 "See brant completion --help." });
    }
    shell->write(&script, cli_commands);
    if (ctx->json) {
        cli_doc_completion(ctx, shell->name, brn_buf_text(&script));
    } else {
        brn_buf_add_str(&ctx->out, brn_buf_str(&script));
    }
    ctx->out.failed = ctx->out.failed || script.failed;
    brn_buf_release(&script);
    return CLI_EXIT_OK;
}

const cli_command cli_cmd_completion = {
    .name = "completion",
    .group = "brant itself",
    .summary = "Print a script that completes command lines in bash, zsh or fish",
    .usage = "bash|zsh|fish",
    .details = "An installed brant has these scripts where the shells look for them. Otherwise "
               "store the script there, or read it at the start of a shell: . <(brant completion "
               "bash).",
    .example = "brant completion bash >~/.local/share/bash-completion/completions/brant\n"
               "brant completion zsh >~/.zfunc/_brant\n"
               "brant completion fish >~/.config/fish/completions/brant.fish",
    .arg = "bash|zsh|fish",
    .min_args = 1,
    .max_args = 1,
    .run = run_completion,
};
