"""Jobs are run once, continue after a crash, can be canceled, and are shown."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any, cast
from uuid import UUID

import asyncpg
import pytest

from orylo_api.access.roles import Permission
from orylo_api.call import Services
from orylo_api.jobs import leases
from orylo_api.jobs.kind import JobKind
from orylo_api.jobs.run import JobFailed, JobRun
from orylo_api.jobs.runner import GAVE_UP, MAX_ATTEMPTS, JobRunner
from orylo_common.control.models import Role
from orylo_common.ids import uuid7
from orylo_common.postgres.pool import open_pool
from tests.integration.api.conftest import Api
from tests.support.eventually import eventually

pytestmark = pytest.mark.integration

INSERT = """
    INSERT INTO api.jobs (
        tenant_id, id, kind, request, actor_kind, actor, address, user_agent, role, created_at, attempts
    )
    VALUES ($1, $2, $3, '{}', 'user', 'ana@example.com', '', '', 'owner', now(), $4)
"""


class Pools:
    """The two pools of a replica's services, which is all that the runner itself uses."""

    def __init__(self, private_pool: asyncpg.Pool) -> None:
        self.private_pool = private_pool


@pytest.fixture
async def job_pool(postgres_dsn: str) -> AsyncIterator[asyncpg.Pool]:
    async with open_pool(postgres_dsn, role="orylo_api", max_size=4) as pool:
        yield pool


@pytest.fixture(autouse=True)
async def _empty(api: Api) -> AsyncIterator[None]:
    yield
    await api.pool.execute("DELETE FROM api.jobs")


def replica(api: Api, job_pool: asyncpg.Pool, *kinds: JobKind) -> JobRunner:
    services = cast("Services", Pools(api.projector))
    return JobRunner(services, job_pool, {kind.name: kind for kind in kinds})


def kind_of(work: Any, name: str = "test.steps") -> JobKind:
    return JobKind(name, Permission.CHANGE_LISTS, work)


async def add_job(api: Api, kind: str = "test.steps", *, tenant_id: UUID | None = None, attempts: int = 0) -> UUID:
    job_id = uuid7()
    await api.pool.execute(INSERT, tenant_id or api.a.tenant.id, job_id, kind, attempts)
    return job_id


async def row_of(api: Api, job_id: UUID) -> asyncpg.Record:
    row = await api.pool.fetchrow("SELECT * FROM api.jobs WHERE id = $1", job_id)
    assert row is not None
    return row


async def until(api: Api, job_id: UUID, *states: str) -> asyncpg.Record:
    async def there() -> bool:
        return (await row_of(api, job_id))["state"] in states

    await eventually(there)
    return await row_of(api, job_id)


async def count_to_four(run: JobRun) -> None:
    run.total = 4
    while run.done < 4:
        async with run.step():
            run.done += 1
            run.position = run.done
            run.counts[str(run.done)] = run.counts.get(str(run.done), 0) + 1


async def test_another_replica_continues_after_the_last_saved_step(api: Api, job_pool: asyncpg.Pool) -> None:
    stalled, resume, lost = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def stall_in_the_third_step(run: JobRun) -> None:
        for _ in range(2):
            async with run.step():
                run.done += 1
                run.counts[str(run.done)] = 1
        stalled.set()
        await resume.wait()
        try:
            async with run.step():
                run.counts["stale"] = 1
        finally:
            lost.set()

    first = replica(api, job_pool, kind_of(stall_in_the_third_step))
    second = replica(api, job_pool, kind_of(count_to_four))
    job_id = await add_job(api)
    async with api.projector.acquire() as connection:
        # It sends no heartbeat, as a process that is frozen.
        await first._claim(connection)
    await stalled.wait()
    await api.pool.execute("UPDATE api.jobs SET lease_until = now() - interval '1 second' WHERE id = $1", job_id)

    async with second.running():
        row = await until(api, job_id, "done")
    resume.set()
    await lost.wait()

    assert (row["done"], row["counts"]) == (4, {"1": 1, "2": 1, "3": 1, "4": 1})
    assert (await row_of(api, job_id))["counts"] == row["counts"]


async def test_a_replica_that_stops_leaves_its_jobs_to_another_at_once(api: Api, job_pool: asyncpg.Pool) -> None:
    begun = asyncio.Event()

    async def wait_forever(run: JobRun) -> None:
        async with run.step():
            run.done = 1
        begun.set()
        await asyncio.Event().wait()

    job_id = await add_job(api)
    async with replica(api, job_pool, kind_of(wait_forever)).running():
        await begun.wait()
    async with replica(api, job_pool, kind_of(count_to_four)).running():
        row = await until(api, job_id, "done")
    assert (row["done"], row["counts"]) == (4, {"2": 1, "3": 1, "4": 1})


