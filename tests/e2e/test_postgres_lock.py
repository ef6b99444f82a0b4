# SPDX-License-Identifier: Apache-2.0
"""The migration lock on PostgreSQL: what the server shows of it, who waits and how, who ends it."""
import contextlib
import signal
import time

import libpq
import servers
import support
import support_postgres
from support_postgres import AUDIT, audit

# How a person finds the lock, as any guide to pg_locks says: the two halves of the number.
LOCKS = ("SELECT l.pid, (l.classid::bigint << 32) | l.objid::bigint AS id, a.application_name, a.state"
         " FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE l.locktype = 'advisory'"
         " AND l.objsubid = 1 AND l.granted AND l.database ="
         " (SELECT oid FROM pg_database WHERE datname = current_database())")
SLEEP = "SELECT pg_sleep(60);\n"
SOON = 5


class Case(support_postgres.Case):
    def locks(self, p) -> list:
        with p.connect(user="postgres") as admin:
            return admin.dicts(LOCKS)

    def ids(self, p) -> list:
        return [row["id"] for row in self.locks(p)]

    def hold(self, p, *args, **more):
        """A run that holds the lock, in the middle of a migration."""
        p.pairs({"001_a": AUDIT, "002_b": audit("2") + SLEEP, "003_c": audit("3")})
        holder = p.start("up", "--progress=json", *args, **more)
        support.wait_until(lambda: any("pg_sleep" in row["query"] and row["state"] == "active"
                                       for row in p.backends()), what="the statement", process=holder)
        return holder

    def ours(self, p) -> list:
        return [row for row in p.backends() if "brant" in row["application_name"]]

    def assertGone(self, p) -> None:
        """Neither a lock nor a session is left."""
        support.wait_until(lambda: p.backends() == [], SOON, "the end of all sessions")
        self.assertEqual(self.locks(p), [])


class Number(Case):
    def test_S_D39_number_of_the_configuration_is_in_pg_locks(self):
        p = self.project().write({"brant.yaml": "databases:\n  main:\n    url: ${DATABASE_URL}\n"
                                                "    lock-id: 987654321\n"})
        self.hold(p)
        self.assertEqual(self.ids(p), [987654321])

    def test_S_D39_large_number_is_too(self):
        p = self.project()
        self.hold(p, "--lock-id", str(2 ** 62 + 5))
        self.assertEqual(self.ids(p), [2 ** 62 + 5])

    def test_S_D39_the_number_decides_who_waits_for_whom(self):
        p = self.project()
        p.sql("CREATE SCHEMA second")
        holder = self.hold(p, "--lock-id", "1")
        p.pairs({"100_x": "CREATE TABLE other (a int);"}, folder="others")
        args = ("-m", "others", "--ledger-schema", "second", "--lock-timeout", "500ms")
        p.run("up", *args, "--lock-id", "1", check=8)
        p.up(*args, "--lock-id", "2")
        self.assertTrue(holder.alive())
        self.assertEqual(p.tables(), ["audit", "other"])

    def test_S_D39_services_of_one_database_have_locks_of_their_own(self):
        """Without a word in the configuration: the default follows the ledger's schema."""
        p = self.project()
        p.sql("CREATE SCHEMA second")
        holder = self.hold(p)
        p.pairs({"100_x": "CREATE TABLE other (a int);"}, folder="others")
        p.up("-m", "others", "--ledger-schema", "second", "--lock-timeout", "1s")
        self.assertTrue(holder.alive())
        first = p.run("lock", "--json", check=0).json()["locks"][0]
        second = p.run("lock", "--json", "--ledger-schema", "second", check=0).json()["locks"][0]
        self.assertNotEqual(first["id"], second["id"])
        self.assertEqual((first["held"], second["held"]), (True, False))

    def test_S_D40_status_shows_the_number_also_when_the_lock_is_free(self):
        p = self.project().pairs({"001_a": AUDIT})
        p.up()
        number = p.run("lock", "--json", check=0).json()["locks"][0]["id"]
        self.assertEqual(p.status()["lock"]["id"], number)
        self.assertSays(p.run("lock", check=0), str(number))
        holder = self.hold(p)
        self.assertEqual(self.ids(p), [int(number)])
        holder.send(signal.SIGTERM)
        holder.finish()
        mine = p.run("lock", "--json", "--lock-id", "987654321", check=0).json()["locks"][0]
        self.assertEqual(int(mine["id"]), 987654321)


