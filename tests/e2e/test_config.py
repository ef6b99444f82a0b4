# SPDX-License-Identifier: Apache-2.0
"""Where settings come from: options, environment, .env, brant.yaml."""
import os

import support
from support import AUDIT, audit


def simple(case, **more):
    return support.Project(case, **more).pairs({"1_a": AUDIT + audit("a")})


class AutoMigrate(support.Case):
    def test_S_A9_false_applies_nothing_and_says_so(self):
        p = simple(self)
        result = p.up("--auto", env={"DATABASE_AUTO_MIGRATE": "false"})
        self.assertSays(result, "auto-migrate|DATABASE_AUTO_MIGRATE", "false|off|disabled")
        self.assertFalse(p.exists("app.db"))

    def test_S_A9_no_table_in_a_database_that_is_there(self):
        p = simple(self)
        p.script("CREATE TABLE mine (a);")
        p.up("--auto", env={"DATABASE_AUTO_MIGRATE": "false"})
        self.assertEqual(p.sql("SELECT name FROM sqlite_master"), [("mine",)])

    def test_S_A9_manual_commands_still_work(self):
        p = simple(self)
        p.up(env={"DATABASE_AUTO_MIGRATE": "false"})
        self.assertEqual(p.tokens(), ["a"])

    def test_S_A9_json_says_disabled(self):
        p = simple(self)
        result = p.up("--auto", "--json", env={"DATABASE_AUTO_MIGRATE": "false"})
        self.assertEqual(result.json()["applied"], [])

    def test_S_A8_unset_means_true(self):
        p = simple(self)
        p.up("--auto")
        self.assertEqual(p.tokens(), ["a"])

    def test_S_A10_dotenv_is_honoured(self):
        p = simple(self).write({".env": "# start\nexport DATABASE_AUTO_MIGRATE='false'\n"})
        p.up("--auto")
        self.assertFalse(p.exists("app.db"))

    def test_S_A10_the_real_environment_wins(self):
        p = simple(self).write({".env": "DATABASE_AUTO_MIGRATE=false\n"})
        p.up("--auto", env={"DATABASE_AUTO_MIGRATE": "true"})
        self.assertEqual(p.tokens(), ["a"])

    def test_S_A10_bad_value_is_a_usage_error(self):
        p = simple(self).write({".env": "X=1\nDATABASE_AUTO_MIGRATE=maybe\n"})
        result = p.run("up", "--auto")
        self.assertRefused(result, "DATABASE_AUTO_MIGRATE", "maybe", codes=(2,))
        self.assertAt(result, ".env", 2)
        self.assertFalse(p.exists("app.db"))

    def test_bad_environment_value_names_the_variable(self):
        p = simple(self)
        for name, value in (("DATABASE_AUTO_MIGRATE", "2"), ("BRANT_LOCK_TIMEOUT", "soon"),
                            ("SCYLLADB_AUTO_MIGRATE", "yep"), ("BRANT_RETRIES", "-1"),
                            ("SCYLLADB_MIGRATION_TIMEOUT", "5 parsecs"), ("BRANT_TX", "some"),
                            ("MIGRATION_TIMEOUT", "ten")):
            with self.subTest(name=name):
                self.assertRefused(p.run("up", env={name: value}), name, codes=(2,))
        self.assertFalse(p.exists("app.db"))

    def test_unknown_variable_of_ours_is_ignored(self):
        simple(self).up(env={"BRANT_SOMETHING_ELSE": "1"})


