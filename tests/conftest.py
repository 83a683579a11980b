"""Real servers for the tests that need them, started on the first request and stopped with the session.

pytest-xdist's workers share PostgreSQL and RabbitMQ, which take seconds to start; Redis and SQS are one per worker.
"""

import secrets
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import pytest_asyncio
import redis as redis_client
from hypothesis import HealthCheck, settings

from tests.support.distribution import FileScheduling
from tests.support.postgres import TEMPLATE, drop_database, make_database
from tests.support.rabbitmq import RabbitMQ
from tests.support.redis import redis_server
from tests.support.shared_servers import ServerClient, ServerOwner
from tests.support.sqs import sqs_server

# How long an example takes says something about the machine, not about the code.
settings.register_profile("untimed", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")


SERVERS: pytest.StashKey[ServerOwner | ServerClient] = pytest.StashKey()


def pytest_configure(config: pytest.Config) -> None:
    given: dict[str, Any] = getattr(config, "workerinput", {})
    config.stash[SERVERS] = ServerClient(*given["servers"]) if "servers" in given else ServerOwner()


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Give each xdist worker the address of its controller's servers."""
    owner = node.config.stash[SERVERS]
    assert isinstance(owner, ServerOwner)
    node.workerinput["servers"] = owner.listen()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> FileScheduling | None:
    """Distribute by file unless `--dist` chooses otherwise."""
    return FileScheduling(config, log) if config.getoption("dist") == "load" else None


def pytest_unconfigure(config: pytest.Config) -> None:
    servers = config.stash[SERVERS]
    if isinstance(servers, ServerOwner):
        servers.close()


@pytest.fixture(scope="session")
def postgres_admin_dsn(pytestconfig: pytest.Config) -> str:
    """The superuser's DSN of the server itself: for tests that make databases or roles."""
    dsn: str = pytestconfig.stash[SERVERS].get("postgres")
    return dsn


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def postgres_dsn(postgres_admin_dsn: str) -> AsyncIterator[str]:
    """The superuser's DSN of a database with every migration applied, fresh for each module."""
    name = f"test_{secrets.token_hex(6)}"
    yield await make_database(postgres_admin_dsn, name, template=TEMPLATE)
    await drop_database(postgres_admin_dsn, name)


@pytest_asyncio.fixture(loop_scope="session")
async def empty_postgres_dsn(postgres_admin_dsn: str) -> AsyncIterator[str]:
    """The same without any migration, fresh for each test."""
    name = f"test_{secrets.token_hex(6)}"
    yield await make_database(postgres_admin_dsn, name, template="template0")
    await drop_database(postgres_admin_dsn, name)


@pytest.fixture(scope="session")
def redis_session_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with redis_server(tmp_path_factory.mktemp("redis")) as url:
        yield url


@pytest.fixture(scope="module")
def redis_url(redis_session_url: str) -> str:
    """An empty Redis for each module."""
    with redis_client.Redis.from_url(redis_session_url) as client:
        client.flushall()
    return redis_session_url


@pytest.fixture(scope="session")
def rabbitmq_node(pytestconfig: pytest.Config) -> RabbitMQ:
    node: RabbitMQ = pytestconfig.stash[SERVERS].get("rabbitmq")
    return node


@pytest.fixture(scope="module")
def rabbitmq_url(rabbitmq_node: RabbitMQ) -> Iterator[str]:
    """A virtual host for each module, as `amqp://…`."""
    vhost = f"test-{secrets.token_hex(6)}"
    rabbitmq_node.add_vhost(vhost)
    yield rabbitmq_node.url(vhost)
    rabbitmq_node.delete_vhost(vhost)


@pytest.fixture(scope="session")
def sqs_url() -> Iterator[str]:
    """The endpoint of an SNS and SQS that live in this process."""
    with sqs_server() as endpoint:
        yield endpoint
