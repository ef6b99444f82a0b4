/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <brant/brant.h>

static const struct version_case {
    const char *a;
    const char *b;
    int order; /* its sign */
} cases[] = {
    { "1.0.0", "1.0.0", 0 },
    { "1.0", "1.0.0", 0 },
    { "1", "1.0.0", 0 },
    { "1.0.1", "1.0", 1 },
    { "1.2.0", "1.10.0", -1 },
    { "1.1.0", "1.0.0", 1 },
    { "2.0.0", "1.9.9", 1 },
    { "0.9.0", "1.0.0", -1 },
    { "01.1", "1.1", 0 },
    { "1.99999999999999999999", "1.100000000000000000000", -1 },
    { "1.0-rc1", "1.0-rc2", -1 },
    { "", "0.0", 0 },
    { NULL, "0", -1 },
    { "0", NULL, 1 },
    { NULL, NULL, 0 },
};

static int sign(int n)
{
    return (n > 0) - (n < 0);
}

static void versions_compare_by_their_numbers(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct version_case *c = &cases[i];
        if (sign(brant_version_compare(c->a, c->b)) != c->order ||
            sign(brant_version_compare(c->b, c->a)) != -c->order) {
            fail_msg("%s and %s", c->a, c->b);
        }
    }
}

static void the_library_is_the_one_of_the_headers(void **state)
{
    (void)state;
    assert_string_equal(brant_version(), BRANT_VERSION);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(versions_compare_by_their_numbers),
        cmocka_unit_test(the_library_is_the_one_of_the_headers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
