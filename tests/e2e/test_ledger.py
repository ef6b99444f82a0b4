# SPDX-License-Identifier: Apache-2.0
"""The record: mark, force, repair, history, validate."""
import os

import support
from support import AUDIT, audit

OFF = "-- brant: transaction=off\n"


def four(case, **more):
    return support.Project(case, **more).pairs({
        "001_a": (AUDIT + audit("1"), "DROP TABLE audit;\n"),
        "002_b": (audit("2"), audit("down 2")), "003_c": (audit("3"), audit("down 3")),
        "004_d": (audit("4"), audit("down 4"))})


class Mark(support.Case):
    def test_records_without_running(self):
        p = four(self)
        p.script(AUDIT)
        p.run("mark", "001_a", "002_b", check=0)
        self.assertDone(p, ["001_a", "002_b"])
        self.assertEqual(p.tokens(), [])
        p.up()
        self.assertEqual(p.tokens(), ["3", "4"])

    def test_as_pending_makes_it_run_again(self):
        p = four(self)
        p.up()
        p.run("mark", "004_d", "--as", "pending", check=0)
        self.assertEqual(p.status()["pending"], ["004_d"])
        p.up()
        self.assertEqual(p.tokens(), ["1", "2", "3", "4", "4"])

    def test_by_version(self):
        p = four(self)
        p.run("mark", "1", check=0)
        self.assertEqual(p.completed(), ["001_a"])

    def test_unknown_is_an_error_and_nothing_changes(self):
        p = four(self)
        self.assertRefused(p.run("mark", "001_a", "099_z"), "099_z", codes=(2,))
        self.assertEqual(p.completed() if p.exists("app.db") else [], [])

    def test_already_there_is_a_warning(self):
        p = four(self)
        p.run("mark", "001_a", check=0)
        self.assertSays(p.run("mark", "001_a", check=3), "001_a", "already")
        result = p.run("mark", "001_a", "002_b", check=0)
        self.assertSays(result, "001_a", "already", where="err")
        self.assertEqual(p.completed(), ["001_a", "002_b"])

    def test_is_in_the_history(self):
        p = four(self)
        p.run("mark", "001_a", check=0)
        self.assertEqual([(r["action"], r["migration"]) for r in p.history()],
                         [("mark", "001_a")])


class Force(support.Case):
    def test_S_A22_sets_the_state_and_runs_nothing(self):
        p = four(self)
        p.script(AUDIT)
        p.run("force", "3", check=0)
        self.assertDone(p, ["001_a", "002_b", "003_c"])
        p.run("force", "001", check=0)
        self.assertDone(p, ["001_a"])
        self.assertEqual(p.tokens(), [])
        self.assertEqual(p.status()["version"], "001")

    def test_S_A22_clears_dirty(self):
        p = four(self)
        p.pairs({"003_c": "INSERT INTO nowhere VALUES (1);\n"})
        p.run("up", check=1)
        self.assertEqual(p.status()["state"], "failed")
        p.run("force", "2", check=0)
        self.assertEqual(p.status()["state"], "pending")
        self.assertDone(p, ["001_a", "002_b"])

    def test_S_A23_minus_one_is_none(self):
        p = four(self)
        p.up()
        p.run("force", "-1", check=0)
        self.assertDone(p, [])
        self.assertEqual(p.run("version", check=0).out.strip(), "none")
        self.assertEqual(p.tokens(), ["1", "2", "3", "4"])

    def test_S_A23_missing_word_and_below_are_refused(self):
        p = four(self)
        p.up()
        before = p.ledger(), p.history()
        for args in ((), ("three",), ("-2",), ("-1x",)):
            with self.subTest(args=args):
                self.assertRefused(p.run("force", *args), codes=(2,))
        self.assertEqual((p.ledger(), p.history()), before)

    def test_S_A23_unknown_version_is_recorded_with_a_warning(self):
        p = four(self)
        result = p.run("force", "99", check=0)
        self.assertSays(result, "99", where="err")
        self.assertEqual(p.status()["pending"], [])

    def test_is_in_the_history(self):
        p = four(self)
        p.up()
        p.run("force", "1", check=0)
        self.assertIn("force", [row["action"] for row in p.history()])
        p.run("history", "--verify", check=0)


