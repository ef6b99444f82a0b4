/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text/script.h"

#define MOST 6
#define TRIGGER "CREATE TRIGGER x AFTER INSERT ON t "

static brn_script script_of(brn_str text)
{
    return (brn_script){ .file = "001_init.sql", .text = text, .line = 1, .column = 1 };
}

static brant_status split(brn_stmt_list *out, brn_arena *arena, brn_str text, brant_error **err)
{
    brn_script script = script_of(text);

    return brn_split(out, arena, &brn_dialect_sqlite, &script, err);
}

/* --- where statements end --------------------------------------------------------------------- */

static const struct split_case {
    const char *name;
    const char *sql;
    const char *expected[MOST + 1];
} split_cases[] = {
    { "nothing", "", { NULL } },
    { "space only", " \t\r\n\f ", { NULL } },
    { "terminators only", ";;\n;", { NULL } },
    { "comments only", "-- a;\n/* b; */ -- c", { NULL } },
    { "comments between terminators", ";-- a\n;/* b */;", { NULL } },
    { "one with terminator", "a;", { "a" } },
    { "one without terminator", "a", { "a" } },
    { "last without terminator", "a;b", { "a", "b" } },
    { "space around", "  a b \n;\n\n  c  ;  ", { "a b", "c" } },
    { "several terminators", "a;;;b;;", { "a", "b" } },
    { "terminator in string", "select ';';b", { "select ';'", "b" } },
    { "doubled quote in string", "select 'it''s;';b", { "select 'it''s;'", "b" } },
    { "backslash is no escape", "select '\\';b", { "select '\\'", "b" } },
    { "strings side by side", "select 'a' ';' ;b", { "select 'a' ';'", "b" } },
    { "empty string", "select '';b", { "select ''", "b" } },
    { "line break in string", "select 'a\n;\r\n';b", { "select 'a\n;\r\n'", "b" } },
    { "comment sign in string",
      "select '--';b;select '/*';c",
      { "select '--'", "b", "select '/*'", "c" } },
    { "terminator in double quotes", "select \"a;\"\"b;\";c", { "select \"a;\"\"b;\"", "c" } },
    { "terminator in backticks", "select `a;``b;`;c", { "select `a;``b;`", "c" } },
    { "terminator in brackets", "select [a;b];c", { "select [a;b]", "c" } },
    { "bracket in brackets", "select [a[b];c", { "select [a[b]", "c" } },
    { "brackets are not doubled", "select [a]];b", { "select [a]]", "b" } },
    { "other quotes in quotes",
      "select '\"[`', \"'[`\", `'\"[`, ['\"`];b",
      { "select '\"[`', \"'[`\", `'\"[`, ['\"`]", "b" } },
    { "blob", "select x'3b', X'';b", { "select x'3b', X''", "b" } },
    { "blob with terminator", "select x';';b", { "select x';'", "b" } },
    { "blob quotes are not doubled",
      "select x'ab';select 'c'';'",
      { "select x'ab'", "select 'c'';'" } },
    { "word that ends in x before a string", "select max';'", { "select max';'" } },
    { "quote in line comment", "a -- it's\n b;c", { "a -- it's\n b", "c" } },
    { "terminator in line comment", "a -- x;y\n;b", { "a", "b" } },
    { "line comment at the end", "a; -- done;", { "a" } },
    { "line comment directly behind", "a;--\nb--", { "a", "b" } },
    { "carriage return does not end a comment", "-- a\rb;\nc", { "c" } },
    { "quote in block comment", "a /* it's ; \" */ b;c", { "a /* it's ; \" */ b", "c" } },
    { "block comments do not nest", "a /* /* */ ;b", { "a", "b" } },
    { "slash star slash is open", "/*/ ; */a;b", { "a", "b" } },
    { "stars in block comment", "/***;***/a", { "a" } },
    { "comments around", "-- a\n/* b */ c /* d */ -- e\n;", { "c" } },
    { "comment in a column list",
      "create table t (a, -- first; column\n b /* ; */);c",
      { "create table t (a, -- first; column\n b /* ; */)", "c" } },
    { "minus and slash are no comments", "select 1 - - 1 / 2;b", { "select 1 - - 1 / 2", "b" } },
    { "arrows", "select a->'$.b;' ->> ';';b", { "select a->'$.b;' ->> ';'", "b" } },
    { "variables", "select ?1,:a,@b,$c,#d;b", { "select ?1,:a,@b,$c,#d", "b" } },
    { "terminator behind variables",
      "select ?;select :;select $;b",
      { "select ?", "select :", "select $", "b" } },
    { "Tcl variable", "select $a::b(x;y);c", { "select $a::b(x;y)", "c" } },
    { "Tcl variable without end", "select $a(x;y z;c", { "select $a(x;y z", "c" } },
    { "numbers", "select 1.5e+3,.5,0x1F,1e;b", { "select 1.5e+3,.5,0x1F,1e", "b" } },
    { "letters of any language",
      "select \xc3\xa4;\xe6\x97\xa5",
      { "select \xc3\xa4", "\xe6\x97\xa5" } },
    { "byte order mark between",
      "a;\xef\xbb\xbf"
      "b;",
      { "a", "b" } },
    { "unknown characters", "a ! ~ \\ \x01;b", { "a ! ~ \\ \x01", "b" } },
    { "placeholder", "create table ${name}(a);b", { "create table ${name}(a)", "b" } },
    { "transaction", "BEGIN; a; END; b", { "BEGIN", "a", "END", "b" } },
    { "case outside", "select case when 1 then 2 end;b", { "select case when 1 then 2 end", "b" } },
    { "table called trigger",
      "create table trigger(a);begin;end",
      { "create table trigger(a)", "begin", "end" } },
    { "drop trigger", "drop trigger begin;a", { "drop trigger begin", "a" } },

    { "trigger", TRIGGER "BEGIN SELECT 1; END; b", { TRIGGER "BEGIN SELECT 1; END", "b" } },
    { "trigger without last terminator",
      TRIGGER "BEGIN SELECT 1; END",
      { TRIGGER "BEGIN SELECT 1; END" } },
    { "trigger with statements",
      TRIGGER "BEGIN a; b; c; END; d",
      { TRIGGER "BEGIN a; b; c; END", "d" } },
    { "trigger in lower case",
      "create trigger x after insert on t begin a; end; b",
      { "create trigger x after insert on t begin a; end", "b" } },
    { "temporary trigger",
      "CREATE TEMPORARY TRIGGER x INSERT ON t BEGIN a; END;b",
      { "CREATE TEMPORARY TRIGGER x INSERT ON t BEGIN a; END", "b" } },
    { "temp trigger",
      "CREATE /*;*/ TEMP -- ;\n TRIGGER x INSERT ON t BEGIN a; END;b",
      { "CREATE /*;*/ TEMP -- ;\n TRIGGER x INSERT ON t BEGIN a; END", "b" } },
    { "explained trigger",
      "EXPLAIN QUERY PLAN CREATE TRIGGER x INSERT ON t BEGIN a; END;b",
      { "EXPLAIN QUERY PLAN CREATE TRIGGER x INSERT ON t BEGIN a; END", "b" } },
    { "if not exists",
      "CREATE TRIGGER IF NOT EXISTS s.x INSERT ON t BEGIN a; END;b",
      { "CREATE TRIGGER IF NOT EXISTS s.x INSERT ON t BEGIN a; END", "b" } },
    { "case in a body",
      TRIGGER "BEGIN SELECT CASE WHEN 1 THEN 2 END; END; b",
      { TRIGGER "BEGIN SELECT CASE WHEN 1 THEN 2 END; END", "b" } },
    { "nested case in a body",
      TRIGGER "BEGIN SELECT CASE CASE 1 WHEN 1 THEN 2 END WHEN 2 THEN CASE 1 END END; END; b",
      { TRIGGER "BEGIN SELECT CASE CASE 1 WHEN 1 THEN 2 END WHEN 2 THEN CASE 1 END END; END",
        "b" } },
    { "case in a condition",
      TRIGGER "WHEN CASE 1 WHEN 1 THEN 1 END BEGIN a; END; b",
      { TRIGGER "WHEN CASE 1 WHEN 1 THEN 1 END BEGIN a; END", "b" } },
    { "end as an alias",
      TRIGGER "BEGIN SELECT 1 end; END; b",
      { TRIGGER "BEGIN SELECT 1 end; END", "b" } },
    { "columns begin and end",
      TRIGGER "BEGIN INSERT INTO t(begin, end) VALUES (1,2); END; b",
      { TRIGGER "BEGIN INSERT INTO t(begin, end) VALUES (1,2); END", "b" } },
    { "trigger begin on begin",
      "CREATE TRIGGER begin UPDATE OF begin, end ON begin WHEN new.begin IN begin BEGIN a; END;b",
      { "CREATE TRIGGER begin UPDATE OF begin, end ON begin WHEN new.begin IN begin BEGIN a; END",
        "b" } },
    { "trigger end on end",
      "CREATE TRIGGER end INSERT ON end BEGIN a; END;b",
      { "CREATE TRIGGER end INSERT ON end BEGIN a; END", "b" } },
    { "quoted end does not close",
      TRIGGER "BEGIN a; \"end\"; [end]; `end`; 'end'; END; b",
      { TRIGGER "BEGIN a; \"end\"; [end]; `end`; 'end'; END", "b" } },
    { "comment before end",
      TRIGGER "BEGIN a; -- END;\n /* END; */ END /* z */; b",
      { TRIGGER "BEGIN a; -- END;\n /* END; */ END", "b" } },
    { "two triggers",
      TRIGGER "BEGIN a; END;\n" TRIGGER "BEGIN b; END;",
      { TRIGGER "BEGIN a; END", TRIGGER "BEGIN b; END" } },
    { "missing terminator behind end",
      TRIGGER "BEGIN a; END c; d",
      { TRIGGER "BEGIN a; END c", "d" } },
    { "trigger without a body", TRIGGER "; a; END; b", { TRIGGER "", "a", "END", "b" } },
    { "trigger without a body, with begin as names",
      "CREATE TRIGGER begin INSERT ON begin WHEN EXISTS (SELECT 1 FROM begin); a",
      { "CREATE TRIGGER begin INSERT ON begin WHEN EXISTS (SELECT 1 FROM begin)", "a" } },
    { "empty statement in a body", TRIGGER "BEGIN a;; END; b", { TRIGGER "BEGIN a;; END", "b" } },
};

