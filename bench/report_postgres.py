# SPDX-License-Identifier: Apache-2.0
"""The part of docs/benchmarks.md about PostgreSQL."""
from bench import tables
from bench.measure import Series
from bench.postgres import DELAY_US, FEW, Counts, Result, Results
from bench.scenarios import MANY, MORE
from bench.tables import Goal

_TOP = """A private server of version {version}, on disk, with the settings that it has of its own. Clients connect over TCP on this machine, without TLS. There are two floors, both in
`bench/floor_postgres.c`, on the same libpq, and sending as many migrations in a round trip as brant:
one sends the statements, in a transaction for each migration; the **floor with a ledger** also sends the
statements with which brant proves its lock and writes its ledger. As with brant, the last migration of a round trip waits for
the disk, and with it all before it; the other tools wait with each.

The server's processor time is that of the process that served the client. Round trips, connections and
bytes are those of one run through a proxy that counts: a round trip begins when the client sends after
the server last spoke. They include login, and do not depend on the machine. Other tools ran {few} times, and with a
delay once.
"""

_EACH = """Two statements each, a table and a row, on an empty database.
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


def _server(series: Series) -> str:
    return tables.ms(series.server) if series.server_ms else "not counted"


def _traffic(counts: Counts) -> list:
    return [f"{counts.round_trips:,}", f"{counts.connections:,}", tables.kilobytes(counts.to_server),
            tables.kilobytes(counts.to_client)]


_TIMES = ["command", "time", "over the floor", "processor time", "server's processor time", "peak memory"]
_TRAFFIC = ["command", "round trips", "connections", "to the server", "to the client"]


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


def _slower(result: Result, name: str) -> Goal:
    what, goal = f"{MANY:,} migrations with {DELAY_US / 1000:g} ms a round trip: {name}", "at least 10 times brant's time"
    if name not in result.series:
        return Goal(what, goal, "not measured", None)
    ratio = result.series[name].over(result.series["brant"])
    return Goal(what, goal, f"{ratio:.1f}", ratio >= 10)


def _trips(what: str, counts: Counts, most: int) -> Goal:
    return Goal(what, f"at most {most:,}", f"{counts.round_trips:,}", counts.round_trips <= most)


def goals(results: Results) -> list:
    each, look = results.each.series, results.look.series
    above = look["brant"].above_ms(look["floor"])
    return [
        tables.at_most(f"PostgreSQL: {MANY:,} migrations, over the floor with a ledger", each["brant"],
                       each["floor with a ledger"], 1.15),
        tables.at_most(f"PostgreSQL: {MANY:,} migrations, over the floor without", each["brant"], each["floor"], 1.3),
        _trips(f"PostgreSQL: round trips of {MANY:,} migrations", results.each.counts["brant"], MANY + 10),
        _slower(results.slow, "golang-migrate"),
        _slower(results.slow, "dbmate"),
        tables.within(f"PostgreSQL: nothing to do in {MORE:,} files, over connecting and reading", above, 10, "ms"),
        tables.within(f"PostgreSQL: nothing to do in {MORE:,} files, memory", look["brant"].peak_mb, 30, "MB"),
        tables.within(f"PostgreSQL: first run of {MORE:,} migrations, memory", results.first_runs[MORE].peak_mb, 30, "MB"),
    ]


def _first_runs(runs: dict) -> str:
    rows = [[f"{count:,}", tables.ms(one.ms), f"{one.peak_mb:.1f} MB"] for count, one in runs.items()]
    return tables.table(["migrations", "time", "peak memory"], rows)


def section(results: Results) -> str:
    return "\n".join([
        _TOP.format(version=results.version, few=FEW),
        f"### {MANY:,} migrations on PostgreSQL\n", _EACH, _times(results.each), _counted(results.each),
        f"### {MANY:,} migrations, {DELAY_US / 1000:g} ms for each round trip\n", _SLOW.format(ms=DELAY_US / 1000),
        _slow(results.slow),
        "### Nothing to do on PostgreSQL\n", _LOOK.format(more=MORE), _times(results.look), _counted(results.look),
        _PEERS.format(many=MANY), _times(results.peers_look), _counted(results.peers_look),
        "### Memory of a first run\n", _FIRST, _first_runs(results.first_runs),
    ])
