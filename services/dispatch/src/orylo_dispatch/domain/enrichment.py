"""How long a conversion that names no buyer waits for an event that does."""

from datetime import timedelta

# A gateway's events about one payment leave within a second or two of each other.
ENRICHMENT_WAIT = timedelta(seconds=5)
