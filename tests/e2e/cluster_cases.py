# SPDX-License-Identifier: Apache-2.0
"""The migration lock where the nodes of a cluster do not know each other's: a lease, in a cluster of two
nodes. A test module says of which kind:

    def setUpModule():
        cluster_cases.use(galera.cluster, causal="SET SESSION wsrep_sync_wait = 15")

    class Lost(cluster_cases.Lost):
        pass
"""
import os
import random
import signal
import time
import unittest

import servers
import support
import support_mysql
from support import SLOW
from support_mysql import AUDIT, audit

NODES: list = []
WHY: list = []
CAUSAL: list = []
LEASE_SECONDS = 2
SHORT = {"BRANT_LOCK_LEASE": f"{LEASE_SECONDS}s", "BRANT_LOCK_POLL_INTERVAL": "200ms"}
MIXED = {
    "001_audit": AUDIT + audit("a"),
    "002_rows": audit("b") + "UPDATE audit SET token = CONCAT(token, '+') WHERE token = 'b';\n",
    "003_column": "ALTER TABLE audit ADD COLUMN size int;\nUPDATE audit SET size = LENGTH(token);\n"
                  "CREATE INDEX audit_size ON audit (size);\n" + audit("c"),
    "004_view": "CREATE VIEW sizes AS SELECT size FROM audit;\nCREATE PROCEDURE p() BEGIN SELECT 1; END;\n"
                "CALL p();\n",
    "005_own": "BEGIN;\n" + audit("d") + audit("e") + "COMMIT;\n",
}
TOKENS = ["a", "b+", "c", "d", "e"]


def use(cluster, causal: str) -> None:
    """cluster: a function of what adds a cleanup. causal: what makes a session see all that other nodes
    have committed."""
    CAUSAL.append(causal)
    try:
        NODES.extend(cluster(unittest.addModuleCleanup))
    except (servers.Missing, servers.NotToBeHad) as missing:
        WHY.append(str(missing))


class Project(support_mysql.Project):
    def connect(self, **more):
        """Sees what was committed on the other node."""
        connection = super().connect(**more)
        connection.query(CAUSAL[0])
        return connection

    def on(self, node, **params) -> dict:
        """The environment of a run that connects to a node, with a short lease."""
        return {**SHORT, "DATABASE_URL": node.url(self.database.name, **params)}

    def empty(self) -> None:
        super().empty()
        for node in NODES:
            with node.connect() as db:
                db.query(f"{CAUSAL[0]}; SHOW DATABASES")

    def tokens(self, db: str = "") -> list:
        return sorted(token for token, in self.sql("SELECT token FROM audit"))

    def lease(self) -> dict:
        rows = {row.pop("part"): row for row in self._rows("brant_lease", "part")}
        return {"owner": rows["lock"]["owner"], "fence": rows["lock"]["fence"], "beats": rows["beat"]["beats"]}


class Case(support_mysql.Case):
    def setUp(self):
        if not NODES:
            self.skipTest(WHY[0])
        self.one, self.two = NODES

    def project(self, **more) -> Project:
        return Project(self, server=self.one, **more)

    def held_up(self, **more):
        """A project whose second migration waits for a row that the returned connection has locked on
        the first node, where it runs."""
        p = self.project().pairs({"1_a": AUDIT + audit("a"), "2_b": "UPDATE audit SET token = 'b';\n",
                                  "3_c": audit("c"), "4_d": "ALTER TABLE audit ADD COLUMN d int;\n"})
        p.run("up", "1", env=p.on(self.one), check=0)
        other = p.database.connect()
        self.addCleanup(other.close)
        other.query("START TRANSACTION; SELECT * FROM audit FOR UPDATE")
        run = p.start("up", env={**p.on(self.one), "BRANT_DDL_LOCK_TIMEOUT": "5s", **more})
        support.wait_until(lambda: any("UPDATE audit" in (s["info"] or "") for s in p.sessions()), process=run)
        return p, other, run

    def finish_on(self, p, node, first="") -> None:
        again = p.run("up", env=p.on(node))
        if again.code != 0 and "CALL p()" in again.err and "resume.unknown" in again.err:
            p.run("repair", "004_view", "--done", env=p.on(node), check=0)  # it leaves no trace
            again = p.run("up", env=p.on(node))
        self.assertEqual(again.code, 0, f"{first}{again}")

    def lock_on(self, p, node, word: str):
        """What `brant lock` says on a node, once it has the word: who only looks waits for no other node."""
        said = []

        def has_come() -> bool:
            said.append(p.run("lock", env=p.on(node), check=0))
            return word in said[-1].out

        support.wait_until(has_come, what=f'"{word}"')
        return said[-1]

    def check_once(self, p) -> None:
        self.assertEqual(p.completed(), ["1_a", "2_b", "3_c", "4_d"])
        self.assertEqual(p.tokens(), ["b", "c"])


