# SPDX-License-Identifier: Apache-2.0
"""The proxy that other tests trust: it counts, delays and cuts as its head says."""
import contextlib
import os
import socket
import threading
import time
import unittest

import support

try:
    import servers
    ABSENT = ""
except OSError as error:
    ABSENT = str(error)


class Echo:
    """A server that answers each message (up to a newline) with itself, twice; it remembers what it got.
    The message "big\\n" is answered with a million bytes, "later\\n" after a pause."""

    def __init__(self, case, path: str = ""):
        self.got = []
        self.ended = threading.Semaphore(0)
        self.socket = socket.socket(socket.AF_UNIX) if path else servers.bound_socket()
        if path:
            self.socket.bind(path)
        self.socket.listen(50)
        self.target = path or self.socket.getsockname()[1]
        case.addCleanup(self.socket.close)
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=self._serve, args=(self.socket.accept()[0],), daemon=True).start()

    def _serve(self, conn) -> None:
        with conn, contextlib.suppress(OSError), conn.makefile("rb") as lines:
            for line in lines:
                self.got.append(line)
                if line == b"later\n":
                    time.sleep(0.2)
                    self.got.append(b"done\n")
                conn.sendall(b"x" * 1000000 if line == b"big\n" else line * 2)
        self.ended.release()


class Client:
    def __init__(self, case, proxy):
        self.socket = socket.create_connection(("127.0.0.1", proxy.port), 20)
        self.socket.settimeout(20)
        case.addCleanup(self.socket.close)

    def ask(self, text: bytes, size: int = 0) -> bytes:
        """What came, up to the end of the connection; b"RST" when it was reset without a word."""
        got = b""
        try:
            if text:
                self.socket.sendall(text)
            while len(got) < (size or 2 * len(text)):
                part = self.socket.recv(65536)
                if not part:
                    break
                got += part
        except (ConnectionResetError, BrokenPipeError):
            return got or b"RST"
        return got


