# SPDX-License-Identifier: Apache-2.0
"""What the acceptance tests on PostgreSQL share: a project with a database of its own.

    class Up(support_postgres.Case):
        def test_it_runs(self):
            p = self.project().pairs({"1_a": AUDIT + audit("a")})
            p.up()
            self.assertDone(p, ["1_a"])

The database is on the server that ctest started, or on one of the test's own:
self.project(server=servers.postgres(self)). Before it may be the proxy or PgBouncer:
p.env["DATABASE_URL"] = servers.proxy(self, p.server, delay_us=1000).url(p.database.name).
"""
import contextlib
import subprocess

import libpq
import servers
import support
from support import audit  # noqa: F401: tests take it from here

READS, WRITES = "SELECT count(*) FROM users", "INSERT INTO users (name) VALUES ('app')"
ALTER = "ALTER TABLE users ADD COLUMN email text;\n"
AUDIT = "CREATE TABLE audit (n bigserial PRIMARY KEY, token text NOT NULL);\n"


class Project(support.Project):
    """Its functions that look into the database mean that of PostgreSQL; `db` is not for them."""

    def __init__(self, case, server=None, memory: bool = False, **params):
        """params: of the URL."""
        self.server = server or servers.shared_postgres(case)
        self.database = servers.database(case, self.server)
        super().__init__(case, self.database.url(**params), memory)

    def connect(self, **more) -> libpq.Connection:
        return self.database.connect(**more)

    def sql(self, text: str, *values, db: str = "") -> list:
        """Numbers are numbers, all else is text."""
        with self.connect() as connection:
            return connection.query(text, *values)

    def script(self, text: str, db: str = "") -> None:
        self.sql(text)

    def tables(self, db: str = "") -> list:
        return [name for name, in self.sql(
            "SELECT tablename FROM pg_tables WHERE schemaname = current_schema() "
            "AND tablename NOT LIKE 'brant\\_%' ORDER BY 1")]

    def _rows(self, table: str, order: str) -> list:
        with self.connect() as connection:
            try:
                return connection.dicts(f"SELECT * FROM {table} ORDER BY {order}")
            except libpq.Error as error:
                if error.state == "42P01":  # there is no such table
                    return []
                raise

    def ledger(self, db: str = "") -> list:
        return self._rows("brant_migrations", "seq, id")

    def history(self, db: str = "") -> list:
        return self._rows("brant_history", "seq")

    def dump(self, db: str = "") -> str:
        """Schema and rows of everything that is not brant's own, as SQL."""
        done = subprocess.run(
            [f"{servers.postgres_bin()}/pg_dump", "--no-owner", "--inserts", "-T", "brant_*",
             self.database.url(servers.SUPERUSER)],
            capture_output=True, text=True, timeout=60 * support.PATIENCE, check=False)
        if done.returncode != 0:
            raise AssertionError(f"pg_dump: {done.stderr}")
        # Comments have versions, and \\restrict a number that is new each time.
        return "\n".join(line for line in done.stdout.split("\n")
                         if line and not line.startswith(("--", "\\restrict", "\\unrestrict")))

    def backends(self) -> list:
        """Other sessions in this database: to see that a run left none, or to find its own."""
        with self.connect() as connection:
            return connection.dicts("SELECT pid, application_name, state, query FROM pg_stat_activity "
                                    "WHERE datname = current_database() AND pid <> pg_backend_pid()")


class Case(support.Case):
    def project(self, *args, **more) -> Project:
        return Project(self, *args, **more)


class Busy(Case):
    """Migrations of a table that an application uses."""

    def users(self, **more):
        return self.project(**more).pairs({
            "001_a": (AUDIT + "CREATE TABLE users (id bigserial PRIMARY KEY, name text);\n"
                      "INSERT INTO users (name) VALUES ('ann');\n", "DROP TABLE users; DROP TABLE audit;")})

    @contextlib.contextmanager
    def application(self, p, sql: str):
        """In the middle of a transaction that has run sql."""
        with p.connect() as app:
            app.query("SET application_name = 'the shop'")
            app.query("BEGIN")
            app.query(sql)
            yield app

    def blocked(self, p, running) -> None:
        support.wait_until(lambda: self.waiting(p), what="a wait for the table", process=running)

    def waiting(self, p) -> list:
        return p.sql("SELECT a.pid FROM pg_stat_activity a WHERE a.datname = current_database()"
                     " AND a.wait_event_type = 'Lock' AND a.application_name LIKE '%brant%'")

    def retries(self, running) -> int:
        return running.err().count('"statement.retry"')

    def assertNothingRuns(self, p, word: str) -> None:
        """No statement of ours is left working on the server."""
        self.assertEqual([row for row in p.backends() if word in row["query"] and row["state"] == "active"], [])
