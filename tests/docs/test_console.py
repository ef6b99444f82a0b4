# SPDX-License-Identifier: Apache-2.0
"""The ```console blocks of the pages are true: every command is run and its output compared.

How a page is read:

  ## Heading           starts a new empty directory; the blocks of one such section share it
  ```console           lines that begin with "$ " are run, one after the other, by sh; the lines
                       behind each are what a person sees on a terminal of 80 columns
  <!-- file: PATH -->  the code block below it is the content of that file in the directory
  <!-- run: COMMAND -->  is run without showing it

How output is compared: trailing blanks do not count, and these are masked on both sides, because
they differ from run to run:

  2026-11-22T15:53:16.933Z     a time, also as the version of a migration: 20261122155316
  12 ms, 1.5 s, 3 min          a duration
  32 hexadecimal digits or more, a hash or the id of a run
  name@host                    who did it
  the temporary directory
  runs of blanks inside a line, since columns are as wide as what is masked

"..." stands for any text in a line, and alone on a line for any number of lines.

With --update the file is a command that writes into the pages what is shown now, where it differs:

  BRANT_SOURCE=. BRANT=build/brant python3 tests/docs/test_console.py --update
"""
import fcntl
import os
import pathlib
import pty
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import termios
import unittest

SOURCE = pathlib.Path(os.environ["BRANT_SOURCE"])
BRANT = pathlib.Path(os.environ["BRANT"]).resolve()
PAGES = ["README.md", "docs/guide.md"]
PATIENCE = 120
PASSED_ON = ("BRANT_BUILD", "BRANT_SOURCE", "LD_LIBRARY_PATH", "ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS", "GCOV_PREFIX",
             "GCOV_PREFIX_STRIP", "TMPDIR")

