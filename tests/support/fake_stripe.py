"""Run the fake Stripe inside the test process."""

from collections.abc import AsyncIterator

import pytest_asyncio

from orylo_cli.demo.fake_stripe import FakeStripe, run_fake_stripe


@pytest_asyncio.fixture(loop_scope="session")
async def fake_stripe() -> AsyncIterator[FakeStripe]:
    """A new fake Stripe for each test, without payments and without faults."""
    async with run_fake_stripe() as fake:
        yield fake
