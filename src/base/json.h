/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Append-only JSON writer (RFC 8259): no object model, commas and escapes are its business.
 *
 *   brn_json_begin(&w, &buf, BRN_JSON_PRETTY);
 *   brn_json_object(&w);
 *   brn_json_key(&w, "pending");
 *   brn_json_array(&w);
 *   brn_json_str(&w, BRN_STR("003_users"));
 *   brn_json_end(&w);   // array
 *   brn_json_end(&w);   // object
 *
 * Text that is not valid UTF-8 is written with U+FFFD in place of each bad byte, so the output is
 * always valid. Failure is the buffer's latch, which nesting deeper than BRN_JSON_DEPTH sets too.
 */
#ifndef BRN_BASE_JSON_H
#define BRN_BASE_JSON_H

#include "base/buf.h"

#define BRN_JSON_PRETTY (1u << 0) /* two spaces, one element a line */
#define BRN_JSON_DEPTH 32

typedef struct brn_json {
    brn_buf *out;
    uint32_t flags;
    unsigned depth;
    char close[BRN_JSON_DEPTH];
    bool has_items[BRN_JSON_DEPTH];
    bool after_key;
} brn_json;

void brn_json_begin(brn_json *w, brn_buf *out, uint32_t flags);
void brn_json_object(brn_json *w);
void brn_json_array(brn_json *w);
void brn_json_end(brn_json *w);
void brn_json_key(brn_json *w, const char *key);
void brn_json_str(brn_json *w, brn_str value);
/* NULL becomes null. */
void brn_json_cstr(brn_json *w, const char *value);
void brn_json_int(brn_json *w, int64_t value);
void brn_json_bool(brn_json *w, bool value);
void brn_json_null(brn_json *w);

/* Key and value in one call, for objects. */
void brn_json_key_cstr(brn_json *w, const char *key, const char *value);
void brn_json_key_int(brn_json *w, const char *key, int64_t value);
void brn_json_key_bool(brn_json *w, const char *key, bool value);

#endif
