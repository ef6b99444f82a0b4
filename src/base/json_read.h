/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON reader (RFC 8259): a text as a tree of values in an arena.
 *
 *   brn_json_problem problem;
 *   const brn_json_value *root = brn_json_read(&arena, text, &problem);   // NULL: see below
 *   const brn_json_value *steps = brn_json_member(root, "steps");         // NULL: not there
 *   for (const brn_json_value *step = steps->first; step != NULL; step = step->next) ...
 *
 * Strict, since what it reads is compared with what people saw: names of an object differ, and a
 * text has no NUL in it, so it is a C string as well.
 *
 * Our own because an allocation that fails must not go unnoticed: jansson 2.14 drops a character of
 * a text when its buffer cannot grow, and reads on behind the buffer when it was the last one.
 */
#ifndef BRN_BASE_JSON_READ_H
#define BRN_BASE_JSON_READ_H

#include "base/arena.h"

/* Values in values, and members of one object. */
#define BRN_JSON_READ_DEPTH 64
#define BRN_JSON_READ_MEMBERS 1000

typedef enum brn_json_type {
    BRN_JSON_NULL = 1,
    BRN_JSON_FALSE,
    BRN_JSON_TRUE,
    BRN_JSON_INT,
    BRN_JSON_REAL, /* a number with a fraction or an exponent */
    BRN_JSON_TEXT,
    BRN_JSON_ARRAY,
    BRN_JSON_OBJECT,
} brn_json_type;

typedef struct brn_json_value {
    brn_json_type type;
    brn_str name;                       /* of a member; terminated */
    brn_str text;                       /* of a TEXT; of a REAL, as it was written; terminated */
    int64_t number;                     /* of an INT */
    const struct brn_json_value *first; /* of an array or object, in the order of the text */
    const struct brn_json_value *next;  /* behind this one */
    size_t count;                       /* of an array or object */
} brn_json_value;

typedef struct brn_json_problem {
    const char
        *what;       /* "a value was expected"; NULL: out of memory, and the arena's latch is set */
    uint32_t line;   /* from 1 */
    uint32_t column; /* from 1, in characters */
} brn_json_problem;

/* The value that is all of the text, white space apart. NULL: `problem` says why. */
const brn_json_value *brn_json_read(brn_arena *arena, brn_str text, brn_json_problem *problem);

/* NULL when there is none of that name, or no object. `object` may be NULL. */
const brn_json_value *brn_json_member(const brn_json_value *object, const char *name);

#endif
