"""Send prepared requests over keep-alive connections and time every answer.

    python -m tests.load.sender --port 8080 --tenant demo --secret whsec_… --count 6000 --rate 200

With `--rate` the schedule is open-loop: a request is timed from the moment it was due, so a stall counts for every
request that had to wait. Without it each connection sends its next request once the last one is answered. Connects to
the loopback only and ends after the last request. Prints one JSON object; `--log` writes when each request was due and
its status.
"""

import argparse
import asyncio
import json
import time
from collections import Counter, deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import uvloop

from tests.load.webhooks import stripe_requests

GIVE_UP_AFTER_S = 60.0


@dataclass
class Results:
    """The outcome of each request. `status[i]` is 0 if request `i` got no answer; times are wall-clock seconds."""

    due: list[float]
    status: list[int]
    answered: list[float]

    @classmethod
    def of(cls, count: int) -> "Results":
        return cls([0.0] * count, [0] * count, [0.0] * count)

    def summary(self) -> dict[str, object]:
        answered = [index for index, status in enumerate(self.status) if status]
        seconds = max(self.answered) - min(self.due) if answered else 0.0
        waits = sorted(self.answered[index] - self.due[index] for index in answered)
        return {
            "sent": len(self.due),
            "statuses": dict(Counter(map(str, self.status))),
            "per_second": round(len(answered) / seconds, 1) if seconds else 0.0,
            "ms": {f"p{q}": round(quantile(waits, q / 100) * 1000, 2) for q in (50, 95, 99)},
        }


def quantile(ordered: Sequence[float], q: float) -> float:
    return ordered[min(len(ordered) - 1, int(q * len(ordered)))] if ordered else float("nan")


@dataclass
class SendQueue:
    """The requests still to be sent, and the connections free to send them."""

    requests: Sequence[bytes]
    results: Results
    rate: float | None
    next: int = 0
    unanswered: int = 0
    waiting: deque[int] = field(default_factory=deque)
    idle: list["Connection"] = field(default_factory=list)
    done: asyncio.Event = field(default_factory=asyncio.Event)
    connections: set[asyncio.Task[None]] = field(default_factory=set)

    def connect(self, port: int) -> None:
        """Open a connection, and retry for as long as the server is away."""
        task = asyncio.create_task(self._connect(port))
        self.connections.add(task)
        task.add_done_callback(self.connections.discard)

    async def _connect(self, port: int) -> None:
        while not self.done.is_set():
            try:
                await asyncio.get_running_loop().create_connection(lambda: Connection(self, port), "127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.05)
            else:
                return

    def start(self, connection: "Connection") -> None:
        if self.waiting:
            connection.send(self.waiting.popleft())
        elif self.rate is None and self.next < len(self.requests):
            self.results.due[self.next] = time.time()
            connection.send(self.next)
            self.next += 1
        else:
            self.idle.append(connection)

    async def keep_time(self) -> None:
        """Hand each request to a connection when it is due."""
        assert self.rate is not None
        started = time.time()
        while self.next < len(self.requests):
            now = time.time()
            while self.next < len(self.requests) and started + self.next / self.rate <= now:
                self.results.due[self.next] = started + self.next / self.rate
                self.waiting.append(self.next)
                self.next += 1
            while self.waiting and self.idle:
                self.idle.pop().send(self.waiting.popleft())
            await asyncio.sleep(0.001)

    def answered(self, index: int, status: int) -> None:
        self.results.status[index] = status
        self.results.answered[index] = time.time()
        self.unanswered -= 1
        if self.unanswered == 0:
            self.done.set()


class Connection(asyncio.Protocol):
    """One keep-alive connection, one request at a time."""

    def __init__(self, queue: SendQueue, port: int) -> None:
        self._queue = queue
        self._port = port
        self._received = b""
        self._index = -1

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._queue.start(self)

    def send(self, index: int) -> None:
        self._index = index
        self._transport.write(self._queue.requests[index])

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, separator, body = self._received.partition(b"\r\n\r\n")
        if not separator:
            return
        length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0] or 0)
        if len(body) < length:
            return
        self._received = body[length:]
        index, self._index = self._index, -1
        self._queue.answered(index, int(head[9:12]))
        self._queue.start(self)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._index >= 0:
            self._queue.answered(self._index, 0)
        if self in self._queue.idle:
            self._queue.idle.remove(self)
        if not self._queue.done.is_set():
            self._queue.connect(self._port)

    def close(self) -> None:
        self._transport.abort()


async def send(requests: Sequence[bytes], *, port: int, connections: int = 64, rate: float | None = None) -> Results:
    """Send every request once. A request whose connection broke has status 0."""
    queue = SendQueue(requests, Results.of(len(requests)), rate, unanswered=len(requests))
    for _ in range(connections):
        queue.connect(port)
    clock = asyncio.create_task(queue.keep_time()) if rate else None
    allowed = (len(requests) / rate if rate else 0) + GIVE_UP_AFTER_S
    with suppress(TimeoutError):
        await asyncio.wait_for(queue.done.wait(), allowed)
    queue.done.set()
    if clock:
        clock.cancel()
    for connection in queue.idle:
        connection.close()
    return queue.results


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--tenant", required=True)
    parser.add_argument("--secret", required=True)
    parser.add_argument("--run", default=f"{int(time.time()):x}", help="prefix of this run's ids")
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--rate", type=float, help="requests per second; without it, as fast as the server answers")
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--log", type=Path)
    arguments = parser.parse_args()
    requests = list(
        stripe_requests(
            arguments.run,
            arguments.count,
            tenant=arguments.tenant,
            secret=arguments.secret,
            host=f"127.0.0.1:{arguments.port}",
        )
    )
    results = uvloop.run(send(requests, port=arguments.port, connections=arguments.connections, rate=arguments.rate))
    if arguments.log:
        arguments.log.write_text(json.dumps({"due": results.due, "status": results.status}))
    print(json.dumps({"run": arguments.run, **results.summary()}))


if __name__ == "__main__":
    main()