class ValidateSchema(support.Case):
    def test_S_C16_absent_when_off_and_present_when_on(self):
        p = simple(self)
        self.assertNotIn("validation", p.up("--json").json())
        for env in ({"SCYLLADB_VALIDATE_SCHEMA": "true"}, {"BRANT_VALIDATE_SCHEMA": "1"}):
            self.assertEqual(p.up("--json", env=env).json()["validation"],
                             {"valid": True, "findings": []})
        self.assertSays(p.up("--validate-schema"), "validation: valid")
        self.assertNotIn("validation", p.up("--json", env={"BRANT_VALIDATE_SCHEMA": "0"}).json())

    def test_exit_code_9_when_it_is_not_valid(self):
        p = simple(self).pairs({"2_b": (audit("b"), audit("down"))})
        p.up()
        p.pairs({"1_a": AUDIT + audit("edited")})
        result = p.run("down", "--validate-schema", check=9)
        self.assertSays(result, "1_a", "edited", "validation: not valid")
        self.assertEqual(p.tokens(), ["a", "b", "down"])
        result = p.run("goto", "1", "--validate-schema", "--json", check=9)
        self.assertEqual([f["id"] for f in result.json()["validation"]["findings"]],
                         ["ledger.checksum_mismatch"])
        self.assertTrue(result.json()["ok"])

    def test_a_bad_value_names_the_variable(self):
        p = simple(self)
        result = p.run("up", env={"SCYLLADB_VALIDATE_SCHEMA": "perhaps"})
        self.assertRefused(result, "SCYLLADB_VALIDATE_SCHEMA", "perhaps", codes=(2,))
        self.assertFalse(p.exists("app.db"))


class Dotenv(support.Case):
    def test_S_D45_database_url_from_dotenv(self):
        p = simple(self, url=None).write({".env": 'DATABASE_URL="sqlite:from-env.db"\n'})
        p.up()
        self.assertEqual(p.tokens("from-env.db"), ["a"])

    def test_S_D45_missing_url_is_an_immediate_error_that_names_it(self):
        p = simple(self, url=None)
        result = p.run("up", timeout=5)
        self.assertRefused(result, "DATABASE_URL", codes=(2,))
        self.assertNotRegex(result.err, "(?i)attempt|retry")

    def test_S_D46_migration_timeout_of_600(self):
        p = simple(self)
        result = p.run("config", "--json", check=0, env={"MIGRATION_TIMEOUT": "600"})
        self.assertIn("600", result.out.replace("10m", "600"))
        shown = p.run("config", check=0, env={"MIGRATION_TIMEOUT": "600"}).out
        for name in ("lock-timeout", "migration-timeout"):
            line = [text for text in shown.splitlines() if name in text][0]
            self.assertIn("MIGRATION_TIMEOUT", line)

    def test_S_D46_number_is_required(self):
        p = simple(self).write({".env": "MIGRATION_TIMEOUT=much\n"})
        self.assertRefused(p.run("up"), "MIGRATION_TIMEOUT", "much", codes=(2,))

    def test_malformed_line_has_its_position(self):
        p = simple(self).write({".env": "A=1\nB='open\n"})
        result = p.run("up")
        self.assertRefused(result, r"\.env", codes=(1, 2))
        self.assertAt(result, ".env", 2)

    def test_another_file_and_a_missing_one(self):
        p = simple(self, url=None).write({"prod.env": "DATABASE_URL=sqlite:prod.db\n"})
        p.up("--env-file", "prod.env")
        self.assertEqual(p.tokens("prod.db"), ["a"])
        self.assertRefused(p.run("up", "--env-file", "gone.env"), r"gone\.env")


