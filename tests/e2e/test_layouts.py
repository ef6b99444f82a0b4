# SPDX-License-Identifier: Apache-2.0
"""Ways of storing migrations in files."""
import os

import support
from support import AUDIT, audit


class Sections(support.Case):
    TEXT = ("-- brant: requires=none\n-- brant: up\n" + AUDIT + audit("up")
            + "-- brant: down\nDROP TABLE audit;\n")

    def test_up_and_down_of_one_file(self):
        p = self.project().write({
            "migrations/001_a.sql": self.TEXT,
            "migrations/002_b.sql": "-- brant: up\n" + audit("2") + "-- brant: down\n"
                                    + audit("down 2")})
        p.up()
        self.assertEqual(p.tokens(), ["up", "2"])
        p.down()
        self.assertEqual(p.tokens(), ["up", "2", "down 2"])
        p.down()
        self.assertEqual(p.tables(), [])

    def test_file_without_marks_is_one_up(self):
        p = self.project().write({"migrations/001_a.sql": AUDIT + audit("x")})
        p.up()
        self.assertEqual(p.tokens(), ["x"])
        self.assertRefused(p.run("down"), "001_a", "down")

    def test_marks_inside_strings_and_comments_do_not_count(self):
        p = self.project().write({"migrations/001_a.sql": (
            "-- brant: up\n" + AUDIT + "INSERT INTO audit (token) VALUES ('\n-- brant: down\n');\n"
            "/*\n-- brant: down\n*/\n" + audit("end") + "  --   BRANT:   Down  \nSELECT 1;\n")})
        p.up()
        self.assertEqual(p.tokens(), ["\n-- brant: down\n", "end"])
        p.down()

    def test_marks_of_other_tools(self):
        p = self.project().write({"migrations/001_a.sql": (
            "-- +migrate Up\n" + AUDIT + audit("up") + "-- +migrate Down\nDROP TABLE audit;\n")})
        p.up()
        self.assertEqual(p.tokens(), ["up"])
        p.down()
        self.assertEqual(p.tables(), [])

    def test_sections_of_sql_migrate_in_any_order(self):
        p = self.project().write({"migrations/001_a.sql": (
            "-- +migrate Down\nDROP TABLE audit;\n\n-- +migrate Up\n" + AUDIT
            + "-- +migrate Up\n" + audit("again") + "SELECT nothing;\n")})
        self.assertAt(p.run("up", check=1), "001_a.sql", 7 + AUDIT.count("\n"))
        p.write({"migrations/001_a.sql": (
            "-- +migrate Down\nDROP TABLE audit;\n\n-- +migrate Up\n" + AUDIT
            + "-- +migrate Up\n" + audit("again"))})
        p.up()
        self.assertEqual(p.tokens(), ["again"])
        p.down()
        self.assertEqual(p.tables(), [])

    def test_marks_of_further_tools(self):
        p = self.project().write({
            "migrations/001_node.sql": "-- Up Migration\n" + AUDIT + "-- Down Migration\nDROP TABLE audit;\n",
            "migrations/002_tern.sql": audit("tern") + "---- create above / drop below ----\n"
                                       "\nDELETE FROM audit;\nSELECT nothing;\n",
            "migrations/003_rambler.sql": "-- rambler up\n" + audit("rambler") + "-- rambler down\n" + audit("back")})
        p.up()
        self.assertEqual(p.tokens(), ["tern", "rambler"])
        self.assertAt(p.run("down", "--all", check=1), "002_tern.sql", 3 + (audit("tern")).count("\n") + 1)
        self.assertEqual(p.tokens(), ["tern", "rambler", "back"])

    def test_down_part_of_an_unknown_tool_never_runs_with_the_up_part(self):
        p = self.project().write({"migrations/001_a.sql": (
            "-- !Ups\n" + AUDIT + "-- !Downs\nDROP TABLE audit;\n")})
        lines = ("-- !Ups\n" + AUDIT).count("\n")
        self.assertAt(p.run("up", check=1), "001_a.sql", lines + 1)
        self.assertEqual(p.tables(), [])
        p.write({"migrations/001_a.sql": AUDIT + "-- Down\n-- DROP TABLE audit;\n"})
        p.up()

    def test_edited_down_section_is_no_edited_migration(self):
        p = self.project().write({"migrations/001_a.sql": self.TEXT})
        p.up()
        p.write({"migrations/001_a.sql": self.TEXT.replace("DROP TABLE",
                                                           "DROP TABLE IF EXISTS")})
        p.run("validate", check=0)
        p.write({"migrations/001_a.sql": self.TEXT.replace("'up'", "'other'")})
        p.run("validate", check=9)

    def test_error_has_the_line_of_the_file(self):
        p = self.project().write({"migrations/001_a.sql": "-- brant: up\nSELECT 1;\n\n"
                                                          "SELECT nothing;\n-- brant: down\n"
                                                          "SELECT 1;\nSELECT nothing2;\n"})
        self.assertAt(p.run("up", check=1), "001_a.sql", 4)
        p.run("mark", "001_a", check=0)
        self.assertAt(p.run("down", check=1), "001_a.sql", 7)

    def test_wrong_marks_are_errors_with_their_line(self):
        for text, line in (("SELECT 1;\n-- brant: up\nSELECT 1;\n", 1),
                           ("-- brant: down\nSELECT 1;\n", 1),
                           ("-- brant: up\nSELECT 1;\n-- brant: up\nSELECT 1;\n", 3)):
            with self.subTest(text=text):
                p = self.project().write({"migrations/001_a.sql": text})
                result = p.run("up")
                self.assertRefused(result, r"001_a\.sql")
                self.assertAt(result, "001_a.sql", line)

    def test_new_in_this_layout(self):
        p = self.project().write({"migrations/001_a.sql": self.TEXT})
        p.run("new", "more things", check=0)
        self.assertIn("migrations/002_more_things.sql", p.listing())
        p.up()


