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

/* What a script is made of. "#1" in a text stands for the number of the round. */
static const struct part {
    const char *before; /* lines that are no statement */
    const char *text;
    const char *behind; /* what ends it */
} parts[] = {
    { "",
      "CREATE TABLE t#1 (\n  id int, -- the key; it's\n  `odd;``name` text DEFAULT 'a\\';', # )\n  "
      "`end` int /* ; */\n) ENGINE=InnoDB",
      ";" },
    { "", "/*!50003 SET @saved = @@sql_mode, sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES' */",
      " ;" },
    { "", "INSERT INTO \"t#1\" VALUES ('a\\', \"b;\", `c`)", ";" },
    { "DELIMITER ;;\n",
      "/*!50003 CREATE*/ /*!50017 DEFINER=`a`@`%`*/ /*!50003 TRIGGER g#1 BEFORE INSERT ON t FOR EACH "
      "ROW BEGIN\n  SET NEW.a = '\\';\n  IF 1 THEN SET @a = 2; END IF;\nEND */",
      ";;\nDELIMITER ;\n" },
    { "", "SET sql_mode = @saved", ";" },
    { "", "SELECT 'a\\';', \"b\\\";\", N'c;', x'3b', @'d;', @e, 1--1, \\N", ";" },
    { "",
      "CREATE PROCEDURE p#1(begin INT, OUT end INT)\n  COMMENT 'BEGIN;'\nx: BEGIN\n  DECLARE EXIT "
      "HANDLER FOR NOT FOUND BEGIN END;\n  CASE begin WHEN 1 THEN SELECT CASE end WHEN 1 THEN end "
      "END end; END CASE;\n  REPEAT SET end = end + 1; UNTIL end END REPEAT;\n  WHILE end DO SELECT "
      "REPEAT('a', 2), IF(1, 2, 3); END WHILE;\nEND x",
      ";" },
    { "  delimiter $$ -- from here\n",
      "CREATE PACKAGE BODY k#1 AS\n  x INT;\n  PROCEDURE q AS BEGIN a; END;\nEND",
      ";\n$$\nDELIMITER ;\r\n" },
    { "DELIMITER //\n", "CREATE FUNCTION f#1() RETURNS INT RETURN 1", "//\nDELIMITER ;\n" },
    { "", "CREATE EVENT e#1 ON SCHEDULE EVERY 1 DAY DO\nBEGIN\n  DELETE FROM t;\nEND", ";" },
    { "", "BEGIN NOT ATOMIC\r\n  SELECT 1; # END;\r\nEND", ";" },
    { "", "SELECT /*+ hint; ' */ '\xc3\xa4\xe6\x97\xa5', 2 -- ;\n  , /* ' */ 3", ";" },
    { "", "BEGIN", ";" },
    { "", "COMMIT", ";" },
};

static const char *const fillers[] = {
    "\n",   "\n\n", " ",    "\t",     "-- it's; \" /*\n", "/* ; ' /* \" */",    "# ' `\n",
    "\r\n", ";",    ";\n;", "--\r\n", "\n-- \xc3\xa4\n",  "/*M!999999\\- x */", "\f\n",
};

typedef struct expected {
    uint32_t line;
    size_t offset;
    size_t len;
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
        if (at[0] == '#' && at[1] == '1') {
            brn_buf_printf(to, "%u", round);
            at++;
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
        if (part->before[0] != '\0') {
            add(to, &line, "\n", round);
            add(to, &line, part->before, round);
        }
        list[count].line = line;
        list[count].offset = to->len;
        add(to, &line, part->text, round);
        list[count].len = to->len - list[count].offset;
        add(to, &line, part->behind, round);
        count++;
    }
    return count;
}

static void check_list(const brn_stmt_list *stmts, const expected *list, size_t count)
{
    for (size_t i = 0; i < count && i < stmts->count; i++) {
        const brn_stmt *stmt = &stmts->items[i];
        if (stmt->line != list[i].line || stmt->offset != list[i].offset ||
            stmt->text.len != list[i].len) {
            fail_msg(
                "line %u for %u, offset %u for %u: %.*s", stmt->line, list[i].line,
                (unsigned)stmt->offset, (unsigned)list[i].offset, BRN_STR_ARG(stmt->text));
        }
    }
    assert_int_equal(stmts->count, count);
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
    if (brn_split(&stmts, &arena, &brn_dialect_mysql, &script, &err) != BRANT_OK) {
        fail_msg("%u: %s", brant_error_line(err), brant_error_message(err));
    }
    assert_true(count > 1000);
    check_list(&stmts, list, count);
    brn_arena_release(&arena);
    brn_buf_release(&text);
}

/* The same text, as the second of two sections of a file. */
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
    assert_int_equal(brn_sections_find(&sections, &brn_dialect_mysql, &script, NULL), BRANT_OK);
    assert_int_equal(brn_split(&stmts, &arena, &brn_dialect_mysql, &sections.down, NULL), BRANT_OK);
    for (size_t i = 0; i < count; i++) {
        list[i].line += 3;
    }
    check_list(&stmts, list, count);
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
