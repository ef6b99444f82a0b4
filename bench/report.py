# SPDX-License-Identifier: Apache-2.0
"""The page docs/benchmarks.md: figures of one run beside the goals. Here is what is measured on SQLite."""
import datetime
import os
from typing import Optional

from bench import report_mysql, report_postgres, tables
from bench.measure import Writes
from bench.scenarios import MANY, MORE, MOST, Looks, Result, Results

_TOP = """# Benchmarks

This page is written by `./dev bench` and holds the figures of one run. Times depend on the machine and
on who else uses it, so brant is compared with a **floor**: a bare C program, `bench/floor.c`, on the
same SQLite library that does the work and nothing else. It keeps no ledger, takes no lock of its own,
compares and reports nothing. Those of [PostgreSQL](#postgresql) and [MariaDB](#mariadb) are described there.

The commands of a table run in turn, in {repeat} rounds after one that does not count, and on a fresh
database where they write. A time is the median, with the smallest and the largest beside it. A ratio
is the median of the ratios of each round. Processor time is that of the process and of the kernel for
it. Memory is the peak of resident memory, in MB of 1,000,000 bytes. Files are in the page cache.

To repeat it:

```sh
./dev bench                # some minutes, more when other tools have to be installed first
./dev bench --no-peers     # brant and the floor alone
./dev bench --engine postgres
./dev bench --engine mysql
./dev bench --help
```
"""

_EACH = """Two statements each, a table and a row, on a database on disk. The floor makes as many commits as brant:
one for each migration, and {extra} more that stand for the making of the ledger. What other tools
promise differs as much as their speed: brant's transaction also holds the ledger, a chained history
and a guard against losing the lock.
"""

_TOGETHER = """`brant up --tx all`, against the same statements between one `BEGIN` and one `COMMIT`. brant makes two
more commits: the ledger has to be there before.
"""

_LOOK = """`brant up` when everything was run before. The floor lists the folder, reads every file and takes its
SHA-256, opens the database, and reads id and checksum of every row that brant has recorded.
"""

_MOST = """Everything recorded; the floor is that of [nothing to do](#nothing-to-do):
"""

_PENDING = """Everything pending, on an empty database. `brant plan` reads, splits and prints every statement; the
output goes to the null device. The floor lists, reads and digests only:
"""

_INSTRUCTIONS = """Of `brant up` with nothing to do, in user mode, libraries included, counted by valgrind. Unlike times they
hardly depend on the machine. `tests/e2e/test_instructions.py` holds brant's own part to a figure.
"""

_OTHERS = """Each is used with its defaults. The table of a transaction for each migration shows where these differ on
SQLite: syncs are calls of fsync and fdatasync, and commits are removals of a rollback journal, which
only SQLite's default journal mode has.
"""


def _count(value: Optional[int]) -> str:
    return "not counted" if value is None else f"{value:,}"


_HEAD = ["command", "time", "over the floor", "processor time", "peak memory"]


def _rows(result: Result) -> list:
    base = result.series["floor"]
    return [[name, tables.time(series), f"{series.over(base):.2f}", tables.ms(series.processor), f"{series.peak_mb:.1f} MB"]
            for name, series in result.series.items()]


def _compared(result: Result) -> str:
    return tables.table(_HEAD, _rows(result)) + tables.left_out(result)


def _writes(result: Result, name: str) -> list:
    found: Optional[Writes] = result.writes.get(name)
    journal = result.journal.get(name, "delete")
    commits = found.commits if found and journal == "delete" else None
    return [_count(commits), _count(found.syncs if found else None)]


def _each(result: Result) -> str:
    rows = [row + _writes(result, row[0]) + [result.journal[row[0]]] for row in _rows(result)]
    return tables.table(_HEAD + ["commits", "syncs", "journal"], rows) + tables.left_out(result)


def _together(result: Result) -> str:
    return tables.table(_HEAD + ["commits", "syncs"], [row + _writes(result, row[0]) for row in _rows(result)])


def _instructions(looks: Looks) -> str:
    rows = []
    for files, brant, floor in looks.instructions:
        each = "not counted" if brant is None else f"{brant / files:,.0f}"
        rows.append([f"{files:,}", _count(brant), each, "not counted" if floor is None else f"{floor / files:,.0f}"])
    return tables.table(["files", "brant", "for each file", "floor, for each file"], rows)


