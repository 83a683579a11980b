"""Measure how many payments per second the detector decodes, decides, commits and publishes.

Runs the real service on its own PostgreSQL and Redis. The bus is in memory, so it costs nothing.

    python -m tests.load.detector_speed [--messages 20000] [--rules 20] [--redis fake] [--profile]
"""

import argparse
import cProfile
import pstats
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from uuid import UUID

import fakeredis
import uvloop
from redis.asyncio import Redis

from orylo_common.broker.ports import Outgoing
from orylo_common.control import Keyring
from orylo_common.control.rules import create_rule
from orylo_common.control.tenants import create_tenant
from orylo_common.messages import PaymentCreated, PaymentSucceeded, encode
from orylo_common.postgres.pool import open_pool
from orylo_common.process import freeze_collector
from orylo_common.telemetry.logs import configure_logs
from orylo_detector.app import open_app
from orylo_detector.settings import Settings
from tests.load.rules_speed import rules
from tests.support.actors import ACTOR
from tests.support.eventually import eventually
from tests.support.memory_broker import MemoryBroker
from tests.support.postgres import make_database, make_template, postgres_server
from tests.support.redis import redis_server
from tests.unit.detector.cases import payment

GOAL_PER_SECOND = 2_000
TENANTS, PRODUCTS = 5, 50


@dataclass(frozen=True)
class Measured:
    messages: int
    wall_s: float
    cpu_s: float

    def __str__(self) -> str:
        rate = self.messages / self.wall_s
        return (
            f"detector: {rate:,.0f} messages/s, {rate / GOAL_PER_SECOND:.2f} of the goal of {GOAL_PER_SECOND:,}; "
            f"{self.cpu_s / self.messages * 1e6:.0f} µs of CPU per message, "
            f"or {self.messages / self.cpu_s:,.0f}/s on an idle core"
        )


async def make_tenants(database_url: str, rules_each: int) -> list[UUID]:
    """Create tenants, each with as many rules that are on."""
    async with open_pool(database_url, role="postgres") as pool, pool.acquire() as connection:
        tenants = [(await create_tenant(connection, f"shop-{number}", actor=ACTOR)).id for number in range(TENANTS)]
        for tenant_id in tenants:
            for rule in rules(rules_each):
                await create_rule(connection, tenant_id, rule.draft(), actor=ACTOR)
    return tenants


def messages(tenants: list[UUID], count: int) -> list[Outgoing]:
    """Build payments of several tenants. About every third customer has paid before."""
    random = Random(1)
    made = []
    for _ in range(count):
        person = random.randrange(count)
        fact = payment(
            random.choices([PaymentSucceeded, PaymentCreated], [4, 1])[0],
            tenant_id=tenants[person % TENANTS],
            customer_id=f"cus_{person}",
            ip=f"10.{person >> 16 & 255}.{person >> 8 & 255}.{person & 255}",
            card={"fingerprint": f"fp_{person}", "last4": "4242"},
            products=[{"product_id": f"product_{person % PRODUCTS}"}],
            amount_minor=random.randrange(1_000, 100_000),
        )
        made.append(Outgoing(fact.message_id, fact.type, encode(fact)))
    return made


async def measure(
    database_url: str, redis_url: str | None, payments: list[Outgoing], profile: cProfile.Profile | None
) -> Measured:
    settings = Settings(
        database_url=database_url,
        redis_url=redis_url or "redis://in-this-process",
        broker_url="postgres",
        master_key=Keyring.generate(),
    )
    broker, count = MemoryBroker(), len(payments)
    redis = Redis.from_url(redis_url) if redis_url else fakeredis.FakeAsyncRedis()
    async with redis, open_app(settings, broker=broker, redis=redis):
        # As a service does once it is open.
        freeze_collector()
        with _profiled(profile):
            wall, cpu = time.perf_counter(), time.process_time()
            await broker.publish(payments)
            # `published` holds the payments, one detection for each, and a message for each of the few blocks.
            await eventually(lambda: len(broker.published) >= 2 * count, within_s=600)
            return Measured(count, time.perf_counter() - wall, time.process_time() - cpu)


@contextmanager
def _profiled(profile: cProfile.Profile | None) -> Iterator[None]:
    if profile is None:
        yield
        return
    profile.enable()
    try:
        yield
    finally:
        profile.disable()


async def run(arguments: argparse.Namespace, postgres_dsn: str, redis_url: str | None) -> None:
    await make_template(postgres_dsn)
    database_url = await make_database(postgres_dsn, "load", template="orylo_template")
    profile = cProfile.Profile() if arguments.profile else None
    tenants = await make_tenants(database_url, arguments.rules)
    measured = await measure(database_url, redis_url, messages(tenants, arguments.messages), profile)
    sys.stdout.write(f"{measured}; {arguments.rules} rules per tenant\n")
    if profile is not None:
        pstats.Stats(profile).sort_stats("tottime").print_stats(30)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--messages", type=int, default=20_000)
    parser.add_argument("--rules", type=int, default=20, help="of each tenant, all on")
    parser.add_argument("--redis", choices=["real", "fake"], default="real", help="fake is what embedded mode uses")
    parser.add_argument("--profile", action="store_true", help="print a profile; lowers the rate")
    arguments = parser.parse_args()
    configure_logs("load", "warning")
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        places = [Path(folder) / name for name in ("postgres", "redis")]
        for place in places:
            place.mkdir(mode=0o755)
        with postgres_server(places[0]) as dsn:
            if arguments.redis == "fake":
                uvloop.run(run(arguments, dsn, None))
            else:
                with redis_server(places[1]) as redis_url:
                    uvloop.run(run(arguments, dsn, redis_url))


if __name__ == "__main__":
    main()
