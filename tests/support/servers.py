# SPDX-License-Identifier: Apache-2.0
"""Private servers for tests: PostgreSQL, PgBouncer before it, MariaDB, and the proxy of proxy_main.c.

In a test of Python:

    server = servers.shared_postgres()              # that of ctest; None where there is none
    db = servers.database(case, server)             # empty, dropped at the end of the test
    own = servers.postgres(case, ssl=True)          # for tests that kill or configure a server
    pooled = servers.bouncer(case, own)             # in transaction mode
    slow = servers.proxy(case, server, delay_us=1000)
    db.url(), slow.url(db.name), slow.counts()["round_trips"]
    my = servers.mariadb(case)                      # and servers.shared_mysql(case), with the same functions

shared_servers.py beside it starts the server of ctest, or one for a person to play with. Everything
listens on 127.0.0.1 and on sockets in a folder of its own, runs without the rights of root, and ends
with the process (to be exact: the thread) that started it, however that ends.
"""
import contextlib
import ctypes
import fcntl
import glob
import json
import os
import pathlib
import random
import re
import shutil
import signal
import subprocess
import urllib.parse

import libmariadb
import libpq
from server_process import (  # pylint: disable=unused-import
    BUILD, HOST, PASSWORD, PDEATHSIG, ROOT, SOURCE, STATE, SUPERUSER, SUPERUSER_PASSWORD, USER, VARIABLE,
    VARIABLE_MYSQL, Authority, Failed, Missing, NotToBeHad, Server, born, bound_socket, free_port, give_to_server,
    last, new_folder, run_as_server, sweep, user_options, wait)


# --- PostgreSQL


def postgres_bin() -> str:
    """The folder of the server's programs: BRANT_TEST_POSTGRES_BIN, or the newest of the system."""
    given = os.environ.get("BRANT_TEST_POSTGRES_BIN")
    if given:
        return given
    found = [path for path in glob.glob("/usr/lib/postgresql/*/bin") if os.access(f"{path}/postgres", os.X_OK)]
    if found:
        return max(found, key=lambda path: float(path.split("/")[4]))
    elsewhere = shutil.which("postgres")
    if elsewhere is None:
        raise Missing("postgresql-15")
    return os.path.dirname(os.path.realpath(elsewhere))


def _reachable(programs: str, folder: str) -> str:
    """The server's user may not be let into the folder where the programs are: then a copy of them."""
    try:
        subprocess.run([f"{programs}/postgres", "--version"], capture_output=True, timeout=60, check=True,
                       **user_options())
    except PermissionError:
        copy = os.path.join(folder, "programs")
        shutil.copytree(os.path.dirname(programs), copy, symlinks=True)
        return os.path.join(copy, os.path.basename(programs))
    return programs


