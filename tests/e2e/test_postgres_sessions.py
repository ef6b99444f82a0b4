# SPDX-License-Identifier: Apache-2.0
"""Sessions of a PostgreSQL server that are in a migration's way: brant lock shows them."""
import time

import servers
import support
import support_postgres
from support_postgres import ALTER, READS, WRITES


class Sessions(support_postgres.Busy):
    def test_S_D67_sessions_that_keep_others_waiting_are_listed(self):
        p = self.users()
        p.up()
        p.pairs({"002_b": ALTER})
        with self.application(p, READS) as app:
            up = p.start("up", "--ddl-lock-timeout", "30s")
            self.blocked(p, up)
            found = p.run("lock", "--json", check=0).json()
            first = found["sessions"][0]
            lock = found["locks"][0]
            self.assertEqual((first["pid"], first["application"], first["state"], first["blocks"]),
                             (app.pid, "the shop", "idle in transaction", [lock["pid"]]))
            self.assertEqual(first["query"], READS)
            self.assertEqual(first["who"], "brant@127.0.0.1")
            second, = [row for row in found["sessions"] if row["pid"] == lock["pid"]]
            self.assertEqual(second["blocked_by"], [app.pid])
            self.assertIn("ALTER TABLE users", second["query"])
            self.assertSays(p.run("lock", check=0), str(app.pid), "the shop", "idle in transaction since",
                            f"keeps waiting: {lock['pid']}", f"waits for: {app.pid}", READS.replace("(*)", r"\(\*\)"))
            app.query("COMMIT")
            self.assertEqual(up.finish(20).code, 0)
        self.assertEqual(p.run("lock", "--json", check=0).json()["sessions"], [])

    def test_what_they_run_is_shown_as_it_is_where_strings_have_escapes(self):
        p = self.users()
        p.up()
        p.sql(f'ALTER DATABASE "{p.database.name}" SET standard_conforming_strings = off')
        p.pairs({"002_b": ALTER})
        with self.application(p, READS):
            up = p.start("up", "--ddl-lock-timeout", "5s")
            self.blocked(p, up)
            result = p.run("lock", "--json", check=0)
            self.assertEqual(result.json()["sessions"][0]["query"], READS)
            self.assertEqual(result.err, "")
            support.wait_until(lambda: READS in up.err(), what="who blocks", process=up)
        self.assertEqual(up.finish(20).code, 0)

    def test_S_D67_long_transaction_is_listed_before_it_is_in_the_way(self):
        p = self.users()
        p.up()
        with self.application(p, READS) as app:
            self.assertEqual(p.run("lock", "--json", check=0).json()["sessions"], [])
            time.sleep(10.2)
            row, = p.run("lock", "--json", check=0).json()["sessions"]
            self.assertEqual((row["pid"], row["blocks"], row["blocked_by"]), (app.pid, [], []))

    def test_prepared_transaction_too(self):
        p = self.users(server=servers.postgres(self, settings={"max_prepared_transactions": 5}))
        p.up()
        p.pairs({"002_b": ALTER})
        with self.application(p, WRITES) as app:
            app.query("PREPARE TRANSACTION 'forgotten'")
        up = p.start("up", "--progress=json", "--ddl-lock-timeout", "30s")
        self.blocked(p, up)
        row = p.run("lock", "--json", check=0).json()["sessions"][0]
        self.assertEqual((row["pid"], row["application"], row["state"]), (None, "forgotten", "prepared transaction"))
        self.assertSays(p.run("lock", check=0), "forgotten", "a prepared transaction|prepared")
        support.wait_until(lambda: "a prepared transaction" in up.err(), what="its name", process=up)
        p.sql("ROLLBACK PREPARED 'forgotten'")
        self.assertEqual(up.finish(20).code, 0)

    def test_user_without_rights_sees_who_blocks(self):
        # Of its own: other tests give that user rights.
        p = self.users(server=servers.postgres(self))
        p.up()
        p.pairs({"002_b": ALTER})
        with p.connect(user="postgres") as app:
            app.query("BEGIN")
            app.query(READS)
            up = p.start("up", "--ddl-lock-timeout", "30s")
            self.blocked(p, up)
            row = p.run("lock", "--json", check=0).json()["sessions"][0]
            self.assertEqual((row["pid"], row["who"], row["state"], row["query"]), (app.pid, "postgres@?", None, None))
            self.assertEqual(len(row["blocks"]), 1)
            app.query("COMMIT")
            self.assertEqual(up.finish(20).code, 0)


if __name__ == "__main__":
    support.main()
