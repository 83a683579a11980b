-- What undid other incidents is forgotten.
DELETE FROM detector.incidents WHERE kind IN ('refund_failed', 'dispute_lost');
ALTER TABLE detector.incidents
    DROP COLUMN amount_minor,
    DROP CONSTRAINT incidents_kind_check,
    ADD CONSTRAINT incidents_kind_check CHECK (kind IN ('refund', 'dispute', 'dispute_won', 'fraud_warning'));
