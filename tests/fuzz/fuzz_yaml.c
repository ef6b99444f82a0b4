/* SPDX-License-Identifier: Apache-2.0 */
/* Project files: any bytes give a tree of bounded depth, or an error with a position. */
#include <stdlib.h>

#include "core/settings.h"
#include "core/yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool good)
{
    if (!good) {
        abort();
    }
}

/* The depth is bounded, so this may call itself. */
static void walk(const brn_yaml *node, brant_settings *settings, unsigned depth)
{
    require(depth <= BRN_YAML_DEPTH && node->line > 0 && node->column > 0);
    if (node->kind == BRN_YAML_SCALAR) {
        require(node->first == NULL && node->text.ptr[node->text.len] == '\0');
        return;
    }
    for (const brn_yaml *child = node->first; child != NULL; child = child->next) {
        if (node->kind == BRN_YAML_MAP) {
            require(child->key_line > 0 && child->key_column > 0);
            (void)brn_settings_set_yaml(settings, child, "f", NULL);
        }
        walk(child, settings, depth + 1);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    brn_arena arena = { 0 };
    brant_settings *settings = NULL;
    brn_yaml *root = NULL;
    brant_error *err = NULL;
    brant_status st;

    if (size > 65536 || brant_settings_new(&settings, NULL) != BRANT_OK) {
        return 0;
    }
    st = brn_yaml_parse(&root, &arena, (brn_str){ (const char *)data, size }, "f", &err);
    require((st == BRANT_OK) == (err == NULL));
    if (st == BRANT_OK && root != NULL) {
        walk(root, settings, 0);
    }
    if (err != NULL) {
        require(st == BRANT_EPARSE && root == NULL);
        require(brant_error_line(err) > 0 && brant_error_column(err) > 0);
    }
    brant_error_free(err);
    brant_settings_free(settings);
    brn_arena_release(&arena);
    return 0;
}
