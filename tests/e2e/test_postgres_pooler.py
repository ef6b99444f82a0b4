# SPDX-License-Identifier: Apache-2.0
"""PgBouncer before PostgreSQL: sessions that share server processes cannot hold a lock."""
import signal

import libpq
import servers
import support
import support_postgres
from support_postgres import AUDIT, audit


class Pooler(support_postgres.Case):
    def pooled(self, mode: str, **more):
        p = self.project().pairs({"001_a": (AUDIT + audit("1"), "DROP TABLE audit;")})
        bouncer = servers.bouncer(self, p.server, mode, **more)
        return p, bouncer.url(p.database.name)

    def test_reading_works_in_transaction_mode(self):
        p, url = self.pooled("transaction")
        for command in ("status", "plan", "list", "version", "ping", "history", "validate", "lock"):
            with self.subTest(command=command):
                p.run(command, "-d", url, check=0)
        p.up()
        for command in ("status", "plan", "up", "history", "validate", "version"):
            with self.subTest(command=command):
                p.run(command, "-d", url, check=0)

    def test_running_is_refused_in_transaction_mode_and_changes_nothing(self):
        for mode in ("transaction", "statement"):
            p, url = self.pooled(mode)
            for args in (("up",), ("mark", "001_a"), ("force", "1"), ("up", "--tx", "none")):
                with self.subTest(mode=mode, args=args):
                    result = p.run(*args, "-d", url)
                    self.assertRefused(result, "pooler", "pool_mode=session", r"lock\.pooler", codes=(1, 2, 8))
                    self.assertEqual(p.sql("SELECT relname FROM pg_class WHERE relname LIKE 'brant%'"), [])
                    self.assertEqual(p.tables(), [])
            self.assertEqual(p.sql("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"
                                   " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"),
                             [(0,)])

    def test_down_is_refused_too(self):
        p, url = self.pooled("transaction")
        p.up()
        self.assertRefused(p.run("down", "-d", url), r"lock\.pooler", codes=(1, 2, 8))
        self.assertDone(p, ["001_a"])

    def test_refused_also_while_others_use_the_pool(self):
        p, url = self.pooled("transaction")
        held = [libpq.Connection(url) for _ in range(4)]
        for conn in held[:2]:
            conn.query("BEGIN; SELECT 1")
        self.assertRefused(p.run("up", "-d", url), r"lock\.pooler", codes=(1, 2, 8))
        for conn in held:
            conn.close()

    def test_session_mode_works(self):
        p, url = self.pooled("session")
        p.pairs({"002_b": "CREATE INDEX CONCURRENTLY by_token ON audit (token);",
                 "003_c": ("-- brant: transaction=off\n" + audit("2") + audit("3"), "SELECT 1;")})
        p.run("up", "-d", url, check=0)
        self.assertEqual(p.tokens(), ["1", "2", "3"])
        self.assertDone(p, ["001_a", "002_b", "003_c"])
        p.run("down", "-d", url, check=0)
        p.run("up", "-d", url, check=0)
        self.assertEqual(p.sql("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"
                               " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"),
                         [(0,)])

    def test_session_mode_with_one_connection_for_all(self):
        p, url = self.pooled("session", settings={"default_pool_size": 1})
        p.run("up", "-d", url, "--connect-timeout", "5s", check=0)
        self.assertEqual(p.tokens(), ["1"])

    def test_session_mode_cancels_on_the_server(self):
        p, url = self.pooled("session")
        p.pairs({"002_b": "SELECT pg_sleep(30);"})
        up = p.start("up", "-d", url)
        running = ("SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(30)%' AND state = 'active'"
                   " AND pid <> pg_backend_pid() AND datname = current_database()")
        support.wait_until(lambda: p.sql(running) == [(1,)], what="the statement", process=up)
        up.send(signal.SIGINT)
        self.assertEqual(up.finish(15).code, 130, up.err())
        self.assertEqual(p.sql(running), [(0,)])

    def test_errors_are_told_apart_through_it(self):
        p, url = self.pooled("session")
        result = p.run("up", "-d", url.replace(p.database.name, "nosuch"), "--retry-wait", "10ms", check=10)
        self.assertSays(result, "nosuch", r"connect\.no_database")
        result = p.run("up", "-d", url.replace("goose", "duck"), "--retry-wait", "10ms", check=10)
        self.assertSays(result, r"connect\.refused")


if __name__ == "__main__":
    support.main()
