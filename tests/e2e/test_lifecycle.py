"""Start, kill and stop the platform: no accepted webhook is lost, and no process is left behind."""

import asyncio
import re
import time
from collections.abc import Mapping
from pathlib import Path

import asyncpg
import psutil
import pytest

from tests.load.sender import send
from tests.load.webhooks import payment_id, stripe_requests
from tests.support.embedded import Embedded
from tests.support.eventually import eventually
from tests.support.meta_process import MetaProcess
from tests.support.shops import Shop, count

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

WEBHOOKS, RATE = 450, 150.0
KILL_AFTER = 100
ACCEPTED, DUPLICATE, UNANSWERED = 202, 200, 0
# Leases of the killed process expire after half a minute.
RESUMED_WITHIN_S = 90
# About two seconds on an idle machine.
STOPPED_WITHIN_S = 30

TAKEN = "SELECT count(*) FROM ingest.events WHERE payment_id LIKE $1"
EFFECTS = {
    "events": "SELECT payment_id, count(*) FROM ingest.events WHERE payment_id = ANY($1) GROUP BY 1",
    "detections": "SELECT payment_id, count(*) FROM detector.detections WHERE payment_id = ANY($1) GROUP BY 1",
    "ledger": "SELECT payment_id, count(*) FROM trust.ledger WHERE payment_id = ANY($1) GROUP BY 1",
    "conversions": "SELECT payment_id, count(*) FROM dispatch.deliveries WHERE payment_id = ANY($1) GROUP BY 1",
}


async def effects(shop: Shop, payments: list[str]) -> Mapping[str, Mapping[str, int]]:
    """Return how often each payment appears at each stage."""
    connection = await asyncpg.connect(shop.platform.dsn)
    try:
        return {
            what: {row[0]: row[1] for row in await connection.fetch(query, payments)} for what, query in EFFECTS.items()
        }
    finally:
        await connection.close()


async def test_kill_9_in_a_burst_loses_nothing_and_repeats_nothing(shop: Shop, meta: MetaProcess) -> None:
    platform, run = shop.platform, f"{time.time_ns():x}"
    host = f"127.0.0.1:{platform.ingest_port}"
    requests = list(stripe_requests(run, WEBHOOKS, tenant=shop.slug, secret=shop.secret, host=host))

    sending = asyncio.create_task(send(requests, port=platform.ingest_port, rate=RATE, connections=16))

    async def the_burst_is_on() -> bool:
        return await count(platform, TAKEN, f"%{run}%") >= KILL_AFTER

    await eventually(the_burst_is_on)
    killed_at = time.time()
    platform.kill()
    await asyncio.to_thread(platform.start)
    first = await sending
    assert set(first.status) <= {ACCEPTED, UNANSWERED}
    assert min(first.answered[index] for index, status in enumerate(first.status) if status) < killed_at

    # A gateway repeats unanswered webhooks, even though they may have been stored.
    again = [requests[index] for index, status in enumerate(first.status) if status == UNANSWERED]
    second = await send(again, port=platform.ingest_port, connections=16)
    assert set(second.status) <= {ACCEPTED, DUPLICATE}

    payments = [payment_id(run, number) for number in range(WEBHOOKS)]
    once = dict.fromkeys(payments, 1)

    async def all_done() -> bool:
        sent = meta.datasets()[shop.pixel_id]["event_ids"].keys()
        return sent >= set(payments) and all(
            len(found) == WEBHOOKS for found in (await effects(shop, payments)).values()
        )

    await eventually(all_done, within_s=RESUMED_WITHIN_S)
    assert await effects(shop, payments) == dict.fromkeys(EFFECTS, once)
    counted = meta.counted()
    assert {payment: counted[payment] for payment in payments} == once


def descendants(platform: Embedded) -> list[psutil.Process]:
    return psutil.Process(platform.pid).children(recursive=True)


async def test_ctrl_c_ends_everything_in_time(shop: Shop) -> None:
    platform = shop.platform
    left = descendants(platform)
    # PostgreSQL and its own child processes.
    assert len(left) > 5
    assert {process.name() for process in left} == {"postgres"}
    paid = await shop.pay()
    started = time.monotonic()

    status = await asyncio.to_thread(platform.stop)

    try:
        assert status == 0
        assert time.monotonic() - started < STOPPED_WITHIN_S
        assert [process for process in left if process.is_running()] == []
        assert [process.pid for process in psutil.process_iter() if works_in(process, platform.data_dir)] == []
    finally:
        await asyncio.to_thread(platform.start)
    # The next process finishes the work of the last moment.
    assert (await shop.conversion(paid, within_s=RESUMED_WITHIN_S))["status"] == "dispatched"


def works_in(process: psutil.Process, folder: Path) -> bool:
    try:
        return Path(process.cwd()).is_relative_to(folder.resolve())
    except (psutil.Error, OSError):
        return False


def test_a_second_up_reports_that_one_is_running(orylo_up: Embedded) -> None:
    second = orylo_up.attempt("up", "--data-dir", str(orylo_up.data_dir))

    assert second.returncode == 1
    assert one_line(second.stderr) == f"orylo: orylo is already running in {orylo_up.data_dir} (process {orylo_up.pid})"


@pytest.mark.parametrize("option", ["--ingest-port", "--api-port"])
def test_a_port_in_use_is_named(orylo_up: Embedded, tmp_path: Path, option: str) -> None:
    taken = orylo_up.ingest_port if option == "--ingest-port" else orylo_up.api_port
    ports = {"--ingest-port": "1025", "--api-port": "1026"} | {option: str(taken)}
    arguments = [text for pair in ports.items() for text in pair]

    up = orylo_up.attempt("up", "--data-dir", str(tmp_path / "another"), *arguments)

    assert up.returncode == 1
    assert one_line(up.stderr) == f"orylo: port {taken} is in use: choose another with {option}"


def one_line(text: str) -> str:
    (line,) = re.sub(r"\x1b\[[0-9;]*m", "", text).strip().splitlines()
    return line
