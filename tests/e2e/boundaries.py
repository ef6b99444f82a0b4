# SPDX-License-Identifier: Apache-2.0
"""Interruptions at every boundary that the fault engine counts, on any engine.

Each operation of each program has one boundary before it and one behind it. A run that was interrupted at
one of them, and is started again, ends in the database of an undisturbed run.
"""
import re
import signal
import sys

import support
import workloads

FAULTS = {"kill": "killed", "fail": "call fails", "drop": "answer lost", "lose": "connection lost"}


class Boundaries(support.Case):
    """table: fault_table.Table of the file. names: of the workloads. stride: one of so many is tried.
    effects: see workloads.took_effect()."""

    table, names, stride, effects = None, {}, 1, workloads.EFFECTS

    # --- what an engine does in its own way

    def prepare(self, p, **more) -> None:
        """Before anything runs."""

    def keep(self, p) -> None:
        workloads.keep(p, "before")

    def restore(self, p) -> None:
        workloads.restore(p, "before")

    def assertSound(self, p) -> None:
        self.assertEqual(p.dump()["integrity"], "ok")

    # --- the points

    def count(self, p, direction, *options) -> int:
        result = p.fault("count", direction, *options, check=0)
        found = re.search(r"boundaries: (\d+)", result.text)
        self.assertTrue(found, result)
        return int(found[1])

    def prepared(self, workload, direction="up", tx="each", **more):
        """The project, the command and the state to end in."""
        p = self.project(memory=True).pairs(workload)
        self.prepare(p, **more)
        command = [direction, *(["--all"] if direction == "down" else []), "--tx", tx]
        if direction == "down":
            p.up()
        self.keep(p)
        p.run(*command, check=0)
        expected = p.dump(), [row["id"] for row in p.ledger()]
        self.assertSound(p)
        return p, command, expected

    def interrupt(self, p, fault, at, last, direction, options) -> support.Result:
        self.restore(p)
        result = p.fault(f"{fault}@{at}", direction, *options)
        if fault == "kill":
            self.assertEqual(result.code, -signal.SIGKILL if at <= last else 0, result)
        elif at <= last:
            self.assertIn(result.code, (0, 1), result)
        else:
            self.assertEqual(result.code, 0, result)
        return result

    def every(self, workload, direction="up", fault="kill", tx="each", options=(), answers=False, told="",
              **more):
        """told: what is special about the run."""
        p, command, expected = self.prepared(workload, direction, tx, **more)
        self.restore(p)
        options = (*options, "--set", f"tx={tx}")
        last = self.count(p, direction, *options)
        self.assertGreater(last, 10)
        name = ", ".join(filter(None, (self.names[id(workload)], direction, told)))
        mode = "none in the engine" if options[:1] == ("--hide-caps",) else tx
        given = points = 0
        # One beyond the end does no harm and proves that the count is right.
        for at in [*range(1, last + 1, self.stride), last + 1]:
            with self.table.point(name, mode, FAULTS[fault], f"{fault} at {at} of {last}") as point:
                points += 1
                result = self.interrupt(p, fault, at, last, direction, options)
                point.answers = workloads.finish(p, *command, effects=self.effects)
                given += point.answers
                self.assertEqual(p.dump(), expected[0], result)
                self.assertDone(p, expected[1])
                if points % 10 == 0:
                    p.run("history", "--verify", check=0)
                    p.run("validate", check=0)
        self.table.check(self)
        if not answers:
            self.assertEqual(given, 0, "a transactional run asked for a decision")
        print(f"{self.id()}: {points} of {last} boundaries, {given} answers", file=sys.stderr)
