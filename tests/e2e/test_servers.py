# SPDX-License-Identifier: Apache-2.0
"""The servers that tests start: they are what they promise, and leave nothing."""
import glob
import os
import signal
import subprocess
import sys
import unittest

import support

try:
    import libpq
    import servers
    servers.postgres_bin()
    libpq.answers("host=/nowhere")
    ABSENT = ""
except (OSError, servers.Missing) as error:
    ABSENT = str(error)

HELD = """
import sys, servers
own = servers.Postgres()
print(own.process.pid, own.folder, flush=True)
sys.stdin.read()
"""


@unittest.skipIf(ABSENT, ABSENT)
class Servers(support.Case):
    def test_data_outlives_a_kill_and_a_restart(self):
        own = servers.postgres(self)
        db = servers.database(self, own)
        db.query("CREATE TABLE t (a int); INSERT INTO t VALUES (1)")
        port = own.port
        own.kill()
        with self.assertRaises(libpq.Error):
            db.connect()
        own.start()
        self.assertEqual(db.query("SELECT a FROM t"), [(1,)])
        own.restart()
        self.assertEqual(db.query("SELECT count(*) FROM t"), [(1,)])
        self.assertEqual(own.port, port)
        self.assertTrue(port < 32768)

    def test_roles_need_their_passwords(self):
        own = servers.postgres(self)
        with self.assertRaises(libpq.Error) as caught:
            own.connect(user="brant", password="duck")
        self.assertIn("password authentication failed", str(caught.exception))
        with own.connect(user="brant", local=True) as conn:
            self.assertEqual(conn.one("SELECT usesuper FROM pg_user WHERE usename = current_user"), "f")
        with own.connect() as conn, self.assertRaises(libpq.Error) as caught:
            conn.query("SELECT 1; SELECT * FROM nosuch")
        self.assertEqual(caught.exception.state, "42P01")

    def test_tls_is_of_its_authority_and_can_be_required(self):
        own = servers.postgres(self, ssl="require")
        mine = {"sslmode": "verify-full", "sslrootcert": own.ca.certificate}
        with own.connect(user="brant", sslcert=own.client[0], sslkey=own.client[1], **mine) as conn:
            self.assertEqual(conn.one("SELECT client_dn FROM pg_stat_ssl WHERE pid = pg_backend_pid()"), "/CN=brant")
        for params in ({"sslmode": "disable"}, {**mine, "sslrootcert": own.wrong_ca.certificate}):
            with self.assertRaises(libpq.Error):
                own.connect(**params)

    def test_a_bouncer_shares_backends_by_its_mode(self):
        own = servers.postgres(self)
        for mode, shared in (("transaction", True), ("session", False)):
            pooled = servers.bouncer(self, own, mode)
            with pooled.connect() as one, pooled.connect() as other:
                backends = {conn.one("SELECT pg_backend_pid()") for conn in (one, other)}
            self.assertEqual(len(backends), 1 if shared else 2, mode)

    def test_a_killed_test_leaves_no_server(self):
        holder = subprocess.Popen([sys.executable, "-c", HELD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                  env={**os.environ, "PYTHONPATH": os.path.dirname(servers.__file__)})
        pid, folder = holder.stdout.readline().split()
        holder.send_signal(signal.SIGKILL)
        holder.communicate()
        support.wait_until(lambda: not servers.born(int(pid)), what="the end of the server")
        servers.sweep()
        self.assertEqual(glob.glob(folder), [])
