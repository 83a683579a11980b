-- The reports about a payment that can be undone: a refund fails, or a dispute is decided again. And whether the payment
-- was blocked, because it then gives no points. The new check reads the ledger under ACCESS EXCLUSIVE.
ALTER TABLE trust.payers
    ADD COLUMN blocked boolean NOT NULL DEFAULT false,
    ADD COLUMN reports jsonb;

ALTER TABLE trust.ledger
    DROP CONSTRAINT ledger_cause_check,
    ADD CONSTRAINT ledger_cause_check CHECK (cause IN (
        'dispute_opened', 'dispute_won', 'dispute_lost', 'fraud_warning', 'refund', 'refund_failed', 'clean_payment',
        'payment_blocked'
    ));
