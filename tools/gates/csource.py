# SPDX-License-Identifier: Apache-2.0
"""Just enough C to tell code from comments and literals."""
import re
from typing import Iterator

_TOKEN = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.DOTALL)


def code(text: str) -> str:
    """The text with comments and literals blanked; lines and columns stay."""
    return _TOKEN.sub(lambda match: re.sub(r"[^\n]", " ", match.group()), text)


def strings(text: str) -> Iterator[tuple[int, str]]:
    """String literals with their lines, without those of #include."""
    for match in _TOKEN.finditer(text):
        start = text.rfind("\n", 0, match.start()) + 1
        if match.group().startswith('"') and not text[start:match.start()].lstrip().startswith("#include"):
            yield text.count("\n", 0, match.start()) + 1, match.group()[1:-1]


def line_of(text: str, offset: int) -> int:
    return text.count("\n", 0, offset) + 1
