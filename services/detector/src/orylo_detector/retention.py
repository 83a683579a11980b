"""How long the detector keeps its rows. Detections expire by partition, after 24 months (see the migrations)."""

from datetime import timedelta

from orylo_common.postgres.retention import DEDUPE_WINDOW, Retention

DELETE_EVERY = timedelta(hours=6)

# Longer than a card network allows for a dispute (540 days).
KEEP_PAID = timedelta(days=610)
# Longer than the window and the history of the fuse.
KEEP_MINUTES, KEEP_DAYS = timedelta(days=2), timedelta(days=60)

RETENTIONS = (
    Retention("detector.decided", "decided_at", DEDUPE_WINDOW),
    Retention("detector.block_counts", "bucket", KEEP_MINUTES, only="grain = 'minute'"),
    Retention("detector.block_counts", "bucket", KEEP_DAYS),
    Retention("detector.paid", "learnt_at", KEEP_PAID),
)
