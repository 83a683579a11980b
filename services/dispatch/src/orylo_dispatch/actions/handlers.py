"""The handlers of the messages that lead to an action at a payment provider, or withdraw one."""

from datetime import timedelta

import structlog

from orylo_common.control import Destination
from orylo_common.control.plane import ControlPlane
from orylo_common.control.sections.actions import ActionMode
from orylo_common.messages import (
    Decision,
    DetectionCreated,
    DisputeFact,
    PaymentRefunded,
    ProviderActionRedriveRequested,
)
from orylo_common.stripe_keys import is_live
from orylo_common.telemetry.traces import current_traceparent
from orylo_dispatch.actions.facts import (
    ActionDecided,
    ActionFact,
    ActionRedriveAsked,
    RefundPrevented,
)
from orylo_dispatch.delivery.recorder import Recorder
from orylo_dispatch.domain.action import DISPUTED, NOT_CAPTURED, PAID, REFUNDED, DecidedPayment, action_for
from orylo_dispatch.policies import action_policy

log = structlog.get_logger(__name__)


async def act_on_decision(
    detection: DetectionCreated, *, plane: ControlPlane, kinds: frozenset[str], recorder: Recorder[ActionFact]
) -> None:
    """Ask for the action that the tenant wants for a blocked payment, or withdraw one that no longer fits.

    Test events, declined attempts and payments in another mode than the key's are left alone. So are decisions of
    earlier versions, which do not name the payment's mode.
    """
    if detection.gateway not in kinds or detection.livemode is None or detection.test or detection.late:
        return
    if detection.payment_type not in (PAID, NOT_CAPTURED):
        return
    if detection.decision is not Decision.BLOCK and detection.replaces is None:
        return
    destination = provider_of(plane, detection)
    policy = action_policy(plane, detection.tenant_id, detection.gateway)
    if destination is None:
        if policy.on_block is not ActionMode.OFF and detection.decision is Decision.BLOCK:
            log.warning("action.no_key", tenant_id=str(detection.tenant_id), payment_id=detection.payment_id)
        return
    # A key that cannot be read may be of either mode; the sink checks it again.
    if is_live(destination.secret) is (not detection.livemode):
        return
    decided = DecidedPayment(
        tenant_id=detection.tenant_id,
        payment_id=detection.payment_id,
        payment_type=detection.payment_type,
        occurred_at=detection.occurred_at,
        amount_minor=detection.amount_minor,
        currency=detection.currency,
        livemode=detection.livemode,
        detection_id=detection.detection_id,
        decision=detection.decision,
        version=detection.version,
        decided_by=detection.override or "risk",
    )
    await recorder.record(
        ActionDecided(
            decided,
            action_for(decided, policy) if destination.enabled else None,
            destination.id,
            destination.kind,
            timedelta(seconds=policy.wait_seconds),
            detection.message_id,
            detection.correlation_id,
            current_traceparent(),
        )
    )


async def prevent_refund(
    fact: PaymentRefunded | DisputeFact, *, plane: ControlPlane, kinds: frozenset[str], recorder: Recorder[ActionFact]
) -> None:
    """Withdraw a refund of a payment that is disputed, or that was refunded in full in another way."""
    if fact.gateway not in kinds or provider_of(plane, fact) is None:
        return
    if isinstance(fact, PaymentRefunded) and not fact.full:
        return
    code = REFUNDED if isinstance(fact, PaymentRefunded) else DISPUTED
    await recorder.record(RefundPrevented(fact.tenant_id, fact.payment_id, code))


async def redrive_action(request: ProviderActionRedriveRequested, *, recorder: Recorder[ActionFact]) -> None:
    """Try a failed action again; its earlier attempts no longer count."""
    await recorder.record(ActionRedriveAsked(request.tenant_id, request.action_id, request.message_id))


def provider_of(plane: ControlPlane, fact: DetectionCreated | PaymentRefunded | DisputeFact) -> Destination | None:
    """Return the destination at which actions on the payment are carried out, even if it is disabled."""
    return next((each for each in plane.destinations(fact.tenant_id) if each.kind == fact.gateway), None)
