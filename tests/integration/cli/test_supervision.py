"""Restarts of PostgreSQL while another program has its port."""

import asyncio
import os
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import structlog

from orylo_cli.embedded.postgres import EmbeddedPostgres
from orylo_cli.embedded.supervision import Supervisor
from orylo_common.resilience.retry import RetryPolicy
from tests.support.eventually import eventually
from tests.support.postgres import FAST
from tests.support.servers import wait_until

pytestmark = pytest.mark.integration

QUICK = RetryPolicy(base=timedelta(milliseconds=10), cap=timedelta(milliseconds=100))


@pytest.fixture
def postgres(tmp_path: Path) -> Iterator[EmbeddedPostgres]:
    postgres = EmbeddedPostgres(tmp_path / "postgres", settings=FAST)
    yield postgres
    postgres.stop()


@contextmanager
def taken(port: int) -> Iterator[None]:
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", port))
        other.listen()
        yield


def kill(postgres: EmbeddedPostgres) -> None:
    """Blocks the event loop, so that the supervisor cannot restart it before its port is taken."""
    os.kill(postgres.pid, signal.SIGKILL)
    wait_until(lambda: not postgres.alive(), "PostgreSQL's end")


async def test_the_restart_is_retried_until_it_succeeds(postgres: EmbeddedPostgres) -> None:
    port = urlsplit(postgres.start()).port or 0
    async with Supervisor(postgres, port, retries=QUICK) as supervisor:
        with structlog.testing.capture_logs() as logged:
            kill(postgres)
            with taken(port):
                await eventually(lambda: any(line["event"] == "postgres.not_started" for line in logged))
            await eventually(postgres.alive)

    assert supervisor.failure is None


async def test_after_the_last_attempt_the_process_is_terminated_with_the_reason(postgres: EmbeddedPostgres) -> None:
    port = urlsplit(postgres.start()).port or 0
    told_to_end = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, told_to_end.set)
    try:
        async with (
            asyncio.timeout(90),
            Supervisor(postgres, port, retries=RetryPolicy(base=QUICK.base, max_attempts=2)) as supervisor,
        ):
            kill(postgres)
            with taken(port):
                await told_to_end.wait()
    finally:
        loop.remove_signal_handler(signal.SIGTERM)

    assert str(supervisor.failure).startswith("PostgreSQL ended and could not be restarted: PostgreSQL did not")