class Waiting(Case):
    def test_waiter_asks_and_sleeps_with_no_snapshot_that_others_wait_for(self):
        p = self.project()
        self.hold(p)
        waiter = p.start("up", "--progress=json", "--lock-poll-interval", "100ms")
        support.wait_until(lambda: "lock_wait" in waiter.err(), what="a wait", process=waiter)
        seen = set()
        with p.connect(user="postgres") as admin:
            for _ in range(200):
                for row in admin.dicts(
                        "SELECT a.state, a.backend_xmin IS NOT NULL AS snapshot, a.wait_event, a.query,"
                        " EXISTS (SELECT FROM pg_locks l WHERE l.pid = a.pid AND NOT l.granted) AS blocked"
                        " FROM pg_stat_activity a WHERE datname = current_database() AND pid <> pg_backend_pid()"
                        " AND query LIKE '%pg_try_advisory_lock%'"):
                    self.assertEqual(row["blocked"], "f", row)
                    self.assertNotEqual(row["wait_event"], "advisory", row)
                    if row["state"] == "idle":
                        self.assertEqual(row["snapshot"], "f", row)
                    seen.add(row["state"])
                time.sleep(0.005)
        self.assertIn("idle", seen)
        self.assertLess(seen, {"idle", "active", ""}, "never idle in a transaction")

    def test_second_runner_waits_while_the_first_builds_an_index_concurrently(self):
        """A runner that blocked in the server's lock call would have a snapshot, for which the
        build would wait: a deadlock, at which the server ends one of the two."""
        p = self.project().pairs({
            "001_a": AUDIT + audit("1"),
            "002_b": "CREATE INDEX CONCURRENTLY by_token ON audit (token);",
            "003_c": audit("3")})
        p.up("1")
        with p.connect() as old:
            old.query("BEGIN")
            old.query("INSERT INTO audit (token) VALUES ('app')")  # the build waits for this one
            first = p.start("up", "--progress=json")
            support.wait_until(lambda: any("CONCURRENTLY" in row["query"] and row["state"] == "active"
                                           for row in p.backends()), what="the build", process=first)
            second = p.start("up", "--progress=json")
            support.wait_until(lambda: "lock_wait" in second.err(), what="a wait", process=second)
            time.sleep(1.5)  # the server looks for deadlocks after one second
            self.assertTrue(first.alive() and second.alive())
            old.query("COMMIT")
            for running in (first, second):
                self.assertEqual(running.finish(20).code, 0, running.err())
        self.assertEqual(p.tokens(), ["1", "app", "3"])
        self.assertDone(p, ["001_a", "002_b", "003_c"])
        self.assertEqual(p.sql("SELECT indisvalid FROM pg_index WHERE indexrelid = 'by_token'::regclass"),
                         [("t",)])

    def test_S_D42_limit_of_the_wait_is_eight_and_names_the_holder(self):
        p = self.project()
        holder = self.hold(p)
        pid = self.locks(p)[0]["pid"]
        result = p.run("up", "--lock-timeout", "1s")
        self.assertRefused(result, "lock", rf"\b{pid}\b", "since 20", "@", codes=(8,))
        self.assertTrue(0.9 < result.seconds < 5 * support.PATIENCE, result)
        self.assertTrue(holder.alive())
        self.assertEqual(len(self.ours(p)), 1)

    def waiter(self, p):
        running = p.start("up", "--lock-id", "77")
        support.wait_until(lambda: "waiting for the migration lock" in running.err(), what="the wait", process=running)
        return running

    def test_S_D51_waiter_goes_on_when_the_server_was_restarted(self):
        p = self.project(server=servers.postgres(self)).pairs({"001_a": AUDIT})
        p.up()
        p.pairs({"002_b": audit("2")})
        for halt in (p.server.halt, p.server.kill):
            with p.connect() as other, contextlib.suppress(libpq.Error):
                other.query("SELECT pg_advisory_lock(77)")
                running = self.waiter(p)
                halt()
                p.server.start()
                self.assertEqual(running.finish(30).code, 0, running.err())
            self.assertEqual(p.tokens(), ["2"])
            p.sql("DELETE FROM audit")
            p.run("mark", "002_b", "--as", "pending", check=0)

    def test_waiter_that_is_ended_stops(self):
        p = self.project().pairs({"001_a": AUDIT})
        with p.connect() as other:
            other.query("SELECT pg_advisory_lock(77)")
            running = self.waiter(p)
            p.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
                  " AND application_name LIKE 'brant%'")
            self.assertRefused(running.finish(20), r"connect\.lost", codes=(10,))

    def test_S_D52_it_is_one_attempt_only(self):
        p = self.project()
        self.hold(p)
        result = p.run("up", "--lock-timeout", "300ms", "--retries", "5", "--retry-wait", "2s", check=8)
        self.assertLess(result.seconds, 2 * support.PATIENCE)

    def test_S_D41_S_E34_nothing_pending_asks_for_no_lock(self):
        p = self.project().pairs({"001_a": AUDIT}, folder="older")
        self.hold(p)
        p.up("-m", "older", "--lock-timeout", "1s")

    def test_others_look_meanwhile(self):
        p = self.project()
        self.hold(p)
        for command in ("status", "list", "version", "history", "validate", "plan", "lock", "ping"):
            with self.subTest(command=command):
                result = p.run(command, timeout=10, check=0)
                self.assertNotRegex(result.text, "(?i)interrupted|rolled back")
        self.assertEqual(p.status()["state"], "running")


