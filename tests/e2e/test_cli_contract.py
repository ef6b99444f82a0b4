# SPDX-License-Identifier: Apache-2.0
"""What scripts rely on: streams, exit codes, JSON, options, help."""
import json
import os
import re
import subprocess

import support
from support import AUDIT, audit

# Commands of this version; those that need an argument, with one that does nothing bad.
COMMANDS = {
    "init": ["scaffold"], "new": ["a thing"], "up": [], "down": [], "goto": ["1"], "redo": [],
    "plan": [], "status": [], "list": [], "version": [], "history": [], "mark": ["1_a"],
    "force": ["1"], "repair": [], "validate": [], "health": [], "lock": [], "ping": [], "config": [],
    "setup": [], "sum": [], "completion": ["bash"],
}
ANSI = re.compile(r"\x1b\[")


def simple(case, **more):
    return support.Project(case, **more).pairs({
        "1_a": (AUDIT + audit("up 1"), "DROP TABLE audit;\n"),
        "2_b": (audit("up 2"), audit("down 2"))})


class Help(support.Case):
    def test_every_command_has_help_with_an_example(self):
        p = self.project(url=None)
        for command in COMMANDS:
            with self.subTest(command=command):
                result = p.run(command, "--help", check=0)
                self.assertEqual(result.err, "")
                self.assertSays(result, "example", f"brant {command}")
                self.assertRegex(result.out, rf"(?m)^\s*(\$ )?brant\b.*\b{command}\b")

    def test_help_lists_every_command(self):
        p = self.project(url=None)
        for args in (("--help",), ("help",), ("-h",)):
            result = p.run(*args, check=0)
            for command in COMMANDS:
                self.assertRegex(result.out, rf"(?m)^\s+{command}\b", result)
        self.assertIn("--dry-run", p.run("help", "up", check=0).out)

    def test_version_of_the_program(self):
        p = self.project(url=None)
        self.assertRegex(p.run("--version", check=0).out, r"brant \d+\.\d+\.\d+")

    def test_no_command_is_a_usage_error(self):
        result = self.project().run()
        self.assertEqual(result.code, 2, result)
        self.assertEqual(result.out, "")
        self.assertSays(result, "usage|help", where="err")

    def test_unknown_command_has_a_suggestion(self):
        self.assertRefused(self.project().run("stauts"), "stauts", "status", codes=(2,))

    def test_unknown_option_has_a_suggestion(self):
        self.assertRefused(simple(self).run("up", "--dryrun"), "--dryrun", "--dry-run", codes=(2,))

    def test_option_without_its_value(self):
        self.assertRefused(simple(self).run("up", "--to"), "--to", codes=(2,))

    def test_too_many_arguments(self):
        p = simple(self)
        self.assertRefused(p.run("up", "1", "2"), "2", codes=(2,))
        self.assertRefused(p.run("up", "many"), "many", codes=(2,))
        self.assertRefused(p.run("up", "-1"), "-1", codes=(2,))
        self.assertFalse(p.exists("app.db"))


