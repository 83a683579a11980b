"""Share one PostgreSQL and one RabbitMQ between all processes of a test run.

The process that starts the run owns them: pytest, or the controller of pytest-xdist's workers. A worker asks its
controller, so the servers outlive any worker.
"""

import asyncio
import secrets
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client, Connection, Listener
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from tests.support.postgres import make_template, postgres_server
from tests.support.rabbitmq import rabbitmq_server


@contextmanager
def _migrated_postgres(folder: Path) -> Iterator[str]:
    with postgres_server(folder) as dsn:
        asyncio.run(make_template(dsn))
        yield dsn


STARTERS: Mapping[str, Callable[[Path], AbstractContextManager[Any]]] = MappingProxyType(
    {"postgres": _migrated_postgres, "rabbitmq": rabbitmq_server}
)


class ServerOwner:
    """Starts each server on its first request and stops all of them in `close`."""

    def __init__(self) -> None:
        self._authkey = secrets.token_bytes(16)
        self._listener: Listener | None = None
        self._closed = False
        self._lock = threading.Lock()
        self._threads: dict[str, ThreadPoolExecutor] = {}
        self._stacks: dict[str, ExitStack] = {}
        self._started: dict[str, Future[Any]] = {}

    def listen(self) -> tuple[Any, str]:
        """Answer workers from now on. Return what a `ServerClient` needs."""
        if self._listener is None:
            self._listener = Listener(authkey=self._authkey)
            threading.Thread(target=self._accept, args=[self._listener], daemon=True).start()
        return self._listener.address, self._authkey.hex()

    def get(self, name: str) -> Any:
        """Return how to reach the server. Block until it is up."""
        with self._lock:
            if name not in self._started:
                # A server dies with the thread that started it (setpriv --pdeathsig), so each has its own thread.
                self._threads[name] = ThreadPoolExecutor(1, thread_name_prefix=name)
                self._stacks[name] = ExitStack()
                self._started[name] = self._threads[name].submit(self._start, name)
        return self._started[name].result()

    def close(self) -> None:
        self._closed = True
        if self._listener is not None:
            self._listener.close()
        stopping = [thread.submit(self._stacks[name].close) for name, thread in self._threads.items()]
        for thread in self._threads.values():
            thread.shutdown()
        for stopped in stopping:
            stopped.result()

    def _start(self, name: str) -> Any:
        stack = self._stacks[name]
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix=f"orylo-{name}-", ignore_cleanup_errors=True))
        return stack.enter_context(STARTERS[name](Path(folder)))

    def _accept(self, listener: Listener) -> None:
        while not self._closed:
            try:
                connection = listener.accept()
            # A worker that dies in the middle of the handshake must not end this loop for the others.
            except (OSError, EOFError, AuthenticationError):
                continue
            threading.Thread(target=self._answer, args=[connection], daemon=True).start()

    def _answer(self, connection: Connection) -> None:
        with connection:
            try:
                connection.send((True, self.get(connection.recv())))
            # pytest.fail() raises a BaseException: the worker's test has to fail with it.
            except BaseException as error:
                connection.send((False, str(error)))


class ServerClient:
    """The servers of a worker's controller."""

    def __init__(self, address: Any, authkey: str) -> None:
        self._address = address
        self._authkey = bytes.fromhex(authkey)

    def get(self, name: str) -> Any:
        """Return how to reach the server. Block until it is up; fail the test if it does not start."""
        with Client(self._address, authkey=self._authkey) as connection:
            connection.send(name)
            started, answer = connection.recv()
        if not started:
            pytest.fail(answer, pytrace=False)
        return answer
