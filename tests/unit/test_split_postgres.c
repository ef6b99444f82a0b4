/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "text/directive.h"
#include "text/script.h"
#include "text/section.h"

#define MOST 6
#define FUNCTION "CREATE FUNCTION f() RETURNS int LANGUAGE sql "

static brn_script script_of(brn_str text)
{
    return (brn_script){ .file = "001_init.sql", .text = text, .line = 1, .column = 1 };
}

static brant_status split(brn_stmt_list *out, brn_arena *arena, brn_str text, brant_error **err)
{
    brn_script script = script_of(text);

    return brn_split(out, arena, &brn_dialect_postgres, &script, err);
}

/* --- where statements end --------------------------------------------------------------------- */

static const struct split_case {
    const char *name;
    const char *sql;
    const char *expected[MOST + 1];
} split_cases[] = {
    { "nothing", "", { NULL } },
    { "space only", " \t\r\n\f\v ", { NULL } },
    { "terminators only", ";;\n;", { NULL } },
    { "comments only", "-- a;\n/* b; */ -- c", { NULL } },
    { "comments between terminators", ";-- a\n;/* b */;", { NULL } },
    { "one with terminator", "a;", { "a" } },
    { "one without terminator", "a", { "a" } },
    { "last without terminator", "a;b", { "a", "b" } },
    { "space around", "  a b \n;\n\n  c  ;  ", { "a b", "c" } },
    { "several terminators", "a;;;b;;", { "a", "b" } },
    { "comments around", "-- a\n/* b */ c /* d */ -- e\n;", { "c" } },
    { "letters of any language",
      "select \xc3\xa4;\xe6\x97\xa5",
      { "select \xc3\xa4", "\xe6\x97\xa5" } },
    { "byte order mark between",
      "a;\xef\xbb\xbf"
      "b;",
      { "a", "b" } },
    { "bytes that fit nothing", "a ! ~ \x01 { } ;b", { "a ! ~ \x01 { }", "b" } },
    { "placeholder", "create table ${name}(a);b", { "create table ${name}(a)", "b" } },

    /* Strings. */
    { "terminator in string", "select ';';b", { "select ';'", "b" } },
    { "doubled quote", "select 'it''s;';b", { "select 'it''s;'", "b" } },
    { "backslash is no escape", "select '\\';b", { "select '\\'", "b" } },
    { "backslash and doubled quote", "select '\\'';';b", { "select '\\'';'", "b" } },
    { "empty string", "select '';b", { "select ''", "b" } },
    { "strings side by side", "select 'a' ';' ;b", { "select 'a' ';'", "b" } },
    { "line break in string", "select 'a\n;\r\n';b", { "select 'a\n;\r\n'", "b" } },
    { "comment signs in string",
      "select '--';b;select '/*';c",
      { "select '--'", "b", "select '/*'", "c" } },
    { "dollars in string",
      "select '$$';b;select '$a$';c",
      { "select '$$'", "b", "select '$a$'", "c" } },
    { "string that goes on", "select 'a'\n';' ;b", { "select 'a'\n';'", "b" } },
    { "string that goes on behind a comment",
      "select 'a' -- it's;\n -- b;\r\n ';' ;b",
      { "select 'a' -- it's;\n -- b;\r\n ';'", "b" } },
    { "backslash in a string that goes on", "select 'a'\n'\\';b", { "select 'a'\n'\\'", "b" } },

    { "escaped quote", "select E'it\\'s;';b", { "select E'it\\'s;'", "b" } },
    { "escaped quote, lower case", "select e'\\';';b", { "select e'\\';'", "b" } },
    { "escaped backslash", "select E'\\\\';b", { "select E'\\\\'", "b" } },
    { "escaped backslash and quote", "select E'\\\\\\';';b", { "select E'\\\\\\';'", "b" } },
    { "doubled quote behind escapes", "select E'a''\\';';b", { "select E'a''\\';'", "b" } },
    { "escaped line break", "select E'\\\n;';b", { "select E'\\\n;'", "b" } },
    { "octal and hexadecimal",
      "select E'\\047;\\x27;\\u0027;';b",
      { "select E'\\047;\\x27;\\u0027;'", "b" } },
    { "escapes go on in another line",
      "select E'a\\''\n '\\';' ;b",
      { "select E'a\\''\n '\\';'", "b" } },
    { "escapes go on behind comments",
      "select E'a' -- '\n\t-- x\n '\\';' ;b",
      { "select E'a' -- '\n\t-- x\n '\\';'", "b" } },
    { "escapes go on three times",
      "select E'a'\n'\\''\r'\\';';b",
      { "select E'a'\n'\\''\r'\\';'", "b" } },
    { "escapes do not go on in the same line", "select E'a' '\\' ;b", { "select E'a' '\\'", "b" } },
    { "escapes do not go on behind a block comment",
      "select E'a'\n/* x */ '\\' ;b",
      { "select E'a'\n/* x */ '\\'", "b" } },
    { "word that ends in e", "select namE'\\';b", { "select namE'\\'", "b" } },
    { "e behind a space", "select e '\\';b", { "select e '\\'", "b" } },
    { "e behind a number", "select 1E'\\';';b", { "select 1E'\\';'", "b" } },
    { "e behind a dot", "select t.e'\\';';b", { "select t.e'\\';'", "b" } },

    { "bit strings",
      "select b';', B'1', x'3b', X';';b",
      { "select b';', B'1', x'3b', X';'", "b" } },
    { "bit string before a string", "select x'ab''\\';b", { "select x'ab''\\'", "b" } },
    { "backslash in a bit string", "select b'\\';c", { "select b'\\'", "c" } },
    { "national string", "select N'it''s;\\', n';';b", { "select N'it''s;\\', n';'", "b" } },
    { "unicode string",
      "select U&'d\\0061;''', u&'\\';b",
      { "select U&'d\\0061;''', u&'\\'", "b" } },
    { "unicode string with another escape",
      "select U&'!;' UESCAPE '!';b",
      { "select U&'!;' UESCAPE '!'", "b" } },
    { "u and an operator", "select u& ';', U &';';b", { "select u& ';', U &';'", "b" } },
    { "word that ends in u&", "select xu&'\\';b", { "select xu&'\\'", "b" } },

    /* Names. */
    { "terminator in a name", "select \"a;\"\"b;\";c", { "select \"a;\"\"b;\"", "c" } },
    { "quotes in names",
      "select \"'\";b;select '\"';c",
      { "select \"'\"", "b", "select '\"'", "c" } },
    { "backslash in a name", "select \"\\\";b", { "select \"\\\"", "b" } },
    { "unicode name",
      "select U&\"d\\0061;\"\"\", u&\"\\\";b",
      { "select U&\"d\\0061;\"\"\", u&\"\\\"", "b" } },
    { "unicode name with another escape",
      "select U&\"!;\" uescape '!';b",
      { "select U&\"!;\" uescape '!'", "b" } },
    { "dollars in a name", "select \"$$\";b", { "select \"$$\"", "b" } },
    { "line break in a name", "select \"a\n;\";b", { "select \"a\n;\"", "b" } },
    { "backticks and brackets are no quotes",
      "select `a;b`, x[1;c];d",
      { "select `a", "b`, x[1", "c]", "d" } },

    /* Dollar quotes. */
    { "dollar quotes", "select $$;$$;b", { "select $$;$$", "b" } },
    { "empty dollar quotes", "select $$$$;b", { "select $$$$", "b" } },
    { "tag", "select $a$;$$;$b$;$a$;b", { "select $a$;$$;$b$;$a$", "b" } },
    { "case of tags", "select $a$;$A$;$a$;b", { "select $a$;$A$;$a$", "b" } },
    { "tag with digits", "select $a1_$;$a1$;$a1_$;b", { "select $a1_$;$a1$;$a1_$", "b" } },
    { "tag in letters of any language",
      "select $\xc3\xa4$;$\xc3\xa4$;b",
      { "select $\xc3\xa4$;$\xc3\xa4$", "b" } },
    { "tag that begins within another", "select $a$;$b$a$;b", { "select $a$;$b$a$", "b" } },
    { "dollar before the end", "select $$a$;$$$;b", { "select $$a$;$$$", "b" } },
    { "dollar and name before the end", "select $$;$a$$;b", { "select $$;$a$$", "b" } },
    { "quotes in dollar quotes", "select $$'\"/*--$$;b", { "select $$'\"/*--$$", "b" } },
    { "backslash in dollar quotes", "select $$\\i x;\\$$;b", { "select $$\\i x;\\$$", "b" } },
    { "JSON in dollar quotes", "select $${\"a\":\";\"}$$;b", { "select $${\"a\":\";\"}$$", "b" } },
    { "dollars in a word", "select a$$;b$$;c", { "select a$$", "b$$", "c" } },
    { "dollars in a word with a tag", "select a$b$;c$b$;d", { "select a$b$", "c$b$", "d" } },
    { "dollars behind a letter of any language",
      "select \xc3\xa4$$;b",
      { "select \xc3\xa4$$", "b" } },
    { "dollar quotes behind an operator", "select +$$;$$;b", { "select +$$;$$", "b" } },
    { "dollar quotes behind a parenthesis", "f($$;$$)$a$;$a$;b", { "f($$;$$)$a$;$a$", "b" } },
    { "dollar quotes behind a string", "select 'a'$$;$$;b", { "select 'a'$$;$$", "b" } },
    { "dollar quotes behind a number", "select 1$$;$$;b", { "select 1$$;$$", "b" } },
    { "parameters", "select $1, $23;b", { "select $1, $23", "b" } },
    { "parameter and dollar quotes", "select $1$$;$$;b", { "select $1$$;$$", "b" } },
    { "no tag begins with a digit", "select $1a$;b$1a$;c", { "select $1a$", "b$1a$", "c" } },
    { "lone dollar", "select $ ;b;select $a b$;c", { "select $", "b", "select $a b$", "c" } },
    { "nested dollar quotes",
      "do $a$ begin execute $b$ select $$;$$; $b$; end; $a$;b",
      { "do $a$ begin execute $b$ select $$;$$; $b$; end; $a$", "b" } },

    /* Comments and operators. */
    { "quote in line comment", "a -- it's\n b;c", { "a -- it's\n b", "c" } },
    { "terminator in line comment", "a -- x;y\n;b", { "a", "b" } },
    { "line comment at the end", "a; -- done;", { "a" } },
    { "line comment directly behind", "a;--\nb--", { "a", "b" } },
    { "carriage return ends a comment", "-- a\rb;\nc", { "b", "c" } },
    { "dollars in comments", "-- $$\na;/* $a$ */b;c", { "a", "b", "c" } },
    { "backslash in comments", "-- \\i x\na /* \\q */;b", { "a", "b" } },
    { "quote in block comment", "a /* it's ; \" */ b;c", { "a /* it's ; \" */ b", "c" } },
    { "block comments nest", "a /* /* ; */ ; */ ;b", { "a", "b" } },
    { "deeply nested", "/* /* /* */ */ ; */a;b", { "a", "b" } },
    { "slash star slash is open", "/*/ ; */a;b", { "a", "b" } },
    { "slash star slash nests", "/*/*/ ; */ ; */a;b", { "a", "b" } },
    { "stars in block comment", "/***;***/a;/**/b", { "a", "b" } },
    { "slashes in block comment", "/*//;*/a;/*//* ; */ ; */b", { "a", "b" } },
    { "quotes in block comments do not quote", "/* ' */a;/* \" */b;/* $$ */c", { "a", "b", "c" } },
    { "line comment in a block comment", "/* -- */a;b", { "a", "b" } },
    { "block comment in a line comment", "-- /*\na;b -- */\n;c", { "a", "b", "c" } },
    { "comment in an operator", "select 1 +-- ;\n 2;b", { "select 1 +-- ;\n 2", "b" } },
    { "block comment in an operator", "select 1 */* ; */ 2;b", { "select 1 */* ; */ 2", "b" } },
    { "three dashes", "select 1 --- ;\n;b", { "select 1", "b" } },
    { "dash and comment", "select 1 - -- ;\n 2;b", { "select 1 - -- ;\n 2", "b" } },
    { "minus and slash are no comments", "select 1 - - 1 / 2;b", { "select 1 - - 1 / 2", "b" } },
    { "operators",
      "select a->'b;' #>> '{;}' @> ';' ? ';' ?| x || ';' !~~* ';' <-> ';';b",
      { "select a->'b;' #>> '{;}' @> ';' ? ';' ?| x || ';' !~~* ';' <-> ';'", "b" } },
    { "casts", "select ';'::text::\"a;\"[];b", { "select ';'::text::\"a;\"[]", "b" } },
    { "named arguments",
      "select f(a := ';', b => ';');c",
      { "select f(a := ';', b => ';')", "c" } },
    { "slices", "select a[1:2], b[:n];c", { "select a[1:2], b[:n]", "c" } },
    { "numbers",
      "select 1e10, 1.5e-3, .5, 1., 0x1F, 0o17, 0b1, 1_000, 1e, 1..2;b",
      { "select 1e10, 1.5e-3, .5, 1., 0x1F, 0o17, 0b1, 1_000, 1e, 1..2", "b" } },
    { "letters behind a number", "select 1a, 0xg, 1_;b", { "select 1a, 0xg, 1_", "b" } },

    /* Parentheses. */
    { "rule with statements",
      "CREATE RULE r AS ON INSERT TO t DO ALSO (INSERT INTO u VALUES (1); DELETE FROM v;); b",
      { "CREATE RULE r AS ON INSERT TO t DO ALSO (INSERT INTO u VALUES (1); DELETE FROM v;)",
        "b" } },
    { "rule without parentheses",
      "CREATE RULE r AS ON INSERT TO t DO INSTEAD NOTHING; b",
      { "CREATE RULE r AS ON INSERT TO t DO INSTEAD NOTHING", "b" } },
    { "nested parentheses", "a ((;);());b", { "a ((;);())", "b" } },
    { "closing parenthesis too many", "a );b", { "a )", "b" } },
    { "parentheses in strings", "a '(' \"(\" $$($$ ;b", { "a '(' \"(\" $$($$", "b" } },
    { "parentheses in comments", "a /* ( */ -- (\n;b", { "a", "b" } },
    { "braces and brackets do not hold", "a [;b];c {;d}", { "a [", "b]", "c {", "d}" } },

    /* Transactions, and what looks like a body. */
    { "transaction", "BEGIN; a; END; b", { "BEGIN", "a", "END", "b" } },
    { "case outside", "select case when 1 then 2 end;b", { "select case when 1 then 2 end", "b" } },
    { "begin atomic outside of a routine",
      "begin atomic;a;end;b",
      { "begin atomic", "a", "end", "b" } },
    { "names that are keywords",
      "create table begin(atomic int, case_ int);insert into begin values (1);end",
      { "create table begin(atomic int, case_ int)", "insert into begin values (1)", "end" } },
    { "do block",
      "DO $$ BEGIN PERFORM 1; IF x THEN y; END IF; END $$;b",
      { "DO $$ BEGIN PERFORM 1; IF x THEN y; END IF; END $$", "b" } },
    { "do block with a language",
      "DO LANGUAGE plpgsql $body$ BEGIN a; END; $body$;b",
      { "DO LANGUAGE plpgsql $body$ BEGIN a; END; $body$", "b" } },
    { "do block in a string", "DO 'BEGIN a; END';b", { "DO 'BEGIN a; END'", "b" } },
    { "function in a dollar body",
      FUNCTION "AS $$ SELECT 1; $$; b",
      { FUNCTION "AS $$ SELECT 1; $$", "b" } },
    { "function in another language",
      "CREATE FUNCTION f() RETURNS int AS $py$\nif a: return ';'\n$py$ LANGUAGE plpython3u;b",
      { "CREATE FUNCTION f() RETURNS int AS $py$\nif a: return ';'\n$py$ LANGUAGE plpython3u",
        "b" } },
    { "function in C",
      "CREATE FUNCTION f(int) RETURNS int AS 'lib;', 'f;' LANGUAGE C;b",
      { "CREATE FUNCTION f(int) RETURNS int AS 'lib;', 'f;' LANGUAGE C", "b" } },
    { "function that returns an expression", FUNCTION "RETURN 1; b", { FUNCTION "RETURN 1", "b" } },
    { "trigger",
      "CREATE TRIGGER t BEFORE INSERT ON x FOR EACH ROW EXECUTE FUNCTION f(';');b",
      { "CREATE TRIGGER t BEFORE INSERT ON x FOR EACH ROW EXECUTE FUNCTION f(';')", "b" } },

    /* Bodies in SQL. */
    { "body",
      FUNCTION "BEGIN ATOMIC SELECT 1; END; b",
      { FUNCTION "BEGIN ATOMIC SELECT 1; END", "b" } },
    { "body at the end",
      FUNCTION "BEGIN ATOMIC SELECT 1; END",
      { FUNCTION "BEGIN ATOMIC SELECT 1; END" } },
    { "empty body", FUNCTION "BEGIN ATOMIC END; b", { FUNCTION "BEGIN ATOMIC END", "b" } },
    { "body of empty statements",
      FUNCTION "BEGIN ATOMIC;; END; b",
      { FUNCTION "BEGIN ATOMIC;; END", "b" } },
    { "body with statements",
      FUNCTION "BEGIN ATOMIC a; b; c; END; d",
      { FUNCTION "BEGIN ATOMIC a; b; c; END", "d" } },
    { "body in lower case",
      "create function f() returns int begin atomic select 1; end; b",
      { "create function f() returns int begin atomic select 1; end", "b" } },
    { "body of a procedure",
      "CREATE OR REPLACE PROCEDURE p() BEGIN ATOMIC a; END; b",
      { "CREATE OR REPLACE PROCEDURE p() BEGIN ATOMIC a; END", "b" } },
    { "comments in the head",
      "CREATE /*;*/ OR -- ;\n REPLACE FUNCTION f() BEGIN /*;*/ ATOMIC -- ;\n a; END; b",
      { "CREATE /*;*/ OR -- ;\n REPLACE FUNCTION f() BEGIN /*;*/ ATOMIC -- ;\n a; END", "b" } },
    { "case in a body",
      FUNCTION "BEGIN ATOMIC SELECT CASE WHEN 1 THEN 2 END; END; b",
      { FUNCTION "BEGIN ATOMIC SELECT CASE WHEN 1 THEN 2 END; END", "b" } },
    { "nested case in a body",
      FUNCTION "BEGIN ATOMIC SELECT CASE CASE 1 WHEN 1 THEN 2 END WHEN 2 THEN CASE 1 WHEN 1 THEN 1 "
               "END END; END; b",
      { FUNCTION "BEGIN ATOMIC SELECT CASE CASE 1 WHEN 1 THEN 2 END WHEN 2 THEN CASE 1 WHEN 1 THEN "
                 "1 END END; END",
        "b" } },
    { "end as a label",
      FUNCTION "BEGIN ATOMIC SELECT 1 AS end; SELECT t.end FROM t; END; b",
      { FUNCTION "BEGIN ATOMIC SELECT 1 AS end; SELECT t.end FROM t; END", "b" } },
    { "begin as a name in a body",
      FUNCTION "BEGIN ATOMIC SELECT begin FROM begin; INSERT INTO begin(begin) VALUES (1); END; b",
      { FUNCTION "BEGIN ATOMIC SELECT begin FROM begin; INSERT INTO begin(begin) VALUES (1); END",
        "b" } },
    { "quoted end does not close",
      FUNCTION "BEGIN ATOMIC a; \"end\"; 'end'; $$end$$; END; b",
      { FUNCTION "BEGIN ATOMIC a; \"end\"; 'end'; $$end$$; END", "b" } },
    { "comment before end",
      FUNCTION "BEGIN ATOMIC a; -- END;\n /* END; */ END /* z */; b",
      { FUNCTION "BEGIN ATOMIC a; -- END;\n /* END; */ END", "b" } },
    { "parentheses in a body",
      FUNCTION "BEGIN ATOMIC SELECT (1; END; SELECT 2); END; b",
      { FUNCTION "BEGIN ATOMIC SELECT (1; END; SELECT 2); END", "b" } },
    { "function called begin",
      "CREATE FUNCTION begin() RETURNS begin LANGUAGE sql BEGIN ATOMIC SELECT begin(); END; b",
      { "CREATE FUNCTION begin() RETURNS begin LANGUAGE sql BEGIN ATOMIC SELECT begin(); END",
        "b" } },
    { "function called begin without a body",
      "CREATE FUNCTION begin() RETURNS int AS 'x' LANGUAGE sql; b; end",
      { "CREATE FUNCTION begin() RETURNS int AS 'x' LANGUAGE sql", "b", "end" } },
    { "type called begin before the body",
      "CREATE FUNCTION f() RETURNS begin BEGIN ATOMIC a; END; b",
      { "CREATE FUNCTION f() RETURNS begin BEGIN ATOMIC a; END", "b" } },
    { "argument begin of type atomic",
      "CREATE FUNCTION f(begin atomic) RETURNS int AS 'x' LANGUAGE sql; b; end",
      { "CREATE FUNCTION f(begin atomic) RETURNS int AS 'x' LANGUAGE sql", "b", "end" } },
    { "two bodies",
      FUNCTION "BEGIN ATOMIC a; END;\n" FUNCTION "BEGIN ATOMIC b; END;",
      { FUNCTION "BEGIN ATOMIC a; END", FUNCTION "BEGIN ATOMIC b; END" } },
    { "missing terminator behind end",
      FUNCTION "BEGIN ATOMIC a; END c; d",
      { FUNCTION "BEGIN ATOMIC a; END c", "d" } },
    { "function called or",
      "CREATE or FUNCTION f() BEGIN ATOMIC a; END; b",
      { "CREATE or FUNCTION f() BEGIN ATOMIC a", "END", "b" } },
    { "drop function", "drop function begin; a; end", { "drop function begin", "a", "end" } },

    /* Not the COPY that rows follow. */
    { "copy to", "COPY t TO STDOUT; b;", { "COPY t TO STDOUT", "b" } },
    { "copy from a file", "COPY t FROM '/tmp/stdin'; b;", { "COPY t FROM '/tmp/stdin'", "b" } },
    { "copy from a program",
      "COPY t FROM PROGRAM 'stdin;'; b;",
      { "COPY t FROM PROGRAM 'stdin;'", "b" } },
    { "copy a query",
      "COPY (SELECT * FROM stdin) TO STDOUT; b;",
      { "COPY (SELECT * FROM stdin) TO STDOUT", "b" } },
    { "copy with a condition",
      "COPY t FROM '/f' WHERE a IS DISTINCT FROM stdin; b;",
      { "COPY t FROM '/f' WHERE a IS DISTINCT FROM stdin", "b" } },
    { "copy to with an option",
      "COPY t TO '/f' (FORMAT csv, NULL 'from stdin'); b;",
      { "COPY t TO '/f' (FORMAT csv, NULL 'from stdin')", "b" } },
    { "copy is not the first word",
      "SELECT copy FROM stdin; b;",
      { "SELECT copy FROM stdin", "b" } },
    { "explained", "EXPLAIN COPY t FROM stdin; b;", { "EXPLAIN COPY t FROM stdin", "b" } },
    { "in the parentheses of another statement",
      "f(a; COPY t FROM STDIN;\n);b;",
      { "f(a; COPY t FROM STDIN;\n)", "b" } },
    { "in the body of another statement",
      FUNCTION "BEGIN ATOMIC COPY t FROM STDIN; COPY t FROM STDIN; END; b;",
      { FUNCTION "BEGIN ATOMIC COPY t FROM STDIN; COPY t FROM STDIN; END", "b" } },
    { "quoted stdin", "COPY t FROM \"stdin\"; b;", { "COPY t FROM \"stdin\"", "b" } },
    { "quoted from", "COPY t \"from\" stdin; b;", { "COPY t \"from\" stdin", "b" } },
    { "quoted copy", "\"copy\" t FROM stdin; b;", { "\"copy\" t FROM stdin", "b" } },
};

