-- Keeps the claims for the version before.
INSERT INTO api.inbox (tenant_id, message_id, claimed_at)
SELECT tenant_id, unnest(claims), claimed_at FROM api.claims
ON CONFLICT DO NOTHING;
DROP TABLE api.claims;
