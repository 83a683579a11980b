-- The check of migration 9. Entries of withdrawn verdicts stay, because the sums include them: NOT VALID.
ALTER TABLE trust.ledger
    DROP CONSTRAINT ledger_cause_check,
    ADD CONSTRAINT ledger_cause_check CHECK (cause IN (
        'dispute_opened', 'dispute_won', 'dispute_lost', 'fraud_warning', 'refund', 'refund_failed', 'clean_payment',
        'payment_blocked', 'block_lifted', 'verdict_fraud', 'verdict_legitimate', 'correction'
    )) NOT VALID;
