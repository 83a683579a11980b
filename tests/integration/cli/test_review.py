"""Commands that work on the review queue, and those that read and annotate a customer."""

import pytest

from tests.integration.cli.test_commands import Run, environment, master_key, orylo, parsed, tenant
from tests.integration.cli.test_customers import ADD_CUSTOMER, CUSTOMER, execute

pytestmark = pytest.mark.integration

__all__ = ["environment", "master_key", "orylo", "tenant"]

PAYMENT = "stripe:pi_reviewed"
ADD_CASE = """
    INSERT INTO api.review_cases (
        tenant_id, payment_id, version, detection_id, decision, risk_score, amount_minor, amount, currency, gateway,
        verdict_key, created_at
    )
    SELECT id, $2, 1, gen_random_uuid(), 'review', 68, 149700, 1497, 'BRL', 'stripe', '', now()
    FROM control.tenants WHERE slug = $1
"""
HOLD_BY_ANOTHER = """
    UPDATE api.review_cases SET claimed_by = gen_random_uuid(), claimed_by_name = 'bia@loja.example',
        claimed_at = now(), claimed_until = now() + interval '5 minutes'
"""
ADD_CHANGE = """
    INSERT INTO api.trust_changes (tenant_id, customer_id, version, score_before, score_after, status, cause,
                                   occurred_at, start, total)
    SELECT id, $2, 3, 52, 2, 'neutral', 'dispute_opened', now(), 50, 2 FROM control.tenants WHERE slug = $1
"""


@pytest.fixture
def shop(orylo: Run, tenant: str, postgres_dsn: str) -> str:
    execute(postgres_dsn, ADD_CUSTOMER, tenant, CUSTOMER)
    execute(postgres_dsn, ADD_CASE, tenant, PAYMENT)
    execute(postgres_dsn, ADD_CHANGE, tenant, CUSTOMER)
    return tenant


def test_a_case_is_claimed_assigned_and_put_off(orylo: Run, shop: str, postgres_dsn: str) -> None:
    assert "1497.00 BRL" in orylo("review", "list", shop).output
    assert f"{PAYMENT} is yours until" in orylo("review", "claim", shop, PAYMENT).output
    (mine,) = parsed(orylo("review", "list", shop, "--mine", "--json"))["items"]
    assert mine["holder"]["name"].startswith("cli:")
    assert f"{PAYMENT} is free" in orylo("review", "release", shop, PAYMENT).output
    unknown = orylo("review", "assign", shop, PAYMENT, "--to", "bia@loja.example", fails=True)
    assert "may give verdicts" in str(unknown.exception)
    assert "is not assigned" in orylo("review", "assign", shop, PAYMENT).output
    orylo("review", "later", shop, PAYMENT, "--for", "2h")
    assert "nothing to review" in orylo("review", "list", shop).output
    assert len(parsed(orylo("review", "list", shop, "--later", "--json"))["items"]) == 1
    assert "0 to review, 1 put off" in orylo("review", "summary", shop).output
    lines = execute(
        postgres_dsn, "SELECT action FROM control.audit_log WHERE subject = $1 ORDER BY id", f"payment {PAYMENT}"
    )
    assert [line["action"] for line in lines] == [
        f"review.{kind}" for kind in ("claimed", "released", "assigned", "postponed")
    ]


def test_a_case_that_another_person_has_open_is_refused(orylo: Run, shop: str, postgres_dsn: str) -> None:
    execute(postgres_dsn, HOLD_BY_ANOTHER)
    for command in (("claim",), ("release",), ("later", "--for", "2h")):
        refused = orylo("review", command[0], shop, PAYMENT, *command[1:], fails=True)
        assert "held by bia@loja.example" in str(refused.exception)


def test_a_customer_is_looked_up_and_annotated(orylo: Run, shop: str) -> None:
    assert CUSTOMER in orylo("customer", "lookup", shop, "customer_id", CUSTOMER).output
    unknown = orylo("customer", "lookup", shop, "email", "nobody@example.com").output
    assert "no customer is known" in unknown
    assert "nobody@example.com" not in unknown
    assert "dispute_opened" in orylo("customer", "ledger", shop, CUSTOMER).output
    orylo("customer", "note", shop, CUSTOMER, "rang the shop")
    refused = orylo("customer", "note", shop, CUSTOMER, "card 4242 4242 4242 4242", fails=True)
    assert "card's number" in str(refused.exception)
    assert "4242" not in str(refused.exception)
    assert [each["text"] for each in parsed(orylo("customer", "notes", shop, CUSTOMER, "--json"))] == ["rang the shop"]
