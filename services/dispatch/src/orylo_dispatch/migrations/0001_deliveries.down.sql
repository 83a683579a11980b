-- Drops every click, delivery and attempt.
REVOKE SELECT ON control.tenants, control.settings, control.destinations FROM orylo_dispatch;
REVOKE USAGE ON SCHEMA control FROM orylo_dispatch;
DELETE FROM partitions.tables WHERE parent = 'dispatch.attempts';
DROP TABLE dispatch.outbox, dispatch.reversals, dispatch.attempts, dispatch.deliveries, dispatch.decisions, dispatch.clicks;
