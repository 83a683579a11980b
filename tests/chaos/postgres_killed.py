"""Kill PostgreSQL under load with SIGKILL, restart it, and check that every 202 is in the database exactly once.

    python -m tests.chaos.postgres_killed [--webhooks 30000] [--rate 500] [--kills 3]

Runs one ingest process and one PostgreSQL, which is also the bus. Webhooks are sent at a rate, and those not answered
with 2xx are repeated, as gateways do. Prints the counts, and how long ingest takes to reject a webhook while PostgreSQL
is down. The exit status is 1 if anything is missing or duplicated.
"""

import argparse
import os
import secrets
import signal
import tempfile
import time
import urllib.error
import urllib.request
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg
import uvloop

from orylo_cli.embedded.postgres import EmbeddedPostgres
from orylo_cli.migrations import all_migrations
from orylo_common.control import Keyring
from orylo_common.messages import decode
from orylo_common.postgres.migrations import migrate
from tests.load.redelivery import Redelivered, send_until_accepted
from tests.load.webhooks import payment_id, stripe_requests
from tests.support.eventually import eventually
from tests.support.ingest_process import SECRET, IngestProcess, environment_for, ingest_process, open_shop
from tests.support.servers import free_ports, listens, wait_until

TENANT = "shop"
# Long enough for the open circuit to probe at least once.
AWAY_S = 3.0
# By then all requests in progress when PostgreSQL died are answered, and the circuit is open.
NOTICED_AFTER_S = 0.5
SETTLED_WITHIN_S = 60.0
# Nothing listens there, so rate limits fail open.
NO_REDIS = "redis://127.0.0.1:1/0"


@dataclass
class KillResult:
    sent: int
    accepted: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    # How often each accepted payment was stored and published.
    events: Counter[str] = field(default_factory=Counter)
    messages: Counter[str] = field(default_factory=Counter)
    retry_after: list[str | None] = field(default_factory=list)
    # Mean time to reject a webhook while PostgreSQL was down, from ingest's own histogram.
    rejection_us: list[float] = field(default_factory=list)

    @property
    def is_right(self) -> bool:
        return (
            self.accepted == self.sent
            and all_once(self.events, self.sent)
            and all_once(self.messages, self.sent)
            and all(seconds and int(seconds) >= 1 for seconds in self.retry_after)
        )

    def __str__(self) -> str:
        return "\n".join(
            (
                f"{self.sent} webhooks, {self.accepted} answered 2xx; answers: {dict(sorted(self.statuses.items()))}",
                f"  in ingest.events {len(self.events)}, more than once: {repeated(self.events)}",
                f"  messages published {len(self.messages)}, more than once: {repeated(self.messages)}",
                f"  while PostgreSQL was down: Retry-After {self.retry_after}, rejected in "
                + ", ".join(f"{us:.0f} µs" for us in self.rejection_us),
            )
        )


def all_once(counts: Counter[str], expected: int) -> bool:
    return len(counts) == expected and not repeated(counts)


def repeated(counts: Counter[str]) -> int:
    return sum(times > 1 for times in counts.values())


def kill_under_load(folder: Path, webhooks: int, rate: float, kills: int) -> KillResult:
    """Run the test. Call it from a long-lived thread: PostgreSQL dies with the thread that started it."""
    result, run, master_key = KillResult(webhooks), secrets.token_hex(4), Keyring.generate()
    with ExitStack() as stack:
        postgres = EmbeddedPostgres(folder / "postgres")
        stack.callback(postgres.stop)
        (port,) = free_ports(1)
        dsn = postgres.start(port)
        uvloop.run(migrate(dsn, all_migrations()))
        uvloop.run(open_shop(dsn, master_key, TENANT))
        environment = environment_for(dsn, master_key=master_key, redis_url=NO_REDIS)
        ingest = stack.enter_context(ingest_process(folder / "ingest", environment))
        sender = stack.enter_context(ThreadPoolExecutor(1))

        sending = sender.submit(lambda: uvloop.run(send(ingest.port, run, webhooks, rate)))
        for _ in range(kills):
            time.sleep(webhooks / rate / (kills + 1))
            os.kill(postgres.pid, signal.SIGKILL)
            wait_until(lambda: not listens(port), "PostgreSQL's end")
            measure_rejections(ingest, result)
            postgres.start(port)
        sent = sending.result()
        result.accepted, result.statuses = len(sent.accepted), sent.statuses
        accepted = {payment_id(run, number) for number in sent.accepted}
        uvloop.run(count(dsn, accepted, result))
    return result


async def send(port: int, run: str, webhooks: int, rate: float) -> Redelivered:
    host = f"127.0.0.1:{port}"
    requests = list(stripe_requests(run, webhooks, tenant=TENANT, secret=SECRET, host=host))
    return await send_until_accepted(requests, port=port, rate=rate)


def measure_rejections(ingest: IngestProcess, result: KillResult) -> None:
    """Record the status and the response time of ingest while PostgreSQL is down."""
    time.sleep(NOTICED_AFTER_S)
    seconds, rejected = ingest.metric("orylo_webhook_seconds_sum"), ingest.metric("orylo_webhook_seconds_count")
    time.sleep(AWAY_S)
    seconds = ingest.metric("orylo_webhook_seconds_sum") - seconds
    rejected = ingest.metric("orylo_webhook_seconds_count") - rejected
    result.rejection_us.append(seconds / rejected * 1e6 if rejected else float("nan"))
    try:
        urllib.request.urlopen(f"http://127.0.0.1:{ingest.port}/api/v1/webhooks/stripe/{TENANT}", data=b"{}")
    except urllib.error.HTTPError as error:
        result.retry_after.append(error.headers["Retry-After"] if error.code == 503 else None)


async def count(dsn: str, accepted: set[str], result: KillResult) -> None:
    connection = await asyncpg.connect(dsn)

    async def outbox_is_empty() -> bool:
        return bool(await connection.fetchval("SELECT count(*) = 0 FROM ingest.outbox"))

    await eventually(outbox_is_empty, within_s=SETTLED_WITHIN_S)
    events = await connection.fetch("SELECT payment_id FROM ingest.events")
    result.events = Counter(row[0] for row in events if row[0] in accepted)
    # A message published twice has the same id twice, and consumers drop the duplicate.
    bodies = await connection.fetch("SELECT body FROM bus.messages WHERE type = 'payment.succeeded.v1'")
    published = {message.message_id: message for message in (decode(row[0]) for row in bodies)}
    result.messages = Counter(getattr(message, "payment_id", "") for message in published.values())
    await connection.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--webhooks", type=int, default=30_000)
    parser.add_argument("--rate", type=float, default=500, help="webhooks per second")
    parser.add_argument("--kills", type=int, default=3)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="orylo-chaos-") as folder:
        result = kill_under_load(Path(folder), arguments.webhooks, arguments.rate, arguments.kills)
    print(result)
    raise SystemExit(0 if result.is_right else 1)


if __name__ == "__main__":
    main()
