"""Every fixture of every gateway over HTTP, authenticated as its gateway does and published as in its golden file."""

import hmac
import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
import pytest

from orylo_common.control.models import Mode
from orylo_common.messages import Message, decode
from orylo_ingest.gateways import GATEWAYS
from orylo_ingest.gateways.kiwify import _wrapped
from tests.integration.ingest.running import SECRET, Ingest, running_ingest
from tests.integration.ingest.running import TENANT as SLUG
from tests.support.eventually import eventually
from tests.unit.ingest.given import FIXTURES, RECEIVED_AT, TENANT, body_of
from tests.unit.ingest.golden import path_of

pytestmark = pytest.mark.integration

# The tokens that these gateways' fixtures contain. All other gateways use SECRET.
TOKENS = {"hotmart": "hottok-fixture-not-a-secret", "perfectpay": "pp-fixture-token-not-a-secret-01"}


@dataclass(frozen=True)
class Sent:
    """A webhook to send. `token` is set if a static token alone authenticates it."""

    body: bytes
    headers: dict[str, str]
    query: str = ""
    token: str | None = None

    def with_body_changed(self) -> "Sent":
        return Sent(another_digit(self.body), self.headers, self.query)

    def with_token_changed(self) -> "Sent":
        assert self.token is not None
        other = self.token[:-1] + "x"
        headers = {name: value.replace(self.token, other) for name, value in self.headers.items()}
        return Sent(self.body.replace(self.token.encode(), other.encode()), headers, self.query)


def another_digit(body: bytes) -> bytes:
    """Change the last digit, so that the body can still be parsed."""
    *_, last = re.finditer(rb"[0-9]", body)
    return body[: last.start()] + (b"1" if last.group() != b"1" else b"2") + body[last.end() :]


def secret_of(gateway: str) -> str:
    return TOKENS.get(gateway, SECRET)


def digest(gateway: str, signed: bytes, algorithm: str) -> str:
    return hmac.digest(secret_of(gateway).encode(), signed, algorithm).hex()


def relayed(gateway: str, body: bytes) -> Sent:
    return Sent(body, {"X-Signature": f"sha256={digest(gateway, body, 'sha256')}"})


def from_stripe(body: bytes) -> Sent:
    at = int(RECEIVED_AT.timestamp())
    return Sent(body, {"Stripe-Signature": f"t={at},v1={digest('stripe', b'%d.' % at + body, 'sha256')}"})


def from_hotmart(body: bytes) -> Sent:
    token = TOKENS["hotmart"]
    return Sent(body, {} if token.encode() in body else {"X-HOTMART-HOTTOK": token}, token=token)


def from_kiwify(body: bytes) -> Sent:
    if b'"order":' in body:
        _, order = _wrapped(body) or pytest.fail("no wrapper")
        signature = digest("kiwify", order, "sha1")
        return Sent(body.replace(b"see signature_vectors.json", signature.encode()), {})
    return Sent(body, {}, f"?signature={digest('kiwify', body, 'sha1')}")


def from_perfectpay(body: bytes) -> Sent:
    return Sent(body, {}, token=TOKENS["perfectpay"])


NATIVE: dict[str, Callable[[bytes], Sent]] = {
    "stripe": from_stripe,
    "hotmart": from_hotmart,
    "kiwify": from_kiwify,
    "perfectpay": from_perfectpay,
}


def sent(fixture: str, mode: Mode) -> Sent:
    gateway, _, name = fixture.partition("/")
    if mode == "hmac" or name.startswith("simplified_"):
        return relayed(gateway, body_of(fixture))
    return NATIVE[gateway](body_of(fixture))


class AsOfTheGoldenFiles:
    def now(self) -> datetime:
        return RECEIVED_AT


@pytest.fixture(scope="module", params=["native", "hmac"])
async def mode(request: pytest.FixtureRequest) -> Mode:
    chosen: Mode = request.param
    return chosen


