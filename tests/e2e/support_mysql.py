# SPDX-License-Identifier: Apache-2.0
"""What the acceptance tests on MySQL and MariaDB share: a project with a database of its own, on the
server that ctest started or on one of the test's own: self.project(server=servers.mariadb(self))."""
import libmariadb
import servers
import support
from support import audit  # noqa: F401: tests take it from here

AUDIT = "CREATE TABLE audit (n bigint AUTO_INCREMENT PRIMARY KEY, token varchar(200) NOT NULL);\n"
OURS = "('brant_migrations', 'brant_history', 'brant_lock', 'brant_lease')"


class Project(support.Project):
    """Its functions that look into the database mean that of MySQL; `db` is not for them."""

    def __init__(self, case, server=None, memory: bool = False, **params):
        """params: of the URL."""
        self.server = server or servers.shared_mysql(case)
        self.database = servers.database(case, self.server)
        super().__init__(case, self.database.url(**params), memory)

    def connect(self, **more) -> libmariadb.Connection:
        return self.server.connect(self.database.name, **more)

    def sql(self, text: str, *values, db: str = "") -> list:
        with self.connect() as connection:
            return connection.query(text, *values)

    def script(self, text: str, db: str = "") -> None:
        self.sql(text)

    def tables(self, db: str = "") -> list:
        return [name for name, in self.sql(
            "SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() "
            f"AND TABLE_NAME NOT IN {OURS} ORDER BY 1")]

    def _rows(self, table: str, order: str) -> list:
        with self.connect() as connection:
            try:
                return connection.dicts(f"SELECT * FROM {table} ORDER BY {order}")
            except libmariadb.Error as error:
                if error.number == 1146:  # there is no such table
                    return []
                raise

    def ledger(self, db: str = "") -> list:
        return self._rows("brant_migrations", "seq, id")

    def history(self, db: str = "") -> list:
        return self._rows("brant_history", "seq")

    def dump(self, db: str = "") -> dict:
        """Definition and rows of everything that is not brant's own."""
        found = {}
        with self.connect() as connection:
            for name in self.tables():
                text = connection.query(f"SHOW CREATE TABLE `{name}`")[0][1]
                found[name] = [text, connection.query(f"SELECT * FROM `{name}` ORDER BY 1")]
            for kind in ("TRIGGERS", "ROUTINES"):
                column = kind[:-1]
                found[kind] = connection.query(f"SELECT {column}_NAME FROM information_schema.{kind} "
                                               f"WHERE {column}_SCHEMA = DATABASE() ORDER BY 1")
        return found

    def sessions(self) -> list:
        """Of the role brant in this database."""
        with self.server.connect() as admin:
            return admin.dicts("SELECT ID AS id, COMMAND AS command, INFO AS info, STATE AS state "
                               "FROM information_schema.PROCESSLIST WHERE DB = %s AND USER = 'brant'",
                               self.database.name)

    def empty(self) -> None:
        """The database as it was in the beginning."""
        self.server.address.drop(self.database.name)
        self.server.address.create(self.database.name)


class Case(support.Case):
    def project(self, *args, **more) -> Project:
        return Project(self, *args, **more)
