"""The retention periods of dispatch. Attempts expire by partition, after 24 months (see the migrations)."""

from datetime import timedelta

from orylo_common.clock import Clock
from orylo_common.control.sections.dispatch import LONGEST_LOOK_BACK
from orylo_common.postgres.pool import Connection
from orylo_common.postgres.retention import Retention, delete_expired

# A payment may be older than the webhook that reports it.
KEEP_CLICKS = LONGEST_LOOK_BACK + timedelta(days=7)
# A redelivered message may still ask for a decision, or bring one, for this long.
KEEP_DECISIONS = timedelta(days=30)
# No destination accepts an older payment.
KEEP_ENRICHMENTS = timedelta(days=7)
KEEP_ACTION_DECISIONS = timedelta(days=40)

RETENTIONS = (
    Retention("dispatch.clicks", "recorded_at", KEEP_CLICKS),
    Retention("dispatch.click_days", "day", KEEP_CLICKS),
    Retention("dispatch.decisions", "created_at", KEEP_DECISIONS),
    # A decision changes while the detector knows the payment, 35 days.
    Retention("dispatch.action_decisions", "created_at", KEEP_ACTION_DECISIONS),
    Retention("dispatch.enrichments", "created_at", KEEP_ENRICHMENTS),
)


async def delete_old(connection: Connection, *, clock: Clock) -> bool:
    return await delete_expired(connection, RETENTIONS, now=clock.now())
