# SPDX-License-Identifier: Apache-2.0
"""Several processes on one database: each migration runs once, nobody waits for nothing."""
import json
import os
import signal
import time

import support
from support import AUDIT, audit

SLOW = "-- brant: placeholders=on\n" + audit("slow") + support.busy("${LIMIT}")


def events_of(running) -> list:
    """Events so far; the last line may still be on its way."""
    found = []
    for line in running.err().splitlines():
        try:
            found.append(json.loads(line))
        except json.JSONDecodeError:
            continue
    return found


def of_type(running, word: str) -> list:
    return [event for event in events_of(running) if word in event.get("event", "")]


class Twenty(support.Case):
    def together(self, p, count, *args, command="up", env=None):
        began = time.monotonic()
        all_of_them = [p.start(command, "--progress=json", *args, env=env) for _ in range(count)]
        results = [running.finish(100) for running in all_of_them]
        for result in results:
            self.assertEqual(result.code, 0, result)
        return results, time.monotonic() - began

    def test_S_D18_each_migration_runs_once_and_all_end_with_zero(self):
        p = self.project().pairs({"001_a": AUDIT + audit("1")} | {
            f"{n:03}_m": audit(str(n)) + f"CREATE TABLE t{n} (a);\n" for n in range(2, 21)})
        _, took = self.together(p, 20, "--lock-poll-interval", "60s")
        self.assertEqual(p.tokens(), [str(n) for n in range(1, 21)])
        self.assertEqual(len(p.completed()), 20)
        self.assertLess(took, 30 * support.PATIENCE)
        p.run("history", "--verify", check=0)

    def test_S_A38_one_of_them_does_all_the_work(self):
        p = self.project().pairs({"001_a": AUDIT, **{f"{n:03}_m": audit(str(n))
                                                     for n in range(2, 40)}})
        results, _ = self.together(p, 10, "--json", "--lock-poll-interval", "60s")
        applied = [len(result.json()["applied"]) for result in results]
        self.assertEqual(sorted(applied), [0] * 9 + [39])

    def test_outside_transactions_too(self):
        p = self.project().pairs({"001_a": AUDIT, **{
            f"{n:03}_m": "-- brant: transaction=off\n" + audit(f"{n}.1") + audit(f"{n}.2")
            for n in range(2, 8)}})
        self.together(p, 10, "--lock-poll-interval", "60s")
        self.assertEqual(p.tokens(), [f"{n}.{m}" for n in range(2, 8) for m in (1, 2)])

    def test_nobody_sleeps_through_the_moment_the_lock_is_free(self):
        """By the holder's and the waiters' own events: with pauses that double up to a minute, a
        waiter that only polled would come seconds after the holder's end."""
        p = self.project().pairs({"001_a": AUDIT, "002_b": SLOW, "003_c": audit("3")})
        holder = p.start("up", "--progress=json", env={"LIMIT": support.FOREVER})
        support.wait_until(lambda: of_type(holder, "lock_taken"), what="the lock", process=holder)
        waiters = [p.start("up", "--progress=json", "--lock-poll-interval", "60s",
                           env={"LIMIT": "1"}) for _ in range(4)]
        time.sleep(7)  # tries at 0.05, 0.15, 0.35, ... 6.35 s; the next is at 12.75 s
        for waiter in waiters:
            self.assertTrue(waiter.alive())
            self.assertTrue(of_type(waiter, "lock_wait"), waiter.err())
        ended = time.monotonic()
        holder.send(signal.SIGTERM)
        self.assertEqual(holder.finish(20).code, 130)
        for waiter in waiters:
            self.assertEqual(waiter.finish(30).code, 0, waiter.err())
        self.assertLess(time.monotonic() - ended, 3 * support.PATIENCE)
        self.assertEqual(p.tokens(), ["slow", "busy", "3"])

    def test_two_names_of_one_file_have_one_lock(self):
        p = self.project().pairs({"001_a": AUDIT} | {
            f"{n:03}_m": audit(str(n)) for n in range(2, 30)})
        p.script("PRAGMA user_version = 1;")
        os.mkdir(p.at("links"))
        os.symlink("../app.db", p.at("links/one.db"))
        os.symlink(p.at("app.db"), p.at("two.db"))
        names = ("app.db", "links/one.db", "two.db", "links/../app.db", p.at("app.db"))
        running = [p.start("up", "-d", f"sqlite:{name}") for name in names for _ in range(2)]
        for each in running:
            self.assertEqual(each.finish(60).code, 0, each.err())
        self.assertEqual(p.tokens(), [str(n) for n in range(2, 30)])
        self.assertEqual(len(p.completed()), 29)

    def test_in_wal_mode(self):
        p = self.project().pairs({"001_a": AUDIT} | {
            f"{n:03}_m": audit(str(n)) for n in range(2, 30)})
        p.script("PRAGMA journal_mode = WAL;")
        self.together(p, 10, "--lock-poll-interval", "60s")
        self.assertEqual(p.tokens(), [str(n) for n in range(2, 30)])

    def test_downwards(self):
        p = self.project().pairs({"001_a": (AUDIT, "SELECT 1;")} | {
            f"{n:03}_m": (audit(str(n)), audit(f"-{n}")) for n in range(2, 20)})
        p.up()
        self.together(p, 10, "--all", command="down")
        self.assertEqual(p.tokens()[18:], [f"-{n}" for n in range(19, 1, -1)])
        self.assertEqual(p.completed(), [])

    def test_S_E34_nothing_pending_needs_no_lock(self):
        p = self.project().pairs({"001_a": AUDIT})
        p.up()
        p.pairs({"001_a": AUDIT, "002_b": SLOW}, folder="newer")
        holder = p.start("up", "-m", "newer", "--progress=json", env={"LIMIT": support.FOREVER})
        support.wait_until(lambda: of_type(holder, "lock_taken"), what="the lock", process=holder)
        p.up("--lock-timeout", "1s", timeout=10)
        self.assertTrue(holder.alive())

    def test_S_E34_nothing_pending_writes_nothing(self):
        p = self.project().pairs({"001_a": AUDIT})
        p.up()
        with open(p.at("app.db"), "rb") as file:
            before = file.read()
        result = p.up("--json").json()
        with open(p.at("app.db"), "rb") as file:
            self.assertEqual(file.read(), before)
        self.assertLessEqual(result["round_trips"], 1)

    def test_different_databases_do_not_wait_for_each_other(self):
        p = self.project().pairs({"001_a": AUDIT, "002_b": SLOW})
        holder = p.start("up", "-d", "sqlite:one.db", "--progress=json",
                         env={"LIMIT": support.FOREVER})
        support.wait_until(lambda: of_type(holder, "lock_taken"), what="the lock", process=holder)
        p.up("-d", "sqlite:two.db", "--lock-timeout", "1s", env={"LIMIT": "1"})
        self.assertTrue(holder.alive())

    def test_reading_commands_do_not_wait(self, properties=""):
        p = self.project().pairs({"001_a": AUDIT, "002_b": properties + SLOW})
        holder = p.start("up", "--progress=json", env={"LIMIT": support.FOREVER})
        support.wait_until(lambda: "002_b" in [row["id"] for row in p.ledger()]
                           if p.exists("app.db") else False, what="002_b", process=holder)
        for command in ("status", "list", "version", "history", "validate", "plan", "lock"):
            with self.subTest(command=command):
                result = p.run(command, timeout=10, check=0, env={"LIMIT": "1"})
                # It is running, and nobody knows better than its lock.
                self.assertNotRegex(result.text, "(?i)interrupted|rolled back")
        self.assertEqual(p.status()["state"], "running")
        self.assertTrue(holder.alive())

    def test_nor_where_a_statement_is_done_already(self):
        self.test_reading_commands_do_not_wait("-- brant: transaction=off\n")


