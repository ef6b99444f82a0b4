# SPDX-License-Identifier: Apache-2.0
"""How often brant asks PostgreSQL, counted by the proxy, and what it asks, as the server's log says."""
import pathlib
import re

import libpq
import servers
import support
import support_postgres
from support_postgres import AUDIT, audit

MANY = 1000


def small(count: int) -> dict:
    """Migrations of one statement each."""
    return {f"{n:05}_m": f"CREATE TABLE t{n} (a int);\n" for n in range(1, count + 1)}


class Case(support_postgres.Case):
    def behind_proxy(self, **more) -> support_postgres.Project:
        p = self.project(**more)
        p.proxy = servers.proxy(self, p.server, gather_us=10000)
        p.env["DATABASE_URL"] = p.proxy.url(p.database.name)
        return p

    def counted(self, p, *args, **more) -> dict:
        """What a command adds to the counts, with a connection that only comes and goes subtracted from
        its round trips."""
        before = p.proxy.counts()
        libpq.Connection(p.proxy.url(p.database.name)).close()
        support.wait_until(lambda: p.proxy.counts()["open"] == 0, what="the end of the connection")
        middle = p.proxy.counts()
        p.run(*args, check=0, **more)
        support.wait_until(lambda: p.proxy.counts()["open"] == 0, what="the end of the connection")
        after = p.proxy.counts()
        return {"connections": after["connections"] - middle["connections"],
                "round_trips": after["round_trips"] - 2 * middle["round_trips"] + before["round_trips"],
                "bytes": after["to_server"] - middle["to_server"]}


class NothingPending(Case):
    def test_one_connection_and_one_round_trip_however_many_there_are(self):
        p = self.behind_proxy().pairs(small(3))
        p.up()
        for count in (3, 300):
            p.pairs(small(count))
            p.up()
            with self.subTest(count=count):
                got = self.counted(p, "up")
                self.assertEqual((got["connections"], got["round_trips"]), (1, 1))

    def test_it_is_one_query_for_the_server_too(self):
        server = servers.postgres(self, settings={"log_statement": "all", "log_line_prefix": "%q[%a] "})
        p = self.project(server=server).pairs(small(5))
        p.up()
        log = pathlib.Path(server.log)
        before = log.stat().st_size
        p.up()
        said = log.read_text("utf-8", "replace").encode()[before:].decode("utf-8", "replace")
        asked = re.findall(r"^\[brant.*?\] LOG: +(?:statement|execute [^:]*): (.*)", said, re.MULTILINE)
        self.assertEqual(len(asked), 1, said)
        self.assertIn("brant_migrations", said)

    def test_down_without_anything_applied(self):
        p = self.behind_proxy().pairs({"1_a": ("SELECT 1;", "SELECT 1;")})
        p.up()
        p.down()
        got = self.counted(p, "down")
        self.assertEqual((got["connections"], got["round_trips"]), (1, 1))


class Pending(Case):
    def test_a_thousand_small_migrations_take_a_few_round_trips(self):
        p = self.behind_proxy().pairs(small(MANY))
        got = self.counted(p, "up", timeout=120)
        self.assertEqual(len(p.completed()), MANY)
        self.assertLessEqual(got["round_trips"], MANY + 10)
        self.assertLessEqual(got["round_trips"], 35, "it was 29 when this was written")
        self.assertEqual(got["connections"], 1)

    def test_a_hundred_downwards(self):
        p = self.behind_proxy().pairs({f"{n:03}_m": (f"CREATE TABLE t{n} (a int);", f"DROP TABLE t{n};")
                                       for n in range(1, 101)})
        p.up()
        got = self.counted(p, "down", "--all")
        self.assertEqual(p.tables(), [])
        self.assertLessEqual(got["round_trips"], 10)

    def test_one_migration_into_an_empty_database_and_one_more(self):
        p = self.behind_proxy().pairs(small(1))
        first = self.counted(p, "up")
        p.pairs(small(2))
        second = self.counted(p, "up")
        p.pairs({"3_large": AUDIT + "".join(audit(f"row {n}") for n in range(500))})
        large = self.counted(p, "up")
        self.assertEqual((first["connections"], second["connections"], large["connections"]), (1, 1, 1))
        self.assertLessEqual(first["round_trips"], 9)  # one asks what other tools have left
        self.assertLessEqual(second["round_trips"], 7)
        self.assertLessEqual(large["round_trips"], second["round_trips"])

    def test_rows_of_a_copy_cost_the_same_however_many(self):
        trips = []
        for count in (10, 20000):
            rows = "".join(f"{n}\tvalue {n}\n" for n in range(count))
            p = self.behind_proxy().pairs({"1_a": f"CREATE TABLE t (a int, b text);\nCOPY t FROM stdin;\n{rows}\\.\n"})
            trips.append(self.counted(p, "up")["round_trips"])
            self.assertEqual(p.sql("SELECT count(*) FROM t"), [(count,)])
        self.assertEqual(trips[0], trips[1])
        self.assertLessEqual(trips[0], 12)

    def test_a_dry_run_is_one_and_the_report_counts_them(self):
        p = self.behind_proxy().pairs(small(30))
        before = self.counted(p, "up", "--dry-run")
        self.assertEqual(p.tables(), [])
        self.assertEqual(before["round_trips"], 2)  # of a database without a ledger
        report = p.run("up", "--json", check=0).json()
        self.assertLessEqual(report["round_trips"], 12)
        self.assertGreater(report["round_trips"], 1)


class Looking(Case):
    def test_status_and_plan_cost_the_same_however_many_there_are(self):
        p = self.behind_proxy()
        seen = {}
        for count in (0, 2, 200):
            p.pairs(small(max(count, 1)))
            if count > 0:
                p.up("1" if count == 2 else str(count - 2))
            for command in ("status", "plan", "validate", "history", "version", "list"):
                with self.subTest(command=command, count=count):
                    got = self.counted(p, command)
                    self.assertEqual(got["connections"], 1)
                    seen.setdefault(command, []).append(got["round_trips"])
        for command, (without, *trips) in seen.items():
            self.assertEqual(len(set(trips)), 1, (command, trips))
            self.assertLessEqual(trips[0], 2, command)
            self.assertLessEqual(without, 3, command)  # no ledger: what have other tools left?


if __name__ == "__main__":
    support.main()
