-- Drops the counts of webhooks and of events that were sent again. Locks the events for an instant.
DROP INDEX ingest.events_payment;
DROP TABLE ingest.webhook_counts, ingest.repeats;
