# SPDX-License-Identifier: Apache-2.0
"""What is measured on SQLite. Each function is one scenario and returns its result for the report."""
import contextlib
import pathlib
import shutil
import sqlite3
from dataclasses import dataclass, field
from typing import Callable, Optional

from bench import measure, peers, workloads
from bench.build import FOLDER, Failed, Programs
from bench.measure import Contestant, Writes

MANY, MORE, MOST = 1_000, 10_000, 100_000
_LEDGER = "SELECT id, checksum FROM brant_migrations"
_NO_LEDGER = "SELECT count(*) FROM sqlite_schema"


@dataclass
class Bench:
    """What the scenarios share."""

    programs: Programs
    peers: list
    repeat: int
    folder: pathlib.Path = FOLDER / "work"

    def compare(self, ours: list, others: list = (), times: int = 1) -> "Result":
        """Ours have to work. One of the others that does not is named in the report, and stops nothing."""
        result, good = Result(), []
        for one in [*ours, *others]:
            try:
                result.writes[one.name] = measure.try_out(one, self.folder)
                good.append(one)
            except Failed as error:
                if one in ours:
                    raise
                result.left_out[one.name] = str(error)
        result.series = measure.in_turn(self.programs.meter, good, self.repeat * times)
        return result

    def brant(self, name: str, folder: pathlib.Path, *arguments: str, database: str = "app.db",
              prepare: Callable = measure.nothing, verify: Callable = measure.nothing) -> Contestant:
        return Contestant(name, [self.programs.brant, *arguments], folder, prepare, verify,
                          {"DATABASE_URL": f"sqlite:{database}"})

    def floor(self, name: str, folder: pathlib.Path, mode: str, *more: str, database: str = "app.db",
              prepare: Callable = measure.nothing, verify: Callable = measure.nothing) -> Contestant:
        return Contestant(name, [self.programs.floor, mode, "migrations", database, *more], folder, prepare, verify)

    def make(self, name: str, tool: str, count: int, statements: Callable) -> pathlib.Path:
        folder = self.folder / name
        workloads.write(folder, tool, count, statements)
        return folder


@dataclass
class Result:
    series: dict = field(default_factory=dict)
    writes: dict = field(default_factory=dict)
    # By name of a contestant, where it matters.
    journal: dict = field(default_factory=dict)
    left_out: dict = field(default_factory=dict)


def _fresh(folder: pathlib.Path) -> None:
    for path in folder.glob("app.db*"):
        path.unlink()


def _ask(folder: pathlib.Path, question: str):
    with contextlib.closing(sqlite3.connect(folder / "app.db")) as connection:
        return connection.execute(question).fetchone()[0]


def _has_tables(count: int) -> Callable:
    def verify(folder: pathlib.Path) -> None:
        found = _ask(folder, "SELECT count(*) FROM sqlite_schema WHERE name GLOB 't[0-9]*'")
        if found != count:
            raise Failed(f"{folder.name}: {found} tables of {count}")

    return verify


def each(bench: Bench) -> Result:
    """Many migrations, a transaction for each. The floor is given the number of commits of brant."""
    state = {"prepare": _fresh, "verify": _has_tables(MANY)}
    brant = bench.brant("brant", bench.make("each-brant", "brant", MANY, workloads.tables), "up", "--quiet", **state)
    found: Optional[Writes] = measure.try_out(brant, bench.folder)
    floor = bench.floor("floor", bench.make("each-floor", "brant", MANY, workloads.tables), "each",
                        str(found.commits if found else MANY), **state)
    others = [peer.contestant(bench.make(f"each-{peer.name}", peer.name, MANY, workloads.tables), **state)
              for peer in peers.of_engine(bench.peers, "sqlite")]
    result = bench.compare([floor, brant], others)
    for one in [floor, brant, *others]:
        if one.name in result.series:
            result.journal[one.name] = _ask(one.folder, "PRAGMA journal_mode")
    return result


