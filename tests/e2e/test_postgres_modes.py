# SPDX-License-Identifier: Apache-2.0
"""Ways of running that are the same on PostgreSQL as on SQLite: looking ahead, tracing, and all
migrations in one transaction."""
import re

import support
import support_postgres
from support_postgres import AUDIT, audit

FILES = {
    "1_a": ("CREATE TABLE t (a int);\nCREATE VIEW v AS SELECT a FROM t;\n", "DROP VIEW v;\nDROP TABLE t;\n"),
    "2_b": ("INSERT INTO t VALUES (1);\n\nUPDATE t SET a = 2 WHERE a = 1;\n", "DELETE FROM t;\n"),
    "3_c": ("-- brant: transaction=off\nCREATE TABLE u (a int);\n", "DROP TABLE u;\n"),
}
MASKS = [(re.compile(r"20\d\d-\d\d-\d\dT[\d:.]+Z"), "<time>"), (re.compile(r"\b[\d.]+ (us|ms|s)\b"), "<duration>"),
         (re.compile(r"(sqlite|postgres):\S+"), "<url>"), (re.compile(r'"\w+_(ms|ns|at)": \S+'), "<number>"),
         (re.compile(r'"[\w-]{16,64}"'), "<id>"), (re.compile(r'"round_trips": \d+'), "<trips>")]


def masked(text: str) -> str:
    for pattern, word in MASKS:
        text = pattern.sub(word, text)
    return text


class Shapes(support_postgres.Case):
    def setUp(self):
        super().setUp()
        self.both = [support.Project(self), self.project()]

    def same(self, *args, code: int = 0, **more):
        first, second = (p.run(*args, **more) for p in self.both)
        self.assertEqual((first.code, second.code), (code, code), str(first) + str(second))
        self.assertEqual(masked(first.out), masked(second.out))
        return first, second

    def test_plan_and_dry_run(self):
        for p in self.both:
            p.pairs(FILES)
        for args in (("plan",), ("plan", "--json"), ("up", "--dry-run"), ("up", "--dry-run", "--json"), ("up", "2"),
                     ("plan",), ("plan", "--json"), ("down", "--dry-run"), ("down", "--all", "--dry-run", "--json"),
                     ("up",), ("plan",), ("goto", "1", "--dry-run"), ("down", "--all")):
            first, second = self.same(*args)
            if "--dry-run" in args:
                self.assertEqual(masked(first.err), masked(second.err))
        self.assertEqual([p.tables() for p in self.both], [[], []])

    def test_trace_shows_the_same_operations(self):
        for p in self.both:
            p.pairs(FILES)
            p.up("1")
        for args in (("up", "--trace"), ("down", "--trace"), ("down", "--all", "--trace")):
            first, second = self.same(*args)
            # How many operations a program has is up to the engine.
            wanted = re.compile(r"TRACE (statement|begin|commit|guard|ledger \w+|lock|unlock)")
            self.assertEqual([mark[0] for mark in wanted.finditer(first.err)],
                             [mark[0] for mark in wanted.finditer(second.err)])
            self.assertRegex(second.err, r"TRACE statement 1: -?\d+ rows, \d+ us ")

    def test_trace_ends_with_the_failure(self):
        for p in self.both:
            p.pairs({"1_a": "CREATE TABLE t (a int);\nINSERT INTO nowhere VALUES (1);\n"})
        for result in self.same("up", "--trace", code=1):
            self.assertAt(result, "1_a.up.sql", 2)
            self.assertRegex(result.err, r"TRACE statement 1.*CREATE TABLE t \(a int\)")

    def test_events_are_the_same(self):
        for p in self.both:
            p.pairs(FILES)
        shapes = []
        for result in self.same("up", "--progress=json"):
            shapes.append([(event["event"], sorted(event), event.get("migration")) for event in result.events()])
        self.assertEqual(*shapes)


