"""The fakes that stand in for other companies' APIs while the demo runs."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from orylo_cli.demo.fake_meta import FakeMeta, run_fake_meta
from orylo_cli.demo.fake_stripe import run_fake_stripe


@dataclass(frozen=True, slots=True)
class DemoFakes:
    """`environment` has the variables that make the services call the fakes, and nothing else."""

    meta: FakeMeta
    environment: dict[str, str]


@asynccontextmanager
async def run_fakes() -> AsyncIterator[DemoFakes]:
    """Run a fake Meta, which receives conversions, and a fake Stripe, which refuses every key."""
    async with run_fake_meta() as meta, run_fake_stripe() as stripe:
        yield DemoFakes(meta, {"ORYLO_META_BASE_URL": meta.base_url, "ORYLO_STRIPE_BASE_URL": stripe.base_url})
