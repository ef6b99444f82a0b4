# SPDX-License-Identifier: Apache-2.0
"""Applying and undoing: what every user does first."""
import datetime
import re
import sqlite3

import support
from support import AUDIT, audit


def three() -> dict:
    return {
        "001_users": (AUDIT + "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);\n"
                      + audit("up 001"), "DROP TABLE users;\nDROP TABLE audit;\n"),
        "002_posts": ("CREATE TABLE posts (id INTEGER PRIMARY KEY, author INTEGER);\n"
                      + audit("up 002"), "DROP TABLE posts;\n" + audit("down 002")),
        "003_index": ("CREATE INDEX posts_author ON posts (author);\n" + audit("up 003"),
                      "DROP INDEX posts_author;\n" + audit("down 003")),
    }


class Up(support.Case):
    def test_S_A19_up_applies_all_and_names_each(self):
        p = self.project().pairs(three())
        result = p.up()
        self.assertSays(result, "001.*users", "002.*posts", "003.*index")
        self.assertEqual(p.tokens(), ["up 001", "up 002", "up 003"])
        self.assertDone(p, ["001_users", "002_posts", "003_index"])

    def test_S_A11_numbers_sort_as_numbers(self):
        p = self.project().pairs({
            "9_i": audit("9"), "10_j": audit("10"), "100_k": audit("100"),
            "1_a": AUDIT + audit("1"), "02_b": audit("2"), "0011_l": audit("11")})
        p.up()
        self.assertEqual(p.tokens(), ["1", "2", "9", "10", "11", "100"])

    def test_versions_of_forty_digits_work_and_sort(self):
        big = "1" + "0" * 39
        bigger = "1" + "0" * 38 + "1"
        p = self.project().pairs({f"{bigger}_c": audit("c"), f"{big}_b": audit("b"),
                                  "9_a": AUDIT + audit("a")})
        p.up()
        self.assertEqual(p.tokens(), ["a", "b", "c"])
        self.assertEqual(p.status()["version"], bigger)
        self.assertRefused(p.run("down"), "_c")  # there is no down file

    def test_S_C10_semantic_versions_sort_by_their_parts(self):
        p = self.project().pairs({"1.10.0_c": audit("1.10.0"), "1.2.0_b": audit("1.2.0"),
                                  "1.1.9_a": AUDIT + audit("1.1.9"), "2.0.0_d": audit("2.0.0")})
        p.up()
        self.assertEqual(p.tokens(), ["1.1.9", "1.2.0", "1.10.0", "2.0.0"])

    def test_S_C10_malformed_version_is_refused_by_name(self):
        p = self.project().pairs({"1.0.0_a": AUDIT, "1..2_b": audit("b")})
        self.assertRefused(p.run("up"), r"1\.\.2_b\.up\.sql")
        self.assertFalse(p.exists("app.db"))

    def test_S_E13_ascending_whatever_the_order_of_the_files(self):
        p = self.project()
        for name, text in (("3_c", audit("3")), ("1_a", AUDIT + audit("1")), ("2_b", audit("2"))):
            p.pairs({name: text})
        p.up()
        self.assertEqual(p.tokens(), ["1", "2", "3"])

    def test_S_E18_second_up_runs_nothing(self):
        p = self.project().pairs(three())
        p.up()
        before = p.dump(), p.ledger(), p.history()
        result = p.up()
        self.assertSays(result, r"nothing|up.to.date|no pending|no change")
        self.assertEqual((p.dump(), p.ledger(), p.history()), before)

    def test_S_D53_zero_when_applied_and_when_there_is_nothing(self):
        p = self.project().pairs(three())
        p.up(check=0)
        p.up(check=0)
        p.up("--exit-code", check=3)

    def test_S_A28_only_the_new_one_runs(self):
        p = self.project().pairs(three())
        p.up()
        p.pairs({"025_new": audit("up 025")})
        result = p.up("--json")
        self.assertEqual([m["id"] for m in result.json()["applied"]], ["025_new"])
        self.assertEqual(p.tokens()[3:], ["up 025"])

    def test_up_n_and_up_to(self):
        p = self.project().pairs(three())
        p.up("1")
        self.assertEqual(p.tokens(), ["up 001"])
        p.up("--to", "002_posts")
        self.assertEqual(p.tokens(), ["up 001", "up 002"])
        p.up("--to", "3")
        self.assertEqual(len(p.tokens()), 3)
        self.assertRefused(p.run("up", "--to", "77"), "77", codes=(2,))

    def test_dry_run_shows_every_statement_and_changes_nothing(self):
        p = self.project().pairs(three())
        result = p.up("--dry-run")
        self.assertSays(result, "CREATE TABLE users", "CREATE INDEX posts_author")
        self.assertFalse(p.exists("app.db") and p.tables())
        p.up("1")
        before = p.dump(), p.ledger()
        p.up("--dry-run")
        self.assertEqual((p.dump(), p.ledger()), before)

    def test_S_C49_plan_prints_every_statement(self):
        p = self.project().pairs(three())
        result = p.run("plan", check=0)
        for piece in ("CREATE TABLE users", "CREATE TABLE posts", "CREATE INDEX posts_author",
                      "'up 001'", "'up 002'", "'up 003'"):
            self.assertIn(piece, result.out, result)
        self.assertFalse(p.exists("app.db"))

    def test_S_E15_one_line_for_each_migration_and_none_again(self):
        p = self.project().pairs({"20240226153000_a": AUDIT, "20240226153001_b": audit("b")})
        line = re.compile(r"^20\d\d-\S+Z INFO Migration 20240226153000 ran successfully\b",
                          re.MULTILINE)
        result = p.up("--progress", "plain")
        self.assertEqual(len(line.findall(result.err)), 1, result)
        result = p.up("--progress", "plain")
        self.assertEqual(len(line.findall(result.text)), 0, result)

    def test_S_E21_times_are_utc_whatever_the_time_zone(self):
        p = self.project().pairs(three())
        p.up(env={"TZ": "Asia/Kolkata"})
        now = datetime.datetime.now(datetime.timezone.utc)
        for text in (p.ledger()[0]["started_at"], p.history()[0]["at"],
                     p.status(env={"TZ": "America/Lima"})["migrations"][0]["started_at"]):
            when = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
            self.assertEqual(when.utcoffset(), datetime.timedelta(0), text)
            self.assertLess(abs((now - when).total_seconds()), 600, text)

    def test_S_E22_duration_in_milliseconds(self):
        p = self.project().pairs({"1_a": AUDIT, "2_slow": support.busy("3000000")})
        result = p.up("--progress=json")
        wall = result.seconds * 1000
        took = p.ledger()[1]["duration_ms"]
        self.assertLessEqual(took, wall, result)
        self.assertGreater(took, wall / 4, result)

    def test_S_E23_method_is_recorded(self):
        p = self.project().pairs(three())
        p.up()
        self.assertEqual({row["direction"] for row in p.ledger()}, {"up"})
        self.assertEqual([row["migration"] for row in p.history() if row["action"] == "up"],
                         ["001_users", "002_posts", "003_index"])

    def test_S_A1_foreign_files_are_left_alone(self):
        p = self.project().pairs(three())
        p.write({"migrations/README.md": "# how we migrate\n", "migrations/notes.txt": "x",
                 "migrations/.gitkeep": ""})
        p.up()
        self.assertEqual(len(p.tokens()), 3)