class AllInOne(support_postgres.Case):
    def three(self, last="INSERT INTO nowhere VALUES (1);\n"):
        return self.project().pairs({
            "1_a": AUDIT + audit("1"), "2_b": "CREATE TABLE b (a int);\n" + audit("2"), "3_c": audit("3") + last})

    def test_it_keeps_nothing_when_one_fails(self):
        p = self.three()
        result = p.run("up", "--tx", "all", check=1)
        self.assertAt(result, "3_c.up.sql", 2)
        self.assertEqual((p.tables(), p.completed()), ([], []))
        self.assertEqual([(row["migration"], row["outcome"]) for row in p.history() if row["action"] == "up"],
                         [("3_c", "failed")])
        p.pairs({"3_c": audit("3")})
        p.up("--tx", "all")
        self.assertEqual(p.tokens(), ["1", "2", "3"])
        self.assertDone(p, ["1_a", "2_b", "3_c"])
        p.run("history", "--verify", check=0)

    def test_modes_end_the_same(self):
        dumps = []
        for mode in ("each", "all", "none"):
            p = self.three(last=audit("4"))
            p.up("--tx", mode)
            self.assertDone(p, ["1_a", "2_b", "3_c"])
            p.run("history", "--verify", check=0)
            dumps.append(p.dump())
        self.assertEqual(dumps[0], dumps[1])
        self.assertEqual(dumps[0], dumps[2])

    def test_what_fails_at_the_commit_leaves_nothing(self):
        p = self.project().pairs({
            "1_a": "CREATE TABLE a (x int PRIMARY KEY);\nCREATE TABLE b (x int REFERENCES a DEFERRABLE INITIALLY DEFERRED);",
            "2_b": "INSERT INTO b VALUES (7);\n", "3_c": "CREATE TABLE c (x int);\n"})
        self.assertSays(p.run("up", "--tx", "all", check=1), "23503", where="err")
        self.assertEqual((p.tables(), p.completed()), ([], []))
        p.pairs({"3_c": "INSERT INTO a VALUES (7);\n"})
        p.up("--tx", "all")
        self.assertEqual(p.sql("SELECT * FROM b"), [(7,)])

    def test_rows_of_a_copy_are_in_it(self):
        p = self.project().pairs({"1_a": "CREATE TABLE a (x int);\nCOPY a FROM stdin;\n1\n2\n\\.\n",
                                  "2_b": "COPY a FROM stdin;\n3\nfour\n\\.\n"})
        self.assertAt(p.run("up", "--tx", "all", check=1), "2_b.up.sql", 3)
        self.assertEqual(p.tables(), [])
        p.pairs({"2_b": "COPY a FROM stdin;\n3\n4\n\\.\n"})
        p.up("--tx", "all")
        self.assertEqual(p.sql("SELECT count(*) FROM a"), [(4,)])

    def test_downwards_keeps_everything_when_one_fails(self):
        p = self.project().pairs({
            "1_a": (AUDIT, "DROP TABLE nowhere;"), "2_b": (audit("2"), audit("down 2")),
            "3_c": (audit("3"), audit("down 3"))})
        p.up()
        p.run("down", "--all", "--tx", "all", check=1)
        self.assertEqual((p.tables(), p.tokens()), (["audit"], ["2", "3"]))
        p.pairs({"1_a": (None, "DROP TABLE audit;")})
        p.down("--all", "--tx", "all")
        self.assertEqual((p.tables(), p.completed()), ([], []))

    def test_a_file_that_cannot_is_refused_before_anything(self):
        for text in ("-- brant: transaction=off\nSELECT 1;\n", "CREATE INDEX CONCURRENTLY i ON audit (token);\n",
                     "VACUUM;\n", "BEGIN;\nSELECT 1;\nCOMMIT;\n"):
            with self.subTest(text=text):
                p = self.project().pairs({"1_a": AUDIT, "2_b": text})
                self.assertRefused(p.run("up", "--tx", "all"), r"2_b\.up\.sql", "transaction", "--tx each")
                self.assertEqual((p.tables(), p.completed()), ([], []))

    def test_what_one_sets_does_not_reach_the_next(self):
        p = self.project().pairs({
            "1_a": "CREATE SCHEMA s;\nSET search_path TO s;\nSET work_mem = '7MB';\nCREATE TABLE in_s (a int);\n"
                   "CREATE TEMPORARY TABLE seen (a int);\nPREPARE mine AS SELECT 1;\n",
            "2_b": "CREATE TABLE seen AS SELECT current_schema() AS at, current_setting('work_mem') AS mem,\n"
                   " (SELECT count(*) FROM pg_prepared_statements WHERE name = 'mine') AS prepared;\n",
            "3_c": "SET LOCAL search_path TO s;\nDO $$ BEGIN PERFORM set_config('search_path', 's', true); END $$;\n",
            "4_d": "CREATE TABLE in_public (a int);\n"})
        p.up("--tx", "all")
        self.assertEqual(p.tables(), ["in_public", "seen"])
        self.assertEqual(p.sql("SELECT at, mem <> '7MB', prepared FROM seen"), [("public", "t", 0)])
        self.assertDone(p, ["1_a", "2_b", "3_c", "4_d"])


if __name__ == "__main__":
    support.main()
