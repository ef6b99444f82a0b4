/* SPDX-License-Identifier: Apache-2.0 */
/* What glibc declares for _GNU_SOURCE only: in a file of its own, because it makes another function
 * of strerror_r(). */
#define _GNU_SOURCE

#include <dlfcn.h>
#include <string.h>

#include "base/platform.h"

#define LIBRARY_NAME "libbrant."

bool brn_platform_library_dir(brn_buf *out)
{
    /* Any object of this library would do; a function has no portable conversion to an address. */
    static const char here;
    Dl_info info;
    const char *slash = NULL;

    if (dladdr(&here, &info) == 0 || info.dli_fname == NULL) {
        return false;
    }
    slash = strrchr(info.dli_fname, '/');
    /* In a static program this is the program, whose folder is nobody's place for modules. */
    if (slash == NULL || strncmp(slash + 1, LIBRARY_NAME, strlen(LIBRARY_NAME)) != 0) {
        return false;
    }
    brn_buf_add(out, info.dli_fname, (size_t)(slash - info.dli_fname));
    return true;
}
