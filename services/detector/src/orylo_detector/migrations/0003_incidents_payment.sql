-- What went wrong with a payment moves to its payer, also from another whom it named. Writes to the table wait meanwhile.
CREATE INDEX incidents_payment ON detector.incidents (tenant_id, payment_id);
DROP INDEX detector.incidents_nobodys;