static bool case_holds(const struct split_case *c, const brn_stmt_list *list)
{
    size_t count = 0;

    while (c->expected[count] != NULL) {
        if (count >= list->count || !brn_str_eq_c(list->items[count].text, c->expected[count]) ||
            list->items[count].data.ptr != NULL) {
            return false;
        }
        count++;
    }
    return count == list->count;
}

static void statements_end_where_the_server_ends_them(void **state)
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

/* --- tokens ----------------------------------------------------------------------------------- */

static const struct token_case {
    const char *sql;
    const char *kinds; /* one letter per token; see letters */
} token_cases[] = {
    { "a", "w" },
    { "a$1$", "w" },
    { "_\xc3\xa4$", "w" },
    { "\"a\"", "q" },
    { "U&\"a\"", "q" },
    { "u&a", "wow" },
    { "'a'", "s" },
    { "'a' 'b'", "s s" },
    { "'a'\n'b'", "s s" },
    { "E'a'\n'b'", "s" },
    { "E'a' \n -- x\n 'b'c", "sw" },
    { "E'a' 'b'", "s s" },
    { "E'a'--x", "sl" },
    { "E'a'/**/'b'", "sbs" },
    { "e''", "s" },
    { "b'1'x'1'n'1'", "sss" },
    { "x'a''b'", "ss" },
    { "U&'a'", "s" },
    { "$$a$$", "s" },
    { "$a$b$a$", "s" },
    { "$1", "v" },
    { "$12a", "vw" },
    { "$1$$a$$", "vs" },
    { "$", "o" },
    { "$a", "ow" },
    { "$a b$", "ow w" },
    { "1", "n" },
    { "1.5", "n" },
    { "1.", "n" },
    { ".5", "n" },
    { ".", "o" },
    { "1..2", "non" },
    { "1.5.6", "nn" },
    { "1e10", "n" },
    { "1e+10", "n" },
    { "1.e-1", "n" },
    { "1e", "nw" },
    { "f(1e+", "wonwo" },
    { "1_000.000_1e1_0", "n" },
    { "1__0", "nw" },
    { "0x1f", "n" },
    { "0X_1F_2", "n" },
    { "0o17", "n" },
    { "0b01", "n" },
    { "0x", "nw" },
    { "0xg", "nw" },
    { "0b_", "nw" },
    { "1a", "nw" },
    { "1E'a'", "ns" },
    { "1$$a$$", "ns" },
    { "a::b", "woow" },
    { "a:=b", "woow" },
    { "a->>b", "wooow" },
    { "--a\nb", "l w" },
    { "--a\rb", "l w" },
    { "/*a*/b", "bw" },
    { "/*/*a*/*/b", "bw" },
    { "-/**/-", "obo" },
    { ";", "t" },
    { "\v", " " },
    { "\xef\xbb\xbf"
      "a",
      " w" },
};

