# SPDX-License-Identifier: Apache-2.0
"""What users do with brant on MySQL and MariaDB, and what they see when it goes wrong."""
import datetime
import os
import pathlib
import re
import shutil
import signal
import time

import libmariadb
import servers
import support
import support_mysql
from support_mysql import AUDIT, audit

ROUTINES = """\
DELIMITER //
CREATE PROCEDURE add_token(IN word varchar(100))
BEGIN
    IF word <> '' THEN
        INSERT INTO audit (token) VALUES (word);
    END IF;
END//
CREATE TRIGGER audit_lower BEFORE INSERT ON audit FOR EACH ROW
BEGIN
    SET NEW.token = LOWER(NEW.token); -- a ; in a body
END//
DELIMITER ;
CALL add_token('FROM THE PROCEDURE');
"""


class Up(support_mysql.Case):
    def test_a_project_with_all_sorts_goes_up_and_down_and_up(self):
        p = self.project().pairs({
            "001_audit": (AUDIT + audit("one"), "DROP TABLE audit;\n"),
            "002_routines": (ROUTINES, "DROP TRIGGER audit_lower;\nDROP PROCEDURE add_token;\n"),
            "003_rows": (audit("TWO") + audit("THREE"), "DELETE FROM audit WHERE token IN ('two', 'three');\n"),
            "004_mixed": ("ALTER TABLE audit ADD COLUMN size int;\nUPDATE audit SET size = LENGTH(token);\n"
                          "CREATE INDEX audit_size ON audit (size);\n",
                          "ALTER TABLE audit DROP INDEX audit_size, DROP COLUMN size;\n"),
        })
        p.up(check=0)
        self.assertEqual([token for token, in p.sql("SELECT token FROM audit ORDER BY n")],
                         ["one", "from the procedure", "two", "three"])
        first = p.dump()
        p.run("down", "--all", check=0)
        self.assertEqual(p.tables(), [])
        p.up(check=0)
        self.assertEqual(p.dump(), first)
        self.assertEqual(p.completed(), ["001_audit", "002_routines", "003_rows", "004_mixed"])

    def test_rows_alone_are_one_transaction(self):
        p = self.project().pairs({"1_a": AUDIT, "2_b": audit("a") + "INSERT INTO nosuch VALUES (1);\n"})
        result = p.up(check=1)
        self.assertAt(result, "migrations/2_b.up.sql", 2)
        self.assertEqual(p.sql("SELECT token FROM audit"), [])

    def test_a_failure_says_where_and_the_next_run_goes_on_from_there(self):
        p = self.project().pairs({"1_a": AUDIT + audit("a") + "ALTER TABLE audit ADD COLUMN c TYPO;\n" + audit("b")})
        result = p.up(check=1)
        self.assertAt(result, "migrations/1_a.up.sql", 3)
        self.assertHint(result)
        row, = p.ledger()
        self.assertEqual((row["status"], row["statements_done"], row["intent"]), ("failed", 2, 0))
        p.pairs({"1_a": AUDIT + audit("a") + "ALTER TABLE audit ADD COLUMN c int;\n" + audit("b")})
        p.up(check=0)
        self.assertEqual([token for token, in p.sql("SELECT token FROM audit ORDER BY n")], ["a", "b"])

    def test_what_would_break_the_run_is_refused_before_it(self):
        for text in ("LOCK TABLES audit WRITE;\n", "SET @a = 1, autocommit = 0;\n", "SELECT RELEASE_ALL_LOCKS();\n",
                     "XA START 'x';\n", "SET NAMES latin1;\n", "DELETE FROM brant_migrations;\n",
                     "LOAD DATA LOCAL INFILE 'x' INTO TABLE audit;\n", "FLUSH TABLES WITH READ LOCK;\n",
                     "BEGIN;\nALTER TABLE audit ADD COLUMN c int;\nROLLBACK;\n",
                     "BEGIN;\nSAVEPOINT s;\nALTER TABLE audit ADD COLUMN c int;\nCOMMIT;\n"):
            with self.subTest(text):
                p = self.project().pairs({"1_a": AUDIT, "2_b": text})
                self.assertRefused(p.run("up"))
                self.assertEqual(p.tables(), [])

    def test_transaction_control_that_does_nothing_is_left_out(self):
        p = self.project().pairs({
            "1_a": "SET AUTOCOMMIT = 0;\nSTART TRANSACTION;\n" + AUDIT + audit("one") +
                   "ALTER TABLE audit ADD COLUMN c int;\n" + audit("two") + "COMMIT;\nSET AUTOCOMMIT = 1;\n",
            "2_b": audit("three") + "COMMIT;\n" + audit("four"),
            "3_c": "ALTER TABLE audit ADD COLUMN d int;\nCOMMIT WORK;\n",
        })
        plan = p.run("plan", check=0)
        self.assertIn("line 2: this transaction would end at line 3: CREATE", plan.text)
        self.assertNotIn("START TRANSACTION", plan.out)
        p.up(check=0)
        self.assertEqual([token for token, in p.sql("SELECT token FROM audit ORDER BY n")],
                         ["one", "two", "three", "four"])
        p.pairs({"4_d": "BEGIN;\n" + audit("five") + "ALTER TABLE audit ADD COLUMN e int;\n" + audit("six") +
                        "INSERT INTO nosuch VALUES (1);\nCOMMIT;\n"})
        result = p.up(check=1)
        self.assertAt(result, "migrations/4_d.up.sql", 5)
        self.assertEqual(p.ledger()[-1]["statements_done"], 3)
        p.pairs({"4_d": "BEGIN;\n" + audit("five") + "ALTER TABLE audit ADD COLUMN e int;\n" + audit("six") +
                        "COMMIT;\n"})
        p.up(check=0)
        self.assertEqual([token for token, in p.sql("SELECT token FROM audit ORDER BY n")][-2:], ["five", "six"])

    def test_what_another_tool_has_applied_does_not_run_again(self):
        for table in ("schema_migrations", "goose_db_version", "flyway_schema_history"):
            with self.subTest(table):
                p = self.project().pairs({"001_a": AUDIT + audit("a"), "002_b": audit("b")})
                p.sql(AUDIT + audit("a") + f"CREATE TABLE {table} (version bigint)")
                for command in ("up", "plan"):
                    result = p.run(command, check=1)
                    self.assertIn("adopt.foreign_history", result.err)
                    self.assertIn(f'"{table}"', result.err)
                self.assertEqual(p.ledger(), [])
                p.run("force", "001", check=0)
                p.up(check=0)
                self.assertEqual([token for token, in p.sql("SELECT token FROM audit ORDER BY n")], ["a", "b"])
        p = self.project().pairs({"001_a": AUDIT})
        p.sql("CREATE TABLE schema_migrations (version bigint)")
        p.run("force", "--", "-1", check=0)
        p.up(check=0)

    def test_what_a_lost_session_had_is_not_done_without(self):
        begin = AUDIT + audit("one")
        stop = "ALTER TABLE audit ADD COLUMN c TYPO;\n"
        for name, before, uses in (
                ("t", "CREATE TEMPORARY TABLE t (a int);\nINSERT INTO t VALUES (7);\n", "SELECT a FROM t"),
                ("t", "CREATE TEMPORARY TABLE t AS SELECT n AS a FROM audit;\nDELETE FROM audit;\n", "SELECT a FROM t"),
                ("@a", "SET @a = (SELECT MAX(n) FROM audit);\nDELETE FROM audit;\n", "SELECT @a"),
                ("@b", "SELECT MAX(n) INTO @a FROM audit;\nSET @b = @a + 1;\nDELETE FROM audit;\n", "SELECT @b"),
                ("@a", "SET @a = LAST_INSERT_ID();\n", "SELECT @a"),
                ("LAST_INSERT_ID", "", "SELECT LAST_INSERT_ID()")):
            with self.subTest(before + uses):
                rest = f"INSERT INTO audit (token) {uses};\n"
                p = self.project().pairs({"1_a": begin + before + stop + rest})
                p.up(check=1)
                p.pairs({"1_a": begin + before + "ALTER TABLE audit ADD COLUMN c int;\n" + rest})
                result = p.up(check=1)
                self.assertIn("resume.session_lost", result.err)
                self.assertIn(f'uses "{name}"', result.err)
                self.assertAt(result, "migrations/1_a.up.sql", 4 + before.count("\n"))
                p.pairs({"1_a": begin + before + "INSERT INTO audit (token) VALUES (7);\n"})
                p.up(check=0)

    def test_what_comes_back_with_a_new_session_is_used(self):
        before = (AUDIT + audit("one") + "SET @a = 'two', @sql = 'DELETE FROM nosuch';\n"
                  "CREATE TEMPORARY TABLE t (a varchar(10));\n"
                  "SET @n = (SELECT COUNT(*) FROM audit);\n"
                  "SET @sql = IF(@n = 1, 'INSERT INTO audit (token) VALUES (@a)', 'DO 0');\nPREPARE s FROM @sql;\n")
        after = ("EXECUTE s;\nSET @n = (SELECT COUNT(*) FROM audit);\nINSERT INTO audit (token) VALUES (@n);\n"
                 "INSERT INTO t VALUES ('three');\nINSERT INTO audit (token) SELECT a FROM t;\n"
                 "INSERT INTO audit (token) VALUES (LAST_INSERT_ID());\n")
        p = self.project().pairs({"1_a": before + "TYPO;\n" + after})
        p.up(check=1)
        p.pairs({"1_a": before + after})
        p.up(check=0)
        self.assertEqual([token for token, in p.sql("SELECT token FROM audit ORDER BY n")],
                         ["one", "two", "2", "three", "4"])

    def test_a_dump_sets_the_character_set_back(self):
        p = self.project().pairs({"1_a": "/*!40101 SET @OLD_CHARACTER_SET_CLIENT=@@CHARACTER_SET_CLIENT */;\n"
                                         "/*!50503 SET NAMES utf8mb4 */;\n" + AUDIT + audit("gr\u00fcn") +
                                         "/*!40101 SET CHARACTER_SET_CLIENT=@OLD_CHARACTER_SET_CLIENT */;\n" +
                                         audit("gans \U0001fabf")})
        p.up(check=0)
        self.assertEqual([token for token, in p.sql("SELECT token FROM audit ORDER BY n")],
                         ["gr\u00fcn", "gans \U0001fabf"])

    def test_what_is_for_another_server_is_left_out(self):
        p = self.project().pairs({"1_a": "/*!99999 CREATE TABLE mysqls (a int) */;\n" + AUDIT +
                                         "/*!99000 SET @nosuch = @@nosuch */ /* nor this */;\n"
                                         "/*M!990000 SET @nosuch = @@nosuch */;\n"
                                         "/*!40101 SET @one = 1 */;\n" + audit("a"),
                                  "2_b": "/*!99999 DROP TABLE audit */;\n"})
        p.up(check=0)
        self.assertEqual(p.tables(), ["audit"])
        self.assertEqual(p.completed(), ["1_a", "2_b"])

    def test_bodies_are_stored_as_they_are_written(self):
        p = self.project().pairs({"1_a": AUDIT + "CREATE TRIGGER lower BEFORE INSERT ON audit FOR EACH ROW "
                                         "SET NEW.token = LOWER(NEW.token);\n"
                                         "CREATE PROCEDURE one() SELECT 1 FROM dual WHERE 1 = 1;\n" + audit("A")})
        p.up(check=0)
        self.assertEqual(p.sql("SELECT ACTION_STATEMENT FROM information_schema.TRIGGERS"
                               " WHERE TRIGGER_SCHEMA = DATABASE()"), [["SET NEW.token = LOWER(NEW.token)"]])
        self.assertEqual(p.sql("SELECT ROUTINE_DEFINITION FROM information_schema.ROUTINES"
                               " WHERE ROUTINE_SCHEMA = DATABASE()"), [["SELECT 1 FROM dual WHERE 1 = 1"]])
        self.assertEqual(p.sql("SELECT token FROM audit"), [["a"]])

    def test_a_syntax_error_quotes_nothing_but_the_statement(self):
        for text in ("ALTER TABLE audit ADD COLUMN c int TYPO", "ALTER TABLE audit ADD COLUMN",
                     "ALTER TABLE audit\n  ADD COLUMN c int DEFAULT 'a" + "a" * 70 + "' TYPO here"):
            with self.subTest(text):
                p = self.project().pairs({"1_a": AUDIT + text + ";\n" + audit("a")})
                error = p.up(check=1).err
                self.assertNotIn("brant_migrations", error)
                self.assertIn("for the right syntax to use near ", error)

    def test_the_place_of_an_error_is_that_of_the_word(self):
        for text, line, column in (
                ("CREATE TABLE t (a varchar(10), b int DEFAULT (1), )", 1, 51),
                ("CREATE TABLE t (\n  \u00e4 int DEFAULT (1)))", 2, 21),
                ("SELECT '\U0001fabf', '\u00e4' FRM nosuch WHERE '" + "\u00e4" * 90 + "'", 1, 21),
                ("UPDATE audit SET a = 1", 1, 18)):
            with self.subTest(text):
                p = self.project().pairs({"1_a": AUDIT, "2_b": text + ";\n"})
                self.assertIn(f"migrations/2_b.up.sql:{line}:{column}\n", p.up(check=1).err)

    def test_what_a_migration_sets_is_gone_before_the_next(self):
        p = self.project().pairs({
            "1_a": "CREATE TABLE a (m varchar(2000), k int, v varchar(20));\n",
            "2_b": "SET sql_mode = 'ANSI_QUOTES', foreign_key_checks = 0, @word = 'left';\n"
                   "CREATE TEMPORARY TABLE \"tt\" (i int);\nUSE information_schema;\n",
            "3_c": "INSERT INTO a SELECT @@sql_mode, @@foreign_key_checks, @word;\n"
                   "CREATE TABLE tt (i int);\n"})
        p.up(check=0)
        mode, keys, word = p.sql("SELECT * FROM a")[0]
        self.assertEqual((mode, keys, word), (p.sql("SELECT @@sql_mode")[0][0], 1, None))
        self.assertEqual(p.tables(), ["a", "tt"])

    def test_the_servers_mode_decides_how_files_are_read(self):
        server = servers.mariadb(self, settings={"sql_mode": "ANSI_QUOTES,NO_BACKSLASH_ESCAPES"})
        p = self.project(server=server).pairs({
            "1_a": "CREATE TABLE \"a;b\" (c varchar(20));\nINSERT INTO \"a;b\" VALUES ('\\');\n",
            "2_b": "INSERT INTO \"a;b\" VALUES ('it''s; \\');\n"})
        p.up(check=0)
        self.assertEqual(sorted(p.sql("SELECT c FROM `a;b`")), [["\\"], ["it's; \\"]])

    def test_a_migration_is_recorded_with_the_time_that_it_took(self):
        slow = "INSERT INTO audit (token) SELECT CONCAT('slept ', SLEEP(0.3));\n"
        p = self.project().pairs({"1_a": AUDIT, "2_rows": slow, "3_table_and_rows": "CREATE TABLE b (i int);\n" + slow,
                                  "4_zone": slow + "SET time_zone = '+05:00';\n" + slow})
        before = datetime.datetime.now(datetime.timezone.utc)
        p.up(check=0)
        after = datetime.datetime.now(datetime.timezone.utc)
        history = {row["migration"]: row for row in p.history()}
        for row in p.ledger():
            with self.subTest(row["id"]):
                sleeps = {"1_a": 0, "4_zone": 2}.get(row["id"], 1)
                began, ended = (datetime.datetime.fromisoformat(row[name].replace("Z", "+00:00"))
                                for name in ("started_at", "finished_at"))
                took = row["duration_ms"]
                self.assertGreaterEqual(took, 300 * sleeps)
                self.assertEqual(history[row["id"]]["duration_ms"] // 300, took // 300)
                self.assertAlmostEqual((ended - began).total_seconds() * 1000, took, delta=2)
                self.assertGreaterEqual(began, before - datetime.timedelta(milliseconds=1))
                self.assertLessEqual(ended, after)

    def test_thirty_starts_at_once(self):
        p = self.project().pairs({f"{i}_m": audit(str(i)) if i > 1 else AUDIT for i in range(1, 7)})
        runs = [p.start("up") for _ in range(30)]
        for run in runs:
            result = run.finish(120)
            self.assertEqual(result.code, 0, result)
        self.assertEqual([token for token, in p.sql("SELECT token FROM audit ORDER BY n")], list("23456"))


class RoundTrips(support_mysql.Case):
    """Counted by the proxy, without those of a connection that only comes and goes."""

    MANY = 1000

    def behind_proxy(self) -> support_mysql.Project:
        p = self.project()
        p.proxy = servers.proxy(self, p.server)
        p.env["DATABASE_URL"] = p.proxy.url(p.database.name)
        return p

    def counts(self, p) -> dict:
        support.wait_until(lambda: p.proxy.counts()["open"] == 0, what="the end of the connection")
        return p.proxy.counts()

    def counted(self, p, *args, **more) -> int:
        before = self.counts(p)
        libmariadb.Connection(port=p.proxy.address.port, user=servers.USER, password=servers.PASSWORD).close()
        middle = self.counts(p)
        p.run(*args, check=0, **more)
        after = self.counts(p)
        self.assertEqual(after["connections"] - middle["connections"], 1)
        return after["round_trips"] - 2 * middle["round_trips"] + before["round_trips"]

    def test_nothing_pending_is_one_however_many_there_are(self):
        p = self.behind_proxy()
        for count in (3, 100):
            p.pairs({f"{n:04}_m": f"CREATE TABLE t{n} (a int);\n" for n in range(1, count + 1)}).up(check=0)
            with self.subTest(count=count):
                self.assertEqual(self.counted(p, "up"), 1)

    def test_a_thousand_of_a_table_and_a_row_take_two_each(self):
        p = self.behind_proxy().pairs({
            f"{n:04}_m": f"CREATE TABLE t{n} (a int);\nINSERT INTO t{n} VALUES (1);\n" for n in range(1, self.MANY + 1)})
        self.assertLessEqual(self.counted(p, "up", timeout=240), 2 * self.MANY + 15)
        self.assertEqual(len(p.completed()), self.MANY)

    def test_those_of_one_kind_take_one(self):
        for text, each in (("CREATE TABLE t{0} (a int);\n", 1), (audit("{0}") * 3, 1),
                           ("CREATE TABLE t{0} (a int);\nCREATE INDEX b ON t{0} (a);\n", 2)):
            p = self.behind_proxy().pairs({"0001_a": AUDIT})
            p.up(check=0)
            with self.subTest(text):
                p.pairs({f"{n:04}_m": text.format(n) for n in range(2, 102)})
                self.assertLessEqual(self.counted(p, "up"), 100 * each + 15)


class Example(support_mysql.Case):
    def test_it_goes_up_and_down_and_up(self):
        p = self.project()
        shutil.copytree(os.path.join(servers.SOURCE, "examples", "mysql"), p.path, dirs_exist_ok=True)
        p.up(check=0)
        p.sql("INSERT INTO orders (product, amount, cents) VALUES (1, 3, 750)")
        self.assertEqual(p.sql("SELECT stock FROM products ORDER BY id"), [[7], [3]])
        p.run("down", "--all", check=0)
        self.assertEqual(p.tables(), [])
        p.up(check=0)
        self.assertEqual(p.sql("SELECT amount, cents FROM orders ORDER BY cents"), [[2, 500], [2, 2400]])

    def test_the_plan_says_what_takes_effect_together_and_the_page_shows_it(self):
        p = self.project()
        shutil.copytree(os.path.join(servers.SOURCE, "examples", "mysql"), p.path, dirs_exist_ok=True)
        p.up("2", check=0)
        page = pathlib.Path(servers.SOURCE, "docs", "mysql.md").read_text("utf-8")
        shown = re.search(r"^\$ brant plan -n 1\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)[1]
        self.assertEqual(p.run("plan", "-n", "1", check=0).out, shown)
        step, = p.run("plan", "-n", "1", "--json", check=0).json()["steps"]
        self.assertEqual(
            [(s["first"], s["last"], s["transaction"]) for s in step["segments"]],
            [(1, 1, None), (2, 3, 1), (4, 4, None), (5, 5, None)])

    def test_a_failure_takes_back_what_the_plan_has_in_one_segment(self):
        p = self.project().pairs({"1_a": AUDIT + audit("a") + audit("b") + "DROP TABLE nosuch;\n"})
        p.up(check=1)
        self.assertEqual(p.ledger()[0]["statements_done"], 3)
        self.assertEqual(self.segments(p), [(4, 4)])
        p.pairs({"1_a": AUDIT + audit("a") + audit("b") + "INSERT INTO nosuch VALUES (1);\n" + audit("c")})
        self.assertEqual(self.segments(p), [(4, 5)])
        p.up(check=1)
        self.assertEqual(self.segments(p), [(4, 5)])
        self.assertEqual([token for token, in p.sql("SELECT token FROM audit ORDER BY n")], ["a", "b"])

    def segments(self, p):
        step, = p.run("plan", "--json", check=0).json()["steps"]
        return [(s["first"], s["last"]) for s in step["segments"]]

    def test_a_failure_takes_back_the_rows_in_a_row_with_it(self):
        p = self.project().pairs({"1_a": AUDIT + audit("a") + audit("b") + "INSERT INTO nosuch VALUES (1);\n"})
        result = p.up(check=1)
        self.assertSays(result, "rolled back with it")
        self.assertEqual(p.sql("SELECT COUNT(*) FROM audit"), [[0]])
        self.assertEqual(p.ledger()[0]["statements_done"], 1)
        p.pairs({"1_a": AUDIT + audit("a") + audit("b") + audit("c")})
        p.up(check=0)
        self.assertEqual([token for token, in p.sql("SELECT token FROM audit ORDER BY n")], ["a", "b", "c"])


class Stopping(support_mysql.Case):
    def test_a_cancelled_statement_ends_on_the_server(self):
        p = self.project().pairs({"1_a": AUDIT, "2_b": "DO SLEEP(100);\n"})
        run = p.start("up")
        support.wait_until(lambda: any("SLEEP" in (s["info"] or "") for s in p.sessions()), process=run)
        run.send(signal.SIGINT)
        result = run.finish(20)
        self.assertNotEqual(result.code, 0)
        self.assertLess(result.seconds, 15)
        support.wait_until(lambda: not p.sessions(), what="the end of its sessions")

    def test_what_is_done_is_known_although_the_rest_of_its_packet_was_stopped(self):
        """Stopped while the outcome waits for somebody's lock, and while the completion does."""
        server = servers.mariadb(self)
        for table in ("brant_migrations", "brant_history"):
            with self.subTest(table):
                p = self.project(server=server).pairs({"1_a": AUDIT, "2_b": "ALTER TABLE audit ADD COLUMN c int;\n"})
                p.run("up", "1", check=0)
                with p.database.connect() as reader, p.database.connect() as owner:
                    reader.query("START TRANSACTION; SELECT * FROM audit")
                    run = p.start("up")
                    support.wait_until(lambda: self.waits(p, "ALTER"), process=run)
                    owner.query(f"START TRANSACTION; SELECT * FROM {table} FOR UPDATE")
                    reader.query("COMMIT")
                    support.wait_until(lambda: self.waits(p, table), process=run)
                    before = self.kills(p)
                    run.send(signal.SIGINT)
                    support.wait_until(lambda: self.kills(p) > before)
                    owner.query("COMMIT")
                    result = run.finish(30)
                self.assertEqual(result.code, 130, result)
                row = p.ledger()[-1]
                self.assertEqual((row["id"], row["status"], row["statements_done"], row["intent"]),
                                 ("2_b", "running", 1, 0))
                self.assertNotIn("took effect", p.up(check=0).text)
                self.assertEqual(p.completed(), ["1_a", "2_b"])

    @staticmethod
    def waits(p, word: str) -> bool:
        """Whether the statement that runs, and is not the guard, has the word."""
        found = [(s["info"] or "").strip() for s in p.sessions()]
        return any(word in text and not text.startswith("SELECT") for text in found)

    @staticmethod
    def kills(p) -> int:
        with p.server.connect() as admin:
            return int(admin.query("SHOW GLOBAL STATUS LIKE 'Com_kill'")[0][1])

    def test_a_statement_has_its_limit(self):
        p = self.project().pairs({"1_a": "DO SLEEP(100);\n"})
        result = p.run("up", "--statement-timeout", "300ms", check=1)
        self.assertSays(result, "statement")

    def test_who_is_in_the_way_is_named(self):
        p = self.project().pairs({"1_a": AUDIT, "2_b": "ALTER TABLE audit ADD COLUMN c int;\n"})
        p.run("up", "1", check=0)
        with p.connect() as unseen:  # of another user
            unseen.query("START TRANSACTION; SELECT * FROM audit")
            self.assertSays(p.run("up", "--lock-timeout", "1s", check=1), "the right PROCESS shows it")
        with p.database.connect() as other:
            other.query("START TRANSACTION; SELECT * FROM audit")
            result = p.run("up", "--lock-timeout", "3s", env={"BRANT_DDL_LOCK_TIMEOUT": "1s"})
            self.assertEqual(result.code, 1, result)
            self.assertSays(result, f"session {other.session}")
            run = p.start("up", env={"BRANT_DDL_LOCK_TIMEOUT": "1s"})
            time.sleep(1.5)
            other.query("COMMIT")
            result = run.finish()
        self.assertEqual(result.code, 0, result)
        self.assertEqual(p.completed(), ["1_a", "2_b"])


class Connecting(support_mysql.Case):
    def ping(self, url, code=None, **env):
        p = support.Project(self, url)
        result = p.run("ping", env=env)
        self.assertNotIn("goose-and-fox", result.text)
        if code is not None:
            self.assertEqual(result.code == 0, code == 0, result)
        return result

    def test_four_failures_are_told_apart(self):
        server = servers.shared_mysql(self)
        self.assertSays(self.ping(server.url("brant_x", password="goose-and-fox"), 1), "refuses user")
        self.assertSays(self.ping(server.url("brant_nosuch"), 1), "does not exist")
        self.assertSays(self.ping(server.url("else"), 1), "Access denied")
        self.assertSays(self.ping(f"mysql://brant:goose-and-fox@127.0.0.1:{servers.free_port()}/x", 1),
                        "could not connect")
        self.assertSays(self.ping("mysql://brant@127.0.0.1/", 1), "names no database")
        self.assertSays(self.ping("mysql://brant@127.0.0.1/x?sslmood=1", 1), "sslmood")

    def test_a_silent_server_is_given_up(self):
        with servers.bound_socket() as silent:
            silent.listen(5)
            began = time.monotonic()
            result = self.ping(f"mysql://brant@127.0.0.1:{silent.getsockname()[1]}/x?connect-timeout=1", 1)
            self.assertSays(result, "no answer in")
            self.assertLess(time.monotonic() - began, 10)

    def test_the_password_is_nowhere(self):
        p = self.project().pairs({"1_a": AUDIT})
        with p.server.connect() as admin:
            admin.query("CREATE USER IF NOT EXISTS fox@'%' IDENTIFIED BY 'goose-and-fox'; "
                        "GRANT ALL ON `brant\\_%`.* TO fox@'%'")
        p.env["DATABASE_URL"] = p.database.url("fox", password="goose-and-fox")
        texts = [p.up(check=0).text, p.run("status", "--json").text, p.run("up", "--trace").text,
                 str(p.ledger()), str(p.history())]
        self.assertNotIn("goose-and-fox", "".join(texts))

    def test_tls(self):
        server = servers.mariadb(self, ssl="require")
        db = servers.database(self, server)
        self.ping(db.url(), 1)
        self.ping(db.url(**{"ssl-mode": "REQUIRED"}), 0)
        good, bad = server.ca.certificate, server.wrong_ca.certificate
        self.ping(db.url(**{"ssl-mode": "VERIFY_IDENTITY", "ssl-ca": good}), 0)
        self.assertSays(self.ping(db.url(**{"ssl-mode": "VERIFY_CA", "ssl-ca": bad}), 1), "no encrypted connection")
        self.assertSays(self.ping(db.url(**{"ssl-ca": bad}), 1), "no encrypted connection")
        p = self.project(server=server, **{"ssl-ca": good}).pairs({"1_a": AUDIT, "2_b": audit("x")})
        p.up(check=0)
        self.assertEqual(p.completed(), ["1_a", "2_b"])

    def test_a_missing_database_is_made_when_asked(self):
        server = servers.mariadb(self)
        p = support.Project(self, server.url("brant_new")).pairs({"1_a": AUDIT})
        self.assertSays(p.run("up"), "brant setup")
        p.run("setup", check=0)
        p.up(check=0)

    def test_by_socket(self):
        p = self.project(local=True).pairs({"1_a": AUDIT})
        p.up(check=0)


class Partial(support_mysql.Case):
    def test_what_cannot_be_rolled_back_is_said_before(self):
        p = self.project().pairs({"1_a": AUDIT + "CREATE TABLE b (x int);\n", "2_c": "CREATE TABLE c (x int);\n",
                                  "3_rows": audit("1") + audit("2")})
        self.assertSays(p.up(check=0), "1 migration cannot be rolled back as a whole")
        self.assertNotIn("rolled back", p.up(check=0).text)


    def test_what_a_rollback_does_not_take_back_is_not_run_again(self):
        p = self.project().pairs({"1_a": "CREATE TABLE old (t varchar(10)) ENGINE=MyISAM;\n" + AUDIT + audit("a")})
        p.up(check=0)
        rows = "INSERT INTO old VALUES ('x');\nUPDATE audit SET token = 'b';\n"
        p.pairs({"2_b": rows})
        with p.database.connect() as other:
            other.query("START TRANSACTION; SELECT * FROM audit FOR UPDATE")
            result = p.run("up", "--lock-timeout", "4s", env={"BRANT_DDL_LOCK_TIMEOUT": "1s"}, check=1)
        self.assertSays(result, "without transactions")
        self.assertSays(result, "brant repair 2_b --not-done")
        self.assertSays(p.up(check=1), "nobody knows whether statement 1 took effect")
        self.assertEqual(p.sql("SELECT COUNT(*) FROM old"), [[1]])
        p.sql("DELETE FROM old")
        p.run("repair", "2_b", "--not-done", check=0)
        p.up(check=0)
        p.pairs({"3_c": "CREATE TABLE c (i int);\nSET @a = 1;\n" + rows + "INSERT INTO nosuch VALUES (1);\n"})
        self.assertTrue(p.run("up", "--json", check=1).json()["failed"]["partial"])
        self.assertSays(p.up(check=1), "nobody knows whether statement 3 took effect")
        self.assertEqual(p.sql("SELECT COUNT(*) FROM old"), [[2]])


class Settings(support_mysql.Case):
    """Servers that somebody has set up for something else."""

    ODD = {"init_connect": "'SET NAMES latin1; SET sql_select_limit = 2, autocommit = 0, sql_safe_updates = 1, "
                           "max_join_size = 1'",
           "completion_type": "RELEASE", "innodb_default_row_format": "compact", "max_allowed_packet": "1M",
           "lower_case_table_names": 1, "default_storage_engine": "MyISAM"}

    def test_odd_ones_are_in_nobodys_way(self):
        server = servers.mariadb(self, settings=self.ODD)
        p = self.project(server=server)
        p.pairs({"1_a": AUDIT + audit("gr\u00fcn"), "2_b": audit("\U0001fabf"), "3_c": "CREATE TABLE c (i int);\n",
                 "4_d": "".join(audit("d") + f"-- {'x' * 300000}\n" for _ in range(6)),
                 "5_e": "CREATE TABLE big (b longtext);\n" + f"INSERT INTO big VALUES ('{'x' * 300000}');\n" * 6})
        p.up(check=0)
        p.up(check=0)
        p.run("history", "--verify", check=0)
        self.assertEqual([h["migration"] for h in p.history()], ["1_a", "2_b", "3_c", "4_d", "5_e"])
        self.assertEqual([bytes.fromhex(token).decode() for token, in p.sql("SELECT HEX(token) FROM audit ORDER BY n")],
                         ["gr\u00fcn", "\U0001fabf", *"dddddd"])
        self.assertEqual(p.sql("SELECT DISTINCT ENGINE FROM information_schema.TABLES WHERE TABLE_NAME LIKE 'brant%'"),
                         [["InnoDB"]])
        self.assertEqual(p.sql("SELECT COUNT(*) FROM brant_lock"), [[0]])
        p.pairs({"6_f": f"INSERT INTO big VALUES ('{'x' * (1 << 20)}');\n"})
        result = p.up(check=1)
        self.assertAt(result, "migrations/6_f.up.sql", 1)
        self.assertSays(result, "max_allowed_packet")

    def test_another_case_of_the_same_database_has_the_same_lock(self):
        server = servers.mariadb(self, settings={"lower_case_table_names": 1})
        p = self.project(server=server).pairs({"1_a": AUDIT, "2_b": "DO SLEEP(2);\n" + audit("once")})
        run = p.start("up")
        support.wait_until(lambda: any("SLEEP" in (s["info"] or "") for s in p.sessions()), process=run)
        p.run("up", env={"DATABASE_URL": server.url(p.database.name.upper())}, check=0)
        self.assertEqual(run.finish().code, 0)
        self.assertEqual(p.sql("SELECT token FROM audit"), [["once"]])

    def test_what_an_option_forbids_is_not_taken_for_a_replica(self):
        server = servers.mariadb(self, settings={"secure_file_priv": "/usr"})
        p = self.project(server=server).pairs({"1_a": "SELECT 1 INTO OUTFILE '/tmp/brant-nosuch';\n"})
        with server.connect() as admin:
            admin.query(f"GRANT FILE ON *.* TO {servers.USER}@'%'")
        result = p.up(check=1)
        self.assertIn("secure-file-priv", result.err)
        self.assertNotIn("replica", result.err)


class Replica(support_mysql.Case):
    def test_a_read_only_server_says_so(self):
        server = servers.mariadb(self)
        p = self.project(server=server).pairs({"1_a": AUDIT})
        with server.connect() as admin:
            admin.query("SET GLOBAL read_only = 1")
        result = p.up(check=1)
        self.assertSays(result, "read-only")


if __name__ == "__main__":
    support.main()
