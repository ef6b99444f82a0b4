# SPDX-License-Identifier: Apache-2.0
"""Engines that are modules: they are found beside the library, nowhere else."""
import glob
import os
import shutil

import support
from support import AUDIT, audit

BAD = os.path.join(support.BUILD, "tests", "modules", "brant-postgres.so")


class Modules(support.Case):
    def setUp(self):
        """The command and its library in a folder with no module."""
        self.p = self.project(url="postgres://u:sekret@127.0.0.1:1/db").pairs({"1_a": AUDIT + audit("a")})
        self.bin = os.path.join(self.p.folder, "bin")
        os.mkdir(self.bin)
        self.brant = shutil.copy2(support.BRANT, self.bin)
        for path in glob.glob(os.path.join(support.BUILD, "libbrant.so*")):
            shutil.copy2(path, self.bin, follow_symlinks=False)

    def refused(self, *words, **more):
        result = self.p.run("up", program=self.brant, **more)
        self.assertRefused(result, "postgres", "brant-postgres", *words, codes=(1, 2, 10))
        self.assertNotIn("sekret", result.text, result)
        return result

    def test_engine_that_is_not_installed(self):
        self.refused("not installed")

    def test_a_module_of_another_version_is_refused(self):
        shutil.copy(BAD, self.bin)
        self.refused("does not belong to this brant", "another version")

    def test_what_is_no_module_is_refused(self):
        self.p.write({"../bin/brant-postgres.so": "not a module"})
        self.refused("does not belong to this brant")

    def test_none_comes_from_the_working_directory_or_a_path_of_the_environment(self):
        shutil.copy(BAD, self.p.path)
        self.refused("not installed", env={"LD_LIBRARY_PATH": self.p.path, "PATH": self.p.path})

    def test_the_other_engines_work_without(self):
        self.p.run("up", "--database", "sqlite:app.db", program=self.brant, check=0)
        self.assertEqual(self.p.tokens(), ["a"])
