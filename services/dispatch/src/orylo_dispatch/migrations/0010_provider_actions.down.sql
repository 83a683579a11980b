-- Drops the actions and their states. What was done at the provider stays done, and stays in the audit log.
DROP TABLE dispatch.provider_actions, dispatch.action_decisions;
DROP FUNCTION dispatch.audit_provider_action;
DROP POLICY platform_lines ON control.audit_log;
REVOKE INSERT ON control.audit_log FROM orylo_dispatch;
