# SPDX-License-Identifier: Apache-2.0
"""Scripts on PostgreSQL that want a say in transactions: what runs, where, and what is refused."""
import support
import support_postgres
from support_postgres import AUDIT, audit

OFF = "-- brant: transaction=off\n"


class Case(support_postgres.Case):
    def started(self, **more):
        p = self.project(**more).pairs({"001_a": AUDIT})
        p.up()
        return p

    def exists(self, p, name: str) -> bool:
        return p.sql("SELECT to_regclass($1) IS NOT NULL", name) == [("t",)]


class Own(Case):
    def test_files_with_their_own_transaction(self):
        p = self.started().pairs({"002_b": "BEGIN;\n" + audit("2") + "CREATE TABLE t (a int);\nCOMMIT;\n",
                                  "003_c": audit("3")})
        p.up()
        self.assertEqual(p.tokens(), ["2", "3"])
        self.assertDone(p, ["001_a", "002_b", "003_c"])

    def test_several_in_one_file(self):
        p = self.started().pairs({"002_b": "BEGIN;\n" + audit("2") + "COMMIT;\nSTART TRANSACTION;\n" + audit("3")
                                           + "END;\n" + "BEGIN;\n" + audit("never") + "ROLLBACK;\n" + audit("4")})
        p.up()
        self.assertEqual(p.tokens(), ["2", "3", "4"])
        self.assertDone(p, ["001_a", "002_b"])

    def test_a_commit_without_begin(self):
        p = self.started().pairs({"002_b": audit("2") + "COMMIT;\n-- as Quartz's script ends\n",
                                  "003_c": audit("3")})
        p.up()
        self.assertEqual(p.tokens(), ["2", "3"])
        self.assertDone(p, ["001_a", "002_b", "003_c"])
        p.pairs({"004_d": audit("never") + "COMMIT;\n" + audit("never")})
        self.assertAt(p.run("up", check=1), "004_d.up.sql", 1 + audit("never").count("\n"))
        self.assertEqual(p.tokens(), ["2", "3"])

    def test_begin_with_modes(self):
        seen = "INSERT INTO audit (token) SELECT current_setting('transaction_isolation');\n"
        p = self.started().pairs({
            "002_b": "BEGIN ISOLATION LEVEL SERIALIZABLE;\n" + seen + "COMMIT;\n"
                     "START TRANSACTION /* two */ ISOLATION LEVEL REPEATABLE READ, READ WRITE;\n" + seen + "END;\n",
            "003_c": "BEGIN WORK DEFERRABLE;\n" + seen + "COMMIT AND NO CHAIN;\n",
            "004_d": "BEGIN;\nSET TRANSACTION ISOLATION LEVEL SERIALIZABLE;\n" + seen + "COMMIT;\n"})
        p.up()
        self.assertEqual(p.tokens(), ["serializable", "repeatable read", "read committed", "serializable"])
        self.assertDone(p, ["001_a", "002_b", "003_c", "004_d"])

    def test_hint_says_what_was_rolled_back(self):
        own = "BEGIN;\n" + audit("never") + "INSERT INTO late VALUES (1);\nCOMMIT;\n"
        for name, text, hint in (("002_b", own, "Nothing of this"), ("002_c", audit("c") + own, "it goes on with that BEGIN")):
            with self.subTest(name):
                p = self.started().pairs({name: text})
                result = p.run("up", check=1)
                self.assertIn(hint, " ".join(result.err.split()))
                self.assertEqual(p.tokens(), ["c"] if name == "002_c" else [])
                p.sql("CREATE TABLE late (a int)")
                p.up()
                self.assertEqual(p.tokens()[-1], "never")

    LEVEL = ("INSERT INTO audit (token) SELECT current_setting('transaction_isolation');\n")

    def test_kind_of_transaction(self):
        """Neither the guard nor anything else asks before the file has said of what kind it is."""
        set_it = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ;\n"
        p = self.started().pairs({
            "002_b": "BEGIN;\n" + set_it + self.LEVEL + "COMMIT;\n",
            "003_c": "BEGIN ISOLATION LEVEL SERIALIZABLE;\n" + self.LEVEL + "COMMIT;\n"
                     "START TRANSACTION;\nSET LOCAL lock_timeout = '9s';\n" + set_it + self.LEVEL + "END;\n",
            "004_d": "-- brant: lock-timeout=7\n" + set_it + self.LEVEL,
            "005_e": "SET search_path = public;\nSET TRANSACTION ISOLATION LEVEL SERIALIZABLE;\n" + self.LEVEL,
            "006_f": self.LEVEL})
        p.up()
        self.assertEqual(p.tokens(), ["repeatable read", "serializable", "repeatable read", "repeatable read",
                                      "serializable", "read committed"])
        self.assertDone(p, ["001_a", "002_b", "003_c", "004_d", "005_e", "006_f"])

    def test_kind_of_transaction_comes_first(self):
        p = self.started().pairs({"002_b": audit("2") + "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE;\n"})
        result = p.run("up", check=1)
        self.assertAt(result, "migrations/002_b.up.sql", 2)
        self.assertHint(result)
        self.assertEqual(p.tokens(), [])

    def test_failure_in_the_second_goes_on_there(self):
        p = self.started().pairs({"002_b": "BEGIN;\n" + audit("2") + "COMMIT;\nBEGIN;\n" + audit("3")
                                           + "INSERT INTO late VALUES (1);\nCOMMIT;\n"})
        result = p.run("up", check=1)
        self.assertAt(result, "migrations/002_b.up.sql", 6)
        self.assertEqual(p.tokens(), ["2"])
        p.sql("CREATE TABLE late (a int)")
        p.up()
        self.assertEqual(p.tokens(), ["2", "3"])
        self.assertDone(p, ["001_a", "002_b"])

    def test_begin_that_never_ends_is_refused_or_told(self):
        p = self.started().pairs({"002_b": "BEGIN;\n" + audit("2")})
        result = p.run("up")
        self.assertNotEqual(result.code, 0, result)
        self.assertHint(result)
        self.assertEqual(p.tokens(), [])
        self.assertEqual(p.completed(), ["001_a"])

    def test_savepoints_are_fine(self):
        p = self.started().pairs({"002_b": audit("2") + "SAVEPOINT s;\n" + audit("never")
                                           + "ROLLBACK TO SAVEPOINT s;\nRELEASE SAVEPOINT s;\n" + audit("3")})
        p.up()
        self.assertEqual(p.tokens(), ["2", "3"])

    def test_commit_in_the_middle_of_ours_is_refused_with_its_line(self):
        p = self.started().pairs({"002_b": audit("2") + "COMMIT;\n" + audit("3")})
        result = p.run("up")
        self.assertRefused(result, "COMMIT")
        self.assertAt(result, "migrations/002_b.up.sql", 2)
        self.assertEqual(p.tokens(), [])

    def test_S_E16_second_statement_fails_and_nothing_is_left(self):
        p = self.started().pairs({"002_b": audit("2") + "CREATE TABLE t (a int);\nINSERT INTO t VALUES ('x');\n"})
        result = p.run("up", check=1)
        self.assertAt(result, "migrations/002_b.up.sql", 3)
        self.assertSays(result, "22P02|invalid input syntax", where="err")
        self.assertEqual((p.tokens(), self.exists(p, "t"), p.completed()), ([], False, ["001_a"]))

    def test_deferred_constraint_fails_at_commit_and_nothing_behind_it_runs(self):
        p = self.started().pairs({
            "002_b": "CREATE TABLE parent (id int PRIMARY KEY);\nCREATE TABLE child (id int REFERENCES parent"
                     " DEFERRABLE INITIALLY DEFERRED);\n",
            "003_c": audit("3") + "INSERT INTO child VALUES (7);\n", "004_d": audit("4"), "005_e": audit("5")})
        result = p.run("up", check=1)
        self.assertRefused(result, "003_c", "foreign key", "23503")
        self.assertEqual(p.tokens(), [])
        self.assertEqual(p.completed(), ["001_a", "002_b"])
        p.pairs({"003_c": audit("3") + "INSERT INTO parent VALUES (7);\nINSERT INTO child VALUES (7);\n"})
        p.up()
        self.assertEqual(p.tokens(), ["3", "4", "5"])


