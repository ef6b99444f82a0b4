# SPDX-License-Identifier: Apache-2.0
"""COMMIT that takes its time, and servers that are not to be written to."""
import servers
import support
import support_postgres
from support_postgres import AUDIT, audit


class ReadOnly(support_postgres.Case):
    """The server says only that it cannot."""

    def test_database_that_is_read_only_is_told_with_a_hint(self):
        p = self.project().pairs({"001_a": AUDIT})
        p.sql(f'ALTER DATABASE "{p.database.name}" SET default_transaction_read_only = on')
        self.assertRefused(p.run("up", check=1), "read-only", "standby", "primary", "default_transaction_read_only")

    def test_no_server_of_the_kind_that_the_url_wants(self):
        p = self.project(target_session_attrs="standby").pairs({"001_a": AUDIT})
        result = p.run("up", env={"BRANT_RETRY_WAIT": "10ms"}, check=10)
        self.assertRefused(result, r"connect\.unreachable", "target_session_attrs", codes=(10,))
        self.assertNotIn("Is the server running", result.text)


class Slow(support_postgres.Case):
    def test_a_commit_that_checks_for_long_is_waited_for(self):
        p = self.project().pairs({
            "001_a": AUDIT,
            "002_b": "CREATE TABLE t (a int);\n"
                     "CREATE FUNCTION check_it() RETURNS trigger LANGUAGE plpgsql AS"
                     " $$ BEGIN PERFORM pg_sleep(11); RETURN NULL; END $$;\n"
                     "CREATE CONSTRAINT TRIGGER checks AFTER INSERT ON t DEFERRABLE INITIALLY DEFERRED"
                     " FOR EACH ROW EXECUTE FUNCTION check_it();\n"
                     "COPY t FROM STDIN;\n1\n\\.\n",
            "003_c": audit("3")})
        result = p.up()
        self.assertNotIn("lost", result.text)
        self.assertDone(p, ["001_a", "002_b", "003_c"])
        self.assertEqual(p.tokens(), ["3"])


class Standby(support_postgres.Case):
    def setUp(self):
        self.server = servers.postgres(self)
        self.alter("ALTER ROLE postgres SET synchronous_commit = local")

    def alter(self, sql: str) -> None:
        with self.server.connect() as admin:
            admin.query(sql)
            admin.query("SELECT pg_reload_conf()")

    def test_the_wait_for_one_that_is_gone_is_told_and_can_be_ended(self):
        p = self.project(server=self.server).pairs({"001_a": AUDIT})
        p.up()
        p.pairs({"002_b": audit("2"), "003_c": audit("3"), "004_d": audit("4")})
        self.alter("ALTER SYSTEM SET synchronous_standby_names = 'nobody'")
        support.wait_until(lambda: p.sql("SHOW synchronous_standby_names") == [("nobody",)], what="the setting")
        result = p.run("up", "--migration-timeout", "3s", check=0)
        self.alter("ALTER SYSTEM RESET synchronous_standby_names")
        self.assertSays(result, "waits for a synchronous standby", "canceling wait for synchronous replication")
        self.assertNotIn("lost", result.text)
        self.assertEqual(p.tokens(), ["2", "3", "4"])
        self.assertDone(p, ["001_a", "002_b", "003_c", "004_d"])
        self.assertEqual(p.backends(), [])


if __name__ == "__main__":
    support.main()
