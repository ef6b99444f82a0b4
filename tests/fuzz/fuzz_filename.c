/* SPDX-License-Identifier: Apache-2.0 */
/* Names of files and directories of migrations, and versions that people give. */
#include <stdlib.h>
#include <string.h>

#include "layouts/layout_int.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds) {
        abort();
    }
}

/* Part of the name, and nothing is lost between the parts. */
static void check_parts(const brn_filename *got, brn_str name)
{
    size_t side = got->side == BRN_SIDE_UP ? 3 : got->side == BRN_SIDE_DOWN ? 5 : 0;
    size_t extension = got->extension.len > 0 ? got->extension.len + 1 : 0;

    require(got->stem.len + side + extension == name.len);
    require(brn_str_starts(name, got->stem));
    require(got->extension.len == 0 || brn_extension_is_known(got->extension));
    require(side == 0 || extension > 0);
    if (got->kind == BRN_VERSION_NONE) {
        require(got->version.len == 0 && got->name.len == 0);
        return;
    }
    if (got->kind == BRN_VERSION_REPEATABLE) {
        require(got->version.len == 0 && got->name.len > 0);
        require(brn_str_starts(name, BRN_STR("R__")) && got->stem.len == 3 + got->name.len);
        return;
    }
    require(got->version.len > 0);
    if (got->flyway) {
        require(strchr("VvB", got->stem.ptr[0]) != NULL && got->version.ptr == got->stem.ptr + 1);
        require(got->baseline == (got->stem.ptr[0] == 'B'));
        require(got->stem.len == 1 + got->version.len + 2 + got->name.len);
        return;
    }
    require(brn_str_starts(got->stem, got->version));
    if (got->version.len < got->stem.len) {
        char next = got->stem.ptr[got->version.len];
        require(next == '_' || next == '-' || next == '.');
        require(got->version.len + 1 + got->name.len == got->stem.len);
    } else {
        require(got->name.len == 0);
    }
}

/* A version alone is the same version, whatever followed it. */
static void check_version(const brn_filename *got)
{
    size_t len = 0;

    require(brn_version_compare(got->version, got->version) == 0);
    /* Flyway's may have '_' instead of dots. */
    if (got->kind != BRN_VERSION_NONE && got->kind != BRN_VERSION_REPEATABLE && !got->flyway) {
        require(brn_version_scan(&len, got->version) == got->kind);
        require(len == got->version.len);
        require(!brn_version_is_zero(got->version) || got->kind == BRN_VERSION_NUMBER);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    brn_str name = { (const char *)data, size };
    brn_filename file;
    brn_filename folder;

    brn_filename_parse(&file, name, false);
    check_parts(&file, name);
    check_version(&file);
    brn_filename_parse(&folder, name, true);
    check_parts(&folder, name);
    check_version(&folder);
    require(folder.side == BRN_SIDE_NONE && folder.extension.len == 0);
    return 0;
}
