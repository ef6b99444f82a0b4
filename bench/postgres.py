# SPDX-License-Identifier: Apache-2.0
"""What is measured on PostgreSQL, on a private server with the settings that it has of its own, on disk.

A command is given a database of its own, and is counted once: through the proxy of the tests, which
tells round trips, connections and bytes. Times are taken without the proxy, or through one that
holds back what begins a round trip.
"""
import contextlib
import functools
import os
import pathlib
import sys
import time
from dataclasses import dataclass, field
from typing import Callable

from bench import measure, peers, workloads
from bench.build import FOLDER, ROOT, Failed
from bench.measure import Contestant, Series
from bench.scenarios import MANY, MORE, Bench

os.environ.setdefault("BRANT_BUILD", str(FOLDER))
sys.path.insert(0, str(ROOT / "tests" / "support"))

import servers  # noqa: E402

_LEDGER = ("SELECT id, status, checksum, CASE WHEN format > 1 THEN COALESCE(tool, '') END"
           " FROM brant_migrations")
DELAY_US = 1000
# Rounds of tools that take long, and of ours with a delay; others have one with it.
FEW = 2
_TABLES = "SELECT count(*) FROM pg_class WHERE relkind = 'r' AND relname ~ '^t[0-9]+$'"
_ROWS = "SELECT count(*) FROM notes WHERE id > 0"
_TICK_MS = 1000 / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Counts:
    """Of one run, as the proxy saw it."""

    round_trips: int
    connections: int
    to_server: int
    to_client: int


@dataclass
class Result:
    series: dict = field(default_factory=dict)
    counts: dict = field(default_factory=dict)
    left_out: dict = field(default_factory=dict)


@dataclass
class Results:
    version: str
    each: Result
    # The same with DELAY_US for each round trip.
    slow: Result
    look: Result
    peers_look: Result
    # First runs, by number of migrations.
    first_runs: dict


@dataclass(frozen=True)
class _Command:
    """A command on its database, wherever the server is to be had."""

    name: str
    folder: pathlib.Path
    database: str
    # Of a URL.
    make: Callable[[str], Contestant]
    is_ours: bool = True


@dataclass(frozen=True)
class _Work:
    """What a database has when a command has done its work."""

    question: str
    answer: int
    # Begins on an empty database; else on what is there.
    writes: bool = True


