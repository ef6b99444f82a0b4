/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Texts of migrations, read and cut into statements.
 *
 * A run reads all texts of its plan to check them before the first one runs. They are kept from
 * then on, so that none is read twice: as each was compared with its digest when it was read, what
 * runs is what was digested, whatever becomes of the files meanwhile. A run that has to wait for
 * the lock forgets them: who edits a file in that time does not expect the old one to run. Once 2
 * MiB are kept, the texts that follow are not: they are read, and compared, again when they run.
 */
#ifndef BRN_RUN_TEXTS_H
#define BRN_RUN_TEXTS_H

#include "graph/graph.h"
#include "run/session.h"

typedef struct brn_text {
    brn_buf buf; /* script and statements view it */
    brn_script script;
    brn_stmt_list stmts;
    brn_stmt_info *infos; /* one for each statement */
} brn_text;

/* A zeroed struct keeps nothing. */
typedef struct brn_texts {
    brn_arena arena;
    brn_text **slots; /* two for each migration of the graph, by rank: up, down; NULL: not kept */
    size_t count;
    size_t bytes; /* of kept texts */
} brn_texts;

/* From now on texts are kept. */
brant_status brn_texts_begin(brn_texts *texts, const brn_graph *graph, brant_error **err);
void brn_texts_release(brn_texts *texts);

/*
 * The text of one direction: the kept one, or read, and kept when there is room. A kept one lives
 * as long as `texts` and has no `buf` of its own; of another one `buf` is the caller's, and the
 * rest in `arena`. `texts` may be NULL. Errors are those of brn_source_open() and brn_split();
 * out->buf is to be released also then.
 */
brant_status brn_texts_read(
    brn_text *out,
    brn_arena *arena,
    brn_texts *texts,
    const brn_target *target,
    const brn_migration *migration,
    brn_direction direction,
    brant_error **err);

#endif