static bool case_holds(const struct split_case *c, const brn_stmt_list *list)
{
    size_t count = 0;

    while (c->expected[count] != NULL) {
        brn_str expected = brn_str_trim(brn_str_from(c->expected[count]));
        if (count >= list->count || !brn_str_eq(list->items[count].text, expected)) {
            return false;
        }
        count++;
    }
    return count == list->count;
}

static void statements_end_where_sqlite_ends_them(void **state)
{
    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(split_cases); i++) {
        const struct split_case *c = &split_cases[i];
        brn_arena arena = { 0 };
        brn_stmt_list list = { 0 };
        brant_error *err = NULL;
        brant_status st = split(&list, &arena, brn_str_from(c->sql), &err);
        if (st != BRANT_OK || !case_holds(c, &list)) {
            for (size_t j = 0; j < list.count; j++) {
                print_message("  [%.*s]\n", BRN_STR_ARG(list.items[j].text));
            }
            fail_msg("%s: %s", c->name, brant_error_message(err));
        }
        brn_arena_release(&arena);
    }
}

static void a_statement_split_again_is_itself(void **state)
{
    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(split_cases); i++) {
        brn_arena arena = { 0 };
        brn_stmt_list list = { 0 };
        assert_int_equal(split(&list, &arena, brn_str_from(split_cases[i].sql), NULL), BRANT_OK);
        for (size_t j = 0; j < list.count; j++) {
            brn_stmt_list again = { 0 };
            assert_int_equal(split(&again, &arena, list.items[j].text, NULL), BRANT_OK);
            assert_int_equal(again.count, 1);
            assert_true(brn_str_eq(again.items[0].text, list.items[j].text));
        }
        brn_arena_release(&arena);
    }
}

