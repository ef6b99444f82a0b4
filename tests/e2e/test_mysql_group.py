# SPDX-License-Identifier: Apache-2.0
"""The lease as the migration lock in a group of two members that both take writes (group replication)."""
import signal
import time

import cluster_cases
import group_replication
import servers
import support
from cluster_cases import NODES
from support_mysql import AUDIT, audit


def setUpModule():
    cluster_cases.use(group_replication.group, causal="SET SESSION group_replication_consistency = 'BEFORE'")


class TwoNodes(cluster_cases.TwoNodes):
    pass


class Lost(cluster_cases.Lost):
    pass


class People(cluster_cases.People):
    pass


class Elsewhere(cluster_cases.Case):
    """What a dead run has sent goes on, on the member where it was."""

    def begin_altering(self, door):
        """A run through door, whose ALTER waits on the first member for the returned session."""
        p = self.project().pairs({"1_a": AUDIT})
        p.run("up", env=p.on(self.one), check=0)
        p.pairs({"2_b": "ALTER TABLE audit ADD COLUMN c int;\n", "3_c": audit("c")})
        reader = p.database.connect()
        self.addCleanup(reader.close)
        reader.query("START TRANSACTION; SELECT * FROM audit")
        run = p.start("up", env={**p.on(door), "BRANT_DDL_LOCK_TIMEOUT": "2m"})
        support.wait_until(lambda: any("ALTER TABLE" in (s["info"] or "") for s in p.sessions()), process=run)
        return p, reader, run

    def altering(self):
        """That run killed then."""
        p, reader, run = self.begin_altering(self.one)
        run.send(signal.SIGKILL)
        run.finish()
        return p, reader

    def check_once(self, p) -> None:
        self.assertEqual(p.completed(), ["1_a", "2_b", "3_c"])
        self.assertEqual([h["migration"] for h in p.history()], ["1_a", "2_b", "3_c"])
        self.assertEqual(p.tokens(), ["c"])
        for node in NODES:
            self.assertTrue(node.is_online())

    def test_a_run_on_another_member_waits_for_it(self):
        p, reader = self.altering()
        run = p.start("up", env=p.on(self.two))
        time.sleep(2 * cluster_cases.LEASE_SECONDS)
        self.assertIsNone(run.process.poll())
        reader.query("COMMIT")
        result = run.finish()
        self.assertEqual(result.code, 0, result)
        self.assertSays(result, f"still at work on 127.0.0.1:{self.one.port}")
        self.check_once(p)

    def test_a_live_run_that_comes_back_on_another_member_waits_for_it(self):
        proxy = servers.proxy(self, self.one)
        p, reader, run = self.begin_altering(proxy)
        proxy.stop()
        servers.proxy(self, self.two, port=proxy.port)
        time.sleep(2 * cluster_cases.LEASE_SECONDS)
        self.assertIsNone(run.process.poll())
        reader.query("COMMIT")
        result = run.finish()
        self.assertEqual(result.code, 0, result)
        self.assertSays(result, "what was sent on the lost connection")
        self.check_once(p)

    def test_lock_shows_and_ends_it(self):
        p, reader = self.altering()
        time.sleep(2 * cluster_cases.LEASE_SECONDS)
        self.assertSays(p.run("lock", env=p.on(self.two), check=0), "held by", "still at work")
        p.run("lock", "release", "--yes", env=p.on(self.two), check=0)
        self.assertFalse(any("ALTER TABLE" in (s["info"] or "") for s in p.sessions()))
        reader.query("COMMIT")  # the other member's ALTER has to come through here, too
        p.run("up", env=p.on(self.two), check=0)
        self.check_once(p)

    def test_a_member_that_cannot_be_asked_is_named(self):
        p, reader = self.altering()
        with self.one.connect() as admin:
            admin.query("SET sql_log_bin = 0")  # on this member only
            admin.query(f"ALTER USER {servers.USER}@'%' ACCOUNT LOCK")
            try:
                result = p.run("up", "--lock-timeout", "4s", env=p.on(self.two), check=8)
            finally:
                admin.query(f"ALTER USER {servers.USER}@'%' ACCOUNT UNLOCK")
        self.assertSays(result, f"cannot ask 127.0.0.1:{self.one.port}", "is locked")
        reader.query("COMMIT")
        p.run("up", env=p.on(self.two), check=0)
        self.check_once(p)

    def test_who_may_not_see_the_members_is_told(self):
        p = self.project().pairs({"1_a": AUDIT})
        grant = "SELECT ON performance_schema.replication_group_members"
        with self.one.connect() as admin:
            admin.query(f"REVOKE {grant} FROM {servers.USER}@'%'")
            try:
                result = p.run("up", env=p.on(self.one), check=None)
            finally:
                admin.query(f"GRANT {grant} TO {servers.USER}@'%'")
        self.assertSays(result, "GRANT SELECT", "lock.cluster")
        self.assertNotEqual(result.code, 0)
        self.assertEqual(p.completed(), [])


class OnePrimary(cluster_cases.Case):
    """The same group, where for a while only one member takes writes."""

    @staticmethod
    def ask(node, sql: str) -> str:
        with node.connect() as admin:
            return str(admin.query(sql)[0][0])

    @classmethod
    def move_primary(cls, node, function: str = "set_as_primary") -> None:
        name = cls.ask(node, "SELECT @@server_uuid")
        cls.ask(node, f"SELECT group_replication_{function}('{name}')")
        support.wait_until(lambda: cls.ask(node, "SELECT @@super_read_only") == "0", what="the new primary")

    @classmethod
    def setUpClass(cls):
        if NODES:
            cls.addClassCleanup(cls.ask, NODES[0], "SELECT group_replication_switch_to_multi_primary_mode()")
            cls.move_primary(NODES[0], "switch_to_single_primary_mode")

    def test_what_a_dead_run_began_is_finished_at_the_next_primary(self):
        p, other, run = self.held_up()
        self.addCleanup(self.move_primary, self.one)
        self.assertEqual(p.sql("SHOW TABLES LIKE 'brant_lease'"), [])  # GET_LOCK() on the primary does
        run.send(signal.SIGKILL)
        run.finish()
        self.assertRefused(p.run("up", env=p.on(self.two)), "read.only", codes=(1, 10))
        other.query("COMMIT")
        self.move_primary(self.two)
        p.run("up", env=p.on(self.two), check=0)
        self.check_once(p)
        for command in (("mark", "4_d", "--as", "pending"), ("setup",)):
            self.assertRefused(p.run(*command, env=p.on(self.one)), "read.only", codes=(1, 10))
        self.assertEqual(p.completed(), ["1_a", "2_b", "3_c", "4_d"])


if __name__ == "__main__":
    support.main()
