# SPDX-License-Identifier: Apache-2.0
"""Bad input: each kind ends in a message that says where, what, and what to do."""
import os

import support
from support import AUDIT, audit, as_nobody, skip_unless_nobody_can


class Folders(support.Case):
    def test_no_migrations_directory(self):
        p = self.project()
        self.assertRefused(p.run("up"), "migrations", codes=(2,))
        self.assertEqual(p.listing(), [])

    def test_empty_directory_says_so(self):
        p = self.project()
        os.mkdir(p.at("migrations"))
        result = p.up()
        self.assertSays(result, "no migration|nothing|empty", "migrations|nothing")
        self.assertFalse(p.exists("app.db"))

    def test_directory_is_a_file(self):
        p = self.project().write({"migrations": "what"})
        self.assertRefused(p.run("up"), "migrations")

    def test_unreadable_file(self):
        p = self.project().pairs({"1_a": AUDIT, "2_b": audit("b")})
        skip_unless_nobody_can(self, p)
        os.chmod(p.at("migrations/2_b.up.sql"), 0)
        os.chmod(p.path, 0o777)
        self.assertRefused(p.run("up", **as_nobody()), r"2_b\.up\.sql", "permission")
        self.assertFalse(p.exists("app.db"))

    def test_unreadable_directory(self):
        p = self.project().pairs({"1_a": AUDIT})
        skip_unless_nobody_can(self, p)
        os.chmod(p.at("migrations"), 0)
        os.chmod(p.path, 0o777)
        self.assertRefused(p.run("up", **as_nobody()), "migrations", "permission")

    def test_link_out_of_the_directory(self):
        p = self.project().pairs({"1_a": AUDIT})
        p.write({"secret.sql": audit("outside")})
        os.symlink("../secret.sql", p.at("migrations/2_b.up.sql"))
        self.assertRefused(p.run("up"), r"2_b\.up\.sql", "link|outside")
        self.assertFalse(p.exists("app.db"))

    def test_link_inside_the_directory_is_fine(self):
        p = self.project().pairs({"1_a": AUDIT, "2_b": audit("b")})
        os.rename(p.at("migrations/2_b.up.sql"), p.at("migrations/b.txt"))
        os.symlink("b.txt", p.at("migrations/2_b.up.sql"))
        p.up()
        self.assertEqual(p.tokens(), ["b"])

    def test_link_to_nothing(self):
        p = self.project().pairs({"1_a": AUDIT})
        os.symlink("gone", p.at("migrations/2_b.up.sql"))
        self.assertRefused(p.run("up"), r"2_b\.up\.sql")

    def test_fifo_does_not_block(self):
        p = self.project().pairs({"1_a": AUDIT})
        os.mkfifo(p.at("migrations/2_b.up.sql"))
        self.assertRefused(p.run("up", timeout=10), r"2_b\.up\.sql")


