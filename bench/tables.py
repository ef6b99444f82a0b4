# SPDX-License-Identifier: Apache-2.0
"""What the parts of docs/benchmarks.md share: tables, goals, and how values are written."""
from dataclasses import dataclass
from typing import Optional

from bench.measure import Series


@dataclass(frozen=True)
class Goal:
    what: str
    goal: str
    figure: str
    met: Optional[bool]

    def row(self) -> list:
        answer = {True: "met", False: "**not met**", None: "not measured"}[self.met]
        return [self.what, self.goal, self.figure, answer]


def table(head: list, rows: list) -> str:
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows]) + "\n"


def ms(value: float) -> str:
    if value >= 1000:
        return f"{value / 1000:.2f} s"
    return f"{value:.0f} ms" if value >= 100 else f"{value:.2f} ms" if value < 10 else f"{value:.1f} ms"


def time(series: Series) -> str:
    return f"{ms(series.ms)} ({ms(min(series.times_ms))} to {ms(max(series.times_ms))})"


def kilobytes(count: int) -> str:
    return f"{count / 1000:,.0f} kB"


def left_out(result) -> str:
    return "".join(f"\nLeft out: {name}, {reason}.\n" for name, reason in result.left_out.items())


def at_most(what: str, series: Series, base: Series, limit: float) -> Goal:
    ratio = series.over(base)
    return Goal(what, f"at most {limit} times the floor", f"{ratio:.2f}", ratio <= limit)


def within(what: str, value: float, limit: float, unit: str) -> Goal:
    return Goal(what, f"at most {limit:g} {unit}", f"{value:.2f} {unit}" if value < 10 else f"{value:.0f} {unit}",
                value <= limit)
