"""The handlers of the trust service's messages."""

from collections.abc import Callable, Sequence

from prometheus_client import Counter

from orylo_common.broker.ports import Outgoing
from orylo_common.control.sections.trust import TrustPolicy
from orylo_common.messages import (
    BlockFact,
    CustomerMergeDecided,
    CustomerStatusSet,
    CustomerTrustCorrected,
    PaymentBlocked,
    PaymentEnriched,
    PaymentFact,
    PaymentSucceeded,
    ProviderAction,
    ProviderActionChanged,
    ProviderActionStatus,
    VerdictGiven,
)
from orylo_common.telemetry.traces import current_traceparent
from orylo_trust.domain.account import StatusChange
from orylo_trust.domain.ledger import EntryCause, LedgerEntry, entries_for
from orylo_trust.domain.people import AliasKind, MergeDecision
from orylo_trust.domain.reversals import ExcusedRefund, judgement_of, reversal_of
from orylo_trust.ports import LedgerWriter, StandingCache, TrustPolicySource
from orylo_trust.posting import Block, Link, Posting

CHANGES = Counter("orylo_trust_changes_total", "Changes of a score or a status")
UNCHANGED = Counter("orylo_trust_unchanged_total", "Messages that changed no score and no status, such as repeats")

Offer = Callable[[Sequence[Outgoing]], None]


async def post_fact(
    fact: PaymentFact, *, plane: TrustPolicySource, ledger: LedgerWriter, offer: Offer, cache: StandingCache
) -> None:
    """Post a payment fact to its customer's ledger."""
    if fact.customer_id is None and isinstance(fact, PaymentSucceeded):
        return
    policy = plane.settings(fact.tenant_id, TrustPolicy)
    entries, reversal = entries_for(fact, policy), reversal_of(fact, policy)
    if entries or reversal:
        posting = Posting(
            tenant_id=fact.tenant_id,
            customer_id=fact.customer_id,
            start=policy.start,
            message_id=fact.message_id,
            correlation_id=fact.correlation_id,
            occurred_at=fact.occurred_at,
            entries=entries,
            payment_id=fact.payment_id,
            event_id=fact.event_id,
            traceparent=current_traceparent(),
            reversal=reversal,
            links=links_of(fact),
            limits=policy,
        )
        await post(posting, ledger, offer, cache)


async def link_customers(
    fact: PaymentEnriched, *, plane: TrustPolicySource, ledger: LedgerWriter, offer: Offer, cache: StandingCache
) -> None:
    """Record who a later event of a payment names: its buyer may be known by another id."""
    if fact.customer_id is None or fact.test:
        return
    policy = plane.settings(fact.tenant_id, TrustPolicy)
    posting = Posting(
        tenant_id=fact.tenant_id,
        customer_id=fact.customer_id,
        start=policy.start,
        message_id=fact.message_id,
        correlation_id=fact.correlation_id,
        occurred_at=fact.occurred_at,
        payment_id=fact.payment_id,
        event_id=fact.event_id,
        traceparent=current_traceparent(),
        links=links_of(fact),
        enriched_customer_id=fact.customer_id,
        limits=policy,
    )
    await post(posting, ledger, offer, cache)


def links_of(fact: PaymentFact) -> tuple[Link, ...]:
    """Return what the customer of a sale may share with others."""
    if fact.customer_id is None:
        return ()
    known = {AliasKind.PHONE: fact.customer_aliases.phone, AliasKind.DOCUMENT: fact.customer_aliases.document}
    return tuple(Link(alias_id, kind, (fact.customer_id,)) for kind, alias_id in known.items() if alias_id)


async def decide_merge(
    decided: CustomerMergeDecided,
    *,
    plane: TrustPolicySource,
    ledger: LedgerWriter,
    offer: Offer,
    cache: StandingCache,
) -> None:
    """Merge a customer with another one, or separate it from all others, as a user decided."""
    policy = plane.settings(decided.tenant_id, TrustPolicy)
    posting = Posting(
        tenant_id=decided.tenant_id,
        customer_id=decided.customer_id,
        start=policy.start,
        message_id=decided.message_id,
        correlation_id=decided.correlation_id,
        occurred_at=decided.occurred_at,
        actor=decided.actor,
        reason=decided.reason,
        traceparent=current_traceparent(),
        decision=MergeDecision(decided.customer_id, decided.same_as, decided.occurred_at),
        limits=policy,
    )
    await post(posting, ledger, offer, cache)


