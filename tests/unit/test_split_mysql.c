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

#define MOST 8
#define PROCEDURE "CREATE PROCEDURE p() "
#define TRIGGER "CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW "

static brn_script script_of(brn_str text)
{
    return (brn_script){ .file = "001_init.sql", .text = text, .line = 1, .column = 1 };
}

static brant_status split(brn_stmt_list *out, brn_arena *arena, brn_str text, brant_error **err)
{
    brn_script script = script_of(text);

    return brn_split(out, arena, &brn_dialect_mysql, &script, err);
}

/* --- where statements end --------------------------------------------------------------------- */

struct split_case {
    const char *name;
    const char *sql;
    const char *expected[MOST + 1];
};

static const struct split_case plain_cases[] = {
    { "nothing", "", { NULL } },
    { "space only", " \t\r\n\f\v ", { NULL } },
    { "terminators only", ";;\n;", { NULL } },
    { "comments only", "-- a;\n/* b; */ # c", { NULL } },
    { "one with terminator", "a;", { "a" } },
    { "one without terminator", "a", { "a" } },
    { "last without terminator", "a;b", { "a", "b" } },
    { "space around", "  a b \n;\n\n  c  ;  ", { "a b", "c" } },
    { "several terminators", "a;;;b;;", { "a", "b" } },
    { "comments around", "-- a\n/* b */ c /* d */ # e\n;", { "c" } },
    { "letters of any language",
      "select \xc3\xa4;\xe6\x97\xa5",
      { "select \xc3\xa4", "\xe6\x97\xa5" } },
    { "byte order mark between",
      "a;\xef\xbb\xbf"
      "b;",
      { "a", "b" } },
    { "bytes that fit nothing", "a ! ~ \x01 { } ;b", { "a ! ~ \x01 { }", "b" } },
    { "placeholder", "create table ${name}(a);b", { "create table ${name}(a)", "b" } },
    { "terminator in parentheses", "a (;b", { "a (", "b" } },

    /* Strings and names. */
    { "terminator in strings", "select ';', \";\";b", { "select ';', \";\"", "b" } },
    { "doubled quotes", "select 'it''s;', \"a\"\";\";b", { "select 'it''s;', \"a\"\";\"", "b" } },
    { "escaped quotes", "select 'it\\'s;', \"a\\\";\";b", { "select 'it\\'s;', \"a\\\";\"", "b" } },
    { "escaped backslash", "select '\\\\', \"\\\\\";b", { "select '\\\\', \"\\\\\"", "b" } },
    { "escaped line break", "select '\\\n;';b", { "select '\\\n;'", "b" } },
    { "doubled quote behind an escape", "select '\\'''; ';b", { "select '\\'''; '", "b" } },
    { "other quotes in strings", "select '\"`', \"'`\";b", { "select '\"`', \"'`\"", "b" } },
    { "comment signs in strings",
      "select '-- ';b;select '#', '/*';c",
      { "select '-- '", "b", "select '#', '/*'", "c" } },
    { "line breaks in a string", "select 'a\n;\r\n';b", { "select 'a\n;\r\n'", "b" } },
    { "introducer",
      "select _utf8mb4'\\';', _latin1 x'3b';b",
      { "select _utf8mb4'\\';', _latin1 x'3b'", "b" } },
    { "national string", "select N'it\\';', n';';b", { "select N'it\\';', n';'", "b" } },
    { "hexadecimal and bits",
      "select x'3b', X';', b';', B'1';c",
      { "select x'3b', X';', b';', B'1'", "c" } },
    { "no escapes in hexadecimal", "select x'\\';b", { "select x'\\'", "b" } },
    { "word that ends in n", "select column'\\';';b", { "select column'\\';'", "b" } },
    { "backticks", "select `a;``b;`, `\\`;c", { "select `a;``b;`, `\\`", "c" } },
    { "quotes in backticks",
      "select `'`;b;select `\"`;c",
      { "select `'`", "b", "select `\"`", "c" } },

    /* Variables, numbers, signs. */
    { "variables",
      "select @a, @'b;', @\"c;\", @`d;`, @@e, @@global.f, @a.b$;c",
      { "select @a, @'b;', @\"c;\", @`d;`, @@e, @@global.f, @a.b$", "c" } },
    { "escape in a variable", "select @'a\\';';b", { "select @'a\\';'", "b" } },
    { "hosts",
      "grant a on b to 'c;'@'d;', e@localhost, f@`%;`;g",
      { "grant a on b to 'c;'@'d;', e@localhost, f@`%;`", "g" } },
    { "numbers",
      "select 1, 1.5, .5, 1., 1e5, 1.5e-3, 0x3b, 0b1, 1a, t.1b;c",
      { "select 1, 1.5, .5, 1., 1e5, 1.5e-3, 0x3b, 0b1, 1a, t.1b", "c" } },
    { "assignment", "set @a := 1, @b=2;c", { "set @a := 1, @b=2", "c" } },
    { "null", "select \\N;b", { "select \\N", "b" } },
    { "dollars", "select $1, a$b, $$;c", { "select $1, a$b, $$", "c" } },
    { "dollars do not quote", "select $$ ; $$;c", { "select $$", "$$", "c" } },

    /* Comments. */
    { "number sign", "a # it's; \"\n;b", { "a", "b" } },
    { "number sign without space", "a#;\n;b", { "a", "b" } },
    { "dashes", "a -- it's;\n;b", { "a", "b" } },
    { "dashes and tab", "a --\t;\n;b", { "a", "b" } },
    { "dashes and line break", "a --\n;b", { "a", "b" } },
    { "dashes and control character", "a --\x01;\n;b", { "a", "b" } },
    { "dashes at the end", "a --", { "a --" } },
    { "dashes before the terminator", "select 1--;b;--", { "select 1--", "b" } },
    { "two signs", "select 1--1;b", { "select 1--1", "b" } },
    { "two signs before a name", "select 5--a;\n;b", { "select 5--a", "b" } },
    { "two dashes where a statement begins", "--a;\nb;--c;\nx", { "b", "x" } },
    { "a carriage return ends no comment", "-- a\rb;\nc", { "c" } },
    { "block comment", "a /* it's ; */ b;c", { "a /* it's ; */ b", "c" } },
    { "block comments do not nest", "a /* /* */ b;c */ d", { "a /* /* */ b", "c */ d" } },
    { "slash star slash", "/*/ ; */a;b", { "a", "b" } },
    { "stars", "/***;***/a;/**/b", { "a", "b" } },
    { "end of a comment that is none", "select 2*/1;b", { "select 2*/1", "b" } },
    { "optimizer hint", "select /*+ x(';) it's */ 1;b", { "select /*+ x(';) it's */ 1", "b" } },
    { "hint with a terminator", "select /*+ a ; */ 1;b", { "select /*+ a ; */ 1", "b" } },

    /* Comments that are code. */
    { "version comment alone", "/*!40101 SET a=1 */;b", { "/*!40101 SET a=1 */", "b" } },
    { "version comment without a version", "/*! a */;b", { "/*! a */", "b" } },
    { "version comment of MariaDB",
      "/*M!100100 a */;/*M! b */;c",
      { "/*M!100100 a */", "/*M! b */", "c" } },
    { "empty version comment", "/*!*/;b", { "/*!*/", "b" } },
    { "short version", "/*!123 a */;b", { "/*!123 a */", "b" } },
    { "version comment at the end",
      "a /*!50100 PARTITION BY KEY (b) */;c",
      { "a /*!50100 PARTITION BY KEY (b) */", "c" } },
    { "several of them",
      "/*!50003 CREATE*/ /*!50017 DEFINER=`a`@`b`*/ /*!50003 VIEW v AS c */;d",
      { "/*!50003 CREATE*/ /*!50017 DEFINER=`a`@`b`*/ /*!50003 VIEW v AS c */", "d" } },
    { "string in a version comment",
      "/*!50003 select '*/;' */;b",
      { "/*!50003 select '*/;' */", "b" } },
    { "comment in a version comment",
      "/*!50003 a /* ; */ b # ; */\n */;c",
      { "/*!50003 a /* ; */ b # ; */\n */", "c" } },
    { "version of no server", "/*!999999\\- enable the sandbox mode */ \na;b", { "a", "b" } },
    { "version of no server in MariaDB", "/*M!999999\\- it's */a;b", { "a", "b" } },
    { "comment in a comment of no server", "/*!999999 a /* b */ ; */c;d", { "c", "d" } },
    { "body in a version comment",
      "/*!50003 " TRIGGER "BEGIN a; b; END */;c",
      { "/*!50003 " TRIGGER "BEGIN a; b; END */", "c" } },
    { "body and head in two",
      "/*!50003 CREATE*/ /*!50003 PROCEDURE p() BEGIN a; END */;c",
      { "/*!50003 CREATE*/ /*!50003 PROCEDURE p() BEGIN a; END */", "c" } },
};

