# SPDX-License-Identifier: Apache-2.0
"""Reminding of a backup before data is lost."""
import support
from support import AUDIT, audit


def lossy(case):
    return support.Project(case).pairs({
        "1_a": (AUDIT + audit("a") + "CREATE TABLE t (x, y);\n", "DROP TABLE t;\n"),
        "2_b": (audit("b") + "ALTER TABLE t DROP COLUMN y;\n", "ALTER TABLE t ADD COLUMN y;\nDELETE FROM t;\n")})


class Reminder(support.Case):
    def test_S_C45_a_destructive_run_reminds_unless_a_backup_is_recorded(self):
        p = lossy(self)
        self.assertNotIn("backup", p.up("1").err)
        result = p.up()
        self.assertSays(result, "backup", r"migrations/2_b\.up\.sql:2", where="err")
        self.assertEqual(p.tokens(), ["a", "b"])
        result = p.run("down", check=0)
        self.assertSays(result, "backup", r"2_b\.down\.sql:2", where="err")
        p.up(env={"BRANT_BACKUP_RECORDED": "tape 7"})
        result = p.run("down", "--backup-recorded", "tape 7", check=0)
        self.assertNotIn("loses data", result.err)
        entries = p.run("history", "--verify", "--json", check=0).json()["entries"]
        self.assertEqual([e["detail"] for e in entries[-2:]], ["backup: tape 7"] * 2)
        self.assertEqual({e["detail"] for e in entries[:-2]}, {None})

    def test_the_event_has_id_and_place(self):
        p = lossy(self)
        p.up("1")
        events = [e for e in p.up("--progress=json").events() if e["event"] == "warning"]
        self.assertEqual([(e["id"], e["migration"], e["file"], e["line"]) for e in events],
                         [("run.backup", "2_b", "migrations/2_b.up.sql", 2)])

    def test_plan_marks_the_statements(self):
        p = lossy(self)
        text = p.run("plan", check=0).out
        self.assertRegex(text, r"(?m)^  migrations/2_b\.up\.sql:2  alter table, loses data$")
        self.assertEqual(text.count("loses data"), 1)
        steps = p.run("plan", "--json", check=0).json()["steps"]
        self.assertEqual([[s["destructive"] for s in step["statements"]] for step in steps],
                         [[False, False, False], [False, True]])


if __name__ == "__main__":
    support.main()
