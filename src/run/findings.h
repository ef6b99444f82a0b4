/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lists of findings: how commands that compare hand out what they found.
 */
#ifndef BRN_RUN_FINDINGS_H
#define BRN_RUN_FINDINGS_H

#include <brant/report.h>

#include "base/vec.h"

typedef BRN_VEC(const brant_finding *) brn_finding_list;

/* Appends a copy of `from` (its texts are borrowed) and gives it for further filling; NULL when out
 * of memory (arena latch). */
brant_finding *brn_finding_put(brn_finding_list *list, brn_arena *arena, const brant_finding *from);
/* Replaces every text by a copy in the arena. */
void brn_findings_own(brn_finding_list *list, brn_arena *arena);
/* The document of a list: valid when there are only warnings. */
void brn_findings_fill(brant_validation *doc, const brn_finding_list *list);

#endif
