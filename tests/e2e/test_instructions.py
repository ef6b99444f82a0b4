# SPDX-License-Identifier: Apache-2.0
"""The cost of an `up` with nothing to do, as a number that does not depend on the machine.

Times say little on a machine that others use, so instructions are counted, by valgrind's callgrind:
the same run gives the same number to a tenth of a percent. Only those inside the command and
libbrant count. The dynamic loader, libc and Nettle choose code by what the processor can do, and SQLite
is another one on another system; none of that is a change of brant. What is left depends on the
compiler, so there is a figure for each build type and compiler, and a build without a figure is
skipped. Sanitizers, coverage and the debug arena add instructions of their own, and have none.

`./dev bench` measures the whole, with libraries and with time.
"""
import glob
import os
import re
import shutil
import unittest

import support

FILES = 200
# By build type and compiler. A change beyond a tenth in either direction is either a mistake or
# worth a new figure, which the failure prints.
FIGURES = {
    "RelWithDebInfo, GNU 12": 861_988,
}
TOLERANCE = 0.1


def build_facts() -> dict:
    """The cache of CMake: names and values."""
    with open(os.path.join(support.BUILD, "CMakeCache.txt"), encoding="utf-8") as cache:
        return dict(re.findall(r"^(\w+):\w+=(.*)$", cache.read(), re.MULTILINE))


def compiler() -> str:
    for path in glob.glob(os.path.join(support.BUILD, "CMakeFiles", "*", "CMakeCCompiler.cmake")):
        with open(path, encoding="utf-8") as file:
            text = file.read()
        name = re.search(r'CMAKE_C_COMPILER_ID "(\w+)"', text)
        version = re.search(r'CMAKE_C_COMPILER_VERSION "(\d+)', text)
        if name and version:
            return f"{name[1]} {version[1]}"
    return "unknown"


def own_instructions(path: str) -> int:
    """The sum over the objects of brant in a file that callgrind wrote.

    Lines are `ob=(NUMBER) PATH`, with the path the first time only; `calls=`, whose next line is the
    cost of the call, counted where it is spent; and costs: a position and a count.
    """
    names, own, inside, of_call = {}, 0, False, False
    with open(path, encoding="utf-8") as file:
        for line in file:
            found = re.match(r"ob=\((\d+)\)(?: (.*))?", line)
            if found:
                name = names.setdefault(found[1], found[2] or "")
                inside = re.fullmatch(r"brant|libbrant\.so.*", os.path.basename(name)) is not None
            elif line.startswith("cob="):
                called = re.match(r"cob=\((\d+)\) (.*)", line)
                if called:
                    names.setdefault(called[1], called[2])
            elif line.startswith("calls="):
                of_call = True
            elif line[0] in "0123456789+-*":
                if inside and not of_call:
                    own += int(line.split()[1])
                of_call = False
    return own


class Instructions(unittest.TestCase):
    def setUp(self):
        facts = build_facts()
        for what in ("BRANT_SANITIZE", "BRANT_COVERAGE", "BRANT_ARENA_DEBUG"):
            if facts.get(what, "") not in ("", "OFF"):
                self.skipTest(f"a build with {what} has instructions of its own")
        if shutil.which("valgrind") is None:
            self.skipTest("there is no valgrind: ./dev deps test")
        self.build = f"{facts.get('CMAKE_BUILD_TYPE')}, {compiler()}"

    def count(self, project: support.Project, *args) -> int:
        out = os.path.join(project.folder, "callgrind.out")
        project.run(*args, check=0, prefix=("valgrind", "--quiet", "--tool=callgrind",
                                            f"--callgrind-out-file={out}", "--dump-line=no"))
        return own_instructions(out)

    def test_nothing_to_do_costs_what_it_did(self):
        project = support.Project(self)
        project.pairs({f"{number:03}_note": f"CREATE TABLE t{number} (id INTEGER PRIMARY KEY);\n"
                                            f"INSERT INTO t{number} VALUES (1);\n"
                       for number in range(1, FILES + 1)})
        project.up("--quiet", "--tx", "all")
        counted = self.count(project, "up", "--quiet")
        self.assertGreater(counted, FILES * 1000, "callgrind's file was not understood")
        if self.build not in FIGURES:
            self.skipTest(f"no figure for {self.build}; it would be {counted}")
        figure = FIGURES[self.build]
        self.assertLessEqual(
            abs(counted - figure), figure * TOLERANCE,
            f"{counted:,} instructions, {counted / figure - 1:+.1%} from the figure {figure:,} for {self.build}. If this "
            f'is meant, write "{self.build}": {counted:_} into FIGURES in tests/e2e/test_instructions.py, '
            "and say why in the commit")


if __name__ == "__main__":
    unittest.main()
