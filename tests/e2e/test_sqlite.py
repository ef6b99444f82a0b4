# SPDX-License-Identifier: Apache-2.0
"""What is particular to SQLite: foreign keys, journals, locks of other programs."""
import os
import sqlite3
import threading
import time

import support
from support import AUDIT, audit

PARENT_AND_CHILD = ("CREATE TABLE parent (id INTEGER PRIMARY KEY, name TEXT);\n"
                    "CREATE TABLE child (id INTEGER PRIMARY KEY, parent INTEGER NOT NULL "
                    "REFERENCES parent (id) ON DELETE CASCADE);\n"
                    "INSERT INTO parent VALUES (1, 'one'), (2, 'two');\n"
                    "INSERT INTO child VALUES (10, 1), (11, 1), (12, 2);\n")
REBUILD = ("CREATE TABLE parent_new (id INTEGER PRIMARY KEY, name TEXT NOT NULL DEFAULT '');\n"
           "INSERT INTO parent_new SELECT id, name FROM parent;\n"
           "DROP TABLE parent;\n"
           "ALTER TABLE parent_new RENAME TO parent;\n")
DIRECTIVE = "-- brant: foreign-keys=off\n"


class ForeignKeys(support.Case):
    def family(self, text):
        p = self.project().pairs({"1_a": PARENT_AND_CHILD, "2_b": text})
        p.up("1")
        return p

    def assertChildrenAlive(self, p):
        self.assertEqual(p.sql("SELECT id FROM child ORDER BY id"), [(10,), (11,), (12,)])

    def test_directive_keeps_the_children_of_a_rebuilt_table(self):
        p = self.family(DIRECTIVE + REBUILD)
        p.up()
        self.assertChildrenAlive(p)
        self.assertEqual(p.sql("PRAGMA foreign_key_check"), [])
        self.assertIn("NOT NULL DEFAULT", p.sql(
            "SELECT sql FROM sqlite_master WHERE name = 'parent'")[0][0])

    def test_check_catches_a_violation_names_the_tables_and_rolls_back(self):
        p = self.family(DIRECTIVE + REBUILD + "DELETE FROM parent WHERE id = 2;\n")
        before = p.dump()
        result = p.run("up")
        self.assertRefused(result, "2_b", "child", "parent", "foreign")
        self.assertEqual(p.dump(), before)
        self.assertNotIn("2_b", p.completed())

    def test_violation_that_was_there_before_is_told_as_well(self):
        p = self.family(DIRECTIVE + REBUILD)
        p.script("PRAGMA foreign_keys = OFF; INSERT INTO child VALUES (13, 99);")
        result = p.run("up")
        self.assertIn(result.code, (0, 1), result)
        self.assertEqual(len(p.sql("SELECT id FROM child")), 4)

    def test_without_the_directive_a_drop_that_deletes_children_is_refused(self):
        p = self.family(REBUILD)
        before = p.dump()
        result = p.run("up")
        self.assertRefused(result, r"2_b\.up\.sql", "parent", "child", "foreign-keys")
        self.assertAt(result, "2_b.up.sql", 3)
        self.assertEqual(p.dump(), before)

    def test_on_says_that_the_deletion_is_meant(self):
        p = self.family("-- brant: foreign-keys=on\n" + REBUILD)
        p.up()
        self.assertEqual(p.sql("SELECT id FROM child"), [])

    def test_drop_of_a_parent_without_children_rows_is_fine(self):
        p = self.family("DELETE FROM child;\nDROP TABLE parent;\n")
        p.up()
        self.assertEqual(p.tables(), ["child"])

    def test_pragmas_around_a_rebuild_work_like_the_directive(self):
        for off, on in (("PRAGMA foreign_keys=OFF;", "PRAGMA foreign_keys=ON;"),
                        ("PRAGMA foreign_keys = 0;", "PRAGMA foreign_keys = 1;"),
                        ("PRAGMA defer_foreign_keys=ON;\nPRAGMA foreign_keys=OFF;",
                         "PRAGMA foreign_keys=ON;\nPRAGMA defer_foreign_keys=OFF;")):
            with self.subTest(off=off):
                p = self.family(f"-- RedefineTables\n{off}\n{REBUILD}{on}\n")
                p.up()
                self.assertChildrenAlive(p)

    def test_pragmas_around_a_rebuild_that_breaks_a_key(self):
        p = self.family("PRAGMA foreign_keys=OFF;\n" + REBUILD
                        + "DELETE FROM parent WHERE id = 1;\nPRAGMA foreign_keys=ON;\n")
        before = p.dump()
        self.assertRefused(p.run("up"), "child", "foreign")
        self.assertEqual(p.dump(), before)

    def test_pragma_of_one_file_does_not_leak_into_the_next(self):
        p = self.family("PRAGMA foreign_keys=OFF;\n" + REBUILD)
        p.pairs({"3_c": "INSERT INTO child VALUES (20, 777);\n"})
        p.run("up", check=1)
        self.assertNotIn((20,), p.sql("SELECT id FROM child"))

    def test_enforcement_is_on_for_migrations(self):
        p = self.family("INSERT INTO child VALUES (20, 777);\n")
        result = p.run("up", check=1)
        self.assertSays(result, "foreign key", where="err")


