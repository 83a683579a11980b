"""Sending the conversion of a blocked payment anyway."""

from datetime import timedelta
from typing import Any

import aiohttp
import pytest

from orylo_common.control.models import Role
from orylo_common.messages import (
    ConversionDispatched,
    ConversionFact,
    ConversionRedriveRequested,
    ConversionSuppressed,
    decode,
)
from orylo_common.postgres.outbox_bodies import decompress
from tests.integration.api.conftest import Api
from tests.integration.api.test_customer_scores import REQUESTED, post
from tests.unit.api.builders import conversion

pytestmark = pytest.mark.integration

REASON = {"reason": "the buyer is known to us"}


@pytest.fixture
async def machine(api: Api) -> aiohttp.ClientSession:
    return api.client(api.a.bearer)


async def suppressed(api: Api, **changes: Any) -> ConversionFact:
    made = conversion(ConversionSuppressed, **{"tenant_id": api.a.tenant.id, "occurred_at": api.clock.now(), **changes})
    await api.project(made)
    return made


def path_of(made: ConversionFact) -> str:
    return f"/api/v1/conversions/{made.conversion_id}/send"


async def requests(api: Api, made: ConversionFact) -> list[ConversionRedriveRequested]:
    found = {each.message_id: each for each in map(_message, await api.pool.fetch(REQUESTED))}
    asked = [each for each in found.values() if isinstance(each, ConversionRedriveRequested)]
    return [each for each in asked if each.conversion_id == made.conversion_id]


def _message(row: Any) -> Any:
    return decode(decompress(bytes(row["body"])))


async def test_a_person_has_it_sent_which_the_audit_log_keeps(api: Api, machine: aiohttp.ClientSession) -> None:
    made = await suppressed(api)

    answers = [await post(machine, path_of(made), REASON, **{"Idempotency-Key": f"send-{made.event_id}"}) for _ in "12"]

    assert answers[0] == answers[1]
    assert (answers[0][0], answers[0][1]["id"]) == (202, str(made.conversion_id))
    (asked,) = await requests(api, made)
    assert (asked.although_blocked, asked.tenant_id) == (True, api.a.tenant.id)
    (line,) = await api.pool.fetch(
        "SELECT subject, after FROM control.audit_log WHERE action = 'conversion.send_blocked' "
        "AND after ->> 'conversion_id' = $1",
        str(made.conversion_id),
    )
    assert (line["subject"], line["after"]["reason"]) == (f"payment {made.payment_id}", REASON["reason"])


async def test_only_a_blocked_and_recent_one_is_sent(api: Api, machine: aiohttp.ClientSession) -> None:
    sent = conversion(ConversionDispatched, tenant_id=api.a.tenant.id)
    await api.project(sent)
    for made, code in (
        (sent, "not_blocked"),
        (await suppressed(api, reason="no_consent"), "not_blocked"),
    ):
        status, problem = await post(machine, path_of(made), REASON)
        assert (status, problem["code"]) == (409, code)
        assert await requests(api, made) == []
    recent = await suppressed(api)
    api.clock.ahead = timedelta(days=7)
    status, problem = await post(machine, path_of(recent), REASON)
    assert (status, problem["code"]) == (409, "too_old")


async def test_it_needs_a_reason_and_the_permission(api: Api, machine: aiohttp.ClientSession) -> None:
    made = await suppressed(api)
    analyst = api.client((await api.user(api.a, Role.ANALYST, "analyst-send@a.example")).bearer)

    assert (await post(machine, path_of(made), {"reason": ""}))[0] == 422
    assert (await post(analyst, path_of(made), REASON))[0] == 403
    assert (await post(api.client(api.b.bearer), path_of(made), REASON))[0] == 404
    assert await requests(api, made) == []
