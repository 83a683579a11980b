"""Encoding payloads, and splitting a batch into requests."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import aiohttp
import orjson
import pytest

from orylo_common.control import Destination
from orylo_common.messages import MatchKeys
from orylo_dispatch.delivery.sink import Fault
from orylo_dispatch.destinations.meta.client import MetaClient
from orylo_dispatch.destinations.meta.limits import MAX_BYTES
from orylo_dispatch.destinations.meta.sink import MetaConversions
from orylo_dispatch.domain.attempt import AttemptOutcome, DeliveryAttempt
from orylo_dispatch.domain.conversion import conversion_of
from tests.unit.dispatch.cases import PAID_AT, TENANT, payment

DESTINATION = Destination(UUID(int=1), TENANT, "meta", "main", {"pixel_id": "1"}, "token", True, PAID_AT)


@pytest.fixture
async def sink() -> MetaConversions:
    async with aiohttp.ClientSession() as session:
        return MetaConversions(DESTINATION, session=session, base_url="http://127.0.0.1:1/v1")


async def test_a_stored_conversion_is_encoded_as_an_event(sink: MetaConversions) -> None:
    stored = conversion_of(payment(7), None).model_dump(mode="json", exclude_defaults=True)

    body = sink.encode(stored, now=PAID_AT)

    assert isinstance(body, bytes)
    assert orjson.loads(body)["event_id"] == "stripe:pi_7"


async def test_a_payload_that_meta_would_refuse_has_a_fault(sink: MetaConversions) -> None:
    known = conversion_of(payment(), None).model_dump(mode="json")
    anonymous = conversion_of(payment(customer_id=None, match_keys=MatchKeys()), None).model_dump(mode="json")

    def code(payload: object, **later: float) -> str | None:
        body = sink.encode(payload, now=PAID_AT + timedelta(**later))
        return body.code if isinstance(body, Fault) else None

    assert code(known) is None
    assert code(known, days=7) == "too_old"
    assert code(anonymous) == "anonymous"
    assert code({"amount_minor": "much"}) == "unreadable"
    assert code(None) == "unreadable"


async def test_a_batch_is_split_into_requests_and_the_rest_is_untried_when_the_time_is_up(
    sink: MetaConversions, monkeypatch: pytest.MonkeyPatch
) -> None:
    requests: list[int] = []

    async def post(_: MetaClient, events: Sequence[bytes]) -> DeliveryAttempt:
        requests.append(len(events))
        return DeliveryAttempt(AttemptOutcome.DISPATCHED if len(requests) == 1 else AttemptOutcome.TRANSIENT)

    monkeypatch.setattr(MetaClient, "post", post)
    large = b"x" * (MAX_BYTES // 2 - 1)
    may_continue = iter([True, True, False])

    results = await sink.deliver([large] * 5, may_continue=lambda: next(may_continue))

    assert requests == [2, 2]
    outcomes = [result and result.outcome for result in results]
    assert outcomes == [AttemptOutcome.DISPATCHED] * 2 + [AttemptOutcome.TRANSIENT] * 2 + [None]
