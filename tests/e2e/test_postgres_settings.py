# SPDX-License-Identifier: Apache-2.0
"""What a script on PostgreSQL sets for its session ends with it, and never reaches the next one."""
import servers
import support
import support_postgres
from support_postgres import AUDIT, audit

# What the next migration sees.
SEEN = ("INSERT INTO public.seen SELECT pg_catalog.current_setting('search_path'), current_user,"
        " pg_catalog.current_setting('work_mem'), pg_catalog.current_setting('session_replication_role'),"
        " pg_catalog.current_setting('TimeZone'), pg_catalog.current_setting('check_function_bodies'),"
        " coalesce(pg_catalog.current_setting('my.own', true), ''),"
        " (SELECT count(*) FROM pg_catalog.pg_class WHERE relpersistence = 't'"
        " AND relnamespace = pg_catalog.pg_my_temp_schema())::int,"
        " (SELECT count(*) FROM pg_catalog.pg_prepared_statements WHERE name NOT LIKE 'brant%')::int,"
        " pg_catalog.current_setting('statement_timeout'), pg_catalog.current_setting('lock_timeout'),"
        " (SELECT count(*) FROM pg_catalog.pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid())::int,"
        " (SELECT count(*) FROM pg_catalog.pg_listening_channels())::int;\n")
COLUMNS = "path, who, mem, role, zone, bodies, own, temps, prepared, st, lt, locks, listens"
TABLE = ("CREATE TABLE public.seen (path text, who text, mem text, role text, zone text, bodies text, own text,"
         " temps int, prepared int, st text, lt text, locks int, listens int);\n")

LEAKS = {
    "search_path": "SET search_path = other;\n",
    "search_path by set_config, as pg_dump does": "SELECT pg_catalog.set_config('search_path', '', false);\n",
    "search_path by a DO block": "DO $$ BEGIN PERFORM set_config('search_path', 'other', false); END $$;\n",
    "search_path in a function": ("CREATE OR REPLACE FUNCTION public.leak() RETURNS void LANGUAGE plpgsql AS"
                                  " $$ BEGIN EXECUTE 'SET search_path = other'; END $$;\nSELECT public.leak();\n"),
    "schema": "SET SCHEMA 'other';\n",
    "role": "SET ROLE pg_monitor;\n",
    "memory": "SET work_mem = '77MB';\n",
    "memory by set_config": "SELECT set_config('work_mem', '77MB', false);\n",
    "replication role": "SET session_replication_role = replica;\n",
    "replication role by a DO block": "DO $$ BEGIN PERFORM set_config('session_replication_role', 'replica', false);"
                                      " END $$;\n",
    "zone": "SET TIME ZONE 'Asia/Tokyo';\n",
    "what pg_dump sets": ("SET statement_timeout = 0;\nSET lock_timeout = 0;\nSET check_function_bodies = false;\n"
                          "SET client_min_messages = warning;\nSET row_security = off;\n"
                          "SELECT pg_catalog.set_config('search_path', '', false);\n"),
    "limits": "SET statement_timeout = '1ms';\nRESET statement_timeout;\nSET lock_timeout = '7s';\n",
    "an own one": "SET my.own = 'x';\n",
    "temporary table": "CREATE TEMP TABLE scratch (a int);\nINSERT INTO scratch VALUES (1);\n",
    "temporary table that hides one": "CREATE TEMP TABLE seen (LIKE public.seen);\n",
    "prepared statement": "PREPARE p AS SELECT 1;\n",
    "role by set_config": "SELECT set_config('role', 'pg_monitor', false);\n",
    "role for the transaction": "SET LOCAL ROLE pg_monitor;\nSELECT 1;\n",
    "a cursor": "DECLARE c CURSOR WITH HOLD FOR SELECT 1;\n",
    "advisory locks": ("SELECT pg_advisory_lock(77), pg_advisory_lock(77), pg_advisory_lock(-1);\n"
                       "SELECT pg_try_advisory_lock_shared(-1, -2);\n"),
    "notifications": "LISTEN here;\n",
    "all reset": "SET work_mem = '77MB';\nRESET ALL;\n",
}


