# SPDX-License-Identifier: Apache-2.0
"""Gates over what surrounds the C sources: scripts, fuzz corpora, the version."""
import re
from typing import Iterator

from gates.tree import Finding, Tree, gate


@gate("shell")
def check_shell(tree: Tree) -> Iterator[Finding]:
    shell = re.compile(r"#!.*[/ ](?:ba)?sh\b")
    files = [path for path in tree.scripts() if path.endswith(".sh") or shell.match(tree.read(path))]
    if not files:
        return
    output = tree.run(["shellcheck", "--external-sources", "--format=gcc"], files)
    for match in re.finditer(r"^(.+?):(\d+):\d+: \w+: (.+)$", output, re.MULTILINE):
        yield Finding(match[1], int(match[2]), "shell", match[3].rstrip("."), "see shellcheck")


@gate("corpus")
def check_corpora(tree: Tree) -> Iterator[Finding]:
    """An input in a folder of no target would never be replayed."""
    corpora: dict[str, str] = {}
    for path in tree.files:
        parts = path.split("/")
        if parts[:3] == ["tests", "fuzz", "corpus"]:
            corpora.setdefault(parts[3], path)
    for name, path in corpora.items():
        if not (tree.root / f"tests/fuzz/fuzz_{name}.c").exists():
            yield Finding(path, 1, "corpus", f"there is no tests/fuzz/fuzz_{name}.c",
                          "name the folder as the target without fuzz_")


@gate("version")
def check_version(tree: Tree) -> Iterator[Finding]:
    """The headers and CMake name one version."""
    project = re.search(r"project\(brant VERSION (\d+)\.(\d+)\.(\d+)", tree.read("CMakeLists.txt"))
    if not project:
        return
    wanted = "0x%02x%02x%02x" % tuple(map(int, project.groups()))
    for path in tree.c_files("include/"):
        for number, line in tree.lines(path):
            match = re.match(r"\s*#\s*define\s+BRANT_VERSION_NUM\s+(0[xX][0-9a-fA-F]+)", line)
            if match and int(match[1], 16) != int(wanted, 16):
                yield Finding(path, number, "version", f"{match[1]} is not the version in CMakeLists.txt",
                              f"write {wanted} here or change the other")