class Down(support.Case):
    def test_S_A20_down_undoes_exactly_the_last(self):
        p = self.project().pairs(three())
        p.up()
        p.down()
        self.assertEqual(p.tokens()[3:], ["down 003"])
        self.assertDone(p, ["001_users", "002_posts"])
        self.assertEqual(p.status()["version"], "002")

    def test_S_A16_down_files_never_run_on_up(self):
        p = self.project().pairs(three())
        p.up()
        self.assertFalse([token for token in p.tokens() if token.startswith("down")])

    def test_S_A24_missing_down_file_is_named_before_anything_runs(self):
        p = self.project().pairs(three())
        p.remove("migrations/002_posts.down.sql")
        p.up()
        before = p.dump(), p.ledger()
        self.assertRefused(p.run("down", "3"), "002_posts", "down")
        self.assertEqual((p.dump(), p.ledger()), before)
        p.down()
        self.assertRefused(p.run("down"), r"002_posts", "down")

    def test_S_D64_down_removes_the_record(self):
        p = self.project().pairs(three())
        p.up()
        p.down("2")
        self.assertDone(p, ["001_users"])
        self.assertEqual(p.status()["pending"], ["002_posts", "003_index"])

    def test_S_E24_down_is_in_the_history(self):
        p = self.project().pairs(three())
        p.up()
        p.down()
        last = p.history()[-1]
        self.assertEqual((last["action"], last["migration"], last["outcome"]),
                         ("down", "003_index", "ok"))

    def test_down_to_and_all(self):
        p = self.project().pairs(three())
        empty = {"objects": [], "rows": {}}
        p.up()
        p.down("--to", "001_users")
        self.assertDone(p, ["001_users"])
        p.up()
        p.down("--all")
        self.assertDone(p, [])
        dump = p.dump()
        self.assertEqual({key: dump[key] for key in empty}, empty)
        result = p.down(check=0)
        self.assertSays(result, "nothing|no migration|not.*applied")

    def test_down_more_than_there_are(self):
        p = self.project().pairs(three())
        p.up()
        p.down("99")
        self.assertDone(p, [])

    def test_S_A18_all_downs_leave_an_empty_database(self):
        many = {f"{n:03}_t": (f"CREATE TABLE t{n} (a);\nCREATE INDEX i{n} ON t{n} (a);\n",
                              f"DROP TABLE t{n};\n") for n in range(1, 25)}
        p = self.project().pairs(many)
        p.up()
        self.assertEqual(len(p.tables()), 24)
        p.down("--all")
        self.assertEqual(p.dump()["objects"], [])

    def test_S_D65_down_file_is_plain_sql(self):
        p = self.project().pairs(three())
        p.up()
        with p.open() as connection:
            with open(p.at("migrations/003_index.down.sql"), encoding="utf-8") as file:
                connection.executescript(file.read())
        self.assertEqual(p.sql("SELECT count(*) FROM sqlite_master WHERE name = 'posts_author'"),
                         [(0,)])

    def test_applied_again_gets_a_new_place(self):
        p = self.project().pairs(three())
        p.up()
        p.sql("DROP TABLE posts")
        p.run("mark", "002_posts", "--as", "pending", check=0)
        p.up("--out-of-order", "run")
        self.assertDone(p, ["001_users", "003_index", "002_posts"])

    def test_everything_can_be_undone_after_a_late_one(self):
        p = self.project().pairs({name: texts for name, texts in three().items()
                                  if name != "002_posts"})
        p.pairs({"003_index": (audit("up 003"), audit("down 003"))})
        p.up()
        p.pairs({"002_posts": three()["002_posts"]})
        p.up("--out-of-order", "run")
        p.down("--all")
        self.assertDone(p, [])

    def test_the_late_one_is_the_last_and_is_undone_first(self):
        p = self.project().pairs({"1_a": (AUDIT, "SELECT 1;"), "3_c": (audit("3"), audit("d3"))})
        p.up()
        p.pairs({"2_b": (audit("2"), audit("d2"))})
        p.up("--out-of-order", "run")
        p.down()
        self.assertEqual(p.tokens(), ["3", "2", "d2"])