static void a_failed_split_leaves_the_list_alone(void **state)
{
    brn_arena arena = { 0 };
    brn_stmt_list list = { .count = 7 };

    (void)state;
    assert_int_equal(split(&list, &arena, BRN_STR("a; 'b"), NULL), BRANT_EPARSE);
    assert_int_equal(list.count, 7);
    arena.oom = true;
    assert_int_equal(split(&list, &arena, BRN_STR("a; b"), NULL), BRANT_ENOMEM);
    assert_int_equal(list.count, 7);
    brn_arena_release(&arena);
}

/* --- what never ends -------------------------------------------------------------------------- */

static const struct open_case {
    const char *name;
    const char *sql;
    const char *id;
    uint32_t line;
    uint32_t column;
} open_cases[] = {
    { "string", "a;\n  select 'x;\n", "text.unterminated_string", 2, 10 },
    { "string with doubled quote at the end", "'x''", "text.unterminated_string", 1, 1 },
    { "single quote at the end", "a '", "text.unterminated_string", 1, 3 },
    { "blob", "select x'00", "text.unterminated_string", 1, 8 },
    { "string behind multi-byte text", "\xc3\xa4\xf0\x9f\x98\x80 '", "text.unterminated_string", 1,
      4 },
    { "double quotes", "\r\n\r\n\t\"x", "text.unterminated_name", 3, 2 },
    { "backticks", "a\r`x``", "text.unterminated_name", 2, 1 },
    { "brackets", "a [x", "text.unterminated_name", 1, 3 },
    { "block comment", "a;\n/* x * /", "text.unterminated_comment", 2, 1 },
    { "block comment of three bytes", "/*/", "text.unterminated_comment", 1, 1 },
    { "bare comment opening at the end", "a /*", "text.unterminated_comment", 1, 3 },
    { "body", TRIGGER "\n  BEGIN SELECT 1;\nSELECT 2;", "text.unterminated_body", 2, 3 },
    { "body without terminator before end", TRIGGER "BEGIN SELECT 1 END;\n",
      "text.unterminated_body", 1, 36 },
    { "body behind names that look like it",
      "CREATE TRIGGER begin UPDATE ON s.begin WHEN (begin) = new.begin COLLATE begin\nBEGIN a;",
      "text.unterminated_body", 2, 1 },
    { "body at the end", TRIGGER "BEGIN", "text.unterminated_body", 1, 36 },
};