class Names(support.Case):
    def test_S_A15_name_without_a_version(self):
        p = self.project().pairs({"1_a": AUDIT, "abc": audit("abc")})
        self.assertRefused(p.run("up"), r"abc\.up\.sql", "version|number")
        self.assertFalse(p.exists("app.db"))

    def test_duplicate_version_names_both_files(self):
        p = self.project().pairs({"001_a": AUDIT, "001_b": audit("b"), "2_c": audit("c")})
        self.assertRefused(p.run("up"), r"001_a\.up\.sql", r"001_b\.up\.sql")

    def test_same_number_with_other_padding_is_a_duplicate(self):
        p = self.project().pairs({"1_a": AUDIT, "001_b": audit("b")})
        self.assertRefused(p.run("up"), r"1_a\.up\.sql", r"001_b\.up\.sql")

    def test_S_E32_version_zero(self):
        p = self.project().pairs({"000_a": AUDIT})
        self.assertRefused(p.run("up"), r"000_a\.up\.sql", "zero|0")
        self.assertFalse(p.exists("app.db"))
        p.up("--allow-version-zero")
        self.assertEqual(p.completed(), ["000_a"])

    def test_S_E32_negative_version(self):
        p = self.project().pairs({"1_a": AUDIT, "-1_b": audit("b")})
        self.assertRefused(p.run("up"), r"-1_b\.up\.sql")

    def test_S_E32_down_without_up_names_all_of_them(self):
        p = self.project().pairs({"1_a": AUDIT, "2_b": (None, "SELECT 1;"), "3_c": audit("c"),
                                  "4_d": (None, "SELECT 1;")})
        self.assertRefused(p.run("up"), "2_b", "4_d", "up")
        self.assertFalse(p.exists("app.db"))

    def test_up_without_down_is_fine_until_it_is_needed(self):
        p = self.project().pairs({"1_a": AUDIT, "2_b": audit("b")})
        p.up()
        before = p.dump(), p.ledger(), p.history()
        self.assertRefused(p.run("down"), "2_b", "down")
        self.assertEqual((p.dump(), p.ledger(), p.history()), before)

    def test_down_file_of_another_name(self):
        """The version says whose it is, unless two could be meant."""
        p = self.project().pairs({"1_a": AUDIT, "2_b": (audit("b"), audit("down")), "2_bb": (None, "SELECT 1;")})
        self.assertRefused(p.run("up"), "2_bb")
        self.assertFalse(p.exists("app.db"))
        p.remove("migrations/2_b.down.sql")
        p.write({"migrations/2_bb.down.sql": audit("other")})
        p.up()
        p.down()
        self.assertEqual((p.tokens(), p.completed()), (["b", "other"], ["1_a"]))

    def test_names_with_control_characters_are_not_sent_to_the_terminal(self):
        p = self.project().pairs({"1_a": AUDIT, "2_\x1b[31mred\x07": audit("b")})
        for args in (("up",), ("status",), ("list",), ("plan",), ("history",)):
            result = p.run(*args)
            self.assertNotIn("\x1b", result.text, result)
            self.assertNotIn("\x07", result.text, result)

    def test_name_that_is_not_utf8(self):
        p = self.project().pairs({"1_a": AUDIT})
        with open(os.fsencode(p.at("migrations")) + b"/2_\xff.up.sql", "wb") as file:
            file.write(audit("b").encode())
        result = p.run("up", "--json")
        if result.code == 0:
            self.assertEqual(len(result.json()["applied"]), 2)
            p.status()
        else:
            self.assertRefused(result, "2_")

    def test_mixed_layouts(self):
        p = self.project().pairs({"1_a": AUDIT})
        p.write({"migrations/2_b/up.sql": audit("b"),
                 "migrations/3_c.sql": "-- brant: up\nSELECT 1;\n-- brant: down\nSELECT 1;\n"})
        self.assertRefused(p.run("up"), "layout")


