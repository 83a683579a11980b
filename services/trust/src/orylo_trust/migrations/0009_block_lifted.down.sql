-- Points that were given back are removed with the entries that took them, so the sums stay.
DELETE FROM trust.ledger AS l USING trust.ledger AS lifted
WHERE lifted.cause = 'block_lifted' AND l.cause = 'payment_blocked'
  AND l.tenant_id = lifted.tenant_id AND l.source_id = lifted.source_id;
DELETE FROM trust.ledger WHERE cause = 'block_lifted';
ALTER TABLE trust.ledger
    DROP CONSTRAINT ledger_cause_check,
    ADD CONSTRAINT ledger_cause_check CHECK (cause IN (
        'dispute_opened', 'dispute_won', 'dispute_lost', 'fraud_warning', 'refund', 'refund_failed', 'clean_payment',
        'payment_blocked', 'verdict_fraud', 'verdict_legitimate', 'correction'
    ));