class Journal(support.Case):
    def test_mode_is_never_changed(self):
        p = self.project().pairs({"1_a": AUDIT, "2_b": audit("2")})
        p.up()
        self.assertEqual(p.sql("PRAGMA journal_mode"), [("delete",)])
        self.assertEqual(p.sql("PRAGMA page_size"), [(4096,)])

    def test_wal_database_works_and_stays_wal(self):
        p = self.project().pairs({"1_a": (AUDIT + audit("1"), "DROP TABLE audit;"),
                                  "2_b": (audit("2"), audit("down 2"))})
        p.script("PRAGMA journal_mode = WAL;")
        p.up()
        p.down()
        p.up()
        self.assertEqual(p.tokens(), ["1", "2", "down 2", "2"])
        self.assertEqual(p.sql("PRAGMA journal_mode"), [("wal",)])

    def test_wal_can_be_switched_on_outside_a_transaction(self):
        p = self.project().pairs({"1_a": "-- brant: transaction=off\nPRAGMA journal_mode = WAL;\n",
                                  "2_b": AUDIT})
        p.up()
        self.assertEqual(p.sql("PRAGMA journal_mode"), [("wal",)])

    def test_readers_are_not_disturbed_in_wal(self):
        p = self.project().pairs({"1_a": AUDIT + audit("1"), "2_b": audit("2")})
        p.script("PRAGMA journal_mode = WAL;")
        p.up("1")
        with p.open() as reader:
            reader.execute("BEGIN")
            self.assertEqual(reader.execute("SELECT count(*) FROM audit").fetchone(), (1,))
            p.up(timeout=30)
            self.assertEqual(reader.execute("SELECT count(*) FROM audit").fetchone(), (1,))
            reader.execute("COMMIT")
        self.assertEqual(p.tokens(), ["1", "2"])

    def test_a_hot_journal_is_rolled_back_by_whoever_looks_first(self):
        for command in ("status", "validate", "plan", "up"):
            with self.subTest(command=command):
                p = self.project().pairs({
                    "1_a": AUDIT + "CREATE TABLE big (a);\n",
                    "2_b": "-- brant: placeholders=on\n" + audit("2")
                           + "INSERT INTO big WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT "
                             "i + 1 FROM c WHERE i < ${LIMIT}) SELECT zeroblob(4000) FROM c;\n"})
                p.up("1")
                size = os.path.getsize(p.at("app.db"))
                running = p.start("up", env={"LIMIT": "10000000"})
                support.wait_until(lambda: os.path.getsize(p.at("app.db")) > size + 4_000_000,
                                   what="a spilled cache", process=running)
                running.end()
                self.assertTrue(p.exists("app.db-journal"))
                p.run(command, check=0, env={"LIMIT": "1"})
                p.up(env={"LIMIT": "1"})
                self.assertEqual(p.sql("SELECT count(*) FROM big"), [(1,)])
                self.assertEqual(p.tokens(), ["2"])

    def test_no_files_are_left_beside_the_database(self):
        p = self.project().pairs({"1_a": AUDIT, "2_b": audit("2")})
        p.up()
        self.assertEqual([name for name in p.listing() if name.startswith("app.db")], ["app.db"])