class Streams(support.Case):
    def test_answers_go_to_stdout_and_errors_to_stderr(self):
        p = simple(self)
        p.up()
        for command in ("status", "version", "list", "history", "plan", "config", "validate"):
            with self.subTest(command=command):
                result = p.run(command)
                self.assertEqual(result.code, 0, result)
                self.assertNotEqual(result.out, "", result)
                self.assertEqual(result.err, "", result)
        result = p.run("goto", "99")
        self.assertEqual(result.out, "", result)
        self.assertNotEqual(result.err, "", result)

    def test_no_colour_without_a_terminal(self):
        p = simple(self)
        for env in ({}, {"NO_COLOR": "1"}, {"NO_COLOR": ""}, {"TERM": "xterm-256color"}):
            for args in (("plan",), ("up", "--dry-run"), ("goto", "99"), ("status",)):
                self.assertNotRegex(p.run(*args, env=env).text, ANSI)

    def test_quiet_says_nothing_but_answers(self):
        p = simple(self)
        result = p.up("-q")
        self.assertEqual(result.err, "")
        self.assertNotIn(p.completed()[0], result.out)
        self.assertSays(result, "current: ", "applied: ")
        p.run("goto", "99", "-q", check=2)

    def test_progress_none(self):
        self.assertEqual(simple(self).up("--progress=none").err, "")

    def answer_to(self, p, stdout, *args) -> int:
        return subprocess.run(
            [support.BRANT, *args], cwd=p.path, env=p.environment(), stdout=stdout,
            stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL, check=False,
            timeout=60 * support.PATIENCE).returncode

    def test_closed_stdout_is_no_crash(self):
        p = simple(self)
        p.up()
        reader, writer = os.pipe()
        os.close(reader)
        code = self.answer_to(p, writer, "history")
        os.close(writer)
        self.assertIn(code, (0, 1, 141, -13))

    def test_full_stdout_is_an_error(self):
        if not os.path.exists("/dev/full"):
            self.skipTest("there is no /dev/full")
        p = simple(self)
        p.up()
        with open("/dev/full", "wb") as full:
            self.assertNotEqual(self.answer_to(p, full, "status"), 0)


    def test_log_that_nobody_reads_does_not_stop_a_run(self):
        p = simple(self)
        reader, writer = os.pipe()
        os.close(reader)
        result = subprocess.run(
            [support.BRANT, "up", "--progress=plain", "-v"], cwd=p.path, env=p.environment(),
            stdout=subprocess.PIPE, stderr=writer, stdin=subprocess.DEVNULL, check=False,
            timeout=60 * support.PATIENCE)
        os.close(writer)
        self.assertEqual(result.returncode, 0)
        self.assertEqual(p.completed(), ["1_a", "2_b"])

    def test_closed_streams_do_not_end_up_in_the_database(self):
        p = simple(self)
        subprocess.run(["sh", "-c", '"$0" up -v >&- 2>&- <&-', support.BRANT], cwd=p.path,
                       env=p.environment(), check=False, timeout=60 * support.PATIENCE)
        self.assertEqual(p.completed(), ["1_a", "2_b"])
        self.assertEqual(p.dump()["integrity"], "ok")


class Terminal(support.Case):
    def test_colour_only_where_it_is_wanted(self):
        p = simple(self)
        for args in (("goto", "99"), ("up",)):
            wanted = p.in_terminal(*args, env={"TERM": "xterm-256color"})
            self.assertRegex(wanted.out, ANSI)
        for args, env in ((("goto", "99"), {"NO_COLOR": "1"}), (("goto", "99", "--no-color"), {}),
                          (("goto", "99"), {"TERM": "dumb"})):
            with self.subTest(args=args, env=env):
                result = p.in_terminal(*args, env=dict({"TERM": "xterm"}, **env))
                self.assertNotRegex(result.out, re.compile(r"\x1b\[[0-9;]*m"))

    def test_bar_ends_with_the_answer(self):
        p = self.project().pairs({"001_a": AUDIT} | {
            f"{n:03}_m": audit(str(n)) for n in range(2, 30)})
        result = p.in_terminal("up", env={"TERM": "xterm-256color"})
        self.assertEqual(result.code, 0, result)
        self.assertSays(result, "29")
        self.assertEqual(len(p.completed()), 29)

    def test_password_is_gone_from_the_list_of_processes(self):
        if not os.path.exists("/proc/self/cmdline"):
            self.skipTest("there is no /proc")
        p = self.project().pairs({"1_a": AUDIT, "2_b": "-- brant: placeholders=on\n"
                                                       + support.busy("${LIMIT}")})
        running = p.start("up", "-d", "sqlite:app.db?_password=sekret",
                          env={"LIMIT": support.FOREVER})
        support.wait_until(lambda: p.exists("app.db") and p.ledger(), what="a run",
                           process=running)
        with open(f"/proc/{running.pid}/cmdline", "rb") as file:
            self.assertNotIn(b"sekret", file.read())
        running.end()


class Options(support.Case):
    def test_options_before_and_after_the_command(self):
        p = simple(self, url=None)
        p.run("-d", "sqlite:x.db", "--json", "up", check=0).json()
        p.run("up", "-d", "sqlite:y.db", "--json", check=0).json()
        p.run("up", "--database=sqlite:z.db", check=0)
        p.run("up", "-dsqlite:w.db", check=0)
        self.assertEqual(p.tokens("x.db"), p.tokens("y.db"))
        self.assertEqual(p.tokens("x.db"), p.tokens("w.db"))

    def test_negative_number_is_an_argument(self):
        p = simple(self)
        p.up()
        p.run("force", "-1", check=0)
        self.assertEqual(p.completed(), [])

    def test_double_dash_ends_the_options(self):
        p = simple(self)
        self.assertRefused(p.run("goto", "--", "--json"), "--json", codes=(2,))

    def test_migrate_before_a_verb_is_a_prefix(self):
        p = simple(self)
        p.run("migrate", check=0)
        self.assertEqual(p.tokens(), ["up 1", "up 2"])
        p.run("migrate", "down", check=0)
        self.assertEqual(p.tokens(), ["up 1", "up 2", "down 2"])
        p.run("migrate", "up", check=0)
        self.assertIn("2", p.run("migrate", "version", check=0).out)

    def test_aliases(self):
        p = simple(self)
        p.run("create", "c", check=0)
        self.assertIn("1_a", p.run("list-migrations", check=0).out)
        p.run("mark-upgraded", "1_a", check=0)
        self.assertEqual(p.completed(), ["1_a"])
        self.assertEqual(p.tokens(), [])

    def test_repeated_database_option(self):
        p = simple(self, url=None)
        p.write({"brant.yaml": "databases:\n  a: { url: \"sqlite:a.db\" }\n"
                               "  b: { url: \"sqlite:b.db\" }\n  c: { url: \"sqlite:c.db\" }\n"})
        p.up("-d", "a", "-d", "c")
        self.assertEqual((p.exists("a.db"), p.exists("b.db"), p.exists("c.db")),
                         (True, False, True))


