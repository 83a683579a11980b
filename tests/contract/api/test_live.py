"""The running API against its own document, and against malformed requests.

`ORYLO_SCHEMATHESIS_EXAMPLES` generates more of each operation.
"""

import asyncio
import os
import random
import sys
from pathlib import Path

import pytest

from orylo_common.messages import ConversionFailed, PaymentSucceeded
from tests.integration.api.conftest import Api
from tests.unit.api.builders import conversion, detection, payment, trust_updated

pytestmark = pytest.mark.integration

EXAMPLES_PER_OPERATION = int(os.environ.get("ORYLO_SCHEMATHESIS_EXAMPLES", "3"))
MUTATED_REQUESTS = 1_500
AT_ONCE = 150
SILENT_TURNS = 20
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"


async def seed(api: Api) -> None:
    about = {"tenant_id": api.a.tenant.id}
    await api.project(
        detection(**about),
        payment(PaymentSucceeded, **about),
        trust_updated(**about),
        conversion(ConversionFailed, **about),
    )


# Several thousand requests, which take minutes on a busy machine.
@pytest.mark.timeout(900)
async def test_responses_conform_to_the_document(api: Api, tmp_path: Path) -> None:
    """Schemathesis generates valid and invalid requests for every operation except the stream and the page check."""
    await seed(api)
    process = await asyncio.create_subprocess_exec(
        *(Path(sys.executable).with_name("schemathesis"), "run", f"{api.url}/api/openapi.json"),
        *("--header", f"Authorization: Bearer {api.a.key}", "--exclude-path", "/api/v1/stream"),
        # It fetches pages of the internet.
        *("--exclude-path", "/api/v1/tracking/check"),
        *("--checks", CHECKS, "--max-examples", str(EXAMPLES_PER_OPERATION), "--phases", "examples,coverage,fuzzing"),
        *("--seed", "7", "--request-timeout", "60", "--suppress-health-check", "too_slow", "--no-color"),
        cwd=tmp_path,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    assert process.returncode == 0, output.decode()[-20_000:]


def requests(key: str) -> list[bytes]:
    """Return some valid requests."""
    host = b"Host: 127.0.0.1\r\n"
    bearer = host + b"Authorization: Bearer " + key.encode() + b"\r\n"
    login = b'{"email":"owner@loja-a.example","password":"x"}'
    status = b'{"status":"blocked","reason":"because"}'
    json_of = b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
    return [
        b"GET /api/v1/detections?limit=2&decision=block&from=2026-01-01T00:00:00Z HTTP/1.1\r\n" + bearer + b"\r\n",
        b'GET /api/v1/customers/cus_1 HTTP/1.1\r\nIf-None-Match: "a"\r\n' + bearer + b"\r\n",
        b"GET /api/v1/overview?timezone=America/Sao_Paulo HTTP/1.1\r\n" + bearer + b"\r\n",
        b"GET /api/v1/conversions?cursor=WyIyMDI2IiwieCJd HTTP/1.1\r\n" + bearer + b"\r\n",
        b"GET /assets/index.js HTTP/1.1\r\nAccept-Encoding: br\r\n" + host + b"\r\n",
        b"GET /api/v1/auth/me HTTP/1.1\r\nCookie: orylo_session=abc; orylo_csrf=def\r\n" + host + b"\r\n",
        b"POST /api/v1/auth/login HTTP/1.1\r\n" + host + json_of % (len(login), login),
        b"POST /api/v1/auth/refresh HTTP/1.1\r\nCookie: orylo_refresh=abc\r\n" + host + b"\r\n",
        b"POST /api/v1/customers/cus_1/status HTTP/1.1\r\nIdempotency-Key: k1\r\n"
        + bearer
        + json_of % (len(status), status),
    ]


def mutate(request: bytes, chance: random.Random) -> bytes:
    data = bytearray(request)
    for _ in range(chance.randint(1, 4)):
        place = chance.randrange(len(data))
        match chance.randrange(5):
            case 0:
                data[place] = chance.randrange(256)
            case 1:
                data[place:place] = chance.randbytes(chance.randint(1, 8))
            case 2:
                del data[place : place + chance.randint(1, 6)]
            case 3:
                data[place:place] = chance.choice([b"\x00", b"%00", b"%ff", b"\xed\xa0\x80", b"\r\n", b'"', b"{" * 90])
            case 4:
                data[place:place] = data[place : place + chance.randint(1, 40)]
    return bytes(data)


async def status_of(api: Api, request: bytes) -> int | None:
    """Return None if the connection was closed without a response."""
    port = int(api.url.rpartition(":")[2])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(request)
        line = await reader.readline()
        return int(line.split()[1]) if line else None
    except ConnectionError:
        return None
    finally:
        writer.close()


async def statuses_of(api: Api, requests: list[bytes]) -> list[int | None]:
    """Send all at once. Return None also for requests so incomplete that the server waits for the rest."""
    asking = [asyncio.create_task(status_of(api, request)) for request in requests]
    silent, answered = 0, 0
    # Counted in iterations of the loop that the API shares: a stalled machine does not count as silence.
    while answered < len(asking) and silent < SILENT_TURNS:
        await asyncio.sleep(0.05)
        before, answered = answered, sum(task.done() for task in asking)
        silent = silent + 1 if answered == before else 0
    for task in asking:
        task.cancel()
    outcomes = await asyncio.gather(*asking, return_exceptions=True)
    return [None if isinstance(outcome, BaseException) else outcome for outcome in outcomes]


async def test_malformed_requests_cause_no_server_error(api: Api) -> None:
    await seed(api)
    chance = random.Random(11)
    right = requests(api.a.key)
    for request in right:
        assert await asyncio.wait_for(status_of(api, request), 45) in {200, 401, 404, 422}, request
    statuses: list[int | None] = []
    while len(statuses) < MUTATED_REQUESTS:
        batch = [mutate(right[number % len(right)], chance) for number in range(AT_ONCE)]
        answers = await statuses_of(api, batch)
        ours = [(status, request) for status, request in zip(answers, batch, strict=True) if status and status >= 500]
        assert not ours
        statuses += answers
        # Otherwise most sign-ins would be refused by the lockout.
        await api.pool.execute("DELETE FROM api.login_failures")
    assert sum(status is not None for status in statuses) > MUTATED_REQUESTS / 2
