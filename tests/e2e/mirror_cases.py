# SPDX-License-Identifier: Apache-2.0
"""What another tool's table beside the ledger has to hold, on each kind of database."""
import datetime

# As GoFr makes it.
MADE_BY_GOFR = ("CREATE TABLE gofr_migrations (version BIGINT NOT NULL, method VARCHAR(4) NOT NULL, "
                "start_time TIMESTAMP NOT NULL, duration BIGINT, CONSTRAINT primary_key PRIMARY KEY (version, method))")
FIRST, SECOND, THIRD = "20240226153000", "20240226153001", "20240301000000"


class Gofr:
    """Mixed into the Case of an engine, which has project()."""
    sleep = None  # a statement that takes 1.2 seconds

    def start(self):
        p = self.project().pairs({
            f"{FIRST}_a": ("CREATE TABLE a (x int);\n", "DROP TABLE a;\n"),
            f"{SECOND}_b": ("INSERT INTO a VALUES (1);\n", "DELETE FROM a;\n"),
            f"{THIRD}_c": ("CREATE TABLE c (x int);\n", "DROP TABLE c;\n")})
        p.env.update({"BRANT_MIRROR": "gofr", "TZ": "Asia/Tokyo"})
        return p

    def rows(self, p):
        return [tuple(row) for row in p.sql("SELECT version, method FROM gofr_migrations ORDER BY version")]

    def assertMirrors(self, p, *versions):
        self.assertEqual(self.rows(p), [(int(version), "UP") for version in versions])

    def test_its_rows_come_and_go_with_ours(self):
        p = self.start()
        p.up()
        self.assertMirrors(p, FIRST, SECOND, THIRD)
        p.up()
        p.down()
        self.assertMirrors(p, FIRST, SECOND)
        p.run("redo", check=0)
        self.assertMirrors(p, FIRST, SECOND)
        p.run("down", "--all", "--yes", check=0)
        self.assertMirrors(p)
        p.up("--tx", "all") if self.one_transaction else p.up()
        self.assertMirrors(p, FIRST, SECOND, THIRD)

    def test_times_are_in_utc(self):
        p = self.start()
        p.up()
        now = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)
        for start, duration in p.sql("SELECT start_time, duration FROM gofr_migrations"):
            started = datetime.datetime.fromisoformat(str(start)[:19])
            self.assertLess(abs((now - started).total_seconds()), 120, start)
            self.assertGreaterEqual(duration, 0)

    def test_durations_are_in_milliseconds(self):
        if self.sleep is None:
            self.skipTest("nothing in its SQL takes time")
        p = self.start()
        p.pairs({"20240302000000_slow": (self.sleep, None)})
        p.up()
        (took,), = p.sql("SELECT duration FROM gofr_migrations WHERE version = 20240302000000")
        self.assertTrue(1150 <= took <= 6000, took)
        self.assertAlmostEqual(took, p.ledger()[-1]["duration_ms"], delta=100)  # each by its own reading of the clock

    def test_what_fails_is_not_in_it(self):
        p = self.start()
        p.pairs({"20240302000000_wrong": ("INSERT INTO nowhere VALUES (1);\n", None)})
        self.assertNotEqual(p.run("up").code, 0)
        self.assertMirrors(p, FIRST, SECOND, THIRD)

    def test_switched_on_later_it_is_filled(self):
        p = self.start()
        p.up("--mirror", "none")
        self.assertSays(p.up(), "lacks 3 versions", where="err")
        self.assertMirrors(p, FIRST, SECOND, THIRD)
        self.assertNotIn("lacks", p.up().err)

    def test_what_a_person_records_is_in_it_too(self):
        p = self.start()
        p.run("mark", FIRST, SECOND, check=0)
        self.assertMirrors(p, FIRST, SECOND)
        p.run("mark", SECOND, "--as", "pending", check=0)
        self.assertMirrors(p, FIRST)
        p.run("force", THIRD, check=0)
        self.assertMirrors(p, FIRST, SECOND, THIRD)
        p.run("force", "-1", check=0)
        self.assertMirrors(p)

    def test_what_the_other_tool_did_stops_a_run_until_it_is_adopted(self):
        p = self.start()
        p.script(MADE_BY_GOFR)
        p.sql(f"INSERT INTO gofr_migrations VALUES ({FIRST}, 'UP', '2024-02-26 15:31:00', 1200)")
        p.sql("INSERT INTO gofr_migrations VALUES (20230101000000, 'UP', '2023-01-01 00:00:00', NULL)")
        p.script("CREATE TABLE a (x int)")
        self.assertRefused(p.run("up"), "mirror.ahead", "gofr_migrations", "2 versions", "brant adopt")
        self.assertEqual(p.tables(), ["a", "gofr_migrations"])
        self.assertSays(p.run("adopt", check=0), f"{FIRST}_a: completed", "20230101000000: completed")
        code, row = p.ledger()
        self.assertEqual((row["started_at"], row["duration_ms"]), ("2024-02-26T15:31:00.000Z", 1200))
        self.assertEqual((code["kind"], code["started_at"], code["duration_ms"]),
                         ("code", "2023-01-01T00:00:00.000Z", None))
        self.assertEqual([entry["action"] for entry in p.history()], ["adopt", "adopt"])
        self.assertIn("nothing changed", p.run("adopt", "--from", "gofr", check=3).out)
        p.up()
        self.assertMirrors(p, "20230101000000", FIRST, SECOND, THIRD)
        self.assertEqual(str(p.sql(f"SELECT start_time FROM gofr_migrations WHERE version = {FIRST}")[0][0])[:19],
                         "2024-02-26 15:31:00")

    def test_a_version_that_is_no_number_has_no_place_in_it(self):
        p = self.start().pairs({"1.2.0_d": ("CREATE TABLE d (x int);\n", None)})
        p.up("--out-of-order", "run")
        self.assertIn("1.2.0_d", p.completed())
        self.assertMirrors(p, FIRST, SECOND, THIRD)

    def test_there_is_something_to_adopt_or_an_error(self):
        p = self.start()
        self.assertRefused(p.run("adopt"), "adopt.nothing_found", "gofr_migrations", codes=(2,))
        self.assertRefused(p.run("adopt", "--from", "flyway"), "adopt.unknown_tool", "gofr", codes=(2,))

    def test_a_version_that_is_no_number_is_an_error(self):
        p = self.start()
        p.script("CREATE TABLE gofr_migrations (version varchar(20), method varchar(4), start_time timestamp NULL, "
                 "duration bigint)")
        p.sql("INSERT INTO gofr_migrations VALUES ('1.5', 'UP', NULL, NULL)")
        self.assertRefused(p.run("up"), "mirror.unreadable", "1.5")
