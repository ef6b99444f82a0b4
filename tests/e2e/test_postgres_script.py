# SPDX-License-Identifier: Apache-2.0
"""A script of 5,000 lines on PostgreSQL: it does what psql makes of it, and where it is broken, the
error has the line and column of the user's file, and nothing of it stays."""
import pathlib
import subprocess

import script_postgres
import servers
import support
import support_postgres

OFF = "-- brant: transaction=off\n"
OBJECTS = ("SELECT oid::regclass::text FROM pg_class WHERE relnamespace > 16383 OR relnamespace = 'public'::regnamespace"
           " AND relname NOT LIKE 'brant\\_%' UNION ALL SELECT proname FROM pg_proc WHERE oid > 16383"
           " UNION ALL SELECT typname FROM pg_type WHERE oid > 16383 AND typname !~ '^_?brant_'"
           " UNION ALL SELECT nspname FROM pg_namespace WHERE oid > 16383 AND nspname !~ '^pg_(toast_)?temp_'")


class Case(support_postgres.Case):
    def by_psql(self, text: str, *options) -> str:
        """What the database has when psql ran the text."""
        q = self.project()
        path = pathlib.Path(q.at("script.sql"))
        path.write_bytes(text.encode())
        done = subprocess.run(
            [f"{servers.postgres_bin()}/psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-o", "/dev/null", *options,
             "-f", path, q.database.url()], env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}, capture_output=True,
            text=True, timeout=60 * support.PATIENCE, check=False)
        self.assertEqual(done.returncode, 0, done.stderr[-2000:])
        return q.dump()

    def assertFailsAt(self, result, where: tuple, state: str, file: str = "1_a.up.sql") -> None:
        """where: line and column."""
        self.assertEqual(result.code, 1, result)
        self.assertRegex(result.err, rf"{file}:{where[0]}:{where[1]}\b", result)
        self.assertSays(result, rf"\b{state}\b" if state else "", where="err")


class Whole(Case):
    """Unchanged, as psql does it."""

    def test_it_is_long_and_has_everything_in_it(self):
        text, _ = script_postgres.script()
        self.assertGreaterEqual(text.count("\n"), 5000)
        self.assertGreaterEqual(len(script_postgres.places()), 50)
        for word in ("CREATE FUNCTION", "BEGIN ATOMIC", "CREATE PROCEDURE", "CREATE AGGREGATE", "TRIGGER", "POLICY",
                     "PARTITION OF", "FROM stdin", "\n\\.\n", "FORMAT csv", "AS ENUM", "DOMAIN", "CREATE TYPE",
                     "CREATE VIEW", "MATERIALIZED", "RULE", "DO $$", "GRANT", "REVOKE", "U&'", "E'", "ü", "日", "😀"):
            self.assertIn(word, text)

    def test_up_in_one_transaction(self):
        text, _ = script_postgres.script()
        p = self.project().pairs({"1_a": text})
        p.up()
        self.assertDone(p, ["1_a"])
        self.assertEqual(p.dump(), self.by_psql(text, "-1"))

    def test_down(self):
        text, _ = script_postgres.script()
        p = self.project().pairs({"1_a": ("SELECT 1;", text)})
        p.up()
        p.down()
        self.assertDone(p, [])
        self.assertEqual(p.dump(), self.by_psql(text, "-1"))

    def test_without_a_transaction(self):
        text, _ = script_postgres.script(together=False)
        p = self.project().pairs({"1_a": OFF + text})
        p.up(timeout=120)
        self.assertDone(p, ["1_a"])
        self.assertEqual(p.dump(), self.by_psql(text))

    def test_lines_of_windows_and_a_byte_order_mark(self):
        text, _ = script_postgres.script(end="\r\n")
        p = self.project().pairs({"1_a": "\ufeff" + text})
        p.up()
        self.assertEqual(p.dump(), self.by_psql("\ufeff" + text, "-1"))

    def test_a_dump_is_a_migration(self):
        text, _ = script_postgres.script()
        p = self.project().pairs({"1_a": text})
        p.up()
        dump = subprocess.run([f"{servers.postgres_bin()}/pg_dump", "--no-owner", "-T", "brant_*",
                               p.database.url(servers.SUPERUSER)], capture_output=True, text=True, check=True,
                              timeout=60 * support.PATIENCE).stdout
        # Newer ones begin and end with commands for psql, which the error says to remove.
        self.assertRefused(self.project().pairs({"1_a": "\\restrict x\n" + dump}).run("up"), "restrict", "remove")
        lines = [line for line in dump.split("\n") if not line.startswith(("\\restrict", "\\unrestrict",
                                                                           "CREATE SCHEMA public"))]
        q = self.project().pairs({"1_dump": "\n".join(lines), "2_b": "CREATE TABLE behind (a int);"})
        q.up()
        q.sql("DROP TABLE behind")
        self.assertEqual(q.dump(), self.by_psql("\n".join(lines)))


