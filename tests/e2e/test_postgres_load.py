# SPDX-License-Identifier: Apache-2.0
"""Migrations on PostgreSQL while an application works: who waits, how long, and who is told."""
import time

import support
import support_postgres
from support_postgres import ALTER, READS, WRITES, audit

# Who blocks has to be found before a try is over.
ATTEMPT_MS = 600 if support.SANITIZED else 200
ATTEMPT = f"{ATTEMPT_MS}ms"


class Letting(support_postgres.Busy):
    def check(self, hold: str, *args):
        """brant lets go and tries again; what queues behind it is not stuck for longer than a try."""
        p = self.users()
        p.up()
        p.pairs({"002_b": audit("2") + ALTER})
        with self.application(p, hold) as app:
            up = p.start("up", "--progress=json", "--ddl-lock-timeout", ATTEMPT, *args)
            self.blocked(p, up)
            slowest, ran = 0.0, 0
            end = time.monotonic() + 15 * ATTEMPT_MS / 1000
            with p.connect() as other:
                while time.monotonic() < end:
                    began = time.monotonic()
                    other.query(READS)
                    slowest, ran = max(slowest, time.monotonic() - began), ran + 1
                    time.sleep(0.01)
            self.assertTrue(up.alive(), up.err())
            self.assertGreater(ran, 50)
            self.assertLess(slowest, 0.2 + 0.4 * support.PATIENCE)
            self.assertGreater(self.retries(up), 1, up.err())
            pid = app.pid
            app.query("COMMIT")
        self.assertEqual(up.finish(20).code, 0, up.err())
        warnings = [event for event in up.finish().events() if event.get("id") == "statement.retry"]
        for event in warnings:
            self.assertIn("002_b", event["message"])
            for word in (str(pid), "the shop", hold[:20], "idle in transaction"):
                self.assertIn(word, event["message"])
        self.assertEqual(p.tokens(), ["2"])
        self.assertDone(p, ["001_a", "002_b"])
        return up

    def test_reader_in_a_transaction(self):
        self.check(READS)

    def test_writer_in_a_transaction(self):
        self.check(WRITES)

    def test_in_the_second_migration_of_a_window(self):
        p = self.users()
        p.up()
        p.pairs({"002_b": audit("2") + "CREATE TABLE t2 (a int);", "003_c": audit("3") + ALTER,
                 "004_d": audit("4")})
        with self.application(p, READS) as app:
            up = p.start("up", "--progress=json", "--ddl-lock-timeout", ATTEMPT)
            support.wait_until(lambda: self.retries(up) > 1, what="another try", process=up)
            self.assertEqual(p.completed(), ["001_a", "002_b"], "what came before has its own transaction")
            app.query("COMMIT")
        self.assertEqual(up.finish(20).code, 0, up.err())
        self.assertEqual(p.tokens(), ["2", "3", "4"])
        self.assertDone(p, ["001_a", "002_b", "003_c", "004_d"])
        p.run("history", "--verify", check=0)

    def test_downwards(self):
        p = self.users().pairs({"002_b": (ALTER, audit("-2") + "ALTER TABLE users DROP COLUMN email;")})
        p.up()
        with self.application(p, READS) as app:
            down = p.start("down", "--progress=json", "--ddl-lock-timeout", ATTEMPT)
            support.wait_until(lambda: self.retries(down) > 1, what="another try", process=down)
            app.query("COMMIT")
        self.assertEqual(down.finish(20).code, 0, down.err())
        self.assertEqual(p.tokens(), ["-2"])
        self.assertDone(p, ["001_a"])

    def test_outside_a_transaction(self):
        p = self.users()
        p.up()
        p.pairs({"002_b": "-- brant: transaction=off\n" + audit("2") + ALTER + audit("3")})
        with self.application(p, READS) as app:
            up = p.start("up", "--progress=json", "--ddl-lock-timeout", ATTEMPT)
            support.wait_until(lambda: self.retries(up) > 1, what="another try", process=up)
            app.query("COMMIT")
        self.assertEqual(up.finish(20).code, 0, up.err())
        self.assertEqual(p.tokens(), ["2", "3"])
        self.assertDone(p, ["001_a", "002_b"])

    def test_outside_a_transaction_what_the_script_has_set_stays(self):
        """A try that failed is rolled back, and the next goes to the same schema as the same user."""
        p = self.users()
        p.up()
        p.script("CREATE SCHEMA other; CREATE TABLE other.users (id int);")
        with p.connect(user="postgres") as admin:
            admin.query("GRANT pg_monitor TO brant; GRANT ALL ON SCHEMA other TO pg_monitor;"
                        " ALTER TABLE other.users OWNER TO pg_monitor")
        p.pairs({"002_b": "-- brant: transaction=off\nSET search_path = other;\nSET ROLE pg_monitor;\n" + ALTER
                          + "CREATE TABLE behind (a int);\n"})
        with self.application(p, "SELECT count(*) FROM other.users"):
            up = p.start("up", "--progress=json", "--ddl-lock-timeout", ATTEMPT)
            support.wait_until(lambda: self.retries(up) > 1, what="another try", process=up)
        self.assertEqual(up.finish(20).code, 0, up.err())
        self.assertEqual(p.sql("SELECT table_schema FROM information_schema.columns WHERE column_name = 'email'"),
                         [("other",)])
        self.assertEqual(p.sql("SELECT schemaname, tableowner FROM pg_tables WHERE tablename = 'behind'"),
                         [("other", "pg_monitor")])
        self.assertDone(p, ["001_a", "002_b"])

    def test_deadlock_is_tried_again(self):
        p = self.users()
        p.up()
        p.script("CREATE TABLE other (id int PRIMARY KEY, n int); INSERT INTO other VALUES (1, 0);")
        p.pairs({"002_b": audit("2") + "UPDATE other SET n = n + 1;\n" + ALTER})
        with self.application(p, READS) as app:
            up = p.start("up", "--progress=json", "--ddl-lock-timeout", "20s")
            self.blocked(p, up)
            # Whoever has waited for a second looks for a deadlock, and is its victim: the migration.
            app.query("UPDATE other SET n = n + 10")
            app.query("COMMIT")
        self.assertEqual(up.finish(30).code, 0, up.err())
        self.assertIn("deadlock", up.err())
        self.assertGreater(self.retries(up), 0)
        self.assertEqual(p.tokens(), ["2"])
        self.assertEqual(p.sql("SELECT n FROM other"), [(11,)])


