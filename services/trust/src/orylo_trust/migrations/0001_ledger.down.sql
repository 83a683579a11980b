-- Drops the ledger and every score.
REVOKE SELECT ON control.tenants, control.settings FROM orylo_trust;
REVOKE USAGE ON SCHEMA control FROM orylo_trust;
DROP TABLE trust.outbox, trust.waiting, trust.months, trust.ledger, trust.accounts;
