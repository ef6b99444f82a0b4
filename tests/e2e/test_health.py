# SPDX-License-Identifier: Apache-2.0
"""health: may the application work?"""
import support
from support import AUDIT, FOREVER, audit, busy


def simple(case):
    return support.Project(case).pairs({"1_a": AUDIT + audit("a"), "2_b": audit("b")})


class Health(support.Case):
    def test_S_C27_exit_code_and_first_problem(self):
        p = simple(self)
        p.up()
        result = p.run("health", check=0)
        self.assertEqual((result.out, result.err), ("main: healthy\n", ""))
        p.pairs({"3_c": audit("c")})
        self.assertSays(p.run("health", check=9), "main", "1 migration is pending", "health.pending")
        p.pairs({"1_a": AUDIT + audit("edited")})
        self.assertSays(p.run("health", check=9), "1_a", "edited", "ledger.checksum_mismatch")

    def test_json(self):
        p = simple(self)
        p.up()
        self.assertEqual(p.run("health", "--json", check=0).json(), {
            "schema": 1, "ok": True, "reason": None,
            "databases": [{"name": "main", "ok": True, "id": None, "reason": None}]})
        p.pairs({"3_c": audit("c")})
        answer = p.run("health", "--json", check=9).json()
        self.assertEqual((answer["ok"], answer["reason"]), (False, "1 migration is pending"))
        self.assertEqual(answer["databases"][0]["id"], "health.pending")

    def test_S_A30_a_missing_database_is_named_and_nothing_is_made(self):
        p = simple(self)
        before = p.listing()
        self.assertSays(p.run("health", check=9), "does not exist", "connect.no_database")
        self.assertEqual(p.listing(), before)

    def test_one_that_cannot_be_reached_is_unhealthy_and_no_error(self):
        p = simple(self).write({"app.db": "this is not a database, but a text\n" * 40})
        result = p.run("health", "--json", check=9)
        self.assertEqual(result.err, "")
        self.assertIn("not a SQLite database", result.json()["reason"])

    def test_several_databases(self):
        p = support.Project(self, url=None).pairs({"1_a": AUDIT})
        p.write({"brant.yaml": "databases:\n  one: { url: \"sqlite:one.db\" }\n"
                               "  two: { url: \"sqlite:two.db\" }\n"})
        p.up("-d", "two")
        self.assertRegex(p.run("health", check=9).out, "^one: not healthy.*\ntwo: healthy\n$")
        self.assertTrue(p.run("health", "--json", check=9).json()["reason"].startswith("one: "))
        p.run("-d", "two", "health", check=0)

    def test_S_C58_callable_while_a_run_is_at_work(self):
        p = simple(self)
        p.up()
        p.pairs({"3_c": "-- brant: required=true\n" + busy(FOREVER)})
        running = p.start("up")
        self.addCleanup(running.end)
        support.wait_until(lambda: p.run("lock", "--json").json()["locks"][0]["held"],
                           what="the lock", process=running)
        self.assertSays(p.run("health", check=9), "a run is at work", "1 required migration",
                        "health.running")

    def test_a_killed_run_is_told(self):
        p = simple(self)
        p.up()
        p.pairs({"3_c": busy(FOREVER)})
        running = p.start("up")
        self.addCleanup(running.end)
        support.wait_until(lambda: "3_c" in str(p.run("status", "--json").json()["databases"][0]["open"]),
                           what="the row", process=running)
        p.run("health", check=0)
        running.end()
        self.assertSays(p.run("health", check=9), "3_c", "no run is at work", "health.interrupted")


if __name__ == "__main__":
    support.main()
