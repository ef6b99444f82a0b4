# SPDX-License-Identifier: Apache-2.0
"""validate --round-trip: down scripts that do not undo their up scripts."""

import support


class RoundTrip(support.Case):
    def setUp(self):
        super().setUp()
        self.p = self.project()

    def check(self, pairs, code):
        self.p.pairs(pairs)
        result = self.p.run("validate", "--round-trip", check=code)
        self.assertFalse(self.p.exists("app.db"), "the project's own database is not touched")
        return result

    def test_S_A27_good_pairs_are_valid(self):
        result = self.check({
            "001_a": ("CREATE TABLE a (x);\nCREATE INDEX a_x ON a (x);",
                      "DROP INDEX a_x;\nDROP TABLE a;"),
            "002_b": ("ALTER TABLE a ADD COLUMN y;", "ALTER TABLE a DROP COLUMN y;"),
        }, 0)
        self.assertIn("valid", result.out)

    def test_S_A27_an_object_that_is_left_is_found(self):
        result = self.check({
            "001_a": ("CREATE TABLE a (x);", "DROP TABLE a;"),
            "002_b": ("CREATE TABLE b (x);\nCREATE VIEW v AS SELECT 1;", "DROP TABLE b;"),
        }, 9)
        self.assertRegex(result.out, r'"002_b".*view "v" is left')
        self.assertIn("002_b.down.sql", result.out)

    def test_S_A27_an_index_dropped_as_a_table_is_found(self):
        result = self.check({
            "001_a": ("CREATE TABLE a (x);", "DROP TABLE a;"),
            "002_i": ("CREATE INDEX IF NOT EXISTS a_x ON a (x);", "DROP TABLE IF EXISTS a_x;"),
        }, 9)
        self.assertRegex(result.out, r'index "a_x" is left')
        self.assertIn("002_i.down.sql", result.out)

    def test_a_changed_definition_is_found(self):
        result = self.check({
            "001_a": ("CREATE TABLE a (x INTEGER);", "DROP TABLE a;"),
            "002_b": ("DROP TABLE a;\nCREATE TABLE a (x TEXT);",
                      "DROP TABLE a;\nCREATE TABLE a (x BLOB);"),
        }, 9)
        self.assertRegex(result.out, r'"002_b".*table "a" is not as it was')

    def test_S_A26_an_up_without_down_is_a_warning(self):
        result = self.check({"001_a": "CREATE TABLE a (x);"}, 0)
        self.assertRegex(result.out, r'"001_a" has no down')

    def test_json(self):
        self.p.pairs({"001_a": ("CREATE TABLE a (x);", "SELECT 1;")})
        doc = self.p.run("validate", "--round-trip", "--json", check=9).json()
        self.assertFalse(doc["valid"])
        self.assertIn("round_trip.not_undone", [f["id"] for f in doc["findings"]])


if __name__ == "__main__":
    support.main()
