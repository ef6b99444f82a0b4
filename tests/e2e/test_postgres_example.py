# SPDX-License-Identifier: Apache-2.0
"""The same project on SQLite and on PostgreSQL: only the URL is another."""
import os
import pathlib
import shutil

import support
import support_postgres

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


if __name__ == "__main__":
    support.main()
