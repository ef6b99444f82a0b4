# SPDX-License-Identifier: Apache-2.0
"""The benchmarks: `./dev bench` runs tools/bench, which runs this.

  floor.c           the bare work that brant is compared with
  floor_postgres.c  the same on PostgreSQL
  floor_mysql.c     and on MariaDB
  floor_server.c    what these two share
  directory.c       how floors read files
  empty.c           a program that does nothing
  meter.c           runs one program and says what it took
  build.py          builds these and brant, and says where they are
  workloads.py      writes migrations, for brant and in the formats of its peers
  peers.py          other tools: how each is installed and called
  flyway/           a program around Flyway's library
  measure.py        times, memory, system calls and instructions of commands
  scenarios.py      what is measured on SQLite
  lab.py            what is measured on a database server
  postgres.py       what PostgreSQL has of its own there
  mysql.py          and MariaDB
  machine.py        where it is measured
  report.py         docs/benchmarks.md
  report_server.py  its parts about database servers
  report_postgres.py  what that of PostgreSQL has of its own
  report_mysql.py   and that of MariaDB
  tables.py         what all share
"""
