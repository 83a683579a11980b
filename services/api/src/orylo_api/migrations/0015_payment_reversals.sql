-- Refunds and disputes of a payment, each by its own name: [key, value]. A constant default, so the table is locked for a
-- moment only; then rewrites the rows of refunded payments.
ALTER TABLE api.payments_view ADD COLUMN reversals jsonb NOT NULL DEFAULT '{}';

UPDATE api.payments_view
SET reversals = jsonb_build_object('refunded', jsonb_build_array(
    '0|' || to_char(updated_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00|"')
         || lpad(refunded_minor::text, 20, '0')
         || '|' || (state = 'refunded')::int,
    jsonb_build_array(refunded_minor, state = 'refunded')
))
WHERE state IN ('partially_refunded', 'refunded');
