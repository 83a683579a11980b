-- What payments are listed and looked up by. The new columns lock the table for a moment; while the indexes are built,
-- some 20 s for each million payments, the projections wait and the API serves.
ALTER TABLE api.payments_view
    -- Hashes of tenant and value, set from then on. The values themselves are not stored.
    ADD COLUMN card_key bigint,
    ADD COLUMN device_key bigint,
    ADD COLUMN ip_key bigint,
    ADD COLUMN phone_key bigint,
    ADD COLUMN document_key bigint,
    ADD COLUMN order_key bigint;

CREATE INDEX payments_newest ON api.payments_view (tenant_id, created_at DESC, payment_id DESC);
-- For prefixes, in whatever order the database sorts texts.
CREATE INDEX payments_prefix ON api.payments_view (tenant_id, payment_id COLLATE "C");
-- The keys include the tenant.
CREATE INDEX payments_card ON api.payments_view (card_key, created_at DESC) WHERE card_key IS NOT NULL;
CREATE INDEX payments_device ON api.payments_view (device_key, created_at DESC) WHERE device_key IS NOT NULL;
CREATE INDEX payments_ip ON api.payments_view (ip_key, created_at DESC) WHERE ip_key IS NOT NULL;
CREATE INDEX payments_phone ON api.payments_view (phone_key, created_at DESC) WHERE phone_key IS NOT NULL;
CREATE INDEX payments_document ON api.payments_view (document_key, created_at DESC) WHERE document_key IS NOT NULL;
CREATE INDEX payments_order ON api.payments_view (order_key, created_at DESC) WHERE order_key IS NOT NULL;

-- The settings that say how values of this tenant are read; of the transaction's tenant only.
CREATE VIEW api.shop_settings WITH (security_barrier) AS
    SELECT value FROM control.settings
    WHERE section = 'shop' AND tenant_id = nullif(current_setting('orylo.tenant_id', true), '')::uuid;
GRANT SELECT ON api.shop_settings TO orylo_api;
