# SPDX-License-Identifier: Apache-2.0
"""Full disks and failing disks: a clear error, and a database that the next run completes."""
import os
import resource
import shutil
import subprocess
import unittest

import support
from fault_table import Table
from support import AUDIT, BRIEF, SLOW, audit
from workloads import OUTSIDE, OWN, TOGETHER, TRANSACTIONAL, clear, finish, keep, restore

SHIM = os.path.join(support.BUILD, "tests", "shim_io.so")
TABLE = Table("faults_io")
NAMES = {id(TRANSACTIONAL): "transactional", id(TOGETHER): "together", id(OUTSIDE): "outside",
         id(OWN): "own transactions"}


def tearDownModule():
    TABLE.write()


FILLING = {
    "1_a": AUDIT + "CREATE TABLE t (a INTEGER, b TEXT);\n" + audit("1_a#3"),
    **{f"{n}_fill": (audit(f"{n}_fill#1") + "INSERT INTO t WITH RECURSIVE c(i) AS (SELECT 1 UNION "
                     f"ALL SELECT i + 1 FROM c WHERE i < 60) SELECT {n}, printf('%0500d', i) "
                     "FROM c;\n") for n in range(2, 10)},
    "10_last": audit("10_last#1"),
}


class Faults(support.Case):
    def undisturbed(self, p):
        p.up("-d", "sqlite:undisturbed.db")
        return p.dump("undisturbed.db"), p.completed("undisturbed.db")

    def completes(self, p, expected, told):
        """The next run, without the fault, ends where an undisturbed one does."""
        finish(p, "up")
        self.assertEqual(p.dump(), expected[0], told)
        self.assertDone(p, expected[1])
        p.run("history", "--verify", check=0)


class FullDisk(Faults):
    WORDS = "full|no space|disk|quota|too large|i/o"

    def test_file_size_limit(self):
        """RLIMIT_FSIZE with its signal ignored: a full disk on every system."""
        p = self.project(memory=True).pairs(FILLING)
        # The limit also cuts the counts of a build that measures coverage.
        p.env["GCOV_PREFIX"] = p.folder
        expected = self.undisturbed(p)
        size = os.path.getsize(p.at("undisturbed.db"))
        failed = 0
        for limit in [0, 512, 4096, 8192, *range(16384, size + 65536, 32768)]:
            clear(p)

            def shrink(limit=limit):
                resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
            # Python ignores SIGXFSZ and would give it back to the child.
            result = p.run("up", "-q", preexec_fn=shrink, restore_signals=False)
            if result.code != 0:
                failed += 1
                self.assertIn(result.code, (1, 10), result)
                self.assertSays(result, self.WORDS, where="err")
                self.assertHint(result)
            self.completes(p, expected, f"limit {limit}: {result}")
        self.assertGreater(failed, 5)

    def test_small_file_system(self):
        p = self.project(memory=True).pairs(FILLING)
        expected = self.undisturbed(p)
        os.mkdir(p.at("small"))
        if shutil.which("mount") is None or os.geteuid() != 0:
            self.skipTest("mounting a small file system needs root")
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs",
                                  p.at("small")], capture_output=True, text=True, timeout=30,
                                 check=False)
        if mounted.returncode != 0:
            self.skipTest(f"mount is not permitted: {mounted.stderr.strip()}")
        self.addCleanup(subprocess.run, ["umount", p.at("small")], timeout=30, check=False,
                        capture_output=True)
        url = {"DATABASE_URL": "sqlite:small/app.db"}
        failed = 0
        for pages in (2, 4, 6, 8, 10, 14, 18, 24, 32, 48, 64, 96):
            for name in os.listdir(p.at("small")):
                os.remove(p.at("small", name))
            self.resize(p, f"{pages * 4}k")
            result = p.run("up", "-q", env=url)
            if result.code != 0:
                failed += 1
                self.assertIn(result.code, (1, 10), result)
                self.assertSays(result, self.WORDS, where="err")
            self.resize(p, "16m")
            p.up("-q", env=url)
            self.assertEqual(p.dump("small/app.db"), expected[0], f"{pages} pages: {result}")
            self.assertDone(p, expected[1], db="small/app.db")
        self.assertGreater(failed, 4)

    def resize(self, p, size):
        subprocess.run(["mount", "-o", f"remount,size={size}", p.at("small")], check=True,
                       timeout=30, capture_output=True)


