"""Fill the read models of a platform with a year of payments, by COPY: many times faster than by messages.

The rows are those that the projections write: their dataclasses are the same, so a column that is added later is filled
with its default, or fails here if it has none. Two processes make and copy the rows, and indexes are built at the end.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import accumulate
from multiprocessing import get_context
from operator import attrgetter
from typing import Any
from uuid import UUID

from orylo_api.conversions.projection import CONVERSIONS, ConversionRow
from orylo_api.detections.projection import DETECTIONS, DetectionRow
from orylo_api.payments.models import PaymentState
from orylo_api.payments.projection import PAYMENTS
from orylo_api.payments.reversals import DISPUTE, REFUNDED
from orylo_api.payments.row import PaymentRow
from orylo_api.read_models.keys import derived_uuid, sort_key
from orylo_common.postgres.pool import Connection, open_pool
from orylo_common.postgres.tables import Table

DAYS = 365
CHUNK = 20_000
PROCESSES = 2
# Of a statement that reads all rows.
TIMEOUT_S = 3600.0
# Weights of the hours of a day, from midnight in São Paulo, in UTC.
HOURS = (9, 8, 7, 5, 3, 2, 1, 1, 1, 2, 4, 6, 8, 9, 10, 10, 10, 10, 9, 9, 10, 11, 11, 10)


class Choice:
    """One of several values, by their weights."""

    def __init__(self, weights: dict[Any, int]) -> None:
        self._values = list(weights)
        self._bounds = list(accumulate(weights.values()))

    def __call__(self, rng: random.Random) -> Any:
        return rng.choices(self._values, cum_weights=self._bounds)[0]


GATEWAYS = Choice({"stripe": 30, "hotmart": 40, "kiwify": 22, "perfectpay": 8})
METHODS = Choice({"card": 55, "pix": 35, "boleto": 8, "wallet": 2})
OUTCOMES = Choice(
    {
        PaymentState.SUCCEEDED: 820,
        PaymentState.FAILED: 90,
        PaymentState.CANCELED: 40,
        PaymentState.CREATED: 14,
        PaymentState.PARTIALLY_REFUNDED: 6,
        PaymentState.REFUNDED: 24,
        PaymentState.CHARGEBACK: 6,
    }
)
UNPAID = (PaymentState.FAILED, PaymentState.CANCELED, PaymentState.CREATED)
DECISIONS = Choice({"allow": 93, "review": 4, "block": 3})
MATCHES = Choice({"click_id": 45, "fbc": 15, "fbp": 8, "email": 9, "phone": 2, "ip_user_agent": 2, "none": 19})
DECLINES = ("insufficient_funds", "generic_decline", "expired_card", "incorrect_cvc", "fraudulent", "do_not_honor")
CUSTOMERS_PER_PAYMENT = 0.6


@dataclass(frozen=True)
class Purchase:
    """The rows of one payment."""

    payment: PaymentRow
    detection: DetectionRow
    conversion: ConversionRow | None
    verdict: str | None


def uuid7_at(at: datetime, rng: random.Random) -> UUID:
    milliseconds = int(at.timestamp() * 1000)
    bits = rng.getrandbits(74)
    return UUID(int=milliseconds << 80 | 7 << 76 | (bits >> 62) << 64 | 2 << 62 | bits & (1 << 62) - 1)


def purchases(tenant_id: UUID, count: int, until: datetime, numbers: range, rng: random.Random) -> Iterator[Purchase]:
    """Yield those with `numbers` of the `count` payments of the year before `until`, with the rhythm of a day."""
    destination_id = derived_uuid(f"destination:{tenant_id}")
    buyers = max(1, int(count * CUSTOMERS_PER_PAYMENT))
    start = until - timedelta(days=DAYS)
    for number in numbers:
        day, share = divmod((number + rng.random()) / count * DAYS, 1)
        hour = chosen_hour(share)
        at = min(start + timedelta(days=day, hours=hour), until - timedelta(seconds=30))
        yield _purchase(tenant_id, number, at, f"cus_{rng.randrange(buyers):032x}", destination_id, rng)


def chosen_hour(share: float) -> float:
    """Return the hour of a day by which `share` of the day's payments were made."""
    left = share * sum(HOURS)
    for hour, weight in enumerate(HOURS):
        if left < weight:
            return hour + left / weight
        left -= weight
    return 24.0