static const struct split_case delimiter_cases[] = {
    { "delimiter", "DELIMITER //\na;b//\nc//\nDELIMITER ;\nx;e", { "a", "b", "c", "x", "e" } },
    { "in lower case", "delimiter $$\na$$\nDelimiter ;\nb;", { "a", "b" } },
    { "with space around", " \tDELIMITER   //  \na//", { "a" } },
    { "tab behind the word", "DELIMITER\t//\na//b//", { "a", "b" } },
    { "quoted",
      "DELIMITER '//'\na//\nDELIMITER \"$$\"\nb$$\nDELIMITER `|`\nc|d",
      { "a", "b", "c", "d" } },
    { "comments behind it",
      "DELIMITER // -- x\na//\nDELIMITER $$ # y\nb$$\nDELIMITER ; /* z */\nc;d",
      { "a", "b", "c", "d" } },
    { "with CR LF", "DELIMITER //\r\na//\r\nDELIMITER ;\r\nb;c", { "a", "b", "c" } },
    { "at the end of the text", "a;\nDELIMITER //", { "a" } },
    { "behind a comment", "-- x\n/* y */\nDELIMITER //\na//", { "a" } },
    { "two semicolons", "DELIMITER ;;\na;;\nb ;;\nDELIMITER ;\nc;", { "a", "b", "c" } },
    { "of letters", "DELIMITER go\na go\nb\ngo\ncatego c go", { "a", "b", "cate", "c" } },
    { "a letter's case counts", "DELIMITER go\na GO b go", { "a GO b" } },
    { "cuts words",
      "DELIMITER $$\nselect a$$select 1$$select @a$$select `$$`$$",
      { "select a", "select 1", "select @a", "select `$$`" } },
    { "not in strings and comments",
      "DELIMITER //\nselect '//', \"//\", x'//', @'//' -- //\n, /* // */ 1 # //\n//b",
      { "select '//', \"//\", x'//', @'//' -- //\n, /* // */ 1", "b" } },
    { "before a comment", "DELIMITER #\na # b # c", { "a", "b", "c" } },
    { "that begins as a comment", "DELIMITER --\na -- b\n--c", { "a", "b", "c" } },
    { "never used", "DELIMITER //\na;b;c", { "a", "b", "c" } },
    { "inside a version comment",
      "DELIMITER ;;\n/*!50003 " TRIGGER "BEGIN a; END */;;\nb;;",
      { "/*!50003 " TRIGGER "BEGIN a; END */", "b" } },
    { "a name as good as any",
      "create table t (\n delimiter int);select delimiter from t order by\n"
      "delimiter;select a,\n delimiter / 2;b",
      { "create table t (\n delimiter int)", "select delimiter from t order by\ndelimiter",
        "select a,\n delimiter / 2", "b" } },

    { "body",
      "DELIMITER //\n" PROCEDURE "BEGIN a; b; END//\nDELIMITER ;\nc;",
      { PROCEDURE "BEGIN a; b; END", "c" } },
    { "terminator behind the body",
      "DELIMITER //\n" PROCEDURE "BEGIN a; END;\n//\nb//",
      { PROCEDURE "BEGIN a; END", "b" } },
    { "terminator and comment behind the body",
      "DELIMITER //\n" PROCEDURE "BEGIN a; END; -- x\n/* y */ //\nb//",
      { PROCEDURE "BEGIN a; END", "b" } },
    { "two bodies before one delimiter",
      "DELIMITER //\nDROP PROCEDURE p;\n" PROCEDURE "BEGIN a; END;\n" PROCEDURE "b;\n//",
      { "DROP PROCEDURE p", PROCEDURE "BEGIN a; END", PROCEDURE "b" } },
    { "body that is not closed is the server's affair",
      "DELIMITER //\n" PROCEDURE "BEGIN a; IF b THEN c; END//\nx//",
      { PROCEDURE "BEGIN a; IF b THEN c; END", "x" } },
    { "transaction",
      "DELIMITER //\nBEGIN;a;COMMIT;//\nBEGIN WORK//",
      { "BEGIN", "a", "COMMIT", "BEGIN WORK" } },
    { "procedure of Oracle",
      "DELIMITER //\nCREATE PROCEDURE p AS x INT; BEGIN x := 1; END;\n//\nb//",
      { "CREATE PROCEDURE p AS x INT; BEGIN x := 1; END", "b" } },
    { "function of Oracle",
      "DELIMITER //\nCREATE FUNCTION f(a INT) RETURN INT IS b INT; BEGIN RETURN b; END//\nb//",
      { "CREATE FUNCTION f(a INT) RETURN INT IS b INT; BEGIN RETURN b; END", "b" } },
    { "package",
      "DELIMITER $$\nCREATE PACKAGE BODY p AS x INT; PROCEDURE q AS BEGIN a; END; END;\n"
      "$$\nDELIMITER ;\nb;c",
      { "CREATE PACKAGE BODY p AS x INT; PROCEDURE q AS BEGIN a; END; END", "b", "c" } },
    { "blocks of Oracle",
      "DELIMITER //\nBEGIN a; b; END;\n//\nDECLARE x INT; BEGIN a; END//",
      { "BEGIN a; b; END", "DECLARE x INT; BEGIN a; END" } },
    { "several terminators behind the body",
      "DELIMITER //\nDECLARE x INT; BEGIN a; END;; -- x\n ;//b",
      { "DECLARE x INT; BEGIN a; END", "b" } },
    { "trigger of Oracle",
      "DELIMITER //\n" TRIGGER "DECLARE x INT; BEGIN a; END;//b",
      { TRIGGER "DECLARE x INT; BEGIN a; END", "b" } },
};

