-- Incidents can be undone: a refund fails, or a dispute that was won is lost. A nullable column; the new check reads the
-- table under ACCESS EXCLUSIVE.
ALTER TABLE detector.incidents
    -- Of a refund, the total of all refunds of the payment so far.
    ADD COLUMN amount_minor bigint,
    DROP CONSTRAINT incidents_kind_check,
    ADD CONSTRAINT incidents_kind_check CHECK (kind IN (
        'refund', 'refund_failed', 'dispute', 'dispute_won', 'dispute_lost', 'fraud_warning'
    ));
