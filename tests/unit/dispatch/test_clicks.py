"""Clicks that are recorded for matching."""

from datetime import UTC, datetime

import pytest

from orylo_common.ids import uuid7
from orylo_common.messages import ClickRecorded
from orylo_dispatch.conversions.facts import ClickSeen, Fact
from orylo_dispatch.delivery.recorder import Recorder, SideEffects
from orylo_dispatch.handlers import record_click


@pytest.mark.parametrize(("consent", "recorded"), [(True, ["oc_1"]), (None, ["oc_1"]), (False, [])])
async def test_a_visit_without_consent_is_no_click(consent: bool | None, recorded: list[str]) -> None:
    facts: list[Fact] = []

    async def add(fact: Fact) -> SideEffects:
        facts.append(fact)
        return SideEffects()

    message_id = uuid7()
    click = ClickRecorded(
        message_id=message_id,
        correlation_id=message_id,
        tenant_id=uuid7(),
        occurred_at=datetime(2026, 11, 20, tzinfo=UTC),
        click_id="oc_1",
        kind="pageview",
        consent=consent,
    )

    await record_click(click, recorder=Recorder(add, offer=lambda _: None, wake=lambda _: None))

    assert [each.click.click_id for each in facts if isinstance(each, ClickSeen)] == recorded
