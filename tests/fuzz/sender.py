"""Send fuzzing attempts to a running ingest process over a few connections, and check every answer."""

import asyncio
import json
import re
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field

import psutil

from tests.fuzz.attempts import Attempt, attempt

CONNECTIONS = 24
# An attempt answered later than this is repeated alone.
ANSWERED_WITHIN_S = 1.0
# Limits for an attempt sent alone: CPU time, and elapsed time, which a busy machine lengthens.
CPU_LIMIT_S, ALONE_WITHIN_S = 1.0, 15.0
# How long the sender of malformed HTTP waits for an answer before it half-closes the connection.
ANSWER_WAIT_S = 0.05
STATUS = re.compile(rb"HTTP/1\.[01] ([1-5][0-9]{2}) ")
SHOWN_BYTES = 800


@dataclass(frozen=True)
class FuzzAnswer:
    status: int
    headers: dict[bytes, bytes]
    body: bytes
    seconds: float


@dataclass
class FuzzRun:
    """The answers to a series of attempts."""

    seed: int
    statuses: Counter[int] = field(default_factory=Counter)
    event_ids: set[str] = field(default_factory=set)
    visits: int = 0
    complaints: list[str] = field(default_factory=list)
    late: list[int] = field(default_factory=list)

    def complain(self, sent: Attempt, what: str) -> None:
        self.complaints.append(
            f"{what}: attempt {sent.number} of seed {self.seed} ({sent.kind}), {len(sent.wire)} bytes\n"
            f"  {sent.wire[:SHOWN_BYTES]!r}\n"
            f"  again: python -m tests.fuzz.attempts {self.seed} {sent.number}"
        )

    def judge(self, sent: Attempt, answer: FuzzAnswer) -> None:
        self.statuses[answer.status] += 1
        if answer.status >= 500:
            self.complain(sent, f"a {answer.status}")
        elif answer.status >= 400:
            if not is_explained(answer) and not sent.broken:
                self.complain(sent, f"a {answer.status} without a problem document, {answer.body[:200]!r}")
        elif answer.body[:9] == b'{"status"' and b"event_id" in answer.body:
            self.event_ids.add(json.loads(answer.body)["event_id"])
        elif answer.status == 202:
            self.visits += 1
        if answer.seconds > ANSWERED_WITHIN_S:
            self.late.append(sent.number)


def is_explained(answer: FuzzAnswer) -> bool:
    if answer.headers.get(b"content-type") != b"application/problem+json":
        return False
    # A response to HEAD has no body.
    return not answer.body or json.loads(answer.body)["status"] == answer.status


class CpuTimer:
    """Measures the CPU time that a process has used since this object was created."""

    def __init__(self, pid: int) -> None:
        self._process = psutil.Process(pid)
        self._before = self._used_s()

    @property
    def seconds(self) -> float:
        return self._used_s() - self._before

    def _used_s(self) -> float:
        used = self._process.cpu_times()
        return float(used.user + used.system)


async def send_all(port: int, pid: int, seed: int, numbers: range) -> FuzzRun:
    """Send every attempt once. Repeat late ones alone, to measure how long they keep the process busy."""
    run, waiting = FuzzRun(seed), iter(numbers)
    async with asyncio.TaskGroup() as group:
        for _ in range(CONNECTIONS):
            group.create_task(_send_some(port, run, waiting))
    late, run.late = run.late, []
    for number in late:
        cpu, started = CpuTimer(pid), time.monotonic()
        await _send_some(port, run, iter([number]))
        if cpu.seconds > CPU_LIMIT_S or time.monotonic() - started > ALONE_WITHIN_S:
            run.complain(attempt(seed, number), f"late twice, {cpu.seconds:.1f} s of CPU time")
    return run


async def _send_some(port: int, run: FuzzRun, numbers: Iterator[int]) -> None:
    sender = Sender(port, run)
    for number in numbers:
        sent = attempt(run.seed, number)
        if sent.broken:
            await send_broken(port, run, sent)
        else:
            await sender.send(sent)
    sender.disconnect()


@dataclass
class Sender:
    """Sends one request at a time and reuses its connection while the server keeps it open."""

    port: int
    run: FuzzRun
    connection: "HttpConnection | None" = None

    async def send(self, sent: Attempt) -> None:
        # The server may close a reused connection just before the request arrives: repeat it once.
        was_used = self.connection is not None
        if not await self._ask(sent) and not (was_used and await self._ask(sent)):
            self.run.complain(sent, "no answer")

    async def _ask(self, sent: Attempt) -> bool:
        self.connection = self.connection or await HttpConnection.open(self.port)
        try:
            self.run.judge(sent, await self.connection.ask(sent))
        except (asyncio.IncompleteReadError, ConnectionError):
            self.disconnect()
            return False
        except TimeoutError:
            self.run.late.append(sent.number)
            self.disconnect()
        if self.connection and self.connection.closes:
            self.disconnect()
        return True

    def disconnect(self) -> None:
        if self.connection:
            self.connection.close()
            self.connection = None


@dataclass
class HttpConnection:
    """A keep-alive connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    closes: bool = False

    @classmethod
    async def open(cls, port: int) -> "HttpConnection":
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    async def ask(self, sent: Attempt) -> FuzzAnswer:
        started = time.monotonic()
        self.writer.write(sent.wire)
        async with asyncio.timeout(2 * ALONE_WITHIN_S):
            status = 100
            while status < 200:
                head = await self.reader.readuntil(b"\r\n\r\n")
                status = int(head[9:12])
            lines = (line.partition(b":") for line in head.split(b"\r\n")[1:-2])
            headers = {name.lower(): value.strip() for name, _, value in lines}
            length = 0 if sent.method == b"HEAD" else int(headers.get(b"content-length", b"0"))
            body = await self.reader.readexactly(length)
        self.closes = headers.get(b"connection") == b"close" or head.startswith(b"HTTP/1.0")
        return FuzzAnswer(status, headers, body, time.monotonic() - started)

    def close(self) -> None:
        self.writer.transport.abort()


async def send_broken(port: int, run: FuzzRun, sent: Attempt) -> None:
    """Send malformed HTTP. The server may answer anything below 500, or nothing, but must close the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    said = b""
    try:
        writer.write(sent.wire)
        with suppress(TimeoutError):
            async with asyncio.timeout(ANSWER_WAIT_S):
                said = await reader.read(65_536)
        if writer.can_write_eof():
            writer.write_eof()
        async with asyncio.timeout(2 * ALONE_WITHIN_S):
            said += await reader.read()
    except ConnectionError:
        # The server may close the connection before it has read everything.
        pass
    except TimeoutError:
        run.complain(sent, "the connection stays open")
    finally:
        writer.transport.abort()
    for status in map(int, STATUS.findall(said)):
        run.statuses[status] += 1
        if status >= 500:
            run.complain(sent, f"a {status}")
