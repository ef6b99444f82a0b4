# SPDX-License-Identifier: Apache-2.0
"""A PostgreSQL server that cannot be reached: what is tried again, how often, and with which pauses."""
import signal
import socket
import threading

import servers
import support
import support_postgres
from support_postgres import AUDIT, audit


class Retries(support_postgres.Case):
    def refused(self):
        """A port where nobody listens."""
        probe = servers.bound_socket()
        self.addCleanup(probe.close)
        return f"postgres://brant:goose@127.0.0.1:{probe.getsockname()[1]}/app"

    def test_S_D48_refused_port_is_tried_three_times_then_ten(self):
        p = support.Project(self, self.refused())
        p.pairs({"001_a": AUDIT})
        for command in ("up", "status", "version"):
            result = p.run(command, "--retry-wait", "100ms")
            self.assertRefused(result, "refused", "attempt 1 of 3", "attempt 2 of 3", codes=(10,))
            self.assertNotIn("attempt 3 of 3", result.err)
            self.assertIn("connect.unreachable", result.text)
            self.assertTrue(0.3 <= result.seconds < 1.5 * support.PATIENCE, result)

    def test_S_D34_waits_grow_by_the_first_one(self):
        p = support.Project(self, self.refused()).pairs({"001_a": AUDIT})
        result = p.run("up", "--retries", "4", "--retry-wait", "300ms", "--progress=json", check=10)
        self.assertTrue(1.8 <= result.seconds < 3.5 * support.PATIENCE, result)
        times = [event["time"] for event in result.events() if event.get("id") == "connect.retry"]
        self.assertEqual(len(times), 3)
        seconds = [float(text[17:23]) for text in times]
        self.assertAlmostEqual((seconds[1] - seconds[0]) % 60, 0.3, delta=0.25 * support.PATIENCE)
        self.assertAlmostEqual((seconds[2] - seconds[1]) % 60, 0.6, delta=0.25 * support.PATIENCE)

    def test_S_D51_name_that_does_not_resolve_is_tried_again(self):
        p = support.Project(self, "postgres://brant:goose@nowhere.invalid:5432/app").pairs({"001_a": AUDIT})
        result = p.run("up", "--retry-wait", "10ms", "--retries", "2")
        self.assertRefused(result, "nowhere.invalid", "attempt 1 of 2", "connect.unreachable", codes=(10,))

    def test_S_D51_server_that_starts_up_is_tried_again(self):
        """A server that says 57P03 to the first two, and is then the real one."""
        db = servers.database(self)
        proxy = _Starting(self, db.server.address.port, 2)
        p = support.Project(self, servers.Address(proxy.port).url(db.name)).pairs({"001_a": AUDIT + audit("1")})
        result = p.up("--retry-wait", "50ms")
        self.assertSays(result, "attempt 1 of 3", "attempt 2 of 3", "starting up", where="err")
        self.assertEqual(db.query("SELECT token FROM audit"), [("1",)])
        proxy.refuse(9)
        result = p.run("status", "--retry-wait", "50ms")
        self.assertRefused(result, "starting up", "connect.unreachable", codes=(10,))

    def test_S_D51_server_comes_up_meanwhile(self):
        own = servers.postgres(self)
        db = servers.database(self, own)
        p = support.Project(self, db.url()).pairs({"001_a": AUDIT})
        own.halt()
        up = p.start("up", "--retries", "20", "--retry-wait", "100ms")
        support.wait_until(lambda: "attempt 2 of 20" in up.err(), what="a second attempt", process=up)
        own.start()
        self.assertEqual(up.finish(30).code, 0, up.err())
        self.assertEqual(db.query("SELECT count(*) FROM audit"), [(0,)])

    def test_S_D45_S_D52_missing_url_is_an_error_at_once(self):
        p = support.Project(self, None).pairs({"001_a": AUDIT})
        result = p.run("up", "--retries", "5", "--retry-wait", "5s")
        self.assertRefused(result, "DATABASE_URL", codes=(2,))
        self.assertLess(result.seconds, 1 * support.PATIENCE)
        self.assertNotIn("attempt", result.err)

    def test_S_D52_what_does_not_pass_is_one_attempt_only(self):
        p = self.project().pairs({"001_a": "CREATE TABLE t t (a int);"})
        for args, codes in ((("up",), (1,)), (("up", "-d", p.database.url(password="wrong")), (10,)),
                            (("up", "-d", p.server.url("nosuch")), (10,)),
                            (("up", "-d", p.database.url(sslmode="perhaps")), (2,))):
            with self.subTest(args=args):
                result = p.run(*args, "--retries", "5", "--retry-wait", "5s")
                self.assertIn(result.code, codes, result)
                self.assertLess(result.seconds, 3 * support.PATIENCE)
                self.assertNotIn("attempt", result.err)

    def test_cancelled_between_attempts(self):
        p = support.Project(self, self.refused()).pairs({"001_a": AUDIT})
        up = p.start("up", "--retry-wait", "30s")
        support.wait_until(lambda: "attempt 1 of 3" in up.err(), what="the pause", process=up)
        up.send(signal.SIGINT)
        self.assertEqual(up.finish(5).code, 130)

    def test_server_that_does_not_answer_ends_with_connect_timeout(self):
        quiet = servers.bound_socket()
        quiet.listen(5)
        self.addCleanup(quiet.close)
        p = support.Project(self, f"postgres://brant:goose@127.0.0.1:{quiet.getsockname()[1]}/app")
        result = p.pairs({"001_a": AUDIT}).run("up", "--connect-timeout", "500ms", "--retry-wait", "10ms")
        self.assertRefused(result, "500 ms", codes=(10,))
        self.assertTrue(1.4 < result.seconds < 5 * support.PATIENCE, result)


class _Starting:
    """Answers the first logins as a server that starts up, and passes on the others."""

    def __init__(self, case, port: int, times: int):
        self.target, self.times = port, times
        self.socket = servers.bound_socket()
        self.socket.listen(20)
        self.port = self.socket.getsockname()[1]
        case.addCleanup(self.socket.close)
        threading.Thread(target=self._accept, daemon=True).start()

    def refuse(self, times: int) -> None:
        self.times = times

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client) -> None:
        with client:
            head = client.recv(8)
            if head[4:] == b"\x04\xd2\x16\x2f":  # asks for TLS
                client.sendall(b"N")
                head = client.recv(8)
            if self.times > 0:
                self.times -= 1
                client.recv(4096)
                fields = b"SFATAL\0VFATAL\0C57P03\0Mthe database system is starting up\0\0"
                client.sendall(b"E" + (len(fields) + 4).to_bytes(4, "big") + fields)
                return
            with socket.create_connection(("127.0.0.1", self.target)) as server:
                server.sendall(head)
                other = threading.Thread(target=self._copy, args=(server, client), daemon=True)
                other.start()
                self._copy(client, server)
                other.join(10)

    @staticmethod
    def _copy(source, target) -> None:
        try:
            while data := source.recv(65536):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            pass


if __name__ == "__main__":
    support.main()
