# SPDX-License-Identifier: Apache-2.0
"""Exactly once on MySQL and MariaDB, whose changes of the schema commit by themselves: killed, cut off
and failed at every boundary, a run that is started again ends in the database of an undisturbed one,
without a hand step."""
import contextlib
import re
import signal
import time

import libmariadb
import servers
import support
import support_mysql
from support import BRIEF, SLOW
from support_mysql import audit

# Without a counter, which no transaction gives back; and a row that is there twice is seen.
AUDIT = "CREATE TABLE audit (token varchar(200) NOT NULL);\n"
WORKLOAD = {
    "001_audit": AUDIT + audit("a") + audit("b"),
    "002_rows": audit("c") + "UPDATE audit SET token = CONCAT(token, '+') WHERE token = 'c';\n",
    "003_mixed": "ALTER TABLE audit ADD COLUMN size int;\nUPDATE audit SET size = IFNULL(size, 0) + 1;\n"
                 "CREATE INDEX audit_size ON audit (size);\n" + audit("d"),
    "004_view": "CREATE VIEW sizes AS SELECT size FROM audit;\n"
                "CREATE PROCEDURE p() BEGIN SELECT 1; END;\nALTER TABLE audit MODIFY size bigint;\n",
}
DIGITS = "SELECT 0 AS d" + "".join(f" UNION ALL SELECT {i}" for i in range(1, 10))
BIG = ("CREATE TABLE big (i int PRIMARY KEY, t varchar(60) NOT NULL);\nINSERT INTO big SELECT n.i, LEFT(SHA2(n.i, 256), 32) FROM "
       "(SELECT a.d + 10 * b.d + 100 * c.d + 1000 * e.d + 10000 * f.d + 100000 * g.d AS i FROM "
       + ", ".join(f"({DIGITS}) {name}" for name in "abcefg") + ") n WHERE n.i < %d;\n")


class Case(support_mysql.Case):
    def finish(self, p, expected) -> None:
        for _ in range(3):
            result = p.run("up")
            if result.code == 0:
                break
        self.assertEqual(result.code, 0, result)
        self.assertEqual(p.dump(), expected)
        self.assertEqual(p.completed(), sorted(WORKLOAD))

    def prepared(self, server=None, **more):
        p = self.project(server=server, **more).pairs(WORKLOAD)
        p.up(check=0)
        expected = p.dump()
        p.empty()
        return p, expected