static const struct split_case body_cases[] = {
    { "transaction",
      "BEGIN; a; COMMIT; START TRANSACTION; ROLLBACK; b",
      { "BEGIN", "a", "COMMIT", "START TRANSACTION", "ROLLBACK", "b" } },
    { "case outside", "select case when 1 then 2 end;b", { "select case when 1 then 2 end", "b" } },
    { "names that are keywords",
      "insert into begin values (1);select end from t;end;a",
      { "insert into begin values (1)", "select end from t", "end", "a" } },
    { "functions",
      "select if(1,2,3), repeat('a',2);b",
      { "select if(1,2,3), repeat('a',2)", "b" } },

    { "body", PROCEDURE "BEGIN a; b; END; c", { PROCEDURE "BEGIN a; b; END", "c" } },
    { "empty body", PROCEDURE "BEGIN END; c", { PROCEDURE "BEGIN END", "c" } },
    { "body at the end", PROCEDURE "BEGIN a; END", { PROCEDURE "BEGIN a; END" } },
    { "body of one statement", PROCEDURE "a; b", { PROCEDURE "a", "b" } },
    { "body of one query",
      PROCEDURE "SELECT CASE WHEN 1 THEN 2 END AS begin; b",
      { PROCEDURE "SELECT CASE WHEN 1 THEN 2 END AS begin", "b" } },
    { "body of one statement with IF",
      PROCEDURE "DROP TABLE IF EXISTS t; b",
      { PROCEDURE "DROP TABLE IF EXISTS t", "b" } },
    { "label", PROCEDURE "x: BEGIN a; END x; b", { PROCEDURE "x: BEGIN a; END x", "b" } },
    { "quoted label",
      PROCEDURE "`x y`: BEGIN a; END `x y`; b",
      { PROCEDURE "`x y`: BEGIN a; END `x y`", "b" } },
    { "nested",
      PROCEDURE "BEGIN BEGIN a; END; y: BEGIN END y; END; b",
      { PROCEDURE "BEGIN BEGIN a; END; y: BEGIN END y; END", "b" } },
    { "in lower case",
      "create procedure p() begin if a then b; end if; end; c",
      { "create procedure p() begin if a then b; end if; end", "c" } },
    { "head",
      "CREATE OR REPLACE DEFINER=`a`@`%` PROCEDURE IF NOT EXISTS d.p(IN a INT, "
      "OUT b VARCHAR(10)) COMMENT 'x; BEGIN' LANGUAGE SQL NOT DETERMINISTIC MODIFIES SQL "
      "DATA SQL SECURITY INVOKER BEGIN a; END; b",
      { "CREATE OR REPLACE DEFINER=`a`@`%` PROCEDURE IF NOT EXISTS d.p(IN a INT, "
        "OUT b VARCHAR(10)) COMMENT 'x; BEGIN' LANGUAGE SQL NOT DETERMINISTIC MODIFIES SQL "
        "DATA SQL SECURITY INVOKER BEGIN a; END",
        "b" } },
    { "definer",
      "CREATE DEFINER=trigger@localhost PROCEDURE p() BEGIN a; END; b",
      { "CREATE DEFINER=trigger@localhost PROCEDURE p() BEGIN a; END", "b" } },
    { "definer with parentheses",
      "CREATE DEFINER = CURRENT_USER() PROCEDURE p() BEGIN a; END; b",
      { "CREATE DEFINER = CURRENT_USER() PROCEDURE p() BEGIN a; END", "b" } },
    { "called begin",
      "CREATE PROCEDURE begin() BEGIN a; END; b",
      { "CREATE PROCEDURE begin() BEGIN a; END", "b" } },
    { "parameters called begin and end",
      "CREATE PROCEDURE p(begin INT, end INT) BEGIN a; END; b",
      { "CREATE PROCEDURE p(begin INT, end INT) BEGIN a; END", "b" } },

    { "function",
      "CREATE FUNCTION f() RETURNS INT RETURN 1; b",
      { "CREATE FUNCTION f() RETURNS INT RETURN 1", "b" } },
    { "function with a body",
      "CREATE FUNCTION f(a INT) RETURNS VARCHAR(10) CHARACTER SET utf8 COLLATE utf8_bin "
      "DETERMINISTIC BEGIN RETURN 1; END; b",
      { "CREATE FUNCTION f(a INT) RETURNS VARCHAR(10) CHARACTER SET utf8 COLLATE utf8_bin "
        "DETERMINISTIC BEGIN RETURN 1; END",
        "b" } },
    { "function that returns a set",
      "CREATE FUNCTION f() RETURNS SET('a') BEGIN a; END; b",
      { "CREATE FUNCTION f() RETURNS SET('a') BEGIN a; END", "b" } },
    { "function that returns letters",
      "CREATE FUNCTION f() RETURNS CHAR SET utf8 BEGIN a; END; b",
      { "CREATE FUNCTION f() RETURNS CHAR SET utf8 BEGIN a; END", "b" } },
    { "function that returns an expression",
      "CREATE FUNCTION f() RETURNS INT RETURN IF(a, CASE WHEN b THEN c END, 2); b",
      { "CREATE FUNCTION f() RETURNS INT RETURN IF(a, CASE WHEN b THEN c END, 2)", "b" } },
    { "aggregate function",
      "CREATE AGGREGATE FUNCTION f(x INT) RETURNS INT BEGIN DECLARE CONTINUE "
      "HANDLER FOR NOT FOUND RETURN 1; LOOP FETCH GROUP NEXT ROW; END LOOP; "
      "END; b",
      { "CREATE AGGREGATE FUNCTION f(x INT) RETURNS INT BEGIN DECLARE CONTINUE "
        "HANDLER FOR NOT FOUND RETURN 1; LOOP FETCH GROUP NEXT ROW; END LOOP; END",
        "b" } },
    { "function in a library",
      "CREATE FUNCTION f RETURNS STRING SONAME 'x;.so'; b",
      { "CREATE FUNCTION f RETURNS STRING SONAME 'x;.so'", "b" } },
    { "function in JavaScript",
      "CREATE FUNCTION f() RETURNS INT LANGUAGE JAVASCRIPT AS $$ let a = 'x'; return a; $$; b",
      { "CREATE FUNCTION f() RETURNS INT LANGUAGE JAVASCRIPT AS $$ let a = 'x'; return a; $$",
        "b" } },
    { "function in JavaScript with a tag",
      "CREATE FUNCTION f() RETURNS INT LANGUAGE JAVASCRIPT AS $js$ a; $$; $js$; b",
      { "CREATE FUNCTION f() RETURNS INT LANGUAGE JAVASCRIPT AS $js$ a; $$; $js$", "b" } },
    { "function in a string",
      "CREATE FUNCTION f() RETURNS INT LANGUAGE JAVASCRIPT AS 'a; b'; c",
      { "CREATE FUNCTION f() RETURNS INT LANGUAGE JAVASCRIPT AS 'a; b'", "c" } },

    { "trigger", TRIGGER "SET NEW.a = 1; b", { TRIGGER "SET NEW.a = 1", "b" } },
    { "trigger with a body", TRIGGER "BEGIN a; END; b", { TRIGGER "BEGIN a; END", "b" } },
    { "trigger with a condition",
      TRIGGER "IF NEW.a > 1 THEN a; ELSE b; END IF; c",
      { TRIGGER "IF NEW.a > 1 THEN a; ELSE b; END IF", "c" } },
    { "trigger behind another",
      TRIGGER "FOLLOWS begin BEGIN a; END; b",
      { TRIGGER "FOLLOWS begin BEGIN a; END", "b" } },
    { "trigger called begin",
      "CREATE TRIGGER begin AFTER DELETE ON end FOR EACH ROW BEGIN a; END; b",
      { "CREATE TRIGGER begin AFTER DELETE ON end FOR EACH ROW BEGIN a; END", "b" } },
    { "event",
      "CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO a; b",
      { "CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO a", "b" } },
    { "event with a body",
      "CREATE EVENT IF NOT EXISTS s.do ON SCHEDULE AT now() + INTERVAL 1 DAY ON COMPLETION NOT "
      "PRESERVE COMMENT 'do; BEGIN' DO BEGIN a; END; b",
      { "CREATE EVENT IF NOT EXISTS s.do ON SCHEDULE AT now() + INTERVAL 1 DAY ON COMPLETION NOT "
        "PRESERVE COMMENT 'do; BEGIN' DO BEGIN a; END",
        "b" } },
    { "event that is changed",
      "ALTER EVENT do RENAME TO do DO BEGIN a; END; b",
      { "ALTER EVENT do RENAME TO do DO BEGIN a; END", "b" } },
    { "other objects",
      "ALTER PROCEDURE p COMMENT 'x'; CREATE VIEW v AS SELECT 1; CREATE UNIQUE INDEX "
      "i ON begin (a); a",
      { "ALTER PROCEDURE p COMMENT 'x'", "CREATE VIEW v AS SELECT 1",
        "CREATE UNIQUE INDEX i ON begin (a)", "a" } },
    { "table with columns called begin and end",
      "CREATE TABLE procedure_ (begin INT, end INT); a",
      { "CREATE TABLE procedure_ (begin INT, end INT)", "a" } },

    /* Blocks. */
    { "if",
      PROCEDURE "BEGIN IF a THEN b; ELSEIF c THEN d; ELSE e; END IF; END; f",
      { PROCEDURE "BEGIN IF a THEN b; ELSEIF c THEN d; ELSE e; END IF; END", "f" } },
    { "if in parentheses",
      PROCEDURE "BEGIN IF (a) THEN SELECT IF(b, c, d); END IF; END; f",
      { PROCEDURE "BEGIN IF (a) THEN SELECT IF(b, c, d); END IF; END", "f" } },
    { "if behind then and else",
      PROCEDURE "BEGIN IF a THEN IF b THEN c; END IF; ELSE IF d THEN e; END IF; END IF; END; f",
      { PROCEDURE "BEGIN IF a THEN IF b THEN c; END IF; ELSE IF d THEN e; END IF; END IF; END",
        "f" } },
    { "case",
      PROCEDURE "BEGIN CASE a WHEN 1 THEN b; WHEN 2 THEN BEGIN END; ELSE c; END CASE; END; d",
      { PROCEDURE "BEGIN CASE a WHEN 1 THEN b; WHEN 2 THEN BEGIN END; ELSE c; END CASE; END",
        "d" } },
    { "case without an operand",
      PROCEDURE "CASE WHEN a THEN b; END CASE; c",
      { PROCEDURE "CASE WHEN a THEN b; END CASE", "c" } },
    { "case over a case",
      PROCEDURE "BEGIN CASE CASE a WHEN 1 THEN 2 END WHEN 2 THEN b; END CASE; "
                "END; c",
      { PROCEDURE "BEGIN CASE CASE a WHEN 1 THEN 2 END WHEN 2 THEN b; END CASE; END", "c" } },
    { "loop",
      PROCEDURE "BEGIN x: LOOP LEAVE x; END LOOP x; LOOP a; END LOOP; END; b",
      { PROCEDURE "BEGIN x: LOOP LEAVE x; END LOOP x; LOOP a; END LOOP; END", "b" } },
    { "repeat",
      PROCEDURE "BEGIN REPEAT SELECT REPEAT('a', 2); UNTIL a END REPEAT; END; b",
      { PROCEDURE "BEGIN REPEAT SELECT REPEAT('a', 2); UNTIL a END REPEAT; END", "b" } },
    { "repeat until a case",
      PROCEDURE "BEGIN REPEAT a; UNTIL CASE WHEN a THEN 1 ELSE end END END REPEAT; END; b",
      { PROCEDURE "BEGIN REPEAT a; UNTIL CASE WHEN a THEN 1 ELSE end END END REPEAT; END", "b" } },
    { "repeat until end",
      PROCEDURE "BEGIN REPEAT a; UNTIL end > 1 AND end END REPEAT; END; b",
      { PROCEDURE "BEGIN REPEAT a; UNTIL end > 1 AND end END REPEAT; END", "b" } },
    { "while",
      PROCEDURE "BEGIN WHILE a < 3 DO b; END WHILE; x: WHILE (a) DO b; END WHILE x; END; c",
      { PROCEDURE "BEGIN WHILE a < 3 DO b; END WHILE; x: WHILE (a) DO b; END WHILE x; END", "c" } },
    { "while with do as a name",
      PROCEDURE "WHILE do < do DO a; END WHILE; b",
      { PROCEDURE "WHILE do < do DO a; END WHILE", "b" } },
    { "for",
      PROCEDURE "BEGIN FOR i IN 1..2 DO a; END FOR; FOR r IN (SELECT 1) DO b; END FOR; END; c",
      { PROCEDURE "BEGIN FOR i IN 1..2 DO a; END FOR; FOR r IN (SELECT 1) DO b; END FOR; END",
        "c" } },
    { "condition with a case",
      PROCEDURE "BEGIN IF CASE WHEN a THEN if(b,c,d) ELSE end END = 1 THEN e; END IF; END; f",
      { PROCEDURE "BEGIN IF CASE WHEN a THEN if(b,c,d) ELSE end END = 1 THEN e; END IF; END",
        "f" } },
    { "condition with a case in parentheses",
      PROCEDURE "BEGIN IF (SELECT CASE WHEN a THEN b END) THEN c; END IF; END; d",
      { PROCEDURE "BEGIN IF (SELECT CASE WHEN a THEN b END) THEN c; END IF; END", "d" } },
    { "handlers",
      PROCEDURE
      "BEGIN DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN a; END; DECLARE CONTINUE HANDLER "
      "FOR SQLSTATE VALUE '02000', 1062, NOT FOUND, x SET y = 1; DECLARE EXIT HANDLER FOR "
      "NOT FOUND IF a THEN b; END IF; END; c",
      { PROCEDURE "BEGIN DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN a; END; DECLARE CONTINUE "
                  "HANDLER FOR SQLSTATE VALUE '02000', 1062, NOT FOUND, x SET y = 1; DECLARE EXIT "
                  "HANDLER FOR NOT FOUND IF a THEN b; END IF; END",
        "c" } },
    { "declarations",
      PROCEDURE "BEGIN DECLARE begin, end INT DEFAULT 1; DECLARE c CURSOR FOR SELECT "
                "begin FROM t; DECLARE x CONDITION FOR 1062; END; b",
      { PROCEDURE "BEGIN DECLARE begin, end INT DEFAULT 1; DECLARE c CURSOR FOR SELECT "
                  "begin FROM t; DECLARE x CONDITION FOR 1062; END",
        "b" } },
    { "begin and end as names",
      PROCEDURE "BEGIN SET begin = 1; SET end = begin; SELECT begin, end FROM "
                "t ORDER BY end; SELECT t.end; SELECT CASE end WHEN 1 THEN "
                "end END end; END; b",
      { PROCEDURE "BEGIN SET begin = 1; SET end = begin; SELECT begin, end FROM t ORDER BY end; "
                  "SELECT t.end; SELECT CASE end WHEN 1 THEN end END end; END",
        "b" } },
    { "words that begin blocks, as functions and clauses",
      PROCEDURE "BEGIN DROP TABLE IF EXISTS t; CREATE TABLE IF NOT EXISTS t (a INT); INSERT INTO t "
                "VALUES (1) ON DUPLICATE KEY UPDATE a = IF(1, 2, 3); SELECT 1 FOR UPDATE; END; b",
      { PROCEDURE "BEGIN DROP TABLE IF EXISTS t; CREATE TABLE IF NOT EXISTS t (a INT); INSERT INTO "
                  "t VALUES (1) ON DUPLICATE KEY UPDATE a = IF(1, 2, 3); SELECT 1 FOR UPDATE; END",
        "b" } },
    { "quoted end does not close",
      PROCEDURE "BEGIN a; `end`; 'end'; END; b",
      { PROCEDURE "BEGIN a; `end`; 'end'; END", "b" } },
    { "comments in a body",
      PROCEDURE "BEGIN -- END;\n a; # END;\n /* END; */ END /* z */; b",
      { PROCEDURE "BEGIN -- END;\n a; # END;\n /* END; */ END", "b" } },
    { "open parenthesis in a body",
      PROCEDURE "BEGIN SELECT (1; END; b",
      { PROCEDURE "BEGIN SELECT (1; END", "b" } },
    { "two bodies",
      PROCEDURE "BEGIN a; END;\n" TRIGGER "BEGIN b; END;\nc",
      { PROCEDURE "BEGIN a; END", TRIGGER "BEGIN b; END", "c" } },
    { "missing terminator behind end",
      PROCEDURE "BEGIN a; END b; c",
      { PROCEDURE "BEGIN a; END b", "c" } },

    /* Compound statements outside of stored programs. */
    { "block",
      "BEGIN NOT ATOMIC a; IF b THEN c; END IF; END; d",
      { "BEGIN NOT ATOMIC a; IF b THEN c; END IF; END", "d" } },
    { "if outside", "IF a THEN b; END IF; c", { "IF a THEN b; END IF", "c" } },
    { "case outside of a body",
      "CASE a WHEN 1 THEN b; END CASE; c",
      { "CASE a WHEN 1 THEN b; END CASE", "c" } },
    { "loops outside",
      "WHILE a DO b; END WHILE; REPEAT c; UNTIL d END REPEAT; FOR i IN 1..2 DO e; "
      "END FOR; LOOP f; END LOOP; g",
      { "WHILE a DO b; END WHILE", "REPEAT c; UNTIL d END REPEAT", "FOR i IN 1..2 DO e; END FOR",
        "LOOP f; END LOOP", "g" } },
    { "setting for one statement",
      "SET STATEMENT a=1, b=(SELECT 1 FOR UPDATE) FOR " PROCEDURE "BEGIN a; END; b",
      { "SET STATEMENT a=1, b=(SELECT 1 FOR UPDATE) FOR " PROCEDURE "BEGIN a; END", "b" } },
};

