/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where PostgreSQL's statements end, compared with libpg_query, which has the scanner and the
 * parser of the server, version 15.
 *
 * The parser knows, but only what is valid. The scanner's splitter also takes what is not. Where
 * they are known to be wrong, or cannot see what is meant for psql, `exceptions` says so.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#ifndef BRANT_HAVE_PG_QUERY

int main(void)
{
    print_message("skipped: libpg_query is missing (./dev deps test)\n");
    return 77;
}

#else

#include <pg_query.h>
#include <stdio.h>
#include <string.h>

#include "text/script.h"

#define TEXT_BYTES 8192

/* --- statements ------------------------------------------------------------------------------- */

/* Statements that the parser of version 15 takes, without a terminator. */
static const char *const statements[] = {
    "SELECT 1",
    "select 'it''s;', E'\\';\\\\', N'x;', B'1', x'3b', U&'d\\0061;' UESCAPE '!', $$;$$, $a$;$$;$a$",
    "SELECT 'a'\n ';' , E'a'\n\r '\\';', E''\n'\\\\' \t \r '\\';'",
    "SELECT \"a;\"\"b\", U&\"d\\0061;\", a$$, b$c$ FROM t",
    "SELECT $1, $2::int, a::text::\"b;\"[], a[1:2], 1e10, 1.5e-3, .5, 1.",
    "SELECT 1 +-- ;\n 2 */* ; /* ; */ */ 3 - - 4 @> 5 #>> '{;}' ? ';'",
    "SELECT CASE WHEN a THEN CASE b WHEN 1 THEN ';' END END AS end FROM begin",
    "SELECT f(a := ';', b => $x$;$x$)",
    "BEGIN ISOLATION LEVEL SERIALIZABLE",
    "END",
    "START TRANSACTION READ ONLY",
    "ROLLBACK TO SAVEPOINT s",
    "CREATE TABLE begin (atomic int DEFAULT 1, b text CHECK (b <> ';'))",
    "CREATE TABLE p PARTITION OF q FOR VALUES FROM (1) TO (2)",
    "CREATE RULE r AS ON INSERT TO t DO ALSO (INSERT INTO u VALUES (1); DELETE FROM v;)",
    "CREATE RULE r AS ON UPDATE TO t WHERE (a = (1)) DO INSTEAD (SELECT 1; SELECT ';'; NOTIFY x)",
    "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$ SELECT 1; $$",
    "CREATE FUNCTION f() RETURNS trigger AS $body$\nBEGIN\n  RETURN NEW; -- '\nEND;\n$body$ LANGUAGE c",
    "CREATE FUNCTION f() RETURNS int AS 'lib;', 'f;' LANGUAGE C",
    "CREATE FUNCTION f() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT 1; END",
    "CREATE OR REPLACE PROCEDURE begin(begin int) BEGIN ATOMIC INSERT INTO t VALUES (1); END",
    "CREATE PROCEDURE p() BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; /* END; */\nEND",
    "CREATE FUNCTION f() RETURNS begin BEGIN ATOMIC END",
    "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC ; SELECT (CASE x WHEN 1 THEN 2 END) AS end;; END",
    "CREATE FUNCTION f() RETURNS int RETURN CASE WHEN true THEN 1 END",
    "DO $$ BEGIN IF x THEN y; END IF; END $$",
    "DO LANGUAGE plpgsql 'BEGIN a; END'",
    "CREATE TRIGGER t BEFORE INSERT ON x FOR EACH ROW EXECUTE FUNCTION f(';')",
    "CREATE POLICY p ON t USING (a = ';')",
    "COPY t TO STDOUT",
    "COPY (SELECT * FROM stdin) TO STDOUT",
    "COPY t FROM '/tmp/x;' WITH (FORMAT csv, DELIMITER ';')",
    "COMMENT ON TABLE t IS 'a;'",
    "GRANT SELECT ON t TO u",
    "ALTER TABLE t ADD a int, DROP COLUMN b",
    "WITH a AS (DELETE FROM t RETURNING *) SELECT * FROM a",
    "SET search_path = a, \"b;\"",
    "PREPARE x AS SELECT $1",
    "EXPLAIN (COSTS off) SELECT ';'",
    "INSERT INTO t VALUES (';', '--', '/*'), ($$'$$, '\\', E'\\\\')",
};

