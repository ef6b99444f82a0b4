# SPDX-License-Identifier: Apache-2.0
"""Which room may include which: docs/architecture.md has the picture.

A room includes only rooms left of it. Rooms of one rank do not see each other.
"""
import posixpath
import re
from typing import Iterator, Optional

from gates.tree import Finding, Tree, gate

_ORDER = ["base", "net", "core", "text", "catalog", "engine", "layouts", "graph", "ledger", "run"]
_RANK = {room: rank for rank, room in enumerate(_ORDER)} | {"lint": len(_ORDER), "report": len(_ORDER)}
_ENGINE_SEES = {"base", "net", "core", "text", "catalog", "engine"}
_REGISTRY = {"engines/registry.c", "engines/registry.h", "engines/module.c"}

_INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
_LIBC = {f"{name}.h" for name in (
    "assert complex ctype errno fenv float inttypes iso646 limits locale math setjmp signal stdarg stdbool "
    "stddef stdint stdio stdlib string tgmath time wchar wctype").split()}


def _resolve(tree: Tree, path: str, target: str) -> Optional[str]:
    """Where the compiler finds a quoted include."""
    beside = posixpath.normpath(posixpath.join(posixpath.dirname(path), target))
    for candidate in (beside, f"src/{target}", target, f"include/{target}", f"tests/{target}"):
        if candidate in tree.files:
            return candidate
    return None


def _room(path: str) -> str:
    """src/core/error.c is in core; engines/sqlite/x.c in engines/sqlite; cli/main.c in cli."""
    parts = path.split("/")
    if parts[0] == "src":
        return parts[1]
    if parts[0] == "engines" and len(parts) > 2:
        return f"engines/{parts[1]}"
    return parts[0]


def _allowed(path: str, target: str) -> bool:
    room, seen = _room(path), _room(target)
    if seen == "include" or room == seen:
        return True
    if path in _REGISTRY:
        return seen in _ENGINE_SEES or seen.startswith("engines/")
    if room.startswith("engines/"):
        return seen in _ENGINE_SEES
    if room in _RANK:
        return _RANK.get(seen, len(_RANK)) < _RANK[room] or (room == "run" and target == "engines/registry.h")
    if room in ("cli", "studio"):
        return seen == "base"
    # Tests, benchmarks and tools look inside on purpose; examples are for strangers.
    return room in ("tests", "bench", "tools")


def _check_one(tree: Tree, path: str, line: int, quote: str, target: str) -> Optional[Finding]:
    if path.startswith("include/"):
        if target.startswith("brant/") or (quote == "<" and target in _LIBC):
            return None
        return Finding(path, line, "layer", f"a public header includes {target}", "use only <brant/...> and the C library",
                       f"{path}:{target}")
    if quote == "<":
        return None
    found = _resolve(tree, path, target)
    if found is None:
        return Finding(path, line, "layer", f"{target} is not in the tree",
                       'write "room/file.h", or <...> for a header of the system', f"{path}:{target}")
    if _allowed(path, found):
        return None
    return Finding(path, line, "layer", f"{_room(path)} must not see {_room(found)}",
                   "move the code to the right room, or the need to the left one", f"{path}:{found}")


@gate("layer")
def check_includes(tree: Tree) -> Iterator[Finding]:
    for path in tree.c_files():
        for number, line in tree.lines(path):
            match = _INCLUDE.match(line)
            finding = _check_one(tree, path, number, match[1], match[2]) if match else None
            if finding:
                yield finding
