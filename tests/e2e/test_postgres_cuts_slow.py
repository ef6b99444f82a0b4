# SPDX-License-Identifier: Apache-2.0
"""The long form of the class Cuts of test_postgres_crash.py."""
import support
import test_postgres_crash as quick
from fault_table import Table
from workloads_postgres import many

TABLE = Table("postgres_cuts_slow")


def tearDownModule():
    TABLE.write()


class Cuts(quick.Cuts):
    table, TRIPS, BYTES = TABLE, 20, 40

    def test_windows_down(self):
        self.assertGreater(self.every(many(60), "postgres, 60 migrations", "down"), 0)

    def test_windows_whose_server_ends_what_it_has_got(self):
        self.assertGreater(self.every(many(60, 2), "postgres, 60 slow migrations", linger_ms=300), 0)


if __name__ == "__main__":
    support.main()
