-- Refunds by the platform count against their customers again.
DELETE FROM detector.incidents WHERE kind = 'refund_by_platform';
ALTER TABLE detector.incidents
    DROP CONSTRAINT incidents_kind_check,
    ADD CONSTRAINT incidents_kind_check CHECK (kind IN (
        'refund', 'refund_failed', 'dispute', 'dispute_won', 'dispute_lost', 'fraud_warning'
    ));