class Json(support.Case):
    def test_every_command_answers_with_one_document(self):
        for command, args in COMMANDS.items():
            with self.subTest(command=command):
                p = simple(self)
                if command in ("down", "goto", "redo", "history", "ping"):
                    p.up()
                result = p.run(command, *args, "--json", "--yes")
                self.assertIn(result.code, (0, 3, 9), result)
                self.assertEqual(result.json()["schema"], 1, result)

    def test_status_has_the_promised_keys(self):
        p = simple(self)
        p.up("1")
        document = p.run("status", "--json", check=0).json()
        database, = document["databases"]
        self.assertLessEqual({"name", "engine", "version", "state", "pending", "migrations"},
                             set(database))
        self.assertEqual((database["name"], database["engine"], database["version"],
                          database["state"], database["pending"]),
                         ("main", "sqlite", "1", "pending", ["2_b"]))
        done, waiting = database["migrations"]
        for migration in (done, waiting):
            self.assertLessEqual(
                {"id", "version", "name", "status", "kind", "required", "requires",
                 "min_read_version", "checksum", "statements", "started_at", "finished_at",
                 "duration_ms", "error"}, set(migration))
        self.assertEqual((done["id"], done["version"], done["name"], done["status"], done["kind"]),
                         ("1_a", "1", "a", "completed", "sql"))
        self.assertEqual(done["statements"], {"done": 2, "total": 2})
        self.assertEqual(len(done["checksum"]), 64)
        self.assertEqual(waiting["status"], "pending")
        self.assertIsNone(waiting["started_at"])

    def test_up_has_the_promised_keys(self):
        p = simple(self)
        document = p.up("--json").json()
        self.assertLessEqual({"applied", "skipped", "failed", "version", "duration_ms",
                              "round_trips", "schema"}, set(document))
        self.assertEqual([m["id"] for m in document["applied"]], ["1_a", "2_b"])
        self.assertEqual((document["skipped"], document["failed"], document["version"]),
                         ([], None, "2"))
        self.assertGreater(document["round_trips"], 0)
        again = p.up("--json").json()
        self.assertEqual(again["applied"], [])

    def test_S_C19_fresh_database_reports_everything_as_pending(self):
        p = simple(self)
        database = p.status()
        self.assertEqual(database["pending"], ["1_a", "2_b"])
        self.assertIsNone(database["version"])
        self.assertFalse(p.exists("app.db"))
        p.run("status", "--exit-code", check=0)
        p.up()
        p.run("status", "--exit-code", check=3)

    def test_names_with_odd_characters_stay_valid_json(self):
        p = self.project().pairs({'1_a"b\\c é': AUDIT + "SELECT 'x';"})
        document = p.up("--json").json()
        self.assertEqual(document["applied"][0]["id"], '1_a"b\\c é')
        self.assertEqual(p.status()["migrations"][0]["id"], '1_a"b\\c é')

    def test_progress_lines_parse_and_are_numbered(self):
        p = simple(self)
        result = p.up("--progress=json")
        events = result.events()
        self.assertGreaterEqual(len(events), 6, result)
        numbers = [event["number"] for event in events if "number" in event]
        self.assertEqual(numbers, sorted(set(numbers)))
        started = [event for event in events if event.get("migration") == "1_a"]
        self.assertTrue(started, result)
        for event in events:
            self.assertIsInstance(event["event"], str)
            self.assertEqual(event["schema"], 1)

    def test_failure_with_json_still_ends_with_the_report(self):
        p = simple(self).pairs({"3_c": "INSERT INTO nowhere VALUES (1);"})
        result = p.run("up", "--json", check=1)
        document = result.json()
        self.assertEqual([m["id"] for m in document["applied"]], ["1_a", "2_b"])
        self.assertTrue(document["failed"])
        self.assertIn("nowhere", json.dumps(document) + result.err)


    def test_stdout_of_a_refused_command_is_empty_or_json(self):
        p = simple(self).pairs({"3_c": "SELECT nothing;"})
        for args in (("goto", "99"), ("up", "--to", "99"), ("mark", "99"), ("force", "x"),
                     ("down",), ("up",), ("nonsense",), ("repair", "99"), ("new", "")):
            with self.subTest(args=args):
                result = p.run(*args, "--json")
                if result.out:
                    self.assertEqual(result.json()["schema"], 1)

    def test_S_D7_plan_is_the_same_for_the_same_input(self):
        p = simple(self)
        self.assertEqual(p.run("plan").out, p.run("plan").out)
        self.assertEqual(p.run("plan", "--json").out, p.run("plan", "--json").out)


