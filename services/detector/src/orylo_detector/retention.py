"""How long the detector keeps its rows. Detections expire by partition, after 24 months (see the migrations)."""

from datetime import timedelta

from orylo_common.postgres.retention import Retention
from orylo_detector.domain.entities import FORTNIGHT, REMEMBERED

DELETE_EVERY = timedelta(hours=6)

# Longer than a card network allows for a dispute (540 days).
KEEP_PAID = timedelta(days=610)
# Longer than the window and the history of the fuse.
KEEP_MINUTES, KEEP_DAYS = timedelta(days=2), timedelta(days=60)
# Later events add facts for up to a month: Hotmart completes a purchase when the buyer's guarantee ends.
KEEP_RECENT = timedelta(days=35)

# A row is created in its fortnight or later, and is not read once it is older than the remembered ones.
KEEP_COUNTS = (REMEMBERED + 1) * FORTNIGHT

RETENTIONS = (
    Retention("detector.recent_payments", "created_at", KEEP_RECENT),
    Retention("detector.block_counts", "bucket", KEEP_MINUTES, only="grain = 'minute'"),
    Retention("detector.block_counts", "bucket", KEEP_DAYS),
    Retention("detector.paid", "learnt_at", KEEP_PAID),
    Retention("detector.entity_payments", "learnt_at", KEEP_PAID),
    Retention("detector.entity_counts", "created_at", KEEP_COUNTS),
)
