# SPDX-License-Identifier: Apache-2.0
"""Projects as users of other tools have them on PostgreSQL: they run unchanged, up and down."""
import support
import support_postgres

USERS = """CREATE TABLE IF NOT EXISTS users (
    user_id serial PRIMARY KEY,
    username VARCHAR (50) UNIQUE NOT NULL,
    email VARCHAR (300) UNIQUE NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
"""
TOUCH = """CREATE OR REPLACE FUNCTION touch() RETURNS trigger AS $func$
DECLARE
    seen integer := 0;
BEGIN
    NEW.created_at := now(); -- a comment; with a semicolon
    SELECT count(*) INTO seen FROM users;
    RETURN NEW;
END;
$func$ LANGUAGE plpgsql;
"""
TRIGGER = "CREATE TRIGGER touch_users BEFORE UPDATE ON users FOR EACH ROW EXECUTE PROCEDURE touch();\n"
VALID = "SELECT indexrelid::regclass::text FROM pg_index WHERE indisvalid AND NOT indisprimary AND NOT indisunique " \
        "AND indrelid > 16383 AND indexrelid::regclass::text NOT LIKE 'brant%' ORDER BY 1"


class Layout(support_postgres.Case):
    def up_and_down(self, files: dict, *args, ids, tables, indexes=(), settings=None):
        """Up, one by one down, and up again."""
        p = self.project().write(files)
        p.env.update(settings or {})
        for _ in range(2):
            p.up(*args)
            self.assertDone(p, ids)
            self.assertEqual(p.tables(), tables)
            self.assertEqual([name for name, in p.sql(VALID)], list(indexes))
            for _ in ids:
                p.down(*args)
            self.assertEqual((p.completed(), p.tables()), ([], []))
            self.assertEqual(p.sql("SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace"), [])
        p.up(*args)
        p.run("validate", *args, check=0)
        return p


class GolangMigrate(Layout):
    FILES = {
        "migrations/000001_create_users_table.up.sql": "BEGIN;\n\n" + USERS + "\nCOMMIT;\n",
        "migrations/000001_create_users_table.down.sql": "DROP TABLE IF EXISTS users;\n",
        "migrations/000002_add_mood_to_users.up.sql": (
            "BEGIN;\nCREATE TYPE enum_mood AS ENUM (\n\t'happy',\n\t'sad; not'\n);\n"
            "ALTER TABLE users ADD COLUMN mood enum_mood;\nCOMMIT;\n"),
        "migrations/000002_add_mood_to_users.down.sql": (
            "BEGIN;\nALTER TABLE users DROP COLUMN mood;\nDROP TYPE enum_mood;\nCOMMIT;\n"),
        "migrations/000003_index_email.up.sql": "CREATE INDEX CONCURRENTLY IF NOT EXISTS users_lower ON users "
                                                "(lower(email));\n",
        "migrations/000003_index_email.down.sql": "DROP INDEX CONCURRENTLY IF EXISTS users_lower;",
        "migrations/000004_touch.up.sql": TOUCH + "\n" + TRIGGER
                                          + "INSERT INTO users (username, email) VALUES ('root; admin', 'root@x');\n",
        "migrations/000004_touch.down.sql": "DROP TRIGGER touch_users ON users;\nDROP FUNCTION touch();\n"
                                            "DELETE FROM users",
        "migrations/000005_mood.up.sql": "ALTER TYPE enum_mood ADD VALUE IF NOT EXISTS 'neutral' AFTER 'happy';\n",
        "migrations/000005_mood.down.sql": "-- values of an enum stay\n",
        "migrations/000006_rows.up.sql": "UPDATE users SET mood = 'neutral';\n",
        "migrations/000006_rows.down.sql": "UPDATE users SET mood = NULL;\n",
    }
    IDS = ["000001_create_users_table", "000002_add_mood_to_users", "000003_index_email", "000004_touch",
           "000005_mood", "000006_rows"]

    def test_files_run_unchanged(self):
        p = self.up_and_down(self.FILES, ids=self.IDS, tables=["users"], indexes=["users_lower"])
        self.assertEqual(p.sql("SELECT username, mood FROM users"), [("root; admin", "neutral")])

    def test_url_with_its_parameters(self):
        p = self.project(**{"sslmode": "disable", "x-migrations-table": "schema_migrations", "search_path": "public",
                            "x-multi-statement": "true"}).write(self.FILES)
        p.up()
        self.assertDone(p, self.IDS)

    def test_timestamps_and_many_statements_with_a_failure_inside(self):
        p = self.project().write({
            "migrations/20240226153000_a.up.sql": USERS,
            "migrations/20240226153001_b.up.sql": "BEGIN;\nINSERT INTO users (username, email) VALUES ('a', 'b');\n"
                                                  "INSERT INTO users (username) VALUES ('c');\nCOMMIT;\n"})
        result = p.run("up", check=1)
        self.assertAt(result, "20240226153001_b.up.sql", 3)
        self.assertSays(result, "23502", where="err")
        self.assertEqual((p.sql("SELECT * FROM users"), p.completed()), ([], ["20240226153000_a"]))