static char letter_of(brn_token_kind kind)
{
    static const char letters[] = {
        [BRN_TOKEN_END] = '.',           [BRN_TOKEN_SPACE] = ' ',  [BRN_TOKEN_LINE_COMMENT] = 'l',
        [BRN_TOKEN_BLOCK_COMMENT] = 'b', [BRN_TOKEN_WORD] = 'w',   [BRN_TOKEN_NAME] = 'q',
        [BRN_TOKEN_STRING] = 's',        [BRN_TOKEN_NUMBER] = 'n', [BRN_TOKEN_VARIABLE] = 'v',
        [BRN_TOKEN_TERMINATOR] = 't',    [BRN_TOKEN_OTHER] = 'o',  [BRN_TOKEN_DATA] = 'd',
    };

    return letters[kind];
}

static void tokens_are_those_of_the_server(void **state)
{
    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(token_cases); i++) {
        const struct token_case *c = &token_cases[i];
        brn_script script = script_of(brn_str_from(c->sql));
        char kinds[32] = "";
        size_t count = 0;
        brn_lexer lx;
        brn_token token;
        brn_lexer_init(&lx, &brn_dialect_postgres, &script);
        while (brn_lexer_next(&lx, &token, NULL) == BRANT_OK && token.kind != BRN_TOKEN_END &&
               count + 1 < sizeof(kinds)) {
            kinds[count++] = letter_of(token.kind);
        }
        if (strcmp(kinds, c->kinds) != 0) {
            fail_msg("%s: [%s] instead of [%s]", c->sql, kinds, c->kinds);
        }
    }
}

