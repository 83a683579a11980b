-- What moved stays where it is.
CREATE INDEX incidents_nobodys ON detector.incidents (tenant_id, payment_id) WHERE customer_id IS NULL;
DROP INDEX detector.incidents_payment;
