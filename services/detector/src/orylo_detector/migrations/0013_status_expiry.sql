-- When a customer's status ends. A column without a default: locks the table for a moment only.
ALTER TABLE detector.customers ADD COLUMN status_expires_at timestamptz;
