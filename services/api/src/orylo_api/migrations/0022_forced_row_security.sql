-- Binds the owner too on tables that only the API writes. Locks each for an instant.
-- Not on the others: migrations and the `orylo` command write those as their owner, for all tenants.
ALTER TABLE api.sessions FORCE ROW LEVEL SECURITY;
ALTER TABLE api.session_tokens FORCE ROW LEVEL SECURITY;
ALTER TABLE api.totp_uses FORCE ROW LEVEL SECURITY;
ALTER TABLE api.idempotency_keys FORCE ROW LEVEL SECURITY;
