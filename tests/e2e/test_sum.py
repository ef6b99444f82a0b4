# SPDX-License-Identifier: Apache-2.0
"""brant.sum: what it covers, how a difference is told, and what version control makes of it."""
import json
import os
import shutil
import subprocess
import unittest

import support
from support import AUDIT, audit

SUM = "migrations/brant.sum"


class Case(support.Case):
    def with_sum(self, **more):
        p = self.project(**more).pairs({
            "001_a": (AUDIT + audit("1"), "DROP TABLE audit;\n"),
            "002_b": (audit("2"), audit("down 2")),
            "003_c": audit("3")})
        p.run("sum", check=0)
        return p

    def text(self, p) -> str:
        with open(p.at(SUM), encoding="utf-8") as file:
            return file.read()

    def assertMismatch(self, p, *words):
        for command in ("up", "plan", "status", "validate", "list"):
            result = p.run(command, check=9)
            self.assertSays(result, "sum.mismatch", *words, where="err")
            self.assertHint(result)
        self.assertSays(p.run("sum", "--check", check=9), *words, where="err")


class Command(Case):
    def test_writes_the_file_and_names_it(self):
        p = self.with_sum()
        self.assertEqual(p.run("sum", check=0).out, SUM + "\n")
        lines = self.text(p).splitlines()
        self.assertEqual(lines[0], "brant-sum 1")
        self.assertEqual([line[:-65] for line in lines[1:]],
                         ["001_a.up.sql", "001_a.down.sql", "002_b.up.sql", "002_b.down.sql",
                          "003_c.up.sql"])
        document = p.run("sum", "--json", check=0).json()
        self.assertEqual(document, {"schema": 1, "checked": False, "files": [SUM]})

    def test_needs_no_database(self):
        p = self.with_sum(url=None)
        p.run("sum", "--check", check=0)

    def test_check_writes_nothing(self):
        p = self.with_sum()
        before = self.text(p)
        p.run("sum", "--check", check=0)
        self.assertEqual(p.run("sum", "--check", "--json", check=0).json(),
                         {"schema": 1, "checked": True, "files": []})
        p.write({"migrations/003_c.up.sql": audit("x")})
        result = p.run("sum", "--check", "--json", check=9)
        self.assertEqual(json.loads(result.err.splitlines()[-1])["error"]["id"], "sum.mismatch")
        self.assertEqual(self.text(p), before)
        p.remove(SUM)
        self.assertSays(p.run("sum", "--check", check=9), "sum.missing", where="err")
        self.assertFalse(p.exists(SUM))

    def test_all_databases_of_a_project(self):
        p = self.project(url=None)
        p.write({"brant.yaml": "databases:\n"
                               "  main: { url: sqlite:a.db, migrations: one }\n"
                               "  more: { url: sqlite:b.db, migrations: two }\n"
                               "  same: { url: sqlite:c.db, migrations: two }\n",
                 "one/001_a.up.sql": "SELECT 1;\n", "two/001_a.up.sql": "SELECT 1;\n"})
        self.assertEqual(p.run("sum", check=0).out, "one/brant.sum\ntwo/brant.sum\n")
        p.write({"two/001_a.up.sql": "SELECT 2;\n"})
        self.assertSays(p.run("sum", "--check", check=9), "database more", where="err")
        self.assertEqual(p.run("sum", "-d", "more", check=0).out, "two/brant.sum\n")
        p.run("sum", "--check", check=0)

    def test_nothing_without_the_file(self):
        p = self.with_sum()
        p.remove(SUM)
        p.up()
        p.write({"migrations/004_d.up.sql": audit("4")})
        p.up()
        self.assertFalse(p.exists(SUM))


class Differences(Case):
    def test_unchanged_set_runs(self):
        p = self.with_sum()
        result = p.up()
        self.assertNotIn("brant.sum", result.text)
        self.assertEqual(p.tokens(), ["1", "2", "3"])

    def test_changed(self):
        p = self.with_sum()
        p.write({"migrations/002_b.up.sql": audit("other")})
        self.assertMismatch(p, r'"002_b\.up\.sql" was changed', r"migrations/002_b\.up\.sql")
        self.assertFalse(p.exists("app.db"))
        p.run("sum", check=0)
        p.up()

    def test_added_removed_and_moved(self):
        p = self.with_sum()
        p.write({"migrations/004_d.up.sql": audit("4")})
        self.assertMismatch(p, r'"004_d\.up\.sql" was added')
        p.remove("migrations/004_d.up.sql", "migrations/003_c.up.sql")
        self.assertMismatch(p, r'"003_c\.up\.sql" was removed')
        p.write({"migrations/005_c.up.sql": audit("3")})
        self.assertMismatch(p, r'"003_c\.up\.sql" was moved to "005_c\.up\.sql"')

    def test_all_of_them_are_named(self):
        p = self.with_sum()
        p.write({"migrations/001_a.up.sql": AUDIT, "migrations/004_d.up.sql": audit("4")})
        p.remove("migrations/003_c.up.sql")
        self.assertMismatch(p, "001_a", "003_c", "004_d")

    def test_line_ends_mark_and_down_files_do_not_count(self):
        p = self.with_sum()
        p.write({"migrations/001_a.up.sql":
                 b"\xef\xbb\xbf" + (AUDIT + audit("1")).replace("\n", "\r\n").encode(),
                 "migrations/002_b.down.sql": audit("mended"),
                 SUM: self.text(p).replace("\n", "\r\n")})
        p.up()

    def test_edited_snapshot_is_detected(self):
        p = self.project().write({
            "migrations/0000_a.sql": AUDIT, "migrations/meta/_journal.json": "{}",
            "migrations/meta/0000_snapshot.json": '{"id": 1}'})
        p.run("sum", check=0)
        p.write({"migrations/meta/_journal.json": '{"entries": []}'})
        p.up()
        p.write({"migrations/meta/0000_snapshot.json": '{"id": 2}'})
        self.assertMismatch(p, r'"meta/0000_snapshot\.json" was changed')

    def test_names_with_blanks(self):
        p = self.project().write({"migrations/001_a b.up.sql": AUDIT,
                                  "migrations/002_ " + "0" * 64 + ".up.sql": audit("2")})
        p.run("sum", check=0)
        p.up()
        p.write({"migrations/001_a b.up.sql": AUDIT + audit("x")})
        self.assertMismatch(p, r'"001_a b\.up\.sql" was changed')

    def test_sum_file_is_mentioned_nowhere(self):
        p = self.with_sum()
        self.assertNotIn("brant.sum", p.run("status", "-v", check=0).text)


