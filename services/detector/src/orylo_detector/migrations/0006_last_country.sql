-- The country and the time of a customer's newest payment whose country is known. Nullable columns without a default:
-- ACCESS EXCLUSIVE for an instant, no rewrite.
ALTER TABLE detector.customers
    ADD COLUMN located_at timestamptz,
    -- ISO 3166-1 alpha-2, of the IP address.
    ADD COLUMN last_country text;
