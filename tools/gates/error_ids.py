# SPDX-License-Identifier: Apache-2.0
"""Every id of an error, notice, warning or finding has its section in docs/errors.md.

An id is a whole string literal of the form word.word, where a letter alone is no word but SQL's. That is
simpler than to follow the calls, of which some pass the id through a wrapper, a table or a condition;
and no other literal looks so but names of files.
"""
import re
from typing import Iterator

from gates import csource
from gates.tree import Finding, Tree, gate

_PAGE = "docs/errors.md"
_ROOMS = ("src/", "engines/", "cli/")
_ID = re.compile(r"[a-z][a-z0-9_]+\.[a-z][a-z0-9_]*")
_FILE_SUFFIXES = (".yaml", ".sql", ".cql", ".env", ".db", ".so", ".sum")
_HEADING = re.compile(r"### `?([^`]+)`?")


def ids_of_sources(tree: Tree) -> dict[str, tuple[str, int]]:
    """Each id with the first place that has it."""
    found: dict[str, tuple[str, int]] = {}
    for path in tree.c_files(*_ROOMS):
        for line, literal in csource.strings(tree.read(path)):
            if _ID.fullmatch(literal) and not literal.endswith(_FILE_SUFFIXES):
                found.setdefault(literal, (path, line))
    return found


@gate("error-id")
def check_error_ids(tree: Tree) -> Iterator[Finding]:
    wanted = ids_of_sources(tree)
    headings: dict[str, int] = {}
    if _PAGE in tree.files:
        for number, line in tree.lines(_PAGE):
            match = _HEADING.fullmatch(line)
            if match and match[1] in headings:
                yield Finding(_PAGE, number, "error-id", f"a second section {match[1]}", "keep one", match[1])
            elif match:
                headings[match[1]] = number
    for name, (path, line) in wanted.items():
        if name not in headings:
            yield Finding(path, line, "error-id", f"the id {name} is not in {_PAGE}",
                          f'write a section "### {name}" with cause and cure', name)
    for name, number in headings.items():
        if name not in wanted:
            yield Finding(_PAGE, number, "error-id", f"no source has the id {name}", "remove the section", name)
