"""Run the fake Meta inside the test process."""

from collections.abc import AsyncIterator

import pytest_asyncio

from orylo_cli.demo.fake_meta import FakeMeta, run_fake_meta


@pytest_asyncio.fixture(loop_scope="session")
async def fake_meta() -> AsyncIterator[FakeMeta]:
    """A new fake Meta for each test, without counts and without faults."""
    async with run_fake_meta() as fake:
        yield fake