def _purchase(
    tenant_id: UUID, number: int, at: datetime, customer_id: str, destination_id: UUID, rng: random.Random
) -> Purchase:
    gateway, method, outcome, decision = (choose(rng) for choose in (GATEWAYS, METHODS, OUTCOMES, DECISIONS))
    if decision == "block" and rng.random() < 0.7:
        outcome = PaymentState.FAILED
    payment_id, event_id = f"{gateway}:pi_{number:010d}", f"evt_{number:010d}"
    amount, currency = int(rng.lognormvariate(9.4, 0.8)) + 100, "BRL" if rng.random() < 0.93 else "USD"
    paid = outcome not in UNPAID
    later = at + timedelta(days=rng.expovariate(1 / 9))
    reversals: dict[str, list[Any]] = {}
    refunded = 0
    if outcome in (PaymentState.REFUNDED, PaymentState.PARTIALLY_REFUNDED):
        full = outcome is PaymentState.REFUNDED
        refunded = amount if full else amount // 3
        reversals[REFUNDED] = [sort_key(0, later, f"{refunded:020}|{full:d}"), [refunded, full]]
    elif outcome is PaymentState.CHARGEBACK:
        reversals[f"{DISPUTE}dp_{number}"] = [sort_key(1, later, "chargeback"), "chargeback"]
    card = method == "card"
    details = {
        "customer_id": customer_id,
        "payment_method": method,
        "card_brand": rng.choice(("visa", "mastercard", "elo")) if card else None,
        "card_last4": f"{rng.randrange(10_000):04d}" if card else None,
        "card_country": "BR" if card else None,
        "products": [f"Curso {rng.randrange(40)}"],
        "livemode": True,
        "test": False,
        "attributes": {"payment.failure_code": rng.choice(DECLINES)} if outcome is PaymentState.FAILED else None,
    }
    rank = {PaymentState.CREATED: 2, PaymentState.CANCELED: 3, PaymentState.FAILED: 4}.get(outcome, 5)
    payment = PaymentRow(
        tenant_id=tenant_id,
        payment_id=payment_id,
        gateway=gateway,
        state=outcome,
        updated_at=later if reversals else at,
        state_key=sort_key(list(PaymentState).index(outcome), at, event_id),
        customer_id=customer_id,
        amount_minor=amount,
        currency=currency,
        details=details,
        details_key=sort_key(rank, at, event_id),
        refunded_minor=refunded,
        created_at=at,
        enriched={},
        reversals=reversals,
    )
    risk = {"allow": rng.randrange(40), "review": 60 + rng.randrange(20), "block": 80 + rng.randrange(20)}[decision]
    decided_at = at + timedelta(milliseconds=rng.expovariate(1 / 12))
    reason = {"reason": "velocity.card.1h", "detector": "velocity", "points": risk}
    detection = DetectionRow(
        tenant_id=tenant_id,
        id=uuid7_at(decided_at, rng),
        event_id=event_id,
        payment_id=payment_id,
        payment_type="payment.succeeded.v1" if paid else "payment.failed.v1",
        gateway=gateway,
        customer_id=customer_id,
        decision=decision,
        risk_score=risk,
        findings={
            "reasons": [reason["reason"]],
            "points": [reason],
            "override": None,
            "rules": [],
            "detectors": [
                {"name": name, "score": risk, "reasons": [], "duration_us": 400}
                for name in ("velocity", "amount", "geography", "trust_history", "custom_rules", "entity_risk")
            ],
            "degraded": [],
        },
        amount_minor=amount,
        currency=currency,
        occurred_at=at,
        created_at=decided_at,
        version=1,
        replaces=None,
    )
    conversion = _conversion(payment, decision, destination_id, rng) if paid else None
    verdict = rng.choice(("fraud", "legitimate")) if decision == "review" and rng.random() < 0.5 else None
    return Purchase(payment, detection, conversion, verdict)


