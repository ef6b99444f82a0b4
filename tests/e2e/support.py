# SPDX-License-Identifier: Apache-2.0
"""What the acceptance tests share: a project in a folder of its own, and the command run in it.

The command is named by the environment variable BRANT, the build directory with the helper
programs by BRANT_BUILD. BRANT_SLOW=1 makes the kill loops long, BRANT_SANITIZED=1 says that the
build has sanitizers: slower and with more memory. BRANT_BRIEF=1, which that includes, makes loops
over similar cases short: they run in full in another lane.
"""
import contextlib
import json
import os
import pathlib
import pty
import random
import re
import select
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import unittest

BRANT = os.path.abspath(os.environ.get("BRANT", "brant"))
BUILD = os.path.abspath(os.environ.get("BRANT_BUILD", "build"))
FAULT = os.path.join(BUILD, "tests", "fault")
SLOW = os.environ.get("BRANT_SLOW") == "1"
SANITIZED = os.environ.get("BRANT_SANITIZED") == "1"
BRIEF = SANITIZED or os.environ.get("BRANT_BRIEF") == "1"
PATIENCE = 6 if SANITIZED else 1
NOBODY = 65534
MEMORY = "/dev/shm"

# What a child may know of our own environment: nothing that is a setting of brant.
_PASSED_ON = ("PATH", "LD_LIBRARY_PATH", "ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS",
              "LSAN_OPTIONS", "GCOV_PREFIX", "GCOV_PREFIX_STRIP", "TMPDIR", "LD_PRELOAD")

# A table that shows how often something ran: a number that is given twice is never given again.
AUDIT = "CREATE TABLE audit (n INTEGER PRIMARY KEY AUTOINCREMENT, token TEXT NOT NULL);\n"


def audit(token: str) -> str:
    return f"INSERT INTO audit (token) VALUES ('{token}');\n"


def busy(limit: str, table: str = "audit", column: str = "token") -> str:
    """A statement that works for as long as `limit` says: a million takes about a tenth second."""
    return (f"INSERT INTO {table} ({column}) WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL "
            f"SELECT i + 1 FROM c WHERE i < {limit}) SELECT 'busy' FROM c WHERE i = {limit};\n")


FOREVER = "100000000000"


class Result:
    """A finished command."""

    def __init__(self, argv, code, out, err, seconds, peak_kb=0):
        self.argv, self.code, self.out, self.err = argv, code, out, err
        self.seconds, self.peak_kb = seconds, peak_kb

    @property
    def text(self) -> str:
        return self.out + self.err

    def json(self):
        return json.loads(self.out)

    def events(self) -> list:
        """The lines of --progress=json; everything on standard error has to be one."""
        return [json.loads(line) for line in self.err.splitlines() if line.strip()]

    def __str__(self) -> str:
        def cut(text):
            return text if len(text) < 4000 else text[:2000] + "\n[...]\n" + text[-2000:]
        return (f"\n$ {' '.join(map(str, self.argv))}\nexit {self.code} after {self.seconds:.2f} s"
                f"\n--- stdout\n{cut(self.out)}\n--- stderr\n{cut(self.err)}\n---")


def refuse_sanitizer_reports(result: Result) -> None:
    for mark in ("ERROR: AddressSanitizer", "ERROR: LeakSanitizer", "runtime error:",
                 "WARNING: ThreadSanitizer"):
        if mark in result.err:
            raise AssertionError(f"{mark}: {result}")


class Running:
    """A command that runs beside the test; its output goes to files, so it never blocks on us."""

    def __init__(self, argv, cwd, env, folder, **more):
        self.argv, self.began = argv, time.monotonic()
        self.out_path = os.path.join(folder, "stdout")
        self.err_path = os.path.join(folder, "stderr")
        with open(self.out_path, "wb") as out, open(self.err_path, "wb") as err:
            self.process = subprocess.Popen(argv, cwd=cwd, env=env, stdin=subprocess.DEVNULL,
                                            stdout=out, stderr=err, **more)
        self.pid = self.process.pid

    def err(self) -> str:
        return pathlib.Path(self.err_path).read_text("utf-8", "replace")

    def alive(self) -> bool:
        return self.process.poll() is None

    def send(self, number) -> None:
        if self.alive():
            self.process.send_signal(number)

    def finish(self, timeout: float = 60) -> Result:
        self.process.wait(timeout * PATIENCE)
        out = pathlib.Path(self.out_path).read_text("utf-8", "replace")
        result = Result(self.argv, self.process.returncode, out, self.err(),
                        time.monotonic() - self.began)
        refuse_sanitizer_reports(result)
        return result

    def end(self) -> None:
        if self.alive():
            self.process.kill()
            self.process.wait(30)


