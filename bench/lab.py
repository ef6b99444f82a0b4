# SPDX-License-Identifier: Apache-2.0
"""What is measured on a database server, and how: a private one with the settings that it has of its own,
on disk.

A command is given a database of its own, and is counted once: through the proxy of the tests, which
tells round trips, connections and bytes. Times are taken without the proxy, or through one that
holds back what begins a round trip.
"""
import functools
import os
import pathlib
import sys
from dataclasses import dataclass, field
from typing import Callable

from bench import measure, peers, workloads
from bench.build import FOLDER, ROOT, Failed
from bench.measure import Contestant, Series
from bench.scenarios import MANY, MORE, Bench

os.environ.setdefault("BRANT_BUILD", str(FOLDER))
sys.path.insert(0, str(ROOT / "tests" / "support"))

import servers  # noqa: E402

DELAY_US = 1000
# Rounds of tools that take long, and of ours with a delay; others have one with it.
FEW = 2
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
    # The same with DELAY_US for each round trip, and that with migrations that only write rows.
    slow: Result
    slow_rows: Result
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


def process_ms(pid: int) -> float:
    """Processor time of a process, and of its children that are over."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) * _TICK_MS


class Lab:
    """What a kind of server has of its own is in the classes made from this one."""

    # Of peers, files and folders.
    engine = ""
    title = ""
    # What brant reads when there is nothing to do.
    ledger = ""
    # How many of workloads.tables there are.
    tables = ""
    url_options = {}
    # No more rounds of ours than these.
    rounds = 100

    def __init__(self, bench: Bench, floor: str):
        self.bench, self._floor = bench, floor
        self.peers = peers.of_engine(bench.peers, self.engine)
        self.server = self.start()

    # --- the server

    def start(self):
        raise NotImplementedError

    def version(self) -> str:
        raise NotImplementedError

    def spent_ms(self) -> float:
        """Processor time that the server has spent on clients that are gone."""
        raise NotImplementedError

    def fresh(self, database: str) -> None:
        """Makes it anew."""
        raise NotImplementedError

    def _check(self, database: str, work: _Work, _: pathlib.Path) -> None:
        with self.server.connect(database) as connection:
            found = connection.query(work.question)[0][0]
        if found != work.answer:
            raise Failed(f"{database}: {found} of {work.answer}")

    # --- commands

    @staticmethod
    def _name(what: str) -> str:
        """Of a database; the tests' user may do everything in those with such a name."""
        return f"brant_{what}".replace(" ", "_").replace("-", "_")

    def _folder(self, tool: str, count: int, statements: Callable) -> str:
        return f"{self.engine}-{tool}-{statements.__name__}-{count}"

    def _made(self, tool: str, count: int = MANY, statements: Callable = workloads.tables) -> pathlib.Path:
        return self.bench.make(self._folder(tool, count, statements), tool, count, statements)

    def _brant(self, folder: pathlib.Path, database: str) -> _Command:
        def make(url: str) -> Contestant:
            return Contestant("brant", [self.bench.programs.brant, "up", "--quiet"], folder, env={"DATABASE_URL": url})

        return _Command("brant", folder, self._name(database), make)

    def _bare(self, name: str, folder: pathlib.Path, database: str, mode: str, *more: str) -> _Command:
        def make(url: str) -> Contestant:
            files = [] if mode == "connect" else ["migrations"]
            return Contestant(name, [self._floor, mode, *files, url, *more], folder)

        return _Command(name, folder, database, make)

    def _other(self, peer: peers.Peer, statements: Callable = workloads.tables) -> _Command:
        folder = self._made(peer.name, statements=statements)

        def make(url: str) -> Contestant:
            return peer.contestant(folder, measure.nothing, measure.nothing, self.engine, url)

        return _Command(peer.name, folder, self._name(f"{statements.__name__} {peer.name}"), make, False)

    def _ready(self, command: _Command, place, work: _Work) -> Contestant:
        made = command.make(place.url(command.database, **self.url_options))
        made.prepare = (lambda _: self.fresh(command.database)) if work.writes else measure.nothing
        made.verify = functools.partial(self._check, command.database, work)
        made.rounds = FEW if not command.is_ours else self.rounds if work.writes else None
        made.server_ms = self.spent_ms
        return made

    # --- measuring

    def _count(self, command: _Command, work: _Work) -> Counts:
        with servers.Proxy(self.server.address, self.bench.programs.proxy) as proxy:
            measure.run_once(self._ready(command, proxy.address, work))
            seen = proxy.counts()
        return Counts(seen["round_trips"], seen["connections"], seen["to_server"], seen["to_client"])

    def _compare(self, commands: list, work: _Work) -> Result:
        """Ours have to work. One of the others that does not is named in the report, and stops nothing."""
        result, good = Result(), []
        for command in commands:
            try:
                result.counts[command.name] = self._count(command, work)
                good.append(self._ready(command, self.server.address, work))
            except Failed as error:
                if command.is_ours:
                    raise
                result.left_out[command.name] = str(error)
        result.series = measure.in_turn(self.bench.programs.meter, good, self.bench.repeat)
        return result

    def _compare_slow(self, commands: list, work: _Work) -> Result:
        """The same with a delay; none is counted, and all have shown that they work."""
        with servers.Proxy(self.server.address, self.bench.programs.proxy, delay_us=DELAY_US) as proxy:
            made = [self._ready(command, proxy.address, work) for command in commands]
            for one, command in zip(made, commands):
                one.rounds = None if command.is_ours else 1
            return Result(measure.in_turn(self.bench.programs.meter, made, min(FEW, self.bench.repeat)))

    def slow_rows(self) -> Result:
        """Of those that only write rows the server has little work: what is left is the network."""
        folder = self._made("brant", statements=workloads.rows)
        ours = [self._bare("floor", folder, self._name("slow floor"), "bare"),
                self._bare("floor with a ledger", folder, self._name("slow ledger"), "ledger"),
                self._brant(folder, "slow brant")]
        others = [self._other(peer, workloads.rows) for peer in self.peers]
        return self._compare_slow([*ours, *others], _Work(_ROWS, MANY))

    def _first_run(self, count: int) -> Series:
        """One run over everything; the database stays."""
        command = self._brant(self._made("brant", count, workloads.rows), f"rows {count}")
        series = Series()
        measure.once(self.bench.programs.meter, self._ready(command, self.server.address, _Work(_ROWS, count)), series)
        return series

    def each(self) -> tuple:
        """Many migrations: at the server's own speed, with a delay, and then nothing to do."""
        folder = self._made("brant")
        brant = self._brant(folder, "each brant")
        ours = [self._bare("floor", folder, self._name("each floor"), "bare"),
                self._bare("floor with a ledger", folder, self._name("each ledger"), "ledger"), brant]
        others = [self._other(peer) for peer in self.peers]
        each = self._compare([*ours, *others], _Work(self.tables, MANY))
        others = [other for other in others if other.name in each.series]
        slow = self._compare_slow([*ours, *others], _Work(self.tables, MANY))
        look = self._bare("floor", folder, brant.database, "look", self.ledger)
        return each, slow, self._compare([look, brant, *others], _Work(self.tables, MANY, False))

    def look(self) -> tuple:
        """First runs, and behind the larger one nothing to do."""
        runs = {count: self._first_run(count) for count in (MANY, MORE)}
        folder = self.bench.folder / self._folder("brant", MORE, workloads.rows)
        brant = self._brant(folder, f"rows {MORE}")
        return runs, self._compare([self._bare("connect", folder, brant.database, "connect"),
                                    self._bare("floor", folder, brant.database, "look", self.ledger), brant],
                                   _Work(_ROWS, MORE, False))


def run(lab: Lab, say: Callable[[str], None]) -> Results:
    """The lab's server is stopped afterwards."""
    try:
        version = lab.version()
        say(f"{lab.title}: {MANY} migrations, without and with a delay; nothing to do")
        each, slow, peers_look = lab.each()
        slow_rows = lab.slow_rows()
        say(f"{lab.title}: {MORE} migrations, then nothing to do")
        runs, look = lab.look()
        return Results(version, each, slow, slow_rows, look, peers_look, runs)
    finally:
        lab.server.stop()