@unittest.skipIf(ABSENT, ABSENT)
class Proxy(support.Case):
    def start(self, **options):
        self.echo = Echo(self)
        return servers.proxy(self, self.echo.target, **options)

    def test_counts_connections_bytes_and_round_trips(self):
        proxy = self.start()
        self.assertTrue(proxy.port < 32768)
        one, two = Client(self, proxy), Client(self, proxy)
        for text in (b"a\n", b"bc\n", b"d\n"):
            self.assertEqual(one.ask(text), text * 2)
        self.assertEqual(two.ask(b"e\n"), b"e\n" * 2)
        counts = proxy.counts()
        self.assertEqual(counts, {"connections": 2, "open": 2, "round_trips": 4, "to_server": 9, "to_client": 18,
                                  "cuts": 0})
        one.socket.close()
        two.socket.close()
        support.wait_until(lambda: proxy.counts()["open"] == 0, what="the end of the connections")
        self.assertEqual(proxy.stop()["round_trips"], 4)

    def test_what_is_sent_without_waiting_is_one_round_trip(self):
        proxy = self.start()
        client = Client(self, proxy)
        client.socket.sendall(b"later\n")
        time.sleep(0.05)
        self.assertEqual(client.ask(b"more\n", 22), b"later\n" * 2 + b"more\n" * 2)
        self.assertEqual(proxy.counts()["round_trips"], 1)

    def test_answers_can_wait_until_the_client_has_said_all(self):
        for options, trips in (({}, 2), ({"gather_us": 500000}, 1)):
            with self.subTest(**options):
                proxy = self.start(**options)
                client = Client(self, proxy)
                client.socket.sendall(b"a\n")
                time.sleep(0.1)  # the answer is there, and nobody reads it
                self.assertEqual(client.ask(b"b\n", 8), b"a\na\nb\nb\n")
                self.assertEqual(proxy.counts()["round_trips"], trips)

    def test_large_answers_pass_whole_and_so_does_the_end(self):
        proxy = self.start()
        client = Client(self, proxy)
        client.socket.sendall(b"big\n")
        client.socket.shutdown(socket.SHUT_WR)
        time.sleep(0.1)  # more than the buffers hold is under way
        self.assertEqual(len(client.ask(b"", 10 ** 9)), 1000000)

    def test_a_unix_socket_can_be_the_server(self):
        p = self.project()
        echo = Echo(self, os.path.join(p.folder, "socket"))
        with servers.Proxy(echo.target) as proxy:
            self.assertEqual(Client(self, proxy).ask(b"a\n"), b"a\na\n")

    def test_no_server_is_a_reset(self):
        with servers.Proxy(servers.free_port()) as proxy, contextlib.suppress(ConnectionResetError):
            self.assertEqual(Client(self, proxy).ask(b"a\n"), b"RST")

    def test_each_round_trip_is_delayed_and_nothing_else(self):
        proxy = self.start(delay_us=20000)
        client, began = Client(self, proxy), time.monotonic()
        for _ in range(10):
            client.ask(b"a\n")
        self.assertGreaterEqual(time.monotonic() - began, 0.2)
        began = time.monotonic()
        for _ in range(10):
            client.socket.sendall(b"b\n")
        self.assertEqual(client.ask(b"", 40), b"b\nb\n" * 10)
        self.assertLess(time.monotonic() - began, 0.2 * support.PATIENCE)

    def test_a_cut_before_a_round_trip_hides_it_from_the_server(self):
        for how, seen in (("fin", b""), ("rst", b"RST")):
            proxy = self.start(cut="trip", at=2, when="before", how=how)
            client = Client(self, proxy)
            self.assertEqual(client.ask(b"a\n"), b"a\na\n")
            self.assertEqual(client.ask(b"b\n"), seen)
            self.echo.ended.acquire(timeout=20)
            self.assertEqual(self.echo.got, [b"a\n"])
            self.assertEqual(proxy.counts()["cuts"], 1)

    def test_a_cut_after_a_round_trip_loses_the_answer(self):
        proxy = self.start(cut="trip", at=2, when="after", how="rst")
        client = Client(self, proxy)
        client.ask(b"a\n")
        self.assertEqual(client.ask(b"later\n"), b"RST")
        self.assertEqual(self.echo.got, [b"a\n", b"later\n", b"done\n"])
        # Only the first that comes so far is cut.
        other = Client(self, proxy)
        for text in (b"c\n", b"d\n", b"e\n"):
            self.assertEqual(other.ask(text), text * 2)

    def test_a_cut_at_a_byte(self):
        for options, answer, got in (
                ({"cut": "to-server", "at": 5, "when": "after"}, b"", [b"ab\n", b"cd"]),
                ({"cut": "to-server", "at": 5, "when": "before"}, b"", [b"ab\n"]),
                ({"cut": "to-client", "at": 8, "when": "after"}, b"cd", [b"ab\n", b"cde\n"]),
                ({"cut": "to-client", "at": 8, "when": "before"}, b"", [b"ab\n", b"cde\n"])):
            with self.subTest(**options):
                proxy = self.start(**options)
                client = Client(self, proxy)
                self.assertEqual(client.ask(b"ab\n"), b"ab\nab\n")
                self.assertEqual(client.ask(b"cde\n"), answer)
                self.echo.ended.acquire(timeout=20)
                self.assertEqual(self.echo.got, got)

    def test_one_connection_or_every_one_can_be_meant(self):
        proxy = self.start(cut="trip", at=1, when="before", connection=2)
        clients = [Client(self, proxy) for _ in range(3)]
        self.assertEqual([client.ask(b"a\n") for client in clients], [b"a\na\n", b"", b"a\na\n"])
        proxy = self.start(cut="trip", at=1, when="before", every="yes")
        self.assertEqual([Client(self, proxy).ask(b"a\n") for _ in range(3)], [b"", b"", b""])

    def test_a_hole_stays_open_and_moves_nothing(self):
        proxy = self.start(cut="trip", at=2, when="before", how="hole")
        client = Client(self, proxy)
        client.ask(b"a\n")
        client.socket.settimeout(0.2)
        with self.assertRaises(TimeoutError):
            client.ask(b"b\n")
        self.assertEqual((self.echo.got, proxy.counts()["open"]), ([b"a\n"], 1))

    def test_a_lingering_server_ends_what_it_does(self):
        proxy = self.start(cut="to-server", at=6, when="after", linger_ms=2000)
        client = Client(self, proxy)
        began = time.monotonic()
        self.assertEqual(client.ask(b"later\n"), b"")
        self.assertLess(time.monotonic() - began, 1)
        support.wait_until(lambda: b"done\n" in self.echo.got, what="the end of the work")

    def test_wrong_options_are_refused(self):
        for options in ({"cut": "trip"}, {"at": 3}, {"cut": "nosuch", "at": 1}, {"delay_us": "1ms"}, {"nosuch": 1}):
            with self.subTest(**options), self.assertRaises(servers.Failed):
                servers.Proxy(1, **options)
