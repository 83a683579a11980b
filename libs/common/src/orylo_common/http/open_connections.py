"""The open connections of one server, limited so that callers cannot use up the file descriptors."""

import time
from collections import Counter as Counts
from ipaddress import ip_address
from typing import Protocol

import prometheus_client
import structlog

from orylo_common.descriptors import descriptor_limit
from orylo_common.http.addresses import network_of

# Two servers run in one process (`orylo up`). A fifth of the descriptors remains for databases and files.
SHARE_OF_DESCRIPTORS = 2 / 5
MAX_CONNECTIONS = 10_000
# An office or a gateway uses far fewer, and four addresses cannot be more than the whole.
SHARE_PER_ADDRESS = 1 / 4
LOG_EVERY_S = 10.0

OPEN = prometheus_client.Gauge("orylo_http_connections", "Open connections", ["server"])
# `reason`: slow_headers, evicted, address_limit, total_limit.
CLOSED = prometheus_client.Counter(
    "orylo_http_connections_closed_total", "Connections closed because of a limit", ["server", "reason"]
)

log = structlog.get_logger(__name__)


class LimitedConnection(Protocol):
    """An open connection, as far as its limits are concerned."""

    address: str

    def abort(self) -> None: ...


class OpenConnections:
    """Admits connections up to a limit per address and a limit for all.

    At the limit for all, a new connection replaces the one that has been waiting for a request the longest: clients
    that keep connections without sending anything cannot keep out those that send. Connections that are being served
    are never closed.
    """

    def __init__(self, server: str, *, limit: int, limit_per_address: int | None) -> None:
        self._server = server
        self._limit = limit
        self._limit_per_address = limit_per_address
        self._by_address: Counts[str] = Counts()
        self._open: set[LimitedConnection] = set()
        # Connections without a request in progress, the longest waiting first.
        self._waiting: dict[LimitedConnection, None] = {}
        self._gauge = OPEN.labels(server)
        self._logged_at = -LOG_EVERY_S
        self._closed_unlogged = 0

    @classmethod
    def within_descriptors(cls, server: str, *, behind_proxy: bool) -> "OpenConnections":
        """Derive the limits from the process's descriptors. Behind a proxy all clients share the proxy's address."""
        limit = min(MAX_CONNECTIONS, int(descriptor_limit() * SHARE_OF_DESCRIPTORS))
        per_address = None if behind_proxy else max(1, int(limit * SHARE_PER_ADDRESS))
        return cls(server, limit=limit, limit_per_address=per_address)

    def admit(self, connection: LimitedConnection) -> bool:
        """Add a connection. Returns False if it must be closed."""
        network = network_of(connection.address)
        if (
            self._limit_per_address is not None
            and self._by_address[network] >= self._limit_per_address
            # A proxy on this machine that no setting mentions.
            and not _is_loopback(connection.address)
        ):
            self._count_closed("address_limit")
            return False
        if len(self._open) >= self._limit:
            longest_waiting = next(iter(self._waiting), None)
            if longest_waiting is None:
                self._count_closed("total_limit")
                return False
            self._count_closed("evicted")
            self.remove(longest_waiting)
            longest_waiting.abort()
        self._open.add(connection)
        self._by_address[network] += 1
        self._waiting[connection] = None
        self._gauge.set(len(self._open))
        return True

    def remove(self, connection: LimitedConnection) -> None:
        """Remove a connection. Does nothing if it was not admitted, or removed before."""
        if connection not in self._open:
            return
        self._open.remove(connection)
        self._waiting.pop(connection, None)
        network = network_of(connection.address)
        self._by_address[network] -= 1
        if not self._by_address[network]:
            del self._by_address[network]
        self._gauge.set(len(self._open))

    def begin_request(self, connection: LimitedConnection) -> None:
        self._waiting.pop(connection, None)

    def end_request(self, connection: LimitedConnection) -> None:
        if connection in self._open:
            self._waiting[connection] = None

    def close_late(self, connection: LimitedConnection) -> None:
        """Close a connection whose headers took too long."""
        CLOSED.labels(self._server, "slow_headers").inc()
        connection.abort()

    def _count_closed(self, reason: str) -> None:
        CLOSED.labels(self._server, reason).inc()
        self._closed_unlogged += 1
        now = time.monotonic()
        if now - self._logged_at < LOG_EVERY_S:
            return
        log.warning(
            "connections.limit_reached",
            server=self._server,
            reason=reason,
            open=len(self._open),
            limit=self._limit,
            limit_per_address=self._limit_per_address,
            closed=self._closed_unlogged,
        )
        self._logged_at, self._closed_unlogged = now, 0


def _is_loopback(address: str) -> bool:
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    return (getattr(parsed, "ipv4_mapped", None) or parsed).is_loopback