static const struct split_case mode_cases[] = {
    { "no escapes",
      "SET sql_mode=NO_BACKSLASH_ESCAPES;a '\\';b \"\\\";c",
      { "SET sql_mode=NO_BACKSLASH_ESCAPES", "a '\\'", "b \"\\\"", "c" } },
    { "doubled quotes without escapes",
      "SET sql_mode='NO_BACKSLASH_ESCAPES';a 'b'';\\';c",
      { "SET sql_mode='NO_BACKSLASH_ESCAPES'", "a 'b'';\\'", "c" } },
    { "the statement itself is read as before",
      "SET sql_mode='NO_BACKSLASH_ESCAPES', @a='\\';';b",
      { "SET sql_mode='NO_BACKSLASH_ESCAPES', @a='\\';'", "b" } },
    { "names in double quotes",
      "SET SESSION sql_mode = 'STRICT_ALL_TABLES,ANSI_QUOTES';a \"\\\";b",
      { "SET SESSION sql_mode = 'STRICT_ALL_TABLES,ANSI_QUOTES'", "a \"\\\"", "b" } },
    { "strings keep their escapes",
      "SET sql_mode='ANSI_QUOTES';a '\\';';b",
      { "SET sql_mode='ANSI_QUOTES'", "a '\\';'", "b" } },
    { "modes that have it",
      "SET sql_mode=ANSI;a \"\\\";SET sql_mode='';SET sql_mode='ORACLE';b \"\\\"",
      { "SET sql_mode=ANSI", "a \"\\\"", "SET sql_mode=''", "SET sql_mode='ORACLE'", "b \"\\\"" } },
    { "both, then none",
      "SET @@sql_mode := 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES';a '\\';SET "
      "@@session.sql_mode = DEFAULT;b '\\';'",
      { "SET @@sql_mode := 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES'", "a '\\'",
        "SET @@session.sql_mode = DEFAULT", "b '\\';'" } },
    { "numbers",
      "SET sql_mode=1048576;a '\\';SET LOCAL sql_mode=4;b \"\\\";SET sql_mode=0;c \"\\\";\"",
      { "SET sql_mode=1048576", "a '\\'", "SET LOCAL sql_mode=4", "b \"\\\"", "SET sql_mode=0",
        "c \"\\\";\"" } },
    { "added",
      "SET sql_mode='ANSI_QUOTES';SET sql_mode=CONCAT(@@sql_mode, ',NO_BACKSLASH_ESCAPES');a "
      "\"\\\";b '\\'",
      { "SET sql_mode='ANSI_QUOTES'", "SET sql_mode=CONCAT(@@sql_mode, ',NO_BACKSLASH_ESCAPES')",
        "a \"\\\"", "b '\\'" } },
    { "taken away",
      "SET sql_mode='ANSI_QUOTES';SET sql_mode=(SELECT REPLACE(@@sql_mode, "
      "'ANSI_QUOTES', ''));a \"\\\";\"",
      { "SET sql_mode='ANSI_QUOTES'",
        "SET sql_mode=(SELECT REPLACE(@@sql_mode, 'ANSI_QUOTES', ''))", "a \"\\\";\"" } },
    { "another taken away",
      "SET sql_mode='ANSI_QUOTES';SET sql_mode=REPLACE(@@SESSION.sql_mode,'ONLY_FULL_GROUP_BY','');a "
      "\"\\\"",
      { "SET sql_mode='ANSI_QUOTES'",
        "SET sql_mode=REPLACE(@@SESSION.sql_mode,'ONLY_FULL_GROUP_BY','')", "a \"\\\"" } },
    { "saved and restored",
      "/*!40101 SET @OLD=@@SQL_MODE, SQL_MODE='ANSI_QUOTES' */;a \"\\\";SET SQL_MODE=@old;b \"\\\";\"",
      { "/*!40101 SET @OLD=@@SQL_MODE, SQL_MODE='ANSI_QUOTES' */", "a \"\\\"", "SET SQL_MODE=@old",
        "b \"\\\";\"" } },
    { "saved twice",
      "SET @a=@@sql_mode, sql_mode=ANSI;SET @'b'=@@sql_mode;SET sql_mode='';SET sql_mode=@b;c \"\\\";SET "
      "sql_mode=@a;d \"\\\";\"",
      { "SET @a=@@sql_mode, sql_mode=ANSI", "SET @'b'=@@sql_mode", "SET sql_mode=''",
        "SET sql_mode=@b", "c \"\\\"", "SET sql_mode=@a", "d \"\\\";\"" } },
    { "what is not known changes nothing",
      "SET sql_mode=ANSI;SET sql_mode=@x;SET sql_mode=f('');SET sql_mode=(SELECT a FROM b);c \"\\\"",
      { "SET sql_mode=ANSI", "SET sql_mode=@x", "SET sql_mode=f('')",
        "SET sql_mode=(SELECT a FROM b)", "c \"\\\"" } },
    { "not of the session",
      "SET GLOBAL sql_mode='ANSI_QUOTES';SET PERSIST sql_mode='ANSI_QUOTES', @@global.sql_mode=4;"
      "SET STATEMENT sql_mode='ANSI_QUOTES' FOR SELECT 1;a \"\\\";\"",
      { "SET GLOBAL sql_mode='ANSI_QUOTES'",
        "SET PERSIST sql_mode='ANSI_QUOTES', @@global.sql_mode=4",
        "SET STATEMENT sql_mode='ANSI_QUOTES' FOR SELECT 1", "a \"\\\";\"" } },
    { "in a body",
      PROCEDURE "BEGIN SET sql_mode=ANSI; END;a \"\\\";\"",
      { PROCEDURE "BEGIN SET sql_mode=ANSI; END", "a \"\\\";\"" } },
    { "among others",
      "SET @a=(1, 2), NAMES='x', SESSION sql_mode='ANSI', @b=3;c \"\\\"",
      { "SET @a=(1, 2), NAMES='x', SESSION sql_mode='ANSI', @b=3", "c \"\\\"" } },
    { "as a name", "SET `sql_mode`='ANSI';a \"\\\"", { "SET `sql_mode`='ANSI'", "a \"\\\"" } },
    { "before a delimiter",
      "DELIMITER //\nSET sql_mode='ANSI'//\na \"\\\"//\n",
      { "SET sql_mode='ANSI'", "a \"\\\"" } },
};

