/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sections over any bytes. Holds: head, up and down lie in the file in this order and know their
 * place, and no section has a marker in it any more.
 */
#include <stdlib.h>

#include "text/section.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(what)                                                                                 \
    do {                                                                                           \
        if (!(what)) {                                                                             \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

static uint64_t end_of(const brn_script *part)
{
    return part->offset + part->text.len;
}

/* `marks`: it may have some, repeated ones of sql-migrate's. */
static void check_part(const brn_script *script, const brn_script *part, bool marks)
{
    brn_stmt whole = { script->text, 0, script->line, script->column };
    brn_sections inner;
    uint32_t line;
    uint32_t column;

    MUST(part->offset + part->text.len <= script->text.len);
    MUST(part->text.ptr == script->text.ptr + part->offset);
    brn_stmt_locate(&whole, (size_t)part->offset, &line, &column);
    MUST(part->line == line && part->column == column);
    if (marks) {
        return;
    }
    MUST(brn_sections_find(&inner, &brn_dialect_sqlite, part, NULL) == BRANT_OK);
    MUST(!inner.marked && brn_str_eq(inner.up.text, part->text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    brn_str raw = size > 0 ? (brn_str){ (const char *)data, size } : BRN_STR("");
    brn_script script = { .file = "f", .text = raw, .line = 1, .column = 1 };
    brn_sections s;
    brant_error *err = NULL;
    brant_status st = brn_sections_find(&s, &brn_dialect_sqlite, &script, &err);

    MUST((st == BRANT_OK) == (err == NULL));
    if (st == BRANT_OK) {
        check_part(&script, &s.head, false);
        check_part(&script, &s.up, s.whole_name);
        check_part(&script, &s.down, s.whole_name);
        MUST(end_of(&s.head) <= s.up.offset);
        MUST(
            !s.has_down || end_of(&s.up) <= s.down.offset ||
            (s.whole_name && end_of(&s.down) <= s.up.offset && end_of(&s.head) <= s.down.offset));
        MUST(s.marked || s.up.text.len == raw.len);
    } else {
        MUST(brant_error_line(err) > 0 && brant_error_column(err) > 0);
        MUST(brant_error_hint(err) != NULL);
    }
    brant_error_free(err);
    return 0;
}
