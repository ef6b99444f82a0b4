/* SPDX-License-Identifier: Apache-2.0 */
#include "run/texts.h"

#include "run/world.h"

#define KEPT_BYTES ((size_t)2 << 20)

brant_status brn_texts_begin(brn_texts *texts, const brn_graph *graph, brant_error **err)
{
    size_t count = graph->order.count * 2;
    texts->slots = brn_arena_array(&texts->arena, count, sizeof(*texts->slots));
    texts->count = texts->slots != NULL ? count : 0;
    return texts->slots != NULL ? BRANT_OK : brn_error_oom(err);
}

void brn_texts_release(brn_texts *texts)
{
    for (size_t i = 0; i < texts->count; i++) {
        if (texts->slots[i] != NULL) {
            brn_buf_release(&texts->slots[i]->buf);
        }
    }
    brn_arena_release(&texts->arena);
    *texts = (brn_texts){ 0 };
}

static brant_status read_file(
    brn_text *out,
    brn_arena *arena,
    const brn_target *target,
    const brn_migration *migration,
    brn_direction direction,
    brant_error **err)
{
    const brn_dialect *dialect = target->engine->dialect;
    brant_status st = brn_source_open(
        &out->script, &out->buf, migration->source, direction == BRN_DOWN, dialect,
        brn_target_max_file(target), err);
    if (st == BRANT_OK) {
        out->script.mode = target->conn != NULL ? target->conn->lex_mode : 0;
        st = brn_split(&out->stmts, arena, dialect, &out->script, err);
    }
    if (st == BRANT_OK) {
        out->infos = brn_arena_array(arena, out->stmts.count, sizeof(*out->infos));
        st = out->infos == NULL ? brn_error_oom(err) : BRANT_OK;
    }
    for (size_t i = 0; i < out->stmts.count && st == BRANT_OK; i++) {
        target->engine->inspect(&out->infos[i], target->conn, &out->stmts.items[i]);
    }
    return st;
}

brant_status brn_texts_read(
    brn_text *out,
    brn_arena *arena,
    brn_texts *texts,
    const brn_target *target,
    const brn_migration *migration,
    brn_direction direction,
    brant_error **err)
{
    *out = (brn_text){ 0 };
    if (texts == NULL || texts->slots == NULL) {
        return read_file(out, arena, target, migration, direction, err);
    }
    brn_text **slot = &texts->slots[migration->rank * 2 + (direction == BRN_DOWN ? 1 : 0)];
    bool keep = *slot == NULL && texts->bytes + texts->arena.used_bytes < KEPT_BYTES;
    if (*slot == NULL) {
        brant_status st =
            read_file(out, keep ? &texts->arena : arena, target, migration, direction, err);
        if (st != BRANT_OK || !keep) {
            return st;
        }
        *slot = brn_arena_alloc(&texts->arena, sizeof(**slot));
        if (*slot == NULL) {
            return brn_error_oom(err);
        }
        **slot = *out;
        texts->bytes += out->buf.cap;
    }
    *out = **slot;
    out->buf = (brn_buf){ 0 };
    return BRANT_OK;
}
