# SPDX-License-Identifier: Apache-2.0
"""What the part of docs/benchmarks.md about MariaDB has of its own."""
from bench import report_server
from bench.lab import Results
from bench.mysql import ROUNDS
from bench.scenarios import MANY, MORE
from bench.tables import Goal

TITLE = "MariaDB"
# Before the first migration, and behind the last: login, the lock, what is recorded, the tables of the ledger.
_AROUND = 15
_ABOUT = report_server.About(TITLE, """A private server of version {version}, on disk, with the settings that it has of its own: each commit
waits for the disk (`innodb_flush_log_at_trx_commit=1`), and each table that is made does so several times.
Clients connect over TCP on this machine, without TLS. There are two floors, both in `bench/floor_mysql.c`,
on the same libmariadb, and sending packets as brant does: one sends the statements; the **floor with a
ledger** also sends those with which brant proves its lock and writes its ledger, and makes as many commits:
before a statement that commits by itself, behind it, and at the end of the migration, with its rows.

The server's processor time is that of all its threads while the command ran. Where brant and the floors
write, they ran """ + f"{ROUNDS} times at most.\n")


def goals(results: Results) -> list:
    each, look = results.each.counts, results.look.counts
    queries = look["brant"].round_trips - look["connect"].round_trips
    return [
        report_server.over_ledger(TITLE, results),
        report_server.trips(f"{TITLE}: round trips of {MANY:,} migrations of a table and a row", each["brant"].round_trips,
                            2 * MANY + _AROUND),
        Goal(f"{TITLE}: nothing to do in {MORE:,} files, queries", "1", str(queries), queries == 1),
        report_server.above_looking(TITLE, results),
        *report_server.memory(TITLE, results),
    ]


def section(results: Results) -> str:
    return report_server.section(_ABOUT, results)
