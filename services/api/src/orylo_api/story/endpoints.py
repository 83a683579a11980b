"""The story of one payment, in one request."""

import asyncio
from datetime import timedelta
from functools import partial

from orylo_api.access.roles import Permission
from orylo_api.call import Call
from orylo_api.customers.merge_queries import read_people
from orylo_api.errors import NotFound
from orylo_api.http.route import Route
from orylo_api.payments.models import PaymentPath
from orylo_api.payments.queries import find_payment
from orylo_api.story.models import (
    MAX_ITEMS,
    ActionsPart,
    AuditPart,
    ConversionsPart,
    DecisionsPart,
    DeliveriesPart,
    FraudSignsPart,
    PaymentStory,
    TrustPart,
    WebhooksPart,
)
from orylo_api.story.outlook import outlook_of
from orylo_api.story.parts import (
    PART_TIMEOUT,
    ask_service,
    deliveries_of,
    read_actions,
    read_audit,
    read_conversions,
    read_decisions,
    read_fraud_signs,
    read_part,
    read_trust,
)
from orylo_api.story.timeline import timeline_of
from orylo_api.webhooks.queries import webhooks_of_payment

LIMIT_PARTS = f"SET LOCAL statement_timeout = {PART_TIMEOUT // timedelta(milliseconds=1)}"
HAS_DESTINATION = "SELECT EXISTS (SELECT FROM api.destinations WHERE enabled AND kind <> 'stripe')"
# Gateways' clocks differ from the platform's.
CLOCKS_DIFFER = timedelta(days=1)


async def show_story(call: Call[PaymentPath, None, None]) -> PaymentStory:
    """Read each part by itself, so that one that fails leaves the others."""
    story = await _read(call)
    has_destination = await call.connection.fetchval(HAS_DESTINATION)
    return story.model_copy(
        update={
            "timeline": timeline_of(story),
            "outlook": outlook_of(story, has_destination=has_destination, now=story.generated_at),
        }
    )


async def _read(call: Call[PaymentPath, None, None]) -> PaymentStory:
    connection, payment_id, tenant_id = call.connection, call.path.id, call.principal.tenant.id
    payment = await find_payment(connection, payment_id)
    if payment is None:
        raise NotFound("there is no such payment")
    people: list[str] = []
    if payment.customer_id is not None:
        people = await read_people(connection, payment.customer_id) or [payment.customer_id]
    await connection.execute(LIMIT_PARTS)
    part = partial(read_part, connection)
    ingest, dispatch = call.services.ingest, call.services.dispatch
    received = partial(webhooks_of_payment, ingest, tenant_id, payment_id, MAX_ITEMS)
    asked = [asyncio.create_task(ask_service("webhooks", received))]
    try:
        conversions = await part("conversions", lambda: read_conversions(connection, payment_id))
        attempted = partial(deliveries_of, dispatch, tenant_id, conversions[1])
        asked.append(asyncio.create_task(ask_service("deliveries", attempted)))
        decisions = await part("decisions", lambda: read_decisions(connection, payment_id))
        trust = await part("trust", lambda: read_trust(connection, payment_id, people))
        actions = await part("actions", lambda: read_actions(connection, payment_id))
        fraud_signs = await part("fraud_signs", lambda: read_fraud_signs(connection, payment_id))
        since = payment.created_at - CLOCKS_DIFFER
        audit = await part("audit", lambda: read_audit(connection, payment_id, people, since))
        webhooks, deliveries = await asyncio.gather(*asked)
    finally:
        for each in asked:
            each.cancel()
    return PaymentStory(
        payment=payment,
        webhooks=WebhooksPart(status=webhooks[0], items=webhooks[1]),
        decisions=DecisionsPart(status=decisions[0], items=decisions[1]),
        trust=TrustPart(status=trust[0], items=trust[1]),
        conversions=ConversionsPart(status=conversions[0], items=conversions[1]),
        deliveries=DeliveriesPart(status=deliveries[0], items=deliveries[1]),
        actions=ActionsPart(status=actions[0], items=actions[1]),
        fraud_signs=FraudSignsPart(status=fraud_signs[0], items=fraud_signs[1]),
        audit=AuditPart(status=audit[0], items=audit[1]),
        generated_at=call.services.clock.now(),
    )


ROUTES = (
    Route(
        "GET",
        "/api/v1/payments/{id}/story",
        show_story,
        Permission.READ,
        "Everything about one payment, from its webhooks to its conversions",
        path_values=PaymentPath,
        response=PaymentStory,
        description="Each part has its own status: if one source fails, the others are shown. `timeline` orders the "
        "steps of all parts; `outlook` lists the steps that are still to come, or never will, with the reason.",
    ),
)
