# SPDX-License-Identifier: Apache-2.0
"""The benchmarks: `./dev bench` runs tools/bench, which runs this.

  floor.c           the bare work that brant is compared with
  floor_postgres.c  the same on PostgreSQL
  directory.c       how floors read files
  empty.c           a program that does nothing
  meter.c           runs one program and says what it took
  build.py          builds these and brant, and says where they are
  workloads.py      writes migrations, for brant and in the formats of its peers
  peers.py          other tools: how each is installed and called
  flyway/           a program around Flyway's library
  measure.py        times, memory, system calls and instructions of commands
  scenarios.py      what is measured on SQLite
  postgres.py       what is measured on PostgreSQL
  machine.py        where it is measured
  report.py         docs/benchmarks.md
  report_postgres.py  its part about PostgreSQL
  tables.py         what both share
"""
