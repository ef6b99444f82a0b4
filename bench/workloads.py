# SPDX-License-Identifier: Apache-2.0
"""Migrations to measure with. Every migration has two statements.

tables: each creates a table and puts a row into it, as migrations do. SQLite reads its own list of
        tables for every new one, so a hundred thousand of these would measure that list.
notes:  each makes sure of one table, and puts a row into it.
rows:   the first makes one table, each puts rows into it.
"""
import pathlib
import shutil
from typing import Callable


def tables(number: int) -> list:
    return [f"CREATE TABLE t{number} (id INTEGER PRIMARY KEY, body TEXT NOT NULL);",
            f"INSERT INTO t{number} (id, body) VALUES (1, 'first');"]


def notes(number: int) -> list:
    return ["CREATE TABLE IF NOT EXISTS notes (id INTEGER PRIMARY KEY, body TEXT NOT NULL);",
            f"INSERT INTO notes (body) VALUES ('note {number}');"]


def rows(number: int) -> list:
    first = ("CREATE TABLE notes (id INTEGER PRIMARY KEY, body TEXT NOT NULL);" if number == 1
             else f"INSERT INTO notes (id, body) VALUES ({-number}, 'another');")
    return [first, f"INSERT INTO notes (id, body) VALUES ({number}, 'note');"]


def _plain(statements: list) -> str:
    return "\n".join(statements) + "\n"


def _dbmate(statements: list) -> str:
    return "-- migrate:up\n" + _plain(statements) + "\n-- migrate:down\n"


def _goose(statements: list) -> str:
    return "-- +goose Up\n" + _plain(statements)


def _write_alembic(folder: pathlib.Path, count: int, statements: Callable) -> None:
    """The project that `alembic init` makes, without its logging, and one module per migration."""
    versions = folder / "migrations" / "versions"
    versions.mkdir(parents=True)
    (folder / "alembic.ini").write_text("[alembic]\nscript_location = migrations\nsqlalchemy.url = sqlite:///app.db\n")
    (folder / "migrations" / "env.py").write_text("""import os

from alembic import context
from sqlalchemy import engine_from_config, pool

section = context.config.get_section(context.config.config_ini_section, {})
if os.environ["DATABASE_URL"].startswith("postgres:"):
    section["sqlalchemy.url"] = os.environ["DATABASE_URL"].replace("postgres:", "postgresql+psycopg:", 1)
engine = engine_from_config(section, prefix="sqlalchemy.", poolclass=pool.NullPool)
with engine.connect() as connection:
    context.configure(connection=connection, transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()
""")
    for number in range(1, count + 1):
        before = f'"{number - 1:06d}"' if number > 1 else "None"
        body = "".join(f"    op.execute({statement!r})\n" for statement in statements(number))
        (versions / f"{number:06d}_table.py").write_text(
            f'from alembic import op\n\nrevision = "{number:06d}"\ndown_revision = {before}\n'
            f"branch_labels = None\ndepends_on = None\n\n\ndef upgrade():\n{body}")


# How a tool names its files, and what is in one.
_FILES = {
    "brant": ("{:06d}_table.up.sql", _plain),
    "golang-migrate": ("{:06d}_table.up.sql", _plain),
    "dbmate": ("{:06d}_table.sql", _dbmate),
    "goose": ("{:06d}_table.sql", _goose),
    "flyway": ("V{}__table.sql", _plain),
    "sqlx": ("{:06d}_table.sql", _plain),
}


def write(folder: pathlib.Path, tool: str, count: int, statements: Callable) -> None:
    """An empty project in folder, with the migrations in folder/migrations."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    if tool == "alembic":
        _write_alembic(folder, count, statements)
        return
    migrations = folder / "migrations"
    migrations.mkdir()
    name, text = _FILES[tool]
    for number in range(1, count + 1):
        (migrations / name.format(number)).write_text(text(statements(number)))
