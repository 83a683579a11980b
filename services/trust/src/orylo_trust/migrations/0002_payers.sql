-- A payment is one customer's, and so is everything told of it later. Rebuilds the ledger's keys under ACCESS EXCLUSIVE.

-- Whose each payment is: its payer's once that is told (`paid`), until then the first whom anybody names.
CREATE TABLE trust.payers (
    tenant_id uuid NOT NULL,
    payment_id text NOT NULL,
    customer_id text,
    paid boolean NOT NULL,
    PRIMARY KEY (tenant_id, payment_id)
);
INSERT INTO trust.payers (tenant_id, payment_id, customer_id, paid)
SELECT DISTINCT ON (tenant_id, payment_id) tenant_id, payment_id, customer_id, cause = 'clean_payment'
FROM trust.ledger ORDER BY tenant_id, payment_id, cause <> 'clean_payment', recorded_at;
INSERT INTO trust.payers (tenant_id, payment_id, paid)
SELECT DISTINCT tenant_id, payment_id, false FROM trust.waiting ON CONFLICT DO NOTHING;

-- What two customers were charged for stays with the payer. The next change of an account tells of it.
DELETE FROM trust.ledger WHERE ctid IN (
    SELECT ctid FROM (
        SELECT l.ctid, row_number() OVER (
            PARTITION BY l.tenant_id, l.cause, l.source_id ORDER BY l.customer_id <> p.customer_id, l.recorded_at
        ) AS place
        FROM trust.ledger AS l JOIN trust.payers AS p USING (tenant_id, payment_id)
    ) AS told WHERE place > 1
);
UPDATE trust.ledger AS l SET customer_id = p.customer_id
FROM trust.payers AS p
WHERE p.tenant_id = l.tenant_id AND p.payment_id = l.payment_id AND p.customer_id <> l.customer_id;
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

ALTER TABLE trust.ledger DROP CONSTRAINT ledger_pkey, ADD PRIMARY KEY (tenant_id, cause, source_id);
DROP INDEX trust.ledger_payers;
CREATE INDEX ledger_customer ON trust.ledger (tenant_id, customer_id);
-- What moves to the payer, where it was told first and of somebody else.
CREATE INDEX ledger_aftermath ON trust.ledger (tenant_id, payment_id) WHERE cause <> 'clean_payment';

GRANT SELECT, INSERT, UPDATE ON trust.payers TO orylo_trust;
GRANT UPDATE (customer_id) ON trust.ledger TO orylo_trust;
