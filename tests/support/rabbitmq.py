"""Run RabbitMQ for tests: a node with its own name, ports and port mapper."""

import base64
import os
import secrets
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.servers import child, container, docker_answers, free_ports, listens, program, wait_until

# Debian's wrapper in /usr/sbin requires the user `rabbitmq`. The program that it wraps does not.
PLACES = ("/usr/lib/rabbitmq/bin", "/usr/lib/rabbitmq/lib/rabbitmq_server-*/sbin", "/opt/rabbitmq/sbin")

# Listen on the loopback only. Without busy waiting, which would take CPU time from the broker's clients.
ERLANG_ARGUMENTS = "-kernel inet_dist_use_interface {127,0,0,1} +sbwt none +sbwtdcpu none +sbwtdio none"

CONFIGURATION = """
listeners.tcp.1 = 127.0.0.1:{amqp}
management.tcp.ip = 127.0.0.1
management.tcp.port = {http}
log.console = true
log.console.level = warning
log.file = false
disk_free_limit.absolute = 50MB
vm_memory_high_watermark.absolute = 2GB
"""


@dataclass(frozen=True)
class RabbitMQ:
    """A running node and its management API, both used as guest."""

    host: str
    amqp_port: int
    http_port: int

    def url(self, vhost: str) -> str:
        return f"amqp://guest:guest@{self.host}:{self.amqp_port}/{vhost}"

    def add_vhost(self, vhost: str) -> None:
        self._call("PUT", f"/api/vhosts/{vhost}")
        self._call("PUT", f"/api/permissions/{vhost}/guest", b'{"configure":".*","write":".*","read":".*"}')

    def delete_vhost(self, vhost: str) -> None:
        self._call("DELETE", f"/api/vhosts/{vhost}")

    def answers(self) -> bool:
        try:
            self._call("GET", "/api/vhosts")
        except (urllib.error.URLError, OSError):
            return False
        return listens(self.amqp_port, self.host)

    def _call(self, method: str, path: str, body: bytes | None = None) -> None:
        request = urllib.request.Request(f"http://{self.host}:{self.http_port}{path}", body, method=method)
        request.add_header("Authorization", "Basic " + base64.b64encode(b"guest:guest").decode())
        request.add_header("Content-Type", "application/json")
        with urllib.request.urlopen(request, timeout=30) as response:
            response.read()


@contextmanager
def rabbitmq_server(folder: Path) -> Iterator[RabbitMQ]:
    if docker_answers():
        with container("rabbitmq:3-management-alpine", 5672, 15672) as (host, [amqp, http], _):
            node = RabbitMQ(host, amqp, http)
            wait_until(node.answers, "RabbitMQ")
            yield node
        return
    server = program("rabbitmq-server", "rabbitmq-server", PLACES)
    epmd = program("epmd", "erlang-base", ("/usr/bin", "/usr/lib/erlang/erts-*/bin"))
    amqp, http, distribution, mapper = free_ports(4)
    (folder / "rabbitmq.conf").write_text(CONFIGURATION.format(amqp=amqp, http=http))
    (folder / "plugins").write_text("[rabbitmq_management].\n")
    env = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "LC_ALL": "C.UTF-8",
        # Makes the script replace itself with Erlang. As Erlang's parent it would leave Erlang running when killed.
        "RUNNING_UNDER_SYSTEMD": "1",
        "ERL_EPMD_PORT": str(mapper),
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        "RABBITMQ_NODENAME": f"orylo-{secrets.token_hex(4)}@localhost",
        "RABBITMQ_DIST_PORT": str(distribution),
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": ERLANG_ARGUMENTS,
        "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq"),
        "RABBITMQ_CONF_ENV_FILE": "/dev/null",
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
        "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"),
        "RABBITMQ_LOG_BASE": str(folder / "logs"),
        "RABBITMQ_PID_FILE": str(folder / "pid"),
    }
    # Start the port mapper ourselves: one started by the node would outlive it.
    with child([epmd], folder, env=env):
        wait_until(lambda: listens(mapper), "epmd", folder / "log")
        with child([server], folder, env=env):
            node = RabbitMQ("127.0.0.1", amqp, http)
            wait_until(node.answers, "RabbitMQ", folder / "log")
            yield node
