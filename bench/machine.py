# SPDX-License-Identifier: Apache-2.0
"""Facts about the machine, without which figures mean little."""
import os
import pathlib
import platform
import re
import subprocess


def _first(pattern: str, text: str, otherwise: str = "unknown") -> str:
    found = re.search(pattern, text, re.MULTILINE)
    return found[1].strip() if found else otherwise


def _read(path: str) -> str:
    try:
        return pathlib.Path(path).read_text("utf-8", "replace")
    except OSError:
        return ""


def output(*command: str) -> str:
    """The first line that a command prints; "unknown" when there is none."""
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return "unknown"
    return (done.stdout.strip() or done.stderr.strip() or "unknown").split("\n")[0]


def _file_system(folder: pathlib.Path) -> str:
    """Kind of the file system with the longest mount point above the folder."""
    best, kind = "", "unknown"
    for line in _read("/proc/mounts").split("\n"):
        fields = line.split(" ")
        if len(fields) > 2 and len(fields[1]) >= len(best) and folder.resolve().is_relative_to(fields[1]):
            best, kind = fields[1], fields[2]
    return kind


def load() -> float:
    return os.getloadavg()[0]


def facts(folder: pathlib.Path) -> list:
    """Pairs of a name and a value."""
    memory_kib = int(_first(r"^MemTotal: *(\d+)", _read("/proc/meminfo"), "0"))
    return [
        ("processor", _first(r"^model name\s*:(.*)$", _read("/proc/cpuinfo"), platform.machine())),
        ("processors", str(os.cpu_count())),
        ("memory", f"{memory_kib * 1024 / 1e9:.0f} GB"),
        ("system", _first(r'^PRETTY_NAME="?([^"\n]*)', _read("/etc/os-release"))),
        ("kernel", f"{platform.system()} {platform.release()}"),
        ("file system", _file_system(folder)),
        ("compiler", output("cc", "--version")),
        ("SQLite of brant and floor", output("pkg-config", "--modversion", "sqlite3")),
        ("libpq of brant and floor", output("pkg-config", "--modversion", "libpq")),
        ("libmariadb of brant and floor", output("pkg-config", "--modversion", "libmariadb")),
    ]
