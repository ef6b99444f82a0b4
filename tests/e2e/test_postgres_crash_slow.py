# SPDX-License-Identifier: Apache-2.0
"""The long form of test_postgres_crash.py: every boundary."""
import time

import servers
import support
import test_postgres_crash as quick
from fault_table import Table
from workloads_postgres import OUTSIDE, OWN, TOGETHER, TRANSACTIONAL

TABLE = Table("postgres_crash_slow")


def tearDownModule():
    TABLE.write()


class Boundaries(quick.Boundaries):
    table, stride = TABLE, 1

    def test_kill_up_one_by_one(self):
        self.every(TRANSACTIONAL, options=("--window", "1"), told="no windows")

    def test_kill_down_in_one_transaction_for_all(self):
        self.every(TOGETHER, "down", tx="all")

    def test_kill_down_with_own_transactions(self):
        self.every(OWN, "down", answers=True)

    def test_failure_outside_transactions(self):
        self.every(OUTSIDE, fault="fail", answers=True)

    def test_lost_answer_in_one_transaction_for_all(self):
        self.every(TOGETHER, fault="drop", tx="all")

    def test_lost_connection_down(self):
        self.every(TRANSACTIONAL, "down", fault="lose")

    def test_lost_connection_with_own_transactions(self):
        self.every(OWN, fault="lose", answers=True)


class Sessions(quick.Sessions):
    table, ROUNDS = TABLE, 40


class OwnServer(quick.OwnServer):
    table, ROUNDS = TABLE, 20

    def test_killed_outside_of_transactions(self):
        server = servers.postgres(self)
        p, command = self.prepared(OUTSIDE, server=server)
        took = p.run(*command, check=0).seconds
        rng = support.seeded(self, "server")
        for number in range(self.ROUNDS):
            with self.table.point("postgres, outside", "each", "server killed", f"round {number}") as told:
                p.restore()
                running = p.start(*command)
                time.sleep(rng.uniform(0, took))
                server.kill()
                self.assertClear(running.finish())
                server.start()
                told.answers = self.finish(p, command)
        self.table.check(self)


if __name__ == "__main__":
    support.main()
