# SPDX-License-Identifier: Apache-2.0
"""TLS to a PostgreSQL server: what libpq's users expect of sslmode and certificates."""
import os
import pathlib
import shutil
import subprocess

import servers
import support
import support_postgres
from support_postgres import AUDIT, audit


class Tls(support_postgres.Case):
    @classmethod
    def setUpClass(cls):
        cls.own = servers.Postgres(ssl="require")

    @classmethod
    def tearDownClass(cls):
        cls.own.stop()

    def setUp(self):
        self.p = self.project(server=self.own).pairs({"001_a": AUDIT + audit("1")})

    def url(self, host: str = "127.0.0.1", **params) -> str:
        return self.p.database.url(**params).replace("127.0.0.1", host)

    def used(self) -> str:
        """The version of TLS that the run had, as the server saw it."""
        return self.p.sql("SELECT token FROM audit WHERE token LIKE 'TLS%'")[0][0]

    def test_S_C84_good_authority_is_verified(self):
        for host in ("127.0.0.1", "localhost"):
            url = self.url(host, sslmode="verify-full", sslrootcert=self.own.ca.certificate)
            self.p.run("up", "-d", url, check=0)
        self.assertEqual(self.p.tokens(), ["1"])

    def test_S_C84_wrong_authority_is_refused(self):
        for mode in ("verify-ca", "verify-full"):
            for command in ("up", "ping", "status", "setup"):
                url = self.url(sslmode=mode, sslrootcert=self.own.wrong_ca.certificate)
                result = self.p.run(command, "-d", url, check=10)
                self.assertSays(result, "certificate", "sslrootcert")
                self.assertNotIn("attempt", result.err)
                if command != "ping":
                    self.assertIn("connect.tls", result.err)
        self.assertEqual(self.p.tables(), [])

    def test_S_C84_another_name_is_refused(self):
        # 127.0.0.2 is the same machine, and not in the certificate.
        own = servers.postgres(self, ssl=True, settings={"listen_addresses": "127.0.0.1,127.0.0.2"},
                               hba=["local all all scram-sha-256", "host all all 127.0.0.0/8 scram-sha-256"])
        db = servers.database(self, own)
        url = db.url(sslmode="verify-full", sslrootcert=own.ca.certificate).replace("127.0.0.1", "127.0.0.2")
        result = self.p.run("up", "-d", url, check=10)
        self.assertSays(result, "127.0.0.2", "certificate|host", r"connect\.tls")
        self.p.run("up", "-d", url.replace("verify-full", "verify-ca"), check=0)

    def test_S_C84_missing_file_of_the_authority_is_refused(self):
        result = self.p.run("up", "-d", self.url(sslmode="verify-full", sslrootcert="/nowhere/ca.pem"), check=10)
        self.assertSays(result, "/nowhere/ca.pem", r"connect\.tls")

    def test_require_encrypts_without_a_word_in_the_url_too(self):
        self.p.pairs({"001_a": AUDIT + "INSERT INTO audit (token) SELECT version FROM pg_stat_ssl"
                                       " WHERE pid = pg_backend_pid() AND ssl;\n"})
        self.p.run("up", "-d", self.url(sslmode="require"), check=0)
        self.assertRegex(self.used(), r"^TLSv1\.[23]$")
        self.p.run("status", "-d", self.url(), check=0)

    def test_server_that_wants_tls_refuses_plain_text_and_the_hint_says_what_is_missing(self):
        result = self.p.run("up", "-d", self.url(sslmode="disable"), check=10)
        self.assertSays(result, "pg_hba", "sslmode=require", r"connect\.refused", where="err")

    def test_require_is_refused_where_there_is_no_tls(self):
        plain = servers.database(self, servers.postgres(self))
        result = self.p.run("up", "-d", plain.url(sslmode="require"), check=10)
        self.assertSays(result, "SSL|TLS", r"connect\.tls", where="err")

    def test_login_with_a_certificate(self):
        own = servers.postgres(self, ssl=True, hba=["local all all scram-sha-256",
                                                    "hostssl all brant 127.0.0.1/32 cert",
                                                    "hostssl all all 127.0.0.1/32 scram-sha-256"])
        db = servers.database(self, own)
        mine = {"sslmode": "verify-full", "sslrootcert": own.ca.certificate}
        result = self.p.run("up", "-d", db.url(password="", **mine), check=10)
        self.assertSays(result, "certificate")
        certificate, key = own.client
        self.p.run("up", "-d", db.url(password="", sslcert=certificate, sslkey=key, **mine), check=0)
        self.p.run("ping", "-d", db.url(password="", sslcert=certificate, sslkey=key, **mine), check=0)


class Plain(support_postgres.Case):
    def setUp(self):
        if os.geteuid() != 0 or shutil.which("unshare") is None or shutil.which("ip") is None:
            self.skipTest("an address that is not the loopback's needs root, unshare and ip")
        if subprocess.run(["unshare", "-n", "true"], capture_output=True, timeout=10, check=False).returncode != 0:
            self.skipTest("no network namespaces here")

    def test_remote_server_without_tls_is_a_warning(self):
        """In a network of its own, where the test gives itself an address."""
        address = "10.71.12.1"
        script = pathlib.Path(__file__).resolve()
        env = {**os.environ, "PYTHONPATH": os.pathsep.join([os.path.dirname(servers.__file__), str(script.parent)]),
               "BRANT_TEST_ADDRESS": address}
        done = subprocess.run(
            ["unshare", "-n", "sh", "-c", f"ip link set lo up && ip addr add {address}/32 dev lo &&"
             f" exec python3 -c 'import test_postgres_tls; test_postgres_tls.remote()'"],
            env=env, capture_output=True, text=True, timeout=60 * support.PATIENCE, check=False)
        self.assertEqual(done.returncode, 0, done.stdout[-3000:] + done.stderr[-3000:])


def remote() -> None:
    """What runs in that network."""
    address = os.environ["BRANT_TEST_ADDRESS"]
    case = support_postgres.Case()
    try:
        hba = ["local all all scram-sha-256", "host all all all scram-sha-256"]
        own = servers.postgres(case, ssl=True, settings={"listen_addresses": f"127.0.0.1,{address}"}, hba=hba)
        p = support_postgres.Project(case, own).pairs({"001_a": AUDIT})
        near = p.database.url(sslmode="disable")
        far = near.replace("127.0.0.1", address)
        for command in ("up", "status", "ping"):
            result = p.run(command, "-d", far, check=0)
            case.assertSays(result, "not encrypted", address, "sslmode", where="err")
        case.assertNotIn("encrypted", p.run("status", "-d", near, check=0).err)
        case.assertNotIn("encrypted", p.run("status", "-d", far.replace("disable", "require"), check=0).err)
        case.assertNotIn("encrypted", p.run("status", "-d", p.database.url(local=True), check=0).err)
    finally:
        case.doCleanups()


if __name__ == "__main__":
    support.main()