class Broken(Case):
    """In one place each."""

    def each(self, end: str, head: str, every: int):
        p = self.project().pairs({"1_a": ""})
        every *= 5 if support.SANITIZED else 1
        for place in script_postgres.places()[::every]:
            with self.subTest(place=str(place)):
                text, where = script_postgres.script(place, end=end)
                p.pairs({"1_a": head + text})
                result = p.run("up")
                self.assertFailsAt(result, where, place.state)
                self.assertEqual(p.sql(OBJECTS), [])
                self.assertEqual(p.completed(), [])

    def test_each_place_has_its_line_and_column_and_nothing_stays(self):
        self.each("\n", "", 1)

    def test_lines_of_windows_and_a_byte_order_mark(self):
        self.each("\r\n", "\ufeff", 6)

    def test_the_copy_of_a_row_that_refers_to_nothing_and_of_rows_that_end_early(self):
        tables = "CREATE TABLE a (x int PRIMARY KEY);\nCREATE TABLE b (x int REFERENCES a);\n"
        for text, where, state in (
                (tables + "SELECT 'ü'; COPY b FROM stdin;\n1\n\\.\n", (3, 13), "23503"),
                (tables + "COPY b FROM stdin (FORMAT csv);\n\"1\n2\n\\.\n", (4, 1), "22P04"),
                (tables + "COPY b FROM stdin;\n1\n", (3, 1), "")):
            with self.subTest(text=text):
                p = self.project().pairs({"1_a": text})
                self.assertFailsAt(p.run("up"), where, state)
                self.assertEqual(p.tables(), [])

    def test_a_value_of_a_copy_has_its_column(self):
        table = "CREATE TABLE t (a text, \"b c\" int NOT NULL, d date);\n"
        listed, all_of_it = "COPY t (d, a, \"b c\") FROM stdin;\n", "COPY t FROM stdin;\n"
        for text, where, state in (
                (listed + "2024-01-01\tüü😀\t1\n2024-01-02\tö\\\tx\tzwei\n\\.\n", (4, 17), "22P02"),
                (listed + "2024-01-01\tü\t1\nmorgen\tb c: x\t1\n\\.\n", (4, 1), "22007"),
                (listed + "2024-01-01\tü\t\\N\n\\.\n", (3, 1), "23502"),
                (listed + "2024-01-01\n\\.\n", (3, 1), "22P04"),
                (all_of_it + "ü\t1\t2024-13-01\n\\.\n", (3, 5), "22008"),
                (all_of_it + "x\tx\t2024-12-01\n\\.\n", (3, 1), "22P02"),
                (listed.replace(";", " (FORMAT csv);") + "2024-01-01,ü,zwei\n\\.\n", (3, 1), "22P02")):
            for end in ("\n", "\r\n"):
                with self.subTest(text=text, end=end):
                    p = self.project().pairs({"1_a": (table + text).replace("\n", end)})
                    self.assertFailsAt(p.run("up"), where, state)
                    self.assertEqual(p.tables(), [])

    def test_what_fails_at_the_commit_leaves_nothing(self):
        p = self.project().pairs({
            "1_a": "CREATE TABLE a (x int PRIMARY KEY);\nCREATE TABLE b (x int REFERENCES a DEFERRABLE INITIALLY "
                   "DEFERRED);\n", "2_b": "INSERT INTO b VALUES (7);\nINSERT INTO a VALUES (8);\n",
            "3_c": "CREATE TABLE c (x int);\n"})
        result = p.run("up", check=1)
        self.assertSays(result, r"2_b\.up\.sql", "23503", where="err")
        self.assertEqual((p.tables(), p.completed()), (["a", "b"], ["1_a"]))
        self.assertEqual(p.sql("SELECT * FROM a"), [])

    def test_down_fails_with_its_file_and_takes_nothing_back(self):
        p = self.project().pairs({"1_a": ("CREATE TABLE a (x int);", "DROP TABLE a;\n\n  SELECT 'ä', nope;\n")})
        p.up()
        self.assertFailsAt(p.run("down"), (3, 15), "42703", file="1_a.down.sql")
        self.assertEqual(p.tables(), ["a"])


