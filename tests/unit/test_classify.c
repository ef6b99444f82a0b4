/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "text/classify.h"

/* What is not given is expected to be absent. */
static const struct class_case {
    const char *text;
    brn_verb verb;
    brn_object object;
    const char *name;
    const char *schema;
    brn_alter alter;
    const char *member;
    const char *new_name;
    bool if_exists;
    bool temporary;
    bool to_savepoint;
    bool has_value;
} class_cases[] = {
    { "" },
    { "nonsense create table t" },
    { "'create' table t" },
    { "\"create\" table t" },
    { "/* a */" },

    { "CREATE TABLE t(a)", BRN_VERB_CREATE, BRN_OBJECT_TABLE, "t" },
    { "create/* x */table -- y\n \"a b\"\"c\"(a)", BRN_VERB_CREATE, BRN_OBJECT_TABLE, "a b\"c" },
    { "CREATE TABLE IF NOT EXISTS main.[t u] AS SELECT 1", BRN_VERB_CREATE, BRN_OBJECT_TABLE, "t u",
      "main", .if_exists = true },
    { "CREATE TEMP TABLE t(a)", BRN_VERB_CREATE, BRN_OBJECT_TABLE, "t", .temporary = true },
    { "CREATE TEMPORARY VIEW v AS SELECT 1", BRN_VERB_CREATE, BRN_OBJECT_VIEW, "v",
      .temporary = true },
    { "CREATE TABLE Temp.t(a)", BRN_VERB_CREATE, BRN_OBJECT_TABLE, "t", "Temp", .temporary = true },
    { "CREATE VIRTUAL TABLE v USING fts5(x)", BRN_VERB_CREATE, BRN_OBJECT_TABLE, "v" },
    { "CREATE UNIQUE INDEX i ON t(a)", BRN_VERB_CREATE, BRN_OBJECT_INDEX, "i" },
    { "CREATE INDEX IF NOT EXISTS `s`.'i' ON t(a)", BRN_VERB_CREATE, BRN_OBJECT_INDEX, "i", "s",
      .if_exists = true },
    { "CREATE TRIGGER begin AFTER INSERT ON t BEGIN SELECT 1; END", BRN_VERB_CREATE,
      BRN_OBJECT_TRIGGER, "begin" },
    { "CREATE SEQUENCE s", BRN_VERB_CREATE },
    { "CREATE", BRN_VERB_CREATE },
    { "CREATE TABLE", BRN_VERB_CREATE, BRN_OBJECT_TABLE },
    { "CREATE TABLE t.", BRN_VERB_CREATE, BRN_OBJECT_TABLE, "", "t" },

    { "DROP TABLE t", BRN_VERB_DROP, BRN_OBJECT_TABLE, "t" },
    { "DROP INDEX IF EXISTS main.i", BRN_VERB_DROP, BRN_OBJECT_INDEX, "i", "main",
      .if_exists = true },
    { "drop view v", BRN_VERB_DROP, BRN_OBJECT_VIEW, "v" },
    { "drop trigger if exists x", BRN_VERB_DROP, BRN_OBJECT_TRIGGER, "x", .if_exists = true },

    { "ALTER TABLE main.t RENAME TO u", BRN_VERB_ALTER, BRN_OBJECT_TABLE, "t", "main",
      BRN_ALTER_RENAME_TABLE, NULL, "u" },
    { "ALTER TABLE t RENAME COLUMN a TO b", BRN_VERB_ALTER, BRN_OBJECT_TABLE, "t", NULL,
      BRN_ALTER_RENAME_COLUMN, "a", "b" },
    { "ALTER TABLE t RENAME \"to\" TO b", BRN_VERB_ALTER, BRN_OBJECT_TABLE, "t", NULL,
      BRN_ALTER_RENAME_COLUMN, "to", "b" },
    { "ALTER TABLE t ADD COLUMN a INT", BRN_VERB_ALTER, BRN_OBJECT_TABLE, "t", NULL,
      BRN_ALTER_ADD_COLUMN, "a" },
    { "ALTER TABLE t ADD a INT", BRN_VERB_ALTER, BRN_OBJECT_TABLE, "t", NULL, BRN_ALTER_ADD_COLUMN,
      "a" },
    { "ALTER TABLE t DROP COLUMN `a`", BRN_VERB_ALTER, BRN_OBJECT_TABLE, "t", NULL,
      BRN_ALTER_DROP_COLUMN, "a" },
    { "ALTER TABLE t DROP a", BRN_VERB_ALTER, BRN_OBJECT_TABLE, "t", NULL, BRN_ALTER_DROP_COLUMN,
      "a" },
    { "ALTER INDEX i RENAME TO j", BRN_VERB_ALTER, BRN_OBJECT_INDEX },
    { "ALTER TABLE t", BRN_VERB_ALTER, BRN_OBJECT_TABLE, "t" },

    { "INSERT INTO t VALUES (1)", BRN_VERB_INSERT, BRN_OBJECT_NONE, "t" },
    { "INSERT OR REPLACE INTO main.t(a) SELECT 1", BRN_VERB_INSERT, BRN_OBJECT_NONE, "t", "main" },
    { "REPLACE INTO t VALUES (1)", BRN_VERB_INSERT, BRN_OBJECT_NONE, "t" },
    { "UPDATE OR IGNORE t SET a = 1", BRN_VERB_UPDATE, BRN_OBJECT_NONE, "t" },
    { "update [t] set a = 1", BRN_VERB_UPDATE, BRN_OBJECT_NONE, "t" },
    { "DELETE FROM \xc3\xa4.t", BRN_VERB_DELETE, BRN_OBJECT_NONE, "t", "\xc3\xa4" },
    { "SELECT 1", BRN_VERB_SELECT },
    { "VALUES (1)", BRN_VERB_SELECT },
    { "EXPLAIN DROP TABLE t", BRN_VERB_SELECT },
    { "WITH a AS (SELECT 1) SELECT * FROM a", BRN_VERB_SELECT },
    { "WITH RECURSIVE replace(x, y) AS NOT MATERIALIZED (SELECT ')', (1)), \"b\" AS (VALUES (1)) "
      "DELETE FROM t",
      BRN_VERB_DELETE, BRN_OBJECT_NONE, "t" },
    { "with a as materialized (select 1) insert into t select * from a", BRN_VERB_INSERT,
      BRN_OBJECT_NONE, "t" },
    { "with a as (select 1", BRN_VERB_OTHER },

    { "PRAGMA user_version", BRN_VERB_PRAGMA, BRN_OBJECT_NONE, "user_version" },
    { "PRAGMA main.cache_size = -2000", BRN_VERB_PRAGMA, BRN_OBJECT_NONE, "cache_size", "main",
      BRN_ALTER_NONE, NULL, "-2000", .has_value = true },
    { "pragma foreign_keys=OFF", BRN_VERB_PRAGMA, BRN_OBJECT_NONE, "foreign_keys", NULL,
      BRN_ALTER_NONE, NULL, "OFF", .has_value = true },
    { "pragma journal_mode('wal')", BRN_VERB_PRAGMA, BRN_OBJECT_NONE, "journal_mode", NULL,
      BRN_ALTER_NONE, NULL, "wal", .has_value = true },
    { "pragma x = +1.5", BRN_VERB_PRAGMA, BRN_OBJECT_NONE, "x", NULL, BRN_ALTER_NONE, NULL, "1.5",
      .has_value = true },
    { "pragma x =", BRN_VERB_PRAGMA, BRN_OBJECT_NONE, "x", .has_value = true },
    { "VACUUM", BRN_VERB_VACUUM },
    { "VACUUM main INTO 'x.db'", BRN_VERB_VACUUM, BRN_OBJECT_NONE, NULL, "main" },
    { "VACUUM INTO 'x.db'", BRN_VERB_VACUUM },
    { "ANALYZE", BRN_VERB_ANALYZE },
    { "ANALYZE main.t", BRN_VERB_ANALYZE, BRN_OBJECT_NONE, "t", "main" },
    { "REINDEX i", BRN_VERB_REINDEX, BRN_OBJECT_NONE, "i" },
    { "ATTACH DATABASE 'x.db' AS aux1", BRN_VERB_ATTACH, BRN_OBJECT_NONE, "aux1" },
    { "ATTACH CAST('x' AS text) || '.db' AS \"a\"", BRN_VERB_ATTACH, BRN_OBJECT_NONE, "a" },
    { "DETACH DATABASE aux1", BRN_VERB_DETACH, BRN_OBJECT_NONE, "aux1" },
    { "DETACH aux1", BRN_VERB_DETACH, BRN_OBJECT_NONE, "aux1" },
    { "BEGIN IMMEDIATE TRANSACTION", BRN_VERB_BEGIN },
    { "COMMIT", BRN_VERB_COMMIT },
    { "END TRANSACTION", BRN_VERB_COMMIT },
    { "ROLLBACK", BRN_VERB_ROLLBACK },
    { "ROLLBACK TRANSACTION", BRN_VERB_ROLLBACK },
    { "ROLLBACK TO s", BRN_VERB_ROLLBACK, BRN_OBJECT_NONE, "s", .to_savepoint = true },
    { "ROLLBACK TRANSACTION x TO SAVEPOINT s", BRN_VERB_ROLLBACK, BRN_OBJECT_NONE, "s",
      .to_savepoint = true },
    { "SAVEPOINT s", BRN_VERB_SAVEPOINT, BRN_OBJECT_NONE, "s" },
    { "RELEASE SAVEPOINT s", BRN_VERB_RELEASE, BRN_OBJECT_NONE, "s" },
    { "RELEASE s", BRN_VERB_RELEASE, BRN_OBJECT_NONE, "s" },
};