class Texts(support.Case):
    def refused(self, text, line, *words):
        p = self.project().pairs({"1_a": AUDIT, "2_b": text, "3_c": audit("c")})
        result = p.run("up")
        self.assertRefused(result, r"2_b\.up\.sql", *words)
        if line:
            self.assertAt(result, "2_b.up.sql", line)
        self.assertNotIn("c", p.tokens())
        return p, result

    def test_unterminated_string(self):
        self.refused("SELECT 1;\n\nSELECT 'abc;\nSELECT 2;\n", 3, "unterminated", "string")

    def test_unterminated_comment(self):
        self.refused("SELECT 1;\n/* abc;\nSELECT 2;\n", 2, "unterminated", "comment")

    def test_unterminated_quoted_name(self):
        self.refused('SELECT 1;\nSELECT "abc FROM x;\n', 2, "unterminated")

    def test_unterminated_trigger_body(self):
        self.refused("CREATE TABLE t (a);\nCREATE TRIGGER r AFTER INSERT ON t BEGIN\n"
                     "SELECT 1;\n", 2)

    def test_nul_byte(self):
        self.refused(b"SELECT 1;\nSELECT '\0';\n", 2, "NUL")

    def test_invalid_utf8(self):
        self.refused(b"SELECT 1;\n\nSELECT '\xff\xfe';\n", 3, "UTF-8")

    def test_overlong_utf8(self):
        self.refused(b"SELECT '\xc0\xaf';\n", 1, "UTF-8")

    def test_utf16(self):
        self.refused("SELECT 1;\n".encode("utf-16"), 0, "UTF-16")
        self.refused(b"\xfe\xff" + "SELECT 1;\n".encode("utf-16-be"), 0, "UTF-16")

    def test_utf32(self):
        self.refused("SELECT 1;\n".encode("utf-32"), 0, "UTF-32|UTF-16")

    def test_columns_count_characters(self):
        p = self.project().pairs({"1_a": AUDIT, "2_b": "SELECT 'äöü', nothing;\n"})
        result = p.run("up", check=1)
        self.assertRegex(result.err, r"2_b\.up\.sql:1:15\b", result)

    def test_mark_and_crlf_apply_and_have_the_same_checksum(self):
        lf = AUDIT + "INSERT INTO audit (token)\nVALUES ('a');\n-- end\n"
        p = self.project().pairs({"1_a": lf})
        p.up()
        before = p.ledger()[0]["checksum"]
        p.pairs({"1_a": b"\xef\xbb\xbf" + lf.replace("\n", "\r\n").encode()})
        p.up()
        p.run("validate", check=0)
        p.up("-d", "sqlite:other.db")
        self.assertEqual(p.ledger("other.db")[0]["checksum"], before)
        self.assertEqual(p.tokens("other.db"), ["a"])

    def test_mark_and_crlf_around_directives(self):
        p = self.project().pairs({
            "1_a": b"\xef\xbb\xbf-- brant: transaction=off\r\nVACUUM;\r\n"})
        p.up()
        p = self.project().write({"migrations/1_a.sql": (
            b"\xef\xbb\xbf-- +goose Up\r\nCREATE TABLE t (a);\r\n-- +goose Down\r\nDROP TABLE t;"
            b"\r\n")})
        p.up()
        p.down()
        self.assertEqual(p.tables(), [])

    def test_crlf_keeps_line_numbers(self):
        p = self.project().pairs({"1_a": "SELECT 1;\r\n\r\nSELECT nothing;\r\n"})
        self.assertAt(p.run("up", check=1), "1_a.up.sql", 3)

    def test_unknown_directive(self):
        self.refused("-- a comment\n-- brant: transactiion=off\nSELECT 1;\n", 2, "transactiion",
                     "transaction")

    def test_near_miss_of_a_directive(self):
        for text in ("-- BRANT: transaction=off", "-- brant transaction=off",
                     "/* brant: transaction=off */"):
            with self.subTest(text=text):
                self.refused(f"-- a comment\n{text}\nSELECT 1;\n", 2, "directive", "-- brant:")

    def test_prose_about_brant_is_a_comment(self):
        self.project().pairs({"1_a": "-- brant is a goose, a = b\n-- Brant: see below\n"
                                     "SELECT 1;\n"}).up()

    def test_brants_own_tables_are_refused(self):
        for text in ("DELETE FROM brant_migrations;", "DROP TABLE \"brant_history\";"):
            with self.subTest(text=text):
                self.refused(f"SELECT 1;\n{text}\n", 2, "own tables", "brant mark")

    def test_bad_directive_value(self):
        self.refused("-- brant: transaction=maybe\nSELECT 1;\n", 1, "transaction", "maybe")

    def test_directive_given_twice(self):
        self.refused("-- brant: transaction=off\n-- brant: transaction=on\nSELECT 1;\n", 2,
                     "transaction")

    def test_directive_behind_a_statement(self):
        self.refused("SELECT 1;\n-- brant: transaction=off\nSELECT 1;\n", 2)

    def test_syntax_error_of_the_database(self):
        self.refused("SELECT 1;\nCREAT TABLE t (a);\n", 2, "CREAT")


