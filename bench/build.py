# SPDX-License-Identifier: Apache-2.0
"""Builds what is measured: brant as its users have it, and the small programs of this folder."""
import pathlib
import subprocess
from dataclasses import dataclass

ROOT = pathlib.Path(__file__).resolve().parent.parent
# Everything that a benchmark makes is in here.
FOLDER = ROOT / "build-bench"
# As for brant in the release preset.
_FLAGS = ["-std=c17", "-O2", "-DNDEBUG", "-D_XOPEN_SOURCE=700", "-D_DEFAULT_SOURCE",
          "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Werror"]


@dataclass(frozen=True)
class Programs:
    brant: str
    floor: str
    floor_postgres: str
    floor_mysql: str
    empty: str
    meter: str
    proxy: str


class Failed(Exception):
    """A command failed without which there is nothing to measure."""


def run(command: list, log: pathlib.Path, seconds: int = 600, **more) -> None:
    """Output goes to the log; its end is shown when the command fails."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with open(log, "wb") as output:
        try:
            code = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                                  timeout=seconds, check=False, **more).returncode
        except (OSError, subprocess.TimeoutExpired) as error:
            raise Failed(f"{pathlib.Path(command[0]).name}: {type(error).__name__}") from error
    if code != 0:
        lines = log.read_text("utf-8", "replace").strip().split("\n")
        raise Failed(f"{pathlib.Path(command[0]).name} ended with {code}: " + " / ".join(lines[-3:])[-300:])


def _flags_of(*modules: str) -> list:
    asked = subprocess.run(["pkg-config", "--cflags", "--libs", *modules], capture_output=True,
                           text=True, check=True)
    return asked.stdout.split()


def _small(name: str, *modules: str, source: str = "", more: tuple = ()) -> str:
    target = FOLDER / name
    libraries = _flags_of(*modules) if modules else []
    # Floors read files.
    shared = ["bench/directory.c", *more] if modules else []
    run(["cc", *_FLAGS, source or f"bench/{name}.c", *shared, "-o", str(target), *libraries],
        FOLDER / "logs" / f"{name}.log", cwd=ROOT)
    return str(target)


def _floor_of(engine: str, library: str) -> str:
    return _small(f"floor_{engine}", library, "nettle", more=("bench/floor_server.c",))


def programs() -> Programs:
    FOLDER.mkdir(exist_ok=True)
    log = FOLDER / "logs" / "release.log"
    run(["cmake", "--preset", "release"], log, cwd=ROOT)
    run(["cmake", "--build", "--preset", "release", "--target", "brant"], log, cwd=ROOT)
    return Programs(
        brant=str(ROOT / "build-release" / "brant"),
        floor=_small("floor", "sqlite3", "nettle"),
        floor_postgres=_floor_of("postgres", "libpq"),
        floor_mysql=_floor_of("mysql", "libmariadb"),
        empty=_small("empty"),
        meter=_small("meter"),
        proxy=_small("proxy", source="tests/support/proxy_main.c"))
