# SPDX-License-Identifier: Apache-2.0
"""Reaching a PostgreSQL server: what is told apart when it cannot be used, and where passwords come from."""
import os
import pathlib
import signal
import time

import libpq
import servers
import support
import support_postgres
from support_postgres import AUDIT, audit

SECRET = "s3cret-of-the-geese"
COMMANDS = (("ping",), ("up",), ("status",), ("setup",), ("version",), ("down",), ("lock",))


class Case(support_postgres.Case):
    def server(self, **more):
        return servers.postgres(self, **more)


class Apart(Case):
    """S-D71, S-C85, S-C80: unreachable, refused, no such database, no rights."""

    def check(self, p, url, wanted: str, *words, commands=COMMANDS, code=10):
        for command in commands:
            with self.subTest(command=command):
                result = p.run(*command, env={"DATABASE_URL": url})
                self.assertEqual(result.code, code, result)
                self.assertSays(result, *words)
                if command != ("ping",):
                    self.assertIn(wanted, result.text)
                    self.assertHint(result)
                self.assertNotIn(SECRET, result.text)
                found = p.run(*command, "--json", env={"DATABASE_URL": url})
                self.assertIn(wanted, found.text)
                self.assertNotIn(SECRET, found.text)

    def project(self, *args, **more):
        return super().project(*args, **more).pairs({"001_a": (AUDIT + audit("1"), "DROP TABLE audit;")})

    def test_S_C85_wrong_password(self):
        p = self.project()
        self.check(p, p.database.url(password=SECRET), "connect.refused", "password", '"brant"')

    def test_no_such_role(self):
        p = self.project()
        self.check(p, p.server.url(p.database.name, user="nobody_here", password=SECRET), "connect.refused",
                   "nobody_here")

    def test_no_password(self):
        p = self.project()
        self.check(p, p.database.url(password=""), "connect.refused", "password")

    def test_pg_hba_has_no_line(self):
        own = self.server(hba=["local all all trust", "host all brant 127.0.0.1/32 scram-sha-256"])
        p = support.Project(self, None).pairs({"001_a": AUDIT})
        self.check(p, own.url("postgres", user="postgres", password=SECRET), "connect.refused", r"pg_hba\.conf")

    def test_S_D33_no_such_database(self):
        p = self.project()
        name = p.database.name + "_x"
        url = p.server.url(name, password=None)
        for command in ("up", "mark 001_a", "force 1"):
            result = p.run(*command.split(), env={"DATABASE_URL": url}, check=10)
            self.assertSays(result, name, "does not exist", "brant setup", r"connect\.no_database")
        result = p.run("ping", env={"DATABASE_URL": url}, check=10)
        self.assertSays(result, "does not exist", "setup")
        for command in ("status", "plan", "version", "list"):
            p.run(command, env={"DATABASE_URL": url})
        with p.server.connect() as admin:
            self.assertEqual(admin.query("SELECT count(*) FROM pg_database WHERE datname = $1", name), [(0,)],
                             "looking creates nothing, nor does up")
        p.run("setup", env={"DATABASE_URL": url}, check=0)
        self.addCleanup(self.drop, p.server, name)
        p.run("setup", env={"DATABASE_URL": url}, check=0)
        p.run("up", env={"DATABASE_URL": url}, check=0)
        with p.server.connect(name) as conn:
            self.assertEqual(conn.query("SELECT token FROM audit"), [("1",)])
            self.assertEqual(conn.one("SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = "
                                      "current_database()"), "brant")

    def drop(self, server, name):
        with server.connect() as admin:
            admin.query(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def role(self, p, name: str, more: str = "LOGIN") -> str:
        name = f"{name}_{os.getpid()}_{time.monotonic_ns() % 100000}"
        with p.server.connect() as admin:
            admin.query(f"CREATE ROLE {name} {more} PASSWORD '{SECRET}'")
        self.addCleanup(self.drop_role, p, name)
        return name

    def drop_role(self, p, name):
        with p.server.connect(p.database.name) as admin:
            admin.query(f"DROP OWNED BY {name}; DROP ROLE {name}")

    def test_S_D33_setup_without_the_right_to_create_says_so(self):
        p = self.project()
        role = self.role(p, "no_createdb")
        url = p.server.url(p.database.name + "_y", user=role, password=SECRET)
        result = p.run("setup", env={"DATABASE_URL": url})
        self.assertRefused(result, "right to create", role, "CREATEDB", r"connect\.no_rights", codes=(10,))
        self.assertNotIn(SECRET, result.text)

    def test_S_C80_no_right_to_connect(self):
        p = self.project()
        role = self.role(p, "no_connect")
        with p.server.connect() as admin:
            admin.query(f'REVOKE CONNECT ON DATABASE "{p.database.name}" FROM PUBLIC')
        self.check(p, p.server.url(p.database.name, user=role, password=SECRET), "connect.no_rights", "GRANT CONNECT",
                   role)

    def test_database_that_takes_no_connections(self):
        p = self.project()
        with p.server.connect() as admin:
            admin.query(f'ALTER DATABASE "{p.database.name}" ALLOW_CONNECTIONS false')
        result = p.run("ping")
        self.assertSays(result, "not currently accepting connections", "ALLOW_CONNECTIONS", where="out")
        self.assertEqual(result.code, 10, result)

    def test_S_C80_no_right_to_create_in_the_schema(self):
        p = self.project()
        p.sql("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
        role = self.role(p, "no_create")
        url = p.server.url(p.database.name, user=role, password=SECRET)
        result = p.run("up", env={"DATABASE_URL": url})
        self.assertRefused(result, "public", "permission|right", "GRANT|Grant", codes=(1, 10))
        self.assertIn("no_rights", result.text)
        self.assertNotIn(SECRET, result.text)
        self.assertEqual(p.tables(), [])
        result = p.run("ping", env={"DATABASE_URL": url}, check=0)
        self.assertSays(result, "read only", role)
        p.run("status", env={"DATABASE_URL": url}, check=0)
        result = p.run("setup", env={"DATABASE_URL": url})
        self.assertRefused(result, "cannot create tables", role, r"connect\.no_rights", codes=(10,))
        p.sql(f'GRANT CREATE ON SCHEMA public TO "{role}"')
        self.assertSays(p.run("setup", env={"DATABASE_URL": url}, check=0), "ready")

    def test_S_C80_no_right_to_use_the_schema_of_the_ledger(self):
        p = self.project()
        p.sql("CREATE SCHEMA books")
        role = self.role(p, "no_usage")
        url = p.server.url(p.database.name, user=role, password=SECRET)
        for command in ("up", "status"):
            result = p.run(command, "--ledger-schema", "books", env={"DATABASE_URL": url})
            if command == "up":
                self.assertRefused(result, "books", "permission|right", codes=(1, 2, 10))
                self.assertIn("no_rights", result.text)
            self.assertNotIn("does not exist", result.text)
            self.assertNotIn(SECRET, result.text)

    def test_S_C80_no_right_in_a_migration_names_what_is_missing(self):
        p = self.project()
        p.pairs({"002_b": "SELECT 1;\nCREATE ROLE other SUPERUSER;\n"})
        result = p.run("up", check=1)
        self.assertRefused(result, "superuser", r"statement\.no_rights")
        self.assertAt(result, "migrations/002_b.up.sql", 2)

    def test_server_is_full(self):
        own = self.server(settings={"max_connections": 10, "superuser_reserved_connections": 3})
        db = servers.database(self, own)
        p = support.Project(self, db.url()).pairs({"001_a": AUDIT})
        held = []
        try:
            while len(held) < 20:
                held.append(db.connect())
        except libpq.Error:
            pass
        result = p.run("up", "--retry-wait", "10ms")
        self.assertRefused(result, "connections|slots", "attempt 1 of 3", codes=(10,))
        for conn in held:
            conn.close()
        p.up()


class Passwords(Case):
    def test_password_is_nowhere(self):
        p = self.project()
        role = Apart.role(self, p, "quiet")
        with p.connect(user="postgres") as admin:
            admin.query(f"GRANT ALL ON SCHEMA public TO {role}")
        p.env["DATABASE_URL"] = p.server.url(p.database.name, user=role, password=SECRET)
        p.pairs({"001_a": AUDIT + audit("1"), "002_b": "SELECT nosuch;"})
        for args in (("up", "--trace", "-v"), ("up", "--json", "--progress=json", "--trace"), ("status",),
                     ("status", "--json"), ("ping",), ("ping", "--json"), ("config",), ("config", "--json"),
                     ("plan",), ("lock",), ("history", "--json"), ("health",)):
            with self.subTest(args=args):
                result = p.run(*args)
                self.assertNotIn(SECRET, result.text)
        with p.connect(user="postgres") as admin:
            self.assertNotIn(SECRET, str(admin.query("SELECT * FROM brant_history")))
        p.pairs({"002_b": "SELECT pg_sleep(30);"})
        up = p.start("up", "-d", p.env["DATABASE_URL"])
        support.wait_until(lambda: any("brant" in row["application_name"] for row in p.backends()), process=up)
        self.assertNotIn(SECRET, pathlib.Path(f"/proc/{up.pid}/cmdline").read_text("utf-8"))
        with p.connect(user="postgres") as admin:
            self.assertNotIn(SECRET, str(admin.query("SELECT * FROM pg_stat_activity")))
        up.send(signal.SIGTERM)
        self.assertEqual(up.finish(10).code, 130)

    drop_role = Apart.drop_role

    def test_of_PGPASSFILE(self):
        p = self.project().pairs({"001_a": AUDIT})
        port = p.server.address.port
        passfile = p.at("passfile")
        p.write({"passfile": f"127.0.0.1:{port}:*:brant:goose\n"})
        os.chmod(passfile, 0o600)
        url = p.database.url(password="")
        p.run("up", env={"DATABASE_URL": url, "PGPASSFILE": passfile}, check=0)
        p.run("status", env={"DATABASE_URL": url}, check=10)
        home = os.path.join(p.env["HOME"], ".pgpass")
        pathlib.Path(home).write_text(f"127.0.0.1:{port}:*:brant:goose\n", "ascii")
        os.chmod(home, 0o600)
        p.run("status", env={"DATABASE_URL": url}, check=0)

    def test_of_settings(self):
        p = self.project().pairs({"001_a": AUDIT}).write({"secret": "goose\n"})
        url = p.database.url(password="")
        p.run("up", env={"DATABASE_URL": url, "BRANT_PASSWORD": "goose"}, check=0)
        p.run("status", env={"DATABASE_URL": url, "PGPASSWORD": "goose"}, check=0)
        p.run("status", "--password-file", "secret", env={"DATABASE_URL": url}, check=0)
        p.run("status", env={"DATABASE_URL": url, "BRANT_PASSWORD": SECRET}, check=10)
        p.run("status", env={"DATABASE_URL": p.database.url(), "PGPASSWORD": SECRET}, check=0)
        p.write({"brant.yaml": f"databases:\n  main:\n    url: {url}\n    password-file: secret\n"})
        p.run("status", env={"DATABASE_URL": None}, check=0)

    def test_variables_of_libpq_do_not_redirect_what_the_url_names(self):
        p = self.project().pairs({"001_a": AUDIT + audit("1")})
        p.write({"services": "[other]\nhost=nowhere.invalid\nport=1\nuser=nobody\ndbname=postgres\n"})
        p.run("up", env={"PGHOST": "nowhere.invalid", "PGPORT": "1", "PGDATABASE": "postgres", "PGUSER": "nobody",
                         "PGHOSTADDR": "192.0.2.1", "PGSERVICE": "other", "PGSERVICEFILE": p.at("services"),
                         "PGCONNECT_TIMEOUT": "1"}, timeout=20, check=0)
        self.assertEqual(p.tokens(), ["1"])

    def test_unknown_service_is_one_attempt_only(self):
        p = self.project().pairs({"001_a": AUDIT})
        p.write({"bad": "[nosuch]\nnonsense\n"})
        for file, said in ((None, 'service "nosuch" not found'), ("missing", 'service file ".*missing" not found'),
                           ("bad", "syntax error in service file")):
            result = p.run("up", env={"PGSERVICE": "nosuch", "PGSERVICEFILE": file and p.at(file)})
            self.assertRefused(result, said, codes=(2,))
            self.assertNotIn("attempt", result.err)

    def test_unix_socket(self):
        p = self.project().pairs({"001_a": AUDIT + audit("1")})
        p.env["DATABASE_URL"] = p.database.url(local=True)
        p.up()
        self.assertEqual(p.tokens(), ["1"])
        folder, port = p.server.address.folder, p.server.address.port
        quoted = folder.replace("/", "%2F")
        p.run("status", env={"DATABASE_URL": f"postgres://brant:goose@{quoted}:{port}/{p.database.name}"}, check=0)
        self.assertSays(p.run("ping", check=0), "read and write")

    def test_S_D70_ping_says_where_it_is(self):
        p = self.project()
        result = p.run("ping", check=0)
        self.assertSays(result, "127.0.0.1", str(p.server.address.port), "brant", p.database.name, "read and write",
                        r"server +1\d")
        found = p.run("ping", "--json", check=0).json()
        self.assertNotIn("goose", str(found))


if __name__ == "__main__":
    support.main()
