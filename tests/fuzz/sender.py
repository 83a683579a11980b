"""Sends attempts to a running ingest, over a few connections at once, and says what each answer should not be."""

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
# By the clock: what is later than this is looked at once more by itself.
ANSWERED_WITHIN_S = 1.0
# By itself it may take so much of the processor; and so long by the clock, since a busy machine is nobody's bug.
WORKED_WITHIN_S, PATIENT_S = 1.0, 15.0
# How long a sender of broken HTTP waits before it hangs up.
PATIENCE_S = 0.05
STATUS = re.compile(rb"HTTP/1\.[01] ([1-5][0-9]{2}) ")
SHOWN_BYTES = 800


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[bytes, bytes]
    body: bytes
    seconds: float


@dataclass
class Run:
    """What was answered to a number of attempts."""

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

    def judge(self, sent: Attempt, answer: Answer) -> None:
        self.statuses[answer.status] += 1
        if answer.status >= 500:
            self.complain(sent, f"a {answer.status}")
        elif answer.status >= 400:
            if not is_explained(answer) and not sent.broken:
                self.complain(sent, f"a {answer.status} without a reason, {answer.body[:200]!r}")
        elif answer.body[:9] == b'{"status"' and b"event_id" in answer.body:
            self.event_ids.add(json.loads(answer.body)["event_id"])
        elif answer.status == 202:
            self.visits += 1
        if answer.seconds > ANSWERED_WITHIN_S:
            self.late.append(sent.number)


def is_explained(answer: Answer) -> bool:
    if answer.headers.get(b"content-type") != b"application/problem+json":
        return False
    # An answer to HEAD has no body.
    return not answer.body or json.loads(answer.body)["status"] == answer.status


class Work:
    """How much of the processor a process has used since this was made."""

    def __init__(self, pid: int) -> None:
        self._process = psutil.Process(pid)
        self._before = self._used_s()

    @property
    def seconds(self) -> float:
        return self._used_s() - self._before

    def _used_s(self) -> float:
        used = self._process.cpu_times()
        return float(used.user + used.system)


async def send_all(port: int, pid: int, seed: int, numbers: range) -> Run:
    """Every attempt once; what was late is sent once more by itself, to see how long it keeps the process busy."""
    run, waiting = Run(seed), iter(numbers)
    async with asyncio.TaskGroup() as group:
        for _ in range(CONNECTIONS):
            group.create_task(_send_some(port, run, waiting))
    late, run.late = run.late, []
    for number in late:
        work, started = Work(pid), time.monotonic()
        await _send_some(port, run, iter([number]))
        if work.seconds > WORKED_WITHIN_S or time.monotonic() - started > PATIENT_S:
            run.complain(attempt(seed, number), f"late twice, {work.seconds:.1f} s of work")
    return run


async def _send_some(port: int, run: Run, numbers: Iterator[int]) -> None:
    sender = Sender(port, run)
    for number in numbers:
        sent = attempt(run.seed, number)
        if sent.broken:
            await send_broken(port, run, sent)
        else:
            await sender.send(sent)
    sender.hang_up()


@dataclass
class Sender:
    """One request at a time, over one connection for as long as it stays open."""

    port: int
    run: Run
    line: "Line | None" = None

    async def send(self, sent: Attempt) -> None:
        # The server may close a connection after an answer: what was sent meanwhile is sent once more.
        was_used = self.line is not None
        if not await self._ask(sent) and not (was_used and await self._ask(sent)):
            self.run.complain(sent, "no answer")

    async def _ask(self, sent: Attempt) -> bool:
        self.line = self.line or await Line.open(self.port)
        try:
            self.run.judge(sent, await self.line.ask(sent))
        except (asyncio.IncompleteReadError, ConnectionError):
            self.hang_up()
            return False
        except TimeoutError:
            self.run.late.append(sent.number)
            self.hang_up()
        if self.line and self.line.closes:
            self.hang_up()
        return True

    def hang_up(self) -> None:
        if self.line:
            self.line.close()
            self.line = None


@dataclass
class Line:
    """A connection that stays open from one request to the next."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    closes: bool = False

    @classmethod
    async def open(cls, port: int) -> "Line":
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    async def ask(self, sent: Attempt) -> Answer:
        started = time.monotonic()
        self.writer.write(sent.wire)
        async with asyncio.timeout(2 * PATIENT_S):
            status = 100
            while status < 200:
                head = await self.reader.readuntil(b"\r\n\r\n")
                status = int(head[9:12])
            lines = (line.partition(b":") for line in head.split(b"\r\n")[1:-2])
            headers = {name.lower(): value.strip() for name, _, value in lines}
            length = 0 if sent.method == b"HEAD" else int(headers.get(b"content-length", b"0"))
            body = await self.reader.readexactly(length)
        self.closes = headers.get(b"connection") == b"close" or head.startswith(b"HTTP/1.0")
        return Answer(status, headers, body, time.monotonic() - started)

    def close(self) -> None:
        self.writer.transport.abort()


async def send_broken(port: int, run: Run, sent: Attempt) -> None:
    """Whatever the server answers, if anything: it closes the connection after us."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    said = b""
    try:
        writer.write(sent.wire)
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE_S):
                said = await reader.read(65_536)
        if writer.can_write_eof():
            writer.write_eof()
        async with asyncio.timeout(2 * PATIENT_S):
            said += await reader.read()
    except ConnectionError:
        # It hangs up before all was said: nothing keeps it from doing so.
        pass
    except TimeoutError:
        run.complain(sent, "the connection stays open")
    finally:
        writer.transport.abort()
    for status in map(int, STATUS.findall(said)):
        run.statuses[status] += 1
        if status >= 500:
            run.complain(sent, f"a {status}")