static bool same(brn_str actual, const char *expected)
{
    return brn_str_eq_c(actual, expected != NULL ? expected : "");
}

static bool case_holds(const struct class_case *c, const brn_stmt_class *is)
{
    return is->verb == c->verb && is->object == c->object && is->alter == c->alter &&
           is->if_exists == c->if_exists && is->temporary == c->temporary &&
           is->to_savepoint == c->to_savepoint && is->has_value == c->has_value &&
           same(is->schema, c->schema) && same(is->name, c->name) && same(is->member, c->member) &&
           same(is->new_name, c->new_name);
}

static void statements_are_known_by_their_first_words(void **state)
{
    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(class_cases); i++) {
        const struct class_case *c = &class_cases[i];
        brn_stmt stmt = { .text = brn_str_from(c->text), .line = 1, .column = 1 };
        brn_arena arena = { 0 };
        brn_stmt_class is;
        brn_classify(&is, &arena, &brn_dialect_sqlite, &stmt);
        if (!case_holds(c, &is)) {
            fail_msg(
                "%s: verb %d, object %d, alter %d, [%.*s].[%.*s] [%.*s] [%.*s]", c->text,
                (int)is.verb, (int)is.object, (int)is.alter, BRN_STR_ARG(is.schema),
                BRN_STR_ARG(is.name), BRN_STR_ARG(is.member), BRN_STR_ARG(is.new_name));
        }
        brn_arena_release(&arena);
    }
}

static void a_statement_that_never_ends_is_read_as_far_as_it_goes(void **state)
{
    brn_stmt stmt = { .text = BRN_STR("DROP TABLE t 'x"), .line = 1, .column = 1 };
    brn_arena arena = { 0 };
    brn_stmt_class is;

    (void)state;
    brn_classify(&is, &arena, &brn_dialect_sqlite, &stmt);
    assert_int_equal(is.verb, BRN_VERB_DROP);
    assert_true(same(is.name, "t"));
    brn_arena_release(&arena);
}

static void out_of_memory_leaves_names_empty(void **state)
{
    brn_stmt stmt = { .text = BRN_STR("PRAGMA \"a\".b = -1"), .line = 1, .column = 1 };
    brn_arena arena = { .oom = true };
    brn_stmt_class is;

    (void)state;
    brn_classify(&is, &arena, &brn_dialect_sqlite, &stmt);
    assert_int_equal(is.verb, BRN_VERB_PRAGMA);
    assert_true(same(is.name, ""));
    assert_true(arena.oom);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(statements_are_known_by_their_first_words),
        cmocka_unit_test(a_statement_that_never_ends_is_read_as_far_as_it_goes),
        cmocka_unit_test(out_of_memory_leaves_names_empty),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
