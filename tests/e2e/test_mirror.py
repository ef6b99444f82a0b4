# SPDX-License-Identifier: Apache-2.0
"""GoFr's table beside the ledger, on SQLite."""
import mirror_cases
import support


class Gofr(mirror_cases.Gofr, support.Case):
    one_transaction = True

    def project(self):
        return support.Project(self)
