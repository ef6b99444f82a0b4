/* SPDX-License-Identifier: Apache-2.0 */
/* One long script with everything in it, whose statements and lines are known from its making. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/buf.h"
#include "text/script.h"
#include "text/section.h"

#define LINES_WANTED 5000
#define MOST_STATEMENTS 4000

/*
 * What a script is made of. "#" in a text stands for the number of the round.
 */
static const struct part {
    const char *text; /* with its terminator */
    const char *data; /* rows with their end mark; NULL */
} parts[] = {
    { "CREATE TABLE t# (\n    id int PRIMARY KEY, -- the key; of t#\n    /* a ; */ body text DEFAULT "
      "'it''s;\n',\n    \"odd;name\"\"#\" text -- )\n)\nPARTITION BY RANGE (id);",
      NULL },
    { "CREATE TABLE t#_1 PARTITION OF t#\n    FOR VALUES FROM (1) TO (1_000);", NULL },
    { "CREATE OR REPLACE FUNCTION f#() RETURNS trigger\nLANGUAGE plpgsql AS $body$\nBEGIN\n    IF "
      "NEW.id > 1 THEN -- it's\n        EXECUTE $q$SELECT ';'; $q$ || $$;$$;\n    END IF;\n    "
      "RETURN NEW; /* END; */\nEND;\n$body$;",
      NULL },
    { "CREATE TRIGGER g# BEFORE INSERT ON t#\n    FOR EACH ROW EXECUTE FUNCTION f#(';', E'\\';');",
      NULL },
    { "CREATE POLICY p# ON t# USING (body <> ';' AND (id = (#)));", NULL },
    { "CREATE FUNCTION begin#(begin int) RETURNS begin\nLANGUAGE sql\nBEGIN ATOMIC\n    SELECT CASE "
      "WHEN begin > 1 THEN (CASE 1 WHEN 1 THEN 2 END) END;\n    -- END;\n    INSERT INTO begin "
      "VALUES (1); ;\nEND;",
      NULL },
    { "CREATE PROCEDURE q#()\nBEGIN ATOMIC END;", NULL },
    { "CREATE RULE r# AS ON INSERT TO t# DO ALSO (\n    INSERT INTO u VALUES (';');\n    DELETE FROM "
      "v;\n);",
      NULL },
    { "DO $$\nBEGIN\n    PERFORM 1; -- $body$\nEND $$;", NULL },
    { "SELECT E'a\\';'\n    -- goes on; '\n    '\\';', U&'d!0061;' UESCAPE '!', B'1', 1e10, $1,\n  "
      "  a::text, x[1:2], 1 +-- ;\n    2 */* ; /* ' */ */ 3;",
      NULL },
    { "COPY t# FROM STDIN;", "\n1\tit's\t\"\n2\t\\N\t$$\n-- ;\n/*\n\\.\n" },
    { "COPY s#.\"t;\" (a, \"b)\") FROM STDIN\n  WITH (FORMAT csv, DELIMITER ';') /* ; */; -- rows "
      "follow",
      "\r\n1;'\r\n\\.x\r\n\r\n\\.\r\n" },
    { "COPY t# -- nothing\nFROM stdin\n;", "\n\\.\n" },
    { "COPY (SELECT * FROM stdin) TO STDOUT;", NULL },
    { "INSERT INTO t# VALUES (1, '\xc3\xa4\xe6\x97\xa5'), (2, $\xc3\xa4$;\n;$\xc3\xa4$);", NULL },
    { "COMMENT ON TABLE t# IS 'a\n;\n-- b';", NULL },
    { "BEGIN;", NULL },
    { "END;", NULL },
};

static const char *const fillers[] = {
    "\n",   "\n\n", " ",    "\t",     "-- it's; $$ \" /*\n", "/* ; ' /* \" */ $$\n */",
    "\r\n", ";",    ";\n;", "--\r\n", "\n-- \xc3\xa4\n",     "\f\n",
    "/**/",
};

typedef struct expected {
    const struct part *part;
    uint32_t line;
    uint32_t data_line;
    size_t offset;
} expected;

