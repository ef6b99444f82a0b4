# SPDX-License-Identifier: Apache-2.0
"""Migrations that say what they require."""
import support
from support import AUDIT, audit


def node(token, requires=None, more=""):
    head = f"-- brant: requires={requires}\n" if requires else ""
    return head + more + audit(token), audit("down " + token)


def diamond():
    return {
        "1_root": (AUDIT + audit("root"), "DROP TABLE audit;"),
        "4_left": node("left", "1_root"), "3_right": node("right", "1_root"),
        "2_bottom": node("bottom", "4_left,3_right")}


class Order(support.Case):
    def test_S_B1_diamond_runs_each_once_parents_first(self):
        p = self.project().pairs(diamond())
        p.up()
        self.assertEqual(p.tokens()[0], "root")
        self.assertEqual(sorted(p.tokens()[1:3]), ["left", "right"])
        self.assertEqual(p.tokens()[3:], ["bottom"])
        p.up()
        self.assertEqual(len(p.tokens()), 4)

    def test_S_B10_number_does_not_order_what_requires_does(self):
        p = self.project().pairs({
            "20240101_child": node("child", "20250101_parent"),
            "20250101_parent": ("-- brant: requires=none\n" + AUDIT + audit("parent"), None)})
        p.up()
        self.assertEqual(p.tokens(), ["parent", "child"])

    def test_same_order_every_time(self):
        p = self.project().pairs(diamond())
        for n in range(3):
            p.up("-d", f"sqlite:{n}.db")
        self.assertEqual(p.tokens("0.db"), p.tokens("1.db"))
        self.assertEqual(p.tokens("0.db"), p.tokens("2.db"))

    def test_S_B11_requirements_are_stored(self):
        p = self.project().pairs(diamond())
        p.up()
        stored = {row["id"]: row["requires"] for row in p.ledger()}
        self.assertEqual(set(stored["2_bottom"].split(",")), {"4_left", "3_right"})
        found = {m["id"]: m["requires"] for m in p.status()["migrations"]}
        self.assertEqual(sorted(found["2_bottom"]), ["3_right", "4_left"])

    def test_S_B12_min_read_version_is_stored(self):
        p = self.project().pairs({"1_a": "-- brant: min-read-version=1.10.0\n" + AUDIT})
        p.up()
        self.assertEqual(p.ledger()[0]["min_read_version"], "1.10.0")
        self.assertEqual(p.status()["migrations"][0]["min_read_version"], "1.10.0")

    def test_none_needs_no_predecessor(self):
        p = self.project().pairs({
            "1_a": "INSERT INTO nowhere VALUES (1);\n",
            "2_b": "-- brant: requires=none\n" + AUDIT + audit("b")})
        p.up("--to", "2_b")
        self.assertEqual(p.tokens(), ["b"])

    def test_to_brings_only_its_ancestors(self):
        p = self.project().pairs(diamond())
        p.up("--to", "3_right")
        self.assertEqual(p.tokens(), ["root", "right"])
        p.up("--to", "2_bottom")
        self.assertEqual(p.tokens(), ["root", "right", "left", "bottom"])

    def test_a_node_of_a_graph_is_never_late(self):
        p = self.project().pairs({"1_a": AUDIT, "5_e": node("e", "1_a")})
        p.up()
        p.pairs({"3_c": node("c", "1_a")})
        p.up()
        self.assertEqual(p.tokens(), ["e", "c"])

    def test_list_is_in_dependency_order(self):
        p = self.project().pairs(diamond())
        out = p.run("list", check=0).out
        ids = [line.split(":")[0].split()[0] for line in out.splitlines() if line.strip()]
        self.assertEqual((ids[0], ids[-1]), ("1_root", "2_bottom"))


class Wrong(support.Case):
    def refused(self, migrations, *words):
        p = self.project().pairs(migrations)
        result = p.run("up")
        self.assertRefused(result, *words)
        self.assertFalse(p.exists("app.db"))
        return result

    def test_S_B4_cycle_is_printed(self):
        self.refused({"1_a": AUDIT, "2_b": node("b", "4_d"), "3_c": node("c", "2_b"),
                      "4_d": node("d", "3_c")}, "cycle", "2_b", "3_c", "4_d")

    def test_S_B4_requiring_itself(self):
        self.refused({"1_a": node("a", "1_a")}, "cycle|itself", "1_a")

    def test_S_B5_unknown_requirement_names_both(self):
        result = self.refused({"1_a": AUDIT, "2_b": node("b", "1_aa")}, "2_b", "1_aa")
        self.assertAt(result, "2_b.up.sql", 1)

    def test_S_B6_duplicate_id(self):
        p = self.project().pairs({"1_a": AUDIT})
        p.write({"migrations/01_a.up.sql": audit("x")})
        self.assertRefused(p.run("up"), r"1_a\.up\.sql", r"01_a\.up\.sql")


class Down(support.Case):
    def test_refuses_while_a_completed_dependent_remains(self):
        p = self.project().pairs(diamond())
        p.up()
        p.run("mark", "3_right", "--as", "pending", check=0)
        p.run("mark", "3_right", check=0)
        # 3_right was recorded last now, but 2_bottom needs it.
        before = p.dump(), p.ledger()
        self.assertRefused(p.run("down"), "3_right", "2_bottom")
        self.assertEqual((p.dump(), p.ledger()), before)
        p.down("2")
        self.assertEqual(sorted(p.completed()), ["1_root", "4_left"])

    def test_reverse_order_of_application(self):
        p = self.project().pairs(diamond())
        p.up()
        order = p.completed()
        p.down("3")
        self.assertEqual([token[5:] for token in p.tokens() if token.startswith("down")],
                         [name.split("_")[1] for name in reversed(order[1:])])

    def test_goto_and_force_need_a_chain(self):
        p = self.project().pairs(diamond())
        p.up()
        before = p.dump(), p.ledger()
        self.assertRefused(p.run("goto", "1_root"), "chain|mark|graph", codes=(1, 2))
        self.assertRefused(p.run("force", "1_root"), "chain|mark|graph", codes=(1, 2))
        self.assertEqual((p.dump(), p.ledger()), before)


class Manual(support.Case):
    def test_S_B8_manual_is_shown_never_run_and_blocks(self):
        p = self.project().pairs({
            "1_a": AUDIT + audit("1"),
            "2_b": '-- brant: kind=manual help="Call the operator"\n' + audit("manual"),
            "3_c": audit("3")})
        result = p.run("up")
        self.assertIn(result.code, (4, 5, 6, 7), result)
        self.assertSays(result, "2_b", "Call the operator")
        self.assertEqual(p.tokens(), ["1"])
        p.run("mark", "2_b", check=0)
        p.up()
        self.assertEqual(p.tokens(), ["1", "3"])


class Databases(support.Case):
    def test_requirement_in_another_database(self):
        p = self.project(url=None)
        p.pairs({"1_users": AUDIT + audit("users")}, folder="migrations/main")
        p.pairs({"1_log": "-- brant: requires=main:1_users\n" + AUDIT + audit("log")},
                folder="migrations/events")
        p.write({"brant.yaml": "databases:\n"
                               "  events: { url: \"sqlite:e.db\", migrations: migrations/events }\n"
                               "  main: { url: \"sqlite:m.db\", migrations: migrations/main }\n"})
        result = p.up("--progress=json")
        started = [event["migration"] for event in result.events()
                   if event["event"] == "migration_start"]
        self.assertEqual(started, ["1_users", "1_log"])
        self.assertEqual((p.tokens("m.db"), p.tokens("e.db")), (["users"], ["log"]))


if __name__ == "__main__":
    support.main()
