#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The table of what was interrupted, and what became of it.

The crash and fault tests note every point they try. Each file of tests leaves its rows in
logs/faults/ of the build folder; run as a program, this file puts them together:

    fault_table.py BUILD     prints the table, writes logs/fault-table.txt, fails when there is a gap

A gap is a point after which something was wrong: another database than that of an undisturbed run,
a migration half applied or applied twice, a leak, a crash, an exit code that is not documented.
"""
import contextlib
import os
import pathlib
import sys

HEAD = ("workload", "transactions", "fault", "points", "recovered", "answered", "gaps")
# So many gaps of one test are told in full, and so many end it.
TOLD, MOST = 3, 20


class Point:
    """One interruption: `answers` is how often a person had to decide."""

    answers = 0


class Table:
    """Rows of one file of tests."""

    def __init__(self, name: str):
        self.name, self.rows, self.gaps = name, {}, []
        path = os.environ.get("BRANT_BUILD")
        self.path = pathlib.Path(path, "logs", "faults", f"{name}.tsv") if path else None
        if self.path:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.path.unlink(missing_ok=True)

    @contextlib.contextmanager
    def point(self, workload: str, transactions: str, fault: str, told: str):
        """What fails an assertion inside is a gap; the test goes on until check()."""
        row = self.rows.setdefault((workload, transactions, fault), [0, 0, 0, 0])
        point = Point()
        row[0] += 1
        try:
            yield point
        except AssertionError as error:
            row[3] += 1
            self.gaps.append(told)
            if len(self.gaps) <= TOLD:
                print(f"GAP: {told}: {error}", file=sys.stderr)
            if len(self.gaps) >= MOST:
                raise
        else:
            row[2 if point.answers else 1] += 1

    def check(self, case) -> None:
        """Fails the test when there were gaps."""
        gaps, self.gaps = self.gaps, []
        case.assertEqual(gaps, [])

    def write(self) -> None:
        """To be called when the last test has ended."""
        lines = [[*key, *map(str, row)] for key, row in self.rows.items()]
        if self.path:
            self.path.write_text("".join("\t".join(line) + "\n" for line in lines), "utf-8")
        print("\n" + layout(lines), file=sys.stderr)


def layout(lines: list) -> str:
    table = [list(HEAD), *lines]
    widths = [max(len(line[i]) for line in table) for i in range(len(HEAD))]
    return "\n".join("  ".join(
        cell.ljust(width) if i < 3 else cell.rjust(width)
        for i, (cell, width) in enumerate(zip(line, widths))) for line in table)


def main() -> int:
    logs = pathlib.Path(sys.argv[1], "logs")
    files = sorted((logs / "faults").glob("*.tsv"))
    lines = [line.split("\t") for file in files for line in file.read_text("utf-8").splitlines()]
    if not lines:
        print("no fault test has run")
        return 77
    sums = [sum(int(line[i]) for line in lines) for i in range(3, len(HEAD))]
    text = layout([*lines, ["all", "", "", *map(str, sums)]])
    (logs / "fault-table.txt").write_text(text + "\n", "utf-8")
    print(text)
    return 1 if sums[-1] else 0


if __name__ == "__main__":
    sys.exit(main())