static void check_cases(const struct split_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct split_case *c = &cases[i];
        brn_arena arena = { 0 };
        brn_stmt_list list = { 0 };
        brant_error *err = NULL;
        size_t n = 0;
        if (split(&list, &arena, brn_str_from(c->sql), &err) != BRANT_OK) {
            fail_msg("%s: %s", c->name, brant_error_message(err));
        }
        for (; c->expected[n] != NULL; n++) {
            if (n >= list.count || !brn_str_eq_c(list.items[n].text, c->expected[n])) {
                brn_str found = n < list.count ? list.items[n].text : BRN_STR("none");
                fail_msg("%s: statement %zu: %.*s", c->name, n, BRN_STR_ARG(found));
            }
        }
        if (list.count != n) {
            fail_msg("%s: %zu statements for %zu", c->name, list.count, n);
        }
        brn_arena_release(&arena);
    }
}

static void statements_end_where_the_server_ends_them(void **state)
{
    (void)state;
    check_cases(plain_cases, BRN_ARRAY_LEN(plain_cases));
}

static void a_delimiter_ends_statements_as_in_the_client(void **state)
{
    (void)state;
    check_cases(delimiter_cases, BRN_ARRAY_LEN(delimiter_cases));
}

static void bodies_need_no_delimiter(void **state)
{
    (void)state;
    check_cases(body_cases, BRN_ARRAY_LEN(body_cases));
}

