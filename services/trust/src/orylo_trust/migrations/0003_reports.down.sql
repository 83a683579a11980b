-- Drops the entries that undid others, and computes the affected sums again. The next change of an account announces it.
DELETE FROM trust.ledger WHERE cause IN ('dispute_lost', 'refund_failed', 'payment_blocked');
UPDATE trust.months AS m SET points = counted.points
FROM (
    SELECT tenant_id, customer_id, month, coalesce(sum(l.points), 0) AS points
    FROM trust.months LEFT JOIN trust.ledger AS l USING (tenant_id, customer_id, month)
    GROUP BY tenant_id, customer_id, month
) AS counted
WHERE m.tenant_id = counted.tenant_id AND m.customer_id = counted.customer_id AND m.month = counted.month
  AND m.points <> counted.points;
UPDATE trust.accounts AS a SET total = counted.total, score = greatest(0, least(100, counted.total))
FROM (
    SELECT tenant_id, customer_id, start + (
        SELECT coalesce(sum(points), 0) FROM trust.ledger AS l
        WHERE l.tenant_id = c.tenant_id AND l.customer_id = c.customer_id AND l.month IS NULL
    ) + (
        SELECT coalesce(sum(least(points, cap)), 0) FROM trust.months AS m
        WHERE m.tenant_id = c.tenant_id AND m.customer_id = c.customer_id
    ) AS total
    FROM trust.accounts AS c
) AS counted
WHERE a.tenant_id = counted.tenant_id AND a.customer_id = counted.customer_id AND a.total <> counted.total;

ALTER TABLE trust.ledger
    DROP CONSTRAINT ledger_cause_check,
    ADD CONSTRAINT ledger_cause_check CHECK (cause IN (
        'dispute_opened', 'dispute_won', 'fraud_warning', 'refund', 'clean_payment'
    ));
ALTER TABLE trust.payers DROP COLUMN reports, DROP COLUMN blocked;
