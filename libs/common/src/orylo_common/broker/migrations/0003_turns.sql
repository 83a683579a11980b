-- Tenants take turns in a queue. The index locks bus.deliveries against writes while it is built: milliseconds, unless queues are long.

ALTER TABLE bus.deliveries ADD COLUMN tenant_id uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000';

-- Leasing changes no column of this index either.
CREATE INDEX deliveries_turns ON bus.deliveries (queue, tenant_id, message_no) WHERE available_at IS NULL;

COMMENT ON COLUMN bus.deliveries.tenant_id IS 'whose turn it takes; zeros: of no tenant, or published by an earlier release';
