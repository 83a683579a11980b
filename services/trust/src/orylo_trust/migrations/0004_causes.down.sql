-- Drops corrections and verdicts, computes the affected sums again, and leaves statuses without an end.
DELETE FROM trust.ledger WHERE cause IN ('verdict_fraud', 'verdict_legitimate', 'verdict_withdrawn', 'correction');
UPDATE trust.accounts AS a SET total = counted.total, score = greatest(0, least(100, counted.total))
FROM (
    SELECT tenant_id, customer_id, start + coalesce((
        SELECT sum(points::integer) FROM jsonb_each_text(causes) AS each_cause (cause, points)
        WHERE cause NOT IN ('verdict', 'correction')
    ), 0) AS total
    FROM trust.accounts
) AS counted
WHERE a.tenant_id = counted.tenant_id AND a.customer_id = counted.customer_id AND a.total <> counted.total;

ALTER TABLE trust.ledger
    DROP CONSTRAINT ledger_cause_check,
    ADD CONSTRAINT ledger_cause_check CHECK (cause IN (
        'dispute_opened', 'dispute_won', 'dispute_lost', 'fraud_warning', 'refund', 'refund_failed', 'clean_payment',
        'payment_blocked'
    )),
    DROP COLUMN reason,
    DROP COLUMN actor;
DROP INDEX trust.accounts_status_expires_at;
ALTER TABLE trust.accounts DROP COLUMN status_expires_at, DROP COLUMN causes;
