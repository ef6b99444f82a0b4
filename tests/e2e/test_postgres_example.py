# SPDX-License-Identifier: Apache-2.0
"""The same project on SQLite and on PostgreSQL: only the URL is another."""
import os
import pathlib
import shutil

import support
import support_postgres
from support_postgres import AUDIT, audit

SOURCE = pathlib.Path(os.environ["BRANT_SOURCE"]) / "examples"
IDS = ["001_create_library", "002_add_first_books", "003_add_loans", "004_shelves", "005_on_loan"]
ROWS = ("SELECT title, author, reader FROM on_loan", "SELECT id, author_id, title, pages, shelf FROM books ORDER BY id",
        "SELECT id, name FROM authors ORDER BY id", "SELECT book_id, reader, returned FROM loans")
# What is of the database or the moment, not of the project.
VOLATILE = {"engine", "url", "who", "started_at", "finished_at", "last_run_at", "at", "duration_ms", "run_id", "id",
            "hash", "prev", "lock", "round_trips"}


def lasting(value):
    """A document without what changes; ids of migrations stay."""
    if isinstance(value, dict):
        return {key: lasting(part) for key, part in value.items()
                if key not in VOLATILE or (key == "id" and part in IDS)}
    return [lasting(part) for part in value] if isinstance(value, list) else value


class Example(support_postgres.Case):
    def setUp(self):
        super().setUp()
        self.both = [support.Project(self, url=None), self.project()]
        for p in self.both:
            shutil.copytree(SOURCE / "portable", p.path, dirs_exist_ok=True)

    def same(self, look):
        """What `look` makes of a project is the same for both."""
        first, second = (look(p) for p in self.both)
        self.assertEqual(first, second)
        return first

    def same_document(self, *args, code: int = 0):
        return self.same(lambda p: lasting(p.run(*args, "--json", check=code).json()))

    def test_up_status_down_and_up_again(self):
        for _ in range(2):
            self.same_document("plan")
            self.same_document("up", "2")
            self.same_document("status")
            self.same_document("up")
            self.same_document("status")
            rows = self.same(lambda p: [p.sql(query) for query in ROWS])
            self.assertEqual(rows[0], [("Post /* Captain */", "O'Brien", "Jack")])
            self.assertEqual(self.same(lambda p: p.completed()), IDS)
            self.same_document("down", "--to", "002")
            self.assertEqual(self.same(lambda p: p.sql("SELECT id, title FROM books ORDER BY id"))[0],
                             (1, "Notes -- on an engine"))
            self.same_document("down", "--all")
            self.assertEqual(self.same(lambda p: p.tables()), [])
            self.same_document("history")

    def test_down_scripts_undo_and_nothing_was_edited(self):
        for p in self.both:
            p.up()
        self.same_document("validate")
        self.same_document("goto", "003")
        self.same_document("redo")
        self.same_document("list")
        self.same_document("version")


class Deployment(support_postgres.Case):
    """S-D17, S-D37, S-D38: migrations first, and the new code only when they have worked."""

    def setUp(self):
        super().setUp()
        self.p = self.project().pairs({"001_a": (AUDIT + audit("1"), "DROP TABLE audit;")})
        shutil.copy(SOURCE / "deployment" / "deploy.sh", self.p.path)
        self.p.env["PATH"] = os.path.dirname(support.BRANT) + ":" + self.p.env["PATH"]

    def deploy(self, code: int, **env):
        return self.p.run("touch", "started", program="./deploy.sh", check=code, env=env)

    def test_new_environment_and_one_that_has_everything(self):
        name = self.p.database.name + "_new"
        self.addCleanup(self.p.server.address.drop, name)
        new = {"DATABASE_URL": self.p.server.url(name)}
        self.assertSays(self.deploy(10, **new), "does not exist")
        self.assertFalse(self.p.exists("started"))
        self.deploy(0, BRANT_NEW="1", **new)
        self.assertTrue(self.p.exists("started"))
        self.assertSays(self.deploy(0, **new), "nothing to do")

    def test_new_code_does_not_start_when_a_migration_fails(self):
        self.p.pairs({"002_b": "SELECT nosuch;\n"})
        self.assertSays(self.deploy(1), "nosuch")
        self.assertFalse(self.p.exists("started"))

    def test_commands_of_the_first_job_run_as_written(self):
        job = (SOURCE / "deployment" / "ci.yml").read_text("utf-8").split("check:")[1]
        lines = [line.split("- brant ")[1] for line in job.splitlines() if "- brant " in line]
        self.assertEqual(len(lines), 3)
        for line in lines:
            self.p.run(*line.split(), check=0)
        self.assertDone(self.p, ["001_a"])

    def test_several_at_once_all_end_well(self):
        self.p.pairs({"002_b": audit("2") + "SELECT pg_sleep(0.5);\n"})
        runs = [self.p.start("true", program="./deploy.sh") for _ in range(4)]
        self.assertEqual([run.finish().code for run in runs], [0] * 4)
        self.assertEqual(self.p.tokens(), ["1", "2"])


if __name__ == "__main__":
    support.main()