class Leaks(support_postgres.Case):
    def leak_project(self):
        p = self.project()
        with p.connect(user="postgres") as admin:
            admin.query("GRANT pg_monitor TO brant; GRANT SET ON PARAMETER session_replication_role TO brant")
        p.pairs({"001_a": AUDIT + TABLE + "CREATE SCHEMA other;\n" + SEEN})
        p.up()
        return p

    def check(self, head: str = "", command: str = "up"):
        p = self.leak_project()
        number = 2
        for name, sql in LEAKS.items():
            # Alone, then seen by the next, which is sent with it in one window where that can be.
            leaky, after = f"{number:03}_leak", f"{number + 1:03}_after"
            if command == "up":
                p.pairs({leaky: head + sql, after: "CREATE TABLE here" + str(number) + " (a int);\n" + SEEN})
            else:
                p.pairs({after: ("SELECT 1;", head + sql),
                         leaky: ("SELECT 1;", SEEN + f"CREATE TABLE here{number} (a int);\n")})
            with self.subTest(leak=name):
                p.up()
                if command == "down":
                    p.down("2")
                    p.up()
                first, *others = p.sql(f"SELECT {COLUMNS} FROM public.seen")
                for seen in others:
                    self.assertEqual(seen, first)
                self.assertGreaterEqual(len(others), 1)
                self.assertEqual(p.sql("SELECT schemaname FROM pg_tables WHERE tablename = $1", f"here{number}"),
                                 [("public",)])
                self.assertEqual(p.sql("SELECT pg_get_userbyid(relowner) FROM pg_class WHERE relname = $1",
                                       f"here{number}"), [("brant",)])
            p.sql("DELETE FROM seen WHERE ctid <> (SELECT min(ctid) FROM seen)")
            number += 2
        self.assertEqual([row["status"] for row in p.ledger()], ["completed"] * (number - 1))
        p.run("history", "--verify", check=0)
        self.assertEqual(p.sql("SELECT schemaname FROM pg_tables WHERE tablename LIKE 'brant%'"),
                         [("public",), ("public",)])

    def test_in_transactions(self):
        self.check()

    def test_outside_of_transactions(self):
        self.check("-- brant: transaction=off\n")

    def test_in_transactions_of_the_file_itself(self):
        p = self.leak_project()
        for number, (name, sql) in enumerate(LEAKS.items()):
            with self.subTest(leak=name):
                p.pairs({f"{2 * number + 2:03}_leak": "BEGIN;\n" + sql + "COMMIT;\n",
                         f"{2 * number + 3:03}_after": SEEN})
                p.up()
                first, *others = p.sql(f"SELECT {COLUMNS} FROM public.seen")
                self.assertEqual(others, [first] * len(others))
            p.sql("DELETE FROM seen WHERE ctid <> (SELECT min(ctid) FROM seen)")

    def test_downwards(self):
        self.check(command="down")

    def test_in_one_window(self):
        """All together, a look behind each."""
        p = self.leak_project()
        for number, sql in enumerate(LEAKS.values()):
            p.pairs({f"{2 * number + 2:03}_leak": sql, f"{2 * number + 3:03}_after": SEEN})
        p.up()
        rows = p.sql(f"SELECT {COLUMNS} FROM seen")
        self.assertEqual(len(rows), len(LEAKS) + 1)
        self.assertEqual(set(rows), {rows[0]})

    def test_what_a_block_or_a_function_leaves_unseen(self):
        """No statement shows it: the next migration's look at the session does."""
        names = {"client_encoding": "LATIN1", "default_transaction_read_only": "on", "TimeZone": "Asia/Tokyo",
                 "DateStyle": "German", "statement_timeout": "1", "standard_conforming_strings": "off"}
        seen = " || ' ' || ".join(f"current_setting('{name}')" for name in names)
        see = f"INSERT INTO audit (token) SELECT 'ü\\ ' || {seen};\n"
        hidden = {f"{2 * n + 10}_a": f"DO $$ BEGIN PERFORM set_config('{name}', '{value}', false); END $$;\n"
                  for n, (name, value) in enumerate(names.items())}
        hidden["30_b"] = "DO $$ BEGIN EXECUTE 'CREATE TEMP TABLE audit (LIKE public.audit)'; END $$;\n"
        hidden["32_b"] = ("CREATE FUNCTION leak() RETURNS void LANGUAGE plpgsql AS"
                          " $$ BEGIN CREATE TEMP TABLE audit (n int, token text); END $$;\nSELECT leak();\n")
        p = self.project().pairs({"01_a": AUDIT, "02_see": see})
        for id_, sql in hidden.items():
            p.pairs({id_: sql, f"{int(id_[:2]) + 1}_see": see})
        p.up()
        tokens = p.tokens()
        self.assertEqual(len(tokens), len(hidden) + 1, "none went elsewhere")
        self.assertEqual(set(tokens), {tokens[0]})
        self.assertRegex(tokens[0], r"^ü\\ UTF8 off UTC ISO, [A-Z]+ 0 on$")

    def test_a_configuration_that_is_read_anew_does_not_reach_a_run(self):
        p = self.project(server=servers.postgres(self))
        p.env["DATABASE_URL"] = p.database.url(servers.SUPERUSER)
        see = "INSERT INTO audit (token) SELECT current_setting('DateStyle');\n"
        p.pairs({"1_a": AUDIT + "GRANT ALL ON audit TO brant;\n" + see,
                 "2_b": "ALTER SYSTEM SET DateStyle = 'German';\n",
                 "3_c": "SELECT pg_reload_conf(), pg_sleep(0.1);\n", "4_d": see, "5_e": see})
        p.up()
        self.assertEqual(len(set(p.tokens())), 1, p.tokens())
        self.assertEqual(len(p.tokens()), 3)

    def test_script_keeps_its_own_settings_to_its_end(self):
        """Outside of transactions each statement has its bracket, and the ledger is written between."""
        for head in ("", "-- brant: transaction=off\n"):
            with self.subTest(head=head):
                p = self.leak_project()
                p.sql("GRANT ALL ON audit TO pg_monitor; GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO pg_monitor;"
                      " GRANT ALL ON SCHEMA other TO pg_monitor")
                p.pairs({"002_b": head + "SET search_path = other, public;\nSET ROLE pg_monitor;\n"
                                         "SET work_mem = '77MB';\nCREATE TABLE mine (a int);\n"
                                         "CREATE TEMP TABLE t AS SELECT current_user AS who;\n"
                                         "INSERT INTO audit (token) SELECT who || current_user || current_setting("
                                         "'work_mem') || current_schema() FROM t;\n",
                         "003_c": SEEN})
                p.up()
                self.assertEqual(p.tokens(), ["pg_monitorpg_monitor77MBother"])
                self.assertEqual(p.sql("SELECT schemaname, tableowner FROM pg_tables WHERE tablename = 'mine'"),
                                 [("other", "pg_monitor")])
                self.assertEqual(len(set(p.sql("SELECT path, who, mem, temps FROM seen"))), 1)

    def test_in_one_transaction_for_all(self):
        p = self.leak_project()
        p.pairs({"002_leak": "SET work_mem = '77MB';\nCREATE TABLE inside (a int);\n", "003_after": SEEN})
        p.up("--tx", "all")
        self.assertEqual(p.completed(), ["001_a", "002_leak", "003_after"])

    def test_set_local_needs_nothing(self):
        p = self.leak_project()
        p.pairs({"002_b": "SET LOCAL search_path = other;\nCREATE TABLE inside (a int);\n", "003_c": SEEN})
        p.up()
        self.assertEqual(p.sql("SELECT schemaname FROM pg_tables WHERE tablename = 'inside'"), [("other",)])
        rows = p.sql("SELECT path FROM seen")
        self.assertEqual(len(set(rows)), 1)

    def test_ledger_stays_where_it_is_while_a_script_looks_elsewhere(self):
        p = self.leak_project()
        p.pairs({"002_b": "SET search_path = other;\nCREATE TABLE inside (a int);\nSELECT nosuch;\n"})
        p.run("up", check=1)
        p.run("up", check=1)
        self.assertEqual(p.sql("SELECT schemaname FROM pg_tables WHERE tablename LIKE 'brant%'"),
                         [("public",), ("public",)])
        self.assertEqual(p.ledger()[1]["status"], "failed")
        self.assertEqual(p.sql("SELECT count(*) FROM pg_tables WHERE tablename = 'inside'"), [(0,)])


