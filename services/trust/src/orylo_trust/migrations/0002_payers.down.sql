-- Every row stays with the customer that it has now.
REVOKE UPDATE (customer_id) ON trust.ledger FROM orylo_trust;
DROP INDEX trust.ledger_aftermath, trust.ledger_customer;
CREATE INDEX ledger_payers ON trust.ledger (tenant_id, source_id) WHERE cause = 'clean_payment';
ALTER TABLE trust.ledger DROP CONSTRAINT ledger_pkey, ADD PRIMARY KEY (tenant_id, customer_id, cause, source_id);
DROP TABLE trust.payers;
