# SPDX-License-Identifier: Apache-2.0
"""Exactly once on PostgreSQL, whatever happens: to brant, to the connection, to the server."""
import signal
import sys
import time

import boundaries
import servers
import support
import workloads
import workloads_postgres
from fault_table import Table
from support import BRIEF, audit
from support_postgres import AUDIT
from workloads_postgres import OFF, OUTSIDE, OWN, TOGETHER, TRANSACTIONAL, many


def setUpModule():
    """Not for those who import the classes: they have tables of their own."""
    Case.table = Boundaries.table = Table("postgres_crash")


def tearDownModule():
    Case.table.write()


class Boundaries(boundaries.Boundaries):
    """Kills, failures, lost answers and lost connections at the boundaries of the fault engine."""

    effects = workloads_postgres.EFFECTS
    names = {id(TRANSACTIONAL): "postgres", id(TOGETHER): "postgres, together", id(OUTSIDE): "postgres, outside",
             id(OWN): "postgres, own transactions"}
    stride = 83 if BRIEF else 41

    def project(self, *args, **more):
        return workloads_postgres.Project(self, *args, **more)

    def keep(self, p):
        p.keep()

    def restore(self, p):
        p.restore()

    def assertSound(self, p):
        self.assertEqual(p.locks(), [])

    def test_kill_up(self):
        self.every(TRANSACTIONAL)

    def test_kill_up_in_one_transaction_for_all(self):
        self.every(TOGETHER, tx="all")

    def test_kill_up_without_transactions(self):
        self.every(TOGETHER, tx="none", answers=True)

    def test_kill_up_outside_transactions(self):
        self.every(OUTSIDE, answers=True)

    def test_kill_up_with_own_transactions(self):
        self.every(OWN, answers=True)

    def test_kill_down(self):
        self.every(TRANSACTIONAL, "down")

    def test_kill_down_outside_transactions(self):
        self.every(OUTSIDE, "down", answers=True)

    def test_failure(self):
        self.every(TRANSACTIONAL, fault="fail")

    def test_lost_answer(self):
        self.every(TRANSACTIONAL, fault="drop")

    def test_lost_answer_outside_transactions(self):
        self.every(OUTSIDE, fault="drop", answers=True)

    def test_lost_connection(self):
        self.every(TRANSACTIONAL, fault="lose")

    def test_lost_connection_without_transactions(self):
        self.every(TOGETHER, fault="lose", tx="none", answers=True)

    def test_lost_connection_outside_transactions(self):
        self.every(OUTSIDE, fault="lose", answers=True)


class Case(support.Case):
    """Runs that are interrupted and started again; finish() checks what has to hold then."""

    table = None

    def project(self, *args, **more):
        more.setdefault("memory", True)
        return workloads_postgres.Project(self, *args, **more)

    def prepared(self, workload, direction="up", **more):
        """The project, the command and the state to end in. The database is as before the command."""
        p = self.project(**more).pairs(workload)
        command = [direction, *(["--all"] if direction == "down" else [])]
        if direction == "down":
            p.up("-q")
        p.keep()
        p.up("-q") if direction == "up" else p.down("--all", "-q")
        p.expected = p.dump(), [row["id"] for row in p.ledger()]
        p.restore()
        return p, command

    def finish(self, p, command) -> int:
        """To the end, whatever it takes; everything is as after an undisturbed run. Answers given."""
        answers = workloads.finish(p, *command, "-q", effects=workloads_postgres.EFFECTS)
        self.assertEqual(p.dump(), p.expected[0])
        self.assertDone(p, p.expected[1])
        p.run("history", "--verify", check=0)
        before = p.history()
        p.run(*command, check=0)
        self.assertEqual(p.history(), before, "a second run did something")
        support.wait_until(lambda: not p.locks(), what="no lock")
        return answers

    def assertClear(self, result) -> None:
        """It went well, or says what was lost, and what to do."""
        self.assertIn(result.code, (0, 1, 8, 10), result)
        if result.code != 0:
            self.assertRegex(result.err, r"(?i)lost|could not connect|closed the connection|answer|"
                             r"shut|terminat|recovery|starting up|took longer|repair|lock", result)
            self.assertHint(result)