class Boundaries(Case):
    def every(self, fault, step=1):
        p, expected = self.prepared()
        found = re.search(r"boundaries: (\d+)", p.fault("count", "up", check=0).text)
        last = int(found[1])
        self.assertGreater(last, 50)
        for at in range(1, last + 2, step):
            with self.subTest(f"{fault} at {at} of {last}"):
                p.empty()
                p.fault(f"{fault}@{at}", "up")
                self.finish(p, expected)

    def test_killed_at_every_boundary(self):
        self.every("kill", 1 if SLOW else 7 if BRIEF else 3)

    def test_failed_at_every_boundary(self):
        self.every("fail", 1 if SLOW else 9 if BRIEF else 4)

    def test_what_cannot_be_probed_and_is_done_does_not_run_again(self):
        """Its outcome could not be written, and is known all the same."""
        p = self.project().pairs({"1_a": AUDIT + "CREATE PROCEDURE p() INSERT INTO audit VALUES ('p');\n"
                                         "CALL p();\nCALL p();\n" + audit("a")})
        last = int(re.search(r"boundaries: (\d+)", p.fault("count", "up", check=0).text)[1])
        self.assertGreater(last, 15)
        for at in range(1 if SLOW else last // 2, last + 1, 1 if SLOW else 2):
            with self.subTest(f"{at} of {last}"):
                p.empty()
                p.fault(f"fail@{at}", "up")
                p.up(check=0)
                self.assertEqual(p.sql("SELECT token FROM audit"), [["p"], ["p"], ["a"]])

    def test_answers_lost_at_every_boundary(self):
        self.every("drop", 1 if SLOW else 9 if BRIEF else 4)


class Cuts(Case):
    """The connection is cut at every round trip, before the server has heard and after it has acted."""

    def cut(self, when, how, step):
        p, expected = self.prepared()
        p.up(check=0)
        p.empty()
        at = 1
        while True:
            p.empty()
            proxy = servers.proxy(self, p.server, cut="trip", at=at, when=when, how=how, linger_ms=50)
            p.env["DATABASE_URL"] = proxy.url(p.database.name)
            result = p.run("up")
            counts = proxy.stop()
            p.env["DATABASE_URL"] = p.database.url()
            with self.subTest(f"{when} round trip {at}"):
                self.finish(p, expected)
            if not counts["cuts"]:
                self.assertEqual(result.code, 0, result)
                break
            at += step
        self.assertGreater(at, 10)

    def test_before_the_server_has_heard(self):
        self.cut("before", "fin", 1 if SLOW else 2)

    def test_after_the_server_has_acted(self):
        self.cut("after", "rst", 1 if SLOW else 2)


class Administrator(Case):
    """Somebody ends sessions, or what they do, at any moment."""

    def kill(self, what, times):
        p, expected = self.prepared()
        chance = support.seeded(self, f"mysql {what}")
        with p.server.connect() as admin:
            for _ in range(times):
                p.empty()
                run = p.start("up")
                for _ in range(chance.randint(1, 3)):
                    time.sleep(chance.random() * 0.03)
                    for session in p.sessions():
                        with contextlib.suppress(libmariadb.Error):  # it may be gone
                            admin.query(f"KILL {what} {session['id']}")
                run.finish()
                self.finish(p, expected)
                p.run("history", "--verify", check=0)

    def test_sessions(self):
        self.kill("CONNECTION", 150 if SLOW else 12)

    def test_statements(self):
        self.kill("QUERY", 150 if SLOW else 8)

    def test_what_is_looked_at_is_what_the_file_means(self):
        p = self.project()
        other = servers.database(self, p.server)
        p.pairs({"1_a": f"CREATE TABLE {other.name}.t (a int, b int);\nCREATE TABLE t (a int);\n",
                 "2_b": f"CREATE TABLE u (a int);\nUSE {other.name};\nALTER TABLE t DROP COLUMN b;\n"})
        p.run("up", "1", check=0)
        with other.connect() as reader, p.server.connect() as admin:
            reader.query("START TRANSACTION; SELECT * FROM t")
            run = p.start("up")

            def alters():
                return admin.query("SELECT ID FROM information_schema.PROCESSLIST WHERE INFO LIKE 'ALTER TABLE t%'")
            support.wait_until(alters, process=run)
            admin.query(f"KILL {alters()[0][0]}")
            run.finish()
        p.up(check=0)
        self.assertEqual([row[0] for row in other.query("SHOW COLUMNS FROM t")], ["a"])

    def test_a_ledger_of_which_the_half_is_there(self):
        """The server died, or the session was ended, while its tables were made."""
        p, expected = self.prepared()
        p.up(check=0)
        made = p.sql("SHOW CREATE TABLE brant_history")[0][1]
        p.empty()
        p.sql(made)
        self.finish(p, expected)


class Killed(Case):
    def big(self, rows, server=None):
        p = self.project(server=server).pairs({"1_big": BIG % rows})
        p.up(check=0)
        p.pairs({"2_alter": "ALTER TABLE big ADD COLUMN c varchar(20) NOT NULL DEFAULT 'x', ALGORITHM=COPY;\n",
                 "3_rows": "INSERT INTO big (i, t) VALUES (-1, 'last');\n"})
        return p

    def running(self, p, run) -> int:
        def alters():
            return [s["id"] for s in p.sessions() if "ALTER TABLE big" in (s["info"] or "")]
        support.wait_until(alters, process=run, what="the ALTER")
        return alters()[0]

    def check(self, p) -> None:
        self.assertEqual(p.completed(), ["1_big", "2_alter", "3_rows"])
        self.assertEqual(p.sql("SELECT COUNT(*) FROM big WHERE c = 'x' AND t = 'last'"), [[1]])
        outcomes = [(h["migration"], h["outcome"]) for h in p.history() if h["migration"] == "2_alter"]
        self.assertEqual(outcomes[-1], ("2_alter", "ok"))

    def test_brant_in_the_middle_of_an_alter(self):
        p = self.big(1000000 if SLOW else 200000)
        run = p.start("up")
        session = self.running(p, run)
        run.send(signal.SIGKILL)
        run.finish()
        # The server goes on; who comes meanwhile waits for it.
        p.up(check=0)
        self.check(p)
        self.assertNotIn(session, [s["id"] for s in p.sessions()])

    def test_the_server_in_the_middle_of_an_alter(self):
        server = servers.mariadb(self)
        p = self.big(200000, server)
        run = p.start("up")
        self.running(p, run)
        server.kill()
        result = run.finish(120)
        self.assertNotEqual(result.code, 0, result)
        server.start()
        p.up(check=0)
        self.check(p)

    def test_an_alter_that_was_done_is_recognised(self):
        p = self.big(1000)
        p.run("up", "1", check=0)
        # As if the server had died between the statement and its outcome.
        p.sql("UPDATE brant_migrations SET status = 'running', statements_done = 0, done_digest = NULL, "
              "intent = 1, intent_digest = %s WHERE id = '2_alter'", self.digest_of(p))
        result = p.up(check=0)
        self.assertSays(result, "took effect before the interruption")
        self.check(p)

    def digest_of(self, p) -> str:
        """What brant writes down of the statement, seen while it runs."""
        q = self.project().pairs({"1_big": "CREATE TABLE big (i int);\n"})
        q.up(check=0)
        with open(p.at("migrations/2_alter.up.sql"), encoding="utf-8") as file:
            q.pairs({"2_alter": file.read()})
        with q.database.connect() as other:
            other.query("START TRANSACTION; SELECT * FROM big")
            run = q.start("up")
            support.wait_until(lambda: any(row["intent_digest"] for row in q.ledger()), process=run)
            digest = q.ledger()[-1]["intent_digest"]
            run.send(signal.SIGKILL)
            run.finish()
        return digest

    def test_random_moments(self):
        p, expected = self.prepared()
        chance = support.seeded(self, "mysql kills")
        for _ in range(150 if SLOW else 15):
            p.empty()
            run = p.start("up")
            time.sleep(chance.random() * 0.12)
            run.send(signal.SIGKILL)
            run.finish()
            self.finish(p, expected)


if __name__ == "__main__":
    support.main()