static void the_sql_mode_of_the_script_is_followed(void **state)
{
    (void)state;
    check_cases(mode_cases, BRN_ARRAY_LEN(mode_cases));
}

static void check_again(const struct split_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        brn_arena arena = { 0 };
        brn_stmt_list list = { 0 };
        assert_int_equal(split(&list, &arena, brn_str_from(cases[i].sql), NULL), BRANT_OK);
        for (size_t j = 0; j < list.count; j++) {
            brn_script script = script_of(list.items[j].text);
            brn_stmt_list again = { 0 };
            script.mode = list.items[j].mode;
            if (brn_split(&again, &arena, &brn_dialect_mysql, &script, NULL) != BRANT_OK ||
                again.count != 1 || !brn_str_eq(again.items[0].text, list.items[j].text) ||
                again.items[0].mode != list.items[j].mode) {
                fail_msg("%s: statement %zu", cases[i].name, j);
            }
        }
        brn_arena_release(&arena);
    }
}

static void a_statement_split_again_is_itself(void **state)
{
    (void)state;
    check_again(plain_cases, BRN_ARRAY_LEN(plain_cases));
    check_again(delimiter_cases, BRN_ARRAY_LEN(delimiter_cases));
    check_again(body_cases, BRN_ARRAY_LEN(body_cases));
    check_again(mode_cases, BRN_ARRAY_LEN(mode_cases));
}

