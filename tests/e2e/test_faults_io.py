# SPDX-License-Identifier: Apache-2.0
"""Full disks and failing disks: a clear error, and a database that the next run completes."""
import os
import re
import resource
import shutil
import subprocess

import support
from support import AUDIT, audit
from workloads import OUTSIDE, TRANSACTIONAL, clear, finish

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


class FailingDisk(Faults):
    """strace makes the N-th call of a kind fail."""

    CALLS = re.compile(r"^\d+ +(\w+)\(", re.MULTILINE)

    def setUp(self):
        if shutil.which("strace") is None:
            self.skipTest("there is no strace")
        self.p = self.project(memory=True).pairs(dict(TRANSACTIONAL, **{
            "8_more": audit("8_more#1") + "CREATE TABLE m (a);\n"}))
        # LeakSanitizer cannot work beside strace.
        self.p.env["ASAN_OPTIONS"] = self.p.env.get("ASAN_OPTIONS", "") + ":detect_leaks=0"
        probe = subprocess.run(["strace", "-f", "-o", self.p.at("trace"), "-e",
                                "inject=pwrite64:error=EIO:when=1", "true"], timeout=30,
                               capture_output=True, text=True, check=False)
        if probe.returncode != 0:
            self.skipTest(f"strace cannot trace here: {probe.stderr.strip()[-200:]}")
        result = self.traced()
        self.assertEqual(result.code, 0, result)
        self.counts = self.counted()
        self.expected = self.p.dump(), self.p.completed()

    def traced(self, *inject):
        clear(self.p)
        return self.p.run("up", "-q", prefix=(
            "strace", "-f", "-qq", "-o", self.p.at("trace"), "-e",
            "trace=pwrite64,fsync,fdatasync,write,ftruncate,pread64,fcntl,openat", *inject))

    def counted(self) -> dict:
        with open(self.p.at("trace"), encoding="utf-8", errors="replace") as file:
            calls = self.CALLS.findall(file.read())
        return {name: calls.count(name) for name in set(calls)}

    def each(self, call, error, always, most=25, words=FullDisk.WORDS):
        last = self.counts.get(call, 0)
        if last == 0:
            self.skipTest(f"this build makes no call of {call}")
        failed = 0
        for at in sorted({1 + (last - 1) * n // (most - 1) for n in range(most)}):
            told = f"{call} {at} of {last} {error}"
            result = self.traced("-e", f"inject={call}:error={error}:when={at}"
                                       + ("+" if always else ""))
            if result.code != 0:
                failed += 1
                # 127: the loader, before any of our code runs.
                self.assertIn(result.code, (1, 10, 127), f"{told}: {result}")
                self.assertSays(result, words, where="err")
                self.assertNotIn("internal", result.err, told)
                # A disk that fails is no reason to send a person after the wrong thing.
                self.assertNotIn("is not one that brant can read", result.err, told)
            self.completes(self.p, self.expected, f"{told}: {result}")
        return failed

    def test_write_fails_once(self):
        self.assertGreater(self.each("pwrite64", "EIO", False), 5)

    def test_write_fails_from_then_on(self):
        self.assertGreater(self.each("pwrite64", "EIO", True), 5)

    def test_no_space_once(self):
        self.assertGreater(self.each("pwrite64", "ENOSPC", False, 12), 3)

    def test_reading_fails(self):
        self.assertGreater(self.each("pread64", "EIO", False, words="error"), 5)

    def test_reading_fails_from_then_on(self):
        self.assertGreater(self.each("pread64", "EIO", True, 12, words="error"), 5)

    def test_locking_fails(self):
        self.each("fcntl", "EIO", False, words="error")

    def test_no_more_files_can_be_opened(self):
        self.assertGreater(self.each("openat", "EMFILE", False, words="many open files|error"), 5)

    def sync(self) -> str:
        """What this build of SQLite calls to reach the disk."""
        return max(("fsync", "fdatasync"), key=lambda call: self.counts.get(call, 0))

    def test_sync_fails_once(self):
        self.each(self.sync(), "EIO", False)

    def test_sync_fails_from_then_on(self):
        self.each(self.sync(), "EIO", True, 12)


class FailingDiskOutside(FailingDisk):
    """The same with files outside of transactions."""

    def setUp(self):
        super().setUp()
        shutil.rmtree(self.p.at("migrations"))
        self.p.pairs(OUTSIDE)
        self.assertEqual(self.traced().code, 0)
        self.counts = self.counted()
        self.expected = self.p.dump(), self.p.completed()

    test_no_space_once = None
    test_reading_fails_from_then_on = None
    test_no_more_files_can_be_opened = None
    test_sync_fails_from_then_on = None


if __name__ == "__main__":
    support.main()