class TwoNodes(Case):
    def test_runs_on_both_nodes_at_once(self):
        p = self.project().pairs(MIXED)
        for _ in range(5):
            p.empty()
            for run in [p.start("up", env=p.on(node)) for node in NODES]:
                result = run.finish()
                self.assertEqual(result.code, 0, result)
            self.assertEqual(p.completed(), sorted(MIXED))
        self.assertEqual(p.tokens(), TOKENS)
        self.assertEqual([(h["migration"], h["outcome"]) for h in p.history() if h["action"] == "up"],
                         [(name, "ok") for name in sorted(MIXED)])
        self.assertIsNone(p.lease()["owner"])
        p.run("down", "--all", check=None)
        p.run("history", "--verify", env=p.on(self.two), check=0)

    def test_ten_starts(self):
        p = self.project().pairs({f"{i}_m": audit(str(i)) if i > 1 else AUDIT for i in range(1, 7)})
        runs = [p.start("up", env=p.on(NODES[i % 2])) for i in range(10)]
        for run in runs:
            result = run.finish(120)
            self.assertEqual(result.code, 0, result)
        self.assertEqual(p.tokens(), list("23456"))

    def test_with_nothing_to_do_it_takes_one_query(self):
        p = self.project().pairs(MIXED)
        p.run("up", env=p.on(self.two), check=0)
        before = p.lease()
        proxy = servers.proxy(self, self.one)
        result = p.run("up", env={**p.on(self.one), "DATABASE_URL": proxy.url(p.database.name)}, check=0)
        counts = proxy.counts()
        self.assertEqual(counts["connections"], 1, result)
        self.assertLessEqual(counts["round_trips"], 4)  # greeting, login, the good-bye, and one query
        self.assertEqual(p.lease(), before)

    def test_through_a_proxy_that_cuts(self):
        p = self.project().pairs(MIXED)
        at, cuts = 1, 1
        while cuts:
            p.empty()
            proxy = servers.proxy(self, self.two, cut="trip", at=at, when="after" if at % 2 else "before", how="rst",
                                  linger_ms=50)
            first = p.run("up", env={**p.on(self.two), "DATABASE_URL": proxy.url(p.database.name)})
            cuts = proxy.stop()["cuts"]
            with self.subTest(f"cut at round trip {at}"):
                self.finish_on(p, NODES[at % 2], first)
                self.assertEqual(p.tokens(), TOKENS)
                self.assertEqual(p.completed(), sorted(MIXED))
            at += 5
        self.assertGreater(at, 15)

class Lost(Case):
    def test_a_killed_run_is_waited_for_and_named(self):
        p, other, run = self.held_up()
        run.send(signal.SIGKILL)
        run.finish()
        result = p.run("up", env=p.on(self.two), check=0)
        other.close()
        self.assertSays(result, f"process {run.pid}", "lease until")
        self.assertGreater(result.seconds, 1)
        self.check_once(p)

    def test_a_stopped_run_writes_nothing_more(self):
        p, other, run = self.held_up()
        run.send(signal.SIGSTOP)
        other.query("COMMIT")  # what it had sent is done
        support.wait_until(lambda: "2_b" in p.completed())
        p.run("up", env=p.on(self.two), check=0)
        self.check_once(p)
        before = p.history()
        run.send(signal.SIGCONT)
        result = run.finish()
        self.assertNotEqual(result.code, 0, result)
        self.assertSays(result, "lost")
        self.check_once(p)
        self.assertEqual(p.history(), before)

    def test_what_a_stopped_run_has_open_is_rolled_back(self):
        p, other, run = self.held_up()
        run.send(signal.SIGSTOP)
        result = p.run("up", env=p.on(self.two), check=0)
        self.assertSays(result, f"process {run.pid}")
        run.send(signal.SIGCONT)
        result = run.finish()
        self.assertNotEqual(result.code, 0, result)
        other.close()
        self.check_once(p)
        self.assertEqual([h["migration"] for h in p.history()], ["1_a", "2_b", "3_c", "4_d"])

    def test_kills_at_random_moments(self):
        """Each statement takes effect exactly once, whichever node the next run is on."""
        p = self.project().pairs(MIXED)
        chance = random.Random(os.environ.get("BRANT_SEED", "goose"))
        for turn in range(40 if SLOW else 3):
            p.empty()
            run = p.start("up", env=p.on(NODES[turn % 2]))
            moment = chance.uniform(0, 0.25)
            time.sleep(moment)
            run.send(signal.SIGKILL)
            run.finish()
            with self.subTest(f"kill after {moment:.3f} s"):
                self.finish_on(p, NODES[(turn + 1) % 2])
                self.assertEqual(p.tokens(), TOKENS)
                self.assertEqual(p.completed(), sorted(MIXED))


class People(Case):
    def test_lock_status_and_release(self):
        p, other, run = self.held_up()
        shown = self.lock_on(p, self.two, f"pid {run.pid}")
        self.assertSays(shown, "lease until", "up, brant")
        lock, = p.run("lock", "--json", env=p.on(self.two), check=0).json()["locks"]
        self.assertEqual((lock["held"], lock["pid"]), (True, run.pid))
        self.assertRegex(lock["expires"], r"^20\d\d-")
        first = p.lease()
        support.wait_until(lambda: p.lease()["beats"] > first["beats"], what="a beat")
        self.assertEqual(p.lease()["fence"], first["fence"])
        p.run("lock", "release", env=p.on(self.two), check=2)  # nobody to ask
        p.run("lock", "release", "--yes", env=p.on(self.two), check=0)
        result = run.finish()
        self.assertNotEqual(result.code, 0, result)
        self.lock_on(p, self.one, "free")
        self.assertSays(p.run("health", env=p.on(self.two)), "2_b")
        other.close()
        p.run("up", env=p.on(self.two), check=0)
        self.check_once(p)

    def test_a_wait_has_its_limit(self):
        p, _, run = self.held_up()
        result = p.run("up", "--lock-timeout", "1s", env=p.on(self.two), check=8)
        self.assertSays(result, f"process {run.pid}", "lease until")
        run.send(signal.SIGINT)
        run.finish()
        self.assertIsNone(p.lease()["owner"])
