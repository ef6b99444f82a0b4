# SPDX-License-Identifier: Apache-2.0
"""A part of docs/benchmarks.md about a database server."""
from dataclasses import dataclass

from bench import tables
from bench.lab import DELAY_US, FEW, Counts, Result, Results
from bench.measure import Series
from bench.scenarios import MANY, MORE
from bench.tables import Goal

_TRAFFIC_TOLD = """Round trips, connections and bytes are those of one run through a proxy that counts: a round trip begins
when the client sends after the server last spoke. They include login, and do not depend on the machine.
Other tools ran {few} times, and with a delay once.
"""

_EACH = """Two statements each, a table and a row, on an empty database.
"""

_SLOW_ROWS = """Making a table keeps the server busy for longer than a round trip takes, whoever asks for it. With
migrations of two rows each:
"""

_SLOW = """The same through a proxy that holds back for {ms:g} ms what begins a round trip, as a network does.
"""

_LOOK = """With {more:,} files and rows, all run before. The floor lists the folder, reads every file and takes its
SHA-256, connects, and reads of every row what brant reads.
"""

_PEERS = """And with the {many:,} of above:
"""

_FIRST = """Peak memory of a first run over small migrations, two rows each, in a transaction for each:
"""


@dataclass(frozen=True)
class About:
    """What the parts do not share."""

    # Of the server, also in names of goals.
    title: str
    # Server, floors, and what its processor time is; {version} is filled in.
    top: str


_TIMES = ["command", "time", "over the floor", "processor time", "server's processor time", "peak memory"]
_TRAFFIC = ["command", "round trips", "connections", "to the server", "to the client"]


def _server(series: Series) -> str:
    return tables.ms(series.server) if series.server_ms else "not counted"


def _traffic(counts: Counts) -> list:
    return [f"{counts.round_trips:,}", f"{counts.connections:,}", tables.kilobytes(counts.to_server),
            tables.kilobytes(counts.to_client)]


def _times(result: Result) -> str:
    base = result.series["floor"]
    rows = [[name, tables.time(one), f"{one.over(base):.2f}", tables.ms(one.processor), _server(one),
             f"{one.peak_mb:.1f} MB"] for name, one in result.series.items()]
    return tables.table(_TIMES, rows) + tables.left_out(result)


def _counted(result: Result) -> str:
    return tables.table(_TRAFFIC, [[name, *_traffic(counts)] for name, counts in result.counts.items()])


def _slow(result: Result) -> str:
    brant = result.series["brant"]
    rows = [[name, tables.time(one), f"{one.over(brant):.2f}"] for name, one in result.series.items()]
    return tables.table(["command", "time", "over brant"], rows)


def _first_runs(runs: dict) -> str:
    rows = [[f"{count:,}", tables.ms(one.ms), f"{one.peak_mb:.1f} MB"] for count, one in runs.items()]
    return tables.table(["migrations", "time", "peak memory"], rows)


# --- goals


def over_ledger(title: str, results: Results) -> Goal:
    each = results.each.series
    return tables.at_most(f"{title}: {MANY:,} migrations, over the floor with a ledger", each["brant"],
                          each["floor with a ledger"], 1.15)


def trips(what: str, found: int, most: int) -> Goal:
    return Goal(what, f"at most {most:,}", f"{found:,}", found <= most)


def memory(title: str, results: Results) -> list:
    return [
        tables.within(f"{title}: nothing to do in {MORE:,} files, memory", results.look.series["brant"].peak_mb, 30, "MB"),
        tables.within(f"{title}: first run of {MORE:,} migrations, memory", results.first_runs[MORE].peak_mb, 30, "MB"),
    ]


def above_looking(title: str, results: Results) -> Goal:
    look = results.look.series
    return tables.within(f"{title}: nothing to do in {MORE:,} files, over connecting and reading",
                         look["brant"].above_ms(look["floor"]), 10, "ms")


# --- the part


def section(about: About, results: Results) -> str:
    return "\n".join([
        about.top.format(version=results.version) + _TRAFFIC_TOLD.format(few=FEW),
        f"### {MANY:,} migrations on {about.title}\n", _EACH, _times(results.each), _counted(results.each),
        f"### {MANY:,} migrations on {about.title}, {DELAY_US / 1000:g} ms for each round trip\n",
        _SLOW.format(ms=DELAY_US / 1000), _slow(results.slow),
        _SLOW_ROWS, _slow(results.slow_rows),
        f"### Nothing to do on {about.title}\n", _LOOK.format(more=MORE), _times(results.look), _counted(results.look),
        _PEERS.format(many=MANY), _times(results.peers_look), _counted(results.peers_look),
        f"### Memory of a first run on {about.title}\n", _FIRST, _first_runs(results.first_runs),
    ])
