# SPDX-License-Identifier: Apache-2.0
"""Beside other tools: the database that brant makes is the one that the database's own client makes
of the same files, and both can go on with it."""
import pathlib
import shutil
import sqlite3
import subprocess

import support
from support import AUDIT, audit

SHOP = {
    "001_customers": (
        "-- Customers; the first table\nCREATE TABLE customers (\n"
        "  id INTEGER PRIMARY KEY, -- key\n  email TEXT NOT NULL UNIQUE, /* one; each */\n"
        "  name TEXT DEFAULT 'nobody; really'\n);\n"
        "CREATE INDEX customers_name ON customers (name COLLATE NOCASE);\n",
        "DROP TABLE customers;\n"),
    "002_orders": (
        "CREATE TABLE orders (\n  id INTEGER PRIMARY KEY AUTOINCREMENT,\n"
        "  customer INTEGER NOT NULL REFERENCES customers (id),\n"
        "  total INTEGER CHECK (total >= 0),\n  state TEXT\n);\n"
        "CREATE TABLE order_log (id INTEGER, state TEXT);\n"
        "CREATE TRIGGER orders_log AFTER UPDATE OF state ON orders\nWHEN old.state <> new.state\n"
        "BEGIN\n  INSERT INTO order_log VALUES (new.id, CASE new.state WHEN 'x' THEN 'end' "
        "ELSE new.state END);\n  SELECT 1;\nEND;\n",
        "DROP TABLE order_log;\nDROP TABLE orders;\n"),
    "003_rows": (
        "INSERT INTO customers (id, email) VALUES (1, 'a;b@c'), (2, 'it''s');\n"
        "INSERT INTO orders (customer, total, state) VALUES (1, 5, 'new'), (2, 7, 'new');\n"
        "UPDATE orders SET state = 'paid' WHERE id = 2;\n", "DELETE FROM order_log;\n"
        "DELETE FROM orders;\nDELETE FROM customers;\n"),
    "004_view": (
        "CREATE VIEW spending AS\nWITH sums AS (SELECT customer, sum(total) AS total FROM orders "
        "GROUP BY customer)\nSELECT name, sums.total FROM sums JOIN customers ON id = customer;\n",
        "DROP VIEW spending;\n"),
}


class SameAsTheClient(support.Case):
    def by_client(self, p, texts, db):
        with sqlite3.connect(p.at(db)) as connection:
            for text in texts:
                connection.executescript(text)
        connection.close()

    def test_S_D65_up_and_down_files_run_in_the_client(self):
        p = self.project().pairs(SHOP)
        p.up()
        self.by_client(p, [up for up, _ in SHOP.values()], "client.db")
        self.assertEqual(p.dump(), p.dump("client.db"))
        p.down("--all")
        self.by_client(p, [down for _, down in reversed(SHOP.values())], "client.db")
        self.assertEqual(p.dump()["objects"], p.dump("client.db")["objects"])

    def test_the_shell_reads_the_files(self):
        if shutil.which("sqlite3") is None:
            self.skipTest("there is no sqlite3 command")
        p = self.project().pairs(SHOP)
        for path in sorted(pathlib.Path(p.at("migrations")).glob("*.up.sql")):
            subprocess.run(["sqlite3", "-bail", p.at("shell.db")], input=path.read_bytes(),
                           check=True, timeout=30)
        p.up()
        self.assertEqual(p.dump(), p.dump("shell.db"))

    def test_the_client_can_dump_and_load_what_brant_made(self):
        p = self.project().pairs(SHOP)
        p.up("3")
        with p.open() as connection:
            text = "\n".join(connection.iterdump())
        with p.open("copy.db") as connection:
            connection.executescript(text)
        p.up("-d", "sqlite:copy.db")
        self.assertEqual(p.completed("copy.db"), list(SHOP))
        p.run("history", "--verify", "-d", "sqlite:copy.db", check=0)

    def test_a_copy_of_the_file_goes_on(self):
        p = self.project().pairs(SHOP)
        p.up("2")
        shutil.copy(p.at("app.db"), p.at("copy.db"))
        p.up()
        p.up("-d", "sqlite:copy.db")
        self.assertEqual(p.dump(), p.dump("copy.db"))

    def test_files_with_directives_run_in_the_client(self):
        texts = ["-- brant: transaction=off timeout=5m\n" + AUDIT + audit("a"),
                 "-- brant: requires=1_a required=true\n" + audit("b")]
        p = self.project().pairs({"1_a": texts[0], "2_b": texts[1]})
        p.up()
        self.by_client(p, texts, "client.db")
        self.assertEqual(p.dump(), p.dump("client.db"))