class _Lab:
    def __init__(self, bench: Bench, server: servers.Postgres):
        self.bench, self.server = bench, server
        self.peers = peers.of_engine(bench.peers, "postgres")

    # --- the server

    def spent_ms(self) -> float:
        """Processor time of the server's processes that are over, once those that serve a client are."""
        mother, end = self.server.process.pid, time.monotonic() + 5
        while time.monotonic() < end and _serves(mother):
            time.sleep(0.01)
        fields = pathlib.Path(f"/proc/{mother}/stat").read_text("ascii").rpartition(")")[2].split()
        return (int(fields[13]) + int(fields[14])) * _TICK_MS

    def fresh(self, database: str, _: pathlib.Path) -> None:
        with self.server.connect() as admin:
            admin.query("SET client_min_messages = warning")
            admin.query(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')
            admin.query(f'CREATE DATABASE "{database}" OWNER {servers.USER}')
            admin.query("CHECKPOINT")

    def check(self, database: str, work: _Work, _: pathlib.Path) -> None:
        with self.server.connect(database) as connection:
            found = connection.one(work.question)
        if found != work.answer:
            raise Failed(f"{database}: {found} of {work.answer}")

    # --- commands

    def brant(self, folder: pathlib.Path, database: str) -> _Command:
        def make(url: str) -> Contestant:
            return Contestant("brant", [self.bench.programs.brant, "up", "--quiet"], folder, env={"DATABASE_URL": url})

        return _Command("brant", folder, database, make)

    def floor(self, name: str, folder: pathlib.Path, database: str, mode: str, *more: str) -> _Command:
        def make(url: str) -> Contestant:
            files = [] if mode == "connect" else ["migrations"]
            return Contestant(name, [self.bench.programs.floor_postgres, mode, *files, url, *more], folder)

        return _Command(name, folder, database, make)

    def other(self, peer: peers.Peer) -> _Command:
        folder = self.bench.folder / f"postgres-{peer.name}"

        def make(url: str) -> Contestant:
            return peer.contestant(folder, measure.nothing, measure.nothing, "postgres", url)

        return _Command(peer.name, folder, f"each {peer.name}", make, False)

    def ready(self, command: _Command, place: servers.Address, work: _Work) -> Contestant:
        made = command.make(place.url(command.database, sslmode="disable"))
        made.prepare = functools.partial(self.fresh, command.database) if work.writes else measure.nothing
        made.verify = functools.partial(self.check, command.database, work)
        made.rounds = None if command.is_ours else FEW
        made.server_ms = self.spent_ms
        return made

    # --- measuring

    def _count(self, command: _Command, work: _Work) -> Counts:
        with servers.Proxy(self.server.address, self.bench.programs.proxy) as proxy:
            measure.run_once(self.ready(command, proxy.address, work))
            seen = proxy.counts()
        return Counts(seen["round_trips"], seen["connections"], seen["to_server"], seen["to_client"])

    def compare(self, commands: list, work: _Work) -> Result:
        """Ours have to work. One of the others that does not is named in the report, and stops nothing."""
        result, good = Result(), []
        for command in commands:
            try:
                result.counts[command.name] = self._count(command, work)
                good.append(self.ready(command, self.server.address, work))
            except Failed as error:
                if command.is_ours:
                    raise
                result.left_out[command.name] = str(error)
        result.series = measure.in_turn(self.bench.programs.meter, good, self.bench.repeat)
        return result

    def compare_slow(self, commands: list, work: _Work) -> Result:
        """The same with a delay; none is counted, and all have shown that they work."""
        with servers.Proxy(self.server.address, self.bench.programs.proxy, delay_us=DELAY_US) as proxy:
            made = [self.ready(command, proxy.address, work) for command in commands]
            for one, command in zip(made, commands):
                one.rounds = None if command.is_ours else 1
            return Result(measure.in_turn(self.bench.programs.meter, made, min(FEW, self.bench.repeat)))

    def first_run(self, count: int) -> Series:
        """One run over everything; the database stays."""
        folder = self.bench.make(f"postgres-rows-{count}", "brant", count, workloads.rows)
        run = self.ready(self.brant(folder, f"rows {count}"), self.server.address, _Work(_ROWS, count))
        series = Series()
        measure.once(self.bench.programs.meter, run, series)
        return series


def _serves(mother: int) -> bool:
    """Whether a process of the server serves a client, as its title says, or is over and not yet counted."""
    for pid in pathlib.Path(f"/proc/{mother}/task/{mother}/children").read_text("ascii").split():
        with contextlib.suppress(FileNotFoundError):
            title = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()
            if title == b"" or f"{servers.HOST}(".encode() in title:
                return True
    return False


def _each(lab: _Lab) -> tuple:
    """Many migrations: at the server's own speed, with a delay, and then nothing to do."""
    folder = lab.bench.make("postgres-brant", "brant", MANY, workloads.tables)
    for peer in lab.peers:
        lab.bench.make(f"postgres-{peer.name}", peer.name, MANY, workloads.tables)
    brant = lab.brant(folder, "each brant")
    ours = [lab.floor("floor", folder, "each floor", "bare"),
            lab.floor("floor with a ledger", folder, "each ledger", "ledger"), brant]
    others = [lab.other(peer) for peer in lab.peers]
    each = lab.compare([*ours, *others], _Work(_TABLES, MANY))
    others = [other for other in others if other.name in each.series]
    slow = lab.compare_slow([*ours, *others], _Work(_TABLES, MANY))
    look = lab.floor("floor", folder, brant.database, "look", _LEDGER)
    return each, slow, lab.compare([look, brant, *others], _Work(_TABLES, MANY, False))


def _look(lab: _Lab) -> tuple:
    """First runs, and behind the larger one nothing to do."""
    runs = {count: lab.first_run(count) for count in (MANY, MORE)}
    folder, database = lab.bench.folder / f"postgres-rows-{MORE}", f"rows {MORE}"
    look = lab.compare([lab.floor("connect", folder, database, "connect"),
                        lab.floor("floor", folder, database, "look", _LEDGER), lab.brant(folder, database)],
                       _Work(_ROWS, MORE, False))
    return runs, look


def run(bench: Bench, say: Callable[[str], None]) -> Results:
    server = servers.Postgres(plain=True)
    lab = _Lab(bench, server)
    try:
        with server.connect() as admin:
            version = admin.one("SHOW server_version").split()[0]
        say(f"PostgreSQL: {MANY} migrations, a transaction for each, without and with a delay; nothing to do")
        each, slow, peers_look = _each(lab)
        say(f"PostgreSQL: {MORE} migrations, then nothing to do")
        runs, look = _look(lab)
        return Results(version, each, slow, look, peers_look, runs)
    finally:
        server.stop()