def wait_until(predicate, seconds: float = 20, what: str = "the condition", process=None) -> None:
    end = time.monotonic() + seconds * PATIENCE
    while not predicate():
        if process is not None and not process.alive() and not predicate():
            raise AssertionError(f"{what}: the process ended before: {process.finish()}")
        if time.monotonic() > end:
            raise AssertionError(f"{what} did not come within {seconds * PATIENCE} s"
                                 + (f": {process.err()[-2000:]}" if process is not None else ""))
        time.sleep(0.01)


class Project:
    """A project directory with one SQLite database `app.db`, unless a test says otherwise."""

    def __init__(self, case: unittest.TestCase, url: str = "sqlite:app.db", memory: bool = False):
        """memory: where there is a file system in memory, use it. A killed process leaves the same
        files there, and hundreds of runs do not wait for a disk."""
        self.case = case
        fast = memory and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > 1 << 28
        self.folder = tempfile.mkdtemp(prefix="brant-e2e-", dir=MEMORY if fast else None)
        os.chmod(self.folder, 0o755)
        case.addCleanup(self._remove)
        self.path = os.path.join(self.folder, "project")
        os.mkdir(self.path)
        os.mkdir(os.path.join(self.folder, "home"))
        self.env = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
        self.env.update(HOME=os.path.join(self.folder, "home"), LANG="C.UTF-8", TZ="UTC")
        if url is not None:
            self.env["DATABASE_URL"] = url
        self._runs = 0

    def _remove(self) -> None:
        for root, folders, _ in os.walk(self.folder):
            for name in folders:
                path = os.path.join(root, name)
                if not os.path.islink(path):
                    os.chmod(path, 0o755)
        shutil.rmtree(self.folder, ignore_errors=True)

    # --- files

    def at(self, *names) -> str:
        return os.path.join(self.path, *names)

    def write(self, files: dict) -> "Project":
        """Paths below the project and their content, text or bytes."""
        for name, content in files.items():
            path = self.at(name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            data = content.encode() if isinstance(content, str) else content
            pathlib.Path(path).write_bytes(data)
        return self

    def pairs(self, migrations: dict, folder: str = "migrations") -> "Project":
        """id -> up text, or (up, down); None leaves a file away."""
        os.makedirs(self.at(folder), exist_ok=True)
        for name, texts in migrations.items():
            up, down = texts if isinstance(texts, tuple) else (texts, None)
            if up is not None:
                self.write({f"{folder}/{name}.up.sql": up})
            if down is not None:
                self.write({f"{folder}/{name}.down.sql": down})
        return self

    def remove(self, *names) -> None:
        for name in names:
            os.remove(self.at(name))

    def exists(self, name: str) -> bool:
        return os.path.lexists(self.at(name))

    def listing(self) -> list:
        """Every path in the project: to show that nothing was created."""
        found = []
        for root, folders, files in os.walk(self.path):
            found += [os.path.relpath(os.path.join(root, name), self.path)
                      for name in folders + files]
        return sorted(found)

    # --- the command

    def environment(self, env=None) -> dict:
        both = dict(self.env, **(env or {}))
        return {name: value for name, value in both.items() if value is not None}

    def run(self, *args, env=None, timeout: float = 60, check=None, stdin: str = "",
            program=None, prefix=(), cwd=None, **more) -> Result:
        """Runs to the end. check: the exit code it has to have."""
        argv = [*prefix, program or BRANT, *map(str, args)]
        began = time.monotonic()
        process = subprocess.Popen(argv, cwd=cwd or self.path, env=self.environment(env),
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, **more)
        try:
            out, err = process.communicate(stdin.encode(), timeout * PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
            raise AssertionError(f"no end within {timeout * PATIENCE} s: " + str(Result(
                argv, None, out.decode("utf-8", "replace"), err.decode("utf-8", "replace"),
                time.monotonic() - began))) from None
        result = Result(argv, process.returncode, out.decode("utf-8", "replace"),
                        err.decode("utf-8", "replace"), time.monotonic() - began)
        refuse_sanitizer_reports(result)
        if check is not None:
            self.case.assertEqual(result.code, check, result)
        return result

    def measured(self, *args, timeout: float = 60) -> Result:
        """Like run(), with the peak of resident memory."""
        running = self.start(*args)
        end = time.monotonic() + timeout * PATIENCE
        while True:
            pid, status, usage = os.wait4(running.pid, os.WNOHANG)
            if pid:
                break
            if time.monotonic() > end:
                running.end()
                raise AssertionError(f"no end within {timeout * PATIENCE} s: {running.argv}")
            time.sleep(0.02)
        running.process.returncode = os.waitstatus_to_exitcode(status)
        result = running.finish()
        result.peak_kb = usage.ru_maxrss
        return result

    def in_terminal(self, *args, answer: str = "", env=None, timeout: float = 30) -> Result:
        """Runs with a terminal for all three streams; what it shows is in out."""
        argv, began = [BRANT, *map(str, args)], time.monotonic()
        ours, theirs = pty.openpty()
        process = subprocess.Popen(argv, cwd=self.path, env=self.environment(env), stdin=theirs,
                                   stdout=theirs, stderr=theirs, start_new_session=True)
        os.close(theirs)
        shown, end = b"", began + timeout * PATIENCE
        os.write(ours, answer.encode())
        try:
            while select.select([ours], [], [], max(0, end - time.monotonic()))[0]:
                data = os.read(ours, 65536)
                if not data:
                    break
                shown += data
        except OSError:
            pass  # Linux says EIO when the other side is closed.
        finally:
            os.close(ours)
            if time.monotonic() >= end:
                process.kill()
            process.wait(30)
        return Result(argv, process.returncode, shown.decode("utf-8", "replace"), "",
                      time.monotonic() - began)

    def start(self, *args, env=None, program=None, **more) -> Running:
        self._runs += 1
        folder = os.path.join(self.folder, f"run{self._runs}")
        os.mkdir(folder)
        argv = [program or BRANT, *map(str, args)]
        running = Running(argv, self.path, self.environment(env), folder, **more)
        self.case.addCleanup(running.end)
        return running

    def up(self, *args, **more) -> Result:
        more.setdefault("check", 0)
        return self.run("up", *args, **more)

    def down(self, *args, **more) -> Result:
        more.setdefault("check", 0)
        return self.run("down", *args, **more)

    def status(self, **more) -> dict:
        """The first database of status --json."""
        return self.run("status", "--json", check=0, **more).json()["databases"][0]

    def fault(self, fault: str, direction: str, *options, **more) -> Result:
        """All the way up or down over an engine with a fault: kill@N, fail@N, drop@N, count."""
        if not os.access(FAULT, os.X_OK):
            raise AssertionError(f"no helper program {os.path.basename(FAULT)} in the build")
        return self.run("--fault", fault, *options, "--", direction, program=FAULT, **more)

    # --- the database

    @contextlib.contextmanager
    def open(self, db: str = "app.db"):
        connection = sqlite3.connect(self.at(db), timeout=30, isolation_level=None)
        try:
            yield connection
        finally:
            connection.close()

    def sql(self, text: str, *values, db: str = "app.db") -> list:
        with self.open(db) as connection:
            return connection.execute(text, values).fetchall()

    def script(self, text: str, db: str = "app.db") -> None:
        with self.open(db) as connection:
            connection.executescript(text)

    def tables(self, db: str = "app.db") -> list:
        """The user's own tables."""
        return [name for name, in self.sql(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite!_%' "
            "ESCAPE '!' AND name NOT LIKE 'brant!_%' ESCAPE '!' ORDER BY name", db=db)]

    def tokens(self, db: str = "app.db") -> list:
        """What ran, in order. Empty when the table is not there."""
        if "audit" not in self.tables(db):
            return []
        return [token for token, in self.sql("SELECT token FROM audit ORDER BY n", db=db)]

    def ledger(self, db: str = "app.db") -> list:
        """Rows of brant_migrations as dictionaries, in order of application."""
        with self.open(db) as connection:
            connection.row_factory = sqlite3.Row
            try:
                rows = connection.execute("SELECT * FROM brant_migrations ORDER BY seq, id")
            except sqlite3.OperationalError as error:
                if "no such table" in str(error):
                    return []
                raise
            return [dict(row) for row in rows]

    def completed(self, db: str = "app.db") -> list:
        return [row["id"] for row in self.ledger(db) if row["status"] == "completed"]

    def history(self, db: str = "app.db") -> list:
        with self.open(db) as connection:
            connection.row_factory = sqlite3.Row
            return [dict(row) for row in connection.execute(
                "SELECT * FROM brant_history ORDER BY seq")]

    def dump(self, db: str = "app.db") -> dict:
        """Schema and rows of everything that is not brant's own."""
        with self.open(db) as connection:
            objects = [row for row in connection.execute(
                "SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY type, name")
                if not row[2].startswith("brant_") and not row[1].startswith("sqlite_")]
            rows = {name: sorted(map(repr, connection.execute(f'SELECT * FROM "{name}"')))
                    for kind, name, _, _ in objects if kind == "table"}
            counters = []
            if connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'sqlite_sequence'"
                                  ).fetchone():
                counters = [row for row in connection.execute(
                    "SELECT name, seq FROM sqlite_sequence ORDER BY name")
                    if not row[0].startswith("brant_")]
            version, = connection.execute("PRAGMA user_version").fetchone()
            sound, = connection.execute("PRAGMA integrity_check").fetchone()
        return {"objects": objects, "rows": rows, "counters": counters, "user_version": version,
                "integrity": sound}


class Case(unittest.TestCase):
    """A test case with projects and assertions about results."""

    maxDiff = 4000

    def project(self, *args, **more) -> Project:
        return Project(self, *args, **more)

    def assertSays(self, result: Result, *words, where: str = "text") -> None:
        """Every word (regular expression, any case) is in the output, however it was wrapped."""
        text = re.sub(r"\s+", " ", getattr(result, where))
        for word in words:
            self.assertRegex(text, re.compile(word, re.IGNORECASE), result)

    def assertRefused(self, result: Result, *words, codes=(1, 2)) -> None:
        """Ended with one of the codes and a message on standard error with every word, which also
        says what to do: a hint is part of every error a person can meet."""
        self.assertIn(result.code, codes, result)
        self.assertSays(result, *words, where="err")
        self.assertHint(result)
        self.assertNotIn("internal", result.err.lower(), result)

    def assertHint(self, result: Result) -> None:
        self.assertRegex(result.err, r"(?im)^\s*hint: *\S|\"hint\":\"", result)

    def assertAt(self, result: Result, file: str, line: int) -> None:
        """The message points at a line of a file."""
        self.assertRegex(result.err, rf"{re.escape(file)}:{line}\b", result)

    def assertDone(self, project: Project, ids, db: str = "app.db") -> None:
        """The ledger has exactly these, each once and completed."""
        rows = project.ledger(db)
        self.assertEqual([(row["id"], row["status"]) for row in rows],
                         [(name, "completed") for name in ids])
        self.assertEqual(len({row["seq"] for row in rows}), len(rows), rows)


def as_nobody() -> dict:
    """Arguments of Project.run() that take away the rights of root."""
    if os.geteuid() != 0:
        return {}
    return {"user": NOBODY, "group": NOBODY, "extra_groups": []}


def skip_unless_nobody_can(case: unittest.TestCase, project: Project) -> None:
    """As root, files are only unreadable for another user, who has to reach the command."""
    if os.geteuid() != 0:
        return
    try:
        result = project.run("--version", **as_nobody())
    except (PermissionError, OSError) as error:
        case.skipTest(f"the user nobody cannot start the command: {error}")
    if result.code != 0:
        case.skipTest(f"the user nobody cannot run the command: {result.err.strip()}")


def seeded(case: unittest.TestCase, name: str) -> random.Random:
    """A generator whose seed is printed; BRANT_SEED repeats a run."""
    seed = int(os.environ.get("BRANT_SEED", "0")) or random.SystemRandom().randrange(1, 1 << 31)
    print(f"{case.id()}: {name}: BRANT_SEED={seed}", file=sys.stderr)
    return random.Random(seed)


def main() -> None:
    program = unittest.main(module="__main__", exit=False, verbosity=2)
    for _, reason in program.result.skipped:
        print(f"skipped because: {reason}", file=sys.stderr)
    print(f"skipped: {len(program.result.skipped)}", file=sys.stderr)
    sys.exit(0 if program.result.wasSuccessful() else 1)


SIGNALS = {"SIGINT": signal.SIGINT, "SIGTERM": signal.SIGTERM}
