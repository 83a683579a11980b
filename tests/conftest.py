"""Real servers for the tests that need them: each is started when the first test asks, and ended with the session.

Under pytest-xdist every worker has its own.
"""

import secrets
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio
import redis as redis_client
from hypothesis import HealthCheck, settings

from tests.support.postgres import TEMPLATE, drop_database, make_database, make_template, postgres_server
from tests.support.rabbitmq import RabbitMQ, rabbitmq_server
from tests.support.redis import redis_server
from tests.support.sqs import sqs_server

# How long an example takes says something about the machine, not about the code.
settings.register_profile("untimed", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")


@pytest.fixture(scope="session")
def postgres_admin_dsn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The superuser's DSN of the server itself: for tests that make databases or roles."""
    with postgres_server(tmp_path_factory.mktemp("postgres")) as dsn:
        yield dsn


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def migrated_template(postgres_admin_dsn: str) -> str:
    await make_template(postgres_admin_dsn)
    return TEMPLATE


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def postgres_dsn(postgres_admin_dsn: str, migrated_template: str) -> AsyncIterator[str]:
    """The superuser's DSN of a database with every migration applied, fresh for each module."""
    name = f"test_{secrets.token_hex(6)}"
    yield await make_database(postgres_admin_dsn, name, template=migrated_template)
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
def rabbitmq_node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RabbitMQ]:
    with rabbitmq_server(tmp_path_factory.mktemp("rabbitmq")) as node:
        yield node


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
