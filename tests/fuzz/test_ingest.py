"""Send thousands of invalid requests: each is accepted or rejected quickly, and memory does not grow.

`ORYLO_FUZZ_SEED` and `ORYLO_FUZZ_COUNT` select other attempts, and more of them.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path
from random import Random
from uuid import UUID

import asyncpg
import pytest
import pytest_asyncio
import uvloop
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orylo_common.control import Keyring
from tests.fuzz.attempts import NATIVE, RELAY, Attempt, prove, written
from tests.fuzz.bodies import GATEWAYS, IDS, ORIGINALS, VISIT, put_at_a_place
from tests.fuzz.sender import CPU_LIMIT_S, CpuTimer, FuzzRun, HttpConnection, send_all
from tests.support.eventually import eventually
from tests.support.ingest_process import IngestProcess, environment_for, ingest_process, open_shop

SEED = int(os.environ.get("ORYLO_FUZZ_SEED", "20261121"))
COUNT = int(os.environ.get("ORYLO_FUZZ_COUNT", "8000"))
pytestmark = [pytest.mark.integration, pytest.mark.timeout(120 + COUNT // 100)]

# Growth during the second half of the attempts; the first half fills the caches.
MAY_GROW_MIB = 24


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def ingest(
    postgres_dsn: str, redis_url: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[IngestProcess]:
    master_key = Keyring.generate()
    await open_shop(postgres_dsn, master_key, NATIVE)
    await open_shop(postgres_dsn, master_key, RELAY, mode="hmac")
    # Makes ingest read X-Forwarded-For.
    environment = environment_for(
        postgres_dsn, master_key=master_key, redis_url=redis_url, ORYLO_INGEST_TRUSTED_PROXIES="1"
    )
    folder: Path = tmp_path_factory.mktemp("fuzz")
    with ingest_process(folder, environment) as running:
        yield running


async def fuzz(ingest: IngestProcess, numbers: range) -> FuzzRun:
    # A separate uvloop, because the senders must not be slower than ingest.
    run = await asyncio.to_thread(lambda: uvloop.run(send_all(ingest.port, ingest.pid, SEED, numbers)))
    print(f"seed {SEED}, {numbers}: {dict(sorted(run.statuses.items()))}")
    if run.complaints:
        pytest.fail(f"{len(run.complaints)} complaints\n" + "\n".join(run.complaints[:5]), pytrace=False)
    return run


async def test_no_attempt_causes_an_error_or_a_memory_leak(ingest: IngestProcess, postgres_dsn: str) -> None:
    first = await fuzz(ingest, range(COUNT // 2))
    warm = ingest.resident_mib
    second = await fuzz(ingest, range(COUNT // 2, COUNT))
    grown = ingest.resident_mib - warm
    print(f"resident: {warm:.1f} MiB after the first half, {grown:+.1f} MiB after the second")

    # A good part of the attempts reached the database.
    accepted = first.event_ids | second.event_ids
    assert len(accepted) > COUNT / 5
    connection = await asyncpg.connect(postgres_dsn)
    try:
        stored = {row[0] for row in await connection.fetch("SELECT event_id FROM ingest.events")}
        assert {UUID(event_id) for event_id in accepted} <= stored
        published = "SELECT count(*) FROM bus.messages WHERE type = 'click.recorded.v1'"

        async def all_visits_are_published() -> bool:
            # At least: answers to malformed HTTP are not counted as visits.
            return bool(await connection.fetchval(published) >= first.visits + second.visits > 0)

        await eventually(all_visits_are_published)
    finally:
        await connection.close()
    assert grown < MAY_GROW_MIB
    complaints = [line for line in ingest.log.read_text(errors="replace").splitlines() if '"level":"error"' in line]
    assert complaints == []


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(data=st.data())
@settings(
    max_examples=400,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_no_value_in_any_field_causes_an_error(ingest: IngestProcess, data: st.DataObject) -> None:
    """On failure, Hypothesis reports the smallest body that fails."""
    gateway = data.draw(st.sampled_from([*GATEWAYS, "track"]), label="gateway")
    originals = [VISIT] if gateway == "track" else ORIGINALS[gateway]
    original = originals[data.draw(st.integers(0, len(originals) - 1), label="fixture")]
    original = IDS.sub(rb"\g<0>%d" % data.draw(st.integers(0, 10**9)), original)
    body = put_at_a_place(original, data.draw(st.integers(0, 200), label="place"), data.draw(VALUES, label="value"))

    path, query, headers = f"/api/v1/webhooks/{gateway}/{NATIVE}", b"", [(b"Host", b"x")]
    if gateway == "track":
        path = f"/api/v1/track/{NATIVE}"
    else:
        body, query, proof = prove(Random(0), gateway, NATIVE, body)
        headers += proof
    sent = Attempt(0, gateway, b"POST", written(b"POST", path.encode() + query, headers, body), broken=False)
    cpu = CpuTimer(ingest.pid)
    run = uvloop.run(ask_once(ingest.port, sent))

    assert run.complaints == []
    assert cpu.seconds < CPU_LIMIT_S


async def ask_once(port: int, sent: Attempt) -> FuzzRun:
    run, connection = FuzzRun(0), await HttpConnection.open(port)
    run.judge(sent, await connection.ask(sent))
    connection.close()
    return run


@pytest.mark.parametrize(
    ("method", "headers", "status"),
    [
        (b"PUT", [], 405),
        (b"POST", [(b"Expect", b"200-ok")], 417),
        (b"POST", [(b"Content-Encoding", b"gzip")], 400),
        (b"POST", [(b"User-Agent", b"\xff")], 202),
    ],
)
async def test_unexpected_requests_are_answered_with_a_problem_document(
    ingest: IngestProcess, method: bytes, headers: list[tuple[bytes, bytes]], status: int
) -> None:
    wire = written(method, b"/api/v1/track/native", [(b"Host", b"x"), *headers], VISIT)
    cpu, connection = CpuTimer(ingest.pid), await HttpConnection.open(ingest.port)
    answer = await connection.ask(Attempt(0, "by hand", method, wire, broken=False))
    connection.close()
    assert answer.status == status
    assert answer.headers[b"content-type"] == (b"application/json" if status == 202 else b"application/problem+json")
    assert cpu.seconds < CPU_LIMIT_S