def together(bench: Bench) -> Result:
    """Many migrations in a single transaction."""
    folder = bench.make("all", "brant", MANY, workloads.tables)
    state = {"prepare": _fresh, "verify": _has_tables(MANY)}
    return bench.compare([bench.floor("floor", folder, "all", **state),
                          bench.brant("brant", folder, "up", "--quiet", "--tx", "all", **state)])


def peers_look(bench: Bench) -> Result:
    """Nothing to do, with the databases that each() left."""
    folder = bench.folder / "each-brant"
    others = [peer.contestant(bench.folder / f"each-{peer.name}", measure.nothing, _has_tables(MANY))
              for peer in peers.of_engine(bench.peers, "sqlite")]
    return bench.compare([bench.floor("floor", folder, "look", _LEDGER), bench.brant("brant", folder, "up", "--quiet")],
                         others)


def _applied(bench: Bench, name: str, count: int) -> pathlib.Path:
    """A project whose migrations were all run."""
    folder = bench.make(name, "brant", count, workloads.notes)
    measure.try_out(bench.brant("brant", folder, "up", "--quiet", "--tx", "all"), bench.folder)
    if _ask(folder, "SELECT count(*) FROM notes") != count:
        raise Failed(f"{name}: not every migration was run")
    return folder


@dataclass
class Looks:
    """Nothing to do at three sizes, and planning at the largest."""

    more: Result
    most: Result
    pending: Result
    # (files, of brant, of floor)
    instructions: list


def looks(bench: Bench) -> Looks:
    counts, results = [], {}
    for count in (MANY, MORE, MOST):
        folder = _applied(bench, f"look-{count}", count)
        floor = bench.floor("floor", folder, "look", _LEDGER)
        brant = bench.brant("brant up", folder, "up", "--quiet")
        if count > MANY:
            plan = [bench.brant("brant plan", folder, "plan")] if count == MOST else []
            results[count] = bench.compare([floor, brant, *plan])
        if count == MOST:
            pending = _pending(bench, folder)
        counts.append((count, measure.instructions(brant), measure.instructions(floor)))
        shutil.rmtree(folder)
    return Looks(results[MORE], results[MOST], pending, counts)


def _pending(bench: Bench, folder: pathlib.Path) -> Result:
    def without(folder: pathlib.Path) -> None:
        (folder / "empty.db").unlink(missing_ok=True)

    state = {"database": "empty.db", "prepare": without}
    return bench.compare([bench.floor("floor", folder, "look", _NO_LEDGER, **state),
                          bench.brant("brant status", folder, "status", **state),
                          bench.brant("brant plan", folder, "plan", **state)])


def start(bench: Bench) -> Result:
    """Programs that start and end. They take so little that more runs are needed."""
    folder = bench.folder / "start"
    folder.mkdir(parents=True, exist_ok=True)
    ours = [Contestant("empty program", [bench.programs.empty], folder),
            Contestant("empty program with SQLite and Nettle", [bench.programs.floor], folder),
            bench.brant("brant --version", folder, "--version")]
    others = [Contestant(f"{peer.name} {peer.version_option}", [peer.path, peer.version_option], folder)
              for peer in bench.peers if peer.installed and peer.version_option]
    return bench.compare(ours, others, times=10)


@dataclass
class Results:
    """On SQLite."""

    each: Result
    together: Result
    peers_look: Result
    looks: Looks
    start: Result


def run(bench: Bench, say: Callable[[str], None]) -> Results:
    say(f"{MANY} migrations, a transaction for each")
    one = each(bench)
    say(f"{MANY} migrations in a single transaction")
    two = together(bench)
    say(f"nothing to do in {MANY} files, with peers")
    three = peers_look(bench)
    say(f"nothing to do in {MANY}, {MORE} and {MOST} files; plans; instructions")
    four = looks(bench)
    say("start of programs")
    return Results(one, two, three, four, start(bench))
