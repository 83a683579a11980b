"""One embedded platform and one fake Meta for all these tests. Each module has its own shop."""

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
    """Receives the platform's traces."""
    with running_collector() as running:
        yield running


@pytest.fixture(scope="session")
def orylo_up(tmp_path_factory: pytest.TempPathFactory, meta: MetaProcess, collector: Collector) -> Iterator[Embedded]:
    """`orylo up` at log level debug: even then it must not log personal data."""
    folder: Path = tmp_path_factory.mktemp("orylo")
    environment = {
        "ORYLO_META_BASE_URL": meta.url,
        "ORYLO_OTLP_ENDPOINT": collector.endpoint,
        "ORYLO_LOG_LEVEL": "debug",
    }
    with running_embedded(folder, **environment) as running:
        yield running


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    """An HTTP client without cookies, like gateways and API clients."""
    connector = aiohttp.TCPConnector(limit=100)
    async with aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar()) as session:
        yield session


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def shop(request: pytest.FixtureRequest, orylo_up: Embedded, http: aiohttp.ClientSession) -> Shop:
    name = request.module.__name__.rpartition(".")[2].removeprefix("test_").replace("_", "-")
    return await open_shop(orylo_up, http, f"shop-{name}")
