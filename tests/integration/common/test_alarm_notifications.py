"""Alarms go through a real Prometheus and Alertmanager, with the quick variants of the deployed rules and routes."""

from collections.abc import Callable
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, Gauge, start_http_server

from tests.support.fleet import SERVICES
from tests.support.monitoring import Receiver, monitoring
from tests.support.servers import wait_until


@pytest.mark.timeout(300)
def test_a_fault_and_its_end_reach_the_receiver(tmp_path: Path) -> None:
    registry = CollectorRegistry()
    tripped = Gauge("orylo_detector_fuses_tripped", "", registry=registry)
    server, thread = start_http_server(0, "127.0.0.1", registry)
    address = f"127.0.0.1:{server.server_port}"
    try:
        with monitoring(tmp_path, dict.fromkeys(SERVICES, address), is_quick=True) as monitor:
            told = monitor.receiver
            wait_until(lambda: told.is_firing("Watchdog"), "the watchdog")
            # All five have been scraped: a service that never was would be absent for another reason.
            wait_until(lambda: len(monitor.query("up == 1")) == len(SERVICES), "the scrapes")
            assert names(told) == {"Watchdog"}

            tripped.set(1)
            monitor.watch("dispatch")
            wait_until(firing(told, "DetectorFuseTripped", "ServiceAbsent"), "the notifications")

            tripped.set(0)
            monitor.watch("dispatch", address)
            wait_until(lambda: not firing(told, "DetectorFuseTripped")(), "the end of the tripped fuse")
            wait_until(lambda: not firing(told, "ServiceAbsent")(), "the end of the absence")
            assert names(told) == {"Watchdog", "DetectorFuseTripped", "ServiceAbsent"}
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def names(receiver: Receiver) -> set[str]:
    return {change.alarm for change in receiver.changes}


def firing(receiver: Receiver, *alarms: str) -> Callable[[], bool]:
    return lambda: all(receiver.is_firing(alarm) for alarm in alarms)
