# SPDX-License-Identifier: Apache-2.0
"""Migrations for the crash tests on PostgreSQL, and what is compared behind them. See workloads.py."""
import libpq
import servers
import support_postgres
from support_postgres import AUDIT, audit

OFF = "-- brant: transaction=off\n"

TOGETHER = {
    "1_base": (AUDIT + "CREATE TABLE counter (n int NOT NULL);\nINSERT INTO counter VALUES (0);\n",
               "DROP TABLE counter;\nDELETE FROM audit;\n"),
    "2_tables": (
        audit("2_tables#1") + "CREATE TABLE parent (id int PRIMARY KEY, name text);\n"
        "CREATE TABLE child (id int PRIMARY KEY, p int REFERENCES parent (id) ON DELETE CASCADE);\n"
        "INSERT INTO parent VALUES (1, 'a'), (2, 'b');\nINSERT INTO child VALUES (1, 1), (2, 1), (3, 2);\n",
        "DROP TABLE child;\nDROP TABLE parent;\n" + audit("-2_tables#3")),
    "3_trigger": (
        "CREATE TABLE log (what text);\nCREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$\n"
        "BEGIN\n  INSERT INTO log VALUES ('in;' || new.name);\n  RETURN new;\nEND $$;\n"
        "CREATE TRIGGER t AFTER INSERT ON parent FOR EACH ROW EXECUTE FUNCTION note();\n"
        "INSERT INTO parent VALUES (3, 'c');\nUPDATE counter SET n = n + 1;\n",
        "DELETE FROM parent WHERE id = 3;\nDROP TRIGGER t ON parent;\nDROP FUNCTION note();\nDROP TABLE log;\n"
        "UPDATE counter SET n = n - 1;\n"),
    "4_copy": (
        "CREATE TYPE mood AS ENUM ('sad', 'ok');\nCREATE TABLE many (id int, m mood);\n"
        "COPY many (id, m) FROM stdin;\n" + "".join(f"{n}\tok\n" for n in range(200)) + "\\.\n"
        + audit("4_copy#4"),
        "DROP TABLE many;\nDROP TYPE mood;\n" + audit("-4_copy#3")),
    "5_session": ("SET LOCAL search_path = public, pg_catalog;\nSET work_mem = '8MB';\n"
                  "CREATE INDEX i ON child (p);\n" + audit("5_session#4"), "DROP INDEX i;\n"),
    "6_empty": ("-- nothing\n", "-- nothing\n"),
    "7_view": ("CREATE VIEW v AS SELECT name FROM parent;\nDO $$ BEGIN PERFORM pg_sleep(0); END $$;\n"
               "UPDATE counter SET n = n + 10;\n" + audit("7_view#4"),
               "DROP VIEW v;\nUPDATE counter SET n = n - 10;\n" + audit("-7_view#3")),
}

# The keys are checked at the COMMIT.
TRANSACTIONAL = {**TOGETHER, "8_deferred": (
    "CREATE TABLE late (p int REFERENCES parent (id) DEFERRABLE INITIALLY DEFERRED);\n"
    "INSERT INTO late VALUES (9);\nINSERT INTO parent VALUES (9, 'late');\n" + audit("8_deferred#4"),
    "DELETE FROM parent WHERE id = 9;\nDROP TABLE late;\n")}

OUTSIDE = {
    "1_base": (AUDIT + "CREATE TABLE counter (n int NOT NULL);\nINSERT INTO counter VALUES (0);\n",
               "DROP TABLE counter;\n"),
    "2_off": (
        OFF + audit("2_off#1") + "CREATE TABLE t (a int);\n" + audit("2_off#3") + "VACUUM t;\n"
        "CREATE INDEX CONCURRENTLY t_a ON t (a);\n" + audit("2_off#6")
        + "COPY t FROM stdin;\n1\n2\n\\.\nALTER TABLE t ADD COLUMN b int DEFAULT 4;\n"
        "UPDATE counter SET n = n + 1;\nREINDEX INDEX CONCURRENTLY t_a;\n",
        OFF + "UPDATE counter SET n = n - 1;\n" + audit("-2_off#2")
        + "DROP INDEX CONCURRENTLY t_a;\nALTER TABLE t DROP COLUMN b;\nVACUUM t;\nDROP TABLE t;\n"),
    "3_plain": (audit("3_plain#1") + "CREATE TABLE u (a int);\nCREATE TYPE mood AS ENUM ('ok');\n",
                "DROP TYPE mood;\nDROP TABLE u;\n"),
    "4_index": ("CREATE INDEX CONCURRENTLY u_a ON u (a);\n", "DROP INDEX CONCURRENTLY u_a;\n"),
    "5_value": (OFF + "ALTER TYPE mood ADD VALUE 'sad';\n" + audit("5_value#2"),
                OFF + audit("-5_value#1") + "VACUUM;\n"),
}

OWN = {
    "1_base": (AUDIT, "DELETE FROM audit;\n"),
    "2_own": (
        "BEGIN;\n" + audit("2_own#2") + "CREATE TABLE t (a int);\nINSERT INTO t VALUES (1);\nCOMMIT;\n",
        "BEGIN;\nDROP TABLE t;\n" + audit("-2_own#3") + "COMMIT;\n"),
    "3_two": (
        "START TRANSACTION;\n" + audit("3_two#2") + "COMMIT;\nBEGIN;\n" + audit("3_two#5")
        + "CREATE TABLE u (a int);\nEND;\n",
        "BEGIN;\nDROP TABLE u;\nCOMMIT;\nBEGIN;\n" + audit("-3_two#5") + "COMMIT;\n"),
    "4_plain": (audit("4_plain#1"), audit("-4_plain#1")),
}