class ProjectFile(support.Case):
    def test_S_D80_read_from_the_project_directory_and_options_override(self):
        p = simple(self, url=None)
        p.pairs({"1_a": AUDIT + audit("from option")}, folder="other")
        p.write({"brant.yaml": "databases:\n  main: { url: \"sqlite:yaml.db\", "
                               "migrations: migrations }\n"})
        p.up()
        self.assertEqual(p.tokens("yaml.db"), ["a"])
        p.up("-d", "sqlite:flag.db", "-m", "other")
        self.assertEqual(p.tokens("flag.db"), ["from option"])

    def test_malformed_yaml_has_its_position(self):
        p = simple(self).write({"brant.yaml": "on-dirty: resume\nout-of-order: [error\n"})
        result = p.run("up")
        self.assertRefused(result, r"brant\.yaml:[23]")
        self.assertFalse(p.exists("app.db"))

    def test_unknown_key_has_its_position_and_a_suggestion(self):
        p = simple(self).write({"brant.yaml": "# project\nlock-timout: 5s\n"})
        result = p.run("up")
        self.assertRefused(result, "lock-timout", "lock-timeout", codes=(2,))
        self.assertAt(result, "brant.yaml", 2)

    def test_unknown_key_of_a_database(self):
        p = simple(self, url=None).write({
            "brant.yaml": "databases:\n  main:\n    url: \"sqlite:a.db\"\n    migratons: x\n"})
        result = p.run("up")
        self.assertRefused(result, "migratons", "migrations", codes=(2,))
        self.assertAt(result, "brant.yaml", 4)

    def test_key_given_twice(self):
        p = simple(self).write({"brant.yaml": "tx: each\ntx: all\n"})
        result = p.run("up")
        self.assertRefused(result, "tx")
        self.assertAt(result, "brant.yaml", 2)

    def test_bad_value_has_its_position(self):
        p = simple(self).write({"brant.yaml": "on-dirty: resume\nout-of-order: later\n"})
        result = p.run("up")
        self.assertRefused(result, "out-of-order", "later", "ignore", codes=(2,))
        self.assertAt(result, "brant.yaml", 2)

    def test_S_C10_malformed_application_version(self):
        for value in ("1.x", "one", "1..2"):
            with self.subTest(value=value):
                p = simple(self).write({"brant.yaml": f"current-version: {value}\n"})
                self.assertRefused(p.run("up"), "current-version", codes=(2,))

    def test_named_file_that_is_missing(self):
        p = simple(self)
        self.assertRefused(p.run("up", "-c", "gone.yaml"), r"gone\.yaml")

    def test_empty_file_is_fine(self):
        p = simple(self).write({"brant.yaml": ""})
        p.up()

    def test_variables_in_the_file(self):
        p = simple(self, url=None).write({
            "brant.yaml": "databases:\n  main: { url: \"sqlite:${NAME:-none}.db\" }\n"})
        p.up(env={"NAME": "given"})
        p.up()
        self.assertEqual((p.tokens("given.db"), p.tokens("none.db")), (["a"], ["a"]))

    def test_unset_variable_is_an_error_with_its_position(self):
        p = simple(self, url=None).write({
            "brant.yaml": "databases:\n  main:\n    url: \"sqlite:${NOT_SET}.db\"\n"})
        result = p.run("up")
        self.assertRefused(result, "NOT_SET", codes=(2,))
        self.assertAt(result, "brant.yaml", 3)

    def test_two_databases_and_a_choice_by_name(self):
        p = simple(self, url=None).pairs({"1_e": AUDIT + audit("e")}, folder="migrations/events")
        os.rename(p.at("migrations"), p.at("both"))
        os.makedirs(p.at("both/main"))
        os.rename(p.at("both/1_a.up.sql"), p.at("both/main/1_a.up.sql"))
        p.write({"brant.yaml": "databases:\n  main: { url: \"sqlite:m.db\", migrations: both/main }"
                               "\n  events: { url: \"sqlite:e.db\", migrations: both/events }\n"})
        p.up("-d", "events")
        self.assertFalse(p.exists("m.db"))
        p.up()
        self.assertEqual((p.tokens("m.db"), p.tokens("e.db")), (["a"], ["e"]))
        self.assertRefused(p.run("up", "-d", "evnets"), "evnets", codes=(2,))
        names = [each["name"] for each in p.run("status", "--json").json()["databases"]]
        self.assertEqual(sorted(names), ["events", "main"])

    def test_paths_are_relative_to_the_file(self):
        p = simple(self, url=None)
        p.write({"conf/brant.yaml": "databases:\n  main: { url: \"sqlite:here.db\", "
                                    "migrations: ../migrations }\n"})
        p.up("-c", "conf/brant.yaml")
        self.assertTrue(p.exists("conf/here.db"))