class Repair(support.Case):
    """An intent that stayed open: an UPDATE outside a transaction, killed between the statement and
    its outcome on an engine that cannot commit both at once, leaves nothing that could be probed.
    """

    TEXT = OFF + audit("2.1") + "UPDATE audit SET token = token || '+';\n" + audit("2.2")

    def open_intent(self, done: bool):
        """Writes what a killed run leaves behind: intent open at statement 2."""
        p = self.project().pairs({"1_a": AUDIT + audit("1"), "2_b": self.TEXT, "3_c": audit("3")})
        for at in range(1, 200):
            for name in ("app.db", "app.db-journal", "app.db-wal", "app.db-shm"):
                if p.exists(name):
                    p.remove(name)
            p.fault(f"kill@{at}", "up", "--hide-caps", "txn")
            rows = {row["id"]: row for row in p.ledger()} if p.exists("app.db") else {}
            row = rows.get("2_b")
            if row and row["intent"] == 2 and ("2.1+" in p.tokens()) == done:
                return p
        raise AssertionError("no kill leaves statement 2 open")

    def test_done_and_not_done_are_taken_as_answered(self):
        for done in (True, False):
            with self.subTest(done=done):
                p = self.open_intent(done)
                self.assertRefused(p.run("up"), "2_b", "repair", codes=(1, 9))
                self.assertSays(p.run("repair"), "2_b", "UPDATE audit", "done")
                p.run("repair", "--done" if done else "--not-done", "--yes", check=0)
                p.up()
                self.assertEqual(p.tokens(), ["1+", "2.1+", "2.2", "3"])
                self.assertDone(p, ["1_a", "2_b", "3_c"])

    def open_by_hand(self):
        """A ledger row as a crash between statement and outcome leaves it on other engines."""
        p = self.project().pairs({"1_a": AUDIT + audit("1"), "2_b": self.TEXT, "3_c": audit("3")})
        p.pairs({"2_b": self.TEXT.replace("UPDATE audit SET", "UPDATE nowhere SET")})
        p.run("up", check=1)
        p.pairs({"2_b": self.TEXT})
        p.sql("UPDATE brant_migrations SET status = 'running', intent = 2, error = NULL "
              "WHERE id = '2_b'")
        return p

    def test_open_outcome_stops_and_names_repair(self):
        p = self.open_by_hand()
        result = p.run("up")
        self.assertRefused(result, "2_b", "repair", codes=(1, 9))
        self.assertEqual(p.tokens(), ["1", "2.1"])

    def test_evidence_is_shown_and_nothing_is_answered_by_itself(self):
        p = self.open_by_hand()
        before = p.ledger()
        result = p.run("repair")
        self.assertSays(result, "2_b", "UPDATE audit", r"--done", r"--not-done")
        self.assertEqual([r["intent"] for r in p.ledger()], [r["intent"] for r in before])

    def test_done_goes_on_behind_it(self):
        p = self.open_by_hand()
        p.run("repair", "--done", "--yes", check=0)
        p.up()
        self.assertEqual(p.tokens(), ["1", "2.1", "2.2", "3"])

    def test_not_done_runs_it(self):
        p = self.open_by_hand()
        p.run("repair", "--not-done", "--yes", check=0)
        p.up()
        self.assertEqual(p.tokens(), ["1+", "2.1+", "2.2", "3"])

    def test_two_answers_are_refused(self):
        p = self.open_by_hand()
        self.assertRefused(p.run("repair", "--done", "--not-done", "--yes"), codes=(2,))

    def test_nothing_to_repair_says_so(self):
        p = four(self)
        p.up()
        self.assertSays(p.run("repair"), "nothing|no open|clean")

    def test_is_in_the_history(self):
        p = self.open_by_hand()
        p.run("repair", "--done", "--yes", check=0)
        self.assertIn("repair", [row["action"] for row in p.history()])


class History(support.Case):
    def worked(self):
        p = four(self)
        p.up("2")
        p.up()
        p.down()
        p.run("mark", "004_d", check=0)
        return p

    def test_chain_verifies(self):
        p = self.worked()
        self.assertSays(p.run("history", "--verify", check=0), "004_d")
        hashes = [row["hash"] for row in p.history()]
        self.assertEqual(len(set(hashes)), len(hashes))
        self.assertEqual([row["prev"] or "" for row in p.history()], ["", *hashes[:-1]])

    def tampered(self, change):
        p = self.worked()
        p.run("history", "--verify", check=0)
        p.sql(change)
        result = p.run("history", "--verify")
        self.assertEqual(result.code, 9, result)
        self.assertFalse(p.run("history", "--verify", "--json").json()["verified"])

    def test_changed_row_is_detected(self):
        self.tampered("UPDATE brant_history SET migration = '009_x' WHERE seq = 2")

    def test_changed_person_is_detected(self):
        self.tampered("UPDATE brant_history SET who = 'somebody@else' WHERE seq = 1")

    def test_changed_time_is_detected(self):
        self.tampered("UPDATE brant_history SET at = '2001' || substr(at, 5) WHERE seq = 3")

    def test_deleted_row_is_detected(self):
        self.tampered("DELETE FROM brant_history WHERE seq = 2")

    def test_deleted_first_row_is_detected(self):
        self.tampered("DELETE FROM brant_history WHERE seq = 1")

    def test_swapped_rows_are_detected(self):
        self.tampered("UPDATE brant_history SET seq = CASE seq WHEN 2 THEN -3 ELSE -2 END "
                      "WHERE seq IN (2, 3)")

    def test_a_killed_run_leaves_a_chain_that_verifies(self):
        p = four(self)
        for at in (5, 9, 14, 20, 27):
            p.fault(f"kill@{at}", "up")
            p.run("history", "--verify", check=0)
        p.up()
        p.run("history", "--verify", check=0)

    def test_failure_is_recorded(self):
        p = four(self).pairs({"003_c": "INSERT INTO nowhere VALUES (1);"})
        p.run("up", check=1)
        last = p.history()[-1]
        self.assertEqual((last["action"], last["migration"], last["outcome"]),
                         ("up", "003_c", "failed"))
        p.run("history", "--verify", check=0)


