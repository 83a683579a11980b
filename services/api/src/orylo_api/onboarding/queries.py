"""The facts that tick the steps, and the choices of a user."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from orylo_api.detections.projection import DETECTIONS, detection_row
from orylo_api.onboarding.models import OnboardingChoices, OnboardingStep
from orylo_api.onboarding.sample_sales import SAMPLE_PAYMENT_IDS, sample_messages
from orylo_api.payments.projection import PAYMENTS
from orylo_api.payments.row import payment_row
from orylo_common.postgres.pool import Connection
from orylo_common.sample_webhooks import SAMPLE_PAYMENTS

# A payment of any kind shows that a gateway is connected, also one of the panel's test button. A sample does not.
SELECT_FIRST_PAYMENT = f"""
    SELECT created_at FROM api.payments_view WHERE payment_id !~ '{SAMPLE_PAYMENTS}'
    ORDER BY created_at, payment_id LIMIT 1
"""  # noqa: S608
SELECT_FIRST_SALE = """
    SELECT payment_id, created_at FROM (
        SELECT payment_id, created_at, state, details FROM api.payments_view ORDER BY created_at, payment_id LIMIT 5000
    ) AS first
    WHERE state NOT IN ('created', 'failed', 'canceled') AND NOT coalesce((details ->> 'test')::boolean, false)
    ORDER BY created_at, payment_id LIMIT 1
"""
SELECT_DESTINATIONS = "SELECT count(*) FROM api.destinations WHERE enabled"
SELECT_FIRST_CONVERSION = """
    SELECT created_at FROM (
        SELECT created_at, status FROM api.conversions_view ORDER BY created_at, id LIMIT 5000
    ) AS first
    WHERE status = 'dispatched' ORDER BY created_at LIMIT 1
"""
SELECT_FIRST_VISIT = "SELECT first_at FROM api.tracking_days ORDER BY day LIMIT 1"
SELECT_GATEWAYS = "SELECT array_agg(gateway ORDER BY gateway) FROM control.gateways WHERE enabled"
SELECT_USERS = """
    SELECT count(*)::int AS users, count(totp_secret_encrypted)::int AS second_factors
    FROM control.users WHERE tenant_id = $1 AND disabled_at IS NULL
"""
SELECT_CHOICES = "SELECT dismissed, skipped FROM api.onboarding_choices WHERE principal_id = $1"
UPSERT_CHOICES = """
    INSERT INTO api.onboarding_choices (tenant_id, principal_id, dismissed, skipped) VALUES ($1, $2, $3, $4)
    ON CONFLICT (tenant_id, principal_id) DO UPDATE
    SET dismissed = EXCLUDED.dismissed, skipped = EXCLUDED.skipped, updated_at = now()
"""
COUNT_SAMPLE_SALES = "SELECT count(*)::int FROM api.payments_view WHERE payment_id = ANY($1)"
DELETE_SAMPLE_SALES = "DELETE FROM api.payments_view WHERE payment_id = ANY($1)"
DELETE_SAMPLE_DECISIONS = "DELETE FROM api.detections_view WHERE payment_id = ANY($1)"


@dataclass(frozen=True, slots=True)
class OnboardingFacts:
    """`webhook_at` is the time of the first payment of any kind, `users` and `second_factors` count active users."""

    gateways: tuple[str, ...]
    webhook_at: datetime | None
    sale_id: str | None
    sale_at: datetime | None
    destinations: int
    conversion_at: datetime | None
    visit_at: datetime | None
    users: int
    second_factors: int


async def read_facts(connection: Connection, private_pool: asyncpg.Pool, tenant_id: UUID) -> OnboardingFacts:
    """`private_pool` may count the tenant's users."""
    payment = await connection.fetchrow(SELECT_FIRST_PAYMENT)
    sale = await connection.fetchrow(SELECT_FIRST_SALE)
    ((users, second_factors),) = await private_pool.fetch(SELECT_USERS, tenant_id)
    return OnboardingFacts(
        gateways=tuple(await connection.fetchval(SELECT_GATEWAYS) or ()),
        webhook_at=payment["created_at"] if payment else None,
        sale_id=sale["payment_id"] if sale else None,
        sale_at=sale["created_at"] if sale else None,
        destinations=await connection.fetchval(SELECT_DESTINATIONS),
        conversion_at=await connection.fetchval(SELECT_FIRST_CONVERSION),
        visit_at=await connection.fetchval(SELECT_FIRST_VISIT),
        users=users,
        second_factors=second_factors,
    )


async def read_choices(connection: Connection, principal_id: UUID) -> OnboardingChoices:
    row = await connection.fetchrow(SELECT_CHOICES, principal_id)
    if row is None:
        return OnboardingChoices()
    skipped = [OnboardingStep(step) for step in row["skipped"]]
    return OnboardingChoices(dismissed=row["dismissed"], skipped=skipped)


async def save_choices(connection: Connection, tenant_id: UUID, principal_id: UUID, choices: OnboardingChoices) -> None:
    skipped = [step for step in OnboardingStep if step in choices.skipped]
    await connection.execute(UPSERT_CHOICES, tenant_id, principal_id, choices.dismissed, skipped)


async def count_sample_sales(connection: Connection) -> int:
    number: int = await connection.fetchval(COUNT_SAMPLE_SALES, SAMPLE_PAYMENT_IDS)
    return number


async def insert_sample_sales(connection: Connection, tenant_id: UUID, now: datetime) -> None:
    """Insert the sample sales and their decisions, in place of those that are there."""
    await delete_sample_sales(connection)
    payments, detections = zip(*sample_messages(tenant_id, now), strict=True)
    await PAYMENTS.insert_new(connection, map(payment_row, payments))
    await DETECTIONS.insert_new(connection, map(detection_row, detections))


async def delete_sample_sales(connection: Connection) -> None:
    await connection.execute(DELETE_SAMPLE_DECISIONS, SAMPLE_PAYMENT_IDS)
    await connection.execute(DELETE_SAMPLE_SALES, SAMPLE_PAYMENT_IDS)
