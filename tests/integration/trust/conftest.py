from collections.abc import AsyncIterator

import asyncpg
import pytest

from orylo_common.postgres.group_commit import GroupCommit
from orylo_common.postgres.pool import open_pool
from orylo_trust.posting import Posting, PostingResult
from orylo_trust.store import write_postings


@pytest.fixture
async def pool(postgres_dsn: str) -> AsyncIterator[asyncpg.Pool]:
    async with open_pool(postgres_dsn, role="orylo_trust") as pool:
        yield pool


@pytest.fixture
async def batches(pool: asyncpg.Pool) -> AsyncIterator[GroupCommit[Posting, PostingResult]]:
    async with GroupCommit(write_postings, pool, name="trust") as batches:
        yield batches
