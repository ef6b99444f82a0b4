# SPDX-License-Identifier: Apache-2.0
"""What servers for tests have in common (servers.py): a process in a folder of its own, as a user without
rights, on a free port, that ends with the process which started it; and certificates.
"""
import atexit
import contextlib
import ctypes
import glob
import os
import pathlib
import pwd
import random
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

SOURCE = os.path.abspath(os.environ.get("BRANT_SOURCE") or os.path.join(os.path.dirname(__file__), "..", ".."))
BUILD = os.path.abspath(os.environ.get("BRANT_BUILD") or os.path.join(SOURCE, "build"))
STATE = os.path.join(BUILD, "servers")
VARIABLE = "BRANT_TEST_POSTGRES"
VARIABLE_MYSQL = "BRANT_TEST_MYSQL"

# Below the range that the system gives to clients (32768 and up), where a port can be taken between
# two runs of a server.
PORTS = range(15000, 32000)
SUPERUSER, SUPERUSER_PASSWORD = "postgres", "first-among-equals"
ROOT = "root"
USER, PASSWORD = "brant", "goose"
HOST = "127.0.0.1"
MEMORY = "/dev/shm"
DISK = "/var/tmp"
PREFIX = "brant-server-"
PATIENCE = 6 if os.environ.get("BRANT_SANITIZED") == "1" else 1
START_SECONDS = 60
LOG_BYTES = 4 << 20
PDEATHSIG = 1


class Failed(Exception):
    """A server did not start; the message has the end of its log."""


class NotToBeHad(Failed):
    """Nothing is wrong here: without a network, for instance. The tests are skipped."""


class Missing(Failed):
    """A program is not installed. ./dev check takes the words "missing package" for a failure."""

    def __init__(self, package: str):
        super().__init__(f"missing package {package}")


# --- processes and folders


def server_user():
    """Whom a server runs as: root is refused by all of them."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise Failed("there is no user for servers")


def user_options() -> dict:
    user = server_user()
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if user else {}


def give_to_server(*paths: str) -> None:
    user = server_user()
    for path in paths if user else ():
        os.chown(path, user.pw_uid, user.pw_gid)


def born(pid: int) -> str:
    """When a process started, so that its number is not taken for another's; "" when it is gone."""
    try:
        text = pathlib.Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
    except OSError:
        return ""
    fields = text.rpartition(")")[2].split()
    return "" if fields[0] in "ZX" else fields[19]


def children(pid: int) -> list:
    found = []
    for path in glob.glob("/proc/[0-9]*/stat"):
        with contextlib.suppress(OSError, IndexError):
            if int(pathlib.Path(path).read_text("utf-8", "replace").rpartition(")")[2].split()[1]) == pid:
                found.append(int(path.split("/")[2]))
    return found


def wait(predicate, seconds: float, what: str) -> None:
    end = time.monotonic() + seconds * PATIENCE
    while not predicate():
        if time.monotonic() > end:
            raise Failed(f"{what} did not come within {seconds * PATIENCE} s")
        time.sleep(0.01)


def last(path: str, size: int = 3000) -> str:
    with contextlib.suppress(OSError), open(path, "rb") as file:
        file.seek(max(0, os.path.getsize(path) - size))
        return file.read().decode("utf-8", "replace")
    return ""


def bound_socket() -> socket.socket:
    """On a free port of the loopback, not listening yet."""
    for _ in range(200):
        found = socket.socket()
        try:
            found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            found.bind((HOST, random.choice(PORTS)))
            return found
        except OSError:
            found.close()
    raise Failed("no free port")


def free_port() -> int:
    """One that was free a moment ago."""
    with bound_socket() as probe:
        return probe.getsockname()[1]


def sweep() -> None:
    """Removes folders of processes that were killed before they could."""
    for path in [found for base in (MEMORY, DISK, tempfile.gettempdir())
                 for found in glob.glob(os.path.join(base, PREFIX + "*", "owner"))]:
        with contextlib.suppress(OSError, ValueError):
            pid, then = pathlib.Path(path).read_text("ascii").split()
            if born(int(pid)) != then:
                shutil.rmtree(os.path.dirname(path), ignore_errors=True)


def new_folder(on_disk: bool = False) -> str:
    """Of a server: in memory where there is room, since nothing in it has to last."""
    base = DISK if on_disk and os.access(DISK, os.W_OK) else tempfile.gettempdir()
    if not on_disk and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > 1 << 30:
        base = MEMORY
    sweep()
    folder = tempfile.mkdtemp(prefix=PREFIX, dir=base)
    pathlib.Path(folder, "owner").write_text(f"{os.getpid()} {born(os.getpid())}", "ascii")
    os.chmod(folder, 0o755)  # for its sockets
    give_to_server(folder)
    return folder


