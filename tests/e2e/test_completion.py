# SPDX-License-Identifier: Apache-2.0
"""Completion scripts, in the shells that they are for."""
import os
import pathlib
import pty
import re
import select
import shutil
import subprocess
import time
import unittest

import support
from support import BRANT, PATIENCE

ASK = """
. ./complete
COMP_CWORD=$1; shift
COMP_WORDS=("$@")
_brant "$BRANT"
for word in "${COMPREPLY[@]}"; do printf '%s\\n' "$word"; done
"""

YAML = """databases:
  main: { url: "sqlite:app.db", migrations: migrations }
  events: { url: "sqlite:events.db", migrations: migrations }
"""


class Shell(support.Case):
    """A project with two databases, some files, and the script of a shell in "complete"."""

    SHELL = ""

    def setUp(self):
        super().setUp()
        self.program = shutil.which(self.SHELL)
        if self.program is None:
            self.skipTest(f"{self.SHELL} is not installed")
        self.p = support.Project(self, url=None)
        self.p.write({"brant.yaml": YAML, "plans/may.json": "{}", "plain.txt": "",
                      "a b.txt": "", "migrations/1_a.up.sql": "SELECT 1;\n"})
        self.write_script("complete")

    def write_script(self, name: str) -> None:
        self.p.write({name: self.p.run("completion", self.SHELL, check=0).out})

    def environment(self) -> dict:
        return self.p.environment({"BRANT": BRANT, "TERM": "dumb",
                                   "PATH": os.path.dirname(BRANT) + ":" + os.environ["PATH"]})

    def run_shell(self, *args) -> str:
        done = subprocess.run([self.program, *args], cwd=self.p.path, env=self.environment(),
                              stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=30 * PATIENCE, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, ""), done)
        return done.stdout

    def typed(self, setup, line: str, wanted: str, *args, seconds: float = 20) -> None:
        """Types a line with a tab in a terminal and waits until it shows what is wanted."""
        ours, theirs = pty.openpty()
        process = subprocess.Popen([self.program, *args], cwd=self.p.path, stdin=theirs,
                                   stdout=theirs, stderr=theirs, env=self.environment(),
                                   start_new_session=True)
        os.close(theirs)
        seen, end = "", time.monotonic() + seconds * PATIENCE

        def wait_for(pattern):
            nonlocal seen
            while not re.search(pattern, seen):
                left = end - time.monotonic()
                if left <= 0 or not select.select([ours], [], [], left)[0]:
                    self.fail(f"{pattern} was not shown: {seen!r}")
                seen += os.read(ours, 65536).decode("utf-8", "replace")
        try:
            for command in [*setup, "PS1='rea''dy> '"]:
                os.write(ours, command.encode() + b"\n")
            wait_for("ready> ")
            seen = ""
            os.write(ours, line.encode() + b"\t")
            wait_for(wanted)
        finally:
            process.kill()
            process.wait(30)
            os.close(ours)


