-- Drops the function: nothing measures the outboxes of other services.
DROP FUNCTION control.outboxes();
