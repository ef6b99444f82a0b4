# SPDX-License-Identifier: Apache-2.0
"""Groups of MySQL servers in which each takes writes, for tests, on the loopback.

    one, two = group_replication.group(unittest.addModuleCleanup)

A member is a server as those of servers.py, of the newest package of MySQL: the distribution has none.
"""
import contextlib
import signal

import libmariadb
import servers


class Member(servers.MariaDB):
    """A server in a group. seeds: addresses of the others; none: it begins the group."""

    END = signal.SIGKILL  # leaving the group takes long, and nothing has to last
    NAME = "aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa"

    def __init__(self, number: int, seeds: str = "", settings=None):
        self.group = f"{servers.HOST}:{servers.free_port()}"
        programs = servers.fetched_bin("newest-debian", "mysql-server-core")
        super().__init__(programs=programs, settings={
            "server_id": number, "log_bin": "binlog", "binlog_format": "ROW", "gtid_mode": "ON",
            "enforce_gtid_consistency": "ON", "performance_schema": "ON", "report_host": servers.HOST,
            "plugin_load_add": "group_replication.so", "relay_log": "relay",
            "loose_group_replication_group_name": self.NAME,
            "loose_group_replication_start_on_boot": "OFF",
            "loose_group_replication_local_address": self.group,
            "loose_group_replication_group_seeds": ",".join([self.group, seeds] if seeds else [self.group]),
            "loose_group_replication_single_primary_mode": "OFF",
            "loose_group_replication_recovery_get_public_key": "ON",
            # Not to be told from a slow machine by its silence.
            "loose_group_replication_member_expel_timeout": 60, **(settings or {})})
        try:
            self._join(not seeds)
        except libmariadb.Error as error:
            raise servers.Failed(f"{error}\n{servers.last(self.log)}") from None

    def _join(self, first: bool) -> None:
        with self.connect() as admin:
            admin.query(f"SET GLOBAL group_replication_bootstrap_group = {'ON' if first else 'OFF'}")
            admin.query(f"START GROUP_REPLICATION USER = '{servers.ROOT}', PASSWORD = '{servers.SUPERUSER_PASSWORD}'")
            admin.query("SET GLOBAL group_replication_bootstrap_group = OFF")
        servers.wait(self.is_online, 60, "a member of a group")

    def is_online(self) -> bool:
        with contextlib.suppress(libmariadb.Error), self.connect(timeout=5) as db:
            return db.query("SELECT MEMBER_STATE FROM performance_schema.replication_group_members"
                            " WHERE MEMBER_ID = @@server_uuid") == [["ONLINE"]]
        return False


def group(add_cleanup, count: int = 2) -> list:
    """Members of a group; add_cleanup gets what stops them (unittest.addModuleCleanup, say). The user may
    see which there are."""
    members = []
    for number in range(1, count + 1):
        members.append(Member(number, ",".join(member.group for member in members)))
        add_cleanup(members[-1].stop)
    with members[0].connect() as admin:
        admin.query(f"GRANT SELECT ON performance_schema.replication_group_members TO {servers.USER}@'%'")
    return members