class Place(support_postgres.Case):
    """The first schema of the search_path becomes another one: nothing runs twice."""

    FILES = {"1_a": AUDIT.replace("audit", "public.audit"), "2_b": "INSERT INTO public.audit (token) VALUES ('2');\n"}
    NEXT = {"3_c": "INSERT INTO public.audit (token) VALUES ('3');\n"}

    def test_a_schema_that_is_named_like_the_user(self):
        p = self.project().pairs({**self.FILES, "2_b": self.FILES["2_b"] + "CREATE SCHEMA brant;\n"})
        p.up()
        lock = p.run("lock", "--json", check=0).json()["locks"][0]["id"]
        p.up()
        p.pairs(self.NEXT).up()
        self.assertEqual(p.sql("SELECT token FROM public.audit ORDER BY n"), [("2",), ("3",)])
        self.assertEqual(p.sql("SELECT schemaname FROM pg_tables WHERE tablename = 'brant_migrations'"), [("public",)])
        self.assertEqual(p.run("status", "--json", check=0).json()["databases"][0]["version"], "3")
        self.assertEqual(p.run("lock", "--json", check=0).json()["locks"][0]["id"], lock)
        p.run("history", "--verify", check=0)

    def test_another_search_path_of_the_role(self):
        p = self.project().pairs(self.FILES)
        p.pairs({"2_b": self.FILES["2_b"] + "CREATE SCHEMA app;\nALTER ROLE brant IN DATABASE "
                        f'"{p.database.name}" SET search_path = app;\n'})
        p.up()
        p.pairs(self.NEXT)
        for command in ("up", "plan"):
            self.assertRefused(p.run(command), "ledger-schema")
        p.up("--ledger-schema", "public")
        self.assertEqual(p.sql("SELECT token FROM public.audit ORDER BY n"), [("2",), ("3",)])

    def test_a_schema_for_each_customer(self):
        """A search_path of the URL is meant: each has a ledger, and that of others is theirs."""
        p = self.project().pairs({"1_a": "CREATE TABLE mine (a int);\n"})
        p.sql("CREATE SCHEMA one; CREATE SCHEMA two")
        p.pairs({"1_shared": "CREATE TABLE shared (a int);\n"}, folder="shared")
        p.up("-m", "shared")
        for schema in ("one", "two"):
            p.up(env={"DATABASE_URL": p.database.url(search_path=f"{schema},public")})
        self.assertEqual(p.sql("SELECT schemaname FROM pg_tables WHERE tablename = 'mine' ORDER BY 1"),
                         [("one",), ("two",)])
        p.sql("CREATE SCHEMA three")
        url = p.database.url(search_path="three,public")
        self.assertRefused(p.run("up", "-m", "shared", env={"DATABASE_URL": url}), "ledger-schema")