def _flat(looks: Looks) -> tables.Goal:
    """What one file more costs: starting a program costs the same with few files and with many."""
    counted = [(files, brant) for files, brant, _ in looks.instructions if brant is not None]
    more = [(brant - before) / (files - fewer) for (fewer, before), (files, brant) in zip(counted, counted[1:])]
    what = "instructions for each further file"
    goal = f"the same from {MANY:,} to {MORE:,} files and from there to {MOST:,}, within a tenth"
    if len(more) < 2:
        return tables.Goal(what, goal, "not counted", None)
    growth = max(more) / min(more) - 1
    return tables.Goal(what, goal, f"differ by {growth:.1%}", growth <= 0.1)


def _goals(results: Results) -> list:
    each, together, looks = results.each.series, results.together.series, results.looks
    more, most, start = looks.more.series, looks.most.series, results.start.series
    plan, nothing = looks.pending.series["brant plan"], most["brant plan"]
    return [
        tables.at_most(f"{MANY:,} migrations, a transaction for each", each["brant"], each["floor"], 1.15),
        tables.at_most(f"{MANY:,} migrations in a single transaction", together["brant"], together["floor"], 1.3),
        tables.at_most(f"nothing to do in {MORE:,} files", more["brant up"], more["floor"], 1.3),
        tables.within(f"nothing to do in {MORE:,} files, memory", more["brant up"].peak_mb, 30, "MB"),
        tables.within(f"{MOST:,} files planned, everything pending", plan.ms / 1000, 1, "s"),
        tables.within(f"{MOST:,} files planned, everything pending, memory", plan.peak_mb, 200, "MB"),
        tables.within(f"{MOST:,} files planned, nothing pending", nothing.ms / 1000, 1, "s"),
        tables.within(f"{MOST:,} files planned, nothing pending, memory", nothing.peak_mb, 200, "MB"),
        _flat(looks),
        tables.within("`brant --version` over an empty program", start["brant --version"].above_ms(start["empty program"]), 1.5, "ms"),
    ]


def _peers(peers: list) -> str:
    rows = []
    for peer in peers:
        state = "used" if peer.installed else peer.reason
        rows.append([peer.name, peer.version, peer.source, state, peer.note])
    return tables.table(["tool", "version", "from", "", "how it runs a migration"], rows)


def _start(result: Result) -> str:
    base = result.series["empty program"]
    rows = [[name, tables.time(series), f"{series.above_ms(base):+.2f} ms", f"{series.peak_mb:.1f} MB"]
            for name, series in result.series.items()]
    return tables.table(["command", "time", "over the empty program", "peak memory"], rows) + tables.left_out(result)


def _sqlite(results: Results) -> list:
    extra = results.each.writes["brant"].commits - MANY if results.each.writes["brant"] else 0
    return [
        (f"{MANY:,} migrations, a transaction for each", _EACH.format(extra=extra) + "\n" + _each(results.each)),
        (f"{MANY:,} migrations in a single transaction", _TOGETHER + "\n" + _together(results.together)),
        ("Nothing to do", _LOOK + f"\n{MORE:,} files:\n\n" + _compared(results.looks.more)
         + f"\n{MANY:,} files, with other tools, whose files and records differ:\n\n" + _compared(results.peers_look)),
        (f"{MOST:,} files", _MOST + "\n" + _compared(results.looks.most)
         + "\n" + _PENDING + "\n" + _compared(results.looks.pending)),
        ("Instructions", _INSTRUCTIONS + "\n" + _instructions(results.looks)),
        ("Start", _start(results.start)),
    ]


_SERVERS = {"postgres": report_postgres, "mysql": report_mysql}


def page(results: dict, peers: list, repeat: int, facts: list, loads: tuple) -> str:
    """results: by engine; a part of the page for each that was measured."""
    processors = os.cpu_count() or 1
    sqlite = results.get("sqlite")
    servers = [(part, results[name]) for name, part in _SERVERS.items() if name in results]
    goals = (_goals(sqlite) if sqlite else []) + [goal for part, found in servers for goal in part.goals(found)]
    sections = [
        ("Goals", tables.table(["what", "goal", "figure", ""], [goal.row() for goal in goals])),
        *(_sqlite(sqlite) if sqlite else []),
        *[(part.TITLE, part.section(found)) for part, found in servers],
        ("Other tools", _OTHERS + "\n" + _peers(peers)),
        ("The machine", tables.table(["", ""], [list(pair) for pair in facts])),
    ]
    busy = ""
    if max(loads) > processors:
        busy = (f"\nThe machine was busy: its load was {loads[0]:.1f} before and {loads[1]:.1f} after the run, on {processors}\n"
                "processors. Times are too long, and small differences mean nothing.\n")
    date = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d")
    text = _TOP.format(repeat=repeat) + f"\nThe run of this page: {date}.\n" + busy
    return text + "".join(f"\n## {title}\n\n{body}" for title, body in sections)
