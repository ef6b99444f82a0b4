# SPDX-License-Identifier: Apache-2.0
"""Transactions: one for each file, one for all, none; files with their own; half-done ones."""
import support
from support import AUDIT, audit

OFF = "-- brant: transaction=off\n"


class Modes(support.Case):
    def three(self, last="INSERT INTO nowhere VALUES (1);\n"):
        return self.project().pairs({
            "1_a": AUDIT + audit("1"), "2_b": "CREATE TABLE b (a);\n" + audit("2"),
            "3_c": audit("3") + last})

    def test_each_keeps_those_before_the_failing_one(self):
        p = self.three()
        p.run("up", check=1)
        self.assertEqual(p.tokens(), ["1", "2"])
        self.assertEqual(p.completed(), ["1_a", "2_b"])

    def test_all_keeps_nothing(self):
        p = self.three()
        p.run("up", "--tx", "all", check=1)
        self.assertEqual(p.tables(), [])
        self.assertEqual(p.completed(), [])
        p.pairs({"3_c": audit("3")})
        p.up("--tx", "all")
        self.assertEqual(p.tokens(), ["1", "2", "3"])
        self.assertDone(p, ["1_a", "2_b", "3_c"])

    def test_none_keeps_the_statements_before(self):
        p = self.three()
        result = p.run("up", "--tx", "none", check=1)
        self.assertAt(result, "3_c.up.sql", 2)
        self.assertEqual(p.tokens(), ["1", "2", "3"])
        p.pairs({"3_c": audit("3") + audit("mended")})
        p.up("--tx", "none")
        self.assertEqual(p.tokens(), ["1", "2", "3", "mended"])
        self.assertDone(p, ["1_a", "2_b", "3_c"])

    def test_modes_end_the_same(self):
        p = self.three(last=audit("4"))
        for mode in ("each", "all", "none"):
            p.up("--tx", mode, "-d", f"sqlite:{mode}.db")
        self.assertEqual(p.dump("each.db"), p.dump("all.db"))
        self.assertEqual(p.dump("each.db"), p.dump("none.db"))

    def test_all_downwards_keeps_everything_when_one_fails(self):
        p = self.project().pairs({
            "1_a": (AUDIT, "DROP TABLE nowhere;"), "2_b": (audit("2"), audit("down 2")),
            "3_c": (audit("3"), audit("down 3"))})
        p.up()
        before = p.dump()
        p.run("down", "--all", "--tx", "all", check=1)
        self.assertEqual(p.dump(), before)
        p.pairs({"1_a": (None, "DROP TABLE audit;")})
        p.down("--all", "--tx", "all")
        self.assertEqual(p.tables(), [])

    def test_all_with_a_file_that_cannot_is_refused_before_anything(self):
        for text in (OFF + "VACUUM;\n", "-- brant: foreign-keys=off\nSELECT 1;\n",
                     "PRAGMA foreign_keys = OFF;\n", "BEGIN;\nSELECT 1;\nCOMMIT;\n"):
            with self.subTest(text=text):
                p = self.project().pairs({"1_a": AUDIT, "2_b": text})
                result = p.run("up", "--tx", "all")
                self.assertRefused(result, r"2_b\.up\.sql", "transaction", "--tx each")
                self.assertEqual(p.completed() if p.exists("app.db") else [], [])


class Hints(support.Case):
    def test_of_the_first_statement_that_is_recorded_by_itself(self):
        p = self.project().pairs({"001_a": "-- brant: transaction=off\nINSERT INTO late VALUES (1);\n" + AUDIT})
        self.assertIn("nothing has run before it", " ".join(p.run("up", check=1).err.split()))
        p.sql("CREATE TABLE late (a)")
        p.pairs({"002_b": "-- brant: transaction=off\n" + audit("2") + "INSERT INTO never VALUES (1);\n"})
        self.assertIn("have run and stay", " ".join(p.run("up", check=1).err.split()))
        self.assertEqual(p.tokens(), ["2"])

    def test_of_a_statement_with_a_placeholder(self):
        p = self.project().pairs({"001_a": AUDIT + "CREATE TABLE t (a DEFAULT ${SIZE});\n"})
        p.env["SIZE"] = "4"
        self.assertIn('"-- brant: placeholders=on"', " ".join(p.run("up", check=1).err.split()))
        p.pairs({"001_a": AUDIT + "CREATE TABLE {{ prefix }}t (a);\n"})
        self.assertIn("{{...}} is sent as it stands", " ".join(p.run("up", check=1).err.split()))
        p.pairs({"001_a": "-- brant: placeholders=on\n" + AUDIT + "CREATE TABLE t (a DEFAULT ${SIZE});\n"})
        p.up()
        p.pairs({"002_b": "-- brant: placeholders=on\nINSERT INTO never VALUES (${SIZE});\n"})
        self.assertNotIn("placeholders=on", " ".join(p.run("up", check=1).err.split()).partition("hint:")[2])


