"""Reads the parts of a payment's story by indexes. A part that fails leaves the others."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import structlog

from orylo_api.actions.models import PaymentAction
from orylo_api.actions.queries import actions_of_payment
from orylo_api.conversions.models import Conversion
from orylo_api.conversions.queries import conversions_of_payments, read_delivery
from orylo_api.destinations.dispatch_client import DispatchClient
from orylo_api.detections.models import Detection
from orylo_api.detections.queries import detections_of_payment
from orylo_api.errors import NotFound
from orylo_api.story.models import (
    MAX_ITEMS,
    AuditedAction,
    FraudSign,
    PartStatus,
    StoryDelivery,
    TrustEffect,
)
from orylo_common.errors import TransientError
from orylo_common.http.problems import HTTPProblem
from orylo_common.postgres.pool import Connection

SELECT_TRUST = """
    SELECT * FROM api.trust_changes WHERE customer_id = ANY($1) AND payment_id = $2
    ORDER BY occurred_at, version LIMIT $3
"""
SELECT_EVIDENCE = "SELECT reports, verdict_actor, verdict_reason FROM api.fraud_evidence WHERE payment_id = $1"
SELECT_AUDIT = """
    SELECT id, at, actor, action, subject, before, after FROM control.audit_log
    WHERE subject = ANY($1) AND at >= $2 ORDER BY id DESC LIMIT $3
"""

# For one part: the others are shown without it.
PART_TIMEOUT = timedelta(seconds=1)
# A payment has a conversion for each destination, so that more are unheard of.
MAX_ASKED = 10

log = structlog.get_logger(__name__)


async def read_part(
    connection: Connection, name: str, read: Callable[[], Awaitable[Sequence[Any]]]
) -> tuple[PartStatus, list[Any]]:
    """Return the items. If the source fails, the transaction continues without it."""
    try:
        async with connection.transaction():
            items = list(await read())
    except asyncpg.PostgresError as error:
        log.warning("story.part_failed", part=name, error=type(error).__name__)
        return PartStatus.FAILED, []
    return PartStatus.OK if items else PartStatus.MISSING, items


async def read_decisions(connection: Connection, payment_id: str) -> list[Detection]:
    return await detections_of_payment(connection, payment_id, limit=MAX_ITEMS)


async def read_trust(connection: Connection, payment_id: str, people: Sequence[str]) -> list[TrustEffect]:
    rows = await connection.fetch(SELECT_TRUST, people, payment_id, MAX_ITEMS)
    return [TrustEffect.from_row(row) for row in rows]


async def read_conversions(connection: Connection, payment_id: str) -> list[Conversion]:
    return (await conversions_of_payments(connection, [payment_id])).get(payment_id, [])[:MAX_ITEMS]


async def ask_service(name: str, ask: Callable[[], Awaitable[Sequence[Any]]]) -> tuple[PartStatus, list[Any]]:
    """Return the items of another service's answer. A service that does not answer in time leaves the others."""
    try:
        async with asyncio.timeout(PART_TIMEOUT.total_seconds()):
            items = list(await ask())
    except (HTTPProblem, NotFound, TransientError, TimeoutError) as error:
        log.warning("story.part_failed", part=name, error=type(error).__name__)
        return PartStatus.FAILED, []
    return PartStatus.OK if items else PartStatus.MISSING, items


async def deliveries_of(
    dispatch: DispatchClient, tenant_id: UUID, conversions: Sequence[Conversion]
) -> list[StoryDelivery]:
    """Ask for the newest conversions, all at once."""
    asked = conversions[-MAX_ASKED:]
    found = await asyncio.gather(*(read_delivery(dispatch, tenant_id, each.id) for each in asked))
    return [StoryDelivery(conversion_id=each.id, **dict(delivery)) for each, delivery in zip(asked, found, strict=True)]


async def read_actions(connection: Connection, payment_id: str) -> list[PaymentAction]:
    return (await actions_of_payment(connection, payment_id))[:MAX_ITEMS]


async def read_fraud_signs(connection: Connection, payment_id: str) -> list[FraudSign]:
    row = await connection.fetchrow(SELECT_EVIDENCE, payment_id)
    signs = [] if row is None else [_sign(row, name, *report) for name, report in row["reports"].items()]
    return sorted(signs, key=lambda each: each.at)[:MAX_ITEMS]


def _sign(row: asyncpg.Record, name: str, key: str, sign: str) -> FraudSign:
    kind, _, identifier = name.partition(":")
    judged = kind == "verdict"
    return FraudSign(
        kind=kind,
        id=identifier or None,
        sign=sign,
        actor=row["verdict_actor"] if judged else None,
        reason=row["verdict_reason"] if judged else None,
        at=datetime.fromisoformat(key.split("|", 2)[1]),
    )


async def read_audit(
    connection: Connection, payment_id: str, people: Sequence[str], since: datetime
) -> list[AuditedAction]:
    subjects = [f"payment {payment_id}", *(f"customer {each}" for each in people)]
    rows = await connection.fetch(SELECT_AUDIT, subjects, since, MAX_ITEMS)
    return [AuditedAction.from_row(row) for row in reversed(rows)]