class Big(support.Case):
    MEMORY_KB = 1_500_000 if not support.SANITIZED else 6_000_000

    def test_file_of_hundred_megabytes(self):
        p = self.project()
        os.mkdir(p.at("migrations"))
        line = "INSERT INTO t VALUES ('" + "x" * 1_000_000 + "');\n"
        with open(p.at("migrations/1_big.up.sql"), "w", encoding="ascii") as file:
            file.write("CREATE TABLE t (a);\n")
            for _ in range(100):
                file.write(line)
        result = p.measured("up", "-q")
        self.assertEqual(result.code, 0, result)
        self.assertLess(result.peak_kb, self.MEMORY_KB)
        self.assertEqual(p.sql("SELECT count(*), sum(length(a)) FROM t"), [(100, 100_000_000)])

    def test_file_of_a_million_statements(self):
        p = self.project()
        os.mkdir(p.at("migrations"))
        count = 1_000_000 if not support.SANITIZED else 100_000
        with open(p.at("migrations/1_many.up.sql"), "w", encoding="ascii") as file:
            file.write("CREATE TABLE t (a);\n")
            file.write("INSERT INTO t VALUES (1);\n" * count)
        result = p.measured("up", "-q")
        self.assertEqual(result.code, 0, result)
        self.assertLess(result.peak_kb, self.MEMORY_KB)
        self.assertEqual(p.sql("SELECT count(*) FROM t"), [(count,)])

    def test_file_above_the_limit_is_refused(self):
        p = self.project().pairs({"1_a": AUDIT + "-- " + "x" * 5000 + "\n"})
        self.assertRefused(p.run("up", "--max-file-size", "1000"), r"1_a\.up\.sql",
                           "max-file-size")


class Applied(support.Case):
    """Files that were changed after they were applied."""

    def applied(self):
        p = self.project().pairs({
            "001_a": (AUDIT + audit("1"), "DROP TABLE audit;"), "002_b": audit("2"),
            "003_c": audit("3")})
        p.up()
        return p

    def refuses(self, p, *words):
        before = p.dump(), p.ledger()
        p.pairs({"004_new": audit("4")})
        self.assertRefused(p.run("up"), *words, codes=(1, 9))
        self.assertEqual((p.dump(), p.ledger()), before)
        result = p.run("validate", check=9)
        self.assertSays(result, *words)

    def test_S_D75_edited_file_is_named(self):
        p = self.applied()
        p.pairs({"002_b": audit("edited")})
        self.refuses(p, "002_b", "changed|edited|checksum|differ")

    def test_S_D75_edited_comment_counts_too(self):
        p = self.applied()
        p.pairs({"002_b": audit("2") + "-- later\n"})
        self.refuses(p, "002_b")

    def test_edited_down_file_does_not_count(self):
        p = self.applied()
        p.pairs({"001_a": (None, "DROP TABLE IF EXISTS audit;")})
        p.pairs({"004_new": audit("4")})
        p.up()
        self.assertEqual(p.tokens()[-1], "4")

    def test_S_D74_deleted_file_is_named(self):
        p = self.applied()
        p.remove("migrations/002_b.up.sql")
        self.refuses(p, "002_b", "missing|no file|deleted|gone|lost")

    def test_S_D74_deleted_file_is_a_warning_when_allowed(self):
        p = self.applied()
        p.remove("migrations/002_b.up.sql")
        p.pairs({"004_new": audit("4")})
        result = p.up("--missing-files", "warn")
        self.assertSays(result, "002_b", where="err")
        self.assertEqual(p.tokens()[-1], "4")

    def test_renamed_file_is_named(self):
        p = self.applied()
        os.rename(p.at("migrations/002_b.up.sql"), p.at("migrations/002_better.up.sql"))
        self.refuses(p, "002_b", "002_better")
        self.assertEqual(p.tokens(), ["1", "2", "3"])

    def test_recorded_migration_newer_than_all_files_is_a_warning(self):
        p = self.applied()
        p.remove("migrations/003_c.up.sql")
        result = p.up()
        self.assertSays(result, "003_c", where="err")
        self.assertEqual(p.tokens(), ["1", "2", "3"])


