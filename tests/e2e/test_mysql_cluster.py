# SPDX-License-Identifier: Apache-2.0
"""The lease as the migration lock in a cluster of two nodes of Galera, and on one server whose URL asks for
it."""
import signal
import time

import cluster_cases
import galera
import support
import support_mysql
from cluster_cases import MIXED, SHORT, TOKENS
from support_mysql import AUDIT, audit


def setUpModule():
    cluster_cases.use(galera.cluster, causal="SET SESSION wsrep_sync_wait = 15")


class TwoNodes(cluster_cases.TwoNodes):
    pass


class Lost(cluster_cases.Lost):
    pass


class People(cluster_cases.People):
    pass


class Galera(cluster_cases.Case):
    def test_a_node_that_is_out_of_step_says_so(self):
        p = self.project().pairs(MIXED)
        with self.two.connect() as admin:
            admin.query("SET GLOBAL wsrep_reject_queries = 'ALL'")
            self.addCleanup(lambda: self.two.connect().query("SET GLOBAL wsrep_reject_queries = 'NONE'"))
            result = p.run("up", env=p.on(self.two), check=10)
        self.assertSays(result, "WSREP has not yet prepared", "another one")
        self.assertEqual(p.tables(), [])


class LongChange(cluster_cases.Case):
    """A table is changed for longer than the lease lasts. Each row costs some milliseconds, on any machine."""

    SHORT = {"BRANT_LOCK_LEASE": "1s", "BRANT_LOCK_POLL_INTERVAL": "100ms"}
    ROWS, MORE = 200, 80

    def changing(self):
        """A project, and a run on the first node that has begun the change. That node has more rows than
        the other, and is slower by that."""
        p = self.project().pairs({"1_a": AUDIT})
        p.run("up", env=p.on(self.one), check=0)
        with p.connect() as db:
            db.query(f"INSERT INTO audit (token) SELECT seq FROM seq_1_to_{self.ROWS}")
            db.query(f"SET SESSION wsrep_on = OFF; INSERT INTO audit (token) SELECT seq FROM seq_1_to_{self.MORE}")
        p.pairs({"2_b": "ALTER TABLE audit ADD COLUMN c char(32) AS (MD5(REPEAT(token, 3000000))) STORED;\n",
                 "3_c": audit("c")})
        run = self.start(p, self.one)
        support.wait_until(lambda: self.alters(p), process=run)
        return p, run

    def start(self, p, node):
        return p.start("up", env={**p.on(node), **self.SHORT})

    @staticmethod
    def alters(p) -> bool:
        return any("ALTER TABLE" in (s["info"] or "") for s in p.sessions())

    def check_nobody_takes_over(self):
        p, run = self.changing()
        waits = self.start(p, self.two)
        with support_mysql.Project.connect(p) as db:
            over = False
            while self.alters(p):
                over = over or db.query("SELECT MAX(expires) < UTC_TIMESTAMP(6) - INTERVAL 600000 MICROSECOND "
                                        "FROM brant_lease WHERE part = 'beat'") == [[1]]
                time.sleep(0.05)  # the node has enough to do
        for one in (run, waits):
            result = one.finish(120)
            self.assertEqual(result.code, 0, result)
        self.check_order(p)
        self.assertTrue(over, "the table was changed too soon")

    def check_order(self, p):
        self.assertEqual(p.completed(), ["1_a", "2_b", "3_c"])
        self.assertEqual([h["migration"] for h in p.history()], ["1_a", "2_b", "3_c"])

    def test_nobody_takes_over(self):
        self.check_nobody_takes_over()

    def test_nobody_takes_over_where_looks_give_up(self):
        def limit(seconds):
            with self.two.connect() as admin:
                admin.query(f"SET GLOBAL wsrep_provider_options = 'repl.causal_read_timeout=PT{seconds}S'")

        limit(1)
        self.addCleanup(limit, 30)
        self.check_nobody_takes_over()

    def test_the_next_one_takes_over_from_the_dead(self):
        p, run = self.changing()
        run.send(signal.SIGKILL)
        run.finish()
        result = self.start(p, self.two).finish(120)
        self.assertEqual(result.code, 0, result)
        self.check_order(p)


class OneServer(support_mysql.Case):
    """The URL asks for a lease."""

    def test_it_goes_up_and_down(self):
        p = self.project(lock="lease").pairs(MIXED)
        p.up(check=0)
        self.assertEqual(sorted(token for token, in p.sql("SELECT token FROM audit")), TOKENS)
        self.assertNotIn("brant_lease", p.run("status", "--json", check=0).text)
        self.assertEqual(len(p.sql("SELECT * FROM brant_lease WHERE owner IS NULL")), 2)

    def test_a_stopped_run_writes_nothing_more(self):
        p = self.project(lock="lease").pairs({"1_a": AUDIT, "2_b": "DO SLEEP(1);\n" + audit("b")})
        run = p.start("up", env=SHORT)
        support.wait_until(lambda: any("SLEEP" in (s["info"] or "") for s in p.sessions()), process=run)
        run.send(signal.SIGSTOP)
        # Only the lease keeps others waiting when its session is gone.
        with p.server.connect() as admin:
            for session in p.sessions():
                admin.query(f"KILL CONNECTION {session['id']}")
        p.up(check=0, env=SHORT)
        run.send(signal.SIGCONT)
        self.assertNotEqual(run.finish().code, 0)
        self.assertEqual(p.sql("SELECT token FROM audit"), [["b"]])

    def test_kinds_of_locks(self):
        self.assertSays(self.project(lock="gentle").run("ping"), "auto or lease")


if __name__ == "__main__":
    support.main()
