/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "text/section.h"

static brant_status find(brn_sections *out, const char *text, brant_error **err)
{
    brn_script script = { .file = "001.sql", .text = brn_str_from(text), .line = 1, .column = 1 };

    return brn_sections_find(out, &brn_dialect_sqlite, &script, err);
}

/* --- sections --------------------------------------------------------------------------------- */

#define AUTO BRN_SWITCH_AUTO
#define ON BRN_SWITCH_ON
#define OFF BRN_SWITCH_OFF

static const struct good_case {
    const char *name;
    const char *text;
    bool marked;
    const char *head;
    const char *up;
    const char *down; /* NULL: has none */
    brn_switch up_transaction;
    brn_switch down_transaction;
} good_cases[] = {
    { "empty", "", false, "", "", NULL, AUTO, AUTO },
    { "no markers", "a;\nb", false, "", "a;\nb", NULL, AUTO, AUTO },
    { "up only", "-- brant: up\na;", true, "", "a;", NULL, AUTO, AUTO },
    { "both", "-- brant: up\na;\n-- brant: down\nb;\n", true, "", "a;\n", "b;\n", AUTO, AUTO },
    { "head", "-- brant: requires=none\n/* x */\n;\n-- brant: up\n", true,
      "-- brant: requires=none\n/* x */\n;\n", "", NULL, AUTO, AUTO },
    { "marker without line break", "-- brant: up", true, "", "", NULL, AUTO, AUTO },
    { "empty down", "-- brant: up\na\n-- brant: down", true, "", "a\n", "", AUTO, AUTO },
    { "CR LF", "-- brant: up\r\na\r\n-- brant: down\r\nb", true, "", "a\r\n", "b", AUTO, AUTO },
    { "any case and white space", "\t --BRANT:UP \t\na\n  --  Brant:  Down  \nb", true, "\t ",
      "a\n  ", "b", AUTO, AUTO },
    { "statement without terminator before a marker", "-- brant: up\na\n-- brant: down\nb", true,
      "", "a\n", "b", AUTO, AUTO },
    { "marker in a string", "-- brant: up\n'\n-- brant: down\n'", true, "", "'\n-- brant: down\n'",
      NULL, AUTO, AUTO },
    { "marker in a name", "\"\n-- brant: up\n\"[\n-- brant: up\n]`\n-- brant: up\n`", false, "",
      "\"\n-- brant: up\n\"[\n-- brant: up\n]`\n-- brant: up\n`", NULL, AUTO, AUTO },
    { "marker in a block comment", "/*\n-- brant: up\n*/a", false, "", "/*\n-- brant: up\n*/a",
      NULL, AUTO, AUTO },
    { "words before or behind", "-- brant: up now\n-- the brant: up\na", false, "",
      "-- brant: up now\n-- the brant: up\na", NULL, AUTO, AUTO },

    { "goose", "-- +goose Up\na;\n-- +goose Down\nb;", true, "", "a;\n", "b;", AUTO, AUTO },
    { "goose in other spelling", "--+GOOSE   up\na\n --\t+goose\tDOWN \r\nb", true, "", "a\n ", "b",
      AUTO, AUTO },
    { "goose with statement marks",
      "-- +goose Up\n-- +goose StatementBegin\na;\n-- +goose StatementEnd", true, "",
      "-- +goose StatementBegin\na;\n-- +goose StatementEnd", NULL, AUTO, AUTO },
    { "goose without transaction", "-- +goose NO TRANSACTION\n-- +goose Up\na", true,
      "-- +goose NO TRANSACTION\n", "a", NULL, OFF, OFF },
    { "goose without transaction in a section", "-- +goose Up\n-- +goose no  transaction\na", true,
      "", "-- +goose no  transaction\na", NULL, OFF, OFF },
    { "goose without transaction at the end",
      "-- +goose Up\na;\n-- +goose Down\nb;\n-- +goose NO TRANSACTION", true, "", "a;\n",
      "b;\n-- +goose NO TRANSACTION", OFF, OFF },
    { "goose without transaction nor markers", "-- +goose NO TRANSACTION\na", false, "",
      "-- +goose NO TRANSACTION\na", NULL, OFF, OFF },
    { "goose words that are comments", "-- +goose ENVSUB ON\n-- +goose Up\na -- +goose Down", true,
      "-- +goose ENVSUB ON\n", "a -- +goose Down", NULL, AUTO, AUTO },
    { "a statement of goose's without terminator",
      "-- +goose Up\n-- +goose StatementBegin\na\n-- +goose StatementEnd\n-- +goose Down\nb", true,
      "", "-- +goose StatementBegin\na\n-- +goose StatementEnd\n", "b", AUTO, AUTO },
    { "other words of goose", "-- +goose Up then\n-- +goose NO TRANSACTION please\na", false, "",
      "-- +goose Up then\n-- +goose NO TRANSACTION please\na", NULL, AUTO, AUTO },

    { "sql-migrate", "-- +migrate Up\na;\n-- +migrate Down\nb;", true, "", "a;\n", "b;", AUTO,
      AUTO },
    { "sql-migrate in other spelling", "--  +MIGRATE up\na;\n--+migrate DOWN\r\nb;", true, "",
      "a;\n", "b;", AUTO, AUTO },
    { "sql-migrate without transaction",
      "-- +migrate Up notransaction\na;\n-- +migrate Down x NoTransaction\nb;", true, "", "a;\n",
      "b;", OFF, OFF },
    { "sql-migrate's other words", "-- +migrate Upwards\n-- +migrate StatementBegin\na", false, "",
      "-- +migrate Upwards\n-- +migrate StatementBegin\na", NULL, AUTO, AUTO },

    { "sql-migrate with down first",
      "-- x\n-- +migrate Down\nb;\n\n-- +migrate Up notransaction\na;\n", true, "-- x\n", "a;\n",
      "b;\n\n", OFF, AUTO },
    { "sql-migrate with repeated markers",
      "-- +migrate Up\na;\n-- +migrate Up notransaction\nb;\n-- +migrate Down\nc;\n"
      "-- +migrate Down\nx;",
      true, "", "a;\n-- +migrate Up notransaction\nb;\n", "c;\n-- +migrate Down\nx;", OFF, AUTO },

    { "node-pg-migrate", "-- x\n-- Up Migration\na;\n-- Down Migration\nb;", true, "-- x\n", "a;\n",
      "b;", AUTO, AUTO },
    { "rambler", "--rambler UP\r\na\n-- rambler down\r\nb", true, "", "a\n", "b", AUTO, AUTO },
    { "micrate", "-- +micrate Up\na;\n-- +micrate Down\nb;", true, "", "a;\n", "b;", AUTO, AUTO },
    { "tern", "-- x\na;\n---- create above / drop below ----\n\nb;", true, "", "-- x\na;\n", "\nb;",
      AUTO, AUTO },
    { "MyBatis", "-- // x\na;\n  --//@UNDO\nb;", true, "", "-- // x\na;\n  ", "b;", AUTO, AUTO },
    { "further marks in a file with markers",
      "-- +goose Up\n-- Up Migration\na;\n-- Down Migration\nb;", true, "",
      "-- Up Migration\na;\n-- Down Migration\nb;", NULL, AUTO, AUTO },

    { "dbmate", "-- migrate:up\na;\n-- migrate:down\nb;", true, "", "a;\n", "b;", AUTO, AUTO },
    { "dbmate without transaction up", "-- migrate:up transaction:false\na;\n-- migrate:down\nb;",
      true, "", "a;\n", "b;", OFF, AUTO },
    { "dbmate without transaction down",
      "--migrate:up x:y transaction:true\na\n-- migrate:down  transaction:false \nb", true, "",
      "a\n", "b", ON, OFF },
    { "dbmate's comment behind a statement", "-- migrate:up\na; -- migrate:down\nb;", true, "",
      "a; -- migrate:down\nb;", NULL, AUTO, AUTO },
    { "dbmate's other words", "-- migrate:upwards\n-- migrate: up\na", false, "",
      "-- migrate:upwards\n-- migrate: up\na", NULL, AUTO, AUTO },
};

