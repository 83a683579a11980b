-- Renames a limit in the tenants' settings. Locks the affected rows only.
UPDATE control.settings
SET value = value - 'refused_webhooks_per_address'
    || jsonb_build_object('rejected_webhooks_per_address', value -> 'refused_webhooks_per_address')
WHERE section = 'limits' AND value ? 'refused_webhooks_per_address';
