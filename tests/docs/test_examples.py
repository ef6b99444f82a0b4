# SPDX-License-Identifier: Apache-2.0
"""The examples work: up, down again, and from a program."""
import os
import pathlib
import shutil
import sqlite3
import subprocess
import tempfile
import unittest

SOURCE = pathlib.Path(os.environ["BRANT_SOURCE"])
BRANT = os.environ["BRANT"]
STARTUP = pathlib.Path(os.environ["BRANT_BUILD"], "tests", "example_startup")
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

    def test_a_program_brings_its_database_up_to_date_when_it_starts(self):
        argv = (STARTUP, "app.db", "migrations")
        off = self.run_in_project(*argv, DATABASE_AUTO_MIGRATE="false")
        self.assertEqual(off, "applied 0, version none\n")
        self.assertEqual(self.run_in_project(*argv), "applied 5, version 005\n")
        self.assertEqual(self.run_in_project(*argv), "applied 0, version 005\n")
        self.assertEqual(self.tables(), TABLES)


if __name__ == "__main__":
    unittest.main()
