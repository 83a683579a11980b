"""One coroutine for each message that dispatch consumes."""

from dataclasses import replace

from orylo_common.control.plane import ControlPlane
from orylo_common.messages import (
    CheckoutStarted,
    ClickRecorded,
    ConversionRedriveRequested,
    DetectionCreated,
    MatchKeys,
    PaymentEnriched,
    PaymentFact,
    PaymentSucceeded,
    Tracking,
    type_of,
)
from orylo_common.telemetry.traces import current_traceparent
from orylo_dispatch.conversions.facts import (
    ClickSeen,
    DecisionSeen,
    EnrichmentSeen,
    Fact,
    PaymentSeen,
    RedriveRequested,
    ReversalSeen,
)
from orylo_dispatch.conversions.meeting import Meeting
from orylo_dispatch.delivery.recorder import Recorder
from orylo_dispatch.domain.cookies import fbc_for, fbclid_of
from orylo_dispatch.domain.matching import Click, carried_click_ids, checkout_click_id, signals_of, utm_of
from orylo_dispatch.policies import dispatch_policy

SUCCEEDED = type_of(PaymentSucceeded)


async def match_payment(
    payment: PaymentSucceeded, *, plane: ControlPlane, kinds: frozenset[str], recorder: Recorder[Fact], meeting: Meeting
) -> None:
    """Attribute a payment to a click, and report it to every enabled destination of the tenant.

    A sale over 0, such as one with a 100 % coupon, is not reported: it would count as a purchase of no value. Nor is
    one of a gateway whose conversions are switched off.
    """
    if not payment.amount_minor or not plane.is_enabled("conversions", payment.tenant_id, payment.gateway):
        return
    destinations = [each for each in plane.destinations(payment.tenant_id) if each.enabled and each.kind in kinds]
    if destinations:
        if not payment.test:
            await meeting.wait_for_decision((payment.tenant_id, payment.event_id))
        policy = dispatch_policy(plane, payment.tenant_id, payment.gateway)
        await recorder.record(PaymentSeen(payment, signals_of(payment), policy, destinations, current_traceparent()))


async def enrich_payment(
    enrichment: PaymentEnriched, *, plane: ControlPlane, kinds: frozenset[str], recorder: Recorder[Fact]
) -> None:
    """Name the buyer of a payment whose first event did not. Other payments stay as they are."""
    if enrichment.match_keys == MatchKeys() and enrichment.tracking == Tracking() and not enrichment.ip:
        return
    if not enrichment.amount_minor:
        return
    # Includes disabled destinations: their waiting conversions are sent once they are enabled again.
    destinations = [each for each in plane.destinations(enrichment.tenant_id) if each.kind in kinds]
    if destinations:
        policy = dispatch_policy(plane, enrichment.tenant_id, enrichment.gateway)
        await recorder.record(EnrichmentSeen(enrichment, policy, destinations))


async def apply_decision(
    detection: DetectionCreated,
    *,
    plane: ControlPlane,
    kinds: frozenset[str],
    recorder: Recorder[Fact],
    meeting: Meeting,
) -> None:
    """Release or suppress the conversions that wait for a decision, and those of destinations added later.

    A decision that replaces one also applies to conversions that no longer wait.
    """
    if detection.payment_type != SUCCEEDED:
        return
    meeting.decided((detection.tenant_id, detection.event_id))
    replaces = detection.replaces
    revised = replaces is not None and replaces.payment_type == SUCCEEDED
    await recorder.record(
        DecisionSeen(
            tenant_id=detection.tenant_id,
            event_id=detection.event_id,
            payment_id=detection.payment_id,
            decision=detection.decision,
            version=detection.version,
            message_id=detection.message_id,
            policy=dispatch_policy(plane, detection.tenant_id, detection.gateway),
            # Includes disabled destinations, for conversions that were sent earlier.
            destinations=[each for each in plane.destinations(detection.tenant_id) if each.kind in kinds]
            if revised
            else (),
        )
    )


async def record_click(click: ClickRecorded, *, recorder: Recorder[Fact]) -> None:
    """Record the click, unless the visitor refused to be tracked."""
    if click.consent is False:
        return
    visit = _visit(click, click.click_id)
    seen = replace(visit, url=click.url, referrer=click.referrer, utm=utm_of(click.tracking))
    await recorder.record(ClickSeen(click.tenant_id, seen))


async def record_checkout(checkout: CheckoutStarted, *, recorder: Recorder[Fact]) -> None:
    """Add the visitor's identifiers to the click of a checkout, or record the checkout as a click of its own."""
    visit = _visit(checkout, checkout_click_id(checkout))
    # Without one of these the checkout matches no payment by anything that the payment does not hold itself.
    if carried_click_ids(checkout.tracking) or visit.fbclid or visit.fbp or visit.ip:
        await recorder.record(ClickSeen(checkout.tenant_id, visit))


def _visit(message: ClickRecorded | CheckoutStarted, click_id: str) -> Click:
    fbclid = fbclid_of(message.tracking)
    return Click(
        click_id=click_id,
        clicked_at=message.occurred_at,
        fbclid=fbclid,
        fbc=fbc_for(fbclid, message.tracking.fbc, message.occurred_at) if fbclid else None,
        fbp=message.tracking.fbp,
        email=message.match_keys.email,
        phone=message.match_keys.phone,
        ip=message.ip,
        user_agent=message.user_agent,
    )


async def record_reversal(fact: PaymentFact, *, recorder: Recorder[Fact]) -> None:
    """Record a refund or its failure, a dispute or a fraud warning. Dispatched conversions are not corrected yet."""
    await recorder.record(
        ReversalSeen(
            fact.tenant_id,
            fact.event_id,
            fact.payment_id,
            fact.type,
            fact.amount_minor,
            fact.currency,
            fact.occurred_at,
        )
    )


async def redrive_conversion(request: ConversionRedriveRequested, *, recorder: Recorder[Fact]) -> None:
    """Try a failed conversion again; its earlier attempts no longer count. Or send that of a blocked payment."""
    await recorder.record(
        RedriveRequested(request.tenant_id, request.conversion_id, request.message_id, request.although_blocked)
    )
