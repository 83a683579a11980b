"""Kill -9 of PostgreSQL under load, and its return: every 202 is in the database, and what was refused comes again.

    python -m tests.chaos.postgres_killed [--webhooks 30000] [--rate 500] [--kills 3]

One ingest process and a PostgreSQL of its own, which also is the bus. Webhooks come at a rate, as gateways send them:
what is not answered 2xx is sent again. Prints the counts, and how long the door takes to refuse while PostgreSQL is
away; the exit status is 1 when anything is missing or there twice.
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
from tests.load.redelivery import Told, send_until_taken
from tests.load.webhooks import payment_id, stripe_requests
from tests.support.eventually import eventually
from tests.support.ingest_process import SECRET, IngestProcess, environment_for, ingest_process, open_shop
from tests.support.servers import free_ports, listens, wait_until

TENANT = "shop"
# Long enough for the circuit to probe in vain.
AWAY_S = 3.0
# What is in hand when PostgreSQL dies is answered by then, and the circuit is open.
NOTICED_AFTER_S = 0.5
SETTLED_WITHIN_S = 60.0
# Nobody listens there: limits fail open.
NO_REDIS = "redis://127.0.0.1:1/0"


@dataclass
class Outcome:
    sent: int
    taken: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    # How often each promised payment is there.
    events: Counter[str] = field(default_factory=Counter)
    messages: Counter[str] = field(default_factory=Counter)
    retry_after: list[str | None] = field(default_factory=list)
    # The mean of what the door refused while PostgreSQL was away, from its own histogram.
    refusal_us: list[float] = field(default_factory=list)

    @property
    def is_right(self) -> bool:
        return (
            self.taken == self.sent
            and all_once(self.events, self.sent)
            and all_once(self.messages, self.sent)
            and all(seconds and int(seconds) >= 1 for seconds in self.retry_after)
        )

    def __str__(self) -> str:
        return "\n".join(
            (
                f"{self.sent} webhooks, {self.taken} answered 2xx; all answers: {dict(sorted(self.statuses.items()))}",
                f"  in ingest.events {len(self.events)}, more than once: {repeated(self.events)}",
                f"  messages published {len(self.messages)}, more than once: {repeated(self.messages)}",
                f"  while PostgreSQL was away: Retry-After {self.retry_after}, refused in "
                + ", ".join(f"{us:.0f} µs" for us in self.refusal_us),
            )
        )


def all_once(counts: Counter[str], expected: int) -> bool:
    return len(counts) == expected and not repeated(counts)


def repeated(counts: Counter[str]) -> int:
    return sum(times > 1 for times in counts.values())


def kill_under_load(folder: Path, webhooks: int, rate: float, kills: int) -> Outcome:
    """To be called from a thread that stays: PostgreSQL ends with the one that starts it."""
    outcome, run, master_key = Outcome(webhooks), secrets.token_hex(4), Keyring.generate()
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
            watch_the_door(ingest, outcome)
            postgres.start(port)
        told = sending.result()
        outcome.taken, outcome.statuses = len(told.taken), told.statuses
        promised = {payment_id(run, number) for number in told.taken}
        uvloop.run(count(dsn, promised, outcome))
    return outcome


async def send(port: int, run: str, webhooks: int, rate: float) -> Told:
    host = f"127.0.0.1:{port}"
    requests = list(stripe_requests(run, webhooks, tenant=TENANT, secret=SECRET, host=host))
    return await send_until_taken(requests, port=port, rate=rate)


def watch_the_door(ingest: IngestProcess, outcome: Outcome) -> None:
    """While PostgreSQL is away: what the door says, and how long it takes."""
    time.sleep(NOTICED_AFTER_S)
    seconds, refused = ingest.metric("orylo_webhook_seconds_sum"), ingest.metric("orylo_webhook_seconds_count")
    time.sleep(AWAY_S)
    seconds = ingest.metric("orylo_webhook_seconds_sum") - seconds
    refused = ingest.metric("orylo_webhook_seconds_count") - refused
    outcome.refusal_us.append(seconds / refused * 1e6 if refused else float("nan"))
    try:
        urllib.request.urlopen(f"http://127.0.0.1:{ingest.port}/api/v1/webhooks/stripe/{TENANT}", data=b"{}")
    except urllib.error.HTTPError as refusal:
        outcome.retry_after.append(refusal.headers["Retry-After"] if refusal.code == 503 else None)


async def count(dsn: str, promised: set[str], outcome: Outcome) -> None:
    connection = await asyncpg.connect(dsn)

    async def all_have_left() -> bool:
        return bool(await connection.fetchval("SELECT count(*) = 0 FROM ingest.outbox"))

    await eventually(all_have_left, within_s=SETTLED_WITHIN_S)
    events = await connection.fetch("SELECT payment_id FROM ingest.events")
    outcome.events = Counter(row[0] for row in events if row[0] in promised)
    # A message that leaves twice is the same twice, and its consumers take it once.
    bodies = await connection.fetch("SELECT body FROM bus.messages WHERE type = 'payment.succeeded.v1'")
    published = {message.message_id: message for message in (decode(row[0]) for row in bodies)}
    outcome.messages = Counter(getattr(message, "payment_id", "") for message in published.values())
    await connection.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--webhooks", type=int, default=30_000)
    parser.add_argument("--rate", type=float, default=500, help="webhooks a second")
    parser.add_argument("--kills", type=int, default=3)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="orylo-chaos-") as folder:
        outcome = kill_under_load(Path(folder), arguments.webhooks, arguments.rate, arguments.kills)
    print(outcome)
    raise SystemExit(0 if outcome.is_right else 1)


if __name__ == "__main__":
    main()
