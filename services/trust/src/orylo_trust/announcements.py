"""Builds `trust.updated` messages."""

from orylo_common.broker.ports import Outgoing
from orylo_common.ids import uuid7
from orylo_common.messages import CausePoints, TrustUpdated, encode
from orylo_trust.domain.account import TrustAccount
from orylo_trust.posting import Posting

# The cause for the customer that an entry is taken from, because another one turned out to be the payer.
MOVED = "moved_to_payer"
# The causes of a change of the status: a user sets it, or it ends at the time that the user gave.
STATUS_SET = "status_set"
STATUS_EXPIRED = "status_expired"


def announce(posting: Posting, account: TrustAccount, cause: str, *, score_before: int) -> Outgoing:
    """Announce the change that was just made to `account`."""
    change = account.status_change
    message = TrustUpdated(
        message_id=uuid7(),
        tenant_id=posting.tenant_id,
        correlation_id=posting.correlation_id,
        causation_id=posting.message_id,
        occurred_at=posting.occurred_at,
        customer_id=posting.customer_key[1],
        version=account.version,
        score_before=score_before,
        score_after=account.score,
        start=account.start,
        causes=tuple(CausePoints(cause=name, points=points) for name, points in sorted(account.causes.items())),
        status=account.status,
        status_expires_at=change and change.expires_at,
        cause=cause,
        source_event_id=posting.event_id,
        actor=posting.actor,
        reason=posting.reason,
    )
    return Outgoing(message.message_id, message.type, encode(message, traceparent=posting.traceparent))
