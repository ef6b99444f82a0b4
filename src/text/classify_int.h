/* SPDX-License-Identifier: Apache-2.0 */
/* What the dialects' halves of classify.h share. */
#ifndef BRN_TEXT_CLASSIFY_INT_H
#define BRN_TEXT_CLASSIFY_INT_H

#include "text/classify.h"
#include "text/reader.h"

/* The first word of a statement, and what reads on behind it. */
typedef struct brn_verb_rule {
    const char *word;
    brn_verb verb;
    void (*read)(brn_stmt_class *out, brn_reader *rd); /* NULL: the verb says it all */
} brn_verb_rule;

/* Takes the verb at hand: out->verb, the flags that follow from it, and what its rule reads. */
void brn_classify_verb(
    brn_stmt_class *out, brn_reader *rd, const brn_verb_rule *rules, size_t count);

/* Is the text in there, in any case? Finds out cheaply what most statements do not have. The word
 * is in lower case. */
bool brn_classify_mentions(brn_str text, const char *word);

#endif