class Late(support.Case):
    def late(self, *args, **more):
        p = self.project().pairs({"001_a": AUDIT + audit("1"), "003_c": audit("3")})
        p.up()
        p.pairs({"002_b": audit("2"), "004_d": audit("4")})
        return p, p.run("up", *args, **more)

    def test_late_number_is_an_error_that_names_the_file(self):
        p, result = self.late()
        self.assertRefused(result, "002_b", "out-of-order", codes=(1, 9))
        self.assertEqual(p.tokens(), ["1", "3"])

    def test_late_number_runs_when_told_to(self):
        p, result = self.late("--out-of-order", "run")
        self.assertEqual(result.code, 0, result)
        self.assertEqual(p.tokens(), ["1", "3", "2", "4"])
        p.up()

    def test_late_number_is_ignored_when_told_to(self):
        p, result = self.late("--out-of-order", "ignore")
        self.assertEqual(result.code, 0, result)
        self.assertEqual(p.tokens(), ["1", "3", "4"])
        self.assertSays(result, "002_b")

    def test_policy_in_the_project_file(self):
        p = self.project().pairs({"001_a": AUDIT + audit("1"), "003_c": audit("3")})
        p.write({"brant.yaml": "out-of-order: run\n"})
        p.up()
        p.pairs({"002_b": audit("2")})
        p.up()
        self.assertEqual(p.tokens(), ["1", "3", "2"])


class Databases(support.Case):
    """Paths that are not a database."""

    def migrations(self, **more):
        return self.project(**more).pairs({"1_a": AUDIT + audit("a")})

    def test_path_is_a_directory(self):
        p = self.migrations()
        os.mkdir(p.at("app.db"))
        self.assertRefused(p.run("up"), r"app\.db", codes=(1, 2, 10))

    def test_file_is_not_a_database(self):
        p = self.migrations().write({"app.db": "this is no database, it is a letter\n" * 40})
        self.assertRefused(p.run("up"), r"app\.db", "not a (sqlite )?database", codes=(1, 2, 10))
        self.assertTrue(open(p.at("app.db"), "rb").read().startswith(b"this is no"))

    def test_read_only_file(self):
        p = self.migrations()
        p.up()
        p.pairs({"2_b": audit("b")})
        skip_unless_nobody_can(self, p)
        os.chmod(p.path, 0o777)
        os.chmod(p.at("app.db"), 0o444)
        self.assertRefused(p.run("up", **as_nobody()), r"app\.db", "read.?only|permission|writ",
                           codes=(1, 10))
        self.assertEqual(p.tokens(), ["a"])

    def test_read_only_directory(self):
        p = self.migrations()
        skip_unless_nobody_can(self, p)
        os.chmod(p.path, 0o555)
        self.assertRefused(p.run("up", **as_nobody()), r"app\.db", codes=(1, 10))
        self.assertFalse(p.exists("app.db"))

    def test_looking_at_a_read_only_database_works(self):
        p = self.migrations()
        p.up()
        skip_unless_nobody_can(self, p)
        os.chmod(p.at("app.db"), 0o444)
        os.chmod(p.path, 0o555)
        result = p.run("status", "--json", check=0, **as_nobody())
        self.assertEqual(result.json()["databases"][0]["version"], "1")

    def test_parent_directory_is_missing(self):
        p = self.migrations(url="sqlite:no/such/place/app.db")
        self.assertRefused(p.run("up"), "no/such/place", codes=(1, 2, 10))
        self.assertFalse(p.exists("no"))

    def test_database_of_another_user(self):
        p = self.migrations()
        p.up()
        skip_unless_nobody_can(self, p)
        os.chmod(p.at("app.db"), 0o000)
        self.assertRefused(p.run("status", **as_nobody()), r"app\.db", codes=(1, 10))

    def test_ledger_of_a_newer_brant(self):
        p = self.migrations()
        p.up()
        p.pairs({"2_b": audit("b")})
        p.sql("UPDATE brant_migrations SET format = 99")
        before = p.dump(), p.ledger()
        self.assertRefused(p.run("up"), "newer|99", codes=(1, 2, 9))
        self.assertRefused(p.run("down"), "newer|99", codes=(1, 2, 9))
        self.assertEqual((p.dump(), p.ledger()), before)

    def test_table_of_that_name_that_is_not_ours(self):
        p = self.migrations()
        p.script("CREATE TABLE brant_migrations (a INTEGER); INSERT INTO brant_migrations "
                 "VALUES (7);")
        self.assertRefused(p.run("up"), "brant_migrations", codes=(1, 2, 9))
        self.assertEqual(p.sql("SELECT * FROM brant_migrations"), [(7,)])


if __name__ == "__main__":
    support.main()
