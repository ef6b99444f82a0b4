# SPDX-License-Identifier: Apache-2.0
"""The examples work: up, down again, and from a program."""
import os
import pathlib
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import unittest

SOURCE = pathlib.Path(os.environ["BRANT_SOURCE"])
BRANT = os.environ["BRANT"]
BUILD = pathlib.Path(os.environ["BRANT_BUILD"])
STARTUP = BUILD / "tests" / "example_startup"
PROGRESS = BUILD / "tests" / "example_progress"
NAMES = [("Ada", "Lovelace"), ("Grace Brewster", "Hopper"), (None, None)]
TABLES = ["customers", "order_lines", "orders", "products"]


class Examples(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="brant-examples-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.project = self.folder / "quickstart"
        shutil.copytree(SOURCE / "examples" / "quickstart", self.project)
        self.env = {name: value for name, value in os.environ.items()
                    if not name.startswith("BRANT_") and name != "DATABASE_URL"}

    def run_in_project(self, *argv, **env) -> str:
        done = subprocess.run(argv, cwd=self.project, env=dict(self.env, **env), text=True,
                              capture_output=True, check=False)
        self.assertEqual(done.returncode, 0, f"{argv}: {done.stdout}{done.stderr}")
        return done.stdout

    def select(self, query: str) -> list:
        with sqlite3.connect(self.project / "app.db") as database:
            return [row[0] for row in database.execute(query)]

    def tables(self) -> list:
        return self.select("SELECT name FROM sqlite_schema WHERE type = 'table' "
                           "AND name NOT GLOB 'brant_*' AND name NOT GLOB 'sqlite_*' ORDER BY name")

    def test_quickstart_goes_up_and_down_and_keeps_its_rows(self):
        self.run_in_project(BRANT, "up")
        self.assertEqual(self.tables(), TABLES)
        self.assertEqual(self.select("SELECT cents FROM open_orders ORDER BY cents"), [2990, 3600])
        self.run_in_project(BRANT, "down", "--to", "002")
        self.assertEqual(self.select("SELECT count(*) FROM order_lines"), [3])
        self.assertEqual(self.select("SELECT price FROM products WHERE id = 2"), [29.9])
        self.run_in_project(BRANT, "down", "--all")
        self.assertEqual(self.tables(), [])
        self.run_in_project(BRANT, "up")
        self.assertEqual(self.tables(), TABLES)

    def names(self) -> list:
        with sqlite3.connect(self.project / "app.db") as database:
            return database.execute("SELECT first, last FROM users ORDER BY id").fetchall()

    def test_a_program_brings_its_database_up_to_date_when_it_starts(self):
        argv = (STARTUP, "app.db", SOURCE / "examples" / "startup" / "migrations")
        off = self.run_in_project(*argv, DATABASE_AUTO_MIGRATE="false")
        self.assertEqual(off, "applied 0, version none\n")
        self.assertEqual(self.run_in_project(*argv), "applied 4, version 004\n")
        self.assertEqual(self.run_in_project(*argv), "applied 0, version 004\n")
        self.assertEqual(self.names(), NAMES)

    @unittest.skipIf(os.environ.get("BRANT_SANITIZED") == "1",
                     "a library with AddressSanitizer cannot be loaded into Python")
    def test_a_python_program_does_the_same_through_ctypes(self):
        argv = (sys.executable, SOURCE / "examples" / "python" / "startup.py", "app.db",
                SOURCE / "examples" / "startup" / "migrations")
        library = str(next(BUILD.glob("libbrant.so")))
        first = self.run_in_project(*argv, LIBBRANT=library)
        self.assertEqual(first.splitlines()[0], "applied 4, version 004")
        again = self.run_in_project(*argv, LIBBRANT=library)
        self.assertEqual(again.splitlines()[0], "applied 0, version 004")
        self.assertEqual(self.names(), NAMES)

    def test_a_program_shows_its_own_progress(self):
        shown = self.run_in_project(PROGRESS, "app.db", "migrations").splitlines()
        self.assertEqual(shown[0], "[....................] 0/5 starting")
        self.assertTrue(shown[-1].startswith("[####################] 5/5 005"), shown)
        self.assertEqual(self.tables(), TABLES)


if __name__ == "__main__":
    unittest.main()