class Holder(support.Case):
    def held(self, *args):
        p = self.project().pairs({"001_a": (AUDIT, "DROP TABLE audit;"), "002_b": SLOW,
                                  "003_c": audit("3")})
        p.env["LIMIT"] = "1"
        holder = p.start("up", "--progress=json", *args, env={"LIMIT": support.FOREVER})
        support.wait_until(lambda: "002_b" in [row["id"] for row in p.ledger()]
                           if p.exists("app.db") else False, what="002_b", process=holder)
        return p, holder

    def test_waiter_goes_on_at_once_when_the_holder_is_killed(self):
        p, holder = self.held()
        waiter = p.start("up", "--progress=json", "--lock-poll-interval", "60s",
                         env={"LIMIT": "1"})
        time.sleep(7)
        self.assertTrue(of_type(waiter, "lock_wait"), waiter.err())
        killed = time.monotonic()
        holder.end()
        self.assertEqual(waiter.finish(30).code, 0, waiter.err())
        self.assertLess(time.monotonic() - killed, 3 * support.PATIENCE)
        self.assertEqual(p.tokens(), ["slow", "busy", "3"])
        self.assertDone(p, ["001_a", "002_b", "003_c"])

    def test_killed_holder_leaves_no_lock(self):
        p, holder = self.held()
        holder.end()
        p.up("--lock-timeout", "1s", env={"LIMIT": "1"})
        self.assertEqual(p.tokens(), ["slow", "busy", "3"])

    def test_S_D42_limit_of_the_wait_is_eight_and_names_the_holder(self):
        p, holder = self.held()
        result = p.run("up", "--lock-timeout", "1s", env={"LIMIT": "1"})
        self.assertRefused(result, "lock", str(holder.pid), codes=(8,))
        self.assertGreater(result.seconds, 0.9)
        self.assertLess(result.seconds, 5 * support.PATIENCE)
        self.assertTrue(holder.alive())
        self.assertEqual(len(of_type(holder, "migration_start")), 2)

    def test_S_D52_lock_timeout_is_one_attempt_only(self):
        p, _ = self.held()
        result = p.run("up", "--lock-timeout", "300ms", "--retries", "5", env={"LIMIT": "1"})
        self.assertEqual(result.code, 8, result)
        self.assertLess(result.seconds, 4 * support.PATIENCE)

    def test_down_force_and_mark_wait_for_the_lock_too(self):
        p, _ = self.held()
        for args in (("down",), ("force", "1"), ("mark", "003_c"), ("redo",), ("goto", "3"),
                     ("repair", "--retry", "--yes")):
            with self.subTest(args=args):
                result = p.run(*args, "--lock-timeout", "300ms", env={"LIMIT": "1"})
                self.assertEqual(result.code, 8, result)

    def test_status_of_the_lock_names_the_holder(self):
        p, holder = self.held()
        found = p.run("lock", "status", "--json", check=0).json()["locks"][0]
        self.assertTrue(found["held"])
        self.assertEqual(found["pid"], holder.pid)
        self.assertSays(p.run("lock", check=0), str(holder.pid))
        self.assertSays(p.run("status", check=0), str(holder.pid))
        holder.end()
        self.assertFalse(p.run("lock", "--json", check=0).json()["locks"][0]["held"])

    def test_S_D43_release_needs_consent_and_frees_it(self):
        p, holder = self.held()
        result = p.run("lock", "release")
        self.assertRefused(result, "--yes", codes=(2,))
        self.assertTrue(holder.alive())
        p.run("lock", "release", "--yes", check=0)
        holder.finish(20)
        p.up("--lock-timeout", "5s", env={"LIMIT": "1"})
        self.assertDone(p, ["001_a", "002_b", "003_c"])

    def test_S_D43_a_person_at_a_terminal_is_asked(self):
        p, holder = self.held()
        result = p.in_terminal("lock", "release", answer="n\n")
        self.assertSays(result, str(holder.pid), r"\?")
        self.assertNotEqual(result.code, 0, result)
        self.assertTrue(holder.alive())
        result = p.in_terminal("lock", "release", answer="y\n")
        self.assertEqual(result.code, 0, result)
        self.assertEqual(holder.finish(20).code, 130)

    def test_S_D50_lock_is_free_after_an_error(self):
        p = self.project().pairs({"001_a": AUDIT, "002_b": "INSERT INTO nowhere VALUES (1);"})
        p.run("up", check=1)
        self.assertFalse(p.run("lock", "--json", check=0).json()["locks"][0]["held"])
        p.run("up", "--lock-timeout", "1s", check=1)

    def test_wait_is_shown(self):
        p, _ = self.held()
        result = p.run("up", "--progress=plain", "--lock-timeout", "1s", check=8)
        self.assertSays(result, "wait", "lock", where="err")

    def test_file_edited_while_waiting_is_not_run(self):
        p, holder = self.held()
        waiter = p.start("up", "--progress=json", env={"LIMIT": "1"})
        support.wait_until(lambda: of_type(waiter, "lock_wait"), what="a wait", process=waiter)
        p.pairs({"003_c": audit("edited")})
        holder.end()
        result = waiter.finish(30)
        self.assertNotIn("3", p.tokens())
        if result.code == 0:
            self.assertEqual(p.tokens()[-1], "edited")
        else:
            self.assertSays(result, "003_c", where="err")
            p.up(env={"LIMIT": "1"})
        p.run("validate", check=0, env={"LIMIT": "1"})


if __name__ == "__main__":
    support.main()
