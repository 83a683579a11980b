"""Limits for connections: per address, and for all of a server."""

import time
from dataclasses import dataclass, field

import pytest
from structlog.testing import capture_logs

from orylo_common.http import open_connections
from orylo_common.http.open_connections import CLOSED, OpenConnections


@dataclass(eq=False)
class Client:
    address: str = "203.0.113.1"
    aborted: bool = field(default=False)

    def abort(self) -> None:
        self.aborted = True


def limited(limit: int = 100, limit_per_address: int | None = None) -> OpenConnections:
    return OpenConnections("test", limit=limit, limit_per_address=limit_per_address)


def closed(reason: str) -> float:
    return float(CLOSED.labels("test", reason)._value.get())


def test_a_new_connection_at_the_limit_replaces_the_longest_idle_one() -> None:
    connections, before = limited(3), closed("evicted")
    first, second, third, fourth = (Client() for _ in range(4))
    for client in (first, second, third):
        assert connections.admit(client)
    connections.begin_request(first)
    connections.end_request(first)

    assert connections.admit(fourth)
    assert [client.aborted for client in (first, second, third, fourth)] == [False, True, False, False]
    assert closed("evicted") - before == 1


def test_a_connection_that_is_being_served_is_never_replaced() -> None:
    connections, before = limited(2), closed("total_limit")
    clients = [Client(), Client()]
    for client in clients:
        assert connections.admit(client)
        connections.begin_request(client)

    assert not connections.admit(Client())
    assert not any(client.aborted for client in clients)
    assert closed("total_limit") - before == 1
    connections.remove(clients[0])
    assert connections.admit(Client())


@pytest.mark.parametrize(
    ("addresses", "admitted"),
    [
        (["203.0.113.1"] * 4, 2),
        (["203.0.113.1", "203.0.113.2"] * 2, 4),
        # One customer of a provider has a whole /64.
        ([f"2001:db8::{number}" for number in range(4)], 2),
        ([f"2001:db8:0:{number}::1" for number in range(4)], 4),
        # IPv4 on a dual-stack socket.
        ([f"::ffff:203.0.113.{number}" for number in range(4)], 4),
        (["::ffff:203.0.113.1", "203.0.113.1"] * 2, 2),
        # A proxy on this machine, which no setting mentions.
        (["127.0.0.1", "::1"] * 2, 4),
        (["::ffff:127.0.0.1"] * 4, 4),
    ],
)
def test_each_network_has_a_separate_limit(addresses: list[str], admitted: int) -> None:
    connections = limited(limit_per_address=2)
    assert sum(connections.admit(Client(address)) for address in addresses) == admitted


def test_there_is_no_limit_per_address_behind_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(open_connections, "descriptor_limit", lambda: 100)
    for behind_proxy, admitted in ((True, 40), (False, 10)):
        connections = OpenConnections.within_descriptors("test", behind_proxy=behind_proxy)
        served = 0
        for client in (Client() for _ in range(50)):
            if connections.admit(client):
                connections.begin_request(client)
                served += 1
        assert served == admitted


def test_a_closed_connection_makes_room_for_its_address() -> None:
    connections = limited(limit_per_address=1)
    first = Client()
    assert connections.admit(first)
    assert not connections.admit(Client())
    connections.remove(first)
    connections.remove(first)
    assert connections.admit(Client())
    assert not connections.admit(Client())


def test_a_request_that_outlives_its_connection_leaves_no_state() -> None:
    connections = limited(1)
    gone = Client()
    assert connections.admit(gone)
    connections.begin_request(gone)
    connections.remove(gone)
    connections.end_request(gone)
    assert connections.admit(Client())
    assert not gone.aborted


def test_reaching_a_limit_is_logged_at_intervals(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    connections = limited(1)
    with capture_logs() as logs:
        for _ in range(6):
            connections.admit(Client())
        now += 11
        connections.admit(Client())
    assert [line["event"] for line in logs] == ["connections.limit_reached"] * 2
    assert [line["closed"] for line in logs] == [1, 5]
    assert (logs[0]["server"], logs[0]["limit"], logs[0]["reason"]) == ("test", 1, "evicted")