class Holder(Case):
    def test_S_D43_lock_shows_process_host_application_and_since(self):
        p = self.project()
        self.hold(p)
        row = self.locks(p)[0]
        found = p.run("lock", "status", "--json", check=0).json()["locks"][0]
        self.assertEqual((found["held"], found["pid"]), (True, row["pid"]))
        self.assertRegex(found["who"], ".@.")
        self.assertRegex(found["what"], "^up, brant ")
        self.assertRegex(found["since"], r"^20\d\d-\d\d-\d\dT")
        for result in (p.run("lock", check=0), p.run("status", check=0)):
            self.assertSays(result, str(row["pid"]), "@", "up, brant")

    def test_lock_of_a_stranger_is_shown_with_what_the_server_knows(self):
        p = self.project()
        with p.connect() as other:
            other.query("SET application_name = 'a console'")
            other.query("SELECT pg_advisory_lock(987654321)")
            found = p.run("lock", "--json", "--lock-id", "987654321", check=0).json()["locks"][0]
            self.assertEqual((found["held"], found["pid"], found["what"]), (True, other.pid, "a console"))
            self.assertEqual(found["who"], "brant@127.0.0.1")

    def test_S_D43_release_ends_the_session_after_consent(self):
        p = self.project()
        holder = self.hold(p)
        result = p.run("lock", "release")
        self.assertRefused(result, "--yes", codes=(2,))
        self.assertTrue(holder.alive())
        result = p.in_terminal("lock", "release", answer="n\n")
        self.assertSays(result, r"\?", "up, brant")
        self.assertNotEqual(result.code, 0, result)
        self.assertEqual(len(self.locks(p)), 1)
        pid = self.locks(p)[0]["pid"]
        self.assertSays(p.run("lock", "release", "--yes", check=0), str(pid))
        support.wait_until(lambda: pid not in [row["pid"] for row in p.backends()], SOON, "its end")
        holder.send(signal.SIGTERM)
        holder.finish()

    def test_S_D44_a_released_run_does_not_take_the_lock_back_unseen(self):
        """Its session was ended on purpose: it stops instead of connecting again."""
        p = self.project()
        holder = self.hold(p)
        p.run("lock", "release", "--yes", check=0)
        result = holder.finish(20)
        self.assertNotEqual(result.code, 0, result)
        self.assertIn('"migration":"002_b"', result.err.splitlines()[-1], result)
        self.assertGone(p)
        self.assertEqual(p.tokens(), [])

    def test_S_D43_no_right_to_end_it_is_said(self):
        p = self.project()
        with p.connect(user="postgres") as admin:
            admin.query("SELECT pg_advisory_lock(987654321)")
            result = p.run("lock", "release", "--yes", "--lock-id", "987654321")
            self.assertRefused(result, "right", "superuser", codes=(1, 8))
            self.assertEqual(admin.query("SELECT 1"), [(1,)])

    def test_S_D50_free_after_an_error(self):
        p = self.project().pairs({"001_a": AUDIT, "002_b": "INSERT INTO nowhere VALUES (1);"})
        p.run("up", check=1)
        self.assertGone(p)

    def test_S_D50_free_after_a_signal(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            with self.subTest(number=number):
                p = self.project()
                holder = self.hold(p)
                holder.send(number)
                self.assertEqual(holder.finish(10).code, 130)
                self.assertGone(p)
                self.assertEqual(p.tokens(), [])

    def test_S_D47_one_session_during_a_run(self):
        p = self.project()
        self.hold(p)
        # Past the moment when it looks who keeps it waiting.
        end, seen = time.monotonic() + 3, []
        while time.monotonic() < end:
            sessions = p.backends()
            seen.append(len(sessions))
            time.sleep(0.02)
        # A look is a session of its own, for a moment.
        self.assertEqual(sorted(seen)[len(seen) * 9 // 10], 1, seen)
        self.assertLessEqual(max(seen), 2)
        self.assertEqual(len(self.locks(p)), 1)
        self.assertEqual(self.locks(p)[0]["pid"], p.backends()[0]["pid"])


if __name__ == "__main__":
    support.main()