async def test_two_replicas_run_each_job_once_and_few_of_a_tenant_at_a_time(api: Api, job_pool: asyncpg.Pool) -> None:
    running: dict[UUID, int] = {}
    most: dict[UUID, int] = {}
    worked: list[UUID] = []

    async def work(run: JobRun) -> None:
        running[run.tenant_id] = running.get(run.tenant_id, 0) + 1
        most[run.tenant_id] = max(most.get(run.tenant_id, 0), running[run.tenant_id])
        for _ in range(3):
            async with run.step():
                await asyncio.sleep(0)
        worked.append(run.id)
        running[run.tenant_id] -= 1

    kind = kind_of(work)
    shops = [api.a.tenant.id, api.b.tenant.id]
    jobs = [await add_job(api, tenant_id=shops[number % 2]) for number in range(10)]
    async with AsyncExitStack() as stack:
        for _ in range(2):
            await stack.enter_async_context(replica(api, job_pool, kind).running())
        for job_id in jobs:
            await until(api, job_id, "done")
    assert sorted(worked) == sorted(jobs)
    assert max(most.values()) <= leases.PER_TENANT


async def test_a_running_job_and_a_waiting_one_are_canceled(api: Api, job_pool: asyncpg.Pool) -> None:
    async def wait(run: JobRun) -> None:
        run.report(7, 100)
        await run.pause(3600)

    client = api.client(api.a.bearer)
    async with replica(api, job_pool, kind_of(wait, "dead_letters.bulk.test")).running():
        running = await add_job(api, "dead_letters.bulk.test")
        await api.pool.execute("SELECT pg_notify('orylo_api_jobs', '')")
        await until(api, running, "running")
        waiting = await add_job(api, "test.unknown")
        async with client.post(f"/api/v1/jobs/{waiting}/cancel") as response:
            assert (response.status, (await response.json())["code"]) == (409, "unknown_kind")
        await api.pool.execute("UPDATE api.jobs SET kind = 'dead_letters.bulk' WHERE id = $1", running)
        async with client.post(f"/api/v1/jobs/{running}/cancel") as response:
            assert response.status == 202
            assert (await response.json())["cancel_requested_at"] is not None
        row = await until(api, running, "canceled")
    assert (row["done"], row["total"], row["error"]) == (7, 100, None)
    async with client.post(f"/api/v1/jobs/{running}/cancel") as response:
        assert (response.status, (await response.json())["code"]) == (409, "already_ended")


async def test_a_role_that_cannot_start_a_job_cannot_cancel_it(api: Api) -> None:
    job_id = await add_job(api, "test.unknown")
    await api.pool.execute("UPDATE api.jobs SET kind = 'dead_letters.bulk', state = 'done' WHERE id = $1", job_id)
    viewer = await api.user(api.a, Role.VIEWER, f"viewer-{job_id}@example.com")
    async with api.client(viewer.bearer).post(f"/api/v1/jobs/{job_id}/cancel") as response:
        assert response.status == 403


async def test_a_failed_job_says_why_and_its_input_is_deleted(api: Api, job_pool: asyncpg.Pool) -> None:
    async def fail(_: JobRun) -> None:
        raise JobFailed("The file has no payments.")

    job_id = await add_job(api)
    await api.pool.execute("INSERT INTO api.job_files VALUES ($1, $2, 'input', '')", api.a.tenant.id, job_id)
    async with replica(api, job_pool, kind_of(fail)).running():
        await until(api, job_id, "failed")
    assert await api.pool.fetchval("SELECT count(*) FROM api.job_files WHERE job_id = $1", job_id) == 0
    async with api.client(api.a.bearer).get(f"/api/v1/jobs/{job_id}") as response:
        job = await response.json()
    assert (job["state"], job["error"], job["started_by"]) == ("failed", "The file has no payments.", "ana@example.com")
    assert job["kept_until"] > job["finished_at"]


async def test_a_job_that_never_gets_on_is_given_up(api: Api, job_pool: asyncpg.Pool) -> None:
    async def crash(_: JobRun) -> None:
        raise ZeroDivisionError

    crashing, hopeless = await add_job(api), await add_job(api, attempts=MAX_ATTEMPTS)
    async with replica(api, job_pool, kind_of(crash)).running():
        row = await until(api, hopeless, "failed")
        assert row["error"] == GAVE_UP

        async def released() -> bool:
            found = await row_of(api, crashing)
            return found["run_id"] is None and found["attempts"] == 1

        await eventually(released)
    assert (await row_of(api, crashing))["state"] == "running"


async def test_jobs_are_listed_by_state_and_kind(api: Api) -> None:
    first, second = await add_job(api, "test.one"), await add_job(api, "test.two")
    client = api.client(api.a.bearer)

    async def listed(**query: str) -> list[str]:
        async with client.get("/api/v1/jobs", params=query) as response:
            assert response.status == 200
            return [each["id"] for each in (await response.json())["items"]]

    assert await listed() == [str(second), str(first)]
    assert await listed(kind="test.one", state="queued") == [str(first)]
    assert await listed(state="done") == []