class OtherPrograms(support.Case):
    """Somebody who does not know of us holds the database."""

    def holder(self, p, seconds, *statements):
        taken = threading.Event()

        def hold():
            connection = sqlite3.connect(p.at("app.db"), timeout=10, isolation_level=None)
            for statement in statements or ("BEGIN IMMEDIATE",):
                connection.execute(statement).fetchall()
            taken.set()
            time.sleep(seconds)
            connection.execute("ROLLBACK")
            connection.close()
        thread = threading.Thread(target=hold)
        thread.start()
        self.addCleanup(thread.join)
        self.assertTrue(taken.wait(20))

    def test_write_lock_for_a_while_delays_but_does_not_fail(self):
        for how in ("BEGIN IMMEDIATE", "BEGIN EXCLUSIVE"):
            with self.subTest(how=how):
                p = self.project().pairs({"1_a": AUDIT + audit("1"), "2_b": audit("2")})
                p.up("1")
                self.holder(p, 1.5, how)
                p.up()
                self.assertEqual(p.tokens(), ["1", "2"])

    def test_held_beyond_the_limit_is_eight_with_clear_text(self):
        p = self.project().pairs({"1_a": AUDIT + audit("1"), "2_b": audit("2")})
        p.up("1")
        self.holder(p, 6)
        result = p.run("up", "--lock-timeout", "1s")
        self.assertRefused(result, "lock", r"app\.db|main|database", codes=(8,))
        self.assertLess(result.seconds, 5 * support.PATIENCE)

    def test_busy_writers_only_delay(self):
        p = self.project().pairs({"01_a": AUDIT + "CREATE TABLE other (a);\n"} | {
            f"{n:02}_m": ("-- brant: transaction=off\n" if n % 4 == 0 else "") + audit(str(n))
            for n in range(2, 60)})
        p.up("1")
        stop = threading.Event()

        def write():
            connection = sqlite3.connect(p.at("app.db"), timeout=30, isolation_level=None)
            while not stop.is_set():
                connection.execute("INSERT INTO other VALUES (1)")
            connection.close()
        threads = [threading.Thread(target=write) for _ in range(2)]
        for thread in threads:
            thread.start()
        try:
            p.up("-q", timeout=120)
        finally:
            stop.set()
            for thread in threads:
                thread.join()
        self.assertEqual(p.tokens(), [str(n) for n in range(2, 60)])

    def test_reader_that_stays_stops_the_commit_in_time(self):
        p = self.project().pairs({"1_a": AUDIT + audit("1"), "2_b": audit("2")})
        p.up("1")
        self.holder(p, 6, "BEGIN", "SELECT * FROM audit")
        result = p.run("up", "--lock-timeout", "1s")
        self.assertRefused(result, "lock", codes=(8,))
        self.assertLess(result.seconds, 5 * support.PATIENCE)

    def test_exclusive_locking_mode_does_not_stay(self):
        p = self.project().pairs({"1_a": "PRAGMA locking_mode = EXCLUSIVE;\n" + AUDIT,
                                  "2_b": audit("2")})
        p.up()
        self.assertEqual(p.tokens(), ["2"])

    def test_reader_in_a_rollback_journal_delays_the_commit_only(self):
        p = self.project().pairs({"1_a": AUDIT + audit("1"), "2_b": audit("2")})
        p.up("1")
        self.holder(p, 1.5, "BEGIN", "SELECT * FROM audit")
        p.up()
        self.assertEqual(p.tokens(), ["1", "2"])


