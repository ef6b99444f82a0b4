#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""check_covered.py NM LIBRARY OOM: every public function is in a scenario of the fault harness."""
import re
import subprocess
import sys


def lines(*command: str) -> list:
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout.splitlines()


def main() -> int:
    nm, library, oom = sys.argv[1:]
    found = (re.search(r" T (brant_\w+)@@?BRANT_[\d.]+$", line)
             for line in lines(nm, "-D", "--defined-only", "--with-symbol-versions", library))
    public = {match[1] for match in found if match}
    covered = {line for line in lines(oom, "--list") if line}
    for name in sorted(public - covered):
        print(f"{name}: no scenario in tests/fault/scenarios.c calls it with failing allocations")
    for name in sorted(covered - public):
        print(f"{name}: a scenario in tests/fault/scenarios.c names it, and there is no such function")
    print(f"{len(public)} public functions, {len(public & covered)} covered")
    return 0 if public and public == covered else 1


if __name__ == "__main__":
    sys.exit(main())
