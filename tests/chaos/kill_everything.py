"""Kill every process under load with SIGKILL and check that each accepted webhook has its effects exactly once.

    python -m tests.chaos.kill_everything [--webhooks 5000] [--rate 250]

Sends webhooks at a rate and repeats those not answered with 2xx, as gateways do. Meanwhile each service, RabbitMQ,
PostgreSQL and Redis is killed and restarted; on the embedded platform, the single process. Once all work is done,
every webhook answered with 2xx must be stored once and have exactly one detection, one entry in the trust ledger and
one event counted by Meta. Prints the counts, and how many sales were sent to Meta more than once. The exit status is 1
if any count is wrong.
"""

import argparse
import asyncio
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import asyncpg

from tests.load.redelivery import send_until_accepted
from tests.load.webhooks import payment_id, stripe_requests
from tests.support.embedded import running_embedded
from tests.support.fleet import SERVICES, running_fleet
from tests.support.meta_process import MetaProcess, meta_process

TENANT, SECRET = "chaos", "whsec_chaos_only"

COUNTS = {
    "events in ingest": "SELECT payment_id, count(*) FROM ingest.events GROUP BY 1",
    "detections": "SELECT payment_id, count(*) FROM detector.detections GROUP BY 1",
    "ledger entries": "SELECT source_id, count(*) FROM trust.ledger WHERE cause = 'clean_payment' GROUP BY 1",
}
COUNTED_AT_META, SENT_TO_META = "counted at Meta", "sent to Meta"
WAITING = (
    *(f"{schema}.outbox" for schema in ("ingest", "detector", "trust", "dispatch")),
    "dispatch.deliveries WHERE state IN ('held', 'pending')",
)
SETTLED_WITHIN_S = 180.0
QUIET_S = 5.0

Kill = Callable[[], None]
Counts = dict[str, dict[str, int]]


async def send_like_a_gateway(port: int, run: str, count: int, rate: float) -> set[str]:
    """Send every webhook until it is answered with 2xx. Return the ids of the accepted payments."""
    host = f"127.0.0.1:{port}"
    requests = list(stripe_requests(run, count, tenant=TENANT, secret=SECRET, host=host))
    result = await send_until_accepted(
        requests, port=port, rate=rate, on_retry=lambda left: print(f"  sending {left} again", flush=True)
    )
    return {payment_id(run, number) for number in result.accepted}


async def wait_and_count(dsn: str, meta: MetaProcess, accepted: set[str]) -> Counts:
    """Wait until the counts are complete and stable, for at most three minutes. Return them.

    A duplicate arrives late: counting as soon as the counts are complete would miss it.
    """
    give_up, before, quiet_since = time.monotonic() + SETTLED_WITHIN_S, Counts(), time.monotonic()
    while True:
        waiting, counts = await look(dsn, meta, accepted)
        complete = all(times >= 1 for rows in counts.values() for times in rows.values())
        if waiting or not complete or counts != before:
            before, quiet_since = counts, time.monotonic()
        if time.monotonic() - quiet_since > QUIET_S or time.monotonic() > give_up:
            return counts
        await asyncio.sleep(1)


async def look(dsn: str, meta: MetaProcess, accepted: set[str]) -> tuple[int, Counts]:
    """Return how much work is still pending, and the counts per payment."""
    connection = await asyncpg.connect(dsn)
    try:
        waiting = sum([await connection.fetchval(f"SELECT count(*) FROM {what}") for what in WAITING])
        found = {what: {row[0]: row[1] for row in await connection.fetch(query)} for what, query in COUNTS.items()}
    finally:
        await connection.close()
    # A conversion's event id at Meta is the payment's id.
    found |= {COUNTED_AT_META: meta.counted(), SENT_TO_META: meta.received()}
    return waiting, {what: {payment: rows.get(payment, 0) for payment in accepted} for what, rows in found.items()}


def verdict(where: str, accepted: set[str], counts: Counts) -> bool:
    """Print the counts. Return whether each is exactly one.

    A sale may be sent to Meta twice, if the process died before it read Meta's answer: Meta drops the duplicate by id.
    """
    print(f"\n{where}: {len(accepted)} webhooks answered with 2xx")
    right = True
    for what, rows in counts.items():
        missing = sum(times == 0 for times in rows.values())
        repeated = sum(times > 1 for times in rows.values())
        right &= not missing and (not repeated or what == SENT_TO_META)
        print(f"  {what:16} exactly one: {len(rows) - missing - repeated:6}   missing: {missing}   more: {repeated}")
    return right


def configure(orylo: Callable[..., str]) -> None:
    orylo("tenant", "create", TENANT)
    orylo("gateway", "set", TENANT, "stripe", "--secret-stdin", text=SECRET)
    orylo("destination", "add", TENANT, "meta", "--pixel-id", "1234567890", "--token-stdin", text="EAAchaos")


# Restarted servers die with the thread that started them, so one long-lived thread starts all of them.
KILLER = ThreadPoolExecutor(max_workers=1)


async def run(port: int, kills: dict[str, Kill], count: int, rate: float) -> set[str]:
    """Send one wave of webhooks per victim and kill the victim in the middle of its wave."""
    accepted: set[str] = set()
    waves = len(kills)
    for wave, (name, kill) in enumerate(kills.items()):
        share = count // waves + (wave < count % waves)
        sending = asyncio.create_task(send_like_a_gateway(port, f"{time.time_ns():x}", share, rate))
        await asyncio.sleep(share / rate / 2)
        print(f"  kill -9 {name}", flush=True)
        await asyncio.get_running_loop().run_in_executor(KILLER, kill)
        accepted |= await sending
    return accepted


def distributed(folder: Path, count: int, rate: float) -> bool:
    with meta_process(folder) as meta, running_fleet(folder, meta.url) as fleet:
        configure(fleet.orylo)

        def kill(victim: str) -> Kill:
            def kill_and_start() -> None:
                fleet.kill(victim)
                fleet.start(victim)

            return kill_and_start

        kills = {victim: kill(victim) for victim in (*SERVICES, "redis", "rabbitmq", "postgres")}
        accepted = asyncio.run(run(fleet.ingest_port, kills, count, rate))
        counts = asyncio.run(wait_and_count(fleet.dsn, meta, accepted))
        return verdict("distributed", accepted, counts) and len(accepted) == count


def embedded(folder: Path, count: int, rate: float) -> bool:
    with meta_process(folder) as meta, running_embedded(folder, ORYLO_META_BASE_URL=meta.url) as platform:
        configure(platform.orylo)

        def kill_and_start() -> None:
            platform.kill()
            platform.start()

        kills = {f"orylo up, round {number}": kill_and_start for number in (1, 2, 3)}
        accepted = asyncio.run(run(platform.ingest_port, kills, count, rate))
        counts = asyncio.run(wait_and_count(platform.dsn, meta, accepted))
        return verdict("embedded", accepted, counts) and len(accepted) == count


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--webhooks", type=int, default=5000)
    parser.add_argument("--rate", type=float, default=250, help="webhooks per second")
    parser.add_argument("--only", choices=["embedded", "distributed"])
    arguments = parser.parse_args()
    runs: dict[str, Callable[[Path, int, float], bool]] = {"embedded": embedded, "distributed": distributed}
    outcomes = []
    for name in [arguments.only] if arguments.only else list(runs):
        with tempfile.TemporaryDirectory(prefix="orylo-chaos-") as folder:
            outcomes.append(runs[name](Path(folder), arguments.webhooks, arguments.rate))
    raise SystemExit(0 if all(outcomes) else 1)


if __name__ == "__main__":
    main()