static void a_script_begins_in_the_mode_that_it_is_given(void **state)
{
    brn_script script =
        script_of(BRN_STR("a '\\';b \"\\\";SET sql_mode='';c '\\';';SET sql_mode=DEFAULT;"
                          "d '\\'"));
    brn_arena arena = { 0 };
    brn_stmt_list list = { 0 };

    (void)state;
    script.mode = BRN_LEX_NO_BACKSLASH | BRN_LEX_ANSI_QUOTES;
    assert_int_equal(brn_split(&list, &arena, &brn_dialect_mysql, &script, NULL), BRANT_OK);
    assert_int_equal(list.count, 6);
    assert_int_equal(list.items[1].mode, BRN_LEX_NO_BACKSLASH | BRN_LEX_ANSI_QUOTES);
    assert_int_equal(list.items[3].mode, 0);
    assert_true(brn_str_eq_c(list.items[5].text, "d '\\'"));
    brn_arena_release(&arena);
}

/* --- tokens ----------------------------------------------------------------------------------- */

static const struct token_case {
    const char *text; /* one token, before a space */
    brn_token_kind kind;
    uint32_t mode;
} token_cases[] = {
    { "abc", BRN_TOKEN_WORD, 0 },
    { "a$b_1", BRN_TOKEN_WORD, 0 },
    { "$a", BRN_TOKEN_WORD, 0 },
    { "\\N", BRN_TOKEN_WORD, 0 },
    { "1a", BRN_TOKEN_WORD, 0 },
    { "1e", BRN_TOKEN_WORD, 0 },
    { "`a``b`", BRN_TOKEN_NAME, 0 },
    { "\"a\"", BRN_TOKEN_STRING, 0 },
    { "\"a\"", BRN_TOKEN_NAME, BRN_LEX_ANSI_QUOTES },
    { "'a\\'b'", BRN_TOKEN_STRING, 0 },
    { "'a\\'", BRN_TOKEN_STRING, BRN_LEX_NO_BACKSLASH },
    { "N'a'", BRN_TOKEN_STRING, 0 },
    { "x'00'", BRN_TOKEN_STRING, 0 },
    { "B'01'", BRN_TOKEN_STRING, 0 },
    { "12", BRN_TOKEN_NUMBER, 0 },
    { "1.5", BRN_TOKEN_NUMBER, 0 },
    { "1.", BRN_TOKEN_NUMBER, 0 },
    { ".5e+7", BRN_TOKEN_NUMBER, 0 },
    { "1e10", BRN_TOKEN_NUMBER, 0 },
    { "1.5e-3", BRN_TOKEN_NUMBER, 0 },
    { "1E+3", BRN_TOKEN_NUMBER, 0 },
    { "0x1F", BRN_TOKEN_NUMBER, 0 },
    { "0b01", BRN_TOKEN_NUMBER, 0 },
    { "@a.b", BRN_TOKEN_VARIABLE, 0 },
    { "@'a b'", BRN_TOKEN_VARIABLE, 0 },
    { "@@session.x", BRN_TOKEN_VARIABLE, 0 },
    { "@", BRN_TOKEN_OTHER, 0 },
    { "-", BRN_TOKEN_OTHER, 0 },
    { "/", BRN_TOKEN_OTHER, 0 },
    { "# b", BRN_TOKEN_LINE_COMMENT, 0 },
    { "-- b", BRN_TOKEN_LINE_COMMENT, 0 },
    { "/* b */", BRN_TOKEN_BLOCK_COMMENT, 0 },
    { "/*+ b */", BRN_TOKEN_BLOCK_COMMENT, 0 },
    { "/*!999999 b */", BRN_TOKEN_BLOCK_COMMENT, 0 },
    { "/*!", BRN_TOKEN_MARK, 0 },
    { "/*!50003", BRN_TOKEN_MARK, 0 },
    { "/*M!100203", BRN_TOKEN_MARK, 0 },
    { ";", BRN_TOKEN_TERMINATOR, 0 },
};

static void tokens_are_those_of_the_server(void **state)
{
    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(token_cases); i++) {
        const struct token_case *c = &token_cases[i];
        char text[64] = "+ ";
        brn_script script;
        brn_lexer lx;
        brn_token token;
        strncat(text, c->text, 50);
        strncat(text, c->kind == BRN_TOKEN_LINE_COMMENT ? "\n" : " ", 2);
        script = script_of(brn_str_from(text));
        script.mode = c->mode;
        brn_lexer_init(&lx, &brn_dialect_mysql, &script);
        for (int n = 0; n < 3; n++) {
            assert_int_equal(brn_lexer_next(&lx, &token, NULL), BRANT_OK);
        }
        if (token.kind != c->kind || !brn_str_eq_c(token.text, c->text)) {
            fail_msg("%s: kind %d, %.*s", c->text, (int)token.kind, BRN_STR_ARG(token.text));
        }
    }
}

/* --- sections and directives ------------------------------------------------------------------ */