class Refused(support.Case):
    """Statements that cannot run in a transaction, or would change what commits."""

    def refused(self, statement, *words):
        p = self.project().pairs({"1_a": AUDIT, "2_b": audit("2") + statement + ";\n"})
        result = p.run("up")
        self.assertRefused(result, r"2_b\.up\.sql", *words)
        self.assertAt(result, "2_b.up.sql", 2)
        self.assertNotIn("2", p.tokens())
        self.assertNotIn("2_b", p.completed())
        return p

    def test_vacuum_names_the_directive(self):
        p = self.refused("VACUUM", "VACUUM", "transaction=off")
        p.pairs({"2_b": OFF + audit("2") + "VACUUM;\n"})
        p.up()
        self.assertEqual(p.tokens(), ["2"])

    def test_attach_names_the_directive(self):
        self.refused("ATTACH 'other.db' AS other", "ATTACH", "transaction=off")

    def test_journal_mode_names_the_directive(self):
        p = self.refused("PRAGMA journal_mode = WAL", "journal_mode", "transaction=off")
        self.assertEqual(p.sql("PRAGMA journal_mode"), [("delete",)])

    def test_vacuum_with_transaction_on_is_refused_too(self):
        p = self.project().pairs({"1_a": "-- brant: transaction=on\nVACUUM;\n"})
        self.assertRefused(p.run("up"), "VACUUM")


class OwnTransaction(support.Case):
    def test_file_with_begin_and_commit_runs_unchanged(self):
        p = self.project().pairs({
            "1_a": "BEGIN;\n" + AUDIT + audit("1") + "COMMIT;\n",
            "2_b": "BEGIN IMMEDIATE TRANSACTION;\n" + audit("2") + "END TRANSACTION;\n",
            "3_c": audit("3")})
        p.up()
        self.assertEqual(p.tokens(), ["1", "2", "3"])
        self.assertDone(p, ["1_a", "2_b", "3_c"])

    def test_failure_inside_leaves_nothing_of_it(self):
        p = self.project().pairs({
            "1_a": AUDIT, "2_b": "BEGIN;\n" + audit("2") + "INSERT INTO nowhere VALUES (1);\n"
                                 "COMMIT;\n"})
        result = p.run("up", check=1)
        self.assertAt(result, "2_b.up.sql", 3)
        self.assertEqual(p.tokens(), [])
        p.pairs({"2_b": "BEGIN;\n" + audit("2") + "COMMIT;\n"})
        p.up()
        self.assertEqual(p.tokens(), ["2"])
        self.assertDone(p, ["1_a", "2_b"])

    def test_own_rollback_undoes_what_it_covers(self):
        p = self.project().pairs({
            "1_a": AUDIT, "2_b": "BEGIN;\n" + audit("no") + "ROLLBACK;\n" + audit("yes")})
        result = p.run("up")
        if result.code == 0:
            self.assertEqual(p.tokens(), ["yes"])
        else:
            self.assertRefused(result, r"2_b\.up\.sql", "ROLLBACK")
            self.assertEqual(p.tokens(), [])

    def test_begin_without_commit_is_an_error(self):
        p = self.project().pairs({"1_a": AUDIT, "2_b": "BEGIN;\n" + audit("2")})
        self.assertRefused(p.run("up"), r"2_b\.up\.sql", "COMMIT|transaction")
        self.assertEqual(p.tokens(), [])
        self.assertNotIn("2_b", p.completed())

    def test_commit_without_begin_does_not_end_our_transaction(self):
        p = self.project().pairs({"1_a": AUDIT, "2_b": audit("2") + "COMMIT;\n"
                                  "INSERT INTO nowhere VALUES (1);\n"})
        self.assertRefused(p.run("up"), r"2_b\.up\.sql")
        self.assertEqual(p.tokens(), [])

    def test_savepoints_inside_the_transaction(self):
        p = self.project().pairs({"1_a": AUDIT + audit("1") + "SAVEPOINT s;\n" + audit("no")
                                  + "ROLLBACK TO s;\nRELEASE s;\n" + audit("2")})
        p.up()
        self.assertEqual(p.tokens(), ["1", "2"])


