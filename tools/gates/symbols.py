# SPDX-License-Identifier: Apache-2.0
"""What leaves the libraries, and that they keep no state of their own."""
import re
from typing import Iterator

from gates import csource
from gates.banned import LIBRARY, objects
from gates.tree import Finding, Tree, gate


_MODULE = {"brn_engine_build", "brn_engine_module"}


def _place(tree: Tree, name: str, folders: tuple[str, ...] = LIBRARY) -> tuple[str, int]:
    """Where a name is defined, as well as a text search can tell: a line that starts with its type."""
    pattern = re.compile(rf"^(?![ #}}])[^\n;=]*\b{re.escape(name)}\b", re.MULTILINE)
    for path in tree.c_files(*folders):
        text = csource.code(tree.read(path))
        match = pattern.search(text) if path.endswith(".c") else None
        if match:
            return path, csource.line_of(text, match.end())
    return "src/libbrant.map", 1


def _finding(tree: Tree, name: str, what: str, remedy: str) -> Finding:
    path, line = _place(tree, name)
    return Finding(path, line, "symbol", f"{name} {what}", remedy, name)


@gate("symbol")
def check_shared(tree: Tree) -> Iterator[Finding]:
    """brant_* in the public node, declared in a public header; brn_* in the private one."""
    library = tree.build / "libbrant.so"
    if not library.exists():
        yield Finding("CMakeLists.txt", 1, "symbol", "the build has no libbrant.so", "run ./dev build")
        return
    headers = "".join(csource.code(tree.read(path)) for path in tree.c_files("include/"))
    output = tree.run(["nm", "-D", "--defined-only", "--with-symbol-versions", str(library)])
    for kind, name, node in re.findall(r"^\S+ (\w) (\w[\w.]*)(?:@+(\S+))?$", output, re.MULTILINE):
        if kind == "A":
            continue
        wanted = "brn_" if node.startswith("BRANT_PRIVATE_") else "brant_"
        if not node or not name.startswith(wanted):
            yield _finding(tree, name, f"leaves libbrant.so in the node {node or 'without a name'}",
                           "see src/libbrant.map")
        elif wanted == "brant_" and not re.search(rf"\b{name}\b", headers):
            yield _finding(tree, name, "is in no public header", "declare it there, or call it brn_")


@gate("symbol")
def check_modules(tree: Tree) -> Iterator[Finding]:
    """A module shows its table and its version, and needs the library of this version only."""
    for module in sorted(tree.build.glob("brant-*.so")):
        output = tree.run(["nm", "-D", str(module)])
        defined = set(re.findall(r"^[0-9a-f]+ \w (\w+)$", output, re.MULTILINE))
        for name in sorted(defined - _MODULE):
            yield _finding(tree, name, f"leaves {module.name}", "see engines/module.map")
        for name in sorted(_MODULE - defined):
            yield Finding("engines/module.map", 1, "symbol", f"{module.name} has no {name}",
                          "see engines/module.c", name)
        for name in re.findall(r"^ +U (brant_\w+|brn_\w+)$", output, re.MULTILINE):
            yield Finding("engines/module.map", 1, "symbol", f"{module.name} takes any {name}",
                          "link it with libbrant", name)


@gate("symbol")
def check_static(tree: Tree) -> Iterator[Finding]:
    """A static library shares one space of names with its host's."""
    output = tree.run(["nm", "-g", "--defined-only", str(tree.build / "libbrant.a")])
    for name in re.findall(r"^[0-9a-f]+ \w (\S+)$", output, re.MULTILINE):
        if not name.startswith(("brant_", "brn_")):
            yield _finding(tree, name, "is visible to users of libbrant.a", "make it static, or call it brn_")


@gate("global")
def check_globals(tree: Tree) -> Iterator[Finding]:
    """Mutable data lies in .data and .bss; what is constant but for addresses in .data.rel.ro."""
    mutable = re.compile(r"\.(?:data|bss|tdata|tbss)(?:\.(?!rel\.ro).*)?$")
    for path, source in objects(tree):
        if not source.startswith(LIBRARY):
            continue
        for row in tree.run(["nm", "--format=sysv", "--defined-only", path]).split("\n"):
            cells = [cell.strip() for cell in row.split("|")]
            if len(cells) == 7 and cells[3] == "OBJECT" and mutable.match(cells[6]):
                # A static inside a function has a number behind its name.
                name = cells[0].partition(".")[0]
                line = _line(tree, source, name)
                yield Finding(source, line, "global", f"{name} is mutable for the whole process",
                              "keep it in a handle, or make it const", f"{source}:{name}")


def _line(tree: Tree, source: str, name: str) -> int:
    match = re.search(rf"\b{re.escape(name)}\b", csource.code(tree.read(source)))
    return csource.line_of(tree.read(source), match.start()) if match else 1
