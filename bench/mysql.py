# SPDX-License-Identifier: Apache-2.0
"""What MariaDB has of its own in bench/lab.py."""
from typing import Callable

from bench import lab
from bench.lab import servers
from bench.scenarios import Bench

# Of ours that write. The disk is waited for several times for every table.
ROUNDS = 3


class _Lab(lab.Lab):
    engine, title = "mysql", "MariaDB"
    ledger = ("SELECT @@SESSION.sql_mode, 1;\n"
              "SELECT id, status, checksum, CASE WHEN format > 1 THEN COALESCE(tool, '') END FROM brant_migrations")
    tables = ("SELECT COUNT(*) FROM information_schema.TABLES"
              " WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME REGEXP '^t[0-9]+$'")
    rounds = ROUNDS

    def start(self) -> servers.MariaDB:
        return servers.MariaDB(plain=True)

    def version(self) -> str:
        return self.server.version.partition("-")[0]

    def spent_ms(self) -> float:
        """Of all its threads: besides the one that serves the client only few have something to do."""
        return lab.process_ms(self.server.process.pid)

    def fresh(self, database: str) -> None:
        self.server.address.drop(database)
        self.server.address.create(database)


def run(bench: Bench, say: Callable[[str], None]) -> lab.Results:
    return lab.run(_Lab(bench, bench.programs.floor_mysql), say)
