/* SPDX-License-Identifier: Apache-2.0 */
#include "base/digest.h"

void brn_digest_init(brn_digest *d)
{
    sha256_init(&d->ctx);
}

void brn_digest_add(brn_digest *d, brn_str bytes)
{
    if (bytes.len > 0) {
        sha256_update(&d->ctx, bytes.len, (const uint8_t *)bytes.ptr);
    }
}

void brn_digest_field(brn_digest *d, brn_str bytes)
{
    uint64_t len = bytes.len;
    uint8_t prefix[8];

    for (size_t i = sizeof(prefix); i-- > 0;) {
        prefix[i] = (uint8_t)(len & 0xff);
        len >>= 8;
    }
    sha256_update(&d->ctx, sizeof(prefix), prefix);
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

/* Without a table, so that a compiler may make many at a time. */
static char digit_of(unsigned nibble)
{
    return (char)(nibble + '0' + (nibble > 9 ? 'a' - '0' - 10 : 0));
}

void brn_digest_hex(brn_digest *d, char out[BRN_DIGEST_HEX + 1])
{
    uint8_t bytes[SHA256_DIGEST_SIZE];

    sha256_digest(&d->ctx, sizeof(bytes), bytes);
    for (size_t i = 0; i < sizeof(bytes); i++) {
        out[2 * i] = digit_of(bytes[i] >> 4);
        out[2 * i + 1] = digit_of(bytes[i] & 0xf);
    }
    out[BRN_DIGEST_HEX] = '\0';
}
