# SPDX-License-Identifier: Apache-2.0
"""Migrations for the crash and fault tests, the state they have to end in, and how a person goes on
after a crash.

Every INSERT writes a token that names its migration and statement (`2_off#3`; `-2_off#3` on the way
down), so that a test can answer for a statement whose outcome nobody else can know.
"""
import os
import shutil

from support import AUDIT, Project, audit

OFF = "-- brant: transaction=off\n"
FILES = ("app.db", "app.db-journal", "app.db-wal", "app.db-shm")

TRANSACTIONAL = {
    "1_base": (AUDIT + "CREATE TABLE counter (n INTEGER);\nINSERT INTO counter VALUES (0);\n",
               "DROP TABLE counter;\nDELETE FROM audit;\n"),
    "2_tables": (
        audit("2_tables#1") + "CREATE TABLE parent (id INTEGER PRIMARY KEY, name TEXT);\n"
        "CREATE TABLE child (id INTEGER PRIMARY KEY, p INTEGER REFERENCES parent (id) ON DELETE "
        "CASCADE);\nINSERT INTO parent VALUES (1, 'a'), (2, 'b');\n"
        "INSERT INTO child VALUES (1, 1), (2, 1), (3, 2);\n",
        "DROP TABLE child;\nDROP TABLE parent;\n" + audit("-2_tables#3")),
    "3_trigger": (
        "CREATE TABLE log (what TEXT);\nCREATE TRIGGER t AFTER INSERT ON parent BEGIN\n"
        "  INSERT INTO log VALUES ('in;' || new.name);\nEND;\n"
        "INSERT INTO parent VALUES (3, 'c');\nUPDATE counter SET n = n + 1;\n",
        "DROP TRIGGER IF EXISTS t;\nDELETE FROM parent WHERE id = 3;\nDROP TABLE log;\n"
        "UPDATE counter SET n = n - 1;\n"),
    "4_rebuild": (
        "-- brant: foreign-keys=off\n"
        "CREATE TABLE parent_new (id INTEGER PRIMARY KEY, name TEXT NOT NULL, age INTEGER);\n"
        "INSERT INTO parent_new SELECT id, name, 1 FROM parent;\n"
        "DROP TABLE parent;\nALTER TABLE parent_new RENAME TO parent;\n" + audit("4_rebuild#5"),
        "ALTER TABLE parent DROP COLUMN age;\n" + audit("-4_rebuild#2")),
    "5_index": ("CREATE INDEX i ON child (p);\nCREATE VIEW v AS SELECT name FROM parent;\n"
                + audit("5_index#3"), "DROP VIEW v;\nDROP INDEX i;\n"),
    "6_empty": ("-- nothing\n", "-- nothing\n"),
    "7_pragmas": (
        "PRAGMA foreign_keys=OFF;\nCREATE TABLE child_new (id INTEGER PRIMARY KEY, p INTEGER "
        "REFERENCES parent (id));\nINSERT INTO child_new SELECT id, p FROM child;\n"
        "DROP TABLE child;\nALTER TABLE child_new RENAME TO child;\nPRAGMA foreign_keys=ON;\n"
        "CREATE INDEX i ON child (p);\n" + audit("7_pragmas#8"), audit("-7_pragmas#1")),
}

OUTSIDE = {
    "1_base": (AUDIT + "CREATE TABLE counter (n INTEGER);\nINSERT INTO counter VALUES (0);\n",
               "DROP TABLE counter;\n"),
    "2_off": (
        OFF + audit("2_off#1") + "CREATE TABLE t (a);\n" + audit("2_off#3") + "VACUUM;\n"
        "PRAGMA user_version = 5;\nCREATE INDEX t_a ON t (a);\n" + audit("2_off#7")
        + "ALTER TABLE t ADD COLUMN b DEFAULT 4;\n"
        "CREATE TRIGGER r AFTER INSERT ON t BEGIN SELECT 1; SELECT 2; END;\n"
        "INSERT INTO t (a) VALUES (1);\nUPDATE counter SET n = n + 1;\n",
        OFF + "UPDATE counter SET n = n - 1;\nDROP TRIGGER r;\n" + audit("-2_off#3")
        + "DROP INDEX t_a;\nALTER TABLE t DROP COLUMN b;\nVACUUM;\nDROP TABLE t;\n"
        "PRAGMA user_version = 0;\n"),
    "3_plain": (audit("3_plain#1") + "CREATE TABLE u (a);\n", "DROP TABLE u;\n"),
    "4_off": (OFF + "ANALYZE;\nVACUUM;\n" + audit("4_off#3"),
              OFF + audit("-4_off#1") + "VACUUM;\n"),
}