class GotoAndRedo(support.Case):
    def test_goto_goes_down_and_up(self):
        p = self.project().pairs(three())
        p.up()
        p.run("goto", "001_users", check=0)
        self.assertEqual(p.tokens()[3:], ["down 003", "down 002"])
        p.run("goto", "3", check=0)
        self.assertEqual(p.tokens()[5:], ["up 002", "up 003"])
        self.assertRefused(p.run("goto", "9"), "9", codes=(2,))

    def test_redo_is_down_and_up_of_the_last(self):
        p = self.project().pairs(three())
        p.up()
        p.run("redo", check=0)
        self.assertEqual(p.tokens()[3:], ["down 003", "up 003"])
        self.assertDone(p, ["001_users", "002_posts", "003_index"])


class Failure(support.Case):
    BAD = "CREATE TABLE half (a);\n" + audit("half") + "INSERT INTO nowhere\n  VALUES (1);\n"

    def broken(self):
        p = self.project().pairs(three())
        return p.pairs({"004_bad": self.BAD, "005_after": audit("up 005")})

    def test_S_A33_the_error_has_file_line_statement_and_the_reason(self):
        p = self.broken()
        result = p.run("up", check=1)
        self.assertAt(result, "004_bad.up.sql", 3)
        self.assertSays(result, "INSERT INTO nowhere", "no such table", r"\b1\b", where="err")
        self.assertSays(result, "004_bad", where="err")

    def test_S_A34_failure_stops_and_is_marked(self):
        p = self.broken()
        p.run("up", check=1)
        self.assertEqual(p.tokens(), ["up 001", "up 002", "up 003"])
        self.assertEqual(p.status()["state"], "failed")
        found = [m for m in p.status()["migrations"] if m["id"] == "004_bad"][0]
        self.assertEqual(found["status"], "failed")
        self.assertIn("nowhere", found["error"])

    def test_S_E16_failing_statement_leaves_no_trace_of_those_before(self):
        p = self.broken()
        p.run("up", check=1)
        self.assertNotIn("half", p.tables())
        self.assertNotIn("004_bad", p.completed())
        self.assertNotIn("half", p.tokens())

    def test_S_E11_version_named_and_result_not_zero(self):
        p = self.broken()
        result = p.run("up", "--json", check=1)
        self.assertIn("004_bad", result.err)
        document = result.json()
        self.assertEqual([m["id"] for m in document["applied"]],
                         ["001_users", "002_posts", "003_index"])
        self.assertIn("004_bad", str(document["failed"]))

    def test_mended_file_runs_without_a_hand_step(self):
        p = self.broken()
        p.run("up", check=1)
        p.pairs({"004_bad": self.BAD.replace("INTO nowhere", "INTO half")})
        p.up()
        self.assertEqual(p.tokens()[3:], ["half", "up 005"])
        self.assertDone(p, ["001_users", "002_posts", "003_index", "004_bad", "005_after"])

    def test_S_A35_fix_force_up(self):
        p = self.broken()
        p.run("up", check=1)
        p.pairs({"004_bad": self.BAD.replace("INTO nowhere", "INTO half")})
        p.run("force", "003", check=0)
        p.up()
        self.assertEqual(p.tokens()[3:], ["half", "up 005"])

    def test_S_D54_failing_down_is_not_zero_and_keeps_the_record(self):
        p = self.project().pairs(three())
        p.pairs({"003_index": (None, "DROP INDEX posts_author;\nDROP TABLE nowhere;\n")})
        p.up()
        before = p.dump()
        result = p.run("down", check=1)
        self.assertAt(result, "003_index.down.sql", 2)
        self.assertEqual(p.dump(), before)
        self.assertIn("003_index", [row["id"] for row in p.ledger()])
        p.pairs({"003_index": (None, "DROP INDEX posts_author;\n")})
        p.down()
        self.assertDone(p, ["001_users", "002_posts"])

    def test_constraint_violation_names_the_line(self):
        p = self.project().pairs({"1_a": "CREATE TABLE t (a UNIQUE);\n\nINSERT INTO t VALUES (1);\n"
                                         "INSERT INTO t\n VALUES (1);\n"})
        result = p.run("up", check=1)
        self.assertAt(result, "1_a.up.sql", 4)
        self.assertSays(result, "UNIQUE", where="err")


