"""One embedded platform for all these tests, with Meta's stand-in beside it. Each module has a shop of its own."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio

from tests.support.collector import Collector, running_collector
from tests.support.embedded import Embedded, running_embedded
from tests.support.meta_process import MetaProcess, meta_process
from tests.support.shops import Shop, open_shop


@pytest.fixture(scope="session")
def meta(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MetaProcess]:
    with meta_process(tmp_path_factory.mktemp("meta")) as running:
        yield running


@pytest.fixture(scope="session")
def collector() -> Iterator[Collector]:
    """Where the platform's traces go."""
    with running_collector() as running:
        yield running


@pytest.fixture(scope="session")
def orylo_up(tmp_path_factory: pytest.TempPathFactory, meta: MetaProcess, collector: Collector) -> Iterator[Embedded]:
    """`orylo up`, as talkative as it gets: what it must not say, it must not say even then."""
    folder: Path = tmp_path_factory.mktemp("orylo")
    told = {"ORYLO_META_BASE_URL": meta.url, "ORYLO_OTLP_ENDPOINT": collector.endpoint, "ORYLO_LOG_LEVEL": "debug"}
    with running_embedded(folder, **told) as running:
        yield running


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    """A caller without cookies, as gateways and machines are."""
    connector = aiohttp.TCPConnector(limit=100)
    async with aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar()) as session:
        yield session


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def shop(request: pytest.FixtureRequest, orylo_up: Embedded, http: aiohttp.ClientSession) -> Shop:
    name = request.module.__name__.rpartition(".")[2].removeprefix("test_").replace("_", "-")
    return await open_shop(orylo_up, http, f"shop-{name}")
