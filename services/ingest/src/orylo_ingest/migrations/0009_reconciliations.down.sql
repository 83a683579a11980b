-- Drops all reconciliations. The events that they fetched stay.
REVOKE SELECT ON control.destinations FROM orylo_ingest;
DROP TABLE ingest.reconciled_amounts, ingest.missing_events, ingest.reconciliations;
