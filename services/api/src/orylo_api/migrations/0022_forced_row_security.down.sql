-- Lets the owner see all rows again. Locks each table for an instant.
ALTER TABLE api.idempotency_keys NO FORCE ROW LEVEL SECURITY;
ALTER TABLE api.totp_uses NO FORCE ROW LEVEL SECURITY;
ALTER TABLE api.session_tokens NO FORCE ROW LEVEL SECURITY;
ALTER TABLE api.sessions NO FORCE ROW LEVEL SECURITY;
