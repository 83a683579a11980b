-- Drops which payment changes of trust follow from.
DROP INDEX IF EXISTS control.audit_log_subject;
ALTER TABLE api.trust_changes DROP COLUMN payment_id;
