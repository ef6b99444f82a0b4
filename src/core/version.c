/* SPDX-License-Identifier: Apache-2.0 */
#include <brant/version.h>

const char *brant_version(void)
{
    return BRANT_VERSION;
}