class Bash(Shell):
    SHELL = "bash"

    def complete(self, *line) -> list:
        """Answers for a line, taken apart as bash does it; the last word is at the cursor."""
        words = []
        for word in line:
            words += [part for part in re.split(r"([=:]+)", word) if part] or [""]
        out = self.run_shell("--norc", "--noprofile", "-c", ASK, "bash", str(len(words) - 1), *words)
        return out.splitlines()

    def test_commands_and_aliases(self):
        self.assertEqual(self.complete("brant", "he"), ["health", "help"])
        self.assertEqual(self.complete("brant", "mi"), ["migrate"])
        self.assertLess({"up", "down", "status", "completion"}, set(self.complete("brant", "")))
        self.assertEqual(self.complete("brant", "-d", "main", "-v", "pla"), ["plan"])
        self.assertEqual(self.complete("brant", "--lock-timeout=5s", "pla"), ["plan"])
        self.assertEqual(self.complete("brant", "-d", "sqlite:app.db", "pla"), ["plan"])
        self.assertEqual(self.complete("brant", "-d", "postgres://u@h:1/d?sslmode=off", "pla"),
                         ["plan"])

    def test_commands_of_this_version_only(self):
        known = {c["name"] for c in self.p.run("help", "--json").json()["commands"]}
        shown = set(self.complete("brant", ""))
        self.assertEqual(known - shown, set())
        self.assertEqual(shown - known, {c["alias"] for c in
                                         self.p.run("help", "--json").json()["commands"]} - {None})

    def test_options(self):
        self.assertEqual(self.complete("brant", "--lock-"),
                         ["--lock-timeout", "--lock-poll-interval", "--lock-lease", "--lock-id"])
        self.assertIn("--version", self.complete("brant", "-"))
        self.assertIn("--dry-run", self.complete("brant", "up", "--"))
        self.assertIn("--dry-run", self.complete("brant", "migrate", "--d"))
        self.assertNotIn("--dry-run", self.complete("brant", "status", "--"))
        self.assertIn("--all", self.complete("brant", "migrate", "down", "-"))
        self.assertEqual(self.complete("brant", "up", "--", "--d"), [])

    def test_every_option_is_proposed(self):
        for command in self.p.run("help", "--json").json()["commands"]:
            shown = set(self.complete("brant", command["name"], "--"))
            for option in command["options"]:
                self.assertIn("--" + option["name"], shown)

    def test_choices(self):
        self.assertEqual(self.complete("brant", "--progress", "p"), ["plain"])
        self.assertEqual(self.complete("brant", "--progress=p"), ["plain"])
        self.assertEqual(self.complete("brant", "up", "--tx="), ["each", "all", "none"])
        self.assertEqual(self.complete("brant", "mark", "1_a", "--as", ""), ["completed", "pending"])
        self.assertEqual(self.complete("brant", "lock", ""), ["status", "release"])
        self.assertEqual(self.complete("brant", "lock", "re"), ["release"])
        self.assertEqual(self.complete("brant", "completion", ""), ["bash", "zsh", "fish"])
        self.assertEqual(self.complete("brant", "help", "sta"), ["status"])

    def test_nothing_for_what_cannot_be_known(self):
        for line in (("up", "--to", ""), ("up", ""), ("--timeout", ""), ("status", ""),
                     ("no-such", "x"), ("up", "-t", "")):
            with self.subTest(line=line):
                self.assertEqual(self.complete("brant", *line), [])

    def test_databases(self):
        self.assertEqual(self.complete("brant", "-d", ""), ["main", "events"])
        self.assertEqual(self.complete("brant", "up", "--database", "ev"), ["events"])
        self.assertEqual(self.complete("brant", "--database=ev"), ["events"])
        self.assertEqual(self.complete("brant", "setup", "ma"), ["main"])
        self.assertFalse(self.p.exists("app.db"))
        self.p.write({"brant.yaml": "no: [project"})
        self.assertEqual(self.complete("brant", "-d", ""), [])

    def test_files_and_directories(self):
        self.assertEqual(sorted(self.complete("brant", "-c", "pl")), ["plain.txt", "plans"])
        self.assertEqual(sorted(self.complete("brant", "--config=pla")), ["plain.txt", "plans"])
        self.assertEqual(self.complete("brant", "-c", "a"), ["a b.txt"])
        self.assertEqual(self.complete("brant", "-m", "pl"), ["plans"])
        self.assertEqual(self.complete("brant", "init", "mig"), ["migrations"])
        self.assertEqual(self.complete("brant", "apply", "plai"), ["plain.txt"])
        self.assertEqual(self.complete("brant", "-d", "sqlite:plai"), ["plain.txt"])
        self.assertEqual(self.complete("brant", "--database=sqlite:plai"), ["plain.txt"])

    def test_without_separators_in_COMP_WORDBREAKS(self):
        line = "COMP_WORDBREAKS=' '\n" + ASK
        for words, wanted in ((["brant", "--progress=p"], "--progress=plain\n"),
                              (["brant", "-d", "sqlite:plai"], "sqlite:plain.txt\n")):
            self.assertEqual(self.run_shell("--norc", "--noprofile", "-c", line, "bash",
                                            str(len(words) - 1), *words), wanted)

    def test_in_a_terminal(self):
        self.typed([". ./complete"], "brant heal", "brant health ", "--norc", "--noprofile", "-i")

    def test_shellcheck(self):
        checker = shutil.which("shellcheck")
        if checker is None:
            self.skipTest("shellcheck is not installed")
        done = subprocess.run([checker, "-s", "bash", self.p.at("complete")], capture_output=True,
                              text=True, check=False, timeout=60)
        self.assertEqual(done.stdout, "")


