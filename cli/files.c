/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/files.h"

#include "cli/json_docs.h"

int cli_files_finish(cli_context *ctx, brant_new_files *files, const char *next)
{
    if (ctx->json) {
        cli_doc_files(ctx, files);
    } else {
        for (size_t i = 0; i < files->count; i++) {
            cli_clean(&ctx->out, files->paths[i]);
            brn_buf_add_char(&ctx->out, '\n');
        }
        if (next != NULL && !ctx->render.quiet) {
            brn_buf_printf(&ctx->out, "%s\n", next);
        }
    }
    brant_new_files_free(files);
    return CLI_EXIT_OK;
}