MASKS = [
    (re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?Z?"), "<time>"),
    (re.compile(r"(?<!\d)20\d{12}(?!\d)"), "<time>"),
    (re.compile(r"\b\d+(?:\.\d+)? (?:ns|us|ms|s|min|h)\b"), "<duration>"),
    (re.compile(r"\b[0-9a-f]{32,}\b"), "<hash>"),
    (re.compile(r"\b[\w.+-]+@[\w.-]+\w"), "<who>"),
    (re.compile(r"(?<=\S) {2,}"), "  "),
]


def mask(line: str, folder: str) -> str:
    line = line.replace(folder, "<directory>")
    for pattern, name in MASKS:
        line = pattern.sub(name, line)
    return line.rstrip()


def screen(raw: bytes) -> list:
    """The lines that a terminal shows in the end: redrawn lines and colours are gone."""
    lines = []
    for line in raw.decode("utf-8", "replace").replace("\r\n", "\n").split("\n"):
        last = line.split("\r")[-1]
        lines.append(re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", last).rstrip())
    while lines and not lines[-1]:
        lines.pop()
    return lines


def matches(want: list, got: list) -> bool:
    if not want:
        return not got
    if want[0] == "...":
        return any(matches(want[1:], got[i:]) for i in range(len(got) + 1))
    pattern = ".*".join(re.escape(piece) for piece in want[0].split("..."))
    return bool(got) and re.fullmatch(pattern, got[0]) is not None and matches(want[1:], got[1:])


class Story:
    """A section of a page: files to write and commands to run, in order."""

    def __init__(self, page: str, title: str):
        self.page, self.title, self.steps = page, title, []


def read_page(page: str) -> list:
    stories = [Story(page, "top")]
    lines = (SOURCE / page).read_text("utf-8").split("\n")
    i, path = 0, None
    while i < len(lines):
        line = lines[i]
        note = re.fullmatch(r"<!-- (file|run): (.+) -->", line)
        fence = re.fullmatch(r"( *)```(\w*)", line)
        if line.startswith("## "):
            stories.append(Story(page, line[3:]))
        elif note and note[1] == "file":
            path = note[2]
        elif note:
            stories[-1].steps.append(("run", i + 1, note[2], None))
        elif fence:
            begin = i + 1
            while lines[i + 1] != fence[1] + "```":
                i += 1
            body = [text[len(fence[1]):] for text in lines[begin:i + 1]]
            if path is not None:
                stories[-1].steps.append(("file", begin, path, "\n".join(body) + "\n"))
            elif fence[2] == "console":
                stories[-1].steps += read_block(begin, body)
            path = None
            i += 1
        i += 1
    return [story for story in stories if any(step[0] == "run" for step in story.steps)]


def read_block(begin: int, body: list) -> list:
    steps = []
    for number, line in enumerate(body, start=begin + 1):
        if line.startswith("$ "):
            steps.append(("run", number, line[2:], []))
        elif steps:
            steps[-1][3].append(line.rstrip())
    for step in steps:
        while step[3] and not step[3][-1]:
            step[3].pop()
    return steps


class Shell:
    """Runs commands at a terminal, each in a new sh that starts where the one before ended."""

    def __init__(self, folder: str):
        self.folder = os.path.join(folder, "work")
        self.cwd, self.code, self.note = self.folder, 0, os.path.join(folder, "note")
        os.mkdir(self.folder)
        self.env = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
        self.env.update(PATH=f"{BRANT.parent}:{os.environ['PATH']}", HOME=folder, LANG="C.UTF-8",
                        LC_ALL="C.UTF-8", TZ="UTC", TERM="xterm", NOTE=self.note)

    def run(self, command: str) -> list:
        script = f'(exit {self.code})\n{command}\ncode=$?; {{ echo $code; pwd; }} >"$NOTE"'
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        process = subprocess.Popen(["sh", "-c", script], cwd=self.cwd, env=self.env,
                                   stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs)
        os.close(theirs)
        raw = b""
        try:
            while piece := os.read(ours, 65536):
                raw += piece
        except OSError:  # the other end is closed
            pass
        os.close(ours)
        process.wait(PATIENCE)
        code, self.cwd = pathlib.Path(self.note).read_text("utf-8").split("\n")[:2]
        self.code = int(code)
        return screen(raw)


class Difference(AssertionError):
    def __init__(self, story: Story, line: int, command: str, want: list, got: list):
        self.line, self.want, self.got = line, want, got
        says, shows = "\n".join(want), "\n".join(got)
        super().__init__(f"\n{story.page}:{line}: $ {command}\n--- what the page says\n{says}"
                         f"\n--- what is shown\n{shows}\n---")


def play(story: Story, differ) -> None:
    """Calls differ() with each Difference."""
    folder = tempfile.mkdtemp(prefix="brant-docs-")
    try:
        shell = Shell(folder)
        for kind, line, what, content in story.steps:
            if kind == "file":
                path = pathlib.Path(shell.cwd, what)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(content, "utf-8")
                continue
            shown = shell.run(what)
            if content is None:
                if shell.code != 0:
                    raise Difference(story, line, what, [], shown)
                continue
            want = [mask(text, folder) for text in content]
            if not matches(want, [mask(text, folder) for text in shown]):
                differ(Difference(story, line, what, content, shown))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class Pages(unittest.TestCase):
    """One test for each section that has commands."""


def fail(difference: Difference) -> None:
    raise difference


def update() -> None:
    for page in PAGES:
        found = []
        for story in read_page(page):
            play(story, found.append)
        lines = (SOURCE / page).read_text("utf-8").split("\n")
        for one in sorted(found, key=lambda one: -one.line):
            print(one)
            lines[one.line:one.line + len(one.want)] = [
                re.sub(r"\b[\w.-]+@[\w.-]+$|\b[\w.-]+@[\w.-]+(?=  )", "you@laptop", text) for text in one.got]
        (SOURCE / page).write_text("\n".join(lines), "utf-8")


def add_tests() -> None:
    for page in PAGES:
        for story in read_page(page):
            words = re.sub(r"\W+", "_", f"{pathlib.Path(page).stem}_{story.title}").strip("_").lower()
            setattr(Pages, f"test_{words}", lambda self, story=story: play(story, fail))


add_tests()

if __name__ == "__main__":
    if sys.argv[1:] == ["--update"]:
        update()
    else:
        unittest.main()