static void what_never_ends_is_reported_where_it_began(void **state)
{
    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(open_cases); i++) {
        const struct open_case *c = &open_cases[i];
        brn_arena arena = { 0 };
        brn_stmt_list list = { 0 };
        brant_error *err = NULL;
        brant_status st = split(&list, &arena, brn_str_from(c->sql), &err);
        if (st != BRANT_EPARSE || strcmp(brant_error_id(err), c->id) != 0 ||
            brant_error_line(err) != c->line || brant_error_column(err) != c->column ||
            brant_error_hint(err) == NULL) {
            fail_msg(
                "%s: %s at %u:%u", c->name, brant_error_id(err), brant_error_line(err),
                brant_error_column(err));
        }
        assert_string_equal(brant_error_file(err), "001_init.sql");
        brant_error_free(err);
        brn_arena_release(&arena);
    }
}

/* --- positions -------------------------------------------------------------------------------- */

static const struct place_case {
    const char *name;
    const char *sql;
    uint64_t offset; /* of the second statement */
    uint32_t line;
    uint32_t column;
} place_cases[] = {
    { "same line", "a;b", 2, 1, 3 },
    { "tabs count as one", "a;\t\tb", 4, 1, 5 },
    { "multi-byte characters count as one", "'\xc3\xa4\xe6\x97\xa5\xf0\x9f\x98\x80';b", 12, 1, 7 },
    { "combining marks count", "'e\xcc\x81';b", 6, 1, 6 },
    { "line feed", "a;\n b", 4, 2, 2 },
    { "carriage return and line feed", "a;\r\n b", 5, 2, 2 },
    { "lone carriage return", "a;\r b", 4, 2, 2 },
    { "line feed and carriage return are two", "a;\n\rb", 4, 3, 1 },
    { "mixed line breaks", "a;\r\r\n\n\rb", 7, 5, 1 },
    { "behind a comment with CR LF", "a; -- x\r\nb", 9, 2, 1 },
    { "behind comments", "a;-- x\n/* y\n */ b", 16, 3, 5 },
    { "behind a string of lines", "'\n\n';b", 5, 3, 3 },
    { "other controls are characters", "a;\f\vb", 4, 1, 5 },
};

