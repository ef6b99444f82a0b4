# SPDX-License-Identifier: Apache-2.0
"""Many runs at once on one PostgreSQL database, beside an application."""
import contextlib
import threading
import time

import libpq
import support
import support_postgres
from support_postgres import AUDIT, audit


class Crowd(support_postgres.Busy):
    def test_S_D18_thirty_at_once_some_building_indexes_concurrently(self):
        p = self.project().pairs({"001_a": AUDIT + audit("1"), **{
            f"{n:03}_m": audit(str(n)) + f"CREATE TABLE t{n} (a int);\n" for n in range(2, 14)}})
        for n in (4, 8, 12):
            p.pairs({f"{n:03}_m": f"CREATE INDEX CONCURRENTLY i{n} ON audit (token, ({n}));\n"})
        stop = threading.Event()

        def load():
            with p.connect() as app:
                while not stop.is_set():
                    # Builds wait for each of these transactions.
                    with contextlib.suppress(libpq.Error):
                        app.query("BEGIN; INSERT INTO audit (token) VALUES ('app')")
                        time.sleep(0.2)
                    app.query("ROLLBACK" if "audit" not in p.tables() else "COMMIT")

        thread = threading.Thread(target=load)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(stop.set)
        running = [p.start("up", "--json", "--progress=none") for _ in range(30)]
        results = [each.finish(100) for each in running]
        stop.set()
        for result in results:
            self.assertEqual(result.code, 0, result)
        applied = sorted(len(result.json()["applied"]) for result in results)
        self.assertEqual(sum(applied), 13)
        self.assertEqual([token for token in p.tokens() if token != "app"],
                         [str(n) for n in range(1, 14) if n not in (4, 8, 12)])
        self.assertDone(p, ["001_a"] + [f"{n:03}_m" for n in range(2, 14)])
        self.assertEqual(p.sql("SELECT count(*) FROM pg_index WHERE NOT indisvalid"), [(0,)])
        p.run("history", "--verify", check=0)


if __name__ == "__main__":
    support.main()