class Goose(support.Case):
    FILES = {
        "migrations/20240101000000_users.sql": (
            "-- +goose Up\n-- +goose StatementBegin\n" + AUDIT +
            "CREATE TRIGGER r AFTER INSERT ON audit BEGIN SELECT 1; SELECT 2; END;\n"
            "-- +goose StatementEnd\n" + audit("goose up")
            + "\n-- +goose Down\n-- +goose StatementBegin\nDROP TABLE audit;\n"
              "-- +goose StatementEnd\n"),
        "migrations/20240102000000_vacuum.sql": (
            "-- +goose NO TRANSACTION\n-- +goose Up\n" + audit("2") + "VACUUM;\n"
            "-- +goose Down\n" + audit("down 2") + "VACUUM;\n"),
        "migrations/20240103000000_only_up.sql": "-- +goose up\n" + audit("3"),
    }

    def test_files_run_unchanged(self):
        p = self.project().write(self.FILES)
        p.up()
        self.assertEqual(p.tokens(), ["goose up", "2", "3"])
        self.assertRefused(p.run("down"), "20240103000000_only_up", "down")
        p.remove("migrations/20240103000000_only_up.sql")
        p.sql("DELETE FROM brant_migrations WHERE id LIKE '%only_up'")
        p.down()
        self.assertEqual(p.tokens()[-1], "down 2")
        p.down()
        self.assertEqual(p.tables(), [])

    def test_vacuum_without_the_mark_is_refused(self):
        p = self.project().write({"migrations/1_a.sql": "-- +goose Up\nVACUUM;\n"})
        self.assertRefused(p.run("up"), "VACUUM", "transaction")


    def test_a_statement_ends_with_its_mark(self):
        p = self.project().write({"migrations/1_a.sql": (
            "-- +goose Up\n-- +goose StatementBegin\n" + AUDIT.rstrip(";\n") + "\n-- +goose StatementEnd\n"
            "-- +goose StatementBegin\nCREATE TRIGGER r AFTER INSERT ON audit BEGIN SELECT 1; SELECT 2; END\n"
            "-- +goose StatementEnd\n" + audit("a") +
            "-- +goose Down\n-- +goose StatementBegin\nDROP TRIGGER r\n-- +goose StatementEnd\n"
            "DROP TABLE audit;\n")})
        p.up()
        self.assertEqual(p.tokens(), ["a"])
        self.assertEqual(p.ledger()[0]["statements_total"], 3)
        p.down()
        self.assertEqual(p.tables(), [])

    def test_variables_need_our_directive(self):
        text = "-- +goose Up\n" + AUDIT + "  -- +goose ENVSUB ON\n" + audit("${WORD}") + "-- +goose ENVSUB OFF\n"
        p = self.project().write({"migrations/1_a.sql": text})
        p.env["WORD"] = "goose"
        result = p.run("up")
        self.assertRefused(result, "ENVSUB ON", "placeholders=on")
        self.assertRegex(result.err, rf"1_a\.sql:{2 + AUDIT.count(chr(10))}:3\b")
        p.write({"migrations/1_a.sql": "-- brant: placeholders=on\n" + text})
        p.up()
        self.assertEqual(p.tokens(), ["goose"])
        p = self.project().write({"migrations/1_a.sql": "-- brant: placeholders=off\n" + text})
        p.up()
        self.assertEqual(p.tokens(), ["${WORD}"])


