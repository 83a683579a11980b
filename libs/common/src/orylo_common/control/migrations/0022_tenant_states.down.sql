-- Every tenant is active again, also those that were to be deleted. Locks control.tenants for an instant.
ALTER TABLE control.tenants DROP COLUMN state;
ALTER TABLE control.tenants
    DROP COLUMN suspended_at, DROP COLUMN suspension_reason, DROP COLUMN delete_at, DROP COLUMN deletion_reason;