class Repeatable(support.Case):
    def test_S_D32_two_fresh_databases_end_the_same(self):
        p = self.project().pairs(three())
        p.up("-d", "sqlite:one.db")
        p.up("1", "-d", "sqlite:two.db")
        p.up("-d", "sqlite:two.db")
        self.assertEqual(p.dump("one.db"), p.dump("two.db"))
        with sqlite3.connect(p.at("one.db")) as one:
            self.assertEqual(one.execute("PRAGMA integrity_check").fetchone(), ("ok",))

    def test_S_C50_record_removed_and_applied_again(self):
        p = self.project().pairs({"1_a": "CREATE TABLE IF NOT EXISTS t (a);\n"})
        p.up()
        before = p.dump()
        p.sql("DELETE FROM brant_migrations")
        p.up()
        self.assertEqual(p.dump(), before)
        self.assertDone(p, ["1_a"])


class Text(support.Case):
    def test_S_A40_comments_quotes_and_semicolons_in_odd_places(self):
        p = self.project().pairs({"1_a": (
            "/* don't; stop */\n"
            "CREATE TABLE t ( -- it's the first; really\n"
            "  a TEXT, /* a \"comment; */ b TEXT DEFAULT 'x;y', -- trailing '\n"
            "  \"odd;name\" TEXT, [other;one] TEXT, `third;` TEXT\n"
            ");;\n"
            "INSERT INTO t (a) VALUES ('it''s; -- here'), ('/* not a comment */');\n"
            "CREATE TRIGGER r AFTER INSERT ON t BEGIN\n"
            "  UPDATE t SET b = CASE WHEN a = ';' THEN 'end;' ELSE b END; -- END;\n"
            "  DELETE FROM t WHERE a = 'END;';\n"
            "END;\n"
            "INSERT INTO t (a) VALUES ('last; one');\n"
            "-- the end; of it"), "2_b": "CREATE TABLE u (a);\n;\n-- nothing\n"})
        p.up()
        self.assertEqual(p.sql("SELECT a FROM t ORDER BY rowid"),
                         [("it's; -- here",), ("/* not a comment */",), ("last; one",)])
        self.assertEqual(p.tables(), ["t", "u"])

    def test_file_with_nothing_in_it_is_recorded(self):
        p = self.project().pairs({"1_a": "", "2_b": "-- only a comment\n", "3_c": AUDIT})
        p.up()
        self.assertDone(p, ["1_a", "2_b", "3_c"])

    def test_select_statements_are_harmless(self):
        p = self.project().pairs({"1_a": AUDIT + "SELECT * FROM audit;\n" + audit("x")
                                         + "SELECT 1 UNION SELECT 2;\n"})
        p.up()
        self.assertEqual(p.tokens(), ["x"])


