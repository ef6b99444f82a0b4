# SPDX-License-Identifier: Apache-2.0
"""Runs one unittest file and tells ctest the difference between passed and skipped.

`python3 -m unittest` ends with 0 when every test was skipped, and also when there was none.
"""
import pathlib
import sys
import unittest

SKIPPED = 77


class Result(unittest.TextTestResult):
    """Counts what passed: neither a skipped class nor a failed subtest is visible in testsRun."""

    passed = 0

    def addSuccess(self, test: unittest.TestCase) -> None:
        super().addSuccess(test)
        self.passed += 1


def main() -> int:
    path = pathlib.Path(sys.argv[1])
    sys.path[:0] = [str(path.parent), str(pathlib.Path(__file__).resolve().parent / "support")]
    suite = unittest.defaultTestLoader.loadTestsFromName(path.stem)
    result = unittest.TextTestRunner(verbosity=2, resultclass=Result).run(suite)
    if not result.wasSuccessful():
        return 1
    if result.passed == 0 and not result.skipped:
        print(f"{path}: no tests in this file", file=sys.stderr)
        return 1
    return 0 if result.passed > 0 else SKIPPED


if __name__ == "__main__":
    sys.exit(main())
