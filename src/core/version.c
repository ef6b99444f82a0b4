/* SPDX-License-Identifier: Apache-2.0 */
#include <brant/version.h>

#include "base/str.h"

const char *brant_version(void)
{
    return BRANT_VERSION;
}

static brn_str next_part(brn_str *rest)
{
    brn_str part = BRN_STR("");

    (void)brn_str_split(rest, '.', &part);
    return part.len > 0 ? part : BRN_STR("0");
}

int brant_version_compare(const char *a, const char *b)
{
    if (a == NULL || b == NULL) {
        return (a != NULL) - (b != NULL);
    }
    brn_str left = brn_str_from(a);
    brn_str right = brn_str_from(b);
    int order = 0;
    while (order == 0 && (left.len > 0 || right.len > 0)) {
        order = brn_str_natcmp(next_part(&left), next_part(&right));
    }
    return order;
}