/* --- rows of COPY ----------------------------------------------------------------------------- */

static const struct copy_case {
    const char *name;
    const char *sql;
    const char *text; /* of the statement that the rows belong to */
    const char *data;
    uint32_t line;
    const char *next; /* NULL: none follows */
} copy_cases[] = {
    { "rows", "COPY t FROM STDIN;\n1\ta\n2\tb\n\\.\nb;", "COPY t FROM STDIN", "1\ta\n2\tb\n", 2,
      "b" },
    { "no rows", "copy t from stdin;\n\\.\nb;", "copy t from stdin", "", 2, "b" },
    { "end of the file", "COPY t FROM STDIN;\n1\n\\.", "COPY t FROM STDIN", "1\n", 2, NULL },
    { "empty row", "COPY t FROM STDIN;\n\n\\.\n", "COPY t FROM STDIN", "\n", 2, NULL },
    { "statement behind", "COPY t FROM STDIN;\n1\n\\.\n\n  b", "COPY t FROM STDIN", "1\n", 2, "b" },
    { "columns", "COPY t (a, \"b;\") FROM STDIN;\n1\n\\.\nb", "COPY t (a, \"b;\") FROM STDIN",
      "1\n", 2, "b" },
    { "schema", "COPY s.t FROM STDIN;\n1\n\\.\nb", "COPY s.t FROM STDIN", "1\n", 2, "b" },
    { "quoted names", "COPY \"s;\".\"from\" FROM STDIN;\n1\n\\.\nb",
      "COPY \"s;\".\"from\" FROM STDIN", "1\n", 2, "b" },
    { "unicode name", "COPY U&\"t;\" FROM STDIN;\n1\n\\.\nb", "COPY U&\"t;\" FROM STDIN", "1\n", 2,
      "b" },
    { "table called from", "COPY s.from FROM STDIN;\n1\n\\.\nb", "COPY s.from FROM STDIN", "1\n", 2,
      "b" },
    { "table called to", "COPY s.to FROM STDIN;\n1\n\\.\nb", "COPY s.to FROM STDIN", "1\n", 2,
      "b" },
    { "table called stdin", "COPY stdin (stdin) FROM STDIN;\n1\n\\.\nb",
      "COPY stdin (stdin) FROM STDIN", "1\n", 2, "b" },
    { "table called copy", "COPY copy FROM STDIN;\n1\n\\.\nb", "COPY copy FROM STDIN", "1\n", 2,
      "b" },
    { "binary", "COPY BINARY t FROM STDIN;\n1\n\\.\nb", "COPY BINARY t FROM STDIN", "1\n", 2, "b" },
    { "stdout is taken for it", "COPY t FROM STDOUT;\n1\n\\.\nb", "COPY t FROM STDOUT", "1\n", 2,
      "b" },
    { "options", "COPY t FROM STDIN WITH (FORMAT csv, DELIMITER ';', NULL '');\n1;2\n\\.\nb",
      "COPY t FROM STDIN WITH (FORMAT csv, DELIMITER ';', NULL '')", "1;2\n", 2, "b" },
    { "options without WITH", "COPY t FROM STDIN (FORMAT csv);\n1\n\\.\nb",
      "COPY t FROM STDIN (FORMAT csv)", "1\n", 2, "b" },
    { "old options", "COPY t FROM STDIN CSV HEADER QUOTE '\"';\na\n\\.\nb",
      "COPY t FROM STDIN CSV HEADER QUOTE '\"'", "a\n", 2, "b" },
    { "old delimiter", "COPY t FROM STDIN USING DELIMITERS ';';\na;b\n\\.\nb",
      "COPY t FROM STDIN USING DELIMITERS ';'", "a;b\n", 2, "b" },
    { "condition", "COPY t FROM STDIN WHERE a > (1);\n1\n\\.\nb", "COPY t FROM STDIN WHERE a > (1)",
      "1\n", 2, "b" },
    { "comments in between",
      "COPY /* ; */ t -- ;\n ( a -- )\n ) FROM /* x */ STDIN /* ; */;\n1\n\\.\nb",
      "COPY /* ; */ t -- ;\n ( a -- )\n ) FROM /* x */ STDIN", "1\n", 4, "b" },
    { "several lines", "COPY t\n(\na\n)\nFROM\nSTDIN\n;\n1\n\\.\nb", "COPY t\n(\na\n)\nFROM\nSTDIN",
      "1\n", 8, "b" },
    { "space behind", "COPY t FROM STDIN; \t \n1\n\\.\nb", "COPY t FROM STDIN", "1\n", 2, "b" },
    { "comment behind", "COPY t FROM STDIN; -- it's; $$\n1\n\\.\nb", "COPY t FROM STDIN", "1\n", 2,
      "b" },
    { "block comment behind", "COPY t FROM STDIN; /* ' */ /* \" */ -- x\n1\n\\.\nb",
      "COPY t FROM STDIN", "1\n", 2, "b" },
    { "quotes and comments in rows",
      "COPY t FROM STDIN;\nit's\t\"\t$$\t/*\t--\t(\t;\n-- brant: down\n\\.\nb;",
      "COPY t FROM STDIN", "it's\t\"\t$$\t/*\t--\t(\t;\n-- brant: down\n", 2, "b" },
    { "backslashes in rows",
      "COPY t FROM STDIN;\n\\N\t\\\\.\t\\i x\na\\.\n\\.b\n \\.\n\\. \n\\.\nb", "COPY t FROM STDIN",
      "\\N\t\\\\.\t\\i x\na\\.\n\\.b\n \\.\n\\. \n", 2, "b" },
    { "two backslashes and a dot", "COPY t FROM STDIN;\n\\\\.\n\\.\nb", "COPY t FROM STDIN",
      "\\\\.\n", 2, "b" },
    { "another COPY in the rows", "COPY t FROM STDIN;\nCOPY u FROM STDIN;\n\\.\nb",
      "COPY t FROM STDIN", "COPY u FROM STDIN;\n", 2, "b" },
    { "multi-byte rows", "COPY t FROM STDIN;\n\xc3\xa4\xe6\x97\xa5\n\\.\nb", "COPY t FROM STDIN",
      "\xc3\xa4\xe6\x97\xa5\n", 2, "b" },
    { "carriage return and line feed", "COPY t FROM STDIN;\r\n1\r\n2\r\n\\.\r\nb;",
      "COPY t FROM STDIN", "1\r\n2\r\n", 2, "b" },
    { "carriage return at the end of the file", "COPY t FROM STDIN;\r\n1\r\n\\.\r",
      "COPY t FROM STDIN", "1\r\n", 2, NULL },
    { "mixed line breaks", "COPY t FROM STDIN;\n1\r\n\\.\r\nb", "COPY t FROM STDIN", "1\r\n", 2,
      "b" },
    { "lone carriage returns", "COPY t FROM STDIN; -- x\r1\r\\.\rb", "COPY t FROM STDIN", "1\r", 2,
      "b" },
    { "carriage return in a row", "COPY t FROM STDIN;\na\r\\.\rb\n\\.\nb", "COPY t FROM STDIN",
      "a\r\\.\rb\n", 2, "b" },
    { "quoted row in CSV ends all the same", "COPY t FROM STDIN CSV;\n\"a\n\\.\nb",
      "COPY t FROM STDIN CSV", "\"a\n", 2, "b" },
    { "first statement is another", "a;\n\nCOPY t FROM STDIN;\n1\n\\.\n", "COPY t FROM STDIN",
      "1\n", 4, NULL },
    { "empty statements before", ";;COPY t FROM STDIN;\n1\n\\.\n;;b", "COPY t FROM STDIN", "1\n", 2,
      "b" },
    { "one after the other", "COPY s FROM STDIN;\n1\n\\.\nCOPY t FROM STDIN;\n2\n\\.\nb",
      "COPY t FROM STDIN", "2\n", 5, "b" },
};

