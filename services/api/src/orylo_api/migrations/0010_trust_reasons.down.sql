-- Who set a status and why stays in the audit log. Locks the table for a moment only.
ALTER TABLE api.trust_changes DROP COLUMN actor, DROP COLUMN reason;