static void positions_count_lines_and_characters(void **state)
{
    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(place_cases); i++) {
        const struct place_case *c = &place_cases[i];
        brn_arena arena = { 0 };
        brn_stmt_list list = { 0 };
        assert_int_equal(split(&list, &arena, brn_str_from(c->sql), NULL), BRANT_OK);
        assert_int_equal(list.count, 2);
        if (list.items[1].offset != c->offset || list.items[1].line != c->line ||
            list.items[1].column != c->column) {
            fail_msg(
                "%s: %u:%u, offset %u", c->name, list.items[1].line, list.items[1].column,
                (unsigned)list.items[1].offset);
        }
        brn_arena_release(&arena);
    }
}

static void positions_begin_where_the_script_begins(void **state)
{
    brn_script script = { .text = BRN_STR(" a;\nb"), .offset = 100, .line = 7, .column = 3 };
    brn_arena arena = { 0 };
    brn_stmt_list list = { 0 };

    (void)state;
    assert_int_equal(brn_split(&list, &arena, &brn_dialect_sqlite, &script, NULL), BRANT_OK);
    assert_int_equal(list.items[0].offset, 101);
    assert_int_equal(list.items[0].line, 7);
    assert_int_equal(list.items[0].column, 4);
    assert_int_equal(list.items[1].offset, 104);
    assert_int_equal(list.items[1].line, 8);
    assert_int_equal(list.items[1].column, 1);
    brn_arena_release(&arena);
}

/* --- as SQLite does it ------------------------------------------------------------------------ */

/* Every statement of it prepares when those before it ran. */
static const char *const accepted[] = {
    "CREATE TABLE t(a, b); INSERT INTO t VALUES (1, ';'); SELECT * FROM t;",
    "create table t(begin, end);create trigger begin after insert on t begin\n"
    "insert into t(begin, end) select 1 end, 2; select case when 1 then 2 end; end;select 1",
    "create table begin(a);create trigger end update on begin begin select 1;end;select 2",
    "create table t(a);create trigger x update of a on t when new.a in begin begin select 1; end;",
    "create table t(a);explain create temp trigger x insert on t begin select 1; end;select 1",
    "create table t(a);create trigger x insert on t begin select end from (select 1 as end); end;"
    "begin;end;begin;rollback",
    "create table [a;b](\"c;\" text default 'd;', `e;`);-- ;\nselect * from [a;b]/*;*/;;;",
    "select $a::b(x;y), ?1, :c, @d;select x'3b', 1e3, .5, 0x3b, 1.;select 1--;\n;",
    "create table t(a);create trigger [x;] after insert on t for each row when new.a > 1 begin\n"
    "update t set a = 1; -- end;\n/* end; */ delete from t where a = ';'; end; drop trigger [x;]",
    "create table replace(a);with begin as (select 1) select * from begin;replace into replace "
    "values (1)",
    "select 1;\xef\xbb\xbfselect 2;\r\nselect 3\f\v; select 4;",
    "create table t(a); create trigger x insert on t begin select raise(abort, 'no; END;'); end;",
    "create table t(a); create trigger x insert on t begin values (1); with c as (select 1) "
    "select * from c; replace into t values (2); end; analyze; vacuum",
};

/* The end of each of our statements is where SQLite stopped reading, but for space and comments. */
static void compare_with_sqlite(sqlite3 *db, const char *sql)
{
    const char *rest = sql;
    brn_arena arena = { 0 };
    brn_stmt_list list = { 0 };
    size_t done = 0;

    assert_int_equal(split(&list, &arena, brn_str_from(sql), NULL), BRANT_OK);
    while (*rest != '\0') {
        sqlite3_stmt *stmt = NULL;
        const char *tail = NULL;
        if (sqlite3_prepare_v2(db, rest, -1, &stmt, &tail) != SQLITE_OK) {
            fail_msg("%s: %s", rest, sqlite3_errmsg(db));
        }
        if (stmt != NULL) {
            const brn_stmt *ours = &list.items[done];
            assert_true(done < list.count);
            assert_true(ours->text.ptr >= rest && ours->text.ptr + ours->text.len <= tail);
            done++;
            while (sqlite3_step(stmt) == SQLITE_ROW) {
            }
        }
        sqlite3_finalize(stmt);
        rest = tail;
    }
    assert_int_equal(done, list.count);
    brn_arena_release(&arena);
}

