"""Commands that read and change a customer."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from orylo_common.messages import CustomerMergeDecided, CustomerStatusSet, CustomerTrustCorrected, Message, decode
from tests.integration.cli.test_commands import Run, environment, master_key, orylo, parsed, tenant

pytestmark = pytest.mark.integration

__all__ = ["environment", "master_key", "orylo", "tenant"]

CUSTOMER = "cus_282a1f0c5d6e7b8a9c0d1e2f3a4b5c6d"
ADD_CUSTOMER = """
    INSERT INTO api.customers_view (tenant_id, customer_id, trust_score, status, version, created_at, trust_start,
                                    trust_causes)
    SELECT id, $2, 2, 'neutral', 3, now(), 50, '{"dispute_opened": -50, "clean_payment": 2}'
    FROM control.tenants WHERE slug = $1
"""


@pytest.fixture
def shop(orylo: Run, tenant: str, postgres_dsn: str) -> str:
    execute(postgres_dsn, ADD_CUSTOMER, tenant, CUSTOMER)
    return tenant


def execute(dsn: str, statement: str, *values: Any) -> list[asyncpg.Record]:
    async def run() -> list[asyncpg.Record]:
        connection = await asyncpg.connect(dsn)
        try:
            return await connection.fetch(statement, *values)
        finally:
            await connection.close()

    return asyncio.run(run())


def published(dsn: str, tenant: str) -> list[Message]:
    """Return the messages that were published for the tenant, and that no outbox holds any more."""
    tenant_id = execute(dsn, "SELECT id FROM control.tenants WHERE slug = $1", tenant)[0]["id"]
    messages = [decode(bytes(row["body"])) for row in execute(dsn, "SELECT body FROM bus.messages ORDER BY message_no")]
    mine = [each for each in messages if each.tenant_id == tenant_id]
    left = execute(dsn, "SELECT 1 FROM api.outbox WHERE message_id = ANY($1)", [each.message_id for each in mine])
    assert left == []
    return mine


def test_a_score_is_shown_with_its_causes(orylo: Run, shop: str) -> None:
    assert parsed(orylo("customer", "show", shop, CUSTOMER, "--json"))["causes"] == [
        {"cause": "dispute_opened", "points": -50},
        {"cause": "clean_payment", "points": 2},
    ]
    shown = orylo("customer", "show", shop, CUSTOMER).output
    assert "trust 2 of 100, neutral" in shown
    assert "-50 dispute_opened" in shown


def test_a_customer_is_blocked_for_a_period_and_unblocked(orylo: Run, shop: str, postgres_dsn: str) -> None:
    before = datetime.now(UTC)
    orylo("customer", "block", shop, CUSTOMER, "--reason", "stolen cards", "--for", "30d")
    orylo("customer", "unblock", shop, CUSTOMER, "--reason", "her own card")
    orylo("customer", "allow", shop, CUSTOMER, "--reason", "family")

    found = [each for each in published(postgres_dsn, shop) if isinstance(each, CustomerStatusSet)]
    assert [(each.status, each.reason) for each in found] == [
        ("blocked", "stolen cards"), ("neutral", "her own card"), ("allowlisted", "family"),
    ]  # fmt: skip
    assert found[0].expires_at is not None
    assert timedelta(days=30) <= found[0].expires_at - before < timedelta(days=30, minutes=1)
    assert found[1].expires_at is None
    assert found[0].actor.startswith("cli:")
    audited = execute(
        postgres_dsn,
        "SELECT action, before, after FROM control.audit_log WHERE subject = $1 AND user_agent = 'orylo customer block'"
        " ORDER BY id DESC LIMIT 1",
        f"customer {CUSTOMER}",
    )
    assert audited[0]["action"] == "customer.set_status"


def test_a_score_is_corrected_up_and_down(orylo: Run, shop: str, postgres_dsn: str) -> None:
    orylo("trust", "correct", shop, CUSTOMER, "50", "--reason", "disputed by mistake")
    orylo("trust", "correct", shop, CUSTOMER, "-20", "--reason", "too much")

    found = [each for each in published(postgres_dsn, shop) if isinstance(each, CustomerTrustCorrected)]
    assert [(each.points, each.reason) for each in found] == [(50, "disputed by mistake"), (-20, "too much")]


def test_customers_are_merged_and_separated(orylo: Run, shop: str, postgres_dsn: str) -> None:
    other = "cus_9f86d081884c7d659a2feaa0c55ad015"
    execute(postgres_dsn, ADD_CUSTOMER, shop, other)
    orylo("customer", "merge", shop, CUSTOMER, other, "--reason", "the same phone")
    refused = orylo("customer", "unmerge", shop, CUSTOMER, "--reason", "two brothers", fails=True)
    assert "not merged" in f"{refused.exception}"
    execute(
        postgres_dsn,
        "UPDATE api.customers_view SET people = $2 FROM control.tenants AS t WHERE t.id = tenant_id AND t.slug = $1",
        shop,
        [CUSTOMER, other],
    )
    orylo("customer", "unmerge", shop, other, "--reason", "two brothers")

    found = [each for each in published(postgres_dsn, shop) if isinstance(each, CustomerMergeDecided)]
    assert [(each.customer_id, each.same_as, each.reason) for each in found] == [
        (CUSTOMER, other, "the same phone"), (other, None, "two brothers"),
    ]  # fmt: skip
    assert parsed(orylo("customer", "merges", shop, other, "--json")) == {"people": [CUSTOMER, other], "merges": []}
    assert "never merged" in orylo("customer", "merges", shop, other).output


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("customer", "block", "{shop}", "cus_unknown", "--reason", "x"), "has no customer cus_unknown"),
        (("customer", "show", "{shop}", "cus_unknown"), "has no customer cus_unknown"),
        (("customer", "block", "{shop}", CUSTOMER, "--reason", " "), "1 to 500 characters"),
        (("customer", "block", "{shop}", CUSTOMER, "--reason", "x", "--for", "3 weeks"), "write 90m, 12h or 30d"),
        (("customer", "block", "{shop}", CUSTOMER, "--reason", "x", "--for", "9999d"), "at most 3650 days"),
        (("customer", "merge", "{shop}", CUSTOMER, CUSTOMER, "--reason", "x"), "must be another customer"),
        (("customer", "merge", "{shop}", CUSTOMER, "cus_unknown", "--reason", "x"), "has no customer cus_unknown"),
        (("trust", "correct", "{shop}", CUSTOMER, "0", "--reason", "x"), "must not be 0"),
        (("trust", "correct", "{shop}", CUSTOMER, "101", "--reason", "x"), "Invalid value for 'POINTS'"),
        (("trust", "correct", "{shop}", "cus_unknown", "1", "--reason", "x"), "has no customer cus_unknown"),
    ],
)
def test_a_change_that_cannot_be_made_is_refused(
    orylo: Run, shop: str, postgres_dsn: str, arguments: tuple[str, ...], text: str
) -> None:
    refused = orylo(*(each.format(shop=shop) for each in arguments), fails=True)
    assert text in f"{refused.output}{refused.exception}"
    assert published(postgres_dsn, shop) == []
