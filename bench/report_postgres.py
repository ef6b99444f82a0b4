# SPDX-License-Identifier: Apache-2.0
"""What the part of docs/benchmarks.md about PostgreSQL has of its own."""
from bench import report_server, tables
from bench.lab import DELAY_US, Result, Results
from bench.scenarios import MANY
from bench.tables import Goal

TITLE = "PostgreSQL"
_ABOUT = report_server.About(TITLE, """A private server of version {version}, on disk, with the settings that it has of its own. Clients
connect over TCP on this machine, without TLS. There are two floors, both in
`bench/floor_postgres.c`, on the same libpq, and sending as many migrations in a round trip as brant:
one sends the statements, in a transaction for each migration; the **floor with a ledger** also sends the
statements with which brant proves its lock and writes its ledger. As with brant, the last migration of a round trip waits for
the disk, and with it all before it; the other tools wait with each.

The server's processor time is that of the process that served the client.
""")


def _slower(result: Result, of: str, name: str) -> Goal:
    what = f"{TITLE}: {MANY:,} migrations of {of} with {DELAY_US / 1000:g} ms a round trip: {name}"
    goal = "at least 10 times brant's time"
    if name not in result.series:
        return Goal(what, goal, "not measured", None)
    ratio = result.series[name].over(result.series["brant"])
    return Goal(what, goal, f"{ratio:.1f}", ratio >= 10)


def goals(results: Results) -> list:
    each = results.each
    return [
        report_server.over_ledger(TITLE, results),
        tables.at_most(f"{TITLE}: {MANY:,} migrations, over the floor without", each.series["brant"],
                       each.series["floor"], 1.3),
        report_server.trips(f"{TITLE}: round trips of {MANY:,} migrations", each.counts["brant"].round_trips, MANY + 10),
        _slower(results.slow_rows, "rows", "golang-migrate"),
        _slower(results.slow_rows, "rows", "dbmate"),
        _slower(results.slow, "a table and a row", "golang-migrate"),
        _slower(results.slow, "a table and a row", "dbmate"),
        report_server.above_looking(TITLE, results),
        *report_server.memory(TITLE, results),
    ]


def section(results: Results) -> str:
    return report_server.section(_ABOUT, results)
