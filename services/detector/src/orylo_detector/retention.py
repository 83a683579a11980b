"""How long the detector keeps its rows. Detections expire by partition, after 24 months (see the migrations)."""

from datetime import timedelta

from orylo_common.postgres.retention import DEDUPE_WINDOW, Retention

DELETE_EVERY = timedelta(hours=6)

# Longer than a card network allows for a dispute (540 days).
KEEP_PAID = timedelta(days=610)

RETENTIONS = (
    Retention("detector.decided", "decided_at", DEDUPE_WINDOW),
    Retention("detector.paid", "learnt_at", KEEP_PAID),
)