async def post_block(
    fact: BlockFact, *, plane: TrustPolicySource, ledger: LedgerWriter, offer: Offer, cache: StandingCache
) -> None:
    """Take back the points of a clean payment that is blocked, or withhold them; give them once it no longer is."""
    posting = Posting(
        tenant_id=fact.tenant_id,
        customer_id=fact.customer_id,
        start=plane.settings(fact.tenant_id, TrustPolicy).start,
        message_id=fact.message_id,
        correlation_id=fact.correlation_id,
        occurred_at=fact.occurred_at,
        payment_id=fact.payment_id,
        event_id=fact.event_id,
        traceparent=current_traceparent(),
        block=Block(fact.version, in_effect=isinstance(fact, PaymentBlocked)),
    )
    await post(posting, ledger, offer, cache)


async def excuse_refund(
    changed: ProviderActionChanged,
    *,
    plane: TrustPolicySource,
    ledger: LedgerWriter,
    offer: Offer,
    cache: StandingCache,
) -> None:
    """Let a refund by the platform cost the customer nothing: the block has taken the payment's points already."""
    if changed.action is not ProviderAction.REFUND or changed.status is not ProviderActionStatus.DONE:
        return
    posting = Posting(
        tenant_id=changed.tenant_id,
        customer_id=None,
        start=plane.settings(changed.tenant_id, TrustPolicy).start,
        message_id=changed.message_id,
        correlation_id=changed.correlation_id,
        occurred_at=changed.occurred_at,
        payment_id=changed.payment_id,
        event_id=str(changed.action_id),
        traceparent=current_traceparent(),
        reversal=ExcusedRefund(changed.occurred_at, changed.payment_id),
    )
    await post(posting, ledger, offer, cache)


async def set_status(
    change: CustomerStatusSet, *, plane: TrustPolicySource, ledger: LedgerWriter, offer: Offer, cache: StandingCache
) -> None:
    """Set a customer's status, unless a newer change is in force."""
    posting = Posting(
        tenant_id=change.tenant_id,
        customer_id=change.customer_id,
        start=plane.settings(change.tenant_id, TrustPolicy).start,
        message_id=change.message_id,
        correlation_id=change.correlation_id,
        occurred_at=change.occurred_at,
        status_change=StatusChange(change.status, change.actor, change.reason, change.occurred_at, change.expires_at),
        actor=change.actor,
        reason=change.reason,
        traceparent=current_traceparent(),
    )
    await post(posting, ledger, offer, cache)


async def post_verdict(
    given: VerdictGiven, *, plane: TrustPolicySource, ledger: LedgerWriter, offer: Offer, cache: StandingCache
) -> None:
    """Post a verdict to the ledger of the payment's customer. The newest verdict on a payment counts."""
    policy = plane.settings(given.tenant_id, TrustPolicy)
    posting = Posting(
        tenant_id=given.tenant_id,
        customer_id=given.customer_id,
        start=policy.start,
        message_id=given.message_id,
        correlation_id=given.correlation_id,
        occurred_at=given.occurred_at,
        payment_id=given.payment_id,
        event_id=str(given.verdict_id),
        actor=given.actor,
        reason=given.reason,
        traceparent=current_traceparent(),
        reversal=judgement_of(given, policy),
    )
    await post(posting, ledger, offer, cache)


async def post_correction(
    corrected: CustomerTrustCorrected,
    *,
    plane: TrustPolicySource,
    ledger: LedgerWriter,
    offer: Offer,
    cache: StandingCache,
) -> None:
    """Post the points that a user added or took away."""
    posting = Posting(
        tenant_id=corrected.tenant_id,
        customer_id=corrected.customer_id,
        start=plane.settings(corrected.tenant_id, TrustPolicy).start,
        message_id=corrected.message_id,
        correlation_id=corrected.correlation_id,
        occurred_at=corrected.occurred_at,
        entries=(LedgerEntry(EntryCause.CORRECTION, str(corrected.correction_id), corrected.points),),
        event_id=str(corrected.correction_id),
        actor=corrected.actor,
        reason=corrected.reason,
        traceparent=current_traceparent(),
    )
    await post(posting, ledger, offer, cache)


async def post(posting: Posting, ledger: LedgerWriter, offer: Offer, cache: StandingCache) -> None:
    """Commit the posting, then publish its announcements and drop the changed customers from the cache."""
    result = await ledger.add(posting)
    if not result.announced:
        UNCHANGED.inc()
        return
    CHANGES.inc(len(result.announced))
    offer(result.announced)
    for tenant_id, customer_id in result.customers:
        cache.forget(tenant_id, customer_id)
