"""What dispatch does with each message."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import replace

from orylo_common.broker.ports import Outgoing
from orylo_common.control import ControlPlane
from orylo_common.control.sections.dispatch import DispatchPolicy
from orylo_common.errors import TransientError
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
from orylo_dispatch.domain.attempt import State
from orylo_dispatch.domain.cookies import fbc_for, fbclid_of
from orylo_dispatch.domain.matching import Click, carried_click_ids, checkout_click_id, traces_of
from orylo_dispatch.facts import (
    ClickSeen,
    Decided,
    DestinationKey,
    Effect,
    Enriched,
    Fact,
    Paid,
    RedriveAsked,
    Reversed,
)
from orylo_dispatch.metrics import DELIVERIES

SUCCEEDED = type_of(PaymentSucceeded)


class Recorder:
    """Writes a fact, and once it is committed lets out what follows from it.

    Raises `TransientError` where the fact came in the middle of an attempt, and has to come again after it.
    """

    def __init__(
        self,
        add: Callable[[Fact], Awaitable[Effect]],
        *,
        offer: Callable[[Sequence[Outgoing]], None],
        wake: Callable[[Iterable[DestinationKey]], None],
    ) -> None:
        self._add = add
        self._offer = offer
        self._wake = wake

    async def record(self, fact: Fact) -> None:
        effect = await self._add(fact)
        if effect.messages:
            self._offer(effect.messages)
        if effect.due:
            self._wake(effect.due)
        for kind in effect.suppressed:
            DELIVERIES.labels(kind, State.SUPPRESSED).inc()
        if effect.in_hand:
            raise TransientError("the conversion is being sent at this moment")


async def match_payment(
    payment: PaymentSucceeded, *, plane: ControlPlane, kinds: frozenset[str], recorder: Recorder
) -> None:
    """Credit a payment to a click, and report it to every destination of the tenant that is switched on."""
    destinations = [each for each in plane.destinations(payment.tenant_id) if each.enabled and each.kind in kinds]
    if destinations:
        policy = plane.settings(payment.tenant_id, DispatchPolicy)
        await recorder.record(Paid(payment, traces_of(payment), policy, destinations, current_traceparent()))


async def enrich_payment(
    later: PaymentEnriched, *, plane: ControlPlane, kinds: frozenset[str], recorder: Recorder
) -> None:
    """Name the buyer of a payment whose first event did not; any other stays as it is."""
    if later.match_keys == MatchKeys() and later.tracking == Tracking() and not later.ip:
        return
    # Also those that are switched off by now: what was to go there may still go when they are on again.
    destinations = [each for each in plane.destinations(later.tenant_id) if each.kind in kinds]
    if destinations:
        await recorder.record(Enriched(later, plane.settings(later.tenant_id, DispatchPolicy), destinations))


async def apply_decision(detection: DetectionCreated, *, plane: ControlPlane, recorder: Recorder) -> None:
    """Release what waits for the decision, or keep it back; also what comes later, to a destination added meanwhile."""
    if detection.payment_type == SUCCEEDED:
        send_blocked = plane.settings(detection.tenant_id, DispatchPolicy).send_blocked
        await recorder.record(
            Decided(detection.tenant_id, detection.event_id, detection.decision, detection.message_id, send_blocked)
        )


async def remember_click(click: ClickRecorded, *, recorder: Recorder) -> None:
    visit = _visit(click, click.click_id)
    await recorder.record(ClickSeen(click.tenant_id, replace(visit, url=click.url, referrer=click.referrer)))


async def remember_checkout(checkout: CheckoutStarted, *, recorder: Recorder) -> None:
    """A checkout tells who the visitor is: it adds to its click, or stands for one that was not seen."""
    visit = _visit(checkout, checkout_click_id(checkout))
    # Without any of these it would lead a payment to nothing that the payment does not tell itself.
    if carried_click_ids(checkout.tracking) or visit.fbclid or visit.fbp or visit.ip:
        await recorder.record(ClickSeen(checkout.tenant_id, visit))


def _visit(told: ClickRecorded | CheckoutStarted, click_id: str) -> Click:
    fbclid = fbclid_of(told.tracking)
    return Click(
        click_id=click_id,
        clicked_at=told.occurred_at,
        fbclid=fbclid,
        fbc=fbc_for(fbclid, told.tracking.fbc, told.occurred_at) if fbclid else None,
        fbp=told.tracking.fbp,
        email=told.match_keys.email,
        phone=told.match_keys.phone,
        ip=told.ip,
        user_agent=told.user_agent,
    )


async def record_reversal(fact: PaymentFact, *, recorder: Recorder) -> None:
    """A refund, a dispute or a fraud warning; what was dispatched is not corrected yet."""
    await recorder.record(
        Reversed(
            fact.tenant_id,
            fact.event_id,
            fact.payment_id,
            fact.type,
            fact.amount_minor,
            fact.currency,
            fact.occurred_at,
        )
    )


async def redrive(request: ConversionRedriveRequested, *, recorder: Recorder) -> None:
    """Try a failed conversion again, with its attempts forgiven."""
    await recorder.record(RedriveAsked(request.tenant_id, request.conversion_id, request.message_id))