class Precedence(support.Case):
    """Flag, environment, .env, file, default: each beats those behind it."""

    def origin(self, p, *args, env=None):
        shown = p.run(*args, "config", check=0, env=env).out
        return [line for line in shown.splitlines() if "lock-timeout" in line][0]

    def test_each_source_beats_those_behind_it(self):
        p = simple(self)
        self.assertRegex(self.origin(p), r"5m|300")
        self.assertRegex(self.origin(p), "default")
        p.write({"brant.yaml": "lock-timeout: 41s\n"})
        self.assertRegex(self.origin(p), r"41.*brant\.yaml")
        p.write({".env": "BRANT_LOCK_TIMEOUT=42s\n"})
        self.assertRegex(self.origin(p), r"42.*\.env")
        env = {"BRANT_LOCK_TIMEOUT": "43s"}
        self.assertRegex(self.origin(p, env=env), r"43.*BRANT_LOCK_TIMEOUT")
        self.assertRegex(self.origin(p, "--lock-timeout", "44s", env=env), r"44.*(flag|--lock)")

    def test_config_shows_every_setting(self):
        p = simple(self)
        shown = p.run("config", check=0).out
        for name in ("database", "migrations", "config", "env-file", "progress", "timeout",
                     "lock-poll-interval", "migration-timeout", "statement-timeout", "retries",
                     "tx", "on-dirty", "out-of-order", "auto-migrate", "current-version"):
            self.assertRegex(shown, rf"(?m)^\W*{name}\b", shown)
        self.assertEqual(p.run("config", "--json", check=0).json()["schema"], 1)

    def test_every_setting_has_its_variable(self):
        p = simple(self).write({".env": "", "brant.yaml": ""})
        p.env["DATABASE_URL"] = None
        instead = {"database": "sqlite:app.db", "current-version": "1.0.0",
                   "min-supported-version": "1.0.0", "password": "x", "password-file": "brant.yaml",
                   "ledger-schema": "main", "lock-id": "7", "backup-recorded": "x"}
        settings = p.run("config", "--json", check=0).json()["settings"]
        self.assertGreater(len(settings), 25)
        for setting in settings:
            with self.subTest(key=setting["key"]):
                key = setting["key"]
                name = "BRANT_" + key.upper().replace("-", "_")
                value = "true" if key == "json" else instead.get(key, setting["value"])
                result = p.run("config", *(["--json"] if key != "json" else []), env={name: value})
                found = [each for each in result.json()["settings"] if each["key"] == key][0]
                self.assertEqual((found["origin"], found["where"]), ("environment", name))

    def test_durations(self):
        p = simple(self)
        for text in ("300", "300s", "5m", "500ms", "0"):
            p.up("--lock-timeout", text)
        for text in ("", "fast", "5 m", "-1s", "1y", "99999999999999999999"):
            with self.subTest(text=text):
                self.assertRefused(p.run("up", f"--lock-timeout={text}"), "lock-timeout",
                                   codes=(2,))


class Secrets(support.Case):
    URL = "postgres://u:sekret@h/db"

    def outputs(self, p, *args, **more):
        result = p.run(*args, **more)
        self.assertNotIn("sekret", result.text, result)
        return result

    def test_password_is_in_no_output(self):
        p = simple(self, url=self.URL)
        p.env["BRANT_RETRIES"] = "1"
        for command in ("up", "down", "status", "plan", "ping", "config", "version", "history",
                        "validate", "repair", "list", "lock"):
            for more in ((), ("--json",), ("-v", "--trace"), ("--progress=json",)):
                with self.subTest(command=command, more=more):
                    self.outputs(p, command, *more)

    def test_password_in_the_project_file(self):
        p = simple(self, url=None).write({
            "brant.yaml": f"databases:\n  main: {{ url: \"{self.URL}\" }}\n"})
        for command in ("up", "config", "ping", "status"):
            self.outputs(p, command)
        p.write({"brant.yaml": f"databases:\n  main: {{ url: \"{self.URL}\", wrong: sekret }}\n"})
        self.assertNotEqual(self.outputs(p, "up").code, 0)

    def test_url_that_cannot_be_understood_is_not_echoed(self):
        for url in ("postgres//u:sekret@h/db", "://u:sekret@h", "nosuch://u:sekret@h/db",
                    "postgres://u:sekret@h:port/db"):
            with self.subTest(url=url):
                p = simple(self, url=None)
                self.assertNotEqual(self.outputs(p, "up", "-d", url).code, 0)
                self.assertNotEqual(self.outputs(p, "up", env={"DATABASE_URL": url}).code, 0)

    def test_password_setting_is_hidden(self):
        p = simple(self)
        result = self.outputs(p, "config", env={"BRANT_PASSWORD": "sekret"})
        self.assertIn("BRANT_PASSWORD", result.out)

    def test_ping_of_an_unknown_engine(self):
        p = simple(self, url="nosuch://h/db")
        self.assertRefused(p.run("ping"), "nosuch", "sqlite", codes=(1, 2, 10))


if __name__ == "__main__":
    support.main()
