# SPDX-License-Identifier: Apache-2.0
"""Galera clusters of MariaDB for tests, on the loopback.

    one, two = galera.cluster(unittest.addModuleCleanup)

A node is a server as those of servers.py. It takes some seconds until the second one has its copy of
the first.
"""
import contextlib
import os
import shutil

import libmariadb
import servers


class Node(servers.MariaDB):
    """A server in a cluster. peers: addresses of the others; none: it begins the cluster."""

    PROVIDER = "/usr/lib/galera/libgalera_smm.so"

    def __init__(self, peers: str = "", settings=None):
        provider = os.environ.get("BRANT_TEST_GALERA") or self.PROVIDER
        for package, found in (("galera-4", os.path.exists(provider)), ("rsync", shutil.which("rsync"))):
            if not found:
                raise servers.Missing(package)
        group = servers.free_port()
        self.group = f"{servers.HOST}:{group}"
        provider_options = {
            "base_host": servers.HOST, "base_port": group, "gmcast.listen_addr": f"tcp://{self.group}",
            "gcache.size": "8M", "pc.recovery": "no",
            # Not to be told from a slow machine by its silence.
            "evs.suspect_timeout": "PT30S", "evs.inactive_timeout": "PT60S", "evs.install_timeout": "PT60S"}
        super().__init__(settings={
            "binlog_format": "ROW", "innodb_autoinc_lock_mode": 2, "wsrep_on": "ON", "wsrep_provider": provider,
            "wsrep_cluster_name": "brant", "wsrep_cluster_address": f"gcomm://{peers}",
            "wsrep_node_address": servers.HOST, "wsrep_node_name": f"node_{group}", "wsrep_slave_threads": 2,
            "wsrep_sst_method": "rsync", "wsrep_sst_receive_address": f"{servers.HOST}:{servers.free_port()}",
            "wsrep_provider_options": "; ".join(f"{name}={value}" for name, value in provider_options.items()),
            **(settings or {})})

    def _ready(self) -> bool:
        with contextlib.suppress(libmariadb.Error), self.connect(socket=self.socket, timeout=5) as db:
            return db.query("SHOW STATUS LIKE 'wsrep_ready'") == [["wsrep_ready", "ON"]]
        return False


def cluster(add_cleanup, count: int = 2) -> list:
    """Nodes of a cluster; add_cleanup gets what stops them (unittest.addModuleCleanup, say)."""
    nodes = []
    for _ in range(count):
        peers = ",".join(node.group for node in nodes)
        try:
            nodes.append(Node(peers))
        except servers.Missing:
            raise
        except servers.Failed:  # somebody has taken one of its ports meanwhile
            nodes.append(Node(peers))
        add_cleanup(nodes[-1].stop)
    return nodes
