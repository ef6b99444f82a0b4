# SPDX-License-Identifier: Apache-2.0
"""What a command takes: time and memory by bench/meter, system calls by strace, instructions by valgrind."""
import os
import pathlib
import re
import shutil
import statistics
import subprocess
from dataclasses import dataclass, field
from typing import Callable, Optional

from bench.build import Failed

# No single run takes longer.
SECONDS = 300
_PASSED_ON = ("PATH", "LANG", "TZ", "TMPDIR")


def nothing(_: pathlib.Path) -> None:
    pass


@dataclass
class Contestant:
    """One command in its own folder."""

    name: str
    argv: list
    folder: pathlib.Path
    # Before a run, not measured: what makes it like every other.
    prepare: Callable[[pathlib.Path], None] = nothing
    # After a run: raises Failed when the command did not do its work.
    verify: Callable[[pathlib.Path], None] = nothing
    env: dict = field(default_factory=dict)
    # Runs that are timed; None: as many as of all others.
    rounds: Optional[int] = None
    # Processor time in ms that a server has spent so far, for commands that have one.
    server_ms: Optional[Callable[[], float]] = None

    @property
    def writes(self) -> bool:
        return self.prepare is not nothing

    def environment(self) -> dict:
        passed = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
        return {**passed, "HOME": str(self.folder), **self.env}


@dataclass
class Series:
    """What the runs of one command took, one entry for each round."""

    times_ms: list = field(default_factory=list)
    processor_ms: list = field(default_factory=list)
    peaks_kib: list = field(default_factory=list)
    server_ms: list = field(default_factory=list)

    @property
    def ms(self) -> float:
        return statistics.median(self.times_ms)

    @property
    def processor(self) -> float:
        return statistics.median(self.processor_ms)

    @property
    def peak_mb(self) -> float:
        """In units of 1,000,000 bytes, as the goals are."""
        return statistics.median(self.peaks_kib) * 1024 / 1e6

    @property
    def server(self) -> float:
        return statistics.median(self.server_ms)

    def over(self, base: "Series") -> float:
        """Round by round, so that what slows a round down for both does not count."""
        return statistics.median(mine / its for mine, its in zip(self.times_ms, base.times_ms))

    def above_ms(self, base: "Series") -> float:
        return statistics.median(mine - its for mine, its in zip(self.times_ms, base.times_ms))


@dataclass(frozen=True)
class Writes:
    """How often a command waited for the disk, and how many transactions wrote. In SQLite's mode
    DELETE each of these ends with the removal of its journal; in others they cannot be counted so."""

    syncs: int
    commits: int


_STRACE = ["strace", "-f", "--seccomp-bpf", "-qq", "-e", "trace=fsync,fdatasync,unlink,unlinkat", "-e", "signal=none", "-o"]
_SYNC = re.compile(rb"\b(?:fsync|fdatasync)\(\d+")
_UNLINK = re.compile(rb"\bunlink(?:at)?\([^\n]*-journal\"")


def run_once(one: Contestant, prefix: list = ()) -> None:
    """One run that is not timed. A failure is raised with the end of the output."""
    one.prepare(one.folder)
    try:
        done = subprocess.run([*prefix, *one.argv], cwd=one.folder, env=one.environment(), stdin=subprocess.DEVNULL,
                              capture_output=True, timeout=SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Failed(f"{one.name}: {type(error).__name__}") from error
    if done.returncode != 0:
        output = (done.stdout + done.stderr).decode("utf-8", "replace").strip()
        raise Failed(f"{one.name} ended with {done.returncode}: {' '.join(output[-300:].split())}")
    one.verify(one.folder)


def try_out(one: Contestant, scratch: pathlib.Path) -> Optional[Writes]:
    """One run that is not timed: fills caches, counts writes where strace is there, and shows a failure
    with its output."""
    trace = scratch / "strace.txt"
    prefix = [*_STRACE, str(trace)] if shutil.which("strace") else []
    run_once(one, prefix)
    if not prefix:
        return None
    text = trace.read_bytes()
    # A call that another thread interrupts has two lines, and only the first has its arguments.
    return Writes(len(_SYNC.findall(text)), len(_UNLINK.findall(text)))


def once(meter: str, one: Contestant, series: Series) -> None:
    one.prepare(one.folder)
    if one.writes:
        # Nobody pays for what somebody else wrote.
        os.sync()
    before = one.server_ms() if one.server_ms else 0
    done = subprocess.run([meter, str(SECONDS), *one.argv], cwd=one.folder, env=one.environment(),
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          text=True, check=True)
    spent = one.server_ms() if one.server_ms else 0
    wall_ns, peak_kib, user_ns, system_ns, status = map(int, done.stdout.split())
    if status != 0:
        raise Failed(f"{one.name} ended with {status}")
    one.verify(one.folder)
    series.times_ms.append(wall_ns / 1e6)
    series.processor_ms.append((user_ns + system_ns) / 1e6)
    series.peaks_kib.append(peak_kib)
    if one.server_ms:
        series.server_ms.append(spent - before)


def in_turn(meter: str, contestants: list, repeat: int) -> dict:
    """Series by name, of commands that were tried out. Everyone runs once before anyone runs again, so
    that a slow minute of the machine is a slow minute for all. A dot is a round."""
    result = {one.name: Series() for one in contestants}
    for number in range(repeat):
        for one in contestants:
            if one.rounds is not None and number >= one.rounds:
                continue
            once(meter, one, result[one.name])
        print(".", end="", flush=True)
    print(flush=True)
    return result


def instructions(one: Contestant) -> Optional[int]:
    """In user mode, libraries included."""
    if shutil.which("valgrind") is None:
        return None
    one.prepare(one.folder)
    done = subprocess.run(
        ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", *one.argv],
        cwd=one.folder, env=one.environment(), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE, text=True, timeout=SECONDS * 2, check=False)
    found = re.search(r"Collected *: *(\d+)", done.stderr)
    if done.returncode != 0 or found is None:
        raise Failed(f"{one.name} under valgrind ended with {done.returncode}")
    return int(found[1])