class Validate(support.Case):
    def test_clean_is_zero(self):
        p = four(self)
        p.run("validate", check=0)
        p.up()
        p.run("validate", check=0)

    def test_edited_deleted_and_renamed_are_all_named_at_once(self):
        p = four(self)
        p.up()
        p.pairs({"001_a": AUDIT + audit("1") + "-- more\n"})
        p.remove("migrations/002_b.up.sql", "migrations/002_b.down.sql")
        os.rename(p.at("migrations/003_c.up.sql"), p.at("migrations/003_cc.up.sql"))
        os.rename(p.at("migrations/003_c.down.sql"), p.at("migrations/003_cc.down.sql"))
        result = p.run("validate", check=9)
        self.assertSays(result, "001_a", "002_b", "003_c", "003_cc")
        found = p.run("validate", "--json", check=9).json()
        self.assertFalse(found["valid"])
        self.assertGreaterEqual(len(found["findings"]), 3)

    def test_validate_changes_nothing(self):
        p = four(self)
        p.up()
        p.pairs({"002_b": audit("edited")})
        before = p.dump(), p.ledger(), p.history()
        p.run("validate", check=9)
        self.assertEqual((p.dump(), p.ledger(), p.history()), before)

    def test_edited_file_can_be_accepted(self):
        p = four(self)
        p.up()
        p.pairs({"002_b": audit("2") + "-- better comment\n"})
        p.run("repair", "--accept-files", "--yes", check=0)
        p.run("validate", check=0)
        p.up()
        self.assertEqual(p.tokens(), ["1", "2", "3", "4"])


class WithoutItsFile(support.Case):
    """A migration that failed, and whose file was taken away."""

    def test_a_half_done_one_is_not_called_fine(self):
        p = four(self)
        p.pairs({"005_e": OFF + audit("5.1") + "INSERT INTO nowhere VALUES (1);\n"})
        p.run("up", check=1)
        p.remove("migrations/005_e.up.sql")
        self.assertEqual(p.status()["state"], "failed")
        self.assertSays(p.run("validate", check=9), "005_e")
        self.assertRefused(p.run("up"), "005_e")
        p.run("mark", "005_e", "--as", "pending", check=0)
        p.up()
        p.run("validate", check=0)

    def test_one_that_was_rolled_back_is_as_if_it_had_never_been(self):
        p = four(self)
        p.pairs({"005_e": "INSERT INTO nowhere VALUES (1);\n"})
        p.run("up", check=1)
        p.remove("migrations/005_e.up.sql")
        p.pairs({"006_f": audit("6")})
        p.up()
        self.assertEqual(p.tokens()[-1], "6")


class State(support.Case):
    def test_S_E7_pending_for_each_environment(self):
        p = four(self)
        p.up("-d", "sqlite:production.db", "2")
        p.up("-d", "sqlite:staging.db", "3")
        for name, pending in (("production", ["003_c", "004_d"]), ("staging", ["004_d"])):
            found = p.run("status", "--json", "-d", f"sqlite:{name}.db", check=0).json()
            self.assertEqual(found["databases"][0]["pending"], pending)
            self.assertSays(p.run("status", "-d", f"sqlite:{name}.db", check=0), "004_d")

    def test_last_run_and_version_in_text(self):
        p = four(self)
        p.up("2")
        self.assertSays(p.run("status", check=0), "002", "003_c", "pending", "20[2-9][0-9]-")

    def test_S_A36_killed_run_tells_which_migration_was_in_flight(self):
        p = four(self)
        p.pairs({"003_c": "-- brant: placeholders=on\n" + support.busy("${LIMIT}")})
        running = p.start("up", env={"LIMIT": support.FOREVER})
        support.wait_until(lambda: p.exists("app.db") and "003_c" in [
            row["id"] for row in p.ledger() if row["status"] == "running"],
            what="003_c running", process=running)
        self.assertSays(p.run("version", check=0), r"002", "003")
        running.end()
        found = {m["id"]: m["status"] for m in p.status()["migrations"]}
        self.assertEqual(found, {"001_a": "completed", "002_b": "completed", "003_c": "running",
                                 "004_d": "pending"})
        self.assertSays(p.run("status", check=0), r"003_c")
        p.up(env={"LIMIT": "1"})
        self.assertDone(p, ["001_a", "002_b", "003_c", "004_d"])


if __name__ == "__main__":
    support.main()
