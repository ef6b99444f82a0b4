# SPDX-License-Identifier: Apache-2.0
"""The reference pages are what tools/gen_docs.c makes of the tables in the sources."""
import os
import pathlib
import subprocess
import unittest

SOURCE = pathlib.Path(os.environ["BRANT_SOURCE"])
PROGRAM = pathlib.Path(os.environ["BRANT_BUILD"], "tests", "gen_docs")


class References(unittest.TestCase):
    def compare(self, page: str) -> None:
        made = subprocess.run([PROGRAM, page], capture_output=True, text=True, check=True).stdout
        kept = (SOURCE / "docs" / f"{page}.md").read_text("utf-8")
        self.assertMultiLineEqual(kept, made, f"docs/{page}.md is out of date: run ./dev docs")

    def test_settings(self):
        self.compare("settings")

    def test_commands(self):
        self.compare("commands")


if __name__ == "__main__":
    unittest.main()
