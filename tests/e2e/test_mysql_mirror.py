# SPDX-License-Identifier: Apache-2.0
"""GoFr's table beside the ledger, on MariaDB."""
import mirror_cases
import support_mysql


class Gofr(mirror_cases.Gofr, support_mysql.Case):
    one_transaction = False
    sleep = "DO SLEEP(1.2);\n"
