/* SPDX-License-Identifier: Apache-2.0 */
#include "base/digest.h"

#include <string.h>

#include <sha2.h>

#include "base/digest_int.h"

#define BLOCK ((size_t)64)

static void add_blocks(brn_digest *d, const uint8_t *p, size_t count)
{
    void (*add_block)(uint32_t *, const uint8_t *) =
        brn_digest_x86_is_here() ? brn_digest_x86_block : SHA256Transform;

    for (size_t i = 0; i < count; i++) {
        add_block(d->state, p + i * BLOCK);
    }
}

static void add_bytes(brn_digest *d, const uint8_t *p, size_t len)
{
    size_t used = (size_t)(d->bytes % BLOCK);
    size_t room = BLOCK - used;

    d->bytes += len;
    if (used > 0 && len >= room) {
        memcpy(d->block + used, p, room);
        add_blocks(d, d->block, 1);
        p += room;
        len -= room;
        used = 0;
    }
    if (used == 0) {
        add_blocks(d, p, len / BLOCK);
        p += len / BLOCK * BLOCK;
        len %= BLOCK;
    }
    memcpy(d->block + used, p, len);
}

static void put_big_endian(uint8_t out[8], uint64_t value)
{
    for (size_t i = 8; i-- > 0;) {
        out[i] = (uint8_t)(value & 0xff);
        value >>= 8;
    }
}

void brn_digest_init(brn_digest *d)
{
    *d = (brn_digest){ .state = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f,
                                  0x9b05688c, 0x1f83d9ab, 0x5be0cd19 } };
}

void brn_digest_add(brn_digest *d, brn_str bytes)
{
    if (bytes.len > 0) {
        add_bytes(d, (const uint8_t *)bytes.ptr, bytes.len);
    }
}

void brn_digest_field(brn_digest *d, brn_str bytes)
{
    uint8_t prefix[8];

    put_big_endian(prefix, bytes.len);
    add_bytes(d, prefix, sizeof(prefix));
    brn_digest_add(d, bytes);
}

/* Line by line without a copy; text without CR is one update. */
void brn_digest_text(brn_digest *d, brn_str text)
{
    brn_str rest = text;
    size_t cr;

    if (brn_str_starts(rest, BRN_STR("\xef\xbb\xbf"))) {
        rest = brn_str_slice(rest, 3, rest.len);
    }
    while ((cr = brn_str_find_char(rest, '\r')) != SIZE_MAX) {
        brn_digest_add(d, brn_str_slice(rest, 0, cr));
        brn_digest_add(d, BRN_STR("\n"));
        rest = brn_str_slice(rest, cr + 1, rest.len);
        if (brn_str_starts(rest, BRN_STR("\n"))) {
            rest = brn_str_slice(rest, 1, rest.len);
        }
    }
    brn_digest_add(d, rest);
}

/* The end of the text is a bit, zeros, and the number of bits. */
void brn_digest_hex(brn_digest *d, char out[BRN_DIGEST_HEX + 1])
{
    static const uint8_t end[2 * 64] = { 0x80 };
    static const char digits[] = "0123456789abcdef";
    uint8_t bits[8];
    size_t used = (size_t)(d->bytes % BLOCK);

    put_big_endian(bits, d->bytes * 8);
    add_bytes(d, end, (used < BLOCK - sizeof(bits) ? BLOCK : 2 * BLOCK) - sizeof(bits) - used);
    add_bytes(d, bits, sizeof(bits));
    for (size_t i = 0; i < BRN_DIGEST_HEX; i++) {
        out[i] = digits[d->state[i / 8] >> (28 - 4 * (i % 8)) & 0xf];
    }
    out[BRN_DIGEST_HEX] = '\0';
}