class ExitCodes(support.Case):
    def test_usage_is_two(self):
        p = simple(self)
        for args in (("nonsense",), ("up", "--nonsense"), ("goto",), ("force",), ("mark",),
                     ("new",), ("up", "--progress", "loud"), ("up", "--tx", "some")):
            with self.subTest(args=args):
                self.assertEqual(p.run(*args).code, 2)

    def test_cannot_connect_is_ten(self):
        p = simple(self, url="sqlite:missing/dir/app.db")
        self.assertEqual(p.run("up").code, 10)

    def test_failed_is_one_and_difference_is_nine(self):
        p = simple(self)
        p.up()
        p.pairs({"2_b": audit("edited")})
        p.run("validate", check=9)
        p.pairs({"2_b": audit("up 2"), "3_c": "SELECT nothing;"})
        p.run("up", check=1)

    def test_mark_three_when_nothing_changed(self):
        p = simple(self)
        p.run("mark", "1_a", check=0)
        self.assertSays(p.run("mark", "1_a", check=3), "1_a", "already|nothing")


class Consent(support.Case):
    def test_no_question_without_a_terminal(self):
        p = simple(self)
        p.up()
        result = p.run("lock", "release", timeout=10)
        self.assertIn(result.code, (0, 2), result)
        p.run("lock", "release", "--yes", timeout=10)

    def test_S_C23_history_ascends_and_empty_says_so(self):
        p = simple(self)
        self.assertSays(p.run("history", check=0), "no |empty|nothing|none", where="text")
        p.up()
        p.down()
        entries = p.run("history", "--json", check=0).json()["entries"]
        self.assertEqual([(e["action"], e["migration"]) for e in entries],
                         [("up", "1_a"), ("up", "2_b"), ("down", "2_b")])
        self.assertEqual([e["at"] for e in entries], sorted(e["at"] for e in entries))

    def test_S_A21_version_none_and_number(self):
        p = simple(self)
        self.assertEqual(p.run("version", check=0).out.strip(), "none")
        p.up("1")
        self.assertRegex(p.run("version", check=0).out, r"^1\b")

    def test_list_in_order_with_status(self):
        p = simple(self)
        p.pairs({"3_c": '-- brant: required=true help="Ask the team first"\nSELECT 1;\n'})
        p.up("1")
        lines = p.run("list", check=0).out.splitlines()
        self.assertRegex(lines[0], r"^1_a: completed")
        self.assertRegex(lines[1], r"^2_b: pending")
        self.assertRegex(lines[2], r"^3_c \(required\): pending")
        self.assertRegex(lines[3], r"^\s+Ask the team first")


    def test_list_shows_what_no_file_knows_when_asked(self):
        p = simple(self)
        p.up()
        p.remove("migrations/2_b.up.sql", "migrations/2_b.down.sql")
        self.assertNotIn("2_b", p.run("list", check=0).out)
        self.assertIn("2_b", p.run("list", "--unknown", check=0).out)


class Ping(support.Case):
    def test_S_D70_ping_reports_what_it_reached(self):
        p = simple(self)
        p.up()
        self.assertSays(p.run("ping", check=0), r"app\.db", r"3\.\d+", "main|sqlite")
        document = p.run("ping", "--json", check=0).json()
        self.assertEqual(document["schema"], 1)

    def test_ping_creates_nothing(self):
        p = simple(self)
        self.assertNotEqual(p.run("ping").code, 0)
        self.assertFalse(p.exists("app.db"))


if __name__ == "__main__":
    support.main()
