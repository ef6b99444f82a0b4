/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside of the digest: one block of SHA-256 by the processor. What stands in for it elsewhere is
 * libmd's SHA256Transform().
 */
#ifndef BRN_BASE_DIGEST_INT_H
#define BRN_BASE_DIGEST_INT_H

#include <stdbool.h>
#include <stdint.h>

bool brn_digest_x86_is_here(void);
/* Only where it is. */
void brn_digest_x86_block(uint32_t state[8], const uint8_t block[64]);

#endif
