# SPDX-License-Identifier: Apache-2.0
"""Of the migrations that are sent together only the last waits for the disk. What is told is there all the same.

A server that is killed, and whose WAL writer does nothing, loses what was committed without waiting.
"""
import json
import os
import signal

import servers
import support
import support_postgres
import workloads_postgres
from support_postgres import AUDIT, audit

# How each transaction waits, as its COMMIT finds it.
WATCH = """
CREATE TABLE waits (migration text, wait text);
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO public.waits VALUES (NEW.migration, current_setting('synchronous_commit')); RETURN NULL; END $$;
CREATE CONSTRAINT TRIGGER note AFTER INSERT ON brant_history DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION note();
"""
BASE = {"001_a": AUDIT + "CREATE TABLE slow AS SELECT 1 AS n;\n"}
SLEEPS = "SELECT pg_sleep(30) FROM slow;\n"


class Waits(support_postgres.Case):
    def watched(self):
        p = self.project().pairs({"001_a": AUDIT + "CREATE TABLE seen (wait text);\n"})
        p.up()
        p.script(WATCH)
        return p

    def waits(self, p, *options) -> list:
        p.run("up", *options, check=0)
        found = [wait for wait, in p.sql("SELECT wait FROM waits ORDER BY migration")]
        p.sql("DELETE FROM waits")
        return found

    def small(self, first: int, count: int) -> dict:
        return {f"{n:03}_m": (audit(str(n)), audit(f"-{n}")) for n in range(first, first + count)}

    def test_the_last_one_only(self):
        p = self.watched().pairs(self.small(2, 5))
        self.assertEqual(self.waits(p), ["off"] * 4 + ["on"])

    def test_one_that_took_long(self):
        p = self.watched().pairs({**self.small(2, 2), "004_long": "SELECT pg_sleep(0.15);\n", **self.small(5, 2)})
        self.assertEqual(self.waits(p), ["off", "off", "on", "off", "on"])

    def test_what_a_script_says_holds(self):
        p = self.watched().pairs({**self.small(2, 1), "003_local": "SET LOCAL synchronous_commit = local;\n",
                                  "004_seen": "INSERT INTO seen VALUES (current_setting('synchronous_commit'));\n",
                                  **self.small(5, 1)})
        self.assertIn("local", self.waits(p))
        self.assertEqual(p.sql("SELECT wait FROM seen"), [("on",)])

    def test_what_the_database_says_holds(self):
        for setting, expected in (("local", ["off", "off", "local"]), ("off", ["off"] * 3)):
            with self.subTest(setting=setting):
                p = self.watched().pairs(self.small(2, 3))
                p.sql(f'ALTER DATABASE "{p.database.name}" SET synchronous_commit = {setting}')
                self.assertEqual(self.waits(p), expected)

    def test_nothing_of_it_is_left(self):
        p = self.watched().pairs({
            **self.small(2, 3), "005_seen": "-- brant: transaction=off\n"
            "INSERT INTO seen VALUES (current_setting('synchronous_commit'));\n", **self.small(6, 2)})
        self.assertEqual(self.waits(p), ["off", "off", "on", "on", "off", "on"])
        self.assertEqual(p.sql("SELECT wait FROM seen"), [("on",)])

    def test_in_a_hurry_and_downwards(self):
        p = self.watched().pairs(self.small(2, 3))
        self.assertEqual(self.waits(p), ["off", "off", "on"])
        p.run("down", "3", check=0)
        self.assertEqual({wait for wait, in p.sql("SELECT wait FROM waits")}, {"on"})
        p.sql("DELETE FROM waits")
        self.assertEqual(self.waits(p, "--migration-timeout", "20s"), ["on"] * 3)


