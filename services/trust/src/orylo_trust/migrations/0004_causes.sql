-- Sums by cause, corrections and verdicts, and statuses that end. Constant defaults: the columns rewrite no row. Computing
-- the sums updates each account; the new check reads the ledger under ACCESS EXCLUSIVE.
ALTER TABLE trust.accounts
    -- The points by cause: with `start` they add up to `total`.
    ADD COLUMN causes jsonb NOT NULL DEFAULT '{}',
    -- When the status ends; not set once it has.
    ADD COLUMN status_expires_at timestamptz;

-- Who corrected a score or gave a verdict, and why.
ALTER TABLE trust.ledger
    ADD COLUMN actor text,
    ADD COLUMN reason text,
    DROP CONSTRAINT ledger_cause_check,
    ADD CONSTRAINT ledger_cause_check CHECK (cause IN (
        'dispute_opened', 'dispute_won', 'dispute_lost', 'fraud_warning', 'refund', 'refund_failed', 'clean_payment',
        'payment_blocked', 'verdict_fraud', 'verdict_legitimate', 'verdict_withdrawn', 'correction'
    ));

UPDATE trust.accounts AS a SET causes = summed.causes
FROM (
    SELECT tenant_id, customer_id, jsonb_object_agg(cause, points) AS causes
    FROM (
        SELECT tenant_id, customer_id,
               CASE cause WHEN 'dispute_lost' THEN 'dispute_won' WHEN 'refund_failed' THEN 'refund' ELSE cause END AS cause,
               sum(points) AS points
        FROM trust.ledger WHERE month IS NULL GROUP BY 1, 2, 3
        UNION ALL
        SELECT tenant_id, customer_id, 'clean_payment', sum(least(points, cap)) FROM trust.months GROUP BY 1, 2
    ) AS each_cause
    WHERE points <> 0 GROUP BY tenant_id, customer_id
) AS summed
WHERE a.tenant_id = summed.tenant_id AND a.customer_id = summed.customer_id;

CREATE INDEX accounts_status_expires_at ON trust.accounts (status_expires_at) WHERE status_expires_at IS NOT NULL;
