"""The handlers of the trust service's messages."""

from collections.abc import Callable, Sequence
from typing import Any

from prometheus_client import Counter

from orylo_common.broker.ports import Outgoing
from orylo_common.control.sections.trust import TrustPolicy
from orylo_common.messages import (
    BlockFact,
    CustomerMergeDecided,
    CustomerStatusSet,
    CustomerTrustCorrected,
    Message,
    PaymentBlocked,
    PaymentEnriched,
    PaymentFact,
    ProviderActionChanged,
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
    """Post a payment fact to its customer's ledger. Without a customer, it waits for an event that names one."""
    policy = plane.settings(fact.tenant_id, TrustPolicy)
    entries, reversal = entries_for(fact, policy), reversal_of(fact, policy)
    if entries or reversal:
        posting = posting_of(
            fact,
            policy,
            customer_id=fact.customer_id,
            entries=entries,
            payment_id=fact.payment_id,
            event_id=fact.event_id,
            reversal=reversal,
            links=links_of(fact),
        )
        await post(posting, ledger, offer, cache)


async def link_customers(
    fact: PaymentEnriched, *, plane: TrustPolicySource, ledger: LedgerWriter, offer: Offer, cache: StandingCache
) -> None:
    """Record who a later event of a payment names: its buyer may be known by another id."""
    if fact.customer_id is None or fact.test:
        return
    policy = plane.settings(fact.tenant_id, TrustPolicy)
    posting = posting_of(
        fact,
        policy,
        customer_id=fact.customer_id,
        payment_id=fact.payment_id,
        event_id=fact.event_id,
        links=links_of(fact),
        enriched_customer_id=fact.customer_id,
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
    posting = posting_of(
        decided,
        policy,
        customer_id=decided.customer_id,
        actor=decided.actor,
        reason=decided.reason,
        decision=MergeDecision(decided.customer_id, decided.same_as, decided.occurred_at),
    )
    await post(posting, ledger, offer, cache)


async def post_block(
    fact: BlockFact, *, plane: TrustPolicySource, ledger: LedgerWriter, offer: Offer, cache: StandingCache
) -> None:
    """Take back the points of a clean payment that is blocked, or withhold them; give them once it no longer is."""
    posting = posting_of(
        fact,
        plane.settings(fact.tenant_id, TrustPolicy),
        customer_id=fact.customer_id,
        payment_id=fact.payment_id,
        event_id=fact.event_id,
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
    if not changed.has_refunded:
        return
    posting = posting_of(
        changed,
        plane.settings(changed.tenant_id, TrustPolicy),
        customer_id=None,
        payment_id=changed.payment_id,
        event_id=str(changed.action_id),
        reversal=ExcusedRefund(changed.occurred_at, changed.payment_id),
    )
    await post(posting, ledger, offer, cache)


async def set_status(
    change: CustomerStatusSet, *, plane: TrustPolicySource, ledger: LedgerWriter, offer: Offer, cache: StandingCache
) -> None:
    """Set a customer's status, unless a newer change is in force."""
    posting = posting_of(
        change,
        plane.settings(change.tenant_id, TrustPolicy),
        customer_id=change.customer_id,
        status_change=StatusChange(change.status, change.actor, change.reason, change.occurred_at, change.expires_at),
        actor=change.actor,
        reason=change.reason,
    )
    await post(posting, ledger, offer, cache)


async def post_verdict(
    given: VerdictGiven, *, plane: TrustPolicySource, ledger: LedgerWriter, offer: Offer, cache: StandingCache
) -> None:
    """Post a verdict to the ledger of the payment's customer. The newest verdict on a payment counts."""
    policy = plane.settings(given.tenant_id, TrustPolicy)
    posting = posting_of(
        given,
        policy,
        customer_id=given.customer_id,
        payment_id=given.payment_id,
        event_id=str(given.verdict_id),
        actor=given.actor,
        reason=given.reason,
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
    posting = posting_of(
        corrected,
        plane.settings(corrected.tenant_id, TrustPolicy),
        customer_id=corrected.customer_id,
        entries=(LedgerEntry(EntryCause.CORRECTION, str(corrected.correction_id), corrected.points),),
        event_id=str(corrected.correction_id),
        actor=corrected.actor,
        reason=corrected.reason,
    )
    await post(posting, ledger, offer, cache)


def posting_of(message: Message, policy: TrustPolicy, **own: Any) -> Posting:
    """Build a posting from what every message and policy have, and from the fields of its `own`."""
    return Posting(
        tenant_id=message.tenant_id,
        start=policy.start,
        message_id=message.message_id,
        correlation_id=message.correlation_id,
        occurred_at=message.occurred_at,
        traceparent=current_traceparent(),
        limits=policy,
        **own,
    )


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