static void rows_belong_to_the_copy_before_them(void **state)
{
    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(copy_cases); i++) {
        const struct copy_case *c = &copy_cases[i];
        brn_arena arena = { 0 };
        brn_stmt_list list = { 0 };
        brant_error *err = NULL;
        const brn_stmt *copy = NULL;
        const brn_stmt *next = NULL;
        brant_status st = split(&list, &arena, brn_str_from(c->sql), &err);
        for (size_t j = 0; j < list.count; j++) {
            copy = list.items[j].data.ptr != NULL ? &list.items[j] : copy;
            next = &list.items[j];
        }
        if (st != BRANT_OK || copy == NULL || !brn_str_eq_c(copy->text, c->text) ||
            !brn_str_eq_c(copy->data, c->data) || copy->data_line != c->line ||
            copy->data_offset != (uint64_t)(copy->data.ptr - c->sql) ||
            (c->next == NULL) != (next == copy) ||
            (c->next != NULL && !brn_str_eq_c(next->text, c->next))) {
            fail_msg("%s: %s", c->name, st == BRANT_OK ? "split" : brant_error_message(err));
        }
        brn_arena_release(&arena);
    }
}

static void the_source_of_a_statement_has_its_rows(void **state)
{
    brn_arena arena = { 0 };
    brn_stmt_list list = { 0 };

    (void)state;
    assert_int_equal(
        split(&list, &arena, BRN_STR("a;COPY t FROM STDIN; -- x\n1\n\\.\n"), NULL), BRANT_OK);
    assert_int_equal(list.count, 2);
    assert_true(brn_str_eq_c(brn_stmt_source(&list.items[0]), "a"));
    assert_true(brn_str_eq_c(brn_stmt_source(&list.items[1]), "COPY t FROM STDIN; -- x\n1\n"));
    brn_arena_release(&arena);
}

