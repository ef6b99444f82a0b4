/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SHA-256, incremental, as lower-case hexadecimal. Nettle does it, with the processor's own
 * instructions where there are any: most of what a look at ten thousand unchanged files computes is
 * their digests.
 *
 * brn_digest_field() feeds a length before the bytes, so that ("ab","c") and ("a","bc") differ:
 * everything that is hashed from several fields (history chain, sum file) goes through it.
 */
#ifndef BRN_BASE_DIGEST_H
#define BRN_BASE_DIGEST_H

#include <nettle/sha2.h>

#include "base/str.h"

#define BRN_DIGEST_HEX 64

typedef struct brn_digest {
    struct sha256_ctx ctx;
} brn_digest;

void brn_digest_init(brn_digest *d);
void brn_digest_add(brn_digest *d, brn_str bytes);
/* Eight bytes of length, big-endian, then the bytes. */
void brn_digest_field(brn_digest *d, brn_str bytes);
/*
 * Adds text as it is normalised for checksums: without a leading byte order mark, CRLF and lone CR
 * as LF. Call once per text: a mark or CR at a seam between two calls would be missed.
 */
void brn_digest_text(brn_digest *d, brn_str text);
/* Writes 64 digits and a NUL. */
void brn_digest_hex(brn_digest *d, char out[BRN_DIGEST_HEX + 1]);

#endif
