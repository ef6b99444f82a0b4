# SPDX-License-Identifier: Apache-2.0
"""Exactly once, whatever happens: killed at every boundary and at random moments, a run that is
started again ends in the database of an undisturbed one."""
import signal
import sys
import time

import boundaries
import support
from fault_table import Table
from support import AUDIT, BRIEF, SLOW, audit
from workloads import OFF, OUTSIDE, OWN, TOGETHER, TRANSACTIONAL, clear, finish, keep, restore

TABLE = Table("crash")


def tearDownModule():
    TABLE.write()


class Boundaries(boundaries.Boundaries):
    """Kills, failures and lost answers."""

    table, stride = TABLE, 3 if BRIEF else 1
    names = {id(TRANSACTIONAL): "transactional", id(TOGETHER): "together", id(OUTSIDE): "outside",
             id(OWN): "own transactions"}

    def prepare(self, p, wal=False):
        if wal:
            p.script("PRAGMA journal_mode = WAL;")

    def test_kill_up_in_one_transaction_each(self):
        self.every(TRANSACTIONAL, tx="each")

    def test_kill_up_in_one_transaction_for_all(self):
        self.every(TOGETHER, tx="all")

    def test_kill_up_without_transactions(self):
        self.every(TRANSACTIONAL, tx="none", answers=True)

    def test_kill_up_outside_transactions(self):
        self.every(OUTSIDE, answers=True)

    def test_kill_up_with_own_transactions(self):
        self.every(OWN, answers=True)

    def test_kill_down_in_one_transaction_each(self):
        self.every(TRANSACTIONAL, "down")

    def test_kill_down_in_one_transaction_for_all(self):
        self.every(TOGETHER, "down", tx="all")

    def test_kill_down_outside_transactions(self):
        self.every(OUTSIDE, "down", answers=True)

    def test_kill_down_with_own_transactions(self):
        self.every(OWN, "down", answers=True)

    def test_kill_where_the_engine_has_no_transactions(self):
        self.every(TOGETHER, options=("--hide-caps", "txn"), answers=True)

    def test_failure_at_each_boundary(self):
        self.every(TRANSACTIONAL, fault="fail", answers=True)

    def test_failure_at_each_boundary_outside_transactions(self):
        self.every(OUTSIDE, fault="fail", answers=True)

    def test_lost_answer_at_each_boundary(self):
        self.every(TRANSACTIONAL, fault="drop", answers=True)

    def test_lost_answer_at_each_boundary_outside_transactions(self):
        self.every(OUTSIDE, fault="drop", answers=True)

    def test_lost_connection_at_each_boundary(self):
        self.every(TRANSACTIONAL, fault="lose")

    def test_lost_connection_at_each_boundary_outside_transactions(self):
        self.every(OUTSIDE, fault="lose", answers=True)

    def test_kill_up_in_wal_mode(self):
        self.every(TRANSACTIONAL, told="WAL", wal=True)

    def test_kill_up_outside_transactions_in_wal_mode(self):
        self.every(OUTSIDE, told="WAL", wal=True, answers=True)

    def test_S_C66_status_validate_and_up_after_a_kill(self):
        p, _, expected = self.prepared(TRANSACTIONAL)
        clear(p)
        half = self.count(p, "up") // 2
        clear(p)
        p.fault(f"kill@{half}", "up")
        p.run("status", check=0)
        p.run("validate", check=0)
        p.up()
        p.run("validate", check=0)
        self.assertEqual(p.dump(), expected[0])


def long_workload(count: int) -> dict:
    """Migrations with some data; now and then one outside of a transaction or with its own."""
    found = {"0001_base": (AUDIT + "CREATE TABLE data (a INTEGER, b TEXT);\n",
                           "DROP TABLE data;\n")}
    for n in range(2, count + 1):
        name = f"{n:04}_m"
        if n % 10 == 0:
            up = OFF + audit(f"{name}#1") + f"CREATE TABLE t{n} (a);\n" + audit(f"{name}#3")
            down = OFF + f"DROP TABLE t{n};\n" + audit(f"-{name}#2")
        elif n % 13 == 0:
            up = f"BEGIN;\n{audit(f'{name}#2')}CREATE TABLE t{n} (a);\nCOMMIT;\n"
            down = f"BEGIN;\nDROP TABLE t{n};\n{audit(f'-{name}#3')}COMMIT;\n"
        else:
            up = (audit(f"{name}#1") + "INSERT INTO data WITH RECURSIVE c(i) AS (SELECT 1 UNION "
                  f"ALL SELECT i + 1 FROM c WHERE i < 200) SELECT {n}, hex(i * {n}) FROM c;\n"
                  f"CREATE INDEX i{n} ON data (a) WHERE a = {n};\n")
            down = f"DROP INDEX i{n};\nDELETE FROM data WHERE a = {n};\n" + audit(f"-{name}#3")
        found[name] = up, down
    return found