static bool same(brn_script script, const char *expected)
{
    return brn_str_eq_c(script.text, expected != NULL ? expected : "");
}

static void sections_are_the_text_behind_their_markers(void **state)
{
    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(good_cases); i++) {
        const struct good_case *c = &good_cases[i];
        brn_sections s;
        brant_error *err = NULL;
        if (find(&s, c->text, &err) != BRANT_OK) {
            fail_msg("%s: %s", c->name, brant_error_message(err));
        }
        if (s.marked != c->marked || s.has_down != (c->down != NULL) || !same(s.head, c->head) ||
            !same(s.up, c->up) || !same(s.down, c->down) || s.up_transaction != c->up_transaction ||
            s.down_transaction != c->down_transaction) {
            fail_msg(
                "%s: [%.*s] [%.*s] [%.*s]", c->name, BRN_STR_ARG(s.head.text),
                BRN_STR_ARG(s.up.text), BRN_STR_ARG(s.down.text));
        }
        assert_string_equal(s.head.file, "001.sql");
        assert_string_equal(s.up.file, "001.sql");
        assert_string_equal(s.down.file, "001.sql");
    }
}

static void statements_of_sections_keep_their_place_in_the_file(void **state)
{
    brn_arena arena = { 0 };
    brn_stmt_list list = { 0 };
    brn_sections s;

    (void)state;
    assert_int_equal(
        find(&s, "-- \xc3\xa4\r\n-- brant: up\r\n a;\r\n\r\n-- brant: down\r\n\r\n  b", NULL),
        BRANT_OK);
    assert_int_equal(s.up.line, 3);
    assert_int_equal(s.up.column, 1);
    assert_int_equal(s.down.line, 6);
    assert_int_equal(brn_split(&list, &arena, &brn_dialect_sqlite, &s.up, NULL), BRANT_OK);
    assert_int_equal(list.count, 1);
    assert_int_equal(list.items[0].offset, 22);
    assert_int_equal(list.items[0].line, 3);
    assert_int_equal(list.items[0].column, 2);
    assert_int_equal(brn_split(&list, &arena, &brn_dialect_sqlite, &s.down, NULL), BRANT_OK);
    assert_int_equal(list.count, 1);
    assert_int_equal(list.items[0].offset, 48);
    assert_int_equal(list.items[0].line, 7);
    assert_int_equal(list.items[0].column, 3);
    brn_arena_release(&arena);
}

