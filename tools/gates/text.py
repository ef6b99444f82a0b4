# SPDX-License-Identifier: Apache-2.0
"""Gates over the text of files: format, spelling, marks, licence."""
import re
from typing import Iterator

from gates.tree import Finding, Tree, gate

# Put together so that this file does not find itself.
_MARKS = re.compile(r"\b(?:TO" r"DO|FIX" r"ME|XX" r"X)\b(?! ?\(?#\d)")
_MACHINE_PATH = re.compile(r"(?<![\w.:/-])/(?:work|root)/")
_LICENCE = "SPDX-License-Identifier: Apache-2.0"


@gate("format")
def check_format(tree: Tree) -> Iterator[Finding]:
    files = tree.c_files()
    if not files:
        return
    seen = set()
    # clang-format reports on stderr, one line per place.
    output = tree.run(["clang-format-14", "--dry-run"], files, merge=True)
    for match in re.finditer(r"^(.+?):(\d+):\d+: warning: code should be clang-formatted", output, re.MULTILINE):
        if match[1] not in seen:
            seen.add(match[1])
            yield Finding(match[1], int(match[2]), "format", "not formatted", "run ./dev fmt")


@gate("whitespace")
def check_lines(tree: Tree) -> Iterator[Finding]:
    for path in tree.prose():
        text = tree.read(path)
        for number, line in tree.lines(path):
            if line != line.rstrip():
                yield Finding(path, number, "whitespace", "white space at the end of the line", "remove it")
            if "\t" in line:
                yield Finding(path, number, "whitespace", "tab", "use spaces")
        if not text.endswith("\n"):
            yield Finding(path, text.count("\n") + 1, "whitespace", "no newline at the end of the file", "add one")
        elif text.endswith("\n\n"):
            yield Finding(path, text.count("\n"), "whitespace", "empty line at the end of the file", "remove it")


@gate("licence")
def check_licence(tree: Tree) -> Iterator[Finding]:
    suffixes = (".c", ".h", ".py", ".cmake", "CMakeLists.txt")
    scripts = set(tree.scripts())
    for path in tree.files:
        if (path.endswith(suffixes) or path in scripts) and _LICENCE not in "".join(tree.read(path).split("\n")[:3]):
            yield Finding(path, 1, "licence", "no licence line", f'write "{_LICENCE}" as a comment at the top')


@gate("todo")
def check_todo(tree: Tree) -> Iterator[Finding]:
    for path in tree.prose():
        for number, line in tree.lines(path):
            if _MARKS.search(line):
                yield Finding(path, number, "todo", "a mark without an issue", "do it, or add (#number)")


@gate("path")
def check_paths(tree: Tree) -> Iterator[Finding]:
    for path in tree.prose():
        for number, line in tree.lines(path):
            if _MACHINE_PATH.search(line):
                yield Finding(path, number, "path", "a path of one machine", "make it relative")


@gate("spelling")
def check_spelling(tree: Tree) -> Iterator[Finding]:
    # The list has words that codespell takes for mistakes of others.
    output = tree.run(["codespell", "--ignore-words", "tools/spelling.txt"], tree.prose())
    for match in re.finditer(r"^(?:\./)?(.+?):(\d+): (.+)$", output, re.MULTILINE):
        yield Finding(match[1], int(match[2]), "spelling", match[3],
                      "correct it, or add the word to tools/spelling.txt")
