/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Directives over any bytes but NUL, which brn_script_check() keeps out and which would cut a value
 * short. Holds: an error has its place in the text and leaves the properties alone, and what is
 * required is named and placed.
 */
#include <stdlib.h>
#include <string.h>

#include "text/directive.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(what)                                                                                 \
    do {                                                                                           \
        if (!(what)) {                                                                             \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

static void check_props(const brn_props *props)
{
    MUST(props->timeout_ms >= -1 && props->lock_timeout_ms >= -1);
    MUST(props->requires.count == 0 || props->has_requires);
    MUST(props->help == NULL || props->help[0] != '\0');
    MUST(props->min_read_version == NULL || props->min_read_version[0] != '\0');
    MUST(strcmp(brn_kind_name(props->kind), "sql") == 0 || props->kind == BRN_KIND_MANUAL);
    MUST(strcmp(brn_phase_name(props->phase), "unknown") != 0);
    for (size_t i = 0; i < props->requires.count; i++) {
        const brn_require *r = &props->requires.items[i];
        MUST(r->id[0] != '\0' && r->line > 0 && r->column > 10);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    brn_str raw = size > 0 ? (brn_str){ (const char *)data, size } : BRN_STR("");
    brn_script script = { .file = "f", .text = raw, .line = 1, .column = 1 };
    brn_arena arena = { 0 };
    brn_props props;
    brant_error *err = NULL;
    brant_status st;

    if (brn_str_find_char(raw, '\0') != SIZE_MAX) {
        return 0;
    }
    brn_props_init(&props);
    st = brn_directives_read(&props, &arena, &brn_dialect_sqlite, &script, &err);
    MUST((st == BRANT_OK) == (err == NULL));
    if (st == BRANT_OK) {
        check_props(&props);
    } else {
        MUST(brant_error_line(err) > 0 && brant_error_column(err) > 0);
        MUST(brant_error_hint(err) != NULL);
        MUST(!props.has_requires && props.timeout_ms == -1);
    }
    brant_error_free(err);
    brn_arena_release(&arena);
    return 0;
}
