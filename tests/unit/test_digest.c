/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/digest.h"

#define BYTES(lit) "" lit, sizeof(lit) - 1

typedef void feed(brn_digest *d, brn_str bytes);

static void hash(char out[BRN_DIGEST_HEX + 1], feed *add, brn_str bytes)
{
    brn_digest d;

    brn_digest_init(&d);
    add(&d, bytes);
    brn_digest_hex(&d, out);
}

/* FIPS 180-4 examples. */
static const struct vector {
    const char *text;
    const char *hex;
} vectors[] = {
    { "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
    { "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
    { "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
};

static void known_vectors_come_out(void **state)
{
    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(vectors); i++) {
        char hex[BRN_DIGEST_HEX + 1];
        hash(hex, brn_digest_add, brn_str_from(vectors[i].text));
        assert_string_equal(hex, vectors[i].hex);
        hash(hex, brn_digest_text, brn_str_from(vectors[i].text));
        assert_string_equal(hex, vectors[i].hex);
    }
}

static void a_million_bytes_in_pieces_equal_one_text(void **state)
{
    brn_digest d;
    char hex[BRN_DIGEST_HEX + 1];

    (void)state;
    brn_digest_init(&d);
    for (int i = 0; i < 100000; i++) {
        brn_digest_add(&d, BRN_STR("aaaaaaaaaa"));
        brn_digest_add(&d, (brn_str){ NULL, 0 });
    }
    brn_digest_hex(&d, hex);
    assert_string_equal(hex, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

static const struct text_case {
    const char *name;
    const char *text;
    size_t len;
    const char *same_as;
} text_cases[] = {
    { "LF", BYTES("a\nb\n"), "a\nb\n" },
    { "CRLF", BYTES("a\r\nb\r\n"), "a\nb\n" },
    { "lone CR", BYTES("a\rb\r"), "a\nb\n" },
    { "mixed", BYTES("a\r\nb\r"), "a\nb\n" },
    { "byte order mark",
      BYTES("\xef\xbb\xbf"
            "a\nb\n"),
      "a\nb\n" },
    { "mark and CRLF",
      BYTES("\xef\xbb\xbf"
            "a\r\nb\r\n"),
      "a\nb\n" },
    { "only a mark", BYTES("\xef\xbb\xbf"), "" },
    { "mark twice", BYTES("\xef\xbb\xbf\xef\xbb\xbf"), "\xef\xbb\xbf" },
    { "mark inside", BYTES("a\xef\xbb\xbf"), "a\xef\xbb\xbf" },
    { "part of a mark", BYTES("\xef\xbb"), "\xef\xbb" },
    { "CR CR LF is two lines", BYTES("a\r\r\nb"), "a\n\nb" },
    { "LF CR is two lines", BYTES("a\n\rb"), "a\n\nb" },
    { "only CR", BYTES("\r"), "\n" },
    { "trailing space stays", BYTES("a \r\n"), "a \n" },
};

static void text_has_one_digest_whatever_its_line_ends(void **state)
{
    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(text_cases); i++) {
        const struct text_case *c = &text_cases[i];
        char got[BRN_DIGEST_HEX + 1];
        char expected[BRN_DIGEST_HEX + 1];
        hash(got, brn_digest_text, (brn_str){ c->text, c->len });
        hash(expected, brn_digest_add, brn_str_from(c->same_as));
        if (!brn_str_eq_c(brn_str_from(got), expected)) {
            fail_msg("%s", c->name);
        }
    }
}

static void two_fields(char hex[BRN_DIGEST_HEX + 1], const char *a, const char *b)
{
    brn_digest d;

    brn_digest_init(&d);
    brn_digest_field(&d, brn_str_from(a));
    brn_digest_field(&d, brn_str_from(b));
    brn_digest_hex(&d, hex);
}

static void fields_keep_their_borders(void **state)
{
    char one[BRN_DIGEST_HEX + 1];
    char other[BRN_DIGEST_HEX + 1];

    (void)state;
    two_fields(one, "ab", "c");
    two_fields(other, "a", "bc");
    assert_string_not_equal(one, other);
    two_fields(other, "abc", "");
    assert_string_not_equal(one, other);
    two_fields(other, "ab", "c");
    assert_string_equal(one, other);
}

static void field_is_its_length_in_eight_bytes_then_itself(void **state)
{
    char one[BRN_DIGEST_HEX + 1];
    char other[BRN_DIGEST_HEX + 1];

    (void)state;
    hash(one, brn_digest_field, BRN_STR("abc"));
    hash(other, brn_digest_add, BRN_STR("\0\0\0\0\0\0\0\3abc"));
    assert_string_equal(one, other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_vectors_come_out),
        cmocka_unit_test(a_million_bytes_in_pieces_equal_one_text),
        cmocka_unit_test(text_has_one_digest_whatever_its_line_ends),
        cmocka_unit_test(fields_keep_their_borders),
        cmocka_unit_test(field_is_its_length_in_eight_bytes_then_itself),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
