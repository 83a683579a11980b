"""The private ports of services on one machine neither clash nor are reachable from other machines."""

from importlib import import_module

import pytest

DATABASE = {"ORYLO_DATABASE_URL": "postgresql://x", "ORYLO_REDIS_URL": "redis://x", "ORYLO_BROKER_URL": "postgres"}
KEY = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {**DATABASE, "ORYLO_MASTER_KEY": KEY}.items():
        monkeypatch.setenv(name, value)
    for name in ("ORYLO_HEALTH_HOST", "ORYLO_HEALTH_PORT"):
        monkeypatch.delenv(name, raising=False)


def test_every_service_has_a_port_of_its_own() -> None:
    ports = [
        import_module(f"orylo_{name}.settings").Settings().health_port for name in ("detector", "trust", "dispatch")
    ]

    assert len({*ports, 8000, 8080}) == 5


@pytest.mark.parametrize("service", ["ingest", "detector", "trust", "dispatch"])
def test_private_ports_listen_on_the_loopback_interface_unless_set(
    service: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = import_module(f"orylo_{service}.settings").Settings
    assert settings().health_host == "127.0.0.1"

    monkeypatch.setenv("ORYLO_HEALTH_HOST", "0.0.0.0")
    assert settings().health_host == "0.0.0.0"
