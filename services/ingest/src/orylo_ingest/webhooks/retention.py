"""How long ingest keeps its rows. Stored webhooks expire by partition, after 90 days (see the migrations)."""

from datetime import timedelta

from orylo_common.postgres.retention import DEDUPE_WINDOW, Retention

DELETE_EVERY = timedelta(hours=6)

# Disputes end within a year and a half.
KEEP_FACTS = timedelta(days=730)

# As long as the stored webhooks.
KEEP_COUNTS = timedelta(days=90)

RETENTIONS = (
    Retention("ingest.dedupe_registry", "created_at", DEDUPE_WINDOW),
    Retention("ingest.facts", "created_at", KEEP_FACTS),
    Retention("ingest.linked_payments", "created_at", KEEP_FACTS),
    Retention("ingest.webhook_counts", "hour", KEEP_COUNTS),
    Retention("ingest.repeats", "last_at", KEEP_COUNTS),
)