@pytest.fixture(scope="module")
async def running(postgres_dsn: str, mode: Mode) -> AsyncIterator[Ingest]:
    async with running_ingest(postgres_dsn, clock=AsOfTheGoldenFiles()) as ingest:
        # The golden files' tenant: customer ids are derived from its id.
        await ingest.pool.execute("DELETE FROM control.tenants")
        await ingest.pool.execute("INSERT INTO control.tenants (id, slug, name) VALUES ($1, $2, $2)", TENANT, SLUG)
        for gateway in GATEWAYS:
            await ingest.configure(gateway, secrets=(secret_of(gateway),), mode=mode)

        async def all_are_configured() -> bool:
            return all([(await post(ingest, gateway, Sent(b"{", {}))).status != 404 for gateway in GATEWAYS])

        await eventually(all_are_configured)
        yield ingest


@pytest.fixture
async def ingest(running: Ingest) -> Ingest:
    """Empty the tables, because several fixtures report the same facts of one payment."""
    # Faster than TRUNCATE, which makes the files of every table and index anew.
    for table in ("events", "dedupe_registry", "facts"):
        await running.pool.execute(f"DELETE FROM ingest.{table}")
    running.published.messages.clear()
    return running


async def post(ingest: Ingest, gateway: str, webhook: Sent) -> Any:
    return await ingest.post(webhook.body, gateway=gateway, tenant=f"{SLUG}{webhook.query}", headers=webhook.headers)


@pytest.mark.parametrize("fixture", FIXTURES)
async def test_each_fixture_is_accepted_and_published_as_in_its_golden_file(
    ingest: Ingest, mode: Mode, fixture: str
) -> None:
    gateway = fixture.partition("/")[0]
    golden = orjson.loads(path_of(fixture).read_bytes())

    answer = await post(ingest, gateway, sent(fixture, mode))

    assert (answer.status, answer.body["event_id"]) == (202, golden["event_id"])
    (event,) = await ingest.pool.fetch("SELECT status, reason, gateway_event_type FROM ingest.events")
    assert dict(event) == {key: golden[key] for key in ("status", "reason", "gateway_event_type")}
    if golden["message"] is not None:
        await eventually(lambda: bool(published(ingest)))
        (message,) = published(ingest)
        assert message == as_published(golden["message"], message)


def published(ingest: Ingest) -> list[Message]:
    """Return the published messages without reports of rejected requests."""
    return [
        message for message in ingest.published.messages if message.type.startswith(("pay", "disp", "fraud", "che"))
    ]


def as_published(golden: dict[str, Any], message: Message) -> Message:
    """Return the golden file's message with the ids of `message`, and with its document's hash if it has one.

    The platform under test has another document key.
    """
    ids = {"id": str(message.message_id), "correlationid": str(message.correlation_id)}
    data = golden["data"]
    if "document_hash" in data and (known := getattr(message, "document_hash", None)):
        data = {**data, "document_hash": known}
    aliases = getattr(message, "customer_aliases", None)
    if "document" in data.get("customer_aliases", {}) and aliases and aliases.document:
        data = {**data, "customer_aliases": {**data["customer_aliases"], "document": aliases.document}}
    return decode(orjson.dumps({**golden, **ids, "data": data}))


@pytest.mark.parametrize("fixture", FIXTURES)
async def test_one_changed_byte_in_the_body_or_token_is_rejected(ingest: Ingest, mode: Mode, fixture: str) -> None:
    webhook = sent(fixture, mode)
    forged = webhook.with_token_changed() if webhook.token else webhook.with_body_changed()
    assert forged != webhook

    answer = await post(ingest, fixture.partition("/")[0], forged)

    assert (answer.status, answer.body["code"]) == (401, "token_mismatch" if webhook.token else "signature_mismatch")
    kept = [await ingest.rows(table) for table in ("events", "dedupe_registry", "facts")]
    assert kept == [0, 0, 0]
    assert published(ingest) == []