class Dbmate(support.Case):
    FILES = {
        "migrations/20240101000000_users.sql":
            "-- migrate:up\n" + AUDIT + audit("up 1") + "\n-- migrate:down\nDROP TABLE audit;\n",
        "migrations/20240102000000_vacuum.sql":
            "-- migrate:up transaction:false\n" + audit("up 2") + "VACUUM;\n"
            "-- migrate:down transaction:false\n" + audit("down 2") + "VACUUM;\n",
    }

    def test_files_run_unchanged(self):
        p = self.project().write(self.FILES)
        p.up()
        self.assertEqual(p.tokens(), ["up 1", "up 2"])
        p.down()
        self.assertEqual(p.tokens(), ["up 1", "up 2", "down 2"])
        p.down()
        self.assertEqual(p.tables(), [])


class Folders(support.Case):
    def test_up_and_down_in_a_folder(self):
        p = self.project().write({
            "migrations/001_a/up.sql": AUDIT + audit("1"),
            "migrations/001_a/down.sql": "DROP TABLE audit;",
            "migrations/002_b/up.sql": audit("2"), "migrations/002_b/down.sql": audit("down 2")})
        p.up()
        p.down()
        self.assertEqual(p.tokens(), ["1", "2", "down 2"])
        self.assertDone(p, ["001_a"])

    def test_prisma_folders_run_unchanged(self):
        p = self.project().write({
            "migrations/migration_lock.toml": "provider = \"sqlite\"\n",
            "migrations/20240101000000_init/migration.sql": (
                "-- CreateTable\nCREATE TABLE \"User\" (\n    \"id\" INTEGER NOT NULL PRIMARY KEY "
                "AUTOINCREMENT,\n    \"email\" TEXT NOT NULL\n);\n\n-- CreateTable\n"
                "CREATE TABLE \"Post\" (\n    \"id\" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,\n"
                "    \"authorId\" INTEGER NOT NULL,\n    CONSTRAINT \"Post_authorId_fkey\" FOREIGN "
                "KEY (\"authorId\") REFERENCES \"User\" (\"id\") ON DELETE CASCADE ON UPDATE "
                "CASCADE\n);\n\n-- CreateIndex\nCREATE UNIQUE INDEX \"User_email_key\" ON "
                "\"User\"(\"email\");\nINSERT INTO \"User\" VALUES (1, 'a@b');\n"
                "INSERT INTO \"Post\" VALUES (5, 1);\n"),
            "migrations/20240102000000_name/migration.sql": (
                "-- RedefineTables\nPRAGMA defer_foreign_keys=ON;\nPRAGMA foreign_keys=OFF;\n"
                "CREATE TABLE \"new_User\" (\n    \"id\" INTEGER NOT NULL PRIMARY KEY "
                "AUTOINCREMENT,\n    \"email\" TEXT NOT NULL,\n    \"name\" TEXT NOT NULL DEFAULT "
                "''\n);\n"
                "INSERT INTO \"new_User\" (\"email\", \"id\") SELECT \"email\", \"id\" FROM "
                "\"User\";\nDROP TABLE \"User\";\nALTER TABLE \"new_User\" RENAME TO \"User\";\n"
                "CREATE UNIQUE INDEX \"User_email_key\" ON \"User\"(\"email\");\n"
                "PRAGMA foreign_keys=ON;\nPRAGMA defer_foreign_keys=OFF;\n")})
        p.up()
        self.assertEqual(p.sql('SELECT * FROM "User"'), [(1, "a@b", "")])
        self.assertEqual(p.sql('SELECT * FROM "Post"'), [(5, 1)])
        self.assertDone(p, ["20240101000000_init", "20240102000000_name"])

    def test_empty_folder_is_named(self):
        p = self.project().write({"migrations/001_a/up.sql": AUDIT})
        os.mkdir(p.at("migrations/002_b"))
        result = p.run("up")
        self.assertSays(result, "002_b", where="err")

    def test_down_without_up(self):
        p = self.project().write({"migrations/001_a/up.sql": AUDIT,
                                  "migrations/002_b/down.sql": "SELECT 1;"})
        self.assertRefused(p.run("up"), "002_b")

    def test_drizzle_folders(self):
        p = self.project().write({
            "migrations/0000_first/migration.sql": (
                "CREATE TABLE `users` (\n\t`id` integer PRIMARY KEY NOT NULL,\n\t`name` text\n);\n"
                "--> statement-breakpoint\nCREATE UNIQUE INDEX `users_name` ON `users` (`name`);"),
            "migrations/0000_first/snapshot.json": "{}",
            "migrations/0001_second/migration.sql": "ALTER TABLE `users` ADD `age` integer;"})
        result = p.run("up", "--allow-version-zero", check=0)
        self.assertEqual(p.tables(), ["users"], result)


