-- Payments that some events know by a charge and others by an invoice. A new table, filled from the facts that matched
-- the two until now; reads the facts, locks nothing.
CREATE TABLE ingest.linked_payments (
    tenant_id uuid NOT NULL,
    -- The id under which all its events are reported: that of the first event.
    payment_id text NOT NULL,
    charge_id text,
    invoice_id text,
    -- Equal for the charge and the invoice of one payment.
    match_key text,
    -- `charged_at` in Unix seconds, and the declined `attempts`: [name, charge's name, invoice's name, [Unix seconds]].
    details jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, payment_id)
);
CREATE UNIQUE INDEX linked_payments_charge ON ingest.linked_payments (tenant_id, charge_id) WHERE charge_id IS NOT NULL;
CREATE UNIQUE INDEX linked_payments_invoice ON ingest.linked_payments (tenant_id, invoice_id)
    WHERE invoice_id IS NOT NULL;
CREATE INDEX linked_payments_match ON ingest.linked_payments (tenant_id, match_key)
    WHERE charge_id IS NULL OR invoice_id IS NULL;
CREATE INDEX linked_payments_created_at ON ingest.linked_payments USING brin (created_at);

-- Each fact holds the match key and a minute.
CREATE TEMPORARY TABLE reported ON COMMIT DROP AS
SELECT e.tenant_id, e.payment_id, e.status, e.payment_id LIKE 'stripe:in\_%' AS is_invoice,
       substring(f.fact FROM '^invoiced:(.*):\d+$') AS match_key, min(e.created_at) AS created_at,
       min(substring(f.fact FROM '\d+$')::bigint * 60) AS earliest,
       max(substring(f.fact FROM '\d+$')::bigint * 60) AS latest
FROM ingest.facts AS f JOIN ingest.events AS e USING (tenant_id, event_id)
WHERE f.fact LIKE 'invoiced:%' AND e.payment_id IS NOT NULL
GROUP BY 1, 2, 3, 4, 5;

INSERT INTO ingest.linked_payments (tenant_id, payment_id, charge_id, invoice_id, match_key, details, created_at)
SELECT tenant_id, payment_id, CASE WHEN NOT is_invoice THEN payment_id END, CASE WHEN is_invoice THEN payment_id END,
       match_key, jsonb_build_object('charged_at', jsonb_build_array(earliest, latest), 'attempts', '[]'::jsonb),
       created_at
FROM reported WHERE status = 'published'
ON CONFLICT DO NOTHING;

-- The other id of each, from the event that was recognised as a repeat and claimed a minute beside it.
UPDATE ingest.linked_payments AS p
SET charge_id = coalesce(p.charge_id, other.payment_id), invoice_id = coalesce(p.invoice_id, other.payment_id)
FROM (
    SELECT DISTINCT ON (r.tenant_id, r.payment_id) r.tenant_id, r.payment_id, first.payment_id AS reported_as
    FROM reported AS r
    JOIN reported AS first
      ON first.tenant_id = r.tenant_id AND first.match_key = r.match_key AND first.is_invoice <> r.is_invoice
    WHERE r.status = 'already_reported' AND first.status = 'published'
      AND greatest(first.earliest - r.latest, r.earliest - first.latest) <= 120
    ORDER BY r.tenant_id, r.payment_id, greatest(first.earliest - r.latest, r.earliest - first.latest), first.payment_id
) AS other
WHERE p.tenant_id = other.tenant_id AND p.payment_id = other.reported_as
  AND NOT EXISTS (
      SELECT FROM ingest.linked_payments AS same
      WHERE same.tenant_id = other.tenant_id AND other.payment_id IN (same.charge_id, same.invoice_id)
  );

GRANT SELECT, INSERT, UPDATE, DELETE ON ingest.linked_payments TO orylo_ingest;
