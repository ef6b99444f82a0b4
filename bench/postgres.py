# SPDX-License-Identifier: Apache-2.0
"""What PostgreSQL has of its own in bench/lab.py."""
import contextlib
import pathlib
import time
from typing import Callable

from bench import lab
from bench.lab import servers
from bench.scenarios import Bench


class _Lab(lab.Lab):
    engine, title = "postgres", "PostgreSQL"
    ledger = ("SELECT id, status, checksum, CASE WHEN format > 1 THEN COALESCE(tool, '') END"
              " FROM brant_migrations")
    tables = "SELECT count(*) FROM pg_class WHERE relkind = 'r' AND relname ~ '^t[0-9]+$'"
    url_options = {"sslmode": "disable"}

    def start(self) -> servers.Postgres:
        return servers.Postgres(plain=True)

    def version(self) -> str:
        with self.server.connect() as admin:
            return admin.one("SHOW server_version").split()[0]

    def spent_ms(self) -> float:
        """Of its processes that are over, once those that serve a client are."""
        mother, end = self.server.process.pid, time.monotonic() + 5
        while time.monotonic() < end and _serves(mother):
            time.sleep(0.01)
        return lab.process_ms(mother)

    def fresh(self, database: str) -> None:
        with self.server.connect() as admin:
            admin.query("SET client_min_messages = warning")
            admin.query(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')
            admin.query(f'CREATE DATABASE "{database}" OWNER {servers.USER}')
            admin.query("CHECKPOINT")


def _serves(mother: int) -> bool:
    """Whether a process of the server serves a client, as its title says, or is over and not yet counted."""
    for pid in pathlib.Path(f"/proc/{mother}/task/{mother}/children").read_text("ascii").split():
        with contextlib.suppress(FileNotFoundError):
            title = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()
            if title == b"" or f"{servers.HOST}(".encode() in title:
                return True
    return False


def run(bench: Bench, say: Callable[[str], None]) -> lab.Results:
    return lab.run(_Lab(bench, bench.programs.floor_postgres), say)