class Goose(Layout):
    FILES = {
        "db/20240101000000_users.sql": (
            "-- +goose Up\n-- +goose StatementBegin\nSELECT 'up SQL query';\n-- +goose StatementEnd\n" + USERS
            + "\n-- +goose Down\n-- +goose StatementBegin\nSELECT 'down SQL query';\n-- +goose StatementEnd\n"
              "DROP TABLE users;\n"),
        "db/20240102000000_touch.sql": (
            "-- +goose Up\n-- +goose StatementBegin\n" + TOUCH + "-- +goose StatementEnd\n\n" + TRIGGER
            + "\n-- +goose StatementBegin\nDO $$\nBEGIN\n    PERFORM 1; -- ;\nEND $$;\n-- +goose StatementEnd\n"
              "\n-- +goose Down\nDROP TRIGGER touch_users ON users;\nDROP FUNCTION touch;\n"),
        "db/20240103000000_index.sql": (
            "-- +goose NO TRANSACTION\n-- +goose Up\nCREATE INDEX CONCURRENTLY users_a ON users (email, username);\n"
            "CREATE INDEX CONCURRENTLY users_b ON users (created_at);\nVACUUM users;\n"
            "-- +goose Down\nDROP INDEX CONCURRENTLY users_b;\nDROP INDEX CONCURRENTLY users_a;\n"),
    }
    IDS = ["20240101000000_users", "20240102000000_touch", "20240103000000_index"]

    def test_files_run_unchanged(self):
        self.up_and_down(self.FILES, "-m", "db", ids=self.IDS, tables=["users"], indexes=["users_a", "users_b"])

    def test_sequential_names(self):
        files = {f"db/{n:05}_{name.split('_')[1]}": text for n, (name, text) in enumerate(self.FILES.items(), 1)}
        self.up_and_down(files, "-m", "db", ids=["00001_users", "00002_touch", "00003_index"], tables=["users"],
                         indexes=["users_a", "users_b"])

    def test_a_statement_ends_with_its_mark(self):
        begin, end = "-- +goose StatementBegin\n", "-- +goose StatementEnd\n"
        atomic = "CREATE FUNCTION one() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT 0; SELECT 1; END\n"
        p = self.up_and_down({
            "db/1_a.sql": ("-- +goose Up\n" + begin + USERS.rstrip(";\n") + "\n" + end
                           + begin + TOUCH.rstrip(";\n") + "\n" + end + begin + TRIGGER + atomic + end
                           + "INSERT INTO users (username, email) VALUES ('a', 'b');\n"
                           + "-- +goose Down\n" + begin + "DROP TABLE users\n" + end
                           + begin + "DROP FUNCTION touch;\nDROP FUNCTION one\n" + end)},
            "-m", "db", ids=["1_a"], tables=["users"])
        self.assertEqual(p.ledger()[0]["statements_total"], 5)
        self.assertEqual(p.sql("SELECT one(), count(*) FROM users"), [(1, 1)])

    def test_errors_have_the_line_of_the_file(self):
        text = self.FILES["db/20240102000000_touch.sql"]
        for good, bad in (("RETURN NEW;", "RETURNS NEW;"), ("PERFORM 1;", "PERFORM nope;"), ("ON users FOR", "ON nope FOR")):
            with self.subTest(bad=bad):
                broken = text.replace(good, bad, 1)
                line = broken[:broken.index(bad)].count("\n") + 1
                p = self.project().write(dict(self.FILES, **{"db/20240102000000_touch.sql": broken}))
                self.assertAt(p.run("up", "-m", "db", check=1), "20240102000000_touch.sql", line)
                self.assertEqual(p.completed(), self.IDS[:1])