static const char *const fillers[] = {
    "", " ", "\n", "-- it's; END; $$\n", "/* ;END; ' /* \" */ */", "\t", "\r\n", "-- x\r", "\f",
};

/* --- what libpg_query says -------------------------------------------------------------------- */

typedef struct comparison {
    const char *sql;
    brn_arena arena;
    brn_stmt_list ours;
    brant_error *err;
    PgQuerySplitResult theirs;
    const char *how;
} comparison;

static uint32_t number(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

static const char *any(uint32_t *seed, const char *const *from, size_t count)
{
    return from[number(seed) % count];
}

static size_t add(char *to, size_t at, const char *text)
{
    int n = snprintf(to + at, TEXT_BYTES - at, "%s", text);

    assert_true(n >= 0 && (size_t)n < TEXT_BYTES - at);
    return at + (size_t)n;
}

static brant_status split_ours(
    brn_stmt_list *out, brn_arena *arena, const char *sql, brant_error **err)
{
    brn_script script = { .text = brn_str_from(sql), .line = 1, .column = 1 };

    return brn_split(out, arena, &brn_dialect_postgres, &script, err);
}

/* The scanner's splitter drops what has no keyword. */
static bool is_dropped(const brn_stmt *stmt)
{
    char alone[TEXT_BYTES];
    PgQuerySplitResult result;
    bool dropped;

    (void)snprintf(alone, sizeof(alone), "%.*s", BRN_STR_ARG(stmt->text));
    result = pg_query_split_with_scanner(alone);
    dropped = result.error == NULL && result.n_stmts == 0;
    pg_query_free_split_result(result);
    return dropped;
}

static bool lies_in(const comparison *c, const brn_stmt *stmt, const PgQuerySplitStmt *theirs)
{
    size_t from = (size_t)theirs->stmt_location;
    /* Without a length it goes on to the end of the text. */
    size_t to = theirs->stmt_len > 0 ? from + (size_t)theirs->stmt_len : strlen(c->sql);

    return stmt->offset >= from && stmt->offset + stmt->text.len <= to;
}

/* Each of theirs has one of ours in it, in order, and none of ours is left over. */
static bool agrees(const comparison *c, bool drops)
{
    int next = 0;

    for (size_t i = 0; i < c->ours.count; i++) {
        const brn_stmt *stmt = &c->ours.items[i];
        if (next < c->theirs.n_stmts && lies_in(c, stmt, c->theirs.stmts[next]) &&
            !(drops && is_dropped(stmt))) {
            next++;
        } else if (!drops || !is_dropped(stmt)) {
            return false;
        }
    }
    return next == c->theirs.n_stmts;
}

static void fail_comparison(const comparison *c)
{
    print_message("%s:\n%s\n", c->how, c->sql);
    for (size_t i = 0; i < c->ours.count; i++) {
        print_message("  ours   [%.*s]\n", BRN_STR_ARG(c->ours.items[i].text));
    }
    for (int i = 0; i < c->theirs.n_stmts; i++) {
        print_message(
            "  theirs [%.*s]\n", c->theirs.stmts[i]->stmt_len,
            c->sql + c->theirs.stmts[i]->stmt_location);
    }
    fail_msg(
        "ours: %s, theirs: %s", brant_error_message(c->err),
        c->theirs.error != NULL ? c->theirs.error->message : "no error");
}

static void release(comparison *c)
{
    brant_error_free(c->err);
    brn_arena_release(&c->arena);
    pg_query_free_split_result(c->theirs);
}

/* --- what it cannot judge ------------------------------------------------------------------- */

/*
 * Does a quote follow another one with a line break and a line comment in between? The server then
 * goes on with the string; libpg_query, whose scanner has comments for tokens, does not.
 */
static bool goes_on_behind_comment(const char *sql)
{
    for (const char *quote = strchr(sql, '\''); quote != NULL; quote = strchr(quote + 1, '\'')) {
        const char *at = quote + 1;
        bool comment = false;
        for (;;) {
            at += strspn(at, " \t\r\n\f");
            if (strncmp(at, "--", 2) != 0) {
                break;
            }
            comment = true;
            at += strcspn(at, "\r\n");
        }
        if (comment && *at == '\'') {
            return true;
        }
    }
    return false;
}

static bool closes_too_many(const char *sql)
{
    brn_script script = { .text = brn_str_from(sql), .line = 1, .column = 1 };
    brn_lexer lx;
    brn_token token;
    int depth = 0;

    brn_lexer_init(&lx, &brn_dialect_postgres, &script);
    while (brn_lexer_next(&lx, &token, NULL) == BRANT_OK && token.kind != BRN_TOKEN_END) {
        if (token.kind == BRN_TOKEN_OTHER) {
            depth += token.text.ptr[0] == '(';
            depth -= token.text.ptr[0] == ')';
        }
        if (depth < 0) {
            return true;
        }
    }
    return false;
}

static bool mentions(const char *sql, const char *word)
{
    brn_str text = brn_str_from(sql);
    brn_str wanted = brn_str_from(word);

    for (size_t i = 0; i + wanted.len <= text.len; i++) {
        if (brn_str_ieq(brn_str_slice(text, i, i + wanted.len), wanted)) {
            return true;
        }
    }
    return false;
}

static bool has_body(const char *sql)
{
    return mentions(sql, "atomic");
}

/* Where libpg_query, or its scanner, cannot be the judge. */
static const struct exception {
    const char *reason;
    bool (*in_text)(const char *sql); /* NULL */
    const char *ours;                 /* id of our error; NULL */
    const char *theirs;               /* part of their error; NULL */
    bool for_parser;                  /* and not only for the scanner's splitter */
} exceptions[] = {
    { "it cuts bodies of routines in SQL at each ';'", has_body, NULL, NULL, false },
    { "below zero parentheses it does not see a ';' any more", closes_too_many, NULL, NULL, false },
    { "it does not go on with a string behind a comment, as the server does",
      goes_on_behind_comment, NULL, NULL, true },
    { "it takes what is in open parentheses as it is", NULL, "text.unterminated_parens", NULL,
      false },
    { "it does not know that rows have to follow COPY", NULL, "text.unterminated_data", NULL,
      true },
    { "it does not know that rows have to follow COPY", NULL, "text.behind_copy", NULL, true },
    { "it takes the backslash of a command of psql for a character", NULL, "text.psql_command",
      NULL, false },
    { "it takes a backslash for a character", NULL, "text.backslash", NULL, false },
    { "before version 15, letters behind a number begin a name", NULL, NULL, "trailing junk",
      false },
    { "what an escape stands for is for the server to say", NULL, NULL, "invalid Unicode", false },
    { "what a name may be is for the server to say", NULL, NULL, "zero-length delimited identifier",
      false },
    { "what an escape stands for is for the server to say", NULL, NULL, "invalid byte sequence",
      false },
};

static bool is_excepted(const comparison *c, bool parser)
{
    for (size_t i = 0; i < BRN_ARRAY_LEN(exceptions); i++) {
        const struct exception *e = &exceptions[i];
        if (parser && !e->for_parser) {
            continue;
        }
        if ((e->in_text != NULL && e->in_text(c->sql)) ||
            (e->ours != NULL && c->err != NULL && strcmp(brant_error_id(c->err), e->ours) == 0) ||
            (e->theirs != NULL && c->theirs.error != NULL &&
             strstr(c->theirs.error->message, e->theirs) != NULL)) {
            return true;
        }
    }
    return false;
}

/* --- valid scripts ---------------------------------------------------------------------------- */

/* True when the parser takes the text. */
static bool compare_with_parser(const char *sql)
{
    comparison c = { .sql = sql, .how = "parser" };
    bool valid;

    c.theirs = pg_query_split_with_parser(sql);
    valid = c.theirs.error == NULL;
    if (valid) {
        brant_status st = split_ours(&c.ours, &c.arena, sql, &c.err);
        if (!is_excepted(&c, true) && (st != BRANT_OK || !agrees(&c, false))) {
            fail_comparison(&c);
        }
    }
    release(&c);
    return valid;
}

static void valid_statements_are_one(void **state)
{
    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(statements); i++) {
        brn_arena arena = { 0 };
        brn_stmt_list list = { 0 };
        if (!compare_with_parser(statements[i])) {
            fail_msg("not valid: %s", statements[i]);
        }
        assert_int_equal(split_ours(&list, &arena, statements[i], NULL), BRANT_OK);
        assert_int_equal(list.count, 1);
        brn_arena_release(&arena);
    }
}