class Cuts(Case):
    """The connection is cut by a proxy: at round trips and at bytes, in both directions."""

    TRIPS, BYTES = 2, 2   # so many points of each kind are tried
    HOW = ("fin", "rst")

    def measure(self, p, command) -> dict:
        p.restore()
        with servers.Proxy(p.server.address) as through:
            p.run(*command, "-q", check=0, env={"DATABASE_URL": through.url(p.database.name)})
            return through.counts()

    def points(self, counts) -> list:
        """(kind, when, place) over the whole run; the first are the login's."""
        found = []
        for kind, last, wanted in (("trip", counts["round_trips"], self.TRIPS),
                                   ("to-server", counts["to_server"], self.BYTES),
                                   ("to-client", counts["to_client"], self.BYTES)):
            wanted = min(wanted, last)
            for n in range(wanted):
                at = 1 + n * (last - 1) // max(1, wanted - 1)
                found += [(kind, when, at) for when in ("before", "after")]
        return found

    def cut(self, p, command, name, point, how, **options):
        kind, when, at = point
        acted = "answer lost" if when == "after" else "before it acts"
        with self.table.point(name, "each", f"{kind}, {acted}", f"{kind} {at} {when} {how}") as told:
            p.restore()
            with servers.Proxy(p.server.address, cut=kind, at=at, when=when, how=how, **options) as through:
                url = through.url(p.database.name)
                result = p.run(*command, env={"DATABASE_URL": url}, timeout=60)
                self.assertClear(result)
                cuts = through.counts()["cuts"]
            told.answers = self.finish(p, command)
            return result.code == 0 and cuts > 0
        return False

    def every(self, workload, name, direction="up", **options):
        p, command = self.prepared(workload, direction)
        went_on = tried = 0
        for point in self.points(self.measure(p, command)):
            how = self.HOW[tried % len(self.HOW)]
            went_on += self.cut(p, command, f"{name}, {direction}", point, how, **options)
            tried += 1
        self.table.check(self)
        print(f"{self.id()}: {tried} cuts, {went_on} went on by themselves", file=sys.stderr)
        return went_on

    def test_windows(self):
        self.assertGreater(self.every(many(60), "postgres, 60 migrations"), 0)

    def test_each_kind_in_transactions(self):
        self.assertGreater(self.every(TRANSACTIONAL, "postgres"), 0)

    def test_outside_transactions(self):
        self.every(OUTSIDE, "postgres, outside")

    def test_own_transactions(self):
        self.every(OWN, "postgres, own transactions")


class Settings(Case):
    """What a file without a transaction sets for the session holds up to its end, and not beyond."""

    FILES = {
        "1_a": "CREATE SCHEMA other;\nCREATE TABLE other.seen (n int);\n",
        "2_b": OFF + "SET search_path = other;\nCREATE TABLE x (a int);\nINSERT INTO seen VALUES (1);\n"
               "VACUUM seen;\nCREATE TABLE y (a int);\n",
        "3_c": "CREATE TABLE z (a int);\n"}

    def places(self, p):
        return p.sql("SELECT schemaname || '.' || tablename FROM pg_tables WHERE length(tablename) = 1 ORDER BY 1")

    def test_to_the_end_of_the_file(self):
        p = self.project().pairs(self.FILES)
        p.up()
        self.assertEqual(self.places(p), [("other.x",), ("other.y",), ("public.z",)])

    def test_when_it_is_resumed(self):
        p = self.project().pairs(self.FILES)
        p.keep()
        found = p.fault("count", "up", check=0).out
        for at in range(20, int(found.split("boundaries: ")[1].split()[0]), 6):
            p.restore()
            p.fault(f"lose@{at}", "up")
            p.up()
            self.assertEqual(self.places(p), [("other.x",), ("other.y",), ("public.z",)])
            self.assertEqual(p.sql("SELECT n FROM other.seen"), [(1,)])

    def test_when_a_lock_is_in_the_way(self):
        p = self.project().pairs({**self.FILES, "2_b": OFF + "SET search_path = other;\n"
                                  "ALTER TABLE seen ADD COLUMN m int;\nCREATE TABLE x (a int);\n"})
        p.up("1")
        with p.connect() as other:
            other.query("BEGIN; SELECT * FROM other.seen")
            result = p.run("up", "--ddl-lock-timeout", "500ms", "--lock-timeout", "1s")
            self.assertEqual(result.code, 1, result)
            other.query("COMMIT")
        p.up()
        self.assertEqual(self.places(p), [("other.x",), ("public.z",)])