# What tells whether a statement without a token took effect. See workloads.EFFECTS.
EFFECTS = {
    ("7_view", "up", 2): "SELECT true",  # it does nothing
    ("2_off", "up", 7): "SELECT count(*) = 2 FROM t",
    ("2_off", "up", 9): "SELECT n = 1 FROM counter",
    ("2_off", "down", 1): "SELECT n = 0 FROM counter",
}


def many(count: int, pause_ms: int = 0) -> dict:
    """Small migrations that come in windows; in between those that cannot."""
    found = {"0001_base": (AUDIT + "CREATE TABLE data (a int, b text);\n", "DROP TABLE data;\n")}
    pause = f"SELECT pg_sleep({pause_ms / 1000});\n" if pause_ms else ""
    for n in range(2, count + 1):
        name = f"{n:04}_m"
        if n % 23 == 0:
            up = OFF + audit(f"{name}#1") + f"CREATE INDEX CONCURRENTLY i{n} ON data (a);\n" + audit(f"{name}#3")
            down = OFF + f"DROP INDEX CONCURRENTLY i{n};\n" + audit(f"-{name}#2")
        elif n % 17 == 0:
            up = f"BEGIN;\n{audit(f'{name}#2')}CREATE TABLE t{n} (a int);\nCOMMIT;\n"
            down = f"BEGIN;\nDROP TABLE t{n};\n{audit(f'-{name}#3')}COMMIT;\n"
        elif n % 13 == 0:
            up = "COPY data FROM stdin;\n" + f"{n}\tx\n" * 50 + "\\.\n" + audit(f"{name}#2")
            down = f"DELETE FROM data WHERE a = {n};\n" + audit(f"-{name}#2")
        else:
            up = (audit(f"{name}#1") + f"CREATE TABLE t{n} (a int PRIMARY KEY);\n{pause}"
                  f"INSERT INTO t{n} VALUES ({n});\n")
            down = audit(f"-{name}#1") + pause + f"DROP TABLE t{n};\n"
        found[name] = up, down
    return found


_OBJECTS = """
SELECT 'relation ' || c.relkind::text || ' ' || c.relname || ' ' ||
       COALESCE(pg_get_indexdef(i.indexrelid) || ' valid ' || i.indisvalid, '') ||
       COALESCE(pg_get_viewdef(CASE WHEN c.relkind = 'v' THEN c.oid END), '')
  FROM pg_class c LEFT JOIN pg_index i ON i.indexrelid = c.oid
 WHERE c.relnamespace = 'public'::regnamespace AND c.relname NOT LIKE 'brant\\_%'
UNION ALL
SELECT 'column ' || a.attrelid::regclass || ' ' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod) ||
       ' ' || a.attnotnull || ' ' || COALESCE(pg_get_expr(d.adbin, d.adrelid), '')
  FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
  LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
 WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped
   AND c.relname NOT LIKE 'brant\\_%'
UNION ALL
SELECT 'constraint ' || conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid)
  FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND conrelid::regclass::text NOT LIKE 'brant\\_%'
UNION ALL
SELECT 'function ' || pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'public'::regnamespace
UNION ALL
SELECT 'trigger ' || pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
UNION ALL
SELECT 'value ' || enumtypid::regtype || ' ' || enumlabel FROM pg_enum
ORDER BY 1"""


class Project(support_postgres.Project):
    """Its database can be put back as it was."""

    def keep(self) -> None:
        """Puts the database as it is aside."""
        self.kept = f"{self.database.name}_kept"
        self.case.addCleanup(self._forget)
        self._copy(self.database.name, self.kept)

    def restore(self) -> None:
        self._copy(self.kept, self.database.name)

    def _copy(self, source: str, target: str) -> None:
        with self.server.connect() as admin:
            admin.query("SET client_min_messages = error")
            admin.query(f'DROP DATABASE IF EXISTS "{target}" WITH (FORCE)')
            self.case.assertEqual([], self._sessions(admin, source), "a session was left")
            admin.query(f'CREATE DATABASE "{target}" TEMPLATE "{source}" OWNER {servers.USER}')

    def _sessions(self, admin, name: str) -> list:
        """Of those who have just gone the server knows for a moment longer."""
        found = []
        for _ in range(200):
            found = admin.query("SELECT pid, query FROM pg_stat_activity WHERE datname = $1", name)
            if not found:
                break
            admin.query("SELECT pg_sleep(0.02)")
        return found

    def _forget(self) -> None:
        with self.server.connect() as admin:
            admin.query(f'DROP DATABASE IF EXISTS "{self.kept}" WITH (FORCE)')

    def dump(self, db: str = "") -> dict:
        """As that of the base, but at once, and without the numbers that roll back with nobody."""
        with self.connect() as connection:
            objects = [text for text, in connection.query(_OBJECTS)]
            names = [line.split()[2] for line in objects if line.startswith("relation r ")]
            rows = {name: [text for text, in connection.query(f"SELECT r::text FROM {name} r ORDER BY 1")]
                    for name in names if name != "audit"}
            if "audit" in names:
                rows["audit"] = [text for text, in connection.query("SELECT token FROM audit ORDER BY n")]
        return {"objects": objects, "rows": rows}

    def locks(self) -> list:
        """Sessions that have an advisory lock in this database."""
        return self.sql("SELECT l.pid FROM pg_locks l WHERE l.locktype = 'advisory' AND l.database = "
                        "(SELECT oid FROM pg_database WHERE datname = current_database())")

    def answers(self) -> bool:
        try:
            self.sql("SELECT 1")
            return True
        except libpq.Error:
            return False