class Refused(support_postgres.Case):
    def refused(self, text: str, line: int, *words):
        p = self.project().pairs({"001_a": (AUDIT + audit("1"), "SELECT 1;"), "002_b": text})
        result = p.run("up")
        self.assertRefused(result, *words)
        self.assertAt(result, "migrations/002_b.up.sql", line)
        self.assertEqual(p.tables(), [], "nothing ran, not even what comes before")
        return p

    def test_what_frees_the_lock_is_refused_before_anything_runs(self):
        for sql in ("SELECT pg_advisory_unlock_all();", "DISCARD ALL;", "select pg_catalog.PG_ADVISORY_UNLOCK_ALL ( );",
                    "DEALLOCATE ALL;", "SELECT pg_advisory_unlock(1);", "DO $$ BEGIN PERFORM pg_advisory_unlock_all(); END $$;"):
            for head in ("", "-- brant: transaction=off\n"):
                with self.subTest(sql=sql, head=head):
                    self.refused(f"{head}{audit('2')}{sql}\n", 2 if not head else 3, "lock|prepared")

    def test_downwards_too(self):
        p = self.project().pairs({"001_a": (AUDIT, "SELECT 1;\nDISCARD ALL;\n")})
        p.up()
        result = p.run("down")
        self.assertRefused(result, "lock")
        self.assertAt(result, "migrations/001_a.down.sql", 2)

    def test_locks_of_the_script_itself_end_with_its_transaction(self):
        p = self.project().pairs({"001_a": AUDIT + "SELECT pg_advisory_xact_lock(7);\n" + audit("1")})
        p.up()
        self.assertEqual(p.tokens(), ["1"])

    def test_lock_that_a_script_loses_by_a_way_nobody_sees_stops_the_run(self):
        """Dynamic SQL in a function: the guard of the next transaction finds that it is gone."""
        p = self.project().pairs({
            "001_a": AUDIT + "CREATE FUNCTION lose() RETURNS void LANGUAGE plpgsql AS $$ BEGIN"
                             " EXECUTE 'SELECT pg_advisory_' || 'unlock_all()'; END $$;\n",
            "002_b": audit("2") + "SELECT lose();\n", "003_c": audit("3"), "004_d": audit("4")})
        result = p.run("up")
        self.assertNotEqual(result.code, 0, result)
        self.assertSays(result, "lock", where="err")
        self.assertNotIn("3", p.tokens())
        self.assertNotIn("004_d", p.completed())


if __name__ == "__main__":
    support.main()
