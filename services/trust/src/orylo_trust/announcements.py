"""Builds the messages that announce changes."""

from uuid import UUID, uuid5

from orylo_common.broker.ports import Outgoing
from orylo_common.ids import uuid7
from orylo_common.messages import (
    CausePoints,
    CustomerMerged,
    CustomerMergeLimited,
    CustomerUnmerged,
    Message,
    TrustUpdated,
    encode,
)
from orylo_trust.domain.account import TrustAccount
from orylo_trust.domain.people import Excess
from orylo_trust.domain.person import MergedPerson
from orylo_trust.posting import Posting

# The cause for the customer that an entry is taken from, because another one turned out to be the payer.
MOVED = "moved_to_payer"
# The causes of a change of the status: a user sets it, or it ends at the time that the user gave.
STATUS_SET = "status_set"
STATUS_EXPIRED = "status_expired"


# The causes of a change of the person that a customer represents.
MERGED, UNMERGED = "merged", "unmerged"

# Never change it: a limit that is exceeded further would be reported as another one.
LIMIT_NAMESPACE = UUID("6f8e7a52-3c0c-5b3f-9a34-6f72796c6f20")
MAX_LIMITED = 50


def announce(posting: Posting, person: MergedPerson, version: int, cause: str, *, score_before: int) -> Outgoing:
    """Announce the change that was just made to `person`."""
    change = person.status_change
    message = TrustUpdated(
        message_id=uuid7(),
        tenant_id=posting.tenant_id,
        correlation_id=posting.correlation_id,
        causation_id=posting.message_id,
        occurred_at=posting.occurred_at,
        customer_id=person.customer_id,
        version=version,
        score_before=score_before,
        score_after=person.score,
        start=person.start,
        causes=tuple(CausePoints(cause=name, points=points) for name, points in sorted(person.causes.items())),
        status=person.status,
        status_expires_at=change and change.expires_at,
        cause=cause,
        source_event_id=posting.event_id,
        payment_id=posting.payment_id or None,
        actor=posting.actor,
        reason=posting.reason,
    )
    return _outgoing(posting, message)


def announce_people(posting: Posting, customer_id: str, account: TrustAccount) -> Outgoing:
    """Announce the customers that are one person with this one from now on."""
    base = {
        "message_id": uuid7(),
        "tenant_id": posting.tenant_id,
        "correlation_id": posting.correlation_id,
        "causation_id": posting.message_id,
        "occurred_at": posting.occurred_at,
        "customer_id": customer_id,
        "version": account.merge_version,
        "actor": posting.actor,
        "reason": posting.reason,
    }
    if account.people is None:
        return _outgoing(posting, CustomerUnmerged.model_validate(base))
    return _outgoing(posting, CustomerMerged.model_validate({**base, "people": account.people}))


def announce_limit(posting: Posting, excess: Excess) -> Outgoing:
    """Announce customers that are kept apart. The same limit has the same id, however often it is exceeded."""
    message = CustomerMergeLimited(
        message_id=uuid7(),
        tenant_id=posting.tenant_id,
        correlation_id=posting.correlation_id,
        causation_id=posting.message_id,
        occurred_at=posting.occurred_at,
        limit_id=uuid5(LIMIT_NAMESPACE, f"{posting.tenant_id}:{excess.limit}:{excess.subject}"),
        limit=excess.limit.value,
        customers=tuple(sorted(excess.customers)[:MAX_LIMITED]),
    )
    return _outgoing(posting, message)


def _outgoing(posting: Posting, message: Message) -> Outgoing:
    return Outgoing(message.message_id, message.type, encode(message, traceparent=posting.traceparent))