static void statements_end_where_prepare_stops(void **state)
{
    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(accepted); i++) {
        sqlite3 *db = NULL;
        assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
        compare_with_sqlite(db, accepted[i]);
        sqlite3_close(db);
    }
}

static const char *const soup[] = {
    "SELECT 1",
    "CREATE TEMP TABLE IF NOT EXISTS t(a,begin,end)",
    "VALUES(1)",
    "INSERT INTO t VALUES(';',1,2)",
    "DELETE FROM t",
    "UPDATE t SET begin=1,end=CASE WHEN 1 THEN 2 END",
    "SELECT 1 end",
    "SELECT begin+end begin FROM t",
    "SELECT CASE begin WHEN 1 THEN CASE 2 WHEN 2 THEN ';' END END FROM t",
    "SELECT \"a;\", `b;`, [c;] FROM (SELECT 1 \"a;\", 2 `b;`, 3 [c;])",
    "SELECT x'3b',$a(;),?2",
};
static const char *const filler[] = {
    " ", "\n", "-- it's; END;\n", "/* ;END; ' */", "\t", "\r\n",
};

static const char *any(uint32_t *seed, const char *const *from, size_t count)
{
    *seed = *seed * 1664525u + 1013904223u;
    return from[(*seed >> 16) % count];
}

static size_t add(char *to, size_t at, size_t size, const char *text)
{
    int n = snprintf(to + at, size - at, "%s", text);

    assert_true(n >= 0 && (size_t)n < size - at);
    return at + (size_t)n;
}

/* A statement that SQLite accepts, or a trigger with a body of some. */
static size_t add_random(char *to, size_t at, size_t size, uint32_t *seed)
{
    const char *const dml[] = { soup[0], soup[2], soup[3], soup[4],
                                soup[5], soup[6], soup[7], soup[8] };
    static const char *const kinds[] = { "plain", "plain", "trigger" };

    at = add(to, at, size, any(seed, filler, BRN_ARRAY_LEN(filler)));
    if (strcmp(any(seed, kinds, BRN_ARRAY_LEN(kinds)), "plain") == 0) {
        return add(to, at, size, any(seed, soup, BRN_ARRAY_LEN(soup)));
    }
    at = add(to, at, size, "CREATE TEMP TRIGGER IF NOT EXISTS begin UPDATE OF end ON t WHEN ");
    at = add(to, at, size, "new.begin > 1 BEGIN ");
    for (int i = 0; i < 3; i++) {
        at = add(to, at, size, any(seed, filler, BRN_ARRAY_LEN(filler)));
        at = add(to, at, size, any(seed, dml, BRN_ARRAY_LEN(dml)));
        at = add(to, at, size, any(seed, filler, BRN_ARRAY_LEN(filler)));
        at = add(to, at, size, ";");
    }
    at = add(to, at, size, any(seed, filler, BRN_ARRAY_LEN(filler)));
    return add(to, at, size, "END");
}

static void random_scripts_end_where_prepare_stops(void **state)
{
    char sql[8192];

    (void)state;
    for (uint32_t round = 0; round < 500; round++) {
        uint32_t seed = round;
        sqlite3 *db = NULL;
        size_t at = add(sql, 0, sizeof(sql), soup[1]);
        for (int i = 0; i < 8; i++) {
            at = add(sql, at, sizeof(sql), any(&seed, filler, BRN_ARRAY_LEN(filler)));
            at = add(sql, at, sizeof(sql), ";");
            at = add_random(sql, at, sizeof(sql), &seed);
        }
        assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
        compare_with_sqlite(db, sql);
        sqlite3_close(db);
    }
}

