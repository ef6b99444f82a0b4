/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The documents of --json. Each is one object with "schema": 1 and has a schema in docs/schema/.
 * Adding a key does not raise the number; removing or changing one does.
 *
 * Functions append to the answer of `ctx`.
 */
#ifndef CLI_JSON_DOCS_H
#define CLI_JSON_DOCS_H

#include "cli/context.h"

/* command NULL: every command, and the options they share. */
void cli_doc_help(cli_context *ctx, const cli_command *command);
/* Version of the program and its library. */
void cli_doc_program(cli_context *ctx);
/* The script that completes command lines in a shell. */
void cli_doc_completion(cli_context *ctx, const char *shell, const char *script);
/* Settings, and databases when there is a project; problem: why there is none, or NULL. */
void cli_doc_config(cli_context *ctx, const brant_error *problem);
/* Files that init or new wrote. */
void cli_doc_files(cli_context *ctx, const brant_new_files *files);
void cli_doc_sum(cli_context *ctx, const brant_new_files *files, bool checked);

/* What a run did, with the statements of a dry run. */
/* `err` is why the run stopped; NULL when it did not. The whole error is on stderr. */
void cli_doc_report(cli_context *ctx, const brant_report *report, const brant_error *err);
void cli_doc_plan(cli_context *ctx, const brant_plan *plan);
void cli_doc_repair(cli_context *ctx, const brant_repair_result *result, bool dry_run);

void cli_doc_status(cli_context *ctx, const brant_overview *overview);
void cli_doc_list(cli_context *ctx, const brant_overview *overview, bool with_unknown);
void cli_doc_version(cli_context *ctx, const brant_overview *overview);
/* Entries from `first` on. */
void cli_doc_history(cli_context *ctx, const brant_history *history, size_t first, bool verify);
void cli_doc_validation(cli_context *ctx, const brant_validation *validation);
void cli_doc_health(cli_context *ctx, const brant_health_result *result);
void cli_doc_ping(cli_context *ctx, const brant_ping_result *result);
/* released: whether the locks were freed by this command. */
void cli_doc_locks(cli_context *ctx, const brant_locks *locks, bool released);

#endif
