# SPDX-License-Identifier: Apache-2.0
"""GoFr's table beside the ledger, on PostgreSQL."""
import mirror_cases
import support_postgres


class Gofr(mirror_cases.Gofr, support_postgres.Case):
    one_transaction = True
    sleep = "SELECT pg_sleep(1.2);\n"

    def test_it_does_not_follow_a_search_path(self):
        p = self.start()
        p.script("CREATE SCHEMA other")
        p.pairs({"20240302000000_away": ("SET search_path = other;\nCREATE TABLE away (x int);\n", None)})
        p.up()
        self.assertEqual(p.sql("SELECT count(*) FROM public.gofr_migrations")[0][0], 4)
