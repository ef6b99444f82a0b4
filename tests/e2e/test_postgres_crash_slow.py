# SPDX-License-Identifier: Apache-2.0
"""The long form of test_postgres_crash.py: every boundary, and hundreds of random kills."""
import signal
import sys
import time

import servers
import support
import test_postgres_crash as quick
from fault_table import Table
from workloads_postgres import OUTSIDE, OWN, TOGETHER, many

TABLE = Table("postgres_crash_slow")


def tearDownModule():
    TABLE.write()


class Boundaries(quick.Boundaries):
    table, stride = TABLE, 1


class Cuts(quick.Cuts):
    table, TRIPS, BYTES = TABLE, 20, 40


class Sessions(quick.Sessions):
    table, ROUNDS = TABLE, 40


class OwnServer(quick.OwnServer):
    table, ROUNDS = TABLE, 20


class RandomKills(quick.Case):
    """brant, its session, its connection, the server: killed at moments drawn over the length of the run,
    up to four times before it is let through to its end."""

    table = TABLE
    KILLS, SECONDS = 400, 800

    def kill_brant(self, p, command, took):
        running = p.start(*command, "-q")
        time.sleep(self.rng.uniform(0, took))
        running.send(signal.SIGKILL)
        return running.finish().code == -signal.SIGKILL

    def end_session(self, p, command, took):
        running = p.start(*command, "-q")
        time.sleep(self.rng.uniform(0, took))
        ended = quick.end_session(p)
        self.assertClear(running.finish())
        return ended

    def cut(self, p, command, took):
        kind = self.rng.choice(("trip", "to-server", "to-client"))
        most = self.counts["round_trips" if kind == "trip" else kind.replace("-", "_")]
        with servers.Proxy(p.server.address, cut=kind, at=self.rng.randint(1, most),
                           when=self.rng.choice(("before", "after")), how=self.rng.choice(("fin", "rst")),
                           linger_ms=self.rng.choice((0, 0, 200))) as through:
            result = p.run(*command, "-q", env={"DATABASE_URL": through.url(p.database.name)}, timeout=120)
            self.assertClear(result)
            return through.counts()["cuts"] > 0

    def kill_server(self, p, command, took):
        running = p.start(*command, "-q")
        time.sleep(self.rng.uniform(0, took))
        p.server.kill()
        early = running.alive()
        if self.rng.random() < 0.5:
            running.send(signal.SIGKILL)
            running.finish()
        else:
            self.assertClear(running.finish())
        p.server.start()
        return early

    def restart_server(self, p, command, took):
        running = p.start(*command, "-q")
        time.sleep(self.rng.uniform(0, took))
        p.server.restart()
        self.assertClear(running.finish())
        return True

    def kill_brant_and_go_on_at_once(self, p, command, took):
        """Another run starts while the server still works for the one that was killed."""
        return self.kill_brant(p, command, took) and self.cut(p, command, took)

    def rounds(self, workload, name, direction, kills, seconds, *options):
        p, command = self.prepared(workload, direction, server=self.server)
        command = [*command, *options]
        self.counts = quick.Cuts.measure(self, p, command)
        p.restore()
        took = p.run(*command, "-q", check=0).seconds
        ways = [self.kill_brant] * 5 + [self.end_session] * 3 + [self.cut] * 4 + [self.kill_server] + [
            self.restart_server] + [self.kill_brant_and_go_on_at_once] * 2
        end, hit, answers, number = time.monotonic() + seconds, 0, 0, 0
        while hit < kills and time.monotonic() < end:
            number += 1
            chosen = self.rng.choices(ways, k=self.rng.choice((1, 1, 2, 4)))
            with self.table.point(f"{name}, {direction}", "all" if options else "each", "at random",
                                  f"round {number}: {', '.join(way.__name__ for way in chosen)}") as point:
                p.restore()
                for way in chosen:
                    hit += bool(way(p, command, took))
                point.answers = self.finish(p, command)
                answers += point.answers
        self.table.check(self)
        print(f"{self.id()}: {name}, {direction}: {number} rounds, {hit} hit, {answers} answers", file=sys.stderr)
        return hit

    def test_random_kills(self):
        self.rng = support.seeded(self, "kills")
        self.server = servers.postgres(self)
        parts = ((many(60, 4), "60 migrations", "up", 8), (many(60, 4), "60 migrations", "down", 3),
                 (OUTSIDE, "postgres, outside", "up", 3), (OUTSIDE, "postgres, outside", "down", 1),
                 (OWN, "postgres, own transactions", "up", 1), (TOGETHER, "postgres, together", "up", 1))
        whole = sum(part[3] for part in parts)
        hit = sum(self.rounds(workload, name, direction, self.KILLS * share // whole + 1,
                              self.SECONDS * support.PATIENCE * share / whole)
                  for workload, name, direction, share in parts)
        self.assertGreater(hit, 100 if support.SANITIZED else 300)

    def test_random_kills_in_one_transaction(self):
        self.rng = support.seeded(self, "kills")
        self.server = servers.postgres(self)
        self.rounds(TOGETHER, "postgres, together", "up", 20, 60, "--tx", "all")


if __name__ == "__main__":
    support.main()