class GivingUp(support_postgres.Busy):
    def give_up(self, p, *args, command="up"):
        with self.application(p, READS) as app:
            result = p.run(command, "--ddl-lock-timeout", ATTEMPT, "--lock-timeout", "2s", *args)
            self.assertRefused(result, "users|lock", rf"\b{app.pid}\b", "the shop", "SELECT count", "lock-timeout",
                               r"statement\.lock_timeout", codes=(1, 8))
            self.assertTrue(0.8 < result.seconds < 6 * support.PATIENCE, result)
            app.query("COMMIT")
        return result

    def test_after_lock_timeout_the_blockers_and_the_setting_are_named(self):
        p = self.users()
        p.up()
        p.pairs({"002_b": audit("2") + ALTER})
        self.assertAt(self.give_up(p), "migrations/002_b.up.sql", 2)
        self.assertEqual(p.tokens(), [])
        self.assertEqual(p.completed(), ["001_a"])
        p.up()
        self.assertEqual(p.tokens(), ["2"])

    def test_in_the_second_migration_of_a_window(self):
        p = self.users()
        p.up()
        p.pairs({"002_b": audit("2"), "003_c": audit("3") + ALTER})
        self.assertAt(self.give_up(p), "migrations/003_c.up.sql", 2)
        self.assertEqual(p.tokens(), ["2"])
        self.assertEqual(p.completed(), ["001_a", "002_b"])
        p.up()
        self.assertEqual(p.tokens(), ["2", "3"])

    def test_downwards(self):
        p = self.users().pairs({"002_b": (ALTER, audit("-2") + "ALTER TABLE users DROP COLUMN email;")})
        p.up()
        self.give_up(p, command="down")
        row = p.ledger()[1]
        self.assertEqual((row["id"], row["status"], row["direction"]), ("002_b", "failed", "down"))
        self.assertEqual(p.tokens(), [])
        p.down()
        self.assertEqual(p.tokens(), ["-2"])

    def test_by_the_limit_in_the_head_of_the_file(self):
        p = self.users()
        p.up()
        p.pairs({"002_b": "-- brant: lock-timeout=1s\n" + ALTER})
        with self.application(p, READS):
            result = p.run("up")
            self.assertRefused(result, "the shop", r"statement\.lock_timeout")
            self.assertLess(result.seconds, 4 * support.PATIENCE)


if __name__ == "__main__":
    support.main()
