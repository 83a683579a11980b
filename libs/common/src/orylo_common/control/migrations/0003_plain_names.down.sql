-- Restores the former name of a limit in the tenants' settings. Locks the affected rows only.
UPDATE control.settings
SET value = value - 'rejected_webhooks_per_address'
    || jsonb_build_object('refused_webhooks_per_address', value -> 'rejected_webhooks_per_address')
WHERE section = 'limits' AND value ? 'rejected_webhooks_per_address';
