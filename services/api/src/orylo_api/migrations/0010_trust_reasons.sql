-- Who set a status, and why. Columns without a default: locks the table for a moment only.
ALTER TABLE api.trust_changes ADD COLUMN actor text, ADD COLUMN reason text;
