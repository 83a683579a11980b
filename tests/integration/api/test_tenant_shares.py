"""The requests of one tenant cannot use up what the requests of all tenants share."""

import asyncio

import pytest

from orylo_api.call import CONNECTIONS
from tests.integration.api.conftest import Api
from tests.support.eventually import eventually

pytestmark = pytest.mark.integration

VIEW = {"page": "payments", "name": "Held", "query": {"gateway": "stripe"}}
MANY = 3 * CONNECTIONS

WAITING = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND application_name = 'orylo_api' AND wait_event_type = 'Lock'
"""


async def test_slow_requests_of_a_tenant_leave_connections_to_others(api: Api) -> None:
    a, b = api.client(api.a.bearer), api.client(api.b.bearer)
    async with a.post("/api/v1/views", json=VIEW) as response:
        assert response.status == 201, await response.text()
        path = f"/api/v1/views/{(await response.json())['id']}"

    async def delete() -> int:
        async with a.delete(path) as response:
            return response.status

    async with api.pool.acquire() as connection, connection.transaction():
        await connection.execute("SELECT FROM api.saved_views FOR UPDATE")
        held = [asyncio.create_task(delete()) for _ in range(MANY)]

        async def they_hold_connections() -> bool:
            return bool(await api.pool.fetchval(WAITING) >= CONNECTIONS // 2)

        await eventually(they_hold_connections)
        # Less than the 5 s after which PostgreSQL ends A's statements.
        async with asyncio.timeout(3), b.get("/api/v1/overview") as response:
            assert response.status == 200, await response.text()
    await asyncio.gather(*held)
