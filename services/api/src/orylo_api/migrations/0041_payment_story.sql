-- What the story of a payment needs: changes of trust that follow from it, and the lines of the audit log about it. The new
-- column locks its table for a moment; the index blocks changes of the control plane while it is built, some seconds for
-- each million lines.
ALTER TABLE api.trust_changes ADD COLUMN payment_id text;
CREATE INDEX IF NOT EXISTS audit_log_subject ON control.audit_log (tenant_id, subject, id);