class Worked(support.Case):
    def test_S_E6_add_a_column_change_a_type_add_a_constraint_set_and_remove_keys(self):
        p = self.project().pairs({
            "1_t": ("CREATE TABLE t (id INTEGER PRIMARY KEY, size INTEGER);\n"
                    "INSERT INTO t VALUES (1, 5);\n", "DROP TABLE t;\n"),
            "2_column": ("ALTER TABLE t ADD COLUMN name TEXT;\n",
                         "ALTER TABLE t DROP COLUMN name;\n"),
            "3_type": (
                "-- brant: foreign-keys=off\nCREATE TABLE t2 (id INTEGER PRIMARY KEY, size TEXT "
                "CHECK (size <> ''), name TEXT UNIQUE);\nINSERT INTO t2 SELECT id, size, name FROM "
                "t;\nDROP TABLE t;\nALTER TABLE t2 RENAME TO t;\n",
                "-- brant: foreign-keys=off\nCREATE TABLE t2 (id INTEGER PRIMARY KEY, size "
                "INTEGER, name TEXT);\nINSERT INTO t2 SELECT id, size, name FROM t;\n"
                "DROP TABLE t;\nALTER TABLE t2 RENAME TO t;\n"),
            "4_key": ("CREATE TABLE c (t INTEGER REFERENCES t (id));\nCREATE UNIQUE INDEX k ON c "
                      "(t);\nINSERT INTO c VALUES (1);\n", "DROP TABLE c;\n")})
        p.up()
        self.assertEqual(p.sql("SELECT * FROM t"), [(1, "5", None)])
        before = p.dump()
        p.down("3")
        self.assertEqual(p.sql("SELECT * FROM t"), [(1, 5)])
        p.up()
        self.assertEqual(p.dump(), before)


class TablesOfOthers(support.Case):
    """A table of another tool in the database is not ours to change."""

    def test_they_are_left_alone(self):
        p = self.project().pairs(SHOP)
        p.script("CREATE TABLE other_tool (version INTEGER); INSERT INTO other_tool VALUES (7);")
        p.up()
        p.down("--all")
        self.assertEqual(p.sql("SELECT * FROM other_tool"), [(7,)])
        self.assertEqual(p.tables(), ["other_tool"])

    def test_what_another_tool_has_applied_is_not_run_again(self):
        p = self.project().pairs(SHOP)
        p.script("CREATE TABLE customers (id INTEGER PRIMARY KEY, email TEXT, name TEXT);"
                 "CREATE TABLE goose_db_version (version_id INTEGER)")
        result = p.run("up", check=1)
        self.assertSays(result, '"goose_db_version" of goose', "brant force VERSION", "adopt.foreign_history")
        self.assertEqual(p.tables(), ["customers", "goose_db_version"])
        p.run("force", "001", check=0)
        p.script("DROP TABLE customers")
        self.assertNotIn("goose", p.run("up", check=1).err)

    def test_only_our_tables_are_added(self):
        p = self.project().pairs(SHOP)
        p.up()
        ours = [name for name, in p.sql("SELECT name FROM sqlite_master WHERE type = 'table' "
                                        "AND name LIKE 'brant!_%' ESCAPE '!'")]
        self.assertLessEqual({"brant_migrations", "brant_history"}, set(ours))
        self.assertLessEqual(set(ours), {"brant_migrations", "brant_history", "brant_lock"})

    def test_setup_creates_the_database(self):
        p = self.project().pairs(SHOP)
        p.run("setup", check=0)
        self.assertTrue(p.exists("app.db"))
        p.up()
        self.assertDone(p, list(SHOP))

    def test_setup_complete_needs_an_empty_database(self):
        p = self.project().pairs(SHOP)
        p.run("setup", "--complete", check=0)
        self.assertDone(p, list(SHOP))
        p.up("-d", "sqlite:plain.db")
        self.assertEqual(p.dump(), p.dump("plain.db"))
        q = self.project().pairs(SHOP)
        q.script("CREATE TABLE mine (a);")
        self.assertRefused(q.run("setup", "--complete"), "empty", codes=(2,))
        self.assertEqual(q.tables(), ["mine"])


if __name__ == "__main__":
    support.main()
