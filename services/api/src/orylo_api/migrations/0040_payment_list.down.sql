-- Drops the keys by which payments are looked up. Locks the table for a moment.
DROP VIEW api.shop_settings;
DROP INDEX api.payments_newest, api.payments_prefix;
ALTER TABLE api.payments_view
    DROP COLUMN card_key,
    DROP COLUMN device_key,
    DROP COLUMN ip_key,
    DROP COLUMN phone_key,
    DROP COLUMN document_key,
    DROP COLUMN order_key;