/* Rows that look like a marker or a directive are rows. */
static void rows_are_no_sections_and_no_directives(void **state)
{
    brn_script script = script_of(BRN_STR("-- brant: up\nCOPY t FROM STDIN;\n-- brant: down\nit's\n"
                                          "-- brant: timeout=1s\n\\.\n-- brant: down\r\nb;"));
    brn_sections sections = { 0 };
    brn_arena arena = { 0 };
    brn_stmt_list list = { 0 };
    brn_props props;

    (void)state;
    assert_int_equal(brn_sections_find(&sections, &brn_dialect_postgres, &script, NULL), BRANT_OK);
    assert_true(sections.has_down);
    assert_true(brn_str_eq_c(sections.down.text, "b;"));
    assert_int_equal(sections.down.line, 8);
    assert_int_equal(sections.down.column, 1);
    brn_props_init(&props);
    assert_int_equal(
        brn_directives_read(&props, &arena, &brn_dialect_postgres, &sections.up, NULL), BRANT_OK);
    assert_int_equal(brn_split(&list, &arena, &brn_dialect_postgres, &sections.up, NULL), BRANT_OK);
    assert_int_equal(list.count, 1);
    assert_int_equal(list.items[0].line, 2);
    assert_int_equal(list.items[0].data_line, 3);
    assert_int_equal(list.items[0].data_offset, 32);
    brn_arena_release(&arena);
}