class Told(support_postgres.Case):
    """What a run has told of is in a database whose server was killed a moment later."""

    def late(self, migrations: dict):
        """A project on a server that writes its log only when somebody waits for it."""
        p = self.early(migrations)
        self.stop_writer(p)
        return p

    def early(self, migrations: dict):
        return workloads_postgres.Project(self, server=servers.postgres(self), memory=True).pairs(migrations)

    def stop_writer(self, p) -> None:
        """Databases can be neither made nor dropped from then on."""
        with p.server.connect() as admin:
            os.kill(admin.one("SELECT pid FROM pg_stat_activity WHERE backend_type = 'walwriter'"), signal.SIGSTOP)

    def small(self, first: int, count: int) -> dict:
        return {f"{n:03}_m": audit(str(n)) for n in range(first, first + count)}

    def told(self, running) -> list:
        events = [json.loads(line) for line in running.err().split("\n")[:-1] if line]
        return [event["migration"] for event in events
                if event.get("event") == "migration_end" and event["status"] == "ok"]

    def after_kill(self, p) -> list:
        p.server.kill()
        p.server.start()
        return p.completed()

    def test_while_one_takes_long(self):
        p = self.late({**BASE, **self.small(2, 20), "022_slow": audit("22") + SLEEPS, **self.small(23, 3)})
        running = p.start("up", "--progress=json")
        support.wait_until(lambda: len(self.told(running)) >= 21, what="an end of 21", process=running)
        p.server.kill()
        running.send(signal.SIGKILL)
        running.finish()
        told = self.told(running)
        self.assertEqual(len(told), 21)
        p.server.start()
        self.assertEqual(p.completed(), told)
        p.sql("DELETE FROM slow")
        p.up()
        self.assertEqual(p.tokens(), [str(n) for n in range(2, 26)])

    def test_before_one_that_fails(self):
        p = self.late({**BASE, **self.small(2, 10), "012_bad": "SELECT 1/0;\n", **self.small(13, 3)})
        p.run("up", check=1)
        self.assertEqual(len(self.after_kill(p)), 11)
        self.assertEqual(p.ledger()[-1]["status"], "failed")

    def test_where_the_function_for_it_is_not_for_everybody(self):
        p = self.late({**BASE, **self.small(2, 10), "012_bad": "SELECT 1/0;\n", **self.small(13, 3)})
        with p.connect(user="postgres") as admin:
            admin.query("REVOKE EXECUTE ON FUNCTION pg_logical_emit_message(boolean, text, text) FROM PUBLIC")
        self.assertSays(p.run("up", check=1), "division by zero")
        self.assertEqual(len(self.after_kill(p)), 11)
        self.assertEqual(p.ledger()[-1]["status"], "failed")

    def test_before_a_signal(self):
        p = self.late({**BASE, **self.small(2, 10), "012_slow": SLEEPS, **self.small(13, 3)})
        running = p.start("up")
        support.wait_until(lambda: len(p.completed()) >= 11, what="eleven", process=running)
        running.send(signal.SIGINT)
        self.assertEqual(running.finish().code, 130)
        self.assertEqual(len(self.after_kill(p)), 11)

    def test_before_the_lock_is_lost(self):
        """Nothing more can be written then."""
        p = self.late({**BASE, **self.small(2, 5), "007_lose": (
            "DO $$ BEGIN EXECUTE 'SELECT pg_advisory_' || 'unlock_all()'; END $$;\n"), **self.small(8, 3)})
        self.assertNotEqual(p.run("up").code, 0)
        self.assertEqual(len(self.after_kill(p)), 7)

    def test_at_the_end_of_a_script_that_does_not_wait(self):
        p = self.late({**BASE, **self.small(2, 5), "007_off": "SET LOCAL synchronous_commit = off;\n" + audit("7")})
        p.up()
        self.assertEqual(len(self.after_kill(p)), 7)

    def test_killed_again_and_again(self):
        """What was lost runs again, once; the number of its transaction is another's by then."""
        p = self.early({**BASE, **{id: sql + f"CREATE TABLE t{id[:3]} (a int);\nSELECT pg_sleep(0.01);\n"
                                  for id, sql in self.small(2, 99).items()}})
        p.keep()
        lost = 0
        for wanted in range(4, 90, 30):
            p.restore()
            self.stop_writer(p)
            running = p.start("up", "--progress=json")
            support.wait_until(lambda: len(p.tokens()) >= wanted, what=f"{wanted} tokens", process=running)
            seen = len(p.tokens())
            p.server.kill()
            running.finish()
            p.server.start()
            told, completed = self.told(running), p.completed()
            self.assertEqual([], [id for id in told if id not in completed])
            lost += len(p.tokens()) < seen
            for _ in range(5):
                if p.run("up", "-q").code == 0:
                    break
            self.assertEqual(len(p.completed()), 100)
            self.assertEqual(p.tokens(), [str(n) for n in range(2, 101)])
            p.run("history", "--verify", check=0)
        self.assertGreater(lost, 0, "the server lost nothing: this shows nothing")


if __name__ == "__main__":
    support.main()
