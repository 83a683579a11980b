"""What nobody should send, tens of thousands of times: refused or kept, at once, and without a trace in the memory.

`ORYLO_FUZZ_SEED` and `ORYLO_FUZZ_COUNT` make other attempts, and more of them.
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
from tests.fuzz.sender import WORKED_WITHIN_S, Line, Run, Work, send_all
from tests.support.eventually import eventually
from tests.support.ingest_process import IngestProcess, environment_for, ingest_process, open_shop

SEED = int(os.environ.get("ORYLO_FUZZ_SEED", "20261121"))
COUNT = int(os.environ.get("ORYLO_FUZZ_COUNT", "22000"))
pytestmark = [pytest.mark.integration, pytest.mark.timeout(120 + COUNT // 100)]

# Of what the first half of the attempts left behind, the second half leaves little again.
MAY_GROW_MIB = 24


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def ingest(
    postgres_dsn: str, redis_url: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[IngestProcess]:
    master_key = Keyring.generate()
    await open_shop(postgres_dsn, master_key, NATIVE)
    await open_shop(postgres_dsn, master_key, RELAY, mode="hmac")
    # What callers say of their addresses is taken up, too.
    environment = environment_for(
        postgres_dsn, master_key=master_key, redis_url=redis_url, ORYLO_INGEST_TRUSTED_PROXIES="1"
    )
    folder: Path = tmp_path_factory.mktemp("fuzz")
    with ingest_process(folder, environment) as running:
        yield running


async def fuzz(ingest: IngestProcess, numbers: range) -> Run:
    # On a loop of its own: the senders are to be no slower than what they send to.
    run = await asyncio.to_thread(lambda: uvloop.run(send_all(ingest.port, ingest.pid, SEED, numbers)))
    print(f"seed {SEED}, {numbers}: {dict(sorted(run.statuses.items()))}")
    if run.complaints:
        pytest.fail(f"{len(run.complaints)} complaints\n" + "\n".join(run.complaints[:5]), pytrace=False)
    return run


async def test_nothing_that_is_sent_breaks_it_or_makes_it_grow(ingest: IngestProcess, postgres_dsn: str) -> None:
    first = await fuzz(ingest, range(COUNT // 2))
    warm = ingest.resident_mib
    second = await fuzz(ingest, range(COUNT // 2, COUNT))
    grown = ingest.resident_mib - warm
    print(f"resident: {warm:.1f} MiB after the first half, {grown:+.1f} MiB after the second")

    # A good part of them got as far as the database.
    taken = first.event_ids | second.event_ids
    assert len(taken) > COUNT / 5
    connection = await asyncpg.connect(postgres_dsn)
    try:
        stored = {row[0] for row in await connection.fetch("SELECT event_id FROM ingest.events")}
        assert {UUID(event_id) for event_id in taken} <= stored
        told = "SELECT count(*) FROM bus.messages WHERE type = 'click.recorded.v1'"

        async def all_visits_are_told() -> bool:
            # Nobody counted the answers to what was no proper HTTP.
            return bool(await connection.fetchval(told) >= first.visits + second.visits > 0)

        await eventually(all_visits_are_told)
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
def test_no_value_in_any_place_breaks_it(ingest: IngestProcess, data: st.DataObject) -> None:
    """Hypothesis names the smallest body that does."""
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
    work = Work(ingest.pid)
    run = uvloop.run(ask_once(ingest.port, sent))

    assert run.complaints == []
    assert work.seconds < WORKED_WITHIN_S


async def ask_once(port: int, sent: Attempt) -> Run:
    run, line = Run(0), await Line.open(port)
    run.judge(sent, await line.ask(sent))
    line.close()
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
async def test_what_no_handler_foresaw_is_answered_with_a_problem_too(
    ingest: IngestProcess, method: bytes, headers: list[tuple[bytes, bytes]], status: int
) -> None:
    wire = written(method, b"/api/v1/track/native", [(b"Host", b"x"), *headers], VISIT)
    work, line = Work(ingest.pid), await Line.open(ingest.port)
    answer = await line.ask(Attempt(0, "by hand", method, wire, broken=False))
    line.close()
    assert answer.status == status
    assert answer.headers[b"content-type"] == (b"application/json" if status == 202 else b"application/problem+json")
    assert work.seconds < WORKED_WITHIN_S