OWN = {
    "1_base": (AUDIT, "DELETE FROM audit;\n"),
    "2_own": (
        "BEGIN;\n" + audit("2_own#2") + "CREATE TABLE t (a);\nINSERT INTO t VALUES (1);\nCOMMIT;\n",
        "BEGIN;\nDROP TABLE t;\n" + audit("-2_own#3") + "COMMIT;\n"),
    "3_two": (
        "BEGIN IMMEDIATE;\n" + audit("3_two#2") + "COMMIT;\nBEGIN;\n" + audit("3_two#5")
        + "CREATE TABLE u (a);\nEND;\n",
        "BEGIN;\nDROP TABLE u;\nCOMMIT;\nBEGIN;\n" + audit("-3_two#5") + "COMMIT;\n"),
    "4_plain": (audit("4_plain#1"), audit("-4_plain#1")),
}

# Files that switch foreign keys off have to begin their own transaction.
TOGETHER = {name: texts for name, texts in TRANSACTIONAL.items()
            if name not in ("4_rebuild", "7_pragmas")}

# What tells whether a statement without a token took effect: (id, direction, number) -> SQL.
EFFECTS = {
    ("2_off", "up", 10): "SELECT count(*) = 1 FROM t",
    ("2_off", "up", 11): "SELECT n = 1 FROM counter",
    ("2_off", "down", 1): "SELECT n = 0 FROM counter",
    ("1_base", "up", 3): "SELECT count(*) = 1 FROM counter",
    ("1_base", "down", 1): "SELECT count(*) = 0 FROM audit",
    ("1_base", "down", 2): "SELECT count(*) = 0 FROM audit",
    ("2_tables", "up", 4): "SELECT count(*) = 2 FROM parent",
    ("2_tables", "up", 5): "SELECT count(*) = 3 FROM child",
    ("3_trigger", "up", 3): "SELECT count(*) = 3 FROM parent",
    ("3_trigger", "up", 4): "SELECT n = 1 FROM counter",
    ("3_trigger", "down", 2): "SELECT count(*) = 2 FROM parent",
    ("3_trigger", "down", 4): "SELECT n = 0 FROM counter",
    ("4_rebuild", "up", 2): "SELECT count(*) = 3 FROM parent_new",
    ("7_pragmas", "up", 3): "SELECT count(*) = 3 FROM child_new",
    ("2_own", "up", 4): "SELECT count(*) = 1 FROM t",
}


def clear(p: Project) -> None:
    for name in FILES:
        if p.exists(name):
            p.remove(name)


def restore(p: Project, folder: str) -> None:
    """The database as it was put away by keep()."""
    clear(p)
    for name in FILES:
        if p.exists(f"{folder}/{name}"):
            shutil.copy(p.at(folder, name), p.at(name))


def keep(p: Project, folder: str) -> None:
    os.makedirs(p.at(folder), exist_ok=True)
    for name in FILES:
        if p.exists(name):
            shutil.copy(p.at(name), p.at(folder, name))


def took_effect(p: Project, row: dict, effects: dict) -> bool:
    key = row["id"], row["direction"], row["intent"]
    if key in effects:
        return p.sql(effects[key])[0][0] in (1, "t")
    sign = "-" if row["direction"] == "down" else ""
    token = f"{sign}{row['id']}#{row['intent']}"
    name = f"{row['id']}.{row['direction']}.sql"
    with open(p.at("migrations", name), encoding="utf-8") as file:
        p.case.assertIn(token, file.read(), f"an open statement that could be probed: {row}")
    return token in p.tokens()


def finish(p: Project, *command, env=None, effects=None) -> int:
    """Runs the command until it is done, as a person would: the answers asked for are given
    truthfully. The number of answers given."""
    answers = 0
    for _ in range(10):
        result = p.run(*command, env=env)
        if result.code == 0:
            return answers
        rows = [row for row in p.ledger() if row["intent"]]
        p.case.assertIn("repair", result.err, result)
        p.case.assertEqual(len(rows), 1, result)
        answer = "--done" if took_effect(p, rows[0], effects or EFFECTS) else "--not-done"
        p.run("repair", answer, "--yes", check=0)
        answers += 1
    raise AssertionError(f"no end after ten answers: {result}")