class Server:
    """One process in a folder of its own, and what is to be undone at its end."""

    END, END_AT_DEATH = signal.SIGTERM, signal.SIGTERM

    def __init__(self, on_disk: bool = False):
        self.folder = new_folder(on_disk)
        self.log = os.path.join(self.folder, "log")
        self.process = None
        self.port = 0
        atexit.register(self.stop)

    def _spawn(self, argv: list) -> None:
        libc, death = ctypes.CDLL(None), int(self.END_AT_DEATH)
        # Appended to, so that it can be cut while the server writes.
        with open(self.log, "ab") as log:
            give_to_server(self.log)
            # The user is changed before preexec_fn: afterwards it would undo the wish.
            self.process = subprocess.Popen(
                argv, cwd=self.folder, env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "TZ": "UTC"},
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                preexec_fn=lambda: libc.prctl(PDEATHSIG, death), **user_options())
        threading.Thread(target=self._cut_log, args=(self.process,), daemon=True).start()

    def _cut_log(self, process) -> None:
        while process.returncode is None:
            with contextlib.suppress(OSError):
                if os.path.getsize(self.log) > LOG_BYTES:
                    os.truncate(self.log, 0)
            time.sleep(1)

    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def _ready(self) -> bool:
        raise NotImplementedError

    def _start(self, argv) -> None:
        """argv: a function of a port. Another process may take the port first: then another one."""
        ports = [self.port] * 5 if self.port else [free_port() for _ in range(10)]
        for port in ports:
            self.port = port
            self._spawn(argv(port))
            wait(lambda: not self.alive() or self._ready(), START_SECONDS, "a server")
            if self.alive():
                return
            if not re.search("in use|shared memory block", last(self.log)):
                break
            time.sleep(0.2)
        raise Failed(f"{self.process.args[0]} did not start:\n{last(self.log)}")

    def halt(self, number: int = 0, seconds: float = 30) -> None:
        """Ends the process and keeps the folder."""
        if not self.alive():
            return
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(number or self.END)
        try:
            self.process.wait(seconds * PATIENCE)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """SIGKILL to it and all its children at once, as when a machine loses power."""
        if not self.alive():
            return
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGSTOP)
        for pid in [*children(self.process.pid), self.process.pid]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait(30)

    def stop(self) -> None:
        """Ends it and removes all that it left."""
        atexit.unregister(self.stop)
        self.halt()
        shutil.rmtree(self.folder, ignore_errors=True)


def run_as_server(argv: list, folder: str, stdin: str = "") -> None:
    done = subprocess.run(argv, cwd=folder, input=stdin, capture_output=True, text=True, timeout=300, check=False,
                          env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "TZ": "UTC"}, **user_options())
    if done.returncode != 0:
        raise Failed(f"{os.path.basename(argv[0])} failed: {done.stdout[-2000:]}{done.stderr[-2000:]}")


# --- certificates


class Authority:
    """A certificate authority for tests, made with openssl on the spot: certificate, and a server's
    certificate for 127.0.0.1 and localhost signed by it."""

    def __init__(self, folder: str, name: str):
        self.folder, self.name = folder, name
        self.certificate, self._key = self._path("crt"), self._path("key")
        self._openssl("req", "-x509", *self._NEW_KEY, "-keyout", self._key, "-out", self.certificate,
                      "-days", "2", "-subj", f"/CN=brant test CA {name}")

    _NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")

    def _path(self, ending: str) -> str:
        return os.path.join(self.folder, f"{self.name}.{ending}")

    @staticmethod
    def _openssl(*arguments: str) -> None:
        try:
            done = subprocess.run(["openssl", *arguments], capture_output=True, text=True, timeout=60, check=False)
        except FileNotFoundError:
            raise Missing("openssl") from None
        if done.returncode != 0:
            raise Failed(f"openssl {arguments[0]}: {done.stderr}")

    def issue(self, subject: str, names: str = "") -> tuple:
        """Paths of a certificate and its key. names: subjectAltName of a server."""
        base = os.path.join(self.folder, f"{self.name}-{subject}")
        request, certificate, key, more = (f"{base}.{end}" for end in ("csr", "crt", "key", "ext"))
        self._openssl("req", "-new", *self._NEW_KEY, "-keyout", key, "-out", request, "-subj", f"/CN={subject}")
        pathlib.Path(more).write_text(f"subjectAltName={names}\n" if names else "\n", "ascii")
        self._openssl("x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", self._key,
                      "-CAcreateserial", "-out", certificate, "-days", "2", "-extfile", more)
        os.chmod(key, 0o600)
        return certificate, key