class RolledBackByTheDatabase(support.Case):
    """INSERT OR ROLLBACK ends the transaction around it: nothing may go on as if it were there."""

    TEXT = audit("2.1") + "INSERT OR ROLLBACK INTO u VALUES (1);\n" + audit("2.3")

    def failed(self, text, line, kept):
        p = self.project().pairs({
            "1_a": AUDIT + "CREATE TABLE u (a UNIQUE);\nINSERT INTO u VALUES (1);\n",
            "2_b": text, "3_c": audit("3")})
        self.assertAt(p.run("up", check=1), "2_b.up.sql", line)
        self.assertEqual(p.tokens(), kept)
        self.assertEqual(p.completed(), ["1_a"])
        p.pairs({"2_b": text.replace("(1)", "(2)")})
        p.up()
        self.assertEqual(p.tokens(), ["2.1", "2.3", "3"])

    def test_in_our_transaction(self):
        self.failed(self.TEXT, 2, [])

    def test_in_its_own_transaction(self):
        self.failed("BEGIN;\n" + self.TEXT + "COMMIT;\n", 3, [])

    def test_outside_a_transaction(self):
        self.failed(OFF + self.TEXT, 3, ["2.1"])

    def test_with_one_transaction_for_all(self):
        p = self.project().pairs({"1_a": AUDIT + "CREATE TABLE u (a UNIQUE);\n"
                                         "INSERT INTO u VALUES (1);\n", "2_b": self.TEXT})
        p.run("up", "--tx", "all", check=1)
        self.assertEqual(p.tables(), [])
        self.assertEqual(p.completed(), [])


class Resume(support.Case):
    """transaction=off: what was done stays done, the rest goes on."""

    PREFIX = OFF + "CREATE TABLE t (a);\n" + audit("2.1")
    FAILING = PREFIX + "INSERT INTO nowhere VALUES (1);\n" + audit("2.2")

    def failed(self, *args):
        p = self.project().pairs({"1_a": AUDIT + audit("1"), "2_b": self.FAILING,
                                  "3_c": audit("3")})
        result = p.run("up", *args, check=1)
        self.assertAt(result, "2_b.up.sql", 4)
        self.assertEqual(p.tokens(), ["1", "2.1"])
        return p

    def test_state_tells_how_far_it_came(self):
        p = self.failed()
        found = [m for m in p.status()["migrations"] if m["id"] == "2_b"][0]
        self.assertEqual(found["status"], "failed")
        self.assertEqual(found["statements"]["done"], 2)
        self.assertEqual(found["statements"]["total"], 4)
        self.assertSays(p.run("version", check=0), "2_b|failed|dirty")

    def test_mended_statement_resumes_behind_what_is_done(self):
        p = self.failed()
        p.pairs({"2_b": self.PREFIX + "INSERT INTO t VALUES (1);\n" + audit("2.2")})
        p.up()
        self.assertEqual(p.tokens(), ["1", "2.1", "2.2", "3"])
        self.assertEqual(p.sql("SELECT a FROM t"), [(1,)])
        self.assertDone(p, ["1_a", "2_b", "3_c"])

    def test_unchanged_file_fails_at_the_same_place_again(self):
        p = self.failed()
        self.assertAt(p.run("up", check=1), "2_b.up.sql", 4)
        self.assertEqual(p.tokens(), ["1", "2.1"])

    def test_comment_in_the_done_prefix_does_not_matter_or_stops(self):
        p = self.failed()
        p.pairs({"2_b": OFF + "-- why\n" + self.FAILING[len(OFF):].replace("nowhere", "t")})
        result = p.run("up")
        self.assertEqual(p.tokens()[:2], ["1", "2.1"], result)
        self.assertEqual(p.tokens().count("2.1"), 1, result)

    def test_edited_prefix_stops_with_a_clear_message(self):
        p = self.failed()
        p.pairs({"2_b": OFF + "CREATE TABLE t (a, b);\n" + audit("2.1")
                        + "INSERT INTO t VALUES (1, 2);\n"})
        result = p.run("up")
        self.assertRefused(result, "2_b", "repair", codes=(1, 9))
        self.assertEqual(p.tokens(), ["1", "2.1"])
        self.assertNotIn("3_c", p.completed())

    def test_retry_runs_from_the_first_statement(self):
        p = self.failed()
        p.pairs({"2_b": OFF + "CREATE TABLE IF NOT EXISTS t (a);\n" + audit("again")})
        p.run("repair", "--retry", "--yes", check=0)
        p.up()
        self.assertEqual(p.tokens(), ["1", "2.1", "again", "3"])
        self.assertDone(p, ["1_a", "2_b", "3_c"])

    def test_failing_down_resumes_too(self):
        p = self.project().pairs({
            "1_a": (AUDIT + "CREATE TABLE t (a);\n",
                    OFF + audit("down 1") + "DROP TABLE nowhere;\n" + audit("down 2"))})
        p.up()
        p.run("down", check=1)
        self.assertEqual(p.tokens(), ["down 1"])
        p.pairs({"1_a": (None, OFF + audit("down 1") + "DROP TABLE t;\n" + audit("down 2"))})
        p.down()
        self.assertEqual(p.tokens(), ["down 1", "down 2"])
        self.assertDone(p, [])

    def test_up_after_a_half_done_down_is_decided_not_guessed(self):
        p = self.project().pairs({
            "1_a": (AUDIT + audit("up"), OFF + audit("down 1") + "DROP TABLE nowhere;\n"),
            "2_b": (audit("2"), "SELECT 1;")})
        p.up()
        p.run("down", "--all", check=1)
        result = p.run("up")
        self.assertEqual(p.tokens().count("down 1"), 1, result)
        self.assertLessEqual(p.tokens().count("up"), 1, result)


