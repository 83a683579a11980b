-- A verdict that is withdrawn undoes points again: migration 9 left its cause out. The new check reads the ledger under
-- ACCESS EXCLUSIVE.
ALTER TABLE trust.ledger
    DROP CONSTRAINT ledger_cause_check,
    ADD CONSTRAINT ledger_cause_check CHECK (cause IN (
        'dispute_opened', 'dispute_won', 'dispute_lost', 'fraud_warning', 'refund', 'refund_failed', 'clean_payment',
        'payment_blocked', 'block_lifted', 'verdict_fraud', 'verdict_legitimate', 'verdict_withdrawn', 'correction'
    ));
