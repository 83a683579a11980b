"""`orylo verdict`: verdicts from the command line."""

from pathlib import Path

import pytest

from orylo_common.messages import PaymentVerdict, VerdictGiven, decode
from orylo_common.postgres.outbox_bodies import decompress
from tests.integration.cli.test_commands import Run, environment, master_key, orylo, parsed, tenant
from tests.integration.cli.test_customers import execute
from tests.integration.cli.test_review import ADD_CASE, HOLD_BY_ANOTHER, PAYMENT

pytestmark = pytest.mark.integration

__all__ = ["environment", "master_key", "orylo", "tenant"]

ADD_PAYMENT = """
    INSERT INTO api.payments_view (
        tenant_id, payment_id, gateway, state, updated_at, state_key, customer_id, amount_minor, currency, details,
        details_key, refunded_minor, created_at
    )
    SELECT id, $2, 'stripe', 'succeeded', now(), '3', 'cus_1', 1000, 'BRL', '{}', '5', 0, now()
    FROM control.tenants WHERE slug = $1
"""


def given(dsn: str, tenant: str) -> list[tuple[str, PaymentVerdict, str | None]]:
    tenant_id = execute(dsn, "SELECT id FROM control.tenants WHERE slug = $1", tenant)[0]["id"]
    messages = [decode(decompress(bytes(row["body"]))) for row in execute(dsn, "SELECT body FROM api.outbox")]
    return [
        (each.payment_id, each.verdict, each.customer_id)
        for each in messages
        if isinstance(each, VerdictGiven) and each.tenant_id == tenant_id
    ]


def test_a_payment_is_judged_and_the_verdict_audited(orylo: Run, tenant: str, postgres_dsn: str) -> None:
    execute(postgres_dsn, ADD_PAYMENT, tenant, "stripe:pi_cli")

    done = orylo("verdict", "give", tenant, "stripe:pi_cli", "fraud", "--reason", "card reported stolen")

    assert "stripe:pi_cli: fraud" in done.output
    assert given(postgres_dsn, tenant) == [("stripe:pi_cli", PaymentVerdict.FRAUD, "cus_1")]
    lines = execute(
        postgres_dsn,
        "SELECT l.action, l.subject, l.after FROM control.audit_log AS l "
        "JOIN control.tenants AS t ON t.id = l.tenant_id WHERE t.slug = $1 AND l.action LIKE 'payment.%'",
        tenant,
    )
    assert [(line["action"], line["subject"]) for line in lines] == [("payment.give_verdict", "payment stripe:pi_cli")]
    assert '"verdict": "fraud"' in lines[0]["after"]


def test_an_unknown_payment_is_refused(orylo: Run, tenant: str, postgres_dsn: str) -> None:
    refused = orylo("verdict", "give", tenant, "stripe:pi_nothing", "fraud", fails=True)
    assert "there is no such payment" in str(refused.exception)


def test_an_open_case_is_closed_unless_another_person_has_it(orylo: Run, tenant: str, postgres_dsn: str) -> None:
    execute(postgres_dsn, ADD_PAYMENT, tenant, PAYMENT)
    execute(postgres_dsn, ADD_CASE, tenant, PAYMENT)
    execute(postgres_dsn, HOLD_BY_ANOTHER)
    is_open = "SELECT open FROM api.review_cases JOIN control.tenants ON id = tenant_id WHERE slug = $1"

    refused = orylo("verdict", "give", tenant, PAYMENT, "fraud", fails=True)

    assert "held by bia@loja.example until" in str(refused.exception)
    assert "ask them to release it" in str(refused.exception)
    assert given(postgres_dsn, tenant) == []
    assert execute(postgres_dsn, is_open, tenant)[0]["open"]
    # A withdrawal closes no case, so that no claim is in its way.
    orylo("verdict", "give", tenant, PAYMENT, "withdrawn")

    execute(postgres_dsn, "UPDATE api.review_cases SET claimed_until = now() - interval '1 second'")
    orylo("review", "claim", tenant, PAYMENT)
    orylo("verdict", "give", tenant, PAYMENT, "legitimate")

    assert given(postgres_dsn, tenant) == [(PAYMENT, PaymentVerdict.LEGITIMATE, "cus_1")]
    assert not execute(postgres_dsn, is_open, tenant)[0]["open"]


def test_a_file_is_counted_first_and_then_imported(orylo: Run, tenant: str, postgres_dsn: str, tmp_path: Path) -> None:
    execute(postgres_dsn, ADD_PAYMENT, tenant, "stripe:pi_file")
    file = tmp_path / "chargebacks.csv"
    file.write_text("date;payment_id\n2026-01-02;pi_file\n")
    arguments = ("verdict", "import", tenant, str(file), "--verdict", "fraud", "--gateway", "stripe")

    assert "would be imported: 1 given" in orylo(*arguments, "--dry-run").output
    assert given(postgres_dsn, tenant) == []
    assert "imported: 1 given, 0 unchanged, 0 unknown, 0 invalid" in orylo(*arguments).output
    assert len(given(postgres_dsn, tenant)) == 1


def test_the_quality_is_shown_by_week(orylo: Run, tenant: str) -> None:
    assert len(parsed(orylo("verdict", "quality", tenant, "--weeks", "3", "--json"))["weeks"]) == 3
    assert "0 payments wait for a review" in orylo("verdict", "quality", tenant).output