class EqualVersions(support.Case):
    FILES = {"migrations/001_a.sql": AUDIT + audit("1"), "migrations/002_c.sql": audit("c"),
             "migrations/002_b.sql": audit("b"), "migrations/003_d.sql": audit("d")}

    def test_they_are_allowed_by_a_setting(self):
        p = self.project().write(self.FILES)
        self.assertRefused(p.run("up"), "002_b.sql", "002_c.sql", "allow-equal-versions")
        p.env["BRANT_ALLOW_EQUAL_VERSIONS"] = "true"
        p.up("2")
        self.assertEqual(p.completed(), ["001_a", "002_b"])
        p.run("status", check=0)
        p.up()
        self.assertEqual(p.tokens(), ["1", "b", "c", "d"])
        p.run("validate", check=0)

    def test_a_version_does_not_tell_where_to_go(self):
        p = self.project().write(self.FILES)
        p.env["BRANT_ALLOW_EQUAL_VERSIONS"] = "true"
        self.assertRefused(p.run("goto", "2"), "more than one", "full id")
        p.run("goto", "002_b", check=0)
        self.assertEqual(p.completed(), ["001_a", "002_b"])
        p.run("force", "2", check=0)  # all of that version
        self.assertEqual(p.completed(), ["001_a", "002_b", "002_c"])


class Choice(support.Case):
    def test_option_decides_where_two_layouts_match(self):
        p = self.project().pairs({"001_a": AUDIT + audit("pairs")})
        p.write({"migrations/001_a/up.sql": AUDIT + audit("folders")})
        p.up("--layout", "pairs")
        self.assertEqual(p.tokens(), ["pairs"])
        p.up("--layout", "folders", "-d", "sqlite:f.db")
        self.assertEqual(p.tokens("f.db"), ["folders"])

    def test_moving_to_another_layout_runs_nothing_again(self):
        p = self.project().pairs({"001_a": (AUDIT + audit("1"), "DROP TABLE audit;")})
        p.up()
        os.remove(p.at("migrations/001_a.up.sql"))
        os.remove(p.at("migrations/001_a.down.sql"))
        p.write({"migrations/001_a/up.sql": AUDIT + audit("1"),
                 "migrations/001_a/down.sql": "DROP TABLE audit;"})
        p.up()
        self.assertEqual(p.tokens(), ["1"])
        p.run("validate", check=0)

    def test_dates_with_words(self):
        p = self.project().write({"migrations/2024-12-12_init.up.sql": AUDIT + audit("1"),
                                  "migrations/2025-01-02_next.up.sql": audit("2")})
        p.up()
        self.assertEqual(p.completed(), ["2024-12-12_init", "2025-01-02_next"])


if __name__ == "__main__":
    support.main()
