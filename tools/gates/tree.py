# SPDX-License-Identifier: Apache-2.0
"""What the gates look at: the files of the tree, findings, and the list of exceptions."""
import functools
import pathlib
import subprocess
from dataclasses import dataclass
from typing import Callable, Iterable, Iterator

EXCEPTIONS = "tools/exceptions.txt"


@dataclass(frozen=True, order=True)
class Finding:
    path: str
    line: int
    kind: str
    what: str
    remedy: str
    # What an exception names; the path when empty.
    place: str = ""

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.what}: {self.remedy} [{self.kind} {self.place or self.path}]"


def gate(*kinds: str) -> Callable:
    """Marks a gate with the kinds of finding it makes, so that unused exceptions can be told."""

    def mark(function: Callable) -> Callable:
        function.kinds = kinds
        return function

    return mark


class Tree:
    def __init__(self, root: pathlib.Path) -> None:
        self.root = root
        self.build = root / "build"

    @functools.cached_property
    def files(self) -> list[str]:
        """Tracked files and new ones that git does not ignore."""
        # The owner of a mounted tree may differ from the user; that is no danger here.
        listed = subprocess.run(
            ["git", "-c", f"safe.directory={self.root}", "ls-files", "-z",
             "--cached", "--others", "--exclude-standard"],
            cwd=self.root, capture_output=True, text=True, check=True)
        return sorted({path for path in listed.stdout.split("\0") if path and (self.root / path).is_file()})

    @functools.lru_cache(maxsize=None)
    def read(self, path: str) -> str:
        """The text of a file; empty when it is not text."""
        data = (self.root / path).read_bytes()
        return "" if b"\0" in data else data.decode("utf-8", "replace")

    def lines(self, path: str) -> Iterator[tuple[int, str]]:
        return enumerate(self.read(path).split("\n"), start=1)

    def c_files(self, *folders: str) -> list[str]:
        return [path for path in self.files
                if path.endswith((".c", ".h")) and (not folders or path.startswith(folders))]

    def prose(self) -> list[str]:
        """Text that people wrote, as opposed to inputs and expected outputs of tests."""
        data = ("corpus", "golden", "data")
        return [path for path in self.files
                if path != "LICENSE" and self.read(path)
                and not (path.startswith("tests/") and any(part in data for part in path.split("/")))]

    def scripts(self) -> list[str]:
        """Files that start with #!, and sh files that others source."""
        return [path for path in self.files if path.endswith(".sh") or self.read(path).startswith("#!")]

    def run(self, command: list[str], paths: Iterable[str] = (), merge: bool = False) -> str:
        """What a tool found, on stdout or, with merge, on stderr too; its status says no more."""
        try:
            done = subprocess.run([*command, *paths], cwd=self.root, capture_output=True, text=True,
                                  check=False)
        except FileNotFoundError:
            raise SystemExit(f"check: there is no {command[0]}: run ./dev deps") from None
        output = done.stdout + (done.stderr if merge else "")
        if done.returncode != 0 and not output:
            raise SystemExit(f"check: {command[0]} failed: {done.stderr.strip()}")
        return output


class Exceptions:
    """tools/exceptions.txt: lines of kind, place and reason, divided by blanks."""

    def __init__(self, tree: Tree) -> None:
        self.entries: dict[tuple[str, str], int] = {}
        self.malformed: list[Finding] = []
        self.used: set[tuple[str, str]] = set()
        if EXCEPTIONS not in tree.files:
            return
        for number, line in tree.lines(EXCEPTIONS):
            if not line.strip() or line.startswith("#"):
                continue
            words = line.split(maxsplit=2)
            if len(words) == 3:
                self.entries[words[0], words[1]] = number
            else:
                self.malformed.append(Finding(EXCEPTIONS, number, "exceptions", "not a kind, a place and a reason",
                                              "write all three on one line"))

    def excuse(self, finding: Finding) -> bool:
        key = (finding.kind, finding.place or finding.path)
        if key not in self.entries:
            return False
        self.used.add(key)
        return True

    def problems(self, kinds: set[str]) -> list[Finding]:
        unused = [Finding(EXCEPTIONS, line, "exceptions", f"nothing needs the exception {kind} {place}", "remove it")
                  for (kind, place), line in self.entries.items()
                  if (kind, place) not in self.used and kind in kinds]
        return self.malformed + unused