static void scripts_may_begin_within_a_file(void **state)
{
    brn_script script = { .text = BRN_STR("\n-- brant: up\na\n-- brant: down\nb"),
                          .offset = 50,
                          .line = 9,
                          .column = 4 };
    brn_sections s;

    (void)state;
    assert_int_equal(brn_sections_find(&s, &brn_dialect_sqlite, &script, NULL), BRANT_OK);
    assert_int_equal(s.head.line, 9);
    assert_int_equal(s.head.text.len, 1);
    assert_int_equal(s.up.line, 11);
    assert_int_equal(s.up.offset, 64);
    assert_int_equal(s.up.text.len, 2);
    assert_int_equal(s.down.line, 13);
    assert_int_equal(s.down.offset, 81);
}

/* --- marks of further tools ------------------------------------------------------------------- */

static const struct other_case {
    const char *text;
    uint32_t line; /* 0: means nothing */
} other_cases[] = {
    { "a;\n-- Down Migration\nb;", 2 },
    { "z;\n-- Up Migration\na;\n-- Down Migration\nb;", 4 },
    { "-- Down Migration\nb;\n-- Up Migration\na;", 1 },
    { "a;\n-- //@UNDO\nb;\n--//@UNDO\nc", 2 },
    { "-- rambler up\na;\n-- rambler down\nb;\n-- rambler up\nc;", 3 },
    { "-- rambler up\na\n-- rambler up\nb\n-- rambler DOWN\r\nb", 5 },
    { "-- rambler up\na\n-- //@undo\nb\n-- rambler DOWN\r\nb", 3 },
    { "-- !Ups\na;\n-- !Downs\nb;", 3 },
    { "-- down\na", 1 },
    { "a;\n-- Down\n-- b;\n/* c */;\n", 0 },
    { "a;\n-- Down Migration\n-- b;\n/* c */;\n", 0 },
    { "a;\n-- Down to here\nb;", 0 },
    { "a; -- down\nb;", 0 },
    { "-- brant: up\n-- Down\na;", 0 },
    { "-- down\n-- brant: up\na;", 0 },
};