class FailingCalls(Faults):
    """The N-th call of a kind fails (support/shim_io.c), in every kind that a run makes."""

    # What each call can say. EINTR means "once more", and ENOLCK "wait", so they come only once.
    ERRORS = {
        "open": ("EMFILE", "EACCES", "EINTR"), "read": ("EIO", "EINTR"), "pread": ("EIO", "EINTR"),
        "write": ("EIO", "ENOSPC", "EINTR", "short"), "pwrite": ("EIO", "ENOSPC", "EINTR", "short"),
        "fsync": ("EIO", "ENOSPC"), "ftruncate": ("EIO", "EINTR"), "flock": ("EIO", "EINTR"),
        "fcntl": ("EIO", "ENOLCK"), "close": ("EIO",), "mkdir": ("ENOSPC",), "opendir": ("EMFILE",),
    }
    ONCE_ONLY = ("EINTR", "ENOLCK", "short")
    NO_FAILURE = ("EINTR", "short")
    EVERYWHERE = ("EIO",)
    MOST = 1000000 if SLOW else 2 if BRIEF else 6

    def setUp(self):
        if not os.path.exists(SHIM):
            self.skipTest("this build has no library to preload")

    def shimmed(self, p, *command, fault=None, counts=None):
        options = p.env.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"
        return p.run(*command, env={"LD_PRELOAD": SHIM, "SHIM_FAULT": fault, "SHIM_COUNTS": counts,
                                    "ASAN_OPTIONS": options})

    def counted(self, p, *command) -> dict:
        result = self.shimmed(p, *command, counts=p.at("counts"))
        self.assertEqual(result.code, 0, result)
        with open(p.at("counts"), encoding="utf-8") as file:
            counts = {kind: int(count) for kind, count in map(str.split, file)}
        p.remove("counts")
        self.assertGreater(sum(counts.values()), 10)
        return {kind: count for kind, count in counts.items() if count > 0}

    def points(self, counts):
        """(kind, error, at, "" or "+")"""
        for kind, count in counts.items():
            for error in self.ERRORS.get(kind, self.EVERYWHERE):
                for more in ("",) if error in self.ONCE_ONLY else ("", "+"):
                    most = min(self.MOST, count)
                    for at in sorted({1 + (count - 1) * n // max(1, most - 1) for n in range(most)}):
                        yield kind, error, at, more

    def each(self, p, name, tx, command, before, after):
        """before() makes the state to start from, after(point, result) judges what is left."""
        before()
        failed = 0
        for kind, error, at, more in self.points(self.counted(p, *command)):
            told = f"{' '.join(command)}: {kind}:{error}:{at}{more}"
            fault = f"{'short write' if error == 'short' else error}{' and on' if more else ''}"
            with TABLE.point(name, tx, fault, told) as point:
                before()
                result = self.shimmed(p, *command, fault=f"{kind}:{error}:{at}{more}")
                failed += result.code != 0
                self.assertIn(result.code, (0, 1, 2, 8, 10), result)
                if result.code != 0:
                    self.assertRegex(result.err, r"(?i)error", result)
                    # A disk that fails is no reason to send a person after the wrong thing.
                    self.assertNotIn("internal", result.err, result)
                    self.assertNotIn("is not one that brant can read", result.err, result)
                if error in self.NO_FAILURE:
                    self.assertEqual(result.code, 0, result)
                after(point, result)
        TABLE.check(self)
        self.assertGreater(failed, 10)

    def moved(self, workload, direction, tx):
        p = self.project(memory=True).pairs(workload)
        command = [direction, "-q", *(["--all"] if direction == "down" else []), "--tx", tx]
        if direction == "down":
            p.up("-q")
        keep(p, "before")
        p.run(*command, check=0)
        expected = p.dump(), p.completed()
        number = [0]

        def after(point, result):
            point.answers = finish(p, *command)
            self.assertEqual(p.dump(), expected[0], result)
            self.assertDone(p, expected[1])
            number[0] += 1
            if number[0] % 10 == 0:
                p.run("history", "--verify", check=0)

        self.each(p, f"{NAMES[id(workload)]}, {direction}", tx, command,
                  lambda: restore(p, "before"), after)

    def test_a_lock_file_that_nobody_can_look_at_is_not_taken_for_a_held_one(self):
        p = self.project(memory=True).pairs({"1_a": AUDIT})
        command = ("up", "-q", "--lock-timeout", "1s")
        for at in range(1, self.counted(p, *command)["stat"] + 1):
            clear(p)
            result = self.shimmed(p, *command, fault=f"stat:EIO:{at}+")
            self.assertNotIn("held by", result.err, f"at {at}")

    def test_up(self):
        self.moved(TRANSACTIONAL, "up", "each")

    @unittest.skipIf(BRIEF, "the paths are those of the other tests, and this is slow")
    def test_up_in_one_transaction(self):
        self.moved(TOGETHER, "up", "all")

    def test_up_outside_transactions(self):
        self.moved(OUTSIDE, "up", "each")

    @unittest.skipIf(BRIEF, "the paths are those of the other tests, and this is slow")
    def test_up_with_own_transactions(self):
        self.moved(OWN, "up", "each")

    def test_down(self):
        self.moved(TRANSACTIONAL, "down", "each")

    @unittest.skipIf(BRIEF, "the paths are those of the other tests, and this is slow")
    def test_down_outside_transactions(self):
        self.moved(OUTSIDE, "down", "each")

    def test_status(self):
        p = self.project(memory=True).pairs(TRANSACTIONAL)
        p.up("3")
        keep(p, "before")
        expected = p.dump(), p.status()

        def after(_, result):
            self.assertEqual((p.dump(), p.status()), expected, result)
            if result.code == 0:
                self.assertEqual(result.json()["databases"][0], expected[1], result)

        self.each(p, "status", "-", ["status", "--json"], lambda: restore(p, "before"), after)

    def written(self, p, name, command, clean):
        """A command that writes files: all of them or none, and none when it says that it failed."""
        clean()
        before = self.files(p)
        p.run(*command, check=0)
        done = self.files(p)

        def after(_, result):
            now = self.files(p)
            self.assertIn(now, (before, done), result)
            self.assertEqual(now, done if result.code == 0 else before, result)
            if result.code != 0:
                p.run(*command, check=0)
                self.assertEqual(self.files(p), done)

        self.each(p, name, "-", command, clean, after)

    def files(self, p) -> dict:
        found = {}
        for name in p.listing():
            if os.path.isfile(p.at(name)) and name != "counts":
                with open(p.at(name), "rb") as file:
                    found[name] = file.read()
        return found

    def test_new(self):
        p = self.project(memory=True)

        def clean():
            shutil.rmtree(p.at("migrations"), ignore_errors=True)
            p.pairs(TOGETHER)

        self.written(p, "new", ["new", "add users", "--version", "9"], clean)

    def test_init(self):
        p = self.project(memory=True, url=None)

        def clean():
            shutil.rmtree(p.at("migrations"), ignore_errors=True)
            if p.exists("brant.yaml"):
                p.remove("brant.yaml")

        self.written(p, "init", ["init"], clean)


if __name__ == "__main__":
    support.main()