def _conversion(payment: PaymentRow, decision: str, destination_id: UUID, rng: random.Random) -> ConversionRow:
    method = MATCHES(rng)
    status = "suppressed" if decision == "block" else "failed" if rng.random() < 0.01 else "dispatched"
    created_at = payment.created_at + timedelta(milliseconds=20)
    at = created_at + timedelta(seconds=rng.lognormvariate(-1, 0.8))
    return ConversionRow(
        tenant_id=payment.tenant_id,
        id=uuid7_at(created_at, rng),
        event_id=payment.payment_id,
        payment_id=payment.payment_id,
        destination="meta",
        destination_id=destination_id,
        event_name="Purchase",
        status=status,
        match_method=method,
        match_confidence=0.0 if method == "none" else 0.9,
        match_click_id=None if method == "none" else f"clk_{payment.payment_id}",
        match_tried=[],
        match_utm=None,
        attempts=0 if status == "suppressed" else 1,
        reason={"suppressed": "blocked", "failed": "Meta refused the event"}.get(status),
        code="100/2804003" if status == "failed" else None,
        amount_minor=payment.amount_minor,
        currency=payment.currency,
        created_at=created_at,
        updated_at=at,
        status_key=sort_key({"suppressed": 1, "failed": 2, "dispatched": 3}[status], at, "000001"),
        correction=None,
        correction_version=0,
    )


def copy_history(dsn: str, tenant_id: UUID, count: int, seed: int = 1) -> None:
    """Copy `count` payments with their decisions, conversions, customers and verdicts. The rollups stay as they are."""
    asyncio.run(_copy_history(dsn, tenant_id, count, seed))


async def _copy_history(dsn: str, tenant_id: UUID, count: int, seed: int) -> None:
    async with _connected(dsn) as connection, _without_indexes(connection):
        until, parts = datetime.now(UTC), range(PROCESSES)
        with ProcessPoolExecutor(PROCESSES, get_context("spawn")) as executor:
            copied = executor.map(partial(_copy_part, dsn, tenant_id, count, until, seed), parts)
            await asyncio.to_thread(list, copied)
        for statement in (ADD_CUSTOMERS, ADD_TRUST_CHANGES, ADD_ACTIVITY):
            await connection.execute(statement, tenant_id, timeout=TIMEOUT_S)
    async with _connected(dsn) as connection:
        # Also the indexes of expressions, which are new.
        await connection.execute(f"ANALYZE {', '.join(TABLES)}", timeout=TIMEOUT_S)


@asynccontextmanager
async def _connected(dsn: str) -> AsyncIterator[Connection]:
    async with open_pool(dsn, role="none", max_size=1) as pool, pool.acquire() as connection:
        await connection.execute("SET statement_timeout = 0; SET work_mem = '256MB'; SET maintenance_work_mem = '1GB'")
        yield connection


@asynccontextmanager
async def _without_indexes(connection: Connection) -> AsyncIterator[None]:
    """Drop the tables' indexes, except those that are unique, and build them at the end."""
    dropped = await connection.fetch(INDEXES, TABLES)
    for index in dropped:
        await connection.execute(f"DROP INDEX {index['name']}")
    yield
    for index in dropped:
        await connection.execute(index["definition"], timeout=TIMEOUT_S)


def _copy_part(dsn: str, tenant_id: UUID, count: int, until: datetime, seed: int, part: int) -> None:
    """Copy every chunk of payments whose number leaves the remainder `part`."""

    async def copy() -> None:
        async with _connected(dsn) as connection:
            for start in range(part * CHUNK, count, PROCESSES * CHUNK):
                numbers = range(start, min(start + CHUNK, count))
                rng = random.Random(f"{seed}:{start}")
                await _copy(connection, list(purchases(tenant_id, count, until, numbers, rng)))

    asyncio.run(copy())


