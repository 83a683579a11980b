-- What the story of a payment needs: attempts of its conversions, changes of trust that follow from it, and the lines of
-- the audit log about it. The new columns lock their tables for a moment; the index blocks changes of the control plane
-- while it is built, some seconds for each million lines.
ALTER TABLE api.conversions_view ADD COLUMN attempt_log jsonb NOT NULL DEFAULT '{}';
COMMENT ON COLUMN api.conversions_view.attempt_log IS 'by number: the time, and the answer';
ALTER TABLE api.trust_changes ADD COLUMN payment_id text;
CREATE INDEX IF NOT EXISTS audit_log_subject ON control.audit_log (tenant_id, subject, id);
