# SPDX-License-Identifier: Apache-2.0
"""No branch on an engine's name outside engines/: capabilities and typed limits decide.

And inside engines/sqlite no function of SQLite by its name: a connection may belong to another copy.
"""
import re
from typing import Iterator

from gates import csource
from gates.tree import Finding, Tree, gate

_ROOMS = ("src/engine/", "src/graph/", "src/ledger/", "src/run/", "src/lint/", "src/report/", "cli/")
# The whole literal, perhaps as the start of a URL: that is what code compares with. Longer texts,
# such as an example in a help text, are for people.
_NAME = re.compile(r"(?:sqlite3?|postgres(?:ql)?|mysql|mariadb|cassandra|scylla(?:db)?|clickhouses?|rediss?)(?::(?://)?)?",
                   re.IGNORECASE)


@gate("engine-name")
def check_names(tree: Tree) -> Iterator[Finding]:
    for path in tree.c_files(*_ROOMS):
        for line, literal in csource.strings(tree.read(path)):
            if _NAME.fullmatch(literal):
                yield Finding(path, line, "engine-name", f'the name of an engine, "{literal}"',
                              "ask for a capability or a limit, or let engines/ decide")


_SQLITE_ROOM = "engines/sqlite/"
_SQLITE_TABLE = "engines/sqlite/functions.c"
_SQLITE_TYPES = {"sqlite3_stmt"}


@gate("sqlite-function")
def check_sqlite_functions(tree: Tree) -> Iterator[Finding]:
    for path in tree.c_files(_SQLITE_ROOM):
        if path == _SQLITE_TABLE:
            continue
        text = csource.code(tree.read(path))
        for match in re.finditer(r"\bsqlite3_\w+", text):
            if match[0] not in _SQLITE_TYPES:
                yield Finding(path, csource.line_of(text, match.start()), "sqlite-function",
                              f"{match[0]} of the linked copy", "call it through the connection: s->f->...",
                              f"{path}:{match[0]}")
