"""RejectionReports counts rejections, publishes few messages and keeps a bounded number in memory."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import cast
from uuid import UUID

import pytest

from orylo_common.broker.ports import Outgoing
from orylo_common.errors import TransientError
from orylo_common.http.bodies import too_large
from orylo_common.http.problems import Problem
from orylo_common.messages import WebhookRejected, decode
from orylo_common.postgres.group_commit import GroupCommit
from orylo_common.postgres.outbox import OutboxRelay
from orylo_ingest.http import rejection_reports
from orylo_ingest.http.problems import unauthenticated
from orylo_ingest.http.rejection_reports import RejectionReports

TENANT, OTHER = UUID(int=1), UUID(int=2)
MISMATCH = unauthenticated("signature_mismatch", "It does not fit.")
START = datetime(2026, 3, 14, 12, tzinfo=UTC)


class TickingClock:
    def __init__(self) -> None:
        self.ticks = 0

    def now(self) -> datetime:
        self.ticks += 1
        return START + timedelta(seconds=self.ticks)


class Outbox:
    """An outbox in memory: the committed messages, and those then offered to the broker."""

    def __init__(self) -> None:
        self.committed: list[Outgoing] = []
        self.offered: list[Outgoing] = []
        self.away = False

    async def add(self, message: Outgoing) -> None:
        if self.away:
            raise TransientError("away")
        self.committed.append(message)

    def offer(self, messages: Sequence[Outgoing]) -> None:
        self.offered.extend(messages)

    def reports(self) -> list[WebhookRejected]:
        assert self.committed == self.offered
        return [cast(WebhookRejected, decode(message.body)) for message in self.committed]


@pytest.fixture
def outbox() -> Outbox:
    return Outbox()


@pytest.fixture
def reports(outbox: Outbox) -> RejectionReports:
    return RejectionReports(cast(GroupCommit[Outgoing, None], outbox), cast(OutboxRelay, outbox), TickingClock())


def reject(
    reports: RejectionReports,
    problem: Problem = MISMATCH,
    *,
    tenant_id: UUID = TENANT,
    gateway: str = "stripe",
    remote: str | None = "203.0.113.7",
) -> None:
    reports.report(tenant_id, gateway, problem, remote=remote, size=10)


async def test_many_rejections_of_one_kind_are_one_message(reports: RejectionReports, outbox: Outbox) -> None:
    for last in range(1000):
        reject(reports, remote=f"203.0.113.{last % 250}")
    await reports.flush()

    (rejected,) = outbox.reports()
    assert (rejected.tenant_id, rejected.gateway, rejected.status, rejected.code) == (
        TENANT,
        "stripe",
        401,
        "signature_mismatch",
    )
    assert (rejected.count, rejected.remote, rejected.size, rejected.reason) == (
        1000,
        "203.0.113.249",
        10,
        "It does not fit.",
    )
    assert rejected.occurred_at - rejected.first_at == timedelta(seconds=999)


async def test_each_kind_is_reported_separately_and_once(reports: RejectionReports, outbox: Outbox) -> None:
    reject(reports)
    reject(reports, too_large(5))
    reject(reports, gateway="kiwify")
    reject(reports, tenant_id=OTHER)
    await reports.flush()
    await reports.flush()

    assert len(outbox.reports()) == 4
    assert {rejected.count for rejected in outbox.reports()} == {1}


async def test_a_failed_flush_is_repeated_with_later_rejections(reports: RejectionReports, outbox: Outbox) -> None:
    outbox.away = True
    reject(reports)
    reject(reports, gateway="kiwify")
    with pytest.raises(TransientError):
        await reports.flush()
    reject(reports, remote="198.51.100.1")
    with pytest.raises(TransientError):
        await reports.flush()
    outbox.away = False
    await reports.flush()

    stripe, kiwify = sorted(outbox.reports(), key=lambda rejected: rejected.gateway, reverse=True)
    assert (stripe.count, stripe.remote, kiwify.count) == (2, "198.51.100.1", 1)
    assert stripe.first_at < stripe.occurred_at


async def test_the_number_of_kinds_in_memory_is_bounded(
    reports: RejectionReports, outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rejection_reports, "MAX_KINDS", 10)
    outbox.away = True
    for round_ in range(3):
        for number in range(20):
            reject(reports, tenant_id=UUID(int=100 * round_ + number))
        with pytest.raises(TransientError):
            await reports.flush()
    outbox.away = False
    await reports.flush()

    assert len(outbox.reports()) == 10


@pytest.mark.parametrize("remote", [None, "", "unknown", "\udcff", "10.0.0.1, evil"])
async def test_an_invalid_address_is_left_out(reports: RejectionReports, outbox: Outbox, remote: str | None) -> None:
    reject(reports, remote=remote)
    await reports.flush()

    assert outbox.reports()[0].remote is None
