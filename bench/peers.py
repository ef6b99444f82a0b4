# SPDX-License-Identifier: Apache-2.0
"""Other tools, from package registries: how each is installed, called and known.

Versions are fixed, so that a figure says what it is of; raise them here. A tool is installed into a
folder of its own under build-bench, and found there the next time. What cannot be installed is
left out, with the reason in the report; so is a tool that is not measured on an engine.
"""
import os
import pathlib
import shutil
import sys
import urllib.parse
from dataclasses import dataclass, replace
from typing import Callable

from bench import build
from bench.build import FOLDER, Failed
from bench.measure import Contestant

# The folder's name is changed when the same version is to be installed in another way.
_PEERS = FOLDER / "peers-3"
_FLYWAY = build.ROOT / "bench" / "flyway"


@dataclass(frozen=True)
class Peer:
    name: str
    version: str
    source: str
    needs: str
    # Commands that install it into a folder; {folder} and {version} are filled in.
    install: tuple
    program: str
    # By engine: arguments that run migrations; {url} and its parts are filled in.
    up: dict
    # What a reader has to know to compare.
    note: str
    version_option: str = "--version"
    installed: bool = False
    reason: str = ""

    @property
    def folder(self) -> pathlib.Path:
        return _PEERS / f"{self.name}-{self.version}"

    @property
    def path(self) -> str:
        """The program, or "" when it is not there; a part of its path may differ between machines."""
        found = sorted(self.folder.glob(self.program))
        return str(found[0]) if found and os.access(found[0], os.X_OK) else ""

    def contestant(self, folder: pathlib.Path, prepare: Callable, verify: Callable, engine: str = "sqlite",
                   url: str = "sqlite:app.db") -> Contestant:
        parts = urllib.parse.urlsplit(url)
        words = {"url": url, "rest": url.partition("://")[2], "user": parts.username, "password": parts.password,
                 "place": f"{parts.hostname}:{parts.port}{parts.path}", "server": f"{parts.hostname}:{parts.port}",
                 "path": parts.path}
        arguments = [word.format(**words) for word in self.up[engine]]
        return Contestant(self.name, [self.path, *arguments], folder, prepare, verify, {"DATABASE_URL": url})


_DBMATE = ("--url", "{url}", "--migrations-dir", "migrations", "--no-dump-schema", "up")
_ALL = (
    Peer("dbmate", "2.36.0", "npm", "npm",
         (("npm", "install", "--no-audit", "--no-fund", "--prefix", "{folder}", "dbmate@{version}"),),
         "node_modules/@dbmate/*/bin/dbmate",
         {"sqlite": _DBMATE, "postgres": _DBMATE, "mysql": _DBMATE},
         "a transaction for each migration, with its record; no lock"),
    Peer("golang-migrate", "4.20.1", "Go modules", "go",
         (("go", "install", "-tags", "sqlite3,postgres,mysql", "github.com/golang-migrate/migrate/v4/cmd/migrate@v{version}"),),
         "bin/migrate",
         {"sqlite": ("-path", "migrations", "-database", "sqlite3://app.db", "up"),
          "postgres": ("-path", "migrations", "-database", "{url}", "up"),
          "mysql": ("-path", "migrations", "-database",
                    "mysql://{user}:{password}@tcp({server}){path}?multiStatements=true", "up")},
         "a transaction for each migration, and one before and one after it for its version",
         "-version"),
    Peer("goose", "3.29.0", "Go modules", "go",
         (("go", "install", "github.com/pressly/goose/v3/cmd/goose@v{version}"),),
         "bin/goose",
         {"sqlite": ("-dir", "migrations", "sqlite3", "app.db", "up"),
          "postgres": ("-dir", "migrations", "postgres", "{url}", "up")},
         "a transaction for each migration, with its record; SQLite translated to Go; no lock",
         "-version"),
    Peer("alembic", "1.20.1", "PyPI", "python3",
         ((sys.executable, "-m", "venv", "{folder}"),
          ("{folder}/bin/pip", "install", "--quiet", "alembic=={version}", "psycopg[binary]==3.3.9")),
         "bin/alembic", {"sqlite": ("upgrade", "head"), "postgres": ("upgrade", "head")},
         "migrations are Python modules; on SQLite its Python module decides what is a transaction; no lock"),
    Peer("flyway", "13.12.1", "Maven", "mvn",
         (("mvn", "-q", "-B", "-f", str(_FLYWAY / "pom.xml"), "dependency:copy-dependencies",
           "-DoutputDirectory={folder}/jars", "-Dflyway.version={version}"),
          ("javac", "-cp", "{folder}/jars/*", "-d", "{folder}/classes", str(_FLYWAY / "Up.java")),
          ("install", "-D", "-m", "755", str(_FLYWAY / "flyway.sh"), "{folder}/bin/flyway")),
         "bin/flyway", {"postgres": ("{place}", "{user}", "{password}", "migrations")},
         "its library in a small program of ours; a transaction for each migration, with its record",
         ""),
    Peer("sqlx", "0.9.0", "crates", "cargo",
         (("cargo", "install", "--quiet", "--locked", "--root", "{folder}", "--target-dir", "{folder}/target",
           "--no-default-features", "--features", "sqlite", "sqlx-cli@{version}"),),
         "bin/sqlx",
         {"sqlite": ("migrate", "run", "--source", "migrations", "--database-url", "sqlite:app.db?mode=rwc")},
         "a transaction for each migration, with its record, and another for how long it took"),
)
# A first build of the largest takes some minutes on two processors.
_INSTALL_SECONDS = 1500


def _install(peer: Peer) -> Peer:
    if peer.path:
        return replace(peer, installed=True)
    if shutil.which(peer.needs) is None:
        return replace(peer, reason=f"there is no {peer.needs} on this machine")
    print(f"bench: installing {peer.name} {peer.version} ({peer.source})", flush=True)
    peer.folder.mkdir(parents=True, exist_ok=True)
    environment = {**os.environ, "GOBIN": str(peer.folder / "bin"), "CGO_ENABLED": "1"}
    try:
        for number, command in enumerate(peer.install):
            filled = [word.format(folder=peer.folder, version=peer.version) for word in command]
            build.run(filled, FOLDER / "logs" / f"{peer.name}-{number}.log", _INSTALL_SECONDS, env=environment)
    except Failed as error:
        return replace(peer, reason=f"did not install: {error}")
    finally:
        shutil.rmtree(peer.folder / "target", ignore_errors=True)
    if not peer.path:
        return replace(peer, reason="the package has no such program")
    return replace(peer, installed=True)


def install_all(engines: list) -> list:
    return [_install(peer) if set(peer.up) & set(engines) else peer for peer in _ALL]


def leave_all_out() -> list:
    return [replace(peer, reason="left out with --no-peers") for peer in _ALL]


def of_engine(peers: list, engine: str) -> list:
    """Those that are measured on it."""
    return [peer for peer in peers if peer.installed and engine in peer.up]