class New(Case):
    def test_new_migration_joins(self):
        p = self.with_sum()
        p.run("new", "more", check=0)
        p.run("sum", "--check", check=0)
        self.assertIn("004_more.down.sql ", self.text(p))

    def test_new_does_not_confirm_what_was_changed(self):
        p = self.with_sum()
        before = p.listing()
        p.write({"migrations/001_a.up.sql": AUDIT})
        self.assertSays(p.run("new", "more", check=9), "001_a", where="err")
        self.assertEqual(p.listing(), before)

    def test_many_at_once(self):
        p = self.with_sum()
        running = [p.start("new", f"name {n}") for n in range(6)]
        for each in running:
            self.assertEqual(each.finish().code, 0)
        p.run("sum", "--check", check=0)
        self.assertEqual(len(self.text(p).splitlines()), 1 + 5 + 2 * 6)
        self.assertEqual([name for name in os.listdir(p.at("migrations")) if name[0] == "."], [])


@unittest.skipUnless(shutil.which("git"), "git is missing")
class Git(Case):
    """What happens to the file when branches meet."""

    def git(self, p, *args, code=0):
        result = subprocess.run(
            ["git", "-c", "user.name=t", "-c", "user.email=t@localhost", "-c",
             "commit.gpgsign=false", *args],
            cwd=p.path, capture_output=True, text=True, timeout=60,
            env=dict(p.environment(), GIT_CONFIG_NOSYSTEM="1", GIT_CONFIG_GLOBAL="/dev/null"))
        self.assertEqual(result.returncode, code, result)
        return result

    def commit(self, p, message):
        self.git(p, "add", "-A")
        self.git(p, "commit", "-q", "-m", message)

    def start(self):
        p = self.with_sum()
        self.git(p, "init", "-q", "-b", "main")
        self.commit(p, "base")
        return p

    def branch(self, p, name, files):
        self.git(p, "checkout", "-q", "-b", name, "main")
        p.write(files)
        p.run("sum", check=0)
        self.commit(p, name)

    def assertConflict(self, p):
        self.git(p, "merge", "one", code=1)
        unmerged = self.git(p, "diff", "--name-only", "--diff-filter=U").stdout.split()
        self.assertEqual(unmerged, [SUM])
        result = p.run("up", check=1)
        self.assertSays(result, "sum.malformed", "either side", '"brant sum"', where="err")
        self.assertRegex(result.err, r"brant\.sum:\d+")
        self.git(p, "checkout", "--ours", SUM)
        p.run("up", check=9)
        p.run("sum", check=0)

    def test_two_branches_that_add_conflict(self):
        p = self.start()
        self.branch(p, "one", {"migrations/004_one.up.sql": audit("one")})
        self.branch(p, "two", {"migrations/005_two.up.sql": audit("two")})
        self.assertConflict(p)
        p.up()
        self.assertEqual(p.tokens(), ["1", "2", "3", "one", "two"])

    def test_addition_in_the_middle_conflicts_too(self):
        p = self.start()
        self.branch(p, "one", {"migrations/0015_one.up.sql": audit("one")})
        self.branch(p, "two", {"migrations/0010_two.up.sql": audit("two")})
        self.assertConflict(p)

    def test_edit_on_one_branch_conflicts_with_an_addition(self):
        p = self.start()
        self.branch(p, "one", {"migrations/001_a.up.sql": AUDIT + audit("edited")})
        self.branch(p, "two", {"migrations/005_two.up.sql": audit("two")})
        self.assertConflict(p)
        p.up()
        self.assertEqual(p.tokens(), ["edited", "2", "3", "two"])

    def test_lines_of_both_sides_are_no_sum(self):
        p = self.start()
        p.write({".gitattributes": "*.sum merge=union\n"})
        self.commit(p, "attributes")
        self.branch(p, "one", {"migrations/004_one.up.sql": audit("one")})
        self.branch(p, "two", {"migrations/005_two.up.sql": audit("two")})
        self.git(p, "merge", "-q", "one", "-m", "merged")
        self.assertMismatch(p, "was moved")


if __name__ == "__main__":
    support.main()