class Placeholders(Case):
    """Positions are those of the file, whatever stands for a name."""

    ON = "-- brant: placeholders=on\n"
    ENV = {"ONE": "1", "LONG": "'" + "ü😀" * 50 + "'", "LINES": "1,\n2,\n3", "COLUMN": "nope"}

    def fails(self, text: str, where: tuple, state: str) -> None:
        with self.subTest(text=text):
            p = self.project().pairs({"1_a": self.ON + text})
            self.assertFailsAt(p.run("up", env=self.ENV), where, state)
            self.assertEqual(p.sql(OBJECTS), [])

    def test_behind_one_and_inside_one(self):
        for before in ("${ONE}", "${LONG}", "${LINES}", "$${ONE}", "${ONE}, ${LONG}, ${LINES}"):
            text = f"SELECT {before}".replace("$${ONE}", "'$${ONE}'")
            self.fails(f"{text}, nope;\n", (2, len(text) + 3), "42703")
            self.fails(f"{text},\n  nope;\n", (3, 3), "42703")
        self.fails("SELECT 1, 'ä', ${COLUMN};\n", (2, 16), "42703")
        self.fails("SELECT ${ONE} FROM x${ONE}, ${COLUMN};\n", (2, 20), "42P01")
        self.fails("SELECT ${LINES} +;\n", (2, 18), "42601")

    def test_in_functions_and_blocks(self):
        self.fails("CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$\n  SELECT ${ONE} + nope $$;\n", (3, 19), "42703")
        self.fails("DO $$\nBEGIN\n  PERFORM ${LINES},\n  ${LONG}, nope;\nEND $$;\n", (5, 12), "42703")
        self.fails("DO $$\nBEGIN\n  PERFORM ${LINES};\n  RAISE '${ONE}';\nEND $$;\n", (5, 3), "P0001")

    def test_rows_are_not_touched(self):
        self.fails("CREATE TABLE t${ONE} (a text, b int);\nCOPY t${ONE} (a, b) FROM stdin;\n${ONE}\t1\n"
                   "${nothing\tx\n\\.\n", (5, 11), "22P02")
        p = self.project().pairs({"1_a": self.ON + "CREATE TABLE t (a text);\nCOPY t FROM stdin;\n${ONE}\n\\.\n"})
        p.up(env=self.ENV)
        self.assertEqual(p.sql("SELECT a FROM t"), [("${ONE}",)])


class Session(Case):
    def test_statements_that_a_file_prepares_and_drops_are_its_own(self):
        plan = "PREPARE mine (int) AS SELECT $1;\nEXECUTE mine (1);\nDEALLOCATE mine;\n"
        plan += "CREATE TABLE t{0} (a int);\nDISCARD PLANS;\nDISCARD SEQUENCES;\n"
        p = self.project().pairs({f"{n}_a": (OFF if n % 3 == 0 else "") + plan.format(n) for n in range(1, 8)})
        p.up()
        self.assertEqual(p.tables(), [f"t{n}" for n in range(1, 8)])
        self.assertDone(p, [f"{n}_a" for n in range(1, 8)])


if __name__ == "__main__":
    support.main()