class Holes(Case):
    """A connection on which nothing comes any more, and nobody says so."""

    def test_there_is_no_answer_to_the_login(self):
        p = self.project().pairs(many(3))
        through = servers.proxy(self, p.server, cut="to-server", at=1, when="before", how="hole", every="yes")
        result = p.run("up", "--connect-timeout", "500ms", env={"DATABASE_URL": through.url(p.database.name)})
        self.assertEqual(result.code, 10, result)
        self.assertSays(result, "no answer in 500 ms", where="err")
        self.assertLess(result.seconds, 20 * support.PATIENCE)
        p.up()

    def test_a_limit_ends_the_wait(self):
        p, command = self.prepared(many(30))
        last = Cuts.measure(self, p, command)["round_trips"]
        for at in range(3, last, max(1, last // 2)):
            with self.table.point("postgres, 30 migrations", "each", "hole", f"hole at {at} of {last}"):
                p.restore()
                with servers.Proxy(p.server.address, cut="trip", at=at, how="hole", connection=1) as through:
                    result = p.run(*command, "--timeout", "1s", "--connect-timeout", "500ms",
                                   env={"DATABASE_URL": through.url(p.database.name)})
                    self.assertClear(result)
                    self.assertLess(result.seconds, 30 * support.PATIENCE, result)
                self.finish(p, command)
        self.table.check(self)

    def test_a_statement_limit_lets_it_go_on(self):
        p, command = self.prepared(many(12))
        p.restore()
        with servers.Proxy(p.server.address, cut="to-client", at=9000, how="hole", connection=1) as through:
            result = p.run(*command, "--statement-timeout", "1s", "--connect-timeout", "1s", "--timeout", "40s",
                           env={"DATABASE_URL": through.url(p.database.name)}, timeout=100)
            self.assertClear(result)
        self.finish(p, command)


def end_session(p) -> bool:
    """57P01 for the run that has the lock, whatever it does."""
    return any(p.sql("SELECT pg_terminate_backend($1)", pid) for pid, in p.locks())


class Sessions(Case):
    """The server ends the session of a run, and others take its place meanwhile."""

    ROUNDS = 3

    def began(self, p, command, tokens, *options):
        """A run that has come so far."""
        running = p.start(*command, *options)
        support.wait_until(lambda: len(p.tokens()) >= tokens, what=f"{tokens} tokens", process=running)
        return running

    def test_a_session_that_is_ended(self):
        p, command = self.prepared(many(50, 10))
        for tokens in range(1, 48, 48 // self.ROUNDS):
            with self.table.point("postgres, 50 migrations", "each", "57P01", f"behind {tokens} tokens"):
                p.restore()
                running = self.began(p, command, tokens)
                end_session(p)
                self.assertClear(running.finish())
                self.finish(p, command)
        self.table.check(self)

    def test_another_run_has_the_lock_before_it_comes_back(self):
        p, command = self.prepared({**many(60, 10), **{f"{n:04}_z": OFF + audit(f"{n:04}_z#1") + "VACUUM data;\n"
                                                       + audit(f"{n:04}_z#3") for n in range(61, 66)}})
        # Behind 60 each comes by itself, and the connection can be lost between two of them.
        for tokens in (*range(1, 58, 56 // self.ROUNDS), 61, 63, 65):
            with self.table.point("postgres, 65 migrations", "each", "57P01, another runs", f"behind {tokens} tokens"):
                p.restore()
                running = self.began(p, command, tokens)
                running.send(signal.SIGSTOP)
                end_session(p)
                if tokens % 2:
                    p.up("-q")  # all of it
                else:
                    p.up("-q", "7", env={"BRANT_LOCK_TIMEOUT": "20s"})
                running.send(signal.SIGCONT)
                self.assertClear(running.finish())
                self.finish(p, command)
        self.table.check(self)

    def test_the_session_is_ended_again_and_again(self):
        p, command = self.prepared(many(50, 10))
        running = p.start(*command)
        for _ in range(40):
            end_session(p)
            time.sleep(0.05)
        self.assertClear(running.finish())
        self.finish(p, command)

    def test_stopped_in_a_window(self):
        """By a signal or a limit, while several migrations are on their way."""
        p, command = self.prepared(many(60, 10))
        rng = support.seeded(self, "stops")
        for number in range(self.ROUNDS):
            options = rng.choice(((), ("--timeout", f"{rng.randrange(50, 500)}ms"),
                                  ("--migration-timeout", f"{rng.randrange(8, 14)}ms"),
                                  ("--statement-timeout", f"{rng.randrange(8, 14)}ms")))
            with self.table.point("postgres, 60 migrations", "each", "stopped", f"{options}, round {number}"):
                p.restore()
                running = p.start(*command, *options)
                if not options:
                    time.sleep(0.1 * support.PATIENCE + rng.uniform(0, 0.5))
                    running.send(signal.SIGINT)
                self.assertIn(running.finish().code, (0, 1, 130))
                self.finish(p, command)
        self.table.check(self)


class OwnServer(Case):
    """The server itself is killed or restarted in the middle of a run."""

    ROUNDS = 1

    def test_killed_and_started_again(self):
        server = servers.postgres(self)
        p, command = self.prepared(many(60, 10), server=server)
        for tokens in range(2, 55, 55 // self.ROUNDS):
            with self.table.point("postgres, 60 migrations", "each", "server killed", f"behind {tokens} tokens"):
                p.restore()
                running = Sessions.began(self, p, command, tokens)
                server.kill()
                self.assertClear(running.finish())
                server.start()
                self.finish(p, command)
        self.table.check(self)

    def test_restarted_while_it_runs(self):
        server = servers.postgres(self)
        p, command = self.prepared(many(60, 10), server=server)
        for tokens in range(2, 55, 55 // self.ROUNDS):
            with self.table.point("postgres, 60 migrations", "each", "server restarted", f"behind {tokens} tokens"):
                p.restore()
                running = Sessions.began(self, p, command, tokens)
                server.restart()
                self.assertClear(running.finish())
                self.finish(p, command)
        self.table.check(self)


ROWS = 200000


class StillWorking(Case):
    """brant is killed, and the server goes on with what it was told."""

    def killed_during(self, p, words):
        running = p.start("up")
        support.wait_until(lambda: any(words in row["query"] and row["state"] == "active" for row in p.backends()),
                           what=words, process=running)
        running.send(signal.SIGKILL)
        running.finish()
        found = [row["pid"] for row in p.backends() if words in row["query"]]
        self.assertEqual(len(found), 1, p.backends())
        return found[0]

    def assertHolder(self, p, pid):
        result = p.run("lock", "status", check=0)
        self.assertSays(result, str(pid), "up")

    def slow(self):
        return self.project().pairs({
            "1_a": AUDIT + "CREATE TABLE flag (seconds int);\nINSERT INTO flag VALUES (2);\n" + audit("1"),
            "2_b": audit("2.1") + "DO $$ BEGIN PERFORM pg_sleep(seconds) FROM flag; END $$;\n" + audit("2.3"),
            "3_c": audit("3")})

    def test_in_a_transaction_it_is_waited_for(self):
        p = self.slow()
        pid = self.killed_during(p, "PERFORM pg_sleep")
        self.assertHolder(p, pid)
        waiting = p.start("up", "--progress=json")
        support.wait_until(lambda: "lock_wait" in waiting.err(), what="a wait", process=waiting)
        self.assertEqual(waiting.finish().code, 0)
        self.assertEqual(p.tokens(), ["1", "2.1", "2.3", "3"])
        self.assertDone(p, ["1_a", "2_b", "3_c"])
        p.run("history", "--verify", check=0)

    def test_a_session_that_hangs_is_released(self):
        p = self.slow()
        p.up("1")
        p.sql("UPDATE flag SET seconds = 600")
        pid = self.killed_during(p, "PERFORM pg_sleep")
        self.assertHolder(p, pid)
        self.assertEqual(p.run("up", "--lock-timeout", "300ms").code, 8)
        p.sql("UPDATE flag SET seconds = 0")
        p.run("lock", "release", "--yes", check=0)
        support.wait_until(lambda: not p.locks(), what="no lock")
        p.up("--lock-timeout", "5s")
        self.assertEqual(p.tokens(), ["1", "2.1", "2.3", "3"])
        self.assertDone(p, ["1_a", "2_b", "3_c"])

    def building(self):
        """A killed run whose session builds an index, kept waiting by the transaction that is given."""
        p = self.project().pairs({"1_a": AUDIT + audit("1"), "3_c": audit("3"),
                                  "2_i": "CREATE INDEX CONCURRENTLY big_i ON big (b);\n"})
        p.sql(f"CREATE TABLE big AS SELECT i AS a, md5(i::text) AS b FROM generate_series(1, {ROWS}) i")
        other = p.connect()
        self.addCleanup(other.close)
        other.query("BEGIN; UPDATE big SET a = a WHERE a = 1")
        return p, other, self.killed_during(p, "CREATE INDEX CONCURRENTLY")

    def index(self, p):
        rows = p.sql("SELECT indexrelid::int8, indisvalid FROM pg_index WHERE indexrelid = to_regclass('big_i')")
        return rows[0] if rows else None

    def done(self, p):
        self.assertEqual(p.tokens(), ["1", "3"])
        self.assertDone(p, ["1_a", "2_i", "3_c"])
        self.assertEqual(p.sql("SELECT count(*) FROM pg_index WHERE indrelid = 'big'::regclass"), [(1,)])
        self.assertEqual(self.index(p)[1], "t")
        p.run("history", "--verify", check=0)
        self.assertEqual(p.locks(), [])

    def test_an_index_that_is_built_after_all_is_taken_as_done(self):
        p, other, pid = self.building()
        self.assertHolder(p, pid)
        waiting = p.start("up", "--progress=json")
        support.wait_until(lambda: "lock_wait" in waiting.err(), what="a wait", process=waiting)
        before = self.index(p)
        other.query("COMMIT")
        result = waiting.finish()
        self.assertEqual(result.code, 0, result)
        self.done(p)
        self.assertEqual(self.index(p)[0], before[0], "it was built again")

    def test_an_index_that_is_left_invalid_is_built_anew(self):
        p, other, _ = self.building()
        p.run("lock", "release", "--yes", check=0)
        support.wait_until(lambda: not p.locks(), what="no lock")
        before = self.index(p)
        self.assertEqual(before[1], "f")
        other.query("COMMIT")
        result = p.up()
        self.assertSays(result, "INVALID")
        self.done(p)
        self.assertNotEqual(self.index(p)[0], before[0])

    def test_an_index_is_not_built_twice_when_only_the_connection_was_lost(self):
        p = self.project().pairs({"1_a": AUDIT + audit("1"), "3_c": audit("3"),
                                  "2_i": "CREATE INDEX CONCURRENTLY big_i ON big (b);\n"})
        p.sql(f"CREATE TABLE big AS SELECT i AS a, md5(i::text) AS b FROM generate_series(1, {ROWS}) i")
        other = p.connect()
        self.addCleanup(other.close)
        other.query("BEGIN; UPDATE big SET a = a WHERE a = 1")
        through = servers.proxy(self, p.server)
        running = p.start("up", env={"DATABASE_URL": through.url(p.database.name)})
        support.wait_until(lambda: any("CREATE INDEX" in row["query"] for row in p.backends()), what="the build",
                           process=running)
        through.stop()
        self.assertClear(running.finish())
        other.query("COMMIT")
        p.up()
        self.done(p)


if __name__ == "__main__":
    support.main()
