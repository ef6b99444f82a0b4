# SPDX-License-Identifier: Apache-2.0
"""Tables of other tools on PostgreSQL: GoFr's beside the ledger, and those that were there before it."""
import mirror_cases
import support_postgres
from support_postgres import AUDIT, audit


class Gofr(mirror_cases.Gofr, support_postgres.Case):
    one_transaction = True
    sleep = "SELECT pg_sleep(1.2);\n"

    def test_it_does_not_follow_a_search_path(self):
        p = self.start()
        p.script("CREATE SCHEMA other")
        p.pairs({"20240302000000_away": ("SET search_path = other;\nCREATE TABLE away (x int);\n", None)})
        p.up()
        self.assertEqual(p.sql("SELECT count(*) FROM public.gofr_migrations")[0][0], 4)


class Foreign(support_postgres.Case):
    """What another tool has applied is not run again."""

    def test_its_table_stops_a_first_run(self):
        p = self.project().pairs({"001_a": AUDIT, "002_b": audit("2")})
        p.script(AUDIT + "CREATE TABLE goose_db_version (version_id int);")
        for command in ("up", "plan"):
            self.assertSays(p.run(command, check=1), '"goose_db_version" of goose', "brant force VERSION")
        self.assertEqual(p.tables(), ["audit", "goose_db_version"])
        p.run("force", "001", check=0)
        p.up()
        self.assertEqual(p.tokens(), ["2"])

    def test_one_out_of_the_way_is_nobodys_business(self):
        p = self.project().pairs({"001_a": AUDIT})
        p.script("CREATE SCHEMA other; CREATE TABLE other.goose_db_version (version_id int);")
        p.up()