static void scripts_are_cut_as_by_the_parser(void **state)
{
    char sql[TEXT_BYTES];

    (void)state;
    for (uint32_t round = 0; round < 3000; round++) {
        uint32_t seed = round;
        size_t at = add(sql, 0, "");
        for (int i = 0; i < 8; i++) {
            at = add(sql, at, any(&seed, fillers, BRN_ARRAY_LEN(fillers)));
            at = add(sql, at, any(&seed, statements, BRN_ARRAY_LEN(statements)));
            at = add(sql, at, any(&seed, fillers, BRN_ARRAY_LEN(fillers)));
            at = add(sql, at, i == 7 && round % 2 == 0 ? "\n" : "\n;");
        }
        if (!compare_with_parser(sql)) {
            fail_msg("not valid: %s", sql);
        }
    }
}

/* --- broken scripts --------------------------------------------------------------------------- */

/* True when the scanner was asked. */
static bool compare_with_scanner(const char *sql)
{
    comparison c = { .sql = sql, .how = "scanner" };
    brant_status st = split_ours(&c.ours, &c.arena, sql, &c.err);
    bool asked;

    c.theirs = pg_query_split_with_scanner(sql);
    asked = !is_excepted(&c, false);
    if (asked &&
        ((st == BRANT_OK) != (c.theirs.error == NULL) || (st == BRANT_OK && !agrees(&c, true)))) {
        fail_comparison(&c);
    }
    release(&c);
    return asked;
}

