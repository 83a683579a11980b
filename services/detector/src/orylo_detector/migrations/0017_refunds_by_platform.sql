-- Refunds that the platform made, so that they do not count against their customers. The new check reads the table under
-- ACCESS EXCLUSIVE.
ALTER TABLE detector.incidents
    DROP CONSTRAINT incidents_kind_check,
    ADD CONSTRAINT incidents_kind_check CHECK (kind IN (
        'refund', 'refund_failed', 'refund_by_platform', 'dispute', 'dispute_won', 'dispute_lost', 'fraud_warning'
    ));