static void sections_and_directives_are_found(void **state)
{
    brn_script script = script_of(BRN_STR(
        "# a comment\n-- brant: timeout=1s\nDELIMITER //\n-- brant: up\nDELIMITER $$\n" PROCEDURE
        "BEGIN a;\n-- +goose StatementEnd\n END$$\n-- brant: down\nDROP PROCEDURE p; b;"));
    brn_sections sections = { 0 };
    brn_arena arena = { 0 };
    brn_stmt_list list = { 0 };
    brn_props props;

    (void)state;
    assert_int_equal(brn_sections_find(&sections, &brn_dialect_mysql, &script, NULL), BRANT_OK);
    brn_props_init(&props);
    assert_int_equal(
        brn_directives_read(&props, &arena, &brn_dialect_mysql, &sections.head, NULL), BRANT_OK);
    assert_int_equal(props.timeout_ms, 1000);
    assert_int_equal(brn_split(&list, &arena, &brn_dialect_mysql, &sections.up, NULL), BRANT_OK);
    assert_int_equal(list.count, 1);
    assert_int_equal(list.items[0].line, 6);
    /* A section has the delimiter and the mode that it sets itself. */
    assert_int_equal(brn_split(&list, &arena, &brn_dialect_mysql, &sections.down, NULL), BRANT_OK);
    assert_int_equal(list.count, 2);
    assert_int_equal(list.items[1].line, 10);
    brn_arena_release(&arena);
}

static void a_section_begins_with_a_new_statement(void **state)
{
    static const char *const scripts[] = {
        "-- brant: up\na\n-- brant: down\nb;c",
        "-- brant: up\nCREATE PROCEDURE p() BEGIN a;\n-- brant: down\nb;c",
        "-- brant: up\nSET sql_mode='NO_BACKSLASH_ESCAPES';a '\\'\n-- brant: down\nb '\\';';c",
        "-- brant: up\n/*!50003 a\n-- brant: down\nb;c",
        "-- brant: up\nDELIMITER //\na//\n-- brant: down\nb;c",
    };

    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(scripts); i++) {
        brn_script script = script_of(brn_str_from(scripts[i]));
        brn_sections sections = { 0 };
        brn_arena arena = { 0 };
        brn_stmt_list list = { 0 };
        assert_int_equal(brn_sections_find(&sections, &brn_dialect_mysql, &script, NULL), BRANT_OK);
        assert_int_equal(
            brn_split(&list, &arena, &brn_dialect_mysql, &sections.down, NULL), BRANT_OK);
        assert_int_equal(list.count, 2);
        assert_true(brn_str_eq_c(list.items[1].text, "c"));
        brn_arena_release(&arena);
    }
}

static void a_marker_behind_a_number_sign_is_a_comment(void **state)
{
    brn_script script = script_of(BRN_STR("# brant: up\na;"));
    brn_sections sections = { 0 };

    (void)state;
    assert_int_equal(brn_sections_find(&sections, &brn_dialect_mysql, &script, NULL), BRANT_OK);
    assert_false(sections.marked);
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
    { "multi-byte characters count as one", "'\xc3\xa4\xe6\x97\xa5\xf0\x9f\x98\x80';b", 12, 1, 7 },
    { "in a name", "`\xc3\xa4`;b", 5, 1, 5 },
    { "in a comment", "#\xc3\xa4\n b", 5, 2, 2 },
    { "line feed", "a;\n b", 4, 2, 2 },
    { "carriage return and line feed", "a;\r\n b", 5, 2, 2 },
    { "lone carriage return", "a;\r b", 4, 2, 2 },
    { "behind a string of lines", "'\n\n';b", 5, 3, 3 },
    { "behind a delimiter", "DELIMITER //\na//b", 16, 2, 4 },
    { "behind two lines with a delimiter", "DELIMITER //\r\na//\r\nDELIMITER ;\r\n b", 33, 4, 2 },
    { "behind a body", PROCEDURE "BEGIN\n a;\nEND;\n b", 37, 4, 2 },
    { "behind a terminator before the delimiter",
      "DELIMITER //\n" PROCEDURE "BEGIN a; END;\n//\n b", 52, 4, 2 },
    { "version comment", "a;\n /*!50003 b */;", 4, 2, 2 },
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

static void the_dialect_is_found_by_name(void **state)
{
    (void)state;
    assert_ptr_equal(brn_dialect_find("mysql"), &brn_dialect_mysql);
    assert_null(brn_dialect_find("mariadb"));
}

/* --- large ------------------------------------------------------------------------------------ */

/* Each of them takes time in proportion to its size, whatever it looks like. */
static void large_texts_are_read_once(void **state)
{
    static const struct {
        const char *begin;
        const char *fill;
        const char *end;
    } texts[] = {
        { "'", "\\'", "';" },
        { "'", "''", "';" },
        { "`", "``", "`;" },
        { "/*", "/*", "*/;" },
        { "/*!999999 ", "/*", "*/ */;" },
        { "", "/*!50003 */", ";" },
        { "", "a;", "" },
        { "", "SET sql_mode=ANSI;", "" },
        { "DELIMITER aaaaaaaaaab\n", "a", "aaaaaaaaaab" },
        { "DELIMITER //\nDECLARE ", "; ", "//" },
        { "DELIMITER //\nDECLARE ", ";/**/ ", "//" },
        { "DELIMITER //\nDECLARE ", ";/**/ ", "a;//" },
        { PROCEDURE, "BEGIN ", "" },
        { PROCEDURE "BEGIN ", "IF a THEN b; END IF; ", "END;" },
        { "a\n", " ", "\nDELIMITER;" },
        { "", "\ndelimiter ", ";" },
    };
    size_t size = (size_t)2 * 1000 * 1000;
    char *sql = malloc(size + 128);

    (void)state;
    assert_non_null(sql);
    for (size_t i = 0; i < BRN_ARRAY_LEN(texts); i++) {
        size_t fill = strlen(texts[i].fill);
        size_t at = strlen(texts[i].begin);
        brn_arena arena = { 0 };
        brn_stmt_list list = { 0 };
        brant_error *err = NULL;
        memcpy(sql, texts[i].begin, at);
        for (; at + fill <= size; at += fill) {
            memcpy(sql + at, texts[i].fill, fill);
        }
        memcpy(sql + at, texts[i].end, strlen(texts[i].end));
        at += strlen(texts[i].end);
        if (split(&list, &arena, (brn_str){ sql, at }, &err) == BRANT_OK) {
            assert_true(list.count > 0);
        }
        brant_error_free(err);
        brn_arena_release(&arena);
    }
    free(sql);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(statements_end_where_the_server_ends_them),
        cmocka_unit_test(a_delimiter_ends_statements_as_in_the_client),
        cmocka_unit_test(bodies_need_no_delimiter),
        cmocka_unit_test(the_sql_mode_of_the_script_is_followed),
        cmocka_unit_test(a_statement_split_again_is_itself),
        cmocka_unit_test(a_script_begins_in_the_mode_that_it_is_given),
        cmocka_unit_test(tokens_are_those_of_the_server),
        cmocka_unit_test(sections_and_directives_are_found),
        cmocka_unit_test(a_section_begins_with_a_new_statement),
        cmocka_unit_test(a_marker_behind_a_number_sign_is_a_comment),
        cmocka_unit_test(positions_count_lines_and_characters),
        cmocka_unit_test(the_dialect_is_found_by_name),
        cmocka_unit_test(large_texts_are_read_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
