# SPDX-License-Identifier: Apache-2.0
"""Length and complexity. These are limits, not aims; the aims are 60 lines, 15 and 800."""
import re
from typing import Iterator

from gates.tree import Finding, Tree, gate

FUNCTION_LINES = 90
COMPLEXITY = 20
FILE_LINES = 900

# modified complexity, traditional complexity, statements, first line, lines, file(line): function
_PMCCABE = re.compile(r"^(\d+)\t\d+\t\d+\t(\d+)\t(\d+)\t(.+)\(\d+\): (\w+)$", re.MULTILINE)


@gate("function-lines", "complexity")
def check_functions(tree: Tree) -> Iterator[Finding]:
    files = [path for path in tree.c_files() if path.endswith(".c")]
    if not files:
        return
    for match in _PMCCABE.finditer(tree.run(["pmccabe"], files)):
        complexity, line, lines = int(match[1]), int(match[2]), int(match[3])
        place = f"{match[4]}:{match[5]}"
        if lines > FUNCTION_LINES:
            yield Finding(match[4], line, "function-lines", f"{match[5]}() has {lines} lines, above {FUNCTION_LINES}",
                          "split it", place)
        if complexity > COMPLEXITY:
            yield Finding(match[4], line, "complexity", f"{match[5]}() has complexity {complexity}, above {COMPLEXITY}",
                          "split it or make it a table", place)


@gate("file-lines")
def check_files(tree: Tree) -> Iterator[Finding]:
    sources = tree.c_files() + [path for path in tree.files if path.endswith(".py")] + tree.scripts()
    for path in sorted(set(sources)):
        lines = tree.read(path).count("\n")
        if lines > FILE_LINES:
            yield Finding(path, FILE_LINES + 1, "file-lines", f"{lines} lines, above {FILE_LINES}", "split the file")