static void marks_of_further_tools_are_noticed(void **state)
{
    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(other_cases); i++) {
        const struct other_case *c = &other_cases[i];
        brn_sections s;
        assert_int_equal(find(&s, c->text, NULL), BRANT_OK);
        if ((s.other.kind != BRN_TOKEN_END) != (c->line != 0) || s.other.line != c->line) {
            fail_msg("%s: line %u", c->text, (unsigned)s.other.line);
        }
    }
}

/* --- mistakes --------------------------------------------------------------------------------- */

static const struct bad_case {
    const char *name;
    const char *text;
    const char *id;
    uint32_t line;
    uint32_t column;
} bad_cases[] = {
    { "statement in the head", ";\n a;\nb;\n-- brant: up\nc", "section.statement_before_up", 2, 2 },
    { "statement before goose's up", "a;\n-- +goose Up\n", "section.statement_before_up", 1, 1 },
    { "down first", "-- x\n  -- brant: down\na;\n-- brant: up\nb", "section.down_without_up", 2,
      3 },
    { "down only", "-- migrate:down\na", "section.down_without_up", 1, 1 },
    { "down only, behind statements", "a;\n-- brant: down\nb", "section.down_without_up", 2, 1 },
    { "sql-migrate's down only", "-- x\n -- +migrate Down\na;", "section.down_without_up", 2, 2 },
    { "sql-migrate's down first, behind a statement", "a;\n-- +migrate Down\nb;\n-- +migrate Up",
      "section.down_without_up", 2, 1 },
    { "sql-migrate's up again behind down", "-- +migrate Up\n-- +migrate Down\n-- +migrate Up",
      "section.duplicate", 3, 1 },
    { "dbmate's down first", "-- migrate:down\na;\n-- migrate:up\nb;", "section.down_without_up", 1,
      1 },
    { "up twice", "-- brant: up\na;\n-- brant: up\nb", "section.duplicate", 3, 1 },
    { "up twice in two spellings", "-- brant: up\n-- +goose Up", "section.duplicate", 2, 1 },
    { "down twice", "-- brant: up\n-- brant: down\n-- brant: down", "section.duplicate", 3, 1 },
    { "up behind down", "-- brant: up\n-- brant: down\n-- brant: up", "section.duplicate", 3, 1 },
    { "marker behind a statement", "-- brant: up\na; -- brant: down\nb", "directive.misplaced", 2,
      4 },
    { "marker within a statement's line", "a (\n b, -- brant: up\nc", "directive.misplaced", 2, 5 },
    { "marker behind a block comment", "/*\n*/ -- brant: up\n", "directive.misplaced", 2, 4 },
    { "open string", "-- brant: up\n'a\n-- brant: down\n", "text.unterminated_string", 2, 1 },
};

static void mistakes_are_reported_with_their_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(bad_cases); i++) {
        const struct bad_case *c = &bad_cases[i];
        brn_sections s = { .has_down = true };
        brant_error *err = NULL;
        if (find(&s, c->text, &err) != BRANT_EPARSE || strcmp(brant_error_id(err), c->id) != 0 ||
            brant_error_line(err) != c->line || brant_error_column(err) != c->column ||
            brant_error_hint(err) == NULL) {
            fail_msg(
                "%s: %s at %u:%u", c->name, brant_error_id(err), brant_error_line(err),
                brant_error_column(err));
        }
        assert_string_equal(brant_error_file(err), "001.sql");
        assert_true(s.has_down);
        brant_error_free(err);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sections_are_the_text_behind_their_markers),
        cmocka_unit_test(statements_of_sections_keep_their_place_in_the_file),
        cmocka_unit_test(scripts_may_begin_within_a_file),
        cmocka_unit_test(marks_of_further_tools_are_noticed),
        cmocka_unit_test(mistakes_are_reported_with_their_place),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