async def _copy(connection: Connection, chunk: Sequence[Purchase]) -> None:
    await _copy_rows(connection, "payments_view", PAYMENTS, (each.payment for each in chunk))
    await _copy_rows(connection, "detections_view", DETECTIONS, (each.detection for each in chunk))
    conversions = (each.conversion for each in chunk if each.conversion)
    await _copy_rows(connection, "conversions_view", CONVERSIONS, conversions)
    verdicts = [
        (
            each.payment.tenant_id,
            each.payment.payment_id,
            {"verdict": [sort_key(0, each.payment.updated_at, ""), f"judged_{each.verdict}"]},
            each.verdict,
            sort_key(0, each.payment.updated_at, ""),
            "ana@shop.example",
            each.payment.updated_at,
            each.payment.updated_at,
        )
        for each in chunk
        if each.verdict
    ]
    verdict_columns = ("verdict", "verdict_key", "verdict_actor", "verdict_at")
    columns = ("tenant_id", "payment_id", "reports", *verdict_columns, "reported_at")
    await connection.copy_records_to_table("fraud_evidence", schema_name="api", records=verdicts, columns=columns)


async def _copy_rows(connection: Connection, name: str, table: Table[Any], rows: Iterable[Any]) -> None:
    values = attrgetter(*table.names)
    await connection.copy_records_to_table(
        name, schema_name="api", records=[values(row) for row in rows], columns=table.names
    )


TABLES = (
    *("api.payments_view", "api.detections_view", "api.conversions_view"),
    *("api.fraud_evidence", "api.customers_view", "api.trust_changes"),
)
INDEXES = """
    SELECT indexrelid::regclass::text AS name, pg_get_indexdef(indexrelid) AS definition FROM pg_index
    WHERE indrelid = ANY ($1::regclass[]) AND NOT indisunique
"""
ADD_CUSTOMERS = """
    INSERT INTO api.customers_view (tenant_id, customer_id, trust_score, status, version, created_at, updated_at)
    SELECT tenant_id, customer_id, least(100, 50 + count(*)), 'neutral', count(*), min(created_at), max(created_at)
    FROM api.payments_view WHERE tenant_id = $1 GROUP BY 1, 2 ON CONFLICT DO NOTHING
"""
ADD_TRUST_CHANGES = """
    INSERT INTO api.trust_changes
        (tenant_id, customer_id, version, score_before, score_after, status, cause, occurred_at)
    SELECT tenant_id, customer_id, number, least(100, 49 + number), least(100, 50 + number), 'neutral',
           'payment_succeeded', created_at
    FROM (
        SELECT *, row_number() OVER (PARTITION BY customer_id ORDER BY created_at) AS number
        FROM api.payments_view WHERE tenant_id = $1
    ) AS numbered ON CONFLICT DO NOTHING
"""
# Three visits and one and a half checkouts for each payment.
ADD_ACTIVITY = """
    INSERT INTO api.rollups (
        tenant_id, grain, bucket, webhooks, clicks, checkouts, detections_allow, detections_review, detections_block,
        detections_degraded, payments_failed, payments_canceled, payments_refunded, disputes_opened, disputes_won,
        disputes_lost, fraud_warnings, dead_letters
    )
    SELECT tenant_id, grain, date_bin(length, created_at, '2000-01-01T00:00:00Z'), 2 * count(*), 3 * count(*),
           3 * count(*) / 2, count(*), 0, 0, 0, count(*) FILTER (WHERE state = 'failed'),
           count(*) FILTER (WHERE state = 'canceled'), count(*) FILTER (WHERE state = 'refunded'), 0, 0, 0, 0, 0
    FROM api.payments_view
    CROSS JOIN (VALUES ('quarter', interval '15 minutes'), ('hour', '1 hour')) AS g (grain, length)
    WHERE tenant_id = $1 GROUP BY 1, 2, 3 ON CONFLICT DO NOTHING
"""