def _make_template(programs: str, target: str, plain: bool) -> None:
    folder = new_folder()
    try:
        secret, data = os.path.join(folder, "secret"), os.path.join(folder, "data")
        pathlib.Path(secret).write_text(SUPERUSER_PASSWORD, "ascii")
        give_to_server(secret)
        run_as_server([f"{programs}/initdb", "-D", data, "-U", SUPERUSER, f"--pwfile={secret}", "-E", "UTF8",
                        "--locale=C.UTF-8", "-A", "scram-sha-256", "--no-sync",
                        *([] if plain else ["--wal-segsize=1"])], folder)
        run_as_server([f"{programs}/postgres", "--single", "-D", data, "postgres"], folder,
                       f"CREATE ROLE {USER} LOGIN CREATEDB PASSWORD '{PASSWORD}'\n")
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(data, target + ".new", symlinks=True)
        os.rename(target + ".new", target)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _template(programs: str, plain: bool) -> str:
    """A data directory that initdb made, once for each build folder and version of the server."""
    version = subprocess.run([f"{programs}/postgres", "--version"], capture_output=True, text=True, timeout=60,
                             check=True).stdout
    os.makedirs(STATE, exist_ok=True)
    target = os.path.join(STATE, "template-" + re.sub(r"[^\w.]+", "-", version.strip().split()[2])
                          + ("-plain" if plain else ""))
    with open(target + ".lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not os.path.isdir(target):
            shutil.rmtree(target + ".new", ignore_errors=True)
            _make_template(programs, target, plain)
    return target


class Address:
    """Where a server or something before it listens, and how to log in."""

    def __init__(self, port: int, folder: str = "", params=None):
        self.port, self.folder, self.params = port, folder, params or {}

    def at(self, port: int) -> "Address":
        """The same server behind another port."""
        return Address(port, "", self.params)

    def create(self, name: str) -> None:
        with self.connect() as admin:
            admin.query(f'CREATE DATABASE "{name}" OWNER {USER}')

    def drop(self, name: str) -> None:
        with self.connect() as admin:
            admin.query(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def url(self, db: str = "postgres", user: str = USER, password: str = None, local: bool = False,
            **params) -> str:
        """local: through the unix socket. params: of the URL, such as sslmode."""
        known = {USER: PASSWORD, SUPERUSER: SUPERUSER_PASSWORD}
        secret = known.get(user, "") if password is None else password
        login = user + (":" + urllib.parse.quote(secret, safe="") if secret else "")
        place = f"{HOST}:{self.port}"
        more = {**self.params, **params}
        if local:
            place = ""
            more = {"host": self.folder, "port": self.port, **more}
        query = "?" + urllib.parse.urlencode(more) if more else ""
        return f"postgres://{login}@{place}/{urllib.parse.quote(db, safe='')}{query}"

    def connect(self, db: str = "postgres", user: str = SUPERUSER, **more) -> libpq.Connection:
        more.setdefault("connect_timeout", 30)
        return libpq.Connection(self.url(db, user, **more))


class Postgres(Server):
    """A server with the superuser postgres and the role brant, who may create databases.

    ssl: with TLS offered, "require": without it nobody gets in; .ca and .wrong_ca are authorities,
    .client is (certificate, key) for the role brant. fsync: durable against the machine, not only
    against the server's death. settings: of postgresql.conf. hba: lines instead of the usual ones.
    plain: on disk, durable, and with the settings that a server has of its own, for benchmarks.
    """

    END, END_AT_DEATH = signal.SIGINT, signal.SIGQUIT  # fast and immediate shutdown

    def __init__(self, programs: str = "", ssl=False, fsync: bool = False, settings=None, hba=None,
                 plain: bool = False):
        super().__init__(plain)
        self._plain = plain
        self.programs = _reachable(programs or postgres_bin(), self.folder)
        self.data = os.path.join(self.folder, "data")
        self.ca = self.wrong_ca = self.client = None
        try:
            self._make_data()
            tls = self._make_certificates() if ssl else {}
            self._configure({**tls, **({} if fsync or plain else {"fsync": "off", "full_page_writes": "off"}),
                             **(settings or {})}, hba or self._access(ssl))
            self.start()
        except BaseException:
            self.stop()
            raise

    def _make_data(self) -> None:
        shutil.copytree(_template(self.programs, self._plain), self.data, symlinks=True)
        for root, folders, files in os.walk(self.data):
            give_to_server(root, *(os.path.join(root, name) for name in folders + files))
        os.chmod(self.data, 0o700)

    def _make_certificates(self) -> dict:
        self.ca, self.wrong_ca = Authority(self.folder, "ca"), Authority(self.folder, "wrong-ca")
        certificate, key = self.ca.issue("localhost", f"IP:{HOST},DNS:localhost")
        self.client = self.ca.issue(USER)
        give_to_server(certificate, key)
        return {"ssl": "on", "ssl_cert_file": certificate, "ssl_key_file": key,
                "ssl_ca_file": self.ca.certificate}

    @staticmethod
    def _access(ssl) -> list:
        tcp = "hostssl" if ssl == "require" else "host"
        return ["local all all scram-sha-256", f"{tcp} all all {HOST}/32 scram-sha-256"]

    def _configure(self, settings: dict, hba: list) -> None:
        small = {"max_connections": 200, "shared_buffers": "32MB", "max_wal_size": "128MB", "min_wal_size": "32MB"}
        own = {"listen_addresses": HOST, "unix_socket_directories": self.folder, **({} if self._plain else small),
               "dynamic_shared_memory_type": "mmap",  # else a killed server leaves files in memory
               "log_min_messages": "error", "logging_collector": "off", "timezone": "UTC", **settings}
        with open(os.path.join(self.data, "postgresql.conf"), "a", encoding="utf-8") as file:
            for name, value in own.items():
                file.write(f"{name} = '{value}'\n")
        pathlib.Path(self.data, "pg_hba.conf").write_text("\n".join([*hba, ""]), "utf-8")

    @property
    def address(self) -> Address:
        return Address(self.port, self.folder)

    def shared_url(self) -> str:
        """What shared_servers.py hands on."""
        return self.url(user=SUPERUSER, host=self.folder)

    def _ready(self) -> bool:
        return libpq.answers(libpq.conninfo(host=self.folder, port=self.port, dbname="postgres",
                                            user=SUPERUSER, connect_timeout=5))

    def start(self) -> None:
        """Again after halt() or kill(): on the same data and port."""
        self._start(lambda port: [f"{self.programs}/postgres", "-D", self.data, "-p", str(port)])

    def restart(self) -> None:
        self.halt()
        self.start()

    def stop(self) -> None:
        # A killed server leaves its key in System V shared memory; a new one would take it over.
        with contextlib.suppress(OSError, IndexError):
            lines = pathlib.Path(self.data, "postmaster.pid").read_text("ascii").splitlines()
            if not self.alive() and len(lines) > 6:
                subprocess.run(["ipcrm", "-m", lines[6].split()[1]], capture_output=True, timeout=10, check=False)
        super().stop()

    def url(self, *args, **more) -> str:
        return self.address.url(*args, **more)

    def connect(self, *args, **more) -> libpq.Connection:
        return self.address.connect(*args, **more)


class Bouncer(Server):
    """PgBouncer before a server; mode: transaction, session or statement. Every database and the two
    roles of Postgres are known to it."""

    def __init__(self, address: Address, mode: str = "transaction", settings=None):
        super().__init__()
        program = shutil.which("pgbouncer", path=os.environ.get("PATH", "") + ":/usr/sbin")
        try:
            if program is None:
                raise Missing("pgbouncer")
            users = os.path.join(self.folder, "users")
            pathlib.Path(users).write_text(f'"{USER}" "{PASSWORD}"\n"{SUPERUSER}" "{SUPERUSER_PASSWORD}"\n', "ascii")
            give_to_server(users)
            self._settings = {
                "listen_addr": HOST, "unix_socket_dir": self.folder, "auth_type": "scram-sha-256",
                "auth_file": users, "pool_mode": mode, "max_client_conn": 200, "default_pool_size": 20,
                "admin_users": SUPERUSER, "log_connections": 0, "log_disconnections": 0, **(settings or {})}
            self._target = f"* = host={HOST} port={address.port}"
            self._start(lambda port: [program, self._write(port)])
        except BaseException:
            self.stop()
            raise

    def _write(self, port: int) -> str:
        path = os.path.join(self.folder, "pgbouncer.ini")
        lines = [f"{name} = {value}" for name, value in {**self._settings, "listen_port": port}.items()]
        pathlib.Path(path).write_text("\n".join(["[databases]", self._target, "[pgbouncer]", *lines, ""]), "ascii")
        return path

    def _ready(self) -> bool:
        return os.path.exists(os.path.join(self.folder, f".s.PGSQL.{self.port}"))

    @property
    def address(self) -> Address:
        return Address(self.port, self.folder)

    def url(self, *args, **more) -> str:
        return self.address.url(*args, **more)

    def connect(self, *args, **more) -> libpq.Connection:
        return self.address.connect(*args, **more)


# --- MariaDB


class MysqlAddress:
    """Where a server of MySQL or MariaDB, or something before it, listens."""

    def __init__(self, port: int, socket_path: str = "", params=None):
        self.port, self.socket, self.params = port, socket_path, params or {}

    def at(self, port: int) -> "MysqlAddress":
        """The same server behind another port."""
        return MysqlAddress(port, "", self.params)

    def url(self, db: str = "mysql", user: str = USER, password: str = None, local: bool = False, **params) -> str:
        known = {USER: PASSWORD, ROOT: SUPERUSER_PASSWORD}
        secret = known.get(user, "") if password is None else password
        login = user + (":" + urllib.parse.quote(secret, safe="") if secret else "")
        more = {**self.params, **({"socket": self.socket} if local else {}), **params}
        query = "?" + urllib.parse.urlencode(more) if more else ""
        return f"mysql://{login}@{HOST}:{self.port}/{urllib.parse.quote(db, safe='')}{query}"

    def connect(self, db: str = "", user: str = "", **more) -> libmariadb.Connection:
        user = user or ROOT
        password = {USER: PASSWORD, ROOT: SUPERUSER_PASSWORD}.get(user, "")
        return libmariadb.Connection(**{"port": self.port, "user": user, "password": password, "db": db, **more})

    def create(self, name: str) -> None:
        with self.connect() as admin:
            admin.query(f"CREATE DATABASE `{name}` CHARACTER SET utf8mb4")

    def drop(self, name: str) -> None:
        with self.connect() as admin:
            admin.query(f"DROP DATABASE IF EXISTS `{name}`")


def fetched_bin(tool: str, *args: str) -> str:
    """Of the server that a program in tools gets."""
    done = subprocess.run([os.path.join(SOURCE, "tools", tool), *args], capture_output=True, text=True,
                          timeout=600, check=False)
    if done.returncode != 0:
        raise NotToBeHad(done.stderr.strip())
    return done.stdout.strip()


def _find_program(folder: str, *names: str) -> str:
    """In the folder, in that of BRANT_TEST_MARIADB_BIN, or on the system."""
    folders = folder or os.environ.get("BRANT_TEST_MARIADB_BIN") or \
        os.environ.get("PATH", "") + ":/usr/sbin:/usr/bin"
    for name in names:
        found = shutil.which(name, path=folders)
        if found:
            return found
    raise Missing("mariadb-server")


class MariaDB(Server):
    """A server with the superuser root and the user brant, who has all rights on databases whose
    names begin with brant_ or conf_. programs: the folder of others than the system's; those of MySQL
    are known by what they say.

    ssl: with TLS offered, "require": the user brant gets in with it only; .ca and .wrong_ca are
    authorities. fsync: durable against the machine, not only against the server's death.
    settings: of my.cnf. plain: on disk, durable, and with the settings that a server has of its own,
    for benchmarks.
    """

    END_AT_DEATH = signal.SIGKILL

    def __init__(self, programs: str = "", ssl=False, fsync: bool = False, settings=None, plain: bool = False):
        super().__init__(plain)
        self._plain = plain
        self._folder_of_programs = programs
        self.data = os.path.join(self.folder, "data")
        self.socket = os.path.join(self.folder, "socket")
        self.ca = self.wrong_ca = self.client = None
        try:
            self._find()
            self._make_data({name: settings[name] for name in self._FOR_GOOD if name in (settings or {})})
            tls = self._make_certificates() if ssl else {}
            self._configure({**tls, **({} if fsync or plain else {"innodb_flush_log_at_trx_commit": 0}),
                             **(settings or {})})
            self.start()
            if ssl == "require":
                with self.connect() as admin:
                    admin.query(f"ALTER USER {USER}@'%' REQUIRE SSL")
        except BaseException:
            self.stop()
            raise

    _SMALL = {"innodb_log_file_size": "8M", "innodb_buffer_pool_size": "64M", "innodb_data_file_path":
              "ibdata1:12M:autoextend", "skip_log_bin": "", "skip_name_resolve": "ON"}

    # What a data directory of MySQL is made with, and keeps.
    _FOR_GOOD = ("lower_case_table_names",)

    def _find(self) -> None:
        self.program = _find_program(self._folder_of_programs, "mariadbd", "mysqld")
        try:
            said = self._version()
        except PermissionError:  # the server's user is not let in there
            copy = os.path.join(self.folder, "programs")
            shutil.copytree(os.path.dirname(os.path.dirname(self.program)), copy, symlinks=True)
            self.program = os.path.join(copy, "bin", os.path.basename(self.program))
            said = self._version()
        self.version, self.is_maria = said.split("Ver ")[1].split()[0], "MariaDB" in said
        base = os.path.dirname(os.path.dirname(self.program))
        share = os.path.join(base, "share", "mariadb")
        if self.is_maria and os.path.isdir(share):  # a package that is not installed
            self._SMALL = {**self._SMALL, "basedir": base, "lc_messages_dir": share,
                           "character_sets_dir": os.path.join(share, "charsets"),
                           "plugin_dir": os.path.join(base, "lib", "mysql", "plugin")}
        if not self.is_maria:
            self._SMALL = {**self._SMALL, "basedir": base, "mysqlx": "OFF",
                           "secure_file_priv": "''"}
            if int(self.version.split(".")[0]) > 8:
                self._SMALL["innodb_redo_log_capacity"] = self._SMALL.pop("innodb_log_file_size")

    def _version(self) -> str:
        return subprocess.run([self.program, "--version"], capture_output=True, text=True, timeout=60, check=True,
                              **user_options()).stdout

    def _make_data(self, settings: dict) -> None:
        shutil.copytree(self._template(settings), self.data, symlinks=True)
        for root, folders, files in os.walk(self.data):
            give_to_server(root, *(os.path.join(root, name) for name in folders + files))

    def _template(self, settings: dict) -> str:
        """A data directory, made once for each build folder, version of the server and such settings."""
        os.makedirs(STATE, exist_ok=True)
        name = "-".join(["template-mysql", self.version, *(f"{key}-{value}" for key, value in settings.items())])
        target = os.path.join(STATE, re.sub(r"[^\w.]+", "-", name))
        with open(target + ".lock", "w", encoding="ascii") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not os.path.isdir(target):
                shutil.rmtree(target + ".new", ignore_errors=True)
                self._make_template(target, settings)
        return target

    def _write_options(self, path: str, settings: dict) -> None:
        lines = [f"{name} = {value}" if value != "" else name for name, value in settings.items()]
        pathlib.Path(path).write_text("\n".join(["[mysqld]", *lines, ""]), "utf-8")
        give_to_server(path)

    def _make_template(self, target: str, settings: dict) -> None:
        folder = new_folder()
        try:
            data, options = os.path.join(folder, "data"), os.path.join(folder, "my.cnf")
            self._write_options(options, {**self._SMALL, **settings})
            # Each statement is one line.
            users = (f"ALTER USER {ROOT}@localhost IDENTIFIED BY '{SUPERUSER_PASSWORD}';\n"
                     f"CREATE USER {ROOT}@'%' IDENTIFIED BY '{SUPERUSER_PASSWORD}';\n"
                     f"GRANT ALL ON *.* TO {ROOT}@'%' WITH GRANT OPTION;\n"
                     f"CREATE USER {USER}@'%' IDENTIFIED BY '{PASSWORD}';\n"
                     f"GRANT ALL ON `brant\\_%`.* TO {USER}@'%';\n"
                     f"GRANT ALL ON `conf\\_%`.* TO {USER}@'%';\n")
            (self._install_maria if self.is_maria else self._install_mysql)(options, data, users, folder)
            with contextlib.suppress(FileNotFoundError):  # who a server of MySQL is
                os.remove(os.path.join(data, "auto.cnf"))
            shutil.copytree(data, target + ".new", symlinks=True)
            os.rename(target + ".new", target)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _install_maria(self, options: str, data: str, users: str, folder: str) -> None:
        if "basedir" in self._SMALL:
            self._fill_maria(options, data, folder)
        else:
            install = _find_program(self._folder_of_programs, "mariadb-install-db", "mysql_install_db")
            run_as_server([install, f"--defaults-file={options}", f"--datadir={data}", "--skip-test-db",
                            "--skip-name-resolve", "--auth-root-authentication-method=normal"], folder)
        run_as_server([self.program, f"--defaults-file={options}", f"--datadir={data}", "--bootstrap"], folder,
                       "FLUSH PRIVILEGES;\n"
                       "DELETE FROM mysql.global_priv WHERE User = '' OR Host <> 'localhost';\n"
                       "FLUSH PRIVILEGES;\n" + users)

    def _fill_maria(self, options: str, data: str, folder: str) -> None:
        """What the script of the package does: it knows its own place only."""
        os.makedirs(os.path.join(data, "mysql"))
        for path in (data, os.path.join(data, "mysql")):
            give_to_server(path)
        share = self._SMALL["lc_messages_dir"]
        scripts = ("mariadb_system_tables", "mariadb_performance_tables", "mariadb_system_tables_data")
        texts = [pathlib.Path(share, f"{name}.sql").read_text("utf-8") for name in scripts]
        run_as_server([self.program, f"--defaults-file={options}", f"--datadir={data}", "--bootstrap"], folder,
                       "USE mysql;\nSET @auth_root_socket = NULL;\n" + "\n".join(texts))

    def _install_mysql(self, options: str, data: str, users: str, folder: str) -> None:
        script = os.path.join(folder, "users.sql")
        pathlib.Path(script).write_text(users, "utf-8")
        give_to_server(script)
        run_as_server([self.program, f"--defaults-file={options}", f"--datadir={data}", "--initialize-insecure",
                        f"--init-file={script}"], folder)

    def _make_certificates(self) -> dict:
        self.ca, self.wrong_ca = Authority(self.folder, "ca"), Authority(self.folder, "wrong-ca")
        certificate, key = self.ca.issue("localhost", f"IP:{HOST},DNS:localhost")
        self.client = self.ca.issue(USER)
        give_to_server(certificate, key)
        return {"ssl_cert": certificate, "ssl_key": key, "ssl_ca": self.ca.certificate}

    def _configure(self, settings: dict) -> None:
        small = {**self._SMALL, "max_connections": 200, "table_open_cache": 400, "performance_schema": "OFF",
                 "innodb_use_native_aio": 0}
        own = {**({} if self._plain else small), "datadir": self.data, "socket": self.socket, "bind_address": HOST,
               "pid_file": os.path.join(self.folder, "pid"), "character_set_server": "utf8mb4", "tmpdir": self.folder,
               **settings}
        if "log_bin" in own:
            own.pop("skip_log_bin", None)
        self._write_options(os.path.join(self.folder, "my.cnf"), own)

    @property
    def address(self) -> MysqlAddress:
        return MysqlAddress(self.port, self.socket)

    def shared_url(self) -> str:
        return self.url(user=ROOT, socket=self.socket)

    def _ready(self) -> bool:
        return libmariadb.answers(socket=self.socket, user=ROOT, password=SUPERUSER_PASSWORD)

    def start(self) -> None:
        """Again after halt() or kill(): on the same data and port."""
        options = os.path.join(self.folder, "my.cnf")
        self._start(lambda port: [self.program, f"--defaults-file={options}", f"--port={port}"])

    def restart(self) -> None:
        self.halt()
        self.start()

    def url(self, *args, **more) -> str:
        return self.address.url(*args, **more)

    def connect(self, *args, **more) -> libmariadb.Connection:
        return self.address.connect(*args, **more)


# --- the proxy


class Proxy:
    """The program proxy of the build before a server: counts, delays, cuts. See proxy_main.c.

    target: a port, the path of a unix socket, or an Address of PostgreSQL; .address is then where to
    connect instead. The options are those of the program, with _ for -: delay_us=1000, or
    cut="trip", at=7, when="before", how="rst".
    """

    def __init__(self, target, program: str = "", **options):
        self.address = None
        self._program = program or os.path.join(BUILD, "tests", "proxy")
        to = target if isinstance(target, (int, str)) else target.port
        argv = [self._program, "--to", str(to)]
        for name, value in options.items():
            argv += ["--" + name.replace("_", "-"), str(value)]
        libc = ctypes.CDLL(None)
        self.process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
                                        preexec_fn=lambda: libc.prctl(PDEATHSIG, int(signal.SIGTERM)))
        first = self.process.stdout.readline()
        if not first.strip().isdigit():
            self.stop()
            raise Failed(f"the proxy did not start: {argv}")
        self.port = int(first)
        if not isinstance(target, (int, str)):
            self.address = target.at(self.port)

    def __enter__(self) -> "Proxy":
        return self

    def __exit__(self, *_) -> None:
        self.stop()

    def url(self, *args, **more) -> str:
        return self.address.url(*args, **more)

    def counts(self) -> dict:
        """So far: connections, open, round_trips, to_server, to_client (bytes), cuts."""
        self.process.send_signal(signal.SIGUSR1)
        return json.loads(self.process.stdout.readline())

    def stop(self) -> dict:
        """The last counts; empty when it had ended."""
        if self.process.poll() is None:
            self.process.terminate()
        try:
            rest, _ = self.process.communicate(timeout=30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            rest, _ = self.process.communicate()
        lines = rest.splitlines() if rest else []
        return json.loads(lines[-1]) if lines else {}


# --- what a test asks for


def proxy(case, target, **options) -> Proxy:
    """Before a server, an Address of one, a port or a socket; stopped at the end of the test."""
    found = Proxy(getattr(target, "address", None) or target, **options)
    case.addCleanup(found.stop)
    return found


def postgres(case, **options) -> Postgres:
    """A server of the test's own; stopped at its end."""
    server = Postgres(**options)
    case.addCleanup(server.stop)
    return server


def mariadb(case, **options) -> MariaDB:
    """A server of the test's own; stopped at its end."""
    server = MariaDB(**options)
    case.addCleanup(server.stop)
    return server


def bouncer(case, server, mode: str = "transaction", **options) -> Bouncer:
    found = Bouncer(server.address, mode, **options)
    case.addCleanup(found.stop)
    return found


class Shared:
    """The server that ctest started for all tests. Nobody stops or configures it."""

    def __init__(self, url: str):
        parts = urllib.parse.urlsplit(url)
        params = dict(urllib.parse.parse_qsl(parts.query))
        if parts.scheme == "mysql":
            self.address = MysqlAddress(parts.port, params.get("socket", ""))
        else:
            self.address = Address(parts.port, params.get("host", ""))

    def url(self, *args, **more) -> str:
        return self.address.url(*args, **more)

    def connect(self, *args, **more):
        return self.address.connect(*args, **more)


def shared_postgres(case=None):
    """None, or the test is skipped, when ctest has none."""
    url = os.environ.get(VARIABLE)
    if url:
        return Shared(url)
    if case is not None:
        case.skipTest(f"no PostgreSQL server: {VARIABLE} is not set")
    return None


def shared_mysql(case=None):
    """None, or the test is skipped, when ctest has none."""
    url = os.environ.get(VARIABLE_MYSQL)
    if url:
        return Shared(url)
    if case is not None:
        case.skipTest(f"no MySQL or MariaDB server: {VARIABLE_MYSQL} is not set")
    return None


class Database:
    """An empty database that belongs to the role brant."""

    def __init__(self, server):
        self.server = server
        self.name = f"brant_{os.getpid()}_{random.randrange(1 << 40):x}"
        server.address.create(self.name)

    def url(self, user: str = USER, **more) -> str:
        return self.server.url(self.name, user, **more)

    def connect(self, user: str = USER, **more):
        return self.server.connect(self.name, user, **more)

    def query(self, sql: str, *values) -> list:
        with self.connect() as connection:
            return connection.query(sql, *values)

    def drop(self) -> None:
        self.server.address.drop(self.name)


def database(case, server=None) -> Database:
    """On the shared server, unless another one is given; dropped at the end of the test."""
    found = Database(server or shared_postgres(case))
    case.addCleanup(found.drop)
    return found