class OnDirty(support.Case):
    def failed(self, text=OFF + "CREATE TABLE t (a);\nINSERT INTO nowhere VALUES (1);\n"):
        p = self.project().pairs({"1_a": AUDIT, "2_b": text, "3_c": audit("3")})
        p.run("up", check=1)
        return p

    def test_S_A31_refuse_names_dirty_the_version_and_force(self):
        p = self.failed()
        p.pairs({"2_b": OFF + "CREATE TABLE t (a);\n" + audit("2")})
        result = p.run("up", "--on-dirty", "refuse")
        self.assertRefused(result, "dirty", r"\b2", "force")
        self.assertEqual(p.tokens(), [])

    def test_S_A31_refuse_for_a_failed_transactional_one(self):
        p = self.failed("INSERT INTO nowhere VALUES (1);\n")
        p.pairs({"2_b": audit("2")})
        self.assertRefused(p.run("up", "--on-dirty", "refuse"), "dirty", r"\b2", "force")
        self.assertEqual(p.tokens(), [])

    def test_S_A32_force_then_up(self):
        p = self.failed("INSERT INTO nowhere VALUES (1);\n")
        p.pairs({"2_b": audit("2")})
        p.run("up", "--on-dirty", "refuse", check=1)
        p.run("force", "1", check=0)
        p.up("--on-dirty", "refuse")
        self.assertEqual(p.tokens(), ["2", "3"])
        self.assertDone(p, ["1_a", "2_b", "3_c"])

    def test_accept_takes_it_as_done_and_says_so(self):
        p = self.failed()
        result = p.up("--on-dirty", "accept")
        self.assertSays(result, "2_b", where="err")
        self.assertEqual(p.tokens(), ["3"])
        self.assertDone(p, ["1_a", "2_b", "3_c"])

    def test_S_A13_resume_is_the_default_and_is_logged(self):
        p = self.failed()
        p.pairs({"2_b": OFF + "CREATE TABLE t (a);\n" + audit("2")})
        result = p.up()
        self.assertSays(result, "2_b", "resum|going on|continu", where="err")
        self.assertEqual(p.tokens(), ["2", "3"])

    def test_S_A14_a_failed_one_never_counts_as_applied(self):
        p = self.failed("CREATE TABLE u (a);\nINSERT INTO nowhere VALUES (1);\n")
        p.run("up", check=1)
        self.assertNotIn("2_b", p.completed())
        p.pairs({"2_b": "CREATE TABLE u (a);\n"})
        p.up()
        self.assertIn("u", p.tables())


class Limits(support.Case):
    """Time limits end a migration near them and name the setting."""

    def limited(self, *args, name, env=None, head=""):
        p = self.project().pairs({"1_a": AUDIT + audit("1"),
                                  "2_b": head + audit("2") + support.busy(support.FOREVER)})
        result = p.run("up", *args, env=env, timeout=30)
        self.assertRefused(result, "2_b", name)
        self.assertLess(result.seconds, 15 * support.PATIENCE)
        self.assertGreater(result.seconds, 0.9)
        self.assertEqual(p.tokens(), ["1"])
        p.pairs({"2_b": audit("2")})
        p.up()
        self.assertEqual(p.tokens(), ["1", "2"])

    def test_S_C17_migration_timeout(self):
        self.limited("--migration-timeout", "1s", name="migration-timeout")

    def test_S_C36_limit_from_the_environment(self):
        self.limited(env={"SCYLLADB_MIGRATION_TIMEOUT": "1s"}, name="migration-timeout")

    def test_statement_timeout(self):
        self.limited("--statement-timeout", "1s", name="statement-timeout")

    def test_timeout_of_the_run(self):
        self.limited("--timeout", "1s", name="timeout")

    def test_timeout_of_the_file(self):
        self.limited(name="timeout", head="-- brant: timeout=1s\n")

    def test_file_may_have_more_time_than_the_setting(self):
        p = self.project().pairs({"1_a": "-- brant: timeout=0\n" + AUDIT
                                         + support.busy("5000000")})
        p.up("--migration-timeout", "50ms")


if __name__ == "__main__":
    support.main()