class Dbmate(Layout):
    FILES = {
        "db/schema.sql": "SET statement_timeout = 0;\nCREATE TABLE nowhere (a int);\n",
        "db/migrations/20240101000000_create_users.sql": (
            "-- migrate:up\n" + USERS + "\n-- migrate:down\nDROP TABLE users;\n"),
        "db/migrations/20240102000000_index.sql": (
            "-- migrate:up transaction:false\nCREATE INDEX CONCURRENTLY users_a ON users (email, username);\n"
            "\n-- migrate:down transaction:false\nDROP INDEX CONCURRENTLY users_a;\n"),
        "db/migrations/20240103000000_touch.sql": (
            "-- migrate:up\n" + TOUCH + TRIGGER + "\n-- migrate:down\nDROP TRIGGER touch_users ON users;\n"
            "DROP FUNCTION touch();\n"),
        "db/migrations/20240104000000_value.sql": (
            "-- migrate:up transaction:false\nCREATE TYPE colour AS ENUM ('red');\n"
            "ALTER TYPE colour ADD VALUE 'blue; dark' AFTER 'red';\nCREATE TABLE c (a colour DEFAULT 'blue; dark');\n"
            "-- migrate:down\nDROP TABLE c;\nDROP TYPE colour;\n"),
    }
    IDS = ["20240101000000_create_users", "20240102000000_index", "20240103000000_touch", "20240104000000_value"]

    def test_files_run_unchanged_and_the_dump_beside_is_no_migration(self):
        p = self.up_and_down(self.FILES, "-m", "db/migrations", ids=self.IDS, tables=["c", "users"],
                             indexes=["users_a"])
        p.sql("INSERT INTO c DEFAULT VALUES")

    def test_a_dump_among_the_migrations_is_left_alone_and_mentioned(self):
        files = {name.replace("db/schema", "db/migrations/schema"): text for name, text in self.FILES.items()}
        p = self.project().write(files)
        result = p.up("-m", "db/migrations")
        self.assertSays(result, r"schema\.sql")
        self.assertDone(p, self.IDS)


class Sqlx(Layout):
    def test_flat_directory_of_files_that_only_go_up(self):
        p = self.project().write({
            "migrations/20240101000000_users.sql": "-- Add migration script here\n" + USERS,
            "migrations/20240102000000_touch.sql": TOUCH + TRIGGER,
            "migrations/20240103000000_index.sql": "-- no-transaction\nCREATE INDEX CONCURRENTLY users_a ON users (email);\n"})
        p.up()
        self.assertDone(p, ["20240101000000_users", "20240102000000_touch", "20240103000000_index"])
        self.assertEqual(p.sql(VALID), [("users_a",)])
        self.assertRefused(p.run("down"), "20240103000000_index", "down")

    def test_pairs(self):
        self.up_and_down({
            "migrations/20240101000000_users.up.sql": "-- Add up migration script here\n" + USERS,
            "migrations/20240101000000_users.down.sql": "-- Add down migration script here\nDROP TABLE users;\n",
            "migrations/20240102000000_touch.up.sql": TOUCH + TRIGGER,
            "migrations/20240102000000_touch.down.sql": "DROP TRIGGER touch_users ON users;\nDROP FUNCTION touch;\n"},
            ids=["20240101000000_users", "20240102000000_touch"], tables=["users"])


if __name__ == "__main__":
    support.main()
