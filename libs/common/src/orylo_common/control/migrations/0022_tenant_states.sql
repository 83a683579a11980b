-- Tenants can be suspended, and deleted after a grace period. New columns without a default, and one that follows from
-- them, for which control.tenants is written again: one row for each tenant, locked for an instant.
ALTER TABLE control.tenants
    ADD COLUMN suspended_at timestamptz,
    -- For the tenant's own users, too.
    ADD COLUMN suspension_reason text,
    -- From then on the tenant cannot be restored, and its rows are deleted.
    ADD COLUMN delete_at timestamptz,
    ADD COLUMN deletion_reason text,
    ADD COLUMN state text NOT NULL GENERATED ALWAYS AS (
        CASE WHEN delete_at IS NOT NULL THEN 'deleting' WHEN suspended_at IS NOT NULL THEN 'suspended' ELSE 'active' END
    ) STORED,
    ADD CHECK ((suspended_at IS NULL) = (suspension_reason IS NULL)),
    ADD CHECK ((delete_at IS NULL) = (deletion_reason IS NULL));
