# SPDX-License-Identifier: Apache-2.0
"""Limits of time and signals on PostgreSQL: what is stopped is stopped on the server."""
import signal

import support
import support_postgres
from support_postgres import ALTER, READS, audit


class Limits(support_postgres.Busy):
    def overtime(self, body: str, *args, setting: str):
        p = self.users().pairs({"002_b": audit("2") + body, "003_c": audit("3")})
        result = p.run("up", *args, timeout=20)
        self.assertRefused(result, setting, "002_b", r"limit of (1.0 s|500 ms)", codes=(1,))
        self.assertLess(result.seconds, 5 * support.PATIENCE)
        self.assertNothingRuns(p, "pg_sleep")
        support.wait_until(lambda: p.backends() == [], 5, "the end of its session")
        self.assertEqual(p.completed(), ["001_a"])
        self.assertEqual(p.tokens(), [])
        return result

    def test_S_C61_limit_of_a_statement(self):
        result = self.overtime("SELECT pg_sleep(30);\n", "--statement-timeout", "500ms", setting="statement-timeout")
        self.assertAt(result, "migrations/002_b.up.sql", 2)

    def test_S_D35_limit_of_a_migration(self):
        self.overtime("SELECT pg_sleep(0.4);\n" * 9, "--migration-timeout", "1s", setting="migration-timeout")

    def test_S_D46_MIGRATION_TIMEOUT_is_that_limit(self):
        p = self.users().pairs({"002_b": "SELECT pg_sleep(30);"})
        result = p.run("up", env={"MIGRATION_TIMEOUT": "1"}, timeout=20)
        self.assertRefused(result, "migration-timeout|MIGRATION_TIMEOUT", "002_b")
        self.assertNothingRuns(p, "pg_sleep")
        self.assertRefused(p.run("up", env={"MIGRATION_TIMEOUT": "soon"}), "MIGRATION_TIMEOUT", codes=(2,))

    def test_limit_in_the_head_of_the_file(self):
        p = self.users().pairs({"002_b": "-- brant: timeout=1s\nSELECT pg_sleep(30);"})
        result = p.run("up", timeout=20)
        self.assertRefused(result, "002_b", "limit of 1.0 s", '"timeout" in the head of the file')
        self.assertNotRegex(result.err, "migration-timeout")
        self.assertNothingRuns(p, "pg_sleep")

    def test_of_a_wait_for_a_lock(self):
        p = self.users()
        p.up()
        p.pairs({"002_b": ALTER})
        with self.application(p, READS):
            result = p.run("up", "--migration-timeout", "1s", timeout=20)
            self.assertRefused(result, "migration-timeout", "002_b")
        self.assertEqual(self.waiting(p), [])

    def test_S_D50_signal_during_a_long_statement_cancels_it_on_the_server(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            with self.subTest(number=number):
                p = self.users().pairs({"002_b": audit("2") + "SELECT pg_sleep(30);\n"})
                up = p.start("up")
                support.wait_until(lambda: any("pg_sleep" in row["query"] and row["state"] == "active"
                                               for row in p.backends()), what="the statement", process=up)
                up.send(number)
                result = up.finish(10)
                self.assertEqual(result.code, 130, result)
                self.assertLess(result.seconds, 6 * support.PATIENCE)
                self.assertNothingRuns(p, "pg_sleep")
                self.assertEqual(p.tokens(), [])

    def test_signal_outside_a_transaction(self):
        p = self.users().pairs({"002_b": "-- brant: transaction=off\n" + audit("2") + "SELECT pg_sleep(30);\n"})
        up = p.start("up")
        support.wait_until(lambda: any("pg_sleep" in row["query"] and row["state"] == "active"
                                       for row in p.backends()), what="the statement", process=up)
        up.send(signal.SIGINT)
        self.assertEqual(up.finish(10).code, 130, up.err())
        self.assertNothingRuns(p, "pg_sleep")
        self.assertEqual(p.tokens(), ["2"])

    def test_signal_during_a_wait_for_a_table(self):
        p = self.users()
        p.up()
        p.pairs({"002_b": ALTER})
        with self.application(p, READS):
            up = p.start("up")
            self.blocked(p, up)
            up.send(signal.SIGINT)
            self.assertEqual(up.finish(10).code, 130, up.err())
        self.assertEqual(self.waiting(p), [])

    def test_server_limits_of_the_role_do_not_reach_a_run(self):
        p = self.users().pairs({"002_b": audit("2") + "SELECT pg_sleep(1);\n"})
        p.sql(f'ALTER DATABASE "{p.database.name}" SET statement_timeout = \'300ms\'')
        p.up()
        self.assertEqual(p.tokens(), ["2"])


if __name__ == "__main__":
    support.main()
