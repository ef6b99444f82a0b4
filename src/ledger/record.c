/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/record.h"

#include "base/buf.h"

/* Ids of the parents, with the database in front of those in another one. */
static const char *join_requires(brn_arena *arena, const brn_migration *m)
{
    brn_buf text;
    brn_buf_init(&text, 0);
    for (size_t i = 0; i < m->requires.count; i++) {
        const brn_migration *parent = m->requires.items[i];
        const char *comma = i > 0 ? "," : "";
        if (parent->database == m->database) {
            brn_buf_printf(&text, "%s%s", comma, parent->id);
        } else {
            const brn_props *props = m->source->props;
            brn_buf_printf(&text, "%s%s", comma, props->requires.items[i].id);
        }
    }
    char *joined = text.failed ? NULL : brn_arena_strdup(arena, brn_buf_text(&text));
    brn_buf_release(&text);
    return joined;
}

brn_ledger_row *brn_record_new(
    brn_arena *arena,
    const brn_migration *migration,
    const brn_actor *actor,
    brn_row_status status,
    brn_direction direction,
    int64_t seq,
    int64_t now_us)
{
    brn_ledger_row *row = brn_arena_alloc(arena, sizeof(*row));
    const char *requires = join_requires(arena, migration);
    if (row == NULL || requires == NULL) {
        arena->oom = true; /* join_requires() may have failed outside of it */
        return NULL;
    }
    const brn_source *source = migration->source;
    row->id = migration->id;
    row->version = migration->version;
    row->seq = seq;
    row->status = status;
    row->direction = direction;
    row->kind = brn_kind_name(source->props->kind);
    row->required = source->props->required;
    row->phase = brn_phase_name(source->props->phase);
    row->checksum = source->up_digest;
    row->down_checksum = source->down->digest;
    row->requires = requires;
    row->min_read_version = source->props->min_read_version;
    row->started_us = now_us;
    row->finished_us = status == BRN_ROW_COMPLETED ? now_us : 0;
    row->duration_ms = -1;
    row->who = actor->who;
    row->tool = actor->tool;
    row->run_id = actor->run_id;
    row->format = BRN_LEDGER_FORMAT;
    return row;
}

void brn_progress_add(char digest[BRN_DIGEST_HEX + 1], brn_str statement)
{
    brn_digest d;
    brn_digest_init(&d);
    brn_digest_field(&d, brn_str_from(digest));
    brn_digest_field(&d, statement);
    brn_digest_hex(&d, digest);
}

void brn_statement_digest(char out[BRN_DIGEST_HEX + 1], brn_str statement)
{
    brn_digest d;
    brn_digest_init(&d);
    brn_digest_field(&d, statement);
    brn_digest_hex(&d, out);
}