static const char *const tokens[] = {
    "CREATE", "TEMP",    "TRIGGER",  "EXPLAIN", "begin", "END", "CASE",     "x",      "1",
    "(",      ")",       ".",        "ON",      ";",     ";",   "'a;'",     "\"b;\"", "[c;]",
    "`d;`",   "-- e;\n", "/* f; */", "x';'",    "?1",    ",",   "\xc3\xa4",
};

/* sqlite3_complete() takes all before the last terminator to be whole, if we end a statement there.
 */
static void token_soups_end_where_sqlite_calls_them_complete(void **state)
{
    char sql[1024];
    unsigned compared = 0;

    (void)state;
    for (uint32_t round = 0; round < 20000; round++) {
        uint32_t seed = round;
        brn_arena arena = { 0 };
        brn_stmt_list list = { 0 };
        size_t at = 0;
        for (uint32_t i = 0; i < 4 + round % 24; i++) {
            at = add(sql, at, sizeof(sql), any(&seed, tokens, BRN_ARRAY_LEN(tokens)));
            at = add(sql, at, sizeof(sql), " ");
        }
        /* Triggers without a body, and words behind END, are cut by us and not by SQLite's
         * function, which knows less of the grammar. */
        if (split(&list, &arena, brn_str_from(sql), NULL) == BRANT_OK && list.count > 0 &&
            strstr(sql, "TRIGGER") == NULL) {
            brn_str last = list.items[list.count - 1].text;
            const char *end = last.ptr + last.len;
            bool terminated = strchr(end, ';') != NULL;
            at = add(sql, at, sizeof(sql), "\n;");
            assert_true(sqlite3_complete(sql));
            sql[at - 2] = '\0';
            compared += terminated;
            if (terminated != (sqlite3_complete(sql) != 0) && strstr(end, "--") == NULL &&
                strstr(end, "/*") == NULL) {
                fail_msg("%s", sql);
            }
        }
        brn_arena_release(&arena);
    }
    assert_true(compared > 100);
}

/* --- large ------------------------------------------------------------------------------------ */

#define MANY 1000000u

static void a_million_statements_in_one_line_are_split(void **state)
{
    brn_arena arena = { 0 };
    brn_stmt_list list = { 0 };
    char *sql = malloc(MANY * 2);

    (void)state;
    assert_non_null(sql);
    for (size_t i = 0; i < MANY; i++) {
        memcpy(sql + i * 2, "a;", 2);
    }
    assert_int_equal(split(&list, &arena, (brn_str){ sql, MANY * 2 }, NULL), BRANT_OK);
    assert_int_equal(list.count, MANY);
    assert_int_equal(list.items[MANY - 1].line, 1);
    assert_int_equal(list.items[MANY - 1].column, MANY * 2 - 1);
    brn_arena_release(&arena);
    free(sql);
}

static void a_string_of_20_megabytes_is_one_token(void **state)
{
    size_t size = (size_t)20 * 1000 * 1000;
    brn_arena arena = { 0 };
    brn_stmt_list list = { 0 };
    char *sql = malloc(size);

    (void)state;
    assert_non_null(sql);
    memset(sql, '\'', size);
    sql[size - 2] = ';';
    sql[size - 1] = 'b';
    assert_int_equal(split(&list, &arena, (brn_str){ sql, size }, NULL), BRANT_OK);
    assert_int_equal(list.count, 2);
    assert_int_equal(list.items[0].text.len, size - 2);
    assert_int_equal(list.items[1].column, size);
    brn_arena_release(&arena);
    free(sql);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(statements_end_where_sqlite_ends_them),
        cmocka_unit_test(a_statement_split_again_is_itself),
        cmocka_unit_test(a_failed_split_leaves_the_list_alone),
        cmocka_unit_test(what_never_ends_is_reported_where_it_began),
        cmocka_unit_test(positions_count_lines_and_characters),
        cmocka_unit_test(positions_begin_where_the_script_begins),
        cmocka_unit_test(statements_end_where_prepare_stops),
        cmocka_unit_test(random_scripts_end_where_prepare_stops),
        cmocka_unit_test(token_soups_end_where_sqlite_calls_them_complete),
        cmocka_unit_test(a_million_statements_in_one_line_are_split),
        cmocka_unit_test(a_string_of_20_megabytes_is_one_token),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