class Alone(Case):
    """What the server does not run inside a transaction."""

    STATEMENTS = {
        "CREATE INDEX CONCURRENTLY by_token ON audit (token);": "SELECT 1 FROM pg_class WHERE relname = 'by_token'",
        "VACUUM audit;": "SELECT 1",
        "VACUUM (ANALYZE) audit;": "SELECT 1",
        "ALTER TYPE mood ADD VALUE 'glad';": "SELECT 1 FROM pg_enum WHERE enumlabel = 'glad'",
        "REINDEX TABLE CONCURRENTLY audit;": "SELECT 1",
        "REINDEX INDEX CONCURRENTLY audit_pkey;": "SELECT 1",
    }

    def test_S_D63_alone_in_its_file_it_runs_without_a_word(self):
        p = self.started().pairs({"002_b": "CREATE TYPE mood AS ENUM ('sad');"})
        for number, (sql, check) in enumerate(self.STATEMENTS.items(), 3):
            with self.subTest(sql=sql):
                p.pairs({f"{number:03}_x": "-- a comment\n" + sql + "\n"})
                p.up()
                self.assertEqual(p.sql(check), [(1,)])
                self.assertIn(f"{number:03}_x", p.completed())
        p.pairs({"100_z": "CREATE INDEX CONCURRENTLY one ON audit (n);\nCREATE INDEX CONCURRENTLY two ON audit (n);\n"})
        p.up()
        self.assertTrue(self.exists(p, "one") and self.exists(p, "two"))

    def test_mixed_with_others_it_is_refused_with_the_directive_to_write(self):
        for sql in self.STATEMENTS:
            if "TYPE" in sql:
                continue  # allowed inside since version 12
            with self.subTest(sql=sql):
                p = self.started().pairs({"002_b": audit("2"), "003_c": audit("3") + "\n" + sql + "\n"})
                result = p.run("up")
                self.assertRefused(result, "transaction=off", "transaction")
                self.assertAt(result, "migrations/003_c.up.sql", 3)
                self.assertEqual(p.tokens(), [], "nothing ran, not even what comes before")

    def test_mixed_with_others_and_the_directive_it_runs(self):
        p = self.started()
        p.sql("CREATE TYPE mood AS ENUM ('sad')")
        for number, (sql, check) in enumerate(self.STATEMENTS.items(), 2):
            with self.subTest(sql=sql):
                p.pairs({f"{number:03}_x": OFF + audit(f"{number}a") + sql + "\n" + audit(f"{number}b")})
                p.up()
                self.assertEqual(p.sql(check), [(1,)])
                self.assertEqual(p.tokens()[-2:], [f"{number}a", f"{number}b"])

    def test_value_of_an_enum_inside_a_transaction_and_used_behind_it(self):
        p = self.started().pairs({"002_b": "CREATE TYPE mood AS ENUM ('sad');\nCREATE TABLE m (m mood);\n",
                                  "003_c": audit("3") + "ALTER TYPE mood ADD VALUE 'glad';\n",
                                  "004_d": "INSERT INTO m VALUES ('glad');\n" + audit("4")})
        p.up()
        self.assertEqual(p.tokens(), ["3", "4"])
        p.pairs({"005_e": "ALTER TYPE mood ADD VALUE 'mad';\nINSERT INTO m VALUES ('mad');\n"})
        result = p.run("up")
        self.assertRefused(result, "into a migration before", "unsafe use")
        p.pairs({"005_e": OFF + "ALTER TYPE mood ADD VALUE 'mad';\nINSERT INTO m VALUES ('mad');\n"})
        p.up()
        self.assertEqual(p.sql("SELECT m FROM m"), [("glad",), ("mad",)])

    def test_create_database_and_its_kin(self):
        p = self.started()
        name = p.database.name + "_other"
        p.pairs({"002_b": (f'CREATE DATABASE "{name}";', f'DROP DATABASE "{name}";')})
        p.up()
        self.assertEqual(p.sql("SELECT count(*) FROM pg_database WHERE datname = $1", name), [(1,)])
        p.down()
        self.assertEqual(p.sql("SELECT count(*) FROM pg_database WHERE datname = $1", name), [(0,)])

    def test_procedures_that_commit(self):
        body = ("CREATE PROCEDURE work() LANGUAGE plpgsql AS $$ BEGIN FOR i IN 1..3 LOOP"
                " INSERT INTO audit (token) VALUES (i::text); COMMIT; END LOOP; END $$;\n")
        p = self.started().pairs({"002_b": body, "003_c": OFF + "CALL work();\n", "004_d": audit("4")})
        p.up()
        self.assertEqual(p.tokens(), ["1", "2", "3", "4"])
        self.assertDone(p, ["001_a", "002_b", "003_c", "004_d"])
        # In a transaction the server refuses it, and the hint says what to write.
        p.pairs({"005_e": "CALL work();\n"})
        result = p.run("up", check=1)
        self.assertRefused(result, "invalid transaction termination", "transaction=off")
        self.assertEqual(p.tokens(), ["1", "2", "3", "4"])

    def test_do_block_that_commits(self):
        block = "DO $$ BEGIN INSERT INTO audit (token) VALUES ('1'); COMMIT; END $$;\n"
        p = self.started().pairs({"002_b": OFF + block + audit("2")})
        p.up()
        self.assertEqual(p.tokens(), ["1", "2"])
        p.pairs({"003_c": block})
        self.assertRefused(p.run("up", check=1), "invalid transaction termination", "transaction=off")

    def test_S_D63_failed_build_is_reported_and_built_again(self):
        p = self.started().pairs({"002_b": audit("x") + audit("x"),
                                  "003_c": "CREATE UNIQUE INDEX CONCURRENTLY one ON audit (token);\n",
                                  "004_d": audit("4")})
        result = p.run("up", check=1)
        self.assertRefused(result, "003_c", "23505|duplicate", 'index public.one is left INVALID')
        self.assertEqual(p.completed(), ["001_a", "002_b"])
        p.sql("DELETE FROM audit WHERE n = (SELECT max(n) FROM audit)")
        p.up()
        self.assertEqual(p.sql("SELECT indisvalid FROM pg_index WHERE indexrelid = 'one'::regclass"), [("t",)])
        self.assertEqual(p.tokens(), ["x", "4"])

    def test_what_a_reindex_leaves_is_told_and_dropped(self):
        """Of TOAST only a superuser may drop it."""
        left = "SELECT relname FROM pg_class WHERE relname ~ '_ccnew$' AND relname !~ 'toast'"
        p = self.started().pairs({"002_b": "CREATE INDEX by_token ON audit (token);\n",
                                  "003_c": "REINDEX TABLE CONCURRENTLY audit;\n"})
        p.run("up", "1", check=0)
        with p.connect() as other:
            other.query("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1")
            result = p.run("up", env={"BRANT_STATEMENT_TIMEOUT": "2s"}, check=1)
        self.assertRefused(result, "003_c", "public.by_token_ccnew is left INVALID", "brant drops it first",
                           r"pg_toast\.\S+_ccnew is left INVALID", "drop it as a superuser")
        self.assertIn(("by_token_ccnew",), p.sql(left))
        self.assertSays(p.up(), 'dropped index "by_token_ccnew"')
        self.assertEqual(p.sql(left), [])

    def test_S_E28_unlogged_tables_too(self):
        p = self.started().pairs({"002_b": "CREATE UNLOGGED TABLE u (a int);\nALTER TABLE u SET LOGGED;\n"
                                           "CREATE UNLOGGED TABLE v (a int);\n"})
        p.up()
        self.assertEqual(p.sql("SELECT relname, relpersistence FROM pg_class WHERE relname IN ('u', 'v') ORDER BY 1"),
                         [("u", "p"), ("v", "u")])


if __name__ == "__main__":
    support.main()