/* The statement before the marker lacks its terminator: it does not go on in the next section. */
static void a_section_begins_with_a_new_statement(void **state)
{
    static const char *const scripts[] = {
        "-- brant: up\na\n-- brant: down\nCOPY t FROM STDIN;\nit's\n\\.\n",
        "-- brant: up\nf(a;\n-- brant: down\nCOPY t FROM STDIN;\nit's\n\\.\n",
        "-- brant: up\nCOPY t FROM STDIN\n-- brant: down\nCOPY t FROM STDIN;\nit's\n\\.\n",
    };

    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(scripts); i++) {
        brn_script script = script_of(brn_str_from(scripts[i]));
        brn_sections sections = { 0 };
        brn_arena arena = { 0 };
        brn_stmt_list list = { 0 };
        assert_int_equal(
            brn_sections_find(&sections, &brn_dialect_postgres, &script, NULL), BRANT_OK);
        assert_int_equal(
            brn_split(&list, &arena, &brn_dialect_postgres, &sections.down, NULL), BRANT_OK);
        assert_int_equal(list.count, 1);
        assert_true(brn_str_eq_c(list.items[0].data, "it's\n"));
        brn_arena_release(&arena);
    }
}

/* --- positions -------------------------------------------------------------------------------- */

static const struct place_case {
    const char *name;
    const char *sql;
    uint64_t offset; /* of the last statement */
    uint32_t line;
    uint32_t column;
} place_cases[] = {
    { "same line", "a;b", 2, 1, 3 },
    { "tabs count as one", "a;\t\tb", 4, 1, 5 },
    { "multi-byte characters count as one", "'\xc3\xa4\xe6\x97\xa5\xf0\x9f\x98\x80';b", 12, 1, 7 },
    { "in a name", "\"\xc3\xa4\";b", 5, 1, 5 },
    { "in a word", "\xc3\xa4;b", 3, 1, 3 },
    { "in a comment", "/*\xc3\xa4*/b", 6, 1, 6 },
    { "in dollar quotes", "$\xc3\xa4$\xc3\xa4$\xc3\xa4$;b", 11, 1, 9 },
    { "combining marks count", "'e\xcc\x81';b", 6, 1, 6 },
    { "line feed", "a;\n b", 4, 2, 2 },
    { "carriage return and line feed", "a;\r\n b", 5, 2, 2 },
    { "lone carriage return", "a;\r b", 4, 2, 2 },
    { "mixed line breaks", "a;\r\r\n\n\rb", 7, 5, 1 },
    { "behind a comment with CR LF", "a; -- x\r\nb", 9, 2, 1 },
    { "behind a comment with a lone CR", "a; -- x\rb", 8, 2, 1 },
    { "behind comments", "a;-- x\n/* y\n /* \n*/ */ b", 23, 4, 7 },
    { "behind a string of lines", "'\n\n';b", 5, 3, 3 },
    { "behind a dollar body of lines", "do $a$\r\n\r\n$a$;b", 14, 3, 5 },
    { "behind a string that goes on", "E'a'\r\n -- x\r\n'b';b", 17, 3, 5 },
    { "other controls are characters", "a;\f\vb", 4, 1, 5 },
    { "behind rows", "COPY t FROM STDIN;\n1\n2\n\\.\n b", 27, 5, 2 },
    { "behind rows with CR LF", "COPY t FROM STDIN;\r\n1\r\n\\.\r\nb", 27, 4, 1 },
    { "behind rows with lone CR", "COPY t FROM STDIN;\r1\r\\.\rb", 24, 4, 1 },
    { "behind multi-byte rows", "COPY t FROM STDIN;\n\xc3\xa4\n\\.\n\xc3\xa4 b", 25, 4, 1 },
};

