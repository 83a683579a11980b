-- A customer's score by cause, and when the status ends. Columns without a default: locks the table for a moment only.
ALTER TABLE api.customers_view
    -- Not set until the next change of the score: then the sums come from the customer's changes.
    ADD COLUMN trust_start smallint,
    ADD COLUMN trust_causes jsonb,
    ADD COLUMN status_expires_at timestamptz;
