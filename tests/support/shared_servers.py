# SPDX-License-Identifier: Apache-2.0
"""Servers that several processes share: ctest starts one for all tests of an engine.

  shared_servers.py start NAME   start the server of this build, or join the one that runs
  shared_servers.py stop NAME    leave it; it ends with its last user
  shared_servers.py exec NAME -- COMMAND...
                                 run COMMAND with the server's URL in its environment
  shared_servers.py run NAME [--ssl] [--bouncer MODE]
                                 a server for oneself: prints URLs, ends with the input

NAME is one of KINDS below: postgres or mysql (MariaDB) of the system, or one that tools/ gets. The users of
a server are the processes that called start: ctest, usually. A process beside them keeps the server, and ends it when none of them is alive any more, so
it does not outlive a ctest that is killed.
"""
import argparse
import contextlib
import dataclasses
import glob
import json
import os
import pathlib
import signal
import subprocess
import sys
import time

import servers

SKIPPED = 77
LIFETIME_SECONDS = 3 * 3600


@dataclasses.dataclass
class Kind:
    variable: str  # gets the URL
    server: type
    programs_variable: str  # where the programs are, for servers that a test starts itself
    tool: tuple = ()  # of tools/, with arguments: gets the programs; else those of the system

    def programs(self) -> str:
        return servers.fetched_bin(*self.tool) if self.tool else ""

    def start(self, **more):
        return self.server(programs=self.programs(), **more)


def _postgres(*tool: str) -> Kind:
    return Kind(servers.VARIABLE, servers.Postgres, "BRANT_TEST_POSTGRES_BIN", tool)


def _mysql(*tool: str) -> Kind:
    return Kind(servers.VARIABLE_MYSQL, servers.MariaDB, "BRANT_TEST_MARIADB_BIN", tool)


KINDS = {
    "postgres": _postgres(),
    "postgres_newest": _postgres("newest-postgres"),
    "mysql": _mysql(),
    "mysql_8": _mysql("get-mysql"),
    "mysql_newest_maria": _mysql("newest-debian", "mariadb-server-core"),
    "mysql_newest": _mysql("newest-debian", "mysql-server-core"),
}


class Place:
    """The files of a shared server: where it is, and who uses it."""

    def __init__(self, name: str):
        self.name = name
        os.makedirs(servers.STATE, exist_ok=True)
        base = os.path.join(servers.STATE, name)
        self.state, self.log, self._users = f"{base}.json", f"{base}.log", f"{base}.user."

    def join(self, pid: int) -> None:
        pathlib.Path(f"{self._users}{pid}").write_text(servers.born(pid), "ascii")

    def leave(self, pid: int) -> None:
        with contextlib.suppress(FileNotFoundError):
            os.remove(f"{self._users}{pid}")

    def used(self) -> bool:
        for path in glob.glob(glob.escape(self._users) + "*"):
            with contextlib.suppress(OSError):
                then = pathlib.Path(path).read_text("ascii")
                if then and servers.born(int(path.rpartition(".")[2])) == then:
                    return True
                os.remove(path)
        return False

    def read(self) -> dict:
        """What the keeper wrote; empty when there is none alive."""
        with contextlib.suppress(OSError, ValueError):
            state = json.loads(pathlib.Path(self.state).read_text("utf-8"))
            if servers.born(state["pid"]) == state["born"]:
                return state
        return {}

    def write(self, **state) -> None:
        new = self.state + ".new"
        with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            json.dump({"pid": os.getpid(), "born": servers.born(os.getpid()), **state}, file)
        os.rename(new, self.state)

    def clear(self) -> None:
        with contextlib.suppress(FileNotFoundError):
            os.remove(self.state)


def keep(place: Place) -> None:
    """The process beside: starts the server, waits until nobody uses it, ends it."""
    end = time.monotonic() + LIFETIME_SECONDS
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        server = KINDS[place.name].start()
    except servers.Failed as error:
        place.write(failed=str(error), skip=isinstance(error, (servers.Missing, servers.NotToBeHad)))
        time.sleep(5)  # until whoever waits for us has read it
        place.clear()
        return
    try:
        place.write(url=server.shared_url(), log=server.log)
        while place.used() and server.alive() and time.monotonic() < end:
            time.sleep(0.3)
    finally:
        place.clear()
        server.stop()


def _start_keeper(place: Place) -> None:
    with open(place.log, "wb") as log:
        # In a session of its own: ctest waits for nobody whose streams are not its own.
        subprocess.Popen([sys.executable, os.path.abspath(__file__), "keep", place.name],
                         stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)


def start(name: str) -> int:
    place, user = Place(name), os.getppid()
    place.join(user)
    end = time.monotonic() + 600
    if not place.read():
        place.clear()
        _start_keeper(place)
    while time.monotonic() < end:
        state = place.read()
        if "url" in state:
            print(f"{name} runs, its log is {state['log']}")
            return 0
        if "failed" in state:
            place.leave(user)
            print(state["failed"])
            return SKIPPED if state["skip"] else 1
        time.sleep(0.02)
    place.leave(user)
    print(f"{name} did not start; see {place.log}")
    return 1


def stop(name: str) -> int:
    place, end = Place(name), time.monotonic() + 60
    place.leave(os.getppid())
    while time.monotonic() < end:
        if not place.read() or place.used():
            return 0
        time.sleep(0.02)
    print(f"{name} did not end")
    return 1


def execute(name: str, command: list) -> int:
    kind = KINDS[name]
    os.environ.pop(kind.variable, None)
    url = Place(name).read().get("url")
    if url:
        os.environ[kind.variable] = url
        if kind.tool:
            os.environ[kind.programs_variable] = kind.programs()
    os.execvp(command[0], command)
    return 1


def run(name: str, ssl: bool, bouncer: str) -> int:
    server = KINDS[name].start(ssl=ssl)
    print(f"superuser    {server.shared_url()}\nrole brant   {server.url()}\n"
          f"by socket    {server.url(local=True)}\nlog          {server.log}")
    if ssl:
        print(f"authority    {server.ca.certificate}\nwrong one    {server.wrong_ca.certificate}\n"
              f"certificate  {server.client[0]}\nits key      {server.client[1]}")
    if bouncer:
        print(f"pgbouncer    {servers.Bouncer(server.address, bouncer).url()}")
    sys.stdout.flush()
    with contextlib.suppress(KeyboardInterrupt):
        sys.stdin.read()
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("start", "stop", "exec", "run", "keep"))
    parser.add_argument("name", choices=sorted(KINDS))
    parser.add_argument("--ssl", action="store_true")
    parser.add_argument("--bouncer", default="", choices=("transaction", "session", "statement"))
    split = sys.argv.index("--") if "--" in sys.argv else len(sys.argv)
    given = parser.parse_args(sys.argv[1:split])
    if given.what == "keep":
        keep(Place(given.name))
        return 0
    if given.what == "exec":
        return execute(given.name, sys.argv[split + 1:])
    if given.what == "run":
        return run(given.name, given.ssl, given.bouncer)
    return start(given.name) if given.what == "start" else stop(given.name)


if __name__ == "__main__":
    sys.exit(main())