static void positions_count_lines_and_characters(void **state)
{
    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(place_cases); i++) {
        const struct place_case *c = &place_cases[i];
        brn_arena arena = { 0 };
        brn_stmt_list list = { 0 };
        assert_int_equal(split(&list, &arena, brn_str_from(c->sql), NULL), BRANT_OK);
        assert_true(list.count > 0);
        const brn_stmt *last = &list.items[list.count - 1];
        if (last->offset != c->offset || last->line != c->line || last->column != c->column) {
            fail_msg(
                "%s: %u:%u, offset %u", c->name, last->line, last->column, (unsigned)last->offset);
        }
        brn_arena_release(&arena);
    }
}

static void a_mark_at_the_head_is_no_text(void **state)
{
    brn_script script;
    brn_arena arena = { 0 };
    brn_stmt_list list = { 0 };

    (void)state;
    assert_int_equal(
        brn_script_check(&script, BRN_STR("\xef\xbb\xbf-- x\r\na;"), "f", NULL), BRANT_OK);
    assert_int_equal(brn_split(&list, &arena, &brn_dialect_postgres, &script, NULL), BRANT_OK);
    assert_int_equal(list.count, 1);
    assert_int_equal(list.items[0].line, 2);
    assert_int_equal(list.items[0].offset, 6);
    brn_arena_release(&arena);
}

static void the_dialect_is_found_by_name(void **state)
{
    (void)state;
    assert_ptr_equal(brn_dialect_find("postgres"), &brn_dialect_postgres);
    assert_ptr_equal(brn_dialect_find("sqlite"), &brn_dialect_sqlite);
    assert_null(brn_dialect_find("postgresql"));
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
    assert_int_equal(list.items[MANY - 1].column, MANY * 2 - 1);
    brn_arena_release(&arena);
    free(sql);
}

/* Each of them takes time in proportion to its size, whatever it looks like. */
static void large_tokens_are_read_once(void **state)
{
    static const struct {
        const char *begin;
        const char *fill;
        const char *end;
    } tokens[] = {
        { "'", "''", "'" },
        { "E'", "\\'", "'" },
        { "E'", "'\n'", "'" },
        { "$a$", "$a", "$$a$" },
        { "/*", "/**/", "*/" },
        { "\"", "\"\"", "\"" },
        { "COPY t FROM STDIN;\n", "\\.x\n", "\\.\n" },
        { "", "E''\n", "" },
        { "", "-", "\n" },
    };
    size_t size = (size_t)4 * 1000 * 1000;
    char *sql = malloc(size + 64);

    (void)state;
    assert_non_null(sql);
    for (size_t i = 0; i < BRN_ARRAY_LEN(tokens); i++) {
        size_t fill = strlen(tokens[i].fill);
        size_t at = strlen(tokens[i].begin);
        brn_arena arena = { 0 };
        brn_stmt_list list = { 0 };
        memcpy(sql, tokens[i].begin, at);
        for (; at + fill <= size; at += fill) {
            memcpy(sql + at, tokens[i].fill, fill);
        }
        memcpy(sql + at, tokens[i].end, strlen(tokens[i].end));
        at += strlen(tokens[i].end);
        memcpy(sql + at, ";b", 2);
        assert_int_equal(split(&list, &arena, (brn_str){ sql, at + 2 }, NULL), BRANT_OK);
        assert_true(list.count > 0);
        assert_true(brn_str_eq_c(list.items[list.count - 1].text, "b"));
        brn_arena_release(&arena);
    }
    free(sql);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(statements_end_where_the_server_ends_them),
        cmocka_unit_test(a_statement_split_again_is_itself),
        cmocka_unit_test(a_failed_split_leaves_the_list_alone),
        cmocka_unit_test(tokens_are_those_of_the_server),
        cmocka_unit_test(rows_belong_to_the_copy_before_them),
        cmocka_unit_test(the_source_of_a_statement_has_its_rows),
        cmocka_unit_test(rows_are_no_sections_and_no_directives),
        cmocka_unit_test(a_section_begins_with_a_new_statement),
        cmocka_unit_test(positions_count_lines_and_characters),
        cmocka_unit_test(a_mark_at_the_head_is_no_text),
        cmocka_unit_test(the_dialect_is_found_by_name),
        cmocka_unit_test(a_million_statements_in_one_line_are_split),
        cmocka_unit_test(large_tokens_are_read_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
