"""Kill -9 of every process in the middle of the work: what was promised is still done, and done once.

    python -m tests.chaos.kill_everything [--webhooks 5000] [--rate 250]

Sends webhooks at a rate, as gateways do: what is not answered 2xx is sent again. Meanwhile each service, RabbitMQ,
PostgreSQL and Redis are killed and started again; in the embedded platform, the one process. At the end, when nothing
moves any more, every webhook that was answered 2xx is stored once and has exactly one detection, one entry in the
trust ledger and one event that Meta counts. Prints the counts, and how many sales Meta was sent more than once; the
exit status is 1 when any of them is wrong.
"""

import argparse
import asyncio
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import asyncpg

from tests.load.redelivery import send_until_taken
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
    """Every webhook until it is answered 2xx; the payments that were promised."""
    host = f"127.0.0.1:{port}"
    requests = list(stripe_requests(run, count, tenant=TENANT, secret=SECRET, host=host))
    told = await send_until_taken(
        requests, port=port, rate=rate, tell=lambda owed: print(f"  {owed} to be sent again", flush=True)
    )
    return {payment_id(run, number) for number in told.taken}


async def wait_and_count(dsn: str, meta: MetaProcess, promised: set[str]) -> Counts:
    """How often each promised payment stands where, once nothing moves any more; gives it three minutes.

    What is sent a second time comes late: whoever counts as soon as everything is there does not see it.
    """
    give_up, before, quiet_since = time.monotonic() + SETTLED_WITHIN_S, Counts(), time.monotonic()
    while True:
        waiting, counts = await look(dsn, meta, promised)
        complete = all(times >= 1 for rows in counts.values() for times in rows.values())
        if waiting or not complete or counts != before:
            before, quiet_since = counts, time.monotonic()
        if time.monotonic() - quiet_since > QUIET_S or time.monotonic() > give_up:
            return counts
        await asyncio.sleep(1)


async def look(dsn: str, meta: MetaProcess, promised: set[str]) -> tuple[int, Counts]:
    """What has yet to leave, and what is there."""
    connection = await asyncpg.connect(dsn)
    try:
        waiting = sum([await connection.fetchval(f"SELECT count(*) FROM {what}") for what in WAITING])
        found = {what: {row[0]: row[1] for row in await connection.fetch(query)} for what, query in COUNTS.items()}
    finally:
        await connection.close()
    # A sale is known to Meta by its payment.
    found |= {COUNTED_AT_META: meta.counted(), SENT_TO_META: meta.received()}
    return waiting, {what: {payment: rows.get(payment, 0) for payment in promised} for what, rows in found.items()}


def verdict(where: str, promised: set[str], counts: Counts) -> bool:
    """Print the counts; whether each is exactly one.

    A sale whose answer was lost with the process is sent to Meta again, which knows it by its id: that may be.
    """
    print(f"\n{where}: {len(promised)} webhooks answered 2xx")
    right = True
    for what, rows in counts.items():
        missing = sum(times == 0 for times in rows.values())
        repeated = sum(times > 1 for times in rows.values())
        right &= not missing and (not repeated or what == SENT_TO_META)
        print(f"  {what:16} exactly one: {len(rows) - missing - repeated:6}   missing: {missing}   more: {repeated}")
    return right


def configure(orylo: Callable[..., str]) -> None:
    orylo("tenant", "create", TENANT)
    orylo("gateway", "set", TENANT, "stripe", "--secret", SECRET)
    orylo("destination", "add", TENANT, "meta", "--pixel-id", "1234567890", "--token", "EAAchaos")


# What is started again is told to end with the thread that started it: one thread that stays.
KILLER = ThreadPoolExecutor(max_workers=1)


async def run(port: int, kills: dict[str, Kill], count: int, rate: float) -> set[str]:
    """A wave of webhooks for each victim, which is killed in the middle of it."""
    promised: set[str] = set()
    waves = len(kills)
    for wave, (name, kill) in enumerate(kills.items()):
        share = count // waves + (wave < count % waves)
        sending = asyncio.create_task(send_like_a_gateway(port, f"{time.time_ns():x}", share, rate))
        await asyncio.sleep(share / rate / 2)
        print(f"  kill -9 {name}", flush=True)
        await asyncio.get_running_loop().run_in_executor(KILLER, kill)
        promised |= await sending
    return promised


def distributed(folder: Path, count: int, rate: float) -> bool:
    with meta_process(folder) as meta, running_fleet(folder, meta.url) as fleet:
        configure(fleet.orylo)

        def kill(victim: str) -> Kill:
            def kill_and_start() -> None:
                fleet.kill(victim)
                fleet.start(victim)

            return kill_and_start

        kills = {victim: kill(victim) for victim in (*SERVICES, "redis", "rabbitmq", "postgres")}
        promised = asyncio.run(run(fleet.ingest_port, kills, count, rate))
        counts = asyncio.run(wait_and_count(fleet.dsn, meta, promised))
        return verdict("distributed", promised, counts) and len(promised) == count


def embedded(folder: Path, count: int, rate: float) -> bool:
    with meta_process(folder) as meta, running_embedded(folder, ORYLO_META_BASE_URL=meta.url) as platform:
        configure(platform.orylo)

        def kill_and_start() -> None:
            platform.kill()
            platform.start()

        kills = {f"orylo up, time {time_}": kill_and_start for time_ in (1, 2, 3)}
        promised = asyncio.run(run(platform.ingest_port, kills, count, rate))
        counts = asyncio.run(wait_and_count(platform.dsn, meta, promised))
        return verdict("embedded", promised, counts) and len(promised) == count


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--webhooks", type=int, default=5000)
    parser.add_argument("--rate", type=float, default=250, help="webhooks a second")
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
