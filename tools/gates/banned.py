# SPDX-License-Identifier: Apache-2.0
"""Functions that no source may call, and those that a library must not.

The sources give the line; the objects show what a macro or a header hid.
"""
import re
from typing import Iterator

from gates import csource
from gates.tree import Finding, Tree, gate

_EVERYWHERE = {
    "strcpy": "use brn_buf or snprintf",
    "strcat": "use brn_buf or snprintf",
    "sprintf": "use brn_buf or snprintf",
    "vsprintf": "use brn_buf or vsnprintf",
    "gets": "use fgets or brn_file",
    "strtok": "use the views of base/str.h",
    "atoi": "use a function that reports overflow",
    "atol": "use a function that reports overflow",
    "atoll": "use a function that reports overflow",
    "atof": "use a function that reports overflow",
    "gmtime": "use base/clock.h",
    "localtime": "use base/clock.h",
    "ctime": "use base/clock.h",
    "asctime": "use base/clock.h",
    "strerror": "use brn_platform_errno_text()",
}
_PRINTS = "a library does not print: report an event or an error"
_ENDS = "a library does not end its host: return an error"
_ENVIRONMENT = "a library does not read the environment: take a setting"
_SIGNALS = "a library does not touch signal handlers"
_IN_LIBRARY = {
    "printf": _PRINTS, "vprintf": _PRINTS, "puts": _PRINTS, "putchar": _PRINTS, "perror": _PRINTS,
    "exit": _ENDS, "_Exit": _ENDS, "quick_exit": _ENDS, "abort": _ENDS,
    "getenv": _ENVIRONMENT, "secure_getenv": _ENVIRONMENT, "setenv": _ENVIRONMENT, "putenv": _ENVIRONMENT,
    "unsetenv": _ENVIRONMENT,
    "signal": _SIGNALS, "sigaction": _SIGNALS,
    "setlocale": "a library does not change the locale of its host",
}
_STREAMS = {"stdout": _PRINTS, "stderr": _PRINTS, "environ": _ENVIRONMENT}

LIBRARY = ("src/", "engines/")


def _rules(path: str) -> dict[str, str]:
    return {**_EVERYWHERE, **_IN_LIBRARY} if path.startswith(LIBRARY) else _EVERYWHERE


def _finding(path: str, line: int, name: str, remedy: str, kind: str = "banned") -> Finding:
    return Finding(path, line, kind, f"{name} is banned here", remedy, f"{path}:{name}")


@gate("banned")
def check_sources(tree: Tree) -> Iterator[Finding]:
    for path in tree.c_files():
        text = csource.code(tree.read(path))
        rules = _rules(path)
        # Members are somebody else's: a table's own .exit or ->signal is fine.
        for match in re.finditer(r"(?<![\w.])(?<!->)(" + "|".join(rules) + r")\s*\(", text):
            yield _finding(path, csource.line_of(text, match.start()), match[1], rules[match[1]])
        if path.startswith(LIBRARY):
            for match in re.finditer(r"(?<![\w.])(?<!->)(" + "|".join(_STREAMS) + r")\b", text):
                yield _finding(path, csource.line_of(text, match.start()), match[1], _STREAMS[match[1]])


def objects(tree: Tree) -> Iterator[tuple[str, str]]:
    """Each object of the dev build with its source."""
    for path in sorted(tree.build.rglob("*.c.o")):
        inside = re.sub(r"^.*?\.dir/", "", str(path.relative_to(tree.build)))
        source = inside[:-len(".o")]
        if "/CMakeFiles/" in str(path.relative_to(tree.build)):
            source = f"{path.relative_to(tree.build).parts[0]}/{source}"
        if source in tree.files:
            yield str(path), source


@gate("banned-symbol")
def check_objects(tree: Tree) -> Iterator[Finding]:
    for path, source in objects(tree):
        rules = {**_rules(source), **(_STREAMS if source.startswith(LIBRARY) else {})}
        for symbol in tree.run(["nm", "--undefined-only", "--format=posix", path]).split("\n"):
            # A fortified build calls __printf_chk for printf.
            name = re.sub(r"^__(\w+)_chk$", r"\1", symbol.partition(" ")[0])
            if name in rules and not _in_source(tree, source, name):
                remedy = rules[name] + " (a macro or a header brings it in)"
                yield _finding(source, 1, name, remedy, "banned-symbol")


def _in_source(tree: Tree, source: str, name: str) -> bool:
    """Then check_sources has it, with the line."""
    return re.search(rf"\b{name}\b", csource.code(tree.read(source))) is not None