class Zsh(Shell):
    SHELL = "zsh"
    SETUP = ["fpath=($PWD/functions $fpath)", "autoload -U compinit", "compinit -u -D",
             "unsetopt zle_bracketed_paste"]

    def write_script(self, name: str) -> None:
        super().write_script("functions/_brant")

    def in_terminal(self, line: str, wanted: str) -> None:
        self.typed(self.SETUP, line, wanted, "-f", "-i")

    def test_syntax(self):
        self.run_shell("-n", "functions/_brant")

    def test_command(self):
        self.in_terminal("brant heal", "brant health ")

    def test_command_behind_an_option_with_a_value(self):
        self.in_terminal("brant -d sqlite:app.db hist", "history ")

    def test_option_of_a_command(self):
        self.in_terminal("brant up --dry", "up --dry-run ")

    def test_option_of_a_prefixed_command(self):
        self.in_terminal("brant migrate redo --dr", "redo --dry-run ")

    def test_choice(self):
        self.in_terminal("brant --progress=pl", "--progress=plain ")

    def test_argument(self):
        self.in_terminal("brant lock rel", "lock release ")

    def test_database(self):
        self.in_terminal("brant up -d ev", "-d events ")

    def test_file(self):
        self.in_terminal("brant up --config plai", "--config plain.txt ")

    def test_descriptions(self):
        self.in_terminal("brant he", "Say whether the application can work")


class Fish(Shell):
    SHELL = "fish"

    def complete(self, line: str) -> list:
        out = self.run_shell("--no-config", "-c", "source ./complete; complete -C $argv[1]", line)
        return [text.split("\t")[0] for text in out.splitlines()]

    def test_syntax(self):
        self.run_shell("-n", "complete")

    def test_commands_and_aliases(self):
        self.assertEqual(self.complete("brant he"), ["health", "help"])
        self.assertEqual(self.complete("brant mi"), ["migrate"])
        self.assertEqual(self.complete("brant -d main pla"), ["plan"])
        self.assertEqual(self.complete("brant up pla"), [])

    def test_descriptions(self):
        out = self.run_shell("--no-config", "-c", "source ./complete; complete -C 'brant heal'")
        self.assertEqual(out, "health\tSay whether the application can work on each database\n")

    def test_options(self):
        self.assertIn("--dry-run", self.complete("brant up --d"))
        self.assertIn("--dry-run", self.complete("brant migrate --d"))
        self.assertNotIn("--dry-run", self.complete("brant status --d"))

    def test_choices(self):
        self.assertEqual(self.complete("brant --progress pl"), ["plain"])
        self.assertEqual(self.complete("brant --progress=pl"), ["--progress=plain"])
        self.assertEqual(self.complete("brant lock "), ["release", "status"])
        self.assertEqual(self.complete("brant help sta"), ["status"])

    def test_databases_files_and_directories(self):
        self.assertEqual(self.complete("brant -d ev"), ["events"])
        self.assertEqual(self.complete("brant --config plai"), ["plain.txt"])
        self.assertEqual(self.complete("brant -m pl"), ["plans/"])
        self.assertEqual(self.complete("brant init pl"), ["plans/"])


class Command(support.Case):
    def test_unknown_shell(self):
        p = support.Project(self, url=None)
        self.assertRefused(p.run("completion", "csh"), "bash", "zsh", "fish", codes=(2,))
        self.assertRefused(p.run("completion"), "argument", codes=(2,))

    def test_json(self):
        p = support.Project(self, url=None)
        for shell in ("bash", "zsh", "fish"):
            answer = p.run("completion", shell, "--json", check=0).json()
            self.assertEqual(answer["shell"], shell)
            self.assertEqual(answer["script"], p.run("completion", shell).out)

    def test_the_build_has_them_for_an_installation(self):
        p = support.Project(self, url=None)
        for shell, name in (("bash", "brant"), ("zsh", "_brant"), ("fish", "brant.fish")):
            path = pathlib.Path(support.BUILD, "completions", shell, name)
            self.assertEqual(path.read_text("utf-8"), p.run("completion", shell).out)


del Shell

if __name__ == "__main__":
    unittest.main()