static uint32_t number(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

/* Adds the text and counts its lines as an editor does: LF, CR LF and lone CR. */
static void add(brn_buf *to, uint32_t *line, const char *text, uint32_t round)
{
    for (const char *at = text; *at != '\0'; at++) {
        if (*at == '#') {
            brn_buf_printf(to, "%u", round);
            continue;
        }
        brn_buf_add_char(to, *at);
        *line += *at == '\n' || (*at == '\r' && at[1] != '\n');
    }
}

static size_t make_script(brn_buf *to, expected *list)
{
    uint32_t seed = 42;
    uint32_t line = 1;
    size_t count = 0;

    for (uint32_t round = 0; line < LINES_WANTED && count < MOST_STATEMENTS; round++) {
        const struct part *part = &parts[round % BRN_ARRAY_LEN(parts)];
        for (uint32_t i = number(&seed) % 4; i > 0; i--) {
            add(to, &line, fillers[number(&seed) % BRN_ARRAY_LEN(fillers)], round);
        }
        list[count] = (expected){ .part = part, .line = line, .offset = to->len };
        add(to, &line, part->text, round);
        if (part->data != NULL) {
            list[count].data_line = line + 1;
            add(to, &line, part->data, round);
        }
        count++;
    }
    return count;
}

static brn_str data_of(const struct part *part)
{
    brn_str data = brn_str_from(part->data);

    data = brn_str_slice(data, brn_str_find_char(data, '\n') + 1, data.len);
    while (!brn_str_ends(data, BRN_STR("\\."))) {
        data.len--;
    }
    return brn_str_slice(data, 0, data.len - 2);
}

static void check_stmt(const brn_stmt *stmt, const expected *e)
{
    if (stmt->line != e->line || stmt->offset != e->offset ||
        (stmt->data.ptr != NULL) != (e->part->data != NULL)) {
        fail_msg(
            "line %u for %u, offset %u for %u: %.*s", stmt->line, e->line, (unsigned)stmt->offset,
            (unsigned)e->offset, BRN_STR_ARG(stmt->text));
    }
    if (e->part->data != NULL) {
        assert_int_equal(stmt->data_line, e->data_line);
        assert_true(brn_str_eq(stmt->data, data_of(e->part)));
    }
}

static void a_long_script_is_cut_at_the_right_places(void **state)
{
    static expected list[MOST_STATEMENTS];
    brn_buf text;
    brn_arena arena = { 0 };
    brn_stmt_list stmts = { 0 };
    brant_error *err = NULL;
    brn_script script;
    size_t count;

    (void)state;
    brn_buf_init(&text, 0);
    count = make_script(&text, list);
    assert_int_equal(brn_script_check(&script, brn_buf_str(&text), "f", NULL), BRANT_OK);
    if (brn_split(&stmts, &arena, &brn_dialect_postgres, &script, &err) != BRANT_OK) {
        fail_msg("%u: %s", brant_error_line(err), brant_error_message(err));
    }
    assert_true(count > 1000);
    for (size_t i = 0; i < count && i < stmts.count; i++) {
        check_stmt(&stmts.items[i], &list[i]);
    }
    assert_int_equal(stmts.count, count);
    brn_arena_release(&arena);
    brn_buf_release(&text);
}

/* The same text, as two sections of a file. */
static void sections_of_it_keep_their_places(void **state)
{
    static expected list[MOST_STATEMENTS];
    brn_buf text;
    brn_arena arena = { 0 };
    brn_stmt_list stmts = { 0 };
    brn_sections sections = { 0 };
    brn_script script = { .line = 1, .column = 1 };
    size_t count;

    (void)state;
    brn_buf_init(&text, 0);
    brn_buf_add_c(&text, "-- brant: up\nSELECT 1;\n-- brant: down\n");
    count = make_script(&text, list);
    script.text = brn_buf_str(&text);
    assert_int_equal(brn_sections_find(&sections, &brn_dialect_postgres, &script, NULL), BRANT_OK);
    assert_int_equal(
        brn_split(&stmts, &arena, &brn_dialect_postgres, &sections.down, NULL), BRANT_OK);
    assert_int_equal(stmts.count, count);
    for (size_t i = 0; i < count; i++) {
        list[i].line += 3;
        list[i].data_line += 3;
        check_stmt(&stmts.items[i], &list[i]);
    }
    brn_arena_release(&arena);
    brn_buf_release(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_long_script_is_cut_at_the_right_places),
        cmocka_unit_test(sections_of_it_keep_their_places),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