class Kinds(support.Case):
    def test_memory_database_is_new_each_time(self):
        p = self.project(url="sqlite::memory:").pairs({"1_a": AUDIT})
        self.assertEqual(len(p.up("--json").json()["applied"]), 1)
        self.assertEqual(len(p.up("--json").json()["applied"]), 1)
        self.assertEqual(p.listing(), ["migrations", "migrations/1_a.up.sql"])

    def test_path_with_spaces_and_signs(self):
        p = self.project(url=None).pairs({"1_a": AUDIT + audit("x")})
        for name in ("a b.db", "ü.db", "a+b.db", "sub/../c.db"):
            with self.subTest(name=name):
                p.write({"sub/x": ""})
                p.up("-d", f"sqlite:{name}")
                self.assertEqual(p.tokens(name), ["x"])

    def test_absolute_path(self):
        p = self.project(url=None).pairs({"1_a": AUDIT + audit("x")})
        p.up("-d", f"sqlite:{p.at('abs.db')}")
        self.assertEqual(p.tokens("abs.db"), ["x"])
        p.up("-d", f"sqlite://{p.at('abs.db')}")

    def test_strict_without_rowid_generated_and_virtual_tables(self):
        p = self.project().pairs({"1_a": (
            "CREATE TABLE s (a INTEGER PRIMARY KEY, b TEXT, c TEXT AS (b || 'x') STORED) STRICT;\n"
            "CREATE TABLE w (a TEXT PRIMARY KEY) WITHOUT ROWID;\n"
            "CREATE VIRTUAL TABLE f USING fts5 (body);\n"
            "INSERT INTO f VALUES ('the quick brown fox');\n"
            "CREATE VIEW v AS SELECT b FROM s;\n"
            "CREATE TRIGGER r INSTEAD OF INSERT ON v BEGIN INSERT INTO s (b) VALUES (new.b); "
            "END;\nINSERT INTO v VALUES ('y');\n")})
        p.up()
        self.assertEqual(p.sql("SELECT c FROM s"), [("yx",)])
        self.assertEqual(p.sql("SELECT count(*) FROM f WHERE f MATCH 'brown'"), [(1,)])

    def test_existing_database_keeps_its_rows(self):
        p = self.project().pairs({"1_a": "ALTER TABLE mine ADD COLUMN b DEFAULT 5;\n"})
        p.script("CREATE TABLE mine (a); INSERT INTO mine VALUES (1), (2);")
        p.up()
        self.assertEqual(p.sql("SELECT a, b FROM mine"), [(1, 5), (2, 5)])


class Placeholders(support.Case):
    def test_off_by_default(self):
        p = self.project().pairs({"1_a": AUDIT + audit("${WHO}")})
        p.up(env={"WHO": "me"})
        self.assertEqual(p.tokens(), ["${WHO}"])

    def test_directive_and_setting(self):
        p = self.project().pairs({"1_a": "-- brant: placeholders=on\n" + AUDIT
                                         + audit("${WHO} $${WHO}")})
        p.up(env={"WHO": "me"})
        self.assertEqual(p.tokens(), ["me ${WHO}"])
        p = self.project().pairs({"1_a": AUDIT + audit("${WHO}")})
        p.up("--placeholders", env={"WHO": "you"})
        self.assertEqual(p.tokens(), ["you"])

    def test_unset_is_an_error_with_its_position(self):
        p = self.project().pairs({"1_a": "-- brant: placeholders=on\n" + AUDIT
                                         + "INSERT INTO audit (token)\n  VALUES ('${NOT_SET}');\n"})
        result = p.run("up")
        self.assertRefused(result, "NOT_SET")
        self.assertAt(result, "1_a.up.sql", 4)
        self.assertEqual(p.tokens() if p.exists("app.db") else [], [])

    def test_value_cannot_end_the_statement(self):
        p = self.project().pairs({"1_a": "-- brant: placeholders=on\n" + AUDIT
                                         + "INSERT INTO audit (token) VALUES ('a${V}');\n"})
        p.up("--to", "1_a", env={"V": "x"})
        p.pairs({"2_b": "-- brant: placeholders=on\nINSERT INTO audit (token) VALUES ('b${V}');\n"})
        p.run("up", env={"V": "'); DROP TABLE audit; --"})
        self.assertEqual(p.tables(), ["audit"])

    def test_checksum_is_over_the_raw_text(self):
        p = self.project().pairs({"1_a": "-- brant: placeholders=on\n" + AUDIT + audit("${V}")})
        p.up(env={"V": "1"})
        p.up(env={"V": "2"})
        p.run("validate", check=0, env={"V": "3"})
        p.run("validate", check=0)


if __name__ == "__main__":
    support.main()