class New(support.Case):
    def created(self, p, *args):
        before = set(p.listing())
        p.run("new", *args, check=0)
        return sorted(set(p.listing()) - before)

    def test_S_A25_next_number_same_padding_both_files(self):
        p = self.project().pairs({f"{n:03}_x": ("SELECT 1;", "SELECT 1;") for n in range(1, 25)})
        self.assertEqual(self.created(p, "add users table"),
                         ["migrations/025_add_users_table.down.sql",
                          "migrations/025_add_users_table.up.sql"])
        p.up()

    def test_S_A25_duplicate_name_or_version_is_refused(self):
        p = self.project().pairs({"001_users": AUDIT})
        before = p.listing()
        self.assertRefused(p.run("new", "again", "--version", "001"), "001_users", codes=(2,))
        self.assertRefused(p.run("new", "users", "--version", "1"), "001_users", codes=(2,))
        self.assertEqual(p.listing(), before)

    def test_S_E9_timestamp_is_utc_and_unique_within_a_second(self):
        p = self.project()
        names = [name for n in range(3)
                 for name in self.created(p, f"m{n}", "--timestamp") if name.endswith("up.sql")]
        stamps = [re.match(r"migrations/(\d{14})_m\d\.up\.sql$", name)[1] for name in names]
        self.assertEqual(len(set(stamps)), 3, names)
        self.assertEqual(stamps, sorted(stamps))
        when = datetime.datetime.strptime(stamps[0], "%Y%m%d%H%M%S")
        now = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)
        self.assertLess(abs((now - when).total_seconds()), 120)

    def test_S_E9_alias_create_and_the_timestamps_of_the_directory(self):
        p = self.project().pairs({"20240226153000_first": AUDIT})
        before = set(p.listing())
        p.run("create", "second", check=0)
        for name in set(p.listing()) - before:
            self.assertRegex(name, r"/\d{14}_second\.(up|down)\.sql$")

    def test_several_at_once_get_numbers_of_their_own(self):
        for numbering in ("--seq", "--timestamp"):
            p = self.project()
            running = [p.start("new", f"m{n}", numbering) for n in range(10)]
            for each in running:
                self.assertEqual(each.finish().code, 0, each.err())
            versions = [name.split("_")[0] for name in p.listing() if name.endswith("up.sql")]
            self.assertEqual(len(set(versions)), 10, versions)

    def test_S_C74_empty_description_is_refused(self):
        p = self.project()
        for name in ("", "   ", "///"):
            with self.subTest(name=name):
                self.assertRefused(p.run("new", name), "name|description", codes=(2,))
        self.assertEqual(p.listing(), [])

    def test_init_writes_a_project_that_works(self):
        p = self.project(url=None)
        p.run("init", check=0)
        self.assertTrue(p.exists("brant.yaml") and p.exists("migrations"))
        p.up()
        self.assertEqual(len(p.completed()), 1)
        p.down()
        before = p.listing()
        self.assertRefused(p.run("init"), "brant.yaml", codes=(2,))
        self.assertEqual(p.listing(), before)


class Directory(support.Case):
    def test_S_E8_default_folder_and_the_option(self):
        p = self.project().pairs({"1_a": AUDIT + audit("default")})
        p.pairs({"1_a": AUDIT + audit("other")}, folder="elsewhere/sql")
        p.up()
        p.up("-m", "elsewhere/sql", "-d", "sqlite:other.db")
        self.assertEqual((p.tokens(), p.tokens("other.db")), (["default"], ["other"]))


if __name__ == "__main__":
    support.main()