static const char *const pieces[] = {
    "'",     "\"",      "$$",     "$a$",      "E'", "U&'", "U&\"", "--",  "/*",    "*/",
    ";",     "(",       ")",      "\n",       "''", "\\'", "$",    "x'",  "a",     "1",
    " ",     "CASE ",   "END ",   "BEGIN ",   "::", "||",  "-",    "/",   "*",     "\r",
    "COPY ", " FROM ",  "STDIN ", "CREATE ",  "$1", ".",   "e",    "E",   "b'",    "\\\\",
    "\t",    "SELECT ", "$b$",    "\xc3\xa4", "N'", "u&",  "+--",  "*/*", "E'\\'", "\"\"",
};

/* Cuts a piece out, or puts one in, at a random place; texts stay UTF-8. */
static void mutate(char *sql, uint32_t *seed)
{
    size_t len = strlen(sql);
    size_t at = number(seed) % (len + 1);
    const char *piece = any(seed, pieces, BRN_ARRAY_LEN(pieces));
    size_t cut = number(seed) % 4 == 0 ? number(seed) % 20 : 0;
    size_t more = strlen(piece);

    while (at < len && ((unsigned char)sql[at] & 0xc0) == 0x80) {
        at++;
    }
    if (cut > 0) {
        cut = cut < len - at ? cut : len - at;
        while (at + cut < len && ((unsigned char)sql[at + cut] & 0xc0) == 0x80) {
            cut++;
        }
        memmove(sql + at, sql + at + cut, len - at - cut + 1);
    } else if (len + more < TEXT_BYTES) {
        memmove(sql + at + more, sql + at, len - at + 1);
        memcpy(sql + at, piece, more);
    }
}

static void broken_scripts_are_cut_as_by_the_scanner(void **state)
{
    char sql[TEXT_BYTES];
    unsigned asked = 0;
    unsigned valid = 0;

    (void)state;
    for (uint32_t round = 0; round < 20000; round++) {
        uint32_t seed = round * 7919u;
        size_t at = add(sql, 0, "");
        for (int i = 0; i < 3; i++) {
            at = add(sql, at, any(&seed, statements, BRN_ARRAY_LEN(statements)));
            at = add(sql, at, any(&seed, fillers, BRN_ARRAY_LEN(fillers)));
            at = add(sql, at, "\n;");
        }
        for (uint32_t i = 0; i < 1 + round % 5; i++) {
            mutate(sql, &seed);
        }
        asked += compare_with_scanner(sql);
        valid += compare_with_parser(sql);
    }
    /* The test is worth something. */
    assert_true(asked > 5000);
    assert_true(valid > 500);
}

static void every_exception_has_a_reason(void **state)
{
    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(exceptions); i++) {
        assert_true(strlen(exceptions[i].reason) > 10);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(valid_statements_are_one),
        cmocka_unit_test(scripts_are_cut_as_by_the_parser),
        cmocka_unit_test(broken_scripts_are_cut_as_by_the_scanner),
        cmocka_unit_test(every_exception_has_a_reason),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);

    pg_query_exit();
    return failed;
}

#endif
