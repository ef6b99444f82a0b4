/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sentences about parts of the library's documents, for commands that show the same thing.
 */
#ifndef CLI_DESCRIBE_H
#define CLI_DESCRIBE_H

#include "cli/context.h"

/* "003", or "none" for NULL. */
const char *cli_version_text(const char *version);

/* "free", or "held by ana@host (pid 77) since 2026-02-26T15:30:00.123Z: up, brant 0.1.0". */
void cli_describe_lock(brn_buf *out, const brant_lock_info *lock);

/* "003_bad failed at statement 2 of 5 (up)". */
void cli_describe_open(brn_buf *out, const brant_migration *migration);

/*
 * Whether an open migration makes its database dirty. One that is `running` without progress
 * outside a transaction was rolled back when its run died, and is simply run again.
 */
bool cli_is_dirty(const brant_migration *migration);

/* One paragraph each, indented: severity, id, message, place and hint. */
void cli_describe_findings(
    cli_context *ctx, const brant_finding *const *findings, size_t count, size_t indent);

/* "  migrations/001.up.sql:1  create table", and the text indented below. */
void cli_describe_statement(
    brn_buf *out, const char *file, uint32_t line, const char *kind, brn_str text);

#endif