class RandomKills(support.Case):
    """SIGKILL at moments drawn over the length of the run, not at boundaries of our choice."""

    def project(self, *args, **more):
        """Where a build counts coverage, a process killed while it writes its counts spoils only
        those of this project."""
        p = super().project(*args, **more)
        p.env["GCOV_PREFIX"] = p.folder
        return p

    def loop(self, rounds, workload, direction="up", extra=()):
        p = self.project(memory=True).pairs(workload)
        command = [direction, *(["--all"] if direction == "down" else []), "-q", *extra]
        if direction == "down":
            p.up("-q")
        keep(p, "before")
        took = p.run(*command, check=0, timeout=120).seconds
        expected = p.dump(), [row["id"] for row in p.ledger()]
        rng = support.seeded(self, f"{rounds} kills within {took:.2f} s")
        hit = answers = 0
        mode = extra[1] if extra[:1] == ("--tx",) else "each"
        for number in range(rounds):
            with TABLE.point(f"{len(workload)} migrations, {direction}", mode, "killed at random",
                             f"round {number}") as point:
                restore(p, "before")
                for _ in range(rng.choice((1, 1, 2, 3))):
                    running = p.start(*command)
                    time.sleep(rng.uniform(0, took))
                    running.send(signal.SIGKILL)
                    result = running.finish()
                    hit += result.code == -signal.SIGKILL
                    took = min(took, result.seconds) if result.code == 0 else took
                point.answers = finish(p, *command)
                answers += point.answers
                self.assertEqual(p.dump(), expected[0])
                self.assertDone(p, expected[1])
                if number % 10 == 0:
                    p.run("history", "--verify", check=0)
        TABLE.check(self)
        self.assertGreater(hit, rounds // 4, "too few runs were killed to mean anything")
        print(f"{self.id()}: {rounds} rounds, {hit} killed, {answers} answers", file=sys.stderr)

    def test_random_kills_up(self):
        self.loop(8 if BRIEF else 30, long_workload(200))

    def test_random_kills_down(self):
        self.loop(4 if BRIEF else 10, long_workload(200), "down")

    def test_random_kills_in_one_transaction(self):
        wanted = {name: texts for name, texts in long_workload(200).items()
                  if "BEGIN" not in texts[0] and OFF not in texts[0]}
        self.loop(3 if BRIEF else 5, wanted, extra=("--tx", "all"))

    def test_random_kills_without_transactions(self):
        self.loop(3 if BRIEF else 5, TRANSACTIONAL | {
            f"{n}_more": (audit(f"{n}_more#1"), None) for n in range(10, 200)},
            extra=("--tx", "none"))

    def test_several_at_once_of_which_some_are_killed(self):
        p = self.project(memory=True).pairs(long_workload(150))
        took = p.up("-q", "-d", "sqlite:undisturbed.db").seconds
        expected = p.dump("undisturbed.db")
        rng = support.seeded(self, "processes")
        for number in range(3 if BRIEF else 8):
            clear(p)
            running = [p.start("up", "-q", "--lock-poll-interval", "60s") for _ in range(6)]
            for victim in rng.sample(running, 4):
                time.sleep(rng.uniform(0, took / 3))
                victim.send(signal.SIGKILL)
            for each in running:
                result = each.finish(60)
                self.assertIn(result.code, (0, -signal.SIGKILL), result)
            finish(p, "up", "-q")
            self.assertEqual(p.dump(), expected, f"round {number}")
            self.assertEqual(len(p.completed()), 150)
            p.run("history", "--verify", check=0)

    def test_killed_at_random_on_a_random_walk(self):
        """Up, down, redo and goto, most of them killed: the state is that of the ledger at any
        time, and all the way up is all the way up."""
        workload = {f"{n}_m": (
            (OFF if n % 3 == 0 else "") + f"CREATE TABLE t{n} (a);\n"
            f"CREATE INDEX i{n} ON t{n} (a);\n"
            f"INSERT INTO t{n} VALUES (1), (2);\n", (OFF if n % 3 == 0 else "")
            + f"DELETE FROM t{n};\nDROP INDEX i{n};\nDROP TABLE t{n};\n") for n in range(1, 9)}
        p = self.project(memory=True).pairs(workload)
        walk = [("up",), ("up", "2"), ("down",), ("down", "3"), ("redo",), ("goto", "2"),
                ("goto", "5"), ("down", "--all"), ("up", "--tx", "none"), ("down", "--tx", "none")]
        rng = support.seeded(self, "walk")

        states, took = {(): p.dump()}, 0.0
        for _ in workload:
            took = max(took, p.up("1").seconds)
            states[tuple(p.completed())] = p.dump()
        partial = 0
        for step in range(40 if BRIEF else 120):
            running = p.start(*rng.choice(walk), "-q")
            time.sleep(rng.uniform(0, took * 2))
            running.send(signal.SIGKILL)
            result = running.finish()
            if result.code not in (0, -signal.SIGKILL):
                # What is half undone is undone first, and the other way round.
                self.assertRefused(result, "half|finish")
            rows = p.ledger()
            if any(row["status"] != "completed" and (row["statements_done"] or row["intent"])
                   for row in rows):
                partial += 1
                continue
            applied = tuple(row["id"] for row in rows
                            if row["status"] == "completed" or row["direction"] == "down")
            self.assertEqual(p.dump(), states[applied], f"step {step}: {rows} {result}")
        print(f"{self.id()}: {partial} times half done", file=sys.stderr)
        if any(row["direction"] == "down" and row["status"] != "completed" for row in p.ledger()):
            finish(p, "down")
        finish(p, "up")
        self.assertEqual(p.dump(), states[tuple(workload)])
        p.run("history", "--verify", check=0)
        p.run("validate", check=0)

    def test_random_kills_many(self):
        if not SLOW:
            self.skipTest("200 kills only with BRANT_SLOW=1")
        self.loop(100, long_workload(400))
        self.loop(50, long_workload(200), "down")
        self.loop(50, OUTSIDE)


class Signals(support.Case):
    """SIGINT and SIGTERM: stop at the next safe point, free the lock, exit 130."""

    SLOW = "-- brant: placeholders=on\n" + audit("2") + support.busy("${LIMIT}")

    def stopped(self, number, text, args=(), env=None, first="2_b"):
        p = self.project().pairs({"1_a": AUDIT + audit("1"), "2_b": text, "3_c": audit("3")})
        running = p.start("up", *args, env=dict({"LIMIT": support.FOREVER}, **(env or {})))
        support.wait_until(lambda: p.exists("app.db") and first in [
            row["id"] for row in p.ledger() if row["status"] == "running"],
            what=f"{first} running", process=running)
        time.sleep(0.2)
        running.send(number)
        result = running.finish(30)
        self.assertEqual(result.code, 130, result)
        self.assertSays(result, "interrupt|cancel|stopped", where="err")
        return p, result

    def test_S_D50_interrupt_and_term_roll_back_and_free_the_lock(self):
        for name, number in support.SIGNALS.items():
            with self.subTest(signal=name):
                p, result = self.stopped(number, self.SLOW)
                self.assertEqual(p.tokens(), ["1"])
                self.assertEqual(p.completed(), ["1_a"])
                p.up("--lock-timeout", "1s", env={"LIMIT": "1"})
                self.assertEqual(p.tokens(), ["1", "2", "busy", "3"])
                self.assertDone(p, ["1_a", "2_b", "3_c"])
                p.run("history", "--verify", check=0)

    def test_one_transaction_for_all_is_rolled_back(self):
        p, _ = self.stopped(signal.SIGTERM, self.SLOW, ("--tx", "all"), first="1_a")
        self.assertEqual(p.tokens(), [])
        p.up("--tx", "all", env={"LIMIT": "1"})
        self.assertEqual(p.tokens(), ["1", "2", "busy", "3"])

    def test_outside_a_transaction_the_statement_is_finished_and_recorded(self):
        text = OFF + "".join(f"INSERT INTO audit (token) VALUES ('2.{n}');\n"
                             + support.busy("2000000") for n in range(12))
        p, result = self.stopped(signal.SIGTERM, text)
        row = [row for row in p.ledger() if row["id"] == "2_b"][0]
        self.assertEqual(row["intent"] or 0, 0, row)
        self.assertEqual(row["statements_done"], len(p.tokens()) - 1)
        p.up(timeout=120)
        self.assertEqual([t for t in p.tokens() if t != "busy"],
                         ["1", *(f"2.{n}" for n in range(12)), "3"])
        self.assertEqual(p.tokens().count("busy"), 12)

    def test_interrupted_waiting_for_the_lock(self):
        p = self.project().pairs({"1_a": AUDIT, "2_b": self.SLOW})
        holder = p.start("up", env={"LIMIT": support.FOREVER})
        support.wait_until(lambda: p.exists("app.db") and p.ledger(), what="a holder",
                           process=holder)
        waiter = p.start("up", "--progress=json", env={"LIMIT": "1"})
        support.wait_until(lambda: "lock" in waiter.err(), what="a wait", process=waiter)
        waiter.send(signal.SIGINT)
        self.assertEqual(waiter.finish(20).code, 130)
        self.assertTrue(holder.alive())
        holder.send(signal.SIGINT)
        self.assertEqual(holder.finish(20).code, 130)
        p.up(env={"LIMIT": "1"})

    def test_signals_at_random_moments(self):
        p = self.project().pairs(long_workload(80))
        keep(p, "before")
        took = p.up("-q").seconds
        expected = p.dump()
        rng = support.seeded(self, "signals")
        for _ in range(4 if BRIEF else 12):
            restore(p, "before")
            running = p.start("up", "-q")
            # Earlier than this the handlers may not be there yet.
            time.sleep(0.1 * support.PATIENCE + rng.uniform(0, took))
            running.send(rng.choice((signal.SIGINT, signal.SIGTERM)))
            result = running.finish(30)
            self.assertIn(result.code, (0, 130), result)
            self.assertEqual(finish(p, "up", "-q"), 0)
            self.assertEqual(p.dump(), expected)


if __name__ == "__main__":
    support.main()
