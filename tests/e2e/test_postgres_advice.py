# SPDX-License-Identifier: Apache-2.0
"""What a plan says before anybody has to wait."""
import support_postgres

TABLE = "CREATE TABLE users (name text);\n"
INDEX = "CREATE INDEX users_name ON users (name);\n"


class Blocking(support_postgres.Case):
    def findings(self, p):
        found = p.run("plan", "--json", check=0).json()["findings"]
        return [(f["id"], f["migration"]) for f in found if f["id"] == "plan.blocks"]

    def test_an_index_on_a_table_in_use_is_warned_of(self):
        p = self.project().pairs({"1_users": TABLE})
        p.up()
        p.pairs({"2_index": "-- why\n" + INDEX})
        self.assertEqual(self.findings(p), [("plan.blocks", "2_index")])
        self.assertSays(p.run("plan", check=0), 'line 2: create index on "users" keeps whoever writes', "CONCURRENTLY")
        p.up()

    def test_none_on_one_that_the_plan_makes(self):
        p = self.project().pairs({"1_users": TABLE + INDEX, "2_index": "CREATE INDEX ON Users (lower(name));\n"})
        self.assertEqual(self.findings(p), [])

    def test_none_when_it_is_built_concurrently(self):
        p = self.project().pairs({"1_users": TABLE})
        p.up()
        p.pairs({"2_index": INDEX.replace("INDEX", "INDEX CONCURRENTLY", 1)})
        self.assertEqual(self.findings(p), [])
        p.up()


class RoundTrip(support_postgres.Case):
    def test_says_how_to_try_the_down_scripts_here(self):
        p = self.project().pairs({"1_users": TABLE})
        self.assertRefused(p.run("validate", "--round-trip"), "scratch", "down --all")
