# SPDX-License-Identifier: Apache-2.0
"""plan -o and apply, and repeatable migrations, from the command line."""
import json
import os
import pathlib

import support
from support import AUDIT, audit


def two():
    return {"001_a": (AUDIT + audit("a"), "DROP TABLE audit;"), "002_b": (audit("b"), audit("down b"))}


class SavedPlan(support.Case):
    def test_what_was_planned_is_what_runs(self):
        p = self.project().pairs(two())
        p.run("plan", "-o", "release.json", check=0)
        saved = json.loads(pathlib.Path(p.at("release.json")).read_text())
        self.assertEqual([s["id"] for s in saved["steps"]], ["001_a", "002_b"])
        done = p.run("apply", "release.json", "--json", check=0).json()
        self.assertEqual([m["id"] for m in done["applied"]], ["001_a", "002_b"])
        self.assertEqual(p.tokens(), ["a", "b"])

    def test_refused_with_nine_once_a_file_changed(self):
        p = self.project().pairs(two())
        p.run("plan", "-o", "release.json", check=0)
        p.pairs({"002_b": audit("other")})
        refused = p.run("apply", "release.json", check=9)
        self.assertIn("apply.files", refused.err)
        self.assertIn("002_b", refused.err)
        self.assertFalse(os.path.exists(os.path.join(p.path, "app.db")))

    def test_refused_with_nine_once_the_database_moved(self):
        p = self.project().pairs(two())
        p.run("plan", "-o", "release.json", check=0)
        p.up("1")
        self.assertIn("apply.database", p.run("apply", "release.json", check=9).err)
        self.assertEqual(p.tokens(), ["a"])

    def test_the_file_is_replaced_and_holds_no_password(self):
        p = self.project().pairs(two())
        p.write({"release.json": "old"})
        p.run("plan", "-d", "sqlite:app.db?password=hunter2", "-o", "release.json")
        self.assertNotIn("hunter2", pathlib.Path(p.at("release.json")).read_text())

    def test_a_plan_to_one_migration_applies_to_it(self):
        p = self.project().pairs(two())
        p.run("plan", "--to", "001", "-o", "release.json", check=0)
        p.run("apply", "release.json", check=0)
        self.assertEqual(p.tokens(), ["a"])

    def test_what_cannot_be_read_or_written_is_said(self):
        p = self.project().pairs(two())
        self.assertIn("missing.json", p.run("apply", "missing.json", check=1).err)
        self.assertIn("no/such", p.run("plan", "-o", "no/such/file", check=1).err)
        p.write({"bad.json": "{\n]"})
        refused = p.run("apply", "bad.json", check=1)
        self.assertIn("bad.json:2", refused.err)


class Repeatable(support.Case):
    """R__ files and repeatable=true: again when the text changed, behind all others."""

    def setUp(self):
        self.p = self.project().pairs(two())
        self.p.env["BRANT_ALLOW_VERSION_ZERO"] = "true"
        self.p.write({"migrations/R__views.up.sql": audit("views 1")})
        self.p.write({"migrations/000_first.up.sql": "-- brant: repeatable=true\n" + audit("first 1")})

    def test_run_once_at_the_end_and_again_when_edited(self):
        p = self.p
        p.up()
        self.assertEqual(p.tokens()[:2], ["a", "b"])
        self.assertEqual(sorted(p.tokens()[2:]), ["first 1", "views 1"])
        p.up()
        self.assertEqual(len(p.tokens()), 4)
        p.write({"migrations/R__views.up.sql": audit("views 2")})
        self.assertEqual(p.status()["pending"], ["R__views"])
        p.up()
        self.assertEqual(p.tokens()[4:], ["views 2"])

    def test_a_new_migration_comes_before_and_is_not_late(self):
        p = self.p
        p.up()
        p.pairs({"003_c": audit("c")})
        p.write({"migrations/R__views.up.sql": audit("views 2")})
        p.up()
        self.assertEqual(p.tokens()[4:], ["c", "views 2"])

    def test_the_version_is_that_of_the_others(self):
        p = self.p
        p.up()
        self.assertEqual(p.status()["version"], "002")

    def test_down_passes_by_what_has_no_way_back(self):
        p = self.p
        p.up()
        p.run("down", check=0)
        self.assertEqual(p.tokens()[4:], ["down b"])

    def test_a_failed_one_leaves_the_old_and_runs_again(self):
        p = self.p
        p.up()
        p.write({"migrations/R__views.up.sql": "INSERT INTO nowhere VALUES (1);"})
        self.assertIn("R__views", p.run("up", check=1).err)
        p.write({"migrations/R__views.up.sql": audit("views 3")})
        p.up()
        self.assertEqual(p.tokens()[4:], ["views 3"])

    def test_nothing_may_require_one(self):
        p = self.p
        p.pairs({"003_c": "-- brant: requires=R__views\n" + audit("c")})
        self.assertIn("graph.requires_repeatable", p.run("up", check=2).err)

    def test_it_waits_for_what_a_person_has_to_do(self):
        p = self.p
        p.pairs({"003_hand": "-- brant: kind=manual help=\"Do it.\"\n"})
        done = p.run("up", "--json").json()
        self.assertEqual([m["id"] for m in done["applied"]], ["001_a", "002_b"])
        p.run("mark", "003_hand", check=0)
        p.up()
        self.assertEqual(len(p.tokens()), 4)


class FunctionsElsewhere(support.Case):
    """kind=code: a file that stands for a function of a program, which the command has not."""

    def test_it_blocks_what_comes_after_like_work_of_a_person(self):
        p = self.project().pairs({**two(), "003_code": "-- brant: kind=code\n", "004_d": audit("d")})
        done = p.run("up", "--json")
        self.assertEqual([m["id"] for m in done.json()["applied"]], ["001_a", "002_b"])
        self.assertEqual([m["id"] for m in done.json()["skipped"]], ["003_code", "004_d"])
        self.assertEqual(done.code, 7)
        p.run("mark", "003_code", check=0)
        p.up()
        self.assertEqual(p.tokens(), ["a", "b", "d"])

    def test_statements_in_it_are_refused_with_their_place(self):
        p = self.project().pairs({"001_code": "-- brant: kind=code\n\nSELECT 1;\n"})
        refused = p.run("up")
        self.assertIn("migrations/001_code.up.sql:3:1", refused.err)
        self.assertIn("layout.code_text", refused.err)


if __name__ == "__main__":
    support.main()
